"""The network that most tests train, and the machine."""

from __future__ import annotations

from typing import Any

import ogive
from ogive.network import Network
from ogive.train.machine import Machine

TINY = """net Tiny(classes = 10) {
  input image: 1x8x8
  conv(4, 3x3, padding = 1) -> bn -> relu -> dropout(0.3) -> max_pool(2x2) -> flatten -> linear(classes)
}
"""
CPU = Machine(device="cpu")


def tiny(**arguments: Any) -> Network:
    """A net with everything that remembers or draws something, which trains in no time."""
    return ogive.loads(TINY, **arguments)
