"""The exponential mean of the weights: computed beside, saved and loaded, and the same after an interruption."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks.weight_averaging import EMAWeightAveraging
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ogive.train.averaging import Averaging, averaging

pytestmark = [  # what Lightning says of itself, and of loaders that cannot go on within an epoch
    pytest.mark.filterwarnings("ignore:.*LeafSpec"),
    pytest.mark.filterwarnings("ignore:You're resuming from a checkpoint"),
]
DECAY = 0.8
STEPS, EPOCHS = 3, 2


class Small(LightningModule):
    """A linear layer behind a batch norm; one layer is frozen. Data are a function of epoch and step."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.network = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
        self.network[0].requires_grad_(False)
        self.seen: list[tuple[str, dict[str, Tensor]]] = []

    def _state(self) -> dict[str, Tensor]:
        return {name: tensor.detach().clone() for name, tensor in self.network.state_dict().items()}

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        x = torch.randn(8, 4, generator=torch.Generator().manual_seed(100 * self.current_epoch + batch_idx))
        return self.network(x).square().mean()

    def optimizer_step(self, *arguments: Any, **others: Any) -> None:
        super().optimizer_step(*arguments, **others)
        self.seen.append(("step", self._state()))

    def validation_step(self, batch: Tensor, batch_idx: int) -> None:
        self.seen.append(("validation", self._state()))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        trained = [p for p in self.parameters() if p.requires_grad]
        return torch.optim.SGD(trained, lr=0.3, momentum=0.9)


def fit(*callbacks: Callback, path: Path | None = None, epochs: int = EPOCHS, **others: Any) -> Small:
    task = Small()
    trainer = Trainer(
        max_epochs=epochs, callbacks=list(callbacks), accelerator="cpu", logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, num_sanity_val_steps=0, **others,
    )  # fmt: skip
    loader = DataLoader(torch.zeros(STEPS, 1), batch_size=1)
    trainer.fit(task, loader, DataLoader(torch.zeros(2, 1), batch_size=1), ckpt_path=path, weights_only=True)
    return task


def same(a: Mapping[str, Tensor], b: Mapping[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def means(states: list[dict[str, Tensor]]) -> list[dict[str, Tensor]]:
    """The exponential mean after each step, by its definition, in 64 bits."""
    mean = {name: tensor.double() for name, tensor in states[0].items()}
    found = [mean]
    for state in states[1:]:
        mean = {name: DECAY * mean[name] + (1 - DECAY) * tensor.double() for name, tensor in state.items()}
        found.append(mean)
    return found


@pytest.fixture(scope="module")
def whole() -> Small:
    return fit(Averaging(DECAY))


def test_validation_and_the_end_have_the_mean(whole: Small) -> None:
    steps = [state for what, state in whole.seen if what == "step"]
    expected = means(steps)
    validated = [state for what, state in whole.seen if what == "validation"]
    assert (len(steps), len(validated)) == (STEPS * EPOCHS, 2 * EPOCHS)
    for i, state in enumerate(validated):
        mean = expected[STEPS * (i // 2 + 1) - 1]
        for name, tensor in state.items():
            if tensor.is_floating_point():
                torch.testing.assert_close(tensor.double(), mean[name], rtol=1e-5, atol=1e-7)
    assert same(whole.network.state_dict(), validated[-1])
    assert not same(validated[-1], steps[-1])


def test_training_is_not_disturbed(whole: Small) -> None:
    """The steps are those of a training without a mean."""
    plain = [state for what, state in fit().seen if what == "step"]
    assert all(
        same(a, b) for a, b in zip(plain, [s for what, s in whole.seen if what == "step"], strict=True)
    )


def test_it_is_lightnings_mean(whole: Small) -> None:
    theirs = fit(EMAWeightAveraging(decay=DECAY)).network.state_dict()
    for name, tensor in whole.network.state_dict().items():
        if tensor.is_floating_point():
            torch.testing.assert_close(tensor, theirs[name], rtol=1e-5, atol=1e-6)


def test_the_mean_of_frozen_weights_is_those_weights(whole: Small) -> None:
    before = Small().network[0].state_dict()
    assert same(whole.network[0].state_dict(), before)


# ------------------------------------------------------------------ saving and going on


class Saver(Callback):
    """Saves where it is told, and may end the run there."""

    def __init__(self, path: Path, hook: str, at: int, stop: type[BaseException] | None) -> None:
        self.path, self.hook, self.at, self.stop, self.count = path, hook, at, stop, 0

    def _reached(self, trainer: Trainer, hook: str) -> None:
        if hook != self.hook:
            return
        self.count += 1
        if self.count == self.at:
            trainer.save_checkpoint(self.path)
            if self.stop is not None:
                raise self.stop

    def on_train_batch_end(self, trainer: Trainer, *others: Any) -> None:
        self._reached(trainer, "batch")

    def on_validation_batch_end(self, trainer: Trainer, *others: Any) -> None:
        self._reached(trainer, "validation")

    def on_validation_end(self, trainer: Trainer, *others: Any) -> None:
        self._reached(trainer, "validated")

    def on_train_epoch_end(self, trainer: Trainer, *others: Any) -> None:
        self._reached(trainer, "epoch")

    def on_train_end(self, trainer: Trainer, *others: Any) -> None:
        self._reached(trainer, "end")


class Broken(Exception):
    pass


@pytest.mark.parametrize(
    ("hook", "at"), [("batch", 2), ("batch", 5), ("epoch", 1), ("validated", 1), ("validation", 1)]
)
def test_a_run_goes_on_bit_for_bit(tmp_path: Path, whole: Small, hook: str, at: int) -> None:
    """Also where it was saved in the middle of a validation, when the network had the mean."""
    path = tmp_path / "last.ckpt"
    with pytest.raises(Broken):
        fit(Averaging(DECAY), Saver(path, hook, at, Broken))
    saved = torch.load(path, weights_only=True)
    steps = [state for what, state in whole.seen if what == "step"]
    done = saved["global_step"]
    current = {name.removeprefix("network."): t for name, t in saved["current_model_state"].items()}
    assert same(current, steps[done - 1])
    resumed = fit(Averaging(DECAY), path=path)
    later = [state for what, state in resumed.seen if what == "step"]
    assert all(same(a, b) for a, b in zip(later, steps[done:], strict=True))
    assert same(resumed.network.state_dict(), whole.network.state_dict())


def test_what_is_saved_has_the_mean_as_its_state(tmp_path: Path, whole: Small) -> None:
    validated = [state for what, state in whole.seen if what == "validation"]
    for hook, at in (("validation", 1), ("validated", 1), ("end", 1)):
        path = tmp_path / f"{hook}.ckpt"
        fit(Averaging(DECAY), Saver(path, hook, at, None))
        saved = torch.load(path, weights_only=True)
        state = {name.removeprefix("network."): tensor for name, tensor in saved["state_dict"].items()}
        assert same(state, validated[-1 if hook == "end" else 0]), hook
        assert saved["averaging_state"]["n_averaged"] == (STEPS * EPOCHS if hook == "end" else STEPS)


def test_a_run_that_has_ended_can_be_lengthened(tmp_path: Path) -> None:
    """What is saved at the end are the weights as trained, though the network has the mean."""
    path = tmp_path / "last.ckpt"
    fit(Averaging(DECAY), Saver(path, "end", 1, None))
    longer = fit(Averaging(DECAY), path=path, epochs=EPOCHS + 1)
    straight = fit(Averaging(DECAY), epochs=EPOCHS + 1)
    assert same(longer.network.state_dict(), straight.network.state_dict())


def test_an_interrupted_validation_gives_the_weights_back(tmp_path: Path, whole: Small) -> None:
    task: list[LightningModule] = []

    class Catch(Callback):
        def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
            task.append(pl_module)

    with pytest.raises(Broken):
        fit(Averaging(DECAY), Catch(), Saver(tmp_path / "last.ckpt", "validation", 1, Broken))
    steps = [state for what, state in whole.seen if what == "step"]
    assert same(task[0].network.state_dict(), steps[STEPS - 1])  # type: ignore[union-attr]


def test_accumulated_batches_are_one_step() -> None:
    task = fit(Averaging(DECAY), accumulate_grad_batches=STEPS)
    steps = [state for what, state in task.seen if what == "step"]
    assert len(steps) == EPOCHS
    expected = means(steps)[-1]["2.weight"]
    torch.testing.assert_close(task.network[2].weight.detach().double(), expected, rtol=1e-5, atol=1e-7)


def test_a_second_training_begins_anew(whole: Small) -> None:
    callback = Averaging(DECAY)
    for _ in range(2):
        assert same(fit(callback).network.state_dict(), whole.network.state_dict())


@pytest.mark.parametrize(("decay", "expected"), [(None, None), (0.999, 0.999)])
def test_a_recipe_without_a_mean_needs_none(decay: float | None, expected: float | None) -> None:
    made: Callable[[float | None], Any] = averaging
    callback = made(decay)
    assert (callback.decay if callback is not None else None) == expected
