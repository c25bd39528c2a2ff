"""Which scopes share a class, and what that class takes as parameters.

Scopes are compared without their values: those of one definition whose text is the same up to values share a
class, and the values that differ become its parameters (see `unify`). Inner classes are settled first, level
by level.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ogive.backends.pytorch.clique import WORDS, body_helpers, join_results, plan, plan_key
from ogive.backends.pytorch.forms import Forms, Step
from ogive.backends.pytorch.model import (
    Chain,
    Class,
    Instance,
    Leaf,
    Line,
    Maybe,
    Numbered,
    Part,
    line_arguments,
    line_slots,
    part_slots,
)  # fmt: skip
from ogive.backends.pytorch.names import RESERVED, attribute, class_name, unique, variable
from ogive.backends.pytorch.pieces import piece, torch_shape
from ogive.backends.pytorch.rows import Row, UnevenError, chunks, number, row
from ogive.backends.pytorch.structure import Op, Scope, Structure, Use
from ogive.backends.pytorch.unify import MISSING, Atom, Condition, Slot, solve
from ogive.graph import Ref

_DEFINED = re.compile(r"^(?:class|def) (\w+)", re.MULTILINE)


class Classes:
    """All classes of a graph, inner ones first.

    Args:
        structure: its scopes.
        by_name: whether even a single output is returned under its name.
    """

    def __init__(self, structure: Structure, *, by_name: bool = False) -> None:
        self.structure = structure
        self.by_name = by_name
        join_results(structure)
        self.forms = Forms(structure)
        self.definitions = list(dict.fromkeys(_helpers(structure)))
        self.helpers = frozenset(name for text in self.definitions for name in re.findall(_DEFINED, text))
        self.of: dict[Scope, Class] = {}
        self.all: list[Class] = []
        for level in self._levels():
            groups: dict[Any, list[Scope]] = {}
            for scope in level:
                groups.setdefault(self._key(scope), []).append(scope)
            for group in groups.values():
                for scopes, lines in self._compatible(group):
                    self._settle(scopes, lines)
        self._name()

    # ------------------------------------------------------------------ who shares a class

    def _levels(self) -> list[list[Scope]]:
        """Scopes that are classes, by how deep the classes inside them nest; program order in each level."""
        height: dict[Scope, int] = {}
        for scope in reversed(self.structure.scopes):
            inner = [item.scope for item in scope.items if isinstance(item, Use) and item.scope is not None]
            height[scope] = max((height[s] + (self.forms.of[s] == "class") for s in inner), default=0)
        levels: dict[int, list[Scope]] = {}
        for scope in self.structure.scopes:
            again = any(around.use is not None and around.use.same is not None for around in scope.chain)
            if self.forms.of[scope] == "class" and not again:
                levels.setdefault(height[scope], []).append(scope)
        return [levels[h] for h in sorted(levels)]

    def _key(self, scope: Scope) -> Any:
        """What scopes must have in common to share a class; equal keys mean the same text up to values."""
        numbers: dict[Ref, int] = {}

        def ids(refs: Sequence[Ref]) -> tuple[int, ...]:
            return tuple(numbers.setdefault(ref, len(numbers)) for ref in refs)

        ids(scope.inputs)
        found: list[Any] = []
        borrowed: dict[Op | Use, int] = {op: i for i, op in enumerate(scope.borrowed)}
        for step in self.forms.steps[scope]:
            item = step.first
            if isinstance(item, Op):
                owner = borrowed.get(item.owner, self.path(scope, item.owner)) if item.owner else None
                layer = (
                    item.attr,
                    owner,
                    torch_shape(item.torch),
                    item.node.layer.group,
                    item.node.layer.output_saved,
                    item.each,
                )
                pin = item.node.local if item.node.pinned else None
                found.append(("op", layer, pin, item.branch, ids(item.operands), ids(item.outputs)))
            elif item.joint is not None:
                found.append(("shortcut", ids(item.operands), ids(item.outputs)))
            elif step.same is not None:
                made = self._inner_key(item.scope) if item.scope is not None and item.same is None else None
                lent = tuple(borrowed.get(op, self.path(scope, op)) for op in called(step.same).borrowed)
                named = borrowed.get(step.same, self.path(scope, step.same))
                which = tuple(number_of(use) for use in step.items if isinstance(use, Use))
                what = ("same", named, made, len(step.items), step.wires, lent, which)
                found.append((*what, ids(item.operands), ids(step.last.outputs)))
            elif self._is_row(step):
                kinds = tuple(
                    cls
                    for cls, _ in chunks(
                        [self.of[u.scope] for u in step.items if isinstance(u, Use) and u.scope]
                    )
                )
                how = step.wires or (
                    (("carry", 0),) if len(item.operands) == len(item.outputs) == 1 else None
                )
                found.append(
                    ("row", number(item.attr), how, kinds, ids(item.operands), ids(step.last.outputs))
                )
            else:
                assert item.scope is not None
                lent = tuple(borrowed.get(op, self.path(scope, op)) for op in item.scope.borrowed)
                head = item.scope.kind == "aux"
                found.append(
                    (
                        "use",
                        item.attr,
                        head or item.held,
                        lent,
                        self._inner_key(item.scope),
                        ids(item.operands),
                        ids(item.outputs),
                    )
                )
        clique = None if scope.region.clique is None else plan_key(scope)
        outputs = tuple(text for text, _ in scope.results) or ids(scope.outputs)
        return (self._base(scope), len(scope.inputs), tuple(found), outputs, clique)

    def _inner_key(self, scope: Scope) -> Any:
        """The same for a scope as a module in the one around it."""
        form = self.forms.of[scope]
        if form == "class":
            return self.of[
                scope.use.same.scope if scope.use and scope.use.same and scope.use.same.scope else scope
            ]
        if form == "row":
            uses = [u for u in scope.items if isinstance(u, Use)]
            kinds = tuple(cls for cls, _ in chunks([self.of[u.scope] for u in uses if u.scope]))
            return ("row", number(uses[0].attr), self.forms.steps[scope][0].wires or (("carry", 0),), kinds)
        return tuple(
            (item.attr, torch_shape(item.torch)) if isinstance(item, Op)
            else (item.attr, self._inner_key(item.scope) if item.scope else None)
            for item in scope.items
        )  # fmt: skip

    def path(self, scope: Scope, op: Op | Use | None) -> str | None:
        """How a scope speaks of the module of a layer or a part inside it: `conv2.bottleneck1.conv1`."""
        if op is None or op.attr is None:
            return None
        parts = [op.attr]
        for around in self.structure.where(op).chain:
            if around is scope:
                return ".".join(reversed(parts))
            if around.use is not None:
                parts.append(around.use.attr)
        return None

    def _base(self, scope: Scope) -> str:
        """What the definition is called; scopes of different names share no class."""
        region = scope.region
        match region.kind:
            case "net":
                return f"net {self.structure.graph.name}"
            case "block":
                return f"block {region.block or region.name}"
            case "iteration" if (
                region.parent is not None and self.structure.graph.regions[region.parent].kind == "dense"
            ):
                return "dense layer"
            case "iteration":
                return "iteration " + (number(attribute(region.name)) or (region.name, 0))[0]
            case "clique":
                return "clique"
            case kind:
                return f"{kind} {region.name.rstrip('0123456789') or region.name}"

    def _compatible(self, group: list[Scope]) -> list[tuple[list[Scope], list[Line]]]:
        """Parts of a group whose shortcuts, where they have them, are the same, and whose rows have a common
        pattern.
        """
        parts: list[tuple[list[Any], list[Scope]]] = []
        for scope in group:
            own = [
                None if use.scope is None else (use.attr, self._inner_key(use.scope))
                for step in self.forms.steps[scope]
                if isinstance(use := step.first, Use) and use.joint is not None
            ]
            for known, members in parts:
                both = [a if a is not None else b for a, b in zip(known, own, strict=True)]
                names = [a[0] for a in both if a is not None]
                agree = all(b is None or a == b for a, b in zip(both, own, strict=True))
                if agree and len(set(names)) == len(names):
                    known[:] = both
                    members.append(scope)
                    break
            else:
                parts.append((own, [scope]))
        result: list[tuple[list[Scope], list[Line]]] = []
        for _, members in parts:
            try:
                result.append((members, self._lines(members)))
            except UnevenError:
                by_length: dict[Any, list[Scope]] = {}
                for scope in members:
                    by_length.setdefault(self._lengths(scope), []).append(scope)
                result += [(scopes, self._lines(scopes)) for scopes in by_length.values()]
        return result

    def _lengths(self, scope: Scope) -> Any:
        """How long the rows in a scope are."""
        return tuple(
            tuple(len(s.items) for s in self.forms.steps[item.scope])
            if isinstance(item := step.first, Use)
            and item.scope is not None
            and self.forms.of[item.scope] == "row"
            else len(step.items)
            for step in self.forms.steps[scope]
        )

    # ------------------------------------------------------------------ what it takes

    def _lines(self, scopes: list[Scope]) -> list[Line]:
        """The steps of some scopes side by side.

        Raises:
            UnevenError: rows of different lengths have no common pattern.
        """
        return [
            self._line(list(steps))
            for steps in zip(*(self.forms.steps[scope] for scope in scopes), strict=True)
        ]

    def _line(self, steps: list[Step]) -> Line:
        first = steps[0].first
        if isinstance(first, Op):
            return Line(steps, piece=piece([s.first for s in steps if isinstance(s.first, Op)], MISSING))
        uses = [s.first for s in steps if isinstance(s.first, Use)]
        if first.joint is not None:
            present = [use.scope is not None for use in uses]
            if not any(present):
                return Line(steps)
            attr = next(use.attr for use in uses if use.scope is not None)
            part = self._part(attr, [use.scope for use in uses])
            if not all(present):
                part = Maybe(part, Slot(list(present), "project", flag=True))
            return Line(steps, part=part)
        if steps[0].same is not None:
            return (
                Line(steps)
                if first.same is not None
                else Line(steps, part=self._part(first.attr, [u.scope for u in uses]))
            )
        if self._is_row(steps[0]):
            return Line(steps, row=self._row([[u for u in s.items if isinstance(u, Use)] for s in steps]))
        return Line(steps, part=self._part(first.attr, [use.scope for use in uses]))

    def _is_row(self, step: Step) -> bool:
        """Whether a step is a row of numbered modules, be it of one."""
        first = step.first
        return (
            isinstance(first, Use)
            and step.same is None
            and first.turn is not None
            and number(first.attr) is not None
        )

    def _row(self, rows: list[list[Use] | None]) -> Row:
        """A row over all instances."""
        model = next(r for r in rows if r)
        prefix, start = number(model[0].attr) or ("", 1)
        instances = [
            None if r is None else [((cls := self.of[u.scope]), cls.args[u.scope]) for u in r if u.scope is
            not None] for r in rows
        ]  # fmt: skip
        return row(prefix, start, instances)

    def _part(self, attr: str, scopes: list[Scope | None]) -> Part:
        """What the constructor makes for a scope inside, over all instances."""
        model = next(scope for scope in scopes if scope is not None)
        form = self.forms.of[model]
        if form == "class":
            cls = self.of[model]
            columns = [
                [MISSING if s is None else cls.args[s][k] for s in scopes] for k in range(len(cls.params))
            ]
            args = [Slot(c, f"{attr}_{a.name}", a.default) for a, c in zip(cls.params, columns, strict=True)]
            return Instance(attr, cls, args)
        if form == "row":
            rows = [None if s is None else [u for u in s.items if isinstance(u, Use)] for s in scopes]
            found = self._row(rows)
            found.wires = self.forms.steps[model][0].wires
            return Numbered(attr, found)
        parts: list[Part] = []
        for index, item in enumerate(model.items):
            items = [None if s is None else s.items[index] for s in scopes]
            if isinstance(item, Op):
                ops = [i if isinstance(i, Op) else None for i in items]
                parts.append(Leaf(item.attr or "", piece(ops, MISSING)))
            else:
                parts.append(self._part(item.attr, [i.scope if isinstance(i, Use) else None for i in items]))
        return Chain(attr, parts)

    def _settle(self, scopes: list[Scope], lines: list[Line]) -> None:
        """Makes the class of these scopes."""
        cls = Class(scopes, lines=lines)
        atoms = self._atoms(scopes)
        slots = [slot for line in cls.lines for slot in line_slots(line)]
        if cls.model.region.clique is not None:
            cls.clique = plan(scopes)
            slots = [*cls.clique.slots, *slots]
        maybes = [line.part for line in cls.lines if isinstance(line.part, Maybe)]
        self._conditions(cls, atoms)
        alone = len(scopes) == 1
        if not alone:
            counts = Counter(name for line in cls.lines for name in line_arguments(line))
            for slot in slots:
                slot.short = slot.short if counts[slot.short] == 1 else ""
        params = solve(
            [*slots, *(m.condition for m in maybes)],
            [] if alone else atoms,
            {a.name for a in atoms} | RESERVED | self.helpers | (WORDS if cls.clique else frozenset()),
        )
        order = {"channels": 0, "given": 1, "new": 2}
        params.sort(key=lambda atom: (atom.default is not ..., order[atom.kind]))
        cls.params = params
        for index, scope in enumerate(scopes):
            cls.args[scope] = [atom.values[index] for atom in params]
            self.of[scope] = cls
        self.all.append(cls)

    def _atoms(self, scopes: list[Scope]) -> list[Atom]:
        """The parameters of the definition and the channels of the inputs."""
        given = [dict(scope.region.arguments) for scope in scopes]
        defaults = dict(scopes[0].region.defaults)
        avoid = self.helpers | (WORDS if scopes[0].region.clique is not None else frozenset())
        taken: set[str] = set()
        channels = [
            Atom(
                unique("in_channels", taken),
                [self.structure.graph.type(scope.inputs[position]).channels for scope in scopes],
                kind="channels",
            )
            for position in range(len(scopes[0].inputs))
        ]
        atoms: list[Atom] = []
        for name in given[0]:
            values = [arguments.get(name) for arguments in given]
            if all(isinstance(v, _PLAIN) for v in values):
                default = defaults.get(name, ...)
                atoms.append(
                    Atom(
                        unique(variable(name, avoid), taken),
                        values,
                        default if isinstance(default, _PLAIN) else ...,
                    )
                )
        return atoms + channels

    def _conditions(self, cls: Class, atoms: list[Atom]) -> None:
        """Tells every optional shortcut which tensors it joins, so that its condition can speak of their
        channels.
        """
        type_ = self.structure.graph.type
        for line in cls.lines:
            if not isinstance(line.part, Maybe):
                continue
            uses = [s.first for s in line.steps if isinstance(s.first, Use)]
            sums = [type_(use.joint.outputs[0]).channels if use.joint else 0 for use in uses]
            enters = [type_(use.operands[0]).channels for use in uses]
            for slot in part_slots(line.part.part):
                slot.kin = (enters, sums)
            name = next((a.name for a in atoms if a.kind == "channels" and a.values == enters), None)
            if name is not None:
                line.part.condition.conditions = (Condition(name, tuple(enters), Slot(list(sums))),)

    # ------------------------------------------------------------------ what it is called

    def _name(self) -> None:
        """Gives every class its name; the net's comes first, then the others in the order of the text."""
        taken = {*self.helpers, "named", "numbered"}
        net = self.of[self.structure.net]
        net.name = unique(class_name(self.structure.graph.name), taken)
        for cls in self.all:
            if cls is not net:
                cls.name = unique(class_name(self._title(cls)), taken, "")

    def _title(self, cls: Class) -> str:
        region = cls.model.region
        if region.kind == "block":
            return region.block or region.name
        if region.kind == "iteration":
            base = self._base(cls.model)
            return base if base == "dense layer" else re.sub(r"[\d_]+$", "", region.name) or "step"
        if region.kind == "clique":
            return "clique"
        names = {scope.region.name for scope in cls.scopes}
        stem = region.name.rstrip("0123456789_")
        alike = sum(self._base(other.model) == self._base(cls.model) for other in self.all)
        return (
            region.name
            if region.kind == "stage" and (len(names) == 1 or (alike > 1 and not stem))
            else stem or region.name
        )


def called(use: Use) -> Scope:
    """The scope whose module a use calls."""
    scope = use.same.scope if use.same is not None else use.scope
    assert scope is not None
    return scope


def number_of(use: Use) -> str | None:
    """What a call says about which use of something shared it is: its number, or `use` inside of one."""
    scope = called(use)
    if scope.numbered is None:
        return None
    mine = use.scope.region.shared if use.scope is not None else None
    return str(mine.number) if mine is not None and mine.path == _path_of(scope) else "use"


def _path_of(scope: Scope) -> str | None:
    """The path of what is shared whose numbers a module is told, if it is that itself."""
    shared = scope.region.shared
    return scope.numbered if shared is not None and shared.path == scope.numbered else None


def _helpers(structure: Structure) -> Iterator[str]:
    """The definitions that the texts of the layers need, in program order."""
    for op in structure.ops.values():
        yield from op.torch.helpers
    for scope in structure.scopes:
        if scope.region.clique is not None:
            yield from body_helpers(scope.region.clique)


_PLAIN = (int, float, str, tuple)
