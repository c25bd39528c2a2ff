"""Tables as readers see them: the cells of Markdown, of HTML and of CSV, read by parsers of others."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

from markdown_it import MarkdownIt

import ogive
from ogive.network import Network
from ogive.tables import Options, Subject, Table, make, written
from ogive.tabulate import subject_of


@cache
def network(name: str) -> Network:
    """A network of the zoo."""
    return ogive.load(name)


def subjects(*names: str) -> list[Subject]:
    return [subject_of(network(name)) for name in names]


def table(*names: str, **options: object) -> Table:
    """The table of networks of the zoo."""
    return make(subjects(*names), Options(**options))  # type: ignore[arg-type]


def text(program: str, name: str | None = None, format_: str = "csv", **options: object) -> str:
    """The table of a program."""
    return written(make([subject_of(ogive.loads(program, name))], Options(**options)), format_)  # type: ignore[arg-type]


def csv_rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def markdown_rows(text: str) -> list[list[str]]:
    """The cells of the table in a page, as they are rendered."""
    return html_rows(MarkdownIt("commonmark").enable("table").render(text))


@dataclass
class _Reader(HTMLParser):
    """Fills a grid, as a browser does: spans push what is right of them and below."""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    grid: dict[tuple[int, int], str] = field(default_factory=dict)
    row: int = -1
    at: list[tuple[int, int]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    outside: str = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"meta", "br"}:
            if tag == "br":
                self.handle_data("\n")
            return
        self.open.append(tag)
        if tag == "tr":
            self.row += 1
        if tag in {"td", "th"}:
            said = {key: value or "" for key, value in attrs}
            column = 0
            while (self.row, column) in self.grid:
                column += 1
            rows, columns = int(said.get("rowspan", 1)), int(said.get("colspan", 1))
            self.at = [(self.row + i, column + j) for i in range(rows) for j in range(columns)]
            for place in self.at:
                assert place not in self.grid, "two cells in one place"
                self.grid[place] = ""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"
        if tag in {"td", "th"}:
            self.at = []

    def handle_data(self, data: str) -> None:
        for place in self.at:
            self.grid[place] += data
        if not self.at:
            self.outside += data


def html_rows(text: str) -> list[list[str]]:
    """The cells of the only table of a page; each place of a cell that spans says what it says."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open, f"not closed: {reader.open}"
    rows = 1 + max(row for row, _ in reader.grid)
    columns = 1 + max(column for _, column in reader.grid)
    assert len(reader.grid) == rows * columns, "a hole, or a cell outside"
    return [[reader.grid[i, j].replace("\xa0", " ").strip() for j in range(columns)] for i in range(rows)]
