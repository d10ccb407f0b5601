"""Edits of calls: axis, keepdims and dtype, sum and mean, shapes of buffers, ranges, einsum's letters."""

import ast
import itertools
import re
from collections.abc import Iterator

from .edits import Edit, Site
from .operators import products
from .subscripts import neighbours
from .text import ATOM, binding

STACKS = ("concatenate", "vstack", "hstack", "stack", "column_stack", "row_stack")
BUFFERS = ("zeros", "empty", "ones", "full")
REDUCED = ("squeeze", "flatten", "ravel")
PRODUCTS = ("dot", "matmul", "outer")


def calls(site: Site, node: ast.Call, sizes: list[str]) -> Iterator[Edit]:
    tree, called = site.tree, _called(node)
    numpy = (
        isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in ("np", "numpy")
    )
    method = isinstance(node.func, ast.Attribute) and not numpy
    if called in ("sum", "mean"):
        other = "mean" if called == "sum" else "sum"
        assert isinstance(node.func, (ast.Attribute, ast.Name))
        if isinstance(node.func, ast.Attribute):
            text = f"{tree.text(node.func.value)}.{other}{tree.text(node)[len(tree.text(node.func)) :]}"
            yield site.swap("mean", node, text, ATOM, 1.0, f"`{site.text(node)}` should be a {other}")
        yield from _reduction(site, node, numpy)
    if called in PRODUCTS and len(node.args) == 2:
        yield from products(
            site, node, node.args[0], node.args[1], lambda a, b: f"{tree.text(node.func)}({a}, {b})", ATOM
        )
    if called in PRODUCTS and method and len(node.args) == 1:
        assert isinstance(node.func, ast.Attribute)
        yield from products(site, node, node.func.value, node.args[0], lambda a, b: f"{a}.{called}({b})", ATOM)
    if called in REDUCED or called in ("astype", "copy"):
        kind = {"astype": "dtype", "copy": "copy"}.get(called, "shape")
        value = (
            node.args[0]
            if numpy and node.args
            else node.func.value
            if isinstance(node.func, ast.Attribute) and method
            else None
        )
        if called == "squeeze" and not node.keywords and len(node.args) == int(numpy):
            whole = tree.text(node)[:-1].rstrip().rstrip(",")
            for axis in ("0", "1", "2", "-1"):
                told = f"`{site.text(node)}` takes away every axis of size 1"
                yield site.swap("shape", node, f"{whole}{', ' if node.args else ''}axis={axis})", ATOM, 1.25, told)
        if value is not None:
            yield site.swap(
                kind, node, tree.text(value), binding(value), 1.0, f"`{site.text(node)}` should be `{site.text(value)}`"
            )
    elif (
        len(node.args) == 1
        and not node.keywords
        and (numpy or isinstance(node.func, ast.Name))
        and called not in ("range", "len", "reversed")
    ):
        value = node.args[0]
        yield site.swap("function", node, tree.text(value), binding(value), 1.25, f"`{called}` is taken once too often")
    if called in ("empty", "empty_like") and isinstance(node.func, ast.Attribute):
        name = called.replace("empty", "zeros")
        text = f"{tree.text(node.func.value)}.{name}{tree.text(node)[len(tree.text(node.func)) :]}"
        yield site.swap("function", node, text, ATOM, 1.0, f"`{site.text(node)}` holds whatever was in memory")
    if called == "full" and len(node.args) > 1 and re.fullmatch(r"-?\d+", tree.text(node.args[1])):
        told = f"`{site.text(node)}` makes whole numbers"
        text = f"{tree.text(node.args[1])}.0"
        yield site.edit("dtype", told, node, text, [tree.span(node.args[1], text)], 1.0, at=node)
    if called == "einsum" and node.args and isinstance(node.args[0], ast.Constant):
        yield from _einsum(site, node, tree.text(node.args[0]))
    if called in BUFFERS and node.args:
        yield from _buffer(site, node, node.args[0], sizes)
    if called in ("range", "reversed", "enumerate"):
        yield from _range(site, node)
    for keyword in node.keywords:
        if keyword.arg == "dtype":
            yield from _dtype(site, node, keyword.value)
    if called in (*BUFFERS, "zeros_like", "empty_like", "array", "asarray") and len(node.args) == 2:
        yield from _dtype(site, node, node.args[1])
    if called in STACKS:
        for keyword in node.keywords:
            if keyword.arg == "axis":
                yield from _axes(site, node, keyword.value)


def _einsum(site: Site, node: ast.Call, text: str) -> Iterator[Edit]:
    """Two letters of an operand in each other's place."""
    for match in re.finditer(r"[A-Za-z]{2,}", text.partition("->")[0]):
        for i, j in itertools.combinations(range(match.start(), match.end()), 2):
            letters = list(text)
            letters[i], letters[j] = letters[j], letters[i]
            told = f"`{site.text(node)}` sums over the wrong index"
            yield site.edit(
                "transpose", told, node, "".join(letters), [site.tree.span(node.args[0], "".join(letters))], at=node
            )


def _called(node: ast.Call) -> str:
    return (
        node.func.attr
        if isinstance(node.func, ast.Attribute)
        else node.func.id
        if isinstance(node.func, ast.Name)
        else ""
    )


def _reduction(site: Site, node: ast.Call, numpy: bool) -> Iterator[Edit]:
    """axis and keepdims of a sum."""
    tree, whole = site.tree, site.tree.text(node)
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    axis = given.get("axis")
    position = node.args[1 if numpy else 0] if len(node.args) > (1 if numpy else 0) else None
    if axis is not None or position is not None:
        yield from _axes(site, node, axis if axis is not None else position)
    if "keepdims" in given:
        value = given["keepdims"]
        flipped = "False" if tree.text(value) in ("True", "1") else "True"
        span = tree.span(value, flipped)
        yield site.edit(
            "keepdims", f"`keepdims` of `{site.text(node)}` should be {flipped}", node, flipped, [span], 1.0, at=node
        )
    else:
        for more in (
            "keepdims=True",
            *(
                ()
                if axis is not None or position is not None
                else ("axis=0", "axis=1", "axis=1, keepdims=True", "axis=0, keepdims=True", "axis=(0, 1)")
            ),
        ):
            text = f"{whole[:-1].rstrip().rstrip(',')}{', ' if node.args or node.keywords else ''}{more})"
            yield site.swap(
                "keepdims" if more.startswith("keep") else "axis",
                node,
                text,
                ATOM,
                1.0,
                f"`{site.text(node)}` needs `{more}`",
            )


def _axes(site: Site, node: ast.Call, axis: ast.expr | None) -> Iterator[Edit]:
    assert axis is not None
    for other in ("0", "1", "2", "(0, 1)"):
        if other != site.text(axis):
            span = site.tree.span(axis, other)
            yield site.edit(
                "axis",
                f"the axis of `{site.text(node)}` should be {other}",
                node,
                other,
                [span],
                1.0 + 0.25 * (len(other) > 1),
                at=node,
            )


def _dtype(site: Site, node: ast.Call, dtype: ast.expr) -> Iterator[Edit]:
    told = f"`{site.text(node)}` has too narrow a dtype"
    yield site.edit("dtype", told, node, "np.float64", [site.tree.span(dtype, "np.float64")], 1.0, at=node)


def _buffer(site: Site, node: ast.Call, shape: ast.expr, sizes: list[str]) -> Iterator[Edit]:
    told = f"the shape of `{site.text(node)}` is wrong"
    elements = shape.elts if isinstance(shape, (ast.Tuple, ast.List)) else [shape]
    for element in elements:
        for size in [*sizes, "1", *lengths_in(site)]:
            if size != site.text(element):
                cost = 1.25 + 0.5 * ("." in size)
                yield site.edit("shape", told, node, size, [site.tree.span(element, size)], cost, at=node)
    for i, j in itertools.combinations(range(len(elements)), 2):
        a, b = site.tree.text(elements[i]), site.tree.text(elements[j])
        if a != b:
            spans = [site.tree.span(elements[i], b), site.tree.span(elements[j], a)]
            yield site.edit("shape", told, node, f"{b}, {a}", spans, 1.0, at=node)


def _range(site: Site, node: ast.Call) -> Iterator[Edit]:
    tree, text = site.tree, site.tree.text(node)
    told = f"`{site.text(node)}` runs over the wrong steps"
    parent = tree.parents.get(node)
    if _called(node) == "range" and not (isinstance(parent, ast.Call) and _called(parent) == "reversed"):
        yield site.edit("index", told, node, f"reversed({text})", [tree.span(node, f"reversed({text})")])
    if _called(node) == "reversed" and node.args:
        yield site.edit("index", told, node, tree.text(node.args[0]), [tree.span(node, tree.text(node.args[0]))])
    if _called(node) != "range":
        return
    arguments = [tree.text(argument) for argument in node.args]
    options = [[a, *neighbours(a)] for a in arguments]
    for chosen in itertools.product(*options):
        changed = sum(a != b for a, b in zip(chosen, arguments, strict=True))
        if 0 < changed <= 2:
            spans = [tree.span(a, b) for a, b in zip(node.args, chosen, strict=True) if tree.text(a) != b]
            yield site.edit("index", told, node, f"range({', '.join(chosen)})", spans, 0.75 + 0.25 * changed)
    if len(arguments) == 2 and arguments[0] == "1":
        text = f"range({arguments[1]})"
        yield site.edit("index", told, node, text, [tree.span(node, text)])


def sizes_in(site: Site) -> list[str]:
    """Names that hold sizes: those unpacked from a shape, and arguments of range and of buffers."""
    found: list[str] = []
    for node in site.nodes():
        if isinstance(node, ast.Assign) and re.search(r"\.shape\b|\blen\(", site.text(node.value)):
            names = [name for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
            found += [name.id for name in names]
        if isinstance(node, ast.Call) and _called(node) in BUFFERS and node.args:
            found += [name.id for name in ast.walk(node.args[0]) if isinstance(name, ast.Name)]
    return list(dict.fromkeys(name for name in found if name != "_"))[:8]


def lengths_in(site: Site) -> list[str]:
    """The lengths of what the function unpacks or takes: of x, x.shape[0] ..."""
    names = [argument.arg for argument in ast.walk(site.function) if isinstance(argument, ast.arg)]
    for node in site.nodes():
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], (ast.Tuple, ast.List)):
            names += [one.id for one in node.targets[0].elts if isinstance(one, ast.Name)]
    return [f"{name}.shape[{axis}]" for name in dict.fromkeys(names) if name != "_" for axis in (0, 1)][:32]
