"""An input of two sizes: a map of one axis, or tokens."""

from __future__ import annotations

import pytest
import torch

import ogive
from tests.elaborate.helpers import codes, net


def layout(body: str, shape: str) -> str:
    """How the input of a net was read."""
    return net(body, shape).inputs[0][1].layout.value


def test_two_sizes_are_a_map_where_that_fits() -> None:
    assert layout("conv(8, 3)", "100x64") == "map"
    assert layout("relu", "100x64") == "map"


@pytest.mark.parametrize(
    "body", ["lstm(32)", "ln -> attention(8)", "linear(10)", "positional(sine) -> gru(8)"]
)
def test_they_are_tokens_where_only_that_fits(body: str) -> None:
    assert layout(body, "100x64") == "tokens"
    assert layout(body, "[?t, 64]") == "tokens"


def test_tokens_can_be_declared() -> None:
    assert layout("relu", "tokens 100x64") == "tokens"
    assert codes("conv(8, 3)", "tokens 100x64") == ["E204"]
    module = net("lstm(32) as l\nl.hidden -> linear(3)", "tokens [?t, 16]").module()
    assert module(torch.zeros(2, 7, 16)).shape == module(torch.zeros(2, 9, 16)).shape == (2, 3)


def test_a_mistake_that_both_have_is_told_of_the_map() -> None:
    with pytest.raises(ogive.ArchError, match="is a map"):
        net("conv(8, 3) -> lstm(32)", "100x64")
