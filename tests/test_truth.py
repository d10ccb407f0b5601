"""autodiff/truth.py: the gradients that everything else is measured against."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import S_of, arrays_of, assert_agrees, leaves, pooled
from hypothesis import given, settings
from hypothesis import strategies as st

from autodiff import losses, lstm, rnn, truth
from gradproof.cases import Case
from gradproof.contracts import sizes_of
from gradproof.contracts.coursera import LSTM_FORWARD, RNN_FORWARD


def product(left, right):
    return left @ right["matrix"]


def sine_and_square(x):
    return jnp.sin(x), x**2


def sum_of_cubes(x):
    return jnp.sum(x**3)


def dot(nest, other):
    return sum(jax.tree.leaves(jax.tree.map(lambda one, two: float(np.sum(one * two)), nest, other)))


def normal_like(nest, seed):
    random = np.random.default_rng(seed)
    return jax.tree.map(lambda array: random.standard_normal(array.shape), nest)


def slope(function, arguments, direction, step=3e-4):
    """Sixth-order central difference of `function` along `direction`."""

    def at(distance):
        return function(*jax.tree.map(lambda array, along: array + distance * along, arguments, direction))

    def odd(distance):
        return at(distance) - at(-distance)

    return (45 * odd(step) - 9 * odd(2 * step) + odd(3 * step)) / (60 * step)


def test_vjp_of_a_matrix_product_is_the_textbook_one():
    random = np.random.default_rng(0)
    left, matrix, cotangent = random.standard_normal((3, 2)), random.standard_normal((2, 4)), random.random((3, 4))
    output, (dleft, dright) = truth.vjp(product, (left, {"matrix": matrix}), cotangent)
    assert_agrees("output", output, left @ matrix, S_of((left, matrix)))
    assert_agrees("dleft", dleft, cotangent @ matrix.T, S_of((left, matrix), cotangent))
    assert_agrees("dmatrix", dright["matrix"], left.T @ cotangent, S_of((left, matrix), cotangent))


def test_vjp_adds_up_the_cotangents_of_several_outputs():
    x, u, v = np.array([0.3, -2.0]), np.array([1.5, -0.7]), np.array([-4.0, 0.1])
    outputs, (dx,) = truth.vjp(sine_and_square, (x,), (u, v))
    assert_agrees("sine", outputs[0], np.sin(x), 1.0)
    assert_agrees("square", outputs[1], x**2, 1.0)
    assert_agrees("dx", dx, u * np.cos(x) + 2 * v * x, S_of(x, (u, v)))


def test_grad_gives_value_and_gradients():
    x = np.array([0.3, -2.0])
    value, (dx,) = truth.grad(sum_of_cubes, (x,))
    assert_agrees("value", value, np.asarray((x**3).sum()), 1.0)
    assert_agrees("dx", dx, 3 * x**2, 1.0)


@pytest.mark.parametrize(("forward", "contract"), [(rnn.rnn_forward, RNN_FORWARD), (lstm.lstm_forward, LSTM_FORWARD)])
@settings(max_examples=20)
@given(sizes=pooled, seed=st.integers(0, 999))
def test_vjp_predicts_the_finite_differences_of_its_forward(forward, contract, sizes, seed):
    arguments, _ = arrays_of(contract, Case(sizes, seed, scale=0.5))
    cotangents = tuple(
        np.random.default_rng([seed, i]).standard_normal(sizes_of(dimensions, sizes))
        for i, dimensions in enumerate(contract.outputs.values())
    )
    direction = normal_like(arguments, seed)
    _, gradients = truth.vjp(forward, arguments, cotangents)
    expected = slope(lambda *near: dot(truth.vjp(forward, near, cotangents)[0], cotangents), arguments, direction)
    assert dot(gradients, direction) == pytest.approx(expected, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize(("loss", "contract"), [(losses.rnn_loss, RNN_FORWARD), (losses.lstm_loss, LSTM_FORWARD)])
@settings(max_examples=20)
@given(sizes=pooled, seed=st.integers(0, 999))
def test_grad_predicts_the_finite_differences_of_its_loss(loss, contract, sizes, seed):
    (x, a0, parameters, *c0), _ = arrays_of(contract, Case(sizes, seed, scale=0.5))
    y = np.random.default_rng(seed).standard_normal((sizes["n_y"], sizes["m"], sizes["T"]))
    arguments = (x, y, a0, parameters, *c0)
    direction = normal_like(arguments, seed + 1)
    _, gradients = truth.grad(loss, arguments)
    expected = slope(lambda *near: float(truth.grad(loss, near)[0]), arguments, direction)
    assert dot(gradients, direction) == pytest.approx(expected, rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_everything_is_computed_in_float64_and_returned_as_numpy(dtype):
    third = np.array([1 / 3], dtype=dtype)
    results = (truth.vjp(sine_and_square, (third,), (third, third)), truth.grad(sum_of_cubes, (third,)))
    assert all(type(array) is np.ndarray and array.dtype == np.float64 for array in leaves(results))
    assert_agrees("dx", results[1][1][0], 3 * third.astype(np.float64) ** 2, 1.0)


def test_neither_the_import_nor_a_call_switches_float64_on_for_the_program():
    program = """
import contextlib, jax, numpy
from autodiff import truth

def report():
    print(jax.config.jax_enable_x64, jax.numpy.ones(1).dtype)

report()
truth.vjp(jax.numpy.sin, (numpy.ones(2),), numpy.ones(2))
report()
truth.grad(jax.numpy.sum, (numpy.ones(2),))
report()
with contextlib.suppress(TypeError):
    truth.grad(jax.numpy.sin, (numpy.ones(2),))  # no scalar
report()
"""
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert printed.splitlines() == 4 * ["False float32"]


def test_arguments_are_not_mutated():
    x, u = np.array([0.3, -2.0]), np.array([1.5, -0.7])
    truth.vjp(sine_and_square, (x,), (u, u))
    assert x.tolist() == [0.3, -2.0]
    assert u.tolist() == [1.5, -0.7]
