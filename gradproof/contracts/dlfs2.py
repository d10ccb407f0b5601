"""The layers of the book "Deep Learning from Scratch 2": classes with `params`, `grads`, `forward` and `backward`.

Rows are examples, a sequence is (N, T, D).  An LSTM packs its gates f, g, i, o, a GRU z, r, h.  A layer is made of its
parameters; the forward keeps what the backward needs in the object; the gradients of the parameters are looked for
among what `backward` returns, in `grads` or a list of another name, and in attributes such as `dWx`.
"""

import contextlib
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from .contract import Backward, Contract, Dimensions, Forward
from .cs231n import LSTM, RNN, STATE, orders
from .packing import pack_forward, scalar

CONVENTION = "dlfs2"
GRU: dict[str, Dimensions] = {"Wx": ("D", "H+H+H"), "Wh": ("H", "H+H+H"), "b": ("H+H+H",)}
GRU_VARIANTS: dict[str, dict[str, Any]] = {
    "the update rule z h_prev + (1 - z) h~, not (1 - z) h_prev + z h~": {"update": "old"},
    "the reset after the product, not before": {"reset_after": True},
    "the update rule z h_prev + (1 - z) h~ and the reset after the product": {"update": "old", "reset_after": True},
    **orders("zrh"),
    **{
        f"{told}, and the update rule z h_prev + (1 - z) h~": {**options, "update": "old"}
        for told, options in orders("zrh").items()
    },
}


def bind_forward(contract: Forward, names: Mapping[str, Any], function: str) -> Any:
    """Make a layer, set its state where there is one, and call its forward; the layer takes the place of the cache."""
    made = names[function.partition(".")[0]]
    count = len(contract.constructor or ())

    def forward(*arguments: Any, **state: Any) -> Any:
        stateful = bool(state) and "stateful" in inspect.signature(made).parameters
        layer = made(*arguments[:count], **({"stateful": True} if stateful else {}))
        if state:
            layer.set_state(*state.values())
        outputs = layer.forward(*arguments[count:])
        outputs = outputs if isinstance(outputs, (tuple, list)) else (outputs,)
        return outputs, layer, arguments[:count]

    forward.__wrapped__ = made.forward  # type: ignore[attr-defined]
    return forward


def keeps_state(contract: Forward, names: Mapping[str, Any], function: str, inputs: Mapping[str, Any]) -> bool:
    """Whether a layer of stateful=False starts its second forward from something else than zero."""
    positional, _ = contract.pack(contract, inputs, ())
    count = len(contract.constructor or ())
    arguments = list(positional.values())
    made = names[function.partition(".")[0]]
    if "stateful" not in inspect.signature(made).parameters:
        return False
    layer = made(*arguments[:count], stateful=False)
    first, second = (np.array(layer.forward(*arguments[count:])) for _ in range(2))
    return not np.array_equal(first, second)


def unpack_forward(contract: Forward, returned: Any) -> tuple[dict[str, Any], Any]:
    """The outputs, which more may follow, and what the backward needs.

    That is the layer, the parameters that it was made of, and the attributes that a backward has changed so far.
    """
    outputs, layer, parameters = returned
    if len(outputs) < len(contract.outputs):
        raise TypeError(f"forward returned {len(outputs)} results; expected {', '.join(contract.outputs)}")
    return dict(zip(contract.outputs, outputs, strict=False)), (layer, parameters, set())


def unpack_loss(contract: Forward, returned: Any) -> tuple[dict[str, Any], Any]:
    """A loss may have shape (1,)."""
    outputs, cache = unpack_forward(contract, returned)
    return {name: scalar(value) for name, value in outputs.items()}, cache


def pack_labels(
    contract: Forward, inputs: Mapping[str, Any], taken: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Labels as indices, -1 where the mask ignores them."""
    indices = np.where(inputs["mask"] > 0, np.argmax(inputs["ts"], axis=-1), -1)
    return {"xs": inputs["xs"], "ts": indices}, {}


def pack_backward(
    contract: Backward, cotangents: Mapping[str, Any], cache: Any, taken: tuple[str, ...]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The layer and the cotangents in order; that of a loss as a number."""
    arrays = {name: array.item() if array.ndim == 0 else array for name, array in cotangents.items()}
    return {contract.cache: cache, **arrays}, {}


def bind_backward(contract: Backward, names: Mapping[str, Any], function: str) -> Any:
    """Call the layer's backward and collect the gradients from wherever it leaves them."""

    def backward(cache: Any, *cotangents: Any) -> Any:
        layer, parameters, places = cache
        before = {name: _copied(value) for name, value in attributes(layer).items()}
        returned = layer.backward(*cotangents)
        own = [name for name, of in contract.gradients.items() if of in (contract.constructor or ())]
        passed = [name for name in contract.gradients if name not in (*own, *contract.optional_gradients)]
        if isinstance(returned, Mapping):
            by_name = {_plain(name): value for name, value in returned.items()}
            found = {name: by_name[_plain(name)] for name in (*passed, *own) if _plain(name) in by_name}
        else:
            returned = returned if isinstance(returned, (tuple, list)) else () if returned is None else (returned,)
            states = list(contract.optional_gradients)
            ways = [[*passed, *own], *([*passed, *states[:count]] for count in range(len(states) + 1))]
            names_of = next((way for way in ways if len(way) == len(returned)), None)
            if names_of is None:
                expected = ", ".join(passed) or "nothing"
                raise TypeError(f"backward returned {len(returned)} results; expected {expected}")
            found = dict(zip(names_of, returned, strict=True))
        after = attributes(layer)
        if missing := [name for name in own if name not in found]:
            places.update(name for name, value in after.items() if not _same(before.get(name), value))
            changed = {name: value for name, value in after.items() if name in places}
            found |= _left_in(after, changed, [np.shape(parameter) for parameter in parameters], missing)
        # the gradient of the state that came in is the last that BPTT computes
        return {name: after[name] for name in contract.optional_gradients if name in after} | found

    backward.__wrapped__ = names[function.partition(".")[0]].backward  # type: ignore[attr-defined]
    return backward


def attributes(layer: Any) -> dict[str, Any]:
    """What an object keeps, in its dict or in slots, and what its property `grads` gives."""
    found = dict(getattr(layer, "__dict__", {}))
    slots = [slot for one in type(layer).__mro__ for slot in np.atleast_1d(getattr(one, "__slots__", ())).tolist()]
    for name in (*slots, "grads"):
        with contextlib.suppress(Exception):  # an empty slot, or a property that needs the backward first
            found.setdefault(name, getattr(layer, name))
    return found


def held(cache: Any) -> list[Any] | None:
    """The arrays in a layer's own `grads` list, which an optimizer is given once."""
    arrays = getattr(cache[0], "__dict__", {}).get("grads")
    return list(arrays) if isinstance(arrays, list) and all(isinstance(one, np.ndarray) for one in arrays) else None


def _left_in(
    kept: Mapping[str, Any], changed: Mapping[str, Any], shapes: list[tuple[int, ...]], names: list[str]
) -> dict[str, Any]:
    """Gradients of the parameters in a layer's attributes: `grads`, one attribute each, or another list or dict.

    Another list or dict must have the parameters' shapes, and a backward must have changed it: velocities and copies of
    the weights look the same.
    """
    for candidate, bare in [(kept.get("grads"), True), (kept, False)]:
        if (found := _by_name(candidate, names, bare=bare)) is not None:
            return found
    if isinstance(kept.get("grads"), (list, tuple)) and len(kept["grads"]) == len(names):
        return dict(zip(names, kept["grads"], strict=True))
    for value in changed.values():
        if (found := _by_name(value, names, bare=True)) is not None:
            return found
        if isinstance(value, (list, tuple)) and [getattr(one, "shape", None) for one in value] == shapes:
            return dict(zip(names, value, strict=True))
    return {}


def _by_name(candidate: Any, names: list[str], *, bare: bool) -> dict[str, Any] | None:
    """The gradients among the values of a dict, under "dWx", "grad_Wx" or "Wx_grad"; bare: or "Wx"."""
    if not isinstance(candidate, Mapping):
        return None
    values = {_plain(key): value for key, value in candidate.items()}
    for spelling in ("d{}", "grad{}", "{}grad", *(["{}"] if bare else [])):
        keys = {name: spelling.format(_plain(name[1:])) for name in names}
        if all(values.get(key) is not None for key in keys.values()):
            return {name: values[key] for name, key in keys.items()}
    return None


def _copied(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (list, tuple)):
        return [_copied(one) for one in value]
    return {name: _copied(one) for name, one in value.items()} if isinstance(value, dict) else value


def _same(before: Any, after: Any) -> bool:
    """Whether an attribute is what its copy was."""
    if isinstance(after, np.ndarray):
        return isinstance(before, np.ndarray) and np.array_equal(before, after)
    if isinstance(after, (list, tuple)):
        return isinstance(before, list) and len(before) == len(after) and all(map(_same, before, after))
    if isinstance(after, dict):
        return isinstance(before, dict) and all(name in before and _same(before[name], after[name]) for name in after)
    return before is after


def _plain(name: Any) -> str:
    return str(name).replace("_", "").lower()


def layer(
    name: str,
    twin: str,
    parameters: dict[str, Dimensions],
    inputs: dict[str, Dimensions],
    outputs: dict[str, Dimensions],
    cotangents: dict[str, str],
    *,
    state: dict[str, Dimensions] | None = None,
    gradients: tuple[str, ...],
    description: str,
    **others: Any,
) -> tuple[Forward, Backward]:
    """The two contracts of a class.  state: inputs that `set_state` takes, whose gradients stay in `dh` and `dc`."""
    state = state or {}
    arguments = {argument: argument for argument in (*parameters, *inputs, *state) if argument != "mask"}
    cells = others.pop("cells", {})
    cell = others.pop("cell", None)
    forward = Forward(
        name=f"{name}.forward",
        convention=CONVENTION,
        twin=f"conventions.{twin}",
        arguments=arguments,
        inputs={**inputs, **state, **parameters},
        outputs=outputs,
        pack=others.pop("pack", pack_forward),
        unpack=others.pop("unpack", unpack_forward),
        returned_cache="",
        optional=(*state, *others.pop("optional", ())),
        present=dict.fromkeys(state, "set_state"),
        biases=("b",) if "b" in parameters else (),
        cell=f"{cell}.forward" if cell else None,
        cells=cells,
        constructor=tuple(parameters),
        float32=True,
        bind=bind_forward,
        keeps_state=keeps_state if state else lambda *_: False,
        description=description,
        **others,
    )
    return forward, Backward(
        name=f"{name}.backward",
        convention=CONVENTION,
        forward=forward,
        cotangents=cotangents,
        cache="layer",
        gradients={gradient: gradient[1:] for gradient in (*gradients, *(f"d{n}" for n in state))}
        | {f"d{parameter}": parameter for parameter in parameters},
        pack=pack_backward,
        unpack=lambda contract, returned: dict(returned),
        optional_gradients=tuple(f"d{n}" for n in state),
        cell=f"{cell}.backward" if cell else None,
        cells=cells,
        constructor=tuple(parameters),
        bind=bind_backward,
        holds=held,
        description="its gradients",
    )


STEP, SEQUENCE, HIDDEN = ("N", "D"), ("N", "T", "D"), ("N", "T", "H")
PACKED_LSTM: dict[str, Any] = {"gates": "fgio", "variants": orders("fgio")}
PACKED_GRU: dict[str, Any] = {"gates": "zrh", "variants": GRU_VARIANTS}

CONTRACTS: tuple[Contract, ...] = (
    *layer(
        "RNN",
        "dlfs2_rnn",
        RNN,
        {"x": STEP, "h_prev": STATE},
        {"h_next": STATE},
        {"dh_next": "h_next"},
        gradients=("dx", "dh_prev"),
        description="one step of an Elman RNN",
    ),
    *layer(
        "TimeRNN",
        "dlfs2_time_rnn",
        RNN,
        {"xs": SEQUENCE},
        {"hs": HIDDEN},
        {"dhs": "hs"},
        state={"h": STATE},
        gradients=("dxs",),
        cell="RNN",
        cells={"RNN": "dlfs2.RNN"},
        description="an Elman RNN over a sequence",
    ),
    *layer(
        "LSTM",
        "dlfs2_lstm",
        LSTM,
        {"x": STEP, "h_prev": STATE, "c_prev": STATE},
        {"h_next": STATE, "c_next": STATE},
        {"dh_next": "h_next", "dc_next": "c_next"},
        gradients=("dx", "dh_prev", "dc_prev"),
        description="one step of an LSTM",
        **PACKED_LSTM,
    ),
    *layer(
        "TimeLSTM",
        "dlfs2_time_lstm",
        LSTM,
        {"xs": SEQUENCE},
        {"hs": HIDDEN},
        {"dhs": "hs"},
        state={"h": STATE, "c": STATE},
        gradients=("dxs",),
        cell="LSTM",
        cells={"LSTM": "dlfs2.LSTM"},
        description="an LSTM over a sequence",
        **PACKED_LSTM,
    ),
    *layer(
        "GRU",
        "dlfs2_gru",
        GRU,
        {"x": STEP, "h_prev": STATE},
        {"h_next": STATE},
        {"dh_next": "h_next"},
        gradients=("dx", "dh_prev"),
        description="one step of a GRU",
        **PACKED_GRU,
    ),
    *layer(
        "TimeGRU",
        "dlfs2_time_gru",
        GRU,
        {"xs": SEQUENCE},
        {"hs": HIDDEN},
        {"dhs": "hs"},
        state={"h": STATE},
        gradients=("dxs",),
        cell="GRU",
        cells={"GRU": "dlfs2.GRU"},
        description="a GRU over a sequence",
        **PACKED_GRU,
    ),
    *layer(
        "TimeEmbedding",
        "dlfs2_time_embedding",
        {"W": ("V", "D")},
        {"xs": ("N", "T", "V")},
        {"out": SEQUENCE},
        {"dout": "out"},
        gradients=(),
        constants={"xs": "one-hot"},
        description="rows of W for words xs (N, T)",
    ),
    *layer(
        "TimeAffine",
        "dlfs2_time_affine",
        {"W": ("D", "M"), "b": ("M",)},
        {"x": SEQUENCE},
        {"out": ("N", "T", "M")},
        {"dout": "out"},
        gradients=("dx",),
        description="the same affine layer at every step",
    ),
    *layer(
        "TimeSoftmaxWithLoss",
        "dlfs2_time_softmax_with_loss",
        {},
        {"xs": ("N", "T", "V"), "ts": ("N", "T", "V"), "mask": ("N", "T")},
        {"loss": ()},
        {"dout": "loss"},
        gradients=("dxs",),
        pack=pack_labels,
        unpack=unpack_loss,
        optional=("mask",),
        constants={"ts": "one-hot", "mask": "mask"},
        logits="xs",
        description="cross-entropy averaged over the words that are not ignored",
    ),
)
