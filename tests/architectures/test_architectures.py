"""Networks of every kind, written in the language: each counts what it is known to count, runs, and, where somebody
else has built it, computes the same.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import ogive
from architectures.known import KNOWN
from architectures.same import SAME
from ogive.layers.base import TensorType
from ogive.layers.unknown import SizeExpr
from ogive.network import Network

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.arch"))
BATCH = 2


def target(name: str) -> str:
    file, colon, variant = name.partition(":")
    return f"{HERE / file}.arch{colon}{variant}"


@cache
def load(name: str) -> Network:
    return ogive.load(target(name))


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def built(model: Any) -> nn.Module:
    """The module without memory for its weights, where it can be built so."""
    try:
        with torch.device("meta"):
            return model()
    except NotImplementedError:  # it computes its widths with tensors
        return model()


@pytest.mark.parametrize("name", KNOWN)
def test_counts_what_it_is_known_to_count(name: str) -> None:
    known, network = KNOWN[name], load(name)
    assert network.params == known.params
    if known.sum is not None:
        assert known.sum == known.params, known.origin
    if known.model is not None:
        assert count(built(known.model)) == known.params + known.heads, known.origin
    with torch.device("meta"):
        assert count(network.module()) == known.params + known.heads


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if KNOWN[name].slow else []) for name in KNOWN]
)
def test_runs_with_the_shapes_that_it_promises(name: str) -> None:
    torch.manual_seed(0)
    network = ogive.load(target(name), **KNOWN[name].small)
    sizes = {symbol: least + (0 if symbol in "hw" else 4) for symbol, least in network.unknowns.items()}
    inputs = [example(type_, sizes) for _, type_ in network.inputs]
    promised = [(BATCH, *at(type_, sizes)) for _, type_ in network.outputs]
    module = network.module()
    for training in (True, False):
        module.train(training)
        with torch.set_grad_enabled(training):
            found = module(*inputs)
        outputs = results(found, module, training)
        assert [tuple(output.shape) for output in outputs] == promised
        assert all(torch.isfinite(output).all() for output in outputs)
        if training:
            sum(output.float().mean() for output in outputs).backward()  # pyright: ignore[reportAttributeAccessIssue]
            idle = [n for n, p in module.named_parameters() if p.grad is None and "aux" not in n]
            assert not idle


def results(found: Any, module: nn.Module, training: bool) -> list[Tensor]:
    """The outputs, without those of auxiliary heads."""
    if training and isinstance(found, tuple):
        found = found[0]
    return list(found.values()) if isinstance(found, dict) else [found]


def at(type_: TensorType, sizes: dict[str, int]) -> tuple[int, ...]:
    return tuple(int(size.at(sizes)) if isinstance(size, SizeExpr) else size for size in type_.sizes)


def example(type_: TensorType, sizes: dict[str, int]) -> Tensor:
    shape = (BATCH, *at(type_, sizes))
    return torch.randint(0, 2, shape) if type_.dtype == "int" else torch.randn(shape)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if SAME[name].slow else []) for name in SAME]
)
def test_computes_what_others_compute(name: str) -> None:
    torch.manual_seed(0)
    case = SAME[name]
    theirs = case.model().double().eval()
    ours = ogive.load(target(name), **case.arguments).module().double().eval()
    for layer in theirs.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
            layer.running_mean.uniform_(-0.3, 0.3)  # pyright: ignore[reportOptionalMemberAccess]
            layer.running_var.uniform_(0.5, 1.5)  # pyright: ignore[reportOptionalMemberAccess]
            nn.init.uniform_(layer.weight, 0.5, 1.5)
    for parameter in theirs.parameters():
        if not parameter.any():  # heads and biases that begin with nothing would hide a mistake
            nn.init.normal_(parameter, std=0.1)
    inputs = tuple(case.inputs())
    report = ogive.transfer(theirs, ours, inputs, verbose=False)
    assert not [weight for weight in report.unmatched_target if not weight.startswith("aux")]
    with torch.no_grad():
        a, b = ours(*inputs), theirs(*inputs)
    a = next(iter(a.values())) if isinstance(a, dict) else a
    assert ((a - b).abs().max() / b.abs().max()).item() <= 1e-9


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_opens_with_its_paper_and_stands_in_the_table(path: Path) -> None:
    first = path.read_text(encoding="utf-8").split("\n\n")[0].split("#\n")[0]
    assert first.startswith("# ")
    assert first.count('"') >= 2, "the paper's title"
    assert any(name.partition(":")[0] == path.stem for name in KNOWN)
