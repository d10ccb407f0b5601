"""The command: exit codes, formats, and what goes to which stream."""

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest
from candidates import RNN_CELL_BACKWARD, spoiled, written
from click.testing import CliRunner

from gradproof import __version__, cli, references
from gradproof.cli import main

EXAMPLES = Path(__file__).parent.parent / "examples"
WRONG = spoiled(RNN_CELL_BACKWARD, ("dz @ xt.T", "-dz @ xt.T"))


def run(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


@pytest.mark.parametrize(("source", "code"), [(RNN_CELL_BACKWARD, 0), (WRONG, 1), ("x = 1\n", 2)])
def test_the_exit_code_tells_the_verdict(tmp_path, source, code):
    assert run("audit", written(tmp_path, source), "--examples", 2).exit_code == code


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "absent.py"],
        ["audit"],
        ["audit", "absent.py", "--format", "xml"],
        ["audit", "absent.py", "--examples", "-1"],
        ["audit", "absent.py", "--timeout", "0"],
        ["unknown"],
    ],
)
def test_a_usage_error_is_exit_code_2_with_a_message_on_standard_error(arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr


def test_nothing_recognised_says_what_is_looked_for(tmp_path):
    result = run("audit", written(tmp_path, "x = 1\n"))
    assert result.exit_code == 2
    assert "functions such as lstm_backward(da, caches): `gradproof conventions` lists them all" in result.stderr


def test_a_defect_of_gradproof_is_exit_code_3(tmp_path, monkeypatch):
    def broken(*_):
        raise references.TruthError("the two truths disagree")

    monkeypatch.setattr(references, "_agree_with_xla", broken)
    monkeypatch.setattr(references, "_programs", {})
    monkeypatch.setattr(references, "_checked", set())
    result = run("audit", written(tmp_path, RNN_CELL_BACKWARD))
    assert result.exit_code == 3
    assert "the two truths disagree" in result.stderr
    assert "defect of gradproof" in result.stderr


def test_json_is_one_object_on_standard_output(tmp_path):
    result = run("audit", written(tmp_path, WRONG), "--format", "json", "--examples", 2)
    data = json.loads(result.stdout)
    assert data["schema"] == "gradproof-report/1"
    assert result.exit_code == 1


def test_output_writes_the_report_to_a_file(tmp_path):
    out = tmp_path / "report.json"
    result = run("audit", written(tmp_path, WRONG), "--format", "json", "--output", out, "--examples", 2)
    assert (result.exit_code, result.stdout) == (1, "")
    assert json.loads(out.read_text())["functions"][0]["verdict"] == "wrong"


def test_an_output_that_cannot_be_written_is_exit_code_2(tmp_path):
    result = run("audit", written(tmp_path, WRONG), "--output", tmp_path / "absent" / "report", "--examples", 2)
    assert result.exit_code == 2


def test_case_tries_that_case_alone(tmp_path):
    result = run("audit", written(tmp_path, WRONG), "--case", "n_x=2 n_a=3 m=1 seed=7")
    assert result.exit_code == 1
    assert "wrong, 1 case\n" in result.stdout


def test_conventions_lists_the_signatures():
    result = run("conventions")
    assert result.exit_code == 0
    assert "  lstm_cell_backward(da_next, dc_next, cache)" in result.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["audit", "--help"], ["conventions"], ["audit", "absent.py"]])
def test_help_and_usage_errors_import_neither_jax_nor_hypothesis(arguments):
    code = (
        "import sys\nfrom gradproof.cli import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        "print([name for name in ('jax', 'hypothesis') if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_python_dash_m_is_the_command():
    done = subprocess.run([sys.executable, "-m", "gradproof", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.endswith(f"version {__version__}\n")


def test_the_report_has_no_colour_and_80_columns_where_output_is_no_terminal(tmp_path):
    result = run("audit", EXAMPLES / "lstm_severed_bptt.py", "--examples", 2, "--no-repair")
    lines = [line for line in result.stdout.splitlines() if not line.startswith("  repeat")]
    assert "\x1b" not in result.stdout
    assert max(map(len, lines)) <= 80


def test_progress_is_told_on_standard_error_within_the_first_function(tmp_path, monkeypatch):
    source = RNN_CELL_BACKWARD.replace("    dz =", "    import time; time.sleep(0.1)\n    dz =")
    seen = []
    monkeypatch.setattr(cli._Progress, "step", lambda self, name, done, total: seen.append((name, done, total)))
    run("audit", written(tmp_path, source), "--examples", 0)
    assert seen[0] == ("loading", 0, 1)
    assert seen.count(("rnn_cell_backward", 0, 1)) > 5


def test_a_bar_appears_on_a_terminal_after_a_second(tmp_path):
    source = RNN_CELL_BACKWARD.replace("    dz =", "    import time; time.sleep(0.2)\n    dz =")
    path = written(tmp_path, source)
    master, slave = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "gradproof", "audit", str(path), "--examples", "0"],
        stdout=subprocess.DEVNULL,
        stderr=slave,
        env={**os.environ, "TERM": "xterm"},
    ) as process:
        os.close(slave)
        told = b""
        while process.poll() is None or select.select([master], [], [], 0)[0]:
            try:
                told += os.read(master, 4096)
            except OSError:
                break
    os.close(master)
    assert b"rnn_cell_backward" in told


def test_the_arithmetic_and_its_digits_are_chosen_on_the_command_line(tmp_path):
    path = written(tmp_path, RNN_CELL_BACKWARD)
    balls = run("audit", path, "--examples", 0, "--arithmetic", "arb", "--digits", 60)
    assert "equal      dxt da_prev dWax dWaa dba, to" in balls.stdout
    floats = run("audit", path, "--examples", 0, "--arithmetic", "float64")
    assert "agrees     dxt da_prev dWax dWaa dba, to" in floats.stdout
    assert run("audit", path, "--digits", 0).exit_code == 2
