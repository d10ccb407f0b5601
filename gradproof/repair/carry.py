"""Edits that carry a gradient from one time step to the one before: the mistake that people publish most."""

import ast
import difflib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from .edits import Edit, Site
from .statements import append_to, blocks, insert_before, is_zero
from .text import SUM, Span

Loop = ast.For | ast.While
MOST = 140
BEST = 6  # of each kind, that are tried together with another


@dataclass(frozen=True)
class _Result:
    """What a step computes and the step before may need: its text, and the name that it is known by."""

    text: str
    name: str


def edits(site: Site) -> Iterator[Edit]:
    """Every way to carry one or two results of a step of a loop to the next."""
    for loop in _loops(site):
        single = sorted(_single(site, loop), key=lambda edit: edit.cost)
        yield from single[:MOST]
        slots: dict[str, list[Edit]] = {}
        for edit in single:
            slots.setdefault(edit.before, []).append(edit)
        for one, other in itertools.combinations(slots.values(), 2):
            for a, b in itertools.product(one[:BEST], other[:BEST]):
                yield _both(a, b)


def updates(site: Site) -> Iterator[Edit]:
    """Those that only give a value to a name that is read at every step and stays zero."""
    for loop in _loops(site):
        stored, loaded = _names(loop, ast.Store), _names(loop, ast.Load)
        for name in _zeros(site, loop):
            if name in loaded and name not in stored:
                yield from (_update(site, loop, name, result) for result in _results(site, loop))


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, context)}


def _both(a: Edit, b: Edit) -> Edit:
    spans = _merged([*a.spans, *b.spans])
    return replace(a, told=f"{a.told}; {b.told}", spans=spans, cost=a.cost + b.cost, line=min(a.line, b.line))


def _merged(spans: list[Span]) -> tuple[Span, ...]:
    """Insertions at the same place one after the other."""
    found: dict[tuple[int, int, int, int], Span] = {}
    for span in spans:
        at = span.line, span.column, span.end_line, span.end_column
        known = found.get(at)
        if known is not None and known.text != span.text:
            span = replace(known, text=known.text + span.text)
        found[at] = span
    return tuple(found.values())


def _loops(site: Site) -> list[Loop]:
    return [
        node
        for node in ast.walk(site.function)
        if isinstance(node, (ast.For, ast.While)) and len(node.body) > 0 and node.body[0].lineno > node.lineno
    ]


def _single(site: Site, loop: Loop) -> Iterator[Edit]:
    zeros = _zeros(site, loop)
    stored, loaded = _names(loop, ast.Store), _names(loop, ast.Load)
    results = _results(site, loop)
    for name in zeros:
        if name not in stored and name in loaded:
            for result in results:
                yield _update(site, loop, name, result)
    carried = [name for name in zeros if name in stored]
    for node in _arguments(site, loop):
        text = site.text(node)
        told = f"what the later step leaves is not added to `{text}`"
        for name in carried:
            if name not in text:
                yield replace(_added(site, node, name, told), cost=1.0 + _distance(text, name))
        for name in zeros:
            if name not in stored and name not in loaded:
                for result in results:
                    update = _update(site, loop, name, result)
                    added = _added(site, node, name, told)
                    yield replace(
                        added,
                        spans=_merged([*added.spans, *update.spans]),
                        cost=update.cost + _distance(text, result.name),
                    )
        for result in results:
            if result.name not in zeros:
                yield _new(site, loop, node, result, told)


def _zeros(site: Site, loop: Loop) -> list[str]:
    """Names that hold zeros when the loop begins."""
    found = []
    for block, _ in blocks(site.function):
        for statement in block:
            if isinstance(statement, ast.Assign) and statement.lineno < loop.lineno:
                pairs = [(target, statement.value) for target in statement.targets]
                for target, value in list(pairs):
                    if (
                        isinstance(target, ast.Tuple)
                        and isinstance(value, ast.Tuple)
                        and len(target.elts) == len(value.elts)
                    ):
                        pairs += list(zip(target.elts, value.elts, strict=True))
                found += [t.id for t, v in pairs if isinstance(t, ast.Name) and is_zero(v)]
    return list(dict.fromkeys(found))


def _results(site: Site, loop: Loop) -> list[_Result]:
    """Names that the body assigns, and entries of dicts among them."""
    found: list[_Result] = []
    keys = {}
    for node in ast.walk(site.function):
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.slice, ast.Constant)
            and isinstance(node.slice.value, str)
        ):
            keys[site.text(node.slice)] = node.slice.value
    quote = next((key[0] for key in keys), '"')
    for known in ("da_prev", "dc_prev"):
        keys.setdefault(f"{quote}{known}{quote}", known)
    for statement in ast.walk(loop):
        if not isinstance(statement, ast.Assign) or statement.value is None:
            continue
        for target in statement.targets:
            for name in [target] if isinstance(target, ast.Name) else getattr(target, "elts", []):
                if isinstance(name, ast.Name):
                    found.append(_Result(name.id, name.id))
            if isinstance(target, ast.Name) and isinstance(statement.value, ast.Call):
                found += [_Result(f"{target.id}[{text}]", key) for text, key in keys.items()]
    return list(dict.fromkeys(found))


def _arguments(site: Site, loop: Loop) -> Iterator[ast.expr]:
    """What is taken of one step: subscripts with the loop's index, and zeros that are handed to a call."""
    indices = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)} if isinstance(loop, ast.For) else set()
    given = {argument.arg for argument in ast.walk(site.function) if isinstance(argument, ast.arg)}
    for node in ast.walk(loop):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
            used = {n.id for n in ast.walk(node.slice) if isinstance(n, ast.Name)}
            if node.value.id in given and (used & indices or not isinstance(loop, ast.For)):
                yield node
        elif (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)) or (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "backward"
        ):
            yield from (argument for argument in node.args if is_zero(argument))


def _distance(a: str, b: str) -> float:
    """Between 0 and 1: how little two names have in common."""
    return 1 - difflib.SequenceMatcher(None, a.lower(), b.lower(), False).ratio()


def _update(site: Site, loop: Loop, name: str, result: _Result) -> Edit:
    text = f"{name} = {result.text}"
    told = f"`{name}` stays zero: it never gets `{result.text}` of the later step"
    span = append_to(site, loop, text)
    edit = site.edit("carry", told, loop.body[-1], text, [span], 0.5 + _distance(name, result.name))
    return replace(edit, before=name, line=span.line)


def _added(site: Site, node: ast.expr, name: str, told: str) -> Edit:
    if is_zero(node):
        return site.edit("carry", told, node, name, [site.tree.span(node, name)], 1.0)
    return site.edit(
        "carry",
        told,
        node,
        f"{site.text(node)} + {name}",
        [site.tree.replaced(node, f"{site.tree.text(node)} + {name}", SUM)],
        1.0,
    )


def carried(site: Site, node: ast.expr, text: str, cost: float) -> Edit:
    """A name that stays zero gets a value at the end of each step of the loop that reads it."""
    loop = next(one for one in site.tree.ancestors(node) if isinstance(one, (ast.For, ast.While)))
    name = site.text(node)
    told = f"`{name}` stays zero: it never gets `{text}` of the later step"
    span = append_to(site, loop, f"{name} = {text}")
    return replace(site.edit("carry", told, loop.body[-1], f"{name} = {text}", [span], cost), line=span.line)


def _new(site: Site, loop: Loop, node: ast.expr, result: _Result, told: str) -> Edit:
    """A variable of its own, zeros before the loop."""
    name = result.name if result.name.isidentifier() else "carried"
    taken = {n.id for n in ast.walk(site.function) if isinstance(n, ast.Name)}
    if result.text != name and name in taken:
        name = f"{name}_later"
    spans = list(_added(site, node, name, told).spans)
    spans.append(
        insert_before(site, loop, f"{name} = 0" if is_zero(node) else f"{name} = {_zero_like(site, loop, node)}")
    )
    if result.text != name:
        spans.append(append_to(site, loop, f"{name} = {result.text}"))
    edit = site.edit("carry", told, node, f"{site.text(node)} + {name}", spans)
    return replace(edit, cost=1.25 + _distance(site.text(node), result.name))


def _zero_like(site: Site, loop: Loop, node: ast.expr) -> str:
    """Zeros of the shape of a step's slice: its index is not known before the loop."""
    if not isinstance(node, ast.Subscript) or not isinstance(loop, ast.For):
        return "0"
    indices = {n.id for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    texts = []
    for part in parts:
        used = {n.id for n in ast.walk(part) if isinstance(n, ast.Name)}
        texts.append("0" if used & indices else site.tree.text(part))
    return f"np.zeros_like({site.tree.text(node.value)}[{', '.join(texts)}])"
