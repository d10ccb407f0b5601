"""Rules of the derivative program's primitives in NumPy float64: the fuzzing truth, at any shape, without compiling."""

from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def _dot_general(a: Array, b: Array, *, dimension_numbers: Any, precision: Any, preferred_element_type: Any) -> Array:
    (contracted_a, contracted_b), (batch_a, batch_b) = dimension_numbers
    if batch_a or batch_b:
        raise NotImplementedError("dot_general with batch dimensions has no rule")
    if np.ndim(a) == np.ndim(b) == 2 and len(contracted_a) == 1:  # what tensordot does, in an eighth of the time
        return np.dot(a if contracted_a == (1,) else a.T, b if contracted_b == (0,) else b.T)
    return np.tensordot(a, b, axes=(contracted_a, contracted_b))


def _broadcast_in_dim(a: Any, *, shape: Any, broadcast_dimensions: Any) -> Array:
    placed = [1] * len(shape)
    for axis, target in enumerate(broadcast_dimensions):
        placed[target] = np.shape(a)[axis]
    return np.full(shape, np.reshape(a, placed))


def _reshape(a: Array, *, new_sizes: Any, dimensions: None) -> Array:
    if dimensions is not None:
        raise NotImplementedError("reshape with dimensions has no rule")
    return np.reshape(a, new_sizes)


def _split(a: Array, *, sizes: Any, axis: int) -> list[Array]:
    before = (slice(None),) * axis
    return [a[*before, start:stop] for start, stop in pairwise(accumulate(sizes, initial=0))]


def _logistic(a: Array) -> Array:
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1.0, e) / (1 + e)


def _convert_element_type(a: Any, *, new_dtype: Any, weak_type: bool) -> Array:
    return np.asarray(a).astype(new_dtype)


def _select_n(which: Array, *choices: Array) -> Array:
    return np.choose(np.asarray(which, dtype=np.intp), choices)


def _window(shape: Any, start: Array, axes: Any, sizes: Any) -> tuple[slice, ...]:
    """The part of an array that begins at `start` along these axes and has these sizes."""
    if np.ndim(start) != 1:
        raise NotImplementedError("gather and scatter-add at several places at once have no rule")
    first = dict(zip(axes, np.asarray(start).tolist(), strict=True))
    window = tuple(slice(first.get(axis, 0), first.get(axis, 0) + size) for axis, size in enumerate(sizes))
    if any(part.start < 0 or part.stop > length for part, length in zip(window, shape, strict=True)):
        raise NotImplementedError("gather and scatter-add out of bounds have no rule")
    return window


def _gather(
    a: Array,
    start: Array,
    *,
    dimension_numbers: Any,
    slice_sizes: Any,
    indices_are_sorted: bool,
    unique_indices: bool,
    mode: Any,  # what to do out of bounds
    fill_value: Any,
) -> Array:
    offset, collapsed, axes, *batching = dimension_numbers
    if any(batching) or offset != tuple(range(np.ndim(a) - len(collapsed))):
        raise NotImplementedError("gather of anything but one part of an array has no rule")
    return np.squeeze(a[_window(np.shape(a), start, axes, slice_sizes)], axis=collapsed)


def _scatter_add(
    a: Array,
    start: Array,
    updates: Array,
    *,
    dimension_numbers: Any,
    indices_are_sorted: bool,
    unique_indices: bool,
    mode: Any,
    update_jaxpr: Any,  # the sum of two numbers, which the primitive's name says
    update_consts: Any,
) -> Array:
    window_axes, inserted, axes, *batching = dimension_numbers
    if any(batching) or window_axes != tuple(range(np.ndim(updates))):
        raise NotImplementedError("scatter-add to anything but one part of an array has no rule")
    updates = np.expand_dims(updates, inserted)
    total = np.array(a)
    total[_window(np.shape(a), start, axes, np.shape(updates))] += updates
    return total


RULES: dict[str, Any] = {
    "add": np.add,
    "add_any": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "neg": np.negative,
    "max": np.maximum,
    "eq": np.equal,
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "logistic": _logistic,
    "integer_pow": lambda a, *, y: a**y,
    "stop_gradient": lambda a: a,
    "reduce_sum": lambda a, *, axes: np.add.reduce(a, axis=axes),
    "reduce_max": lambda a, *, axes: np.maximum.reduce(a, axis=axes),
    "transpose": lambda a, *, permutation: a.transpose(permutation),
    "concatenate": lambda *parts, dimension: np.concatenate(parts, axis=dimension),
    "broadcast_in_dim": _broadcast_in_dim,
    "reshape": _reshape,
    "squeeze": lambda a, *, dimensions: np.squeeze(a, axis=dimensions),
    "split": _split,
    "dot_general": _dot_general,
    "gather": _gather,
    "scatter-add": _scatter_add,
    "convert_element_type": _convert_element_type,
    "select_n": _select_n,
    "dim_as_value": lambda *, dim: np.int64(dim),
}
