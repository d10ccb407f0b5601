"""Sizes for the dimensions of a pair that its forward takes, and what the candidate's process is asked at them."""

import math
import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .. import cases as drawing
from ..candidate import Candidate
from ..cases import Case
from ..contracts import Forward, names_of, sizes_of
from ..errors import AuditError
from .contract import Plan, forward_of
from .experiment import LARGEST
from .signature import declaration

TRIES = 100  # assignments of sizes to dimensions, until the forward takes one
SMALL = 40  # of these, up to which sizes are small


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


def first_sizes(candidate: Candidate, plan: Plan) -> tuple[dict[str, int], dict[str, Any], dict[str, Any] | None]:
    """Distinct sizes that the forward takes, the answer of it at them, and its error where it takes none."""
    names = names_of(forward_of(plan.text))
    first: Any = None
    found: dict[tuple[bool, bool], tuple[dict[str, int], dict[str, Any]]] = {}  # by what is wanted of them
    for at, sizes in enumerate(assignments(names)):
        if at >= SMALL and (True, False) in found and found[True, False][1].get("jax"):
            break  # it compiles for every size
        if at > 0 and _count(forward_of(plan.text), Case(sizes)) > LARGEST:
            continue
        answer = ask(candidate, plan, "forward", sizes)
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
    return next(assignments(names)), {}, first


def assignments(names: tuple[str, ...]) -> Iterator[dict[str, int]]:
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


def told_if_equal(plan: Plan, sizes: Mapping[str, int], in_file: bool) -> tuple[str, ...]:
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


def ask(candidate: Candidate, plan: Plan, what: str, sizes: dict[str, int]) -> dict[str, Any]:
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
