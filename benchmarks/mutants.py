"""Small mistakes in the backward functions of manual/, made one at a time.

A mutant is a copy of a function in which one expression or statement is another one; every operator below is a mistake
that people make, or one that is too small for floats.  EQUIVALENT lists those that change nothing.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass

# Arrays of one shape, which are easily mistaken for one another.
ALIKE = (
    ("ft", "it", "cct", "ot"),
    ("zt", "rt", "hht"),
    ("a_next", "a_prev", "c_prev", "c_next"),
    ("da_next", "dc_next"),
    ("dzf", "dzi", "dzc", "dzo"),
    ("dzz", "dzr", "dzh"),
    ("da_prev", "dc_prev"),
    ("Wf", "Wi", "Wc", "Wo"),
    ("Wz", "Wr", "Wh"),
)
# What is added a little of, by what it is added to.
OTHERS = {
    **dict.fromkeys(("dz", "dc", "dzf", "dzi", "dzc", "dzo", "dzz", "dzr", "dzh", "dreset", "dhidden"), "a_prev"),
    **dict.fromkeys(("da_candidate", "'da_prev'"), "a_prev"),
    "dconcat": "concat",
    "dWha": "Wha",
    "'dxt'": "xt",
    "'dc_prev'": "c_prev",
    "'dWh'": "parameters['Wz']",
    "da_prev": "da[:, :, t]",
    "dx[:, :, t]": "x[:, :, t]",
    "summed[name]": "parameters[name[1:]]",
    **{f"{quote}d{name}{quote}": f"parameters['{name}']" for quote in ("", "'") for name in ("Wax", "Waa", "ba")},
    **{f"'d{kind}{gate}'": f"parameters['{kind}{gate}']" for kind in "Wb" for gate in "fico"},
    **{f"'d{kind}{gate}'": f"parameters['{kind}{gate}']" for kind in "Wb" for gate in "zr"},
    "'dbh'": "parameters['bh']",
}
# What a line became that changes nothing, and why.
NEARLY_OR_MINUS = r"(-{0}|{0} \* \(1 \+ 1e-(09|14)\))$"
EQUIVALENT = (
    (NEARLY_OR_MINUS.format(r"np\.zeros_like\(da\[:, :, 0\]\)"), "zeros times anything are zeros"),
    (NEARLY_OR_MINUS.format(r"np\.empty\(.*\)"), "every element of the buffer is written before it is read"),
    (r"^n_a = \w+\.shape\[0\]$", "the two arrays have the same shape"),
    (r"\(Wha @ a_prev( - parameters\['bha'\])?\) \* rt", "the exercise's nets have no bias bha: it is zero"),
    (r"^gradients\['dbha'\]", "the exercise's nets have no bias bha: nobody asks for its gradient"),
)
NOT_ITS_WORK = re.compile(r"^check_|= check_|^read = |= (cache|caches|steps\[0\].*)$")


@dataclass(frozen=True)
class Mutant:
    """A function of manual/ under another name.  line: what was, and what it became."""

    of: str
    operator: str
    name: str
    source: str
    line: str

    @property
    def equivalent(self) -> str | None:
        """Why it is the same function all the same."""
        return next((reason for pattern, reason in EQUIVALENT if re.search(pattern, self.line.split(" -> ")[1])), None)


def mutants(net: str, function: str, branch: bool | None = None) -> list[Mutant]:
    """All mutants of a function "rnn_backward" of manual/rnn.py, each once.

    branch: of `if reset_after`, whether the body is mutated; None: everything but the body.
    """
    source = inspect.getsource(getattr(importlib.import_module(f"manual.{net}"), function))
    tree = ast.parse(source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    tree.body = tree.body[1:]  # the docstring
    tree.returns = None
    for argument in tree.args.args:
        argument.annotation = None
    before, found = ast.unparse(tree), dict[str, Mutant]()
    nodes = list(_mutable(tree, branch))
    order = {id(node): index for index, node in enumerate(ast.walk(tree))}
    for operator, changes in OPERATORS.items():
        for node in nodes:
            for new in changes(node):
                copy = deepcopy(tree)
                old = list(ast.walk(copy))[order[id(node)]]
                text = ast.unparse(ast.fix_missing_locations(_Exchange(old, new).visit(copy)))
                if text != before and text not in found:
                    name = f"{function}_{'after_' if branch else ''}{len(found)}"
                    renamed = text.replace(f"def {function}(", f"def {name}(", 1)
                    found[text] = Mutant(function, operator, name, renamed, _difference(before, text))
    return list(found.values())


class _Exchange(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST):
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _mutable(tree: ast.AST, branch: bool | None) -> Iterator[ast.AST]:
    """The nodes of a function's own work: not of its checks, of unpacking, nor of a branch that is not taken."""
    for child in ast.iter_child_nodes(tree):
        text = ast.unparse(child) if isinstance(child, ast.stmt) else ""
        if NOT_ITS_WORK.search(text.partition("\n")[0]):
            continue
        if isinstance(child, ast.If):
            for statement in child.body if branch else child.orelse:
                yield statement
                yield from _mutable(statement, False)
            continue
        if branch is not True or not isinstance(tree, ast.FunctionDef):
            yield child
            yield from _mutable(child, branch)


def _difference(before: str, after: str) -> str:
    old, new = before.splitlines(), after.splitlines()
    at = next(i for i, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1])
    return f"{old[at].strip()} -> {new[at].strip() if len(old) == len(new) else 'nothing'}"


# operators: what may stand for a node


def _operation(node, *kinds):
    return isinstance(node, ast.BinOp) and isinstance(node.op, kinds)


def _parts(node):
    return [node.left, node.right]


def _dropped_factor(node):
    return _parts(node) if _operation(node, ast.Mult, ast.MatMult) else []


def _dropped_term(node):
    return _parts(node) if _operation(node, ast.Add, ast.Sub) else []


def _other_sign(node):
    if not _operation(node, ast.Add, ast.Sub):
        return []
    return [ast.BinOp(node.left, ast.Sub() if isinstance(node.op, ast.Add) else ast.Add(), node.right)]


def _with_value(node, change):
    """A statement or dict whose values are changed, one at a time; change(target, value), None where it cannot be."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and node.value is not None:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        value = change(ast.unparse(target), node.value)
        if value is not None and not isinstance(node.value, (ast.Tuple, ast.Dict, ast.DictComp)):
            new = deepcopy(node)
            new.value = value
            yield new
    if isinstance(node, ast.Dict):
        for index, (key, old) in enumerate(zip(node.keys, node.values, strict=True)):
            value = change(ast.unparse(key), old) if key is not None else None
            if value is not None:
                yield ast.Dict(node.keys, [*node.values[:index], value, *node.values[index + 1 :]])


def _negated(node):
    return _with_value(node, lambda _, value: ast.UnaryOp(ast.USub(), value))


def _scaled(expression, factor="1 + 1e-9"):
    return ast.BinOp(expression, ast.Mult(), ast.parse(factor, mode="eval").body)


def _nearly(node):
    yield from _with_value(node, lambda _, value: _scaled(value))
    if _operation(node, ast.Mult, ast.MatMult):
        yield ast.BinOp(node.left, node.op, _scaled(node.right))
        yield ast.BinOp(_scaled(node.left), node.op, node.right)


def _very_nearly(node):
    return _with_value(node, lambda _, value: _scaled(value, "1 + 1e-14"))


def _a_little(node, scale="1e-12"):
    def more(target, value):
        other = OTHERS.get(target)
        return ast.parse(f"{ast.unparse(value)} + {scale} * {other}", mode="eval").body if other else None

    return _with_value(node, more)


def _very_little(node):
    return _a_little(node, "1e-20")


def _mistaken(node):
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        for group in ALIKE:
            if node.id in group:
                yield from (ast.Name(name, ast.Load()) for name in group if name != node.id)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        for group in ALIKE:
            if node.value in group:
                yield from (ast.Constant(name) for name in group if name != node.value)


def _constant(node):
    if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Pow):
        for index, part in enumerate(_parts(node)):
            if isinstance(part, ast.Constant):
                new = [ast.Constant(part.value + 1) if i == index else one for i, one in enumerate(_parts(node))]
                yield ast.BinOp(new[0], node.op, new[1])


def _exponent(node):
    if _operation(node, ast.Pow):
        yield ast.BinOp(node.left, ast.Pow(), ast.Constant(3))
        yield node.left


def _time(node):
    if isinstance(node, ast.Subscript) and re.search(r"\bt\]$", ast.unparse(node)):
        for step in ("t - 1", "t + 1"):
            new = ast.parse(re.sub(r"\bt\]$", f"{step}]", ast.unparse(node)), mode="eval").body
            new.ctx = node.ctx
            yield new


def _order(node):
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "reversed":
        yield node.args[0]
        yield ast.parse("reversed(range(1, T))", mode="eval").body


def _bounds(node):
    if isinstance(node, ast.Slice):
        n_a, last = ast.Name("n_a", ast.Load()), ast.parse("-n_a", mode="eval").body
        if ast.unparse(node) == "n_a:":
            yield from (ast.Slice(None, n_a), ast.Slice(None, last))
        if ast.unparse(node) == ":n_a":
            yield from (ast.Slice(n_a, None), ast.Slice(last, None))


def _transpose(node):
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif _operation(node, ast.MatMult) and isinstance(node.left, (ast.Name, ast.Subscript)):
        yield ast.BinOp(ast.Attribute(node.left, "T", ast.Load()), node.op, node.right)


def _reduction(node):
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "sum":
        for words in ("mean(axis=1, keepdims=True)", "sum(axis=1)", "sum(axis=0, keepdims=True)", "sum(keepdims=True)"):
            yield ast.parse(f"({ast.unparse(node.func.value)}).{words}", mode="eval").body


def _activation(node):
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "np.tanh":
        yield node.args[0]
        yield ast.Call(ast.parse("np.tanh", mode="eval").body, [node], [])


def _accumulation(node):
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value, lineno=1)
        yield ast.AugAssign(node.target, ast.Sub(), node.value)


def _carry(node):
    if isinstance(node, ast.For):
        for index, statement in enumerate(node.body):
            if isinstance(statement, ast.Assign) and "da_prev" in ast.unparse(statement.targets[0]):
                new = deepcopy(node)
                new.body[index] = ast.Pass()
                yield new
                if isinstance(statement.value, ast.Tuple):
                    for kept in range(len(statement.value.elts)):
                        new = deepcopy(node)
                        target, value = new.body[index].targets[0].elts[kept], new.body[index].value.elts[kept]
                        new.body[index] = ast.Assign([target], value, lineno=1)
                        yield new


OPERATORS = {
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
    "times 1 + 1e-9": _nearly,
    "times 1 + 1e-14": _very_nearly,
    "plus 1e-12 of another": _a_little,
    "plus 1e-20 of another": _very_little,
}
