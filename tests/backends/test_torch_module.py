"""The module: whatever people do with an `nn.Module` works."""

from __future__ import annotations

import copy
import io
import os
import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from ogive.backends.torch_module import torch_module
from tests.backends.oracle import compiled
from tests.backends.programs import PROGRAMS

SOME = (
    "residual",
    "inception",
    "dense",
    "unet",
    "bundles",
    "gate",
    "clique",
    "clique with a rest",
    "long repeat",
    "padded",
)


def make(name: str) -> tuple[nn.Module, torch.Tensor]:
    graph = compiled(PROGRAMS[name])
    torch.manual_seed(0)
    net = torch_module(graph).eval()
    return net, torch.randn(2, *graph.node(graph.inputs[0]).outputs[0].sizes)


@pytest.mark.parametrize("name", SOME)
def test_symbolic_trace(name: str) -> None:
    net, x = make(name)
    torch.testing.assert_close(torch.fx.symbolic_trace(net)(x), net(x))


@pytest.mark.parametrize("name", SOME)
def test_export(name: str) -> None:
    net, x = make(name)
    torch.testing.assert_close(torch.export.export(net, (x,)).module()(x), net(x))


@pytest.mark.slow
@pytest.mark.parametrize("name", SOME)
def test_compile(name: str) -> None:
    net, x = make(name)
    compiled_net = torch.compile(net, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled_net(x), net(x))


@pytest.mark.parametrize("name", SOME)
def test_deepcopy_is_independent(name: str) -> None:
    net, x = make(name)
    twin = copy.deepcopy(net)
    before = net(x)
    torch.testing.assert_close(twin(x), before)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.add_(1.0)
    torch.testing.assert_close(net(x), before)
    assert not {id(p) for p in net.parameters()} & {id(p) for p in twin.parameters()}


def test_pickle_in_a_fresh_process(tmp_path: Path) -> None:
    net, x = make("clique")
    file = tmp_path / "net.pickle"
    file.write_bytes(pickle.dumps((net, x, net(x))))
    code = (
        "import pickle, sys, torch\n"
        f"net, x, y = pickle.load(open({os.fspath(file)!r}, 'rb'))\n"
        "torch.testing.assert_close(net(x), y)\n"
        "print(type(net).__name__, net.training)"
    )
    env = {"PYTHONPATH": ":".join(sys.path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100, env=env)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["N", "False"]


def test_the_text_is_pickled_once() -> None:
    net, _ = make("long repeat")
    assert pickle.dumps(net).count(b"class Basic(nn.Module)") == 1


def test_torch_save_and_load() -> None:
    net, x = make("residual")
    buffer = io.BytesIO()
    torch.save(net, buffer)
    buffer.seek(0)
    torch.testing.assert_close(torch.load(buffer, weights_only=False)(x), net(x))


def test_state_dicts_move_between_instances() -> None:
    (net, x), (other, _) = make("dense"), make("dense")
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_()
    other.load_state_dict(net.state_dict())
    torch.testing.assert_close(other(x), net(x))


@pytest.mark.parametrize("name", ["residual", "clique", "gate"])
def test_channels_last(name: str) -> None:
    net, x = make(name)
    expected = net(x)
    moved = net.to(memory_format=torch.channels_last)
    torch.testing.assert_close(moved(x.contiguous(memory_format=torch.channels_last)), expected)


def test_distributed_data_parallel(tmp_path: Path) -> None:
    """Every parameter gets a gradient, so that nothing has to be looked for."""
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        net, x = make("clique with a rest")
        parallel = DistributedDataParallel(net.train())
        for _ in range(2):
            parallel(x).sum().backward()
        assert all(p.grad is not None for p in net.parameters())
    finally:
        dist.destroy_process_group()


def test_half_precision_and_meta() -> None:
    net, x = make("residual")
    assert net.to(torch.bfloat16)(x.bfloat16()).dtype is torch.bfloat16
    assert net.to("meta")(x.bfloat16().to("meta")).shape == (2, 3)


def test_a_traceback_shows_the_lines_of_the_text() -> None:
    net, _ = make("residual")
    with pytest.raises(RuntimeError) as caught:
        net(torch.zeros(2, 5, 16, 16))
    shown = "".join(traceback.format_exception(caught.value))
    assert "x = F.relu(self.bn1(self.conv1(x)), inplace=True)" in shown
    assert 'File "<ogive ' in shown


def test_modules_of_one_text_are_of_one_class() -> None:
    (a, _), (b, _) = make("straight"), make("straight")
    assert type(a) is type(b)
    assert a.source_text.startswith('"""N:')  # type: ignore[union-attr]
