"""The figure of a difference: what is other is coloured and seen, what is the same is pale and folded."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path

import pytest

import ogive
from backends.draw.places import outside, overlapping, texts
from backends.draw.svg import Image
from backends.draw.vision import apart, grey
from ogive.backends.draw.choices import THEMES
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.colour import contrast
from ogive.backends.draw.fitting.space import COLUMN, smallest_type
from ogive.backends.draw.fold.picture import Box, Cluster, Item, Picture, order
from ogive.backends.draw.layout.process import Graphviz
from ogive.backends.draw.render import padded
from ogive.backends.draw.styles.difference import Marking, Placed, caption, difference_drawing, place
from ogive.backends.draw.styles.difference_search import candidates
from ogive.diagnostics import ArchError
from ogive.report.difference import Difference

PAIRS = {
    "edit": ("resnet50", "resnet50", "replace relu with gelu"),
    "removed": ("resnet50", "resnet50", "remove bn"),
    "blocks": ("resnet50", "resnet101", ""),
    "replaced": ("resnet34", "resnet50", ""),
    "wider": ("resnet50", "resnext50", ""),
    "dense": ("densenet121", "densenet169", ""),
    "norms": ("vgg16", "vgg16_bn", ""),
    "unlike": ("vgg16", "resnet50", ""),
    "unlike-dense": ("googlenet", "densenet121", ""),
    "dual": ("dpn92", "dpn98", ""),
    "another-net": ("googlenet", "bn_inception", ""),
    "clique": ("cliquenet_k36_t12", "cliquenet_k36_t12_abc", ""),
    "skips": ("unet", "unet", "replace relu with silu"),
    "tokens": ("vit_b_16", "vit_b_16", "set dropout(p = 0.3)"),
    "same": ("resnet50", "resnet50", ""),
}
STATUSES = ("same", "removed", "added", "changed")


@cache
def difference(name: str) -> Difference:
    a, b, edit = PAIRS[name]
    return ogive.diff(ogive.load(a), ogive.load(b, edits=[edit] if edit else []))


@cache
def placed(name: str, fit: tuple[float, float] | None = None) -> Placed:
    with Graphviz() as graphviz:
        return place(difference(name), graphviz, fit)


def of(a: str, b: str) -> Difference:
    return ogive.diff(ogive.loads(a), ogive.loads(b))


def open_picture(found: Difference) -> Picture:
    """The picture with as much open as there is."""
    return next(iter(candidates(found)))


def boxes(picture: Picture) -> list[Box]:
    every = (box for part in (picture, *picture.definitions) for box in part.boxes())
    return [box for box in every if isinstance(box, Box)]


def titles(picture: Picture, *kinds: str) -> list[str]:
    return [box.text.title for box in boxes(picture) if box.kind in kinds]


# --------------------------------------------------------------------------- looks


@pytest.mark.parametrize("theme", THEMES)
def test_what_happened_is_told_apart_by_every_eye_and_in_grey(theme: str) -> None:
    fills = [Marking(theme).paint(status).fill for status in STATUSES]
    assert min(a - b for a, b in pairwise(map(grey, fills))) >= 17
    assert min(apart(a, b) for a, b in combinations(fills, 2)) > (6 if theme == "paper" else 3.3)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("status", [*STATUSES, "sized", "input", "output", "anything"])
def test_text_is_legible_and_borders_are_seen(theme: str, status: str) -> None:
    paint = Marking(theme).paint(status)
    assert contrast(paint.fill, paint.ink) >= 6.5
    if status in {"removed", "added", "changed"}:
        assert contrast("#FFFFFF", paint.stroke) >= 3


def test_what_is_gone_is_dashed_in_every_theme() -> None:
    for theme in THEMES:
        dashed = [status for status in STATUSES if "dashed" in Marking(theme).paint(status).style]
        assert dashed == ["removed"]
        assert Marking(theme).line("removed").dashed


@pytest.mark.parametrize("name", PAIRS)
def test_no_colour_stands_without_its_sign(name: str) -> None:
    signs = {"added": "+ ", "removed": "− ", "changed": "~ ", "sized": "≈ "}
    for picture in candidates(difference(name)):
        for box in boxes(picture):
            assert box.symbol or box.text.title.startswith(signs.get(box.kind, "")), box
            if box.kind not in signs:
                assert not box.text.title.startswith(tuple(signs.values()))


# --------------------------------------------------------------------------- places


@pytest.mark.parametrize("fit", [None, COLUMN], ids=["page", "column"])
@pytest.mark.parametrize("name", PAIRS)
def test_type_is_legible_and_nothing_overlaps(name: str, fit: tuple[float, float] | None) -> None:
    found = placed(name, fit)
    assert found.scale * smallest_type([found.scene]) >= look.LEAST_TYPE - 0.01
    assert not any("smallest type" in note for note in found.notes)
    assert not overlapping(mark for mark in found.scene.marks if mark.shape != "bare")
    assert not outside(padded(found.scene, 0.5)), "Graphviz rounds"


@pytest.mark.parametrize("name", ["edit", "removed", "another-net", "clique"])
def test_text_is_in_its_box(name: str) -> None:
    with Graphviz() as graphviz:
        image = Image(difference_drawing(difference(name), "svg", graphviz=graphviz).data.decode())
    for text in image.texts:
        if text.box is not None and text.text.strip():
            left, top, right, bottom = text.box
            assert left - 0.5 <= text.left <= text.right <= right + 0.5, text
            assert top - 0.5 <= text.top <= text.bottom <= bottom + 0.5, text


@pytest.mark.parametrize("name", PAIRS)
def test_every_id_is_used_once_and_every_arrow_has_ends(name: str) -> None:
    for picture in candidates(difference(name)):
        ids = [id for part in (picture, *picture.definitions) for id in order(part.items)]
        assert len(ids) == len(set(ids))
        for part in (picture, *picture.definitions):
            own = order(part.items)
            assert all(edge.tail in own and edge.head in own for edge in part.edges)


@pytest.mark.parametrize("name", ["edit", "removed", "blocks", "clique"])
def test_dot(name: str, golden: Callable[[str, str | Path], None]) -> None:
    made = difference_drawing(difference(name), "dot")
    golden(made.data.decode(), f"golden/difference-{name}.dot")


# --------------------------------------------------------------------------- what is drawn


def test_what_is_the_same_is_folded() -> None:
    picture = open_picture(difference("blocks"))
    assert titles(picture, "added") == ["+ Bottleneck 1024"]
    assert [box.badge for box in boxes(picture) if box.kind == "added"] == [17]
    assert titles(picture, "same")[:3] == ["conv1 3→64, /4", "conv2 64→256", "conv3 256→512, /2"]
    (stage,) = [item for item in picture.items if isinstance(item, Cluster)]
    assert (stage.name, stage.note) == ("conv4", "6 → 23 Bottleneck")


def test_nothing_is_coloured_where_nothing_is_other() -> None:
    found = placed("same")
    assert {box.kind for box in boxes(found.picture)} == {"input", "same", "output"}
    assert len(boxes(found.picture)) < 12
    assert [text for text in texts(found.scene) if "same" in text] == ["the same in both"]


def test_blocks_are_folded_and_defined_once() -> None:
    picture = placed("edit").picture
    (block,) = picture.definitions
    assert block.name == "Bottleneck"
    assert titles(block, "changed") == ["~ ReLU → GELU"] * 3
    folded = [
        box for box in picture.boxes() if isinstance(box, Box) and box.text.title.startswith("~ Bottleneck")
    ]
    assert sum(box.badge for box in folded) == 16
    assert {box.text.after for box in folded} == {"ReLU → GELU ×3"}


def test_one_definition_holds_for_all_uses() -> None:
    (block,) = placed("wider").picture.definitions
    assert titles(block, "changed") == [
        "~ 1×1 conv, 64–512 → 128–1024", "~ 3×3 conv, 64–512 → 128–1024, /1–2",
    ]  # fmt: skip
    assert "BN, where shapes differ" in [box.text.after for box in boxes(block)]
    assert [edge.style for edge in block.edges].count("skip") == 1


def test_a_changed_block_is_defined_though_the_open_picture_leaves_it_no_room() -> None:
    found = placed("another-net")
    (inception,) = [part for part in found.picture.definitions if part.name == "Inception"]
    changed = titles(inception, "changed")
    assert "~ 5×5 → 3×3 conv" in changed
    assert "~ 3×3 max → 3×3 avg pool" in changed
    assert "other padding, bias" in inception.note
    assert any("+ BN · ReLU" in box.text.after for box in boxes(inception) if box.kind == "changed")


def test_added_blocks_stand_in_their_colour_beside_changed_ones() -> None:
    (new,) = [box for box in placed("dual").picture.boxes() if isinstance(box, Box) and box.kind == "added"]
    assert (new.text.title, new.badge) == ("+ DualPath 512", 2)


def test_nets_with_little_in_common_stand_side_by_side_in_whole_stages() -> None:
    found = placed("unlike-dense")
    assert not titles(found.picture, "changed")
    assert "− 3a · Inception 192→256" in titles(found.picture, "removed")
    assert "+ dense1 · dense 64→256" in titles(found.picture, "added")
    assert not [note for note in found.notes if "pt" in note]


def test_what_is_removed_first_in_a_block_takes_what_enters_it() -> None:
    part = next(part for part in placed("unlike").picture.definitions if part.name.startswith("conv2"))
    (entry,) = [box.id for box in boxes(part) if box.kind == "input"]
    gone = next(box.id for box in boxes(part) if box.kind == "removed")
    assert [edge.style for edge in part.edges if (edge.tail, edge.head) == (entry, gone)] == ["removed"]


def test_definitions_of_one_name_are_told_apart_and_boxes_say_which_they_mean() -> None:
    found = ogive.diff(ogive.load("mobilenet_v3_small"), ogive.load("mobilenet_v3_large"))
    with Graphviz() as graphviz:
        drawn = place(found, graphviz)
    names = [part.name for part in drawn.picture.definitions]
    assert len(set(names)) == len(names) > 1
    said = {box.definition for box in drawn.picture.boxes() if isinstance(box, Box)}
    assert set(names) <= said
    lettered = {name for name in said if name.startswith("Bneck (")}
    (note,) = [note for note in drawn.notes if note.startswith("no room for the definitions of")]
    assert all((name in names) != (f"{name}," in note or f"{name}:" in note) for name in lettered)


def test_definitions_that_their_stages_tell_apart_have_no_letters() -> None:
    names = [part.name for part in placed("dual").picture.definitions]
    assert not any("(" in name for name in names)


def test_a_clique_is_defined_by_what_it_does_at_each_layer() -> None:
    found = placed("clique")
    (clique,) = [part for part in found.picture.definitions if part.name == "clique"]
    assert clique.note == "at each layer"
    named = {box.id: box.text.title for box in boxes(clique)}
    assert list(named.values())[:4] == ["in", "≈ BN", "ReLU", "+ 1×1 conv, 36"]
    assert [named[edge.tail] for edge in clique.edges] == list(named.values())[:-1], "it is a row"
    assert any("defined beside it: clique" in note for note in found.notes)


def test_what_stands_between_two_layers_of_a_new_residual_stays_between_them() -> None:
    body = "conv(8, 3x3, padding = 1) -> bn -> relu -> {}conv(8, 3x3, padding = 1) -> bn"
    text = "net N() {{\n  input x: 8x8x8\n  stage s {{ {} }}\n}}"
    picture = open_picture(
        of(text.format(body.format("dropout(0.1) -> ")), text.format(f"residual {{ {body.format('')} }}"))
    )
    (gone,) = [box.id for box in boxes(picture) if box.kind == "removed"]
    named = {box.id: box.text for box in boxes(picture)}
    assert [(named[e.tail].after, named[e.head].after) for e in picture.edges if gone in (e.tail, e.head)] == [
        ("BN · ReLU", ""), ("", "BN"),
    ]  # fmt: skip


def test_a_net_of_very_many_layers_says_how_many_are_other() -> None:
    text = "net N() {{\n  input x: 3x8x8\n  for i in 0..{} {{ conv(8 + i % {}, 1x1) -> bn -> relu }}\n}}"
    found = of(text.format(400, 3), text.format(400, 4))
    changed = len(found.of("changed"))
    with Graphviz() as graphviz:
        drawn = place(found, graphviz)
    (box,) = [box for box in boxes(drawn.picture) if box.kind not in {"input", "output"}]
    assert (box.kind, box.text.title) == ("changed", f"~ {changed} of 1,200 layers changed")
    assert "changed" in texts(drawn.scene), "the legend"
    assert drawn.notes == ("long rows of layers are one box, which says how many of them are other",)


def test_notes_say_how_far_it_is_folded() -> None:
    assert placed("edit").notes == ("folded to depth 1 of 2; defined beside it: Bottleneck",)
    assert placed("same").notes == ()


def test_who_points_at_a_box_is_told_what_happened() -> None:
    with Graphviz() as graphviz:
        marks = place(difference("unlike"), graphviz).scene.marks
        normed = place(difference("removed"), graphviz).scene.marks
    told = [mark.about.text for mark in marks if mark.about]
    assert any(text.startswith("linear1") and "4,097,000 parameters in vgg16" in text for text in told)
    assert any(text.startswith("fc6") and "only in vgg16" in text for text in told)
    assert any("kernel_size 3x3 → 7x7" in text for text in told)
    norms = [mark.about.text for mark in normed if mark.about and "bn" in mark.about.name]
    assert norms
    assert all("only in resnet50" in text for text in norms)


def test_blocks_of_one_net_are_defined_in_its_colour() -> None:
    first, second = placed("replaced").picture.definitions
    assert (first.name, second.name) == ("Basic", "Bottleneck")
    assert titles(first, "removed")[0] == "− 3×3 conv, width, /stride"
    assert len(titles(second, "added")) == 5


def test_what_was_removed_stands_where_it_was() -> None:
    text = "net N() {{\n  input x: 3x8x8\n  conv(8, 3x3) -> {}relu -> max_pool(2x2)\n}}"
    picture = open_picture(of(text.format("bn -> "), text.format("")))
    named = {box.id: box.text.title for box in boxes(picture)}
    assert list(named.values()) == ["x", "~ 3×3 conv, 8", "− BN", "ReLU", "2×2 max pool, /2", "output"]
    edges = [(named[edge.tail], named[edge.head]) for edge in picture.edges if edge.style == "removed"]
    assert edges == [("~ 3×3 conv, 8", "− BN"), ("− BN", "ReLU")]
    assert len(picture.edges) == 5, "none goes past what was removed"


def test_a_removed_head_hangs_where_it_did() -> None:
    picture = open_picture(difference("another-net"))
    heads = [box.id for box in boxes(picture) if box.kind == "removed" and "head" in box.text.title]
    assert len(heads) == 2
    into = [edge for edge in picture.edges if edge.head in heads]
    assert [edge.style for edge in into] == ["removed", "removed"]
    assert not [edge for edge in picture.edges if edge.tail in heads]


def test_renamed_parts_say_both_names() -> None:
    text = "net N() {{\n  input x: 3x8x8\n  stage {} {{ conv(8, 3x3) -> {} }}\n}}"
    picture = open_picture(of(text.format("stem", "relu"), text.format("first", "gelu")))
    assert [item.name for item in picture.items if isinstance(item, Cluster)] == ["stem → first"]
    picture = open_picture(of(text.format("stem", "relu"), text.format("first", "relu")))
    assert titles(picture, "same") == ["stem → first 3→8"]


def test_outputs_are_marked() -> None:
    text = "net N() {{\n  input x: 3x8x8\n  conv(8, 3x3) as a\n  conv(8, 3x3) as b\n  {}\n}}"
    picture = open_picture(of(text.format("output one = b"), text.format("output one = a\n  output two = b")))
    assert titles(picture, "added") == ["+ two"]
    assert titles(picture, "changed") == ["~ one"]


def test_repeats_are_rolled_up() -> None:
    text = "net N() {{\n  input x: 3x8x8\n  for i in 0..{} {{ conv(8, 3x3, padding = 1) -> {} }}\n}}"
    picture = open_picture(of(text.format(5000, "relu"), text.format(5000, "gelu")))
    (frame,) = [item for item in picture.items if isinstance(item, Cluster)]
    assert (frame.badge, len(frame.items), picture.count) == (5000, 2, 4)


def test_branches_are_not_taken_for_a_chain() -> None:
    branch = "    | conv(8, 1x1) -> {}\n"
    text = "net N() {{\n  input x: 3x8x8\n  concat {{\n" + 3 * branch + "  }}\n}}"
    picture = open_picture(of(text.format(*["relu"] * 3), text.format(*["gelu"] * 3)))
    assert all(item_badge(item) == 1 for item in picture.items)
    assert titles(picture, "changed") == ["~ ReLU → GELU"] * 3


def item_badge(item: Item) -> int:
    return item.badge


@pytest.mark.parametrize("name", PAIRS)
def test_folding_goes_from_open_to_folded(name: str) -> None:
    every = list(candidates(difference(name)))
    alone = [sum(1 for _ in picture.boxes()) for picture in every]
    assert len({picture.name for picture in every}) == 1
    assert alone[-1] == min(alone)
    assert alone[0] == max(alone) or name == "dual", "its closed blocks differ in numbers, and do not roll up"


# --------------------------------------------------------------------------- words and formats


def test_the_legend_names_what_occurs() -> None:
    legend = [text for text in texts(placed("removed").scene) if text in WORDS]
    assert legend == ["only in resnet50", "changed", "the same in both"]
    legend = [text for text in texts(placed("blocks").scene) if text in WORDS]
    assert legend == ["only in resnet101", "the same in both"]


WORDS = {"only in resnet50", "only in resnet101", "changed", "the same in both"}


def test_caption_and_alt() -> None:
    made = difference_drawing(difference("blocks"), "dot")
    assert made.caption == (
        "From resnet50 to resnet101: added in conv4: 6 → 23 Bottleneck. resnet101 has +19.0 M parameters "
        "and +3.71 G multiply-accumulates. What is pale is the same in both."
    )
    assert made.alt == (
        "Architecture diagram of what is different. resnet50 → resnet101: 170 layers added: "
        "added in conv4: 6 → 23 Bottleneck (conv4.bottleneck7 … conv4.bottleneck23). "
        "Signs: + only in resnet101; all other boxes are the same in both."
    )


def test_the_caption_says_what_happened_and_of_many_things_how_many() -> None:
    assert caption(difference("removed")).startswith(
        "From resnet50 to resnet50, edited: changed conv ×53: bias false → true; removed bn ×53."
    )
    every = caption(difference("another-net"))
    rest = len([g for g in difference("another-net").groups if g.kind not in {"follows", "renumbered"}]) - 6
    assert rest > 0
    assert f"; and {rest} more." in every
    assert every.partition(". bn_inception has")[0].count("; ") == 6


def test_what_has_other_sizes_only_is_not_called_the_same() -> None:
    found = ogive.diff(ogive.load("cliquenet_k36_t12"), ogive.load("cliquenet_k64_t15"))
    picture = open_picture(found)
    assert "≈ linear, 10" in titles(picture, "sized")
    assert "≈ Head 640" in titles(picture, "sized")
    assert "3×3 conv, 64" in titles(picture, "same")
    assert not any("linear" in title or "Head" in title for title in titles(picture, "same"))
    assert "or (≈) has other sizes only" in caption(found)
    with Graphviz() as graphviz:
        assert "other sizes only" in texts(place(found, graphviz).scene)


@pytest.mark.parametrize("kind", ["svg", "pdf", "png", "tikz"])
def test_same_bytes_every_time(kind: str) -> None:
    first, second = (difference_drawing(difference("edit"), kind).data for _ in range(2))
    assert first == second


def test_a_space_too_small_is_said() -> None:
    made = difference_drawing(difference("another-net"), "svg", fit=(2, 2))
    assert "fitted to 2 × 2 in, its smallest type is" in made.notes[-1]


def test_an_unknown_format() -> None:
    with pytest.raises(ArchError) as caught:
        difference_drawing(difference("same"), "gif")
    assert caught.value.diagnostics[0].code == "E513"
