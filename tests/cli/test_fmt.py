"""`ogive fmt`: what is written, what is not, and what is said."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ogive.syntax import format as package

UGLY = "net A(){relu->bn}\n# end\n"
NEAT = "net A() { relu -> bn }\n# end\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, text: str = UGLY) -> Path:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(text.encode())
    return path


def feed(text: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))


def test_files_are_written_anew(ogive: Callable, here: Path):
    for name in ("a.arch", "b.arch"):
        write(here / name)
    ran = ogive("fmt", "a.arch", "b.arch", "./a.arch")
    assert (ran.code, ran.out, ran.err) == (0, "formatted a.arch\nformatted b.arch\n", "")
    assert (here / "a.arch").read_text() == (here / "b.arch").read_text() == NEAT


def test_a_file_in_the_style_is_not_touched(ogive: Callable, here: Path):
    path = write(here / "a.arch", NEAT)
    os.utime(path, ns=(1, 1))
    before = path.stat()
    ran = ogive("fmt", "a.arch")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (1, before.st_ino)


@pytest.mark.parametrize("text", [NEAT.replace("\n", "\r\n"), "\ufeff" + NEAT, NEAT.rstrip("\n")])
def test_line_ends_are_part_of_it(text: str, ogive: Callable, here: Path):
    path = write(here / "a.arch", text)
    assert "@@" in ogive("fmt", "--diff", "a.arch").out
    assert path.read_bytes() == text.encode()
    assert ogive("fmt", "--check", "a.arch").code == 1
    assert ogive("fmt", "a.arch").out == "formatted a.arch\n"
    assert path.read_bytes() == NEAT.encode()


def test_permissions_and_links_stay(ogive: Callable, here: Path):
    path = write(here / "real" / "a.arch")
    path.chmod(0o640)
    link = here / "link.arch"
    link.symlink_to(path)
    assert ogive("fmt", "link.arch", "real/a.arch").out == "formatted link.arch\n"
    assert link.is_symlink()
    assert path.read_text() == NEAT
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in (here / "real").iterdir()) == ["a.arch"]


def test_folders(ogive: Callable, here: Path):
    for name in ("x/b.arch", "x/a.arch", "x/deep/c.arch", "x/.hidden/d.arch", "x/e.txt"):
        write(here / name)
    ran = ogive("fmt", "x")
    assert ran.out.split("\n") == ["formatted x/a.arch", "formatted x/b.arch", "formatted x/deep/c.arch", ""]
    assert (here / "x/.hidden/d.arch").read_text() == (here / "x/e.txt").read_text() == UGLY
    (here / "empty").mkdir()
    ran = ogive("fmt", "empty", "x")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error[E534]: there is no .arch file in `empty`\n")


def test_what_is_not_a_projects_own_is_left_out(ogive: Callable, here: Path):
    left = ["x/build/a.arch", "x/.venv/a.arch", "x/venv/a.arch", "x/node_modules/a.arch", "x/env/lib/a.arch"]
    for name in (*left, "x/own/b.arch", "elsewhere/c.arch"):
        write(here / name)
    write(here / "x/env/pyvenv.cfg", "")
    (here / "x/folder").symlink_to(here / "elsewhere")
    (here / "x/link.arch").symlink_to(here / "elsewhere/c.arch")
    assert ogive("fmt", "x").out == "formatted x/own/b.arch\n"
    assert ogive("fmt", "x/build", "x/link.arch").out == "formatted x/build/a.arch\nformatted x/link.arch\n"


@pytest.mark.parametrize("options", [[], ["--check"], ["--diff"]])
def test_a_folder_above_the_current_one_is_refused(
    options: list[str], ogive: Callable, here: Path, monkeypatch: pytest.MonkeyPatch
):
    path = write(here / "a.arch")
    (here / "inside").mkdir()
    monkeypatch.chdir(here / "inside")
    for folder in ("..", os.fspath(here), "/"):
        ran = ogive("fmt", *options, folder)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith(f"error[E534]: `{folder}` holds more than programs of one project\n")
    monkeypatch.setenv("HOME", os.fspath(here / "home" / "me"))
    (here / "other").mkdir()
    monkeypatch.chdir(here / "other")
    (here / "home" / "me").mkdir(parents=True)
    assert "error[E534]" in ogive("fmt", *options, here / "home").err
    assert path.read_text() == UGLY
    monkeypatch.chdir(here)
    monkeypatch.setenv("HOME", os.fspath(here / "inside"))
    assert "error[E534]" in ogive("fmt", *options, ".").err
    monkeypatch.setenv("HOME", os.fspath(here.parent / "elsewhere"))
    assert "error[E534]" not in ogive("fmt", *options, ".", "inside/..", path).err


def test_a_net_is_no_file(ogive: Callable, here: Path):
    ran = ogive("fmt", "resnet50")
    assert ran.code == 1
    assert "error[E501]: resnet50 cannot be read: no such file" in ran.err
    assert "takes files and folders, not names of nets: `resnet50.arch`" in ran.err


@pytest.mark.parametrize("mode", [0o444, 0o400, 0o555])
def test_a_read_only_file_is_not_written(mode: int, ogive: Callable, here: Path):
    path = write(here / "a.arch")
    path.chmod(mode)
    (here / "link.arch").symlink_to(path)
    for name in ("a.arch", "link.arch"):
        ran = ogive("fmt", name)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith(f"error[E510]: cannot write `{name}`: it is read-only\n")
        assert "chmod u+w" in ran.err
    assert path.read_text() == UGLY
    assert path.stat().st_mode & 0o777 == mode
    assert ogive("fmt", "--check", "a.arch").out == "would format a.arch\n"


def test_a_second_name_keeps_the_old_text(ogive: Callable, here: Path):
    path = write(here / "a.arch")
    (here / "b.arch").hardlink_to(path)
    assert ogive("fmt", "a.arch").code == 0
    assert (path.read_text(), (here / "b.arch").read_text()) == (NEAT, UGLY)


def test_check(ogive: Callable, here: Path):
    ugly, neat = write(here / "a.arch"), write(here / "b.arch", NEAT)
    ran = ogive("fmt", "--check", "a.arch", "b.arch")
    assert (ran.code, ran.out, ran.err) == (1, "would format a.arch\n", "")
    assert ugly.read_text() == UGLY
    assert ogive("fmt", "--check", neat).code == 0


def test_diff(ogive: Callable, here: Path):
    path = write(here / "a.arch", UGLY.rstrip("\n"))
    ran = ogive("fmt", "--diff", "a.arch")
    assert ran.code == 0
    assert ran.out == (
        "--- a.arch\n+++ a.arch\n@@ -1,2 +1,2 @@\n-net A(){relu->bn}\n-# end\n\\ No newline at end of file\n"
        "+net A() { relu -> bn }\n+# end\n"
    )
    assert ogive("fmt", "--diff", "--check", "a.arch").code == 1
    assert path.read_text() == UGLY.rstrip("\n")


def test_diff_in_colour(ogive: Callable, here: Path, monkeypatch: pytest.MonkeyPatch):
    write(here / "a.arch")
    monkeypatch.setattr("ogive.cli.fmt.wants_colour", lambda _: True)
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *_: False)
    assert "\x1b[31m-net A(){relu->bn}\n\x1b[0m" in ogive("fmt", "--diff", "a.arch").out


def test_the_standard_input(ogive: Callable, here: Path, monkeypatch: pytest.MonkeyPatch):
    feed("# é\nnet A(){relu}".encode(), monkeypatch)
    assert ogive("fmt", "-").out == "# é\nnet A() { relu }\n"
    feed(b"net A() { relu }\n", monkeypatch)
    assert ogive("fmt", "-").out == "net A() { relu }\n"
    feed(b"net A(){relu}", monkeypatch)
    ran = ogive("fmt", "--check", "-")
    assert (ran.code, ran.out) == (1, "would format <stdin>\n")
    feed(b"net A( {", monkeypatch)
    ran = ogive("fmt", "-")
    assert (ran.code, ran.out) == (1, "")
    assert "--> <stdin>:1:8" in ran.err
    feed(b"\xff", monkeypatch)
    assert "error[E501]: <stdin> is not UTF-8" in ogive("fmt", "-").err
    feed(b"#" * 5_000_000, monkeypatch)
    assert "error[E501]: <stdin> is longer than 4 MB" in ogive("fmt", "-").err


def test_one_bad_file_does_not_stop_the_others(ogive: Callable, here: Path):
    broken = write(here / "b.arch", "net A( {\r\n")
    write(here / "c.arch")
    (here / "latin.arch").write_bytes(b"\xe9")
    ran = ogive("fmt", "missing.arch", "b.arch", "latin.arch", "c.arch")
    assert (ran.code, ran.out) == (1, "formatted c.arch\n")
    assert broken.read_bytes() == b"net A( {\r\n"
    for said in ("missing.arch cannot be read: no such file", "error[E002]", "latin.arch is not UTF-8"):
        assert said in ran.err


def test_a_fault_leaves_the_file_alone(ogive: Callable, here: Path, monkeypatch: pytest.MonkeyPatch):
    path = write(here / "a.arch")
    real = package.layout
    monkeypatch.setattr(package, "layout", lambda items, end: real(items, end).replace("relu", "selu"))
    ran = ogive("fmt", "a.arch")
    assert ran.err.startswith("error[E531]: a.arch was not formatted: the new text would mean something else")
    assert path.read_text() == UGLY


def test_a_file_that_would_become_too_long(ogive: Callable, here: Path):
    text = "net A() {" + "a {\n" * 97 + "relu\n" * 21_000 + "}" * 98
    path = write(here / "a.arch", text)
    ran = ogive("fmt", "a.arch")
    assert "error[E531]: a.arch was not formatted: it would be longer than 4 MB" in ran.err
    assert path.read_text() == text


def test_what_cannot_be_written(ogive: Callable, here: Path, monkeypatch: pytest.MonkeyPatch):
    path = write(here / "a.arch")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ogive.cli.output.write_atomically", refuse)
    ran = ogive("fmt", "a.arch")
    assert ran.code == 1
    assert ran.err.startswith(
        "error[E510]: cannot write `a.arch`: no file can be made in `.`: permission denied\n"
    )
    assert path.read_text() == UGLY
    os.mkfifo(here / "pipe.arch")
    assert ogive("fmt", "pipe.arch").err.startswith(
        "error[E534]: `pipe.arch` is no file that can be written anew"
    )


def test_a_file_that_changes_meanwhile(ogive: Callable, here: Path, monkeypatch: pytest.MonkeyPatch):
    path = write(here / "a.arch")
    real = package.format_text

    def slow(text: str, name: str) -> str:
        path.write_text("# mine\n")
        return real(text, name)

    monkeypatch.setattr(package, "format_text", slow)
    ran = ogive("fmt", "a.arch")
    assert "error[E510]: `a.arch` was changed while it was formatted" in ran.err
    assert path.read_text() == "# mine\n"
