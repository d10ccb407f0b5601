"""The nets of manual/fused with their textbook and their twin, so that a claim about all of them is written once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from agreement import arrays_of, assert_identical, dimensions_of, mapped, vjp_of

import autodiff.gru
import autodiff.lstm
import autodiff.rnn
import gradproof.cases
from gradproof.cases import Case
from gradproof.contracts import Backward
from gradproof.contracts.coursera import LSTM_BACKWARD, RNN_BACKWARD, gru_contracts
from manual import gru, lstm, rnn
from manual.fused import gru as fused_gru
from manual.fused import lstm as fused_lstm
from manual.fused import rnn as fused_rnn

SIZES = {"n_x": 4, "n_a": 3, "n_y": 2, "m": 5, "T": 7}
GRU_BACKWARD = gru_contracts("zh", biased=True)[-1]


def with_reset_after(contract):
    """The contract of a GRU whose reset comes after the product, which has a bias bha of its own."""
    forward = contract.forward
    forward = replace(
        forward,
        arguments={**forward.arguments, "parameters": (*forward.arguments["parameters"], "bha")},
        inputs={**forward.inputs, "bha": ("n_a", "1")},
        biases=(*forward.biases, "bha"),
    )
    return replace(contract, forward=forward, gradients={**contract.gradients, "dbha": "bha"})


@dataclass(frozen=True, repr=False)
class Net:
    """Forwards take x, a0, parameters and, of an LSTM, c0; backwards da, the caches and, of an LSTM, dc."""

    name: str
    contract: Backward
    twin: Callable[..., Any]
    textbook_forward: Callable[..., Any]
    textbook_backward: Callable[..., Any]
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    forward_time_major: Callable[..., Any]
    backward_time_major: Callable[..., Any]
    stream: Callable[..., Any]

    def __post_init__(self):
        object.__setattr__(self, "vjp", vjp_of(self.twin, *dimensions_of(self.contract.forward)))

    def __repr__(self):
        return self.name

    def _repr_pretty_(self, printer, cycle):  # what Hypothesis prints
        printer.text(self.name)

    def arrays(self, case=None, dtype=np.float64, **sizes):
        """Arguments of the forward, and the cotangents (da,) or (da, dc)."""
        case = case or Case(SIZES)
        return arrays_of(self.contract, case.with_sizes(**sizes), dtype)

    def time_major(self, case=None, dtype=np.float64, **sizes):
        """`arrays` with time first."""
        (x, *others), cotangents = self.arrays(case, dtype, **sizes)
        return (time_first(x), *others), tuple(map(time_first, cotangents))

    def gradients(self, arguments, cotangents, **options):
        return back(self.backward, cotangents, self.forward(*arguments, **options)[-1])

    def gradients_time_major(self, arguments, cotangents, **options):
        return back(self.backward_time_major, cotangents, self.forward_time_major(*arguments, **options)[-1])

    def textbook_gradients(self, arguments, cotangents):
        return back(self.textbook_backward, cotangents, self.textbook_forward(*arguments)[-1])

    def truth(self, arguments, cotangents):
        """The vjp of the twin: gradients of sum(da * a), of an LSTM + sum(dc * c)."""
        (da, *dc), (_, _, parameters, *_) = cotangents, arguments
        no_cotangent = np.zeros((len(parameters["by"]), *da.shape[1:]))  # the prediction layer is that of losses.py
        _, (dx, da0, of_parameters, *dc0) = self.vjp(arguments, (da, no_cotangent, *dc))
        found = {"x": dx, "a0": da0, **of_parameters, **dict(zip(("c0",), dc0, strict=False))}
        return {name: found[of] for name, of in self.contract.gradients.items()}


def back(backward, cotangents, caches):
    da, *dc = cotangents
    return backward(da, caches, *dc)


def time_first(array):
    """A contiguous array (T, rows, m) from (rows, m, T)."""
    return np.ascontiguousarray(np.moveaxis(array, 2, 0))


def time_last(gradients):
    """Gradients with dx (n_x, m, T) from those with dx (T, n_x, m)."""
    return {**gradients, "dx": np.moveaxis(gradients["dx"], 0, 2)}


def assert_same_gradients(actual, expected):
    """Assert that two dicts of gradients have the same keys and bits."""
    assert set(actual) == set(expected)
    assert_identical(actual, expected)


def copied(nest):
    return mapped(np.copy, nest)


RNN = Net(
    "RNN",
    RNN_BACKWARD,
    autodiff.rnn.rnn_forward,
    rnn.rnn_forward,
    rnn.rnn_backward,
    fused_rnn.rnn_forward,
    fused_rnn.rnn_backward,
    fused_rnn.rnn_forward_time_major,
    fused_rnn.rnn_backward_time_major,
    fused_rnn.rnn_stream,
)
LSTM = Net(
    "LSTM",
    LSTM_BACKWARD,
    autodiff.lstm.lstm_forward,
    lstm.lstm_forward,
    lstm.lstm_backward,
    fused_lstm.lstm_forward,
    fused_lstm.lstm_backward,
    fused_lstm.lstm_forward_time_major,
    fused_lstm.lstm_backward_time_major,
    fused_lstm.lstm_stream,
)
GRU, GRU_AFTER = (
    Net(
        name,
        contract,
        partial(autodiff.gru.gru_forward, reset_after=after),
        partial(gru.gru_forward, reset_after=after),
        gru.gru_backward,
        partial(fused_gru.gru_forward, reset_after=after),
        fused_gru.gru_backward,
        partial(fused_gru.gru_forward_time_major, reset_after=after),
        fused_gru.gru_backward_time_major,
        partial(fused_gru.gru_stream, reset_after=after),
    )
    for name, contract, after in (
        ("GRU", GRU_BACKWARD, False),
        ("GRU with reset_after", with_reset_after(GRU_BACKWARD), True),
    )
)
NETS = [RNN, LSTM, GRU, GRU_AFTER]
cases = gradproof.cases.cases(LSTM_BACKWARD)  # its dimensions are those of every net
every_net = pytest.mark.parametrize("net", NETS, ids=repr)
