"""N: 1,116 parameters; input image 3x12x12.

Made by Ogive from case.arch.
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


def named(**modules):
    """A chain of modules under their names."""
    return nn.Sequential(OrderedDict(modules))


class Inception(nn.Module):
    """Inception, case.arch:3-6."""

    def __init__(self, in_channels, c1, c3r, c3, pool):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, c1, 1)
        self.conv2 = nn.Conv2d(in_channels, c3r, 1)
        self.conv3 = nn.Conv2d(c3r, c3, 3, padding=1)
        self.conv4 = nn.Conv2d(in_channels, pool, 1)

    def forward(self, x):
        y1 = F.relu(self.conv1(x), inplace=True)
        y2 = F.relu(self.conv2(x), inplace=True)
        y2 = F.relu(self.conv3(y2), inplace=True)
        y3 = F.max_pool2d(x, 3, stride=1, padding=1)
        y3 = F.relu(self.conv4(y3), inplace=True)
        return torch.cat((y1, y2, y3), 1)


class Aux(nn.Module):
    """aux1, case.arch:14."""

    def __init__(self):
        super().__init__()
        self.linear1 = nn.Linear(12, 3)

    def forward(self, x):
        return self.linear1(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class N3b(nn.Module):
    """3b, case.arch:13."""

    def __init__(self):
        super().__init__()
        self.inception1 = Inception(10, 6, 3, 5, 1)

    def forward(self, x):
        x = self.inception1(x)
        return F.max_pool2d(x, 2)


class N(nn.Module):
    """N, case.arch:11-16."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3)
        self._3a = named(inception1=Inception(8, 4, 2, 4, 2))  # case.arch:12
        self._3b = N3b()  # case.arch:13
        self.aux1 = Aux()  # case.arch:14
        self._4a = named(inception1=Inception(12, 8, 4, 6, 2))  # case.arch:15
        self.linear1 = nn.Linear(16, 3)

    def forward(self, x):
        x = self.conv1(x)
        x = self._3a(x)
        x = self._3b(x)
        aux1 = self.aux1(x) if self.training else None
        x = self._4a(x)
        x = self.linear1(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
        if self.training:
            return x, {"aux1": (aux1, 0.3)}
        return x
