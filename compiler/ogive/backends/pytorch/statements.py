"""Statements of a `forward`: which results get a variable, what it is called, and what is written into one
line.

A statement is a layer with weights and what stands around it: `y = F.relu(self.bn1(self.conv1(x)))`. A result
that is used once, and soon, is written where it is used; any other gets a variable. A variable is used again
when nobody needs what it holds, so that the flow stays `x`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ogive.backends.pytorch.names import variable
from ogive.graph import Ref

ROOM = 88
"""Characters up to which an expression may grow before it gets a variable."""
DEPTH = 5
"""Calls inside one another, likewise."""


@dataclass(eq=False, slots=True)
class Cell:
    """A tensor on its way: a variable, or an expression that has not been written yet.

    Attributes:
        text: the variable or expression.
        tight: whether it binds as tightly as a call.
        named: whether it is a variable.
        reads: the tensors in variables that it reads, once for each time.
        heavy: whether it calls a layer with weights, or a block.
        pre: whether it is complete: nothing but an addition or the like is written around it. So is a call of
            a block, and one with weights whose operand is an expression.
        active: whether it holds a norm or an activation.
        depth: calls inside one another.
        branch, wish: the name that suits where it stands, and the name it should have.
    """

    text: str
    tight: bool = True
    named: bool = False
    reads: list[Ref] = field(default_factory=list)
    heavy: bool = False
    pre: bool = False
    active: bool = False
    depth: int = 0
    branch: str = ""
    wish: str = ""


class Writer:
    """Collects statements.

    Args:
        consumers: how often each tensor is used.
        taken: words that no variable may be.
        branches: names of branches, which nothing outside of the branch may have.
    """

    def __init__(
        self, consumers: dict[Ref, int], taken: Iterable[str] = (), branches: Iterable[str] = ()
    ) -> None:
        self.lines: list[str] = []
        self.left = dict(consumers)
        self.cells: dict[Ref, Cell] = {}
        self.holder: dict[str, Ref] = {}
        self.taken = frozenset(taken)
        self.branches = frozenset(branches)
        self.kept: set[str] = set()
        self.open: list[Ref] = []

    # ------------------------------------------------------------------ variables

    def enter(self, ref: Ref, name: str) -> None:
        """Says that a tensor is there from the start, in a variable."""
        self.cells[ref] = Cell(name, named=True)
        self.holder[name] = ref

    def free(self, name: str) -> bool:
        """Whether a name holds nothing that is still needed."""
        ref = self.holder.get(name)
        return name not in self.taken and (
            ref is None or (self.left.get(ref, 0) <= 0 and name not in self.kept)
        )

    def pick(self, cell: Cell, operands: Sequence[str]) -> str:
        """A name for what a statement computes, once its operands are read."""
        if cell.wish:
            wished = variable(cell.wish, self.taken)
            if wished not in self.holder:
                self.kept.add(wished)
                return wished
        branch = cell.branch
        stem = f"{branch}_" if branch[1:] else "y"  # `y2` has others beside it, `y` stands for itself
        options = [branch or "x"]
        if not branch[1:]:
            options += [name for name in operands if not branch or name != "x"]
            options += ["y", "z"]
        for name in options:
            if self.free(name) and (name == branch or name not in self.branches):
                return name
        count = 1 if branch[1:] else 2
        while not self.free(f"{stem}{count}") or f"{stem}{count}" in self.branches:
            count += 1
        return f"{stem}{count}"

    def _read(self, cell: Cell) -> list[str]:
        """Counts down what a statement reads; the variables, once each."""
        names = dict.fromkeys(self.cells[ref].text for ref in cell.reads)
        for ref in cell.reads:
            self.left[ref] -= 1
        return list(names)

    def name(self, ref: Ref) -> str:
        """Makes sure that a tensor is in a variable."""
        cell = self.cells[ref]
        if not cell.named:
            chosen = self.pick(cell, self._read(cell))
            self.lines.append(f"{chosen} = {cell.text}")
            self._hold(chosen, ref)
        return self.cells[ref].text

    def _hold(self, name: str, ref: Ref) -> None:
        self.cells[ref] = Cell(name, named=True)
        self.holder[name] = ref

    def finish(self, refs: Sequence[Ref]) -> None:
        """Gives variables to expressions with weights that the next item, which takes `refs`, has nothing to
        do with.
        """
        for ref in self.open:
            if ref not in refs and not self.cells[ref].named:
                self.name(ref)
        self.open = [ref for ref in self.open if not self.cells[ref].named]

    # ------------------------------------------------------------------ expressions

    def operand(self, ref: Ref) -> tuple[str, bool]:
        """The text of a tensor inside an expression."""
        cell = self.cells[ref]
        return cell.text, cell.tight

    def reads(self, refs: Iterable[Ref]) -> list[Ref]:
        """The variables that an expression over some tensors reads."""
        found: list[Ref] = []
        for ref in refs:
            cell = self.cells[ref]
            found += [ref] if cell.named else cell.reads
        return found

    def settle(self, refs: Sequence[Ref], *, heavy: bool, spare: frozenset[Ref] = frozenset()) -> None:
        """Gives variables to the operands that are too much to be written into one more call.

        Args:
            refs: the operands.
            heavy: whether the call is one with weights.
            spare: operands that stay as they are.
        """
        for ref in dict.fromkeys(refs):
            cell = self.cells[ref]
            if cell.named or ref in spare:
                continue
            long = cell.depth >= DEPTH or len(cell.text) > ROOM - 20 * heavy
            if len(refs) > 1 and (cell.heavy or cell.branch[1:] or len(cell.text) > ROOM // 2):
                long = True
            if long or (cell.heavy and (heavy or cell.pre)):
                self.name(ref)

    def express(
        self,
        ref: Ref,
        text: str,
        tight: bool,
        refs: Sequence[Ref],
        *,
        heavy: bool,
        branch: str,
        wish: str,
        active: bool = False,
        done: bool = False,
    ) -> None:
        """Records what a tensor is; it gets a variable at once if it is used more than once."""
        inner = [self.cells[r] for r in refs if not self.cells[r].named]
        cell = Cell(
            text, tight, False, self.reads(refs),
            heavy=heavy or any(c.heavy for c in inner),
            pre=done or any(c.pre or (heavy and c.active and c.depth > 1) for c in inner),
            active=active or any(c.active for c in inner),
            depth=1 + max((c.depth for c in inner), default=0),
            branch=branch, wish=wish,
        )  # fmt: skip
        self.cells[ref] = cell
        self.open = [r for r in self.open if r not in refs]
        if self.left.get(ref, 0) != 1 or wish:
            self.name(ref)
        elif cell.heavy:
            self.open.append(ref)

    def several(
        self, refs: Sequence[Ref], text: str, operands: Sequence[Ref], wishes: Sequence[str], branch: str = ""
    ) -> None:
        """`a, b = …`: a call with several results; those that nobody uses are called `_`."""
        cell = Cell(text, reads=self.reads(operands))
        self.open = [r for r in self.open if r not in operands]
        names = self._read(cell)
        targets: list[str] = []
        for ref, wish in zip(refs, wishes, strict=True):
            if not self.left.get(ref, 0):
                targets.append("_")
                continue
            chosen = self.pick(Cell("", wish=wish, branch=branch), names)
            self._hold(chosen, ref)
            targets.append(chosen)
        self.lines.append(f"{', '.join(targets)}{',' * (len(targets) == 1)} = {text}")

    def loop(
        self,
        head: str,
        call: str,
        before: Sequence[Ref],
        after: Sequence[Ref],
        same: Sequence[Ref],
        branch: str = "",
    ) -> None:
        """A loop that carries some tensors from turn to turn.

        Args:
            head: `for block in self.conv3`.
            call: the call, with `{0}` … for the carried tensors and `{same0}` … for those that stay.
            before: the tensors that enter the first turn.
            after: those that leave the last, in the same order.
            same: those that every turn reads.
            branch: the name that suits what leaves it.
        """
        fixed = {f"same{i}": self.name(ref) for i, ref in enumerate(same)}
        names = [self.name(ref) for ref in before]
        for ref in before:
            self.left[ref] -= 1
        carried: list[str] = []
        for name, ref in zip(names, after, strict=True):
            stays = self.free(name) and name not in carried and (not branch[1:] or name == branch)
            chosen = name if stays else self.pick(Cell("", branch=branch), [])
            if chosen != name:
                self.lines.append(f"{chosen} = {name}")
            carried.append(chosen)
            self._hold(chosen, ref)
        for ref in same:  # only now: no turn may overwrite it
            self.left[ref] -= 1
        targets = ", ".join(carried)
        self.lines += [f"{head}:", f"    {targets} = {call.format(*carried, **fixed)}"]
