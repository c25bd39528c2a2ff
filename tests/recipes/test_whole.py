"""Recipes with everything said, as a run keeps them; and the one that is used where none is named."""

from __future__ import annotations

import re

import pytest

from ogive.diagnostics import ArchError
from ogive.pipeline import read_program
from ogive.recipes import Recipe, default, read_back, resolve_all, whole, with_flags
from ogive.recipes.augment import Affine, Normalize
from ogive.recipes.base import Choice
from ogive.recipes.data import Digits
from ogive.recipes.loss import CrossEntropy
from ogive.recipes.optimizer import AdamW
from ogive.recipes.printing import to_text
from ogive.recipes.schedule import Cosine, Warmup
from ogive.recipes.settings import SETTINGS
from ogive.recipes.whole import check_length

TINY = 'recipe tiny { data mnist; batch 8; steps 100; optimizer sgd(lr = 0.1); init zeros(of = bias), ones(layers = ["bn"]) }'


def tiny(extra: str = "") -> Recipe:
    (recipe,), found = resolve_all(read_program(TINY.replace("}", f"{extra} }}")))
    assert [d.message for d in found] == []
    return recipe


def values(recipe: Recipe) -> dict[str, object]:
    return {each.setting.name: each.values for each in recipe.stated}


def test_every_setting_is_stated_in_order() -> None:
    full = whole(tiny())
    assert [s.setting for s in full.stated] == [s for s in SETTINGS if s.name != "epochs"]
    assert all(full.values(name) == tiny().values(name) for name in values(full))


def test_every_argument_is_written() -> None:
    text = to_text(whole(tiny()))
    for each in whole(tiny()).stated:
        for value in each.values:
            if isinstance(value, Choice):
                for argument in value.arguments():
                    positional = argument.required and not argument.keyword_only
                    assert positional or f"{argument.name} = " in text, (value.kind, argument.name)
    assert 'init           zeros(of = bias, layers = none), ones(of = weight, layers = ["bn"])' in text


@pytest.mark.parametrize(
    "recipe", [tiny(), default(), with_flags(default(), [("steps", "9"), ("lr", "0.1")])]
)
def test_it_reads_back_and_is_then_whole(recipe: Recipe) -> None:
    full = whole(recipe)
    again = read_back(to_text(full))
    assert (again.name, values(again)) == (recipe.name, values(full))
    assert values(whole(again)) == values(full)
    assert values(whole(full)) == values(full)
    assert re.sub(r" +#.*", "", to_text(again)) == re.sub(r" +#.*", "", to_text(full))


def test_it_says_what_nobody_stated() -> None:
    lines = to_text(whole(tiny(extra="; seed 3"))).splitlines()
    assert [line.split()[0] for line in lines if line.endswith("# by default")] == [
        "validation", "augment", "accumulate", "schedule", "clip", "ema", "loss", "evaluate", "precision", "channels_last",
        "compile", "sync_bn",
    ]  # fmt: skip


def test_what_is_missing_is_said_at_once() -> None:
    (recipe,), _ = resolve_all(read_program("recipe empty { batch 3 }"))
    with pytest.raises(ArchError) as caught:
        whole(recipe)
    (found,) = caught.value.diagnostics
    assert found.code == "E329"
    assert found.message == "recipe `empty` does not say `data`, `epochs` and `optimizer`"
    # the help is made of flags that do complete it
    assert whole(
        with_flags(recipe, [(s.name, s.example) for s in SETTINGS if s.example and s.name != "steps"])
    )


def test_what_is_not_one_recipe_is_no_record_of_a_run() -> None:
    assert read_back("recipe one { seed 3 }").value("seed") == 3
    for text, code in [("", "E321"), (TINY + "\n" + TINY.replace("tiny", "two"), "E321"), ("recipe one {", "E002"),
                       ("recipe one { seed -1 }", "E108")]:  # fmt: skip
        with pytest.raises(ArchError) as caught:
            read_back(text)
        assert [d.code for d in caught.value.diagnostics] == [code]


def test_the_length_of_a_run_that_only_the_data_say() -> None:
    recipe = tiny(extra="; schedule warmup(2), steps(at = [5])")
    check_length(recipe, 5.1)
    with pytest.raises(ArchError) as caught:
        check_length(recipe, 5)
    assert [d.code for d in caught.value.diagnostics] == ["E328"]
    with pytest.raises(ArchError) as caught:
        check_length(recipe, 0.5)
    assert len(caught.value.diagnostics) == 2


def test_the_default_recipe() -> None:
    recipe = whole(default())
    assert recipe.name == "default"
    assert recipe.value("data") == Digits()
    assert recipe.values("augment") == (Affine(distort=0.15, shift=1 / 16), Normalize())
    assert (recipe.value("batch"), recipe.value("epochs"), recipe.value("validation")) == (64, 30, 0.1)
    assert recipe.value("optimizer") == AdamW(
        lr=0.005, weight_decay=0.05, decay_norms=False, decay_biases=False
    )
    assert recipe.values("schedule") == (Warmup(part=0.1), Cosine())
    assert recipe.value("loss") == CrossEntropy(label_smoothing=0.1)
