"""`ogive check --fix`: the files that were named, with their mistakes corrected where that is certain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from ogive.cli.messages import refuse
from ogive.cli.output import require_file, write
from ogive.diagnostics import ArchError, Diagnostic
from ogive.fixing import Applied, fix_text
from ogive.render import visible

_BOM = "\ufeff"
_ENDING = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class FixedFile:
    """A file that was, or would be, changed.

    Attributes:
        path: as it was named.
        raw: its bytes as they were.
        before, text: the program before and after, lines ending with a newline.
        applied: what was done.
    """

    path: Path
    raw: bytes
    before: str
    text: str
    applied: tuple[Applied, ...]

    @property
    def content(self) -> bytes:
        """The new bytes, with the line endings, and the byte order mark, that the file had."""
        old = self.raw.decode("utf-8")
        endings = _ENDING.findall(old.removeprefix(_BOM))
        usual = max(set(endings), key=endings.count) if endings else "\n"
        lines = self.text.split("\n")
        kept = endings if len(endings) == len(lines) - 1 else [usual] * (len(lines) - 1)
        joined = "".join(line + end for line, end in zip(lines, [*kept, ""], strict=True))
        return (_BOM * old.startswith(_BOM) + joined).encode()

    def diff(self) -> str:
        """The change as a unified diff."""
        name = str(self.path)
        old, new = (text.splitlines(keepends=True) for text in (self.before, self.text))
        lines = unified_diff(old, new, name, name)
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
        )

    def require_writable(self) -> None:
        """Refuses a file that is read-only.

        Raises:
            ArchError: E510.
        """
        require_file(self.path)

    def save(self) -> None:
        """Writes the file, whole or not at all.

        Raises:
            ArchError: E510, it cannot be written, or somebody else wrote it meanwhile.
        """
        if self.path.read_bytes() != self.raw:
            refuse(
                "E510", f"`{visible(str(self.path))}` was changed while it was checked; nothing was written"
            )
        write(self.path, self.content)


def fix_files(
    targets: Iterable[str], find: Callable[[list[str], Path, str], Sequence[Diagnostic]], *, unsafe: bool
) -> list[FixedFile]:
    """The files that these targets name, corrected; those with nothing to correct are left out.

    Networks of the zoo that are called by their name, and files that a program uses, are not touched.

    Args:
        targets: as on the command line.
        find: all that is wrong with targets of one file, where a text stands in the place of that file.
        unsafe: whether to apply also the fixes that guess.
    """
    from ogive.loading import locate

    files: dict[Path, tuple[Path, list[str]]] = {}
    for target in targets:
        try:
            path, shown, _ = locate(target)
        except ArchError:
            continue
        if shown is None:
            files.setdefault(path.resolve(), (path, []))[1].append(target)
    made = [_fixed(path, named, find, unsafe) for path, named in files.values()]
    return [each for each in made if each is not None]


def _fixed(
    path: Path, targets: list[str], find: Callable[[list[str], Path, str], Sequence[Diagnostic]], unsafe: bool
) -> FixedFile | None:
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8").removeprefix(_BOM)
    except (OSError, ValueError):
        return None  # the check says what is wrong with it
    before = text.replace("\r\n", "\n").replace("\r", "\n")
    done = fix_text(before, lambda version: find(targets, path, version), unsafe=unsafe)
    return FixedFile(path, raw, before, done.text, done.applied) if done.text != before else None


def report(files: Sequence[FixedFile]) -> list[str]:
    """A line for each correction: ``net.arch:3:14: fixed E006: `3 x 3` -> `3x3` ``."""
    return [
        f"{visible(str(file.path))}:{each.line}:{each.column}: fixed {each.code}: {_change(each)}"
        for file in files
        for each in file.applied
    ]


def _change(each: Applied) -> str:
    if not each.before:
        return f"`{visible(each.after.strip())}` inserted"
    return (
        f"`{visible(each.before)}` -> `{visible(each.after)}`"
        if each.after
        else f"`{visible(each.before)}` removed"
    )
