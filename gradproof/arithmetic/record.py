"""What happens to exact numbers while a candidate's code runs on them: places where exactness is lost."""

import contextlib
import linecache
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Record:
    """Leaks of exact numbers into floats, and branches that rounding decided; each with its line.

    own: tells from a file's name whether it is the candidate's.  without_tiny: whether constants of the candidate that
    are tiny are taken for zero, to see whether a difference is due to them; they are noted.
    """

    own: Any = lambda label: False
    without_tiny: bool = False
    leaks: list[dict[str, Any]] = field(default_factory=list)
    ties: list[dict[str, Any]] = field(default_factory=list)
    tiny: list[dict[str, Any]] = field(default_factory=list)


TINY = 1e-6
_records: list[Record] = []


@contextlib.contextmanager
def recording(record: Record) -> Iterator[Record]:
    """While this holds, `leak` and `tie` write into the record."""
    _records.append(record)
    try:
        yield record
    finally:
        _records.pop()


def leak(what: str) -> None:
    """An exact number became a float or an integer: what comes after it is not exact."""
    _note("leaks", what)


def tie(what: str) -> None:
    """A branch was taken on two numbers that differ by no more than rounding."""
    _note("ties", what)


def is_dropped(value: float) -> bool:
    """Whether a constant is tiny, and to be taken for zero."""
    if not (_records and _records[-1].without_tiny and 0 < abs(value) <= TINY):
        return False
    _note("tiny", f"{value!r}")
    return True


def place() -> dict[str, Any]:
    """Label, line and text of the innermost line that is the candidate's; empty outside of it."""
    frame = sys._getframe(1)
    while frame is not None and _records:
        label = frame.f_code.co_filename
        if _records[-1].own(label):
            return {"label": label, "line": frame.f_lineno, "text": linecache.getline(label, frame.f_lineno).strip()}
        frame = frame.f_back  # type: ignore[assignment]
    return {}


def described(what: str) -> str:
    """What happened and where: "float() in line 12"."""
    line = place().get("line")
    return f"{what} in line {line}" if line else what


def _note(kind: str, what: str) -> None:
    if not _records:
        return
    seen = getattr(_records[-1], kind)
    found = {"what": what, **place()}
    if len(seen) < 20 and found not in seen:
        seen.append(found)
