"""The search: edits of a function's source, tried where they may help, kept when a wrong gradient becomes right.

Best first: a source with more right pieces is looked at before one with fewer; an edit that breaks what was right is
never kept.  Everything that is found here is only proposed: `mending.repair` audits it.
"""

import difflib
import heapq
import itertools
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .bench import Bench, Piece, Standing
from .edits import Edit
from .stages import stages
from .text import Unit

BATCH = 24  # edits by message
MOST_EDITS = 8  # edits
KEPT, SAME = 8, 3  # attempts of one stage, and of those among them that mend the same
ENOUGH = 12  # repairs, of which the best is told


@dataclass
class Attempt:
    """A source that edits have made, and how it stands."""

    units: tuple[Unit, ...]
    edits: tuple[Edit, ...]
    standing: Standing
    cost: float = 0.0
    gains: tuple[frozenset[Piece], ...] = ()  # what each edit made right
    pending: Iterator[list[Edit]] | None = None


def search(bench: Bench) -> tuple[list[Attempt], Attempt]:
    """The repairs that were found, the best first, none if there is none in time; and the source that came nearest."""
    (standing,) = bench.standings([bench.units])
    start = nearest = Attempt(bench.units, (), standing)
    order = itertools.count()
    queue: list[tuple[Any, int, Attempt]] = []

    def push(attempt: Attempt) -> None:
        heapq.heappush(queue, ((*attempt.standing.rank, attempt.cost), next(order), attempt))

    push(start)
    bench.seen.add(tuple(unit.text for unit in bench.units))
    while queue and time.monotonic() < bench.until:
        _, _, attempt = heapq.heappop(queue)
        if attempt.pending is None:
            attempt.pending = stages(bench, attempt.units, attempt.standing, not attempt.edits)
        edits = next(attempt.pending, None)
        if edits is None:
            continue
        complete, children = _tried(bench, attempt, edits)
        if complete:
            return sorted(complete, key=lambda one: (len(one.edits), one.cost)), nearest
        joined = _joined(bench, attempt, children)
        if joined and joined[0].standing.complete:
            return joined[:1], nearest
        nearest = min([nearest, *joined], key=lambda one: (one.standing.rank, one.cost))
        for child in joined:
            if len(child.edits) < MOST_EDITS:
                push(child)
        attempt.cost += 2.0  # what comes next is more far-fetched
        push(attempt)
    return [], nearest


def _tried(bench: Bench, attempt: Attempt, edits: list[Edit]) -> tuple[list[Attempt], list[Attempt]]:
    """The repairs among some edits, and those that make something better."""
    complete: list[Attempt] = []
    children: list[Attempt] = []
    fresh: list[tuple[Edit, tuple[Unit, ...]]] = []
    for edit in edits:
        units = _edited(attempt.units, edit)
        texts = tuple(unit.text for unit in units)
        if texts not in bench.seen:
            bench.seen.add(texts)
            fresh.append((edit, units))
    for start in range(0, len(fresh), BATCH):
        if time.monotonic() > bench.until or len(complete) >= ENOUGH:
            break
        batch = fresh[start : start + BATCH]
        for (edit, units), standing in zip(batch, bench.standings([units for _, units in batch]), strict=True):
            if standing.complete or standing.better(attempt.standing):
                gained = (*attempt.gains, standing.right - attempt.standing.right)
                edit = edit.costing(-_naturalness(attempt.units[edit.unit], units[edit.unit]))
                if edit.kind == "keys" and len({name for _, name, _ in gained[-1]}) < 2:
                    edit = edit.costing(1.0)  # of two results under each other's name both come right
                child = Attempt(units, (*attempt.edits, edit), standing, attempt.cost + edit.cost, gained)
                (complete if standing.complete else children).append(child)
    return complete, children


def _naturalness(before: Unit, after: Unit) -> float:
    """How much more a statement looks like its neighbours after an edit, names aside: between -1 and 1.

    People write the same thing in the same way for every gate.
    """
    old, new = _masked(before.text), _masked(after.text)
    added, removed = [line for line in new if line not in old], [line for line in old if line not in new]
    if len(added) != 1 or len(removed) != 1:
        return 0.0
    others = [line for line in old if line != removed[0]]
    if not others:
        return 0.0
    return _likeness(added[0], others) - _likeness(removed[0], others)


def _likeness(line: str, others: Sequence[str]) -> float:
    return max(difflib.SequenceMatcher(None, line, other, False).ratio() for other in others)


def _masked(text: str) -> list[str]:
    """The lines of a text with names as letters and without what brackets around keys hold."""
    lines = [
        re.sub(r"[A-Za-z_]\w*", "v", re.sub(r"\[['\"]\w+['\"]\]", "", line.partition("#")[0]))
        for line in text.split("\n")
    ]
    return ["".join(line.split()) for line in lines if line.strip()]


def _edited(units: tuple[Unit, ...], edit: Edit) -> tuple[Unit, ...]:
    try:
        edited = units[edit.unit].applied(edit.spans)
    except ValueError:
        return units
    return (*units[: edit.unit], edited, *units[edit.unit + 1 :])


def _joined(bench: Bench, parent: Attempt, children: list[Attempt]) -> list[Attempt]:
    """The best attempts of one stage, and the one with every edit that mends something of its own."""
    children.sort(key=lambda child: (*child.standing.rank, child.cost))
    best: dict[Any, list[Attempt]] = {}
    for child in children:
        error = child.standing.error
        alike = best.setdefault((child.standing.probe, child.standing.right, (error or {}).get("message")), [])
        if len(alike) < SAME:
            alike.append(child)
    chosen = sorted(itertools.chain(*best.values()), key=lambda child: (*child.standing.rank, child.cost))[:KEPT]
    together = parent
    for child in (alike[0] for alike in best.values()):
        gained = child.standing.right - parent.standing.right
        if child.standing.error is None and gained and not gained & (together.standing.right - parent.standing.right):
            edit = child.edits[-1]
            try:
                spans = [
                    span
                    for other in together.edits[len(parent.edits) :]
                    for span in other.spans
                    if other.unit == edit.unit
                ]
                unit = parent.units[edit.unit].applied([*spans, *edit.spans])
            except ValueError:
                continue
            units = (*together.units[: edit.unit], unit, *together.units[edit.unit + 1 :])
            (standing,) = bench.standings([units])
            if standing.complete or standing.better(together.standing):
                gains = (*together.gains, standing.right - together.standing.right)
                together = Attempt(units, (*together.edits, edit), standing, together.cost + edit.cost, gains)
    if len(together.edits) > len(parent.edits) + 1:
        chosen.insert(0, together)
    return chosen
