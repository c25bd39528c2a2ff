"""What docs/coming-from.md says is so: its blocks compute the same, and each cell of its tables works."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional

import ogive
from ogive.network import Network
from tests.docs.snippets import snippets

PAGE = (Path(__file__).parents[2] / "docs" / "coming-from.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)*)", PAGE, re.MULTILINE))
CELLS = [
    (title, code)
    for title, text in SECTIONS.items()
    for row in re.findall(r"^\| (?!there|--).*\|$", text, re.MULTILINE)
    for code in re.findall(r"`([^`]+)`", row.split(" | ")[1])
]


class Conv(nn.Module):
    """Of Ultralytics, as ultralytics/nn/modules/conv.py defines it: convolution, norm and activation, padded by
    half of the kernel."""

    def __init__(self, c1, c2, k=1, s=1, p=None, g=1, d=1, act=True):
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, s, k // 2 if p is None else p, groups=g, dilation=d, bias=False)
        self.bn = nn.BatchNorm2d(c2)
        self.act = nn.SiLU() if act is True else act if isinstance(act, nn.Module) else nn.Identity()

    def forward(self, x):
        return self.act(self.bn(self.conv(x)))


def python(marker: str) -> dict[str, type]:
    """What the Python on the page that has this in it defines."""
    (text,) = [s.text for s in snippets(PAGE) if s.language == "python" and marker in s.text]
    names = {"nn": nn, "F": functional, "Conv": Conv}
    exec(compile(text, "docs/coming-from.md", "exec"), names)
    return names


def network() -> Network:
    (text,) = [s.text for s in snippets(PAGE) if s.language == "arch"]
    return ogive.loads(text, "Block")


THEIRS = {
    "the page's": lambda: python("self.downsample")["block"],
    "Ultralytics's": lambda: python("self.cv1")["BasicBlock"](64, 128, 2),
    "torchvision's": lambda: torchvision.models.resnet34().layer2[0],
}


@pytest.mark.parametrize("make", THEIRS.values(), ids=THEIRS)
def test_the_blocks_compute_the_same(make: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    theirs, ours = make().double(), network().module().double()
    for module in theirs.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.running_mean)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 2)
            nn.init.normal_(module.bias)
    images = torch.randn(2, 64, 56, 56, dtype=torch.float64)
    ogive.transfer(theirs, ours, images)
    for mode in (False, True):
        expected, found = theirs.train(mode)(images), ours.train(mode)(images)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def test_the_caffe_block_has_the_same_layers() -> None:
    """As many values: BatchNorm's scale and shift are those of the Scale behind it."""
    (text,) = [s.text for s in snippets(PAGE) if s.language == "protobuf"]
    assert text.count("{") == text.count("}")
    tops: dict[str, int] = {"data": 64}
    weights = 0
    for layer in re.findall(r"^layer \{(.*?)\}\s*$(?=\nlayer|\n?\Z)", text, re.MULTILINE | re.DOTALL):
        bottoms, (top,) = re.findall(r'bottom: "(\w+)"', layer), re.findall(r'top: "(\w+)"', layer)
        assert set(bottoms) <= tops.keys()
        channels = tops[bottoms[0]]
        if (out := re.search(r"num_output: (\d+) kernel_size: (\d+)", layer)) is not None:
            assert "bias_term: false" in layer
            weights += channels * int(out[1]) * int(out[2]) ** 2
            channels = int(out[1])
        if 'type: "Scale"' in layer:
            weights += 2 * channels
        assert {tops[bottom] for bottom in bottoms} == {tops[bottoms[0]]}
        tops[top] = channels
    assert tops["sum"] == 128
    assert weights == network().params


def test_the_block_of_keras_names_each_layer_that_there_is() -> None:
    (text,) = [s.text for s in snippets(PAGE) if s.language == "python" and "keras" in s.text]
    compile(text, "docs/coming-from.md", "exec")
    assert len(re.findall(r"layers\.Conv2D\(.*use_bias=False", text)) == 3
    assert len(re.findall(r"layers\.BatchNormalization\(momentum=0\.9, epsilon=1e-5\)", text)) == 3


# --------------------------------------------------------------------------- the tables


def body_of(code: str) -> str:
    """A net in which a piece of a program stands, with the names that the tables speak of."""
    if code.startswith("net "):
        return code
    lines = [
        "input image: 64x56x56",
        "x = image -> conv(64, 1x1) -> relu",
        "y = image -> conv(64, 1x1) -> relu",
    ]
    lines += ["p4 = image -> conv(32, 1x1)", "image -> conv(64, 3x3, padding = 1)", code]
    if code.startswith("share f"):
        lines += ["f -> f"]
    if code.startswith("linear"):
        lines.insert(-1, "flatten")
    if code.startswith("split"):
        lines += ["[a, b] -> add"]
    if code.startswith(("share ", "default ")):
        lines += ["unit(64, 3x3)"]
    return "net Example() {\n" + "\n".join(f"  {line}" for line in lines) + "\n}\n"


@pytest.mark.parametrize(("title", "code"), CELLS, ids=[code for _, code in CELLS])
def test_every_cell_works(title: str, code: str, ogive_command: Callable) -> None:
    if code.startswith(("ogive ", "--")):
        assert ogive_command(code if code.startswith("ogive ") else f"ogive check resnet50 {code}") == 0
    elif code.startswith(("ogive.", "net.")):
        theirs, ours = torchvision.models.resnet18(), ogive.load("resnet18").module()
        names = {"ogive": ogive, "net": ogive.load("resnet50"), "theirs": theirs, "ours": ours}
        assert eval(code, names | {"images": torch.randn(1, 3, 64, 64)}) is not None
    elif code not in NO_PROGRAM:
        assert ogive.loads(body_of(code)).params >= 0


NO_PROGRAM = {"residual { … }", "concat { … }"}


@pytest.fixture
def ogive_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], int]:
    import shlex

    from ogive.cli import run

    def execute(line: str) -> int:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.argv", shlex.split(line))
        with pytest.raises(SystemExit) as stopped:
            run()
        return int(stopped.value.code or 0)

    return execute


def test_what_the_columns_on_the_right_say_of_programs() -> None:
    """Pieces of programs in the remarks, and what they claim."""
    for code in (
        "unit(64, 3x3, stride = 2, padding = 1, act = silu)",
        "lrn(5, alpha = 5e-4, k = 2)",
        "bn(affine = false)",
    ):
        assert f"`{code}`" in PAGE
        assert ogive.loads(body_of(code)).params > 0
    images = torch.randn(2, 10, 6, 6)
    norm = ogive.loads("net N() { input image: 10x6x6; lrn(5, alpha = 5e-4, k = 2) }").module()
    squares = functional.pad(images**2, (0, 0, 0, 0, 2, 2)).unfold(1, 5, 1).sum(-1)
    torch.testing.assert_close(
        norm(images), images / (2 + 1e-4 * squares) ** 0.75
    )  # section 3.3 of AlexNet's paper


def test_same_padding_puts_the_odd_line_behind() -> None:
    module = ogive.loads(
        "net N() { input image: 1x6x6; conv(1, 3x3, stride = 2, padding = same, bias = false) }"
    ).module()
    with torch.no_grad():
        next(module.parameters()).fill_(1)
        sums = module(torch.ones(1, 1, 6, 6))
    assert sums.squeeze().tolist() == [[9, 9, 6], [9, 9, 6], [6, 6, 4]]


def test_caffe_pools_round_up() -> None:
    assert ogive.loads("net N() { input image: 96x55x55; max_pool(3x3, stride = 2, ceil = true) }").outputs[0][1].sizes == (
        96, 27, 27,
    )  # fmt: skip
    assert ogive.loads("net N() { input image: 64x112x112; max_pool(3x3, stride = 2, ceil = true) }").outputs[0][1].sizes == (
        64, 56, 56,
    )  # fmt: skip
