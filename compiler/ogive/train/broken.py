"""What is said when the loss is no number any more (E525)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor, nn

from ogive.diagnostics import Diagnostic
from ogive.recipes import Recipe
from ogive.train.disk import moment
from ogive.train.nonfinite import Culprit, all_numbers, first_not_finite, magnitude
from ogive.train.storage import BEST, LAST, PREVIOUS, Damaged, State, read

if TYPE_CHECKING:
    from ogive.train.task import Broken


def loss_not_finite(network: nn.Module, broken: Broken, recipe: Recipe, run: Path) -> Diagnostic:
    """E525: where it happened, the first layer whose output was not finite, the last good checkpoint, and
    what may help.

    The network is run once more on the batch, on the device where its weights are now, and left as it was.

    Args:
        network: what was trained, with the weights of the broken step.
        broken: the step.
        recipe: whole.
        run: the run's folder.
    """
    culprit, largest = _run_again(network, broken, bf16=recipe.value("precision") == "bf16")
    where = f"in epoch {broken.epoch}, step {broken.step}"
    message = f"the training loss is {broken.loss} {where}"
    most = f", at most {largest:.2g} in magnitude" if largest is not None else ""
    first = f"the output of the network is finite{most}; its loss is not"
    if culprit is not None:
        first = culprit.said
        message += f": {'the data hold it' if culprit.what == 'input' else f'it begins at {culprit.place}'}"
    clip = cast("float | None", recipe.value("clip"))
    clipped = f"gradients clipped at {clip:g}" if clip is not None else "gradients not clipped"
    good = last_good(run / "checkpoints")
    kept = f"{good[0]}, {moment(good[1])}" if good is not None else "none: there was no checkpoint before"
    notes = (
        ("first", first),
        ("step", f"learning rate {broken.lr:.3g}, {clipped}"),
        ("last good checkpoint", kept),
    )
    return Diagnostic("E525", message, notes=notes, help=_remedy(culprit, recipe, run))


def last_good(folder: Path) -> tuple[Path, State] | None:
    """The newest checkpoint in a run's folder of them that is whole and whose weights are numbers."""
    for name in (LAST, PREVIOUS, BEST):
        try:
            state = read(folder / name)
        except (FileNotFoundError, Damaged):
            continue
        if all_numbers(cast("dict[str, object]", state.get("state_dict", {})).values()):
            return folder / name, state
    return None


def _run_again(network: nn.Module, broken: Broken, *, bf16: bool) -> tuple[Culprit | None, float | None]:
    """What was to blame, and the greatest magnitude of the output."""
    largest: list[float | None] = [None]

    def look(output: object) -> object:
        largest.append(magnitude(output))
        return output

    device = next((tensor.device for tensor in network.parameters()), torch.device("cpu"))
    with torch.random.fork_rng(devices=[]), torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        torch.set_rng_state(broken.random)
        culprit = first_not_finite(network, _moved(broken.inputs, device), then=look)
    return culprit, largest[-1]


def _moved(value: Any, device: torch.device) -> Any:
    """What a network was called with, on the device where it is now."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, list | tuple):
        return tuple(_moved(item, device) for item in cast("tuple[Any, ...]", value))
    if isinstance(value, dict):
        return {name: _moved(item, device) for name, item in cast("dict[str, Any]", value).items()}
    return value


def _remedy(culprit: Culprit | None, recipe: Recipe, run: Path) -> str:
    if culprit is not None and culprit.what == "input":
        return f"repair the data, then: ogive train --resume {run}"
    lr = getattr(recipe.value("optimizer"), "lr", 0.0)
    ways = [f"--lr {lr / 10:g}"] if lr else []
    clip = cast("float | None", recipe.value("clip"))
    ways.append(f"--clip {1.0 if clip is None or clip > 1 else clip / 10:g}")
    return f"train with {' or '.join(ways)}; --resume would take the same steps again"
