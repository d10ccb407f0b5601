"""Is this hand-written gradient right, and if not, which one is wrong, where and when?

`gradproof audit FILE` on the command line; `gradproof.audit` and `gradproof.assert_gradients` in Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import AuditError
from .own.signature import Signature

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .verdicts import Report

__all__ = ["AuditError", "Signature", "assert_gradients", "audit"]
__version__ = "0.1.0"


def audit(
    target: str | Path | Callable[..., Any],
    *,
    convention: str = "auto",
    examples: int = 30,
    seed: int = 0,
    timeout: float = 60.0,
    case: str | None = None,
    arithmetic: str = "all",
    digits: int = 30,
    forward: str | Callable[..., Any] | None = None,
    backward: str | None = None,
    signature: Signature | None = None,
    repair_budget: float = 20.0,
) -> Report:
    """Audit a file, one function or class of a file, or a function or class object.

    target: the path of a .py or .ipynb, "FILE::FUNCTION", a function, a class of layers, or a method of one.  An object
    is audited in a process of its own like a file; its forward and cell are looked up among the globals that it sees.
    convention: "auto", a family ("coursera"), or one contract ("coursera.lstm_backward", "dlfs2.TimeRNN") for a
    function or class of another name.
    examples, seed: how many cases are drawn after the designed ones, and from which seed.
    timeout: seconds after which one call of the candidate is given up.
    case: the one case to try, as a report prints it: "n_x=1 n_a=1 n_y=1 m=1 T=2 seed=0".
    arithmetic: what decides besides floats: "field" (a chain of finite fields: identical or not), "arb" (balls: equal
    to so many digits, or rigorously different), "all", or "float64" for nothing else.
    digits: decimals to which balls that are called equal agree.
    forward, backward: a pair of one's own, which no convention has; the truth is the forward itself.  Of a file, both
    names, or only the forward's of a function that returns a loss and its gradients; with a function as the target,
    which is then the backward, the forward as a function.
    signature: what cannot be discovered of such a pair, the shapes of its inputs for instance.
    repair_budget: seconds for the search of an edit of the source after which everything is right; 0 for none.  Nothing
    is searched where nothing is wrong.
    Returns a Report, which is true when every function is verified.
    Raises AuditError when there is nothing to audit.
    """
    from .auditing import audit as run

    return run(
        target,
        convention=convention,
        examples=examples,
        seed=seed,
        timeout=timeout,
        case=case,
        arithmetic=arithmetic,
        digits=digits,
        forward=forward,
        backward=backward,
        signature=signature,
        repair_budget=repair_budget,
    )


def assert_gradients(
    function: str | Path | Callable[..., Any],
    *,
    convention: str = "auto",
    examples: int = 30,
    seed: int = 0,
    timeout: float = 60.0,
    arithmetic: str = "all",
    digits: int = 30,
    forward: str | Callable[..., Any] | None = None,
    backward: str | None = None,
    signature: Signature | None = None,
    repair_budget: float = 20.0,
) -> None:
    """For a test suite: raise AssertionError unless every gradient agrees with automatic differentiation.

    The message is the report: a table of gradients, the smallest failing case, and the line that reproduces it.
    Arguments as in `audit`: a class is audited with its forward and backward.
    """
    __tracebackhide__ = True
    report = audit(
        function,
        convention=convention,
        examples=examples,
        seed=seed,
        timeout=timeout,
        arithmetic=arithmetic,
        digits=digits,
        forward=forward,
        backward=backward,
        signature=signature,
        repair_budget=repair_budget,
    )
    report.raise_if_wrong()
