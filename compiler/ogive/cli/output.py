"""Writing files whole: beside their place, then renamed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

import click

from ogive.cli.messages import refuse
from ogive.render import visible


def write(path: Path, content: str | bytes) -> None:
    """Writes a file so that it is the old one or the whole new one, whatever happens meanwhile.

    Raises:
        ArchError: E510, it cannot be written.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    path = Path(os.path.realpath(path))  # a link keeps pointing where it points
    temporary: Path | None = None
    try:
        if path.is_dir():
            raise IsADirectoryError
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(data)
        # a temporary file is private; the result has the mode that a new file would have, or the old one's
        temporary.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        refuse(
            "E510",
            f"cannot write `{visible(str(path))}`: {_reason(error)}",
            advice=_advice(path),
            cause=error,
        )
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_or_print(path: Path | None, content: str) -> None:
    """Writes a file; without a path, or with `-`, prints the text."""
    if path is None or str(path) == "-":
        click.echo(content, nl=not content.endswith("\n"))
    else:
        write(path, content)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _reason(error: OSError) -> str:
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, FileNotFoundError):
        return "its folder does not exist"
    return (error.strerror or str(error)).lower()


def _advice(path: Path) -> str | None:
    if path.is_dir():
        return f"name a file in it: `{visible(str(path / 'net'))}`"
    return (
        f"make the folder first: `mkdir -p {visible(str(path.parent))}`" if not path.parent.exists() else None
    )
