"""Networks written by hand, as a user might have them, and what the tests do to modules."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as fn


def randomised(module: nn.Module) -> nn.Module:
    """The module in float64, its norms, statistics and linear layers random."""
    module.double()
    with torch.no_grad():
        for submodule in module.modules():
            if isinstance(submodule, nn.BatchNorm2d | nn.LayerNorm):
                submodule.weight.uniform_(0.5, 1.5)
                submodule.bias.normal_(0, 0.1)
            if isinstance(submodule, nn.BatchNorm2d):
                submodule.running_mean.normal_(0, 0.1)
                submodule.running_var.uniform_(0.5, 1.5)
                submodule.num_batches_tracked.fill_(7)
            if isinstance(submodule, nn.Linear):
                submodule.weight.normal_(0, 0.1)
    return module


def snapshot(module: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def unchanged(module: nn.Module, before: dict[str, Tensor]) -> bool:
    now = module.state_dict()
    return now.keys() == before.keys() and all(torch.equal(now[name], before[name]) for name in before)


class ShortcutFirst(nn.Module):
    """He et al.'s basic block with the shortcut registered and run before the body."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.project = nn.Identity()
        if stride > 1 or width_in != width:
            conv = nn.Conv2d(width_in, width, 1, stride, bias=False)
            self.project = nn.Sequential(conv, nn.BatchNorm2d(width))
        self.norm_b, self.norm_a = nn.BatchNorm2d(width), nn.BatchNorm2d(width)
        self.conv_b = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.conv_a = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = self.project(x)
        x = fn.relu(self.norm_a(self.conv_a(x)))
        return (shortcut + self.norm_b(self.conv_b(x))).relu_()


class HandResNet(nn.Module):
    """resnet18 by other names, with a 1x1 convolution for the classifier."""

    def __init__(self, layers: tuple[int, ...], classes: int) -> None:
        super().__init__()
        self.classify = nn.Conv2d(64 * 2 ** (len(layers) - 1), classes, 1)
        self.blocks = nn.ModuleList()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        )
        width_in = 64
        for i, count in enumerate(layers):
            for j in range(count):
                width = 64 * 2**i
                self.blocks.append(ShortcutFirst(width_in, width, 2 if i and not j else 1))
                width_in = width

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.classify(x.mean((2, 3), keepdim=True)).flatten(1)


class HandDenseNet(nn.Module):
    """DenseNet-BC that concatenates as it goes: cat(cat(x, a), b)."""

    def __init__(self, growth: int, layers: tuple[int, ...], width: int, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.stem_norm = nn.BatchNorm2d(width)
        self.stages, self.transitions = nn.ModuleList(), nn.ModuleList()
        for i, count in enumerate(layers):
            if i:
                self.transitions.append(_pre_activation(width, width // 2, 1))
                width //= 2
            stage = nn.ModuleList()
            for _ in range(count):
                bottleneck, grow = (
                    _pre_activation(width, 4 * growth, 1),
                    _pre_activation(4 * growth, growth, 3),
                )
                stage.append(nn.Sequential(bottleneck, grow))
                width += growth
            self.stages.append(stage)
        self.last, self.classify = nn.BatchNorm2d(width), nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = fn.max_pool2d(self.stem_norm(self.stem(x)).relu(), 3, 2, 1)
        for i, stage in enumerate(self.stages):
            if i:
                x = fn.avg_pool2d(self.transitions[i - 1](x), 2)
            for layer in stage:
                x = torch.cat([x, layer(x)], -3)
        return self.classify(self.last(x).relu().mean((2, 3)))


def _pre_activation(width_in: int, width: int, kernel: int) -> nn.Sequential:
    conv = nn.Conv2d(width_in, width, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(nn.BatchNorm2d(width_in), nn.ReLU(inplace=True), conv)


def _unit(width_in: int, width: int, kernel: int, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(width_in, width, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(width, eps=0.001), nn.ReLU())


class Branches(nn.Module):
    """GoogLeNet's module, its branches registered and run from the last to the first."""

    def __init__(self, width: int, c1: int, c3r: int, c3: int, c5r: int, c5: int, pool: int) -> None:
        super().__init__()
        self.pooled = nn.Sequential(nn.MaxPool2d(3, 1, 1, ceil_mode=True), _unit(width, pool, 1))
        self.large = nn.Sequential(_unit(width, c5r, 1), _unit(c5r, c5, 3))
        self.middle = nn.Sequential(_unit(width, c3r, 1), _unit(c3r, c3, 3))
        self.small = _unit(width, c1, 1)

    def forward(self, x: Tensor) -> Tensor:
        pooled, large = self.pooled(x), self.large(x)
        return torch.cat([self.small(x), self.middle(x), large, pooled], 1)


class HandGoogLeNet(nn.Module):
    """torchvision's GoogLeNet by other names, without the auxiliary heads."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.head = nn.Linear(1024, classes)
        rows = (
            (192, 64, 96, 128, 16, 32, 32),
            (256, 128, 128, 192, 32, 96, 64),
            (480, 192, 96, 208, 16, 48, 64),
            (512, 160, 112, 224, 24, 64, 64),
            (512, 128, 128, 256, 24, 64, 64),
            (512, 112, 144, 288, 32, 64, 64),
            (528, 256, 160, 320, 32, 128, 128),
            (832, 256, 160, 320, 32, 128, 128),
            (832, 384, 192, 384, 48, 128, 128),
        )
        self.inceptions = nn.ModuleList(Branches(*row) for row in rows)
        self.stem = nn.Sequential(
            _unit(3, 64, 7, 2), nn.MaxPool2d(3, 2, ceil_mode=True), _unit(64, 64, 1), _unit(64, 192, 3)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = fn.max_pool2d(self.stem(x), 3, 2, ceil_mode=True)
        for i, inception in enumerate(self.inceptions):
            x = inception(x)
            if i == 1:
                x = fn.max_pool2d(x, 3, 2, ceil_mode=True)
            if i == 6:
                x = fn.max_pool2d(x, 2, 2, ceil_mode=True)
        return self.head(fn.adaptive_avg_pool2d(x, 1).flatten(1))


class Clique(nn.Module):
    """A clique of three layers and two stages, its weights concatenated where they are used."""

    def __init__(self, width: int, k: int, *, backwards: bool = False) -> None:
        super().__init__()
        names = [f"{j}_{i}" for j in range(4) for i in range(1, 4) if i != j]
        for name in reversed(names) if backwards else names:
            self.register_parameter(
                f"from_{name}", nn.Parameter(torch.randn(k, width if name[0] == "0" else k, 3, 3) / 4)
            )
        self.backwards = backwards

    def _mix(self, states: dict[int, Tensor], i: int) -> Tensor:
        weight = torch.cat([self.get_parameter(f"from_{j}_{i}") for j in states], 1)
        return fn.conv2d(torch.cat(list(states.values()), 1), weight, padding=1).tanh()

    def forward(self, x: Tensor) -> Tensor:
        states = {0: x}
        for i in (1, 2, 3):
            states[i] = self._mix(states, i)
        for i in (1, 2, 3):
            states[i] = self._mix({j: states[j] for j in (1, 2, 3) if j != i}, i)
        return torch.cat(list(states.values()), 1)


class Wired(nn.Module):
    """Submodules by name, and a function that uses them."""

    def __init__(self, forward: Callable[..., object], **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
        self.wiring = forward

    def forward(self, *inputs: Tensor) -> object:
        return self.wiring(self, *inputs)
