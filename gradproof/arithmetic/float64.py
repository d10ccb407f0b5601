"""Rules of the derivative program's primitives in NumPy float64: the fuzzing truth, at any shape, without compiling."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def _dot_general(a: Array, b: Array, *, dimension_numbers: Any, precision: Any, preferred_element_type: Any) -> Array:
    (contracted_a, contracted_b), (batch_a, batch_b) = dimension_numbers
    if batch_a or batch_b:
        raise NotImplementedError("dot_general with batch dimensions has no rule")
    return np.tensordot(a, b, axes=(contracted_a, contracted_b))


def _broadcast_in_dim(a: Any, *, shape: Any, broadcast_dimensions: Any) -> Array:
    placed = [1] * len(shape)
    for axis, target in enumerate(broadcast_dimensions):
        placed[target] = np.shape(a)[axis]
    return np.broadcast_to(np.reshape(a, placed), shape)


def _reshape(a: Array, *, new_sizes: Any, dimensions: None) -> Array:
    if dimensions is not None:
        raise NotImplementedError("reshape with dimensions has no rule")
    return np.reshape(a, new_sizes)


def _split(a: Array, *, sizes: Any, axis: int) -> list[Array]:
    return np.split(a, np.cumsum(sizes)[:-1], axis=axis)


def _logistic(a: Array) -> Array:
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1 / (1 + e), e / (1 + e))


def _convert_element_type(a: Any, *, new_dtype: Any, weak_type: bool) -> Array:
    return np.asarray(a).astype(new_dtype)


def _select_n(which: Array, *choices: Array) -> Array:
    return np.choose(np.asarray(which, dtype=np.intp), choices)


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
    "reduce_sum": lambda a, *, axes: np.sum(a, axis=axes),
    "reduce_max": lambda a, *, axes: np.max(a, axis=axes),
    "transpose": lambda a, *, permutation: np.transpose(a, permutation),
    "concatenate": lambda *parts, dimension: np.concatenate(parts, axis=dimension),
    "broadcast_in_dim": _broadcast_in_dim,
    "reshape": _reshape,
    "squeeze": lambda a, *, dimensions: np.squeeze(a, axis=dimensions),
    "split": _split,
    "dot_general": _dot_general,
    "convert_element_type": _convert_element_type,
    "select_n": _select_n,
    "dim_as_value": lambda *, dim: np.int64(dim),
}
