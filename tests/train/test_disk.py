"""A disk that is full or read-only, and checkpoints none of which is good."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from ogive.diagnostics import ArchError, Diagnostic
from ogive.files import write_atomically
from ogive.train.disk import disk_errors, moment, none_usable
from ogive.train.storage import NotWritten, keep_as, newest, read, save

RUN = {"run": "a1"}


def state(step: int, *, floats: int = 100) -> dict[str, Any]:
    return {"ogive": RUN, "global_step": step, "state_dict": {"w": torch.ones(floats)}, "position": [step, 0]}


def said(raised: pytest.ExceptionInfo[ArchError]) -> Diagnostic:
    (diagnostic,) = raised.value.diagnostics
    return diagnostic


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    try:
        command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
        done = subprocess.run(command, capture_output=True)
    except OSError:
        pytest.skip("there is no `mount`")
    if done.returncode:
        pytest.skip("this user may not mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                return


def test_a_full_disk_loses_nothing(small_disk: Path):
    run = small_disk / "runs" / "net"
    folder = run / "checkpoints"
    for step in range(2):
        save(folder / "last.ckpt", state(step))
    keep_as(folder / "last.ckpt", folder / "best.ckpt")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    with pytest.raises(ArchError) as raised, disk_errors(run):
        save(folder / "last.ckpt", state(2, floats=300_000))

    assert isinstance(raised.value.__cause__, NotWritten)
    assert raised.value.__cause__.errno == errno.ENOSPC
    diagnostic = said(raised)
    assert diagnostic.code == "E568"
    assert diagnostic.message == (
        f"`{folder / 'last.ckpt'}` cannot be written: there is no space left on its disk"
    )
    notes = dict(diagnostic.notes)
    assert notes["space"].startswith("1.1 MiB are needed, ")
    assert notes["space"].endswith(" KiB are free")
    assert notes["kept"] == (
        "last.ckpt, after step 1, the end of epoch 1; previous.ckpt, before the first step; "
        "best.ckpt, after step 1, the end of epoch 1"
    )
    assert diagnostic.help == f"make room, then: ogive train --resume {run}"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    save(folder / "last.ckpt", state(3))  # with room again it goes on
    found, path, refused = newest(folder, RUN, needs=())
    assert (found or {})["global_step"] == 3
    assert (path, refused) == (folder / "last.ckpt", [])


def test_a_disk_without_a_single_free_byte(small_disk: Path):
    run = small_disk / "net"
    save(run / "checkpoints" / "last.ckpt", state(1))
    fill(run / "filler")
    with pytest.raises(ArchError) as raised, disk_errors(run):
        write_atomically(run / "metrics.csv", "epoch\n" * 2000)
    diagnostic = said(raised)
    assert diagnostic.message == f"a file in `{run}` cannot be written: there is no space left on its disk"
    assert dict(diagnostic.notes) == {
        "space": "0 B are free",
        "kept": "last.ckpt, after step 1, the end of epoch 1",
    }
    with pytest.raises(ArchError), disk_errors(run):
        save(run / "checkpoints" / "last.ckpt", state(2))
    assert read(run / "checkpoints" / "last.ckpt")["global_step"] == 1


def test_weights_as_safetensors_on_a_full_disk(small_disk: Path):
    """Their library has errors of its own."""
    with pytest.raises(ArchError) as raised, disk_errors(small_disk):
        save_file({"w": torch.ones(300_000)}, small_disk / "weights.safetensors")
    assert said(raised).message.endswith("cannot be written: there is no space left on its disk")
    assert dict(said(raised).notes)["kept"] == "no checkpoint: the run begins again"


def test_a_read_only_disk(small_disk: Path):
    run = small_disk / "net"
    save(run / "checkpoints" / "last.ckpt", state(1))
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(ArchError) as raised, disk_errors(run):
        save(run / "checkpoints" / "last.ckpt", state(2))
    diagnostic = said(raised)
    assert diagnostic.message == (
        f"`{run / 'checkpoints' / 'last.ckpt'}` cannot be written: its file system is read-only"
    )
    assert dict(diagnostic.notes) == {"kept": "last.ckpt, after step 1, the end of epoch 1"}
    assert diagnostic.help == f"make it writable, then: ogive train --resume {run}"
    with pytest.raises(ArchError), disk_errors(run):
        keep_as(run / "checkpoints" / "last.ckpt", run / "checkpoints" / "best.ckpt")


def test_a_quota(tmp_path: Path):
    with pytest.raises(ArchError) as raised, disk_errors(tmp_path):
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), str(tmp_path / "metrics.csv"))
    assert said(raised).message == (
        f"`{tmp_path / 'metrics.csv'}` cannot be written: your share of its disk is used up"
    )


@pytest.mark.parametrize(
    "error", [FileNotFoundError(errno.ENOENT, "no"), ValueError("x"), KeyboardInterrupt()]
)
def test_other_errors_stay_what_they_are(error: BaseException, tmp_path: Path):
    with pytest.raises(type(error)) as raised, disk_errors(tmp_path):
        raise error
    assert raised.value is error


def test_no_checkpoint_can_be_used(tmp_path: Path):
    run = tmp_path / "net"
    for step in range(2):
        save(run / "checkpoints" / "last.ckpt", state(step))
    (run / "checkpoints" / "last.ckpt").write_bytes(b"")
    refused = newest(run / "checkpoints", {"run": "b2"}, needs=()).refused
    (diagnostic,) = none_usable(run, refused).diagnostics
    assert diagnostic.code == "E569"
    assert diagnostic.message == f"no checkpoint of `{run}` can be used"
    assert diagnostic.notes == (
        ("last.ckpt", "it is empty"), ("previous.ckpt", "it is of another run: `a1`, not `b2`")
    )  # fmt: skip
    assert diagnostic.help == (
        f"begin again from the start, with the same outcome: remove `{run}/checkpoints`, "
        f"then: ogive train --resume {run}"
    )


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ({"global_step": 12, "position": [3, 0]}, "after step 12, the end of epoch 3"),
        ({"global_step": 12, "position": [2, 5]}, "after step 12, in epoch 3"),
        ({"global_step": 12}, "after step 12"),
        ({"global_step": 0, "position": [0, 0]}, "before the first step"),
        ({}, "of an unknown step"),
    ],
)
def test_moments(entries: dict[str, Any], text: str):
    assert moment(entries) == text
