"""Graph to picture: repeats rolled up, regions deeper than a given depth folded into boxes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain, groupby

from ogive.backends.draw.fold import flow
from ogive.backends.draw.fold.arguments import with_arguments
from ogive.backends.draw.fold.clique_text import clique_lines, given_on, members_of
from ogive.backends.draw.fold.copies import Copies
from ogive.backends.draw.fold.entries import Entering, Link, carried_on, with_entries
from ogive.backends.draw.fold.folding import (
    after_all,
    ends,
    folded_kind,
    folded_text,
    inside,
    layers_text,
    name_of,
    names_of,
    strides,
    told_of,
)
from ogive.backends.draw.fold.forms import letters
from ogive.backends.draw.fold.opening import LEVELS, Hand
from ogive.backends.draw.fold.picture import (
    Box,
    Cluster,
    Edge,
    EdgeStyle,
    Item,
    Picture,
    Ring,
    Text,
    leaves,
    order,
    with_badge,
    with_label,
    with_nodes,
)
from ogive.backends.draw.fold.rolling import Rolled, Structure, Unit
from ogive.backends.draw.fold.shared import says_shared, whose_weights, without_shared
from ogive.backends.draw.fold.text import (
    Fused,
    bundled,
    channels_text,
    clip,
    entering_words,
    gives_what_it_takes,
    label_lines,
    layer_text,
    look,
    shape,
)
from ogive.graph import Ref, Region


def deepest(structure: Structure, root: int = 0) -> int:
    """How many levels there are below a region: the depth at which nothing is folded."""
    best = 0
    levels: dict[int, int] = {root: 0}
    for region in structure.graph.regions.values():
        if region.parent in levels and region.id != root:
            levels[region.id] = levels[region.parent] + (region.kind in LEVELS)
            best = max(best, levels[region.id])
    return best


def collapse(
    structure: Structure,
    depth: int,
    root: int = 0,
    prefix: str = "",
    also: Collection[int] = (),
    hand: Hand | None = None,
) -> Picture:
    """The picture of a region (the net) in which `depth` levels of stages, blocks and dense blocks are open.

    Args:
        structure: of the graph.
        depth: 0 folds every stage and block that stands directly in it.
        root: the region; anything but the net gets boxes for the tensors that enter.
        prefix: begins the ids, so that several pictures can stand in one file.
        also: regions that are open at any depth.
        hand: regions that are open, or folded, at any depth, and do not roll with what is not.
    """
    return _Scene(structure, depth, root, prefix, frozenset(also), hand or Hand()).picture()


class _Scene:
    def __init__(
        self, structure: Structure, depth: int, root: int, prefix: str, also: frozenset[int], hand: Hand
    ) -> None:
        self.open = also
        self.hand = hand
        self.structure = structure
        self.graph = structure.graph
        self.depth = depth
        self.root = root
        self.prefix = prefix
        self.counter = 0
        self.at: dict[str, str] = {}  # where a node is drawn
        self.copies = Copies()
        # by roll: the operands that each copy after the first takes from the copy before it
        self.carried: list[frozenset[tuple[int, int]]] = []
        self.frames: dict[int, str] = {}  # by roll: its frame
        self.rings: dict[str, Region] = {}
        self.often: dict[tuple[str, str], int] = {}  # by arrow: how often its circle takes that tensor
        # of a node that is folded away: the region that its edges are seen from
        self.above: dict[str, int | None] = {}

    def picture(self) -> Picture:
        region = self.graph.regions[self.root]
        items = self.content(region, 0)
        sources: list[Box] = []
        links, entering = self.links(sources)
        items, links = with_entries(items, links, entering, self.frames, self.id)
        name = self.graph.name if self.root == 0 else name_of(region)
        every = (*sources, *items)
        if self.root == 0:
            outputs, out_links = self.outputs()
            every, links = (*every, *outputs), [*links, *out_links]
            title = self.title(region, every)
            links += [(Edge(box.id, every[0].id, "title"), "") for box in title]
            every = (*title, *every)
        else:
            results, result_links = self.results(region) if region.clique else self.given(region, links)
            every, links = (*every, *results), [*links, *result_links]
        thin = frozenset(b.id for b in leaves(every) if isinstance(b, Box) and b.kind == "shape")
        edges = self.labelled(links, flow.mark_skips([edge for edge, _ in links], thin))
        label = label_lines(region.notes) if self.root else ()
        every = with_nodes(every, self.every())
        spine = flow.spine(order(every), edges)
        hidden, nodes = self.hidden(every), self.structure.nodes[self.root]
        name = clip(name, 60)
        return Picture(name, every, tuple(edges), label=label, spine=spine, hidden=hidden, nodes=nodes)

    def hidden(self, items: Sequence[Item]) -> frozenset[str]:
        """The nodes, in all copies, that are in a box with others that the box does not name."""
        folded = {b.id for b in leaves(tuple(items)) if isinstance(b, Box) and b.region is not None}
        nodes = self.structure.nodes[self.root]
        return frozenset(n for n in nodes if self.at[self.copies.resolve(n)[0]] in folded)

    # ------------------------------------------------------------------ items

    def id(self) -> str:
        self.counter += 1
        return f"{self.prefix}n{self.counter}"

    def content(self, region: Region, level: int) -> tuple[Item, ...]:
        """The items of a region that is open."""
        if region.kind == "clique" and region.clique:
            return self.ring(region)
        items: list[Item] = []
        for rolled in self.rolled(region):
            number = self.roll(rolled) if rolled.count > 1 else None
            held = self.unit(rolled, level)
            if rolled.count > 1 and len(held) == 1:
                held = (with_badge(self.whole(held[0], rolled), rolled.count),)
            elif rolled.count > 1:
                held = (Cluster(self.id(), "", self.growth(rolled), held, rolled.count),)
            if number is not None and held and isinstance(held[0], Cluster):
                self.frames[number] = held[0].id
            items += [*held[:-1], with_label(held[-1], after=self.repeated(region, rolled))] if held else []
        return tuple(items)

    def rolled(self, region: Region) -> list[Rolled]:
        """What stands in a region, rolls divided where copies were opened or folded that others are not."""
        found: list[Rolled] = []
        units = self.structure.units(region.id)
        at = 0
        for rolled in self.structure.rolled(region.id):
            keys = [self.chosen(unit) for unit in units[at : at + rolled.count]]
            start = 0
            for _, same in groupby(keys):
                end = start + len(list(same))
                found.append(Rolled(units[at + start], rolled.copies[start:end]))
                start = end
            at += rolled.count
        return found

    def chosen(self, unit: Unit) -> frozenset[tuple[int, bool]]:
        """What was opened and folded by hand in a unit, by its place there."""
        if isinstance(unit, Fused) or unit.id not in self.hand.apart:
            return frozenset()
        inside = [r.id for r in self.structure.inside(unit.id)]
        marked = self.hand.opened | self.hand.folded
        return frozenset((i, id in self.hand.opened) for i, id in enumerate(inside) if id in marked)

    def repeated(self, region: Region, rolled: Rolled) -> tuple[str, ...]:
        """The notes of the repeats that end with the last of these copies; a repeat itself is not drawn."""
        found: list[str] = []
        for repeat in self.structure.children[region.id] if rolled.count else ():
            if repeat.kind == "repeat" and repeat.outputs and repeat.outputs[-1].node in rolled.copies[-1]:
                found += repeat.notes
        return label_lines(found)

    def roll(self, rolled: Rolled) -> int:
        self.carried.append(carried_on(self.graph, rolled))
        return self.copies.add(rolled.copies)

    def whole(self, item: Item, rolled: Rolled) -> Item:
        """What all copies of a roll together do to the channels, where one box or frame stands for them."""
        if isinstance(item, Box) and item.region is not None:
            text, *_ = self.told(self.graph.regions[item.region], rolled)
            text = self.with_arguments(self.graph.regions[item.region], tuple(chain(*rolled.copies)), text)
            return replace(item, text=replace(text, label=item.text.label))
        if isinstance(item, Box) and isinstance(rolled.unit, Region) and rolled.unit.kind == "stage":
            title = layers_text(self.structure, rolled.unit, rolled)
            return replace(item, symbol=None, text=replace(item.text, title=title or item.text.title))
        growth = self.growth(rolled)
        if isinstance(item, Cluster) and item.kind == "stage" and item.region is not None:
            region = self.graph.regions[item.region]
            named = names_of(self.structure, region, rolled)
            item = replace(item, name=named + item.name.removeprefix(name_of(region)))
        if isinstance(item, Cluster) and growth:
            return replace(item, note=", ".join(n for n in (item.note, growth) if n))
        return item

    def growth(self, rolled: Rolled) -> str:
        """`16→64`, where every copy of a roll changes the channels."""
        unit = rolled.unit
        types = ends(self.structure, unit) if isinstance(unit, Region) else None
        if types is None or not isinstance(unit, Region):
            return ""
        last = after_all(self.structure, unit, rolled)
        return (
            channels_text(types[0], last, strides(self.structure, unit, rolled))
            if last and last != types[1]
            else ""
        )

    def unit(self, rolled: Rolled, level: int) -> tuple[Item, ...]:
        unit = rolled.unit
        if isinstance(unit, Fused):
            unseen = self.at.get(unit.lead) in self.rings or self.passes(unit)
            return () if unseen else (self.layer(unit),)
        if unit.kind not in LEVELS:  # no frame of its own: its notes stand at the first thing in it
            items = self.content(unit, level)
            return (with_label(items[0], label_lines(unit.notes)), *items[1:]) if items else ()
        if self.folds(unit, level):
            return (self.folded(unit),)
        return self.opened(unit, self.content(unit, level + 1))

    def passes(self, unit: Fused) -> bool:
        """Whether layers give what they take, and so are seen where that came from."""
        first = self.graph.operands(unit.nodes[0])[:1]
        source = self.at.get(self.copies.resolve(first[0].node)[0]) if first else None
        if source is None or self.structure.apart or not gives_what_it_takes(self.graph, unit):
            return False
        self.at.update(dict.fromkeys(unit.nodes, source))
        return True

    def folds(self, region: Region, level: int) -> bool:
        if region.id in self.hand.folded or region.id in self.hand.opened:
            return region.id in self.hand.folded
        return level >= self.depth and region.id not in self.open

    def opened(self, region: Region, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """A frame around what a region holds, unless a frame would say nothing."""
        label = label_lines(region.notes)
        if len(items) == 1 and region.kind in {"block", "dense", "stage"} and isinstance(items[0], Box):
            return (with_label(_named(region, items[0]), label),)
        name, note = name_of(region), ""
        if region.shared and any(says_shared(item) for item in items):
            # below the name: a frame stays narrow
            label, items = (whose_weights(self.graph, region), *label), tuple(map(without_shared, items))
        if region.kind == "aux" and region.weight is not None:
            note = f"weight {region.weight:g}"
        only = items[0] if len(items) == 1 else None
        if isinstance(only, Cluster):
            if not only.name:
                note = ", ".join(n for n in (note, only.note) if n)
                only = replace(only, name=name, note=note, kind=region.kind, region=region.id)
                return (with_label(only, label),)
            if region.kind == "stage" and only.kind != "stage":
                only = replace(only, name=f"{name} · {only.name}", kind="stage", region=region.id)
                return (with_label(only, label),)
        return (Cluster(self.id(), name, note, items, kind=region.kind, label=label, region=region.id),)

    def layer(self, fused: Fused) -> Box:
        seen = look(self.graph, self.graph.node(fused.lead))
        aux = any(r.kind == "aux" for r in self.graph.ancestors(self.graph.node(fused.lead).region))
        id = self.id()
        self.at.update(dict.fromkeys(fused.nodes, id))
        text = layer_text(self.graph, fused)
        symbol = seen.symbol if len(fused.nodes) == 1 and not text.label else None
        return Box(id, "aux" if aux else seen.kind, text, fused.nodes, symbol=symbol)

    def folded(self, region: Region) -> Box:
        units = self.structure.units(region.id)
        if (
            region.kind == "stage" and len(units) == 1 and isinstance(units[0], Fused)
        ):  # it says all by itself
            box = _named(region, self.layer(units[0]))
            return replace(box, text=replace(box.text, label=(*label_lines(region.notes), *box.text.label)))
        id = self.id()
        nodes = self.structure.nodes[region.id]
        self.at.update(dict.fromkeys(nodes, id))
        self.above.update(dict.fromkeys(nodes, region.id if region.kind == "aux" else region.parent))
        text, definition, badge = self.told(region)
        text = replace(self.with_arguments(region, nodes, text), label=label_lines(region.notes))
        kind = folded_kind(self.structure, region)
        defines, form = inside(self.structure, region), self.structure.signature(region, "form")
        return Box(id, kind, text, nodes, region.id, badge, None, definition, defines, form=form)

    def told(self, region: Region, rolled: Rolled | None = None) -> tuple[Text, str, int]:
        """What a folded region says, what of that is the name of what is inside, and how often."""
        return folded_text(self.structure, region, rolled, letters(self.structure))

    def with_arguments(self, region: Region, nodes: tuple[str, ...], text: Text) -> Text:
        """What a folded region says; in a net's own picture with the arguments of the block that it is."""
        told = told_of(self.structure, region)
        return text if self.root else with_arguments(self.structure, told, nodes, text)

    def ring(self, region: Region) -> tuple[Item, ...]:
        """X0 and the layers; a concat of all layers and of nothing else is the ring's own value."""
        assert region.clique is not None
        ring = Ring(self.id(), region.clique, clique_lines(region.clique))
        members = members_of(self.structure, region)
        self.at.update(dict.fromkeys(members, ring.id))
        self.rings[ring.id] = region
        users = {user for m in members for _, user, _ in self.graph.consumers(m)} - set(members)
        for user in users:
            node = self.graph.node(user)
            newest = [Ref(m) for m in members]
            own = look(self.graph, node).kind == "merge" and list(self.graph.operands(user)) == newest
            if own and region.id != self.root:  # where it is defined, it is drawn
                self.at[user] = ring.id
        others = [
            u for u in self.structure.units(region.id) if isinstance(u, Fused) and u.lead not in self.at
        ]
        return (ring, *(self.layer(u) for u in others))

    def outputs(self) -> tuple[list[Box], list[tuple[Edge, str]]]:
        boxes: list[Box] = []
        links: list[tuple[Edge, str]] = []
        for name, ref in self.graph.outputs:
            box = Box(self.id(), "output", Text(clip(name)))
            boxes.append(box)
            links.append(
                (Edge(self.at[self.copies.resolve(ref.node)[0]], box.id), shape(self.graph.type(ref)))
            )
        return boxes, links

    def given(self, region: Region, links: Sequence[Link]) -> tuple[list[Box], list[Link]]:
        """What a block calls its results; where it does not name them, and they are not all that nothing else
        takes, `out`.
        """
        drawn = [self.copies.resolve(ref.node)[0] for ref in region.outputs]
        at = [self.at[n] for n in drawn if n in self.at]
        names = [*map(clip, region.gives)]
        ends = set(self.at.values()) - {edge.tail for edge, _ in links}
        if not names and region.kind == "block" and (len(ends) > 1 or set(at) != ends):
            names = [f"out {i + 1}" for i in range(len(at))] if len(at) > 1 else ["out"]
        if len(at) < len(drawn):  # what enters leaves as it is
            names = [name for name, n in zip(names, drawn, strict=False) if n in self.at]
        found = [(Box(self.id(), "output", Text(name)), tail) for name, tail in zip(names, at, strict=False)]
        return [box for box, _ in found], [(Edge(tail, box.id), "") for box, tail in found]

    def title(self, region: Region, items: tuple[Item, ...]) -> tuple[Box, ...]:
        """The notes of the whole net, above its first box."""
        if not region.notes or not items or not isinstance(items[0], Box):
            return ()
        return (Box(self.id(), "title", Text("", label=label_lines(region.notes))),)

    def results(self, region: Region) -> tuple[list[Box], list[Link]]:
        """What a clique gives on, as far as it is used."""
        found = [
            (Box(self.id(), "output", Text(word)), node) for node, word in given_on(self.structure, region)
        ]
        return [box for box, _ in found], [(Edge(self.at[node], box.id), "") for box, node in found]

    # ------------------------------------------------------------------ edges

    def every(self) -> dict[str, list[str]]:
        """By what is drawn: the nodes that it stands for, in all copies; of a ring its layers alone."""
        found: dict[str, list[str]] = defaultdict(list)
        for name in self.structure.nodes[self.root]:
            drawn = self.at[self.copies.resolve(name)[0]]
            if drawn not in self.rings or self.graph.node(name).layer.group == "clique":
                found[drawn].append(name)
        return found

    def links(self, sources: list[Box]) -> tuple[list[tuple[Edge, str]], Entering]:
        """The arrows between what is drawn, with their shapes, and the rolls whose copies each enters.

        Fills `sources` with boxes for the tensors from outside.
        """
        resolved = {name: self.copies.resolve(name) for name in self.structure.nodes[self.root]}
        found: dict[tuple[str, str], tuple[Edge, str]] = {}
        carriers: dict[tuple[str, str], dict[Ref, str]] = defaultdict(dict)
        outside: dict[Ref, str] = {}
        entering: Entering = {}
        for name, (drawn, path) in resolved.items():
            head = self.at[drawn]
            for slot, ref in enumerate(self.graph.operands(name)):
                # a layer of a clique is not all that leaves it: no shape is right
                whole = ref.node not in resolved or self.graph.node(ref.node).layer.group != "clique"
                carried = shape(self.graph.type(ref)) if whole else ""
                source = ref.node
                if ref.node not in resolved:
                    if ref not in outside:
                        outside[ref] = self.id()
                    tail, before = outside[ref], dict[int, int]()
                else:
                    source, before = resolved[ref.node]
                    tail = self.at[source]
                if tail != head and all(path.get(roll, copy) == copy for roll, copy in before.items()):
                    ends = self.around_rings(tail, head, ref, name)
                    style = self.style(ref.node, drawn)
                    known = found.get(ends)
                    if known is None or (style == "flow" and known[0].style != "flow"):
                        found[ends] = Edge(*ends, style), known[1] if known else carried
                    if drawn not in self.above and (times := flow.often(self.graph, name, ref)) > 1:
                        self.often[ends] = times
                    entered = self.entered(name, slot, before)
                    entering[ends] = entering.get(ends, entered) & entered
                    if carried:
                        carriers[ends].setdefault(ref._replace(node=source), carried)
        for ring, region in self.rings.items():
            source = Edge(f"{ring}.x0", ring, "source")
            found[source.tail, ring] = source, shape(self.graph.type(region.inputs[0]))
        root = self.graph.regions[self.root]
        taken = dict(zip(root.inputs, map(clip, root.takes), strict=False))
        words = entering_words([self.graph.type(ref) for ref in outside])
        for (ref, id), word in zip(outside.items(), words, strict=True):
            sources.append(Box(id, "input", Text(taken.get(ref, word))))
        links = [(edge, bundled(carriers[ends]) or carried) for ends, (edge, carried) in found.items()]
        return links, entering

    def entered(self, name: str, slot: int, before: Mapping[int, int]) -> frozenset[int]:
        """The rolls that an operand enters, whose later copies have there what the copy before gave."""
        around = ((roll, place) for roll, _, place in self.copies.around(name) if roll not in before)
        return frozenset(roll for roll, place in around if (place, slot) in self.carried[roll])

    def around_rings(self, tail: str, head: str, ref: Ref, user: str) -> tuple[str, str]:
        """X0 stands between a ring and what feeds it; it is what is joined to the ring's layers behind it."""
        region = self.rings.get(head)
        if region and ref in region.inputs:
            return tail, f"{head}.x0"
        for ring, region in self.rings.items():
            if ref in region.inputs and head != ring:
                at = {self.at.get(self.copies.resolve(r.node)[0]) for r in self.graph.operands(user)}
                if ring in at:
                    return f"{ring}.x0", head
        return tail, head

    def style(self, tail: str, head: str) -> EdgeStyle:
        for node in (head, tail):
            if node not in self.graph:
                continue
            start = self.above.get(node, self.graph.node(node).region)
            for region in self.graph.ancestors(start or 0):
                if region.id == self.root:
                    break
                if region.kind == "shortcut":
                    return "projection"
                if region.kind == "aux":
                    return "aux"
                if region.kind in LEVELS or region.kind == "residual":
                    break
        return "flow"

    def labelled(self, links: Sequence[tuple[Edge, str]], edges: Sequence[Edge]) -> list[Edge]:
        """A shape on the first arrow of every tensor unlike those that entered its box; never on a skip."""
        entering: dict[str, set[str]] = defaultdict(set)
        for (_, carried), edge in zip(links, edges, strict=True):
            if edge.style != "skip":
                entering[edge.head].add(carried)
        silent = {f"{ring}.x0" for ring in self.rings}
        named: set[tuple[str, str]] = set()
        done: list[Edge] = []
        for (_, carried), edge in zip(links, edges, strict=True):
            known = carried in entering[edge.tail] or (edge.tail, carried) in named or edge.tail in silent
            if self.root == 0:
                edge = replace(edge, carried=carried)
            if self.root == 0 and edge.style == "flow" and not known:
                named.add((edge.tail, carried))
                edge = replace(edge, label=carried)
            if times := self.often.get((edge.tail, edge.head)):
                edge = replace(edge, label=f"{edge.label} (×{times})" if edge.label else f"×{times}")
            done.append(edge)
        return done


def _named(region: Region, box: Box) -> Box:
    """The only box of a stage, which needs no frame: the stage's name stands before its own words."""
    if region.kind != "stage":
        return box
    title = clip(f"{name_of(region)} · {box.text.title}")
    return replace(box, symbol=None, text=replace(box.text, title=title))
