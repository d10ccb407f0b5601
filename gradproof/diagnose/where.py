"""Where along its axes an array is wrong: time steps, examples, and the blocks of a weight matrix."""

import itertools
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..contracts import Dimensions, sizes_of


def by_time(wrong: NDArray[np.bool_], dimensions: Dimensions) -> list[str] | None:
    """ "wrong" or "agrees" for every time step; None for an array without a time axis."""
    if "T" not in dimensions:
        return None
    axis = dimensions.index("T")
    others = tuple(i for i in range(wrong.ndim) if i != axis)
    return ["wrong" if step else "agrees" for step in np.asarray(wrong.any(axis=others))]


def where(wrong: NDArray[np.bool_], dimensions: Dimensions, sizes: Mapping[str, int], gates: str = "") -> list[str]:
    """A sentence for every axis along which the mistake has a clear place; empty when all is wrong, or parts at random.

    Clear is: some time steps, whole blocks of a weight matrix, all but one or only one index of another axis.
    gates: the order in which the gates of a packed axis stand.
    """
    told = []
    for axis, dimension in enumerate(dimensions):
        others = tuple(i for i in range(wrong.ndim) if i != axis)
        bad = np.asarray(wrong.any(axis=others))
        if bad.all() or not bad.any():
            continue
        if "+" in dimension:
            told += _blocks(bad, dimension.split("+"), sizes, axis if wrong.ndim > 1 else 1, gates)
        elif dimension == "T":
            told.append(f"{_ranges('t=', bad)} wrong, {_ranges('t=', ~bad)} right")
        elif min(bad.sum(), (~bad).sum()) == 1 and bad.size > 2:
            word = _WORD.get(dimension, f"{dimension}=" if dimension.isidentifier() else "index ")
            told.append(f"{_ranges(word, bad)} wrong, {_ranges(word, ~bad)} right")
    return told


def _blocks(bad: NDArray[np.bool_], terms: list[str], sizes: Mapping[str, int], axis: int, gates: str) -> list[str]:
    """ "only columns 0..2 wrong, those of the forget gate": some blocks wholly wrong, the others wholly right."""
    named = (
        [GATE_NAMES[gate] for gate in gates]
        if len(gates) == len(terms)
        else [OPERAND_NAMES.get(term, term) for term in terms]
    )
    starts = np.cumsum([0, *sizes_of(tuple(terms), sizes)])
    parts = [bad[start:stop] for start, stop in itertools.pairwise(starts)]
    if not all(part.all() or not part.any() for part in parts):
        return []
    which = " and ".join(name for name, part in zip(named, parts, strict=True) if part.any())
    return [f"only {_ranges('columns ' if axis == 1 else 'rows ', bad)} wrong, those of {which}"]


_WORD = {
    "m": "example ",
    "N": "example ",
    "n_x": "input ",
    "D": "input ",
    "n_a": "unit ",
    "H": "unit ",
    "n_y": "output ",
    "M": "output ",
    "V": "word ",
}
OPERAND_NAMES = {"n_a": "the hidden state", "n_x": "the input"}
GATE_NAMES = {
    "f": "the forget gate",
    "i": "the input gate",
    "g": "the candidate",
    "o": "the output gate",
    "z": "the update gate",
    "r": "the reset gate",
    "h": "the candidate",
}


def _ranges(word: str, which: NDArray[np.bool_]) -> str:
    """ "t=0..3, t=5" for a mask."""
    indices = np.flatnonzero(which)
    runs = np.split(indices, np.flatnonzero(np.diff(indices) > 1) + 1)
    return ", ".join(f"{word}{run[0]}" if len(run) == 1 else f"{word}{run[0]}..{run[-1]}" for run in runs)
