"""N: 2,654 parameters; input image 3x8x8.

Made by Ogive from case.arch.
"""

from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn


def named(**modules):
    """A chain of modules under their names."""
    return nn.Sequential(OrderedDict(modules))


class Train(nn.Module):
    """train, case.arch:3."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, x):
        return F.relu(self.conv1(x), inplace=True)


class N(nn.Module):
    """N, case.arch:3-19."""

    def __init__(self):
        super().__init__()
        self.train_ = Train()  # case.arch:3
        # case.arch:4
        self._3a = named(conv1=nn.Conv2d(4, 4, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(4))
        # case.arch:5
        self.n_3a = named(conv1=nn.Conv2d(4, 4, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(4))
        # case.arch:6
        self.class_ = named(conv1=nn.Conv2d(4, 4, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(4))
        # case.arch:7
        self.n_modules = named(conv1=nn.Conv2d(4, 4, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(4))
        # case.arch:8
        self.n__init__ = named(conv1=nn.Conv2d(4, 4, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(4))
        # case.arch:9
        self.a_b_c = named(conv1=nn.Conv2d(4, 4, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(4))
        # case.arch:10
        self.a_b_c_2 = named(conv1=nn.Conv2d(4, 4, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(4))
        # case.arch:11
        self.insert_ = named(conv1=nn.Conv2d(4, 4, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(4))
        # case.arch:12
        self.sch_n = named(conv1=nn.Conv2d(4, 4, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(4))
        # case.arch:13
        self.x______import_os__os_abort____ = named(
            conv1=nn.Conv2d(4, 4, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(4)
        )
        self.forward_ = nn.Conv2d(4, 4, 3)
        self.torch = nn.Conv2d(4, 4, 3)
        self.half_ = nn.Conv2d(4, 4, 3, padding=2)
        self.children_ = nn.Linear(288, 2)

    def forward(self, x):
        x = self.train_(x)
        x = self._3a(x)
        x = self.n_3a(x)
        x = self.class_(x)
        x = self.n_modules(x)
        x = self.n__init__(x)
        x = self.a_b_c(x)
        x = self.a_b_c_2(x)
        x = self.insert_(x)
        x = self.sch_n(x)
        x = self.x______import_os__os_abort____(x)
        self_ = F.relu(self.forward_(x), inplace=True)
        x = self.torch(self_)
        x = self.half_(x)
        return self.children_(torch.flatten(torch.cat((self_, x), 1), 1))
