"""gradproof/arithmetic/dual.py: derivatives of a function that runs on dual numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof.arithmetic.balls import Balls
from gradproof.arithmetic.doubles import Doubles
from gradproof.arithmetic.dual import Dual, Duals, seeded
from gradproof.arithmetic.field import Field, same
from gradproof.arithmetic.scalar import Unsupported, number

FUNCTIONS = {
    "exp": jnp.exp,
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "tanh": jnp.tanh,
    "logistic": jax.nn.sigmoid,
    "sinh": jnp.sinh,
    "cosh": jnp.cosh,
    "log1p": jnp.log1p,
    "expm1": jnp.expm1,
    "log2": jnp.log2,
    "exp2": jnp.exp2,
    "sin": jnp.sin,
    "cos": jnp.cos,
    "tan": jnp.tan,
    "arctan": jnp.arctan,
    "arcsinh": jnp.arcsinh,
    "erf": jax.scipy.special.erf,
    "fabs": jnp.abs,
}
FLOATS = Duals(Doubles(), 2)


@pytest.mark.parametrize("name", FUNCTIONS)
@given(value=st.floats(0.1, 2.5))
def test_the_derivative_is_that_of_jax(name, value):
    (x,) = seeded(FLOATS, [number(FLOATS.base, value)], np.array([[1.0, -3.0]]))
    with jax.enable_x64(True):
        expected = float(jax.grad(FUNCTIONS[name])(value))
    derivative = getattr(x, name)().d
    assert derivative == pytest.approx([expected, -3 * expected], rel=1e-12, abs=1e-14)


@given(st.floats(0.1, 2.5), st.floats(-2.5, -0.1))
def test_products_quotients_and_powers_follow_their_rules(a, b):
    x, y = seeded(FLOATS, [number(FLOATS.base, value) for value in (a, b)], np.eye(2))
    assert (x * y).d == pytest.approx([b, a])
    assert (x / y).d == pytest.approx([1 / b, -a / b**2])
    assert (y**3).d == pytest.approx([0, 3 * b**2])
    assert (x**0.5).d == pytest.approx([0.5 * a**-0.5, 0])
    assert (x**-2).d == pytest.approx([-2 * a**-3, 0])
    assert (x**x).d == pytest.approx([a**a * (np.log(a) + 1), 0])


def test_an_identity_of_derivatives_is_exact_in_the_field():
    duals = Duals(Field(), 1)
    base = duals.base
    (x,) = seeded(duals, [base.variable("x", 0.3)], np.array([[base.variable("dx", 1.0)]], dtype=object))
    t = x.tanh()
    assert same(t.d[0], (1 - t * t).x * x.d[0])
    assert not same(t.d[0], (1 - t).x * x.d[0])


def test_the_two_sides_of_the_identity_are_equal_in_balls():
    with Balls().active() as base:
        duals = Duals(base, 1)
        (x,) = seeded(duals, [base.variable("x", 0.3)], np.array([[number(base, 1)]], dtype=object))
        left, right = x.logistic().d[0], (x.logistic() * (1 - x.logistic())).x
        assert (left.x - right.x).abs_upper() < 1e-70


def test_a_function_whose_derivative_is_not_known_raises():
    (x,) = seeded(FLOATS, [number(FLOATS.base, 1.5)], np.zeros((1, 2)))
    with pytest.raises(Unsupported, match="derivative of gamma"):
        x.function("gamma")


def test_numbers_beside_dual_ones_are_constants():
    (x,) = seeded(FLOATS, [number(FLOATS.base, 1.5)], np.array([[1.0, 2.0]]))
    assert isinstance(2 * x + 1, Dual)
    assert (2 * x + 1).d == pytest.approx([2, 4])
    assert (x - x.x).d == pytest.approx([1, 2])
