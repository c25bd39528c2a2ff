"""`ogive.table`: from networks, or their names, to a table for a paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Literal

from ogive import resources
from ogive.given import wrong_type
from ogive.loading import load
from ogive.network import Network
from ogive.tables import FORMATS, ROWS, Options, Rows, Subject, make, written

Target = str | PathLike[str] | Network


def table(
    targets: Target | Iterable[Target],
    *,
    format: Literal["latex", "markdown", "html", "csv"] = "markdown",  # noqa: A002 - the option's name
    rows: Rows | None = None,
    compare: bool = False,
    caption: str | None = None,
    label: str | None = None,
    titles: Iterable[str] | None = None,
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
        titles: what the networks are called, one for each; their names unless given, and `, edited` behind
            those of networks that were changed.

    Raises:
        ArchError: a target does not exist or is wrong; E580, there is no such format; E581, the nets cannot
            stand in one table of such rows.
        TypeError, ValueError: what is given is of another type, or there is no target.
    """
    _check_options(format, rows, caption, label)
    alone = isinstance(targets, str | PathLike | Network)
    if not alone and (isinstance(targets, bytes) or not isinstance(targets, Iterable)):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise wrong_type("targets", "a network, its name, or several of them", targets)
    given: list[Target] = [targets] if alone else list(targets)  # pyright: ignore[reportArgumentType]
    if not given:
        raise ValueError("targets holds no network")
    called = _titles(titles, len(given))
    networks = [_network(target) for target in given]
    options = Options(rows, compare, caption, label)
    return written(make(subjects_of(networks, called), options), format)


def subject_of(network: Network, title: str = "") -> Subject:
    """A network as tables take it; one that was changed from outside is called so unless it has a title."""
    compiled = network.compiled
    name = f"{network.name}, edited" if compiled.edits or compiled.arguments else network.name
    return Subject(network.unrolled, title or name, network.name if is_the_zoos(network) else None)


def subjects_of(networks: Sequence[Network], titles: Sequence[str] = ()) -> list[Subject]:
    """Networks as tables take them; those of one name are numbered.

    Args:
        networks: in the order of their columns.
        titles: what they are called, one for each; none, or an empty one, for their names.
    """
    subjects = [
        subject_of(network, title)
        for network, title in zip(networks, titles or [""] * len(networks), strict=True)
    ]
    names = [subject.name for subject in subjects]
    return [
        replace(subject, name=f"{subject.name} ({names[: at + 1].count(subject.name)})")
        if names.count(subject.name) > 1
        else subject
        for at, subject in enumerate(subjects)
    ]


def _titles(titles: object, count: int) -> list[str]:
    if titles is None:
        return [""] * count
    if isinstance(titles, str) and count == 1:
        return [titles]
    if isinstance(titles, str | bytes) or not isinstance(titles, Iterable):
        raise wrong_type("titles", "a list of str, one for each network", titles)
    found = list(titles)
    for title in found:
        if not isinstance(title, str):
            raise wrong_type("a title", "a str", title)
    if len(found) != count:
        raise ValueError(f"titles holds {len(found)}, for {count} networks")
    return found


def _check_options(format_: object, rows: object, caption: object, label: object) -> None:
    """Refuses what no option can be, before a network is made."""
    if not isinstance(format_, str):
        raise wrong_type("format", f"one of {', '.join(FORMATS)}", format_)
    if rows is not None and not isinstance(rows, str):
        raise wrong_type("rows", f"one of {', '.join(ROWS)}, or None", rows)
    if rows is not None and rows not in ROWS:
        raise ValueError(f"rows is one of {', '.join(ROWS)}, and not {rows!r}")
    for name, value in (("caption", caption), ("label", label)):
        if value is not None and not isinstance(value, str):
            raise wrong_type(name, "a str, or None", value)


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
