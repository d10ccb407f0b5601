"""notes/fused.md: its code runs and gives what it says, its table of memory is what the caches hold."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from fused_nets import NETS

from manual import lstm

NOTE = (Path(__file__).parents[1] / "notes" / "fused.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ran():
    """The names of the note's code after it has run, block after block."""
    names = {}
    for block in re.findall(r"```python\n(.*?)```", NOTE, re.DOTALL):
        exec(block, names)
    return names


def test_every_way_of_use_gives_the_gradients_of_the_textbook(ran):
    expected = lstm.lstm_backward(ran["da"], lstm.lstm_forward(ran["x"], ran["a0"], ran["parameters"])[-1])
    for name in expected:
        time_first = expected[name].transpose(2, 0, 1) if name == "dx" else expected[name]
        np.testing.assert_allclose(ran["gradients"][name], expected[name], rtol=1e-11, atol=1e-12)
        np.testing.assert_allclose(ran["gradients_steps"][name], time_first, rtol=1e-11, atol=1e-12)


def test_the_streamed_windows_give_the_gradients_of_the_whole(ran):
    a, _, _, caches = lstm.lstm_forward(ran["x"], ran["a0"], ran["parameters"])
    expected = lstm.lstm_backward(a - ran["targets"].transpose(1, 2, 0), caches)
    for name in set(expected) - {"dx"}:
        np.testing.assert_allclose(ran["streamed"][name], expected[name], rtol=1e-11, atol=1e-12)


def numbers_in(nest):
    """How many numbers the arrays of a nest hold, views of one array counted once."""
    if isinstance(nest, np.ndarray):
        base = nest if nest.base is None else nest.base
        return {id(base): base.size}
    return {key: n for part in nest for key, n in numbers_in(part).items()} if isinstance(nest, (tuple, list)) else {}


@pytest.mark.parametrize(("net", "arrays"), list(zip(NETS, (0, 5, 3, 4), strict=True)))
def test_the_record_of_a_whole_run_has_as_many_numbers_as_the_table_says(net, arrays):
    arguments, (da, *_) = net.time_major(T=60)
    kept = net.forward_time_major(*arguments)[-1][0]
    a_step = da[0].size
    assert sum(numbers_in(kept.whole.record or ()).values()) == arrays * 60 * a_step + (
        5 * a_step if arrays == 5 else 0
    )


@pytest.mark.parametrize(("net", "states"), list(zip(NETS, (1, 2, 1, 1), strict=True)))
def test_a_checkpointed_run_keeps_the_states_that_the_table_says(net, states):
    arguments, (da, *_) = net.time_major(T=60)
    kept = net.forward_time_major(*arguments, checkpoint=7)[-1][0]
    assert sum(numbers_in(kept.states).values()) == states * math.ceil(60 / 7) * da[0].size
    assert kept.whole is None
