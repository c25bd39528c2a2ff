"""The network that most tests train, the machine, and a way to stop a training."""

from __future__ import annotations

from typing import Any

import pytest

import ogive
from ogive.network import Network
from ogive.train.machine import Machine
from ogive.train.saving import Checkpoints, _Wish

TINY = """net Tiny(classes = 10) {
  input image: 1x8x8
  conv(4, 3x3, padding = 1) -> bn -> relu -> dropout(0.3) -> max_pool(2x2) -> flatten -> linear(classes)
}
"""
CPU = Machine(device="cpu")


def tiny(**arguments: Any) -> Network:
    """A net with everything that remembers or draws something, which trains in no time."""
    return ogive.loads(TINY, **arguments)


def stop_behind(step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks the next training to stop behind the optimizer's step of that number, as Ctrl-C does, once."""
    whole = Checkpoints._agreed

    def agreed(self: Checkpoints, trainer: Any) -> _Wish:
        if trainer.global_step == step:
            monkeypatch.setattr(Checkpoints, "_agreed", whole)
            return _Wish.STOP
        return whole(self, trainer)

    monkeypatch.setattr(Checkpoints, "_agreed", agreed)
