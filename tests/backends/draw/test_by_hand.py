"""What is opened and folded by hand, in whole drawings: what was asked for is there, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import ogive
from ogive.backends.draw import Options, Subject, drawing
from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting.estimate import estimated
from ogive.backends.draw.fitting.fit import Chosen, chosen
from ogive.backends.draw.fold.picture import Box, Cluster, Item
from ogive.diagnostics import ArchError

HOURGLASS = """
block Res(w) { residual { conv(w // 2, 1x1) -> bn -> relu -> conv(w, 3x3, padding = 1) -> bn } -> relu }
block Hour(w, n) {
  add {
    | Res(w)
    | max_pool(2x2) -> Res(w) -> (Hour(w, n - 1) if n > 1 else Res(w)) -> Res(w) -> upsample(scale_factor = 2)
  }
}
net Stacked() {
  input image: 3x256x256
  conv(32, 7x7, stride = 2, padding = 3) -> bn -> relu
  stage first { Hour(32, 4) -> Res(32) }
  stage second { Hour(32, 4) -> Res(32) }
}
"""
"""A block that uses itself: far more than a page, opened."""


def subject(target: str) -> Subject:
    net = ogive.loads(target) if "{" in target else ogive.load(target)
    return Subject(net.ir, net.unrolled)


@pytest.fixture(scope="module")
def resnet() -> Subject:
    return subject("resnet50")


def frames(items: tuple[Item, ...]) -> Iterator[Cluster]:
    for item in items:
        if isinstance(item, Cluster):
            yield item
            yield from frames(item.items)


def named(found: Chosen) -> list[tuple[str, int]]:
    return [(f.name, f.badge) for f in frames(found.picture.items)]


def titles(found: Chosen) -> list[str]:
    return [b.text.title for b in found.picture.boxes() if isinstance(b, Box)]


# ------------------------------------------------------------------ what was asked for is open


def test_all_uses_of_a_block_are_open_however_large_that_is(resnet: Subject) -> None:
    found = chosen(resnet, estimated, expand=["Bottleneck"])
    assert [badge for name, badge in named(found) if name == "Bottleneck"] == [1, 2, 1, 3, 1, 5, 1, 2]
    assert "conv1 3→64, /4" in titles(found)  # the rest is folded
    assert found.scale == 1
    note = found.notes[-1]
    assert note.startswith("folded to depth 0 of 2 but for `Bottleneck`: ")
    assert "under 6 pt it is hard to read: --block Bottleneck draws it alone, --fit " in note


def test_a_size_that_is_named_has_room_for_it(resnet: Subject) -> None:
    note = chosen(resnet, estimated, expand=["Bottleneck"]).notes[-1]
    width, height = map(float, note.partition("--fit ")[2].partition("in has room")[0].split("x"))
    found = chosen(resnet, estimated, expand=["Bottleneck"], fit=(width, height))
    assert found.smallest >= look.LEAST_TYPE - 1e-6
    assert ("Bottleneck", 5) in named(found)


def test_in_a_space_it_is_small_and_that_is_a_warning(resnet: Subject) -> None:
    found = chosen(resnet, estimated, expand=["Bottleneck"], fit=look.PAGE)
    assert ("Bottleneck", 5) in named(found)
    assert found.warning == found.notes[-1]
    assert "fitted to 6.5 × 9 in" in found.warning


def test_what_is_beside_it_may_be_folded_by_hand(resnet: Subject) -> None:
    found = chosen(resnet, estimated, expand=["Bottleneck"], fold=["conv3"])
    assert [badge for name, badge in named(found) if name == "Bottleneck"] == [1, 2, 1, 5, 1, 2]
    assert "conv3 256→512, /2" in titles(found)


def test_a_stage_is_open_and_the_rest_folded(resnet: Subject) -> None:
    plain, found = chosen(resnet, estimated), chosen(resnet, estimated, expand=["conv4"])
    assert found.picture != plain.picture
    assert ("Bottleneck", 5) not in named(plain)
    inside = [name for name in named(found) if name[0] in {"conv4", "Bottleneck"}]
    assert inside == [("conv4", 1), ("Bottleneck", 1), ("Bottleneck", 5)]
    assert found.smallest >= look.LEAST_TYPE - 1e-6


@pytest.mark.parametrize("name", ["Hour", "Res", "first"])
def test_a_block_that_uses_itself(name: str) -> None:
    net = subject(HOURGLASS)
    found = chosen(net, estimated, expand=[name])
    regions = {r.id: r for r in net.graph.regions.values()}
    folded = [regions[b.region] for b in found.picture.boxes() if isinstance(b, Box) and b.region]
    assert not [r for r in folded if r.block == name or r.name == name]
    assert name in [f.name.partition(" · ")[0] for f in frames(found.picture.items)]
    assert not [b for b in found.picture.boxes() if isinstance(b, Box) and b.region == 0]  # nothing summed up


# ------------------------------------------------------------------ with a depth, and in a block


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_with_a_depth(resnet: Subject, depth: int) -> None:
    found = chosen(resnet, estimated, depth=depth, expand=["conv4"])
    assert ("Bottleneck", 5) in named(found)
    assert (("conv3", 1) in named(found)) == (depth > 0)
    assert (("Bottleneck", 3) in named(found)) == (depth > 1)
    assert ("`conv4` is open anyway" in found.notes) == (depth == 2)
    found = chosen(resnet, estimated, depth=depth, fold=["conv4"])
    assert ("Bottleneck", 5) not in named(found)
    assert ("`conv4` is folded anyway" in found.notes) == (depth == 0)


@pytest.mark.parametrize("depth", [None, 0, 1])
def test_in_a_block_alone(resnet: Subject, depth: int | None) -> None:
    found = chosen(resnet, estimated, block="conv4", depth=depth, expand=["Bottleneck"])
    assert [n for n in named(found) if n[0] == "Bottleneck"] == [("Bottleneck", 1), ("Bottleneck", 5)]
    assert ("`Bottleneck` is open anyway" in found.notes) == (depth != 0)
    found = chosen(resnet, estimated, block="conv4", depth=depth, fold=["Bottleneck"])
    assert [n for n in named(found) if n[0] == "Bottleneck"] == []
    assert ("`Bottleneck` is folded anyway" in found.notes) == (depth == 0)


# ------------------------------------------------------------------ what had no effect


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"expand": ["conv4"], "fold": ["Bottleneck"], "depth": 1}, "`conv4` is open anyway"),
        ({"expand": ["conv4.2"], "fold": ["conv4"]}, "`conv4.2` stays folded: `--fold` names it, or what"),
        ({"expand": ["conv4.2"], "fold": ["conv4.bottleneck2"]}, "`conv4.2` stays folded: "),
        ({"expand": ["conv4", "conv4.2"]}, "`conv4.2` is open anyway"),
        ({"expand": ["conv4", "conv4"], "fold": ["stage"], "depth": 0}, "`stage` is folded anyway"),
        ({"fold": ["conv4"], "depth": 0}, "`conv4` is folded anyway"),
    ],
)
def test_what_changes_nothing_is_said(resnet: Subject, options: dict[str, list[str]], said: str) -> None:
    (note, *_) = chosen(resnet, estimated, **options).notes  # pyright: ignore[reportArgumentType]
    assert note.startswith(said)


def test_what_changes_something_is_not_said(resnet: Subject) -> None:
    for options in ({"expand": ["conv4"]}, {"fold": ["conv4"], "depth": 1}, {"expand": ["conv4", "conv4"]}):
        notes = chosen(resnet, estimated, **options).notes  # pyright: ignore[reportArgumentType]
        assert not [n for n in notes if "anyway" in n or "stays" in n]


# ------------------------------------------------------------------ what goes with what


def test_every_layer_of_one_stage(resnet: Subject) -> None:
    found = chosen(resnet, estimated, block="conv4", full=True)
    convolutions = [t for t in titles(found) if " conv, " in t]
    assert len(convolutions) == 3 * 6 + 1
    assert titles(found).count("BN") == len(convolutions)
    assert found.notes[-1].startswith("every layer is a box: ")
    assert "--style overview folds what does not fit" in found.notes[-1]


@pytest.mark.parametrize(
    ("options", "nets", "said"),
    [
        (Options(depth=1), 2, "leave `--depth` out (`--fit` says how much room there is"),
        (Options(expand=("a",), fold=("b",)), 2, "leave `--expand` and `--fold` out"),
        (Options(style="tensors", expand=("a",)), 1, "leave `--expand` out, or leave `--style tensors` out"),
        (Options(style="full", depth=1), 1, "or leave `--style full` out: the overview is folded by hand"),
        (Options(style="arcs", expand=("a",), depth=1), 1, "leave `--depth` out, or"),
        (Options(style="tensors", block="A"), 1, "draw `A` without `--style tensors`, or in `--style full`"),
        (Options(style="ring"), 2, "draw each net into a file of its own"),
        (Options(block="A"), 2, "draw each net into a file of its own"),
    ],
)
def test_what_does_not_go_together(resnet: Subject, options: Options, nets: int, said: str) -> None:
    with pytest.raises(ArchError) as caught:
        drawing([resnet] * nets, "svg", options)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E515"
    assert said in (diagnostic.help or "")


# ------------------------------------------------------------------ spaces of styles with places of their own


@pytest.mark.parametrize(
    ("target", "style"),
    [("densenet121", "tensors"), ("densenet121", "chain"), ("densenet121", "arcs")]
    + [("cliquenet_k36_t12", style) for style in ("ring", "unfolded", "clique")],
)
def test_a_space_is_told_of(target: str, style: str) -> None:
    net = subject(target)
    made = drawing([net], "tikz", Options(style=style, fit=look.PAGE))  # pyright: ignore[reportArgumentType]
    assert made.notes[-1].startswith("fits 6.5 × 9 in at ")
    assert made.warnings == ()
    assert not [n for n in drawing([net], "tikz", Options(style=style)).notes if "fits" in n]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("style", ["ring", "unfolded", "clique", "chain"])
def test_a_space_that_is_too_small_names_one_that_is_not(style: str) -> None:
    net = subject("cliquenet_k36_t12")
    made = drawing([net], "tikz", Options(style=style, fit=(2.0, 1.5), legend=True))  # pyright: ignore[reportArgumentType]
    (warning,) = made.warnings
    assert warning.startswith("fitted to 2 × 1.5 in, its smallest type is ")
    width, height = map(float, warning.partition("--fit ")[2].partition("in has room")[0].split("x"))
    larger = drawing([net], "tikz", Options(style=style, fit=(width, height), legend=True))  # pyright: ignore[reportArgumentType]
    assert larger.warnings == ()
