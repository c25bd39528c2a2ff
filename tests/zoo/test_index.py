"""The index behind `ogive list`, and docs/zoo.md, say what the files of the zoo say now."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ogive
from ogive import resources
from ogive.catalogue import declared, list_models, meant, zoo_names
from ogive.zoo import build, index
from ogive.zoo.opening import opening_of
from ogive.zoo.page import anchors, page
from ogive.zoo.rows import Port, Row, from_index, to_index

STALE = "archs/ was changed since: run `make zoo`"


@pytest.fixture
def stored() -> dict[str, dict]:
    return json.loads(index.INDEX.read_text(encoding="utf-8"))


def test_the_index_is_current(stored: dict) -> None:
    assert list(stored) == [path.name for path in resources.zoo_files()], STALE
    for path in resources.zoo_files():
        assert stored[path.name]["digest"] == index.digest(path.name, stored[path.name]["uses"]), STALE
        assert [row["name"] for row in stored[path.name]["rows"]] == declared(path), STALE


def test_the_page_is_current(stored: dict) -> None:
    assert build.page_file().read_text(encoding="utf-8") == build.pages(stored), STALE


def test_the_index_is_written_as_it_was_made(stored: dict) -> None:
    assert build.to_text(stored) == index.INDEX.read_text(encoding="utf-8")
    for file in stored.values():
        assert json.loads(json.dumps([to_index(from_index(row)) for row in file["rows"]])) == file["rows"]


@pytest.mark.parametrize("text", ["", "{", "<<<<<<< ours\n{}"])
def test_without_an_index_rows_are_worked_out(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stored: dict
) -> None:
    broken = tmp_path / "index.json"
    broken.write_text(text, encoding="utf-8")
    monkeypatch.setattr(index, "INDEX", broken)
    index._index.cache_clear()
    try:
        (found,) = index.zoo_files(lambda path, _: path.name == "lenet5.arch")
    finally:
        index._index.cache_clear()
    assert list(found.rows) == [from_index(row) for row in stored["lenet5.arch"]["rows"]]


@pytest.mark.slow
def test_the_index_counts_what_the_compiler_counts(stored: dict) -> None:
    assert json.loads(build.to_text(build.entries())) == stored


def test_a_row_says_what_the_network_says() -> None:
    for name in ("resnet50", "googlenet", "siamese", "transformer_encoder"):
        network = ogive.load(name)
        (file,) = index.zoo_files(lambda _, other, name=name: other == name)
        (row,) = file.rows
        assert (row.params, row.macs) == (
            network.params,
            network.macs if row.unknown == () else str(network.macs),
        )
        assert [port.text for port in row.inputs] == [str(type_) for _, type_ in network.inputs]
        assert [port.name for port in row.outputs] == [output for output, _ in network.outputs]
        assert dict(row.unknown) == network.unknowns


# --------------------------------------------------------------------------- what was changed since


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the zoo, which may be changed."""
    copy = tmp_path / "archs"
    shutil.copytree(resources.zoo(), copy)
    monkeypatch.setattr(resources, "zoo", lambda: copy)
    return copy


def rows_of(file: str) -> list[Row]:
    path = resources.zoo() / file
    return list(index.listed(path, declared(path)).rows)


def test_a_file_that_was_changed_is_counted_anew(zoo: Path) -> None:
    resnet = zoo / "resnet.arch"
    text = resnet.read_text(encoding="utf-8")
    assert index.stored_rows("resnet.arch") is not None
    resnet.write_text(text.replace("classes = 1000", "classes = 10").replace("resnet18", "res18"))
    assert index.stored_rows("resnet.arch") is None
    rows = {row.name: row for row in rows_of("resnet.arch")}
    assert "resnet18" not in rows
    assert rows["resnet50"].params == ogive.load("resnet50", classes=10).params
    assert index.stored_rows("lenet5.arch") is not None
    resnet.write_bytes(text.replace("\n", "\r\n").encode())
    assert index.stored_rows("resnet.arch") is not None, "how lines end means nothing"


def test_what_a_file_uses_counts_as_the_file(zoo: Path, stored: dict) -> None:
    users = [name for name, entry in stored.items() if "blocks/se.arch" in entry["uses"]]
    assert users

    def current() -> set[str]:
        return {path.name for path in resources.zoo_files() if index.stored_rows(path.name) is not None}

    before = current()
    se = zoo / "blocks" / "se.arch"
    se.write_text(se.read_text(encoding="utf-8").replace("r = 16", "r = 8"), encoding="utf-8")
    assert before - current() == set(users)


def test_uses_of_uses_are_uses(stored: dict) -> None:
    """mbconv.arch itself uses se.arch."""
    users = [entry["uses"] for entry in stored.values() if "blocks/mbconv.arch" in entry["uses"]]
    assert users
    assert all("blocks/se.arch" in uses for uses in users)


def test_new_files_are_listed_and_old_ones_are_not(zoo: Path) -> None:
    (zoo / "lenet5.arch").unlink()
    (zoo / "mine.arch").write_text(
        "net N() { input image: 1x8x8; flatten -> linear(2) }\nvariant mine = N()\n"
    )
    (zoo / ".#vgg.arch").symlink_to("nowhere")  # as Emacs leaves it while it edits
    assert "lenet5" not in list_models()
    assert [row.params for row in rows_of("mine.arch")] == [130]


@pytest.mark.parametrize(
    "text",
    [
        "net N( { }\nvariant mine = N()\n", "variant mine = Nothing()\n", "variant mine = \x00\n",
        'use A from "gone.arch"\nvariant mine = A()\n', "variant mine = mine()\n",
    ],
)  # fmt: skip
def test_a_broken_file_is_listed_with_what_is_wrong(
    text: str, zoo: Path, capsys: pytest.CaptureFixture
) -> None:
    (zoo / "mine.arch").write_text(text, encoding="utf-8")
    (row,) = rows_of("mine.arch")
    assert row.name == "mine"
    assert row.problem
    assert len(list(index.zoo_files())) == len(resources.zoo_files())
    for path in resources.zoo_files():
        if path.name not in ("mine.arch", "lenet5.arch"):
            path.unlink()
    assert build.main() == 1
    assert "mine" in capsys.readouterr().err


def test_bytes_that_are_no_text_hide_no_other_file(zoo: Path) -> None:
    (zoo / "mine.arch").write_bytes(b"\xff\xfe\nvariant mine = N()\n")
    (row,) = rows_of("mine.arch")
    assert row.problem is not None
    assert ogive.load("lenet5").params == 61_706


def test_without_an_index_all_is_counted_now(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(index, "INDEX", tmp_path / "index.json")
    index._index.cache_clear()
    try:
        (file,) = index.zoo_files(lambda _, name: name == "lenet5")
    finally:
        index._index.cache_clear()
    assert [row.params for row in file.rows] == [61_706]


# --------------------------------------------------------------------------- names


def test_list_models() -> None:
    assert ogive.list_models() == zoo_names()
    assert "cifar_resnet20" in ogive.list_models("*resnet*")
    assert ogive.list_models("ResNet1??") == ["resnet101", "resnet152"]
    assert ogive.list_models("vgg1[16]") == ["vgg11", "vgg16"]
    assert ogive.list_models("resnet") == []
    with pytest.raises(TypeError, match="pattern is a str"):
        ogive.list_models(["resnet50"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "help_"),
    [
        ("resent50", "did you mean `resnet50`?"),
        ("ResNet-50", "did you mean `resnet50`?"),
        ("lenet", "the zoo has `lenet5`, `lenet5_1998`"),
        ("resnet20", "did you mean `cifar_resnet20`?"),
        ("vgg16bn", "did you mean `vgg16_bn`?"),
        ("mobilenet_v3", "the zoo has `mobilenet_v3_large`, `mobilenet_v3_small`"),
        ("cifar-resnet", "`ogive list 'cifar_resnet*'` shows the 6 whose names begin so"),
        ("xyz", "see `ogive list` for the networks there are"),
        ("", "see `ogive list` for the networks there are"),
        ("*", "see `ogive list` for the networks there are"),
    ],
)
def test_what_is_meant(text: str, help_: str) -> None:
    assert meant(text) == help_


@pytest.mark.parametrize("text", ["resnet", "net", "s", "v2", "5", "cifar-d", "vgg", "*resnet"])
def test_the_pattern_that_a_help_gives_matches_as_many_as_it_says(text: str) -> None:
    said = meant(text)
    pattern, count = said.split("'")[1], int(said.split("shows the ")[1].split()[0])
    assert len(list_models(pattern)) == count > 5


def test_anchors_are_those_of_the_headings() -> None:
    assert anchors(["VGG", "LeNet-5", "The zoo", "VGG"]) == ["vgg", "lenet-5", "the-zoo-1", "vgg-1"]


def test_a_list_needs_neither_torch_nor_the_compiler() -> None:
    program = (
        "import sys\nfrom ogive.cli import run\nsys.argv[1:] = ['list', 'lenet5', '--names']\ntry:\n    run()\nfinally:\n"
        "    print(*({'torch', 'networkx', 'lark', 'rich', 'ogive.pipeline'} & set(sys.modules)), file=sys.stderr)\n"
    )
    folder = str(Path(ogive.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": folder},
    )
    assert done.stdout == "lenet5\n"
    assert done.stderr.split() == []


# --------------------------------------------------------------------------- the page


def test_a_comment_becomes_a_section() -> None:
    text = (
        '# A_B: "On a * and <b>", Some & Others, 2020.\n#\n# `x_*` is _x_, 2 * 3, a|b in\n# 2015. It has\n'
        "#   a = 1   b = 2\n# and more.\n#\n# - one\n#   goes on\n# - two\n"
    )
    row = Row("net", 1234, 5678, 1, 10, "10", (Port("x", (3, 8, 8), "float", "3x8x8"),))
    listed = index.Listed("a.arch", Path("a.arch"), opening_of(text), (row,))
    assert page([listed]).partition("\n\n[A_B](#a_b)\n")[2] == (
        "\n## A_B\n\n*On a * and \\<b>*, Some & Others, 2020 · [a.arch](../archs/a.arch)\n\n"
        "`x_*` is \\_x\\_, 2 * 3, a\\|b in\n2015\\. It has\n\n```text\na = 1   b = 2\n```\n\nand more.\n\n"
        "- one\n  goes on\n- two\n\n"
        "| network | parameters | with heads | MACs | input |\n|---|---:|---:|---:|---|\n"
        "| `net` | 1,234 | 5,678 | 10 | 3x8x8 |\n"
    )
