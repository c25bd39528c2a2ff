"""The plugin of docs/plugins.md, its net and its test, as they stand there."""

from __future__ import annotations

import copy
import io
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import ogive
from ogive.testing import check_layer

PAGE = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text(encoding="utf-8")
PLUGIN, TEST = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
(PROGRAM,) = re.findall(r"^```arch plugin\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "my_layers.py"
    path.write_text(PLUGIN, encoding="utf-8")
    return path


@pytest.fixture
def network(plugin: Path) -> ogive.Network:
    return ogive.loads(PROGRAM, "Retrieval", library=ogive.library_with(plugin))


def test_the_counts_are_those_of_the_module(network: ogive.Network):
    module = network.module()
    assert network.params == sum(p.numel() for p in module.parameters())
    assert dict(module.named_parameters())["gem1.p"].shape == ()
    assert module(torch.zeros(2, 3, 64, 64)).shape == (2, 32)


def test_gem_is_the_mean_for_one_and_nearly_the_maximum_for_many(plugin: Path):
    library = ogive.library_with(plugin)
    x = torch.rand(2, 3, 5, 5, dtype=torch.float64)
    for p, expected in ((1, x.mean((2, 3))), (200, x.amax((2, 3)))):
        net = ogive.loads(f"net A() {{ input x: 3x5x5; gem(p = {p}) }}", library=library).module().double()
        torch.testing.assert_close(net(x)[..., 0, 0], expected, rtol=0.05, atol=1e-6)


def test_blur_pool_keeps_a_constant_map(plugin: Path):
    net = ogive.loads("net A() { input x: 2x7x7; blur_pool }", library=ogive.library_with(plugin)).module()
    torch.testing.assert_close(net(torch.full((1, 2, 7, 7), 3.0)), torch.full((1, 2, 4, 4), 3.0))


def test_a_variant_edits_a_layer_of_the_plugin_away(plugin: Path):
    library = ogive.library_with(plugin)
    changed = ogive.loads(PROGRAM, "by_mean", library=library)
    assert [node.layer.kind for node in changed.ir if node.layer.group == "pool"] == [
        "blur_pool", "blur_pool", "global_avg_pool",
    ]  # fmt: skip
    assert changed.params == ogive.loads(PROGRAM, "Retrieval", library=library).params - 1


def test_sizes_may_be_unknown(plugin: Path):
    text = PROGRAM.replace("3x64x64", "[3, ?h, ?w]")
    network = ogive.loads(text, "Retrieval", library=ogive.library_with(plugin))
    module = network.module()
    for height, width in ((64, 50), (9, 17)):
        assert module(torch.zeros(2, 3, height, width)).shape == (2, 32)
    shapes = [str(node.outputs[0]) for node in network.ir if node.layer.kind == "blur_pool"]
    assert shapes[0] == "[16, ceil(h / 2), ceil(w / 2)]"


def test_an_edit_of_a_group_finds_it(plugin: Path):
    text = PROGRAM.replace("replace gem with global_avg_pool", "replace pool with identity")
    changed = ogive.loads(text, "by_mean", library=ogive.library_with(plugin))
    assert not [node for node in changed.ir if node.layer.group == "pool"]


def test_the_bias_before_it_is_off_where_a_norm_follows(plugin: Path):
    text = "net A() { input x: 3x8x8; conv(4, 3x3) -> blur_pool -> bn; conv(4, 1x1) -> gem -> bn }"
    net = ogive.loads(text, library=ogive.library_with(plugin)).module()
    assert net.conv1.bias is None, "`blur_pool` keeps a constant, and the norm takes it away"
    assert net.conv2.bias is not None, "`gem` does not"


def test_its_test_passes(plugin: Path):
    (plugin.parent / "test_it.py").write_text(TEST, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    ran = subprocess.run(command, cwd=plugin.parent, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "2 passed" in ran.stdout


def test_what_runs_is_what_is_printed_without_the_plugin(network: ogive.Network, tmp_path: Path):
    """A file that needs neither ogive nor the plugin, and the same numbers."""
    module = network.module().eval()
    x = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    torch.save(module.state_dict(), tmp_path / "state.pt")
    torch.save(module(x), tmp_path / "expected.pt")
    assert module.source_text == network.source()
    (tmp_path / "model.py").write_text(network.source(), encoding="utf-8")
    code = (
        "import sys, torch, model\n"
        "net = model.Retrieval().eval(); net.load_state_dict(torch.load('state.pt'))\n"
        "x = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))\n"
        "torch.testing.assert_close(net(x), torch.load('expected.pt'))\n"
        "assert 'ogive' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)


def test_it_is_pickled_copied_saved_and_exported(network: ogive.Network, tmp_path: Path):
    module = network.module().eval()
    x = torch.rand(2, 3, 64, 64)
    copies = [pickle.loads(pickle.dumps(module)), copy.deepcopy(module), copy.deepcopy(network).module()]
    copies[2].load_state_dict(module.state_dict())
    buffer = io.BytesIO()
    torch.save(module, buffer)
    buffer.seek(0)
    copies.append(torch.load(buffer, weights_only=False))
    copies.append(torch.export.export(module, (x,)).module())
    for other in copies:
        torch.testing.assert_close(other.eval()(x) if other is not copies[-1] else other(x), module(x))


def test_a_process_of_its_own_can_unpickle_it(network: ogive.Network, tmp_path: Path):
    """As the workers of a DataLoader do that are spawned: they never see the plugin."""
    (tmp_path / "net.pickle").write_bytes(pickle.dumps(network.module()))
    code = "import pickle; net = pickle.load(open('net.pickle', 'rb')); print(type(net).__name__)"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "Retrieval"


def test_checking_with_a_plugin_does_not_load_torch(plugin: Path):
    code = (
        "import sys, ogive\n"
        "net = ogive.loads(sys.argv[1], 'Retrieval', library=ogive.library_with('my_layers.py'))\n"
        "net.params, net.macs, net.summary(), net.source()\n"
        "print('torch' in sys.modules)\n"
    )
    command = [sys.executable, "-c", code, PROGRAM]
    ran = subprocess.run(command, cwd=plugin.parent, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"


def test_check_layer_on_both(plugin: Path):
    library = ogive.library_with(plugin)
    for kind in ("gem", "blur_pool"):
        layer = library.get(kind)
        assert layer is not None
        assert check_layer(layer, examples=20) == 20
