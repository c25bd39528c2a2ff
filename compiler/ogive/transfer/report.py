"""What a transfer did."""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

_WIDE = 100_000
"""Columns where no terminal sets a limit: every pair of modules has one line."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One parameter or buffer that was copied.

    Attributes:
        source: Its path in the source, as in `state_dict`.
        target: Its path in the target.
        source_shape: Its shape in the source.
        target_shape: The same numbers as the target keeps them: (10, 512) may become (10, 512, 1, 1).
        source_rows: The rows that were copied, from the first to before the second number, where they are
            not all: a layer may be several side by side in the target.
        target_rows: Likewise, where they went.
    """

    source: str
    target: str
    source_shape: tuple[int, ...]
    target_shape: tuple[int, ...]
    source_rows: tuple[int, int] | None = None
    target_rows: tuple[int, int] | None = None

    @property
    def source_part(self) -> tuple[int, ...]:
        """The shape of what was copied, in the source."""
        return _part(self.source_shape, self.source_rows)

    @property
    def target_part(self) -> tuple[int, ...]:
        """The shape of what was copied, in the target."""
        return _part(self.target_shape, self.target_rows)

    @property
    def modules(self) -> tuple[str, str]:
        """The paths of the modules that hold the two."""
        return self.source.rpartition(".")[0], self.target.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class TransferReport:
    """A verified transfer.

    Attributes:
        pairs: What was copied where, in the order of first use.
        max_error: The largest difference between the outputs over the largest value of the source's output.
        outputs: How many output tensors were compared.
        unmatched_source: Parameters and buffers of the source that were not copied: the example's dataflow in
            eval mode does not reach them (an auxiliary head), or they are integers (an index table).
        unmatched_target: Likewise of the target, where they are left as they were.
    """

    pairs: tuple[Pair, ...]
    max_error: float
    outputs: int
    unmatched_source: tuple[str, ...]
    unmatched_target: tuple[str, ...]

    def __str__(self) -> str:
        console = Console(width=_WIDE, color_system=None, force_terminal=False)
        with console.capture() as capture:
            console.print(self)
        return "\n".join(line.rstrip() for line in capture.get().splitlines())

    def __rich__(self) -> RenderableType:
        """The map, a row for each pair of modules, and the verdict."""
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("source", "target", "tensors"):
            table.add_column(heading, overflow="fold")  # a name is never cut off
        for (here, there), pairs in groupby(self.pairs, key=lambda pair: pair.modules):
            table.add_row(escape(here or "."), escape(there or "."), escape(", ".join(map(_tensor, pairs))))
        plural = "output" if self.outputs == 1 else f"{self.outputs} outputs"
        checked = f"{plural} checked, largest relative difference {self.max_error:.1e}"
        lines = [f"{len(self.pairs)} tensors copied; {checked}"]
        for role, names in (("source", self.unmatched_source), ("target", self.unmatched_target)):
            if names:
                lines.append(f"not reached in the {role}, left alone: {_listed(names)}")
        return Group(table, Text("\n".join(lines)))


def _listed(names: tuple[str, ...]) -> str:
    """The names, or where there are many, how many each part of the module has."""
    if len(names) <= 8:
        return ", ".join(names)
    return ", ".join(
        f"{part} ({count})" for part, count in Counter(n.partition(".")[0] for n in names).items()
    )


def _part(shape: tuple[int, ...], rows: tuple[int, int] | None) -> tuple[int, ...]:
    return shape if rows is None else (rows[1] - rows[0], *shape[1:])


def _attribute(path: str, rows: tuple[int, int] | None) -> str:
    """`weight`, or `weight[0:48]`."""
    name = path.rpartition(".")[2]
    return name if rows is None else f"{name}[{rows[0]}:{rows[1]}]"


def _tensor(pair: Pair) -> str:
    here, there = _attribute(pair.source, pair.source_rows), _attribute(pair.target, pair.target_rows)
    name = here if here == there else f"{here} -> {there}"
    if len(pair.source_shape) < 2 and pair.source_part == pair.target_part:
        return name
    shape = "x".join(map(str, pair.source_part))
    other = "x".join(map(str, pair.target_part))
    return f"{name} {shape}" if shape == other else f"{name} {shape} -> {other}"
