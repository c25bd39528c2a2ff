"""What a reader is told who points at a box."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ogive
from ogive.backends.draw.fold.collapse import collapse, deepest
from ogive.backends.draw.fold.picture import Box, Ring
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.about import about

TEXT = """block Unit(width, stride = 1) {
  residual {
    conv(width, 3x3, stride = stride, padding = 1) -> bn -> relu
    conv(width, 3x3, padding = 1) -> bn
  } -> relu
}

net Small() {
  input image: 3x32x32
  stage first { conv(16, 3x3, padding = 1) -> bn -> relu -> max_pool(2x2) }
  stage conv2 {
    repeat 4 as i { Unit(32, stride = 2 if i == 0 else 1) }
  }
  stage dense3 { dense(layers = 6) { bn -> relu -> conv(8, 3x3, padding = 1) } }
  repeat 5 { conv(80, 3x3, padding = 1) -> relu }
  bn -> relu
  global_avg_pool -> flatten -> linear(10)
}
"""


@pytest.fixture
def small(tmp_path: Path) -> Subject:
    file = tmp_path / "deep" / "folder" / "small.arch"
    file.parent.mkdir(parents=True)
    file.write_text(TEXT)
    net = ogive.load(file)
    return Subject(net.ir, net.unrolled)


def told(subject: Subject, depth: int) -> dict[str, str]:
    """By the title of each box: what is told of it."""
    found: dict[str, str] = {}
    for box in collapse(subject.structure, depth).boxes():
        assert isinstance(box, Box)
        one = about(subject, box.every, box.region)
        found[box.text.title] = one.text if one else ""
    return found


def test_stages(small: Subject) -> None:
    found = told(small, 0)
    # conv 4,608 + 9,216, projection 512, norms 3 × 64; then three times 2 × 9,216 + 2 × 64; each weight at 8×8 places
    stage = next(text for title, text in found.items() if title.startswith("conv2"))
    assert stage == "conv2 · 32×8×8 · 70,208 parameters · 4.46 M MACs · small.arch:11"
    assert found["image"] == "image · 3×32×32 · small.arch:9"
    assert found["output"] == ""


def test_layers_with_their_norm_and_activation(small: Subject) -> None:
    found = told(small, 1)
    assert found["3×3 conv, 16"] == "first.conv1 · 16×32×32 · 464 parameters · 442 k MACs · small.arch:10"
    assert found["2×2 max pool, /2"] == "first.max_pool1 · 16×16×16 · small.arch:10"
    assert found["BN · ReLU"] == "bn1 · 80×8×8 · 160 parameters · small.arch:16"
    assert found["linear, 10"] == "linear1 · 10 · 810 parameters · 800 MACs · small.arch:17"
    assert found["global avg pool"] == "global_avg_pool1 · 80 · small.arch:17"


def test_copies(small: Subject) -> None:
    found = told(small, 1)
    assert found["Unit 32"] == (
        "conv2.unit2 … conv2.unit4 · 32×8×8 · 55,680 parameters · 3.54 M MACs · small.arch:12"
    )
    assert (
        found["3×3 conv, 80"]
        == "repeat1.layer1.conv1 … repeat1.layer5.conv1 · 80×8×8 · 288,400 parameters · 18.4 M MACs · small.arch:15"
    )
    deep = told(small, deepest(small.structure))
    layer = next(text for text in deep.values() if "dense3" in text and "parameters" in text)
    assert re.fullmatch(
        r"dense3\.dense1\.layer1\.conv1 … dense3\.dense1\.layer6\.conv1 · 8×8×8 · [\d,]+ parameters "
        r"· [\d.]+ [kM] MACs · small\.arch:14",
        layer,
    )
    concat = next(text for text in deep.values() if "concat" in text)
    assert "· 40×8×8 … 80×8×8 ·" in concat


def test_counts_of_copies_are_those_of_all(small: Subject) -> None:
    units = [name for name in small.structure.nodes[0] if ".unit" in name and ".unit1." not in name]
    one = about(small, units)
    assert one is not None
    assert one.params == sum(small.facts.params([name]) for name in units) == 55_680


def test_layers_of_a_clique() -> None:
    net = ogive.load("cliquenet_s0")
    subject = Subject(net.ir, net.unrolled)
    ring = next(box for box in collapse(subject.structure, 9).boxes() if isinstance(box, Ring))
    one = about(subject, ring.members[0])
    assert one is not None
    assert re.fullmatch(
        r"block1\.clique1\.layer1 · 36×56×56 · 19,712 parameters · 96\.6 M MACs · cliquenet_imagenet\.arch:\d+",
        one.text,
    )
    whole = next(
        b for b in collapse(subject.structure, 0).boxes() if isinstance(b, Box) and "block1" in b.text.title
    )
    found = about(subject, whole.every, whole.region)
    assert found is not None
    assert (found.name, found.shape, found.params) == ("block1", "180×56×56", 99_280)


def test_shared_weights_are_told_of() -> None:
    net = ogive.load("siamese")
    subject = Subject(net.ir, net.unrolled)
    first, second = about(subject, ["twin.conv1", "twin.relu1"]), about(subject, ["twin_2.conv1"])
    assert first is not None
    assert second is not None
    assert first.params == 6464
    assert first.note == "59.0 M MACs"
    assert second.params == 6464  # as its box says, where colours mean parameters
    assert second.note == "59.0 M MACs, weights of twin.conv1"


def test_unknown_sizes() -> None:
    net = ogive.loads("net T() { input image: [3, 2 * ?h, ?w]\n conv(8, 3x3, padding = 1) }")
    one = about(Subject(net.ir, net.unrolled), ["conv1"])
    assert one is not None
    assert one.shape == "8×2h×w"
    assert one.note == "432·h·w MACs"


def test_nothing_to_tell() -> None:
    net = ogive.load("lenet5")
    assert about(Subject(net.ir, net.unrolled), ()) is None


@pytest.mark.parametrize(
    "name", ["resnet50", "googlenet", "unet", "vit_b_16", "char_lstm", "dpn92", "fractalnet"]
)
def test_every_box_of_every_depth(name: str) -> None:
    net = ogive.load(name)
    subject = Subject(net.ir, net.unrolled)
    for depth in range(deepest(subject.structure) + 1):
        for box in collapse(subject.structure, depth).boxes():
            if not isinstance(box, Box) or not box.every:
                continue
            one = about(subject, box.every, box.region)
            assert one is not None
            assert one.name
            assert one.shape
            assert re.fullmatch(r"[\w.]+\.arch:\d+", one.place), one
            assert one.name.split(" … ")[0] in {*box.every, *(r.path for r in net.ir.regions.values())}
