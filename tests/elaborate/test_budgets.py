"""`assert`: what a condition means, which part it is about, and when it is decided."""

from __future__ import annotations

import pytest

import ogive
from elaborate.helpers import codes, net
from ogive.diagnostics import ArchError, Diagnostic
from ogive.pipeline import check_program, read_program

BLOCK = "block Two(k) { %s; conv(k, 3x3, padding = 1) -> bn -> relu -> conv(k, 3x3, padding = 1) }"


def refused(text: str, name: str = "N", **arguments: object) -> list[Diagnostic]:
    with pytest.raises(ArchError) as caught:
        ogive.loads(text, name, **arguments)
    return list(caught.value.diagnostics)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("params == 224", True),
        ("params < 224", False),
        ("200 < params <= 224", True),
        ("macs == 9 * 3 * 8 * 30 * 30", True),
        ("macs > 1M or params < 1k", True),
        ("not params > 224", True),
        ("params / macs > 1", False),
        ("out.shape == [8, 30, 30]", True),
        ("out.shape == 8x30x30", True),
        ("out.shape == 8x30x31", False),
        ("out.channels % 4 == 0 and out.height == out.width", True),
        ("here.channels == in.channels", False),
        ("len(out.shape) == k", True),
        ("params < (300 if k > 2 else 200)", True),
        ("max(params, 1k) == 1k", True),
        ("norm == bn", True),
        ("norm == ln", False),
    ],
)
def test_conditions(condition: str, holds: bool) -> None:
    body = f"  let k = 3\n  let norm = bn\n  conv(8, 3x3)\n  assert {condition}"
    assert (codes(body) == []) is holds
    if not holds:
        assert codes(body) == ["E404" if "params" in condition or "macs" in condition else "E405"]


def test_counts_are_those_after_the_passes() -> None:
    """Automatic biases, and what reaches no output, are known only then."""
    network = net(
        """
  assert params == 3 * 8 * 9 + 16
  conv(8, 3x3) -> bn as a
  unused = a -> conv(64, 3x3)
  a -> relu
"""
    )
    assert network.params == 232


def test_counts_of_a_clique_are_those_of_its_stages() -> None:
    network = net(
        "clique(layers = 3) { bn -> relu -> conv(8, 3x3, padding = 1) }\n  assert params < 10k and macs > 1k"
    )
    (budget,) = network.budgets
    assert dict(budget.counts) == {"params": network.params, "macs": network.macs}


def test_a_budget_is_about_the_part_that_it_stands_in() -> None:
    network = net(
        """
  stage a { Two(8); assert params == 8 * 3 * 9 + 16 + 8 * 8 * 9 + 8 }
  stage b { if true { repeat 1 { residual { Two(8); assert macs == 2 * 8 * 8 * 9 * 32 * 32 } } } }
  assert params > 1k
""",
        before=BLOCK % "assert params < 2k",
    )
    assert [(b.part, b.condition.split()[0]) for b in network.budgets] == [
        ("a.two1", "params"), ("a", "params"), ("b.repeat1.layer1.two1", "params"), ("b", "macs"), ("", "params"),
    ]  # fmt: skip


def test_a_part_counts_weights_that_it_shares() -> None:
    network = net(
        """
  share f = conv(3, 3x3, padding = 1)
  stage a { image -> f; assert params == 84 }
  stage b { a -> f; assert params == 84 }
  assert params == 84
"""
    )
    assert network.params == 84


def test_an_auxiliary_head_has_budgets_of_its_own() -> None:
    network = net(
        """
  conv(8, 3x3)
  aux { Head(10) }
  global_avg_pool -> flatten -> linear(10)
  assert params == 224 + 90
""",
        before="block Head(n) { assert params == 90; global_avg_pool -> flatten -> linear(n) }",
    )
    assert [dict(b.counts)["params"] for b in network.budgets] == [90, 314]


def test_outputs_have_names_and_places() -> None:
    assert (
        codes(
            """
  output mask = conv(2, 1x1)
  output class = image -> global_avg_pool -> flatten
  assert out.mask.shape == 2x32x32 and out[1].shape == [3] and len(out) == 2
"""
        )
        == []
    )


def test_a_block_with_outputs_gives_their_names() -> None:
    before = "block Fork() { assert out.a.channels + out.b.channels == 3; output a = conv(1, 1x1); output b = conv(2, 1x1) }"
    assert codes("Fork as [a, b]\n  a -> concat(b)", before=before) == []


def test_names_of_the_program_hide_the_counts() -> None:
    assert codes("let params = 3\n  assert params == 3\n  conv(8, 3x3)") == []
    assert codes("B(6)", before="block B(out) { assert out == 6; conv(out, 3x3) }") == []


def test_values_are_those_where_the_condition_stands() -> None:
    """A list that grows afterwards, and the tensor that was here."""
    assert (
        codes(
            """
  taps = []
  conv(8, 3x3)
  taps += here
  assert len(taps) == 1 and here.channels == 8 and params > 0
  conv(4, 3x3)
  taps += here
"""
        )
        == []
    )


def test_a_condition_without_counts_stops_at_once() -> None:
    text = 'block B(k) { assert k > 0, "k is {k}"; B(k - 1) }\nnet N() { input image: 3x8x8; B(3) }'
    found = refused(text)
    assert found[0].code == "E405"
    assert found[0].message == "k is 0"


def test_budgets_of_variants_are_inherited() -> None:
    text = """
net N(k = 8) { input image: 3x8x8; conv(k, 3x3) }
variant small = N() with { assert params < 300 }
variant other = small(k = 16) with { assert macs < 100 }
"""
    assert ogive.loads(text, "small").params == 224
    assert [d.code for d in refused(text, "other")] == ["E404", "E404"]
    assert [d.code for d in refused(text, "small", k=32)] == ["E404"]


def test_at_another_input_the_budget_is_about_that() -> None:
    text = "net N() { input image: 3x8x8; conv(8, 3x3); assert macs < 10k }"
    assert ogive.loads(text).macs == 7_776
    with pytest.raises(ArchError):
        ogive.loads(text, input=(3, 16, 16))


def test_a_net_of_unknown_size_keeps_budgets_of_parameters() -> None:
    text = "net N() { input image: [3, ?h, ?w]; conv(8, 3x3); assert params < 300; assert out.channels == 8 }"
    assert ogive.loads(text).params == 224
    text = text.replace("params < 300", "macs < 300")
    assert [d.code for d in refused(text)] == ["E404"]
    assert ogive.loads(text, input=(3, 3, 3)).macs == 216


def test_a_definition_that_no_net_uses_may_name_counts() -> None:
    program = read_program(
        "block B(k) { conv(k, 3x3); assert params < 3 and out.channels == k and macs > parms }\n"
        "net N(n) { input image: 3x8x8; B(n); assert params < n }"
    )
    _, found = check_program(program)
    assert [(d.code, d.message) for d in found] == [("E101", "no name is called `parms`")]


def test_the_largest_parts_are_shown_and_opened_where_there_is_one() -> None:
    text = """
block All() { conv(4, 3x3); stage a { conv(8, 3x3) }; stage b { conv(16, 3x3) } }
net N() { input image: 3x16x16; All; assert params < 10 }
"""
    (found,) = refused(text)
    assert [name for name, _ in found.notes] == ["b", "a", "conv1"]


def test_many_budgets_take_little_time() -> None:
    body = "  conv(8, 3x3)\n  repeat 3000 { relu; assert params > 3 }"
    assert len(net(body).budgets) == 3000
