"""What forward and backward return: which part is an output, the cache, the gradient of an input, or none of these."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ..contracts import sizes_of
from ..errors import AuditError
from ..verdicts import Finding
from . import matching
from .contract import Path, Plan
from .signature import Signature, split
from .written import Written

KEPT = re.compile(  # what says that an array is none that is learnt
    r"(?i)\b(?:frozen|fixed|constants?|no gradients?|not? (?:be )?(?:trained|learn\w*|updated)|"
    r"(?:sample|class|example|loss) weights?)\b"
)
Leaf = tuple[str | None, Path, Mapping[str, Any]]


def named(described: Mapping[str, Any], names: list[str | None]) -> list[Leaf]:
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


def inside(leaf: Leaf) -> Iterator[Leaf]:
    """The arrays inside a value, with their own names."""
    _, path, part = leaf
    if part["kind"] not in ("tuple", "list", "named"):
        yield leaf
        return
    for key, one in part["parts"]:
        yield from inside((str(key) if isinstance(key, str) else None, (*path, key), one))


def _is_array(leaf: Leaf) -> bool:
    return leaf[2]["kind"] == "array"


def connected(plan: Plan, returned: list[Leaf], parameters: list[list[Any]], declared: Signature) -> Plan:
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


def with_gradients(
    plan: Plan, found: list[Leaf], declared: Signature, sizes: dict[str, int], sure: bool = True
) -> tuple[Plan, tuple[Finding, ...]]:
    """The plan with the gradients that the backward returns, and what is told of the others.

    sizes: those at which it returned them.  sure: whether it returned anything.
    """
    shapes = {name: list(sizes_of(split(dimensions)[0], sizes)) for name, dimensions in plan.inputs.items()}
    leaves = [inner for leaf in found for inner in inside(leaf) if inner[2]["kind"] != "none" or inner[0] is not None]
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


def is_kept(sources: Iterable[Written | None]) -> bool:
    """Whether the source says of anything that it is not learnt."""
    return any(KEPT.search(source.text) for source in sources if source is not None)


def forgotten(plan: Plan, found: list[Leaf], declared: Signature) -> list[str]:
    """Weights and biases whose gradient is not returned, beside others whose gradient is; no None stands for it."""
    if declared.gradients or any(inner[2]["kind"] == "none" for leaf in found for inner in inside(leaf)):
        return []
    first = next(iter(plan.inputs))
    weights = [name for name in plan.variables if name != first and plan.inputs[name] and matching.is_weight(name)]
    missing = [name for name in weights if name not in plan.of.values()]
    return missing if len(missing) < len(weights) else []


def with_missing(plan: Plan, names: Iterable[str]) -> Plan:
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
    return with_missing(plan, [name for name in said.values() if name not in primal.values()]) if gradients else plan


def loss_and_gradients(
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
    return with_gradients(plan, found, declared, sizes)


def unjudged(plan: Plan) -> tuple[str, ...]:
    left = [name for name in plan.variables if name not in plan.of.values()]
    return (f"no gradient of {', '.join(left)} is returned: not audited",) if left else ()
