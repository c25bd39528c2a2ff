"""Messages: where two dataflows part, what could be exchanged, and what differs in detail."""

from collections.abc import Hashable, Iterable
from typing import cast

from ogive.transfer.dataflow import Dataflow, Edge, Node
from ogive.transfer.match import Ambiguous, Match, terms

_PLACES = 3
"""How many places a message names."""

_WHOLE = " (a whole weight is not matched with one that is sliced or put together from several)"


def mismatch(source: Dataflow, target: Dataflow) -> str:
    """Where two dataflows that do not match first part, with the paths on both sides."""
    places = list(_partings(source, target)) or list(_sharing(source, target))
    if not places:
        return "the dataflows differ in how they are joined, though not in their operations"
    more = f"\n  and {len(places) - _PLACES} more" if len(places) > _PLACES else ""
    return "the dataflows part:" + "".join(f"\n  {place}" for place in places[:_PLACES]) + more


def ambiguity(source: Dataflow, target: Dataflow, found: Ambiguous) -> str:
    """Which parameters could be exchanged."""
    here, there = _names(source, found.source), _names(target, found.target)
    rest = found.undetermined - len(found.source)
    also = f" ({rest} more tensors depend on that choice or are like it)" if rest else ""
    return (
        f"the match is not unique: nothing in the dataflow tells {here} of the source apart, "
        f"so each could go to any of {there} of the target{also}. "
        "Copy these by name, or give the branches something that differs, such as their widths"
    )


def details(source: Dataflow, target: Dataflow, found: Match) -> list[str]:
    """Matched places whose arguments or contracted operations differ: why outputs may disagree."""
    notes: list[str] = []
    for index, node in enumerate(source.nodes):
        other = target.nodes[found.nodes[index]]
        if node.args != other.args and node.kind not in ("cat", "part"):
            mine, its = (_arguments(one.args, two.args) for one, two in ((node, other), (other, node)))
            notes.append(f"{_at(source, index)} vs {_at(target, found.nodes[index])}: {mine} vs {its}")
        if node.commutative:
            continue
        for operand, counterpart in zip(node.operands, other.operands, strict=True):
            here, there = _kinds(operand), _kinds(counterpart)
            if here != there:
                notes.append(
                    f"before {_at(source, index)}: {here or 'nothing'}; "
                    f"before {_at(target, found.nodes[index])}: {there or 'nothing'}"
                )
    return notes[:_PLACES]


def _partings(source: Dataflow, target: Dataflow) -> Iterable[str]:
    """The first operations without a counterpart, though all that leads to them has one, in pairs."""
    here, there = terms(source, target)
    left, right = _firsts(source, here, set(there)), _firsts(target, there, set(here))
    for index in left:
        operands = {here[operand.node] for operand in source.nodes[index].operands}

        def likeness(other: int, index: int = index, operands: set[int] = operands) -> tuple[int, int]:
            common = operands & {there[operand.node] for operand in target.nodes[other].operands}
            return len(common), int(target.nodes[other].kind == source.nodes[index].kind)

        best = max(right, key=likeness, default=None)
        if best is None:
            yield f"{_at(source, index)} of the source has no counterpart in the target"
            continue
        right.remove(best)
        note = _operand_note(source, index, target, best)
        yield f"{_at(source, index)} vs {_at(target, best)}{note}"
    for index in right:
        yield f"{_at(target, index)} of the target has no counterpart in the source"
    if left or right:
        return
    if len(source.outputs) != len(target.outputs):
        yield f"the source has {len(source.outputs)} outputs, the target {len(target.outputs)}"
        return
    for position, (mine, its) in enumerate(zip(source.outputs, target.outputs, strict=True)):
        if here[mine.node] != there[its.node]:
            yield f"output {position} comes from {_at(source, mine.node)} vs {_at(target, its.node)}"


def _firsts(flow: Dataflow, colours: list[int], known: set[int]) -> list[int]:
    return [
        index
        for index, node in enumerate(flow.nodes)
        if colours[index] not in known and all(colours[operand.node] in known for operand in node.operands)
    ]


def _sharing(source: Dataflow, target: Dataflow) -> Iterable[str]:
    """Parameters that are used in several places on one side, and are several parameters on the other."""
    here, there = terms(source, target)
    for flows, colours, roles in (
        ((source, target), (here, there), ("source", "target")),
        ((target, source), (there, here), ("target", "source")),
    ):
        flow, other = flows
        uses, others = flow.users(), other.users()
        places = {leaf: {(colours[0][user], at) for user, at in uses[leaf]} for leaf in flow.state_leaves()}
        theirs = {
            leaf: {(colours[1][user], at) for user, at in others[leaf]} for leaf in other.state_leaves()
        }
        for leaf, used in places.items():
            apart = [its for its, where in theirs.items() if where & used and not used <= where]
            if len(uses[leaf]) > 1 and len(apart) > 1:
                users = " and ".join(dict.fromkeys(_at(flow, user) for user, _ in uses[leaf]))
                yield (
                    f"`{flow.nodes[leaf].path}` of the {roles[0]} is used {len(uses[leaf])} times by {users};"
                    f" the {roles[1]} has a tensor of its own for each: {_names(other, apart)}"
                )


def _operand_note(source: Dataflow, index: int, target: Dataflow, other: int) -> str:
    """Tells operations apart that read alike: by their weights, operands or sizes."""
    mine, its = source.nodes[index], target.nodes[other]
    if mine.text != its.text:
        return _WHOLE * _partial(mine, its)
    pairs = list(zip(mine.operands, its.operands, strict=False))
    for here, there in pairs:
        left, right = source.nodes[here.node], target.nodes[there.node]
        if (left.state or right.state) and left.label != right.label:
            whole = _WHOLE * _partial(left, right)
            return f": one takes {_what(source, here)}, the other {_what(target, there)}{whole}"
    if len(mine.operands) != len(its.operands):
        return f": {len(mine.operands)} operands vs {len(its.operands)} (a bias or a weight is missing)"
    if mine.label != its.label:
        return f": the results differ in size ({_numbers(mine.label)} vs {_numbers(its.label)})"
    left = " and ".join(_at(source, operand.node) for operand in mine.operands)
    right = " and ".join(_at(target, operand.node) for operand in its.operands)
    return f": the one joins {left}, the other {right}"


def _numbers(label: tuple[object, ...]) -> str:
    return ", ".join(str(part) for part in label[1:])


def _partial(mine: Node, its: Node) -> bool:
    """Whether a weight is put together or sliced on one side only."""
    kinds = ("cat", "part", "stack")
    return (mine.state and mine.kind in kinds) != (its.state and its.kind in kinds)


def _what(flow: Dataflow, edge: Edge) -> str:
    node = flow.nodes[edge.node]
    return f"`{node.text}`" if node.is_state_leaf else _at(flow, edge.node)


def _at(flow: Dataflow, index: int) -> str:
    """`layer2.0.conv1 (conv 3x3/2 64 -> 128)`."""
    node = flow.nodes[index]
    if node.kind in ("state", "input"):
        return f"`{node.path}`"
    weights = _weights(flow, index)
    if weights and (node.state or not node.path):
        text = f"{node.text} of {_names(flow, weights)}"
        return f"`{node.path}` ({text})" if node.path else f"the {text}"
    return f"`{node.path}` ({node.text})" if node.path else f"the {node.text} in the module itself"


def _weights(flow: Dataflow, index: int) -> list[int]:
    """The parameters and buffers that an operation takes, itself or in a weight made of them."""
    node = flow.nodes[index]
    if node.is_state_leaf:
        return [index]
    made = (operand.node for operand in node.operands if flow.nodes[operand.node].state)
    return list(dict.fromkeys(leaf for operand in made for leaf in _weights(flow, operand)))


def _names(flow: Dataflow, leaves: Iterable[int]) -> str:
    names = [f"`{flow.nodes[leaf].path}`" for leaf in leaves]
    shown = names if len(names) <= 6 else [*names[:5], f"{len(names) - 5} others"]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]


def _kinds(edge: Edge) -> str:
    major = [hint for hint in edge.hints if not hint.minor]
    kinds = [f"{hint.kind}{hint.args}" if "pool" in hint.kind else hint.kind for hint in major]
    return " -> ".join(kinds)


def _arguments(mine: tuple[Hashable, ...], its: tuple[Hashable, ...]) -> str:
    """The arguments of one node that the other does not have: `eps 0.001`."""
    different = [cast(tuple[str, object], argument) for argument in mine if argument not in its]
    return ", ".join(f"{name} {value}" for name, value in different) or "none"
