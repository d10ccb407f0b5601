"""Small mistakes in backward functions, made one at a time.

A mutant is a copy of a function in which one expression or statement is another one; every operator is a mistake that
people make, or one that is too small for floats.  EQUIVALENT lists those in manual/ that change nothing.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import indent

from detection.operators import FIRST
from detection.slips import a_little, nearly

Operator = Callable[[ast.AST], Iterable[ast.AST | list[ast.stmt]]]
LONG = 100  # characters
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
# For exact arithmetic: mistakes that floats may not see.
OPERATORS = {
    **FIRST,
    "times 1 + 1e-9": nearly("1 + 1e-9", parts=True),
    "times 1 + 1e-14": nearly("1 + 1e-14"),
    "plus 1e-12 of another": a_little("1e-12", OTHERS),
    "plus 1e-20 of another": a_little("1e-20", OTHERS),
}
# What a line became that changes nothing, and why.
EQUIVALENT = (
    (r"-np\.zeros_like\(da\[:, :, 0\]\)$", "zeros times anything are zeros"),
    (r"-np\.empty\(.*\)$", "every element of the buffer is written before it is read"),
    (r"\(Wha @ a_prev( - parameters\['bha'\])?\) \* rt", "the exercise's nets have no bias bha: it is zero"),
    (r"^gradients\['dbha'\]", "the exercise's nets have no bias bha: nobody asks for its gradient"),
)
CHECKS = re.compile(r"^check_|= check_|^read = \(")
NOT_ITS_WORK = re.compile(rf"{CHECKS.pattern}|= steps\[0\].*$|^[\w, ]+ = \w+\.shape(\[\d\])?$")


@dataclass(frozen=True)
class Mutant:
    """A function under another name or its own.  line: what was, and what it became."""

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
    """All mutants of a function "rnn_backward" of manual/rnn.py, each once and under a name of its own.

    branch: of `if reset_after`, whether the body is mutated; None: everything but the body.
    """
    tree = ast.parse(inspect.getsource(getattr(importlib.import_module(f"manual.{net}"), function))).body[0]
    found = []
    for one in mutated(bare(tree), OPERATORS, branch):
        name = f"{function}_{'after_' if branch else ''}{len(found)}"
        renamed = one.source.replace(f"def {function}(", f"def {name}(", 1)
        found.append(Mutant(function, one.operator, name, renamed, one.line))
    return found


def bare(function: ast.stmt) -> ast.FunctionDef:
    """A function without docstring and annotations."""
    assert isinstance(function, ast.FunctionDef)
    tree = deepcopy(function)
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:]
    tree.returns = None
    for argument in tree.args.args:
        argument.annotation = None
    return tree


def mutated(tree: ast.FunctionDef, operators: Mapping[str, Operator], branch: bool | None = None) -> list[Mutant]:
    """All mutants of a bare function under its own name, each once, in the order of the operators and of its lines."""
    head, lines = f"def {tree.name}({ast.unparse(tree.args)}):", [_indented([statement]) for statement in tree.body]
    before, found = "\n".join([head, *lines]), dict[str, Mutant]()
    places, nodes = _places(tree), list(_mutable(tree, branch))
    top = {id(node): index for index, statement in enumerate(tree.body) for node in ast.walk(statement)}
    for operator, changes in operators.items():
        for node in nodes:
            index = top.get(id(node), 0)
            for new in changes(node):
                with _exchanged(*places[id(node)], new):
                    after = len(tree.body) - len(lines) + index + 1
                    text = "\n".join([head, *lines[:index], _indented(tree.body[index:after]), *lines[index + 1 :]])
                if text != before and text not in found:
                    found[text] = Mutant(tree.name, operator, tree.name, text, _difference(before, text))
    return list(found.values())


def _indented(statements: list[ast.stmt]) -> str:
    return indent("\n".join(map(ast.unparse, statements)), "    ")


def _places(tree: ast.AST) -> dict[int, tuple[ast.AST, str, int | None]]:
    """Where each node is: its parent, the field, and the index in a list."""
    found: dict[int, tuple[ast.AST, str, int | None]] = {}
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if isinstance(value, list):
                found.update({id(one): (parent, field, index) for index, one in enumerate(value)})
            elif isinstance(value, ast.AST):
                found[id(value)] = parent, field, None
    return found


@contextmanager
def _exchanged(parent: ast.AST, field: str, index: int | None, new: ast.AST | list[ast.stmt]) -> Iterator[None]:
    """The tree with other nodes in one place, for as long as it takes."""
    old = getattr(parent, field)
    if index is not None:
        news = new if isinstance(new, list) else [new]
        setattr(parent, field, [*old[:index], *news, *old[index + 1 :]])
    else:
        setattr(parent, field, new)
    yield
    setattr(parent, field, old)


def _mutable(tree: ast.AST, branch: bool | None) -> Iterator[ast.AST]:
    """The nodes of a function's own work: not of its checks, of sizes, nor of a branch that is not taken."""
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
    """The lines that are others; of a long one, the part."""
    olds, news = ([line.strip() for line in text.splitlines()] for text in (before, after))
    first = next(i for i, pair in enumerate(zip_longest(olds, news)) if pair[0] != pair[1])
    last = next(i for i, pair in enumerate(zip_longest(olds[::-1], news[::-1])) if pair[0] != pair[1])
    last = min(last, len(olds) - first, len(news) - first)
    old, new = ("; ".join(lines[first : len(lines) - last]) for lines in (olds, news))
    if len(old) > LONG and new:
        start = old.rfind(", ", 0, _shared(old, new)) + 1
        end = _shared(old[start:][::-1], new[start:][::-1])
        end -= (old[len(old) - end :] + ", ").find(", ")
        old, new = (
            ("..." if start else "") + line[start : len(line) - end].strip() + ("..." if end else "")
            for line in (old, new)
        )
    return f"{old or '(nothing)'} -> {new or 'nothing'}"


def _shared(one: str, other: str) -> int:
    """How many characters they begin with in common."""
    return next(
        (i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )
