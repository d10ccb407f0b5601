"""manual/rnn.py against its twin autodiff/rnn.py, one claim a test."""

from dataclasses import replace

import numpy as np
import pytest
from agreement import (
    LAYOUTS,
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

from autodiff import rnn as twin
from gradproof.cases import cases
from gradproof.contracts.coursera import RNN_BACKWARD, RNN_CELL_BACKWARD, RNN_CELL_FORWARD, RNN_FORWARD
from manual import rnn

DTYPES = [np.float32, np.float64]
EXTREMES = [{"scale": 10.0}, {"saturated": True}, {"scale": 10.0, "saturated": True}]
cell_vjp = vjp_of(twin.rnn_cell_forward, *dimensions_of(RNN_CELL_FORWARD))
sequence_vjp = vjp_of(twin.rnn_forward, *dimensions_of(RNN_FORWARD))


def cell_truth(arguments, da_next):
    """Gradients of sum(da_next * a_next); the prediction layer is that of losses.py, so its cotangent is zero."""
    no_cotangent = np.zeros((arguments[2]["by"].shape[0], da_next.shape[1]))
    _, (dxt, da_prev, parameters) = cell_vjp(arguments, (da_next, no_cotangent))
    return {"dxt": dxt, "da_prev": da_prev, **{f"d{name}": parameters[name] for name in ("Wax", "Waa", "ba")}}


def sequence_truth(arguments, da):
    """Gradients of sum(da * a)."""
    no_cotangent = np.zeros((arguments[2]["by"].shape[0], *da.shape[1:]))
    _, (dx, da0, parameters) = sequence_vjp(arguments, (da, no_cotangent))
    return {"dx": dx, "da0": da0, **{f"d{name}": parameters[name] for name in ("Wax", "Waa", "ba")}}


def cell_gradients(arguments, da_next):
    return rnn.rnn_cell_backward(da_next, rnn.rnn_cell_forward(*arguments)[-1])


def gradients(arguments, da):
    return rnn.rnn_backward(da, rnn.rnn_forward(*arguments)[-1])


@given(cases(RNN_CELL_BACKWARD))
def test_cell_forward_equals_the_twin(case):
    arguments, cotangents = arrays_of(RNN_CELL_BACKWARD, case)
    a_next, yt_pred, _ = rnn.rnn_cell_forward(*arguments)
    (expected_a, expected_y), _ = cell_vjp(arguments, (*cotangents, np.zeros_like(yt_pred)))
    assert_agrees("a_next", a_next, expected_a, S_of(arguments))
    assert_agrees("yt_pred", yt_pred, expected_y, S_of(arguments))


@given(cases(RNN_BACKWARD))
def test_forward_equals_the_twin_at_every_step(case):
    arguments, cotangents = arrays_of(RNN_BACKWARD, case)
    a, y_pred, _ = rnn.rnn_forward(*arguments)
    (expected_a, expected_y), _ = sequence_vjp(arguments, (*cotangents, np.zeros_like(y_pred)))
    assert_agrees("a", a, expected_a, S_of(arguments))
    assert_agrees("y_pred", y_pred, expected_y, S_of(arguments))


@given(cases(RNN_CELL_BACKWARD))
def test_cell_backward_is_the_vjp_of_the_twin(case):
    arguments, (da_next,) = arrays_of(RNN_CELL_BACKWARD, case)
    assert_gradients_agree(cell_gradients(arguments, da_next), cell_truth(arguments, da_next), arguments, da_next)


@given(cases(RNN_BACKWARD))
def test_bptt_is_the_vjp_through_the_whole_sequence(case):
    arguments, (da,) = arrays_of(RNN_BACKWARD, case)
    assert_gradients_agree(gradients(arguments, da), sequence_truth(arguments, da), arguments, da)


@pytest.mark.parametrize("extreme", EXTREMES, ids=str)
@given(case=cases(RNN_BACKWARD))
def test_saturated_units_and_large_inputs_agree_and_are_finite(case, extreme):
    case = replace(case, **extreme)
    arguments, (da,) = arrays_of(RNN_BACKWARD, case)
    actual = gradients(arguments, da)
    assert all(np.isfinite(array).all() for array in leaves(actual))
    assert_gradients_agree(actual, sequence_truth(arguments, da), arguments, da)


@given(cases(RNN_BACKWARD))
def test_states_far_below_one_keep_their_digits(case):
    arguments, (da,) = arrays_of(RNN_BACKWARD, replace(case, scale=1.0, saturated=False))
    x, a0, parameters = arguments
    tiny = 1e-20 * x, 1e-20 * a0, {**parameters, "ba": 1e-20 * parameters["ba"]}
    a, y_pred, _ = rnn.rnn_forward(*tiny)
    (expected, _), _ = sequence_vjp(tiny, (da, np.zeros_like(y_pred)))
    assert_agrees("a", a * 1e20, expected * 1e20, S_of(arguments), max(1.0, np.abs(expected).max() * 1e20))


@given(cases(RNN_CELL_FORWARD))
def test_an_unlikely_prediction_keeps_its_digits(case):
    (xt, a_prev, parameters), _ = arrays_of(RNN_CELL_FORWARD, replace(case, scale=1.0).with_sizes(n_y=2))
    parameters["by"] = np.array([[0.0], [-60.0]])
    a_next, yt_pred, _ = rnn.rnn_cell_forward(xt, a_prev, parameters)
    z = parameters["Wya"] @ a_next + parameters["by"]
    np.testing.assert_allclose(np.log(yt_pred[1] / yt_pred[0]), z[1] - z[0], rtol=1e-12)


@given(cases(RNN_BACKWARD), st.data())
def test_fewer_steps_in_da_give_the_gradient_of_that_prefix(case, data):
    arguments, (da,) = arrays_of(RNN_BACKWARD, case)
    steps = data.draw(st.integers(1, da.shape[2]), label="steps")
    prefix = np.where(np.arange(da.shape[2]) < steps, da, 0.0)
    expected = sequence_truth(arguments, prefix)
    expected["dx"] = expected["dx"][:, :, :steps]
    assert_gradients_agree(gradients(arguments, da[:, :, :steps]), expected, arguments, da)


@given(cases(RNN_BACKWARD))
def test_float32_agrees_with_the_float64_truth_within_its_own_rounding(case):
    arguments, (da,) = arrays_of(RNN_BACKWARD, case, np.float32)
    assert_gradients_agree(gradients(arguments, da), sequence_truth(arguments, da), arguments, da, float32=True)


@given(cases(RNN_CELL_BACKWARD))
def test_the_cell_in_float32_agrees_with_the_float64_truth_within_its_own_rounding(case):
    arguments, (da_next,) = arrays_of(RNN_CELL_BACKWARD, case, np.float32)
    assert_gradients_agree(
        cell_gradients(arguments, da_next), cell_truth(arguments, da_next), arguments, da_next, float32=True
    )


@given(cases(RNN_BACKWARD), st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 999))
def test_backward_is_linear_in_the_cotangent(case, alpha, beta, seed):
    arguments, (u,) = arrays_of(RNN_BACKWARD, case)
    v = np.abs(u).max() * np.random.default_rng(seed).standard_normal(u.shape)
    of_u, of_v = gradients(arguments, u), gradients(arguments, v)
    expected = {name: alpha * of_u[name] + beta * of_v[name] for name in of_u}
    combined = alpha * u + beta * v
    assert_gradients_agree(gradients(arguments, combined), expected, arguments, (u, v, combined))


@given(cases(RNN_BACKWARD))
def test_a_zero_cotangent_gives_exactly_zero(case):
    arguments, (da,) = arrays_of(RNN_BACKWARD, case)
    assert all((array == 0).all() for array in leaves(gradients(arguments, 0 * da)))


@given(cases(RNN_BACKWARD))
def test_examples_do_not_interact(case):
    (x, a0, parameters), (da,) = arrays_of(RNN_BACKWARD, case)
    alone = [gradients((x[:, [j]], a0[:, [j]], parameters), da[:, [j]]) for j in range(a0.shape[1])]
    expected = {
        name: np.concatenate([one[name] for one in alone], axis=1)
        if name in ("dx", "da0")
        else sum(one[name] for one in alone)
        for name in alone[0]
    }
    assert_gradients_agree(gradients((x, a0, parameters), da), expected, (x, a0, parameters), da)


@given(cases(RNN_BACKWARD), st.randoms(use_true_random=False))
def test_permuting_the_examples_permutes_the_gradients(case, random):
    (x, a0, parameters), (da,) = arrays_of(RNN_BACKWARD, case)
    order = random.sample(range(a0.shape[1]), a0.shape[1])
    expected = gradients((x, a0, parameters), da)
    expected = {**expected, "dx": expected["dx"][:, order], "da0": expected["da0"][:, order]}
    permuted = gradients((x[:, order], a0[:, order], parameters), da[:, order])
    assert_gradients_agree(permuted, expected, (x, a0, parameters), da)


@given(cases(RNN_BACKWARD))
def test_a_one_step_sequence_equals_the_cell(case):
    (x, a0, parameters), (da,) = arrays_of(RNN_BACKWARD, case.with_sizes(T=1))
    a_next, yt_pred, cache = rnn.rnn_cell_forward(x[:, :, 0], a0, parameters)
    a, y_pred, caches = rnn.rnn_forward(x, a0, parameters)
    assert_identical((a[:, :, 0], y_pred[:, :, 0]), (a_next, yt_pred))
    cell, sequence = rnn.rnn_cell_backward(da[:, :, 0], cache), rnn.rnn_backward(da, caches)
    assert_identical(
        (sequence["dx"][:, :, 0], sequence["da0"], sequence["dWax"], sequence["dWaa"], sequence["dba"]),
        (cell["dxt"], cell["da_prev"], cell["dWax"], cell["dWaa"], cell["dba"]),
    )


@given(cases(RNN_BACKWARD))
def test_nothing_is_mutated_and_a_second_call_after_another_gives_the_same_bits(case):
    arguments, (da,) = arrays_of(RNN_BACKWARD, case)
    first_forward = rnn.rnn_forward(*arguments)
    before = mapped(np.copy, (arguments, da, first_forward))
    first = mapped(np.copy, rnn.rnn_backward(da, first_forward[-1]))
    gradients(mapped(np.negative, arguments), 2 * da)
    second = rnn.rnn_backward(da, first_forward[-1])
    assert_identical((arguments, da, first_forward), before)
    assert_identical(second, first)
    assert_identical(rnn.rnn_forward(*arguments), first_forward)


@given(cases(RNN_CELL_BACKWARD))
def test_the_cell_mutates_nothing_and_a_second_call_after_another_gives_the_same_bits(case):
    arguments, (da_next,) = arrays_of(RNN_CELL_BACKWARD, case)
    first_forward = rnn.rnn_cell_forward(*arguments)
    before = mapped(np.copy, (arguments, da_next, first_forward))
    first = mapped(np.copy, rnn.rnn_cell_backward(da_next, first_forward[-1]))
    cell_gradients(mapped(np.negative, arguments), 2 * da_next)
    second = rnn.rnn_cell_backward(da_next, first_forward[-1])
    assert_identical((arguments, da_next, first_forward), before)
    assert_identical(second, first)
    assert_identical(rnn.rnn_cell_forward(*arguments), first_forward)


@given(cases(RNN_BACKWARD))
def test_gradients_share_no_memory_with_arguments_or_each_other(case):
    arguments, (da,) = arrays_of(RNN_BACKWARD, case)
    forward = rnn.rnn_forward(*arguments)
    results = leaves(rnn.rnn_backward(da, forward[-1]))
    others = leaves((arguments, da, forward))
    assert not any(np.shares_memory(result, other) for result in results for other in others)
    assert not any(np.shares_memory(one, other) for i, one in enumerate(results) for other in results[:i])


@pytest.mark.parametrize("dtype", DTYPES)
@given(case=cases(RNN_BACKWARD))
def test_dtype_in_is_dtype_out(case, dtype):
    arguments, (da,) = arrays_of(RNN_BACKWARD, case, dtype)
    forward = rnn.rnn_forward(*arguments)
    (x, a0, parameters), da_next = arguments, da[:, :, 0]
    cell_forward = rnn.rnn_cell_forward(x[:, :, 0], a0, parameters)
    results = (forward, rnn.rnn_backward(da, forward[-1]))
    cell_results = (cell_forward, rnn.rnn_cell_backward(da_next, cell_forward[-1]))
    assert {array.dtype for array in leaves((results, cell_results))} == {np.dtype(dtype)}


@pytest.mark.parametrize("layout", LAYOUTS)
@given(case=cases(RNN_BACKWARD))
def test_memory_layout_does_not_matter(case, layout):
    arguments, (da,) = arrays_of(RNN_BACKWARD, case)
    expected_a, expected_y, caches = rnn.rnn_forward(*arguments)
    expected = rnn.rnn_backward(da, caches)
    arguments, da, caches = mapped(LAYOUTS[layout], (arguments, da, caches))
    a, y_pred, _ = rnn.rnn_forward(*arguments)
    assert_agrees("a", a, expected_a, S_of(arguments))
    assert_agrees("y_pred", y_pred, expected_y, S_of(arguments))
    assert_gradients_agree(rnn.rnn_backward(da, caches), expected, arguments, da)


@given(cases(RNN_CELL_FORWARD))
def test_the_cache_is_a_next_a_prev_xt_parameters(case):
    (xt, a_prev, parameters), _ = arrays_of(RNN_CELL_FORWARD, case)
    a_next, _, cache = rnn.rnn_cell_forward(xt, a_prev, parameters)
    assert cache._fields == ("a_next", "a_prev", "xt", "parameters")
    assert_identical(tuple(cache), (a_next, a_prev, xt, parameters))


@given(cases(RNN_FORWARD))
def test_the_caches_of_a_sequence_are_one_cell_cache_a_step_and_x(case):
    (x, a0, parameters), _ = arrays_of(RNN_FORWARD, case)
    a, _, (steps, cached_x) = rnn.rnn_forward(x, a0, parameters)
    before = np.concatenate([a0[:, :, np.newaxis], a[:, :, :-1]], axis=2)
    expected = [(a[:, :, t], before[:, :, t], x[:, :, t], parameters) for t in range(x.shape[2])]
    assert_identical((steps, cached_x), (expected, x))


@given(cases(RNN_BACKWARD))
def test_plain_tuples_in_the_published_order_serve_as_caches(case):
    arguments, (da,) = arrays_of(RNN_BACKWARD, case)
    steps, x = rnn.rnn_forward(*arguments)[-1]
    plain = [tuple(step) for step in steps]
    assert_identical(rnn.rnn_backward(da, (plain, x)), rnn.rnn_backward(da, (steps, x)))
    assert_identical(rnn.rnn_cell_backward(da[:, :, 0], plain[0]), rnn.rnn_cell_backward(da[:, :, 0], steps[0]))
