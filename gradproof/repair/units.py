"""A source as the functions in it that may be edited, and back; and what was changed, as a diff."""

import ast
import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..source import Chunk, Source
from .text import FUNCTION, Unit, counted


def units_of(source: Source) -> list[Unit]:
    """The statements at module level that define functions; of a name that one statement defines twice, none."""
    found = []
    for chunk in source.chunks:
        lines = chunk.text.split("\n")
        for statement in ast.parse(chunk.text).body:
            if isinstance(statement, (*FUNCTION, ast.ClassDef, ast.Assign, ast.If, ast.Try, ast.With)):
                decorators = getattr(statement, "decorator_list", [])
                first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
                text = "\n".join([*lines[first - 1 : statement.end_lineno], ""])
                names = tuple(name for name, count in counted(ast.parse(text)).items() if count == 1)
                if names:
                    found.append(Unit(chunk.label, first + chunk.line - 1, text, names))
    return found


def with_units(source: Source, before: Sequence[Unit], after: Sequence[Unit]) -> Source:
    """The source with units in the place of what they were."""
    chunks = []
    for chunk in source.chunks:
        lines = chunk.text.split("\n")
        for old, new in sorted(zip(before, after, strict=True), key=lambda pair: -pair[0].first):
            if old.label == chunk.label and old.text != new.text:
                start = old.first - chunk.line
                lines[start : start + old.text.count("\n")] = new.text.split("\n")[:-1]
        chunks.append(Chunk(chunk.label, chunk.line, "\n".join(lines)))
    return replace(source, chunks=tuple(chunks))


def diff(path: Path, before: Source, after: Source) -> str:
    """The changes of a file, as `diff -u` writes them; of a notebook, by cell."""
    texts = []
    for old, new in zip(before.chunks, after.chunks, strict=True):
        if old.text != new.text:
            name = path.name if old.label == str(path) else old.label
            lines = difflib.unified_diff(
                old.text.split("\n"), new.text.split("\n"), name, f"{name}, repaired", lineterm="", n=1
            )
            texts.append("\n".join(lines))
    return "\n".join(texts)
