"""Stand-ins for what is missing where solutions are published: helper modules, names, and Python 2.

`rnn_utils` gives softmax, sigmoid and Adam, `common` what Deep Learning from Scratch 2 keeps there; the modules of
tests give functions that do nothing.  They are found only where no real module of that name is.  `np` and `sigmoid`
are given to a file that uses and does not define them, as excerpts do.  `xrange` and names that NumPy has dropped, such
as `np.float`, are there for everyone; the judge tells.
"""

import ast
import builtins
import functools
import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

EXERCISE = ("rnn_utils", "utils_rnn", "lstm_utils")
PYTHON_2 = {"xrange": "range"}
METHODS = {"iteritems", "iterkeys", "itervalues", "has_key"}
ALIASES = ("float", "int", "object", "str", "complex")  # of builtins, which NumPy 1.24 has dropped
DROPPED = {f"{module}.{name}": name for module in ("np", "numpy") for name in ALIASES}
TESTS = ("public_tests", "test_utils", "test_case", "testCases", "testCase", "test_cases", "outputs")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, contents: dict[str, dict[str, Any]]):
        self.contents = contents
        self.supplied: list[str] = []

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> Any:
        if fullname in self.contents or fullname in TESTS:
            return importlib.machinery.ModuleSpec(fullname, self, is_package=fullname == "common")
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        self.supplied.append(name)
        contents = self.contents.get(name, {})
        module.__dict__.update(contents, __all__=list(contents))

        def missing(attribute: str) -> Any:
            if attribute.startswith("__"):
                raise AttributeError(attribute)

            def stand_in(*_: Any, **__: Any) -> None:
                if name not in TESTS:
                    raise NotImplementedError(
                        f"{name}.{attribute} is missing here, and gradproof has no stand-in for it"
                    )

            return stand_in

        module.__dict__["__getattr__"] = missing


def install(functions: dict[str, Callable[..., Any]]) -> list[str]:
    """Answer imports that nothing else answers; returns the list that the names of supplied modules are added to.

    functions: those of the exercise's rnn_utils, whose softmax is over columns; the book's is over rows.
    """

    def softmax(x: Any) -> Any:
        return np.moveaxis(functions["softmax"](np.moveaxis(x, -1, 0)), 0, -1)

    finder = _Finder(
        {
            **dict.fromkeys(EXERCISE, functions),
            "common": {},
            "common.config": {"GPU": False},
            "common.functions": {"sigmoid": functions["sigmoid"], "softmax": softmax},
            "common.layers": {},
            "common.np": {"np": np},
        }
    )
    sys.meta_path.append(finder)
    return finder.supplied


def install_python2() -> None:
    """`xrange`, and NumPy's former aliases of builtins."""
    builtins.xrange = range  # type: ignore[attr-defined]
    for name in set(DROPPED.values()):
        if name not in vars(np):
            setattr(np, name, getattr(builtins, name))


def install_poison() -> None:
    """np.empty and np.empty_like hold nan, so that what is never written is seen: else it is whatever was in memory."""
    for name in ("empty", "empty_like"):
        original = getattr(np, name)

        @functools.wraps(original)
        def poisoned(*arguments: Any, _original: Any = original, **named: Any) -> Any:
            array = _original(*arguments, **named)
            if array.dtype.kind in "fc":
                array.fill(np.nan)
            return array

        setattr(np, name, poisoned)


def replaced(words: frozenset[str], texts: list[str]) -> list[str]:
    """Which words of a function only work because of `install_python2`: "xrange is Python 2 ..."."""
    bound, _ = _names(texts)
    told = [f"{name} is Python 2: run as {instead}" for name, instead in PYTHON_2.items() if name in words - bound]
    told += [f".{name}() of a dict is Python 2, and does not run" for name in sorted(words & METHODS)]
    dropped = sorted(words.intersection(DROPPED))
    return told + [f"{name} is no longer in NumPy: run as {DROPPED[name]}" for name in dropped]


def missing(texts: list[str]) -> list[str]:
    """Which of `np` and `sigmoid` some source uses and does not define, unless by an `import *`."""
    bound, used = _names(texts)
    return [name for name in ("np", "sigmoid") if name in used - bound]


def stars(texts: list[str]) -> bool:
    """Whether some source has an `import *`, which may define anything."""
    return "*" in _names(texts)[0]


def _names(texts: list[str]) -> tuple[set[str], set[str]]:
    return _names_in(tuple(texts))


@cache
def _names_in(texts: tuple[str, ...]) -> tuple[set[str], set[str]]:
    """Names that some source binds anywhere in it, and names that it reads."""
    bound, used = set[str](), set[str]()
    for node in (node for text in texts for node in ast.walk(ast.parse(text))):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            bound |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
    return bound, used
