"""Arguments are checked where they enter: every message names the array, its shape or dtype, and the expected one."""

import re

import numpy as np
import pytest

from manual import losses, lstm, rnn

SIZES = {"n_x": 4, "n_a": 3, "n_y": 2, "m": 5, "T": 6}
RNN_PARAMETERS = {"Wax": "n_a n_x", "Waa": "n_a n_a", "Wya": "n_y n_a", "ba": "n_a 1", "by": "n_y 1"}
LSTM_PARAMETERS = {
    **{f"W{gate}": "n_a n_a+n_x" for gate in "fico"},
    **{f"b{gate}": "n_a 1" for gate in "fico"},
    "Wy": "n_y n_a",
    "by": "n_y 1",
}
ARGUMENTS = {
    rnn.rnn_cell_forward: {"xt": "n_x m", "a_prev": "n_a m", "parameters": RNN_PARAMETERS},
    rnn.rnn_forward: {"x": "n_x m T", "a0": "n_a m", "parameters": RNN_PARAMETERS},
    rnn.rnn_cell_backward: {"da_next": "n_a m"},
    rnn.rnn_backward: {"da": "n_a m T"},
    lstm.lstm_cell_forward: {"xt": "n_x m", "a_prev": "n_a m", "c_prev": "n_a m", "parameters": LSTM_PARAMETERS},
    lstm.lstm_forward: {"x": "n_x m T", "a0": "n_a m", "c0": "n_a m", "parameters": LSTM_PARAMETERS},
    lstm.lstm_cell_backward: {"da_next": "n_a m", "dc_next": "n_a m"},
    lstm.lstm_backward: {"da": "n_a m T", "dc": "n_a m T"},
    losses.cross_entropy_forward: {"a": "n_a m T", "y": "n_y m T", "W": "n_y n_a", "b": "n_y 1"},
    losses.rnn_loss: {"x": "n_x m T", "y": "n_y m T", "a0": "n_a m", "parameters": RNN_PARAMETERS},
    losses.lstm_loss: {"x": "n_x m T", "y": "n_y m T", "a0": "n_a m", "c0": "n_a m", "parameters": LSTM_PARAMETERS},
}
CACHED = {  # backward function: its cache argument, and the forward that fills it
    rnn.rnn_cell_backward: ("cache", rnn.rnn_cell_forward),
    rnn.rnn_backward: ("caches", rnn.rnn_forward),
    lstm.lstm_cell_backward: ("cache", lstm.lstm_cell_forward),
    lstm.lstm_backward: ("caches", lstm.lstm_forward),
}
CELLS = [rnn.rnn_cell_backward, lstm.lstm_cell_backward, losses.cross_entropy_backward]
SEQUENCES = [rnn.rnn_backward, lstm.lstm_backward]


def shapes_of(function):
    """Every array that `function` takes, as its messages call it → dimensions."""
    found = {}
    for name, dimensions in ARGUMENTS[function].items():
        if name == "parameters":
            found |= {f'parameters["{key}"]': value.split() for key, value in dimensions.items()}
        else:
            found[name] = dimensions.split()
    return found


def size_of(dimension):
    return sum(SIZES.get(term, 1) for term in dimension.split("+"))


def arguments_of(function, **replaced):
    """Valid arguments by keyword, with the arrays in `replaced` instead where their message's name is given."""
    random = np.random.default_rng(0)
    given = {
        name: random.standard_normal([size_of(part) for part in dimensions])
        for name, dimensions in shapes_of(function).items()
    }
    given |= replaced
    arguments = {name: array for name, array in given.items() if not name.startswith("parameters[")}
    if "parameters" in ARGUMENTS[function] and "parameters" not in replaced:
        arguments["parameters"] = {key: given[f'parameters["{key}"]'] for key in ARGUMENTS[function]["parameters"]}
    if function in CACHED:
        cache, forward = CACHED[function]
        arguments.setdefault(cache, cache_of(forward))
    return arguments


def cache_of(forward):
    return forward(**arguments_of(forward))[-1]


def array_of(function, name):
    arguments = arguments_of(function)
    return arguments["parameters"][name.split('"')[1]] if name.startswith("parameters[") else arguments[name]


EVERY = [(function, name) for function in ARGUMENTS for name in shapes_of(function)]
every_array = pytest.mark.parametrize(("function", "name"), EVERY, ids=lambda part: getattr(part, "__name__", part))
every_net = pytest.mark.parametrize(
    "function",
    [function for function, arguments in ARGUMENTS.items() if "parameters" in arguments],
    ids=lambda part: part.__name__,
)
every_function = pytest.mark.parametrize("function", ARGUMENTS, ids=lambda part: part.__name__)


@every_function
def test_valid_arguments_pass(function):
    assert function(**arguments_of(function)) is not None


@every_array
def test_a_missing_or_additional_axis_is_a_value_error(function, name):
    right = array_of(function, name)
    for wrong in (right[..., 0], right[..., np.newaxis], np.array(0.5)):
        with pytest.raises(ValueError, match=re.escape(f"{name} has shape {wrong.shape}; expected (")) as raised:
            function(**arguments_of(function, **{name: wrong}))
        assert f"expected ({', '.join(shapes_of(function)[name])})" in str(raised.value)


@every_array
def test_an_axis_of_another_size_is_a_value_error(function, name):
    """The first array that has a dimension fixes its size, so that the message may name another one that has it too."""
    shapes = {other: [set(part.split("+")) for part in parts] for other, parts in shapes_of(function).items()}
    right = array_of(function, name)
    for axis, terms in enumerate(shapes[name]):
        if terms == {"1"} or (function in CACHED and terms <= {"n_a", "m"}):  # the cache fixes n_a and m
            may_be_named = {name}
        else:
            may_be_named = {other for other, parts in shapes.items() if any(terms & part for part in parts)}
            if len(may_be_named) == 1:
                continue  # nothing else says what this size ought to be
        doubled = np.concatenate([right, right], axis=axis)
        with pytest.raises(ValueError, match=r"has shape .*; expected |time steps; expected") as raised:
            function(**arguments_of(function, **{name: doubled}))
        assert str(raised.value).split(" has ")[0] in may_be_named


@every_array
def test_an_empty_array_is_a_value_error(function, name):
    right = array_of(function, name)
    for axis in range(right.ndim):
        empty = np.take(right, [], axis=axis)
        with pytest.raises(ValueError, match=re.escape(f"{name} has shape {empty.shape}; expected (")) as raised:
            function(**arguments_of(function, **{name: empty}))
        assert "every size at least 1" in str(raised.value)


@every_array
@pytest.mark.parametrize("dtype", ["int64", "bool", "float16", "complex128", "longdouble", "object"])
def test_a_dtype_other_than_float32_and_float64_is_a_type_error(function, name, dtype):
    wrong = np.ones(array_of(function, name).shape, dtype=dtype)
    message = f"{name} has dtype {wrong.dtype}; expected float32 or float64"
    with pytest.raises(TypeError, match=re.escape(message)):
        function(**arguments_of(function, **{name: wrong}))


@every_array
def test_float32_among_float64_is_a_type_error(function, name):
    wrong = array_of(function, name).astype(np.float32)
    with pytest.raises(TypeError, match="dtype") as raised:
        function(**arguments_of(function, **{name: wrong}))
    assert {name, "float32", "float64"} <= set(re.findall(r'[\w"\[\]]+', str(raised.value)))


@every_net
def test_parameters_all_of_another_dtype_than_the_other_arguments_are_a_type_error(function):
    arguments = arguments_of(function)
    arguments["parameters"] = {key: array.astype(np.float32) for key, array in arguments["parameters"].items()}
    message = r'parameters\["W\w+"\] has dtype float32; expected float64, the dtype of the other arguments'
    with pytest.raises(TypeError, match=message):
        function(**arguments)


@every_array
def test_a_list_in_place_of_an_array_is_a_type_error(function, name):
    with pytest.raises(TypeError, match=re.escape(f"{name} is a list; expected an array of shape (")):
        function(**arguments_of(function, **{name: array_of(function, name).tolist()}))


@pytest.mark.parametrize(
    ("function", "name"),
    [(function, name) for function, name in EVERY if name not in ("c0", "dc")],  # those may be None
    ids=lambda part: getattr(part, "__name__", part),
)
def test_none_in_place_of_an_array_is_a_type_error(function, name):
    with pytest.raises(TypeError, match=re.escape(f"{name} is a NoneType; expected an array of shape (")):
        function(**arguments_of(function, **{name: None}))


@pytest.mark.parametrize(
    ("function", "key"),
    [(function, key) for function, arguments in ARGUMENTS.items() for key in arguments.get("parameters", ())],
    ids=lambda part: getattr(part, "__name__", part),
)
def test_a_missing_parameter_is_a_value_error(function, key):
    arguments = arguments_of(function)
    del arguments["parameters"][key]
    dimensions = ", ".join(ARGUMENTS[function]["parameters"][key].split())
    message = f'parameters["{key}"] is missing; expected an array of shape ({dimensions})'
    with pytest.raises(ValueError, match=re.escape(message)):
        function(**arguments)


@every_net
@pytest.mark.parametrize("wrong", [None, [], (1, 2), np.ones((3, 3)), "Wax"], ids=lambda part: type(part).__name__)
def test_parameters_that_are_no_dict_are_a_type_error(function, wrong):
    with pytest.raises(TypeError, match=f"parameters is a {type(wrong).__name__}; expected a dict with W"):
        function(**arguments_of(function, parameters=wrong))


def test_other_entries_of_parameters_are_ignored():
    arguments = arguments_of(rnn.rnn_forward)
    a, _, _ = rnn.rnn_forward(**arguments)
    arguments["parameters"] |= {"note": "trained for an hour", "Wf": np.ones(2, dtype=np.int64)}
    np.testing.assert_array_equal(rnn.rnn_forward(**arguments)[0], a)


def test_the_message_says_which_sizes_were_expected():
    arguments = arguments_of(lstm.lstm_forward, **{'parameters["Wo"]': np.ones((3, 4))})
    message = 'parameters["Wo"] has shape (3, 4); expected (n_a, n_a+n_x) with n_a=3, n_x=4, every size at least 1'
    with pytest.raises(ValueError, match=re.escape(message)):
        lstm.lstm_forward(**arguments)


@pytest.mark.parametrize("function", SEQUENCES)
def test_more_steps_in_da_than_in_x_are_a_value_error(function):
    arguments = arguments_of(function)
    arguments |= {name: np.ones((3, 5, 7)) for name in ("da", "dc") if name in arguments}
    with pytest.raises(ValueError, match="da has 7 time steps; expected 1 to 6, the steps of x"):
        function(**arguments)


@pytest.mark.parametrize("steps", [1, 5, 7])
def test_dc_with_another_number_of_steps_than_da_is_a_value_error(steps):
    message = f"dc has shape (3, 5, {steps}); expected (n_a, m, T) with n_a=3, m=5, T=6"
    with pytest.raises(ValueError, match=re.escape(message)):
        lstm.lstm_backward(**arguments_of(lstm.lstm_backward, dc=np.ones((3, 5, steps))))


def cell_cache(function):
    forward = losses.cross_entropy_forward if function is losses.cross_entropy_backward else CACHED[function][1]
    return cache_of(forward)


def call_with_cache(function, cache):
    arguments = arguments_of(function, cache=cache) if function in CACHED else {"cache": cache}
    return function(**arguments)


@pytest.mark.parametrize("function", CELLS)
def test_a_cache_of_another_length_is_a_value_error(function):
    cache = cell_cache(function)
    for wrong in (tuple(cache)[:-1], (*cache, cache[0]), ()):
        message = f"cache has {len(wrong)} entries; expected {len(cache)}: ({', '.join(cache._fields)})"
        with pytest.raises(ValueError, match=re.escape(message)):
            call_with_cache(function, wrong)


@pytest.mark.parametrize(
    ("function", "name"),
    [
        *((rnn.rnn_cell_backward, name) for name in ("a_prev", "xt", "Wax", "Waa")),
        *((lstm.lstm_cell_backward, name) for name in ("xt", "Wf", "Wi", "Wc", "Wo")),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
@pytest.mark.parametrize("axis", [0, 1])
def test_a_cached_array_of_another_size_is_a_value_error(function, name, axis):
    """What a cached xt has one row too many for is a weight, so that the message may name that."""
    cache = cell_cache(function)
    right = cache.parameters[name] if name.startswith("W") else getattr(cache, name)
    doubled = np.concatenate([right, right], axis=axis)
    if name.startswith("W"):
        damaged, named = cache._replace(parameters={**cache.parameters, name: doubled}), re.escape(f'["{name}"]')
    else:
        damaged, named = cache._replace(**{name: doubled}), rf'({name}|\["W\w+"\])'
    with pytest.raises(ValueError, match=rf"{named} has shape .*; expected \("):
        call_with_cache(function, damaged)


@pytest.mark.parametrize("function", CELLS[:2])
def test_a_cache_whose_parameters_lack_a_weight_is_a_value_error(function):
    cache = cell_cache(function)
    for name in ("Wax", "Waa") if function is rnn.rnn_cell_backward else ("Wf", "Wi", "Wc", "Wo"):
        parameters = {other: array for other, array in cache.parameters.items() if other != name}
        with pytest.raises(ValueError, match=re.escape(f'parameters["{name}"] is missing; expected an array')):
            call_with_cache(function, cache._replace(parameters=parameters))


@pytest.mark.parametrize("function", SEQUENCES)
@pytest.mark.parametrize("axis", [0, 1])
def test_an_x_in_the_caches_that_does_not_fit_its_steps_is_a_value_error(function, axis):
    steps, x = cache_of(CACHED[function][1])
    doubled = np.concatenate([x, x], axis=axis)
    message = f"x has shape {doubled.shape}; expected (n_x, m, T_x)"
    with pytest.raises(ValueError, match=re.escape(message)):
        function(**arguments_of(function, caches=(steps, doubled)))


@pytest.mark.parametrize("t", [0, 3])
def test_a_step_whose_a_prev_has_another_size_is_a_value_error_that_names_it(t):
    steps, x = cache_of(rnn.rnn_forward)
    steps[t] = steps[t]._replace(a_prev=np.ones((6, 5)))
    with pytest.raises(ValueError, match=re.escape("a_prev has shape (6, 5); expected (n_a, m) with n_a=3, m=5")):
        rnn.rnn_backward(**arguments_of(rnn.rnn_backward, caches=(steps, x)))


@pytest.mark.parametrize("function", CELLS)
@pytest.mark.parametrize("wrong", [None, {}, np.ones(4)], ids=lambda part: type(part).__name__)
def test_a_cache_that_is_no_tuple_is_a_type_error(function, wrong):
    with pytest.raises(TypeError, match=f"cache is a {type(wrong).__name__}; expected the tuple \\(a"):
        call_with_cache(function, wrong)


@pytest.mark.parametrize("function", SEQUENCES)
@pytest.mark.parametrize("wrong", [None, {}, (), ([],), (None, None), ([], 1, 2)], ids=str)
def test_caches_that_are_not_a_list_of_caches_and_x_are_a_type_error(function, wrong):
    with pytest.raises(TypeError, match=f"caches is a {type(wrong).__name__}; expected \\(list of caches, x\\)"):
        function(**arguments_of(function, caches=wrong))


@pytest.mark.parametrize("function", SEQUENCES)
def test_caches_without_a_step_are_a_value_error(function):
    with pytest.raises(ValueError, match="caches holds no step; expected one cache for every time step"):
        function(**arguments_of(function, caches=([], np.ones((4, 5, 6)))))


@pytest.mark.parametrize("function", SEQUENCES)
@pytest.mark.parametrize("t", [0, 3])
def test_a_step_whose_cache_has_another_length_is_a_value_error(function, t):
    steps, x = cache_of(CACHED[function][1])
    steps[t] = steps[t][:-1]
    message = f"cache has {len(steps[t])} entries; expected {len(steps[t]) + 1}"
    with pytest.raises(ValueError, match=message):
        function(**arguments_of(function, caches=(steps, x)))
