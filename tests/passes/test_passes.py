"""Passes return what they promise and leave their input alone."""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx
import pytest

import ogive
from ogive.elaborate.program import elaborate, targets
from ogive.graph import Graph
from ogive.layers.library import Library
from ogive.passes.bias import resolve_bias
from ogive.passes.prune import prune
from ogive.passes.unroll import unroll_cliques
from ogive.pipeline import read_program

TEXT = """net N() {
  input image: 3x16x16
  conv(8, 3x3, padding = 1)
  unused = conv(4, 3x3) -> relu
  clique(layers = 3) { bn -> relu -> conv(4, 1x1) -> bn -> relu -> conv(4, 3x3, padding = 1) } as b
  b.features -> bn -> relu -> global_avg_pool -> flatten -> linear(5)
}"""


@pytest.fixture
def graph() -> Graph:
    program = read_program(TEXT)
    graph = elaborate(program, targets(program.tree)["N"], Library.standard()).graph
    assert graph is not None
    return graph


def picture(graph: Graph) -> object:
    """Everything that a graph holds, as values."""
    edges = sorted((a, b, d["operand"], d["output"]) for a, b, d in graph.digraph.edges(data=True))
    return (
        [repr(node) for node in graph],
        edges,
        dict(graph.regions),
        graph.inputs,
        graph.outputs,
        graph.heads,
    )


@pytest.mark.parametrize(
    "pass_", [prune, resolve_bias, unroll_cliques, lambda g: unroll_cliques(resolve_bias(prune(g)))]
)
def test_a_pass_leaves_its_input_alone(graph: Graph, pass_: Callable[[Graph], Graph]) -> None:
    before = picture(graph)
    result = pass_(graph)
    assert picture(graph) == before
    assert picture(result) != before


def test_prune_drops_what_nothing_needs(graph: Graph) -> None:
    names = set(prune(graph).digraph)
    assert {"unused", "conv2", "clique1.stage1", "clique1.transit"} & set(graph.digraph)
    assert not {"unused", "conv2", "clique1.stage1", "clique1.transit"} & names
    assert {"image", "conv1", "clique1.layer1", "clique1.features", "linear1"} <= names


def test_bias_leaves_nothing_open(graph: Graph) -> None:
    done = resolve_bias(graph)
    assert all(getattr(node.layer, "bias", True) in (True, False) for node in done)
    (body,) = [region.clique for region in done.regions.values() if region.clique is not None]
    assert body.mix.layer.bias is False  # pyright: ignore[reportAttributeAccessIssue]
    assert body.after.node("conv2").layer.bias is False  # pyright: ignore[reportAttributeAccessIssue]


def test_unrolled_names_carry_stage_and_layer_and_share_convolutions(graph: Graph) -> None:
    done = unroll_cliques(resolve_bias(prune(graph)))
    assert nx.is_directed_acyclic_graph(done.digraph)
    assert done.node("clique1.conv2_2_3").owner == "clique1.conv2_3"
    assert done.node("clique1.bn2_2_3").owner is None
    assert [str(t) for t in done.operand_types("clique1.bn1_1_3")] == ["16x16x16"]
    assert [str(t) for t in done.operand_types("clique1.bn1_2_3")] == ["8x16x16"]


def test_without_cliques_there_is_nothing_to_unroll() -> None:
    ir = ogive.load("resnet18").ir
    assert unroll_cliques(ir) is ir
