"""Every network of the zoo can be checked, drawn, printed, run as printed without us, and trained a step."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import ogive
from ogive.backends.torch_source import class_of
from ogive.catalogue import zoo_names
from ogive.diagnostics import ArchError
from ogive.layers.base import TensorType
from ogive.network import Network

VARIANTS = zoo_names()
HEAVY = {
    "cifar_resnet1202", "cifar_preresnet1001", "cifar_densenet_bc_250_24", "cifar_densenet_bc_190_40", "dpn107", "dpn107_timm",
    "dpn131", "dpn131_timm", "unet", "ssd300_vgg16",
}  # fmt: skip
"""A thousand layers, or so many operations that a single image takes seconds."""

LONG_STEPS = HEAVY | {
    "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg19_bn", "alexnet_towers", "inception_v2", "densenet264", "dpn98",
    "dpn98_timm", "dpn92_timm", "dpn68_timm", "resnet152_paper", "resnet101_paper", "resnet34_b",
}  # fmt: skip
"""Whose step takes long, or is that of a network which is all but the same."""

SMALLER = [64, 107, 188]
"""What is tried in the place of large images for a step of training, so that it is quick."""

RUN_ALONE = """
import importlib.util, json, sys
import torch
torch.manual_seed(0)
results = {}
for name, kind, inputs in json.load(open("networks.json")):
    spec = importlib.util.spec_from_file_location(name, f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    network = getattr(module, kind)().eval()
    given = [torch.randint(0, 2, (1, *sizes)) if dtype == "int" else torch.randn(1, *sizes) for sizes, dtype in inputs]
    with torch.no_grad():
        output = network(*given)
    outputs = list(output.values()) if isinstance(output, dict) else [output]
    results[name] = [[list(tensor.shape[1:]), bool(torch.isfinite(tensor).all())] for tensor in outputs]
assert not any(module.partition(".")[0] in ("ogive", "lark", "networkx", "torchvision") for module in sys.modules)
print(json.dumps(results))
"""


def marked(names: list[str], slow: set[str]) -> list[Any]:
    return [pytest.param(name, marks=[pytest.mark.slow] if name in slow else []) for name in names]


@cache
def load(name: str) -> Network:
    return ogive.load(name)


@pytest.mark.parametrize("name", marked(VARIANTS, HEAVY))
def test_it_is_checked_and_drawn(name: str, tmp_path: Path) -> None:
    network = load(name)
    assert not network.warnings
    picture = network.draw(tmp_path / "net.svg").data.decode()
    assert ET.fromstring(picture).tag.endswith("svg")
    assert len(picture) > 2000


def chunks() -> list[Any]:
    """One process runs many networks, as starting torch takes longer than most of them."""
    light = [name for name in VARIANTS if name not in HEAVY]
    parts = [light[i::6] for i in range(6)]
    return [*(pytest.param(part, id=f"part{i}") for i, part in enumerate(parts)),
            pytest.param([n for n in VARIANTS if n in HEAVY], id="heavy", marks=pytest.mark.slow)]  # fmt: skip


@pytest.mark.parametrize("names", chunks())
def test_its_printed_source_runs_with_torch_alone(names: list[str], tmp_path: Path) -> None:
    listed = []
    for name in names:
        network = load(name)
        text = network.source()
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        inputs = [(type_.sizes, type_.dtype) for type_ in numbers(network, network.inputs)]
        listed.append((name, class_of(text), inputs))
    (tmp_path / "networks.json").write_text(json.dumps(listed), encoding="utf-8")
    (tmp_path / "run.py").write_text(RUN_ALONE, encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "run.py"], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name in names:
        network = load(name)
        assert found[name] == [[list(type_.sizes), True] for type_ in numbers(network, network.outputs)], name


def numbers(network: Network, types: Sequence[tuple[str, TensorType]]) -> list[TensorType]:
    """Types of tensors with a number for each unknown size, a few more than the least."""
    values = {symbol: least + 4 for symbol, least in network.unknowns.items()}
    return [type_.at(values) for _, type_ in types]


def smaller(name: str) -> Network:
    """The network on a smaller image, where it takes one."""
    network = load(name)
    _, type_ = network.inputs[0]
    if len(network.inputs) > 1 or len(type_.sizes) != 3 or type_.sizes[1] <= 64:
        return network
    for size in SMALLER:
        try:
            return ogive.load(name, input=(type_.sizes[0], size, size))
        except ArchError:  # its pools need more
            continue
    return network


def results(output: Any) -> list[Tensor]:
    """All results, those of auxiliary heads with them."""
    if isinstance(output, Tensor):
        return [output]
    if isinstance(output, dict):
        return [tensor for value in output.values() for tensor in results(value)]
    return [
        tensor for value in output if isinstance(value, Tensor | dict | tuple) for tensor in results(value)
    ]


@pytest.mark.parametrize("name", marked(VARIANTS, LONG_STEPS))
def test_it_is_trained_a_step(name: str) -> None:
    torch.manual_seed(0)
    network = smaller(name)
    module = network.module().train()
    before = {key: value.detach().clone() for key, value in module.named_parameters()}
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-3)
    inputs = [
        torch.randint(0, 2, (2, *type_.sizes)) if type_.dtype == "int" else torch.randn(2, *type_.sizes)
        for type_ in numbers(network, network.inputs)
    ]
    loss = torch.stack([(tensor - 1).square().mean() for tensor in results(module(*inputs))]).sum()
    loss.backward()
    optimizer.step()
    assert torch.isfinite(loss)
    idle = [key for key, value in module.named_parameters() if value.grad is None]
    assert not idle
    assert all(bool(torch.isfinite(value).all()) for value in module.parameters())
    assert any(not torch.equal(value, before[key]) for key, value in module.named_parameters())
