"""What an audit finds: a verdict per gradient, findings besides, and the report that holds them."""

from dataclasses import dataclass, field
from typing import Any

IDENTICAL = "identical"  # the same expression, says the field, at the stated sizes
EQUAL = "equal"  # to N digits, say balls of any precision
AGREES = "agrees"  # in floats, with the truth to N digits, on every case tried
WRONG = "wrong"
WRONG_SHAPE = "wrong-shape"
MISSING = "missing"
RAISES = "raises"
UNFINISHED = "unfinished"  # a template's None is left in
UNDECIDED = "undecided"
VERIFIED = "verified"  # of a function: every gradient agrees

# The verdict of a function is the first of these that one of its gradients has.
GRAVEST_FIRST = (WRONG, WRONG_SHAPE, MISSING, UNFINISHED, RAISES, UNDECIDED, AGREES, EQUAL, IDENTICAL)
RIGHT = (IDENTICAL, EQUAL, AGREES)


@dataclass
class Result:
    """The verdict on one gradient of a backward, or on one output of a forward.

    digits: to which floats agree.  case, index, actual, expected, max_abs and max_rel belong to the smallest case that
    fails; where and by_time to a larger one, in which axes can be told apart.  For wrong-shape, actual and expected are
    shapes.
    """

    name: str
    verdict: str
    digits: int | None = None
    failed: int = 0  # in how many of the function's cases
    everywhere: bool = False  # whether at every size; cases in which gradients vanish do not count
    case: str | None = None
    index: list[int] | None = None
    actual: Any = None
    expected: Any = None
    max_abs: float | None = None
    max_rel: float | None = None
    by_time: list[str] | None = None
    where: list[str] = field(default_factory=list)
    condition: str | None = None
    alone: bool = False  # whether the case agrees when it is the only one that is tried
    rigorous: bool = False  # whether exact arithmetic says that it is wrong
    difference: float | None = None  # then: relative to the expected number
    exact_digits: int | None = None  # to which it is equal
    reason: str | None = None  # why exact arithmetic cannot decide

    @property
    def right(self) -> bool:
        return self.verdict in RIGHT


@dataclass
class Finding:
    """Something that is no verdict on a value: kind names it for programs, message tells it to people."""

    kind: str
    message: str


@dataclass
class Recognised:
    """An entry of the catalogue in notes/mistakes.md that fits; certain: whether nothing else would show the same."""

    name: str
    certain: bool


@dataclass
class Failure:
    """An exception, or what ended the process: its type and message, the smallest case, and the candidate's line.

    function is the innermost function of the candidate: another one than that audited when it raises in what it calls.
    """

    type: str
    message: str
    case: str | None = None
    function: str | None = None
    label: str | None = None
    line: int | None = None
    text: str | None = None


@dataclass
class Function:
    """One audited function; `results` are its gradients, or the outputs of a forward."""

    name: str
    contract: str
    convention: str
    kind: str  # "backward" or "forward"
    signature: str
    verdict: str
    results: list[Result]
    cases: int
    label: str | None = None  # the file, or the notebook's cell, in which it is defined
    line: int | None = None
    findings: list[Finding] = field(default_factory=list)
    relations: dict[str, list[Any]] = field(default_factory=dict)  # by gradient, see `diagnose.what.Relation`
    mistakes: list[Recognised] = field(default_factory=list)
    failure: Failure | None = None
    reproduce: str | None = None
    exact: list[str] = field(default_factory=list)  # the cases at which exact arithmetic decided
    unreached: list[int] = field(default_factory=list)  # its lines that did not run there
    rests_on_floats: bool = False  # whether it is verified, and exact arithmetic does not say so of every gradient

    @property
    def failing(self) -> list[Result]:
        return [result for result in self.results if not result.right]


@dataclass
class Change:
    """One edit of a repair: what it does, in words, and the line of the file as it was.

    kind: one of those in notes/report-schema.md.  before, after: the source of the place.  equation: the tag in notes/
    of what the line computes.
    """

    function: str
    kind: str
    message: str
    label: str
    line: int
    before: str
    after: str
    equation: str | None = None


@dataclass
class Repair:
    """The smallest edit of the source that was found, after which the audit says `verdict` of every function mended.

    verdict: "identical", "equal" or "agrees", the weakest of its gradients.  others: how many further repairs are as
    small.  unmended: function → why no repair of it is known.  suspects: function → lines in which some other value
    would make every wrong gradient right, the likeliest first.  mistakes: entries of the catalogue that it shows.
    """

    changes: list[Change] = field(default_factory=list)
    diff: str = ""
    verdict: str | None = None
    mended: list[str] = field(default_factory=list)
    others: int = 0
    unmended: dict[str, str] = field(default_factory=dict)
    suspects: dict[str, list[int]] = field(default_factory=dict)
    mistakes: list[Recognised] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Note:
    """Something about loading: source that was skipped, or a function that was not recognised."""

    message: str
    label: str | None = None
    line: int | None = None
    unaudited: bool = False  # whether a function of a known name was not audited


@dataclass
class Report:
    """An audit.  True when every function is verified."""

    file: str
    functions: list[Function]
    notes: list[Note] = field(default_factory=list)
    repair: Repair | None = None
    source: Any = field(default=None, repr=False)  # what was audited, and the same with the repair
    repaired: Any = field(default=None, repr=False)

    def __bool__(self) -> bool:
        return bool(self.functions) and all(function.verdict == VERIFIED for function in self.functions)

    @property
    def findings(self) -> list[Finding]:
        """The findings of every function."""
        return [finding for function in self.functions for finding in function.findings]

    def __str__(self) -> str:
        """The report as it is printed."""
        from .report.text import render

        return render(self)

    def raise_if_wrong(self) -> None:
        """Raise AssertionError with the report as its message unless every function is verified."""
        __tracebackhide__ = True  # for pytest: the place of interest is the caller's
        if not self:
            failing = [f"{function.name}: {function.verdict}" for function in self.functions if function.failing]
            raise AssertionError(f"{', '.join(failing) or 'nothing verified'}\n\n{self}")


def grouped(results: list[Result]) -> dict[tuple[str, str | None, int], list[str]]:
    """Names of the failing results that share a verdict and a condition, or without one in how many cases they fail."""
    groups: dict[tuple[str, str | None, int], list[str]] = {}
    for result in results:
        if not result.right:
            failed = 0 if result.condition or result.everywhere else result.failed
            groups.setdefault((result.verdict, result.condition, failed), []).append(result.name)
    return groups


def verdict_of(results: list[Result]) -> str:
    """The verdict of a function from those of its gradients."""
    for verdict in GRAVEST_FIRST:
        if any(result.verdict == verdict for result in results):
            return VERIFIED if verdict in RIGHT else {WRONG_SHAPE: WRONG, MISSING: WRONG}.get(verdict, verdict)
    return UNDECIDED
