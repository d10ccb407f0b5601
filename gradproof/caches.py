"""Whether the cache that a candidate's forward returns is the published one, entry by entry."""

from typing import Any

import numpy as np

from . import cases as drawing
from . import references
from .candidate import Candidate
from .contracts import Forward, key
from .experiment import Target

STATES = ("published", "damaged", "its own")  # as published, with wrong entries, in another order or form


def examine(candidate: Candidate, own: Target) -> tuple[str, str]:
    """The state of what a forward returns, one of STATES or "unknown", and which entries are off."""
    contract = own.contract
    assert isinstance(contract, Forward)
    if contract.reference is None:
        return "its own", ""
    case = drawing.grid(contract)[0]
    inputs = drawing.inputs_of(contract, case, own.taken)
    answer = candidate.call(
        do="forward",
        contract=key(contract),
        function=own.name,
        inputs=inputs,
        taken=own.taken,
        entries=True,
    )
    if "results" not in answer:
        return "unknown", ""
    steps, expected = answer.get("entries"), references.cache_of(contract, inputs)
    reference = list(expected[0]) if contract.cell else [expected]
    if not steps or len(steps) != len(reference):
        return "its own", ""
    orders = [_order(mine, theirs) for mine, theirs in zip(steps, reference, strict=True)]
    step, (state, off) = max(enumerate(orders), key=lambda item: (STATES.index(item[1][0]), -item[0]))
    return state, ", ".join(contract.cache[i] for i in off) + (f" of step {step}" if contract.cell else "")


def _order(mine: list[Any], reference: Any) -> tuple[str, list[int]]:
    """How one step's cache stands to the reference's, and which entries are not in their place.

    A permutation is an order of its own; so is one in which some entries are wrong, as long as no two are the same.
    """
    pairs = [(i, entry) for i, entry in enumerate(mine) if isinstance(entry, np.ndarray)]
    found = []
    for i, entry in pairs:
        same = [j for j, other in enumerate(reference) if isinstance(other, np.ndarray) and _equal(entry, other)]
        found.append(i if i in same else same[0] if same else None)
    off = [i for match, (i, _) in zip(found, pairs, strict=True) if match != i]
    known = [match for match in found if match is not None]
    moved = any(match not in (None, i) for match, (i, _) in zip(found, pairs, strict=True))
    return "published" if not off else "its own" if moved and len(set(known)) == len(known) else "damaged", off


def _equal(a: Any, b: Any) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=1e-9)
