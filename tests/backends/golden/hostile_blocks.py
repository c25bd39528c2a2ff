"""OrderedDict: 1,215 parameters; input torch 3x8x8.

Made by Ogive from case.arch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class FBlock(nn.Module):
    """F, case.arch:2."""

    def __init__(self, in_channels, nn_, torch_=1):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, nn_, 3, padding=torch_, bias=False)
        self.bn1 = nn.BatchNorm2d(nn_)

    def forward(self, x):
        return F.relu(self.bn1(self.conv1(x)), inplace=True)


class Range(nn.Module):
    """range, case.arch:4."""

    def __init__(self, in_channels, x):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, x, 1)

    def forward(self, x):
        return F.relu(self.conv1(x), inplace=True)


class OrderedDictBlock(nn.Module):
    """OrderedDict, case.arch:7-9."""

    def __init__(self):
        super().__init__()
        self.f1 = FBlock(3, 4)
        self.f2 = FBlock(4, 6)
        self.f3 = FBlock(6, 8, torch_=0)
        self.range1 = Range(8, 4)
        self.range2 = Range(4, 5)
        self.linear1 = nn.Linear(180, 2)

    def forward(self, x):
        x = self.f1(x)
        x = self.f2(x)
        x = self.f3(x)
        x = self.range1(x)
        x = self.range2(x)
        return self.linear1(torch.flatten(x, 1))
