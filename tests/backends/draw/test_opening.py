"""What names open and fold, and what stays as it was."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import ogive
from backends.draw import nets
from ogive.backends.draw.fold.collapse import collapse, deepest
from ogive.backends.draw.fold.opening import by_hand, find
from ogive.backends.draw.fold.picture import Box, Cluster, Item, Picture
from ogive.backends.draw.fold.rolling import Structure
from ogive.diagnostics import ArchError


def drawn(structure: Structure, *expand: str, fold: tuple[str, ...] = (), depth: int = 0) -> Picture:
    return collapse(structure, depth, hand=by_hand(structure, expand, fold))


def frames(items: tuple[Item, ...]) -> Iterator[Cluster]:
    for item in items:
        if isinstance(item, Cluster):
            yield item
            yield from frames(item.items)


def said(items: tuple[Item, ...]) -> list[str]:
    """Titles, with the ×N behind them."""
    boxes = [item for item in items if isinstance(item, Box)]
    return [b.text.title + (f" ×{b.badge}" if b.badge > 1 else "") for b in boxes]


def skips(picture: Picture) -> list[tuple[str, str]]:
    titles = {b.id: b.text.title for b in picture.boxes() if isinstance(b, Box)}
    return [(titles[e.tail], titles[e.head]) for e in picture.edges if e.style == "skip"]


@pytest.fixture(scope="module")
def resnet() -> Structure:
    return Structure(nets.resnet())


def test_a_stage_is_opened_and_the_others_are_not(resnet: Structure) -> None:
    picture = drawn(resnet, "conv4")
    stage, first, others = frames(picture.items)
    assert [(f.name, f.badge) for f in (stage, first, others)] == [
        ("conv4", 1),
        ("Bottleneck", 1),
        ("Bottleneck", 5),
    ]
    assert said(first.items).count("1×1 conv, 1024, /2") == 1  # its projection
    assert said(others.items)[1:] == ["1×1 conv, 256", "3×3 conv, 256", "1×1 conv, 1024", "add", "ReLU"]
    assert [t for t in said(picture.items) if "conv" in t] == [
        "conv1 3→64, /4",
        "conv2 64→256",
        "conv3 256→512, /2",
        "conv5 1024→2048, /2",
    ]


def test_the_blocks_of_an_opened_stage_fold_where_that_is_asked(resnet: Structure) -> None:
    (frame,) = frames(drawn(resnet, "conv4", fold=("Bottleneck",)).items)
    assert said(frame.items) == ["Bottleneck 512→1024, /2", "Bottleneck 1024 ×5"]
    names = [f.name for f in frames(drawn(resnet, "conv4", fold=("conv4.bottleneck1",)).items)]
    assert names == ["conv4", "Bottleneck"]


@pytest.mark.parametrize("name", ["conv4.3", "conv4.bottleneck3"])
def test_a_member_is_taken_out_of_its_roll(resnet: Structure, name: str) -> None:
    picture = drawn(resnet, name)
    stage, inner = frames(picture.items)
    assert (stage.name, inner.name, inner.badge) == ("conv4", "Bottleneck", 1)
    assert said(stage.items) == ["Bottleneck 512→1024, /2", "Bottleneck 1024", "Bottleneck 1024 ×3"]
    assert said(inner.items) == ["1×1 conv, 256", "3×3 conv, 256", "1×1 conv, 1024", "add", "ReLU"]
    assert skips(picture) == [("Bottleneck 1024", "add")]


def test_all_members_stay_in_their_roll(resnet: Structure) -> None:
    picture = drawn(resnet, "conv4", "Bottleneck")
    badges = [f.badge for f in frames(picture.items) if f.name == "Bottleneck"]
    assert badges == [1, 2, 1, 3, 1, 5, 1, 2]


def test_a_definition_opens_what_is_around_it(resnet: Structure) -> None:
    picture = drawn(resnet, "Bottleneck")
    assert not [b for b in picture.boxes() if isinstance(b, Box) and b.text.title.startswith("Bottleneck")]
    assert len(skips(picture)) == 4  # of a roll of each stage; the others project


def test_folding_wins_in_what_is_folded(resnet: Structure) -> None:
    picture = drawn(resnet, "Bottleneck", fold=("conv4",))
    assert "conv4 512→1024, /2" in said(picture.items)
    assert "conv4" not in [f.name for f in frames(picture.items)]
    assert "conv5" in [f.name for f in frames(picture.items)]


@pytest.mark.parametrize("name", ["conv4", "Bottleneck"])
def test_one_name_is_not_opened_and_folded(resnet: Structure, name: str) -> None:
    with pytest.raises(ArchError, match="open and folded"):
        drawn(resnet, name, fold=(name,))


def test_a_path_wins_over_a_definition(resnet: Structure) -> None:
    picture = drawn(resnet, "conv4.3", fold=("Bottleneck",))
    assert [f.name for f in frames(picture.items)] == ["conv4", "Bottleneck"]
    picture = drawn(resnet, "Bottleneck", fold=("conv4.3",), depth=9)
    (stage,) = (f for f in frames(picture.items) if f.name == "conv4")
    assert said(stage.items) == ["Bottleneck 1024"]
    assert [f.badge for f in frames(stage.items)] == [1, 1, 3]


def test_a_fold_at_any_depth(resnet: Structure) -> None:
    picture = drawn(resnet, fold=("conv[23]",), depth=deepest(resnet))
    assert [f.name for f in picture.items if isinstance(f, Cluster)] == ["conv1", "conv4", "conv5"]


def test_wildcards_stand_for_one_step(resnet: Structure) -> None:
    assert {r.path for r in find(resnet, "conv*", "open")} == {f"conv{i}" for i in range(1, 6)}
    assert len(find(resnet, "conv*.*", "open")) == 16
    assert [r.path for r in find(resnet, "conv?.2", "open")] == [f"conv{i}.bottleneck2" for i in range(2, 6)]
    assert len(find(resnet, "Bott*", "open")) == 16


def test_words_and_turns_of_dense_blocks() -> None:
    structure = Structure(nets.densenet())
    assert [r.kind for r in find(structure, "dense", "open")] == ["dense"] * 4
    picture = drawn(structure, "dense2")
    (frame,) = frames(picture.items)
    assert (frame.name, frame.badge) == ("dense2 · dense", 12)
    picture = drawn(structure, "dense2.layer3")
    (outer, *_) = frames(picture.items)
    assert [i.badge for i in outer.items if isinstance(i, Cluster)] == [3, 8]


def test_auxiliary_heads() -> None:
    structure = Structure(nets.inception())
    assert [r.kind for r in find(structure, "aux", "open")] == ["aux"]
    picture = drawn(structure, "aux")
    assert [f.name for f in frames(picture.items)] == ["auxiliary head"]
    assert [e.style for e in picture.edges].count("aux") == 3


def test_a_stage_of_one_block_shows_it() -> None:
    structure = Structure(ogive.load("googlenet").ir)
    picture = drawn(structure, "3b")
    (frame,) = frames(picture.items)
    assert frame.name == "3b · Inception"
    assert [b.symbol for b in frame.items if isinstance(b, Box)].count("C") == 1


def test_skips_of_a_unet_survive_any_folding() -> None:
    structure = Structure(nets.unet())
    for hand in (((), ("Double",)), (("up2",), ()), (("down*", "up*"), ()), (("Double",), ("down1", "up4"))):
        picture = drawn(structure, *hand[0], fold=hand[1], depth=1)
        assert sum(e.style == "skip" for e in picture.edges) == 4


def test_residuals_survive_folding_at_every_depth(resnet: Structure) -> None:
    for depth in range(deepest(resnet) + 1):
        picture = collapse(resnet, depth)
        blocks = [f for f in frames(picture.items) if f.name == "Bottleneck"]
        folded = [b for b in picture.boxes() if isinstance(b, Box) and "+ skip" in b.text.after]
        assert len(skips(picture)) == sum(f.badge > 1 for f in blocks)
        assert bool(blocks) != bool(folded) or depth == 0


NESTED = """
block Inner(width) { residual { conv(width, 3x3, padding = 1) -> bn } -> relu }
block Outer(width) { repeat 2 { Inner(width) } }
net Nested() {
  input image: 8x32x32
  stage body {
    repeat 2 as i {
      stage "level {i}" { repeat 3 { Outer(8 * 2 ** i) }; max_pool(2x2) }
    }
  }
  stage head { stage "level 2" { repeat 2 { Outer(8) } }; max_pool(2x2) }
}
"""


@pytest.fixture(scope="module")
def nested() -> Structure:
    return Structure(ogive.loads(NESTED).ir)


def test_what_stands_on_a_frame_is_a_name(nested: Structure) -> None:
    (level,) = find(nested, "level 1", "open")
    assert level.path == "body.repeat1.layer2.level 1"
    for path in ("body.level 1", "body.2.level 1", level.path):
        assert find(nested, path, "open") == [level]


def test_every_choice_is_accepted_and_means_one_thing(nested: Structure) -> None:
    with pytest.raises(ArchError) as caught:
        by_hand(nested, ["nothing"], ())
    help = caught.value.diagnostics[0].help or ""
    choices = help.removeprefix("it has ").replace("`", "").split(", ")
    assert choices == ["body", "level 0", "level 1", "head", "level 2", "Outer", "Inner"]
    for name in choices:
        assert len({r.block or r.id for r in find(nested, name, "open")}) == 1


def test_a_guess_is_accepted(nested: Structure) -> None:
    with pytest.raises(ArchError) as caught:
        by_hand(nested, ["body.level 3"], ())
    guess = (caught.value.diagnostics[0].help or "").split("`")[1]
    assert find(nested, guess, "open")


def test_a_stage_of_stages_shows_these(nested: Structure) -> None:
    picture = drawn(nested, "body")
    assert [f.name for f in frames(picture.items)] == ["body", "level 0", "level 1"]


@pytest.mark.parametrize(
    ("name", "guess"),
    [("conv6", "`conv5`"), ("bottleneck", "`Bottleneck`"), ("conv4.bottelneck2", "`conv4.bottleneck2`")],
)
def test_a_name_that_is_not_there(resnet: Structure, name: str, guess: str) -> None:
    for expand, fold in (((name,), ()), ((), (name,)), (("conv2", name), ("conv3",))):
        with pytest.raises(ArchError) as caught:
            by_hand(resnet, expand, fold)
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.code == "E514"
        assert diagnostic.help is not None
        assert guess in diagnostic.help
        assert "`conv1`, `conv2`, `conv3`, `conv4`, `conv5`, `Bottleneck`" in diagnostic.help


@pytest.mark.parametrize("name", ["", ".", "..", "*.", "[", "conv4.", "x" * 500, "-> { } ;", "`"])
def test_hostile_names(resnet: Structure, name: str) -> None:
    with pytest.raises(ArchError) as caught:
        by_hand(resnet, (name,), ())
    assert [d.code for d in caught.value.diagnostics] == ["E514"]
    assert len(caught.value.diagnostics[0].message) < 200


def test_nothing_to_open() -> None:
    with pytest.raises(ArchError) as caught:
        by_hand(Structure(nets.lenet()), ("conv1",), ())
    assert "it has no stages and no blocks" in (caught.value.diagnostics[0].help or "")
