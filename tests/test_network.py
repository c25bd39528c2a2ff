"""Counts of networks whose sizes are unknown."""

from __future__ import annotations

import operator
import pickle

import pytest

import ogive
from ogive.network import Count

TEXT = "net A() {\n  input x: [3, ?h, ?w]\n  conv(4, 3x3, stride = 2) -> max_pool(2x2) -> conv(4, 1x3)\n}\n"


def test_a_count_at_the_least_sizes_is_that_of_the_net_with_them():
    net = ogive.loads(TEXT)
    assert net.unknowns == {"h": 5, "w": 13}
    for h, w in ((5, 13), (6, 13), (31, 32)):
        assert net.macs.at({"h": h, "w": w}) == ogive.loads(TEXT, input=(3, h, w)).macs > 0


def test_no_count_where_the_net_does_not_work():
    macs = ogive.loads(TEXT).macs
    with pytest.raises(ValueError, match="h is at least 5 in this network, and 4 is given"):
        macs.at({"h": 4, "w": 100})
    with pytest.raises(ValueError, match="w is at least 13"):
        macs.at({"h": 100, "w": 12})
    with pytest.raises(ValueError, match="'width'; it has h, w"):
        macs.at({"h": 100, "width": 100})


def test_some_sizes_may_stay_unknown():
    macs = ogive.loads(TEXT).macs
    row = macs.at({"h": 9})
    assert row.symbols == ("w",)
    assert row.at({"w": 20}) == macs.at({"h": 9, "w": 20})


def test_a_count_is_an_expression_like_any_other():
    macs = ogive.loads(TEXT).macs
    assert isinstance(macs, Count)
    same = pickle.loads(pickle.dumps(macs))
    assert same == macs
    assert same.least == macs.least
    assert (2 * macs - macs) == macs
    assert hash(macs + 0) == hash(macs)


@pytest.mark.parametrize("number", [int, float, operator.index, range])
def test_it_is_no_number_and_says_how_to_get_one(number: type):
    with pytest.raises(TypeError, match=r'depends on h and w: `\.at\({"h": …, "w": …}\)` of it is a number'):
        number(ogive.loads(TEXT).macs)
    assert int(ogive.loads(TEXT, input=(3, 16, 16)).macs) > 0
