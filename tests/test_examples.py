"""Every example has the verdict that its one mistake deserves, on exactly the gradients that the mistake reaches."""

from functools import cache
from pathlib import Path

import pytest

import gradproof

EXAMPLES = Path(__file__).parent.parent / "examples"
LSTM_SEQUENCE = {"dx", "da0", "dWf", "dbf", "dWi", "dbi", "dWc", "dbc", "dWo", "dbo"}
RNN_CELL = {"dxt", "da_prev", "dWax", "dWaa", "dba"}
GRU_WEIGHTS = {"dWz", "dbz", "dWr", "dbr", "dWh", "dbh"}
RECURRENT = ("RNN", "LSTM", "GRU")
VERIFIED = ("verified", {}, set())

# file: {function: (verdict, {gradient verdict: names}, kinds of findings)}; what is not named agrees.
# A function that is audited for its loss and for its gradients has its kind after its name.
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
    "gru_right.py": {
        f"gru{part}_{direction}": VERIFIED for part in ("_cell", "") for direction in ("forward", "backward")
    },
    "gru_other_update_rule.py": {
        "gru_cell_forward": ("verified", {}, {"convention"}),
        "gru_cell_backward": VERIFIED,
    },
    "gru_reset_gate_derivative.py": {
        "gru_cell_forward": VERIFIED,
        "gru_forward": VERIFIED,
        "gru_cell_backward": ("wrong", {"wrong": {"dxt", "da_prev", "dWr", "dbr"}}, {"gates"}),
        "gru_backward": ("wrong", {"wrong": {"dx", "da0"} | GRU_WEIGHTS}, {"cell"}),
    },
    "gru_forgets_direct_path.py": {
        "gru_cell_forward": VERIFIED,
        "gru_forward": VERIFIED,
        "gru_cell_backward": ("wrong", {"wrong": {"da_prev"}}, set()),
        "gru_backward": ("wrong", {"wrong": {"dx", "da0"} | GRU_WEIGHTS}, {"cell"}),
    },
    "cs231n_right.py": {
        **{
            f"{layer}_{direction}": VERIFIED
            for layer in ("rnn_step", "rnn", "lstm_step", "lstm", "word_embedding", "temporal_affine")
            for direction in ("forward", "backward")
        },
        "temporal_softmax_loss forward": VERIFIED,
        "temporal_softmax_loss backward": VERIFIED,
    },
    "cs231n_lstm_writes_into_dnext_c.py": {
        "lstm_step_forward": VERIFIED,
        "lstm_step_backward": ("verified", {}, {"in-place"}),
    },
    "cs231n_rnn_buffer_transposed.py": {
        "rnn_step_forward": VERIFIED,
        "rnn_forward": VERIFIED,
        "rnn_step_backward": VERIFIED,
        "rnn_backward": ("raises", {"raises": {"dx", "dh0", "dWx", "dWh", "db"}}, {"cell"}),
    },
    "cs231n_embedding_overwrites.py": {
        "word_embedding_forward": VERIFIED,
        "word_embedding_backward": ("wrong", {"wrong": {"dW"}}, set()),
    },
    "dlfs2_right.py": {
        f"{layer}.{direction}": VERIFIED
        for layer in (*RECURRENT, *(f"Time{layer}" for layer in (*RECURRENT, "Embedding", "Affine", "SoftmaxWithLoss")))
        for direction in ("forward", "backward")
    },
    "dlfs2_lstm_other_gate_order.py": {
        "LSTM.forward": ("verified", {}, {"convention"}),
        "LSTM.backward": VERIFIED,
    },
    "dlfs2_lstm_gate_swapped.py": {
        "LSTM.forward": VERIFIED,
        "LSTM.backward": ("wrong", {"wrong": {"dx", "dh_prev", "dWx", "dWh", "db"}}, set()),
    },
    "dlfs2_time_rnn_no_carry.py": {
        "RNN.forward": VERIFIED,
        "RNN.backward": VERIFIED,
        "TimeRNN.forward": VERIFIED,
        "TimeRNN.backward": ("wrong", {"wrong": {"dxs", "dh", "dWx", "dWh", "db"}}, {"cell"}),
    },
    "min_char_rnn_right.py": {"lossFun forward": VERIFIED, "lossFun backward": VERIFIED},
    "min_char_rnn_clipped.py": {
        "lossFun forward": VERIFIED,
        "lossFun backward": ("verified", {}, {"clipped"}),
    },
    "min_char_rnn_dhnext_forgotten.py": {
        "lossFun forward": VERIFIED,
        "lossFun backward": ("wrong", {"wrong": {"dWxh", "dWhh", "dbh"}}, set()),
    },
    "min_char_rnn_tanh_derivative.py": {
        "lossFun forward": VERIFIED,
        "lossFun backward": ("wrong", {"wrong": {"dWxh", "dWhh", "dbh"}}, set()),
    },
}

# Pairs of people's own, which are named on the command line.
OWN = {
    "own_layer_norm.py": ("layer_norm", VERIFIED),
    "own_layer_norm_wrong.py": ("layer_norm", ("wrong", {"wrong": {"dx"}}, set())),
    "own_attention_head.py": ("attention_head", VERIFIED),
    "own_attention_head_wrong.py": ("attention_head", ("wrong", {"wrong": {"dx", "dWq", "dWk"}}, set())),
    "own_conv1d.py": ("conv1d", VERIFIED),
    "own_conv1d_wrong.py": ("conv1d", ("wrong", {"wrong": {"dx"}}, set())),
    "own_softmax_regression.py": ("softmax_regression", VERIFIED),
}
EXPECTED |= {file: {f"{layer}_backward": verdict} for file, (layer, verdict) in OWN.items()}

CONDITIONS = {
    ("lstm_severed_bptt.py", "lstm_backward"): {"only from T=2 on", "only from T=3 on"},
    ("lstm_missing_parentheses.py", "lstm_cell_backward"): {"only when dc_next≠0"},
    ("rnn_tanh_derivative_of_preactivation.py", "rnn_cell_backward"): {None},
    ("rnn_mean_for_sum.py", "rnn_backward"): {"only when m>1"},
    ("rnn_squeezed_axes.py", "rnn_cell_backward"): {"only when n_a=1 or m=1"},
    ("gru_reset_gate_derivative.py", "gru_backward"): {None, "only from T=2 on"},
    ("gru_forgets_direct_path.py", "gru_cell_backward"): {None},
    ("gru_forgets_direct_path.py", "gru_backward"): {None, "only from T=2 on"},
    ("cs231n_rnn_buffer_transposed.py", "rnn_backward"): {"only when D≠H"},
    ("dlfs2_lstm_gate_swapped.py", "LSTM.backward"): {None},
    ("dlfs2_time_rnn_no_carry.py", "TimeRNN.backward"): {"only from T=2 on"},
    ("min_char_rnn_dhnext_forgotten.py", "lossFun backward"): {"only from T=2 on"},
}


@cache
def functions_of(name):
    """The functions by the names that the report tells them apart with."""
    pair = {"forward": f"{OWN[name][0]}_forward", "backward": f"{OWN[name][0]}_backward"} if name in OWN else {}
    functions = gradproof.audit(EXAMPLES / name, **pair).functions
    names = [function.name for function in functions]
    return {f"{f.name} {f.kind}" if names.count(f.name) > 1 else f.name: f for f in functions}


def test_every_example_is_tested():
    assert {path.name for path in EXAMPLES.iterdir() if path.suffix in (".py", ".ipynb")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_verdict_names_the_gradients_that_the_mistake_reaches(name):
    found = {}
    for called, function in functions_of(name).items():
        verdicts = {}
        for result in function.failing:
            verdicts.setdefault(result.verdict, set()).add(result.name)
        found[called] = (function.verdict, verdicts, {finding.kind for finding in function.findings})
    assert found == EXPECTED[name]


@pytest.mark.parametrize(("name", "function"), CONDITIONS)
def test_the_condition_is_the_one_that_the_mistake_needs(name, function):
    found = {result.condition for result in functions_of(name)[function].failing}
    assert found == CONDITIONS[name, function]


def test_the_blocks_of_swapped_gates_are_named():
    packed = [
        r
        for r in functions_of("dlfs2_lstm_gate_swapped.py")["LSTM.backward"].failing
        if r.name.startswith(("dW", "db"))
    ]
    assert [result.where for result in packed] == 3 * [
        ["only columns 3..8 wrong, those of the candidate and the input gate"]
    ]
