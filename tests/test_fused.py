"""manual/fused against the textbook and the twin: every net, in chunks of any size, one claim a test."""

import copy
import pickle
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from agreement import LAYOUTS, S_of, assert_agrees, assert_gradients_agree, assert_identical, leaves, mapped
from fused_nets import LSTM, NETS, assert_same_gradients, cases, copied, every_net, time_first, time_last
from hypothesis import given
from hypothesis import strategies as st

from manual.fused import sequence
from manual.fused.workspace import Workspace

EXTREMES = [{"scale": 10.0}, {"saturated": True}, {"scale": 10.0, "saturated": True}]
large_batches = cases.flatmap(lambda case: st.integers(1, 600).map(lambda m: case.with_sizes(m=m)))
# chunks that end inside the sequence: of one step, or of some, or all of it
columns = st.sampled_from([1, 3, 7, sequence.COLUMNS])


@contextmanager
def chunks_of(columns):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sequence, "COLUMNS", columns)
        yield


def assert_outputs_agree(net, actual, expected, arguments, float32=False):
    names = net.contract.forward.outputs
    for name, one, other in zip(names, actual, expected, strict=True):
        assert_agrees(name, one, other, S_of(arguments), float32=float32)


def outputs_of_the_twin(net, arguments, cotangents):
    (da, *dc), (_, _, parameters, *_) = cotangents, arguments
    outputs, _ = net.vjp(arguments, (da, np.zeros((len(parameters["by"]), *da.shape[1:])), *dc))
    return outputs


# against the textbook and the twin


@every_net
@given(case=cases, columns=columns)
def test_forward_equals_the_twin_at_every_step(net, case, columns):
    arguments, cotangents = net.arrays(case)
    with chunks_of(columns):
        *outputs, _ = net.forward(*arguments)
    assert_outputs_agree(net, outputs, outputs_of_the_twin(net, arguments, cotangents), arguments)


@every_net
@given(case=cases, columns=columns)
def test_backward_is_the_vjp_through_the_whole_sequence(net, case, columns):
    arguments, cotangents = net.arrays(case)
    with chunks_of(columns):
        actual = net.gradients(arguments, cotangents)
    assert_gradients_agree(actual, net.truth(arguments, cotangents), arguments, cotangents)


@every_net
@given(case=cases, columns=columns)
def test_forward_and_backward_are_drop_ins_for_the_textbook(net, case, columns):
    arguments, cotangents = net.arrays(case)
    with chunks_of(columns):
        *outputs, _ = net.forward(*arguments)
        actual = net.gradients(arguments, cotangents)
    assert_outputs_agree(net, outputs, net.textbook_forward(*arguments)[:-1], arguments)
    assert_gradients_agree(actual, net.textbook_gradients(arguments, cotangents), arguments, cotangents)


@every_net
@given(case=large_batches)
def test_more_examples_than_columns_of_a_chunk_agree(net, case):
    arguments, cotangents = net.arrays(case)
    actual = net.gradients(arguments, cotangents)
    assert_gradients_agree(actual, net.textbook_gradients(arguments, cotangents), arguments, cotangents)


@every_net
@given(case=cases, extreme=st.sampled_from(EXTREMES))
def test_saturated_gates_and_large_inputs_agree_and_are_finite(net, case, extreme):
    arguments, cotangents = net.arrays(replace(case, **extreme))
    actual = net.gradients(arguments, cotangents)
    assert all(np.isfinite(array).all() for array in leaves(actual))
    assert_gradients_agree(actual, net.truth(arguments, cotangents), arguments, cotangents)


@every_net
@given(case=cases)
def test_gradients_at_states_far_below_one_keep_their_digits(net, case):
    (x, a0, parameters, *c0), cotangents = net.arrays(replace(case, scale=1.0, saturated=False))
    shrunk = {name: 1e-20 * parameters[name] for name in ("ba", "bc", "bh", "bha") if name in parameters}
    tiny = (1e-20 * x, 1e-20 * a0, {**parameters, **shrunk}, *(1e-20 * state for state in c0))
    actual = net.gradients(tiny, cotangents)
    for name, expected in net.truth(tiny, cotangents).items():
        np.testing.assert_allclose(actual[name], expected, rtol=0, atol=1e-9 * np.abs(expected).max(), err_msg=name)


@every_net
@given(case=cases, columns=columns, data=st.data())
def test_fewer_steps_in_the_cotangents_give_the_gradient_of_that_prefix(net, case, columns, data):
    arguments, cotangents = net.arrays(case)
    T = cotangents[0].shape[2]
    steps = data.draw(st.integers(1, T), label="steps")
    padded = tuple(np.where(np.arange(T) < steps, array, 0.0) for array in cotangents)
    expected = net.truth(arguments, padded)
    expected["dx"] = expected["dx"][:, :, :steps]
    with chunks_of(columns):
        actual = net.gradients(arguments, [array[:, :, :steps] for array in cotangents])
    assert_gradients_agree(actual, expected, arguments, cotangents)


@every_net
@given(case=cases, columns=columns)
def test_float32_agrees_with_the_float64_truth_within_its_own_rounding(net, case, columns):
    arguments, cotangents = net.arrays(case, np.float32)
    with chunks_of(columns):
        actual = net.gradients(arguments, cotangents)
    assert_gradients_agree(actual, net.truth(arguments, cotangents), arguments, cotangents, float32=True)


@given(cases)
def test_without_dc_the_gradients_are_those_from_every_a_alone(case):
    arguments, (da, dc) = LSTM.arrays(case)
    actual = LSTM.backward(da, LSTM.forward(*arguments)[-1])
    assert_gradients_agree(actual, LSTM.truth(arguments, (da, 0 * dc)), arguments, da)


@given(cases)
def test_with_dc_alone_the_gradients_are_those_from_every_c(case):
    arguments, (da, dc) = LSTM.arrays(case)
    actual = LSTM.gradients(arguments, (0 * da, dc))
    assert_gradients_agree(actual, LSTM.truth(arguments, (0 * da, dc)), arguments, dc)


@given(cases)
def test_without_c0_the_cell_state_starts_at_zero(case):
    (x, a0, parameters, c0), cotangents = LSTM.arrays(case)
    *outputs, caches = LSTM.forward(x, a0, parameters)
    *expected, _ = LSTM.forward(x, a0, parameters, np.zeros_like(c0))
    assert_identical(outputs, expected)
    da, dc = cotangents
    expected = LSTM.gradients((x, a0, parameters, np.zeros_like(c0)), cotangents)
    assert_same_gradients(LSTM.backward(da, caches, dc), expected)


# the time-major pair


@every_net
@given(case=cases)
def test_the_time_major_forward_is_the_canonical_one_transposed(net, case):
    arguments, _ = net.arrays(case)
    a, _, *c, _ = net.forward(*arguments)
    actual, *c_last, _ = net.forward_time_major(*net.time_major(case)[0])
    assert_identical((actual, *c_last), (time_first(a), *(array[:, :, -1] for array in c)))


@every_net
@given(case=cases)
def test_the_time_major_gradients_are_the_canonical_ones_transposed(net, case):
    actual = time_last(net.gradients_time_major(*net.time_major(case)))
    assert_same_gradients(actual, net.gradients(*net.arrays(case)))


@every_net
def test_the_caches_of_one_forward_serve_the_other_backward(net):
    (arguments, cotangents), (arguments_t, cotangents_t) = net.arrays(), net.time_major()
    (da, *dc), (da_t, *dc_t) = cotangents, cotangents_t
    expected = net.gradients(arguments, cotangents)
    assert_same_gradients(net.backward(da, net.forward_time_major(*arguments_t)[-1], *dc), expected)
    actual = net.backward_time_major(da_t, net.forward(*arguments)[-1], *dc_t)
    assert_same_gradients(time_last(actual), expected)


@every_net
def test_the_time_major_forward_needs_no_prediction_layer(net):
    (x, a0, parameters, *c0), _ = net.time_major()
    a, *_ = net.forward_time_major(x, a0, parameters, *c0)
    parameters = {name: array for name, array in parameters.items() if name not in ("Wya", "Wy", "by")}
    assert_identical(net.forward_time_major(x, a0, parameters, *c0)[0], a)


# what holds for every backward


@every_net
@given(case=cases)
def test_far_smaller_cotangents_give_gradients_that_are_as_much_smaller(net, case):
    arguments, cotangents = net.arrays(case)
    factor = 2.0**-60  # a power of two: not a digit is lost
    expected = {name: factor * array for name, array in net.gradients(arguments, cotangents).items()}
    assert_same_gradients(net.gradients(arguments, [factor * array for array in cotangents]), expected)


@every_net
@given(case=cases)
def test_a_zero_cotangent_gives_exactly_zero(net, case):
    arguments, cotangents = net.arrays(case)
    assert all((array == 0).all() for array in leaves(net.gradients(arguments, [0 * array for array in cotangents])))


@every_net
@given(case=cases)
def test_nothing_is_mutated_and_a_second_call_after_another_gives_the_same_bits(net, case):
    arguments, cotangents = net.arrays(case)
    *outputs, caches = net.forward(*arguments)
    da, *dc = cotangents
    before = copied((arguments, cotangents, outputs))
    first = copied(net.backward(da, caches, *dc))
    net.gradients(mapped(np.negative, arguments), [2 * array for array in cotangents])
    second = net.backward(da, caches, *dc)
    assert_identical((arguments, cotangents, outputs), before)
    assert_same_gradients(second, first)
    assert_identical(net.forward(*arguments)[:-1], before[-1])


@every_net
@given(case=cases)
def test_gradients_share_no_memory_with_arguments_or_each_other(net, case):
    arguments, cotangents = net.arrays(case)
    *outputs, caches = net.forward(*arguments)
    da, *dc = cotangents
    results = leaves(net.backward(da, caches, *dc))
    others = leaves((arguments, cotangents, outputs))
    assert not any(np.shares_memory(result, other) for result in results for other in others)
    assert not any(np.shares_memory(one, other) for i, one in enumerate(results) for other in results[:i])


@every_net
@pytest.mark.parametrize("checkpoint", [None, 2])
def test_writing_into_results_leaves_the_caches_as_they_were(net, checkpoint):
    arguments, (da, *dc) = net.arrays()
    *outputs, caches = net.forward(*arguments, checkpoint=checkpoint)
    gradients = net.backward(da, caches, *dc)
    expected = copied(gradients)
    for array in leaves((outputs, gradients)):
        if array.flags.writeable:
            array[...] = np.nan
    assert_same_gradients(net.backward(da, caches, *dc), expected)


@every_net
@pytest.mark.parametrize("checkpoint", [None, 2])
def test_states_and_parameters_may_change_between_forward_and_backward(net, checkpoint):
    (x, *others), (da, *dc) = net.arrays()
    expected = net.gradients((x, *others), (da, *dc), checkpoint=checkpoint)
    *_, caches = net.forward(x, *others, checkpoint=checkpoint)
    for array in leaves(others):
        array[...] = np.nan
    assert_same_gradients(net.backward(da, caches, *dc), expected)


@every_net
@pytest.mark.parametrize("copied_by", [copy.deepcopy, lambda caches: pickle.loads(pickle.dumps(caches))])
def test_copied_caches_serve_as_well(net, copied_by):
    arguments, (da, *dc) = net.arrays()
    *_, caches = net.forward(*arguments, workspace=Workspace())
    assert_same_gradients(net.backward(da, copied_by(caches), *dc), net.backward(da, caches, *dc))


@every_net
@pytest.mark.parametrize("checkpoint", [None, 7, 8])
def test_hidden_states_that_the_caches_hold_are_read_only(net, checkpoint):
    canonical, time_major = net.arrays()[0], net.time_major()[0]
    for a in (
        net.forward(*canonical, checkpoint=checkpoint)[0],
        net.forward_time_major(*time_major, checkpoint=checkpoint)[0],
    ):
        with pytest.raises(ValueError, match="read-only"):
            a[0] = 0
        with pytest.raises(ValueError, match="WRITEABLE"):
            a.flags.writeable = True


@every_net
def test_checkpointed_hidden_states_may_be_written(net):
    for a in (
        net.forward(*net.arrays()[0], checkpoint=True)[0],
        net.forward_time_major(*net.time_major()[0], checkpoint=True)[0],
    ):
        a[...] = 0


@every_net
@given(case=cases, dtype=st.sampled_from([np.float32, np.float64]))
def test_dtype_in_is_dtype_out(net, case, dtype):
    arguments, cotangents = net.arrays(case, dtype)
    *outputs, caches = net.forward(*arguments)
    arguments, cotangents_t = net.time_major(case, dtype)
    *outputs_t, caches_t = net.forward_time_major(*arguments, checkpoint=2)
    gradients = net.backward(cotangents[0], caches), net.backward_time_major(cotangents_t[0], caches_t)
    assert {array.dtype for array in leaves((outputs, outputs_t, gradients))} == {np.dtype(dtype)}


@every_net
@given(case=cases, layout=st.sampled_from(sorted(LAYOUTS)))
def test_memory_layout_does_not_matter(net, case, layout):
    arguments, cotangents = net.arrays(case)
    expected_outputs, expected = net.forward(*arguments)[:-1], net.gradients(arguments, cotangents)
    arguments, cotangents = mapped(LAYOUTS[layout], (arguments, cotangents))
    assert_outputs_agree(net, net.forward(*arguments)[:-1], expected_outputs, arguments)
    assert_gradients_agree(net.gradients(arguments, cotangents), expected, arguments, cotangents)


def test_every_net_of_the_folder_is_here():
    assert [net.name for net in NETS] == ["RNN", "LSTM", "GRU", "GRU with reset_after"]
