"""N: 667 parameters; input image 1x12x12.

Made by Ogive from case.arch.
"""

import torch
import torch.nn.functional as F
from torch import nn


class N(nn.Module):
    """N, case.arch:3-5."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.linear1 = nn.Linear(100, 6)
        self.dropout1 = nn.Dropout(0.5)
        self.linear2 = nn.Linear(6, 3)

    def forward(self, x):
        x = torch.flatten(F.max_pool2d(F.relu(self.conv1(x), inplace=True), 2), 1)
        x = self.dropout1(F.relu(self.linear1(x), inplace=True))
        return self.linear2(x)
