"""Edits of expressions: another sign, operand, axis, slice, index, argument ..."""

import ast
import itertools
import re
from collections.abc import Iterator

from . import carry
from .calls import calls, sizes_in
from .edits import Edit, Site
from .operators import operators
from .subscripts import subscripts
from .text import ATOM, POWER, PRODUCT, SIGN, SUM, binding, tightness


def edits(site: Site) -> Iterator[Edit]:
    """Every edit of an expression of the function."""
    sizes = sizes_in(site)
    for node in site.nodes():
        if isinstance(node, ast.BinOp):
            yield from operators(site, node)
        elif (
            isinstance(node, ast.UnaryOp)
            and isinstance(node.op, ast.USub)
            and not isinstance(node.operand, ast.Constant)
        ):
            inner = site.tree.text(node.operand)
            yield site.swap(
                "sign", node, inner, binding(node.operand), told=f"the sign of `{site.text(node)}` is wrong"
            )
        elif isinstance(node, ast.Call):
            yield from calls(site, node, sizes)
        elif isinstance(node, ast.Attribute) and node.attr == "T" and isinstance(node.ctx, ast.Load):
            inner = site.tree.text(node.value)
            yield site.swap("transpose", node, inner, ATOM, told=f"`{site.text(node)}` must not be transposed")
        elif isinstance(node, ast.Subscript):
            yield from subscripts(site, node, sizes)
        if isinstance(node, (ast.Tuple, ast.List)):
            yield from _order(site, node)
        if isinstance(node, ast.Dict):
            yield from _values(site, node)


def names_everywhere(site: Site) -> Iterator[Edit]:
    """Another name for one that a statement reads more than once, wherever it does."""
    arrays = {n.id for n in site.nodes() if isinstance(n, ast.Name) and isinstance(site.tree.parents.get(n), ast.BinOp)}
    for statement in ast.walk(site.function):
        if not isinstance(statement, (ast.Assign, ast.AugAssign, ast.Return)) or statement.value is None:
            continue
        read: dict[str, list[ast.Name]] = {}
        for node in ast.walk(statement.value):
            if isinstance(node, ast.Name) and node.id in arrays:
                read.setdefault(node.id, []).append(node)
        for name, nodes in read.items():
            for other in sorted(arrays) if 1 < len(nodes) <= 4 else ():
                if other != name:
                    spans = [site.tree.span(node, other) for node in nodes]
                    told = f"`{name}` should be `{other}`, {len(nodes)} times"
                    yield site.edit("variable", told, nodes[0], other, spans, 1.25, at=statement.value)


def _order(site: Site, node: ast.Tuple | ast.List) -> Iterator[Edit]:
    """Two elements of a tuple or list in each other's place: of what is returned, unpacked or stacked."""
    if not 2 <= len(node.elts) <= 12 or isinstance(site.tree.parents.get(node), ast.Subscript):
        return
    parent = site.tree.parents.get(node)
    kind = "keys" if isinstance(parent, ast.Return) else "variable"
    for a, b in itertools.combinations(node.elts, 2):
        x, y = site.tree.text(a), site.tree.text(b)
        if x != y and not isinstance(a, ast.Starred) and not isinstance(b, ast.Starred):
            told = f"`{site.text(a)}` and `{site.text(b)}` stand in each other's place"
            cost = 1.0 if kind == "keys" else 1.5
            spans = [site.tree.span(a, y), site.tree.span(b, x)]
            yield site.edit(kind, told, node, f"{y}, {x}", spans, cost, at=parent)


def _values(site: Site, node: ast.Dict) -> Iterator[Edit]:
    """Two values of a dict under each other's key."""
    for a, b in itertools.combinations(node.values, 2):
        x, y = site.tree.text(a), site.tree.text(b)
        if x != y:
            told = f"`{site.text(a)}` and `{site.text(b)}` are returned under each other's name"
            yield site.edit("keys", told, node, f"{y}, {x}", [site.tree.span(a, y), site.tree.span(b, x)], 1.0)


def proposed(site: Site, node: ast.expr, how: str, text: str, cost: float) -> Edit:
    """The edit that a proposal of `response.respond` stands for."""
    tree = site.tree
    own = site.text(node)
    if how == "carry":
        return carry.carried(site, node, text, cost)
    if how == "instead":
        return site.swap("variable", node, text, tightness(text), cost)
    if text == "-1":
        return site.swap("sign", node, f"-{tree.grouped(node, PRODUCT)}", SIGN, cost, f"the sign of `{own}` is wrong")
    if how == "times" and text == own:
        return site.swap("constant", node, f"{tree.grouped(node, ATOM)}**2", POWER, cost, f"`{own}` should be squared")
    if how in ("times", "over"):
        op = "*" if how == "times" else "/"
        factor = text if tightness(text) >= (PRODUCT if how == "times" else ATOM) else f"({text})"
        told = f"the factor `{text}` is missing" if how == "times" else f"the factor `{text}` is too much"
        kind = "factor missing" if how == "times" else "factor extra"
        if re.fullmatch(r"[\d.]+", text):
            kind = "constant"
        return site.swap(kind, node, f"{tree.grouped(node, PRODUCT)} {op} {factor}", PRODUCT, cost, told)
    op = "+" if how == "plus" else "-"
    least = SUM if how == "plus" else PRODUCT
    term = text if tightness(text) >= least else f"({text})"
    sign = "" if how == "plus" else "-"
    if tree.needed(node) > SUM:
        cost += 0.75
    return site.swap(
        "term missing", node, f"{tree.grouped(node, SUM)} {op} {term}", SUM, cost, f"the term `{sign}{text}` is missing"
    )
