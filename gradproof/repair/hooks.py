"""In the candidate's process: a function in which every expression tells its value, and may get another one."""

import ast
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

HOOK = "__gradproof_place__"
Array = np.ndarray[Any, Any]


class Hook:
    """Called with every value at every place."""

    def __init__(self) -> None:
        self.at = -1
        self.count = 0
        self.values: list[Array] = []
        self.recorder: Callable[[int, Any, Any], None] | None = None

    def __call__(self, index: int, value: Any) -> Any:
        if self.recorder is not None:
            self.recorder(index, value, sys._getframe(1))
            return value
        if index != self.at:
            return value
        self.count += 1
        if self.count > len(self.values) or not is_array(value):
            return value
        return self.values[self.count - 1].copy()


def is_array(value: Any) -> bool:
    return isinstance(value, (np.ndarray, np.floating, float)) and np.asarray(value).dtype.kind == "f"


class Hooked(ast.NodeTransformer):
    def __init__(self, numbers: Mapping[int, int]):
        self.numbers = numbers

    def visit(self, node: ast.AST) -> Any:
        number = self.numbers.get(id(node))
        self.generic_visit(node)
        if number is None or not isinstance(node, ast.expr):
            return node
        call = ast.Call(ast.Name(HOOK, ast.Load()), [ast.Constant(number), node], [])
        return ast.fix_missing_locations(ast.copy_location(call, node))
