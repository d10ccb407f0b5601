"""Expressions in NumPy that are the same function of their arrays, and others that very nearly are.

Expressions see np, math and scipy's special as a candidate's code does, and the arrays of `arrays`.  `Spelling` puts a
pair before the exact arithmetics just as an audit puts a gradient and its truth.
"""

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from scipy import special

from gradproof.arithmetic.engines import encoded, variables
from gradproof.arithmetic.field import LevelsExhausted, Unlucky
from gradproof.arithmetic.record import Record, recording
from gradproof.cases import Case
from gradproof.exactly import Decision, Obstacle, decide
from gradproof.lifting.array import LiftedArray, lifted, running_on
from gradproof.lifting.swapping import lifting

S = "1 / (1 + np.exp(-x))"
SOFTMAX = "np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)"
SHIFTED = "np.exp(x - x.max(1, keepdims=True)) / np.exp(x - x.max(1, keepdims=True)).sum(1, keepdims=True)"
NORMED = "(x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)"
GELU = "0.5 * x * (1 + special.erf(x / np.sqrt(2)))"

# group: {what it is: (one spelling, another)}
EQUAL: dict[str, dict[str, tuple[str, str]]] = {
    "sigmoid": {
        "by exp of -x, by exp of x": (S, "np.exp(x) / (1 + np.exp(x))"),
        "expit": (S, "special.expit(x)"),
        "the side that does not overflow": (
            S,
            "np.where(x >= 0, 1 / (1 + np.exp(-np.abs(x))), np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))))",
        ),
        "logaddexp": (S, "np.exp(-np.logaddexp(0, -x))"),
        "log1p": (S, "np.exp(-np.log1p(np.exp(-x)))"),
        "tanh of a half": (S, "0.5 * (1 + np.tanh(0.5 * x))"),
        "reciprocal": (S, "np.reciprocal(1 + np.exp(-x))"),
        "math.exp, vectorized": (S, "np.vectorize(lambda t: 1 / (1 + math.exp(-t)))(x)"),
        "its mirror image": (f"1 - {S}", "1 / (1 + np.exp(x))"),
        "logit and back": (S, "special.expit(special.logit(special.expit(x)))"),
        "its slope, s (1 - s)": (f"(lambda s: s * (1 - s))({S})", "np.exp(-x) / (1 + np.exp(-x)) ** 2"),
        "its slope, s - s**2": (f"(lambda s: s * (1 - s))({S})", f"(lambda s: s - s ** 2)({S})"),
        "its slope by cosh": (f"(lambda s: s * (1 - s))({S})", "1 / (2 + 2 * np.cosh(x))"),
        "its slope by tanh": (f"(lambda s: s * (1 - s))({S})", "(1 - np.tanh(x / 2) ** 2) / 4"),
        "swish": (f"x * {S}", "x / (1 + np.exp(-x))"),
    },
    "tanh": {
        "four exps": ("np.tanh(x)", "(np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))"),
        "expm1": ("np.tanh(x)", "np.expm1(2 * x) / (np.expm1(2 * x) + 2)"),
        "2 sigmoid(2x) - 1": ("np.tanh(x)", "2 / (1 + np.exp(-2 * x)) - 1"),
        "sinh over cosh": ("np.tanh(x)", "np.sinh(x) / np.cosh(x)"),
        "1 - 2 / (exp(2x) + 1)": ("np.tanh(x)", "1 - 2 / (np.exp(2 * x) + 1)"),
        "odd": ("np.tanh(x)", "-np.tanh(-x)"),
        "of a sum": (
            "np.tanh(x + y)",
            "(np.tanh(x) + np.tanh(y)) / (1 + np.tanh(x) * np.tanh(y))",
        ),
        "its slope as a product": ("1 - np.tanh(x) ** 2", "(1 - np.tanh(x)) * (1 + np.tanh(x))"),
        "its slope by cosh": ("1 - np.tanh(x) ** 2", "1 / np.cosh(x) ** 2"),
        "its slope by exp": ("1 - np.tanh(x) ** 2", "4 / (np.exp(x) + np.exp(-x)) ** 2"),
        "its slope by np.square": ("1 - np.tanh(x) * np.tanh(x)", "np.subtract(1, np.square(np.tanh(x)))"),
        "cosh**2 - sinh**2": ("np.cosh(x) ** 2 - np.sinh(x) ** 2", "np.ones_like(x)"),
        "sinh(2x)": ("np.sinh(2 * x)", "2 * np.sinh(x) * np.cosh(x)"),
        "arctanh by log": ("np.arctanh(x / 9)", "0.5 * np.log((1 + x / 9) / (1 - x / 9))"),
        "arctanh undoes it": ("np.arctanh(np.tanh(x))", "x + 0"),
        "arcsinh by log": ("np.arcsinh(p)", "np.log(p + np.sqrt(p * p + 1))"),
    },
    "softmax": {
        "shifted by its maximum": (SOFTMAX, SHIFTED),
        "shifted by its mean": (SOFTMAX, "(lambda e: e / e.sum(1)[:, None])(np.exp(x - x.mean(1, keepdims=True)))"),
        "shifted by its first": (SOFTMAX, "(lambda e: e / e.sum(1)[:, None])(np.exp(x - x[:, :1]))"),
        "shifted by ten": (SOFTMAX, "(lambda e: e / e.sum(1, keepdims=True))(np.exp(x - 10))"),
        "scipy": (SOFTMAX, "special.softmax(x, axis=1)"),
        "exp of log_softmax": (SOFTMAX, "np.exp(special.log_softmax(x, axis=1))"),
        "exp of x - logsumexp": (SOFTMAX, "np.exp(x - special.logsumexp(x, axis=1, keepdims=True))"),
        "normalised by einsum": (SOFTMAX, "np.einsum('ij,i->ij', np.exp(x), 1 / np.einsum('ij->i', np.exp(x)))"),
        "of two is a sigmoid": (
            "(lambda z: np.exp(z) / np.exp(z).sum(0))(np.stack((x[0], y[0])))[0]",
            "1 / (1 + np.exp(y[0] - x[0]))",
        ),
        "its Jacobian times y": (
            f"(lambda s: s * (y - (y * s).sum(1, keepdims=True)))({SOFTMAX})",
            f"(lambda s: np.stack([(np.diag(r) - np.outer(r, r)) @ g for r, g in zip(s, y)]))({SHIFTED})",
        ),
        "its Jacobian by einsum": (
            f"(lambda s: s * (y - (y * s).sum(1, keepdims=True)))({SOFTMAX})",
            f"(lambda s: s * y - np.einsum('ni,nj,nj->ni', s, s, y))({SOFTMAX})",
        ),
        "its logarithm": (f"np.log({SOFTMAX})", "x - np.log(np.exp(x).sum(axis=1, keepdims=True))"),
        "its logarithm, shifted": (f"np.log({SHIFTED})", "special.log_softmax(x, axis=1)"),
        "logsumexp": (
            "np.log(np.exp(x).sum(axis=1))",
            "np.log(np.exp(x - x.max(1)[:, None]).sum(1)) + x.max(1)",
        ),
        "np.logaddexp.reduce": ("np.logaddexp.reduce(x, axis=1)", "special.logsumexp(x, axis=1)"),
    },
    "cross-entropy": {
        "of one-hot rows": (
            f"-np.sum(onehot * np.log({SOFTMAX}))",
            "np.sum(np.log(np.exp(x).sum(1))) - np.sum(onehot * x)",
        ),
        "of indices": (
            f"-np.log({SHIFTED})[np.arange(len(x)), onehot.argmax(1)].mean()",
            "-np.mean(np.sum(special.log_softmax(x, axis=1) * onehot, axis=1))",
        ),
        "its gradient": (
            f"{SOFTMAX} - onehot",
            f"-onehot * (1 - {SHIFTED}) + (1 - onehot) * {SHIFTED}",
        ),
        "binary": (
            f"-(onehot * np.log({S}) + (1 - onehot) * np.log(1 - {S}))",
            "np.logaddexp(0, x) - onehot * x",
        ),
        "binary, as Keras": (
            f"-(onehot * np.log({S}) + (1 - onehot) * np.log(1 - {S}))",
            "np.maximum(x, 0) - x * onehot + np.log1p(np.exp(-np.abs(x)))",
        ),
        "perplexity": (f"np.exp(-np.mean(np.log({SOFTMAX})[:, 0]))", f"np.prod(1 / ({SHIFTED})[:, 0]) ** (1 / len(x))"),
    },
    "softplus": {
        "logaddexp": ("np.log(1 + np.exp(x))", "np.logaddexp(0, x)"),
        "with the line taken out": ("np.log(1 + np.exp(x))", "x + np.log(1 + np.exp(-x))"),
        "as stable": ("np.log(1 + np.exp(x))", "np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))"),
        "log of a sigmoid": ("np.log(1 + np.exp(x))", "-np.log(1 / (1 + np.exp(x)))"),
        "log_expit": ("np.log(1 + np.exp(x))", "-special.log_expit(-x)"),
        "softplus(x) - softplus(-x)": ("np.log1p(np.exp(x)) - np.log1p(np.exp(-x))", "x * 1"),
        "mish": (
            "x * np.tanh(np.log1p(np.exp(x)))",
            "x * (np.exp(2 * x) + 2 * np.exp(x)) / (np.exp(2 * x) + 2 * np.exp(x) + 2)",
        ),
    },
    "exp and log": {
        "of a difference": ("np.exp(x - y)", "np.exp(x) / np.exp(y)"),
        "log of a product of exps": ("np.log(np.exp(x) * np.exp(y))", "x + y"),
        "log of a product": ("np.log(p * q)", "np.log(p) + np.log(q)"),
        "log of a quotient": ("np.log(p / q)", "np.log(p) - np.log(q)"),
        "log of a power": ("np.log(p ** 3)", "3 * np.log(p)"),
        "log2": ("np.log2(p)", "np.log(p) / np.log(2)"),
        "log10": ("np.log10(p)", "np.log(p) / np.log(10)"),
        "log2 of a product": ("np.log2(p * q)", "np.log2(p) + np.log2(q)"),
        "exp2": ("np.exp2(x)", "2 ** x"),
        "a power of two": ("2.0 ** x", "np.exp(x * np.log(2))"),
        "a general power": ("p ** x", "np.exp(x * np.log(p))"),
        "np.power with an array": ("np.power(p, x) * np.power(p, y)", "np.power(p, x + y)"),
        "the square of exp": ("np.exp(x) ** 2", "np.exp(2 * x)"),
        "exp of log": ("np.exp(np.log(p) + np.log(q))", "p * q"),
        "exp of a half log": ("np.exp(0.5 * np.log(p))", "np.sqrt(p)"),
        "expm1 and log1p": ("np.log1p(np.expm1(x))", "x"),
        "np.e": ("np.e ** x", "np.exp(x)"),
        "xlogy": ("special.xlogy(p, q)", "p * np.log(q)"),
        "entropy": ("-np.sum(p / p.sum() * np.log(p / p.sum()))", "np.log(p.sum()) - np.sum(p * np.log(p)) / p.sum()"),
    },
    "polynomials": {
        "the square of a sum": ("(x + y) ** 2", "x * x + 2 * x * y + y * y"),
        "difference of squares": ("(x - y) * (x + y)", "x ** 2 - y ** 2"),
        "np.power": ("np.power(x, 3)", "x * x * x"),
        "a negative power": ("x ** -2", "1 / (x * x)"),
        "a power of a float": ("x ** 2.0", "np.float_power(x, 2)"),
        "Horner": ("1 + x * (2 + x * (3 + x * 4))", "1 + 2 * x + 3 * x ** 2 + 4 * x ** 3"),
        "np.polyval": ("np.polyval([4, 3, 2, 1], x)", "1 + 2 * x + 3 * x ** 2 + 4 * x ** 3"),
        "a third": ("x / 3", "0.3333333333333333 * x"),
        "GRU's update": ("(1 - s) * h + s * c", "h + s * (c - h)"),
        "one fraction": ("x / p + y / q", "(x * q + y * p) / (p * q)"),
        "mean squared error": ("np.mean((x - y) ** 2)", "np.einsum('ij,ij->', x - y, x - y) / x.size"),
    },
    "sums": {
        "mean by einsum": ("x.mean(axis=0)", "np.einsum('ij->j', x) / x.shape[0]"),
        "mean by a product": ("x.mean(axis=1)", "x @ np.full(x.shape[1], 1 / x.shape[1])"),
        "np.average": ("np.average(x, axis=1, weights=u)", "x @ u / u.sum()"),
        "variance": ("x.var(axis=0)", "(x ** 2).mean(axis=0) - x.mean(axis=0) ** 2"),
        "unbiased variance": (
            "x.var(axis=0, ddof=1)",
            "((x - x.mean(0)) ** 2).sum(0) / (x.shape[0] - 1)",
        ),
        "variance of pairs": (
            "x[0].var()",
            "((x[0][:, None] - x[0]) ** 2).mean() / 2",
        ),
        "cumsum": ("np.cumsum(x, axis=1)", "x @ np.triu(np.ones((3, 3)))"),
        "cumsum from the end": (
            "np.cumsum(x[:, ::-1], axis=1)[:, ::-1]",
            "x.sum(1, keepdims=True) - np.cumsum(x, 1) + x",
        ),
        "cumprod": ("np.cumprod(p, axis=1)", "np.exp(np.cumsum(np.log(p), axis=1))"),
        "a loop": ("x.sum(axis=0)", "sum(row for row in x)"),
        "np.add.reduce": ("np.add.reduce(x, axis=1)", "x.sum(-1)"),
        "np.diff": ("np.diff(x, axis=1)", "x[:, 1:] - x[:, :-1]"),
        "batch norm's gradient": (
            "(lambda n, v: (3 * y - y.sum(1, keepdims=True) - n * (y * n).sum(1, keepdims=True)) / (3 * v))"
            f"({NORMED}, np.sqrt(x.var(1, keepdims=True) + 1e-5))",
            "(lambda m, v: (y - y.mean(1, keepdims=True)) / np.sqrt(v) - m * (y * m).mean(1, keepdims=True) / v ** 1.5)"
            "(x - x.mean(1, keepdims=True), x.var(1, keepdims=True) + 1e-5)",
        ),
    },
    "products of arrays": {
        "outer by einsum": ("np.outer(u, w)", "np.einsum('i,j->ij', u, w)"),
        "outer by matmul": ("np.outer(u, w)", "u[:, None] @ w[None]"),
        "outer by multiply.outer": ("np.outer(u, w)", "np.multiply.outer(u, w)"),
        "matmul by einsum": ("x @ A", "np.einsum('ij,jk->ik', x, A)"),
        "matmul by a broadcast sum": ("x @ A", "(x[:, :, None] * A[None]).sum(axis=1)"),
        "matmul by np.dot of transposes": ("x @ A", "np.dot(A.T, x.T).T"),
        "matmul by tensordot": ("x @ A", "np.tensordot(x, A, axes=1)"),
        "matmul by columns": ("x @ A", "np.column_stack([x @ A[:, j] for j in range(3)])"),
        "blocks": ("np.concatenate((x, y), 1) @ np.concatenate((A, B))", "x @ A + y @ B"),
        "trace": ("np.trace(A @ B)", "np.sum(A * B.T)"),
        "np.kron": ("np.kron(u, w).reshape(3, 3)", "np.outer(u, w)"),
        "rows of indices": ("A[onehot.argmax(axis=1)]", "onehot @ A"),
        "np.add.at": (
            "(lambda d: np.add.at(d, onehot.argmax(axis=1), x) or d)(np.zeros((3, 3)))",
            "onehot.T @ x",
        ),
        "np.linalg.multi_dot": ("x @ A @ B", "x @ (A @ B)"),
        "convolution": (
            "np.convolve(u, w)",
            "np.stack([sum(u[i] * w[k - i] for i in range(3) if 0 <= k - i < 3) for k in range(5)])",
        ),
    },
    "roots": {
        "layer norm": (
            NORMED,
            "(x - x.mean(1)[:, None]) * (((x * x).mean(1) - x.mean(1) ** 2)[:, None] + 1e-5) ** -0.5",
        ),
        "norm": ("np.linalg.norm(x, axis=1)", "np.sqrt((x * x).sum(axis=1))"),
        "norm by einsum": ("np.linalg.norm(x)", "np.sqrt(np.einsum('ij,ij->', x, x))"),
        "standard deviation": ("x.std(axis=0)", "np.sqrt(x.var(axis=0))"),
        "hypot": ("np.hypot(x, y)", "np.sqrt(x ** 2 + y ** 2)"),
        "of a product": ("np.sqrt(p) * np.sqrt(q)", "np.sqrt(p * q)"),
        "of a square and more": ("np.sqrt(p * p * q)", "p * np.sqrt(q)"),
        "of two and three": ("np.sqrt(2) * np.sqrt(3) * x", "np.sqrt(6) * x"),
        "p ** 0.5": ("p ** 0.5", "np.sqrt(p)"),
        "p ** 1.5": ("p ** 1.5", "p * np.sqrt(p)"),
        "p ** -0.5": ("p ** -0.5", "1 / np.sqrt(p)"),
        "p ** -1.5": ("p ** -1.5", "np.sqrt(p) / p ** 2"),
        "p ** 0.25": ("p ** 0.25", "np.sqrt(np.sqrt(p))"),
        "squared": ("np.sqrt(p) ** 2", "p"),
        "rationalised": ("1 / (np.sqrt(p + 1) - np.sqrt(p))", "np.sqrt(p + 1) + np.sqrt(p)"),
        "cube root": ("np.cbrt(p) ** 3", "p"),
        "Adam's step": ("x / (np.sqrt(p) + 1e-8)", "x * (1 / (p ** 0.5 + 1e-8))"),
    },
    "pieces": {
        "relu by where": ("np.maximum(x, 0)", "np.where(x > 0, x, 0)"),
        "relu by a mask": ("np.maximum(x, 0)", "x * (x > 0)"),
        "relu by abs": ("np.maximum(x, 0)", "(x + np.abs(x)) / 2"),
        "relu by clip": ("np.maximum(x, 0)", "np.clip(x, 0, None)"),
        "leaky relu": ("np.where(x > 0, x, 0.01 * x)", "np.maximum(x, 0.01 * x)"),
        "elu": ("np.where(x > 0, x, np.exp(x) - 1)", "np.maximum(x, 0) + np.expm1(np.minimum(x, 0))"),
        "abs by sign": ("np.abs(x)", "x * np.sign(x)"),
        "abs by where": ("abs(x)", "np.where(x < 0, -x, x)"),
        "abs by a root": ("np.abs(x)", "np.sqrt(x * x)"),
        "maximum by abs": ("np.maximum(x, y)", "(x + y + np.abs(x - y)) / 2"),
        "hard tanh": ("np.clip(x, -1, 1)", "np.minimum(np.maximum(x, -1), 1)"),
        "heaviside": ("np.heaviside(x, 0)", "(x > 0).astype(float)"),
        "maximum and minimum": ("np.maximum(x, y) + np.minimum(x, y)", "x + y"),
        "Huber": (
            "np.where(np.abs(x) <= 1, x ** 2 / 2, np.abs(x) - 0.5)",
            "(lambda r: 0.5 * r * r + np.abs(x) - r)(np.minimum(np.abs(x), 1))",
        ),
    },
    "beyond fields": {
        "sin**2 + cos**2": ("np.sin(x) ** 2 + np.cos(x) ** 2", "np.ones_like(x)"),
        "tan": ("np.tan(x)", "np.sin(x) / np.cos(x)"),
        "sin(2x)": ("np.sin(2 * x)", "2 * np.sin(x) * np.cos(x)"),
        "positions": ("np.sin(x / 10000 ** (2 / 4))", "np.sin(x * np.exp(-np.log(10000.0) / 2))"),
        "sin of the same": ("np.sin((x + y) ** 2)", "np.sin(x ** 2 + y ** 2 + 2 * x * y)"),
        "arctan": ("np.arctan(p) + np.arctan(1 / p)", "np.full(p.shape, np.pi / 2)"),
        "GELU by erf and erfc": (GELU, "x * (1 - 0.5 * special.erfc(x / np.sqrt(2)))"),
        "GELU, its factors in another order": (GELU, "x * (special.erf(x * (1 / np.sqrt(2))) + 1) / 2"),
        "GELU by tanh and by sigmoid": (
            "0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))",
            "x / (1 + np.exp(-2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))",
        ),
        "a normal density": (
            "np.exp(-(x ** 2) / 2) / np.sqrt(2 * np.pi)",
            "np.exp(-0.5 * x * x - 0.5 * np.log(2 * np.pi))",
        ),
    },
}

# Pairs that are not the same function, by as little as one can write.  Python itself rounds 1 + 1e-20 to 1, before any
# array sees it.
UNEQUAL: dict[str, tuple[str, str]] = {
    "1 - t against 1 - t * t": ("1 - np.tanh(x)", "1 - np.tanh(x) ** 2"),
    "the slope of x, not of tanh(x)": ("1 - np.tanh(x) ** 2", "1 - x ** 2"),
    "s (1 + s) for s (1 - s)": (f"(lambda s: s * (1 - s))({S})", f"(lambda s: s * (1 + s))({S})"),
    "1e-20 of y added": ("x", "x + 1e-20 * y"),
    "1e-38 of y added": ("x", "x + 1e-38 * y"),
    "times 1 + 1e-15": ("np.tanh(x)", "np.tanh(x) * (1 + 1e-15)"),
    "1e-30 in a denominator": ("np.tanh(x)", "np.expm1(2 * x) / (np.expm1(2 * x) + 2 + 1e-30)"),
    "1e-20 in an exponent": ("np.exp(x)", "np.exp(x + 1e-20 * x)"),
    "1e-18 in a sigmoid": (S, "1 / (1 + (1e-18 + np.exp(-x)))"),
    "sums over the other axis": ("A.sum(axis=0)", "A.sum(axis=1)"),
    "softmax over the other axis": (
        "np.exp(A) / np.exp(A).sum(axis=0)",
        "np.exp(A) / np.exp(A).sum(axis=1, keepdims=True)",
    ),
    "a shift in the numerator alone": (SOFTMAX, f"np.exp(1e-25) * {SOFTMAX}"),
    "softmax without one of its terms": (SOFTMAX, "np.exp(x) / np.exp(x[:, 1:]).sum(axis=1, keepdims=True)"),
    "a Jacobian without its second term": (
        f"(lambda s: s * (y - (y * s).sum(1, keepdims=True)))({SOFTMAX})",
        f"(lambda s: s * y)({SOFTMAX})",
    ),
    "label smoothing of 1e-24": (
        f"-np.sum(onehot * np.log({SOFTMAX}))",
        f"-np.sum((onehot - 1e-24 * onehot + 1e-24 * np.ones(3) / 3) * np.log({SOFTMAX}))",
    ),
    "1e-22 in a logarithm": ("np.log(p)", "np.log(p + 1e-22)"),
    "log10 for log2": ("np.log2(p)", "np.log10(p)"),
    "1e-18 in softplus": ("np.log(1 + np.exp(x))", "np.logaddexp(1e-18, x)"),
    "1e-25 in a root": ("np.sqrt(p)", "np.sqrt(p + 1e-25)"),
    "epsilon outside of the root": (
        NORMED,
        "(lambda m: m / (np.sqrt((m * m).mean(1)[:, None]) + 1e-5))(x - x.mean(1)[:, None])",
    ),
    "layer norm's epsilon, 1e-22 more": (NORMED, NORMED.replace("1e-5", "1e-5 + 1e-22")),
    "an exponent of 0.5 + 1e-12": ("p ** 0.5", "p ** (0.5 + 1e-12)"),
    "the unbiased variance": ("x.var(axis=1)", "x.var(axis=1, ddof=1)"),
    "the standard deviation for the variance": ("x.std(axis=1)", "x.var(axis=1)"),
    "1e-19 of the product more": ("(x + y) ** 2", "x * x + 2 * x * y + 1e-19 * x * y + y * y"),
    "z and 1 - z exchanged": ("(1 - s) * h + s * c", "s * h + (1 - s) * c"),
    "factors exchanged": ("A @ B", "B @ A"),
    "a transpose forgotten": ("A @ B", "A.T @ B"),
    "outer product transposed": ("np.outer(u, w)", "np.outer(w, u)"),
    "cumsum from the other end": ("np.cumsum(x, axis=1)", "np.cumsum(x[:, ::-1], axis=1)[:, ::-1]"),
    "an index too far": ("A[onehot.argmax(axis=1)]", "A[onehot.argmax(axis=1) - 1]"),
    "leaky by 1e-30": ("np.maximum(x, 0)", "np.where(x > 0, x, 1e-30 * x)"),
    "clipped at 1e-25": ("np.maximum(x, 0)", "np.maximum(x, 1e-25)"),
    "abs, rounded off by 1e-30": ("np.abs(x)", "np.sqrt(x * x + 1e-30)"),
    "x for abs(x)": ("np.sqrt(x * x)", "x"),
    "x[0, 0] for its absolute value": ("np.sqrt(p[0, 0] ** 2)", "-p[0, 0]"),
    "a root's sign": ("np.sqrt(x[:1, :1] ** 2 * p[:1, :1])", "-abs(x[:1, :1]) * np.sqrt(p[:1, :1])"),
    "the series of exp, 30 terms": ("np.exp(x)", "sum(x ** k / math.factorial(k) for k in range(30))"),
    "tanh's GELU": (GELU, "0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))"),
    "22 / 7 for pi": ("np.pi * x", "22 / 7 * x"),
    "a double for pi": ("np.pi * x", "3.141592653589793 * x"),
    "a double for e": ("np.e ** x", "2.718281828459045 ** x"),
    "nine digits of a root": ("np.sqrt(2) * x", "1.41421356 * x"),
    "seven digits of a third": ("x / 3", "0.3333333 * x"),
    "1e-20 beside sin**2 + cos**2": ("np.sin(x) ** 2 + np.cos(x) ** 2", "1 + 1e-20 * np.ones_like(x)"),
    "sin for cos": ("np.sin(x)", "np.cos(x)"),
    "twice, where a gate is shut": ("1 - np.tanh(100 + p) ** 2", "2 / np.cosh(100 + p) ** 2"),
    "1e-25 of it, where a gate is shut": ("np.exp(-200 - p)", "np.exp(-200 - p) + 1e-25 * np.exp(-200 - p)"),
    "rounded to integers": ("x", "np.round(x) + 1e-9 * x"),
}


def arrays(seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What expressions see: x, y, p, q, s, h, c (2, 3), A, B (3, 3), u, w (3,); and of constants, onehot (2, 3)."""
    generator = np.random.default_rng(seed)
    found = {name: generator.standard_normal((2, 3)) for name in "xyhc"}
    found |= {name: np.abs(generator.standard_normal((2, 3))) + 0.1 for name in "pq"}
    found |= {name: generator.standard_normal((3, 3)) for name in "AB"}
    found |= {name: generator.standard_normal(3) for name in "uw"}
    found["s"] = special.expit(generator.standard_normal((2, 3)))
    return found, {"onehot": np.eye(3)[generator.integers(0, 3, 2)]}


@dataclass
class Spelling:
    """A pair of expressions in the place of a candidate's result and its truth."""

    actual: str
    expected: str
    target: ClassVar[Any] = SimpleNamespace(contract=SimpleNamespace(outputs={"value": ()}), norm=None)

    def arrays(self, case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
        return arrays(case.seed)

    def sides(
        self, case: Case, engine: Any, words: Any, without_tiny: bool = False
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        record = Record()
        try:
            with recording(record):
                actual, expected = (
                    _evaluated(text, engine, *self.arrays(case)) for text in (self.actual, self.expected)
                )
        except (LevelsExhausted, Unlucky):
            raise
        except Exception as error:
            raise Obstacle(f"{type(error).__name__}: {error}") from error
        events = {"leaks": record.leaks, "ties": record.ties, "unreached": []}
        return {"value": expected}, {"exact": {"value": encoded(actual)}, **events}


def _evaluated(text: str, engine: Any, inputs: Any, constants: Any) -> Any:
    """An expression's value, a plain array of the engine's numbers."""
    space = {"np": np, "math": math, "special": special, **constants}
    with running_on(engine), lifting([space], folder=__file__):
        space |= {name: variables(engine, name, array).view(LiftedArray) for name, array in inputs.items()}
        return lifted(eval(text, space)).view(np.ndarray)


def floats(text: str, seed: int) -> Any:
    """An expression's value in float64."""
    inputs, constants = arrays(seed)
    return np.asarray(eval(text, {"np": np, "math": math, "special": special, **inputs, **constants}))


def decision(pair: tuple[str, str], arithmetic: str, seed: int = 0) -> Decision:
    """What an exact arithmetic says of a pair: identical, equal, wrong or undecided."""
    exact = decide(Spelling(*pair), Case({}, seed=seed), arithmetic)  # type: ignore[arg-type]
    return exact.decisions["value"]
