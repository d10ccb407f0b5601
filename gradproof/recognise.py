"""Which of a candidate's functions are published ones, by name and arguments."""

import difflib
from typing import Any

from .candidate import Candidate
from .contracts import CONVENTIONS, Backward, Contract, signature
from .errors import AuditError
from .experiment import Target
from .verdicts import Note


def recognise(
    candidate: Candidate, convention: str = "auto", function: str | None = None
) -> tuple[list[Target], list[Note]]:
    """The targets, in the contracts' order, and a note for every function whose name is known but not its arguments.

    convention: "auto", a family such as "coursera", or one contract such as "coursera.lstm_backward", which the
    function may then satisfy under any name.  function: the only one wanted.
    Raises AuditError for a convention or function that is not there.
    """
    family, _, chosen = convention.partition(".")
    if family != "auto" and family not in CONVENTIONS:
        raise AuditError(f"convention {convention!r} is unknown; expected auto, {', '.join(CONVENTIONS)}")
    contracts = [
        contract for name, contracts in CONVENTIONS.items() if family in ("auto", name) for contract in contracts
    ]
    if function is not None and function not in candidate.functions:
        lost = [problem for problem in candidate.problems if problem.function == function]
        if not lost:
            known = ", ".join(sorted(candidate.functions)) or "none"
            raise AuditError(f"{candidate.source.path} has no function {function!r}; it has {known}")
    if chosen:
        return _chosen(candidate, contracts, convention, chosen, function)
    targets, notes = [], []
    for contract in contracts:
        for name, parameters in candidate.functions.items():
            if plain(name) != plain(contract.name):
                continue
            foreign = None if family != "auto" else _foreign_forward(candidate, contract)
            if not fits(contract, parameters, forced=family != "auto"):
                reason = f"has a known name and other arguments than {signature(contract)}: not audited"
            elif foreign:
                reason = (
                    f"has the published arguments, but reads the cache of {foreign}, which has others: not audited; "
                    f"--convention {contract.convention} audits it on the published cache"
                )
            else:
                targets.append(Target(name, contract, _taken(contract, parameters)))
                continue
            definition = candidate.definitions.get(name)
            label, line = (definition.label, definition.line) if definition else (None, None)
            notes.append(Note(f"{name}({_given(parameters)}) {reason}", label, line, unaudited=True))
    return targets, notes + _misspelt(candidate, contracts)


def _misspelt(candidate: Candidate, contracts: list[Contract]) -> list[Note]:
    """Functions whose names are nearly published ones, so that nobody believes they were audited."""
    known = {plain(contract.name): contract.name for contract in contracts}
    notes = []
    for name, definition in candidate.definitions.items():
        near = difflib.get_close_matches(plain(name), known, n=1, cutoff=0.88)
        if near and near[0] != plain(name):
            told = f"{name} looks like {known[near[0]]}, and is not called so: not audited"
            notes.append(Note(told, definition.label, definition.line, unaudited=True))
    return notes


def _foreign_forward(candidate: Candidate, contract: Contract) -> str | None:
    """The forward of a backward, when it has the published name but another signature: then its cache is its own."""
    if not isinstance(contract, Backward):
        return None
    found = {n: p for n, p in candidate.functions.items() if plain(n) == plain(contract.forward.name)}
    if any(fits(contract.forward, parameters) for parameters in found.values()):
        return None
    return next((f"{name}({_given(parameters)})" for name, parameters in found.items()), None)


def _given(parameters: list[list[Any]] | None) -> str:
    return ", ".join(parameter[0] for parameter in parameters or [])


def fits(contract: Contract, parameters: list[list[Any]] | None, *, forced: bool = False) -> bool:
    """Whether a function with these parameters can be called as published.

    A name alone is no proof, since courses share names; so one published parameter must be among its own, too.
    """
    required = [name for name in contract.arguments if name not in contract.optional]
    if parameters is None or any(kind == "VAR_POSITIONAL" for _, kind, _ in parameters):
        return True
    positional = [name for name, kind, _ in parameters if kind in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")]
    needed = [
        name
        for name, kind, default in parameters
        if not default and kind != "VAR_KEYWORD" and name not in contract.optional
    ]
    if not len(needed) <= len(required) <= len(positional):
        return False
    if any(name in contract.optional for name in positional[: len(required)]):
        return False
    return forced or any(name in required for name in positional)


def _chosen(
    candidate: Candidate, contracts: list[Contract], convention: str, chosen: str, function: str | None
) -> tuple[list[Target], list[Note]]:
    contract = next((contract for contract in contracts if contract.name == chosen), None)
    if contract is None:
        known = ", ".join(contract.name for contract in contracts)
        raise AuditError(f"convention {convention!r} is unknown; expected one of {known} after the point")
    name = function or chosen
    if name not in candidate.functions:
        raise AuditError(f"{candidate.source.path} has no function {name!r}; name it as FILE::FUNCTION")
    parameters = candidate.functions[name]
    if not fits(contract, parameters, forced=True):
        raise AuditError(f"{name}({_given(parameters)}) cannot be called as {signature(contract)}")
    others, notes = recognise(candidate, convention.partition(".")[0])
    return [Target(name, contract, _taken(contract, parameters)), *(t for t in others if t.name != name)], notes


def _taken(contract: Contract, parameters: list[list[Any]] | None) -> tuple[str, ...]:
    names = [parameter[0] for parameter in parameters or []]
    return tuple(name for name in contract.optional if name in names)


def plain(name: str) -> str:
    """lstm_backward, LSTM_backward and lstmBackward are one name."""
    return name.replace("_", "").lower()
