"""What is said when a loss is not finite: the place, the layer, the last good checkpoint, and a way on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ogive.diagnostics import Diagnostic
from ogive.recipes import Recipe
from ogive.recipes.flags import with_flags
from ogive.recipes.whole import whole
from ogive.train.broken import last_good, loss_not_finite
from ogive.train.storage import keep_as, save
from ogive.train.task import Broken

IMAGES = torch.ones(2, 4)


def recipe(**flags: str) -> Recipe:
    return whole(with_flags(None, [*flags.items()]))


def network() -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 3))


def broken(inputs: Any = IMAGES, *, loss: float = math.nan) -> Broken:
    return Broken(loss, 3, 17, inputs, torch.get_rng_state(), 0.0123)


def checkpoint(run: Path, step: int, *, weight: float = 1.0, mask: float = -math.inf) -> None:
    tensors = {"network.0.weight": torch.full((3,), weight), "network.mask": torch.full((2,), mask)}
    save(
        run / "checkpoints" / "last.ckpt", {"global_step": step, "state_dict": tensors, "position": [step, 0]}
    )


def said(module: nn.Module, run: Path, step: Broken | None = None, **flags: str) -> Diagnostic:
    return loss_not_finite(module, step or broken(), recipe(**flags), run)


def test_a_layer_that_overflows(tmp_path: Path):
    module = network()
    with torch.no_grad():
        module[2].weight.fill_(3e38)  # type: ignore[operator]
        module[0].bias.fill_(2.0)  # type: ignore[operator]
        module[0].weight.zero_()  # type: ignore[operator]
    checkpoint(tmp_path, 2)
    diagnostic = said(module, tmp_path)
    assert diagnostic.code == "E525"
    assert diagnostic.message == "the training loss is nan in epoch 3, step 17: it begins at `2` (Linear)"
    first = (
        "`2` (Linear) is the first whose output is not finite: it holds inf, "
        "from finite weights and an input of at most 2 in magnitude"
    )
    assert diagnostic.notes == (
        ("first", first),
        ("step", "learning rate 0.0123, gradients not clipped"),
        ("last good checkpoint", f"{tmp_path}/checkpoints/last.ckpt, after step 2, the end of epoch 2"),
    )
    assert diagnostic.help == "train with --lr 0.0005 or --clip 1; --resume would take the same steps again"


def test_a_weight_that_is_spoilt(tmp_path: Path):
    module = network()
    with torch.no_grad():
        module[0].weight[1, 1] = math.nan  # type: ignore[index]
    diagnostic = said(module, tmp_path, optimizer="sgd(lr = 2, momentum = 0.9)", clip="1.0")
    assert diagnostic.message.endswith("step 17: it begins at `0` (Linear)")
    assert dict(diagnostic.notes) == {
        "first": "`0.weight` holds nan, which `0` (Linear) reads",
        "step": "learning rate 0.0123, gradients clipped at 1",
        "last good checkpoint": "none: there was no checkpoint before",
    }
    assert diagnostic.help == "train with --lr 0.2 or --clip 0.1; --resume would take the same steps again"


def test_data_that_are_not_finite(tmp_path: Path):
    images = IMAGES.clone()
    images[0, 1] = math.inf
    diagnostic = said(network(), tmp_path, broken((images,)))
    assert diagnostic.message == "the training loss is nan in epoch 3, step 17: the data hold it"
    assert diagnostic.help == f"repair the data, then: ogive train --resume {tmp_path}"


def test_a_loss_of_finite_outputs(tmp_path: Path):
    module = network()
    with torch.no_grad():
        module[2].weight.zero_()  # type: ignore[operator]
        module[2].bias.copy_(torch.tensor([1.0, -3e38, 2.0]))  # type: ignore[operator]
    diagnostic = said(module, tmp_path, broken(loss=math.inf))
    assert diagnostic.message == "the training loss is inf in epoch 3, step 17"
    assert dict(diagnostic.notes)["first"] == (
        "the output of the network is finite, at most 3e+38 in magnitude; its loss is not"
    )


def test_the_step_is_repeated_as_it_was(tmp_path: Path):
    """A dropout that decides: the state of the step before counts, not that of the moment."""
    module = nn.Sequential(nn.Dropout(0.5), nn.Softplus(), _Overflowing())
    outcomes: set[bool] = set()
    for seed in range(12):
        torch.manual_seed(seed)
        step = broken(torch.ones(3))
        expected = not bool(torch.isfinite(module(torch.ones(3))))
        torch.manual_seed(99)
        before = torch.get_rng_state()
        assert ("it begins at" in said(module, tmp_path, step).message) is expected
        assert torch.equal(torch.get_rng_state(), before)
        outcomes.add(expected)
    assert outcomes == {True, False}


class _Overflowing(nn.Module):
    """Infinite where one of three ones is left by a dropout."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        kept = (x > 1).sum()
        return 1 / (kept - 1.0)


def test_precision_is_that_of_the_recipe(tmp_path: Path):
    seen: list[torch.dtype] = []

    class Looking(nn.Linear):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            seen.append(super().forward(x).dtype)
            return super().forward(x)

    for precision in ("fp32", "bf16"):
        said(Looking(4, 4), tmp_path, precision=precision)
    assert seen == [torch.float32, torch.bfloat16]


@pytest.mark.parametrize(
    ("weights", "found"), [((1, 1), "last"), ((1, math.nan), "previous"), ((math.nan, math.inf), None)]
)
def test_the_last_good_checkpoint(weights: tuple[float, float], found: str | None, tmp_path: Path):
    for step, weight in enumerate(weights, 1):
        checkpoint(tmp_path, step, weight=weight)
    good = last_good(tmp_path / "checkpoints")
    assert (good[0].stem if good else None) == found


def test_the_best_checkpoint_is_the_last_resort(tmp_path: Path):
    folder = tmp_path / "checkpoints"
    assert last_good(folder) is None
    checkpoint(tmp_path, 1)
    keep_as(folder / "last.ckpt", folder / "best.ckpt")
    checkpoint(tmp_path, 2, weight=math.nan)
    (folder / "previous.ckpt").unlink()
    good = last_good(folder)
    assert good is not None
    assert (good[0], good[1]["global_step"]) == (folder / "best.ckpt", 1)
