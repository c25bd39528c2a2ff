"""Small sets in the true file formats, and recipes for them."""

from __future__ import annotations

import gzip
import hashlib
import pickle
import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets

from ogive.diagnostics import ArchError, Diagnostic
from ogive.pipeline import read_program
from ogive.recipes import Recipe, resolve_all
from ogive.recipes.whole import whole
from ogive.train.data import Batch, InMemory, Source


def recipe(augment: str = "none", **settings: object) -> Recipe:
    """A whole recipe with that `augment`, and settings over those that tests mostly want."""
    said = {
        "data": "digits",
        "batch": 4,
        "epochs": 1,
        "optimizer": "sgd(lr = 0.1)",
        "validation": 0,
    } | settings
    lines = [f"  {name} {value}" for name, value in said.items()]
    recipes, found = resolve_all(
        read_program("\n".join(["recipe r {", f"  augment {augment}", *lines, "}"]) + "\n")
    )
    assert [diagnostic.message for diagnostic in found] == []
    return whole(recipes[0])


def refusal(run) -> Diagnostic:
    """The one diagnostic that a call ends in."""
    with pytest.raises(ArchError) as caught:
        run()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def pixels(count: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def numbered(count: int = 10, shape: tuple[int, int, int] = (3, 12, 12), test: int = 4) -> Source:
    """A set in memory whose labels are the numbers of its images."""
    images = [torch.from_numpy(pixels(n, *shape, seed=n)) for n in (count, test)]
    parts = [InMemory(each, torch.arange(len(each))) for each in images]
    names = tuple(map(str, range(max(count, test))))
    return Source("cifar10", names, shape, *parts, channels=shape[0], written="cifar10(resize = {})")


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def idx(array: np.ndarray) -> bytes:
    """LeCun's idx format: two zeros, the type (8: unsigned bytes), the number of axes; their sizes, big-endian."""
    return (
        struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()
    )


def write_mnist(
    root: Path, name: str = "MNIST", *, packed: bool = False, train: int = 30, test: int = 10
) -> dict[str, np.ndarray]:
    """The four files of MNIST or FashionMNIST; returns what they hold."""
    raw = root / name / "raw"
    raw.mkdir(parents=True)
    held = {}
    for part, count in (("train", train), ("t10k", test)):
        held[f"{part}-images-idx3-ubyte"] = pixels(count, 28, 28, seed=count)
        held[f"{part}-labels-idx1-ubyte"] = np.arange(count, dtype=np.uint8) % 10
    for file, array in held.items():
        if packed:
            (raw / f"{file}.gz").write_bytes(gzip.compress(idx(array), mtime=0))
        else:
            (raw / file).write_bytes(idx(array))
    return held


def expect_packed(monkeypatch: pytest.MonkeyPatch, root: Path, name: str = "MNIST") -> None:
    """Lets torchvision expect the digests of the packed files that are there."""
    kind = getattr(datasets, name)
    files = [file for file, _ in kind.resources]
    monkeypatch.setattr(kind, "resources", [(file, md5(root / name / "raw" / file)) for file in files])


def write_cifar(
    root: Path, monkeypatch: pytest.MonkeyPatch, name: str = "CIFAR10", each: int = 20
) -> dict[str, tuple[np.ndarray, list[int]]]:
    """CIFAR's pickled batches, with digests that torchvision is told to expect; returns what they hold."""
    kind = getattr(datasets, name)
    classes = 10 if name == "CIFAR10" else 100
    folder = root / kind.base_folder
    folder.mkdir(parents=True)
    held = {}
    for number, (file, _) in enumerate([*kind.train_list, *kind.test_list]):
        data = pixels(each, 3072, seed=number)
        labels = [(number + i) % classes for i in range(each)]
        kinds = {"labels": labels} if classes == 10 else {"fine_labels": labels, "coarse_labels": [0] * each}
        (folder / file).write_bytes(pickle.dumps({"data": data, "batch_label": file, **kinds}, protocol=2))
        held[file] = data.reshape(-1, 3, 32, 32), labels
    meta = {kind.meta["key"]: [f"class {number}" for number in range(classes)]}
    (folder / kind.meta["filename"]).write_bytes(pickle.dumps(meta, protocol=2))
    for listed in ("train_list", "test_list"):
        names = [file for file, _ in getattr(kind, listed)]
        monkeypatch.setattr(kind, listed, [[file, md5(folder / file)] for file in names])
    monkeypatch.setattr(kind, "meta", kind.meta | {"md5": md5(folder / kind.meta["filename"])})
    return held


def write_svhn(root: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """SVHN's files for Matlab; the digit 0 has the label 10. Returns what they hold."""
    from scipy.io import savemat

    root.mkdir(parents=True, exist_ok=True)
    held, listed = {}, {}
    for part, count in (("train", 20), ("test", 10), ("extra", 30)):
        images, labels = pixels(count, 3, 32, 32, seed=count), np.arange(count) % 10
        url, file, _ = datasets.SVHN.split_list[part]
        marks = np.where(labels == 0, 10, labels).astype(np.uint8)[:, None]
        savemat(root / file, {"X": images.transpose(2, 3, 1, 0), "y": marks})
        held[part], listed[part] = (images, labels), [url, file, md5(root / file)]
    monkeypatch.setattr(datasets.SVHN, "split_list", listed)
    return held


def write_image(path: Path, size: tuple[int, int] = (16, 16), seed: int = 0, mode: str = "RGB") -> np.ndarray:
    """An image of (height, width), of smooth noise; returns its pixels [H, W, C] or [H, W]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    channels = (3,) if mode == "RGB" else ()
    small = np.random.default_rng(seed).integers(0, 256, (4, 4, *channels), dtype=np.uint8)
    image = Image.fromarray(small, mode).resize(size[::-1], Image.Resampling.BICUBIC)
    image.save(path)
    return np.asarray(image)


def write_folder(
    root: Path,
    sizes: list[tuple[int, int]],
    classes: tuple[str, ...] = ("cat", "dog"),
    parts: tuple[str, ...] = ("train", "test"),
    ending: str = "png",
) -> Path:
    """An image of each size for each class and part."""
    for i, part in enumerate(parts):
        for j, name in enumerate(classes):
            for k, size in enumerate(sizes):
                write_image(root / part / name / f"{k}.{ending}", size, seed=100 * i + 10 * j + k)
    return root


def same(some: Iterable[Batch], others: Iterable[Batch]) -> bool:
    """Whether batches have the same images, labels and shares, one by one; there are some."""
    pairs = list(zip(some, others, strict=True))
    assert pairs
    return all(
        torch.equal(a.images, b.images) and torch.equal(a.labels, b.labels) and a.share == b.share
        for a, b in pairs
    )
