"""Residual networks that neither torchvision nor timm has, written by hand: other shortcuts and strides, CIFAR, pre-activation.

After He, Zhang, Ren & Sun, "Deep Residual Learning for Image Recognition" and "Identity Mappings in Deep Residual Networks",
and the codes that came with them: the Caffe release (strides), fb.resnet.torch (shortcuts, the pre-activation nets of basic
units) and resnet-1k-layers (those of bottlenecks).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

Unit = Callable[[int, int, int, bool], nn.Module]
"""Makes a unit of the channels that enter, its width, its stride, and whether it is the first of its stage; `.out` are
the channels that leave.
"""


def convolution(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class Zeros(nn.Module):
    """Option A: every `stride`-th place, and zeros in the channels behind those there are."""

    def __init__(self, added: int, stride: int) -> None:
        super().__init__()
        self.added, self.stride = added, stride

    def forward(self, x: Tensor) -> Tensor:
        kept = x[:, :, :: self.stride, :: self.stride]
        n, _, height, width = kept.shape
        return torch.cat([kept, kept.new_zeros(n, self.added, height, width)], dim=1)


def shortcut(option: str, inputs: int, outputs: int, stride: int) -> nn.Module:
    """Option A, B or C of section 3.3."""
    if option == "C" or (option == "B" and inputs != outputs):
        return nn.Sequential(convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))
    return Zeros(outputs - inputs, stride) if inputs != outputs else nn.Identity()


class Basic(nn.Module):
    def __init__(self, inputs: int, width: int, stride: int, option: str) -> None:
        super().__init__()
        self.out = width
        self.conv1, self.bn1 = convolution(inputs, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = convolution(width, width, 3), nn.BatchNorm2d(width)
        self.shortcut = shortcut(option, inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = relu(self.bn1(self.conv1(x)))
        return relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class Plain(nn.Sequential):
    """Section 3.3: the layers of a basic unit, and nothing beside them."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        self.out = width
        first = convolution(inputs, width, 3, stride), nn.BatchNorm2d(width), nn.ReLU()
        super().__init__(*first, convolution(width, width, 3), nn.BatchNorm2d(width), nn.ReLU())


class Bottleneck(nn.Module):
    """The stride is at the first 1x1, `res3a_branch2a` of the release."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.out = 4 * width
        self.conv1, self.bn1 = convolution(inputs, width, 1, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = convolution(width, width, 3), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = convolution(width, self.out, 1), nn.BatchNorm2d(self.out)
        self.shortcut = shortcut("B", inputs, self.out, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = relu(self.bn1(self.conv1(x)))
        y = relu(self.bn2(self.conv2(y)))
        return relu(self.bn3(self.conv3(y)) + self.shortcut(x))


class PreBasic(nn.Module):
    """fb.resnet.torch: the first unit of a stage is `both_preact`, whatever its shortcut is."""

    def __init__(self, inputs: int, width: int, stride: int, both: bool) -> None:
        super().__init__()
        self.out, self.both = width, both
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), convolution(inputs, width, 3, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), convolution(width, width, 3)
        self.shortcut = shortcut("A", inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        activated = relu(self.bn1(x))
        y = self.conv2(relu(self.bn2(self.conv1(activated))))
        return y + self.shortcut(activated if self.both else x)


class PreBottleneck(nn.Module):
    """resnet-1k-layers: norm and activation are common where the channels change, and the projection has no norm."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.out = 4 * width
        self.bn1, self.conv1 = nn.BatchNorm2d(inputs), convolution(inputs, width, 1, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(width), convolution(width, width, 3)
        self.bn3, self.conv3 = nn.BatchNorm2d(width), convolution(width, self.out, 1)
        self.projection = convolution(inputs, self.out, 1, stride) if inputs != self.out else None

    def forward(self, x: Tensor) -> Tensor:
        activated = relu(self.bn1(x))
        y = self.conv2(relu(self.bn2(self.conv1(activated))))
        y = self.conv3(relu(self.bn3(y)))
        return y + (x if self.projection is None else self.projection(activated))


def stages(unit: Unit, width: int, counts: Sequence[int], inputs: int) -> tuple[nn.Sequential, int]:
    """The stages, each but the first beginning with a stride and twice as wide, and the channels that leave."""
    units: list[nn.Module] = []
    for stage, count in enumerate(counts):
        for index in range(count):
            first = index == 0
            units.append(unit(inputs, width * 2**stage, 2 if stage > 0 and first else 1, first))
            inputs = units[-1].out  # pyright: ignore[reportAssignmentType]
    return nn.Sequential(*units), inputs


class ResNet(nn.Sequential):
    """Of ImageNet: 7x7 convolution and pooling, four stages, a classifier of 1000."""

    def __init__(self, unit: Unit, counts: Sequence[int]) -> None:
        stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        body, channels = stages(unit, 64, counts, 64)
        super().__init__(*stem, body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 1000))


class CifarResNet(nn.Sequential):
    """Of CIFAR: 3x3 convolution, three stages of 16, 32 and 64, a classifier of 10."""

    def __init__(self, depth: int, option: str = "A") -> None:
        body, channels = stages(basic(option), 16, [(depth - 2) // 6] * 3, 16)
        stem = [convolution(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU()]
        super().__init__(*stem, body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


class CifarPreResNet(nn.Sequential):
    """The stem is a bare convolution; norm and activation behind the last sum."""

    def __init__(self, unit: Unit, n: int) -> None:
        body, channels = stages(unit, 16, [n] * 3, 16)
        head = [nn.BatchNorm2d(channels), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        super().__init__(convolution(3, 16, 3), body, *head, nn.Linear(channels, 10))


def basic(option: str) -> Unit:
    return lambda inputs, width, stride, _: Basic(inputs, width, stride, option)


def resnet(unit: str, counts: Sequence[int]) -> ResNet:
    """Of basic units with shortcuts `"A"`, `"B"` or `"C"`, of `"plain"` ones, or of the release's bottlenecks."""
    if unit == "plain":
        return ResNet(lambda inputs, width, stride, _: Plain(inputs, width, stride), counts)
    if unit in ("A", "B", "C"):
        return ResNet(basic(unit), counts)
    return ResNet(lambda inputs, width, stride, _: Bottleneck(inputs, width, stride), counts)


def cifar_preresnet(depth: int) -> CifarPreResNet:
    """110 layers of basic units, 6n + 2; any more of bottlenecks, 9n + 2."""
    if depth == 110:
        return CifarPreResNet(PreBasic, (depth - 2) // 6)
    return CifarPreResNet(
        lambda inputs, width, stride, _: PreBottleneck(inputs, width, stride), (depth - 2) // 9
    )
