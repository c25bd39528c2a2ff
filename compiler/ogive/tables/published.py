"""Figures that papers and authors print, as `archs/published.toml` cites them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from ogive import resources

_UNITS = {"": 0, "K": 1, "M": 2, "G": 3, "B": 3}
_PRINTED = re.compile(r"(?P<digits>\d+(\.\d+)?) ?(?P<unit>[KMGB]?)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """Where figures stand.

    Attributes:
        cite: the paper or page, and the table there.
        per_multiply_add: how many FLOPs it counts for a multiplication and the addition behind it.
        thousand: what K stands for in it.
    """

    cite: str
    per_multiply_add: int = 1
    thousand: int = 1000

    def value(self, printed: str) -> float:
        """The number that a text such as `0.94M` stands for.

        Raises:
            ValueError: it is no such text.
        """
        found = _PRINTED.fullmatch(printed)
        if found is None:
            raise ValueError(f"{printed!r} is no figure such as 0.94M or 159K")
        base = self.thousand if found["unit"] == "K" else 1000
        return float(found["digits"]) * base ** _UNITS[found["unit"]]

    def note(self) -> str:
        """What a footnote says."""
        counted = (
            f", which counts {self.per_multiply_add} FLOPs for a multiply-add"
            if self.per_multiply_add > 1
            else ""
        )
        return f"{self.cite}{counted}{f'; K is {self.thousand}' if self.thousand != 1000 else ''}."


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is printed somewhere, `0.94M`, and what it is worth in parameters or multiply-adds."""

    printed: str
    value: float
    source: Source


@dataclass(slots=True)
class Published:
    """What is published of a net: in all, and of its parts and layers by their paths."""

    params: Figure | None = None
    macs: Figure | None = None
    parts: dict[str, Figure] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing is."""
        return self.params is None and self.macs is None and not self.parts


def published(name: str) -> Published:
    """What is published of a network of the zoo; nothing where none is cited."""
    return _read(resources.published()).get(name, Published())


@cache
def _read(path: Path) -> dict[str, Published]:
    nets: dict[str, Published] = {}
    for source, told in sources(path):
        for name, printed in told.get("params", {}).items():
            nets.setdefault(name, Published()).params = Figure(printed, source.value(printed), source)
        for name, printed in told.get("flops", {}).items():
            worth = source.value(printed) / source.per_multiply_add
            shown = f"{printed} / {source.per_multiply_add}" if source.per_multiply_add > 1 else printed
            nets.setdefault(name, Published()).macs = Figure(shown, worth, source)
        for name, parts in told.get("parts", {}).items():
            net = nets.setdefault(name, Published())
            net.parts |= {
                part: Figure(printed, source.value(printed), source) for part, printed in parts.items()
            }
    return nets


def sources(path: Path) -> Iterator[tuple[Source, Mapping[str, Any]]]:
    """The sources of a file of figures, with what each tells: `params`, `flops` and `parts`, by net."""
    with path.open("rb") as stream:
        entries: list[dict[str, Any]] = tomllib.load(stream)["source"]
    for told in entries:
        yield (Source(told["cite"], told.get("per_multiply_add", 1), told.get("thousand", 1000)), told)


class Citations:
    """The footnotes of published figures, with a letter each."""

    def __init__(self) -> None:
        self._marks: dict[Source, str] = {}

    def mark(self, figure: Figure) -> str:
        """The letter of a figure's source."""
        return self._marks.setdefault(figure.source, _letters(len(self._marks)))

    def __iter__(self) -> Iterator[tuple[str, Source]]:
        return iter((mark, source) for source, mark in self._marks.items())


def _letters(number: int) -> str:
    """Letters: a … z, aa, ab, …."""
    text = chr(ord("a") + number % 26)
    return text if number < 26 else _letters(number // 26 - 1) + text
