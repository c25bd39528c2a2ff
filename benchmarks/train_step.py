"""A step of training through `ogive train` against the same loop written by hand, in turns.

python benchmarks/train_step.py [NAME] [--batch N] [--steps N] [--rounds N] [--device cpu|cuda]
                                [--precision fp32|bf16] [--channels-last] [--compile]

Both train the module that Ogive compiles on images of noise, with SGD and cross entropy. The hand has one
`DataLoader` over tensors in memory and does nothing else; Ogive does all that it does in a run: it counts
losses and accuracies, looks whether the loss is finite, seeds every step, sets the learning rate, keeps a bar
and logs. Validation, checkpoints and what comes before and behind the steps are left out on both sides. Each
round times an epoch of both, one after the other, but for the first; what is printed are medians and their
ratio.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from rich.console import Console
from torch.utils.data import DataLoader, TensorDataset

import ogive
from ogive.network import Network
from ogive.train.machine import Machine
from ogive.train.run import train
from ogive.train.task import Task

WARM = 1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", default="cifar_resnet20")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--steps", type=int, default=8, help="steps of an epoch")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    network = ogive.load(options.name)

    hand = by_hand(network, options)
    for _ in range(WARM):
        next(hand)
    ours: list[float] = []
    theirs: list[float] = []

    class Timed:
        """Times the steps of an epoch, and lets the hand have its turn behind each."""

        def __init__(self) -> None:
            self.start = Task.on_train_epoch_start
            self.end = Task.on_train_epoch_end
            self.began = 0.0

        def on_train_epoch_start(self, task: Task) -> None:
            self.start(task)
            synchronize(options.device)
            self.began = time.perf_counter()

        def on_train_batch_end(self, task: Task, batch_idx: int) -> None:
            if batch_idx + 1 == task.trainer.num_training_batches:
                synchronize(options.device)
                ours.append((time.perf_counter() - self.began) / task.trainer.num_training_batches)
                theirs.append(next(hand))

    timed = Timed()
    Task.on_train_epoch_start = lambda task: timed.on_train_epoch_start(task)  # noqa: PLW0108  # bound to no task
    Task.on_train_batch_end = lambda task, _o, _b, batch_idx: timed.on_train_batch_end(task, batch_idx)  # type: ignore[method-assign,assignment]
    with tempfile.TemporaryDirectory() as folder:
        train(
            network,
            settings=settings(options),
            machine=Machine(device=options.device),
            out=Path(folder) / "run",
            console=Console(quiet=True),
        )
    ours, theirs = ours[WARM:], theirs[WARM:]
    images = options.batch
    a, b = statistics.median(ours), statistics.median(theirs)
    what = f"{options.name}, batch {images}, {options.device}, {options.precision}"
    print(f"{what}, {len(ours)} rounds in turns")
    print(f"ogive train  {1000 * a:8.2f} ms a step  {images / a:10,.0f} img/s")
    print(f"by hand      {1000 * b:8.2f} ms a step  {images / b:10,.0f} img/s")
    rounds = statistics.median(x / y for x, y in zip(ours, theirs, strict=True))
    print(f"ratio of medians {a / b:.3f}; median of the rounds' ratios {rounds:.3f}")


def settings(options: argparse.Namespace) -> dict[str, object]:
    """The same as by hand."""
    return {
        "data": f"random(count = {options.batch * options.steps})",
        "validation": 0,
        "augment": "none",
        "batch": options.batch,
        "epochs": options.rounds + WARM,
        "optimizer": "sgd(lr = 0.01, momentum = 0.9, weight_decay = 0.0001)",
        "schedule": "constant",
        "loss": "cross_entropy",
        "precision": options.precision,
        "channels_last": options.channels_last,
        "compile": options.compile,
    }


def by_hand(network: Network, options: argparse.Namespace) -> Iterator[float]:
    """Seconds of a step, the mean over an epoch; one epoch each time it is asked."""
    device = torch.device(options.device)
    layout = torch.channels_last if options.channels_last else torch.contiguous_format
    torch.manual_seed(0)
    module = network.module().to(device).train()
    module = module.to(memory_format=layout)  # type: ignore[call-overload]
    shape = network.inputs[0][1].sizes
    classes = network.outputs[0][1].sizes[0]
    count = options.batch * options.steps
    images = torch.rand(count, *shape)
    labels = torch.randint(0, classes, (count,))
    loader: Any = DataLoader(TensorDataset(images, labels), batch_size=options.batch, shuffle=True)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    run = torch.compile(module) if options.compile else module
    bf16 = options.precision == "bf16"
    while True:
        began = time.perf_counter()
        for x, y in loader:
            x, y = x.to(device, memory_format=layout), y.to(device)
            optimizer.zero_grad()
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                output = run(x)
                output = output[0] if isinstance(output, tuple) else output
                loss = F.cross_entropy(output.float() if bf16 else output, y)
            loss.backward()
            optimizer.step()
        synchronize(options.device)
        yield (time.perf_counter() - began) / options.steps


def synchronize(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


if __name__ == "__main__":
    main()
