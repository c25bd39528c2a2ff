"""LeNet-5 and AlexNet as their papers describe them, written by hand with PyTorch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

TABLE_1 = """
X . . . X X X . . X X X X . X X
X X . . . X X X . . X X X X . X
X X X . . . X X X . . X . X X X
. X X X . . X X X X . . X . X X
. . X X X . . X X X X . X X . X
. . . X X X . . X X X X . X X X
"""
"""A row for each map of S2, a column for each of C3."""


def squash(x: Tensor) -> Tensor:
    return 1.7159 * torch.tanh(2 / 3 * x)


class Subsampling(nn.Module):
    """The sum of four neighbours, a coefficient and a bias for each map."""

    def __init__(self, maps: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.randn(maps, 1, 1))
        self.bias = nn.Parameter(torch.randn(maps, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        four = x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]
        return squash(self.coefficient * four + self.bias)


class LeNet5(nn.Module):
    """LeCun et al. 1998, section II.B; the output is the distances."""

    def __init__(self, codes: Tensor) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.s2 = Subsampling(6)
        columns = zip(*(row.split() for row in TABLE_1.strip().splitlines()), strict=True)
        self.seen = [[i for i, mark in enumerate(column) if mark == "X"] for column in columns]
        self.c3 = nn.ModuleList(nn.Conv2d(len(maps), 1, 5) for maps in self.seen)
        self.s4 = Subsampling(16)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.codes = codes

    def forward(self, x: Tensor) -> Tensor:
        x = self.s2(squash(self.c1(x)))
        x = torch.cat([conv(x[:, maps]) for conv, maps in zip(self.c3, self.seen, strict=True)], 1)
        x = squash(self.c5(self.s4(squash(x)))).flatten(1)
        x = squash(self.f6(x))
        return torch.stack([(x - code).square().sum(1) for code in self.codes], 1)


class ResponseNorm(nn.Module):
    """Krizhevsky et al. 2012, section 3.3: the sum over neighbours as a product with a matrix of ones near the diagonal."""

    def forward(self, x: Tensor) -> Tensor:
        k, n, alpha, beta = 2, 5, 1e-4, 0.75
        kernels = torch.arange(x.shape[1])
        near = (kernels[:, None] - kernels).abs() <= n // 2
        return x / (k + alpha * torch.einsum("ij,njhw->nihw", near.to(x.dtype), x.square())) ** beta


class AlexNet(nn.Sequential):
    """Krizhevsky et al. 2012, section 3.5; `width` is that of the hidden linear layers, `size` of the image."""

    def __init__(self, size: int = 227, width: int = 4096) -> None:
        last = ((((size - 11) // 4 + 1 - 3) // 2 + 1 - 3) // 2 + 1 - 3) // 2 + 1
        super().__init__(
            *(nn.Conv2d(3, 96, 11, 4), nn.ReLU(), ResponseNorm(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(96, 256, 5, padding=2, groups=2), nn.ReLU(), ResponseNorm(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(256, 384, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(384, 384, 3, padding=1, groups=2), nn.ReLU()),
            *(nn.Conv2d(384, 256, 3, padding=1, groups=2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Flatten()),
            *(nn.Linear(256 * last**2, width), nn.ReLU(), nn.Dropout()),
            *(nn.Linear(width, width), nn.ReLU(), nn.Dropout()),
            nn.Linear(width, 1000),
        )


def lenet5_today() -> nn.Sequential:
    """What is built under the name of LeNet-5: a full C3, plain subsampling, a linear output."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2),
        nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten(),
        nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10),
    )  # fmt: skip
