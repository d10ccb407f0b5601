"""Exact arithmetic knows two spellings of one function in NumPy for the same, and near misses for what they are."""

import importlib.util
import sys
from pathlib import Path

import pytest

from gradproof.verdicts import EQUAL, IDENTICAL, UNDECIDED, WRONG

# What no rule of a field decides; balls do.
BEYOND_FIELDS = {
    "log2 of a product",
    "entropy",
    "rationalised",
    "sin**2 + cos**2",
    "tan",
    "sin(2x)",
    "arctan",
    "GELU by erf and erfc",
}


def module(name):
    """A module of benchmarks/, which is no package."""
    path = Path(__file__).parents[1] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


spellings = module("spellings")
SPELLINGS = {f"{group}, {name}": pair for group, pairs in spellings.EQUAL.items() for name, pair in pairs.items()}


@pytest.mark.parametrize("name", SPELLINGS)
def test_equal_spellings_are_identical_in_a_field_or_undecided_and_never_wrong(name):
    found = spellings.decision(SPELLINGS[name], "field")
    beyond = name.partition(", ")[2] in BEYOND_FIELDS
    assert found.verdict == (UNDECIDED if beyond else IDENTICAL), found


@pytest.mark.parametrize("name", SPELLINGS)
def test_equal_spellings_are_equal_to_thirty_digits_in_balls(name):
    found = spellings.decision(SPELLINGS[name], "arb")
    assert found.verdict == EQUAL, found
    assert found.digits >= 30


@pytest.mark.parametrize("name", spellings.UNEQUAL)
def test_near_misses_are_neither_identical_nor_equal(name):
    verdicts = [spellings.decision(spellings.UNEQUAL[name], engine).verdict for engine in ("field", "arb")]
    assert set(verdicts) <= {WRONG, UNDECIDED}
    assert verdicts[1] == (UNDECIDED if name.startswith("a double for") else WRONG)
