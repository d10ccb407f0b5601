"""The catalogue of known mistakes, for people: what each looks like, why it is one, and how it is mended.

The data are in mistakes.toml.  `python -m gradproof.diagnose.mistakes > notes/mistakes.md` writes the note.
"""

import difflib
import re
import sys
import textwrap
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Protocol

from ..verdicts import Function, Result
from .what import Relation

Mark = Mapping[str, Any]
WIDTH, NOTE_WIDTH = 80, 120


@dataclass(frozen=True)
class Mistake:
    """One known shape of trouble; the fields are described in mistakes.toml."""

    name: str
    title: str
    looks: str
    why: str
    wrong: str
    right: str
    mend: str
    see: tuple[str, ...]
    example: str | None = None
    certain: tuple[Mark, ...] = ()
    fits: tuple[Mark, ...] = ()


class Edit(Protocol):
    """A change of the candidate's source, as the repair search makes them."""

    @property
    def kind(self) -> str: ...

    @property
    def before(self) -> str: ...

    @property
    def after(self) -> str: ...


def catalogue() -> dict[str, Mistake]:
    """Every entry by its name, in the order of the file."""
    return dict(_entries())


def explain(name: str) -> str:
    """An entry as plain text of 80 columns.  Raises ValueError, which names the nearest entries."""
    found = _entries().get(name)
    if found is None:
        near = difflib.get_close_matches(name, _entries(), cutoff=0.4) or list(_entries())
        raise ValueError(f"{name!r} is no mistake in the catalogue; did you mean {', '.join(near)}?")
    parts = [
        f"{found.name}: {found.title}",
        _filled(found.looks, WIDTH),
        _filled(found.why, WIDTH),
        textwrap.indent(f"# wrong\n{found.wrong}\n\n# right\n{found.right}", "    "),
        _filled(found.mend, WIDTH),
        "\n".join(_filled(f"notes/{place.replace('#', ': ')}", WIDTH) for place in found.see),
    ]
    if found.example:
        parts.append(f"gradproof audit examples/{found.example}")
    return "\n\n".join(parts) + "\n"


def link(place: str) -> str:
    """The link to a heading of a note: "rnn.md#the-carry" for "rnn.md#The carry"."""
    file, _, heading = place.partition("#")
    anchor = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
    return f"{file}#{anchor}"


def markdown() -> str:
    """The whole of notes/mistakes.md: an index, the questions that learners ask, and a section for each entry."""
    parts = [
        "# Mistakes",
        _filled(
            "What goes wrong in hand-written backward passes, as people publish it: what one sees, why, and how it is "
            "mended. Tags such as (R10) are the equations of the derivations; time is counted from 0 where code is "
            "quoted. `gradproof audit` names the entries that fit what it finds. This note is written from "
            "`gradproof/diagnose/mistakes.toml` by `python -m gradproof.diagnose.mistakes > notes/mistakes.md`.",
            NOTE_WIDTH,
        ),
        "\n".join(
            ["| name | the mistake |", "|---|---|"]
            + [f"| [{mistake.name}](#{mistake.name}) | {mistake.title} |" for mistake in _entries().values()]
        ),
        "## What learners ask",
        "\n".join(
            ["| question | answered in |", "|---|---|"]
            + [f"| {one['ask']} | {', '.join(map(_linked, one['see']))} |" for one in _data()["question"]]
        ),
        *map(_section, _entries().values()),
    ]
    return "\n\n".join(parts) + "\n"


def recognised(
    function: Function, relations: Mapping[str, list[Relation]], edits: Sequence[Edit]
) -> list[tuple[str, bool]]:
    """The entries that fit what an audit found, and whether it is certain; the certain ones first.

    relations: what `what.relations` says of the function's wrong gradients.  edits: those with which the function was
    confirmed to be right, none that were merely tried.  What is consistent with a mistake, and no more, is told only
    where no relation or edit says for certain what is wrong.
    """

    def fitting(marks: Sequence[Mark]) -> list[Mark]:
        return [mark for mark in marks if _holds(mark, function, relations, edits)]

    certain = {name: found for name, mistake in _entries().items() if (found := fitting(mistake.certain))}
    explained = any("relation" in mark or "edit" in mark for found in certain.values() for mark in found)
    others = [
        name for name, mistake in _entries().items() if not explained and name not in certain and fitting(mistake.fits)
    ]
    return [*((name, True) for name in certain), *((name, False) for name in others)]


def _holds(mark: Mark, function: Function, relations: Mapping[str, list[Relation]], edits: Sequence[Edit]) -> bool:
    """Whether all that a mark asks for is there; the keys are described in mistakes.toml."""
    failing = function.failing

    def whole(key: str, text: str, flags: int = 0) -> bool:
        return key not in mark or re.fullmatch(mark[key], text, flags) is not None

    def part(key: str, text: str) -> bool:
        return re.search(mark.get(key, ""), text) is not None

    def related() -> bool:
        """An alternative has to explain at least half: one gradient alone may come to it by another way."""
        count = sum(
            any(whole("relation", relation.name) and part("of", relation.of) for relation in told)
            for told in relations.values()
        )
        return count > 0 and (mark["relation"] != "alternative" or 2 * count >= len(failing))

    holds = [
        whole("contract", function.contract, re.IGNORECASE) and whole("kind", function.kind),
        "finding" not in mark
        or any(whole("finding", finding.kind) and part("told", finding.message) for finding in function.findings),
        not any("without" in mark and part("without", finding.message) for finding in function.findings),
        "relation" not in mark or related(),
        "edit" not in mark
        or any(
            whole("edit", edit.kind)
            and part("before", edit.before)
            and part("after", edit.after)
            and part("added", _added(edit))
            for edit in edits
        ),
        "error" not in mark or (function.failure is not None and whole("error", function.failure.type)),
        "verdict" not in mark or any(whole("verdict", result.verdict) for result in failing),
        not {"condition", "only"}.intersection(mark) or bool(failing),
        all(whole("condition", _condition(result)) and whole("only", result.name) for result in failing),
        "once" not in mark or any(whole("once", _condition(result)) for result in failing),
        "fails" not in mark or any(whole("fails", result.name) for result in failing),
        "every" not in mark or len(failing) == len(function.results),
        "agrees" not in mark or any(whole("agrees", result.name) for result in function.results if result.right),
        "last" not in mark or _last(failing) == mark["last"],
    ]
    return all(holds)


def _condition(result: Result) -> str:
    return result.condition or ("always" if result.everywhere else "")


def _last(failing: Sequence[Result]) -> str | None:
    """Whether the last time step is right where earlier ones are wrong."""
    ends = {result.by_time[-1] for result in failing if result.by_time}
    return {"agrees": "right", "wrong": "wrong"}[ends.pop()] if len(ends) == 1 else None


def _added(edit: Edit) -> str:
    """What an edit adds to the text that it leaves as it is."""
    before, found, after = edit.after.partition(edit.before)
    return f"{before}{after}".strip() if found else ""


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("mistakes.toml").read_text(encoding="utf-8"))


@cache
def _entries() -> dict[str, Mistake]:
    found = {}
    for name, table in _data().items():
        if name != "question":
            texts = {field: table[field].strip("\n") for field in ("title", "looks", "why", "wrong", "right", "mend")}
            certain, fits = (tuple(table.get(field, ())) for field in ("certain", "fits"))
            see, example = tuple(table["see"]), table.get("example")
            found[name] = Mistake(name, **texts, see=see, example=example, certain=certain, fits=fits)
    return found


def _filled(text: str, width: int) -> str:
    """Wrapped, but not inside backticks, where a line may come to begin with a minus, which is a list."""
    kept = re.sub(r"`[^`]*`", lambda code: code[0].replace(" ", "\0"), " ".join(text.split()))
    return textwrap.fill(kept, width, break_long_words=False, break_on_hyphens=False).replace("\0", " ")


def _section(mistake: Mistake) -> str:
    places = f"See {', '.join(map(_linked, mistake.see))}."
    if mistake.example:
        places += f" An example: [{mistake.example}](../examples/{mistake.example})."
    parts = [
        f"## {mistake.name}",
        _filled(f"**{mistake.title}.** {mistake.looks}", NOTE_WIDTH),
        _filled(mistake.why, NOTE_WIDTH),
        f"```python\n# wrong\n{mistake.wrong}\n\n# right\n{mistake.right}\n```",
        _filled(mistake.mend, NOTE_WIDTH),
        _filled(places, NOTE_WIDTH),
    ]
    return "\n\n".join(parts)


def _linked(place: str) -> str:
    file, _, heading = place.partition("#")
    words = f"{file.removesuffix('.md')}: {heading}" if file else heading
    words = words.replace("[", r"\[").replace("]", r"\]")
    return f"[{words}]({link(place)})"


if __name__ == "__main__":
    sys.stdout.write(markdown())
