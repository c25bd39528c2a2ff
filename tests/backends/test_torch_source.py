"""The text: what it says, that it is stable, safe and short, and that it computes what the graph says."""

from __future__ import annotations

import ast
import gc
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from ogive.backends.torch_module import torch_module
from ogive.backends.torch_source import attribute_paths, class_of, torch_source
from ogive.graph import Graph
from ogive.pipeline import compile_target, read_program
from tests.backends.oracle import compiled, run
from tests.backends.programs import BASIC, PROGRAMS
from tests.conftest import Golden
from tests.guard import steps

ARCHS = Path(__file__).parents[2] / "archs"


def slug(name: str) -> str:
    return re.sub(r"\W+", "_", name)


def zoo(file: str, name: str) -> Graph:
    return compile_target(read_program((ARCHS / file).read_text(encoding="utf-8"), file), name).graph


@pytest.fixture(params=PROGRAMS, scope="module")
def graph(request: pytest.FixtureRequest) -> Graph:
    return compiled(PROGRAMS[request.param])


def inputs(graph: Graph, batch: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    types = {name: graph.node(name).outputs[0] for name in graph.inputs}
    return {
        n: torch.randn(batch, *t.sizes, dtype=torch.float64, generator=generator) for n, t in types.items()
    }


def module(graph: Graph) -> nn.Module:
    torch.manual_seed(0)
    net = torch_module(graph).double().train()
    for layer in net.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0
    return net


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_text_is_the_one_that_was_read_and_approved(name: str, golden: Golden) -> None:
    golden(torch_source(compiled(PROGRAMS[name])), f"golden/{slug(name)}.py")


def test_the_same_graph_gives_the_same_bytes(graph: Graph) -> None:
    assert torch_source(graph) == torch_source(graph.copy())


def test_lines_are_short_and_the_text_parses(graph: Graph) -> None:
    text = torch_source(graph)
    ast.parse(text)
    assert text.isascii()
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert max(map(len, text.splitlines())) <= 110


def test_it_computes_what_the_graph_says(graph: Graph) -> None:
    net, given = module(graph), inputs(graph)
    got = net(*given.values())
    expected, heads = run(graph, net, given)
    if heads:
        got, found = got
        assert {name: weight for name, (_, weight) in found.items()} == {
            h.name: h.weight for h in graph.heads
        }
        for name, (logits, _) in found.items():
            torch.testing.assert_close(logits, heads[name], rtol=1e-12, atol=1e-12)
    got = {"output": got} if isinstance(got, torch.Tensor) else got
    assert list(got) == list(expected)
    for name, tensor in expected.items():
        torch.testing.assert_close(got[name], tensor, rtol=1e-12, atol=1e-12)


def test_gradients_are_those_of_the_graph(graph: Graph) -> None:
    """What is overwritten in place is needed by nobody."""
    net = module(graph)
    given = {name: x.requires_grad_() for name, x in inputs(graph).items()}
    got = net(*given.values())
    got, heads = got if graph.heads else (got, {})
    tensors = [got] if isinstance(got, torch.Tensor) else list(got.values())
    tensors += [logits for logits, _ in heads.values()]
    sum((t.square().sum() for t in tensors), torch.zeros(())).backward()
    mine = [x.grad.clone() for x in given.values()]  # type: ignore[union-attr]
    again = {name: x.detach().clone().requires_grad_() for name, x in given.items()}
    expected, heads = run(graph, net, again)
    sum((t.square().sum() for t in [*expected.values(), *heads.values()]), torch.zeros(())).backward()
    for grad, x in zip(mine, again.values(), strict=True):
        torch.testing.assert_close(grad, x.grad, rtol=1e-9, atol=1e-10)


def test_parameters_have_the_names_of_their_layers(graph: Graph) -> None:
    """Path and shape are those of the graph, segment by segment made attributes."""
    paths = attribute_paths(graph)
    expected = {
        f"{paths[node.name]}.{name}": shape
        for node in graph
        if node.name in paths
        for name, shape in graph.parameters(node.name).items()
    }
    found = {name: tuple(p.shape) for name, p in torch_module(graph).named_parameters()}
    cliques = tuple(f"{paths[r.path]}." for r in graph.regions.values() if r.clique is not None)
    assert {k: v for k, v in found.items() if not k.startswith(cliques)} == expected


def test_a_path_whose_segments_are_attributes_is_kept() -> None:
    """Whatever can be an attribute is one."""
    for name in ("residual", "dense", "unet", "varying repeats", "inverted", "clique"):
        paths = attribute_paths(compiled(PROGRAMS[name]))
        assert paths == {path: path for path in paths}


def test_it_needs_torch_alone(tmp_path: Path) -> None:
    text = torch_source(compiled(PROGRAMS["clique"]))
    file = tmp_path / "net.py"
    check = (
        f"import sys, torch; net = {class_of(text)}(); print(tuple(net(torch.zeros(2, 3, 12, 12)).shape)); "
    )
    check += "assert not any(m.split('.')[0] == 'ogive' for m in sys.modules)"
    file.write_text(f"{text}\n{check}\n", encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", file], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "(2, 3)"


def test_writing_the_text_does_not_load_torch() -> None:
    code = (
        "import sys; from ogive.pipeline import read_program, compile_target\n"
        "from ogive.backends.torch_source import torch_source\n"
        "torch_source(compile_target(read_program('net N() { input x: 3x4x4; conv(2, 1x1) }'), 'N').graph)\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=100,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 0, done.stderr


def test_nothing_of_a_program_runs_or_leaves_its_place() -> None:
    text = torch_source(compiled(PROGRAMS["hostile names"]))
    names = {node.attr for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Attribute)}
    assert "abort" not in names
    assert "os" not in names
    assert not any(
        isinstance(node, ast.Import) and node.names[0].name == "os" for node in ast.walk(ast.parse(text))
    )


def test_hostile_file_names_stay_in_comments() -> None:
    text = torch_source(compiled(PROGRAMS["residual"], file='x"""\nimport os\r# \u2028\\.arch'))
    assert [n.names[0].name for n in ast.parse(text).body if isinstance(n, ast.Import)] == [
        "torch",
        "torch.nn.functional",
    ]


# ---------------------------------------------------------------------- one class for each block


def classes(text: str) -> list[str]:
    return re.findall(r"^class (\w+)", text, re.MULTILINE)


@pytest.mark.parametrize("depth", [50, 101, 152])
def test_a_resnet_reads_like_one_written_by_hand(depth: int) -> None:
    text = torch_source(zoo("resnet.arch", f"resnet{depth}"))
    assert classes(text) == ["Conv1", "Bottleneck", f"Resnet{depth}"]
    assert "def __init__(self, in_channels, width, stride=1):" in text
    assert "if stride != 1 or in_channels != 4 * width:" in text
    assert "conv1=nn.Conv2d(in_channels, 4 * width, 1, stride=stride, bias=False)" in text
    assert 'numbered("bottleneck", Bottleneck(64, 64), *(Bottleneck(256, 64) for _ in range(2)))' in text
    assert len(text.splitlines()) <= 100


def test_a_densenet_grows_in_comprehensions() -> None:
    text = torch_source(zoo("densenet.arch", "densenet121"))
    assert classes(text) == ["DenseLayer", "Transition", "Densenet121"]
    assert "*(DenseLayer(64 + 32 * i) for i in range(6))" in text
    assert "nn.Conv2d(in_channels, in_channels // 2, 1, bias=False)" in text
    assert len(text.splitlines()) <= 100


def test_a_dual_path_net_has_two_paths() -> None:
    """Sizes of parts follow from widths, and what grows by the growth rate says so, in rows of several lengths."""
    text = torch_source(zoo("dpn.arch", "dpn68"))
    assert classes(text) == ["Conv1", "Bottleneck", "Head", "Fork", "DualPath", "Conv", "Dpn68"]
    assert "def __init__(self, in_channels, r, width, inc, stride=1):" in text
    assert "torch.split(x, (self.width, self.inc), 1)" in text
    assert "torch.split(y, (self.width, 2 * self.inc), 1)" in text
    assert "DualPath(3 * fork1_inc + fork1_inc * i, fork1_r, fork1_r // 2, fork1_inc)" in text
    assert "for i in range(1, self.num_dualpath + 1):" in text
    assert len(text.splitlines()) <= 150


def test_parts_of_which_one_stays() -> None:
    text = torch_source(
        compiled("""
block Cut(width) { conv(width + 3, 1x1) -> split(3, width) as [a, b]; a -> conv(width, 1x1) -> add(b) }
net N() { input image: 8x6x6; Cut(4); Cut(5); Cut(9) }""")
    )
    assert "torch.split(self.conv1(x), (3, self.width), 1)" in text


def test_a_googlenet_is_its_table() -> None:
    text = torch_source(zoo("googlenet.arch", "googlenet"))
    assert "def __init__(self, in_channels, c1, c3r, c3, c5r, c5, pool):" in text
    assert "Inception(192, 64, 96, 128, 16, 32, 32)" in text
    assert len(text.splitlines()) <= 130


def test_a_shortcut_that_no_condition_explains_is_asked_for() -> None:
    """Same channels, same stride: only the mode of the shortcut differs."""
    text = torch_source(
        compiled("""
block Unit(width, mode) { residual(shortcut = mode) { conv(width, 3x3, padding = 1) -> bn } -> relu }
net N() { input image: 8x6x6; Unit(8, "auto"); Unit(8, "project"); Unit(16, "auto") }""")
    )
    assert classes(text) == ["Unit", "N"]
    assert "project" in text
    assert "else:" in text


def test_a_repeat_inside_a_block_follows_its_parameter() -> None:
    text = torch_source(compiled(PROGRAMS["varying repeats"]))
    assert classes(text) == ["Basic", "Group", "N"]
    assert "*(Basic(width, width) for _ in range(n - 1))" in text
    assert "for i in range(1, self.n + 1):" in text


def test_a_parameter_that_nothing_explains_is_called_after_its_layer() -> None:
    text = torch_source(
        compiled("""
block Odd(table, i) { conv(table[i], 1x1) -> relu -> conv(4, 1x1) }
net N() { input image: 8x6x6; Odd([3, 9, 5], 0); Odd([3, 9, 5], 1); Odd([3, 9, 5], 2) }""")
    )
    assert "conv1_out_channels" in text
    assert [f"Odd({a}, {b})" in text for a, b in ((8, 3), (4, 9), (4, 5))] == [True] * 3


def test_the_parameters_of_mixed_kernels_are_called_as_in_torch() -> None:
    text = torch_source(
        compiled("""
block Mixed(table, i) { conv(4 + table[i], 1x3 if i == 0 else 3x3, padding = 0x1 if i == 0 else 1x1) -> bn }
net N() { input image: 8x6x6; for i in 0..3 { Mixed([3, 9, 5], i) } }""")
    )
    assert classes(text) == ["Mixed", "N"]
    assert "nn.Conv2d(in_channels, out_channels, kernel_size, padding=padding, bias=False)" in text


def test_branches_are_called_by_their_order_and_merges_after_the_branch_they_stand_in() -> None:
    text = torch_source(
        compiled("""
block Mix(w) {
  concat {
    | conv(w, 1x1)
    | conv(w, 1x1) -> concat { | conv(w, 1x3, padding = same) | conv(w, 3x1, padding = same) } -> bn
    | conv(w, 1x1) -> relu -> mul { | identity | conv(w, 1x1) -> sigmoid }
    | repeat 5 { conv(w, 3x3, padding = 1) -> relu }
  }
}
net N() { input image: 3x6x6; Mix(4) }""")
    )
    for statement in (
        "y1 = self.conv1(x)",
        "y2 = self.conv2(x)",
        "y2_1 = self.conv3(y2)",
        "y2_2 = self.conv4(y2)",
        "y2 = self.bn1(torch.cat((y2_1, y2_2), 1))",
        "y3 = F.relu(self.conv5(x), inplace=True)",
        "y3_1 = torch.sigmoid(self.conv6(y3))",
        "y3 = y3 * y3_1",
        "y4 = self.repeat1(x)",
        "return torch.cat((y1, y2, y3, y4), 1)",
    ):
        assert f"        {statement}\n" in text, statement


def test_a_head_that_is_one_block_needs_no_class() -> None:
    text = torch_source(zoo("googlenet.arch", "googlenet"))
    assert "self.aux1 = named(head1=Head(512))" in text
    assert "Aux" not in classes(text)


def test_several_tensors_go_through_a_repeat_in_a_loop() -> None:
    text = torch_source(compiled(PROGRAMS["bundles"]))
    assert "for block in self.two:\n            x, y = block(x, y)" in text


def test_heads_run_in_training_only() -> None:
    graph = compiled(PROGRAMS["inception"])
    net = module(graph)
    x = inputs(graph)["image"]
    output, heads = net(x)
    assert list(heads) == ["aux1"]
    assert heads["aux1"][1] == 0.3
    assert isinstance(net.eval()(x), torch.Tensor)
    assert output.shape == net(x).shape
    called: list[object] = []
    net.aux1.register_forward_hook(lambda *_: called.append(1))  # type: ignore[union-attr]
    net(x)
    assert not called


def test_a_layer_that_leads_nowhere_is_not_made() -> None:
    graph = compiled("net N() { input image: 3x6x6; conv(4, 1x1) as a; output kept = a -> conv(2, 1x1) }")
    extra = graph.copy()
    extra.outputs = (("kept", next(ref for _, ref in graph.outputs)._replace(node="a")),)
    assert [name for name, _ in torch_module(extra).named_parameters()] == ["a.weight", "a.bias"]


# ---------------------------------------------------------------------- size


def test_a_long_repeat_is_a_short_text() -> None:
    short, long = (
        torch_source(
            compiled(f"{BASIC}net N() {{ input image: 4x4x4; stage a {{ repeat {n} {{ Basic(4) }} }} }}")
        )
        for n in (20, 2000)
    )
    assert len(long.splitlines()) == len(short.splitlines()) <= 50


def test_thousands_of_different_layers_compile_and_run() -> None:
    body = "\n".join(f"conv({4 + i % 3}, 1x1) -> relu" for i in range(2000))
    text = torch_source(compiled(f"net N() {{\ninput image: 3x1x1\n{body}\n}}"))
    assert len(text.splitlines()) < 4100
    compile(text, "net.py", "exec")


def test_ten_times_the_layers_are_about_ten_times_the_work() -> None:
    """What grows with the square takes a hundred times as many steps."""
    small, large = (
        compiled(f"net N() {{ input image: 3x6x6; for i in 0..{n} {{ conv(8, 3x3, padding = 1) -> relu }} }}")
        for n in (100, 1000)
    )
    torch_source(small)  # what is made once
    assert steps(lambda: torch_source(large)) < 12 * steps(lambda: torch_source(small))
    assert gc.isenabled()


def test_thousands_of_layers_without_weights_nest_no_deeper_than_python_can() -> None:
    body = "\n".join(["relu", "abs"] * 1500)
    text = torch_source(compiled(f"net N() {{\ninput image: 3x1x1\n{body}\n}}"))
    assert compile(text, "net.py", "exec")
