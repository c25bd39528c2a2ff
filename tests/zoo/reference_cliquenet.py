"""CliqueNet in plain PyTorch, written from the paper and what is known of the authors' code, independently of our files.

A block keeps its kernels W_ij (from X_i to X_j) one by one and joins those that it needs where it needs them.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Stage = Literal["I", "II"]
STAGES: dict[str, tuple[Stage, Stage]] = {"I+I": ("I", "I"), "I+II": ("I", "II"), "II+II": ("II", "II")}
"""What the classifier sees, and what goes on, as the paper writes it."""


class Block(nn.Module):
    """A clique of n layers X_1 … X_n, every pair connected both ways.

    Args:
        c0: channels of X_0, the input.
        k: channels of each layer.
        n: how many layers.
        updates: how many layers stage II computes; without any there is stage I alone.
        bottleneck: the kernels W_ij are 1x1, and a norm, a ReLU and a 3x3 convolution follow.
        drop: the rate behind each convolution.
        unused: whether kernels are made that no stage uses, as in the authors' code.
    """

    def __init__(
        self, c0: int, k: int, n: int, updates: int, *, bottleneck: bool, drop: float, unused: bool = False
    ) -> None:
        super().__init__()
        self.n, self.updates, self.drop = n, updates, nn.Dropout(drop)
        self.padding = 0 if bottleneck else 1
        size = 1 if bottleneck else 3
        self.kernels = nn.ParameterDict()
        for j in range(1, n + 1):
            for i in range(n + 1):
                if i < j or (i > j and (unused or j <= updates)):
                    self.kernels[f"{i}_{j}"] = kernel(k, k if i else c0, size)
        self.norms_1 = nn.ModuleList(nn.BatchNorm2d(c0 + j * k) for j in range(n))
        self.norms_2 = nn.ModuleList(nn.BatchNorm2d((n - 1) * k) for _ in range(updates))
        self.second_kernels = nn.ParameterList(kernel(k, k, 3) for _ in range(n if bottleneck else 0))
        self.second_norms_1 = nn.ModuleList(nn.BatchNorm2d(k) for _ in range(n if bottleneck else 0))
        self.second_norms_2 = nn.ModuleList(nn.BatchNorm2d(k) for _ in range(updates if bottleneck else 0))

    def forward(self, x0: Tensor) -> dict[Stage, list[Tensor]]:
        """X_1 … X_n as stage I leaves them, and as stage II does."""
        x = {0: x0}
        for j in range(1, self.n + 1):
            x[j] = self.layer(x, range(j), j, self.norms_1, self.second_norms_1)
        first = [x[j] for j in range(1, self.n + 1)]
        for j in range(1, self.updates + 1):
            others = [i for i in range(1, self.n + 1) if i != j]
            x[j] = self.layer(x, others, j, self.norms_2, self.second_norms_2)
        return {"I": first, "II": [x[j] for j in range(1, self.n + 1)]}

    def layer(
        self,
        x: dict[int, Tensor],
        sources: list[int] | range,
        j: int,
        norms: nn.ModuleList,
        seconds: nn.ModuleList,
    ) -> Tensor:
        joined = functional.relu(norms[j - 1](torch.cat([x[i] for i in sources], 1)))
        kernels = torch.cat([self.kernels[f"{i}_{j}"] for i in sources], 1)
        y = self.drop(functional.conv2d(joined, kernels, padding=self.padding))
        if self.second_kernels:
            y = functional.relu(seconds[j - 1](y))
            y = self.drop(functional.conv2d(y, self.second_kernels[j - 1], padding=1))
        return y


def kernel(out: int, c: int, size: int) -> nn.Parameter:
    """A kernel with a variance of 2 over its fan-in."""
    return nn.Parameter(torch.randn(out, c, size, size) * math.sqrt(2 / (c * size * size)))


class Pointwise(nn.Module):
    """Norm, ReLU, 1x1 convolution, dropout: the beginning of a transition, and compression."""

    def __init__(self, c: int, out: int, drop: float) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(c)
        self.conv = nn.Conv2d(c, out, 1, bias=False)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.conv(functional.relu(self.norm(x))))


class Attention(nn.Module):
    """Every channel times a number between 0 and 1 that the means of all channels decide."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(c, c // 2), nn.Linear(c // 2, c)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.up(functional.relu(self.down(x.mean((2, 3))))))
        return x * gate[:, :, None, None]


class CliqueNet(nn.Module):
    """Blocks with transitions between them; what each gives is pooled, and all of it classified.

    Args:
        stem: what comes before the first block, to 64 channels.
        k: channels of a layer, for each block.
        n: layers, for each block.
        feature: the stage that the classifier sees, behind X_0.
        transit: the stage that goes on to the next block.
        updates: how many layers stage II computes; all of them if None.
        attention: in the transitions.
        bottleneck: in the blocks.
        compression: of what the classifier sees, to half the channels.
        drop: the rate behind each convolution but the stem's.
        classes: how many logits.
        unused: whether weights are made that no logit depends on, as in the authors' code.
    """

    def __init__(
        self,
        stem: nn.Module,
        k: list[int],
        n: list[int],
        *,
        feature: Stage = "II",
        transit: Stage = "II",
        updates: int | None = None,
        attention: bool = False,
        bottleneck: bool = False,
        compression: bool = False,
        drop: float = 0.2,
        classes: int = 10,
        unused: bool = False,
    ) -> None:
        super().__init__()
        self.stem, self.feature, self.transit = stem, feature, transit
        self.blocks, self.compressions, self.norms = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        self.transitions, self.attentions = nn.ModuleList(), nn.ModuleList()
        c, final = 64, 0
        for b, (width, layers) in enumerate(zip(k, n, strict=True)):
            last = b == len(k) - 1
            read = {feature} if last and not unused else {feature, transit}
            updated = (layers if updates is None else updates) if "II" in read else 0
            self.blocks.append(
                Block(c, width, layers, updated, bottleneck=bottleneck, drop=drop, unused=unused)
            )
            through, given = width * layers, c + width * layers
            self.compressions.append(Pointwise(given, given // 2, drop) if compression else nn.Identity())
            given = given // 2 if compression else given
            self.norms.append(nn.BatchNorm2d(given))
            final += given
            if not last:
                self.transitions.append(Pointwise(through, through, drop))
                self.attentions.append(Attention(through) if attention else nn.Identity())
            c = through
        self.classifier = nn.Linear(final, classes)

    def forward(self, image: Tensor) -> Tensor:
        x, pooled = self.stem(image), []
        for b, block in enumerate(self.blocks):
            stages = block(x)
            given = self.compressions[b](torch.cat([x, *stages[self.feature]], 1))
            pooled.append(functional.relu(self.norms[b](given)).mean((2, 3)))
            if b < len(self.transitions):
                x = self.attentions[b](self.transitions[b](torch.cat(stages[self.transit], 1)))
                x = functional.avg_pool2d(x, 2)
        return self.classifier(torch.cat(pooled, 1))


def cifar(
    k: int, t: int, *, stages: str = "II+II", x: int | None = None, a: bool = False, b: bool = False, c: bool = False,
    unused: bool = False,
) -> CliqueNet:  # fmt: skip
    """The net of CIFAR and SVHN with three blocks of T / 3 convolutions in a row.

    Args:
        k: channels of a layer.
        t: T; with a bottleneck, two of them are one layer.
        stages: of what the classifier sees, and of what goes on.
        x: how many layers stage II computes.
        a: attention.
        b: bottleneck.
        c: compression.
        unused: whether weights are made that no logit depends on.
    """
    stem = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    feature, transit = STAGES[stages]
    n = t // 3 // (2 if b else 1)
    return CliqueNet(
        stem, [k] * 3, [n] * 3, feature=feature, transit=transit, updates=x, attention=a, bottleneck=b, compression=c,
        unused=unused,
    )  # fmt: skip


SIZES = [
    ([36, 64, 100, 80], [5, 6, 6, 6]),
    ([36, 80, 120, 100], [5, 6, 6, 6]),
    ([36, 80, 150, 120], [5, 5, 6, 6]),
    ([40, 80, 160, 160], [6, 6, 6, 6]),
]
"""Channels and layers of each block of S0 to S3."""


def imagenet(s: int, *, a: bool = False) -> CliqueNet:
    """S0 to S3, with attention or without: a bottleneck and compression always, and no dropout."""
    stem = nn.Sequential(
        nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
    )  # fmt: skip
    k, n = SIZES[s]
    return CliqueNet(stem, k, n, attention=a, bottleneck=True, compression=True, drop=0.0, classes=1000)
