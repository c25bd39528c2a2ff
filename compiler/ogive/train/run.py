"""A whole run: from a network, a recipe and data to trained weights, numbers and curves in one folder; and
one that goes on where it stopped.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from torchmetrics import Metric

from ogive.diagnostics import ArchError, Diagnostic
from ogive.loading import load_recipe
from ogive.network import Network
from ogive.recipes import Recipe
from ogive.recipes.flags import with_flags
from ogive.recipes.forms import PYTHON, Given, Override
from ogive.recipes.whole import whole
from ogive.train import record as records
from ogive.train.averaging import averaging
from ogive.train.disk import none_usable
from ogive.train.finish import check_best, finish
from ogive.train.fit import fit, make_trainer
from ogive.train.history import Choice, History
from ogive.train.interrupt import Interrupt
from ogive.train.loaders import Loaders
from ogive.train.machine import Machine
from ogive.train.measures import Measure
from ogive.train.opened import reopen
from ogive.train.program import target_of
from ogive.train.progress import ProgressBar
from ogive.train.quiet import quiet
from ogive.train.ranks import is_first
from ogive.train.rates import Rates
from ogive.train.report import write_report
from ogive.train.result import Result
from ogive.train.rundir import RunFolder, default_folder
from ogive.train.saving import Checkpoints, where
from ogive.train.storage import RESUMABLE, Newest, keep_as, newest
from ogive.train.task import Task
from ogive.train.threads import using_threads
from ogive.train.weights import packed
from ogive.train.work import Asked, LossFunction, Source, Work

_NEEDED = (*RESUMABLE, "position", "history", "random", "rates")
"""What a checkpoint has to hold: Lightning's part, and ours."""
FOLDER_VARIABLE = "OGIVE_RUN"
"""Where the first process of a run tells those that it starts which folder it is."""


def train(
    network: Source,
    recipe: str | Recipe | None = None,
    *,
    settings: Mapping[str, object] | None = None,
    name: str | None = None,
    input: tuple[int, int, int] | None = None,  # noqa: A002 - the language's word
    machine: Machine | None = None,
    out: str | os.PathLike[str] | None = None,
    init_from: str | os.PathLike[str] | None = None,
    freeze: Sequence[str] = (),
    loaders: Loaders | None = None,
    loss: LossFunction | None = None,
    metrics: Mapping[str, Measure | Metric] | None = None,
    monitor: str | None = None,
    plugins: Mapping[str, str] | None = None,
    console: Console | None = None,
) -> Result:
    """Trains a network, and keeps everything about it in a folder.

        from ogive.train import Loaders, train

        train(ogive.load("lenet5"), "lenet5", settings={"epochs": 10})
        train(ogive.load("unet", classes=2), settings={"optimizer": "adamw(lr = 0.001)"},
              loaders=Loaders(train_loader, validation_loader), metrics={"iou": JaccardIndex("binary")})

    On a CPU the same recipe, seed and number of threads give bit-identical weights, whatever the number of
    workers, and whether or not the run was stopped and resumed. Random states are the caller's to restore.

    Args:
        network: what `ogive.load` gives; a module, trained in place from the weights it has (it ends on the
            CPU, in evaluation mode, with the best weights); or a function that makes one, called once the
            seed is set.
        recipe: a recipe, its name in the network's file or in the zoo, or `FILE:NAME`; without it the
            recipe `default`.
        settings: over the recipe's, by their names, as they are written there: `{"epochs": 5, "lr": 0.1,
            "optimizer": "sgd(lr = 0.1)"}`; with `loaders` those of the data cannot stand here.
        name: of the network, for folder and messages.
        input: (C, H, W) of the images that a module takes; a compiled network says it itself.
        machine: devices, workers, folders of data.
        out: the run's folder; without it `runs/NAME`, or `runs/NAME-2`, … where that is taken.
        init_from: weights to begin with, as safetensors, or the run that they come from; what fits by name
            and shape is taken, and what does not is told.
        freeze: names of layers or parameters that are not trained, with `*`.
        loaders: data of one's own, in place of the recipe's `data`, `batch`, `augment` and `validation`.
        loss: `loss(output, targets)` -> scalar, in place of the recipe's. Auxiliary heads get it too.
        metrics: measures of one's own, taken on validation and test data: functions of the main output and
            the targets whose values are means over the batch, or metrics of torchmetrics.
        monitor: the column of metrics.csv that tells the best epoch: `val_accuracy` where classes are told
            apart, otherwise `-val_loss` (with a `-`, less is better).
        plugins: files with layers of the user's own, each with its SHA-256; kept in the record.
        console: where progress is shown; without it nowhere.

    Raises:
        ArchError: E520 input and E521 output do not fit the data, E523 no such device, E524 the folder is
            taken, E525 a loss that is not finite, E526 a setting that cannot be used here, E527 not enough
            memory, E568 a full disk; what is wrong with the recipe, the data (E550 to E554), the weights
            (E561, E562) or the names (E560, E563).
        KeyboardInterrupt: Ctrl-C or, as its subclass `Terminated`, SIGTERM; after saving. It says how to go
            on.
    """
    machine = machine or Machine()
    compiled = network if isinstance(network, Network) else None
    chosen = _recipe(recipe, settings, compiled, own_data=loaders is not None)
    asked = Asked(
        network,
        name or (compiled.name if compiled else _called(network)),
        chosen,
        machine,
        target=target_of(compiled, plugins) if compiled else None,
        input=input,
        init_from=Path(init_from) if init_from is not None else None,
        freeze=tuple(freeze),
        loaders=loaders,
        loss=loss,
        metrics=dict(metrics or {}),
        monitor=monitor,
    )
    main = is_first()
    folder = RunFolder(_folder(out, asked.name))
    if main:
        folder.refuse_if_taken()
    with quiet():
        work = Work(asked)
        record = records.begin(work)
        if main:
            initial = None if work.drawn else packed(work.module)
            folder.create(record, records.texts(asked), initial)
            os.environ[FOLDER_VARIABLE] = str(folder.path)
        try:
            with folder.locked() if main else nullcontext():
                return _Run(work, folder, record, console or Console(quiet=True)).go(None)
        finally:
            os.environ.pop(FOLDER_VARIABLE, None)


def resume(
    path: str | os.PathLike[str],
    *,
    network: Source | None = None,
    machine: Machine | None = None,
    loaders: Loaders | None = None,
    loss: LossFunction | None = None,
    metrics: Mapping[str, Measure | Metric] | None = None,
    plugins: Sequence[str] = (),
    console: Console | None = None,
) -> Result:
    """Goes on with a run where it stopped, from its folder alone; one that is finished is only told.

    Args:
        path: the folder.
        network: what was trained, where it was no compiled network.
        machine: another one than the run's.
        loaders, loss, metrics: as they were given to `train`, where they were.
        plugins: the files with layers of the user's own that the run needs: they are run, and so asked for.
        console: where progress is shown; without it nowhere.

    Raises:
        ArchError: E564 there is no run, E565 its files are damaged or changed or need a plugin, E569 no
            checkpoint of it can be used; and as `train`.
        KeyboardInterrupt: as `train`.
    """
    folder = RunFolder(Path(path))
    opened = reopen(folder.path, plugins=plugins)
    record = dict(opened.record)
    source = network or opened.network
    console = console if console is not None and is_first() else Console(quiet=True)
    if record["status"] == "finished":
        console.print("finished already: nothing is left to train", highlight=False)
        return records.result_of(record, folder)
    for note in opened.notes:
        console.print(note, highlight=False, soft_wrap=True, markup=False)
    _require_again(record, folder.path, network=source, loaders=loaders, loss=loss, metrics=metrics)
    assert source is not None
    asked = records.asked_again(
        record, source, opened.recipe, machine, loaders=loaders, loss=loss, metrics=dict(metrics or {})
    )
    with quiet(), ExitStack() as stack:
        if is_first():
            stack.enter_context(folder.locked())
        initial = folder.initial if folder.initial.exists() else None
        work = Work(
            asked, statistics=record["data"].get("statistics"), initial=initial, threads=record["threads"]
        )
        found = newest(folder.checkpoints, records.identity(record), needs=_NEEDED)
        for refused, reason in found.refused:
            console.print(f"not used: {refused}: {reason}", highlight=False, soft_wrap=True)
        if found.state is None and found.refused:
            raise none_usable(folder.path, found.refused)
        return _Run(work, folder, record, console).go(found)


def _require_again(record: Mapping[str, Any], path: Path, **given: object) -> None:
    """What a run was given from Python has to be given again: nothing else stands in for it.

    Raises:
        ArchError: E565.
    """
    needed: list[str] = record.get("from_python", [])
    if all(given[name] is not None for name in needed):
        return
    *others, last = [_FROM_PYTHON[name] for name in needed]
    what = f"{', '.join(others)} and {last}" if others else last
    message = f"`{path}` was trained with {what} from Python, which a folder cannot keep"
    call = f'ogive.train.resume("{path}", {", ".join(f"{name}=…" for name in needed)})'
    raise ArchError([Diagnostic("E565", message, help=f"from Python: `{call}`")])


_FROM_PYTHON = {"network": "a module", "loaders": "loaders", "loss": "a loss", "metrics": "measures"}


class _Run:
    """A run whose parts fit each other and whose folder is there."""

    def __init__(self, work: Work, folder: RunFolder, record: Mapping[str, Any], console: Console) -> None:
        self.work = work
        self.folder = folder
        self.record = dict(record)
        self.console = console if is_first() else Console(quiet=True)  # one of several processes speaks
        self.choice = _choice(work)

    def go(self, found: Newest | None) -> Result:
        """Trains, from the beginning or from a checkpoint, and finishes."""
        main = is_first()
        for note in self.work.notes:
            self.console.print(note, highlight=False, soft_wrap=True, markup=False)
        history = History(self.folder, self.choice)
        if found is not None and found.state is not None:
            self._take_up(found, history)
        if main:
            self.folder.write_record(self.record | {"status": "running"})
        try:
            with using_threads(self.work.threads):
                trainer = self._fit(history, found.path if found is not None else None)
                result = finish(self.work, trainer, self.folder, self.record, history)
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt)
            if main:
                self._record_end("interrupted" if stopped else "failed", history)
            if stopped and not str(error):  # before the first step, or behind the last
                raise type(error)(f"stopped; to go on: ogive train --resume {self.folder.path}") from None
            raise
        return result

    def _take_up(self, found: Newest, history: History) -> None:
        state = cast("dict[str, Any]", found.state)
        history.take_up(state["history"])
        epoch, batches = state["position"]
        self.work.feed.done = (epoch, batches)
        if is_first() and found.path is not None:
            # a kill between the two names of one checkpoint
            if history.improved and not batches and found.path != self.folder.best:
                keep_as(found.path, self.folder.best)
            elif history.best is not None:
                check_best(self.folder)
        self.console.print(f"goes on {where(epoch, batches)}: {found.path}", highlight=False, soft_wrap=True)

    def _fit(self, history: History, checkpoint: Path | None) -> Any:
        work, asked = self.work, self.work.asked
        feed, recipe = work.feed, asked.recipe
        interrupt = Interrupt()
        checkpoints = Checkpoints(
            self.folder,
            history,
            interrupt,
            asked.machine.save_minutes,
            cast("int", recipe.value("accumulate")),
        )
        task = Task(
            work.module,
            recipe,
            graph=work.graph,
            loss=work.loss,
            rates=Rates(recipe.values("schedule"), steps=feed.steps, steps_per_epoch=feed.steps_per_epoch),
            metrics=asked.metrics,
            about=records.identity(self.record),
            keep_frozen=work.frozen.hold if work.frozen is not None else None,
        )
        ema = averaging(cast("float | None", recipe.value("ema")))
        callbacks = [*([ema] if ema else []), history, checkpoints, ProgressBar(self.console, history, feed)]
        trainer = make_trainer(recipe, asked.machine, work.device, self.folder, feed, callbacks)
        fit(
            trainer,
            task,
            feed,
            checkpoint=checkpoint,
            checkpoints=checkpoints,
            interrupt=interrupt,
            folder=self.folder,
            graph=work.graph,
            recipe=recipe,
        )
        return trainer

    def _record_end(self, status: str, history: History) -> None:
        """What became of it; a disk without room for that keeps what it says already."""
        try:
            self.folder.write_record(self.record | {"status": status, "epochs": len(history.rows)})
            write_report(self.folder.path)
        except (OSError, ArchError):
            return


def _recipe(
    recipe: str | Recipe | None,
    settings: Mapping[str, object] | None,
    network: Network | None,
    *,
    own_data: bool,
) -> Recipe:
    """The whole recipe, with what is given beside it."""
    if isinstance(recipe, str):
        recipe = load_recipe(recipe, network.compiled.program if network else None)
    flags: list[Override] = [
        Given(name, records.as_text(value), PYTHON) for name, value in (settings or {}).items()
    ]
    if own_data:
        told = [name for name in settings or {} if name in _OF_THE_DATA]
        if told:
            message = f"`{told[0]}` is for the data of a recipe, and the loaders are the user's own"
            raise ArchError([Diagnostic("E526", message, help="leave it out: the loaders decide")])
        # what the user's own loaders decide has to be said all the same; nothing reads it
        said = {each.setting.name for each in recipe.stated} if recipe is not None else set[str]()
        flags += [(n, text) for n, text in (("data", "random"), ("batch", "1")) if n not in said and recipe]
    return whole(with_flags(recipe, flags))


_OF_THE_DATA = ("data", "batch", "augment", "validation", "evaluate")


def _called(source: Source) -> str:
    """What a module, or a function that makes one, is called in folders and messages."""
    return str(getattr(source, "__name__", type(source).__name__)).strip("<>").lower()


def _folder(out: str | os.PathLike[str] | None, name: str) -> Path:
    told = os.environ.get(FOLDER_VARIABLE)
    if told and not is_first():
        return Path(told)
    return Path(out) if out is not None else default_folder(name)


def _choice(work: Work) -> Choice:
    monitor = work.asked.monitor
    if monitor is None:
        monitor = "val_accuracy" if work.asked.loss is None else "-val_loss"
    return Choice(monitor.removeprefix("-"), highest=not monitor.startswith("-"))
