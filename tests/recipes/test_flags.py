"""Flags over a recipe: what they say, what they keep, and where their mistakes are."""

from __future__ import annotations

import pytest

from ogive.diagnostics import ArchError
from ogive.pipeline import read_program
from ogive.recipes import Recipe, default, resolve_all, with_flags
from ogive.recipes.augment import HFlip, Normalize
from ogive.recipes.data import Folder
from ogive.recipes.forms import FLAG, PYTHON, VARY, Given
from ogive.recipes.optimizer import Adam, AdamW, Sgd
from ogive.recipes.printing import to_text
from ogive.recipes.schedule import Cosine, Plateau, Warmup
from tests.recipes.test_vocabulary import FUNCTIONS, line

BASE = """\
recipe base {
  data       cifar10
  augment    random_crop(32, padding = 4), hflip
  batch      128
  steps      1000
  optimizer  sgd(lr = 0.1, momentum = 0.9, weight_decay = 0.0005)
  schedule   steps(at = [0.5])
  validation 0.2
}
"""


def resolved(text: str, name: str) -> Recipe:
    recipes, found = resolve_all(read_program(text))
    assert [d.message for d in found] == []
    return next(recipe for recipe in recipes if recipe.name == name)


@pytest.fixture
def base() -> Recipe:
    return resolved(BASE, "base")


def values(recipe: Recipe) -> dict[str, object]:
    return {each.setting.name: each.values for each in recipe.stated}


def codes(recipe: Recipe | None, *flags: tuple[str, str]) -> list[tuple[str, str | None]]:
    with pytest.raises(ArchError) as caught:
        with_flags(recipe, flags)
    return [(d.code, d.span.place if d.span else None) for d in caught.value.diagnostics]


def test_a_flag_replaces_what_the_recipe_says(base: Recipe) -> None:
    before = to_text(base)
    made = with_flags(
        base, [("batch", "2 * 32"), ("augment", "hflip(0.3), normalize"), ("channels_last", "true")]
    )
    assert made.value("batch") == 64
    assert made.values("augment") == (HFlip(0.3), Normalize())
    assert made.value("channels_last") is True
    assert made.value("optimizer") == base.value("optimizer")
    assert (made.name, to_text(base)) == ("base", before)


def test_none_leaves_out(base: Recipe) -> None:
    made = with_flags(base, [("augment", "none"), ("clip", "none")])
    assert (made.values("augment"), made.values("clip")) == ((None,), (None,))


def test_the_same_optimizer_keeps_its_other_arguments(base: Recipe) -> None:
    made = with_flags(base, [("optimizer", "sgd(lr = 0.4, nesterov = true)")])
    assert made.value("optimizer") == Sgd(lr=0.4, momentum=0.9, nesterov=True, weight_decay=0.0005)
    assert with_flags(base, [("optimizer", "sgd")]).value("optimizer") == base.value("optimizer")
    assert with_flags(base, [("optimizer", "adam")]).value("optimizer") == Adam()


def test_an_argument_goes_into_the_optimizer_that_holds(base: Recipe) -> None:
    assert with_flags(base, [("lr", "0.1 / 4")]).value("optimizer") == Sgd(
        lr=0.025, momentum=0.9, weight_decay=0.0005
    )
    given = [("weight_decay", "0.01"), ("optimizer", "adamw"), ("lr", "0.002")]
    for order in (given, given[::-1]):
        assert with_flags(base, order).value("optimizer") == AdamW(lr=0.002, weight_decay=0.01)


def test_an_argument_can_complete_the_optimizer_of_a_flag(base: Recipe) -> None:
    made = with_flags(default(), [("optimizer", "sgd"), ("lr", "0.3")])
    assert made.value("optimizer") == Sgd(lr=0.3)


def test_no_decay_can_be_said_over_a_recipe_that_spares_norms() -> None:
    made = with_flags(None, [("weight_decay", "0")]).value("optimizer")
    assert isinstance(made, AdamW)
    assert (made.weight_decay, made.decay_norms) == (0, False)


def test_epochs_and_steps_stand_for_each_other(base: Recipe) -> None:
    made = with_flags(base, [("epochs", "7")])
    assert (made.value("epochs"), made.value("steps")) == (7, None)


def test_without_a_recipe_it_is_the_default() -> None:
    assert with_flags(None, []) is default()
    made = with_flags(None, [("data", 'folder("my images", resize = 64)')])
    assert made.value("data") == Folder("my images", resize=64)
    assert made.values("schedule") == (Warmup(part=0.1), Cosine())


def test_flags_over_flags(base: Recipe) -> None:
    """As a sweep does it: one grid over what the command line said."""
    first = with_flags(base, [("optimizer", "sgd(lr = 0.2)"), ("lr", "0.3")][:1])
    again = with_flags(first, [("lr", "0.3"), ("seed", "2")])
    assert again.value("optimizer") == Sgd(lr=0.3, momentum=0.9, weight_decay=0.0005)
    assert with_flags(again, [("seed", "3")]).value("seed") == 3


def test_where_each_value_comes_from_is_printed(base: Recipe) -> None:
    made = with_flags(
        base, [("lr", "0.3"), ("epochs", "3"), ("schedule", "plateau"), ("channels_last", "true")]
    )
    assert (
        to_text(made)
        == """\
recipe base {
  data           cifar10
  validation     0.2
  augment        random_crop(32, padding = 4), hflip
  batch          128
  epochs         3                                                     # from --epochs
  optimizer      sgd(lr = 0.3, momentum = 0.9, weight_decay = 0.0005)  # lr from --lr
  schedule       plateau                                               # from --schedule
  channels_last  true                                                  # from --channels-last
}
"""
    )
    assert values(resolved(to_text(made), "base")) == values(made)
    more = with_flags(base, [("optimizer", "sgd(nesterov = true)")])
    assert "# from --optimizer; lr, momentum, weight_decay from base" in to_text(more)


@pytest.mark.parametrize(("setting", "function"), FUNCTIONS, ids=[f"{s.name}-{f.kind}" for s, f in FUNCTIONS])
def test_a_flag_means_what_a_recipe_means_that_extends(setting, function) -> None:
    """The same text, behind the name of a setting and behind a flag."""
    arguments = [a for a in function.arguments() if (function.kind, a.name) != ("warmup", "part")]
    written = line(setting, function, arguments)
    text = written.partition(setting.name)[2].rstrip(" }")
    base = "recipe base { data mnist; optimizer sgd(lr = 2, momentum = 0.5); epochs 100 }\n"
    extends = resolved(f"{base}recipe r extends base {{ {setting.name} {text} }}", "r")
    assert values(with_flags(resolved(base, "base"), [(setting.name, text)])) == values(extends)


# --------------------------------------------------------------------------- mistakes


def test_all_wrong_flags_in_one_go(base: Recipe) -> None:
    found = codes(
        base,
        ("optimizer", "sgd(lr = 0.1"), ("augment", "hflip,\n hflop"), ("batch", "64.5"), ("epochs", "0"),
        ("schedule", "steps(at = [3, 2])"), ("channels_last", "yes"), ("clips", "1"), ("data", "folder"),
    )  # fmt: skip
    assert sorted(found, key=str) == sorted(
        [("E002", "--optimizer:1:4"), ("E325", "--augment:2:2"), ("E106", "--batch:1:1"), ("E108", "--epochs:1:1"),
         ("E328", "--schedule:1:7"), ("E101", "--channels-last:1:1"), ("E323", None), ("E104", "--data:1:1")],
        key=str,
    )  # fmt: skip


def test_one_mistake_is_one_diagnostic(base: Recipe) -> None:
    assert codes(base, ("optimizer", "sdg"), ("lr", "banana"), ("momentum", "2")) == [
        ("E325", "--optimizer:1:1")
    ]
    assert codes(base, ("lr", "'0.1'")) == [("E005", "--lr:1:1")]
    assert (
        codes(base, ("lr", "-1"))
        == codes(base, ("lr", "0"))
        == codes(base, ("lr", "1e300"))
        == [("E328", "--lr:1:1")]
    )
    assert codes(base, ("epochs", "0"), ("schedule", "warmup(900), cosine")) == [("E108", "--epochs:1:1")]


@pytest.mark.parametrize(
    ("name", "text", "help_"),
    [
        ("epochs", "1.5", "a whole number, such as `--epochs 2`"),
        ("batch", "1e3", "a whole number, such as `--batch 1000`"),
        ("epochs", "0.2", "a whole number, such as `--epochs 30`"),
        ("batch", "x", "a whole number, such as `--batch 128`"),
        ("batch", '"64"', "a whole number, such as `--batch 128`"),
        ("lr", "fast", "a number, such as `--lr 0.1`"),
        ("weight_decay", "none", "a number, such as `--weight-decay 0.0001`"),
        ("lr", "-1", "`--lr 0.1`"),
        ("momentum", "1", "`--momentum 0.9`"),
        ("nesterov", "maybe", "`true` or `false`, such as `--nesterov true`"),
        ("seed", "x", "a whole number, such as `--seed 0`"),
        ("precision", "fp16", "did you mean `bf16`?"),
        ("optimizer", "sgd(lr = fast)", "write the value itself: nothing is named here"),
    ],
)
def test_helps_are_for_flags(base: Recipe, name: str, text: str, help_: str) -> None:
    with pytest.raises(ArchError) as caught:
        with_flags(base, [(name, text)])
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help == help_


@pytest.mark.parametrize(
    ("form", "name", "text", "place", "help_"),
    [
        (VARY, "epochs", "1.5", "--vary epochs:1:1", "a whole number, such as `--vary epochs=2`"),
        (PYTHON, "epochs", "1.5", 'settings["epochs"]:1:1', 'a whole number, such as `settings={"epochs": 2}`'),
        (PYTHON, "optimiser", "sgd", None, 'did you mean `settings["optimizer"]`?'),
        (VARY, "weight-decay", "1", None, "did you mean `--vary weight_decay`?"),
        (PYTHON, "precision", "x", 'settings["precision"]:1:1', None),
    ],
)  # fmt: skip
def test_mistakes_are_told_as_they_were_given(form, name, text, place, help_, base: Recipe) -> None:
    with pytest.raises(ArchError) as caught:
        with_flags(base, [Given(name, text, form)])
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.span.place if diagnostic.span else None, diagnostic.help) == (place, help_)
    if diagnostic.code == "E323":
        assert "weight_decay" in dict(diagnostic.notes)["of optimizers"]


def test_a_quoted_value_stands_as_it_would_be_typed(base: Recipe) -> None:
    bare = resolved("recipe bare { batch 2 }", "bare")
    for form, written in (
        (FLAG, "--optimizer 'sgd(lr = 0.1, momentum = 0.9)'"),
        (VARY, "--vary optimizer='sgd(lr = 0.1, momentum = 0.9)'"),
        (PYTHON, 'settings={"optimizer": "sgd(lr = 0.1, momentum = 0.9)"}'),
    ):
        with pytest.raises(ArchError) as caught:
            with_flags(bare, [Given("lr", "0.1", form)])
        assert caught.value.diagnostics[0].help == f"name one as well: `{written}`"


def test_what_is_given_otherwise_comes_last_as_well(base: Recipe) -> None:
    own = resolved(BASE.replace("steps(at = [0.5])", "plateau"), "base")
    for form in (VARY, PYTHON):
        with pytest.raises(ArchError) as caught:
            with_flags(own, [Given("validation", "0", form)])
        (diagnostic,) = caught.value.diagnostics
        assert diagnostic.span is not None
        assert diagnostic.span.source.name == form.named("validation")


def test_mistakes_in_what_both_say(base: Recipe) -> None:
    assert codes(base, ("nesterov", "true"), ("momentum", "0")) == [("E328", "--nesterov:1:1")]
    assert codes(base, ("schedule", "plateau"), ("validation", "0")) == [("E328", "--schedule:1:1")]
    watching = with_flags(base, [("schedule", "plateau")])
    assert watching.value("schedule") == Plateau()
    # the flag is to blame where it came last, whatever the recipe says
    own = resolved(BASE.replace("steps(at = [0.5])", "plateau"), "base")
    assert codes(own, ("validation", "0")) == [("E328", "--validation:1:1")]


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n", "a -> b", "{ relu }", "relu { relu }", "here", "?n", "in.height", "[0] * 1G", "2 ** 10 ** 10", "()", "\0",
     "}", "sgd(lr = 0.1)(momentum = 0.9)", "[sgd]", "1; 2", "# nothing", "f(" * 500, "-" * 3000, "9" * 400, "lr = 0.1", '"sgd"'],
)  # fmt: skip
@pytest.mark.parametrize("name", ["optimizer", "batch", "lr", "augment"])
def test_nonsense_is_a_diagnostic(name: str, text: str, base: Recipe) -> None:
    found = codes(base, (name, text))
    assert found
    assert all(code.startswith("E") and place and place.startswith(f"--{name}:") for code, place in found)
