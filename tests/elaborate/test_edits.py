"""Edits: what they select, what they make, and what stays as it was."""

from __future__ import annotations

import pytest

import ogive
from elaborate.edited import codes, facts, layers
from elaborate.helpers import kinds, net, out, shapes
from ogive.diagnostics import ArchError
from ogive.pipeline import parse_changes
from ogive.syntax import ast

ZOO = [
    *("lenet5", "resnet18", "googlenet", "cliquenet_k36_t12"),
    *(pytest.param(name, marks=pytest.mark.slow) for name in ("resnet50", "densenet121")),
]

# --------------------------------------------------------------------------- the four edits


def test_insert_before_and_after():
    body = "conv(8, 3x3) -> relu -> conv(8, 3x3)"
    assert kinds(net(body, edits=["insert bn before relu"])) == ["conv", "bn", "relu", "conv"]
    assert kinds(net(body, edits=["insert bn after conv"])) == ["conv", "bn", "relu", "conv", "bn"]
    chain = net(body, edits=["insert gn(4) -> drop_path(0.1) after relu"])
    assert kinds(chain) == ["conv", "relu", "gn", "drop_path", "conv"]


def test_remove():
    assert kinds(net("conv(8, 3x3) -> bn -> relu", edits=["remove bn"])) == ["conv", "relu"]
    whole = net("conv(8, 3x3) -> bn -> relu", edits=["remove bn", "remove relu", "remove conv"])
    assert kinds(whole) == []
    assert out(whole) == "3x32x32"


def test_replace():
    assert kinds(net("conv(8, 3x3) -> relu", edits=["replace relu with bn -> silu"])) == [
        "conv",
        "bn",
        "silu",
    ]
    assert kinds(net("conv(8, 3x3) -> relu", edits=["replace relu with identity"])) == ["conv"]


def test_set():
    found = layers(
        net("conv(8, 3x3) -> dropout(0.5)", edits=["set conv(padding = same)", "set dropout(p = 0.1)"])
    )
    assert found == ["conv(out_channels=8, kernel_size=(3, 3), padding=same)", "dropout(p=0.1)"]


def test_shapes_and_arguments_follow():
    body = "conv(8, 3x3, padding = 1) -> relu -> conv(2 * here.channels, 1x1) -> conv(here.channels, 1x1)"
    wider = net(body, edits=["replace relu with conv(24, 1x1)"])
    assert [n.outputs[0].channels for n in wider.ir][1:] == [8, 24, 48, 48]
    # also those of the very layer before which something is inserted
    wider = net(body, edits=["insert conv(5, 1x1) before conv(1x1)"])
    assert [n.outputs[0].channels for n in wider.ir][1:] == [8, 8, 5, 10, 5, 5]


def test_what_an_edit_brings_knows_the_tensor_that_arrives():
    se = """block SE(r = 4) {
      mul { | identity | global_avg_pool -> conv(in.channels // r, 1x1) -> relu -> conv(in.channels, 1x1) -> sigmoid }
    }"""
    network = net(
        "stage a { conv(8, 3x3) -> bn }; stage b { conv(16, 3x3) -> bn }",
        before=se,
        edits=["insert SE(r = 2) after bn"],
    )
    assert [n.outputs[0].channels for n in network.ir if n.name.endswith("conv1")] == [8, 4, 16, 8]
    doubled = net("conv(8, 1x1) -> relu -> relu", edits=["insert conv(here.channels * 2, 1x1) before relu"])
    assert out(doubled) == "32x32x32"


def test_biases_follow():
    body = "conv(8, 3x3) -> relu -> conv(8, 3x3) -> relu"
    plain, norms = net(body), net(body, edits=["insert bn before relu"])
    assert norms.params == plain.params - 16 + 32
    # behind the activation the norm cancels nothing
    assert net(body, edits=["insert bn after relu"]).params == plain.params + 32


# --------------------------------------------------------------------------- KIND


BODY = """
conv(4, 5x5, padding = 2) -> relu -> conv(8, 3x3, padding = 1, stride = 2) -> bn -> tanh
depthwise(3x3, padding = 1) -> max_pool(3x3, stride = 2) -> avg_pool(2x2) -> dropout(0.5) -> drop_path(0.1)
"""


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("conv", 3), ("conv()", 2), ("conv(5x5)", 1), ("conv(5)", 0), ("conv(8)", 1), ("conv(stride = 2)", 1),
        ("conv(stride = 1)", 1), ("conv(3x3, stride = 2)", 1), ("conv(3x3, stride = 1)", 0), ("conv(8, 3)", 1),
        ("conv(padding = 1x1)", 1), ("conv(kernel_size = 5)", 1), ("depthwise", 1), ("depthwise(3x3)", 1),
        ("act", 2), ("tanh", 1), ("norm", 1), ("norm(eps = 1e-5)", 1), ("norm(eps = 1)", 0), ("pool", 2),
        ("pool(3x3)", 1), ("pool(2)", 1), ("pool(stride = 2)", 2), ("max_pool(3, 2)", 1), ("avg_pool(stride = 2x2)", 1),
        ("dropout", 2), ("dropout()", 1), ("dropout(0.5)", 1), ("drop_path", 1),
    ],
)  # fmt: skip
def test_selection(kind: str, expected: int):
    edit = f"insert abs after {kind}"
    if not expected:
        assert codes(BODY, edit) == ["E313"]
        return
    assert kinds(net(BODY, edits=[edit])).count("abs") == expected


def test_blocks_and_words_are_kinds():
    before = "block Unit(k) { conv(k, 3x3, padding = 1) -> bn }"
    body = "conv(8, 1x1); Unit(8); residual { Unit(k = 8) -> Unit(16) }; aux(0.5) { flatten -> linear(2) }; unit(4, 1x1)"
    network = net(body, before=before, edits=["insert relu after Unit(8)"])
    assert kinds(network).count("relu") == 3  # and that of the `unit`
    assert (
        kinds(net(body, before=before, edits=["replace Unit with conv(here.channels, 1x1)"])).count("conv")
        == 5
    )
    assert not net(body, before=before, edits=["remove aux"]).ir.heads
    assert net(body, before=before, edits=["set aux(weight = 0.1)"]).ir.heads[0].weight == 0.1
    order = kinds(net(body, before=before, edits=['set unit(order = "norm act conv")']))
    assert order[-3:] == ["bn", "relu", "conv"]
    wide = net(body, before=before, edits=["set Unit(16, k = 24)", "set Unit(8, k = 12)"])
    assert [n.outputs[0].channels for n in wide.ir if n.layer.kind == "bn"] == [12, 12, 24, 24, 4]


def test_a_removed_residual_is_a_plain_net():
    network = net(
        "conv(8, 1x1) -> residual { conv(16, 3x3, stride = 2) -> bn } -> relu", edits=["remove residual"]
    )
    assert kinds(network) == ["conv", "conv", "bn", "relu"]
    assert list(shapes(network)) == ["image", "conv1", "conv2", "bn1", "relu1"]


def test_removed_connections_leave_the_layers_and_their_names():
    body = "dense(layers = 3) { bn -> relu -> conv(8, 3x3, padding = 1) }"
    dense, plain = net(body), net(body, edits=["remove dense"])
    owners = [n.name for n in dense.ir if n.layer.kind != "concat"]
    assert list(shapes(plain)) == owners
    assert [n.layer.bias for n in plain.ir if n.layer.kind == "conv"] == [
        False,
        False,
        True,
    ]  # the next bn follows
    body = "clique(layers = 3) { bn -> relu -> conv(8, 3x3, padding = 1) }"
    assert out(net(body, edits=["remove clique"])) == "8x32x32"


def test_a_name_of_the_program_hides_a_group():
    before = "block act() { relu -> bn }"
    network = net("conv(8, 3x3) -> tanh -> act", before=before, edits=["remove act"])
    assert kinds(network) == ["conv", "tanh"]


def test_a_named_layer_selects_by_its_arguments():
    body = "let wide = conv(16, 3x3); conv(8, 3x3) -> wide -> conv(16, 1x1)"
    network = net(f"{body.replace(';', chr(10) + 'insert relu after wide' + chr(10), 1)}")
    assert kinds(network) == ["conv", "conv", "relu", "conv"]


# --------------------------------------------------------------------------- what a replacement keeps


@pytest.mark.parametrize(
    ("body", "edit", "expected"),
    [
        ("max_pool(3x3, stride = 2, padding = 1, ceil = true)", "replace max_pool with avg_pool",
         ["avg_pool(kernel_size=(3, 3), stride=2, padding=1, ceil=True)"]),
        ("default max_pool(stride = 1); max_pool(3x3)", "replace max_pool with avg_pool",
         ["avg_pool(kernel_size=(3, 3), stride=1)"]),
        ("leaky_relu(0.2)", "replace act with sigmoid", ["sigmoid"]),
        # what kept the places still does, and the step is taken once
        ("conv(8, 5x5, stride = 2, padding = 2)", "replace conv(5x5) with conv(3x3) -> relu -> conv(3x3)",
         ["conv(out_channels=8, kernel_size=(3, 3), stride=2, padding=1)", "relu",
          "conv(out_channels=8, kernel_size=(3, 3), padding=1)"]),
        ("conv(8, 5x5, padding = 2)", "replace conv(5x5) with conv(1x5) -> conv(5x1)",
         ["conv(out_channels=8, kernel_size=(1, 5), padding=(0, 2))",
          "conv(out_channels=8, kernel_size=(5, 1), padding=(2, 0))"]),
        ("conv(8, 5x5)", "replace conv with conv(3x3)", ["conv(out_channels=8, kernel_size=(3, 3))"]),
        ("conv(8, 5x5, padding = same)", "replace conv with conv(3x3)",
         ["conv(out_channels=8, kernel_size=(3, 3), padding=same)"]),
        ("conv(8, 11x11, padding = 2)", "replace conv with conv(7x7)",
         ["conv(out_channels=8, kernel_size=(7, 7), padding=2)"]),
        ("conv(8, 3x3, padding = 2, dilation = 2)", "replace conv with conv(5x5)",
         ["conv(out_channels=8, kernel_size=(5, 5), padding=4, dilation=2)"]),
        ("conv(8, 5x5, padding = 2)", "replace conv with conv(16, 3x3, padding = 0)",
         ["conv(out_channels=16, kernel_size=(3, 3))"]),
        ("conv(8, 3x3, stride = 2, padding = 1)", "replace conv(3x3) with depthwise(3x3) -> conv(1x1)",
         ["depthwise(kernel_size=(3, 3), stride=2, padding=1)", "conv(out_channels=8, kernel_size=(1, 1))"]),
        # of another group: the first that takes something
        ("max_pool(3x3, stride = 2, padding = 1)", "replace pool with bn -> conv(here.channels, 3x3) -> relu",
         ["bn", "conv(out_channels=3, kernel_size=(3, 3), stride=2, padding=1)", "relu"]),
        # a pooling steps by its window unless told otherwise
        ("max_pool(2x2)", "replace max_pool with conv(here.channels, 3x3, padding = 1)",
         ["conv(out_channels=3, kernel_size=(3, 3), stride=(2, 2), padding=1)"]),
        ("max_pool(2x2)", "replace max_pool with avg_pool(3x3, padding = 1)",
         ["avg_pool(kernel_size=(3, 3), stride=(2, 2), padding=1)"]),
        ("unit(8, 3x3, stride = 2)", "replace unit with conv", ["conv(out_channels=8, kernel_size=(3, 3), stride=2)"]),
        ("conv(8, 3x3, stride = 2)", "replace conv with unit(act = tanh)",
         ["conv(out_channels=8, kernel_size=(3, 3), stride=2)", "bn", "tanh"]),
    ],
)  # fmt: skip
def test_arguments_that_are_kept(body: str, edit: str, expected: list[str]):
    assert layers(net(body, edits=[edit])) == expected


def test_a_block_hands_its_arguments_on():
    before = """
    block A(width, stride = 1, drop = 0.5) { conv(width, 3x3, stride = stride) -> dropout(drop) }
    block B(width, stride = 1) { conv(width, 5x5, stride = stride) -> bn }
    """
    network = net("A(8, stride = 2, drop = 0.1)", before=before, edits=["replace A with B"])
    assert layers(network) == ["conv(out_channels=8, kernel_size=(5, 5), stride=2)", "bn"]


# --------------------------------------------------------------------------- names


def test_inserted_norms_rename_no_convolution():
    for name in ("resnet18", "googlenet"):
        plain, edited = ogive.load(name), ogive.load(name, edits=["insert gn(4) after conv"])
        convolutions = [n.name for n in plain.ir if n.layer.kind == "conv"]
        assert [n.name for n in edited.ir if n.layer.kind == "conv"] == convolutions


def test_as_stays_on_the_layer_that_it_named():
    body = "conv(8, 3x3) as first; relu; first -> conv(4, 1x1)"
    network = net(body, edits=["insert bn after conv(3x3)", "insert dropout(0.1) before conv(3x3)"])
    assert network.ir.node("first").layer.kind == "conv"
    assert network.ir.node("first").pinned
    assert [ref.node for ref in network.ir.operands("conv1")] == ["bn1"]  # the name is the tensor behind
    assert net(body, edits=["replace conv(3x3) with bn -> tanh"]).ir.node("first").layer.kind == "tanh"


# --------------------------------------------------------------------------- what leaves everything as it was


@pytest.mark.parametrize("name", ZOO)
def test_edits_without_effect_change_nothing(name: str):
    plain = ogive.load(name)
    kinds_ = {n.layer.kind for n in plain.ir if n.layer.group not in ("input", "clique", "merge")}
    kinds_ |= {
        r.block
        for r in plain.ir.regions.values()
        if r.kind in ("block", "residual", "dense", "aux", "clique")
    }
    for kind in sorted(filter(None, kinds_)):
        for edit in (f"insert identity before {kind}", f"insert identity after {kind}"):
            assert facts(ogive.load(name, edits=[edit])) == facts(plain), edit
        brought = f"insert softplus before {kind}; remove softplus"
        assert facts(ogive.load(name, edits=[brought])) == facts(plain), brought


@pytest.mark.parametrize("name", ZOO)
def test_replacing_something_by_itself_changes_nothing(name: str):
    plain = ogive.load(name)
    kinds_ = {n.layer.kind for n in plain.ir if n.layer.group not in ("input", "clique")}
    kinds_ |= {r.block for r in plain.ir.regions.values() if r.kind == "block"}
    inner = {"concat"} if name.startswith("clique") else set()  # those of a clique belong to it
    for kind in sorted(filter(None, kinds_ - inner)):
        assert facts(ogive.load(name, edits=[f"replace {kind} with {kind}"])) == facts(plain), kind


def test_a_set_that_repeats_what_was_said_changes_nothing():
    plain = ogive.load("resnet18")
    for edit in (
        "set conv(3x3, kernel_size = 3x3)",
        "set residual(shortcut = auto)",
        "set Basic(512, width = 512)",
    ):
        assert facts(ogive.load("resnet18", edits=[edit])) == facts(plain)


# --------------------------------------------------------------------------- from outside


def test_several_edits_in_one_text():
    changes = parse_changes(["remove lrn; insert bn before relu", "set conv(stride = 1)"])
    assert [type(change) for change in changes] == [ast.Remove, ast.Insert, ast.Set]
    network = ogive.load("lenet5", edits="replace tanh with relu; insert bn before relu")
    assert network.edits == ("replace tanh with relu", "insert bn before relu")
    assert "with these edits:\n    replace tanh with relu\n" in network.source()


def test_an_edit_from_outside_knows_the_names_of_the_file():
    text = "block A() { gelu -> bn }\nlet k = 7\nnet N() { input image: 3x16x16; conv(4, 3x3) -> relu }"
    network = ogive.loads(text, edits=["replace relu with A", "set conv(out_channels = 2 * k)"])
    assert kinds(network) == ["conv", "gelu", "bn"]
    assert out(network) == "14x14x14"


def test_edits_keep_the_shape_that_was_given():
    assert out(ogive.load("resnet18", input=(3, 64, 64), edits=["remove max_pool"], classes=5)) == "[5]"


def test_budgets_may_stand_among_edits():
    with pytest.raises(ArchError) as problem:
        ogive.load("lenet5", edits=["assert params < 100"])
    assert [d.code for d in problem.value.diagnostics] == ["E404"]
    assert ogive.load("lenet5", edits=["assert params > 100"]).params == 61_706


def test_too_many_edits():
    assert codes("relu", *["replace relu with relu"] * 101) == ["E315"]
    assert kinds(net("relu", edits=["replace relu with relu"] * 100)) == ["relu"]


def test_edits_that_multiply_come_to_an_end():
    assert codes("relu", *["replace relu with relu -> relu -> relu"] * 40) == ["E402"]


def test_a_variant_with_edits_can_be_a_part_of_a_net():
    text = """
    net Small() { input image: 3x8x8; conv(4, 3x3) -> relu }
    variant smooth = Small() with { replace relu with tanh }
    net Both() { input image: 3x8x8; concat { | Small | smooth } -> relu }
    """
    assert kinds(ogive.loads(text, "Both")) == ["conv", "relu", "conv", "tanh", "concat", "relu"]
    assert kinds(ogive.loads(text, "Both", edits=["remove relu"])) == ["conv", "conv", "tanh", "concat"]
