"""When a gradient is wrong: the smallest case that still fails, and the condition that this tells."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from ..cases import BASE, Case

Fails = Callable[[Case], bool]


def smallest(fails: Fails, case: Case) -> Case:
    """Shrink a failing case, one number at a time, until nothing can be made smaller without the failure going away."""
    while True:
        for simpler in _simpler(case):
            if fails(simpler):
                case = simpler
                break
        else:
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


def condition(fails: Fails, case: Case, cotangents: tuple[str, ...] = ()) -> str | None:
    """What the smallest failing case tells: "only from T=2 on", "only when m=1"; None when it fails at size 1 as well.

    fails: whether anything is wrong at a case.  Each part was seen: all smaller sizes agree, and where it says "=" so
    do larger ones.  cotangents: the arguments that are set to zero one by one.
    """
    unequal = _unequal(fails, case)
    if unequal:
        return unequal
    parts = []
    large = case.with_sizes(**{name: BASE[name] for name in case.sizes})
    if not fails(large):
        ones = [name for name in case.sizes if fails(large.with_sizes(**{name: 1}))]
        parts += [f"when {' or '.join(f'{name}=1' for name in ones)}"] if ones else []
    alone = not parts
    for name, size in case.sizes.items():
        if size > 1:
            if not any(fails(case.with_sizes(**{name: smaller})) for smaller in range(1, size)):
                parts.append(f"from {name}={size} on" if name == "T" else f"when {name}>{size - 1}")
        elif alone and not any(fails(case.with_sizes(**{name: larger})) for larger in (2, 3)):
            parts.append(f"when {name}=1")
    if case.saturated and not fails(replace(case, saturated=False)):
        parts.append("when gates saturate")
    if case.scale != 1 and not fails(replace(case, scale=1.0)):
        parts.append(f"with inputs scaled by {case.scale:g}")
    if case.cotangents != 1 and not fails(replace(case, cotangents=1.0)):
        parts.append(f"with cotangents scaled by {case.cotangents:g}")
    if len(cotangents) > 1:
        needed = [name for name in cotangents if not fails(replace(case, zeroed=(name,)))]
        parts += [f"when {name}≠0" for name in needed[:1] if len(needed) == 1]
    return "only " + " and ".join(parts) if parts else None


def _unequal(fails: Fails, case: Case) -> str | None:
    """ "only when n_x≠n_a", for a failure that needs two sizes to differ and not one of them to be large."""
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
            return f"only when {other}≠{name}"
    return None
