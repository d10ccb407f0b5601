"""Whatever a candidate does, it loses nothing but its own verdict."""

import subprocess
import sys
import time

import pytest
from candidates import RNN, RNN_BACKWARD, RNN_CELL_BACKWARD, audited, named, spoiled, written

import gradproof

CELL = RNN_CELL_BACKWARD.replace("rnn_cell_backward", "cell")
BAD_CELL = "def rnn_cell_backward(da_next, cache):\n    {}\n"


@pytest.mark.parametrize(
    ("statement", "type", "message"),
    [
        ("while True: pass", "Timeout", "did not return within 2 s"),
        ("import sys; sys.exit(4)", "SystemExit", "code 4"),
        ("import os; os._exit(3)", "Exit", "ended its process with code 3"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "Crash", "ended its interpreter with SIGKILL"),
        ("np.zeros((10**7, 10**7))", "MemoryError", "Unable to allocate"),
        ("return rnn_cell_backward(da_next, cache)", "RecursionError", "recursion"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt", ""),
        ("input('value?')", "EOFError", ""),
    ],
)
def test_a_function_that_does_not_return_is_reported_and_the_others_are_judged(tmp_path, statement, type, message):
    healthy = RNN_BACKWARD.replace("rnn_cell_backward(", "cell(") + RNN_CELL_BACKWARD.replace(
        "rnn_cell_backward", "cell"
    )
    functions = audited(tmp_path, BAD_CELL.format(statement) + healthy, timeout=2)
    failure = functions["rnn_cell_backward"].failure
    assert functions["rnn_cell_backward"].verdict == "raises"
    assert (failure.type, message in failure.message) == (type, True)
    assert functions["rnn_backward"].verdict == "verified"


def test_a_crash_of_the_interpreter_is_reported_with_its_line(tmp_path):
    functions = audited(tmp_path, BAD_CELL.format("import ctypes; ctypes.string_at(0)") + "\n")
    failure = functions["rnn_cell_backward"].failure
    assert (failure.type, failure.line, failure.function) == ("Crash", 3, "rnn_cell_backward")
    assert "SIGSEGV" in failure.message


def test_an_endless_cell_does_not_hide_that_the_loop_is_right(tmp_path):
    function = audited(tmp_path, BAD_CELL.format("while True: pass") + RNN_BACKWARD, timeout=2)["rnn_backward"]
    assert function.failure.type == "Timeout"
    assert any(finding.message.startswith("glue right, cell wrong") for finding in function.findings)


@pytest.mark.parametrize(
    "statement",
    [
        "raise ValueError('data is missing')",
        "data = open('no-such-file.csv').read()",
        "import sys; sys.exit(0)",
        "import os; os._exit(0)",
        "while True: pass",
        "undefined_name",
        "from a_package_that_is_not_installed import anything",
    ],
)
def test_module_level_code_that_fails_does_not_stop_the_audit(tmp_path, statement):
    functions = audited(tmp_path, f"{statement}\n{RNN_CELL_BACKWARD}")
    assert functions["rnn_cell_backward"].verdict == "verified"


def test_a_statement_that_takes_too_long_is_skipped_and_told(tmp_path):
    path = written(tmp_path, f"import time\ntime.sleep(60)\n{RNN_CELL_BACKWARD}")
    started = time.monotonic()
    report = gradproof.audit(path, examples=2, timeout=1)
    assert report
    assert [(note.line, note.message) for note in report.notes] == [(3, "skipped: did not return within 1 s")]
    assert time.monotonic() - started < 30


def test_a_patched_numpy_changes_no_verdict(tmp_path):
    patch = """
np.allclose = np.array_equal = lambda *a, **k: True
np.testing.assert_allclose = lambda *a, **k: None
np.abs = lambda x: x * 0
"""
    source = patch + spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "2 * dz @ xt.T"))
    assert named(audited(tmp_path, source)["rnn_cell_backward"], "wrong") == {"dWax"}


def test_a_forged_report_changes_no_verdict(tmp_path):
    forgery = """
    import os, sys
    for descriptor in range(64):
        try:
            os.write(descriptor, b'{"schema": "gradproof-report/1", "verified": true}')
        except OSError:
            pass
    print("rnn_cell_backward: verified")
    sys.stderr.write("all agree")
"""
    source = spoiled(RNN_CELL_BACKWARD, ("    a_next, a_prev", forgery + "    a_next, a_prev"))
    functions = audited(tmp_path, source + RNN_BACKWARD.replace("rnn_cell_backward(", "cell(") + CELL)
    assert functions["rnn_cell_backward"].failure.type == "Crash"
    assert functions["rnn_backward"].verdict == "verified"


def test_what_the_candidate_prints_is_not_in_the_way(tmp_path, capfd):
    source = "print('loading')\n" + spoiled(RNN_CELL_BACKWARD, ("    dz =", "    print('called' * 10000)\n    dz ="))
    assert audited(tmp_path, source)["rnn_cell_backward"].verdict == "verified"
    assert capfd.readouterr() == ("", "")


def test_results_of_any_size_do_not_stop_the_audit(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "np.zeros((5000, 5000))"))
    function = audited(tmp_path, source)["rnn_cell_backward"]
    (result,) = function.failing
    assert (result.verdict, result.actual) == ("wrong-shape", [5000, 5000])


def test_helper_modules_are_supplied_where_they_are_missing(tmp_path):
    source = (
        "from rnn_utils import *\nfrom public_tests import *\nfrom rnn_utils import initialize_adam\n"
        + RNN.replace("    e = np.exp(z - z.max(axis=0))\n", "").replace("e / e.sum(axis=0)", "softmax(z)")
    )
    path = written(tmp_path, source + "\nrnn_cell_forward_tests(rnn_cell_forward)\n")
    report = gradproof.audit(path, examples=2)
    assert report
    assert any("rnn_utils, public_tests" in note.message for note in report.notes)


def test_helper_modules_that_are_there_are_used(tmp_path):
    (tmp_path / "rnn_utils.py").write_text("def softmax(z):\n    return z\n")
    source = "from rnn_utils import softmax\n" + RNN.replace("e / e.sum(axis=0)", "softmax(z)")
    function = audited(tmp_path, source)["rnn_cell_forward"]
    assert named(function, "wrong") == {"yt_pred"}


def test_a_backward_in_a_module_of_its_own_is_found(tmp_path):
    (tmp_path / "my_backward.py").write_text("import numpy as np\n" + RNN_CELL_BACKWARD)
    assert audited(tmp_path, "from my_backward import *\n")["rnn_cell_backward"].verdict == "verified"


def test_a_package_with_relative_imports_is_loaded_as_one(tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "derivative.py").write_text("def of_tanh(a):\n    return 1 - a ** 2\n")
    source = "from .derivative import of_tanh\n" + RNN_CELL_BACKWARD.replace("(1 - a_next ** 2)", "of_tanh(a_next)")
    assert audited(package, source)["rnn_cell_backward"].verdict == "verified"


def test_a_folder_named_manual_is_not_taken_for_the_reference(tmp_path):
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual" / "__init__.py").write_text("raise RuntimeError('not this one')")
    assert audited(tmp_path, RNN_CELL_BACKWARD)["rnn_cell_backward"].verdict == "verified"


def test_a_global_that_the_function_reads_is_there(tmp_path):
    source = "factor = 1.0\n" + spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "factor * dz @ xt.T"))
    assert audited(tmp_path, source)["rnn_cell_backward"].verdict == "verified"


def test_the_same_seed_gives_the_same_report(tmp_path):
    source = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "dz @ xt.T * 1.0001"))
    assert audited(tmp_path, source, seed=3) == audited(tmp_path, source, seed=3)


def test_a_future_import_holds_for_the_statements_after_it(tmp_path):
    path = tmp_path / "candidate.py"
    annotated = RNN_CELL_BACKWARD.replace("(da_next, cache)", "(da_next: NotDefined, cache: Nor[This])")
    path.write_text("from __future__ import annotations\nimport numpy as np\n" + annotated)
    assert gradproof.audit(path, examples=2)


def test_the_file_knows_where_it_is_however_it_was_named(tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "scale.txt").write_text("1.0")
    source = "import os\nscale = np.loadtxt(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'scale.txt'))\n"
    written(folder, source + spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "scale * dz @ xt.T")))
    monkeypatch.chdir(tmp_path)
    assert gradproof.audit("folder/candidate.py", examples=2)


def test_an_unknown_future_feature_loses_only_itself(tmp_path):
    path = tmp_path / "candidate.py"
    path.write_text("from __future__ import braces\nimport numpy as np\n" + RNN_CELL_BACKWARD)
    assert gradproof.audit(path, examples=2)


def test_a_global_that_raises_whatever_it_is_asked_hides_nothing(tmp_path):
    source = """
class Proxy:
    def __getattr__(self, name):
        raise RuntimeError(name)
    def __call__(self):
        pass

request = Proxy()
"""
    assert audited(tmp_path, source + RNN_CELL_BACKWARD)["rnn_cell_backward"].verdict == "verified"


def test_an_exception_whose_text_cannot_be_had_keeps_its_type_and_line(tmp_path):
    source = "class Odd(Exception):\n    def __str__(self):\n        raise self\n"
    function = audited(tmp_path, source + BAD_CELL.format("raise Odd"))["rnn_cell_backward"]
    assert (function.failure.type, function.failure.line) == ("Odd", 6)


@pytest.mark.parametrize(
    "body",
    ['{"results": 5}', "{}", '{"error": 5}', '{"results": {"dxt": {"else": 5}}}', '{"results": {}, "again": 7}', "[]"],
)
def test_an_answer_of_another_form_is_a_crash_of_that_function_alone(tmp_path, body):
    message = f'{{"body": {body}, "arrays": []}}'
    cell = BAD_CELL.format(f"import json; json.dumps = lambda *a, **k: {message!r}; return 1")
    loop = RNN_BACKWARD.replace("rnn_cell_backward(", "cell(") + RNN_CELL_BACKWARD.replace("rnn_cell_backward", "cell")
    functions = audited(tmp_path, cell + loop, timeout=3)
    assert functions["rnn_cell_backward"].verdict == "raises"
    assert functions["rnn_backward"].verdict == "verified"


def test_a_module_named_manual_beside_the_candidate_is_the_candidates(tmp_path):
    (tmp_path / "manual.py").write_text("def derivative(a):\n    return 1 - a ** 2\n")
    source = "from manual import derivative\n" + RNN_CELL_BACKWARD.replace("(1 - a_next ** 2)", "derivative(a_next)")
    assert audited(tmp_path, source)["rnn_cell_backward"].verdict == "verified"


def test_an_audit_leaves_nothing_in_the_folder_it_is_called_from(tmp_path):
    path = written(tmp_path, RNN_CELL_BACKWARD)
    away = tmp_path / "away"
    away.mkdir()
    subprocess.run([sys.executable, "-m", "gradproof", "audit", str(path)], cwd=away, check=True, capture_output=True)
    assert list(away.iterdir()) == []


@pytest.mark.parametrize("after", ["while True: pass", "import time; time.sleep(600)"])
def test_a_candidate_that_closes_its_connection_and_goes_on_is_a_crash(tmp_path, after):
    started = time.monotonic()
    function = audited(
        tmp_path,
        BAD_CELL.format(f"import os; os.closerange(3, 64); {after}")
        if after[0] == "i"
        else BAD_CELL.format("import os; os.closerange(3, 64)") + f"    {after}\n",
        timeout=3,
    )["rnn_cell_backward"]
    assert (function.verdict, function.failure.type) == ("raises", "Crash")
    assert time.monotonic() - started < 60


def test_a_process_that_dies_while_a_case_is_shrunk_leaves_the_cases_apart(tmp_path):
    source = spoiled(
        RNN_CELL_BACKWARD,
        (
            "    dz =",
            "    if xt.shape == (2, 2) and len(a_next) == 2: import os; os.abort()\n"
            "    if min(xt.shape) > 1: raise ValueError('large')\n    dz =",
        ),
    )
    function = audited(tmp_path, source)["rnn_cell_backward"]
    assert function.verdict == "raises"
    assert all("n_x=1 " not in result.case and "m=1 " not in result.case for result in function.failing)


def test_a_loop_without_end_at_module_level_is_told(tmp_path):
    path = written(tmp_path, "while True:\n    pass\n" + RNN_CELL_BACKWARD)
    report = gradproof.audit(path, examples=2)
    assert [(note.line, note.message) for note in report.notes] == [(2, "a loop that runs for ever")]
