"""NumPy's other functions on lifted arrays: its own on objects, and those below that would make floats of them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..arithmetic import record
from ..arithmetic.exact import as_array
from ..arithmetic.scalar import Scalar, Unsupported
from .array import (
    LiftedArray,
    blank,
    full,
    kind_of,
    lifted,
    operand_of,
    relifted,
    shadows_of,
    whole_of,
)
from .ufuncs import apply_ufunc


def apply_function(function: Any, positional: Any, keyword: Mapping[str, Any]) -> Any:
    """A function of NumPy that is no ufunc."""
    name = getattr(function, "__name__", "")
    if name in FUNCTIONS:
        return FUNCTIONS[name](*positional, **keyword)
    options = {key: _inner(value) for key, value in keyword.items() if key != "dtype"}
    outs = keyword.get("out")
    plain = [_inner(value) for value in positional]
    if outs is not None and not isinstance(outs, LiftedArray):
        record.leak(f"np.{name} into an array of floats")
    result = function(*plain, **options)
    if name in IN_PLACE:
        target = positional[0]
        if isinstance(target, LiftedArray):
            target[...] = target.view(np.ndarray)
    return outs if isinstance(outs, LiftedArray) else relifted(result)


IN_PLACE = ("copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis")


def _inner(value: Any) -> Any:
    """An argument for NumPy's own function: arrays of floats become exact, arrays of integers and flags stay."""
    if isinstance(value, LiftedArray):
        return value.view(np.ndarray)
    if isinstance(value, Scalar):
        return as_array(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return operand_of(value)
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return type(value)(map(_inner, value))
    return value


def _total(array: Any, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any) -> Any:
    return apply_ufunc(np.add, "reduce", array, axis=axis, out=out, **options)


def _mean(array: Any, axis: Any = None, dtype: Any = None, out: Any = None, **options: Any) -> Any:
    array = lifted(array)
    total = _total(array, axis, **options)
    if options.get("where") is None:
        return _stored(total / (array.size // max(np.size(total), 1)), out)
    counted = np.broadcast_to(options["where"], array.shape)
    return _stored(total / np.sum(counted, axis=axis, keepdims=options.get("keepdims", False)), out)


def _average(
    array: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    if returned:
        raise Unsupported("np.average with returned=True")
    if weights is None:
        return _mean(array, axis, keepdims=keepdims)
    array, weights = lifted(array), lifted(weights)
    if weights.shape != array.shape:  # one weight for each position along an axis
        if weights.ndim != 1 or not isinstance(axis, int):
            raise Unsupported("np.average with weights of another shape")
        weights = np.moveaxis(weights.reshape((-1,) + (1,) * (array.ndim - 1)), 0, axis)
    total = _total(array * weights, axis, keepdims=keepdims)
    return total / _total(weights * full(array.shape, 1), axis, keepdims=keepdims)


def _var(array: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: int = 0, **options: Any) -> Any:
    if options.get("where", True) is not True:
        raise Unsupported("np.var and np.std with where=")
    array = lifted(array)
    centred = array - _mean(array, axis, keepdims=True)
    total = _total(centred * centred, axis, **options)
    return _stored(total / (array.size // max(np.size(total), 1) - ddof), out)


def _std(*positional: Any, out: Any = None, **keyword: Any) -> Any:
    return _stored(_root(_var(*positional, **keyword)), out)


def _root(value: Any) -> Any:
    return apply_ufunc(np.sqrt, "__call__", value)


def _bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    indices = whole_of(x) if isinstance(x, LiftedArray) else np.asarray(x)
    if weights is None:
        return np.bincount(indices, minlength=minlength)
    counted = full(max(minlength, int(indices.max(initial=-1)) + 1), 0)
    apply_ufunc(np.add, "at", counted, indices, weights)
    return counted


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    x = lifted(x)
    two = ord is None or (ord == 2 and (axis is not None or x.ndim == 1)) or ord == "fro"
    if two and not isinstance(axis, list):
        return _root(_total(x * x, axis, keepdims=keepdims))
    if ord == 1 and (x.ndim == 1 or isinstance(axis, int)):
        return _total(abs(x), axis, keepdims=keepdims)
    raise Unsupported(f"np.linalg.norm with ord={ord}")


def _stored(value: Any, out: Any) -> Any:
    if out is None:
        return value
    out[...] = value
    return out


def _like(fill: Any) -> Callable[..., Any]:
    def made(
        prototype: Any, *filling: Any, fill_value: Any = None, dtype: Any = None, shape: Any = None, **_: Any
    ) -> Any:
        value = filling[0] if filling else fill if fill_value is None else fill_value
        size = np.shape(prototype) if shape is None else shape
        if dtype is not None and kind_of(dtype) not in "fO":
            return np.full(size, value, dtype=dtype)
        return blank(size) if value is None else full(size, value)

    return made


def _where(condition: Any, *choices: Any) -> Any:
    condition = shadows_of(condition) != 0 if isinstance(condition, (LiftedArray, Scalar)) else condition
    return relifted(np.where(condition, *map(operand_of, choices))) if choices else np.where(condition)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, **options: Any) -> Any:
    low, high = options.get("min", a_min), options.get("max", a_max)
    result = lifted(a)
    if low is not None:
        result = apply_ufunc(np.maximum, "__call__", result, low)
    if high is not None:
        result = apply_ufunc(np.minimum, "__call__", result, high)
    return _stored(result, out)


def _round(a: Any, decimals: int = 0, out: Any = None) -> Any:
    each = np.frompyfunc(lambda x: x.piecewise(lambda shadow: round(shadow, decimals)), 1, 1)
    return _stored(relifted(each(operand_of(a))), out)


def _same(test: Callable[..., Any]) -> Callable[..., Any]:
    """Tests for equality look at the shadows."""

    def tested(a: Any, b: Any, *positional: Any, **keyword: Any) -> Any:
        exact = {name: shadows_of(value)[()] for name, value in keyword.items() if isinstance(value, Scalar)}
        others = [shadows_of(value)[()] for value in positional]
        return test(shadows_of(a), shadows_of(b), *others, **{**keyword, **exact})

    return tested


def _order(find: Callable[..., Any]) -> Callable[..., Any]:
    def found(a: Any, *positional: Any, **keyword: Any) -> Any:
        return find(shadows_of(a), *positional, **keyword)

    return found


def _nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    return lifted(x) if copy else x


def _einsum(subscripts: Any, *operands: Any, out: Any = None, optimize: Any = False, **_: Any) -> Any:
    if isinstance(subscripts, str):
        result = np.einsum(subscripts, *map(operand_of, operands), optimize=optimize)
    else:
        result = np.einsum(operand_of(subscripts), *(_inner(one) for one in operands), optimize=optimize)
    return _stored(relifted(result), out)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "zeros_like": _like(0),
    "empty_like": _like(None),
    "ones_like": _like(1),
    "full_like": _like(None),
    "sum": _total,
    "mean": _mean,
    "bincount": _bincount,
    "average": _average,
    "var": _var,
    "std": _std,
    "norm": _norm,
    "where": _where,
    "clip": _clip,
    "round": _round,
    "around": _round,
    "nan_to_num": _nan_to_num,
    "einsum": _einsum,
    **{name: _same(getattr(np, name)) for name in ("isclose", "allclose", "array_equal", "array_equiv")},
    **{name: _order(getattr(np, name)) for name in ("argmax", "argmin", "argsort", "count_nonzero", "nonzero")},
    **{name: _order(getattr(np, name)) for name in ("all", "any", "array2string", "array_repr", "array_str")},
    **{name: _order(getattr(np, name)) for name in ("flatnonzero", "argwhere", "result_type", "savetxt")},
}
