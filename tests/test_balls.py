"""gradproof/arithmetic/balls.py: what two balls say of two numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof.arithmetic.balls import Balls, decoded, difference, encoded
from gradproof.arithmetic.scalar import number

floats = st.floats(-3, 3).filter(lambda value: abs(value) > 1e-3)


@given(floats, st.integers(10, 38))
def test_a_term_of_any_scale_differs_rigorously_and_its_size_is_told(a, exponent):
    with Balls().active() as engine:
        x, s = engine.variable("x", a), number(engine, float(f"1e-{exponent}"))
        how, size, shared = difference(x + s * x, x, digits=30)
        assert how == "differs"
        assert size == pytest.approx(10.0**-exponent)
        assert shared in (exponent - 1, exponent)


@given(floats)
def test_two_spellings_are_equal_to_the_digits_that_the_precision_has(a):
    with Balls().active() as engine:
        x = engine.variable("x", a)
        how, size, shared = difference(1 - x.tanh() ** 2, 1 / x.cosh() ** 2, digits=30)
        assert how == "equal"
        assert size < 1e-70
        assert 70 <= shared <= 77


def test_a_wrong_factor_on_a_saturated_gate_differs_although_both_are_nearly_zero():
    with Balls(1024).active() as engine:
        s = engine.variable("z", 100.0).logistic()
        right, wrong = s * (1 - s), 2 * s * (1 - s)
        assert right.shadow < 1e-43
        assert difference(wrong, right, digits=30)[0] == "differs"


def test_more_precision_decides_what_a_few_bits_cannot():
    def decided(precision):
        with Balls(precision).active() as engine:
            s = engine.variable("z", 200.0).logistic()
            return difference(s * (1 - s), s - s**2, digits=30)[0]

    assert decided(256) == "unknown"
    assert decided(1024) == "equal"


@pytest.mark.parametrize(("factor", "how"), [(1 + 1e-15, "unknown"), (1 + 1e-12, "differs")])
def test_a_rounded_constant_is_known_to_its_rounding_and_no_further(factor, how):
    with Balls().active() as engine:
        e = number(engine, math.e * factor)
        assert e.taint is not None
        assert difference(e, number(engine, 1).exp(), digits=30)[0] == how


@given(floats)
def test_a_ball_survives_being_sent(a):
    with Balls().active() as engine:
        x = engine.variable("x", a).exp()
        received = decoded(encoded(x), None, engine)
        assert received.x.contains(x.x)
        assert received.x.rad() <= x.x.rad() * 1.001


@pytest.mark.parametrize("words", [[], ["0x1"], ["0x1", "0x1", "0x0", "0xfffffffff"], ["zz"] * 4])
def test_what_is_no_ball_is_refused(words):
    with Balls().active() as engine, pytest.raises((ValueError, TypeError)):
        decoded(words, None, engine)


def test_a_function_that_balls_do_not_have_is_unknown():
    with Balls().active() as engine:
        assert difference(engine.unknown("why"), engine.variable("x", 1.0), digits=30)[0] == "unknown"
