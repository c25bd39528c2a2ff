"""Random programs: what the text computes, and its gradients, are those of the graph, whatever stands in what.

The programs are those of `tests.programs`, over every word and layer; sizes, names and types are checked there.
"""

from __future__ import annotations

import random

import pytest
import torch

from ogive.backends.torch_module import torch_module
from ogive.graph import Graph
from ogive.network import Network
from tests.backends.oracle import run
from tests.programs.definitions import write_program
from tests.programs.judge import judge
from tests.programs.run import HEAVIEST, MOST_NODES, inputs_of, weight

PROGRAMS = 80
BATCH = 20


def is_random(graph: Graph) -> bool:
    """Whether a layer draws numbers in training: the oracle would draw others."""
    return any(
        node.layer.group == "dropout" or getattr(node.layer, "dropout", 0) or node.layer.kind in RANDOM
        for node in graph
    )


RANDOM = frozenset({"dropout", "drop_path"})


def compare(network: Network) -> bool:
    """Compares a network with its graph; whether it could be."""
    if len(network.ir) > MOST_NODES or weight(network) > HEAVIEST or is_random(network.unrolled):
        return False
    torch.manual_seed(0)
    net = torch_module(network.ir).double().train()
    mine = [x.double() if x.is_floating_point() else x for x in inputs_of(network, network.unknowns)]
    mine = [x.detach().requires_grad_(x.is_floating_point()) for x in mine]
    theirs = [x.detach().clone().requires_grad_(x.is_floating_point()) for x in mine]
    got = net(*mine)
    heads = {}
    if network.ir.heads:
        got, heads = got
    names = [name for name, _ in network.inputs]
    expected, expected_heads = run(network.ir, net, dict(zip(names, theirs, strict=True)))
    outputs = got if isinstance(got, dict) else {network.outputs[0][0]: got}
    pairs = [(outputs[name], tensor) for name, tensor in expected.items()]
    pairs += [(heads[name][0], tensor) for name, tensor in expected_heads.items()]
    for ours, other in pairs:
        torch.testing.assert_close(ours, other, rtol=1e-6, atol=1e-8, equal_nan=True)
    for total in (
        sum(t.square().sum() for t in side if t.requires_grad) for side in zip(*pairs, strict=True)
    ):
        if isinstance(total, torch.Tensor):
            total.backward()
    for ours, other in zip(mine, theirs, strict=True):
        assert (ours.grad is None) == (other.grad is None)
        if ours.grad is not None and other.grad is not None:
            torch.testing.assert_close(ours.grad, other.grad, rtol=1e-5, atol=1e-7, equal_nan=True)
    return True


@pytest.mark.parametrize("first", range(0, PROGRAMS, BATCH))
def test_random_programs(first: int) -> None:
    compared = 0
    for seed in range(first, first + BATCH):
        verdict = judge(write_program(random.Random(seed), reckless=0))
        compared += sum(compare(Network(c)) for c in verdict.compiled if verdict.accepted)
    assert compared >= BATCH // 3


@pytest.mark.slow
@pytest.mark.parametrize("first", range(PROGRAMS, 300, 110))
def test_more_random_programs(first: int) -> None:
    for seed in range(first, first + 110):
        verdict = judge(write_program(random.Random(seed), reckless=0))
        for compiled in verdict.compiled if verdict.accepted else ():
            compare(Network(compiled))
