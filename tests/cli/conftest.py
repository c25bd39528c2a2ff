"""The program `ogive`, run in this process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from ogive.cli import run


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def ogive(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`ogive("check", "resnet50")` as the shell would run it."""

    def execute(*arguments: object) -> Ran:
        monkeypatch.setattr("sys.argv", ["ogive", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            run()
        printed = capsys.readouterr()
        return Ran(int(stopped.value.code or 0), printed.out, printed.err)

    return execute
