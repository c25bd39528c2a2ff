"""Recipes: what they say in the end, and where each setting comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ogive.loading import read_file
from ogive.pipeline import check_program, read_program
from ogive.recipes import Recipe, resolve_all
from ogive.recipes.augment import HFlip, RandomCrop
from ogive.recipes.data import Imagenet
from ogive.recipes.loss import CrossEntropy
from ogive.recipes.optimizer import Adam, Sgd
from ogive.recipes.schedule import Constant, Cosine, Warmup


def resolved(text: str) -> dict[str, Recipe]:
    """The recipes of a text in which nothing is wrong."""
    recipes, found = resolve_all(read_program(text))
    assert [d.message for d in found] == []
    return {recipe.name: recipe for recipe in recipes}


def codes(text: str) -> list[str]:
    return [d.code for d in resolve_all(read_program(text))[1]]


def test_values_become_what_they_describe() -> None:
    recipe = resolved(
        """
let rate = 0.1
recipe r {
  data      imagenet(resize = 2 ** 8)
  augment   random_crop(224, padding = 4, fill = reflect), hflip
  batch     64 * 2
  optimizer sgd(lr = rate / 2, momentum = 0.9)
  schedule  warmup(5), cosine
  clip      1
  precision bf16
  compile   true
}
"""
    )["r"]
    assert recipe.value("data") == Imagenet(resize=256)
    assert recipe.values("augment") == (RandomCrop(224, padding=4, fill="reflect"), HFlip())
    assert recipe.value("batch") == 128
    assert recipe.value("optimizer") == Sgd(lr=0.05, momentum=0.9)
    assert recipe.values("schedule") == (Warmup(5.0), Cosine())
    assert (recipe.value("clip"), recipe.value("precision"), recipe.value("compile")) == (1, "bf16", True)


def test_what_is_not_stated_has_its_default() -> None:
    recipe = resolved("recipe r { }")["r"]
    assert recipe.stated == ()
    assert recipe.values("schedule") == (Constant(),)
    assert recipe.value("loss") == CrossEntropy()
    assert (recipe.value("epochs"), recipe.values("augment")) == (None, (None,))
    with pytest.raises(KeyError):
        recipe.values("epoch")


def test_a_setting_replaces_that_of_the_recipe_behind_it() -> None:
    found = resolved(
        """
recipe long extends middle { epochs 300; augment none }
recipe middle extends base { batch 64; schedule cosine }
recipe base { epochs 90; batch 128; augment hflip, normalize; schedule warmup(5), constant; seed 3 }
"""
    )
    assert list(found) == ["long", "middle", "base"]
    long = found["long"]
    assert long.extends == "middle"
    assert {s.setting.name: (s.values, s.recipe) for s in long.stated} == {
        "augment": ((None,), "long"), "batch": ((64,), "middle"), "epochs": ((300,), "long"),
        "schedule": ((Cosine(),), "middle"), "seed": ((3,), "base"),
    }  # fmt: skip


def test_arguments_of_the_same_function_are_kept() -> None:
    """As the recipes of the batch normalization paper are written: only the learning rate differs."""
    found = resolved(
        """
recipe baseline { optimizer sgd(lr = 0.0015, momentum = 0.9, weight_decay = 0.0005) }
recipe x5  extends baseline { optimizer sgd(lr = 0.0075) }
recipe x30 extends x5 { optimizer sgd(lr = 0.045, weight_decay = 0) }
recipe other extends x30 { optimizer adam }
recipe again extends other { optimizer sgd(lr = 1) }
"""
    )
    assert found["x5"].value("optimizer") == Sgd(lr=0.0075, momentum=0.9, weight_decay=0.0005)
    assert found["x30"].value("optimizer") == Sgd(lr=0.045, momentum=0.9, weight_decay=0.0)
    assert found["x30"].stated[0].kept == {"momentum": "baseline"}
    assert found["other"].value("optimizer") == Adam()
    assert found["again"].value("optimizer") == Sgd(lr=1.0)


def test_several_values_are_replaced_whole() -> None:
    found = resolved(
        "recipe a { augment random_crop(32, padding = 4), hflip }\nrecipe b extends a { augment random_crop(28) }"
    )
    assert found["b"].values("augment") == (RandomCrop(28),)


def test_epochs_and_steps_stand_for_each_other() -> None:
    found = resolved(
        "recipe a { epochs 90 }\nrecipe b extends a { steps 64k }\nrecipe c extends b { epochs 10 }"
    )
    assert (found["b"].value("epochs"), found["b"].value("steps")) == (None, 64_000)
    assert (found["c"].value("epochs"), found["c"].value("steps")) == (10, None)


def test_recipes_have_names_of_their_own() -> None:
    program = read_program(
        "net N() { input image: 3x8x8; relu }\nvariant alexnet = N()\nrecipe alexnet { epochs 90 }\nrecipe N { }"
    )
    compiled, found = check_program(program)
    assert [c.name for c in compiled] == ["alexnet"]
    assert found == []


def test_a_function_is_known_whatever_else_the_file_calls_so() -> None:
    recipe = resolved(
        "let cosine = 3\nnet sgd() { input image: 3x8x8; relu }\nrecipe r { schedule cosine; batch cosine; optimizer sgd(lr = 1) }"
    )["r"]
    assert recipe.value("schedule") == Cosine()
    assert recipe.value("batch") == 3
    assert recipe.value("optimizer") == Sgd(lr=1.0)


def test_a_mistake_in_a_base_is_said_once_and_spoils_what_extends_it() -> None:
    text = "recipe a { batch 0 }\nrecipe b extends a { epochs 3 }\nrecipe c { epochs 3 }"
    recipes, found = resolve_all(read_program(text))
    assert [d.code for d in found] == ["E108"]
    assert [r.name for r in recipes] == ["c"]


def test_all_mistakes_are_found_in_one_run() -> None:
    text = """
recipe a { batch 0; epochs 1.5; optimizer sgd(momentum = 2); augment hflip(2), color_jitter }
recipe b extends c { lr 3; optimizer adam(lr = "x"), sgd }
"""
    assert sorted(codes(text)) == ["E106", "E108", "E108", "E108", "E321", "E323", "E326"]
    # of a function whose arguments are wrong already, or whose base is unknown, nothing more is said
    assert codes("recipe a extends nothing { optimizer sgd(momentum = 0.9) }") == ["E321"]


def test_long_chains_and_wide_files_are_quick() -> None:
    chain = "\n".join(f"recipe r{i} extends r{i + 1} {{ batch {i + 1} }}" for i in range(3000))
    assert len(resolved(chain + "\nrecipe r3000 { epochs 3 }")) == 3001
    values = "let v0 = 1\n" + "\n".join(f"let v{i + 1} = v{i}" for i in range(900))
    assert resolved(values + "\nrecipe r { batch v900 }")["r"].value("batch") == 1


@pytest.mark.parametrize(
    "text",
    [
        "recipe r { batch 2 ** 10 ** 10 }",
        "recipe r { steps [0] * 1G }",
        "recipe r { batch 1 / 0 }",
        "recipe r { schedule steps(at = [[1]]) }",
        "recipe r { schedule steps(at = []) }",
        "recipe r { init ones(layers = []) }",
        "recipe r { optimizer sgd(0.1) }",
        "recipe r { optimizer sgd(lr = [0.1]) }",
        "recipe r { data folder(path = folder) }",
        "recipe r { augment [hflip] }",
        "recipe r { batch batch }",
        "let a = a\nrecipe r { batch a }",
        "recipe r { optimizer sgd(lr = 0.1)(momentum = 0.9) }",
        "recipe r { optimizer sgd.lr }",
        "recipe r { data random({ relu }) }",
    ],
)
def test_nonsense_is_a_diagnostic(text: str) -> None:
    found: list[Any] = codes(text)
    assert found
    assert all(code.startswith("E") for code in found)


def test_the_recipes_of_the_language_page() -> None:
    found = resolved(
        """
recipe alexnet {
  data       imagenet(resize = 256)
  augment    random_crop(224), hflip, pca_lighting(0.1)
  batch      128
  epochs     90
  optimizer  sgd(lr = 0.01, momentum = 0.9, weight_decay = 0.0005)
  schedule   plateau(factor = 0.1, times = 3)
  init       normal(std = 0.01)
  evaluate   ten_crop
}
recipe bn_x5  extends alexnet { optimizer sgd(lr = 0.0075) }
recipe bn_x30 extends alexnet { optimizer sgd(lr = 0.045) }
"""
    )
    assert found["bn_x30"].value("optimizer") == Sgd(lr=0.045, momentum=0.9, weight_decay=0.0005)
    assert len(found["alexnet"].stated) == 8


def test_a_recipe_extends_one_of_a_file_that_is_used(tmp_path: Path) -> None:
    (tmp_path / "base.arch").write_text(
        "let rate = 0.5\nrecipe base { optimizer sgd(lr = rate); batch 64 }\n"
    )
    (tmp_path / "mine.arch").write_text(
        'use "base.arch"\nuse base as first from "base.arch"\n'
        "recipe mine extends base { epochs 3 }\nrecipe other extends first { epochs 4 }\n"
    )
    recipes, found = resolve_all(read_file(tmp_path / "mine.arch"))
    assert [d.message for d in found] == []
    assert [(r.name, r.value("optimizer"), r.value("batch")) for r in recipes] == [
        ("mine", Sgd(lr=0.5), 64),
        ("other", Sgd(lr=0.5), 64),
    ]
