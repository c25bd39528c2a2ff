"""N: 2,314 parameters; input image 3x9x9.

Made by Ogive from case.arch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class SameConv2d(nn.Conv2d):
    """Convolution that keeps ceil(size / stride), padding behind where the total is odd."""

    def forward(self, x):
        pad = []
        for axis, (k, s, d) in enumerate(zip(self.kernel_size, self.stride, self.dilation), 2):
            total = d * (k - 1) - (x.shape[axis] - 1) % s
            if d * (k - 1) < s - 1:  # the steps may leave gaps, and the last of them needs no padding
                total = torch.sym_max(total, 0)
            pad = [total // 2, total - total // 2] + pad  # the last axis comes first
        x = F.pad(x, pad, "constant" if self.padding_mode == "zeros" else self.padding_mode)
        return F.conv2d(x, self.weight, self.bias, self.stride, 0, self.dilation, self.groups)


class Factor(nn.Module):
    """Factor, case.arch:2."""

    def __init__(self, in_channels, width, across, down, conv1_padding, conv2_padding):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, width, across, padding=conv1_padding)
        self.conv2 = nn.Conv2d(width, width, down, padding=conv2_padding)

    def forward(self, x):
        x = F.relu(self.conv1(x), inplace=True)
        return F.relu(self.conv2(x), inplace=True)


class N(nn.Module):
    """N, case.arch:5-9."""

    def __init__(self):
        super().__init__()
        self.conv1 = SameConv2d(3, 4, 3, stride=2)
        self.conv2 = SameConv2d(4, 4, 2)
        self.factor1 = Factor(4, 4, (1, 3), (3, 1), (0, 1), (1, 0))
        self.factor2 = Factor(4, 6, (1, 5), (5, 1), (0, 2), (2, 0))
        self.factor3 = Factor(6, 6, (1, 7), (7, 1), (0, 3), (3, 0))
        self.linear1 = nn.Linear(600, 2)

    def forward(self, x):
        x = self.conv1(x)
        x = F.interpolate(F.relu(self.conv2(x), inplace=True), scale_factor=2)
        x = self.factor1(x)
        x = self.factor2(x)
        x = self.factor3(x)
        return self.linear1(torch.flatten(x, 1))
