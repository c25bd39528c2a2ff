"""N: 5,936 parameters; input image 4x6x6.

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


class Clique(nn.Module):
    """clique1, case.arch:3."""

    def __init__(self):
        super().__init__()
        for i in range(1, 4):
            for j in range(4):
                if j != i:
                    self.add_module(f"link_{j}_{i}", SameConv2d(4, 4, 2, bias=j == 0))
                    nn.init.normal_(getattr(self, f"link_{j}_{i}").weight, std=0.1)
            self.add_module(f"dropout1_{i}", nn.Dropout(0.5))
        for stage in range(1, 3):
            for i in range(1, 4):
                width = len(self.sources(stage, i)) * 4
                self.add_module(f"gn1_{stage}_{i}", nn.GroupNorm(2, width))
                self.add_module(f"prelu1_{stage}_{i}", nn.PReLU())

    def sources(self, stage, i):
        """The X_j that X_i is made of: those before it in stage 1, every other layer afterwards."""
        return range(i) if stage == 1 else [j for j in range(1, 4) if j != i]

    def forward(self, x):
        x = [x] + [None] * 3
        for stage in range(1, 3):
            for i in range(1, 4):
                sources = self.sources(stage, i)
                y = torch.cat([x[j] for j in sources], 1)
                y = getattr(self, f"dropout1_{i}")(
                    getattr(self, f"prelu1_{stage}_{i}")(getattr(self, f"gn1_{stage}_{i}")(y))
                )
                parts = y.split(4, 1)
                y = sum(getattr(self, f"link_{j}_{i}")(parts[n]) for n, j in enumerate(sources))
                if stage > 1:  # X0 takes no part, the bias of its link does
                    y = y + getattr(self, f"link_0_{i}").bias.view(-1, 1, 1)
                x[i] = y
        return torch.cat(x[1:], 1)


class Clique2(nn.Module):
    """clique2, case.arch:4."""

    def __init__(self):
        super().__init__()
        for i in range(1, 4):
            for j in range(4):
                if j != i:
                    channels = 12 if j == 0 else 4
                    self.add_module(f"link_{j}_{i}", nn.Conv2d(channels, 4, 3, padding=1, bias=j == 0))
            self.add_module(f"dropout1_{i}", nn.Dropout(0.5))

    def sources(self, stage, i):
        """The X_j that X_i is made of: those before it in stage 1, every other layer afterwards."""
        return range(i) if stage == 1 else [j for j in range(1, 4) if j != i]

    def forward(self, x):
        x = [x] + [None] * 3
        for stage in range(1, 3):
            for i in range(1, 4):
                sources = self.sources(stage, i)
                y = torch.cat([x[j] for j in sources], 1)
                weight = torch.cat([getattr(self, f"link_{j}_{i}").weight for j in sources], 1)
                y = F.relu(F.conv2d(y, weight, getattr(self, f"link_0_{i}").bias, padding=1), inplace=True)
                x[i] = getattr(self, f"dropout1_{i}")(y)
        return torch.cat(x[1:], 1)


class Clique3(nn.Module):
    """clique3, case.arch:5."""

    def __init__(self):
        super().__init__()
        for i in range(1, 4):
            for j in range(4):
                if j != i:
                    channels = 12 if j == 0 else 4
                    self.add_module(
                        f"link_{j}_{i}",
                        nn.Conv2d(channels, 4, 3, padding=1, bias=False, padding_mode="reflect"),
                    )
        for stage in range(1, 3):
            for i in range(1, 4):
                self.add_module(f"bn1_{stage}_{i}", nn.BatchNorm2d(4))

    def sources(self, stage, i):
        """The X_j that X_i is made of: those before it in stage 1, every other layer afterwards."""
        return range(i) if stage == 1 else [j for j in range(1, 4) if j != i]

    def forward(self, x):
        x = [x] + [None] * 3
        for stage in range(1, 3):
            for i in range(1, 4):
                sources = self.sources(stage, i)
                y = torch.cat([x[j] for j in sources], 1)
                parts = y.split([12 if j == 0 else 4 for j in sources], 1)
                y = sum(getattr(self, f"link_{j}_{i}")(parts[n]) for n, j in enumerate(sources))
                x[i] = getattr(self, f"bn1_{stage}_{i}")(y)
        return torch.cat(x[1:], 1)


class N(nn.Module):
    """N, case.arch:3-6."""

    def __init__(self):
        super().__init__()
        self.clique1 = Clique()  # case.arch:3
        self.clique2 = Clique2()  # case.arch:4
        self.clique3 = Clique3()  # case.arch:5
        self.linear1 = nn.Linear(432, 2)

    def forward(self, x):
        x = self.clique1(x)
        x = self.clique2(x)
        x = self.clique3(x)
        return self.linear1(torch.flatten(x, 1))
