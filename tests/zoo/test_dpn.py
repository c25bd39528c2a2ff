"""DPN beside timm: what timm computes, and what it asks for."""

from __future__ import annotations

import timm
import torch
from torch import nn

import ogive
from tests.zoo.comparison import assert_same


def test_timm_computes_relu_where_it_asks_for_elu() -> None:
    """If this fails, timm's activation is ELU now: the comment of dpn.arch and the variants `_timm` must follow."""
    last = timm.create_model("dpn68").features.conv5_bn_ac.bn
    assert isinstance(last.act, nn.ReLU)


def test_the_net_that_timm_asks_for_is_an_edit() -> None:
    torch.manual_seed(0)
    theirs = timm.create_model("dpn68")
    theirs.features.conv5_bn_ac.bn.act = nn.ELU()
    ours = ogive.load("dpn68_timm", input=(3, 64, 64), edits=['replace relu with elu in "head"'])
    assert_same(theirs.double(), ours.module().double(), torch.randn(2, 3, 64, 64, dtype=torch.float64))
