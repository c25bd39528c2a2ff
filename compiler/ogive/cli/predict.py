"""`ogive predict`: what a trained network makes of image files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ogive.cli.target import plugin_option
from ogive.diagnostics import ArchError, Diagnostic
from ogive.render import visible
from ogive.train.machine import DEVICES

if TYPE_CHECKING:
    from ogive.train.data import Unreadable
    from ogive.train.predict import Prediction


@click.command(
    short_help="Classify image files with a trained network.",
    epilog="Example: ogive predict runs/resnet50 cat.jpg dog.png --top 3",
)
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--top",
    default=5,
    show_default=True,
    type=click.IntRange(1),
    metavar="N",
    help="How many classes to name for each.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a list, one entry an image, as JSON.")
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="FILE.safetensors",
    help="Other weights of the same network; the run's best without it.",
)
@click.option("--device", default="auto", show_default=True, type=click.Choice(DEVICES), help="Where to run.")
@plugin_option
def command(
    run: Path,
    images: tuple[Path, ...],
    top: int,
    as_json: bool,
    weights: Path | None,
    device: str,
    plugins: tuple[str, ...],
) -> None:
    """Name the most probable classes of images, with their probabilities.

    RUN is the folder of a run. Images are shown to its network as those of its data were: in shades of grey
    or in colours, scaled and cut to their size, normalised by the same statistics. So a drawing for a network
    that was trained on MNIST is white on black. A file that is no image is reported, and the others are
    classified all the same.
    """
    from ogive.train.checks import choose_device
    from ogive.train.opened import open_run
    from ogive.train.predict import Prediction, predict

    place = choose_device(device)
    opened = open_run(run, plugins=plugins, weights=weights)
    for note in opened.notes:
        click.echo(f"note: {note}", err=True)
    found = list(predict(opened, images, place))
    known = [each for each in found if isinstance(each, Prediction)]
    bad = [each for each in found if not isinstance(each, Prediction)]
    if as_json:
        said = [_as_json(each, top) if isinstance(each, Prediction) else _as_error(each) for each in found]
        click.echo(json.dumps(said, indent=2, ensure_ascii=False))
    else:
        for each in known:
            click.echo(_as_text(each, top))
    if bad:
        raise ArchError([_no_image(each) for each in bad])


def _as_text(prediction: Prediction, top: int) -> str:
    """The file, and a line for each class."""
    lines = [visible(str(prediction.path))]
    lines += [f"  {100 * share:6.2f} %  {visible(name)}" for name, share in prediction.top(top)]
    return "\n".join(lines)


def _as_json(prediction: Prediction, top: int) -> dict[str, Any]:
    classes = [{"name": name, "probability": share} for name, share in prediction.top(top)]
    return {"image": str(prediction.path), "classes": classes}


def _as_error(found: Unreadable) -> dict[str, Any]:
    return {"image": found.path, "error": found.reason}


def _no_image(found: Unreadable) -> Diagnostic:
    message = f"`{visible(found.path)}` cannot be read as an image: {visible(found.reason)}"
    return Diagnostic("E566", message, help="a file that Pillow can read, such as PNG or JPEG")
