"""`ogive eval`: what it prints and writes, and what it refuses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import load_file

from train import made


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with links to the runs, so that names are short."""
    monkeypatch.chdir(tmp_path)
    Path("runs").mkdir()
    for name, run in (("a", made.digits_run(0)), ("b", made.digits_run(1)), ("photos", made.photos_run())):
        Path("runs", name).symlink_to(run)
    return tmp_path


def test_a_run_is_scored(here: Path, ogive: Callable) -> None:
    record = json.loads(Path("runs/a/run.json").read_text())
    ran = ogive("eval", "runs/a", "--device", "cpu")
    assert (ran.code, ran.err) == (0, "")
    first, _, heading, *rows = ran.out.splitlines()
    test = record["test"]
    assert first.startswith(
        f"Tiny on digits: test accuracy {100 * test['accuracy']:.2f} % ({test['correct']} of 360), top-5 "
    )
    assert first.endswith(f"loss {test['loss']:.4g}")
    assert heading.split() == ["class", "accuracy"]
    assert [row.split()[0] for row in rows[:10]] == list("0123456789")
    assert "confused most" in ran.out
    pair = ran.out.split("confused most")[1].splitlines()[1]
    assert " → " in pair


def test_json_has_everything(here: Path, ogive: Callable) -> None:
    told = json.loads(ogive("eval", "runs/a", "--json", "--device", "cpu").out)
    record = json.loads(Path("runs/a/run.json").read_text())
    assert told["data"] == {"name": "digits", "part": "test", "images": 360}
    assert (told["accuracy"], told["loss"]) == (record["test"]["accuracy"], record["test"]["loss"])
    assert len(told["confusion"]) == 10
    assert sum(map(sum, told["confusion"])) == 360
    assert [each["images"] for each in told["classes"]] == [sum(row) for row in told["confusion"]]
    (network,) = told["networks"]
    assert network == {
        "name": "Tiny", "run": "runs/a", "weights": "runs/a/weights.safetensors",
        "accuracy": told["accuracy"], "recalibrated": None,
    }  # fmt: skip
    validated = json.loads(ogive("eval", "runs/a", "--json", "--part", "validation", "--device", "cpu").out)
    assert validated["data"] == {"name": "digits", "part": "validation", "images": 144}
    assert validated["accuracy"] == pytest.approx(record["validation"]["accuracy"])


def test_the_figure_and_the_numbers_go_into_a_folder(here: Path, ogive: Callable) -> None:
    ran = ogive("eval", "runs/photos", "-o", "new/scores", "--json")
    assert ran.code == 0
    folder = Path("new/scores")
    assert {file.name for file in folder.iterdir()} == {
        "eval.json", "confusion.svg", "confusion.pdf", "confusion.png",
    }  # fmt: skip
    assert json.loads((folder / "eval.json").read_text()) == json.loads(ran.out)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert ogive("eval", "runs/photos", "-o", folder).code == 0
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    Path("taken").touch()
    refused = ogive("eval", "runs/photos", "-o", "taken")
    assert refused.code == 1
    assert "error[E510]: cannot make the folder `taken`" in refused.err


def test_an_ensemble(here: Path, ogive: Callable) -> None:
    ran = ogive("eval", "--ensemble", "runs/a", "runs/b")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].startswith("ensemble of 2 Tiny on digits: test accuracy ")
    for line, name in zip(lines[1:], ("a", "b"), strict=False):
        accuracy = json.loads(Path(f"runs/{name}/run.json").read_text())["test"]["accuracy"]
        assert line.split()[:3] == [f"runs/{name}", f"{100 * accuracy:.2f}", "%"]
    told = json.loads(ogive("eval", "runs/a", "--ensemble", "runs/b", "--json").out)
    assert [each["run"] for each in told["networks"]] == ["runs/a", "runs/b"]
    assert f"({told['correct']} of 360)" in lines[0]
    apart = ogive("eval", "--ensemble", "runs/a", "runs/photos")
    assert apart.code == 1
    assert "error[E567]: `runs/a` and `runs/photos` do not tell the same classes apart" in apart.err


def test_batch_norm_is_recalibrated_and_kept(here: Path, ogive: Callable) -> None:
    options = ("--device", "cpu", "--json", "--batch", "64")
    ran = ogive("eval", "runs/a", "--recalibrate-bn", "--save-weights", "new.safetensors", *options)
    assert (ran.code, ran.err) == (0, "")
    told = json.loads(ran.out)
    assert told["networks"][0]["recalibrated"] == {
        "norms": ["body1.bn1"], "untouched": [], "data": "digits", "batches": 20, "images": 1280, "left_out": 13,
    }  # fmt: skip
    before, after = load_file("runs/a/weights.safetensors"), load_file("new.safetensors")
    changed = {name for name in before if not before[name].equal(after[name])}
    assert changed == {"body1.bn1.running_mean", "body1.bn1.running_var"}
    again = json.loads(ogive("eval", "runs/a", "--weights", "new.safetensors", *options).out)
    assert (again["loss"], again["accuracy"]) == (told["loss"], told["accuracy"])
    about = json.loads(safe_open("new.safetensors", framework="pt").metadata()["ogive"])
    assert about["recalibrated"] == {"norms": 1, "batches": 20, "images": 1280, "left_out": 13}
    text = ogive("eval", "runs/a", "--recalibrate-bn", "--batch", "64").out
    assert "1,280 training images of digits, in batches of 64 (13 that fill no batch left out)" in text
    other = ogive("eval", "runs/a", "--recalibrate-bn", "--bn-data", "random(512)")
    assert (
        "runs/a: 1 batch norm recalibrated over 512 training images of random(512), in batches of 256"
        in other.out
    )


def test_recalibration_goes_with_the_data_that_are_named(here: Path, ogive: Callable) -> None:
    told = json.loads(ogive("eval", "runs/a", "--recalibrate-bn", "--data", "random(300)", "--json").out)
    assert told["data"] == {"name": "random", "part": "test", "images": 60}
    assert told["networks"][0]["recalibrated"]["images"] == 256
    assert told["networks"][0]["recalibrated"]["left_out"] == 44


def test_a_network_without_batch_norm_is_told_so(here: Path, ogive: Callable) -> None:
    ran = ogive("eval", "runs/photos", "--recalibrate-bn")
    assert ran.code == 0
    assert "note: `runs/photos` has no batch norm with statistics: there is nothing to recalibrate" in ran.err


def test_a_network_with_weights(here: Path, ogive: Callable) -> None:
    target = (made.folder() / "tiny.arch", "--set", "width=4", "--edit", "replace relu with tanh")
    ran = ogive("eval", *target, "--weights", "runs/a/weights.safetensors", "--json")
    assert (ran.code, ran.err) == (0, "")
    record = json.loads(Path("runs/a/run.json").read_text())
    told = json.loads(ran.out)
    assert told["correct"] == record["test"]["correct"]
    assert told["networks"][0]["run"] is None
    wrong = ogive("eval", *target[:3], "--weights", "runs/a/weights.safetensors", "--set", "classes=7")
    assert wrong.code == 1
    assert "error[E521]: the network tells 7 classes apart, and `digits` has 10" in wrong.err
    assert "--set classes=10" in wrong.err
    missing = ogive("eval", *target, "--weights", "none.safetensors")
    assert missing.code == 1
    assert "error[E561]" in missing.err


def test_a_network_is_prepared_as_a_recipe_says(here: Path, ogive: Callable) -> None:
    Path("mine.arch").write_text(
        "recipe mine { data digits; batch 8; epochs 1; optimizer sgd(lr = 1); augment none }\n"
    )
    target = (made.folder() / "tiny.arch", "--set", "width=4", "--edit", "replace relu with tanh")
    weights = ("--weights", "runs/a/weights.safetensors", "--json")
    plain = json.loads(ogive("eval", *target, *weights, "--recipe", "mine.arch:mine").out)
    usual = json.loads(ogive("eval", *target, *weights).out)
    assert plain["loss"] != usual["loss"], "without normalisation the network sees other images"
    unknown = ogive("eval", *target, *weights, "--recipe", "mine.arch:yours")
    assert (unknown.code, "error[E321]" in unknown.err) == (1, True)
    noise = json.loads(ogive("eval", *target, *weights, "--data", "random(50)").out)
    assert noise["data"]["images"] == 10


def test_other_data_with_a_note(here: Path, ogive: Callable, tmp_path: Path) -> None:
    other = made.write_folder(tmp_path / "other", [(12, 12), (9, 20)], ("cat", "dog", "fox"))
    ran = ogive("eval", "runs/photos", "--data", f'folder("{other}", resize = 9)')
    assert ran.code == 0
    assert "note: `runs/photos`: `folder` has other names of classes: `fox` for `emu`" in ran.err
    assert "of 12) " not in ran.out
    assert "of 6), loss" in ran.out
    said = ogive("eval", "runs/photos", "--data", "cifar11")
    assert said.code == 1
    assert "--data" in said.err


def test_a_plugin_is_named_again(here: Path, ogive: Callable) -> None:
    run, plugin = made.plugin_run(), made.folder() / "pooling.py"
    refused = ogive("eval", run)
    assert refused.code == 1
    assert "error[E565]" in refused.err
    assert f"help: --plugin {plugin}" in refused.err
    assert ogive("eval", run, "--plugin", plugin).code == 0
    changed = here / "pooling.py"
    changed.write_text("raise SystemExit('ran')\n")
    refused = ogive("eval", run, "--plugin", changed)
    assert refused.code == 1
    assert "has changed since" in refused.err
    assert "ran" not in refused.out
    together = ogive("eval", "--ensemble", run, run, "--plugin", plugin)
    assert together.code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["runs/a", "runs/b"], "--ensemble"),
        (["--ensemble", "runs/a"], "several runs"),
        (["--ensemble", "runs/a", "lenet5"], "lenet5 is a network"),
        (["--ensemble", "runs/a", "runs/b", "--weights", "w.safetensors"], "about one network"),
        (["--ensemble", "runs/a", "runs/b", "--save-weights", "w.safetensors"], "about one network"),
        (["lenet5"], "give --weights FILE.safetensors"),
        (["runs/a", "--set", "width=8"], "for TARGET"),
        (["runs/a", "--edit", "remove bn"], "for TARGET"),
        (["runs/a", "--input", "1x8x8"], "for TARGET"),
        (["runs/a", "--recipe", "lenet5"], "for TARGET"),
        (["runs/a", "--bn-data", "digits"], "give both"),
        (["runs/a", "--part", "all"], "all"),
        (["runs/a", "--batch", "0"], "0"),
        ([], "RUN|TARGET"),
    ],
)
def test_what_does_not_go_together_is_wrong_usage(
    here: Path, ogive: Callable, arguments: list[str], says: str
) -> None:
    ran = ogive("eval", *arguments)
    assert ran.code == 2
    assert says in " ".join(ran.err.split())


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("runs/c", "E564"),
        ("runs", "E564"),
        ("./runs/a/run.json", "E564"),
        ("nothing", "E502"),
        ("no.arch", "E501"),
    ],
)
def test_what_is_not_there(here: Path, ogive: Callable, target: str, code: str) -> None:
    weights = () if target.startswith(("runs", "./")) else ("--weights", "w.safetensors")
    ran = ogive("eval", target, *weights)
    assert ran.code == 1
    assert f"error[{code}]" in ran.err


def test_a_bare_name_is_a_network_of_the_zoo_first(here: Path, ogive: Callable) -> None:
    shutil.copytree(made.digits_run(), "lenet5")
    assert "give --weights" in " ".join(ogive("eval", "lenet5").err.split())
    assert ogive("eval", "./lenet5").code == 0


def test_weights_are_not_written_where_they_cannot_be(here: Path, ogive: Callable) -> None:
    ran = ogive("eval", "runs/a", "--save-weights", "none/w.safetensors")
    assert ran.code == 1
    assert "error[E510]: cannot write `none/w.safetensors`: its folder does not exist" in ran.err
    kept = Path("kept.safetensors")
    kept.write_text("old")
    for name, meant in ((kept, "kept-2.safetensors"), (Path("runs"), "runs-2")):
        ran = ogive("eval", "runs/a", "--save-weights", name)
        assert ran.code == 1
        assert f"error[E532]: `{name}` exists, and a " in ran.err
        assert f"help: --save-weights {meant}\n" in ran.err
        assert ran.out == "", "what cannot be written is told before anything is scored"
    assert kept.read_text() == "old"


@pytest.mark.parametrize(
    "path",
    [
        "runs/a/weights.safetensors",
        "runs/a/w.safetensors",
        "runs/b/checkpoints/w.safetensors",
        "out/w.safetensors",
    ],
)
def test_a_run_keeps_the_weights_that_it_came_to(here: Path, ogive: Callable, path: str) -> None:
    Path("out").symlink_to(made.digits_run() / "checkpoints")
    before = Path("runs/a/weights.safetensors").read_bytes()
    ran = ogive("eval", "runs/a", "--recalibrate-bn", "--save-weights", path)
    assert (ran.code, ran.out) == (1, "")
    assert f"error[E524]: `{path}` is in the folder of the run `" in ran.err
    assert f"help: --save-weights {Path(path).name}\n" in ran.err
    assert Path("runs/a/weights.safetensors").read_bytes() == before
    assert path.endswith("weights.safetensors") or not Path(path).exists()


def test_scores_do_not_go_into_the_folder_of_a_run(here: Path, ogive: Callable) -> None:
    ran = ogive("eval", "runs/a", "-o", "runs/b")
    assert (ran.code, ran.out) == (1, "")
    assert "error[E524]: `runs/b` holds a run" in ran.err
    assert "help: -o scores\n" in ran.err
    assert not Path("runs/b/eval.json").exists()


def test_other_weights_in_a_runs_folder_are_refused_and_may_be_named(here: Path, ogive: Callable) -> None:
    run = Path(shutil.copytree(made.digits_run(), "mine"))
    shutil.copy(made.digits_run(1) / "weights.safetensors", run / "weights.safetensors")
    for command in (("eval", "./mine"), ("predict", "./mine", "x.png")):
        ran = ogive(*command)
        assert ran.code == 1
        assert "error[E565]: `mine/weights.safetensors` is not what the run came to" in ran.err
    (run / "weights.safetensors").rename("w.safetensors")
    assert ogive("eval", "./mine", "--weights", "w.safetensors").code == 0


def test_a_name_that_is_nothing_is_told_so(here: Path, ogive: Callable) -> None:
    for targets in (["lenet55"], ["--ensemble", "runs/a", "lenet55"]):
        ran = ogive("eval", *targets)
        assert ran.code == 1
        assert "error[E502]: `lenet55` is no file, and the zoo has no network of that name" in ran.err
        assert "did you mean `lenet5`?" in ran.err
    assert "did you mean the run `runs/photos`?" in ogive("eval", "photos").err
    assert "error[E501]" in ogive("eval", "no.arch").err
