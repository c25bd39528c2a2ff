"""Images that cannot be used: refused by name, or skipped and told."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ogive.recipes.data import Folder
from ogive.train.data import ImageData, open_data
from train.data.sets import recipe, refusal, same, write_folder


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """12 images a part, of which three cannot be used in training and one in the test."""
    write_folder(tmp_path, [(20, 20 + i) for i in range(6)])
    for name in ("train/cat/1.png", "test/dog/3.png"):
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: len(data) // 2])
    (tmp_path / "train/cat/2.png").write_text("no image")
    (tmp_path / "train/dog/5.png").write_bytes(b"")
    return tmp_path


def over(path: Path, augment: str, corrupt: str, workers: int = 0, **settings: object) -> ImageData:
    source = open_data(Folder(path=str(path), resize=16))
    return ImageData(
        source, recipe(augment, **settings), (3, 12, 12), workers=workers, seed=3, corrupt=corrupt
    )


@pytest.mark.parametrize("workers", [0, 2])
def test_they_are_refused_by_name(spoilt: Path, workers: int) -> None:
    diagnostic = refusal(lambda: over(spoilt, "random_crop(12), normalize", "refuse", workers))
    assert diagnostic.code == "E552", "told before training, where statistics are taken"
    assert "train/cat/1.png` cannot be used: " in diagnostic.message
    assert "--corrupt skip" in (diagnostic.help or "")
    data = over(spoilt, "random_crop(12)", "refuse", workers)
    assert refusal(lambda: list(data.train_batches(0))).code == "E552"
    assert "test/dog/3.png" in refusal(lambda: list(data.test_batches())).message


@pytest.mark.parametrize("workers", [0, 2])
def test_they_are_skipped_and_listed_once(spoilt: Path, workers: int) -> None:
    data = over(spoilt, "random_crop(12), normalize", "skip", workers)
    assert [Path(path).name for path, _ in data.skipped] == ["1.png", "2.png", "5.png"]
    assert data.statistics["images"] == 9
    for epoch in range(2):
        batches = list(data.train_batches(epoch))
        assert [len(batch.labels) for batch in batches] == [4, 4, 4]
    assert sum(len(batch.labels) for batch in data.test_batches()) == 11
    assert [Path(path).parent.name + "/" + Path(path).name for path, _ in data.skipped] == [
        "cat/1.png",
        "cat/2.png",
        "dog/5.png",
        "dog/3.png",
    ]
    assert "empty" in data.skipped[2][1]


def test_the_image_behind_stands_in_and_the_order_is_what_it_was(
    spoilt: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sound = write_folder(tmp_path_factory.mktemp("sound"), [(20, 20 + i) for i in range(6)])
    whole = list(over(sound, "random_crop(12), hflip", "skip").train_batches(1))
    skipped = list(over(spoilt, "random_crop(12), hflip", "skip").train_batches(1))
    differ = [
        not torch.equal(a, b)
        for x, y in zip(whole, skipped, strict=True)
        for a, b in zip(x.images, y.images, strict=True)
    ]
    assert sum(differ) == 3
    # behind cat/1 and cat/2 stands cat/3, behind dog/5, the last, cat/0
    assert sum(int(batch.labels.sum()) for batch in whole) == 6
    assert sum(int(batch.labels.sum()) for batch in skipped) == 5
    again = list(over(spoilt, "random_crop(12), hflip", "skip", 2).train_batches(1, start=1))
    assert same(again, skipped[1:])


def test_nothing_is_left(tmp_path: Path) -> None:
    write_folder(tmp_path, [(20, 20)])
    for path in tmp_path.glob("train/*/*"):
        path.write_bytes(b"")
    diagnostic = refusal(lambda: over(tmp_path, "random_crop(12), normalize", "skip"))
    assert (diagnostic.code, len(diagnostic.notes)) == ("E552", 2)
    data = over(tmp_path, "random_crop(12)", "skip")
    assert refusal(lambda: list(data.train_batches(0))).code == "E552"


def test_an_image_smaller_than_the_crop_is_told(tmp_path: Path) -> None:
    write_folder(tmp_path, [(20, 20), (20, 11)])
    source = open_data(Folder(path=str(tmp_path)))
    data = ImageData(source, recipe("random_crop(12)"), (3, 12, 12), workers=0, seed=0)
    diagnostic = refusal(lambda: list(data.train_batches(0)))
    assert diagnostic.code == "E552"
    assert "1.png` cannot be used: it is 20x11, and 12x12 is cut out of it" in diagnostic.message
