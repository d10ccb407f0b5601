"""The derivative program: the same numbers as XLA at any shape, and nothing silently ignored."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from agreement import POOL, assert_agrees

from autodiff import truth
from gradproof import cases, references
from gradproof.arithmetic import float64, program
from gradproof.compare import growth, magnitude
from gradproof.contracts import CONVENTIONS, Forward, names_of
from gradproof.contracts.coursera import CONTRACTS

FORWARDS = [contract for contract in CONTRACTS if isinstance(contract, Forward) and not contract.spelling]
OTHERS = [
    next(contract for contract in CONVENTIONS[family] if contract.name == name)
    for family, name in [
        ("coursera", "gru_forward"),
        ("cs231n", "lstm_forward"),
        ("cs231n", "word_embedding_forward"),
        ("cs231n", "temporal_affine_forward"),
        ("cs231n", "temporal_softmax_loss"),
        ("dlfs2", "TimeGRU.forward"),
        ("dlfs2", "TimeSoftmaxWithLoss.forward"),
        ("min_char_rnn", "lossFun"),
    ]
]
SMALL = {"n_x": 3, "n_a": 2, "n_y": 1, "m": 4, "N": 2, "T": 3, "D": 1, "H": 4, "M": 3, "V": 5}


@pytest.mark.parametrize(
    ("contract", "sizes"),  # a few: XLA compiles for each
    [(contract, sizes) for contract in FORWARDS for sizes in POOL[1::3]] + [(contract, SMALL) for contract in OTHERS],
    ids=lambda value: getattr(value, "name", None),
)
def test_the_program_gives_what_xla_gives(contract, sizes):
    case = cases.Case({name: sizes[name] for name in names_of(contract)}, seed=5)
    inputs = cases.inputs_of(contract, case, contract.optional)
    generator = np.random.default_rng(5)
    cotangents = {
        name: generator.standard_normal(cases.sizes_of(shape, case.sizes)) for name, shape in contract.outputs.items()
    }
    outputs, gradients = references.outputs_and_gradients(contract, case.sizes, inputs, cotangents)
    expected, (expected_gradients,) = truth.vjp(_as_dict(contract), (inputs,), cotangents)
    S, G = magnitude(inputs.values(), cotangents.values()), growth(expected_gradients.values(), cotangents.values())
    for name in expected:
        assert_agrees(name, outputs[name], expected[name], S)
    for name in expected_gradients:
        assert_agrees(f"d{name}", gradients[name], expected_gradients[name], S, G)


_FORWARDS = {}


def _as_dict(contract):
    """One function object per contract, so that XLA compiles once per shape."""
    return _FORWARDS.setdefault(
        (contract.convention, contract.name), lambda inputs: references._forward(contract, inputs)
    )


FLAGS = {"indices_are_sorted": True, "unique_indices": True, "mode": None}
PLACES = {**FLAGS, "dimension_numbers": ((0,), (0,), (0,), (), ()), "slice_sizes": (1, 2), "fill_value": None}
ADDED = {**FLAGS, "update_jaxpr": None, "update_consts": ()}


def test_a_primitive_without_a_rule_raises():
    with jax.enable_x64(True):
        traced = jax.make_jaxpr(lambda x: jnp.sin(x))(1.0)
    with pytest.raises(NotImplementedError, match="'sin', which has no rule"):
        program.evaluate(traced, float64.RULES, {}, [1.0])


def test_a_parameter_that_a_rule_does_not_know_raises():
    with pytest.raises(TypeError):
        float64.RULES["reduce_sum"](np.ones(3), axes=(0,), new_parameter=1)


def test_a_part_of_an_array_is_read_and_its_gradient_added_as_xla_does():
    def forward(x):
        return x[1] * x[2]

    x, cotangent = np.arange(6.0).reshape(3, 2) + 0.5, np.array([1.5, -2.0])
    traced = program.trace_vjp(forward, (("3", "b"),), ("b",))
    assert {"gather", "scatter-add"} & {equation.primitive.name for equation in traced.jaxpr.eqns}
    outputs, gradient = program.evaluate(traced, float64.RULES, {"b": 2}, [x, cotangent])
    expected, (expected_gradient,) = truth.vjp(forward, (x,), cotangent)
    np.testing.assert_allclose(outputs, expected, rtol=1e-15)
    np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-15)


@pytest.mark.parametrize("rule", ["reshape", "dot_general", "gather", "scatter-add"])
def test_a_meaning_that_a_rule_does_not_compute_raises(rule):
    special = {
        "reshape": lambda: float64.RULES["reshape"](np.ones((2, 3)), new_sizes=(6,), dimensions=(1, 0)),
        "dot_general": lambda: float64.RULES["dot_general"](
            np.ones((2, 3)),
            np.ones((2, 3)),
            dimension_numbers=(((1,), (1,)), ((0,), (0,))),
            precision=None,
            preferred_element_type=None,
        ),
        "gather": lambda: float64.RULES["gather"](np.ones((3, 2)), np.array([[0], [1]]), **PLACES),
        "scatter-add": lambda: float64.RULES["scatter-add"](
            np.ones((3, 2)), np.array([5]), np.ones(2), **{**ADDED, "dimension_numbers": ((0,), (0,), (0,), (), ())}
        ),
    }
    with pytest.raises(NotImplementedError):
        special[rule]()


def test_nothing_is_judged_when_xla_disagrees(monkeypatch):
    contract = FORWARDS[0]
    monkeypatch.setattr(references, "_programs", {})
    monkeypatch.setattr(references, "_checked", set())
    monkeypatch.setitem(float64.RULES, "tanh", lambda a: np.tanh(a) * (1 + 1e-9))
    with pytest.raises(references.TruthError, match="disagrees with XLA"):
        references._program(contract)


@pytest.mark.parametrize("contract", FORWARDS, ids=lambda contract: contract.name)
def test_the_outputs_alone_are_those_of_the_whole_program(contract):
    case = cases.Case({name: SMALL[name] for name in names_of(contract)}, seed=5)
    inputs = cases.inputs_of(contract, case, contract.optional)
    cotangents = {name: cases.zeros(shape, case.sizes) for name, shape in contract.outputs.items()}
    outputs, _ = references.outputs_and_gradients(contract, case.sizes, inputs, cotangents)
    alone = references.primals(contract, case.sizes, inputs)
    assert {name: array.tobytes() for name, array in alone.items()} == {k: v.tobytes() for k, v in outputs.items()}
