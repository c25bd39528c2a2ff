"""Writing without losing anything: beside, then renamed.

A file that is renamed over is a new one: where it had a second name (a hard link), that one keeps the old
text.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from tempfile import NamedTemporaryFile


def require_writable(path: Path) -> None:
    """Refuses a file that says it is not to be written. Renaming over it would not ask, and root may do
    anything.

    Raises:
        PermissionError: nobody may write it, by the bits of its mode, or the user of this process may not.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not mode & 0o222 or not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "it is read-only", str(path))


def write_atomically(path: Path, data: bytes | str) -> None:
    """Writes a file so that it is either the old one or the whole new one.

    Raises:
        PermissionError: it is read-only.
        OSError: it cannot be written; nothing was changed.
    """
    require_writable(path)
    content = data.encode("utf-8") if isinstance(data, str) else data
    mode = path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~_umask()
    with NamedTemporaryFile(dir=path.parent, prefix=_beside(path), delete=False) as stream:
        beside = Path(stream.name)
        try:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            beside.chmod(mode)
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def create_atomically(path: Path, data: bytes | str) -> None:
    """Writes a file that must not exist yet, so that it is whole or not there.

    Raises:
        FileExistsError: something of that name exists, be it a link that leads nowhere.
        OSError: it cannot be written.
    """
    with NamedTemporaryFile(dir=path.parent, prefix=_beside(path), delete=False) as stream:
        beside = Path(stream.name)
        try:
            stream.write(data.encode("utf-8") if isinstance(data, str) else data)
            stream.flush()
            os.fsync(stream.fileno())
            beside.chmod(0o666 & ~_umask())
            _link(beside, path)
        finally:
            beside.unlink(missing_ok=True)


def _beside(path: Path) -> str:
    """How the name of a file begins that becomes this one; a name has at most 255 bytes."""
    return f".{path.name[:40]}."


def _link(beside: Path, path: Path) -> None:
    """Gives a file its name unless that is taken, also where the file system knows no links."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        beside.replace(path)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
