"""Features: stages' outputs instead of the net's."""

from __future__ import annotations

import pytest
import torch

from ogive.backends.torch_module import torch_module
from ogive.diagnostics import ArchError
from ogive.passes.features import select_features
from tests.backends.oracle import compiled, run
from tests.backends.programs import PROGRAMS

TEXT = """net N() {
  input image: 3x16x16
  stage one { conv(4, 3x3, padding = 1) -> bn -> relu }
  aux { global_avg_pool -> flatten -> linear(2) }
  stage two { conv(6, 3x3, stride = 2, padding = 1) -> bn -> relu; max_pool(2x2) }
  stage three { conv(8, 3x3) -> relu }
  flatten -> linear(2)
}"""


def test_stages_come_as_a_dict_in_the_order_asked_for() -> None:
    graph = compiled(TEXT)
    net = torch_module(graph, features=["two", "one"]).double().train()
    x = torch.randn(2, 3, 16, 16, dtype=torch.float64)
    got = net(x)
    assert {name: tuple(t.shape) for name, t in got.items()} == {"two": (2, 6, 4, 4), "one": (2, 4, 16, 16)}
    expected, _ = run(select_features(graph, ["two", "one"]), net, {"image": x})
    assert list(got) == ["two", "one"]
    for name, tensor in expected.items():
        torch.testing.assert_close(got[name], tensor)


def test_what_leads_to_none_is_not_made() -> None:
    names = {
        name.split(".")[0] for name, _ in torch_module(compiled(TEXT), features=["two"]).named_parameters()
    }
    assert names == {"one", "two"}


def test_weights_of_the_whole_net_fit() -> None:
    graph = compiled(TEXT)
    part = torch_module(graph, features=["two"])
    whole = torch_module(graph).state_dict()
    missing, unexpected = part.load_state_dict(whole, strict=False)
    assert not missing
    assert {key.split(".")[0] for key in unexpected} == {"three", "aux1", "linear1"}


def test_one_feature_is_a_dict_too() -> None:
    got = torch_module(compiled(TEXT), features=["three"])(torch.zeros(2, 3, 16, 16))
    assert list(got) == ["three"]


def test_layers_and_cliques_can_be_taken_out() -> None:
    got = torch_module(compiled(TEXT), features=["two.bn1"])(torch.zeros(2, 3, 16, 16))
    assert got["two.bn1"].shape == (2, 6, 8, 8)
    got = torch_module(compiled(PROGRAMS["clique"]), features=["block1", "block2"])(torch.zeros(2, 3, 12, 12))
    assert {name: t.shape[1] for name, t in got.items()} == {"block1": 12, "block2": 12}


def test_the_input_is_left_alone() -> None:
    graph = compiled(TEXT)
    before = list(graph.digraph.edges), graph.outputs, graph.heads
    select_features(graph, ["one"])
    assert (list(graph.digraph.edges), graph.outputs, graph.heads) == before


def test_a_stage_whose_value_was_dropped_is_no_feature() -> None:
    with pytest.raises(ArchError, match="stage `block3` leads to no output of N, and was dropped"):
        torch_module(compiled(PROGRAMS["clique"]), features=["block3"])


@pytest.mark.parametrize(
    ("names", "help_"), [(["tow"], "did you mean `two`?"), (["nothing like it"], None), ([], None)]
)
def test_a_stage_that_is_not_there(names: list[str], help_: str | None) -> None:
    with pytest.raises(ArchError) as caught:
        torch_module(compiled(TEXT), features=names)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.help) == ("E118", help_)
