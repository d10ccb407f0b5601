"""How the wrong gradients of an experiment are related to the truth, where that is so on two cases."""

from dataclasses import replace

from .cases import Case
from .contracts import Backward
from .diagnose.severed import alternatives
from .diagnose.what import Relation, relations
from .experiment import Experiment, NoCase
from .verdicts import AGREES


def related(experiment: Experiment) -> dict[str, list[Relation]]:
    """The relations by gradient: those that two cases of another seed share; none of a function that raises."""
    if type(experiment) is not Experiment or not isinstance(experiment.target.contract, Backward) or experiment.dead:
        return {}
    failing = [case for case in experiment.explored if not experiment.tried[case].agrees]
    wide = next((case for case in failing if _is_wide(case) and experiment.tried[case].error is None), None)
    if wide is None:
        return {}
    try:
        found = [_on(experiment, case) for case in (wide, replace(wide, seed=wide.seed + 1))]
    except NoCase:
        return {}
    return {
        name: shared
        for name, first in found[0].items()
        if (shared := [relation for relation in first if relation in found[1].get(name, [])])
    }


def _is_wide(case: Case) -> bool:
    """Whether axes can be told apart, and nothing vanishes."""
    return min(case.sizes.values(), default=2) > 1 and not case.saturated and case.scale == 1 and case.cotangents == 1


def _on(experiment: Experiment, case: Case) -> dict[str, list[Relation]]:
    contract = experiment.target.contract
    assert isinstance(contract, Backward)
    answer = experiment.ask(case)
    expected, S, G = experiment.truth(case)
    forward = contract.forward
    wrong = any(status.verdict != AGREES for status in experiment.outcome(case, answer).statuses.values())
    return relations(
        answer.get("results", {}),
        expected,
        {name: forward.inputs[of] for name, of in contract.gradients.items()},
        case.sizes,
        gates=str(forward.options.get("gates", forward.gates)),
        S=S,
        G=G,
        alternatives=alternatives(contract, case, *experiment.arrays(case)) if wrong else {},
        float32=experiment.target.float32,
    )
