"""Which of two edits acts first, and where one would have to stand to act before another.

Those of a body act first, of an inner body before those of the outer; then a variant's, those of the variant
that it is made from before its own; then the command's. Within one of these places the order of the text
holds.
"""

from __future__ import annotations

from ogive.elaborate.edits.active import Acted, ActiveEdit
from ogive.elaborate.names import walk
from ogive.syntax import ast


def acts_before(first: ActiveEdit, second: ActiveEdit) -> bool:
    """Whether an edit acts before another, where both hold.

    Of bodies in different definitions only a use could tell which is the inner one; such an edit counts as
    acting later.
    """
    a, b = first.edit, second.edit
    if place_of(first) is place_of(second) and a.span.source is b.span.source:
        return a.span.start < b.span.start
    if first.definition is None or first.definition is not second.definition:
        return _rank(first) <= _rank(second)
    own = place_of(first)
    return own is not None and any(node is own for node in walk(place_of(second)))


def advice(active: ActiveEdit, taker: Acted) -> str:
    """What to do about an edit that finds nothing because another acts first and took it away."""
    other = taker.active
    edit, before = active.edit, other.edit
    if isinstance(edit, ast.Remove | ast.Set) and isinstance(before, ast.Remove):
        return "it is already gone: leave this edit out"
    spares = any(id(edit) not in each.missed for each in taker.took)
    unselects = any(active.sets & values.keys() for values in other.wanted.values())
    if unselects or not (spares or isinstance(edit, ast.Insert | ast.Set)):
        return "each leaves nothing for the other: leave one of the two out"
    if place_of(active) is place_of(other):
        return "edits act in the order in which they are written: move it before the other"
    if other.definition is not None:
        around = (
            "those around it" if active.definition is not None else "those of variants and of the command"
        )
        return f"edits of a body act before {around}: write it there, before the other"
    if other.variant is not None:
        made = "the command's" if active.variant is None else "those of variants made from it"
        return (
            f"edits of a variant act before {made}: write it in `{other.variant.name.id}`, before the other"
        )
    return "write it where it acts before the other"


def _rank(active: ActiveEdit) -> int:
    if active.definition is not None:
        return 0
    return 1 if active.variant is not None else 2


def place_of(active: ActiveEdit) -> ast.Body | ast.Variant | None:
    """The body or the variant that an edit stands in; None for the command."""
    if active.definition is None:
        return active.variant
    bodies = (node for node in walk(active.definition.body) if isinstance(node, ast.Body))
    return next((body for body in bodies if any(each is active.edit for each in body.statements)), None)
