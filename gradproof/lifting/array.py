"""The array of exact numbers: an ndarray of objects that every NumPy function takes, and that keeps out raw floats."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..arithmetic import record
from ..arithmetic.exact import as_array
from ..arithmetic.scalar import Engine, Scalar, Unsupported, number

_engines: list[Engine] = []


@contextlib.contextmanager
def running_on(engine: Any) -> Iterator[None]:
    """While this holds, arrays are made of this engine's numbers."""
    _engines.append(engine)
    try:
        with engine.active():
            yield
    finally:
        _engines.pop()


def engine_now() -> Any:
    return _engines[-1]


class LiftedArray(np.ndarray[Any, Any]):
    """An array of exact numbers, which tells code that asks that it holds float64."""

    @property
    def dtype(self) -> Any:
        return np.dtype(np.float64)

    @dtype.setter
    def dtype(self, _: Any) -> None:
        pass

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return apply_ufunc(ufunc, method, *inputs, **options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return apply_function(function, args, kwargs)

    def __setitem__(self, key: Any, value: Any) -> None:
        operand = _operand(value)
        self.view(np.ndarray)[_index(key)] = operand if operand.ndim else operand[()]

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(_index(key))

    @property
    def flat(self) -> Any:
        return _Flat(self)

    @flat.setter
    def flat(self, value: Any) -> None:
        _Flat(self)[...] = value

    def astype(self, dtype: Any, *_: Any, **__: Any) -> Any:
        kind = kind_of(dtype)
        if kind in "fO":
            return self.copy()
        if kind == "b":
            return _shadows(self) != 0
        if kind in "iu":
            record.leak("astype(int)")
            return _shadows(self).astype(dtype)
        raise Unsupported(f"dtype {np.dtype(dtype)}")

    def view(self, *types: Any, **__: Any) -> Any:
        kept = [one for one in types if isinstance(one, type) and issubclass(one, np.ndarray)]
        return super().view(kept[0]) if kept else super().view(LiftedArray)

    def fill(self, value: Any) -> None:
        self[...] = value

    def item(self, *index: Any) -> Any:
        return self.view(np.ndarray).item(*index)

    def tolist(self) -> Any:
        return self.view(np.ndarray).tolist()

    def tobytes(self, order: Any = "C") -> bytes:
        record.leak("tobytes()")
        return bytes(_shadows(self).tobytes(order))

    def tofile(self, *positional: Any, **keyword: Any) -> None:
        record.leak("tofile()")
        _shadows(self).tofile(*positional, **keyword)

    @property
    def ctypes(self) -> Any:
        raise Unsupported("ctypes, which would read exact numbers as floats")

    @property
    def data(self) -> Any:
        raise Unsupported("the memory of an array, which holds no floats")

    def __deepcopy__(self, memo: Any) -> Any:
        return self.copy()

    def __reduce__(self) -> Any:
        raise TypeError("an array of exact numbers cannot be pickled")

    def __repr__(self) -> str:
        return repr(_shadows(self))

    def __str__(self) -> str:
        return str(_shadows(self))

    def __format__(self, specification: str) -> str:
        return format(self.item(), specification) if self.size == 1 else format(_shadows(self), specification)


class _Flat:
    """The elements one after another, as `array.flat` gives them."""

    def __init__(self, array: LiftedArray):
        self.array, self.real = array, array.view(np.ndarray).flat

    def __iter__(self) -> Any:
        return iter(self.real)

    def __len__(self) -> int:
        return len(self.real)

    def __getitem__(self, key: Any) -> Any:
        return _result(self.real[_index(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        operand = _operand(value)
        self.real[_index(key)] = operand if operand.ndim else operand[()]


def kind_of(dtype: Any) -> str:
    """The kind of a dtype, also of what stands for NumPy's float types while code is lifted."""
    own = getattr(dtype, "dtype", None)
    return np.dtype(own if isinstance(own, np.dtype) else dtype).kind


def _as_function(name: str) -> Callable[..., Any]:
    def method(self: Any, *positional: Any, **keyword: Any) -> Any:
        return apply_function(getattr(np, name), (self, *positional), keyword)

    method.__name__ = name
    return method


# methods that NumPy would run on objects without asking
for _name in (
    *("sum", "prod", "mean", "std", "var", "max", "min", "argmax", "argmin", "cumsum", "cumprod", "dot", "round"),
    *(
        "clip",
        "all",
        "any",
        "trace",
        "argsort",
        "nonzero",
        "take",
        "repeat",
        "diagonal",
        "searchsorted",
        "compress",
        "put",
    ),
):
    setattr(LiftedArray, _name, _as_function(_name))


LARGEST = 100_000  # numbers of an array: each costs about a microsecond, and some hundred bytes


def lifted(value: Any, order: str = "C") -> Any:
    """A lifted array for numbers, arrays and nested lists of them.  Raises Unsupported for too many."""
    raw = _objects(value)
    check_size(raw.size)
    result = np.empty(raw.shape, dtype=object)
    flat = result.reshape(-1)
    engine = engine_now()
    for index, item in enumerate(raw.reshape(-1)):
        flat[index] = item if type(item) in _own(engine) else number(engine, item)
    return result.view(LiftedArray)


def check_size(size: float) -> None:
    if size > LARGEST:
        raise Unsupported(f"an array of {size:.0f} numbers, which are too many for exact arithmetic")


def _own(engine: Any) -> tuple[type, ...]:
    """The types of numbers that need no conversion."""
    if "types" not in engine.__dict__:
        duals = hasattr(engine, "constant_of")
        engine.types = tuple({type(number(engine, 1)), *(() if duals else Scalar.__subclasses__())})
    types: tuple[type, ...] = engine.types
    return types


def _objects(value: Any) -> Any:
    """A plain array of dtype object, or of numbers, with the shape of a nest of arrays and lists."""
    if isinstance(value, LiftedArray):
        return value.view(np.ndarray)
    if isinstance(value, Scalar):
        return as_array(value)
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (list, tuple)):
        if not value:
            return np.empty(0)
        return np.stack([as_array(_objects(item)) if not _is_number(item) else as_array(item) for item in value])
    return np.asarray(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, Scalar, np.generic))


def _operand(value: Any) -> Any:
    """A plain array of exact numbers, for use inside NumPy's own loops."""
    if isinstance(value, LiftedArray):
        return value.view(np.ndarray)
    return lifted(value).view(np.ndarray)


def _index(key: Any) -> Any:
    if isinstance(key, LiftedArray):
        return _whole(key)
    if isinstance(key, Scalar):
        return int(key)
    if isinstance(key, tuple):
        return tuple(_index(part) for part in key)
    return key


def _whole(array: Any) -> Any:
    """Indices that were kept among floats."""
    shadows = _shadows(array)
    return shadows.astype(np.int64) if (shadows == np.floor(shadows)).all() else shadows


def _shadows(array: Any) -> Any:
    each = np.frompyfunc(lambda x: x.shadow if isinstance(x, Scalar) else float(x), 1, 1)
    return as_array(each(_objects(array))).astype(np.float64)


def _result(value: Any) -> Any:
    """What a NumPy function returned: arrays of objects are lifted again, anything else is as it is."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        check_size(value.size)
        own = _own(engine_now())
        if all(type(item) in own for item in value.flat):
            return value.view(LiftedArray)
        return lifted(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_result, value))
    if isinstance(value, (list, tuple)):
        return type(value)(map(_result, value))
    return value


# ufuncs


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
            ufunc.at(target, _index(indices), *(_shadows(value) for value in values))
        else:
            ufunc.at(raw, _index(indices), *map(_operand, values))
        return None
    if method == "reduceat":
        operands = [_operand(inputs[0]), _index(inputs[1])]
    else:
        operands = [_operand(value) for value in inputs]
    if options.get("initial") is not None and not isinstance(options["initial"], type(np._NoValue)):
        options["initial"] = number(engine_now(), options["initial"])
    if isinstance(options.get("where"), LiftedArray):
        options["where"] = _shadows(options["where"]) != 0
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
            result = np.where(where, as_array(result), _operand(outs[0]))
    elif ufunc.__name__ in ("logical_and", "logical_or", "logical_xor") and method != "__call__":
        result = getattr(ufunc, method)(_shadows(operands[0]) != 0, **options)
    else:
        if options.get("where", True) is not True and outs[0] is not None:
            options["out"] = _operand(outs[0])
        with np.errstate(all="ignore"):  # of shadows, which may overflow
            result = getattr(ufunc, method)(*operands, **options)
    results = result if isinstance(result, tuple) else (result,)
    given = tuple(_into(target, made, ufunc) for target, made in zip(outs * len(results), results, strict=False))
    return given if isinstance(result, tuple) else given[0]


def _into(target: Any, made: Any, ufunc: Any) -> Any:
    """What was computed, in the array that was to hold it if there is one."""
    if target is None:
        return _result(made)
    if isinstance(target, LiftedArray):
        target.view(np.ndarray)[...] = made
    elif target.dtype.kind == "b":
        target[...] = made
    else:
        record.leak(f"np.{ufunc.__name__} into an array of floats")
        target[...] = _shadows(made)
    return target


def _each(method: str) -> Callable[..., Any]:
    return np.frompyfunc(lambda x: getattr(x, method)(), 1, 1)


def _of_pairs(function: Callable[..., Any]) -> Any:
    """A ufunc of two numbers, that has reduce and so on."""
    return np.frompyfunc(lambda a, b: as_array(function(as_array(a), as_array(b)))[()], 2, 1)


def _by_shadow(test: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *arrays: test(*map(_shadows, arrays))


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
    "heaviside": lambda a, b: np.where(_shadows(a) == 0, b, np.frompyfunc(lambda x: (1 + x.sign()) / 2, 1, 1)(a)),
    "copysign": lambda a, b: np.frompyfunc(lambda x, y: abs(x) * (1 if y.shadow >= 0 else -1), 2, 1)(a, b),
    "hypot": lambda a, b: _each("sqrt")(a * a + b * b),
    "deg2rad": lambda a: a * engine_now().pi() / 180,
}


# other functions


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
    return outs if isinstance(outs, LiftedArray) else _result(result)


IN_PLACE = ("copyto", "put", "place", "putmask", "fill_diagonal", "put_along_axis")


def _inner(value: Any) -> Any:
    """An argument for NumPy's own function: arrays of floats become exact, arrays of integers and flags stay."""
    if isinstance(value, LiftedArray):
        return value.view(np.ndarray)
    if isinstance(value, Scalar):
        return as_array(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return _operand(value)
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
    indices = _whole(x) if isinstance(x, LiftedArray) else np.asarray(x)
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


def blank(shape: Any) -> Any:
    """An array that nothing was written into: whoever reads it gets a number of which nothing is known."""
    return full(shape, engine_now().unknown(record.described("an element of np.empty that was never written,")))


def full(shape: Any, value: Any) -> Any:
    """A lifted array of one value, or of values that are broadcast."""
    check_size(float(np.prod(shape, dtype=float)))
    result = np.empty(shape, dtype=object)
    result[...] = _operand(value)
    return result.view(LiftedArray)


def _where(condition: Any, *choices: Any) -> Any:
    condition = _shadows(condition) != 0 if isinstance(condition, (LiftedArray, Scalar)) else condition
    return _result(np.where(condition, *map(_operand, choices))) if choices else np.where(condition)


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
    return _stored(_result(each(_operand(a))), out)


def _same(test: Callable[..., Any]) -> Callable[..., Any]:
    """Tests for equality look at the shadows."""

    def tested(a: Any, b: Any, *positional: Any, **keyword: Any) -> Any:
        options = {name: _shadows(value)[()] if isinstance(value, Scalar) else value for name, value in keyword.items()}
        return test(_shadows(a), _shadows(b), *(_shadows(value)[()] for value in positional), **options)

    return tested


def _order(find: Callable[..., Any]) -> Callable[..., Any]:
    def found(a: Any, *positional: Any, **keyword: Any) -> Any:
        return find(_shadows(a), *positional, **keyword)

    return found


def _nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    return lifted(x) if copy else x


def _einsum(subscripts: Any, *operands: Any, out: Any = None, optimize: Any = False, **_: Any) -> Any:
    if isinstance(subscripts, str):
        result = np.einsum(subscripts, *map(_operand, operands), optimize=optimize)
    else:
        result = np.einsum(_operand(subscripts), *(_inner(one) for one in operands), optimize=optimize)
    return _stored(_result(result), out)


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
