"""Stand-ins for the helper modules that come with the exercise and are missing where its solutions are published.

`rnn_utils` gives softmax and sigmoid; the modules of tests give functions that do nothing.  They are found only where
no real module of that name is.
"""

import importlib.abc
import importlib.machinery
import sys
import types
from collections.abc import Callable, Sequence
from typing import Any

HELPERS = ("rnn_utils", "utils_rnn", "lstm_utils")
TESTS = ("public_tests", "test_utils", "test_case", "testCases", "testCase", "test_cases", "outputs")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, functions: dict[str, Callable[..., Any]]):
        self.functions = functions
        self.supplied: list[str] = []

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> Any:
        if fullname in HELPERS or fullname in TESTS:
            return importlib.machinery.ModuleSpec(fullname, self)
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        self.supplied.append(name)
        if name in HELPERS:
            module.__dict__.update(self.functions, __all__=list(self.functions))
        else:
            module.__dict__["__all__"] = []

        def missing(attribute: str) -> Any:
            if attribute.startswith("__"):
                raise AttributeError(attribute)

            def stand_in(*_: Any, **__: Any) -> None:
                if name in HELPERS:
                    raise NotImplementedError(
                        f"{name}.{attribute} is missing here, and gradproof has no stand-in for it"
                    )

            return stand_in

        module.__dict__["__getattr__"] = missing


def install(functions: dict[str, Callable[..., Any]]) -> list[str]:
    """Answer imports that nothing else answers; returns the list that the names of supplied modules are added to."""
    finder = _Finder(functions)
    sys.meta_path.append(finder)
    return finder.supplied
