"""Image files, shown to a network as its data were."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from ogive.diagnostics import ArchError
from ogive.recipes.default import default
from ogive.recipes.flags import with_flags
from ogive.recipes.whole import whole
from ogive.train.data import Unreadable, open_data
from ogive.train.data.module import ImageData
from ogive.train.opened import Reopened, open_run
from ogive.train.predict import Prediction, images_for, predict
from train import made
from train.data.sets import write_folder, write_mnist


def shown(pipeline, count: int) -> list[Tensor]:
    return [pipeline.one(0, number, number)[0] for number in range(count)]


def run_of(
    settings: dict[str, str], shape: tuple[int, int, int], data_dir: Path | None = None
) -> tuple[Reopened, ImageData]:
    """What a run with these settings would have recorded, without the run; and its data."""
    recipe = whole(with_flags(default(), list(settings.items())))
    source = open_data(recipe.value("data"), inputs=shape, data_dir=data_dir)
    data = ImageData(source, recipe, shape, workers=0)
    record = {
        "name": "x", "seed": 0,
        "data": {
            "classes": list(data.classes), "input": list(shape), "statistics": data.statistics,
            "size": list(source.size) if source.size else None,
        },
    }  # fmt: skip
    return Reopened(Path("x"), json.loads(json.dumps(record)), recipe, None, ()), data


def test_photographs_are_predicted_as_the_test_scores_them() -> None:
    run = open_run(made.photos_run())
    files = sorted((made.folder() / "data" / "test").rglob("*.png"))
    found = list(predict(run, files))
    assert all(isinstance(each, Prediction) for each in found)
    with torch.no_grad():
        for batch in run.data(workers=0).test_batches(1):
            expected = run.module(batch.images[0]).double().softmax(1).mean(0)
            torch.testing.assert_close(found.pop(0).shares, expected, rtol=1e-6, atol=1e-9)
    assert found == []


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [
        ({"augment": "resized_crop(8), normalize"}, [(12, 10), (9, 30), (40, 40)]),
        ({"augment": "random_crop(8), normalize", "evaluate": "center_crop"}, [(9, 9)]),
        ({"augment": "random_crop(8), normalize(per = pixel)", "evaluate": "ten_crop"}, [(11, 12)]),
        ({"augment": "none"}, [(8, 8)]),
        ({"data": "resize", "augment": "random_crop(8), normalize"}, [(12, 10), (9, 30), (40, 40)]),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_files_of_a_folder_become_what_its_evaluation_shows(
    tmp_path: Path, settings: dict[str, str], sizes: list[tuple[int, int]], channels: int
) -> None:
    root = write_folder(tmp_path, sizes)
    resize = ", resize = 9" if settings.get("data") == "resize" else ""
    settings = settings | {"data": f'folder("{root}"{resize})', "validation": "0", "batch": "2"}
    run, data = run_of(settings, (channels, 8, 8))
    files = sorted((root / "test").rglob("*.png"))
    pipeline, ten = images_for(run, files)
    assert ten is ("ten_crop" in settings.values())
    expected = torch.cat([batch.images for batch in data.test_batches()])
    for one, other in zip(shown(pipeline, len(files)), expected, strict=True):
        assert torch.equal(one.float() / (255 if one.dtype == torch.uint8 else 1), other)


@pytest.mark.parametrize("choice", ["mnist", "mnist(resize = 20, pad = 2)"])
@pytest.mark.parametrize("channels", [1, 3])
def test_files_become_images_of_mnist(tmp_path: Path, choice: str, channels: int) -> None:
    held = write_mnist(tmp_path)["t10k-images-idx3-ubyte"]
    side = 28 if choice == "mnist" else 24
    settings = {"data": choice, "augment": "normalize", "validation": "0"}
    run, data = run_of(settings, (channels, side, side), tmp_path)
    files = [tmp_path / f"{number}.png" for number in range(len(held))]
    for file, pixels in zip(files, held, strict=True):
        Image.fromarray(pixels).save(file)
    colours = tmp_path / "colours.png"
    Image.fromarray(held[0]).convert("RGB").save(colours)
    pipeline, _ = images_for(run, [*files, colours])
    *images, coloured = shown(pipeline, len(files) + 1)
    expected = torch.cat([batch.images for batch in data.test_batches()])
    assert all(torch.equal(one, other) for one, other in zip(images, expected, strict=True))
    assert torch.equal(coloured, expected[0])


@pytest.mark.parametrize("side", [5, 16])
def test_files_become_digits(tmp_path: Path, side: int) -> None:
    run, data = run_of({"data": "digits", "augment": "normalize"}, (1, side, side))
    from sklearn.datasets import load_digits

    pixels = load_digits().images[:20]
    files = [tmp_path / f"{number}.png" for number in range(20)]
    for file, image in zip(files, pixels, strict=True):
        Image.fromarray((image * 255 / 16).round().astype(np.uint8)).save(file)
    pipeline, _ = images_for(run, files)
    everything = torch.cat(
        [batch.images for part in ("train", "validation", "test") for batch in data.plain_batches(part)]
    )
    step = 1 / 510 / min(data.statistics["std"])  # half a shade of a file
    for image in shown(pipeline, 20):
        assert (everything - image).abs().amax(dim=(1, 2, 3)).min() <= step * 1.01


def test_a_file_of_another_size_is_scaled_until_it_covers_and_cut(tmp_path: Path) -> None:
    run, _ = run_of({"data": "random(8)", "augment": "none", "validation": "0"}, (3, 10, 10))
    wide = np.zeros((20, 60, 3), dtype=np.uint8)
    wide[:, 20:40] = 200  # the middle, which is what is left
    Image.fromarray(wide).save(tmp_path / "wide.png")
    Image.fromarray(wide.transpose(1, 0, 2)).save(tmp_path / "tall.png")
    pipeline, _ = images_for(run, [tmp_path / "wide.png", tmp_path / "tall.png"])
    for image in shown(pipeline, 2):
        assert image.shape == (3, 10, 10)
        assert (image[:, 2:-2, 2:-2] == 200).all()


def test_a_folders_common_size_is_that_of_a_file_too(tmp_path: Path) -> None:
    run, _ = run_of(
        {"data": f'folder("{write_folder(tmp_path, [(8, 8)])}")', "augment": "none", "validation": "0"},
        (3, 8, 8),
    )
    Image.fromarray(np.full((31, 17, 3), 9, dtype=np.uint8)).save(tmp_path / "other.png")
    (image,) = shown(images_for(run, [tmp_path / "other.png"])[0], 1)
    assert torch.equal(image, torch.full((3, 8, 8), 9, dtype=torch.uint8))


def test_what_is_no_image_gives_the_reason(tmp_path: Path) -> None:
    good = made.folder() / "data" / "test" / "cat" / "0.png"
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "empty.png").touch()
    (tmp_path / "half.png").write_bytes(good.read_bytes()[:60])
    names = ["none.png", "text.png", "empty.png", "half.png", "."]
    paths = [good, *(tmp_path / name for name in names), good]
    first, *bad, last = predict(open_run(made.photos_run()), paths)
    assert isinstance(first, Prediction)
    assert isinstance(last, Prediction)
    assert torch.equal(first.shares, last.shares)
    assert all(isinstance(each, Unreadable) for each in bad)
    reasons = [each.reason for each in bad]
    assert reasons[0] == "there is no such file"
    assert reasons[-1] == "it is a folder"
    assert "no image" in reasons[1]
    assert reasons[2] == "the file is empty"
    assert [each.path for each in bad] == [str(path) for path in paths[1:-1]]


def test_the_most_probable_stand_first() -> None:
    shares = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    prediction = Prediction(Path("x"), shares, ("a", "b", "c"))
    assert prediction.top(2) == [("b", 0.5), ("c", 0.3)]
    assert len(prediction.top(9)) == 3


def test_many_images_are_taken_in_batches() -> None:
    image = made.folder() / "data" / "test" / "dog" / "1.png"
    found = list(predict(open_run(made.photos_run()), [image] * 70))
    assert len(found) == 70
    assert {round(float(each.shares[0]), 9) for each in found} == {round(float(found[0].shares[0]), 9)}


def test_a_run_that_does_not_say_how_images_are_prepared(tmp_path: Path) -> None:
    run = Path(shutil.copytree(made.digits_run(), tmp_path / "run"))
    record = json.loads((run / "run.json").read_text())
    record["data"]["classes"] = None
    (run / "run.json").write_text(json.dumps(record))
    with pytest.raises(ArchError) as caught:
        list(predict(open_run(run), [Path("x.png")]))
    assert caught.value.diagnostics[0].code == "E564"
