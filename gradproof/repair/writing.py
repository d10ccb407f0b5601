"""A repaired source as a file: only the changed lines differ from the original, whatever else stands in it."""

import difflib
import json
import re
import tokenize
from pathlib import Path
from typing import Any

from ..errors import AuditError
from ..source import Source, read


def write_repaired(before: Source, after: Source, path: Path) -> None:
    """Write the file, or notebook, with its repair.  Raises AuditError where that must not be, or goes wrong."""
    original = before.path
    check_target(original, path)
    if original.suffix == ".ipynb":
        path.write_text(_notebook(before, after), encoding="utf-8")
    else:
        with original.open("rb") as file:
            encoding, _ = tokenize.detect_encoding(file.readline)
        with original.open(encoding=encoding, newline="") as text:
            lines = text.read()
        with path.open("w", encoding=encoding, newline="") as out:
            out.write(_patched(lines, before.chunks[0].text, after.chunks[0].text))
    if [chunk.text for chunk in read(path).chunks] != [chunk.text for chunk in after.chunks]:
        path.unlink()
        raise AuditError(f"{path}: is not written, since {original.name} has lines that cannot be told apart")


def check_target(original: Path, path: Path) -> None:
    """Raises AuditError where a repaired file cannot, or must not, be written."""
    if path.exists() and original.exists() and path.samefile(original):
        raise AuditError(f"{path}: is the audited file itself; expected another name for the repaired one")
    if path.suffix != original.suffix:
        raise AuditError(
            f"{path}: has the suffix {path.suffix!r}; expected {original.suffix!r}, as {original.name} has"
        )
    if not path.parent.is_dir():
        raise AuditError(f"{path}: there is no folder {path.parent}")


def _patched(original: str, before: str, after: str) -> str:
    """The original with what differs between two versions of it that were mended so that Python reads them.

    Every line keeps its own end; Python takes \\n, \\r\\n and \\r for one, and nothing else.
    """
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+$", original)
    old, new = before.split("\n"), after.split("\n")
    lines += [""] * (len(old) - len(lines))
    for tag, i1, i2, j1, j2 in reversed(difflib.SequenceMatcher(None, old, new, False).get_opcodes()):
        if tag != "equal":
            end = next((_end(line) for line in [*lines[i1:i2], *lines[max(0, i1 - 1) : i1]] if _end(line)), "\n")
            if i1 > 0 and not _end(lines[i1 - 1]):
                lines[i1 - 1] += end
            lines[i1:i2] = [f"{line}{end}" for line in new[j1:j2]]
    return "".join(lines)


def _end(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]


def _notebook(before: Source, after: Source) -> str:
    text = before.path.read_text(encoding="utf-8-sig")
    notebook = json.loads(text)
    cells = notebook["cells"] if "cells" in notebook else [c for w in notebook["worksheets"] for c in w["cells"]]
    versions = {old.label: (old.text, new.text) for old, new in zip(before.chunks, after.chunks, strict=True)}
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, start=1):
        label = f"{before.path.name}[cell {number}]"
        if label in versions:
            kept = "source" if "source" in cell else "input"
            cell[kept] = _as_written(cell[kept], *versions[label])
    indent = 1 if "\n " in text else None
    return json.dumps(notebook, indent=indent, ensure_ascii=False) + ("\n" if text.endswith("\n") else "")


def _as_written(source: Any, before: str, after: str) -> Any:
    """A cell's source as a list of lines, or as one text, whichever it was."""
    if not isinstance(source, list):
        return _patched(str(source), before, after)
    return [line for line in re.split(r"(?<=\n)", _patched("".join(source), before, after)) if line]
