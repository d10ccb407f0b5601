"""gradproof/cases.py: what a case is, and the arrays that follow from it."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from agreement import POOL
from hypothesis import given
from hypothesis import strategies as st

from gradproof.cases import BASE, GROWTH, LARGEST, Case, cases, cotangents_of, drawn, grid, inputs_of, parse
from gradproof.contracts import CONVENTIONS, Forward, forward_of, names_of, sizes_of
from gradproof.contracts.coursera import (
    LSTM_BACKWARD,
    LSTM_CELL_BACKWARD,
    LSTM_FORWARD,
    RNN_BACKWARD,
    RNN_CELL_BACKWARD,
    RNN_FORWARD,
)

BACKWARDS = [RNN_CELL_BACKWARD, RNN_BACKWARD, LSTM_CELL_BACKWARD, LSTM_BACKWARD]
OTHERS = [
    next(contract for contract in CONVENTIONS[family] if contract.name == name)
    for family, name in [
        ("coursera", "gru_backward"),
        ("cs231n", "temporal_softmax_loss"),
        ("cs231n", "lstm_backward"),
        ("dlfs2", "TimeLSTM.backward"),
        ("min_char_rnn", "lossFun"),
    ]
]
EVERY = [contract for one in BACKWARDS for contract in (one, one.forward)] + OTHERS
SEQUENCE = {name: BASE[name] for name in names_of(RNN_BACKWARD)}
every_contract = pytest.mark.parametrize("contract", EVERY, ids=lambda contract: contract.name)
every_forward = pytest.mark.parametrize(
    "contract", [contract for contract in EVERY if isinstance(contract, Forward)], ids=lambda contract: contract.name
)
every_backward = pytest.mark.parametrize("contract", BACKWARDS, ids=lambda contract: contract.name)


@every_contract
@given(data=st.data())
def test_a_case_written_and_parsed_is_the_same_case(contract, data):
    case = data.draw(cases(contract))
    assert parse(str(case), contract) == case
    assert hash(parse(str(case), contract)) == hash(case)


def test_zeroed_cotangents_are_written_and_parsed():
    case = Case(SEQUENCE, seed=3, cotangents=50.0, zeroed=("da", "dc"))
    assert str(case) == "n_x=4 n_a=3 n_y=2 m=5 T=6 seed=3 cotangents=50 da=0 dc=0"
    assert parse(str(case), LSTM_BACKWARD) == case


def test_what_is_left_out_when_parsing_is_the_base_case():
    assert parse("T=2 scale=0.5", RNN_BACKWARD) == Case({**SEQUENCE, "T": 2}, scale=0.5)
    assert parse("", RNN_CELL_BACKWARD) == Case({name: BASE[name] for name in ("n_x", "n_a", "n_y", "m")})


def test_a_dimension_of_another_function_is_ignored_when_parsing():
    assert parse("m=2 T=7", LSTM_CELL_BACKWARD) == parse("m=2", LSTM_CELL_BACKWARD)


@pytest.mark.parametrize("word", ["T=two", "seed=x", "scale=", "speed=3", "da=1", "m"])
def test_a_word_that_does_not_fit_is_named(word):
    with pytest.raises(ValueError, match=f"'{word}' is not part of a case of rnn_backward; expected words such as n_x"):
        parse(f"n_a=2 {word}", RNN_BACKWARD)


@every_contract
def test_base_sizes_are_pairwise_distinct_and_above_one(contract):
    sizes = [BASE[name] for name in names_of(contract)]
    assert len(set(sizes)) == len(sizes)
    assert min(sizes) > 1


@every_contract
def test_the_grid_has_each_size_one_alone_all_together_and_two_steps(contract):
    sizes = [case.sizes for case in grid(contract)]
    base = {name: BASE[name] for name in names_of(contract)}
    ones = dict.fromkeys(base, 1)
    assert sizes[0] == base
    assert all({**base, name: 1} in sizes for name in base)
    assert ones in sizes
    assert ("T" not in base) or {**ones, "T": 2} in sizes


@every_contract
def test_the_grid_has_large_and_tiny_cotangents_and_saturated_gates_and_no_case_twice(contract):
    designed = grid(contract)
    assert {1e6, 1e-18} <= {case.cotangents for case in designed}
    assert any(case.saturated for case in designed)
    assert any(case.scale > 1 for case in designed)
    assert len(set(designed)) == len(designed)


@every_contract
@given(data=st.data())
def test_drawn_sizes_are_within_bounds(contract, data):
    case = data.draw(cases(contract))
    assert tuple(case.sizes) == names_of(contract)
    assert all(1 <= size <= LARGEST[name] for name, size in case.sizes.items())


@given(cases(RNN_CELL_BACKWARD, sizes=st.sampled_from(POOL)))
def test_sizes_restrict_the_shapes_that_are_drawn(case):
    assert case.sizes in [{name: sizes[name] for name in ("n_x", "n_a", "n_y", "m")} for sizes in POOL]


@every_contract
def test_drawn_cases_depend_on_the_seed_alone(contract):
    first = drawn(contract, 7, 20)
    assert len(first) == 20
    assert drawn(contract, 7, 20) == first
    assert drawn(contract, 8, 20) != first
    assert drawn(contract, 7, 0) == []


@every_contract
@given(data=st.data())
def test_inputs_have_the_contracts_shapes_and_are_finite_float64(contract, data):
    case = data.draw(cases(contract))
    forward = forward_of(contract)
    arrays = inputs_of(forward, case, forward.optional)
    assert list(arrays) == list(forward.inputs)
    for name, dimensions in forward.inputs.items():
        assert arrays[name].shape == sizes_of(dimensions, case.sizes)
        assert arrays[name].dtype == np.float64
        assert np.isfinite(arrays[name]).all()


@every_backward
@given(data=st.data())
def test_cotangents_have_the_shapes_of_the_outputs_that_they_belong_to(contract, data):
    case = data.draw(cases(contract))
    arrays = cotangents_of(contract, case, contract.optional)
    assert list(arrays) == list(contract.cotangents)
    for name, output in contract.cotangents.items():
        assert arrays[name].shape == sizes_of(contract.forward.outputs[output], case.sizes)


@every_backward
@given(data=st.data())
def test_no_element_of_an_input_or_cotangent_is_zero_or_one(contract, data):
    case = data.draw(cases(contract))
    inputs = inputs_of(contract.forward, case, contract.forward.optional)
    cotangents = cotangents_of(contract, case, contract.optional)
    assert all(((array != 0) & (array != 1)).all() for array in (*inputs.values(), *cotangents.values()))


@given(cases(LSTM_BACKWARD))
def test_no_two_arrays_of_a_case_are_the_same(case):
    arrays = [*inputs_of(LSTM_FORWARD, case, ("c0",)).values(), *cotangents_of(LSTM_BACKWARD, case, ("dc",)).values()]
    firsts = [array.flat[0] for array in arrays]
    assert len(set(firsts)) == len(firsts)


@given(cases(LSTM_BACKWARD))
def test_an_optional_array_is_zero_unless_it_is_taken(case):
    inputs, taken = inputs_of(LSTM_FORWARD, case), inputs_of(LSTM_FORWARD, case, ("c0",))
    assert (inputs["c0"] == 0).all()
    assert (taken["c0"] != 0).all()
    assert all(np.array_equal(inputs[name], taken[name]) for name in inputs if name != "c0")
    assert (cotangents_of(LSTM_BACKWARD, case)["dc"] == 0).all()
    assert (cotangents_of(LSTM_BACKWARD, case)["da"] != 0).all()
    assert (cotangents_of(LSTM_BACKWARD, case, ("dc",))["dc"] != 0).all()


@given(cases(LSTM_BACKWARD), st.sampled_from([("da",), ("dc",), ("da", "dc")]))
def test_zeroed_cotangents_are_zero_and_the_others_unchanged(case, zeroed):
    arrays, before = (
        cotangents_of(LSTM_BACKWARD, one, ("dc",)) for one in (replace(case, zeroed=zeroed), replace(case, zeroed=()))
    )
    for name, array in arrays.items():
        assert np.array_equal(array, 0 * before[name] if name in zeroed else before[name])


@given(cases(LSTM_FORWARD))
def test_scale_multiplies_every_input_of_a_short_sequence_and_cotangents_every_cotangent(case):
    plain = replace(case.with_sizes(T=min(2, case.sizes["T"])), scale=1.0, cotangents=1.0, saturated=False)
    one, scaled = inputs_of(LSTM_FORWARD, plain, ("c0",)), inputs_of(LSTM_FORWARD, replace(plain, scale=3.0), ("c0",))
    assert all(np.array_equal(scaled[name], 3 * one[name]) for name in one)
    one, scaled = cotangents_of(LSTM_BACKWARD, plain), cotangents_of(LSTM_BACKWARD, replace(plain, cotangents=50.0))
    assert all(np.array_equal(scaled[name], 50 * one[name]) for name in one)


@every_forward
def test_no_designed_case_of_scale_one_has_its_weights_scaled_down(contract):
    for case in grid(contract):
        arrays = inputs_of(contract, replace(case, scale=1.0, saturated=False), contract.optional)
        shorter = inputs_of(contract, replace(case, scale=0.5, saturated=False), contract.optional)
        drawn_ones = [name for name in arrays if name not in contract.constants]
        assert all(np.array_equal(arrays[name], 2 * shorter[name]) for name in drawn_ones)


@pytest.mark.parametrize("scale", [3.0, 10.0])
@pytest.mark.parametrize("T", [6, 9, 12, 40])
def test_the_weights_of_long_sequences_enlarge_a_number_by_no_more_than_a_bound(T, scale):
    for seed in range(20):
        arrays = inputs_of(RNN_FORWARD, Case({**SEQUENCE, "n_a": 8, "T": T}, seed, scale))
        assert np.linalg.norm(arrays["Waa"], 2) < 1.25 * GROWTH ** (1 / T)
        assert np.abs(arrays["ba"]).max() > scale / 3  # the others are as large as they are asked for
        assert np.abs(arrays["x"]).max() > scale


@given(cases(LSTM_FORWARD))
def test_saturated_moves_the_biases_far_from_zero_and_nothing_else(case):
    plain = inputs_of(LSTM_FORWARD, replace(case, saturated=False))
    saturated = inputs_of(LSTM_FORWARD, replace(case, saturated=True))
    for name in plain:
        if name in LSTM_FORWARD.biases:
            assert (np.abs(saturated[name]) >= 6).all()
            assert np.array_equal(np.sign(saturated[name]), np.sign(plain[name]))
        else:
            assert np.array_equal(saturated[name], plain[name])


@given(cases(RNN_FORWARD), st.integers(0, 999))
def test_arrays_depend_on_the_seed(case, seed):
    ours, others = inputs_of(RNN_FORWARD, case), inputs_of(RNN_FORWARD, replace(case, seed=seed))
    assert all(np.array_equal(ours[name], others[name]) == (seed == case.seed) for name in ours)
    assert all(np.array_equal(again, ours[name]) for name, again in inputs_of(RNN_FORWARD, case).items())


def test_arrays_are_the_same_in_every_process():
    program = (
        "from gradproof.cases import BASE, Case, inputs_of; from gradproof.contracts.coursera import RNN_FORWARD;"
        "print(inputs_of(RNN_FORWARD, Case(BASE, seed=3))['Waa'].tobytes().hex())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for hash_seed in ("1", "2")
    }
    assert printed == {inputs_of(RNN_FORWARD, Case(BASE, seed=3))["Waa"].tobytes().hex()}


def test_with_sizes_changes_those_alone():
    case = Case({**BASE}, seed=4, scale=2.0)
    assert case.with_sizes(T=1, m=2) == Case({**BASE, "T": 1, "m": 2}, seed=4, scale=2.0)
    assert case.sizes == BASE
