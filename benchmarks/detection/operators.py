"""Mistakes in a derivation: what may stand for a node of a right function's syntax tree.

An operator takes a node and returns its replacements, none where it does not apply.  A replacement is a node, or for a
statement a list of them.
"""

import ast
import re
from copy import deepcopy

# Arrays of one shape, which are easily mistaken for one another.
ALIKE = (
    ("ft", "it", "cct", "ot"),
    ("zt", "rt", "hht"),
    ("i", "f", "o", "g"),
    ("a_next", "a_prev", "c_prev", "c_next"),
    ("prev_h", "prev_c", "next_c"),
    ("da_next", "dc_next"),
    ("dnext_h", "dnext_c"),
    ("dzf", "dzi", "dzc", "dzo"),
    ("dft", "dit", "dcct", "dot"),
    ("di", "df", "dg", "do"),
    ("dzz", "dzr", "dzh"),
    ("dzt", "drt", "dhht"),
    ("da_prev", "dc_prev"),
    ("da_prevt", "dc_prevt"),
    ("dprev_h", "dprev_c"),
    ("Wf", "Wi", "Wc", "Wo"),
    ("Wz", "Wr", "Wh"),
)
GATES = ("ft", "it", "cct", "ot", "zt", "rt", "hht", "i", "f", "o", "g", "a_next", "tanh_c")
COTANGENTS = ("da_next", "dc_next", "dnext_h", "dnext_c", "da[:, :, t]", "dc[:, :, t]", "dh[:, t]", "dh[:, t, :]")
CARRIED = re.compile(r"\b(da_prevt?|dc_prevt?|dprev_h|dprev_c)\b")
BLOCKS = (":H", "H:2 * H", "2 * H:3 * H", "3 * H:")


def expression(text):
    return ast.parse(text, mode="eval").body


def operation(node, *kinds):
    return isinstance(node, ast.BinOp) and isinstance(node.op, kinds)


def call_of(node, *names):
    return isinstance(node, ast.Call) and ast.unparse(node.func) in names


def is_cotangent(node):
    """Whether a cotangent, or that of one step, is read."""
    read = isinstance(node, (ast.Name, ast.Subscript)) and isinstance(node.ctx, ast.Load)
    return read and ast.unparse(node) in COTANGENTS


def with_value(node, change):
    """A statement or dict whose values are changed, one at a time; change(target, value), None where it cannot be."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and node.value is not None:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        whole = isinstance(node.value, (ast.Tuple, ast.Dict, ast.DictComp)) or isinstance(target, ast.Tuple)
        value = None if whole else change(ast.unparse(target), node.value)
        if value is not None:
            new = deepcopy(node)
            new.value = value
            yield new
    if isinstance(node, ast.Dict):
        for index, (key, old) in enumerate(zip(node.keys, node.values, strict=True)):
            value = change(ast.unparse(key), old) if key is not None else None
            if value is not None:
                yield ast.Dict(node.keys, [*node.values[:index], value, *node.values[index + 1 :]])


def _parts(node):
    return [node.left, node.right]


def _dropped_factor(node):
    return _parts(node) if operation(node, ast.Mult, ast.MatMult) else []


def _dropped_term(node):
    return _parts(node) if operation(node, ast.Add, ast.Sub) else []


def _other_sign(node):
    if not operation(node, ast.Add, ast.Sub):
        return []
    return [ast.BinOp(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.right)]


def _negated(node):
    return with_value(node, lambda _, value: ast.UnaryOp(ast.USub(), value))


def _added_factor(node):
    """A slope once too often, of a gate that the line reads."""
    if isinstance(node, ast.Dict) or not hasattr(node, "value"):
        return
    if isinstance(node, (ast.Assign, ast.AugAssign)):
        names = {part.id for part in ast.walk(node.value) if isinstance(part, ast.Name)}
        for gate in sorted(names.intersection(GATES), key=GATES.index):
            for factor in (gate, f"(1 - {gate})", f"(1 - {gate} ** 2)"):
                yield from with_value(node, lambda _, value, f=factor: ast.BinOp(value, ast.Mult(), expression(f)))


def _mistaken(node):
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for group in ALIKE:
            if node.id in group:
                yield from (ast.Name(name, ast.Load()) for name in group if name != node.id)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        for group in ALIKE:
            if node.value in group:
                yield from (ast.Constant(name) for name in group if name != node.value)


def _squared_cotangent(node):
    if is_cotangent(node):
        yield ast.BinOp(node, ast.Pow(), ast.Constant(2))


def _constant(node):
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Pow):
        for index, part in enumerate(_parts(node)):
            if isinstance(part, ast.Constant):
                new = [ast.Constant(part.value + 1) if i == index else one for i, one in enumerate(_parts(node))]
                yield ast.BinOp(new[0], node.op, new[1])


def _exponent(node):
    if operation(node, ast.Pow):
        yield ast.BinOp(node.left, ast.Pow(), ast.Constant(3))
        yield node.left
    elif call_of(node, "np.square"):
        yield node.args[0]


def _parentheses(node):
    """a * (b - c) without them."""
    if operation(node, ast.Mult) and operation(node.right, ast.Add, ast.Sub):
        yield ast.BinOp(ast.BinOp(node.left, ast.Mult(), node.right.left), node.right.op, node.right.right)
    if operation(node, ast.Mult) and operation(node.left, ast.Add, ast.Sub):
        yield ast.BinOp(node.left.left, node.left.op, ast.BinOp(node.left.right, ast.Mult(), node.right))


def _activation(node):
    if call_of(node, "np.tanh"):
        yield node.args[0]
        yield ast.Call(expression("np.tanh"), [node], [])


def _time(node):
    """x[:, :, t] of the step before or after; of steps[t][0], the inner one."""
    if isinstance(node, ast.Subscript) and any(_is_t(part) for part in _indices(node)):
        for step in ("t - 1", "t + 1"):
            new = deepcopy(node)
            parts = [expression(step) if _is_t(part) else part for part in _indices(new)]
            new.slice = ast.Tuple(parts, ast.Load()) if isinstance(new.slice, ast.Tuple) else parts[0]
            yield new


def _indices(node):
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _is_t(node):
    return isinstance(node, ast.Name) and node.id == "t"


def _order(node):
    if call_of(node, "reversed"):
        yield node.args[0]
        yield expression("reversed(range(1, T))")
    elif call_of(node, "range") and len(node.args) == 3:
        yield from (expression(text) for text in ("range(T)", "range(T - 1, 0, -1)", "range(T - 2, -1, -1)"))


def _bounds(node):
    if isinstance(node, ast.Slice):
        n_a, last = ast.Name("n_a", ast.Load()), expression("-n_a")
        text = ast.unparse(node)
        if text == "n_a:":
            yield from (ast.Slice(None, n_a), ast.Slice(None, last))
        elif text == ":n_a":
            yield from (ast.Slice(n_a, None), ast.Slice(last, None))
        elif text in BLOCKS:
            yield from (expression(f"x[{other}]").slice for other in BLOCKS if other != text)


def _transpose(node):
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif operation(node, ast.MatMult) and isinstance(node.left, (ast.Name, ast.Subscript)):
        yield ast.BinOp(ast.Attribute(node.left, "T", ast.Load()), node.op, node.right)


def _operands(node):
    """A product's two sides, the other way round."""
    if operation(node, ast.MatMult):
        yield ast.BinOp(node.right, node.op, node.left)
    elif call_of(node, "np.dot"):
        yield ast.Call(node.func, node.args[::-1], [])
    elif call_of(node, "np.concatenate", "np.hstack", "np.vstack") and isinstance(node.args[0], ast.Tuple):
        yield ast.Call(node.func, [ast.Tuple(node.args[0].elts[::-1], ast.Load())], node.keywords)


def _summed(node):
    """What is summed over an axis, the axis, and whether dimensions are kept; None for another node."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sum"):
        return None
    words = {word.arg: ast.literal_eval(word.value) for word in node.keywords}
    what = node.args[0] if ast.unparse(node.func.value) == "np" else node.func.value
    return f"({ast.unparse(what)})", words.get("axis"), words.get("keepdims", False)


def _reduction(node):
    found = _summed(node)
    if found is not None:
        what, axis, kept = found
        keeping = ", keepdims=True" if kept else ""
        yield expression(f"{what}.mean(axis={axis}{keeping})")
        yield expression(f"{what}.sum(axis={axis}{'' if kept else ', keepdims=True'})")
        yield expression(f"{what}.sum(axis={1 - axis}{keeping})")
        yield expression(f"{what}.sum({keeping.removeprefix(', ')})")


def _not_summed(node):
    found = _summed(node)
    if found is not None:
        yield expression(found[0])


def _accumulation(node):
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value, lineno=1)
        yield ast.AugAssign(node.target, ast.Sub(), node.value)


def _left_out(node):
    if isinstance(node, ast.AugAssign):
        yield ast.Pass()


def _carry(node):
    if isinstance(node, ast.For):
        for index, statement in enumerate(node.body):
            if isinstance(statement, ast.Assign) and CARRIED.search(ast.unparse(statement.targets[0])):
                new = deepcopy(node)
                new.body[index] = ast.Pass()
                yield new
                if isinstance(statement.value, ast.Tuple):
                    for kept in range(len(statement.value.elts)):
                        new = deepcopy(node)
                        target, value = new.body[index].targets[0].elts[kept], new.body[index].value.elts[kept]
                        new.body[index] = ast.Assign([target], value, lineno=1)
                        yield new


def _keys(node):
    """Two gradients of one kind under each other's name."""
    if isinstance(node, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.keys):
        for i, key in enumerate(node.keys):
            for j in range(i + 1, len(node.keys)):
                if {key.value[:2], node.keys[j].value[:2]} in ({"dW"}, {"db"}, {"da", "dc"}):
                    values = list(node.values)
                    values[i], values[j] = values[j], values[i]
                    yield ast.Dict(node.keys, values)
    elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):
        yield from (ast.Return(ast.Tuple(new, ast.Load())) for new in _swapped(node.value.elts))


def _unpacking(node):
    """Two arrays of one shape under each other's name, in what is taken out of a cache."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Tuple):
        for new in _swapped(node.targets[0].elts):
            yield ast.Assign([ast.Tuple(new, ast.Store())], node.value, lineno=1)


def _swapped(names):
    for i, one in enumerate(names[:-1]):
        other = names[i + 1]
        texts = {ast.unparse(one), ast.unparse(other)}
        if len(texts) == 2 and any(texts.issubset(group) for group in ALIKE):
            yield [*names[:i], other, one, *names[i + 2 :]]


FIRST = {
    "a factor dropped": _dropped_factor,
    "a term dropped": _dropped_term,
    "+ for -, - for +": _other_sign,
    "a sign flipped": _negated,
    "another variable": _mistaken,
    "1 -> 2": _constant,
    "exponent 2 -> 3, 1": _exponent,
    "tanh left out, twice": _activation,
    "t -> t - 1, t + 1": _time,
    "another order of time": _order,
    "slice bounds": _bounds,
    "transpose": _transpose,
    "sum: mean, axis, keepdims": _reduction,
    "= or -= for +=": _accumulation,
    "carry not updated": _carry,
}
DERIVATION = {
    **FIRST,
    "a factor added": _added_factor,
    "a cotangent squared": _squared_cotangent,
    "parentheses missing": _parentheses,
    "operands exchanged": _operands,
    "not summed": _not_summed,
    "a sum left out": _left_out,
    "gradients exchanged": _keys,
    "cache misread": _unpacking,
}
