"""Where along its axes an array is wrong: time steps, examples, and the blocks of a weight matrix."""

from collections.abc import Mapping
from typing import Any

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
    """A sentence for every axis along which only a part is wrong; empty when all is."""
    told = []
    for axis, dimension in enumerate(dimensions):
        others = tuple(i for i in range(wrong.ndim) if i != axis)
        bad = np.asarray(wrong.any(axis=others))
        if bad.all() or not bad.any():
            continue
        if "+" in dimension:
            told.append(_block(bad, dimension.split("+"), sizes, axis))
        elif dimension == "T":
            told.append(f"{_ranges('t', bad)} wrong, {_ranges('t', ~bad)} right")
        else:
            word = {"m": "example", "n_x": "input", "n_a": "unit", "n_y": "output"}.get(dimension, dimension)
            told.append(f"{_ranges(word + ' ', bad)} wrong, {_ranges(word + ' ', ~bad)} right")
    return told


def _block(bad: NDArray[np.bool_], terms: list[str], sizes: Mapping[str, int], axis: int) -> str:
    line = "columns" if axis == 1 else "rows"
    start = 0
    for term in terms:
        stop = start + sizes[term]
        if bad[start:stop].all() and bad.sum() == stop - start:
            return f"only {line} {start}..{stop - 1} wrong, those of {_OPERAND.get(term, term)}"
        start = stop
    return f"{_ranges(line[:-1] + ' ', bad)} wrong, {_ranges(line[:-1] + ' ', ~bad)} right"


_OPERAND = {"n_a": "the hidden state", "n_x": "the input"}


def _ranges(word: str, which: NDArray[Any]) -> str:
    """ "t=0..3, t=5" for a mask."""
    indices = np.flatnonzero(which)
    runs = np.split(indices, np.flatnonzero(np.diff(indices) > 1) + 1)
    joint = "=" if len(word) == 1 else ""
    return ", ".join(f"{word}{joint}{run[0]}" if len(run) == 1 else f"{word}{joint}{run[0]}..{run[-1]}" for run in runs)
