"""Mistakes of users: files that cannot be read or written, interrupts, closed pipes. Never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

RUN = [sys.executable, "-c", "from ogive.cli import run; run()"]


def unreadable(folder: Path) -> dict[str, Path]:
    """Things that are no `.arch` text, by what is wrong with them."""
    (folder / "latin.arch").write_bytes("net É()".encode("latin-1"))
    (folder / "folder.arch").mkdir()
    return {
        "missing": folder / "missing.arch",
        "folder": folder / "folder.arch",
        "not text": folder / "latin.arch",
        "nothing of the kind": folder / "missing" / "x.arch",
    }


@pytest.mark.parametrize("command", ["check", "summary", "compile", "show"])
def test_unreadable_files(command: str, ogive: Callable, tmp_path: Path):
    for what, path in unreadable(tmp_path).items():
        ran = ogive(command, path)
        assert ran.code == 1, what
        assert ran.err.startswith("error[E501]"), what


def test_a_file_without_permission(ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "secret.arch"
    path.write_text("net A() {}", encoding="utf-8")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")  # chmod would not keep root out

    monkeypatch.setattr(Path, "open", refuse)
    ran = ogive("check", path)
    assert ran.err == f"error[E501]: {path} cannot be read: permission denied\n"


def test_places_that_cannot_be_written(ogive: Callable, tmp_path: Path):
    folder = tmp_path / "folder.svg"
    folder.mkdir()
    for path, said in (
        (folder, "it is a folder"),
        (tmp_path / "none" / "x.dot", "its folder does not exist"),
    ):
        ran = ogive("draw", "lenet5", "-o", path)
        assert ran.code == 1
        assert "error[E510]" in ran.err
        assert said in ran.err


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("folder.svg", "it is a folder\n  = help: name a file in it: `folder.svg/net.svg`"),
        ("no such/ä.svg", "its folder does not exist\n  = help: make it first: `mkdir -p 'no such'`"),
        ("file/x.svg", "`file` is not a folder\n"),
        ("file/y/x.svg", "`file` is not a folder\n"),
        ("link.svg", "it is a link to `{0}/none/x.svg`, and its folder does not exist\n"),
        ("link.svg", "\n  = help: make it first: `mkdir -p {0}/none`"),
        ("loop.svg", "too many levels of symbolic links\n"),
        ("proc.svg", "it is a link to `/proc/x.svg`, and no file can be made in `/proc`\n"),
        ("/proc/self/x.svg", "no file can be made in `/proc/self`\n  = help: name a file in another folder"),
        ("-", "a drawing is written to a file, and `-` is none\n  = help: name one: `-o net.svg`"),
    ],
)
def test_why_a_place_cannot_be_written(
    place: str, said: str, ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    Path("folder.svg").mkdir()
    Path("file").write_text("", encoding="utf-8")
    for link, to in (("link", "none/x"), ("loop", "loop"), ("proc", "/proc/x")):
        Path(f"{link}.svg").symlink_to(f"{to}.svg")
    before = sorted(os.listdir())
    ran = ogive("draw", "lenet5", "-o", place)
    assert ran.code == (2 if place == "-" else 1)
    assert said.format(os.path.realpath(tmp_path)) in ran.err
    assert sorted(os.listdir()) == before


def test_a_folder_that_nothing_may_be_made_in(
    ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")  # chmod would not keep root out

    monkeypatch.setattr("ogive.files.NamedTemporaryFile", refuse)
    (tmp_path / "old.svg").write_text("old", encoding="utf-8")
    for name in ("old.svg", "new.svg"):
        ran = ogive("draw", "lenet5", "-o", tmp_path / name)
        assert f": no file can be made in `{tmp_path}`: permission denied\n" in ran.err
    assert (tmp_path / "old.svg").read_text(encoding="utf-8") == "old"


def test_a_place_is_tried_before_anything_is_drawn(
    ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def load(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("ogive.cli.target.Settings.load", load)
    ran = ogive("draw", "lenet5", "-o", tmp_path / "none" / "x.svg")
    assert "error[E510]" in ran.err


@pytest.mark.parametrize("name", ["a b ×.svg", "网" * 80 + ".svg", "a" * 251 + ".svg"])
def test_any_name_that_a_file_may_have(name: str, ogive: Callable, tmp_path: Path):
    assert ogive("draw", "lenet5", "-o", tmp_path / name).code == 0
    assert os.listdir(tmp_path) == [name]


def test_a_failed_write_leaves_the_old_file(ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "net.dot"
    path.write_text("old", encoding="utf-8")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    ran = ogive("draw", "lenet5", "-o", path)
    assert (ran.code, "no space left on device" in ran.err) == (1, True)
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["net.dot"]


def test_a_link_is_written_through(ogive: Callable, tmp_path: Path):
    real, link = tmp_path / "real.dot", tmp_path / "link.dot"
    link.symlink_to(real)
    assert ogive("draw", "lenet5", "-o", link).code == 0
    assert link.is_symlink()
    assert "digraph" in real.read_text(encoding="utf-8")


def test_a_drawing_of_no_known_kind(ogive: Callable):
    for name in ("net.jpg", "net", "net.svg.gz"):
        ran = ogive("draw", "lenet5", "-o", name)
        assert (ran.code, "error[E513]" in ran.err) == (2, True)


def test_hostile_names_are_spelled_out(ogive: Callable):
    for arguments in (("check", "\x1b[2Jx"), ("layers", "\x1b[2J"), ("check", "lenet5", "--set", "\x1b[2J")):
        ran = ogive(*arguments)
        assert ran.code in (1, 2)
        assert "\x1b" not in ran.err + ran.out


def test_colour_only_on_a_terminal_that_wants_it(monkeypatch: pytest.MonkeyPatch):
    from ogive.cli.messages import wants_colour

    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert wants_colour(Terminal())
    assert not wants_colour(object())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour(Terminal())


def test_an_interrupt_is_polite(ogive: Callable, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt("stopped; the weights are in runs/x")

    monkeypatch.setattr("ogive.loading.find", interrupted)
    ran = ogive("summary", "lenet5")
    assert ran.code == 130
    assert "the weights are in runs/x" in ran.err
    assert "Traceback" not in ran.err


def test_termination_is_polite(ogive: Callable, monkeypatch: pytest.MonkeyPatch):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr("ogive.loading.find", lambda *_: signal.raise_signal(signal.SIGTERM))
    ran = ogive("summary", "lenet5")
    assert (ran.code, ran.err.strip()) == (143, "terminated")
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_training_that_is_stopped_says_once_where_the_weights_are(
    tmp_path: Path, number: signal.Signals, code: int
):
    out = tmp_path / "run"
    process = subprocess.Popen(
        [*RUN, "train", "lenet5", "--epochs", "9999", "--device", "cpu", "--out", out],
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    deadline = time.monotonic() + 90
    while not (out / "metrics.csv").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == code, err.decode()
    assert err.count(b"to go on: ogive train --resume") == 1
    assert json.loads((out / "run.json").read_text(encoding="utf-8"))["status"] == "interrupted"


def test_an_interrupt_of_the_imports_is_polite():
    program = (
        "import sys\n"
        "from ogive.cli import run\n"
        "class Stops:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'ogive.cli.main': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stops())\n"
        "run()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=60)
    assert (done.returncode, done.stderr.split()) == (130, [b"interrupted"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
@pytest.mark.parametrize("arguments", [["compile", "lenet5"], ["show", "lenet5"], ["--help"]], ids=" ".join)
def test_a_full_disk_behind_the_standard_output(arguments: list[str]):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*RUN, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == 1
    assert done.stderr == b"error[E510]: cannot write to the standard output: no space left on device\n"


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix")
def test_a_closed_standard_output(tmp_path: Path):
    def closed(*arguments: object) -> subprocess.CompletedProcess[bytes]:
        shell = ["sh", "-c", 'exec "$@" >&-', "sh", *RUN, *map(str, arguments)]
        return subprocess.run(shell, stderr=subprocess.PIPE, timeout=60)

    done = closed("check", "lenet5")
    assert done.returncode == 1
    assert done.stderr == b"error[E510]: cannot write to the standard output: bad file descriptor\n"
    quiet = closed("draw", "lenet5", "-o", tmp_path / "net.dot")  # it prints nothing
    assert (quiet.returncode, quiet.stderr) == (0, b"")
    assert (tmp_path / "net.dot").read_text(encoding="utf-8").startswith("digraph")


def test_what_lies_here_does_not_hide_the_zoo(
    ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lenet5").mkdir()
    (tmp_path / "resnet18").write_text("net Mine() {\n  input x: 1x8x8\n  relu\n}\n", encoding="utf-8")
    (tmp_path / "mine").write_text((tmp_path / "resnet18").read_text(encoding="utf-8"), encoding="utf-8")
    for target, name in (
        *(("lenet5", "lenet5"), ("resnet18", "resnet18")),
        *(("./resnet18", "Mine"), ("mine", "Mine"), ("mine:Mine", "Mine")),
    ):
        assert ogive("check", target).out.startswith(f"{name}: "), target
    assert "E501" in ogive("check", "./lenet5").err


@pytest.mark.parametrize("text", ["", "# a comment\n", "\n\n"])
def test_a_file_that_holds_nothing(text: str, ogive: Callable, tmp_path: Path):
    path = tmp_path / "empty.arch"
    path.write_text(text, encoding="utf-8")
    for command in ("check", "compile"):
        ran = ogive(command, path)
        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith(f"error[E503]: {path} holds no net\n")


@pytest.mark.parametrize("newline", ["\r", "\r\n"])
def test_newlines_of_other_systems(newline: str, ogive: Callable, tmp_path: Path):
    path = tmp_path / "old.arch"
    lines = ["# one", "net A() {", "  input x: 1x8x8", "  conw(3)", "}", ""]
    path.write_bytes(newline.join(lines).encode())
    assert f"{path}:4:3" in ogive("check", path).err


def test_a_closed_pipe_is_polite():
    process = subprocess.Popen([*RUN, "layers"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert err == b""


def test_characters_that_the_terminal_does_not_know(tmp_path: Path):
    path = tmp_path / "wide.arch"
    path.write_text('net A() {\n  input x: 1x8x8\n  conw("日本")\n}\n', encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([*RUN, "check", path], capture_output=True, env=environment, timeout=60)
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"\\u65e5" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "resnet18"], ["summary", "lenet5"], ["draw", "lenet5", "-o", "net.dot"], ["list"],
        ["layers", "conv"], ["compile", "lenet5"], ["show", "lenet5"], ["train", "--help"],
        ["bench", "--help"], ["new", "mine.arch", "--from", "resnet50"], ["new", "mine.arch"], ["fmt", "--help"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_torch_is_not_loaded(arguments: list[str], tmp_path: Path):
    program = (
        "import sys\n"
        f"sys.argv = ['ogive', *{arguments}]\n"
        "from ogive.cli import run\n"
        "try:\n    run()\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "heavy = {'torch', 'torchvision', 'lightning', 'matplotlib', 'sklearn', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=tmp_path, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
