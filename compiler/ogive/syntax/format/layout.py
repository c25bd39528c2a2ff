"""From nodes to lines. What fits on a line stands on one, unless its author broke it where that is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ogive.syntax.format.align import align_items, align_settings, cells
from ogive.syntax.format.pieces import Note, Piece
from ogive.syntax.format.tree import (
    WIDTH,
    Braces,
    Bracket,
    Branch,
    Leaf,
    Node,
    Phrase,
    broken_by_author,
    gap,
    joined,
)
from ogive.syntax.lexeme import CLOSERS

INDENT = 2


@dataclass(slots=True)
class _Line:
    text: str
    note: Note | None = None


def layout(items: list[Phrase], end: Piece) -> str:
    """The text of a file."""
    align_items(items)
    printer = _Printer()
    printer.items(items)
    printer.comments(end, 0, blanks=True, apart=bool(items))
    return _text(printer.finish())


def _text(lines: list[_Line]) -> str:
    """Lines with the comments behind them: two spaces behind, or in the column that several of them share."""
    columns = Counter(
        line.note.column for line in lines if line.note is not None and len(line.text) + 2 <= line.note.column
    )
    result: list[str] = []
    for line in lines:
        text = line.text
        if line.note is not None:
            column, nearest = line.note.column, len(text) + 2
            shared = column >= nearest and columns[column] > 1
            text = f"{text:{column if shared else nearest}}{line.note.text}"
        result.append(f"{text}\n")
    return "".join(result)


class _Printer:
    """Writes line after line.

    `indent` is what the brackets that open on the present line go back to. `waiting` holds the comments to be
    put behind the present line, which ends with them.
    """

    def __init__(self) -> None:
        self._lines: list[_Line] = []
        self._texts: list[str] = []
        self._column = 0
        self._indent = 0
        self._waiting: list[Note] = []
        self._commented: Piece | None = None  # the comments above this one are written

    # ----------------------------------------------------------------- lines

    def finish(self) -> list[_Line]:
        """All lines."""
        self._newline(0)
        return self._lines

    def _newline(self, indent: int) -> None:
        if self._texts:
            self._lines.append(_Line("".join(self._texts), self._waiting[0] if self._waiting else None))
            del self._waiting[:1]
        for note in self._waiting:
            self._lines.append(_Line(" " * indent + note.text))
        self._waiting.clear()
        self._texts.clear()
        self._column = self._indent = indent

    def _blank(self) -> None:
        if self._lines and self._lines[-1].text:
            self._lines.append(_Line(""))

    def _put(self, space: str, text: str) -> None:
        """Text on the present line, with a space before it unless it begins the line."""
        if not self._texts:
            space = " " * self._column
            self._column = 0
        self._texts += (space, text)
        self._column += len(space) + len(text)

    def _begin(self, piece: Piece, indent: int) -> None:
        """A new line, if comments stand before this piece; and those that have one to themselves."""
        if piece.above and piece is not self._commented:
            self._newline(indent)
            self.comments(piece, indent, blanks=False)
        elif self._waiting:
            self._newline(indent)

    def comments(self, piece: Piece, indent: int, *, blanks: bool, apart: bool = False) -> None:
        """The comments above a piece, with the empty lines between them if they are wanted; and `apart` with
        the one above them.
        """
        self._newline(indent)
        for number, note in enumerate(piece.above):
            if blanks and note.blank and (number or apart):
                self._blank()
            self._lines.append(_Line(" " * indent + note.text))
        if blanks and piece.above and piece.blank and piece.type not in CLOSERS:
            self._blank()
        self._commented = piece

    # ----------------------------------------------------------------- statements

    def items(self, items: Sequence[Phrase]) -> None:
        """The definitions of a file, apart from each other where one has several lines."""
        before: Phrase | None = None
        for item in items:
            self._newline(0)
            apart = before is not None and (_is_long(before) or _is_long(item))
            blanks = [note.blank for note in item.first.above] + [item.first.blank]
            if before is not None and (blanks[0] or (apart and not any(blanks))):
                self._blank()
            self.comments(item.first, 0, blanks=True)
            self._phrase(item, 0)
            before = item

    def _statements(self, statements: Sequence[Phrase], indent: int, *, inline: bool = False) -> None:
        """Statements on lines of their own; the first on the present one if `inline`."""
        for number, statement in enumerate(statements):
            if number or not inline:
                self._newline(indent)
            if number and statement.first.starts_after_blank:
                self._blank()
            if statement.first.above or not inline:
                self.comments(statement.first, indent, blanks=True)
            self._phrase(statement, indent)

    def _settings(self, settings: Sequence[Phrase], indent: int) -> None:
        width = align_settings(settings)
        for number, setting in enumerate(settings):
            self._newline(indent)
            if number and setting.first.starts_after_blank:
                self._blank()
            self.comments(setting.first, indent, blanks=True)
            self._phrase(setting, indent, further=width)

    # ----------------------------------------------------------------- phrases

    def _phrase(self, phrase: Phrase, indent: int, *, further: int = INDENT, room: int = 0) -> None:
        """A statement or an item. The lines after its first are indented further, the last leaves `room`."""
        self._begin(phrase.first, indent)
        if phrase.flat is not None and self._fits(phrase.flat, room):
            self._put(" ", phrase.flat)
            self._waiting += phrase.last.beside
            return
        chunks = phrase.chunks
        before: Node | None = None
        for number, chunk in enumerate(chunks):
            left = room if number == len(chunks) - 1 else 0
            if before is not None:
                if self._wraps(before, chunk, indent + further, left):
                    self._newline(indent + further)
                else:
                    self._begin(chunk[0].first, indent + further)
            self._chunk(before, chunk, indent, further, left, force=phrase.word == "IF")
            before = chunk[-1]

    def _wraps(self, before: Node, chunk: list[Node], indent: int, room: int) -> bool:
        """Whether a chunk begins a new line."""
        if self._waiting or chunk[0].first.above:
            return False  # a comment begins one
        if len(chunk) > 1 and broken_by_author(before, chunk[0], chunk[1]):
            return True
        space, flat = gap(before, chunk[0]), joined(chunk)
        if flat is not None and self._fits(space + flat, room):
            return False
        has_body = chunk[0].first.type != "ARROW" and any(isinstance(node, Braces) for node in chunk)
        if flat is not None and indent + len(flat) + room <= WIDTH and not has_body:
            return True
        return self._column + len(space) + _head(chunk) > WIDTH

    def _chunk(
        self, before: Node | None, chunk: list[Node], indent: int, further: int, room: int, *, force: bool
    ) -> None:
        for number, node in enumerate(chunk):
            space = gap(before, node) if before is not None else " "
            opens = isinstance(node, Braces) or (isinstance(node, Leaf) and node.type == "ELSE")
            self._begin(node.first, indent if opens else indent + further)
            behind = chunk[number + 1 :]
            left = _head(behind, node) if behind else room
            keep = not (force and isinstance(node, Braces)) or node.flat == "{ }"
            if (
                node.flat is not None
                and keep
                and (isinstance(node, Leaf) or self._fits(space + node.flat, left))
            ):
                self._put(space, node.flat)
                self._waiting += node.last.beside
            elif isinstance(node, Bracket):
                self._bracket(node, space)
            elif isinstance(node, Braces):
                self._braces(node, space)
            before = node

    def _fits(self, text: str, room: int) -> bool:
        return self._column + len(text) + room <= WIDTH

    # ----------------------------------------------------------------- brackets

    def _open(self, leaf: Leaf, space: str) -> int:
        """The opening bracket; the indent that its closing one goes back to."""
        self._put(space, leaf.flat)
        self._waiting += leaf.piece.beside
        return self._indent

    def _close(self, leaf: Leaf, indent: int, *, apart: bool = False) -> None:
        self.comments(leaf.piece, indent + INDENT, blanks=True, apart=apart)
        self._newline(indent)
        self._put("", leaf.flat)
        self._waiting += leaf.piece.beside

    def _bracket(self, bracket: Bracket, space: str) -> None:
        if self._hugs(bracket, space):
            return
        indent = self._open(bracket.open, space)
        inner = indent + INDENT
        if _is_filled(bracket):
            self._newline(inner)
            for item in bracket.items:
                text = f"{item.flat},"
                if not self._fits(" " + text, 0):
                    self._newline(inner)
                self._put(" ", text)
        else:
            rows = cells(bracket, WIDTH - inner - 1) or [None] * len(bracket.items)
            for number, (item, row) in enumerate(zip(bracket.items, rows, strict=True)):
                self._newline(inner)
                if row is None:
                    self._phrase(item, inner, room=1)
                else:
                    self._begin(item.first, inner)
                    self._put("", row)
                    self._waiting += item.last.beside
                self._comma(bracket, number)
        self._close(bracket.close, indent)

    def _comma(self, bracket: Bracket, number: int) -> None:
        """The comma behind an item, before the comment behind that."""
        if bracket.plural:
            self._put("", ",")
        if number < len(bracket.commas):
            piece = bracket.commas[number].piece
            self._waiting += [*piece.above, *piece.beside]

    def _hugs(self, bracket: Bracket, space: str) -> bool:
        """A call whose last argument alone is broken: `Net(Basic, [ … ])`, `residual(shortcut = { … })`."""
        if not (bracket.called and bracket.plural and bracket.items) or bracket.hard or bracket.has_notes:
            return False
        *firsts, last = bracket.items
        *prefix, node = last.nodes
        if isinstance(node, Leaf) or node.first.type == "LPAR" or (isinstance(node, Bracket) and node.called):
            return False
        flats = [item.flat for item in firsts]
        head = joined(prefix) if prefix else ""
        inside = bool(prefix) and (prefix[-1].last.beside or node.first.above)
        if None in flats or head is None or inside or node.flat == "{ }":
            return False
        before = ", ".join([*map(str, flats), head + (gap(prefix[-1], node) if prefix else "")])
        if not self._fits(space + bracket.open.flat + before, 1):
            return False
        self._put(space, bracket.open.flat + before)
        self._bracket(node, "") if isinstance(node, Bracket) else self._braces(node, "")
        self._put("", bracket.close.flat)
        self._waiting += bracket.last.beside
        return True

    def _braces(self, braces: Braces, space: str) -> None:
        indent = self._open(braces.open, space)
        if braces.settings:
            self._settings(braces.statements, indent + INDENT)
        self._statements(() if braces.settings else braces.statements, indent + INDENT)
        for branch in braces.branches:
            self._branch(branch, indent + INDENT)
        self._close(braces.close, indent, apart=bool(braces.statements))

    def _branch(self, branch: Branch, indent: int) -> None:
        self._newline(indent)
        self._begin(branch.bar.piece, indent)
        flat = branch.flat
        if flat is not None and self._fits(flat, 0):
            self._put("", flat)
            self._waiting += branch.statements[-1].last.beside
            return
        self._put("", branch.bar.flat)
        self._waiting += branch.bar.piece.beside
        self._indent = indent + INDENT
        if self._waiting:
            self._newline(indent + INDENT)
        self._statements(branch.statements, indent + INDENT, inline=True)


def _is_long(item: Phrase) -> bool:
    """Whether it is a definition of several lines."""
    return item.word in ("BLOCK", "NET", "RECIPE") and item.flat is None


def _is_filled(bracket: Bracket) -> bool:
    """Whether it is a list of short values, which fill lines instead of standing on one each."""
    listed = bracket.first.type == "LSQB" and not bracket.called and bool(bracket.items)
    return listed and not bracket.has_notes and all(map(_is_short, bracket.items))


def _is_short(item: Phrase) -> bool:
    return (
        item.flat is not None and len(item.nodes) < 3 and all(isinstance(node, Leaf) for node in item.nodes)
    )


def _head(nodes: Sequence[Node], before: Node | None = None) -> int:
    """The length of what cannot be parted from the line: up to the first bracket that can be broken."""
    length = 0
    for node in nodes:
        length += len(gap(before, node)) if before is not None else 0
        if not isinstance(node, Leaf):
            return length + (len(node.flat) if node.flat == "{ }" else 1)
        length += len(node.flat)
        before = node
    return length
