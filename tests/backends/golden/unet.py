"""N: 30,298 parameters; input image 1x16x16.

Made by Ogive from case.arch.
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


@torch.fx.wrap
def center_crop(x, sizes):
    """The middle of a map; where the rest is odd, the larger part is cut off behind."""
    for axis, size in enumerate(sizes, 2):
        rest = x.shape[axis] - size
        if rest < 0:
            raise ValueError(f"a crop to {tuple(sizes)} is larger than its input of {tuple(x.shape[2:])}")
        x = x.narrow(axis, rest // 2, size)
    return x


def named(**modules):
    """A chain of modules under their names."""
    return nn.Sequential(OrderedDict(modules))


class Double(nn.Module):
    """Double, case.arch:2."""

    def __init__(self, in_channels, width):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, 3, padding=1)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.conv1(x), inplace=True)
        return F.relu(self.conv2(x), inplace=True)


class Up(nn.Module):
    """up1, case.arch:15-16."""

    def __init__(self, in_channels, in_channels_2):
        super().__init__()
        self.up = nn.ConvTranspose2d(in_channels, in_channels_2, 2, stride=2)
        self.double1 = Double(in_channels, in_channels_2)

    def forward(self, x, x2):
        up = self.up(x)
        return self.double1(torch.cat((center_crop(x2, up.shape[2:]), up), 1))


class N(nn.Module):
    """N, case.arch:7-19."""

    def __init__(self):
        super().__init__()
        self.down1 = named(double1=Double(1, 4))  # case.arch:7
        self.down2 = named(double1=Double(4, 8))
        self.down3 = named(double1=Double(8, 16))
        self.bottom = named(double1=Double(16, 32))  # case.arch:11
        self.up1 = Up(32, 16)  # case.arch:14
        self.up2 = Up(16, 8)
        self.up3 = Up(8, 4)
        self.conv1 = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        down1 = self.down1(x)
        down2 = self.down2(F.max_pool2d(down1, 2))
        down3 = self.down3(F.max_pool2d(down2, 2))
        x = self.bottom(F.max_pool2d(down3, 2))
        x = self.up1(x, down3)
        x = self.up2(x, down2)
        x = self.up3(x, down1)
        return self.conv1(x)
