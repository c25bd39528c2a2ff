"""Programs that random writing or the fuzzer found to be handled wrongly, kept small."""

from __future__ import annotations

import pytest

from ogive.diagnostics import ArchError
from ogive.network import Network
from ogive.pipeline import Program, compile_target, parse_changes, parse_value, read_program
from tests.programs.judge import check_diagnostics, judge
from tests.programs.run import verify

ACCEPTED = {
    # the third use under one name overwrote the second
    "a pinned block in loops": """
        block B() { permute(3, 1, 2) }
        net N() {
          input image: 4x9x5
          repeat 3 { for [x, _] in [[2, none], [3, none], [2, none]] { B as b; flatten -> linear(180) -> reshape(4, 9, 5) } }
        }""",
    "a pinned head in a loop": """
        net N() {
          input image: 6x6
          for x in [1, 2, 3] { conv(6, 1) ; aux { unit(4, 1) as u; flatten -> linear(3) } as w }
        }""",
    "a head in a head": "net N() { input x: [6]; linear(3); aux { linear(5); aux { linear(3) }; linear(4) }; linear(2) }",
    "one part": "net N() { input x: [4]; split(4) -> chunk(1) -> linear(2) }",
    "a head in a repeat of one turn": """
        net N() { input image: 3x5x5; repeat 1 as i { stage "s{i}" { gn(1); aux { adaptive_avg_pool(1) } } } }""",
    "a stage in a head, as a feature": 'net N() { input x: [4]; stage a { aux { stage "b" { linear(8) } } } ; linear(2) }',
    "many parts on one line": """
        net N() {
          input x: [56]
          chunk(56) as [a, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, b]
          [a, b] -> add
        }""",
    "a sum of many": """
        net N() {
          input x: 25x4
          chunk(25) as [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, y, z]
          [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, y, z] -> add
        }""",
    "an edit behind a layer with parts": """
        net N() { input image: 3x8; tokens -> gru(4) as l; l.hidden -> linear(2) }
        variant v = N() with { insert relu after gru }""",
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_it_runs(name: str) -> None:
    verdict = judge(ACCEPTED[name])
    assert verdict.accepted, verdict.errors
    for compiled in verdict.compiled:
        assert verify(compiled)


def test_uses_under_one_name_are_numbered() -> None:
    (compiled,) = judge(
        "block B() { linear(4) }\nnet N() { input x: [4]; for i in 0..3 { B as b } }"
    ).compiled
    assert list(compiled.graph.digraph) == ["x", "b.linear1", "b_1.linear1", "b_2.linear1"]
    assert list(Network(compiled).module().state_dict())[::2] == [
        "b.linear1.weight", "b_1.linear1.weight", "b_2.linear1.weight",
    ]  # fmt: skip


def test_a_vector_is_no_gate_of_a_matrix() -> None:
    """PyTorch would spread it over the images."""
    verdict = judge("net N() { input x: [6]; stack -> mul(x) }")
    assert [d.code for d in verdict.errors] == ["E201"]
    verdict = judge("net N() { input x: int [6]; stack -> mul(x) }")
    assert [d.code for d in verdict.errors] == ["E201"]


@pytest.mark.parametrize("text", ["", " ", "\n", "if", "x if"])
def test_a_value_that_is_none(text: str) -> None:
    with pytest.raises(ArchError) as refused:
        parse_value(text)
    check_diagnostics(refused.value.diagnostics)


@pytest.mark.parametrize("text", ["", "\n", "remove", "insert bn before", "set", "replace"])
def test_an_edit_that_is_none(text: str) -> None:
    with pytest.raises(ArchError) as refused:
        parse_changes([text])
    check_diagnostics(refused.value.diagnostics)


def test_a_recipe_with_a_number_for_a_function() -> None:
    verdict = judge("recipe a { augment 0 }\nnet N() { input x: [3]; linear(2) }")
    check_diagnostics(verdict.diagnostics)
    assert [d.code for d in verdict.errors] == ["E106"]


def test_a_class_with_a_long_name_is_printed() -> None:
    name = "Long" * 40
    program: Program = read_program(f"net {name}() {{ input x: [3]; linear(2) }}")
    assert verify(compile_target(program, name))
