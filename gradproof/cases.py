"""From a few numbers to arrays: what a case is, the designed grid that always goes first, and the Hypothesis strategy.

A case names sizes, a seed and scales; the arrays follow from it alone.  That shrinks to one line that can be typed, and
never to all zeros, where tanh' = 1 and weight gradients vanish and bugs hide.
"""

import atexit
import math
import shutil
import sys
import tempfile
import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .contracts import CONVENTIONS, Backward, Contract, Forward, forward_of, names_of, sizes_of

# Pairwise distinct within a contract: a swapped axis or slice cannot fit.
BASE = {"n_x": 4, "n_a": 3, "n_y": 2, "m": 5, "N": 5, "T": 6, "D": 4, "H": 3, "M": 2, "V": 7}
LARGEST = {**dict.fromkeys(BASE, 8), "T": 12}
EXAMPLES = ("m", "N", "T")  # dimensions along which data lie; an array without them is a parameter
UPSTREAM = {
    name
    for contracts in CONVENTIONS.values()
    for contract in contracts
    if isinstance(contract, Backward)
    for name in contract.cotangents
}
GROWTH = 3e4  # by which the weights of all steps, one after the other, may enlarge a number at most


@dataclass(frozen=True)
class Case:
    """Sizes by dimension, and what the arrays are filled with.

    scale multiplies every input, cotangents every cotangent; saturated sets biases so that gates are nearly shut or
    open; zeroed names cotangents and biases that are zero; last: cotangents are zero at every step but the last.
    """

    sizes: Mapping[str, int]
    seed: int = 0
    scale: float = 1.0
    cotangents: float = 1.0
    saturated: bool = False
    zeroed: tuple[str, ...] = field(default=())
    last: bool = False

    def __str__(self) -> str:
        words = [f"{name}={size}" for name, size in self.sizes.items()]
        words.append(f"seed={self.seed}")
        if self.scale != 1:
            words.append(f"scale={_written(self.scale)}")
        if self.cotangents != 1:
            words.append(f"cotangents={_written(self.cotangents)}")
        if self.saturated:
            words.append("saturated")
        words += [f"{name}=0" for name in self.zeroed]
        words += ["last"] if self.last else []
        return " ".join(words)

    def __hash__(self) -> int:
        return hash((tuple(self.sizes.values()), self.seed, self.scale, self.cotangents, self.saturated, self.zeroed))

    def with_sizes(self, **sizes: int) -> "Case":
        return replace(self, sizes={**self.sizes, **sizes})


def parse(text: str, contract: Contract) -> Case:
    """The case that `str` wrote.  Raises ValueError naming the word that does not fit."""
    names = names_of(contract)
    sizes: dict[str, int] = {}
    others: dict[str, Any] = {}
    may_be_zero = {*forward_of(contract).biases, *(contract.cotangents if isinstance(contract, Backward) else ())}
    for word in text.split():
        name, _, value = word.partition("=")
        try:
            if name in names:
                sizes[name] = int(value)
                if not 1 <= sizes[name] <= 1000:
                    raise ValueError(f"{name} is {value} in a case; expected 1 to 1000")
            elif name == "seed":
                others[name] = int(value)
                if others[name] < 0:
                    raise ValueError(f"seed is {value} in a case; expected 0 or more")
            elif name in ("scale", "cotangents"):
                others[name] = float(value)
                if not 1e-100 < others[name] < 1e100:
                    raise ValueError(f"{name} is {value} in a case; expected a positive number")
            elif word in ("saturated", "last"):
                others[name] = True
            elif name in may_be_zero and value == "0":
                others["zeroed"] = (*others.get("zeroed", ()), name)
            elif name in BASE or (name in UPSTREAM and value == "0"):  # of another function
                continue
            else:
                raise ValueError
        except ValueError as error:
            if "expected" in str(error):
                raise
            known = ", ".join([*(f"{name}=1" for name in names), "seed=0", "scale=1", "cotangents=1", "saturated"])
            raise ValueError(
                f"{word!r} is not part of a case of {contract.name}; expected words such as {known}"
            ) from None
    sizes = {**base(contract), **sizes}
    shapes = forward_of(contract).inputs.values()
    if sum(math.prod(sizes_of(shape, sizes)) for shape in shapes) > 2e6:
        raise ValueError(f"{text!r} is too large a case; expected arrays of at most 2 million numbers")
    return Case(sizes, **others)


def base(contract: Contract) -> dict[str, int]:
    """The sizes of the first designed case."""
    return {name: forward_of(contract).sizes.get(name) or BASE[name] for name in names_of(contract)}


def grid(contract: Contract) -> list[Case]:
    """The designed cases: distinct sizes, large and tiny cotangents, saturated gates, every size 1 in turn, T = 1."""
    first = Case(base(contract))
    ones = first.with_sizes(**dict.fromkeys(first.sizes, 1))
    return [
        first,
        # beyond every bound that somebody clips to, and below every number that somebody takes for zero
        replace(first, seed=1, cotangents=1e6),
        replace(first, seed=2, cotangents=1e-18),
        replace(first, seed=3, scale=3.0),
        replace(first, seed=4, saturated=True),
        *(replace(first.with_sizes(**{name: 1}), seed=5) for name in first.sizes),
        ones,
        *([ones.with_sizes(T=2)] if "T" in first.sizes else []),
    ]


def cases(contract: Contract, sizes: Any = None) -> Any:
    """Hypothesis strategy of cases; `sizes`, a strategy of dicts, restricts the shapes, for instance to a pool."""
    return _strategy(names_of(contract), sizes)


def _strategy(names: tuple[str, ...], sizes: Any = None) -> Any:
    from hypothesis import strategies as st

    free = st.fixed_dictionaries({name: st.integers(1, LARGEST.get(name, 5)) for name in names})
    return st.builds(
        Case,
        sizes=(free if sizes is None else sizes).map(lambda drawn: {name: drawn[name] for name in names}),
        seed=st.integers(0, 2**16 - 1),
        scale=st.sampled_from([1.0, 0.5, 2.0, 3.0, 10.0]),
        cotangents=st.sampled_from([1.0, 50.0, 1e-5]),
        saturated=st.booleans(),
    )


def drawn(contract: Contract, seed: int, examples: int) -> list[Case]:
    """`examples` different cases from the strategy, none of the grid; the same ones for the same seed."""
    if examples < 1:
        return []
    designed = set(grid(contract))
    return [case for case in _drawn(names_of(contract), seed, examples) if case not in designed][:examples]


@cache
def _drawn(names: tuple[str, ...], seed: int, examples: int) -> list[Case]:
    """More different cases than `examples`, in the order drawn; many contracts have the same dimensions."""
    if "hypothesis" not in sys.modules:  # nobody else's: nothing of it is to stay in the folder we are called from
        from hypothesis.configuration import set_hypothesis_home_dir

        folder = tempfile.mkdtemp(prefix="gradproof-")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        set_hypothesis_home_dir(folder)
    import hypothesis

    found: dict[Case, None] = {}

    def draw() -> None:
        @hypothesis.seed(seed)
        @hypothesis.settings(
            max_examples=examples + 10,  # some are drawn twice
            database=None,
            deadline=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(_strategy(names))
        def collect(case: Case) -> None:
            found[case] = None

        collect()

    # in a thread of its own, because an audit may run inside somebody's Hypothesis test, and those do not nest
    with ThreadPoolExecutor(1) as pool:
        pool.submit(draw).result()
    return list(found)


def inputs_of(contract: Forward, case: Case, taken: tuple[str, ...] = ()) -> dict[str, NDArray[Any]]:
    """float64 arrays for every input; an optional input that is not in `taken` is zero.

    A constant is one-hot along its last axis, a mask of ones and zeros that leaves at least one, or integers below a
    dimension; an optional mask that is not in `taken` is all ones.
    The scale of weights is at most that of `steepest`: otherwise long sequences of wide nets are chaotic, and two right
    ways to compute them differ in every digit.
    """
    arrays = {}
    for name, dimensions in contract.inputs.items():
        values = normal(name, case, sizes_of(dimensions, case.sizes))
        absent = name in contract.optional and name not in taken
        if name in contract.constants:
            values = _constant(contract.constants[name], values, absent, case.sizes)
        elif case.saturated and name in contract.biases:
            values = np.sign(values) * (6 + 2 * np.abs(values))
        else:
            weight = len(dimensions) == 2 and not {*EXAMPLES, "1"}.intersection(dimensions)
            largest = steepest(values.shape, case.sizes.get("T", 1)) if weight else case.scale
            values = min(case.scale, largest) * values
        zero = (absent and name not in contract.constants) or name in case.zeroed
        arrays[name] = np.asarray(values * 0 if zero else values)
    return arrays


def steepest(shape: tuple[int, ...], steps: int) -> float:
    """The largest scale of normal weights of this shape by which `steps` of them enlarge a number by at most GROWTH.

    One enlarges it by its norm, which is about sqrt(rows) + sqrt(columns) times the scale.
    """
    rows, columns = shape
    return float(GROWTH ** (1 / steps) / (rows**0.5 + columns**0.5))


def _constant(kind: str, values: NDArray[Any], absent: bool, sizes: Mapping[str, int]) -> NDArray[Any]:
    if kind.startswith("<"):
        return np.asarray((np.abs(values) * 2**20).astype(np.int64) % sizes_of((kind[1:],), sizes)[0])
    if kind == "one-hot":
        return (values == values.max(axis=-1, keepdims=True)).astype(np.float64)
    mask = (values > -0.5) | absent
    mask.flat[0] = True
    return mask.astype(np.float64)


def cotangents_of(contract: Backward, case: Case, taken: tuple[str, ...] = ()) -> dict[str, NDArray[Any]]:
    """float64 arrays for every cotangent argument; an optional one that is not in `taken` is zero."""
    arrays = {}
    for name, output in contract.cotangents.items():
        values = normal(name, case, sizes_of(contract.forward.outputs[output], case.sizes))
        absent = name in case.zeroed or (name in contract.optional and name not in taken)
        if case.last and "T" in contract.forward.outputs[output]:
            steps = np.arange(case.sizes["T"]) == case.sizes["T"] - 1
            axis = contract.forward.outputs[output].index("T")
            values = values * steps.reshape([-1 if at == axis else 1 for at in range(values.ndim)])
        arrays[name] = np.asarray(values * 0 if absent else case.cotangents * values)
    return arrays


def zeros(dimensions: tuple[str, ...], sizes: Mapping[str, int]) -> NDArray[Any]:
    """No cotangent at all."""
    return np.zeros(sizes_of(dimensions, sizes))


def _written(number: float) -> str:
    """The shortest form that reads back as the same number: 3 and 1e-05, not 3.0."""
    return repr(number).removesuffix(".0")


def normal(name: str, case: Case, shape: tuple[int, ...]) -> NDArray[Any]:
    """Standard normal values that depend on the seed and the array's name alone."""
    return np.asarray(np.random.default_rng([case.seed, zlib.crc32(name.encode())]).standard_normal(shape))
