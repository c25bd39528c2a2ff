"""Population statistics of batch norms, against algorithm 2 of Ioffe & Szegedy (2015) written out in float64."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from ogive.train.recalibration import recalibrate


def directly(module: nn.Module, batches: Sequence[Tensor]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """E[x] and Var[x] of every batch norm, in float64: all that enters one is kept, and the lines 9 and 10 of
    the algorithm are written down as they stand. Norms normalise by the batch; nothing else trains.
    """
    module = copy.deepcopy(module).double().eval()
    entered: dict[str, list[np.ndarray]] = defaultdict(list)
    for name, part in module.named_modules():
        if "BatchNorm" in type(part).__name__:
            part.running_mean = part.running_var = None  # torch then takes the batch's own
            part.register_forward_hook(
                lambda _, inputs, __, name=name: entered[name].append(
                    np.moveaxis(inputs[0].numpy(), 1, 0).reshape(inputs[0].shape[1], -1)
                )
            )
    with torch.no_grad():
        for images in batches:
            module(images.double())
    found = {}
    for name, uses in entered.items():
        m = uses[0].shape[1]
        assert all(use.shape[1] == m for use in uses)
        means = [use.sum(axis=1) / m for use in uses]
        variances = [((u - mean[:, None]) ** 2).sum(axis=1) / m for u, mean in zip(uses, means, strict=True)]
        found[name] = np.mean(means, axis=0), m / (m - 1) * np.mean(variances, axis=0)
    return found


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(4)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(F.relu(self.norm(x)))


def planes() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.5)),
        *(Residual(), Residual(), nn.AvgPool2d(4), nn.Flatten()),
        *(nn.BatchNorm1d(4), nn.Linear(4, 3)),
    )


NETS = {
    "maps": (planes, (2, 6, 6)),
    "signals": (lambda: nn.Sequential(nn.Conv1d(3, 5, 3), nn.BatchNorm1d(5), nn.Tanh(), nn.Conv1d(5, 2, 2)), (3, 9)),
    "vectors": (lambda: nn.Sequential(nn.BatchNorm1d(6), nn.Linear(6, 4), nn.BatchNorm1d(4, affine=False)), (6,)),
    "volumes": (
        lambda: nn.Sequential(nn.Conv3d(1, 3, 2), nn.BatchNorm3d(3), nn.ReLU(), nn.Conv3d(3, 2, 2), nn.BatchNorm3d(2)),
        (1, 4, 5, 4),
    ),
    "slow": (lambda: nn.Sequential(nn.BatchNorm2d(2, momentum=None), nn.SyncBatchNorm(2)), (2, 3, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", NETS)
def test_statistics_are_those_of_algorithm_2(name: str) -> None:
    build, shape = NETS[name]
    torch.manual_seed(3)
    module = build()
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.running_mean.fill_(torch.nan)  # none of it may be used
            part.running_var.fill_(torch.nan)
            part.eps = 0.1  # large enough to be noticed in what comes behind
            if part.affine:
                nn.init.normal_(part.weight)
    batches = [torch.randn(8, *shape) * (i + 1) + i for i in range(5)]
    expected = directly(module, batches)
    weights = {key: value.clone() for key, value in module.named_parameters()}
    done = recalibrate(module, [(images, None) for images in batches])
    assert (set(done.norms), done.untouched) == (set(expected), ())
    assert (done.batches, done.images, done.left_out) == (5, 40, 0)
    for key, (mean, variance) in expected.items():
        norm = module.get_submodule(key)
        np.testing.assert_allclose(norm.running_mean, mean, rtol=2e-5, atol=1e-5)
        np.testing.assert_allclose(norm.running_var, variance, rtol=2e-5)
    assert all(torch.equal(weights[key], value) for key, value in module.named_parameters())


def test_in_float64_they_agree_to_the_last_places() -> None:
    torch.manual_seed(0)
    module = planes().double()
    batches = [torch.randn(8, 2, 6, 6).double() for _ in range(4)]
    expected = directly(module, batches)
    recalibrate(module, batches)
    for key, (mean, variance) in expected.items():
        np.testing.assert_allclose(module.get_submodule(key).running_mean, mean, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(module.get_submodule(key).running_var, variance, rtol=1e-11)


def test_a_norm_that_is_used_twice_has_a_batch_for_each_use() -> None:
    torch.manual_seed(0)
    norm = nn.BatchNorm1d(3)
    module = nn.Sequential(norm, nn.Linear(3, 3), norm)
    batches = [torch.randn(5, 3) for _ in range(3)]
    mean, variance = directly(module, batches)["0"]
    assert recalibrate(module, batches).norms == ("0",)
    np.testing.assert_allclose(norm.running_mean, mean, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(norm.running_var, variance, rtol=1e-5)


class WithHead(nn.Module):
    """An auxiliary head runs in training only, a norm without statistics keeps none."""

    def __init__(self) -> None:
        super().__init__()
        self.main, self.head = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
        self.plain = nn.BatchNorm1d(2, track_running_stats=False)

    def forward(self, x: Tensor) -> object:
        y = self.plain(self.main(x))
        return (y, {"aux1": (self.head(x), 0.3)}) if self.training else y


def test_what_images_do_not_pass_is_left_as_it_was() -> None:
    module = WithHead().train()
    module.head.running_mean.fill_(7)
    done = recalibrate(module, [torch.randn(4, 2) + 5])
    assert done.norms == ("main",)
    assert set(done.untouched) == {"head", "plain"}
    assert torch.equal(module.head.running_mean, torch.full((2,), 7.0))
    assert module.main.running_mean.mean() > 3
    assert module.training
    assert not module.main._forward_pre_hooks
    assert module.main.num_batches_tracked == 0


def test_a_module_without_batch_norm_reads_nothing() -> None:
    def never():
        raise AssertionError
        yield

    done = recalibrate(nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2)), never())
    assert (done.norms, done.untouched, done.batches) == ((), (), 0)


def test_a_last_batch_that_is_smaller_is_left_out() -> None:
    torch.manual_seed(0)
    images = torch.randn(22, 3)
    one, other = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    done = recalibrate(one, images.split(5))
    recalibrate(other, images[:20].split(5))
    assert (done.batches, done.images, done.left_out) == (4, 20, 2)
    assert torch.equal(one.running_var, other.running_var)


@pytest.mark.parametrize(
    ("sizes", "says"), [((4, 5), "of 4 and of 5"), ((4, 3, 4), "of 4 and of 3"), ((), "no batch"), ((1,), "larger")]
)  # fmt: skip
def test_a_pass_that_fails_changes_nothing(sizes: tuple[int, ...], says: str) -> None:
    module = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(0.5)).train()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    with pytest.raises(ValueError, match=says):
        recalibrate(module, [torch.randn(size, 2) for size in sizes])
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    assert [part.training for part in module.modules()] == [True, True, True]
    assert not module[0]._forward_pre_hooks


def test_inference_then_sees_the_population() -> None:
    """What it is for: with the new statistics a batch norm's output has mean 0 and variance 1 over all."""
    torch.manual_seed(0)
    images = torch.randn(400, 3) * torch.tensor([1.0, 10.0, 0.1]) + torch.tensor([5.0, -3.0, 0.0])
    norm = nn.BatchNorm1d(3, eps=1e-12).eval()
    recalibrate(norm, images.split(100))
    output = norm(images)
    assert not norm.training
    torch.testing.assert_close(output.mean(0), torch.zeros(3), atol=1e-4, rtol=0)
    torch.testing.assert_close(output.var(0), torch.ones(3), atol=0.02, rtol=0)
