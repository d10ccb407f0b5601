"""Published functions are found by name and arguments, and nothing else is taken for one."""

import pytest
from candidates import RNN_CELL_BACKWARD, written

import gradproof
from gradproof.contracts import CONVENTIONS, called_with, key
from gradproof.contracts.coursera import LSTM_BACKWARD, LSTM_FORWARD
from gradproof.contracts.coursera import RNN_CELL_BACKWARD as CELL
from gradproof.errors import AuditError
from gradproof.recognise import fits

EVERY = [contract for family in CONVENTIONS.values() for contract in family]
PLAIN = "POSITIONAL_OR_KEYWORD"


def parameters(*names, defaults=0):
    return [[name, PLAIN, i >= len(names) - defaults] for i, name in enumerate(names)]


@pytest.mark.parametrize("contract", EVERY, ids=lambda contract: "-".join([*key(contract)[1:3]]))
def test_the_published_arguments_fit(contract):
    required = [name for name in called_with(contract) if name not in contract.optional]
    constructor = {f"{contract.name.partition('.')[0]}.__init__": parameters(*contract.constructor or ())}
    assert fits(contract, {contract.name: parameters(*required), **constructor}, contract.name)


@pytest.mark.parametrize(
    ("contract", "given", "fitting"),
    [
        (LSTM_BACKWARD, parameters("da", "caches", "dc", defaults=1), True),
        (LSTM_BACKWARD, parameters("da", "caches", "dc"), True),
        (LSTM_BACKWARD, parameters("dA", "caches"), True),
        (LSTM_BACKWARD, parameters("da", "caches", "verbose", defaults=1), True),
        (LSTM_BACKWARD, parameters("dh", "cache"), False),  # another course's
        (LSTM_FORWARD, parameters("x", "h0", "Wx", "Wh", "b"), False),
        (LSTM_FORWARD, parameters("x", "a0", "c0", "parameters"), False),
        (CELL, parameters("da_next"), False),
        (CELL, [["args", "VAR_POSITIONAL", False]], True),
        (CELL, None, True),
    ],
)
def test_other_arguments_fit_when_the_function_can_be_called_as_published(contract, given, fitting):
    assert fits(contract, {"f": given}, "f") == fitting


@pytest.mark.parametrize("name", ["RNN_cell_backward", "rnnCellBackward"])
def test_another_spelling_of_the_name_is_recognised_and_kept(tmp_path, name):
    path = written(tmp_path, RNN_CELL_BACKWARD.replace("rnn_cell_backward", name))
    (function,) = gradproof.audit(path, examples=2).functions
    assert (function.name, function.contract, function.verdict) == (name, "rnn_cell_backward", "verified")


def test_any_name_is_held_to_a_contract_that_is_given(tmp_path):
    path = written(tmp_path, RNN_CELL_BACKWARD.replace("rnn_cell_backward", "mine"))
    (function,) = gradproof.audit(f"{path}::mine", convention="coursera.rnn_cell_backward", examples=2).functions
    assert (function.name, function.contract, function.verdict) == ("mine", "rnn_cell_backward", "verified")


def test_a_known_name_with_other_arguments_is_told(tmp_path):
    path = written(tmp_path, RNN_CELL_BACKWARD + "def lstm_backward(dh, h, c):\n    return 0\n")
    report = gradproof.audit(path, examples=2)
    assert [function.name for function in report.functions] == ["rnn_cell_backward"]
    assert any(note.message.startswith("lstm_backward(dh, h, c) has a known name") for note in report.notes)


@pytest.mark.parametrize(
    ("target", "options", "message"),
    [
        ("", {}, "no function that gradproof knows"),
        ("::nothing", {}, "has no function 'nothing'; it has helper"),
        ("::helper", {}, "helper is not a function that gradproof knows"),
        ("", {"convention": "keras"}, "convention 'keras' is unknown; expected auto, coursera"),
        ("::helper", {"convention": "coursera.gru"}, "'coursera.gru' is unknown; expected one of rnn_cell_forward"),
        (
            "::helper",
            {"convention": "coursera.rnn_backward"},
            r"helper\(x\) cannot be called as rnn_backward\(da, caches\)",
        ),
    ],
)
def test_nothing_to_audit_is_an_error_that_says_what_is_looked_for(tmp_path, target, options, message):
    path = written(tmp_path, "def helper(x):\n    return x\n")
    with pytest.raises(AuditError, match=message):
        gradproof.audit(f"{path}{target}", **options)


def test_one_function_of_a_file_is_audited_with_its_own_forward(tmp_path):
    from candidates import RNN

    path = written(tmp_path, RNN.replace('parameters["Wya"] @ a_next', 'parameters["Wya"] @ a_prev'))
    report = gradproof.audit(f"{path}::rnn_backward", examples=2)
    assert [(function.name, function.verdict) for function in report.functions] == [("rnn_backward", "verified")]


def test_a_backward_whose_forward_is_not_the_published_one_is_not_judged_on_its_cache(tmp_path):
    source = RNN_CELL_BACKWARD + "def rnn_cell_forward(xt, a_prev):\n    return 0\n"
    path = written(tmp_path, source)
    with pytest.raises(AuditError, match=r"reads the cache of rnn_cell_forward\(xt, a_prev\), which has others"):
        gradproof.audit(path)
    assert gradproof.audit(path, convention="coursera", examples=2).functions[-1].verdict == "verified"


def test_a_contract_chooses_its_function(tmp_path):
    from candidates import RNN

    report = gradproof.audit(written(tmp_path, RNN), convention="coursera.rnn_cell_backward", examples=2)
    assert [function.name for function in report.functions] == ["rnn_cell_backward"]


def test_a_nearly_published_name_is_told(tmp_path):
    source = RNN_CELL_BACKWARD + "def rnn_bakward(da, caches):\n    return 0\n"
    report = gradproof.audit(written(tmp_path, source), examples=2)
    (note,) = [note for note in report.notes if note.unaudited]
    assert note.message == "rnn_bakward looks like rnn_backward, and is not called so: not audited"
    assert "1 of a known name not audited" in " ".join(str(report).split())
