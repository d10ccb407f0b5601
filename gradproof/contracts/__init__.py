"""The published functions that gradproof knows; one file per family."""

from . import coursera
from .contract import Backward, Contract, Dimensions, Forward, forward_of, names_of, returns, signature, sizes_of

CONVENTIONS: dict[str, tuple[Contract, ...]] = {coursera.CONVENTION: coursera.CONTRACTS}

__all__ = [
    "CONVENTIONS",
    "Backward",
    "Contract",
    "Dimensions",
    "Forward",
    "forward_of",
    "names_of",
    "returns",
    "signature",
    "sizes_of",
]
