"""What `ogive list` prints: families on a terminal, one line for each network elsewhere, JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ogive.render import visible
from ogive.report.units import short
from ogive.zoo.cells import inputs_text, remark
from ogive.zoo.index import Listed
from ogive.zoo.rows import Row

if TYPE_CHECKING:
    from rich.text import Text

_NONE = "-"
"""What stands in a column that has nothing to say, so that columns can be told apart by their number."""


def plain(files: Sequence[Listed]) -> str:
    """One line for each network under a line of headings; columns are two spaces or more apart."""
    lines = [_plain_cells(each, row) for each in files for row in each.rows]
    header = ("name", "parameters", "MACs", "input", "remarks", "year", "paper")
    used = [number for number in range(len(header)) if any(line[number] != _NONE for line in lines)]
    table = [[line[number] for number in used] for line in (header, *lines)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )


def _plain_cells(listed: Listed, row: Row) -> tuple[str, ...]:
    paper = listed.opening.paper
    cells = (
        row.name,
        _params(row),
        row.macs_text,
        inputs_text(row),
        remark(row),
        str(paper.year) if paper else "",
        paper.title if paper else "",
    )
    return tuple(visible(" ".join(cell.split())) or _NONE for cell in cells)


def _params(row: Row) -> str:
    return "" if row.params is None else short(row.params)


# --------------------------------------------------------------------------- on a terminal


def for_terminal(files: Sequence[Listed], width: int | None = None) -> str:
    """The networks family by family, as wide as the terminal is, in its colours.

    Args:
        files: what to show.
        width: columns; those of the terminal unless given.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, width=width)
    macs = _USUAL_MACS if len(files) > 1 else _WIDEST
    everything = _Columns((row for each in files for row in each.rows), macs)
    with console.capture() as captured:
        if everything.width <= console.width and everything.counted:
            console.print(everything.header())
        for each in files:
            own = everything if everything.width <= console.width else _Columns(each.rows, _WIDEST)
            console.print(_heading(each))
            for row in each.rows:
                console.print(*own.lines(row, console.width), sep="\n")
            console.print()
        count = sum(len(each.rows) for each in files)
        console.print(Text(f"{count} network{'' if count == 1 else 's'}", style="dim"))
    return captured.get()


class _Columns:
    """How wide the columns are: those of all families alike, or of each its own where there is no room."""

    def __init__(self, rows: Iterable[Row], macs: int) -> None:
        """Measures rows; an expression wider than `macs` does not move the others."""
        cells = [(row.name, _params(row), row.macs_text, inputs_text(row)) for row in rows]
        self.counted = any(params for _, params, _, _ in cells)
        self._names, self._params, self._macs, inputs = (
            max((len(cell) for cell in column if len(cell) <= widest), default=0)
            for column, widest in zip(
                zip(*cells, strict=True), (_WIDEST, _WIDEST, macs, _WIDEST), strict=True
            )
        )
        if self.counted:
            self._params, self._macs = max(self._params, len("params")), max(self._macs, len("MACs"))
        self.width = self._names + self._params + self._macs + inputs + 8

    def header(self) -> Text:
        """What the columns are."""
        from rich.text import Text

        return Text(
            f"{'':{self._names + 4}}{'params':>{self._params}}  {'MACs':>{self._macs}}  input", style="dim"
        )

    def lines(self, row: Row, width: int) -> Iterator[Text]:
        """A network; what has no room behind its counts stands on lines of its own."""
        from rich.text import Text

        wrong = row.problem is not None
        line = Text(end="")
        line.append(f"  {visible(row.name):<{self._names}}", style="" if wrong else "cyan")
        if row.params is not None:
            line.append(f"  {_params(row):>{self._params}}  {row.macs_text:>{self._macs}}")
        for said, style in ((inputs_text(row), ""), (remark(row), "red" if wrong else "dim")):
            if not said:
                continue
            if len(line) + 2 + len(said) <= width:
                line.append(f"  {visible(said)}", style=style)
                continue
            yield line
            *before, last = textwrap.wrap(visible(said), max(width - 6, 20)) or [""]
            yield from (Text(f"      {part}", style=style, end="") for part in before)
            line = Text(f"      {last}", style=style, end="")
        yield line


_WIDEST = 40
"""How wide a cell may be that moves those of other rows."""
_USUAL_MACS = 8
"""The same for MACs where several families are shown: an expression of unknown sizes is longer."""


def _heading(listed: Listed) -> Text:
    from rich.text import Text

    paper = listed.opening.paper
    if paper is None:
        said = visible(listed.opening.first)
        return Text.assemble((visible(listed.file), "bold"), f"  {said}" if said else "")
    return Text.assemble(
        (visible(paper.family), "bold"),
        "  ",
        (visible(listed.file), "dim"),
        "\n",
        (visible(paper.title), "italic"),
        visible(f", {paper.authors}, {paper.year}"),
    )


# --------------------------------------------------------------------------- blocks, and JSON


def blocks(files: Sequence[Listed]) -> str:
    """The library's blocks, file by file."""
    said = (
        f"{each.file}  {each.opening.first}".rstrip()
        + "\n"
        + textwrap.fill(
            "  ".join(row.name for row in each.rows), 100, initial_indent="  ", subsequent_indent="  "
        )
        for each in files
    )
    return "\n\n".join(said)


def to_json(files: Sequence[Listed], *, blocks: bool) -> list[dict[str, Any]]:
    """An object for each network (or block), with the file and the paper that it comes from."""
    made: list[dict[str, Any]] = []
    for each in files:
        paper = each.opening.paper
        where: dict[str, Any] = {"file": each.file}
        where |= asdict(paper) if paper else dict.fromkeys(_PAPER)
        made += [{"name": row.name, **where} | ({} if blocks else _numbers(row)) for row in each.rows]
    return made


_PAPER = ("family", "title", "authors", "year")


def _numbers(row: Row) -> dict[str, Any]:
    def ports(named: Sequence[Any]) -> list[dict[str, Any]]:
        return [{"name": port.name, "shape": list(port.shape), "dtype": port.dtype} for port in named]

    return {
        "params": row.params,
        "params_with_heads": row.params_with_heads,
        "macs": row.macs,
        "inputs": ports(row.inputs),
        "unknown": dict(row.unknown),
        "outputs": ports(row.outputs),
        "needs": list(row.needs),
        "problem": row.problem,
    }
