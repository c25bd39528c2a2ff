"""N: 16,779 parameters; input image 3x16x16.

Made by Ogive from case.arch.
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


def named(**modules):
    """A chain of modules under their names."""
    return nn.Sequential(OrderedDict(modules))


class Inverted(nn.Module):
    """Inverted, case.arch:4-7."""

    def __init__(self):
        super().__init__()
        self.depthwise1 = nn.Conv2d(8, 8, 3, padding=1, groups=8, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.conv1 = nn.Conv2d(8, 8, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(8)

    def forward(self, x):
        y = F.relu6(self.bn1(self.depthwise1(x)), inplace=True)
        y = self.bn2(self.conv1(y))
        return y + x


class Inverted2(nn.Module):
    """Inverted, case.arch:4-7."""

    def __init__(self, in_channels, width, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, 6 * in_channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(6 * in_channels)
        self.depthwise1 = nn.Conv2d(
            6 * in_channels, 6 * in_channels, 3, stride=stride, padding=1, groups=6 * in_channels, bias=False
        )
        self.bn2 = nn.BatchNorm2d(6 * in_channels)
        self.conv2 = nn.Conv2d(6 * in_channels, width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        if stride != 1 or in_channels != width:
            self.shortcut = named(
                conv1=nn.Conv2d(in_channels, width, 1, stride=stride, bias=False), bn1=nn.BatchNorm2d(width)
            )
        else:
            self.shortcut = nn.Identity()

    def forward(self, x):
        y = F.relu6(self.bn1(self.conv1(x)), inplace=True)
        y = F.relu6(self.bn2(self.depthwise1(y)), inplace=True)
        y = self.bn3(self.conv2(y))
        return y + self.shortcut(x)


class N(nn.Module):
    """N, case.arch:12-16."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.inverted1 = Inverted()
        self.inverted2 = Inverted2(8, 12, stride=2)
        self.inverted3 = Inverted2(12, 12)
        self.inverted4 = Inverted2(12, 16, stride=2)
        self.inverted5 = Inverted2(16, 16)
        self.inverted6 = Inverted2(16, 16)
        self.linear1 = nn.Linear(16, 3)

    def forward(self, x):
        x = F.relu6(self.bn1(self.conv1(x)), inplace=True)
        x = self.inverted1(x)
        x = self.inverted2(x)
        x = self.inverted3(x)
        x = self.inverted4(x)
        x = self.inverted5(x)
        x = self.inverted6(x)
        return self.linear1(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
