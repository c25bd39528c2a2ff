"""A net from left to right, its dense blocks and cliques with all their wires, all else in compact boxes.

After figure 2 of Huang et al. 2017 and figure 2 of Yang et al. 2018. Where the net is wider than the page, it
goes on in the next row. What does not lead on to another dense block or clique, such as the heads of a
CliqueNet, hangs below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.fold.collapse import collapse
from ogive.backends.draw.fold.picture import Box, Cluster, Edge, Item, Ring, leaves
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.layout import labels
from ogive.backends.draw.scene import Frame, Scene
from ogive.backends.draw.styles.chain_columns import STACK_GAP, half_width, heights, planned
from ogive.backends.draw.styles.chain_parts import LEVELS, Part, clique_part, dense_part, framed, plain
from ogive.backends.draw.styles.chain_routes import GUTTER, Routes
from ogive.backends.draw.styles.sketch import Sketch, text_size
from ogive.backends.draw.styles.wired import all_wired, dense, names
from ogive.backends.draw.subject import Subject

PAGE = 462.0
"""Points: what a page has room for, without the white around a drawing."""
_GAP, _WIDE_GAP = 11.0, 17.0
"""Between columns: room for an arrow."""
_BELOW = 16.0
"""Between what is in the lane and what hangs below it, and between that and the next."""
_BETWEEN_ROWS, _MARGINS = 22.0, 24.0
_WORDS = {"dense": "dense block", "clique": "clique"}
"""What is repeated has no name of its own."""
_REPEAT = 16.0
"""Above what is repeated: room for ×N."""
_HALVINGS = 12
_SLACK = look.SMALL / look.LEAST_TYPE
"""A drawing may be that much too wide: shrunk, its smallest type is still legible."""


def scene(subject: Subject, colours: Colours, *, fit: tuple[float, float] | None = None) -> Scene:
    """The whole net.

    Args:
        subject: the net.
        colours: what paints.
        fit: points that the figure may be wide and high; the width of a page unless given.

    Raises:
        ArchError: E592, the net has no dense block and no clique.
    """
    regions = all_wired(subject)
    return _Chain(subject, colours, fit[0] if fit else PAGE, {region.id for region in regions}).scene()


@dataclass(frozen=True, slots=True)
class Row:
    """Columns beside one another, and how wide they are together."""

    columns: tuple[int, ...]
    width: float


class _Chain:
    def __init__(self, subject: Subject, colours: Colours, width: float, wired: set[int]) -> None:
        self.subject, self.colours, self.width = subject, colours, width
        structure = subject.structure
        around = {a.id for id in wired for a in structure.graph.ancestors(id)} - wired
        self.picture = collapse(structure, 0, also=around)
        self.boxes = {b.id: b for b in leaves(self.picture.items) if isinstance(b, Box) and b.kind != "title"}
        assert not any(isinstance(b, Ring) for b in leaves(self.picture.items)), "cliques stay folded"
        self.wired = {b.id for b in self.boxes.values() if b.region in wired}
        self.edges = [e for e in self.picture.edges if e.tail in self.boxes and e.head in self.boxes]
        self.called = names(structure, [structure.graph.regions[id] for id in sorted(wired)])
        self.around: dict[str, tuple[Cluster, ...]] = {}  # the frames around a box, outermost first
        self.find_frames(self.picture.items, ())
        self.plan = planned(list(self.boxes), self.edges, self.wired, self.repeats)

    def find_frames(self, items: Sequence[Item], around: tuple[Cluster, ...]) -> None:
        """What is around each box."""
        for item in items:
            if isinstance(item, Cluster):
                self.find_frames(item.items, (*around, item))
            else:
                self.around[item.id] = around

    def repeats(self, box: str) -> list[Cluster]:
        """Those of the frames around a box that stand for several copies."""
        return [cluster for cluster in self.around[box] if cluster.badge > 1]

    # ------------------------------------------------------------------ parts

    def parts(self, level: int) -> dict[str, Part]:
        """All parts, wired ones roomy at level 0."""
        found: dict[str, Part] = {}
        stacked = {id for c in self.plan.columns if len(c.lane) > 1 for id in c.lane}
        stacked |= {id for c in self.plan.columns for id in c.below}
        for id, box in self.boxes.items():
            if id in self.wired:
                part = self.wired_part(box, level)
            else:
                part = plain(self.subject, box, self.colours, narrow=id not in stacked)
            found[id] = part.moved(-part.outline.centre[0], 0.0)
        return found

    def wired_part(self, box: Box, level: int) -> Part:
        assert box.region is not None
        structure = self.subject.structure
        region = structure.graph.regions[box.region]
        copies = len(box.every) // max(len(box.nodes), 1) // prod(c.badge for c in self.repeats(box.id))
        alone = copies == 1 and not self.repeats(box.id)
        name = clip(self.called[region.id]) if alone else _WORDS[region.kind]
        notes = [text for cluster in self.around[box.id] for text in cluster.label]
        notes += box.text.label
        if region.clique is not None:
            drawn = clique_part(self.subject, region, name, self.colours, level, box.id)
        else:
            drawn = dense_part(self.subject, dense(structure, region, name), self.colours, level, box.id)
        return framed(drawn, box.id, copies, notes)

    # ------------------------------------------------------------------ rows

    def rows(self, parts: Mapping[str, Part], gap: float) -> list[Row]:
        """The columns in as few rows as there is width for, all about as full."""
        widths = [2 * half_width(column, parts) for column in self.plan.columns]
        low, high = max(widths), max(self.width * _SLACK, *widths)
        if len(_filled(widths, gap, high)) > 1:  # there are arrows from row to row
            high = max(low, high - _MARGINS)
        count = len(_filled(widths, gap, high))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if len(_filled(widths, gap, middle)) > count:
                low = middle
            else:
                high = middle
        return _filled(widths, gap, high)

    def chosen(self) -> tuple[dict[str, Part], list[Row]]:
        """The roomiest parts that need no more rows than the tightest."""
        tightest = self.parts(LEVELS - 1)
        most = self.rows(tightest, _GAP)
        for level in range(LEVELS - 1):
            parts = self.parts(level)
            rows = self.rows(parts, _GAP)
            if len(rows) == len(most):
                return parts, rows
        return tightest, most

    def scene(self) -> Scene:
        parts, rows = self.chosen()
        gaps = min((self.width - row.width) / max(len(row.columns) - 1, 1) for row in rows)
        gap = max(_GAP, min(_GAP + gaps, _WIDE_GAP))
        placed, bottoms = self.placed(parts, rows, gap)
        sketch = Sketch(self.colours)
        self.repeated(sketch, placed, rows)
        for part in placed.values():
            sketch.add(part.sketch, 0.0, 0.0)
        Routes(sketch, self.plan, placed, [row.columns for row in rows], bottoms).draw(self.edges)
        self.notes(sketch)
        return sketch.scene(self.subject.name, self.alt())

    def placed(
        self, parts: Mapping[str, Part], rows: Sequence[Row], gap: float
    ) -> tuple[dict[str, Part], list[float]]:
        """Every part in its place, and the lower end of each row."""
        found: dict[str, Part] = {}
        bottoms: list[float] = []
        below = 0.0
        sources = _sources(self.edges)
        where = self.plan.where()
        for row in rows:
            columns = [self.plan.columns[number] for number in row.columns]
            stands = [heights(column, parts) for column in columns]
            up = max(y + parts[id].outline.top for found_at in stands for id, y in found_at.items())
            up += 6.0 * self.over(row, where)
            up += max((_REPEAT * len(self.repeats(id)) for c in columns for id in c.lane), default=0.0)
            level = below - up
            x = 0.0
            bottom: dict[int, float] = {}
            for number, column, found_at in zip(row.columns, columns, stands, strict=True):
                half = half_width(column, parts)
                x += half
                for id, y in found_at.items():
                    found[id] = parts[id].moved(x, level + y)
                bottom[number] = min(found[id].outline.bottom for id in column.lane)
                x += half + gap
            self.hang(row, parts, found, bottom, sources, where)
            bottoms.append(min(bottom.values()))
            below = bottoms[-1] - self.between(row, where)
        return found, bottoms

    def between(self, row: Row, where: Mapping[str, tuple[int, str, int]]) -> float:
        """Between a row and the next: room for the arrows that leave it."""
        leaving = sum(
            where[e.tail][0] in row.columns and where[e.head][0] not in row.columns for e in self.edges
        )
        return max(_BETWEEN_ROWS, 14.0 + GUTTER * leaving)

    def over(self, row: Row, where: Mapping[str, tuple[int, str, int]]) -> int:
        """How many arrows go past others above a row."""
        return sum(
            1
            for e in self.edges
            if where[e.tail][1] == where[e.head][1] == "lane"
            and where[e.tail][0] in row.columns
            and where[e.head][0] in row.columns
            and abs(where[e.head][0] - where[e.tail][0]) > 1
        )

    def hang(
        self,
        row: Row,
        parts: Mapping[str, Part],
        found: dict[str, Part],
        bottom: dict[int, float],
        sources: Mapping[str, list[str]],
        where: Mapping[str, tuple[int, str, int]],
    ) -> None:
        """Places what hangs below a row; what joins several columns, below all between them."""
        for id in (id for column in row.columns for id in self.plan.columns[column].below):
            home = where[id][0]
            far = [where[source][0] for source in sources.get(id, ())]
            start = min((c if c in row.columns else row.columns[0] for c in far), default=home)
            low = min(bottom[c] for c in row.columns if start <= c <= home)
            joins = len(set(far)) > 1 or any(c != home for c in far)
            own = parts[id].outline
            y = low - (_BELOW if joins else STACK_GAP) - own.top
            middle = found[self.plan.columns[home].lane[0]].outline.centre[0]
            found[id] = parts[id].moved(middle, y)
            bottom[home] = found[id].outline.bottom

    # ------------------------------------------------------------------ around them

    def repeated(self, sketch: Sketch, placed: Mapping[str, Part], rows: Sequence[Row]) -> None:
        """Frames with ×N around what is repeated, one in each row that it stands in."""
        fill, stroke = self.colours.frame
        inside: dict[str, list[str]] = {}
        clusters: dict[str, tuple[Cluster, int]] = {}
        for id in self.boxes:
            repeats = self.repeats(id)
            for depth, cluster in enumerate(repeats):
                inside.setdefault(cluster.id, []).append(id)
                clusters[cluster.id] = (
                    cluster,
                    max(len(repeats) - depth, clusters.get(cluster.id, (cluster, 0))[1]),
                )
        rows_of = {number: row for row, found in enumerate(rows) for number in found.columns}
        where = self.plan.where()
        for id, (cluster, rank) in clusters.items():
            for row in sorted({rows_of[where[held][0]] for held in inside[id]}):
                held = [placed[i].outline for i in inside[id] if rows_of[where[i][0]] == row]
                pad = 4.0 * rank
                left, right = min(m.left for m in held) - pad, max(m.right for m in held) + pad
                bottom, top = min(m.bottom for m in held) - pad, max(m.top for m in held) + _REPEAT * rank
                title = labels.frame_lines(cluster.name, cluster.note, cluster.badge)
                sketch.frames.append(
                    Frame(f"{id}.{row}", left, bottom, right, top, title, None, fill, stroke)
                )

    def notes(self, sketch: Sketch) -> None:
        """What the program notes about the whole net, above it."""
        for box in leaves(self.picture.items):
            if isinstance(box, Box) and box.kind == "title":
                left, _, _, top = sketch.bounds()
                lines = [labels.note_line(text) for text in box.text.label]
                sketch.text(box.id, (left, top + 4 + text_size(lines)[1]), lines, "top left")

    def alt(self) -> str:
        """The figure in words."""
        said: list[str] = []
        for id in (id for id in self.boxes if id in self.wired):
            region = self.subject.structure.graph.regions[self.boxes[id].region or 0]
            count = region.clique.layers if region.clique else len(self.subject.structure.children[region.id])
            word = "clique" if region.clique else "dense block"
            said.append(f"{clip(self.called[region.id])}, a {word} of {count} layers")
        return f"{self.subject.name} from left to right, with every connection inside of {'; '.join(said)}."


def _filled(widths: Sequence[float], gap: float, most: float) -> list[Row]:
    """Columns of these widths in rows that are at most so wide."""
    found: list[Row] = []
    now: list[int] = []
    wide = 0.0
    for number, own in enumerate(widths):
        if now and wide + gap + own > most:
            found.append(Row(tuple(now), wide))
            now, wide = [], 0.0
        wide += own + (gap if now else 0.0)
        now.append(number)
    return [*found, Row(tuple(now), wide)]


def _sources(edges: Sequence[Edge]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for edge in edges:
        found.setdefault(edge.head, []).append(edge.tail)
    return found
