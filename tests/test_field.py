"""gradproof/arithmetic/field.py: a chain of finite fields with a true exponential."""

from fractions import Fraction
from itertools import pairwise

import flint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof.arithmetic import field
from gradproof.arithmetic.engines import decoded, encoded
from gradproof.arithmetic.exact import as_array
from gradproof.arithmetic.field import Field, LevelsExhausted, same
from gradproof.arithmetic.scalar import number

FIELD = Field(8, seed=3)
seeds = st.integers(0, 10_000)
floats = st.floats(-3, 3).filter(lambda value: abs(value) > 1e-3)


def variables(seed, *values):
    return [FIELD.variable(f"{seed} {name}", value) for name, value in enumerate(values)]


def test_each_prime_is_a_multiple_of_the_next_plus_one():
    primes = [int(ring.modulus()) for ring in FIELD.rings]
    assert all(flint.fmpz(p).is_prime() and p % 4 == 3 for p in primes)
    assert all((p - 1) % q == 0 for p, q in pairwise(primes))
    assert min(primes) >= 2 ** (field.BITS - 1)


@given(seeds, floats, floats)
def test_exp_of_a_sum_is_the_product(seed, a, b):
    x, y = variables(seed, a, b)
    assert same((x + y).exp(), x.exp() * y.exp())


@given(seeds, floats, floats)
def test_exp_of_different_numbers_differs(seed, a, b):
    x, y = variables(seed, a, b)
    assert not same(x.exp(), y.exp())


@given(seeds, floats)
def test_an_exponential_costs_one_level(seed, a):
    (x,) = variables(seed, a)
    assert len(x.exp().r) == len(x.r) - 1


def test_too_many_exponentials_raise_and_a_longer_chain_has_room():
    def nested(engine):
        x = engine.variable("x", 0.1)
        for _ in range(4):
            x = x.exp()
        return x

    with pytest.raises(LevelsExhausted):
        nested(Field(4))
    assert len(nested(Field(8)).r) == 4


@given(seeds, floats)
def test_the_derivative_of_tanh_has_two_spellings(seed, a):
    (x,) = variables(seed, a)
    assert same(1 - x.tanh() ** 2, 1 / x.cosh() ** 2)


@given(seeds, floats)
def test_both_branches_of_the_sigmoid_are_one_function(seed, a):
    (x,) = variables(seed, a)
    assert same(x.logistic(), x.exp() / (1 + x.exp()))
    assert same(x.logistic() + (-x).logistic(), number(FIELD, 1))


@given(seeds, floats)
def test_a_term_of_any_scale_is_seen(seed, a):
    x, y = variables(seed, a, 1.0)
    assert not same(x + Fraction(1, 10**38) * y, x)


@given(seeds, st.floats(0.1, 3), st.floats(0.1, 3))
def test_logarithms_are_known_by_their_exponentials(seed, a, b):
    x, y = variables(seed, a, b)
    assert same((x * y).log(), x.log() + y.log())
    assert same((x.log() / 3 + y.log() / 3) * 3, (x * y).log())
    assert same((x.exp() * y).log(), x + y.log())
    assert not same((x * y).log(), x.log() - y.log())


@given(seeds, st.floats(0.1, 3), st.floats(0.1, 3))
def test_square_roots_multiply(seed, a, b):
    x, y = (value**2 for value in variables(seed, a, b))
    assert same((x * y).sqrt(), x.sqrt() * y.sqrt())
    assert same(x.sqrt() ** 2, x)
    assert x.sqrt().taint is not None  # a difference proves nothing: each root has two signs


def test_a_radicand_that_is_no_square_asks_for_other_residues():
    unlucky = 0
    for seed in range(40):
        try:
            (Field(4, seed).variable("x", 2.0) + 1).sqrt()
        except field.Unlucky:
            unlucky += 1
    assert 10 < unlucky < 30


@given(seeds, floats)
def test_a_function_without_rules_is_the_same_of_the_same_and_tainted(seed, a):
    (x,) = variables(seed, a)
    assert same(x.function("sin"), (2 * x / 2).function("sin"))
    assert "sin" in (x.function("sin") + 1).taint


@given(seeds, floats, st.booleans())
def test_a_number_survives_being_sent(seed, a, logarithm):
    (x,) = variables(seed, abs(a))
    x = x.log() / 3 if logarithm else x.exp()
    (received,) = decoded(encoded(as_array(x).reshape(1)), FIELD)
    assert same(received, x)
    assert received.shadow == x.shadow


def test_infinity_goes_to_zero_through_exp():
    minus = number(FIELD, float("-inf"))
    (x,) = variables(0, 1.0)
    assert same((minus + x).exp() + x, x)
