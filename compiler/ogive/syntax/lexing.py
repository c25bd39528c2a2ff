"""The first pass over Lark's tokens: literals get their values, and text that means nothing is named.

It takes comments out, splits `"conv{i}"` into the pieces between which the parser sees an expression, and
bounds the size of numbers. A token that is refused is replaced by a harmless one of the kind that was meant,
so that the parser does not complain again.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator

from lark import Token

from ogive.diagnostics import Diagnostic, Fix, Label
from ogive.source import SourceFile, Span
from ogive.syntax.ast import Comment
from ogive.syntax.brackets import too_deep
from ogive.syntax.lexeme import CLOSERS, ITEM_WORDS, OPENERS, SUFFIXES, Lexeme
from ogive.syntax.limits import DEEPEST, LONGEST_LINE, MOST_LEXEMES, MOST_REPORTED

LARGEST_INT = 2**53
LONGEST_NUMBER = 40
LARGEST_KERNEL_RANK = 8

_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t", "{": "{", "}": "}"}
_STRING_PIECE = re.compile(r"\\.|[{}]|[^\\{}]+")
_NAMED_KERNEL = re.compile(r"((?:\d+x)+)([A-Za-z_]\w*)")
_NAME_BEFORE = re.compile(r"(?<!\w)[A-Za-z_]\w*\Z")
_NAME_BEHIND = re.compile(r"[ \t]+([A-Za-z_]\w*)(?=[ \t]*[],*])")
_SHAPE = re.compile(r"[?\w]+")
_BETWEEN_SIZES = re.compile(r"x(?=[?\d])")
_SIZE = re.compile(r"\d+|\?(?:[A-Za-z_]\w*)?")
_SIDE_BEFORE = re.compile(r"(?<![\w.])\d+(?:x\d+)*[ \t]*\Z")
_SIDES = re.compile(r"\d+(?:[ \t]*[x\u00d7][ \t]*\d+)+(?![\w.])")
_ALTERNATIVES = {
    "\u2192": "->", "\u27f6": "->", "\u21d2": "->", "\u00d7": "x", "\u2212": "-", "\u2013": "-",
    "\u2014": "-", "\u2026": "..", "\u00a0": " ", "\u2264": "<=", "\u2265": ">=", "\u2260": "!=",
    "\u3000": " ", "\u3001": ",", "&": "and", "!": "not", "^": "**",
    **{chr(ord(sign) + 0xFEE0): sign for sign in "(),:;[]{|}=<>+-*/.?#"},  # full-width: `（`, `，`
}  # fmt: skip


_GUESSED = "&!^"
"""What other languages write; between two of them, or without spaces, the word would mean something else."""


class _Enough(Exception):
    """No more of the text is read: why is among the diagnostics."""


class Lexing:
    """One run over one source. `diagnostics` and `comments` fill while the lexemes are drawn."""

    def __init__(self, source: SourceFile, lex: Callable[[int, int], Iterable[Token]]) -> None:
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.comments: list[Comment] = []
        self.swallowed_openers: list[int] = []  # where strings that are not closed took brackets away
        self.swallowed_closers: list[Span] = []
        self._lex = lex
        self._stray_until = self._read_until = -1
        self._left = MOST_LEXEMES
        self._open: list[str] = []  # the brackets around, as far as they nest
        self._handlers: dict[str, Callable[[str, Span], Iterator[Lexeme]]] = {
            "INT": self._number,
            "FLOAT": self._number,
            "KERNEL": self._kernel,
            "NAME": self._name,
            "UNKNOWN": self._unknown,
            "STRING": self._string,
            "COMMENT": self._comment,
            "MALFORMED": self._malformed,
            "QUOTED": self._quoted,
            "STRAY": self._stray,
        }

    def lexemes(self) -> list[Lexeme] | None:
        """The lexemes of the whole text; None when a limit was reached, or the hundredth mistake."""
        result: list[Lexeme] = []
        try:
            self._measure_lines()
            result.extend(self._run(0, len(self.source.text)))
        except _Enough:
            return None
        return result

    def _measure_lines(self) -> None:
        text, start = self.source.text, 0
        while len(text) - start > LONGEST_LINE:
            newline = text.rfind("\n", start, start + LONGEST_LINE + 1)
            if newline < 0:
                # Cut where reading ends, for who shows the place shows its line.
                seen = SourceFile(self.source.name, text[: start + LONGEST_LINE + 1])
                place = Span(seen, start + LONGEST_LINE, start + LONGEST_LINE + 1)
                message = f"a line is longer than {LONGEST_LINE:,} characters"
                help = "a list, a call and a chain may go on over many lines"
                self._say("E015", message, place, "what comes here is not read", help)
                raise _Enough
            start = newline + 1

    def _run(self, start: int, end: int) -> Iterator[Lexeme]:
        source, handlers = self.source, self._handlers
        for token in self._lex(start, end):
            kind = token.type
            if start + (token.start_pos or 0) < self._read_until:
                continue
            span = Span(source, start + (token.start_pos or 0), start + (token.end_pos or 0))
            self._count(span)
            if kind in OPENERS or kind in CLOSERS or kind in ITEM_WORDS:
                self._nest(kind, span)
            if kind in handlers and (kind != "NAME" or not token.isascii()):
                yield from handlers[kind](str(token), span)
            else:
                yield Lexeme(kind, str(token), span)

    def _say(
        self, code: str, message: str, span: Span, label: str, hint: str | None = None, fix: Fix | None = None
    ) -> None:
        self.diagnostics.append(Diagnostic(code, message, (Label(span, label),), help=hint, fix=fix))
        if len(self.diagnostics) >= MOST_REPORTED:
            raise _Enough

    # ----------------------------------------------------------------- limits

    def _count(self, span: Span) -> None:
        self._left -= 1
        if self._left < 0:
            message = f"the file has more than {MOST_LEXEMES:,} words, numbers and signs"
            help = "write what repeats as a `block` or a loop; weights and data belong in other files"
            self._say("E015", message, span, "what comes here is not read", help)
            raise _Enough

    def _nest(self, kind: str, span: Span) -> None:
        """Keep count of the brackets, as the next pass will; it starts again with each definition."""
        open = self._open
        if kind in OPENERS:
            open.append(kind)
            if len(open) > DEEPEST:
                self.diagnostics.append(too_deep(Lexeme(kind, "", span)))
                raise _Enough
        elif kind in CLOSERS:
            if CLOSERS[kind] in open:
                while open.pop() != CLOSERS[kind]:
                    pass
        elif span.start == 0 or self.source.text[span.start - 1] == "\n":
            open.clear()

    # ----------------------------------------------------------------- names and comments

    def _name(self, text: str, span: Span) -> Iterator[Lexeme]:
        foreign = next(c for c in text if not c.isascii())
        message = f"the name `{text}` has the character `{foreign}` in it"
        self._say("E004", message, span, "a name is made of the letters a to z and A to Z, digits and `_`")
        yield Lexeme("NAME", text, span)

    def _comment(self, text: str, span: Span) -> Iterator[Lexeme]:
        stripped = text.rstrip()
        self.comments.append(Comment(stripped, Span(self.source, span.start, span.start + len(stripped))))
        yield from ()

    def _stray(self, text: str, span: Span) -> Iterator[Lexeme]:
        yield from ()
        if text == "\ufeff" and span.start == 0:
            return
        run_on, self._stray_until = self._stray_until == span.start, span.end
        if run_on:  # of several in a row the first stands for all
            return
        if text in "&!^" and self._foreign_operator(text, span):
            return
        if text == "\u00d7" and self._kernel_with_times(span):
            return
        plain = _ALTERNATIVES.get(text)
        help, fix = None, None
        if plain is not None and plain.strip():
            help, fix = f"write `{plain}`", Fix(span, plain, safe=text not in _GUESSED)
        elif plain is not None:
            help, fix = "put a plain space in its place", Fix(span, plain, safe=True)
        elif text == "\\":
            help = "a line that ends with `->`, an operator or an open bracket goes on by itself"
        elif text == "?":
            self._question_mark(span)
            return
        shown = f"`{text}`" if text.isprintable() and not text.isspace() else f"U+{ord(text):04X}"
        self._say(
            "E004", f"the character {shown} has no meaning here", span, "not part of the language", help, fix
        )

    def _foreign_operator(self, sign: str, span: Span) -> bool:
        """Whether it is `&` or `&&`, with or without spaces, or `!` before a name: one word for the whole."""
        text = self.source.text
        twice = sign == "&" and text.startswith("&&", span.start)
        span = Span(self.source, span.start, span.end + twice)
        if sign == "^" or text[span.end : span.end + 1] in (*"&!^=",):
            return False
        word = _ALTERNATIVES[sign]
        before, behind = text[span.start - 1 : span.start], text[span.end : span.end + 1]
        padded = " " * bool(before and not before.isspace() and before not in "([") + word
        padded += " " * bool(behind and not behind.isspace())
        self._stray_until = self._read_until = span.end
        message = f"the character `{sign}` has no meaning here"
        self._say("E004", message, span, "not part of the language", f"write `{word}`", Fix(span, padded))
        return True

    def _kernel_with_times(self, span: Span) -> bool:
        """Whether it is the first `\u00d7` of `3\u00d78\u00d78`: said once, for the whole kernel or shape."""
        text = self.source.text
        before = _SIDE_BEFORE.search(text, max(span.start - LONGEST_NUMBER, 0), span.start)
        run = _SIDES.match(text, before.start(), span.start + 10 * LONGEST_NUMBER) if before else None
        if run is None or run.end() <= span.end:
            return False
        kernel = "".join(run[0].split()).replace("\u00d7", "x")
        whole = Span(self.source, run.start(), run.end())
        fix = Fix(whole, kernel, safe=not re.search(r"\s", run[0]))
        message = "the character `\u00d7` has no meaning here"
        self._say("E004", message, whole, "a small `x` stands between sizes", f"write `{kernel}`", fix)
        self._read_until = whole.end
        return True

    def _question_mark(self, span: Span) -> None:
        """A `?` that begins no name."""
        message, text = "a `?` stands right before the name of an unknown size: `?h`", self.source.text
        name = _NAME_BEFORE.search(text, max(span.start - LONGEST_NUMBER, 0), span.start)
        behind = _NAME_BEHIND.match(text, span.end)
        fix = None
        if name:
            fix = Fix(Span(self.source, name.start(), span.end), f"?{name[0]}")
        elif behind:
            fix = Fix(Span(self.source, span.start, behind.end()), f"?{behind[1]}")
        help = f"write `{fix.replacement}`" if fix else "give the size a name: `[3, ?h, ?w]`"
        self._say("E004", message, span, "no name behind this", help, fix)

    def _shape_with_unknowns(self, span: Span) -> Iterator[Lexeme] | None:
        """`3x?hx?w`, wherever it begins: said once, as a whole."""
        run = _SHAPE.match(self.source.text, span.start, span.start + 10 * LONGEST_NUMBER)
        if run is None or "?" not in run[0]:
            return None
        sizes = _BETWEEN_SIZES.split(run[0])
        if len(sizes) < 2 or not all(map(_SIZE.fullmatch, sizes)):
            return None
        sizes, nameless = _named_sizes(sizes), "?" in sizes
        if sizes is None:
            return None
        span, listed = Span(self.source, span.start, run.end()), f"[{', '.join(sizes)}]"
        message = f"`{run[0]}` is no shape: unknown sizes {'have names, and ' * nameless}stand in a list"
        fix = Fix(span, listed, safe=True)
        self._say("E006", message, span, "only numbers can stand around `x`", f"write `{listed}`", fix)
        self._read_until = span.end
        return iter((Lexeme("KERNEL", (1, 1), span),))

    # ----------------------------------------------------------------- numbers

    def _number(self, text: str, span: Span) -> Iterator[Lexeme]:
        value: int | float = 0
        if len(text) <= LONGEST_NUMBER:
            digits, factor = (text[:-1], SUFFIXES[text[-1]]) if text[-1] in SUFFIXES else (text, 1)
            value = int(digits) * factor if digits.isdigit() else float(digits) * factor
        bound = LARGEST_INT if isinstance(value, int) else sys.float_info.max
        if len(text) > LONGEST_NUMBER or value > bound:
            self._too_large(text, span)
            value = 1
        yield Lexeme("FLOAT" if isinstance(value, float) else "INT", value, span)

    def _kernel(self, text: str, span: Span) -> Iterator[Lexeme]:
        sizes = text.split("x")
        if len(sizes) > LARGEST_KERNEL_RANK or any(
            len(s) > LONGEST_NUMBER or int(s) > LARGEST_INT for s in sizes
        ):
            self._too_large(text, span)
            sizes = ["1", "1"]
        yield Lexeme("KERNEL", tuple(map(int, sizes)), span)

    def _too_large(self, text: str, span: Span) -> None:
        shown = text if len(text) <= LONGEST_NUMBER else f"{text[:12]}\u2026"
        limits = f"integers go up to 2**53, floats up to 1.8e308, shapes up to {LARGEST_KERNEL_RANK} sizes"
        self._say(
            "E007",
            f"the number {shown} is too large",
            span,
            "too large",
            f"{limits}, digits up to {LONGEST_NUMBER}",
        )

    def _malformed(self, text: str, span: Span) -> Iterator[Lexeme]:
        shape = self._shape_with_unknowns(span)
        if shape is not None:
            yield from shape
            return
        named = _NAMED_KERNEL.fullmatch(text)
        shown = text if len(text) <= LONGEST_NUMBER else f"{text[:12]}\u2026"
        if named and not text.startswith("0x"):
            twice = re.fullmatch(r"(\w+)x\1", named[2])  # `3xsizexsize`
            several = re.fullmatch(r"[A-Za-z](x[A-Za-z])+", named[2])  # `3xhxw`
            names = named[2].split("x") if several else [twice[1]] * 2 if twice else [named[2]]
            sizes = [*named[1].rstrip("x").split("x"), *names]
            listed = f"[{', '.join(sizes)}]"
            unknown = f"[{', '.join(size if size.isdigit() else f'?{size}' for size in sizes)}]"
            message = f"`{shown}` is neither a kernel nor a shape: only numbers can stand around `x`"
            self._say(
                "E006",
                message,
                span,
                f"`{names[0]}` is a name",
                f"write `{listed}`" + f"; sizes that are not known have a `?`: `{unknown}`" * bool(several),
                Fix(span, listed, safe=not several),  # one name could be spelled so
            )
            yield Lexeme("KERNEL", (1, 1), span)
            return
        help = plain = None
        if text.startswith(".") and text[1:].isdigit():
            plain = f"0{text}"
        elif re.fullmatch(r"\d+(X\d+)+", text):
            plain = text.lower()
        elif "_" in text and text.replace("_", "").isdigit():
            plain = text.replace("_", "")
        elif text.startswith("."):
            help = f"write `0{text}`"
        elif re.fullmatch(r"\d+(\.\d+)?[KmgBb]", text):
            help = "the suffixes are `k` (thousand), `M` (million) and `G` (billion)"
        elif re.fullmatch(r"\d+(x\d+)*x", text):
            help = f"a kernel needs a size on both sides of each `x`, as in `{text}3`"
        fix = Fix(span, plain, safe=True) if plain is not None else None
        # Its own type: behind `stage` the parser says that such a name needs quotes.
        yield Lexeme("MALFORMED", (shown, f"write `{plain}`" if plain else help, fix), span)

    def _unknown(self, text: str, span: Span) -> Iterator[Lexeme]:
        if self.source.text.startswith("?", span.end):
            shape = self._shape_with_unknowns(span)
            if shape is not None:
                yield from shape
                return
        if not text.isascii():
            yield from self._name(text, span)
            return
        yield Lexeme("UNKNOWN", text[1:], span)

    # ----------------------------------------------------------------- strings

    def _quoted(self, text: str, span: Span) -> Iterator[Lexeme]:
        plain = '"' + re.sub(r'["\\{}]', lambda m: "\\" + m[0], text[1:-1]) + '"'
        self._say(
            "E005",
            "strings are written with plain double quotes",
            span,
            "not a string",
            f"write `{plain}`",
            Fix(span, plain, safe=True),
        )
        yield Lexeme("STRING", text[1:-1], span)

    def _string(self, text: str, span: Span) -> Iterator[Lexeme]:
        closed = len(text) > 1 and text[-1] == '"' and (len(text) - len(text[:-1].rstrip("\\"))) % 2 == 1
        if not closed:
            self._say("E005", "this string is not closed", span, 'no closing `"` on this line')
            for at, sign in enumerate(text):
                opener = {"}": "{", ")": "(", "]": "["}.get(sign)
                if opener and text.count(sign, 0, at + 1) > text.count(opener, 0, at):
                    self.swallowed_closers.append(Span(self.source, span.start + at, span.start + at + 1))
            self.swallowed_openers.extend(span.start + at for at, sign in enumerate(text) if sign in "{([")
            yield Lexeme("STRING", text[1:], span)
            return
        end = span.end - 1
        kind, begin, pos, pieces = "STRING", span.start, span.start + 1, list[str]()
        while pos < end:
            match = _STRING_PIECE.match(self.source.text, pos, end)
            assert match, "every character of a string is part of a piece"
            piece, at = match[0], pos
            pos = match.end()
            self._count(Span(self.source, at, pos))
            if piece == "{":
                stop = self.source.text.find("}", pos, end)
                inner = self.source.text[pos : end if stop < 0 else stop]
                if stop < 0 or not inner.strip():
                    self._bad_interpolation(at, end if stop < 0 else stop + 1, stop < 0)
                    pos = end if stop < 0 else stop + 1
                    continue
                yield Lexeme(
                    "STRING_MIDDLE" if kind != "STRING" else "STRING_BEGIN",
                    "".join(pieces),
                    Span(self.source, begin, pos),
                )
                around, self._open = self._open, []
                yield from self._run(pos, stop)
                self._open = around
                kind, begin, pos, pieces = "STRING_END", stop, stop + 1, []
            elif piece == "}":
                here = Span(self.source, at, pos)
                self._say(
                    "E005",
                    "a `}` in a string that closes no `{`",
                    here,
                    "closes nothing",
                    "a brace itself is written `\\}`",
                    Fix(here, "\\}", safe=True),
                )
            elif piece[0] == "\\":
                pieces.append(self._escape(piece, Span(self.source, at, pos)))
            else:
                pieces.append(piece)
        yield Lexeme(kind, "".join(pieces), Span(self.source, begin, span.end))

    def _escape(self, piece: str, span: Span) -> str:
        if piece[1] not in _ESCAPES:
            known = " ".join(f"`\\{c}`" for c in _ESCAPES)
            help = f"the escapes are {known}; a backslash itself is `\\\\`"
            self._say(
                "E005", f"`{piece}` is not an escape", span, "unknown escape", help, Fix(span, f"\\{piece}")
            )
        return _ESCAPES.get(piece[1], "")

    def _bad_interpolation(self, start: int, end: int, unclosed: bool) -> None:
        message = (
            "a `{` in a string that no `}` closes" if unclosed else "the braces in this string are empty"
        )
        span = Span(self.source, start, start + 1 if unclosed else end)
        help = 'between braces stands an expression, as in `"conv{i + 1}"`; a brace itself is written `\\{`'
        self._say("E005", message, span, "not closed" if unclosed else "no expression", help)


def _named_sizes(sizes: list[str]) -> list[str] | None:
    """The sizes of a shape, with a name for each `?` that has none: `3x?x?` is `[3, ?h, ?w]`.

    None when it is not clear which.
    """
    places = {2: "n", 3: "hw", 4: "dhw"}.get(len(sizes), "")
    if "?" not in sizes:
        return sizes
    if sizes[0] == "?" or not places:
        return None
    named = [f"?{name}" if size == "?" else size for size, name in zip(sizes[1:], places, strict=True)]
    twice = any(named.count(f"?{name}") > 1 for name in places)
    return None if twice else [sizes[0], *named]
