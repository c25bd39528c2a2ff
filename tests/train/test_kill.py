"""`ogive train` in a process of its own, ended from outside: by SIGKILL at any moment, by Ctrl-C, by SIGTERM."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from train.nets import TINY

COMPILER = Path(__file__).parents[2] / "compiler"
TRAIN = ("train", "tiny.arch", "--epochs", "8", "--batch", "32", "--save-minutes", "0.005", "--out", "run")

pytestmark = pytest.mark.slow


def ogive(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    (folder / "tiny.arch").write_text(TINY)
    environment = os.environ | {"PYTHONPATH": str(COMPILER), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "ogive", *arguments],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finished(folder: Path, *arguments: str) -> str:
    process = ogive(folder, *arguments)
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return out


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The weights of a run that nothing ends."""
    folder = tmp_path_factory.mktemp("whole")
    finished(folder, *TRAIN)
    return (folder / "run/weights.safetensors").read_bytes()


def tensors(data: bytes) -> bytes:
    """What comes behind the header of safetensors: the numbers."""
    return data[8 + int.from_bytes(data[:8], "little") :]


def wait_for_run(folder: Path, process: subprocess.Popen[str]) -> None:
    """Until the run's folder is there: before, there is nothing to go on with."""
    while not (folder / "run/run.json").exists() and process.poll() is None:
        time.sleep(0.001)


@pytest.mark.parametrize("seed", range(3))
def test_killed_at_a_random_moment_and_again(seed: int, whole: bytes, tmp_path: Path) -> None:
    moments = random.Random(seed)
    process = ogive(tmp_path, *TRAIN)
    for _ in range(3):
        wait_for_run(tmp_path, process)
        time.sleep(moments.choice([moments.uniform(0, 0.05), moments.uniform(0, 4)]))
        process.kill()
        process.communicate()
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
        process = ogive(tmp_path, "train", "--resume", "run")
        time.sleep(moments.uniform(3, 6))
    process.communicate(timeout=100)
    finished(tmp_path, "train", "--resume", "run")
    assert tensors((tmp_path / "run/weights.safetensors").read_bytes()) == tensors(whole)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_by_a_signal(number: signal.Signals, code: int, whole: bytes, tmp_path: Path) -> None:
    process = ogive(tmp_path, *TRAIN)
    checkpoint = tmp_path / "run/checkpoints/last.ckpt"
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(number)
    _, err = process.communicate(timeout=100)
    assert process.returncode == code
    assert "to go on: ogive train --resume run" in err
    assert "Traceback" not in err
    finished(tmp_path, "train", "--resume", "run")
    assert tensors((tmp_path / "run/weights.safetensors").read_bytes()) == tensors(whole)


def test_two_processes_agree_with_one_and_go_on(tmp_path: Path) -> None:
    """At half the batch each, without batch norm, to float tolerance; stopped on the way."""
    from safetensors.torch import load_file

    net = "conv(4, 3x3) -> relu -> flatten -> linear(10)"
    (tmp_path / "plain.arch").write_text(f"net Plain() {{ input image: 1x8x8; {net} }}\n")
    train = ("train", "plain.arch", "--epochs", "6", "--batch", "250", "--device", "cpu")
    finished(tmp_path, *train, "--out", "one")
    process = ogive(tmp_path, *train, "--out", "two", "--devices", "2")
    while not (tmp_path / "two/checkpoints/last.ckpt").exists() and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=100)
    assert "to go on: ogive train --resume two" in err
    finished(tmp_path, "train", "--resume", "two")
    one, two = (load_file(tmp_path / name / "weights.safetensors") for name in ("one", "two"))
    for name in one:
        assert (one[name] - two[name]).abs().max() < 1e-6, name
