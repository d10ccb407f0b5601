"""What a wrong gradient is: every planted relation is told, and none where there is none."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradproof import references
from gradproof.cases import Case, base, cotangents_of, inputs_of
from gradproof.contracts import CONVENTIONS, Backward
from gradproof.diagnose.severed import alternatives, severed
from gradproof.diagnose.what import relations

EXAMPLES = Path(__file__).parent.parent / "examples"
SIZES = {"n_x": 4, "n_a": 3, "n_y": 2, "m": 5, "T": 6, "H": 3}
DIMENSIONS = {
    "dx": ("n_x", "m", "T"),
    "da0": ("n_a", "m"),
    "dWaa": ("n_a", "n_a"),
    "dWf": ("n_a", "n_a+n_x"),
    "dWi": ("n_a", "n_a+n_x"),
    "db": ("H+H+H+H",),
    "dba": ("n_a", "1"),
}
seeds = st.integers(0, 2**32 - 1)


def shape(name):
    return tuple(sum(SIZES.get(term) or int(term) for term in one.split("+")) for one in DIMENSIONS[name])


def truths(seed):
    generator = np.random.default_rng(seed)
    return {name: generator.standard_normal(shape(name)) for name in DIMENSIONS}


def told(actual, expected, **others):
    found = relations(actual, expected, DIMENSIONS, SIZES, gates="ifog", S=4.0, G=1.0, **others)
    return {name: [(relation.name, relation.message) for relation in those] for name, those in found.items()}


def swapped_rows(array, first, second):
    array = array.copy()
    array[first], array[second] = array[second].copy(), array[first].copy()
    return array


PLANTED = [
    ("dWf", lambda e: -e, "sign", "dWf is -1 times the truth"),
    ("dWf", lambda e: 2 * e, "factor", "dWf is 2 times the truth"),
    ("dba", lambda e: e / 2, "factor", "dba is half the truth"),
    ("dba", lambda e: -2 * e, "factor", "dba is -2 times the truth"),
    ("dba", lambda e: e / 5, "divided", "dba is the truth divided by m"),
    ("dba", lambda e: e * 5, "multiplied", "dba is m times the truth"),
    ("dx", lambda e: e / 6, "divided", "dx is the truth divided by T"),
    ("dx", lambda e: e / -6, "divided", "dx is minus the truth divided by T"),
    ("dx", lambda e: e / 30, "divided", "dx is the truth divided by m T"),
    ("dx", lambda e: e / 4, "divided", "dx is the truth divided by 4"),
    ("dx", lambda e: 1.375 * e, "constant", "dx is about 1.38 times the truth everywhere"),
    ("dx", lambda e: (1 + 1e-6) * e, "constant", "dx is about (1 + 1e-06) times the truth everywhere"),
    ("dx", lambda e: 0 * e, "zero", "dx is zero everywhere"),
    ("dWaa", lambda e: e.T.copy(), "transposed", "dWaa is the truth transposed"),
    ("dWf", lambda e: e.T.copy(), "transposed", "dWf is the truth transposed"),
    ("dWf", lambda e: e.astype(np.float32).astype(float), "float32", "dWf is the truth rounded to float32"),
    ("dx", lambda e: np.clip(e, -0.5, 0.5), "clipped", "dx is the truth clipped to ±0.5"),
    ("dx", lambda e: e[..., ::-1], "reversed", "dx is the truth with its time steps in reverse"),
    ("dx", lambda e: np.roll(e, 1, 2), "shifted", "dx is from t=1 on the truth of the step before"),
    ("dx", lambda e: np.roll(e, -1, 2), "shifted", "dx is up to t=4 the truth of the step after"),
    (
        "db",
        lambda e: swapped_rows(e.reshape(4, 3), 0, 1).ravel(),
        "blocks",
        "in db the blocks of the input gate and the forget gate are swapped",
    ),
    (
        "db",
        lambda e: e.reshape(4, 3)[[1, 3, 0, 2]].ravel(),
        "blocks",
        "in db the blocks stand in the order f,g,i,o, not i,f,o,g",
    ),
    (
        "dWf",
        lambda e: np.hstack([e[:, 3:], e[:, :3]]),
        "blocks",
        "in dWf the blocks of the hidden state and the input are swapped",
    ),
    ("dba", lambda e: e[:, 0], "squeezed", "dba is the truth without its axis of size 1"),
    ("dba", lambda e: e * np.eye(5)[:1], "unsummed", "dba is the truth before its sum over axis 1"),
]


@pytest.mark.parametrize(("name", "wrong", "kind", "message"), PLANTED, ids=[message for *_, message in PLANTED])
@given(seed=seeds)
def test_a_planted_relation_is_told_and_nothing_else(name, wrong, kind, message, seed):
    expected = truths(seed)
    assert told({**expected, name: wrong(expected[name])}, expected) == {name: [(kind, message)]}


@given(seed=seeds)
def test_swapped_names_are_told_of_both(seed):
    expected = truths(seed)
    found = told({**expected, "dWf": expected["dWi"], "dWi": expected["dWf"]}, expected)
    assert found == {
        "dWf": [("swapped", "dWf and dWi are swapped")],
        "dWi": [("swapped", "dWi and dWf are swapped")],
    }


@given(seed=seeds)
def test_the_truth_of_another_name_is_told(seed):
    expected = truths(seed)
    assert told({**expected, "dWf": expected["dWi"]}, expected) == {"dWf": [("another", "dWf is the truth of dWi")]}


@given(seed=seeds, noise=seeds)
def test_right_gradients_up_to_rounding_have_no_relation(seed, noise):
    expected, unit = truths(seed), truths(noise)
    assert told({name: array + 1e-15 * unit[name] for name, array in expected.items()}, expected) == {}


@given(seed=seeds, other=seeds)
def test_unrelated_arrays_have_no_relation(seed, other):
    actual = truths(other) if other != seed else {name: array**2 for name, array in truths(seed).items()}
    assert told(actual, truths(seed), alternatives={"they are squared": {"dx": truths(seed)["dx"] ** 3}}) == {}


@given(seed=seeds, where=st.integers(0, 8), size=st.floats(1e-6, 10))
def test_one_wrong_element_has_no_relation(seed, where, size):
    expected = truths(seed)
    wrong = expected["dWaa"].copy()
    wrong.flat[where] += size
    assert told({"dWaa": wrong}, expected) == {}


@pytest.mark.parametrize("factor", [-1, 2, 0, 1.37, 1 / 5])
@given(seed=seeds, count=st.integers(1, 2))
def test_two_elements_tell_nothing(factor, seed, count):
    expected = {"da": np.random.default_rng(seed).standard_normal((count, 1))}
    assert relations({"da": factor * expected["da"]}, expected, {"da": ("n_y", "1")}, SIZES) == {}


def test_an_array_of_zeros_tells_nothing():
    zeros = {name: np.zeros(shape(name)) for name in DIMENSIONS}
    assert told({**zeros, "dx": zeros["dx"] + 1}, zeros) == {}
    assert told({**truths(0), "dWf": np.zeros(shape("dWf"))}, {**truths(0), "dWi": np.zeros(shape("dWi"))}) == {
        "dWf": [("zero", "dWf is zero everywhere")]
    }


@given(seed=seeds)
def test_a_symmetric_array_is_not_transposed(seed):
    array = truths(seed)["dWaa"]
    expected = {"dWaa": array + array.T}
    assert told({"dWaa": expected["dWaa"].T * 1.5}, expected) == {
        "dWaa": [("constant", "dWaa is about 1.5 times the truth everywhere")]
    }


@given(seed=seeds)
def test_a_multiple_is_not_told_where_an_axis_has_size_1(seed):
    expected = truths(seed)
    sizes = {**SIZES, "m": 1}
    assert relations({"dba": 1.37 * expected["dba"]}, expected, DIMENSIONS, sizes) == {}


@given(seed=seeds)
def test_what_is_hardly_more_than_rounding_tells_nothing(seed):
    expected = truths(seed)
    array = expected["dWaa"] + expected["dWaa"].T + 1e-10 * truths(seed + 1)["dWaa"]
    assert told({"dWaa": array.T}, {"dWaa": array}) == {}


def test_of_the_orders_of_blocks_that_hold_the_simplest_is_told():
    blocks = truths(0)["db"].reshape(4, 3) * [[0], [0], [1], [1]]
    found = told({"db": blocks[[2, 1, 0, 3]].ravel()}, {"db": blocks.ravel()})
    assert found == {"db": [("blocks", "in db the blocks of the input gate and the output gate are swapped")]}


def test_an_alternative_of_zeros_tells_nothing():
    zeros = np.zeros(shape("dx"))
    found = told({"dx": zeros}, truths(0), alternatives={"nothing is done": {"dx": zeros}})
    assert found == {"dx": [("zero", "dx is zero everywhere")]}


def test_a_factor_of_2_is_no_size():
    expected, sizes = truths(1), {**SIZES, "m": 2}
    found = relations({"dba": expected["dba"] / 2}, expected, DIMENSIONS, sizes)
    assert [relation.message for relation in found["dba"]] == ["dba is half the truth"]


def test_a_factor_that_two_sizes_explain_is_not_named_after_one():
    expected = truths(1)
    found = relations({"dba": expected["dba"] / 5}, expected, DIMENSIONS, {**SIZES, "N": 5})
    assert [relation.message for relation in found["dba"]] == ["dba is the truth divided by 5"]


@given(seed=seeds)
def test_of_the_alternatives_that_hold_the_one_that_explains_most_is_told(seed):
    expected, other = truths(seed), truths(seed + 1)
    few, most = {"dx": other["dx"]}, {"dx": other["dx"], "dWf": other["dWf"]}
    found = told({**expected, **most}, expected, alternatives={"few": few, "most": most, "none": expected})
    assert found == {name: [("alternative", f"{name} is what comes out when most")] for name in most}


def test_what_is_no_array_of_finite_numbers_is_passed_over():
    expected = truths(0)
    odd = {"dx": {"none": True}, "dWf": np.full(shape("dWf"), np.nan), "dba": np.array("text"), "other": expected["dx"]}
    assert told(odd, expected) == {}


# other truths


def contract_of(convention, name, spelling=""):
    return next(
        contract
        for contract in CONVENTIONS[convention]
        if isinstance(contract, Backward) and contract.name == name and contract.spelling == spelling
    )


def drawn(contract):
    """A case, its inputs and its cotangents; optional ones are absent."""
    case = Case(base(contract), seed=3)
    return case, inputs_of(contract.forward, case), cotangents_of(contract, case)


def loaded(file):
    specification = importlib.util.spec_from_file_location("candidate", EXAMPLES / file)
    candidate = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(candidate)
    return candidate


def test_a_severed_loss_is_that_of_the_example():
    candidate = loaded("min_char_rnn_dhnext_forgotten.py")
    contract = contract_of("min_char_rnn", "lossFun")
    case, inputs, cotangents = drawn(contract)
    vars(candidate).update({name[1:]: inputs[name[1:]] for name in contract.gradients}, vocab_size=case.sizes["V"])
    indices = [list(inputs[name].argmax(axis=1)) for name in ("inputs", "targets")]
    _, *found, _ = candidate.lossFun(*indices, inputs["hprev"])
    (other,) = severed(contract, case, inputs, cotangents).values()
    for name, array in zip(contract.gradients, found, strict=True):
        np.testing.assert_allclose(array, other[name], rtol=1e-12, atol=1e-12)


def test_other_cotangents_are_those_that_the_words_say():
    contract = contract_of("coursera", "rnn_backward")
    case, inputs, cotangents = drawn(contract)
    found, da = alternatives(contract, case, inputs, cotangents), cotangents["da"]
    *_, caches = references.reference("rnn.rnn_forward")(inputs["x"], inputs["a0"], inputs)
    for words, other in [
        ("da enters squared", da * da),
        ("da is taken for ones", da * 0 + 1),
        ("da of the step before is taken", np.stack([da[:, :, t - 1] for t in range(6)], axis=2)),
    ]:
        expected = references.reference("rnn.rnn_backward")(other, caches)
        for name, array in expected.items():
            np.testing.assert_allclose(found[words][name], array, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("which", "step"), [("first", 0), ("last", 5)])
def test_the_share_of_one_step_is_what_its_cell_returns(which, step):
    contract = contract_of("coursera", "rnn_backward")
    case, inputs, cotangents = drawn(contract)
    found = alternatives(contract, case, inputs, cotangents)[f"only the {which} step counts"]
    *_, (caches, _) = references.reference("rnn.rnn_forward")(inputs["x"], inputs["a0"], inputs)
    backward, da_prev = references.reference("rnn.rnn_cell_backward"), 0
    for t in range(5, step - 1, -1):
        cell = backward(cotangents["da"][:, :, t] + da_prev, caches[t])
        da_prev = cell["da_prev"]
    for name, array in found.items():
        np.testing.assert_allclose(array, cell[name], rtol=1e-12, atol=1e-12)
    assert set(found) == {"dWax", "dWaa", "dba"}


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("lstm_severed_bptt.py", "neither da nor dc is carried from step to step"),
        ("lstm_carries_dc_only.py", "no da is carried from step to step"),
    ],
)
def test_a_severed_loop_is_that_of_the_example(file, words):
    contract = contract_of("coursera", "lstm_backward")
    case, inputs, cotangents = drawn(contract)
    found = loaded(file).lstm_backward(cotangents["da"], references.cache_of(contract.forward, inputs))
    other = severed(contract, case, inputs, cotangents)[words]
    for name, array in found.items():
        np.testing.assert_allclose(array, other[name], rtol=1e-12, atol=1e-12)


def plain_loop(order, carried, cell, da):
    """cell(da_next, t) → gradients of one step; those of all steps in the order of the loop."""
    carry, found = 0, {}
    for t in order:
        found[t] = cell(da(t) + carry, t)
        carry = found[t][1] if carried else 0
    return found


@pytest.mark.parametrize(
    ("convention", "name", "letter", "parameters", "spelling"),
    [
        ("coursera", "rnn_backward", "a", ("Wax", "Waa", "ba"), ""),
        ("coursera", "gru_backward", "a", ("Wz", "bz", "Wr", "br", "Wh", "bh"), "zh"),
        ("cs231n", "rnn_backward", "h", ("Wx", "Wh", "b"), ""),
    ],
)
@pytest.mark.parametrize("words", ["no d{} is carried from step to step", "the loop runs with time"])
def test_another_loop_is_the_plain_loop_over_cells(convention, name, letter, parameters, spelling, words):
    contract = contract_of(convention, name, spelling)
    case, inputs, cotangents = drawn(contract)
    found = alternatives(contract, case, inputs, cotangents)[words.format(letter)]
    steps = range(case.sizes["T"])
    order = steps if "with time" in words else steps[::-1]
    if convention == "coursera":
        net = name.partition("_")[0]
        *_, (caches, _) = references.reference(f"{net}.{net}_forward")(inputs["x"], inputs["a0"], inputs)
        backward = references.reference(f"{net}.{net}_cell_backward")

        def cell(da_next, t):
            one = backward(da_next, caches[t])
            return [one["dxt"], one["da_prev"], *(one[f"d{parameter}"] for parameter in parameters)]

        cells = plain_loop(order, "with time" in words, cell, lambda t: cotangents["da"][:, :, t])
        axis, initial = 2, "da0"
    else:
        weights = [inputs[parameter] for parameter in parameters]
        forward, backward = (references.reference(f"cs231n.rnn_step_{way}") for way in ("forward", "backward"))
        h, caches = inputs["h0"], []
        for t in steps:
            h, cache = forward(inputs["x"][:, t], h, *weights)
            caches.append(cache)
        cells = plain_loop(
            order, "with time" in words, lambda dh, t: backward(dh, caches[t]), lambda t: cotangents["dh"][:, t]
        )
        axis, initial = 1, "dh0"
    np.testing.assert_allclose(found["dx"], np.stack([cells[t][0] for t in steps], axis), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found[initial], cells[order[-1]][1], rtol=1e-12, atol=1e-12)
    for i, parameter in enumerate(parameters, 2):
        total = sum(one[i] for one in cells.values())
        np.testing.assert_allclose(found[f"d{parameter}"], total, rtol=1e-12, atol=1e-12)


def test_a_severed_cs231n_lstm_is_the_plain_loop_over_steps():
    contract = contract_of("cs231n", "lstm_backward")
    case, inputs, cotangents = drawn(contract)
    forward, backward = (references.reference(f"cs231n.lstm_step_{way}") for way in ("forward", "backward"))
    weights, dh = [inputs[name] for name in ("Wx", "Wh", "b")], cotangents["dh"]
    h, c, caches = inputs["h0"], np.zeros_like(inputs["h0"]), []
    for t in range(case.sizes["T"]):
        h, c, cache = forward(inputs["x"][:, t], h, c, *weights)
        caches.append(cache)
    found = severed(contract, case, inputs, cotangents)
    dc, total = np.zeros_like(h), 0
    for t in reversed(range(case.sizes["T"])):
        dx, dprev_h, dc, *own = backward(dh[:, t].copy(), dc.copy(), caches[t])
        np.testing.assert_allclose(found["no dh is carried from step to step"]["dx"][:, t], dx, rtol=1e-12, atol=1e-12)
        total = total + own[0]
    np.testing.assert_allclose(found["no dh is carried from step to step"]["dWx"], total, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found["no dh is carried from step to step"]["dh0"], dprev_h, rtol=1e-12, atol=1e-12)
    assert set(found) == {
        "no dh is carried from step to step",
        "no dc is carried from step to step",
        "neither dh nor dc is carried from step to step",
    }


@pytest.mark.parametrize(
    ("convention", "name"), [("cs231n", "temporal_affine_backward"), ("coursera", "lstm_cell_backward")]
)
def test_a_function_without_states_cannot_be_severed(convention, name):
    contract = contract_of(convention, name)
    assert severed(contract, *drawn(contract)) == {}


def test_another_truth_is_linear_in_the_cotangents():
    contract = contract_of("coursera", "lstm_backward")
    case, inputs, cotangents = drawn(contract)
    first, second = ({**cotangents, "da": cotangents["da"] * mask} for mask in (np.arange(6) < 2, np.arange(6) >= 2))
    parts = [alternatives(contract, case, inputs, one) for one in (first, second, cotangents)]
    for words in ("neither da nor dc is carried from step to step", "da of the step before is taken"):
        for name, array in parts[2][words].items():
            np.testing.assert_allclose(parts[0][words][name] + parts[1][words][name], array, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"update": "old"}, {"reset_after": True}])
def test_with_one_step_nothing_is_severed(options):
    """At T=1 every severed loop is the truth, in every rule of the cell: the states of the loop are the sequence's."""
    contract = contract_of("coursera", "gru_backward", "zh")
    forward = replace(contract.forward, options={**contract.forward.options, **options})
    contract = replace(contract, forward=forward)
    case = Case({**base(contract), "T": 1}, seed=5)
    inputs, cotangents = inputs_of(forward, case), cotangents_of(contract, case)
    upstream = {"a": cotangents["da"], "y_pred": np.zeros((2, 5, 1))}
    _, truth = references.outputs_and_gradients(forward, case.sizes, inputs, upstream)
    for gradients in severed(contract, case, inputs, cotangents).values():
        for name, of in contract.gradients.items():
            np.testing.assert_allclose(gradients[name], truth[of], rtol=1e-12, atol=1e-12)
