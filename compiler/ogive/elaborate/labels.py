"""`label "…"`: a note for the drawing.

At the beginning of a part (a net, block use, stage, branch, or any other body that is a part of its own),
before anything flowed in it, it is a note of that part; elsewhere of what the flow just came out of: the
block use, stage or other named part, or else the layer.
"""

from __future__ import annotations

from dataclasses import replace

from ogive.elaborate import expressions
from ogive.elaborate.context import Context, Frame, refs
from ogive.elaborate.limits import too_large
from ogive.elaborate.values import POISON
from ogive.graph import Node, Ref, Region
from ogive.syntax import ast

MAX_LENGTH = 200
"""Characters of a note."""
MAX_NOTES = 8
"""Notes of one part or layer."""
_WHOLE = frozenset({"block", "stage", "dense", "clique", "repeat"})
"""Parts whose value a reader takes for one thing; a residual or a merge is the layer that it ends in."""


def run_label(ctx: Context, statement: ast.Label, frame: Frame) -> None:
    """Attaches a note to what it stands behind, or to the part that it begins."""
    text = expressions.string(ctx, frame, statement.text)
    if text is POISON or frame.flow is POISON:
        return
    text = " ".join(text.split())
    if not text and all(isinstance(part, str) for part in statement.text.parts):
        span, message = statement.text.span, "a note has at least one character, and this has none"
        ctx.error("E108", message, span, "nothing to draw", help='it is written `label "a note"`')
        return
    if len(text) > MAX_LENGTH:
        limit = f"notes have at most {MAX_LENGTH}"
        too_large(ctx, f"this note has {len(text)} characters", limit, statement.text.span)
        return
    noted = _noted(ctx, frame)
    if not text or text in noted.notes:
        return
    if len(noted.notes) == MAX_NOTES:
        limit = f"a part or layer has at most {MAX_NOTES} notes"
        too_large(ctx, "this is one note too many", limit, statement.span)
        return
    note(ctx, noted, text)


def note(ctx: Context, noted: Node | Region, *texts: str) -> None:
    """Adds notes to a node or a region."""
    if isinstance(noted, Node):
        ctx.graph.put(replace(noted, notes=(*noted.notes, *texts)))
    else:
        ctx.graph.regions[noted.id] = replace(noted, notes=(*noted.notes, *texts))


def _noted(ctx: Context, frame: Frame) -> Node | Region:
    part = ctx.graph.regions[frame.region]
    flow = refs(frame.flow)
    if flow == part.inputs or not flow:
        return part
    return _ending_in(ctx, part, flow) or ctx.graph.node(flow[-1].node)


def _ending_in(ctx: Context, part: Region, flow: tuple[Ref, ...]) -> Region | None:
    """The outermost part inside this one whose value the flow is."""
    found: Region | None = None
    for region in ctx.graph.ancestors(ctx.graph.node(flow[-1].node).region):
        if region.id == part.id:
            return found
        if region.kind in _WHOLE and (region.outputs == flow or region.clique is not None):
            found = region
    return None  # the flow comes from outside of this part


def notes_inside(ctx: Context) -> tuple[str, ...]:
    """Every note in a graph of its own: those of a clique's body, which is copied many times."""
    found = [*ctx.graph.regions.values(), *ctx.graph]
    return tuple(dict.fromkeys(text for noted in found for text in noted.notes))[:MAX_NOTES]
