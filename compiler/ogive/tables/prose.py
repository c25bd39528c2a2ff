"""Words for footnotes."""

from __future__ import annotations

from collections.abc import Sequence


def listed(texts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(texts) < 2:
        return "".join(texts)
    return f"{', '.join(texts[:-1])} and {texts[-1]}"


def sentence(text: str) -> str:
    """The text as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def by_net(titles: Sequence[str], of: int) -> str:
    """` in resnet18 and resnet34`, or nothing where that is all nets of a table.

    Args:
        titles: the nets of which something is true.
        of: how many there are.
    """
    return "" if len(titles) == of else f" in {listed(titles)}"
