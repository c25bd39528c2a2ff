"""`ogive sweep`: what is asked for, and whole sweeps of the smallest nets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from ogive.cli.sweep import _alternatives, _name, _seeds
from ogive.train.sweep import read_sweep
from plugins.test_docs import PLUGIN

NET = """net Tiny(width = 2, classes = 10) {
  input image: 1x8x8
  conv(width, 3x3, stride = 2) -> relu -> flatten -> linear(classes)
}
recipe fast { data digits; batch 256; epochs 1; optimizer sgd(lr = 0.1); augment normalize }
recipe wild extends fast { optimizer sgd(lr = 1M) }
"""
BN = "insert bn before relu"


@pytest.fixture(autouse=True)
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "tiny.arch").write_text(NET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with torch.random.fork_rng(devices=[]):
        yield


# --------------------------------------------------------------------------- what is asked for


@pytest.mark.parametrize(
    ("given", "option", "expected"),
    [
        ("width=16,32", "--set", ("width", ("16", "32"))),
        (" layers = [2, 2] , [3, 4]", "--set", ("layers", ("[2, 2]", "[3, 4]"))),
        ("stages=I+I,I+II", "--set", ("stages", ("I+I", "I+II"))),
        ("unit=Basic(norm = gn(8), n = 2),Other", "--set", ("unit", ("Basic(norm = gn(8), n = 2)", "Other"))),
        ('order="norm, act","act"', "--set", ("order", ('"norm, act"', '"act"'))),
        ("n=1,1,2", "--set", ("n", ("1", "2"))),
        ("optimizer=sgd(lr = 0.1, momentum = 0.9),adam", "--vary", ("optimizer", ("sgd(lr = 0.1, momentum = 0.9)", "adam"))),
        ("augment=[hflip, normalize],none", "--vary", ("augment", ("hflip, normalize", "none"))),
        ("weight-decay=0,0.1", "--vary", ("weight_decay", ("0", "0.1"))),
        ("recipe=a,my.arch:b", "--vary", ("recipe", ("a", "my.arch:b"))),
    ],
)  # fmt: skip
def test_lists_of_values(given: str, option: str, expected: tuple) -> None:
    assert _alternatives([given], option) == (expected,)


def test_seeds() -> None:
    assert _seeds("3", 0) == (0, 1, 2)
    assert _seeds("2", 7) == (7, 8)
    assert _seeds("4,2", 0) == (4, 2)


@pytest.mark.parametrize(
    ("targets", "name"),
    [
        (["lenet5"], "sweep-lenet5"), (["a/x.arch:net"], "sweep-net"), (["a/x.arch"], "sweep-x"),
        (["a", "b", "a"], "sweep-a-b"), (list("abcde"), "sweep-a-b-c-and_more"),
    ],
)  # fmt: skip
def test_names(targets: list[str], name: str) -> None:
    assert _name(targets) == name


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing argument 'TARGET'"),
        (("tiny.arch", "--seeds", "0"), "neither a number of seeds"),
        (("tiny.arch", "--seeds", "1,1"), "neither a number of seeds"),
        (("tiny.arch", "--seeds", "-3"), "neither a number of seeds"),
        (("tiny.arch", "--seed", "x"), "'x' is no number"),
        (("tiny.arch", "--set", "width"), "'width' is not NAME=A,B"),
        (("tiny.arch", "--set", "width=1", "--set", "width=2"), "width=A,B"),
        (("tiny.arch", "--devices", "2"), "--jobs N"),
        (("tiny.arch", "--resume", "x"), "goes on with a sweep as it was"),
        (("--resume", "x", "--edit", "remove relu"), "goes on with a sweep as it was"),
        (("tiny.arch", "--batch", "0"), "error[E108]"),
        (("tiny.arch", "--no-base"), "--no-base leaves the --edit alone, and there is none"),
        (("--resume", "x", "--no-base"), "goes on with a sweep as it was"),
        (("--resume", "x", "--input", "1x8x8"), "goes on with a sweep as it was"),
        (("--resume", "x", "--freeze", "conv1"), "goes on with a sweep as it was"),
        (("tiny.arch", "--vary", "nix=1,2"), "a recipe has no setting for `--vary nix`"),
        (("tiny.arch", "--vary", "weight-dcay=1,2"), "did you mean `--vary weight_decay`?"),
        (("tiny.arch", "--vary", "lr=0.1,-1"), "--> --vary lr:1:1"),
        (("tiny.arch", "--vary", "epochs=1,1.5"), "`--vary epochs=2`"),
        (("tiny.arch", "--vary", "weight_decay=0.1,0.2", "--lr", "-1"), "--> --lr:1:1"),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...], said: str, ogive: Callable) -> None:
    ran = ogive("sweep", *arguments)
    assert ran.code == 2
    assert said in " ".join(ran.err.split())
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--set", "width=1,,2"), "E0"), (("--set", "wdth=1,2"), "E1"), (("--edit", "remove lrn"), "E31"),
        (("--vary", "recipe=fast,fats"), "E321"), (("--vary", "bacth=1,2"), "E323"),
        (("--vary", "lr=0.1,0.2", "--lr", "3"), "E324"), (("--set", "width=2,1 + 1"), ""),
    ],
)  # fmt: skip
def test_mistakes_of_the_grid_are_told_before_anything_is_trained(
    arguments: tuple[str, ...], code: str, ogive: Callable
) -> None:
    ran = ogive("sweep", "tiny.arch", "--dry-run", *arguments)
    assert (ran.code == 0) == (code == ""), ran.err
    assert f"error[{code}" in ran.err or not code
    assert not Path("runs").exists()


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_what_no_run_could_train_on_is_told_before_the_first(ogive: Callable, more: tuple[str, ...]) -> None:
    grid = ("sweep", "tiny.arch", "--recipe", "fast", "--set", "classes=10,12,13", "--vary", "lr=0.1,0.2")
    ran = ogive(*grid, *more)
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.count("error[E521]") == 2  # one for each, whatever the rate
    assert "of the sweep: classes = 12, lr = 0.1; classes = 12, lr = 0.2\n" in ran.err
    assert "help:         --set classes=10\n" in ran.err
    assert not Path("runs").exists()


def test_each_set_of_data_is_opened_once_to_check(ogive: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    from ogive.train import data

    opened: list[str] = []
    opens = data.open_data

    def counted(choice, **about):
        opened.append(choice.kind)
        return opens(choice, **about)

    monkeypatch.setattr(data, "open_data", counted)
    grid = (
        "sweep",
        "tiny.arch",
        "--recipe",
        "fast",
        "--set",
        "width=2,3",
        "--vary",
        "data=digits,random(64)",
    )
    ran = ogive(*grid, "--dry-run")
    assert ran.code == 0, ran.err
    assert sorted(opened) == ["digits", "random"]


def test_a_warm_up_that_only_the_data_show_to_be_too_long_is_told_first(ogive: Callable) -> None:
    longer = ("--steps", "12", "--schedule", "warmup(5), cosine", "--vary", "batch=256,8", "--dry-run")
    ran = ogive("sweep", "tiny.arch", "--recipe", "fast", *longer)
    assert (ran.code, ran.out) == (1, "")
    assert "error[E328]: a `warmup` of 5 epochs leaves nothing" in ran.err


def test_a_dry_run_lists_the_grid(ogive: Callable) -> None:
    ran = ogive(
        "sweep", "tiny.arch", "--set", "width=2,3", "--edit", BN, "--no-base", "--vary", "recipe=fast,wild",
        "--seeds", "2", "--dry-run",
    )  # fmt: skip
    lines = ran.out.splitlines()
    assert len(lines) == 9
    assert lines[-1] == "8 runs"
    assert lines[3] == ("width = 2, wild, seed 1  ->  runs/sweep-tiny/width_2-recipe_wild-seed1")
    assert not Path("runs").exists()


# --------------------------------------------------------------------------- whole sweeps


def sweep(ogive: Callable, *more: str):
    return ogive("sweep", "tiny.arch", "--recipe", "fast", "--edit", BN, "--device", "cpu", *more)


def weights(folder: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in sorted(folder.glob("*/weights.safetensors"))}


def test_a_sweep_and_what_it_leaves(ogive: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = sweep(ogive)
    assert ran.code == 0, ran.err
    folder = Path("runs/sweep-tiny")
    there = {path.name for path in folder.iterdir()}
    assert there == {
        "as_written", "insert_bn_before_relu", "sweep.json", "table.md", "table.csv", "sweep.svg", "sweep.pdf", ".lock",
    }  # fmt: skip
    assert "[2/2] insert bn before relu, seed 0  ->  runs/sweep-tiny/insert_bn_before_relu\n" in ran.err
    assert ran.out.splitlines()[0].split("  ")[0] == "edit"
    made = weights(folder)
    record = json.loads((folder / "insert_bn_before_relu" / "run.json").read_text())
    assert record["target"]["edits"] == [BN]

    # the same command trains nothing, neither does --resume from elsewhere
    again = json.loads(sweep(ogive, "--json").out)
    assert [line["test"]["accuracy"]["n"] for line in again["lines"]] == [1, 1]
    assert again["lines"][1]["test"]["accuracy"]["values"] == [record["test"]["accuracy"]]
    Path("elsewhere").mkdir()
    with monkeypatch.context() as patch:
        patch.chdir("elsewhere")
        resumed = ogive("sweep", "--resume", "../runs/sweep-tiny", "--json")
    assert (resumed.code, resumed.err) == (0, "")
    assert weights(folder) == made

    # another grid is told, and a changed program as well
    assert "`--extend`" in sweep(ogive, "--seeds", "2").err
    Path("tiny.arch").write_text(NET.replace("stride = 2", "stride = 3"), encoding="utf-8")
    changed = ogive("sweep", "--resume", "runs/sweep-tiny")
    assert changed.code == 1
    assert "its network is not what it was when the sweep began" in changed.err


def test_a_sweep_is_trained_as_single_runs_are(ogive: Callable) -> None:
    sweep(ogive, "--seed", "3")
    ogive(
        "train",
        "tiny.arch",
        "--recipe",
        "fast",
        "--edit",
        BN,
        "--device",
        "cpu",
        "--seed",
        "3",
        "--out",
        "one",
    )
    alone = Path("one/weights.safetensors")
    inside = Path("runs/sweep-tiny/insert_bn_before_relu/weights.safetensors")
    assert tensors(alone).keys() == tensors(inside).keys()
    assert all(torch.equal(tensor, tensors(inside)[name]) for name, tensor in tensors(alone).items())


def tensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(path)


def test_a_run_that_fails_is_kept_and_the_others_are_trained(ogive: Callable) -> None:
    ran = ogive("sweep", "tiny.arch", "--vary", "recipe=wild,fast", "--device", "cpu")
    assert ran.code == 1
    assert "error[E525]" in ran.err
    assert "recipe_wild: failed; the sweep goes on" in ran.err
    lines = ran.out.splitlines()
    assert lines[1].split()[:5] == ["wild", "0", "of", "1,", "1"]
    assert lines[2].startswith("fast    1 ")
    made = read_sweep(Path("runs/sweep-tiny"))
    assert made.runs[0].error is not None
    assert made.waiting() == []
    assert "E525" in Path("runs/sweep-tiny/table.md").read_text()
    assert ogive("sweep", "--resume", "runs/sweep-tiny").code == 1


def test_a_folder_that_cannot_be_written_is_told(ogive: Callable) -> None:
    Path("file").touch()
    ran = sweep(ogive, "--out", "file/sweep")
    assert ran.code == 1
    assert "error[E510]: cannot write in `file/sweep`: not a directory" in ran.err


def test_plugins_are_asked_for_again(ogive: Callable) -> None:
    Path("mine.py").write_text(PLUGIN, encoding="utf-8")
    Path("tiny.arch").write_text(NET.replace("relu", "gem"), encoding="utf-8")
    assert "error[E525]" in ogive("sweep", "tiny.arch", "--recipe", "wild", "--plugin", "mine.py").err
    asked = ogive("sweep", "--resume", "runs/sweep-tiny")
    assert asked.code == 1
    assert "ogive sweep --resume runs/sweep-tiny --plugin mine.py" in asked.err
    assert "1 failed" in ogive("sweep", "--resume", "runs/sweep-tiny", "--plugin", "mine.py").out


@pytest.mark.slow
def test_processes_at_the_same_time_train_the_same(ogive: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    sweep(ogive, "--seeds", "2", "--out", "one")
    assert sweep(ogive, "--seeds", "2", "--out", "many", "--jobs", "3").code == 0
    one, many = weights(Path("one")), weights(Path("many"))
    assert one.keys() == many.keys()
    for name in one:
        a, b = (tensors(Path(folder) / name / "weights.safetensors") for folder in ("one", "many"))
        assert all(torch.equal(tensor, b[key]) for key, tensor in a.items())
