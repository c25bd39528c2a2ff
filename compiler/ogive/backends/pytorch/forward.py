"""The `forward` of a class."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ogive.backends.pytorch.classes import Classes, called, number_of
from ogive.backends.pytorch.forms import Step
from ogive.backends.pytorch.model import Class, Line
from ogive.backends.pytorch.names import attribute, unique, variable
from ogive.backends.pytorch.pieces import Form
from ogive.backends.pytorch.rows import Row
from ogive.backends.pytorch.statements import Writer
from ogive.backends.pytorch.structure import Item, Op, Scope, Use
from ogive.backends.pytorch.unify import Slot, literal
from ogive.graph import Graph, Ref
from ogive.layers.code import Template

FEW = 3
"""A row of so many modules, or fewer, is written out; longer ones become a loop."""
LIGHT = frozenset({"norm", "act", "dropout", "pool", "shape", "merge", "scale"})
"""Groups of layers that are written around a layer with weights."""
ACTIVE = frozenset({"norm", "act"})
"""Of these, those that a convolution has before or behind it."""
SHORT = 30
"""Characters of an expression that stays inside a call that has more around it."""
ROOM_FOR_ALL = 92
"""Characters of an expression, at most."""
FRESH = frozenset({"conv", "norm", "linear", "merge", "pool"})
"""Groups of layers whose result is memory of its own, that nothing else shows."""


def unrolled(row: Row) -> bool:
    """Whether the modules of a row stand in a class line by line."""
    return isinstance(row.count, int) and row.count <= FEW


class Forward:
    """Writes the `forward` of one class.

    Attributes:
        arguments: its parameters, without `self`.
        lines: its statements.
    """

    def __init__(self, classes: Classes, cls: Class) -> None:
        self.classes = classes
        self.graph: Graph = classes.structure.graph
        self.scope: Scope = cls.model
        self.aliases = aliases(cls.lines)
        consumers = count(cls.lines, self.scope.outputs, self.aliases)
        self.makers = {ref: line.steps[0].last for line in cls.lines for ref in line.steps[0].last.outputs}
        self.next: dict[Ref, list[Item]] = {}
        for item in self.scope.items:
            for ref in item.operands:
                self.next.setdefault(self.at(ref), []).append(item)
        self.users = self._users(cls.lines)
        branches = {item.branch for item in self.scope.items if item.branch}
        self.writer = Writer(consumers, classes.helpers, branches)
        self.consumers = consumers
        self.stored = {name: f"self.{attr}" for name, attr in stored(cls).items()}
        self.arguments = self._arguments()
        for line in cls.lines:
            self._line(line)
        end = self._return()
        self.lines = [*self.writer.lines, *end]

    def at(self, ref: Ref) -> Ref:
        """The tensor itself, behind identities."""
        return resolve(self.aliases, ref)

    def _arguments(self) -> list[str]:
        names: list[str] = []
        taken: set[str] = set()
        for index, ref in enumerate(self.scope.inputs):
            name = "x"
            if self.scope.parent is None and len(self.scope.inputs) > 1:
                name = variable(ref.node, self.classes.helpers)
            elif index:
                name = f"x{index + 1}"
            names.append(unique(name, taken))
            self.writer.enter(ref, names[-1])
        self.borrowed: dict[Op | Use, str] = {}
        for op in self.scope.borrowed:
            self.borrowed[op] = unique(variable(op.attr or "layer", self.classes.helpers), taken)
            names.append(self.borrowed[op])
        self.writer.taken |= frozenset(self.borrowed.values())
        return [*names, "use"] if self.scope.numbered is not None else names

    def _users(self, lines: Sequence[Line]) -> dict[Ref, list[tuple[int, set[int]]]]:
        """For every tensor its users: where they stand, and the transparent regions around them that it
        enters.
        """
        users: dict[Ref, list[tuple[int, set[int]]]] = {}
        for position, line in enumerate(lines):
            for item in line.steps[0].items:
                around = self._around(item)
                for ref in item.operands:
                    ref = self.at(ref)
                    inside = {id for id in around if ref in map(self.at, self.graph.regions[id].inputs)}
                    users.setdefault(ref, []).append((position, inside))
        for ref in self.scope.outputs:
            users.setdefault(self.at(ref), []).append((len(lines), set()))
        return users

    def _around(self, item: Item) -> list[int]:
        """The regions between an item and the scope, from the inside."""
        if isinstance(item, Op):
            region = item.node.region
        elif item.joint is not None:
            region = item.joint.node.region
        else:
            region = item.scope.region.parent if item.scope is not None else None
        found: list[int] = []
        for around in self.graph.ancestors(region) if region is not None else ():
            if around.id == self.scope.region.id:
                break
            found.append(around.id)
        return found

    def _wish(self, ref: Ref) -> str:
        """The name that a tensor should have: what `as` called it, or, for one that is taken up again later,
        its own.
        """
        item = self.makers.get(ref)
        if ref.output and isinstance(item, Op) and item.node.layer.parts:
            return item.node.layer.parts[ref.output - 1]
        if isinstance(item, Op) and item.node.pinned and self.consumers.get(ref, 0) > 1:
            return item.node.local
        users = self.users.get(ref, [])
        places = [position for position, _ in users]
        together = len(users) < 2 or max(places) - min(places) < len(users)
        if together or set[int].intersection(*(inside for _, inside in users)):
            return ""
        if isinstance(item, Use):
            return item.attr
        return item.node.local if isinstance(item, Op) else ""

    # ------------------------------------------------------------------ steps

    def _line(self, line: Line) -> None:
        item = line.steps[0].first
        if item.held:
            return  # made here, for others to call
        if isinstance(item, Op):
            self._layer(item, line)
        elif item.joint is not None:
            if line.part is not None:
                self._call(f"self.{line.part.attr}", item, heavy=False)
        elif line.steps[0].same is not None:
            self._shared(line)
        elif line.row is not None:
            self._row(line, line.row)
        elif item.scope is not None and self.classes.forms.of[item.scope] == "row" and len(item.outputs) > 1:
            self._container(item)
        else:
            self._call(f"self.{item.attr}", item)

    def _module(self, op: Op) -> str:
        """The text of a layer's module."""
        if op.each:
            return f'getattr(self, f"{op.attr}_{{use}}")'
        return f"self.{op.attr}" if op.owner is None else self._held(op.owner)

    def _held(self, what: Op | Use) -> str:
        """The text of a module that somebody else has."""
        return self.borrowed.get(what, f"self.{self.classes.path(self.scope, what)}")

    def _further(self, use: Use, number: str | None = None) -> list[str]:
        """What a call hands on besides tensors: modules, and which use it is of something shared."""
        if use.scope is None:
            return []
        number = number or number_of(use)
        return [*map(self._held, called(use).borrowed), *([number] if number is not None else [])]

    def _layer(self, op: Op, line: Line) -> None:
        assert line.piece is not None
        form = line.piece.forward
        module = self._module(op) if op.torch.module is not None else ""
        if (form is None and not module) or is_identity(op):
            return
        refs = [self.at(ref) for ref in op.operands]
        write_layer(
            self.writer, op, refs, line.piece.inplace if self._overwritable(line, refs) else form, module,
            self.stored, self._wish, followed=self._followed(op),
        )  # fmt: skip

    def _followed(self, op: Op) -> bool:
        """Whether the only user of a layer is a norm or an activation."""
        users = self.next.get(op.outputs[0], [])
        return len(users) == 1 and isinstance(users[0], Op) and users[0].node.layer.group in ACTIVE

    def _overwritable(self, line: Line, refs: Sequence[Ref]) -> bool:
        """Whether the first operand's memory may be used for the result."""
        if line.piece is None or line.piece.inplace is None:
            return False
        return overwritable(refs, self.makers.get(refs[0]), self.consumers)

    def _call(self, module: str, use: Use, *, heavy: bool = True) -> None:
        """`x = self.conv2(x)`."""
        refs = [self.at(ref) for ref in use.operands]
        lent = self._further(use)
        self.writer.finish(refs)
        self.writer.settle(refs, heavy=heavy)
        text = f"{module}({', '.join([*(self.writer.operand(ref)[0] for ref in refs), *lent])})"
        # a feature that is taken out of a head is computed in evaluation as well: there are no heads then
        training = use.scope is not None and use.scope.kind == "aux" and bool(self.graph.heads)
        if training and len(use.outputs) == 1:
            text = f"{module}({', '.join([*map(self.writer.name, refs), *lent])}) if self.training else None"
            self.writer.express(use.outputs[0], text, False, refs, heavy=True, branch="", wish=use.attr)
            self.writer.name(use.outputs[0])
        elif len(use.outputs) == 1:
            ref = use.outputs[0]
            self.writer.express(
                ref, text, True, refs, heavy=heavy, branch=use.branch, wish=self._wish(ref), done=heavy
            )
        else:
            clique = use.scope is not None and use.scope.region.clique is not None
            heads = {head.ref: head.name for head in self.graph.heads}
            if training:  # with a head of its own in it
                text += f" if self.training else ({', '.join(['None'] * len(use.outputs))})"
            wishes = [
                (heads.get(ref) or ref.node).rpartition(".")[2] if clique or ref in heads else self._wish(ref)
                for ref in use.outputs
            ]
            self.writer.several(use.outputs, text, refs, wishes, use.branch)

    def _container(self, use: Use) -> None:
        """A row of blocks that pass on several tensors: `for block in self.conv3`."""
        assert use.scope is not None
        wires = self.classes.forms.steps[use.scope][0].wires or ()
        self._carry(f"for block in self.{use.attr}", "block", use.operands, use.outputs, wires, use.branch)

    def _row(self, line: Line, row: Row) -> None:
        uses = [u for u in line.steps[0].items if isinstance(u, Use)]
        if unrolled(row) or line.steps[0].wires is None:
            for use in uses:
                self._call(f"self.{use.attr}", use)
            return
        last = (
            row.start - 1 + row.count
            if isinstance(row.count, int)
            else row.count.expression.show(self.stored)
        )
        if not isinstance(row.count, int) and row.start > 1:
            last = f"{row.start - 1} + {last}"
        end = last + 1 if isinstance(last, int) else one_more(last)
        module = f'getattr(self, f"{row.prefix}{{i}}")'
        self._carry(
            f"for i in range({row.start}, {end})",
            module,
            uses[0].operands,
            uses[-1].outputs,
            line.steps[0].wires,
            uses[-1].branch,
        )

    def _shared(self, line: Line) -> None:
        """The same module several times."""
        uses = [u for u in line.steps[0].items if isinstance(u, Use)]
        same = line.steps[0].same
        assert same is not None
        if not in_turn(line.steps[0]):
            for use in uses:
                self._call(self._held(same), use)
            return
        assert line.steps[0].wires is not None
        numbers = [number_of(use) for use in uses]
        head, number = f"for _ in range({len(uses)})", numbers[0]
        if number is not None and number != "use":
            head, number = f"for use in {range_text([int(n or 0) for n in numbers])}", "use"
        self._carry(
            head,
            self._held(same),
            uses[0].operands,
            uses[-1].outputs,
            line.steps[0].wires,
            uses[-1].branch,
            further=self._further(uses[0], number),
        )

    def _carry(
        self,
        head: str,
        module: str,
        before: Sequence[Ref],
        after: Sequence[Ref],
        wires: Sequence[tuple[str, int]],
        branch: str,
        *,
        further: Sequence[str] = (),
    ) -> None:
        carried: dict[int, Ref] = {}
        same: list[Ref] = []
        places: list[str] = []
        for (how, index), ref in zip(wires, before, strict=True):
            if how == "carry":
                carried[index] = self.at(ref)
                places.append(f"{{{index}}}")
            else:
                places.append(f"{{same{len(same)}}}")
                same.append(self.at(ref))
        module = module.replace("{", "{{").replace("}", "}}")
        entering = [carried[i] for i in range(len(after))]
        places += [text.replace("{", "{{").replace("}", "}}") for text in further]
        self.writer.loop(head, f"{module}({', '.join(places)})", entering, after, same, branch)

    # ------------------------------------------------------------------ the end

    def _return(self) -> list[str]:
        outputs = [self.at(ref) for ref in self.scope.outputs]
        if self.scope.parent is not None:
            return [f"return {', '.join(self.writer.operand(ref)[0] for ref in outputs)}"]
        graph = self.graph
        heads = [(head.name, self.at(head.ref), head.weight) for head in graph.heads]
        if heads:
            for ref in outputs:
                self.writer.name(ref)
        text = self._results([(name, self.at(ref)) for name, ref in graph.outputs])
        if not heads:
            return [f"return {text}"]
        shown = ", ".join(
            f"{literal(name)}: ({self.writer.name(ref)}, {literal(weight)})" for name, ref, weight in heads
        )
        return ["if self.training:", f"    return {text}, {{{shown}}}", f"return {text}"]

    def _results(self, outputs: list[tuple[str, Ref]]) -> str:
        if len(outputs) == 1 and not self.classes.by_name:
            return self.writer.operand(outputs[0][1])[0]
        return (
            "{" + ", ".join(f"{literal(name)}: {self.writer.operand(ref)[0]}" for name, ref in outputs) + "}"
        )


def in_turn(step: Step) -> bool:
    """Whether uses of one module are written as a loop."""
    held = isinstance(step.last, Use) and step.last.same is not None and step.last.same.held
    return step.wires is not None and len(step.items) > (2 if held else FEW)


def one_more(count: str) -> str:
    """`self.num_basic + 1`; after `self.n - 1` it is `self.n`."""
    counted = re.fullmatch(r"([\w.]+) ([+-]) (\d{1,9})", count)
    if counted is None:
        return f"{count} + 1"
    total = int(f"{counted[2]}{counted[3]}") + 1
    return f"{counted[1]} {'+' if total > 0 else '-'} {abs(total)}" if total else counted[1]


def range_text(numbers: Sequence[int]) -> str:
    """`range(1, 4)`, or the numbers one by one where some are left out."""
    if list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return f"range({numbers[0]}, {numbers[-1] + 1})"
    return str(tuple(numbers))


# ------------------------------------------------------------------ what a clique's body uses as well


def is_identity(op: Op) -> bool:
    """Whether a layer is the tensor itself."""
    form = op.torch.forward
    return op.torch.module is None and isinstance(form, Template) and form.text == "{0}"


def aliases(lines: Sequence[Line]) -> dict[Ref, Ref]:
    """Tensors that are others: results of identities, and of shortcuts that no instance fills."""
    found: dict[Ref, Ref] = {}
    for line in lines:
        item = line.steps[0].first
        if (isinstance(item, Op) and is_identity(item)) or (
            isinstance(item, Use) and item.scope is None and line.part is None
        ):
            found[item.outputs[0]] = resolve(found, item.operands[0])
    return found


def resolve(aliases: Mapping[Ref, Ref], ref: Ref) -> Ref:
    """The tensor behind identities."""
    return aliases.get(ref, ref)


def count(lines: Sequence[Line], outputs: Sequence[Ref], known: Mapping[Ref, Ref]) -> dict[Ref, int]:
    """How often the text will speak of each tensor."""
    counts: dict[Ref, int] = {}
    for line in lines:
        step = line.steps[0]
        if step.last.outputs and step.last.outputs[0] in known:
            continue
        single = (
            step.wires is None
            or (line.row is not None and unrolled(line.row))
            or (line.row is None and not in_turn(step))
        )
        for item in step.items if single else step.items[:1]:
            for ref in item.operands:
                ref = resolve(known, ref)
                counts[ref] = counts.get(ref, 0) + 1
    for ref in outputs:
        ref = resolve(known, ref)
        counts[ref] = counts.get(ref, 0) + 1
    return counts


def overwritable(refs: Sequence[Ref], maker: object, consumers: Mapping[Ref, int]) -> bool:
    """Whether the memory of the first operand may be used for the result: nobody else reads it, autograd does
    not keep it, and it is no other tensor's memory.
    """
    if not isinstance(maker, Op) or consumers.get(refs[0], 0) != 1:
        return False
    return maker.node.layer.group in FRESH and not maker.node.layer.output_saved and not is_identity(maker)


def write_layer(
    writer: Writer,
    op: Op,
    refs: Sequence[Ref],
    form: Form | None,
    module: str,
    names: Mapping[str, str],
    wish: Callable[[Ref], str],
    *,
    followed: bool = False,
) -> None:
    """Adds a layer to the statements; `followed` says that a norm or an activation comes next."""
    group = op.node.layer.group
    heavy = bool(module) and group not in LIGHT
    writer.finish(refs)
    writer.settle(refs, heavy=heavy)
    for ref in dict.fromkeys(refs) if heavy and followed else ():
        if not writer.cells[ref].active and len(writer.cells[ref].text) > SHORT:
            writer.name(ref)
    if form is not None and isinstance(form.form, Template):
        for index, ref in enumerate(refs):
            if form.form.text.count(f"{{{index}}}") > 1:
                writer.name(ref)
    text, tight = _text(writer, refs, form, module, names)
    if len(text) > ROOM_FOR_ALL and any(not writer.cells[ref].named for ref in refs):
        for ref in dict.fromkeys(refs):
            writer.name(ref)
        text, tight = _text(writer, refs, form, module, names)
    outputs = op.outputs
    if len(outputs) == 1:
        writer.express(
            outputs[0],
            text,
            tight,
            refs,
            heavy=heavy,
            branch=op.branch,
            wish=wish(outputs[0]),
            active=group in ACTIVE,
        )
    else:
        writer.several(outputs, text, refs, [wish(ref) for ref in outputs], op.branch)


def _text(
    writer: Writer, refs: Sequence[Ref], form: Form | None, module: str, names: Mapping[str, str]
) -> tuple[str, bool]:
    operands = [writer.operand(ref) for ref in refs]
    if form is None:
        return f"{module}({', '.join(text for text, _ in operands)})", True
    return form.show(names, operands, module)


def stored(cls: Class) -> dict[str, str]:
    """The parameters that `forward` needs, and the attributes that keep them."""
    slots: list[Slot] = []
    for line in cls.lines:
        if line.piece is not None and line.piece.forward is not None:
            slots += line.piece.forward.slots
        if line.row is not None and isinstance(line.row.count, Slot) and not unrolled(line.row):
            slots.append(line.row.count)
    if cls.clique is not None:
        slots += cls.clique.forward_slots
    names = {name for slot in slots for name in slot.expression.atoms}
    attrs = {item.attr for item in cls.model.items if item.attr}
    found: dict[str, str] = {}
    for atom in cls.params:
        if atom.name in names:
            found[atom.name] = unique(attribute(atom.name), attrs)
    return found
