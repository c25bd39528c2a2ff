"""N: 15,039 parameters; input image 3x8x8.

Made by Ogive from case.arch.
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


def numbered(name, *modules):
    """A chain of modules called name1, name2 and so on."""
    return nn.Sequential(OrderedDict((f"{name}{i}", module) for i, module in enumerate(modules, 1)))


class Dual(nn.Module):
    """Dual, case.arch:3-5."""

    def __init__(self, in_channels_2, width):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(width + in_channels_2)
        self.conv1 = nn.Conv2d(width + in_channels_2, 12, 3, padding=1)

    def forward(self, x, x2):
        y = self.conv1(F.relu(self.bn1(torch.cat((x, x2), 1)), inplace=True))
        y, z = torch.split(y, (8, 4), 1)
        return x + y, torch.cat((x2, z), 1)


class N(nn.Module):
    """N, case.arch:10-13."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 12, 3, padding=1)
        self.dual1 = Dual(4, 8)
        self.two = numbered("dual", *(Dual(8 + 4 * i, 8) for i in range(5)))  # case.arch:12
        self.linear1 = nn.Linear(36, 3)

    def forward(self, x):
        x, y = torch.split(self.conv1(x), (8, 4), 1)
        x, y = self.dual1(x, y)
        for block in self.two:
            x, y = block(x, y)
        return self.linear1(torch.flatten(F.adaptive_avg_pool2d(torch.cat((x, y), 1), 1), 1))
