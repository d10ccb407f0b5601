"""Which mutants are mistakes: those that behave otherwise than the right function on some call.

Each is called beside the right function, at sizes and with numbers of its own: distinct sizes, equal ones, every size 1
in turn, large inputs, saturated gates, large and small cotangents; twice on one cache, and with other cotangents on it.
A mutant of which nothing differs by more than rounding is put before exact arithmetic, at sizes that no audit uses: if
every gradient is identical or equal to the truth, it is equivalent and counts for nothing.  Nor does one that raises on
every call, since it needs no checker.  (What exact arithmetic is worth, benchmarks/exactness.py says.)
"""

import tempfile
from dataclasses import replace
from functools import cache

import numpy as np

from detection.subjects import DERIVED, LARGE, SMALL
from gradproof import exactly
from gradproof.candidate import Candidate as Process
from gradproof.cases import Case, cotangents_of, inputs_of
from gradproof.contracts import names_of
from gradproof.experiment import Experiment, Lab, Target
from gradproof.observe import changed, flat
from gradproof.verdicts import EQUAL, IDENTICAL

RAISES, EQUIVALENT = "raises on every call", "equivalent"
# Differences relative to the largest number of a gradient: one that no order of operations makes, and rounding.
SEEN, ROUNDED = 1e-10, 1e-13
DISTINCT = {"n_x": 2, "n_a": 5, "n_y": 3, "m": 4, "T": 6, "N": 4, "D": 2, "H": 5}
EXACT = {"n_x": 3, "n_a": 2, "n_y": 1, "m": 2, "T": 4, "N": 2, "D": 3, "H": 2}


def fate(candidate):
    """How a mutant shows itself: "other values", "writes into its arguments" ...; else RAISES or EQUIVALENT."""
    found = _differences(candidate)
    if found is None:
        return RAISES
    if found:
        return found
    return EQUIVALENT if _exactly_right(candidate) else "other values in exact arithmetic"


def calls(contract):
    """(case, whether rounding is small there) of the calls that tell."""
    first = Case({name: DISTINCT[name] for name in names_of(contract)}, seed=101)
    ones = first.with_sizes(**dict.fromkeys(first.sizes, 1))
    usual = [
        first,
        replace(first.with_sizes(**dict.fromkeys(first.sizes, 3)), seed=102),
        *(replace(first.with_sizes(**{name: 1}), seed=103) for name in first.sizes),
        ones,
        *([replace(ones.with_sizes(T=2), seed=104)] if "T" in first.sizes else []),
        replace(first, seed=105, cotangents=1e4),
        replace(first, seed=106, cotangents=1e-9),
        replace(first, seed=107, cotangents=1e-13),
    ]
    return [(case, True) for case in usual] + [
        (replace(first, seed=108, scale=5.0), False),
        (replace(first, seed=109, saturated=True), False),
    ]


def _differences(candidate):
    """The first thing that is other than the right function's; "" if nothing is, None if every call raises."""
    mine, raised, seen = candidate.load(), 0, ""
    truths = _truths(candidate.subject)
    with np.errstate(all="ignore"):
        for inputs, upstream, other, expected, otherwise, precise in truths:
            try:
                seen = seen or _on_call(mine, inputs, upstream, other, expected, otherwise, _bound(candidate, precise))
            except Exception:
                raised += 1
    if raised == len(truths):
        return None
    return seen or ("raises on some calls" if raised else "")


def _bound(candidate, precise):
    """A side effect may be noise of any size.  Extreme numbers are computed as the right function computes them, and so
    differ by what is done to them alone; a derivation may be right and round in another order."""
    if candidate.kind in (DERIVED, SMALL):
        return SEEN if precise else np.inf
    return ROUNDED if candidate.kind == LARGE else 0.0


@cache
def _truths(subject):
    """Of every call the inputs, two pairs of cotangents, and the right results for either."""
    right, found = subject.right.load(), []
    contract = subject.contract
    for case, precise in calls(contract):
        inputs = inputs_of(contract.forward, case, right.forward_takes)
        upstream, other = (
            {
                contract.cotangents[name]: array
                for name, array in cotangents_of(contract, one, right.backward_takes).items()
            }
            for one in (case, replace(case, seed=case.seed + 100))
        )
        cache = right.forward(_copies(inputs))[1]
        expected, otherwise = (_copies(right.backward(_copies(one), cache)) for one in (upstream, other))
        found.append((inputs, upstream, other, expected, otherwise, precise))
    return found


def _on_call(mine, inputs, upstream, other, expected, otherwise, bound):
    """What one call shows, and others on the same cache."""
    inputs, given = _copies(inputs), _copies(upstream)
    cache = mine.forward(inputs)[1]
    arguments = {"inputs": inputs, "upstream": given, "cache": cache}
    untouched = flat(arguments)
    results = mine.backward(given, cache)
    first = _copies(results)
    if any(np.shape(first[name]) != array.shape for name, array in expected.items()):
        return "another shape"
    if any(np.asarray(first[name]).dtype != array.dtype for name, array in expected.items()):
        return "another dtype"
    if _differ(first, expected, bound):
        return "other values"
    if changed(untouched, flat(arguments)):
        return "writes into its arguments"
    again = _copies(mine.backward(_copies(upstream), cache))
    if _differ(again, first, 0.0):
        return "a second call differs"
    if _differ(mine.backward(_copies(other), cache), otherwise, bound):
        return "other cotangents on one cache"
    if _differ(results, first, 0.0):
        return "a second call overwrites the first one's results"
    return ""


def _differ(results, expected, bound):
    """Whether some gradient differs by more than the bound, relative to its largest number."""
    return any(
        not np.all(np.abs(results[name] - array) <= bound * np.abs(array).max(initial=1e-300))
        for name, array in expected.items()
        if not np.array_equal(results[name], array, equal_nan=True)
    )


def _copies(arrays):
    return {name: np.array(array) for name, array in arrays.items()}


def _exactly_right(candidate):
    """Whether every gradient is the truth, says exact arithmetic."""
    subject, loaded = candidate.subject, candidate.load()
    contract = subject.contract
    with tempfile.TemporaryDirectory() as folder, Process(candidate.write(folder)) as process:
        process.load()
        target = Target(contract.name, contract, loaded.backward_takes)
        own = Target(contract.forward.name, contract.forward, loaded.forward_takes)
        experiment = Experiment(Lab(process, lambda: None), target, own)
        case = Case({name: EXACT[name] for name in names_of(contract)}, seed=7)
        decisions = exactly.decide(experiment, case, "all", exactly.DIGITS).decisions
    absent = set(contract.gradients) - set(loaded.gradients)
    return {name for name, one in decisions.items() if one.verdict in (IDENTICAL, EQUAL)} >= set(decisions) - absent
