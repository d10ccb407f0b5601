"""What the tests share: how two arrays agree, which shapes are drawn, and arrays for a contract."""

import numpy as np
from hypothesis import strategies as st

from gradproof.cases import cotangents_of, inputs_of
from gradproof.compare import compare, growth, magnitude
from gradproof.contracts import Backward, forward_of

# XLA compiles every forward once per shape, so a test that needs autodiff/truth.py draws its shape from these.
POOL = [
    {"n_x": 1, "n_a": 1, "n_y": 1, "m": 1, "T": 1},
    {"n_x": 1, "n_a": 1, "n_y": 1, "m": 1, "T": 2},
    {"n_x": 1, "n_a": 4, "n_y": 2, "m": 5, "T": 3},
    {"n_x": 3, "n_a": 1, "n_y": 4, "m": 2, "T": 5},
    {"n_x": 5, "n_a": 2, "n_y": 3, "m": 1, "T": 4},
    {"n_x": 3, "n_a": 2, "n_y": 1, "m": 4, "T": 9},
    {"n_x": 3, "n_a": 3, "n_y": 3, "m": 3, "T": 3},
    {"n_x": 4, "n_a": 3, "n_y": 2, "m": 5, "T": 6},
]
pooled = st.sampled_from(POOL)
free = st.fixed_dictionaries({name: st.integers(1, 4) for name in ("n_x", "n_a", "n_y", "m", "T")})


def assert_agrees(name, actual, expected, S, G=1.0, float32=False):
    """Assert that `actual` has the shape of `expected` and its values, by the rule of gradproof/compare.py."""
    assert actual.shape == expected.shape, f"{name} has shape {actual.shape}, expected {expected.shape}"
    comparison = compare(actual, expected, S, G, float32=float32)
    assert comparison.agrees, (
        f"{name}{list(comparison.index)}: actual {comparison.actual!r}, expected {comparison.expected!r}; "
        f"{comparison.wrong.sum()} of {comparison.wrong.size} elements wrong"
    )


def assert_gradients_agree(actual, expected, arguments, cotangents, float32=False):
    """`assert_agrees` for two dicts of gradients, which must have the same keys, under the S of these arrays."""
    assert set(actual) == set(expected)
    S, G = S_of(arguments, cotangents), growth(leaves(expected), leaves(cotangents))
    for name in expected:
        assert_agrees(name, actual[name], expected[name], S, G, float32=float32)


def assert_identical(actual, expected):
    """Assert that two nests of arrays are bitwise equal, shapes and dtypes included."""
    assert [(array.dtype, array.shape, array.tobytes()) for array in leaves(actual)] == [
        (array.dtype, array.shape, array.tobytes()) for array in leaves(expected)
    ]


def arrays_of(contract, case, dtype=np.float64):
    """Arguments of the forward and cotangents of the backward, each a tuple in published order, optional ones too."""
    forward = forward_of(contract)
    inputs = {name: array.astype(dtype) for name, array in inputs_of(forward, case, forward.optional).items()}
    arguments = tuple(
        inputs[names] if isinstance(names, str) else {name: inputs[name] for name in names}
        for names in forward.arguments.values()
    )
    if not isinstance(contract, Backward):
        return arguments, ()
    cotangents = cotangents_of(contract, case, contract.optional)
    return arguments, tuple(array.astype(dtype) for array in cotangents.values())


def S_of(arguments, cotangents=None):
    """The S of the comparison rule, from nests of arrays."""
    return magnitude(leaves(arguments), None if cotangents is None else leaves(cotangents))


def leaves(nest):
    """The arrays of a nest of tuples, lists and dicts; a dict's in the order of its sorted keys."""
    if isinstance(nest, dict):
        nest = [nest[name] for name in sorted(nest)]
    return [array for part in nest for array in leaves(part)] if isinstance(nest, (tuple, list)) else [nest]


def mapped(function, nest):
    """The same nest with `function` applied to every array; a named tuple becomes a plain one."""
    if isinstance(nest, dict):
        return {name: mapped(function, part) for name, part in nest.items()}
    if isinstance(nest, (tuple, list)):
        return (list if isinstance(nest, list) else tuple)(mapped(function, part) for part in nest)
    return function(nest)


def flipped(array):
    """Equal to `array`, with negative strides."""
    return np.flip(np.flip(array).copy())


def spaced(array):
    """Equal to `array`, a view of every second element along every axis of a larger one."""
    every_second = (slice(None, None, 2),) * array.ndim
    larger = np.full([2 * size for size in array.shape], np.nan, dtype=array.dtype)
    larger[every_second] = array
    return larger[every_second]


LAYOUTS = {"Fortran order": np.asfortranarray, "negative strides": flipped, "strided slices": spaced}
