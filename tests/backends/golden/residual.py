"""N: 44,139 parameters; input image 3x16x16.

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


class N(nn.Module):
    """N, case.arch:10-14."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.a = numbered("basic", *(Basic(8, 8) for _ in range(2)))  # case.arch:11
        self.b = named(basic1=Basic(8, 16, stride=2), basic2=Basic(16, 16))  # case.arch:12
        self.c = named(basic1=Basic(16, 32, stride=2), basic2=Basic(32, 32))  # case.arch:13
        self.linear1 = nn.Linear(32, 3)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        x = self.a(x)
        x = self.b(x)
        x = self.c(x)
        return self.linear1(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
