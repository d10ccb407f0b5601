"""A Workspace hands out no buffer that anybody can still see, and all others again."""

import copy
import pickle
import threading
import weakref
from itertools import permutations

import numpy as np
import pytest
from agreement import assert_identical
from fused_nets import NETS, SIZES, assert_same_gradients, back, cases, copied, every_net
from hypothesis import given
from hypothesis import strategies as st

from gradproof.cases import Case
from manual.fused import workspace as workspaces
from manual.fused.workspace import SHAPES, SPARE, Workspace


class Thing:
    """What a buffer is to a workspace: an object that can be referred to, also weakly."""


class Counting(Workspace):
    """Notes the name of everything that is built."""

    def __init__(self):
        super().__init__()
        self.built = []

    def take(self, name, key, build):
        def counted():
            self.built.append(name)
            return build()

        return super().take(name, key, counted)


def results_of(net, seed, **options):
    """What forward and backward return for the arrays of a seed."""
    arguments, cotangents = net.arrays(Case(SIZES, seed))
    *outputs, caches = net.forward(*arguments, **options)
    return outputs, back(net.backward, cotangents, caches)


def views_of(net):
    """Every part of a result that somebody may keep, from (outputs, gradients)."""
    views = {
        "a step of a": lambda outputs, _: outputs[0][:, :, 2],
        "one number of a": lambda outputs, _: outputs[0][1:2, 1:2, 1:2],
        "a view of a view of a": lambda outputs, _: outputs[0].T[3:][:2],
        "a step of dx": lambda _, gradients: gradients["dx"][:, :, 2],
        **{name: lambda outputs, _, k=k: outputs[k] for k, name in enumerate(net.contract.forward.outputs)},
    }
    return {**views, **{name: lambda _, gradients, name=name: gradients[name] for name in net.contract.gradients}}


every_view = pytest.mark.parametrize(
    ("net", "view"),
    [pytest.param(net, view, id=f"{net}-{name}") for net in NETS for name, view in views_of(net).items()],
)


# the nets


@every_net
@given(several=st.lists(cases, min_size=2, max_size=4), checkpoint=st.sampled_from([None, True, 2]))
def test_a_kept_workspace_gives_the_same_bits_whatever_the_shapes_were_before(net, several, checkpoint):
    workspace = Workspace()
    for case in [*several, *several]:
        arguments, cotangents = net.arrays(case)
        *outputs, caches = net.forward(*arguments, checkpoint=checkpoint, workspace=workspace)
        *expected_outputs, expected = net.forward(*arguments, checkpoint=checkpoint)
        assert_identical(outputs, expected_outputs)
        assert_same_gradients(back(net.backward, cotangents, caches), back(net.backward, cotangents, expected))


@every_net
@pytest.mark.parametrize("checkpoint", [None, 3])
def test_results_are_not_overwritten_by_later_calls(net, checkpoint):
    workspace = Workspace()
    results = [results_of(net, seed, checkpoint=checkpoint, workspace=workspace) for seed in range(5)]
    assert_identical(results, [results_of(net, seed, checkpoint=checkpoint) for seed in range(5)])


@every_view
def test_a_view_is_not_overwritten_when_all_else_was_dropped(net, view):
    workspace = Workspace()
    kept = [view(*results_of(net, seed, workspace=workspace)) for seed in range(4)]
    assert_identical(kept, [view(*results_of(net, seed)) for seed in range(4)])


@every_net
def test_time_major_results_are_not_overwritten_by_later_calls(net):
    def results(seed, workspace=None):
        arguments, cotangents = net.time_major(Case(SIZES, seed))
        a, *c_last, caches = net.forward_time_major(*arguments, workspace=workspace)
        return a[2], c_last, back(net.backward_time_major, cotangents, caches)

    workspace = Workspace()
    kept = [results(seed, workspace) for seed in range(4)]
    assert_identical(kept, [results(seed) for seed in range(4)])


@every_net
@pytest.mark.parametrize("order", [*permutations(range(3))], ids=str)
@pytest.mark.parametrize("checkpoint", [None, 3])
def test_caches_that_are_alive_at_once_give_their_own_gradients_in_any_order(net, checkpoint, order):
    workspace, calls = Workspace(), [net.arrays(Case(SIZES, seed)) for seed in range(3)]
    caches = [net.forward(*arguments, checkpoint=checkpoint, workspace=workspace)[-1] for arguments, _ in calls]
    for number in (*order, *order):
        actual = back(net.backward, calls[number][1], caches[number])
        assert_same_gradients(actual, net.gradients(*calls[number], checkpoint=checkpoint))


@every_net
def test_a_forward_between_a_forward_and_its_backward_changes_nothing(net):
    workspace, calls = Workspace(), [net.arrays(Case(SIZES, seed)) for seed in range(4)]
    before = None
    for arguments, cotangents in calls:
        after = net.forward(*arguments, workspace=workspace)[-1], (arguments, cotangents)
        if before is not None:
            caches, (others, of_others) = before
            assert_same_gradients(back(net.backward, of_others, caches), net.gradients(others, of_others))
        before = after


@pytest.mark.parametrize("first", NETS, ids=repr)
@pytest.mark.parametrize("second", NETS, ids=repr)
def test_nets_of_different_kinds_share_a_workspace(first, second):
    workspace = Workspace()
    for net in (first, second, first):
        assert_identical(results_of(net, 0, workspace=workspace), results_of(net, 0))


@every_net
def test_float32_and_float64_share_a_workspace(net):
    workspace = Workspace()
    for dtype in (np.float64, np.float32, np.float64):
        arguments, cotangents = net.arrays(dtype=dtype)
        actual = net.gradients(arguments, cotangents, workspace=workspace)
        assert_same_gradients(actual, net.gradients(arguments, cotangents))


@every_net
def test_four_threads_share_a_workspace(net):
    workspace, barrier, found = Workspace(), threading.Barrier(4), {}

    def work(thread):
        barrier.wait()
        found[thread] = [copied(results_of(net, 10 * thread + call, workspace=workspace)) for call in range(5)]

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for thread in range(4):
        assert_identical(found[thread], [results_of(net, 10 * thread + call) for call in range(5)])


@every_net
@pytest.mark.parametrize("checkpoint", [None, 3])
def test_a_loop_that_holds_its_last_results_builds_nothing_after_its_second_turn(net, checkpoint):
    workspace = Counting()
    built = []
    for seed in range(6):
        arguments, cotangents = net.arrays(Case(SIZES, seed))
        *outputs, caches = net.forward(*arguments, checkpoint=checkpoint, workspace=workspace)
        gradients = back(net.backward, cotangents, caches)
        built.append(len(workspace.built))
    assert outputs
    assert gradients
    assert built[0] < built[1] == built[5]


@every_net
def test_of_a_checkpointed_sequence_only_one_window_is_held(net):
    arguments, cotangents = net.arrays(T=9)
    workspace = Counting()
    net.gradients(arguments, cotangents, checkpoint=3, workspace=workspace)
    assert any("record" in name or "window" in name for name in workspace.built)
    assert sorted(workspace.built) == sorted(set(workspace.built))


# Workspace.take


def test_what_nobody_holds_is_handed_out_again():
    workspace = Workspace()
    taken = workspace.take("buffer", 5, Thing)
    seen = weakref.ref(taken)
    del taken
    assert seen() is not None
    assert workspace.take("buffer", 5, Thing) is seen()


def test_what_somebody_holds_is_not_handed_out():
    workspace = Workspace()
    one = workspace.take("buffer", 5, Thing)
    other = workspace.take("buffer", 5, Thing)
    assert other is not one
    in_a_list = [other]
    del other
    assert workspace.take("buffer", 5, Thing) is not in_a_list[0]


def test_what_only_a_view_refers_to_is_not_handed_out():
    workspace = Workspace()
    view = workspace.take("buffer", 5, lambda: np.zeros(5))[2:3]
    workspace.take("buffer", 5, lambda: np.ones(5))[...] = 2
    assert view == 0


@pytest.mark.parametrize(("name", "key"), [("other", 5), ("buffer", 6), ("buffer", (5,))])
def test_another_name_or_key_is_another_object(name, key):
    workspace = Workspace()
    first = weakref.ref(workspace.take("buffer", 5, Thing))
    second = workspace.take(name, key, Thing)
    assert second is not first()
    assert workspace.take("buffer", 5, Thing) is first()


def test_of_a_shape_only_a_few_objects_are_kept():
    workspace = Workspace()
    held = [workspace.take("buffer", 5, Thing) for _ in range(10)]
    seen = [weakref.ref(thing) for thing in held]
    held.clear()
    assert [one() is not None for one in seen] == [False] * (10 - SPARE) + [True] * SPARE


def test_of_a_name_only_the_shapes_used_last_are_kept():
    workspace = Workspace()
    seen = {key: weakref.ref(workspace.take("buffer", key, Thing)) for key in range(SHAPES)}
    workspace.take("buffer", 0, Thing)
    workspace.take("buffer", SHAPES, Thing)
    assert [key for key, one in seen.items() if one() is None] == [1]


def test_a_build_that_fails_leaves_the_workspace_as_it_was():
    workspace = Workspace()
    first = weakref.ref(workspace.take("buffer", 5, Thing))

    def build():
        raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        workspace.take("buffer", 6, build)
    assert isinstance(workspace.take("buffer", 6, Thing), Thing)
    assert workspace.take("buffer", 5, Thing) is first()


def test_one_thread_at_a_time_looks_for_an_object_that_is_free(monkeypatch):
    workspace, found, count = Workspace(), [], workspaces._references
    other = threading.Thread(target=lambda: found.append(workspace.take("buffer", 5, Thing)))

    def references(held, index):
        counted = count(held, index)
        if not other.ident:
            other.start()
            other.join(0.05)  # unless it has to wait for us
        return counted

    workspace.take("buffer", 5, Thing)
    monkeypatch.setattr(workspaces, "_references", references)
    mine = workspace.take("buffer", 5, Thing)
    other.join()
    assert found[0] is not mine


def test_threads_that_ask_at_once_get_an_object_each():
    workspace, barrier, found = Workspace(), threading.Barrier(8), []

    def work():
        barrier.wait()
        found.append([workspace.take("buffer", 5, Thing) for _ in range(20)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(thing) for things in found for thing in things}) == 160


def test_where_references_are_not_counted_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(workspaces, "RECYCLES", False)
    workspace = Workspace()
    seen = weakref.ref(workspace.take("buffer", 5, Thing))
    assert seen() is None


@pytest.mark.parametrize("copied_by", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_is_an_empty_workspace(copied_by):
    workspace = Workspace()
    first = weakref.ref(workspace.take("buffer", 5, lambda: Thing()))
    other = copied_by(workspace)
    assert isinstance(other, Workspace)
    assert other.take("buffer", 5, Thing) is not first()
    assert workspace.take("buffer", 5, Thing) is first()
