"""How settings over a recipe are given: as flags, as those of a sweep, or from Python."""

from __future__ import annotations

from typing import NamedTuple


class Form(NamedTuple):
    """How diagnostics write what is said over a recipe, as whoever said it would.

    Attributes:
        naming: the setting, `{name}`; no recipe can be called so.
        giving: the setting with a `{value}`.
        dashes: whether names are written with dashes.
        quoted: whether a value that is no number is a string.
    """

    naming: str
    giving: str
    dashes: bool = False
    quoted: bool = False

    def named(self, name: str) -> str:
        """`--weight-decay`."""
        return self.naming.format(name=self._name(name))

    def given(self, name: str, value: str) -> str:
        """`--weight-decay 0.1`. A value with blanks or brackets is quoted, as a shell needs it."""
        plain = value.replace(".", "").isalnum()
        if self.quoted:
            value = value if value.replace(".", "").isdecimal() else f'"{value}"'
        elif not plain:
            value = f"'{value}'"
        return self.giving.format(name=self._name(name), value=value)

    def _name(self, name: str) -> str:
        return name.replace("_", "-") if self.dashes else name


FLAG = Form("--{name}", "--{name} {value}", dashes=True)
"""An option of a command."""
VARY = Form("--vary {name}", "--vary {name}={value}")
"""What a sweep varies."""
PYTHON = Form('settings["{name}"]', 'settings={{"{name}": {value}}}', quoted=True)
"""An entry of the dictionary `settings`."""


class Given(NamedTuple):
    """What is said over a recipe.

    Attributes:
        name: of a setting, or of an argument of the optimizer: `channels_last`, `lr`.
        text: what would stand behind it in a recipe.
        form: how it was given.
    """

    name: str
    text: str
    form: Form = FLAG


Override = Given | tuple[str, str]
"""A bare pair is a flag."""


def given(override: Override) -> Given:
    """With its form."""
    return override if isinstance(override, Given) else Given(*override)
