"""From a judged file to its repair: function by function, cells before the loops around them, then the proof."""

import ast
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .. import cases as drawing
from ..candidate import Candidate
from ..cases import Case
from ..contracts import Backward, forward_of, names_of
from ..errors import AuditError
from ..experiment import Experiment, NoCase
from ..judge import Judge
from ..source import Source
from ..verdicts import AGREES, EQUAL, IDENTICAL, VERIFIED, Change, Function, Repair
from .bench import Bench, Probe, probe_of, still_wrong
from .edits import Edit
from .equations import equation
from .search import Attempt, search
from .text import Tree, Unit, definitions, original_line
from .units import diff, units_of, with_units

# Small, because every edit is tried at these sizes, and pairwise distinct where axes could be mistaken.
SIZES = {"n_a": 2, "m": 3, "n_x": 4, "n_y": 5, "T": 3, "N": 3, "H": 2, "D": 4, "V": 5, "M": 5}
PROBES = 7
RECURRENT = {"a0", "h0", "hprev", "h"}  # inputs of a net with steps that depend on one another
ROUNDS = 3  # of search and proof
ALTERNATIVES = 6  # repairs of one function that are tried on every case
FAR_FETCHED = 0.25  # by which another repair of as many edits may be more so, and be told
CHECKING = 5.0  # seconds beyond the budget, in which a repair is tried on every case
SLOW = 2.5  # seconds for five calls: fewer than a hundred edits could be tried
NOTHING = "nothing to try edits on"
PARTLY = "wrong after these changes"
REFUTED = "an audit of the edited file says that it is still wrong"
SIDE_EFFECTS = ("in-place", "overwritten", "repeat", "order", "consumed", "aliased")


@dataclass
class Mended:
    """What became of one function: its edits, in the order in which they were made, or why there are none.

    lines: those of the edits, in the file as it was.  others: how many further repairs are as small.
    """

    function: Function
    edits: list[Edit] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    equations: list[str | None] = field(default_factory=list)
    others: int = 0
    reason: str = ""
    suspects: list[int] = field(default_factory=list)


def mend(
    judge: Judge, failing: Sequence[Function], until: float, tick: Callable[[str, int], None]
) -> tuple[list[Mended], Source]:
    """Search a repair for every one of some functions; the source with all of them."""
    source = judge.lab.candidate.source
    originals = tuple(units_of(source))
    units, found = originals, []
    for number, function in enumerate(sorted(failing, key=lambda one: _order(judge, one))):
        left = until - time.monotonic()
        share = time.monotonic() + left / (len(failing) - number) * 1.5
        mended, units = _mend_one(judge, function, originals, units, min(until, share), tick)
        found.append(mended)
    return found, with_units(source, originals, units)


def needs_mending(function: Function) -> bool:
    """Whether it is wrong, or writes into what it was given."""
    return function.verdict != VERIFIED or any(finding.kind == "in-place" for finding in function.findings)


def _order(judge: Judge, function: Function) -> tuple[int, int]:
    """Cells first, since what is wrong in a cell is wrong in its loop; and forwards, which make the caches."""
    experiment = judge.experiment_of(function)
    contract = experiment.target.contract if experiment else None
    return int(contract is not None and contract.cell is not None), int(isinstance(contract, Backward))


def _mend_one(
    judge: Judge,
    function: Function,
    originals: tuple[Unit, ...],
    units: tuple[Unit, ...],
    until: float,
    tick: Callable[[str, int], None],
) -> tuple[Mended, tuple[Unit, ...]]:
    experiment = _experiment(judge, function)
    if experiment is None:
        return Mended(function, reason=NOTHING), units
    editable = _editable(judge, function, units)
    if not editable:
        return Mended(function, reason="it is not defined, once, at the top level of a file"), units
    if time.monotonic() > until:
        return Mended(function, reason="no time was left"), units
    cases = _cases(judge, function, experiment)
    bench = Bench(experiment, [], units, originals, editable, until, lambda tried: tick(function.name, tried))
    bench.pure = function.verdict == VERIFIED
    if bench.pure:  # some writes are seen with large numbers only
        cases.append(replace(cases[0], scale=3.0, cotangents=50.0))
    bench.probes = _probes(bench, cases)
    if not bench.probes:
        return Mended(function), units  # right, now that others are mended
    if bench.slowest > SLOW:
        return Mended(function, reason="its calls take too long to try edits on"), units
    attempts, nearest = search(bench)
    proved = [attempt for attempt in attempts[:ALTERNATIVES] if _on_every_case(bench, attempt, judge)]
    if not proved:
        late = time.monotonic() > until
        told = "no repair was found in time" if late else f"none of {bench.tried} edits mends it"
        if not nearest.edits or nearest.standing.error is not None or not any(nearest.gains):
            return Mended(function, reason=told, suspects=bench.suspects), units
        left = ", ".join(still_wrong(bench, nearest.standing))
        mended = _mended(function, experiment, nearest, units, originals)
        return replace(
            mended, reason=f"{told}; wrong after these changes: {left}", suspects=bench.suspects
        ), nearest.units
    best = proved[0]
    alike = sum(len(a.edits) == len(best.edits) and a.cost <= best.cost + FAR_FETCHED for a in proved) - 1
    return replace(_mended(function, experiment, best, units, originals), others=alike), best.units


def _mended(
    function: Function,
    experiment: Experiment,
    attempt: Attempt,
    units: tuple[Unit, ...],
    originals: tuple[Unit, ...],
) -> Mended:
    contract = experiment.target.contract
    tags = []
    for edit, gained in zip(attempt.edits, attempt.gains, strict=True):
        first = min((number for number, *_ in gained), default=0)
        tags.append(equation(contract, edit.kind, {(name, block) for number, name, block in gained if number == first}))
    return Mended(function, list(attempt.edits), _lines(attempt, units, originals), tags)


def _experiment(judge: Judge, function: Function) -> Experiment | None:
    """What tells whether a function is right: of a forward whose caches are at fault, its backward."""
    experiment = judge.experiment_of(function)
    if (
        function.kind == "forward"
        and {result.name for result in function.failing} <= {"caches", "cache"}
        and function.failing
    ):
        for target in judge.targets:
            forward = judge.forward_for(target)
            if forward is not None and forward.name == function.name:
                return Experiment(judge.lab, target, forward)
    if experiment is None:
        return None
    own = judge.forward_for(experiment.target)
    if own is not None and any(one.name == own.name and one.verdict != VERIFIED for one in judge.judged):
        experiment = type(experiment)(judge.lab, experiment.target, own, experiment.cells)  # it is mended before
    return type(experiment)(judge.lab, experiment.target, experiment.forward, experiment.cells)


def _editable(judge: Judge, function: Function, units: Sequence[Unit]) -> dict[int, list[str]]:
    """The function, and what it calls that has no verdict of its own, or one that blames it for side effects."""
    where = {name: number for number, unit in enumerate(units) for name in unit.functions}
    if function.name not in where:
        return {}
    judged = {one.name: one for one in judge.judged}
    # a helper of a function that is right is right
    shared = {name for one in judged.values() if not needs_mending(one) for name in _reached(one.name, where, units)}
    found: dict[int, list[str]] = {}
    for name in _reached(function.name, where, units):
        mine = name == function.name
        if mine or (_may_be_edited(name, judged) and name not in shared and not judge.is_truth(name)):
            found.setdefault(where[name], []).append(name)
    return found


def _reached(name: str, where: Mapping[str, int], units: Sequence[Unit]) -> list[str]:
    """A function, and those that it calls, or that these call, as far as their names tell."""
    found, queue = [name], [name] if name in where else []
    while queue:
        name = queue.pop(0)
        owner = name.rpartition(".")[0]
        for word in _words(definitions(Tree(units[where[name]]).module)[name]):
            for other in (word, f"{owner}.{word}"):
                if other in where and other not in found:
                    found.append(other)
                    queue.append(other)
    return found


def _may_be_edited(name: str, judged: Mapping[str, Function]) -> bool:
    function = judged.get(name)
    return function is None or any(finding.kind in SIDE_EFFECTS for finding in function.findings)


def _words(definition: ast.AST) -> Iterator[str]:
    for node in ast.walk(definition):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _cases(judge: Judge, function: Function, experiment: Experiment) -> list[Case]:
    """Cases on which it may fail, the best to try edits on first."""
    contract = experiment.target.contract
    names = names_of(contract)
    given = (contract.forward if isinstance(contract, Backward) else contract).sizes
    small = Case({name: given.get(name) or SIZES.get(name, 3) for name in names})
    told = [result.case for result in function.failing] + [function.failure.case if function.failure else None]
    shrunk = [drawing.parse(case, contract) for case in dict.fromkeys(told) if case]
    if judge.case is not None:
        return shrunk or [drawing.parse(judge.case, contract)]
    # one step first, then two: what is wrong in a step is not confused there with what is wrong between steps
    timed = RECURRENT.intersection(forward_of(contract).inputs) if "T" in small.sizes else ()
    first = [small.with_sizes(T=T) for T in (1, 2) if timed]
    return list(dict.fromkeys([*first, small, *shrunk, replace(small, seed=1), *drawing.grid(contract)[:1]]))


def _probes(bench: Bench, cases: Sequence[Case]) -> list[Probe]:
    """The cases that fail, in their order, then others; none if none fails."""
    probes = []
    for case in cases:
        with contextlib.suppress(NoCase):
            probe = probe_of(bench.experiment, case, bench.pure)
            # where a gradient is zero, too much makes it so
            if case.sizes.get("T") != 1 or case != cases[0] or all(array.any() for array in probe.expected.values()):
                probes.append(probe)
    failing: list[Probe] = []
    passing: list[Probe] = []
    for probe in probes:
        bench.probes = [probe]
        (standing,) = bench.standings([bench.units])
        (passing if standing.complete else failing).append(probe)
    return [*failing, *passing][:PROBES] if failing else []


def _on_every_case(bench: Bench, attempt: Attempt, judge: Judge) -> bool:
    """Whether a repair is right on all cases of an audit."""
    kept = bench.probes
    try:
        for case in judge.cases(bench.experiment.target.contract):
            if time.monotonic() > bench.until + CHECKING:
                return False
            try:
                bench.probes = [probe_of(bench.experiment, case, bench.pure)]
            except NoCase:
                continue
            if not bench.standings([attempt.units])[0].complete:
                return False
    finally:
        bench.probes = kept
    return True


def _lines(attempt: Attempt, before: Sequence[Unit], originals: Sequence[Unit]) -> list[int]:
    """The lines of the edits, in the source as it was loaded."""
    units, found = list(before), []
    for edit in attempt.edits:
        unit, original = units[edit.unit], originals[edit.unit]
        found.append(original.first - 1 + original_line(original.text, unit.text, edit.line))
        try:
            units[edit.unit] = unit.applied(edit.spans)
        except ValueError:
            units[edit.unit] = attempt.units[edit.unit]
    return found


def repair(
    judge: Judge,
    functions: Sequence[Function],
    seconds: float,
    tick: Callable[[str, int], None] = lambda name, tried: None,
) -> tuple[Repair, Source]:
    """The repair of a judged file, proved by an audit of the edited source; and that source.

    What a proof shows to be wrong still, or to come to light only now, is searched on in the time that is left.
    """
    started = time.monotonic()
    until = started + seconds
    original = judge.lab.candidate.source
    source, found = original, Repair()
    reasons: dict[str, str] = {}
    verdicts = list(functions)
    with contextlib.ExitStack() as stack:
        for _ in range(ROUNDS):
            failing = [one for one in verdicts if needs_mending(one) and one.name not in reasons]
            if not failing or time.monotonic() > until:
                break
            mended, edited = mend(judge, failing, until, tick)
            reasons |= {one.function.name: one.reason for one in mended if one.reason and one.reason != NOTHING}
            if source is original:
                found.suspects = {one.function.name: one.suspects for one in mended if one.suspects}
            if not any(one.edits for one in mended):
                break
            before = source
            tick("proof", 0)
            try:
                again, proved = _proof(edited, judge, stack)
            except AuditError as error:
                refuted = f"the edited file cannot be audited: {error}"
            else:
                refuted = _refuted(judge, verdicts, again, proved)
            if refuted:
                reasons |= {one.function.name: refuted for one in mended if one.edits}
                break
            judge, verdicts, source = again, proved, edited
            for one in mended:
                found.changes += [
                    _change(one, edit, original, before, line, tag)
                    for edit, line, tag in zip(one.edits, one.lines, one.equations, strict=True)
                ]
                found.others = max(found.others, one.others)
    after = {(function.name, function.kind): function for function in verdicts}
    for function in functions:
        if needs_mending(function):
            now = after.get((function.name, function.kind))
            if now is not None and not needs_mending(now) and found.changes:
                found.mended.append(function.name)
            else:
                told = REFUTED if any(c.function == function.name for c in found.changes) else NOTHING
                found.unmended[function.name] = reasons.get(function.name, told)
    results = [r for f in verdicts if f.name in found.mended for r in f.results]
    found.mended = list(dict.fromkeys(name for name in found.mended if name not in found.unmended))
    if found.mended:
        found.verdict = next(
            verdict for verdict in (AGREES, EQUAL, IDENTICAL) if any(r.verdict == verdict for r in results)
        )
    if not found.mended and not any(PARTLY in reason for reason in reasons.values()):
        found.changes, source = [], original
    found.diff = diff(original.path, original, source)
    found.seconds = time.monotonic() - started
    return found, source


def _change(one: Mended, edit: Edit, original: Source, source: Source, line: int, tag: str | None) -> Change:
    """An edit as it is reported: its line is that of the original."""
    label = next((unit.label for unit in units_of(source) if edit.function in unit.functions), "")
    for old, new in zip(original.chunks, source.chunks, strict=True):
        if old.label == label:
            line = old.line - 1 + original_line(old.text, new.text, line - new.line + 1)
    return Change(edit.function, edit.kind, edit.told, label, line, edit.before, edit.after, tag)


def _refuted(judge: Judge, before: Sequence[Function], again: Judge, after: Sequence[Function]) -> str:
    """Why the edits are no repair, although they mend something; "" if nothing speaks against them."""
    verdicts = {(one.name, one.kind): one for one in after}
    for function in before:
        now = verdicts.get((function.name, function.kind))
        if not needs_mending(function) and (now is None or needs_mending(now)):
            return f"what mends it makes {function.name} wrong"
    return "" if judge.keeps_truth(again) else "what mends it changes the forward, which is the truth"


def _proof(source: Source, judge: Judge, stack: contextlib.ExitStack) -> tuple[Judge, list[Function]]:
    """An audit of an edited source with the exact arithmetics, and its verdicts.  Raises AuditError."""
    candidate = stack.enter_context(Candidate(source.path, judge.lab.candidate.timeout, source=source))
    candidate.load()
    again = judge.again(candidate)
    return again, again.audit()
