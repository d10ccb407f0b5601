"""The truth of a forward in jax.numpy: jax.vjp in float64, and its program on exact numbers."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from ..arithmetic.engines import encoded, variables
from ..arithmetic.exact import exact_array, rules
from ..arithmetic.program import evaluate
from ..arithmetic.record import Record, recording
from ..lifting.array import LiftedArray, lifted, running_on
from ..lifting.swapping import lifting
from .contract import float64, outputs_of

_known: dict[str, bool] = {}


def is_in_jax(pair: Any, inputs: Mapping[str, Any]) -> bool:
    """Whether the forward returns JAX's arrays; it is called once to see that."""
    text = pair.plan.text
    if text not in _known:
        outputs = outputs_of(pair.plan, pair.run(inputs).value)
        _known[text] = any(isinstance(value, jax.Array) for value in outputs.values())
    return _known[text]


def truth(pair: Any, inputs: Mapping[str, Any], cotangents: Mapping[str, Any]) -> dict[str, Any]:
    """As `process.answer` gives it for "truth"."""
    with float64():
        outputs, gradients = _vjp(pair, inputs, _floats(pair, inputs), cotangents)
        results = {f"output {name}": np.asarray(value) for name, value in outputs.items()}
        return {"results": results | {f"gradient {n}": np.asarray(g) for n, g in gradients.items()}, "leaks": []}


def exact(pair: Any, inputs: Mapping[str, Any], cotangents: Mapping[str, Any], engine: Any) -> dict[str, Any]:
    """As `process.answer` gives it for "exact"."""
    floats = _floats(pair, inputs)
    with float64():
        program = jax.make_jaxpr(lambda x, y: _vjp(pair, inputs, x, y)[1])(floats, dict(cotangents))
    record = Record(pair.own)
    with recording(record), engine.active():
        primals = {name: variables(engine, name, array) for name, array in floats.items()}
        upstream = {name: variables(engine, name, array) for name, array in cotangents.items()}
        leaves = [*_sorted(primals), *_sorted(upstream)]
        expected = dict(zip(sorted(floats), evaluate(program, rules(engine), {}, leaves), strict=True))
        gradients = _backward(pair, inputs, floats, cotangents, primals, upstream, engine)
        sides: dict[str, Any] = {"exact": {}, "expected": {}}
        for name, of in pair.plan.of.items():
            if name in gradients and np.shape(gradients[name]) == floats[of].shape:
                sides["exact"][name] = encoded(exact_array(engine, gradients[name]))
                sides["expected"][name] = encoded(exact_array(engine, expected[of]))
    return {**sides, "leaks": record.leaks, "ties": record.ties, "unreached": []}


def _vjp(pair: Any, inputs: Mapping[str, Any], floats: Mapping[str, Any], cotangents: Mapping[str, Any]) -> Any:
    """Outputs, and the gradient with respect to every input of floats."""

    def forward(arrays: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: jax.numpy.asarray(value)
            for name, value in outputs_of(pair.plan, pair.run({**inputs, **arrays}).value).items()
        }

    outputs, pullback = jax.vjp(forward, dict(floats))
    upstream = {name: jax.numpy.zeros_like(value) for name, value in outputs.items()}
    upstream |= {output: jax.numpy.asarray(cotangents[name]) for name, output in pair.plan.cotangents.items()}
    upstream |= {output: jax.numpy.ones_like(outputs[output]) for output in pair.plan.unit}
    return outputs, pullback(upstream)[0]


def _backward(
    pair: Any, inputs: Any, floats: Any, cotangents: Any, primals: Any, upstream: Any, engine: Any
) -> dict[str, Any]:
    """What the backward computes on exact numbers: its own program if it is in jax.numpy, else NumPy's code lifted."""

    def both(x: Any, y: Any) -> Any:
        return pair.gradients(y, pair.run({**inputs, **x}))

    try:
        with float64():
            program, shape = jax.make_jaxpr(both, return_shape=True)(floats, dict(cotangents))
    except (jax.errors.JAXTypeError, TypeError):
        return _lifted(pair, inputs, floats, primals, upstream, engine)
    results = evaluate(program, rules(engine), {}, [*_sorted(primals), *_sorted(upstream)])
    gradients: dict[str, Any] = jax.tree.unflatten(jax.tree.structure(shape), results)
    return gradients


def _lifted(pair: Any, inputs: Any, floats: Any, primals: Any, upstream: Any, engine: Any) -> dict[str, Any]:
    def made(x: Any) -> Any:
        return pair.forward.unpack(pair.forward, pair.run({**inputs, **x}))[1]

    with float64():
        program, shape = jax.make_jaxpr(made, return_shape=True)(floats)
    values = evaluate(program, rules(engine), {}, _sorted(primals))
    with running_on(engine):
        values = [
            lifted(exact_array(engine, value)) if aval.dtype.kind == "f" else np.asarray(value)
            for value, aval in zip(values, program.out_avals, strict=True)
        ]
        cache = jax.tree.unflatten(jax.tree.structure(shape), values)
        with lifting([pair.names], pair.folder):
            taken = {name: array.copy().view(LiftedArray) for name, array in upstream.items()}
            found = pair.backward.unpack(pair.backward, pair.returned(taken, cache))
            return {name: lifted(value).view(np.ndarray) for name, value in found.items() if value is not None}


def _floats(pair: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: inputs[name] for name in pair.plan.variables}


def _sorted(arrays: Mapping[str, Any]) -> list[Any]:
    """The order in which JAX flattens a dict."""
    return [arrays[name] for name in sorted(arrays)]
