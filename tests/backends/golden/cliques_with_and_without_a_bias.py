"""N: 6,398 parameters; input image 3x6x6.

Made by Ogive from case.arch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Clique(nn.Module):
    """c1.clique1, case.arch:2."""

    def __init__(self, in_channels):
        super().__init__()
        for i in range(1, 4):
            for j in range(4):
                if j != i:
                    channels = in_channels if j == 0 else 4
                    self.add_module(f"link_{j}_{i}", nn.Conv2d(channels, 4, 3, padding=1, bias=j == 0))

    def sources(self, stage, i):
        """The X_j that X_i is made of: those before it in stage 1, every other layer afterwards."""
        return range(i) if stage == 1 else [j for j in range(1, 4) if j != i]

    def forward(self, x):
        x = [x] + [None] * 3
        for stage in range(1, 3):
            for i in range(1, 4):
                sources = self.sources(stage, i)
                y = torch.cat([x[j] for j in sources], 1)
                y = F.relu(y, inplace=True)
                weight = torch.cat([getattr(self, f"link_{j}_{i}").weight for j in sources], 1)
                x[i] = F.conv2d(y, weight, getattr(self, f"link_0_{i}").bias, padding=1)
        return torch.cat(x[1:], 1)


class Clique2(nn.Module):
    """c2.clique1, case.arch:2."""

    def __init__(self):
        super().__init__()
        for i in range(1, 4):
            for j in range(4):
                if j != i:
                    channels = 12 if j == 0 else 4
                    self.add_module(f"link_{j}_{i}", nn.Conv2d(channels, 4, 3, padding=1, bias=False))

    def sources(self, stage, i):
        """The X_j that X_i is made of: those before it in stage 1, every other layer afterwards."""
        return range(i) if stage == 1 else [j for j in range(1, 4) if j != i]

    def forward(self, x):
        x = [x] + [None] * 3
        for stage in range(1, 3):
            for i in range(1, 4):
                sources = self.sources(stage, i)
                y = torch.cat([x[j] for j in sources], 1)
                y = F.relu(y, inplace=True)
                weight = torch.cat([getattr(self, f"link_{j}_{i}").weight for j in sources], 1)
                x[i] = F.conv2d(y, weight, padding=1)
        return torch.cat(x[1:], 1)


class C(nn.Module):
    """C, case.arch:2."""

    def __init__(self, in_channels):
        super().__init__()
        self.clique1 = Clique(in_channels)

    def forward(self, x):
        return self.clique1(x)


class C2(nn.Module):
    """C, case.arch:2."""

    def __init__(self):
        super().__init__()
        self.clique1 = Clique2()

    def forward(self, x):
        return self.clique1(x)


class N(nn.Module):
    """N, case.arch:5-6."""

    def __init__(self):
        super().__init__()
        self.c1 = C(3)
        self.c2 = C2()
        self.c3 = C(12)
        self.linear1 = nn.Linear(432, 2)

    def forward(self, x):
        x = self.c1(x)
        x = self.c2(x)
        x = self.c3(x)
        return self.linear1(torch.flatten(x, 1))
