"""The catalogue of NumPy habits: unedited code of each is run on exact numbers, and none is called wrong."""

import pytest
from habits import HABITS, ROUNDED, WRONG_HABITS

import gradproof

# Decided in floats alone, each with its reason; everything else is decided exactly.
FLOATS_ONLY = {
    "type(x) is np.ndarray": "TypeError in line 5",
    "a rate times a count": "the constant 0.7000000000000001 in line",
}
FEWEST = 40  # habits; of every forty at least 37 are to be decided exactly


@pytest.mark.parametrize("habit", HABITS)
def test_a_habit_is_decided_exactly_and_right(habit, tmp_path):
    report = _audit(HABITS[habit], tmp_path)
    decided = {result.verdict for function in report.functions for result in function.results}
    if habit in FLOATS_ONLY:
        reasons = [result.reason for function in report.functions for result in function.results]
        assert decided == {"agrees"}
        assert all(reason.startswith(FLOATS_ONLY[habit]) for reason in reasons)
        assert all(function.rests_on_floats for function in report.functions)
    else:
        assert decided <= {"identical", "equal"}
    assert report
    assert any(finding.kind == "float32" for finding in report.findings) == (habit in ROUNDED)


@pytest.mark.parametrize("habit", WRONG_HABITS)
def test_a_tiny_defect_in_a_habit_is_wrong_and_rigorously(habit, tmp_path):
    source, wrong = WRONG_HABITS[habit]
    results = [result for function in _audit(source, tmp_path).functions for result in function.results]
    assert {result.name for result in results if result.verdict == "wrong"} == set(wrong)
    assert all(result.rigorous for result in results if result.verdict == "wrong")


def test_the_catalogue_is_as_large_as_promised():
    assert len(HABITS) >= FEWEST
    assert len(FLOATS_ONLY) * FEWEST <= 3 * len(HABITS)


def _audit(source, folder):
    path = folder / "candidate.py"
    path.write_text(source, encoding="utf-8")
    return gradproof.audit(path, examples=0)
