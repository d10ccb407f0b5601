"""gradproof/exactly.py: verdicts without tolerance, and the pitfalls on the way to them."""

import json

import numpy as np
import pytest
from candidates import (
    LSTM_CELL_BACKWARD,
    RNN,
    RNN_CELL_BACKWARD,
    RNN_CELL_FORWARD,
    audited_exactly,
    named,
    spoiled,
    written,
)

import gradproof
from gradproof import cases, exactly, references
from gradproof.arithmetic import exact
from gradproof.contracts import CONVENTIONS, names_of
from gradproof.report import text
from gradproof.report.json import as_data

RIGHT = ("identical", "equal")


def verdicts(function):
    return {result.name: result.verdict for result in function.results}


def test_a_right_function_is_identical_at_the_sizes_that_are_told(tmp_path):
    function = audited_exactly(tmp_path, RNN_CELL_BACKWARD)["rnn_cell_backward"]
    assert set(verdicts(function).values()) == {"identical"}
    assert function.exact == ["n_x=4 n_a=2 n_y=6 m=5 seed=0", "n_x=1 n_a=1 n_y=1 m=1 seed=0"]
    assert not function.rests_on_floats


@pytest.mark.parametrize(("arithmetic", "verdict"), [("field", "identical"), ("arb", "equal"), ("float64", "agrees")])
def test_each_arithmetic_has_its_own_word(arithmetic, verdict, tmp_path):
    function = audited_exactly(tmp_path, RNN_CELL_BACKWARD, arithmetic=arithmetic)["rnn_cell_backward"]
    assert set(verdicts(function).values()) == {verdict}
    assert function.verdict == "verified"


def test_balls_are_equal_to_as_many_digits_as_are_asked_for(tmp_path):
    function = audited_exactly(tmp_path, RNN_CELL_BACKWARD, arithmetic="arb", digits=300)["rnn_cell_backward"]
    assert set(verdicts(function).values()) == {"equal"}
    assert all(result.exact_digits >= 300 for result in function.results)


@pytest.mark.parametrize("arithmetic", ["field", "arb"])
@pytest.mark.parametrize("scale", ["1e-15", "1e-20", "1e-38"])
def test_a_term_that_floats_cannot_see_is_wrong(scale, arithmetic, tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", f"dz @ xt.T + {scale} * dz.sum()"))
    function = audited_exactly(tmp_path, source, arithmetic=arithmetic)["rnn_cell_backward"]
    (wrong,) = [result for result in function.results if result.verdict == "wrong"]
    assert wrong.name == "dWax"
    assert wrong.rigorous
    if arithmetic == "arb":
        assert float(scale) / 100 < wrong.difference < float(scale) * 100


def test_the_size_of_a_difference_and_the_smallest_case_are_told(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz.sum(axis=1", "(dz * (1 + 1e-15 * (m > 1))).sum(axis=1"))
    source = spoiled(source, ("dz = ", "m = xt.shape[1]\n    dz = "))
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    (wrong,) = [result for result in function.results if result.verdict == "wrong"]
    assert wrong.case == "n_x=1 n_a=1 n_y=1 m=2 seed=0"
    assert wrong.condition == "only when m>1"
    assert wrong.difference == pytest.approx(1e-15, rel=1e-6)
    assert "1.0e-15" in text.render(_report(tmp_path))


def test_a_tiny_constant_that_makes_the_difference_is_named_with_its_line(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "dz @ xt.T / (1 + 1e-20)"))
    source = spoiled(source, ("    dz = ", "    eps = 1e-18\n    dz = "), ("dz @ a_prev.T", "dz @ (a_prev.T + eps)"))
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    assert named(function, "wrong") == {"dWaa"}
    assert [finding.message for finding in function.findings if finding.kind == "tiny"] == [
        "dWaa is identical with 0 for 1e-18 in line 11: floats cannot tell, exact arithmetic can"
    ]


def test_a_difference_that_floats_see_is_rigorous_too(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "2 * dz @ xt.T"))
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    (wrong,) = [result for result in function.results if result.verdict == "wrong"]
    assert (wrong.name, wrong.rigorous, wrong.difference) == ("dWax", True, pytest.approx(1.0))


def test_what_only_rounding_makes_wrong_is_told(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("(1 - a_next ** 2)", "((1e9 - 1e9 * a_next ** 2) / 1e9 + 1e6 - 1e6)"))
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    assert function.verdict == "wrong"
    assert "rounding" in {finding.kind for finding in function.findings}


def test_a_wrong_factor_on_a_saturated_gate_is_seen_without_an_absolute_floor(tmp_path):
    source = spoiled(LSTM_CELL_BACKWARD, ("ft * (1 - ft)", "ft * (1 - ft) * (1 + 1e-9 * (ft * (1 - ft) < 1e-12))"))
    path = written(tmp_path, source)
    case = "n_x=2 n_a=1 n_y=1 m=1 seed=3 scale=40"
    report = gradproof.audit(path, case=case, arithmetic="arb")
    assert named(report.functions[0], "wrong") <= {"dxt", "da_prev", "dWf", "dbf"}
    assert named(report.functions[0], "wrong") >= {"dWf", "dbf"}


def test_a_leak_to_floats_is_undecided_with_its_line_and_the_verdict_rests_on_floats(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD,
        ("    dz = ", "    import array\n    first = array.array('d', [xt[0, 0]])[0]\n    dz = "),
        ("dz @ xt.T", "dz @ np.concatenate([[first], xt.ravel()[1:]]).reshape(xt.shape).T"),
    )
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    (result,) = [result for result in function.results if result.verdict == "agrees"]
    assert result.name == "dWax"
    assert "float() in line 6" in result.reason or "the constant" in result.reason
    assert (function.verdict, function.rests_on_floats) == ("verified", True)
    assert "in floats only" in text.render(_report(tmp_path))


def test_a_suspect_constant_is_undecided_with_its_line(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "dz @ xt.T * 2.718281828459045 / np.exp(1.0)"))
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    (result,) = [result for result in function.results if result.verdict == "agrees"]
    assert result.reason == "the constant 2.718281828459045 in line 9"


def test_a_function_that_a_field_does_not_know_is_decided_by_balls(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "dz @ xt.T * (np.sin(xt.sum()) ** 2 + np.cos(xt.sum()) ** 2)"))
    assert verdicts(audited_exactly(tmp_path, source)["rnn_cell_backward"])["dWax"] == "equal"
    function = audited_exactly(tmp_path, source, arithmetic="field")["rnn_cell_backward"]
    (result,) = [result for result in function.results if result.verdict == "agrees"]
    assert result.reason.startswith("sin, of which a field knows no rules, in line 9")


def test_lines_that_did_not_run_are_told(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("    dz = ", "    if xt.shape[1] > 20:\n        xt = xt + 1\n    dz = "))
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    assert function.unreached == [6]
    assert "line 6 did not run" in text.render(_report(tmp_path))


def test_a_branch_that_rounding_decides_makes_a_difference_mean_nothing(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD,
        ("    dz = ", "    close = (xt * 3 / 7 * 7 / 3 > xt).any()\n    dz = "),
        ("dz @ xt.T", "dz @ xt.T + 1e-40 * close"),
    )
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    assert "wrong" not in verdicts(function).values()


def test_writes_into_inputs_do_not_reach_the_next_arithmetic(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD, ("    dz = (1 - a_next ** 2) * da_next", "    da_next *= 1 - a_next ** 2\n    dz = da_next")
    )
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    assert set(verdicts(function).values()) == {"identical"}
    assert "in-place" in {finding.kind for finding in function.findings}


def test_a_float32_buffer_stays_a_finding_of_the_float64_run(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "(dz @ xt.T).astype(np.float32)"))
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    assert verdicts(function)["dWax"] == "identical"
    assert "float32" in {finding.kind for finding in function.findings}


def test_a_candidate_that_does_not_run_on_exact_numbers_rests_on_floats(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("    dz = ", "    assert type(xt) is np.ndarray\n    dz = "))
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    assert set(verdicts(function).values()) == {"agrees"}
    assert all("AssertionError in line 5" in result.reason for result in function.results)


def test_an_array_that_is_too_large_for_exact_numbers_rests_on_floats(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("    dz = ", "    workspace = np.zeros((5000, 5000))\n    dz = "))
    function = audited_exactly(tmp_path, source, examples=0)["rnn_cell_backward"]
    assert set(verdicts(function).values()) == {"agrees"}
    assert all("25000000 numbers, which are too many" in result.reason for result in function.results)


def test_masks_and_labels_are_constants(tmp_path):
    contracts = [c for family in CONVENTIONS.values() for c in family if getattr(c, "constants", None)]
    assert contracts
    for contract in contracts:
        assert set(contract.constants) <= set(contract.inputs)


def test_the_sizes_of_every_contract_are_pairwise_distinct_and_time_is_long_enough():
    for family in CONVENTIONS.values():
        for contract in family:
            sizes = [exactly.SIZES[name] for name in names_of(contract)]
            assert len(set(sizes)) == len(sizes)
            assert min(sizes) >= 2
    assert exactly.SIZES["T"] >= 3


def test_nothing_is_judged_when_the_exact_truth_is_not_nearly_that_of_floats(tmp_path, monkeypatch):
    original = exact.rules

    def mistaken(engine):
        rules = original(engine)
        return {**rules, "transpose": lambda a, *, permutation: 2 * rules["transpose"](a, permutation=permutation)}

    monkeypatch.setattr(exact, "rules", mistaken)
    with pytest.raises(references.TruthError, match="exact evaluation of rnn"):
        gradproof.audit(written(tmp_path, RNN_CELL_BACKWARD), examples=0)


def test_the_derivative_program_runs_on_long_doubles_too():
    contract = next(c for c in CONVENTIONS["coursera"] if c.name == "lstm_forward")
    case = cases.Case(dict.fromkeys(names_of(contract), 2))
    inputs = {
        name: array.astype(np.longdouble) for name, array in gradproof.cases.inputs_of(contract, case, ("c0",)).items()
    }
    upstream = {
        name: np.ones(gradproof.cases.sizes_of(s, case.sizes), np.longdouble) for name, s in contract.outputs.items()
    }
    _, gradients = references.outputs_and_gradients(contract, case.sizes, inputs, upstream)
    assert {array.dtype for array in gradients.values()} == {np.dtype(np.longdouble)}


def test_a_forward_is_decided_exactly_as_well(tmp_path):
    function = audited_exactly(tmp_path, RNN_CELL_FORWARD)["rnn_cell_forward"]
    assert verdicts(function) == {"a_next": "identical", "yt_pred": "identical"}


def test_a_sequence_and_its_cell_are_decided_on_their_own_caches(tmp_path):
    functions = audited_exactly(tmp_path, RNN)
    assert all(set(verdicts(function).values()) == {"identical"} for function in functions.values())


@pytest.mark.parametrize("options", [{"arithmetic": "exact"}, {"digits": 0}, {"digits": 501}])
def test_an_arithmetic_or_digits_that_do_not_exist_are_refused(options, tmp_path):
    with pytest.raises(gradproof.AuditError, match="expected"):
        gradproof.audit(written(tmp_path, RNN_CELL_BACKWARD), **options)


def test_the_new_fields_are_in_the_json(tmp_path):
    report = gradproof.audit(written(tmp_path, RNN_CELL_BACKWARD), examples=0)
    (function,) = json.loads(json.dumps(as_data(report)))["functions"]
    assert function["exact"]
    assert function["rests_on_floats"] is False
    assert {"rigorous", "difference", "exact_digits", "reason"} <= set(function["gradients"][0])


def _report(folder):
    return gradproof.audit(folder / "candidate.py", examples=0)


@pytest.mark.parametrize("arithmetic", ["field", "all"])
def test_a_root_of_which_a_field_may_take_the_other_sign_hides_no_mistake(arithmetic, tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD,
        ("dz @ xt.T", "dz @ xt.T * np.sqrt((xt[0, 0] - a_next[0, 0]) ** 2) / (xt[0, 0] - a_next[0, 0])"),
    )
    path = written(tmp_path, source)
    for seed in range(6):
        case = f"n_x=1 n_a=1 n_y=1 m=1 seed={seed}"
        floats = gradproof.audit(path, case=case, arithmetic="float64").functions[0]
        function = gradproof.audit(path, case=case, arithmetic=arithmetic).functions[0]
        assert ("dWax" in named(function, "wrong")) == ("dWax" in named(floats, "wrong"))


def test_a_difference_below_every_precision_of_balls_is_wrong_by_the_field(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD, ("dz @ xt.T", "dz @ xt.T + 1e-300 * (1e-300 * (1e-300 * (1e-300 * (1e-300 * dz.sum()))))")
    )
    function = audited_exactly(tmp_path, source)["rnn_cell_backward"]
    (wrong,) = [result for result in function.results if result.verdict == "wrong"]
    assert (wrong.name, wrong.difference) == ("dWax", None)
    assert "<1e-308" in text.render(_report(tmp_path))


def test_lines_that_begin_like_a_word_of_python_are_told_as_well(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD,
        (
            "    dz = ",
            "    if xt.shape[1] > 20:\n        default = 1\n        raised = 2\n        raise ValueError\n    dz = ",
        ),
    )
    assert audited_exactly(tmp_path, source)["rnn_cell_backward"].unreached == [6, 7]


def test_a_gradient_of_another_shape_on_exact_numbers_has_a_reason(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD, ('"dWaa": dz @ a_prev.T', '"dWaa": dz @ a_prev.T if type(xt) is np.ndarray else None')
    )
    results = audited_exactly(tmp_path, source)["rnn_cell_backward"].results
    (result,) = [result for result in results if result.verdict == "agrees"]
    assert (result.name, result.reason) == ("dWaa", "not an array of this shape on exact numbers")
