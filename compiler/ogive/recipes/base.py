"""What a recipe is made of: settings, and the functions that stand in them.

One frozen dataclass a function, whose fields *are* its arguments in the language, as for layers; one
`Setting` for each word that may begin a line.
"""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, NamedTuple

from ogive.layers.base import Argument, arguments_of


class Problem(NamedTuple):
    """Values that fit their types and yet make no sense, alone or together.

    Attributes:
        argument: the argument to blame.
        message: what is wrong, with the values.
        help: what to do.
        unless: an argument that makes it none where it is given: then it is meant so.
    """

    argument: str
    message: str
    help: str | None = None
    unless: str = ""


LARGEST = 1e6
"""What no number of a recipe exceeds in magnitude. Steps of training multiply several of them, in 32-bit
floats that end at 3.4e38; PyTorch refuses a learning rate behind that with an error of its own.
"""


def is_number(value: object) -> bool:
    """An int or a float, and no bool: what a list of numbers may hold."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True)
class Choice:
    """The base of every function of a recipe.

    Class attributes:
        kind: its name in the language.
        source: the paper or the code that it follows.
    """

    kind: ClassVar[str]
    source: ClassVar[str] = ""

    def problem(self) -> Problem | None:
        """What is wrong with the arguments together, if anything is."""
        return None

    @classmethod
    @cache
    def arguments(cls) -> tuple[Argument, ...]:
        """The arguments, read off the dataclass: its own, then those that it has in common with others."""
        own = list(inspect.get_annotations(cls))
        places = {name: place for place, name in enumerate(own)}
        return tuple(sorted(arguments_of(cls), key=lambda argument: places.get(argument.name, len(own))))

    def given(self) -> dict[str, object]:
        """The arguments that differ from their defaults, in order."""
        values = {argument.name: getattr(self, argument.name) for argument in self.arguments()}
        defaults = {field.name: field.default for field in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if value != defaults[name]}


Value = Choice | int | float | str | bool | None
"""One value of a setting: a function with its arguments, or a plain value."""


@dataclass(frozen=True)
class Setting:
    """One word that may begin a line of a recipe.

    Attributes:
        name: as written.
        doc: one line for the reference.
        functions: the functions that may stand behind it.
        plain: what else may stand there, where a plain value may.
        most: how many values it takes at most.
        default: its values where a recipe does not say.
        instead_of: the setting that says the same in another way, so that only one of them can hold.
        example: what may stand behind it, for a help; stated where it has no default.
    """

    name: str
    doc: str
    functions: tuple[type[Choice], ...] = ()
    plain: Argument | None = None
    most: int = 1
    default: tuple[Value, ...] = ()
    instead_of: str | None = None
    example: str = ""

    @property
    def group(self) -> str:
        """What it shares with settings that say the same in another way: the name of the first of them."""
        return self.instead_of or self.name

    @property
    def by_name(self) -> dict[str, type[Choice]]:
        """Its functions, by their names."""
        return {function.kind: function for function in self.functions}

    def problem(self, values: tuple[Value, ...]) -> tuple[int, str, str | None] | None:
        """What is wrong with its values together: the position of the one to blame, the message, the help."""
        return None
