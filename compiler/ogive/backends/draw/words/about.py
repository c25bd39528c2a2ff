"""What a reader is told who points at a box: its path, shape and counts, and its line in the program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from ogive.backends.draw.fold.folding import ends
from ogive.backends.draw.fold.text import FOLLOWERS, LEADS, look, shape
from ogive.backends.draw.scene import About
from ogive.backends.draw.subject import Subject
from ogive.graph import Region
from ogive.layers.base import Size, TensorType
from ogive.report.units import short
from ogive.source import Span

_LONGEST_NAME = 200


def about(subject: Subject, nodes: Sequence[str], region: int | None = None) -> About | None:
    """What is told of a box.

    Args:
        subject: the net.
        nodes: all that the box stands for, copy by copy, in program order.
        region: what is folded into it, in the first copy; None or 0 for layers.

    Returns:
        None where it stands for nothing of the program.
    """
    if not nodes:
        return None
    facts = subject.facts
    names, shapes, span = (_folded if region else _layers)(subject, nodes, region or 0)
    params, work, products = facts.held(nodes), facts.macs(nodes), facts.products(nodes)
    notes = [_amount(work, "MACs with weights" if products else "MACs")] if work else []
    notes += [_amount(products, "MACs between activations")] if products else []
    owners = facts.owners(nodes) if not facts.params(nodes) else []
    if owners:
        more = f" and {len(owners) - 1} more" if len(owners) > 1 else ""
        notes.append(f"weights of {owners[0]}{more}")
    return About(
        " … ".join(dict.fromkeys(map(_clean, names))),
        " … ".join(dict.fromkeys(map(shape, shapes))),
        params or None,
        _place(span),
        ", ".join(notes),
    )


_Told = tuple[list[str], list[TensorType], Span | None]
"""Names, shapes and the place of what a box stands for: of the first copy and of the last."""


def _layers(subject: Subject, nodes: Sequence[str], _: int) -> _Told:
    """Layers, called after the one that leads its norm and activation."""
    graph = subject.graph
    kinds = {name: look(graph, graph.node(name)).kind for name in nodes}
    for wanted in (LEADS, set(kinds.values()) - FOLLOWERS - {"dropout", "shape"}, {kinds[nodes[0]]}):
        leading = [name for name in nodes if kinds[name] in wanted]
        if leading:
            break
    once = len(leading) == 1
    outputs = [nodes[-1]] if once else [leading[0], leading[-1]]
    first = graph.node(leading[0])
    return [leading[0], leading[-1]], [graph.node(name).outputs[0] for name in outputs], first.span


def _folded(subject: Subject, nodes: Sequence[str], region: int) -> _Told:
    """A stage or a use of a block."""
    own = subject.graph.regions[region]
    last = _copy(subject, own, nodes)
    found = (ends(subject.structure, each) for each in (own, last))
    names = [each.path or each.block or each.kind for each in (own, last)]
    return names, [types[1] for types in found if types], own.span


def _copy(subject: Subject, region: Region, nodes: Sequence[str]) -> Region:
    """What the region is in the last copy: the outermost of its kind around the last node alone."""
    graph = subject.graph
    around = {each.id for each in graph.ancestors(graph.node(nodes[0]).region)}
    alike = [
        each
        for each in graph.ancestors(graph.node(nodes[-1]).region)
        if (each.kind, each.block) == (region.kind, region.block) and each.id not in around
    ]
    return alike[-1] if alike else region


def _amount(count: Size, unit: str) -> str:
    return f"{short(count).replace(' * ', '·')} {unit}"


def _clean(name: str) -> str:
    """A name without what cannot be printed; a name may be any string."""
    clean = "".join(c if c.isprintable() else " " for c in name).strip()
    return clean if len(clean) <= _LONGEST_NAME else clean[: _LONGEST_NAME - 1] + "…"


def _place(span: Span | None) -> str:
    """`resnet.arch:23`, without the folders around the file."""
    return f"{PurePath(span.source.name).name}:{span.line}" if span is not None else ""
