"""The command line: a thin door, which imports nothing heavy before it knows that there is something to audit."""

import io
import os
import sys
import textwrap
import time
import traceback
from pathlib import Path
from typing import Any

import click

from . import __version__
from .errors import AuditError

AGREED, WRONG, USAGE, CRASH, INTERRUPTED = 0, 1, 2, 3, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, package_name="gradproof")
def main() -> None:
    """Is this hand-written gradient right, and if not, which one is wrong, where and when?"""


@main.command(short_help="Audit the functions of a .py file or a notebook.")
@click.argument("target", metavar="FILE[::FUNCTION]")
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", help="What the report is written as."
)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to this file.")
@click.option(
    "--convention", default="auto", show_default=True, help="A family, or one of its contracts: coursera.lstm_backward."
)
@click.option(
    "--examples", type=click.IntRange(0), default=30, show_default=True, help="Cases drawn after the designed ones."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Where the drawn cases start from.")
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), default=60.0, show_default=True, help="Seconds for one call."
)
@click.option(
    "--arithmetic",
    type=click.Choice(["float64", "arb", "field", "all"]),
    default="all",
    show_default=True,
    help="What decides besides floats: a finite field (identical or not), balls (equal to N digits or different).",
)
@click.option(
    "--digits",
    type=click.IntRange(1, 500),
    default=30,
    show_default=True,
    help="To how many decimals balls must agree to be called equal.",
)
@click.option("--forward", metavar="NAME", help="Audit a pair of your own: the forward is the truth.")
@click.option("--backward", metavar="NAME", help="Its backward; left out where the forward returns the gradients.")
@click.option(
    "--shapes", multiple=True, help='Where no docstring tells: "x=N,D y=N<C s=" is an array, labels below C, a scalar.'
)
@click.option("--value", multiple=True, help='A constant that it takes: "stride=2"; may be repeated.')
@click.option("--no-repair", is_flag=True, help="Do not search for an edit that mends what is wrong.")
@click.option(
    "--repair-budget",
    type=click.FloatRange(0, min_open=True),
    default=20.0,
    show_default=True,
    help="Seconds for that search.",
)
@click.option("--fix", type=click.Path(dir_okay=False, path_type=Path), help="Write the repaired file here.")
@click.option(
    "--hint", type=click.IntRange(1, 3), default=3, show_default=True, help="Say less: 1 what, 2 where and when, 3 all."
)
@click.option("--case", help='Try this one case only, as a report prints it: "n_a=1 T=2 seed=0".')
def audit(
    target: str,
    form: str,
    output: Path | None,
    convention: str,
    examples: int,
    seed: int,
    timeout: float,
    arithmetic: str,
    digits: int,
    forward: str | None,
    backward: str | None,
    shapes: tuple[str, ...],
    value: tuple[str, ...],
    no_repair: bool,
    repair_budget: float,
    fix: Path | None,
    hint: int,
    case: str | None,
) -> None:
    """Audit the hand-written forward and backward functions of a .py file or a notebook.

    Every gradient is compared with automatic differentiation of an independent forward, on sizes from 1 up, and then in
    exact arithmetic, without a tolerance. Each gets a verdict of its own; a wrong one is shrunk to the smallest case
    that shows it, and an edit of the file is searched for after which every gradient is right.

    \b
    gradproof audit lstm.py
    gradproof audit lstm.py::lstm_backward --case "n_a=1 T=2 seed=0"
    gradproof audit attention.py --forward attention --backward attention_backward

    A case names sizes (n_x n_a n_y m T, or N T D H V M) and a seed; what is unusual is added: scale=3 for the inputs,
    cotangents=50, saturated for the gates, dc=0 for a cotangent that is zero.

    Exit code: 0 all agree, 1 a function is not verified, 2 nothing could be audited, 3 a defect of gradproof, 130
    interrupted.
    """
    if sys.stdout is None and output is None:
        sys.exit(USAGE)  # closed: nobody would read the report
    os.environ.setdefault("JAX_PLATFORMS", "cpu")  # a few small matrices: no accelerator need wake up
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ≠ gets a report all the same
    from .auditing import audit as run
    from .own.signature import from_words
    from .report.hint import hinted

    if fix is not None:
        _check_fix(target, fix, searched=not no_repair and hint == 3)
    early = form == "text" and output is None  # verdicts are printed before the search

    with _Progress() as progress:

        def judged(report: Any) -> None:
            progress.stop()
            if early:
                try:
                    _print(hinted(report, hint))
                except OSError as error:
                    click.echo(f"gradproof: standard output: {error.strerror}", err=True)
                    sys.exit(USAGE)

        try:
            report = run(
                target,
                convention=convention,
                examples=examples,
                seed=seed,
                timeout=timeout,
                case=case,
                arithmetic=arithmetic,
                digits=digits,
                forward=forward,
                backward=backward,
                signature=from_words(shapes, value) if shapes or value else None,
                repair_budget=0.0 if no_repair or hint < 3 else repair_budget,
                progress=progress.step,
                judged=judged,
            )
        except AuditError as error:
            progress.stop()
            click.echo(f"gradproof: {error}", err=True)
            sys.exit(USAGE)
        except KeyboardInterrupt:
            progress.stop()
            click.echo("gradproof: interrupted", err=True)
            sys.exit(INTERRUPTED)
        except Exception:
            progress.stop()
            traceback.print_exc()
            click.echo("gradproof: this is a defect of gradproof, not of the audited file; please report it", err=True)
            sys.exit(CRASH)
    try:
        if early:
            _print_repair(report)
        else:
            _write(hinted(report, hint), form, output)
        if fix is not None:
            _fix(report, fix)
    except OSError as error:
        click.echo(f"gradproof: {output or 'standard output'}: {error.strerror}", err=True)
        sys.exit(USAGE)
    except AuditError as error:
        click.echo(f"gradproof: {error}", err=True)
        sys.exit(USAGE)
    sys.exit(AGREED if report else WRONG)


@main.command(short_help="List the functions that are recognised.")
def conventions() -> None:
    """List the functions that are recognised, by name and arguments."""
    from .contracts import CONVENTIONS, returns, signature

    for name, contracts in CONVENTIONS.items():
        click.echo(name)
        # the spellings of one function are one entry
        first = {(type(contract), signature(contract)): contract for contract in reversed(contracts)}
        for contract in reversed(first.values()):
            click.echo(f"  {signature(contract)}")
            told = f"{contract.description}; returns {returns(contract)}"
            click.echo(textwrap.fill(told, 79, initial_indent=6 * " ", subsequent_indent=6 * " "))


@main.command(short_help="Explain a mistake, in words for learners.")
@click.argument("name", required=False)
def explain(name: str | None) -> None:
    """Explain a known mistake: what it looks like, why it is one, and what mends it; without NAME list them all."""
    from .diagnose.mistakes import catalogue
    from .diagnose.mistakes import explain as explained

    if name is None:
        for mistake in catalogue().values():
            click.echo(f"{mistake.name:28}{mistake.title}")
        return
    try:
        click.echo(explained(name), nl=False)
    except ValueError as error:
        click.echo(f"gradproof: {error}", err=True)
        sys.exit(USAGE)


def _write(report: Any, form: str, output: Path | None) -> None:
    if form == "json":
        from .report.json import render as render_json

        text = render_json(report)
    else:
        from .report.text import render

        text = render(report)
    if output is not None:
        output.write_text(text, encoding="utf-8", errors="backslashreplace")
    else:
        click.echo(text, nl=False)


def _print(report: Any) -> None:
    """The report without its repair on standard output, in colour on a terminal."""
    from .report.text import on_console, write_verdicts

    on_console(lambda console: write_verdicts(report, console))


def _print_repair(report: Any) -> None:
    """What was searched for after the report was printed."""
    if report.repair is not None:
        from .report.repair import write_repair
        from .report.text import on_console

        on_console(lambda console: write_repair(report.repair, console))


def _check_fix(target: str, fix: Path, searched: bool) -> None:
    """End with a usage error before anything is audited, where the repaired file could not be written."""
    from .repair.writing import check_target

    if not searched:
        click.echo("gradproof: --fix needs the repair, which --no-repair and --hint leave out", err=True)
        sys.exit(USAGE)
    try:
        check_target(Path(target.partition("::")[0]), fix)
    except AuditError as error:
        click.echo(f"gradproof: {error}", err=True)
        sys.exit(USAGE)


def _fix(report: Any, path: Path) -> None:
    """Write the repaired file."""
    if report.repair is None or not report.repair.mended:
        click.echo(f"gradproof: {path} is not written: there is no repair", err=True)
        return
    from .repair.writing import write_repaired

    write_repaired(report.source, report.repaired, path)
    click.echo(f"gradproof: the repaired file is {path}", err=True)


class _Progress:
    """A bar on standard error, once an audit has taken a second; nothing where that is no terminal."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.bar: Any = None

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def step(self, name: str, done: int, total: int) -> None:
        if self.bar is None:
            if done == total or time.monotonic() - self.started < 1:
                return
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            console = Console(stderr=True)
            self.bar = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
            self.task = self.bar.add_task(name, total=total)
            self.bar.start()
        self.bar.update(self.task, description=name, completed=done, total=total)

    def stop(self) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None
