"""N: 3,294 parameters; input image 3x8x8.

Made by Ogive from case.arch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class SE(nn.Module):
    """SE, case.arch:3-5."""

    def __init__(self, in_channels, r=2):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, in_channels // r, 1)
        self.conv2 = nn.Conv2d(in_channels // r, in_channels, 1)

    def forward(self, x):
        y = F.relu(self.conv1(F.adaptive_avg_pool2d(x, 1)), inplace=True)
        y = torch.sigmoid(self.conv2(y))
        return x * y


class N(nn.Module):
    """N, case.arch:10-13."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.se1 = SE(8)
        self.conv2 = nn.Conv2d(8, 12, 3, bias=False)
        self.bn2 = nn.BatchNorm2d(12)
        self.se2 = SE(12, r=3)
        self.conv3 = nn.Conv2d(12, 12, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(12)
        self.se3 = SE(12, r=4)
        self.linear1 = nn.Linear(192, 3)

    def forward(self, x):
        x = self.bn1(self.conv1(x))
        x = self.se1(x)
        x = self.bn2(self.conv2(F.relu(x)))
        x = self.se2(x)
        x = F.relu(x)
        y = self.bn3(self.conv3(x))
        y = self.se3(y)
        return self.linear1(torch.flatten(F.relu(y + x, inplace=True), 1))
