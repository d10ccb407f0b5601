"""manual/lstm.py against its twin autodiff/lstm.py, one claim a test."""

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

from autodiff import lstm as twin
from gradproof.cases import cases
from gradproof.contracts.coursera import LSTM_BACKWARD, LSTM_CELL_BACKWARD, LSTM_CELL_FORWARD, LSTM_FORWARD
from manual import lstm

GATES = ("Wf", "bf", "Wi", "bi", "Wc", "bc", "Wo", "bo")
DTYPES = [np.float32, np.float64]
EXTREMES = [{"scale": 10.0}, {"saturated": True}, {"scale": 10.0, "saturated": True}]
cell_vjp = vjp_of(twin.lstm_cell_forward, *dimensions_of(LSTM_CELL_FORWARD))
sequence_vjp = vjp_of(twin.lstm_forward, *dimensions_of(LSTM_FORWARD))


def cell_truth(arguments, da_next, dc_next):
    """Gradients of sum(da_next * a_next) + sum(dc_next * c_next); the prediction layer is that of losses.py."""
    no_cotangent = np.zeros((arguments[3]["by"].shape[0], da_next.shape[1]))
    _, gradients = cell_vjp(arguments, (da_next, dc_next, no_cotangent))
    dxt, da_prev, dc_prev, parameters = gradients
    return {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc_prev, **{f"d{name}": parameters[name] for name in GATES}}


def sequence_truth(arguments, da, dc):
    """Gradients of sum(da * a) + sum(dc * c)."""
    no_cotangent = np.zeros((arguments[2]["by"].shape[0], *da.shape[1:]))
    _, (dx, da0, parameters, dc0) = sequence_vjp(arguments, (da, no_cotangent, dc))
    return {"dx": dx, "da0": da0, "dc0": dc0, **{f"d{name}": parameters[name] for name in GATES}}


def cell_gradients(arguments, da_next, dc_next):
    return lstm.lstm_cell_backward(da_next, dc_next, lstm.lstm_cell_forward(*arguments)[-1])


def gradients(arguments, da, dc):
    return lstm.lstm_backward(da, lstm.lstm_forward(*arguments)[-1], dc)


@given(cases(LSTM_CELL_BACKWARD))
def test_cell_forward_equals_the_twin(case):
    arguments, cotangents = arrays_of(LSTM_CELL_BACKWARD, case)
    a_next, c_next, yt_pred, _ = lstm.lstm_cell_forward(*arguments)
    expected, _ = cell_vjp(arguments, (*cotangents, np.zeros_like(yt_pred)))
    assert_agrees("a_next", a_next, expected[0], S_of(arguments))
    assert_agrees("c_next", c_next, expected[1], S_of(arguments))
    assert_agrees("yt_pred", yt_pred, expected[2], S_of(arguments))


@given(cases(LSTM_BACKWARD))
def test_forward_equals_the_twin_at_every_step(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    a, y, c, _ = lstm.lstm_forward(*arguments)
    expected, _ = sequence_vjp(arguments, (da, np.zeros_like(y), dc))
    assert_agrees("a", a, expected[0], S_of(arguments))
    assert_agrees("y", y, expected[1], S_of(arguments))
    assert_agrees("c", c, expected[2], S_of(arguments))


@given(cases(LSTM_CELL_BACKWARD))
def test_cell_backward_is_the_vjp_of_the_twin(case):
    arguments, (da_next, dc_next) = arrays_of(LSTM_CELL_BACKWARD, case)
    assert_gradients_agree(
        cell_gradients(arguments, da_next, dc_next),
        cell_truth(arguments, da_next, dc_next),
        arguments,
        (da_next, dc_next),
    )


@given(cases(LSTM_BACKWARD))
def test_bptt_is_the_vjp_through_the_whole_sequence_from_every_a_and_c(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    assert_gradients_agree(gradients(arguments, da, dc), sequence_truth(arguments, da, dc), arguments, (da, dc))


@given(cases(LSTM_BACKWARD))
def test_bptt_without_dc_is_the_vjp_from_every_a_alone(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    actual = lstm.lstm_backward(da, lstm.lstm_forward(*arguments)[-1])
    assert_gradients_agree(actual, sequence_truth(arguments, da, 0 * dc), arguments, da)


@given(cases(LSTM_BACKWARD))
def test_bptt_with_dc_alone_is_the_vjp_from_every_c(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    assert_gradients_agree(gradients(arguments, 0 * da, dc), sequence_truth(arguments, 0 * da, dc), arguments, dc)


@given(cases(LSTM_FORWARD))
def test_without_c0_the_cell_state_starts_at_zero(case):
    (x, a0, parameters, c0), _ = arrays_of(LSTM_FORWARD, case)
    assert_identical(lstm.lstm_forward(x, a0, parameters), lstm.lstm_forward(x, a0, parameters, np.zeros_like(c0)))


@pytest.mark.parametrize("extreme", EXTREMES, ids=str)
@given(case=cases(LSTM_BACKWARD))
def test_saturated_gates_and_large_inputs_agree_and_are_finite(case, extreme):
    case = replace(case, **extreme)
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    actual = gradients(arguments, da, dc)
    assert all(np.isfinite(array).all() for array in leaves(actual))
    assert_gradients_agree(actual, sequence_truth(arguments, da, dc), arguments, (da, dc))


def far_below_one(x, a0, parameters, c0):
    return 1e-20 * x, 1e-20 * a0, {**parameters, "bc": 1e-20 * parameters["bc"]}, 1e-20 * c0


@given(cases(LSTM_BACKWARD))
def test_states_far_below_one_keep_their_digits(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, replace(case, scale=1.0, saturated=False))
    tiny = far_below_one(*arguments)
    a, y, c, _ = lstm.lstm_forward(*tiny)
    expected, _ = sequence_vjp(tiny, (da, np.zeros_like(y), dc))
    for name, actual, right in (("a", a, expected[0]), ("c", c, expected[2])):
        assert_agrees(name, actual * 1e20, right * 1e20, S_of(arguments), max(1.0, np.abs(right).max() * 1e20))


@given(cases(LSTM_BACKWARD))
def test_gradients_at_states_far_below_one_keep_their_digits(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, replace(case, scale=1.0, saturated=False))
    tiny = far_below_one(*arguments)
    actual = gradients(tiny, da, dc)
    for name, expected in sequence_truth(tiny, da, dc).items():
        np.testing.assert_allclose(actual[name], expected, rtol=0, atol=1e-9 * np.abs(expected).max(), err_msg=name)


@given(cases(LSTM_CELL_FORWARD))
def test_a_nearly_shut_gate_keeps_its_digits(case):
    (xt, a_prev, c_prev, parameters), _ = arrays_of(LSTM_CELL_FORWARD, replace(case, scale=1.0, saturated=False))
    parameters |= {name: parameters[name] - 60 for name in ("bf", "bi", "bo")}
    *_, cache = lstm.lstm_cell_forward(xt, a_prev, c_prev, parameters)
    for gate, value in (("f", cache.ft), ("i", cache.it), ("o", cache.ot)):
        z = parameters[f"W{gate}"] @ np.concatenate([a_prev, xt]) + parameters[f"b{gate}"]
        np.testing.assert_allclose(np.log(value), z, rtol=1e-12)


@given(cases(LSTM_CELL_FORWARD))
def test_an_unlikely_prediction_keeps_its_digits(case):
    case = replace(case, scale=1.0).with_sizes(n_y=2)
    (xt, a_prev, c_prev, parameters), _ = arrays_of(LSTM_CELL_FORWARD, case)
    parameters["by"] = np.array([[0.0], [-60.0]])
    a_next, _, yt_pred, _ = lstm.lstm_cell_forward(xt, a_prev, c_prev, parameters)
    z = parameters["Wy"] @ a_next + parameters["by"]
    np.testing.assert_allclose(np.log(yt_pred[1] / yt_pred[0]), z[1] - z[0], rtol=1e-12)


@given(cases(LSTM_BACKWARD), st.data())
def test_fewer_steps_in_da_and_dc_give_the_gradient_of_that_prefix(case, data):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    steps = data.draw(st.integers(1, da.shape[2]), label="steps")
    kept = np.arange(da.shape[2]) < steps
    expected = sequence_truth(arguments, np.where(kept, da, 0.0), np.where(kept, dc, 0.0))
    expected["dx"] = expected["dx"][:, :, :steps]
    actual = gradients(arguments, da[:, :, :steps], dc[:, :, :steps])
    assert_gradients_agree(actual, expected, arguments, (da, dc))


@given(cases(LSTM_BACKWARD))
def test_float32_agrees_with_the_float64_truth_within_its_own_rounding(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case, np.float32)
    expected = sequence_truth(arguments, da, dc)
    assert_gradients_agree(gradients(arguments, da, dc), expected, arguments, (da, dc), float32=True)


@given(cases(LSTM_CELL_BACKWARD))
def test_the_cell_in_float32_agrees_with_the_float64_truth_within_its_own_rounding(case):
    arguments, (da_next, dc_next) = arrays_of(LSTM_CELL_BACKWARD, case, np.float32)
    expected = cell_truth(arguments, da_next, dc_next)
    actual = cell_gradients(arguments, da_next, dc_next)
    assert_gradients_agree(actual, expected, arguments, (da_next, dc_next), float32=True)


@given(cases(LSTM_BACKWARD), st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 999))
def test_backward_is_linear_in_the_cotangents(case, alpha, beta, seed):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    other_da, other_dc = np.abs(da).max() * np.random.default_rng(seed).standard_normal((2, *da.shape))
    one, other = gradients(arguments, da, dc), gradients(arguments, other_da, other_dc)
    expected = {name: alpha * one[name] + beta * other[name] for name in one}
    combined = alpha * da + beta * other_da, alpha * dc + beta * other_dc
    every_cotangent = (da, dc, other_da, other_dc, combined)
    assert_gradients_agree(gradients(arguments, *combined), expected, arguments, every_cotangent)


@given(cases(LSTM_BACKWARD))
def test_far_smaller_cotangents_give_gradients_that_are_as_much_smaller(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    factor = 2.0**-60  # a power of two: not a digit is lost
    expected = {name: factor * array for name, array in gradients(arguments, da, dc).items()}
    smaller = gradients(arguments, factor * da, factor * dc)
    assert {name: array.tobytes() for name, array in smaller.items()} == {n: a.tobytes() for n, a in expected.items()}


@given(cases(LSTM_BACKWARD))
def test_a_zero_cotangent_gives_exactly_zero(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    assert all((array == 0).all() for array in leaves(gradients(arguments, 0 * da, 0 * dc)))


@given(cases(LSTM_CELL_BACKWARD))
def test_the_output_gate_takes_nothing_from_dc_next(case):
    arguments, (da_next, dc_next) = arrays_of(LSTM_CELL_BACKWARD, case)
    actual = cell_gradients(arguments, 0 * da_next, dc_next)
    assert (actual["dWo"] == 0).all()
    assert (actual["dbo"] == 0).all()


@given(cases(LSTM_BACKWARD))
def test_examples_do_not_interact(case):
    (x, a0, parameters, c0), (da, dc) = arrays_of(LSTM_BACKWARD, case)
    alone = [
        gradients((x[:, [j]], a0[:, [j]], parameters, c0[:, [j]]), da[:, [j]], dc[:, [j]]) for j in range(a0.shape[1])
    ]
    columns = {name: np.concatenate([one[name] for one in alone], axis=1) for name in ("dx", "da0", "dc0")}
    sums = {f"d{name}": sum(one[f"d{name}"] for one in alone) for name in GATES}
    arguments = (x, a0, parameters, c0)
    assert_gradients_agree(gradients(arguments, da, dc), {**columns, **sums}, arguments, (da, dc))


@given(cases(LSTM_BACKWARD), st.randoms(use_true_random=False))
def test_permuting_the_examples_permutes_the_gradients(case, random):
    (x, a0, parameters, c0), (da, dc) = arrays_of(LSTM_BACKWARD, case)
    order = random.sample(range(a0.shape[1]), a0.shape[1])
    expected = gradients((x, a0, parameters, c0), da, dc)
    expected = {**expected, **{name: expected[name][:, order] for name in ("dx", "da0", "dc0")}}
    permuted = gradients((x[:, order], a0[:, order], parameters, c0[:, order]), da[:, order], dc[:, order])
    assert_gradients_agree(permuted, expected, (x, a0, parameters, c0), (da, dc))


@given(cases(LSTM_BACKWARD))
def test_a_one_step_sequence_equals_the_cell(case):
    (x, a0, parameters, c0), (da, dc) = arrays_of(LSTM_BACKWARD, case.with_sizes(T=1))
    a_next, c_next, yt_pred, cache = lstm.lstm_cell_forward(x[:, :, 0], a0, c0, parameters)
    a, y, c, caches = lstm.lstm_forward(x, a0, parameters, c0)
    assert_identical((a[:, :, 0], y[:, :, 0], c[:, :, 0]), (a_next, yt_pred, c_next))
    cell = lstm.lstm_cell_backward(da[:, :, 0], dc[:, :, 0], cache)
    sequence = lstm.lstm_backward(da, caches, dc)
    assert_identical(
        (sequence["dx"][:, :, 0], sequence["da0"], sequence["dc0"], *(sequence[f"d{name}"] for name in GATES)),
        (cell["dxt"], cell["da_prev"], cell["dc_prev"], *(cell[f"d{name}"] for name in GATES)),
    )


@given(cases(LSTM_BACKWARD))
def test_nothing_is_mutated_and_a_second_call_after_another_gives_the_same_bits(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    first_forward = lstm.lstm_forward(*arguments)
    before = mapped(np.copy, (arguments, da, dc, first_forward))
    first = mapped(np.copy, lstm.lstm_backward(da, first_forward[-1], dc))
    gradients(mapped(np.negative, arguments), 2 * da, 2 * dc)
    second = lstm.lstm_backward(da, first_forward[-1], dc)
    assert_identical((arguments, da, dc, first_forward), before)
    assert_identical(second, first)
    assert_identical(lstm.lstm_forward(*arguments), first_forward)


@given(cases(LSTM_CELL_BACKWARD))
def test_the_cell_mutates_nothing_and_a_second_call_after_another_gives_the_same_bits(case):
    arguments, (da_next, dc_next) = arrays_of(LSTM_CELL_BACKWARD, case)
    first_forward = lstm.lstm_cell_forward(*arguments)
    before = mapped(np.copy, (arguments, da_next, dc_next, first_forward))
    first = mapped(np.copy, lstm.lstm_cell_backward(da_next, dc_next, first_forward[-1]))
    cell_gradients(mapped(np.negative, arguments), 2 * da_next, 2 * dc_next)
    second = lstm.lstm_cell_backward(da_next, dc_next, first_forward[-1])
    assert_identical((arguments, da_next, dc_next, first_forward), before)
    assert_identical(second, first)
    assert_identical(lstm.lstm_cell_forward(*arguments), first_forward)


@given(cases(LSTM_BACKWARD))
def test_gradients_share_no_memory_with_arguments_or_each_other(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    forward = lstm.lstm_forward(*arguments)
    results = leaves(lstm.lstm_backward(da, forward[-1], dc))
    others = leaves((arguments, da, dc, forward))
    assert not any(np.shares_memory(result, other) for result in results for other in others)
    assert not any(np.shares_memory(one, other) for i, one in enumerate(results) for other in results[:i])


@pytest.mark.parametrize("dtype", DTYPES)
@given(case=cases(LSTM_BACKWARD))
def test_dtype_in_is_dtype_out(case, dtype):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case, dtype)
    x, a0, parameters, c0 = arguments
    forward, without_c0 = lstm.lstm_forward(*arguments), lstm.lstm_forward(x, a0, parameters)
    cell_forward = lstm.lstm_cell_forward(x[:, :, 0], a0, c0, parameters)
    results = (forward, lstm.lstm_backward(da, forward[-1], dc))
    optional_left_out = (without_c0, lstm.lstm_backward(da, without_c0[-1]))
    cell_results = (cell_forward, lstm.lstm_cell_backward(da[:, :, 0], dc[:, :, 0], cell_forward[-1]))
    assert {array.dtype for array in leaves((results, optional_left_out, cell_results))} == {np.dtype(dtype)}


@pytest.mark.parametrize("layout", LAYOUTS)
@given(case=cases(LSTM_BACKWARD))
def test_memory_layout_does_not_matter(case, layout):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    expected_a, expected_y, expected_c, caches = lstm.lstm_forward(*arguments)
    expected = lstm.lstm_backward(da, caches, dc)
    arguments, da, dc, caches = mapped(LAYOUTS[layout], (arguments, da, dc, caches))
    a, y, c, _ = lstm.lstm_forward(*arguments)
    assert_agrees("a", a, expected_a, S_of(arguments))
    assert_agrees("y", y, expected_y, S_of(arguments))
    assert_agrees("c", c, expected_c, S_of(arguments))
    assert_gradients_agree(lstm.lstm_backward(da, caches, dc), expected, arguments, (da, dc))


@given(cases(LSTM_CELL_FORWARD))
def test_the_cache_is_in_the_published_order(case):
    case = replace(case, scale=1.0, saturated=False)
    (xt, a_prev, c_prev, parameters), _ = arrays_of(LSTM_CELL_FORWARD, case)
    a_next, c_next, _, cache = lstm.lstm_cell_forward(xt, a_prev, c_prev, parameters)
    assert cache._fields == ("a_next", "c_next", "a_prev", "c_prev", "ft", "it", "cct", "ot", "xt", "parameters")
    assert_identical((*cache[:4], *cache[8:]), (a_next, c_next, a_prev, c_prev, xt, parameters))
    above = np.concatenate([a_prev, xt])
    for position, gate in enumerate("fico", start=4):
        z = parameters[f"W{gate}"] @ above + parameters[f"b{gate}"]
        expected = np.tanh(z) if gate == "c" else 1 / (1 + np.exp(-z))
        assert_agrees(cache._fields[position], cache[position], expected, S_of((xt, a_prev, parameters)))


@given(cases(LSTM_FORWARD))
def test_the_caches_of_a_sequence_are_one_cell_cache_a_step_and_x(case):
    (x, a0, parameters, c0), _ = arrays_of(LSTM_FORWARD, case)
    _, _, _, (steps, cached_x) = lstm.lstm_forward(x, a0, parameters, c0)
    expected, a_prev, c_prev = [], a0, c0
    for t in range(x.shape[2]):
        a_prev, c_prev, _, cache = lstm.lstm_cell_forward(x[:, :, t], a_prev, c_prev, parameters)
        expected.append(cache)
    assert_identical((steps, cached_x), (expected, x))


@given(cases(LSTM_BACKWARD))
def test_plain_tuples_in_the_published_order_serve_as_caches(case):
    arguments, (da, dc) = arrays_of(LSTM_BACKWARD, case)
    steps, x = lstm.lstm_forward(*arguments)[-1]
    plain = [tuple(step) for step in steps]
    assert_identical(lstm.lstm_backward(da, (plain, x), dc), lstm.lstm_backward(da, (steps, x), dc))
    da_next, dc_next = da[:, :, 0], dc[:, :, 0]
    assert_identical(
        lstm.lstm_cell_backward(da_next, dc_next, plain[0]), lstm.lstm_cell_backward(da_next, dc_next, steps[0])
    )
