"""autodiff/conventions against plain loops and, marked `peers`, the packages; and what notes/conventions.md says."""

import importlib.util
import itertools
import re
from pathlib import Path

import jax
import numpy as np
import peers
import plain_loops
import pytest
from agreement import S_of, assert_agrees
from hypothesis import given
from hypothesis import strategies as st

from autodiff import conventions, gru, lstm, rnn

NOTE = (Path(__file__).parents[1] / "notes" / "conventions.md").read_text(encoding="utf-8")
DISTINCT = peers.SIZES["distinct"]
seeds = st.integers(0, 2**31 - 1)


def cases(chosen):
    """The variants of these peers, as parameters of a test."""
    return [pytest.param(peer, variant, id=f"{peer}: {variant}") for peer in chosen for variant in peer.variants]


def assert_all_agree(comparisons):
    for name, found in comparisons.items():
        assert found.agrees, f"{name}{list(found.index)}: ours {found.actual!r}, expected {found.expected!r}"


@pytest.mark.parametrize("sizes", peers.SIZES.values(), ids=list(peers.SIZES))
@pytest.mark.parametrize(("peer", "variant"), cases(peers.LOOPS.values()))
def test_outputs_and_gradients_are_those_of_a_plain_loop(peer, variant, sizes):
    vjp = peers.vjp_without_compiling if peers.has_rules(variant) else peers.vjp
    outputs, gradients = peers.comparisons(peer, variant, sizes, seed=0, vjp=vjp)
    assert outputs
    assert gradients
    assert_all_agree(outputs | gradients)


@pytest.mark.peers
@pytest.mark.parametrize("sizes", peers.SIZES.values(), ids=list(peers.SIZES))
@pytest.mark.parametrize(("peer", "variant"), cases(peer for peer in peers.PEERS if peer.package))
def test_outputs_and_gradients_are_those_of_the_package(peer, variant, sizes):
    if importlib.util.find_spec(peer.package) is None:
        pytest.skip(f"{peer.package} is not installed: pip install -e '.[peers]'")
    outputs, gradients = peers.comparisons(peer, variant, sizes, seed=0)
    assert outputs
    assert bool(gradients) == (peer.package != "onnxruntime")  # which has none
    assert_all_agree(outputs | gradients)


# Claims of the note


def gradients_of(convention, seed):
    """{argument: gradient} of the first variant of a convention."""
    variant = peers.VARIANTS[convention][0]
    _, gradients = peers.vjp(variant.twin, *peers.drawn(variant, DISTINCT, seed))
    return dict(zip(variant.names, gradients, strict=True))


@pytest.mark.parametrize("convention", ["PyTorch RNN", "PyTorch LSTM"])
@given(seed=seeds)
def test_the_two_biases_of_pytorchs_rnn_and_lstm_have_one_gradient(convention, seed):
    gradients = gradients_of(convention, seed)
    np.testing.assert_array_equal(gradients["bias_ih_l0"], gradients["bias_hh_l0"])


@given(seed=seeds)
def test_the_two_biases_of_pytorchs_gru_differ_in_the_block_of_n_alone(seed):
    gradients = gradients_of("PyTorch GRU", seed)
    *same, of_n = np.split(gradients["bias_ih_l0"], 3)
    *same_hidden, of_hidden_n = np.split(gradients["bias_hh_l0"], 3)
    np.testing.assert_array_equal(same, same_hidden)
    assert (of_n != of_hidden_n).all()


@given(seed=seeds)
def test_the_two_rows_of_the_bias_of_keras_gru_differ_in_the_block_of_h_alone(seed):
    input_side, hidden_side = (np.split(row, 3) for row in gradients_of("Keras GRU", seed)["bias"])
    np.testing.assert_array_equal(input_side[:2], hidden_side[:2])
    assert (input_side[2] != hidden_side[2]).all()


def test_drawn_weights_tell_the_orders_of_the_gates_apart_and_constant_ones_do_not():
    (variant,) = peers.VARIANTS["PyTorch LSTM"]
    (*states, W_ih, W_hh, b_ih, b_hh), _ = peers.drawn(variant, DISTINCT, seed=0)

    def hidden_states(order, weights):
        reordered = (np.concatenate([np.split(array, 4)[gate] for gate in order]) for array in weights)
        return plain_loops.pytorch_lstm(*states, *reordered)[0]

    drawn = W_ih, W_hh, b_ih, b_hh
    constant = [np.full_like(array, 0.1) for array in drawn]
    first, *others = itertools.permutations(range(4))
    for order in others:
        assert np.abs(hidden_states(order, drawn) - hidden_states(first, drawn)).max() > 0.1
        np.testing.assert_array_equal(hidden_states(order, constant), hidden_states(first, constant))


@pytest.mark.parametrize(
    ("direction", "message"),
    [
        ("bidirectional", r"W has shape \(1, 8, 5\); direction='bidirectional' expects 2"),
        ("backward", "direction='backward'; expected one of forward, reverse, bidirectional"),
    ],
)
def test_a_direction_that_does_not_fit_is_named(direction, message):
    (X, W, R), _ = peers.drawn(peers.onnx("onnx_lstm", defaults=True), DISTINCT, seed=0, dtype=np.float32)
    with pytest.raises(ValueError, match=message):
        conventions.onnx_lstm(X, W, R, direction=direction)


@pytest.mark.parametrize("function", sorted({v.function for variants in peers.VARIANTS.values() for v in variants}))
def test_every_function_has_a_row_in_the_note(function):
    assert re.search(rf"^\| [^|]+ \| `{function}` \|", NOTE, re.MULTILINE)


@pytest.mark.parametrize("peer", peers.PEERS, ids=str)
def test_every_comparison_has_a_row_in_the_kept_table(peer):
    assert f"\n| {peer.convention} | {peer.against} " in NOTE


# The conversions of the note, {"pytorch_lstm_to_keras_lstm": function}: its own code is run

CODE = {"np": np}
for block in re.findall(r"^```python\n(def .*?)^```", NOTE, re.MULTILINE | re.DOTALL):
    exec(block, CODE)
CONVERSIONS = {name: function for name, function in CODE.items() if "_to_" in name}
TWINS = {"rnn_forward": rnn.rnn_forward, "lstm_forward": lstm.lstm_forward, "gru_forward": gru.gru_forward}
TWINS |= {name: getattr(conventions, name) for name in ("onnx_rnn", "onnx_lstm", "onnx_gru")}  # cells of their own
OPTIONS = {
    "keras_gru_to_": ({"reset_after": False}, {}),
    "pytorch_gru_to_gru_forward": ({}, {"reset_after": True}),
    "pytorch_gru_to_onnx_gru": ({}, {"linear_before_reset": 1}),
}


def hidden_states(outputs):
    """Those of every step as (T, N, H), whatever the convention: no two sizes are equal."""
    sizes = [DISTINCT[letter] for letter in "TNH"]
    found = next(np.squeeze(array) for array in outputs if np.size(array) == np.prod(sizes))
    return found.transpose([found.shape.index(size) for size in sizes])


@pytest.mark.parametrize("conversion", CONVERSIONS)
def test_converted_weights_give_the_same_hidden_states(conversion):
    source, target = conversion.split("_to_")
    options = [of for name, of in OPTIONS.items() if conversion.startswith(name)]
    from_options, to_options = options[0] if options else ({}, {})
    variant = next(v for vs in peers.VARIANTS.values() for v in vs if (v.function, v.options) == (source, from_options))
    arguments, _ = peers.drawn(variant, DISTINCT, seed=0)
    converted = CONVERSIONS[conversion](*arguments)
    function = TWINS.get(target) or getattr(plain_loops, target)
    with jax.enable_x64(True):
        actual = hidden_states(function(*converted, **to_options))
    assert_agrees(conversion, np.asarray(actual), hidden_states(variant.loop(*arguments)), S_of(arguments[1:]))


# the rules and orders that the audit tries, which no package has


def gru_step(x, h, W, b, *, old=False, after=False):
    """One step of a GRU of W (D+H, 3H), packed z, r, h, written out."""
    D, H = x.shape[1], h.shape[1]
    z, r = (1 / (1 + np.exp(-(np.hstack([x, h]) @ W[:, k * H :][:, :H] + b[k * H :][:H]))) for k in (0, 1))
    Wx, Wh = W[:D, 2 * H :], W[D:, 2 * H :]
    new = np.tanh(x @ Wx + (r * (h @ Wh) if after else (r * h) @ Wh) + b[2 * H :])
    return z * h + (1 - z) * new if old else (1 - z) * h + z * new


@pytest.mark.parametrize("after", [False, True], ids=["reset before", "reset after"])
@pytest.mark.parametrize("old", [False, True], ids=["new rule", "old rule"])
def test_every_rule_of_a_gru_is_the_one_written_out(old, after):
    rng = np.random.default_rng(3)
    N, T, D, H = 2, 3, 4, 5
    x, h, W, b = (rng.standard_normal(shape) for shape in [(N, T, D), (N, H), (D + H, 3 * H), (3 * H,)])
    rule = {"update": "old" if old else "new", "reset_after": after}
    with jax.enable_x64(True):
        (hs,) = conventions.dlfs2_time_gru(x, h, W[:D], W[D:], b, **rule)
        gates = {name: np.s_[k * H : (k + 1) * H] for k, name in enumerate("urc")}
        parameters = {f"W{name}": np.vstack([W[D:, block], W[:D, block]]).T for name, block in gates.items()}
        parameters |= {f"b{name}": b[block][:, None] for name, block in gates.items()}
        parameters |= {"Wy": np.ones((1, H)), "by": np.ones((1, 1))}
        a, _ = conventions.coursera_gru_forward(x.transpose(2, 0, 1), h.T, parameters, names="uc", **rule)
    for t in range(T):
        h = gru_step(x[:, t], h, W, b, old=old, after=after)
        assert_agrees("hs", np.asarray(hs[:, t]), h, S_of((x, W, b)))
        assert_agrees("a", np.asarray(a[:, :, t]), h.T, S_of((x, W, b)))


def test_gates_in_another_order_are_the_same_net_with_its_blocks_moved():
    rng = np.random.default_rng(4)
    x, h, c, Wx, Wh, b = (rng.standard_normal(shape) for shape in [(2, 3), (2, 4), (2, 4), (3, 16), (4, 16), (16,)])
    moved = np.concatenate([np.arange(16).reshape(4, 4)["ifog".index(gate)] for gate in "figo"])
    with jax.enable_x64(True):
        expected = conventions.cs231n_lstm_step_forward(x, h, c, Wx, Wh, b)
        found = conventions.cs231n_lstm_step_forward(x, h, c, Wx[:, moved], Wh[:, moved], b[moved], gates="figo")
    np.testing.assert_array_equal(found, expected)
