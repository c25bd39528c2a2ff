"""N: 16,691 parameters; input image 3x16x16.

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
    """Basic, case.arch:3-5."""

    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        return F.relu(y + x, inplace=True)


class Shortcut(nn.Module):
    """repeat1.layer2.basic1.shortcut, case.arch:3."""

    def forward(self, x):
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 0, 8))


class Layer(nn.Module):
    """One layer of repeat1, case.arch:10."""

    def __init__(self):
        super().__init__()
        self.basic1 = Basic(8)
        self.basic2 = Basic(8)
        self.basic3 = Basic(8)

    def forward(self, x):
        x = self.basic1(x)
        x = self.basic2(x)
        return self.basic3(x)


class Basic2(nn.Module):
    """Basic, case.arch:3-5."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 16, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(16)
        self.shortcut = Shortcut()

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        return F.relu(y + self.shortcut(x), inplace=True)


class Layer2(nn.Module):
    """One layer of repeat1, case.arch:10."""

    def __init__(self):
        super().__init__()
        self.basic1 = Basic2()
        self.basic2 = Basic(16)
        self.basic3 = Basic(16)

    def forward(self, x):
        x = self.basic1(x)
        x = self.basic2(x)
        return self.basic3(x)


class N(nn.Module):
    """N, case.arch:9-11."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1)
        self.repeat1 = numbered("layer", Layer(), Layer2())
        self.linear1 = nn.Linear(16, 3)

    def forward(self, x):
        x = self.conv1(x)
        x = self.repeat1(x)
        return self.linear1(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))
