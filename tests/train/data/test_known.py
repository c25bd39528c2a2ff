"""The sets that torchvision knows, from files of their true formats; what is said of those that are not right."""

from __future__ import annotations

import hashlib
import pickle
import socket
import urllib.error
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.io import savemat
from torchvision import datasets

from ogive.recipes.data import Cifar10, Cifar100, Data, FashionMnist, Mnist, Svhn
from ogive.train.data import InMemory, open_data
from train.data.sets import expect_packed, idx, md5, refusal, write_cifar, write_mnist, write_svhn


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a test asked for the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def held(images: object) -> InMemory:
    assert isinstance(images, InMemory)
    return images


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("choice", "name"), [(Mnist(), "MNIST"), (FashionMnist(), "FashionMNIST")])
def test_mnist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: Data, name: str, packed: bool
) -> None:
    files = write_mnist(tmp_path, name, packed=packed)
    if packed:
        expect_packed(monkeypatch, tmp_path, name)
    source = open_data(choice, inputs=(1, 28, 28), data_dir=tmp_path)
    assert (source.name, source.size, len(source.classes)) == (choice.kind, (1, 28, 28), 10)
    assert source.classes[9] == ("9" if name == "MNIST" else "Ankle boot")
    for images, part in ((held(source.train), "train"), (held(source.test), "t10k")):
        assert images.pixels.dtype == torch.uint8
        assert np.array_equal(images.pixels[:, 0], files[f"{part}-images-idx3-ubyte"])
        assert np.array_equal(images.labels, files[f"{part}-labels-idx1-ubyte"])
    assert sorted(path.name for path in (tmp_path / name / "raw").iterdir()) == sorted(
        f"{file}{'.gz' if packed else ''}" for file in files
    ), "nothing is written beside"


def test_files_of_mnist_may_be_packed_or_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = write_mnist(tmp_path, packed=True)
    expect_packed(monkeypatch, tmp_path)
    raw = tmp_path / "MNIST" / "raw"
    file = "train-labels-idx1-ubyte"
    (raw / f"{file}.gz").unlink()
    (raw / file).write_bytes(idx(files[file][::-1]))
    source = open_data(Mnist(), data_dir=tmp_path)
    assert np.array_equal(source.train.labels, files[file][::-1])


def test_grey_images_take_the_channels_and_the_size_that_are_asked_for(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    source = open_data(Mnist(resize=20, pad=2), inputs=(3, 24, 24), data_dir=tmp_path)
    image = source.train.read(3)
    assert source.size == image.shape == (3, 24, 24)
    assert torch.equal(image[0], image[2])
    assert not image[:, :2].any()
    plain = open_data(Mnist(), data_dir=tmp_path)
    from torchvision.transforms.v2 import Resize

    assert torch.equal(image[:1, 2:-2, 2:-2], Resize(20, antialias=True)(plain.train.read(3)))


def test_scaling_at_once_or_each_time_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path)
    at_once = held(open_data(Mnist(resize=33, pad=1), data_dir=tmp_path).train)
    monkeypatch.setattr("ogive.train.data.source.FITTED_AT_ONCE", 100)
    each_time = held(open_data(Mnist(resize=33, pad=1), data_dir=tmp_path).train)
    assert at_once.pixels.shape == (30, 1, 35, 35)
    assert each_time.pixels.shape == (30, 1, 28, 28)
    chosen = np.array([3, 17, 4])
    assert torch.equal(at_once.take(chosen), each_time.take(chosen))
    assert torch.equal(at_once.read(4), each_time.read(4))


@pytest.mark.parametrize(("choice", "name"), [(Cifar10(), "CIFAR10"), (Cifar100(), "CIFAR100")])
def test_cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: Data, name: str) -> None:
    files = write_cifar(tmp_path, monkeypatch, name)
    source = open_data(choice, inputs=(3, 32, 32), data_dir=tmp_path)
    train = [files[file] for file in files if file.startswith(("data_batch", "train"))]
    assert np.array_equal(held(source.train).pixels, np.concatenate([images for images, _ in train]))
    assert source.train.labels.tolist() == [label for _, labels in train for label in labels]
    images, labels = files["test_batch" if name == "CIFAR10" else "test"]
    assert np.array_equal(held(source.test).pixels, images)
    assert source.test.labels.tolist() == labels
    assert source.classes[3] == "class 3"
    assert len(source.classes) == choice.classes
    assert source.written.format(40) == f"{choice.kind}(resize = 40)"


@pytest.mark.parametrize("extra", [False, True])
def test_svhn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, extra: bool) -> None:
    files = write_svhn(tmp_path / "svhn", monkeypatch)  # a folder called like the set is found as well
    source = open_data(Svhn(extra=extra), inputs=(3, 32, 32), data_dir=tmp_path)
    parts = [files["train"], *([files["extra"]] if extra else [])]
    assert np.array_equal(held(source.train).pixels, np.concatenate([images for images, _ in parts]))
    assert source.train.labels.tolist() == [label for _, labels in parts for label in labels]
    assert np.array_equal(held(source.test).pixels, files["test"][0])
    assert source.test.labels.tolist() == files["test"][1].tolist()
    assert held(source.train).pixels.is_contiguous()
    assert source.written.format(40) == f"svhn({'extra = true, ' if extra else ''}resize = 40)"


# --------------------------------------------------------------------------- what is not there


@pytest.mark.parametrize(
    ("choice", "file", "url"),
    [
        (Mnist(), "MNIST/raw/train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"),
        (FashionMnist(), "FashionMNIST/raw/train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"),
        (
            Cifar10(),
            "cifar-10-batches-py/data_batch_1",
            "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        ),
        (Cifar100(), "cifar-100-python/train", "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"),
        (Svhn(), "train_32x32.mat", "http://ufldl.stanford.edu/housenumbers/train_32x32.mat"),
    ],
)
def test_a_missing_set_says_where_to_get_it_and_where_to_put_it(
    tmp_path: Path, choice: Data, file: str, url: str
) -> None:
    diagnostic = refusal(lambda: open_data(choice, data_dir=tmp_path / "sets"))
    assert diagnostic.code == "E550"
    assert diagnostic.message == f"`{choice.kind}` is not in `{tmp_path / 'sets'}`"
    notes = [text for _, text in diagnostic.notes]
    assert f"`{file}`" in notes[0]
    assert str(tmp_path / "sets") in notes[0]
    assert any(url in note for note in notes)
    assert "--download" in (diagnostic.help or "")
    assert "--data-dir" in (diagnostic.help or "")
    assert not (tmp_path / "sets").exists()


def test_without_a_folder_they_are_looked_for_in_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert refusal(lambda: open_data(Mnist())).message == "`mnist` is not in `data`"
    write_mnist(tmp_path / "data")
    assert len(open_data(Mnist()).train) == 30


def test_an_archive_that_is_there_only_has_to_be_unpacked(tmp_path: Path) -> None:
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(b"")
    assert f"tar -xzf {tmp_path}/cifar-10-python.tar.gz" in (
        refusal(lambda: open_data(Cifar10(), data_dir=tmp_path)).help or ""
    )


def test_a_set_that_is_not_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cifar(tmp_path, monkeypatch)
    (tmp_path / "cifar-10-batches-py" / "data_batch_3").unlink()
    diagnostic = refusal(lambda: open_data(Cifar10(), data_dir=tmp_path))
    assert (diagnostic.code, "data_batch_3 is missing" in diagnostic.message) == ("E550", True)
    write_svhn(tmp_path, monkeypatch)
    (tmp_path / "extra_32x32.mat").unlink()
    assert len(open_data(Svhn(), data_dir=tmp_path).train) == 20
    assert (
        "extra_32x32.mat is missing"
        in refusal(lambda: open_data(Svhn(extra=True), data_dir=tmp_path)).message
    )


# --------------------------------------------------------------------------- what is not right


def test_a_wrong_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cifar(tmp_path, monkeypatch)
    batch = tmp_path / "cifar-10-batches-py" / "data_batch_2"
    batch.write_bytes(batch.read_bytes()[:-1] + b"x")
    diagnostic = refusal(lambda: open_data(Cifar10(), data_dir=tmp_path))
    assert diagnostic.code == "E551"
    assert f"`{batch}` has the MD5 {md5(batch)}, not " in diagnostic.message
    assert "--download" in (diagnostic.help or "")
    assert "--data 'folder(\"images\")'" in (diagnostic.help or ""), "what to do with images of one's own"


def test_a_batch_whose_digest_is_wrong_is_not_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cifar(tmp_path, monkeypatch)

    class Runs:
        def __reduce__(self) -> tuple[Callable[..., None], tuple[str]]:
            return exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",)

    (tmp_path / "cifar-10-batches-py" / "data_batch_1").write_bytes(pickle.dumps(Runs()))
    assert refusal(lambda: open_data(Cifar10(), data_dir=tmp_path)).code == "E551"
    assert not (tmp_path / "ran").exists()


def test_a_packed_file_with_a_wrong_digest(tmp_path: Path) -> None:
    write_mnist(tmp_path, packed=True)  # torchvision expects those of the real set
    packed = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte.gz"
    diagnostic = refusal(lambda: open_data(Mnist(), data_dir=tmp_path))
    assert diagnostic.code == "E551"
    assert f"`{packed}` has the MD5 {md5(packed)}, not f68b3c2dcbeaaa9fbdd348bbdeb94873" in diagnostic.message


def spoilt(path: Path, data: bytes) -> None:
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("train-images-idx3-ubyte", idx(np.zeros((30, 28, 28)))[:-100]),  # cut short
        ("train-images-idx3-ubyte", b""),
        ("train-images-idx3-ubyte", b"no idx at all, but long enough for a header"),
        ("train-images-idx3-ubyte", idx(np.zeros((30, 32, 32)))),
        ("train-labels-idx1-ubyte", idx(np.zeros(29))),  # one too few
        ("train-labels-idx1-ubyte", idx(np.full(30, 10))),  # no such class
        ("t10k-labels-idx1-ubyte", idx(np.zeros((10, 28, 28)))),  # images
    ],
)  # fmt: skip
def test_files_of_mnist_that_hold_something_else(tmp_path: Path, file: str, data: bytes) -> None:
    write_mnist(tmp_path)
    (tmp_path / "MNIST" / "raw" / file).write_bytes(data)
    diagnostic = refusal(lambda: open_data(Mnist(), data_dir=tmp_path))
    assert diagnostic.code == "E551"
    assert diagnostic.message.startswith("`mnist` is damaged, or is something else: ")
    assert len(diagnostic.message) > 55


def test_a_matlab_file_that_holds_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_svhn(tmp_path, monkeypatch)
    path = tmp_path / "train_32x32.mat"
    for content in ({"Z": np.zeros(3)}, {"X": np.zeros((8, 8, 3, 5), np.uint8), "y": np.ones((5, 1))}):
        savemat(path, content)
        listed = datasets.SVHN.split_list
        monkeypatch.setattr(
            datasets.SVHN, "split_list", listed | {"train": [*listed["train"][:2], md5(path)]}
        )
        assert refusal(lambda: open_data(Svhn(), data_dir=tmp_path)).code == "E551"


# --------------------------------------------------------------------------- getting a set


def served(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes]) -> list[str]:
    """Puts files, by the end of their addresses, in the place of the network; returns what was asked for."""
    asked: list[str] = []

    def fetch(url: str, target: str, *_: object, **__: object) -> None:
        asked.append(url)
        found = next((data for name, data in files.items() if url.endswith(name)), None)
        if found is None:
            raise urllib.error.URLError("Name or service not known")
        Path(target).write_bytes(found)

    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", fetch)
    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", lambda url, max_hops=3: url)
    return asked


def test_a_set_is_got_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_mnist(tmp_path / "there", packed=True)
    expect_packed(monkeypatch, tmp_path / "there")
    raw = tmp_path / "there" / "MNIST" / "raw"
    asked = served(monkeypatch, {path.name: path.read_bytes() for path in raw.iterdir()})
    for _ in range(2):
        source = open_data(Mnist(), data_dir=tmp_path / "sets", download=True)
        assert len(source.train) == 30
    assert len(asked) == 4
    assert len(open_data(Mnist(), data_dir=tmp_path / "sets").test) == 10


@pytest.mark.parametrize("choice", [Mnist(), Cifar10(), Svhn()])
def test_a_download_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, choice: Data) -> None:
    served(monkeypatch, {})
    diagnostic = refusal(lambda: open_data(choice, data_dir=tmp_path, download=True))
    assert diagnostic.code == "E551"
    assert "could not be downloaded" in diagnostic.message
    assert "without `--download`" in (diagnostic.help or "") or "leave out" in (diagnostic.help or "")


def test_a_download_that_is_something_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served(monkeypatch, {".mat": b"a page that asks to log in"})
    diagnostic = refusal(lambda: open_data(Svhn(), data_dir=tmp_path, download=True))
    assert diagnostic.code == "E551"
    assert hashlib.md5(b"").hexdigest() not in diagnostic.message
