"""N: 95,267 parameters; input image 3x16x16.

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


class Basic(nn.Module):
    """Basic, case.arch:3-6."""

    def __init__(self, in_channels, width, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        if stride != 1 or in_channels != width:
            self.shortcut = named(
                conv1=nn.Conv2d(in_channels, width, 1, stride=stride, bias=False), bn1=nn.BatchNorm2d(width)
            )
        else:
            self.shortcut = nn.Identity()

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.shortcut(x), inplace=True)


class Group(nn.Module):
    """Group, case.arch:9."""

    def __init__(self, in_channels, n, width, stride=1):
        super().__init__()
        self.n = n
        for name, block in numbered(
            "basic", Basic(in_channels, width, stride=stride), *(Basic(width, width) for _ in range(n - 1))
        ).named_children():
            self.add_module(name, block)

    def forward(self, x):
        for i in range(1, self.n + 1):
            x = getattr(self, f"basic{i}")(x)
        return x


class N(nn.Module):
    """N, case.arch:12-16."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.group1 = Group(8, 2, 8)
        self.group2 = Group(8, 5, 16, stride=2)
        self.group3 = Group(16, 4, 32, stride=2)
        self.linear1 = nn.Linear(32, 3)

    def forward(self, x):
        x = self.conv1(x)
        x = self.group1(x)
        x = self.group2(x)
        x = self.group3(x)
        return self.linear1(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
