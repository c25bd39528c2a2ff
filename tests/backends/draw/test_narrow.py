"""What is wide because branches stand side by side, in narrower boxes: all is said, in more lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

import ogive
from ogive.backends.draw import measure
from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting.estimate import estimated_height, estimated_width
from ogive.backends.draw.fold.collapse import collapse
from ogive.backends.draw.fold.definitions import definitions
from ogive.backends.draw.fold.picture import Box, Cluster, Item, Picture, Text
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.layout.engine import Engine
from ogive.backends.draw.layout.labels import box_lines, frame_lines
from ogive.backends.draw.layout.narrow import divided, narrowed, wrapped
from ogive.backends.draw.layout.process import Graphviz
from ogive.backends.draw.scene import Scene

BLOCKS = [("googlenet", "Inception"), ("inception_v3", "InceptionC"), ("resnet50", "Bottleneck")]


def definition(net: str, name: str) -> Picture:
    structure = Structure(ogive.load(net).ir)
    found = definitions(structure, collapse(structure, 0))
    return replace(next(d.picture for d in found if d.name.startswith(name)), tight=True)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Graphviz() as graphviz:
        yield Engine(graphviz)


def framed(engine: Engine, picture: Picture) -> Scene:
    """A definition in its frame."""
    return engine.scenes(Picture("p", (Box("a", "conv", Text("a")),), (), definitions=(picture,)))[1]


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("3×3 conv, 192", "3×3 conv,\n192"),
        ("3×3 conv, 4·width, /stride", "3×3 conv,\n4·width, /stride"),
        ("conv7 · 1×1 conv, 1024", "conv7 ·\n1×1 conv, 1024"),
        ("3×3 max pool", "3×3 max\npool"),
        ("in", "in"),
        ("ReLU", "ReLU"),
        ("embedding", "embedding"),
        ("", ""),
    ],
)
def test_a_title_is_divided_where_it_becomes_shortest(line: str, lines: str) -> None:
    assert divided(line) == lines


def test_second_lines_are_as_wide_as_their_title() -> None:
    assert wrapped("BN, where shapes differ", 50.0) == "BN, where\nshapes differ"
    assert wrapped("BN, where shapes differ", 500.0) == "BN, where shapes differ"
    assert wrapped("BN · ReLU", 1.0) == "BN\n·\nReLU"
    assert wrapped("", 10.0) == ""


def words(items: tuple[Item, ...]) -> list[str]:
    found: list[str] = []
    for item in items:
        if isinstance(item, Cluster):
            found += [item.name, *item.note.split(), *words(item.items)]
        elif isinstance(item, Box):
            text = item.text
            found += [
                word for each in (text.title, text.before, text.after, *text.label) for word in each.split()
            ]
    return found


@pytest.mark.parametrize(("net", "name"), BLOCKS)
def test_it_says_the_same_in_less_width(engine: Engine, net: str, name: str) -> None:
    wide = definition(net, name)
    narrow = narrowed(wide)
    assert words(narrow.items) == words(wide.items)
    assert (narrow.name, narrow.note.split(), narrow.edges) == (wide.name, wide.note.split(), wide.edges)
    before, after = framed(engine, wide), framed(engine, narrow)
    assert after.width < 0.8 * before.width
    assert after.height < 1.4 * before.height
    assert estimated_width(narrow) < 0.8 * estimated_width(wide)
    assert estimated_height(narrow) > estimated_height(wide)


@pytest.mark.parametrize(("net", "name"), BLOCKS)
def test_its_lines_lie_in_their_boxes(engine: Engine, net: str, name: str) -> None:
    scene = framed(engine, narrowed(definition(net, name)))
    for mark in scene.marks:
        if mark.shape in {"round", "box"}:
            badge = measure.text_width(f" {mark.badge}", look.BADGE, bold=True) if mark.badge else 0.0
            assert measure.widest(mark.lines) + badge <= mark.width - 2, mark.id
            assert sum(max(run.size for run in line) for line in mark.lines) <= mark.height, mark.id
    for frame in scene.frames:
        assert measure.widest(frame.lines) <= frame.right - frame.left


def test_what_a_folded_box_holds_stays_together() -> None:
    box = Box(
        "a", "conv", Text("conv2 · Bottleneck 64→256", after="3 branches, concat"), definition="Bottleneck"
    )
    circle = Box("b", "merge", Text("a long word, 3"), symbol="+")
    assert narrowed(Picture("p", (box, circle), ())).items == (box, circle)


def test_twice_is_as_once() -> None:
    narrow = narrowed(definition("googlenet", "Inception"))
    assert narrowed(narrow) == narrow


def test_a_note_that_makes_a_frame_wide_stands_below_its_name() -> None:
    box = Box("a", "conv", Text("in"))
    frame = Cluster("c", "InvertedResidual", "(width, stride, expand)", (box,))
    (found,) = narrowed(Picture("p", (frame,), ())).items
    assert isinstance(found, Cluster)
    lines = ["".join(run.text for run in line) for line in frame_lines(found.name, found.note, 1)]
    assert lines == ["InvertedResidual", "(width, stride, expand)"]
    short = Cluster("c", "SE", "(r)", (box,))
    assert narrowed(Picture("p", (short,), ())).items == (short,)


def test_a_box_that_is_divided_has_its_definition_in_bold_and_all_lines() -> None:
    lines = box_lines(Box("a", "conv", Text("3×3 conv,\n64", before="BN ·\nReLU", after="dropout")))
    assert ["".join(run.text for run in line) for line in lines] == [
        "BN ·",
        "ReLU",
        "3×3 conv,",
        "64",
        "dropout",
    ]
