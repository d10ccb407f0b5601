"""Source text and its syntax tree: where an expression stands, and the text after an edit.

Only the edited characters change, so that layout and comments stay as they are.
"""

import ast
import difflib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
# How tightly an expression binds; what binds less tightly than its neighbourhood needs parentheses.
SUM, PRODUCT, SIGN, POWER, ATOM = 1, 2, 3, 4, 5
BINDING: dict[type[ast.AST], int] = {
    **dict.fromkeys((ast.Add, ast.Sub), SUM),
    **dict.fromkeys((ast.Mult, ast.Div, ast.MatMult, ast.Mod, ast.FloorDiv), PRODUCT),
    ast.Pow: POWER,
}
ATOMS = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.Tuple, ast.List, ast.Dict, ast.ListComp)


@dataclass(frozen=True)
class Span:
    """Characters that are replaced: from (line, column) to (end_line, end_column), lines from 1, columns from 0."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True)
class Unit:
    """A statement at module level with the functions that may be edited: its text, and the line where it begins.

    functions: their names, "lstm_backward" or "TimeRNN.backward".
    """

    label: str
    first: int
    text: str
    functions: tuple[str, ...]

    def applied(self, spans: Iterable[Span]) -> "Unit":
        """The unit with its spans replaced.  Raises ValueError when two of them overlap."""
        return Unit(self.label, self.first, applied(self.text, spans), self.functions)


def applied(text: str, spans: Iterable[Span]) -> str:
    lines = text.split("\n")
    after = (len(lines) + 1, 0)
    for span in sorted(set(spans), key=lambda s: (s.line, s.column, s.end_line, s.end_column), reverse=True):
        if (span.end_line, span.end_column) > after:
            raise ValueError("two edits of the same place")
        after = (span.line, span.column)
        before, behind = lines[span.line - 1][: span.column], lines[span.end_line - 1][span.end_column :]
        lines[span.line - 1 : span.end_line] = (before + span.text + behind).split("\n")
    return "\n".join(lines)


def original_line(old: str, new: str, line: int) -> int:
    """Which line of the old text a line of the new text was, or stands after."""
    before, after = old.split("\n"), new.split("\n")
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, False).get_opcodes():
        if j1 < line <= j2:
            at = line - j1
            return i1 + at if tag == "equal" else max(1, i1 + min(at, i2 - i1))
    return min(line, len(before))


@dataclass
class Tree:
    """A unit's syntax tree with the text of its nodes."""

    unit: Unit
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    @cached_property
    def module(self) -> ast.Module:
        return ast.parse(self.unit.text)

    @cached_property
    def lines(self) -> list[str]:
        return self.unit.text.split("\n")

    @cached_property
    def starts(self) -> list[int]:
        """By line, where the innermost statement begins that stands there; 0 where there is none."""
        found = [0] * (len(self.lines) + 1)
        for node in ast.walk(self.module):  # outer statements first
            if isinstance(node, ast.stmt):
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    found[line] = max(found[line], node.lineno)
        return found

    def __post_init__(self) -> None:
        for node in ast.walk(self.module):
            for child in ast.iter_child_nodes(node):
                self.parents[child] = node

    def span(self, node: ast.AST, text: str) -> Span:
        """The replacement of a node, without the parentheses around it."""
        assert isinstance(node, (ast.expr, ast.stmt, ast.arg, ast.keyword, ast.alias))
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start, end = self._column(node.lineno, node.col_offset), self._column(node.end_lineno, node.end_col_offset)
        return Span(node.lineno, start, node.end_lineno, end, text)

    def _column(self, line: int, offset: int) -> int:
        """ast counts bytes."""
        text = self.lines[line - 1]
        return offset if text.isascii() else len(text.encode()[:offset].decode())

    def text(self, node: ast.AST) -> str:
        return self.at(self.span(node, ""))

    def at(self, span: Span) -> str:
        """The text that a span replaces."""
        if span.line == span.end_line:
            return self.lines[span.line - 1][span.column : span.end_column]
        return "\n".join(
            [
                self.lines[span.line - 1][span.column :],
                *self.lines[span.line : span.end_line - 1],
                self.lines[span.end_line - 1][: span.end_column],
            ]
        )

    def enclosed(self, node: ast.AST) -> bool:
        """Whether a pair of parentheses, or brackets, is around just this expression."""
        span = self.span(node, "")
        before = self.lines[span.line - 1][: span.column].rstrip()
        behind = self.lines[span.end_line - 1][span.end_column :].lstrip()
        if not (before.endswith("(") and behind.startswith(")")):
            return False
        parent = self.parents.get(node)
        return not isinstance(parent, ast.Call) or parent.func is node or len(parent.args) + len(parent.keywords) == 1

    def grouped(self, node: ast.expr, least: int) -> str:
        """The text of an expression for a place where it must bind at least so tightly."""
        text = self.text(node)
        return text if binding(node) >= least else f"({text})"

    def replaced(self, node: ast.expr, text: str, tightness: int) -> Span:
        """An expression with another one, of this tightness, in its place, in parentheses where it needs them."""
        needed = self.needed(node)
        bare = needed <= SUM or self.enclosed(node)
        if bare and text.startswith("(") and binding(ast.parse(text, mode="eval").body) < ATOM == tightness:
            text, tightness = text[1:-1], SUM
        whole = text if tightness >= needed or self.enclosed(node) else f"({text})"
        return self.span(node, whole)

    def needed(self, node: ast.expr) -> int:
        """How tightly what stands here must bind."""
        parent = self.parents.get(node)
        if isinstance(parent, ast.BinOp):
            own = BINDING.get(type(parent.op), ATOM)
            if isinstance(parent.op, ast.Pow):
                return ATOM if node is parent.left else SIGN
            return own if node is parent.left else own + 1
        if isinstance(parent, ast.UnaryOp):
            return SIGN
        if isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Subscript) and parent.value is node):
            return ATOM
        if isinstance(parent, ast.Call) and parent.func is node:
            return ATOM
        return 0

    def statement(self, node: ast.AST) -> ast.stmt:
        while not isinstance(node, ast.stmt):
            node = self.parents[node]
        return node

    def ancestors(self, node: ast.AST) -> Iterable[ast.AST]:
        while node in self.parents:
            node = self.parents[node]
            yield node


def definitions(tree: ast.Module) -> dict[str, Definition]:
    """The functions of a module, or of a statement at its level, methods as "TimeRNN.backward"; of several the last.

    A name that a lambda is assigned to is one.
    """
    return dict(_definitions(tree, ""))


def counted(tree: ast.Module) -> dict[str, int]:
    """How often each of them is defined."""
    return dict(Counter(name for name, _ in _definitions(tree, "")))


def _definitions(node: ast.AST, path: str) -> Iterator[tuple[str, Definition]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, FUNCTION):
            yield f"{path}{child.name}", child
        elif isinstance(child, ast.Assign) and isinstance(child.value, ast.Lambda):
            yield from ((f"{path}{one.id}", child.value) for one in child.targets if isinstance(one, ast.Name))
        elif isinstance(child, ast.ClassDef):
            yield from _definitions(child, f"{path}{child.name}.")
        elif isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            yield from _definitions(child, path)


def binding(node: ast.AST) -> int:
    """How tightly an expression binds."""
    if isinstance(node, ast.BinOp):
        return BINDING.get(type(node.op), 0)
    if isinstance(node, ast.UnaryOp):
        return SIGN if isinstance(node.op, (ast.USub, ast.UAdd)) else 0
    if isinstance(node, ast.Constant):
        return ATOM if not isinstance(node.value, (int, float)) or node.value >= 0 else SIGN
    return ATOM if isinstance(node, ATOMS) else 0


def tightness(text: str) -> int:
    """The same of text, which may be in parentheses."""
    node = ast.parse(text, mode="eval").body
    if (
        text.startswith("(")
        and (node.col_offset > 0 or isinstance(node, ast.Tuple))
        and node.end_col_offset == len(text) - 1
    ):
        return ATOM
    return binding(node)


def places(function: ast.AST) -> list[ast.expr]:
    """The expressions of a function whose value may be an array, in the order of its text.

    Left out are what is stored into, called, defaults and annotations, keys and indices.
    """
    found: list[ast.expr] = []

    def visit(node: ast.AST) -> None:
        if isinstance(node, ast.expr) and _may_be_array(node):
            found.append(node)
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                visit(node.func.value)
            children: Sequence[ast.AST] = [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.Subscript):
            children = [node.value]
        elif isinstance(node, ast.Dict):
            children = [value for value in node.values if value is not None]
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            children = node.body if isinstance(node.body, list) else [node.body]
        elif isinstance(node, ast.comprehension):
            children = [node.iter]
        elif isinstance(node, (ast.JoinedStr, ast.Compare, ast.Slice)):
            children = []
        elif isinstance(node, ast.AnnAssign):
            children = [node.value] if node.value is not None else []
        elif isinstance(node, (ast.Assign, ast.AugAssign)):
            children = [node.value]
        elif isinstance(node, ast.For):
            children = [node.iter, *node.body, *node.orelse]
        else:
            children = list(ast.iter_child_nodes(node))
        for child in children:
            visit(child)

    visit(function)
    return found


def _may_be_array(node: ast.expr) -> bool:
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
        return isinstance(node.ctx, ast.Load)
    return isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Call, ast.IfExp))
