"""The folder of a run: what lies in it, who may write there, and how a file gets there whole."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ogive.diagnostics import ArchError, Diagnostic
from ogive.files import write_atomically


@contextmanager
def written_beside(path: Path) -> Generator[Path]:
    """A path in the same folder to write to, renamed to `path` at the end, or removed when that fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # those who write (torch, matplotlib) open a file by its name, and the suffix tells them the format
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())  # mkstemp's files are for their owner alone
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """The text as UTF-8, whole or not at all."""
    with written_beside(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where the files of a run are."""

    path: Path

    @property
    def record(self) -> Path:
        """What the run was made with, and how it went."""
        return self.path / "run.json"

    @property
    def recipe(self) -> Path:
        """The recipe, with every setting."""
        return self.path / "recipe.arch"

    @property
    def metrics(self) -> Path:
        """One line for each epoch."""
        return self.path / "metrics.csv"

    @property
    def events(self) -> Path:
        """What TensorBoard reads."""
        return self.path / "events"

    @property
    def weights(self) -> Path:
        """The best weights, as safetensors."""
        return self.path / "weights.safetensors"

    @property
    def initial(self) -> Path:
        """The weights that it began with, where they were not drawn by the seed alone."""
        return self.path / "initial.safetensors"

    @property
    def curves(self) -> tuple[Path, Path]:
        """Loss and accuracy over the epochs, as SVG and PDF."""
        return self.path / "curves.svg", self.path / "curves.pdf"

    @property
    def report(self) -> Path:
        """The run on one page."""
        return self.path / "report.md"

    @property
    def checkpoints(self) -> Path:
        """Where the checkpoints are."""
        return self.path / "checkpoints"

    @property
    def best(self) -> Path:
        """Lightning's checkpoint of the best epoch."""
        return self.checkpoints / "best.ckpt"

    @property
    def last(self) -> Path:
        """Lightning's checkpoint of the last epoch, or of the step at which it was saved last."""
        return self.checkpoints / "last.ckpt"

    @property
    def previous(self) -> Path:
        """The one before it."""
        return self.checkpoints / "previous.ckpt"

    def files(self) -> tuple[Path, ...]:
        """Those of them that exist, the program among them."""
        program = sorted((self.path / "program").rglob("*.arch"))
        known = (
            self.report, self.record, self.recipe, *program, self.metrics, self.weights, *self.curves,
            self.best, self.last,
        )  # fmt: skip
        return tuple(path for path in known if path.exists())

    def refuse_if_taken(self) -> None:
        """Makes sure that nothing would be overwritten; a new or an empty folder is taken.

        Raises:
            ArchError: E524, something is there.
        """
        if self.path.exists() and not self.path.is_dir():
            raise self._taken("is a file, not a folder")
        if self.record.exists():
            raise self._taken("holds a run already", resume=True)
        if self.path.is_dir() and any(not entry.name.startswith(".") for entry in self.path.iterdir()):
            raise self._taken("holds files already")

    def create(self, record: Mapping[str, object], texts: Mapping[str, str], weights: bytes | None) -> None:
        """Makes the folder with all that a run needs to be begun, or begun again: whole or not at all.

        Args:
            record: what run.json says.
            texts: files by their paths in the folder.
            weights: `initial.safetensors`, if there is one.

        Raises:
            ArchError: E524, something is there by now, or the folder cannot be written.
        """
        beside: Path | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            beside = Path(tempfile.mkdtemp(prefix=f".{self.path.name}-", dir=self.path.parent))
            beside.chmod(0o777 & ~_umask())
            for name, text in {**texts, "run.json": _json(record)}.items():
                (beside / name).parent.mkdir(parents=True, exist_ok=True)
                write_text(beside / name, text)
            if weights is not None:
                write_atomically(beside / self.initial.name, weights)
            beside.rename(self.path)  # which an empty folder lets itself be replaced by
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                self.refuse_if_taken()
            above = next((each for each in self.path.parents if each.exists() and not each.is_dir()), None)
            reason = f"`{above}` is a file" if above else (error.strerror or str(error)).lower()
            message = f"`{self.path}` cannot be written: {reason}"
            raise ArchError([Diagnostic("E524", message, help="--out with a folder of yours")]) from None
        finally:
            if beside is not None:
                shutil.rmtree(beside, ignore_errors=True)

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keeps other processes from training in this folder meanwhile; the lock ends with the process.

        Raises:
            ArchError: E524, another process trains there.
        """
        with (self.path / ".lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"another process trains in `{self.path}`"
                help_ = "wait for it, or train elsewhere: --out"
                raise ArchError([Diagnostic("E524", message, help=help_)]) from None
            except OSError:  # a file system without locks
                yield
                return
            yield

    def write_record(self, record: Mapping[str, object]) -> None:
        """Writes the record again."""
        write_text(self.record, _json(record))

    def read_record(self) -> dict[str, Any]:
        """The record.

        Raises:
            OSError, ValueError: it cannot be read.
        """
        return json.loads(self.record.read_text(encoding="utf-8"))

    def _taken(self, why: str, *, resume: bool = False) -> ArchError:
        free = next_free(self.path)
        message = f"`{self.path}` {why}; nothing was overwritten"
        ways = f"--out {free}, or remove `{self.path}` first"
        if resume:
            ways += f"; to go on with it: ogive train --resume {self.path}"
        return ArchError([Diagnostic("E524", message, help=ways)])


def next_free(path: Path) -> Path:
    """The path, or the first of `path-2`, `path-3`, … that does not exist."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def default_folder(name: str) -> Path:
    """`runs/NAME`, or the next that is free: `runs/NAME-2`."""
    return next_free(Path("runs") / file_name(name))


def file_name(name: str) -> str:
    """A network's name as a file can have it."""
    return re.sub(r"[^\w.+-]+", "_", name).strip(".") or "network"


def _json(record: Mapping[str, object]) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
