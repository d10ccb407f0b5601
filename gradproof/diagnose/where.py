"""Where along its axes an array is wrong: time steps, examples, and the blocks of a weight matrix."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..contracts import Dimensions


def by_time(wrong: NDArray[np.bool_], dimensions: Dimensions) -> list[str] | None:
    """ "wrong" or "agrees" for every time step; None for an array without a time axis."""
    if "T" not in dimensions:
        return None
    axis = dimensions.index("T")
    others = tuple(i for i in range(wrong.ndim) if i != axis)
    return ["wrong" if step else "agrees" for step in np.asarray(wrong.any(axis=others))]


def where(wrong: NDArray[np.bool_], dimensions: Dimensions, sizes: Mapping[str, int]) -> list[str]:
    """A sentence for every axis along which the mistake has a clear place; empty when all is wrong, or parts at random.

    Clear is: some time steps, one operand's block of a weight matrix, all but one or only one index of another axis.
    """
    told = []
    for axis, dimension in enumerate(dimensions):
        others = tuple(i for i in range(wrong.ndim) if i != axis)
        bad = np.asarray(wrong.any(axis=others))
        if bad.all() or not bad.any():
            continue
        if "+" in dimension:
            told += _block(bad, dimension.split("+"), sizes, axis)
        elif dimension == "T":
            told.append(f"{_ranges('t=', bad)} wrong, {_ranges('t=', ~bad)} right")
        elif min(bad.sum(), (~bad).sum()) == 1 and bad.size > 2:
            word = {"m": "example ", "n_x": "input ", "n_a": "unit ", "n_y": "output "}[dimension]
            told.append(f"{_ranges(word, bad)} wrong, {_ranges(word, ~bad)} right")
    return told


def _block(bad: NDArray[np.bool_], terms: list[str], sizes: Mapping[str, int], axis: int) -> list[str]:
    start = 0
    for term in terms:
        stop = start + sizes[term]
        if bad[start:stop].all() and bad.sum() == stop - start:
            line = "columns" if axis == 1 else "rows"
            return [f"only {line} {start}..{stop - 1} wrong, those of {_OPERAND[term]}"]
        start = stop
    return []


_OPERAND = {"n_a": "the hidden state", "n_x": "the input"}


def _ranges(word: str, which: NDArray[np.bool_]) -> str:
    """ "t=0..3, t=5" for a mask."""
    indices = np.flatnonzero(which)
    runs = np.split(indices, np.flatnonzero(np.diff(indices) > 1) + 1)
    return ", ".join(f"{word}{run[0]}" if len(run) == 1 else f"{word}{run[0]}..{run[-1]}" for run in runs)
