"""Rules of the derivative program's primitives for arrays of exact numbers: those of float64.py, element by element."""

from collections.abc import Callable
from typing import Any

import numpy as np

from . import float64
from .scalar import Engine, number


def rules(engine: Engine) -> dict[str, Any]:
    """A rule per primitive, for arrays of dtype object; constants of the program become the engine's numbers."""

    def elementwise(method: str) -> Callable[[Any], Any]:
        each = np.frompyfunc(lambda x: getattr(number(engine, x), method)(), 1, 1)
        return lambda a: as_array(each(a))

    def power(a: Any, *, y: int) -> Any:
        return as_array(np.frompyfunc(lambda x: number(engine, x).power(y), 1, 1)(a))

    def convert(a: Any, *, new_dtype: Any, weak_type: bool) -> Any:
        return exact_array(engine, a) if np.dtype(new_dtype).kind == "f" else np.asarray(a).astype(new_dtype)

    exact: dict[str, Any] = {name: _as_arrays(rule) for name, rule in float64.RULES.items()}
    exact |= {name: elementwise(name) for name in ("exp", "log", "tanh", "logistic", "sqrt", "sin", "cos", "erf")}
    exact |= {name: elementwise(name) for name in ("log1p", "expm1", "sign", "floor")}
    exact |= {"abs": elementwise("fabs"), "square": lambda a: power(a, y=2), "integer_pow": power}
    exact["rsqrt"] = lambda a: 1 / elementwise("sqrt")(a)
    exact["convert_element_type"] = convert
    return exact


def exact_array(engine: Engine, array: Any) -> Any:
    """An array of the engine's numbers for an array of floats, integers or such numbers."""
    return as_array(np.frompyfunc(lambda x: number(engine, x), 1, 1)(array))


def as_array(result: Any) -> Any:
    """NumPy returns the element of an array without axes; here it stays an array."""
    if isinstance(result, np.ndarray):
        return result
    array = np.empty((), dtype=object)
    array[()] = result
    return array


def _as_arrays(rule: Callable[..., Any]) -> Callable[..., Any]:
    def applied(*operands: Any, **parameters: Any) -> Any:
        results = rule(*operands, **parameters)
        return [as_array(r) for r in results] if isinstance(results, list) else as_array(results)

    return applied
