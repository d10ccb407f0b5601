"""manual/dlfs2.py against the forwards of that book in autodiff/conventions/, one claim a test."""

import re
from functools import partial

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
    vjp_of_words,
)
from hypothesis import given
from hypothesis import strategies as st
from row_cases import CASE, cases, input_of, shape_of

from autodiff import conventions, truth
from manual import cs231n, dlfs2

RNN = {"Wx": "D H", "Wh": "H H", "b": "H"}
LSTM = {"Wx": "D 4H", "Wh": "H 4H", "b": "4H"}
GRU = {"Wx": "D 3H", "Wh": "H 3H", "b": "3H"}
STEPS = {  # what forward takes and returns, and the weights
    "RNN": ({"x": "N D", "h_prev": "N H"}, {"h_next": "N H"}, RNN),
    "LSTM": ({"x": "N D", "h_prev": "N H", "c_prev": "N H"}, {"h_next": "N H", "c_next": "N H"}, LSTM),
    "GRU": ({"x": "N D", "h_prev": "N H"}, {"h_next": "N H"}, GRU),
}
BLOCKS = {  # likewise; all that forward takes after xs is the state
    "TimeRNN": ({"xs": "N T D", "h": "N H"}, {"hs": "N T H"}, RNN),
    "TimeLSTM": ({"xs": "N T D", "h": "N H", "c": "N H"}, {"hs": "N T H"}, LSTM),
    "TimeGRU": ({"xs": "N T D", "h": "N H"}, {"hs": "N T H"}, GRU),
}
AFFINE = {"TimeAffine": ({"x": "N T D"}, {"out": "N T M"}, {"W": "D M", "b": "M"})}
LAYERS = {**STEPS, **BLOCKS, **AFFINE}
TWINS = {
    "RNN": conventions.dlfs2_rnn,
    "LSTM": conventions.dlfs2_lstm,
    "GRU": conventions.dlfs2_gru,
    "TimeRNN": conventions.dlfs2_time_rnn,
    "TimeLSTM": conventions.dlfs2_time_lstm,
    "TimeGRU": conventions.dlfs2_time_gru,
    "TimeAffine": conventions.dlfs2_time_affine,
}
VJPS = {
    name: vjp_of_words(TWINS[name], (*takes.values(), *weights.values()), tuple(returns.values()))
    for name, (takes, returns, weights) in LAYERS.items()
}
embedding_vjp = vjp_of_words(conventions.dlfs2_time_embedding, ("N T V", "V D"), ("N T D",))
loss_vjp = vjp_of_words(conventions.dlfs2_time_softmax_with_loss, ("N T V", "N T V", "N T"), ("",))
layers = pytest.mark.parametrize("name", LAYERS)
blocks = pytest.mark.parametrize("name", BLOCKS)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def arrays_of(name, case, dtype=np.float64):
    """What forward takes, cotangents of what it returns, and weights, each {name: array}."""
    random = np.random.default_rng(case["seed"])
    takes, returns, weights = LAYERS[name]
    arguments, weights = (
        {array: input_of(array, dimensions, case, random).astype(dtype) for array, dimensions in shapes.items()}
        for shapes in (takes, weights)
    )
    cotangents = {
        f"d{array}": (case["cotangents"] * random.standard_normal(shape_of(dimensions, case["sizes"]))).astype(dtype)
        for array, dimensions in returns.items()
    }
    return arguments, cotangents, weights


def layer_of(name, arguments, weights):
    """The layer; one over a block carries the state that is among the arguments."""
    if name not in BLOCKS:
        return getattr(dlfs2, name)(*weights.values())
    layer = getattr(dlfs2, name)(*weights.values(), stateful=True)
    layer.set_state(*list(arguments.values())[1:])
    return layer


def forward(layer, name, arguments):
    """{name: array} of what `forward` returns."""
    returned = layer.forward(*(list(arguments.values())[:1] if name in BLOCKS else arguments.values()))
    returned = returned if isinstance(returned, tuple) else (returned,)
    return dict(zip(LAYERS[name][1], returned, strict=True))


def backward(layer, name, arguments, cotangents, weights):
    """{name: gradient} for arguments and weights; those of an incoming state are attributes of a block."""
    returned = layer.backward(*cotangents.values())
    returned = returned if isinstance(returned, tuple) else (returned,)
    if name in BLOCKS:
        returned += tuple(getattr(layer, f"d{state}") for state in list(arguments)[1:])
    return {f"d{key}": value for key, value in zip([*arguments, *weights], [*returned, *layer.grads], strict=True)}


def run(name, arguments, cotangents, weights):
    layer = layer_of(name, arguments, weights)
    return forward(layer, name, arguments), backward(layer, name, arguments, cotangents, weights)


def truth_of(name, arguments, cotangents, weights):
    primals = {**arguments, **weights}
    outputs, gradients = VJPS[name](primals.values(), tuple(cotangents.values()))
    named = {f"d{key}": gradient for key, gradient in zip(primals, gradients, strict=True)}
    return dict(zip(LAYERS[name][1], outputs, strict=True)), named


def labels_of(case, counted=0.7):
    """Scores (N, T, V), labels (N, T), and a mask (N, T) that leaves at least the first word."""
    random = np.random.default_rng(case["seed"])
    N, T, V = (case["sizes"][name] for name in "NTV")
    xs, ts = case["scale"] * random.standard_normal((N, T, V)), random.integers(V, size=(N, T))
    mask = random.random((N, T)) < counted
    mask[0, 0] = True
    return xs, ts, mask


@layers
@given(case=cases)
def test_forward_equals_the_twin(name, case):
    arguments, cotangents, weights = arrays_of(name, case)
    actual, _ = run(name, arguments, cotangents, weights)
    expected, _ = truth_of(name, arguments, cotangents, weights)
    for output in expected:
        assert_agrees(output, actual[output], expected[output], S_of((arguments, weights)))


@layers
@given(case=cases)
def test_backward_and_grads_are_the_vjp_of_the_twin(name, case):
    """Over a block, dh and dc are the gradients of the incoming state."""
    arguments, cotangents, weights = arrays_of(name, case)
    _, actual = run(name, arguments, cotangents, weights)
    _, expected = truth_of(name, arguments, cotangents, weights)
    assert_gradients_agree(actual, expected, (arguments, weights), cotangents)


@layers
@given(case=cases)
def test_float32_gives_float32_that_agrees_with_the_float64_truth_within_its_own_rounding(name, case):
    arguments, cotangents, weights = arrays_of(name, case, np.float32)
    outputs, gradients = run(name, arguments, cotangents, weights)
    _, expected = truth_of(name, arguments, cotangents, weights)
    assert {array.dtype for array in leaves((outputs, gradients))} == {np.dtype(np.float32)}
    assert_gradients_agree(gradients, expected, (arguments, weights), cotangents, float32=True)


@layers
@given(case=cases)
def test_float64_gives_float64(name, case):
    assert {array.dtype for array in leaves(run(name, *arrays_of(name, case)))} == {np.dtype(np.float64)}


@layers
@given(case=cases)
def test_nothing_is_mutated_and_a_second_backward_gives_the_same_bits(name, case):
    arguments, cotangents, weights = arrays_of(name, case)
    layer = layer_of(name, arguments, weights)
    outputs = forward(layer, name, arguments)
    before = mapped(np.copy, (arguments, cotangents, weights, outputs))
    first = mapped(np.copy, backward(layer, name, arguments, cotangents, weights))
    run(name, *mapped(np.negative, (arguments, cotangents, weights)))
    second = backward(layer, name, arguments, cotangents, weights)
    assert_identical((arguments, cotangents, weights, outputs), before)
    assert_identical(second, first)


@layers
@given(case=cases)
def test_grads_are_written_in_place(name, case):
    arguments, cotangents, weights = arrays_of(name, case)
    layer = layer_of(name, arguments, weights)
    held = list(layer.grads)
    assert [array.shape for array in held] == [array.shape for array in layer.params]
    assert not any(array.any() for array in held)
    forward(layer, name, arguments)
    gradients = backward(layer, name, arguments, cotangents, weights)
    assert all(grad is array for grad, array in zip(layer.grads, held, strict=True))
    assert all(param is array for param, array in zip(layer.params, weights.values(), strict=True))
    assert not any(np.shares_memory(grad, gradients[f"d{key}"]) for grad in held for key in arguments)


@layers
@given(case=cases, layout=st.sampled_from(sorted(LAYOUTS)))
def test_memory_layout_does_not_matter(name, case, layout):
    arrays = arrays_of(name, case)
    _, expected = run(name, *arrays)
    _, actual = run(name, *mapped(LAYOUTS[layout], arrays))
    assert_gradients_agree(actual, expected, (arrays[0], arrays[2]), arrays[1])


@blocks
@given(case=cases)
def test_without_stateful_every_block_starts_at_zero(name, case):
    arguments, cotangents, weights = arrays_of(name, case)
    layer = getattr(dlfs2, name)(*weights.values())
    zero = {key: array if key == "xs" else np.zeros_like(array) for key, array in arguments.items()}
    expected = run(name, zero, cotangents, weights)
    layer.set_state(*list(arguments.values())[1:])
    for _ in range(2):
        outputs = forward(layer, name, arguments)
        assert_identical((outputs, backward(layer, name, arguments, cotangents, weights)), expected)


@blocks
def test_a_float32_block_that_starts_at_zero_stays_float32(name):
    arguments, cotangents, weights = arrays_of(name, CASE, np.float32)
    layer = getattr(dlfs2, name)(*weights.values())
    results = forward(layer, name, arguments), backward(layer, name, arguments, cotangents, weights), layer.h
    assert {array.dtype for array in leaves(results)} == {np.dtype(np.float32)}


@blocks
@given(case=cases)
def test_a_block_leaves_its_last_state_in_h(name, case):
    arguments, _, weights = arrays_of(name, case)
    for stateful in (False, True):
        layer = getattr(dlfs2, name)(*weights.values(), stateful=stateful)
        hs = layer.forward(arguments["xs"])
        assert_identical(layer.h, hs[:, -1])
        assert not np.shares_memory(layer.h, hs)


@blocks
@given(case=cases)
def test_two_stateful_blocks_are_one_long_one(name, case):
    arguments, _, weights = arrays_of(name, case)
    xs = np.concatenate([arguments["xs"], -arguments["xs"]], axis=1)
    T = arguments["xs"].shape[1]
    whole, blockwise = layer_of(name, arguments, weights), layer_of(name, arguments, weights)
    expected = whole.forward(xs)
    actual = np.concatenate([blockwise.forward(xs[:, :T]), blockwise.forward(xs[:, T:])], axis=1)
    assert_agrees("hs", actual, expected, S_of((arguments, weights)))
    for state in list(arguments)[1:]:
        assert_agrees(state, getattr(blockwise, state), getattr(whole, state), S_of((arguments, weights)))


@pytest.mark.parametrize("name", ["TimeRNN", "TimeGRU"])
@given(case=cases)
def test_dh_of_a_block_given_to_the_block_before_makes_the_truncated_gradient_whole(name, case):
    arguments, cotangents, weights = arrays_of(name, case)
    xs, dhs = (np.concatenate([array, -array], axis=1) for array in (arguments["xs"], cotangents["dhs"]))
    T = arguments["xs"].shape[1]
    whole, first, second = (layer_of(name, arguments, weights) for _ in range(3))
    whole.forward(xs)
    dxs = whole.backward(dhs)
    first.forward(xs[:, :T])
    second.set_state(first.h)
    second.forward(xs[:, T:])
    second_dxs = second.backward(dhs[:, T:])
    carried = dhs[:, :T].copy()
    carried[:, -1] += second.dh
    first_dxs = first.backward(carried)
    actual = {"dxs": np.concatenate([first_dxs, second_dxs], axis=1), "dh": first.dh}
    expected = {"dxs": dxs, "dh": whole.dh}
    for i, key in enumerate(weights):
        actual[f"d{key}"], expected[f"d{key}"] = first.grads[i] + second.grads[i], whole.grads[i]
    assert_gradients_agree(actual, expected, (arguments, weights), (dhs, carried))


@blocks
@given(case=cases)
def test_reset_state_starts_from_zero_again(name, case):
    arguments, _, weights = arrays_of(name, case)
    layer = getattr(dlfs2, name)(*weights.values(), stateful=True)
    first = layer.forward(arguments["xs"])
    layer.reset_state()
    assert layer.h is None
    assert getattr(layer, "c", None) is None
    assert_identical(layer.forward(arguments["xs"]), first)


@given(cases)
def test_set_state_of_h_alone_starts_the_cell_state_at_zero(case):
    arguments, cotangents, weights = arrays_of("TimeLSTM", case)
    layer = layer_of("TimeLSTM", arguments, weights)
    layer.forward(arguments["xs"])
    layer.set_state(arguments["h"])
    arguments["c"] = np.zeros_like(arguments["c"])
    outputs = forward(layer, "TimeLSTM", arguments)
    expected = run("TimeLSTM", arguments, cotangents, weights)
    assert_identical((outputs, backward(layer, "TimeLSTM", arguments, cotangents, weights)), expected)


@given(cases)
def test_an_embedding_is_the_product_with_one_hot_words_and_its_gradient_adds_up_repeated_words(case):
    N, T, D, V = (case["sizes"][name] for name in "NTDV")
    random = np.random.default_rng(case["seed"])
    W, dout = random.standard_normal((V, D)), case["cotangents"] * random.standard_normal((N, T, D))
    xs = random.integers(V, size=(N, T))
    layer = dlfs2.TimeEmbedding(W)
    (grad,) = layer.grads
    (expected,), (_, dW) = embedding_vjp((np.eye(V)[xs], W), (dout,))
    assert_identical(layer.forward(xs), expected)
    for _ in range(2):
        assert layer.backward(dout) is None
        assert layer.grads[0] is grad
        assert_gradients_agree({"dW": grad}, {"dW": dW}, W, dout)


@given(cases, st.sampled_from([1e-5, 1.0, -2.5, 50.0]))
def test_softmax_with_loss_and_its_gradient_equal_those_of_the_twin(case, dout):
    xs, ts, mask = labels_of(case)
    layer = dlfs2.TimeSoftmaxWithLoss()
    loss = layer.forward(xs, np.where(mask, ts, layer.ignore_label))
    one_hot = np.eye(xs.shape[2])[ts]
    (expected,), (dx, *_) = loss_vjp((xs, one_hot, mask), (np.array(dout),))
    assert_agrees("loss", np.asarray(loss), expected, S_of(xs))
    assert_agrees("dx", layer.backward(dout), dx, S_of(xs, np.array([dout])))


@given(cases)
def test_softmax_with_loss_in_float32_agrees_with_the_float64_truth_within_its_own_rounding(case):
    xs, ts, mask = labels_of(case)
    xs, layer = xs.astype(np.float32), dlfs2.TimeSoftmaxWithLoss()
    loss = layer.forward(xs, np.where(mask, ts, layer.ignore_label))
    (expected,), (dx, *_) = loss_vjp((xs, np.eye(xs.shape[2])[ts], mask), (np.array(2.0),))
    actual = layer.backward(np.float64(2.0))
    assert (loss.dtype, actual.dtype) == (np.float32, np.float32)
    assert_agrees("loss", np.asarray(loss), expected, S_of(xs), float32=True)
    assert_agrees("dx", actual, dx, S_of(xs, np.full(1, 2.0)), float32=True)


@pytest.mark.parametrize("kind", [np.int64, np.float32, bool])
@given(case=cases)
def test_one_hot_labels_give_the_same_bits_as_integers(kind, case):
    xs, ts, _ = labels_of(case)
    integers, one_hot = dlfs2.TimeSoftmaxWithLoss(), dlfs2.TimeSoftmaxWithLoss()
    expected = integers.forward(xs, ts)
    assert_identical(one_hot.forward(xs, np.eye(xs.shape[2], dtype=kind)[ts]), expected)
    assert_identical(one_hot.backward(), integers.backward())


@given(cases)
def test_softmax_with_loss_mutates_nothing_and_a_second_backward_gives_the_same_bits(case):
    xs, ts, mask = labels_of(case)
    ts = np.where(mask, ts, -1)
    before = mapped(np.copy, (xs, ts))
    layer = dlfs2.TimeSoftmaxWithLoss()
    layer.forward(xs, ts)
    first = layer.backward(1.5)
    expected = first.copy()
    first += 1.0
    assert_identical(layer.backward(1.5), expected)
    assert_identical((xs, ts), before)


@given(cases)
def test_an_ignored_word_costs_nothing_and_gets_no_gradient(case):
    xs, ts, mask = labels_of(case)
    ts = np.where(mask, ts, -1)
    layer, other = dlfs2.TimeSoftmaxWithLoss(), dlfs2.TimeSoftmaxWithLoss()
    loss = layer.forward(xs, ts)
    assert_identical(other.forward(np.where(mask[:, :, np.newaxis], xs, 7.0), ts), loss)
    assert not layer.backward()[~mask].any()


def test_the_label_to_ignore_can_be_a_word():
    xs, ts = np.random.default_rng(0).standard_normal((2, 3, 4)), np.array([[0, 1, 2], [3, 0, 1]])
    layer, other = dlfs2.TimeSoftmaxWithLoss(), dlfs2.TimeSoftmaxWithLoss()
    layer.ignore_label = 0
    assert_identical(layer.forward(xs, ts), other.forward(xs, np.where(ts == 0, -1, ts)))
    assert_identical(layer.backward(), other.backward())


def test_labels_that_are_all_ignored_are_a_value_error():
    with pytest.raises(ValueError, match="every label of ts is -1, which is ignored; expected at least one other"):
        dlfs2.TimeSoftmaxWithLoss().forward(np.ones((2, 3, 4)), np.full((2, 3), -1))


@dtypes
def test_scores_of_1000_do_not_overflow(dtype):
    layer = dlfs2.TimeSoftmaxWithLoss()
    xs = np.array([[[1000.0, -1000, 0], [-1000, -1000, -1000]]], dtype=dtype)
    assert layer.forward(xs, np.array([[1, 2]])) == pytest.approx(1000 + np.log(3) / 2, rel=1e-6)
    expected = [[[1 / 2, -1 / 2, 0], [1 / 6, 1 / 6, -1 / 3]]]
    np.testing.assert_allclose(layer.backward(), expected, rtol=1e-6)


def test_the_mean_over_words_of_equal_scores_is_the_logarithm_of_their_number():
    ts = np.array([[3, -1, 2], [-1, -1, 0]])
    assert dlfs2.TimeSoftmaxWithLoss().forward(np.full((2, 3, 7), 5.0), ts) == pytest.approx(np.log(7), rel=1e-12)


def twin_language_model(words, labels, h, W_embed, Wx, Wh, b, W, b_out):
    (xs,) = conventions.dlfs2_time_embedding(words, W_embed)
    (hs,) = conventions.dlfs2_time_rnn(xs, h, Wx, Wh, b)
    (scores,) = conventions.dlfs2_time_affine(hs, W, b_out)
    return conventions.dlfs2_time_softmax_with_loss(scores, labels, np.ones(words.shape[:2]))[0]


def test_the_book_s_language_model_has_the_gradients_of_its_twin_and_an_optimizer_s_references_learn():
    random = np.random.default_rng(0)
    N, T, D, H, V = 2, 3, 4, 5, 6
    xs, ts = random.integers(V, size=(2, N, T))
    weights = [random.standard_normal(shape) for shape in [(V, D), (D, H), (H, H), (H,), (H, V), (V,)]]
    embed_W, rnn_Wx, rnn_Wh, rnn_b, affine_W, affine_b = weights

    layers = [
        dlfs2.TimeEmbedding(embed_W),
        dlfs2.TimeRNN(rnn_Wx, rnn_Wh, rnn_b, stateful=True),
        dlfs2.TimeAffine(affine_W, affine_b),
    ]
    loss_layer = dlfs2.TimeSoftmaxWithLoss()
    params, grads = [], []
    for layer in layers:
        params += layer.params
        grads += layer.grads

    def forward():
        out = xs
        for layer in layers:
            out = layer.forward(out)
        return loss_layer.forward(out, ts)

    def backward(dout=1):
        dout = loss_layer.backward(dout)
        for layer in reversed(layers):
            dout = layer.backward(dout)

    one_hot = np.eye(V)
    losses = []
    for _ in range(3):
        h = np.zeros((N, H)) if layers[1].h is None else layers[1].h
        value, (_, _, dh, *expected) = truth.grad(twin_language_model, (one_hot[xs], one_hot[ts], h, *weights))
        losses.append(forward())
        backward()
        assert_agrees("loss", np.asarray(losses[-1]), value, S_of(weights))
        actual = {str(i): grad for i, grad in enumerate([layers[1].dh, *grads])}
        assert_gradients_agree(actual, {str(i): grad for i, grad in enumerate([dh, *expected])}, weights, np.ones(1))
        for param, grad in zip(params, grads, strict=True):
            param -= 0.1 * grad
    assert losses[2] < losses[0]


def book_s_block_forward(step, xs, state):
    """A block as the book writes it, one layer for each time step."""
    hs, steps = [], []
    for t in range(xs.shape[1]):
        steps.append(step())
        returned = steps[-1].forward(xs[:, t, :], *state)
        state = returned if isinstance(returned, tuple) else (returned,)
        hs.append(state[0])
    return np.stack(hs, axis=1), steps


@blocks
@given(case=cases)
def test_the_book_s_own_loop_over_steps_gives_the_block(name, case):
    arguments, cotangents, weights = arrays_of(name, case)
    xs, *state = arguments.values()
    step = partial(getattr(dlfs2, name.removeprefix("Time")), *weights.values())
    expected_outputs, expected = run(name, arguments, cotangents, weights)
    hs, steps = book_s_block_forward(step, xs, state)
    assert_agrees("hs", hs, expected_outputs["hs"], S_of((arguments, weights)))
    carried, dxs, grads = [0.0] * len(state), [], [0.0] * 3
    for t in reversed(range(xs.shape[1])):
        upstream = [cotangents["dhs"][:, t, :] + carried[0], *(dc + np.zeros_like(state[0]) for dc in carried[1:])]
        dx, *carried = steps[t].backward(*upstream)
        dxs.insert(0, dx)
        grads = [total + grad for total, grad in zip(grads, steps[t].grads, strict=True)]
    actual = dict(zip(expected, [np.stack(dxs, axis=1), *carried, *grads], strict=True))
    assert_gradients_agree(actual, expected, (arguments, weights), cotangents)


@given(cases)
def test_the_lstm_is_that_of_cs231n_with_its_gates_in_another_order(case):
    arguments, cotangents, weights = arrays_of("LSTM", case)
    outputs, gradients = run("LSTM", arguments, cotangents, weights)

    def ifog(packed):
        f, g, i, o = np.split(packed, 4, axis=-1)
        return np.concatenate([i, f, o, g], axis=-1)

    *expected, cache = cs231n.lstm_step_forward(*arguments.values(), *map(ifog, weights.values()))
    assert_identical(list(outputs.values()), expected)
    expected = cs231n.lstm_step_backward(*cotangents.values(), cache)
    actual = {name: ifog(gradient) if name[1:] in weights else gradient for name, gradient in gradients.items()}
    expected = dict(zip(gradients, expected, strict=True))
    assert_gradients_agree(actual, expected, (arguments, weights), cotangents)


@pytest.mark.parametrize("name", [*LAYERS, "TimeEmbedding", "TimeSoftmaxWithLoss"])
def test_backward_before_forward_is_a_runtime_error(name):
    if name in LAYERS:
        arguments, cotangents, weights = arrays_of(name, CASE)
        layer, given = layer_of(name, arguments, weights), cotangents.values()
    else:
        layer, given = (
            (dlfs2.TimeEmbedding(np.ones((4, 2))) if name == "TimeEmbedding" else dlfs2.TimeSoftmaxWithLoss()),
            [1],
        )
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        layer.backward(*given)


every_array = pytest.mark.parametrize(
    ("name", "array"), [(name, array) for name, (takes, _, weights) in LAYERS.items() for array in {**takes, **weights}]
)
every_cotangent = pytest.mark.parametrize(
    ("name", "array"), [(name, f"d{array}") for name, (_, returns, _) in LAYERS.items() for array in returns]
)


def forward_with(name, array, wrong):
    arguments, _, weights = arrays_of(name, CASE)
    arguments, weights = ({**arrays, array: wrong} if array in arrays else arrays for arrays in (arguments, weights))
    return forward(layer_of(name, arguments, weights), name, arguments)


def right(name, array):
    arguments, cotangents, weights = arrays_of(name, CASE)
    return {**arguments, **cotangents, **weights}[array]


def words_for(name, array):
    takes, returns, weights = LAYERS[name]
    cotangents = {f"d{output}": dimensions for output, dimensions in returns.items()}
    return {**takes, **cotangents, **weights}[array]


@every_array
def test_a_bad_shape_is_named_in_the_book_s_own_words(name, array):
    wrong = right(name, array)[..., np.newaxis]
    dimensions = dimensions_in(words_for(name, array))
    message = (
        f"{array} has shape {wrong.shape}; expected ({', '.join(dimensions)}{',' if len(dimensions) == 1 else ''})"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        forward_with(name, array, wrong)


@every_array
def test_an_axis_of_another_size_is_a_value_error_in_the_book_s_own_words(name, array):
    """The first array that has a dimension fixes its size, so that the message may name another one that has it too."""
    takes, _, weights = LAYERS[name]
    letters = {other: [part[-1] for part in dimensions.split()] for other, dimensions in {**takes, **weights}.items()}
    for axis, letter in enumerate(letters[array]):
        if sum(parts.count(letter) for parts in letters.values()) == 1:
            continue  # nothing else says what this size ought to be
        with pytest.raises(ValueError, match=r"has shape .* expected") as raised:
            forward_with(name, array, np.concatenate([right(name, array)] * 2, axis=axis))
        assert str(raised.value).split(" has ")[0] in {other for other, parts in letters.items() if letter in parts}


@every_array
def test_what_is_no_float32_or_float64_array_is_a_type_error(name, array):
    with pytest.raises(TypeError, match=f"{array} has dtype int64; expected float32 or float64"):
        forward_with(name, array, np.ones(right(name, array).shape, dtype=int))
    with pytest.raises(TypeError, match=f"{array} has dtype float32 but .* has float64|but {array} has float32"):
        forward_with(name, array, right(name, array).astype(np.float32))


@every_cotangent
def test_a_bad_cotangent_is_named_in_the_book_s_own_words(name, array):
    arguments, cotangents, weights = arrays_of(name, CASE)
    layer = layer_of(name, arguments, weights)
    forward(layer, name, arguments)
    for axis in range(cotangents[array].ndim):
        wrong = np.concatenate([cotangents[array]] * 2, axis=axis)
        message = f"{array} has shape {wrong.shape}; expected ({', '.join(dimensions_in(words_for(name, array)))})"
        with pytest.raises(ValueError, match=re.escape(message)):
            layer.backward(*{**cotangents, array: wrong}.values())


@blocks
def test_a_block_that_raises_leaves_the_state_as_it_was(name):
    arguments, _, weights = arrays_of(name, CASE)
    layer = layer_of(name, arguments, weights)
    with pytest.raises(ValueError, match="xs has shape"):
        layer.forward(arguments["xs"][..., 0])
    with pytest.raises(ValueError, match=re.escape("h has shape (2, 5); expected (N, H) with N=4, H=5")):
        layer.forward(np.concatenate([arguments["xs"]] * 2))
    assert layer.h is arguments["h"]


def test_words_and_labels_of_another_kind_shape_or_size_are_named():
    embedding, loss = dlfs2.TimeEmbedding(np.ones((4, 5))), dlfs2.TimeSoftmaxWithLoss()
    xs, ts = np.ones((2, 3, 4)), np.ones((2, 3), dtype=int)
    two = np.zeros((2, 3, 4), dtype=int)
    two[...] = [0, 1, 0, 0]
    two[1, 2, 3] = 1
    for call, error, message in [
        (lambda: embedding.forward(xs[..., 0]), TypeError, "xs has dtype float64; expected integers"),
        (lambda: embedding.forward(ts[0]), ValueError, "xs has shape (3,); expected (N, T)"),
        (lambda: embedding.forward(4 * ts), ValueError, "xs[0, 0] is 4; expected a word from 0 to 3"),
        (lambda: embedding.forward(-ts), ValueError, "xs[0, 0] is -1; expected a word from 0 to 3"),
        (lambda: loss.forward(xs, xs[..., 0]), TypeError, "ts has dtype float64; expected integers"),
        (lambda: loss.forward(xs, ts.T), ValueError, "ts has shape (3, 2); expected (N, T) with N=2, T=3"),
        (lambda: loss.forward(xs, ts.tolist()), TypeError, "ts is a list; expected an array of shape (N, T)"),
        (lambda: loss.forward(xs, None), TypeError, "ts is a NoneType; expected an array of shape (N, T)"),
        (lambda: loss.forward(xs, 4 * ts), ValueError, "ts[0, 0] is 4; expected a word from 0 to 3"),
        (lambda: loss.forward(xs, -2 * ts), ValueError, "ts[0, 0] is -2; expected a word from 0 to 3"),
        (lambda: loss.forward(xs, two), ValueError, "ts[1, 2] is not one-hot; expected a single 1 among zeros"),
        (lambda: loss.forward(xs, 2 * (two == 1)), ValueError, "ts[0, 0] is not one-hot"),
        (lambda: loss.forward(xs, two[..., :3]), ValueError, "ts has shape (2, 3, 3); expected (N, T, V) with N=2"),
        (lambda: loss.forward(ts, ts), TypeError, "xs has dtype int64; expected float32 or float64"),
    ]:
        with pytest.raises(error, match=re.escape(message)):
            call()
