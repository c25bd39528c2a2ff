"""What stands in the columns of a list of networks, as text."""

from __future__ import annotations

from collections import Counter

from ogive.zoo.rows import Port, Row


def inputs_text(row: Row) -> str:
    """`3x224x224`, `int [128]`, `2 of 1x105x105`, `image 3x64x64, tokens int [16]`."""
    return _ports(row.inputs)


def heads_text(row: Row) -> str:
    """All parameters that train, where auxiliary heads have some: `13,378,280`."""
    return f"{row.params_with_heads:,}" if row.heads else ""


def remark(row: Row) -> str:
    """What a row has to say beside its numbers: heads, several outputs, least sizes, what is wrong."""
    from ogive.report.units import short

    if row.problem is not None:
        return row.problem
    if row.needs:
        return f"needs {', '.join(row.needs)}"
    said: list[str] = []
    if row.heads and row.params_with_heads is not None:
        with_ = "an aux head" if row.heads == 1 else f"{row.heads} aux heads"
        said.append(f"{short(row.params_with_heads)} with {with_}")
    if len(row.outputs) > 1:
        said.append(f"{len(row.outputs)} outputs")
    least = [f"{name} >= {size}" for name, size in row.unknown if size > 1]
    return "; ".join([*said, *least])


def _ports(ports: tuple[Port, ...]) -> str:
    alike = Counter(port.text for port in ports)
    if len(alike) == 1:
        ((text, count),) = alike.items()
        return text if count == 1 else f"{count} of {text}"
    return ", ".join(f"{port.name} {port.text}" for port in ports)
