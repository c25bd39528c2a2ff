"""What is said when memory does not suffice (E527): what a step needs, what there is, which batch fits."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from ogive.diagnostics import Diagnostic
from ogive.graph import Graph
from ogive.layers.base import Size
from ogive.passes.unroll import unroll_cliques
from ogive.recipes import Recipe
from ogive.recipes.optimizer import Adam, AdamW, RmsProp, Sgd
from ogive.report.memory import kept_for_backward
from ogive.report.units import size

_SAID = re.compile(
    r"DefaultCPUAllocator|out of memory|[cC]an'?t allocate memory|not enough memory|"
    r"CUDNN_STATUS_ALLOC_FAILED|CUBLAS_STATUS_ALLOC_FAILED"
)
_ASKED = re.compile(r"[Tt]ried to allocate ([\d.]+ ?(?:[KMGT]i)?(?:B|bytes))")
_USABLE = 0.9
"""The part of the memory that is planned for: the count leaves out workspaces, and allocators lose some."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """Bytes that a step needs whatever the batch: what PyTorch keeps for the network and its training.

    Attributes:
        weights: parameters and buffers.
        gradients: of the parameters that are trained.
        optimizer: what the recipe's optimizer remembers of them: a momentum, or two means.
        ema: the mean of the weights, where the recipe has one.
    """

    weights: int
    gradients: int
    optimizer: int
    ema: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.weights + self.gradients + self.optimizer + self.ema


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory does not suffice: of PyTorch's allocators for CUDA and the CPU, of
    CUDA's libraries, or of Python.
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and _SAID.search(str(error)) is not None


def out_of_memory(
    graph: Graph | None,
    module: nn.Module,
    recipe: Recipe,
    device: torch.device | str,
    error: BaseException,
    *,
    world: int = 1,
    own_loaders: bool = False,
) -> Diagnostic:
    """E527: what a step of the recipe needs, what the device has, and which batch would fit.

    The activations are those of the static count, `ogive.report.memory`; what it leaves out (indices, masks,
    workspaces) makes them a lower bound, and so at most half of the batch is proposed.

    Args:
        graph: of the network; without it activations are not counted.
        module: the network.
        recipe: whole.
        device: where it was trained.
        error: what was raised.
        world: processes that share a batch.
        own_loaders: the user's loaders decide how large a batch is, not the recipe.
    """
    device = torch.device(device)
    batch = cast("int", recipe.value("batch"))
    here = -(-batch // world)
    fixed = needed_for_weights(module, recipe)
    image = activations(graph, bf16=recipe.value("precision") == "bf16") if graph is not None else None
    has = available(device)

    images = _images(here) if world == 1 else f"{_images(here)}, its part of {batch},"
    what = "a batch of your loaders" if own_loaders else f"a batch of {images}"
    message = f"{what} does not fit into the memory of `{device}`"
    notes: list[tuple[str, str]] = []
    if isinstance(image, int) and not own_loaders:
        need = f"about {size(here * image)}, by the static count: {_images(here)} of {size(image)}"
        notes.append(("activations", need))
    elif image is not None:
        notes.append(("activations", f"{size(image)} an image, by the static count"))
    notes.append(("weights", _listed(fixed, recipe)))
    if has is not None:
        notes.append(("memory", has.said))
    asked = _ASKED.search(str(error))
    if asked is not None:
        notes.append(("failed", f"when {_bytes(asked[1])} more were asked for"))

    room = has.here * _USABLE - fixed.total if has is not None else None
    fitting = int(room // image) if isinstance(image, int) and image and room is not None else None
    if own_loaders:
        fits = f": {max(1, fitting)} would fit, by the count" if fitting is not None else ""
        help_ = f"fewer examples a batch in your loaders{fits}"
    else:
        help_ = _help(recipe, module, here // 2 if fitting is None else fitting, world)
    return Diagnostic("E527", message, notes=tuple(notes), help=help_)


def too_large(
    graph: Graph | None, module: nn.Module, recipe: Recipe, *, images: int, world: int = 1
) -> Diagnostic | None:
    """E527 before a run on the CPU begins, where a batch needs more by the static count alone, a lower bound,
    than there is: Linux ends such a process without a word.

    Args:
        graph, module, recipe, world: as for `out_of_memory`.
        images: how many there are to train on; no batch has more.
    """
    has = available(torch.device("cpu"))
    if (
        graph is None or has is None or recipe.value("compile")
    ):  # which may compute again what it does not keep
        return None
    image = activations(graph, bf16=recipe.value("precision") == "bf16")
    here = -(-min(images, cast("int", recipe.value("batch"))) // world)
    if not isinstance(image, int) or here * image + needed_for_weights(module, recipe).total <= has.here:
        return None
    return out_of_memory(graph, module, recipe, "cpu", MemoryError(), world=world)


def needed_for_weights(module: nn.Module, recipe: Recipe) -> Fixed:
    """What the weights need, with all that training keeps of their size. Shared weights count once."""
    trained = sum(_size(p) for p in module.parameters() if p.requires_grad)
    parameters = sum(_size(p) for p in module.parameters())
    buffers = sum(_size(buffer) for buffer in module.buffers())
    match recipe.value("optimizer"):
        case Adam() | AdamW():
            kept = 2
        case RmsProp(momentum=momentum):
            kept = 2 if momentum else 1
        case Sgd(momentum=momentum):
            kept = 1 if momentum else 0
        case _:
            kept = 0
    mean = parameters + buffers if recipe.value("ema") is not None else 0
    return Fixed(parameters + buffers, trained, kept * trained, mean)


def activations(graph: Graph, *, bf16: bool = False) -> Size:
    """Bytes that one image keeps for the backward pass; in 16 bits about half of them."""
    kept = kept_for_backward(unroll_cliques(graph))
    return (kept + 1) // 2 if bf16 else kept


def smaller_batch(batch: int, accumulate: int, most: int) -> tuple[int, int]:
    """A batch of at most `most` images, and how many of them make a step of as many images as before.

    A divisor of the batch, and a multiple of 8 (which matrix units like), as long as one is at least half of
    `most`; else the number of images changes by a little.

    Args:
        batch: what does not fit.
        accumulate: how many of those made a step.
        most: at least 1.
    """
    most = max(1, min(most, batch))
    divisors = [n for n in range(1, most + 1) if batch % n == 0]
    for good in ([n for n in divisors if n % 8 == 0], divisors):
        if good and 2 * good[-1] >= most:
            return good[-1], accumulate * (batch // good[-1])
    chosen = most - most % 8 if most >= 8 else most
    return chosen, -(-accumulate * batch // chosen)


# ---------------------------------------------------------------------- what there is


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of a device.

    Attributes:
        here: bytes that this process has or could have, those in use included.
        said: the same in words.
    """

    here: int
    said: str


def available(device: torch.device) -> Memory | None:
    """What a process can have of the memory of a device; None if that cannot be found out."""
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        here = free + torch.cuda.memory_reserved(device)
        with suppress(Exception):  # where a limit was set
            here = min(here, int(total * torch.cuda.get_per_process_memory_fraction(device)))
        return Memory(here, f"{size(total)}, of which {size(here)} are there for this process")
    if device.type == "cpu":
        return _of_the_machine()
    return None


def _of_the_machine() -> Memory | None:
    """On Linux: what is free, unless a limit of the process or of its group is nearer."""
    try:
        info = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        total, free = (1024 * int(info[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
        status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
        virtual, resident = (1024 * int(status[name].split()[0]) for name in ("VmSize", "RssAnon"))
    except (OSError, KeyError, ValueError):
        return None
    found = [
        Memory(free + resident, f"{size(total)}, of which {size(free + resident)} are there for this process")
    ]
    limit = _limit_of_addresses()
    if limit is not None:
        # libraries and caches of the allocator hold addresses without memory behind them
        here = max(0, limit - (virtual - resident))
        found.append(
            Memory(here, f"{size(limit)} of addresses for this process (`ulimit -v`), {size(here)} for data")
        )
    found += [
        Memory(limit, f"{size(limit)}, the limit of this process's group") for limit in _limits_of_groups()
    ]
    return min(found, key=lambda memory: memory.here)


def _limit_of_addresses() -> int | None:
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit


def _limits_of_groups(
    root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")
) -> list[int]:
    """The limits of memory of the control groups around this process, of either version."""
    places = [root / "memory.max", root / "memory" / "memory.limit_in_bytes"]
    with suppress(OSError):
        for line in own.read_text().splitlines():
            _, kinds, path = line.split(":", 2)
            if not kinds or "memory" in kinds.split(","):
                folder = root / kinds / path.lstrip("/")
                places += [place / name for place in (folder, *folder.parents) if root in place.parents
                           for name in ("memory.max", "memory.limit_in_bytes")]  # fmt: skip
    limits: list[int] = []
    for place in places:
        with suppress(OSError, ValueError):  # `max`: none
            limits.append(int(place.read_text()))
    return [limit for limit in limits if limit < 1 << 60]


# ---------------------------------------------------------------------- in words


def _help(recipe: Recipe, module: nn.Module, fitting: int, world: int) -> str:
    """What would make it fit; `fitting` images on each device, by the count."""
    batch, accumulate = cast("int", recipe.value("batch")), cast("int", recipe.value("accumulate"))
    half = "" if recipe.value("precision") == "bf16" else "--precision bf16, which halves the activations"
    least = 2 if any(isinstance(each, nn.modules.batchnorm._BatchNorm) for each in module.modules()) else 1  # pyright: ignore[reportPrivateUsage]
    here = -(-batch // world)
    most = min(fitting, here // 2)
    if most < least:
        ways = [half, "a device with more memory"] if half else ["a device with more memory"]
        if world == 1:
            ways.append("several devices that share the weights: --strategy fsdp")
        return "; or ".join(ways)
    smaller, times = smaller_batch(here, accumulate, most)
    smaller *= world
    kept = (
        "as many images a step"
        if smaller * times == batch * accumulate
        else f"{smaller * times} images a step"
    )
    norms = f", though batch norms see {smaller // world} at a time" if least == 2 else ""
    return f"--batch {smaller} --accumulate {times}: {kept}{norms}" + (f"; or {half}" if half else "")


def _listed(fixed: Fixed, recipe: Recipe) -> str:
    optimizer = cast("Any", recipe.value("optimizer"))
    parts = [
        f"{size(fixed.total)}: {size(fixed.weights)} of their own",
        f"{size(fixed.gradients)} of gradients",
    ]
    if fixed.optimizer:
        parts.append(f"{size(fixed.optimizer)} that {optimizer.kind} keeps")
    if fixed.ema:
        parts.append(f"{size(fixed.ema)} of their mean")
    return ", ".join(parts)


def _images(count: int) -> str:
    return "1 image" if count == 1 else f"{count} images"


def _bytes(asked: str) -> str:
    """`3.7 GiB` of `4000000000 bytes`."""
    return size(int(asked.split(maxsplit=1)[0])) if asked.endswith("bytes") else asked


def _size(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()
