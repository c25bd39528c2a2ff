"""What to say about habits from elsewhere: `elif`, `return`, `where`, `(3, 8, 8)`, an input without its word.

Each rule knows one form that another language has and this one writes differently.
"""

from __future__ import annotations

from collections.abc import Callable

from ogive.diagnostics import Diagnostic, Fix, Label
from ogive.source import Span
from ogive.syntax.lexeme import Lexeme, text_of
from ogive.syntax.mistake import BEGINS_VALUE, ENDS_VALUE, Mistake, cut

_ELSE_IF = ("elif", "elsif", "elseif", "elsewhen")
_SIZES = ("INT", "NAME", "UNKNOWN")


def _else_if(m: Mistake) -> Diagnostic | None:
    """`if a { … } elif b { … }`, on one line or on the next."""
    behind = m.found.type == "NAME" and m.begin.type == "IF" and m.level
    word = m.found if behind else m.begin
    if word.type != "NAME" or word.value not in _ELSE_IF or not (behind or m.index == m.first + 1):
        return None
    labels = (Label(word.span, "`else if` was expected"),)
    fix = Fix(word.span, "else if", safe=True)
    message = f"`{word.value}` is written `else if`"
    return Diagnostic("E009", message, labels, help="write `else if`", fix=fix)


def _return(m: Mistake) -> Diagnostic | None:
    """`return relu`."""
    word = m.begin
    if word.value != "return" or word.type != "NAME" or m.top or m.index != m.first + 1:
        return None
    if m.found.type not in BEGINS_VALUE | {"LSQB"}:
        return None
    labels = (Label(word.span, "not needed"),)
    help = "the last chain is the result: leave `return` out; one more result is `output name = …`"
    fix = Fix(Span(word.span.source, word.span.start, m.found.span.start), "")
    return Diagnostic("E009", "there is no statement `return`", labels, help=help, fix=fix)


def _where(m: Mistake) -> Diagnostic | None:
    """`conv(8, k) where k = 3`."""
    if m.found.value != "where" or m.found.type != "NAME" or m.before is None or m.top or not m.level:
        return None
    if m.before.type not in ENDS_VALUE or m.following.type != "NAME":
        return None
    value = cut(" ".join(text_of(m.lexemes[m.index + 1 : m.end]).split()))
    help = f"give the value on a line of its own before this one: `let {value}`"
    return m.say("E009", "there is no `where`", "names get their values before they are used", help)


def _shape_in_parentheses(m: Mistake) -> Diagnostic | None:
    """`input x: (3, 8, 8)`, `input x: 3, 8, 8`."""
    if m.begin.type != "INPUT" or m.found.type != "COMMA":
        return None
    colon = m.first + 2
    if m.index < colon + 2 or m.lexemes[colon].type != "COLON":
        return None
    bare = m.lexemes[colon + 1].type != "LPAR"
    first = colon + 1 if bare else colon + 2
    last = first
    while m.lexemes[last + 1].type in (*_SIZES, "COMMA"):
        last += 1
    sizes = [x for x in m.lexemes[first : last + 1] if x.type != "COMMA"]
    end = m.lexemes[last] if bare else m.lexemes[last + 1]
    if not all(x.type in _SIZES for x in sizes) or end.type not in ("RPAR", *_SIZES):
        return None
    if bare and last + 1 < m.end:
        return None
    shape = _shape([x.span.text for x in sizes])
    span = m.lexemes[colon + 1].span.to(end.span)
    message = f"`{cut(span.text)}` is no shape"
    labels = (Label(span, "sizes stand in a list, numbers may stand around `x`"),)
    listed = f"[{', '.join(x.span.text for x in sizes)}]"
    help = f"write `{cut(shape)}`" + (f" or `{cut(listed)}`" if listed != shape else "")
    return Diagnostic("E006", message, labels, help=help, fix=Fix(span, shape, safe=True))


def _shape(sizes: list[str]) -> str:
    plain = len(sizes) > 1 and all(size.isdigit() for size in sizes)
    return "x".join(sizes) if plain else f"[{', '.join(sizes)}]"


def _input_without_its_word(m: Mistake) -> Diagnostic | None:
    """`x: 3x8x8`."""
    if m.begin.type != "NAME" or m.top or m.index != m.first + 1 or m.found.type != "COLON":
        return None
    if m.following.type not in ("KERNEL", "LSQB", "INT", "LPAR"):
        return None
    shape = cut(text_of(m.lexemes[m.index + 1 : m.end]))
    start = Span(m.begin.span.source, m.begin.span.start, m.begin.span.start)
    message = f"`{m.begin.value}:` begins no statement"
    labels = (Label(m.begin.span, "an input begins with `input`"),)
    help = f"write `input {m.begin.value}: {shape}`"
    fix = Fix(start, "input ", safe=m.following.type == "KERNEL")
    return Diagnostic("E001", message, labels, help=help, fix=fix)


def _choice_without_else(m: Mistake) -> Diagnostic | None:
    """`stride = 2 if deep)`: a choice names both values."""
    if "ELSE" not in m.expected or m.before is None or m.before.type not in ENDS_VALUE | {"NONE"}:
        return None
    inside = m.before.depth
    choice = _last(m, "IF", inside)
    if choice is None or choice == m.first or m.found.type in BEGINS_VALUE:
        return None
    begin = choice
    while begin > m.first and not (
        m.lexemes[begin - 1].depth < inside
        or m.lexemes[begin - 1].type in ("COMMA", "EQUAL", "ARROW", "LPAR", "LSQB")
    ):
        begin -= 1
    text = cut(" ".join(text_of(m.lexemes[begin : m.index]).split()))
    what = "identity" if inside == m.begin.depth and m.begin.type == "NAME" else "…"
    message = "a choice without an `else`"
    return m.say("E001", message, "`else` was expected", f"name both: `{text} else {what}`")


def _last(m: Mistake, kind: str, depth: int) -> int | None:
    """The index of the last lexeme of a kind before the mistake, at a depth; None when there is none."""
    before: list[Lexeme] = m.lexemes[m.first : m.index]
    found = [at for at, x in enumerate(before, m.first) if x.type == kind and x.depth == depth]
    return found[-1] if found else None


RULES: tuple[Callable[[Mistake], Diagnostic | None], ...] = (
    _else_if, _return, _where, _shape_in_parentheses, _input_without_its_word, _choice_without_else,
)  # fmt: skip
