"""A .py file or a notebook as chunks of Python source, read without running any of it."""

import ast
import json
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .errors import AuditError

FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
# Cell magics whose body is Python all the same.
PYTHON_CELLS = {"%%time", "%%timeit", "%%capture", "%%prun", "%%python", "%%python3"}
MAGIC = re.compile(r"^(\s*)(?:%[A-Za-z%].*|!(?!=).*|\?.*|[\w.]+\?{1,2}\s*$|[\w, ]+=\s*[%!].*)")
FLOAT32 = ("f", "f4", "<f4", "single")  # as an argument of a call; np.float32 and "float32" are words anyway
# A line at which a statement at module level starts, unless it continues the one before.
STATEMENT = re.compile(r"(?!(else|elif|except|finally)\b)[A-Za-z_@]")
PYTHON_2 = re.compile(
    r"^\s*print\s+[^=(\s]|^\s*exec\s+[\"'\w]|^\s*except\s+[\w.]+\s*,\s*\w+\s*:|<>|\braise\s+\w+\s*,\s*[\"']"
)


@dataclass(frozen=True)
class Chunk:
    """Source that is run as one: a whole file, a notebook cell, or a block of a file that does not parse as a whole.

    label is what tracebacks call it; line is the number of its first line under that label.
    """

    label: str
    line: int
    text: str


@dataclass(frozen=True)
class Problem:
    """Source that was not loaded: where, and why.  `function` names the definition that was lost, if it was one."""

    label: str
    line: int
    message: str
    python2: bool = False
    function: str | None = None


@dataclass(frozen=True)
class Source:
    path: Path
    chunks: tuple[Chunk, ...]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Definition:
    """Where a function stands.

    unfinished: the names that a template's `name = None` has the last word about, with their lines.
    words: its names, attributes ("float", and "np.float" of a name), and strings; "float32" however it is written.
    """

    label: str
    line: int
    unfinished: dict[str, int] = field(default_factory=dict)
    words: frozenset[str] = frozenset()


def read(path: Path) -> Source:
    """Read a .py or .ipynb.  Raises AuditError when there is no such file, it is neither, or it is no notebook."""
    if not path.exists():
        file, _, function = str(path).rpartition(":")
        hint = f"; a function is named with two colons, {file}::{function}" if Path(file).is_file() else ""
        raise AuditError(f"{path}: no such file{hint}")
    if path.is_dir():
        raise AuditError(f"{path}: is a directory; expected a .py or .ipynb file")
    if path.suffix == ".ipynb":
        return _notebook(path)
    if path.suffix == ".py":
        return _script(path)
    raise AuditError(f"{path}: has the suffix {path.suffix!r}; expected .py or .ipynb")


def definitions(source: Source) -> dict[str, Definition]:
    """Every function at module level, and every method ("RNN.forward"); a later definition replaces an earlier one."""
    found = {}
    for chunk in source.chunks:
        for name, node in _at_module_level(ast.parse(chunk.text).body):
            found[name] = _definition(chunk, node)
    return found


def words_of(source: Source) -> frozenset[str]:
    """The words of a whole file, see `Definition`."""
    return frozenset().union(*(_words(ast.parse(chunk.text)) for chunk in source.chunks))


def definition_at(source: Source, line: int) -> Definition:
    """The function that starts at a line, decorators included, wherever it is nested."""
    for chunk in source.chunks:
        for node in ast.walk(ast.parse(chunk.text)):
            if isinstance(node, FUNCTION):
                first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
                if first + chunk.line - 1 == line:
                    return _definition(chunk, node)
    return Definition(str(source.path), line)


def _at_module_level(body: list[ast.stmt]) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in body:
        if isinstance(node, FUNCTION):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{name}", method) for name, method in _at_module_level(node.body))
        elif isinstance(node, (ast.If, ast.Try, ast.With)):
            for part in ("body", "orelse", "finalbody"):
                yield from _at_module_level(getattr(node, part, []))
            for handler in getattr(node, "handlers", []):
                yield from _at_module_level(handler.body)


def _definition(chunk: Chunk, node: ast.FunctionDef | ast.AsyncFunctionDef) -> Definition:
    return Definition(chunk.label, node.lineno + chunk.line - 1, _unfinished(node, chunk.line - 1), _words(node))


def _words(tree: ast.AST) -> frozenset[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
            if isinstance(node.value, ast.Name):
                found.add(f"{node.value.id}.{node.attr}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        elif isinstance(node, ast.Call):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(isinstance(one, ast.Constant) and one.value in FLOAT32 for one in given):
                found.add("float32")
    return frozenset(found)


def _unfinished(function: ast.AST, offset: int) -> dict[str, int]:
    assigned_none = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            values = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            if all(isinstance(value, ast.Constant) and value.value is None for value in values):
                assigned_none |= {name for target in node.targets for name in ast.walk(target)}
    stored = [n for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
    last = {name.id: name for name in sorted(stored, key=lambda name: name.lineno)}
    left = {name: node.lineno + offset for name, node in last.items() if node in assigned_none}
    return dict(sorted(left.items(), key=lambda item: item[1]))


def _script(path: Path) -> Source:
    try:
        with tokenize.open(path) as file:
            text = file.read()
    except (SyntaxError, UnicodeDecodeError) as error:
        raise AuditError(f"{path}: cannot be decoded as Python source ({error})") from None
    text, problems = _mended(str(path), _without_magics(text) if _broken(text) else text)
    return Source(path, (Chunk(str(path), 1, text),), tuple(problems))


def _broken(text: str) -> SyntaxError | None:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return error
    except ValueError as error:  # a NUL byte
        return SyntaxError(str(error))
    return None


def _mended(label: str, text: str) -> tuple[str, list[Problem]]:
    """Blank the statement at module level that each syntax error stands in, until the rest parses; lines stay."""
    lines = text.split("\n")
    problems: list[Problem] = []
    while (error := _broken("\n".join(lines))) is not None:
        at = min((error.lineno or 1), len(lines)) - 1
        first = next((n for n in range(at, -1, -1) if STATEMENT.match(lines[n])), 0)
        last = next((n for n in range(at + 1, len(lines)) if STATEMENT.match(lines[n])), len(lines))
        if not any(lines[first:last]):  # nothing left to blame there
            first, last = 0, len(lines)
        problems += _lost(label, at + 1, "\n".join(lines[first:last]), lines[at], error)
        lines[first:last] = [""] * (last - first)
    return "\n".join(lines), problems


def _notebook(path: Path) -> Source:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8-sig"))
        # nbformat 3 keeps its cells in worksheets, and their source under "input"
        cells = notebook["cells"] if "cells" in notebook else [c for w in notebook["worksheets"] for c in w["cells"]]
        code = [cell.get("source", cell.get("input", "")) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AuditError(f"{path}: is no notebook ({type(error).__name__}: {error})") from None
    chunks: list[Chunk] = []
    problems: list[Problem] = []
    for number, source in enumerate(code, start=1):
        label = f"{path.name}[cell {number}]"
        text = _cell("".join(source) if isinstance(source, list) else str(source))
        fault = _broken(text)
        if fault is None:
            chunks.append(Chunk(label, 1, text))
        else:
            line = fault.lineno or 1
            problems += _lost(label, line, text, (text.split("\n") + [""] * line)[line - 1], fault)
    return Source(path, tuple(chunks), tuple(problems))


def _cell(text: str) -> str:
    """Python of one cell: magics and shell lines become `pass`, so that line numbers stay."""
    blank = len(text) - len(text.lstrip("\n"))
    first, _, rest = text[blank:].partition("\n")
    if first.startswith("%%"):
        if first.split()[0] not in PYTHON_CELLS:
            return ""
        text = "\n" * (blank + 1) + rest
    return text if _broken(text) is None else _without_magics(text)


def _without_magics(text: str) -> str:
    lines: list[str] = []
    continued = False
    for line in text.split("\n"):
        magic = bool(MAGIC.match(line))
        lines.append("" if continued else MAGIC.sub(r"\1pass", line))
        continued = (magic or continued) and line.endswith("\\")
    return "\n".join(lines)


def _lost(label: str, line: int, block: str, text: str, error: SyntaxError) -> list[Problem]:
    message = f"SyntaxError: {error.msg}"
    python2 = "Missing parentheses in call to" in message or bool(PYTHON_2.search(text))
    if python2:
        message = f"Python 2 syntax: {text.strip()}"
    functions = re.findall(r"^(?:def|class)\s+(\w+)", block, flags=re.MULTILINE) or [None]
    return [Problem(label, line, message, python2, function) for function in functions]
