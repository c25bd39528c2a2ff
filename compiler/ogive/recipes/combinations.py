"""What settings of a recipe say about one another, where together they make no sense.

What a function's own arguments, or the values of one setting, say together is checked beside them
(`Choice.problem`, `Setting.problem`); here stands what needs two settings.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from ogive.diagnostics import Diagnostic, Label
from ogive.recipes.base import LARGEST
from ogive.recipes.lines import Stated
from ogive.recipes.optimizer import Optimizer
from ogive.recipes.schedule import Exponential, Plateau, Steps, Warmup


def mistakes(stated: Mapping[str, Stated], epochs: float | None = None) -> Iterator[Diagnostic]:
    """Every pair of settings that cannot hold together, as E328.

    Args:
        stated: the settings that are stated, by name.
        epochs: how many epochs the run has, where that is known; the setting `epochs` unless given. A recipe
            that says `steps` has as many as the data make of them.
    """
    yield from _nothing_validated(stated)
    if epochs is None and "epochs" in stated:
        epochs = float(str(stated["epochs"].values[0]))
    if epochs is not None and "schedule" in stated:
        yield from _beyond_the_end(stated, epochs)
        yield from _beyond_all_rates(stated, epochs)


def _nothing_validated(stated: Mapping[str, Stated]) -> Iterator[Diagnostic]:
    """A plateau without a validation set."""
    schedule, validation = stated.get("schedule"), stated.get("validation")
    if schedule is None or validation is None or validation.values != (0,):
        return
    for i, value in enumerate(schedule.values):
        if isinstance(value, Plateau):
            message = "`plateau` watches the validation set, and with `validation 0` there is none"
            blamed = (schedule, Label(schedule.place(i), "watches it"))
            cause = (validation, Label(validation.place(0), "none is set apart"))
            yield _diagnostic(
                message, blamed, cause, "set a part of the training set apart: `validation 0.1`"
            )


def _beyond_the_end(stated: Mapping[str, Stated], epochs: float) -> Iterator[Diagnostic]:
    """A warm-up that leaves nothing of the run, and steps that it does not reach."""
    schedule = stated["schedule"]
    length = stated.get("epochs") or stated.get("steps")
    until = f"the run ends after {_epochs(epochs)}"
    for i, value in enumerate(schedule.values):
        if isinstance(value, Warmup) and value.epochs and value.epochs >= epochs:
            message = f"a `warmup` of {_epochs(value.epochs)} leaves nothing for the schedule: {until}"
            argument, label = "epochs", "the whole run, or more"
            help_ = "a part of the run: `warmup(part = 0.1)`"
        elif isinstance(value, Steps) and any(at >= epochs for at in value.at if isinstance(at, int)):
            late = next(at for at in value.at if at >= epochs)
            message = f"`steps` changes the rate after epoch {late}, and {until}"
            argument, label = "at", "never reached"
            help_ = "parts of the run hold for any length: `steps(at = [0.5, 0.75])`"
        else:
            continue
        blamed = (schedule, Label(schedule.place(i, argument), label))
        cause = (length, Label(length.place(0), until)) if length is not None else None
        yield _diagnostic(message, blamed, cause, help_)


def _beyond_all_rates(stated: Mapping[str, Stated], epochs: float) -> Iterator[Diagnostic]:
    """A schedule that lets the learning rate grow until no float holds it."""
    optimizer = stated["optimizer"].values[0] if "optimizer" in stated else None
    if not isinstance(optimizer, Optimizer):
        return
    schedule = stated["schedule"]
    for i, value in enumerate(schedule.values):
        if isinstance(value, Exponential):
            times = math.ceil(epochs / value.every) - 1
        elif isinstance(value, Steps):
            times = len(value.at)
        else:
            continue
        if value.factor <= 1 or math.log(optimizer.lr) + times * math.log(value.factor) <= math.log(LARGEST):
            continue
        message = (
            f"`{value.kind}` multiplies the learning rate {optimizer.lr:g} {times} times by "
            f"{value.factor:g}: it would go beyond {LARGEST:g}"
        )
        blamed = (schedule, Label(schedule.place(i, "factor"), "the factor"))
        cause = (stated["optimizer"], Label(stated["optimizer"].place(0, "lr"), "the rate"))
        yield _diagnostic(message, blamed, cause, "a rate falls by a factor below 1: `factor = 0.1`")


def _diagnostic(
    message: str, blamed: tuple[Stated, Label], cause: tuple[Stated, Label] | None, help_: str
) -> Diagnostic:
    """E328 at the setting to blame; at the other one where only that is a flag, which was given last."""
    pair = [blamed, *([cause] if cause is not None else [])]
    pair.sort(key=lambda each: not each[0].by_flag)
    return Diagnostic("E328", message, tuple(label for _, label in pair), help=help_)


def _epochs(count: float) -> str:
    return f"{count:g} epoch{'' if count == 1 else 's'}"
