"""Other truths than the one asked for: what a sequence's gradients are when nothing is carried, and the like.

Each is computed from derivative programs alone.  A candidate whose gradients are one of them, to the last digits, does
what the words say; see `what.relations`.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import references
from ..cases import Case, zeros
from ..contracts import CONVENTIONS, Backward, Forward

Arrays = dict[str, NDArray[Any]]


def alternatives(
    contract: Backward, case: Case, inputs: Mapping[str, Any], cotangents: Mapping[str, Any]
) -> dict[str, Arrays]:
    """Every other truth of a published backward, by its words; the arguments as in `severed`."""
    if contract.convention not in CONVENTIONS:
        return {}
    return {
        **severed(contract, case, inputs, cotangents),
        **_other_loops(contract, case, inputs, cotangents),
        **_other_cotangents(contract, case, inputs, cotangents),
    }


def severed(
    contract: Backward, case: Case, inputs: Mapping[str, Any], cotangents: Mapping[str, Any]
) -> dict[str, Arrays]:
    """The gradients of a sequence when some state's gradient is not carried from step to step, by what is not carried.

    inputs, cotangents: of the case, by the names in the contract.  Nothing for a contract without states.
    """
    loop = _loop(contract)
    if loop is None:
        return _in_chunks(contract, case, inputs)
    steps = _forward(loop, case, inputs)
    names = [f"d{state.letter}" for state in loop.states]
    told = {f"no {name} is carried from step to step": {name} for name in names}
    if len(names) > 1:
        told |= {f"neither {' nor '.join(names)} is carried from step to step": set(names)}
    order = range(case.sizes["T"])[::-1]
    return {
        words: _summed(contract, loop, _backward(loop, steps, case, cotangents, order, dropped))
        for words, dropped in told.items()
    }


@dataclass(frozen=True)
class _State:
    """A state by its names: in the cell's inputs and outputs; in the sequence's, where it is there."""

    letter: str  # "a", "h" or "c"
    previous: str
    next: str
    initial: str | None
    upstream: str | None  # the cotangent argument


@dataclass(frozen=True)
class _Loop:
    """A sequence as its cell, applied along an axis of x."""

    cell: Forward
    x: tuple[str, str]  # in the sequence, in the cell
    axis: int
    states: tuple[_State, ...]
    parameters: tuple[str, ...]


def _loop(contract: Backward) -> _Loop | None:
    """None for a contract without a cell that fits."""
    forward = contract.forward
    cell = next(
        (
            other
            for other in CONVENTIONS.get(forward.convention, ())
            if isinstance(other, Forward) and (other.name, other.spelling) == (forward.cell, forward.spelling)
        ),
        None,
    )
    timed = [name for name, dimensions in forward.inputs.items() if "T" in dimensions]
    if cell is None or len(timed) != 1:
        return None
    parameters = tuple(name for name, shape in cell.inputs.items() if forward.inputs.get(name) == shape)
    x, *previous = (name for name in cell.inputs if name not in parameters)
    upstream = {output[0]: cotangent for cotangent, output in contract.cotangents.items()}
    states = []
    for name, after in zip(previous, cell.outputs, strict=False):
        letter = name.replace("prev", "").strip("_")
        initial = next((other for other in (f"{letter}0", letter) if other in forward.inputs), None)
        states.append(_State(letter, name, after, initial, upstream.get(letter)))
    cell = replace(cell, options=forward.options)  # of the convention that the candidate keeps
    return _Loop(cell, (timed[0], x), forward.inputs[timed[0]].index("T"), tuple(states), parameters)


def _forward(loop: _Loop, case: Case, inputs: Mapping[str, Any]) -> list[Arrays]:
    """What goes into the cell at every step."""
    in_sequence, in_cell = loop.x
    parameters = {name: inputs[name] for name in loop.parameters}
    nothing = {output: zeros(dimensions, case.sizes) for output, dimensions in loop.cell.outputs.items()}
    now = {
        state.previous: inputs[state.initial]
        if state.initial is not None
        else zeros(loop.cell.inputs[state.previous], case.sizes)
        for state in loop.states
    }
    steps = []
    for xt in np.moveaxis(inputs[in_sequence], loop.axis, 0):
        steps.append({in_cell: xt, **now, **parameters})
        outputs, _ = references.outputs_and_gradients(loop.cell, case.sizes, steps[-1], nothing)
        now = {state.previous: outputs[state.next] for state in loop.states}
    return steps


def _backward(
    loop: _Loop,
    steps: list[Arrays],
    case: Case,
    cotangents: Mapping[str, Any],
    order: Iterable[int],
    dropped: Collection[str] = (),
) -> dict[int, Arrays]:
    """The cell's gradients at every step, in the order in which they are computed.  dropped: what is not carried."""
    carry = {state.letter: np.zeros_like(steps[0][state.previous]) for state in loop.states}
    found: dict[int, Arrays] = {}
    for t in order:
        upstream = {output: zeros(dimensions, case.sizes) for output, dimensions in loop.cell.outputs.items()}
        for state in loop.states:
            own = cotangents[state.upstream] if state.upstream is not None else None
            upstream[state.next] = carry[state.letter] + (0 if own is None else np.take(own, t, axis=loop.axis))
        _, found[t] = references.outputs_and_gradients(loop.cell, case.sizes, steps[t], upstream)
        carry = {state.letter: found[t][state.previous] * (f"d{state.letter}" not in dropped) for state in loop.states}
    return found


def _summed(contract: Backward, loop: _Loop, found: Mapping[int, Arrays]) -> Arrays:
    """The gradients of the sequence from those of its steps, the last of which was computed last."""
    last = found[list(found)[-1]]
    of = {
        loop.x[0]: np.stack([found[t][loop.x[1]] for t in sorted(found)], axis=loop.axis),
        **{name: np.sum([gradients[name] for gradients in found.values()], axis=0) for name in loop.parameters},
        **{state.initial: last[state.previous] for state in loop.states if state.initial is not None},
    }
    return {gradient: of[name] for gradient, name in contract.gradients.items() if name in of}


def _other_loops(
    contract: Backward, case: Case, inputs: Mapping[str, Any], cotangents: Mapping[str, Any]
) -> dict[str, Arrays]:
    """Gradients of a loop in another order, and the share of one step alone in those of the parameters."""
    loop, count = _loop(contract), case.sizes.get("T", 1)
    if loop is None or count == 1:
        return {}
    steps = _forward(loop, case, inputs)
    right = _backward(loop, steps, case, cotangents, range(count)[::-1])
    own = {gradient: name for gradient, name in contract.gradients.items() if name in loop.parameters}
    return {
        "the loop runs with time": _summed(contract, loop, _backward(loop, steps, case, cotangents, range(count))),
        "only the first step counts": {gradient: right[0][name] for gradient, name in own.items()},
        "only the last step counts": {gradient: right[count - 1][name] for gradient, name in own.items()},
    }


def _in_chunks(contract: Backward, case: Case, inputs: Mapping[str, Any]) -> dict[str, Arrays]:
    """For a loss that returns its last state: what every step gives alone, added up."""
    forward = contract.forward
    states = [name for name in forward.outputs if name in forward.inputs]
    if len(states) != 1 or not contract.unit:
        return {}
    timed = [name for name, dimensions in forward.inputs.items() if dimensions[0] == "T"]
    one, now = case.with_sizes(T=1), inputs[states[0]]
    shares: list[Arrays] = []
    for t in range(case.sizes["T"]):
        chunk = {**inputs, states[0]: now, **{name: inputs[name][t : t + 1] for name in timed}}
        outputs, share = _outputs_and_gradients(contract, one, chunk, {})
        now, shares = outputs[states[0]], [*shares, share]
    summed = {name: np.sum([share[name] for share in shares], axis=0) for name in contract.gradients}
    return {f"no d{states[0][0]} is carried from step to step": summed}


def _other_cotangents(
    contract: Backward, case: Case, inputs: Mapping[str, Any], cotangents: Mapping[str, Any]
) -> dict[str, Arrays]:
    """The gradients for cotangents that are squared, ones, left out, swapped, or taken one step too early."""
    own = {name: array for name, array in cotangents.items() if np.any(array)}  # zero: not taken by the candidate
    shapes = {name: contract.forward.outputs[contract.cotangents[name]] for name in own}
    asked: dict[str, Mapping[str, Any]] = {}
    for names in dict.fromkeys([tuple(own), *((name,) for name in own)]):
        who, single = " and ".join(names), len(names) == 1
        asked[f"{who} enter{'s' * single} squared"] = {name: own[name] ** 2 for name in names}
        asked[f"{who} {'is' if single else 'are'} taken for ones"] = {name: np.ones_like(own[name]) for name in names}
        if names and all("T" in shapes[name] for name in names):
            asked[f"{who} of the step before {'is' if single else 'are'} taken"] = {
                name: np.roll(own[name], 1, shapes[name].index("T")) for name in names
            }
        if single and len(own) > 1:
            asked[f"{who} is left out"] = {who: 0 * own[who]}
    if len(own) == 2 and len(set(shapes.values())) == 1:
        first, second = own
        asked[f"{first} and {second} are mistaken for one another"] = {first: own[second], second: own[first]}
    return {
        words: _outputs_and_gradients(contract, case, inputs, {**cotangents, **given})[1]
        for words, given in asked.items()
        if given
    }


def _outputs_and_gradients(
    contract: Backward, case: Case, inputs: Mapping[str, Any], cotangents: Mapping[str, Any]
) -> tuple[Arrays, Arrays]:
    upstream = {name: zeros(shape, case.sizes) for name, shape in contract.forward.outputs.items()}
    upstream |= {output: cotangents[name] for name, output in contract.cotangents.items()}
    upstream |= {output: np.ones_like(upstream[output]) for output in contract.unit}
    outputs, gradients = references.outputs_and_gradients(contract.forward, case.sizes, inputs, upstream)
    return outputs, {name: gradients[of] for name, of in contract.gradients.items()}
