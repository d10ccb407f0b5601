"""Edits of a line that raises: a name, attribute or key that is not there, and what stands nearest to it."""

import ast
import builtins
import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .edits import Edit, Site, everywhere
from .text import ATOM, tightness

QUOTED = re.compile(r"['\"]([^'\"]+)['\"]")


def edits(site: Site, error: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[Edit]:
    """What the error's message suggests; known: names of parameters and gradients that the contract speaks of."""
    words = QUOTED.findall(error.get("message", ""))
    if not words:
        return
    kind, wrong = error.get("type"), words[-1] if error.get("type") == "AttributeError" else words[0]
    found: list[Edit] = []
    if kind in ("NameError", "UnboundLocalError"):
        found = list(_names(site, wrong, known))
    elif kind == "AttributeError":
        found = list(_attributes(site, wrong))
    elif kind == "KeyError":
        found = list(_keys(site, wrong, known))
    yield from found
    yield from everywhere(found, site.tree)


def globals_as_parameters(site: Site, known: tuple[str, ...]) -> Iterator[Edit]:
    """A notebook's global for an entry of `parameters`, wherever the function reads it."""
    containers = [name for name in _bound(site) if name.lower() in ("parameters", "params", "p", "weights", "param")]
    bound = _bound(site)
    quote = '"' if site.tree.unit.text.count('"]') >= site.tree.unit.text.count("']") else "'"
    names: dict[str, list[ast.Name]] = {}
    for node in ast.walk(site.function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in bound and node.id in known:
            names.setdefault(node.id, []).append(node)
    for container in containers:
        spans, told = [], []
        for name, nodes in names.items():
            text = f"{container}[{quote}{name}{quote}]"
            mine = [site.tree.replaced(node, text, ATOM) for node in nodes]
            yield site.edit("name", f"`{name}` is a global, not `{text}`", nodes[0], text, mine, 0.5)
            spans += mine
            told.append(f"`{name}`")
        if len(names) > 1:
            first = next(iter(names.values()))[0]
            yield site.edit(
                "name", f"{', '.join(told)} are globals, not entries of `{container}`", first, container, spans, 0.5
            )


def unused(site: Site) -> Iterator[Edit]:
    """What is unpacked under a name that nobody reads, under one that is read."""
    read = {n.id for n in ast.walk(site.function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    for node in ast.walk(site.function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and (node.id not in read or node.id == "_"):
            unpacked = isinstance(site.tree.parents.get(node), ast.Tuple)
            for other, far in _near(node.id, sorted(read)):
                if far < 0.5 or (node.id.startswith("_") and unpacked and len(other) <= 12):
                    told = f"`{node.id}` is never read: `{other}` is meant"
                    yield site.edit("name", told, node, other, [site.tree.span(node, other)], 0.5 + min(far, 0.5))


def _bound(site: Site) -> set[str]:
    """The function's own names."""
    found = {argument.arg for argument in ast.walk(site.function) if isinstance(argument, ast.arg)}
    return found | {n.id for n in ast.walk(site.function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _near(word: str, others: list[str]) -> list[tuple[str, float]]:
    """The other words, the nearest first, each with how far it is."""
    ratios = {
        other: difflib.SequenceMatcher(None, word.lower(), other.lower(), False).ratio()
        for other in others
        if other != word
    }
    return sorted(((other, 1 - ratio) for other, ratio in ratios.items()), key=lambda pair: pair[1])[:14]


def _names(site: Site, wrong: str, known: tuple[str, ...]) -> Iterator[Edit]:
    own = [name for name in sorted(_bound(site)) if name != wrong]
    module = [n.id for n in ast.walk(site.tree.module) if isinstance(n, ast.Name) and not hasattr(builtins, n.id)]
    module += list(site.tree.unit.functions)
    texts = {name: 0.0 for name in dict.fromkeys([*own, *module])}
    quote = '"' if site.tree.unit.text.count('"]') >= site.tree.unit.text.count("']") else "'"
    containers = [name for name in own if _is_subscripted(site, name)]
    keyed = {f"{name}[{quote}{key}{quote}]": key for name in containers for key in dict.fromkeys([wrong, *known])}
    nodes = [
        n for n in ast.walk(site.function) if isinstance(n, ast.Name) and n.id == wrong and isinstance(n.ctx, ast.Load)
    ]
    for node in nodes:
        parent = site.tree.parents.get(node)
        if isinstance(parent, ast.BinOp):  # T-x for T_x
            whole = "_".join(part.strip() for part in re.split(r"[-+*/]", site.tree.text(parent)))
            if whole in texts:
                yield site.swap("name", parent, whole, ATOM, 0.25, f"`{site.text(parent)}` should be `{whole}`")
        for other, far in _near(wrong, list(texts)):
            yield site.swap("name", node, other, ATOM, 0.5 + far, f"`{wrong}` should be `{other}`")
        for text, key in keyed.items():
            far = 1 - difflib.SequenceMatcher(None, wrong, key, False).ratio()
            if far < 0.5:
                yield site.swap("name", node, text, tightness(text), 0.75 + far, f"`{wrong}` should be `{text}`")


def _is_subscripted(site: Site, name: str) -> bool:
    return any(
        isinstance(n, ast.Subscript)
        and isinstance(n.value, ast.Name)
        and n.value.id == name
        and isinstance(n.slice, ast.Constant)
        and isinstance(n.slice.value, str)
        for n in ast.walk(site.function)
    ) or name in ("parameters", "params", "gradients", "grads")


def _attributes(site: Site, wrong: str) -> Iterator[Edit]:
    import numpy

    used = [n.attr for n in ast.walk(site.tree.module) if isinstance(n, ast.Attribute)]
    others = list(dict.fromkeys([*used, *(name for name in dir(numpy) if not name.startswith("_"))]))
    for node in ast.walk(site.function):
        if isinstance(node, ast.Attribute) and node.attr == wrong:
            value = site.tree.text(node.value)
            near = [*_near(wrong, list(dict.fromkeys(used))), *_near(wrong, others)[:6]]
            for other, far in dict(reversed(near)).items():
                text = f"{value}.{other}"
                yield site.swap("name", node, text, ATOM, 0.5 + far, f"`{site.text(node)}` should be `{text}`")


def _keys(site: Site, wrong: str, known: tuple[str, ...]) -> Iterator[Edit]:
    strings = [
        n.value
        for n in ast.walk(site.tree.module)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and len(n.value) < 20
    ]
    strings += [n.arg for n in ast.walk(site.tree.module) if isinstance(n, ast.keyword) and n.arg]
    for node in ast.walk(site.function):
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and str(node.slice.value) == wrong:
            quote = site.tree.text(node.slice)[0]
            for other, far in _near(wrong, list(dict.fromkeys([*known, *strings]))):
                text = f"{quote}{other}{quote}"
                told = f"the key {text} is meant by {site.text(node.slice)}"
                yield site.edit("name", told, node, text, [site.tree.span(node.slice, text)], 0.5 + far)
