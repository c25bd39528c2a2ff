"""Checkpoints: written whole or not at all, and no damaged, foreign or dangerous one is read."""

from __future__ import annotations

import errno
import io
import os
import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from ogive.train import storage
from ogive.train.storage import Damaged, NotWritten, Storage, keep_as, newest, read, save

RUN = {"run": "a1", "program": "p" * 64}
STATE = {
    "ogive": RUN,
    "epoch": 1,
    "global_step": 7,
    "state_dict": {"weight": torch.arange(12.0).reshape(3, 4)},
    "optimizer_states": [],
    "lr_schedulers": [],
    "loops": {},
    "callbacks": {},
}


class Small(LightningModule):
    """A network with weights, biases and statistics, trained with momentum."""

    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        return self.network(batch[0]).square().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["ogive"] = dict(RUN)


def fit(folder: Path, module: Small, *, steps: int, resume: Path | None = None) -> Trainer:
    trainer = Trainer(
        accelerator="cpu",
        max_steps=steps,
        plugins=[Storage()],
        default_root_dir=folder,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    images = torch.linspace(-1, 1, 8 * 16).reshape(8, 1, 4, 4)
    trainer.fit(module, DataLoader(TensorDataset(images), batch_size=8), ckpt_path=resume)
    return trainer


@pytest.fixture(scope="module")
def lightnings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that Lightning made of a run, by way of `Storage`."""
    folder = tmp_path_factory.mktemp("lightning")
    torch.manual_seed(0)
    trainer = fit(folder, Small(), steps=3)
    trainer.save_checkpoint(folder / "checkpoints" / "last.ckpt")
    return folder / "checkpoints" / "last.ckpt"


def state(step: int = 0, **entry: object) -> dict[str, Any]:
    return STATE | {"global_step": step, "ogive": RUN | entry}


def test_what_is_saved_is_read(tmp_path: Path):
    save(tmp_path / "new" / "folder" / "last.ckpt", STATE)
    found = read(tmp_path / "new" / "folder" / "last.ckpt")
    assert torch.equal(found["state_dict"].pop("weight"), STATE["state_dict"]["weight"])
    assert found == STATE | {"state_dict": {}}


def test_lightning_goes_on_from_what_it_saved(tmp_path: Path, lightnings: Path):
    torch.manual_seed(0)
    through = Small()
    fit(tmp_path, through, steps=6)
    resumed = Small()
    trainer = fit(tmp_path, resumed, steps=6, resume=lightnings)
    assert trainer.global_step == 6
    assert all(torch.equal(a, b) for a, b in zip(through.parameters(), resumed.parameters(), strict=True))


def test_lightnings_checkpoint_can_be_resumed_from(lightnings: Path):
    found, path, refused = newest(lightnings.parent, RUN)
    assert (path, refused) == (lightnings, [])
    assert found is not None
    assert found["global_step"] == 3


def test_torch_reads_it_without_ogive(lightnings: Path):
    plain = torch.load(lightnings, weights_only=True)
    sealed = read(lightnings)
    assert plain.keys() == sealed.keys()
    assert all(
        torch.equal(plain["state_dict"][key], sealed["state_dict"][key]) for key in plain["state_dict"]
    )
    assert zipfile.ZipFile(lightnings).testzip() is None


def test_a_byte_changed_anywhere_is_found(lightnings: Path, tmp_path: Path):
    whole = lightnings.read_bytes()
    places = random.Random(0)
    # everywhere a change was ever harmless: the first and the last bytes, headers, padding between records
    edges = [*range(64), *range(len(whole) - 200, len(whole))]
    path = tmp_path / "last.ckpt"
    for place in [*edges, *(places.randrange(len(whole)) for _ in range(400))]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << places.randrange(8)
        path.write_bytes(flipped)
        with pytest.raises(Damaged):
            read(path)
    path.write_bytes(whole)
    read(path)


def test_a_file_cut_off_anywhere_is_found(lightnings: Path, tmp_path: Path):
    whole = lightnings.read_bytes()
    places = random.Random(1)
    path = tmp_path / "last.ckpt"
    for length in [
        *range(1, 40),
        *(len(whole) - n for n in range(1, 120)),
        *places.sample(range(len(whole)), 200),
    ]:
        path.write_bytes(whole[:length])
        with pytest.raises(Damaged):
            read(path)
    for added in (b"\0", b"PK\x05\x06" + 18 * b"\0", whole):
        path.write_bytes(whole + added)
        with pytest.raises(Damaged):
            read(path)


@settings(max_examples=150, deadline=None)
@given(data=st.binary(max_size=300))
def test_any_bytes_are_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.getbasetemp() / "any.ckpt"
    for content in (data, b"PK\x03\x04" + data, b"PK\x03\x04" + data + b"PK\x05\x06" + 18 * b"\0"):
        path.write_bytes(content)
        with pytest.raises(Damaged):
            read(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"weights", "it is no checkpoint: it does not begin as a zip file does"),
        (b"PK\x03\x04 and nothing else", "it is cut off, or its end is damaged"),
    ],
)
def test_what_is_no_checkpoint(content: bytes, reason: str, tmp_path: Path):
    path = tmp_path / "last.ckpt"
    path.write_bytes(content)
    with pytest.raises(Damaged, match=f"^{reason}$"):
        read(path)


def test_reasons_of_damage(lightnings: Path, tmp_path: Path):
    path = tmp_path / "last.ckpt"
    whole = bytearray(lightnings.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    with pytest.raises(Damaged, match="not those that were written: their SHA-256 differs"):
        read(path)


def test_a_checkpoint_of_plain_torch_is_tested_by_its_crcs(tmp_path: Path):
    path = tmp_path / "last.ckpt"
    torch.save(STATE, path)
    assert read(path)["global_step"] == 7
    whole = path.read_bytes()
    weight = STATE["state_dict"]["weight"].numpy().tobytes()
    place = whole.index(weight)
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    with pytest.raises(Damaged, match=r"`.*data/0` in it is damaged: its CRC differs"):
        read(path)


class Malicious:
    """Makes a folder when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.path),)


def test_code_is_refused_and_not_executed(tmp_path: Path):
    path, trace = tmp_path / "last.ckpt", tmp_path / "executed"
    torch.save(STATE | {"callbacks": {"x": Malicious(trace)}}, path)
    with pytest.raises(Damaged, match=r"it holds code \(`posix\.mkdir`\), which is not executed"):
        read(path)
    assert not trace.exists()
    torch.load(path, weights_only=False)
    assert trace.exists(), "the file would not have done anything: the test proves nothing"


def test_code_is_refused_by_lightning_too(tmp_path: Path):
    path, trace = tmp_path / "last.ckpt", tmp_path / "executed"
    torch.save(STATE | {"x": Malicious(trace)}, path)
    with pytest.raises(Damaged, match="it holds code"):
        Storage().load_checkpoint(path, weights_only=False)
    assert not trace.exists()


def test_what_could_not_be_read_back_is_not_written(tmp_path: Path):
    with pytest.raises(TypeError, match=r"without executing code; this one needs `pathlib\.PosixPath`"):
        save(tmp_path / "last.ckpt", STATE | {"callbacks": {"where": tmp_path}})
    assert not list(tmp_path.iterdir())


def test_a_packed_archive_is_refused(tmp_path: Path):
    """A zip bomb is small on the disk and endless in memory."""
    path = tmp_path / "last.ckpt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", 1000 * b"\0")
    with pytest.raises(Damaged, match="it is packed"):
        read(path)


def test_other_things_than_a_state_are_refused(tmp_path: Path):
    path = tmp_path / "last.ckpt"
    torch.save([1, 2], path)
    with pytest.raises(Damaged, match="it holds a list, not the state of a run"):
        read(path)


def test_missing_keys(tmp_path: Path):
    path = tmp_path / "last.ckpt"
    save(path, {"ogive": RUN, "epoch": 1})
    with pytest.raises(Damaged, match="it does not hold `state_dict`, `loops`"):
        read(path, needs=("epoch", "state_dict", "loops"))
    assert newest(tmp_path, RUN).refused[0][1].startswith("it does not hold `state_dict`")


def test_a_folder_in_its_place_is_refused(tmp_path: Path):
    (tmp_path / "last.ckpt").mkdir()
    with pytest.raises(Damaged, match="it cannot be read: Is a directory"):
        read(tmp_path / "last.ckpt")


# -- last and previous


def steps_in(folder: Path) -> dict[str, int]:
    return {path.name: read(path)["global_step"] for path in sorted(folder.glob("*.ckpt"))}


def test_the_one_before_is_kept(tmp_path: Path):
    for step in range(3):
        save(tmp_path / "last.ckpt", state(step))
    assert steps_in(tmp_path) == {"last.ckpt": 2, "previous.ckpt": 1}
    assert len(list(tmp_path.iterdir())) == 2


def test_other_checkpoints_are_replaced(tmp_path: Path):
    for step in range(3):
        save(tmp_path / "best.ckpt", state(step))
    assert steps_in(tmp_path) == {"best.ckpt": 2}


def test_a_damaged_last_does_not_replace_a_good_previous(tmp_path: Path):
    """As after resuming from `previous.ckpt`."""
    for step in range(2):
        save(tmp_path / "last.ckpt", state(step))
    (tmp_path / "last.ckpt").write_bytes((tmp_path / "last.ckpt").read_bytes()[:-1])
    save(tmp_path / "last.ckpt", state(2))
    assert steps_in(tmp_path) == {"last.ckpt": 2, "previous.ckpt": 0}


def test_where_the_file_system_has_no_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def no_link(source: object, target: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(storage.os, "link", no_link)
    for step in range(3):
        save(tmp_path / "last.ckpt", state(step))
    keep_as(tmp_path / "last.ckpt", tmp_path / "best.ckpt")
    save(tmp_path / "last.ckpt", state(3))
    assert steps_in(tmp_path) == {"best.ckpt": 2, "last.ckpt": 3, "previous.ckpt": 2}


def test_best_is_a_second_name(tmp_path: Path):
    save(tmp_path / "last.ckpt", state(0))
    keep_as(tmp_path / "last.ckpt", tmp_path / "best.ckpt")
    assert (tmp_path / "best.ckpt").samefile(tmp_path / "last.ckpt")
    keep_as(tmp_path / "last.ckpt", tmp_path / "best.ckpt")  # again: nothing changes, nothing is left over
    for step in (1, 2, 3):
        save(tmp_path / "last.ckpt", state(step))
    assert steps_in(tmp_path) == {"best.ckpt": 0, "last.ckpt": 3, "previous.ckpt": 2}
    assert len(list(tmp_path.iterdir())) == 3


def test_newest_takes_the_one_before(tmp_path: Path):
    assert newest(tmp_path / "nowhere", RUN) == (None, None, [])
    for step in range(2):
        save(tmp_path / "last.ckpt", state(step))
    last, previous = tmp_path / "last.ckpt", tmp_path / "previous.ckpt"
    whole = last.read_bytes()

    last.write_bytes(b"")
    found, path, refused = newest(tmp_path, RUN)
    assert (found or {})["global_step"] == 0
    assert (path, refused) == (previous, [(last, "it is empty")])

    last.unlink()
    assert newest(tmp_path, RUN)[1:] == (previous, [(last, "it is missing")])

    last.write_bytes(whole)
    previous.unlink()
    assert newest(tmp_path, RUN)[1:] == (last, [])

    last.write_bytes(whole[:100])
    previous.write_bytes(b"x")
    found, path, refused = newest(tmp_path, RUN)
    assert (found, path) == (None, None)
    assert [path.name for path, _ in refused] == ["last.ckpt", "previous.ckpt"]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"run": "b2", "program": "p" * 64}, "it is of another run: `b2`, not `a1`"),
        (
            {"run": "a1", "program": "q" * 64},
            "it is of another program: `qqqqqqqqqqqq…`, not `pppppppppppp…`",
        ),
        ({"run": "a1"}, "it does not say of which program it is"),
        (None, "it is not of `ogive train`: it has no entry `ogive`"),
    ],
)
def test_foreign_checkpoints_are_refused(entry: object, reason: str, tmp_path: Path):
    save(tmp_path / "last.ckpt", state(0))
    save(tmp_path / "last.ckpt", STATE | {"ogive": entry})
    found, path, refused = newest(tmp_path, RUN)
    assert (found or {})["global_step"] == 0
    assert (path, refused) == (tmp_path / "previous.ckpt", [(tmp_path / "last.ckpt", reason)])


# -- interrupted writing


class Killed(BaseException):
    """The process is no more: nothing that should tidy up may reach the disk."""


class Mortal:
    """The calls of `storage` that reach the disk, all of which fail from the `moment`-th on. Writing dies half
    way.
    """

    def __init__(self, moment: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = moment
        for owner, names in ((os, ("open", "fsync", "link")), (Path, ("open", "replace", "unlink", "mkdir"))):
            for name in names:
                monkeypatch.setattr(owner, name, self.counted(getattr(owner, name)))

    def counted(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.live()
            result = function(*arguments, **named)
            return Writer(result, self) if isinstance(result, io.BufferedWriter) else result

        return call

    def live(self) -> None:
        self.left -= 1
        if self.left <= 0:
            raise Killed


class Writer:
    """A file that dies while it is written."""

    def __init__(self, file: io.BufferedWriter, mortal: Mortal) -> None:
        self.file, self.mortal = file, mortal

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()

    def write(self, data: memoryview) -> None:
        self.file.write(data[: len(data) // 2])
        self.mortal.live()
        self.file.write(data[len(data) // 2 :])


@pytest.fixture
def killed(tmp_path: Path) -> list[Path]:
    """Folders as saving a third checkpoint leaves them when it is killed before each of its calls; it came
    through in the last one.
    """
    first = tmp_path / "0"
    for step in range(2):
        save(first / "last.ckpt", state(step))
    folders: list[Path] = []
    for moment in range(1, 40):
        folders.append(tmp_path / str(moment))
        shutil.copytree(first, folders[-1])
        with pytest.MonkeyPatch.context() as patch:
            mortal = Mortal(moment, patch)
            try:
                save(folders[-1] / "last.ckpt", state(2))
            except Killed:
                continue
        assert mortal.left > 0
        return folders
    pytest.fail("there are more moments than were tried")


def test_a_kill_at_any_moment_leaves_a_good_checkpoint(killed: list[Path]):
    assert len(killed) >= 10, "few moments: is the file written in another way?"
    assert any((folder / ".last.ckpt.part").exists() for folder in killed)
    steps: list[int] = []
    for folder in killed:
        found, _, _ = newest(folder, RUN)
        assert found is not None, f"nothing is left in {folder}"
        steps.append(found["global_step"])
    assert steps == sorted(steps)  # the old one up to a moment, then the new one
    assert set(steps) == {1, 2}


def test_what_a_kill_left_over_is_cleared_away(killed: list[Path]):
    for folder in killed:
        save(folder / "last.ckpt", state(3))
        save(folder / "last.ckpt", state(4))
        assert {path.name for path in folder.iterdir()} == {"last.ckpt", "previous.ckpt"}
        assert steps_in(folder) == {"last.ckpt": 4, "previous.ckpt": 3}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_an_error_while_writing_changes_nothing(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for step in range(2):
        save(tmp_path / "last.ckpt", state(step))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    def full(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(storage.os, "fsync", full)
    with pytest.raises(NotWritten) as raised:
        save(tmp_path / "last.ckpt", state(2))
    assert raised.value.errno == number
    assert raised.value.filename == str(tmp_path / "last.ckpt")
    assert raised.value.needed > 1000
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
