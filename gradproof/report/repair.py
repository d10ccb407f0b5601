"""The repair for people: what each edit mends, the diff, and what the proof says."""

from rich.console import Console
from rich.text import Text

from ..verdicts import AGREES, Repair
from .text import paragraph, place_of

COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def write_repair(repair: Repair, console: Console) -> None:
    """Print a repair below a report."""
    console.print()
    console.print(Text("repair", style="bold"))
    for change in repair.changes:
        tag = f" (equation {change.equation})" if change.equation else ""
        paragraph(console, f"{change.message}{tag}", place_of(change.label, change.line) or change.function, "yellow")
    if repair.diff:
        console.print()
        for line in repair.diff.splitlines():
            console.print(Text(f"  {line}".rstrip(), style=COLOURS.get(line[:1], "")), soft_wrap=True)
        console.print()
    if repair.mended:
        some = "this change" if len(repair.changes) == 1 else f"these {len(repair.changes)} changes"
        right = "agrees, in floats only" if repair.verdict == AGREES else f"is {repair.verdict}"
        paragraph(console, f"with {some} every gradient of {', '.join(repair.mended)} {right}", "proof", "green")
    if repair.mistakes:
        names = [mistake.name for mistake in repair.mistakes]
        paragraph(console, "; ".join(f"gradproof explain {name}" for name in names), "explain", "cyan")
    if repair.others:
        one = repair.others == 1
        paragraph(console, f"{repair.others} other repair{' is' if one else 's are'} as likely", "note", "dim")
    for name, reason in repair.unmended.items():
        lines = repair.suspects.get(name, [])
        told = f"; another value in line {' or '.join(map(str, lines))} would mend it" if lines else ""
        paragraph(console, f"of {name} none: {reason}{told}", "no repair", "yellow")
