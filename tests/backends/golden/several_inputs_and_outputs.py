"""N: 514 parameters; input image 3x8x8, other 2x8x8.

Made by Ogive from case.arch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class N(nn.Module):
    """N, case.arch:4-8."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3)
        self.conv2 = nn.Conv2d(2, 4, 3)
        self.c = nn.Conv2d(8, 4, 1)
        self.linear1 = nn.Linear(144, 2)

    def forward(self, image, other):
        a = F.relu(self.conv1(image), inplace=True)
        b = F.relu(self.conv2(other), inplace=True)
        c = self.c(torch.cat((a, b), 1))
        return {"left": c + a, "right": self.linear1(torch.flatten(c * b, 1))}
