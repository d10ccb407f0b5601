"""manual/char_rnn.py against its twin autodiff/char_rnn.py, its training and its command, one claim a test."""

import os
import signal
import subprocess
import sys
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from agreement import (
    LAYOUTS,
    S_of,
    assert_agrees,
    assert_gradients_agree,
    assert_identical,
    dimensions_of,
    leaves,
    mapped,
    scale_of,
    vjp_of,
)
from hypothesis import given
from hypothesis import strategies as st

from autodiff import char_rnn as twin
from autodiff import truth
from gradproof.cases import LARGEST
from gradproof.contracts.min_char_rnn import CONTRACTS
from manual import char_rnn, optimizers
from manual import char_rnn_command as command

ROOT = Path(__file__).parents[1]
TEXT = char_rnn.TEXT.read_text(encoding="ascii")
NAMES = ("Wxh", "Whh", "Why", "bh", "by")
DTYPES = [np.float32, np.float64]
loss_vjp = vjp_of(twin.loss_fun, *dimensions_of(CONTRACTS[0]))
cases = st.tuples(
    st.tuples(*(st.integers(1, LARGEST[name]) for name in "VHT")),
    st.integers(0, 9999),
    st.sampled_from([0.01, 0.5, 1.0, 3.0]),
)


def arrays_of(case, dtype=np.float64):
    """inputs, targets, hprev and the parameters, of which no bias is zero."""
    (V, H, T), seed, scale = case
    random = np.random.default_rng([V, H, T, seed])
    shapes = {"Wxh": (H, V), "Whh": (H, H), "Why": (V, H), "bh": (H, 1), "by": (V, 1)}
    parameters = {
        name: (scale_of(name, shapes[name], scale, T) * random.standard_normal(shapes[name])).astype(dtype)
        for name in NAMES
    }
    return *random.integers(V, size=(2, T)), np.tanh(random.standard_normal((H, 1))).astype(dtype), parameters


def results_of(inputs, targets, hprev, parameters):
    """Loss, {"dWxh": ..., ...} and the last hidden state."""
    loss, *gradients, h_last = char_rnn.loss_fun(inputs, targets, hprev, **parameters)
    return loss, {f"d{name}": gradient for name, gradient in zip(NAMES, gradients, strict=True)}, h_last


def truth_of(inputs, targets, hprev, parameters, vjp=loss_vjp):
    """The same of the twin: the cotangents are 1 for the loss and 0 for the last hidden state."""
    one_hot = np.eye(parameters["by"].size)
    primals = (one_hot[inputs], one_hot[targets], hprev, *(parameters[name] for name in NAMES))
    (loss, h_last), gradients = vjp(primals, (np.array(1.0), np.zeros(hprev.shape)))
    return loss, {f"d{name}": gradient for name, gradient in zip(NAMES, gradients[3:], strict=True)}, h_last


def cotangent_of(parameters):
    """As large as what reaches the net: Why.T @ (p - y), with p - y up to 1."""
    return S_of(parameters["Why"]) * np.ones(1)


def example(**replaced):
    """Arguments of loss_fun for V=4, H=3, T=5, some of them replaced."""
    inputs, targets, hprev, parameters = arrays_of(((4, 3, 5), 0, 1.0))
    return {"inputs": inputs, "targets": targets, "hprev": hprev, **parameters, **replaced}


# the loss and its gradients


@given(cases)
def test_loss_and_last_hidden_state_equal_those_of_the_twin(case):
    arguments = arrays_of(case)
    (loss, _, h_last), (expected, _, expected_h) = results_of(*arguments), truth_of(*arguments)
    assert_agrees("loss", np.asarray(loss), expected, S_of(arguments[2:], cotangent_of(arguments[3])))
    assert_agrees("h_last", h_last, expected_h, S_of(arguments[2:]))


@given(cases)
def test_every_gradient_is_that_of_the_twin(case):
    arguments = arrays_of(case)
    (_, gradients, _), (_, expected, _) = results_of(*arguments), truth_of(*arguments)
    assert_gradients_agree(gradients, expected, arguments[2:], cotangent_of(arguments[3]))


@given(cases)
def test_float32_agrees_with_the_float64_truth_within_its_own_rounding(case):
    arguments = arrays_of(case, np.float32)
    (loss, gradients, h_last), (value, expected, expected_h) = results_of(*arguments), truth_of(*arguments)
    cotangent = cotangent_of(arguments[3])
    assert_agrees("loss", np.asarray(loss), value, S_of(arguments[2:], cotangent), float32=True)
    assert_agrees("h_last", h_last, expected_h, S_of(arguments[2:]), float32=True)
    assert_gradients_agree(gradients, expected, arguments[2:], cotangent, float32=True)


def test_gradients_come_back_unclipped():
    arguments = arrays_of(((5, 4, 6), 3, 0.5))
    arguments[3]["Why"] *= 40
    (_, gradients, _), (_, expected, _) = results_of(*arguments), truth_of(*arguments)
    assert max(np.abs(gradient).max() for gradient in gradients.values()) > 2 * char_rnn.LIMIT
    assert_gradients_agree(gradients, expected, arguments[2:], cotangent_of(arguments[3]))


@pytest.mark.parametrize("dtype", DTYPES)
def test_scores_of_a_thousand_give_a_finite_loss_and_finite_gradients(dtype):
    inputs, _, hprev, parameters = arrays_of(((4, 3, 5), 0, 1.0), dtype)
    parameters["by"] = np.array([[2000.0], [-2000.0], [0.0], [5.0]], dtype=dtype)
    loss, gradients, _ = results_of(inputs, np.full(5, 1), hprev, parameters)
    assert loss == pytest.approx(5 * 4000, rel=1e-2)
    assert all(np.isfinite(gradient).all() for gradient in gradients.values())


def test_the_loss_is_a_sum_over_characters_so_that_guessing_evenly_costs_log_V_each():
    parameters = {name: np.zeros(shape) for name, shape in (("Wxh", (2, 7)), ("Whh", (2, 2)), ("Why", (7, 2)))}
    parameters |= {"bh": np.zeros((2, 1)), "by": np.zeros((7, 1))}
    loss, _, _ = results_of([0, 3, 6], [3, 6, 1], np.zeros((2, 1)), parameters)
    assert loss == pytest.approx(3 * np.log(7), rel=1e-14)


@given(cases, st.integers(1, 5))
def test_a_window_after_another_starts_from_its_last_hidden_state(case, first):
    inputs, targets, hprev, parameters = arrays_of(case)
    first = min(first, len(inputs))
    whole, _, h_last = results_of(inputs, targets, hprev, parameters)
    loss, _, h = results_of(inputs[:first], targets[:first], hprev, parameters)
    if first < len(inputs):
        more, _, h = results_of(inputs[first:], targets[first:], h, parameters)
        loss += more
    assert_agrees("loss", np.asarray(loss), np.asarray(whole), S_of((hprev, parameters), cotangent_of(parameters)))
    assert_agrees("h_last", h, h_last, S_of((hprev, parameters)))


@given(cases)
def test_the_order_is_that_of_min_char_rnn_and_a_partial_takes_its_three_arguments(case):
    inputs, targets, hprev, parameters = arrays_of(case)
    lossFun = partial(char_rnn.loss_fun, **parameters)
    loss, dWxh, dWhh, dWhy, dbh, dby, h = lossFun(list(inputs), tuple(targets), hprev)
    gradients = {"dWxh": dWxh, "dWhh": dWhh, "dWhy": dWhy, "dbh": dbh, "dby": dby}
    assert {name: gradient.shape for name, gradient in gradients.items()} == {
        f"d{name}": parameters[name].shape for name in NAMES
    }
    assert_identical(
        (np.asarray(loss), *gradients.values(), h),
        leaves(tuple(map(np.asarray, char_rnn.loss_fun(inputs, targets, hprev, *parameters.values())))),
    )


@given(cases)
def test_loss_fun_mutates_nothing_and_a_second_call_gives_the_same_bits(case):
    arguments = arrays_of(case)
    before = mapped(np.copy, arguments)
    first, second = results_of(*arguments), results_of(*arguments)
    assert_identical(arguments, before)
    assert_identical(second, first)


@given(cases)
def test_results_of_loss_fun_share_no_memory_with_arguments_or_each_other(case):
    arguments = arrays_of(case)
    results = leaves(results_of(*arguments)[1:])
    others = leaves(arguments)
    assert not any(np.shares_memory(result, other) for result in results for other in others)
    assert not any(np.shares_memory(one, other) for i, one in enumerate(results) for other in results[:i])


def test_the_last_hidden_state_keeps_no_window_alive():
    *_, h_last = char_rnn.loss_fun(**example())
    assert h_last.base is None


@pytest.mark.parametrize("dtype", DTYPES)
@given(case=cases)
def test_dtype_in_is_dtype_out(case, dtype):
    assert {array.dtype for array in leaves(results_of(*arrays_of(case, dtype)))} == {np.dtype(dtype)}


@pytest.mark.parametrize("layout", LAYOUTS)
@given(case=cases)
def test_memory_layout_does_not_matter(case, layout):
    arguments = arrays_of(case)
    _, expected, h_last = results_of(*arguments)
    _, gradients, h = results_of(*arguments[:2], *mapped(LAYOUTS[layout], arguments[2:]))
    assert_gradients_agree(gradients, expected, arguments[2:], cotangent_of(arguments[3]))
    assert_agrees("h_last", h, h_last, S_of(arguments[2:]))


@pytest.mark.parametrize(
    ("replaced", "error", "message"),
    [
        ({"inputs": [0, 4, 1, 1, 1]}, ValueError, r"inputs\[1\] is 4; expected 0 to 3"),
        ({"targets": [0, 1, -1, 1, 1]}, ValueError, r"targets\[2\] is -1; expected 0 to 3"),
        ({"inputs": []}, ValueError, r"inputs has shape \(0,\); expected a list of at least one"),
        ({"targets": [[0, 1, 2, 3, 0]]}, ValueError, r"targets has shape \(1, 5\)"),
        ({"targets": [0, 1, 2, 3]}, ValueError, "targets has 4 characters; expected 5"),
        ({"inputs": [0.0, 1.0, 2.0, 3.0, 0.0]}, TypeError, "inputs has dtype float64; expected integers"),
        ({"inputs": list("river")}, TypeError, "inputs has dtype <U1; expected integers"),
        ({"hprev": np.zeros((2, 1))}, ValueError, r"Wxh has shape \(3, 4\); expected \(H, V\) with H=2"),
        ({"hprev": np.zeros(3)}, ValueError, r"hprev has shape \(3,\); expected \(H, 1\)"),
        ({"Why": np.zeros((3, 4))}, ValueError, r"Why has shape \(3, 4\); expected \(V, H\) with V=4, H=3"),
        ({"by": np.zeros(4)}, ValueError, r"by has shape \(4,\)"),
        ({"bh": np.zeros((3, 1), np.float32)}, TypeError, "bh has dtype float32"),
    ],
)
def test_loss_fun_names_what_is_wrong(replaced, error, message):
    with pytest.raises(error, match=message):
        char_rnn.loss_fun(**example(**replaced))


# one step at a time


@given(cases)
def test_steps_from_a_hidden_state_of_zero_give_the_scores_and_states_of_the_sequence(case):
    inputs, targets, hprev, parameters = arrays_of(case)
    net, loss, S = char_rnn.RNN(**parameters), 0.0, S_of(parameters)
    for index, target in zip(inputs, targets, strict=True):
        y = net.step(np.eye(parameters["by"].size)[:, [index]])
        shifted = y - y.max()
        loss += np.log(np.exp(shifted).sum()) - shifted[target, 0]
    expected, _, h_last = results_of(inputs, targets, np.zeros_like(hprev), parameters)
    assert_agrees("h", net.h, h_last, S)
    assert_agrees("loss", np.asarray(loss), np.asarray(expected), S * S)


@given(cases)
def test_a_vector_in_gives_the_column_as_a_vector(case):
    *_, parameters = arrays_of(case)
    x = np.random.default_rng(case[1]).standard_normal(parameters["by"].size)
    of_vector, of_column = char_rnn.RNN(**parameters), char_rnn.RNN(**parameters)
    assert_identical(of_vector.step(x), of_column.step(x[:, np.newaxis])[:, 0])
    assert_identical(of_vector.h, of_column.h)


@given(cases)
def test_reset_forgets_all_steps_and_a_step_changes_h_alone(case):
    inputs, _, _, parameters = arrays_of(case)
    x, before = np.eye(parameters["by"].size)[inputs[0]], mapped(np.copy, parameters)
    net = char_rnn.RNN(**parameters)
    first, h = net.step(x), net.h
    kept = h.copy()
    net.step(x)
    assert_identical((h, parameters), (kept, before))
    net.reset()
    assert (net.h == 0).all()
    assert_identical(net.step(x), first)


def test_nets_of_other_sizes_are_stacked_by_calling_one_on_what_the_other_returns():
    random = np.random.default_rng(0)
    sizes = {"Wxh": (5, 4), "Whh": (5, 5), "Why": (3, 5), "bh": (5, 1), "by": (3, 1)}
    above = {"Wxh": (2, 3), "Whh": (2, 2), "Why": (6, 2), "bh": (2, 1), "by": (6, 1)}
    lower, upper = ({name: random.standard_normal(shape) for name, shape in net.items()} for net in (sizes, above))
    rnn1, rnn2, h1, h2 = char_rnn.RNN(**lower), char_rnn.RNN(**upper), np.zeros(5), np.zeros(2)
    for x in random.standard_normal((3, 4)):
        y = rnn2.step(rnn1.step(x))
        h1 = np.tanh(rnn1.W_xh @ x + rnn1.W_hh @ h1 + rnn1.b_h[:, 0])
        h2 = np.tanh(rnn2.W_xh @ (rnn1.W_hy @ h1 + rnn1.b_y[:, 0]) + rnn2.W_hh @ h2 + rnn2.b_h[:, 0])
    assert_agrees("y", y, upper["Why"] @ h2 + upper["by"][:, 0], S_of((lower, upper)))


@pytest.mark.parametrize("x", [np.zeros(3), np.zeros((3, 1)), np.zeros((4, 2)), np.array(1.0)], ids=np.shape)
def test_an_input_of_another_shape_is_named(x):
    net = char_rnn.RNN(**{name: example()[name] for name in NAMES})
    with pytest.raises(ValueError, match=r"x has shape .* expected \(I, 1\) with I=4"):
        net.step(x)


# samples


def drawn(n, temperature, seed=0, **replaced):
    inputs = example(**replaced)
    weights = {name: inputs[name] for name in NAMES}
    rng = np.random.default_rng(seed)
    return char_rnn.sample(inputs["hprev"], 2, n, **weights, rng=rng, temperature=temperature)


def test_the_first_character_of_samples_follows_the_softmax_at_the_temperature():
    arguments, n = example(), 1500
    h = np.tanh(arguments["Wxh"][:, [2]] + arguments["Whh"] @ arguments["hprev"] + arguments["bh"])
    y = (arguments["Why"] @ h + arguments["by"])[:, 0]
    for temperature in (0.5, 3.0):
        rng = np.random.default_rng(7)
        weights = {name: arguments[name] for name in NAMES}
        firsts = [
            char_rnn.sample(arguments["hprev"], 2, 1, **weights, rng=rng, temperature=temperature)[0] for _ in range(n)
        ]
        p = np.exp(y / temperature) / np.exp(y / temperature).sum()
        share = np.bincount(firsts, minlength=4) / n
        assert (np.abs(share - p) < 5 * np.sqrt(p * (1 - p) / n)).all()


def test_a_sample_goes_on_from_the_characters_that_it_draws():
    arguments, indices = example(), drawn(8, temperature=0)
    net = char_rnn.RNN(**{name: arguments[name] for name in NAMES})
    net.h, expected = arguments["hprev"], [2]
    for _ in range(8):
        expected.append(int(net.step(np.eye(4)[expected[-1]]).argmax()))
    assert indices.tolist() == expected[1:]


def test_temperature_zero_takes_the_most_probable_character_and_leaves_the_generator_alone():
    assert_identical(drawn(20, 0, seed=1), drawn(20, 0, seed=2))
    rng, arguments = np.random.default_rng(0), example()
    before = rng.bit_generator.state
    char_rnn.sample(arguments["hprev"], 2, 9, **{name: arguments[name] for name in NAMES}, rng=rng, temperature=0)
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_tiny_temperature_overflows_nothing_and_is_the_limit(dtype):
    narrow = {name: array.astype(dtype) for name, array in example().items() if name in ("hprev", *NAMES)}
    assert_identical(drawn(20, 5e-324, **narrow), drawn(20, 0, **narrow))


def test_a_sample_mutates_nothing_and_the_same_seed_draws_the_same():
    arguments = example()
    before = mapped(np.copy, arguments)
    assert_identical(drawn(30, 1.0, seed=5, **arguments), drawn(30, 1.0, seed=5, **arguments))
    assert_identical(arguments, before)
    assert drawn(0, 1.0).tolist() == []


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"seed_index": 4}, r"seed_index\[0\] is 4; expected 0 to 3, one of V=4"),
        ({"seed_index": -1}, r"seed_index\[0\] is -1"),
        ({"n": -1}, "n is -1; expected"),
        ({"temperature": -0.5}, "temperature is -0.5; expected a finite number, at least 0"),
        ({"temperature": np.nan}, "temperature is nan"),
        ({"temperature": np.inf}, "temperature is inf"),
        ({"hprev": np.zeros((1, 1))}, r"Wxh has shape \(3, 4\); expected \(H, V\) with H=1"),
    ],
)
def test_sample_names_what_is_wrong(replaced, message):
    arguments = {name: array for name, array in example().items() if name in ("hprev", *NAMES)}
    arguments |= {"seed_index": 0, "n": 3, "rng": np.random.default_rng(0)}
    with pytest.raises(ValueError, match=message):
        char_rnn.sample(**(arguments | replaced))


# text


@given(st.text(min_size=2, max_size=20).filter(lambda text: len(set(text)) > 1))
def test_decoding_what_was_encoded_gives_the_text(text):
    vocabulary = char_rnn.vocabulary_of(text)
    assert list(vocabulary) == sorted(set(text))
    assert char_rnn.decode(char_rnn.encode(text, vocabulary), vocabulary) == text


def test_a_character_that_is_not_in_the_vocabulary_is_named():
    with pytest.raises(ValueError, match="character 'é' at position 2 of the text is not among the 3 characters"):
        char_rnn.encode("abéa", "abc")


@pytest.mark.parametrize(("text", "counts"), [("", "0 characters, 0"), ("rrr", "3 characters, 1")])
def test_a_text_with_nothing_to_tell_apart_is_refused(text, counts):
    with pytest.raises(ValueError, match=f"the text has {counts} distinct; expected 2"):
        char_rnn.vocabulary_of(text)


# training


def trained(data, steps, **settings):
    V = int(data.max()) + 1
    sizes = {"hidden_size": 16, "seq_length": 10, **settings}
    start = char_rnn.initial_state(V, sizes["hidden_size"], sizes["seq_length"], np.random.default_rng(0))
    return [start, *islice(char_rnn.train(data, start, sizes["seq_length"], sizes.get("learning_rate", 0.1)), steps)]


def default_data():
    return char_rnn.encode(TEXT, char_rnn.vocabulary_of(TEXT))


def test_the_default_text_is_plain_ascii_of_a_few_kilobytes():
    assert 6000 <= len(TEXT) <= 10000
    assert set(TEXT) <= {"\n", *map(chr, range(32, 127))}


def test_200_steps_with_the_gradients_of_jax_end_at_the_same_parameters():
    data, start, *states = default_data(), *trained(default_data(), 200)
    parameters, memory, h = start.parameters, optimizers.initialize_adagrad(start.parameters), start.hprev
    difference = 0.0
    for step, state in enumerate(states):
        inputs, targets = data[10 * step : 10 * step + 10], data[10 * step + 1 : 10 * step + 11]
        _, gradients, h = truth_of(inputs, targets, h, parameters, partial(truth.vjp, twin.loss_fun))
        parameters, memory = optimizers.adagrad(parameters, optimizers.clip_by_value(gradients, 5.0), memory, 0.1)
        for name in NAMES:
            apart = np.abs(state.parameters[name] - parameters[name]) / np.maximum(1, np.abs(parameters[name]))
            difference = max(difference, float(apart.max()))
    print(f"largest difference of a parameter in 200 steps: {difference:.1e}")
    assert difference <= 1e-9
    assert max(np.abs(array).max() for array in parameters.values()) > 1  # it has gone somewhere


def test_the_first_state_has_small_weights_zero_biases_and_the_loss_of_guessing_evenly():
    state = char_rnn.initial_state(45, 100, 25, np.random.default_rng(0))
    for name in ("Wxh", "Whh", "Why"):
        assert state.parameters[name].std() == pytest.approx(0.01, rel=0.05)
    zeros = (state.parameters["bh"], state.parameters["by"], state.hprev, state.memory)
    assert not any(array.any() for array in leaves(zeros))
    assert state.smooth_loss == pytest.approx(-np.log(1 / 45) * 25)


def test_training_learns():
    data, (first, *_, last) = default_data(), trained(default_data(), 200)
    before, after = (
        char_rnn.loss_fun(data[:200], data[1:201], first.hprev, **state.parameters)[0] for state in (first, last)
    )
    assert after < 0.9 * before


def test_at_the_end_of_the_text_the_window_and_the_hidden_state_start_over():
    data = np.array([0, 1, 2, 0, 1, 2, 0, 1])  # two windows of 3, and one character too few for a third
    start, first, second, third = trained(data, 3, seq_length=3, hidden_size=2)
    assert [state.position for state in (start, first, second, third)] == [0, 3, 6, 3]
    *_, h_last = char_rnn.loss_fun(data[0:3], data[1:4], np.zeros((2, 1)), **second.parameters)
    assert_identical(third.hprev, h_last)
    assert trained(np.array([0, 1, 1, 0, 1, 1, 0]), 2, seq_length=3)[2].position == 6  # a window that just fits


def test_the_smooth_loss_takes_a_thousandth_of_each_new_loss():
    start, state = trained(default_data(), 1)
    loss, *_ = char_rnn.loss_fun(default_data()[:10], default_data()[1:11], start.hprev, **start.parameters)
    assert state.smooth_loss == pytest.approx(0.999 * start.smooth_loss + 0.001 * loss, rel=1e-14)


def test_gradients_are_clipped_to_5_before_they_are_used():
    data, start = default_data(), trained(default_data(), 0)[0]
    large = {name: 300 * array for name, array in start.parameters.items()}
    state = char_rnn.training_step(data, start._replace(parameters=large), 10)
    _, gradients, _ = results_of(data[:10], data[1:11], start.hprev, large)
    assert max(np.abs(gradient).max() for gradient in gradients.values()) > 5
    assert_identical(state.memory, {name: np.clip(gradient, -5, 5) ** 2 for name, gradient in gradients.items()})


def test_a_training_step_does_not_change_the_state_that_it_is_given():
    _, state, *_ = trained(default_data(), 1)
    before = mapped(np.copy, (state.hprev, state.parameters, state.memory))
    char_rnn.training_step(default_data(), state, 10)
    assert_identical((state.hprev, state.parameters, state.memory), before)


def test_a_text_shorter_than_a_window_is_refused_with_both_counts():
    with pytest.raises(ValueError, match="the text has 10 characters; expected at least 11: a window of 10"):
        trained(np.arange(10), 1)


# the command

SMALL = ["--hidden-size", "8", "--seq-length", "5", "--sample-length", "20"]


def stored(path):
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("Žluťoučký kůň, 春の川 and the river\n" * 20, encoding="utf-8")
    return str(path)


def test_the_command_trains_on_the_default_text_and_prints_a_sample():
    command = [sys.executable, "-m", "manual.char_rnn", *SMALL, "--steps", "4", "--sample-every", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.count("smooth loss") == 3
    assert done.stderr == ""  # no progress bar where there is no terminal


def test_a_missing_file_is_a_message_and_exit_code_2_without_a_traceback():
    command = [sys.executable, "-m", "manual.char_rnn", "no/such/file.txt"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "char_rnn: no/such/file.txt: No such file or directory\n")


def test_15_steps_a_checkpoint_and_15_more_are_30_steps_bit_for_bit(tmp_path, text, capsys):
    straight, half, resumed = (str(tmp_path / name) for name in ("straight.npz", "half.npz", "resumed.npz"))
    common = [text, "--sample-every", "5", "--sample-length", "9"]
    sizes = ["--hidden-size", "8", "--seq-length", "5", "--learning-rate", "0.3", "--seed", "4"]
    assert command.main([*common, *sizes, "--steps", "30", "--checkpoint", straight]) == 0
    printed = capsys.readouterr().out.split("\n\n")[1:7]
    assert command.main([*common, *sizes, "--steps", "15", "--checkpoint", half]) == 0
    first = capsys.readouterr().out.split("\n\n")[1:4]
    assert command.main([*common, "--steps", "15", "--resume", half, "--checkpoint", resumed]) == 0
    assert [*first, *capsys.readouterr().out.split("\n\n")[1:4]] == printed
    assert_identical(stored(resumed), stored(straight))
    assert stored(resumed)["step"] == 30


def test_an_interrupt_keeps_the_last_whole_step_and_tells_where(tmp_path, text, capsys, monkeypatch):
    interrupted, straight = tmp_path / "interrupted.npz", tmp_path / "straight.npz"
    common = [text, *SMALL, "--sample-every", "2"]
    assert command.main([*common, "--steps", "9", "--checkpoint", str(straight)]) == 0
    step = char_rnn.training_step

    def seventh_is_interrupted(data, state, *numbers):
        if state.step == 6:
            signal.raise_signal(signal.SIGINT)
        return step(data, state, *numbers)

    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(char_rnn, "training_step", seventh_is_interrupted)
            assert command.main([*common, "--steps", "9", "--checkpoint", str(interrupted)]) == 130
    finally:
        signal.signal(signal.SIGINT, handler)
    assert (
        capsys.readouterr().err == f"char_rnn: interrupted after step 6; the checkpoint {interrupted} has that step\n"
    )
    again = ["--resume", str(interrupted), "--checkpoint", str(interrupted)]
    assert command.main([text, "--sample-length", "20", "--sample-every", "2", "--steps", "3", *again]) == 0
    assert_identical(stored(interrupted), stored(straight))


def test_an_interrupt_in_the_middle_of_a_sample_takes_back_its_step(tmp_path, text, monkeypatch):
    path = tmp_path / "kept.npz"

    def half_a_sample(*_, rng, **__):
        rng.random(3)
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "sample", half_a_sample)
    assert command.main([text, *SMALL, "--sample-every", "4", "--checkpoint", str(path)]) == 130
    untouched = tmp_path / "untouched.npz"
    assert command.main([text, *SMALL, "--sample-every", "0", "--steps", "3", "--checkpoint", str(untouched)]) == 0
    assert_identical(stored(path), stored(untouched))


def test_a_checkpoint_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    state, path = trained(default_data(), 0)[0], tmp_path / "kept.npz"
    checkpoint = command.Checkpoint(state, {}, char_rnn.vocabulary_of(TEXT), "digest", 10, 0.1)
    command.save_checkpoint(path, checkpoint)
    before = path.read_bytes()

    def full(file, **_):
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        command.save_checkpoint(path, checkpoint)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["kept.npz"]


def test_whoever_reads_the_old_checkpoint_while_a_new_one_is_written_reads_the_old_one(tmp_path):
    first, second = trained(default_data(), 1)
    checkpoint = command.Checkpoint(first, {}, char_rnn.vocabulary_of(TEXT), "digest", 10, 0.1)
    command.save_checkpoint(tmp_path / "kept.npz", checkpoint)
    before = (tmp_path / "kept.npz").read_bytes()
    with (tmp_path / "kept.npz").open("rb") as old:
        command.save_checkpoint(tmp_path / "kept.npz", checkpoint._replace(state=second))
        assert old.read() == before
    assert (tmp_path / "kept.npz").read_bytes() != before


def test_a_checkpoint_that_cannot_be_written_is_found_out_before_the_training(tmp_path, text, capsys, monkeypatch):
    monkeypatch.setattr(char_rnn, "training_step", None)
    assert command.main([text, *SMALL, "--checkpoint", str(tmp_path / "no" / "x.npz")]) == 2
    assert "no/x.npz: No such file or directory" in capsys.readouterr().err


def test_a_checkpoint_comes_back_as_it_was(tmp_path):
    state = trained(default_data(), 2)[-1]
    generator = np.random.default_rng(5).bit_generator.state
    checkpoint = command.Checkpoint(
        state, generator, "\0\n aé春🙂" + "x" * (int(default_data().max()) - 6), "digest", 10, 0.1
    )
    command.save_checkpoint(tmp_path / "c", checkpoint)
    loaded = command.load_checkpoint(tmp_path / "c")
    assert loaded[1:] == checkpoint[1:]
    for actual, expected in zip(loaded.state, state, strict=True):
        assert_identical(mapped(np.asarray, actual), mapped(np.asarray, expected))


def test_a_loss_that_is_no_number_ends_the_training_with_the_step_before_kept(tmp_path, text, capsys, monkeypatch):
    step, path = char_rnn.training_step, tmp_path / "kept.npz"

    def exploding(data, state, *numbers):
        return step(data, state, *numbers)._replace(smooth_loss=np.nan if state.step == 3 else 1.0)

    monkeypatch.setattr(char_rnn, "training_step", exploding)
    assert command.main([text, *SMALL, "--checkpoint", str(path)]) == 1
    assert "--learning-rate 0.1 is too large: the loss is nan after step 3" in capsys.readouterr().err
    assert stored(path)["step"] == 3


def refusals(tmp_path):
    """{what is wrong: (arguments, what the message says)}."""

    def file(name, content):
        (tmp_path / name).write_bytes(content)
        return str(tmp_path / name)

    text, other = file("text", b"the river and the rain " * 9), file("other", b"the rain and the river " * 9)
    kept, occupied = str(tmp_path / "kept.npz"), file("occupied", b"precious")
    assert command.main([text, *SMALL, "--steps", "1", "--checkpoint", kept]) == 0
    damaged = file("damaged.npz", (tmp_path / "kept.npz").read_bytes()[:-300])
    np.savez(tmp_path / "foreign.npz", W=np.zeros(3))
    np.save(tmp_path / "foreign.npy", np.zeros(3))
    foreign = str(tmp_path / "foreign.npz"), str(tmp_path / "foreign.npy")
    resume = [text, "--resume", kept]
    return {
        "an empty file": ([file("empty", b"")], "empty: the text has 0 characters, 0 distinct"),
        "one kind of character": ([file("same", b"aaaa")], "same: the text has 4 characters, 1 distinct"),
        "a text shorter than a window": (
            [file("short", b"a river")],
            "short: the text has 7 characters; expected at le",
        ),
        "a binary file": ([file("binary", b"\x89PNG\r\n")], "binary: not UTF-8 text (invalid start byte at byte 0)"),
        "a folder": ([str(tmp_path)], "Is a directory"),
        "another text": ([other, "--resume", kept], "kept.npz: the checkpoint of another text than"),
        "another hidden size": ([*resume, "--hidden-size", "9"], "--hidden-size is 9, but the checkpoint has 8"),
        "another window": ([*resume, "--seq-length", "6"], "--seq-length is 6, but the checkpoint has 5"),
        "another seed": ([*resume, "--seed", "1"], "--seed is given"),
        "no checkpoint": ([text, "--resume", text], "text: not a checkpoint of this program"),
        "half a checkpoint": ([text, "--resume", damaged], "damaged.npz: not a checkpoint"),
        "arrays of another program": ([text, "--resume", foreign[0]], "foreign.npz: not a checkpoint"),
        "one array": ([text, "--resume", foreign[1]], "foreign.npy: not a checkpoint"),
        "a missing checkpoint": ([text, "--resume", str(tmp_path / "gone")], "gone: No such file"),
        "a file in the way": ([text, "--checkpoint", occupied], "occupied exists; --resume goes on"),
    }


def test_what_the_command_cannot_work_with_is_one_line_and_exit_code_2(tmp_path, capsys):
    for arguments, message in refusals(tmp_path).values():
        capsys.readouterr()
        assert command.main(["--steps", "1", *arguments]) == 2
        told = capsys.readouterr().err
        assert message in told
        assert told.count("\n") == 1
    assert (tmp_path / "occupied").read_bytes() == b"precious"


@pytest.mark.parametrize(
    "option", [("--steps", "-1"), ("--seq-length", "0"), ("--temperature", "nan"), ("--learning-rate", "-1")]
)
def test_an_option_out_of_range_is_a_usage_error(option, capsys):
    with pytest.raises(SystemExit, match="2"):
        command.main(option)
    assert option[0] in capsys.readouterr().err


def test_the_bar_shows_the_step_and_the_smooth_loss_and_is_wiped_away(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    bar, state = command._Bar(0, 2), trained(default_data(), 1)[1]
    bar.show(state)
    bar.clear()
    written = capsys.readouterr().err
    assert f"[##########          ] step 1, smooth loss {state.smooth_loss:.4g}" in written
    assert written.endswith("\r")
    monkeypatch.setenv("NO_COLOR", "1")
    command._Bar(0, 2).show(state)
    assert capsys.readouterr().err == ""
