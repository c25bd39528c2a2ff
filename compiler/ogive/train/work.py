"""What a run works with: network, data and loss, made from what the user asked for and checked against each
other before anything is written or trained.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import nn
from torchmetrics import Metric

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.network import Network
from ogive.recipes import Recipe
from ogive.recipes.data import Data
from ogive.recipes.optimizer import Optimizer
from ogive.recipes.schedule import Plateau
from ogive.recipes.whole import check_length
from ogive.train import checks
from ogive.train.data import ImageData, arriving, expected, open_data
from ogive.train.data import Source as ImageSource
from ogive.train.data.plan import Plan
from ogive.train.feed import Feed
from ogive.train.initial import initialise
from ogive.train.loaders import Loaders
from ogive.train.losses import Loss
from ogive.train.machine import Machine
from ogive.train.measures import CLASSES_FOR_TOP5, Measure
from ogive.train.memory import too_large
from ogive.train.optimizers import build_optimizer
from ogive.train.program import Target
from ogive.train.seeds import WEIGHTS, derived, seed_torch
from ogive.train.start import Frozen, freeze, start_from
from ogive.train.threads import threads_for
from ogive.train.weights import load_weights

if TYPE_CHECKING:
    from ogive.graph import Graph

Source = Network | nn.Module | Callable[[], nn.Module]
"""What can be trained: a compiled network, a module (in place), or a function that makes one."""
LossFunction = Callable[[Any, Any], torch.Tensor]


@dataclass(frozen=True)
class Asked:
    """What the user asked for.

    Attributes:
        source: what is trained.
        name: of the network, for folder and messages.
        recipe: whole.
        machine: where and how.
        target: what to compile it from again; None for a module.
        input: (C, H, W) for a module, which does not say it.
        init_from: weights to begin with.
        freeze: names of what is not trained.
        loaders: the user's own data, in place of the recipe's.
        loss: the user's own, in place of the recipe's.
        metrics: the user's own measures, by their names.
        monitor: the column of metrics.csv that tells the best epoch, `-val_loss` where less is better.
    """

    source: Source
    name: str
    recipe: Recipe
    machine: Machine
    target: Target | None = None
    input: tuple[int, int, int] | None = None
    init_from: Path | None = None
    freeze: tuple[str, ...] = ()
    loaders: Loaders | None = None
    loss: LossFunction | None = None
    metrics: Mapping[str, Measure | Metric] = field(default_factory=dict)
    monitor: str | None = None

    @property
    def seed(self) -> int:
        """The recipe's."""
        return cast("int", self.recipe.value("seed"))


class Work:
    """Network, data and loss of a run, which fit each other.

    Args:
        asked: what the user asked for.
        statistics: of the data, where an earlier part of the run has computed them.
        initial: weights that an earlier part of the run began with, where they were not drawn.
        threads: what an earlier part of the run computed with.
        looks: whether the files of images are looked at, all of them, before one is needed.
        opens: `open_data`, or what remembers the sets that it opened.

    Attributes:
        network: in training mode, on the CPU, with the weights that it begins with.
        notes: what the user should be told before training.

    Raises:
        ArchError: they do not fit, or are not there.
    """

    def __init__(
        self,
        asked: Asked,
        *,
        statistics: Mapping[str, Any] | None = None,
        initial: Path | None = None,
        threads: int | None = None,
        looks: bool = True,
        opens: Callable[..., ImageSource] = open_data,
    ) -> None:
        self.asked = asked
        self.notes: list[str] = []
        recipe, machine = asked.recipe, asked.machine
        self.device = checks.choose_device(machine.device)
        checks.enough_devices(self.device, machine.devices)
        self.data = asked.loaders or self._open_data(statistics, looks, opens)
        random.seed(asked.seed)
        np.random.seed(asked.seed % 2**32)
        seed_torch(asked.seed, WEIGHTS)
        self.module = asked.source if isinstance(asked.source, nn.Module) else self._build()
        self.drawn = not isinstance(asked.source, nn.Module) and asked.init_from is None
        macs = self._count()
        self._begin(initial)
        self.frozen: Frozen | None = freeze(self.module, asked.freeze, self.graph) if asked.freeze else None
        if self.frozen is not None:
            self.notes.append(self.frozen.line())
        self.loss = Loss(asked.loss or cast("Any", recipe.value("loss")))
        self.feed = Feed(
            self.data,
            epochs=cast("int | None", recipe.value("epochs")),
            steps=cast("int | None", recipe.value("steps")),
            accumulate=cast("int", recipe.value("accumulate")),
            seed=asked.seed,
            world=machine.world,
        )
        check_length(recipe, self.feed.steps / self.feed.steps_per_epoch)
        self._check_validation()
        self._check_monitor()
        self._check_batch()
        self._check_machine()
        self._check_memory()
        build_optimizer(cast("Optimizer", recipe.value("optimizer")), self.module, self.graph)
        self.threads = threads or (self._threads(macs) if self.device == "cpu" else torch.get_num_threads())

    @property
    def graph(self) -> Graph | None:
        """Of the network, where it was compiled."""
        return self.asked.source.ir if isinstance(self.asked.source, Network) else None

    @property
    def shape(self) -> tuple[int, int, int] | None:
        """(C, H, W) of the images; None for the user's own data."""
        return None if isinstance(self.data, Loaders) else self.data.shape

    # ------------------------------------------------------------------ data

    def _open_data(
        self, statistics: Mapping[str, Any] | None, looks: bool, opens: Callable[..., ImageSource]
    ) -> ImageData:
        asked, recipe, machine = self.asked, self.asked.recipe, self.asked.machine
        choice = recipe.value("data")
        assert isinstance(choice, Data)
        wanted = self._wanted(choice)
        source = opens(
            choice,
            inputs=wanted,
            data_dir=Path(machine.data_dir) if machine.data_dir is not None else None,
            download=machine.download,
            classes=self._scores(),
        )
        if isinstance(asked.source, Network):
            sizes = [(name, type_.sizes) for name, type_ in asked.source.inputs]
            size, least = arriving(source, recipe), asked.source.unknowns
            wanted = checks.image_shape(sizes, source.name, size, least, self._fits)
        if wanted is None:
            message = f"the shape of the network's input is not known, and `{source.name}` gives images"
            raise ArchError([Diagnostic("E520", message, help="say it: `input=(C, H, W)`")])
        self._check_fit(source, wanted)
        self.notes += Plan(recipe, source, wanted).remarks()
        return ImageData(
            source,
            recipe,
            wanted,
            workers=machine.workers,
            seed=asked.seed,
            statistics=statistics,
            corrupt=machine.corrupt,
            fits=self._fits,
            looks=looks,
        )

    def _check_fit(self, source: ImageSource, shape: tuple[int, int, int]) -> None:
        """Whether images and classes are those of a compiled network; what is wrong with both is told at
        once, and before the images are gone through.
        """
        network = self.asked.source
        wrong: list[Diagnostic] = []
        if isinstance(network, Network) and (numbers := _takes_numbers(network)):
            message = f"input `{numbers}` takes whole numbers, and `{source.name}` gives images"
            raise ArchError([Diagnostic("E520", message, help=checks.for_images(shape))])
        try:
            Plan(self.asked.recipe, source, shape).check(self._fits)
        except ArchError as error:
            wrong += error.diagnostics
        if isinstance(network, Network) and self.asked.loss is None:
            outputs = [(name, type_.sizes) for name, type_ in network.outputs]
            parameters = [name for name, _ in network.ir.regions[0].arguments]
            try:
                checks.check_outputs(outputs, source.name, len(source.classes), parameters)
            except ArchError as error:
                wrong += error.diagnostics
        if wrong:
            raise ArchError(wrong)

    def _scores(self) -> int | None:
        """How many scores a compiled network gives, where that is a number: `random` has as many classes."""
        source = self.asked.source
        sizes = [type_.sizes for _, type_ in source.outputs] if isinstance(source, Network) else []
        first = sizes[0][0] if sizes and sizes[0] else None
        return first if isinstance(first, int) else None

    def _wanted(self, choice: Data) -> tuple[int, int, int] | None:
        """The input of the network, as far as it is known before the data are."""
        asked = self.asked
        if not isinstance(asked.source, Network):
            return asked.input
        inputs = [(name, type_.sizes) for name, type_ in asked.source.inputs]
        size, least = expected(asked.recipe), asked.source.unknowns
        return checks.image_shape(inputs, choice.kind, size, least, self._fits)

    def _fits(self, shape: tuple[int, int, int]) -> bool:
        """Whether the network can be compiled for images of this shape."""
        from ogive.pipeline import compile_target

        source = self.asked.source
        if not isinstance(source, Network) or _takes_numbers(source):
            return False
        made = source.compiled
        try:
            compile_target(made.program, made.name, arguments=made.arguments, shape=shape, edits=made.edits)
        except ArchError:
            return False
        return True

    # ------------------------------------------------------------------ network

    def _build(self) -> nn.Module:
        source = self.asked.source
        assert not isinstance(source, nn.Module)
        return source.module() if isinstance(source, Network) else source()

    def fresh(self) -> nn.Module:
        """The network once more, where it can be made again; else the one that was trained."""
        return self.module if isinstance(self.asked.source, nn.Module) else self._build()

    def _begin(self, initial: Path | None) -> None:
        """Gives the network the weights that it begins with."""
        asked = self.asked
        inits = asked.recipe.values("init")
        if initial is not None:
            load_weights(self.module, initial)
            return
        if inits and not isinstance(asked.source, nn.Module):
            said = next((s.span for s in asked.recipe.stated if s.setting.name == "init"), None)
            initialise(self.module, inits, self.graph, derived(asked.seed, WEIGHTS), span=said)
        if asked.init_from is not None:
            self.notes += start_from(self.module, asked.init_from).lines()

    def _count(self) -> int:
        """Multiply-accumulates of an image; a module is run once, and what it returns is looked at."""
        source, data = self.asked.source, self.data
        if isinstance(source, Network):
            return source.macs if isinstance(source.macs, int) else 0
        if isinstance(data, ImageData):
            return checks.try_once(self.module, data.shape, data.source.name, len(data.classes))
        return 0

    # ------------------------------------------------------------------ what does not go together

    def _check_validation(self) -> None:
        """A schedule that follows validation needs some."""
        plateau = next((v for v in self.asked.recipe.values("schedule") if isinstance(v, Plateau)), None)
        if plateau is not None and not self.feed.validates:
            message = "the schedule `plateau` follows the validation error, and there is no validation part"
            own = isinstance(self.data, Loaders)
            part = "`Loaders(train, validation)`" if own else "--validation 0.1"
            raise ArchError([Diagnostic("E526", message, help=f"{part}, or another schedule")])

    def _check_monitor(self) -> None:
        """What tells the best epoch is something that validation gives."""
        monitor = self.asked.monitor
        taken = [name for name in ("loss", "accuracy", "top5") if name in self.asked.metrics]
        if taken:
            message = f"a measure is called `{taken[0]}`, which is a name of ours"
            raise ArchError([Diagnostic("E526", message, help=f"`my_{taken[0]}`")])
        if monitor is None:
            return
        few = isinstance(self.data, ImageData) and len(self.data.classes) < CLASSES_FOR_TOP5
        ours = ("loss", "accuracy", *(() if few else ("top5",)))
        columns = [f"val_{name}" for name in (*ours, *self.asked.metrics)]
        message, help_ = None, None
        if monitor.removeprefix("-") not in columns:
            message = f"`monitor` is `{monitor}`: validation gives {', '.join(columns)}"
            guess = did_you_mean(monitor.removeprefix("-"), columns)
            help_ = f"did you mean `{guess}`?" if guess else None
        elif not self.feed.validates:
            message = f"`monitor` is `{monitor}`, and there is no validation part"
            help_ = "leave it out: the last epoch then counts as the best"
        if message is not None:
            raise ArchError([Diagnostic("E526", message, help=help_)])

    def _check_batch(self) -> None:
        if isinstance(self.data, Loaders):
            return
        smallest = self.data.counts["train"] // max(1, self.feed.batches) // self.asked.machine.world
        if not self.asked.recipe.value("sync_bn"):
            checks.check_smallest_batch(self.module, smallest)

    def _check_machine(self) -> None:
        """What cannot be had on these devices."""
        recipe, machine = self.asked.recipe, self.asked.machine
        wrong: list[Diagnostic] = []
        if recipe.value("sync_bn") and machine.world > 1 and self.device == "cpu":
            message = "`sync_bn` needs GPUs: PyTorch synchronises no batch norm on a CPU"
            wrong.append(Diagnostic("E526", message, help="--no-sync-bn"))
        if machine.strategy == "fsdp":
            if self.device == "cpu":
                message = "the strategy `fsdp` needs GPUs"
                wrong.append(Diagnostic("E526", message, help="--strategy ddp"))
            for name, what in (
                ("ema", "the mean of weights"),
                ("clip", "the norm of all gradients together"),
            ):
                if recipe.value(name) is not None:
                    message = f"`{name}` needs {what}, and `fsdp` leaves each device a part of them"
                    wrong.append(Diagnostic("E526", message, help=f"--strategy ddp, or --{name} none"))
        if wrong:
            raise ArchError(wrong)

    def _check_memory(self) -> None:
        """Whether a batch of the recipe's can fit at all; the user's loaders do not say what they give."""
        asked = self.asked
        if self.device == "cpu" and not isinstance(self.data, Loaders):
            images, world = self.data.counts["train"], asked.machine.world
            said = too_large(self.graph, self.module, asked.recipe, images=images, world=world)
            if said is not None:
                raise ArchError([said])

    def _threads(self, macs: int) -> int:
        world = self.asked.machine.devices
        if world > 1:
            return max(1, torch.get_num_threads() // world)
        return threads_for(macs, cast("int", self.asked.recipe.value("batch")))


def _takes_numbers(network: Network) -> str | None:
    """The first input that takes whole numbers, as tokens are, or truth values."""
    return next((name for name, type_ in network.inputs if type_.dtype != "float"), None)
