"""What each network counts, and how that is known: a module that others built, or the sum written out.

`params` are those of the inference path, `heads` those of auxiliary classifiers. Sums are of the layers as the paper
has them, not of what our files say.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import timm
import torchvision
from torch import nn
from torchvision.models import detection, segmentation, video

Model = Callable[[], nn.Module]


class Known(NamedTuple):
    """A network's parameters, and where the figure comes from."""

    params: int
    origin: str
    model: Model | None = None
    """Builds the module that has as many; it is never trained, nor are weights loaded."""
    sum: int | None = None
    """The same figure, added up from the layers of the paper."""
    heads: int = 0
    small: dict[str, Any] = {}  # noqa: RUF012 - of a tuple
    """Arguments and input for a run that costs little."""
    slow: bool = False


def conv(c: int, out: int, *kernel: int, bias: bool = True) -> int:
    """Parameters of a convolution; `c` are the channels that one output channel sees."""
    places = kernel[0] ** 2 if len(kernel) == 1 else kernel[0] * kernel[1]
    return c * out * places + bias * out


def linear(c: int, out: int, bias: bool = True) -> int:
    """Parameters of a linear map."""
    return c * out + bias * out


def conv_bn(c: int, out: int, *kernel: int) -> int:
    """A convolution without a bias, and a batch norm."""
    return conv(c, out, *kernel, bias=False) + 2 * out


def lstm(c: int, width: int, gates: int = 4) -> int:
    """One direction of PyTorch's LSTM, or with three gates of its GRU: two biases a gate."""
    return gates * width * (c + width + 2)


def attention(width: int) -> int:
    """Query, key, value and output."""
    return 4 * linear(width, width)


def layer(width: int, attentions: int = 1) -> int:
    """A layer of a transformer: attentions and a perceptron four times as wide, each with a norm."""
    perceptron = linear(width, 4 * width) + linear(4 * width, width)
    return attentions * attention(width) + perceptron + (attentions + 1) * 2 * width


def attention_u_net() -> int:
    down = [
        conv_bn(a, b, 3) + conv_bn(b, b, 3)
        for a, b in [(3, 64), (64, 128), (128, 256), (256, 512), (512, 1024)]
    ]
    up = [conv_bn(2 * b, b, 3) + conv_bn(2 * b, b, 3) + conv_bn(b, b, 3) for b in (512, 256, 128, 64)]
    gates = [2 * conv_bn(b, b // 2, 1) + conv_bn(b // 2, 1, 1) for b in (512, 256, 128, 64)]
    return sum(down) + sum(up) + sum(gates) + conv(64, 1, 1)


def residual(c: int, out: int) -> int:
    """The hourglass's unit: norm, activation, convolution, three times; a projection where the channels differ."""
    half = out // 2
    body = 2 * c + conv(c, half, 1, bias=False) + 2 * half + conv(half, half, 3, bias=False) + 2 * half
    return body + conv(half, out, 1) + (conv_bn(c, out, 1) if c != out else 0)


def hourglass(order: int, width: int) -> int:
    below = hourglass(order - 1, width) if order > 1 else residual(width, width)
    return 3 * residual(width, width) + below


def stacked_hourglass() -> int:
    stem = conv_bn(3, 64, 7) + residual(64, 128) + residual(128, 128) + residual(128, 256)
    stack = hourglass(4, 256) + residual(256, 256) + conv_bn(256, 256, 1) + conv(256, 16, 1)
    return stem + 2 * stack + conv(256, 256, 1) + conv(16, 256, 1)


def point_net() -> int:
    def turn(size: int) -> int:
        convs = (
            conv(size, 64, 1) + conv(64, 128, 1) + conv(128, 1024, 1) + linear(1024, 512) + linear(512, 256)
        )
        return convs + linear(256, size**2) + 2 * (64 + 128 + 1024 + 512 + 256)

    features = conv(3, 64, 1) + conv(64, 128, 1) + conv(128, 1024, 1) + 2 * (64 + 128 + 1024)
    head = linear(1024, 512) + linear(512, 256) + linear(256, 40) + 2 * (512 + 256)
    return turn(3) + turn(64) + features + head


def wave_net() -> int:
    unit = 2 * conv(32, 32, 2, 1) + conv(32, 256, 1)
    return conv(1, 32, 2, 1) + 20 * unit + 19 * conv(32, 32, 1) + 2 * conv(256, 256, 1)


def pix_to_pix() -> int:
    """Down: a norm but at the first and the last; up: twice as many channels come in, but from the last."""
    widths = [64, 128, 256, 512, 512, 512, 512, 512]
    down = [conv(3, 64, 4, bias=False), *(conv_bn(a, b, 4) for a, b in pairwise(widths))]
    up = [
        conv_bn((1 if i == 0 else 2) * b, a, 4) for i, (a, b) in enumerate(reversed(list(pairwise(widths))))
    ]
    return sum(down) - 2 * 512 + sum(up) + conv(128, 3, 4)


def yolo_v3() -> int:
    total, c = conv_bn(3, 32, 3), 32
    for n in (1, 2, 8, 8, 4):
        total += conv_bn(c, 2 * c, 3) + n * (conv_bn(2 * c, c, 1) + conv_bn(c, 2 * c, 3))
        c *= 2
    for c, width in ((1024, 512), (768, 256), (384, 128)):
        total += conv_bn(c, width, 1) + 2 * conv_bn(2 * width, width, 1) + 3 * conv_bn(width, 2 * width, 3)
        total += conv(2 * width, 255, 1)
    return total + conv_bn(512, 256, 1) + conv_bn(256, 128, 1)


def crnn() -> int:
    plain = conv(1, 64, 3) + conv(64, 128, 3) + conv(256, 256, 3) + conv(512, 512, 3)
    normed = [conv(128, 256, 3), conv(256, 512, 3), conv(512, 512, 2)]
    between = 2 * lstm(512, 256) + linear(512, 256) + 2 * lstm(256, 256) + linear(512, 37)
    return plain + sum(normed) + 2 * (256 + 512 + 512) + between


def caption() -> nn.Module:
    parts = [torchvision.models.resnet18(num_classes=512), nn.Embedding(8000, 512), nn.LSTM(512, 512)]
    return nn.ModuleList([*parts, nn.Linear(512, 8000)])


def tv(name: str, **more: Any) -> Model:
    return lambda: torchvision.models.get_model(name, weights=None, **more)


def tm(name: str, **more: Any) -> Model:
    return lambda: timm.create_model(name, **more)


TORCHVISION, TIMM = "torchvision's module of this name", "timm's module of this name"
SIZE_64: dict[str, Any] = {"input": (3, 64, 64)}

KNOWN: dict[str, Known] = {
    "xception": Known(22_855_952, "timm's legacy_xception", tm("legacy_xception"), small=SIZE_64),
    "mixer": Known(
        59_880_472, "timm's mixer_b16_224", tm("mixer_b16_224"), small={"size": 64, "width": 64, "depth": 2}
    ),
    "bert": Known(
        109_482_240, "the published bert-base-uncased", small={"width": 48, "depth": 2, "length": 16},
        sum=(30522 + 512 + 2) * 768 + 2 * 768 + 12 * layer(768) + linear(768, 768),
    ),
    "gpt2": Known(
        124_439_808, "the published small model", small={"width": 48, "depth": 2, "context": 16},
        sum=(50257 + 1024) * 768 + 12 * layer(768) + 2 * 768,
    ),
    "encoder_decoder": Known(
        44_140_544, "torch.nn.Transformer()", lambda: nn.Transformer(batch_first=True), small={"width": 32, "depth": 2},
        sum=6 * layer(512) + 6 * layer(512, 2) + 2 * 2 * 512,
    ),
    "attention_unet": Known(
        34_870_761, "figures 1 and 2, with the widths of U-Net", sum=attention_u_net(),
        small={"widths": [4, 8, 16, 32, 64]},
    ),
    "retinanet": Known(
        34_068_119, "torchvision's retinanet_resnet50_fpn",
        lambda: detection.retinanet_resnet50_fpn(weights=None, weights_backbone=None), small={"width": 32},
    ),
    "deeplabv3": Known(
        39_638_869, "torchvision's deeplabv3_resnet50", heads=2_365_205, small={"input": (3, 64, 64)},
        model=lambda: segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None, aux_loss=True),
    ),
    "hrnet": Known(13_187_464, "timm's hrnet_w18_small", tm("hrnet_w18_small"), small=SIZE_64),
    "hourglass": Known(6_562_528, "figures 3 and 4, unit by unit", sum=stacked_hourglass(), small=SIZE_64),
    "darts": Known(
        3_349_342, "the authors' log: param size = 3.349342MB", heads=476_426, small={"width": 8, "layers": 6}
    ),
    "bilstm": Known(
        3_648_514, "torch.nn.Embedding, LSTM and Linear",
        lambda: nn.ModuleList(
            [nn.Embedding(10000, 128), nn.LSTM(128, 256, 2, bidirectional=True), nn.Linear(512, 2)]
        ),
        sum=10000 * 128 + 2 * lstm(128, 256) + 2 * lstm(512, 256) + linear(512, 2),
    ),
    "gru_tagger": Known(
        416_593, "torch.nn.Embedding, GRU and Linear",
        lambda: nn.ModuleList([nn.Embedding(5000, 64), nn.GRU(64, 96, bidirectional=True), nn.Linear(192, 17)]),
        sum=5000 * 64 + 2 * lstm(64, 96, gates=3) + linear(192, 17),
    ),
    "captioner": Known(21_740_416, "torchvision's resnet18, and torch.nn's layers", caption, small={"width": 32}),
    "wavenet": Known(403_904, "figure 4: 20 units, of which the last has no sum", sum=wave_net(), small={"depth": 4}),
    "pointnet": Known(3_471_473, "figure 2, layer by layer", sum=point_net()),
    "r3d:r3d_18": Known(33_371_472, TORCHVISION, lambda: video.r3d_18(weights=None), small={"input": (3, 4, 32, 32)}),
    "r3d:r2plus1d_18": Known(
        31_505_325, TORCHVISION, lambda: video.r2plus1d_18(weights=None), small={"input": (3, 4, 32, 32)}
    ),
    "vae:VAE": Known(
        652_824, "PyTorch's example of a VAE",
        sum=linear(784, 400) + 2 * linear(400, 20) + linear(20, 400) + linear(400, 784),
    ),
    "highway": Known(
        141_760, "equation 3: two maps a layer", sum=linear(784, 50) + 20 * 2 * linear(50, 50) + linear(50, 10)
    ),
    "nin": Known(
        966_986, "the authors' cuda-convnet files, layer by layer",
        sum=conv(3, 192, 5) + conv(192, 160, 1) + conv(160, 96, 1) + conv(96, 192, 5) + 2 * conv(192, 192, 1)
        + conv(192, 192, 3) + conv(192, 192, 1) + conv(192, 10, 1),
    ),
    "elman": Known(
        2_276, "torch.nn.Embedding, RNN and Linear",
        lambda: nn.ModuleList([nn.Embedding(27, 27), nn.RNN(27, 20), nn.Linear(20, 27)]),
        sum=27 * 27 + lstm(27, 20, gates=1) + linear(20, 27),
    ),
    "pix2pix:Generator": Known(
        54_413_955, "the authors' code: 54.414 M", sum=pix_to_pix(),
        small={"input": (3, 64, 64), "widths": [8, 16, 16, 16]},
    ),
    "pix2pix:Discriminator": Known(
        2_768_705, "the authors' code: 2.769 M", small={"width": 8},
        sum=conv(6, 64, 4) + conv_bn(64, 128, 4) + conv_bn(128, 256, 4) + conv_bn(256, 512, 4) + conv(512, 1, 4),
    ),
    "clip": Known(
        151_277_312, "the authors' ViT-B/32, 151,277,313 with its one temperature",
        small={"size": 64, "width": 64, "depth": 2, "joint": 64},
        sum=conv(3, 768, 32, bias=False) + (1 + 1 + 49) * 768 + 12 * layer(768) + 2 * 2 * 768 + 768 * 512
        + (49408 + 77) * 512 + 12 * layer(512) + 2 * 512 + 512 * 512,
    ),
    "sknet": Known(
        152_282, "figure 1, twice",
        sum=conv_bn(3, 64, 3) + 2 * (2 * conv_bn(64, 64, 3) + conv_bn(64, 4, 1) + 2 * conv(4, 64, 1)) + linear(64, 10),
    ),
    "non_local": Known(
        10_922, "figure 2", sum=conv_bn(3, 64, 3) + 3 * conv(64, 32, 1) + conv_bn(32, 64, 1) + linear(64, 10)
    ),
    "yolov3": Known(61_949_149, "the count that ports to PyTorch print", sum=yolo_v3()),
    "textcnn": Known(
        6_360_902, "figure 1, and a table of 20,000 words",
        sum=20000 * 300 + sum(conv(300, 100, k, 1) for k in (3, 4, 5)) + linear(300, 2),
    ),
    "crnn": Known(8_331_301, "table 1, layer by layer", sum=crnn()),
}  # fmt: skip
"""By file and, where it defines several, name."""
