"""What exact arithmetic finds and what it calls right: correct functions, mutants, tiny terms, and equal spellings.

    python benchmarks/exactness.py [--seeds N] [--every N]

Every pair of numbers is put before the two arithmetics just as an audit does it, with lifted code in a process of its
own.  Exit code: 0 every claim below holds; 1 one does not, and what breaks it is printed.
"""

import argparse
import sys
import tempfile
import textwrap
import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import spellings
from detection import mutants as changed
from rich.console import Console
from rich.progress import Progress

from gradproof import exactly
from gradproof.candidate import Candidate
from gradproof.cases import drawn, grid
from gradproof.contracts import CONVENTIONS, Backward, Forward
from gradproof.experiment import Experiment, Lab, Target, status_of
from gradproof.verdicts import EQUAL, IDENTICAL, UNDECIDED, WRONG

NETS = ("rnn", "lstm", "gru")
FUNCTIONS = [f"{net}{part}_{way}" for net in NETS for part in ("_cell", "") for way in ("forward", "backward")]
SCALES = ("1e-15", "1e-18", "1e-22", "1e-26", "1e-30", "1e-34", "1e-38")
ENGINES = ("field", "arb")
# One of gradients that a term of another is added to, of the same shape.
NEIGHBOURS = {"dxt": "xt", "da_prev": "a_prev", "dc_prev": "c_prev"}
AFTER = """
def gru_cell_forward_after(xt, a_prev, parameters):
    return gru_cell_forward(xt, a_prev, {**parameters, "bha": np.zeros_like(parameters["bh"])}, reset_after=True)
"""


class OtherResidues(Experiment):
    """The same numbers whatever the seed of a case, which then is that of the field's residues alone."""

    def arrays(self, case):
        return super().arrays(replace(case, seed=0))


class Table:
    """What is printed, and the claims that do not hold."""

    def __init__(self):
        self.broken = []

    def title(self, text):
        print(f"\n{text}\n{'-' * 80}")

    def row(self, *cells, widths):
        print(
            "".join(
                f"{cell!s:<{w}}" if i == 0 else f"{cell!s:>{w}}"
                for i, (cell, w) in enumerate(zip(cells, widths, strict=True))
            )
        )

    def claim(self, holds, told):
        if not holds:
            self.broken.append(told)
            print(textwrap.fill(f"! {told}", 80, subsequent_indent="    "))


@dataclass
class Found:
    """What is said of one mutant.  fails: why it is no mutant.  float64, rule: whether floats see it."""

    mutant: changed.Mutant
    fails: str | None = None
    field: str = ""
    arb: str = ""
    told: str = ""
    float64: bool = False
    rule: bool = False


def contract_of(name):
    return next(c for c in CONVENTIONS["coursera"] if c.name == name and c.spelling in ("", "zh"))


def experiment_of(lab, name, of=None, kind=Experiment, after=False):
    """The experiment on a function of this name as the published one, of which it may be a mutant."""
    contract = contract_of(of or name)
    forward = contract.forward if isinstance(contract, Backward) else contract
    if after:
        contract = replace(contract, forward=replace(forward, options={**forward.options, "reset_after": True}))
    if isinstance(contract, Forward) or contract.forward.reference is not None:
        return kind(lab, Target(name, contract, contract.optional))
    made = Target(forward.name + ("_after" if after else ""), contract.forward, ())
    return kind(lab, Target(name, contract, contract.optional), made)


def case_of(experiment):
    return exactly.cases(experiment)[0]


@contextmanager
def loaded(net, source=""):
    """A process with the functions of manual/, and others."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "candidate.py"
        header = f"import numpy as np\nfrom manual.{net} import *\n{AFTER if net == 'gru' else ''}\n"
        path.write_text(header + source, encoding="utf-8")
        with Candidate(path) as candidate:
            candidate.load()
            assert not candidate.problems, candidate.problems
            yield Lab(candidate, lambda: None)


def correct(table, seeds, step):
    """1. The functions of manual/: no decision is another than identical, or equal to many digits."""
    table.title(f"1. Correct functions of manual/, {seeds} seeds: decisions, and the fewest digits")
    widths = (22, 9, 17, 16, 9, 7)
    table.row("function", "results", "other residues", "other numbers", "balls", "digits", widths=widths)
    total, right = 0, 0
    for net in NETS:
        with loaded(net) as lab:
            for name in (one for one in FUNCTIONS if one.startswith(net)):
                kinds = ((OtherResidues, "field"), (Experiment, "field"), (Experiment, "arb"))
                counts, digits = [], []
                for kind, engine in kinds:
                    experiment, said = experiment_of(replace(lab, truths={}), name, kind=kind), []
                    for seed in range(seeds):
                        decisions = exactly.decide(
                            experiment, replace(case_of(experiment), seed=seed), engine
                        ).decisions
                        said += decisions.values()
                        for result, found in decisions.items():
                            table.claim(
                                found.verdict == (IDENTICAL if engine == "field" else EQUAL),
                                f"{name}: {result} is {found.verdict} ({engine}, seed {seed}): {found.reason}",
                            )
                        step()
                    good = [one for one in said if one.verdict in (IDENTICAL, EQUAL)]
                    total, right = total + len(said), right + len(good)
                    digits += [one.digits for one in good if one.digits is not None]
                    counts.append(f"{len(good)}/{len(said)}")
                table.row(name, len(said) // seeds, *counts, min(digits), widths=widths)
    return f"{right} of {total} decisions on correct functions are identical or equal"


def extra_terms():
    """lstm_cell_backward with a term more in one of its gradients: {name: (gradient, scale)}, and their source."""
    contract, found, source = contract_of("lstm_cell_backward"), {}, []
    for gradient in contract.gradients:
        other = NEIGHBOURS.get(gradient, f"parameters['{gradient[1:]}']")
        for scale in SCALES:
            name = f"extra_{len(found)}"
            found[name] = gradient, scale
            source.append(
                f"def {name}(da_next, dc_next, cache):\n"
                "    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache\n"
                "    gradients = lstm_cell_backward(da_next, dc_next, cache)\n"
                f"    gradients['{gradient}'] = gradients['{gradient}'] + {scale} * {other}\n"
                "    return gradients\n"
            )
    return found, "\n".join(source)


def tiny(table, step):
    """3. A term of another array: found however small it is."""
    found, source = extra_terms()
    table.title("3. A term more in one gradient of lstm_cell_backward, by its scale: in how many")
    widths = (14, 12, 12, 12, 16, 14)
    table.row("scale", "gradients", "field", "arb", "rtol 1e-7", "audit's rule", widths=widths)
    counts = Counter()
    with loaded("lstm", source) as lab:
        for name, (gradient, scale) in found.items():
            experiment = experiment_of(lab, name, "lstm_cell_backward")
            case = case_of(experiment)
            counts[scale, "of"] += 1
            for engine in ENGINES:
                decisions = exactly.decide(experiment, case, engine).decisions
                wrong = {result for result, decision in decisions.items() if decision.verdict == WRONG}
                counts[scale, engine] += wrong == {gradient}
                table.claim(wrong == {gradient}, f"{scale} in {gradient}: {engine} finds {wrong or 'nothing'}")
            relative, rule = by_floats(experiment, case)
            counts[scale, "relative"] += relative
            counts[scale, "rule"] += rule
            step()
    for scale in SCALES:
        table.row(*(scale, *(counts[scale, of] for of in ("of", *ENGINES, "relative", "rule"))), widths=widths)
    totals = [sum(counts[scale, of] for scale in SCALES) for of in ("of", *ENGINES, "rule")]
    return "of {} extra terms, the field finds {}, balls {}, floats {}".format(*totals)


def by_floats(experiment, case):
    """Whether float64 sees that a result is wrong, at rtol 1e-7, and by the audit's rule on all of its cases."""
    returned, (expected, _, _) = experiment.ask(case)["results"], experiment.truth(case)
    relative = not all(np.allclose(returned[name], array, rtol=1e-7, atol=0) for name, array in expected.items())
    contract = experiment.target.contract
    cases = [case, *grid(contract), *drawn(contract, 0, 30)]
    return relative, any(not experiment.run(one).agrees for one in cases)


def fails(experiment, case):
    """Why a mutant is none that counts: it raises, or a result has another shape."""
    answer = experiment.ask(case)
    if "error" in answer:
        return "raises"
    expected, S, G = experiment.truth(case)
    returned = answer["results"]
    if any(
        name not in returned or status_of(returned[name], array, S, G).comparison is None
        for name, array in expected.items()
    ):
        return "shape"
    return None


def judged(lab, mutant, after):
    experiment = experiment_of(lab, mutant.name, mutant.of, after=after)
    case, found = case_of(experiment), Found(mutant)
    found.fails = fails(experiment, case)
    if found.fails is None and mutant.equivalent:
        found.fails = "equivalent"
    if found.fails is not None:
        return found
    for engine in ENGINES:
        decisions = exactly.decide(experiment, case, engine).decisions.values()
        verdicts = [decision.verdict for decision in decisions]
        worst = WRONG if WRONG in verdicts else UNDECIDED if UNDECIDED in verdicts else "right"
        setattr(found, engine, worst)
        if worst != WRONG:
            found.told += f"; {engine}: {worst} {next((d.reason for d in decisions if d.reason), '')}"
    found.float64, found.rule = by_floats(experiment, case)
    return found


def mistakes(every):
    """The mutants of each net, with whether they are of the GRU whose reset comes after the product."""
    made = {net: [] for net in NETS}
    for name in (one for one in FUNCTIONS if one.endswith("backward")):
        net = name.partition("_")[0]
        made[net] += [(mutant, False) for mutant in changed.mutants(net, name)]
        if name == "gru_cell_backward":
            made[net] += [(mutant, True) for mutant in changed.mutants(net, name, branch=True)]
    return {net: list_of[::every] for net, list_of in made.items()}


def mutated(table, made, step):
    """2. Mutants: each is wrong."""
    table.title("2. Mutants of the backward functions of manual/: found, and what floats miss")
    found = []
    for net, list_of in made.items():
        with loaded(net, "\n\n".join(mutant.source for mutant, _ in list_of)) as lab:
            for mutant, after in list_of:
                found.append(judged(lab, mutant, after))
                step()
    live = [one for one in found if one.fails is None]
    widths = (28, 8, 8, 8, 14, 14)
    table.row("", "", "wrong", "wrong", "missed at", "missed by the", widths=widths)
    table.row("operator", "mutants", "(field)", "(arb)", "rtol 1e-7", "audit's rule", widths=widths)
    for operator in [*changed.OPERATORS, "all"]:
        of = [one for one in live if operator in (one.mutant.operator, "all")]
        if of:
            counts = [sum(getattr(one, engine) == WRONG for one in of) for engine in ENGINES]
            missed = sum(not one.float64 for one in of), sum(not one.rule for one in of)
            table.row(operator, len(of), *counts, *missed, widths=widths)
    fate = Counter(one.fails for one in found if one.fails)
    print(
        f"not counted: {fate['raises']} that raise, {fate['shape']} of another shape, {fate['equivalent']} equivalent:"
    )
    for reason, count in Counter(one.mutant.equivalent for one in found if one.fails == "equivalent").items():
        print(f"    {count} where {reason}")
    for one in live:
        table.claim(not one.told, f"{one.mutant.of}: {one.mutant.line}{one.told}")
    caught = sum(not one.told for one in live)
    missed = sum(not one.rule for one in live)
    table.claim(len(live) >= 120, f"{len(live)} live mutants; expected at least 120")
    return f"of {len(live)} mutants, both arithmetics find {caught}, floats {len(live) - missed}"


def spelt(table, step):
    """4. Equal spellings, none of which is wrong, and unequal ones, none of which is right."""
    table.title("4. Two spellings of one function, in NumPy")
    widths = (20, 6, 11, 11, 9, 11, 12)
    table.row("", "", "identical", "undecided", "equal", "undecided", "wrong", widths=widths)
    table.row("group", "pairs", "(field)", "(field)", "(arb)", "(arb)", "(either)", widths=widths)
    totals, undecided = Counter(), []
    for group, pairs in spellings.EQUAL.items():
        counts = Counter()
        for name, pair in pairs.items():
            for engine in ENGINES:
                found = spellings.decision(pair, engine)
                counts[engine, found.verdict] += 1
                table.claim(found.verdict != WRONG, f"{group}, {name}: {engine} calls equal functions wrong")
                if found.verdict == UNDECIDED:
                    undecided.append(f"{group}, {name} ({engine}): {found.reason}")
            step()
        totals += counts
        spelling_row(table, group, len(pairs), counts, widths)
    spelling_row(table, "all", sum(map(len, spellings.EQUAL.values())), totals, widths)
    for told in undecided:
        print(textwrap.fill(f"undecided: {told}", 80, subsequent_indent="    "))

    counts = Counter()
    for name, pair in spellings.UNEQUAL.items():
        for engine in ENGINES:
            found = spellings.decision(pair, engine)
            counts[engine, found.verdict] += 1
            table.claim(found.verdict in (WRONG, UNDECIDED), f"{name}: {engine} calls it {found.verdict}")
        step()
    print(
        f"{len(spellings.UNEQUAL)} near misses: wrong {counts['field', WRONG]} (field), {counts['arb', WRONG]} (arb); "
        f"undecided {counts['field', UNDECIDED]}, {counts['arb', UNDECIDED]}"
    )
    equal, unequal = 2 * sum(map(len, spellings.EQUAL.values())), 2 * len(spellings.UNEQUAL)
    wrong = totals["field", WRONG] + totals["arb", WRONG]
    right = sum(count for (_, verdict), count in counts.items() if verdict in (IDENTICAL, EQUAL))
    return f"{wrong} of {equal} decisions on equal spellings are wrong, {right} of {unequal} on unequal ones right"


def spelling_row(table, name, pairs, counts, widths):
    table.row(
        name,
        pairs,
        counts["field", IDENTICAL],
        counts["field", UNDECIDED],
        counts["arb", EQUAL],
        counts["arb", UNDECIDED],
        counts["field", WRONG] + counts["arb", WRONG],
        widths=widths,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=12)
    parser.add_argument("--every", type=int, default=3, help="judge every N-th mutant; 1: all")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of floats that overflow beside the exact numbers
    table, made = Table(), mistakes(options.every)
    steps = {
        "correct functions": 3 * options.seeds * len(FUNCTIONS),
        "mutants": sum(map(len, made.values())),
        "extra terms": len(extra_terms()[0]),
        "spellings": sum(map(len, spellings.EQUAL.values())) + len(spellings.UNEQUAL),
    }
    parts = (
        lambda step: correct(table, options.seeds, step),
        lambda step: mutated(table, made, step),
        lambda step: tiny(table, step),
        lambda step: spelt(table, step),
    )
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, redirect_stdout=False) as progress:
        told = []
        for (name, count), part in zip(steps.items(), parts, strict=True):
            task = progress.add_task(name, total=count)
            told.append(part(lambda task=task: progress.advance(task)))
    verdict = f"{len(table.broken)} claims do not hold" if table.broken else "every claim holds"
    print("\n" + textwrap.fill(f"{'; '.join(told)}: {verdict}.", 80))
    return 1 if table.broken else 0


if __name__ == "__main__":
    sys.exit(main())
