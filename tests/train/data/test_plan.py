"""What is said, before anything is read, of recipes whose images a network cannot take, or that cannot be done."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import torch
from torchvision.transforms.v2 import functional

from ogive.diagnostics import Diagnostic
from ogive.recipes.data import Digits, Folder
from ogive.recipes.flags import with_flags
from ogive.render import render_text
from ogive.train.data import ImageData, Source, arriving, expected, open_data
from ogive.train.data.plan import Plan
from train.data.sets import numbered, recipe, refusal, write_folder


def told(
    source: Source, augment: str, shape: tuple[int, int, int] = (3, 12, 12), fits=None, **settings: object
) -> Diagnostic:
    return refusal(lambda: ImageData(source, recipe(augment, **settings), shape, seed=0, fits=fits))


def fixed(side: int = 12, channels: int = 3) -> Source:
    return numbered(6, (channels, side, side))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_folder(tmp_path_factory.mktemp("images"), [(16, 16), (30, 21)])


# --------------------------------------------------------------------------- E520: the network takes something else


@pytest.mark.parametrize(
    ("augment", "shape", "says", "help_"),
    [
        (
            "hflip",
            (3, 24, 24),
            "come as 3x12x12, and the network takes 3x24x24",
            "--data 'cifar10(resize = 24)'",
        ),
        ("random_crop(8), hflip", (3, 10, 10), "come as 3x8x8", "`random_crop(10)`"),
        ("resized_crop(8), hflip", (3, 10, 10), "come as 3x8x8", "`resized_crop(10)`"),
        ("hflip", (1, 12, 12), "takes 1x12x12", "`input image: 3x12x12`"),
        ("hflip", (3, 10, 11), "takes 3x10x11", "`input image: 3x12x12`"),
    ],
)
def test_images_that_the_network_does_not_take(
    augment: str, shape: tuple[int, int, int], says: str, help_: str
) -> None:
    diagnostic = told(fixed(), augment, shape)
    assert diagnostic.code == "E520"
    assert says in diagnostic.message
    assert help_ in (diagnostic.help or "")


def test_another_input_is_advised_where_it_fits() -> None:
    asked = []

    def fits(shape: tuple[int, int, int]) -> bool:
        asked.append(shape)
        return True

    assert (
        told(fixed(), "hflip", (3, 24, 24), fits).help
        == "`--input 3x12x12`, or `--data 'cifar10(resize = 24)'`"
    )
    assert asked == [(3, 12, 12)]
    assert "--input" not in (told(fixed(), "hflip", (3, 24, 24), lambda shape: False).help or "")


def test_an_evaluation_that_shows_something_else() -> None:
    diagnostic = told(fixed(16), "random_crop(12)", evaluate="center_crop(14)")
    assert (diagnostic.code, diagnostic.message) == (
        "E520",
        "an evaluation shows 3x14x14, and the network takes 3x12x12",
    )
    ImageData(
        fixed(16),
        recipe("random_crop(12)", evaluate="center_crop(14)"),
        (3, 12, 12),
        seed=0,
        fits=lambda shape: True,
    )


def test_the_place_in_the_recipe_is_shown() -> None:
    text = render_text(told(fixed(), "hflip, random_crop(8)", (3, 10, 10)))
    assert "augment hflip, random_crop(8)" in text
    assert "^^^^^^^^^^^^^^" in text


# --------------------------------------------------------------------------- E554: it cannot be done


@pytest.mark.parametrize(
    ("augment", "settings", "says", "help_"),
    [
        ("random_crop(13)", {}, "`random_crop(13)` cuts out 13x13, and 3x12x12 arrives", "`padding = 1`"),
        ("random_crop(20, padding = 2)", {}, "with the border 16x16", "`padding = 4`"),
        ("resized_crop(8), random_crop(12)", {}, "and 3x8x8 arrives", "`random_crop(8)`"),
        ("random_crop(12, padding = 12, fill = reflect)", {}, "a border of 12", "`padding = 11`"),
        ("hflip", {"evaluate": "ten_crop(14)"}, "the evaluation cuts 14x14 out", ""),
        (
            "random_crop(12, padding = 2)",
            {"evaluate": "center_crop(17)"},
            "the evaluation cuts 17x17 out",
            "",
        ),
    ],
)
def test_what_cannot_be_done(augment: str, settings: dict[str, object], says: str, help_: str) -> None:
    diagnostic = told(fixed(), augment, **settings)
    assert diagnostic.code == "E554"
    assert says in diagnostic.message
    assert help_ in (diagnostic.help or "")


@pytest.mark.parametrize(
    ("augment", "resize", "code", "says", "help_"),
    [
        ("hflip(0.2), normalize", None, "E554", "differ in size, and the network takes 3x12x12", ", resize = 14)' --augment 'random_crop(12), hflip(p = 0.2), normalize'; or --augment 'resized_crop(12), "),
        ("none", None, "E554", "differ in size", "--augment 'random_crop(12)'; or --augment 'resized_crop(12)'"),
        ("hflip", 14, "E554", "differ in size", "--augment 'random_crop(12), hflip'; or"),
        ("normalize(per = pixel), random_crop(12)", 14, "E554", "a mean of each pixel needs images of one size", "random_crop(12), normalize(per = pixel)"),
        ("random_crop(15)", 14, "E554", "the shorter side 14", "`random_crop(14)`"),
        ("random_crop(10)", 14, "E520", "come as 3x10x10", "`random_crop(12)`"),
    ],
)  # fmt: skip
def test_images_of_different_sizes(
    files: Path, augment: str, resize: int | None, code: str, says: str, help_: str
) -> None:
    diagnostic = told(open_data(Folder(path=str(files), resize=resize)), augment)
    assert diagnostic.code == code
    assert says in diagnostic.message
    assert help_ in (diagnostic.help or "")


def test_the_help_for_different_sizes_does_when_it_is_typed(tmp_path: Path) -> None:
    path = write_folder(tmp_path / 'it\'s "new" {0}', [(16, 16), (30, 21)])
    kept = "hflip(0.2), color_jitter(contrast = 0.4), normalize(per = pixel)"
    quoted = str(path).replace('"', '\\"').replace("{", "\\{").replace("}", "\\}")
    wrong = recipe(kept, data=f'folder("{quoted}")')
    choice = wrong.value("data")
    assert isinstance(choice, Folder)
    diagnostic = refusal(lambda: ImageData(open_data(choice), wrong, (3, 12, 12), seed=0))
    assert diagnostic.labels[0].span.text.startswith("folder("), "the data are to blame"
    first, second = (shlex.split(way) for way in (diagnostic.help or "").split("; or "))
    for words in (first, [*first[:2], *second]):
        flags = list(zip(words[::2], words[1::2], strict=True))
        typed = with_flags(wrong, [(name.removeprefix("--"), text) for name, text in flags])
        choice = typed.value("data")
        assert isinstance(choice, Folder)
        assert (choice.path, choice.resize) == (str(path), 14)
        assert [each.kind for each in typed.values("augment")][1:] == ["hflip", "color_jitter", "normalize"]
        data = ImageData(open_data(choice), typed, (3, 12, 12), seed=0, workers=0)
        assert next(iter(data.train_batches(0))).images.shape[1:] == (3, 12, 12)


@pytest.mark.parametrize("channels", [1, 3])
def test_colours_are_not_changed_where_there_are_none(channels: int) -> None:
    digits = open_data(Digits(), inputs=(channels, 8, 8))
    shape = (channels, 8, 8)
    said = told(digits, "hflip, color_jitter(hue = 0.4, saturation = 0.1)", shape)
    assert said.code == "E554"
    assert "`color_jitter` changes saturation and hue alone" in said.message
    assert said.labels[0].span.text.startswith("color_jitter(")
    beside = recipe("color_jitter(hue = 0.4, contrast = 0.1)")
    ImageData(digits, beside, shape, seed=0)
    assert Plan(beside, digits, shape).remarks() == (
        "note: `color_jitter` changes no hue here: the images of `digits` are in shades of grey",
    )
    colours = Plan(beside, fixed(8), (3, 8, 8))
    colours.check()
    assert colours.remarks() == ()


def test_what_arrives_is_known_before_the_network(files: Path) -> None:
    assert arriving(fixed(), recipe("hflip, normalize")) == (3, 12, 12)
    assert arriving(fixed(), recipe("random_crop(9), normalize")) == (3, 9, 9)
    assert arriving(open_data(Folder(path=str(files))), recipe("hflip")) is None
    assert arriving(open_data(Folder(path=str(files))), recipe("resized_crop(9)")) == (3, 9, 9)
    assert arriving(open_data(Digits()), recipe()) == (1, 8, 8)


def test_small_images_are_scaled_up_for_evaluations_of_parts() -> None:
    data = ImageData(fixed(8), recipe("resized_crop(12)"), (3, 12, 12), seed=0)
    assert next(iter(data.test_batches())).images.shape[1:] == (3, 12, 12)
    same = ImageData(fixed(12), recipe("resized_crop(12)"), (3, 12, 12), seed=0)
    plain = ImageData(fixed(12), recipe("hflip"), (3, 12, 12), seed=0)
    assert (next(iter(same.test_batches())).images == next(iter(plain.test_batches())).images).all()


def test_what_arrives_is_expected_before_the_data_are_there() -> None:
    assert expected(recipe(data="cifar10(resize = 40, pad = 2)")) == (3, 44, 44)
    assert expected(recipe("random_crop(28), hflip", data="cifar10")) == (3, 28, 28)
    assert expected(recipe("resized_crop(224), random_crop(200)", data="imagenet")) == (3, 200, 200)
    assert expected(recipe("hflip", data='folder("x")')) is None
    assert expected(recipe()) == (1, 8, 8)


@pytest.mark.parametrize("fill", ["zeros", "reflect"])
def test_an_evaluation_adds_the_border_that_training_needs(fill: str) -> None:
    data = ImageData(fixed(10), recipe(f"random_crop(12, padding = 2, fill = {fill})"), (3, 12, 12), seed=0)
    images = next(iter(data.test_batches())).images
    mode = "reflect" if fill == "reflect" else "constant"
    raw = torch.stack([fixed(10).test.read(i) for i in range(4)])
    assert torch.equal(images, functional.pad(raw, [1], padding_mode=mode) / 255)
    assert told(fixed(10), "random_crop(12, padding = 1)", evaluate="center_crop(13)").code == "E554"
