"""Which value belongs to which: gradients to inputs, upstream gradients to outputs, caches to what was returned."""

import re
from collections.abc import Iterable, Sequence

CACHE = re.compile(
    r"_?(?:cache[sd]?|ctx|context|saved?(?:_\w+)?|memory|memo|tape|store[d]?|residuals?|intermediates?|aux|stash|state|"
    r"activations|tmp|info|fwd|history|\w+_cache|cache_\w+)"
)
UPSTREAM = re.compile(r"d\w+|\w*grad\w*|g|gy|g_\w+|\w+_bar|bar_\w+|upstream\w*|delta\w*|dL\w*|\w*cotangent\w*|ct\w*|v")

WEIGHT = re.compile(r"W\w*|[wbU]\d*|b_?[a-z]|weights?|bias(?:es)?|gamma|beta")


def is_cache(name: str | None) -> bool:
    return name is not None and CACHE.fullmatch(name) is not None


def is_weight(name: str) -> bool:
    """Whether an input, or an entry of a dict, is called like what is learnt."""
    return WEIGHT.fullmatch(name.rpartition(".")[2]) is not None


def is_upstream(name: str) -> bool:
    return UPSTREAM.fullmatch(name) is not None


def gradient_names(name: str) -> list[str]:
    """What a gradient with respect to `name` is called."""
    before = ("d", "d_", "grad_", "g_", "gradient_", "dL_d", "dLd", "dJ_d", "dloss_d", "delta_", "bar_", "grad", "g")
    return [*(prefix + name for prefix in before), *(name + ending for ending in ("_grad", "_bar", "_gradient", "_g"))]


def match(found: Sequence[str | None], wanted: Sequence[str]) -> list[str | None]:
    """For every name of a gradient the primal that it belongs to: by name, then what is called like the primal itself,
    then by position where as many are left."""
    result: list[str | None] = [None] * len(found)
    last = {name.rpartition(".")[2]: name for name in reversed(wanted)}
    for rule in (gradient_names, lambda name: [name]):
        for loose in (False, True):
            for short, name in last.items():
                spelt = {_plain(one) if loose else one for one in rule(short)}
                for at, given in enumerate(found):
                    if given is None or result[at] is not None or name in result:
                        continue
                    if (_plain(given) if loose else given) in spelt:
                        result[at] = name
    left = [name for name in wanted if name not in result]
    unnamed = [at for at, name in enumerate(result) if name is None]
    if left and len(left) == len(unnamed):
        for at, name in zip(unnamed, left, strict=True):
            result[at] = name
    return result


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def cotangents(parameters: Iterable[str], outputs: Sequence[str]) -> dict[str, str]:
    """The output whose upstream gradient each of these parameters takes: by name, then in order."""
    parameters = list(parameters)
    matched = match(parameters, outputs)
    left = [output for output in outputs if output not in matched]
    found = {}
    for parameter, output in zip(parameters, matched, strict=True):
        if output is None and left:
            output = left.pop(0)
        if output is not None:
            found[parameter] = output
    return found
