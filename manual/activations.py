"""The two activations that several nets share; tanh is NumPy's own."""

import numpy as np

from .shapes import Array


def sigmoid(z: Array) -> Array:
    """Logistic function 1 / (1 + exp(-z)), elementwise, in the dtype of z.

    Only exp of a non-positive number is taken, so no |z| overflows.
    """
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def softmax(z: Array) -> Array:
    """exp(z) / sum(exp(z)) over axis 0, in the dtype of z.

    Subtracting the maximum leaves the quotient as it is and keeps exp from overflowing.
    """
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)
