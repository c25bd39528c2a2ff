"""`ogive table`: files, formats and what is said on the side."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import ogive as package


def test_markdown_is_printed(ogive: Callable):
    ran = ogive("table", "resnet18", "resnet34")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == package.table(["resnet18", "resnet34"])


@pytest.mark.parametrize(("name", "begin"), [
    ("t.tex", "% \\usepackage{booktabs"), ("t.md", "**Arch"), ("t.html", "<!doctype html>"), ("t.csv", "layer name,"),
])  # fmt: skip
def test_the_ending_says_the_format(name: str, begin: str, ogive: Callable, tmp_path: Path):
    ran = ogive("table", "lenet5", "-o", tmp_path / name)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert (tmp_path / name).read_text(encoding="utf-8-sig").startswith(begin)


def test_the_option_is_over_the_ending(ogive: Callable, tmp_path: Path):
    assert ogive("table", "lenet5", "--format", "csv", "-o", tmp_path / "t.txt").code == 0
    assert (tmp_path / "t.txt").read_text(encoding="utf-8-sig").startswith("layer name,")
    assert ogive("table", "lenet5", "--format", "csv", "-o", "-").out.startswith("layer name,")


def test_settings_hold_for_every_target(ogive: Callable):
    ran = ogive(
        "table", "resnet18", "resnet34", "--set", "classes=10", "--edit", "remove bn", "--format", "csv"
    )
    assert '"global average pool, 10-d fc","global average pool, 10-d fc"' in ran.out
    assert ran.code == 0


def test_unknown_formats(ogive: Callable, tmp_path: Path):
    ran = ogive("table", "no such network", "--format", "latx")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "error[E580]: there are no tables as `latx`\n"
        "  = formats: latex, markdown, html, csv\n"
        "  = help:    did you mean `latex`?\n"
    )
    ran = ogive("table", "lenet5", "-o", "table.txt")
    assert ran.code == 2
    assert ran.err == (
        "error[E580]: `table.txt` does not say which kind of table it is to be\n"
        "  = help: end its name in .tex, .md, .html or .csv, or give `--format`\n"
    )


def test_nets_that_cannot_stand_in_one_table(ogive: Callable):
    ran = ogive("table", "googlenet", "resnet50", "--rows", "branches")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error[E581]: a table whose rows are branches holds one net, and there are 2")


def test_usage(ogive: Callable):
    assert ogive("table").code == 2
    assert "Missing argument 'TARGET...'" in ogive("table").err
    assert ogive("table", "lenet5", "--rows", "columns").code == 2
    assert "E502" in ogive("table", "lenet5", "lenet6").err


def test_files_that_cannot_be_written(ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ran = ogive("table", "lenet5", "-o", tmp_path / "none" / "t.tex")
    assert ran.code == 1
    assert "error[E510]" in ran.err
    assert "its folder does not exist" in ran.err
    path = tmp_path / "t.tex"
    path.write_text("old", encoding="utf-8")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    ran = ogive("table", "lenet5", "-o", path)
    assert (ran.code, "no space left on device" in ran.err) == (1, True)
    assert path.read_text(encoding="utf-8") == "old"
    assert os.listdir(tmp_path) == ["t.tex"]


def test_a_read_only_file_is_refused_before_anything_is_made(ogive: Callable, tmp_path: Path):
    path = tmp_path / "t.tex"
    path.write_text("old", encoding="utf-8")
    path.chmod(0o444)
    ran = ogive("table", "no such network", "-o", path)
    assert ran.err.startswith(f"error[E510]: cannot write `{path}`: it is read-only")


def test_what_is_not_compared_is_said(ogive: Callable):
    ran = ogive("table", "dpn92", "--compare")
    assert ran.err == ""
    assert "6.5G<sup>a</sup>" in ran.out
    ran = ogive("table", "resnet18", "dpn92", "--compare")
    assert ran.err == "note: the zoo cites no published figures of resnet18\n"
    ran = ogive("table", "dpn92", "--set", "classes=10", "--compare")
    assert (
        ran.err
        == "note: published figures hold for networks of the zoo as they are, and not for dpn92, edited\n"
    )
    assert "6.5G" not in ran.out


def test_doubts_are_told(ogive: Callable, tmp_path: Path):
    path = tmp_path / "net.arch"
    path.write_text(
        "block Unused() { relu }\nnet N() { input x: 3x8x8\n y = x -> conv(4, 1x1)\n relu }", encoding="utf-8"
    )
    ran = ogive("table", path)
    assert ran.code == 0
    assert "warning[W" in ran.err


def test_titles_are_one_for_each(ogive: Callable):
    ran = ogive("table", "resnet18", "resnet34", "--title", "Ours", "--title", "Theirs", "--format", "csv")
    assert ran.out.startswith("layer name,output size,Ours,Theirs\n")
    ran = ogive("table", "resnet18", "resnet34", "--title", "Ours")
    assert (ran.code, "--title is given 1 times, for 2 targets" in ran.err) == (2, True)


def test_all_wrong_targets_are_told(ogive: Callable):
    ran = ogive("table", "resnt", "lenet5", "vgg61")
    assert (ran.code, ran.err.count("error[E502]")) == (1, 2)


def test_a_folder_is_no_file(ogive: Callable, tmp_path: Path):
    ran = ogive("table", "lenet5", "-o", f"{tmp_path}/t.tex/")
    assert ran.code == 1
    assert "it is a folder" in ran.err
    ran = ogive("table", "lenet5", "-o", "")
    assert (ran.code, "cannot write" in ran.err) == (1, True)
    assert os.listdir(tmp_path) == []


def test_csv_files_say_that_they_are_utf_8(ogive: Callable, tmp_path: Path):
    ogive("table", "lenet5", "-o", tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_bytes().startswith(b"\xef\xbb\xbflayer")
    assert not ogive("table", "lenet5", "--format", "csv").out.startswith("\ufeff")


def test_type_too_small_to_read_is_told(ogive: Callable, tmp_path: Path):
    assert ogive("table", "resnet50", "-o", tmp_path / "t.tex").err == ""
    assert "\\begin{table}" in (tmp_path / "t.tex").read_text(encoding="utf-8")
    ran = ogive("table", "resnet50", "googlenet", "unet", "swin_t", "vgg16", "-o", tmp_path / "t.tex")
    small, high = ran.err.splitlines()
    assert "the type of this table is about 4." in small
    assert "journals ask for 6: fewer networks in one table, or a page of its own on its side" in small
    assert high.startswith("note: this table is higher than a page: it stands in ")
    assert (
        ogive("table", "resnet50", "googlenet", "unet", "swin_t", "vgg16", "-o", tmp_path / "t.md").err == ""
    )


def test_a_table_higher_than_a_page_is_told(ogive: Callable, tmp_path: Path):
    ran = ogive("table", "densenet121", "--rows", "layers", "-o", tmp_path / "t.tex")
    assert ran.err == (
        "note: this table is higher than a page: it stands in 3 floats under one number; "
        "shorter is `--rows stages`\n"
    )
    assert (tmp_path / "t.tex").read_text(encoding="utf-8").count("\\begin{table*}") == 3


def test_what_a_format_has_no_place_for_is_told(ogive: Callable, tmp_path: Path):
    given = ("--label", "tab:x", "--caption", "Ours")
    assert ogive("table", "lenet5", *given, "-o", tmp_path / "t.tex").err == ""
    assert ogive("table", "lenet5", *given, "-o", tmp_path / "t.html").err == ""
    label = "note: --label is for LaTeX and HTML; in {} a table has none\n"
    assert ogive("table", "lenet5", *given).err == label.format("Markdown")
    assert ogive("table", "lenet5", *given, "-o", tmp_path / "t.csv").err == (
        label.format("CSV") + "note: --caption is for LaTeX, HTML and Markdown; in CSV a table has none\n"
    )
    assert ogive("table", "lenet5", "--caption", "", "-o", tmp_path / "t.csv").err == ""
