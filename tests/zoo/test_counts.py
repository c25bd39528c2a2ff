"""Every variant of the zoo counts what it must, by our rules and by torch."""

from __future__ import annotations

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import ogive
from ogive import resources
from ogive.loading import declared
from ogive.report import counts
from tests.zoo.counts import COUNTS

VARIANTS = [name for file in resources.zoo_files() for name in declared(file)]


def test_every_variant_has_its_figures() -> None:
    assert set(VARIANTS) == set(COUNTS)


@pytest.mark.parametrize("name", VARIANTS)
def test_counts(name: str) -> None:
    network = ogive.load(name)
    expected = COUNTS[name]
    assert network.params == expected.params
    assert expected.macs is None or network.macs == expected.macs
    assert expected.heads is None or counts.params(network.unrolled, heads=True) == expected.heads
    assert not network.warnings


@pytest.mark.parametrize("name", VARIANTS)
def test_torch_counts_the_same(name: str) -> None:
    network = ogive.load(name)
    with torch.device("meta"):
        module = network.module().eval()
        image = torch.empty(1, *network.inputs[0][1].sizes)
    assert sum(p.numel() for p in module.parameters()) == counts.params(network.unrolled, heads=True)
    with FlopCounterMode(display=False) as counter:
        output = module(image)
    assert counter.get_total_flops() == 2 * network.macs
    assert tuple(output.shape[1:]) == network.outputs[0][1].sizes


@pytest.mark.parametrize("name", VARIANTS)
def test_module_has_the_parameters_that_the_graph_promises(name: str) -> None:
    network = ogive.load(name)
    graph = network.unrolled
    with torch.device("meta"):
        module = network.module()
    real = sorted(tuple(p.shape) for p in module.parameters())
    promised = sorted(shape for node in graph for shape in graph.parameters(node.name).values())
    assert real == promised
