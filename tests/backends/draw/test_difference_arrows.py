"""Arrows of a difference: whatever is folded, what a box takes and where its output goes is seen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

import ogive
from ogive.backends.draw.fold.picture import Box, Picture
from ogive.backends.draw.styles.difference_pieces import Gone
from ogive.backends.draw.styles.difference_search import candidates
from ogive.report.difference import Difference

ZOO = (
    ("mobilenet_v3_small", "mobilenet_v3_large"), ("mobilenet_v2", "mobilenet_v3_large"),
    ("resnet18", "resnet50"), ("resnet50", "resnext50"), ("resnet18", "resnet34"),
    ("vgg16", "resnet50"), ("googlenet", "bn_inception"), ("dpn92", "dpn98"),
    ("densenet121", "densenet169"), ("cliquenet_k36_t12", "cliquenet_k36_t12_abc"), ("alexnet", "vgg11_bn"),
)  # fmt: skip
EDITS = (
    ("resnet50", "remove bn"), ("resnet50", "replace relu with gelu"), ("unet", "remove relu"),
    ("googlenet", "remove max_pool"), ("mobilenet_v2", "remove relu6"), ("densenet121", "remove relu"),
)  # fmt: skip
PLAIN = "conv(8, 3x3, padding = 1) -> bn -> relu -> dropout(0.1) -> conv(8, 3x3, padding = 1) -> bn"
SHORT = "conv(8, 3x3, padding = 1) -> bn -> relu -> conv(8, 3x3, padding = 1) -> bn"
BODIES = {
    "plain": PLAIN,
    "residual": f"residual {{ {SHORT} }}",
    "deeper": f"conv(8, 1x1) -> residual {{ {SHORT} -> relu -> {SHORT} }} -> relu",
    "two": f"residual {{ {SHORT} }} -> relu -> residual {{ {SHORT} -> dropout(0.2) }}",
    "in-two": f"residual {{ conv(8, 1x1) -> residual {{ {PLAIN} }} -> relu }}",
    "projected": "residual(shortcut = { conv(8, 1x1) -> bn }) { conv(8, 3x3, padding = 1) -> bn } -> relu",
    "branches": "concat { | conv(4, 1x1) -> relu | conv(4, 3x3, padding = 1) -> bn -> relu -> dropout(0.1) }",
    "fewer": "concat { | conv(4, 1x1) | conv(4, 3x3, padding = 1) -> relu } -> conv(8, 1x1) -> relu",
    "none": "relu",
}
NET = "net N() {{\n  input x: 8x16x16\n  stage s {{ {} }}\n  global_avg_pool -> flatten -> linear(10)\n}}"


@cache
def zoo(a: str, b: str, edit: str = "") -> Difference:
    return ogive.diff(ogive.load(a), ogive.load(b, edits=[edit] if edit else []))


def boxes(picture: Picture) -> list[Box]:
    return [box for box in picture.boxes() if isinstance(box, Box)]


class Drawn:
    """What stands where in a picture, and which arrows should be seen.

    Args:
        difference: that is drawn.
        picture: of it.
        first: whether the first use, or copy, of what stands for several is looked at alone.
    """

    def __init__(self, difference: Difference, picture: Picture, *, first: bool) -> None:
        self.graphs = [net.graph for net in difference.nets]
        self.kept = {x.key: y.key for x, y in difference.correspondence.layers}
        self.at = {
            (0 if isinstance(name, Gone) else 1, str(name)): box.id
            for box in boxes(picture)
            for name in (box.nodes if first else box.every)
        }

    def wanted(self, side: int) -> Iterator[tuple[str, str]]:
        """Tail and head of what must be joined, if only over what was removed: all that is taken in B; in A,
        what is taken of or by what is gone.
        """
        for (own, name), head in self.at.items():
            if own != side and (side or name not in self.kept.values()):
                continue
            mine = name if own == side else next(x for x, y in self.kept.items() if y == name)
            for ref in self.graphs[side].operands(mine) if mine in self.graphs[side] else ():
                tail = self.at.get((side, ref.node))
                if side == 0 and tail is None and own == 0:
                    tail = self.at.get((1, self.kept.get(ref.node, "")))
                if tail is not None and tail != head:
                    yield tail, head


def lacking(difference: Difference, picture: Picture) -> Iterator[str]:
    """The boxes without an arrow in, or out, that take something, or give it."""
    for part in (picture, *picture.definitions):
        drawn = Drawn(difference, part, first=part is not picture)
        titles = {box.id: box.text.title for box in boxes(part)}
        tails, heads = {edge.tail for edge in part.edges}, {edge.head for edge in part.edges}
        for side in (1, 0):
            for tail, head in drawn.wanted(side):
                if tail not in tails:
                    yield f"{part.name}: nothing goes out of {titles[tail]}"
                if head not in heads:
                    yield f"{part.name}: nothing comes into {titles[head]}"
        takes = {
            drawn.at[1, node.name] for node in drawn.graphs[1]
            if (1, node.name) in drawn.at and drawn.graphs[1].operands(node.name)
        }  # fmt: skip
        yield from (f"{part.name}: nothing comes into {titles[box]}" for box in takes - heads)


def broken(difference: Difference, picture: Picture) -> Iterator[str]:
    """What B has no way between though a layer of it takes what another gives; nothing is rolled up."""
    for part in (picture, *picture.definitions):
        after: dict[str, set[str]] = {}
        for edge in part.edges:
            after.setdefault(edge.tail, set()).add(edge.head)
        gone = {box.id for box in boxes(part) if box.kind == "removed"}
        titles = {box.id: box.text.title for box in boxes(part)}
        for tail, head in Drawn(difference, part, first=True).wanted(1):
            seen, todo = {tail}, [tail]
            while todo:
                following = after.get(todo.pop(), set()) - seen
                seen |= following
                todo += following & gone
            if head not in seen:
                yield f"{part.name}: no arrow from {titles[tail]} to {titles[head]}"


@pytest.mark.parametrize(("a", "b", "edit"), [*((a, b, "") for a, b in ZOO), *((a, a, e) for a, e in EDITS)])
def test_what_is_taken_and_given_is_seen_in_nets_of_the_zoo(a: str, b: str, edit: str) -> None:
    found = zoo(a, b, edit)
    for picture in candidates(found):
        assert not list(lacking(found, picture))


@pytest.mark.parametrize("b", BODIES)
@pytest.mark.parametrize("a", BODIES)
def test_what_is_taken_and_given_is_seen_in_small_nets(a: str, b: str) -> None:
    found = ogive.diff(ogive.loads(NET.format(BODIES[a])), ogive.loads(NET.format(BODIES[b])))
    for picture in candidates(found):
        assert not list(lacking(found, picture))
    picture = next(iter(candidates(found)))
    if all(box.badge == 1 for box in boxes(picture)):
        assert not list(broken(found, picture))
