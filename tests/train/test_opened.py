"""Runs opened again: what is in their folders, what has changed there, what they need."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from ogive.diagnostics import ArchError, Diagnostic
from ogive.recipes.resolve import read_back
from ogive.recipes.settings import BY_NAME
from ogive.train import intact
from ogive.train.evaluation import evaluate
from ogive.train.opened import open_run, reopen
from train import made


def refusal(run: Callable[[], object]) -> Diagnostic:
    with pytest.raises(ArchError) as caught:
        run()
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A run that may be changed."""
    return Path(shutil.copytree(made.digits_run(), tmp_path / "run"))


def change_record(run: Path, **changes: Any) -> None:
    record = json.loads((run / "run.json").read_text())
    for key, value in changes.items():
        *path, last = key.split("__")
        at = record
        for name in path:
            at = at[name]
        if value is ...:
            del at[last]
        else:
            at[last] = value
    (run / "run.json").write_text(json.dumps(record))


# --------------------------------------------------------------------------- what is there


def test_a_run_is_its_folder_alone(copy: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    run = open_run("run")
    assert (run.name, run.notes) == ("Tiny", ())
    assert run.network is not None
    assert [str(each) for each in run.network.edits] == ["replace relu with tanh"]
    assert [node.layer.kind for node in run.network.ir].count("tanh") == 2
    assert run.classes == tuple("0123456789")
    assert run.shape == (1, 8, 8)
    assert [run.recipe.values(name) for name in BY_NAME] == [
        read_back((copy / "recipe.arch").read_text()).values(name) for name in BY_NAME
    ]
    assert (run.recipe.value("batch"), run.recipe.value("seed")) == (256, 0)
    weights = load_file(copy / "weights.safetensors")
    assert set(weights) == set(run.module.state_dict())
    assert all(torch.equal(weights[name], value) for name, value in run.module.state_dict().items())
    assert not run.module.training


def test_it_scores_as_the_run_said() -> None:
    run = open_run(made.digits_run())
    data = run.data()
    found = evaluate(run.module, data.test_batches())
    assert (found.loss, found.correct, found.total) == tuple(
        run.record["test"][name] for name in ("loss", "correct", "total")
    )
    assert run.differences(data) == ()
    validated = evaluate(run.module, data.validation_batches())
    assert validated.accuracy == pytest.approx(run.record["validation"]["accuracy"])


def test_statistics_are_not_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from ogive.train.data import ImageData

    run = open_run(made.photos_run())
    monkeypatch.setattr(ImageData, "_measure", lambda self: pytest.fail("measured"))
    assert run.data().statistics == run.record["data"]["statistics"]


def test_a_module_from_python_is_given_again() -> None:
    path = made.module_run()
    said = refusal(lambda: open_run(path))
    assert said.code == "E565"
    assert "module that was made in Python" in said.message
    assert f'open_run("{path}", module=…)' in str(said.help)
    module = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    run = open_run(path, module=module)
    assert run.module is module
    assert evaluate(module, run.data().test_batches()).correct == run.record["test"]["correct"]


def test_a_path_of_the_recipe_leads_from_where_the_run_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Path(shutil.copytree(made.photos_run(), tmp_path / "run"))
    change_record(run, folder=str(made.folder()), recipe_sha256=...)
    text = (run / "recipe.arch").read_text().replace(str(made.folder() / "data"), "data")
    (run / "recipe.arch").write_text(text)
    change_record(run, recipe_sha256=intact.digest(text))
    monkeypatch.chdir(tmp_path)
    assert open_run(run).data().counts["test"] == 21


# --------------------------------------------------------------------------- what is not


@pytest.mark.parametrize(
    ("path", "says", "help_"),
    [
        ("runs/lenet", "there is no run `runs/lenet`", "did you mean `runs/lenet5`?"),
        ("runs/zebra", "there is no run `runs/zebra`", "there are runs/lenet5, runs/other"),
        ("nowhere/zebra", "there is no run `nowhere/zebra`", "there are runs/lenet5, runs/other"),
        ("runs", "`runs` holds no run: it has no `run.json`", "it has runs/lenet5, runs/other"),
        ("runs/lenet5/run.json", "is a file, and a run is a folder", "it belongs to a run: `runs/lenet5`"),
        ("runs/lenet5/checkpoints", "holds no run", "it belongs to a run: `runs/lenet5`"),
        ("empty", "`empty` holds no run", None),
    ],
)
def test_where_no_run_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, says: str, help_: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("lenet5", "other"):
        Path(f"runs/{name}/checkpoints").mkdir(parents=True)
        Path(f"runs/{name}/run.json").write_text("{}")
    Path("empty").mkdir()
    said = refusal(lambda: reopen(path))
    assert said.code == "E564"
    assert says in said.message
    assert said.help == help_


def test_where_there_is_nothing_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "`ogive train` makes one" in str(refusal(lambda: reopen("runs/x")).help)


@pytest.mark.parametrize(
    ("status", "says"),
    [("running", "is under way, or was killed"), ("interrupted", "was interrupted"), ("failed", "it failed")],
)
def test_a_run_without_weights(copy: Path, status: str, says: str) -> None:
    (copy / "weights.safetensors").unlink()
    change_record(copy, status=status)
    said = refusal(lambda: open_run(copy))
    assert said.code == "E564"
    assert f"has no weights so far: it {says.removeprefix('it ')}" in said.message
    assert said.help == f"go on with it: `ogive train --resume {copy}`"
    assert reopen(copy).record["status"] == status  # what resuming needs


def test_a_finished_run_whose_weights_are_gone_takes_others(copy: Path, tmp_path: Path) -> None:
    other = (copy / "weights.safetensors").rename(tmp_path / "w.safetensors")
    said = refusal(lambda: open_run(copy))
    assert said.code == "E564"
    assert "--weights FILE.safetensors" in str(said.help)
    assert open_run(copy, weights=other).weights == other


# --------------------------------------------------------------------------- what has changed


def test_weights_that_are_damaged_or_of_another_network(copy: Path) -> None:
    file = copy / "weights.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    said = refusal(lambda: open_run(copy))
    assert said.code == "E565"
    assert "damaged" in said.message
    state = load_file(made.digits_run() / "weights.safetensors")
    state["other"] = state.pop("body1.conv1.weight")
    state["linear1.bias"] = state["linear1.bias"][:3].clone()
    save_file(state, file)
    said = refusal(lambda: open_run(copy))
    assert said.code == "E565"
    assert "are not those of this network" in said.message
    notes = dict(said.notes)
    assert notes["missing"] == "body1.conv1.weight"
    assert notes["surplus"] == "other"
    assert "linear1.bias (3 in the file, 10 here)" in notes["shapes"]


def test_other_weights_that_cannot_be_read_are_no_damage_of_the_run(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "w.pt")
    said = refusal(lambda: open_run(made.digits_run(), weights=tmp_path / "w.pt"))
    assert said.code == "E561"


@pytest.mark.parametrize("name", ["program/tiny.arch", "program/parts/blocks.arch", "recipe.arch"])
def test_a_file_that_changed_or_went(copy: Path, name: str) -> None:
    file = copy / name
    file.write_text(file.read_text() + "# a remark\n")
    said = refusal(lambda: reopen(copy))
    assert said.code == "E565"
    assert f"`{file}` is not what" in said.message
    assert "bring it back" in str(said.help)
    file.unlink()
    said = refusal(lambda: reopen(copy))
    assert said.code == "E565"
    assert f"`{file}` is not there" in said.message
    file.mkdir()
    assert "cannot be read" in refusal(lambda: reopen(copy)).message


def test_two_files_that_changed_are_told_together(copy: Path) -> None:
    for name in ("tiny.arch", "parts/blocks.arch"):
        with (copy / "program" / name).open("a") as file:
            file.write("\n")
    said = refusal(lambda: reopen(copy))
    assert "parts/blocks.arch`, " in said.message
    assert "tiny.arch` are not what was trained" in said.message


def test_a_file_of_the_library_that_changed_is_a_note(copy: Path) -> None:
    digests = json.loads((copy / "run.json").read_text())["target"]["sha256"]
    change_record(copy, target__sha256=digests | {"archs/blocks/se.arch": "0" * 64})
    assert reopen(copy).notes == ("made with another `archs/blocks/se.arch` than the library has now",)
    change_record(copy, target__sha256=digests | {"archs/gone.arch": "0" * 64})
    assert reopen(copy).notes == ("made with another `archs/gone.arch` than the library has now",)


def test_other_versions_are_notes(copy: Path) -> None:
    versions = json.loads((copy / "run.json").read_text())["versions"]
    change_record(copy, versions=versions | {"torch": "1.0", "jax": "0.4"})
    torch_now = versions["torch"]
    assert reopen(copy).notes == (
        f"made with torch 1.0, and this is {torch_now}",
        "made with jax 0.4, and this is none",
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": 2}, "has format 2, and this Ogive reads format 1"),
        ({"format": ...}, "has format None"),
        ({"target__sha256": []}, "`sha256` is missing, or of another type"),
        ({"target__file": ...}, "`file` is missing"),
        ({"data": 3}, "`data` is missing, or of another type"),
        ({"seed": "0"}, "`seed` is missing"),
        ({"target__file": "program/other.arch"}, "no digest of `program/other.arch`"),
        ({"target__file": "/etc/passwd"}, "no digest of `/etc/passwd`"),
        ({"target__sha256": {"tiny.arch": "", "../../x.arch": ""}}, "leads out of the folder"),
        ({"target__sha256": {"tiny.arch": "", "/x.arch": ""}}, "leads out of the folder"),
    ],
)
def test_a_record_that_is_damaged(copy: Path, changes: dict[str, Any], says: str) -> None:
    change_record(copy, **changes)
    if "sha256" in str(changes) and isinstance(changes.get("target__sha256"), dict):
        digests = json.loads((made.digits_run() / "run.json").read_text())["target"]["sha256"]
        change_record(copy, target__sha256=digests | {n: "" for n in changes["target__sha256"] if "x" in n})
    said = refusal(lambda: reopen(copy))
    assert said.code == "E565"
    assert says in said.message


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '"x"', "[" * 100_000, b"\xff\xfe"])
def test_a_record_that_is_none(copy: Path, text: str | bytes) -> None:
    (copy / "run.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    said = refusal(lambda: reopen(copy))
    assert said.code == "E565"
    assert "run.json` is damaged" in said.message


# --------------------------------------------------------------------------- data


def test_data_with_other_classes(tmp_path: Path) -> None:
    run = open_run(made.photos_run())
    other = made.write_folder(tmp_path / "other", [(12, 12)], ("cat", "dog", "fox"))
    data = run.data(f'folder("{other}", resize = 9)')
    assert data.counts == {"train": 3, "validation": 0, "test": 3}
    assert run.differences(data)[-1] == "`folder` has other names of classes: `fox` for `emu`"
    more = made.write_folder(tmp_path / "more", [(12, 12)], ("a", "b", "c", "d"))
    said = refusal(lambda: run.data(f'folder("{more}")'))
    assert said.code == "E521"
    assert "tells 3 classes apart, and `folder` has 4" in said.message


def test_the_runs_own_data_may_not_change_their_classes(tmp_path: Path) -> None:
    run = Path(shutil.copytree(made.photos_run(), tmp_path / "run"))
    names = ["cat", "dog", "gnu"]
    change_record(run, data__classes=names)
    said = refusal(lambda: open_run(run).data())
    assert said.code == "E565"
    assert "has other classes than when" in said.message
    assert dict(said.notes) == {"gone": "gnu", "new": "emu"}
    change_record(run, data__classes=["dog", "cat", "emu"])  # only their order
    assert refusal(lambda: open_run(run).data()).code == "E565"


def test_images_that_came_or_went_are_told(tmp_path: Path) -> None:
    run = Path(shutil.copytree(made.photos_run(), tmp_path / "run"))
    counts = json.loads((run / "run.json").read_text())["data"]["counts"]
    change_record(run, data__counts=counts | {"test": 22})
    opened = open_run(run)
    assert opened.differences(opened.data()) == ("test: 21 images, and the run had 22",)


def test_loaders_from_python_are_not_known(copy: Path) -> None:
    change_record(copy, data__classes=None)
    said = refusal(lambda: open_run(copy).data())
    assert said.code == "E564"
    assert "loaders that were made in Python" in said.message


# --------------------------------------------------------------------------- plugins


def test_a_plugin_is_asked_for_again() -> None:
    path, plugin = made.plugin_run(), made.folder() / "pooling.py"
    said = refusal(lambda: reopen(path))
    assert said.code == "E565"
    assert "is code: it is run when you name it" in said.message
    assert said.help == f"--plugin {plugin}"
    run = open_run(path, plugins=[plugin, plugin])
    assert evaluate(run.module, run.data().test_batches()).correct == run.record["test"]["correct"]


def test_a_plugin_that_changed_is_not_run(tmp_path: Path) -> None:
    other = tmp_path / "pooling.py"
    other.write_text("import sys\nsys.modules['ran_it'] = sys\n")
    said = refusal(lambda: reopen(made.plugin_run(), plugins=[other]))
    assert said.code == "E565"
    assert f"the plugin `{other}` has changed since" in said.message
    moved = tmp_path / "layers.py"
    moved.write_bytes(other.read_bytes())
    genuine = made.folder() / "pooling.py"
    said = refusal(lambda: reopen(made.plugin_run(), plugins=[genuine, moved]))
    assert "was made without the plugin" in said.message
    for run in (made.digits_run(), made.module_run()):
        assert "was made without the plugin" in refusal(lambda run=run: reopen(run, plugins=[moved])).message
    assert "ran_it" not in sys.modules


def test_a_plugin_may_have_moved(tmp_path: Path) -> None:
    moved = Path(shutil.copy(made.folder() / "pooling.py", tmp_path / "elsewhere.py"))
    assert reopen(made.plugin_run(), plugins=[moved]).network is not None
    assert refusal(lambda: reopen(made.plugin_run(), plugins=[tmp_path / "none.py"])).code == "E540"
