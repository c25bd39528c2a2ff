"""N: 16,962 parameters; input image 3x8x8.

Made by Ogive from case.arch.
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


def numbered(name, *modules):
    """A chain of modules called name1, name2 and so on."""
    return nn.Sequential(OrderedDict((f"{name}{i}", module) for i, module in enumerate(modules, 1)))


class Basic(nn.Module):
    """Basic, case.arch:3-6."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(4)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        return F.relu(y + x, inplace=True)


class Layer(nn.Module):
    """One layer of deep.repeat1, case.arch:12."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(4, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)

    def forward(self, x):
        return F.relu(self.bn1(self.conv1(x)), inplace=True)


class Deep(nn.Module):
    """deep, case.arch:12."""

    def __init__(self):
        super().__init__()
        self.repeat1 = numbered("layer", *(Layer() for _ in range(30)))

    def forward(self, x):
        return self.repeat1(F.max_pool2d(x, 2))


class N(nn.Module):
    """N, case.arch:10-13."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        for name, block in numbered("basic", *(Basic() for _ in range(40))).named_children():
            self.add_module(name, block)
        self.deep = Deep()  # case.arch:12
        self.linear1 = nn.Linear(64, 2)

    def forward(self, x):
        x = self.conv1(x)
        for i in range(1, 41):
            x = getattr(self, f"basic{i}")(x)
        x = self.deep(x)
        return self.linear1(torch.flatten(x, 1))
