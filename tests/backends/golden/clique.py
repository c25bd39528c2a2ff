"""N: 7,059 parameters; input image 3x12x12.

Made by Ogive from case.arch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Clique(nn.Module):
    """block1.clique1, case.arch:8."""

    def __init__(self, in_channels):
        super().__init__()
        for i in range(1, 4):
            for j in range(4):
                if j != i:
                    channels = in_channels if j == 0 else 4
                    self.add_module(f"link_{j}_{i}", nn.Conv2d(channels, 4, 3, padding=1, bias=False))
        for stage in range(1, 3):
            for i in range(1, 4):
                width = sum(in_channels if j == 0 else 4 for j in self.sources(stage, i))
                self.add_module(f"bn1_{stage}_{i}", nn.BatchNorm2d(width))

    def sources(self, stage, i):
        """The X_j that X_i is made of: those before it in stage 1, every other layer afterwards."""
        return range(i) if stage == 1 else [j for j in range(1, 4) if j != i]

    def forward(self, x):
        x = [x] + [None] * 3
        for stage in range(1, 3):
            for i in range(1, 4):
                sources = self.sources(stage, i)
                y = torch.cat([x[j] for j in sources], 1)
                y = F.relu(getattr(self, f"bn1_{stage}_{i}")(y), inplace=True)
                weight = torch.cat([getattr(self, f"link_{j}_{i}").weight for j in sources], 1)
                x[i] = F.conv2d(y, weight, padding=1)
        features = torch.cat(x, 1)
        transit = torch.cat(x[1:], 1)
        return features, transit


class Transition(nn.Module):
    """Transition, case.arch:2."""

    def __init__(self):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(12)
        self.conv1 = nn.Conv2d(12, 12, 1, bias=False)

    def forward(self, x):
        x = self.conv1(F.relu(self.bn1(x), inplace=True))
        return F.avg_pool2d(x, 2)


class Block(nn.Module):
    """block1, case.arch:8."""

    def __init__(self, in_channels):
        super().__init__()
        self.clique1 = Clique(in_channels)

    def forward(self, x):
        features, transit = self.clique1(x)
        return transit, features


class Block3(nn.Module):
    """block3, case.arch:8."""

    def __init__(self):
        super().__init__()
        self.clique1 = Clique(12)

    def forward(self, x):
        features, _ = self.clique1(x)
        return features


class N(nn.Module):
    """N, case.arch:5-12."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.block1 = Block(6)  # case.arch:8
        self.bn1 = nn.BatchNorm2d(18)
        self.transition1 = Transition()
        self.block2 = Block(12)
        self.bn2 = nn.BatchNorm2d(24)
        self.transition2 = Transition()
        self.block3 = Block3()
        self.bn3 = nn.BatchNorm2d(24)
        self.linear1 = nn.Linear(66, 3)

    def forward(self, x):
        x = self.conv1(x)
        x, y = self.block1(x)
        x = self.transition1(x)
        x, z = self.block2(x)
        x = self.transition2(x)
        x = self.block3(x)
        y = F.adaptive_avg_pool2d(F.relu(self.bn1(y), inplace=True), 1)
        z = F.adaptive_avg_pool2d(F.relu(self.bn2(z), inplace=True), 1)
        x = F.adaptive_avg_pool2d(F.relu(self.bn3(x), inplace=True), 1)
        return self.linear1(torch.flatten(torch.cat((y, z, x), 1), 1))
