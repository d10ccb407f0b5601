"""What a function returns, taken apart: tuples, dicts, NamedTuples and objects, with a path for every value in it."""

import dataclasses
import inspect
import types
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]


def parts(value: Any) -> list[tuple[str | int, Any]] | None:
    """The values inside one, with their keys, fields or positions; None for an array or a number."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return list(zip(value._fields, value, strict=True))
    if isinstance(value, (tuple, list)) and not _is_row(value):
        return list(enumerate(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, types.SimpleNamespace):
        return list(vars(value).items())
    return None


def _is_row(value: Any) -> bool:
    """Whether a list is one of numbers, which stands for an array."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, (int, float)) for one in value)


def is_list_of_rows(value: Any) -> bool:
    """Whether it is what .tolist() makes of an array of several dimensions."""
    if not isinstance(value, list) or not value or not all(isinstance(one, list) for one in value):
        return False
    return len({len(one) for one in value}) == 1 and all(_is_row(one) or is_list_of_rows(one) for one in value)


def leaves(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every value that has none inside, with its path."""
    inside = parts(value)
    if inside is None:
        yield path, value
        return
    for key, part in inside:
        yield from leaves(part, (*path, key if isinstance(key, int) else str(key)))


def at(value: Any, path: Path) -> Any:
    """The value at a path; raises TypeError where there is none."""
    for key in path:
        inside = parts(value) or []
        found = [part for name, part in inside if name == key or str(name) == str(key)]
        if not found:
            raise TypeError(f"returned {type(value).__name__} without {key!r}")
        value = found[0]
    return value


def described(value: Any) -> dict[str, Any]:
    """What something returned is: {"kind": "tuple", "parts": [[key, {...}], ...]}, or an array's shape."""
    inside = parts(value)
    if is_list_of_rows(value):
        return {"kind": "rows"}
    if inside is not None:
        kind = "list" if isinstance(value, list) else "tuple" if type(value) is tuple else "named"
        few = inside if len(inside) <= 200 else []
        return {
            "kind": kind,
            "parts": [[key if isinstance(key, int) else str(key), described(part)] for key, part in few],
        }
    if value is None:
        return {"kind": "none"}
    shape: Any = getattr(value, "shape", None)
    dtype: Any = getattr(getattr(value, "dtype", None), "kind", None)
    if isinstance(value, bool) or dtype == "b" or isinstance(value, (str, bytes)):
        return {"kind": "other"}
    if isinstance(value, list):
        return {"kind": "array", "shape": [len(value)], "dtype": "f"}
    if isinstance(value, (int, float)):
        return {"kind": "array", "shape": [], "dtype": "i" if isinstance(value, int) else "f"}
    if isinstance(shape, tuple) and dtype is not None and not inspect.isclass(value):
        return {"kind": "array", "shape": [int(size) for size in shape], "dtype": str(dtype)}
    return {"kind": "other"}
