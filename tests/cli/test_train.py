"""`ogive train`: what is asked for, whole runs of the smallest nets, and going on with them."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from ogive.recipes.resolve import read_back
from ogive.recipes.settings import SETTINGS
from ogive.train.machine import Machine
from plugins.test_docs import PLUGIN
from train.nets import stop_behind

NET = """net Tiny(width = 2, classes = 10) {
  input image: 1x8x8
  conv(width, 3x3, stride = 2) -> relu -> flatten -> linear(classes)
}
net Other() { input image: 1x8x8; flatten -> linear(10) }
recipe fast { data random(64); batch 16; epochs 2; optimizer sgd(lr = 0.1, momentum = 0.9) }
recipe slow extends fast { epochs 3; optimizer sgd(lr = 0.01) }
"""
GEM = """net Gem(classes = 10) { input image: 1x8x8; conv(4, 3x3) -> gem -> flatten -> linear(classes) }
"""
FAST = ("train", "tiny.arch:Tiny", "--recipe", "fast", "--device", "cpu")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a program; its runs draw no curves, which takes longer than all the rest of them."""
    (tmp_path / "tiny.arch").write_text(NET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ogive.train.finish.draw_curves", lambda *_: None)
    with torch.random.fork_rng(devices=[]):
        yield tmp_path


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Asks the next training to stop behind the step of that number, as Ctrl-C does."""
    return lambda step: stop_behind(step, monkeypatch)


def record_of(run: str | Path) -> dict[str, Any]:
    return json.loads((Path(run) / "run.json").read_text(encoding="utf-8"))


# --------------------------------------------------------------------------- help and usage


def test_the_help_lists_every_option(ogive: Callable) -> None:
    ran = ogive("train", "--help")
    assert (ran.code, ran.err) == (0, "")
    flags = {"--" + setting.name.replace("_", "-") for setting in SETTINGS}
    flags |= {"--" + name.replace("_", "-") for name in Machine.__dataclass_fields__}
    flags |= {"--lr", "--momentum", "--weight-decay", "--recipe", "--resume", "--init-from", "--freeze"}
    flags |= {"--out", "--set", "--edit", "--input", "--plugin"}
    options, _, example = ran.out.partition("\nOptions:\n")[2].partition("\n  Example: ")
    lines = options.splitlines()
    for flag in flags:
        (line,) = [text for text in lines if re.match(rf" +{flag}\b(?!-)", text)]
        about = line.strip().split("  ", 1)
        assert len(about) == 2 or lines[lines.index(line) + 1].startswith(" " * 20), f"{flag} says nothing"
    assert example.startswith("ogive train ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "Missing argument 'TARGET': a file or a network of the zoo; or --resume RUN."),
        (("--epochs", "3"), "Missing argument 'TARGET'"),
        (("tiny.arch",), "tiny.arch holds several nets; say which: tiny.arch:Tiny tiny.arch:Other"),
        (("tiny.arch:Tiny", "--device", "tpu"), "'tpu' is not one of"),
        (("tiny.arch:Tiny", "--devices", "two"), "'two' is not a valid integer"),
        (("tiny.arch:Tiny", "--devices", "0"), "error[E526]: 0 devices: at least 1 is needed"),
        (("tiny.arch:Tiny", "--workers", "-1"), "error[E526]: -1 workers: at least 0 are needed"),
        (("tiny.arch:Tiny", "--save-minutes", "0"), "error[E526]: a checkpoint every 0 minutes"),
        (("tiny.arch:Tiny", "--corrupt", "mend"), "'mend' is not one of"),
        (("tiny.arch:Tiny", "--optimiser", "sgd"), "No such option"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage(arguments: tuple[str, ...], says: str, ogive: Callable, folder: Path) -> None:
    ran = ogive("train", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in " ".join(ran.err.split())
    assert [path.name for path in folder.iterdir()] == ["tiny.arch"]


@pytest.mark.parametrize(
    ("flags", "code", "place"),
    [
        (("--epochs", "0"), "E108", "--epochs:1:1"),
        (("--lr", "-1"), "E328", "--lr:1:1"),
        (("--optimizer", "sgd(lr = 0.1, momentun = 0.9)"), "E103", "--optimizer:1:15"),
        (("--optimizer", "sgdd"), "E325", "--optimizer:1:1"),
        (("--augment", "hflip, random_crop(8, paddin = 1)"), "E103", "--augment:1:23"),
        (("--schedule", "warmup(1), cosin"), "E325", "--schedule:1:12"),
        (("--data", "random("), "E002", "--data:1:7"),
        (("--optimizer", "sgd(lr = 1)", "--lr", "0.1"), "E324", "--lr:1:1"),
        (("--epochs", "1", "--steps", "10"), "E324", "--steps:1:1"),
        (("--clip", "0"), "E328", "--clip:1:1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_a_flag_cannot_say_is_wrong_usage_at_its_place(
    flags: tuple[str, ...], code: str, place: str, ogive: Callable, folder: Path
) -> None:
    ran = ogive(*FAST, *flags)
    assert (ran.code, ran.out) == (2, "")
    assert f"error[{code}]" in ran.err
    assert f"--> {place}\n" in ran.err
    assert [path.name for path in folder.iterdir()] == ["tiny.arch"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("tiny.arch:Tiny", "--recipe", "fats"), "E321", "did you mean `fast`?"),
        (("tiny.arch:Tiny", "--recipe", "tiny.arch:fats"), "E321", "did you mean `tiny.arch:fast`?"),
        (("tiny.arch:Tiny", "--recipe", "none.arch:fast"), "E501", "none.arch"),
        (("nowhere",), "E502", "nowhere"),
        ((*FAST[1:], "--set", "classes=7", "--data", "digits"), "E521", "--set classes=10"),
        ((*FAST[1:], "--data", "cifar10"), "E550", "`--download` gets it"),
        ((*FAST[1:], "--init-from", "none.safetensors"), "E561", "there is no file `none.safetensors`"),
        ((*FAST[1:], "--freeze", "convv*"), "E563", "did you mean `conv1`?"),
        ((*FAST[1:], "--out", "tiny.arch"), "E524", "nothing was overwritten"),
        (("--resume", "runs/none"), "E564", "there is no run `runs/none`"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_does_not_exist_or_fit(
    arguments: tuple[str, ...], code: str, says: str, ogive: Callable, folder: Path
) -> None:
    ran = ogive("train", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert f"error[{code}]" in ran.err
    assert says in ran.err
    assert [path.name for path in folder.iterdir()] == ["tiny.arch"]


# --------------------------------------------------------------------------- runs


def test_a_recipe_of_the_file_with_flags_over_it(ogive: Callable) -> None:
    ran = ogive(*FAST[:3], "slow", "--epochs", "1", "--lr", "0.02", "--no-compile", "--set", "width=3", "--edit",
                "replace relu with tanh", "--seed", "7", "--device", "cpu")  # fmt: skip
    assert ran.code == 0
    run = Path("runs/Tiny")
    assert re.fullmatch(
        r"Tiny: test accuracy \d+\.\d\d % \(\d+ of 13\) after 1 epoch, best at epoch 1; runs/Tiny\n", ran.out
    )
    assert {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()} >= {
        "report.md", "run.json", "recipe.arch", "program/tiny.arch", "metrics.csv", "weights.safetensors",
        "checkpoints/best.ckpt", "checkpoints/last.ckpt",
    }  # fmt: skip
    assert re.fullmatch(r"epoch 1/1: loss \S+  accuracy \S+%  val \S+%  [\d,]+ img/s  0:00 left\n", ran.err)
    recipe = read_back((run / "recipe.arch").read_text(encoding="utf-8"), "recipe.arch")
    optimizer: Any = recipe.value("optimizer")
    assert (recipe.name, recipe.value("epochs"), recipe.value("seed")) == ("slow", 1, 7)
    assert (optimizer.lr, optimizer.momentum) == (0.02, 0.9)
    record = record_of(run)
    assert record["target"]["set"] == {"width": "3"}
    assert record["target"]["edits"] == ["replace relu with tanh"]
    assert (run / "program/tiny.arch").read_text(encoding="utf-8") == NET
    assert load_file(run / "weights.safetensors")["conv1.weight"].shape == (3, 1, 3, 3)


def test_the_next_run_gets_the_next_folder_and_none_is_overwritten(ogive: Callable) -> None:
    one = ("--epochs", "1")
    assert [ogive(*FAST, *one).out.split("; ")[1].split()[0] for _ in range(2)] == [
        "runs/Tiny",
        "runs/Tiny-2",
    ]
    ran = ogive(*FAST, *one, "--out", "runs/Tiny")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == (
        "error[E524]: `runs/Tiny` holds a run already; nothing was overwritten\n"
        "  = help: --out runs/Tiny-3, or remove `runs/Tiny` first; to go on with it: ogive train --resume runs/Tiny\n"
    )
    assert {path.name for path in Path("runs").iterdir()} == {"Tiny", "Tiny-2"}


def test_weights_to_begin_with_and_layers_that_stay(ogive: Callable) -> None:
    assert ogive(*FAST, "--out", "first").code == 0
    ran = ogive(*FAST, "--set", "width=2", "--init-from", "first", "--freeze", "conv*", "--out", "second")
    assert ran.code == 0
    assert ran.err.startswith("4 of 4 tensors from first/weights.safetensors\n")
    first, second = (load_file(f"{name}/weights.safetensors") for name in ("first", "second"))
    assert {name for name in first if torch.equal(first[name], second[name])} == {
        "conv1.weight",
        "conv1.bias",
    }
    assert ran.err.splitlines()[1] == "not trained: conv1.bias, conv1.weight"
    assert record_of("second")["freeze"] == ["conv*"]
    ran = ogive(*FAST, "--set", "width=3", "--init-from", "first", "--out", "third", "--epochs", "1")
    assert "of another shape: conv1.bias (2 in the file, 3 here)" in ran.err
    ran = ogive(
        "train",
        "tiny.arch:Other",
        "--recipe",
        "fast",
        "--init-from",
        "first",
        "--out",
        "fourth",
        "--epochs",
        "1",
    )
    assert ran.err.splitlines()[:3] == [
        "1 of 2 tensors from first/weights.safetensors",
        "only in the file: conv1.bias, conv1.weight",
        "of another shape: linear1.weight (10x18 in the file, 10x64 here)",
    ]


def test_an_image_that_cannot_be_read(ogive: Callable) -> None:
    from train.data.sets import write_folder

    root = write_folder(Path("photos"), [(8, 8)] * 6, ("cat", "dog"))
    damaged = min(root.rglob("*.png"))
    damaged.write_bytes(damaged.read_bytes()[:40])
    flags = ("--data", f'folder("{root}")', "--augment", "none", "--set", "classes=2", "--input", "3x8x8")
    recipe = ("train", "tiny.arch:Tiny", "--recipe", "fast", *flags, "--batch", "4", "--workers", "0")
    refused = ogive(*recipe, "--out", "refused")
    assert refused.code == 1
    assert "error[E552]" in refused.err
    assert "--corrupt skip" in refused.err
    went_on = ogive(*recipe, "--out", "skipped", "--corrupt", "skip")
    assert went_on.code == 0, went_on.err
    ((path, reason),) = record_of("skipped")["data"]["skipped"]
    assert path.endswith(damaged.name)
    assert reason


# --------------------------------------------------------------------------- going on


@pytest.mark.parametrize(
    "more",
    [
        ("tiny.arch:Tiny",), ("--recipe", "fast"), ("--epochs", "9"), ("--lr", "1"), ("--set", "width=3"),
        ("--edit", "remove relu"), ("--input", "1x9x9"), ("--init-from", "x"), ("--freeze", "conv*"), ("--out", "x"),
        ("--no-compile",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_run_goes_on_as_it_was(more: tuple[str, ...], ogive: Callable) -> None:
    ran = ogive("train", "--resume", "runs/any", *more)
    assert (ran.code, ran.out) == (2, "")
    assert "--resume goes on with a run as it was: besides it only --plugin" in " ".join(ran.err.split())


def test_a_run_goes_on_from_another_folder_on_another_machine(
    ogive: Callable, stopped: Callable[[int], None], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images below the folder where it was begun are found from elsewhere."""
    from train.data.sets import write_folder

    write_folder(folder / "photos", [(8, 8)] * 9, ("cat", "dog"))
    flags = ("--data", 'folder("photos")', "--augment", "hflip", "--set", "classes=2", "--input", "3x8x8")
    begin = (*FAST, *flags, "--batch", "5", "--workers", "0")
    assert ogive(*begin, "--out", "whole").code == 0
    stopped(2)
    ran = ogive(*begin, "--out", "run")
    assert (ran.code, ran.out) == (130, "")
    assert ran.err.splitlines()[-1] == (
        "stopped and saved after 2 batches of epoch 1; to go on: ogive train --resume run"
    )
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (folder / "tiny.arch").unlink()  # the run has its own
    went_on = ogive("train", "--resume", "../run", "--workers", "1", "--save-minutes", "1")
    assert went_on.code == 0, went_on.err
    assert went_on.err.splitlines()[0] == "goes on after 2 batches of epoch 1: ../run/checkpoints/last.ckpt"
    assert "; ../run\n" in went_on.out
    ours, theirs = (load_file(folder / name / "weights.safetensors") for name in ("run", "whole"))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert list(elsewhere.iterdir()) == []


def test_a_run_that_is_finished_is_told(ogive: Callable) -> None:
    ran = ogive(*FAST, "--out", "run")
    before = {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()}
    again = ogive("train", "--resume", "run")
    assert (again.code, again.out, again.err) == (0, ran.out, "finished already: nothing is left to train\n")
    assert {path: path.read_bytes() for path in Path("run").rglob("*") if path.is_file()} == before


def test_a_plugin_is_recorded_and_asked_for_again(
    ogive: Callable, stopped: Callable[[int], None], folder: Path
) -> None:
    Path("pooling.py").write_text(PLUGIN, encoding="utf-8")
    Path("gem.arch").write_text(GEM, encoding="utf-8")
    begin = (
        "train",
        "gem.arch",
        "--plugin",
        "pooling.py",
        "--data",
        "random(64)",
        "--batch",
        "16",
        "--epochs",
        "2",
    )
    stopped(2)
    assert ogive(*begin, "--out", "run", "--device", "cpu").code == 130
    digest = hashlib.sha256(PLUGIN.encode()).hexdigest()
    assert record_of("run")["target"]["plugins"] == {"pooling.py": digest}
    refused = ogive("train", "--resume", "run")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        "error[E565]: `run` was made with the plugin `pooling.py`, which is code: it is run when you name it\n"
        "  = help: --plugin pooling.py\n"
    )
    Path("pooling.py").write_text("raise SystemExit('it ran')\n", encoding="utf-8")
    changed = ogive("train", "--resume", "run", "--plugin", "pooling.py")
    assert (changed.code, changed.out) == (1, "")
    assert "error[E565]: the plugin `pooling.py` has changed since" in changed.err
    assert "it ran" not in changed.err
    Path("elsewhere").mkdir()
    Path("elsewhere/mine.py").write_text(PLUGIN, encoding="utf-8")
    went_on = ogive("train", "--resume", "run", "--plugin", "elsewhere/mine.py")
    assert went_on.code == 0, went_on.err
    assert record_of("run")["status"] == "finished"


@pytest.mark.parametrize(
    ("file", "says"),
    [("program/tiny.arch", "is not what was trained"), ("recipe.arch", "is not what the run was made with")],
)
def test_what_was_changed_since_is_refused(
    file: str, says: str, ogive: Callable, stopped: Callable[[int], None]
) -> None:
    stopped(1)
    assert ogive(*FAST, "--out", "run").code == 130
    path = Path("run") / file
    path.write_text(
        path.read_text(encoding="utf-8").replace("0.1", "0.2").replace("3x3", "2x2"), encoding="utf-8"
    )
    ran = ogive("train", "--resume", "run")
    assert (ran.code, ran.out) == (1, "")
    assert "error[E565]" in ran.err
    assert f"`run/{file}` {says}" in ran.err


def test_a_run_may_be_moved(ogive: Callable, stopped: Callable[[int], None]) -> None:
    stopped(1)
    assert ogive(*FAST, "--out", "run").code == 130
    shutil.move("run", "moved")
    ran = ogive("train", "--resume", "moved")
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[0].endswith("; moved")
