"""What parts of a net cost, in columns of a table, and what was published of it beside that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ogive.layers.base import Size
from ogive.tables.model import Cell, Column, Note, Number
from ogive.tables.numbers import count, difference
from ogive.tables.published import Citations, Figure, Published, published
from ogive.tables.subject import Subject

SAME = "="
_AGREES = f"{SAME}: the computed number, rounded as the published one is, is the same."


class Costs:
    """Parameters and FLOPs of nets, with published figures where they are asked for.

    Attributes:
        columns: of a single net: its parts' parameters and FLOPs, and what was published of either.
    """

    def __init__(self, subjects: Sequence[Subject], *, compare: bool) -> None:
        self._told: dict[str, Published] = {
            subject.published: published(subject.published)
            for subject in subjects
            if compare and subject.published
        }
        self._citations = Citations()
        self._agreed = False
        told = self._told.values()
        self.with_params: bool = any(each.params or each.parts for each in told)
        self.with_macs: bool = any(each.macs for each in told)
        parts = [figure for each in told for figure in each.parts.values()]
        self._unit = max(parts, key=lambda figure: figure.value) if parts else None
        self.columns: tuple[Column, ...] = (
            Column("params", "right"),
            *(_beside("params") if self.with_params else ()),
            Column("FLOPs", "right"),
            *(_beside("flops") if self.with_macs else ()),
        )

    def params(self, subject: Subject) -> Figure | None:
        """The published parameters of a net."""
        return self._of(subject).params

    def macs(self, subject: Subject) -> Figure | None:
        """The published multiply-adds of a net."""
        return self._of(subject).macs

    def _of(self, subject: Subject) -> Published:
        return self._told.get(subject.published or "", Published())

    def cell(self, figure: Figure | None) -> Cell:
        """A published figure as it is printed, with the mark of its source."""
        if figure is None:
            return Cell()
        return Cell(
            (Number(figure.value, figure.printed, printed=figure.printed, source=figure.source.cite),),
            mark=self._citations.mark(figure),
        )

    def of(self, subject: Subject, nodes: Sequence[str], name: str) -> tuple[Cell, ...]:
        """The cells of a part of a single net.

        Args:
            subject: the net.
            nodes: the part's.
            name: what published figures call it, beside the paths of its layers.
        """
        told = self._of(subject).parts
        figure = next((told[each] for each in (name, *nodes) if each in told), None)
        params, macs = subject.params_of(tuple(nodes)), subject.macs_of(tuple(nodes))
        return self._cells(params, figure, macs, None, total=False)

    def total(self, subject: Subject) -> tuple[Cell, ...]:
        """The cells of a whole net."""
        return self._cells(subject.params, self.params(subject), subject.macs, self.macs(subject), total=True)

    def _cells(
        self, params: Size, told_params: Figure | None, macs: Size, told_macs: Figure | None, *, total: bool
    ) -> tuple[Cell, ...]:
        return (
            _count(params, total=total, like=told_params or self._unit),
            *(self._beside(params, told_params) if self.with_params else ()),
            _count(macs, total=total, like=told_macs),
            *(self._beside(macs, told_macs) if self.with_macs else ()),
        )

    def _beside(self, value: Size, figure: Figure | None) -> tuple[Cell, Cell]:
        return self.cell(figure), self.difference(value, figure)

    def difference(self, value: Size, figure: Figure | None) -> Cell:
        """By how much a number differs from the published one; `=` where it rounds to that."""
        number = difference(value, figure.value) if figure is not None else None
        if number is None or figure is None:
            return Cell()
        if figure.agrees(value):
            self._agreed = True
            number = replace(number, text=SAME)
        return Cell((number,))

    def notes(self, texts: Iterable[str]) -> tuple[Note, ...]:
        """The footnotes of a table, with those of the sources of its figures."""
        return (
            *(Note(text) for text in texts),
            *((Note(_AGREES),) if self._agreed else ()),
            *(Note(told, mark) for mark, told in self._citations),
        )


def _beside(name: str) -> tuple[Column, Column]:
    """The columns of what was published, with names of their own where a column is found by its name."""
    return (
        Column("published", "right", f"{name}_published"),
        Column("difference", "right", f"{name}_difference_percent"),
    )


def _count(value: Size, *, total: bool, like: Figure | None) -> Cell:
    """A count; what a part does not have is left out.

    Args:
        value: the count.
        total: whether it is one of a whole net.
        like: the figure that it is printed like.
    """
    return Cell() if not total and value == 0 else Cell((compared(value, like),))


def compared(value: Size, figure: Figure | None) -> Number:
    """A count; with the digits and the unit of the figure that it is compared with, if there is one."""
    return Number(value, figure.like(value)) if figure and isinstance(value, int) else count(value)
