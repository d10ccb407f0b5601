"""gradproof/answers.py: what a candidate's process sends is looked at before it is believed."""

import pytest

from gradproof.answers import is_answer

EXACTLY = {"do": "exact", "engine": {"name": "arb"}}
IN_A_FIELD = {"do": "exact", "engine": {"name": "field"}}
OWN = {"do": "own", "what": "outputs"}
DESCRIBED = {"do": "own", "what": "forward"}
EXACT = {"exact": {}, "leaks": [], "ties": [], "unreached": []}
ARRAY = {"kind": "array", "shape": [2], "dtype": "f"}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (EXACT, EXACTLY),
        ({"retry": "levels"}, IN_A_FIELD),
        ({"results": {}}, OWN),
        ({"described": ARRAY}, DESCRIBED),
        ({"described": {"kind": "tuple", "parts": [[0, ARRAY], ["x", {"kind": "other"}]]}}, DESCRIBED),
    ],
)
def test_an_answer_of_the_form_that_was_asked_for_is_one(answer, message):
    assert is_answer(answer, message)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"results": {}}, EXACTLY),
        ({"described": {}}, EXACTLY),
        ({"retry": "levels"}, EXACTLY),
        ({"retry": "for ever"}, IN_A_FIELD),
        ({**EXACT, "leaks": [5]}, EXACTLY),
        ({**EXACT, "ties": [{"what": 3}]}, EXACTLY),
        ({**EXACT, "unreached": ["7"]}, EXACTLY),
        ({**EXACT, "exact": []}, EXACTLY),
        ({**EXACT, "expected": 4}, {**OWN, "what": "exact", "engine": {"name": "arb"}}),
        ({"described": ARRAY}, OWN),
        ({"retry": "levels"}, OWN),
        ({"results": {"x": 5}}, OWN),
        ({"results": {}, "leaks": [5]}, OWN),
        ({"results": {}}, DESCRIBED),
        ({"described": {}}, DESCRIBED),
        ({"described": {"kind": "tuple", "parts": 5}}, DESCRIBED),
        ({"described": {"kind": "tuple", "parts": [[1]]}}, DESCRIBED),
        ({"described": {"kind": "array", "shape": [-1], "dtype": "f"}}, DESCRIBED),
    ],
)
def test_anything_else_is_none(answer, message):
    assert not is_answer(answer, message)


def test_a_structure_without_end_is_none():
    value = {"kind": "other"}
    for _ in range(30):
        value = {"kind": "tuple", "parts": [[0, value]]}
    assert not is_answer({"described": value}, DESCRIBED)
