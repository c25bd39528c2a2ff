"""`ogive sweep`: a grid of runs, and one table and one figure of what they came to."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ogive.cli.complete import complete_target
from ogive.cli.messages import print_diagnostics, refuse
from ogive.cli.output import write
from ogive.cli.target import plugin_option
from ogive.cli.training import Flags, TrainingCommand, initial_options, machine_options, recipe_options
from ogive.diagnostics import ArchError
from ogive.render import visible
from ogive.train.machine import Machine

if TYPE_CHECKING:
    from ogive.cli.sweeping import Trains
    from ogive.train.grid import Alternatives, Grid, Pairs
    from ogive.train.sweep import Run, Sweep


@click.command(
    cls=TrainingCommand,
    short_help="Train a grid of runs, and compare them.",
    epilog="Example: ogive sweep lenet5 --seeds 3 --edit 'insert bn before act' --vary lr=0.005,0.025",
)
@click.argument("targets", metavar="[TARGET]...", nargs=-1, shell_complete=complete_target)
@click.option(
    "--seeds", default="1", show_default=True, metavar="N|A,B,…",
    help="How often each is trained, with seeds from --seed (or 0) on; or the seeds themselves.",
)  # fmt: skip
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="NAME=A,B,…",
    help="Values of an argument of the net, each trained: width=16,32. Several times: each with each.",
)
@click.option(
    "--edit",
    "edits",
    multiple=True,
    metavar="EDIT",
    help="An alternative to the net as it is written: 'remove lrn; insert bn before act'. Several times: "
    "several alternatives.",
)
@click.option("--no-base", is_flag=True, help="Leave out the net as it is written: train the --edit alone.")
@click.option(
    "--vary",
    "varied",
    multiple=True,
    metavar="SETTING=A,B,…",
    help="Values of a setting of the recipe, each trained: lr=0.1,0.01, optimizer=sgd(0.1),adam, "
    "recipe=a,b. Several values of one setting stand in [ ]: augment=[hflip, normalize],none.",
)
@click.option(
    "--jobs", default=1, show_default=True, type=click.IntRange(1), metavar="N", help="Runs at the same time."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The folder; runs/sweep-TARGET without it.",
)
@click.option("--extend", is_flag=True, help="Add runs to a sweep that is there.")
@click.option(
    "--resume", type=click.Path(path_type=Path), metavar="SWEEP", help="Go on with the sweep of this folder."
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="COLUMN",
    help="A column more: a number of the last epoch (train_error), or the steps to reach one "
    "('train_error <= 25'). May be given several times.",
)
@click.option("--dry-run", is_flag=True, help="Check and list the runs, and train none.")
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.option("--input", "shape", metavar="CxHxW", help="The shape of the input, without the batch.")
@plugin_option
@initial_options
@recipe_options
@machine_options
def command(
    targets: tuple[str, ...],
    seeds: str,
    assignments: tuple[str, ...],
    edits: tuple[str, ...],
    no_base: bool,
    varied: tuple[str, ...],
    shape: str | None,
    plugins: tuple[str, ...],
    recipe: str | None,
    flags: Flags,
    init_from: Path | None,
    freeze: tuple[str, ...],
    machine: Machine,
    changes: Mapping[str, Any],
    jobs: int,
    out: Path | None,
    extend: bool,
    resume: Path | None,
    columns: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
) -> None:
    """Train every TARGET with every value, every alternative and every seed, each in a folder of its own.

    Before the first run begins, all are checked against their data and recipes.
    The same command, or --resume, goes on where a sweep stopped: what is finished is not trained again. A run
    that fails is kept as such, the others are trained, and the command ends with 1. In the sweep's folder:
    table.md, table.csv, sweep.svg and sweep.pdf.
    """
    from ogive.cli.sweeping import Trains
    from ogive.train.grid import Grid
    from ogive.train.recorded import is_run
    from ogive.train.sweep import open_sweep, plan, read_sweep

    if resume is not None:
        of_the_grid = (targets, assignments, edits, varied, recipe, flags, shape, init_from, freeze)
        if any(of_the_grid) or out or extend or no_base:
            raise click.UsageError(
                "--resume goes on with a sweep as it was: besides it only --plugin, --jobs, --column and the "
                "options of the machine (--device, --workers, --data-dir, …) can be given."
            )
        there = read_sweep(resume)
        grid = there.grid
        machine = replace(_machine(there), **changes)
        plugins = tuple(str(Path(plugin).resolve()) for plugin in plugins)
        _require_plugins(there, plugins)
        path = _from_where_it_began(there, resume)
        columns = columns or tuple(there.about.get("columns", ()))
    else:
        if not targets:
            raise click.UsageError(
                "Missing argument 'TARGET': a file or a network of the zoo; or --resume SWEEP."
            )
        if no_base and not edits:
            raise click.UsageError("--no-base leaves the --edit alone, and there is none.")
        seed, others = _without_seed(flags)
        grid = Grid(
            targets=tuple(dict.fromkeys(targets)),
            arguments=_alternatives(assignments, "--set"),
            edits=(*(() if no_base and edits else ("",)), *dict.fromkeys(edits)),
            settings=_alternatives(varied, "--vary"),
            seeds=_seeds(seeds, seed),
            recipe=recipe,
            flags=others,
            input=shape,
            init_from=str(init_from) if init_from is not None else None,
            freeze=freeze,
        )
        path = out or Path("runs") / _name(targets)
    columns = _columns(columns)
    _one_device(machine)
    trains = Trains(grid, machine, plugins, jobs)
    runs = plan(grid, trains.meaning)
    trains.check(list(dict.fromkeys(run.variant for run in runs if not is_run(path / run.folder))))
    if dry_run:
        _list(runs, grid, path)
        return
    about: dict[str, Any] = {"plugins": trains.digests, "machine": asdict(machine), "folder": str(Path.cwd())}
    about["columns"] = list(columns)
    with _writes_in(path):
        sweep = open_sweep(path, grid, runs, about, extend=extend)
        _carry_out(sweep, trains, jobs)
        _show(sweep, as_json=as_json)
    if any(sweep.status(run) == "failed" for run in sweep.runs):
        raise click.exceptions.Exit(1)


# --------------------------------------------------------------------------- what is asked for


def _alternatives(given: Sequence[str], option: str) -> Alternatives:
    """`width=16,32` as the name and its values.

    Raises:
        ArchError: a value is no expression.
        click.BadParameter: it is not of that form, or a name is given twice.
    """
    from ogive.recipes.settings import BY_NAME
    from ogive.source import SourceFile
    from ogive.syntax.parser import parse_values
    from ogive.train.told_apart import split_list

    found: dict[str, tuple[str, ...]] = {}
    for text in given:
        name, equals, values = (part.strip() for part in text.partition("="))
        name = name.replace("-", "_") if option == "--vary" else name
        if not equals or not name.isidentifier() or not values:
            raise click.BadParameter(f"{visible(text)!r} is not NAME=A,B,…", param_hint=option)
        if name in found:
            hint = f"{name} is given twice: its values stand behind one {option}, {name}=A,B"
            raise click.BadParameter(hint, param_hint=option)
        if name != "recipe":  # whose values are names, also of files
            _, diagnostics = parse_values(SourceFile(f"{option} {name}", values))
            if diagnostics:
                raise ArchError(diagnostics)
        pieces = split_list(values)
        if option == "--vary" and name in BY_NAME and BY_NAME[name].most > 1:
            pieces = [p[1:-1].strip() if p.startswith("[") and p.endswith("]") else p for p in pieces]
        found[name] = tuple(dict.fromkeys(pieces))
    return tuple(found.items())


def _columns(given: Sequence[str]) -> tuple[str, ...]:
    """The columns that are asked for, each once, as they are kept.

    Raises:
        click.BadParameter: there is no such column, or it is none that can be read.
    """
    from ogive.train.sweep_columns import Extra

    try:
        return tuple(dict.fromkeys(str(Extra.parse(text)) for text in given))
    except ValueError as error:
        raise click.BadParameter(visible(str(error)), param_hint="--column") from None


def _seeds(text: str, first: int) -> tuple[int, ...]:
    """`3` as the first seed and the two behind it; `1,2,5` as they stand there."""
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 1 and numbers[0] >= 1 and "," not in text:
        return tuple(range(first, first + numbers[0]))
    if len(numbers) > 1 and min(numbers) >= 0 and len(set(numbers)) == len(numbers):
        return tuple(numbers)
    message = f"{visible(text)!r} is neither a number of seeds, such as 3, nor seeds, such as 1,2,5"
    raise click.BadParameter(message, param_hint="--seeds")


def _without_seed(flags: Flags) -> tuple[int, Pairs]:
    """`--seed`, which the seeds are counted from, and the other flags."""
    pairs = [(each[0], each[1]) for each in flags]
    given = dict(pairs).get("seed", "0")
    if not given.isdecimal():
        raise click.BadParameter(f"{visible(given)!r} is no number", param_hint="--seed")
    return int(given), tuple((name, text) for name, text in pairs if name != "seed")


def _name(targets: Sequence[str]) -> str:
    """`sweep-lenet5`, `sweep-lenet5-alexnet`."""
    from ogive.train.rundir import file_name

    names = [target.rpartition(":")[2] or target for target in dict.fromkeys(targets)]
    names = [Path(name).stem if name.endswith(".arch") else name for name in names]
    return file_name("-".join(["sweep", *names[:3], *(["and_more"] if len(names) > 3 else [])]))


def _one_device(machine: Machine) -> None:
    if machine.world > 1:
        raise click.UsageError(
            "a run of a sweep has one device: --jobs N trains several runs at the same time; for several "
            "devices use `ogive train`."
        )


def _machine(sweep: Sweep) -> Machine:
    """The machine that a sweep was begun on."""
    try:
        return Machine(**sweep.about["machine"])
    except (KeyError, TypeError):
        return Machine()


def _require_plugins(sweep: Sweep, given: Sequence[str]) -> None:
    """Asks for the plugins of a sweep: they are run, and so named by the user every time."""
    needed = list(sweep.about.get("plugins", {}))
    if needed and not given:
        flags = " ".join(f"--plugin {each}" for each in needed)
        shown = visible(str(sweep.path))
        message = f"`{shown}` has layers of plugins, which are run only when they are named"
        refuse("E573", message, advice=f"ogive sweep --resume {shown} {visible(flags)}")


def _from_where_it_began(sweep: Sweep, path: Path) -> Path:
    """Changes to the folder in which a sweep was begun, where all of its paths lead from; gives the path of
    the sweep from there.
    """
    there = Path(str(sweep.about.get("folder", ".")))
    if not there.is_dir() or there.samefile("."):
        return path
    path = path.resolve()
    os.chdir(there)
    return path


# --------------------------------------------------------------------------- what is done, and what is said


def _list(runs: Sequence[Run], grid: Grid, path: Path) -> None:
    for run in runs:
        label = visible(grid.label(run.variant))
        click.echo(f"{label}, seed {run.seed}  ->  {visible(str(path / run.folder))}")
    click.echo(f"{len(runs)} run{'' if len(runs) == 1 else 's'}")


class _Tells:
    """Says on the standard error which run is under way; after each, writes the table anew."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep

    def begins(self, run: Run, number: int, total: int) -> None:
        label = visible(self.sweep.grid.label(run.variant))
        folder = visible(str(self.sweep.path / run.folder))
        click.echo(f"[{number}/{total}] {label}, seed {run.seed}  ->  {folder}", err=True)

    def ends(self, run: Run, error: Exception | None) -> None:
        name = visible(run.folder)
        if isinstance(error, ArchError):
            print_diagnostics(error.diagnostics)
        elif error is not None:
            click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
        if error is not None:
            click.echo(f"{name}: failed; the sweep goes on", err=True)
        elif (recorded := self.sweep.recorded(run)) is not None:
            from ogive.train.report import outcome

            click.echo(f"{name}: {outcome(recorded)}", err=True)
        _write_tables(self.sweep)


def _carry_out(sweep: Sweep, trains: Trains, jobs: int) -> None:
    """Trains what is left of a sweep.

    Raises:
        ArchError: E573, another process does.
        KeyboardInterrupt: it was interrupted; says how to go on.
    """
    from ogive.train.interrupt import Terminated, stopped_by
    from ogive.train.sweep import carry_out

    shown = visible(str(sweep.path))
    try:
        with sweep.locked() as lock:
            carry_out(sweep, trains, _Tells(sweep), jobs=jobs, lock=lock)
    except KeyboardInterrupt as interrupt:
        done = sum(sweep.status(run) == "finished" for run in sweep.runs)
        number = signal.SIGTERM if isinstance(interrupt, Terminated) else signal.SIGINT
        done = f"{done} of {len(sweep.runs)} runs are finished"
        said = f"interrupted: {done}; to go on: ogive sweep --resume {shown}"
        raise stopped_by(number, said) from interrupt


@contextmanager
def _writes_in(folder: Path) -> Generator[None]:
    """Tells where the folder of a sweep cannot be written: the disk is full, or it is another's.

    Raises:
        ArchError: E510.
    """
    try:
        yield
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        advice = "make room, or name another folder: --out; the same command goes on with what is there"
        refuse("E510", f"cannot write in `{visible(str(folder))}`: {reason}", advice=advice, cause=error)


def _write_tables(sweep: Sweep) -> None:
    from ogive.train.rundir import write_text
    from ogive.train.sweep_table import table_of, to_csv, to_markdown

    table = table_of(sweep)
    write_text(sweep.path / "table.md", to_markdown(table))
    write_text(sweep.path / "table.csv", to_csv(table))


def _show(sweep: Sweep, *, as_json: bool) -> None:
    """Writes table and figure, and prints the table."""
    from ogive.train.figures import as_bytes, styled
    from ogive.train.sweep_figure import draw_sweep
    from ogive.train.sweep_table import NOTE, table_of, to_json, to_plain, to_rich

    _write_tables(sweep)
    table = table_of(sweep)
    written = [sweep.path / "table.md", sweep.path / "table.csv"]
    with styled():
        figure = draw_sweep(sweep)
        for suffix in ("svg", "pdf"):
            if figure is not None:
                path = sweep.path / f"sweep.{suffix}"
                write(path, as_bytes(figure, suffix))
                written.append(path)
    if as_json:
        click.echo(json.dumps(to_json(table), indent=2, ensure_ascii=False))
        return
    rich = None
    if sys.stdout.isatty():
        from rich.console import Console

        console = Console()
        rich = to_rich(table, console.width)
        if rich is not None:
            console.print(rich)
    if rich is None:
        click.echo(f"{to_plain(table)}\n{NOTE}")
    for path in written:
        click.echo(f"  {visible(str(path))}")
