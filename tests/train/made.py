"""Runs that several tests open, made once in a process."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import ogive
from ogive.layers.library import Library
from ogive.plugin.files import add_plugin
from ogive.train.machine import Machine
from plugins.test_docs import PLUGIN

TINY = """use "parts/blocks.arch"
use SE from "se.arch"
net Tiny(classes = 10, width = 8) {
  input image: 1x8x8
  Body(width) -> SE(r = 2) -> dropout(0.3) -> max_pool(2x2) -> flatten -> linear(classes)
}
"""
BLOCKS = "block Body(width) { conv(width, 3x3, padding = 1) -> bn -> relu }\n"
PHOTOS = """net Photos(classes = 3) {
  input image: 3x8x8
  conv(4, 3x3) -> relu -> flatten -> linear(classes)
}
"""
GEM = """net Gem(classes = 10) {
  input image: 1x8x8
  conv(4, 3x3) -> relu -> gem -> flatten -> linear(classes)
}
"""
CLASSES = ("cat", "dog", "emu")
SIZES = [(12, 10), (9, 14), (20, 20), (11, 11), (8, 30), (13, 9), (10, 10)]


def write_folder(root: Path, sizes: list[tuple[int, int]], classes: tuple[str, ...]) -> Path:
    """Images of each size for each class, to train on and to test with."""
    from train.data import sets

    return sets.write_folder(root, sizes, classes)


@cache
def folder() -> Path:
    """Where programs, data and runs are."""
    path = Path(tempfile.mkdtemp(prefix="ogive-made-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    (path / "parts").mkdir()
    (path / "parts" / "blocks.arch").write_text(BLOCKS, encoding="utf-8")
    for name, text in (("tiny", TINY), ("photos", PHOTOS), ("gem", GEM)):
        (path / f"{name}.arch").write_text(text, encoding="utf-8")
    (path / "pooling.py").write_text(PLUGIN, encoding="utf-8")
    write_folder(path / "data", SIZES, CLASSES)
    return path


def digits_run(seed: int = 0) -> Path:
    """A net with batch norm, of a file that uses another and the library, with `--set` and `--edit`."""
    return _digits_run(seed)


@cache
def _digits_run(seed: int) -> Path:
    network = ogive.load(folder() / "tiny.arch", edits=["replace relu with tanh"], width=4)
    return _train(network, f"tiny-{seed}", seed=seed, epochs=2, batch=256)


@cache
def photos_run() -> Path:
    """Photographs in folders, of several sizes, tested in ten crops, without batch norm."""
    settings = {
        "data": f'folder("{folder() / "data"}", resize = 9)',
        "augment": "random_crop(8), hflip, normalize",
        "evaluate": "ten_crop",
        "validation": 0.3,
        "batch": 4,
        "epochs": 1,
    }
    return _train(ogive.load(folder() / "photos.arch"), "photos", workers=0, **settings)


@cache
def plugin_run() -> Path:
    """A net with a layer of a plugin."""
    library = Library.standard()
    plugin = add_plugin(library, folder() / "pooling.py")
    network = ogive.load(folder() / "gem.arch", library=library)
    plugins = {str(plugin.path): plugin.digest}
    return _train(network, "gem", plugins=plugins, data="random(40)", epochs=1, batch=16)


@cache
def module_run() -> Path:
    """A module that was made in Python."""
    import torch

    module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 10))
    return _train(module, "module", shape=(1, 8, 8), epochs=1, batch=256)


def _train(
    network: Any,
    name: str,
    *,
    plugins: Any = None,
    shape: Any = None,
    workers: int | None = None,
    **settings: Any,
) -> Path:
    import torch

    from ogive.train.run import train

    with torch.random.fork_rng(devices=[]):
        done = train(
            network,
            settings=settings,
            out=folder() / "runs" / name,
            machine=Machine(device="cpu", workers=workers),
            plugins=plugins,
            input=shape,
        )
    return done.out
