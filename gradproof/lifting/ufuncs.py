"""NumPy's ufuncs on lifted arrays: by its own loops over objects where it has them, and by the table below."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arithmetic import record
from ..arithmetic.exact import as_array
from ..arithmetic.scalar import Unsupported, number
from .array import LiftedArray, engine_now, index_of, operand_of, relifted, shadows_of


def apply_ufunc(
    ufunc: Any, method: str, *inputs: Any, out: Any = None, dtype: Any = None, casting: Any = None, **options: Any
) -> Any:
    """A ufunc, or its reduce, accumulate, outer, at and so on, on exact numbers."""
    outs = out if isinstance(out, tuple) else (out,)
    if method == "at":
        target, indices, *values = inputs
        raw = target.view(np.ndarray) if isinstance(target, LiftedArray) else None
        if raw is None:
            record.leak(f"np.{ufunc.__name__}.at into an array of floats")
            ufunc.at(target, index_of(indices), *(shadows_of(value) for value in values))
        else:
            ufunc.at(raw, index_of(indices), *map(operand_of, values))
        return None
    if method == "reduceat":
        operands = [operand_of(inputs[0]), index_of(inputs[1])]
    else:
        operands = [operand_of(value) for value in inputs]
    if options.get("initial") is not None and not isinstance(options["initial"], type(np._NoValue)):
        options["initial"] = number(engine_now(), options["initial"])
    if isinstance(options.get("where"), LiftedArray):
        options["where"] = shadows_of(options["where"]) != 0
    if method == "reduce" and options.get("where", True) is not True and "initial" not in options:
        if ufunc.identity is None:
            raise Unsupported(f"np.{ufunc.__name__}.reduce with where= and without initial=")
        options["initial"] = number(engine_now(), ufunc.identity)
    if method != "__call__" and ufunc.__name__ in ("logaddexp", "hypot"):  # which NumPy does not have for objects
        ufunc = _of_pairs(UFUNCS[ufunc.__name__])
    special = UFUNCS.get(ufunc.__name__) if method == "__call__" else None
    if special is not None:
        where = options.get("where", True)
        if where is not True and outs[0] is None:
            raise Unsupported(f"np.{ufunc.__name__} with where= and without out=")
        result = special(*operands)
        if where is not True:
            result = np.where(where, as_array(result), operand_of(outs[0]))
    elif ufunc.__name__ in ("logical_and", "logical_or", "logical_xor") and method != "__call__":
        result = getattr(ufunc, method)(shadows_of(operands[0]) != 0, **options)
    else:
        if options.get("where", True) is not True and outs[0] is not None:
            options["out"] = operand_of(outs[0])
        with np.errstate(all="ignore"):  # of shadows, which may overflow
            result = getattr(ufunc, method)(*operands, **options)
    results = result if isinstance(result, tuple) else (result,)
    given = tuple(_into(target, made, ufunc) for target, made in zip(outs * len(results), results, strict=False))
    return given if isinstance(result, tuple) else given[0]


def _into(target: Any, made: Any, ufunc: Any) -> Any:
    """What was computed, in the array that was to hold it if there is one."""
    if target is None:
        return relifted(made)
    if isinstance(target, LiftedArray):
        target.view(np.ndarray)[...] = made
    elif target.dtype.kind == "b":
        target[...] = made
    else:
        record.leak(f"np.{ufunc.__name__} into an array of floats")
        target[...] = shadows_of(made)
    return target


def _each(method: str) -> Callable[..., Any]:
    return np.frompyfunc(lambda x: getattr(x, method)(), 1, 1)


def _of_pairs(function: Callable[..., Any]) -> Any:
    """A ufunc of two numbers, that has reduce and so on."""
    return np.frompyfunc(lambda a, b: as_array(function(as_array(a), as_array(b)))[()], 2, 1)


def _by_shadow(test: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arrays: test(*map(shadows_of, arrays))


def _logaddexp(a: Any, b: Any) -> Any:
    larger = np.maximum(a, b)
    return larger + _each("log")(_each("exp")(a - larger) + _each("exp")(b - larger))


def _xlogy(x: Any, y: Any) -> Any:
    return np.frompyfunc(lambda x, y: x * y.log() if x.shadow else x, 2, 1)(x, y)


UFUNCS: dict[str, Callable[..., Any]] = {
    **{name: _by_shadow(getattr(np, name)) for name in ("isnan", "isinf", "isfinite", "signbit")},
    **{name: _by_shadow(getattr(np, name)) for name in ("logical_and", "logical_or", "logical_xor", "logical_not")},
    **{name: _each(name) for name in ("sign", "floor", "ceil", "trunc", "rint", "fabs", "expm1", "log1p", "exp2")},
    **{name: _each(name) for name in ("log2", "log10", "cbrt", "erf", "erfc")},
    "square": lambda a: a * a,
    "reciprocal": lambda a: np.frompyfunc(lambda x: 1 / x, 1, 1)(a),
    "float_power": np.power,
    "fmax": np.maximum,
    "fmin": np.minimum,
    "expit": _each("logistic"),
    "log_expit": lambda a: np.frompyfunc(lambda x: -(1 + (-x).exp()).log(), 1, 1)(a),
    "logit": lambda a: np.frompyfunc(lambda x: (x / (1 - x)).log(), 1, 1)(a),
    "logaddexp": _logaddexp,
    "xlogy": _xlogy,
    "heaviside": lambda a, b: np.where(shadows_of(a) == 0, b, np.frompyfunc(lambda x: (1 + x.sign()) / 2, 1, 1)(a)),
    "copysign": lambda a, b: np.frompyfunc(lambda x, y: abs(x) * (1 if y.shadow >= 0 else -1), 2, 1)(a, b),
    "hypot": lambda a, b: _each("sqrt")(a * a + b * b),
    "deg2rad": lambda a: a * engine_now().pi() / 180,
}
