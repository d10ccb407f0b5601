"""The repair: of each kind of mistake an edit that mends it, in the candidate's own words, and what an audit proves."""

import json
import random
from textwrap import indent

import pytest
from candidates import LSTM_CELL_BACKWARD, RNN_BACKWARD, RNN_CELL_BACKWARD, spoiled, written
from click.testing import CliRunner

import gradproof
from gradproof.cli import main
from gradproof.repair.text import Span, applied, original_line, tightness

NET = RNN_CELL_BACKWARD + RNN_BACKWARD
ADDING = spoiled(
    RNN_BACKWARD,
    (
        'dWax, dWaa, dba = dWax + g["dWax"], dWaa + g["dWaa"], dba + g["dba"]\n',
        'dWax += g["dWax"]\n        dWaa += g["dWaa"]\n        dba += g["dba"]\n',
    ),
)


def repaired(folder, source, **options):
    """The report of an audit that searches a repair."""
    options = {"examples": 2, "arithmetic": "float64", "repair_budget": 60, **options}
    return gradproof.audit(written(folder, source), **options)


# what is right, what of it becomes what, and the kinds of edit that may be told
MISTAKES = {
    "a factor is missing": (RNN_CELL_BACKWARD, "(1 - a_next ** 2) * da_next", "da_next", {"factor missing"}),
    "a factor too many": (RNN_CELL_BACKWARD, "dz @ xt.T", "2 * dz @ xt.T", {"factor extra", "constant"}),
    "a sign": (RNN_CELL_BACKWARD, "1 - a_next ** 2", "1 + a_next ** 2", {"sign"}),
    "an exponent": (RNN_CELL_BACKWARD, "1 - a_next ** 2", "1 - a_next", {"constant"}),
    "parentheses": (RNN_CELL_BACKWARD, "1 - a_next ** 2", "(1 - a_next) ** 2", {"parentheses"}),
    "tanh of tanh": (RNN_CELL_BACKWARD, "1 - a_next ** 2", "1 - np.tanh(a_next) ** 2", {"variable", "function"}),
    "another variable": (RNN_CELL_BACKWARD, "dz @ a_prev.T", "dz @ a_next.T", {"variable"}),
    "a transposed weight": (RNN_CELL_BACKWARD, '"Waa"].T @ dz', '"Waa"] @ dz', {"transpose"}),
    "a bias that is not a column": (RNN_CELL_BACKWARD, "axis=1, keepdims=True", "axis=1", {"keepdims"}),
    "the other axis": (RNN_CELL_BACKWARD, "axis=1, keepdims=True", "axis=0, keepdims=True", {"axis"}),
    "a mean": (RNN_CELL_BACKWARD, "dz.sum(", "dz.mean(", {"mean"}),
    "a misspelt attribute": (RNN_CELL_BACKWARD, "dz.sum(", "dz.smu(", {"name"}),
    "a misspelt name": (RNN_CELL_BACKWARD, "dz @ xt.T", "dz @ x_t.T", {"name"}),
    "a misspelt key": (RNN_CELL_BACKWARD, '["Waa"].T', '["Wa"].T', {"name", "variable"}),
    "a line that resets": (RNN_CELL_BACKWARD, "    return {", "    dz = None\n    return {", {"statement"}),
    "a squeeze": (
        RNN_CELL_BACKWARD,
        "(1 - a_next ** 2) * da_next",
        "np.squeeze((1 - a_next ** 2) * da_next)",
        {"shape"},
    ),
    "replaced instead of added": (ADDING, 'dWaa += g["dWaa"]', 'dWaa = g["dWaa"]', {"accumulate"}),
    "nothing carried": (RNN_BACKWARD, '        carry = g["da_prev"]\n', "", {"carry"}),
    "the carry not added": (RNN_BACKWARD, "da[:, :, t] + carry", "da[:, :, t]", {"term missing", "carry"}),
    "the step before": (RNN_BACKWARD, "da[:, :, t]", "da[:, :, t - 1]", {"index"}),
    "one step too few": (RNN_BACKWARD, "reversed(range(T))", "reversed(range(1, T))", {"index"}),
    "forwards in time": (RNN_BACKWARD, "reversed(range(T))", "range(T)", {"index"}),
    "a buffer of another shape": (RNN_BACKWARD, "np.zeros((x.shape[0], m, T))", "np.zeros((n_a, m, T))", {"shape"}),
    "a buffer of whole numbers": (RNN_BACKWARD, "m, T))", "m, T), dtype=int)", {"dtype"}),
    "a dropped term": (LSTM_CELL_BACKWARD, "dc_next + da_next", "da_next", {"term missing"}),
    "another slice": (LSTM_CELL_BACKWARD, '"dxt": dz[n_a:]', '"dxt": dz[:n_a]', {"slice"}),
    "another gate": (LSTM_CELL_BACKWARD, "dc * it * (1 - cct", "dc * ft * (1 - cct", {"variable"}),
    "the next cell state": (LSTM_CELL_BACKWARD, "dc * c_prev * ft", "dc * c_next * ft", {"variable"}),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_one_edit_mends(mistake, tmp_path):
    right, before, after, kinds = MISTAKES[mistake]
    source = spoiled(right, (before, after))
    if "rnn_backward" in source:
        source = RNN_CELL_BACKWARD + source
    report = repaired(tmp_path, source)
    assert report.repair is not None
    assert (report.repair.unmended, report.repair.verdict) == ({}, "agrees")
    assert [change.kind in kinds for change in report.repair.changes] == [True]


def test_the_line_is_that_of_the_mistake(tmp_path):
    (change,) = repaired(tmp_path, spoiled(NET, ("dz @ a_prev.T", "dz @ a_next.T"))).repair.changes
    assert (change.line, change.function, change.equation) == (10, "rnn_cell_backward", "R8")


def test_a_missing_gate_derivative_has_the_gates_equation(tmp_path):
    source = spoiled(LSTM_CELL_BACKWARD, ("dc * it * (1 - cct ** 2)", "dc * it"))
    (change,) = repaired(tmp_path, source).repair.changes
    assert (change.equation, change.message) == ("L13", "the factor `(1 - cct**2)` is missing")


def test_several_mistakes_are_mended_one_by_one(tmp_path):
    changes = ("dz @ xt.T", "dz @ xt.T / 2"), ("dz.sum(", "dz.mean("), ('        carry = g["da_prev"]\n', "")
    repair = repaired(tmp_path, spoiled(NET, *changes)).repair
    assert (repair.unmended, len(repair.changes)) == ({}, 3)


def test_a_loop_is_searched_with_its_mended_cell(tmp_path):
    source = spoiled(NET, ('"Waa"].T @ dz', '"Waa"] @ dz'), ("da[:, :, t] + carry", "da[:, :, t] - carry"))
    repair = repaired(tmp_path, source).repair
    assert repair.mended == ["rnn_cell_backward", "rnn_backward"]
    assert [change.function for change in repair.changes] == ["rnn_cell_backward", "rnn_backward"]


def test_a_repair_is_proved_in_exact_arithmetic(tmp_path):
    report = repaired(tmp_path, spoiled(RNN_CELL_BACKWARD, ("dz.sum(", "dz.mean(")), arithmetic="all")
    assert report.repair.verdict == "identical"


def test_comments_and_layout_stay(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T,", "dz   @   -xt.T,  # of the input"))
    diff = repaired(tmp_path, source).repair.diff
    assert '+        "dWax": dz   @   xt.T,  # of the input' in diff.splitlines()


def test_a_helper_that_is_at_fault_is_edited(tmp_path):
    helper = "\ndef slope(a):\n    return 1 - np.tanh(a) ** 2\n"
    source = helper + spoiled(RNN_CELL_BACKWARD, ("(1 - a_next ** 2)", "slope(a_next)"))
    (change,) = repaired(tmp_path, source).repair.changes
    assert change.function in ("slope", "rnn_cell_backward")


def test_a_write_into_an_argument_is_mended_by_a_copy(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD, ("    dz = (1 - a_next ** 2) * da_next", "    da_next *= 1 - a_next ** 2\n    dz = da_next")
    )
    report = repaired(tmp_path, source)
    assert [change.kind for change in report.repair.changes] == ["copy"]
    assert report.repair.mended == ["rnn_cell_backward"]


OWN = """
def offset(z):
    return z + 0.5


def forward(x, W):
    \"\"\"x: (N, D); W: (D, H).\"\"\"
    return offset(x @ W), (x, W)


def backward(dout, cache):
    x, W = cache
    dz = offset(dout)
    return dz @ W.T, x.T @ dz
"""


def test_the_forward_of_an_own_pair_is_never_edited(tmp_path):
    repair = repaired(tmp_path, OWN, forward="forward", backward="backward").repair
    assert [change.function for change in repair.changes] == ["backward"]
    assert repair.mended == ["backward"]


def test_a_helper_of_a_function_that_is_right_is_not_edited(tmp_path):
    helper = "\ndef slope(a):\n    return 1 - a\n"
    lstm = spoiled(LSTM_CELL_BACKWARD, ("ft * (1 - ft)", "ft * slope(ft)"))
    source = helper + lstm + spoiled(RNN_CELL_BACKWARD, ("(1 - a_next ** 2)", "slope(a_next)"))
    repair = repaired(tmp_path, source).repair
    assert {change.function for change in repair.changes} == {"rnn_cell_backward"}
    assert repair.mended == ["rnn_cell_backward"]


def test_of_two_definitions_in_one_statement_none_is_edited(tmp_path):
    wrong, right = spoiled(RNN_CELL_BACKWARD, ("dz.sum(", "dz.mean(")), RNN_CELL_BACKWARD
    source = f"\nif True:\n{indent(wrong, '    ')}\nelse:\n{indent(right, '    ')}"
    assert repaired(tmp_path, source).repair.changes == []


def test_a_slow_candidate_is_not_searched(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD, ("    dz =", "    import time\n    time.sleep(0.6)\n    dz ="), ("dz.sum(", "dz.mean(")
    )
    repair = repaired(tmp_path, source, examples=0, case="n_x=1 n_a=1 m=2 seed=0").repair
    assert "take too long" in repair.unmended["rnn_cell_backward"]


def test_of_another_algorithm_there_is_no_repair_and_it_is_said(tmp_path):
    names = ("dxt", "da_prev", "dWax", "dWaa", "dba")
    source = f"\ndef rnn_cell_backward(da_next, cache):\n    return dict.fromkeys({names}, np.zeros(3))\n"
    report = repaired(tmp_path, source, repair_budget=5)
    assert (report.repair.mended, report.repair.diff) == ([], "")
    assert "edits mends it" in report.repair.unmended["rnn_cell_backward"]


def test_without_time_nothing_is_claimed(tmp_path):
    source = spoiled(NET, ("1 - a_next ** 2", "1 - a_next ** 3 + xt.sum()"), ("dz @ xt.T", "-xt"))
    repair = repaired(tmp_path, source, repair_budget=0.001).repair
    assert (repair.mended, repair.verdict) == ([], None)


def test_right_source_is_not_searched(tmp_path):
    assert repaired(tmp_path, NET).repair is None


def test_edits_that_end_the_process_do_not_cost_the_repair(tmp_path):
    exits = "    if np.shape(dz) != da_next.shape:\n        import os\n        os._exit(3)\n"
    source = spoiled(
        RNN_CELL_BACKWARD, ("1 - a_next ** 2", "1 + a_next ** 2"), ("    return {", f"{exits}    return {{")
    )
    assert repaired(tmp_path, source).repair.mended == ["rnn_cell_backward"]


def test_an_edit_that_never_ends_is_given_up(tmp_path):
    loop = "    n = 0\n    while n < 3:\n        n += 1\n    dz = (1 - a_next ** 2) * da_next * n / 3"
    source = spoiled(RNN_CELL_BACKWARD, ("    dz = (1 - a_next ** 2) * da_next", loop), ("dz.sum(", "dz.mean("))
    assert repaired(tmp_path, source).repair.mended == ["rnn_cell_backward"]


# the command line


def run(*arguments):
    return CliRunner().invoke(main, ["audit", *map(str, arguments), "--examples", "2"])


WRONG = spoiled(RNN_CELL_BACKWARD, ("dz.sum(", "dz.mean("))


def test_fix_writes_the_repaired_file_and_leaves_the_original(tmp_path):
    path, out = written(tmp_path, WRONG), tmp_path / "fixed.py"
    before = path.read_bytes()
    result = run(path, "--fix", out)
    assert (result.exit_code, path.read_bytes()) == (1, before)
    assert out.read_text() == before.decode().replace("dz.mean(", "dz.sum(")


def test_fix_does_not_write_over_the_original(tmp_path):
    path = written(tmp_path, WRONG)
    before = path.read_bytes()
    result = run(path, "--fix", path)
    assert (result.exit_code, path.read_bytes()) == (2, before)
    assert "is the audited file itself" in result.stderr


def test_fix_keeps_line_ends_and_encoding(tmp_path):
    path, out = tmp_path / "candidate.py", tmp_path / "fixed.py"
    text = "# -*- coding: latin-1 -*-\nimport numpy as np  # Größe\n" + WRONG
    path.write_bytes(text.replace("\n", "\r\n").encode("latin-1"))
    run(path, "--fix", out)
    assert out.read_bytes() == text.replace("mean", "sum").replace("\n", "\r\n").encode("latin-1")


def test_fix_keeps_mixed_line_ends(tmp_path):
    path, out = tmp_path / "candidate.py", tmp_path / "fixed.py"
    text = ("import numpy as np\n" + WRONG).replace("\n", "\r\n", 4)
    path.write_bytes(text.encode())
    run(path, "--fix", out)
    assert out.read_bytes() == text.replace("mean", "sum").encode()


@pytest.mark.parametrize("name", ["nowhere/fixed.py", "fixed.txt", "fixed.ipynb"])
def test_where_the_repaired_file_cannot_be_written_is_told_before_the_audit(name, tmp_path):
    result = run(written(tmp_path, WRONG), "--fix", tmp_path / name)
    assert (result.exit_code, result.stdout) == (2, "")


def test_fix_writes_a_notebook_with_its_other_cells(tmp_path):
    cells = [
        {"cell_type": "markdown", "source": ["# Title"], "metadata": {}},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "import numpy as np"], "outputs": [], "metadata": {}},
        {"cell_type": "code", "source": WRONG.splitlines(keepends=True), "outputs": [1], "metadata": {}},
    ]
    path, out = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}, indent=1))
    run(path, "--fix", out)
    found = json.loads(out.read_text())
    assert found["cells"][:2] == cells[:2]
    assert "".join(found["cells"][2]["source"]) == WRONG.replace("mean", "sum")


def test_no_repair_searches_none(tmp_path):
    result = run(written(tmp_path, WRONG), "--no-repair")
    assert "repair\n" not in result.stdout


def test_verdicts_are_printed_before_the_repair(tmp_path):
    result = run(written(tmp_path, WRONG))
    assert 0 < result.stdout.index("1 of 1 function not verified") < result.stdout.index("\nrepair\n")
    assert "with this change every gradient of rnn_cell_backward is identical" in result.stdout


@pytest.mark.parametrize(
    ("level", "told"), [(1, (True, False, False)), (2, (True, True, False)), (3, (True, True, True))]
)
def test_a_hint_says_no_more_than_its_level(level, told, tmp_path):
    result = run(written(tmp_path, WRONG), "--hint", level)
    assert tuple(words in result.stdout for words in ("dba       wrong", "only when m>1", "repair\n")) == told


def test_a_fix_that_is_not_searched_for_is_a_usage_error(tmp_path):
    assert run(written(tmp_path, WRONG), "--fix", tmp_path / "x.py", "--no-repair").exit_code == 2


def test_explain_prints_one_entry():
    result = CliRunner().invoke(main, ["explain", "severed-bptt"])
    assert result.exit_code == 0
    assert "carried" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_explain_of_an_unknown_name_names_the_nearest():
    result = CliRunner().invoke(main, ["explain", "severed-bpt"])
    assert (result.exit_code, "severed-bptt" in result.stderr) == (2, True)


# text


@pytest.mark.parametrize(
    ("text", "expected"), [("a", 5), ("(a + b)", 5), ("(a) + (b)", 1), ("a * b", 2), ("-a", 3), ("a**2", 4)]
)
def test_how_tightly_text_binds(text, expected):
    assert tightness(text) == expected


def test_spans_are_replaced_whatever_their_order():
    spans = [Span(1, 4, 1, 5, "x"), Span(2, 0, 2, 0, "new\n"), Span(1, 0, 1, 1, "yy")]
    for seed in range(3):
        random.Random(seed).shuffle(spans)
        assert applied("a = b\nc = d", spans) == "yy = x\nnew\nc = d"


def test_overlapping_spans_are_refused():
    with pytest.raises(ValueError, match="same place"):
        applied("a = b + c", [Span(1, 4, 1, 9, "x"), Span(1, 8, 1, 9, "y")])


def test_a_line_of_the_edited_text_is_found_in_the_original():
    assert [original_line("a\nb\nc", "a\nnew\nb\nc", line) for line in (1, 3, 4)] == [1, 2, 3]
