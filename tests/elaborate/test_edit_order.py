"""Edits: in which order they act, how far they reach, and what they do beside shared and imported blocks."""

from __future__ import annotations

from pathlib import Path

import ogive
from elaborate.edited import codes
from elaborate.helpers import kinds, net, out

# --------------------------------------------------------------------------- order


def test_an_edit_does_not_see_what_it_inserted():
    body = "conv(8, 3x3, padding = 1) -> relu"
    assert kinds(net(body, edits=["replace relu with relu -> relu"])) == ["conv", "relu", "relu"]
    assert kinds(net(body, edits=["insert conv(8, 1x1) -> relu before relu"])) == [
        "conv",
        "conv",
        "relu",
        "relu",
    ]
    before = "block Twice() { relu -> relu }"
    assert kinds(net(body, before=before, edits=["replace relu with Twice"])) == ["conv", "relu", "relu"]


def test_an_edit_sees_what_those_before_it_made():
    body = "conv(8, 3x3) -> relu"
    swapped = ["replace relu with tanh", "replace tanh with sigmoid"]
    assert kinds(net(body, edits=swapped)) == ["conv", "sigmoid"]
    assert kinds(net("relu -> tanh", edits=["replace relu with tanh", "replace tanh with relu"])) == [
        "relu",
        "relu",
    ]
    both = ["insert bn before relu", "insert dropout(0.1) after bn"]
    assert kinds(net(body, edits=both)) == ["conv", "bn", "dropout", "relu"]
    assert codes(body, *both[::-1]) == ["E311"]
    nearest = [
        "insert abs after conv",
        "insert bn after conv",
        "insert tanh before relu",
        "insert gelu before relu",
    ]
    assert kinds(net(body, edits=nearest)) == ["conv", "bn", "abs", "tanh", "gelu", "relu"]
    assert kinds(net(body, edits=["set conv(kernel_size = 1)", "remove conv(1x1)"])) == ["relu"]
    assert kinds(net(body, edits=["insert bn before relu; remove bn"])) == kinds(net(body))


def test_variants_act_inside_out_and_the_command_last():
    text = """
    net N() { input image: 3x8x8; conv(4, 3x3) -> lrn(5) -> relu }
    variant inception   = N()
    variant bn_baseline = inception with { remove lrn; insert bn before relu }
    variant bn_sigmoid  = bn_baseline with { replace relu with sigmoid }
    variant bn_after    = inception with { remove lrn; insert bn after relu }
    """
    assert kinds(ogive.loads(text, "inception")) == ["conv", "lrn", "relu"]
    assert kinds(ogive.loads(text, "bn_baseline")) == ["conv", "bn", "relu"]
    assert kinds(ogive.loads(text, "bn_sigmoid")) == ["conv", "bn", "sigmoid"]
    assert kinds(ogive.loads(text, "bn_after")) == ["conv", "relu", "bn"]
    assert kinds(ogive.loads(text, "bn_after", edits=["replace bn with gn(2)"])) == ["conv", "relu", "gn"]


def test_edits_of_a_body_act_before_those_of_a_variant():
    text = """
    net N() { input image: 3x8x8; replace relu with tanh; conv(4, 3x3) -> relu }
    variant v = N() with { replace tanh with sigmoid }
    """
    assert kinds(ogive.loads(text)) == ["conv", "sigmoid"]


def test_inner_bodies_act_before_outer_ones():
    network = net("""
    replace relu with tanh
    stage a { replace relu with gelu; conv(4, 3x3) -> relu }
    conv(4, 3x3) -> relu
    """)
    assert kinds(network) == ["conv", "gelu", "conv", "tanh"]
    network = net("replace tanh with abs; stage a { replace relu with tanh; conv(4, 3x3) -> relu }")
    assert kinds(network) == ["conv", "abs"]


# --------------------------------------------------------------------------- reach


def test_an_edit_in_a_body_holds_from_its_place_to_the_end_of_the_body():
    network = net("""
    relu -> conv(4, 3x3, padding = 1)
    residual { remove relu; relu -> conv(4, 3x3, padding = 1) }
    relu
    insert bn before relu
    relu
    """)
    assert kinds(network) == ["relu", "conv", "conv", "add", "relu", "bn", "relu"]


def test_an_edit_in_a_body_reaches_into_the_blocks_used_there():
    before = "block A() { conv(4, 3x3, padding = 1) -> relu }\nblock B() { A -> A }"
    network = net("A; stage s { replace relu with tanh; B }; A", before=before)
    assert kinds(network) == ["conv", "relu", "conv", "tanh", "conv", "tanh", "conv", "relu"]


def test_an_edit_of_a_loop_acts_in_each_turn():
    network = net("""
    for k in [4, 8] { insert conv(k, 1x1) before relu; relu }
    repeat 2 { replace tanh with relu; tanh }
    """)
    assert [n.outputs[0].channels for n in network.ir if n.layer.kind == "conv"] == [4, 8]
    assert kinds(network)[-2:] == ["relu", "relu"]


def test_an_edit_in_a_block_may_miss_in_some_of_its_uses():
    before = "block A(norm) { remove bn; conv(4, 1x1) -> (bn if norm else identity) }"
    assert kinds(net("A(true) -> A(false)", before=before)) == ["conv", "conv"]
    assert codes("A(false) -> A(false)", before=before) == ["E311"]


def test_stages():
    body = 'for i in 0..3 { stage "conv{i + 1}" { conv(4, 1x1) -> relu; stage "in{i}" { relu } } }; relu'

    def left(within: str) -> int:
        return 7 - kinds(net(body, edits=[f'remove relu in "{within}"'])).count("relu")

    assert [left("conv2"), left("conv*"), left("in?"), left("*1"), left("conv[13]"), left("*")] == [
        2,
        6,
        3,
        3,
        4,
        6,
    ]
    assert codes(body, 'remove relu in "Conv2"') == ["E312"]  # case matters
    assert codes("stage a { conv(4, 1x1) }", 'remove relu in "a"') == ["E311"]


def test_an_edit_sees_every_layer():
    body = """
    conv(8, 1x1) -> unit(8, 3x3, padding = 1)
    residual { conv(16, 3x3, stride = 2, padding = 1) -> bn }
    dense(layers = 2) { bn -> conv(4, 1x1) }
    aux { flatten -> bn -> linear(2) }
    clique(layers = 2) { bn -> conv(4, 1x1) -> bn }
    """
    plain, edited = net(body), net(body, edits=["replace bn with ln"])
    assert "bn" not in kinds(edited)
    assert kinds(edited).count("ln") == kinds(plain).count("bn") == 6  # of the projection, too
    (body_,) = (r.clique for r in edited.ir.regions.values() if r.clique is not None)
    assert [step.layer.kind for step in body_.before] == ["ln"]
    assert [n.layer.kind for n in body_.after][1:] == ["ln"]
    more = net(body, edits=["insert relu after add", "insert abs after concat"])
    assert (kinds(more).count("relu"), kinds(more).count("abs")) == (2, 2)


def test_projections_have_the_norm_that_the_body_was_written_with():
    body = "conv(8, 1x1) -> residual { conv(16, 3x3, stride = 2, padding = 1) -> bn -> relu -> conv(16, 3x3, padding = 1) }"

    def shortcut(*edits: str) -> list[str]:
        return [n.layer.kind for n in net(body, edits=edits).ir if n.name.startswith("shortcut")]

    assert shortcut() == ["conv", "bn"]
    assert shortcut("remove bn") == ["conv"]
    assert shortcut("replace bn with gn(4)") == ["conv", "gn"]
    assert shortcut("insert dropout(0.1) after bn") == ["conv", "bn", "dropout"]
    assert shortcut("remove bn", "insert bn after conv") == ["conv", "bn"]
    assert shortcut("remove bn", "remove relu", "insert bn -> relu before conv") == ["bn", "relu", "conv"]
    assert shortcut("remove bn", "insert bn before relu") == ["conv"]


def test_the_addition_of_a_residual_can_be_another_join():
    body = "conv(8, 1x1) -> residual { conv(8, 3x3, padding = 1) }"
    assert out(net(body, edits=["replace add with concat"])) == "16x32x32"
    assert kinds(net(body, edits=["insert relu after add"]))[-2:] == ["add", "relu"]


def test_operands_go_where_they_went():
    network = net("a = conv(8, 1x1); conv(8, 1x1) -> concat(a) -> relu", edits=["replace concat with add"])
    assert len(network.ir.operands("add1")) == 2
    assert out(network) == "8x32x32"


# --------------------------------------------------------------------------- with other words


def test_what_is_shared_is_edited_as_one():
    network = net(
        "share f = conv(3, 3x3, padding = 1) -> relu\nf -> f",
        edits=["insert bn before relu", "set conv(groups = 3)"],
    )
    assert kinds(network) == ["conv", "bn", "relu"] * 2
    owners = {n.name: n.owner for n in network.ir}
    assert owners["f_2.bn1"] == "f.bn1"
    assert owners["f_2.conv1"] == "f.conv1"
    assert network.params == 3 * 9 + 2 * 3


def test_blocks_of_other_files_are_seen(tmp_path: Path):
    (tmp_path / "other.arch").write_text("block Unit(k) { conv(k, 3x3) -> bn -> relu }", encoding="utf-8")
    text = """use Unit as Cell from "other.arch"
    net N() { input image: 3x16x16; Cell(4) -> Cell(8) }
    variant silent = N() with { remove relu; insert gelu after Cell(8); replace bn with Mine }
    block Mine() { gn(here.channels // 2) }
    """
    network = ogive.loads(text, "silent", folder=tmp_path)
    assert kinds(network) == ["conv", "gn", "conv", "gn", "gelu"]


def test_the_defaults_are_those_of_the_place_where_an_edit_acts():
    body = "stage a { default conv(padding = same); relu }; relu"
    network = net(body, edits=["insert conv(4, 3x3) after relu"])
    assert [str(n.outputs[0]) for n in network.ir if n.layer.kind == "conv"] == ["4x32x32", "4x30x30"]


def test_a_removed_norm_leaves_a_clique_whole():
    body = "clique(layers = 3) { bn -> relu -> conv(4, 3x3, padding = 1) } as c; c.features -> bn"
    plain, edited = net(body), net(body, edits=["remove norm"])
    assert (out(plain), out(edited)) == ("15x32x32", "15x32x32")
    assert [r.clique.layers for r in edited.ir.regions.values() if r.clique is not None] == [3]
    assert codes(body, "remove conv") == ["E301"]
