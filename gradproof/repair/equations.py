"""Which numbered equation of notes/ a line computes, told from the gradients that come right when it is mended."""

from collections.abc import Set

from ..contracts import Backward, Contract

GATES = {
    "lstm": {"f": "L11", "i": "L12", "c": "L13", "g": "L13", "o": "L14"},
    "gru": {"z": "G9", "u": "G9", "h": "G10", "r": "G12"},
    "rnn": {},
}
# of one gradient alone; x: the input, h and c: the state before the step, W and b: weights and biases
ALONE = {
    "lstm": {"x": "L18", "h": "L19", "c": "L20", "W": "L15", "b": "L16"},
    "gru": {"x": "G21", "h": "G22", "W": "G23", "b": "G24"},
    "rnn": {"x": "R5", "h": "R6", "Wx": "R7", "Wh": "R8", "b": "R9"},
}
TOGETHER = {"lstm": "L10", "rnn": "R4"}
CARRIED = {"lstm": "L21", "gru": "G26", "rnn": "R10"}
STACKED = {"lstm": "L23", "gru": "G27", "rnn": "R11"}
SUMMED = {"lstm": "L24", "gru": "G28", "rnn": "R12"}
FIRST = {"lstm": "L25", "gru": "G29", "rnn": "R13"}
# edits after which a line computes what it did not, and not another name, shape or dtype of it
FORMULAS = (
    *("factor missing", "factor extra", "term missing", "term extra", "sign", "variable", "slice", "axis", "keepdims"),
    *("transpose", "index", "mean", "accumulate", "carry", "function", "parentheses", "constant", "gates"),
)
ROLES = {
    **dict.fromkeys(("dxt", "dx", "dxs"), "x"),
    **dict.fromkeys(("da_prev", "dprev_h", "dh_prev"), "h"),
    **dict.fromkeys(("dc_prev", "dprev_c"), "c"),
    **dict.fromkeys(("da0", "dh0", "dc0"), "first"),
    **dict.fromkeys(("dWax", "dWx", "dWxh"), "Wx"),
    **dict.fromkeys(("dWaa", "dWh", "dWhh"), "Wh"),
}


def equation(contract: Contract, kind: str, gained: Set[tuple[str, int]]) -> str | None:
    """The tag of the equation, "L12"; None where the gradients do not tell.

    gained: the results that came right, each with the number of its block: of a packed weight, its gate.
    """
    if not isinstance(contract, Backward) or kind not in FORMULAS:
        return None
    gained = {(name, block) for name, block in gained if name in contract.gradients}
    if not gained:
        return None
    words = f"{contract.name} {contract.forward.twin}".lower()
    net = next((net for net in GATES if net in words), None)
    if net is None:
        return None
    timed = any("T" in shape for shape in contract.forward.inputs.values())
    if kind == "carry":
        return CARRIED[net] if timed else None
    names = {name for name, _ in gained}
    roles = {_role(contract, name, net) for name in names}
    if timed and contract.cell is not None and len(roles) == 1:
        role = next(iter(roles))
        return {"x": STACKED[net], "first": FIRST[net]}.get(role, SUMMED[net])
    gates = {gate for name, block in gained for gate in [_gate(contract, name, block)] if gate}
    if len(names) == 1 and len(roles) == 1:
        return ALONE[net].get(next(iter(roles)))
    if len(gates) == 1:
        return GATES[net].get(next(iter(gates)))
    if net == "lstm" and roles == {"x", "h"}:
        return "L17"
    return TOGETHER.get(net)


def _role(contract: Backward, name: str, net: str) -> str:
    if name in ROLES and not (net != "rnn" and ROLES[name] in ("Wx", "Wh")):
        return ROLES[name]
    return "b" if name.startswith("db") else "W"


def _gate(contract: Backward, name: str, block: int) -> str:
    """The letter of the gate that a weight's gradient, or a block of it, belongs to; "" of what belongs to none."""
    shape = contract.forward.inputs[contract.gradients[name]]
    order = str(contract.forward.options.get("gates", contract.forward.gates))
    if order and any("+" in dimension for dimension in shape):
        return order[block] if block < len(order) else ""
    return name[-1] if any(name in names for names in contract.groups.values()) else ""
