"""Folders of images: what is read, and what is said of those that are not laid out as they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from ogive.recipes.data import Data, Folder, Imagenet
from ogive.train.data import Unreadable, open_data
from ogive.train.data.files import OnDisk, decode
from train.data.sets import refusal, write_folder, write_image


def opened(path: Path, **more: object):
    return open_data(Folder(path=str(path), **more), inputs=(3, 16, 16))


def test_images_and_classes_are_those_of_torchvisions_image_folder(tmp_path: Path) -> None:
    write_folder(tmp_path, [(16, 16), (20, 14), (9, 30)], ("cat", "a dog", "Äpfel"))
    write_folder(tmp_path / "train" / "cat", [(8, 8)], ("deeper",), ("below",), ending="JPEG")
    source = opened(tmp_path)
    for images, part in ((source.train, "train"), (source.test, "test")):
        theirs = ImageFolder(str(tmp_path / part), v2.PILToTensor())
        assert source.classes == tuple(theirs.classes)
        assert len(images) == len(theirs)
        for i, (image, label) in enumerate(theirs):
            assert torch.equal(images.read(i), image)
            assert images.labels[i] == label
    assert source.size is None
    assert source.channels == 3


@pytest.mark.parametrize("resize", [8, 20])
def test_the_shorter_side_is_scaled_as_torchvision_does_it(tmp_path: Path, resize: int) -> None:
    write_folder(tmp_path, [(16, 16), (21, 14), (9, 31)])
    source = opened(tmp_path, resize=resize)
    theirs = ImageFolder(
        str(tmp_path / "train"), v2.Compose([v2.PILToTensor(), v2.Resize(resize, antialias=True)])
    )
    assert all(torch.equal(source.train.read(i), theirs[i][0]) for i in range(len(theirs)))
    assert source.shorter == resize
    assert source.unscaled is not None
    assert source.unscaled.read(1).shape == (3, 21, 14)


def test_images_of_one_size_are_known_for_it(tmp_path: Path) -> None:
    write_folder(tmp_path, [(12, 18)] * 3)
    assert opened(tmp_path).size == (3, 12, 18)
    assert opened(tmp_path, resize=8).size == (3, 8, 12)
    write_image(tmp_path / "test" / "cat" / "0.png", (13, 18))
    assert opened(tmp_path).size is None


def test_one_that_has_another_size_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ogive.train.data.files._LOOKED_AT", 3)
    write_folder(tmp_path, [(12, 18)] * 5)
    write_image(tmp_path / "train" / "cat" / "1.png", (12, 17))
    source = opened(tmp_path)
    assert source.size == (3, 12, 18)
    with pytest.raises(Unreadable, match=r"cat/1.png: it is 12x17, and others are 12x18"):
        source.train.read(1)


def test_a_net_of_one_channel_gets_shades_of_grey(tmp_path: Path) -> None:
    write_folder(tmp_path, [(16, 16)])
    source = open_data(Folder(path=str(tmp_path)), inputs=(1, 16, 16))
    with Image.open(tmp_path / "train" / "cat" / "0.png") as image:
        expected = np.asarray(image.convert("L"))
    assert source.size == (1, 16, 16)
    assert np.array_equal(source.train.read(0)[0], expected)


def test_val_does_where_there_is_no_test(tmp_path: Path) -> None:
    write_folder(tmp_path, [(8, 8)] * 2, parts=("train", "val"))
    assert isinstance(opened(tmp_path).test, OnDisk)
    assert opened(tmp_path).test.path(0).parent.parent.name == "val"
    write_folder(tmp_path, [(8, 8)], parts=("test",))
    assert opened(tmp_path).test.path(0).parent.parent.name == "test"


def test_folders_whose_names_begin_with_a_dot_are_no_classes(tmp_path: Path) -> None:
    write_folder(tmp_path, [(8, 8)])
    write_image(tmp_path / "train" / ".ipynb_checkpoints" / "0.png")
    (tmp_path / "train" / "notes.txt").write_text("mine")
    (tmp_path / "train" / "cat" / "notes.txt").write_text("mine")
    source = opened(tmp_path)
    assert source.classes == ("cat", "dog")
    assert len(source.train) == 2


# --------------------------------------------------------------------------- pixels


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"])
@pytest.mark.parametrize("channels", [1, 3])
def test_files_of_all_kinds_are_decoded(tmp_path: Path, mode: str, channels: int) -> None:
    grey = np.arange(0, 256, 4, dtype=np.uint8).reshape(8, 8)
    if mode == "I;16":
        image, path = Image.fromarray(grey.astype(np.uint16) * 257), tmp_path / "a.png"
    else:
        image, path = (
            Image.fromarray(grey).convert("L" if mode == "P" else "RGB").convert(mode),
            tmp_path / ("a.tif" if mode == "CMYK" else "a.png"),
        )
    image.save(path)
    with Image.open(path) as again:
        assert again.mode == mode
    found = decode(path, channels)
    assert found.shape == (8, 8, channels)
    assert found.dtype == np.uint8
    expected = np.where(grey > 127, 255, 0) if mode == "1" else grey
    if mode != "1":
        assert np.abs(found.astype(int) - expected[..., None]).max() <= 1
    else:
        assert set(np.unique(found)) == {0, 255}


def broken(path: Path, kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("not an image\n" * 50)
    elif kind == "float":
        Image.fromarray(np.random.default_rng(0).random((8, 8)).astype(np.float32)).save(path, "TIFF")
    else:
        write_image(path, (64, 64))
        data = path.read_bytes()
        if kind == "flipped":  # a byte in the compressed pixels
            middle = len(data) // 2
            path.write_bytes(data[:middle] + bytes([data[middle] ^ 0xFF]) + data[middle + 1 :])
        else:
            path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("a.jpg", "cut", "runcated"),
        ("a.png", "cut", "truncated"),
        ("a.png", "flipped", ""),
        ("a.png", "text", "no image of a format that Pillow knows"),
        ("a.png", "empty", "the file is empty"),
        ("a.tif", "float", "32 bits"),
        ("a.png", "gone", "not there any more"),
    ],
)
def test_a_file_that_is_no_image_is_told_with_the_reason(
    tmp_path: Path, name: str, kind: str, reason: str
) -> None:
    if kind != "gone":
        broken(tmp_path / name, kind)
    with pytest.raises(Unreadable) as caught:
        decode(tmp_path / name, 3)
    assert caught.value.path == str(tmp_path / name)
    assert reason in caught.value.reason
    assert caught.value.reason


# --------------------------------------------------------------------------- what is not laid out right


def empty_class(root: Path) -> None:
    (root / "train" / "fox").mkdir()
    write_image(root / "test" / "fox" / "0.png")


@pytest.mark.parametrize(
    ("spoil", "code", "says", "help_"),
    [
        (lambda root: (root / "train").rename(root / "training"), "E553", "has no folder", "CLASS/1.png"),
        (lambda root: (root / "test").rename(root / "tests"), "E553", "test`", "CLASS/1.png"),
        (
            lambda root: write_image(root / "train" / "fox" / "0.png"),
            "E553",
            "has 3 classes and",
            "the same folders",
        ),
        (
            lambda root: write_image(root / "test" / "fox" / "0.png"),
            "E553",
            "has 2 classes and",
            "the same folders",
        ),
        (empty_class, "E553", "class `fox` of", "delete the folder"),
    ],
)
def test_folders_that_are_not_as_they_should_be(
    tmp_path: Path, spoil, code: str, says: str, help_: str
) -> None:
    write_folder(tmp_path, [(8, 8)])
    spoil(tmp_path)
    diagnostic = refusal(lambda: opened(tmp_path))
    assert diagnostic.code == code
    assert says in diagnostic.message
    assert help_ in (diagnostic.help or "")


def test_classes_of_one_part_are_listed(tmp_path: Path) -> None:
    write_folder(tmp_path, [(8, 8)], ("a", "b"), ("train",))
    write_folder(tmp_path, [(8, 8)], ("b", "c"), ("test",))
    assert refusal(lambda: opened(tmp_path)).notes == (("only in train", "a"), ("only in test", "c"))


def test_images_without_folders(tmp_path: Path) -> None:
    write_image(tmp_path / "train" / "0.png")
    diagnostic = refusal(lambda: opened(tmp_path))
    assert "holds 1 file and no folder" in diagnostic.message
    assert diagnostic.help == f"`{tmp_path / 'train' / 'CLASS' / '0.png'}`"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    diagnostic = refusal(lambda: opened(tmp_path / "images"))
    assert (diagnostic.code, diagnostic.message) == ("E550", f"`{tmp_path / 'images'}` does not exist")
    (tmp_path / "file").write_text("")
    assert refusal(lambda: opened(tmp_path / "file")).message == f"`{tmp_path / 'file'}` is a file"


# --------------------------------------------------------------------------- ImageNet


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the layout of ImageNet: 1000 classes, one image each and part, of two sizes."""
    root = tmp_path_factory.mktemp("sets")
    for size, file in (((8, 10), "a.jpeg"), ((12, 8), "b.jpeg")):
        write_image(root / file, size)
    for part in ("train", "val"):
        for number in range(1000):
            folder = root / "imagenet" / part / f"n{number:08}"
            folder.mkdir(parents=True)
            (folder / "0.JPEG").hardlink_to(root / ("a.jpeg" if number % 2 else "b.jpeg"))
    return root


def test_imagenet_is_read_as_folders_with_val_as_the_test(imagenet: Path) -> None:
    source = open_data(Imagenet(resize=6), inputs=(3, 4, 4), data_dir=imagenet)
    assert (len(source.train), len(source.test), len(source.classes)) == (1000, 1000, 1000)
    assert source.classes[1] == "n00000001"
    assert source.size is None
    assert source.shorter == 6
    assert source.test.path(7) == imagenet / "imagenet" / "val" / "n00000007" / "0.JPEG"
    assert source.train.read(0).shape == (3, 9, 6)
    assert source.train.labels.tolist() == list(range(1000))


def test_classes_of_imagenet_have_names_where_torchvision_left_them(imagenet: Path) -> None:
    meta = imagenet / "imagenet" / "meta.bin"
    torch.save(({f"n{number:08}": (f"thing {number}", "x") for number in range(1000)}, []), meta)
    try:
        assert open_data(Imagenet(), data_dir=imagenet / "imagenet").classes[42] == "thing 42"
        meta.write_bytes(b"damaged")
        assert open_data(Imagenet(), data_dir=imagenet / "imagenet").classes[42] == "n00000042"
    finally:
        meta.unlink()


def test_imagenet_that_is_not_there(tmp_path: Path) -> None:
    diagnostic = refusal(lambda: open_data(Imagenet(), data_dir=tmp_path))
    assert diagnostic.code == "E550"
    assert "ILSVRC2012_img_train.tar" in diagnostic.notes[1][1]
    assert f"ImageNet('{tmp_path / 'imagenet'}'" in (diagnostic.help or "")
    (tmp_path / "ILSVRC2012_img_train.tar").write_bytes(b"")
    assert "it is there, packed" in (refusal(lambda: open_data(Imagenet(), data_dir=tmp_path)).help or "")


def test_a_part_of_imagenet_is_a_folder(tmp_path: Path) -> None:
    write_folder(tmp_path, [(8, 8)], parts=("train", "val"))
    diagnostic = refusal(lambda: open_data(Imagenet(), data_dir=tmp_path))
    assert diagnostic.code == "E551"
    assert "holds 2 classes" in diagnostic.message
    assert f'`folder("{tmp_path}", resize = 256)`' in (diagnostic.help or "")


def test_a_set_that_nobody_opens() -> None:
    class Tiny(Data):
        kind = "mnis"

    diagnostic = refusal(lambda: open_data(Tiny()))
    assert (diagnostic.code, diagnostic.help) == ("E522", "--data mnist")
