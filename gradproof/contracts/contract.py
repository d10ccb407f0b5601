"""What a published function promises: its arguments, their shapes in named dimensions, and what it returns.

A contract is data.  Drawing cases, calling the candidate, comparing and reporting all work from it and know no network.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Dimensions = tuple[str, ...]  # ("n_a", "m", "T"); numerals are sizes, "n_a+n_x" a sum, "4*H" a product
NAMES = ("n_x", "n_a", "n_y", "m", "N", "T", "D", "H", "M", "V")  # every dimension, in the order of reports


def by_name(contract: Any, names: Mapping[str, Any], function: str) -> Callable[..., Any]:
    """The candidate's function itself."""
    found: Callable[..., Any] = names[function]
    return found


@dataclass(frozen=True)
class Forward:
    """A forward function.

    arguments: published parameter → the input it takes, or the tuple of inputs that it takes as a dict.
    optional: parameters that only some implementations take; where absent the input is zero.
    pack(contract, inputs, taken) → (positional arguments by name, keyword arguments); unpack(contract, returned) →
    (outputs by name, cache).  See `contracts/coursera.py`.
    bind(contract, names, function) → what is called with the packed arguments: the candidate's function, or one that
    makes an object of its class or sets its globals.
    """

    name: str  # "rnn_forward", or "TimeRNN.forward" for the method of a class
    convention: str
    twin: str  # "rnn.rnn_forward": the function of that name in autodiff/
    arguments: Mapping[str, str | tuple[str, ...]]
    inputs: Mapping[str, Dimensions]
    outputs: Mapping[str, Dimensions]  # in the order returned
    pack: Callable[..., tuple[dict[str, Any], dict[str, Any]]]
    unpack: Callable[..., tuple[dict[str, Any], Any]]
    returned_cache: str = "cache"  # what the cache is called that comes after the outputs; "" where none is returned
    reference: str | None = None  # the function in manual/ whose cache is the published one; None: there is none
    cache: tuple[str, ...] = ()  # entries of one step's published cache
    optional: tuple[str, ...] = ()
    optional_outputs: tuple[str, ...] = ()
    present: Mapping[str, str] = field(default_factory=dict)  # optional input → the method that shows that it is taken
    biases: tuple[str, ...] = ()
    constants: Mapping[str, str] = field(default_factory=dict)  # input → "one-hot" or "mask": no variable, not scaled
    cell: str | None = None  # the function that it calls at every step
    cells: Mapping[str, str] = field(default_factory=dict)  # globals that the cell consists of → those in manual/
    constructor: tuple[str, ...] | None = None  # of a class: which of the arguments make the object
    globals: tuple[str, ...] = ()  # which of the arguments are set in the candidate's module
    spelling: str = ""  # tells contracts of the same name apart: what the parameters are called, or come as
    keys: tuple[str, ...] = ()  # strings by which a source shows that it uses this spelling
    options: Mapping[str, Any] = field(default_factory=dict)  # further arguments of the twin
    variants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # another convention → its options
    gates: str = ""  # the order in which gates are packed, unless the options name another
    logits: str | None = None  # the input to which a constant may be added without changing anything
    float32: bool = False  # the publication itself keeps buffers of float32
    sizes: Mapping[str, int] = field(default_factory=dict)  # of the designed cases, where they are not the usual ones
    # (contract, names, function, inputs) → whether a second forward of the same object starts where the first ended
    keeps_state: Callable[..., bool] = lambda *_: False
    bind: Callable[..., Callable[..., Any]] = by_name
    description: str = ""


@dataclass(frozen=True)
class Backward:
    """A backward function, which reads the cache of `forward`.

    cotangents: published parameter → the output of `forward` whose upstream gradient it is.
    unit: outputs, such as a loss, whose upstream gradient is one, since no parameter takes it.
    gradients: returned key → the input of `forward` that it belongs to.
    optional, optional_gradients: parameters and keys that only some implementations have.
    groups: what the gradients of one gate are called together.
    pack(contract, cotangents, cache, taken) → (positional arguments by name, keyword arguments); unpack(contract,
    returned) → gradients by name.  bind: as in `Forward`.
    clipped: gradients are published clipped to some bound.  in_dict: they are returned in a dict.
    holds(cache) → arrays that an optimizer holds, into which gradients must be written; None where there are none.
    """

    name: str
    convention: str
    forward: Forward
    cotangents: Mapping[str, str]
    cache: str  # the parameter that takes the cache, after the cotangents
    gradients: Mapping[str, str]
    pack: Callable[..., tuple[dict[str, Any], dict[str, Any]]]
    unpack: Callable[..., dict[str, Any]]
    unit: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    optional_gradients: tuple[str, ...] = ()
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cell: str | None = None
    cells: Mapping[str, str] = field(default_factory=dict)
    constructor: tuple[str, ...] | None = None
    clipped: bool = False
    in_dict: bool = False
    holds: Callable[[Any], list[Any] | None] = lambda cache: None
    bind: Callable[..., Callable[..., Any]] = by_name
    description: str = ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The published parameters in order, the optional ones last."""
        required = [name for name in self.cotangents if name not in self.optional]
        cache = () if self.constructor is not None or self.itself else (self.cache,)
        return (*required, *cache, *self.optional)

    @property
    def itself(self) -> bool:
        """Whether forward and backward are one function, which returns the loss and its gradients."""
        return self.name == self.forward.name

    @property
    def spelling(self) -> str:
        return self.forward.spelling

    @property
    def keys(self) -> tuple[str, ...]:
        return self.forward.keys


Contract = Forward | Backward


def signature(contract: Contract) -> str:
    """As published: "lstm_backward(da, caches[, dc])", or "RNN(Wx, Wh, b).forward(x, h_prev)"."""
    called = called_with(contract)
    required = [name for name in called if name not in contract.optional]
    optional = [name for name in called if name in contract.optional]
    name = contract.name
    if contract.constructor is not None:
        made, _, method = name.partition(".")
        name = f"{made}({', '.join(contract.constructor)}).{method}"
    return f"{name}({', '.join(required)}{''.join(f'[, {name}]' for name in optional)})"


def called_with(contract: Contract) -> list[str]:
    """The parameters of the function or method itself, without those of the constructor and globals."""
    if isinstance(contract, Backward):
        return called_with(contract.forward) if contract.itself else list(contract.arguments)
    if contract.constructor is not None:
        return [name for name in contract.arguments if name not in (*contract.constructor, *contract.optional)]
    return [name for name in contract.arguments if name not in contract.globals]


def returns(contract: Contract) -> str:
    """What the function is to return, in words."""
    if isinstance(contract, Forward):
        names = [*contract.outputs, *filter(None, [contract.returned_cache])]
        return names[0] if len(names) == 1 else f"({', '.join(names)})"
    required = [name for name in contract.gradients if name not in contract.optional_gradients]
    listed = f"{', '.join(required)}{''.join(f'[, {name}]' for name in contract.optional_gradients)}"
    return f"a dict with {listed}" if contract.in_dict else listed


def forward_of(contract: Contract) -> Forward:
    """The forward function that a contract is about."""
    return contract.forward if isinstance(contract, Backward) else contract


def sizes_of(dimensions: Dimensions, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """Shape of an array: ("n_a", "n_a+n_x") with n_a=3 and n_x=4 is (3, 7)."""

    def size(factor: str) -> int:
        return int(factor) if factor.isdigit() else sizes[factor]

    return tuple(
        sum(math.prod(map(size, term.split("*"))) for term in dimension.split("+")) for dimension in dimensions
    )


def names_of(contract: Contract) -> tuple[str, ...]:
    """The free dimensions of a contract, in a fixed order, ("n_x", "n_a", "n_y", "m", "T"), then any others."""
    forward = forward_of(contract)
    bounds = [(kind[1:],) for kind in forward.constants.values() if kind.startswith("<")]
    words = [part for shape in (*forward.inputs.values(), *bounds) for part in shape]
    found = [name for word in words for term in word.split("+") for name in term.split("*") if not name.isdigit()]
    return tuple(dict.fromkeys([*(name for name in NAMES if name in found), *found]))
