"""manual/losses.py against its twin autodiff/losses.py, one claim a test."""

import numpy as np
import pytest
from agreement import (
    S_of,
    arrays_of,
    assert_agrees,
    assert_gradients_agree,
    assert_identical,
    dimensions_of,
    leaves,
    mapped,
    vjp_of,
)
from hypothesis import given
from hypothesis import strategies as st

from autodiff import losses as twin
from gradproof.cases import cases
from gradproof.contracts.coursera import LSTM_FORWARD, RNN_FORWARD
from manual import losses, lstm, rnn

DTYPES = [np.float32, np.float64]
targets = st.sampled_from(["one-hot", "weights"])
OUTPUT = ("n_y", "m", "T")
SMALL = 2.0**-70  # a power of two, by which nothing is rounded


def grad_of(loss, *takes):
    """(primals) → (loss, gradients) of a twin, whose primals have these dimensions."""
    vjp = vjp_of(loss, takes, ())
    return lambda *primals: vjp(primals, np.array(1.0))


def net_grad_of(loss, contract):
    (x, *others), _ = dimensions_of(contract)
    return grad_of(loss, x, OUTPUT, *others)


cross_entropy_grad = grad_of(twin.cross_entropy, ("n_a", "m", "T"), OUTPUT, ("n_y", "n_a"), ("n_y", "1"))
rnn_grad, lstm_grad = net_grad_of(twin.rnn_loss, RNN_FORWARD), net_grad_of(twin.lstm_loss, LSTM_FORWARD)


def targets_of(case, kind, dtype=np.float64):
    """One-hot columns, or weights of either sign that sum to anything."""
    random = np.random.default_rng([case.seed, 1])
    n_y, shape = case.sizes["n_y"], (case.sizes["m"], case.sizes["T"])
    if kind == "one-hot":
        return np.moveaxis(np.eye(n_y)[random.integers(n_y, size=shape)], 2, 0).astype(dtype)
    return (case.cotangents * random.standard_normal((n_y, *shape))).astype(dtype)


def layer_arrays(case, kind, dtype=np.float64):
    """a, y, W and b of the prediction layer."""
    random = np.random.default_rng([case.seed, 2])
    n_a, n_y, m, T = (case.sizes[name] for name in ("n_a", "n_y", "m", "T"))
    a, W, b = (case.scale * random.standard_normal(shape) for shape in [(n_a, m, T), (n_y, n_a), (n_y, 1)])
    return a.astype(dtype), targets_of(case, kind, dtype), W.astype(dtype), b.astype(dtype)


def net_arrays(contract, case, kind, dtype=np.float64):
    """x, y, a0, parameters (and c0): the arguments of rnn_loss or lstm_loss."""
    (x, a0, parameters, *c0), _ = arrays_of(contract, case, dtype)
    return (x, targets_of(case, kind, dtype), a0, parameters, *c0)


def cotangent_of(W, y):
    """As large as what reaches the net, W.T @ dz with dz as large as y."""
    return S_of(W) * y


def assert_scaled(actual, expected):
    """Assert that `actual` is SMALL * expected, but for numbers that underflow."""
    for one, other in zip(leaves(actual), leaves(expected), strict=True):
        np.testing.assert_allclose(one, SMALL * other, rtol=0, atol=1e-300)


@given(cases(RNN_FORWARD), targets)
def test_cross_entropy_forward_equals_the_twin(case, kind):
    a, y, W, b = layer_arrays(case, kind)
    loss, _, _ = losses.cross_entropy_forward(a, y, W, b)
    expected, _ = cross_entropy_grad(a, y, W, b)
    assert_agrees("loss", np.asarray(loss), expected, S_of((a, b), cotangent_of(W, y)))


@given(cases(RNN_FORWARD), targets)
def test_cross_entropy_backward_is_the_gradient_of_the_twin(case, kind):
    a, y, W, b = layer_arrays(case, kind)
    gradients = losses.cross_entropy_backward(losses.cross_entropy_forward(a, y, W, b)[-1])
    _, (da, _, dW, db) = cross_entropy_grad(a, y, W, b)
    assert_gradients_agree(gradients, {"da": da, "dW": dW, "db": db}, (a, W, b), y)


@given(cases(RNN_FORWARD), targets)
def test_rnn_loss_and_every_gradient_equal_those_of_the_twin(case, kind):
    x, y, a0, parameters = net_arrays(RNN_FORWARD, case, kind)
    inputs, cotangent = (x, a0, parameters), cotangent_of(parameters["Wya"], y)
    loss, gradients = losses.rnn_loss(x, y, a0, parameters)
    value, (dx, _, da0, dparameters) = rnn_grad(x, y, a0, parameters)
    assert_agrees("loss", np.asarray(loss), value, S_of(inputs, cotangent))
    expected = {"dx": dx, "da0": da0, **{f"d{name}": dparameters[name] for name in parameters}}
    assert_gradients_agree(gradients, expected, inputs, cotangent)


@given(cases(LSTM_FORWARD), targets)
def test_lstm_loss_and_every_gradient_equal_those_of_the_twin(case, kind):
    x, y, a0, parameters, c0 = net_arrays(LSTM_FORWARD, case, kind)
    inputs, cotangent = (x, a0, parameters, c0), cotangent_of(parameters["Wy"], y)
    loss, gradients = losses.lstm_loss(x, y, a0, parameters, c0)
    value, (dx, _, da0, dparameters, dc0) = lstm_grad(x, y, a0, parameters, c0)
    expected = {"dx": dx, "da0": da0, "dc0": dc0, **{f"d{name}": dparameters[name] for name in parameters}}
    assert_agrees("loss", np.asarray(loss), value, S_of(inputs, cotangent))
    assert_gradients_agree(gradients, expected, inputs, cotangent)


@given(cases(RNN_FORWARD), targets)
def test_rnn_loss_in_float32_agrees_with_the_float64_truth_within_its_own_rounding(case, kind):
    x, y, a0, parameters = net_arrays(RNN_FORWARD, case, kind, np.float32)
    inputs, cotangent = (x, a0, parameters), cotangent_of(parameters["Wya"], y)
    loss, gradients = losses.rnn_loss(x, y, a0, parameters)
    value, (dx, _, da0, dparameters) = rnn_grad(x, y, a0, parameters)
    expected = {"dx": dx, "da0": da0, **{f"d{name}": dparameters[name] for name in parameters}}
    assert_agrees("loss", np.asarray(loss), value, S_of(inputs, cotangent), float32=True)
    assert_gradients_agree(gradients, expected, inputs, cotangent, float32=True)


@given(cases(LSTM_FORWARD), targets)
def test_lstm_loss_in_float32_agrees_with_the_float64_truth_within_its_own_rounding(case, kind):
    x, y, a0, parameters, c0 = net_arrays(LSTM_FORWARD, case, kind, np.float32)
    inputs, cotangent = (x, a0, parameters, c0), cotangent_of(parameters["Wy"], y)
    loss, gradients = losses.lstm_loss(x, y, a0, parameters, c0)
    value, (dx, _, da0, dparameters, dc0) = lstm_grad(x, y, a0, parameters, c0)
    expected = {"dx": dx, "da0": da0, "dc0": dc0, **{f"d{name}": dparameters[name] for name in parameters}}
    assert_agrees("loss", np.asarray(loss), value, S_of(inputs, cotangent), float32=True)
    assert_gradients_agree(gradients, expected, inputs, cotangent, float32=True)


@given(cases(LSTM_FORWARD), targets)
def test_lstm_loss_without_c0_starts_the_cell_state_at_zero(case, kind):
    x, y, a0, parameters, c0 = net_arrays(LSTM_FORWARD, case, kind)
    left_out, zero = losses.lstm_loss(x, y, a0, parameters), losses.lstm_loss(x, y, a0, parameters, np.zeros_like(c0))
    assert_identical(left_out, zero)


@given(cases(RNN_FORWARD), targets)
def test_cross_entropy_and_its_gradients_are_linear_in_targets_however_small(case, kind):
    def of(targets):
        loss, _, cache = losses.cross_entropy_forward(a, targets, W, b)
        return np.asarray(loss), losses.cross_entropy_backward(cache)

    a, y, W, b = layer_arrays(case, kind)
    assert_scaled(of(SMALL * y), of(y))


@given(cases(RNN_FORWARD), targets)
def test_rnn_loss_and_its_gradients_are_linear_in_targets_however_small(case, kind):
    x, y, *others = net_arrays(RNN_FORWARD, case, kind)
    assert_scaled(losses.rnn_loss(x, SMALL * y, *others), losses.rnn_loss(x, y, *others))


@given(cases(LSTM_FORWARD), targets)
def test_lstm_loss_and_its_gradients_are_linear_in_targets_however_small(case, kind):
    x, y, *others = net_arrays(LSTM_FORWARD, case, kind)
    assert_scaled(losses.lstm_loss(x, SMALL * y, *others), losses.lstm_loss(x, y, *others))


@given(cases(RNN_FORWARD), targets)
def test_predictions_of_the_rnn_come_from_a_next(case, kind):
    x, y, a0, parameters = net_arrays(RNN_FORWARD, case, kind)
    a, y_pred, _ = rnn.rnn_forward(x, a0, parameters)
    _, expected, _ = losses.cross_entropy_forward(a, y, parameters["Wya"], parameters["by"])
    assert_agrees("y_pred", y_pred, expected, S_of(parameters))


@given(cases(LSTM_FORWARD), targets)
def test_predictions_of_the_lstm_come_from_a_next(case, kind):
    x, y, a0, parameters, c0 = net_arrays(LSTM_FORWARD, case, kind)
    a, y_pred, _, _ = lstm.lstm_forward(x, a0, parameters, c0)
    _, expected, _ = losses.cross_entropy_forward(a, y, parameters["Wy"], parameters["by"])
    assert_agrees("y_pred", y_pred, expected, S_of(parameters))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_prediction_that_underflows_costs_a_finite_loss(dtype):
    a = np.array([[[0.0, 3.0]], [[-2000.0, 5.0]]], dtype=dtype)
    y = np.array([[[0.0, 0.0]], [[1.0, 1.0]]], dtype=dtype)
    W, b = np.eye(2, dtype=dtype), np.zeros((2, 1), dtype=dtype)
    loss, y_pred, cache = losses.cross_entropy_forward(a, y, W, b)
    assert y_pred[1, 0, 0] == 0
    assert loss == pytest.approx(2000 + np.log1p(np.exp(-2.0)), rel=1e-6)
    assert losses.cross_entropy_backward(cache)["db"][:, 0] == pytest.approx([1 + 1 / (1 + np.exp(2)), -1.1192029])


@pytest.mark.parametrize("difference", [5e-13, 60.0])
def test_predictions_and_loss_keep_the_digits_of_how_far_logits_differ(difference):
    """The weights 1 and -1 leave z_1 - z_0 of the loss."""
    a, y = np.array([[[difference]]]), np.array([[[1.0]], [[-1.0]]])
    W, b = np.array([[1.0], [0.0]]), np.zeros((2, 1))
    loss, y_pred, _ = losses.cross_entropy_forward(a, y, W, b)
    assert loss == pytest.approx(-difference, rel=1e-3, abs=0)
    assert np.log(y_pred[0, 0, 0]) - np.log(y_pred[1, 0, 0]) == pytest.approx(difference, rel=1e-3, abs=0)


@given(cases(RNN_FORWARD), targets)
def test_cross_entropy_mutates_nothing_and_a_second_call_gives_the_same_bits(case, kind):
    arguments = layer_arrays(case, kind)
    forward = losses.cross_entropy_forward(*arguments)
    before = mapped(np.copy, (arguments, forward[1:]))
    first = mapped(np.copy, losses.cross_entropy_backward(forward[-1]))
    second = losses.cross_entropy_backward(forward[-1])
    assert_identical((arguments, forward[1:]), before)
    assert_identical(second, first)
    assert_identical(losses.cross_entropy_forward(*arguments), forward)


@given(cases(RNN_FORWARD), targets)
def test_rnn_loss_mutates_nothing(case, kind):
    arguments = net_arrays(RNN_FORWARD, case, kind)
    before = mapped(np.copy, arguments)
    first, second = losses.rnn_loss(*arguments), losses.rnn_loss(*arguments)
    assert_identical(arguments, before)
    assert_identical(second, first)


@given(cases(LSTM_FORWARD), targets)
def test_lstm_loss_mutates_nothing(case, kind):
    arguments = net_arrays(LSTM_FORWARD, case, kind)
    before = mapped(np.copy, arguments)
    first, second = losses.lstm_loss(*arguments), losses.lstm_loss(*arguments)
    assert_identical(arguments, before)
    assert_identical(second, first)


@pytest.mark.parametrize("dtype", DTYPES)
@given(case=cases(RNN_FORWARD), kind=targets)
def test_dtype_in_is_dtype_out(case, kind, dtype):
    forward = losses.cross_entropy_forward(*layer_arrays(case, kind, dtype))
    results = (
        forward,
        losses.cross_entropy_backward(forward[-1]),
        losses.rnn_loss(*net_arrays(RNN_FORWARD, case, kind, dtype)),
        losses.lstm_loss(*net_arrays(LSTM_FORWARD, case, kind, dtype)),
    )
    assert {array.dtype for array in leaves(results)} == {np.dtype(dtype)}


@given(cases(RNN_FORWARD), targets)
def test_a_plain_tuple_serves_as_cache(case, kind):
    cache = losses.cross_entropy_forward(*layer_arrays(case, kind))[-1]
    assert cache._fields == ("a", "y", "y_pred", "W")
    assert_identical(losses.cross_entropy_backward(tuple(cache)), losses.cross_entropy_backward(cache))
