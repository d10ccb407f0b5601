"""What the candidate's process sees of functions, arguments and results, in a form that can be sent."""

import contextlib
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from . import wire
from .contracts import Backward, Forward


def functions_in(names: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of the functions among some globals, and of the methods of layers: {"RNN.forward": [...]}."""
    found = {}
    for name, value in list(names.items()):
        if is_function(value):
            found[name] = parameters_of(value)
        elif is_layer(value):
            methods = {method for one in reversed(value.__mro__) for method in vars(one)}
            for method in sorted(methods):
                if inspect.isfunction(getattr(value, method, None)):
                    parameters = parameters_of(getattr(value, method))
                    found[f"{name}.{method}"] = parameters[1:] if parameters else parameters
    return found


def is_layer(value: Any) -> bool:
    """Whether a global is a class with a forward and a backward."""
    try:
        return inspect.isclass(value) and all(
            inspect.isfunction(getattr(value, method, None)) for method in ("forward", "backward")
        )
    except Exception:
        return False


def is_function(value: Any) -> bool:
    """Whether a global may be one of the published functions: called by a name, and no class."""
    try:
        return (
            callable(value)
            and not inspect.isclass(value)
            and not inspect.isbuiltin(value)
            and hasattr(value, "__name__")
        )
    except Exception:  # a proxy that raises whatever it is asked
        return False


def parameters_of(function: Any) -> list[list[Any]] | None:
    """[name, kind, has a default] for every parameter; None when they cannot be known."""
    try:
        parameters = inspect.signature(function).parameters.values()
        return [[p.name, p.kind.name, p.default is not p.empty] for p in parameters]
    except Exception:
        return None


def entries_of(contract: Forward, cache: Any) -> list[list[Any]] | None:
    """The entries of each step's cache, arrays or None; None when it has not the published structure."""
    steps = [cache]
    if contract.cell is not None:
        if not isinstance(cache, (tuple, list)) or len(cache) != 2 or not isinstance(cache[0], (tuple, list)):
            return None
        steps = list(cache[0])
    if not all(isinstance(step, (tuple, list)) and len(step) == len(contract.cache) for step in steps):
        return None
    return [[plain({"": entry})[""] if isinstance(entry, np.ndarray) else None for entry in step] for step in steps]


def flat(value: Any, contract: Backward | None = None) -> dict[str, Any]:
    """Copies of the arrays inside nested dicts, lists and tuples, each array once, by path: "caches[0][3].ft"."""
    found: dict[str, Any] = {}
    seen: set[int] = set()

    def visit(item: Any, path: str) -> None:
        if id(item) in seen:
            return
        seen.add(id(item))
        if isinstance(item, np.ndarray):
            if item.dtype != object:
                found[path] = item.copy()
        elif isinstance(item, Mapping):
            for key, part in item.items():
                visit(part, f"{path}[{key!r}]" if path else str(key))
        elif isinstance(item, (list, tuple)):
            named = (
                contract is not None and path.startswith(contract.cache) and len(item) == len(contract.forward.cache)
            )
            found[f"len({path})"] = np.array(len(item))
            for index, part in enumerate(item):
                inside = contract.forward.cache[index] if named and contract is not None else None
                visit(part, f"{path}.{inside}" if inside else f"{path}[{index}]")
        elif isinstance(item, (int, float)) and not isinstance(item, bool):
            found[path] = np.array(item)

    with contextlib.suppress(RecursionError):  # deeper than anybody needs to see
        visit(value, "")
    return found


def copied(value: Any) -> Any:
    """A message with arrays of its own."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(map(copied, value)) if isinstance(value, tuple) else list(map(copied, value))
    return value


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Both versions of what is not bitwise what it was; the judge looks at them."""
    return {
        path: [comparable(old), comparable(after[path]) if path in after else None]
        for path, old in before.items()
        if path not in after
        or old.shape != after[path].shape
        or comparable(old).tobytes() != comparable(after[path]).tobytes()
    }


def comparable(array: Any) -> Any:
    """Long doubles have padding, whose bytes mean nothing."""
    if array.dtype.kind in "fc" and array.dtype.itemsize > 8 * (1 + (array.dtype.kind == "c")):
        return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
    return array


def arrays_of(results: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in results.items() if isinstance(value, np.ndarray)}


def shared(results: Mapping[str, Any]) -> list[list[str]]:
    """Pairs of gradients that share memory."""
    arrays = [
        (name, value) for name, value in results.items() if isinstance(value, np.ndarray) and value.dtype != object
    ]
    return [
        [first, second]
        for index, (first, a) in enumerate(arrays)
        for second, b in arrays[index + 1 :]
        if np.may_share_memory(a, b) and np.shares_memory(a, b)
    ]


def plain(results: Mapping[str, Any]) -> dict[str, Any]:
    """Each result as an array if it is one, else as a description: {"none": true} or {"what": ..., "shape": ...}."""
    plain: dict[str, Any] = {}
    for name, value in results.items():
        if value is None:
            plain[str(name)] = {"none": True}
            continue
        try:
            array = np.array(value)
        except BaseException as error:
            plain[str(name)] = {"what": f"{type(value).__name__} that is no array ({type(error).__name__})"}
            continue
        if array.dtype.kind not in "biufc":
            plain[str(name)] = {"what": f"{type(value).__name__} of dtype {array.dtype}"}
        elif array.nbytes > wire.LARGEST:
            plain[str(name)] = {"what": "array too large to compare", "shape": list(array.shape)}
        else:
            plain[str(name)] = comparable(array.astype(array.dtype.newbyteorder("=")))
    return plain
