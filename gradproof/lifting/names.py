"""NumPy, math and scipy.special as lifted code sees them: the same names, those replaced that would make floats."""

import math
import sys
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arithmetic.scalar import FUNCTIONS as OTHERS
from ..arithmetic.scalar import Scalar, Unsupported, number
from .array import LiftedArray, blank, engine_now, full, kind_of, lifted
from .functions import apply_function
from .ufuncs import apply_ufunc

FLOATS = ("float64", "float32", "float16", "longdouble", "double", "single", "half", "floating")
ONE = ("exp", "log", "sqrt", "tanh", "expm1", "log1p", "sinh", "cosh", "exp2", "log2", "log10", "cbrt")
MATH_NAMES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
MATH_NAMES |= {"asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh"}


class _FloatType(type):
    """The type of a class that stands for one of floats: an exact number is an instance of it."""

    real: Any

    def __instancecheck__(cls, value: Any) -> bool:
        return isinstance(value, (cls.real, Scalar))

    def __subclasscheck__(cls, other: Any) -> bool:
        return other is cls or issubclass(other, cls.real)

    def __eq__(cls, other: Any) -> bool:
        return other is cls or bool(cls.real == other)

    def __hash__(cls) -> int:
        return hash(cls.real)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls.real, name)


def _float_type(real: Any) -> Any:
    """`float` or one of NumPy's: called with an exact number it returns it."""

    def made(cls: Any, value: Any = 0.0) -> Any:
        if isinstance(value, Scalar):
            return value
        if isinstance(value, LiftedArray):
            return value.item() if real is float or value.ndim == 0 else value.copy()
        result = real(value)
        return lifted(result) if isinstance(result, np.ndarray) else result

    names = {"__new__": made, "real": real}
    if real is not float:
        names["dtype"] = np.dtype(real) if real is not np.floating else np.dtype(np.float64)
    return _FloatType(real.__name__, (), names)


def _is_float(dtype: Any) -> bool:
    return dtype is None or kind_of(dtype) in "fO"


def _creating(real: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes an array: lifted where it would be of floats."""

    def made(*positional: Any, dtype: Any = None, **keyword: Any) -> Any:
        if not _is_float(dtype):
            return real(*positional, dtype=dtype, **keyword)
        array = real(*positional, **keyword)
        return lifted(array) if dtype is not None or array.dtype.kind == "f" else array

    return made


def _zeros(shape: Any, dtype: Any = None, order: str = "C", **_: Any) -> Any:
    return full(shape, 0) if _is_float(dtype) else np.zeros(shape, dtype=dtype)


def _ones(shape: Any, dtype: Any = None, order: str = "C", **_: Any) -> Any:
    return full(shape, 1) if _is_float(dtype) else np.ones(shape, dtype=dtype)


def _empty(shape: Any, dtype: Any = None, order: str = "C", **_: Any) -> Any:
    return blank(shape) if _is_float(dtype) else np.empty(shape, dtype=dtype)


def _full(shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", **_: Any) -> Any:
    if dtype is None and not isinstance(fill_value, (Scalar, LiftedArray)):
        dtype = np.asarray(fill_value).dtype
    return full(shape, fill_value) if _is_float(dtype) else np.full(shape, fill_value, dtype=dtype)


def _array(copies: bool) -> Callable[..., Any]:
    def made(value: Any = (), dtype: Any = None, copy: Any = None, ndmin: int = 0, **_: Any) -> Any:
        if not _is_float(dtype):
            return lifted(value).astype(dtype) if _holds_exact(value) else np.array(value, dtype=dtype, ndmin=ndmin)
        if isinstance(value, LiftedArray) and not copies:
            return value
        if not _holds_exact(value):
            plain = np.array(value)
            if dtype is None and plain.dtype.kind not in "f":
                return np.array(value, ndmin=ndmin) if copies or not isinstance(value, np.ndarray) else value
            value = plain
        array = lifted(value)
        return array.reshape((1,) * (ndmin - array.ndim) + array.shape) if array.ndim < ndmin else array

    return made


def _holds_exact(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_holds_exact, value))
    return isinstance(value, (Scalar, LiftedArray)) or (isinstance(value, np.ndarray) and value.dtype == object)


def _transcendental(ufunc: Any) -> Any:
    """A function that turns rationals into what no float is: exact for floats, too."""

    class Lifting:
        __name__ = ufunc.__name__

        def __call__(self, *inputs: Any, **options: Any) -> Any:
            return apply_ufunc(ufunc, "__call__", *inputs, **options)

        def __getattr__(self, name: str) -> Any:
            return getattr(ufunc, name)

    return Lifting()


def _vectorize(function: Any = None, *_: Any, **__: Any) -> Any:
    if function is None:
        return _vectorize

    def each(*arrays: Any, **keyword: Any) -> Any:
        return _elementwise(lambda *items: function(*items, **keyword))(*arrays)

    return each


def _elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    def each(*arrays: Any) -> Any:
        result = np.frompyfunc(function, len(arrays), 1)(*(lifted(array).view(np.ndarray) for array in arrays))
        return lifted(result) if isinstance(result, np.ndarray) else result

    return each


def _norm(*positional: Any, **keyword: Any) -> Any:
    return apply_function(np.linalg.norm, positional, keyword)


def _nditer(op: Any, flags: Any = (), *positional: Any, **options: Any) -> Any:
    operands = [one.view(np.ndarray) if isinstance(one, LiftedArray) else one for one in _listed(op)]
    return np.nditer(
        operands if isinstance(op, (list, tuple)) else operands[0], [*flags, "refs_ok"], *positional, **options
    )


def _fromiter(values: Any, dtype: Any, count: int = -1, **_: Any) -> Any:
    listed = list(values) if count < 0 else [next(values) for values in [iter(values)] for _ in range(count)]
    return lifted(listed) if _is_float(dtype) else np.array(listed, dtype=dtype)


def _frombuffer(buffer: Any, *positional: Any, **keyword: Any) -> Any:
    if isinstance(buffer, LiftedArray):
        raise Unsupported("np.frombuffer, which would read exact numbers as floats")
    return np.frombuffer(buffer, *positional, **keyword)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


class _Module(types.ModuleType):
    """A module with some names replaced, and all others as they are."""

    def __init__(self, real: types.ModuleType, replaced: dict[str, Any]):
        super().__init__(real.__name__, real.__doc__)
        self.__dict__.update(replaced)
        self.__dict__["_real"] = real
        for name in ("__file__", "__path__", "__spec__", "__package__", "__all__"):
            if hasattr(real, name):
                self.__dict__[name] = getattr(real, name)

    def __getattr__(self, name: str) -> Any:
        if name == "pi" and self._real in (np, math):
            return engine_now().pi()
        if name == "e" and self._real in (np, math):
            return number(engine_now(), 1).exp()
        return getattr(self._real, name)

    def __dir__(self) -> list[str]:
        return dir(self._real)


def _math(name: str) -> Any:
    real = getattr(math, name)
    method = MATH_NAMES.get(name, name)

    def function(x: Any, *others: Any) -> Any:
        if isinstance(x, LiftedArray):
            x = x.item()
        if not isinstance(x, Scalar) and not isinstance(x, (int, float, np.number)):
            return real(x, *others)
        x = number(engine_now(), x)
        return getattr(x, method)() if not others else x.log() / number(engine_now(), others[0]).log()

    return function


def _math_power(x: Any, y: Any) -> Any:
    return number(engine_now(), x) ** y


def _sum(values: Any) -> Any:
    return sum(values, number(engine_now(), 0))


def _math_test(name: str) -> Any:
    real = getattr(math, name)
    return lambda x, *others, **options: real(
        *(value.shadow if isinstance(value, Scalar) else value for value in (x, *others)), **options
    )


def _logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, **_: Any) -> Any:
    a = lifted(a)
    largest = a.max(axis=axis, keepdims=True)
    weighted = apply_ufunc(np.exp, "__call__", a - largest)
    weighted = weighted if b is None else weighted * b
    total = apply_ufunc(np.log, "__call__", weighted.sum(axis=axis, keepdims=True)) + largest
    return total if keepdims else total.reshape(()).item() if axis is None else np.squeeze(total, axis=axis)


def _softmax(x: Any, axis: Any = None) -> Any:
    x = lifted(x)
    e = apply_ufunc(np.exp, "__call__", x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def _log_softmax(x: Any, axis: Any = None) -> Any:
    return lifted(x) - _logsumexp(x, axis=axis, keepdims=True)


def _like(name: str) -> Any:
    real = getattr(np, name)

    def made(prototype: Any, *filling: Any, dtype: Any = None, **options: Any) -> Any:
        exact = isinstance(prototype, Scalar) or (np.asarray(prototype).dtype.kind in "fO" and dtype is None)
        if dtype is not None or not exact:
            exact = dtype is not None and _is_float(dtype)
        if exact:
            return apply_function(real, (lifted(prototype), *filling), options)
        return real(np.empty(np.shape(prototype), np.asarray(prototype).dtype), *filling, dtype=dtype, **options)

    return made


class _Joining:
    """np.r_ and np.c_, where they only put arrays beside each other."""

    def __init__(self, real: Any, axis: int):
        self.real, self.axis = real, axis

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not any(map(_holds_exact, parts)) or any(isinstance(part, (str, slice)) for part in parts):
            return self.real[key]
        arrays = [lifted(part) for part in parts]
        if self.axis:
            arrays = [one.reshape(one.shape + (1,) * (2 - one.ndim)) for one in arrays]
        return np.concatenate([one.reshape(1) if one.ndim == 0 else one for one in arrays], axis=-1 if self.axis else 0)


FLOAT = _float_type(float)
LIKE = ("zeros_like", "ones_like", "full_like", "empty_like")
LINALG = _Module(np.linalg, {"norm": _norm})
NUMPY = _Module(
    np,
    {
        **{name: _float_type(getattr(np, name)) for name in FLOATS},
        **{name: _transcendental(getattr(np, name)) for name in (*ONE, *(n for n in OTHERS if hasattr(np, n)))},
        **{name: _creating(getattr(np, name)) for name in ("eye", "identity", "linspace", "arange", "tri")},
        **{name: _like(name) for name in LIKE},
        "zeros": _zeros,
        "ones": _ones,
        "empty": _empty,
        "full": _full,
        **{name: _array(True) for name in ("array", "copy")},
        **{name: _array(False) for name in ("asarray", "asanyarray", "ascontiguousarray", "asfortranarray")},
        "vectorize": _vectorize,
        "nditer": _nditer,
        "fromiter": _fromiter,
        "frombuffer": _frombuffer,
        "r_": _Joining(np.r_, 0),
        "c_": _Joining(np.c_, 1),
        "isscalar": lambda value: isinstance(value, Scalar) or np.isscalar(value),
        "linalg": LINALG,
    },
)
MATH = _Module(
    math,
    {
        **{name: _math(name) for name in (*ONE, *MATH_NAMES, "sin", "cos", "tan", "erf", "erfc", "fabs")},
        **{name: _math_test(name) for name in ("isnan", "isinf", "isfinite", "isclose")},
        "pow": _math_power,
        "fsum": _sum,
    },
)
SCIPY = {"softmax": _softmax, "log_softmax": _log_softmax, "logsumexp": _logsumexp}


def replacements() -> dict[int, Any]:
    """What stands for a module, function or type while code is lifted, by the identity of the real one."""
    found: dict[int, Any] = {id(np): NUMPY, id(math): MATH, id(np.linalg): LINALG, id(float): FLOAT}
    for module, own in ((np, NUMPY), (math, MATH), (np.linalg, LINALG)):
        found |= {id(getattr(module, name)): new for name, new in vars(own).items() if _is_replaced(module, name)}
    found |= {id(math.pi): MATH.pi, id(np.pi): NUMPY.pi, id(math.e): MATH.e, id(np.e): NUMPY.e}
    scipy = sys.modules.get("scipy.special")
    if scipy is not None:
        special = _Module(scipy, {name: new for name, new in SCIPY.items() if hasattr(scipy, name)})
        found[id(scipy)] = special
        found |= {id(getattr(scipy, name)): new for name, new in SCIPY.items() if hasattr(scipy, name)}
        found[id(sys.modules["scipy"])] = _Module(sys.modules["scipy"], {"special": special})
    return found


def modules() -> dict[str, Any]:
    """What `import` inside a function finds while code is lifted."""
    found = replacements()
    names = ("numpy", "math", "numpy.linalg", "scipy", "scipy.special")
    return {
        name: found[id(sys.modules[name])] for name in names if name in sys.modules and id(sys.modules[name]) in found
    }


def _is_replaced(module: Any, name: str) -> bool:
    return not name.startswith("_") and hasattr(module, name)
