"""The published functions that gradproof knows; one file per family."""

from . import coursera, cs231n, dlfs2, min_char_rnn
from .contract import (
    NAMES,
    Backward,
    Contract,
    Dimensions,
    Forward,
    called_with,
    forward_of,
    names_of,
    returns,
    signature,
    sizes_of,
)

CONVENTIONS: dict[str, tuple[Contract, ...]] = {
    family.CONVENTION: family.CONTRACTS for family in (coursera, cs231n, dlfs2, min_char_rnn)
}


def key(contract: Contract) -> list[str]:
    """What tells a contract from every other, in words that can be sent."""
    return [contract.convention, type(contract).__name__, contract.name, contract.spelling]


def contract_of(words: list[str]) -> Contract:
    """The contract whose `key` this is."""
    if words[0] == "own":  # made from a person's own forward, which the words describe
        from ..own.contract import made

        return made(words[1], words[3])
    return next(contract for contract in CONVENTIONS[words[0]] if key(contract) == words)


__all__ = [
    "CONVENTIONS",
    "NAMES",
    "Backward",
    "Contract",
    "Dimensions",
    "Forward",
    "called_with",
    "contract_of",
    "forward_of",
    "key",
    "names_of",
    "returns",
    "signature",
    "sizes_of",
]
