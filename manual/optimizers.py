"""Gradient descent, Adagrad, Adam and gradient clipping, explained in notes/optimizers.md; the tags (O1)... are its
equation numbers.

`parameters` is a dict of arrays.  `gradients`, and the state that an optimizer keeps, are dicts with the key "d" + name
for every name in it ("dWax" for "Wax", "dW1" for "W1"), of the same shape and dtype; other keys of theirs, such as the
"dx" of a backward pass, are not read.  Nothing is mutated: new dicts with new arrays are returned.
Arrays are float32 or float64, and results have the dtype of what they update.
Every function raises ValueError or TypeError, naming the array or the number, for a missing key, a shape or dtype that
disagrees, or a number out of range.
"""

import math
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

from .shapes import Array, check_arrays

Arrays: TypeAlias = Mapping[str, Array]


def sgd(parameters: Arrays, gradients: Arrays, learning_rate: float) -> dict[str, Array]:
    """One step of gradient descent.  Source: Robbins & Monro (1951)."""
    _check(parameters, gradients=gradients)
    rate = _number("learning_rate", learning_rate)

    return {name: theta - rate * gradients[f"d{name}"] for name, theta in parameters.items()}  # (O1)


def initialize_adagrad(parameters: Arrays) -> dict[str, Array]:
    """The memory that Adagrad starts from: a zero for every number of `parameters`."""
    return {f"d{name}": np.zeros_like(theta) for name, theta in parameters.items()}


def adagrad(
    parameters: Arrays, gradients: Arrays, memory: Arrays, learning_rate: float, epsilon: float = 1e-8
) -> tuple[dict[str, Array], dict[str, Array]]:
    """One step of Adagrad.  Returns parameters and memory.

    epsilon stands under the root, as in min-char-rnn.  Source: Duchi, Hazan & Singer (2011), the diagonal form.
    """
    _check(parameters, gradients=gradients, memory=memory)
    rate, epsilon = _number("learning_rate", learning_rate), _number("epsilon", epsilon)

    updated, accumulated = {}, {}
    for name, theta in parameters.items():
        g = gradients[f"d{name}"]
        G = memory[f"d{name}"] + g**2  # (O2)
        updated[name] = theta - rate * g / np.sqrt(G + epsilon)  # (O3)
        accumulated[f"d{name}"] = G
    return updated, accumulated


def initialize_adam(parameters: Arrays) -> tuple[dict[str, Array], dict[str, Array]]:
    """The first and second moments that Adam starts from, all zero; also the exercise's `v, s`."""
    return initialize_adagrad(parameters), initialize_adagrad(parameters)


def adam(
    parameters: Arrays,
    gradients: Arrays,
    m: Arrays,
    v: Arrays,
    t: int,
    learning_rate: float = 0.001,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    epsilon_root: float = 0.0,
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """Step t of Adam, counted from 1.  m, v: first and second moments.  Returns parameters, m and v.

    epsilon is added to the root, as in the paper; epsilon_root stands under it, as the exercise has it.
    Source: Kingma & Ba (2015), Algorithm 1.
    """
    _check(parameters, gradients=gradients, m=m, v=v)
    rate = _number("learning_rate", learning_rate)
    epsilon, epsilon_root = _number("epsilon", epsilon), _number("epsilon_root", epsilon_root)
    beta1, beta2 = _number("beta1", beta1, below=1), _number("beta2", beta2, below=1)
    if isinstance(t, bool) or t != int(t) or t < 1:
        raise ValueError(f"t is {t}; expected the number of this step, 1, 2, 3 ...: at t=0 the correction divides by 0")
    t = int(t)

    updated, first, second = {}, {}, {}
    for name, theta in parameters.items():
        g = gradients[f"d{name}"]
        mt = beta1 * m[f"d{name}"] + (1 - beta1) * g  # (O4)
        vt = beta2 * v[f"d{name}"] + (1 - beta2) * g**2  # (O5)
        m_hat = mt / (1 - beta1**t)  # (O6)
        v_hat = vt / (1 - beta2**t)  # (O7)
        updated[name] = theta - rate * m_hat / (np.sqrt(v_hat + epsilon_root) + epsilon)  # (O8)
        first[f"d{name}"], second[f"d{name}"] = mt, vt
    return updated, first, second


def update_parameters_with_adam(
    parameters: Arrays,
    grads: Arrays,
    v: Arrays,
    s: Arrays,
    t: int,
    learning_rate: float = 0.01,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """`adam` under the names of the exercise's rnn_utils, with its epsilon under the root.  Returns parameters, v, s.

    The exercise's own version writes into the dicts that it is given; this one returns new ones: use what it returns.
    """
    return adam(parameters, grads, v, s, t, learning_rate, beta1, beta2, epsilon=0.0, epsilon_root=epsilon)


def clip_by_value(gradients: Arrays, limit: float) -> dict[str, Array]:
    """Every number of every gradient, brought into [-limit, limit].  This may turn the direction."""
    _check_each(gradients)
    limit = _number("limit", limit, above=0)

    return {name: np.clip(g, -limit, limit) for name, g in gradients.items()}  # (O9)


def clip_by_global_norm(gradients: Arrays, limit: float) -> dict[str, Array]:
    """All gradients, scaled by one factor so that their common norm is at most limit.  The direction stays.

    The norm is that of every entry of `gradients`, so leave out what updates no parameter, such as "dx".
    Raises ValueError for a gradient that is not finite: no factor makes it so.
    Source: Pascanu, Mikolov & Bengio (2013).
    """
    _check_each(gradients)
    limit = _number("limit", limit, above=0)
    for name, g in gradients.items():
        if not np.isfinite(g).all():
            raise ValueError(f'gradients["{name}"] has entries that are not finite; no factor can scale those')

    largest = max((float(np.abs(g).max()) for g in gradients.values()), default=0.0) or 1.0
    # the square of an exploded gradient overflows; that of its share of the largest one does not
    norm = largest * math.sqrt(sum(float(np.sum((g / largest) ** 2)) for g in gradients.values()))  # (O10)
    return {name: g * (limit / max(norm, limit)) for name, g in gradients.items()}  # (O11)


def _check(parameters: Arrays, **others: Arrays) -> None:
    """Check that each of `others` has, under "d" + name, an array of the shape and dtype of each parameter."""
    for name, theta in parameters.items():
        expected = {f'parameters["{name}"]': _axes(theta)}
        given = {f'parameters["{name}"]': theta}
        for kind, arrays in others.items():
            expected[f'{kind}["d{name}"]'] = _axes(theta)
            if f"d{name}" in arrays:
                given[f'{kind}["d{name}"]'] = arrays[f"d{name}"]
        check_arrays(expected, given)


def _check_each(gradients: Arrays) -> None:
    for name, g in gradients.items():
        check_arrays({f'gradients["{name}"]': _axes(g)}, {f'gradients["{name}"]': g})


def _axes(array: Array) -> tuple[str, ...]:
    return tuple(f"n{axis}" for axis in range(max(1, np.ndim(array))))  # no axis: arithmetic returns no array


def _number(name: str, value: float, above: float | None = None, below: float = math.inf) -> float:
    """`value` as a Python float, which leaves float32 arrays float32.  ValueError when out of range."""
    if not (value > above if above is not None else value >= 0) or not value < below:
        low = "at least 0" if above is None else f"above {above}"
        high = "" if below == math.inf else f" and below {below}"
        raise ValueError(f"{name} is {value}; expected a finite number {low}{high}")
    return float(value)
