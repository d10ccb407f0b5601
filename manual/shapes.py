"""Arguments are checked where they enter, and every message names the array, its shape and the expected one."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from itertools import repeat
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
Dimensions: TypeAlias = tuple[str, ...]  # ("n_a", "m"); "n_a+n_x" is a sum of two


def check_arrays(
    expected: Mapping[str, Dimensions], arrays: Mapping[str, Any], sizes: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Check that every expected array is there, floating, of one dtype, and of the expected shape.

    The first array that has a dimension fixes its size; `sizes` fixes some beforehand.  A sum such as "n_a+n_x" must
    come after its terms.  Returns the sizes.
    Raises ValueError for an absent array or a shape that disagrees, TypeError for what is no float32 or float64 array.
    """
    sizes = dict(sizes or {})
    first = ""
    for name, dimensions in expected.items():
        if name not in arrays:
            raise ValueError(f"{name} is missing; expected an array of shape {_written(dimensions, sizes)}")
        array = arrays[name]
        if not is_array(array):
            raise TypeError(
                f"{name} is a {type(array).__name__}; expected an array of shape {_written(dimensions, sizes)}"
            )
        if array.dtype not in FLOATS:
            raise TypeError(f"{name} has dtype {array.dtype}; expected float32 or float64")
        first = first or name
        if array.dtype != arrays[first].dtype:
            given = f"{name} has dtype {array.dtype} but {first} has {arrays[first].dtype}"
            raise TypeError(f"{given}; expected one dtype throughout")
        if array.ndim != len(dimensions) or not all(map(_fits, dimensions, array.shape, repeat(sizes))):
            raise ValueError(f"{name} has shape {array.shape}; expected {_written(dimensions, sizes)}")
    return sizes


def is_array(array: Any) -> bool:
    """Whether NumPy's functions take it for an array: one of its own, or of a library that they hand it on to (CuPy).

    A matrix is none, because its * means another product, and a masked array is none, because its mask would be lost.
    """
    if isinstance(array, np.ndarray):
        return not isinstance(array, (np.matrix, np.ma.MaskedArray))
    spoken = ("__array_function__", "__array_ufunc__", "dtype", "shape", "ndim")
    return not isinstance(array, type) and all(hasattr(array, name) for name in spoken)


def check_parameters(
    expected: Mapping[str, Dimensions], parameters: Any, like: Array, sizes: Mapping[str, int]
) -> None:
    """`check_arrays` for the entries of the dict `parameters`, which must have the dtype of the array `like`."""
    if not isinstance(parameters, Mapping):
        raise TypeError(f"parameters is a {type(parameters).__name__}; expected a dict with {', '.join(expected)}")
    if type(parameters) is dict and _as_expected(expected, parameters, like.dtype, sizes):
        return
    named = _entries(tuple(expected))
    given = {named[name]: parameters[name] for name in expected if name in parameters}
    check_arrays({named[name]: dimensions for name, dimensions in expected.items()}, given, sizes)
    for name, array in given.items():
        if array.dtype != like.dtype:
            raise TypeError(f"{name} has dtype {array.dtype}; expected {like.dtype}, the dtype of the other arguments")


def check_cache(fields: Sequence[str], cache: Any) -> None:
    """Raise unless `cache` is a tuple or list with one entry per field.  TypeError or ValueError, naming the fields."""
    if not isinstance(cache, (tuple, list)):
        raise TypeError(f"cache is a {type(cache).__name__}; expected the tuple ({', '.join(fields)})")
    if len(cache) != len(fields):
        raise ValueError(f"cache has {len(cache)} entries; expected {len(fields)}: ({', '.join(fields)})")


def check_caches(caches: Any) -> None:
    """Raise unless `caches` is what a sequence forward returns: a non-empty list of caches, and x."""
    if not isinstance(caches, (tuple, list)) or len(caches) != 2 or not isinstance(caches[0], (tuple, list)):
        raise TypeError(f"caches is a {type(caches).__name__}; expected (list of caches, x) from the forward pass")
    if len(caches[0]) == 0:
        raise ValueError("caches holds no step; expected one cache for every time step of x")


def check_steps(name: str, steps: int, T: int) -> None:
    """Raise ValueError unless a cotangent has between 1 and T steps."""
    if not 1 <= steps <= T:
        raise ValueError(f"{name} has {steps} time steps; expected 1 to {T}, the steps of x")


def _as_expected(expected: Mapping[str, Dimensions], parameters: Any, dtype: Any, sizes: Mapping[str, int]) -> bool:
    """Whether all is well, told quickly; False where it is not, and where `sizes` leaves a dimension open."""
    shapes = _shapes(tuple(expected.items()), tuple(sizes.items()))
    for name, shape in shapes.items():
        array = parameters.get(name)
        if type(array) is not np.ndarray or array.shape != shape or array.dtype != dtype:
            return False
    return dtype in FLOATS


@lru_cache(maxsize=256)
def _shapes(
    expected: tuple[tuple[str, Dimensions], ...], sizes: tuple[tuple[str, int], ...]
) -> dict[str, tuple[int, ...] | None]:
    """The shape of every entry, None where a size is not known."""
    known = {**dict(sizes), "1": 1}
    return {
        name: tuple(sum(known[term] for term in dimension.split("+")) for dimension in dimensions)
        if all(term in known for dimension in dimensions for term in dimension.split("+"))
        else None
        for name, dimensions in expected
    }


@cache
def _entries(names: tuple[str, ...]) -> dict[str, str]:
    """What a message calls the entries of `parameters`."""
    return {name: f'parameters["{name}"]' for name in names}


def _fits(dimension: str, size: int, sizes: dict[str, int]) -> bool:
    if size < 1:
        return False
    if dimension in sizes:
        return size == sizes[dimension]
    if dimension == "1":
        return size == 1
    if "+" in dimension:
        return size == sum(sizes[term] for term in dimension.split("+"))
    sizes[dimension] = size
    return True


def _written(dimensions: Dimensions, sizes: Mapping[str, int]) -> str:
    known = {term: sizes[term] for dimension in dimensions for term in dimension.split("+") if term in sizes}
    comma = "," if len(dimensions) == 1 else ""
    where = f" with {', '.join(f'{name}={size}' for name, size in known.items())}" if known else ""
    return f"({', '.join(dimensions)}{comma}){where}, every size at least 1"
