"""Edits of statements: = for +=, one too many, in another place, a copy before a write."""

import ast
from collections.abc import Iterator

from .edits import Edit, Site
from .text import ATOM, FUNCTION, Span, binding

COPY = 0.5  # it changes no number, so it cannot mend by accident


def edits(site: Site) -> Iterator[Edit]:
    """Every edit of a statement of the function."""
    yield from resets(site)
    for block, owner in blocks(site.function):
        for number, statement in enumerate(block):
            if isinstance(statement, (ast.Assign, ast.AugAssign)):
                yield from _assignment(site, statement)
                if len(block) > 1 and _assigned_before(site, statement):
                    yield delete(site, statement)
                if number + 1 < len(block) and isinstance(block[number + 1], (ast.Assign, ast.AugAssign)):
                    yield _exchanged(site, statement, block[number + 1])
        if isinstance(owner, (ast.For, ast.While)):
            yield from _moved(site, owner)
    yield from copies(site)


def blocks(function: ast.AST) -> Iterator[tuple[list[ast.stmt], ast.AST]]:
    """Every list of statements, with what it belongs to."""
    for node in ast.walk(function):
        for part in ("body", "orelse", "finalbody"):
            block = getattr(node, part, None)
            if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                yield block, node


def _assignment(site: Site, statement: ast.Assign | ast.AugAssign) -> Iterator[Edit]:
    tree, value = site.tree, site.tree.text(statement.value)
    text = site.text(statement)
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
        if len(statement.targets) == 1 and not isinstance(target, (ast.Tuple, ast.List)):
            name = tree.text(target)
            told = f"`{text}` replaces what it should be added to"
            loop = next((node for node in tree.ancestors(statement) if isinstance(node, (ast.For, ast.While))), None)
            edit = site.edit(
                "accumulate", told, statement, f"{name} += {value}", [tree.span(statement, f"{name} += {value}")]
            )
            yield edit
            if loop is not None and isinstance(target, ast.Name):
                started = insert_before(site, loop, f"{name} = 0")
                yield site.edit("accumulate", told, statement, f"{name} += {value}", [*edit.spans, started], 1.5)
    else:
        name = tree.text(statement.target)
        if isinstance(statement.target, ast.Subscript) and isinstance(statement.op, ast.Add):
            array, index = tree.text(statement.target.value), tree.text(statement.target.slice)
            after = f"np.add.at({array}, {index}, {value})"
            told = f"`{text}` counts an index that occurs twice once"
            yield site.edit("accumulate", told, statement, after, [tree.span(statement, after)], 1.5)
        for kind, told, after in (
            ("accumulate", f"`{text}` adds to what it should replace", f"{name} = {value}"),
            (
                "sign",
                f"`{text}` has the wrong sign",
                f"{name} {'-' if isinstance(statement.op, ast.Add) else '+'}= {value}",
            ),
        ):
            yield site.edit(kind, told, statement, after, [tree.span(statement, after)])


def _assigned_before(site: Site, statement: ast.Assign | ast.AugAssign) -> bool:
    """Whether a name that it assigns has a value already, so that it may be one assignment too many."""
    if isinstance(statement, ast.AugAssign):
        return True
    names = {name.id for target in statement.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
    return any(site.first_stores.get(name, statement.lineno) < statement.lineno for name in names)


def delete(site: Site, *statements: ast.stmt) -> Edit:
    """Without some statements; in their place stays what comments and layout there were."""
    told = " and ".join(f"`{site.text(statement)}`" for statement in statements[:4])
    word = "resets what was computed" if len(statements) == 1 else "reset what was computed"
    spans = [whole_lines(site, statement) for statement in statements]
    return site.edit("statement", f"{told} {word}", statements[0], "", spans, 1.25 if len(statements) == 1 else 0.5)


def whole_lines(site: Site, statement: ast.stmt) -> Span:
    """The lines of a statement with their end, if nothing else stands on them; else it becomes `pass`."""
    span = site.tree.span(statement, "pass")
    before = site.tree.lines[span.line - 1][: span.column]
    behind = site.tree.lines[span.end_line - 1][span.end_column :]
    alone = not before.strip() and not behind.strip() and span.end_line < len(site.tree.lines)
    parent = site.tree.parents.get(statement)
    block = next((b for b, owner in blocks(parent) if statement in b), []) if parent is not None else []
    if alone and len(block) > 1:
        return Span(span.line, 0, span.end_line + 1, 0, "")
    return span


def resets(site: Site) -> Iterator[Edit]:
    """All of a template's `name = None` that come after what was computed."""
    nones = [
        statement
        for block, _ in blocks(site.function)
        for statement in block
        if isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and statement.value.value is None
        and _assigned_before(site, statement)
    ]
    if len(nones) > 1:
        yield delete(site, *nones)


def _exchanged(site: Site, first: ast.stmt, second: ast.stmt) -> Edit:
    """Two statements that follow one another, the other way round."""
    a, b = site.tree.text(first), site.tree.text(second)
    told = f"`{site.text(second)}` has to come before `{site.text(first)}`"
    return site.edit("statement", told, first, b, [site.tree.span(first, b), site.tree.span(second, a)], 1.75)


def indentation(site: Site, statement: ast.stmt) -> str:
    line = site.tree.lines[statement.lineno - 1]
    return line[: len(line) - len(line.lstrip())]


def insert_before(site: Site, statement: ast.stmt, text: str) -> Span:
    """A new line above a statement."""
    return Span(statement.lineno, 0, statement.lineno, 0, f"{indentation(site, statement)}{text}\n")


def append_to(site: Site, loop: ast.For | ast.While, *texts: str) -> Span:
    """New lines at the end of a loop's body."""
    last = loop.body[-1]
    line, column = last.end_lineno or last.lineno, len(site.tree.lines[(last.end_lineno or last.lineno) - 1])
    return Span(line, column, line, column, "".join(f"\n{indentation(site, loop.body[0])}{text}" for text in texts))


def _moved(site: Site, loop: ast.For | ast.While) -> Iterator[Edit]:
    """An initialisation out of a loop; what stands behind the loop into it."""
    if loop.lineno == loop.body[0].lineno:
        return
    tree = site.tree
    for statement in loop.body:
        if isinstance(statement, ast.Assign) and is_zero(statement.value) and len(loop.body) > 1:
            told = f"`{site.text(statement)}` starts anew at every step"
            spans = [whole_lines(site, statement), insert_before(site, loop, tree.text(statement))]
            yield site.edit("statement", told, statement, "", spans, 0.75)
            yield site.edit("statement", told, statement, "", [whole_lines(site, statement)], 0.7)
    parent = tree.parents.get(loop)
    block = next((b for b, owner in blocks(parent) if loop in b), []) if parent is not None else []
    behind = block[block.index(loop) + 1 :] if loop in block else []
    for statement in behind[:6]:
        if isinstance(statement, (ast.Assign, ast.AugAssign)):
            told = f"`{site.text(statement)}` belongs into the loop"
            spans = [whole_lines(site, statement), append_to(site, loop, tree.text(statement))]
            yield site.edit("statement", told, statement, "", spans, 1.25)


def is_zero(node: ast.expr) -> bool:
    """np.zeros(...), np.zeros_like(...), 0."""
    if isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id
        return name in ("zeros", "zeros_like")
    return isinstance(node, ast.Constant) and node.value in (0, 0.0) and node.value is not False


def copies(site: Site) -> Iterator[Edit]:
    """Copies before a write, and instead of views."""
    tree = site.tree
    yield from _arguments_copied(site)
    for node in ast.walk(site.function):
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            op = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}.get(type(node.op))
            if op is not None:
                name, value = tree.text(node.target), tree.text(node.value)
                grouped = value if binding(node.value) > 2 or op in "+" else f"({value})"
                after = f"{name} = {name} {op} {grouped}"
                told = f"`{site.text(node)}` writes into the array that `{name}` came from"
                yield site.edit("copy", told, node, after, [tree.span(node, after)], COPY + 0.2)
        if isinstance(node, ast.Assign) and len(node.targets) > 1 and isinstance(node.value, ast.Call):
            names, value = [tree.text(target) for target in node.targets], tree.text(node.value)
            after = f"{', '.join(names)} = {', '.join([value] * len(names))}"
            told = f"`{' = '.join(names)}` are one array"
            yield site.edit("copy", told, node, after, [tree.span(node, after)], COPY - 0.1)
        viewed = isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and ":" in site.text(node.slice)
        named = isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and _handed_on(site, node)
        if viewed or named:
            assert isinstance(node, ast.expr)
            parent = tree.parents.get(node)
            if isinstance(parent, (ast.Attribute, ast.BinOp)):
                continue
            told = f"`{site.text(node)}` shares the memory of an array that is written into"
            cost = COPY + 0.1 * (not isinstance(parent, ast.Assign)) + 0.1 * named
            yield site.swap("copy", node, f"{tree.grouped(node, ATOM)}.copy()", ATOM, cost, told)


def _arguments_copied(site: Site) -> Iterator[Edit]:
    """A copy, at the top, of an argument that is written into."""
    if isinstance(site.function, ast.Lambda):
        return
    given = [argument.arg for argument in site.function.args.args]
    body = [statement for statement in site.function.body if not _is_text(statement)]
    written: dict[str, ast.AST] = {}
    for node in ast.walk(site.function):
        for target in _written(node):
            base = target
            while isinstance(base, ast.Subscript):
                base = base.value
            if isinstance(base, ast.Name) and base.id in given:
                written.setdefault(base.id, node)
    for name, node in written.items():
        told = f"`{site.text(node)}` writes into the caller's `{name}`"
        text = f"{name} = {name}.copy()"
        yield site.edit("copy", told, node, text, [insert_before(site, body[0], text)], COPY + 0.25)


def _written(node: ast.AST) -> list[ast.expr]:
    """What a node writes into, and does not only give another value to."""
    if isinstance(node, ast.Assign):
        return [target for target in node.targets if isinstance(target, ast.Subscript)]
    if isinstance(node, ast.AugAssign):
        return [node.target]
    if isinstance(node, ast.Call):
        return [keyword.value for keyword in node.keywords if keyword.arg == "out"]
    return []


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _handed_on(site: Site, node: ast.Name) -> bool:
    """Whether a name is just assigned to another, or put into a tuple or a call."""
    parent = site.tree.parents.get(node)
    if isinstance(parent, ast.Call):
        return node in parent.args
    return isinstance(parent, (ast.Assign, ast.Tuple, ast.Dict, ast.List)) and not isinstance(
        site.tree.parents.get(parent), FUNCTION
    )
