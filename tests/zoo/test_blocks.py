"""The library of blocks: each block is the one of torchvision, timm or torch, parameter for parameter and number for
number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torchvision
from timm.layers import EcaModule
from timm.layers.cbam import CbamModule
from timm.models.ghostnet import GhostBottleneck
from timm.models.resnetv2 import PreActBasic, PreActBottleneck
from torch import Tensor, nn
from torchvision.models.convnext import CNBlock
from torchvision.models.efficientnet import MBConv, MBConvConfig
from torchvision.models.mobilenetv2 import InvertedResidual
from torchvision.models.resnet import Bottleneck
from torchvision.models.segmentation.deeplabv3 import ASPP
from torchvision.models.squeezenet import Fire

import ogive
from ogive import resources
from ogive.pipeline import check_program
from ogive.reading import read_file


def mbconv(inputs: int, outputs: int, stride: int, expand: int, kernel: int) -> nn.Module:
    config = MBConvConfig(expand, kernel, stride, inputs, outputs, 1)
    return MBConv(config, 0.0, nn.BatchNorm2d)


def bottleneck(inputs: int, width: int, stride: int, groups: int, base: int) -> nn.Module:
    project = nn.Sequential(nn.Conv2d(inputs, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))
    if stride == 1 and inputs == 4 * width:
        project = None
    return Bottleneck(inputs, width, stride, project, groups, base)


def cn_block(width: int) -> nn.Module:
    return CNBlock(width, 1e-6, 0.0)


def pre(kind: Any, inputs: int, outputs: int, stride: int, proj: bool, **more: Any) -> nn.Module:
    from timm.layers import BatchNormAct2d
    from timm.models.resnetv2 import DownsampleConv

    return kind(inputs, outputs, stride=stride, conv_layer=plain, norm_layer=BatchNormAct2d,
                proj_layer=DownsampleConv if proj else None, **more)  # fmt: skip


def plain(inputs: int, outputs: int, kernel_size: int, stride: int = 1, **more: Any) -> nn.Module:
    return nn.Conv2d(
        inputs, outputs, kernel_size, stride, kernel_size // 2, bias=False, groups=more.get("groups", 1)
    )


class Pooled(nn.Module):
    """The pyramid pooling of the authors' code, with means where it has them."""

    def __init__(self, width: int, bins: tuple[int, ...]):
        super().__init__()
        self.parts = nn.ModuleList(
            nn.Sequential(
                nn.AdaptiveAvgPool2d(n), nn.Conv2d(width, width // len(bins), 1, bias=False),
                nn.BatchNorm2d(width // len(bins)), nn.ReLU(),
            )
            for n in bins
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[2:]
        return torch.cat(
            [x, *(nn.functional.interpolate(p(x), size, mode="bilinear") for p in self.parts)], 1
        )


BLOCKS: dict[str, tuple[str, str, str, Callable[[], nn.Module]]] = {
    "SE": ("se", "SE(4)", "16x7x7", lambda: torchvision.ops.SqueezeExcitation(16, 4)),
    "ECA": ("eca", "ECA(3)", "16x7x7", lambda: EcaModule(kernel_size=3)),
    "CBAM": ("cbam", "CBAM(4)", "16x9x9", lambda: CbamModule(16, rd_ratio=0.25)),
    "pre-activation, basic": ("preact", "PreBasic(8)", "8x7x7", lambda: pre(PreActBasic, 8, 8, 1, False, bottle_ratio=1.0)),
    "pre-activation, basic, stride": ("preact", "PreBasic(16, 2)", "8x8x8", lambda: pre(PreActBasic, 8, 16, 2, True, bottle_ratio=1.0)),
    "pre-activation, bottleneck": ("preact", "PreBottleneck(8)", "32x7x7", lambda: pre(PreActBottleneck, 32, 32, 1, False)),
    "pre-activation, bottleneck, stride": ("preact", "PreBottleneck(8, 2)", "16x8x8", lambda: pre(PreActBottleneck, 16, 32, 2, True)),
    "ResNeXt": ("resnext", "Aggregated(64, cardinality = 8, base = 4)", "256x5x5", lambda: bottleneck(256, 64, 1, 8, 4)),
    "ResNeXt, stride": ("resnext", "Aggregated(128, 2)", "256x6x6", lambda: bottleneck(256, 128, 2, 32, 4)),
    "Wide ResNet": ("resnext", "Aggregated(64, cardinality = 1, base = 128)", "64x5x5", lambda: bottleneck(64, 64, 1, 1, 128)),
    "inverted residual": ("mbconv", "InvertedResidual(16)", "16x8x8", lambda: InvertedResidual(16, 16, 1, 6)),
    "inverted residual, stride": ("mbconv", "InvertedResidual(24, 2)", "16x8x8", lambda: InvertedResidual(16, 24, 2, 6)),
    "inverted residual, first": ("mbconv", "InvertedResidual(16, expand = 1)", "32x8x8", lambda: InvertedResidual(32, 16, 1, 1)),
    "MBConv": ("mbconv", "MBConv(16)", "16x8x8", lambda: mbconv(16, 16, 1, 6, 3)),
    "MBConv, stride": ("mbconv", "MBConv(24, 2, kernel = 5)", "16x8x8", lambda: mbconv(16, 24, 2, 6, 5)),
    "MBConv, first": ("mbconv", "MBConv(16, expand = 1)", "32x8x8", lambda: mbconv(32, 16, 1, 1, 3)),
    "ConvNeXt": ("convnext", "ConvNeXtBlock", "16x9x9", lambda: cn_block(16)),
    "Fire": ("fire", "Fire(4, 16)", "8x7x7", lambda: Fire(8, 4, 16, 16)),
    "Ghost": ("ghost", "GhostBottleneck(16, 48)", "16x8x8", lambda: GhostBottleneck(16, 48, 16)),
    "Ghost, stride": ("ghost", "GhostBottleneck(24, 48, 2, kernel = 3, se = 0.25)", "16x8x8", lambda: GhostBottleneck(16, 48, 24, 3, 2, se_ratio=0.25)),
    "ASPP": ("aspp", "ASPP(8, [2, 3])", "16x9x9", lambda: ASPP(16, [2, 3], 8)),
    "PPM": ("ppm", "PPM", "16x12x12", lambda: Pooled(16, (1, 2, 3, 6))),
    "encoder": ("transformer", "tokens -> Encoder(4)", "16x3x3", lambda: encoder(norm_first=True)),
    "encoder, norms behind": ("transformer", "tokens -> PostEncoder(4, act = gelu)", "16x3x3", lambda: encoder(norm_first=False)),
}  # fmt: skip


def encoder(*, norm_first: bool) -> nn.Module:
    layer = nn.TransformerEncoderLayer(16, 4, 64, 0.0, "gelu", batch_first=True, norm_first=norm_first)
    return nn.Sequential(nn.Flatten(2), Transposed(), layer)


class Transposed(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


def block_net(file: str, use: str, shape: str) -> str:
    name = next(word for word in use.replace("->", " ").replace("(", " ").split() if word[0].isupper())
    return f'use {name} from "{file}.arch"\nnet N() {{\n  input image: {shape}\n  {use}\n}}'


@pytest.mark.parametrize("case", BLOCKS)
def test_a_block_is_the_one_that_others_have(case: str) -> None:
    file, use, shape, make = BLOCKS[case]
    torch.manual_seed(0)
    theirs = make().double()
    network = ogive.loads(block_net(file, use, shape))
    ours = network.module().double()
    assert network.params == sum(p.numel() for p in theirs.parameters())
    x = torch.randn(2, *map(int, shape.split("x")), dtype=torch.float64)
    for p in theirs.parameters():
        nn.init.normal_(p, std=0.3)
    ogive.transfer(theirs, ours, x, verbose=False)
    for training in (True, False):
        a, b = ours.train(training)(x), theirs.train(training)(x)
        if any(isinstance(m, nn.Dropout) and m.p > 0 for m in theirs.modules()) and training:
            continue  # two draws of a dropout differ
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


def test_fpn_is_that_of_torchvision() -> None:
    text = """use FPN from "fpn.arch"
net N() {
  input c3: 8x16x16
  input c4: 16x8x8
  input c5: 32x4x4
  [c3, c4, c5] -> FPN(24) as [p3, p4, p5]
  output p3 = p3
  output p4 = p4
  output p5 = p5
}"""
    torch.manual_seed(0)
    ours = ogive.loads(text).module().double()
    theirs = torchvision.ops.FeaturePyramidNetwork([8, 16, 32], 24).double()
    layers = {f"fpn1.l{i + 3}": theirs.inner_blocks[i][0] for i in range(3)}
    layers |= {f"fpn1.conv{i + 1}": theirs.layer_blocks[i][0] for i in range(3)}
    ours.load_state_dict(
        {f"{name}.{k}": v for name, each in layers.items() for k, v in each.state_dict().items()}
    )
    maps = [torch.randn(2, c, s, s, dtype=torch.float64) for c, s in ((8, 16), (16, 8), (32, 4))]
    expected = theirs({"p3": maps[0], "p4": maps[1], "p5": maps[2]})
    found = ours(*maps)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-9, atol=1e-9)


def test_the_heads_of_retinanet_count_as_torchvisions() -> None:
    text = """use DenseHead from "fpn.arch"
net N() {
  input p3: 256x32x32
  input p4: 256x16x16
  share labels = DenseHead(9 * 91)
  share boxes = DenseHead(9 * 4)
  found = []
  for p in [p3, p4] { found += p -> labels; found += p -> boxes }
  output maps = found
}"""
    from torchvision.models.detection.retinanet import RetinaNetHead

    theirs = RetinaNetHead(256, 9, 91)
    network = ogive.loads(text)
    assert network.params == sum(p.numel() for p in theirs.parameters())
    assert sum(p.numel() for p in network.module().parameters()) == network.params


@pytest.mark.parametrize("path", resources.block_files(), ids=lambda path: path.stem)
def test_a_file_opens_with_its_paper_and_is_right(path) -> None:
    first, *_ = path.read_text(encoding="utf-8").split("\n")
    assert first.startswith("# ")
    assert '"' in path.read_text(encoding="utf-8").split("block")[0], "the paper's title"
    _, found = check_program(read_file(path))
    assert found == []


def test_every_file_is_used_here() -> None:
    used = {file for file, *_ in BLOCKS.values()} | {"fpn"}
    assert {path.stem for path in resources.block_files()} == used
