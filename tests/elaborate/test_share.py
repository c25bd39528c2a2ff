"""`share` and `repeat … share`: one set of weights, named and held where it is defined, called wherever it is used.

What a module computes is compared with its graph, node by node (`tests.backends.oracle`), or with PyTorch written by
hand; counts follow from formulas in the test.
"""

from __future__ import annotations

import copy
import pickle

import pytest
import torch
from torch import Tensor, nn

import ogive
from ogive.backends.torch_source import torch_source
from ogive.network import Network
from ogive.passes.unroll import unroll_cliques
from ogive.report.counts import params
from tests.backends.oracle import run

TOWER = "block Tower(w) { conv(w, 3x3, padding = 1) -> bn -> relu }\n"
INNER = "block B() { share g = conv(4, 1x1) -> bn; g -> conv(4, 1x1) -> g }\n"
APART = "block B() { share(except = norm) g = conv(4, 1x1) -> bn; g -> conv(4, 1x1) -> g }\n"
CALLER = TOWER + "block B(g) { g -> conv(4, 1x1) -> g }\n"
RANKS = "block C() { clique(layers = 3) { bn -> relu -> conv(4, 3x3, padding = 1) -> bn } as c; c.features -> conv(4, 1x1) }\n"
TWO = "net E() { input x: 4x8x8; conv(4, 1x1) -> relu as a; output a = a -> conv(2, 1x1); output b = a -> conv(3, 1x1) }\n"

# A tower of width 4 on 4 channels: 4 * 4 * 9 weights and 2 * 4 of the norm; a 1x1 convolution with its bias: 20.
# The clique of 3 layers: 9 links of 4 * 4 * 9, norms on 4 + 8 + 12 and 3 * 8 channels, and on 6 results, and the end.
# That of 2 layers: links of 4 * 2, 4 * 2, 2 * 2 and 2 * 2, a bias each, norms on 4, 6, 2 and 2 channels.
PROGRAMS: dict[str, tuple[str, str, int]] = {
    "a layer, in stages": ("", "share f = conv(4, 3x3, padding = 1); stage a { f -> relu }; stage b { relu -> f }; f", 148),
    "a block, in stages": (TOWER, "share f = Tower(4); stage a { f -> relu }; stage b { residual { f } }", 152),
    "a chain": (TOWER, "share f = conv(4, 1x1) -> Tower(4); f -> f", 172),
    "a residual": ("", "share f = residual { conv(4, 3x3, padding = 1) -> bn } -> relu; f -> f -> f -> f", 152),
    "a projection": ("", "share f = residual { conv(4, 3x3, stride = 2, padding = 1) -> bn }; f -> f", 152 + 16 + 8),
    "a dense block": ("block D() { dense(layers = 2) { conv(4, 1x1) } -> conv(4, 1x1) }\n", "share f = D(); f -> f", 20 + 36 + 52),
    "a clique": (RANKS, "share f = C(); f -> max_pool(2x2) -> f", 9 * 144 + 2 * (24 + 24) + 2 * 24 + 68),
    "a unit": ("", "share f = unit(4, 1x1); f -> f", 24),
    "a norm without weights": ("", "share f = bn(affine = false) -> conv(4, 1x1); f -> f", 20),
    "another name": (TOWER, "share f = Tower(4); share g = f; f -> g -> g", 152),
    "in a block that is used twice": (TOWER + "block T() { share f = Tower(4); f -> f }\n", "T -> T", 304),
    "in a loop": (TOWER, "for i in 0..2 { share f = Tower(4); f -> f }", 304),
    "by a loop": (TOWER, "share f = Tower(4); for i in 0..5 { f }", 152),
    "in branches": (TOWER, "share f = Tower(4); concat { | f | max_pool(3x3, stride = 1, padding = 1) -> f } -> conv(4, 1x1) -> f", 152 + 36),
    "in a dense block": ("", "share f = conv(4, 3x3, padding = 1); dense(layers = 3) { conv(4, 1x1) -> f }", 148 + 20 + 36 + 52),
    "as a shortcut": ("", "share f = conv(4, 1x1); residual(shortcut = { f }) { f -> relu }", 20),
    "what leads nowhere first": (TOWER, "share f = Tower(4); y = f; z = x -> relu -> f; z -> f", 152),
    "on other tensors": ("", "conv(4, 1x1) as skip; share f = conv(4, 1x1) -> concat(skip) -> conv(4, 1x1); f -> f", 20 + 20 + 36),
    "in what is shared": (INNER, "share f = B(); f -> f; stage s { relu -> f }", 16 + 8 + 20),
    "by what is shared": (CALLER, "share g = Tower(4); share f = B(g); f -> f; stage s { relu -> g -> f }", 152 + 20),
    "apart": (TOWER, "share(except = norm) f = Tower(4) -> Tower(4); f -> f; stage s { relu -> f }", 2 * 144 + 3 * 2 * 8),
    "apart, repeated inside": (TOWER + "block R() { repeat 4 { Tower(4) } }\n", "share(except = norm) f = R(); f -> f", 4 * (144 + 2 * 8)),
    "apart outside": (INNER, "share(except = norm) f = B(); f -> f; stage s { relu -> f }", 16 + 3 * 8 + 20),
    "apart inside": (APART, "share f = B(); f -> f; stage s { relu -> f }", 16 + 2 * 8 + 20),
    "apart both": (APART, "share(except = norm) f = B(); f -> f; stage s { relu -> f }", 16 + 6 * 8 + 20),
    "apart, handed on": (CALLER, "share(except = norm) g = Tower(4); share f = B(g); f -> f; g", 144 + 5 * 8 + 20),
    "turns": ("", "repeat 4 share { conv(4, 3x3, padding = 1) -> bn -> relu }", 152),
    "turns of a block": (TOWER, "repeat 4 share { Tower(4) }; repeat 2 { Tower(4) }", 3 * 152),
    "turns apart": (TOWER, "repeat 4 share(except = norm) { Tower(4) -> Tower(4) }", 2 * (144 + 4 * 8)),
    "turns that differ": ("", "repeat 3 share as i { conv(4, 1x1) -> (relu if i < 2 else tanh) }", 20),
    "turns that differ around a clique": ("", "repeat 3 share as i { clique(layers = 2) { bn -> conv(2, 1x1) } -> (relu if i < 2 else tanh) }", 24 + 4 + 2 * (4 + 6 + 2 + 2)),
    "turns in turns": (TOWER, "repeat 3 share { repeat 2 share { Tower(4) -> relu }; conv(4, 1x1) }", 172),
    "turns apart in turns": (TOWER, "repeat 3 share { repeat 3 share(except = norm) { Tower(4) -> relu }; conv(4, 1x1) }", 144 + 3 * 8 + 20),
    "turns in other turns": (TOWER, "repeat 2 { repeat 2 share { Tower(4) -> relu } }", 304),
    "several outputs": (TWO, "share e = E(); e as [p, q]; p -> conv(4, 1x1) -> e as [r, s]; [q, s] -> concat", 20 + 10 + 15 + 12),
    "another output each time": (TWO, "share e = E(); x -> e as [p, _]; x -> relu -> e as [_, s]; [p, s] -> concat", 20 + 10 + 15),
    "itself, smaller": (
        "block F(c) { if c == 1 { conv(4, 1x1) } else { mean { | F(c - 1) -> F(c - 1) | conv(4, 1x1) } } }\n",
        "share f = F(3); f -> f",
        7 * 20,
    ),
    "a head": ("block H() { conv(4, 1x1) -> relu; aux { global_avg_pool -> flatten -> linear(3) } }\n", "share f = H(); f -> f -> relu", 35),
}  # fmt: skip


def load(case: str) -> Network:
    before, body, _ = PROGRAMS[case]
    return ogive.loads(f"{before}net N() {{ input x: 4x8x8; {body} }}", "N")


@pytest.mark.parametrize("case", PROGRAMS)
def test_the_module_computes_its_graph_with_one_set_of_weights(case: str) -> None:
    torch.manual_seed(0)
    network, count = load(case), PROGRAMS[case][2]
    module = network.module().double().train()
    x = torch.randn(3, 4, 8, 8, dtype=torch.float64)
    outputs, heads = run(network.ir, module, {"x": x})
    found = module(x)
    found, found_heads = found if heads else (found, {})
    torch.testing.assert_close(found, outputs["output"], rtol=1e-10, atol=1e-10)
    assert found_heads.keys() == heads.keys()
    assert sum(p.numel() for p in module.parameters()) == count
    assert params(unroll_cliques(network.ir), heads=True) == count
    assert f" {count:,} parameters" in torch_source(network.ir) or heads
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        torch.testing.assert_close(other.eval()(x), module.eval()(x))
        module.train()


def names(case: str) -> set[str]:
    return {name for name, _ in load(case).module().named_parameters()}


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("a layer, in stages", {"f.weight", "f.bias"}),
        ("a block, in stages", {"f.conv1.weight", "f.bn1.weight", "f.bn1.bias"}),
        ("what leads nowhere first", {"f.conv1.weight", "f.bn1.weight", "f.bn1.bias"}),
        ("another output each time", {f"e.conv{i}.{k}" for i in (1, 2, 3) for k in ("weight", "bias")}),
        ("turns that differ", {"repeat1.conv1.weight", "repeat1.conv1.bias"}),
        ("apart inside", {"f.g.conv1.weight", "f.conv1.weight", "f.conv1.bias",
                          *(f"f.g.bn1_{i}.{k}" for i in (1, 2) for k in ("weight", "bias"))}),
        ("in a block that is used twice", {f"t{i}.f.{k}" for i in (1, 2) for k in ("conv1.weight", "bn1.weight", "bn1.bias")}),
    ],
)  # fmt: skip
def test_parameters_are_named_where_they_are_defined(case: str, expected: set[str]) -> None:
    assert names(case) == expected


def test_a_repeat_is_a_loop_over_one_module() -> None:
    assert "for _ in range(4):\n            x = self.repeat1(x)" in torch_source(load("turns").ir)
    text = torch_source(load("turns apart").ir)
    assert "for use in range(1, 5):\n            x = self.repeat1(x, use)" in text


def test_work_counts_at_every_use() -> None:
    once = ogive.loads(TOWER + "net N() { input x: 4x8x8; Tower(4) }")
    assert load("turns of a block").macs == 6 * once.macs == 6 * 4 * 4 * 9 * 64


def test_a_bias_is_left_out_only_if_every_use_cancels_it() -> None:
    def biases(body: str) -> set[str]:
        module = ogive.loads(f"net N() {{ input x: 4x8x8; share f = conv(4, 1x1); {body} }}").module()
        return {name for name, _ in module.named_parameters() if name == "f.bias"}

    assert biases("f -> bn -> f -> bn") == set()
    assert biases("f -> bn -> f -> relu") == {"f.bias"}


def test_statistics_are_shared_unless_they_are_kept_apart() -> None:
    text = "net N() {{ input x: 4x8x8; share{} f = bn; f -> relu -> f }}"
    x = torch.randn(8, 4, 8, 8) * 3 + 5
    shared = ogive.loads(text.format("")).module().train()
    shared(x)
    assert int(shared.f.num_batches_tracked) == 2
    apart = ogive.loads(
        "net N() { input x: 4x8x8; share(except = norm) f = conv(4, 1x1) -> bn; f -> relu -> f }"
    )
    apart = apart.module().train()
    apart(x)
    assert int(apart.f.bn1_1.num_batches_tracked) == int(apart.f.bn1_2.num_batches_tracked) == 1
    assert not torch.equal(apart.f.bn1_1.running_mean, apart.f.bn1_2.running_mean)


def test_initialisers_run_once_and_gradients_add_up() -> None:
    text = "net N() { input x: 4x8x8; share f = conv(4, 1x1, bias = false, init = constant(0.5)); f -> f }"
    module = ogive.loads(text).module().double()
    assert torch.equal(module.f.weight, torch.full((4, 4, 1, 1), 0.5, dtype=torch.float64))
    assert torch_source(ogive.loads(text).ir).count("nn.init.constant_") == 1
    weight = module.f.weight.detach().clone().requires_grad_()
    x = torch.randn(2, 4, 8, 8, dtype=torch.float64)
    module(x).square().sum().backward()
    nn.functional.conv2d(nn.functional.conv2d(x, weight), weight).square().sum().backward()
    torch.testing.assert_close(module.f.weight.grad, weight.grad)


def test_it_can_be_exported() -> None:
    for case in ("turns apart", "apart", "apart, handed on", "another output each time"):
        module, x = load(case).module().eval(), torch.randn(1, 4, 8, 8)
        exported = torch.export.export(module, (x,)).module()
        torch.testing.assert_close(exported(x), module(x))


# --------------------------------------------------------------------------- networks of papers


def test_siamese_net() -> None:
    """Bromley et al. 1993; two images, one network, and how far its answers are apart."""
    network = ogive.loads(
        """net Branch() { input image: 1x12x12; conv(4, 3x3) -> relu -> max_pool(2x2) -> flatten -> linear(8) }
        net Siamese() {
          input a: 1x12x12
          input b: 1x12x12
          share branch = Branch()
          p = a -> branch
          q = b -> branch
          [p, q] -> sub -> abs -> linear(1)
        }""",
        "Siamese",
    )
    # 4 * 9 + 4, then 5x5 places of 4 channels to 8, then 8 differences to one answer
    assert network.params == 40 + (100 * 8 + 8) + (8 + 1)
    net = network.module().double()

    class Branch(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.linear1 = net.branch.conv1, net.branch.linear1

        def forward(self, x: Tensor) -> Tensor:
            return self.linear1(nn.functional.max_pool2d(self.conv1(x).relu(), 2).flatten(1))

    a, b = torch.randn(2, 3, 1, 12, 12, dtype=torch.float64)
    branch = Branch()
    torch.testing.assert_close(net(a, b), net.linear1((branch(a) - branch(b)).abs()))


def test_recurrent_convolution() -> None:
    """Liang & Hu 2015: a layer that sees its input and its own last answer, three times after the first."""
    network = ogive.loads(
        """block Recurrent(width, times) {
          conv(width, 3x3, padding = 1, bias = false) as entered
          bn -> relu
          repeat times share(except = norm) {
            conv(width, 3x3, padding = 1, bias = false) -> add(entered) -> bn -> relu
          }
        }
        net N() { input x: 3x8x8; Recurrent(6, 3) }"""
    )
    assert network.params == 3 * 6 * 9 + 6 * 6 * 9 + 4 * 12
    net = network.module().double().train()
    block, x = net.recurrent1, torch.randn(4, 3, 8, 8, dtype=torch.float64)
    entered = block.entered(x)
    y = block.bn1(entered).relu()
    for turn in (1, 2, 3):
        y = getattr(block.repeat1, f"bn1_{turn}")(block.repeat1.conv1(y) + entered).relu()
    torch.testing.assert_close(net(x), y)


@pytest.mark.parametrize("columns", [1, 2, 3, 4])
def test_fractal_net(columns: int) -> None:
    """Larsson et al. 2017, equation 1: F_1 is a convolution, F_{c+1} joins F_c twice with another one.

    So F_c has 2^c - 1 convolutions: n(1) = 1, n(c + 1) = 2 n(c) + 1.
    """
    text = (
        "block Conv(w) { conv(w, 3x3, padding = 1) -> bn -> relu }\n"
        "block F(c, w) { if c == 1 { Conv(w) } else { mean { | Conv(w) | F(c - 1, w) -> F(c - 1, w) } } }\n"
        f"net N() {{ input x: 4x8x8; F({columns}, 4) }}"
    )
    network = ogive.loads(text)
    assert network.params == (2**columns - 1) * (4 * 4 * 9 + 8)

    def fractal(block: nn.Module, c: int, x: Tensor) -> Tensor:
        if c == 1:
            return conv(block.conv1, x)
        y = fractal(block.f2, c - 1, fractal(block.f1, c - 1, x))
        return (conv(block.conv1, x) + y) / 2

    def conv(block: nn.Module, x: Tensor) -> Tensor:
        return block.bn1(block.conv1(x)).relu()

    net, x = network.module().double().eval(), torch.randn(2, 4, 8, 8, dtype=torch.float64)
    torch.testing.assert_close(net(x), fractal(net.f1, columns, x))


def test_retinanet_heads_with_norms_for_each_level() -> None:
    """One head over the levels of a pyramid, whose norms are each level's own, as Detectron2 and others have it."""
    network = ogive.loads(
        """use DenseHead from "fpn.arch"
        net N() {
          input p3: 8x16x16
          input p4: 8x8x8
          input p5: 8x4x4
          share(except = norm) head = DenseHead(5, width = 8, depth = 2, norm = bn)
          maps = []
          for p in [p3, p4, p5] { maps += p -> head }
          output maps = maps
        }"""
    )
    # two convolutions without bias, three times their norms, and the last with its bias
    assert network.params == 2 * 8 * 8 * 9 + 3 * 2 * 16 + 8 * 5 * 9 + 5
    net = network.module().double().train()
    maps = [torch.randn(4, 8, s, s, dtype=torch.float64) for s in (16, 8, 4)]
    found = list(net(*maps).values())
    head = net.head
    for level, (x, y) in enumerate(zip(maps, found, strict=True), 1):
        for layer in (head.repeat1.layer1, head.repeat1.layer2):
            x = getattr(layer, f"bn1_{level}")(layer.conv1(x)).relu()
        torch.testing.assert_close(y, head.conv1(x))


def test_a_net_in_a_net_gives_up_what_reaches_no_output() -> None:
    network = ogive.loads(
        "net E() { input x: 4x8x8; conv(4, 1x1) as a; a -> conv(3, 1x1) as b; output a = a; output b = b }\n"
        "net N() { input x: 4x8x8; E as [a, _]; a -> relu }",
        "N",
    )
    assert network.params == 20
    assert [d.code for d in network.warnings] == ["W001"]
