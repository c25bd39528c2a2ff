"""`ogive eval`: how well trained networks do, alone or together; population statistics of batch norms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ogive.cli.complete import complete_target
from ogive.cli.messages import print_diagnostics, refuse
from ogive.cli.output import free_name, require_new, why_not_written, write
from ogive.cli.target import parse_settings, with_plugins, written_settings_options
from ogive.diagnostics import ArchError
from ogive.render import visible
from ogive.train.machine import DEVICES
from ogive.train.rundir import RunFolder

if TYPE_CHECKING:
    from ogive.cli.eval_text import Scored
    from ogive.train.recalibration import Recalibrated
    from ogive.train.scoring import Contender

Part = Literal["test", "validation", "train"]


@click.command(
    short_help="Score trained networks, alone or together.",
    epilog="Example: ogive eval --ensemble runs/lenet5 runs/lenet5-2 -o scores",
)
@click.argument("targets", metavar="RUN|TARGET...", nargs=-1, required=True, shell_complete=complete_target)
@click.option(
    "--ensemble", is_flag=True, help="Score several runs together: the mean of their class probabilities."
)
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="FILE.safetensors",
    help="The weights of TARGET, which needs them; of RUN others than its best.",
)
@click.option(
    "--data", metavar="DATA", help="Score on other data, as a recipe writes them: 'cifar10(resize = 224)'."
)
@click.option(
    "--part",
    default="test",
    show_default=True,
    type=click.Choice(["test", "validation", "train"]),
    help="Which part of the data.",
)
@click.option(
    "--recalibrate-bn",
    is_flag=True,
    help="First give every batch norm the statistics of all training images of the data (Ioffe & Szegedy "
    "2015, algorithm 2).",
)
@click.option("--bn-data", metavar="DATA", help="With --recalibrate-bn: the training images of these data.")
@click.option(
    "--save-weights",
    type=click.Path(path_type=Path),
    metavar="FILE.safetensors",
    help="Write the weights, recalibrated where that is asked for, to a new file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write eval.json, and confusion.svg, .pdf and .png, into this folder.",
)
@click.option(
    "--recipe", metavar="NAME|FILE:NAME", help="With TARGET: how images are prepared; a run knows it."
)
@click.option("--device", default="auto", show_default=True, type=click.Choice(DEVICES), help="Where to run.")
@click.option(
    "--batch",
    type=click.IntRange(1),
    metavar="N",
    help="Images at once; with --recalibrate-bn, those of a batch.",
)
@click.option("--workers", type=click.IntRange(0), metavar="N", help="Processes that prepare images.")
@click.option("--data-dir", type=click.Path(path_type=Path), metavar="FOLDER", help="Where data sets lie.")
@click.option("--download", is_flag=True, help="Fetch a data set that is not there.")
@written_settings_options
def command(
    targets: tuple[str, ...],
    ensemble: bool,
    weights: Path | None,
    data: str | None,
    part: Part,
    recalibrate_bn: bool,
    bn_data: str | None,
    save_weights: Path | None,
    as_json: bool,
    output: Path | None,
    recipe: str | None,
    device: str,
    batch: int | None,
    workers: int | None,
    data_dir: Path | None,
    download: bool,
    assignments: tuple[str, ...],
    edits: tuple[str, ...],
    shape: str | None,
    plugins: tuple[str, ...],
) -> None:
    """Score trained networks: accuracy (top-1 and top-5), loss, each class, the confusion matrix.

    RUN is the folder of a run: its images are prepared as they were in training. TARGET is a network, with
    --weights and, if its images are not those of the recipe `default`, --recipe.
    """
    options = _Options(
        data, weights, recipe, assignments, edits, shape, plugins, batch, workers, data_dir, download
    )
    _check_usage(options, targets, ensemble=ensemble, saves=save_weights is not None)
    if bn_data is not None and not recalibrate_bn:
        raise click.UsageError("--bn-data says what --recalibrate-bn takes statistics over: give both.")
    if save_weights is not None:
        require_new(save_weights, "--save-weights")
    if output is not None and RunFolder(output).record.is_file():
        message = f"`{visible(str(output))}` holds a run, which stays what it is"
        refuse("E524", message, advice=f"-o {visible(str(free_name(Path('scores'))))}")
    from ogive.cli.eval_text import Scored, to_json, to_text
    from ogive.train.checks import choose_device
    from ogive.train.scoring import recalibrated, save, score

    place = choose_device(device)
    contenders = [_contender(target, options) for target in targets]
    done: list[Recalibrated | None] = [None for _ in contenders]
    if recalibrate_bn:
        for number, each in enumerate(contenders):
            others = each.run.data(bn_data, workers=workers, download=download) if bn_data else None
            done[number] = recalibrated(each, others, device=place, batch=batch)
            if not done[number].norms:  # pyright: ignore[reportOptionalMemberAccess]
                _note(f"`{each.shown}` has no batch norm with statistics: there is nothing to recalibrate")
    whole, alone = score(contenders, part, device=place, batch=batch)
    for each in contenders:
        for path, reason in each.data.skipped:
            _note(f"left out: {visible(path)}: {visible(reason)}")
    scored = Scored(tuple(contenders), part, whole, alone, tuple(done), bn_data)
    if save_weights is not None:
        try:
            save(contenders[0], save_weights, done[0])
        except FileExistsError:  # it came meanwhile
            require_new(save_weights, "--save-weights")
        except OSError as error:
            reason, advice = why_not_written(error, save_weights)
            refuse(
                "E510", f"cannot write `{visible(str(save_weights))}`: {reason}", advice=advice, cause=error
            )
    if output is not None:
        _write(output, scored)
    click.echo(json.dumps(to_json(scored), indent=2, ensure_ascii=False) if as_json else to_text(scored))


@dataclass(frozen=True, slots=True)
class _Options:
    """What the options say about networks and data."""

    data: str | None
    weights: Path | None
    recipe: str | None
    assignments: tuple[str, ...]
    edits: tuple[str, ...]
    shape: str | None
    plugins: tuple[str, ...]
    batch: int | None
    workers: int | None
    data_dir: Path | None
    download: bool


def _check_usage(options: _Options, targets: Sequence[str], *, ensemble: bool, saves: bool) -> None:
    """Whether the options go together.

    Raises:
        click.UsageError: they do not.
    """
    runs = [target for target in targets if _means_run(target)]
    if ensemble and len(targets) < 2:
        raise click.UsageError("--ensemble takes several runs: ogive eval --ensemble RUN RUN ...")
    if len(targets) > 1 and not ensemble:
        raise click.UsageError("several runs are scored together with --ensemble, otherwise one at a time.")
    if ensemble and len(runs) < len(targets):
        other = next(target for target in targets if target not in runs)
        _require_network(other)
        raise click.UsageError(f"--ensemble takes the folders of runs, and {visible(other)} is a network.")
    if ensemble and (options.weights or saves):
        raise click.UsageError("--weights and --save-weights are about one network: leave out --ensemble.")
    if not runs and options.weights is None:
        _require_network(targets[0])
        raise click.UsageError(
            f"{visible(targets[0])} is a network without weights: give --weights FILE.safetensors, or name "
            "the folder of a run."
        )
    if runs and (options.recipe or options.assignments or options.edits or options.shape):
        raise click.UsageError(
            "a run knows its network and its recipe: --recipe, --set, --edit and --input are for TARGET. "
            "Other data are --data."
        )


def _require_network(target: str) -> None:
    """Whether there is a network of that name, which has no weights then.

    Raises:
        ArchError: E502, there is none; E501, its file cannot be read.
    """
    from ogive.loading import find

    try:
        find(target)
    except ArchError as error:
        run = Path("runs") / target
        if error.diagnostics[0].code != "E502" or not RunFolder(run).record.is_file():
            raise
        help_ = f"did you mean the run `{visible(str(run))}`?"
        raise ArchError([replace(error.diagnostics[0], help=help_)]) from None


def _means_run(target: str) -> bool:
    """Whether a text names the folder of a run rather than a network: a bare name is one of the zoo first."""
    from ogive.catalogue import zoo_names

    path = Path(target)
    named = "/" in target or "\\" in target
    if not named and target in zoo_names():
        return False
    if path.exists():
        return path.suffix != ".arch" or path.is_dir()
    return named and ".arch" not in target


def _contender(target: str, options: _Options) -> Contender:
    """A network with its weights and its data."""
    from ogive.train.scoring import of_network, of_run

    if not _means_run(target):
        return _of_network(target, options, of_network)
    from ogive.train.opened import open_run

    run = open_run(
        target, plugins=_plugins_of(Path(target), options.plugins), data_dir=options.data_dir,
        weights=options.weights,
    )  # fmt: skip
    found = of_run(run, options.data, workers=options.workers, download=options.download)
    for note in (*run.notes, *run.differences(found.data)):
        _note(f"`{found.shown}`: {note}")
    return found


def _of_network(target: str, options: _Options, of_network: Any) -> Contender:
    from ogive.cli.train import recipe_of
    from ogive.train.machine import Machine

    settings = with_plugins(
        parse_settings(options.assignments, options.shape, options.edits), options.plugins
    )
    network = settings.load(target)
    print_diagnostics(network.warnings)
    flags = (("data", options.data),) if options.data is not None else ()
    recipe = recipe_of(options.recipe, flags, network)
    machine = Machine(
        workers=options.workers, download=options.download,
        data_dir=str(options.data_dir) if options.data_dir is not None else None,
    )  # fmt: skip
    assert options.weights is not None
    return of_network(network, options.weights, recipe, machine)


def _plugins_of(run: Path, plugins: Sequence[str]) -> Sequence[str]:
    """Those of the plugins that a run was made with; all where it was made with none of them."""
    from ogive.plugin.files import digest_of
    from ogive.train.intact import read_record

    if not plugins:
        return ()
    target = read_record(run)["target"] or {"plugins": {}}
    own = [each for each in plugins if digest_of(each) in target["plugins"].values()]
    return own or plugins


def _write(folder: Path, scored: Scored) -> None:
    """eval.json and the figure."""
    from ogive.cli.eval_text import title, to_json
    from ogive.train.confusion import draw_confusion

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        refuse("E510", f"cannot make the folder `{visible(str(folder))}`: {reason}", cause=error)
    drawn = draw_confusion(scored.whole.confusion, scored.contenders[0].run.classes, title(scored))
    write(folder / "eval.json", json.dumps(to_json(scored), indent=2, ensure_ascii=False) + "\n")
    for suffix, content in drawn.items():
        write(folder / f"confusion.{suffix}", content)


def _note(text: str) -> None:
    click.echo(f"note: {text}", err=True)
