"""The CIFAR DenseNets in plain PyTorch, written from the paper's sections 3 and 4.1 and independently of our files.

A layer keeps all maps so far in a list, as the paper's H([x_0, x_1 … x_l]) reads.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

BLOCKS = 3


class Composite(nn.Module):
    """H of the paper: batch norm, ReLU, convolution; dropout behind.

    Args:
        c: channels in.
        out: channels out.
        size: of the kernel; the map keeps its size.
        drop: the rate.
    """

    def __init__(self, c: int, out: int, size: int, drop: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(c)
        self.conv = nn.Conv2d(c, out, size, padding=size // 2, bias=False)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.conv(functional.relu(self.norm(x))))


class CifarDenseNet(nn.Module):
    """DenseNet of `depth` layers, 3x32x32 to `classes` logits.

    Args:
        depth: L, of which one is the first convolution, two are transitions and one the classifier.
        growth: k.
        bottleneck: B: a 1x1 convolution to 4k channels in front of each 3x3.
        compression: C where it is below one: what a transition keeps of the channels, rounded down.
        first: channels of the first convolution; the paper's if None.
        drop: the rate behind each convolution but the first.
    """

    def __init__(
        self,
        depth: int,
        growth: int,
        *,
        bottleneck: bool = False,
        compression: float = 1.0,
        first: int | None = None,
        drop: float = 0.0,
        classes: int = 10,
    ) -> None:
        super().__init__()
        per_block, rest = divmod(depth - 4, BLOCKS * (2 if bottleneck else 1))
        assert rest == 0, "a depth that no DenseNet has"
        if first is None:
            first = 2 * growth if bottleneck and compression < 1 else 16
        self.first = nn.Conv2d(3, first, 3, padding=1, bias=False)
        self.blocks, self.transitions = nn.ModuleList(), nn.ModuleList()
        c = first
        for block in range(BLOCKS):
            layers = nn.ModuleList()
            for _ in range(per_block):
                parts = [Composite(c, 4 * growth, 1, drop), Composite(4 * growth, growth, 3, drop)]
                layers.append(nn.Sequential(*parts) if bottleneck else Composite(c, growth, 3, drop))
                c += growth
            self.blocks.append(layers)
            if block < BLOCKS - 1:
                self.transitions.append(Composite(c, int(compression * c), 1, drop))
                c = int(compression * c)
        self.last_norm = nn.BatchNorm2d(c)
        self.classifier = nn.Linear(c, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = self.first(image)
        for block, layers in enumerate(self.blocks):
            maps = [x]
            for layer in layers:  # pyright: ignore[reportGeneralTypeIssues] - a ModuleList of ModuleLists
                maps.append(layer(torch.cat(maps, 1)))
            x = torch.cat(maps, 1)
            if block < BLOCKS - 1:
                x = functional.avg_pool2d(self.transitions[block](x), 2)
        return self.classifier(functional.relu(self.last_norm(x)).mean((2, 3)))


def dense_net_bc(depth: int, growth: int) -> CifarDenseNet:
    """DenseNet-BC: bottlenecks and half the channels at transitions."""
    return CifarDenseNet(depth, growth, bottleneck=True, compression=0.5)
