"""Networks side by side in one figure: what users call `ogive.draw`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import TYPE_CHECKING

from ogive.figures import figure
from ogive.given import wrong_type
from ogive.network import Network

if TYPE_CHECKING:
    from ogive.backends.draw import Drawing
    from ogive.backends.draw.choices import Style


def draw(
    networks: Network | Iterable[Network],
    path: str | PathLike[str] | None = None,
    *,
    titles: Sequence[str] = (),
    style: Style = "overview",
    block: str | None = None,
    fit: str | tuple[float, float] | None = None,
    depth: int | None = None,
    expand: Sequence[str] = (),
    fold: Sequence[str] = (),
    colour_by: str = "kind",
    theme: str = "paper",
    legend: bool = False,
    dpi: int = 200,
) -> Drawing:
    """Draws networks side by side, their stages aligned: `ogive.draw([a, b], "both.pdf")`.

    The options are those of `Network.draw`; `block`, `depth`, `expand`, `fold` and most styles are of one
    network.

    Args:
        networks: one or more.
        path: the file; its ending says how. None: an svg, which is not written.
        titles: what each is called; the names of the nets unless given.
        style: see `Network.draw`, which has the other options as well.

    Returns:
        The drawing: `.caption`, `.alt` and `.notes`. A notebook shows it.

    Warns:
        UserWarning: something in it will be hard to read: type under 6 pt, signs that the font lacks.

    Raises:
        ArchError: the format is not known; what is named does not exist; the style does not suit the nets.
        TypeError: what is to be drawn is no Network.
        ValueError: no such style, theme, colouring or space, no network, or not a title for each.
        OSError: the file cannot be written.
    """
    if not isinstance(networks, Network | Iterable):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise wrong_type("networks", "a Network, or several of them", networks)
    given = [networks] if isinstance(networks, Network) else list(networks)
    for network in given:
        if not isinstance(network, Network):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise wrong_type("a network", "a Network, such as ogive.load('resnet50')", network)
    if not given:
        raise ValueError("there is no network to draw")
    named = [titles] if isinstance(titles, str) else list(titles)
    if named and len(named) != len(given):
        raise ValueError(f"{len(named)} titles for {len(given)} networks")
    nets = [(n.ir, n.unrolled, title) for n, title in zip(given, named or [""] * len(given), strict=True)]
    return figure(
        nets, path, style=style, block=block, fit=fit, depth=depth, expand=expand, fold=fold,
        colour_by=colour_by, theme=theme, legend=legend, dpi=dpi,
    )  # fmt: skip
