"""The layers that a program may use."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from types import ModuleType

from ogive.layers import (
    act,
    attention,
    conv,
    conv_transpose,
    depthwise,
    drop,
    embedding,
    linear,
    merge,
    norm,
    parts,
    pool,
    rbf,
    recurrent,
    resize,
    scale,
    shape,
    shortcut,
    shuffle,
    spread,
    window_attention,
)
from ogive.layers.base import Layer
from ogive.layers.guard import BadLayer, NameTaken, guarded, place_of

FAMILIES: tuple[ModuleType, ...] = (
    *(conv, conv_transpose, depthwise, linear, norm, act, pool, drop, merge),
    *(attention, window_attention, embedding, recurrent),
    *(shape, parts, resize, spread, shuffle, scale, rbf, shortcut),
)
"""The modules whose layers every program knows, in the order of the reference."""


class Library:
    """Layers by their names in the language. Plugins add theirs to an instance; there is no global one."""

    def __init__(self) -> None:
        self._layers: dict[str, type[Layer]] = {}
        self._aliases: dict[str, str] = {}

    @classmethod
    def standard(cls) -> Library:
        """A new library that holds the layers that come with the compiler."""
        library = cls()
        built_in = _standard()
        library._layers = dict(built_in._layers)
        library._aliases = dict(built_in._aliases)
        return library

    def add(self, layer: type[Layer]) -> type[Layer]:
        """Adds a layer under its `kind`, on the same footing as those that come with the compiler.

        Returns:
            What the library holds: a subclass, which turns mistakes in the layer's rules into diagnostics.

        Raises:
            BadLayer: a ValueError; the class cannot be a layer, or there is one of that kind already.
        """
        held = guarded(layer)
        if held.kind in self._layers:
            known = self._layers[held.kind]
            what = f"`{held.kind}` is a built-in layer"
            if known.origin is not None:
                what = f"there are two layers called `{held.kind}`: {known.origin} and {place_of(layer)}"
            raise NameTaken(layer, what, "choose another `kind`")
        self._refuse_group(layer)
        self._hold(held)
        return held

    def _refuse_group(self, layer: type[Layer]) -> None:
        """A group that no built-in layer has: `nrom` would leave the layer out of every edit of `norm`."""
        known = _standard().groups()
        if layer.group not in known:
            meant = get_close_matches(layer.group, known, n=1)
            names = ", ".join(f"`{name}`" for name in known)
            help_ = f"the groups are {names}; `shape` is for what fits no other"
            if meant:
                help_ = f"did you mean `{meant[0]}`?"
            raise BadLayer(layer, f"there is no group `{layer.group}`", help_)

    @classmethod
    def built_in(cls) -> Library:
        """The layers that come with the compiler, read off their modules."""
        library = cls()
        for family in FAMILIES:
            for value in vars(family).values():
                if isinstance(value, type) and value.__module__ == family.__name__ and "kind" in vars(value):
                    assert value.kind not in library, f"two layers called {value.kind}"
                    library._hold(value)
        return library

    def _hold(self, layer: type[Layer]) -> None:
        self._layers[layer.kind] = layer
        for alias in layer.aliases:
            self._aliases.setdefault(_plain(alias), layer.kind)

    def get(self, name: str) -> type[Layer] | None:
        """The layer of that name, if there is one."""
        return self._layers.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self._layers

    def names(self) -> tuple[str, ...]:
        """All names, in the order in which the layers were added."""
        return tuple(self._layers)

    def layers(self) -> tuple[type[Layer], ...]:
        """All layers, in that order."""
        return tuple(self._layers.values())

    def alias(self, name: str) -> str | None:
        """Our name for what other tools call so, if there is one: `BatchNorm2d` and `batch_norm` are `bn`.

        Case, underscores and hyphens do not matter. A name of our own, spelled otherwise, is found as well.
        """
        plain = _plain(name)
        own = next((kind for kind in self._layers if _plain(kind) == plain), None)
        return own or self._aliases.get(plain)

    def aliases(self) -> tuple[str, ...]:
        """What other tools call the layers, in small letters without underscores; `alias` has the answers."""
        return tuple(self._aliases)

    def groups(self) -> dict[str, tuple[str, ...]]:
        """The groups that edits speak of (`norm`, `act`, …), each with the names of its layers."""
        groups: dict[str, list[str]] = {}
        for kind, layer in self._layers.items():
            groups.setdefault(layer.group, []).append(kind)
        return {group: tuple(kinds) for group, kinds in groups.items()}


@cache
def _standard() -> Library:
    return Library.built_in()


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")
