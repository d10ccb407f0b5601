"""The score of detection: its mistakes are always the same ones, are mistakes, and are caught; right code is not."""

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))  # of which detection is a package

from detection import checkers, score
from detection.alive import EQUIVALENT, RAISES, fate
from detection.checkers import CHECKERS, FINDING, VERDICT, catches, flagged
from detection.operators import DERIVATION
from detection.slips import EXTREME, TINY, effects
from detection.subjects import CLASSES, SUBJECTS, Candidate

from gradproof import audit

RNN_CELL = next(one for one in SUBJECTS if one.function == "rnn_cell_backward" and one.style == "expanded")
LSTM = [one for one in SUBJECTS if one.net == "lstm"]
# Mistakes of every class in that cell: the operator, what the line became; at which case an audit tells, and how.
FIRST = "seed=0"
KNOWN = {
    ("derivation", "a cotangent squared", "dtanh = da_next - da_next ** 2 * np.square(a_next)"): (FIRST, VERDICT),
    ("derivation", "not summed", "dba = dtanh"): (FIRST, VERDICT),
    ("derivation", "cache misread", "a_prev, a_next, xt, parameters = cache"): (FIRST, VERDICT),
    ("tiny", "times 1 + 1e-9", "da_prev = np.dot(Waa.T, dtanh) * (1 + 1e-09)"): (FIRST, VERDICT),
    ("tiny", "plus 1e-8", "da_prev = np.dot(Waa.T, dtanh) + 1e-08"): (FIRST, VERDICT),
    ("extreme", "a squeezed cotangent", "da_next - np.squeeze(da_next)"): ("m=1", VERDICT),
    ("extreme", "through float32", "dtanh = (da_next - da_next * np.square(a_next)).astype("): (FIRST, VERDICT),
    ("extreme", "clipped to 5", "dba = np.clip("): ("cotangents=50", VERDICT),
    ("side effect", "an input is changed", "a_prev *= 0.99"): (FIRST, FINDING),
    ("side effect", "noise of 1e-6", "(1 + 1e-06 * np.random.randn())"): (FIRST, VERDICT),
    ("side effect", "momentum", "KEPT['dtanh', dtanh.shape] = dtanh"): (FIRST, FINDING),
}


def operators(kind):
    return {"derivation": DERIVATION, "tiny": TINY, "extreme": EXTREME, "side effect": effects([], "", "")}[kind]


def digest(subjects):
    return sha256(repr([(kind, one.source) for each in subjects for kind, one in each.mutants()]).encode()).hexdigest()


def candidate(subject, kind, operator, became):
    found = [one for k, one in subject.mutants() if (k, one.operator) == (kind, operator) and became in one.line]
    assert found, [one.line for k, one in subject.mutants() if (k, one.operator) == (kind, operator)]
    return Candidate(subject, subject.text(found[0].source), kind, found[0])


def audited(mistake, folder, **words):
    return audit(f"{mistake.write(folder)}::{mistake.subject.function}", arithmetic="float64", repair_budget=0, **words)


def test_the_same_mistakes_are_made_in_every_process():
    here = Path(__file__).parent
    program = f"""
import sys
sys.path[:0] = {[str(here), str(here.parent)]!r}
from test_detection import LSTM, digest
print(digest(LSTM[:2]))
"""
    other = {**os.environ, "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", program], env=other, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == digest(LSTM[:2])


def test_every_operator_makes_a_mistake_in_an_lstm_and_every_function_has_mistakes_of_every_class():
    made = [subject.mutants() for subject in LSTM]
    for mutants in made:
        assert {kind for kind, _ in mutants} == set(CLASSES)
        assert len({one.source for _, one in mutants}) == len(mutants)
    used = {(kind, one.operator) for mutants in made for kind, one in mutants}
    assert used == {(kind, operator) for kind in CLASSES for operator in operators(kind)}


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: ", ".join(known[:2]))
def test_a_known_mistake_is_one_and_is_caught(known, tmp_path):
    mistake = candidate(RNN_CELL, *known)
    assert fate(mistake) not in (EQUIVALENT, RAISES)
    case, how = KNOWN[known]
    assert flagged(audited(mistake, tmp_path, case=case)) == how


@pytest.mark.parametrize("subject", {(one.style, one.net): one for one in SUBJECTS}.values(), ids=lambda one: one.file)
def test_right_functions_are_verified_without_a_finding_however_they_are_written(subject, tmp_path):
    report = audit(subject.right.write(tmp_path), case="seed=1 scale=2", arithmetic="float64", repair_budget=0)
    assert {function.name for function in report.functions} >= {
        one.function for one in SUBJECTS if one.file == subject.file
    }
    assert (bool(report), report.findings) == (True, [])


def test_what_a_cheaper_audit_leaves_open_a_whole_one_decides():
    kept = candidate(RNN_CELL, *next(known for known in KNOWN if known[1] == "momentum"))
    assert CHECKERS["gradproof"](kept) == VERDICT
    tiny = RNN_CELL.text().replace("np.dot(dtanh, a_prev.T)", "np.dot(dtanh, a_prev.T) + 1e-30 * Waa")
    assert CHECKERS["gradproof"](replace(kept, text=tiny)) == VERDICT


def test_what_changes_nothing_and_what_always_raises_is_no_mistake():
    nothing = RNN_CELL.text().replace("np.square(a_next)", "a_next * a_next")
    assert fate(Candidate(RNN_CELL, nothing, "derivation")) == EQUIVALENT
    raises = RNN_CELL.text().replace("np.square(a_next)", "a_next.square")
    assert fate(Candidate(RNN_CELL, raises, "derivation")) == RAISES


def test_a_difference_too_small_for_floats_is_a_mistake():
    tiny = RNN_CELL.text().replace("np.dot(dtanh, a_prev.T)", "np.dot(dtanh, a_prev.T) + 1e-30 * Waa")
    assert "exact" in fate(Candidate(RNN_CELL, tiny, "derivation"))


def test_another_checker_takes_a_function_and_is_left_out_where_its_package_is_absent(monkeypatch):
    monkeypatch.setattr(checkers, "CHECKERS", {})

    @checkers.checker("never content")
    def never(candidate, seed=0, scale=1.0):
        raise RuntimeError

    @checkers.checker("absent", needs="no_such_package")
    def absent(candidate, seed=0, scale=1.0):
        return False

    assert (never.installed, absent.installed) == (True, False)
    assert catches(never, RNN_CELL.right)


def test_the_table_counts_what_every_checker_missed_in_eighty_columns(monkeypatch, capsys):
    monkeypatch.setattr(score, "SUBJECTS", [RNN_CELL])
    monkeypatch.setattr(score, "CHECKERS", {"cs231n numeric check": CHECKERS["cs231n numeric check"]})
    squared, changed = (
        candidate(RNN_CELL, *known) for known in KNOWN if known[1] in ("a cotangent squared", "an input is changed")
    )
    # as if gradproof did not see the other one either
    found = [
        {"gradproof": (caught, 1.0), **score.judged((one, 0, 1.0))}
        for one, caught in ((squared, VERDICT), (changed, ""))
    ]
    lines = score.Lines()
    score.missed(lines, [squared, changed], found)
    assert lines.all[-2].split()[-5:] == ["0/1", "0/0", "0/0", "1/1", "1/2"]
    score.named(lines, [squared, changed], found)
    assert lines.all[-1].endswith(changed.mutant.line)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80
