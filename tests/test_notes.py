"""The equations of a note and the lines of code that compute them carry the same tags."""

import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
nets = pytest.mark.parametrize(
    ("net", "letter"), [("rnn", "R"), ("lstm", "L"), ("gru", "G"), ("losses", "P"), ("char_rnn", "C"), ("stacked", "S")]
)


def declared(net, letter):
    """Tags of the numbered equations of a note, in order: ["R1", "R2", ...]."""
    return re.findall(rf"\\tag\{{({letter}\d+)\}}", (ROOT / "notes" / f"{net}.md").read_text(encoding="utf-8"))


def computed(folder, net, letter):
    """Tags in the comments of a module: {"R1", "R2", ...}."""
    source = (ROOT / folder / f"{net}.py").read_text(encoding="utf-8")
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT]
    return {tag for comment in comments for tag in re.findall(rf"\(({letter}\d+)\)", comment)}


@nets
def test_every_tag_is_declared_once(net, letter):
    tags = declared(net, letter)
    assert tags
    assert sorted(tags) == sorted(set(tags))


@nets
def test_the_tags_of_the_note_are_those_of_the_code(net, letter):
    assert set(declared(net, letter)) == computed("manual", net, letter)


@pytest.mark.parametrize(("net", "letter"), [("rnn", "R"), ("lstm", "L"), ("gru", "G")])
def test_the_tags_of_the_note_are_those_of_the_code_arranged_for_speed(net, letter):
    assert set(declared(net, letter)) == computed("manual/fused", net, letter)


@nets
def test_the_tags_of_the_twin_are_among_those_of_the_note(net, letter):
    tags = computed("autodiff", net, letter)
    assert tags
    assert tags <= set(declared(net, letter))


@nets
def test_a_tag_that_the_note_refers_to_is_declared(net, letter):
    text = (ROOT / "notes" / f"{net}.md").read_text(encoding="utf-8")
    assert set(re.findall(rf"\(({letter}\d+)\)", text)) <= set(declared(net, letter))
