"""Figures that papers and authors print, as `archs/published.toml` cites them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
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
            f", which counts {self.per_multiply_add} FLOPs for a multiply-add: compared with"
            f" {self.per_multiply_add} times the computed FLOPs"
            if self.per_multiply_add > 1
            else ""
        )
        kilo = f"; K is {self.thousand} there and in what is beside it" if self.thousand != 1000 else ""
        return f"{self.cite}{counted}{kilo}."


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is printed somewhere, `0.94M`, and what it is worth in parameters or multiply-adds.

    Attributes:
        printed: as it stands there.
        value: in parameters, or multiply-adds.
        source: where.
        doubt: why it is known to be wrong, if it is.
        counts_flops: whether it counts FLOPs.
    """

    printed: str
    value: float
    source: Source
    doubt: str = ""
    counts_flops: bool = False

    def like(self, value: int) -> str:
        """A number in the unit of this one, with as many digits, so that `=` is seen: `0.94 M` for `0.94M`.

        Where the source counts other FLOPs there is one digit more, from which theirs can be reckoned.
        """
        found = _PRINTED.fullmatch(self.printed)
        assert found is not None
        worth = round(self.source.value("1" + found["unit"]))
        doubled = self.counts_flops and self.source.per_multiply_add > 1
        places = len(found["digits"].partition(".")[2]) + doubled
        digits = (Decimal(value) / worth).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        return f"{digits} {found['unit']}".rstrip()

    @property
    def half(self) -> float:
        """Half of its last digit: as far as a number may be that is printed so."""
        found = _PRINTED.fullmatch(self.printed)
        if found is None:
            return 0.0
        last = 10.0 ** -len(found["digits"].partition(".")[2])
        worth = self.source.value("1" + found["unit"])
        return last * worth / 2 / (self.source.per_multiply_add if self.counts_flops else 1)

    def agrees(self, value: object) -> bool:
        """Whether a number, rounded as it is, is printed so."""
        return isinstance(value, int) and abs(value - self.value) <= self.half * (1 + 1e-9)


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
        doubts: dict[str, dict[str, str]] = told.get("doubts", {})
        for name, printed in told.get("params", {}).items():
            doubt = doubts.get(name, {}).get("params", "")
            nets.setdefault(name, Published()).params = Figure(printed, source.value(printed), source, doubt)
        for name, printed in told.get("flops", {}).items():
            worth = source.value(printed) / source.per_multiply_add
            nets.setdefault(name, Published()).macs = Figure(printed, worth, source, counts_flops=True)
        for name, parts in told.get("parts", {}).items():
            net = nets.setdefault(name, Published())
            net.parts |= {
                part: Figure(printed, source.value(printed), source, doubts.get(name, {}).get(part, ""))
                for part, printed in parts.items()
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
        self._marks: dict[Source | str, str] = {}

    def mark(self, figure: Figure) -> str:
        """The letter of a figure's source, and that of what is wrong with it, if anything is."""
        told = (figure.source, *((figure.doubt,) if figure.doubt else ()))
        return ",".join(self._marks.setdefault(each, _letters(len(self._marks))) for each in told)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for told, mark in self._marks.items():
            yield mark, told if isinstance(told, str) else told.note()


def _letters(number: int) -> str:
    """Letters: a … z, aa, ab, …."""
    text = chr(ord("a") + number % 26)
    return text if number < 26 else _letters(number // 26 - 1) + text
