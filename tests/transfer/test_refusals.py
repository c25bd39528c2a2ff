"""What is refused, what the message says, and that the target is as it was."""

import pickle
import re

import pytest
import torch
import torchvision.models as tv
from torch import Tensor, nn
from torch.nn import functional as fn

import ogive
from ogive.transfer import TransferError, transfer
from transfer.modules import Clique, HandResNet, randomised, snapshot, unchanged

IMAGE = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
ROWS = torch.randn(2, 8, generator=torch.Generator().manual_seed(1))


class Parallel(nn.Module):
    """head(sum of the branches)."""

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        self.branches = nn.ModuleList(branches)
        self.head = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(sum(branch(x) for branch in self.branches))


class Twice(nn.Module):
    """Two linear layers, which may be one."""

    def __init__(self, shared: bool) -> None:
        super().__init__()
        self.one = nn.Linear(8, 8)
        self.two = self.one if shared else nn.Linear(8, 8)

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.one(x).relu())


class Crossed(nn.Module):
    """The same operations, joined in two ways."""

    def __init__(self, crossed: bool) -> None:
        super().__init__()
        self.one, self.two, self.crossed = nn.Linear(8, 8), nn.Linear(8, 8), crossed

    def forward(self, x: Tensor) -> Tensor:
        one, two = self.one(x).relu(), self.two(x).relu()
        if self.crossed:
            one, two = two, one
        return torch.cat([self.one(one), self.two(two)], 1)


class Whole(nn.Module):
    """A convolution whose weight is one tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(12, 4, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Parts(nn.Module):
    """The same convolution, its weight in three parts."""

    def __init__(self) -> None:
        super().__init__()
        self.link = nn.ParameterList(torch.randn(4, 4, 3, 3) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        return fn.conv2d(x, torch.cat(list(self.link), 1), padding=1)


class RightProduct(nn.Module):
    """x @ w, where nn.Linear computes x @ w.t()."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(8, 8)), nn.Parameter(torch.randn(8))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight + self.bias


class Breaks(nn.Module):
    """Fails on its second run, after having counted in a buffer and thrown another away."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(8, 8)
        self.register_buffer("runs", torch.zeros(()))
        self.register_buffer("extra", torch.ones(2))

    def forward(self, x: Tensor) -> Tensor:
        self.runs += 1
        self.extra = torch.zeros(2)
        if self.runs > 1:
            raise RuntimeError("out of order")
        return self.linear(x)


def conv(kernel: int = 1) -> nn.Conv2d:
    return nn.Conv2d(3, 4, kernel, padding=kernel // 2)


def sequence(activation: nn.Module, eps: float = 1e-5) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, eps=eps), activation, nn.Conv2d(4, 4, 1))


REFUSED = {
    "two branches": (
        lambda: Parallel(conv(), conv()),
        lambda: Parallel(conv(), conv()),
        IMAGE,
        (
            r"not unique.*`branches\.0\.weight` and `branches\.1\.weight` of the source apart.*"
            r"`branches\.0\.weight` and `branches\.1\.weight` of the target \(2 more"
        ),
    ),
    "many branches": (
        lambda: Parallel(*(conv() for _ in range(20))),
        lambda: Parallel(*(conv() for _ in range(20))),
        IMAGE,
        r"not unique.*`branches\.0\.weight`.*and 15 others of the source.*\(20 more",
    ),
    "interchangeable beside another": (
        lambda: Parallel(conv(3), conv(1), conv(1)),
        lambda: Parallel(conv(1), conv(3), conv(1)),
        IMAGE,
        (
            r"`branches\.1\.weight` and `branches\.2\.weight` of the source.*"
            r"`branches\.[02]\.weight` and `branches\.[02]\.weight` of the target"
        ),
    ),
    "kernel": (
        lambda: nn.Sequential(conv(3), nn.ReLU(), nn.Conv2d(4, 4, 3)),
        lambda: nn.Sequential(conv(3), nn.ReLU(), nn.Conv2d(4, 4, 1)),
        IMAGE,
        r"the dataflows part: `2` \(conv 3x3 4 -> 4\) vs `2` \(conv 1x1 4 -> 4\)$",
    ),
    "stride": (
        lambda: HandResNet((1, 1), 5),
        lambda: HandResNet((2, 1), 5),
        IMAGE.repeat(1, 1, 4, 4),
        (
            r"`blocks\.1\.project\.0` \(conv 1x1/2 64 -> 128\) vs `blocks\.1\.conv_a` \(conv 3x3 64 -> 64\)"
            r"\n +"
            r"= also: "
            r"`blocks\.1\.conv_a` \(conv 3x3/2 64 -> 128\) of the source has no counterpart in the target"
        ),
    ),
    "branch missing": (
        lambda: Parallel(conv(1), conv(3)),
        lambda: Parallel(conv(1)),
        IMAGE,
        r"`branches\.1` \(conv 3x3 3 -> 4\) (of the source has no counterpart|vs)",
    ),
    "bias": (
        lambda: nn.Sequential(nn.Linear(8, 8)),
        lambda: nn.Sequential(nn.Linear(8, 8, bias=False)),
        ROWS,
        r"`0` \(linear 8 -> 8\) vs `0` \(linear 8 -> 8\): 3 operands vs 2 \(a bias",
    ),
    "shared in the source": (
        lambda: Twice(True),
        lambda: Twice(False),
        ROWS,
        r"`one\.weight` of the source is used 2 times.*own for each: `one\.weight` and `two\.weight`",
    ),
    "shared in the target": (
        lambda: Twice(False),
        lambda: Twice(True),
        ROWS,
        r"`one\.weight` of the target is used 2 times",
    ),
    "joined differently": (
        lambda: Crossed(False),
        lambda: Crossed(True),
        ROWS,
        "differ in how they are joined",
    ),
    "whole and parts": (
        Parts,
        Whole,
        torch.randn(1, 12, 4, 4),
        (
            r"cat of 3 along 1 of `link\.0`, `link\.1` and `link\.2`.*`conv` \(conv 3x3 12 -> 4\) "
            r"\(a whole weight is not matched"
        ),
    ),
    "outputs": (
        lambda: nn.Linear(8, 8),
        lambda: Tupled(nn.Linear(8, 8)),
        ROWS,
        "the source has 1 outputs, the target 2",
    ),
    "transposed weight": (RightProduct, lambda: nn.Linear(8, 8), ROWS, r"the matmul.*vs the linear 8 -> 8"),
    "another activation": (
        lambda: sequence(nn.ReLU()),
        lambda: sequence(nn.Tanh()),
        IMAGE,
        r"match, but output 0 differs by .*: before `3` \(conv 1x1 4 -> 4\): relu; before `3`.*: tanh",
    ),
    "another eps": (
        lambda: sequence(nn.ReLU()),
        lambda: sequence(nn.ReLU(), eps=0.1),
        IMAGE,
        r"output 0 differs by .*: `1` \(batch_norm 4\) vs `1` \(batch_norm 4\): eps 1e-05 vs eps 0\.1",
    ),
    "wrong input": (
        lambda: nn.Linear(3, 3),
        lambda: nn.Linear(3, 3),
        ROWS,
        r"the source fails on the example \(2x8\)",
    ),
    "lazy": (lambda: nn.Linear(8, 8), lambda: nn.LazyLinear(8), ROWS, "`weight` has no shape yet"),
    "no parameters": (nn.ReLU, nn.ReLU, ROWS, "no parameter of the source"),
    "target fails": (lambda: nn.Linear(8, 8), Breaks, ROWS, "the target fails on the example .*out of order"),
    "zero output": (
        lambda: nn.Sequential(nn.Linear(8, 8), Times(0.0)),
        lambda: nn.Sequential(nn.Linear(8, 8), Times(0.0)),
        ROWS,
        "zero on the example",
    ),
    "infinite output": (
        lambda: nn.Sequential(nn.Linear(8, 8), Times(float("inf"))),
        lambda: nn.Sequential(nn.Linear(8, 8), Times(float("inf"))),
        ROWS,
        "not finite",
    ),
}


class Tupled(nn.Module):
    """A module and its input."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.inner(x), x


class Times(nn.Module):
    """Times a constant."""

    def __init__(self, constant: float) -> None:
        super().__init__()
        self.constant = constant

    def forward(self, x: Tensor) -> Tensor:
        return x * self.constant


def hooks(module: nn.Module) -> list[int]:
    return [len(sub._forward_hooks) + len(sub._forward_pre_hooks) for sub in module.modules()]


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_the_place_and_an_untouched_target(case: str) -> None:
    torch.manual_seed(0)
    source, target, example, message = REFUSED[case]
    source, target = source(), target()
    lazy = case == "lazy"
    before = snapshot(source), {} if lazy else snapshot(target)
    hooked = hooks(target)
    tensors = dict(target.named_parameters()) | dict(target.named_buffers())
    with pytest.raises(TransferError) as refused:
        transfer(source, target, example)
    assert re.search(message, str(refused.value)), str(refused.value)
    assert unchanged(source, before[0])
    assert lazy or unchanged(target, before[1])
    now = dict(target.named_parameters()) | dict(target.named_buffers())
    assert all(now[name] is tensors[name] for name in tensors)
    assert source.training
    assert target.training
    assert hooks(target) == hooked


def test_resnets_of_two_depths() -> None:
    source, target = tv.resnet50(), tv.resnet18()
    before = snapshot(target)
    with pytest.raises(
        TransferError, match=r"`layer1\.0\.conv1` \(conv 1x1 64 -> 64\) vs .*\(conv 3x3 64 -> 64\)"
    ):
        transfer(source, target, torch.randn(1, 3, 32, 32))
    assert unchanged(target, before)


def test_a_tolerance_decides() -> None:
    source, target = sequence(nn.ReLU()), sequence(nn.ReLU(), eps=1e-3)
    randomised(source), target.double()
    with pytest.raises(TransferError, match="eps"):
        transfer(source, target, IMAGE)
    assert 1e-9 < transfer(source, target, IMAGE, rtol=0.01, verbose=False).max_error < 0.01


def test_the_example_must_be_tensors() -> None:
    for example in ((), "image", [[1.0]]):
        with pytest.raises(TransferError, match="the example must be a tensor or a tuple of tensors"):
            transfer(nn.Linear(8, 8), nn.Linear(8, 8), example)  # pyright: ignore[reportArgumentType]


def test_a_clique_that_differs_names_its_links() -> None:
    message = r"the conv 3x3 5 -> 4 of `from_0_1` vs the conv 3x3 5 -> 3 of `from_0_1`\n.* `from_0_2` and"
    with pytest.raises(TransferError, match=message):
        transfer(Clique(5, 4), Clique(5, 3), torch.randn(1, 5, 6, 6))


class Drawn:
    """What `ogive.load` returns, as far as a transfer looks at it."""

    def module(self) -> nn.Module:
        return nn.Linear(8, 8)


def test_a_network_is_not_its_module() -> None:
    for source, target, role in (
        (nn.Linear(8, 8), ogive.loads("net A() {\n  input x: [8]\n  linear(8)\n}\n"), "target"),
        (Drawn(), nn.Linear(8, 8), "source"),
    ):
        with pytest.raises(TransferError, match=f"the {role} is a") as refused:
            transfer(source, target, ROWS)  # pyright: ignore[reportArgumentType]
        assert refused.value.diagnostics[0].help == "net.module()"
    with pytest.raises(TransferError) as refused:
        transfer(nn.Linear(8, 8), "linear", ROWS)  # pyright: ignore[reportArgumentType]
    assert refused.value.diagnostics[0].help == "a `torch.nn.Module`"


def test_a_refusal_is_one_diagnostic_like_any_other() -> None:
    with pytest.raises(ogive.ArchError) as refused:
        transfer(Clique(5, 4), Clique(5, 3), torch.randn(1, 5, 6, 6))
    (diagnostic,) = refused.value.diagnostics
    assert diagnostic.code == "E530"
    assert diagnostic.notes
    again = pickle.loads(pickle.dumps(refused.value))
    assert type(again) is TransferError
    assert (str(again), again.diagnostics) == (str(refused.value), (diagnostic,))
