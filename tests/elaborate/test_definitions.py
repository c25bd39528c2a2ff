"""Blocks, parameters, variants, defaults, nets in nets."""

from __future__ import annotations

import pytest

import ogive
from ogive import ArchError
from tests.elaborate.helpers import codes, kinds, net, out, shapes

RESNET = """
block Basic(width, stride = 1) {
  residual {
    conv(width, 3x3, stride = stride, padding = 1) -> bn -> relu
    conv(width, 3x3, padding = 1) -> bn
  } -> relu
}
net Small(unit, layers = [2, 2], classes: int = 10) {
  input image: 3x32x32
  for i, n in layers { stage "conv{i + 1}" { repeat n as j { unit(8 * 2 ** i, stride = 2 if i > 0 and j == 0 else 1) } } }
  global_avg_pool -> flatten -> linear(classes)
}
variant small = Small(Basic)
variant wide  = small(layers = [1])
"""


def test_variants_of_nets_and_of_variants_and_arguments_over_them() -> None:
    assert out(ogive.loads(RESNET, "small")) == "[10]"
    assert out(ogive.loads(RESNET, "small", classes=7)) == "[7]"
    assert len(ogive.loads(RESNET, "wide").ir) < len(ogive.loads(RESNET, "small").ir)


def test_blocks_are_arguments_and_keep_those_they_have() -> None:
    block = "block C(base, width) { conv(base * width, 1x1) }\nblock Twice(unit) { unit(4) -> unit(2) }"
    assert out(net("Twice(C(3))", before=block)) == "6x32x32"


def test_layers_are_arguments_with_theirs() -> None:
    block = "block B(norm = bn, act = relu) { conv(8, 3x3) -> norm -> act }"
    assert kinds(net("B -> B(norm = gn(4), act = leaky_relu(0.2))", before=block)) == [
        "conv",
        "bn",
        "relu",
        "conv",
        "gn",
        "leaky_relu",
    ]


def test_choices_take_bare_words_and_nothing_else_does() -> None:
    block = 'block B(order: "pre" | "post" = "post") { if order == "pre" { bn -> relu } else { relu } }'
    assert kinds(net("B(order = pre) -> B", before=block)) == ["bn", "relu", "relu"]
    assert codes("B(order = prae)", before=block) == ["E107"]
    assert codes("B(same)", before="block B(p) { conv(3, 3x3, padding = p) }") == ["E101"]


def test_parameters_are_checked_for_their_types() -> None:
    block = "block B(k: int, p: kernel = 3x3, on: bool = true) { if on { conv(k, p) } }"
    assert out(net("B(4, p = 5)", before=block)) == "4x28x28"
    assert codes("B(4.5)", before=block) == ["E106"]
    assert codes("B(4, on = 1)", before=block) == ["E106"]


def test_a_block_takes_a_bundle_apart() -> None:
    block = "block Path[a, b = none](k) { if b == none { output [a, a] } else { s = a -> add(b)\n output [s, b] } }"
    assert out(net("x = conv(3, 1x1)\n[here, x] -> Path(2) -> concat", before=block)) == "6x32x32"
    assert out(net("Path(2) -> concat", before=block)) == "6x32x32"
    assert codes("[here, here, here] -> Path(2) -> concat", before=block) == ["E207"]


def test_default_holds_to_the_end_of_its_body_and_through_blocks() -> None:
    block = "block B() { conv(4, 3x3) }"
    assert (
        out(net("if true { default conv(padding = same)\n B -> conv(4, 5x5) }\nB", before=block)) == "4x30x30"
    )
    assert (
        out(net("default conv(padding = 1)\ndefault conv(stride = 2)\nconv(4, 3x3, padding = 0)"))
        == "4x15x15"
    )


def test_unit_places_its_norm_by_one_line() -> None:
    assert kinds(net("unit(4, 3x3)")) == ["conv", "bn", "relu"]
    assert kinds(net('default unit(order = "norm act conv", act = tanh)\nunit(4, 3x3)')) == [
        "bn",
        "tanh",
        "conv",
    ]
    assert kinds(net('unit(4, 3x3, order = "conv act", stride = 2)')) == ["conv", "relu"]
    assert out(net("default conv(padding = same)\nunit(4, 3x3, stride = 2)")) == "4x16x16"


def test_names_of_layers_follow_the_text() -> None:
    names = set(shapes(ogive.loads(RESNET, "small")))
    assert {
        "conv1.basic2.conv2",
        "conv2.basic1.shortcut.conv1",
        "conv2.basic1.shortcut.bn1",
        "linear1",
    } <= names
    assert "conv2.basic2.shortcut.conv1" not in names


def test_inserting_a_norm_renames_no_convolution() -> None:
    plain, normed = (
        set(shapes(net(f"repeat 2 {{ conv(4, 3x3) {norm} -> relu }}"))) for norm in ("", "-> bn")
    )
    assert {n for n in plain if "conv" in n} == {n for n in normed if "conv" in n}


def test_a_net_in_a_net_is_a_block() -> None:
    text = "net Inner(c = 4) { input x: 3x8x8\n conv(c, 3x3) }\nnet Outer() { input x: 3x16x16\n Inner(8) -> Inner }"
    n = ogive.loads(text, "Outer")
    assert shapes(n) == {"x": "3x16x16", "inner1.conv1": "8x14x14", "inner2.conv1": "4x12x12"}


def test_recursion_that_ends() -> None:
    block = "block F(n) { if n == 0 { conv(4, 3x3, padding = 1) } else { mean { | conv(4, 3x3, padding = 1) | F(n - 1) -> F(n - 1) } } }"
    assert kinds(net("F(3)", before=block)).count("conv") == 15


def test_all_mistakes_of_a_file_in_one_run_and_no_cascades() -> None:
    body = "conv(4, 3x3, strid = 2) -> relux -> linear(3)\nx = conv(-1, 3x3)\ny = foo -> bn"
    assert codes(body) == ["E103", "E101", "E108", "E101"]


def test_arguments_from_outside_are_checked() -> None:
    with pytest.raises(ArchError) as caught:
        ogive.loads(RESNET, "small", clases=7)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E103"
    assert "classes" in (diagnostic.help or "")
    with pytest.raises(ArchError):
        ogive.loads(RESNET, "Small")


SIAMESE = """
block Enc(w) {
  stage a { conv(w, 3x3) -> bn -> relu }
  stage b { conv(2 * w, 3x3) }
}
net S() {
  input l: 3x16x16
  input r: 3x16x16
  l -> Enc(4) as p
  r -> Enc(4) as q
  [p, q] -> concat -> global_avg_pool -> flatten -> linear(2)
}
"""


def test_a_block_with_stages_can_be_used_twice() -> None:
    network = ogive.loads(SIAMESE)
    assert {"p.a.conv1", "q.a.conv1", "p.b.conv1"} <= set(shapes(network))
    features = network.module(features=["p.a", "q.b"])
    assert set(dict(features.named_children())) == {"p", "q"}
    with pytest.raises(ArchError, match="say which by its path"):
        network.module(features=["a"])


def test_every_default_is_checked() -> None:
    block = 'block B(q: bool = 4, k: kernel = true, c: "a" | "b" = "z") { conv(3, k) }'
    assert codes("B", before=block) == ["E106", "E106", "E107"]


def test_none_can_be_a_choice() -> None:
    block = 'block B(act: "relu" | "none" = "relu") { if act == "none" { identity } else { relu } }'
    assert kinds(net("B(act = none) -> conv(3, 1x1) -> B", before=block)) == ["conv", "relu"]


def test_values_from_python_and_from_the_command_line() -> None:
    from ogive.pipeline import compile_target, parse_value, read_program

    assert out(ogive.loads(RESNET, "Small", unit="Basic", layers=[1], classes=3)) == "[3]"
    program = read_program(RESNET)
    values = {"unit": parse_value("Basic"), "layers": parse_value("[1, 1]")}
    assert compile_target(program, "Small", arguments=values).graph.inputs == ("image",)


def test_a_layer_leaves_the_name_of_a_later_stage_free():
    body = "conv(8, 1x1) -> conv(8, 1x1)\nstage conv2 { conv(8, 1x1) }\nconv(8, 1x1)"
    assert [name for name in shapes(net(body)) if "conv" in name] == [
        "conv1",
        "conv3",
        "conv2.conv1",
        "conv4",
    ]


def test_a_stage_of_a_loop_is_known_behind_it() -> None:
    body = """
    for i in 1..4 { stage "conv{i}" { conv(8 * i, 3x3, stride = 2, padding = 1) } }
    if true { stage last { relu } }
    output fine = conv2
    output coarse = last"""
    assert [f"{name} {type_}" for name, type_ in net(body).outputs] == ["fine 16x8x8", "coarse 24x4x4"]
    assert codes("residual { stage s { conv(3, 1x1) } }\ns -> relu") == ["E101"]


def test_a_variant_does_not_hide_the_layer_of_its_name() -> None:
    text = """
net Tiny(act = gelu) { input image: 3x8x8; conv(4, 3x3) -> act -> conv(4, 3x3) -> relu }
variant relu = Tiny(act = relu)
variant sigmoid = relu with { replace relu with sigmoid }
"""
    assert kinds(ogive.loads(text, "relu")) == ["conv", "relu", "conv", "relu"]
    assert kinds(ogive.loads(text, "sigmoid")) == ["conv", "sigmoid", "conv", "sigmoid"]


TWO = """
net Two() {
  input x: 3x8x8
  conv(4, 3x3)
  output a = conv(4, 3x3) -> bn
  output b = conv(5, 3x3)
}
"""


def test_outputs_of_a_net_in_a_net_have_names() -> None:
    text = f"{TWO}net N() {{ input x: 3x8x8; Two as t; [t.b, t.a] -> concat -> relu; here -> concat(t[0]) }}"
    network = ogive.loads(text, "N")
    assert out(network) == "13x4x4"
    assert not network.warnings


def test_the_tensors_of_one_output_are_numbered_for_the_block_as_well() -> None:
    text = "block P() { output r = [relu, tanh]; output relu }\nnet N() { input x: 3x8x8; P as t; t.r2 -> add(t.r1) -> add(t.output3) }"
    text = text.replace("[relu, tanh]", "both").replace(
        "block P() {", "block P() { p = relu; q = tanh; both = [p, q];"
    )
    assert out(ogive.loads(text, "N")) == "3x8x8"


@pytest.mark.parametrize(("kept", "name"), [("a", "b"), ("b", "a")])
def test_parameters_that_go_with_an_output_are_counted(kept: str, name: str) -> None:
    text = f"{TWO}net N() {{ input x: 3x8x8; Two as t; t.{kept} -> relu }}"
    (warning,) = ogive.loads(text, "N").warnings
    assert warning.code == "W001"
    assert f"`{name}` of `Two`" in warning.message
    assert warning.span is not None
    assert warning.span.text == "Two"
    lost = ogive.loads(text, "Two").params - ogive.loads(text, "N").params
    assert warning.notes == (("note", f"{lost} parameters go with it"),)


def test_a_use_in_a_loop_is_reported_once() -> None:
    text = f"{TWO}net N() {{ input x: 3x32x32; repeat 2 {{ Two as [p, _]; p -> conv(3, 1x1) }} }}"
    (warning,) = ogive.loads(text, "N").warnings
    assert warning.notes == (("note", "370 parameters go with it"),)


def test_a_net_in_a_net_takes_other_sizes_and_no_other_kind() -> None:
    inner = "net I(n = 8) { input x: [3, n, n]; conv(4, 3x3) }\n"
    assert out(ogive.loads(inner + "net N() { input x: 5x16x16; I }", "N")) == "4x14x14"
    with pytest.raises(ArchError) as caught:
        ogive.loads(inner + "net N() { input x: [5, 16]; I }", "N")
    (found,) = caught.value.diagnostics
    assert found.code == "E204"
    assert found.span is not None
    assert found.span.text == "I"
