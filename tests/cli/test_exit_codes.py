"""The exit codes: 2 for a value that can never be given there, 1 for what is named and does not exist."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

NEVER = [
    ("check", "lenet5", "--input", "3x"),
    ("check", "lenet5", "--set", "classes"),
    ("bench", "lenet5", "--batch", "0"),
    ("diff", "lenet5"),
    ("diff", "lenet5", "vgg11", "-o", "x.gif"),
    ("draw", "lenet5", "-o", "x.gif"),
    ("draw", "lenet5", "-o", "x.svg", "--dpi", "1"),
    ("new", "mine.txt"),
    ("summary", "lenet5", "--depth", "-1"),
    ("train", "lenet5", "--epochs", "0"),
    ("train", "lenet5", "--lr", "-1"),
    ("train", "lenet5", "--lr", "nan"),
    ("train", "lenet5", "--seed", "-1"),
    ("train", "lenet5", "--epochs", "many"),
    ("train", "nowhere", "--epochs", "0"),
    ("chek", "lenet5"),
]
MISSING = [
    ("check", "nowhere"),
    ("check", "nowhere.arch"),
    ("check", "lenet5", "--plugin", "nowhere.py"),
    ("check", "lenet5", "--set", "clases=3"),
    ("diff", "lenet5", "nowhere"),
    ("draw", "nowhere", "-o", "x.svg"),
    ("explain", "E999"),
    ("layers", "nope"),
    ("new", "mine.arch", "--from", "nowhere"),
    ("show", "--recipe", "nowhere"),
]


@pytest.mark.parametrize("arguments", NEVER, ids=" ".join)
def test_what_can_never_be_given_is_wrong_usage(
    arguments: tuple[str, ...], ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    ran = ogive(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert "rror" in ran.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", MISSING, ids=" ".join)
def test_what_does_not_exist_is_no_wrong_usage(
    arguments: tuple[str, ...], ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    ran = ogive(*arguments)
    assert (ran.code, ran.out) == (1, "")
    assert "rror" in ran.err
    assert not list(tmp_path.iterdir())


def test_all_numbers_of_a_training_that_cannot_be_are_told_at_once(ogive: Callable):
    ran = ogive("train", "lenet5", "--epochs", "0", "--lr", "0", "--batch", "0")
    assert (ran.code, ran.err.count("error[")) == (2, 3)
    assert [f"--> --{name}:1:1" in ran.err for name in ("epochs", "lr", "batch")] == [True] * 3
