"""A sweep: the runs of a grid, one folder each, made one after another and gone on with after a stop.

`sweep.json` says what the grid is, and why runs failed; what became of the others is in their own folders.
Imports no torch: what trains a run is given.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from ogive.diagnostics import ArchError, Diagnostic
from ogive.render import visible
from ogive.train.grid import Grid, Variant, variant_to_json
from ogive.train.jobs import in_processes
from ogive.train.recorded import Recorded, is_run, read_run
from ogive.train.rundir import next_free, write_text

FORMAT = 1
"""Of sweep.json."""
NOT_FINITE = "E525"
"""A loss that is not finite comes out the same another time: that is what the run came to."""

Work = Callable[["Run", Path], None]
"""Trains a run in a folder, or goes on with what lies there."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a sweep.

    Attributes:
        variant: what is trained.
        seed: of the recipe.
        folder: below that of the sweep.
        network, recipe: SHA-256 of what the variant means: its files, arguments and edits; its settings, in
            full, but for the seed.
        error: the code and the message of what it failed with.
    """

    variant: Variant
    seed: int
    folder: str
    network: str
    recipe: str
    error: tuple[str, str] | None = None

    @property
    def identity(self) -> tuple[str, str, int]:
        """Two runs with the same are one."""
        return self.network, self.recipe, self.seed


class Meaning(Protocol):
    """What a variant comes to.

    Attributes:
        network: all that makes the network: files, arguments, edits.
        recipe: the whole recipe but for the seed.
    """

    @property
    def network(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def recipe(self) -> str: ...  # noqa: D102


def plan(grid: Grid, meaning: Callable[[Variant], Meaning]) -> list[Run]:
    """The runs of a grid: every variant with every seed, the seed changing fastest.

    Raises:
        ArchError: what `meaning` raises, for all variants together; E573, two variants are the same.
    """
    found: dict[Variant, Meaning] = {}
    wrong: list[ArchError] = []
    for variant in grid.variants():
        try:
            found[variant] = meaning(variant)
        except ArchError as error:
            wrong.append(error)
    if wrong:
        kinds = {type(error) for error in wrong}
        kind = kinds.pop() if len(kinds) == 1 else ArchError  # wrong usage stays that
        raise kind(dict.fromkeys(each for error in wrong for each in error.diagnostics))
    runs: list[Run] = []
    twins: dict[tuple[str, str], Variant] = {}
    for variant, means in found.items():
        network, recipe = _digest(means.network), _digest(means.recipe)
        twin = twins.setdefault((network, recipe), variant)
        if twin is not variant:
            a, b = visible(grid.label(twin)), visible(grid.label(variant))
            raise _refused(f"`{a}` and `{b}` are the same network with the same recipe", help="leave one out")
        for seed in grid.seeds:
            folder = _free_name(grid.folder(variant, seed), [run.folder for run in runs])
            runs.append(Run(variant, seed, folder, network, recipe))
    return runs


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("utf-8")).hexdigest()


def _free_name(name: str, taken: Sequence[str]) -> str:
    number, free = 1, name
    while free.lower() in {each.lower() for each in taken}:
        number += 1
        free = f"{name}-{number}"
    return free


# --------------------------------------------------------------------------- the folder


@dataclass
class Sweep:
    """A sweep and its folder.

    Attributes:
        path: the folder.
        grid: what is trained.
        runs: in order.
        about: what else it takes to go on, kept as it is: plugins, the machine.
    """

    path: Path
    grid: Grid
    runs: list[Run]
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """What the sweep is."""
        return self.path / "sweep.json"

    def write(self) -> None:
        """Writes sweep.json, whole or not at all."""
        self.path.mkdir(parents=True, exist_ok=True)
        runs = [
            {
                "folder": run.folder,
                **variant_to_json(run.variant),
                "seed": run.seed,
                "network": run.network,
                "recipe": run.recipe,
                "error": list(run.error) if run.error else None,
            }
            for run in self.runs
        ]
        made = {"format": FORMAT, "grid": self.grid.to_json(), "about": self.about, "runs": runs}
        write_text(self.file, json.dumps(made, indent=2, ensure_ascii=False) + "\n")

    def recorded(self, run: Run) -> Recorded | None:
        """What a run has written; None as long as it has not begun, and where its files are damaged."""
        folder = self.path / run.folder
        try:
            return read_run(folder) if is_run(folder) else None
        except ArchError:
            return None

    def status(self, run: Run) -> str:
        """`waiting`, `failed`, `finished`, or what its folder says: `running`, `interrupted`."""
        recorded = self.recorded(run)
        if recorded is not None and recorded.status == "finished":
            return "finished"
        if run.error is not None:
            return "failed"
        return recorded.status if recorded is not None else "waiting"

    def waiting(self) -> list[Run]:
        """The runs that are still to be made: all but those that are finished, and those whose loss was not
        finite. What failed for another reason is tried again.
        """
        return [run for run in self.runs if self.status(run) != "finished" and not self._settled(run)]

    def _settled(self, run: Run) -> bool:
        return run.error is not None and run.error[0] == NOT_FINITE and is_run(self.path / run.folder)

    def ended(self, run: Run, error: tuple[str, str] | None) -> None:
        """Keeps what a run failed with, or that it did not."""
        self.runs = [replace(each, error=error) if each.folder == run.folder else each for each in self.runs]
        self.write()

    @contextmanager
    def locked(self) -> Generator[int | None]:
        """Keeps other processes from working at it meanwhile; gives the lock's file descriptor.

        The lock is held as long as any process has that descriptor open, and ends with them.

        Raises:
            ArchError: E573, another process works at it.
        """
        with (self.path / ".lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"another process works at `{_shown(self.path)}`"
                raise _refused(message, help="wait for it, or name another folder: --out") from None
            except OSError:  # a file system without locks
                yield None
                return
            yield file.fileno()


def read_sweep(path: Path) -> Sweep:
    """A sweep out of its folder.

    Raises:
        ArchError: E573, there is none, or sweep.json is damaged.
    """
    file = path / "sweep.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']!r}, and this Ogive reads format {FORMAT}")
        runs = [
            Run(
                Variant(
                    str(each["target"]),
                    tuple((str(k), str(v)) for k, v in each["set"].items()),
                    str(each["edit"] or ""),
                    tuple((str(k), str(v)) for k, v in each["vary"].items()),
                ),
                int(each["seed"]),
                _one_name(each["folder"]),
                str(each["network"]),
                str(each["recipe"]),
                (str(each["error"][0]), str(each["error"][1])) if each["error"] else None,
            )
            for each in found["runs"]
        ]
        return Sweep(path, Grid.from_json(found["grid"]), runs, dict(found["about"]))
    except FileNotFoundError:
        near = [*sorted(path.glob("*/sweep.json")), *sorted(Path("runs").glob("*/sweep.json"))][:6]
        help_ = f"there are {', '.join(_shown(each.parent) for each in near)}" if near else None
        raise _refused(f"`{_shown(path)}` holds no sweep", help=help_) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        raise _refused(f"`{_shown(file)}` cannot be used: {visible(str(error) or repr(error))}") from None


def _one_name(value: object) -> str:
    """The name of a folder inside that of the sweep, and of none elsewhere."""
    name = str(value)
    if not name or Path(name).name != name or name == "..":
        raise ValueError(f"`{name}` is no name of a folder")
    return name


def open_sweep(
    path: Path, grid: Grid, runs: Sequence[Run], about: Mapping[str, Any], *, extend: bool
) -> Sweep:
    """The sweep in a folder, begun, or gone on with where it stopped.

    Args:
        path: the folder.
        grid, runs: what is to be trained.
        about: what else it takes to go on.
        extend: whether runs may be added to those of a sweep that is there.

    Raises:
        ArchError: E573, something else is there: another grid, another network or recipe of the same name,
            files that are none of a sweep.
    """
    made = Sweep(path, grid, list(runs), dict(about))
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        made.write()
        return made
    if not (path / "sweep.json").exists():
        what = "holds other files" if path.is_dir() else "is a file"
        raise _refused(
            f"`{_shown(path)}` {what}; nothing was overwritten", help=f"--out {_shown(next_free(path))}"
        )
    there = read_sweep(path)
    old = {run.identity: run for run in there.runs}
    if set(old) == {run.identity for run in runs}:
        made.runs = [old[run.identity] for run in runs]
    elif set(old) < {run.identity for run in runs} and extend:
        made.runs = _added(there.runs, runs)
    else:
        raise _another_grid(there, made)
    made.runs = [replace(run, variant=now.variant) for run, now in zip(made.runs, runs, strict=True)]
    made.write()
    return made


def _added(old: Sequence[Run], new: Sequence[Run]) -> list[Run]:
    """The new runs; those that were there keep their folders."""
    there = {run.identity: run for run in old}
    taken = [run.folder for run in old]
    found: list[Run] = []
    for run in new:
        known = there.get(run.identity)
        if known is None:
            known = replace(run, folder=_free_name(run.folder, taken))
            taken.append(known.folder)
        found.append(known)
    return found


def _another_grid(there: Sweep, now: Sweep) -> ArchError:
    """E573, with what differs."""
    shown, free = _shown(there.path), _shown(next_free(there.path))
    before, after = there.grid.to_json(), now.grid.to_json()
    notes = [
        (name, visible(f"{_listed(before[name])} there, {_listed(after[name])} now"))
        for name in after
        if before[name] != after[name]
    ]
    if not notes:  # the same words, and they mean something else now
        notes = _changed(there, now)
    help_ = f"a sweep of its own: `--out {free}`"
    if {run.identity for run in there.runs} < {run.identity for run in now.runs}:
        help_ = f"to add runs to this one: `--extend`; {help_}"
    return _refused(f"`{shown}` is a sweep of another grid", notes=tuple(notes[:8]), help=help_)


def _changed(there: Sweep, now: Sweep) -> list[tuple[str, str]]:
    """The variants whose files or recipes have changed."""
    notes: list[tuple[str, str]] = []
    for kind in ("network", "recipe"):
        known = {run.variant: getattr(run, kind) for run in there.runs}
        changed = [run.variant for run in now.runs if known.get(run.variant) != getattr(run, kind)]
        labels = dict.fromkeys(now.grid.label(variant) for variant in changed)
        notes += [(visible(label), f"its {kind} is not what it was when the sweep began") for label in labels]
    return notes


def _listed(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k} = {_listed(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list) and value and all(isinstance(each, list) for each in value):
        return ", ".join(" ".join(map(str, each)) for each in value)
    if isinstance(value, list):
        return ", ".join(_listed(each) if each != "" else "as written" for each in value) or "none"
    return "none" if value is None else str(value)


def _shown(path: Path) -> str:
    return visible(str(path))


def _refused(
    message: str,
    *,
    notes: tuple[tuple[str, str], ...] = (),
    help: str | None = None,  # noqa: A002 - the diagnostic's own word
) -> ArchError:
    return ArchError([Diagnostic("E573", message, (), notes, help)])


# --------------------------------------------------------------------------- the work


class Watcher(Protocol):
    """What is told of a sweep under way."""

    def begins(self, run: Run, number: int, total: int) -> None:
        """A run begins, or goes on: the `number`th of all `total`, from 1 on."""

    def ends(self, run: Run, error: Exception | None) -> None:
        """It is finished, or failed."""


def carry_out(sweep: Sweep, work: Work, watcher: Watcher, *, jobs: int = 1, lock: int | None = None) -> None:
    """Makes the runs that are waiting. One that fails is kept as such, and the next begins.

    Args:
        sweep: the folder.
        work: trains a run; with several jobs something that can be pickled.
        watcher: is told.
        jobs: processes that work at the same time; with one, this one does.
        lock: what `Sweep.locked` gave.

    Raises:
        KeyboardInterrupt: Ctrl-C or SIGTERM; the runs under way have been saved.
        OSError: sweep.json cannot be written.
    """
    numbers = {run.folder: number for number, run in enumerate(sweep.runs, 1)}
    waiting = sweep.waiting()

    def begins(run: Run) -> None:
        watcher.begins(run, numbers[run.folder], len(sweep.runs))

    def ends(run: Run, error: Exception | None) -> None:
        sweep.ended(run, None if error is None else told(error))
        watcher.ends(run, error)

    if jobs > 1 and len(waiting) > 1:
        in_processes(waiting, _Placed(work, sweep.path), jobs, begins=begins, ends=ends, lock=lock)
        return
    for run in waiting:
        begins(run)
        failed: Exception | None = None
        try:
            work(run, sweep.path / run.folder)
        except Exception as error:  # whatever it is, the others can still be made
            failed = error
        ends(run, failed)


@dataclass(frozen=True, slots=True)
class _Placed:
    """The work in the folder of each run."""

    work: Work
    path: Path

    def __call__(self, run: Run) -> None:
        self.work(run, self.path / run.folder)


def told(error: Exception) -> tuple[str, str]:
    """The code and the message of what a run failed with; the name of its kind where it has no code."""
    if isinstance(error, ArchError) and error.diagnostics:
        return error.diagnostics[0].code, error.diagnostics[0].message
    return type(error).__name__, str(error)


def groups_of(sweep: Sweep) -> Iterable[tuple[Variant, list[Run]]]:
    """The runs by variant, in order."""
    found: dict[Variant, list[Run]] = {}
    for run in sweep.runs:
        found.setdefault(run.variant, []).append(run)
    return found.items()
