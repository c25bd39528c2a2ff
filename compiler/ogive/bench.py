"""A compiled network against torchvision's, timed in turns in one process.

Turns, because a machine is not equally fast all the time: each round measures every candidate once, and the
median over the rounds is reported. The timer is torch's own (`torch.utils.benchmark`), which waits for the
GPU and holds the threads fixed.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

# torch's timer looks for a CUDA compiler, which it does not use here, and complains when there is none
logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
from torch.utils.benchmark import Timer  # noqa: E402 - after that

from ogive.report.least import usual_sizes  # noqa: E402

if TYPE_CHECKING:
    from ogive.layers.tensor import TensorType
    from ogive.network import Network

FORWARD, BOTH = "forward", "forward + backward"
_NAMED_OTHERWISE = {"resnext50": "resnext50_32x4d", "resnet34_b": "resnet34"}
LEAST_SECONDS = 0.02
"""How long a measurement takes at least."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Median seconds of a pass, by what was measured and by whose module.

    `reference` is the name of the other module, or None where torchvision does not have the network.
    """

    name: str
    reference: str | None
    setting: str
    seconds: dict[str, dict[str, float]]


def device(wanted: str) -> torch.device | None:
    """The device for `cpu`, `cuda` or `auto`; None when there is no such one."""
    if wanted == "cpu" or (wanted == "auto" and not torch.cuda.is_available()):
        return torch.device("cpu")
    return torch.device("cuda") if torch.cuda.is_available() else None


def compare(
    network: Network, *, batch: int, device: torch.device, threads: int | None, rounds: int
) -> Comparison:
    """Times the network's module and torchvision's, forward in eval mode and both ways in training mode.

    Args:
        network: what to time.
        batch: images at once.
        device: where.
        threads: for the CPU; torch's own choice when None.
        rounds: how often each candidate is measured.
    """
    torch.manual_seed(0)
    usual = usual_sizes([tensor for _, tensor in network.inputs], network.unknowns)
    inputs = tuple(_example(tensor.at(usual), batch, device) for _, tensor in network.inputs)
    modules = {"ogive": network.module().to(device)}
    other = _torchvision(network)
    if other is not None:
        modules["torchvision"] = other.to(device)
    threads = threads or torch.get_num_threads()
    seconds: dict[str, dict[str, float]] = {}
    for what, training in ((FORWARD, False), (BOTH, True)):
        runs = {name: _run(module.train(training), inputs, training) for name, module in modules.items()}
        seconds[what] = interleaved(runs, rounds=rounds, threads=threads)
    sizes = ", ".join("x".join(map(str, x.shape)) for x in inputs)
    setting = f"{device}, input {sizes}, {threads} thread{'' if threads == 1 else 's'}, median of {rounds}"
    reference = f"torchvision's {network.name}" if other is not None else None
    return Comparison(network.name, reference, setting, seconds)


def interleaved(runs: Mapping[str, Callable[[], object]], *, rounds: int, threads: int) -> dict[str, float]:
    """Median seconds of each, every round measuring all of them in turn after one warm-up."""
    timers = {
        name: Timer("run()", globals={"run": run}, num_threads=threads, label=name)
        for name, run in runs.items()
    }
    taken: dict[str, list[float]] = {name: [] for name in timers}
    for timer in timers.values():
        timer.timeit(1)
    # what takes microseconds is repeated, the same number of times for everyone, until the clock can tell
    number = max(1, int(LEAST_SECONDS / max(timer.timeit(1).mean for timer in timers.values())))
    for turn in range(rounds):
        # who goes first changes, so that neither always runs in the other's wake
        order = list(timers) if turn % 2 == 0 else list(reversed(timers))
        for name in order:
            taken[name].append(timers[name].timeit(number).mean)
    return {name: median(times) for name, times in taken.items()}


def to_text(comparison: Comparison) -> str:
    """A table of milliseconds, and how much faster we are."""
    lines = [f"{comparison.name}: {comparison.setting}"]
    for what, seconds in comparison.seconds.items():
        ours = seconds["ogive"]
        text = f"  {what:<{len(BOTH)}}  ogive {ours * 1e3:9.2f} ms"
        if comparison.reference is not None:
            theirs = seconds["torchvision"]
            text += f"   torchvision {theirs * 1e3:9.2f} ms   {theirs / ours:5.2f} x as fast"
        lines.append(text)
    if comparison.reference is None:
        lines.append("  (torchvision is not installed, or has no network of this name with these parameters)")
    return "\n".join(lines)


def _example(type_: TensorType, batch: int, device: torch.device) -> Tensor:
    sizes = [size for size in type_.sizes if isinstance(size, int)]
    if type_.dtype == "float":
        return torch.randn(batch, *sizes, device=device)
    dtype = torch.long if type_.dtype == "int" else torch.bool
    return torch.zeros(batch, *sizes, device=device, dtype=dtype)


def _torchvision(network: Network) -> nn.Module | None:
    """The module of torchvision with the very same parameters; a paper's AlexNet is not theirs."""
    try:
        from torchvision import models
    except ImportError:
        return None
    name = _NAMED_OTHERWISE.get(network.name, network.name.removesuffix("_torchvision"))
    if name not in models.list_models(module=models):
        return None
    # GoogLeNet and Inception would otherwise spend half a minute on drawing truncated normals
    extra = {"init_weights": False} if name in {"googlenet", "inception_v3"} else {}
    (classes,) = network.outputs[0][1].sizes[-1:]
    theirs = models.get_model(name, weights=None, num_classes=classes, **extra)
    ours = Counter(
        shape for node in network.unrolled for shape in network.unrolled.parameters(node.name).values()
    )
    return theirs if Counter(tuple(p.shape) for p in theirs.parameters()) == ours else None


def _run(module: nn.Module, inputs: tuple[Tensor, ...], training: bool) -> Callable[[], object]:
    def forward() -> object:
        with torch.inference_mode():
            return module(*inputs)

    def both() -> None:
        module.zero_grad(set_to_none=True)
        torch.stack([x.mean() for x in _tensors(module(*inputs))]).sum().backward()

    return both if training else forward


def _tensors(value: object) -> list[Tensor]:
    """The float tensors in whatever a module returns."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [tensor for item in value.values() for tensor in _tensors(item)]
    if isinstance(value, (tuple, list)):
        return [tensor for item in value for tensor in _tensors(item)]
    return []
