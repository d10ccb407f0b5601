"""When a gradient is wrong: the smallest case that still fails, and the condition that this tells."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from ..cases import BASE, Case

Fails = Callable[[Case], bool]


class OutOfTime(Exception):
    """What `fails` raises when shrinking has taken as long as it may."""


def smallest(fails: Fails, case: Case) -> Case:
    """Shrink a failing case, one number at a time, until nothing can be left out without the failure going away."""
    with contextlib.suppress(OutOfTime):
        while (smaller := next((simpler for simpler in _simpler(case) if fails(simpler)), None)) is not None:
            case = smaller
    return case


def _simpler(case: Case) -> Iterator[Case]:
    for size in sorted({size for size in case.sizes.values() if size > 1}):
        # all at once first: most mistakes survive at the smallest sizes
        yield case.with_sizes(**{name: min(old, size - 1) for name, old in case.sizes.items()})
    for name, size in case.sizes.items():
        yield from (case.with_sizes(**{name: smaller}) for smaller in range(1, size))
    if case.saturated:
        yield replace(case, saturated=False)
    if case.cotangents != 1:
        yield replace(case, cotangents=1.0)
    if case.scale != 1:
        yield replace(case, scale=1.0)
    if case.seed != 0:
        yield replace(case, seed=0)


def condition(
    fails: Fails,
    vacuous: Fails,
    case: Case,
    cotangents: tuple[str, ...],
    tried: Mapping[Case, bool],
    base: Mapping[str, int] = BASE,
    biases: tuple[str, ...] = (),
) -> str | None:
    """What the smallest failing case tells: "only from T=2 on", "only when m=1"; None when it tells nothing certain.

    fails: whether anything is wrong at a case.  vacuous: whether nothing could be, since all that is expected is zero.
    cotangents: the arguments that are set to zero one by one.  tried: every case that was tried before, and whether it
    fails.  base: the sizes of the first designed case.  biases: what is set to zero together.  A part is told only if
    it was seen at the smallest case, where without it nothing is wrong, and if it holds in every case that fails.
    """
    parts = [
        text
        for text, holds in _parts(fails, vacuous, case, cotangents, tried, base, biases)
        if all(holds(other) for other, failing in tried.items() if failing)
    ]
    return "only " + " and ".join(parts).replace(" and when ", " and ") if parts else None


Part = tuple[str, Callable[[Case], bool]]


def _parts(
    fails: Fails,
    vacuous: Fails,
    case: Case,
    cotangents: tuple[str, ...],
    tried: Mapping[Case, bool],
    base: Mapping[str, int],
    biases: tuple[str, ...],
) -> Iterator[Part]:
    unequal = _unequal(fails, case)
    if unequal:
        a, b = sorted(unequal, key=list(case.sizes).index)
        yield f"when {a}≠{b}", lambda other: other.sizes[a] != other.sizes[b]
        return
    alone = True
    large = case.with_sizes(**{name: base[name] for name in case.sizes})
    if not fails(large):
        ones = [name for name in case.sizes if fails(large.with_sizes(**{name: 1}))]
        if ones:
            alone = False
            text = f"when {' or '.join(f'{name}=1' for name in ones)}"
            yield text, lambda other: any(other.sizes[name] == 1 for name in ones)
    for name, size in case.sizes.items():
        smaller = [case.with_sizes(**{name: less}) for less in range(1, size)]
        if size > 1 and not any(map(fails, smaller)):
            if not all(map(vacuous, smaller)):
                yield _at_least(name, size, {other: f for other, f in tried.items() if f or not vacuous(other)})
        elif size == 1 and alone and not any(fails(case.with_sizes(**{name: larger})) for larger in (2, 3)):
            yield _one(name)
    if case.saturated and not fails(replace(case, saturated=False)):
        yield "when gates saturate", lambda other: other.saturated
    if case.scale != 1 and not fails(replace(case, scale=1.0)):
        yield (
            f"with {'large' if case.scale > 1 else 'small'} inputs",
            lambda other: (other.scale - 1) * (case.scale - 1) > 0,
        )
    if case.cotangents != 1 and not fails(replace(case, cotangents=1.0)):
        word = "large" if case.cotangents > 1 else "tiny"
        yield f"with {word} cotangents", lambda other: (other.cotangents - 1) * (case.cotangents - 1) > 0
    needed = [name for name in cotangents if not any(fails(replace(other, zeroed=(name,))) for other in (case, large))]
    if len(cotangents) > 1 and len(needed) == 1:
        yield f"when {needed[0]}≠0", lambda other: needed[0] not in other.zeroed
    if biases and not any(fails(replace(other, zeroed=biases)) for other in (case, large)):
        yield "when biases are not zero", lambda other: not set(biases) <= set(other.zeroed)
    if cotangents and case.sizes.get("T", 1) > 1 and not any(fails(replace(o, last=True)) for o in (case, large)):
        yield f"when {' or '.join(cotangents)} is not zero before the last step", lambda other: not other.last


def _one(name: str) -> Part:
    return f"when {name}=1", lambda other: other.sizes[name] == 1


def _at_least(name: str, size: int, tried: Mapping[Case, bool]) -> Part:
    plain = {other: failing for other, failing in tried.items() if not other.saturated and other.scale == 1}
    always = all(failing for other, failing in plain.items() if other.sizes[name] >= size)
    text = f"from {name}={size} on" if name == "T" and always else f"when {name}>{size - 1}"
    return text, lambda other: other.sizes[name] >= size


def _unequal(fails: Fails, case: Case) -> tuple[str, str] | None:
    """Two dimensions, for a failure that needs them to differ and not one of them to be large."""
    large = [name for name, size in case.sizes.items() if size > 1]
    if len(large) != 1:
        return None
    name, size = large[0], case.sizes[large[0]]
    for other in case.sizes:
        if (
            other != name
            and other != "T"
            and fails(case.with_sizes(**{name: 1, other: size}))
            and not fails(case.with_sizes(**{other: size}))
        ):
            return name, other
    return None
