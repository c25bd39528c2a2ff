"""Files of images, looked at before a training: what is noticed, and what becomes of it."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ogive
from ogive.cli.running import show
from ogive.diagnostics import ArchError
from ogive.recipes.data import Folder
from ogive.train.data import ImageData, open_data
from ogive.train.data.files import OnDisk
from ogive.train.data.looking import Looked, look
from ogive.train.data.source import Unreadable
from ogive.train.machine import Machine
from ogive.train.run import resume, train
from train.data.sets import recipe, refusal, write_folder

NET = """net N(classes = 2) {
  input image: 3x12x12
  conv(4, 3x3) -> relu -> global_avg_pool -> flatten -> linear(classes)
}
"""


def fine(size: tuple[int, int]) -> str | None:
    return None


def images(folder: Path, **changes: Any) -> OnDisk:
    files = sorted(path for path in folder.rglob("*.*"))
    return replace(OnDisk.of(folder, [(str(path), 0) for path in files], 3, None), **changes)


def failed(looked: Looked) -> list[str]:
    return [Path(path).name for path, _ in looked.failures]


def noise(path: Path, size: tuple[int, int] = (60, 60), **how: Any) -> None:
    pixels = np.random.default_rng(len(path.name)).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **how)


@pytest.mark.parametrize("ending", ["jpg", "png"])
@pytest.mark.parametrize("kept", [0.02, 0.5, 0.98])
def test_a_file_that_is_cut_short_is_noticed(tmp_path: Path, ending: str, kept: float) -> None:
    for number in range(4):
        noise(tmp_path / f"{number}.{ending}")
    spoilt = tmp_path / f"2.{ending}"
    spoilt.write_bytes(spoilt.read_bytes()[: int(kept * spoilt.stat().st_size)])
    looked = look([(images(tmp_path), fine)], 0)
    assert failed(looked) == [spoilt.name]
    assert looked.failures[0].reason
    assert (looked.opened, looked.of) == (4, 4)


def test_what_is_odd_and_can_be_read_is_no_failure(tmp_path: Path) -> None:
    noise(tmp_path / "behind.jpg")
    with (tmp_path / "behind.jpg").open("ab") as file:
        file.write(b"something of the camera's" * 1000)
    noise(tmp_path / "progressive.jpg", progressive=True)
    noise(tmp_path / "text.png")
    data = bytearray((tmp_path / "text.png").read_bytes())
    Image.open(tmp_path / "text.png").save(tmp_path / "palette.gif")
    tail = data.index(b"IEND")
    # a wrong checksum, behind the pixels
    (tmp_path / "text.png").write_bytes(data[:tail] + b"IEND" + b"\0\0\0\0")
    found = failed(look([(images(tmp_path), fine)], 0))
    for name in ("behind.jpg", "progressive.jpg", "palette.gif"):
        assert name not in found
    readable = True
    try:
        images(tmp_path).read(3)
    except Unreadable:
        readable = False
    assert ("text.png" in found) is not readable


def test_sizes_are_asked_about_once_each(tmp_path: Path) -> None:
    for number, size in enumerate([(20, 30), (20, 30), (9, 30), (20, 30)]):
        noise(tmp_path / f"{number}.png", size)
    asked: list[tuple[int, int]] = []

    def misfit(size: tuple[int, int]) -> str | None:
        asked.append(size)
        return "too small" if min(size) < 12 else None

    assert look([(images(tmp_path), misfit)], 0).failures == ((str(tmp_path / "2.png"), "too small"),)
    assert sorted(asked) == [(9, 30), (20, 30)]
    other = look([(images(tmp_path, size=(20, 30)), fine)], 0).failures
    assert [(Path(path).name, reason) for path, reason in other] == [
        ("2.png", "it is 9x30, and others are 20x30 (height x width)")
    ]
    assert not look([(images(tmp_path, resize=12), misfit)], 0).failures, "they are scaled first"


def test_of_many_some_are_opened_and_empty_ones_are_noticed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ogive.train.data.looking.MOST", 6)
    for part, count in (("a", 70), ("b", 30)):
        (tmp_path / part).mkdir()
        for number in range(count):
            (tmp_path / part / f"{number:02}.png").write_text("no image")
    (tmp_path / "b" / "07.png").write_bytes(b"")
    parts = [(images(tmp_path / part), fine) for part in "ab"]
    looked = look(parts, 3)
    assert (looked.opened, looked.of) == (6, 100)
    empty = [path for path, reason in looked.failures if reason == "the file is empty"]
    assert empty == [str(tmp_path / "b" / "07.png")]
    assert len(looked.failures) in (6, 7)
    assert look(parts, 3) == looked
    assert look(parts, 4).failures != looked.failures


# --------------------------------------------------------------------------- before a training, and behind it


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """12 images a part; one of the test is no image, one of the training too small, one is cut short."""
    root = write_folder(tmp_path / "images", [(20, 20 + number) for number in range(6)])
    (root / "test/dog/3.png").write_text("no image")
    noise(root / "train/cat/1.png", (20, 9))
    data = (root / "train/dog/2.png").read_bytes()
    (root / "train/dog/2.png").write_bytes(data[: len(data) // 2])
    return root


def settings(root: Path, **changes: object) -> dict[str, object]:
    return {
        "data": f'folder("{root}")', "augment": "random_crop(12), normalize", "batch": 4, "epochs": 1,
        "optimizer": "sgd(lr = 0.1)", "schedule": "constant", "validation": 0.2,
    } | changes  # fmt: skip


def run(root: Path, out: Path, corrupt: Any = "refuse", **changes: object):
    machine = Machine(device="cpu", workers=0, corrupt=corrupt)
    return train(ogive.loads(NET), settings=settings(root, **changes), machine=machine, out=out)


def test_all_parts_are_looked_at_before_anything_is_trained(spoilt: Path, tmp_path: Path) -> None:
    diagnostic = refusal(lambda: run(spoilt, tmp_path / "run"))
    assert (diagnostic.code, diagnostic.message) == ("E552", "3 images of `folder` cannot be used")
    named = dict(diagnostic.notes)
    assert list(named) == [
        str(spoilt / name) for name in ("train/cat/1.png", "train/dog/2.png", "test/dog/3.png")
    ]
    assert "cuts out 12x12, and 3x20x9 arrives" in named[str(spoilt / "train/cat/1.png")]
    assert "--corrupt skip" in (diagnostic.help or "")
    assert not (tmp_path / "run").exists()
    for path in list(named)[:2]:
        Path(path).unlink()
    diagnostic = refusal(lambda: run(spoilt, tmp_path / "run"))
    assert diagnostic.message.startswith(f"`{spoilt / 'test/dog/3.png'}` cannot be used: ")


def test_many_are_counted_and_the_first_named(tmp_path: Path) -> None:
    root = write_folder(tmp_path / "images", [(20, 20)] * 6)
    for path in [*root.glob("train/*/*")][:8]:
        path.write_bytes(b"")
    source = open_data(Folder(path=str(root)))
    crop = recipe("random_crop(12)")
    diagnostic = refusal(lambda: ImageData(source, crop, (3, 12, 12), workers=0, looks=True))
    assert diagnostic.message == "8 images of `folder` cannot be used"
    assert len(diagnostic.notes) == 6
    assert diagnostic.notes[-1] == ("and", "3 more")


@pytest.mark.usefixtures("without_figures")
def test_skipped_images_are_counted_where_one_looks(
    spoilt: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(spoilt, tmp_path / "run", "skip")
    record = json.loads((result.out / "run.json").read_text())
    assert result.skipped == 3
    show(result)
    assert capsys.readouterr().err == "note: 3 images could not be used: run.json and report.md list them\n"
    assert [Path(path).name for path, _ in record["data"]["skipped"]] == ["1.png", "2.png", "3.png"]
    counts, usable = record["data"]["counts"], record["data"]["usable"]
    assert counts["train"] + counts["validation"] == counts["test"] == 12
    assert usable["train"] + usable["validation"] == 10
    assert usable["test"] == record["test"]["total"] == 11
    report = (result.out / "report.md").read_text()
    parts = f"{usable['train']} for training, {usable['validation']} for validation, 11 for test"
    assert f"usable: {parts}" in report
    assert "test/dog/3.png`: it is no image of a format that Pillow knows" in report


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize("mended", [True, False])
def test_a_run_goes_on_behind_an_image_that_was_read_at_its_end(tmp_path: Path, mended: bool) -> None:
    root = write_folder(tmp_path / "it's", [(20, 20)] * 6, ending="bmp")
    spoilt = root / "test/dog/3.bmp"  # whose format has neither checksums nor an end
    whole = spoilt.read_bytes()
    spoilt.write_bytes(whole[:-100])
    diagnostic = refusal(lambda: run(root, tmp_path / "a run"))
    again = f"ogive train --resume '{tmp_path / 'a run'}'"
    assert diagnostic.code == "E552"
    assert diagnostic.help == f"mend it, then: {again}; or go on without such images: {again} --corrupt skip"
    if mended:
        spoilt.write_bytes(whole)
        done = resume(tmp_path / "a run")
        assert (done.skipped, done.test["total"]) == (0, 12)
        return
    with pytest.raises(ArchError):
        resume(tmp_path / "a run")
    done = resume(tmp_path / "a run", machine=Machine(device="cpu", workers=0, corrupt="skip"))
    assert (done.skipped, done.test["total"]) == (1, 11)
    kept = json.loads((done.out / "run.json").read_text())
    assert kept["machine"]["corrupt"] == "skip", "for those who evaluate it later"


def test_looking_moves_no_generator(tmp_path: Path) -> None:
    noise(tmp_path / "0.png")
    before = random.getstate(), np.random.get_state()[1].tolist()
    look([(images(tmp_path), fine)], 0)
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before
