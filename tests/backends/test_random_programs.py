"""Random programs: what the text computes, and its gradients, are those of the graph, whatever stands in what."""

from __future__ import annotations

import random

import pytest
import torch

from ogive.backends.torch_module import torch_module
from ogive.backends.torch_source import attribute_paths, torch_source
from ogive.diagnostics import ArchError
from ogive.graph import Graph
from tests.backends.oracle import compiled, run

PROGRAMS = 40


class Author:
    """Writes programs in which every construct may stand inside any other."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.blocks: list[str] = []
        self.names = 0

    def pick(self, *choices: str) -> str:
        return self.random.choice(choices)

    def fresh(self, stem: str) -> str:
        self.names += 1
        return f"{stem}{self.names}"

    def layer(self) -> str:
        if self.blocks and self.random.random() < 0.1:
            return (
                f"{self.random.choice(self.blocks)}({self.pick('4', '6')}{self.pick('', ', 3', ', n = 1')})"
            )
        conv = f"conv({self.pick('4', '6', '8')}, {self.pick('1x1', '3x3, padding = 1')})"
        other = self.pick(
            "sigmoid", "gelu", "abs", "leaky_relu(0.1)", "identity", "max_pool(3x3, stride = 1, padding = 1)"
        )
        return self.pick(conv, conv, "bn", "relu", "relu", other)

    def chain(self) -> str:
        return " -> ".join(self.layer() for _ in range(self.random.randint(1, 4)))

    def body(self, depth: int) -> str:
        return "; ".join(self.statement(depth) for _ in range(self.random.randint(1, 3)))

    def branches(self, depth: int) -> str:
        return " ".join(
            "| identity" if self.random.random() < 0.25 else f"| {self.body(depth)}"
            for _ in range(self.random.randint(2, 3))
        )

    def statement(self, depth: int) -> str:
        if depth <= 0 or self.random.random() < 0.4:
            return self.chain()
        inner = depth - 1
        match self.random.randrange(8):
            case 0:
                return f"residual {{ {self.body(inner)} }} -> relu"
            case 1:
                return f"residual {{ {self.body(inner)}; conv(here.channels, 1x1) -> bn }}"
            case 2:
                return f"concat {{ {self.branches(inner)} }} -> conv(4, 1x1)"
            case 3:
                return f"repeat {self.random.randint(1, 5)} {{ {self.body(inner)} }}"
            case 4:
                return f"dense(layers = {self.random.randint(1, 4)}) {{ {self.chain()} -> conv(4, 3x3, padding = 1) }}"
            case 5:
                return "mul { | conv(4, 1x1) | conv(4, 3x3, padding = 1) -> sigmoid }"
            case 6:
                name = self.fresh("t")
                kept = f"conv(4, 1x1) -> {self.pick('bn', 'relu', 'bn -> relu', 'identity')} as {name}"
                return f"{kept}; {self.chain()}; conv(4, 1x1) -> {self.pick('add', 'concat')}({name})"
            case _:
                return f"stage {self.fresh('s')} {{ {self.body(inner)} }}"

    def program(self) -> str:
        text = ""
        for index in range(self.random.randint(0, 3)):
            inner = self.body(2).replace("conv(6", "conv(w").replace("conv(8", "conv(2 * w")
            text += f"block B{index}(w, n = 2) {{ {inner}; repeat n {{ conv(w, 1x1) -> bn }} }}\n"
            self.blocks.append(f"B{index}")
        body = "\n  ".join(self.statement(3) for _ in range(self.random.randint(1, 5)))
        return f"{text}net N() {{\n  input image: 4x6x6\n  {body}\n}}"


def graph_of(seed: int) -> Graph | None:
    """The graph of a program, if it is one: a stage may have been made twice."""
    try:
        return compiled(Author(seed).program())
    except ArchError:
        return None


def test_most_programs_are_accepted() -> None:
    assert sum(graph_of(seed) is not None for seed in range(PROGRAMS)) > PROGRAMS // 2


@pytest.mark.parametrize("seed", range(PROGRAMS))
def test_a_random_program(seed: int) -> None:
    graph = graph_of(seed)
    if graph is None or len(graph) > 1000:
        return
    text = torch_source(graph)
    assert max(map(len, text.splitlines())) <= 110
    net = torch_module(graph).double().train()
    paths = attribute_paths(graph)
    owned = {f"{paths[n.name]}.{k}": tuple(v) for n in graph for k, v in graph.parameters(n.name).items()}
    assert {name: tuple(p.shape) for name, p in net.named_parameters()} == owned
    x = torch.randn(2, 4, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    mine, theirs = x.clone().requires_grad_(), x.clone().requires_grad_()
    got, expected = net(mine), run(graph, net, {"image": theirs})[0]["output"]
    torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-9)
    got.square().sum().backward()
    expected.square().sum().backward()
    torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-7, atol=1e-8)
