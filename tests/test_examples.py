"""Every example has the verdict that its one mistake deserves, on exactly the gradients that the mistake reaches."""

from functools import cache
from pathlib import Path

import pytest

import gradproof

EXAMPLES = Path(__file__).parent.parent / "examples"
LSTM_SEQUENCE = {"dx", "da0", "dWf", "dbf", "dWi", "dbi", "dWc", "dbc", "dWo", "dbo"}
RNN_CELL = {"dxt", "da_prev", "dWax", "dWaa", "dba"}

# file: {function: (verdict, {gradient verdict: names}, kinds of findings)}; what is not named agrees.
EXPECTED = {
    "right.py": {
        f"{net}{part}_{direction}": ("verified", {}, set())
        for net in ("rnn", "lstm")
        for part in ("_cell", "")
        for direction in ("forward", "backward")
    },
    "lstm_severed_bptt.py": {
        "lstm_cell_backward": ("verified", {}, set()),
        "lstm_backward": ("wrong", {"wrong": LSTM_SEQUENCE}, {"cell"}),
    },
    "lstm_carries_dc_only.py": {
        "lstm_cell_backward": ("verified", {}, set()),
        "lstm_backward": ("wrong", {"wrong": LSTM_SEQUENCE}, {"cell"}),
    },
    "lstm_missing_parentheses.py": {
        "lstm_cell_backward": (
            "wrong",
            {"wrong": {"dxt", "da_prev", "dWf", "dbf", "dWi", "dbi", "dWc", "dbc"}},
            {"gates"},
        ),
    },
    "lstm_cache_is_a_view.py": {
        "lstm_cell_forward": ("verified", {}, set()),
        "lstm_forward": ("wrong", {"wrong": {"caches"}}, {"cache"}),
        "lstm_cell_backward": ("verified", {}, set()),
        "lstm_backward": ("verified", {}, {"forward"}),
    },
    "rnn_tanh_derivative_of_preactivation.py": {"rnn_cell_backward": ("wrong", {"wrong": RNN_CELL}, set())},
    "rnn_mean_for_sum.py": {
        "rnn_cell_backward": ("wrong", {"wrong": {"dba"}}, set()),
        "rnn_backward": ("wrong", {"wrong": {"dba"}}, {"cell"}),
    },
    "rnn_squeezed_axes.py": {"rnn_cell_backward": ("raises", {"raises": RNN_CELL}, set())},
    "rnn_bias_gradient_not_a_column.py": {"rnn_cell_backward": ("wrong", {"wrong-shape": {"dba"}}, set())},
    "rnn_writes_into_da.py": {
        "rnn_cell_backward": ("verified", {}, set()),
        "rnn_backward": ("verified", {}, {"in-place"}),
    },
    "rnn_unfinished.ipynb": {
        "rnn_cell_forward": ("verified", {}, set()),
        "rnn_cell_backward": ("unfinished", {"unfinished": {"da_prev", "dWaa"}}, {"unfinished"}),
    },
}

CONDITIONS = {
    ("lstm_severed_bptt.py", "lstm_backward"): {"only from T=2 on", "only from T=3 on"},
    ("lstm_missing_parentheses.py", "lstm_cell_backward"): {"only when dc_next≠0"},
    ("rnn_tanh_derivative_of_preactivation.py", "rnn_cell_backward"): {None},
    ("rnn_mean_for_sum.py", "rnn_backward"): {"only when m>1"},
    ("rnn_squeezed_axes.py", "rnn_cell_backward"): {"only when n_a=1 or m=1"},
}


@cache
def report_of(name):
    return gradproof.audit(EXAMPLES / name)


def test_every_example_is_tested():
    assert {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_verdict_names_the_gradients_that_the_mistake_reaches(name):
    found = {}
    for function in report_of(name).functions:
        verdicts = {}
        for result in function.failing:
            verdicts.setdefault(result.verdict, set()).add(result.name)
        found[function.name] = (function.verdict, verdicts, {finding.kind for finding in function.findings})
    assert found == EXPECTED[name]


@pytest.mark.parametrize(("name", "function"), CONDITIONS)
def test_the_condition_is_the_one_that_the_mistake_needs(name, function):
    (audited,) = [audited for audited in report_of(name).functions if audited.name == function]
    assert {result.condition for result in audited.failing} == CONDITIONS[name, function]
