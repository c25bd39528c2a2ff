"""The pieces as the brackets nest them: phrases, braces, lists, and how each looks on one line.

`flat` of a node is its text on one line, or None where it cannot stand on one: because it would be longer
than a line may be, because a comment is in it, or because its author broke it and that is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ogive.syntax.format.pieces import Piece

WIDTH = 120
"""Columns of a line, without the comment behind it."""

_TIGHT_BEFORE = frozenset({"COMMA", "COLON", "DOT", "RANGE"})
_TIGHT_AFTER = frozenset({"DOT", "RANGE", "NEGATE"})
_ENDS_CHUNK = frozenset({
    "COMMA", "PLUS", "MINUS", "STAR", "SLASH", "FLOOR", "PERCENT", "POWER", "LESSTHAN", "MORETHAN", "AT_MOST",
    "AT_LEAST", "EQUALS", "DIFFERS", "AND", "OR",
})  # fmt: skip


@dataclass(slots=True)
class Leaf:
    """A single piece. `type` is its own, but NEGATE for a minus before a value.

    `tight` is the colon between the ends of a slice.
    """

    piece: Piece
    type: str
    tight: bool = False

    @property
    def first(self) -> Piece:
        """The piece itself."""
        return self.piece

    @property
    def last(self) -> Piece:
        """The piece itself."""
        return self.piece

    @property
    def flat(self) -> str:
        """Its text, with the padding behind it."""
        return self.piece.text + " " * self.piece.pad


@dataclass(slots=True)
class Bracket:
    """`( … )` or `[ … ]`, cut at its commas.

    `called` says that it follows a value: a call, an index, a list of parameters. `plural` says that a comma
    may stand behind its last item, `hard` that its author broke it behind the opening bracket.
    """

    open: Leaf
    close: Leaf
    items: list[Phrase]
    commas: list[Leaf]
    called: bool
    plural: bool
    hard: bool
    flat: str | None = None

    @property
    def first(self) -> Piece:
        """The opening bracket."""
        return self.open.piece

    @property
    def last(self) -> Piece:
        """The closing bracket."""
        return self.close.piece

    @property
    def has_notes(self) -> bool:
        """Whether a comment stands right in it, between its items or behind one of them."""
        return (
            any(item.first.above or item.last.beside for item in self.items)
            or any(comma.piece.above or comma.piece.beside for comma in self.commas)
            or bool(self.open.piece.beside or self.close.piece.above)
        )

    def measure(self) -> None:
        """Set `flat`."""
        flats = [item.flat for item in self.items]
        if not self.hard and not self.has_notes and None not in flats:
            self.flat = _within(f"{self.open.flat}{', '.join(map(str, flats))}{self.close.flat}")


@dataclass(slots=True)
class Branch:
    """`| …`: the bar and the statements behind it."""

    bar: Leaf
    statements: list[Phrase]

    @property
    def flat(self) -> str | None:
        """It on one line, where it was written on one."""
        first, last = self.statements[0].first, self.statements[-1].last
        one_line = self.bar.piece.line == last.last and not (self.bar.piece.beside or first.above)
        text = _statements(self.statements) if one_line else None
        return None if text is None else _within(f"| {text}")


@dataclass(slots=True)
class Braces:
    """`{ … }`: statements, or branches, or the settings of a recipe."""

    open: Leaf
    close: Leaf
    statements: list[Phrase]
    branches: list[Branch]
    settings: bool
    flat: str | None = None

    @property
    def first(self) -> Piece:
        """The opening brace."""
        return self.open.piece

    @property
    def last(self) -> Piece:
        """The closing brace."""
        return self.close.piece

    @property
    def empty(self) -> bool:
        """Whether nothing at all stands in it, not even a comment."""
        held = self.statements or self.branches or self.open.piece.beside or self.close.piece.above
        return not held

    def measure(self) -> None:
        """Set `flat`: what was written on one line stays on it."""
        if self.empty:
            self.flat = "{ }"
        elif self.first.line == self.last.line:
            texts = [branch.flat for branch in self.branches] or [_statements(self.statements)]
            if None not in texts:
                self.flat = _within(f"{{ {' '.join(map(str, texts))} }}")


Node = Leaf | Bracket | Braces


@dataclass(slots=True)
class Phrase:
    """Nodes side by side, at least one: a statement, or what stands between two commas."""

    nodes: list[Node]
    flat: str | None = None

    @property
    def first(self) -> Piece:
        """The piece that it begins with."""
        return self.nodes[0].first

    @property
    def last(self) -> Piece:
        """The piece that it ends with."""
        return self.nodes[-1].last

    @property
    def word(self) -> str:
        """The type of what it begins with."""
        return self.first.type

    @property
    def chunks(self) -> list[list[Node]]:
        """Its nodes, cut where a line may end: before arrows, behind commas and operators."""
        result: list[list[Node]] = [[]]
        for node in self.nodes:
            if isinstance(node, Leaf) and node.type == "ARROW" and result[-1]:
                result.append([])
            result[-1].append(node)
            if isinstance(node, Leaf) and node.type in _ENDS_CHUNK and node is not self.nodes[-1]:
                result.append([])
        return result

    def measure(self) -> None:
        """Set `flat`. The comments above and beside the whole do not count."""
        broken = any(
            broken_by_author(before, node, behind)
            for before, node, behind in zip(self.nodes, self.nodes[1:], self.nodes[2:], strict=False)
        )
        self.flat = None if broken else joined(self.nodes)


def broken_by_author(before: Node, node: Node, behind: Node) -> bool:
    """Whether an arrow begins or ends a line. That is kept, for it groups the steps of a chain."""
    if not isinstance(node, Leaf) or node.type != "ARROW":
        return False
    arrow = node.piece
    ends_line = behind.first.line > arrow.last and not (arrow.beside or behind.first.above)
    return before.last.last < arrow.line or ends_line


def joined(nodes: Sequence[Node]) -> str | None:
    """Nodes on one line, if they can be."""
    texts: list[str] = []
    length, before = 0, None
    for node in nodes:
        flat = node.flat
        if flat is None or (before is not None and (before.last.beside or node.first.above)):
            return None
        texts.append((gap(before, node) if before is not None else "") + flat)
        length += len(texts[-1])
        if length > WIDTH:
            return None
        before = node
    return "".join(texts)


def gap(before: Node, node: Node) -> str:
    """What stands between two nodes on one line: a space or nothing."""
    if isinstance(node, Bracket) and node.called:
        return ""
    if isinstance(node, Leaf) and (node.type in _TIGHT_BEFORE or node.tight):
        return ""
    if isinstance(before, Leaf) and (before.type in _TIGHT_AFTER or before.tight):
        return ""
    return " "


def _statements(statements: Sequence[Phrase]) -> str | None:
    """Statements on one line, if they can be."""
    texts = [statement.flat for statement in statements]
    return None if None in texts else "; ".join(map(str, texts))


def _within(text: str) -> str | None:
    return text if len(text) <= WIDTH else None
