"""A function as it stands in its source: its parameters, docstring, comments, and what it says it returns."""

import ast
import inspect
import io
import re
import textwrap
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..source import FUNCTION, Chunk, Source, read


@dataclass(frozen=True)
class Written:
    """comments: those inside it, and the block above it.  beside: parameter → the comment behind it in the head."""

    node: ast.FunctionDef | ast.AsyncFunctionDef
    text: str
    comments: str
    beside: dict[str, str]

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.node) or ""

    @property
    def annotations(self) -> dict[str, Any]:
        return {argument.arg: argument.annotation for argument in _parameters(self.node) if argument.annotation}

    @property
    def returned(self) -> list[str | None]:
        """Names in the last return statement: ["dx", "dw", None] for `return dx, dw, dout.sum(0)`."""
        returns = [node for node in _inside(self.node) if isinstance(node, ast.Return) and node.value is not None]
        if not returns:
            return []
        value: Any = max(returns, key=lambda node: node.lineno).value
        parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else [value]
        return [_name(part) for part in parts]

    def entries(self, name: str) -> list[str]:
        """The strings with which an argument is subscripted: the keys of a dict."""
        found: dict[str, tuple[int, int]] = {}
        nodes: list[Any] = list(ast.walk(self.node))
        for node in nodes:
            key: Any = None
            if isinstance(node, ast.Subscript) and _name(node.value) == name:
                key = node.slice
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
                key = node.args[0] if len(node.args) == 1 and _name(node.func.value) == name else None
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                found[key.value] = (node.lineno, node.col_offset)
        for node in nodes:  # (params[key] for key in ("W1", "b1"))
            if isinstance(node, (ast.GeneratorExp, ast.ListComp)) and isinstance(node.elt, ast.Subscript):
                strings = node.generators[0].iter
                if _name(node.elt.value) == name and isinstance(strings, (ast.Tuple, ast.List)):
                    for one in strings.elts:
                        if isinstance(one, ast.Constant) and isinstance(one.value, str):
                            found[one.value] = (one.lineno, one.col_offset)
        return sorted(found, key=lambda key: found[key])

    def unpacked(self) -> dict[str, tuple[str, ...]]:
        """Dimensions that the body gives a name to: `N, D = x.shape`; those of one that is `_` are not known."""
        found: dict[str, tuple[str, ...]] = {}
        for node in ast.walk(self.node):
            if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Tuple):
                continue
            value, names = node.value, [_name(target) for target in node.targets[0].elts]
            if isinstance(value, ast.Attribute) and value.attr == "shape" and all(names) and "_" not in names:
                of = _name(value.value)
                if of is not None:
                    found.setdefault(of, tuple(name for name in names if name))
        return found

    def indices(self) -> set[str]:
        """Names that something is subscripted with: p[y], p[i, y] or p[i, y[i]]."""
        found = set()
        for node in ast.walk(self.node):
            if isinstance(node, ast.Subscript):
                for part in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
                    inner = part.value if isinstance(part, ast.Subscript) else part
                    if isinstance(inner, ast.Name):
                        found.add(inner.id)
        return found


def find(source: Source, name: str, line: int | None = None) -> Written | None:
    """The last function of a name, or the one that starts at a line; None where no source has it."""
    found = None
    for chunk in source.chunks:
        for node in ast.walk(ast.parse(chunk.text)):
            if isinstance(node, FUNCTION) and node.name == name:
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                if line is None or first + chunk.line - 1 == line:
                    found = _written(chunk.text, node)
    return found


def imported(source: Source, name: str) -> Written | None:
    """A function that a file imports from another beside it: `from layers import dense`."""
    for chunk in source.chunks:
        for node in ast.walk(ast.parse(chunk.text)):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            for alias in node.names:
                if name == (alias.asname or alias.name):
                    folder = source.path.resolve().parents[max(node.level - 1, 0)]
                    file = folder.joinpath(*node.module.split(".")).with_suffix(".py")
                    if file.is_file():
                        return find(read(file), alias.name)
    return None


def of_object(function: Any, name: str) -> Written | None:
    """A function of which there is no source: its docstring."""
    text = f"def {name}():\n    {inspect.getdoc(function) or ''!r}"
    return find(Source(Path("<memory>"), (Chunk("", 1, text),)), name) if name.isidentifier() else None


def module_text(source: Source) -> str:
    """The docstring and the comments at the top of a file."""
    for chunk in source.chunks:
        top = re.match(r"(?:\s*#.*\n)*", chunk.text)
        comments = re.sub(r"(?m)^\s*#", "", top[0]) if top else ""
        return "\n".join([comments, ast.get_docstring(ast.parse(chunk.text)) or ""])
    return ""


def _written(text: str, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Written:
    lines = text.splitlines()
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    above: list[str] = []
    for line in reversed(lines[: first - 1]):
        if not line.strip().startswith("#"):
            break
        above.insert(0, line.strip().lstrip("# "))
    own = "\n".join(lines[first - 1 : node.end_lineno])
    inside = dict(_comments(own))
    beside = {}
    for argument in _parameters(node):
        comment = inside.get(argument.lineno - first + 1)
        if comment:
            beside[argument.arg] = comment
    return Written(node, own, "\n".join([*above, *inside.values()]), beside)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    try:
        for token in tokenize.generate_tokens(io.StringIO(textwrap.dedent(text)).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string.lstrip("# ")
    except (tokenize.TokenError, IndentationError):
        return


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.arg]:
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*FUNCTION, ast.Lambda, ast.ClassDef)):
            yield child
            yield from _inside(child)


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return node.slice.value
    return None
