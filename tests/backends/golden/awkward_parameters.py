"""N: 1,267 parameters; input image 3x6x6.

Made by Ogive from case.arch.
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


def numbered(name, *modules):
    """A chain of modules called name1, name2 and so on."""
    return nn.Sequential(OrderedDict((f"{name}{i}", module) for i, module in enumerate(modules, 1)))


class Layer(nn.Module):
    """One layer of unit1.repeat1, case.arch:2."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)

    def forward(self, x):
        return self.bn1(self.conv1(x))


class Layer2(nn.Module):
    """One layer of unit1.repeat2, case.arch:2."""

    def __init__(self, in_channels, out_channels):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x):
        return self.conv1(x)


class Unit(nn.Module):
    """Unit, case.arch:2."""

    def __init__(self, in_channels, name_, block_, i_, stage=2):
        super().__init__()
        self.repeat1 = numbered(
            "layer", Layer(in_channels, name_), *(Layer(name_, name_) for _ in range(block_ - 1))
        )
        self.conv1 = nn.Conv2d(name_, i_, 1)
        self.repeat2 = numbered("layer", Layer2(i_, stage), *(Layer2(stage, stage) for _ in range(4)))

    def forward(self, x):
        x = self.repeat1(x)
        x = F.relu(self.conv1(x), inplace=True)
        return self.repeat2(x)


class N(nn.Module):
    """N, case.arch:5-6."""

    def __init__(self):
        super().__init__()
        self.unit1 = Unit(3, 4, 4, 5)
        self.unit2 = Unit(2, 6, 5, 7)
        self.unit3 = Unit(2, 8, 6, 9, stage=3)
        self.linear1 = nn.Linear(108, 2)

    def forward(self, x):
        x = self.unit1(x)
        x = self.unit2(x)
        x = self.unit3(x)
        return self.linear1(torch.flatten(x, 1))
