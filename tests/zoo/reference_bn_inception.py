"""The networks of "Batch Normalization", Ioffe & Szegedy 2015, in plain PyTorch, written from the paper and from what is known of
slim's and Caffe's codes, independently of our files: figure 5, and the small net of section 4.1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Pads = Literal["slim", "caffe"]
Order = Literal["conv act", "conv norm act", "conv act norm"]

FIGURE_5 = {
    # block: 1x1, (3x3 reduce, 3x3), (double reduce, double), projection behind the pool, kind of the pool
    "3a": (64, (64, 64), (64, 96), 32, "avg"),
    "3b": (64, (64, 96), (64, 96), 64, "avg"),
    "3c": (0, (128, 160), (64, 96), 0, "max"),
    "4a": (224, (64, 96), (96, 128), 128, "avg"),
    "4b": (192, (96, 128), (96, 128), 128, "avg"),
    "4c": (160, (128, 160), (128, 160), 128, "avg"),
    "4d": (96, (128, 192), (160, 192), 128, "avg"),
    "4e": (0, (128, 192), (192, 256), 0, "max"),
    "5a": (352, (192, 320), (160, 224), 128, "avg"),
    "5b": (352, (192, 320), (192, 224), 128, "max"),
}
CORRECTED = {"4c": 96, "4d": 96}
"""Projections with which these two have the 576 channels that the figure prints."""


def tensorflow_pads(x: Tensor, kernel: int, stride: int, value: float = 0.0) -> Tensor:
    """TensorFlow's SAME: ceil(size / stride) windows, the odd element of the padding behind."""
    pads: list[int] = []
    for size in (x.shape[3], x.shape[2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        pads += [total // 2, total - total // 2]
    return functional.pad(x, pads, value=value)


class Pool(nn.Module):
    def __init__(self, kind: str, stride: int, pads: Pads) -> None:
        super().__init__()
        self.kind, self.stride, self.pads = kind, stride, pads

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "max":
            if self.pads == "slim":
                return functional.max_pool2d(tensorflow_pads(x, 3, self.stride, -torch.inf), 3, self.stride)
            # a pool that strides rounds up; one that does not is padded
            return functional.max_pool2d(
                x, 3, self.stride, padding=1 if self.stride == 1 else 0, ceil_mode=True
            )
        sums = functional.avg_pool2d(x, 3, 1, padding=1, divisor_override=1)
        if self.pads == "caffe":
            return sums / 9
        places = functional.avg_pool2d(torch.ones_like(x[:1, :1]), 3, 1, padding=1, divisor_override=1)
        return sums / places


class Unit(nn.Module):
    """A convolution with norm and activation in some order.

    A norm directly behind the convolution cancels a bias, which is then left out unless `bias` asks for it.
    """

    def __init__(self, net: BNInception, inputs: int, outputs: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        self.kernel, self.stride, self.pads, self.order = kernel, stride, net.pads, net.order.split()
        bias = net.bias or net.order != "conv norm act"
        self.before = nn.Identity()
        if net.separable and kernel == 7:  # 8 filters of each colour, then all are mixed
            self.before = nn.Conv2d(inputs, 8 * inputs, kernel, stride, groups=inputs, bias=False)
            self.conv = nn.Conv2d(8 * inputs, outputs, 1, bias=bias)
        else:
            self.conv = nn.Conv2d(inputs, outputs, kernel, stride, bias=bias)
        self.norm = nn.BatchNorm2d(outputs, eps=net.eps) if "norm" in self.order else None
        self.act = net.act

    def forward(self, x: Tensor) -> Tensor:
        if self.pads == "slim":
            x = tensorflow_pads(x, self.kernel, self.stride)
        else:
            x = functional.pad(x, [self.kernel // 2] * 4)
        parts: dict[str, Callable[[Tensor], Tensor] | None] = {
            "conv": self.conv,
            "norm": self.norm,
            "act": self.act,
        }
        x = self.before(x)
        for name in self.order:
            part = parts[name]
            assert part is not None
            x = part(x)
        return x


class Block(nn.Module):
    def __init__(self, net: BNInception, inputs: int, name: str, projection: int) -> None:
        super().__init__()
        one, (reduced, wide), (double_reduced, double), _, pool = FIGURE_5[name]
        stride = 1 if one else 2
        branches: list[nn.Module] = [
            nn.Sequential(Unit(net, inputs, reduced, 1), Unit(net, reduced, wide, 3, stride)),
            nn.Sequential(
                Unit(net, inputs, double_reduced, 1),
                Unit(net, double_reduced, double, 3),
                Unit(net, double, double, 3, stride),
            ),
        ]
        if one:
            branches = [Unit(net, inputs, one, 1), *branches]
            branches += [nn.Sequential(Pool(pool, 1, net.pads), Unit(net, inputs, projection, 1))]
        else:
            branches += [Pool(pool, 2, net.pads)]
        self.branches = nn.ModuleList(branches)
        self.out = one + wide + double + (projection if one else inputs)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.branches], 1)


class BNInception(nn.Module):
    """Figure 5.

    Args:
        widths: whether 4c and 4d have the widths that are printed (608 channels) or the channels (576).
        pads: whose paddings and means.
        order: whether there are norms, and where.
        act: what follows each convolution, or its norm.
        eps: of the norms.
        bias: whether convolutions keep a bias that a norm cancels.
        separable: whether the first convolution is.
        lrn: whether the responses are normalised where GoogLeNet does it.
        drop: what is dropped in front of the classifier.
    """

    def __init__(
        self,
        widths: Literal[576, 608],
        pads: Pads = "slim",
        *,
        order: Order = "conv norm act",
        act: Callable[[Tensor], Tensor] = torch.relu,
        eps: float = 1e-5,
        bias: bool = False,
        separable: bool = False,
        lrn: bool = False,
        drop: float = 0.0,
    ) -> None:
        super().__init__()
        self.dropout = nn.Dropout(drop)
        self.pads: Pads = pads
        self.order: Order = order
        self.act, self.eps, self.bias, self.separable = act, eps, bias, separable
        norm = nn.LocalResponseNorm(5) if lrn else nn.Identity()
        self.stem = nn.Sequential(
            Unit(self, 3, 64, 7, 2), Pool("max", 2, pads), norm,
            Unit(self, 64, 64, 1), Unit(self, 64, 192, 3), norm, Pool("max", 2, pads),
        )  # fmt: skip
        self.blocks = nn.Sequential()
        channels = 192
        for name, (*_, projection, _) in FIGURE_5.items():
            block = Block(
                self, channels, name, CORRECTED.get(name, projection) if widths == 576 else projection
            )
            self.blocks.append(block)
            channels = block.out
        assert channels == 1024
        self.linear = nn.Linear(channels, 1000)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.dropout(self.blocks(self.stem(x)).mean((2, 3))))


def mnist(norms: bool) -> nn.Sequential:
    """Section 4.1: three layers of 100 sigmoids."""
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs in (28 * 28, 100, 100):
        layers += [nn.Linear(inputs, 100, bias=not norms)]
        layers += [nn.BatchNorm1d(100)] if norms else []
        layers += [nn.Sigmoid()]
    return nn.Sequential(*layers, nn.Linear(100, 10))
