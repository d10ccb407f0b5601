"""manual/cs231n.py against the cs231n forwards of autodiff/conventions/, one claim a test."""

import re

import numpy as np
import pytest
from agreement import (
    LAYOUTS,
    S_of,
    assert_agrees,
    assert_gradients_agree,
    assert_identical,
    copied,
    leaves,
    mapped,
    vjp_of_words,
)
from hypothesis import given
from hypothesis import strategies as st
from row_cases import CASE, cases, input_of, shape_of

from autodiff import conventions, truth
from manual import cs231n

LAYERS = {  # what each forward takes, and what it returns before its cache
    "rnn_step": ({"x": "N D", "prev_h": "N H", "Wx": "D H", "Wh": "H H", "b": "H"}, {"next_h": "N H"}),
    "rnn": ({"x": "N T D", "h0": "N H", "Wx": "D H", "Wh": "H H", "b": "H"}, {"h": "N T H"}),
    "lstm_step": (
        {"x": "N D", "prev_h": "N H", "prev_c": "N H", "Wx": "D 4H", "Wh": "H 4H", "b": "4H"},
        {"next_h": "N H", "next_c": "N H"},
    ),
    "lstm": ({"x": "N T D", "h0": "N H", "Wx": "D 4H", "Wh": "H 4H", "b": "4H"}, {"h": "N T H"}),
    "temporal_affine": ({"x": "N T D", "w": "D M", "b": "M"}, {"out": "N T M"}),
}
VJPS = {
    layer: vjp_of_words(getattr(conventions, f"cs231n_{layer}_forward"), tuple(takes.values()), tuple(returns.values()))
    for layer, (takes, returns) in LAYERS.items()
}
embedding_vjp = vjp_of_words(conventions.cs231n_word_embedding_forward, ("N T V", "V D"), ("N T D",))
loss_vjp = vjp_of_words(conventions.cs231n_temporal_softmax_loss, ("N T V", "N T V", "N T"), ("",))
layers = pytest.mark.parametrize("layer", LAYERS)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def arrays_of(layer, case, dtype=np.float64):
    """Arguments of the forward and cotangents of what it returns, each {name: array}."""
    random = np.random.default_rng(case["seed"])
    takes, returns = LAYERS[layer]
    arguments = {name: input_of(name, dimensions, case, random).astype(dtype) for name, dimensions in takes.items()}
    cotangents = {
        f"d{name}": (case["cotangents"] * random.standard_normal(shape_of(dimensions, case["sizes"]))).astype(dtype)
        for name, dimensions in returns.items()
    }
    return arguments, cotangents


def forward_of(layer):
    return getattr(cs231n, f"{layer}_forward")


def backward_of(layer):
    return getattr(cs231n, f"{layer}_backward")


def truth_of(layer, arguments, cotangents):
    """Outputs {name: array} and gradients {name: array}."""
    outputs, gradients = VJPS[layer](arguments.values(), tuple(cotangents.values()))
    return dict(zip(LAYERS[layer][1], outputs, strict=True)), named(arguments, gradients)


def named(arguments, gradients):
    return {f"d{name}": gradient for name, gradient in zip(arguments, gradients, strict=True)}


def run(layer, arguments, cotangents):
    """The same two of manual/cs231n.py."""
    *outputs, cache = forward_of(layer)(**arguments)
    gradients = backward_of(layer)(**cotangents, cache=cache)
    return dict(zip(LAYERS[layer][1], outputs, strict=True)), named(arguments, gradients)


def words_of(case, counted=0.7):
    """Words (N, T), a mask (N, T) that leaves some of them, and the words one-hot (N, T, V)."""
    random = np.random.default_rng([case["seed"], 1])
    N, T, V = (case["sizes"][name] for name in "NTV")
    words, mask = random.integers(V, size=(N, T)), random.random((N, T)) < counted
    return words, mask, np.eye(V)[words]


def scores_of(case, dtype=np.float64):
    random = np.random.default_rng([case["seed"], 2])
    shape = tuple(case["sizes"][name] for name in "NTV")
    return (case["scale"] * random.standard_normal(shape)).astype(dtype)


@layers
@given(case=cases)
def test_forward_equals_the_twin(layer, case):
    arguments, cotangents = arrays_of(layer, case)
    actual, _ = run(layer, arguments, cotangents)
    expected, _ = truth_of(layer, arguments, cotangents)
    for name in expected:
        assert_agrees(name, actual[name], expected[name], S_of(arguments))


@layers
@given(case=cases)
def test_backward_is_the_vjp_of_the_twin(layer, case):
    arguments, cotangents = arrays_of(layer, case)
    _, actual = run(layer, arguments, cotangents)
    _, expected = truth_of(layer, arguments, cotangents)
    assert_gradients_agree(actual, expected, arguments, cotangents)


@layers
@given(case=cases)
def test_float32_gives_float32_that_agrees_with_the_float64_truth_within_its_own_rounding(layer, case):
    arguments, cotangents = arrays_of(layer, case, np.float32)
    outputs, gradients = run(layer, arguments, cotangents)
    _, expected = truth_of(layer, arguments, cotangents)
    assert {array.dtype for array in leaves((outputs, gradients))} == {np.dtype(np.float32)}
    assert_gradients_agree(gradients, expected, arguments, cotangents, float32=True)


@layers
@given(case=cases)
def test_float64_gives_float64(layer, case):
    assert {array.dtype for array in leaves(run(layer, *arrays_of(layer, case)))} == {np.dtype(np.float64)}


@layers
@given(case=cases)
def test_nothing_is_mutated_and_a_second_backward_after_another_gives_the_same_bits(layer, case):
    arguments, cotangents = arrays_of(layer, case)
    forward = forward_of(layer)(**arguments)
    before = mapped(copied, (arguments, cotangents, forward))
    first = mapped(copied, backward_of(layer)(**cotangents, cache=forward[-1]))
    run(layer, mapped(np.negative, arguments), mapped(np.negative, cotangents))
    second = backward_of(layer)(**cotangents, cache=forward[-1])
    assert_identical((arguments, cotangents, forward), before)
    assert_identical(second, first)


@layers
@given(case=cases)
def test_gradients_share_no_memory_with_arguments_or_each_other(layer, case):
    arguments, cotangents = arrays_of(layer, case)
    forward = forward_of(layer)(**arguments)
    results = backward_of(layer)(**cotangents, cache=forward[-1])
    others = leaves((arguments, cotangents, forward))
    assert not any(np.shares_memory(result, other) for result in results for other in others)
    assert not any(np.shares_memory(one, other) for i, one in enumerate(results) for other in results[:i])


@layers
@given(case=cases, layout=st.sampled_from(sorted(LAYOUTS)))
def test_memory_layout_does_not_matter(layer, case, layout):
    arguments, cotangents = arrays_of(layer, case)
    _, expected = run(layer, arguments, cotangents)
    _, actual = run(layer, *mapped(LAYOUTS[layout], (arguments, cotangents)))
    assert_gradients_agree(actual, expected, arguments, cotangents)


@pytest.mark.parametrize("net", ["rnn", "lstm"])
@given(case=cases)
def test_a_sequence_is_its_steps_one_after_the_other(net, case):
    arguments, _ = arrays_of(net, case)
    x, h0, *weights = arguments.values()
    state = (h0,) if net == "rnn" else (h0, np.zeros_like(h0))
    h, _ = forward_of(net)(x, h0, *weights)
    for t in range(x.shape[1]):
        *state, _ = forward_of(f"{net}_step")(x[:, t], *state, *weights)
        assert_agrees(f"h[:, {t}]", h[:, t], state[0], S_of(arguments))


@given(cases)
def test_an_embedding_is_the_product_with_one_hot_words_and_its_gradient_adds_up_repeated_words(case):
    N, T, D, V = (case["sizes"][name] for name in "NTDV")
    random = np.random.default_rng(case["seed"])
    x, _, one_hot = words_of(case)
    W, dout = random.standard_normal((V, D)), case["cotangents"] * random.standard_normal((N, T, D))
    out, cache = cs231n.word_embedding_forward(x, W)
    (expected_out,), (_, dW) = embedding_vjp((one_hot, W), (dout,))
    assert_identical(out, expected_out)
    assert_gradients_agree({"dW": cs231n.word_embedding_backward(dout, cache)}, {"dW": dW}, W, dout)


def test_a_word_that_comes_three_times_gets_three_gradients():
    x, W = np.array([[1, 1, 0], [2, 1, 2]]), np.arange(8.0).reshape(4, 2)
    out, cache = cs231n.word_embedding_forward(x, W)
    dout = np.array([[[1.0, 2], [3, 4], [5, 6]], [[7, 8], [9, 10], [11, 12]]])
    np.testing.assert_array_equal(out[1, 1], [2, 3])
    np.testing.assert_array_equal(cs231n.word_embedding_backward(dout, cache), [[5, 6], [13, 16], [18, 20], [0, 0]])


@dtypes
def test_an_embedding_has_the_dtype_of_its_weights_whatever_integers_the_words_are(dtype):
    for kind in (np.uint8, np.int32, np.int64):
        out, cache = cs231n.word_embedding_forward(np.array([[0, 2]], dtype=kind), np.ones((3, 2), dtype=dtype))
        assert {out.dtype, cs231n.word_embedding_backward(out, cache).dtype} == {np.dtype(dtype)}


@given(cases)
def test_temporal_softmax_loss_and_its_gradient_equal_those_of_the_twin(case):
    x, (y, mask, one_hot) = scores_of(case), words_of(case)
    loss, dx = cs231n.temporal_softmax_loss(x, y, mask)
    (expected,), (expected_dx, *_) = loss_vjp((x, one_hot, mask), (np.array(1.0),))
    assert_agrees("loss", np.asarray(loss), expected, S_of(x))
    assert_agrees("dx", dx, expected_dx, S_of(x, np.ones(1)))


@given(cases)
def test_temporal_softmax_loss_in_float32_agrees_with_the_float64_truth_within_its_own_rounding(case):
    x, (y, mask, one_hot) = scores_of(case, np.float32), words_of(case)
    loss, dx = cs231n.temporal_softmax_loss(x, y, mask)
    (expected,), (expected_dx, *_) = loss_vjp((x, one_hot, mask), (np.array(1.0),))
    assert (loss.dtype, dx.dtype) == (np.float32, np.float32)
    assert_agrees("loss", np.asarray(loss), expected, S_of(x), float32=True)
    assert_agrees("dx", dx, expected_dx, S_of(x, np.ones(1)), float32=True)


@given(cases)
def test_temporal_softmax_loss_mutates_nothing_and_gives_the_same_bits_again(case):
    arguments = (scores_of(case), *words_of(case)[:2])
    before = mapped(copied, arguments)
    first = cs231n.temporal_softmax_loss(*arguments)
    assert_identical(cs231n.temporal_softmax_loss(*arguments), first)
    assert_identical(arguments, before)


@given(cases, st.sampled_from([-1, -100, 99]))
def test_where_the_mask_is_false_any_word_may_stand_and_the_gradient_is_zero(case, other):
    x, (y, mask, _) = scores_of(case), words_of(case)
    loss, dx = cs231n.temporal_softmax_loss(x, np.where(mask, y, other), mask)
    assert_identical((loss, dx), cs231n.temporal_softmax_loss(x, y, mask))
    assert not dx[~mask].any()


@given(cases)
def test_a_mask_that_leaves_no_word_gives_a_loss_and_a_gradient_of_zero(case):
    x, (y, mask, _) = scores_of(case), words_of(case, counted=0.0)
    loss, dx = cs231n.temporal_softmax_loss(x, y, mask)
    assert loss == 0
    assert not dx.any()


@dtypes
def test_scores_of_1000_do_not_overflow(dtype):
    x = np.array([[[1000.0, -1000, 0], [-1000, -1000, -1000]]], dtype=dtype)
    loss, dx = cs231n.temporal_softmax_loss(x, np.array([[1, 2]]), np.array([[True, True]]))
    assert loss == pytest.approx(2000 + np.log(3), rel=1e-6)
    np.testing.assert_allclose(dx, [[[1, -1, 0], [1 / 3, 1 / 3, -2 / 3]]], rtol=1e-6)


def test_the_loss_is_summed_over_time_and_averaged_over_examples():
    """Equal scores cost log(10) a word, whatever they are."""
    for N, T in ((100, 1), (100, 10), (5, 10)):
        x, y, mask = np.full((N, T, 10), 0.001), np.zeros((N, T), dtype=int), np.ones((N, T), dtype=bool)
        assert cs231n.temporal_softmax_loss(x, y, mask)[0] == pytest.approx(T * np.log(10), rel=1e-12)


def test_verbose_prints_the_shape_of_the_gradient(capsys):
    cs231n.temporal_softmax_loss(np.ones((2, 3, 4)), np.ones((2, 3), dtype=int), np.ones((2, 3), dtype=bool), True)
    assert capsys.readouterr().out == "dx: (2, 3, 4)\n"


def test_the_rnn_step_gives_the_figures_that_the_assignment_prints():
    N, D, H = 3, 10, 4
    x, prev_h = np.linspace(-0.4, 0.7, N * D).reshape(N, D), np.linspace(-0.2, 0.5, N * H).reshape(N, H)
    Wx, Wh = np.linspace(-0.1, 0.9, D * H).reshape(D, H), np.linspace(-0.3, 0.7, H * H).reshape(H, H)
    next_h, _ = cs231n.rnn_step_forward(x, prev_h, Wx, Wh, np.linspace(-0.2, 0.4, H))
    printed = [
        [-0.58172089, -0.50182032, -0.41232771, -0.31410098],
        [0.66854692, 0.79562378, 0.87755553, 0.92795967],
        [0.97934501, 0.99144213, 0.99646691, 0.99854353],
    ]
    np.testing.assert_allclose(next_h, printed, atol=5e-9)


def test_the_lstm_step_gives_the_figures_that_the_assignment_prints():
    N, D, H = 3, 4, 5
    x, prev_h = np.linspace(-0.4, 1.2, N * D).reshape(N, D), np.linspace(-0.3, 0.7, N * H).reshape(N, H)
    prev_c, b = np.linspace(-0.4, 0.9, N * H).reshape(N, H), np.linspace(0.3, 0.7, 4 * H)
    Wx, Wh = np.linspace(-2.1, 1.3, 4 * D * H).reshape(D, 4 * H), np.linspace(-0.7, 2.2, 4 * H * H).reshape(H, 4 * H)
    next_h, next_c, _ = cs231n.lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b)
    printed_h = [
        [0.24635157, 0.28610883, 0.32240467, 0.35525807, 0.38474904],
        [0.49223563, 0.55611431, 0.61507696, 0.66844003, 0.7159181],
        [0.56735664, 0.66310127, 0.74419266, 0.80889665, 0.858299],
    ]
    printed_c = [
        [0.32986176, 0.39145139, 0.451556, 0.51014116, 0.56717407],
        [0.66382255, 0.76674007, 0.87195994, 0.97902709, 1.08751345],
        [0.74192008, 0.90592151, 1.07717006, 1.25120233, 1.42395676],
    ]
    np.testing.assert_allclose(next_h, printed_h, atol=5e-9)
    np.testing.assert_allclose(next_c, printed_c, atol=5e-9)


def test_the_course_s_own_loop_over_steps_backward_gives_lstm_backward():
    arguments, _ = arrays_of("lstm", CASE)
    x, h0, Wx, Wh, b = arguments.values()
    N, T, _ = x.shape
    dh = np.random.default_rng(1).standard_normal((N, T, h0.shape[1]))
    next_h, next_c, steps = h0, np.zeros_like(h0), []
    for t in range(T):
        next_h, next_c, cache = cs231n.lstm_step_forward(x[:, t, :], next_h, next_c, Wx, Wh, b)
        steps.append(cache)
    dx, dprev_h, dprev_c = np.zeros_like(x), np.zeros_like(h0), np.zeros_like(h0)
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    for t in reversed(range(T)):
        dx[:, t, :], dprev_h, dprev_c, step_dWx, step_dWh, step_db = cs231n.lstm_step_backward(
            dh[:, t, :] + dprev_h, dprev_c, steps[t]
        )
        dWx += step_dWx
        dWh += step_dWh
        db += step_db
    h, cache = cs231n.lstm_forward(x, h0, Wx, Wh, b)
    np.testing.assert_allclose(h[:, -1], next_h, rtol=1e-12)
    assert_gradients_agree(
        named(arguments, cs231n.lstm_backward(dh, cache)),
        named(arguments, (dx, dprev_h, dWx, dWh, db)),
        arguments,
        dh,
    )


def twin_caption_loss(words, y, mask, h0, W_embed, Wx, Wh, b, W_vocab, b_vocab):
    (x,) = conventions.cs231n_word_embedding_forward(words, W_embed)
    (h,) = conventions.cs231n_rnn_forward(x, h0, Wx, Wh, b)
    (scores,) = conventions.cs231n_temporal_affine_forward(h, W_vocab, b_vocab)
    return conventions.cs231n_temporal_softmax_loss(scores, y, mask)[0]


def test_a_caption_model_of_these_layers_has_the_gradients_of_its_twin():
    random = np.random.default_rng(0)
    N, T, D, H, V = 2, 3, 4, 5, 6
    captions_in, captions_out = random.integers(V, size=(2, N, T))
    mask = captions_out != 0
    h0, W_embed, Wx, Wh, b, W_vocab, b_vocab = parameters = [
        random.standard_normal(shape) for shape in [(N, H), (V, D), (D, H), (H, H), (H,), (H, V), (V,)]
    ]

    x, embedding_cache = cs231n.word_embedding_forward(captions_in, W_embed)
    h, rnn_cache = cs231n.rnn_forward(x, h0, Wx, Wh, b)
    scores, affine_cache = cs231n.temporal_affine_forward(h, W_vocab, b_vocab)
    loss, dscores = cs231n.temporal_softmax_loss(scores, captions_out, mask, verbose=False)
    dh, dW_vocab, db_vocab = cs231n.temporal_affine_backward(dscores, affine_cache)
    dx, dh0, dWx, dWh, db = cs231n.rnn_backward(dh, rnn_cache)
    dW_embed = cs231n.word_embedding_backward(dx, embedding_cache)

    one_hot = np.eye(V)
    primals = (one_hot[captions_in], one_hot[captions_out], mask, *parameters)
    value, (_, _, _, *expected) = truth.grad(twin_caption_loss, primals)
    assert_agrees("loss", np.asarray(loss), value, S_of(parameters))
    actual = [dh0, dW_embed, dWx, dWh, db, dW_vocab, db_vocab]
    names = ["dh0", "dW_embed", "dWx", "dWh", "db", "dW_vocab", "db_vocab"]
    assert_gradients_agree(
        dict(zip(names, actual, strict=True)), dict(zip(names, expected, strict=True)), parameters, dscores
    )


every_argument = pytest.mark.parametrize(
    ("layer", "name"), [(layer, name) for layer, (takes, _) in LAYERS.items() for name in takes]
)
every_cotangent = pytest.mark.parametrize(
    ("layer", "name"), [(layer, f"d{name}") for layer, (_, returns) in LAYERS.items() for name in returns]
)


def written(layer, name):
    takes, returns = LAYERS[layer]
    return {**takes, **{f"d{output}": dimensions for output, dimensions in returns.items()}}[name]


@every_argument
def test_a_bad_shape_is_named_in_the_course_s_own_words(layer, name):
    arguments, _ = arrays_of(layer, CASE)
    wrong = arguments[name][..., np.newaxis]
    dimensions = written(layer, name).replace("4H", "H+H+H+H").split()
    message = f"{name} has shape {wrong.shape}; expected ({', '.join(dimensions)}{',' if len(dimensions) == 1 else ''})"
    with pytest.raises(ValueError, match=re.escape(message)):
        forward_of(layer)(**{**arguments, name: wrong})


@every_argument
def test_an_axis_of_another_size_is_a_value_error_in_the_course_s_own_words(layer, name):
    """The first array that has a dimension fixes its size, so that the message may name another one that has it too."""
    arguments, _ = arrays_of(layer, CASE)
    takes = {other: dimensions.replace("4H", "H").split() for other, dimensions in LAYERS[layer][0].items()}
    for axis, dimension in enumerate(takes[name]):
        may_be_named = {other for other, dimensions in takes.items() if dimension in dimensions}
        if sum(dimensions.count(dimension) for dimensions in takes.values()) == 1:
            continue  # nothing else says what this size ought to be
        wrong = np.concatenate([arguments[name]] * 2, axis=axis)
        with pytest.raises(ValueError, match=r"has shape .* expected") as raised:
            forward_of(layer)(**{**arguments, name: wrong})
        assert str(raised.value).split(" has ")[0] in may_be_named


@every_argument
def test_what_is_no_float32_or_float64_array_is_a_type_error(layer, name):
    arguments, _ = arrays_of(layer, CASE)
    with pytest.raises(TypeError, match=f"{name} has dtype int64; expected float32 or float64"):
        forward_of(layer)(**{**arguments, name: np.ones(arguments[name].shape, dtype=int)})
    with pytest.raises(TypeError, match=f"{name} is a list; expected an array of shape"):
        forward_of(layer)(**{**arguments, name: arguments[name].tolist()})


@every_cotangent
def test_a_bad_cotangent_is_named_in_the_course_s_own_words(layer, name):
    arguments, cotangents = arrays_of(layer, CASE)
    *_, cache = forward_of(layer)(**arguments)
    dimensions = ", ".join(written(layer, name).split())
    for axis in range(cotangents[name].ndim):
        wrong = np.concatenate([cotangents[name]] * 2, axis=axis)
        message = f"{name} has shape {wrong.shape}; expected ({dimensions})"
        with pytest.raises(ValueError, match=re.escape(message)):
            backward_of(layer)(**{**cotangents, name: wrong}, cache=cache)
    with pytest.raises(TypeError, match=rf"{name} has dtype float32 but .* has float64|but {name} has float32"):
        backward_of(layer)(**{**cotangents, name: cotangents[name].astype(np.float32)}, cache=cache)


@layers
def test_what_is_no_cache_is_named(layer):
    _, cotangents = arrays_of(layer, CASE)
    with pytest.raises(TypeError, match="cache is a NoneType; expected the tuple"):
        backward_of(layer)(**cotangents, cache=None)
    with pytest.raises(ValueError, match="cache has 1 entries; expected 2"):
        backward_of(layer)(**cotangents, cache=(1,))


def test_the_message_says_what_4H_is():
    arguments, _ = arrays_of("lstm", CASE)
    message = "Wx has shape (4, 19); expected (D, H+H+H+H) with D=4, H=5, every size at least 1"
    with pytest.raises(ValueError, match=re.escape(message)):
        cs231n.lstm_forward(**{**arguments, "Wx": arguments["Wx"][:, 1:]})


@pytest.mark.parametrize("word", [-1, 4, 100])
def test_a_word_outside_the_vocabulary_is_a_value_error(word):
    message = re.escape(f"x[0, 1] is {word}; expected a word from 0 to 3")
    with pytest.raises(ValueError, match=message):
        cs231n.word_embedding_forward(np.array([[0, word], [word, 1]]), np.ones((4, 2)))
    with pytest.raises(ValueError, match=message.replace("x", "y", 1)):
        cs231n.temporal_softmax_loss(np.ones((1, 2, 4)), np.array([[0, word]]), np.array([[False, True]]))


def test_words_and_masks_of_another_kind_or_shape_are_named():
    W, x, words, mask = np.ones((4, 2)), np.ones((2, 3, 4)), np.ones((2, 3), dtype=int), np.ones((2, 3), dtype=bool)
    embedding, loss = cs231n.word_embedding_forward, cs231n.temporal_softmax_loss
    for call, error, message in [
        (lambda: embedding(words * 1.0, W), TypeError, "x has dtype float64; expected integers"),
        (lambda: embedding(mask, W), TypeError, "x has dtype bool; expected integers"),
        (lambda: embedding([[0]], W), TypeError, "x is a list; expected an array of shape (N, T)"),
        (lambda: embedding(words[0], W), ValueError, "x has shape (3,); expected (N, T)"),
        (lambda: embedding(words, W[0]), ValueError, "W has shape (2,); expected (V, D)"),
        (lambda: loss(x, words * 1.0, mask), TypeError, "y has dtype float64; expected integers"),
        (lambda: loss(x, words.T, mask), ValueError, "y has shape (3, 2); expected (N, T) with N=2, T=3"),
        (lambda: loss(x, words, words), TypeError, "mask has dtype int64; expected bool"),
        (lambda: loss(x, words, mask.T), ValueError, "mask has shape (3, 2); expected (N, T) with N=2, T=3"),
        (lambda: loss(words, words, mask), TypeError, "x has dtype int64; expected float32 or float64"),
    ]:
        with pytest.raises(error, match=re.escape(message)):
            call()


def test_the_gradient_of_an_embedding_wants_the_shape_of_its_words():
    _, cache = cs231n.word_embedding_forward(np.ones((2, 3), dtype=int), np.ones((4, 5)))
    for shape in [(3, 2, 5), (2, 3, 4), (2, 3)]:
        message = f"dout has shape {shape}; expected (N, T, D) with N=2, T=3, D=5"
        with pytest.raises(ValueError, match=re.escape(message)):
            cs231n.word_embedding_backward(np.ones(shape), cache)
