"""The plan of a pair: what its source says, and what one call of each function shows."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..candidate import Candidate, source_of
from ..cases import Case
from ..contracts import names_of
from ..errors import AuditError
from ..verdicts import Finding
from . import discover
from .contract import Plan, forward_of
from .returned import (
    Leaf,
    connected,
    forgotten,
    inside,
    is_kept,
    loss_and_gradients,
    named,
    unjudged,
    with_gradients,
    with_missing,
)
from .signature import Signature
from .sizes import ask, assignments, check_size, first_sizes, told_if_equal
from .written import Written, find, imported, of_object


@dataclass(frozen=True)
class Completed:
    """A plan, the sizes of its first case, and what a report should say of how it came about.

    error: what the forward raises on every assignment of sizes.  in_jax: whether it returns JAX's arrays.  findings:
    what the backward returns that nothing is compared with.
    """

    plan: Plan
    sizes: dict[str, int]
    notes: tuple[str, ...] = ()
    error: dict[str, Any] | None = None
    in_jax: bool = False
    findings: tuple[Finding, ...] = ()


def complete(candidate: Candidate, forward: str, backward: str, declared: Signature) -> Completed:
    """The plan of a pair.  Raises AuditError for what can neither be read nor seen, naming it."""
    takes = {name: candidate.functions[name] or [] for name in (forward, backward)}
    sources = {name: _source(candidate, name) for name in (forward, backward)}
    written = sources[forward]
    other = sources[backward] if backward != forward else None
    in_file = candidate.function is None
    inputs = discover.inputs(forward, takes[forward], written, other, candidate.source, declared, in_file)
    plan = Plan(
        forward,
        backward,
        inputs,
        dict(declared.values),
        positional=_positional(takes[forward]),
        backward_positional=_positional(takes[backward]),
    )
    _check(plan)
    check_size(forward_of(plan.text), Case(next(assignments(names_of(forward_of(plan.text))))), in_file)
    sizes, answer, error = first_sizes(candidate, plan)
    if error is not None:
        wanted = list(declared.gradients.values()) or list(plan.variables)
        of = {f"d{name.rpartition('.')[2]}": name for name in wanted}
        return Completed(replace(plan, gradients={name: (name,) for name in of}, of=of), sizes, (), error)
    seen, in_jax = answer["described"], answer.get("jax") is True
    notes = told_if_equal(plan, sizes, in_file)
    if seen["kind"] == "none":
        raise AuditError(f"{forward} returned None: is a return missing?")
    _check_rows(forward, seen)
    returned = named(seen, written.returned if written else [])
    if plan.itself:
        plan, findings = loss_and_gradients(plan, returned, declared, sizes)
        if not is_kept(sources.values()):
            plan = with_missing(plan, forgotten(plan, returned, declared))
        return Completed(plan, sizes, (*notes, *unjudged(plan)), in_jax=in_jax, findings=findings)
    plan = connected(plan, returned, takes[backward], declared)
    described, taken = _described(candidate, plan, sizes)
    found: list[Leaf]
    names = other.returned if other else []
    if described is None:  # it raises: so will every case, and the names are those it says
        found = [(name, (at,), {"kind": "array"}) for at, name in enumerate(names)]
        found = found if len(found) == len(plan.variables) else []
    elif described["kind"] == "none" and not any(names):
        found = []  # as every case will tell
    else:
        _check_rows(backward, described)
        found = named(described, names)
    plan, findings = with_gradients(plan, found, declared, taken, sure=described is not None)
    if described is not None and found and not is_kept(sources.values()):
        plan = with_missing(plan, forgotten(plan, found, declared))
    return Completed(plan, sizes, (*notes, *unjudged(plan)), in_jax=in_jax, findings=findings)


def _described(
    candidate: Candidate, plan: Plan, sizes: dict[str, int]
) -> tuple[Mapping[str, Any] | None, dict[str, int]]:
    """What the backward returns, and sizes at which it does; None where it raises at all that are tried."""
    for tried in (sizes, *(dict.fromkeys(sizes, each) for each in (1, 2, 3))):
        answer = ask(candidate, plan, "backward", tried)
        if "described" in answer:
            return answer["described"], tried
        if answer["error"].get("fatal"):
            break
    return None, sizes


def _check_rows(name: str, described: Mapping[str, Any]) -> None:
    """Raises AuditError for lists of lists."""
    if any(leaf[2]["kind"] == "rows" for leaf in inside((None, (), described))):
        raise AuditError(f"{name} returned a list of lists, not an array: without .tolist(), or in np.array(...)")


def _source(candidate: Candidate, name: str) -> Written | None:
    if candidate.function is None:
        return find(candidate.source, name) or imported(candidate.source, name)
    function = inspect.unwrap(candidate.beside.get(name, candidate.function))
    code = getattr(function, "__code__", None)
    found = find(source_of(function), code.co_name, code.co_firstlineno) if code else None
    return found or of_object(function, name)


def _positional(parameters: list[list[Any]]) -> tuple[str, ...]:
    return tuple(name for name, kind, _ in parameters if kind == "POSITIONAL_ONLY")


def _check(plan: Plan) -> None:
    if not plan.variables:
        raise AuditError(f"{plan.forward} takes no array of floats that could have a gradient")
    try:
        assert plan.text
    except TypeError as error:
        raise AuditError(f"a value of {plan.forward}: {error}") from None
