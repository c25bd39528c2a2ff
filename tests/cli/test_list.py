"""`ogive list`: the zoo, parts of it, and files of one's own."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.cells import cell_len

import ogive as package
from ogive import resources
from ogive.catalogue import declared
from ogive.cli import list_text, run
from ogive.zoo.index import Listed, zoo_files
from ogive.zoo.opening import opening_of
from ogive.zoo.rows import Row

MINE = """\
# Two nets of mine.

net Fixed(classes = 10) {
  input image: 1x8x8
  flatten -> linear(classes)
}
net Any(width) {
  input image: [3, 4 * ?h, 4 * ?w]
  conv(width, 3x3, padding = 1, stride = 4) -> bn
}
net Pair() {
  input image: 3x8x8
  input words: int [16]
  output a = image -> conv(2, 1x1)
  output b = words -> embedding(10, 4)
}
variant ten = Fixed()
variant eight = Any(8)
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.arch"
    path.write_text(MINE, encoding="utf-8")
    return path


def table(out: str) -> list[list[str]]:
    """The cells of what is printed where nobody looks."""
    return [re.split(r"  +", line) for line in out.splitlines()]


# --------------------------------------------------------------------------- the zoo


def test_every_network_of_the_zoo_has_a_line(ogive: Callable):
    head, *lines = table(ogive("list").out)
    assert head == ["name", "parameters", "MACs", "input", "remarks", "year", "paper"]
    assert [line[0] for line in lines] == package.list_models()
    assert {len(line) for line in lines} == {len(head)}
    resnet50 = next(line for line in lines if line[0] == "resnet50")
    paper = "Deep Residual Learning for Image Recognition"
    assert resnet50 == ["resnet50", "25.6 M", "4.09 G", "3x224x224", "-", "2015", paper]


def test_patterns(ogive: Callable):
    def names(*patterns: str) -> list[str]:
        return [line[0] for line in table(ogive("list", *patterns).out)[1:]]

    assert names("resnet50") == ["resnet50"]
    assert names("*ResNet20") == ["cifar_resnet20"]
    assert names("vgg1?", "lenet5") == ["lenet5", "vgg11", "vgg13", "vgg16", "vgg19"]
    assert names("densenet.arch") == declared(resources.zoo() / "densenet.arch")
    assert names("*dense*.arch") == package.list_models("*densenet*")


def test_names_alone(ogive: Callable):
    assert ogive("list", "--names", "alexnet*").out.split("\n") == [*package.list_models("alexnet*"), ""]
    assert ogive("list", "--names", "--json").code == 2


def test_heads_inputs_and_outputs_are_told(ogive: Callable):
    rows = {line[0]: line for line in table(ogive("list").out)}
    assert rows["googlenet"][4] == "13.4 M with 2 aux heads"
    assert rows["siamese"][3] == "2 of 1x105x105"
    assert rows["char_lstm"][3] == "int [50]"
    assert rows["ssd300_vgg16"][4] == "2 outputs"


def test_json(ogive: Callable):
    (found,) = json.loads(ogive("list", "--json", "googlenet").out)
    network = package.load("googlenet")
    assert found == {
        "name": "googlenet",
        "file": "googlenet.arch",
        "family": "GoogLeNet",
        "title": "Going Deeper with Convolutions",
        "authors": "Szegedy et al.",
        "year": 2015,
        "params": network.params,
        "params_with_heads": 13_378_280,
        "macs": network.macs,
        "inputs": [{"name": "image", "shape": [3, 224, 224], "dtype": "float"}],
        "unknown": {},
        "outputs": [{"name": "output", "shape": [1000], "dtype": "float"}],
        "needs": [],
        "problem": None,
    }
    assert len(json.loads(ogive("list", "--json").out)) == len(package.list_models())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("resnet",), "`resnet` matches no network of the zoo\n  = help: `ogive list 'resnet*'` shows the "),
        (("resent50",), "`resent50` matches no network of the zoo\n  = help: did you mean `resnet50`?\n"),
        (("*qqq*",), "`*qqq*` matches no network of the zoo\n  = help: see `ogive list` for the networks there"),
        (("resnt.arch",), "`resnt.arch` is no file here, and none among those of the zoo\n  = help: did you mean"),
        (("\x1b[2J",), "`\\x1b[2J` matches no network"),
        (("[",), "`[` matches no network"),
        (("--blocks", "SEE"), "`SEE` matches no block of the library\n  = help: did you mean `SE`?"),
        (("--blocks", "see.arch"), "`see.arch` is no file here, and none among those of the library"),
    ],
)  # fmt: skip
def test_what_matches_nothing(arguments: Sequence[str], said: str, ogive: Callable):
    ran = ogive("list", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.err.replace("\x1b[2J", "an escape")
    both = ogive("list", "resnet50", *arguments)
    assert (both.code, both.out) == (1, "")


def test_blocks(ogive: Callable):
    out = ogive("list", "--blocks").out
    for path in resources.block_files():
        assert path.name in out
        assert all(name in out.split() for name in declared(path, "block"))
    one = ogive("list", "--blocks", "SE").out
    assert one == 'se.arch  SE: "Squeeze-and-Excitation Networks", Hu, Shen & Sun, 2018, section 3.\n  SE\n'
    (found,) = json.loads(ogive("list", "--blocks", "--json", "SE").out)
    assert (found["name"], found["file"]) == ("SE", "se.arch")


# --------------------------------------------------------------------------- one's own


def test_a_file_of_ones_own(ogive: Callable, mine: Path):
    ran = ogive("list", "mine.arch")
    assert (ran.code, ran.err) == (0, "")
    assert table(ran.out) == [
        ["name", "parameters", "MACs", "input", "remarks"],
        ["Pair", "48", "384", "image 3x8x8, words int [16]", "2 outputs"],
        ["ten", "650", "640", "1x8x8", "-"],
        ["eight", "232", "216 * h * w", "[3, 4 * h, 4 * w]", "-"],
    ]
    found = json.loads(ogive("list", "--json", mine).out)
    assert [(each["name"], each["year"], each["params"]) for each in found] == [
        ("Pair", None, 48), ("ten", None, 650), ("eight", None, 232),
    ]  # fmt: skip
    assert found[2]["inputs"][0]["shape"] == [3, "4 * h", "4 * w"]
    assert found[2]["unknown"] == {"h": 1, "w": 1}


def test_a_net_that_needs_an_argument(ogive: Callable, mine: Path):
    mine.write_text(MINE.replace("variant eight = Any(8)\n", ""), encoding="utf-8")
    ran = ogive("list", "mine.arch")
    assert (ran.code, ran.err) == (0, "")
    assert ["Any", "-", "-", "-", "needs width"] in table(ran.out)


def test_a_mistake_in_one_net_leaves_the_others(ogive: Callable, mine: Path):
    mine.write_text(MINE.replace("flatten ->", "conv(3, 9x9) -> flatten ->"), encoding="utf-8")
    ran = ogive("list", "mine.arch")
    assert (ran.code, ran.err) == (1, "mine.arch has mistakes: `ogive check mine.arch`\n")
    rows = {line[0]: line for line in table(ran.out)}
    assert rows["ten"][4].startswith("E202: ")
    assert rows["eight"][1] == "232"


@pytest.mark.parametrize(
    ("text", "code"), [("net N( { }\n", "E0"), ("block A() { relu }\n", "E503"), ("", "E503"), (None, "E501")]
)
def test_a_file_that_cannot_be_listed(text: str | None, code: str, ogive: Callable, mine: Path):
    mine.unlink()
    if text is not None:
        mine.write_text(text, encoding="utf-8")
    ran = ogive("list", f"./{mine.name}")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(f"error[{code}")


def test_ones_own_file_stands_before_that_of_the_zoo(ogive: Callable, mine: Path):
    mine.rename("resnet.arch")
    assert ogive("list", "--names", "resnet.arch", "lenet5").out.split() == ["Pair", "ten", "eight", "lenet5"]


def test_one_net_that_never_ends_is_enough(ogive: Callable, mine: Path):
    mine.write_text(
        "block F(n) { if n > 0 { F(n - 1) -> F(n - 1) } }\nnet N(n = 60) {\n  input image: 1x8x8\n  F(n) -> relu\n}\n"
        "variant a = N(1)\nvariant b = N(60)\nvariant c = N(61)\n",
        encoding="utf-8",
    )
    ran = ogive("list", "mine.arch")
    rows = {line[0]: line for line in table(ran.out)}
    assert ran.code == 1
    assert rows["a"][1] == "0"
    assert rows["b"][4].startswith("E402: ")
    assert rows["c"][4] == "not counted: `b` took all the work there is"


PLUGIN = """\
from ogive.plugin import Call, Layer, Operand, Torch


class Rectified(Layer):
    kind = "rectified"
    group = "shape"

    def infer(self, inputs):
        return tuple(inputs)

    def torch(self, inputs):
        return Torch(forward=Call("F.relu", (Operand(),)))
"""


def test_layers_of_a_plugin(ogive: Callable, mine: Path):
    mine.with_name("mine.py").write_text(PLUGIN, encoding="utf-8")
    mine.write_text("net N() {\n  input image: 1x8x8\n  rectified -> conv(2, 1x1)\n}\n", encoding="utf-8")
    assert ogive("list", "mine.arch").code == 1
    ran = ogive("list", "mine.arch", "--plugin", "mine.py")
    assert (ran.code, ran.err) == (0, "")
    assert table(ran.out)[1] == ["N", "4", "128", "1x8x8"]


# --------------------------------------------------------------------------- on a terminal


@pytest.mark.parametrize("width", [30, 44, 60, 80, 200])
def test_it_fits_the_terminal(width: int):
    files = list(zoo_files())
    shown = list_text.for_terminal(files, width)
    lines = shown.splitlines()
    assert max(map(cell_len, lines)) <= max(width, 46)
    names = [line.split()[0] for line in lines if line.startswith("  ") and not line.startswith("   ")]
    assert names == [row.name for each in files for row in each.rows]
    assert lines[-1] == f"{len(names)} networks"
    # nothing is cut off, and nothing is broken inside of a word
    words = {word for each in files for row in each.rows for port in row.inputs for word in port.text.split()}
    assert words <= set(re.split(r"[\s,]+", shown))


def test_columns_are_those_of_all_families():
    shown = list_text.for_terminal(list(zoo_files(lambda path, _: path.stem in ("lenet5", "resnet"))), 100)
    starts = {line.index("3x224x224") for line in shown.splitlines() if "3x224x224" in line}
    starts |= {line.index("1x32x32") for line in shown.splitlines() if "1x32x32" in line}
    assert len(starts) == 1
    assert (
        "ResNet  resnet.arch\nDeep Residual Learning for Image Recognition, He, Zhang, Ren & Sun, 2015\n"
        in shown
    )


def test_a_remark_goes_to_a_line_of_its_own_where_there_is_no_room():
    row = Row("net", 10, 12, 1, 5, "5")
    listed = Listed("a.arch", Path("a.arch"), opening_of("# Mine.\n"), (row,))
    assert list_text.for_terminal([listed], 60).startswith(
        "       params  MACs  input\na.arch  Mine.\n  net      10     5  12 with an aux head\n\n"
    )
    assert "\n  net      10     5\n      12 with an aux head\n" in list_text.for_terminal([listed], 28)


def test_a_hostile_file_moves_no_cursor(mine: Path, ogive: Callable, monkeypatch: pytest.MonkeyPatch):
    mine.write_text("# A \x1b[2J net \u202e.\nnet N() {\n  input image: 1x8x8\n  relu\n}\n", encoding="utf-8")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    out = ogive("list", "mine.arch").out
    assert out.endswith("1 network\x1b[0m\n")
    assert "\\x1b[2J" in out
    assert "\x1b[2J" not in out
    assert "\u202e" not in out


# --------------------------------------------------------------------------- in the shell


@pytest.mark.parametrize(
    "command", ["check", "check lenet5", "summary", "draw", "train", "show", "list", "new x.arch --from"]
)
def test_the_shell_completes_names_of_the_zoo(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    words = f"ogive {command} resnet1".split()
    monkeypatch.setenv("_OGIVE_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", " ".join(words))
    monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
    monkeypatch.setattr("sys.argv", ["ogive"])
    with pytest.raises(SystemExit):
        run()
    assert capsys.readouterr().out.split() == [
        "file,resnet1", *(f"plain,{name}" for name in package.list_models("resnet1*"))
    ]  # fmt: skip
