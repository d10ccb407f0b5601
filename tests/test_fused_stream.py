"""Streaming in manual/fused: windows in, the gradients of the whole sequence out, in memory and on disk."""

import re
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from agreement import assert_gradients_agree, assert_identical, leaves
from fused_nets import RNN, cases, every_net
from hypothesis import given
from hypothesis import strategies as st

from manual.fused import stream

in_memory_and_on_disk = pytest.mark.parametrize("on_disk", [False, True], ids=["in memory", "on disk"])
THREE = [slice(0, 2), slice(2, 3), slice(3, 7)]  # windows of 7 steps
WRONG_WINDOWS = {
    "n_x": (lambda x: x[:, :-1], ValueError, "has shape (4, 3, 5); expected (steps, n_x, m) with steps=4, n_x=4, m=5"),
    "m": (lambda x: x[..., :-1], ValueError, "has shape (4, 4, 4); expected (steps, n_x, m) with steps=4, n_x=4, m=5"),
    "axes": (lambda x: x[0], ValueError, "has shape (4, 5); expected (steps, n_x, m) with n_x=4, m=5"),
    "steps": (lambda x: x[:0], ValueError, "has shape (0, 4, 5); expected (steps, n_x, m) with n_x=4, m=5"),
    "float32": (lambda x: x.astype(np.float32), TypeError, "has dtype float32 but a0 has float64"),
    "int64": (lambda x: x.astype(np.int64), TypeError, "has dtype int64; expected float32 or float64"),
    "list": (lambda x: x.tolist(), TypeError, "is a list; expected an array of shape (steps, n_x, m)"),
    "None": (lambda x: None, TypeError, "is a NoneType; expected an array of shape (steps, n_x, m)"),
}
WRONG_COTANGENTS = {
    "steps": (lambda a: a[1:], ValueError, "has shape (3, 3, 5); expected (steps, n_a, m) with steps=4, n_a=3, m=5"),
    "n_a": (lambda a: a[:, 1:], ValueError, "has shape (4, 2, 5); expected (steps, n_a, m) with steps=4, n_a=3, m=5"),
    "number": (lambda a: a.sum(), TypeError, "is a float64; expected an array of shape (steps, n_a, m)"),
    "float32": (lambda a: a.astype(np.float32), TypeError, "has dtype float32 but a0 has float64"),
    "None": (lambda a: None, TypeError, "is a NoneType; expected an array of shape (steps, n_a, m)"),
}


@pytest.fixture
def directory(on_disk, tmp_path):
    return tmp_path / "kept" / "here" if on_disk else None


def case_of(net, case=None, dtype=np.float64):
    """Arguments with time first, cotangents of the hidden states, and the gradients of sum(da * a**2 / 2)."""
    arguments, (da, *_) = net.time_major(case, dtype)
    a, *_, caches = net.forward_time_major(*arguments)
    return arguments, da, net.backward_time_major(da * a, caches)


def times(das):
    """The cotangent da * a of windows that come in order, where `das` are the da of each."""
    remaining = iter(das)
    return lambda a: next(remaining) * a


def streamed(net, arguments, da, parts, **options):
    x, *others = arguments
    return net.stream((x[part] for part in parts), times([da[part] for part in parts]), *others, **options)


def partition(T, cuts):
    edges = [0, *sorted(cuts), T]
    return [slice(start, stop) for start, stop in pairwise(edges)]


@in_memory_and_on_disk
@every_net
@given(case=cases, data=st.data())
def test_windows_of_any_partition_give_the_gradients_of_the_whole(net, case, data, on_disk, tmp_path_factory):
    T = case.sizes["T"]
    cuts = data.draw(st.sets(st.integers(1, max(1, T - 1))), label="cuts") - {T}
    arguments, da, expected = case_of(net, case)
    directory = tmp_path_factory.mktemp("stream") if on_disk else None
    actual = streamed(net, arguments, da, partition(T, cuts), directory=directory)
    assert_gradients_agree(actual, expected, arguments, da)


@every_net
def test_disk_and_memory_give_the_same_bits(net, tmp_path):
    arguments, da, _ = case_of(net)
    in_memory, on_disk = (streamed(net, arguments, da, THREE, directory=where) for where in (None, tmp_path))
    assert_identical(on_disk, in_memory)


@in_memory_and_on_disk
@every_net
def test_float32_stays_float32(net, directory):
    arguments, da, expected = case_of(net, dtype=np.float32)
    actual = streamed(net, arguments, da, THREE, directory=directory)
    assert {array.dtype for array in leaves(actual)} == {np.dtype(np.float32)}
    assert_gradients_agree(actual, expected, arguments, da, float32=True)


@in_memory_and_on_disk
@every_net
def test_windows_are_read_once_and_cotangents_asked_for_once_each_in_order(net, directory):
    (x, *others), da, _ = case_of(net)
    a, *_ = net.forward_time_major(x, *others)
    events = []

    def windows():
        for number, part in enumerate(THREE):
            events.append(("x", number))
            yield x[part]
        events.append("end")

    def cotangent(hidden):
        number = len(events) // 2
        events.append(("da", number))
        assert_identical(hidden, a[THREE[number]])
        return da[THREE[number]]

    net.stream(windows(), cotangent, *others, directory=directory)
    assert events == [(what, number) for number in range(3) for what in ("x", "da")] + ["end"]


@in_memory_and_on_disk
@every_net
def test_one_buffer_may_serve_all_windows_and_one_all_cotangents(net, directory):
    (x, *others), da, expected = case_of(net)
    window, cotangents, remaining = np.empty_like(x), np.empty_like(da), iter(THREE)

    def windows():
        for part in THREE:
            window[...] = np.nan
            window[: part.stop - part.start] = x[part]
            yield window[: part.stop - part.start]

    def cotangent(a):
        part = next(remaining)
        window[...] = cotangents[...] = np.nan
        return np.multiply(da[part], a, out=cotangents[: len(a)])

    actual = net.stream(windows(), cotangent, *others, directory=directory)
    assert_gradients_agree(actual, expected, (x, *others), da)


@in_memory_and_on_disk
@every_net
def test_the_cotangent_may_write_into_the_hidden_states_it_is_given(net, directory):
    (x, *others), da, expected = case_of(net)
    remaining = iter(THREE)

    def cotangent(a):
        a *= da[next(remaining)]
        return a

    actual = net.stream((x[part] for part in THREE), cotangent, *others, directory=directory)
    assert_gradients_agree(actual, expected, (x, *others), da)


@every_net
def test_dx_is_the_only_file_that_is_left(net, tmp_path):
    arguments, da, _ = case_of(net)
    dx = streamed(net, arguments, da, THREE, directory=str(tmp_path))["dx"]
    assert isinstance(dx, np.memmap)
    assert [path.name for path in tmp_path.iterdir()] == ["dx.npy"]
    assert_identical(np.load(tmp_path / "dx.npy"), dx)


@every_net
@pytest.mark.parametrize("raised_by", ["windows", "cotangent"])
def test_an_exception_from_outside_passes_and_leaves_no_file(net, raised_by, tmp_path):
    (x, *others), da, _ = case_of(net)

    def windows():
        yield x[:2]
        yield x[2:4]
        if raised_by == "windows":
            raise LookupError("no more data")

    def cotangent(a):
        if raised_by == "cotangent" and len(list(tmp_path.rglob("*"))) > 1:
            raise LookupError("no more data")
        return da[: len(a)]

    with pytest.raises(LookupError, match="no more data"):
        net.stream(windows(), cotangent, *others, directory=tmp_path)
    assert list(tmp_path.iterdir()) == []


@every_net
def test_an_exception_in_the_backward_leaves_no_file(net, tmp_path, monkeypatch):
    arguments, da, _ = case_of(net)
    runs, again = iter([True] * len(THREE)), stream.again
    monkeypatch.setattr(stream, "again", lambda *window: next(runs) and again(*window))
    with pytest.raises(StopIteration):
        streamed(net, arguments, da, THREE, directory=tmp_path)
    assert list(tmp_path.iterdir()) == []


@every_net
def test_two_calls_at_once_do_not_share_a_directory(net, tmp_path):
    arguments, da, expected = case_of(net)
    (x, *others), remaining = arguments, iter(THREE)

    def cotangent(a):
        with pytest.raises(FileExistsError, match=r"dx\.npy is there already"):
            streamed(net, arguments, da, THREE, directory=tmp_path)
        return da[next(remaining)] * a

    actual = net.stream((x[part] for part in THREE), cotangent, *others, directory=tmp_path)
    assert_gradients_agree(actual, expected, arguments, da)


@every_net
def test_a_dx_that_is_there_already_is_an_error_and_stays_as_it_is(net, tmp_path):
    arguments, da, _ = case_of(net)
    (tmp_path / "dx.npy").write_text("of last night")
    with pytest.raises(FileExistsError, match=r"dx\.npy is there already; expected a directory without one"):
        streamed(net, arguments, da, THREE, directory=tmp_path)
    assert (tmp_path / "dx.npy").read_text() == "of last night"
    assert len(list(tmp_path.iterdir())) == 1


@in_memory_and_on_disk
@every_net
def test_no_window_is_a_value_error(net, directory):
    (_, *others), _, _ = case_of(net)
    with pytest.raises(ValueError, match=r"^windows is empty; expected at least one array x \(steps, n_x, m\)$"):
        net.stream([], np.sin, *others, directory=directory)


@every_net
@pytest.mark.parametrize(
    ("change", "error", "told"),
    WRONG_WINDOWS.values(),
    ids=WRONG_WINDOWS,
)
def test_a_third_window_that_does_not_fit_is_an_error_that_names_it(net, change, error, told, tmp_path):
    (x, *others), da, _ = case_of(net)
    windows = [x[:2], x[2:3], change(x[3:])]
    with pytest.raises(error, match=f"^{re.escape(f'windows[2] {told}')}"):
        net.stream(windows, times([da[:2], da[2:3], da[3:]]), *others, directory=tmp_path)
    assert list(tmp_path.iterdir()) == []


@every_net
@pytest.mark.parametrize(
    ("change", "error", "told"),
    WRONG_COTANGENTS.values(),
    ids=WRONG_COTANGENTS,
)
def test_a_cotangent_that_does_not_fit_is_an_error_that_names_its_window(net, change, error, told, tmp_path):
    (x, *others), _, _ = case_of(net)
    windows = [x[:2], x[2:3], x[3:]]
    with pytest.raises(error, match=f"^{re.escape(f'what cotangent returned for windows[2] {told}')}"):
        net.stream(windows, lambda a: change(a) if len(a) == 4 else a, *others, directory=tmp_path)
    assert list(tmp_path.iterdir()) == []


@every_net
def test_wrong_states_and_parameters_are_told_before_a_window_is_read(net):
    (_, a0, parameters, *c0), _, _ = case_of(net)

    def windows():
        raise AssertionError("read")
        yield

    for name in set(parameters) - {"Wya", "Wy", "by"}:
        with pytest.raises(ValueError, match=rf'^parameters\["{name}"\] has shape'):
            net.stream(windows(), np.sin, a0, {**parameters, name: parameters[name][1:]}, *c0)
    with pytest.raises(ValueError, match=r"^a0 has shape"):
        net.stream(windows(), np.sin, a0[:, 0], parameters, *c0)
    with pytest.raises(TypeError, match=r"^parameters is a list"):
        net.stream(windows(), np.sin, a0, [], *c0)
    if net is not RNN:  # whose first weight acts on the inputs alone
        square = {name: array[:, : len(a0)] if name.startswith("W") else array for name, array in parameters.items()}
        with pytest.raises(
            ValueError, match=r"has shape \(3, 3\); expected \(n_a, n_a\+n_x\) with n_a=3, every size at"
        ):
            net.stream(windows(), np.sin, a0, square, *c0)


@every_net
def test_on_disk_memory_does_not_grow_with_the_number_of_windows(net, tmp_path):
    (_, *others), _ = net.time_major(n_a=32, n_x=16, m=8)

    def peak(number, directory):
        windows = (np.full((10, 16, 8), 0.1 * (k % 7)) for k in range(number))
        tracemalloc.start()
        try:
            net.stream(windows, np.sin, *others, directory=directory)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(2, tmp_path / "first")  # what is allocated once and for all
    few, many = peak(8, tmp_path / "few"), peak(64, tmp_path / "many")
    assert many < 1.2 * few
