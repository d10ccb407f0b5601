"""The pair in the candidate's process: what it returns, the truth by dual numbers, and both sides of exact verdicts."""

import contextlib
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arithmetic.balls import Balls
from ..arithmetic.doubles import Doubles
from ..arithmetic.dual import Duals, scaled, seeded
from ..arithmetic.engines import encoded, engine_of, variables
from ..arithmetic.exact import as_array
from ..arithmetic.record import Record, recording
from ..arithmetic.scalar import number
from ..contracts.contract import Backward, Forward
from ..lifting.array import LiftedArray, lifted, running_on
from ..lifting.calling import traced, unreached
from ..lifting.swapping import lifting
from ..observe import plain
from . import structure
from .contract import Plan, Returned, backward_of, forward_of, outputs_of, plan_of

EACH = 80  # numbers among the inputs up to which every one of them has a direction of its own on exact numbers


@dataclass
class Pair:
    """The pair in the candidate's namespace, and where its helper modules lie."""

    names: dict[str, Any]
    folder: str
    own: Callable[[str], bool]
    plan: Plan
    forward: Forward
    backward: Backward

    def run(self, inputs: Mapping[str, Any]) -> Returned:
        """What the forward returns, and its arguments."""
        positional, keyword = self.forward.pack(self.forward, inputs, ())
        called = self.forward.bind(self.forward, self.names, self.plan.forward)
        returned: Returned = called(*positional.values(), **keyword)
        return returned

    def gradients(self, cotangents: Mapping[str, Any], returned: Returned) -> dict[str, Any]:
        cache = self.forward.unpack(self.forward, returned)[1]
        return self.backward.unpack(self.backward, self.returned(cotangents, cache))

    def returned(self, cotangents: Mapping[str, Any], cache: Any) -> Any:
        """What the backward returns, as it returns it."""
        positional, keyword = self.backward.pack(self.backward, cotangents, cache, ())
        called = self.backward.bind(self.backward, self.names, self.plan.backward)
        return called(*positional.values(), **keyword)


def answer(
    names: dict[str, Any],
    folder: str,
    own: Callable[[str], bool],
    *,
    what: str,
    plan: str,
    inputs: dict[str, Any],
    cotangents: dict[str, Any] | None = None,
    engine: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The worker's answer to one question about the pair.

    what: "forward" and "backward" describe what these return, "outputs" are in float64, "truth" are the outputs and the
    gradients of dual numbers, "precise" the gradients of dual numbers of many digits, "exact" is what both say on
    exact numbers.
    """
    pair = Pair(names, folder, own, plan_of(plan), forward_of(plan), backward_of(plan))
    if what == "forward":
        value = pair.run(inputs).value
        return {"described": structure.described(value), "jax": _is_jax(value)}
    if what == "outputs":
        return {"results": plain(outputs_of(pair.plan, pair.run(inputs).value))}
    assert cotangents is not None
    if what == "backward":
        cache = pair.forward.unpack(pair.forward, pair.run(inputs))[1]
        return {"described": structure.described(pair.returned(cotangents, cache))}
    if what == "truth":
        return _truth(pair, inputs, cotangents)
    if what == "precise":
        return _precise(pair, inputs, cotangents)
    assert engine is not None
    return _exact(pair, inputs, cotangents, engine_of(engine))


def _is_jax(value: Any) -> bool:
    """Whether some array that was returned is one of JAX's."""
    return any(type(leaf).__module__.startswith(("jax", "jaxlib")) for _, leaf in structure.leaves(value))


@contextlib.contextmanager
def _on(pair: Pair, engine: Any) -> Iterator[Record]:
    """While this holds, the candidate's code runs on the engine's numbers."""
    record = Record(pair.own)
    with recording(record), running_on(engine), lifting([pair.names], pair.folder):
        yield record


def _upstream(plan: Plan, outputs: Mapping[str, Any], cotangents: Mapping[str, Any]) -> dict[str, Any]:
    """What every output is multiplied with: its cotangent, one for a loss; nothing for one that has none."""
    upstream = {output: cotangents[name] for name, output in plan.cotangents.items()}
    return upstream | {output: np.ones(np.shape(outputs[output])) for output in plan.unit}


# the truth in float64


def _truth(pair: Pair, inputs: dict[str, Any], cotangents: dict[str, Any]) -> dict[str, Any]:
    """{"output out": ..., "gradient x": ...}; with the places where the derivatives were lost."""
    if "jax" in sys.modules:
        from . import by_jax

        if by_jax.is_in_jax(pair, inputs):
            return by_jax.truth(pair, inputs, cotangents)
    variables = pair.plan.variables
    total = sum(inputs[name].size for name in variables)
    doubles = Doubles()
    engine = Duals(doubles, total)
    with _on(pair, engine) as record:
        rows = np.eye(total)
        dual: dict[str, Any] = {name: array for name, array in inputs.items() if name not in variables}
        first = 0
        for name in variables:
            array = inputs[name]
            dual[name] = _seeded(engine, doubles, array, rows[first : first + array.size])
            first += array.size
        outputs = {name: lifted(value) for name, value in outputs_of(pair.plan, pair.run(dual).value).items()}
    gradient = np.zeros(total)
    for name, cotangent in _upstream(pair.plan, outputs, cotangents).items():
        for factor, value in zip(cotangent.flat, outputs[name].view(np.ndarray).flat, strict=True):
            gradient += factor * value.d
    results = {f"output {name}": _floats(value) for name, value in outputs.items()}
    first = 0
    for name in variables:
        size = inputs[name].size
        results[f"gradient {name}"] = gradient[first : first + size].reshape(inputs[name].shape)
        first += size
    return {"results": results, "leaks": record.leaks}


def _precise(pair: Pair, inputs: dict[str, Any], cotangents: dict[str, Any]) -> dict[str, Any]:
    """The gradients as `_truth` gives them, by balls: a forward that cancels, as log(1 - a) does, spoils floats."""
    engine, names = Balls(), pair.plan.variables
    with engine.active():
        exact = {name: variables(engine, name, a) if name in names else a for name, a in inputs.items()}
        upstream = {name: variables(engine, name, array) for name, array in cotangents.items()}
        directions = _directions(engine, {name: exact[name].reshape(-1) for name in names}, True)
    derivatives, _ = _said_by_forward(pair, exact, upstream, engine, directions)
    parts = np.split(derivatives, np.cumsum([inputs[name].size for name in names])[:-1])
    found = zip(names, parts, strict=True)
    return {"results": {f"gradient {name}": _floats(part.reshape(inputs[name].shape)) for name, part in found}}


def _seeded(engine: Duals, base: Any, array: Any, directions: Any) -> Any:
    """The dual numbers of an array of floats, or of the base's numbers."""
    result = np.empty(array.size, dtype=object)
    result[:] = seeded(engine, [x if array.dtype == object else number(base, float(x)) for x in array.flat], directions)
    return result.reshape(array.shape).view(LiftedArray)


def _floats(array: Any) -> Any:
    plain = array.view(np.ndarray)
    return np.array([float(x.shadow) for x in plain.flat]).reshape(plain.shape)


# both sides on exact numbers


def _exact(pair: Pair, inputs: dict[str, Any], cotangents: dict[str, Any], engine: Any) -> dict[str, Any]:
    """Both sides of <cotangents, J v> = <gradients, v>, for a v in every direction or, of many, a random one.

    {"exact": what the backward says, "expected": what the forward says}.
    """
    if "jax" in sys.modules:
        from . import by_jax

        if by_jax.is_in_jax(pair, inputs):
            return by_jax.exact(pair, inputs, cotangents, engine)
    plan, wanted = pair.plan, list(dict.fromkeys(pair.plan.of.values()))
    sizes = [inputs[name].size for name in wanted]
    each = sum(sizes) <= EACH
    with engine.active():
        exact = {
            name: variables(engine, name, array) if name in plan.variables else array for name, array in inputs.items()
        }
        upstream = {name: variables(engine, name, array) for name, array in cotangents.items()}
    # the backward first: it is quick, and tells when random residues will not do
    gradients, second, lines = _said_by_backward(pair, exact, upstream, engine)
    v = {name: _direction(engine, name, inputs[name].size) for name in wanted}
    derivatives, first = _said_by_forward(pair, exact, upstream, engine, _directions(engine, v, each))
    parts = np.split(derivatives, np.cumsum(sizes if each else [1] * len(wanted))[:-1])
    expected = dict(zip(wanted, parts, strict=True))
    sides: dict[str, dict[str, Any]] = {"exact": {}, "expected": {}}
    with engine.active():
        for name, of in plan.of.items():
            if name not in gradients or gradients[name].shape != inputs[of].shape:
                continue
            actual, shape = gradients[name], inputs[of].shape
            if not each:
                actual, shape = as_array(sum(actual.reshape(-1) * v[of], number(engine, 0))), ()
            sides["exact"][name] = encoded(actual)
            sides["expected"][name] = encoded(expected[of].reshape(shape))
    leaks = [*first.leaks, *(leak for leak in second.leaks if leak not in first.leaks)]
    ties = [*first.ties, *(tie for tie in second.ties if tie not in first.ties)]
    return {**sides, "leaks": leaks, "ties": ties, "unreached": unreached(pair.names, plan.backward, lines)}


def _said_by_backward(
    pair: Pair, exact: Mapping[str, Any], upstream: Mapping[str, Any], engine: Any
) -> tuple[dict[str, Any], Record, set[tuple[str, int]]]:
    """The gradients that the backward computes from a cache of the engine's numbers, and the lines that ran."""
    lines = set[tuple[str, int]]()
    with _on(pair, engine) as record, traced(pair.own, lines):
        # an array of integers is no variable, and stays one
        arrays = {name: a.view(LiftedArray) if a.dtype == object else a for name, a in exact.items()}
        returned = pair.run({name: array.copy() for name, array in arrays.items()})
        if not pair.plan.itself:
            lines.clear()
        found = pair.gradients({name: array.copy().view(LiftedArray) for name, array in upstream.items()}, returned)
        gradients = {name: lifted(value).view(np.ndarray) for name, value in found.items() if value is not None}
    return gradients, record, lines


def _said_by_forward(
    pair: Pair, exact: Mapping[str, Any], upstream: Mapping[str, Any], engine: Any, directions: Mapping[str, Any]
) -> tuple[Any, Record]:
    """The sum of cotangent times derivative over all outputs, for every direction."""
    duals = Duals(engine, next(iter(directions.values())).shape[1])
    with _on(pair, duals) as record:
        dual = dict(exact)
        for name in pair.plan.variables:
            none = [duals.none] * exact[name].size
            dual[name] = _seeded(duals, engine, exact[name], directions.get(name, none))
        outputs = {name: lifted(value) for name, value in outputs_of(pair.plan, pair.run(dual).value).items()}
        total = duals.none
        for name, cotangent in _upstream(pair.plan, outputs, upstream).items():
            for factor, value in zip(cotangent.flat, outputs[name].view(np.ndarray).flat, strict=True):
                total = total + scaled(value.d, factor)
    return total, record


def _direction(engine: Any, name: str, size: int) -> Any:
    """A random direction: variables of the engine."""
    generator = np.random.default_rng(zlib.crc32(f"direction of {name}".encode()))
    return variables(engine, f"direction of {name}", generator.standard_normal(size))


def _directions(engine: Any, v: Mapping[str, Any], each: bool) -> dict[str, Any]:
    """The derivatives of every input's elements, (elements, directions): a one in each, or along v."""
    zero, one = number(engine, 0), number(engine, 1)
    total, first = sum(array.size for array in v.values()), 0
    found = {}
    for column, (name, array) in enumerate(v.items()):
        rows = np.full((array.size, total if each else len(v)), zero, dtype=object)
        if each:
            rows[np.arange(array.size), first + np.arange(array.size)] = one
        else:
            rows[:, column] = array
        first += array.size
        found[name] = rows
    return found
