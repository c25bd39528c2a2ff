"""The folder of a run: what lies in it, and how a file gets there whole."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ogive.diagnostics import ArchError, Diagnostic


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
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)  # mkstemp's files are for their owner alone
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
    name: str

    @property
    def record(self) -> Path:
        """What the run was made with, and how it went."""
        return self.path / "run.json"

    @property
    def source(self) -> Path:
        """The program that was trained."""
        return self.path / f"{file_name(self.name)}.arch"

    @property
    def metrics(self) -> Path:
        """One line for each epoch."""
        return self.path / "metrics.csv"

    @property
    def weights(self) -> Path:
        """The best weights, as safetensors."""
        return self.path / "weights.safetensors"

    @property
    def curves(self) -> tuple[Path, Path]:
        """Loss and accuracy over the epochs, as SVG and PNG."""
        return self.path / "curves.svg", self.path / "curves.png"

    @property
    def best(self) -> Path:
        """Lightning's checkpoint of the best epoch."""
        return self.path / "checkpoints" / "best.ckpt"

    @property
    def last(self) -> Path:
        """Lightning's checkpoint of the last epoch, or of the step where the run was interrupted."""
        return self.path / "checkpoints" / "last.ckpt"

    def files(self) -> tuple[Path, ...]:
        """Those of them that exist."""
        known = (self.record, self.source, self.metrics, self.weights, *self.curves, self.best, self.last)
        return tuple(path for path in known if path.exists())

    def refuse_if_taken(self) -> None:
        """Makes sure that nothing would be overwritten; a program's text may lie there already.

        Raises:
            ArchError: E524, a run or a file is there.
        """
        if self.path.exists() and not self.path.is_dir():
            raise self._taken("is a file, not a folder")
        if any(path != self.source for path in self.files()):
            raise self._taken("holds a run already")

    def claim(self, record: Mapping[str, object]) -> None:
        """Makes the folder and opens its record; of two runs that start at once, one is refused.

        Raises:
            ArchError: E524, another run was there first, or the folder cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            with self.record.open("x", encoding="utf-8") as file:
                file.write(_json(record))
        except FileExistsError:
            raise self._taken("holds a run already") from None
        except OSError as error:
            reason = error.strerror or str(error)
            message = f"`{self.path}` cannot be written: {reason}"
            raise ArchError([Diagnostic("E524", message, help="--out with a folder of yours")]) from None

    def write_record(self, record: Mapping[str, object]) -> None:
        """Writes the record again."""
        write_text(self.record, _json(record))

    def _taken(self, why: str) -> ArchError:
        free = next_free(self.path.parent, f"{self.path.name}-")
        message = f"`{self.path}` {why}; nothing was overwritten"
        return ArchError([Diagnostic("E524", message, help=f"--out {free}, or remove `{self.path}` first")])


def next_free(parent: Path, prefix: str = "") -> Path:
    """The first of `parent/1`, `parent/2`, … that does not exist; with a prefix counted from 2."""
    number = 2 if prefix else 1
    while (parent / f"{prefix}{number}").exists():
        number += 1
    return parent / f"{prefix}{number}"


def default_folder(name: str) -> Path:
    """`runs/NAME/1`, or the next number that is free."""
    return next_free(Path("runs") / file_name(name))


def file_name(name: str) -> str:
    """A network's name as a file can have it."""
    return re.sub(r"[^\w.+-]+", "_", name).strip(".") or "network"


def _json(record: Mapping[str, object]) -> str:
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"
