"""`data`: what a net is trained on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ogive.layers.base import arg
from ogive.recipes.base import Choice, Problem


@dataclass(frozen=True)
class Data(Choice):
    """The base of all data.

    Class attributes:
        classes: how many there are; None where the data says itself.
        shape: of an image, channels first; None where sizes differ, or the net's input decides.
    """

    classes: ClassVar[int | None] = None
    shape: ClassVar[tuple[int, int, int] | None] = None

    @property
    def image(self) -> tuple[int, int, int] | None:
        """The shape [C, H, W] of an image as augmentation meets it; None where `shape` is."""
        return self.shape


@dataclass(frozen=True)
class OfOneSize(Data):
    """The base of sets whose images are squares of one size: scaled first, then given a border."""

    resize: int | None = arg(
        None,
        min=1,
        named=True,
        doc="height and width that images are scaled to, bilinearly; as they are unless given",
    )
    pad: int = arg(0, min=0, named=True, doc="pixels of zeros on each side, after that")

    @property
    def image(self) -> tuple[int, int, int] | None:
        if self.shape is None:
            return None
        side = (self.resize or self.shape[1]) + 2 * self.pad
        return self.shape[0], side, side


@dataclass(frozen=True)
class Digits(Data):
    """1,797 handwritten digits of 8x8 pixels that come with scikit-learn: nothing is downloaded."""

    kind = "digits"
    source = "scikit-learn, load_digits: a part of UCI's Optical Recognition of Handwritten Digits"
    classes = 10
    shape = (1, 8, 8)


@dataclass(frozen=True)
class Mnist(OfOneSize):
    """Handwritten digits, 60,000 for training and 10,000 for the test."""

    kind = "mnist"
    source = "LeCun, Bottou, Bengio & Haffner, 1998"
    classes = 10
    shape = (1, 28, 28)


@dataclass(frozen=True)
class FashionMnist(OfOneSize):
    """Pieces of clothing in the form of MNIST."""

    kind = "fashion_mnist"
    source = "Xiao, Rasul & Vollgraf, 2017"
    classes = 10
    shape = (1, 28, 28)


@dataclass(frozen=True)
class Cifar10(OfOneSize):
    """50,000 images for training and 10,000 for the test, of 10 classes."""

    kind = "cifar10"
    source = "Krizhevsky, 2009"
    classes = 10
    shape = (3, 32, 32)


@dataclass(frozen=True)
class Cifar100(OfOneSize):
    """The same with 100 classes."""

    kind = "cifar100"
    source = "Krizhevsky, 2009"
    classes = 100
    shape = (3, 32, 32)


@dataclass(frozen=True)
class Svhn(OfOneSize):
    """House numbers, cropped to 32x32; `extra` adds the 531,131 easier ones to the training set."""

    kind = "svhn"
    source = "Netzer, Wang, Coates, Bissacco, Wu & Ng, 2011"
    classes = 10
    shape = (3, 32, 32)

    extra: bool = arg(False, named=True, doc="whether to train on the extra images as well")


@dataclass(frozen=True)
class Imagenet(Data):
    """ImageNet of the challenge of 2012, in a folder for each class."""

    kind = "imagenet"
    source = "Russakovsky et al., 2015"
    classes = 1000

    resize: int | None = arg(256, min=1, named=True, doc="the shorter side of an image, before it is cropped")


@dataclass(frozen=True)
class Folder(Data):
    """Images in folders of their own: `train/CLASS/*.png`, `test/CLASS/*.png`."""

    kind = "folder"

    path: str = arg(doc="the folder, from where the command runs")
    resize: int | None = arg(
        None, min=1, named=True, doc="the shorter side of an image, before it is cropped"
    )

    def problem(self) -> Problem | None:
        if self.path.strip():
            return None
        return Problem("path", "`folder` needs the name of a folder", '`folder("images")`')


@dataclass(frozen=True)
class Random(Data):
    """Noise in the shape of the net's input, with classes at random: to time a run, or to try a machine."""

    kind = "random"

    count: int = arg(1024, min=1, doc="how many images there are")


DATA = (Digits, Mnist, FashionMnist, Cifar10, Cifar100, Svhn, Imagenet, Folder, Random)
