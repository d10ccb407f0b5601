"""`gradproof.audit` and `gradproof.assert_gradients` in Python."""

import os

import numpy as np
import pytest
from candidates import RNN_CELL_BACKWARD, spoiled, written
from hypothesis import given, settings
from hypothesis import strategies as st

import gradproof
import manual.lstm
import manual.rnn
from gradproof import candidate
from gradproof.errors import AuditError


def mine(da_next, cache):
    a_next, a_prev, xt, parameters = cache
    dz = (1 - a_next**2) * da_next
    return {
        "dxt": parameters["Wax"].T @ dz,
        "da_prev": parameters["Waa"].T @ dz,
        "dWax": dz @ xt.T,
        "dWaa": dz @ a_prev.T,
        "dba": dz.mean(axis=1, keepdims=True),
    }


@pytest.mark.parametrize("module", [manual.rnn, manual.lstm], ids=lambda module: module.__name__)
def test_our_own_derivations_are_verified(module):
    report = gradproof.audit(module.__file__)
    assert [function.verdict for function in report.functions] == ["verified"] * 4
    assert report.findings == []


def test_a_function_object_is_audited():
    report = gradproof.audit(manual.lstm.lstm_backward)
    assert [(function.name, function.verdict) for function in report.functions] == [("lstm_backward", "verified")]


def test_dc_and_dc0_are_audited_where_a_function_has_them():
    (function,) = gradproof.audit(manual.lstm.lstm_backward, examples=2).functions
    assert "dc0" in [result.name for result in function.results]


def test_a_closure_is_audited_although_no_file_can_give_it_again():
    factor = 1.0

    def rnn_cell_backward(da_next, cache):
        gradients = mine(da_next, cache)
        return {**gradients, "dba": factor * gradients["dba"] * da_next.shape[1]}

    assert gradproof.audit(rnn_cell_backward, examples=2)


def test_assert_gradients_passes_silently_when_every_gradient_agrees():
    gradproof.assert_gradients(manual.rnn.rnn_backward, examples=5)


def test_assert_gradients_fails_with_the_table_the_case_and_the_line_that_reproduces_it():
    with pytest.raises(AssertionError) as caught:
        gradproof.assert_gradients(mine, convention="coursera.rnn_cell_backward", examples=5)
    message = str(caught.value)
    assert "dba       wrong        [0, 0]" in message
    assert "dba: only when m>1" in message
    assert (
        'gradproof.audit(mine, convention="coursera.rnn_cell_backward", case="n_x=1 n_a=1 n_y=1 m=2 seed=0")' in message
    )


def test_the_reproducing_case_gives_the_same_numbers(tmp_path):
    path = written(tmp_path, spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "1.5 * dz @ xt.T")))
    (result,) = gradproof.audit(path, examples=2).functions[0].failing
    report = gradproof.audit(path, case=result.case)
    (again,) = report.functions[0].failing
    assert report.functions[0].cases == 1
    assert (again.case, again.index, again.actual, again.expected) == (
        result.case,
        result.index,
        result.actual,
        result.expected,
    )


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("n_x=two", "'n_x=two' is not part of a case of rnn_cell_backward; expected words such as n_x=1"),
        ("rows=1", "'rows=1' is not part of a case"),
        ("seed", "'seed' is not part of a case"),
        ("n_x=1 ,", "',' is not part of a case"),
        ("n_x=0", "n_x is 0 in a case; expected 1 to 1000"),
        ("n_x=1000000", "n_x is 1000000 in a case; expected 1 to 1000"),
        ("n_x=1000 n_a=1000 m=1000", "is too large a case"),
        ("seed=-1", "seed is -1 in a case; expected 0 or more"),
        ("scale=nan", "scale is nan in a case; expected a positive number"),
        ("cotangents=inf", "cotangents is inf in a case"),
        ("", "is empty"),
    ],
)
def test_a_case_that_is_none_is_an_error_that_names_the_word(tmp_path, case, message):
    path = written(tmp_path, RNN_CELL_BACKWARD)
    with pytest.raises(AuditError, match=message):
        gradproof.audit(path, case=case)


def test_a_case_may_name_what_only_another_function_has(tmp_path):
    report = gradproof.audit(manual.lstm.__file__, case="T=2 dc=0")
    assert [function.cases for function in report.functions] == [1, 1, 1, 1]


@pytest.mark.parametrize("target", [5, None, manual.lstm])
def test_what_is_neither_a_path_nor_a_function_is_a_type_error(target):
    with pytest.raises(TypeError, match="expected a path, a function or a class"):
        gradproof.audit(target)


def test_a_report_prints_itself_as_the_table():
    report = gradproof.audit(mine, convention="coursera.rnn_cell_backward", examples=2)
    assert "dba       wrong        [0, 0]" in str(report)


def test_a_report_is_true_exactly_when_everything_is_verified(tmp_path):
    assert gradproof.audit(written(tmp_path, RNN_CELL_BACKWARD), examples=2)
    assert not gradproof.audit(written(tmp_path, spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "-dz @ xt.T"))), examples=2)


def test_raise_if_wrong_raises_exactly_when_something_is(tmp_path):
    assert gradproof.audit(written(tmp_path, RNN_CELL_BACKWARD), examples=2).raise_if_wrong() is None
    wrong = gradproof.audit(written(tmp_path, spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "-dz @ xt.T"))), examples=2)
    with pytest.raises(AssertionError, match="dWax"):
        wrong.raise_if_wrong()


def test_a_function_without_fork_is_imported_by_its_module(monkeypatch):
    monkeypatch.delattr(os, "fork")
    assert gradproof.audit(manual.rnn.rnn_cell_backward, examples=2)


def test_an_audit_leaves_no_process_and_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    (tmp_path / "temporary").mkdir()
    started = []
    original = candidate.Candidate._start

    def recorded(self):
        original(self)
        started.append(self._process)

    monkeypatch.setattr(candidate.Candidate, "_start", recorded)
    gradproof.audit(written(tmp_path, RNN_CELL_BACKWARD), examples=2)
    assert [process.wait() < 0 for process in started] == [True]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_the_callers_random_state_and_error_state_are_left_alone(tmp_path):
    np.random.seed(3)
    state, errors = np.random.get_state()[1].copy(), np.geterr()
    gradproof.audit(written(tmp_path, "np.random.seed(0)\nnp.seterr(all='ignore')\n" + RNN_CELL_BACKWARD), examples=2)
    assert (np.random.get_state()[1] == state).all()
    assert np.geterr() == errors


def test_a_function_that_uses_jax_is_audited_although_this_process_has_used_it():
    for _ in range(2):
        assert gradproof.audit(by_jax, convention="coursera.rnn_cell_backward", examples=2, timeout=30)


def by_jax(da_next, cache):
    import jax

    _, a_prev, xt, parameters = cache
    with jax.enable_x64(True):
        weights = {name: parameters[name] for name in ("Wax", "Waa", "ba")}
        _, pullback = jax.vjp(
            lambda x, a, p: jax.numpy.tanh(p["Wax"] @ x + p["Waa"] @ a + p["ba"]), xt, a_prev, weights
        )
        dxt, da_prev, d = pullback(da_next)
        return {"dxt": dxt, "da_prev": da_prev, "dWax": d["Wax"], "dWaa": d["Waa"], "dba": d["ba"]}


@given(st.integers(0, 3))
@settings(max_examples=2)
def test_an_audit_may_run_inside_a_hypothesis_test(seed):
    assert gradproof.audit(manual.rnn.rnn_cell_backward, examples=2, seed=seed)


def test_a_line_number_is_that_of_the_function_and_not_of_a_namesake():
    class Model:
        def mine(self):
            return None

    assert Model().mine() is None
    (function,) = gradproof.audit(mine, convention="coursera.rnn_cell_backward", examples=1).functions
    assert function.line == mine.__code__.co_firstlineno


@pytest.mark.parametrize("module", [manual.rnn, manual.lstm], ids=lambda module: module.__name__)
def test_wide_nets_and_long_sequences_are_no_false_alarm(module):
    assert gradproof.audit(module.__file__, case="n_x=20 n_a=40 n_y=10 m=16 T=40 seed=0")


@pytest.mark.parametrize("timeout", [0, -1, float("inf"), float("nan")])
def test_a_timeout_that_is_none_is_an_error(timeout):
    with pytest.raises(AuditError, match="timeout is"):
        gradproof.audit(manual.rnn.rnn_backward, timeout=timeout)
