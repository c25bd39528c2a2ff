"""The sets that torchvision knows, reads, checks and gets: MNIST and its like, CIFAR, SVHN."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from ogive.diagnostics import ArchError, Diagnostic
from ogive.recipes.data import Cifar10, Cifar100, FashionMnist, Mnist, OfOneSize, Svhn
from ogive.train.data.source import Fit, InMemory, Shape, Source

DATA_DIR = Path("data")
"""Where sets are unless said otherwise."""


class File(NamedTuple):
    """A file of a set.

    Attributes:
        path: below the folder that is torchvision's `root`.
        md5: its digest, where torchvision knows it.
        url: where it comes from, or the archive that holds it.
        packed: the file that is it, compressed, may lie beside it, with that digest.
    """

    path: str
    md5: str | None
    url: str
    packed: tuple[str, str] | None = None


class Part(NamedTuple):
    """Images [N, C, H, W], uint8, their labels [N], int64, and the names of the classes."""

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]


class Family(Protocol):
    """Sets of one format."""

    @property
    def size(self) -> str:
        """About how much is downloaded."""
        ...

    def files(self) -> list[File]:
        """All that a set consists of."""
        ...

    def part(self, root: Path, train: bool) -> Part:
        """The images to train on, or those of the test."""
        ...

    def download(self, root: Path) -> None:
        """Gets what is missing, through torchvision."""
        ...


def _of_torchvision(name: str) -> Any:
    """A class of `torchvision.datasets`, imported when it is needed."""
    from torchvision import datasets

    return getattr(datasets, name)


@dataclass(frozen=True)
class _Published:
    """A set of `torchvision.datasets`: the class that holds it, and how much is to be fetched."""

    name: str
    size: str

    @property
    def _set(self) -> Any:
        return _of_torchvision(self.name)


@dataclass(frozen=True)
class Idx(_Published):
    """MNIST and Fashion-MNIST: files of LeCun's idx format, `NAME/raw/train-images-idx3-ubyte` and so on."""

    def files(self) -> list[File]:
        """All four; each may still be packed."""
        below = f"{self.name}/raw"
        return [
            File(f"{below}/{name.removesuffix('.gz')}", None, self._set.mirrors[0] + name, (name, md5))
            for name, md5 in self._set.resources
        ]

    def part(self, root: Path, train: bool) -> Part:
        """Read by torchvision; what is packed is unpacked into a folder that is deleted again."""
        with self._unpacked(root) as at:
            data = self._set(at, train=train)
        classes = tuple("0123456789") if self.name == "MNIST" else tuple(data.classes)
        return Part(data.data[:, None], data.targets, classes)

    def download(self, root: Path) -> None:
        """Gets the packed files, and unpacks them."""
        self._set(root, download=True)

    @contextmanager
    def _unpacked(self, root: Path) -> Generator[Path]:
        missing = [file for file in self.files() if not (root / file.path).exists()]
        if not missing:
            yield root
            return
        with TemporaryDirectory() as folder:
            for file in self.files():
                path, packed = root / file.path, (root / file.path).with_name(file.packed[0])  # pyright: ignore[reportOptionalSubscript]
                target = Path(folder) / file.path
                target.parent.mkdir(parents=True, exist_ok=True)
                if path.exists():
                    target.symlink_to(path.resolve())
                    continue
                with gzip.open(packed) as source, target.open("wb") as stream:
                    shutil.copyfileobj(source, stream)
            yield Path(folder)


@dataclass(frozen=True)
class Cifar(_Published):
    """CIFAR-10 and CIFAR-100 in the version for Python: pickled batches, opened once their MD5 is right."""

    def files(self) -> list[File]:
        """The batches, and the file with the names of the classes."""
        cifar = self._set
        named = [*cifar.train_list, *cifar.test_list, (cifar.meta["filename"], cifar.meta["md5"])]
        return [File(f"{cifar.base_folder}/{name}", md5, cifar.url) for name, md5 in named]

    def part(self, root: Path, train: bool) -> Part:
        """Read by torchvision, which compares digests first."""
        data = self._set(root, train=train)
        images = torch.from_numpy(np.ascontiguousarray(data.data.transpose(0, 3, 1, 2)))
        return Part(images, torch.tensor(data.targets, dtype=torch.int64), tuple(data.classes))

    def download(self, root: Path) -> None:
        """Gets the archive unless it is there, and unpacks it."""
        self._set(root, download=True)


@dataclass(frozen=True)
class Mat:
    """SVHN in its format 2, cropped digits: `train_32x32.mat` and so on, for Matlab."""

    extra: bool

    @property
    def size(self) -> str:
        """About how much is downloaded."""
        return "1.6 GB" if self.extra else "250 MB"

    def files(self) -> list[File]:
        """One for each part."""
        from torchvision.datasets import SVHN

        parts = ["train", "test", *(["extra"] if self.extra else [])]
        listed = (SVHN.split_list[part] for part in parts)
        return [File(name, md5, url) for url, name, md5 in listed]

    def part(self, root: Path, train: bool) -> Part:
        """Read by torchvision through scipy; 0 is class 0."""
        from torchvision.datasets import SVHN

        names = ["train", *(["extra"] if self.extra else [])] if train else ["test"]
        parts = [SVHN(root, split=name) for name in names]
        images = np.ascontiguousarray(np.concatenate([part.data for part in parts]))
        labels = np.concatenate([np.atleast_1d(part.labels) for part in parts])
        return Part(torch.from_numpy(images), torch.from_numpy(labels), tuple("0123456789"))

    def download(self, root: Path) -> None:
        """Gets the files of all parts."""
        from torchvision.datasets import SVHN

        for part in ("train", "test", *(("extra",) if self.extra else ())):
            SVHN(root, split=part, download=True)


def family_of(choice: OfOneSize) -> Family:
    """How the files of a set are read."""
    match choice:
        case Mnist():
            return Idx("MNIST", "12 MB")
        case FashionMnist():
            return Idx("FashionMNIST", "31 MB")
        case Cifar10():
            return Cifar("CIFAR10", "170 MB")
        case Cifar100():
            return Cifar("CIFAR100", "169 MB")
        case Svhn():
            return Mat(choice.extra)
        case _:
            raise KeyError(choice.kind)


def known(choice: OfOneSize, inputs: Shape | None, data_dir: Path | None, download: bool) -> Source:
    """A set that torchvision knows.

    Args:
        choice: as the recipe has it.
        inputs: the net's input, whose three channels a grey image is repeated to.
        data_dir: the folder that holds the set, laid out as torchvision does it, or a folder that is called
            like the set in there; `data` unless given.
        download: whether to get it, if it is not there.

    Raises:
        ArchError: E550, it is not there; E551, it is damaged, or getting it failed.
    """
    family = family_of(choice)
    folder = data_dir or DATA_DIR
    root = next((at for at in (folder, folder / choice.kind) if _any(family, at)), folder)
    if download:
        _download(choice, family, root)
    _require(choice, family, root)
    train, test = (_read(choice, family, root, train) for train in (True, False))
    assert choice.shape is not None
    fit = Fit(
        (choice.resize, choice.resize) if choice.resize is not None else None,
        pad=choice.pad,
        channels=3 if choice.shape[0] == 1 and inputs is not None and inputs[0] == 3 else None,
    )
    images = [InMemory(part.images, part.labels, fit).fitted() for part in (train, test)]
    extra = "extra = true, " if isinstance(choice, Svhn) and choice.extra else ""
    return Source(
        choice.kind,
        train.classes,
        images[0].shape,
        images[0],
        images[1],
        channels=images[0].shape[0],
        written=f"{choice.kind}({extra}resize = {{}})",
    )


def _any(family: Family, root: Path) -> bool:
    return any((root / file.path).exists() or _packed(root, file).exists() for file in family.files())


def _packed(root: Path, file: File) -> Path:
    path = root / file.path
    return path.with_name(file.packed[0]) if file.packed else path


def _require(choice: OfOneSize, family: Family, root: Path) -> None:
    """Whether everything is there.

    Raises:
        ArchError: E550, nothing is; E551, a part of it is not, or a packed file is damaged.
    """
    files = family.files()
    missing = [f for f in files if not (root / f.path).exists() and not _packed(root, f).exists()]
    if missing:
        raise _missing(choice, family, root, missing, everything=len(missing) == len(files))
    for file in files:
        packed = _packed(root, file)
        if file.packed and not (root / file.path).exists() and (found := md5_of(packed)) != file.packed[1]:
            raise ArchError([_damaged(choice, f"`{packed}` has the MD5 {found}, not {file.packed[1]}")])


def _missing(
    choice: OfOneSize, family: Family, root: Path, missing: list[File], *, everything: bool
) -> ArchError:
    where = root.resolve()
    names = [file.path for file in missing]
    looked = ", ".join(f"`{name}`" for name in names[:3]) + (
        f" and {len(names) - 3} more" if names[3:] else ""
    )
    notes = [("looked for", f"{looked} in `{where}`, or in `{choice.kind}` there")]
    urls = dict.fromkeys(file.url for file in missing)
    notes += [("from", url) for url in urls]
    archives = [where / Path(url).name for url in urls]
    unpack = [path for path in archives if path.exists() and path.name.endswith((".tar.gz", ".tgz"))]
    get = f"`--download` gets it ({family.size}) and puts it into `{root}`; `--data-dir` names another folder"
    if unpack:
        get = f"it is there, packed: `tar -xzf {unpack[0]} -C {where}`"
    message = f"`{choice.kind}` is not in `{root}`"
    if not everything:
        message = f"`{choice.kind}` is not whole: {names[0]} is missing in `{root}`"
    return ArchError([Diagnostic("E550", message, notes=tuple(notes), help=get)])


def _damaged(choice: OfOneSize, reason: str, help_: str | None = None) -> Diagnostic:
    message = f"`{choice.kind}` is damaged, or is something else: {reason}"
    again = "delete the file, and get it again with `--download`"
    own = "data of your own are images: `--data 'folder(\"images\")'` has `images/train/CLASS/*.png`"
    return Diagnostic("E551", message, help=help_ or f"{again}; {own}")


def _read(choice: OfOneSize, family: Family, root: Path, train: bool) -> Part:
    """One part of a set, looked at.

    Raises:
        ArchError: E551, it cannot be read, or is not what it should be.
    """
    try:
        part = family.part(root, train)
    except MemoryError:
        raise
    except Exception as error:  # what readers raise for damaged files is nearly anything
        raise ArchError([_damaged(choice, _why(family, root, train, error))]) from error
    images, labels, classes = part
    which = "training" if train else "test"
    expected = choice.shape
    if tuple(images.shape[1:]) != expected:
        shapes = f"its {which} images are {_times(images.shape[1:])}, and should be {_times(expected or ())}"
        raise ArchError([_damaged(choice, shapes)])
    if len(images) != len(labels) or not len(images):
        raise ArchError([_damaged(choice, f"{len(images)} {which} images and {len(labels)} labels")])
    least, most = int(labels.min()), int(labels.max())
    if least < 0 or most >= len(classes) or len(classes) != choice.classes:
        reason = f"its {which} labels run from {least} to {most}, and it has {choice.classes} classes"
        raise ArchError([_damaged(choice, reason)])
    return part


def _why(family: Family, root: Path, train: bool, error: Exception) -> str:
    """The file that is empty, or whose digest is wrong, if one is; what the reader said otherwise."""
    for file in family.files():
        if (root / file.path).is_file() and not (root / file.path).stat().st_size:
            return f"`{root / file.path}` is empty"
        if file.md5 and (root / file.path).is_file() and (found := md5_of(root / file.path)) != file.md5:
            return f"`{root / file.path}` has the MD5 {found}, not {file.md5}"
    said = str(error).strip().split("\n", 1)[0] or type(error).__name__
    return f"the {'training' if train else 'test'} images cannot be read: {said}"


def md5_of(path: Path) -> str:
    """The digest of a file that lists of sets name, in hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _times(shape: tuple[int, ...] | torch.Size) -> str:
    return "x".join(map(str, shape))


# --------------------------------------------------------------------------- getting a set


def _download(choice: OfOneSize, family: Family, root: Path) -> None:
    """Gets a set, unless another process is at it, which is waited for.

    Raises:
        ArchError: E551, it cannot be got, or is not what it should be.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _alone(root):
            family.download(root)
    except (OSError, HTTPException, RuntimeError, EOFError) as error:  # URLError is an OSError
        reason = str(error).strip().split("\n", 1)[0] or type(error).__name__
        urls = ", ".join(dict.fromkeys(file.url for file in family.files()))
        raise ArchError(
            [
                Diagnostic(
                    "E551",
                    f"`{choice.kind}` could not be downloaded into `{root}`: {reason}",
                    notes=(("from", urls),),
                    help=f"get it by other means, put it into `{root}`, and leave out `--download`",
                )
            ]
        ) from error


@contextmanager
def _alone(folder: Path) -> Generator[None]:
    """One process at a time, as far as the system can tell: those of one run begin together."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
