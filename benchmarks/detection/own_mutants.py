"""Mutants of whole files of manual/: of the functions with their checks, and of the tables that say shapes.

The operators are those of operators.py and slips.py, and others for checks and plumbing.  EQUIVALENT lists what changes
nothing.
"""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from detection.operators import COTANGENTS, DERIVATION, call_of, expression
from detection.slips import EXTREME, PRELUDE, TINY, effects

ROOT = Path(__file__).resolve().parents[2]
# Names of one kind, besides those of operators.py; the last line is of dimensions in the tables of shapes.
ALIKE = (
    ("Wax", "Waa", "Wya"),
    ("ba", "by"),
    ("bf", "bi", "bc", "bo"),
    ("bz", "br", "bh", "bha"),
    ("dxt", "da_prev", "dc_prev"),
    ("dx", "da0", "dc0", "x"),
    ("dWax", "dWaa", "dba"),
    ("da", "dW", "db", "dc"),
    ("a", "y", "y_pred", "z", "shifted", "dz"),
    ("xt", "a_prev", "concat"),
    ("Wha", "Whx"),
    ("a0", "c0", "x"),
    ("hidden", "predictions", "memory", "caches"),
    ("a_next", "yt_pred", "a0"),
    ("dzh", "dhidden", "dreset"),
    ("Wy", "by", "Wya"),
    ("n_a", "n_x", "n_y", "m", "T", "T_x", "1", "n_a+n_x"),
)
EXACT, ARGUED = "exact arithmetic", "argued"
ONE_SHAPE = "arrays of one shape and dtype, so says the check"
ANOTHER_ORDER = "the same in another order"
# A file, a mutant as `said`, who says that it changes nothing, and why.
EQUIVALENT = (
    ("", r"=> .*-np\.zeros_like\((da|parameters)", EXACT, "minus zero is zero"),
    ("gru", r"=> summed\['dbha'\] = np\.zeros_like\(parameters\['b[zrh]'\]\)", ARGUED, ONE_SHAPE),
    ("lstm", r"=> da_prev = dc_prev = np\.zeros_like\(dc\[:, :, 0\]\)", ARGUED, ONE_SHAPE),
    ("lstm", r"=> a_next = np\.clip\(ot \* np\.tanh\(c_next\), -5, 5\)", ARGUED, "it is at most 1"),
    ("lstm", r"one missing => check_arrays\(\{'a0': .*'c0': c_next\}\)$", ARGUED, "a0 has been checked"),
    ("", r"=> .*np\.zeros_like\(da\[:, :, 0\], dtype=np\.float32\)", EXACT, "zero is zero, and the sum float64"),
    ("", r"=> .*np\.zeros_like\(da\[:, :, -1\]\)", EXACT, "the last step has the shape of the first"),
    ("", r"=> .*(\+=|, t\] =) reused\(", EXACT, "a buffer that is read at once"),
    ("rnn", r"=> dWaa \+= np\.squeeze", EXACT, "a square matrix loses axes only at size 1, and then both"),
    ("", r"=> .* = np\.clip\((sigmoid|np\.tanh|softmax)\(.*, -5, 5\)$", ARGUED, "it is at most 1"),
    ("", r"=> check_parameters\(.*PARAMETERS, parameters, (a_prev|c_prev), sizes\)$", ARGUED, ONE_SHAPE),
    ("", r"=> check_parameters\(\{.*\}, parameters, (?!a_next)\w+, sizes\)$", ARGUED, ONE_SHAPE),
    ("lstm", r"=> T = dc\.shape\[2\]$", ARGUED, ONE_SHAPE),
    ("lstm", r"^lstm_backward: .*=> .*'a_next': steps\[0\]\[[1-7]\]", ARGUED, "all of one shape and dtype in a cache"),
    ("", r"a constant => (?!check_cache).*steps\[-1\]", ARGUED, "all steps have arrays of one shape"),
    ("", r"two exchanged => check_parameters\(\{.*\}, parameters, a_next, sizes\)$", ARGUED, ANOTHER_ORDER),
    ("gru", r"two exchanged => read = ", ARGUED, ANOTHER_ORDER),
    ("", r"^Gate: two exchanged ", ARGUED, ANOTHER_ORDER),
    ("losses", r"=> (z|shifted) = .* \+ 1e-08$", ARGUED, "softmax and its logarithm ignore a shift"),
    ("losses", r"=> z = .* \+ b\[:, np\.newaxis(, :)?\]$", ARGUED, "b has one column"),
    ("losses", r"=> .*\.(max|sum)\(axis=0(, keepdims=False)?\)", ARGUED, "broadcasting adds axis 0"),
    ("losses", r"=> loss = np\.squeeze", ARGUED, "a scalar has no axes"),
    ("losses", r"=> .*axis=\(2, 1\)", ARGUED, "the same axes"),
    ("losses", r"_loss: .* => a(\[\.\.\.\] = 0| \*= 0\.99)$", ARGUED, "it is read no more"),
)


@dataclass(frozen=True)
class Mutant:
    """A file in which one node is another one.  of: the function or table; old, new: what stood there, and stands."""

    net: str
    of: str
    operator: str
    line: int
    old: str
    new: str
    source: str

    @property
    def equivalent(self):
        """(who says that it behaves as the right one, why); None where nobody does."""
        said = f"{self.of}: {self.operator} => {self.new}"
        of = (one for one in EQUIVALENT if re.search(one[0], self.net))
        return next(((who, why) for _, pattern, who, why in of if re.search(pattern, said)), None)

    def __str__(self):
        old, new = shortened(self.old, self.new)
        return f"manual/{self.net}.py:{self.line} {old} -> {new}"


# operators on checks, tables and plumbing, which operators.py leaves alone


def _deleted(node):
    if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign)):
        yield ast.Pass()


def _condition(node):
    if isinstance(node, (ast.If, ast.IfExp)):
        for test in (ast.UnaryOp(ast.Not(), node.test), ast.Constant(True), ast.Constant(False)):
            kind = type(node)
            yield kind(test, node.body, node.orelse)


def _comparison(node):
    others = {ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.In: ast.NotIn}
    if isinstance(node, ast.Compare) and type(node.ops[0]) in others:
        yield ast.Compare(node.left, [others[type(node.ops[0])]()], node.comparators)


def _constant(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int):
        yield from (ast.Constant(node.value + 1), ast.Constant(node.value - 1))


def _operation(node):
    others = {ast.Mult: ast.Div(), ast.Div: ast.Mult(), ast.MatMult: ast.Mult(), ast.Add: ast.Sub(), ast.Sub: ast.Add()}
    if isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in others:
        if isinstance(node, ast.BinOp):
            yield ast.BinOp(node.left, others[type(node.op)], node.right)
        else:
            yield ast.AugAssign(node.target, others[type(node.op)], node.value)


def _name(node):
    """Any other variable of its kind; of keys and dimensions the next one."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from (ast.Name(other, ast.Load()) for group in ALIKE if node.id in group for other in group)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        for group in ALIKE:
            if node.value in group:
                yield ast.Constant(group[(group.index(node.value) + 1) % len(group)])


def _exchanged(node):
    """Two that stand side by side, in a tuple, a call, or as values of a dict."""
    for kind, field in ((ast.Tuple, "elts"), (ast.List, "elts"), (ast.Call, "args"), (ast.Dict, "values")):
        if isinstance(node, kind):
            old = getattr(node, field)
            for i in range(len(old) - 1):
                yield _with(node, field, [*old[:i], old[i + 1], old[i], *old[i + 2 :]])


def _missing(node):
    """An entry of a dict, a keyword of a call, or an index of a tuple."""
    if isinstance(node, ast.Dict):
        for i in range(len(node.keys)):
            yield ast.Dict(node.keys[:i] + node.keys[i + 1 :], node.values[:i] + node.values[i + 1 :])
    elif isinstance(node, ast.Call):
        for word in node.keywords:
            if ast.unparse(word) != "axis=0" or not call_of(node, "np.concatenate", "np.stack"):  # their default
                yield _with(node, "keywords", [one for one in node.keywords if one is not word])
        if len(node.args) > 1:
            yield _with(node, "args", node.args[:-1])
    elif isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Load):
        yield from (_with(node, "elts", [one for one in node.elts if one is not other]) for other in node.elts)


def _bare(node):
    """What a function or a sign is applied to."""
    if isinstance(node, ast.Call) and len(node.args) == 1 and not isinstance(node.args[0], ast.Starred):
        yield node.args[0]
    elif isinstance(node, ast.UnaryOp):
        yield node.operand


def _buffer(node):
    if call_of(node, "np.zeros_like"):
        yield from (_with(node, "func", expression(f"np.{other}")) for other in ("ones_like", "empty_like"))


def _slice(node):
    if isinstance(node, ast.Slice) and (node.lower or node.upper):
        for field in ("lower", "upper"):
            bound = getattr(node, field)
            if bound is not None:
                yield from (_with(node, field, ast.BinOp(bound, op, ast.Constant(1))) for op in (ast.Add(), ast.Sub()))
        yield ast.Slice()
        yield ast.Slice(node.upper, node.lower)


def _added(node):
    """+= for =, inside a loop."""
    if isinstance(node, ast.For):
        for i, one in enumerate(node.body):
            if isinstance(one, ast.Assign) and not isinstance(one.targets[0], ast.Tuple):
                added = ast.AugAssign(one.targets[0], ast.Add(), one.value)
                yield _with(node, "body", [*node.body[:i], added, *node.body[i + 1 :]])


def _loop(node):
    if isinstance(node, ast.For):
        yield _with(node, "body", [*node.body, ast.Break()])


def _with(node, field, value):
    return ast.copy_location(type(node)(**{**dict(ast.iter_fields(node)), field: value}), node)


PLUMBING = {
    "a statement deleted": _deleted,
    "a condition": _condition,
    "a comparison": _comparison,
    "a constant": _constant,
    "* / @ + -": _operation,
    "another name": _name,
    "two exchanged": _exchanged,
    "one missing": _missing,
    "a function left out": _bare,
    "another buffer": _buffer,
    "a slice": _slice,
    "+= for =": _added,
    "a loop ends": _loop,
}
LEFT_OUT = {  # of those that audits have to find: they are killed as others are
    *("times 1 + 1e-3", "times 1 + 1e-9", "clipped to 1000", "below 1e-8: zero", "rounded to 10 decimals"),
    *("an input is clipped", "noise of 1e-6", "noise of 1e-10"),
}
# What is no number that a formula gives, and so is not rounded, clipped or remembered.
SET_UP = re.compile(r"check_|\.shape\[|steps\[0\]|^steps, x =|= (cache|caches)$|^(read|hidden|caches?)\b")
NO_ARRAYS = ("parameters", "reset_after", "cache", "caches", "steps", "c0", "_", "Wha", "Whx")
NOT_CODE = ("annotation", "returns", "decorator_list", "ctx", "op", "ops")


def _fields(node):
    """The fields of a cache in another order."""
    if isinstance(node, ast.ClassDef) and "NamedTuple" in map(ast.unparse, node.bases):
        for i in range(len(node.body) - 1):
            yield _with(node, "body", [*node.body[:i], node.body[i + 1], node.body[i], *node.body[i + 2 :]])


def mutants(net):
    """All mutants of manual/NET.py, each once, in the order of its lines."""
    module = ast.parse((ROOT / "manual" / f"{net}.py").read_text(encoding="utf-8"))
    units = [ast.unparse(unit) for unit in module.body]
    found = {}
    for index, unit in enumerate(module.body):
        holder = ast.Module([unit], [])
        for operator, parent, field, at, line, new in _changes(holder, unit):
            old, news = getattr(parent, field), new if isinstance(new, list) else [new]
            for one in news:
                ast.fix_missing_locations(one)
            setattr(parent, field, new if at is None else [*old[:at], *news, *old[at + 1 :]])
            text = ast.unparse(holder)
            setattr(parent, field, old)
            source = "\n".join([*units[:index], text, *units[index + 1 :], PRELUDE])
            if text != units[index] and source not in found and _compiles(text):
                of = getattr(unit, "name", "") or units[index].partition(" =")[0].partition(":")[0]
                found[source] = Mutant(net, of, operator, line, *_difference(units[index], text), source)
    return sorted(found.values(), key=lambda one: one.line)


def _changes(holder, unit):
    """(operator, parent, field, index, line, replacement) of every operator at every node of a statement."""
    if isinstance(unit, ast.ClassDef):
        return [("cache fields", holder, "body", 0, unit.lineno, new) for new in _fields(unit)]
    if isinstance(unit, ast.FunctionDef):
        slips = {**DERIVATION, **TINY, **EXTREME, **effects(*_given(unit))}
        more = {name: operator for name, operator in slips.items() if name not in LEFT_OUT}
    elif isinstance(unit, (ast.Assign, ast.AnnAssign)) and unit.value is not None:
        more = {}
    else:
        return []
    words, found = set(re.findall(r"\w+", ast.unparse(unit))), []
    for parent, field, at, node, statement in _nodes(holder, unit):
        text = ast.unparse(statement).partition("\n")[0]
        if node is unit or text.endswith("[], [])"):
            continue
        operators = PLUMBING if SET_UP.search(text) else {**PLUMBING, **more}
        for operator, changes in operators.items():
            try:
                news = list(changes(node))
            except (TypeError, ValueError):  # not written for such a node
                continue
            for new in news:
                if not (isinstance(new, ast.Name) and new.id not in words):
                    found.append((operator, parent, field, at, getattr(node, "lineno", statement.lineno), new))
    return found


def _nodes(parent, statement):
    """(parent, field, index, node, its statement) of all code below a node, docstrings left out."""
    for field, value in ast.iter_fields(parent):
        if field in NOT_CODE:
            continue
        for at, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                continue
            inside = node if isinstance(node, ast.stmt) else statement
            yield parent, field, at, node, inside
            yield from _nodes(node, inside)


def _given(function):
    """The caller's arrays that a function reads; one of them; an array by which one cache is told from another."""
    names = [one.arg for one in function.args.args]
    for line in function.body:
        if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Tuple):
            names += [one.id for one in line.targets[0].elts]
    names = [name for name in names if name not in NO_ARRAYS]
    cached = "steps[-1][0]" if "steps" in ast.unparse(function) else "a_next" if "a_next" in names else names[0]
    return [*dict.fromkeys(names), *(name for name in COTANGENTS if "[" in name)], names[0], cached


def _compiles(text):
    try:
        compile(text, "<mutant>", "exec")
    except (SyntaxError, TypeError, ValueError):
        return False
    return True


def _difference(before, after):
    """The lines that are others."""
    old, new = before.splitlines(), after.splitlines()
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    return tuple("; ".join(line.strip() for line in lines) or "(nothing)" for lines in (old, new))


def shortened(old, new):
    """Of long lines, the parts that are others."""
    start, end = max(0, _shared(old, new) - 30), max(0, _shared(old[::-1], new[::-1]) - 30)
    if len(old) < 60 or len(new) < 60:
        return old, new
    return tuple(("..." * (start > 0)) + text[start : len(text) - end] + ("..." * (end > 0)) for text in (old, new))


def _shared(one, other):
    """How many characters they begin with in common."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
