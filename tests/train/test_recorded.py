"""Reading what runs have written: all of it, and what is said when it is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ogive.diagnostics import ArchError
from ogive.recipes.default import default
from ogive.recipes.printing import to_text
from ogive.recipes.whole import whole
from ogive.train.recorded import read_run, settings_of
from train.folders_of_runs import make_run, rows_of


def refusal(path: Path) -> str:
    with pytest.raises(ArchError) as caught:
        read_run(path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E570"
    return diagnostic.message


def test_a_run_is_read(tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path / "a", seed=3, epochs=4))
    assert (run.name, run.status, run.seed) == ("lenet5", "finished", 3)
    assert [dict(row) for row in run.rows] == rows_of(4)
    assert run.recipe["optimizer"] == "sgd(lr = 0.1, momentum = 0.9)"
    assert run.outcome("test")["total"] == 360


def test_settings_are_those_of_the_printed_recipe() -> None:
    recipe = whole(default())
    found = settings_of(to_text(recipe))
    assert list(found) == [stated.setting.name for stated in recipe.stated]
    assert found["batch"] == "64"
    assert not any("#" in text for text in found.values())


def test_a_string_with_a_sharp_is_no_comment() -> None:
    assert settings_of('recipe a {\n  data  folder("a # b")   # from c\n}\n') == {"data": 'folder("a # b")'}


def test_a_run_under_way_may_have_no_metrics_yet(tmp_path: Path) -> None:
    run = read_run(make_run(tmp_path / "a", status="running", epochs=0))
    assert (run.rows, run.columns, run.status) == ((), (), "running")


def test_empty_cells_and_numbers_that_are_none(tmp_path: Path) -> None:
    path = make_run(tmp_path / "a")
    (path / "metrics.csv").write_text("epoch,train_loss,val_loss\n1,nan,\n2,inf,0.5\n", encoding="utf-8")
    first, second = read_run(path).rows
    assert set(first) == {"epoch", "train_loss"}
    assert second["val_loss"] == 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epoch,val_loss\n1,0.5\n2\n", "line 3: 1 cells under 2 columns"),
        ("epoch,val_loss\n1,much\n", "line 2: could not convert string to float: 'much'"),
        ('epoch\n"' + "1" * 200_000 + '"\n', "line 2: field larger than field limit (131072)"),
    ],
)
def test_damaged_metrics(tmp_path: Path, text: str, said: str) -> None:
    path = make_run(tmp_path / "a")
    (path / "metrics.csv").write_text(text, encoding="utf-8")
    assert refusal(path) == f"`{path}/metrics.csv` is damaged: {said}"


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 100_000, '{"format": 7}', "\0", "\ufeff{}"])
def test_a_damaged_record(tmp_path: Path, text: str) -> None:
    path = make_run(tmp_path / "a")
    (path / "run.json").write_text(text, encoding="utf-8")
    assert "run.json" in refusal(path)


def test_files_that_are_no_text(tmp_path: Path) -> None:
    for name in ("metrics.csv", "recipe.arch", "run.json"):
        path = make_run(tmp_path / name)
        (path / name).write_bytes(b"\xff\xfe\x00")
        assert name in refusal(path)


def test_where_there_is_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "runs" / "a")
    monkeypatch.chdir(tmp_path)
    for path, said in (
        ("runs/b", "there are runs/a"),
        ("runs", "it has runs/a"),
        ("runs/a/run.json", "name its folder: `runs/a`"),
    ):
        with pytest.raises(ArchError, match="E570") as caught:
            read_run(Path(path))
        assert said in str(caught.value)


def test_records_of_any_shape_do_not_break_the_reader(tmp_path: Path) -> None:
    """Whatever stands in the record, as long as it has the format."""
    path = make_run(tmp_path / "a")
    odd = {"format": 1, "name": 3, "target": [], "test": "x", "validation": {"loss": True}, "seed": "1"}
    (path / "run.json").write_text(json.dumps(odd), encoding="utf-8")
    run = read_run(path)
    assert (run.name, run.seed, run.target, run.outcome("test"), run.outcome("validation")) == (
        "3",
        None,
        {},
        {},
        {},
    )
