"""Which parts of a graph become modules, and what crosses their borders.

A *scope* is a region that becomes an `nn.Module` of its own: the net, and every region that adds a segment to
the paths of its layers. All others (residual, merge, branch, repeat) are written out in the scope around
them. Inside a scope stand *items*: `Op`, a layer, and `Use`, a scope inside, in an order in which they can
run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush

from ogive.backends.pytorch.names import attribute, unique
from ogive.graph import Graph, Node, Ref, Region
from ogive.layers.base import Size, Torch
from ogive.layers.readoff import read_off

LONGEST_BRANCH = 16
"""Characters of a branch's name up to which branches inside it are called after it."""
LONG = 4
"""A part without modules becomes a module only from so many layers on."""


@dataclass(eq=False, repr=False, slots=True)
class Op:
    """A layer in its scope.

    Attributes:
        node: the layer.
        torch: its PyTorch text.
        operands: the tensors that go in.
        attr: the attribute that holds its module, if it has one.
        owner: the layer whose module it calls, where that is another.
        branch: the name that suits its result: `y`, or `y2` in the second branch of a merge.
        channels: the channels of its first operand, if it has one.
        each: for a layer that each use of something shared has of its own, the numbers of those uses: its
            modules are called `bn1_1`, `bn1_2`, …, and `attr` is `bn1`.
        held: whether it only holds a module, for others to call.
        flow_only: whether its text gives nothing but the first of its outputs, as nothing else is read.
    """

    node: Node
    torch: Torch
    operands: list[Ref]
    channels: Size | None = None
    attr: str | None = None
    owner: Op | None = None
    branch: str = ""
    flow_only: bool = False
    held: bool = False
    each: tuple[int, ...] = ()

    @property
    def outputs(self) -> list[Ref]:
        """All the tensors that its text gives, used or not."""
        count = 0 if self.held else 1 if self.flow_only else len(self.node.outputs)
        return [Ref(self.node.name, i) for i in range(count)]


@dataclass(eq=False, repr=False, slots=True)
class Use:
    """A scope in the scope around it. Without a scope it is the identity of a residual: a shortcut that other
    uses of the same block may fill.

    Attributes:
        scope: what is called.
        attr: the attribute that holds it.
        operands, outputs: the tensors that go in and come out.
        turn: the repeat or dense region of which it is one turn.
        joint: for a shortcut, the layer that adds it to the body.
        same: the use whose module is called here, where all weights are shared.
        held: whether it only holds a module, for others to call.
        branch: as for `Op`.
    """

    scope: Scope | None
    attr: str
    operands: list[Ref] = field(default_factory=list)
    outputs: list[Ref] = field(default_factory=list)
    turn: int | None = None
    joint: Op | None = None
    same: Use | None = None
    branch: str = ""
    held: bool = False


Item = Op | Use


@dataclass(eq=False, repr=False, slots=True)
class Scope:
    """A region that becomes a module.

    Attributes:
        region: the region.
        parent: the scope around it.
        use: its place there; None for the net.
        items: what stands in it.
        inputs, outputs: the tensors that cross its border.
        borrowed: layers and parts outside of it whose modules it calls; they are handed to its `forward`.
        numbered: the path of what is shared whose uses number layers in here (`Op.each`); `forward` is told
            which use it is.
        results: of a clique, what its class returns: how all results are spoken of at once (`x[1:]`), and the
            layer that joins them. Empty where something else leaves it.
    """

    region: Region
    parent: Scope | None
    use: Use | None = None
    items: list[Item] = field(default_factory=list)
    inputs: list[Ref] = field(default_factory=list)
    outputs: list[Ref] = field(default_factory=list)
    borrowed: list[Op | Use] = field(default_factory=list)
    numbered: str | None = None
    results: list[tuple[str, Op]] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The kind of its region."""
        return self.region.kind

    @property
    def chain(self) -> Iterator[Scope]:
        """The scope and those around it, from the inside."""
        at: Scope | None = self
        while at is not None:
            yield at
            at = at.parent


@dataclass(eq=False, repr=False, slots=True)
class Structure:
    """The scopes of a graph.

    Attributes:
        graph: the graph.
        scopes: every scope; those around come before those inside.
        ops: by the name of the node.
        home: the scope of every live node.
        held: for a layer that is shared alone, by the node that owns its weights, what holds its module.
        numbered: for a layer that each use of something shared has of its own, the first use's, and its
            attribute.
    """

    graph: Graph
    scopes: list[Scope]
    ops: dict[str, Op]
    home: dict[str, Scope]
    held: dict[str, Op] = field(default_factory=dict)
    numbered: dict[str, tuple[Op, str]] = field(default_factory=dict)

    def where(self, what: Op | Use) -> Scope:
        """The scope that has the module of a layer or a part."""
        if isinstance(what, Op):
            return self.home[what.node.name]
        assert what.scope is not None
        assert what.scope.parent is not None
        return what.scope.parent

    @property
    def net(self) -> Scope:
        """The whole."""
        return self.scopes[0]

    def prefix(self, scope: Scope) -> str:
        """How the net speaks of a scope: `conv2.bottleneck1`."""
        return ".".join(reversed([around.use.attr for around in scope.chain if around.use is not None]))

    def path(self, op: Op) -> str:
        """How the net speaks of a layer's module: `conv2.bottleneck1.conv1`."""
        first, attr = self.numbered.get(op.node.name, (op, op.attr))
        prefix = self.prefix(self.home[first.node.name])
        return f"{prefix}.{attr}" if prefix else f"{attr}"


def live_nodes(graph: Graph) -> set[str]:
    """The nodes on which an output or a head depends."""
    found = (
        {ref.node for _, ref in graph.outputs} | {head.ref.node for head in graph.heads} | set(graph.inputs)
    )
    todo = list(found)
    while todo:
        for source in graph.digraph.pred[todo.pop()]:
            if source not in found:
                found.add(source)
                todo.append(source)
    return found


def structure(graph: Graph) -> Structure:
    """Finds the scopes of a graph, what stands in them, and what crosses their borders."""
    from ogive.backends.pytorch.sharing import find_repeated, find_shared, hold
    from ogive.backends.pytorch.shortcuts import fill_shortcuts

    live = live_nodes(graph)
    operands = {name: list(graph.reads(name)) for name in graph.digraph if name in live}
    read = {ref for refs in operands.values() for ref in refs}
    read |= {ref for _, ref in graph.outputs} | {head.ref for head in graph.heads}
    ops: dict[str, Op] = {}
    for node in graph:
        if node.name in live and node.name not in graph.inputs and not _is_member(graph, node):
            types = [graph.type(ref) for ref in operands[node.name]]
            torch = read_off(node.layer.torch(types[: node.own]), types)
            flow_only = torch.flow is not None and not any(
                Ref(node.name, i) in read for i in range(1, len(node.outputs))
            )
            if flow_only:
                torch = replace(torch, forward=torch.flow, helpers=())
            channels = types[0].channels if types else None
            ops[node.name] = Op(node, torch, operands[node.name], channels, flow_only=flow_only)
    scopes = _scopes(graph, live, ops)
    result = Structure(graph, list(dict.fromkeys(scopes.values())), ops, {})
    for node in graph:
        if node.name in live:
            result.home[node.name] = scopes[node.region]
    _fill(result, live, scopes)
    _borders(result, operands)
    held = find_shared(result, scopes)
    _owners(result, scopes)
    _borrow(result)
    fill_shortcuts(result)
    for scope in result.scopes:
        _order(scope)
    hold(held)
    find_repeated(result)
    return result


def _is_member(graph: Graph, node: Node) -> bool:
    region = graph.regions[node.region]
    return region.clique is not None and node.layer.group == "clique"


def _scopes(graph: Graph, live: set[str], ops: dict[str, Op]) -> dict[int, Scope]:
    """For every region the scope that its layers stand in."""
    held: dict[int, int] = {}
    modules: set[int] = {0}
    for node in graph:
        if node.name not in live:
            continue
        op = ops.get(node.name)
        stateful = op is None or op.torch.module is not None
        for around in graph.ancestors(node.region):
            held[around.id] = held.get(around.id, 0) + 1
            if stateful:
                modules.add(around.id)
    scopes: dict[int, Scope] = {}
    for id, region in sorted(graph.regions.items()):
        around = scopes[region.parent] if region.parent is not None else None
        count = held.get(id, 0)
        own = id in modules or region.kind in {"shortcut", "aux"} or count >= LONG
        if around is None or (region.name and count and own):
            scopes[id] = Scope(region, around)
        else:
            scopes[id] = around
    return scopes


def _fill(result: Structure, live: set[str], scopes: dict[int, Scope]) -> None:
    """Puts the items into the scopes and gives them their attributes."""
    graph = result.graph
    taken: dict[Scope, set[str]] = {scope: set() for scope in result.scopes}
    branches = _branches(graph, scopes)
    for node in graph:
        if node.name not in live or node.name in graph.inputs:
            continue
        home = scopes[node.region]
        for scope in reversed(list(home.chain)):
            around = scope.parent
            if scope.use is None and around is not None:
                attr = unique(attribute(scope.region.name), taken[around])
                scope.use = Use(scope, attr, turn=_turn(graph, scope.region, scopes))
                scope.use.branch = branches[scope.region.parent or 0]
                around.items.append(scope.use)
        op = result.ops.get(node.name)
        if op is None:
            continue
        op.branch = branches[_value_of(graph, node)]
        if op.torch.module is not None and (node.owner is None or node.owner not in live):
            prefix = f"{home.region.path}." if home.region.path else ""
            local = node.name.removeprefix(prefix) if node.name.startswith(prefix) else node.local
            op.attr = unique(attribute(local), taken[home])
        home.items.append(op)


def _value_of(graph: Graph, node: Node) -> int:
    """The region in which a layer's result is at home: that around a residual, for its addition."""
    region = graph.regions[node.region]
    if region.kind == "residual" and region.parent is not None and region.outputs[:1] == (Ref(node.name),):
        return region.parent
    return region.id


def _turn(graph: Graph, region: Region, scopes: dict[int, Scope]) -> int | None:
    """The repeat or dense region of which a region is one turn, alone in it or the turn itself."""
    if region.kind == "iteration":
        return region.parent
    around = graph.regions[region.parent] if region.parent is not None else None
    if (
        region.kind == "block"
        and around is not None
        and around.kind == "iteration"
        and scopes[around.id].region is not around
    ):
        return around.parent
    return None


def _filled(graph: Graph) -> set[int]:
    """The regions that hold layers."""
    found: set[int] = set()
    for node in graph:
        for around in graph.ancestors(node.region):
            if around.id in found:
                break
            found.add(around.id)
    return found


def _branches(graph: Graph, scopes: dict[int, Scope]) -> dict[int, str]:
    """The name for results that stand directly in a region.

    It is `y2` in a second branch, `y2_1` in the first branch of a merge in there, `y` in a residual or in a
    branch that has none beside it. What a merge joins, and what a residual in a branch computes, has the name
    of the place it stands in.
    """
    filled = _filled(graph)
    branches: dict[int | None, dict[int, int]] = {}
    for id, region in sorted(graph.regions.items()):
        if region.kind == "branch" and id in filled:
            beside = branches.setdefault(region.parent, {})
            beside[id] = len(beside) + 1
    names: dict[int, str] = {}
    for id, region in sorted(graph.regions.items()):
        own = region.parent is None or scopes[id].region is region
        around = "" if own or region.parent is None else names[region.parent]
        if region.kind == "branch" and id in filled:
            beside = branches[region.parent]
            if around[1:] and len(around) < LONGEST_BRANCH:
                around = f"{around}_{beside[id]}"
            else:
                around = f"y{beside[id]}" if len(beside) > 1 else "y"
        elif region.kind == "residual":
            around = around or "y"
        names[id] = around
    return names


def _owners(result: Structure, scopes: dict[int, Scope]) -> None:
    """Connects layers that share weights; a layer outside is borrowed by every scope on the way to it."""
    stand_in: dict[str, Op] = {}
    kept: list[tuple[Scope, Op]] = []
    for scope in result.scopes:
        for op in scope.items:
            if not isinstance(op, Op) or op.owner is not None:
                continue
            if op.node.owner is None or op.torch.module is None:
                continue
            owner = result.ops.get(op.node.owner) or result.held.get(op.node.owner)
            if owner is None and (home := _keeper(result, op.node.owner, scopes)) is not None:
                owner = _hold(result, op, home)
                kept.append((home, owner))
            if owner is not None and owner.held:
                op.attr = None
            if owner is None:  # the owner reaches no output: the first that does stands in for it
                owner = stand_in.setdefault(op.node.owner, op)
                if owner is op:
                    continue
                op.attr = None
            op.owner = owner
    for home, op in kept:
        home.items.append(op)


def _keeper(result: Structure, owner: str, scopes: dict[int, Scope]) -> Scope | None:
    """The scope of a layer that leads nowhere, in a part that is held for others, who use its weights."""
    if owner not in result.graph:
        return None
    home = scopes[result.graph.node(owner).region]
    return home if any(around.use is not None and around.use.held for around in home.chain) else None


def _hold(result: Structure, op: Op, home: Scope) -> Op:
    """A module for such a layer, made and not called where it stands."""
    assert op.node.owner is not None
    name = op.node.owner
    prefix = f"{home.region.path}." if home.region.path else ""
    local = name.removeprefix(prefix) if name.startswith(prefix) else name.rpartition(".")[2]
    attr = unique(attribute(local), {item.attr or "" for item in home.items})
    held = Op(replace(op.node, name=f"\0{name}"), op.torch, [], op.channels, attr, held=True)
    result.home[held.node.name] = home
    result.held[name] = held
    return held


def _borders(result: Structure, operands: dict[str, list[Ref]]) -> None:
    """Finds inputs and outputs of every scope and use."""
    graph = result.graph
    inputs: dict[Scope, dict[Ref, None]] = {scope: {} for scope in result.scopes}
    outputs: dict[Scope, dict[Ref, None]] = {scope: {} for scope in result.scopes}

    def crosses(ref: Ref, chain: list[Scope]) -> None:
        source = list(result.home[ref.node].chain)
        for scope in source:
            if scope in chain:
                break
            outputs[scope][ref] = None
        for scope in chain:
            if scope in source:
                break
            inputs[scope][ref] = None

    for name, refs in operands.items():
        if name in graph.inputs:
            continue
        home = result.home[name]
        for ref in refs:
            if result.home[ref.node] is not home:
                crosses(ref, list(home.chain))
    net = result.net
    for ref in [ref for _, ref in graph.outputs] + [head.ref for head in graph.heads]:
        crosses(ref, [net])
    rank = {name: i for i, name in enumerate(graph.digraph)}
    for scope in result.scopes:
        first = [ref for ref in scope.region.inputs if ref in inputs[scope]]
        scope.inputs = list(dict.fromkeys([*first, *inputs[scope]]))
        first = [ref for ref in scope.region.outputs if ref in outputs[scope]]
        rest = sorted(outputs[scope], key=lambda ref: (rank[ref.node], ref.output))
        scope.outputs = list(dict.fromkeys([*first, *rest]))
        if scope.use is not None:
            scope.use.operands, scope.use.outputs = list(scope.inputs), list(scope.outputs)
    net.inputs = [Ref(name) for name in graph.inputs]
    net.outputs = list(dict.fromkeys([ref for _, ref in graph.outputs] + [head.ref for head in graph.heads]))


def _borrow(result: Structure) -> None:
    """Lends every scope the modules that it, or what it calls, uses from outside of it."""

    def lend(what: Op | Use, to: Scope) -> bool:
        around = set(result.where(what).chain)
        new = False
        for scope in to.chain:
            if scope in around:
                break
            if what not in scope.borrowed:
                scope.borrowed.append(what)
                new = True
        return new

    calls: list[tuple[Scope, Scope]] = []
    for scope in result.scopes:
        for item in scope.items:
            if isinstance(item, Op):
                if item.owner is not None:
                    lend(item.owner, scope)
            elif item.same is not None and item.same.scope is not None:
                lend(item.same, scope)
                calls.append((scope, item.same.scope))
    # whoever calls what is held elsewhere hands on what that borrows
    more = True
    while more:
        more = False
        for caller, called in calls:
            for what in [*called.borrowed]:
                more = lend(what, caller) or more


def _order(scope: Scope) -> None:
    """Puts the items of a scope in an order in which they can run, keeping the program's where it can."""
    maker = {ref: i for i, item in enumerate(scope.items) for ref in item.outputs}
    needs = [
        {maker[r] for r in item.operands if r in maker and maker[r] != i}
        for i, item in enumerate(scope.items)
    ]
    if all(max(need, default=-1) < i for i, need in enumerate(needs)):
        return
    users: dict[int, list[int]] = {}
    for i, need in enumerate(needs):
        for source in need:
            users.setdefault(source, []).append(i)
    waiting = [len(need) for need in needs]
    ready = [i for i, count in enumerate(waiting) if not count]
    heapify(ready)
    order: list[int] = []
    while ready:
        i = heappop(ready)
        order.append(i)
        for user in users.get(i, ()):
            waiting[user] -= 1
            if not waiting[user]:
                heappush(ready, user)
    scope.items = [scope.items[i] for i in order]
