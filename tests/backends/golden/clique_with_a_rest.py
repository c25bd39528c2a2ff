"""N: 938 parameters; input image 3x6x6.

Made by Ogive from case.arch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Clique(nn.Module):
    """clique1, case.arch:3."""

    def __init__(self):
        super().__init__()
        for i in range(1, 4):
            for j in range(4):
                if j < i or j > i and i < 3:
                    channels = 3 if j == 0 else 4
                    self.add_module(f"link_{j}_{i}", nn.Conv2d(channels, 4, 1, bias=False))
            self.add_module(f"conv2_{i}", nn.Conv2d(4, 4, 3, padding=1, bias=False))
            self.add_module(f"conv3_{i}", nn.Conv2d(4, 4, 1))
        for stage in range(1, 4):
            for i in range(1, 4 if stage == 1 else 3):
                self.add_module(f"bn1_{stage}_{i}", nn.BatchNorm2d(4))
                self.add_module(f"bn2_{stage}_{i}", nn.BatchNorm2d(4))

    def sources(self, stage, i):
        """The X_j that X_i is made of: those before it in stage 1, every other layer afterwards."""
        return range(i) if stage == 1 else [j for j in range(1, 4) if j != i]

    def forward(self, x):
        x = [x] + [None] * 3
        for stage in range(1, 4):
            for i in range(1, 4 if stage == 1 else 3):
                sources = self.sources(stage, i)
                y = torch.cat([x[j] for j in sources], 1)
                y = F.relu(y, inplace=True)
                weight = torch.cat([getattr(self, f"link_{j}_{i}").weight for j in sources], 1)
                y = getattr(self, f"bn1_{stage}_{i}")(F.conv2d(y, weight))
                z = getattr(self, f"bn2_{stage}_{i}")(getattr(self, f"conv2_{i}")(F.relu(y)))
                z = z + y
                y = torch.sigmoid(getattr(self, f"conv3_{i}")(F.adaptive_avg_pool2d(z, 1)))
                x[i] = z * y
            if stage == 1:
                first = list(x)
        features = torch.cat(x, 1)
        stage1 = torch.cat(first[1:], 1)
        return features, stage1


class N(nn.Module):
    """N, case.arch:3-8."""

    def __init__(self):
        super().__init__()
        self.clique1 = Clique()  # case.arch:3
        self.conv1 = nn.Conv2d(27, 2, 1)
        self.linear1 = nn.Linear(72, 2)

    def forward(self, x):
        features, stage1 = self.clique1(x)
        x = torch.flatten(self.conv1(torch.cat((features, stage1), 1)), 1)
        return self.linear1(x)
