"""Checkpoints on disk: written whole or not at all, read only when every byte is the one that was written.

A checkpoint is what Lightning makes of a run (a dictionary of tensors and plain values), as `torch.save`
writes it: a zip file. `save` adds the SHA-256 of all that is before it as the comment of the zip, so that
`torch.load` reads the file as ever and a damaged byte shows wherever it is; the CRCs of a zip leave out its
headers, and `torch.load` does not test them. Reading executes nothing: `weights_only=True`.

In a run's `checkpoints/` the checkpoint before the last stays as `previous.ckpt`. At every moment, a kill
between two system calls included, one of the two is whole.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import re
import shutil
import struct
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import torch
from lightning.pytorch.plugins.io import CheckpointIO
from torch.serialization import get_unsafe_globals_in_checkpoint

LAST, PREVIOUS, BEST = "last.ckpt", "previous.ckpt", "best.ckpt"
RESUMABLE = ("state_dict", "optimizer_states", "lr_schedulers", "loops", "callbacks", "epoch", "global_step")
"""What a checkpoint of Lightning's has to hold to go on from it."""

_SEAL = b"ogive sha256 "
_SEALED = re.compile(_SEAL + rb"([0-9a-f]{64})")
_SEAL_SIZE = len(_SEAL) + 64
_END = b"PK\x05\x06"  # of a zip: its end-of-central-directory record, 22 bytes and the comment
_END_SIZE = 22

State = dict[str, Any]


class Damaged(Exception):
    """A file that is not used as a checkpoint; the reason is its text."""


class NotWritten(OSError):
    """A checkpoint that could not be written; nothing on the disk was changed.

    Attributes:
        needed: the size of the checkpoint in bytes.
    """

    def __init__(self, cause: OSError, path: Path, needed: int) -> None:
        super().__init__(cause.errno, cause.strerror or str(cause), str(path))
        self.needed = needed


class Newest(NamedTuple):
    """The checkpoint to go on from; `state` and `path` are None where there is none.

    `refused` are those that are newer and cannot be used, each with its reason.
    """

    state: State | None
    path: Path | None
    refused: list[tuple[Path, str]]


class Storage(CheckpointIO):
    """The same for Lightning: `Trainer(plugins=[Storage()])` saves and loads through it."""

    def save_checkpoint(
        self, checkpoint: State, path: str | os.PathLike[str], storage_options: object = None
    ) -> None:
        """Writes a checkpoint; see `save`."""
        save(Path(path), checkpoint)

    def load_checkpoint(
        self, path: str | os.PathLike[str], map_location: Any = "cpu", weights_only: bool | None = None
    ) -> State:
        """Reads a checkpoint, never executing anything, whatever `weights_only` says; see `read`."""
        return read(Path(path), map_location=map_location)

    def remove_checkpoint(self, path: str | os.PathLike[str]) -> None:
        """Removes a checkpoint, if it is there."""
        Path(path).unlink(missing_ok=True)


def save(path: Path, state: Mapping[str, Any]) -> None:
    """Writes a checkpoint, whole or not at all; its folder is made. A `last.ckpt` that it replaces becomes
    `previous.ckpt`, unless it is damaged.

    One process may write a checkpoint at a time: what a killed one left beside it is written over.

    Raises:
        NotWritten: an OSError (no space, read-only, …). What was there before is there still.
        TypeError: the state holds what could not be read back without executing code.
    """
    data = serialise(state)
    beside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with beside.open("wb") as file:
                file.write(data.getbuffer())
                file.flush()
                os.fsync(file.fileno())
            if path.name == LAST and _is_whole(path):
                _replace_keeping_previous(beside, path)
            else:
                beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise NotWritten(error, path, data.getbuffer().nbytes) from error


def serialise(state: Mapping[str, Any]) -> io.BytesIO:
    """The bytes of a checkpoint, sealed.

    Raises:
        TypeError: the state holds what could not be read back without executing code.
    """
    data = io.BytesIO()
    torch.save(dict(state), data)
    data.seek(0)
    code = get_unsafe_globals_in_checkpoint(data)
    if code:
        names = ", ".join(f"`{name}`" for name in sorted(code))
        raise TypeError(
            f"a checkpoint holds tensors and plain values, to be read without executing code; "
            f"this one needs {names}"
        )
    # no comment yet: its length, the last two bytes of the file, is 0
    data.seek(-2, os.SEEK_END)
    data.write(struct.pack("<H", _SEAL_SIZE) + _SEAL)
    data.write(hashlib.sha256(data.getbuffer()).hexdigest().encode())
    data.seek(0)
    return data


def keep_as(source: Path, target: Path) -> None:
    """A checkpoint under a second name, `best.ckpt`: a hard link where the file system has them, else a copy.
    No checkpoint is ever written in place, so that the one does not change with the other.

    Raises:
        OSError: it cannot be written; the target is as it was.
    """
    beside = target.with_name(f".{target.name}.part")
    try:
        if not _link(source, beside):
            size = source.stat().st_size
            try:
                with source.open("rb") as whole, beside.open("wb") as copy:
                    shutil.copyfileobj(whole, copy)
                    copy.flush()
                    os.fsync(copy.fileno())
            except OSError as error:
                raise NotWritten(error, target, size) from error
        beside.replace(target)  # does nothing where both are the same file already
        _sync_folder(target.parent)
    finally:
        beside.unlink(missing_ok=True)


def read(path: Path, *, needs: Collection[str] = (), map_location: Any = "cpu") -> State:
    """A checkpoint, if every byte of it is the one that was written. Nothing in it is executed.

    Checkpoints without a seal, as plain `torch.save` writes them, are read if the CRCs in them are right.

    Args:
        path: the file.
        needs: keys that it has to have.
        map_location: where the tensors go; see `torch.load`.

    Raises:
        Damaged: it cannot be used, and why.
        FileNotFoundError: it is not there.
    """
    try:
        with path.open("rb") as file:
            _test_bytes(file)
            state = _load(file, map_location)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Damaged(f"it cannot be read: {error.strerror or error}") from error
    if not isinstance(state, dict):
        raise Damaged(f"it holds a {type(state).__name__}, not the state of a run")
    missing = [key for key in needs if key not in state]
    if missing:
        raise Damaged(f"it does not hold {_listed(missing)}")
    return cast("State", state)


def newest(folder: Path, expected: Mapping[str, object], *, needs: Collection[str] = RESUMABLE) -> Newest:
    """The newest checkpoint of a run that can be used: `last.ckpt`, else `previous.ckpt`, else `best.ckpt`,
    from which the epochs behind the best are run once more.

    Args:
        folder: the `checkpoints` of a run. It may be missing.
        expected: what the checkpoint's entry `"ogive"` has to say (`{"run": …, "program": …}`): one that
            says something else is another run's.
        needs: keys that it has to have.
    """
    refused: list[tuple[Path, str]] = []
    for path in (folder / LAST, folder / PREVIOUS, folder / BEST):
        try:
            state = read(path, needs=needs)
        except FileNotFoundError:
            refused.append((path, "it is missing"))
            continue
        except Damaged as error:
            refused.append((path, str(error)))
            continue
        reason = _why_foreign(state.get("ogive"), expected)
        if reason is None:
            return Newest(state, path, refused)
        refused.append((path, reason))
    there = [(path, reason) for path, reason in refused if path.exists()]
    return Newest(None, None, there)


def _is_whole(path: Path) -> bool:
    """Whether a file is there and sealed, and the seal is right."""
    try:
        with path.open("rb") as file:
            return _has_right_seal(file) is True
    except OSError:
        return False


def _has_right_seal(file: IO[bytes]) -> bool | None:
    """Whether the digest at the end of a file is that of what is before it; None where there is none."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _SEAL_SIZE))
    seal = _SEALED.fullmatch(file.read())
    if seal is None:
        return None
    file.seek(0)
    digest = hashlib.sha256()
    left = size - 64
    while left:
        chunk = file.read(min(left, 1 << 20))
        if not chunk:
            return False
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest().encode() == seal[1]


def _test_bytes(file: IO[bytes]) -> None:
    """Tests a file without reading anything into tensors.

    Raises:
        Damaged: its bytes are not those that were written, or it is no zip file of `torch.save`.
    """
    size = file.seek(0, os.SEEK_END)
    if not size:
        raise Damaged("it is empty")
    file.seek(0)
    if file.read(4) != b"PK\x03\x04":
        raise Damaged("it is no checkpoint: it does not begin as a zip file does")
    sealed = _has_right_seal(file)
    if sealed is False:
        raise Damaged("its bytes are not those that were written: their SHA-256 differs")
    if sealed is None:
        file.seek(max(0, size - _END_SIZE))
        end = file.read()
        if not end.startswith(_END) or end[-2:] != b"\0\0":
            raise Damaged("it is cut off, or its end is damaged")
    try:
        with zipfile.ZipFile(file) as archive:
            if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
                raise Damaged("it is packed, which no checkpoint is")
            wrong = archive.testzip()
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        ValueError,
        EOFError,
        struct.error,
    ) as error:
        raise Damaged(f"it is no whole zip file: {_first_line(error)}") from error
    if wrong is not None:
        raise Damaged(f"`{wrong}` in it is damaged: its CRC differs")


def _load(file: IO[bytes], map_location: Any) -> object:
    """Unpickles tensors and plain values, and nothing else.

    Raises:
        Damaged: it is not made of those.
    """
    try:
        file.seek(0)
        code = get_unsafe_globals_in_checkpoint(file)
        if code:
            raise Damaged(f"it holds code ({_listed(sorted(code))}), which is not executed")
        file.seek(0)
        return torch.load(file, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        raise Damaged("it holds more than tensors and plain values, and nothing in it is executed") from error
    except (Damaged, MemoryError, OSError):
        raise
    except Exception as error:  # whatever a strange file makes `torch.load` say
        raise Damaged(f"PyTorch cannot read it: {_first_line(error)}") from error


def _why_foreign(entry: object, expected: Mapping[str, object]) -> str | None:
    """What makes a checkpoint another run's, by its entry `"ogive"`; None if nothing does."""
    if not isinstance(entry, Mapping):
        return "it is not of `ogive train`: it has no entry `ogive`" if expected else None
    said = cast("Mapping[str, object]", entry)
    for key, value in expected.items():
        if key not in said:
            return f"it does not say of which {key} it is"
        if said[key] != value:
            return f"it is of another {key}: {_short(said[key])}, not {_short(value)}"
    return None


def _replace_keeping_previous(beside: Path, last: Path) -> None:
    """Puts the new file in place of `last`, which becomes `previous`."""
    previous = last.with_name(PREVIOUS)
    old = last.with_name(f".{PREVIOUS}.part")
    try:
        if _link(last, old):
            beside.replace(last)
            old.replace(previous)
        else:  # for a moment there is no `last`: `newest` takes `previous`
            last.replace(previous)
            beside.replace(last)
    finally:
        old.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> bool:
    """Whether a file system gives a file a second name."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def _sync_folder(folder: Path) -> None:
    """Makes names as durable as what they name, where the system can open a folder."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network file systems cannot; their renames are as durable as they make them
    finally:
        os.close(handle)


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _short(value: object) -> str:
    text = str(value)
    return f"`{text[:12]}…`" if len(text) > 24 else f"`{text}`"


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n", 1)[0] or type(error).__name__
