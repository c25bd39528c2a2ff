"""N: 4,301 parameters; input image 3x16x16.

Made by Ogive from case.arch.
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


def named(**modules):
    """A chain of modules under their names."""
    return nn.Sequential(OrderedDict(modules))


def numbered(name, *modules):
    """A chain of modules called name1, name2 and so on."""
    return nn.Sequential(OrderedDict((f"{name}{i}", module) for i, module in enumerate(modules, 1)))


class DenseLayer(nn.Module):
    """One layer of dense1.dense1, case.arch:8."""

    def __init__(self, in_channels):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, 8, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(8)
        self.conv2 = nn.Conv2d(8, 4, 3, padding=1, bias=False)

    def forward(self, x):
        y = self.conv1(F.relu(self.bn1(x), inplace=True))
        y = self.conv2(F.relu(self.bn2(y), inplace=True))
        return torch.cat((x, y), 1)


class Transition(nn.Module):
    """Transition, case.arch:2."""

    def __init__(self):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(20)
        self.conv1 = nn.Conv2d(20, 10, 1, bias=False)

    def forward(self, x):
        x = self.conv1(F.relu(self.bn1(x), inplace=True))
        return F.avg_pool2d(x, 2)


class N(nn.Module):
    """N, case.arch:5-10."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        # case.arch:8
        self.dense1 = named(dense1=numbered("layer", *(DenseLayer(8 + 4 * i) for i in range(3))))
        self.transition1 = Transition()
        self.dense2 = named(dense1=numbered("layer", *(DenseLayer(10 + 4 * i) for i in range(5))))
        self.bn1 = nn.BatchNorm2d(30)
        self.linear1 = nn.Linear(30, 3)

    def forward(self, x):
        x = self.conv1(x)
        x = self.dense1(x)
        x = self.transition1(x)
        x = self.dense2(x)
        x = torch.flatten(F.adaptive_avg_pool2d(F.relu(self.bn1(x), inplace=True), 1), 1)
        return self.linear1(x)
