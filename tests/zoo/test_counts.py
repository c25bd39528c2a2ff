"""Every network of the zoo counts what it must, by our rules and by torch's."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import ogive
from ogive.catalogue import zoo_names
from ogive.network import Network
from ogive.report import counts
from tests.zoo.counts import COUNTS, agrees

VARIANTS = zoo_names()


@cache
def load(name: str) -> Network:
    known = COUNTS[name]
    return ogive.load(known.of or name, edits=known.edits, **known.arguments)


def test_every_variant_has_its_figures() -> None:
    assert set(VARIANTS) == {name for name, known in COUNTS.items() if not known.of}


def test_every_figure_has_its_origin() -> None:
    assert not [name for name, known in COUNTS.items() if len(known.origin) < 10]


def test_a_rounded_figure_is_met_by_what_rounds_to_it() -> None:
    assert agrees(455_149_216, "0.455G")
    assert agrees(455_149_216, 455_149_216)
    assert not agrees(455_149_216, "0.456G")
    assert not agrees(455_149_216, 455_149_217)


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name: str) -> None:
    network, expected = load(name), COUNTS[name]
    assert agrees(network.params, expected.params), f"{network.params:,}"
    assert expected.macs is None or agrees(network.macs, expected.macs), f"{network.macs:,}"
    if expected.heads is not None:
        assert counts.params(network.unrolled, heads=True) == expected.heads


@pytest.mark.parametrize("name", [name for name, known in COUNTS.items() if any(known.printed)])
def test_what_is_printed_agrees(name: str) -> None:
    network, known = load(name), COUNTS[name]
    params, flops = known.printed
    assert not params or agrees(network.params, params), f"{network.params:,}"
    assert flops is None or agrees(known.flops * network.macs, flops), f"{network.macs:,}"


@pytest.mark.parametrize("name", COUNTS)
def test_torch_counts_the_same(name: str) -> None:
    """The module on the meta device: its parameters, shape by shape, what it multiplies, what it returns."""
    network = load(name)
    graph = network.unrolled
    with torch.device("meta"):
        module = network.module()
        inputs = [
            torch.zeros(2, *type_.sizes, dtype=torch.long if type_.dtype == "int" else torch.float)
            for _, type_ in network.inputs
        ]
    promised = sorted(shape for node in graph for shape in graph.parameters(node.name).values())
    assert sorted(tuple(p.shape) for p in module.parameters()) == promised
    assert sum(p.numel() for p in module.parameters()) == counts.params(graph, heads=True)
    with FlopCounterMode(display=False) as counter:
        output = module.eval()(*inputs)
    assert counter.get_total_flops() == 4 * (network.macs + counts.products(graph))
    outputs = list(output.values()) if isinstance(output, dict) else [output]
    assert [tuple(tensor.shape[1:]) for tensor in outputs] == [type_.sizes for _, type_ in network.outputs]
