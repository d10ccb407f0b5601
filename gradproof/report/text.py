"""The report for people: per function a table of gradients, then what the failing ones have in common."""

import io
import sys
import textwrap
from collections.abc import Callable
from pathlib import PurePath
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..verdicts import AGREES, EQUAL, IDENTICAL, RIGHT, UNDECIDED, VERIFIED, Failure, Function, Report, Result, grouped

WIDTH = 80
NOTES = 5
# findings that are no side effects
REMARKS = ("extra", "forward", "undecided", "cell", "gates", "unfinished", "rounding", "tiny")
COLOURS = {**dict.fromkeys((*RIGHT, VERIFIED), "green"), UNDECIDED: "yellow"}
LABELS = 9  # columns of the widest label, "identical"


def render(report: Report) -> str:
    """The report as plain text, 80 columns wide."""
    out = io.StringIO()
    write(report, Console(file=out, width=WIDTH, color_system=None))
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def on_console(write_to: Callable[[Console], None]) -> None:
    """Print on standard output: in colour and as wide as the terminal, or as `render` does where there is none."""
    if sys.stdout.isatty():
        console = Console(highlight=False)
        console.width = max(console.width, WIDTH)
        write_to(console)
        return
    out = io.StringIO()
    write_to(Console(file=out, width=WIDTH, color_system=None))
    sys.stdout.write("".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines()))
    sys.stdout.flush()


def write(report: Report, console: Console) -> None:
    """Print the report on a rich console of at least 80 columns, since no number is to be cut short."""
    write_verdicts(report, console)
    if report.repair is not None:
        from .repair import write_repair

        write_repair(report.repair, console)


def write_verdicts(report: Report, console: Console) -> None:
    """The report without its repair, which may still be searched for."""
    console.print(Text(report.file, style="bold"))
    notes = list({(note.message, note.line, note.label): note for note in report.notes}.values())
    for note in notes[:NOTES]:
        place = place_of(note.label, note.line)
        label = "skipped" if place and not note.unaudited else "note"
        paragraph(console, f"{place}: {note.message}" if place else note.message, label, "dim")
    if len(notes) > NOTES:
        paragraph(console, f"{len(notes) - NOTES} more of this kind", "note", "dim")
    for function in report.functions:
        console.print()
        _function(function, _named(function, report), console)
    console.print()
    console.print(_summary(report))


def _named(function: Function, report: Report) -> str:
    """A function's name, and its kind where a function of that name is in the report twice."""
    twice = sum(other.name == function.name for other in report.functions) > 1
    return f"{function.name} {function.kind}" if twice else function.name


def _function(function: Function, name: str, console: Console) -> None:
    place = place_of(function.label, function.line)
    named = "" if function.name == function.contract else f" as {function.contract}"
    head = Text(f"{name}{named}{f', {place}' if place else ''}: ")
    head.append(function.verdict, style=f"bold {COLOURS.get(function.verdict, 'red')}")
    if function.cases:
        head.append(f", {function.cases} case{'s' if function.cases > 1 else ''}", style="dim")
    console.print(head)
    if function.failure is not None:
        _failure(function.failure, function, console)
    if not function.failing:
        for (verdict, told), names in _right(function.results).items():
            paragraph(console, f"{' '.join(names)}{told}", verdict, "green")
    elif function.verdict == UNDECIDED:
        pass
    elif function.failure is None or any(result.case and result.index for result in function.results):
        console.print(_table(function))
    groups = grouped(function.results)
    conditional = any(condition for _, condition, _ in groups)
    for (_, condition, failed), names in groups.items():
        together = [result for result in function.results if result.name in names]
        if together[0].case is None or (together[0].index is None and not conditional and function.failure):
            continue
        everyone = len(names) == len(function.results) and len(names) > 1
        who = f"all {len(names)}" if everyone else ", ".join(names)
        extent = f"in {failed} of {function.cases} cases" if failed else "at every size tried"
        if function.cases > 1:
            paragraph(console, f"{who}: {condition or extent}", "when")
        if function.failure is None or together[0].index is not None:
            paragraph(console, f"{together[0].case}", "case")
    for reason in dict.fromkeys(result.reason for result in function.failing if result.reason):
        paragraph(console, f"could not be decided: {reason}", "exactly", "dim")
    small = [r.name for r in function.results if r.rigorous and _number(r.actual) == _number(r.expected)]
    if small:
        told = "a small difference, but certain: exact arithmetic has no rounding"
        paragraph(console, f"{', '.join(small)}: {told}", "exactly")
    right = [result.name for result in function.results if result.verdict in (IDENTICAL, EQUAL)]
    if function.exact and right:
        who = f"{' '.join(right)} right " if function.failing else ""
        paragraph(console, f"{who}at {'; '.join(dict.fromkeys(function.exact))}", "exactly", "dim")
        if function.unreached:
            lines = ", ".join(map(str, function.unreached))
            plural = "s" if len(function.unreached) > 1 else ""
            paragraph(console, f"but line{plural} {lines} did not run there", "", "dim")
    for result in function.results:
        if isinstance(result.actual, str) and len(result.actual) > 12:
            paragraph(
                console,
                f"{result.name} is {result.actual}; expected an array of shape {_shape(result.expected)}",
                "shape",
            )
    for told, names in _places(function.results).items():
        paragraph(console, f"{', '.join(names)}: {told}", "where")
    for told in _related(function):
        paragraph(console, told, "what")
    for finding in function.findings:
        paragraph(console, finding.message, "note" if finding.kind in REMARKS else "also", "yellow")
    explained(function, console)
    if function.reproduce:
        console.print(Text.assemble((f"  {'repeat':<{LABELS + 2}}", "dim"), function.reproduce), soft_wrap=True)


def _related(function: Function) -> list[str]:
    """How wrong gradients are related to the truth, those together of which the same is to be said."""
    told: dict[str, list[str]] = {}
    for name, relations in function.relations.items():
        for relation in relations:
            told.setdefault(relation.message.replace(name, "\0", 1), []).append(name)
    return [
        (words.replace("\0 is ", "\0 are ", 1) if len(names) > 1 else words).replace("\0", ", ".join(names))
        for words, names in told.items()
    ]


def explained(function: Function, console: Console) -> None:
    """Where the catalogue explains what was found."""
    for certain, words in ((True, "explain"), (False, "perhaps")):
        names = [mistake.name for mistake in function.mistakes if mistake.certain == certain]
        if names:
            paragraph(console, "; ".join(f"gradproof explain {name}" for name in names), words, "cyan")


def _right(results: list[Result]) -> dict[tuple[str, str], list[str]]:
    """The names of right results that share a verdict and what there is to say of it."""
    groups: dict[tuple[str, str | None], list[Result]] = {}
    for result in results:
        groups.setdefault((result.verdict, result.reason), []).append(result)
    told: dict[tuple[str, str], list[str]] = {}
    for (verdict, reason), together in groups.items():
        digits = min(result.digits or 0 for result in together)
        words = ""
        if verdict == EQUAL:
            words = f", to {min(result.exact_digits or 0 for result in together)} digits"
        elif verdict == AGREES:
            words = f", to {digits} digits" + (f"; in floats only: {reason}" if reason else "")
        told[verdict, words] = [result.name for result in together]
    return told


def _table(function: Function) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(f"  {'gradient' if function.kind == 'backward' else 'output'}", no_wrap=True)
    table.add_column("verdict", no_wrap=True, min_width=11)
    table.add_column("worst at", no_wrap=True, min_width=12)
    table.add_column("actual", justify="right", no_wrap=True, min_width=12)
    table.add_column("expected", justify="right", no_wrap=True, min_width=12)
    table.add_column("rel. error", justify="right", no_wrap=True)
    for result in function.results:
        verdict = Text(result.verdict, style=COLOURS.get(result.verdict, "red"))
        table.add_row(f"  {result.name}", verdict, *_cells(result))
    return table


def _cells(result: Result) -> tuple[str, ...]:
    if result.verdict in (AGREES, EQUAL):
        return (f"to {result.exact_digits if result.verdict == EQUAL else result.digits} digits",)
    if result.verdict == IDENTICAL:
        return ("",)
    if result.index is None:
        return "", _short(_shape(result.actual)), _short(_shape(result.expected)), ""
    index = f"[{', '.join(map(str, result.index))}]"
    relative = _relative(result.actual, result.expected)
    if result.rigorous and result.failed == 0:  # too small for floats
        relative = f"{result.difference:.1e}" if result.difference else "<1e-308"
    return index, _number(result.actual), _number(result.expected), relative


def _short(text: str) -> str:
    return text if len(text) <= 12 else text[:11] + "…"


def _relative(actual: float, expected: float) -> str:
    return f"{abs(actual - expected) / abs(expected):.1e}" if expected else "inf"


def _number(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return next((text for text in (f"{value:.{digits}g}" for digits in (6, 5, 4)) if len(text) <= 12), f"{value:.3g}")


def _shape(value: Any) -> str:
    if isinstance(value, list):
        return f"({', '.join(map(str, value))}{',' if len(value) == 1 else ''})"
    return "" if value is None else str(value)


def _places(results: list[Result]) -> dict[str, list[str]]:
    """What is wrong along the axes, with the gradients for which it is so."""
    places: dict[str, list[str]] = {}
    for result in results:
        for told in result.where:
            places.setdefault(told, []).append(result.name)
    return places


def _failure(failure: Failure, function: Function, console: Console) -> None:
    place = place_of(failure.label, failure.line)
    where = f" in {place}" if place else ""
    if failure.label not in (None, function.label) and not place.startswith("cell"):
        where += f" of {PurePath(failure.label or '').name}"
    if failure.function not in (None, function.name):
        where += f" ({failure.function})"
    paragraph(console, f"{failure.type}{where}: {failure.message}", "error", "red")
    if failure.text:
        paragraph(console, failure.text, "code")
    if failure.case:
        paragraph(console, failure.case, "case")


def place_of(label: str | None, line: int | None) -> str:
    """ "line 7"; "cell 3, line 7" in a notebook."""
    cell = label.rpartition("[")[2].rstrip("]") if label and label.endswith("]") else ""
    return ", ".join(filter(None, [cell, f"line {line}" if line else ""]))


def _summary(report: Report) -> Text:
    failing = [function for function in report.functions if function.verdict != VERIFIED]
    total = len(report.functions)
    noun = "function" if total == 1 else "functions"
    unknown = sum(note.unaudited for note in report.notes)
    besides = f"; {unknown} of a known name not audited" if unknown else ""
    found = sum(finding.kind not in REMARKS for finding in report.findings)
    besides += f"; {found} finding{'s' if found > 1 else ''}, marked also" if found else ""
    if not failing:
        floats = [function for function in report.functions if function.rests_on_floats]
        told = f"{total} {noun} verified: {_basis(report, floats)}{besides}"
        return Text(told, style="bold green")
    names = ", ".join(f"{_named(function, report)} ({function.verdict})" for function in failing)
    return Text(f"{len(failing)} of {total} {noun} not verified: {names}{besides}", style="bold red")


def _basis(report: Report, floats: list[Function]) -> str:
    """What the verdicts rest on."""
    if not any(function.exact for function in report.functions):
        return "every gradient agrees with automatic differentiation, in floats"
    if not floats:
        return "every gradient is that of automatic differentiation, in exact arithmetic"
    names = ", ".join(_named(function, report) for function in floats)
    return f"{names} rest{'s' if len(floats) == 1 else ''} on floats"


def paragraph(console: Console, text: str, label: str, style: str = "") -> None:
    """Text beside a label, wrapped with a hanging indent."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    lines = textwrap.wrap(" ".join(printable.split()), width=min(console.width, 100) - LABELS - 5) or [""]
    for index, line in enumerate(lines):
        console.print(
            Text.assemble((f"  {label if index == 0 else '':<{LABELS + 1}} ", "dim"), (line, style)), soft_wrap=True
        )
