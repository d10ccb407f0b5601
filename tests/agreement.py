"""What the tests share: how two arrays agree, which shapes are drawn, and arrays for a contract."""

import re
from functools import cache

import jax
import numpy as np
from hypothesis import strategies as st

from gradproof.arithmetic.float64 import RULES
from gradproof.arithmetic.program import evaluate, is_dimensions, trace_vjp
from gradproof.cases import cotangents_of, inputs_of, steepest
from gradproof.compare import compare, growth, magnitude
from gradproof.contracts import Backward, forward_of, sizes_of

# XLA compiles every forward once per shape, so a test of autodiff/truth.py itself draws its shape from these.
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


def vjp_of(forward, takes, returns):
    """The vjp of a twin at any shape, from its derivative program, which is traced once.

    takes: the dimensions of the primals, returns: those of the outputs, as in gradproof/arithmetic/program.py.
    Returns a function (primals, cotangents) → (outputs, gradients), which are those of `autodiff.truth.vjp`.
    """
    dimensions = jax.tree.leaves((takes, returns), is_leaf=is_dimensions)

    @cache
    def program():
        return trace_vjp(forward, takes, returns)

    def vjp(primals, cotangents):
        primals = tuple(primals)
        arrays = [np.asarray(array, dtype=np.float64) for array in jax.tree.leaves((primals, cotangents))]
        of_arrays = list(zip(dimensions, arrays, strict=True))
        sizes = {name: n for names, array in of_arrays for name, n in zip(names, array.shape, strict=True)}
        assert all(array.shape == sizes_of(names, sizes) for names, array in of_arrays)
        with np.errstate(all="ignore"):
            results = evaluate(program(), RULES, sizes, arrays)
        return jax.tree.unflatten(jax.tree.structure((cotangents, primals)), results)

    return vjp


def vjp_of_words(forward, takes, returns):
    """`vjp_of`, whose dimensions are words such as "N 4H"."""
    return vjp_of(forward, *mapped(dimensions_in, (takes, returns)))


def dimensions_in(words):
    """ "N 4H" as contracts write it: ("N", "H+H+H+H")."""
    return tuple(
        re.sub(r"(\d)([A-Z])", lambda found: "+".join(found[2] * int(found[1])), word) for word in words.split()
    )


def dimensions_of(contract):
    """What a twin with this contract takes and returns, for `vjp_of`."""
    inputs = contract.inputs
    takes = (
        inputs[names] if isinstance(names, str) else {name: inputs[name] for name in names}
        for names in contract.arguments.values()
    )
    return tuple(takes), tuple(contract.outputs.values())


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


def scale_of(name, shape, scale, steps):
    """The scale of an array of this name: that of weights, W..., is no larger than in an audit."""
    return min(scale, steepest(shape, steps)) if name[0] in "Ww" else scale


def S_of(arguments, cotangents=None):
    """The S of the comparison rule, from nests of arrays."""
    return magnitude(leaves(arguments), None if cotangents is None else leaves(cotangents))


def leaves(nest):
    """The arrays of a nest of tuples, lists and dicts, a dict's in the order of its sorted keys; nothing else in it."""
    if isinstance(nest, dict):
        nest = [nest[name] for name in sorted(nest)]
    if isinstance(nest, (tuple, list)):
        return [array for part in nest for array in leaves(part)]
    return [nest] if hasattr(nest, "dtype") else []


def mapped(function, nest):
    """The same nest with `function` applied to every array; a named tuple becomes a plain one."""
    if isinstance(nest, dict):
        return {name: mapped(function, part) for name, part in nest.items()}
    if isinstance(nest, (tuple, list)):
        return (list if isinstance(nest, list) else tuple)(mapped(function, part) for part in nest)
    return function(nest)


def copied(array):
    """A copy of an array, for `mapped`; anything else that caches hold as it is."""
    return array.copy() if hasattr(array, "dtype") else array


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
