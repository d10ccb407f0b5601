"""Bad arguments of manual/fused: every message names the array or the caches, what was given, and what was expected."""

import re

import numpy as np
import pytest
from fused_nets import GRU, GRU_AFTER, LSTM, RNN, every_net

PREDICTION = ("Wya", "Wy", "by")  # which the time-major forwards do not use
OPTIONAL = ("c0", "dc")


def given_to(net, function):
    """Every array that a function of a net takes, as its messages call it."""
    (x, a0, parameters, *c0), cotangents = net.time_major() if "time_major" in function else net.arrays()
    if function.startswith("backward"):
        return dict(zip(net.contract.cotangents, cotangents, strict=True))
    unused = PREDICTION if "time_major" in function else ()
    named = {f'parameters["{key}"]': array for key, array in parameters.items() if key not in unused}
    return {"x": x, "a0": a0, **named, **dict(zip(("c0",), c0, strict=False))}


def call(net, function, arrays):
    if function.startswith("backward"):
        return getattr(net, function)(arrays["da"], caches_of(net), *([arrays["dc"]] if "dc" in arrays else []))
    parameters = {name.split('"')[1]: array for name, array in arrays.items() if '"' in name}
    others = {name: array for name, array in arrays.items() if '"' not in name}
    return getattr(net, function)(parameters=parameters, **others)


def caches_of(net):
    return net.forward(*net.arrays()[0])[-1]


FUNCTIONS = ("forward", "forward_time_major", "backward", "backward_time_major")
every_function = pytest.mark.parametrize("function", FUNCTIONS)


def raised(error, net, function, name, wrong):
    with pytest.raises(error) as found:
        call(net, function, {**given_to(net, function), name: wrong})
    return str(found.value)


@every_net
@every_function
def test_valid_arguments_pass(net, function):
    assert call(net, function, given_to(net, function)) is not None


@every_net
@every_function
def test_another_number_of_axes_is_a_value_error_that_names_the_array(net, function):
    for name, right in given_to(net, function).items():
        for wrong in (right[..., 0], right[..., np.newaxis]):
            message = raised(ValueError, net, function, name, wrong)
            assert message.startswith(f"{name} has shape {wrong.shape}; expected (")


@every_net
@every_function
def test_another_size_is_a_value_error_that_names_an_array_with_that_dimension(net, function):
    for name, right in given_to(net, function).items():
        axis = 1 if "time_major" in function and right.ndim == 3 else 0  # not that of time, which x alone has
        message = raised(ValueError, net, function, name, np.concatenate([right, right], axis=axis))
        assert re.match(r'[\w\[\]"]+ has shape \(.*\); expected \(.*\) with .*=', message)


@every_net
@every_function
def test_an_empty_array_is_a_value_error_that_names_it(net, function):
    for name, right in given_to(net, function).items():
        message = raised(ValueError, net, function, name, right[..., :0])
        assert message.startswith(f"{name} has shape (")
        assert message.endswith("every size at least 1")


@every_net
@every_function
@pytest.mark.parametrize("dtype", ["float16", "int64", "complex128"])
def test_another_dtype_than_float32_and_float64_is_a_type_error_that_names_the_array(net, function, dtype):
    for name, right in given_to(net, function).items():
        message = raised(TypeError, net, function, name, np.ones(right.shape, dtype))
        assert message == f"{name} has dtype {dtype}; expected float32 or float64"


@every_net
@every_function
def test_float32_among_float64_is_a_type_error_that_names_the_array(net, function):
    for name, right in given_to(net, function).items():
        message = raised(TypeError, net, function, name, right.astype(np.float32))
        assert {name, "float32", "float64"} <= set(re.findall(r'[\w"\[\]]+', message))


@every_net
@every_function
def test_what_is_no_array_is_a_type_error_that_names_it(net, function):
    for name, right in given_to(net, function).items():
        for wrong in (right.tolist(), *([] if name in OPTIONAL else [None])):
            message = raised(TypeError, net, function, name, wrong)
            assert message.startswith(f"{name} is a {type(wrong).__name__}; expected an array of shape (")


@every_net
@pytest.mark.parametrize("function", ["forward", "forward_time_major"])
def test_a_missing_parameter_is_a_value_error_that_names_it(net, function):
    arrays = given_to(net, function)
    for name in [name for name in arrays if '"' in name]:
        with pytest.raises(ValueError, match=f"^{re.escape(name)} is missing; expected an array of shape"):
            call(net, function, {other: array for other, array in arrays.items() if other != name})


@every_net
@pytest.mark.parametrize("function", ["backward", "backward_time_major"])
def test_more_steps_in_the_cotangents_than_in_x_are_a_value_error(net, function):
    axis = 0 if "time_major" in function else 2
    arrays = given_to(net, function)
    longer = {name: np.append(array, np.take(array, [0], axis), axis) for name, array in arrays.items()}
    with pytest.raises(ValueError, match=r"^da has 8 time steps; expected 1 to 7, the steps of x$"):
        call(net, function, longer)


@pytest.mark.parametrize("steps", [1, 6])
def test_another_number_of_steps_in_dc_than_in_da_is_a_value_error(steps):
    message = raised(ValueError, LSTM, "backward", "dc", np.ones((3, 5, steps)))
    assert message.startswith(f"dc has shape (3, 5, {steps}); expected (n_a, m, T) with n_a=3, m=5, T=7")
    message = raised(ValueError, LSTM, "backward_time_major", "dc", np.ones((steps, 3, 5)))
    assert message.startswith(f"dc has shape ({steps}, 3, 5); expected (T, n_a, m) with T=7, n_a=3, m=5")


@every_net
def test_a_cotangent_with_time_on_the_other_axis_is_a_value_error(net):
    (canonical, *_), (time_major, *_) = net.arrays()[1], net.time_major()[1]
    with pytest.raises(ValueError, match=r"^da has shape \(7, 3, 5\); expected \(n_a, m, T\) with n_a=3, m=5"):
        net.backward(time_major, caches_of(net))
    with pytest.raises(ValueError, match=r"^da has shape \(3, 5, 7\); expected \(T, n_a, m\) with T=3, n_a=3, m=5"):
        net.backward_time_major(canonical, caches_of(net))


@every_net
@pytest.mark.parametrize("function", ["backward", "backward_time_major"])
def test_caches_of_no_fused_forward_are_a_type_error(net, function):
    da, backward = given_to(net, function)["da"], getattr(net, function)
    textbook = net.textbook_forward(*net.arrays()[0])[-1]
    kept, x = caches_of(net)
    named = GRU if net is GRU_AFTER else net  # they have one backward
    message = f"^caches are not those of a fused forward; expected those that the {named}'s returned$"
    for wrong in (textbook, kept, (kept,), (x, kept), (kept, x, x), da, None, [], {}):
        with pytest.raises(TypeError, match=message):
            backward(da, wrong)


@every_net
def test_swapped_arguments_are_a_type_error(net):
    with pytest.raises(TypeError, match="caches are not those of a fused forward"):
        net.backward(caches_of(net), net.arrays()[1][0])


@pytest.mark.parametrize(
    ("net", "other"),
    [(RNN, LSTM), (RNN, GRU), (LSTM, RNN), (LSTM, GRU_AFTER), (GRU, RNN), (GRU, LSTM)],
    ids=repr,
)
def test_caches_of_another_net_are_a_type_error_that_names_both(net, other):
    with pytest.raises(TypeError, match=f"^caches are those of a fused {other}; expected those of {net}$"):
        net.backward(net.arrays()[1][0], caches_of(other))


@every_net
@pytest.mark.parametrize("wrong", [True, {}, "keep"], ids=repr)
def test_what_is_no_workspace_is_a_type_error(net, wrong):
    message = f"^workspace is a {type(wrong).__name__}; expected a Workspace or None$"
    for forward, arguments in ((net.forward, net.arrays()[0]), (net.forward_time_major, net.time_major()[0])):
        with pytest.raises(TypeError, match=message):
            forward(*arguments, workspace=wrong)
