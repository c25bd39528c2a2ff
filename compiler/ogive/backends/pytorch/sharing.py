"""Modules that are called more than once.

What `share` and `repeat … share` name is a module of the scope where it is defined, made there once and
*held* for its uses, which call it wherever they stand; scopes in between get it handed. A use whose text
differs from the first one's (other layers without weights, or other results that are needed) has a class of
its own, and borrows the modules in it one by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ogive.backends.pytorch.clique import plan_key
from ogive.backends.pytorch.names import attribute, unique
from ogive.backends.pytorch.structure import Item, Op, Scope, Structure, Use
from ogive.graph import Graph, Ref, Region, SharedUse

Held = list[tuple[Scope, Op | Use, list[Item]]]
"""What a scope holds for others, and its first uses."""


def find_shared(result: Structure, scopes: Mapping[int, Scope]) -> Held:
    """Finds the uses of everything shared, and lets them call one module.

    Returns:
        What `hold` puts into the scopes once their items are in order.
    """
    graph = result.graph
    parts: dict[str, list[Scope]] = {}
    layers: dict[str, list[Op]] = {}
    for scope in result.scopes:
        if scope.region.shared is not None and scope.use is not None:
            parts.setdefault(scope.region.shared.path, []).append(scope)
    for op in result.ops.values():
        if op.node.shared is not None and op.torch.module is not None:
            layers.setdefault(op.node.shared.path, []).append(op)
    held: Held = []
    for group in layers.values():
        shared = group[0].node.shared
        if shared is not None and not shared.apart:
            held.append(_hold_layer(result, group, scopes[shared.home]))
    plans = [(group, _Likeness(graph, group[0])) for group in parts.values()]
    likes = [[likeness.of(scope) for scope in group] for group, likeness in plans]
    for (group, likeness), alike in zip(plans, likes, strict=True):
        held += _hold_part(group, alike, likeness, scopes)
        for mine, other in likeness.pairs:
            assert mine.attr is not None
            for op in (mine, other):
                number = op.node.name.rpartition("_")[2]
                result.numbered[op.node.name] = (mine, f"{mine.attr}_{number}")
    return held


def _hold_layer(result: Structure, group: list[Op], home: Scope) -> tuple[Scope, Op | Use, list[Item]]:
    first = group[0]
    assert first.node.shared is not None
    shared = first.node.shared
    attr = unique(attribute(shared.name), {item.attr or "" for item in home.items if item not in group})
    node = replace(first.node, name=f"\0{shared.path}")
    holder = Op(node, first.torch, [], first.channels, attr, held=True)
    result.home[node.name] = home
    result.held[first.node.owner or first.node.name] = holder
    for op in group:
        op.owner, op.attr = holder, None
    return home, holder, [*group]


def _hold_part(
    group: list[Scope], alike: list[bool], likeness: _Likeness, scopes: Mapping[int, Scope]
) -> Held:
    """Puts a part where it is defined; uses of the same text call it there, the others borrow from it."""
    first = group[0]
    assert first.region.shared is not None
    shared = first.region.shared
    home = scopes[shared.home]
    callers = [scope for scope, same in zip(group, alike, strict=True) if same]
    items = [scope.use for scope in callers if scope.use is not None]
    attr = unique(attribute(shared.name), {item.attr or "" for item in home.items if item not in items})
    holder = Use(first, attr, held=True)
    for scope, item in zip(callers, items, strict=True):
        item.same, item.attr = holder, attr
        scope.parent = home
    first.use = holder
    numbers = tuple(scope.region.shared.number for scope in callers if scope.region.shared is not None)
    for op, base in likeness.own.items():
        if len(callers) > 1:
            op.attr, op.each = base, numbers
            for around in _between(likeness.home[op], first):
                around.numbered = shared.path
    for scope, same in zip(group, alike, strict=True):
        if not same:
            _borrow_parts(likeness, first, scope)
    return [(home, holder, [*items])]


def _between(scope: Scope, top: Scope) -> list[Scope]:
    found: list[Scope] = []
    for around in scope.chain:
        found.append(around)
        if around is top:
            break
    return found


def _borrow_parts(likeness: _Likeness, first: Scope, scope: Scope) -> None:
    """Of a use whose text differs: parts of it that do not differ are called where the first use has them."""
    inside = {u.scope.region.name: u for u in first.items if isinstance(u, Use) and u.scope is not None}
    for item in scope.items:
        if not isinstance(item, Use) or item.scope is None or item.same is not None:
            continue
        theirs = inside.get(item.scope.region.name)
        if theirs is None or theirs.scope is None:
            continue
        if _Likeness(likeness.graph, theirs.scope).of(item.scope, strict=True):
            item.same = theirs.same or theirs
        else:
            _borrow_parts(likeness, theirs.scope, item.scope)


def hold(held: Held) -> None:
    """Puts what scopes hold for others before its first use."""
    for home, holder, items in held:
        users = {*items}
        at = next((i for i, item in enumerate(home.items) if item in users or _uses(item, users)), 0)
        home.items.insert(at, holder)


def _uses(item: Item, users: set[Item]) -> bool:
    """Whether a part has one of these in it."""
    todo: list[Item] = [item]
    while todo:
        one = todo.pop()
        if one in users:
            return True
        if isinstance(one, Use) and one.scope is not None:
            todo += one.scope.items
    return False


@dataclass(eq=False)
class _Likeness:
    """Compares uses of something shared with the first.

    Attributes:
        own: the layers that each use has of its own: the first one's, and what they are called without the
            number.
        home: the scopes in which those stand.
        pairs: each of them with that of another use.
    """

    graph: Graph
    first: Scope
    own: dict[Op, str] = field(default_factory=dict)
    home: dict[Op, Scope] = field(default_factory=dict)
    pairs: list[tuple[Op, Op]] = field(default_factory=list)

    def of(self, scope: Scope, *, strict: bool = False) -> bool:
        """Whether a scope has the text of the first, with its weights; `strict`: with all of its weights."""
        found: list[tuple[Op, Op, str, Scope]] = []
        if scope is not self.first and not self._compare(self.first, scope, {}, found):
            return False
        own = {mine: base for mine, _, base, _ in found}
        if own and (strict or (self.own and own.keys() != self.own.keys())):
            return False
        self.own |= own
        self.home |= {mine: home for mine, _, _, home in found}
        self.pairs += [(mine, other) for mine, other, _, _ in found]
        return True

    def _compare(
        self, a: Scope, b: Scope, refs: dict[Ref, Ref], own: list[tuple[Op, Op, str, Scope]]
    ) -> bool:
        if len(a.inputs) != len(b.inputs) or len(a.items) != len(b.items) or len(a.outputs) != len(b.outputs):
            return False
        refs |= dict(zip(a.inputs, b.inputs, strict=True))
        if (a.region.clique is None) != (b.region.clique is None):
            return False
        if a.region.clique is not None:
            if not self._same_clique(a, b):
                return False
            refs |= dict(zip(self._members(a), self._members(b), strict=True))
        for mine, other in zip(a.items, b.items, strict=True):
            if [refs.get(ref) for ref in mine.operands] != other.operands:
                return False
            if len(mine.outputs) != len(other.outputs):
                return False
            refs |= dict(zip(mine.outputs, other.outputs, strict=True))
            if isinstance(mine, Op):
                if not isinstance(other, Op) or not self._same_layer(a, mine, b, other, own):
                    return False
            elif not (
                isinstance(other, Use)
                and mine.scope is not None
                and other.scope is not None
                and self._compare(mine.scope, other.scope, refs, own)
            ):
                return False
        return [refs.get(ref) for ref in a.outputs] == b.outputs

    def _same_layer(
        self, a: Scope, mine: Op, b: Scope, other: Op, own: list[tuple[Op, Op, str, Scope]]
    ) -> bool:
        if mine.torch != other.torch or mine.flow_only != other.flow_only:
            return False
        if mine.torch.module is None or (mine.node.owner or mine.node.name) == (
            other.node.owner or other.node.name
        ):
            return True
        if (
            not mine.node.layer.parameters(self.graph.operand_types(mine.node.name))
            and mine.node.layer.group != "norm"
        ):
            return True  # a module without state: either will do
        first, this = self.first.region.shared, _around(b, self.first)
        if first is None or this is None or mine.each or mine.attr is None or other.attr is None:
            return False
        base = mine.attr.removesuffix(f"_{first.number}")
        if (f"{base}_{first.number}", f"{base}_{this.number}") != (mine.attr, other.attr):
            return False
        own.append((mine, other, base, a))
        return True

    def _members(self, scope: Scope) -> list[Ref]:
        """The values of a clique's layers: the newest, and those of the first stage."""
        nodes = [n for n in self.graph if n.region == scope.region.id and n.layer.group == "clique"]
        return [Ref(node.name, output) for node in nodes for output in range(len(node.outputs))]

    def _same_clique(self, a: Scope, b: Scope) -> bool:
        def owner(region: Region) -> str:
            return region.owner or region.path

        return owner(a.region) == owner(b.region) and plan_key(a) == plan_key(b)


def _around(scope: Scope, first: Scope) -> SharedUse | None:
    """The use of the same thing that a scope belongs to."""
    path = first.region.shared.path if first.region.shared is not None else ""
    return next(
        (
            s.region.shared
            for s in scope.chain
            if s.region.shared is not None and s.region.shared.path == path
        ),
        None,
    )


def find_repeated(result: Structure) -> None:
    """Finds uses whose every weight belongs to an earlier use beside them: that module is called again."""
    for scope in result.scopes:
        around = scope.parent
        if around is None or scope.use is None or not scope.borrowed or scope.region.shared is not None:
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
