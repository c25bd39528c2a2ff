"""What a file holds: definitions, variants, recipes, what it uses, comments."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.source import Span
from ogive.syntax.ast.bodies import Assert, Body, Edit, Expr, Let, Literal, Name, String


@dataclass(frozen=True, slots=True)
class Parameter:
    """`classes: int = 1000`, `order: "pre" | "post" = "post"`.

    `type` is one of int, float, bool, string, list, kernel, layer, or None; `choices` the strings allowed.
    """

    name: Name
    type: Name | None
    choices: tuple[String, ...]
    default: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class BundleParameter:
    """One name of `block DualPath[res, dense = none](…)`; `optional` when it says `= none`."""

    name: Name
    optional: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Definition:
    """A `block` or a `net` (`is_net`). `header` covers `net ResNet(…)`, without the body."""

    name: Name
    is_net: bool
    bundle: tuple[BundleParameter, ...]
    parameters: tuple[Parameter, ...]
    body: Body
    header: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Variant:
    """`variant resnet18 = ResNet(Basic, [2, 2, 2, 2])`, `variant b = a with { remove lrn }`.

    The value is a Name or a Call; `changes` are the edits and budgets behind `with`, in order.
    """

    name: Name
    value: Expr
    changes: tuple[Edit | Assert, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Imported:
    """One name of `use Bottleneck as Unit, Basic from "resnet.arch"`; `name` is what it is called here."""

    original: Name
    name: Name
    span: Span


@dataclass(frozen=True, slots=True)
class Use:
    """`use "resnet.arch"` (everything: no names), `use Bottleneck from "resnet.arch"`."""

    names: tuple[Imported, ...]
    path: String
    span: Span

    @property
    def file(self) -> str:
        """The path, as text: it has no expressions in it."""
        return "".join(part for part in self.path.parts if isinstance(part, str))


@dataclass(frozen=True, slots=True)
class Language:
    """`language 1`: the version of the language that the file was written for."""

    version: Literal
    span: Span


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of a recipe: `batch 128`, `augment random_crop(224), hflip`."""

    name: Name
    values: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Recipe:
    """`recipe bn_x5 extends baseline { … }`. Recipes have names of their own."""

    name: Name
    base: Name | None
    settings: tuple[Setting, ...]
    header: Span
    span: Span


Item = Definition | Variant | Let | Use | Language | Recipe


@dataclass(frozen=True, slots=True)
class Comment:
    """`# …`, from the hash to the end of the line."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class File:
    """A whole file. Comments are kept beside the tree, in the order of the text."""

    items: tuple[Item, ...]
    comments: tuple[Comment, ...]
    span: Span

    @property
    def named(self) -> tuple[Definition | Variant | Let, ...]:
        """The items whose names expressions can use, in the order of the text."""
        return tuple(item for item in self.items if isinstance(item, Definition | Variant | Let))

    @property
    def uses(self) -> tuple[Use, ...]:
        """The files that it uses, in the order of the text."""
        return tuple(item for item in self.items if isinstance(item, Use))

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """The recipes, which have names of their own, in the order of the text."""
        return tuple(item for item in self.items if isinstance(item, Recipe))
