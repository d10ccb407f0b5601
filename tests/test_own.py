"""A pair of one's own: the forward itself, on dual numbers, is the truth; nothing is declared beyond a docstring."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from candidates import kinds, named, spoiled
from click.testing import CliRunner

import gradproof
from gradproof.cli import main
from gradproof.own import shapes
from gradproof.own.signature import from_words

EXAMPLES = Path(__file__).parent.parent / "examples"

DENSE = '''
def dense(x, w, b):
    """x: inputs of shape (N, D)
    w: weights of shape (D, M)
    b: biases of shape (M,)"""
    out = np.tanh(x @ w + b)
    return out, (x, w, out)


def dense_grad(dout, cache):
    x, w, out = cache
    dz = dout * (1 - out ** 2)
    return dz @ w.T, x.T @ dz, dz.sum(axis=0)
'''


def audited(folder, source, forward, backward=None, **options):
    """The one function of the audit of a pair in a file with this source."""
    path = folder / "candidate.py"
    path.write_text("import numpy as np\n" + source, encoding="utf-8")
    (function,) = gradproof.audit(path, forward=forward, backward=backward, **{"examples": 3, **options}).functions
    return function


def dense(folder, *changes, **options):
    return audited(folder, spoiled(DENSE, *changes), "dense", "dense_grad", **options)


# shapes, as people write them


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x: input of shape (N, D)", {"x": ("N", "D")}),
        ("- x: Input data of shape (N, T, D).", {"x": ("N", "T", "D")}),
        ("gamma (D,)", {"gamma": ("D",)}),
        ("x -- input, numpy array of shape (n_x, m)", {"x": ("n_x", "m")}),
        ("- w: weights, shape (F, C, HH, WW)", {"w": ("F", "C", "HH", "WW")}),
        ("X (T, D), Wq and Wk (D, K)", {"X": ("T", "D"), "Wq": ("D", "K"), "Wk": ("D", "K")}),
        ("Wq, Wk, Wv : (C, H) weights of the head", dict.fromkeys(("Wq", "Wk", "Wv"), ("C", "H"))),
        ("y: labels, shape (N,), 0 <= y[i] < C", {"y": ("N<C",)}),
        ("y: integer labels in [0, C), of shape (N,)", {"y": ("N<C",)}),
        ("y (N,): class indices, 0..C-1", {"y": ("N<C",)}),
        ("x : ndarray\n    Input of shape (N, D).", {"x": ("N", "D")}),
        ("x : np.ndarray of shape [N, D]", {"x": ("N", "D")}),
        ("x (np.ndarray): input of shape (N, D)", {"x": ("N", "D")}),
        (":param x: the input, shape (N, D)", {"x": ("N", "D")}),
        ("W: (H, D + H) weights", {"W": ("H", "D+H")}),
        ("W: (D, 4*H) and b: (4H,)", {"W": ("D", "4*H"), "b": ("4*H",)}),
        ("b: (1, D)", {"b": ("1", "D")}),
        ("x: N x D inputs", {"x": ("N", "D")}),
        ("x: N×D inputs", {"x": ("N", "D")}),
        ("s: a scalar", {"s": ()}),
        ("`x`: (N, D)", {"x": ("N", "D")}),
        ("x has shape (N, D), w has shape (D, M).", {"x": ("N", "D"), "w": ("D", "M")}),
        ("Inputs: x (N, D), w (D, M)", {"x": ("N", "D"), "w": ("D", "M")}),
        ("x -- of size (size of the current layer, examples)", {"x": ("current_layer", "examples")}),
        ("x: of shape (p * p * 3, 1)", {"x": ("p*p*3", "1")}),
        ("x: (N, C) scores, y: (N,) integers in {0, ..., C-1}", {"x": ("N", "C"), "y": ("N<C",)}),
        ("x: vector of length n", {"x": ("n",)}),
        ("x: data, of any shape\nw: of the same shape as x", {"x": ("N", "D"), "w": ("N", "D")}),
        ("x: tuple of (h, c), each (N, H)", {}),
        ("x: the labels of x[i] (see above)", {}),
        ("x: the first argument (optional)", {}),
        ("x: like w (x, w)", {}),
    ],
)
def test_a_shape_is_read_as_people_write_it(text, expected):
    assert shapes.documented(text, ["x", "X", "w", "W", "Wq", "Wk", "Wv", "gamma", "b", "y", "s"]) == expected


HEADS = {
    "annotations": 'def f(x: Float[Array, "N D"], w: Float[np.ndarray, "D M"], b: Float[Array, "M"]):\n',
    "strings": 'def f(x: "(N, D)", w: "(D, M)", b: "(M,)"):\n',
    "comments beside": "def f(x,  # (N, D)\n      w,  # weights (D, M)\n      b):  # (M,)\n",
    "comment above": "# x (N, D), w (D, M), b (M,)\ndef f(x, w, b):\n",
    "comment inside": "def f(x, w, b):\n    # x: (N, D); w: (D, M); b: (M,)\n",
    "the body": "def f(x, w, b):\n    N, D = x.shape\n    D, M = w.shape\n    M, = b.shape\n",
    "declared": "def f(x, w, b):\n",
}


@pytest.mark.parametrize("where", HEADS)
def test_shapes_are_found_wherever_they_stand(tmp_path, where):
    head = "class Float:\n    def __class_getitem__(cls, _):\n        return cls\nArray = None\n" + HEADS[where]
    body = "    return x @ w + b, (x, w)\ndef g(dout, cache):\n    x, w = cache\n"
    said = {"x": ("N", "D"), "w": ("D", "M"), "b": ("M",)} if where == "declared" else {}
    tail = "    return dout @ w.T, x.T @ dout, dout.sum(0)\n"
    function = audited(tmp_path, head + body + tail, "f", "g", signature=gradproof.Signature(said))
    assert (function.verdict, len(function.results)) == ("verified", 3)


# caches, arguments and what is returned

CACHES = {
    "tuple": ("(x, w, out)", "x, w, out = cache", ""),
    "dict": ('{"x": x, "w": w, "out": out}', 'x, w, out = cache["x"], cache["w"], cache["out"]', ""),
    "NamedTuple": (
        "Cache(x, w, out)",
        "x, w, out = cache",
        "from collections import namedtuple\nCache = namedtuple('Cache', 'x w out')\n",
    ),
    "dataclass": (
        "Cache(x, w, out)",
        "x, w, out = cache.x, cache.w, cache.out",
        "from dataclasses import dataclass\n@dataclass\nclass Cache:\n    x: object\n    w: object\n    out: object\n",
    ),
    "object": (
        "Cache(x, w, out)",
        "x, w, out = cache.x, cache.w, cache.out",
        "class Cache:\n    def __init__(self, x, w, out):\n        self.x, self.w, self.out = x, w, out\n",
    ),
}


@pytest.mark.parametrize("kind", CACHES)
def test_a_cache_may_be_anything(tmp_path, kind):
    made, read, before = CACHES[kind]
    source = before + spoiled(DENSE, ("(x, w, out)\n", f"{made}\n"), ("x, w, out = cache", read))
    assert {r.verdict for r in audited(tmp_path, source, "dense", "dense_grad").results} == {"identical"}


@pytest.mark.parametrize(
    "changes",
    [
        [("return out, (x, w, out)", "return out"), ("(dout, cache):\n    x, w, out = cache", "(dout, x, w, out):")],
        [
            ("return out, (x, w, out)", "return out, x, w"),
            ("(dout, cache)", "(dout, out, x, w)"),
            ("    x, w, out = cache", ""),
        ],
        [
            ("return out, (x", "cache = {}; cache['o'] = (x"),
            ("w, out)\n\n", "w, out)\n    return {'out': out, 'cache': cache}\n\n"),
            ("out = cache", "out = cache['o']"),
        ],
        [("dense_grad(dout, cache)", "dense_grad(cache, grad_output)"), ("dz = dout", "dz = grad_output")],
        [
            ("dense_grad(dout, cache)", "dense_grad(upstream, memo)"),
            ("= cache", "= memo"),
            ("dz = dout", "dz = upstream"),
        ],
        [
            ("return out, (x, w, out)", "return out, (x, w), out"),
            ("(dout, cache):\n    x, w, out", "(dout, inputs_cache, out):\n    x, w"),
            ("= cache", "= inputs_cache"),
        ],
        [("def dense(x, w, b)", "def dense(x, w, b, /)"), ("(dout, cache)", "(dout, /, cache)")],
        [("def dense(x, w, b)", "def dense(x, *, w, b)"), ("(dout, cache)", "(*, cache, dout)")],
    ],
    ids=[
        "inputs and output",
        "several returned",
        "dict returned",
        "cache first",
        "other names",
        "two caches",
        "positional",
        "keywords",
    ],
)
def test_the_backward_is_given_what_its_parameters_are_named_after(tmp_path, changes):
    assert dense(tmp_path, *changes).verdict == "verified"


RETURN = "return dz @ w.T, x.T @ dz, dz.sum(axis=0)"


@pytest.mark.parametrize(
    ("returned", "names"),
    [
        ('return {"db": dz.sum(0), "dx": dz @ w.T, "dw": x.T @ dz}', ["db", "dx", "dw"]),
        (
            'grads = {}\n    for k, v in {"w": x.T @ dz, "x": dz @ w.T, "b": dz.sum(0)}.items():\n'
            '        grads["grad_" + k] = v\n    return grads',
            ["grad_w", "grad_x", "grad_b"],
        ),
        ("return G(w=x.T @ dz, x=dz @ w.T, b=dz.sum(0))", ["w", "x", "b"]),
        ("dx = dz @ w.T\n    return dx", ["dx"]),
        ("db, w_grad = dz.sum(0), x.T @ dz\n    return db, w_grad", ["db", "w_grad"]),
        ('return dz @ w.T, {"w": x.T @ dz, "b": dz.sum(0)}', ["dx", "w", "b"]),
        ("dx = dz @ w.T\n    return dx, None, None", ["dx"]),
    ],
    ids=["dict", "grown dict", "NamedTuple", "single", "names", "nested", "None"],
)
def test_gradients_are_known_by_their_names(tmp_path, returned, names):
    before = "from collections import namedtuple\nG = namedtuple('G', 'w x b')\n"
    function = audited(tmp_path, before + spoiled(DENSE, (RETURN, returned)), "dense", "dense_grad")
    assert ([r.name for r in function.results], function.verdict) == (names, "verified")


PARAMS = '''
def net(x, params):
    """
    x: (N, D)
    params: dict with the weights
        W1: (D, H)
        b1: (H,)
        W2: (H, 1)
    """
    h = np.maximum(x @ params["W1"] + params["b1"], 0)
    return h @ params["W2"], (x, h, params)

def net_back(dy, cache):
    x, h, params = cache
    dh = (dy @ params["W2"].T) * (h > 0)
    return {"W1": x.T @ dh, "b1": dh.sum(0), "W2": h.T @ dy}
'''


def test_parameters_may_come_in_a_dict(tmp_path):
    function = audited(tmp_path, PARAMS, "net", "net_back")
    assert {r.name: r.verdict for r in function.results} == dict.fromkeys(("W1", "b1", "W2"), "identical")


LOSS = '''
def loss(w, x, y, reg=0.1):
    """w (D, C), x (N, D), y: labels (N,), 0 <= y[i] < C"""
    s = x @ w
    p = np.exp(s - s.max(1, keepdims=True))
    p = p / p.sum(1, keepdims=True)
    n = len(x)
    value = -np.log(p[np.arange(n), y]).mean() + reg * np.sum(w * w)
    d = p.copy()
    d[np.arange(n), y] -= 1
    grads = {"w": x.T @ d / n + 2 * reg * w}
    return value, grads
'''


@pytest.mark.parametrize(("change", "verdict"), [([], "verified"), ([("2 * reg", "reg")], "wrong")])
def test_a_forward_may_return_the_gradients_itself(tmp_path, change, verdict):
    function = audited(tmp_path, spoiled(LOSS, *change), "loss")
    assert (function.verdict, [r.name for r in function.results]) == (verdict, ["w"])


def test_two_outputs_have_two_cotangents_matched_by_name(tmp_path):
    source = '''
def step(x, h, c, W):
    """x (N, D), h (N, H), c (N, H), W (D+H, 2*H)"""
    z = np.concatenate([x, h], 1) @ W
    H = h.shape[1]
    f, g = 1 / (1 + np.exp(-z[:, :H])), np.tanh(z[:, H:])
    c_next = f * c + g
    h_next = np.tanh(c_next)
    return h_next, c_next, (x, h, c, W, f, g, h_next)

def step_back(dc_next, dh_next, cache):
    x, h, c, W, f, g, h_next = cache
    dc = dc_next + dh_next * (1 - h_next ** 2)
    dz = np.concatenate([dc * c * f * (1 - f), dc * (1 - g ** 2)], 1)
    dxh = dz @ W.T
    D = x.shape[1]
    return dxh[:, :D], dxh[:, D:], dc * f, np.concatenate([x, h], 1).T @ dz
'''
    function = audited(tmp_path, source, "step", "step_back")
    assert (function.verdict, [r.name for r in function.results]) == ("verified", ["dx", "dh", "dc", "dW"])


def test_a_value_is_passed_and_told_in_the_line_that_repeats(tmp_path):
    source = DENSE.replace("x, w, b):", "x, w, b, scale):").replace("np.tanh(", "np.tanh(scale * ")
    path = tmp_path / "candidate.py"
    path.write_text("import numpy as np\n" + source, encoding="utf-8")
    command = [
        "audit",
        str(path),
        "--forward",
        "dense",
        "--backward",
        "dense_grad",
        "--value",
        "scale=2",
        "--examples=2",
    ]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    (line,) = [line for line in result.output.splitlines() if "repeat" in line]
    again = CliRunner().invoke(main, shlex.split(line)[2:])
    assert (again.exit_code, "1 case" in again.output) == (1, True)
    assert "--value scale=2 --case" in line


# verdicts


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (("dz @ w.T,", "dz @ w.T * 2,"), {"dx"}),
        (("dz.sum(axis=0)", "dz.mean(axis=0)"), {"db"}),
        (("(1 - out ** 2)", "(1 - out)"), {"dx", "dw", "db"}),
    ],
)
def test_the_wrong_gradient_is_named(tmp_path, change, wrong):
    function = dense(tmp_path, change)
    assert (function.verdict, named(function, "wrong")) == ("wrong", wrong)
    assert {r.name for r in function.results} - wrong == named(function, "identical")


def test_the_condition_is_the_one_that_the_mistake_needs(tmp_path):
    (result,) = dense(tmp_path, ("dz.sum(axis=0)", "dz.mean(axis=0)")).failing
    assert (result.condition, result.case) == ("only when N>1", "N=2 D=1 M=1 seed=0")


def test_exact_arithmetic_sees_a_factor_that_floats_do_not(tmp_path):
    change = ("x.T @ dz", "x.T @ dz * (1 + 1e-14)")
    assert dense(tmp_path, change, arithmetic="float64").verdict == "verified"
    function = dense(tmp_path, change)
    (result,) = function.failing
    assert (result.name, result.rigorous, len(result.index)) == ("dw", True, 2)


def test_a_wrong_shape_is_its_own_verdict(tmp_path):
    function = dense(tmp_path, ("dz.sum(axis=0)", "dz.sum(axis=0, keepdims=True)"))
    assert named(function, "wrong-shape") == {"db"}


def test_writing_into_the_cache_is_found(tmp_path):
    function = dense(tmp_path, ("dz = dout * (1 - out ** 2)", "out *= -out; out += 1; dz = dout * out"))
    assert (function.verdict, kinds(function)) == ("verified", {"in-place", "repeat"})


def test_a_backward_that_raises_has_its_error_and_line(tmp_path):
    function = dense(tmp_path, ("x.T @ dz", "x @ dz"))
    assert (function.verdict, function.failure.type, function.failure.line) == ("raises", "ValueError", 14)


def test_a_forward_that_always_raises_is_told(tmp_path):
    function = dense(tmp_path, ("x @ w + b", "x @ w + bias"))
    assert (function.verdict, function.failure.type, kinds(function)) == ("undecided", "NameError", {"forward"})


def test_a_forward_that_dual_numbers_do_not_run_is_undecided(tmp_path):
    function = dense(
        tmp_path, ("np.tanh(x @ w + b)", "np.tanh(x @ w + b) + np.linalg.inv(np.eye(len(x)) + x @ x.T)[0, 0]")
    )
    assert (function.verdict, kinds(function)) == ("undecided", {"undecided"})


def test_a_random_forward_is_undecided(tmp_path):
    function = dense(tmp_path, ("np.tanh(x @ w + b)", "np.tanh(x @ w + b) * np.random.rand()"))
    assert "random" in function.findings[0].message


def test_a_truth_that_cancels_in_floats_is_computed_to_many_digits(tmp_path):
    source = """
def entropy(w, x, y):
    # w (D, 1), x (D, m), y (1, m)
    a = 1 / (1 + np.exp(-w.T @ x))
    loss = -np.sum(y * np.log(a) + (1 - y) * np.log(1 - a))
    return loss, {"dw": x @ (a - y).T}
"""
    function = audited(tmp_path, source, "entropy", case="D=5 m=2 seed=2 scale=3", arithmetic="float64")
    assert function.verdict == "verified"


def test_cases_that_the_forward_does_not_take_are_left_out_and_told(tmp_path):
    path = tmp_path / "candidate.py"
    source = spoiled(DENSE, ("    out =", "    if x.shape[1] < 2: raise ValueError('too narrow')\n    out ="))
    path.write_text("import numpy as np\n" + source, encoding="utf-8")
    report = gradproof.audit(path, forward="dense", backward="dense_grad", examples=0)
    assert report
    assert any("left out 2 cases" in note.message and "too narrow" in note.message for note in report.notes)


def test_a_forward_in_jax_is_differentiated_by_jax(tmp_path):
    source = "import jax.numpy as jnp\n" + spoiled(
        DENSE, ("np.tanh", "jnp.tanh"), ("x.T @ dz", "x.T @ dz * (1 + 1e-11)")
    )
    function = audited(tmp_path, source, "dense", "dense_grad", case="N=2 D=3 M=4 seed=0")  # JAX compiles each size
    assert (named(function, "wrong"), named(function, "identical")) == ({"dw"}, {"dx", "db"})


# what the forward cannot be asked, and what the backward does not say

DROPOUT = """
def drop(x, p=0.5):
    # x (N, D)
    mask = (np.random.rand(*x.shape) > p) / (1 - p)
    return x * mask, mask

def drop_grad(dout, mask):
    return dout * mask{}
"""


@pytest.mark.parametrize("spoilt", ["", " * 2"])
def test_a_forward_that_is_random_in_some_cases_only_is_undecided(tmp_path, spoilt):
    function = audited(tmp_path, DROPOUT.format(spoilt), "drop", "drop_grad")
    assert (function.verdict, kinds(function)) == ("undecided", {"undecided"})
    assert "seed it inside the forward" in function.findings[0].message


def test_a_forward_that_is_random_in_no_case_but_one_asked_for_a_condition_is_undecided(tmp_path):
    odd = "    if x.shape == (3, 1): mask = np.random.rand(3, 1)\n    return x * mask"
    source = spoiled(
        DROPOUT.format(" * (1.5 if len(mask) == 1 or mask.shape[1] == 3 else 1)"),
        ("    return x * mask", odd),
        ("np.random.rand(*x.shape) > p", "x < 99"),
    )
    function = audited(tmp_path, source, "drop", "drop_grad", examples=0)
    assert (function.verdict, kinds(function)) == ("undecided", {"undecided"})


def test_a_mask_that_is_seeded_inside_the_forward_has_a_truth(tmp_path):
    source = DROPOUT.format("").replace("    mask =", "    np.random.seed(0)\n    mask =")
    assert audited(tmp_path, source, "drop", "drop_grad").verdict == "verified"


@pytest.mark.parametrize(("wrong", "verdict"), [("", "verified"), (" * 2", "wrong")])
def test_cases_without_a_truth_are_left_out_and_told(tmp_path, wrong, verdict):
    odd = "    if len(x) == 1: out = out * np.linalg.inv(x @ x.T)\n    return out"
    path = tmp_path / "candidate.py"
    source = spoiled(DENSE, ("    return out", odd), ("x.T @ dz", f"x.T @ dz{wrong}"))
    path.write_text("import numpy as np\n" + source, encoding="utf-8")
    report = gradproof.audit(path, forward="dense", backward="dense_grad", examples=0)
    assert report.functions[0].verdict == verdict
    assert any("that have no truth" in note.message and "in jax.numpy" in note.message for note in report.notes)


SQUARE = """
def square(x):
    # x (N, D)
    return x ** 2, x

def square_grad(dout, x):
"""


@pytest.mark.parametrize(
    ("body", "error"),
    [("return dout @ x", "ValueError"), ("raise KeyError('no')", "KeyError"), ("return helper(x)", "NameError")],
)
def test_a_backward_that_raises_at_its_first_call_has_its_own_error(tmp_path, body, error):
    function = audited(tmp_path, f"{SQUARE}    {body}\n", "square", "square_grad")
    assert (function.verdict, function.failure.type, function.failure.line) == ("raises", error, 8)


def test_a_lone_array_is_the_gradient_of_the_only_input(tmp_path):
    body = "    if len(x) < 5: raise ValueError\n    return 2 * dout * x\n"
    function = audited(tmp_path, SQUARE + body, "square", "square_grad", case="N=5 D=2")
    assert (function.verdict, [r.name for r in function.results]) == ("verified", ["dx"])


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("return dx, np.full(3, np.nan)", "result 2 belongs to no input"),
        ("return dx, dw", "result 2 (dw) belongs to no input"),
        ('return {"dx": dx, "dw": dw}', "result dw belongs to no input"),
    ],
)
def test_a_result_that_belongs_to_no_input_is_told(tmp_path, returned, told):
    function = audited(tmp_path, f"{SQUARE}    dx, dw = 2 * dout * x, x\n    {returned}\n", "square", "square_grad")
    (finding,) = function.findings
    assert (function.verdict, finding.kind) == ("verified", "extra")
    assert told in finding.message


def test_what_stands_for_integers_is_not_extra(tmp_path):
    source = ROWS.replace("return d, None", "return d, np.zeros(len(at))")
    function = audited(tmp_path, source, "rows", "rows_grad", signature=gradproof.Signature({"x": ("N", "D")}))
    assert (function.verdict, function.findings) == ("verified", [])


@pytest.mark.parametrize(
    ("changes", "options", "missing"),
    [
        ([(RETURN, "return dz @ w.T, x.T @ dz")], {}, {"db"}),
        ([(RETURN, 'return {"dw": x.T @ dz}')], {}, {"db"}),
        ([(RETURN, "return dz @ w.T, x.T @ dz, None")], {}, set()),
        ([(RETURN, "dx = dz @ w.T\n    return dx")], {}, set()),
        (
            [(RETURN, "return x.T @ dz, dz.sum(0)")],
            {"signature": gradproof.Signature(gradients={0: "w", 1: "b"})},
            set(),
        ),
        ([(RETURN, "dw = x.T @ dz\n    return dw")], {"signature": gradproof.Signature(gradients={"dw": "w"})}, set()),
        ([(RETURN, "dw = x.T @ dz\n    return dw  # b is fixed")], {}, set()),
        ([(RETURN, "dw = x.T @ dz\n    return dw")], {"signature": gradproof.Signature(gradients={1: "x"})}, {"dx"}),
    ],
    ids=["fewer", "of a dict", "None", "data only", "declared", "named", "fixed", "demanded"],
)
def test_a_weight_beside_others_needs_its_gradient(tmp_path, changes, options, missing):
    function = dense(tmp_path, *changes, **options)
    assert (named(function, "missing"), function.verdict) == (missing, "wrong" if missing else "verified")


def test_data_without_a_gradient_are_a_note(tmp_path):
    path = tmp_path / "candidate.py"
    source = spoiled(DENSE, (RETURN, "dw, db = x.T @ dz, dz.sum(0)\n    return dw, db"))
    path.write_text("import numpy as np\n" + source, encoding="utf-8")
    report = gradproof.audit(path, forward="dense", backward="dense_grad", examples=0)
    assert report
    assert any(note.message == "no gradient of x is returned: not audited" for note in report.notes)


POOL = """
def pool(x):
    # x (N, C, H, W)
    N, C, H, W = x.shape
    {}
    return x.reshape(N, C, H // 2, 2, W // 2, 2).sum(axis=(3, 5))

def pool_grad(dout):
    return dout.repeat(2, axis=2).repeat(2, axis=3)
"""


def test_exact_cases_have_distinct_sizes_where_the_forward_takes_them(tmp_path):
    function = audited(tmp_path, POOL.format(""), "pool", "pool_grad")
    sizes = dict(part.split("=") for part in function.exact[0].split())
    assert function.verdict == "verified"
    assert len({sizes[name] for name in "NCHW"}) == 4
    assert min(int(sizes["H"]), int(sizes["W"])) == 4


def test_a_forward_of_equal_sizes_only_is_told_what_to_declare(tmp_path):
    path = tmp_path / "candidate.py"
    path.write_text("import numpy as np\n" + POOL.format("assert N == C == H == W"), encoding="utf-8")
    report = gradproof.audit(path, forward="pool", backward="pool_grad", examples=0)
    assert any('--shapes "x=N,C,2*H,2*W"' in note.message for note in report.notes)


# other ways in

ROWS = """
def rows(x, index, scale):
    # x of any shape; index: integers (K,) in [0, N); scale: a learnable scalar
    return x[index] * scale, x, index

def rows_grad(g, p, at, scale):
    d = np.zeros_like(p)
    np.add.at(d, at, g * scale)
    return d, None, np.sum(g * p[at])
"""


def test_what_is_not_called_like_a_gradient_takes_what_the_forward_returns_besides(tmp_path):
    function = audited(tmp_path, ROWS, "rows", "rows_grad", signature=gradproof.Signature({"x": ("N", "D")}))
    assert (function.verdict, [r.name for r in function.results]) == ("verified", ["d", "dscale"])


def test_a_notebook_may_hold_the_pair(tmp_path):
    cells = ["import numpy as np", *(f"def dense{part}" for part in DENSE.split("def dense")[1:])]
    path = tmp_path / "pair.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells]}))
    assert gradproof.audit(path, forward="dense", backward="dense_grad", examples=2)


# function objects


def double(x):
    """x (N, D)"""
    return 2 * np.sin(x), x


def double_grad(dout, cache):
    return 2 * np.cos(cache) * dout


def test_function_objects_are_audited():
    gradproof.assert_gradients(double_grad, forward=double, examples=2)


def test_a_function_without_source_has_its_docstring():
    names = {"np": np}
    exec('def f(x):\n    """x (N, D)"""\n    return np.sin(x), x\ndef g(d, cache): return d * np.cos(cache)', names)
    assert gradproof.audit(names["g"], forward=names["f"], examples=2)


def test_a_forward_may_be_imported_from_beside(tmp_path):
    (tmp_path / "layers.py").write_text("import numpy as np\n" + DENSE, encoding="utf-8")
    backward = DENSE[DENSE.index("def dense_grad") :]
    source = "from layers import dense as layer\n" + backward
    assert audited(tmp_path, source, "layer", "dense_grad").verdict == "verified"


def test_closures_are_audited():
    factor = np.array([1.0, 2.0])

    def scaled(x):
        """x (N, 2)"""
        return x * factor

    def right(dout):
        return dout * factor

    def wrong(dout):
        return dout

    assert gradproof.audit(right, forward=scaled, examples=2)
    with pytest.raises(AssertionError, match=r"gradproof.audit\(wrong, forward=scaled, case="):
        gradproof.assert_gradients(wrong, forward=scaled, examples=2)


# errors name the thing, and the line to add


@pytest.mark.parametrize(
    ("changes", "options", "told"),
    [
        ([("w: weights of shape (D, M)\n", "\n")], {}, '--shapes "x=N,D w=? b=M"'),
        ([], {"forward": "dence"}, "has no function dence; its functions are dense, dense_grad"),
        ([], {"backward": "gard"}, "has no function gard"),
        ([], {"signature": gradproof.Signature({"z": ("N",)})}, "dense has no argument z; it has x, w, b"),
        ([], {"signature": gradproof.Signature(gradients={0: "z"})}, "dense has no input z; it has x, w, b"),
        ([("(dout, cache)", "(cache)")], {}, "takes no upstream gradient"),
        ([("(dout, cache)", "(dout, dz, cache)")], {}, "it is not known what dz takes"),
        ([(RETURN, "return x.T @ dz, dz @ w.T")], {}, "it is not known which inputs the 2 gradients"),
        ([("b):", "b, axis):"), ("(M,)", "(M,)\n    axis: an integer")], {}, "--value axis=2"),
        ([("(D, M)", "(784, M)"), ("(N, D)", "(N, 784)")], {}, "too many for dual numbers"),
        ([], {"case": "N=900"}, "too many for dual numbers"),
        ([], {"case": "Z=1"}, "'Z=1' is not part of a case"),
    ],
)
def test_an_error_names_what_is_not_known(tmp_path, changes, options, told):
    options = {"forward": "dense", "backward": "dense_grad", **options}
    with pytest.raises(gradproof.AuditError) as error:
        audited(tmp_path, spoiled(DENSE, *changes), **options)
    assert told in str(error.value)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("return 2 * x\ndef g(d): return d.tolist()", "g returned a list of lists, not an array"),
        ("return x.tolist()\ndef g(d): return d", "f returned a list of lists, not an array"),
        ("out = 2 * x\ndef g(d): return d", "f returned None: is a return missing?"),
    ],
)
def test_what_is_returned_in_place_of_an_array_is_named(tmp_path, source, told):
    with pytest.raises(gradproof.AuditError, match=told.replace("?", r"\?")):
        audited(tmp_path, f"def f(x):\n    # x (N, D)\n    {source}\n", "f", "g")


def test_a_backward_without_a_return_is_unfinished(tmp_path):
    function = audited(tmp_path, f"{SQUARE}    2 * dout * x\n", "square", "square_grad")
    assert (function.verdict, function.failure.message) == ("unfinished", "returned None: is a return missing?")


def test_a_method_is_told_to_be_wrapped(tmp_path):
    source = "class Layer:\n    def forward(self, x): return x\n    def backward(self, d): return d\n"
    with pytest.raises(gradproof.AuditError, match=r"def f\(x\): layer = Layer\(\); return layer.forward\(x\), layer"):
        audited(tmp_path, source, "Layer.forward", "Layer.backward")


def test_function_objects_are_told_what_to_say_in_python():
    with pytest.raises(gradproof.AuditError) as error:
        gradproof.audit(unsaid_grad, forward=unsaid)
    assert 'Signature(inputs={"x": ("?",)})' in str(error.value)
    assert "--" not in str(error.value)


def unsaid(x):
    return 2 * x


def unsaid_grad(dout):
    return 2 * dout


def test_a_signature_that_is_a_dict_is_an_error():
    with pytest.raises(TypeError, match=r"signature is a dict; expected a Signature"):
        gradproof.audit(unsaid_grad, forward=unsaid, signature={"x": ("N",)})


def test_a_file_without_known_functions_is_told_of_pairs(tmp_path):
    path = tmp_path / "candidate.py"
    path.write_text("def unsaid(x):\n    return x\n", encoding="utf-8")
    with pytest.raises(gradproof.AuditError, match="--forward NAME --backward NAME"):
        gradproof.audit(path)


def test_labels_are_asked_for_at_once(tmp_path):
    source = spoiled(LOSS, ("w (D, C), x (N, D), y: labels (N,), 0 <= y[i] < C", "the loss"))
    with pytest.raises(gradproof.AuditError, match=r"y=\?<\?.*y=N<C"):
        audited(tmp_path, source, "loss")


def test_labels_without_a_bound_are_asked_for(tmp_path):
    with pytest.raises(gradproof.AuditError, match=r"y=N<\?"):
        audited(tmp_path, spoiled(LOSS, (", 0 <= y[i] < C", "")), "loss")


@pytest.mark.parametrize("word", ["x", "x=N,,-", "1=N"])
def test_a_shape_that_is_none_is_an_error(word):
    with pytest.raises(gradproof.AuditError, match="is no"):
        from_words([word], [])


def test_the_command_audits_a_pair():
    path = str(EXAMPLES / "own_layer_norm.py")
    command = ["audit", path, "--forward", "layer_norm_forward", "--backward", "layer_norm_backward", "--examples", "2"]
    result = CliRunner().invoke(main, command)
    assert (result.exit_code, "identical  dx dgamma dbeta" in result.output) == (0, True)
