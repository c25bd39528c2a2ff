"""The words of the language, as the compiler itself knows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from ogive.elaborate.context import RESERVED
from ogive.elaborate.functions import FUNCTIONS
from ogive.elaborate.parameters import TYPES
from ogive.elaborate.words import WORDS
from ogive.layers.base import Initializer
from ogive.layers.library import Library
from ogive.recipes.settings import BY_NAME
from ogive.syntax.lexeme import EDIT_WORDS, HARD_KEYWORDS, ITEM_WORDS, STATEMENT_WORDS
from ogive.syntax.postlex import INNER, SOFT
from ogive.syntax.tables import parser

_CAPTURES = re.compile(r"(?<!\\)\((?!\?)")
"""A group that would be counted among those of a rule."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the grammars are made of.

    Attributes:
        terminals: the regular expressions of the grammar's terminals, by name.
        soft: words that are keywords at the start of a statement, each with the terminals that must follow;
            None: anything but what uses a name.
        inner: words that are keywords in a later part of a statement.
        definitions: those of `soft` that begin a definition.
        control: keywords wherever they stand.
        constants: `true`, `false`, `none`.
        reserved: names with a meaning of their own: `here`, `in`.
        words: connectivity, and layers whose body is branches.
        layers: the other layers.
        functions: of expressions.
        initializers: what `init = …` takes.
        types: of parameters and inputs.
        settings: of a training recipe.
    """

    terminals: dict[str, str]
    soft: dict[str, frozenset[str] | None]
    inner: tuple[str, ...]
    definitions: tuple[str, ...]
    control: tuple[str, ...]
    constants: tuple[str, ...]
    reserved: tuple[str, ...]
    words: tuple[str, ...]
    layers: tuple[str, ...]
    functions: tuple[str, ...]
    initializers: tuple[str, ...]
    types: tuple[str, ...]
    settings: tuple[str, ...]


@cache
def vocabulary() -> Vocabulary:
    """The words of this version of the language; those of plugins are names like any other."""
    spelled = {**ITEM_WORDS, **STATEMENT_WORDS, **EDIT_WORDS}
    constants = {"TRUE", "FALSE", "NONE"}
    library = Library.standard().layers()
    branched = {layer.kind for layer in library if layer.arity[1] is None}
    return Vocabulary(
        terminals={t.name: _CAPTURES.sub("(?:", t.pattern.to_regexp()) for t in parser().terminals},
        soft={spelled[name]: needs for name, needs in SOFT.items()},
        inner=_sorted(name.lower() for name in INNER),
        definitions=_sorted(ITEM_WORDS[name] for name in ("BLOCK", "NET", "VARIANT", "RECIPE")),
        control=_sorted(word for name, word in HARD_KEYWORDS.items() if name not in constants),
        constants=_sorted(word for name, word in HARD_KEYWORDS.items() if name in constants),
        reserved=_sorted(RESERVED),
        words=_sorted(branched | set(WORDS)),
        layers=_sorted({layer.kind for layer in library} - branched - RESERVED),
        functions=_sorted(FUNCTIONS),
        initializers=_sorted(Initializer.CHOICES),
        types=_sorted(TYPES),
        settings=_sorted(BY_NAME),
    )


def _sorted(words: object) -> tuple[str, ...]:
    """Longer words first, so that an alternation in a regular expression finds the whole of each."""
    return tuple(sorted(words, key=lambda word: (-len(word), word)))  # type: ignore[call-overload]
