"""The plan of a pair: what its source says, and what one call of each function shows."""

import inspect
import math
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .. import cases as drawing
from ..candidate import Candidate, source_of
from ..cases import Case
from ..contracts import Forward, names_of, sizes_of
from ..errors import AuditError
from ..verdicts import Finding
from . import discover, matching
from .contract import Path, Plan, forward_of
from .experiment import LARGEST
from .signature import Signature, declaration, split
from .written import Written, find, imported, of_object

TRIES = 100  # assignments of sizes to dimensions, until the forward takes one
SMALL = 40  # of these, up to which sizes are small
KEPT = re.compile(  # what says that an array is none that is learnt
    r"(?i)\b(?:frozen|fixed|constants?|no gradients?|not? (?:be )?(?:trained|learn\w*|updated)|"
    r"(?:sample|class|example|loss) weights?)\b"
)


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
    check_size(forward_of(plan.text), Case(next(_assignments(names_of(forward_of(plan.text))))), in_file)
    sizes, answer, error = _sizes(candidate, plan)
    if error is not None:
        wanted = list(declared.gradients.values()) or list(plan.variables)
        of = {f"d{name.rpartition('.')[2]}": name for name in wanted}
        return Completed(replace(plan, gradients={name: (name,) for name in of}, of=of), sizes, (), error)
    seen, in_jax = answer["described"], answer.get("jax") is True
    notes = _equal(plan, sizes, in_file)
    if seen["kind"] == "none":
        raise AuditError(f"{forward} returned None: is a return missing?")
    _check_rows(forward, seen)
    returned = _named(seen, written.returned if written else [])
    if plan.itself:
        plan, findings = _loss_and_gradients(plan, returned, declared, sizes)
        if not _is_kept(sources.values()):
            plan = _with_missing(plan, _forgotten(plan, returned, declared))
        return Completed(plan, sizes, (*notes, *_unjudged(plan)), in_jax=in_jax, findings=findings)
    plan = _connected(plan, returned, takes[backward], declared)
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
        found = _named(described, names)
    plan, findings = _with_gradients(plan, found, declared, taken, sure=described is not None)
    if described is not None and found and not _is_kept(sources.values()):
        plan = _with_missing(plan, _forgotten(plan, found, declared))
    return Completed(plan, sizes, (*notes, *_unjudged(plan)), in_jax=in_jax, findings=findings)


def _described(
    candidate: Candidate, plan: Plan, sizes: dict[str, int]
) -> tuple[Mapping[str, Any] | None, dict[str, int]]:
    """What the backward returns, and sizes at which it does; None where it raises at all that are tried."""
    for tried in (sizes, *(dict.fromkeys(sizes, each) for each in (1, 2, 3))):
        answer = _ask(candidate, plan, "backward", tried)
        if "described" in answer:
            return answer["described"], tried
        if answer["error"].get("fatal"):
            break
    return None, sizes


def _check_rows(name: str, described: Mapping[str, Any]) -> None:
    """Raises AuditError for lists of lists."""
    if any(leaf[2]["kind"] == "rows" for leaf in _inside((None, (), described))):
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


def check_size(forward: Forward, case: Case, in_file: bool = True) -> None:
    """Raises AuditError for a case of more numbers than dual numbers are given directions."""
    count = _count(forward, case)
    if count > LARGEST:
        shapes = declaration(forward.inputs, in_file)
        raise AuditError(
            f"{case} has {count} numbers among the inputs of {forward.name}, too many for dual numbers; expected at "
            f"most {LARGEST}: give small sizes, or names of dimensions in place of numerals, in {shapes}"
        )


def _count(forward: Forward, case: Case) -> int:
    return sum(math.prod(sizes_of(dimensions, case.sizes)) for dimensions in forward.inputs.values())


# sizes


def _sizes(candidate: Candidate, plan: Plan) -> tuple[dict[str, int], dict[str, Any], dict[str, Any] | None]:
    """Distinct sizes that the forward takes, the answer of it at them, and its error where it takes none."""
    names = names_of(forward_of(plan.text))
    first: Any = None
    found: dict[tuple[bool, bool], tuple[dict[str, int], dict[str, Any]]] = {}  # by what is wanted of them
    for at, sizes in enumerate(_assignments(names)):
        if at >= SMALL and (True, False) in found and found[True, False][1].get("jax"):
            break  # it compiles for every size
        if at > 0 and _count(forward_of(plan.text), Case(sizes)) > LARGEST:
            continue
        answer = _ask(candidate, plan, "forward", sizes)
        if "error" in answer:
            first = first or answer["error"]
            if answer["error"].get("fatal"):
                break
            continue
        # mistakes hide where two axes are as long as each other, and along an axis of one
        wanted = not _are_equal(sizes), _smallest(answer["described"]) > 1
        found.setdefault(wanted, (sizes, answer))
        if all(wanted):
            break
    if found:
        return *found[max(found)], None
    return next(_assignments(names)), {}, first


def _assignments(names: tuple[str, ...]) -> Iterator[dict[str, int]]:
    """Pairwise distinct sizes, up to five; in other orders, for a kernel must be shorter than its input; then larger
    ones, for an image may have to be of even sizes.  Every tenth is of equal ones.
    """
    sizes = [2 + at % 5 for at in range(len(names))]
    generator = random.Random(0)
    for at in range(TRIES):
        yield dict(zip(names, sizes, strict=True)) if at % 10 != 9 else dict.fromkeys(names, 1 + at // 10 % 4)
        if at >= SMALL and len(names) <= 7:
            sizes = generator.sample(range(2, 7 if len(names) <= 5 else 9), len(names))
        generator.shuffle(sizes)


def _are_equal(sizes: Mapping[str, int]) -> bool:
    return len(sizes) > 1 and len(set(sizes.values())) == 1


def _equal(plan: Plan, sizes: Mapping[str, int], in_file: bool) -> tuple[str, ...]:
    """What is said where the forward takes only dimensions of equal sizes."""
    if not _are_equal(sizes):
        return ()
    name, dimensions = max(plan.inputs.items(), key=lambda item: len(item[1]))
    doubled = (*dimensions[:-2], *(f"2*{one}" if one.isidentifier() else one for one in dimensions[-2:]))
    told = f"{plan.forward} took only equal sizes of {', '.join(sizes)}, which hide what mixes them up"
    return (
        f"{told}; if sizes have to be even, or equal, say so: {declaration({name: doubled}, in_file)}, or the same "
        "name for both",
    )


def _smallest(described: Mapping[str, Any]) -> int:
    """The smallest axis of what is returned first."""
    while described["kind"] in ("tuple", "list", "named") and described["parts"]:
        described = described["parts"][0][1]
    return min(described.get("shape") or [2])


def _ask(candidate: Candidate, plan: Plan, what: str, sizes: dict[str, int]) -> dict[str, Any]:
    inputs = drawing.inputs_of(forward_of(plan.text), Case(sizes))
    message: dict[str, Any] = {"do": "own", "what": what, "plan": plan.text, "inputs": inputs}
    if what == "backward":
        answer = candidate.call(do="own", what="outputs", plan=plan.text, inputs=inputs)
        if "error" in answer:
            return answer
        shapes = {name: np.shape(array) for name, array in answer["results"].items()}
        message["cotangents"] = {
            name: np.random.default_rng(at).standard_normal(shapes[output])
            for at, (name, output) in enumerate(plan.cotangents.items())
        }
    return candidate.call(**message)


# what belongs to which

Leaf = tuple[str | None, Path, Mapping[str, Any]]


def _named(described: Mapping[str, Any], names: list[str | None]) -> list[Leaf]:
    """Every value that is returned: its name, its path, and what it is.

    A position is named by the return statement, and what is a key or a field by itself.
    """
    if described["kind"] not in ("tuple", "list", "named"):
        return [(names[0] if len(names) == 1 else None, (), described)]
    parts = described["parts"]
    given = names if len(names) == len(parts) else [None] * len(parts)
    found: list[Leaf] = []
    for (key, part), name in zip(parts, given, strict=True):
        found.append((key if isinstance(key, str) else name, (key,), part))
    return found


def _inside(leaf: Leaf) -> Iterator[Leaf]:
    """The arrays inside a value, with their own names."""
    _, path, part = leaf
    if part["kind"] not in ("tuple", "list", "named"):
        yield leaf
        return
    for key, one in part["parts"]:
        yield from _inside((str(key) if isinstance(key, str) else None, (*path, key), one))


def _is_array(leaf: Leaf) -> bool:
    return leaf[2]["kind"] == "array"


def _connected(plan: Plan, returned: list[Leaf], parameters: list[list[Any]], declared: Signature) -> Plan:
    """The plan with the forward's outputs, and with what every parameter of the backward is given."""
    arguments = {*(name.partition(".")[0] for name in plan.inputs), *plan.values}
    by_name = {name: leaf for leaf in returned if (name := leaf[0]) is not None}
    passed: dict[str, tuple[str, Any]] = {}
    upstream, caches = [], []
    for name, kind, default in parameters:
        if kind in ("VAR_POSITIONAL", "VAR_KEYWORD"):
            continue
        if name in declared.cotangents:
            upstream.append(name)
        elif name == declared.cache:
            caches.append(name)
        elif name in arguments:
            passed[name] = ("value" if name in plan.values else "input", name)
        elif default:
            continue
        elif name in by_name:
            passed[name] = ("returned", [by_name[name][1]])
        elif matching.is_cache(name):
            caches.append(name)
        else:
            upstream.append(name)
    if any(map(matching.is_upstream, upstream)):  # then what is not called so is none
        caches += [name for name in upstream if not matching.is_upstream(name) and name not in declared.cotangents]
        upstream = [name for name in upstream if name not in caches]
    taken = [tuple(where[0]) for how, where in passed.values() if how == "returned"]
    outputs = _outputs(plan, returned, taken, len(upstream), declared)
    if not caches and not passed and len(upstream) > len(outputs):
        caches = [upstream.pop()]  # of an unusual name: the last, as everybody writes it
    cotangents = {name: output for name, output in declared.cotangents.items() if name in upstream}
    cotangents |= matching.cotangents(
        [name for name in upstream if name not in cotangents], [o for o in outputs if o not in cotangents.values()]
    )
    strange = [name for name in upstream if name not in cotangents]
    strange += [name for name, output in cotangents.items() if output not in outputs]
    if strange:
        told = ", ".join(outputs) or "nothing"
        raise AuditError(
            f"{plan.backward}: it is not known what {strange[0]} takes: {plan.forward} returns {told} besides its "
            f"cache; call the upstream gradient of {next(iter(outputs), 'out')} d{next(iter(outputs), 'out')}, and "
            f'the cache cache, or say in Python Signature(cotangents={{"{strange[0]}": ...}}, cache=...)'
        )
    rest = [leaf[1] for leaf in returned if leaf[1] not in (*outputs.values(), *taken)]
    if caches and not rest and declared.outputs is None:  # the cache is an array, too
        kept = [*cotangents.values(), *(name for name in outputs if name not in cotangents.values())]
        kept = kept[: max(len(cotangents), 1)]
        rest = [path for name, path in outputs.items() if name not in kept]
        outputs = {name: path for name, path in outputs.items() if name in kept}
    if caches and not rest:
        raise AuditError(
            f"{plan.backward} takes {caches[0]}, and {plan.forward} returns nothing for it after its outputs"
        )
    if len(caches) > 1 and len(caches) == len(rest):
        passed |= {name: ("returned", [path]) for name, path in zip(caches, rest, strict=True)}
    else:
        passed |= {name: ("returned", rest) for name in caches}
    unit: tuple[str, ...] = ()
    if not cotangents:
        first = next(iter(outputs), None)
        shapes = {leaf[1]: leaf[2].get("shape") for leaf in returned}
        if first is None or math.prod(shapes[outputs[first]] or [1]) != 1:
            raise AuditError(
                f"{plan.backward} takes no upstream gradient, and {plan.forward} returns no loss: which parameter is "
                f"it? call it d{first or 'out'}, or say in Python Signature(cotangents={{...: {first or 'out'!r}}})"
            )
        unit = (first,)
    order = {name: at for at, (name, _, _) in enumerate(parameters)}
    cotangents = dict(sorted(cotangents.items(), key=lambda item: order[item[0]]))
    return replace(plan, outputs=outputs, cotangents=cotangents, unit=unit, passed=passed)


def _outputs(plan: Plan, returned: list[Leaf], taken: list[Path], wanted: int, declared: Signature) -> dict[str, Path]:
    """The arrays that the forward returns for their own sake, by name; at least as many as there are cotangents."""
    arrays = [leaf for leaf in returned if _is_array(leaf) and not matching.is_cache(leaf[0])]
    if declared.outputs is not None:
        arrays = [leaf for leaf in returned if _is_array(leaf)][: len(declared.outputs)]
        return {name: leaf[1] for name, leaf in zip(declared.outputs, arrays, strict=False)}
    made = [leaf for leaf in arrays if leaf[0] not in plan.inputs]
    alone = [leaf for leaf in made if leaf[1] not in taken]
    if len(alone) < max(wanted, 1):
        alone = made if len(made) >= max(wanted, 1) else arrays
    if not alone:
        raise AuditError(f"{plan.forward} returns no array, and no number, that could have an upstream gradient")
    names = [leaf[0] or ("out" if len(alone) == 1 else f"out{at}") for at, leaf in enumerate(alone)]
    return {name: leaf[1] for name, leaf in zip(names, alone, strict=True)}


def _with_gradients(
    plan: Plan, found: list[Leaf], declared: Signature, sizes: dict[str, int], sure: bool = True
) -> tuple[Plan, tuple[Finding, ...]]:
    """The plan with the gradients that the backward returns, and what is told of the others.

    sizes: those at which it returned them.  sure: whether it returned anything.
    """
    shapes = {name: list(sizes_of(split(dimensions)[0], sizes)) for name, dimensions in plan.inputs.items()}
    leaves = [inner for leaf in found for inner in _inside(leaf) if inner[2]["kind"] != "none" or inner[0] is not None]
    plan = _matched(plan, leaves, declared, shapes)
    if not plan.gradients and found:
        raise AuditError(
            f"{plan.backward}: it is not known which inputs the {len(leaves)} gradients it returns belong to: give "
            f"them names in its return statement, such as return d{plan.variables[0]}, or say in Python "
            f'Signature(gradients={{0: "{plan.variables[0]}"}})'
        )
    if not plan.gradients:
        of = {f"d{name.rpartition('.')[2]}": name for name in plan.variables}
        return replace(plan, gradients={name: (name,) for name in of}, of=of), ()
    findings = _surplus(plan, leaves) if sure else ()
    return plan, findings


def _surplus(plan: Plan, leaves: list[Leaf]) -> tuple[Finding, ...]:
    """Arrays that belong to no input; what stands for an input of integers does."""
    names, findings = list(plan.inputs), []
    integers = [name for name in names if name not in plan.variables]
    for leaf in leaves:
        called, path = leaf[0], leaf[1]
        if path in plan.gradients.values() or not _is_array(leaf) or not path:
            continue
        if plan.itself and not (called and matching.is_upstream(called)):
            continue  # what a loss is returned with need be no gradient
        place = path[0] if len(path) == 1 and isinstance(path[0], int) else None
        in_place = place is not None and place < len(names) and names[place] in integers
        if in_place or any(called in matching.gradient_names(name) for name in integers):
            continue
        shown = f"{path[-1] + 1}" if isinstance(path[-1], int) else f"{path[-1]}"
        shown = f"{shown} ({called})" if called and called != shown else shown
        findings.append(Finding("extra", f"result {shown} belongs to no input, and nothing was compared with it"))
    return tuple(findings)


def _is_kept(sources: Iterable[Written | None]) -> bool:
    """Whether the source says of anything that it is not learnt."""
    return any(KEPT.search(source.text) for source in sources if source is not None)


def _forgotten(plan: Plan, found: list[Leaf], declared: Signature) -> list[str]:
    """Weights and biases whose gradient is not returned, beside others whose gradient is; no None stands for it."""
    if declared.gradients or any(inner[2]["kind"] == "none" for leaf in found for inner in _inside(leaf)):
        return []
    first = next(iter(plan.inputs))
    weights = [name for name in plan.variables if name != first and plan.inputs[name] and matching.is_weight(name)]
    missing = [name for name in weights if name not in plan.of.values()]
    return missing if len(missing) < len(weights) else []


def _with_missing(plan: Plan, names: Iterable[str]) -> Plan:
    """The plan with gradients that are to be returned, and are not."""
    of = {f"d{name.rpartition('.')[2]}": name for name in names}
    return replace(plan, gradients={**plan.gradients, **{name: (name,) for name in of}}, of={**plan.of, **of})


def _matched(plan: Plan, leaves: list[Leaf], declared: Signature, shapes: Mapping[str, list[int]]) -> Plan:
    said = {str(key): name for key, name in declared.gradients.items()}
    for name in said.values():
        if name not in plan.inputs:
            raise AuditError(f"{plan.forward} has no input {name}; it has {', '.join(plan.inputs)}")
    of: dict[Path, str] = {}
    for leaf in leaves:
        spelt = {".".join(map(str, leaf[1])), str(leaf[1][-1]) if leaf[1] else "0", leaf[0]}
        known = [said[key] for key in said if key in spelt]
        if known:
            of[leaf[1]] = known[0]
    rest = [leaf for leaf in leaves if leaf[1] not in of]
    wanted = [name for name in plan.variables if name not in of.values()]
    matched = matching.match([leaf[0] for leaf in rest], wanted)
    of |= {leaf[1]: name for leaf, name in zip(rest, matched, strict=True) if name is not None}
    if len(leaves) == len(plan.inputs):  # one for every input, those of integers included
        for name, leaf in zip(plan.inputs, leaves, strict=True):
            if (
                name in wanted
                and name not in of.values()
                and leaf[1] not in of
                and leaf[2].get("shape") == shapes[name]
            ):
                of[leaf[1]] = name
    left = [name for name in wanted if name not in of.values()]
    unnamed = [leaf for leaf in rest if leaf[1] not in of and leaf[0] is None]
    # fewer than inputs, without names: the first ones, as everybody returns them, if they have their shapes
    if all(leaf[2].get("shape") == shapes[name] for leaf, name in zip(unnamed, left, strict=False)):
        of |= {leaf[1]: name for leaf, name in zip(unnamed, left, strict=False)}
    gradients, primal = {}, {}
    for leaf in leaves:
        if leaf[1] in of:
            short = of[leaf[1]].rpartition(".")[2]
            called = leaf[0] or f"d{short}"
            while called in gradients:
                called = f"{called}'"
            gradients[called], primal[called] = leaf[1], of[leaf[1]]
    plan = replace(plan, gradients=gradients, of=primal)
    return _with_missing(plan, [name for name in said.values() if name not in primal.values()]) if gradients else plan


def _loss_and_gradients(
    plan: Plan, returned: list[Leaf], declared: Signature, sizes: dict[str, int]
) -> tuple[Plan, tuple[Finding, ...]]:
    """The plan of a function that returns a loss and its gradients."""
    scalars = [leaf for leaf in returned if _is_array(leaf) and math.prod(leaf[2]["shape"]) == 1]
    losses = [leaf for leaf in scalars if leaf[0] in ("loss", "cost", "J", "L", "value", "objective", "E", "energy")]
    if not scalars:
        raise AuditError(f"{plan.forward} returns no loss: name a backward, or let it return (loss, gradients)")
    loss = (losses or scalars)[0]
    found = [leaf for leaf in returned if leaf[1] != loss[1]]
    name = loss[0] or "loss"
    plan = replace(plan, outputs={name: loss[1]}, unit=(name,), passed={"cache": ("returned", [()])})
    return _with_gradients(plan, found, declared, sizes)


def _unjudged(plan: Plan) -> tuple[str, ...]:
    left = [name for name in plan.variables if name not in plan.of.values()]
    return (f"no gradient of {', '.join(left)} is returned: not audited",) if left else ()
