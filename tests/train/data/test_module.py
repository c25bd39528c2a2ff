"""The data of a run: exact, whatever reads it; its parts, its statistics, and how it is evaluated."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from torch import Tensor
from torch.nn import functional as F  # noqa: N812
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from ogive.recipes.data import Digits, Folder, Random
from ogive.train.data import Batch, ImageData, InMemory, Source, open_data
from train.data.sets import numbered, recipe, refusal, same, write_folder

EVERYTHING = (
    "affine(distort = 0.1, shift = 0.1), vflip, random_crop(12, padding = 2, fill = reflect), hflip, rotation(20), "
    "color_jitter(brightness = 0.4, contrast = 0.4, saturation = 0.4, hue = 0.1), pca_lighting(0.1), normalize, random_erasing(0.5)"
)


def by_label(batches: Iterable[Batch]) -> dict[int, Tensor]:
    return {
        int(label): image
        for batch in batches
        for image, label in zip(batch.images, batch.labels, strict=True)
    }


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 images of several sizes."""
    sizes = [(16, 16), (30, 21), (17, 40), (24, 24), (50, 19), (18, 18)]
    return write_folder(tmp_path_factory.mktemp("images"), sizes, ending="jpg")


def folder(
    files: Path, augment: str, workers: int = 0, resize: int | None = 16, **settings: object
) -> ImageData:
    source = open_data(Folder(path=str(files), resize=resize), inputs=(3, 12, 12))
    return ImageData(source, recipe(augment, **settings), (3, 12, 12), workers=workers, seed=3)


# --------------------------------------------------------------------------- exactness


@pytest.mark.filterwarnings("ignore:This DataLoader will create")
@pytest.mark.parametrize("where", ["memory", "files"])
def test_examples_are_the_same_with_any_number_of_workers_from_any_batch_on(where: str, files: Path) -> None:
    def data(workers: int) -> ImageData:
        if where == "files":
            return folder(files, EVERYTHING, workers)
        return ImageData(numbered(22), recipe(EVERYTHING), (3, 12, 12), workers=workers, seed=3)

    first = data(0)
    whole = [list(first.train_batches(epoch)) for epoch in range(2)]
    assert not same(*whole)
    for workers in (1, 3):
        other = data(workers)
        assert other.statistics == first.statistics
        assert same(other.train_batches(1), whole[1])
        assert same(other.train_batches(0, start=2), whole[0][2:]), "also after another epoch"
    assert len(first.train_batches(1, start=2)) == len(whole[1])


@pytest.mark.parametrize("where", ["memory", "files"])
def test_examples_are_the_same_for_any_number_of_processes(where: str, files: Path) -> None:
    data = (
        folder(files, EVERYTHING)
        if where == "files"
        else ImageData(numbered(22), recipe(EVERYTHING), (3, 12, 12), seed=3)
    )
    whole = list(data.train_batches(4))
    ranks = [list(data.train_batches(4, rank=rank, world=3)) for rank in range(3)]
    for i, batch in enumerate(whole):
        assert torch.equal(torch.cat([part[i].images for part in ranks]), batch.images)
        assert torch.equal(torch.cat([part[i].labels for part in ranks]), batch.labels)


def test_an_image_is_changed_alike_in_batches_of_any_size() -> None:
    batches = [
        ImageData(numbered(22), recipe(EVERYTHING, batch=n), (3, 12, 12), seed=3).train_batches(1)
        for n in (1, 4, 22)
    ]
    one, *others = [by_label(each) for each in batches]
    for other in others:
        assert all(torch.equal(image, one[label]) for label, image in other.items())


def test_an_augmentation_more_leaves_the_crops_as_they_are() -> None:
    plain, more = (
        by_label(ImageData(numbered(22), recipe(text), (3, 12, 12), seed=3).train_batches(0))
        for text in ("random_crop(12, padding = 3)", "random_crop(12, padding = 3), vflip(1)")
    )
    assert all(torch.equal(image.flip(-2), more[label]) for label, image in plain.items())


@pytest.mark.parametrize("workers", [0, 2])
def test_no_generator_of_the_process_moves(files: Path, workers: int) -> None:
    torch.manual_seed(5)
    before = (torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist())
    data = folder(files, EVERYTHING, workers, validation=0.2)
    for batches in (data.train_batches(0), data.validation_batches(), data.test_batches()):
        assert list(batches)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert np.random.get_state()[1].tolist() == before[2]


def test_seeds_differ() -> None:
    one, other = (
        list(ImageData(numbered(22), recipe("hflip"), (3, 12, 12), seed=seed).train_batches(0))
        for seed in (1, 2)
    )
    assert [batch.labels.tolist() for batch in one] != [batch.labels.tolist() for batch in other]


# --------------------------------------------------------------------------- parts


def digits(**settings: object) -> ImageData:
    return ImageData(
        open_data(Digits(), inputs=(1, 8, 8)),
        recipe("normalize", batch=50, validation=0.1, **settings),
        (1, 8, 8),
        seed=0,
    )


def test_images_and_labels_stay_together() -> None:
    data = digits()
    scans, labels = load_digits(return_X_y=True)
    known = {tuple(scan.astype(int).tolist()): int(label) for scan, label in zip(scans, labels, strict=True)}
    mean, std = data.statistics["mean"][0], data.statistics["std"][0]
    assert data.counts == {"train": 1293, "validation": 144, "test": 360}
    for part, batches in (
        ("train", data.train_batches(0)),
        ("validation", data.validation_batches()),
        ("test", data.test_batches()),
    ):
        seen = 0
        for batch in batches:
            restored = ((batch.images * std + mean) * 16).round().int()
            assert [known[tuple(image.flatten().tolist())] for image in restored] == batch.labels.tolist()
            seen += len(batch.labels)
        assert seen == data.counts[part]


def test_the_test_is_the_same_for_all_seeds_and_the_validation_part_is_not() -> None:
    source = open_data(Digits(), inputs=(1, 8, 8))
    one, other = (ImageData(source, recipe(validation=0.1), (1, 8, 8), seed=seed) for seed in (1, 2))
    assert same(one.test_batches(), other.test_batches())
    assert not same(one.validation_batches(), other.validation_batches())


def test_parts_in_order_and_plain() -> None:
    source = numbered(22, test=9)
    data = ImageData(
        source,
        recipe("random_crop(12, padding = 4), hflip(1), normalize", evaluate="ten_crop"),
        (3, 12, 12),
        seed=0,
    )
    for part, images in (("train", source.train), ("test", source.test)):
        batches = list(data.plain_batches(part, 5))
        assert torch.cat([batch.labels for batch in batches]).tolist() == list(range(len(images)))
        assert max(len(batch.labels) for batch in batches) <= 5
        mean, std = (torch.tensor(data.statistics[name])[:, None, None] for name in ("mean", "std"))
        expected = torch.stack([images.read(i) for i in range(len(images))]) / 255
        torch.testing.assert_close(torch.cat([batch.images for batch in batches]) * std + mean, expected)
    assert list(data.validation_batches()) == []
    assert next(iter(data.test_batches())).images.shape[1:] == (10, 3, 12, 12)


def test_evaluations_of_several_processes_see_every_image_once() -> None:
    data = digits()
    whole = by_label_list(data.test_batches())
    parts = [by_label_list(data.test_batches(rank=rank, world=3)) for rank in range(3)]
    assert sorted(each for part in parts for each in part) == sorted(whole)


def by_label_list(batches: Iterable[Batch]) -> list[tuple[int, float]]:
    return [
        (int(label), float(image.sum()))
        for batch in batches
        for image, label in zip(batch.images, batch.labels, strict=True)
    ]


def test_more_processes_than_images_in_a_batch() -> None:
    data = ImageData(numbered(22), recipe(batch=4), (3, 12, 12), seed=0)
    diagnostic = refusal(lambda: data.train_batches(0, world=8))
    assert (diagnostic.code, "8 processes" in diagnostic.message) == ("E526", True)


def test_nothing_to_validate_with() -> None:
    diagnostic = refusal(lambda: ImageData(numbered(22), recipe(validation=0.1), (3, 12, 12), seed=0))
    assert (diagnostic.code, "--validation 0" in (diagnostic.help or "")) == ("E553", True)


def test_workers_are_none_in_memory_and_few_for_files(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_data(Folder(path=str(files), resize=16))
    data = ImageData(source, recipe("random_crop(12)"), (3, 12, 12), seed=0)
    assert not data.in_memory
    assert data.workers == 0  # few images
    monkeypatch.setattr("ogive.train.data.module._FEW", 2)
    assert 1 <= ImageData(source, recipe("random_crop(12)"), (3, 12, 12), seed=0).workers <= 4
    assert digits().workers == 0
    assert digits().in_memory
    assert ImageData(source, recipe("random_crop(12)"), (3, 12, 12), seed=0, workers=7).workers == 7


def test_noise_has_the_shape_of_the_net_and_the_classes_of_its_output() -> None:
    source = open_data(Random(count=50), inputs=(3, 7, 9), classes=4)
    assert (source.size, len(source.classes), len(source.train), len(source.test)) == ((3, 7, 9), 4, 50, 10)
    data = ImageData(source, recipe("hflip, normalize"), (3, 7, 9), seed=0)
    images = torch.cat([batch.images for batch in data.train_batches(0)])
    assert images.shape == (50, 3, 7, 9)
    assert images.mean().abs() < 0.05
    assert len(source.train.labels.unique()) == 4
    again = open_data(Random(count=50), inputs=(3, 7, 9), classes=4)
    assert all(torch.equal(source.train.read(i), again.train.read(i)) for i in range(50))


def test_much_noise_shares_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ogive.train.data.noise._POOL", 3 * 8 * 8 * 5)
    source = open_data(Random(count=12), inputs=(3, 8, 8))
    assert torch.equal(source.train.read(1), source.train.read(6))
    assert not torch.equal(source.train.read(1), source.train.read(2))
    assert torch.equal(source.train.take(np.array([1, 7, 11]))[2], source.train.read(1))


# --------------------------------------------------------------------------- statistics


def test_statistics_come_from_the_training_part_alone() -> None:
    source = numbered(40)
    labels = torch.arange(40) % 4
    spoilt = InMemory(source.train.pixels.clone(), labels)
    clean = InMemory(source.train.pixels, labels)
    data = ImageData(
        Source("x", tuple("abcd"), (3, 12, 12), clean, clean),
        recipe("normalize", validation=0.2),
        (3, 12, 12),
        seed=0,
    )
    chosen = torch.cat([batch.labels for batch in data.plain_batches("train")])
    assert len(chosen) == 32
    kept = data._parts["train"]
    outside = np.setdiff1d(np.arange(40), kept)
    spoilt.pixels[outside] = 255
    other = ImageData(
        Source("x", tuple("abcd"), (3, 12, 12), spoilt, spoilt),
        recipe("normalize", validation=0.2),
        (3, 12, 12),
        seed=0,
    )
    assert other.statistics == data.statistics
    values = clean.pixels[kept].double() / 255
    assert data.statistics["mean"] == pytest.approx(values.mean((0, 2, 3)).tolist(), rel=1e-6)
    assert data.statistics["std"] == pytest.approx(values.std((0, 2, 3), correction=0).tolist(), rel=1e-6)
    assert (data.statistics["images"], data.statistics["of"]) == (32, 32)


def test_normalised_digits_are_those_of_the_scaled_images() -> None:
    data = ImageData(
        open_data(Digits(), inputs=(1, 32, 32)), recipe("normalize", batch=64), (1, 32, 32), seed=3
    )
    images = torch.cat([batch.images for batch in data.plain_batches("train")])
    assert images.mean().abs() < 1e-4
    assert images.std() == pytest.approx(1, abs=1e-4)
    scans = torch.as_tensor(load_digits().images, dtype=torch.float32)[:, None] / 16
    scaled = F.interpolate(scans, (32, 32), mode="bilinear")
    known = {image.sum().item() for image in scaled}
    mean, std = data.statistics["mean"][0], data.statistics["std"][0]
    assert min(abs((images[5] * std + mean).sum().item() - each) for each in known) < 1e-2


def test_components_are_those_of_all_colours() -> None:
    source = numbered(30)
    data = ImageData(source, recipe("pca_lighting(0.1), normalize"), (3, 12, 12), seed=0)
    colours = source.train.pixels.double().permute(0, 2, 3, 1).reshape(-1, 3) / 255
    theirs = PCA(3).fit(colours.numpy())
    found = data.statistics["pca"]
    assert sorted(found["values"]) == pytest.approx(
        sorted(theirs.explained_variance_ * (len(colours) - 1) / len(colours)), rel=1e-5
    )
    vectors = torch.tensor(found["vectors"]).double()
    torch.testing.assert_close(
        (theirs.components_ @ vectors.numpy())[::-1].__abs__(), np.eye(3), rtol=0, atol=1e-5
    )


def test_the_mean_image_is_taken_where_it_is_subtracted() -> None:
    source = numbered(30, (3, 14, 14))
    first = ImageData(source, recipe("normalize(per = pixel), random_crop(12)"), (3, 12, 12), seed=0)
    mean = source.train.pixels.double().mean(0) / 255
    assert torch.tensor(first.statistics["mean_image"]).double().sub(mean).abs().max() < 1e-6
    behind = ImageData(source, recipe("random_crop(12), normalize(per = pixel)"), (3, 12, 12), seed=0)
    assert torch.tensor(behind.statistics["mean_image"]).double().sub(mean[:, 1:-1, 1:-1]).abs().max() < 1e-6
    one, other = (torch.cat([batch.images for batch in data.test_batches()]) for data in (first, behind))
    torch.testing.assert_close(one, other)
    raw = torch.stack([source.test.read(i) for i in range(4)])[:, :, 1:-1, 1:-1] / 255
    torch.testing.assert_close(one, (raw - mean[:, 1:-1, 1:-1]).float())


def test_statistics_are_plain_and_taken_as_given(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = folder(files, "pca_lighting(0.1), normalize, random_crop(12)")
    given = json.loads(json.dumps(data.statistics))
    assert given == data.statistics
    monkeypatch.setattr(ImageData, "_measure", lambda self: pytest.fail("measured again"))
    source = open_data(Folder(path=str(files), resize=16), inputs=(3, 12, 12))
    again = ImageData(
        source, recipe("pca_lighting(0.1), normalize, random_crop(12)"), (3, 12, 12), seed=3, statistics=given
    )
    assert same(again.train_batches(2), data.train_batches(2))


def test_only_what_is_needed_is_measured() -> None:
    data = ImageData(numbered(), recipe("hflip"), (3, 12, 12), seed=0)
    assert data.statistics == {}
    batch = next(iter(data.train_batches(0)))
    assert batch.images.dtype == torch.float32
    assert 0 <= batch.images.min() <= batch.images.max() <= 1


def test_a_constant_channel_is_no_division_by_zero() -> None:
    images = InMemory(torch.full((6, 1, 4, 4), 7, dtype=torch.uint8), torch.zeros(6, dtype=torch.int64))
    data = ImageData(
        Source("x", ("a",), (1, 4, 4), images, images, 1), recipe("normalize"), (1, 4, 4), seed=0
    )
    assert data.statistics["std"] == [1.0]
    assert next(iter(data.train_batches(0))).images.abs().max() < 1e-6


def test_files_beyond_a_number_are_sampled_by_the_seed(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = folder(files, "normalize, random_crop(12)").statistics
    monkeypatch.setattr("ogive.train.data.module.SAMPLE", 5)
    sampled = [folder(files, "normalize, random_crop(12)", workers).statistics for workers in (0, 2)]
    assert sampled[0] == sampled[1]
    assert (sampled[0]["images"], sampled[0]["of"]) == (5, 12)
    assert sampled[0]["mean"] != everything["mean"]


# --------------------------------------------------------------------------- evaluation


@pytest.mark.parametrize(
    ("augment", "resize", "theirs"),
    [
        ("resized_crop(12), hflip", None, [v2.Resize(14, antialias=True), v2.CenterCrop(12)]),
        ("resized_crop(12), hflip", 15, [v2.Resize(15, antialias=True), v2.CenterCrop(12)]),
        ("random_crop(12), rotation(10)", 16, [v2.Resize(16, antialias=True), v2.CenterCrop(12)]),
        ("random_crop(12), color_jitter(hue = 0.1)", None, [v2.CenterCrop(12)]),
    ],
)
def test_an_evaluation_scales_and_cuts_as_its_training_does(
    files: Path, augment: str, resize: int | None, theirs: list[v2.Transform]
) -> None:
    data = folder(files, augment, resize=resize)
    expected = ImageFolder(
        str(files / "test"), v2.Compose([v2.PILToTensor(), *theirs, v2.ToDtype(torch.float32, scale=True)])
    )
    images = torch.cat([batch.images for batch in data.test_batches()])
    assert images.shape == (12, 3, 12, 12)
    torch.testing.assert_close(images, torch.stack([image for image, _ in expected]))


def test_parts_of_an_image_are_taken_before_it_is_scaled(files: Path) -> None:
    whole, scaled = (
        folder(files, "resized_crop(12, scale = [1, 1], ratio = [1, 1])", resize=resize)
        for resize in (None, 16)
    )
    assert same(whole.train_batches(0), scaled.train_batches(0))


def test_crops_of_the_test_are_ten_and_those_of_the_validation_one(files: Path) -> None:
    data = folder(files, "random_crop(12), normalize", validation=0.3, evaluate="ten_crop")
    ten = next(iter(data.test_batches()))
    assert ten.images.shape[1:] == (10, 3, 12, 12)
    one = next(iter(data.plain_batches("test", len(ten.labels))))
    assert torch.equal(ten.images[:, 4], one.images)
    assert torch.equal(ten.images[:, 5], ten.images[:, 1].flip(-1)), (
        "the mirrored image's corner is the other corner, mirrored"
    )
    assert next(iter(data.validation_batches())).images.shape[1:] == (3, 12, 12)


# --------------------------------------------------------------------------- processes


def test_batches_are_pinned_where_a_gpu_copies_them(monkeypatch: pytest.MonkeyPatch) -> None:
    from ogive.train.data.loading import Fetched

    pinned = []
    monkeypatch.setattr(Tensor, "pin_memory", lambda self: (pinned.append(self), self.clone())[1])
    fetched = Fetched(Batch(torch.rand(2, 3, 4, 4), torch.tensor([1, 0]), 0.5), ())
    again = fetched.pin_memory()
    assert len(pinned) == 2
    assert same([again.value], [fetched.value])
    assert again.value.images is not fetched.value.images


def test_signals_of_a_group_leave_the_batches_to_the_process_that_trains(files: Path) -> None:
    data = folder(files, "random_crop(12), normalize", workers=1, batch=2)
    expected = list(data.train_batches(0))
    batches = iter(data.train_batches(0))
    found = [next(batches)]
    (worker,) = multiprocessing.active_children()
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(worker.pid, number)
        found.append(next(batches))
    found += batches
    assert same(found, expected)
    worker.join(30)
    assert worker.exitcode == 0
