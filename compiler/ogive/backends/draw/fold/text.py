"""What boxes say: layers fused with their norm and activation, regions in one line."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ogive.backends.draw.fold.picture import Text
from ogive.backends.draw.fold.shared import whose_weights
from ogive.graph import Graph, Node, Ref
from ogive.layers.base import Look, TensorType
from ogive.layers.order import magnitude
from ogive.layers.sizes import show

LEADS = {"conv", "linear", "attention"}
FOLLOWERS = {"norm", "act"}
_CARRIED = {"dropout", "beside", "nowhere"}
_LIGHT = {"beside", "nowhere"}
_CLOSED = {"merge", "input"}
"""Boxes that nothing joins: circles, and what is there before the first layer."""
_LONGEST, _LONGEST_RANGE = 44, 60
_NUMBER = re.compile(r"\d+")
_LABEL_WIDTH, _LABEL_LINES, MAX_LENGTH = 44, 4, 200


def shape(type: TensorType) -> str:  # noqa: A002 - the word of the graph
    """`64×56×56`, `64×⌈h/2⌉×⌈w/2⌉`."""
    return show(type.sizes)


def entering_words(types: Sequence[TensorType]) -> list[str]:
    """What tensors that enter are called: `in`; several by their shapes, or by number where some agree."""
    shapes = [shape(each) for each in types]
    if len(set(shapes)) < len(shapes):
        return [f"in {i + 1}" for i in range(len(shapes))]
    return [f"in ({each})" for each in shapes] if len(shapes) > 1 else ["in"] * len(shapes)


def clip(text: str, longest: int = _LONGEST) -> str:
    """The text without what cannot be printed, and not longer than a box may be wide."""
    clean = "".join(c if c.isprintable() else " " for c in text).strip()
    return clean if len(clean) <= longest else clean[: longest - 1].rstrip() + "…"


def clipped_name(name: str, longest: int = _LONGEST) -> str:
    """A name without what cannot be printed; of a long one its two ends, which tell it from others."""
    clean = "".join(c if c.isprintable() else " " for c in name).strip()
    if len(clean) <= longest:
        return clean
    end = longest // 3
    return f"{clean[: longest - end - 1].rstrip()}…{clean[-end:].lstrip()}"


def ranged(titles: Sequence[str]) -> str:
    """`3×3 conv, 8` … `3×3 conv, 10` to `3×3 conv, 8 … 10`: the least and the greatest of every number."""
    columns = list(zip(*(map(int, _NUMBER.findall(t)) for t in titles), strict=False))
    spans = iter([str(c[0]) if len(set(c)) == 1 else f"{min(c)} … {max(c)}" for c in columns])
    return clip(_NUMBER.sub(lambda m: next(spans, m.group()), titles[0]), _LONGEST_RANGE)


def label_lines(notes: Iterable[str]) -> tuple[str, ...]:
    """What `label` says, in lines that are not wider than a box."""
    lines: list[str] = []
    for note in notes:
        lines += textwrap.wrap(clip(note, MAX_LENGTH), _LABEL_WIDTH, max_lines=_LABEL_LINES, placeholder=" …")
    return tuple(lines[:_LABEL_LINES])


def look(graph: Graph, node: Node) -> Look:
    """How a node's layer is drawn."""
    return node.layer.look(graph.operand_types(node.name))


@dataclass(frozen=True, slots=True)
class Fused:
    """Layers in one box: what stands before the leading one, itself, what stands behind."""

    before: tuple[str, ...]
    lead: str
    after: tuple[str, ...]

    @property
    def nodes(self) -> tuple[str, ...]:
        """All of them, in order."""
        return (*self.before, self.lead, *self.after)


def fuse(graph: Graph, run: Sequence[Node]) -> list[Fused]:
    """Divides a chain into boxes.

    A norm or an activation goes with the layer before it; in a chain that begins with them (pre-activation,
    He et al. 2016), with the convolution or linear map behind. Dropout goes with what is before, and so does
    what only orders numbers anew; before the first layer, with that.
    """
    kinds = [_kind(graph, n) for n in run]
    anchors = [i for i, k in enumerate(kinds) if k not in FOLLOWERS and k not in _CARRIED]
    bounds = list(zip([-1, *anchors], [*anchors, len(run)], strict=True))  # between them are followers
    first = next((i for i in anchors if kinds[i] in LEADS), None)
    leading: set[str] = set()  # what stands before a lead here; empty: post-activation
    if first is not None:
        start = next(left for left, right in bounds if right == first)
        leading = {k for k in kinds[start + 1 : first] if k in FOLLOWERS}

    before: dict[int, list[str]] = {i: [] for i in anchors}
    after: dict[int, list[str]] = {i: [] for i in anchors}
    alone: dict[int, list[str]] = {}
    for left, right in bounds:
        stretch = list(range(left + 1, right))
        can_left = left >= 0 and kinds[left] not in _CLOSED
        can_right = bool(leading) and right < len(run) and kinds[right] in LEADS
        cut = 0
        if can_left:
            own = kinds[left] in LEADS or not leading  # else, before a lead, only what is carried along
            taken = (
                kinds[i] in _CARRIED or (own and not (can_right and kinds[i] in leading)) for i in stretch
            )
            cut = next((n for n, take in enumerate(taken) if not take), len(stretch))
            after[left] += [run[i].name for i in stretch[:cut]]
        rest = [run[i].name for i in stretch[cut:]]
        carried, light = (all(kinds[i] in which for i in stretch[cut:]) for which in (_CARRIED, _LIGHT))
        ahead = kinds[right] if right < len(run) else "input"
        if rest and ((ahead in LEADS and (can_right or carried)) or (ahead not in _CLOSED and light)):
            before[right] += rest
        elif rest:
            alone[left] = rest
    boxes = [_alone(graph, alone[-1])] if -1 in alone else []
    for i in anchors:
        boxes.append(Fused(tuple(before[i]), run[i].name, tuple(after[i])))
        if i in alone:
            boxes.append(_alone(graph, alone[i]))
    return boxes


def _alone(graph: Graph, names: Sequence[str]) -> Fused:
    """Layers beside no other in one box, which the first of them leads that is anything to see."""
    seen = (i for i, name in enumerate(names) if look(graph, graph.node(name)).place != "nowhere")
    at = next(seen, 0)
    return Fused(tuple(names[:at]), names[at], tuple(names[at + 1 :]))


def gives_what_it_takes(graph: Graph, fused: Fused) -> bool:
    """Whether layers do nothing at these sizes, and nothing is noted about them."""
    nodes = list(map(graph.node, fused.nodes))
    return all(look(graph, node).place == "nowhere" and not node.notes for node in nodes)


def _kind(graph: Graph, node: Node) -> str:
    seen = look(graph, node)
    return seen.place if seen.place in _LIGHT else seen.kind


def _shorts(graph: Graph, names: Iterable[str]) -> list[str]:
    """What layers are called beside a leading one; `norm = identity` is nothing to see."""
    looks = [look(graph, graph.node(name)) for name in names]
    return [one.short for one in looks if one.place != "nowhere"]


def _weighs(graph: Graph, name: str) -> bool:
    """Whether a layer has weights, its own or those of another use."""
    return bool(graph.node(name).layer.parameters(graph.operand_types(name)))


def layer_text(graph: Graph, fused: Fused) -> Text:
    """`3×3 conv, 128, /2`, and below it `BN · ReLU`, and what the program notes about them."""
    lead = graph.node(fused.lead)
    title = look(graph, lead)
    after = _shorts(graph, fused.after)
    label = label_lines(note for name in fused.nodes for note in graph.node(name).notes)
    if title.kind in FOLLOWERS | {"dropout"} or title.place in _LIGHT:  # nothing leads: all in one line
        return Text(
            clip(" · ".join([title.label if title.place in _LIGHT else title.short, *after])), label=label
        )
    shared = lead.owner or lead.shared or any(region.shared for region in graph.ancestors(lead.region))
    if shared and any(_weighs(graph, name) for name in fused.nodes):
        after += [whose] if (whose := whose_weights(graph, lead)) else []
    before = _shorts(graph, fused.before)
    return Text(clip(title.label), clip(" · ".join(before)), clip(" · ".join(after)), label)


def bundled(carried: Mapping[Ref, str]) -> str:
    """`256×56×56 + 48×56×56`: what two tensors on one arrow are; of more, nothing."""
    return " + ".join(carried.values()) if len(carried) == 2 else next(iter(carried.values()), "")


def channels_text(before: TensorType, after: TensorType, steps: bool = True) -> str:
    """`64→256, /2`: what a folded region does to channels, and, if anything in it `steps`, to places."""
    channels = [show((type_.channels,)) for type_ in (before, after)]
    text = channels[1] if channels[0] == channels[1] else "→".join(channels)
    if steps and before.spatial and after.spatial and len(before.spatial) == len(after.spatial):
        whole, part = int(magnitude(before.spatial[0])), int(magnitude(after.spatial[0]))
        stride = _stride(whole, part) if part else 1
        if 1 < stride < whole and abs(-(-whole // stride) - part) <= max(1, part // 10):
            text += f", /{stride}"
    return text


def _stride(whole: int, part: int) -> int:
    """The step that makes `part` places of `whole`; a power of 2 if one may: 8, not 9, for 299 and 35."""
    around = (whole // part, -(-whole // part))
    return next((step for step in around if step > 2 and step & (step - 1) == 0), round(whole / part))
