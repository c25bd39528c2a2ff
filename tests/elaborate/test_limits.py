"""Work is bounded, and polite about it."""

from __future__ import annotations

import pytest

from ogive.pipeline import check_program, read_program
from tests.elaborate.helpers import codes

FIBONACCI = "block F(n) { if n > 0 { F(n - 1) -> F(n - 1) } }"


@pytest.mark.parametrize(
    ("body", "before", "code"),
    [
        ("F(60)", FIBONACCI, "E402"),
        ("R(3)", "block R(n) { R(n) }", "E401"),
        ("repeat 1000000000 { }", "", "E402"),
        ("for i in 0..99999 { for j in 0..99999 { let a = 3 } }", "", "E402"),
        ("repeat 500000 { relu }", "", "E402"),
        ("let a = 2 ** 10 ** 10", "", "E403"),
        ("let a = [0] * 10 ** 9", "", "E403"),
        ("conv(10 ** 12, 1x1)", "", "E403"),
    ],
)
def test_what_would_never_end_is_refused(body: str, before: str, code: str) -> None:
    assert code in codes(body, before=before)


def test_a_file_is_bounded_as_a_whole() -> None:
    variants = "\n".join(f"variant v{i} = A({i})" for i in range(60))
    net = "net A(n) { input x: 3x8x8\n repeat 4000 { relu -> tanh }\n conv(n + 1, 1x1) }"
    compiled, found = check_program(read_program(f"{net}\n{variants}"))
    assert [d.code for d in found] == ["E402"]
    assert 0 < len(compiled) < 60


def test_a_net_of_ten_thousand_layers_is_no_mistake() -> None:
    assert codes("repeat 5000 { conv(3, 3x3, padding = 1) -> relu }") == []
