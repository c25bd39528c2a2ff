"""A difference as JSON, whose form docs/diff.md describes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ogive.report.difference.changes import Change, Difference, Item
from ogive.report.difference.totals import Total
from ogive.report.units import plain
from ogive.version import __version__

VERSION = 1
"""Raised when a field changes its meaning or goes away; new fields do not raise it."""


def to_json(
    difference: Difference, a: Mapping[str, object] | None = None, b: Mapping[str, object] | None = None
) -> dict[str, object]:
    """The whole document, as values that `json.dumps` takes.

    Args:
        difference: what is said.
        a: more about the first net; `b` about the second.
    """
    groups = difference.groups
    group_of = {id(change): at for at, group in enumerate(groups) for change in group.changes}
    return {
        "version": VERSION,
        "ogive": __version__,
        "same": difference.same,
        "a": {"name": difference.a, **(a or {})},
        "b": {"name": difference.b, **(b or {})},
        "likeness": {
            "matched": difference.likeness.matched,
            "of": difference.likeness.of,
            "little": difference.likeness.little,
        },
        "totals": [_total(total) for total in difference.totals],
        "groups": [
            {
                "kind": group.kind,
                "title": group.title,
                "count": group.count,
                "params": group.params,
                "macs": plain(group.macs),
            }
            for group in groups
        ],
        "changes": [_change(change, group_of[id(change)]) for change in difference.changes],
    }


def _total(total: Total) -> dict[str, object]:
    more = total.difference
    return {
        "name": total.name,
        "unit": total.unit,
        "a": _value(total.a),
        "b": _value(total.b),
        "difference": None if more is None else plain(more),
        "percent": None if total.percent is None else round(total.percent, 4),
    }


def _value(value: Any) -> int | str:
    return value if isinstance(value, str) else plain(value)


def _change(change: Change, group: int) -> dict[str, object]:
    return {
        "kind": change.kind,
        "group": group,
        "a": _item(change.a),
        "b": _item(change.b),
        "arguments": [{"name": each.name, "a": each.a, "b": each.b} for each in change.arguments],
        "params": change.params,
        "macs": plain(change.macs),
    }


def _item(item: Item | None) -> dict[str, object] | None:
    if item is None:
        return None
    return {
        "path": item.path,
        "what": item.what,
        "kind": item.kind,
        "layers": list(item.layers),
        "params": item.params,
        "macs": plain(item.macs),
        "file": item.file or None,
        "line": item.line or None,
    }
