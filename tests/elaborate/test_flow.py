"""Chains, names, bundles, scopes."""

from __future__ import annotations

import pytest

import ogive
from tests.elaborate.helpers import codes, kinds, net, out, shapes


def test_a_chain_goes_on_over_lines_and_semicolons() -> None:
    n = net("conv(8, 3x3) -> bn\n  -> relu; max_pool(2x2) ->\n flatten")
    assert kinds(n) == ["conv", "bn", "relu", "max_pool", "flatten"]
    assert out(n) == "[1800]"


def test_assignment_names_a_tensor_and_leaves_the_flow() -> None:
    n = net("conv(8, 3x3, padding = 1)\nside = conv(4, 1x1)\nconv(2, 1x1) -> concat(side)")
    assert out(n) == "6x32x32"
    assert [ref.node for ref in n.ir.operands("concat1")] == ["conv2", "side"]


def test_as_names_the_tensor_and_pins_the_layer() -> None:
    n = net("conv(8, 3x3) -> bn -> relu as stem\nconv(4, 3x3)\nstem -> conv(2, 1x1)")
    assert "stem" in n.ir
    assert [ref.node for ref in n.ir.operands("conv3" if "conv3" in n.ir else "conv2")] == ["stem"]


def test_in_is_what_entered_the_block_and_here_what_arrives() -> None:
    n = net(
        "conv(8, 3x3) -> B",
        before="block B() { conv(2 * in.channels, 1x1) -> conv(here.channels + in.channels, 1x1) }",
    )
    assert out(n) == "24x30x30"


def test_a_bundle_is_collected_indexed_and_taken_apart() -> None:
    body = "taps = []\nfor i in 0..3 { conv(4 * (i + 1), 3x3, padding = 1); taps += here }\n[taps[0], taps[2]] -> concat"
    assert out(net(body)) == "16x32x32"
    assert out(net("conv(6, 1x1) -> split(2, 4) as [a, _]\na -> conv(3, 1x1)")) == "3x32x32"


def test_a_list_can_be_iterated_with_its_index_and_unpacked() -> None:
    assert (
        out(net("for i, [c, s] in [[8, 1], [16, 2]] { conv(c + i, 3x3, stride = s, padding = 1) }"))
        == "17x16x16"
    )


def test_stages_open_no_scope_and_are_tensors_afterwards() -> None:
    n = net("stage a { x = conv(3, 1x1); conv(5, 1x1) }\nstage b { conv(7, 1x1) }\na -> concat(x, b)")
    assert out(n) == "15x32x32"
    assert {"a.x", "a.conv1", "b.conv1"} <= set(shapes(n))


def test_loops_and_branches_open_a_scope() -> None:
    assert codes("repeat 2 { y = conv(3, 1x1); conv(3, 1x1) -> add(y) }\nadd(y)") == ["E101"]


def test_several_inputs_and_outputs() -> None:
    text = """net N() {
      input left: 3x8x8
      input right: 3x8x8
      both = left -> concat(right)
      output mask = both -> conv(1, 1x1)
      output label = both -> flatten -> linear(5)
    }"""
    n = ogive.loads(text)
    assert [(name, str(type_)) for name, type_ in n.outputs] == [("mask", "1x8x8"), ("label", "[5]")]
    assert [name for name, _ in n.inputs] == ["left", "right"]


def test_types_of_inputs() -> None:
    n = ogive.loads("net N(size = 16) { input image: [3, size, 2 * size]\n conv(4, 3x3) }", size=8)
    assert out(n) == "4x6x14"


@pytest.mark.parametrize(
    ("text", "shape"), [("conv(4, 3x3)", "4x30x30"), ("conv(4, 3) -> conv(4, 1x7)", "4x30x24")]
)
def test_kernels(text: str, shape: str) -> None:
    assert out(net(text)) == shape


def test_conditions_in_and_between_chains() -> None:
    body = "let norm = true\nconv(4, 3x3) -> (bn if norm else identity) -> relu\nif norm and 1 < 2 { relu } else if true { tanh } else { tanh }"
    assert kinds(net(body)) == ["conv", "bn", "relu", "relu"]


def test_max_is_the_layer_in_a_chain_and_the_function_in_an_argument() -> None:
    n = net("x = conv(max(4, 8), 1x1)\nconv(8, 1x1) -> max(x)")
    assert kinds(n) == ["conv", "conv", "max"]
    assert out(n) == "8x32x32"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 ** 3 ** 2 // 100", 5), ("-2 ** 2 + 9", 5), ("7 % 4 + len([1, 2])", 5), ("divisible(37, 8)", 40),
        ("floor(5.9)", 5), ("round(4.6)", 5), ("ceil(4.1)", 5), ("min([7, 5])", 5), ("sum([2, 3])", 5), ("abs(-5)", 5),
        ("[1, 2, 5][-1]", 5), ("[1, 5, 6][1:2][0]", 5), ("5 if not false or false else 6", 5), ("int_k", 5), ("10 / 2 // 1 // 1", None),
    ],
)  # fmt: skip
def test_expressions(expression: str, value: int | None) -> None:
    body = f"let int_k = 5\nconv({expression}, 1x1)"
    assert codes(body) == ["E106"] if value is None else out(net(body)) == f"{value}x32x32"


def test_numbers_with_suffixes_and_strings_with_values() -> None:
    n = net('let k = 2\nstage "block{k + 1}" { conv(1k, 1x1) }')
    assert shapes(n)["block3.conv1"] == "1000x32x32"
