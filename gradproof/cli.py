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
    case: str | None,
) -> None:
    """Audit the hand-written forward and backward functions of a .py file or a notebook.

    Every gradient is compared with automatic differentiation of an independent forward, on sizes from 1 up, and then in
    exact arithmetic, without a tolerance. Each gets a verdict of its own; a wrong one is shrunk to the smallest case
    that shows it.

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

    with _Progress() as progress:
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
                progress=progress.step,
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
        _write(report, form, output)
    except OSError as error:
        click.echo(f"gradproof: {output or 'standard output'}: {error.strerror}", err=True)
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


def _write(report: Any, form: str, output: Path | None) -> None:
    if form == "json":
        from .report.json import render as render_json

        text = render_json(report)
    elif output is not None or not sys.stdout.isatty():
        from .report.text import render

        text = render(report)
    else:
        from rich.console import Console

        from .report.text import WIDTH, write

        console = Console(highlight=False)
        console.width = max(console.width, WIDTH)
        write(report, console)
        return
    if output is not None:
        output.write_text(text, encoding="utf-8", errors="backslashreplace")
    else:
        click.echo(text, nl=False)


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
