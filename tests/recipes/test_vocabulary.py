"""Every setting and function: that it can be written, printed and read again, and that it is described."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from ogive.diagnostics import ArchError
from ogive.layers.base import Argument
from ogive.pipeline import read_program
from ogive.recipes import Recipe, resolve_all
from ogive.recipes.base import LARGEST, Choice, Setting
from ogive.recipes.optimizer import Sgd
from ogive.recipes.printing import to_json, to_text
from ogive.recipes.reference import to_markdown
from ogive.recipes.settings import SETTINGS
from ogive.recipes.whole import check_length
from ogive.syntax.word_mistakes import SEVERAL
from tests.conftest import Golden

FUNCTIONS = [(setting, function) for setting in SETTINGS for function in setting.functions]
PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"
GIVEN = {
    "path": '"images"', "at": "[30, 60]", "scale": "[0.1, 0.9]", "ratio": "[0.5, 2]", "layers": '["conv*", "fc"]',
    "weight_decay": "0.0005", "momentum": "0.9", "b": "2", "of_bias": "bias",
}  # fmt: skip


def value(argument: Argument) -> str:
    """A value that the argument takes."""
    if argument.name in GIVEN:
        return GIVEN[argument.name]
    if argument.choices:
        return argument.choices[0]
    if bool in argument.types:
        return "true"
    if int in argument.types and float not in argument.types:
        return "7"
    return "0.5"


def read(text: str) -> Recipe:
    recipes, found = resolve_all(read_program(text))
    assert [d.message for d in found] == []
    return recipes[0]


def same(a: Recipe, b: Recipe) -> bool:
    return [(s.setting.name, s.values) for s in a.stated] == [(s.setting.name, s.values) for s in b.stated]


def line(setting: Setting, function: type[Choice], arguments: list[Argument]) -> str:
    inside = ", ".join(f"{a.name} = {value(a)}" for a in arguments)
    behind = ", constant" if function.kind == "warmup" else ""
    return f"recipe r {{ {setting.name} {function.kind}{f'({inside})' if inside else ''}{behind} }}"


PLAIN = [setting.plain for setting in SETTINGS if setting.plain is not None]
NUMBERS = [(function.kind, a) for _, function in FUNCTIONS for a in function.arguments() if float in a.types]


@pytest.mark.parametrize(
    ("owner", "argument"), [*NUMBERS, *(("recipe", a) for a in PLAIN if float in a.types)]
)
def test_no_number_is_beyond_what_training_can_compute_with(owner: str, argument: Argument) -> None:
    """Which is why PyTorch never meets one that does not fit into its floats."""
    if argument.name == "lr":
        assert Sgd(lr=2 * LARGEST).problem() is not None
        assert Sgd(lr=LARGEST).problem() is None
        return
    assert argument.maximum is not None
    assert argument.maximum <= LARGEST
    assert argument.name == "clip" or argument.minimum is not None


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("epochs 30; schedule exponential(factor = 2)", True), ("epochs 30; schedule exponential(factor = 1.5)", False),
        ("epochs 30; schedule exponential(factor = 2, every = 2)", False), ("epochs 30; schedule exponential(factor = 0)", False),
        ("epochs 30; schedule steps(at = [1, 2], factor = 10000)", True), ("steps 30; schedule exponential(factor = 1M)", False),
    ],
)  # fmt: skip
def test_a_schedule_lets_no_rate_grow_without_bound(text: str, wrong: bool) -> None:
    _, found = resolve_all(read_program(f"recipe r {{ optimizer sgd(lr = 0.1); {text} }}"))
    assert [d.code for d in found] == (["E328"] if wrong else [])


def test_a_rate_that_grows_without_bound_is_told_once_the_length_is_known() -> None:
    recipe = read("recipe r { optimizer sgd(lr = 0.1); steps 30; schedule exponential(factor = 1M) }")
    check_length(recipe, 1.0)
    with pytest.raises(ArchError, match="it would go beyond"):
        check_length(recipe, 3.0)


@pytest.mark.parametrize(("setting", "function"), FUNCTIONS, ids=[f"{s.name}-{f.kind}" for s, f in FUNCTIONS])
def test_a_function_takes_each_of_its_arguments_and_is_printed_as_it_reads(
    setting: Setting, function: type[Choice]
) -> None:
    arguments = [a for a in function.arguments() if (function.kind, a.name) != ("warmup", "part")]
    required = [a for a in arguments if a.required]
    texts = [line(setting, function, arguments)]
    if function.kind == "warmup":
        texts.append("recipe r { schedule warmup(part = 0.1), cosine }")
    elif function.kind != "color_jitter":
        texts.append(line(setting, function, required))
    for text in texts:
        recipe = read(text)
        made = recipe.values(setting.name)[0]
        assert isinstance(made, function)
        printed = to_text(recipe)
        assert same(read(printed), recipe)
        assert to_text(read(printed)) == printed
        json.dumps(to_json(recipe))


@pytest.mark.parametrize(("setting", "function"), FUNCTIONS, ids=[f"{s.name}-{f.kind}" for s, f in FUNCTIONS])
def test_a_function_is_described(setting: Setting, function: type[Choice]) -> None:
    assert function.__doc__
    assert not function.__doc__[0].islower()
    assert all(argument.doc for argument in function.arguments())
    assert dataclasses.is_dataclass(function)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_is_described(setting: Setting) -> None:
    assert setting.doc
    assert setting.functions or setting.plain
    assert len({function.kind for function in setting.functions}) == len(setting.functions)


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.plain], ids=lambda setting: setting.name)
def test_a_plain_setting_takes_its_default_and_its_bounds(setting: Setting) -> None:
    plain = setting.plain
    assert plain is not None
    texts = [plain.choices[-1]] if plain.choices else ["true"] if bool in plain.types else []
    texts += ["none"] if plain.optional else []
    bounds = [bound for bound in (plain.minimum, plain.maximum) if bound is not None]
    texts += [f"{bound:g}" for bound in bounds if setting.problem((bound,)) is None]
    assert texts
    for text in texts:
        recipe = read(f"recipe r {{ {setting.name} {text} }}")
        assert same(read(to_text(recipe)), recipe)
    if setting.default and setting.default != (None,):
        assert setting.default[0] is not None


def test_messages_know_which_settings_take_several_values() -> None:
    assert {*SEVERAL} == {setting.name for setting in SETTINGS if setting.most > 1}


def test_where_a_setting_comes_from_is_printed() -> None:
    text = """
recipe fast extends base { optimizer sgd(lr = 0.4); epochs 30 }
recipe base { epochs 90; batch 128; optimizer sgd(lr = 0.1, momentum = 0.9); data folder("a \\"b\\" \\{c\\} \\\\") }
"""
    recipe = read(text)
    assert (
        to_text(recipe)
        == r"""recipe fast {
  data       folder("a \"b\" \{c\} \\")     # from base
  batch      128                            # from base
  epochs     30
  optimizer  sgd(lr = 0.4, momentum = 0.9)  # momentum from base
}
"""
    )
    assert same(read(to_text(recipe)), recipe)
    settings = {s["name"]: s for s in to_json(recipe)["settings"]}  # pyright: ignore[reportGeneralTypeIssues]
    assert settings["batch"]["from"] == "base"
    assert settings["optimizer"]["kept"] == {"momentum": "base"}
    assert settings["optimizer"]["values"][0]["arguments"]["nesterov"] is False


def test_the_page_is_made_from_the_vocabulary(golden: Golden) -> None:
    golden(to_markdown(), PAGE)
    assert all(f"## `{setting.name}`" in PAGE.read_text(encoding="utf-8") for setting in SETTINGS)


def test_recipes_load_no_torch() -> None:
    code = "import sys, ogive.recipes, ogive.recipes.printing; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
