"""What each command prints and writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ogive import resources
from ogive.catalogue import declared
from ogive.cli.main import COMMANDS
from ogive.layers.library import Library
from ogive.version import __version__

TINY = """\
net Tiny(classes = 10) {
  input image: 1x8x8
  conv(4, 3x3) -> relu -> flatten -> linear(classes)
}
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.arch"
    path.write_text(TINY, encoding="utf-8")
    return path


def test_version(ogive: Callable):
    assert ogive("--version").out == f"ogive, version {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example(command: str, ogive: Callable):
    ran = ogive(command, "--help")
    assert ran.code == 0
    assert ran.out.count(f"Example: ogive {command}") == 1
    assert ";  " not in ran.out, "one example is enough"
    assert " RANGE" not in ran.out, "a metavar says what it is"


def test_the_group_lists_every_command(ogive: Callable):
    out = ogive("--help").out
    assert "Example: ogive" in out
    assert all(f"\n  {command} " in out for command in COMMANDS)
    assert "..." not in out.split("Commands:")[1], "a short help is cut off"


def test_check_prints_a_line(ogive: Callable):
    assert ogive("check", "resnet50").out == "resnet50: 25.6 M parameters, 4.09 G MACs, 3x224x224 -> 1000\n"


def test_check_takes_every_net_of_a_file(ogive: Callable):
    ran = ogive("check", resources.zoo() / "resnet.arch")
    names = [line.split(":")[0] for line in ran.out.splitlines()]
    assert names == declared(resources.zoo() / "resnet.arch")


def test_check_several_targets_and_a_mistake(ogive: Callable, tiny: Path):
    bad = tiny.with_name("bad.arch")
    bad.write_text(TINY.replace("3x3", "30x30"), encoding="utf-8")
    ran = ogive("check", tiny, bad, "lenet5")
    assert ran.code == 1
    assert [line.split(":")[0] for line in ran.out.splitlines()] == ["Tiny", "lenet5"]
    assert ran.err.count("error[") == 1
    assert f"{bad}:3:3" in ran.err


def test_check_says_a_mistake_of_a_shared_block_once(ogive: Callable, tmp_path: Path):
    path = tmp_path / "two.arch"
    path.write_text(
        TINY.replace("3x3", "30x30") + "variant a = Tiny(3)\nvariant b = Tiny(4)\n", encoding="utf-8"
    )
    assert ogive("check", path).err.count("error[") == 1


def test_a_doubt_fails_only_when_strict(ogive: Callable, tmp_path: Path):
    path = tmp_path / "unused.arch"
    path.write_text(TINY.replace("conv(4", "spare = conv(4, 3x3)\n  conv(4"), encoding="utf-8")
    plain, strict = ogive("check", path), ogive("check", path, "--strict")
    assert "warning[W" in plain.err
    assert (plain.code, strict.code) == (0, 1)
    assert plain.err == strict.err


def test_a_file_of_blocks_alone_is_checked_for_its_names(ogive: Callable, tmp_path: Path):
    path = tmp_path / "blocks.arch"
    path.write_text("block B(w) { conv(w, 1x1) -> relu }\n", encoding="utf-8")
    ran = ogive("check", path)
    assert (ran.code, "no net that needs no argument" in ran.out) == (0, True)
    path.write_text("block B(w) { conw(w, 1x1) }\n", encoding="utf-8")
    assert ogive("check", path).code == 1


MANY = """\
net A(n) {
  input x: 1x8x8
  conv(n, 3x3)
}
net B() {
  input x: 1x8x8
  relu
}
net C(n) {
  input x: 1x8x8
  conv(n, 1x1)
}
variant c = C(2)
"""


def test_a_net_that_needs_an_argument_is_not_passed_over_in_silence(ogive: Callable, tmp_path: Path):
    path = tmp_path / "many.arch"
    path.write_text(MANY, encoding="utf-8")
    ran = ogive("check", path)
    assert ran.code == 0
    assert "A needs n: not checked; --set n=…\n" in ran.out
    assert "\nB: " in f"\n{ran.out}"
    assert "C needs" not in ran.out  # its variant stands for it
    needs = {
        result["target"]: result["needs"]
        for result in json.loads(ogive("check", "--json", path).out)["results"]
    }
    assert needs == {f"{path}:B": [], f"{path}:c": [], f"{path}:A": ["n"]}


def test_a_setting_goes_to_the_nets_that_have_it(ogive: Callable, tmp_path: Path):
    path = tmp_path / "many.arch"
    path.write_text(MANY, encoding="utf-8")
    ran = ogive("check", path, "--set", "n=4")
    assert (ran.code, ran.err) == (0, "")
    ends = [(line.split(":")[0], line.split("-> ")[1]) for line in ran.out.splitlines()]
    assert ends == [("A", "4x6x6"), ("B", "1x8x8"), ("c", "4x8x8")]
    wrong = ogive("check", path, "--set", "m=4")
    assert wrong.code == 1
    assert "`B` has no argument `m`" in wrong.err


def test_settings(ogive: Callable, tiny: Path):
    assert "-> 3\n" in ogive("check", f"{tiny}:Tiny", "--set", "classes=1 + 2").out
    assert ", 1x16x16 ->" in ogive("check", tiny, "--input", "1x16x16").out


def test_a_choice_is_set_as_it_is_written(ogive: Callable) -> None:
    ran = ogive("check", "cliquenet_k36_t12", "--set", "stages=I+I")
    assert (ran.code, ran.err) == (0, "")
    assert "723 k parameters" in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("--set", "classes"), ("--set", "=3"), ("--set", "classes="), ("--set", "a=1", "--set", "a=2"),
        ("--input", "3x"), ("--input", "0x8x8"), ("--input", "8,8"),
    ],
)  # fmt: skip
def test_settings_that_are_no_settings_are_wrong_usage(
    arguments: tuple[str, ...], ogive: Callable, tiny: Path
):
    assert ogive("check", tiny, *arguments).code == 2


def test_a_value_that_does_not_parse_is_shown(ogive: Callable, tiny: Path):
    ran = ogive("check", tiny, "--set", "classes=(3")
    assert ran.code == 1
    assert "--> --set classes:1:1" in ran.err


def test_a_file_with_several_nets_wants_a_name(ogive: Callable):
    ran = ogive("summary", resources.zoo() / "resnet.arch")
    assert ran.code == 2
    assert "resnet.arch:resnet101" in ran.err


def test_summary(ogive: Callable, tiny: Path):
    out = ogive("summary", tiny).out
    assert "parameters   1,490\n" in out
    assert json.loads(ogive("summary", tiny, "--json").out)["params"] == 1490


def test_compile_writes_and_prints_the_same(ogive: Callable, tiny: Path, tmp_path: Path):
    model = tmp_path / "model.py"
    assert ogive("compile", tiny, "-o", model).out == ""
    printed = ogive("compile", tiny).out
    assert model.read_text(encoding="utf-8") == printed
    compile(printed, "model.py", "exec")
    assert list(tmp_path.glob(".model*")) == []


def test_draw_dot(ogive: Callable, tiny: Path, tmp_path: Path):
    file = tmp_path / "net.dot"
    assert ogive("draw", tiny, "-o", file).code == 0
    assert "digraph" in file.read_text(encoding="utf-8")


def test_show_prints_the_text(ogive: Callable, tiny: Path):
    assert ogive("show", tiny).out == TINY


def test_layers_lists_the_library(ogive: Callable):
    out = ogive("layers").out
    for name in Library.standard().names():
        assert f"\n  {name} " in out


def test_layers_shows_arguments(ogive: Callable):
    out = ogive("layers", "conv").out
    assert out.startswith("conv(out_channels, kernel_size, stride = 1, padding = 0,")
    assert 'bias = "auto"' in out


def test_every_layer_has_a_page(ogive: Callable):
    for layer in Library.standard().layers():
        out = ogive("layers", layer.kind).out
        assert all(argument.name in out for argument in layer.arguments()), layer.kind


@pytest.mark.parametrize(("name", "meant"), [("con", "conv"), ("BatchNorm2d", "bn")])
def test_layers_suggests(name: str, meant: str, ogive: Callable):
    ran = ogive("layers", name)
    assert ran.code == 1
    assert f"Did you mean '{meant}'?" in ran.err


def test_explain(ogive: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "E201.md").write_text("# E201: channels differ\n\nText.\n", encoding="utf-8")
    monkeypatch.setattr(resources, "explanations", lambda: tmp_path)
    assert ogive("explain", "e201").out == "# E201: channels differ\n\nText.\n"
    assert ogive("explain").out == "E201  channels differ\n"
    ran = ogive("explain", "E200")
    assert (ran.code, "Did you mean E201?" in ran.err) == (1, True)


def test_an_unknown_command_is_wrong_usage(ogive: Callable):
    ran = ogive("chek", "resnet50")
    assert (ran.code, "Did you mean 'check'?" in ran.err) == (2, True)


def test_a_mistake_of_an_edit_is_printed_once(ogive: Callable, tiny: Path):
    """Though each net of the file has it, and the message names the net."""
    text = TINY + TINY.replace("Tiny", "Other") + "variant third = Other(5)\n"
    tiny.write_text(text, encoding="utf-8")
    ran = ogive("check", tiny, "--edit", "remove lrn", "--edit", "remove gelu")
    assert ran.code == 1
    assert ran.err.count("error[E311]") == 2
    assert "`Tiny` has no `lrn`" in ran.err
    two = ogive("check", tiny, "--set", "clases=3", "--set", "width=3")
    assert two.err.count("has no argument") == 4, "two wrong names, of two nets"


def test_layers_answers_for_words(ogive: Callable):
    ran = ogive("layers", "residual")
    assert ran.code == 0
    assert ran.out.startswith('residual(shortcut = "auto") { … }\n')
    assert "out_channels" in ogive("layers", "unit").out
