"""The last resort for a net of very many layers: rows in one box that says how much of it is other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ogive.backends.draw.fold.picture import Text
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.styles.difference_pieces import SIGNS, Status
from ogive.backends.draw.styles.difference_units import Key, Unit
from ogive.report.difference.tree import Net

_LEAST = 4
"""A shorter row stays as it is."""
_LONGEST = 60
Row = list[Unit]


def joined(units: Sequence[Unit], nets: Sequence[Net], most: int) -> Iterator[tuple[tuple[Unit, ...], str]]:
    """The units with their long rows in one box each, and what that is in words; where more than `most` are
    left, everything but the inputs in one box.

    Args:
        units: what is drawn.
        nets: both.
        most: boxes that a drawing can hold.
    """
    made = tuple(
        each
        for row in _rows(units, nets)
        for each in ([_one(row)] if len(row) >= _LEAST and len(units) > most else row)
    )
    if len(made) <= most:
        yield made, "long rows of layers are one box, which says how many of them are other"
        return
    inputs = [unit for unit in units if unit.kind == "input"]
    rest = [unit for unit in units if unit.kind != "input"]
    yield (*inputs, _one(rest)), "all layers are one box, which says how many of them are other"


def _rows(units: Sequence[Unit], nets: Sequence[Net]) -> Iterator[Row]:
    """The units, each with those that carry on from it: the next one takes what it gives, and nothing else
    does. What only the first net has stays with what stands before it.
    """
    row: Row = []
    last: frozenset[Key] = frozenset()  # the layers of the last box that the second net has
    for unit in units:
        own, gone = frozenset(unit.keys(nets)), unit.piece.side == 0
        if row and (row[-1].kind == "input" or not (gone or _feeds(last, own, nets))):
            yield row
            row = []
        row.append(unit)
        last = last if gone else own
    if row:
        yield row


def _feeds(before: frozenset[Key], after: frozenset[Key], nets: Sequence[Net]) -> bool:
    graph = nets[1].graph
    names = {name for side, name in before if side == 1 and name in graph}
    users = {user for name in names for _, user, _ in graph.consumers(name)} - names
    return bool(users) and all((1, user) in after for user in users)


def _one(row: Sequence[Unit]) -> Unit:
    """Everything in a row as one box: `~ 1,873 of 10,000 layers changed`."""
    leaves = [leaf for unit in row for piece in unit.pieces for leaf in piece.leaves()]
    counts = Counter(leaf.status for leaf in leaves if leaf.status != "same")
    names: tuple[Status, ...] = ("changed", "added", "removed")
    told = [f"{counts[name]:,} {name}" for name in names if counts[name]]
    ends = [unit.text.title for unit in (row[0], row[-1]) if unit.text]
    ends = [
        title.removeprefix(next((s for s in SIGNS.values() if s and title.startswith(s)), ""))
        for title in ends
    ]
    if not told:
        kind: Status = "sized" if any(leaf.follows for leaf in leaves) else "same"
        title = f"{len(leaves):,} layers"
    else:
        kind = (
            "changed"
            if len(told) > 1 or counts["changed"] or sum(counts.values()) < len(leaves)
            else next(name for name in names if counts[name])
        )
        first, _, what = told[0].partition(" ")
        title = f"{first} of {len(leaves):,} layers {what}"
    text = Text(
        clip(SIGNS[kind] + title, _LONGEST), after=clip(", ".join((*told[1:], " … ".join(ends))), _LONGEST)
    )
    pieces = tuple(piece for unit in row for piece in unit.pieces)
    form = (kind, text)
    return Unit(pieces, text, kind, form=form, loose=form)
