"""`ogive.table`: from networks, or their names, to a table for a paper."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Literal

from ogive import resources
from ogive.given import wrong_type
from ogive.loading import load
from ogive.network import Network
from ogive.tables import Options, Rows, Subject, make, written

Target = str | PathLike[str] | Network


def table(
    targets: Target | Iterable[Target],
    *,
    format: Literal["latex", "markdown", "html", "csv"] = "markdown",  # noqa: A002 - the option's name
    rows: Rows | None = None,
    compare: bool = False,
    caption: str | None = None,
    label: str | None = None,
) -> str:
    """A table for a paper: `ogive.table(["resnet18", "resnet50"], format="latex")`.

    Args:
        targets: networks, or what `ogive.load` takes; one, or several, a column each.
        format: how it is written.
        rows: `stages`, `branches` (of one net, as in GoogLeNet's table) or `layers` (of one net); what
            the nets are made of decides unless given.
        compare: whether published figures stand beside the computed ones, where the zoo cites them.
        caption: over its own; an empty one for none.
        label: what LaTeX and HTML refer to it by, over its own.

    Raises:
        ArchError: a target does not exist or is wrong; E580, there is no such format; E581, the nets cannot
            stand in one table of such rows.
        TypeError, ValueError: what is given is of another type, or there is no target.
    """
    alone = isinstance(targets, str | PathLike | Network)
    given: list[Target] = [targets] if alone else list(targets)  # pyright: ignore[reportArgumentType]
    if not given:
        raise ValueError("targets holds no network")
    networks = [_network(target) for target in given]
    options = Options(rows, compare, caption, label)
    return written(make([subject_of(network) for network in networks], options), format)


def subject_of(network: Network) -> Subject:
    """A network as tables take it."""
    return Subject(network.unrolled, network.name, network.name if is_the_zoos(network) else None)


def is_the_zoos(network: Network) -> bool:
    """Whether a network is one of the zoo, as it stands there: what is published of that holds for it."""
    compiled = network.compiled
    if compiled.edits or compiled.arguments or compiled.shape is not None:
        return False
    file = resources.zoo() / Path(compiled.program.source.name).name
    return file.is_file() and file.read_text(encoding="utf-8") == network.text


def _network(target: object) -> Network:
    if isinstance(target, Network):
        return target
    if not isinstance(target, str | PathLike):
        raise wrong_type("a target", "a Network, or what ogive.load takes", target)
    return load(target)
