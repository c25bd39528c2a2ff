"""`ogive predict`: what it prints, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ogive.train.opened import open_run
from ogive.train.predict import Prediction, predict
from ogive.train.program import digest
from train import made


def cat() -> Path:
    return made.folder() / "data" / "test" / "cat" / "0.png"


def dog() -> Path:
    return made.folder() / "data" / "test" / "dog" / "2.png"


@pytest.fixture
def expected() -> list[list[tuple[str, float]]]:
    """The classes of the two images, as Python gets them."""

    found = predict(open_run(made.photos_run()), [cat(), dog()])
    return [each.top(3) for each in found if isinstance(each, Prediction)]


def test_classes_and_probabilities(ogive: Callable, expected: list[list[tuple[str, float]]]) -> None:
    ran = ogive("predict", made.photos_run(), cat(), dog(), "--device", "cpu")
    assert (ran.code, ran.err) == (0, "")
    lines = []
    for path, classes in zip((cat(), dog()), expected, strict=True):
        lines += [str(path), *(f"  {100 * share:6.2f} %  {name}" for name, share in classes)]
    assert ran.out.splitlines() == lines
    assert sum(share for _, share in expected[0]) == pytest.approx(1)
    one = ogive("predict", made.photos_run(), cat(), "--top", 1).out.splitlines()
    assert one == lines[:2]


def test_json(ogive: Callable, expected: list[list[tuple[str, float]]], tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("no image")
    ran = ogive("predict", made.photos_run(), cat(), bad, dog(), "--json", "--top", 2, "--device", "cpu")
    assert ran.code == 1
    told = json.loads(ran.out)
    assert [each["image"] for each in told] == [str(cat()), str(bad), str(dog())]
    assert told[0]["classes"] == [{"name": name, "probability": share} for name, share in expected[0][:2]]
    assert "no image" in told[1]["error"]
    assert len(told[2]["classes"]) == 2


def test_files_that_are_no_images_are_told_and_the_others_predicted(
    ogive: Callable, tmp_path: Path, expected: list[list[tuple[str, float]]]
) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text("no image")
    ran = ogive("predict", made.photos_run(), bad, tmp_path / "none.png", dog())
    assert ran.code == 1
    assert ran.out.splitlines()[0] == str(dog())
    assert ran.err.count("error[E566]") == 2
    assert f"`{bad}` cannot be read as an image: it is no image of a format that Pillow knows" in ran.err
    assert f"`{tmp_path / 'none.png'}` cannot be read as an image: there is no such file" in ran.err


def test_the_data_need_not_be_there(ogive: Callable, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(made.photos_run(), run)
    text = (run / "recipe.arch").read_text()
    moved = text.replace(str(made.folder() / "data"), "/nowhere")
    (run / "recipe.arch").write_text(moved)
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(record | {"recipe_sha256": digest(moved)}))
    assert ogive("predict", run, cat()).code == 0
    assert "error[E550]" in ogive("eval", run).err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["runs/none", "x.png"], 1, "error[E564]"),
        (["lenet5", "x.png"], 1, "error[E564]"),
        ([str(made.folder())], 2, "IMAGE"),
        (["x", "y", "--top", "0"], 2, "--top"),
    ],
)
def test_what_is_not_there(ogive: Callable, arguments: list[str], code: int, says: str) -> None:
    ran = ogive("predict", *arguments)
    assert (ran.code, says in ran.err) == (code, True)
