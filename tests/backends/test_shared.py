"""Shared weights: the owner's module is called again, wherever it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ogive.backends.torch_module import torch_module
from ogive.backends.torch_source import torch_source
from ogive.graph import Graph
from tests.backends.oracle import compiled, run

BLOCK = "block B(w) { residual { conv(w, 1x1) -> bn -> relu } }\n"
TURNS = [(f"repeat1.layer{i}.{k}", f"repeat1.layer1.{k}") for i in range(2, 6) for k in ("conv1", "bn1")]
CASES = {
    "in one scope": (
        "net N() { input image: 4x8x8; conv(4, 1x1) -> relu -> conv(4, 1x1) -> relu -> flatten -> linear(2) }",
        [("conv2", "conv1")],
        "x = torch.flatten(F.relu(self.conv1(x), inplace=True), 1)",
    ),
    "across scopes": (
        """net N() {
  input image: 4x8x8
  conv(4, 1x1) -> relu
  stage a { conv(4, 1x1) -> relu -> conv(4, 1x1) }
  stage b { conv(4, 1x1) -> relu }
}""",
        [("a.conv1", "conv1"), ("b.conv1", "a.conv2")],
        "return self.b(x, self.a.conv2)",
    ),
    "every turn of a repeat": (
        "net N() { input image: 4x8x8; repeat 5 { conv(4, 1x1) -> bn -> relu } }",
        TURNS,
        "for _ in range(5):\n            x = self.layer1(x)",
    ),
    "every use of a block": (
        BLOCK + "net N() { input image: 4x8x8; repeat 3 { B(4) } }",
        [(f"b{i}.{k}", f"b1.{k}") for i in (2, 3) for k in ("conv1", "bn1")],
        "return self.b1(x)",
    ),
    "all but the norms": (
        "net N() { input image: 4x8x8; repeat 5 { conv(4, 1x1) -> bn -> relu } }",
        [pair for pair in TURNS if pair[0].endswith("conv1")],
        "x = self.layer2(x, self.layer1.conv1)",
    ),
}


def shared(text: str, pairs: list[tuple[str, str]]) -> Graph:
    graph = compiled(text).copy()
    for name, owner in pairs:
        graph.put(replace(graph.node(name), owner=owner))
    return graph


@pytest.mark.parametrize("case", CASES)
def test_shared_weights(case: str) -> None:
    text, pairs, line = CASES[case]
    graph = shared(text, pairs)
    assert line in torch_source(graph)
    net = torch_module(graph).double().train()
    owned = {f"{n.name}.{k}": tuple(v) for n in graph for k, v in graph.parameters(n.name).items()}
    assert {name: tuple(p.shape) for name, p in net.named_parameters()} == owned
    x = torch.randn(3, 4, 8, 8, dtype=torch.float64)
    torch.testing.assert_close(net(x), run(graph, net, {"image": x})[0]["output"], rtol=1e-12, atol=1e-12)
    traced = torch.fx.symbolic_trace(net)
    torch.testing.assert_close(traced(x), net(x), rtol=1e-12, atol=1e-12)


def test_an_owner_that_leads_nowhere_leaves_its_weights_to_the_next() -> None:
    text = "net N() { input image: 4x8x8; conv(4, 1x1) as a; image -> conv(4, 1x1) as b; b -> relu -> conv(4, 1x1) as c }"
    graph = compiled(text).copy()
    graph = shared_owner(graph)
    assert {name for name, _ in torch_module(graph).named_parameters()} == {"b.weight", "b.bias"}


def shared_owner(graph: Graph) -> Graph:
    for name in ("b", "c"):
        graph.put(replace(graph.node(name), owner="a"))
    return graph
