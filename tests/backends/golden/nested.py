"""N: 3,802 parameters; input image 4x8x8.

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


class Inner(nn.Module):
    """Inner, case.arch:2."""

    def __init__(self, in_channels, w):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, w, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(w)
        if in_channels != w:
            self.shortcut = named(conv1=nn.Conv2d(in_channels, w, 1, bias=False), bn1=nn.BatchNorm2d(w))
        else:
            self.shortcut = nn.Identity()

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return y + self.shortcut(x)


class Outer(nn.Module):
    """Outer, case.arch:4-10."""

    def __init__(self, in_channels, w, n):
        super().__init__()
        self.n = n
        for name, block in numbered(
            "inner", Inner(in_channels, w), *(Inner(w, w) for _ in range(n - 1))
        ).named_children():
            self.add_module(name, block)
        self.conv1 = nn.Conv2d(in_channels, w, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(w)
        if in_channels != w:
            self.shortcut = named(conv1=nn.Conv2d(in_channels, w, 1, bias=False), bn1=nn.BatchNorm2d(w))
        else:
            self.shortcut = nn.Identity()
        self.conv2 = nn.Conv2d(2 * w + in_channels, w, 1)
        if in_channels != w:
            self.shortcut2 = named(conv1=nn.Conv2d(in_channels, w, 1, bias=False), bn1=nn.BatchNorm2d(w))
        else:
            self.shortcut2 = nn.Identity()

    def forward(self, x):
        y1 = x
        for i in range(1, self.n + 1):
            y1 = getattr(self, f"inner{i}")(y1)
        y2 = self.bn1(self.conv1(x))
        y2 = F.relu(y2 + self.shortcut(x), inplace=True)
        y = self.conv2(torch.cat((y1, y2, x), 1))
        return y + self.shortcut2(x)


class N(nn.Module):
    """N, case.arch:15-16."""

    def __init__(self):
        super().__init__()
        self.outer1 = Outer(4, 4, 2)
        self.outer2 = Outer(4, 6, 2)
        self.outer3 = Outer(6, 6, 5)
        self.linear1 = nn.Linear(384, 2)

    def forward(self, x):
        x = self.outer1(x)
        x = self.outer2(x)
        x = self.outer3(x)
        return self.linear1(torch.flatten(x, 1))
