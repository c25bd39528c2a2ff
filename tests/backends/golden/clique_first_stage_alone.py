"""N: 1,066 parameters; input image 3x6x6.

Made by Ogive from case.arch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Clique(nn.Module):
    """clique1, case.arch:3."""

    def __init__(self):
        super().__init__()
        for i in range(1, 5):
            for j in range(i):
                channels = 3 if j == 0 else 2
                self.add_module(f"link_{j}_{i}", nn.Conv2d(channels, 2, 3, padding=1, bias=j == 0))
        for i in range(1, 5):
            width = 3 + (i - 1) * 2
            self.add_module(f"bn1_1_{i}", nn.BatchNorm2d(width))

    def forward(self, x):
        x = [x] + [None] * 4
        for i in range(1, 5):
            sources = range(i)
            y = torch.cat([x[j] for j in sources], 1)
            y = F.relu(getattr(self, f"bn1_1_{i}")(y), inplace=True)
            weight = torch.cat([getattr(self, f"link_{j}_{i}").weight for j in sources], 1)
            x[i] = F.conv2d(y, weight, getattr(self, f"link_0_{i}").bias, padding=1)
        first = x
        return torch.cat(first[1:], 1)


class N(nn.Module):
    """N, case.arch:3-4."""

    def __init__(self):
        super().__init__()
        self.clique1 = Clique()  # case.arch:3
        self.linear1 = nn.Linear(288, 2)

    def forward(self, x):
        x = self.clique1(x)
        return self.linear1(torch.flatten(x, 1))
