"""residual, branches, dense, clique, aux."""

from __future__ import annotations

import networkx as nx
import pytest

import ogive
from tests.elaborate.helpers import codes, kinds, net, out, shapes


@pytest.mark.parametrize(
    ("word", "added"),
    [
        ("residual", ["conv", "bn"]), ("residual(shortcut = auto)", ["conv", "bn"]), ("residual(shortcut = pad)", ["subsample"]),
        ("residual(shortcut = project)", ["conv", "bn"]), ("residual(shortcut = { avg_pool(2x2) -> conv(8, 1x1) })", ["avg_pool", "conv"]),
    ],
)  # fmt: skip
def test_shortcuts_where_the_shape_changes(word: str, added: list[str]) -> None:
    n = net(f"conv(4, 1x1)\n{word} {{ conv(8, 3x3, stride = 2, padding = 1) -> bn }}")
    assert kinds(n) == ["conv", "conv", "bn", *added, "add"]
    assert out(n) == "8x16x16"


def test_shortcuts_where_it_does_not() -> None:
    assert kinds(net("residual { conv(3, 3x3, padding = 1) }")) == ["conv", "add"]
    assert kinds(net("residual(shortcut = project) { conv(3, 3x3, padding = 1) }")) == ["conv", "conv", "add"]


def test_a_projection_has_a_norm_only_if_the_body_has_one_and_of_its_kind() -> None:
    assert kinds(net("residual { conv(8, 3x3, padding = 1) -> relu }")) == ["conv", "relu", "conv", "add"]
    assert kinds(net("residual { conv(8, 3x3, padding = 1) -> gn(4) }")) == [
        "conv",
        "gn",
        "conv",
        "gn",
        "add",
    ]


def test_the_stride_of_a_projection_is_the_smallest_that_fits() -> None:
    n = net("residual { max_pool(3x5, stride = 3x5) }", "3x30x5")
    (conv,) = [node for node in n.ir if node.layer.kind == "conv"]
    assert conv.layer.stride == (3, 5)  # pyright: ignore[reportAttributeAccessIssue]
    assert codes("residual { conv(3, 3x3) }") == ["E209"]


def test_pad_cannot_take_channels_away() -> None:
    assert codes("residual(shortcut = pad) { conv(2, 1x1) }") == ["E209"]


@pytest.mark.parametrize("word", ["concat", "add", "mul", "mean", "max", "stack"])
def test_branches_start_from_the_same_tensor(word: str) -> None:
    n = net(f"conv(4, 1x1)\n{word} {{ | identity | conv(4, 3x3, padding = 1) -> relu | conv(4, 1x1) }}")
    assert kinds(n) == ["conv", "conv", "relu", "conv", word]
    assert [ref.node for ref in n.ir.operands(f"{word}1")] == ["conv1", "relu1", "conv3"]


def test_a_branch_may_start_elsewhere_and_hold_any_statement() -> None:
    n = net("x = conv(2, 1x1)\nconcat { | x -> relu | let k = 3; repeat 2 { conv(k, 1x1) } }")
    assert out(n) == "5x32x32"


def test_only_a_gate_spreads() -> None:
    gate = "{ | identity | global_avg_pool -> conv(3, 1x1) -> sigmoid }"
    assert out(net(f"mul {gate}")) == "3x32x32"
    assert codes(f"add {gate}") == ["E201"]


def test_dense_appends_what_its_body_makes() -> None:
    n = net("conv(8, 1x1)\ndense(layers = 3) { bn -> relu -> conv(4, 3x3, padding = 1) }")
    assert out(n) == "20x32x32"
    assert shapes(n)["dense1.layer3.bn1"] == "16x32x32"


CLIQUE = "conv(8, 3x3, padding = 1)\nclique(layers = 4{more}) {{ bn -> relu -> conv(6, 3x3, padding = 1) }} as b\n{end}"


def test_a_clique_is_a_cycle_until_it_is_unrolled() -> None:
    n = net(CLIQUE.format(more="", end="b.features -> bn"))
    members = n.graph.subgraph([name for name, kind in n.graph.nodes(data="kind") if kind == "clique_layer"])
    assert all(
        members.has_edge(f"clique1.layer{j}", f"clique1.layer{i}")
        for i in range(1, 5)
        for j in range(1, 5)
        if i != j
    )
    assert not nx.is_directed_acyclic_graph(n.graph)
    assert nx.is_directed_acyclic_graph(n.unrolled.digraph)
    assert n.outputs[0][1].channels == 8 + 4 * 6


def test_the_values_of_a_clique() -> None:
    assert out(net(CLIQUE.format(more="", end="b.transit -> bn"))) == "24x32x32"
    assert out(net(CLIQUE.format(more="", end="bn"))) == "24x32x32"
    assert out(net(CLIQUE.format(more="", end="b.stage1 -> bn"))) == "24x32x32"


def test_weights_that_a_clique_does_not_use_are_not_made() -> None:
    def links(more: str, end: str) -> set[str]:
        n = net(CLIQUE.format(more=more, end=end))
        return {
            key for node in n.unrolled for key in n.unrolled.parameters(node.name) if key.startswith("link_")
        }

    every = links("", "b.features -> bn")
    assert len(every) == 4 + 12
    assert links("", "b.stage1 -> bn") == {f"link_{j}_{i}.weight" for i in range(1, 5) for j in range(i)}
    assert links(", updates = 2", "b.features -> bn") == every - {"link_4_3.weight"}
    assert links(", updates = 0, stages = 3", "b.features -> bn") == links("", "b.stage1 -> bn")


@pytest.mark.parametrize(
    "more",
    ["", ", stages = 1", ", stages = 3", ", updates = 0", ", updates = 1, stages = 4", ", updates = 3"],
)
def test_a_clique_makes_what_it_counts(more: str) -> None:
    n = net(CLIQUE.format(more=more, end="b.features -> bn"), "3x8x8")
    assert sum(p.numel() for p in n.module().parameters()) == n.params


@pytest.mark.parametrize(
    "body",
    ["bn -> relu", "conv(6, 3x3, padding = 1, groups = 2)", "max_pool(3x3, stride = 1, padding = 1) -> conv(6, 3x3, padding = 1)",
     "conv(6, 3x3)", "concat { | conv(3, 1x1) | conv(3, 1x1) }", "conv(6, 3x3, padding = 1) -> concat(image)",
     "conv(6, 1x1) -> concat(in)"],
)  # fmt: skip
def test_malformed_bodies_of_a_clique(body: str) -> None:
    assert codes(f"conv(8, 3x3)\nclique(layers = 4) {{ {body} }}") in (["E301"], ["E101"])


def test_aux_moves_nothing_and_is_not_counted() -> None:
    body = "conv(4, 3x3)\naux(weight = 0.3) {{ flatten -> linear(5) }}{name}\nflatten -> linear(2)"
    n = net(body.format(name=""))
    assert out(n) == "[2]"
    assert [(head.name, head.weight) for head in n.ir.heads] == [("aux1", 0.3)]
    assert n.params == 4 * 27 + 4 + 4 * 900 * 2 + 2
    assert net(body.format(name=" as side")).ir.heads[0].name == "side"


def test_doubts() -> None:
    assert codes("x = conv(3, 1x1)\nrelu") == ["W001"]
    assert codes("aux { flatten -> linear(3) }\nconv(3, 1x1)") == ["W003"]
    assert codes("B(3)", before="block B(k) { relu }") == ["W002"]


def test_graph_is_documented_networkx() -> None:
    graph = ogive.load("resnet18").graph
    assert nx.is_directed_acyclic_graph(graph)
    assert nx.has_path(graph, "image", "linear1")
    assert sum(params for _, params in graph.nodes(data="params")) == 11_689_512
    assert graph.nodes["conv3.basic1.conv1"]["stage"] == "conv3"
    assert [
        d["operand"]
        for _, _, d in sorted(graph.in_edges("conv2.basic1.add1", data=True), key=lambda e: e[2]["operand"])
    ] == [0, 1]
