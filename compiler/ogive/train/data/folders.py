"""A folder of images for each class, as torchvision's ImageFolder reads them. ImageNet is one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ogive.diagnostics import ArchError, Diagnostic
from ogive.recipes.data import Folder, Imagenet
from ogive.recipes.printing import written
from ogive.train.data.files import OnDisk
from ogive.train.data.known import DATA_DIR
from ogive.train.data.source import Shape, Source

_SHOWN = 5
_DEVKIT = "https://image-net.org/challenges/LSVRC/2012/2012-downloads.php"
_ARCHIVES = ("ILSVRC2012_img_train.tar", "ILSVRC2012_img_val.tar", "ILSVRC2012_devkit_t12.tar.gz")


def folder(choice: Folder, inputs: Shape | None) -> Source:
    """The set `folder("path")`: `train/CLASS/*` and `test/CLASS/*`; `val` does where there is no `test`.

    Images are read in shades of grey for a net that takes one channel, in colours otherwise.

    Raises:
        ArchError: E550, there is no such folder; E553, it does not hold what it should.
    """
    root = Path(choice.path).expanduser()
    if not root.is_dir():
        what = "is a file" if root.exists() else "does not exist"
        looked = (("looked for", f"`{root.absolute()}`"),)
        help_ = (
            'the path counts from where the command runs: `folder("images")` has `images/train/CLASS/*.png`'
        )
        raise ArchError([Diagnostic("E550", f"`{root}` {what}", notes=looked, help=help_)])
    test = next((root / name for name in ("test", "val") if (root / name).is_dir()), root / "test")
    source = _opened("folder", root / "train", test, inputs, choice.resize)
    path = written(choice.path, None).replace("{", "{{").replace("}", "}}")
    return replace(source, written=f"folder({path}, resize = {{}})")


def imagenet(choice: Imagenet, inputs: Shape | None, data_dir: Path | None) -> Source:
    """ImageNet of 2012, unpacked: `train/WNID/*` and `val/WNID/*`, 1000 classes; `val` is the test.

    It is looked for in `data_dir` and in `imagenet` in there. Classes have their names where torchvision's
    `meta.bin` stands beside, and are WordNet's numbers otherwise.

    Raises:
        ArchError: E550, it is not there; E551, it has another number of classes; E553, as `folder`.
    """
    at = data_dir or DATA_DIR
    places = (at, at / "imagenet")
    root = next((place for place in places if (place / "train").is_dir()), None)
    if root is None:
        raise _no_imagenet(at, places)
    source = _opened("imagenet", root / "train", root / "val", inputs, choice.resize)
    if len(source.classes) != choice.classes:
        message = (
            f"`{root / 'train'}` holds {len(source.classes)} classes, and `imagenet` has {choice.classes}"
        )
        help_ = f'a part of it, or another set, is `folder("{root}", resize = 256)`'
        raise ArchError([Diagnostic("E551", message, help=help_)])
    return replace(source, classes=_names(root, source.classes), written="imagenet(resize = {})")


def _no_imagenet(at: Path, places: tuple[Path, ...]) -> ArchError:
    looked = " and ".join(f"`{(place / 'train').absolute()}`" for place in places)
    notes = [("looked for", looked), ("from", f"{_DEVKIT}, after registration: {', '.join(_ARCHIVES)}")]
    packed = next((place for place in places if (place / _ARCHIVES[0]).is_file()), None)
    put = packed or at / "imagenet"
    unpack = f"from torchvision.datasets import ImageNet; [ImageNet('{put}', s) for s in ('train', 'val')]"
    help_ = f'put them into `{put}`, and unpack them there: `python -c "{unpack}"`'
    if packed:
        help_ = f'it is there, packed: `python -c "{unpack}"`'
    return ArchError([Diagnostic("E550", f"`imagenet` is not in `{at}`", notes=tuple(notes), help=help_)])


def _names(root: Path, wnids: tuple[str, ...]) -> tuple[str, ...]:
    """The first name of each class, from the file that torchvision makes of the archive with the tools."""
    from torchvision.datasets.imagenet import load_meta_file

    try:
        names = load_meta_file(root)[0]
        return tuple(names[wnid][0] for wnid in wnids)  # pyright: ignore[reportArgumentType]
    except Exception:  # it is not there, or something else: numbers do as well
        return wnids


def _opened(name: str, train: Path, test: Path, inputs: Shape | None, resize: int | None) -> Source:
    classes = _classes(name, train)
    _same_classes(train, classes, test, _classes(name, test))
    channels = 1 if inputs is not None and inputs[0] == 1 else 3
    images = {part: _images(part, classes, channels, resize) for part in (train, test)}
    common = images[train].common_size()
    if images[test].common_size() != common:
        common = None
    whole = {part: replace(each, size=common) for part, each in images.items()}
    return Source(
        name,
        classes,
        (channels, *common) if common is not None else None,
        whole[train],
        whole[test],
        channels=channels,
        shorter=resize,
        unscaled=images[train].unscaled() if resize is not None else None,
    )


def _classes(name: str, at: Path) -> tuple[str, ...]:
    """The folders in a folder, by name; those whose names begin with a dot are not meant.

    Raises:
        ArchError: E553, it is not there, or holds none.
    """
    if not at.is_dir():
        message = f"`{name}` has no folder `{at}`"
        help_ = f"images of each class in a folder of their own: `{at / 'CLASS' / '1.png'}`"
        raise ArchError([Diagnostic("E553", message, help=help_)])
    with os.scandir(at) as entries:
        found = sorted((entry.name, entry.is_dir()) for entry in entries if not entry.name.startswith("."))
    classes = tuple(entry for entry, is_folder in found if is_folder)
    if not classes:
        files = sum(not is_folder for _, is_folder in found)
        holds = f"{files} file{'s' * (files > 1)} and no folder" if files else "nothing"
        message = f"`{at}` holds {holds}: its classes are the folders in it"
        example = next((entry for entry, _ in found), "1.png")
        raise ArchError([Diagnostic("E553", message, help=f"`{at / 'CLASS' / example}`")])
    return classes


def _same_classes(train: Path, in_train: tuple[str, ...], test: Path, in_test: tuple[str, ...]) -> None:
    """Whether both parts have the same classes.

    Raises:
        ArchError: E553, they have not.
    """
    if in_train == in_test:
        return
    notes = [
        (f"only in {at.name}", _some(sorted(set(here) - set(there))))
        for at, here, there in ((train, in_train, in_test), (test, in_test, in_train))
        if set(here) - set(there)
    ]
    message = (
        f"`{train}` has {len(in_train)} classes and `{test}` has {len(in_test)}, and they are not the same"
    )
    help_ = f"the same folders in `{train}` and in `{test}`"
    raise ArchError([Diagnostic("E553", message, notes=tuple(notes), help=help_)])


def _images(at: Path, classes: tuple[str, ...], channels: int, resize: int | None) -> OnDisk:
    """The images of a part.

    Raises:
        ArchError: E553, a class has none.
    """
    from torchvision.datasets.folder import IMG_EXTENSIONS, make_dataset

    indices = {name: index for index, name in enumerate(classes)}
    files = make_dataset(str(at), indices, extensions=IMG_EXTENSIONS, allow_empty=True)
    images = OnDisk.of(at, files, channels, resize)
    counts = images.labels.bincount(minlength=len(classes))
    empty = [name for name, count in zip(classes, counts.tolist(), strict=True) if not count]
    if empty:
        many = (
            f"{len(empty)} classes of `{at}` hold"
            if len(empty) > 1
            else f"class `{empty[0]}` of `{at}` holds"
        )
        notes = (("empty", _some(empty)), ("images", "files that end in " + ", ".join(IMG_EXTENSIONS)))
        help_ = f"images in `{at / empty[0]}`, or delete the folder here and in the other part"
        raise ArchError([Diagnostic("E553", f"{many} no images", notes=notes, help=help_)])
    return images


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return f"{shown} and {len(names) - _SHOWN} more" if len(names) > _SHOWN else shown
