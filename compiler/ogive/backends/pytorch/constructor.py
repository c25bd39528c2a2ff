"""The `__init__` of a class."""

from __future__ import annotations

from collections.abc import Mapping

from ogive.backends.pytorch.forward import range_text, stored, unrolled
from ogive.backends.pytorch.model import Chain, Class, Instance, Leaf, Line, Maybe, Numbered, Part
from ogive.backends.pytorch.names import comment
from ogive.backends.pytorch.rows import Row, Segment
from ogive.backends.pytorch.structure import Op, Use
from ogive.backends.pytorch.unify import Expression, Slot, literal
from ogive.source import Span

NO_NAMES: Mapping[str, str] = {}


def parameters(cls: Class) -> list[str]:
    """Its parameters, without `self`."""
    return [a.name if a.default is ... else f"{a.name}={literal(a.default)}" for a in cls.params]


class Constructor:
    """Writes the `__init__` of one class.

    Attributes:
        lines: its statements, without the call of the parent's.
        helpers: which of `named` and `numbered` it uses.
    """

    def __init__(self, cls: Class) -> None:
        self.lines: list[str] = []
        self.helpers: set[str] = set()
        self.counted = False
        for name, attr in stored(cls).items():
            self.lines.append(f"self.{attr} = {name}")
        said = ""
        for line in cls.lines:
            before = len(self.lines)
            self._line(line)
            place = _place(line) if cls.model.parent is None else ""
            if place and place != said and len(self.lines) > before:
                self.lines[before] += f"  # {place}"
                said = place

    def _line(self, line: Line) -> None:
        if line.piece is not None:
            item = line.steps[0].first
            if line.piece.module is not None and item.attr:
                leaf = Leaf(item.attr, line.piece)
                if isinstance(item, Op) and item.each:
                    self._assign_each(leaf, item.each)
                else:
                    self._assign(leaf)
        elif line.row is not None:
            self._row(line, line.row)
        elif isinstance(line.part, Maybe):
            start = len(self.lines)
            self._assign(line.part.part)
            inner = self.lines[start:]
            condition = line.part.condition.expression.show(NO_NAMES)
            attr = line.part.part.attr
            self.lines[start:] = [
                f"if {condition}:",
                *(f"    {text}" for text in inner),
                "else:",
                f"    self.{attr} = nn.Identity()",
            ]  # fmt: skip
        elif line.part is not None:
            self._assign(line.part)

    def _assign(self, part: Part) -> None:
        self.lines.append(f"self.{part.attr} = {self.text(part)}")
        self._setup(part, "self")

    def _assign_each(self, leaf: Leaf, numbers: tuple[int, ...]) -> None:
        """A module for each use of something shared."""
        name = f'f"{leaf.attr}_{{use}}"'
        self.lines.append(f"for use in {range_text(numbers)}:")
        self.lines.append(f"    self.add_module({name}, {self.text(leaf)})")
        module = f"getattr(self, {name})"
        self.lines += ["    " + form.show(NO_NAMES, module=module)[0] for form in leaf.piece.setup]

    def _setup(self, part: Part, around: str) -> None:
        """Initialisers, behind the module that they set."""
        match part:
            case Leaf(attr, piece):
                self.lines += [form.show(NO_NAMES, module=f"{around}.{attr}")[0] for form in piece.setup]
            case Chain(attr, parts):
                for inner in parts:
                    self._setup(inner, f"{around}.{attr}")
            case _:
                pass

    def text(self, part: Part) -> str:
        """The expression that makes a module."""
        match part:
            case Leaf(_, piece):
                assert piece.module is not None
                return piece.module.show(NO_NAMES)[0]
            case Instance(_, cls, args):
                return instance(cls, args)
            case Chain(_, parts):
                self.helpers.add("named")
                return f"named({', '.join(f'{inner.attr}={self.text(inner)}' for inner in parts)})"
            case Numbered(_, row):
                return self.numbered(row)
            case Maybe(inner, _):
                return self.text(inner)

    def numbered(self, row: Row) -> str:
        """`numbered("basic", Basic(64, 128, stride=2), *(Basic(128, 128) for _ in range(3)))`."""
        if row.count == 1 and isinstance(row.segments[0].count, int):
            self.helpers.add("named")
            return f"named({row.prefix}{row.start}={instance(row.segments[0].cls, row.segments[0].base)})"
        self.helpers.add("numbered")
        start = f", start={row.start}" if row.start != 1 else ""
        self.counted = self.counted or bool(start)
        return f"numbered({literal(row.prefix)}, {', '.join(segment(s) for s in row.segments)}{start})"

    def _row(self, line: Line, row: Row) -> None:
        """The modules of a row as attributes of their own."""
        if unrolled(row):
            index = row.start
            for part in row.segments:
                assert isinstance(part.count, int)
                for turn in range(part.count):
                    self.lines.append(
                        f"self.{row.prefix}{index} = {instance(part.cls, part.base, part.step, str(turn))}"
                    )
                    index += 1
            return
        self.lines += [
            f"for name, block in {self.numbered(row)}.named_children():",
            "    self.add_module(name, block)",
        ]


def instance(cls: Class, args: list[Slot], steps: list[Slot | None] | None = None, index: str = "") -> str:
    """`Basic(64, 128, stride=2)`."""
    shown: list[str] = []
    for position, (atom, slot) in enumerate(zip(cls.params, args, strict=True)):
        step = steps[position] if steps else None
        text = (
            growing(slot.expression, step.expression, index)
            if step is not None
            else slot.expression.show(NO_NAMES)
        )
        if atom.default is ...:
            shown.append(text)
        elif slot.printed or step is not None:
            shown.append(f"{atom.name}={text}")
    return f"{cls.name}({', '.join(shown)})"


def growing(base: Expression, step: Expression, index: str) -> str:
    """`64 + 32 * i`."""
    if index.isdigit() and _is_int(base) and _is_int(step):
        return str(int(base.text) + int(index) * int(step.text))
    start = base.show(NO_NAMES)
    sign, size = "+", step.show(NO_NAMES, inside=True)
    if _is_int(step):
        number = int(step.text)
        sign, size = ("-", str(-number)) if number < 0 else ("+", str(number))
    grown = index if size == "1" else f"{size} * {index}"
    return f"{grown}" if start == "0" and sign == "+" else f"{start} {sign} {grown}"


def _is_int(expression: Expression) -> bool:
    return not expression.atoms and expression.text.lstrip("-").isdigit()


def segment(part: Segment) -> str:
    """One module, or a comprehension of several."""
    if part.count == 1:
        return instance(part.cls, part.base)
    count = part.count.expression.show(NO_NAMES) if isinstance(part.count, Slot) else part.count
    grows = any(step is not None for step in part.step)
    text = instance(part.cls, part.base, part.step, "i")
    return f"*({text} for {'i' if grows else '_'} in range({count}))"


def _place(line: Line) -> str:
    """Where a stage, clique or head of the net was written."""
    item = line.steps[0].first
    if (
        not isinstance(item, Use)
        or item.scope is None
        or item.scope.kind not in {"stage", "clique", "aux", "dense"}
    ):
        return ""
    return place(item.scope.region.span)


def place(span: Span | None) -> str:
    """`resnet.arch:24`."""
    if span is None:
        return ""
    return f"{file_name(span)}:{span.line}"


def file_name(span: Span) -> str:
    """The name of the file, without its folder, fit for a comment."""
    return comment(span.source.name.replace("\\", "/").rpartition("/")[2]) or "program"
