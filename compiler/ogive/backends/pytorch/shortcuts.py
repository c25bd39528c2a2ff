"""Shortcuts of residuals, in a place of their own, so that blocks with and without one can share a class."""

from __future__ import annotations

from ogive.backends.pytorch.structure import Item, Op, Structure, Use
from ogive.graph import Graph, Ref


def fill_shortcuts(result: Structure) -> None:
    """Gives every residual a shortcut, right before its addition: its own, or an identity to be filled.

    So blocks that differ only in whether they project can share a class.
    """
    graph = result.graph
    found: dict[int, Use] = {}
    for scope in result.scopes:
        if scope.kind == "shortcut" and scope.use is not None and scope.region.parent is not None:
            found[scope.region.parent] = scope.use
    computed = {graph.regions[n.region].parent for n in graph if graph.regions[n.region].kind == "shortcut"}
    adders: dict[Op, Use] = {}
    for id, region in graph.regions.items():
        if region.kind != "residual" or not region.outputs or not region.inputs:
            continue
        adder = result.ops.get(region.outputs[0].node)
        if adder is None or adder.node.region != id or len(adder.operands) != 2:
            continue
        use = found.get(id)
        if use is None and id not in computed:
            use = _identity(adder, region.inputs[0], id)
        elif use is not None and not _only_added(graph, use, adder):
            use = None
        if use is not None:
            use.joint = adder
            adders[adder] = use
    if adders:
        _move(result, adders)


def _identity(adder: Op, entered: Ref, residual: int) -> Use | None:
    """A use without a scope, for the tensor that entered, if just one operand of the addition is that."""
    if adder.operands.count(entered) != 1:
        return None
    use = Use(None, "shortcut", [entered], [Ref(f"\0{residual}")])
    adder.operands = [use.outputs[0] if ref == entered else ref for ref in adder.operands]
    return use


def _only_added(graph: Graph, use: Use, adder: Op) -> bool:
    """Whether a shortcut is of one tensor, and nothing but the addition uses its result."""
    if use.scope is None or use.scope.borrowed or not len(use.outputs) == len(use.operands) == 1:
        return False
    return use.outputs[0] in adder.operands and len(graph.consumers(use.outputs[0].node, sizes=True)) == 1


def _move(result: Structure, adders: dict[Op, Use]) -> None:
    """Puts every shortcut before its addition."""
    moved = set(adders.values())
    for scope in result.scopes:
        if not any(isinstance(item, Op) and item in adders for item in scope.items):
            continue
        items: list[Item] = []
        for item in scope.items:
            if isinstance(item, Op) and item in adders:
                items.append(adders[item])
            if item not in moved:
                items.append(item)
        scope.items = items
