"""Where and when: the places and conditions that are told, and those that are not."""

import numpy as np
import pytest

from gradproof.cases import Case, drawn, grid
from gradproof.contracts.coursera import LSTM_BACKWARD
from gradproof.diagnose import when
from gradproof.diagnose.where import by_time, where

SIZES = {"n_x": 4, "n_a": 3, "n_y": 2, "m": 5, "T": 6}
LARGE = Case(SIZES, seed=9, scale=3.0, cotangents=50.0, saturated=True)
TRIED = [*grid(LSTM_BACKWARD), *drawn(LSTM_BACKWARD, 0, 200)]
ONES = Case(dict.fromkeys(SIZES, 1))


def mask(shape, *indices):
    wrong = np.zeros(shape, dtype=bool)
    for index in indices:
        wrong[index] = True
    return wrong


@pytest.mark.parametrize(
    ("wrong", "dimensions", "told"),
    [
        (mask((4, 5, 6), np.s_[:, :, :5]), ("n_x", "m", "T"), ["t=0..4 wrong, t=5 right"]),
        (
            mask((4, 5, 6), np.s_[:, :, 0], np.s_[:, :, 3:5]),
            ("n_x", "m", "T"),
            ["t=0, t=3..4 wrong, t=1..2, t=5 right"],
        ),
        (mask((3, 7), np.s_[:, 3:]), ("n_a", "n_a+n_x"), ["only columns 3..6 wrong, those of the input"]),
        (mask((3, 5), np.s_[:, 0]), ("n_a", "m"), ["example 0 wrong, example 1..4 right"]),
        (mask((3, 5), np.s_[:, :]), ("n_a", "m"), []),
        (mask((3, 7), np.s_[:, 1:5]), ("n_a", "n_a+n_x"), []),
        (mask((3, 5), np.s_[0, 1:3]), ("n_a", "m"), ["unit 0 wrong, unit 1..2 right"]),
    ],
)
def test_a_clear_place_is_told_and_another_is_not(wrong, dimensions, told):
    assert where(wrong, dimensions, SIZES) == told


def test_by_time_has_one_word_a_step():
    assert by_time(mask((4, 5, 3), np.s_[0, 0, 1]), ("n_x", "m", "T")) == ["agrees", "wrong", "agrees"]
    assert by_time(mask((4, 5)), ("n_x", "m")) is None


@pytest.mark.parametrize(
    ("fails", "smallest"),
    [
        (lambda case: True, ONES),
        (lambda case: case.sizes["T"] >= 3, ONES.with_sizes(T=3)),
        (lambda case: case.sizes["m"] >= 2 and case.sizes["n_a"] >= 2, ONES.with_sizes(m=2, n_a=2)),
        (lambda case: case.sizes["n_x"] != case.sizes["n_a"], ONES.with_sizes(n_a=2)),
        (lambda case: case.saturated, Case(ONES.sizes, saturated=True)),
        (lambda case: case.cotangents > 1, Case(ONES.sizes, cotangents=50.0)),
    ],
)
def test_a_case_is_shrunk_until_nothing_can_be_left_out(fails, smallest):
    assert when.smallest(fails, LARGE) == smallest


@pytest.mark.parametrize(
    ("fails", "condition"),
    [
        (lambda case: True, None),
        (lambda case: case.sizes["T"] >= 2, "only from T=2 on"),
        (lambda case: case.sizes["m"] >= 3, "only when m>2"),
        (lambda case: case.sizes["m"] == 1, "only when m=1"),
        (lambda case: 1 in (case.sizes["m"], case.sizes["n_a"]), "only when n_a=1 or m=1"),
        (lambda case: case.sizes["m"] == case.sizes["n_a"] == 1, "only when n_a=1 and m=1"),
        (lambda case: case.sizes["m"] == 1 and case.sizes["T"] > 1, "only when m=1 and T>1"),
        (lambda case: case.sizes["n_x"] != case.sizes["n_a"], "only when n_x≠n_a"),
        (lambda case: case.saturated, "only when gates saturate"),
        (lambda case: case.scale > 1, "only with large inputs"),
        (lambda case: "dc" not in case.zeroed, "only when dc≠0"),
    ],
)
def test_the_condition_is_what_the_failure_needs(fails, condition):
    start = LARGE if fails(LARGE) else LARGE.with_sizes(m=1, n_a=1)
    tried = {case: fails(case) for case in TRIED}
    assert when.condition(fails, lambda case: False, when.smallest(fails, start), ("da", "dc"), tried) == condition


@pytest.mark.parametrize(
    "fails",
    [
        lambda case: case.sizes["n_a"] * case.sizes["m"] > 1,
        lambda case: case.sizes["n_a"] != 3,
        lambda case: case.sizes["m"] < 5,
        lambda case: case.sizes["T"] % 2 == 1,
        lambda case: case.sizes["n_a"] < case.sizes["n_x"],
        lambda case: case.sizes["T"] == 2,
        lambda case: (case.sizes["n_a"] + case.sizes["m"]) % 2 == 0,
        lambda case: case.sizes["n_a"] == case.sizes["n_x"],
        lambda case: case.sizes["n_a"] > 1 or case.sizes["m"] > 1,
    ],
)
def test_a_condition_that_a_failing_case_refutes_is_not_told(fails):
    tried = {case: fails(case) for case in TRIED}
    start = next(case for case in TRIED if tried[case])
    told = when.condition(fails, lambda case: False, when.smallest(fails, start), ("da", "dc"), tried)
    holds = {
        "only when m=1": lambda case: case.sizes["m"] == 1,
        "only when T>1": lambda case: case.sizes["T"] > 1,
        "only when n_x>1": lambda case: case.sizes["n_x"] > 1,
        "only when n_x≠n_a": lambda case: case.sizes["n_x"] != case.sizes["n_a"],
        None: lambda case: True,
    }[told]
    assert all(holds(case) for case in TRIED if tried[case])


def test_biases_that_have_to_be_there_are_a_condition():
    def fails(case):
        return not {"bf", "bi"} <= set(case.zeroed)

    told = when.condition(fails, lambda case: False, ONES, ("da",), {}, biases=("bf", "bi"))
    assert told == "only when biases are not zero"


def test_cotangents_before_the_last_step_are_a_condition():
    case = ONES.with_sizes(T=2)
    told = when.condition(lambda other: not other.last, lambda other: False, case, ("da",), {case: True})
    assert "when da is not zero before the last step" in told
