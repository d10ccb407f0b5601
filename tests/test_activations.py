"""manual/activations.py: accurate, and quiet however large the argument."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manual.activations import sigmoid, softmax

DTYPES = [np.float32, np.float64]
logits = st.lists(st.lists(st.floats(-1e4, 1e4, width=32), min_size=3, max_size=3), min_size=1, max_size=8)
eighths = st.lists(st.lists(st.integers(-8000, 8000), min_size=3, max_size=3), min_size=1, max_size=8)


@pytest.mark.parametrize("dtype", DTYPES)
@given(z=logits)
def test_sigmoid_is_accurate_to_a_few_ulps_and_raises_no_warning(z, dtype):
    z = np.array(z, dtype=dtype)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        actual = sigmoid(z)
    expected = 1 / (1 + np.exp(-z.astype(np.longdouble)))
    limits = np.finfo(dtype)
    assert actual.dtype == dtype
    assert (np.abs(actual - expected) <= 8 * limits.eps * expected + limits.tiny).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("z", [-1e4, -800.0, -100.0, -0.0, 0.0, 100.0, 800.0, 1e4])
def test_sigmoid_keeps_its_limits(z, dtype):
    value = sigmoid(np.array([z], dtype=dtype))[0]
    assert value == (0.5 if z == 0 else pytest.approx(float(z > 0), abs=1e-40))


@pytest.mark.parametrize("dtype", DTYPES)
@given(z=logits)
def test_softmax_is_accurate_and_raises_no_warning(z, dtype):
    z = np.array(z, dtype=dtype)
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        actual = softmax(z)
    below = z.astype(np.longdouble) - z.max(axis=0)
    expected = np.exp(below) / np.exp(below).sum(axis=0)
    limits = np.finfo(dtype)
    assert actual.dtype == dtype
    # exp turns the rounding of its argument, |below| half ulps, into a relative error.
    allowed = (8 + len(z) + np.abs(below)) * limits.eps * expected + limits.tiny
    assert (np.abs(actual - expected) <= allowed).all()


@pytest.mark.parametrize("dtype", DTYPES)
@given(z=logits)
def test_softmax_sums_to_one_over_axis_0(z, dtype):
    z = np.array(z, dtype=dtype)
    over_time = softmax(np.stack([z, z[::-1]], axis=2))
    assert (np.abs(softmax(z).sum(axis=0) - 1) <= (2 + len(z)) * np.finfo(dtype).eps).all()
    assert (np.abs(over_time.sum(axis=0) - 1) <= (2 + len(z)) * np.finfo(dtype).eps).all()
    assert (softmax(z) >= 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
@given(z=eighths, shift=st.integers(-9000, 9000))
def test_softmax_does_not_change_when_all_logits_shift(z, shift, dtype):
    z = np.array(z, dtype=dtype) / 8  # so that z + shift is exact
    np.testing.assert_array_equal(softmax(z + dtype(shift)), softmax(z))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", [sigmoid, softmax])
def test_the_argument_is_not_mutated(activation, dtype):
    z = np.array([[-3.0, 2.0], [0.5, -0.1]], dtype=dtype)
    before = z.copy()
    result = activation(z)
    assert not np.shares_memory(result, z)
    np.testing.assert_array_equal(z, before)
