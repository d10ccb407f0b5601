"""manual/stacked.py against its twin autodiff/stacked.py, one claim a test."""

from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import product

import numpy as np
import pytest
from agreement import S_of, assert_agrees, assert_gradients_agree, assert_identical, leaves, mapped, scale_of, vjp_of
from hypothesis import assume, given
from hypothesis import strategies as st

from autodiff import stacked as twin
from gradproof.cases import LARGEST
from gradproof.contracts import sizes_of
from manual import fused, gru, lstm, rnn, stacked

SHAPES = {
    "rnn": rnn.PARAMETERS,
    "lstm": lstm.PARAMETERS,
    "gru": gru.PARAMETERS,
    "gru_reset_after": gru.RESET_AFTER_PARAMETERS,
}
STATE = {"rnn": 1, "lstm": 2, "gru": 1, "gru_reset_after": 1}
PREDICTION = {"Wya", "Wy", "by"}
MIXED = ("rnn", "lstm", "gru")


@dataclass(frozen=True)
class Stack:
    """Cells, the lowest first, with their n_a, and what the arrays are filled with."""

    cells: tuple[str, ...]
    n_x: int
    n_a: tuple[int, ...]
    m: int
    T: int
    seed: int = 0
    scale: float = 1.0
    cotangents: float = 1.0
    size: int = 1

    def arrays(self, dtype=np.float64):
        """x, layers, states and da."""
        random = np.random.default_rng(self.seed)

        def normal(name, *shape):
            scale = scale_of(name, shape, self.scale, self.T + len(self.cells))
            return (scale * random.standard_normal(shape)).astype(dtype)

        layers, states = [], []
        for cell, n_x, n_a in zip(self.cells, (self.n_x, *self.n_a), self.n_a, strict=False):
            sizes = {"n_x": n_x, "n_a": n_a, "n_y": 2}
            layers.append((cell, {name: normal(name, *sizes_of(shape, sizes)) for name, shape in SHAPES[cell].items()}))
            states.append(tuple(normal("a0", n_a, self.m) for _ in range(STATE[cell])))
        da = (self.cotangents * random.standard_normal((self.n_a[-1], self.m, self.T))).astype(dtype)
        return normal("x", self.n_x, self.m, self.T), layers, states, da


def shapes_of(cells):
    """Stacks of these cells with every shape, seed and window."""
    sizes = {name: st.integers(1, largest) for name, largest in LARGEST.items()}
    return st.builds(
        partial(Stack, cells),
        n_x=sizes["n_x"],
        n_a=st.tuples(*[sizes["n_a"]] * len(cells)),
        m=sizes["m"],
        T=sizes["T"],
        seed=st.integers(0, 2**16 - 1),
        scale=st.sampled_from([1.0, 0.5, 2.0, 3.0, 10.0]),
        cotangents=st.sampled_from([1.0, 50.0, 1e-5]),
        size=st.integers(1, LARGEST["T"] + 1),
    )


free = st.lists(st.sampled_from(sorted(STATE)), min_size=1, max_size=3).map(tuple).flatmap(shapes_of)
# the derivative program is another one for all cells, and in windows for every T and size
traced = st.sampled_from([*product(STATE, repeat=2), MIXED]).flatmap(shapes_of)
in_windows = st.one_of(
    shapes_of(("rnn",)).map(lambda stack: replace(stack, T=3, size=1)),
    shapes_of(("lstm", "rnn")).map(lambda stack: replace(stack, T=5, size=3)),
)


@cache
def vjp_of_stack(cells, T="T", size=None):
    """(x, parameters, states), (da, cotangents of the last states) → the vjp of the twin; with size, in windows."""
    widths = ["n_x", *(f"n_a{i}" for i in range(len(cells)))]
    parameters, states = [], []
    for cell, n_x, n_a in zip(cells, widths, widths[1:], strict=False):
        own = {"n_x": n_x, "n_a": n_a, "n_a+n_x": f"{n_a}+{n_x}"}
        parameters.append({name: tuple(own.get(part, part) for part in shape) for name, shape in SHAPES[cell].items()})
        states.append(((n_a, "m"),) * STATE[cell])

    def forward(x, parameters, states):
        layers = list(zip(cells, parameters, strict=True))
        if size is None:
            return twin.stacked_forward(x, layers, states)
        return twin.truncated_forward(x, layers, size, states)

    return vjp_of(forward, (("n_x", "m", T), parameters, states), ((widths[-1], "m", T), states))


def true_forward_and_gradients(stack, arguments, da, size=None):
    """(a, last states) of the twin, and the gradients of sum(da * a) by name."""
    x, layers, states = arguments
    primals = (x, [parameters for _, parameters in layers], states)
    vjp = vjp_of_stack(stack.cells) if size is None else vjp_of_stack(stack.cells, str(stack.T), size)
    outputs, (dx, parameters, states) = vjp(primals, (da, mapped(np.zeros_like, states)))
    layers = [
        {
            **{f"d{name}": array for name, array in of_layer.items() if name not in PREDICTION},
            **dict(zip(("da0", "dc0"), state, strict=False)),
        }
        for of_layer, state in zip(parameters, states, strict=True)
    ]
    return outputs, named({"dx": dx, "layers": layers})


def named(gradients):
    """Gradients of a stack as one flat dict, such as {"dx": ..., "layers[1] dWf": ...}."""
    layers = enumerate(gradients["layers"])
    return {"dx": gradients["dx"]} | {f"layers[{i}] {name}": array for i, one in layers for name, array in one.items()}


def arrays_in(arguments):
    """The arrays of x, layers and states: `leaves` would take the names of the cells for arrays."""
    x, layers, states = arguments
    return leaves((x, [parameters for _, parameters in layers], states))


def gradients(arguments, da):
    x, layers, states = arguments
    return stacked.stacked_backward(da, stacked.stacked_forward(x, layers, states)[-1])


def truncated_gradients(arguments, da, size):
    x, layers, states = arguments
    return stacked.truncated_backward(da, stacked.truncated_forward(x, layers, size, states)[-1])


@given(traced)
def test_forward_equals_the_twin_at_every_step_and_in_every_last_state(stack):
    *arguments, da = stack.arrays()
    (expected_a, expected_last), _ = true_forward_and_gradients(stack, arguments, da)
    a, last, _ = stacked.stacked_forward(*arguments)
    S = S_of(arrays_in(arguments))
    assert_agrees("a", a, expected_a, S)
    for actual, expected in zip(leaves(last), leaves(expected_last), strict=True):
        assert_agrees("last state", actual, expected, S)


@given(traced)
def test_backward_is_the_vjp_through_depth_and_time(stack):
    *arguments, da = stack.arrays()
    _, expected = true_forward_and_gradients(stack, arguments, da)
    assert_gradients_agree(named(gradients(arguments, da)), expected, arrays_in(arguments), da)


@given(traced)
def test_float32_agrees_with_the_float64_truth_within_its_own_rounding(stack):
    *arguments, da = stack.arrays(np.float32)
    _, expected = true_forward_and_gradients(stack, arguments, da)
    assert_gradients_agree(named(gradients(arguments, da)), expected, arrays_in(arguments), da, float32=True)


@given(free)
def test_a_stack_of_one_layer_is_that_layer_to_the_bit(stack):
    for cell in STATE:
        x, layers, states, da = Stack((cell,), stack.n_x, stack.n_a[:1], stack.m, stack.T, stack.seed).arrays()
        ((_, parameters),), (state,) = layers, states
        forward, backward = {
            "rnn": (fused.rnn.rnn_forward, fused.rnn.rnn_backward),
            "lstm": (fused.lstm.lstm_forward, fused.lstm.lstm_backward),
            "gru": (fused.gru.gru_forward, fused.gru.gru_backward),
            "gru_reset_after": (partial(fused.gru.gru_forward, reset_after=True), fused.gru.gru_backward),
        }[cell]
        a, *_, caches = forward(x, state[0], parameters, *state[1:])
        expected = backward(da, caches)
        actual_a, _, stack_caches = stacked.stacked_forward(x, layers, states)
        actual = stacked.stacked_backward(da, stack_caches)
        assert_identical((actual_a, {"dx": actual["dx"], **actual["layers"][0]}), (a, expected))


@given(free)
def test_a_stack_is_one_step_of_every_layer_after_another_at_each_time(stack):
    x, layers, states, _ = stack.arrays()
    expected = []
    for t in range(stack.T):
        y = x[:, :, t]
        for i, (cell, parameters) in enumerate(layers):
            if cell == "rnn":
                y, *_ = rnn.rnn_cell_forward(y, *states[i], parameters)
                states[i] = (y,)
            elif cell == "lstm":
                y, c, *_ = lstm.lstm_cell_forward(y, *states[i], parameters)
                states[i] = (y, c)
            else:
                y, *_ = gru.gru_cell_forward(y, *states[i], parameters, reset_after=cell == "gru_reset_after")
                states[i] = (y,)
        expected.append(y)
    x, layers, initial, _ = stack.arrays()
    a, last, _ = stacked.stacked_forward(x, layers, initial)
    S = S_of(arrays_in((x, layers, initial)))
    assert_agrees("a", a, np.stack(expected, axis=2), S)
    for actual, state in zip(leaves(last), leaves(states), strict=True):
        assert_agrees("last state", actual, state, S)


@given(free)
def test_without_states_every_layer_starts_at_zero(stack):
    x, layers, states, _ = stack.arrays()
    zero = mapped(np.zeros_like, states)
    assert_identical(stacked.stacked_forward(x, layers)[:2], stacked.stacked_forward(x, layers, zero)[:2])


@given(free, st.data())
def test_fewer_steps_in_da_give_the_gradient_of_that_prefix(stack, data):
    x, layers, states, da = stack.arrays()
    steps = data.draw(st.integers(1, stack.T), label="steps")
    actual = named(gradients((x, layers, states), da[:, :, :steps]))
    prefix = (x[:, :, :steps], layers, states)
    assert_gradients_agree(actual, named(gradients(prefix, da[:, :, :steps])), arrays_in(prefix), da)


@given(st.integers(1, 60), st.integers(1, 70))
def test_windows_hold_every_step_once_in_order_and_only_the_last_is_shorter(T, size):
    windows = stacked.windows(T, size)
    assert [t for window in windows for t in range(T)[window]] == list(range(T))
    assert {window.stop - window.start for window in windows[:-1]} <= {size}
    assert 1 <= windows[-1].stop - windows[-1].start <= size


@given(in_windows)
def test_truncated_backward_is_the_vjp_with_a_stop_gradient_at_every_border(stack):
    *arguments, da = stack.arrays()
    _, expected = true_forward_and_gradients(stack, arguments, da, stack.size)
    assert_gradients_agree(named(truncated_gradients(arguments, da, stack.size)), expected, arrays_in(arguments), da)


@given(in_windows, st.data())
def test_the_gradients_of_one_window_are_the_vjp_of_it_with_a_stop_gradient_at_its_borders(stack, data):
    x, layers, states, da = stack.arrays()
    *_, caches = stacked.truncated_forward(x, layers, stack.size, states)
    k = data.draw(st.integers(0, len(caches) - 1), label="window")
    window, of_window = caches[k]
    inside = np.zeros_like(da)
    inside[:, :, window] = da[:, :, window]
    _, expected = true_forward_and_gradients(stack, (x, layers, states), inside, stack.size)
    expected["dx"] = expected["dx"][:, :, window]
    actual = named(stacked.stacked_backward(da[:, :, window], of_window))
    if k > 0:  # the states that a later window starts from are no arguments of the twin
        actual = {name: array for name, array in actual.items() if not name.endswith(("da0", "dc0"))}
        expected = {name: expected[name] for name in actual}
    assert_gradients_agree(actual, expected, arrays_in((x, layers, states)), da)


@given(free)
def test_truncated_gradients_are_those_of_its_windows_added_up(stack):
    x, layers, states, da = stack.arrays()
    *_, caches = stacked.truncated_forward(x, layers, stack.size, states)
    windows = [stacked.stacked_backward(da[:, :, window], of_window) for window, of_window in caches]
    actual = stacked.truncated_backward(da, caches)
    assert_identical(actual["dx"], np.concatenate([window["dx"] for window in windows], axis=2))
    for i, layer in enumerate(actual["layers"]):
        for name, array in layer.items():
            parts = [window["layers"][i][name] for window in windows]
            assert_identical(array, parts[0] if name in ("da0", "dc0") else sum(parts[1:], start=parts[0]))


@given(free, st.integers(0, 3))
def test_a_window_as_long_as_the_sequence_gives_full_bptt_to_the_bit(stack, more):
    *arguments, da = stack.arrays()
    assert_identical(
        named(truncated_gradients(arguments, da, stack.T + more)),
        named(gradients(arguments, da)),
    )


@given(free)
def test_nothing_flows_back_across_a_border(stack):
    stack = replace(stack, T=stack.T + stack.size, scale=0.5)  # two windows or more, and no unit saturated
    *arguments, da = stack.arrays()
    da[:, :, : stack.size] = 0.0
    first = truncated_gradients(arguments, da, stack.size)["dx"][:, :, : stack.size]
    assert (first == 0).all()
    assert (gradients(arguments, da)["dx"][:, :, : stack.size] != 0).any()


@given(free)
def test_the_gradients_of_a_window_depend_on_no_later_window(stack):
    stack = replace(stack, T=stack.T + stack.size)
    x, layers, states, da = stack.arrays()
    of_first = truncated_gradients((x[:, :, : stack.size], layers, states), da[:, :, : stack.size], stack.size)
    of_all = truncated_gradients((x, layers, states), da, stack.size)
    assert_identical(of_all["dx"][:, :, : stack.size], of_first["dx"])
    for all_layer, first_layer in zip(of_all["layers"], of_first["layers"], strict=True):
        for name in first_layer.keys() & {"da0", "dc0"}:
            assert_identical(all_layer[name], first_layer[name])


def has_windows_of_one_step(stack):
    return stack.T > 1 and 1 in (stack.size, stack.T % stack.size)


@given(free)
def test_the_carried_state_makes_the_windows_equal_to_the_whole_sequence_to_the_bit(stack):
    # a window's only step goes from layer to layer by another matrix product than one step of many: see the next test
    assume(len(stack.cells) == 1 or not has_windows_of_one_step(stack))
    x, layers, states, _ = stack.arrays()
    windows, whole = (
        stacked.truncated_forward(x, layers, stack.size, states),
        stacked.stacked_forward(x, layers, states),
    )
    assert_identical(windows[:2], whole[:2])


@given(free)
def test_windows_of_one_step_agree_with_the_whole_sequence(stack):
    stack = replace(stack, size=1)
    x, layers, states, _ = stack.arrays()
    windows, whole = (
        stacked.truncated_forward(x, layers, stack.size, states),
        stacked.stacked_forward(x, layers, states),
    )
    S = S_of(arrays_in((x, layers, states)))
    for actual, expected in zip(leaves(windows[:2]), leaves(whole[:2]), strict=True):
        assert_agrees("a or a last state", actual, expected, S)


@given(free)
def test_a_loop_that_keeps_one_window_at_a_time_gives_the_same_bits(stack):
    x, layers, states, da = stack.arrays()
    expected_a, expected_last, caches = stacked.truncated_forward(x, layers, stack.size, states)
    for window, of_window in caches:
        a, states, of_loop = stacked.stacked_forward(x[:, :, window], layers, states)
        assert_identical(a, expected_a[:, :, window])
        assert_identical(
            named(stacked.stacked_backward(da[:, :, window], of_loop)),
            named(stacked.stacked_backward(da[:, :, window], of_window)),
        )
    assert_identical(states, expected_last)


@given(free)
def test_nothing_is_mutated_and_a_second_call_after_another_gives_the_same_bits(stack):
    x, layers, states, da = stack.arrays()
    whole, in_windows = stacked.stacked_forward(x, layers, states), stacked.truncated_forward(x, layers, 2, states)
    first = named(stacked.stacked_backward(da, whole[-1])), named(stacked.truncated_backward(da, in_windows[-1]))
    first = mapped(np.copy, first)
    other = replace(stack, seed=stack.seed + 1).arrays()
    gradients(other[:-1], 2 * da)
    second = named(stacked.stacked_backward(da, whole[-1])), named(stacked.truncated_backward(da, in_windows[-1]))
    assert_identical(second, first)
    assert_identical(arrays_in((x, layers, states)), arrays_in(stack.arrays()[:-1]))
    assert_identical(da, stack.arrays()[-1])
    assert_identical(stacked.stacked_forward(x, layers, states)[:2], whole[:2])


@given(free)
def test_results_share_no_memory_with_arguments_or_each_other(stack):
    x, layers, states, da = stack.arrays()
    a, last, caches = stacked.stacked_forward(x, layers, states)
    a_in_windows, last_in_windows, caches_in_windows = stacked.truncated_forward(x, layers, stack.size, states)
    results = leaves(
        [
            (a, last, named(stacked.stacked_backward(da, caches))),
            (a_in_windows, last_in_windows, named(stacked.truncated_backward(da, caches_in_windows))),
        ]
    )
    others = [*arrays_in((x, layers, states)), da]
    assert not any(np.shares_memory(result, other) for result in results for other in others)
    assert not any(np.shares_memory(one, other) for i, one in enumerate(results) for other in results[:i])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(stack=free)
def test_dtype_in_is_dtype_out(stack, dtype):
    x, layers, states, da = stack.arrays(dtype)
    for given_states in (states, None):
        a, last, caches = stacked.stacked_forward(x, layers, given_states)
        b, last_in_windows, in_windows = stacked.truncated_forward(x, layers, stack.size, given_states)
        results = [a, last, named(stacked.stacked_backward(da, caches))]
        results += [b, last_in_windows, named(stacked.truncated_backward(da, in_windows))]
        assert {array.dtype for array in leaves(results)} == {np.dtype(dtype)}


def changed(change):
    """A right stack of an RNN under an LSTM under a GRU, with one thing made wrong by `change`."""
    x, layers, states, da = Stack(MIXED, 3, (2, 5, 4), 6, 7).arrays()
    arguments = {"x": x, "layers": layers, "states": states}
    change(arguments)
    return arguments, da


def without(name):
    def change(arguments):
        del arguments["layers"][1][1][name]

    return change


def with_layer(number, layer):
    def change(arguments):
        arguments["layers"][number] = layer

    return change


def with_state(number, state):
    def change(arguments):
        arguments["states"][number] = state

    return change


OTHER = Stack(("lstm",), 3, (5,), 6, 7).arrays()[1][0]  # reads 3 inputs where 2 come


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (
            with_layer(1, OTHER),
            ValueError,
            r"layers\[1\] \(lstm\), which reads n_x=2 from layers\[0\] \(rnn\): .* has shape \(5, 8\); .*n_a=5, n_x=2",
        ),
        (with_layer(0, OTHER), ValueError, r"layers\[0\] \(lstm\), which reads n_x=3 from x: the state is 1 arrays"),
        (without("bo"), ValueError, r'layers\[1\] \(lstm\), .*parameters\["bo"\] is missing'),
        (with_layer(2, ("gru", 3.0)), TypeError, r"layers\[2\] \(gru\), .*parameters is a float"),
        (with_layer(2, ("elman", {})), ValueError, r"layers\[2\] has the cell 'elman'; expected one of rnn, lstm, gru"),
        (with_layer(2, "rnn"), TypeError, r"layers\[2\] is a str; expected the pair \(cell, parameters\)"),
        (with_state(1, (np.ones((5, 6)),)), ValueError, r"layers\[1\] .*the state is 1 arrays; expected .* a0 and c0"),
        (with_state(0, np.ones((2, 6))), ValueError, r"layers\[0\] .*the state is a ndarray; expected a tuple of a0"),
        (with_state(2, (np.ones((4, 5)),)), ValueError, r"layers\[2\] .*a0 has shape \(4, 5\); expected \(n_a, m\)"),
        (lambda arguments: arguments["states"].pop(), ValueError, "states has 2 entries; expected 3"),
        (lambda arguments: arguments["layers"].clear(), ValueError, "layers is empty"),
        (lambda arguments: arguments.update(x=np.ones((3, 6))), ValueError, r"x has shape \(3, 6\); expected"),
        (
            lambda arguments: (arguments["layers"][2][1].pop("bz"), arguments.update(states=None)),
            ValueError,
            r'layers\[2\] \(gru\), .*parameters\["bz"\] is missing',
        ),
    ],
)
def test_a_stack_that_does_not_fit_is_an_error_that_names_the_layer_and_the_sizes(change, error, words):
    arguments, _ = changed(change)
    with pytest.raises(error, match=words):
        stacked.stacked_forward(**arguments)
    with pytest.raises(error, match=words):
        stacked.truncated_forward(**arguments, size=3)


def test_a_cotangent_that_does_not_fit_the_top_layer_is_an_error():
    arguments, da = changed(lambda arguments: None)
    *_, caches = stacked.stacked_forward(**arguments)
    *_, in_windows = stacked.truncated_forward(**arguments, size=3)
    for backward, of_forward in ((stacked.stacked_backward, caches), (stacked.truncated_backward, in_windows)):
        with pytest.raises(ValueError, match=r"da has shape \(3, 6, [73]\); expected .*n_a=4"):
            backward(da[:3], of_forward)
    with pytest.raises(ValueError, match="da has 8 time steps; expected 1 to 7"):
        stacked.stacked_backward(np.ones((4, 6, 8)), caches)
    for steps in (6, 8):
        with pytest.raises(ValueError, match=rf"da has shape \(4, 6, {steps}\); expected .*T=7"):
            stacked.truncated_backward(np.ones((4, 6, steps)), in_windows)


def test_caches_of_another_forward_are_an_error():
    arguments, da = changed(lambda arguments: None)
    *_, caches = stacked.stacked_forward(**arguments)
    *_, in_windows = stacked.truncated_forward(**arguments, size=3)
    for wrong in (in_windows, caches[0][1], [], None):
        with pytest.raises(TypeError, match=r"caches are not those of stacked_forward; .* begins with a str"):
            stacked.stacked_backward(da, wrong)
    for wrong in (caches, caches[0][1], [], None):
        with pytest.raises(TypeError, match=r"caches are not those of truncated_forward; .* begins with a slice"):
            stacked.truncated_backward(da, wrong)


@pytest.mark.parametrize("size", [0, -1])
def test_a_window_without_steps_is_an_error(size):
    with pytest.raises(ValueError, match=f"size is {size}; expected at least 1"):
        stacked.windows(5, size)
    with pytest.raises(ValueError, match="T is 0; expected at least 1"):
        stacked.windows(0, 3)


def test_a_layer_may_leave_out_its_prediction_layer():
    rng = np.random.default_rng(0)
    sizes = {"n_x": 3, "n_a": 2, "n_a+n_x": 5, "1": 1}
    of_cell = {
        "rnn": {"Wax": ("n_a", "n_x"), "Waa": ("n_a", "n_a"), "ba": ("n_a", "1")},
        "lstm": {name: shape for name, shape in lstm.PARAMETERS.items() if name not in PREDICTION},
        "gru": {name: shape for name, shape in gru.PARAMETERS.items() if name not in PREDICTION},
    }
    x = rng.standard_normal((3, 2, 4))
    for cell, shapes in of_cell.items():
        without = {n: rng.standard_normal([sizes[size] for size in shape]) for n, shape in shapes.items()}
        layer = {"Wya": np.ones((1, 2))} if cell == "rnn" else {"Wy": np.ones((1, 2))}
        whole = {**without, **layer, "by": np.ones((1, 1))}
        assert_identical(
            stacked.stacked_forward(x, [(cell, without)])[0], stacked.stacked_forward(x, [(cell, whole)])[0]
        )
