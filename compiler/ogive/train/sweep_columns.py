"""Columns of a sweep's table that are asked for: out of metrics.csv, one number for each run.

Imports no torch.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from ogive.diagnostics import did_you_mean
from ogive.train.compare import has_column, value
from ogive.train.curves import SHARES
from ogive.train.recorded import Recorded

_METRICS = ("loss", *SHARES, "error", "top5_error")
COLUMNS = (*(f"{part}_{metric}" for part in ("train", "val") for metric in _METRICS), "lr", "seconds")
"""What can be asked for: the columns of metrics.csv, and the errors, which are worked out from them."""

_FORM = re.compile(r"\s*(?P<column>\w+)\s*(?:(?P<sign><=|>=)\s*(?P<level>[^\s%]+)\s*%?\s*)?")


@dataclass(frozen=True, slots=True)
class Extra:
    """`train_error`: what the last epoch gave; `train_error <= 25`: the step at which it was reached.

    Attributes:
        column: one of `COLUMNS`.
        sign: `<=` or `>=`; empty for the last epoch's number.
        level: what is to be reached, as it is shown: accuracies and errors in per cent.
    """

    column: str
    sign: str = ""
    level: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Extra:
        """Reads what is asked for.

        Raises:
            ValueError: it is of neither form, or there is no such column.
        """
        found = _FORM.fullmatch(text)
        if not found:
            raise ValueError(f"{text!r} is neither a column, train_error, nor a level, 'train_error <= 25'")
        if found["column"] not in COLUMNS:
            meant = did_you_mean(found["column"], COLUMNS)
            help_ = f"did you mean {meant}?" if meant else f"there are {', '.join(COLUMNS)}"
            raise ValueError(f"no column is called {found['column']!r}; {help_}")
        if not found["sign"]:
            return cls(found["column"])
        try:
            level = float(found["level"])
        except ValueError:
            level = math.nan
        if not math.isfinite(level):
            raise ValueError(f"{found['level']!r} in {text!r} is no number")
        return cls(found["column"], found["sign"], level)

    def __str__(self) -> str:
        if not self.sign:
            return self.column
        return f"{self.column} {self.sign} {self.level:g}{' %' if self.percent else ''}"

    @property
    def heading(self) -> str:
        """Above the column of the table."""
        return f"steps to {self}" if self.sign else f"last {self.column}{' (%)' if self.percent else ''}"

    @property
    def name(self) -> str:
        """In table.csv and JSON: `last_train_error`, `steps_to_train_error_25`.

        A level is told as it was asked for, accuracies and errors in per cent. Which way it is reached is
        only said where it is not the usual one: errors fall, and accuracies rise.
        """
        if not self.sign:
            return f"last_{self.column}"
        rises = self.column.partition("_")[2] in SHARES
        way = "" if rises == (self.sign == ">=") else "_at_least" if self.sign == ">=" else "_at_most"
        level = f"{self.level:g}".translate({ord("."): "_", ord("-"): "m", ord("+"): None})
        return f"steps_to_{self.column}{way}_{level}"

    @property
    def percent(self) -> bool:
        """Whether the column is shown in per cent, as `ogive plot` does."""
        return self.column.partition("_")[2] in (*SHARES, "error", "top5_error")

    @property
    def places(self) -> int:
        """Digits behind the point."""
        return 0 if self.sign else 2 if self.percent else 4

    def of(self, run: Recorded) -> float | None:
        """The number of a run, a share where the column is one; None where it never reached the level, or has
        no such column.

        A level counts as reached at the last step of the first epoch whose number is at it or beyond: what
        happens within an epoch is in no file.
        """
        if not run.rows or not has_column(run, self.column):
            return None
        if not self.sign:
            last = value(run, run.rows[-1], self.column)
            return None if math.isnan(last) else last / 100 if self.percent else last
        for row in run.rows:
            here = value(run, row, self.column)
            if here <= self.level if self.sign == "<=" else here >= self.level:
                return row.get("step")
        return None
