"""manual/optimizers.py against optax and against the published formulas, one claim a test."""

import jax
import numpy as np
import optax
import pytest
from agreement import S_of, assert_agrees, assert_identical, leaves, mapped
from hypothesis import given
from hypothesis import strategies as st
from test_notes import computed, declared

from manual import optimizers

STEPS = 4
DTYPES = [np.float32, np.float64]
LARGEST = 3 * 4**3  # numbers in the parameters of one draw

names = st.sampled_from(["Wax", "ba", "W1", "b1", "scale"])
shapes = st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple)
draws = st.tuples(
    st.dictionaries(names, shapes, min_size=1, max_size=3),
    st.integers(0, 9999),
    st.sampled_from([1e-6, 0.1, 1.0, 50.0]),
)


def arrays_of(draw, dtype=np.float64):
    """Parameters, and the gradients of STEPS steps, of whose entries one in ten is zero."""
    shapes, seed, size = draw
    random = np.random.default_rng(seed)

    def filled():
        return {name: random.standard_normal(shape) for name, shape in shapes.items()}

    def sparse():
        return {f"d{name}": size * array * (random.random(array.shape) < 0.9) for name, array in filled().items()}

    return mapped(lambda array: array.astype(dtype), (filled(), [sparse() for _ in range(STEPS)]))


def flat(arrays):
    """All numbers in one vector, of one length for all draws: optax compiles once per shape.

    The optimizers work number by number, and the zeros at the end add nothing to a norm.
    """
    numbers = np.concatenate([array.ravel() for array in arrays.values()])
    return np.pad(numbers, (0, LARGEST - numbers.size))


def optax_steps(optimizer, parameters, gradients):
    """The parameters after the steps of optax, in float64, flat."""
    with jax.enable_x64(True):
        theta = flat(parameters)
        state = optimizer.init(theta)
        for step in gradients:
            updates, state = optimizer.update(flat(step), state, theta)
            theta = optax.apply_updates(theta, updates)
        return np.asarray(theta)


def optax_clipped(clip, gradients):
    with jax.enable_x64(True):
        return np.asarray(clip.update(flat(gradients), clip.init(flat(gradients)))[0])


def sgd_steps(parameters, gradients, learning_rate):
    for step in gradients:
        parameters = optimizers.sgd(parameters, step, learning_rate)
    return parameters


def adagrad_steps(parameters, gradients, *numbers):
    memory = optimizers.initialize_adagrad(parameters)
    for step in gradients:
        parameters, memory = optimizers.adagrad(parameters, step, memory, *numbers)
    return parameters


def adam_steps(update, parameters, gradients, **numbers):
    v, s = optimizers.initialize_adam(parameters)
    for t, step in enumerate(gradients, start=1):
        parameters, v, s = update(parameters, step, v, s, t, **numbers)
    return parameters


def assert_all_agree(actual, expected, *inputs):
    """The dict `actual` has the keys and shapes of the first input, and flat the numbers `expected`."""
    assert {name: array.shape for name, array in actual.items()} == {
        name: array.shape for name, array in inputs[0].items()
    }
    assert_agrees("all", flat(actual), expected, S_of(inputs))


def once_of_each(parameters, gradients):
    """What one call of every function returns."""
    memory, (v, s) = optimizers.initialize_adagrad(parameters), optimizers.initialize_adam(parameters)
    return (
        optimizers.sgd(parameters, gradients, 0.1),
        optimizers.adagrad(parameters, gradients, memory, 0.1),
        optimizers.adam(parameters, gradients, v, s, 1),
        optimizers.update_parameters_with_adam(parameters, gradients, v, s, 1),
        optimizers.clip_by_value(gradients, 0.5),
        optimizers.clip_by_global_norm(gradients, 0.5),
    )


@given(draws)
def test_sgd_is_that_of_optax(draw):
    parameters, gradients = arrays_of(draw)
    expected = optax_steps(optax.sgd(0.3), parameters, gradients)
    assert_all_agree(sgd_steps(parameters, gradients, 0.3), expected, parameters, gradients)


@pytest.mark.parametrize("epsilon", [1e-8, 0.5])
@given(draw=draws)
def test_adagrad_is_that_of_optax_with_no_initial_accumulator(draw, epsilon):
    parameters, gradients = arrays_of(draw)
    expected = optax_steps(optax.adagrad(0.3, initial_accumulator_value=0.0, eps=epsilon), parameters, gradients)
    assert_all_agree(adagrad_steps(parameters, gradients, 0.3, epsilon), expected, parameters, gradients)


@given(draws)
def test_the_epsilon_of_adagrad_is_by_default_that_of_min_char_rnn(draw):
    parameters, gradients = arrays_of(draw)
    expected, memory = flat(parameters), np.zeros(LARGEST)
    for step in map(flat, gradients):
        memory = memory + step * step
        expected = expected - 0.1 * step / np.sqrt(memory + 1e-8)
    assert_all_agree(adagrad_steps(parameters, gradients, 0.1), expected, parameters, gradients)


@pytest.mark.parametrize("numbers", [(0.9, 0.999, 1e-8), (0.5, 0.25, 0.1), (0.0, 0.0, 1.0)])
@given(draw=draws)
def test_adam_is_that_of_optax(draw, numbers):
    parameters, gradients = arrays_of(draw)
    beta1, beta2, epsilon = numbers
    expected = optax_steps(optax.adam(0.3, beta1, beta2, epsilon), parameters, gradients)
    settings = {"learning_rate": 0.3, "beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    assert_all_agree(adam_steps(optimizers.adam, parameters, gradients, **settings), expected, parameters, gradients)


@given(draws)
def test_the_numbers_of_adam_are_by_default_those_of_the_paper(draw):
    parameters, gradients = arrays_of(draw)
    expected = optax_steps(optax.adam(0.001, 0.9, 0.999, 1e-8), parameters, gradients)
    assert_all_agree(adam_steps(optimizers.adam, parameters, gradients), expected, parameters, gradients)


@given(draws)
def test_the_exercises_adam_has_its_epsilon_under_the_root(draw):
    parameters, gradients = arrays_of(draw)
    expected = optax_steps(optax.adam(0.01, 0.9, 0.999, eps=0.0, eps_root=1e-8), parameters, gradients)
    actual = adam_steps(optimizers.update_parameters_with_adam, parameters, gradients)
    assert_all_agree(actual, expected, parameters, gradients)


def test_the_first_step_of_adam_moves_every_parameter_by_the_learning_rate_whatever_the_gradient():
    parameters, gradients = {"W": np.zeros((1, 3))}, {"dW": np.array([[1e-3, -70.0, 4.0]])}
    v, s = optimizers.initialize_adam(parameters)
    moved, _, _ = optimizers.adam(parameters, gradients, v, s, 1, learning_rate=0.25, epsilon=0.0)
    assert moved["W"].tolist() == [[pytest.approx(-0.25), pytest.approx(0.25), pytest.approx(-0.25)]]


@given(draws, st.sampled_from([0.01, 1.0, 1e3]))
def test_clip_by_value_is_that_of_optax(draw, limit):
    _, (gradients, *_) = arrays_of(draw)
    expected = optax_clipped(optax.clip(limit), gradients)
    assert_all_agree(optimizers.clip_by_value(gradients, limit), expected, gradients)


@given(draws, st.sampled_from([0.01, 1.0, 1e3]))
def test_clip_by_global_norm_is_that_of_optax(draw, limit):
    _, (gradients, *_) = arrays_of(draw)
    expected = optax_clipped(optax.clip_by_global_norm(limit), gradients)
    assert_all_agree(optimizers.clip_by_global_norm(gradients, limit), expected, gradients)


@given(draws)
def test_gradients_within_the_limit_are_left_bit_for_bit(draw):
    _, (gradients, *_) = arrays_of(draw)
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients.values()))
    assert_identical(optimizers.clip_by_global_norm(gradients, 1.001 * norm + 1e-9), gradients)
    assert_identical(optimizers.clip_by_value(gradients, 1.001 * norm + 1e-9), gradients)


@pytest.mark.parametrize(("dtype", "size"), [(np.float32, 1e30), (np.float64, 1e200)])
def test_the_norm_of_an_exploded_gradient_does_not_overflow(dtype, size):
    gradients = {"dW": np.array([[3 * size, 0.0]], dtype=dtype), "db": np.array([[-4 * size]], dtype=dtype)}
    clipped = optimizers.clip_by_global_norm(gradients, 5)
    assert clipped["dW"].tolist() == [[pytest.approx(3, rel=1e-6), 0]]
    assert clipped["db"].tolist() == [[pytest.approx(-4, rel=1e-6)]]


def test_no_gradient_and_zero_gradients_have_a_norm_of_zero():
    assert optimizers.clip_by_global_norm({}, 1.0) == {}
    assert_identical(optimizers.clip_by_global_norm({"dW": np.zeros((2, 3))}, 1.0), {"dW": np.zeros((2, 3))})


@given(draws)
def test_nothing_is_mutated_and_nothing_returned_shares_memory(draw):
    parameters, (gradients, *_) = arrays_of(draw)
    before = mapped(np.copy, (parameters, gradients))
    results = leaves(once_of_each(parameters, gradients))
    assert_identical((parameters, gradients), before)
    others = [*leaves((parameters, gradients)), *results]
    assert all(not np.shares_memory(result, other) for result in results for other in others if other is not result)


@given(draws)
def test_the_state_is_not_mutated(draw):
    parameters, (gradients, *_) = arrays_of(draw)
    _, v, s = optimizers.adam(parameters, gradients, *optimizers.initialize_adam(parameters), 1)
    before = mapped(np.copy, (v, s))
    optimizers.adam(parameters, gradients, v, s, 2)
    optimizers.update_parameters_with_adam(parameters, gradients, v, s, 2)
    optimizers.adagrad(parameters, gradients, s, 0.1)
    assert_identical((v, s), before)


@pytest.mark.parametrize("dtype", DTYPES)
@given(draw=draws)
def test_dtype_in_is_dtype_out_though_the_numbers_are_float64_scalars(draw, dtype):
    parameters, gradients = arrays_of(draw, dtype)
    rate, t = np.float64(0.1), np.int64(2)
    memory = optimizers.initialize_adagrad(parameters)
    results = (
        *once_of_each(parameters, gradients[0]),
        optimizers.sgd(parameters, gradients[0], rate),
        optimizers.adagrad(parameters, gradients[0], memory, rate, np.float64(1e-8)),
        optimizers.adam(parameters, gradients[0], memory, memory, t, rate, *np.array([0.9, 0.999, 1e-8, 0.0])),
        optimizers.clip_by_value(gradients[0], rate),
        optimizers.clip_by_global_norm(gradients[0], rate),
    )
    assert {array.dtype for array in leaves(results)} == {np.dtype(dtype)}


def test_gradients_that_belong_to_no_parameter_are_not_read():
    parameters, gradients = {"W": np.ones((1, 2))}, {"dW": np.ones((1, 2)), "dx": np.ones(7), "da0": "anything"}
    assert optimizers.sgd(parameters, gradients, 0.5).keys() == {"W"}
    updated, memory = optimizers.adagrad(parameters, gradients, {"dW": np.zeros((1, 2))}, 0.5)
    assert (updated.keys(), memory.keys()) == ({"W"}, {"dW"})


W, dW = {"W": np.ones((2, 3))}, {"dW": np.ones((2, 3))}
MISTAKES = {
    "a gradient is missing": (
        ValueError,
        r'gradients\["dW"\] is missing',
        lambda: optimizers.sgd(W, {"W": W["W"]}, 0.1),
    ),
    "a gradient broadcasts": (
        ValueError,
        r'gradients\["dW"\] has shape \(3,\)',
        lambda: optimizers.sgd(W, {"dW": np.ones(3)}, 0.1),
    ),
    "a gradient has another dtype": (
        TypeError,
        r'gradients\["dW"\] has dtype float32',
        lambda: optimizers.sgd(W, {"dW": np.ones((2, 3), np.float32)}, 0.1),
    ),
    "the memory is of other parameters": (
        ValueError,
        r'memory\["dW"\] is missing',
        lambda: optimizers.adagrad(W, dW, {"W": dW["dW"]}, 0.1),
    ),
    "a moment has lost an axis": (
        ValueError,
        r'v\["dW"\] has shape \(3,\)',
        lambda: optimizers.adam(W, dW, dW, {"dW": np.ones(3)}, 1),
    ),
    "a parameter is no array of at least one axis": (
        ValueError,
        r'parameters\["W"\] has shape \(\)',
        lambda: optimizers.sgd({"W": np.array(1.0)}, {"dW": np.array(1.0)}, 0.1),
    ),
    "steps are counted from 0": (ValueError, "t is 0; expected .* 1, 2", lambda: optimizers.adam(W, dW, dW, dW, 0)),
    "t is no whole number": (ValueError, "t is 1.5", lambda: optimizers.adam(W, dW, dW, dW, 1.5)),
    "the learning rate is negative": (ValueError, "learning_rate is -1", lambda: optimizers.sgd(W, dW, -1)),
    "the learning rate is nan": (ValueError, "learning_rate is nan", lambda: optimizers.sgd(W, dW, np.nan)),
    "beta1 is 1": (ValueError, "beta1 is 1.0; .* below 1", lambda: optimizers.adam(W, dW, dW, dW, 1, beta1=1.0)),
    "beta2 is 1": (ValueError, "beta2 is 1.0; .* below 1", lambda: optimizers.adam(W, dW, dW, dW, 1, beta2=1.0)),
    "epsilon is negative": (ValueError, "epsilon is -1", lambda: optimizers.adagrad(W, dW, dW, 0.1, -1)),
    "the limit of values is 0": (ValueError, "limit is 0; .* above 0", lambda: optimizers.clip_by_value(dW, 0)),
    "the limit of the norm is 0": (ValueError, "limit is 0; .* above 0", lambda: optimizers.clip_by_global_norm(dW, 0)),
    "a gradient is infinite": (
        ValueError,
        r'gradients\["dW"\] has entries that are not finite',
        lambda: optimizers.clip_by_global_norm({"dW": np.array([1.0, np.inf])}, 5),
    ),
    "a gradient is a list": (
        TypeError,
        r'gradients\["dW"\] is a list',
        lambda: optimizers.clip_by_value({"dW": [1.0]}, 5),
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named(mistake):
    error, message, call = MISTAKES[mistake]
    with pytest.raises(error, match=message):
        call()


def test_the_equations_of_the_note_and_the_lines_of_the_code_carry_the_same_tags():
    """As in tests/test_notes.py, whose nets all have a twin; there is none of the optimizers."""
    tags = declared("optimizers", "O")
    assert tags
    assert sorted(tags) == sorted(set(tags))
    assert set(tags) == computed("manual", "optimizers", "O")
