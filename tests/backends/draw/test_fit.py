"""What a space shows of a net: as much as it can with no type too small, and nothing left out silently."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import ogive
from backends.draw import nets
from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting.estimate import estimated
from ogive.backends.draw.fitting.fit import Chosen, chosen, fitted
from ogive.backends.draw.fitting.space import COLUMN, PAD, Space, parse_fit, smallest_type
from ogive.backends.draw.fold.collapse import collapse
from ogive.backends.draw.fold.picture import Box, Picture, Ring
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.rows import shortened
from ogive.backends.draw.layout.engine import Engine
from ogive.backends.draw.layout.process import Graphviz, TooSlow
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.subject import Subject
from ogive.diagnostics import ArchError
from ogive.graph import Graph

ARCHITECTURES = Path(__file__).parents[2] / "architectures"
SPACES = {"page": look.PAGE, "column": COLUMN}
SOME = ("resnet50", "googlenet", "densenet121", "unet", "inception_v4", "ssd300_vgg16", "cliquenet_s0_a")


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Graphviz() as graphviz:
        yield Engine(graphviz)


def subject(graph: Graph | str) -> Subject:
    graph = ogive.load(graph).ir if isinstance(graph, str) else graph
    return Subject(graph, graph)


def titles(found: Chosen) -> list[str]:
    return [b.text.title for b in found.picture.boxes() if isinstance(b, Box)]


def check(found: Chosen, space: tuple[float, float]) -> None:
    """What holds of every choice for a space."""
    assert 0 < found.scale <= 1
    assert found.scale * (found.width + 2 * PAD) <= space[0] * 72 + 0.01
    assert found.scale * (found.height + 2 * PAD) <= space[1] * 72 + 0.01
    assert found.smallest == pytest.approx(found.scale * smallest_type(found.scenes))
    assert found.smallest >= look.LEAST_TYPE - 1e-6, found.notes
    assert len(found.scenes) == len(found.places) == 1 + len(found.picture.definitions)
    placed = [(x, y, x + s.width, y + s.height) for s, (x, y) in zip(found.scenes, found.places, strict=True)]
    for i, (left, bottom, right, top) in enumerate(placed):
        assert min(left, bottom, found.width - right, found.height - top) > -0.01
        for other in placed[:i]:
            assert left >= other[2] or right <= other[0] or bottom >= other[3] or top <= other[1]
    *_, note = found.notes
    assert f"smallest type {found.smallest:.1f} pt" in note
    for definition in found.picture.definitions:
        assert definition.name.partition(", ")[0] in note


# ------------------------------------------------------------------ every net


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize(
    "name", [n if n in SOME else pytest.param(n, marks=pytest.mark.slow) for n in ogive.list_models()]
)
def test_no_type_is_too_small(engine: Engine, name: str, space: str) -> None:
    check(chosen(subject(name), engine.scenes, fit=SPACES[space]), SPACES[space])


@pytest.mark.parametrize("name", ["retinanet", "hrnet", "darts", "wavenet", "hourglass", "gpt2"])
def test_nor_in_nets_that_are_hard_to_draw(engine: Engine, name: str) -> None:
    graph = ogive.load(ARCHITECTURES / f"{name}.arch").ir
    check(chosen(subject(graph), engine.scenes, fit=look.PAGE), look.PAGE)


@pytest.mark.parametrize("name", nets.NETS)
@pytest.mark.parametrize("space", [(3.25, 4.0), (6.5, 3.0), (2.5, 9.0)])
def test_nor_in_other_spaces(engine: Engine, name: str, space: tuple[float, float]) -> None:
    found = chosen(subject(nets.NETS[name]()), engine.scenes, fit=space)
    if found.smallest >= look.LEAST_TYPE - 1e-6:
        check(found, space)
    else:  # said plainly, with what would help
        (note,) = found.notes
        assert f"its type is {found.smallest:.1f} pt, and under 6 pt it is hard to read: " in note
        assert " has room for it" in note
        assert found.warning == note


# ------------------------------------------------------------------ what is chosen


def test_a_small_net_is_open(engine: Engine) -> None:
    found = chosen(subject(nets.lenet()), engine.scenes, fit=COLUMN)
    assert (found.scale, found.picture.definitions, found.places) == (1, (), ((0, 0),))
    assert found.notes == ("nothing is folded, fits 3.25 × 9 in at 100 %: smallest type 7.0 pt",)


def test_resnet_on_a_page_and_in_a_column(engine: Engine) -> None:
    page = chosen(subject("resnet50"), engine.scenes, fit=look.PAGE)
    assert "Bottleneck 64→256" in titles(page)
    assert [d.name for d in page.picture.definitions] == ["Bottleneck"]
    assert page.places[1][0] > page.scenes[0].width  # beside
    column = chosen(subject("resnet50"), engine.scenes, fit=COLUMN)
    assert "conv2 64→256" in titles(column)
    assert [d.name for d in column.picture.definitions] == ["Bottleneck"]
    assert column.places[1][1] + column.scenes[1].height < column.places[0][1]  # below
    assert "folded to depth 0 of 2" in column.notes[0]


def test_more_room_shows_more(engine: Engine) -> None:
    """The whole net is open where a poster has room for it; in a smaller space more is folded."""
    counts = [
        len(chosen(subject("resnet18"), engine.scenes, fit=fit).picture.hidden)
        for fit in ((30.0, 40.0), look.PAGE, (6.5, 5.0))
    ]
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[1] < counts[2]


def test_it_is_never_enlarged(engine: Engine) -> None:
    assert chosen(subject(nets.lenet()), engine.scenes, fit=(40.0, 40.0)).scale == 1


def test_what_has_no_room_is_named(engine: Engine) -> None:
    found = chosen(subject("inception_v4"), engine.scenes, fit=look.PAGE)
    (note,) = found.notes
    shown = {d.name for d in found.picture.definitions}
    left = re.search(r"left out: ([\w, ]+) \(--block (\w+) draws (?:it|one) alone\)", note)
    assert left is not None
    every = {"InceptionA", "InceptionB", "InceptionC", "ReductionA", "ReductionB", "stem"}
    assert shown | set(left[1].split(", ")) == every
    assert not shown & set(left[1].split(", "))
    assert left[2] in (*every, "NAME")


def test_stages_that_are_folded_are_named(engine: Engine) -> None:
    """Their up-convolutions are in no definition."""
    (note,) = chosen(subject("unet"), engine.scenes, fit=look.PAGE).notes
    assert "left out: up1, up2, up3, up4 (--block NAME draws one alone)" in note


def test_dropout_alone_opens_no_stage(engine: Engine) -> None:
    found = chosen(subject("unet"), engine.scenes, fit=look.PAGE)
    boxes = {b.text.title: b.text.after for b in found.picture.boxes() if isinstance(b, Box)}
    assert boxes["down3 · Double 128→256"] == "3×3 · 3×3"
    assert boxes["down4 · Double 256→512"] == "3×3 · 3×3, dropout"
    assert "dropout" not in boxes


def test_skips_stay_in_a_small_space(engine: Engine) -> None:
    found = chosen(subject("unet"), engine.scenes, fit=(3.25, 4.0))
    check(found, (3.25, 4.0))
    assert [e.style for e in found.picture.edges].count("skip") == 4
    assert "2×2 max pool, /2 → down2 · Double 64→128" in titles(found)


ALIKE = """
net Stages() {
  input image: 16x64x64
  stage a { conv(64, 7x7, padding = 3) -> relu }
  stage b { conv(64, 1x1) -> relu }
  stage c { conv(64, 3x3, padding = 2, dilation = 2) -> relu }
  stage d { conv(64, 5x5, padding = 2, groups = 4) -> relu }
  stage e { conv(64, 3x3, stride = 2, padding = 1) -> relu }
  stage f { conv(128, 3x3, stride = 2, padding = 1) -> relu }
}
"""


def test_only_channels_may_differ_in_what_is_one_box(engine: Engine) -> None:
    picture = collapse(Structure(ogive.loads(ALIKE).ir, across=True), 0)
    boxes = [b for b in picture.boxes() if isinstance(b, Box) and b.kind == "conv"]
    assert [(b.text.title, b.badge) for b in boxes] == [
        ("a · 7×7 conv, 64", 1), ("b · 1×1 conv, 64", 1), ("c · 3×3 conv, 64, dilated 2", 1),
        ("d · 5×5 conv, 64, 4 groups", 1), ("e–f · 3×3 conv, 64 … 128, /2", 2),
    ]  # fmt: skip
    found = chosen(subject("ssd300_vgg16"), engine.scenes, fit=look.PAGE)
    assert not [b for b in found.picture.boxes() if "conv6" in str(b) and b.badge > 1]


def test_what_is_summed_up_is_counted_truly() -> None:
    structure = Structure(ogive.load("resnet50").ir)
    (box,) = (b for b in shortened(collapse(structure, 0), structure).boxes() if b.id and "…" in str(b))
    assert isinstance(box, Box)
    assert box.text.title == "5 stages, 53 convolutions"


def test_a_definition_is_of_a_name_that_is_there(engine: Engine) -> None:
    for name, space in (("unet", (3.25, 4.0)), ("resnet50", (3.4, 4.0)), ("cliquenet_s3", COLUMN)):
        found = chosen(subject(name), engine.scenes, fit=space)
        written = "\n".join(str(b) for b in found.picture.boxes()).lower()
        assert all(re.split(r"[ ,]", d.name.lower())[0] in written for d in found.picture.definitions)


def test_the_main_block_comes_before_a_fuller_overview(engine: Engine) -> None:
    found = chosen(subject("cliquenet_s3"), engine.scenes, fit=COLUMN)
    check(found, COLUMN)
    assert any(d.name.startswith("clique") for d in found.picture.definitions)


def test_forms_that_have_no_room_beside_their_like(engine: Engine) -> None:
    (note,) = chosen(subject("mobilenet_v3_large"), engine.scenes, block="Bneck").notes
    assert "left out: " in note
    assert "--block" not in note


def test_definitions_only_where_they_are_wanted(engine: Engine) -> None:
    found = chosen(subject("resnet50"), engine.scenes, fit=look.PAGE, beside=False)
    assert found.picture.definitions == ()
    assert len(found.scenes) == 1


def test_stages_take_each_other_in_where_that_makes_room_for_a_definition(engine: Engine) -> None:
    found = chosen(subject("googlenet"), engine.scenes, fit=(5.5, 9.0))
    assert "Inception" in {d.name for d in found.picture.definitions}
    assert "4b–4d · Inception 512→528" in titles(found)
    assert [b.badge for b in found.picture.boxes() if isinstance(b, Box) and "4b" in b.text.title] == [3]
    assert [e.style for e in found.picture.edges].count("aux") == 2  # the heads are where they were
    assert "parts that differ in their channels alone are one box" in found.notes[0]


def test_parallel_heads_become_one(engine: Engine) -> None:
    graph = ogive.load(ARCHITECTURES / "retinanet.arch").ir
    found = chosen(subject(graph), engine.scenes, fit=look.PAGE)
    heads = [b for b in found.picture.boxes() if isinstance(b, Box) and b.definition == "DenseHead"]
    assert [(b.text.title, b.badge) for b in heads] == [("DenseHead 256→819", 5), ("DenseHead 256→36", 5)]
    assert [b.text.title for b in found.picture.boxes() if isinstance(b, Box) and b.kind == "output"] == [
        "scores1 … scores5", "boxes1 … boxes5",
    ]  # fmt: skip
    assert all(sum(e.head == b.id for e in found.picture.edges) == 5 for b in heads)


def test_a_ring_stays_in_its_place_where_it_can(engine: Engine) -> None:
    found = chosen(subject(nets.cliquenet(4)), engine.scenes, fit=look.PAGE)
    assert any(isinstance(b, Ring) for b in found.picture.boxes())
    found = chosen(subject(nets.cliquenet(4, 3)), engine.scenes, fit=look.PAGE)
    assert any(isinstance(b, Ring) for d in found.picture.definitions for b in d.boxes())


# ------------------------------------------------------------------ by hand


def test_a_depth_is_kept(engine: Engine) -> None:
    for depth in (0, 1, 2):
        found = chosen(subject("resnet50"), engine.scenes, fit=look.PAGE, depth=depth)
        opened = chosen(subject("resnet50"), estimated, fit=(999.0, 999.0), depth=depth)
        assert [b.id for b in found.picture.boxes()] == [b.id for b in opened.picture.boxes()]
    assert found.smallest < look.LEAST_TYPE
    (note,) = found.notes
    assert note.startswith("nothing is folded: fitted to 6.5 × 9 in, its type is ")
    assert "--depth 1 is legible here, --fit " in note
    larger = re.search(r"--fit (\S+) has room", note)
    assert larger is not None
    assert chosen(subject("resnet50"), engine.scenes, fit=parse_fit(larger[1]), depth=2).smallest >= 6


def test_without_a_space_a_depth_has_its_own_size(engine: Engine) -> None:
    assert chosen(subject("resnet50"), engine.scenes, depth=2).scale == 1
    assert chosen(subject("resnet50"), engine.scenes).scale < 1
    assert chosen(subject("resnet50"), engine.scenes, full=True).scale == 1


def test_names_hold_at_the_chosen_depth(engine: Engine) -> None:
    found = chosen(subject("resnet50"), engine.scenes, fit=look.PAGE, expand=["conv4.3"], fold=["conv2"])
    assert "conv2 64→256" in titles(found)
    assert "3×3 conv, 256" in titles(found)
    check(found, look.PAGE)


def test_a_name_that_is_not_there(engine: Engine) -> None:
    for wrong in ({"expand": ["conv9"]}, {"fold": ["conv9"]}, {"block": "conv9"}):
        with pytest.raises(ArchError) as caught:
            chosen(subject("resnet50"), engine.scenes, **wrong)  # pyright: ignore[reportArgumentType]
        assert [d.code for d in caught.value.diagnostics] == ["E514"]


# ------------------------------------------------------------------ blocks alone, and every layer


def test_a_block_alone_is_symbolic(engine: Engine) -> None:
    found = chosen(subject("resnet50"), engine.scenes, block="Bottleneck")
    (frame,) = found.picture.items
    assert (frame.name, frame.note) == ("Bottleneck", "(width, stride)")  # pyright: ignore[reportAttributeAccessIssue]
    assert "1×1 conv, 4·width" in titles(found)
    assert found.picture.definitions == ()


def test_all_forms_of_a_block(engine: Engine) -> None:
    found = chosen(subject("mobilenet_v2"), engine.scenes, block="InvertedResidual")
    names = [found.picture.items[0].name, *(d.name for d in found.picture.definitions)]  # pyright: ignore[reportAttributeAccessIssue]
    assert names == [
        "InvertedResidual (a), expand 1",
        "InvertedResidual (b), without a skip, expand 6",
        "InvertedResidual (c), with a skip",
    ]


@pytest.mark.parametrize("name", ["conv4", "conv2.1", "conv4.bottleneck2", "conv1"])
def test_parts_alone(engine: Engine, name: str) -> None:
    found = chosen(subject("resnet50"), engine.scenes, fit=look.PAGE, block=name)
    check(found, look.PAGE)
    assert titles(found)[0] == "in"


def test_a_block_that_is_too_large_is_folded(engine: Engine) -> None:
    found = chosen(subject("resnet50"), engine.scenes, fit=(3.25, 4.0), block="conv4")
    check(found, (3.25, 4.0))
    assert "Bottleneck 1024" in titles(found)


def test_what_is_open_in_a_block(engine: Engine) -> None:
    found = chosen(subject("seresnet50"), engine.scenes, block="SEBottleneck", fold=["SE"])
    assert "SE 4·width" in " ".join(titles(found))
    found = chosen(subject("seresnet50"), engine.scenes, block="SEBottleneck", depth=0, expand=["SE"])
    assert "global avg pool" in titles(found)


def test_every_layer(engine: Engine) -> None:
    graph = nets.resnet((1, 2, 1, 1))
    found = chosen(subject(graph), engine.scenes, full=True)
    boxes = [b for b in found.picture.boxes() if isinstance(b, Box)]
    assert sorted(n for b in boxes for n in b.nodes) == sorted(n.name for n in graph)
    assert {b.badge for b in boxes} == {1}
    assert any("every layer is a box" in note for note in found.notes)
    assert not found.warning  # it is as large as it is


def test_every_layer_in_a_space_that_is_too_small(engine: Engine) -> None:
    graph = nets.resnet()
    found = chosen(subject(graph), engine.scenes, fit=COLUMN, full=True)
    assert found.notes == (found.warning,)
    said = re.fullmatch(
        r"every layer is a box: fitted to 3\.25 × 9 in, its type is (\S+) pt, and under 6 pt it is hard to read: "
        r"--style overview folds what does not fit, --fit (\S+) has room for it, "
        r"without --fit it is (\S+) × (\S+) in",
        found.warning,
    )
    assert said is not None
    assert float(said[1]) == pytest.approx(found.smallest, abs=0.05)
    larger = chosen(subject(graph), engine.scenes, fit=parse_fit(said[2]), full=True)
    assert larger.smallest >= look.LEAST_TYPE
    alone = chosen(subject(graph), engine.scenes, full=True)
    size = tuple((length + 2 * PAD) / 72 for length in (alone.width, alone.height))
    assert size == pytest.approx((float(said[3]), float(said[4])), abs=0.06)


def test_more_layers_than_can_be_drawn_are_rolled(engine: Engine) -> None:
    found = chosen(subject(nets.resnet((3, 40, 100, 3))), engine.scenes, full=True)
    assert found.picture.count <= look.MOST_BOXES
    said = r"1,\d\d\d layers are more than can be laid out: repeats are rolled"
    assert re.match(said, found.notes[0])


def test_what_cannot_be_rolled_is_summed_up_as_in_an_overview(engine: Engine) -> None:
    bodies = (f"  conv({8 + i % 7}, {1 + 2 * (i * i % 3)}, padding = same) -> relu" for i in range(1100))
    net = "\n".join(["net N() {", "  input image: 3x8x8", *bodies, "}"])
    found = chosen(subject(ogive.loads(net).ir), engine.scenes, full=True)
    titles = [box.text.title for box in found.picture.boxes() if isinstance(box, Box)]
    assert any("conv" in title for title in titles)
    said = r"\d,\d\d\d layers are more than can be laid out: .*, rows of layers that repeat are one box, fits"
    assert re.match(said, found.notes[0])


# ------------------------------------------------------------------ time


def test_a_layout_that_takes_too_long_is_passed_over(engine: Engine) -> None:
    tried: list[int] = []

    def slow(picture: Picture) -> list[Scene]:
        tried.append(picture.count)
        if picture.count > 15:
            raise TooSlow
        return engine.scenes(picture)

    found = chosen(subject(nets.gated()), slow, fit=look.PAGE)
    assert max(tried) > 15
    assert found.picture.count <= 15
    assert any("takes longer than it may" in note for note in found.notes)


@pytest.mark.parametrize("depth", [None, 2])
def test_no_layout_in_time(depth: int | None) -> None:
    def never(picture: Picture) -> list[Scene]:
        raise TooSlow

    with pytest.raises(ArchError) as caught:
        chosen(subject(nets.resnet()), never, depth=depth)
    assert [d.code for d in caught.value.diagnostics] == ["E512"]


@pytest.mark.parametrize("name", ["densenet201", "cifar_resnet1202", "cifar_preresnet1001"])
def test_deep_nets_take_seconds(engine: Engine, name: str) -> None:
    found = subject(name)
    start = time.monotonic()
    check(chosen(found, engine.scenes, fit=look.PAGE), look.PAGE)
    assert time.monotonic() - start < 10


def test_ten_thousand_layers_take_seconds(engine: Engine) -> None:
    found = subject(nets.resnet((100, 450, 450, 100)))
    assert len(found.graph) > 10_000
    start = time.monotonic()
    check(chosen(found, engine.scenes, fit=look.PAGE), look.PAGE)
    assert time.monotonic() - start < 20


def test_few_layouts(engine: Engine) -> None:
    """Each costs time: what cannot fit is not laid out."""
    tried: list[Picture] = []

    def counting(picture: Picture) -> list[Scene]:
        tried.append(picture)
        return engine.scenes(picture)

    chosen(subject("resnet50"), counting, fit=look.PAGE)
    assert len(tried) <= 3


def test_by_estimates_alone() -> None:
    picture = fitted(Structure(nets.resnet()))
    assert [d.name for d in picture.definitions] == ["Bottleneck"]


# ------------------------------------------------------------------ spaces


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("column", (3.25, 9.0)), ("page", (6.5, 9.0)), (" Page ", (6.5, 9.0)),
        ("3.3x4in", (3.3, 4.0)), ("3.3x4", (3.3, 4.0)), ("12x8cm", (12 / 2.54, 8 / 2.54)),
        ("120 x 80 mm", (120 / 25.4, 80 / 25.4)), ("12cm×4in", (12 / 2.54, 4.0)), ("234x648PT", (3.25, 9.0)),
        (".5x.5in", (0.5, 0.5)),
    ],
)  # fmt: skip
def test_spaces(text: str, size: tuple[float, float]) -> None:
    assert parse_fit(text) == pytest.approx(size)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "colum",
        "3in",
        "0x4in",
        "3x4ft",
        "-3x4",
        "3x4x5",
        "1e9x2",
        "x",
        "nanxnan",
        "300x300in",
        "0.1x4",
        "3,3x4",
        "3.4x",
        "240pt",
        "10x10px",
        "infx3",
    ],
)
def test_no_spaces(text: str) -> None:
    with pytest.raises(ValueError, match="no space"):
        parse_fit(text)


def test_a_space_counts_the_white_around_a_drawing() -> None:
    space = Space(1.0, 2.0)
    assert space.scale(72 - 2 * PAD, 144 - 2 * PAD) == 1
    assert space.scale(72.0, 10.0) < 1
    assert space.scale(1.0, 1.0) == 1
    width, height = space.room(12.0)
    assert space.scale(width, height) * 12 == pytest.approx(look.LEAST_TYPE)
