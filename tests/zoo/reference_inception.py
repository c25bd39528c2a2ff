"""GoogLeNet as its paper has it, and the Inception-v2 of "Rethinking the Inception Architecture", from parts of torchvision's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.googlenet import GoogLeNet, Inception
from torchvision.models.googlenet import InceptionAux as GoogLeNetAux
from torchvision.models.inception import (
    BasicConv2d,
    InceptionA,
    InceptionAux,
    InceptionB,
    InceptionC,
    InceptionD,
    InceptionE,
    InceptionOutputs,
)  # fmt: skip


class Rectified(nn.Module):
    """A convolution with its bias, then the activation: no norm."""

    def __init__(self, inputs: int, outputs: int, **more: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, **more)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.conv(x))


class Module5x5(Inception):
    """With 5x5 in the third branch, where torchvision has 3x3."""

    def __init__(self, inputs: int, c1: int, c3r: int, c3: int, c5r: int, c5: int, pool: int) -> None:
        super().__init__(inputs, c1, c3r, c3, c5r, c5, pool, conv_block=Rectified)
        self.branch3[1] = Rectified(c5r, c5, kernel_size=5, padding=2)


class Head(GoogLeNetAux):
    """Means of 5x5 at every third place; torchvision makes 4x4 of any size."""

    def __init__(self, inputs: int, classes: int, *, dropout: float) -> None:
        super().__init__(inputs, classes, conv_block=Rectified, dropout=dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(functional.avg_pool2d(x, 5, stride=3))
        return self.fc2(self.dropout(torch.relu(self.fc1(torch.flatten(x, 1)))))


def googlenet_of_the_paper() -> GoogLeNet:
    blocks: list[Callable[..., nn.Module]] = [Rectified, Module5x5, Head]
    net = GoogLeNet(init_weights=False, blocks=blocks, dropout=0.4)
    net.maxpool4 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
    norm = nn.LocalResponseNorm(
        5, alpha=1e-4, beta=0.75, k=1.0
    )  # Caffe's lrn_param { local_size: 5, alpha: 0.0001 }
    net.maxpool1 = nn.Sequential(net.maxpool1, norm)  # pyright: ignore[reportAttributeAccessIssue]
    net.maxpool2 = nn.Sequential(norm, net.maxpool2)  # pyright: ignore[reportAttributeAccessIssue]
    return net


class InceptionV2(nn.Module):
    """Table 1 of the paper, row by row."""

    def __init__(self) -> None:
        super().__init__()
        conv = BasicConv2d
        self.rows = nn.Sequential(
            conv(3, 32, kernel_size=3, stride=2),
            conv(32, 32, kernel_size=3),
            conv(32, 64, kernel_size=3, padding=1),
            nn.MaxPool2d(3, stride=2),
            conv(64, 80, kernel_size=3),
            conv(80, 192, kernel_size=3, stride=2),
            conv(192, 288, kernel_size=3, padding=1),
            *[self.figure_5() for _ in range(3)],
            InceptionB(288),
            *[InceptionC(768, channels_7x7=width) for width in (128, 160, 160, 160, 192)],
        )
        self.aux = InceptionAux(768, 1000)
        self.aux.conv1 = Rectified(128, 768, kernel_size=5)  # pyright: ignore[reportAttributeAccessIssue]
        self.last = nn.Sequential(InceptionD(768), InceptionE(1280), InceptionE(2048))
        self.dropout, self.fc = nn.Dropout(0.5), nn.Linear(2048, 1000)

    @staticmethod
    def figure_5() -> nn.Module:
        module = InceptionA(288, pool_features=64)
        module.branch5x5_2 = BasicConv2d(48, 64, kernel_size=3, padding=1)
        return module

    def forward(self, x: Tensor) -> Any:
        x = self.rows(x)
        aux = self.aux(x) if self.training else None
        logits = self.fc(self.dropout(self.last(x).mean((2, 3))))
        return InceptionOutputs(logits, aux) if self.training else logits
