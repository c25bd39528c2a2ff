"""Which scopes share a class, and what that class takes as parameters.

Scopes are compared without their values: those of one definition whose text is the same up to values share a class,
and the values that differ become its parameters (see `unify`). Inner classes are settled first, level by level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ogive.backends.pytorch.forms import Forms, Step
from ogive.backends.pytorch.names import RESERVED, attribute, class_name, unique, variable
from ogive.backends.pytorch.pieces import Piece, piece, torch_shape
from ogive.backends.pytorch.rows import Row, UnevenError, chunks, number, row
from ogive.backends.pytorch.structure import Op, Scope, Structure, Use
from ogive.backends.pytorch.unify import MISSING, Atom, Condition, Expression, Slot, solve
from ogive.graph import Ref

FEW = 3
"""A row of so many modules, or fewer, is written out in a class; longer ones become a loop."""


@dataclass(eq=False)
class Instance:
    """A module that is an instance of a class."""

    attr: str
    cls: Class
    args: list[Slot]


@dataclass(eq=False)
class Chain:
    """`named(conv1=…, bn1=…)`."""

    attr: str
    parts: list[Part]


@dataclass(eq=False)
class Leaf:
    """A layer with a module of its own."""

    attr: str
    piece: Piece


@dataclass(eq=False)
class Numbered:
    """`numbered("basic", …)`."""

    attr: str
    row: Row


@dataclass(eq=False)
class Optional:
    """A shortcut that only some instances have; in the others it is an identity."""

    part: Part
    condition: Slot


Part = Instance | Chain | Leaf | Numbered | Optional


@dataclass(eq=False)
class Line:
    """A step of a class, over all its instances.

    Attributes:
        step: the step of the first instance.
        piece: the text of a layer.
        part: what the constructor makes for it, if anything.
        row: several modules in a row, one after the other.
    """

    step: Step
    piece: Piece | None = None
    part: Part | None = None
    row: Row | None = None


@dataclass(eq=False)
class Class:
    """A class of the text.

    Attributes:
        scopes: its instances.
        name: its name.
        params: its parameters, in order.
        atoms: all names that its constructor could know.
        lines: what it does.
        args: for every instance the values of the parameters.
    """

    scopes: list[Scope]
    name: str = ""
    params: list[Atom] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    args: dict[Scope, list[Any]] = field(default_factory=dict)
    clique: Any = None

    @property
    def model(self) -> Scope:
        """The instance whose wiring is printed."""
        return self.scopes[0]


class Classes:
    """All classes of a graph, inner ones first."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.forms = Forms(structure)
        self.of: dict[Scope, Class] = {}
        self.all: list[Class] = []
        for level in self._levels():
            groups: dict[Any, list[Scope]] = {}
            for scope in level:
                groups.setdefault(self._key(scope), []).append(scope)
            for group in groups.values():
                for scopes in self._compatible(group):
                    self._settle(scopes)
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
            if self.forms.of[scope] == "class" and not (scope.use is not None and scope.use.same):
                levels.setdefault(height[scope], []).append(scope)
        return [levels[h] for h in sorted(levels)]

    def _key(self, scope: Scope) -> Any:
        """What scopes must have in common to share a class; equal keys mean the same text up to values."""
        numbers: dict[Ref, int] = {}

        def ids(refs: Sequence[Ref]) -> tuple[int, ...]:
            return tuple(numbers.setdefault(ref, len(numbers)) for ref in refs)

        ids(scope.inputs)
        found: list[Any] = []
        borrowed = {op: i for i, op in enumerate(scope.borrowed)}
        for step in self.forms.steps[scope]:
            item = step.first
            if isinstance(item, Op):
                owner = borrowed.get(item.owner, self.path(scope, item.owner)) if item.owner else None
                layer = (item.attr, owner, torch_shape(item.torch), item.node.layer.group, item.node.layer.output_saved)
                pin = item.node.local if item.node.pinned else None
                found.append(("op", layer, pin, item.branch, ids(item.operands), ids(item.outputs)))
            elif item.joint is not None:
                found.append(("shortcut", ids(item.operands), ids(item.outputs)))
            elif item.same is not None:
                found.append(("same", item.same.attr, len(step.items), step.wires, ids(item.operands), ids(step.last.outputs)))
            elif step.wires is not None or (item.turn is not None and number(item.attr)):
                kinds = tuple(cls for cls, _ in chunks([self.of[u.scope] for u in step.items if isinstance(u, Use) and u.scope]))
                named = number(item.attr)
                if all(isinstance(u, Use) and u.scope and self.forms.of[u.scope] == "class" for u in step.items):
                    simple = len(item.operands) == len(item.outputs) == 1
                    how = step.wires or ("alone" if not simple else (("carry", 0),))
                    found.append(("row", named, how, kinds, ids(item.operands), ids(step.last.outputs)))
            else:
                assert item.scope is not None
                lent = tuple(borrowed.get(op, self.path(scope, op)) for op in item.scope.borrowed)
                head = item.scope.kind == "aux"
                found.append(("use", item.attr, head, lent, self._inner_key(item.scope), ids(item.operands), ids(item.outputs)))
        clique = None if scope.region.clique is None else clique_key(scope)
        return (self._base(scope), len(scope.inputs), tuple(found), ids(scope.outputs), clique)

    def _inner_key(self, scope: Scope) -> Any:
        """The same for a scope as a module in the one around it."""
        form = self.forms.of[scope]
        if form == "class":
            return self.of[scope.use.same.scope if scope.use and scope.use.same and scope.use.same.scope else scope]
        if form == "row":
            uses = [u for u in scope.items if isinstance(u, Use)]
            kinds = tuple(cls for cls, _ in chunks([self.of[u.scope] for u in uses if u.scope]))
            return ("row", number(uses[0].attr), self.forms.steps[scope][0].wires or (("carry", 0),), kinds)
        return tuple(
            (item.attr, torch_shape(item.torch)) if isinstance(item, Op)
            else (item.attr, self._inner_key(item.scope) if item.scope else None)
            for item in scope.items
        )  # fmt: skip

    def path(self, scope: Scope, op: Op | None) -> str | None:
        """How a scope speaks of the module of a layer inside it: `conv2.bottleneck1.conv1`."""
        if op is None or op.attr is None:
            return None
        parts = [op.attr]
        for around in self.structure.home[op.node.name].chain:
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
            case "iteration" if region.parent is not None and self.structure.graph.regions[region.parent].kind == "dense":
                return "dense layer"
            case "iteration":
                return "iteration " + (number(attribute(region.name)) or (region.name, 0))[0]
            case kind:
                return f"{kind} {region.name.rstrip('0123456789') or region.name}"

    def _compatible(self, group: list[Scope]) -> list[list[Scope]]:
        """Parts of a group whose shortcuts, where they have them, are the same, and whose rows have a common pattern."""
        parts: list[tuple[list[Any], list[Scope]]] = []
        for scope in group:
            own = [
                None if use.scope is None else (use.attr, self._inner_key(use.scope))
                for step in self.forms.steps[scope]
                if isinstance(use := step.first, Use) and use.joint is not None
            ]
            for known, members in parts:
                if all(a is None or b is None or a == b for a, b in zip(known, own, strict=True)):
                    known[:] = [a if a is not None else b for a, b in zip(known, own, strict=True)]
                    members.append(scope)
                    break
            else:
                parts.append((own, [scope]))
        result: list[list[Scope]] = []
        for _, members in parts:
            try:
                self._lines(members)
            except UnevenError:
                by_length: dict[Any, list[Scope]] = {}
                for scope in members:
                    by_length.setdefault(self._lengths(scope), []).append(scope)
                result += by_length.values()
            else:
                result.append(members)
        return result

    def _lengths(self, scope: Scope) -> Any:
        """How long the rows in a scope are."""
        return tuple(
            tuple(len(s.items) for s in self.forms.steps[item.scope])
            if isinstance(item := step.first, Use) and item.scope is not None and self.forms.of[item.scope] == "row"
            else len(step.items)
            for step in self.forms.steps[scope]
        )

    # ------------------------------------------------------------------ what it takes

    def _settle(self, scopes: list[Scope]) -> None:
        """Makes the class of these scopes."""
        cls = Class(scopes)
        cls.lines = self._lines(scopes)
        atoms = self._atoms(scopes)
        slots = [slot for line in cls.lines for slot in line_slots(line)]
        if cls.model.region.clique is not None:
            cls.clique = clique_plan(scopes)
            slots = [*cls.clique.slots, *slots]
        self._conditions(cls, atoms)
        taken = {a.name for a in atoms} | RESERVED
        if len(scopes) == 1 or scopes[0].region.id == 0:
            atoms = []
        params = solve(slots, atoms, taken)
        plain = [a for a in params if a.default is ...]
        cls.params = plain + [a for a in params if a.default is not ...]
        for index, scope in enumerate(scopes):
            cls.args[scope] = [atom.values[index] for atom in cls.params]
            self.of[scope] = cls
        self.all.append(cls)

    def _atoms(self, scopes: list[Scope]) -> list[Atom]:
        """The parameters of the definition and the channels of the inputs."""
        regions = [scope.region for scope in scopes]
        given = [dict(region.arguments) for region in regions]
        defaults = dict(regions[0].defaults)
        atoms: list[Atom] = []
        taken: set[str] = set()
        for position in range(len(scopes[0].inputs)):
            values = [self.structure.graph.type(scope.inputs[position]).channels for scope in scopes]
            atoms.append(Atom(unique("in_channels", taken), list(values), given=False))
        for name in given[0]:
            values = [arguments.get(name) for arguments in given]
            if all(isinstance(v, (int, float, str, tuple)) for v in values):
                default = defaults.get(name, ...)
                fixed = default if isinstance(default, (int, float, str, tuple)) else ...
                atoms.append(Atom(unique(variable(name), taken), values, fixed))
        return [a for a in atoms if a.given] + [a for a in atoms if not a.given]

    def _conditions(self, cls: Class, atoms: list[Atom]) -> None:
        """Tells every optional shortcut which tensors it joins, so that its condition can speak of their channels."""
        type_ = self.structure.graph.type
        for line in cls.lines:
            if not isinstance(line.part, Optional):
                continue
            uses = [self._use(scope, line) for scope in cls.scopes]
            sums = [type_(use.joint.outputs[0]).channels if use.joint else 0 for use in uses]
            enters = tuple(type_(use.operands[0]).channels for use in uses)
            name = next((a.name for a in atoms if not a.given and tuple(a.values) == enters), None)
            if name is not None:
                line.part.condition.conditions = (Condition(name, enters, Slot(list(sums))),)

    def _use(self, scope: Scope, line: Line) -> Use:
        """The use in another instance that corresponds to a line's."""
        model = self.forms.steps[self._model_of(scope, line)]
        use = self.forms.steps[scope][model.index(line.step)].first
        assert isinstance(use, Use)
        return use

    def _model_of(self, scope: Scope, line: Line) -> Scope:
        del scope
        for candidate, steps in self._owners.items():
            if line.step in steps:
                return candidate
        raise KeyError(line)
