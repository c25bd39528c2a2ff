"""Shared weights, said once: by the frame around layers, and by none of these."""

from __future__ import annotations

from dataclasses import replace

from ogive.backends.draw.fold.picture import Cluster, Item, Ring
from ogive.backends.draw.fold.text import unshared


def says_shared(item: Item) -> bool:
    """Whether something in it says that its weights are shared."""
    return item != without_shared(item)


def without_shared(item: Item) -> Item:
    """The same, not saying of each layer that its weights are shared: the frame around it does."""
    if isinstance(item, Cluster):
        return replace(item, items=tuple(map(without_shared, item.items)))
    if isinstance(item, Ring):
        return item
    return replace(item, text=replace(item.text, after=unshared(item.text.after)))
