"""manual/fused with checkpoint=: the same hidden states and gradients from every k-th state."""

import re
import tracemalloc

import numpy as np
import pytest
from agreement import assert_gradients_agree, assert_identical, leaves
from fused_nets import assert_same_gradients, back, cases, every_net
from hypothesis import given
from hypothesis import strategies as st

from manual.fused.sequence import window_size, windows


def checkpoints(T):
    return st.sampled_from([True, *range(1, T + 3)])


def peak_of_backward(net, T, checkpoint):
    """Bytes held at once, beyond what is returned, by a backward whose caller has dropped the hidden states."""
    arguments, cotangents = net.time_major(n_x=16, n_a=32, m=8, T=T)
    caches = net.forward_time_major(*arguments, checkpoint=checkpoint)[-1]
    back(net.backward_time_major, cotangents, caches)  # what is allocated once and for all
    del caches
    tracemalloc.start()
    try:
        caches = net.forward_time_major(*arguments, checkpoint=checkpoint)[-1]
        tracemalloc.reset_peak()
        gradients = back(net.backward_time_major, cotangents, caches)
        return tracemalloc.get_traced_memory()[1] - sum(array.nbytes for array in leaves(gradients))
    finally:
        tracemalloc.stop()


@every_net
@given(case=cases, data=st.data())
def test_the_gradients_are_those_of_the_whole(net, case, data):
    arguments, cotangents = net.arrays(case)
    checkpoint = data.draw(checkpoints(case.sizes["T"]), label="checkpoint")
    expected = net.gradients(arguments, cotangents)
    assert_gradients_agree(net.gradients(arguments, cotangents, checkpoint=checkpoint), expected, arguments, cotangents)


@every_net
@given(case=cases, data=st.data())
def test_the_gradients_of_a_prefix_are_those_of_the_whole(net, case, data):
    arguments, cotangents = net.arrays(case)
    checkpoint = data.draw(checkpoints(case.sizes["T"]), label="checkpoint")
    steps = data.draw(st.integers(1, case.sizes["T"]), label="steps")
    shorter = [array[:, :, :steps] for array in cotangents]
    expected = net.gradients(arguments, shorter)
    assert_gradients_agree(net.gradients(arguments, shorter, checkpoint=checkpoint), expected, arguments, cotangents)


@every_net
@given(case=cases, data=st.data())
def test_what_forward_returns_is_bit_for_bit_that_of_the_whole(net, case, data):
    arguments, _ = net.arrays(case)
    checkpoint = data.draw(checkpoints(case.sizes["T"]), label="checkpoint")
    *outputs, _ = net.forward(*arguments, checkpoint=checkpoint)
    assert_identical(outputs, net.forward(*arguments)[:-1])


@every_net
def test_the_time_major_pair_takes_the_same_checkpoints(net):
    (arguments, cotangents), (arguments_t, cotangents_t) = net.arrays(), net.time_major()
    actual = net.gradients_time_major(arguments_t, cotangents_t, checkpoint=3)
    expected = net.gradients(arguments, cotangents, checkpoint=3)
    assert_same_gradients({**actual, "dx": actual["dx"].transpose(1, 2, 0)}, expected)


@every_net
def test_a_second_backward_of_the_same_caches_gives_the_same_bits(net):
    arguments, cotangents = net.arrays()
    caches = net.forward(*arguments, checkpoint=3)[-1]
    first = back(net.backward, cotangents, caches)
    net.gradients(arguments, [2 * array for array in cotangents], checkpoint=3)
    assert_same_gradients(back(net.backward, cotangents, caches), first)


@given(st.integers(1, 10**12))
def test_true_is_the_square_root_of_the_steps_rounded_up(T):
    k = window_size(T, True)
    assert (k - 1) ** 2 < T <= k**2


@given(st.integers(1, 300), st.integers(1, 300))
def test_windows_are_of_k_steps_in_order_but_for_a_shorter_last_one(T, k):
    parts = windows(T, window_size(T, k))
    assert [t for part in parts for t in range(T)[part]] == list(range(T))
    assert {part.stop - part.start for part in parts[:-1]} <= {k}


@every_net
@pytest.mark.parametrize(("checkpoint", "states"), [(None, 1), (False, 1), (True, 3), (1, 7), (2, 4), (7, 1), (50, 1)])
def test_one_state_is_kept_for_every_window_and_no_record_unless_there_is_one_window(net, checkpoint, states):
    kept, _ = net.forward(*net.arrays()[0], checkpoint=checkpoint)[-1]
    assert len(kept.states) == states
    assert (kept.whole is None) == (states > 1)


@every_net
@pytest.mark.parametrize("checkpoint", [np.int64(3), np.uint8(3)], ids=repr)
def test_an_integer_of_numpy_is_a_number_of_steps(net, checkpoint):
    arguments, cotangents = net.arrays()
    expected = net.gradients(arguments, cotangents, checkpoint=3)
    assert_same_gradients(net.gradients(arguments, cotangents, checkpoint=checkpoint), expected)


@every_net
@pytest.mark.parametrize("checkpoint", [0, -1, np.int64(0)], ids=repr)
def test_less_than_one_step_is_a_value_error(net, checkpoint):
    for forward, arguments in ((net.forward, net.arrays()[0]), (net.forward_time_major, net.time_major()[0])):
        with pytest.raises(ValueError, match=f"^checkpoint is {checkpoint}; expected at least 1 step$"):
            forward(*arguments, checkpoint=checkpoint)


@every_net
@pytest.mark.parametrize("checkpoint", [2.0, "2", [2], np.array([2]), float("nan")], ids=repr)
def test_what_is_no_whole_number_is_a_type_error(net, checkpoint):
    message = f"checkpoint is {checkpoint!r}; expected None, False, True, or a whole number of steps"
    for forward, arguments in ((net.forward, net.arrays()[0]), (net.forward_time_major, net.time_major()[0])):
        with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
            forward(*arguments, checkpoint=checkpoint)


@every_net
def test_a_checkpointed_backward_holds_less_than_a_third_of_the_whole_one_at_900_steps(net):
    assert peak_of_backward(net, 900, True) < peak_of_backward(net, 900, None) / 3


@every_net
def test_memory_grows_as_the_square_root_of_the_steps(net):
    ratio = peak_of_backward(net, 1600, True) / peak_of_backward(net, 400, True)
    assert ratio < 2.2  # 4 without checkpoints
