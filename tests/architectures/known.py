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


def u_net() -> int:
    down = [
        conv(a, b, 3) + conv(b, b, 3) for a, b in [(1, 64), (64, 128), (128, 256), (256, 512), (512, 1024)]
    ]
    up = [conv(2 * b, b, 2) + conv(2 * b, b, 3) + conv(b, b, 3) for b in (512, 256, 128, 64)]
    return sum(down) + sum(up) + conv(64, 2, 1)


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


def fractal(columns: int, c: int, out: int) -> int:
    if columns == 1:
        return conv_bn(c, out, 3)
    return conv_bn(c, out, 3) + fractal(columns - 1, c, out) + fractal(columns - 1, out, out)


def fractal_net() -> int:
    widths = [3, 64, 128, 256, 512, 512]
    return sum(fractal(3, a, b) for a, b in pairwise(widths)) + linear(512, 10)


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


def batch_norm_inception(norms: bool) -> int:
    """The widths of figure 5 as they are printed: 608 channels behind 4c and 4d."""
    rows = [
        (192, 64, 64, 64, 64, 96, 32), (256, 64, 64, 96, 64, 96, 64), (320, 0, 128, 160, 64, 96, 0),
        (576, 224, 64, 96, 96, 128, 128), (576, 192, 96, 128, 96, 128, 128), (576, 160, 128, 160, 128, 160, 128),
        (608, 96, 128, 192, 160, 192, 128), (608, 0, 128, 192, 192, 256, 0),
        (1056, 352, 192, 320, 160, 224, 128), (1024, 352, 192, 320, 192, 224, 128),
    ]  # fmt: skip
    one = conv_bn if norms else conv
    total = one(3, 64, 7) + one(64, 64, 1) + one(64, 192, 3) + linear(1024, 1000)
    for c, c1, c3r, c3, c33r, c33, pool in rows:
        total += one(c, c1, 1) + one(c, c3r, 1) + one(c3r, c3, 3) + one(c, pool, 1)
        total += one(c, c33r, 1) + one(c33r, c33, 3) + one(c33, c33, 3)
    return total


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
    "alexnet": Known(
        60_965_224, "Caffe's count of the two towers", small={"classes": 10},
        sum=conv(3, 96, 11) + conv(48, 256, 5) + conv(256, 384, 3) + conv(192, 384, 3) + conv(192, 256, 3)
        + linear(256 * 6 * 6, 4096) + linear(4096, 4096) + linear(4096, 1000),
    ),
    "vgg:vgg11": Known(132_863_336, TORCHVISION, tv("vgg11"), small={"input": (3, 32, 32)}),
    "vgg:vgg16": Known(138_357_544, TORCHVISION, tv("vgg16"), small={"input": (3, 32, 32)}, slow=True),
    "vgg:vgg16_bn": Known(138_365_992, TORCHVISION, tv("vgg16_bn"), small={"input": (3, 32, 32)}, slow=True),
    "mobilenet_v2": Known(3_504_872, TORCHVISION, tv("mobilenet_v2"), small=SIZE_64),
    "mobilenet_v3:large": Known(5_483_032, TORCHVISION, tv("mobilenet_v3_large"), small=SIZE_64),
    "mobilenet_v3:small": Known(2_542_856, TORCHVISION, tv("mobilenet_v3_small"), small=SIZE_64),
    "efficientnet": Known(5_288_548, "torchvision's efficientnet_b0", tv("efficientnet_b0"), small=SIZE_64),
    "squeezenet": Known(1_235_496, "torchvision's squeezenet1_1", tv("squeezenet1_1"), small=SIZE_64),
    "shufflenet_v2:x0_5": Known(1_366_792, TORCHVISION, tv("shufflenet_v2_x0_5"), small=SIZE_64),
    "shufflenet_v2:x1_0": Known(2_278_604, TORCHVISION, tv("shufflenet_v2_x1_0"), small=SIZE_64),
    "resnext:resnext50": Known(25_028_904, TORCHVISION, tv("resnext50_32x4d"), small=SIZE_64),
    "resnext:wide_resnet": Known(68_883_240, TORCHVISION, tv("wide_resnet50_2"), small=SIZE_64, slow=True),
    "resnext:se_resnet50": Known(28_088_024, "timm's seresnet50", tm("seresnet50"), small=SIZE_64),
    "inception_v3": Known(
        23_834_568, TORCHVISION, tv("inception_v3", init_weights=False), heads=3_326_696, small={"classes": 10},
    ),
    "inception_v4": Known(42_679_816, TIMM, tm("inception_v4"), small={"input": (3, 107, 107)}),
    "inception_resnet_v2": Known(55_843_464, TIMM, tm("inception_resnet_v2"), small={"input": (3, 107, 107)}),
    "xception": Known(22_855_952, "timm's legacy_xception", tm("legacy_xception"), small=SIZE_64),
    "dpn": Known(12_611_602, "timm's dpn68", tm("dpn68"), small=SIZE_64),
    "regnet:x_400mf": Known(5_495_976, TORCHVISION, tv("regnet_x_400mf"), small=SIZE_64),
    "regnet:y_400mf": Known(4_344_144, TORCHVISION, tv("regnet_y_400mf"), small=SIZE_64),
    "convnext": Known(28_589_128, "torchvision's convnext_tiny", tv("convnext_tiny"), small=SIZE_64),
    "vit": Known(86_567_656, "torchvision's vit_b_16", tv("vit_b_16"), small={"size": 64, "width": 96, "depth": 2}),
    "swin": Known(28_288_354, "torchvision's swin_t", tv("swin_t"), small={"width": 24}),
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
    "unet": Known(31_030_658, "figure 1, convolution by convolution", sum=u_net(), small={"width": 4, "size": 188}),
    "attention_unet": Known(
        34_870_761, "figures 1 and 2, with the widths of U-Net", sum=attention_u_net(),
        small={"widths": [4, 8, 16, 32, 64]},
    ),
    "retinanet": Known(
        34_068_119, "torchvision's retinanet_resnet50_fpn",
        lambda: detection.retinanet_resnet50_fpn(weights=None, weights_backbone=None), small={"width": 32},
    ),
    "ssd": Known(
        35_641_826, "torchvision's ssd300_vgg16",
        lambda: detection.ssd300_vgg16(weights=None, weights_backbone=None), small={"classes": 3}, slow=True,
    ),
    "deeplabv3": Known(
        39_638_869, "torchvision's deeplabv3_resnet50", heads=2_365_205, small={"input": (3, 64, 64)},
        model=lambda: segmentation.deeplabv3_resnet50(weights=None, weights_backbone=None, aux_loss=True),
    ),
    "hrnet": Known(13_187_464, "timm's hrnet_w18_small", tm("hrnet_w18_small"), small=SIZE_64),
    "hourglass": Known(6_562_528, "figures 3 and 4, unit by unit", sum=stacked_hourglass(), small=SIZE_64),
    "fractalnet": Known(33_724_618, "f(C + 1) = f(C) f(C) beside a convolution", sum=fractal_net()),
    "darts": Known(
        3_349_342, "the authors' log: param size = 3.349342MB", heads=476_426, small={"width": 8, "layers": 6}
    ),
    "cliquenet:s0": Known(6_245_330, "the authors' PyTorch code, with attention", small=SIZE_64),
    "cliquenet:s3": Known(14_383_024, "the authors' PyTorch code, with attention", small=SIZE_64),
    "densenet:l100_k12": Known(769_162, "the paper's 0.8M; the authors' Lua code", small={"depth": 22}),
    "densenet:densenet161": Known(28_681_000, TORCHVISION, tv("densenet161"), small=SIZE_64),
    "siamese": Known(
        38_951_745, "figure 4, layer by layer",
        sum=conv(1, 64, 10) + conv(64, 128, 7) + conv(128, 128, 4) + conv(128, 256, 4) + linear(9216, 4096)
        + linear(4096, 1),
    ),
    "recurrent_conv": Known(
        672_202, "section 3.3: 0.67M", small={"width": 16},
        sum=conv(3, 96, 5) + 4 * (conv(96, 96, 3) + conv(96, 96, 3, bias=False)) + linear(96, 10),
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
    "dcgan:Generator": Known(3_576_704, "PyTorch's example of DCGAN"),
    "dcgan:Discriminator": Known(2_765_568, "PyTorch's example of DCGAN"),
    "dcgan:DCGAN": Known(3_576_704 + 2_765_568, "both together"),
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
    "bn_inception:inception": Known(11_275_208, "figure 5", sum=batch_norm_inception(False), small=SIZE_64),
    "bn_inception:bn_baseline": Known(11_285_224, "figure 5", sum=batch_norm_inception(True), small=SIZE_64),
    "bn_inception:bn_sigmoid": Known(11_285_224, "figure 5", sum=batch_norm_inception(True), small=SIZE_64),
    "bn_inception:bn_after": Known(11_295_240, "figure 5; biases stay, as no norm cancels them", small=SIZE_64),
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
