"""Edits of operators: signs, terms and factors too many, parentheses, matrix products."""

import ast
import itertools
from collections.abc import Callable, Iterator

from .edits import Edit, Site
from .text import ATOM, PRODUCT, SIGN, SUM, binding


def operators(site: Site, node: ast.BinOp) -> Iterator[Edit]:
    tree, left, right = site.tree, node.left, node.right
    if isinstance(node.op, (ast.Add, ast.Sub)):
        other = "-" if isinstance(node.op, ast.Add) else "+"
        text = f"{tree.grouped(left, SUM)} {other} {tree.grouped(right, PRODUCT)}"
        yield site.swap("sign", node, text, SUM, 1.0, f"the sign before `{site.text(right)}` is wrong")
        yield site.swap(
            "term extra", node, tree.text(left), binding(left), 1.25, f"the term `{site.text(right)}` is too much"
        )
        dropped = f"the term `{site.text(left)}` is too much"
        if isinstance(node.op, ast.Add):
            yield site.swap("term extra", node, tree.text(right), binding(right), 1.25, dropped)
        else:
            yield site.swap("term extra", node, f"-{tree.grouped(right, SIGN)}", SIGN, 1.5, dropped)
        if isinstance(node.op, ast.Sub):
            text = f"{tree.grouped(right, SUM)} - {tree.grouped(left, PRODUCT)}"
            yield site.swap("sign", node, text, SUM, 0.75, f"`{site.text(node)}` has the wrong sign")
        yield from _parentheses(site, node)
        if isinstance(left, ast.Constant) and left.value == 1 and isinstance(node.op, ast.Sub):
            squared = f"{tree.grouped(right, ATOM)}**2"
            yield site.swap(
                "constant", node, f"{tree.text(left)} - {squared}", SUM, 1.0, f"`{site.text(right)}` should be squared"
            )
    elif isinstance(node.op, (ast.Mult, ast.Div)):
        yield site.swap(
            "factor extra", node, tree.text(left), binding(left), 1.25, f"the factor `{site.text(right)}` is too much"
        )
        if isinstance(node.op, ast.Mult):
            yield site.swap(
                "factor extra",
                node,
                tree.text(right),
                binding(right),
                1.25,
                f"the factor `{site.text(left)}` is too much",
            )
        yield from _sum_of_factors(site, node)
        for number in (left, right):
            if isinstance(number, ast.Constant) and isinstance(number.value, (int, float)) and number.value:
                for constant in (f"{2 * number.value:g}", f"{number.value / 2:g}"):
                    told = f"the factor {number.value} in `{site.text(node)}` should be {constant}"
                    yield site.edit("constant", told, node, constant, [tree.span(number, constant)], at=node)
    elif isinstance(node.op, ast.MatMult):
        yield from products(site, node, left, right, lambda a, b: f"{a} @ {b}", PRODUCT)
    elif isinstance(node.op, ast.Pow):
        yield site.swap(
            "constant", node, tree.text(left), binding(left), 1.5, f"`{site.text(node)}` should have no exponent"
        )
        if isinstance(left, ast.BinOp) and isinstance(left.op, ast.Sub):
            told = f"the exponent in `{site.text(node)}` belongs to `{site.text(left.right)}` alone"
            text = f"{tree.grouped(left.left, SUM)} - {tree.grouped(left.right, ATOM)}**{tree.text(right)}"
            yield site.swap("parentheses", node, text, SUM, 1.0, told)
        if isinstance(right, ast.Constant) and right.value != 2:
            yield site.swap("constant", node, f"{tree.grouped(left, ATOM)}**2", 4, 1.25)
    # a product where a sum is due, and the reverse
    if isinstance(node.op, (ast.Add, ast.Mult)):
        add = isinstance(node.op, ast.Mult)
        least, op = (SUM, "+") if add else (PRODUCT, "*")
        text = f"{tree.grouped(left, least)} {op} {tree.grouped(right, least + 1)}"
        yield site.swap(
            "sign", node, text, least, 2.0, f"`{site.text(node)}` should be {'a sum' if add else 'a product'}"
        )


def _parentheses(site: Site, node: ast.BinOp) -> Iterator[Edit]:
    """a + b * c where (a + b) * c is meant; of a chain of factors any number of the last, or of the first, ones."""
    tree, op = site.tree, "+" if isinstance(node.op, ast.Add) else "-"
    told = f"parentheses are missing around the sum in `{site.text(node)}`"
    factors = _factors(node.right)
    for kept in range(1, len(factors)):
        inner = "".join(f" {o} {tree.grouped(f, PRODUCT)}" for o, f in factors[:kept])[3:]
        outer = "".join(f" {o} {tree.grouped(f, PRODUCT + (o == '/'))}" for o, f in factors[kept:])
        text = f"({tree.grouped(node.left, SUM)} {op} {inner}){outer}"
        yield site.swap("parentheses", node, text, PRODUCT, 1.0, told)
    factors = _factors(node.left)
    if len(factors) > 1 and all(o == "*" for o, _ in factors):
        for moved in range(1, len(factors)):
            outer = " * ".join(tree.grouped(f, PRODUCT) for _, f in factors[:moved])
            inner = " * ".join(tree.grouped(f, PRODUCT) for _, f in factors[moved:])
            text = f"{outer} * ({inner} {op} {tree.grouped(node.right, PRODUCT)})"
            yield site.swap("parentheses", node, text, PRODUCT, 1.1, told)


def _sum_of_factors(site: Site, node: ast.BinOp) -> Iterator[Edit]:
    """(a + b) * c where a + b * c is meant."""
    tree = site.tree
    if isinstance(node.op, ast.Mult):
        for total, factor in ((node.left, node.right), (node.right, node.left)):
            if isinstance(total, ast.BinOp) and isinstance(total.op, (ast.Add, ast.Sub)):
                op = "+" if isinstance(total.op, ast.Add) else "-"
                a, b, c = (
                    tree.grouped(total.left, SUM),
                    tree.grouped(total.right, PRODUCT),
                    tree.grouped(factor, PRODUCT),
                )
                told = f"the parentheses in `{site.text(node)}` take in too much"
                yield site.swap("parentheses", node, f"{a} {op} {b} * {c}", SUM, 1.25, told)
                yield site.swap(
                    "parentheses", node, f"{tree.grouped(total.left, PRODUCT)} * {c} {op} {b}", SUM, 1.25, told
                )


def _factors(node: ast.expr) -> list[tuple[str, ast.expr]]:
    """The factors of a chain a * b / c, with the operator before each."""
    found: list[tuple[str, ast.expr]] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        found.insert(0, ("*" if isinstance(node.op, ast.Mult) else "/", node.right))
        node = node.left
    return [("*", node), *found]


def products(
    site: Site, node: ast.expr, left: ast.expr, right: ast.expr, join: Callable[[str, str], str], tight: int
) -> Iterator[Edit]:
    tree = site.tree
    a, b = tree.grouped(left, PRODUCT), tree.grouped(right, ATOM)
    told = f"in `{site.text(node)}`"
    sides = [(a, _transposed(site, left)), (b, _transposed(site, right))]
    for x, y in itertools.product(*sides):
        if (x, y) != (a, b):
            yield site.swap("transpose", node, join(x, y), tight, 1.0, f"{told} an operand has to be transposed")
        yield site.swap("transpose", node, join(y, x), tight, 1.5, f"{told} the operands stand in the wrong order")


def _transposed(site: Site, node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return site.tree.grouped(node.value, ATOM)
    return f"{site.tree.grouped(node, ATOM)}.T"
