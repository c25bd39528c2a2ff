"""Each step against torchvision's own, and the same for an image whatever is beside it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional

from ogive.train.data import stages
from ogive.train.data.draws import Draws
from ogive.train.data.sizes import TooSmall
from ogive.train.data.stages import Stage, unit
from train.data.sets import pixels

LIGHTING = stages.Lighting(
    0.1,
    torch.tensor([0.2, 0.02, 0.004], dtype=torch.float64),
    torch.linalg.qr(torch.rand(3, 3, dtype=torch.float64))[0],
)
STAGES: list[Stage] = [
    stages.RandomCrop(9), stages.RandomCrop(13, 4), stages.RandomCrop(11, 3, "reflect"), stages.ResizedCrop(10),
    stages.ResizedCrop(17, (0.3, 0.5), (1.0, 2.0)), stages.Flip(-1), stages.Flip(-2, 0.3), stages.Rotation(30),
    stages.Affine(0.15, 0.1), stages.ColorJitter(0.4, 0.4, 0.4, 0.1), stages.ColorJitter(hue=0.2), LIGHTING,
    stages.Normalize(torch.rand(3, 1, 1).double(), torch.rand(3, 1, 1).double()),
    stages.Normalize(torch.rand(3, 13, 11).double(), torch.ones(1, 1, 1).double()), stages.RandomErasing(0.7),
    stages.Border(3), stages.Border(3, "reflect"), stages.Resize(9), stages.CenterCrop((9, 7)), stages.TenCrop((9, 7)),
]  # fmt: skip


def draws(count: int, epoch: int = 0) -> Draws:
    return Draws.of(0, epoch, np.arange(count))


def images(count: int = 23, height: int = 13, width: int = 11) -> Tensor:
    return torch.from_numpy(pixels(count, 3, height, width))


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: type(stage).__name__)
@pytest.mark.parametrize("kind", ["uint8", "float"])
def test_an_image_comes_out_the_same_whatever_is_beside_it(stage: Stage, kind: str) -> None:
    given = images() if kind == "uint8" else unit(images())
    before = given.clone()
    state = torch.get_rng_state()
    drawn = draws(len(given))
    together = stage(given, drawn)
    assert torch.equal(given, before), "what arrives is left as it is"
    assert torch.equal(torch.get_rng_state(), state)
    alone = [stage(given[i : i + 1], Draws(drawn.keys[i : i + 1])) for i in range(len(given))]
    assert torch.equal(torch.cat(alone), together)
    if stage.draws:
        assert not torch.equal(stage(given, draws(len(given), epoch=1)), together)


def test_random_crops_are_cut_from_the_padded_image_and_come_from_everywhere() -> None:
    given = images(600, 8, 8)
    for fill, mode in (("zeros", "constant"), ("reflect", "reflect")):
        cropped = stages.RandomCrop(7, 2, fill)(given, draws(600))
        padded = functional.pad(given, [2], padding_mode=mode)
        found = np.zeros((6, 6), int)
        for image, crop in zip(padded, cropped, strict=True):
            places = [
                (top, left) for top in range(6) for left in range(6)
                if torch.equal(functional.crop(image, top, left, 7, 7), crop)
            ]  # fmt: skip
            assert len(places) == 1
            found[places[0]] += 1
        assert found.min() > 4  # about 17 each
        assert found.max() < 40


def test_flips_mirror_as_many_as_they_should() -> None:
    given = images(2000, 4, 4)
    for axis, flip in ((-1, functional.horizontal_flip), (-2, functional.vertical_flip)):
        for p in (0.0, 0.25, 1.0):
            out = stages.Flip(axis, p)(given, draws(2000))
            mirrored = flip(given)
            changed = [torch.equal(a, b) for a, b in zip(out, mirrored, strict=True)]
            kept = [torch.equal(a, b) for a, b in zip(out, given, strict=True)]
            assert all(a or b for a, b in zip(changed, kept, strict=True))
            assert abs(np.mean(changed) - p) < 0.04


@pytest.mark.parametrize(
    ("stage", "theirs"),
    [
        (stages.ResizedCrop(10), v2.RandomResizedCrop(10, antialias=True)),
        (
            stages.ResizedCrop(7, (0.2, 0.4), (1, 1.5)),
            v2.RandomResizedCrop(7, (0.2, 0.4), (1, 1.5), antialias=True),
        ),
        (stages.ColorJitter(0.4, 0.3, 0.2, 0.1), v2.ColorJitter(0.4, 0.3, 0.2, 0.1)),
        (stages.ColorJitter(contrast=0.3), v2.ColorJitter(contrast=0.3)),
    ],
)
def test_torchvisions_own_are_torchvisions_own(stage: Stage, theirs: v2.Transform) -> None:
    given, drawn = images(), draws(23)
    out = stage(given, drawn)
    for image, seed, got in zip(given, drawn.seeds(), out, strict=True):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            assert torch.equal(theirs(image), got)


def test_rotation_stays_within_its_bounds() -> None:
    image = torch.zeros(300, 1, 33, 33)
    image[:, :, 16, 28] = 1  # twelve pixels to the right of the middle
    out = stages.Rotation(20)(image, draws(300))
    ys, xs = torch.meshgrid(torch.arange(33.0), torch.arange(33.0), indexing="ij")
    weight = out[:, 0] / out[:, 0].sum((1, 2), keepdim=True)
    angles = torch.atan2((weight * (ys - 16)).sum((1, 2)), (weight * (xs - 16)).sum((1, 2))).rad2deg()
    assert angles.abs().max() < 20.5
    assert angles.max() > 18
    assert angles.min() < -18


def test_affine_without_bounds_changes_nothing_and_moves_by_its_part_at_most() -> None:
    given = torch.rand(4, 3, 16, 12)
    torch.testing.assert_close(stages.Affine(0.0, 0.0)(given, draws(4)), given)
    point = torch.zeros(200, 1, 32, 32)
    point[:, :, 16, 16] = 1
    moved = stages.Affine(0.0, 1 / 16)(point, draws(200))
    rows = (moved.sum(dim=3)[:, 0] * torch.arange(32)).sum(dim=1) / moved.sum(dim=(1, 2, 3))
    offsets = rows - 16
    assert offsets.abs().max() <= 2 + 1e-4  # a sixteenth of 32
    assert offsets.max() > 1.8
    assert offsets.min() < -1.8
    assert offsets.unique().numel() > 150  # each its own


def test_affine_samples_where_pytorchs_grid_would() -> None:
    given, drawn = torch.rand(5, 3, 9, 14), draws(5)
    numbers = torch.from_numpy(drawn.uniform(6) * 2 - 1)
    theta = torch.cat(
        [torch.eye(2) + numbers[:, :4].reshape(-1, 2, 2) * 0.2, numbers[:, 4:, None] * 0.2], dim=2
    )
    grid = torch.nn.functional.affine_grid(theta, [5, 3, 9, 14], align_corners=False).float()
    expected = torch.nn.functional.grid_sample(given, grid, padding_mode="border", align_corners=False)
    torch.testing.assert_close(stages.Affine(0.2, 0.1)(given, drawn), expected, rtol=1e-4, atol=1e-5)


def test_erasing_zeroes_one_rectangle_of_a_part_of_the_image() -> None:
    given = torch.ones(400, 3, 20, 30)
    out = stages.RandomErasing(0.5, (0.1, 0.2))(given, draws(400))
    gone = (out == 0).all(1)
    erased = gone.flatten(1).any(1)
    assert 0.4 < erased.float().mean() < 0.6
    for hole in gone[erased]:
        ys, xs = hole.nonzero(as_tuple=True)
        box = (ys.max() - ys.min() + 1) * (xs.max() - xs.min() + 1)
        assert box == hole.sum()
        assert 0.07 < box / 600 < 0.24  # of whole pixels
    assert torch.equal(out[~erased], given[~erased])


def test_lighting_adds_the_components_by_their_values() -> None:
    given = unit(images(1))[:, :, :2, :2].expand(20_000, -1, -1, -1)
    added = LIGHTING(given, draws(20_000)) - given
    assert torch.allclose(added, added[:, :, :1, :1].expand_as(added), atol=1e-6), "the same at every pixel"
    colours = added[:, :, 0, 0].double()
    expected = LIGHTING.vectors @ torch.diag((0.1 * LIGHTING.values) ** 2) @ LIGHTING.vectors.T
    assert torch.allclose(colours.T.cov(), expected, rtol=0.05, atol=2e-6)
    assert colours.mean(0).abs().max() < 1e-3


def test_normalisation_is_torchvisions() -> None:
    mean, std = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.3, 0.1])
    stage = stages.Normalize(mean.double()[:, None, None], std.double()[:, None, None])
    expected = functional.normalize(functional.to_dtype(images(), scale=True), mean.tolist(), std.tolist())
    for given in (images(), unit(images())):
        torch.testing.assert_close(stage(given, draws(23)), expected, rtol=1e-5, atol=1e-5)
    ten = stage(torch.stack([images()] * 10, 1), draws(23))
    torch.testing.assert_close(ten[:, 3], expected, rtol=1e-5, atol=1e-5)


def test_crops_of_evaluations_are_torchvisions() -> None:
    given = images()
    assert torch.equal(stages.CenterCrop((9, 6))(given, draws(23)), v2.CenterCrop((9, 6))(given))
    assert torch.equal(stages.TenCrop((9, 6))(given, draws(23)), torch.stack(v2.TenCrop((9, 6))(given), 1))
    assert torch.equal(stages.Resize(7)(given, draws(23)), v2.Resize(7, antialias=True)(given))


@pytest.mark.parametrize(
    "stage",
    [
        stages.RandomCrop(14),
        stages.CenterCrop((13, 12)),
        stages.TenCrop((14, 11)),
        stages.RandomCrop(9, 11, "reflect"),
    ],
)
def test_what_is_too_small_is_told(stage: Stage) -> None:
    with pytest.raises(TooSmall, match="it is 13x11"):
        stage(images(), draws(23))
