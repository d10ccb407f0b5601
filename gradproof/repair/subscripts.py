"""Edits of subscripts: another slice, axis, index or key."""

import ast
import itertools
import re
from collections.abc import Iterator

from .edits import Edit, Site
from .text import binding


def subscripts(site: Site, node: ast.Subscript, sizes: list[str]) -> Iterator[Edit]:
    """Edits of what stands in the brackets."""
    tree, index = site.tree, node.slice
    target = isinstance(node.ctx, ast.Store)
    parts = index.elts if isinstance(index, ast.Tuple) else [index]

    def other(kind: str, what: str, part: ast.expr, text: str, cost: float = 1.0) -> Edit:
        told, spans = f"`{site.text(node)}` {what}", [tree.span(part, text)]
        return site.edit(kind, told, node, text, spans, cost, at=None if target else node)

    for part in parts:
        if isinstance(part, ast.Slice):
            for text in _slices(site, part, sizes):
                yield other("slice", "takes the wrong slice", part, text)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            quote = tree.text(part)[0] if tree.text(part)[0] in "'\"" else '"'
            for key in _keys(site):
                if key != part.value:
                    yield other("variable", "takes the wrong entry", part, f"{quote}{key}{quote}", 1.5)
        else:
            for text in neighbours(site.text(part)):
                yield other("index", "has the wrong index", part, text)
    for order in itertools.permutations(parts) if len(parts) > 1 else ():
        if list(order) != parts:
            yield other("slice", "takes the wrong axis", index, ", ".join(tree.text(part) for part in order), 1.25)
    if any(isinstance(part, ast.Slice) and (part.lower or part.upper) for part in parts) and not target:
        told = f"`{site.text(node)}` should not be a slice"
        yield site.swap("slice", node, tree.text(node.value), binding(node.value), 1.75, told)


def _slices(site: Site, part: ast.Slice, sizes: list[str]) -> list[str]:
    lower, upper = (site.tree.text(bound) if bound else "" for bound in (part.lower, part.upper))
    if not lower and not upper:
        return [text for size in sizes for text in (f":{size}", f"{size}:")]
    found = [f"{upper}:{lower}"] if not (lower and upper) else []
    for text in _slices_in(site):
        if text != f"{lower}:{upper}":
            found.append(text)
    for size in sizes:
        if not (lower and upper):
            found += [f"{size}:", f":{size}"] if size not in (lower, upper) else []
    return list(dict.fromkeys([*found, ":"]))


def _slices_in(site: Site) -> list[str]:
    """The slices with bounds that the function itself uses."""
    found = []
    for node in site.nodes():
        if isinstance(node, ast.Slice) and (node.lower or node.upper):
            found.append(":".join(site.tree.text(bound) if bound else "" for bound in (node.lower, node.upper)))
    return list(dict.fromkeys(found))


def _keys(site: Site) -> list[str]:
    """The strings that the function uses as keys."""
    found = []
    for node in site.nodes():
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            found.append(node.slice.value)
        if isinstance(node, ast.Dict):
            found += [key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)]
    return list(dict.fromkeys(found))


def neighbours(text: str) -> list[str]:
    """A bound and its neighbours: T - 1 for T, T for T - 1, 0 for 1, -1 for 0."""
    shorter = re.fullmatch(r"(.*\w)\s*-\s*(\d+)", text)
    longer = re.fullmatch(r"(.*\w)\s*\+\s*1", text)
    if re.fullmatch(r"-?\d+", text):
        return [str(int(text) - 1), str(int(text) + 1)]
    if shorter:
        number = int(shorter[2])
        return [shorter[1] if number == 1 else f"{shorter[1]} - {number - 1}", f"{shorter[1]} - {number + 1}"]
    if longer:
        return [longer[1]]
    return [f"{text} - 1", f"{text} + 1"] if re.fullmatch(r"[\w.\[\]]+", text) else []
