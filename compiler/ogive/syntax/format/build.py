"""From pieces to nodes: the brackets nest, and the parser has accepted the whole."""

from __future__ import annotations

from ogive.syntax.format.pieces import Piece
from ogive.syntax.format.tree import Braces, Bracket, Branch, Leaf, Node, Phrase

_VALUES = frozenset({
    "NAME", "INT", "FLOAT", "KERNEL", "UNKNOWN", "STRING", "TRUE", "FALSE", "NONE", "RPAR", "RSQB", "SHARE",
})  # fmt: skip
"""What a bracket can follow to call it, and a minus to be subtracted from it."""


def build(pieces: list[Piece]) -> tuple[list[Phrase], Piece]:
    """The items of a file, and the piece at its end, which holds the comments behind them."""
    builder = _Builder(pieces)
    return builder.statements("$END"), builder.next()


class _Builder:
    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = pieces
        self._at = 0

    def next(self) -> Piece:
        self._at += 1
        return self._pieces[self._at - 1]

    @property
    def _type(self) -> str:
        return self._pieces[self._at].type

    def statements(self, *closers: str, settings: bool = False) -> list[Phrase]:
        """Phrases between NEWLINEs, up to one of the closers."""
        result: list[Phrase] = []
        while self._type not in closers:
            if self._type == "NEWLINE":
                self._at += 1
            else:
                result.append(self._phrase({"NEWLINE", *closers}, setting=settings))
        return result

    def _phrase(self, closers: set[str], *, setting: bool = False, indexed: bool = False) -> Phrase:
        nodes: list[Node] = []
        before = ""
        while self._type not in closers:
            kind = self._type
            if kind == "LBRACE":
                nodes.append(self._braces(settings=bool(nodes) and nodes[0].first.type == "RECIPE"))
            elif kind in ("LPAR", "LSQB"):
                called = before in _VALUES and not (setting and len(nodes) == 1)
                bundle = len(nodes) == 2 and nodes[0].first.type in ("BLOCK", "NET")
                nodes.append(self._bracket(called=called, bundle=bundle))
            else:
                kind = "NEGATE" if kind == "MINUS" and before not in _VALUES else kind
                nodes.append(Leaf(self.next(), kind, tight=indexed and kind == "COLON"))
            before = nodes[-1].last.type
        phrase = Phrase(nodes)
        phrase.measure()
        return phrase

    def _bracket(self, *, called: bool, bundle: bool) -> Bracket:
        open = self.next()
        square = open.type == "LSQB"
        closer = "RSQB" if square else "RPAR"
        items: list[Phrase] = []
        commas: list[Leaf] = []
        while self._type != closer:
            items.append(self._phrase({"COMMA", closer}, indexed=square and called))
            if self._type == "COMMA":
                commas.append(Leaf(self.next(), "COMMA"))
        close = self.next()
        plural = square != called or bundle  # lists and calls, not indices and parentheses
        bracket = Bracket(
            Leaf(open, open.type), Leaf(close, closer), items, commas, called, plural, hard=False
        )
        bracket.hard = plural and (_broken(bracket) or (open.line != close.line and is_table(bracket)))
        bracket.measure()
        return bracket

    def _braces(self, *, settings: bool) -> Braces:
        open = self.next()
        statements: list[Phrase] = []
        branches: list[Branch] = []
        if self._type == "VBAR":
            while self._type == "VBAR":
                bar = Leaf(self.next(), "VBAR")
                branches.append(Branch(bar, self.statements("VBAR", "RBRACE")))
        else:
            statements = self.statements("RBRACE", settings=settings)
        close = self.next()
        braces = Braces(Leaf(open, "LBRACE"), Leaf(close, "RBRACE"), statements, branches, settings)
        braces.measure()
        return braces


def _broken(bracket: Bracket) -> bool:
    """Whether a new line began right behind the opening bracket."""
    return bool(bracket.items) and bracket.items[0].first.line > bracket.first.line


def is_table(bracket: Bracket) -> bool:
    """Whether a list holds lists alone, at least two."""
    return len(bracket.items) > 1 and all(
        len(item.nodes) == 1 and isinstance(row := item.nodes[0], Bracket) and row.first.type == "LSQB"
        for item in bracket.items
    )
