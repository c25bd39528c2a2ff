"""Nets side by side, drawn once for all tests of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import ogive
from ogive.backends.draw.colours.colour import Colours
from ogive.backends.draw.fitting.space import PAD
from ogive.backends.draw.scene import Arrow, Mark, Scene
from ogive.backends.draw.styles import beside
from ogive.backends.draw.styles.beside_column import Column, column
from ogive.backends.draw.styles.beside_parts import Detail
from ogive.backends.draw.subject import Subject

PAGE = (6.5 * 72 - 2 * PAD, 9.0 * 72 - 2 * PAD)
FIGURE_3 = ("vgg19", "plain34", "resnet34_a")
SETS = (
    FIGURE_3,
    ("resnet18", "resnet50", "resnet152"),
    ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152"),
    ("lenet5", "alexnet", "vgg16", "googlenet", "resnet34", "densenet121"),
    ("cliquenet_k36_t12", "inception_v4", "inception_resnet_v2"),
    ("unet", "vgg11"),
    ("vit_b_16", "transformer_encoder", "swin_t"),
    ("seresnet50", "mobilenet_v2", "shufflenet_v2_x1_0"),
    ("dpn92", "fractalnet"),
    ("ssd300_vgg16",),
    ("siamese", "lenet5_1998"),
    ("cifar_resnet20", "cifar_resnet1202"),
)
NARROW = (("resnet18", "densenet121"), ("vgg19", "vgg11"), ("cifar_resnet20", "cliquenet_k36_t12"))


@cache
def subject(name: str, title: str = "") -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled, title)


def written(text: str) -> Subject:
    net = ogive.loads(text)
    return Subject(net.ir, net.unrolled)


def drawn(
    subjects: Sequence[Subject], fit: tuple[float, float] | None = PAGE
) -> tuple[Scene, tuple[str, ...]]:
    return beside.scene(subjects, Colours.of(subjects), fit=fit)


@cache
def zoo(*names: str) -> tuple[Scene, tuple[str, ...]]:
    return drawn([subject(name) for name in names])


def boxes(scene: Scene, number: int) -> list[Mark]:
    return [mark for mark in scene.marks if mark.id.startswith(f"c{number}.b")]


def text(mark: Mark) -> str:
    return "".join(run.text for run in mark.lines[0])


def texts(scene: Scene, number: int) -> list[str]:
    return [text(mark) for mark in boxes(scene, number)]


def spatial(mark: Mark) -> str:
    """`56×56` of the shape that its tooltip tells."""
    assert mark.about
    return mark.about.shape.partition("×")[2]


def opened(name: str) -> Column:
    """A column in which nothing is rolled and only what branches is folded."""
    return column(subject(name).structure, Detail())


def arcs(scene: Scene) -> list[Arrow]:
    return [arrow for arrow in scene.arrows if arrow.kind in {"skip", "projection"}]
