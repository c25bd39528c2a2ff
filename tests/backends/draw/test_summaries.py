"""What is drawn as one where even the most folded picture is too large: nothing is lost, no cycle comes of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

import ogive
from backends.draw import nets
from ogive.backends.draw.fitting.candidates import Candidate, summaries, unframed
from ogive.backends.draw.fold.collapse import collapse
from ogive.backends.draw.fold.forms import letters
from ogive.backends.draw.fold.gather import gathered
from ogive.backends.draw.fold.picture import Box, Cluster, Edge, Picture, Text, order
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.rows import condensed, shortened
from ogive.backends.draw.fold.segments import segmented

CHANGES: list[Callable[..., Picture]] = [
    gathered, lambda p: gathered(p, loosely=True), condensed, shortened, segmented, unframed,
]  # fmt: skip
HARD = ["ssd300_vgg16", "inception_v3", "fractalnet", "cliquenet_s0", "dpn68", "unet", "siamese"]


def boxes(*titles: str, region: int | None = 1) -> tuple[Box, ...]:
    return tuple(Box(f"b{i}", "conv", Text(t), region=region, every=(f"n{i}",)) for i, t in enumerate(titles))


def picture(items: tuple[Box, ...], *edges: tuple[int, int]) -> Picture:
    return Picture("p", items, tuple(Edge(f"b{a}", f"b{b}") for a, b in edges))


def check(before: Picture, after: Picture) -> None:
    """The ends stay, every edge leads between boxes that are there, and on."""
    place = {id: i for i, id in enumerate(order(after.items))}
    assert len(place) == len(order(after.items))
    for edge in after.edges:
        assert edge.tail != edge.head
        assert place[edge.tail] < place[edge.head]
    pairs = [(e.tail, e.head) for e in after.edges]
    assert len(pairs) == len(set(pairs))

    def nodes(picture: Picture) -> list[str]:
        named = ([b.every] if isinstance(b, Box) else b.members for b in picture.boxes())
        return sorted(n for names in named for each in names for n in each)

    assert nodes(before) == nodes(after)
    leading = {e.head for e in after.edges}
    assert {b.id for b in after.boxes() if b.id not in leading} <= {b.id for b in before.boxes()}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", HARD)
def test_nothing_is_lost(name: str, change: Callable[..., Picture]) -> None:
    structure = Structure(ogive.load(name).ir)
    for depth in (0, 1, 9):
        before = collapse(structure, depth)
        more = (structure,) if change in (shortened, segmented) else ()
        check(before, change(before, *more))


@pytest.mark.parametrize("name", HARD)
def test_every_summary_is_another_picture(name: str) -> None:
    structure = Structure(ogive.load(name).ir)
    candidate = Candidate(collapse(structure, 0), 0)
    found = list(summaries(candidate, structure))
    assert all(each.summary for each in found)
    pictures = [candidate.picture, *(each.picture for each in found)]
    assert all(a != b for i, a in enumerate(pictures) for b in pictures[:i])


def test_parallel_boxes_of_one_text_become_one() -> None:
    found = gathered(
        picture(
            boxes("in", "Head 4", "Head 4", "Head 8", "out"), (0, 1), (0, 2), (0, 3), (1, 4), (2, 4), (3, 4)
        )
    )
    assert [(b.text.title, b.badge) for b in found.boxes() if isinstance(b, Box)] == [
        ("in", 1), ("Head 4", 2), ("Head 8", 1), ("out", 1),
    ]  # fmt: skip
    assert [b.every for b in found.boxes() if isinstance(b, Box)][1] == ("n1", "n2")


def test_loosely_they_may_differ_in_their_channels() -> None:
    before = picture(boxes("in", "Head 4", "Head 8", "out"), (0, 1), (0, 2), (1, 3), (2, 3))
    assert gathered(before) == before
    found = gathered(before, loosely=True)
    assert [b.text.title for b in found.boxes() if isinstance(b, Box)] == ["in", "Head 4 … 8", "out"]


def test_what_leads_to_the_other_is_not_put_together() -> None:
    for edges in (((0, 1),), ((0, 2), (2, 1))):
        before = picture(boxes("Head 4", "Head 4", "other"), *edges)
        before = Picture("p", tuple(sorted(before.items, key=lambda b: "021".index(b.id[1]))), before.edges)
        assert gathered(before) == before


def test_two_groups_that_cross_stay_apart() -> None:
    """a1 → b1 and b2 → a2: together they would be a cycle."""
    before = picture(boxes("A", "B", "B", "A"), (0, 1), (2, 3))
    found = gathered(before)
    check(before, found)
    assert sorted(b.badge for b in found.boxes() if isinstance(b, Box)) == [1, 1, 2]


def test_segments_stand_between_what_all_flow_passes() -> None:
    structure = Structure(nets.inception())
    before = collapse(structure, 9)
    found = segmented(before, structure)
    assert isinstance(found.items[0], Box)
    assert found.items[0].text.title == "image"
    assert found.count < before.count
    (first, *_) = (b for b in found.boxes() if isinstance(b, Box) and "convolutions" in b.text.title)
    assert first.text.after


def test_frames_of_stages_go_and_others_stay() -> None:
    found = unframed(collapse(Structure(nets.gated()), 9))
    frames = [item for item in found.items if isinstance(item, Cluster)]
    assert not [f for f in frames if f.kind == "stage" and f.badge == 1]
    assert [f.badge for f in frames if f.badge > 1]


@pytest.mark.parametrize("name", ["efficientnet_b0", "mobilenet_v3_small", "inception_v3"])
def test_what_says_less_still_says_the_letters_of_forms(name: str) -> None:
    """Where a definition is `MBConv (b)`, the boxes say which of them are meant."""
    structure = Structure(ogive.load(name).ir)
    marks = letters(structure)
    for less in summaries(Candidate(collapse(structure, 0), 0), structure):
        for box in less.picture.boxes():
            if not isinstance(box, Box) or not box.region:
                continue
            said = f"{box.text.title} {box.text.after}"
            inside = {*box.every, *box.nodes}
            for id_, mark in marks.items():
                if structure.nodes[id_][0] in inside:
                    assert re.search(rf"\(([a-z], )*{mark.strip(' ()')}(, [a-z])*\)", said), (said, mark)


def test_a_stage_says_the_forms_of_its_only_block_in_its_title() -> None:
    structure = Structure(ogive.load("efficientnet_b0").ir)
    found = summaries(Candidate(collapse(structure, 0), 0), structure)
    brief = next(
        each for each in found if each.summary == "what is in parts is left out, shapes are left out"
    )
    titles = [box.text.title for box in brief.picture.boxes() if isinstance(box, Box)]
    assert "stage2 · MBConv (a) 32→16" in titles
    assert "stage3 · MBConv (b, c) 16→24, /2" in titles
