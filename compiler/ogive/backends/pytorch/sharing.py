"""Modules that are called again: uses of a block whose weights are those of an earlier use."""

from __future__ import annotations

from ogive.backends.pytorch.structure import Item, Op, Scope, Structure


def find_repeated(result: Structure) -> None:
    """Finds uses whose every weight belongs to an earlier use beside them: that module is called again."""
    for scope in result.scopes:
        around = scope.parent
        if around is None or scope.use is None or not scope.borrowed:
            continue
        first = _counterpart(result, scope)
        if first is not None and first.use is not None and first.parent is around:
            scope.use.same = first.use
            scope.borrowed = []


def _counterpart(result: Structure, scope: Scope) -> Scope | None:
    """The scope beside this one that holds, layer for layer, the weights that this one uses."""
    inside = _ops_below(scope)
    owner = next((op.owner for op in inside if op.owner is not None), None)
    if owner is None:
        return None
    first = next((s for s in result.home[owner.node.name].chain if s.parent is scope.parent), None)
    if first is None or first is scope:
        return None
    others = _ops_below(first)
    if len(others) != len(inside):
        return None
    for mine, other in zip(inside, others, strict=True):
        if (mine.torch.module is None) != (other.torch.module is None) or mine.torch != other.torch:
            return None
        if (
            mine.torch.module is not None
            and mine.owner not in {other, other.owner or other}
            and mine.node.owner
        ):
            return None
        if mine.torch.module is not None and mine.owner is None and _weights(result, mine):
            return None
    return first


def _weights(result: Structure, op: Op) -> bool:
    return bool(op.node.layer.parameters(result.graph.operand_types(op.node.name)))


def _ops_below(scope: Scope) -> list[Op]:
    found: list[Op] = []
    todo: list[Item] = list(reversed(scope.items))
    while todo:
        item = todo.pop()
        if isinstance(item, Op):
            found.append(item)
        elif item.scope is not None:
            todo += reversed(item.scope.items)
    return found
