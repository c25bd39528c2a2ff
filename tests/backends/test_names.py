"""Names: any string is an attribute, its own wherever it can be."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from ogive.backends.pytorch.layout import wrap
from ogive.backends.pytorch.names import MODULE_ATTRIBUTES, attribute, class_name, comment, unique, variable


@pytest.mark.parametrize("name", ["conv1", "block3", "bn1_2_3", "link_0_1", "x", "Stem", "a_"])
def test_a_good_name_is_its_own(name: str) -> None:
    assert attribute(name) == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("3a", "_3a"), ("", "n_"), ("a b", "a_b"), ("a.b", "a_b"), ("class", "class_"), ("train", "train_"),
        ("_modules", "n_modules"), ("__init__", "n__init__"), ("forward", "forward_"), ("é", "n_"), ("a" * 99, "a" * 60),
    ],
)  # fmt: skip
def test_the_rule(name: str, expected: str) -> None:
    assert attribute(name) == expected


def test_every_public_name_of_a_module_is_avoided() -> None:
    containers = (nn.Module(), nn.Sequential(), nn.ModuleList(), nn.ModuleDict())
    public = {name for module in containers for name in dir(module) if not name.startswith("_")}
    assert public <= MODULE_ATTRIBUTES


@given(st.text(max_size=80))
def test_any_string_can_hold_a_module(name: str) -> None:
    safe = attribute(name)
    assert safe.isidentifier()
    assert safe.isascii()
    assert not keyword.iskeyword(safe)
    assert not safe.startswith("__")
    module = nn.Module()
    module.add_module(safe, nn.Identity())
    nn.Sequential().add_module(safe, nn.Identity())
    assert [n for n, _ in module.named_modules()] == ["", safe]


@given(st.text(max_size=80))
def test_any_string_is_a_class_a_variable_and_a_comment(name: str) -> None:
    assert class_name(name).isidentifier()
    assert class_name(name)[0].isupper()
    assert variable(name).isidentifier()
    assert variable(name) != class_name(name)
    assert len(f"# {comment(name)}".splitlines()) == 1
    assert '"' not in comment(name)
    assert "\\" not in comment(name)


def test_a_comment_keeps_what_it_can() -> None:
    assert comment('the "first"\n  part\\two') == "the 'first' part/two"


@given(st.lists(st.sampled_from(["a", "a_2", "b"]), max_size=9))
def test_collisions_are_settled(names: list[str]) -> None:
    taken: set[str] = set()
    assert len({unique(name, taken) for name in names}) == len(names)


def test_long_lines_break_where_ruff_breaks_them() -> None:
    arguments = ", ".join(f"conv{i}=nn.Conv2d({i}, 64, 3)" for i in range(6))
    assert wrap(f"self.a = named({arguments})") == [
        "self.a = named(", *(f"    conv{i}=nn.Conv2d({i}, 64, 3)," for i in range(6)), ")",
    ]  # fmt: skip
    assert wrap("x = 1", "    ") == ["    x = 1"]
    inside = ", ".join(["abc"] * 21)
    assert wrap(f"x = function({inside})") == ["x = function(", f"    {inside}", ")"]
    assert wrap(f"x = f({', '.join(['abc'] * 25)})") == ["x = f(", *["    abc,"] * 25, ")"]
    assert wrap('x = f("a, (b", ' + "c" * 100 + ")")[1:-1] == ['    "a, (b",', f"    {'c' * 100},"]
