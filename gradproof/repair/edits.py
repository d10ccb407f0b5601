"""What an edit is: characters that are replaced, what that means, and how far-fetched it is."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from .text import Definition, Span, Tree


@dataclass(frozen=True)
class Edit:
    """One change of a unit's text.

    kind: one of those in notes/report-schema.md.  line: where it begins, in the unit.  before, after: the statement or
    expression that it is about.  told: a clause for people.  anchor: the index of the place (see `text.places`) whose
    value alone it changes, None for a statement.  cost: the smaller the likelier.
    """

    kind: str
    told: str
    unit: int
    function: str
    line: int
    before: str
    after: str
    spans: tuple[Span, ...]
    cost: float = 1.0
    anchor: int | None = None

    def costing(self, more: float) -> "Edit":
        return replace(self, cost=self.cost + more)


@dataclass(frozen=True)
class Site:
    """A function in a unit, of which edits are made."""

    tree: Tree
    unit: int
    name: str
    function: Definition
    anchors: dict[ast.AST, int]

    def text(self, node: ast.AST) -> str:
        return " ".join(self.tree.text(node).split())

    @cached_property
    def first_stores(self) -> dict[str, int]:
        """The line in which each name first gets a value."""
        found: dict[str, int] = {}
        for node in ast.walk(self.function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found[node.id] = min(found.get(node.id, node.lineno), node.lineno)
        return found

    @cached_property
    def places(self) -> list[ast.AST]:
        """The places in their order."""
        return list(self.anchors)

    def nodes(self) -> Iterator[ast.AST]:
        """The nodes of the function's body in the order of its text, docstrings left out."""
        if isinstance(self.function, ast.Lambda):
            yield from ast.walk(self.function.body)
            return
        for statement in self.function.body:
            if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)):
                yield from ast.walk(statement)

    def edit(
        self,
        kind: str,
        told: str,
        node: ast.AST,
        after: str,
        spans: Sequence[Span],
        cost: float = 1.0,
        at: ast.AST | None = None,
    ) -> Edit:
        """An edit of a node; at: the expression whose value alone changes."""
        line = getattr(node, "lineno", 1)
        anchor = self.anchors.get(at) if at is not None else None
        return Edit(kind, told, self.unit, self.name, line, self.text(node), after, tuple(spans), cost, anchor)

    def swap(self, kind: str, node: ast.expr, text: str, tightness: int, cost: float = 1.0, told: str = "") -> Edit:
        """Another expression in the place of one."""
        before = self.text(node)
        told = told or f"`{before}` should be `{text}`"
        return self.edit(kind, told, node, text, [self.tree.replaced(node, text, tightness)], cost, at=node)


def everywhere(edits: Sequence[Edit], tree: Tree) -> Iterator[Edit]:
    """The same change at every place of a statement where it can be made."""
    groups: dict[tuple[str, str, str, int], list[Edit]] = {}
    for edit in edits:
        if len(edit.spans) == 1:
            statement = tree.starts[edit.line]
            groups.setdefault((edit.kind, tree.at(edit.spans[0]), edit.spans[0].text, statement), []).append(edit)
    for together in groups.values():
        spans = {span for edit in together for span in edit.spans}
        if len(spans) > 1:
            first = together[0]
            yield replace(
                first,
                spans=tuple(sorted(spans, key=lambda s: (s.line, s.column))),
                anchor=None,
                told=f"{first.told}, {len(spans)} times",
                cost=first.cost + 0.25,
            )
