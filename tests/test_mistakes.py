"""The catalogue of mistakes: its note, its links, and what it recognises."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from gradproof.auditing import audit
from gradproof.contracts import CONVENTIONS
from gradproof.diagnose.mistakes import Mistake, catalogue, explain, link, markdown, recognised
from gradproof.diagnose.what import Relation
from gradproof.verdicts import AGREES, WRONG, Finding, Function, Result
from manual.lstm import lstm_backward, lstm_cell_backward, lstm_forward

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
SCHEMA = (ROOT / "notes" / "report-schema.md").read_text(encoding="utf-8")
KINDS_OF_EDITS = [
    *("factor missing", "factor extra", "term missing", "term extra", "sign", "variable", "slice", "axis", "keepdims"),
    *("transpose", "index", "mean", "accumulate", "carry", "copy", "name", "keys", "dtype", "statement", "function"),
    *("parentheses", "constant", "gates", "shape"),
]
KINDS_OF_RELATIONS = [
    *("sign", "factor", "multiplied", "divided", "constant", "zero", "float32", "clipped", "transposed", "blocks"),
    *("shifted", "reversed", "swapped", "another", "squeezed", "unsummed", "alternative"),
]
entries = pytest.mark.parametrize("mistake", catalogue().values(), ids=catalogue())


@dataclass(frozen=True)
class Edit:
    kind: str
    before: str = ""
    after: str = ""


# the note


def test_the_note_is_written_from_the_catalogue():
    """python -m gradproof.diagnose.mistakes > notes/mistakes.md"""
    assert (ROOT / "notes" / "mistakes.md").read_text(encoding="utf-8") == markdown()


@cache
def anchors(file):
    """The anchors of a note's headings, numbered where one occurs twice, as GitHub makes them."""
    found = {}
    for heading in re.findall(r"^#+ (.*)$", (ROOT / "notes" / file).read_text(encoding="utf-8"), re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = found[plain] = found.get(plain, -1) + 1
        found.setdefault(f"{plain}-{count}", 0)
    return set(found)


def test_every_link_of_the_note_leads_somewhere():
    for target in re.findall(r"\]\(([^)]+)\)", " ".join(markdown().split())):
        file, _, anchor = target.partition("#")
        if file.startswith("../"):
            assert (ROOT / "notes" / file).resolve().is_file(), target
        else:
            assert anchor in anchors(file or "mistakes.md"), target


def test_no_line_of_prose_is_taken_for_a_list():
    prose = re.sub(r"```.*?```", "", markdown(), flags=re.DOTALL)
    assert not re.findall(r"^(?:[-+*]|\d+[.)]) .*", prose, re.MULTILINE)


@entries
def test_an_entry_has_a_section_of_its_name(mistake):
    assert mistake.name in anchors("mistakes.md")
    assert all(link(place) in markdown() for place in mistake.see)


@entries
def test_the_snippets_are_python_and_differ(mistake):
    assert ast.dump(ast.parse(mistake.wrong)) != ast.dump(ast.parse(mistake.right))


@entries
def test_the_example_exists(mistake):
    assert mistake.example is None or (EXAMPLES / mistake.example).is_file()


@entries
def test_the_reason_has_two_to_six_sentences_and_known_tags(mistake):
    assert 2 <= len(re.findall(r"[.?](?=\s|$)", mistake.why)) <= 6
    declared = {
        tag
        for note in (ROOT / "notes").glob("*.md")
        for tag in re.findall(r"\\tag\{(\w+)\}", note.read_text(encoding="utf-8"))
    }
    assert set(re.findall(r"\(([A-Z]\d+)\)", mistake.why + mistake.looks)) <= declared


@entries
def test_an_entry_is_explained_in_80_columns(mistake):
    text = explain(mistake.name)
    assert text.startswith(f"{mistake.name}: {mistake.title}\n")
    assert all(len(line) <= 80 for line in text.splitlines())


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"'severed-bppt' is no mistake .* severed-bptt"):
        explain("severed-bppt")


def test_the_questions_that_learners_ask_are_answered():
    table = markdown().partition("## What learners ask")[2].partition("\n## ")[0]
    assert len(re.findall(r"^\| .* \| \[", table, re.MULTILINE)) >= 12


def test_the_printed_numbers_of_the_exercise_are_those_of_a_severed_loop():
    """The exercise's own test, drawn in its order; what is printed of it is in the entry `severed-bptt`."""
    generator = np.random.RandomState(1)
    x, a0 = generator.randn(3, 10, 7), generator.randn(5, 10)
    parameters = {"Wy": np.zeros((2, 5)), "by": np.zeros((2, 1))}
    for gate in "fioc":
        parameters[f"W{gate}"], parameters[f"b{gate}"] = generator.randn(5, 8), generator.randn(5, 1)
    da = generator.randn(5, 10, 4)
    *_, caches = lstm_forward(x, a0, parameters)
    right = lstm_backward(da, caches)["dx"]
    steps = [lstm_cell_backward(da[:, :, t], np.zeros((5, 10)), caches[0][t]) for t in range(4)]
    severed = np.stack([step["dxt"] for step in steps], axis=2)
    text = " ".join(catalogue()["severed-bptt"].why.split())
    for dx in (severed, right):
        assert f"[{', '.join(f'{value:.8f}' for value in dx[1, 2])}]" in text


# the marks


def every_mark():
    return [(mistake, mark) for mistake in catalogue().values() for mark in (*mistake.certain, *mistake.fits)]


def values(key):
    return [mark[key] for _, mark in every_mark() if key in mark]


@entries
def test_every_entry_can_be_recognised(mistake: Mistake):
    assert mistake.certain or mistake.fits


def test_marks_name_what_there_is():
    findings = re.findall(r"^\| `([\w-]+)` \|", SCHEMA.partition("## Findings")[2], re.MULTILINE)
    verdicts = re.findall(r"`([\w-]+)`", SCHEMA)
    contracts = [contract.name for family in CONVENTIONS.values() for contract in family]
    for key, known in [
        ("finding", findings),
        ("relation", KINDS_OF_RELATIONS),
        ("edit", KINDS_OF_EDITS),
        ("verdict", verdicts),
        ("contract", contracts),
    ]:
        for value in values(key):
            # every part of an alternation, but not of one inside parentheses
            for part in re.split(r"\|(?![^(]*\))", value):
                assert any(re.fullmatch(part, name, re.IGNORECASE) for name in known), (key, part)


def test_marks_have_no_other_keys():
    comment = (ROOT / "gradproof" / "diagnose" / "mistakes.toml").read_text(encoding="utf-8").partition("\n\n")[0]
    described = re.findall(r"^#   ((?:\w+, )*\w+)  ", comment, re.MULTILINE)
    assert {key for _, mark in every_mark() for key in mark} <= {key for keys in described for key in keys.split(", ")}


@pytest.mark.parametrize("kind", KINDS_OF_EDITS)
def test_every_kind_of_edit_has_an_entry(kind):
    assert any(re.fullmatch(value, kind) for value in values("edit"))


# recognition


def function(name="lstm_backward", wrong=("dx", "dWf"), right=(), condition=None, findings=(), by_time=None):
    results = [
        *(
            Result(
                one, WRONG, condition=condition, everywhere=condition is None, by_time=by_time if one == "dx" else None
            )
            for one in wrong
        ),
        *(Result(one, AGREES) for one in right),
    ]
    verdict = WRONG if wrong else "verified"
    return Function(name, name, "coursera", "backward", "", verdict, results, 1, findings=list(findings))


def of_all(names, *arguments):
    return {name: [Relation(*arguments)] for name in names}


NEITHER = ("alternative", "", "neither da nor dc is carried from step to step")
NO_DA = ("alternative", "", "no da is carried from step to step")
GLUE_RIGHT = Finding("cell", "glue right, cell wrong: with the reference's cell every gradient agrees")
CASES = {
    "carried nothing": (function(), of_all(("dx", "dWf"), *NEITHER), [], [("severed-bptt", True)]),
    "carried dc": (function(), of_all(("dx", "dWf"), *NO_DA), [], [("carries-dc-only", True)]),
    "an RNN has one carry": (
        function("rnn_backward", ("dx", "dba")),
        of_all(("dx", "dba"), *NO_DA),
        [],
        [("severed-bptt", True)],
    ),
    "an alternative that explains one of many": (
        function(wrong=("dx", "dWf", "dbf")),
        of_all(("dbf",), *NEITHER),
        [],
        [],
    ),
    "a wrong cell is no wrong loop": (function(findings=[GLUE_RIGHT]), of_all(("dx", "dWf"), *NEITHER), [], []),
    "the pattern alone is no proof": (
        function(condition="only from T=2 on", by_time=["wrong", "agrees"]),
        {},
        [],
        [("severed-bptt", False)],
    ),
    "wrong at the last step too": (
        function(condition="only from T=2 on", by_time=["wrong", "wrong"]),
        {},
        [],
        [("time-index", False)],
    ),
    "a mean": (
        function(wrong=("dba",), condition="only when m>1"),
        of_all(("dba",), "divided", "", "m"),
        [],
        [("mean-for-sum", True)],
    ),
    "a fifth of unknown origin": (function(wrong=("dba",)), of_all(("dba",), "divided", "", ""), [], []),
    "what is certain takes the place of patterns": (
        function(condition="only from T=2 on", by_time=["wrong", "agrees"]),
        of_all(("dWf",), "sign", ""),
        [],
        [("wrong-sign", True)],
    ),
    "a lost term of the cell state": (
        function("lstm_cell_backward"),
        {},
        [Edit("term missing", "da_next * ot", "da_next * ot + dc_next")],
        [("lost-cell-path", True)],
    ),
    "another lost term": (
        function("lstm_cell_backward"),
        {},
        [Edit("term missing", "Wf.T @ dzf + tanh_c", "Wf.T @ dzf + tanh_c + Wo.T @ dzo")],
        [],
    ),
    "a variable": (function(), {}, [Edit("variable", "a_next", "a_prev")], [("wrong-variable", True)]),
    "a global": (
        function(),
        {},
        [Edit("name", "Waa", 'parameters["Waa"]')],
        [("notebook-global", True)],
    ),
    "globals": (function(), {}, [Edit("name", "Waa", "parameters")], [("notebook-global", True)]),
    "a typing error": (function(), {}, [Edit("name", "np.dcct", "np.dot")], [("misspelt-name", True)]),
    "a key": (function(), {}, [Edit("name", 'p["dWaf"]', '"dWf"')], [("misspelt-name", True)]),
    "a sum that is set to zero in the loop": (
        function(),
        {},
        [Edit("statement", 'dWax = np.zeros_like(parameters["Wax"])', "")],
        [("overwritten-gates", True)],
    ),
    "added to what it should replace": (
        function(),
        {},
        [Edit("accumulate", "da_prev += step", "da_prev = step")],
        [("counted-twice", False)],
    ),
    "replaced what it should be added to": (
        function(),
        {},
        [Edit("accumulate", "dWf = step", "dWf += step")],
        [("not-accumulated", True)],
    ),
    "a fancy index": (
        function("word_embedding_backward", ("dW",)),
        {},
        [Edit("accumulate", "dW[x] += dout", "np.add.at(dW, x, dout)")],
        [("repeated-index", True)],
    ),
    "in place": (
        function(),
        {},
        [Edit("copy", "dc_next += da", "dc_next = dc_next + da")],
        [("in-place-upstream", True)],
    ),
    "a square": (function(), {}, [Edit("constant", "1 - h", "1 - h**2")], [("derivative-of-preactivation", True)]),
    "a reset": (function(), {}, [Edit("statement", "dit = None", "")], [("overwritten-gates", True)]),
    "another statement": (function(), {}, [Edit("statement", "x = y", "x = z")], [("overwritten-gates", False)]),
    "a squeeze": (
        function(),
        {},
        [Edit("shape", "np.squeeze(dz)", "dz")],
        [("squeeze-at-size-one", True)],
    ),
    "a right function": (function(wrong=(), right=("dx",)), {}, [], []),
    "written into": (
        function(wrong=(), right=("dx",), findings=[Finding("in-place", "writes into its inputs: da")]),
        {},
        [],
        [("in-place-upstream", True)],
    ),
}


@pytest.mark.parametrize(("found", "relations", "edits", "expected"), CASES.values(), ids=CASES)
def test_what_is_found_is_recognised_and_no_more(found, relations, edits, expected):
    assert recognised(found, relations, edits) == expected


@cache
def audited(file):
    report = audit(EXAMPLES / file, arithmetic="float64", examples=0)
    return {one.name: recognised(one, {}, []) for one in report.functions if recognised(one, {}, [])}


@pytest.mark.parametrize(
    ("file", "function", "name", "certain"),
    [
        ("lstm_missing_parentheses.py", "lstm_cell_backward", "missing-parentheses", False),
        ("lstm_cache_is_a_view.py", "lstm_forward", "cache-is-a-view", False),
        ("rnn_tanh_derivative_of_preactivation.py", "rnn_cell_backward", "derivative-of-preactivation", False),
        ("rnn_mean_for_sum.py", "rnn_cell_backward", "mean-for-sum", False),
        ("rnn_bias_gradient_not_a_column.py", "rnn_cell_backward", "bias-not-summed", False),
        ("rnn_squeezed_axes.py", "rnn_cell_backward", "squeeze-at-size-one", False),
        ("rnn_unfinished.ipynb", "rnn_cell_backward", "template-none", True),
        ("rnn_writes_into_da.py", "rnn_backward", "in-place-upstream", True),
        ("cs231n_embedding_overwrites.py", "word_embedding_backward", "repeated-index", False),
        ("cs231n_rnn_buffer_transposed.py", "rnn_backward", "d-h-mix-up", False),
        ("min_char_rnn_clipped.py", "lossFun", "clipped-gradients", True),
    ],
)
def test_an_audit_alone_recognises_the_mistake_of_an_example(file, function, name, certain):
    assert (name, certain) in audited(file)[function]


@pytest.mark.parametrize("file", ["right.py", "gru_right.py"])
def test_nothing_is_recognised_in_right_code(file):
    assert audited(file) == {}
