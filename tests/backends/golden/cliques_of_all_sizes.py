"""N: 14,840 parameters; input image 3x6x6.

Made by Ogive from case.arch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Clique(nn.Module):
    """clique1, case.arch:3."""

    def __init__(self, in_channels, layers, stages, growth):
        super().__init__()
        self.layers = layers
        self.stages = stages
        self.growth = growth
        for i in range(1, layers + 1):
            for j in range(layers + 1):
                if j != i:
                    channels = in_channels if j == 0 else growth
                    self.add_module(f"link_{j}_{i}", nn.Conv2d(channels, growth, 3, padding=1, bias=False))
        for stage in range(1, stages + 1):
            for i in range(1, layers + 1):
                width = sum(in_channels if j == 0 else growth for j in self.sources(stage, i))
                self.add_module(f"bn1_{stage}_{i}", nn.BatchNorm2d(width))

    def sources(self, stage, i):
        """The X_j that X_i is made of: those before it in stage 1, every other layer afterwards."""
        return range(i) if stage == 1 else [j for j in range(1, self.layers + 1) if j != i]

    def forward(self, x):
        x = [x] + [None] * self.layers
        for stage in range(1, self.stages + 1):
            for i in range(1, self.layers + 1):
                sources = self.sources(stage, i)
                y = torch.cat([x[j] for j in sources], 1)
                y = F.relu(getattr(self, f"bn1_{stage}_{i}")(y), inplace=True)
                weight = torch.cat([getattr(self, f"link_{j}_{i}").weight for j in sources], 1)
                x[i] = F.conv2d(y, weight, padding=1)
        return torch.cat(x[1:], 1)


class N(nn.Module):
    """N, case.arch:3-6."""

    def __init__(self):
        super().__init__()
        self.clique1 = Clique(3, 3, 2, 4)  # case.arch:3
        self.clique2 = Clique(12, 5, 2, 6)  # case.arch:4
        self.clique3 = Clique(30, 2, 3, 5)  # case.arch:5
        self.bn1 = nn.BatchNorm2d(10)
        self.linear1 = nn.Linear(10, 2)

    def forward(self, x):
        x = self.clique1(x)
        x = self.clique2(x)
        x = self.clique3(x)
        return self.linear1(torch.flatten(F.adaptive_avg_pool2d(self.bn1(x), 1), 1))
