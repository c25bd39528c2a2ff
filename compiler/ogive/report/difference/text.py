"""A difference as text: one line that says all, the changes rolled up, the numbers side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from ogive.layers.base import Size
from ogive.layers.unknown import SizeExpr
from ogive.render import visible
from ogive.report.difference.changes import Change, Difference, Item, Kind
from ogive.report.difference.roll import Group
from ogive.report.difference.totals import Total
from ogive.report.units import exact, short, size

MARKS: dict[Kind, str] = {
    "added": "+", "removed": "-", "changed": "~", "replaced": "~", "moved": "~", "rewired": "~",
    "renamed": "=", "renumbered": "=", "regrouped": "=", "follows": " ",
}  # fmt: skip
"""What stands before a line: something is new, gone, other, or the same under another name."""
_NAMES = {
    "params": "parameters", "params_with_heads": "with aux heads", "macs": "MACs",
    "products": "products of activations", "activations_kept": "activations kept to train",
    "activations_peak": "activations in inference", "receptive_field": "receptive field",
    "depth": "depth (layers with weights)",
}  # fmt: skip
_FEW = 3
_MANY = 8


def to_text(difference: Difference) -> str:
    """The whole text, without an end of line."""
    lines = [visible(headline(difference))]
    if difference.same:
        return lines[0]
    for group in difference.groups:
        lines += ["", *(visible(line) for line in _group(group))]
    return "\n".join([*lines, "", *(visible(line) for line in _table(difference))])


def headline(difference: Difference) -> str:
    """`resnet50 → resnet101: 17 added`."""
    names = f"{difference.a} → {difference.b}"
    if difference.same:
        return f"{names}: no difference"
    counts: Counter[tuple[str, str]] = Counter()
    for change in difference.changes:
        parts = difference.nets[change.b is not None].parts
        inputs = sum(parts[key].group == "input" for key in change.item.layers)
        by_layer = change.kind in {"added", "removed"} and change.item.layers
        noun = "input" if inputs and change.item.kind == "layer" else _noun(change)
        counts[change.kind, noun] += len(change.item.layers) - inputs * (noun != "input") if by_layer else 1
        if by_layer and noun != "input":
            counts[change.kind, "input"] += inputs
    ordered = (
        (kind, noun) for kind in _TOLD for noun in ("layer", "part", "input", "output") if counts[kind, noun]
    )
    told = [f"{(n := counts[kind, noun]):,} {noun}{'s' * (n != 1)} {kind}" for kind, noun in ordered]
    said = ", ".join(told) or "the same computation, under other names"
    return f"{names}: {unlike(difference)}{said}"


def unlike(difference: Difference) -> str:
    """`these networks have little in common, 5 of the 40 layers of vgg16 match: `; nothing of others."""
    found = difference.likeness
    if not found.little:
        return ""
    smaller = (difference.a, difference.b)[found.smaller]
    matched = f"{found.matched:,} of the {found.of:,} layers of {smaller} match"
    return f"these networks have little in common, {matched}: "


_TOLD: tuple[Kind, ...] = ("added", "removed", "changed", "replaced", "moved", "rewired")


def _noun(change: Change) -> str:
    if change.item.kind == "output":
        return "output"
    whole = change.kind in {"added", "removed"} or change.item.kind == "layer"
    return "layer" if whole and change.kind != "replaced" else "part"


def _group(group: Group) -> Iterator[str]:
    """The line of a group, and where it is."""
    worth = _worth(group)
    yield f"{MARKS[group.kind]} {group.title}{f'   {worth}' if worth else ''}"
    yield f"    {where([change.item for change in group.changes])}"
    places = _places(group.changes)
    if places and group.kind not in {"follows", "renumbered"}:
        yield f"    {places}"


def _worth(group: Group) -> str:
    """`+19.0 M parameters, +3.71 G MACs`."""
    told = ((group.params, "parameters"), (group.macs, "MACs"))
    return ", ".join(f"{signed(number)} {what}" for number, what in told if number != 0)


def signed(number: Size) -> str:
    """`+19.0 M`, `−3.7 M`."""
    if isinstance(number, SizeExpr):
        return f"+({short(number)})"
    return f"{'+' if number >= 0 else '−'}{short(abs(number))}"


def where(items: Sequence[Item]) -> str:
    """The paths; of many those of the parts around them, with how many are in each."""
    paths = list(dict.fromkeys(item.path or "the net" for item in items))
    if len(paths) <= _FEW:
        return ", ".join(paths)
    tops = Counter(path.partition(".")[0] for path in paths)
    if len(tops) > _MANY:
        return f"{paths[0]} … {paths[-1]} ({len(paths):,} places)"
    if len(tops) == 1:
        return f"{paths[0]} … {paths[-1]}"
    return ", ".join(f"{top} ×{count}" if count > 1 else top for top, count in tops.items())


def _places(changes: Sequence[Change]) -> str:
    """`resnet.arch:20, 21 → edits:1`: where both are written."""
    ends = ([change.a for change in changes], [change.b for change in changes])
    sides = (_lines([item for item in items if item is not None and item.file]) for items in ends)
    return " → ".join(dict.fromkeys(side for side in sides if side))


def _lines(items: Sequence[Item]) -> str:
    """`resnet.arch:20, 21, 38`; what stands on the command line is called by its option."""
    files: dict[str, set[int]] = {}
    for item in items:
        files.setdefault(item.file, set()).add(item.line)
    told: list[str] = []
    for file, lines in files.items():
        shown = ", ".join(map(str, sorted(lines)[:_MANY])) + (", …" if len(lines) > _MANY else "")
        told.append(file if file in _OUTSIDE else f"{file}:{shown}")
    return "; ".join(told)


_OUTSIDE = {"--edit", "edits"}
"""What edits from outside of a file are called."""


# ---------------------------------------------------------------------- numbers


def _table(difference: Difference) -> list[str]:
    rows = [("", difference.a, difference.b, "difference")]
    rows += [
        (_NAMES.get(total.name, total.name), _number(total, total.a), _number(total, total.b), _more(total))
        for total in difference.totals
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        f"{name:<{widths[0]}}  {a:>{widths[1]}}  {b:>{widths[2]}}  {more:>{widths[3]}}".rstrip()
        for name, a, b, more in rows
    ]


def _number(total: Total, value: Size | str) -> str:
    if isinstance(value, str):
        return value or "-"
    if total.unit == "bytes":
        return size(value)
    return short(value) if total.name in _LARGE else exact(value)


_LARGE = {"macs", "products"}
"""Numbers of which three digits are told."""
_COUNTED = {"depth", "layers", "receptive_field"}
"""Numbers that are not told in per cent as well."""


def _more(total: Total) -> str:
    more = total.difference
    if more is None and total.name in _COUNTED:
        more = _between(total)
        if more is not None:
            return f"{'+' if more > 0 else '−' * (more < 0)}{abs(more):g}"
    if more is None:
        return "" if total.a == total.b else "other"
    if isinstance(more, SizeExpr):
        return _number(total, more)
    if more == 0:
        return "0"
    percent = ""
    if total.percent is not None and total.name not in _COUNTED:
        digits = ".1f" if abs(total.percent) >= 0.05 else ".1g"
        percent = f" ({total.percent:+{digits}} %)".replace("-", "−")
    return f"{'+' if more > 0 else '−'}{_number(total, abs(more))}{percent}"


def _between(total: Total) -> float | None:
    """What B has more of a number that is not whole, as a receptive field may be; None of other texts."""
    try:
        return float(str(total.b)) - float(str(total.a))
    except ValueError:  # `all`, `5x7`, a size that is not known
        return None
