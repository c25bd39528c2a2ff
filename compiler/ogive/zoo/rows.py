"""What a list of networks says of each: its counts, and what enters and leaves it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ogive.layers.library import Library
    from ogive.layers.tensor import TensorType
    from ogive.pipeline import Program


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output.

    Attributes:
        name: as the program calls it.
        shape: without the batch; a size that is not known is a text.
        dtype: `float`, `int` or `bool`.
        text: how it is written: `3x224x224`, `int [128]`.
    """

    name: str
    shape: tuple[int | str, ...]
    dtype: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A network of a list.

    Attributes:
        name: the variant's, or the net's.
        params: parameters of the inference path, None where the network could not be made.
        params_with_heads: those that train, auxiliary heads among them.
        heads: how many auxiliary heads it has.
        macs: multiply-accumulates of one image; a text where they depend on unknown sizes.
        macs_text: the same as people read it: `4.09 G`.
        inputs: in order, without the batch.
        outputs: in order.
        unknown: the unknown sizes, and the least that each may be.
        needs: arguments without which there is no network to count.
        problem: the first mistake in it, with its code.
    """

    name: str
    params: int | None = None
    params_with_heads: int | None = None
    heads: int = 0
    macs: int | str | None = None
    macs_text: str = ""
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    unknown: tuple[tuple[str, int], ...] = ()
    needs: tuple[str, ...] = ()
    problem: str | None = None


def rows_of(
    program: Program, names: Iterable[str] | None = None, library: Library | None = None
) -> list[Row]:
    """A row for each network of a program, in the order of the text; what is wrong is said in its row.

    Args:
        program: the file.
        names: which of its nets and variants; unless given, those that need no argument, and the nets that
            need one and that no variant gives it to.
        library: the layers there are; the standard ones unless given.
    """
    from ogive.elaborate.modules import head_of
    from ogive.elaborate.program import needs_arguments, targets
    from ogive.syntax import ast

    items = targets(program.tree)
    named = {head_of(item.value) for item in items.values() if isinstance(item, ast.Variant)}
    needs = {name: tuple(needs_arguments(item)) for name, item in items.items() if name not in named}
    if names is None:
        complete = set(program.complete)
        names = [name for name in program.names if name in complete or needs.get(name)]
    rows: list[Row] = []
    endless: Row | None = None
    for name in names:
        if needs.get(name):
            rows.append(Row(name, needs=needs[name]))
        elif endless is not None:
            rows.append(Row(name, problem=f"not counted: `{endless.name}` took all the work there is"))
        else:
            rows.append(row_of(program, name, library))
            if (rows[-1].problem or "")[:4] == "E402":
                endless = rows[-1]  # one net that never ends is enough to wait for
    return rows


def row_of(program: Program, name: str, library: Library | None = None) -> Row:
    """One network of a program."""
    from ogive.diagnostics import ArchError
    from ogive.network import Network
    from ogive.pipeline import compile_target
    from ogive.report import counts
    from ogive.report.units import plain, rounded

    try:
        network = Network(compile_target(program, name, library=library))
    except ArchError as error:
        return Row(name, problem=first_mistake(error))
    return Row(
        name,
        params=network.params,
        params_with_heads=counts.params(network.unrolled, heads=True),
        heads=len(network.ir.heads),
        macs=plain(network.macs),
        macs_text=rounded(network.macs),
        inputs=_ports(network.inputs),
        outputs=_ports(network.outputs),
        unknown=tuple(network.unknowns.items()),
    )


def first_mistake(error: Exception) -> str:
    """`E201: …`, what is wrong with a program in one line."""
    from ogive.diagnostics import ArchError

    assert isinstance(error, ArchError)
    wrong = [d for d in error.diagnostics if d.severity == "error"]
    return f"{wrong[0].code}: {wrong[0].message}"


def _ports(named: Sequence[tuple[str, TensorType]]) -> tuple[Port, ...]:
    from ogive.report.units import plain

    return tuple(
        Port(name, tuple(plain(size) for size in type_.sizes), type_.dtype, str(type_))
        for name, type_ in named
    )


# --------------------------------------------------------------------------- in the index


def to_index(row: Row) -> dict[str, Any]:
    """A row as JSON keeps it: what is as in most rows is left out."""
    usual = asdict(Row(row.name, params_with_heads=row.params))
    return {key: value for key, value in asdict(row).items() if key == "name" or value != usual[key]}


def from_index(stored: Mapping[str, Any]) -> Row:
    """The row that `to_index` stored."""
    return Row(
        name=stored["name"],
        params=stored["params"],
        params_with_heads=stored.get("params_with_heads", stored["params"]),
        heads=stored.get("heads", 0),
        macs=stored["macs"],
        macs_text=stored["macs_text"],
        inputs=_stored_ports(stored["inputs"]),
        outputs=_stored_ports(stored["outputs"]),
        unknown=tuple((name, least) for name, least in stored.get("unknown", ())),
    )


def _stored_ports(stored: Iterable[Mapping[str, Any]]) -> tuple[Port, ...]:
    return tuple(Port(port["name"], tuple(port["shape"]), port["dtype"], port["text"]) for port in stored)
