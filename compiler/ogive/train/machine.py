"""Where a run computes, and how: what changes nothing of what it computes. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean

DEVICES = ("auto", "cpu", "cuda")
STRATEGIES = ("auto", "ddp", "fsdp")


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine of a run. With the same recipe another machine gives the same run, up to rounding.

    Attributes:
        device: `cpu`, `cuda`, or `auto`: cuda where there is one.
        devices: processes on each node, each with a device of its own.
        nodes: machines that work together.
        strategy: how several devices share the work: `ddp`, each with the whole network, or `fsdp`, each with
            a part of it; `auto` is ddp where there are several.
        workers: processes that prepare images; None lets the data decide.
        data_dir: the folder in which data sets lie; None is `data`.
        download: whether a data set that is not there is fetched.
        corrupt: whether an image that cannot be read ends the run (`refuse`), or is left out (`skip`).
        save_minutes: a checkpoint is written after so many minutes within an epoch, besides one after each.

    Raises:
        ArchError: E523, a device or a strategy that there is not; E526, a number that cannot be used.
    """

    device: str = "auto"
    devices: int = 1
    nodes: int = 1
    strategy: str = "auto"
    workers: int | None = None
    data_dir: str | None = None
    download: bool = False
    corrupt: Literal["refuse", "skip"] = "refuse"
    save_minutes: float = 15

    def __post_init__(self) -> None:
        wrong: list[Diagnostic] = []
        for name, value, known in (("device", self.device, DEVICES), ("strategy", self.strategy, STRATEGIES)):
            if value not in known:
                meant = did_you_mean(value, known) or "auto"
                message = f"there is no {name} `{value}`: it is one of {', '.join(known)}"
                wrong.append(Diagnostic("E523", message, help=f"--{name} {meant}"))
        for name, value, least in (
            ("devices", self.devices, 1),
            ("nodes", self.nodes, 1),
            ("workers", self.workers, 0),
        ):
            if value is not None and value < least:
                message = f"{value} {name}: at least {least} {'is' if least == 1 else 'are'} needed"
                wrong.append(Diagnostic("E526", message, help=f"--{name} {least}"))
        if not self.save_minutes > 0:
            message = f"a checkpoint every {self.save_minutes:g} minutes: a time above 0 is needed"
            wrong.append(Diagnostic("E526", message, help="--save-minutes 15"))
        if wrong:
            raise ArchError(wrong)

    @property
    def world(self) -> int:
        """Processes that train together."""
        return self.devices * self.nodes
