"""N: 1,002 parameters; input image 3x8x8.

Made by Ogive from case.arch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Aux(nn.Module):
    """one.aux1, case.arch:5."""

    def __init__(self):
        super().__init__()
        self.linear1 = nn.Linear(4, 2)

    def forward(self, x):
        return self.linear1(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Aux2(nn.Module):
    """two.aux1, case.arch:8."""

    def __init__(self):
        super().__init__()
        self.linear1 = nn.Linear(144, 2)

    def forward(self, x):
        return self.linear1(torch.flatten(x, 1))


class One(nn.Module):
    """one, case.arch:4-6."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.aux1 = Aux()
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.conv1(x), inplace=True)
        aux1 = self.aux1(x) if self.training else None
        return F.relu(self.conv2(x), inplace=True), aux1


class Two(nn.Module):
    """two, case.arch:8."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(4, 4, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.aux1 = Aux2()

    def forward(self, x):
        x = self.bn1(self.conv1(x))
        aux1 = self.aux1(x) if self.training else None
        return x, aux1


class N(nn.Module):
    """N, case.arch:3-9."""

    def __init__(self):
        super().__init__()
        self.one = One()  # case.arch:3
        self.two = Two()  # case.arch:8
        self.linear1 = nn.Linear(144, 2)

    def forward(self, x):
        x, aux1 = self.one(x)
        x, y = self.two(x)
        x = self.linear1(torch.flatten(x, 1))
        if self.training:
            return x, {"one.aux1": (aux1, 0.5), "two.aux1": (y, 1.0)}
        return x
