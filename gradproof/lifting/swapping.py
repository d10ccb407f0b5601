"""Where names are swapped while code is lifted: in every namespace that the code sees, and back afterwards, whatever
happens.

Namespaces are those of the candidate's module, of its helper modules, and of every function and class that can be
reached from them, unless it is NumPy's, Python's or an installed package's.
"""

import builtins
import contextlib
import os
import sys
import sysconfig
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import names
from .array import LARGEST, lifted

INSTALLED = tuple({sysconfig.get_path(kind) for kind in ("stdlib", "platstdlib", "purelib", "platlib")})


@contextlib.contextmanager
def lifting(spaces: list[dict[str, Any]], folder: str) -> Iterator[None]:
    """While this holds, code that looks into these namespaces, or modules of `folder`, finds exact numbers' NumPy.

    Float arrays that it keeps at module level, in classes, defaults and closures are replaced by lifted copies, and
    dicts, lists and sets there by copies, so that what the code writes into them is gone afterwards.  Objects of its
    own classes that it keeps there are not copied.
    """
    replaced = names.replacements()
    with contextlib.ExitStack() as undo:
        seen: dict[int, Any] = {}
        namespaces = _namespaces(spaces, folder)
        undo.callback(_importing(namespaces, names.modules()))
        for found in namespaces:
            undo.callback(_restored(found))
            for name, value in list(found.items()):
                if not (name.startswith("__") and name.endswith("__")):
                    new = _swapped(value, replaced, seen, undo)
                    if new is not value:
                        found[name] = new
            found.setdefault("float", names.FLOAT)
        yield


def _restored(namespace: dict[str, Any]) -> Callable[[], None]:
    """What puts a namespace back as it is now, whatever the code rebinds meanwhile."""
    kept = dict(namespace)

    def restore() -> None:
        for name in [name for name in namespace if name not in kept]:
            del namespace[name]
        namespace.update(kept)

    return restore


def _importing(namespaces: list[dict[str, Any]], modules: dict[str, Any]) -> Callable[[], None]:
    """Let an import inside one of the candidate's functions, and nobody else's, find the replaced modules."""
    real, own = builtins.__import__, {id(namespace) for namespace in namespaces}

    def find(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        found = real(name, globals, locals, fromlist, level)
        return modules.get(found.__name__, found) if id(globals) in own else found

    def restore() -> None:
        builtins.__import__ = real

    builtins.__import__ = find
    return restore


def _namespaces(spaces: list[dict[str, Any]], folder: str) -> list[dict[str, Any]]:
    """The namespaces of the candidate's own code, each once."""
    found: dict[int, dict[str, Any]] = {}
    waiting = list(spaces)
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None) if type(module) is types.ModuleType else None
        if isinstance(file, str) and file.startswith(folder + os.sep) and _is_own(vars(module)):
            waiting.append(vars(module))
    while waiting:
        current = waiting.pop()
        if id(current) in found:
            continue
        found[id(current)] = current
        for value in list(current.values()):
            for function in _functions(value):
                others = getattr(function, "__globals__", None)
                if isinstance(others, dict) and id(others) not in found and _is_own(others):
                    waiting.append(others)
            if isinstance(value, types.ModuleType) and _is_own(vars(value)):
                waiting.append(vars(value))
    return list(found.values())


def _is_own(namespace: dict[str, Any]) -> bool:
    """Whether a module is somebody's own: none of Python's, of an installed package's, or gradproof's."""
    name = str(namespace.get("__name__", ""))
    if name.partition(".")[0] == "manual" or name.startswith("gradproof.manual"):
        return True
    if name.partition(".")[0] in ("gradproof", "numpy", "jax", "flint"):
        return False
    file = namespace.get("__file__")
    return isinstance(file, str) and not file.startswith(INSTALLED) and "site-packages" not in file


def _functions(value: Any) -> list[Any]:
    """The functions that a global leads to: itself, or the methods of a class."""
    if isinstance(value, types.FunctionType):
        return [value]
    if isinstance(value, type):
        return [
            one for base in value.__mro__[:-1] for one in vars(base).values() if isinstance(one, types.FunctionType)
        ]
    wrapped = getattr(value, "__wrapped__", None)
    return [wrapped] if isinstance(wrapped, types.FunctionType) else []


def _swapped(value: Any, replaced: dict[int, Any], seen: dict[int, Any], undo: contextlib.ExitStack) -> Any:
    """What stands for a value while code is lifted; functions and classes are changed in place."""
    if id(value) in replaced:
        return replaced[id(value)]
    if id(value) in seen:
        return seen[id(value)][1]
    new = value
    if type(value) is np.ndarray and value.dtype.kind == "f":
        new = lifted(value) if value.size <= LARGEST else value  # a larger one is declined where it is used
    elif type(value) in (dict, list, tuple) and len(value) > LARGEST:
        new = value
    elif type(value) is dict:
        new = {key: _swapped(part, replaced, seen, undo) for key, part in value.items()}
    elif type(value) in (list, tuple):
        new = type(value)(_swapped(part, replaced, seen, undo) for part in value)
    elif type(value) is set:
        new = set(value)
    seen[id(value)] = (value, new)  # the value is kept, so that its identity stays its own
    for function in _functions(value):
        if -id(function) not in seen and _is_own(function.__globals__):
            seen[-id(function)] = (function, function)  # what is inside of it
            _swap_inside(function, replaced, seen, undo)
    if isinstance(value, type) and any(_is_own(function.__globals__) for function in _functions(value)):
        _swap_attributes(value, replaced, seen, undo)
    return new


def _swap_inside(function: Any, replaced: dict[int, Any], seen: dict[int, Any], undo: contextlib.ExitStack) -> None:
    """Defaults, closures, and attributes of the function."""
    kept = function.__defaults__, function.__kwdefaults__
    undo.callback(_restored(function.__dict__))
    if kept[0]:
        function.__defaults__ = tuple(_swapped(value, replaced, seen, undo) for value in kept[0])
    if kept[1]:
        function.__kwdefaults__ = {key: _swapped(value, replaced, seen, undo) for key, value in kept[1].items()}

    def restore() -> None:
        function.__defaults__, function.__kwdefaults__ = kept

    undo.callback(restore)
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # empty
            undo.callback(_restoring_cell(cell, cell.cell_contents))
            cell.cell_contents = _swapped(cell.cell_contents, replaced, seen, undo)


def _restoring_cell(cell: Any, contents: Any) -> Callable[[], None]:
    def restore() -> None:
        cell.cell_contents = contents

    return restore


def _swap_attributes(value: type, replaced: dict[int, Any], seen: dict[int, Any], undo: contextlib.ExitStack) -> None:
    """Arrays, modules, containers and functions of NumPy that a class keeps."""
    undo.callback(_restoring_attributes(value))
    for name, attribute in list(vars(value).items()):
        if name.startswith("__") or isinstance(attribute, types.FunctionType):
            continue
        with contextlib.suppress(AttributeError, TypeError):
            new = _swapped(attribute, replaced, seen, undo)
            if new is not attribute:
                setattr(value, name, new)


def _restoring_attributes(value: type) -> Callable[[], None]:
    kept = dict(vars(value))

    def restore() -> None:
        for name in [name for name in vars(value) if name not in kept]:
            with contextlib.suppress(AttributeError, TypeError):
                delattr(value, name)
        for name, attribute in kept.items():
            if vars(value).get(name) is not attribute:
                with contextlib.suppress(AttributeError, TypeError):
                    setattr(value, name, attribute)

    return restore
