"""The array of exact numbers: an ndarray of objects that every NumPy function takes, and that keeps out raw floats."""

import contextlib
from collections.abc import Callable, Iterator
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
        from .ufuncs import apply_ufunc

        return apply_ufunc(ufunc, method, *inputs, **options)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from .functions import apply_function

        return apply_function(function, args, kwargs)

    def __setitem__(self, key: Any, value: Any) -> None:
        operand = operand_of(value)
        self.view(np.ndarray)[index_of(key)] = operand if operand.ndim else operand[()]

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(index_of(key))

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
            return shadows_of(self) != 0
        if kind in "iu":
            record.leak("astype(int)")
            return shadows_of(self).astype(dtype)
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
        return bytes(shadows_of(self).tobytes(order))

    def tofile(self, *positional: Any, **keyword: Any) -> None:
        record.leak("tofile()")
        shadows_of(self).tofile(*positional, **keyword)

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
        return repr(shadows_of(self))

    def __str__(self) -> str:
        return str(shadows_of(self))

    def __format__(self, specification: str) -> str:
        return format(self.item(), specification) if self.size == 1 else format(shadows_of(self), specification)


class _Flat:
    """The elements one after another, as `array.flat` gives them."""

    def __init__(self, array: LiftedArray):
        self.array, self.real = array, array.view(np.ndarray).flat

    def __iter__(self) -> Any:
        return iter(self.real)

    def __len__(self) -> int:
        return len(self.real)

    def __getitem__(self, key: Any) -> Any:
        return relifted(self.real[index_of(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        operand = operand_of(value)
        self.real[index_of(key)] = operand if operand.ndim else operand[()]


def kind_of(dtype: Any) -> str:
    """The kind of a dtype, also of what stands for NumPy's float types while code is lifted."""
    own = getattr(dtype, "dtype", None)
    return np.dtype(own if isinstance(own, np.dtype) else dtype).kind


def _as_function(name: str) -> Callable[..., Any]:
    def method(self: Any, *positional: Any, **keyword: Any) -> Any:
        from .functions import apply_function

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


def operand_of(value: Any) -> Any:
    """A plain array of exact numbers, for use inside NumPy's own loops."""
    if isinstance(value, LiftedArray):
        return value.view(np.ndarray)
    return lifted(value).view(np.ndarray)


def index_of(key: Any) -> Any:
    if isinstance(key, LiftedArray):
        return whole_of(key)
    if isinstance(key, Scalar):
        return int(key)
    if isinstance(key, tuple):
        return tuple(index_of(part) for part in key)
    return key


def whole_of(array: Any) -> Any:
    """Indices that were kept among floats."""
    shadows = shadows_of(array)
    return shadows.astype(np.int64) if (shadows == np.floor(shadows)).all() else shadows


def shadows_of(array: Any) -> Any:
    each = np.frompyfunc(lambda x: x.shadow if isinstance(x, Scalar) else float(x), 1, 1)
    return as_array(each(_objects(array))).astype(np.float64)


def relifted(value: Any) -> Any:
    """What a NumPy function returned: arrays of objects are lifted again, anything else is as it is."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        check_size(value.size)
        own = _own(engine_now())
        if all(type(item) in own for item in value.flat):
            return value.view(LiftedArray)
        return lifted(value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(relifted, value))
    if isinstance(value, (list, tuple)):
        return type(value)(map(relifted, value))
    return value


def blank(shape: Any) -> Any:
    """An array that nothing was written into: whoever reads it gets a number of which nothing is known."""
    return full(shape, engine_now().unknown(record.described("an element of np.empty that was never written,")))


def full(shape: Any, value: Any) -> Any:
    """A lifted array of one value, or of values that are broadcast."""
    check_size(float(np.prod(shape, dtype=float)))
    result = np.empty(shape, dtype=object)
    result[...] = operand_of(value)
    return result.view(LiftedArray)
