"""What stands around an unfolded clique: what takes its results, what its lines mean, and its weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.destinations import leading_to
from ogive.backends.draw.fold.text import clip
from ogive.backends.draw.scene import Frame, Line, Mark, Run, line
from ogive.backends.draw.styles.sketch import Sketch, text_size
from ogive.backends.draw.styles.wired import Clique, Result
from ogive.graph import CliqueBody

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
LABELLED = 5
"""Up to so many layers every arrow bears the name of its weights."""
_TABLED = 9
"""Up to so many the weights stand in a table; of more layers they are told in words."""
_SAMPLE = 22.0
_ROW = 10.5


def sub(number: int) -> str:
    """A number as a subscript."""
    return str(number).translate(_SUBSCRIPTS)


def x(layer: int) -> str:
    """`X₃`."""
    return f"X{sub(layer)}"


def w(source: int, layer: int) -> str:
    """`W₁₃`: the weights from X₁ to X₃; `W₁,₁₂` where the numbers would run into each other."""
    return f"W{sub(source)}{',' if max(source, layer) > 9 else ''}{sub(layer)}"


def dashed(mark: Mark) -> Mark:
    """The same with a dashed border."""
    return replace(mark, dashed=True)


def add(sketch: Sketch, clique: Clique, prefix: str, frames: Sequence[Frame], source: Mark) -> None:
    """Adds the results below the last stage, and the key below them.

    Args:
        sketch: what the stages are in.
        clique: what is drawn.
        prefix: begins all ids.
        frames: of the stages.
        source: the circle of X0.
    """
    left, _, right, _ = sketch.bounds()
    _results(sketch, clique, prefix, frames, source)
    _, bottom, _, _ = sketch.bounds()
    bottom = _lines_meaning(sketch, prefix, left, bottom - 12, clique.body)
    many = clique.body.layers > _TABLED
    same = ", the same in every stage" if clique.body.stages > 1 else ""
    words = [
        *wrapped([(Run(", ".join(clique.names), look.SMALL, bold=True),), *_work(clique)], right - left),
        line(f"{'Wⱼ,ᵢ' if many else 'Wⱼᵢ'}: the weights from Xⱼ to Xᵢ{same}", look.SMALL),
    ]
    if many:
        words += wrapped([line(text, look.SMALL) for text in _weights(clique.body)], right - left)
    sketch.text(f"{prefix}.key", (left, bottom - 2), words, "top left")
    if LABELLED < clique.body.layers <= _TABLED:
        _table(sketch, clique.body, prefix, left, sketch.bounds()[1] - 8)


def _weights(body: CliqueBody) -> list[str]:
    """Which weights there are, where they are too many for a table: as `CliqueBody.sources` has them."""
    n, u = body.layers, body.updates
    found = [f"stage I has Wⱼ,ᵢ for all 0 ≤ j < i ≤ {n}: {w(0, 1)} … {w(n - 1, n)}"]
    if body.stages > 1:
        later = "later stages have" if body.stages > 2 else "stage II has"
        to = f"i ≤ {u}, j ≤ {n}" if u < n else f"i, j ≤ {n}"
        found.append(f"{later} Wⱼ,ᵢ for all pairs j ≠ i, 1 ≤ {to}")
    return [*found, f"{len(body.links())} in all"]


def _work(clique: Clique) -> list[Line]:
    note = f"  {clique.note}" if clique.note else ""
    *work, times = clique.lines if len(clique.lines) > 1 else ("", *clique.lines)
    return [(Run(" · ".join(filter(None, work)), look.SMALL),), (Run(f"{times}{note}", look.SMALL),)]


def wrapped(parts: Sequence[Line], width: float) -> list[Line]:
    """The parts one behind the other, in lines of that width."""
    lines: list[Line] = []
    for part in parts:
        longer = (*lines[-1], Run("   ", look.SMALL), *part) if lines else part
        if lines and text_size([longer])[0] <= width:
            lines[-1] = longer
        else:
            lines.append(part)
    return lines


# ---------------------------------------------------------------------- results


def _results(sketch: Sketch, clique: Clique, prefix: str, frames: Sequence[Frame], source: Mark) -> None:
    """A box for each result that is used: X0 goes into `features`, at the left, stage I into `stage1`."""
    last = frames[-1]
    paint = sketch.colours.paint("output")
    boxes = [(result, _told(result, clique.body)) for result in clique.results]
    sizes = [text_size(lines)[0] + 10 for _, lines in boxes]
    start = source.centre[0] + 16
    room = last.right - start - sum(sizes)
    between = max(10.0, min(room / (len(boxes) - 1), 130.0)) if len(boxes) > 1 else 0.0
    if boxes and boxes[0][0].name != "features":
        start = max(start, (last.left + last.right) / 2 - (sum(sizes) + between * (len(boxes) - 1)) / 2)
    for (result, lines), width in zip(boxes, sizes, strict=True):
        high = text_size(lines)[1] + 5
        at = start + width / 2, last.bottom - 18 - high / 2
        box = sketch.box(f"{prefix}.{result.name}", at, width, high, lines, paint)
        start += width + between
        if result.name == "stage1" and len(frames) > 1:
            first, aside = frames[0], max(last.right, box.right) + 10
            middle = (first.bottom + first.top) / 2
            points = [(first.right, middle), (aside, middle), (aside, at[1]), (box.right, at[1])]
            sketch.line(points, "flow", first.id, box.id)
            continue
        x = min(max(at[0], last.left + 12), last.right - 12)
        sketch.line([(x, last.bottom), (x, box.top)], "flow", last.id, box.id)
        if result.name == "features":
            down = source.centre[0]
            points = [(down, source.bottom), (down, at[1]), (box.left, at[1])]
            sketch.line(points, "source", source.id, box.id)


def _told(result: Result, body: CliqueBody) -> list[Line]:
    """`features [X₀, X₁ … X₄]`, and who takes it."""
    held = f"{x(1)} … {x(body.layers)}" if body.layers > 2 else f"{x(1)}, {x(2)}"
    held = f"[{x(0)}, {held}]" if result.name == "features" else f"[{held}]"
    lines: list[Line] = [(Run(result.name, bold=True), Run(f" {held}", look.SMALL))]
    if result.users:
        lines.append(line(clip(f"→ {', '.join(result.users)}", 30), look.SMALL))
    return lines


# ---------------------------------------------------------------------- the key


def _lines_meaning(sketch: Sketch, prefix: str, left: float, y: float, body: CliqueBody) -> float:
    """Samples of the lines, from the left; returns what is below them."""
    if body.stages == 1:
        return y
    at = left
    for name, text, dash in (("same", "within a stage", False), ("before", "from the stage before", True)):
        sketch.line([(at, y), (at + _SAMPLE, y)], "forward" if not dash else "backward", dashed=dash,
                    stroke=sketch.colours.edge("flow"))  # fmt: skip
        mark = sketch.text(f"{prefix}.{name}", (at + _SAMPLE + 3, y), (line(text, look.SMALL),), "left")
        at = mark.right + 12
    return y - 5


def _table(sketch: Sketch, body: CliqueBody, prefix: str, left: float, top: float) -> None:
    """The weights of each layer in stage I and in later ones, as in table 1 of the paper."""
    heads = ("", "stage I", "later stages" if body.stages > 2 else "stage II")
    rows: list[tuple[Line, ...]] = [tuple((Run(text, look.SMALL, bold=True),) for text in heads)]
    for layer in range(1, body.layers + 1):
        cells = [(Run(x(layer), look.SMALL, bold=True, ink=leading_to(sketch.colours, layer)),)]
        for stage in (1, 2):
            there = stage <= body.stages and layer <= body.updated(stage)
            names = " ".join(w(j, layer) for j in body.sources(stage, layer)) if there else "–"
            cells.append((Run(names, look.SMALL),))
        rows.append(tuple(cells))
    columns = heads if body.stages > 1 else heads[:2]
    at = left
    for column in range(len(columns)):
        lines = [row[column] for row in rows]
        wide = text_size(lines)[0]
        for number, each in enumerate(lines):
            sketch.text(f"{prefix}.t{column}.{number}", (at, top - (number + 0.5) * _ROW), (each,), "left")
        at += wide + 14
