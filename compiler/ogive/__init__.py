"""Ogive: write down, check, run, compare and draw network architectures.

    >>> import ogive
    >>> net = ogive.load("resnet50", classes=10)
    >>> net.params
    23528522
    >>> model = net.module()          # a torch.nn.Module; torch is imported here

`load` and `loads` give a `Network`; `list_models` says which there are in the zoo;
`load_recipe` gives a training recipe;
`draw` puts several networks side by side in one figure (`Network.draw` draws one);
`library_with` adds a user's own layers (see `ogive.plugin`);
`ArchError` carries the diagnostics of a program that is wrong;
`format` writes a program in the one style;
`diff` says what is different between two networks;
`table` writes networks as a table for a paper;
`transfer` copies weights between modules by matching their dataflow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from ogive.diagnostics import ArchError, Diagnostic
from ogive.version import __version__

if TYPE_CHECKING:
    from ogive.catalogue import list_models
    from ogive.comparing import diff
    from ogive.drawing import draw
    from ogive.layers.library import Library
    from ogive.loading import load, load_recipe, loads
    from ogive.network import Network
    from ogive.plugin.files import library_with
    from ogive.syntax.format import format_text as format
    from ogive.tabulate import table
    from ogive.transfer import TransferError, transfer

__all__ = [
    "ArchError", "Diagnostic", "Library", "Network", "TransferError", "__version__", "diff", "draw", "format",
    "library_with", "list_models", "load", "load_recipe", "loads", "table", "transfer",
]  # fmt: skip

_HOMES = {
    "Library": ("ogive.layers.library", "Library"),
    "Network": ("ogive.network", "Network"),
    "TransferError": ("ogive.transfer", "TransferError"),
    "draw": ("ogive.drawing", "draw"),
    "diff": ("ogive.comparing", "diff"),
    "format": ("ogive.syntax.format", "format_text"),
    "library_with": ("ogive.plugin.files", "library_with"),
    "list_models": ("ogive.catalogue", "list_models"),
    "load": ("ogive.loading", "load"),
    "load_recipe": ("ogive.loading", "load_recipe"),
    "loads": ("ogive.loading", "loads"),
    "table": ("ogive.tabulate", "table"),
}
"""Where the names are, so that each is imported when it is asked for: a command needs few of them, and
`TransferError` needs torch.
"""


def __getattr__(name: str) -> object:
    if name == "transfer":
        return import_module("ogive.transfer")  # calling it is calling `ogive.transfer.transfer`
    if name not in _HOMES:
        raise AttributeError(f"module 'ogive' has no attribute {name!r}")
    module, own = _HOMES[name]
    value = globals()[name] = getattr(import_module(module), own)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
