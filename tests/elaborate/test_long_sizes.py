"""Sizes that are long expressions: how soon they are refused, what is suggested, how little of them is shown."""

from __future__ import annotations

import pytest

from ogive.cli.check import line
from ogive.layers.unknown import SizeExpr, unknown
from ogive.network import Network
from ogive.pipeline import check_source
from ogive.report.least import usual_sizes
from ogive.layers.base import TensorType


def test_quotients_in_quotients_are_told_apart_by_their_form() -> None:
    def deep(turns: int) -> SizeExpr:
        height, width = unknown("h"), unknown("w")
        for _ in range(turns):
            width = (width + 1) // 2 + (height + 1) // 2
        return width

    one, same, other = deep(40), deep(40), deep(41)
    assert one == same and hash(one) == hash(same) and one.form == same.form
    assert one != other and one.form != other.form
