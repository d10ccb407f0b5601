"""manual/fused on arrays that are not NumPy's: the same code, and what comes out is of their kind."""

import operator
import re
from itertools import count

import duck
import numpy as np
import pytest
from agreement import assert_identical
from duck import Duck, ducks, opened
from fused_nets import SIZES, assert_same_gradients, back, cases, every_net
from hypothesis import given
from hypothesis import strategies as st

from gradproof.cases import Case
from manual.fused.workspace import Workspace

checkpoints = pytest.mark.parametrize("checkpoint", [None, True, 3])


@checkpoints
@every_net
def test_forward_returns_arrays_of_the_kind_it_was_given_with_the_same_bits(net, checkpoint):
    arguments, _ = net.arrays()
    *outputs, _ = net.forward(*ducks(arguments), checkpoint=checkpoint)
    assert_identical(opened(outputs), list(net.forward(*arguments, checkpoint=checkpoint)[:-1]))


@checkpoints
@every_net
def test_gradients_are_of_the_kind_of_the_arguments_with_the_same_bits(net, checkpoint):
    arguments, cotangents = net.arrays()
    actual = opened(net.gradients(ducks(arguments), ducks(cotangents), checkpoint=checkpoint))
    assert_same_gradients(actual, net.gradients(arguments, cotangents, checkpoint=checkpoint))


@every_net
@given(case=cases, checkpoint=st.sampled_from([None, True, 2]), data=st.data())
def test_the_time_major_pair_gives_the_same_bits_for_every_shape_and_prefix(net, case, checkpoint, data):
    arguments, cotangents = net.time_major(case)
    steps = data.draw(st.integers(1, case.sizes["T"]), label="steps")
    shorter = tuple(array[:steps] for array in cotangents)
    actual = opened(net.gradients_time_major(ducks(arguments), ducks(shorter), checkpoint=checkpoint))
    assert_same_gradients(actual, net.gradients_time_major(arguments, shorter, checkpoint=checkpoint))


@every_net
def test_what_may_be_left_out_may_be_left_out(net):
    (x, a0, parameters, *_), (da, *_) = net.arrays()
    gradients = back(net.backward, ducks((da,)), net.forward(*ducks((x, a0, parameters)))[-1])
    assert_same_gradients(opened(gradients), back(net.backward, (da,), net.forward(x, a0, parameters)[-1]))


@every_net
def test_float32_stays_float32(net):
    arguments, cotangents = net.arrays(dtype=np.float32)
    actual = opened(net.gradients(ducks(arguments), ducks(cotangents)))
    assert_same_gradients(actual, net.gradients(arguments, cotangents))


@every_net
def test_results_with_a_kept_workspace_are_not_overwritten_by_later_calls(net):
    workspace, (arguments, cotangents) = Workspace(), net.arrays()
    kept, expected = [], []
    for factor in (1.0, 0.5, -1.0, 2.0):
        scaled = [factor * cotangent for cotangent in cotangents]
        others = (factor * arguments[0], *arguments[1:])
        a, *_, caches = net.forward(*ducks(others), workspace=workspace)
        kept.append((a[0], back(net.backward, ducks(scaled), caches)))
        a, *_, caches = net.forward(*others)
        expected.append((a[0], back(net.backward, scaled, caches)))
    assert_identical(opened(kept), expected)


@every_net
def test_calls_inside_a_running_call_with_the_same_workspace_change_nothing(net, monkeypatch):
    arguments, cotangents = net.arrays()
    expected = net.gradients(arguments, cotangents)
    others = ducks(net.arrays(Case(SIZES, seed=1)))
    workspace, called, calls, inside = Workspace(), duck._called, count(), []

    def interrupted(*call):
        if not inside and next(calls) % 7 == 0:
            inside.append(True)
            net.gradients(*others, workspace=workspace)
            inside.clear()
        return called(*call)

    monkeypatch.setattr(duck, "_called", interrupted)
    actual = net.gradients(ducks(arguments), ducks(cotangents), workspace=workspace)
    assert_same_gradients(opened(actual), expected)
    assert next(calls) > 20


@every_net
def test_arrays_of_two_kinds_share_a_workspace(net):
    workspace, (arguments, cotangents) = Workspace(), net.arrays()
    expected = net.gradients(arguments, cotangents)
    for _ in range(2):
        assert_same_gradients(net.gradients(arguments, cotangents, workspace=workspace), expected)
        actual = net.gradients(ducks(arguments), ducks(cotangents), workspace=workspace)
        assert_same_gradients(opened(actual), expected)


@every_net
def test_a_sequence_streams_through_memory(net):
    (x, *others), (da, *_) = net.time_major()

    def gradients(x, da, others):
        remaining = iter([da[:2], da[2:3], da[3:]])
        return net.stream([x[:2], x[2:3], x[3:]], lambda a: a * next(remaining), *others)

    assert_same_gradients(opened(gradients(Duck(x), Duck(da), ducks(others))), gradients(x, da, others))


@every_net
def test_an_error_names_the_array_as_ever(net):
    (x, a0, *others), _ = net.arrays()
    with pytest.raises(ValueError, match=re.escape("a0 has shape (3,); expected (n_a, m)")):
        net.forward(*ducks((x, a0[:, 0], *others)))


@pytest.mark.parametrize("convert", [np.asarray, float, int, bool])
def test_a_duck_never_becomes_an_array_of_numpy_or_a_number(convert):
    with pytest.raises(TypeError, match="implicit conversion"):
        convert(Duck(np.ones(1)))


@pytest.mark.parametrize("mix", [np.add, np.dot, operator.imul, operator.matmul, lambda *both: np.concatenate(both)])
def test_a_duck_does_not_mix_with_arrays_of_numpy(mix):
    for one, other in ((Duck(np.ones(2)), np.ones(2)), (np.ones(2), Duck(np.ones(2)))):
        with pytest.raises(TypeError):
            mix(one, other)
