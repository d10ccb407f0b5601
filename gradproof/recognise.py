"""Which of a candidate's functions are published ones, by name and arguments."""

import difflib
from dataclasses import replace
from typing import Any

from .candidate import Candidate
from .contracts import CONVENTIONS, Backward, Contract, Forward, called_with, forward_of, signature
from .errors import AuditError
from .experiment import Target
from .verdicts import Note


def recognise(
    candidate: Candidate, convention: str = "auto", function: str | None = None
) -> tuple[list[Target], list[Note]]:
    """The targets, in the contracts' order, and a note for every function whose name is known but not its arguments.

    convention: "auto", a family such as "coursera", or one contract such as "coursera.lstm_backward", which the
    function may then satisfy under any name.  function: the only one wanted, or the class whose methods are.
    Raises AuditError for a convention or function that is not there.
    """
    family, _, chosen = convention.partition(".")
    if family != "auto" and family not in CONVENTIONS:
        raise AuditError(f"convention {convention!r} is unknown; expected auto, {', '.join(CONVENTIONS)}")
    contracts = [
        contract for name, contracts in CONVENTIONS.items() if family in ("auto", name) for contract in contracts
    ]
    if function is not None and not any(belongs(name, function) for name in candidate.functions):
        lost = [problem for problem in candidate.problems if problem.function == function]
        if not lost:
            known = ", ".join(sorted(candidate.functions)) or "none"
            raise AuditError(f"{candidate.source.path} has no function {function!r}; it has {known}")
    if chosen:
        return _chosen(candidate, contracts, convention, chosen, function)
    targets: list[Target] = []
    notes: list[Note] = []
    for kind in (Forward, Backward):
        for name in candidate.functions:
            named = [c for c in contracts if isinstance(c, kind) and plain(c.name) == plain(name)]
            fitting = [c for c in named if fits(c, candidate.functions, name, forced=family != "auto")]
            foreign_keys = family == "auto" and name in candidate.definitions and _reads_others(candidate, fitting)
            if foreign_keys:
                fitting = []
            foreign = None if family != "auto" or not fitting else _foreign_forward(candidate, fitting, targets)
            if fitting and not foreign:
                targets.append(_best(candidate, fitting, name, targets))
            elif named and not (kind is Backward and _has_both(named[0]) and _told(notes, name)):
                notes.append(_unaudited(candidate, named[0], name, foreign, others=foreign_keys))
    targets.sort(key=lambda target: contracts.index(target.contract))
    return targets, notes + _misspelt(candidate, contracts)


def belongs(name: str, function: str) -> bool:
    """Whether a name such as "TimeRNN.backward" is this function, or a method of this class."""
    return name == function or name.startswith(f"{function}.")


def _has_both(contract: Contract) -> bool:
    """Whether forward and backward are one function, or of one class."""
    return contract.constructor is not None or (isinstance(contract, Backward) and contract.itself)


def _told(notes: list[Note], name: str) -> bool:
    """Whether there is a note on this function, or on this class, already."""
    return any(note.message.partition("(")[0] == name.partition(".")[0] for note in notes)


def _reads_others(candidate: Candidate, fitting: list[Contract]) -> bool:
    """Whether a forward's source lacks names under which each of the contracts gives its parameters.

    One that puts names together, f"W{gate}", has none of them, and a "W".
    """
    if "W" in candidate.words or not all(isinstance(contract, Forward) for contract in fitting):
        return False
    return bool(fitting) and not any(candidate.words.issuperset(contract.keys) for contract in fitting)


def _best(candidate: Candidate, fitting: list[Contract], name: str, forwards: list[Target]) -> Target:
    """The contract that fits best: its forward is there, then names of arguments, then keys that the source has."""
    made = {id(one.contract) for forward in forwards for one in (forward, *forward.alternatives)}
    given = [parameter[0] for parameter in candidate.functions[name] or []]

    def fit(contract: Contract) -> tuple[int, int, int]:
        matched = sum(argument in given for argument in called_with(contract))
        follows = isinstance(contract, Backward) and id(contract.forward) in made
        found = [key in candidate.words for key in contract.keys]
        # what another module looks up is not seen here
        keys = 2 * sum(found) - len(found) if name in candidate.definitions and not follows else 0
        return int(follows), matched, keys

    highest = max(map(fit, fitting))
    targets = [
        Target(
            name,
            contract,
            taken,
            float32=forward_of(contract).float32 and "float32" in _words_of(candidate, name),
        )
        for contract in fitting
        if fit(contract) == highest
        for taken in _taken(contract, candidate, name)
    ]
    return replace(targets[0], alternatives=tuple(targets[1:]))


def _unaudited(candidate: Candidate, contract: Contract, name: str, foreign: str | None, *, others: bool) -> Note:
    given = f"{name}({_given(candidate.functions[name])})"
    if contract.constructor is not None:
        made, _, method = given.partition(".")
        given = f"{made}({_given(candidate.functions.get(f'{made}.__init__'))}).{method}"
    if others:
        reason = f"has a known name, and parameters of other names than {', '.join(contract.keys)}: not audited"
    elif foreign is None:
        reason = f"has a known name and other arguments than {signature(contract)}: not audited"
    elif forward_of(contract).reference is None:
        reason = f"has the published arguments, but reads the cache of {foreign}, which has others: not audited"
    else:
        reason = (
            f"has the published arguments, but reads the cache of {foreign}, which has others: not audited; "
            f"--convention {contract.convention} audits it on the published cache"
        )
    definition = candidate.definitions.get(name)
    label, line = (definition.label, definition.line) if definition else (None, None)
    return Note(f"{given} {reason}", label, line, unaudited=True)


def _misspelt(candidate: Candidate, contracts: list[Contract]) -> list[Note]:
    """Functions whose names are nearly published ones, so that nobody believes they were audited."""
    known = {plain(contract.name): contract.name for contract in contracts}
    notes = []
    for name, definition in candidate.definitions.items():
        near = difflib.get_close_matches(plain(name), known, n=1, cutoff=0.88)
        if near and near[0] != plain(name) and name in candidate.functions and "." not in name:
            told = f"{name} looks like {known[near[0]]}, and is not called so: not audited"
            notes.append(Note(told, definition.label, definition.line, unaudited=True))
    return notes


def _foreign_forward(candidate: Candidate, fitting: list[Contract], forwards: list[Target]) -> str | None:
    """The forward of a backward, when it has the published name but another signature: then its cache is its own."""
    published = [contract.forward for contract in fitting if isinstance(contract, Backward)]
    names = {plain(forward.name) for forward in published}
    if not published or any(target.contract in published for target in forwards):
        return None
    found = {name: given for name, given in candidate.functions.items() if plain(name) in names}
    return next((f"{name}({_given(given)})" for name, given in found.items()), None)


def _given(parameters: list[list[Any]] | None) -> str:
    return ", ".join(parameter[0] for parameter in parameters or [])


def fits(contract: Contract, functions: dict[str, Any], name: str, *, forced: bool = False) -> bool:
    """Whether a candidate's function can be called as published.

    A name alone is no proof, since courses share names; so one published parameter must be among its own, too: of a
    class, among those of its constructor.
    """
    optional = [argument for argument in contract.arguments if argument in contract.optional]
    required = [argument for argument in called_with(contract) if argument not in optional]
    if contract.constructor is None:
        return _takes(functions[name], required, optional, named=not forced)
    constructor = functions.get(f"{name.partition('.')[0]}.__init__", [])
    return _takes(constructor, list(contract.constructor), ["stateful"], named=not forced) and _takes(
        functions[name], required, optional, named=False
    )


def _takes(parameters: list[list[Any]] | None, required: list[str], optional: list[str], *, named: bool) -> bool:
    """Whether a function can be called with so many arguments; named: one of them must be called as published."""
    if parameters is None or any(kind == "VAR_POSITIONAL" for _, kind, _ in parameters):
        return True
    positional = [name for name, kind, _ in parameters if kind in ("POSITIONAL_ONLY", "POSITIONAL_OR_KEYWORD")]
    needed = [
        name for name, kind, default in parameters if not default and kind != "VAR_KEYWORD" and name not in optional
    ]
    if not len(needed) <= len(required) <= len(positional):
        return False
    if any(name in optional for name in positional[: len(required)]):
        return False
    return not named or not required or any(plain(name) in map(plain, required) for name in positional)


def _chosen(
    candidate: Candidate, contracts: list[Contract], convention: str, chosen: str, function: str | None
) -> tuple[list[Target], list[Note]]:
    """A function, or a class with its methods, that is held to one contract, or to those of one class."""
    published = chosen.partition(".")[0]
    wanted = [contract for contract in contracts if belongs(contract.name, published)]
    if not any(belongs(contract.name, chosen) for contract in wanted):
        known = ", ".join(dict.fromkeys(contract.name for contract in contracts))
        raise AuditError(f"convention {convention!r} is unknown; expected one of {known} after the point")
    called = (function or chosen).partition(".")[0]
    targets: list[Target] = []
    for kind in (Forward, Backward):
        for published_name in dict.fromkeys(contract.name for contract in wanted if isinstance(contract, kind)):
            same = [contract for contract in wanted if isinstance(contract, kind) and contract.name == published_name]
            name = called + published_name.removeprefix(published)
            if name not in candidate.functions:
                raise AuditError(f"{candidate.source.path} has no function {name!r}; name it as FILE::FUNCTION")
            fitting = [contract for contract in same if fits(contract, candidate.functions, name, forced=True)]
            if not fitting:
                given = _given(candidate.functions[name])
                raise AuditError(f"{name}({given}) cannot be called as {signature(same[0])}")
            targets.append(_best(candidate, fitting, name, targets))
    others, notes = recognise(candidate, convention.partition(".")[0])
    names = {target.name for target in targets}
    told = [note for note in notes if not any(note.message.startswith((f"{name} ", f"{name}(")) for name in names)]
    return [*targets, *(target for target in others if target.name not in names)], told


def _taken(contract: Contract, candidate: Candidate, name: str) -> list[tuple[str, ...]]:
    """The optional parameters that a function has: by name, or shown by a method of its class.

    Of a mask nothing may be seen: it is tried with and without.
    """
    given = [parameter[0] for parameter in candidate.functions[name] or []]
    taken = [argument for argument in contract.optional if argument in given]
    if isinstance(contract, Backward):
        return [tuple(taken)]
    for index, argument in enumerate(contract.optional):
        method = candidate.functions.get(f"{name.partition('.')[0]}.{contract.present.get(argument)}")
        if method is not None and len(method) > index:
            taken.append(argument)
    masks = [argument for argument in contract.optional if argument in contract.constants]
    return [(*taken, *masks), tuple(taken)] if masks else [tuple(taken)]


def _words_of(candidate: Candidate, name: str) -> frozenset[str]:
    """The words of a function, or of the whole class that it is a method of."""
    made = name.partition(".")[0]
    return frozenset[str]().union(*(d.words for n, d in candidate.definitions.items() if belongs(n, made)))


def plain(name: str) -> str:
    """lstm_backward, LSTM_backward and lstmBackward are one name."""
    return name.replace("_", "").lower()
