"""report.md: what a colleague has to know, whatever the names in it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ogive.train.recorded import read_run
from ogive.train.report import outcome, report, write_report
from train.folders_of_runs import make_run, rows_of


def tokens(text: str) -> list[Token]:
    """The page as a Markdown reader takes it, inline tokens unfolded."""
    found: list[Token] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        found += [token, *(token.children or ())]
    return found


def table(text: str) -> list[list[str]]:
    """The cells of the table, as their text is seen."""
    rows: list[list[str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append("".join(child.content for child in token.children or ()))
    return [row for row in rows if row]


def codes(text: str) -> list[str]:
    return [token.content for token in tokens(text) if token.type == "code_inline"]


def commands(text: str) -> list[list[str]]:
    """The words of the commands, as a shell takes them."""
    return [
        shlex.split(line)
        for token in tokens(text)
        if token.type == "fence" and token.info == "sh"
        for line in token.content.splitlines()
    ]


def test_a_finished_run(tmp_path: Path) -> None:
    path = make_run(
        tmp_path / "run", edits=["insert bn before tanh"], arguments={"width": "[2, 3]"}, epochs=5
    )
    (path / "curves.svg").touch()
    write_report(path)
    text = (path / "report.md").read_text(encoding="utf-8")
    last = rows_of(5)[-1]
    right = round(360 * last["val_accuracy"])
    assert text.startswith("# lenet5 on digits\n")
    assert f"Test accuracy {right / 3.6:.2f} % ({right} of 360), after 5 epochs, 105 steps, 7.5 s." in text
    assert table(text) == [
        ["", "loss", "accuracy"],
        ["training, epoch 5", f"{last['train_loss']:.4g}", f"{100 * last['train_accuracy']:.2f} %"],
        ["validation, epoch 5", f"{last['val_loss']:.4g}", f"{100 * last['val_accuracy']:.2f} %"],
        ["test, weights of epoch 5", "0.2", f"{right / 3.6:.2f} %"],
    ]
    assert [token.attrs["src"] for token in tokens(text) if token.type == "image"] == ["curves.svg"]
    assert {"insert bn before tanh", "width = [2, 3]", "1x32x32"} <= set(codes(text))
    (recipe,) = [token.content for token in tokens(text) if token.type == "fence" and token.info == "arch"]
    assert recipe == (path / "recipe.arch").read_text(encoding="utf-8")
    for fact in (
        "61,706",
        "1,293 for training, 144 for validation, 360 for test",
        "torch 2.11.0",
        "1 thread",
    ):
        assert fact in text


def test_the_commands_are_those_of_the_run(tmp_path: Path) -> None:
    path = make_run(
        tmp_path / "a run's",
        edits=['set conv(bias = "$x")', "remove lrn"],
        arguments={"order": '"post"'},
        init_from="some weights.safetensors",
        freeze=["conv*"],
        machine={"device": "cuda", "data_dir": "my data"},
    )
    text = report(read_run(path))
    evaluate, predict, train = commands(text)
    assert evaluate == ["ogive", "eval", str(path)]
    assert predict == ["ogive", "predict", str(path), "image.png"]
    assert train[:4] == ["ogive", "train", f"{path}/program/lenet5.arch:lenet5", "--recipe"]
    pairs = list(zip(train[3::2], train[4::2], strict=True))
    assert pairs == [
        ("--recipe", f"{path}/recipe.arch"),
        ("--set", 'order="post"'),
        ("--edit", 'set conv(bias = "$x")'),
        ("--edit", "remove lrn"),
        ("--init-from", "some weights.safetensors"),
        ("--freeze", "conv*"),
        ("--data-dir", "my data"),
    ]
    assert "bit for bit" not in text, "a GPU does not promise that"
    assert "bit for bit" in report(read_run(make_run(tmp_path / "cpu")))


def test_a_plugin_is_asked_for_in_every_command(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run")
    run = read_run(path)
    run.record["target"]["plugins"] = {"my layers.py": "ab" * 32}
    assert all(words[-2:] == ["--plugin", "my layers.py"] for words in commands(report(run)))


@pytest.mark.parametrize(
    ("status", "said"),
    [("interrupted", "The run was interrupted after 3 epochs, 63 steps."),
     ("failed", "The run failed after 3 epochs, 63 steps."),
     ("running", "The run is under way after 3 epochs, 63 steps.")],
)  # fmt: skip
def test_a_run_that_is_not_finished(tmp_path: Path, status: str, said: str) -> None:
    text = report(read_run(make_run(tmp_path / "run", status=status, epochs=3)))
    assert said in text
    assert [row[0] for row in table(text)] == ["", "training, epoch 3", "validation, epoch 3"]
    assert commands(text)[0] == ["ogive", "train", "--resume", str(tmp_path / "run")]
    assert not any("eval" in words for words in commands(text))


def test_a_run_that_was_stopped_before_its_first_epoch(tmp_path: Path) -> None:
    text = report(read_run(make_run(tmp_path / "run", status="interrupted", epochs=0)))
    assert "interrupted after 0 epochs." in text
    assert table(text) == []


def test_a_module_from_python(tmp_path: Path) -> None:
    data = {"name": "Loaders", "classes": None, "input": None, "counts": {}, "statistics": None}
    rows = [
        {"epoch": 1, "step": 3, "train_loss": 0.5, "val_loss": 0.4, "val_iou": 0.25, "lr": 1, "seconds": 1}
    ]
    path = make_run(tmp_path / "run", target=None, data=data, rows=rows, test={"loss": 0.3, "iou": 0.2})
    text = report(read_run(path))
    assert table(text)[0] == ["", "loss", "iou"]
    assert table(text)[-1] == ["test, weights of epoch 1", "0.3", "0.2"]
    assert outcome(read_run(path)) == "Test loss 0.3, after 1 epoch, 3 steps, 1.0 s."
    assert "made in Python" in text
    assert commands(text) == [], "no command can"
    assert f'open_run("{path}", module=…)' in text


def test_what_a_folder_cannot_keep_is_asked_for(tmp_path: Path) -> None:
    data = {"name": "discs", "classes": None, "input": None, "counts": {}, "statistics": None}
    given = ["loaders", "loss", "metrics"]
    path = make_run(tmp_path / "run", status="interrupted", data=data, from_python=given)
    text = report(read_run(path))
    assert f'resume("{path}", loaders=…, loss=…, metrics=…)' in text
    assert "`discs`: loaders that were made in Python" in text
    assert "Not used: `data`, `validation`, `augment`, `batch`, `evaluate`, `loss`, which were given" in text
    assert commands(text) == []
    text = report(read_run(make_run(tmp_path / "done", from_python=["loss"])))
    assert [words[:2] for words in commands(text)] == [["ogive", "eval"], ["ogive", "predict"]]
    assert "Not used: `loss`, which was given" in text


def test_images_that_were_skipped_are_counted(tmp_path: Path) -> None:
    skipped = [[f"train/{i}.png", "truncated"] for i in range(20)]
    data: dict[str, Any] = {"name": "folder", "classes": ["a"] * 30, "skipped": skipped}
    text = report(read_run(make_run(tmp_path / "run", data=data)))
    assert "**20 images could not be read and were skipped**" in text
    assert "`train/0.png`: truncated" in text
    assert "… 8 more in run.json" in text
    counted = data | {"usable": {"train": 1070, "validation": 9, "test": 30}}
    told = report(read_run(make_run(tmp_path / "told", data=counted)))
    assert "were skipped**; usable: 1,070 for training, 9 for validation, 30 for test:\n" in told
    one = report(read_run(make_run(tmp_path / "one", data=data | {"skipped": skipped[:1]})))
    assert "**1 image could not be read and was skipped**" in one
    assert "… 18 more" in text


HOSTILE = "x` | <script>\n# *y* [z](w) ``` $"


def test_names_stay_names(tmp_path: Path) -> None:
    data = {"name": HOSTILE, "classes": [HOSTILE, "b"], "input": [1, 2, 3], "counts": {"train": 3}}
    path = make_run(tmp_path / "run", edits=[HOSTILE], data=data)
    run = read_run(path)
    run.record["name"] = HOSTILE  # type: ignore[index]
    (path / "recipe.arch").write_text("recipe a {\n  # ```` a fence\n  batch 3\n}\n", encoding="utf-8")
    text = report(run)
    found = tokens(text)
    seen = " ".join(HOSTILE.split())
    assert not any(token.type.startswith("html") for token in found)
    assert not any(token.attrs.get("href") == "w" for token in found if token.type == "link_open")
    assert codes(text).count(seen) == 3, "the edit, the data, and its class"
    headings = [found[i + 1].children or () for i, token in enumerate(found) if token.type == "heading_open"]
    assert "".join(child.content for child in headings[0]) == f"{seen} on {seen}"
    assert [len(row) for row in table(text)] == [3] * len(table(text))
    assert any(token.type == "fence" and "a fence" in token.content for token in found)
