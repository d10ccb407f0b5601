"""An audit from end to end: load the candidate, recognise its functions, judge them, and make the report."""

import shlex
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .candidate import Candidate
from .cases import parse
from .contracts import CONVENTIONS, Backward, Contract
from .contracts import signature as published
from .errors import AuditError
from .exactly import ARITHMETICS, DIGITS, LARGEST_DIGITS
from .experiment import results_of
from .judge import Judge
from .recognise import belongs, plain, recognise
from .source import Problem
from .standins import replaced
from .verdicts import AGREES, RAISES, Change, Failure, Finding, Function, Note, Recognised, Repair, Report, Result


def audit(
    target: str | Path | Callable[..., Any],
    *,
    convention: str = "auto",
    examples: int = 30,
    seed: int = 0,
    timeout: float = 60.0,
    case: str | None = None,
    arithmetic: str = "all",
    digits: int = DIGITS,
    forward: str | Callable[..., Any] | None = None,
    backward: str | None = None,
    signature: Any = None,
    repair_budget: float = 0.0,
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
    judged: Callable[[Report], None] = lambda report: None,
) -> Report:
    """See `gradproof.audit`.  judged: called with the report before a repair is searched."""
    if arithmetic not in ARITHMETICS:
        raise AuditError(f"arithmetic is {arithmetic!r}; expected {', '.join(ARITHMETICS)}")
    if not 1 <= digits <= LARGEST_DIGITS:
        raise AuditError(f"digits is {digits}; expected 1 to {LARGEST_DIGITS}")
    if not callable(target) and not isinstance(target, (str, Path)):
        raise TypeError(f"{target!r} is a {type(target).__name__}; expected a path, a function or a class")
    if forward is not None or backward is not None:
        from .own.auditing import audit_pair

        return audit_pair(
            target,
            forward=forward,
            backward=backward,
            signature=signature,
            timeout=timeout,
            case=case,
            repair_budget=repair_budget,
            progress=progress,
            judged=judged,
            examples=examples,
            seed=seed,
            arithmetic=arithmetic,
            digits=digits,
        )
    if signature is not None:
        raise AuditError("a signature is that of a forward and its backward: name the forward, too")
    function: str | None = None
    if callable(target):
        target, name = _with_its_class(target)
        file, function = "", name
        if not function:
            raise AuditError(f"{target!r} has no name; expected a function")
    else:
        file, separator, named = str(target).partition("::")
        target, function = file, (named if separator else None)
    with Candidate(target, timeout) as candidate:
        progress("loading", 0, 1)
        candidate.load()
        if function is None and "." in convention:
            function = convention.partition(".")[2]
        targets, notes = recognise(candidate, convention, function)
        lost = _lost(candidate, convention, function)
        if function is not None and not any(belongs(t.name, function) for t in targets) and not lost:
            hint = f"{function} is not a function that gradproof knows; --convention FAMILY.NAME holds it to a contract"
            raise AuditError(_nothing(hint, notes))
        if not targets and not lost:
            notes += [Note(f"{p.label}, line {p.line}: {p.message}") for p in candidate.problems]
            raise AuditError(_nothing(f"{candidate.source.path}: no function that gradproof knows", notes))
        if case is not None:
            for t in targets:
                if function is None or belongs(t.name, function):
                    check_case(case, t.contract)
        judge = Judge(
            candidate,
            targets,
            examples=examples,
            seed=seed,
            case=case,
            arithmetic=arithmetic,
            digits=digits,
            convention=convention,
            progress=progress,
        )
        functions = judge.audit([function] if function else None) + lost
        for audited in functions:
            audited.reproduce = _reproduce(audited, file, convention)
        told = {finding.message for audited in functions for finding in audited.findings}
        texts = [chunk.text for chunk in candidate.source.chunks]
        notes += [Note(old) for old in replaced(candidate.words, texts) if old not in told]
        report = Report(file or f"{function} ({candidate.source.path})", functions, notes_of(candidate) + notes)
        for audited in functions:
            audited.mistakes = _mistakes(audited)
        judged(report)
        if repair_budget > 0:
            search_repair(report, judge, repair_budget, progress)
    return report


def search_repair(report: Report, judge: Judge, seconds: float, progress: Callable[[str, int, int], None]) -> None:
    """Add the repair of what is wrong, if its source can be edited."""
    from .repair.mending import needs_mending, repair

    functions = [function for function in report.functions if judge.experiment_of(function) is not None]
    if not any(map(needs_mending, functions)):
        return
    started = time.monotonic()

    def tick(name: str, tried: int) -> None:
        left = min(int(time.monotonic() - started), int(seconds))
        what = "proof" if name == "proof" else f"repair of {name}: {tried} edits"
        progress(what, left, int(seconds) + 1)

    report.source = judge.lab.candidate.source
    try:
        report.repair, report.repaired = repair(judge, functions, seconds, tick)
    except Exception as error:  # the verdicts are not lost for it
        told = f"a defect of gradproof ended the search, please report it: {type(error).__name__}: {error}"
        report.repair = Repair(unmended={one.name: told for one in functions if needs_mending(one)})
    found: dict[str, bool] = {}
    for function in functions:
        if function.name in report.repair.mended and report.repair.verdict != AGREES:
            edits = [change for change in report.repair.changes if change.function == function.name]
            found |= {mistake.name: mistake.certain for mistake in _mistakes(function, edits) if mistake.certain}
    report.repair.mistakes = [Recognised(name, certain) for name, certain in found.items()]


def _mistakes(function: Function, edits: Sequence[Change] = ()) -> list[Recognised]:
    """The entries of the catalogue that fit; edits: those that are proved to mend it."""
    if not (function.failing or function.findings):
        return []
    from .diagnose.mistakes import recognised

    return [Recognised(name, certain) for name, certain in recognised(function, function.relations, edits)]


def _with_its_class(target: Callable[..., Any]) -> tuple[Callable[..., Any], str]:
    """A method comes with its class, and is called as "TimeRNN.backward"."""
    made, dot, _ = getattr(target, "__qualname__", "").partition(".")
    owner = getattr(target, "__globals__", {}).get(made)
    if dot and isinstance(owner, type):
        return owner, target.__qualname__
    return target, getattr(target, "__name__", "")


def check_case(case: str, contract: Contract) -> None:
    if not case.strip():
        raise AuditError("case: is empty; expected words such as n_x=1 T=2 seed=0")
    try:
        parse(case, contract)
    except ValueError as error:
        raise AuditError(f"case: {error}") from None


def _lost(candidate: Candidate, convention: str, function: str | None) -> list[Function]:
    """Functions whose source does not parse: they get a verdict all the same."""
    contracts = [
        contract
        for name, family in CONVENTIONS.items()
        if convention.partition(".")[0] in ("auto", name)
        for contract in family
    ]
    lost: dict[tuple[str, str], Function] = {}
    for problem, contract in ((p, c) for p in candidate.problems if p.function for c in contracts):
        made, dot, method = contract.name.partition(".")
        name, kind = f"{problem.function}{dot}{method}", type(contract).__name__
        if plain(made) != plain(problem.function or "") or name in candidate.functions or (name, kind) in lost:
            continue
        if function is not None and not belongs(name, function):
            continue
        lost[name, kind] = Function(
            name=name,
            contract=contract.name,
            convention=contract.convention,
            kind="backward" if isinstance(contract, Backward) else "forward",
            signature=published(contract),
            verdict=RAISES,
            results=[Result(result, RAISES) for result in results_of(contract)],
            cases=0,
            label=problem.label,
            line=problem.line,
            findings=[Finding("python2", "the source is Python 2")] if problem.python2 else [],
            failure=_failure_of(problem),
        )
    return list(lost.values())


def _failure_of(problem: Problem) -> Failure:
    """The error for which a definition was not loaded: "NameError: ..."; else it does not parse."""
    kind, colon, message = problem.message.partition(": ")
    if not colon or not kind.isidentifier():
        kind, message = "SyntaxError", problem.message
    return Failure(kind, message, label=problem.label, line=problem.line)


def notes_of(candidate: Candidate) -> list[Note]:
    notes = [Note(problem.message, problem.label, problem.line) for problem in candidate.problems]
    if candidate.supplied:
        notes.append(
            Note(f"not found, so gradproof supplied stand-ins: {', '.join(dict.fromkeys(candidate.supplied))}")
        )
    return notes


def _nothing(reason: str, notes: list[Note]) -> str:
    told = "It looks for functions such as lstm_backward(da, caches): `gradproof conventions` lists them all"
    own = "For a pair of your own: --forward NAME --backward NAME; in Python: audit(backward, forward=forward)"
    return "\n".join([reason, *(note.message for note in notes), told, own])


def _reproduce(function: Function, file: str, convention: str) -> str | None:
    cases = [result.case for result in function.failing if result.case and not result.alone]
    if function.failure and function.failure.case and not function.failing[0].alone:
        cases.append(function.failure.case)
    if not cases:
        return None
    if not file:
        # a method is audited with its class
        name, contract = (words.partition(".")[0] for words in (function.name, function.contract))
        return f'gradproof.audit({name}, convention="{function.convention}.{contract}", case="{cases[0]}")'
    option = "" if convention == "auto" else f" --convention {convention}"
    return f'gradproof audit {shlex.quote(f"{file}::{function.name}")}{option} --case "{cases[0]}"'
