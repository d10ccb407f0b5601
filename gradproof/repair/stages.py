"""In which order edits are tried: first what the responses speak for, then what the pattern of wrong gradients does."""

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..contracts import Backward, forward_of
from ..experiment import Experiment, results_of
from . import carry, expressions, naming, statements
from .bench import Bench, Standing
from .edits import Edit, Site, everywhere
from .text import Tree, Unit, definitions, places

PAIRED = 70  # edits that are tried two at a time


def stages(bench: Bench, units: tuple[Unit, ...], standing: Standing, first: bool) -> Iterator[list[Edit]]:
    """Edits of an attempt's source, the likeliest first."""
    sites = _sites(bench, units)
    known = _known(bench.experiment)
    error = standing.error
    if error is not None:
        yield from _for_error(sites, error, known)
        return
    found = bench.response(units, standing)
    if first:
        bench.suspects = _suspects(sites, found)
    info = {(place["unit"], place["function"], place["index"]): place for place in found}
    structural = []
    for site in sites:
        mine = [*expressions.edits(site), *statements.edits(site)]
        structural += [*mine, *everywhere(mine, site.tree), *expressions.names_everywhere(site), *naming.unused(site)]

    by_name = {(site.unit, site.name): site for site in sites}

    def place_of(edit: Edit) -> Mapping[str, Any]:
        if edit.anchor is None:
            return {}
        site = by_name[edit.unit, edit.function]
        node = site.places[edit.anchor]
        around = [node, *site.tree.ancestors(node)]
        return next((info[key] for one in around if (key := (site.unit, site.name, site.anchors.get(one))) in info), {})

    likely = [edit for site in sites for edit in statements.copies(site)]
    likely += [edit for edit in structural if edit.anchor is None and edit.cost <= 1.0]
    likely += [edit for site in sites for edit in carry.updates(site)]
    likely += [edit for edit in structural if _is_likely(edit, place_of(edit))]
    yield sorted([*_proposed(sites, found, sure=True), *likely], key=lambda edit: edit.cost)
    carried = sorted((edit for site in sites for edit in carry.edits(site)), key=lambda edit: edit.cost)
    globals_read = [edit for site in sites for edit in naming.globals_as_parameters(site, known)]
    if _last_step_right(bench, standing):
        yield [*globals_read, *carried]
        carried = []
    ordinary: list[Edit] = []
    others: list[Edit] = []
    for edit in structural:
        place = place_of(edit)
        hopeful = edit.anchor is None or place.get("mendable") or not place.get("linear", True)
        (ordinary if hopeful else others).append(edit)
    yield [*globals_read, *sorted(ordinary, key=lambda edit: edit.cost)]
    yield sorted(_proposed(sites, found, sure=False), key=lambda edit: edit.cost)
    yield carried
    yield sorted(others, key=lambda edit: edit.cost)
    yield _pairs(structural, carried)


def _sites(bench: Bench, units: Sequence[Unit]) -> list[Site]:
    found = []
    for number, names in bench.editable.items():
        tree = Tree(units[number])
        for name in names:
            function = definitions(tree.module).get(name)
            if function is not None:
                anchors: dict[Any, int] = {node: index for index, node in enumerate(places(function))}
                found.append(Site(tree, number, name, function, anchors))
    return found


def _pairs(structural: Sequence[Edit], carried: Sequence[Edit]) -> list[Edit]:
    """Two likely edits at once, for mistakes of which none comes to light without the other."""
    likely = sorted(
        (edit for edit in structural if edit.cost <= 1.25 and edit.kind != "copy"), key=lambda edit: edit.cost
    )[:PAIRED]
    likely += sorted(carried, key=lambda edit: edit.cost)[:6]
    pairs = [(a, b) for a, b in itertools.combinations(likely, 2) if a.unit == b.unit and a.line != b.line]
    return [
        replace(a, told=f"{a.told}; {b.told}", spans=(*a.spans, *b.spans), cost=a.cost + b.cost, anchor=None)
        for a, b in sorted(pairs, key=lambda pair: pair[0].cost + pair[1].cost)
    ]


def _is_likely(edit: Edit, place: Mapping[str, Any]) -> bool:
    """Whether an edit of an expression is to be tried with the first: another value there could mend everything."""
    cheap = edit.cost <= 1.25
    return bool(place) and (place["at_once"] or (cheap and (bool(place["mendable"]) or not place["linear"])))


def _suspects(sites: Sequence[Site], found: Sequence[Mapping[str, Any]]) -> list[int]:
    """The lines in which another value would make every wrong gradient right."""
    lines: dict[int, tuple[int, int]] = {}
    everything = max((len(place["mendable"]) for place in found), default=0)
    for site in sites:
        nodes = site.places
        for place in found:
            if (place["unit"], place["function"]) == (site.unit, site.name) and place["at_once"]:
                line = site.tree.unit.first - 1 + site.tree.statement(nodes[place["index"]]).lineno
                if len(place["mendable"]) == everything:
                    count, first = lines.get(line, (0, place["index"]))
                    lines[line] = count + 1, first
    return sorted(lines, key=lambda line: lines[line])[:3]


def _proposed(sites: Sequence[Site], found: Sequence[Mapping[str, Any]], sure: bool) -> Iterator[Edit]:
    """The edits that the responses speak for; sure: those whose effect was foreseen on the probe."""
    by = {(site.unit, site.name): site for site in sites}
    for place in found:
        site = by.get((place["unit"], place["function"]))
        if site is None:
            continue
        nodes = site.places
        if not 0 <= place["index"] < len(nodes):
            continue
        node = nodes[place["index"]]
        depth = sum(1 for _ in itertools.takewhile(lambda one: not hasattr(one, "body"), site.tree.ancestors(node)))
        for proposal in place["proposals"]:
            if (proposal["count"] > 0) == sure:
                try:
                    edit = expressions.proposed(site, node, proposal["how"], proposal["text"], float(proposal["cost"]))
                except (SyntaxError, ValueError):
                    continue
                returned = any(isinstance(one, (ast.Return, ast.Dict)) for one in site.tree.ancestors(node))
                # what is only handed on there was computed somewhere else
                yield edit.costing(0.1 * depth + 0.5 * (returned and isinstance(node, ast.Name)))


def _for_error(sites: Sequence[Site], error: Mapping[str, Any], known: tuple[str, ...]) -> Iterator[list[Edit]]:
    """Edits of the line that raises, then of those that assign what it reads, then of all."""
    yield [edit for site in sites for edit in statements.resets(site)]
    yield sorted((edit for site in sites for edit in naming.edits(site, error, known)), key=lambda edit: edit.cost)
    yield [edit for site in sites for edit in naming.globals_as_parameters(site, known)]
    yield [edit for site in sites for edit in naming.unused(site)]
    line = error.get("line")
    near: list[Edit] = []
    far: list[Edit] = []
    for site in sites:
        mine = [*expressions.edits(site), *statements.edits(site)]
        mine += list(everywhere(mine, site.tree))
        lines = _lines_behind(site, (line or 0) - site.tree.unit.first + 1)
        for edit in mine:
            (near if edit.line in lines else far).append(
                edit.costing(0.0 if edit.line == max(lines, default=0) else 0.5)
            )
    yield sorted(near, key=lambda edit: edit.cost)
    yield sorted(
        (edit for site in sites for edit in _swaps(site, (line or 0) - site.tree.unit.first + 1)),
        key=lambda edit: edit.cost,
    )
    yield sorted((edit for site in sites for edit in carry.edits(site)), key=lambda edit: edit.cost)
    yield sorted(far, key=lambda edit: edit.cost)


def _lines_behind(site: Site, line: int) -> set[int]:
    """A line, and those that assign the names that its statement reads."""
    at = [
        n for n in ast.walk(site.function) if isinstance(n, ast.stmt) and n.lineno <= line <= (n.end_lineno or n.lineno)
    ]
    if not at:
        return set()
    statement = max(at, key=lambda node: node.lineno)
    inside = set(range(statement.lineno, (statement.end_lineno or statement.lineno) + 1))
    if isinstance(statement, (ast.For, ast.While, ast.If, ast.FunctionDef)):
        inside = {statement.lineno}
    read = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name)}
    for node in ast.walk(site.function):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.For)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            stored = {n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name)}
            if stored & read:
                inside.add(node.lineno)
    return inside


def _swaps(site: Site, line: int) -> Iterator[Edit]:
    """Another name of the function for each name in a line."""
    bound = sorted({n.id for n in ast.walk(site.function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)})
    bound += [a.arg for a in ast.walk(site.function) if isinstance(a, ast.arg)]
    for node in ast.walk(site.function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.lineno == line:
            for other in dict.fromkeys(bound):
                if other != node.id:
                    yield site.swap("variable", node, other, 5, 1.5 + 0.01 * len(other))


def _known(experiment: Experiment) -> tuple[str, ...]:
    """The names that a contract speaks of: inputs, gradients, entries of its cache."""
    contract = experiment.target.contract
    forward = forward_of(contract)
    names = [*forward.inputs, *results_of(contract), *forward.cache, *forward.outputs]
    if isinstance(contract, Backward):
        names += [*contract.cotangents, "da_prev", "dc_prev", "dxt"]
    return tuple(dict.fromkeys(names))


def _last_step_right(bench: Bench, standing: Standing) -> bool:
    """Whether of some result the last step is right and an earlier one is not: something is not carried."""
    probe = bench.probes[standing.probe]
    for name, pieces in probe.pieces.items():
        blocks = [int(piece) for piece in np.unique(pieces)]
        if len(blocks) > 1 and probe.case.sizes.get("T", 1) > 1:
            right = [(standing.probe, name, block) in standing.right for block in blocks]
            if right[-1] and not all(right):
                return True
    return False
