"""What is wrong with a plugin is said with its file, its line, and the place in the program."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent, indent

import pytest

import ogive
from ogive.layers.guard import BadLayer
from ogive.layers.library import Library
from ogive.render import render_text

HEAD = (
    "from dataclasses import dataclass\nfrom typing import ClassVar, Literal\nfrom ogive.plugin import *\n\n"
)
NAMES = "kind: ClassVar[str] = 'my'\ngroup: ClassVar[str] = 'act'\n"
INFER = "def infer(self, inputs):\n    return (inputs[0],)\n"
TORCH = "def torch(self, inputs):\n    return Torch(forward=Call('F.relu', (Operand(),)))\n"
PROGRAM = "net A() {\n  input image: 3x8x8\n  conv(8, 3x3) -> my\n}\n"


def layer(*members: str, above: str = "", base: str = "Layer") -> str:
    return f"{HEAD}{above}class My({base}):\n{indent(''.join(members), '    ')}"


def wrong(run: object) -> str:
    with pytest.raises(ogive.ArchError) as caught:
        run()  # type: ignore[operator]
    return "\n".join(map(render_text, caught.value.diagnostics))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder: Path, text: str) -> str:
    (folder / "my_layers.py").write_text(text, encoding="utf-8")
    return "my_layers.py"


# --------------------------------------------------------------------------- the file


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("def f():\n    return 1 / 0\n\nX = f()\n", "E541", ["ZeroDivisionError: division by zero", ":2:5", "return 1 / 0"]),
        ("import nothing_of_that_name\n", "E541", ["No module named 'nothing_of_that_name'", ":1:1"]),
        ("raise SystemExit(3)\n", "E541", ["SystemExit: 3"]),
        ("import json\njson.loads('{')\n", "E541", ["JSONDecodeError", ":2:1", "comes from here", "json/decoder.py:"]),
        ("def f(:\n    pass\n", "E541", ["is no Python: invalid syntax", ":1:7"]),
        ("x = '\0'\n", "E541", ["is no Python", "null bytes"]),
        ("x = 1\n", "E542", ["defines no layer"]),
        (layer("group: ClassVar[str] = 'act'\n", INFER, TORCH), "E542", ["needs a class attribute `kind`", '= "my"']),
        (layer("kind: ClassVar[str] = 'two words'\ngroup = 'act'\n", INFER, TORCH), "E542", ["`kind`"]),
        (layer("kind: ClassVar[str] = 'my'\n", INFER, TORCH), "E542", ["needs a class attribute `group`"]),
        (layer(NAMES, "p: float = 1.0\n", INFER, TORCH), "E542", ["is no dataclass", "@dataclass(frozen=True)"]),
        (layer(NAMES, TORCH), "E542", ["has no method `infer`", "def infer(self, inputs"]),
        (layer(NAMES, INFER), "E542", ["has no method `torch`"]),
        (layer(NAMES, "arity = 2\n", INFER, TORCH), "E542", ["`arity` of My is 2"]),
        (layer(NAMES, "aliases = 'My'\n", INFER, TORCH), "E542", ["`aliases` of My"]),
        (layer(NAMES, INFER, TORCH, base="object"), "E542", ["My is no subclass of Layer"]),
        (
            layer(NAMES, "p: dict = None\n", INFER, TORCH, above="@dataclass(frozen=True)\n"),
            "E542",
            ["`p` of My is dict, which no program can give", "Literal[…]"],
        ),
        (
            layer(NAMES, "p: 'list[int]' = None\n", INFER, TORCH, above="@dataclass(frozen=True)\n"),
            "E542",
            ["`p` of My is list"],
        ),
        (
            layer(NAMES, "p: 'Nowhere' = None\n", INFER, TORCH, above="@dataclass(frozen=True)\n"),
            "E542",
            ["arguments cannot be read: NameError"],
        ),
        (layer(NAMES.replace("my", "relu"), INFER, TORCH), "E543", ["`relu` is a built-in layer\n", "choose another `kind`"]),
        (layer(NAMES.replace("'act'", "'acts'"), INFER, TORCH), "E542", ["no group `acts`", "did you mean `act`?"]),
        (layer(NAMES.replace("'act'", "'nonsense'"), INFER, TORCH), "E542", ["no group `nonsense`", "the groups are `conv`, "]),
        (layer(NAMES.replace("'act'", "'input'"), INFER, TORCH), "E542", ["no group `input`"]),
        (layer(NAMES.replace("my", "residual"), INFER, TORCH), "E543", ["`residual` is a word of the language"]),
        (layer(NAMES.replace("my", "else"), INFER, TORCH), "E543", ["`else` is a word of the language"]),
    ],
)  # fmt: skip
def test_a_file_that_is_no_plugin(folder: Path, text: str, code: str, expected: list[str]):
    path = written(folder, text)
    said = wrong(lambda: ogive.library_with(path))
    assert said.startswith(f"error[{code}]: ")
    assert "my_layers.py" in said
    for part in expected:
        assert part in said, said


def test_files_that_cannot_be_read(folder: Path):
    (folder / "folder").mkdir()
    (folder / "mine.py").write_text("x = 1\n", encoding="utf-8")
    (folder / "latin.py").write_bytes(b"# \xe9t\xe9\n")
    assert "cannot be read: no such file" in wrong(lambda: ogive.library_with("missing.py"))
    assert "= help: `--plugin mine.py`" in wrong(lambda: ogive.library_with("mine"))
    assert "is a directory" in wrong(lambda: ogive.library_with("folder"))
    assert "byte 0xe9 on line 1" in wrong(lambda: ogive.library_with("latin.py"))
    assert "E540" in wrong(lambda: ogive.library_with("a\0b.py"))


def test_two_plugins_with_one_name(folder: Path):
    path = written(folder, layer(NAMES, INFER, TORCH))
    (folder / "other.py").write_text(layer(NAMES, INFER, TORCH), encoding="utf-8")
    said = wrong(lambda: ogive.library_with(path, "other.py"))
    assert "two layers called `my`: my_layers.py:5 and other.py:5" in said


def test_all_bad_classes_of_a_file_are_said_at_once(folder: Path):
    path = written(
        folder, layer(NAMES, INFER) + layer(NAMES.replace("my", "relu"), INFER, TORCH).replace("My", "Other")
    )
    said = wrong(lambda: ogive.library_with(path))
    assert "E542" in said
    assert "E543" in said


def test_what_a_plugin_prints_does_not_come_between(folder: Path, capsys: pytest.CaptureFixture[str]):
    ogive.library_with(written(folder, "print('hello')\n" + layer(NAMES, INFER, TORCH)))
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "hello\n")


def test_a_plugin_may_import_its_neighbours(folder: Path):
    (folder / "neighbour_of_a_plugin.py").write_text("KIND = 'my'\n", encoding="utf-8")
    names = "kind: ClassVar[str] = KIND\ngroup: ClassVar[str] = 'act'\n"
    path = written(folder, "from neighbour_of_a_plugin import KIND\n" + layer(names, INFER, TORCH))
    assert "my" in ogive.library_with(path)


def test_a_changed_file_is_run_again(folder: Path):
    first = ogive.library_with(written(folder, layer(NAMES, INFER, TORCH)))
    second = ogive.library_with(written(folder, layer(NAMES.replace("'my'", "'mine'"), INFER, TORCH)))
    assert ("my" in first, "mine" in first) == (True, False)
    assert ("my" in second, "mine" in second) == (False, True)


def test_the_same_file_gives_the_same_layers(folder: Path):
    path = written(folder, layer(NAMES, INFER, TORCH))
    one, other = ogive.library_with(path).get("my"), ogive.library_with(path).get("my")
    assert one is not None
    assert one is other
    assert one() == one()


def test_no_library_but_its_own_has_the_layer(folder: Path):
    library = ogive.library_with(written(folder, layer(NAMES, INFER, TORCH)))
    assert ogive.loads(PROGRAM, library=library).params == 224
    said = wrong(lambda: ogive.loads(PROGRAM))
    assert "no layer, block or tensor is called `my`" in said
    assert "my" not in Library.standard()


def test_a_program_cannot_name_a_plugin(folder: Path):
    written(folder, "raise SystemExit('run')\n")
    for line in ('use "my_layers.py"', 'use my from "my_layers.py"'):
        (folder / "net.arch").write_text(f"{line}\n{PROGRAM}", encoding="utf-8")
        assert "E541" not in wrong(lambda: ogive.load("net.arch"))


# --------------------------------------------------------------------------- its rules


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([TORCH, "def infer(self, inputs):\n    return inputs[3]\n"], ["`infer` raises IndexError", "my_layers.py:12, in infer"]),
        ([TORCH, "def infer(self, inputs):\n    return inputs[0]\n"], ["gives a TensorType, and not a tuple", "8x6x6"]),
        ([TORCH, "def infer(self, inputs):\n    pass\n"], ["gives None, and not a tuple of TensorType"]),
        ([TORCH, "def infer(self, inputs):\n    return ()\n"], ["gives no output"]),
        ([TORCH, "def infer(self, inputs):\n    return (3,)\n"], ["gives a tuple with int 3 in it"]),
        ([TORCH, "def infer(self, inputs):\n    return (inputs[0].with_spatial(-3, 4),)\n"], ["gives the sizes 8, -3, 4"]),
        ([TORCH, "def infer(self, inputs):\n    return (inputs[0].with_spatial(2.0, 4),)\n"], ["gives the sizes 8, 2.0, 4"]),
        ([TORCH, "def infer(self, inputs):\n    return (TensorType((3,), Layout.MAP),)\n"], ["gives a map with the sizes (3,)"]),
        ([TORCH, "def infer(self, inputs):\n    return (TensorType((3,), Layout.PLAIN, 'half'),)\n"], ["dtype 'half'"]),
        ([TORCH, INFER, "def infer(self, inputs):\n    return self.infer(inputs)\n"], ["RecursionError"]),
        ([TORCH, INFER, "def parameters(self, inputs):\n    return {'w': 3}\n"], ["`parameters` gives dict {'w': 3}"]),
        ([TORCH, INFER, "def parameters(self, inputs):\n    return {'w': (0,)}\n"], ["`parameters` gives"]),
        ([TORCH, INFER, "def macs(self, inputs, outputs):\n    return 'many'\n"], ["`macs` gives str 'many'"]),
        ([TORCH, INFER, "def macs(self, inputs, outputs):\n    return -1\n"], ["`macs` gives int -1"]),
        ([TORCH, INFER, "def products(self, inputs, outputs):\n    return 1.5\n"], ["`products` gives float 1.5"]),
        ([TORCH, INFER, "def window(self, inputs):\n    return ((3, 1),)\n"], ["`window` gives", "each of 2 spatial axes"]),
        ([TORCH, INFER, "def channel_rule(self, inputs):\n    return 'maybe'\n"], ["`channel_rule` gives str 'maybe'"]),
        ([TORCH, INFER, "def look(self, inputs):\n    return 'box'\n"], ["`look` gives str 'box'"]),
        ([TORCH, INFER, "def look(self, inputs):\n    return Look('act', 3, 'x')\n"], ["`Look` whose label is 3"]),
        ([INFER, "def torch(self, inputs):\n    return 'F.relu'\n"], ["`torch` gives str 'F.relu', and not a `Torch`"]),
        ([TORCH, INFER, "p: float = 1.0\ndef __post_init__(self):\n    raise ValueError('p is wrong')\n"], ["`__post_init__` raises ValueError: p is wrong"]),
    ],
)  # fmt: skip
def test_a_rule_that_is_wrong(folder: Path, members: list[str], expected: list[str]):
    path = written(folder, layer(NAMES, *members, above="@dataclass(frozen=True)\n"))
    library = ogive.library_with(path)
    said = wrong(lambda: ogive.loads(PROGRAM, library=library))
    assert said.startswith("error[E544]: `my`: its `")
    assert " --> <text>:3:19" in said
    assert "= defined: my_layers.py:5, class My" in said or "= defined: my_layers.py:6, class My" in said
    for part in expected:
        assert part in said, said


@pytest.mark.parametrize(
    ("torch", "expected"),
    [
        (
            "module=Call('My', ())",
            "uses `My`, which is neither one of torch, nn, F, math nor defined in `helpers`",
        ),
        ("forward=Template('{0} +* 2')", "has the template `{0} +* 2`, which cannot be filled in: line 1"),
        ("forward=Template('{0} + {y}')", "cannot be filled in: KeyError: 'y'"),
        ("forward=Template('{1} + 2')", "cannot be filled in: IndexError"),
        ("forward=Template('{0} + other')", "uses `other`"),
        ("forward=Call('F.relu', (Operand(1),))", "gives `F.relu` an input that the layer does not have"),
        ("forward=Call('F.re lu', (Operand(),))", "calls `F.re lu`, which is no name"),
        ("forward=Call('F.relu', (Operand(), object()))", "cannot be printed as a value"),
        (
            "forward=Call('F.relu', (Operand(),), (Keyword('in place', True),))",
            "an argument called `in place`",
        ),
        ("", "has neither a module nor an expression"),
        ("module=Call('A', ()), helpers='class A: pass'", "`helpers` that are no tuple of texts"),
        ("module=Call('A', ()), helpers=('class A(:',)", "a helper that is no Python: line 1"),
        ("module=Call('nn', ()), helpers=('class nn: pass',)", "defines `nn`, which has a meaning"),
    ],
)
def test_a_text_that_cannot_run_is_found_without_running_it(folder: Path, torch: str, expected: str):
    path = written(folder, layer(NAMES, INFER, f"def torch(self, inputs):\n    return Torch({torch})\n"))
    said = wrong(lambda: ogive.loads(PROGRAM, library=ogive.library_with(path)))
    assert said.startswith("error[E545]: `my`: its PyTorch text ")
    assert expected in said
    assert " --> <text>:3:19" in said


@pytest.mark.parametrize(
    ("torch", "expected"),
    [
        ("forward=Call('F.rellu', (Operand(),))", ["names `F.rellu`, which torch", "did you mean `F.relu`?"]),
        ("module=Call('nn.Nothing', ())", ["names `nn.Nothing`"]),
        ("forward=Template('torch.reluu({0}) + F.relu({0})')", ["names `torch.reluu`"]),
        ("module=Call('nn.Linear', ())", ["TypeError: Linear.__init__() missing 2", "self.my1 = nn.Linear()"]),
        ("module=Call('nn.BatchNorm2d', (8,))", ["`parameters` are not those", "rule:    none", "module:  weight [8], bias [8]"]),
    ],
)  # fmt: skip
def test_a_text_that_does_not_run(folder: Path, torch: str, expected: list[str]):
    path = written(folder, layer(NAMES, INFER, f"def torch(self, inputs):\n    return Torch({torch})\n"))
    network = ogive.loads(PROGRAM, library=ogive.library_with(path))
    said = wrong(network.module)
    assert said.startswith("error[E545]: `my`: ")
    assert " --> <text>:3:19" in said
    for part in expected:
        assert part in said, said


def test_two_definitions_of_one_name(folder: Path):
    text = HEAD
    for kind, value in (("my", 1), ("other", 2)):
        text += dedent(f"""
            class {kind.title()}(Layer):
                kind: ClassVar[str] = "{kind}"
                group: ClassVar[str] = "act"
                def infer(self, inputs):
                    return (inputs[0],)
                def torch(self, inputs):
                    helper = "def twice(x):\\n    return x + {value}"
                    return Torch(forward=Call("twice", (Operand(),)), helpers=(helper,))
        """)
    library = ogive.library_with(written(folder, text))
    ogive.loads(PROGRAM, library=library).module()
    network = ogive.loads(PROGRAM.replace("my", "my -> other"), library=library)
    assert "bring definitions of `twice` that differ" in wrong(network.source)


def test_a_refusal_of_its_own_is_one_like_any_other(folder: Path):
    infer = """
def infer(self, inputs):
    if inputs[0].channels % 3:
        raise ShapeError(f"3 does not divide {inputs[0].channels} channels", code="E203", operand=0, help="`conv(9, 3x3)`")
    return (inputs[0],)
"""
    library = ogive.library_with(written(folder, layer(NAMES, infer, TORCH)))
    said = wrong(lambda: ogive.loads(PROGRAM, library=library))
    assert said.startswith("error[E203]: `my`: 3 does not divide 8 channels")
    assert "conv(8, 3x3) -> my" in said
    assert "= help:  `conv(9, 3x3)`" in said


def test_it_is_found_by_what_others_call_it(folder: Path):
    library = ogive.library_with(written(folder, layer(NAMES, "aliases = ('MyLayer',)\n", INFER, TORCH)))
    assert "did you mean `my`?" in wrong(
        lambda: ogive.loads(PROGRAM.replace("my", "MyLayer"), library=library)
    )
    arguments = PROGRAM.replace("my", "my(3)")
    assert "takes no arguments" in wrong(lambda: ogive.loads(arguments, library=library))


def test_a_rule_that_fails_at_some_widths_only_is_placed_in_a_clique(folder: Path):
    infer = "def infer(self, inputs):\n    return (inputs[0],) if inputs[0].channels < 20 else 1 / 0\n"
    library = ogive.library_with(written(folder, layer(NAMES, infer, TORCH)))
    text = "net A() {\n  input x: 8x8x8\n  clique(layers = 3) { my -> conv(8, 3x3, padding = 1) }\n}\n"
    said = wrong(lambda: ogive.loads(text, library=library))
    assert said.startswith("error[E544]: `my`: its `infer` raises ZeroDivisionError")
    assert "layer 3 reads X0 + X1 + X2" in said


def test_a_class_that_is_added_by_hand(folder: Path):
    class Bad:
        pass

    with pytest.raises(BadLayer, match="no subclass of Layer"):
        Library.standard().add(Bad)  # type: ignore[arg-type]
