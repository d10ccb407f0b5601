"""What a wrong gradient is in relation to the truth, as an audit tells it; and what it does not tell."""

import pytest
from candidates import RNN_BACKWARD, RNN_CELL_BACKWARD, audited, spoiled

NET = RNN_CELL_BACKWARD + RNN_BACKWARD


def messages(function):
    return [relation.message for relations in function.relations.values() for relation in relations]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("dz @ xt.T", "-dz @ xt.T"), "dWax is -1 times the truth"),
        (("dz.sum(", "dz.mean("), "dba is the truth divided by m"),
        (("dz @ a_prev.T", "a_prev @ dz.T"), "dWaa is the truth transposed"),
    ],
)
def test_a_simple_relation_is_told(change, told, tmp_path):
    cell = audited(tmp_path, spoiled(RNN_CELL_BACKWARD, change))["rnn_cell_backward"]
    assert messages(cell) == [told]


def test_a_loop_that_carries_nothing_is_told(tmp_path):
    loop = audited(tmp_path, spoiled(NET, ('        carry = g["da_prev"]\n', "")))["rnn_backward"]
    assert any("no da is carried" in message or "neither" in message for message in messages(loop))


def test_another_mistake_has_no_relation(tmp_path):
    cell = audited(tmp_path, spoiled(RNN_CELL_BACKWARD, ("1 - a_next ** 2", "1 - a_next ** 3")))["rnn_cell_backward"]
    assert messages(cell) == []


def test_the_catalogues_entry_is_named(tmp_path):
    cell = audited(tmp_path, spoiled(RNN_CELL_BACKWARD, ("dz.sum(", "dz.mean(")))["rnn_cell_backward"]
    assert ("mean-for-sum", True) in [(mistake.name, mistake.certain) for mistake in cell.mistakes]
