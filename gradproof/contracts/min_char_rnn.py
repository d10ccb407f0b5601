"""The one function of min-char-rnn: the loss of a character model and its gradients, from the globals of a script.

`lossFun(inputs, targets, hprev)` reads Wxh, Whh, Why, bh, by, hidden_size and vocab_size from its module.  inputs and
targets are lists of character indices; some take one-hot columns as inputs, some take the parameters as arguments.
"""

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .contract import Backward, Contract, Dimensions, Forward
from .packing import as_tuple, constant, itself, pack_backward, scalar

CONVENTION = "min_char_rnn"
PARAMETERS: dict[str, Dimensions] = {
    "Wxh": ("H", "V"),
    "Whh": ("H", "H"),
    "Why": ("V", "H"),
    "bh": ("H", "1"),
    "by": ("V", "1"),
}
RETURNED = ("loss", *(f"d{name}" for name in PARAMETERS), "hprev")


def pack_indices(
    contract: Forward, inputs: Mapping[str, Any], taken: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """inputs and targets as lists of indices."""
    lists = {name: constant("one-hot", inputs[name]).tolist() for name in ("inputs", "targets")}
    return {**{name: inputs[name] for name in contract.arguments}, **lists}, {}


def pack_columns(
    contract: Forward, inputs: Mapping[str, Any], taken: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """inputs as a list of one-hot columns, targets as a list of indices."""
    arguments, _ = pack_indices(contract, inputs, taken)
    return {**arguments, "inputs": [row[:, None].copy() for row in inputs["inputs"]]}, {}


def unpack(contract: Forward, returned: Any) -> tuple[dict[str, Any], Any]:
    """(loss, dWxh, dWhh, dWhy, dbh, dby, hprev); the gradients take the place of the cache."""
    loss, *gradients, h = as_tuple(returned, RETURNED)
    return {"loss": scalar(loss), "hprev": h}, dict(zip(RETURNED[1:-1], gradients, strict=True))


def with_globals(contract: Forward, names: Mapping[str, Any], function: str) -> Any:
    """The function, called with its parameters as globals, and so with the sizes that scripts keep there."""
    called = names[function]
    namespace = getattr(inspect.unwrap(called), "__globals__", names)  # an object that can be called has none

    def loss_fun(inputs: Any, targets: Any, hprev: Any, *parameters: Any) -> Any:
        given = dict(zip(PARAMETERS, parameters, strict=True))
        vocab_size, hidden_size = given["Why"].shape
        sizes = {"vocab_size": vocab_size, "hidden_size": hidden_size, "seq_length": len(inputs)}
        sizes["chars"] = list(range(vocab_size))
        with _set(namespace, given | sizes):
            return called(inputs, targets, hprev, *(() if contract.globals else parameters))

    loss_fun.__wrapped__ = called  # type: ignore[attr-defined]
    return loss_fun


@contextmanager
def _set(namespace: Any, values: Mapping[str, Any]) -> Iterator[None]:
    kept = {name: namespace[name] for name in values if name in namespace}
    namespace.update(values)
    try:
        yield
    finally:
        for name in values:
            namespace.pop(name, None)
        namespace.update(kept)


def _contracts(name: str, spelling: str, **others: Any) -> tuple[Contract, ...]:
    forward = Forward(
        name=name,
        convention=CONVENTION,
        twin="char_rnn.loss_fun",
        arguments={argument: argument for argument in ("inputs", "targets", "hprev", *PARAMETERS)},
        inputs={"inputs": ("T", "V"), "targets": ("T", "V"), "hprev": ("H", "1"), **PARAMETERS},
        outputs={"loss": (), "hprev": ("H", "1")},
        unpack=unpack,
        returned_cache="",
        constants={"inputs": "one-hot", "targets": "one-hot"},
        biases=("bh", "by"),
        logits="by",
        spelling=spelling,
        keys=tuple(PARAMETERS),
        description="the loss of a character model, and its last hidden state",
        **others,
    )
    return forward, Backward(
        name=name,
        convention=CONVENTION,
        forward=forward,
        cotangents={},
        cache="gradients",
        gradients={f"d{parameter}": parameter for parameter in PARAMETERS},
        unit=("loss",),
        pack=pack_backward,
        unpack=lambda contract, returned: dict(returned),
        bind=itself,
        clipped=True,
        description="its gradients, which are often clipped to some bound",
    )


CONTRACTS: tuple[Contract, ...] = (
    *_contracts("lossFun", "", pack=pack_indices, bind=with_globals, globals=tuple(PARAMETERS)),
    *_contracts("lossFun", "one-hot inputs", pack=pack_columns, bind=with_globals, globals=tuple(PARAMETERS)),
    *_contracts("lossFun", "parameters as arguments", pack=pack_indices, bind=with_globals),
)
