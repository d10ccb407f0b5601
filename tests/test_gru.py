"""manual/gru.py against its twin autodiff/gru.py, one claim a test, for both places of the reset gate."""

import re
import zlib
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import (
    LAYOUTS,
    S_of,
    assert_agrees,
    assert_gradients_agree,
    assert_identical,
    dimensions_in,
    leaves,
    mapped,
    scale_of,
    vjp_of_words,
)
from hypothesis import given
from hypothesis import strategies as st

from autodiff import gru as twin
from gradproof.cases import LARGEST, Case
from gradproof.contracts import sizes_of
from manual import gru

BEFORE, AFTER = False, True
both_rules = pytest.mark.parametrize("reset_after", [BEFORE, AFTER], ids=["reset before", "reset after"])
PARAMETERS = {
    "Wz": "n_a n_a+n_x",
    "bz": "n_a 1",
    "Wr": "n_a n_a+n_x",
    "br": "n_a 1",
    "Wh": "n_a n_a+n_x",
    "bh": "n_a 1",
    "bha": "n_a 1",
    "Wy": "n_y n_a",
    "by": "n_y 1",
}
LEARNED = {BEFORE: ("Wz", "bz", "Wr", "br", "Wh", "bh"), AFTER: ("Wz", "bz", "Wr", "br", "Wh", "bh", "bha")}
TAKEN = {rule: {name: PARAMETERS[name] for name in (*LEARNED[rule], "Wy", "by")} for rule in LEARNED}
DTYPES = [np.float32, np.float64]
EXTREMES = [{"scale": 10.0}, {"saturated": True}, {"scale": 10.0, "saturated": True}]
CERTAIN = 800.0  # sigmoid of it is exactly 1, and of its negative exactly 0
SIZES = {"n_x": 4, "n_a": 3, "n_y": 2, "m": 5, "T": 6}
cell_vjp = {
    rule: vjp_of_words(
        partial(twin.gru_cell_forward, reset_after=rule), ("n_x m", "n_a m", TAKEN[rule]), ("n_a m", "n_y m")
    )
    for rule in TAKEN
}
sequence_vjp = {
    rule: vjp_of_words(
        partial(twin.gru_forward, reset_after=rule), ("n_x m T", "n_a m", TAKEN[rule]), ("n_a m T", "n_y m T")
    )
    for rule in TAKEN
}


cases = st.builds(
    Case,
    sizes=st.fixed_dictionaries({name: st.integers(1, LARGEST[name]) for name in SIZES}),
    seed=st.integers(0, 2**16 - 1),
    scale=st.sampled_from([1.0, 0.5, 2.0, 3.0, 10.0]),
    cotangents=st.sampled_from([1.0, 50.0, 1e-5]),
    saturated=st.booleans(),
)


def normal(case, name, dimensions):
    """Standard normal values that depend on the seed and the array's name alone."""
    shape = sizes_of(dimensions_in(dimensions), case.sizes)
    return np.random.default_rng([case.seed, zlib.crc32(name.encode())]).standard_normal(shape)


def parameters_of(case, reset_after):
    parameters = {}
    for name, dimensions in PARAMETERS.items():
        values = normal(case, name, dimensions)
        scale = scale_of(name, values.shape, case.scale, case.sizes["T"])
        saturated = case.saturated and name.startswith("b")
        parameters[name] = np.sign(values) * (6 + 2 * np.abs(values)) if saturated else scale * values
    if not reset_after:
        del parameters["bha"]
    return parameters


def sequence_of(case, reset_after, dtype=np.float64):
    """(x, a0, parameters), and the cotangent da."""
    x, a0 = case.scale * normal(case, "x", "n_x m T"), case.scale * normal(case, "a0", "n_a m")
    da = case.cotangents * normal(case, "da", "n_a m T")
    return mapped(lambda array: array.astype(dtype), ((x, a0, parameters_of(case, reset_after)), da))


def cell_of(case, reset_after, dtype=np.float64):
    """(xt, a_prev, parameters), and the cotangent da_next."""
    (x, a0, parameters), da = sequence_of(case, reset_after, dtype)
    return (x[:, :, 0], a0, parameters), da[:, :, 0]


def cell_truth(arguments, da_next, reset_after):
    """Gradients of sum(da_next * a_next); the prediction layer is that of losses.py, so its cotangent is zero."""
    no_cotangent = np.zeros((arguments[2]["by"].shape[0], da_next.shape[1]))
    _, (dxt, da_prev, parameters) = cell_vjp[reset_after](arguments, (da_next, no_cotangent))
    return {"dxt": dxt, "da_prev": da_prev, **{f"d{name}": parameters[name] for name in LEARNED[reset_after]}}


def sequence_truth(arguments, da, reset_after):
    """Gradients of sum(da * a)."""
    no_cotangent = np.zeros((arguments[2]["by"].shape[0], *da.shape[1:]))
    _, (dx, da0, parameters) = sequence_vjp[reset_after](arguments, (da, no_cotangent))
    return {"dx": dx, "da0": da0, **{f"d{name}": parameters[name] for name in LEARNED[reset_after]}}


def cell_gradients(arguments, da_next, reset_after):
    return gru.gru_cell_backward(da_next, gru.gru_cell_forward(*arguments, reset_after)[-1])


def gradients(arguments, da, reset_after):
    return gru.gru_backward(da, gru.gru_forward(*arguments, reset_after)[-1])


def without_flag(cache):
    """The arrays of a cell's cache; its last entry is the rule."""
    return tuple(cache)[:-1]


def arrays_of(forward):
    """What `gru_forward` returned, without the flags."""
    a, y_pred, (steps, x) = forward
    return a, y_pred, ([without_flag(step) for step in steps], x)


# against the twin


@both_rules
@given(case=cases)
def test_cell_forward_equals_the_twin(case, reset_after):
    arguments, da_next = cell_of(case, reset_after)
    a_next, yt_pred, _ = gru.gru_cell_forward(*arguments, reset_after)
    (expected_a, expected_y), _ = cell_vjp[reset_after](arguments, (da_next, np.zeros_like(yt_pred)))
    assert_agrees("a_next", a_next, expected_a, S_of(arguments))
    assert_agrees("yt_pred", yt_pred, expected_y, S_of(arguments))


@both_rules
@given(case=cases)
def test_forward_equals_the_twin_at_every_step(case, reset_after):
    arguments, da = sequence_of(case, reset_after)
    a, y_pred, _ = gru.gru_forward(*arguments, reset_after)
    (expected_a, expected_y), _ = sequence_vjp[reset_after](arguments, (da, np.zeros_like(y_pred)))
    assert_agrees("a", a, expected_a, S_of(arguments))
    assert_agrees("y_pred", y_pred, expected_y, S_of(arguments))


@both_rules
@given(case=cases)
def test_cell_backward_is_the_vjp_of_the_twin(case, reset_after):
    arguments, da_next = cell_of(case, reset_after)
    expected = cell_truth(arguments, da_next, reset_after)
    assert_gradients_agree(cell_gradients(arguments, da_next, reset_after), expected, arguments, da_next)


@both_rules
@given(case=cases)
def test_bptt_is_the_vjp_through_the_whole_sequence(case, reset_after):
    arguments, da = sequence_of(case, reset_after)
    expected = sequence_truth(arguments, da, reset_after)
    assert_gradients_agree(gradients(arguments, da, reset_after), expected, arguments, da)


@both_rules
@pytest.mark.parametrize("extreme", EXTREMES, ids=str)
@given(case=cases)
def test_saturated_gates_and_large_inputs_agree_and_are_finite(case, extreme, reset_after):
    arguments, da = sequence_of(replace(case, **extreme), reset_after)
    actual = gradients(arguments, da, reset_after)
    assert all(np.isfinite(array).all() for array in leaves(actual))
    assert_gradients_agree(actual, sequence_truth(arguments, da, reset_after), arguments, da)


def far_below_one(x, a0, parameters):
    biases = {name: 1e-20 * parameters[name] for name in ("bh", "bha") if name in parameters}
    return 1e-20 * x, 1e-20 * a0, {**parameters, **biases}


@both_rules
@given(case=cases)
def test_states_far_below_one_keep_their_digits(case, reset_after):
    arguments, da = sequence_of(replace(case, scale=1.0, saturated=False), reset_after)
    tiny = far_below_one(*arguments)
    a, y_pred, _ = gru.gru_forward(*tiny, reset_after)
    (expected, _), _ = sequence_vjp[reset_after](tiny, (da, np.zeros_like(y_pred)))
    assert_agrees("a", a * 1e20, expected * 1e20, S_of(arguments), max(1.0, np.abs(expected).max() * 1e20))


@both_rules
@given(case=cases)
def test_gradients_at_states_far_below_one_keep_their_digits(case, reset_after):
    arguments, da = sequence_of(replace(case, scale=1.0, saturated=False), reset_after)
    tiny = far_below_one(*arguments)
    actual = gradients(tiny, da, reset_after)
    for name, expected in sequence_truth(tiny, da, reset_after).items():
        np.testing.assert_allclose(actual[name], expected, rtol=0, atol=1e-9 * np.abs(expected).max(), err_msg=name)


@both_rules
@given(case=cases)
def test_a_nearly_shut_gate_keeps_its_digits(case, reset_after):
    (xt, a_prev, parameters), _ = cell_of(replace(case, scale=1.0, saturated=False), reset_after)
    parameters |= {name: parameters[name] - 60 for name in ("bz", "br")}
    *_, cache = gru.gru_cell_forward(xt, a_prev, parameters, reset_after)
    for gate, value in (("z", cache.zt), ("r", cache.rt)):
        z = parameters[f"W{gate}"] @ np.concatenate([a_prev, xt]) + parameters[f"b{gate}"]
        np.testing.assert_allclose(np.log(value), z, rtol=1e-12)


@both_rules
@given(case=cases)
def test_half_open_gates_move_by_a_quarter_of_what_far_smaller_inputs_add(case, reset_after):
    (xt, a_prev, parameters), _ = cell_of(replace(case, scale=1.0, saturated=False), reset_after)
    parameters |= {name: 0 * parameters[name] for name in ("bz", "br")}
    *_, cache = gru.gru_cell_forward(1e-13 * xt, 1e-13 * a_prev, parameters, reset_after)
    for gate, value in (("z", cache.zt), ("r", cache.rt)):
        z = 1e-13 * (parameters[f"W{gate}"] @ np.concatenate([a_prev, xt]))
        np.testing.assert_allclose(value - 0.5, z / 4, rtol=0, atol=5e-16)


@both_rules
@given(case=cases)
def test_an_unlikely_prediction_keeps_its_digits(case, reset_after):
    (xt, a_prev, parameters), _ = cell_of(replace(case, scale=1.0).with_sizes(n_y=2), reset_after)
    parameters["by"] = np.array([[0.0], [-60.0]])
    a_next, yt_pred, _ = gru.gru_cell_forward(xt, a_prev, parameters, reset_after)
    z = parameters["Wy"] @ a_next + parameters["by"]
    np.testing.assert_allclose(np.log(yt_pred[1] / yt_pred[0]), z[1] - z[0], rtol=1e-12)


@both_rules
@given(case=cases, data=st.data())
def test_fewer_steps_in_da_give_the_gradient_of_that_prefix(case, data, reset_after):
    arguments, da = sequence_of(case, reset_after)
    steps = data.draw(st.integers(1, da.shape[2]), label="steps")
    expected = sequence_truth(arguments, np.where(np.arange(da.shape[2]) < steps, da, 0.0), reset_after)
    expected["dx"] = expected["dx"][:, :, :steps]
    assert_gradients_agree(gradients(arguments, da[:, :, :steps], reset_after), expected, arguments, da)


@both_rules
@given(case=cases)
def test_float32_agrees_with_the_float64_truth_within_its_own_rounding(case, reset_after):
    arguments, da = sequence_of(case, reset_after, np.float32)
    expected = sequence_truth(arguments, da, reset_after)
    assert_gradients_agree(gradients(arguments, da, reset_after), expected, arguments, da, float32=True)


@both_rules
@given(case=cases)
def test_the_cell_in_float32_agrees_with_the_float64_truth_within_its_own_rounding(case, reset_after):
    arguments, da_next = cell_of(case, reset_after, np.float32)
    expected = cell_truth(arguments, da_next, reset_after)
    actual = cell_gradients(arguments, da_next, reset_after)
    assert_gradients_agree(actual, expected, arguments, da_next, float32=True)


# what holds for every backward


@both_rules
@given(case=cases, alpha=st.floats(-3, 3), beta=st.floats(-3, 3), seed=st.integers(0, 999))
def test_backward_is_linear_in_the_cotangent(case, alpha, beta, seed, reset_after):
    arguments, u = sequence_of(case, reset_after)
    v = np.abs(u).max() * np.random.default_rng(seed).standard_normal(u.shape)
    of_u, of_v = gradients(arguments, u, reset_after), gradients(arguments, v, reset_after)
    expected = {name: alpha * of_u[name] + beta * of_v[name] for name in of_u}
    combined = alpha * u + beta * v
    assert_gradients_agree(gradients(arguments, combined, reset_after), expected, arguments, (u, v, combined))


@both_rules
@given(case=cases)
def test_a_zero_cotangent_gives_exactly_zero(case, reset_after):
    arguments, da = sequence_of(case, reset_after)
    assert all((array == 0).all() for array in leaves(gradients(arguments, 0 * da, reset_after)))


@both_rules
@given(case=cases)
def test_examples_do_not_interact(case, reset_after):
    (x, a0, parameters), da = sequence_of(case, reset_after)
    alone = [gradients((x[:, [j]], a0[:, [j]], parameters), da[:, [j]], reset_after) for j in range(a0.shape[1])]
    columns = {name: np.concatenate([one[name] for one in alone], axis=1) for name in ("dx", "da0")}
    sums = {f"d{name}": sum(one[f"d{name}"] for one in alone) for name in LEARNED[reset_after]}
    arguments = (x, a0, parameters)
    assert_gradients_agree(gradients(arguments, da, reset_after), {**columns, **sums}, arguments, da)


@both_rules
@given(case=cases, random=st.randoms(use_true_random=False))
def test_permuting_the_examples_permutes_the_gradients(case, random, reset_after):
    (x, a0, parameters), da = sequence_of(case, reset_after)
    order = random.sample(range(a0.shape[1]), a0.shape[1])
    expected = gradients((x, a0, parameters), da, reset_after)
    expected = {**expected, "dx": expected["dx"][:, order], "da0": expected["da0"][:, order]}
    permuted = gradients((x[:, order], a0[:, order], parameters), da[:, order], reset_after)
    assert_gradients_agree(permuted, expected, (x, a0, parameters), da)


@both_rules
@given(case=cases)
def test_a_one_step_sequence_equals_the_cell(case, reset_after):
    (x, a0, parameters), da = sequence_of(case.with_sizes(T=1), reset_after)
    a_next, yt_pred, cache = gru.gru_cell_forward(x[:, :, 0], a0, parameters, reset_after)
    a, y_pred, caches = gru.gru_forward(x, a0, parameters, reset_after)
    assert_identical((a[:, :, 0], y_pred[:, :, 0]), (a_next, yt_pred))
    cell, sequence = gru.gru_cell_backward(da[:, :, 0], cache), gru.gru_backward(da, caches)
    names = [f"d{name}" for name in LEARNED[reset_after]]
    assert_identical(
        (sequence["dx"][:, :, 0], sequence["da0"], *(sequence[name] for name in names)),
        (cell["dxt"], cell["da_prev"], *(cell[name] for name in names)),
    )


@both_rules
@given(case=cases)
def test_nothing_is_mutated_and_a_second_call_after_another_gives_the_same_bits(case, reset_after):
    arguments, da = sequence_of(case, reset_after)
    first_forward = gru.gru_forward(*arguments, reset_after)
    before = mapped(np.copy, (arguments, da, arrays_of(first_forward)))
    first = mapped(np.copy, gru.gru_backward(da, first_forward[-1]))
    gradients(mapped(np.negative, arguments), 2 * da, reset_after)
    second = gru.gru_backward(da, first_forward[-1])
    assert_identical((arguments, da, arrays_of(first_forward)), before)
    assert_identical(second, first)
    assert_identical(arrays_of(gru.gru_forward(*arguments, reset_after)), before[-1])


@both_rules
@given(case=cases)
def test_the_cell_mutates_nothing_and_a_second_call_after_another_gives_the_same_bits(case, reset_after):
    arguments, da_next = cell_of(case, reset_after)
    a_next, yt_pred, cache = gru.gru_cell_forward(*arguments, reset_after)
    before = mapped(np.copy, (arguments, da_next, a_next, yt_pred, without_flag(cache)))
    first = mapped(np.copy, gru.gru_cell_backward(da_next, cache))
    cell_gradients(mapped(np.negative, arguments), 2 * da_next, reset_after)
    second = gru.gru_cell_backward(da_next, cache)
    assert_identical((arguments, da_next, a_next, yt_pred, without_flag(cache)), before)
    assert_identical(second, first)
    again = gru.gru_cell_forward(*arguments, reset_after)
    assert_identical((*again[:2], without_flag(again[2])), before[2:])


@both_rules
@given(case=cases)
def test_gradients_share_no_memory_with_arguments_or_each_other(case, reset_after):
    arguments, da = sequence_of(case, reset_after)
    forward = gru.gru_forward(*arguments, reset_after)
    results = leaves(gru.gru_backward(da, forward[-1])) + leaves(gru.gru_cell_backward(da[:, :, 0], forward[-1][0][0]))
    others = leaves((arguments, da, arrays_of(forward)))
    assert not any(np.shares_memory(result, other) for result in results for other in others)
    assert not any(np.shares_memory(one, other) for i, one in enumerate(results) for other in results[:i])


@both_rules
@pytest.mark.parametrize("dtype", DTYPES)
@given(case=cases)
def test_dtype_in_is_dtype_out(case, dtype, reset_after):
    arguments, da = sequence_of(case, reset_after, dtype)
    forward = gru.gru_forward(*arguments, reset_after)
    cell_arguments, da_next = cell_of(case, reset_after, dtype)
    a_next, yt_pred, cache = gru.gru_cell_forward(*cell_arguments, reset_after)
    results = (arrays_of(forward), gru.gru_backward(da, forward[-1]))
    cell_results = (a_next, yt_pred, without_flag(cache), gru.gru_cell_backward(da_next, cache))
    assert {array.dtype for array in leaves((results, cell_results))} == {np.dtype(dtype)}


@both_rules
@pytest.mark.parametrize("layout", LAYOUTS)
@given(case=cases)
def test_memory_layout_does_not_matter(case, layout, reset_after):
    arguments, da = sequence_of(case, reset_after)
    expected_a, expected_y, (steps, x) = gru.gru_forward(*arguments, reset_after)
    expected = gru.gru_backward(da, (steps, x))
    arguments, da, arrays, x = mapped(LAYOUTS[layout], (arguments, da, [without_flag(step) for step in steps], x))
    a, y_pred, _ = gru.gru_forward(*arguments, reset_after)
    assert_agrees("a", a, expected_a, S_of(arguments))
    assert_agrees("y_pred", y_pred, expected_y, S_of(arguments))
    caches = [(*step, reset_after) for step in arrays], x
    assert_gradients_agree(gru.gru_backward(da, caches), expected, arguments, da)


@both_rules
@given(case=cases)
def test_the_cache_is_in_the_published_order(case, reset_after):
    case = replace(case, scale=1.0, saturated=False)
    (xt, a_prev, parameters), _ = cell_of(case, reset_after)
    a_next, _, cache = gru.gru_cell_forward(xt, a_prev, parameters, reset_after)
    assert cache._fields == ("a_next", "a_prev", "zt", "rt", "hht", "xt", "parameters", "reset_after")
    assert cache[7] is reset_after
    assert_identical((*cache[:2], *cache[5:7]), (a_next, a_prev, xt, parameters))
    n_a, above = a_prev.shape[0], np.concatenate([a_prev, xt])
    z, r = (1 / (1 + np.exp(-parameters[f"W{gate}"] @ above - parameters[f"b{gate}"])) for gate in "zr")
    Wha, Whx = parameters["Wh"][:, :n_a], parameters["Wh"][:, n_a:]
    read = r * (Wha @ a_prev + parameters["bha"]) if reset_after else Wha @ (r * a_prev)
    for position, expected in ((2, z), (3, r), (4, np.tanh(read + Whx @ xt + parameters["bh"]))):
        assert_agrees(cache._fields[position], cache[position], expected, S_of((xt, a_prev, parameters)))


@both_rules
@given(case=cases)
def test_the_caches_of_a_sequence_are_one_cell_cache_a_step_and_x(case, reset_after):
    (x, a0, parameters), _ = sequence_of(case, reset_after)
    _, _, (steps, cached_x) = gru.gru_forward(x, a0, parameters, reset_after)
    expected, a_prev = [], a0
    for t in range(x.shape[2]):
        a_prev, _, cache = gru.gru_cell_forward(x[:, :, t], a_prev, parameters, reset_after)
        expected.append(without_flag(cache))
    assert [step.reset_after for step in steps] == [reset_after] * x.shape[2]
    assert_identical(([without_flag(step) for step in steps], cached_x), (expected, x))


@both_rules
@given(case=cases)
def test_plain_tuples_in_the_published_order_serve_as_caches(case, reset_after):
    arguments, da = sequence_of(case, reset_after)
    steps, x = gru.gru_forward(*arguments, reset_after)[-1]
    plain = [tuple(step) for step in steps]
    assert_identical(gru.gru_backward(da, (plain, x)), gru.gru_backward(da, (steps, x)))
    assert_identical(gru.gru_cell_backward(da[:, :, 0], plain[0]), gru.gru_cell_backward(da[:, :, 0], steps[0]))


# which GRU it is


@given(case=cases)
def test_the_reset_before_the_product_ignores_bha(case):
    (x, a0, parameters), da = sequence_of(case, BEFORE)
    forward = gru.gru_forward(x, a0, parameters)
    with_bha = gru.gru_forward(x, a0, {**parameters, "bha": parameters["bh"] + 1}, BEFORE)
    assert_identical(with_bha[:2], forward[:2])
    assert_identical(gru.gru_backward(da, with_bha[-1]), gru.gru_backward(da, forward[-1]))
    cell, with_bha_cell = forward[-1][0][0], with_bha[-1][0][0]
    assert set(gru.gru_cell_backward(da[:, :, 0], with_bha_cell)) == set(gru.gru_cell_backward(da[:, :, 0], cell))


def with_reset_gate(parameters, bias):
    return {**parameters, "Wr": 0 * parameters["Wr"], "br": np.full_like(parameters["br"], bias)}


@given(case=cases)
def test_with_the_reset_gate_open_the_rules_agree_and_bha_adds_to_bh(case):
    (x, a0, parameters), da = sequence_of(case, AFTER)
    after = with_reset_gate(parameters, CERTAIN)
    before = {**after, "bh": after["bh"] + after["bha"]}
    expected = gradients((x, a0, before), da, BEFORE)
    expected["dbha"] = expected["dbh"]
    assert_agrees("a", gru.gru_forward(x, a0, after, AFTER)[0], gru.gru_forward(x, a0, before)[0], S_of((x, a0, after)))
    assert_gradients_agree(gradients((x, a0, after), da, AFTER), expected, (x, a0, after), da)


@given(case=cases)
def test_with_the_reset_gate_shut_the_rules_agree_whatever_bha_is(case):
    (x, a0, parameters), da = sequence_of(case, AFTER)
    shut = with_reset_gate(parameters, -CERTAIN)
    expected = gradients((x, a0, shut), da, BEFORE)
    expected["dbha"] = 0 * expected["dbh"]
    assert_agrees("a", gru.gru_forward(x, a0, shut, AFTER)[0], gru.gru_forward(x, a0, shut)[0], S_of((x, a0, shut)))
    assert_gradients_agree(gradients((x, a0, shut), da, AFTER), expected, (x, a0, shut), da)


@given(case=cases)
def test_where_every_unit_reads_itself_alone_the_rules_differ_in_no_state_but_in_dWh(case):
    """r_i scales the one product W_ii a_i, before it or after it; the weights that are zero still have gradients."""
    (x, a0, parameters), da = sequence_of(case, AFTER)
    n_a = a0.shape[0]
    parameters["Wh"][:, :n_a] *= np.eye(n_a)
    parameters["bha"] *= 0
    arguments = (x, a0, parameters)
    assert_agrees("a", gru.gru_forward(*arguments, AFTER)[0], gru.gru_forward(*arguments)[0], S_of(arguments))
    before, after = gradients(arguments, da, BEFORE), gradients(arguments, da, AFTER)
    del after["dbha"]
    for one in (before, after):
        one["dWh"][:, :n_a] *= np.eye(n_a)
    assert_gradients_agree(after, before, arguments, da)


def test_where_units_read_each_other_the_rules_differ():
    """The two states of notes/gru.md."""
    zero = np.zeros((2, 1))
    parameters = {
        "Wz": np.zeros((2, 3)),
        "bz": zero + CERTAIN,
        "Wr": np.zeros((2, 3)),
        "br": np.array([[CERTAIN], [-CERTAIN]]),
        "Wh": np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
        "bh": zero,
        "bha": zero,
        "Wy": np.ones((1, 2)),
        "by": np.zeros((1, 1)),
    }
    xt, a_prev = np.ones((1, 1)), np.array([[0.5], [-0.25]])
    before, _, _ = gru.gru_cell_forward(xt, a_prev, parameters)
    after, _, _ = gru.gru_cell_forward(xt, a_prev, parameters, reset_after=True)
    np.testing.assert_array_equal(before, np.tanh([[0.0], [0.5]]))
    np.testing.assert_array_equal(after, np.tanh([[-0.25], [0.0]]))


def keeping(xt, a_prev, parameters):
    """The equations of Cho et al. (2014): the update gate says how much of the old state is kept."""
    concat = jnp.concatenate((a_prev, xt))
    z = jax.nn.sigmoid(parameters["Wz"] @ concat + parameters["bz"])
    r = jax.nn.sigmoid(parameters["Wr"] @ concat + parameters["br"])
    candidate = jnp.tanh(parameters["Wh"] @ jnp.concatenate((r * a_prev, xt)) + parameters["bh"])
    return z * a_prev + (1 - z) * candidate


keeping_vjp = vjp_of_words(keeping, ("n_x m", "n_a m", TAKEN[BEFORE]), "n_a m")


@given(case=cases)
def test_negating_Wz_and_bz_gives_the_net_whose_update_gate_keeps_the_old_state(case):
    (xt, a_prev, parameters), da_next = cell_of(case, BEFORE)
    a_next, (dxt, da_prev, expected) = keeping_vjp((xt, a_prev, parameters), da_next)
    negated = {**parameters, "Wz": -parameters["Wz"], "bz": -parameters["bz"]}
    assert_agrees("a_next", gru.gru_cell_forward(xt, a_prev, negated)[0], a_next, S_of((xt, a_prev, parameters)))
    actual = cell_gradients((xt, a_prev, negated), da_next, BEFORE)
    actual |= {"dWz": -actual["dWz"], "dbz": -actual["dbz"]}
    expected = {"dxt": dxt, "da_prev": da_prev, **{f"d{name}": expected[name] for name in LEARNED[BEFORE]}}
    assert_gradients_agree(actual, expected, (xt, a_prev, parameters), da_next)


@both_rules
@given(case=cases)
def test_with_the_update_gate_shut_the_state_and_its_cotangent_pass_unchanged(case, reset_after):
    (x, a0, parameters), da = sequence_of(case, reset_after)
    parameters |= {"Wz": 0 * parameters["Wz"], "bz": np.full_like(parameters["bz"], -CERTAIN)}
    a, _, caches = gru.gru_forward(x, a0, parameters, reset_after)
    np.testing.assert_array_equal(a, np.repeat(a0[:, :, np.newaxis], x.shape[2], axis=2))
    actual = gru.gru_backward(da, caches)
    assert_agrees("da0", actual.pop("da0"), da.sum(axis=2), S_of((x, a0, parameters), da))
    assert all((array == 0).all() for array in leaves(actual))


# errors


def inputs_of(function, reset_after):
    """Every array that `function` takes, as its messages call it → dimensions."""
    parameters = {f'parameters["{name}"]': dimensions for name, dimensions in TAKEN[reset_after].items()}
    return {
        gru.gru_cell_forward: {"xt": "n_x m", "a_prev": "n_a m", **parameters},
        gru.gru_forward: {"x": "n_x m T", "a0": "n_a m", **parameters},
        gru.gru_cell_backward: {"da_next": "n_a m"},
        gru.gru_backward: {"da": "n_a m T"},
    }[function]


def call(function, reset_after, **replaced):
    """`function` with right arguments, but those in `replaced`, by the names of its messages."""
    case = Case(SIZES)
    forward = {gru.gru_cell_backward: gru.gru_cell_forward, gru.gru_backward: gru.gru_forward}.get(function)
    given = {name: normal(case, name, dimensions) for name, dimensions in inputs_of(function, reset_after).items()}
    if forward:
        cache = "cache" if function is gru.gru_cell_backward else "caches"
        return function(**{cache: call(forward, reset_after)[-1], **given, **replaced})
    given |= replaced
    arguments = {name: array for name, array in given.items() if not name.startswith("parameters[")}
    of_dict = {name.split('"')[1]: array for name, array in given.items() if name.startswith("parameters[")}
    present = {name: array for name, array in of_dict.items() if array is not None}
    return function(**{"parameters": present, "reset_after": reset_after, **arguments})


FORWARDS = [gru.gru_cell_forward, gru.gru_forward]
BACKWARDS = [gru.gru_cell_backward, gru.gru_backward]
every_array = pytest.mark.parametrize(
    ("function", "reset_after", "name"),
    [
        (function, reset_after, name)
        for function in FORWARDS + BACKWARDS
        for reset_after in (BEFORE, AFTER)
        for name in inputs_of(function, reset_after)
    ],
    ids=lambda part: getattr(part, "__name__", part),
)


@every_array
def test_a_wrong_shape_is_a_value_error_that_names_the_array_and_the_expectation(function, reset_after, name):
    dimensions = inputs_of(function, reset_after)[name].split()
    wrong = normal(Case(SIZES), name, " ".join(dimensions))[..., np.newaxis]
    message = f"{name} has shape {wrong.shape}; expected ({', '.join(dimensions)})"
    with pytest.raises(ValueError, match=re.escape(message)):
        call(function, reset_after, **{name: wrong})


@every_array
@pytest.mark.parametrize("wrong_dtype", ["int64", "float16", "complex128", "object"])
def test_a_dtype_other_than_float32_and_float64_is_a_type_error(function, reset_after, name, wrong_dtype):
    wrong = np.ones(normal(Case(SIZES), name, inputs_of(function, reset_after)[name]).shape, dtype=wrong_dtype)
    with pytest.raises(TypeError, match=re.escape(f"{name} has dtype {wrong_dtype}; expected float32 or float64")):
        call(function, reset_after, **{name: wrong})


@every_array
def test_float32_among_float64_is_a_type_error_that_names_the_array(function, reset_after, name):
    wrong = normal(Case(SIZES), name, inputs_of(function, reset_after)[name]).astype(np.float32)
    with pytest.raises(TypeError, match="dtype") as raised:
        call(function, reset_after, **{name: wrong})
    assert {name, "float32", "float64"} <= set(re.findall(r'[\w"\[\]]+', str(raised.value)))


@both_rules
@pytest.mark.parametrize("function", FORWARDS)
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_missing_parameter_is_a_value_error_unless_the_rule_has_no_use_for_it(function, name, reset_after):
    if name == "bha" and not reset_after:
        assert call(function, reset_after) is not None
        return
    dimensions = ", ".join(PARAMETERS[name].split())
    message = f'parameters["{name}"] is missing; expected an array of shape ({dimensions})'
    with pytest.raises(ValueError, match=re.escape(message)):
        call(function, reset_after, **{f'parameters["{name}"]': None})


@pytest.mark.parametrize("function", FORWARDS)
def test_other_entries_of_parameters_are_ignored(function):
    more = {'parameters["note"]': "trained for an hour", 'parameters["Wu"]': np.ones(2, dtype=np.int64)}
    assert_identical(call(function, AFTER, **more)[:2], call(function, AFTER)[:2])


@both_rules
def test_more_steps_in_da_than_in_x_are_a_value_error(reset_after):
    with pytest.raises(ValueError, match="da has 7 time steps; expected 1 to 6, the steps of x"):
        call(gru.gru_backward, reset_after, da=np.ones((3, 5, 7)))


def test_a_cache_without_the_rule_is_a_value_error_that_lists_the_fields():
    cache = call(gru.gru_cell_forward, BEFORE)[-1]
    message = f"cache has 7 entries; expected 8: ({', '.join(gru.GRUCache._fields)})"
    with pytest.raises(ValueError, match=re.escape(message)):
        call(gru.gru_cell_backward, BEFORE, cache=cache[:-1])
    steps, x = call(gru.gru_forward, BEFORE)[-1]
    for t in (0, 3):
        damaged = [*steps[:t], steps[t][:-1], *steps[t + 1 :]]
        with pytest.raises(ValueError, match=re.escape(message)):
            call(gru.gru_backward, BEFORE, caches=(damaged, x))


@pytest.mark.parametrize("function", BACKWARDS)
@pytest.mark.parametrize("axis", [0, 1])
def test_a_cotangent_of_another_size_is_a_value_error_that_names_it(function, axis):
    ((name, dimensions),) = inputs_of(function, BEFORE).items()
    right = normal(Case(SIZES), name, dimensions)
    doubled = np.concatenate([right, right], axis=axis)
    with pytest.raises(ValueError, match=re.escape(f"{name} has shape {doubled.shape}; expected (n_a, m")):
        call(function, BEFORE, **{name: doubled})


every_weight = [(rule, name) for rule in LEARNED for name in ("Wz", "Wr", "Wh", "bha") if name in LEARNED[rule]]


@pytest.mark.parametrize(
    ("reset_after", "name"), [*((rule, name) for rule in LEARNED for name in ("a_prev", "xt")), *every_weight]
)
@pytest.mark.parametrize("axis", [0, 1])
def test_a_cached_array_of_another_size_is_a_value_error(reset_after, name, axis):
    """What a cached xt has one row too many for is a weight, so that the message may name that."""
    cache = call(gru.gru_cell_forward, reset_after)[-1]
    if name in cache._fields:
        right = getattr(cache, name)
        damaged = cache._replace(**{name: np.concatenate([right, right], axis=axis)})
        named = rf'({name}|\["W\w+"\])'
    else:
        doubled = np.concatenate([cache.parameters[name]] * 2, axis=axis)
        damaged, named = cache._replace(parameters={**cache.parameters, name: doubled}), re.escape(f'["{name}"]')
    with pytest.raises(ValueError, match=rf"{named} has shape .*; expected \("):
        call(gru.gru_cell_backward, reset_after, cache=damaged)


@pytest.mark.parametrize("axis", [0, 1])
def test_an_x_in_the_caches_that_does_not_fit_its_steps_is_a_value_error(axis):
    steps, x = call(gru.gru_forward, BEFORE)[-1]
    doubled = np.concatenate([x, x], axis=axis)
    with pytest.raises(ValueError, match=re.escape(f"x has shape {doubled.shape}; expected (n_x, m, T_x)")):
        call(gru.gru_backward, BEFORE, caches=(steps, doubled))


@pytest.mark.parametrize("t", [0, 3])
def test_a_step_whose_a_prev_has_another_size_is_a_value_error_that_names_it(t):
    steps, x = call(gru.gru_forward, BEFORE)[-1]
    steps[t] = steps[t]._replace(a_prev=np.ones((6, 5)))
    with pytest.raises(ValueError, match=re.escape("a_prev has shape (6, 5); expected (n_a, m) with n_a=3, m=5")):
        call(gru.gru_backward, BEFORE, caches=(steps, x))


@pytest.mark.parametrize("wrong", [None, {}, (), ([],), (None, None)], ids=str)
def test_caches_that_are_not_a_list_of_caches_and_x_are_a_type_error(wrong):
    with pytest.raises(TypeError, match=f"caches is a {type(wrong).__name__}; expected \\(list of caches, x\\)"):
        call(gru.gru_backward, BEFORE, caches=wrong)


@pytest.mark.parametrize(("reset_after", "name"), every_weight)
def test_a_cache_whose_parameters_lack_an_array_is_a_value_error_that_names_it(reset_after, name):
    cache = call(gru.gru_cell_forward, reset_after)[-1]
    parameters = {other: array for other, array in cache.parameters.items() if other != name}
    with pytest.raises(ValueError, match=re.escape(f'parameters["{name}"] is missing; expected an array')):
        call(gru.gru_cell_backward, reset_after, cache=cache._replace(parameters=parameters))
