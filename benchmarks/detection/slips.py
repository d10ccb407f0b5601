"""Mistakes that are no wrong derivation: numbers that are off by little or seldom, dtypes, shapes, and side effects.

Operators as in operators.py.  What is kept from call to call is kept in KEPT, which every candidate has; see PRELUDE.
"""

import ast
from copy import deepcopy

from detection.operators import call_of, expression, is_cotangent, operation, with_value

PRELUDE = '''
KEPT = {}


def reused(key, value):
    """The value in a buffer that the next call will write into."""
    buffer = KEPT.setdefault((key, value.shape), np.empty(value.shape))
    buffer[...] = value
    return buffer
'''
BUFFERS = ("np.zeros", "np.zeros_like", "np.empty", "np.empty_like")


def _valued(change):
    """An operator that changes every computed value: change(what it is assigned to, its text)."""

    def changed(target, value):
        return expression(change(target.strip("'"), ast.unparse(value))) if _computed(value) else None

    return lambda node: with_value(node, changed)


def _computed(value):
    """Whether a value is neither an empty buffer nor a parameter that is read."""
    read = isinstance(value, ast.Subscript) and ast.unparse(value.value) == "parameters"
    return not read and not call_of(value, *BUFFERS)


def _wrapped(template):
    """An operator that puts every value into a call: "np.squeeze({})"."""
    return _valued(lambda _, value: template.format(f"({value})"))


# tiny


def nearly(factor, parts=False):
    """Values that are multiplied by nearly 1; parts: also the factors of products."""

    def scaled(value):
        return ast.BinOp(value, ast.Mult(), expression(factor))

    def operator(node):
        yield from with_value(node, lambda _, value: scaled(value) if _computed(value) else None)
        if parts and operation(node, ast.Mult, ast.MatMult):
            yield ast.BinOp(node.left, node.op, scaled(node.right))
            yield ast.BinOp(scaled(node.left), node.op, node.right)

    return operator


def a_little(scale, others):
    """Values to which a little of another array is added; others: which one, by target."""

    def more(target, value):
        other = others.get(target)
        return expression(f"{ast.unparse(value)} + {scale} * {other}") if other else None

    return lambda node: with_value(node, more)


TINY = {
    "times 1 + 1e-3": nearly("1 + 1e-3"),
    "times 1 + 1e-6": nearly("1 + 1e-6"),
    "times 1 + 1e-9": nearly("1 + 1e-9"),
    "plus 1e-8": _wrapped("{} + 1e-8"),
}

# extreme


def _floor(node):
    """A slope that may not vanish, so that saturated gates keep learning."""
    if operation(node, ast.Sub) and ast.unparse(node.left) == "1":
        yield from (expression(f"np.maximum({ast.unparse(node)}, {floor})") for floor in ("1e-3", "1e-7"))


def _buffer(dtype):
    def operator(node):
        if call_of(node, *BUFFERS):
            yield ast.Call(node.func, node.args, [ast.keyword("dtype", expression(dtype))])

    return operator


def _squeezed_cotangent(node):
    if is_cotangent(node):
        yield expression(f"np.squeeze({ast.unparse(node)})")


EXTREME = {
    "float32": _wrapped("{}.astype(np.float32)"),
    "through float32": _wrapped("{}.astype(np.float32).astype(np.float64)"),
    "a float32 buffer": _buffer("np.float32"),
    "an integer buffer": _buffer("int"),
    "clipped to 5": _wrapped("np.clip({}, -5, 5)"),
    "clipped to 1000": _wrapped("np.clip({}, -1000, 1000)"),
    "below 1e-8: zero": _wrapped("np.where(np.abs({0}) < 1e-8, 0, {0})"),
    "below 1e-12: zero": _wrapped("np.where(np.abs({0}) < 1e-12, 0, {0})"),
    "rounded to 10 decimals": _wrapped("np.round({}, 10)"),
    "a slope has a floor": _floor,
    "squeezed": _wrapped("np.squeeze({})"),
    "a squeezed cotangent": _squeezed_cotangent,
}

# side effects


def _in_place(inputs):
    """A sum or product that is written into an input."""

    def operator(node):
        if not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return)):
            return
        for index, part in enumerate(ast.walk(node)):
            if operation(part, ast.Add, ast.Mult):
                for mine, other in ((part.left, part.right), (part.right, part.left)):
                    if ast.unparse(mine) in inputs:
                        written = deepcopy(mine)
                        written.ctx = ast.Store()
                        new = deepcopy(node)
                        exchange = _Put(list(ast.walk(new))[index], deepcopy(mine))
                        yield [ast.AugAssign(written, part.op, deepcopy(other)), exchange.visit(new)]

    return operator


class _Put(ast.NodeTransformer):
    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else self.generic_visit(node)


def _out(inputs):
    """The result of a function in the place of its argument."""

    def operator(node):
        if call_of(node, "np.tanh", "np.square") and ast.unparse(node.args[0]) in inputs:
            yield ast.Call(node.func, node.args, [ast.keyword("out", deepcopy(node.args[0]))])

    return operator


def _at_the_end(inputs, *statements):
    """A statement before the function returns."""

    def operator(node):
        if isinstance(node, ast.Return):
            for name in inputs:
                if "[" not in name:
                    yield from ([ast.parse(text.format(name)).body[0], node] for text in statements)

    return operator


def _popped(node):
    if isinstance(node, ast.Subscript) and ast.unparse(node) == "steps[t]":
        yield expression("steps.pop()")


def _never_emptied(node):
    """A buffer that the next call of the same sizes goes on with."""
    if call_of(node, *BUFFERS):
        argument = node.args[0]
        size = argument if isinstance(argument, ast.Tuple) else ast.Attribute(argument, "shape", ast.Load())
        if call_of(node, "np.zeros_like", "np.empty_like") and isinstance(argument, ast.Tuple):
            return
        key = f"({node.lineno}, {node.col_offset}, {ast.unparse(size)})"
        yield expression(f"KEPT.setdefault({key}, {ast.unparse(node)})")


def _momentum(node):
    """A sum that remembers the one of the last call."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        if name.startswith("d"):
            key = f"KEPT.get(('{name}', {name}.shape), 0)"
            kept = ast.parse(f"{name} = {name} + 0.1 * {key}\nKEPT['{name}', {name}.shape] = {name}").body
            yield [node, *kept]


def _memo(key):
    """What was computed for other numbers of the same key."""
    return _valued(lambda target, value: f"KEPT.setdefault(({target!r}, {key}), {value})")


def effects(inputs, cotangent, cached):
    """The operators for a function that is given arrays of these names.

    inputs: names and subscripts of arrays that are the caller's.  cotangent: the name of one; cached: an array by which
    one cache is told from another.
    """
    return {
        "written into an input": _in_place(inputs),
        "out= an input": _out(inputs),
        "an input is changed": _at_the_end(inputs, "{0} *= 0.99", "{0}[...] = 0"),
        "an input is clipped": _at_the_end(inputs, "np.clip({0}, -5, 5, out={0})"),
        "the cache is consumed": _popped,
        "noise of 1e-6": _wrapped("{} * (1 + 1e-6 * np.random.randn())"),
        "noise of 1e-10": _wrapped("{} * (1 + 1e-10 * np.random.randn())"),
        "a buffer is never emptied": _never_emptied,
        "momentum": _momentum,
        "remembered by shape": _memo(f"{cotangent}.shape"),
        "remembered by cache": _memo(f"{cached}.tobytes()"),
        "a buffer for results is used again": _valued(lambda target, value: f"reused({target!r}, {value})"),
    }
