"""A .py file or a notebook as chunks of Python source, read without running any of it."""

import ast
import json
import re
import tokenize
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import AuditError

# Cell magics whose body is Python all the same.
PYTHON_CELLS = {"%%time", "%%timeit", "%%capture", "%%prun", "%%python", "%%python3"}
MAGIC = re.compile(r"^(\s*)(?:%[A-Za-z%].*|!(?!=).*|\?.*|[\w.]+\?{1,2}\s*$|[\w, ]+=\s*[%!].*)")
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
    """Where a function stands, and the names that a template's `name = None` has the last word about: {name: line}."""

    label: str
    line: int
    unfinished: dict[str, int] = field(default_factory=dict)


def read(path: Path) -> Source:
    """Read a .py or .ipynb.  Raises AuditError when there is no such file, it is neither, or it is no notebook."""
    if not path.exists():
        raise AuditError(f"{path}: no such file")
    if path.is_dir():
        raise AuditError(f"{path}: is a directory; expected a .py or .ipynb file")
    if path.suffix == ".ipynb":
        return _notebook(path)
    if path.suffix == ".py":
        return _script(path)
    raise AuditError(f"{path}: has the suffix {path.suffix!r}; expected .py or .ipynb")


def definitions(source: Source) -> dict[str, Definition]:
    """Every top-level function by name; a later definition replaces an earlier one."""
    found = {}
    for chunk in source.chunks:
        for node in ast.walk(ast.parse(chunk.text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                offset = chunk.line - 1
                found[node.name] = Definition(chunk.label, node.lineno + offset, _unfinished(node, offset))
    return found


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
    label = str(path)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        blocks = _blocks(_without_magics(text))
        return _parsed(path, [Chunk(label, line, block) for line, block in blocks])
    return Source(path, (Chunk(label, 1, text),))


def _notebook(path: Path) -> Source:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        # nbformat 3 keeps its cells in worksheets, and their source under "input"
        cells = notebook["cells"] if "cells" in notebook else [c for w in notebook["worksheets"] for c in w["cells"]]
        code = [cell.get("source", cell.get("input", "")) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise AuditError(f"{path}: is no notebook ({type(error).__name__}: {error})") from None
    chunks = []
    for number, source in enumerate(code, start=1):
        text = "".join(source) if isinstance(source, list) else str(source)
        chunks.append(Chunk(f"{path.name}[cell {number}]", 1, _cell(text)))
    return _parsed(path, chunks)


def _cell(text: str) -> str:
    """Python of one cell: magics and shell lines become `pass`, so that line numbers stay."""
    first, _, rest = text.lstrip("\n").partition("\n")
    if first.startswith("%%"):
        if first.split()[0] not in PYTHON_CELLS:
            return ""
        text = "\n" + rest
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return _without_magics(text)
    return text


def _without_magics(text: str) -> str:
    return "\n".join(MAGIC.sub(r"\1pass", line) for line in text.split("\n"))


def _blocks(text: str) -> list[tuple[int, str]]:
    """Top-level statements by indentation, for a file that does not parse as a whole: (first line, text)."""
    blocks: list[tuple[int, list[str]]] = []
    decorated = False
    for number, line in enumerate(text.split("\n"), start=1):
        starts = bool(re.match(r"[A-Za-z_@]", line)) and not re.match(r"(else|elif|except|finally)\b", line)
        if not blocks or (starts and not decorated):
            blocks.append((number, []))
        decorated = line.startswith("@") or (decorated and not starts)
        blocks[-1][1].append(line)
    return [(number, "\n".join(lines)) for number, lines in blocks]


def _parsed(path: Path, chunks: list[Chunk]) -> Source:
    good, problems = [], []
    for chunk in chunks:
        try:
            ast.parse(chunk.text)
        except (SyntaxError, ValueError) as error:
            problems += _lost(chunk, error)
        else:
            good.append(chunk)
    return Source(path, tuple(good), tuple(problems))


def _lost(chunk: Chunk, error: Any) -> list[Problem]:
    line = chunk.line + (getattr(error, "lineno", None) or 1) - 1
    lines = chunk.text.split("\n")
    text = lines[line - chunk.line] if line - chunk.line < len(lines) else ""
    message = f"{type(error).__name__}: {getattr(error, 'msg', error)}"
    python2 = "Missing parentheses in call to" in message or bool(PYTHON_2.search(text))
    if python2:
        message = f"Python 2 syntax: {text.strip()}"
    functions = re.findall(r"^def\s+(\w+)", chunk.text, flags=re.MULTILINE) or [None]
    return [Problem(chunk.label, line, message, python2, function) for function in functions]
