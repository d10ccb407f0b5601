"""An audit of a pair from end to end: load it, discover what it takes, judge it, and make the report."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..auditing import check_case, notes_of, search_repair
from ..candidate import Candidate
from ..cases import parse
from ..contracts import forward_of
from ..errors import AuditError
from ..source import Problem
from ..verdicts import Function, Note, Report
from .complete import complete
from .judge import OwnJudge
from .signature import Signature, as_words
from .sizes import check_size

Named = str | Callable[..., Any] | None


def audit_pair(
    target: str | Path | Callable[..., Any],
    *,
    forward: Named,
    backward: str | None = None,
    signature: Signature | None = None,
    timeout: float = 60.0,
    case: str | None = None,
    repair_budget: float = 0.0,
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
    judged: Callable[[Report], None] = lambda report: None,
    **options: Any,
) -> Report:
    """See `gradproof.audit`; options: examples, seed, arithmetic and digits."""
    if signature is not None and not isinstance(signature, Signature):
        raise TypeError(
            f"signature is a {type(signature).__name__}; expected a Signature, such as "
            'gradproof.Signature(inputs={"x": ("N", "D")})'
        )
    declared = signature or Signature()
    target, names, beside, file = _pair(target, forward, backward)
    with Candidate(target, timeout, beside) as candidate:
        progress("loading", 0, 1)
        candidate.load()
        for name in names:
            if name not in candidate.functions:
                raise AuditError(_absent(candidate, name))
            if "." in name:
                raise AuditError(_method(name))
        completed = complete(candidate, *names, declared)
        judge = OwnJudge(candidate, completed, case=case, progress=progress, **options)
        if case is not None:
            contract = judge.targets[1].contract
            check_case(case, contract)
            check_size(forward_of(contract), parse(case, contract), bool(file))
        functions = judge.audit()
        for function in functions:
            function.reproduce = _reproduce(function, file, names, declared)
        by = "jax.vjp" if completed.in_jax else "running it on dual numbers"
        told = "" if names[0] == names[1] else ": it has no verdict of its own"
        what = "the loss" if names[0] == names[1] else names[0]
        notes = [Note(f"the truth is {what}, differentiated by {by}{told}")]
        shown = file or f"{names[1]} ({candidate.source.path})"
        report = Report(shown, functions, [*notes_of(candidate), *notes, *judge.notes])
        judged(report)
        if repair_budget > 0:
            search_repair(report, judge, repair_budget, progress)
    return report


def _pair(
    target: str | Path | Callable[..., Any], forward: Named, backward: str | None
) -> tuple[str | Callable[..., Any], tuple[str, str], dict[str, Callable[..., Any]], str]:
    """What is loaded, the names of forward and backward in it, function objects beside it, and the file's name."""
    if callable(target):
        if not callable(forward):
            raise AuditError(f"forward is {forward!r}; expected a function, as the backward is one")
        if backward is not None:
            raise AuditError("the backward is given twice: as a function, and by its name")
        names = tuple(getattr(one, "__name__", "") for one in (forward, target))
        if not all(names):
            raise AuditError(f"{target if names[0] else forward!r} has no name; expected a function")
        if names[0] == names[1] and forward is not target:
            raise AuditError(f"forward and backward are both called {names[0]}; give one of them another name")
        return target, (names[0], names[1]), {} if forward is target else {names[0]: forward}, ""
    file, _, named = str(target).partition("::")
    if callable(forward):
        raise AuditError(f"forward is a function, and {file} a file; expected its name")
    if backward is not None and named and backward != named:
        raise AuditError(f"the backward is called {named} and {backward}; expected one of them")
    if forward is None:
        raise AuditError(f"--backward {backward} needs its forward: --forward NAME")
    return file, (forward, backward or named or forward), {}, file


def _method(name: str) -> str:
    made, _, method = name.rpartition(".")
    return (
        f"{name} is a method; a pair of one's own is two functions: write them around it, such as\n"
        f"    def f(x): layer = {made}(); return layer.{method}(x), layer\n"
        f"    def g(dout, cache): return cache.backward(dout)"
    )


def _absent(candidate: Candidate, name: str) -> str:
    functions = [known for known in candidate.definitions if known in candidate.functions]
    told = ", ".join(functions) or "none"
    lost: list[Problem] = [problem for problem in candidate.problems if problem.function == name]
    reason = f" ({lost[0].message})" if lost else ""
    return f"{candidate.source.path} has no function {name}{reason}; its functions are {told}"


def _reproduce(function: Function, file: str, names: tuple[str, str], declared: Signature) -> str | None:
    cases = [result.case for result in function.failing if result.case and not result.alone]
    if function.failure and function.failure.case and not (function.failing and function.failing[0].alone):
        cases.append(function.failure.case)
    if not cases:
        return None
    if not file:
        said = "" if declared == Signature() else f", signature={declared!r}"
        return f'gradproof.audit({names[1]}, forward={names[0]}{said}, case="{cases[0]}")'
    shapes, values = as_words(declared)
    options = "" if names[0] == names[1] else f" --backward {names[1]}"
    options += f" --shapes {shlex.quote(shapes)}" if shapes else ""
    options += "".join(f" --value {shlex.quote(value)}" for value in values)
    return f'gradproof audit {shlex.quote(file)} --forward {names[0]}{options} --case "{cases[0]}"'
