"""What is said when a disk fails a run: it is full or read-only (E568), none of its checkpoints is good
(E569), or an image of the data cannot be used (E552).
"""

from __future__ import annotations

import errno
import re
import shlex
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from ogive.diagnostics import ArchError, Diagnostic
from ogive.report.units import size
from ogive.train.storage import BEST, LAST, PREVIOUS, Damaged, State, read

_REASONS = {
    errno.ENOSPC: ("there is no space left on its disk", "make room"),
    errno.EDQUOT: ("your share of its disk is used up", "make room within your quota"),
    errno.EROFS: ("its file system is read-only", "make it writable"),
}
_RUSTS = re.compile(r"\(os error (\d+)\)")
"""How libraries written in Rust, safetensors among them, tell the number of an error."""


@contextmanager
def disk_errors(run: Path) -> Generator[None]:
    """Turns the errors of a full or read-only disk into what the user should know, and says how to go on
    after an image that cannot be used. `run` is the run's folder.

    Raises:
        ArchError: E568, a file could not be written: which, what was needed, what is kept, how to go on; and
            what was raised inside.
    """
    try:
        yield
    except ArchError as error:
        raise ArchError([_with_resume(run, each) for each in error.diagnostics]) from error.__cause__
    except Exception as error:
        number = _number(error)
        if number is None:
            raise
        raise ArchError([_diagnostic(run, error, number)]) from error


def none_usable(run: Path, refused: Sequence[tuple[Path, str]]) -> ArchError:
    """E569: there are checkpoints, and each was refused.

    Args:
        run: the run's folder.
        refused: the checkpoints with the reasons, as `storage.newest` gives them.
    """
    notes = tuple((path.name, reason) for path, reason in refused)
    message = f"no checkpoint of `{run}` can be used"
    again = f"remove `{run / 'checkpoints'}`, then: ogive train --resume {run}"
    help_ = f"begin again from the start, with the same outcome: {again}"
    return ArchError([Diagnostic("E569", message, notes=notes, help=help_)])


def moment(state: State) -> str:
    """Where in its run a checkpoint was written: `after step 120, in epoch 3`."""
    step = state.get("global_step")
    if step == 0:
        return "before the first step"
    said = f"after step {step}" if isinstance(step, int) else "of an unknown step"
    position = state.get("position")
    if isinstance(position, list) and len(position) == 2:
        epoch, batches = position
        said += f", in epoch {epoch + 1}" if batches else f", the end of epoch {epoch}"
    return said


def _with_resume(run: Path, diagnostic: Diagnostic) -> Diagnostic:
    """An image that is found to be unusable while a run is under way: the run need not begin again."""
    if diagnostic.code != "E552":
        return diagnostic
    again = f"ogive train --resume {shlex.quote(str(run))}"
    help_ = f"mend it, then: {again}; or go on without such images: {again} --corrupt skip"
    return replace(diagnostic, help=help_)


def _number(error: BaseException) -> int | None:
    """The number of a disk's error, also of one that another exception reports; None of any other error."""
    number = error.errno if isinstance(error, OSError) else None
    if type(error).__name__ == "SafetensorError":
        found = _RUSTS.search(str(error))
        number = int(found[1]) if found else None
    return number if number in _REASONS else None


def _diagnostic(run: Path, error: BaseException, number: int) -> Diagnostic:
    reason, remedy = _REASONS[number]
    path = _file(run, error)
    what = f"`{path}`" if path is not None else f"a file in `{run}`"
    needed = getattr(error, "needed", None)
    notes: list[tuple[str, str]] = []
    if number != errno.EROFS:
        free = f"{size(_free(path or run))} are free"
        notes.append(("space", f"{size(needed)} are needed, {free}" if needed is not None else free))
    kept = _kept(run / "checkpoints")
    notes.append(("kept", "; ".join(kept) or "no checkpoint: the run begins again"))
    return Diagnostic(
        "E568",
        f"{what} cannot be written: {reason}",
        notes=tuple(notes),
        help=f"{remedy}, then: ogive train --resume {run}",
    )


def _file(run: Path, error: BaseException) -> Path | None:
    """The file that could not be written; None if the error does not say, or names what is beside it."""
    name = error.filename if isinstance(error, OSError) else None
    if not isinstance(name, str):
        return None
    path = Path(name)
    return None if path.name.startswith(".") and run in path.parents else path


def _free(path: Path) -> int:
    """Bytes that this user may still write there."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free


def _kept(folder: Path) -> list[str]:
    """The checkpoints that are whole, with their moments."""
    found: list[str] = []
    for name in (LAST, PREVIOUS, BEST):
        try:
            found.append(f"{name}, {moment(read(folder / name))}")
        except (FileNotFoundError, Damaged):
            continue
    return found
