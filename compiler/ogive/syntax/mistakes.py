"""What to say about a token that the grammar does not allow where it stands.

The rules are tried in turn; each knows one mistake that people make. The last one says what was found and
what could have stood there.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ogive.diagnostics import Diagnostic, Fix, Label, did_you_mean
from ogive.source import Span
from ogive.syntax import habits, word_mistakes
from ogive.syntax.lexeme import (
    HARD_KEYWORDS,
    ITEM_WORDS,
    OPENERS,
    SIGNS,
    STATEMENT_WORDS,
    SUFFIXES,
    Lexeme,
    text_of,
)
from ogive.syntax.mistake import BEGINS_VALUE, ENDS_VALUE, FORMS, Mistake, comment_instead, cut, shown

_EXPECTED = {
    "NAME": "a name", "NEWLINE": "the end of the statement", "$END": "the end of the file", "ARROW": "`->`",
    "EQUAL": "`=`", "COMMA": "`,`", "COLON": "`:`", "IN": "`in`", "ELSE": "`else`", "VBAR": "`|`",
    "LBRACE": "`{`", "LPAR": "`(`", "RPAR": "`)`", "RSQB": "`]`", "RBRACE": "`}`", "NONE": "`none`",
    "STRING": "a string", "STRING_MIDDLE": "`}`", "STRING_END": "`}`", "BEFORE": "`before`",
    "AFTER": "`after`", "WITH": "`with`", "FROM": "`from`",
}  # fmt: skip
_SPACED_KERNEL = re.compile(r"\d+(?:[ \t]*[xX][ \t]*\d+)+(?![\w.])")
_ONCE = (
    "ELSE",
    "IN",
    "EQUAL",
    "COLON",
    "BEFORE",
    "AFTER",
    "FROM",
)  # what can hardly be left out where it can stand

_OWN_LINE = ("repeat", "stage", "for")  # words whose braces are no step of a chain


def explain(mistake: Mistake) -> Diagnostic:
    """The one diagnostic for this mistake."""
    for rule in (*_FIRST, *word_mistakes.RULES, *habits.RULES, *_RULES):
        diagnostic = rule(mistake)
        if diagnostic is not None:
            return diagnostic
    return _unexpected(mistake)


def _nothing(m: Mistake) -> Diagnostic | None:
    """`--edit ''`: text that holds nothing where an edit or a value should."""
    if m.top or m.found.type != "$END" or m.index != 0:
        return None
    if "INSERT" in m.expected:
        forms = [FORMS[kind].partition("`")[0] for kind in ("INSERT", "REMOVE", "REPLACE", "SET")]
        help = f"an edit is written {', '.join(f'`{form}`' for form in forms)}"
        return m.say("E001", "there is no edit", "nothing stands here", help)
    return m.say("E001", "there is no value", "nothing stands here", "write `none` for nothing")


def _between_values(m: Mistake) -> Diagnostic | None:
    """`--augment 'hflip normalize'`, `--optimizer 'lr = 0.1'`: behind a value, outside of any file."""
    if m.top or not m.level or not {"COMMA", "$END"} <= m.expected or "NEWLINE" in m.expected:
        return None
    if m.found.type == "EQUAL":
        help = f"an argument stands in the brackets of a function: `sgd({m.before and m.before.value} = 0.1)`"
        return m.say("E001", "unexpected `=` behind a value", "the value has ended", help)
    if m.found.type in BEGINS_VALUE and m.before is not None and m.before.type in ENDS_VALUE:
        fix = m.fix_before(",")
        return m.say("E010", f"`,` is missing before {m.what}", "another value", "write `,`", fix)
    return None


def _kernel(m: Mistake) -> Diagnostic | None:
    """`3 x 3`, `3x 3`, `3X3`."""
    begin = m.before if m.before is not None and m.before.type == "INT" else m.found
    if begin is m.found and m.found.type != "MALFORMED":
        return None
    match = _SPACED_KERNEL.match(begin.span.source.text, begin.span.start)
    if match is None or match.end() <= m.found.span.start:
        return None
    kernel = "".join(match[0].split()).lower()
    span = Span(begin.span.source, match.start(), match.end())
    message = f"a kernel is written with a small `x` and without spaces: `{cut(kernel)}`"
    labels = (Label(span, "not a kernel"),)
    return Diagnostic(
        "E006", message, labels, help=f"write `{cut(kernel)}`", fix=Fix(span, kernel, safe=True)
    )


def _suffix(m: Mistake) -> Diagnostic | None:
    """`assert params < 1.5 M`."""
    number = m.before
    if m.found.type != "NAME" or m.found.value not in SUFFIXES or not m.level or number is None:
        return None
    if number.type not in ("INT", "FLOAT") or not number.span.text[-1].isdigit():
        return None
    if m.following.type in ("EQUAL", "COLLECT", "LPAR", "DOT"):
        return None
    span = number.span.to(m.found.span)
    text = number.span.text + m.found.value
    labels = (Label(span, "one number in two pieces"),)
    message = f"`{m.found.value}` stands right behind its number: `{text}`"
    return Diagnostic("E007", message, labels, help=f"write `{text}`", fix=Fix(span, text))


def _behind_as(m: Mistake) -> Diagnostic | None:
    """`conv(4, 3x3) as y -> relu`."""
    if m.found.type != "ARROW" or not m.level or m.before is None or m.index < m.first + 2:
        return None
    at = m.index - 1
    while m.before.type == "RSQB" and at > m.first and m.lexemes[at].type != "LSQB":
        at -= 1
    at -= 1
    if m.lexemes[at].type != "AS" or at <= m.first or m.begin.type in ("REPEAT", "FOR", "USE"):
        return None
    name = cut(text_of(m.lexemes[at + 1 : m.index]))
    help = "leave out the arrow and begin a new line: the flow goes on from there"
    labels = (Label(m.found.span, "the chain has ended"), Label(m.lexemes[at].span, "here"))
    return Diagnostic("E001", f"`as {name}` ends a chain", labels, help=help)


def _chain_in_brackets(m: Mistake) -> Diagnostic | None:
    """`[p -> conv(8), q]`, `add(s -> conv(8))`, `residual(shortcut = pool -> conv(8)) { … }`."""
    if m.found.type != "ARROW" or m.found.depth <= m.begin.depth:
        return None
    depth, first = m.found.depth, m.index
    while m.lexemes[first - 1].depth > depth or (
        m.lexemes[first - 1].depth == depth and m.lexemes[first - 1].type not in ("COMMA", "EQUAL", "ELSE")
    ):
        first -= 1
    opener, last = first - 1, m.index
    while m.lexemes[opener].depth >= depth:
        opener -= 1
    if m.lexemes[opener].type not in ("LPAR", "LSQB") or first == m.index:
        return None
    while m.lexemes[last + 1].depth > depth or (
        m.lexemes[last + 1].depth == depth
        and m.lexemes[last + 1].type not in ("COMMA", "IF", "ELSE", "NEWLINE", "$END")
    ):
        last += 1
    chain = cut(" ".join(text_of(m.lexemes[first : last + 1]).split()), 60)
    help = f"name it first, on a line of its own: `t = {chain}`; then write `t` here"
    if m.lexemes[first - 1].type == "EQUAL":
        help = f"layers for an argument stand in braces: `{{ {chain} }}`"
    return m.say(
        "E001", f"a chain cannot stand inside of `{_pair(m.lexemes[opener])}`", "a second step", help
    )


def _pair(opener: Lexeme) -> str:
    return f"{SIGNS[opener.type]}…{SIGNS[OPENERS[opener.type]]}"


def _malformed_number(m: Mistake) -> Diagnostic | None:
    if m.found.type != "MALFORMED" or m.begin.type == "STAGE":
        return None
    text, help, fix = m.found.value
    touches = m.before is not None and m.before.span.end == m.found.span.start
    if touches and m.before is not None and m.before.type in ENDS_VALUE:
        help = fix = None  # `a.3`: not a number without its zero
    return m.say("E007", f"`{text}` is not a number", "neither a number nor a name", help, fix)


def _stage_name(m: Mistake) -> Diagnostic | None:
    if (
        m.begin.type != "STAGE"
        or m.lexemes[m.first + 1].type == "STRING_BEGIN"  # the mistake is between its braces, or behind it
        or m.found.depth != m.begin.depth
        or (m.index == m.first + 1 and m.found.type == "LBRACE")
    ):
        return None
    last = m.first + 1
    while m.lexemes[last].type not in ("LBRACE", "NEWLINE", "$END", "RBRACE"):
        last += 1
    text = text_of(m.lexemes[m.first + 1 : last])
    if not text or m.lexemes[last].type != "LBRACE" or m.index > last:  # behind it the name was right
        return None
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    span = m.lexemes[m.first + 1].span.to(m.lexemes[last - 1].span)
    labels = (Label(span, "a name that is not a single word needs quotes"),)
    message = f"`{text}` is not the name of a stage"
    return Diagnostic(
        "E012", message, labels, help=f"write `stage {quoted} {{ … }}`", fix=Fix(span, quoted, safe=True)
    )


def _no_parameters(m: Mistake) -> Diagnostic | None:
    if m.begin.type not in ("BLOCK", "NET") or m.found.type != "LBRACE" or "LPAR" not in m.expected:
        return None
    name = text_of(m.lexemes[m.first : m.index])
    message = f"`{name}` has no list of parameters"
    fix = m.fix_before("()", safe=True)
    return m.say("E012", message, "`(` was expected before this", f"write `{name}() {{ … }}`", fix)


def _keyword_as_name(m: Mistake) -> Diagnostic | None:
    word = m.found.value
    if (
        m.found.type not in HARD_KEYWORDS
        or "NAME" not in m.expected
        or (m.before is None and m.found.type == "ELSE")
    ):
        return None
    help = (
        "a choice is written `(a if condition else b)`"
        if m.found.type == "IF" and "INT" in m.expected
        else f"`{word}_` is free"
    )
    return m.say("E011", f"`{word}` is a keyword and cannot be a name", "a name was expected", help)


def _slashes(m: Mistake) -> Diagnostic | None:
    statement = m.lexemes[m.first : m.index + 1]
    slash = next((x for x in statement if x.type == "FLOOR" and x.depth == m.begin.depth), None)
    if slash is None or (slash is not m.begin and m.begin.type != "NAME"):
        return None
    labels = (Label(slash.span, "this divides"),)
    # in `w = a // b c` it may well divide
    sure = slash is m.begin or m.lexemes[m.first + 1].type not in ("EQUAL", "COLLECT")
    fix = comment_instead(slash.span, sure=sure)
    help = "write `#`" if fix else "a comment begins with `#`, and goes on to the end of its line"
    return Diagnostic("E004", "a comment begins with `#`, not with `//`", labels, help=help, fix=fix)


def _lonely_else(m: Mistake) -> Diagnostic | None:
    if m.found.type != "ELSE" or (
        m.before is not None and m.before.type != "RBRACE" and m.found.span.line == m.before.span.line
    ):
        return None
    return m.say(
        "E013", "this `else` belongs to no `if`", "no `if` ends just before", f"write `{FORMS['IF']}`"
    )


def _at_top(m: Mistake) -> Diagnostic | None:
    if not m.top or m.index != m.first:
        return None
    text = shown(m.found)
    help = "a file holds `block`, `net`, `variant`, `recipe`, `let`, `use` and `language`"
    meant = did_you_mean(m.found.value, ITEM_WORDS.values()) if m.found.type == "NAME" else None
    if meant:
        return m.say(
            "E009",
            f"{text} begins no definition",
            "unknown word",
            f"did you mean `{meant}`?",
            Fix(m.found.span, meant),
        )
    if m.found.type in STATEMENT_WORDS:
        help = "put it into the braces of a `block` or a `net`"
    return m.say("E013", f"{text} cannot stand at the top of a file", "outside of any block or net", help)


def _definition_inside(m: Mistake) -> Diagnostic | None:
    if m.top or m.index != m.first or m.found.type not in ("BLOCK", "NET", "VARIANT"):
        return None
    help = "define it at the top of the file and use it here by its name"
    return m.say("E013", f"a `{m.found.value}` cannot stand inside of another body", "inside of a body", help)


def _unknown_statement(m: Mistake) -> Diagnostic | None:
    if m.begin.type != "NAME" or m.index != m.first + 1 or m.found.type not in BEGINS_VALUE | {"IF"}:
        return None
    word = m.begin.value
    meant = did_you_mean(word, STATEMENT_WORDS.values())
    labels = (Label(m.begin.span, "unknown statement"),)
    if meant:
        fix = Fix(m.begin.span, meant)
        return Diagnostic(
            "E009", f"there is no statement `{word}`", labels, help=f"did you mean `{meant}`?", fix=fix
        )
    known = ", ".join(f"`{w}`" for w in STATEMENT_WORDS.values())
    help = f"between two layers stands `->`: `{word} -> …`; the statements are {known}"
    return Diagnostic("E009", f"there is no statement `{word}`", labels, help=help)


def _statement_behind(m: Mistake) -> Diagnostic | None:
    """A statement that begins on the line on which a body ended: `stage a { … } stage b { … }`."""
    ended = m.before is not None and m.before.type == "RBRACE"
    if m.before is None or not ended or m.found.type != "NAME" or "NEWLINE" not in m.expected:
        return None
    help = "statements stand on lines of their own, or with `;` between them"
    message = f"a new line is missing between {shown(m.before)} and {shown(m.found)}"
    sure = m.begin.type in STATEMENT_WORDS  # `x = residual { … } relu` may be a chain
    return m.say("E010", message, "a statement begins here", help, m.fix_before("; ", safe=sure))


def _statement_in_chain(m: Mistake) -> Diagnostic | None:
    """`relu -> repeat 3 { … }`."""
    if m.before is None or m.index < 2:
        return None
    word, arrow = m.before, m.lexemes[m.index - 2]
    if arrow.type != "ARROW" or word.value not in _OWN_LINE:
        return None
    labels = (Label(arrow.span.to(word.span), "a statement, not a step of a chain"),)
    help = f"end the chain before the arrow; `{word.value}` begins the next line, and goes on from there"
    return Diagnostic("E001", f"`{word.value}` begins a line", labels, help=help)


def _arrow_behind(m: Mistake) -> Diagnostic | None:
    """`repeat 3 { … } -> bn`."""
    word = STATEMENT_WORDS.get(m.begin.type, "")
    ended = m.before is not None and m.before.type == "RBRACE"
    if m.found.type != "ARROW" or not ended or word not in ("repeat", "stage", "for", "if", "share"):
        return None
    help = "leave out the arrow and begin a new line: the flow goes on from what the braces gave"
    return m.say("E001", f"`->` cannot stand behind the braces of `{word}`", "the statement ended", help)


def _missing_between(m: Mistake) -> Diagnostic | None:
    if m.before is None or m.found.type not in BEGINS_VALUE | {"LPAR"} or m.before.type not in ENDS_VALUE:
        return None
    following = m.lexemes[m.index + 1].type
    if "IN" in m.expected and following != "IN":
        return None
    before, found = shown(m.before), shown(m.found)
    if "COMMA" in m.expected:
        help = None
        if m.before.type == "NAME" and not m.level and m.lexemes[m.index - 2].type in ("LPAR", "COMMA"):
            help = (
                f"or an `=`, if {before} is the name of an argument: `{m.before.value} = {m.found.span.text}`"
            )
            help = help if m.lexemes[m.index - 2].type == "LPAR" or m.found.type != "NAME" else None
        message = f"a comma is missing between {before} and {found}"
        return m.say("E010", message, "`,` was expected before this", help, m.fix_before(","))
    if "ARROW" in m.expected and following in ("EQUAL", "COLLECT"):
        help = "statements stand on lines of their own, or with `;` between them"
        return m.say(
            "E010",
            f"a new line is missing between {before} and {found}",
            "a statement begins here",
            help,
            m.fix_before(";", safe=True),
        )
    if "ARROW" in m.expected:
        return m.say(
            "E010",
            f"`->` is missing between {before} and {found}",
            "`->` was expected before this",
            None,
            m.fix_before(" ->"),
        )
    return None


def _branches(m: Mistake) -> Diagnostic | None:
    if m.found.type == "VBAR" and m.found.boundary:
        if m.before is None:
            return m.say(
                "E014",
                "the branch before this `|` is empty",
                "no statement before this",
                "the tensor itself is `identity`",
            )
        return m.say(
            "E014", "the first branch has no `|` before it", "a second branch", "write `{ | … | … }`"
        )
    if m.found.type == "RBRACE" and m.lexemes[m.index - 1].type == "VBAR":
        return m.say(
            "E014", "the last branch is empty", "no statement before this", "the tensor itself is `identity`"
        )
    return None


def _fat_arrow(m: Mistake) -> Span | None:
    """Where `=>` stands, whichever of its halves was the one too many."""
    at = m.index if m.found.type == "EQUAL" else m.index - 1
    if at < m.first or [x.type for x in m.lexemes[at : at + 2]] != ["EQUAL", "MORETHAN"]:
        return None
    return m.lexemes[at].span.to(m.lexemes[at + 1].span)


def _split_arrow(m: Mistake) -> Diagnostic | None:
    """`relu - > bn`."""
    before, found = m.before, m.found
    if found.type != "MORETHAN" or before is None or before.type != "MINUS":
        return None
    arrow = before.span.to(found.span)
    if arrow.text.strip("->").strip(" \t"):
        return None
    labels = (Label(arrow, "`->` was expected"),)
    help, fix = "write `->`", Fix(arrow, "->", safe=True)
    return Diagnostic("E001", "an arrow is written without a space in it", labels, help=help, fix=fix)


def _comparison_as_equal(m: Mistake) -> Diagnostic | None:
    """`let a == 3`, `share f == conv(3)`."""
    if m.found.span.text != "==" or "EQUAL" not in m.expected:
        return None
    fix = Fix(m.found.span, "=", safe=True)
    return m.say("E001", "`==` compares, and gives no value to a name", "`=` was expected", "write `=`", fix)


def _operators(m: Mistake) -> Diagnostic | None:
    kind = m.found.type
    arrow = _fat_arrow(m)
    if arrow is not None:
        labels = (Label(arrow, "`->` was expected"),)
        fix = Fix(arrow, "->", safe=True)
        return Diagnostic("E001", "`=>` is not the arrow of a chain", labels, help="write `->`", fix=fix)
    if kind == "EQUAL" and m.begin.type == "IF":
        fix = Fix(m.found.span, "==", safe=True)
        return m.say("E001", "`=` does not compare", "`==` was expected", "write `==`", fix)
    if kind == "PLUS" and "MINUS" in m.expected and "INT" in m.expected and "PLUS" not in m.expected:
        if m.before is None:
            help = "end the line before with the operator, or put the expression in parentheses"
            return m.say("E001", "a line cannot begin with `+`", "an operator", help)
        return m.say("E001", "there is no `+` sign for numbers", "a value was expected", "leave it out")
    if kind == "EQUAL" and m.before is not None and m.before.type == "RSQB" and m.begin.type == "LSQB":
        names = text_of(m.lexemes[m.first : m.index])
        return m.say("E001", "a bundle is not taken apart with `=`", "unexpected", f"write `… as {names}`")
    return None


def _unexpected(m: Mistake) -> Diagnostic:
    expected = _in_words(m)
    help = None
    form = FORMS.get(m.begin.type)
    in_string = m.found.type in ("STRING_MIDDLE", "STRING_END")
    if form and m.index > m.first and m.level and not in_string:
        help = f"it is written `{form}`"
    return m.say("E001", f"unexpected {m.what}; expected {expected}", f"expected {expected}", help)


_FIRST = (
    _nothing, _kernel, _suffix, _chain_in_brackets, _malformed_number, _behind_as, _split_arrow,
    _comparison_as_equal, _between_values,
)  # fmt: skip
_RULES: tuple[Callable[[Mistake], Diagnostic | None], ...] = (
    _stage_name, _no_parameters, _slashes, _lonely_else, _keyword_as_name, _at_top,
    _definition_inside, _unknown_statement, _statement_behind, _statement_in_chain, _arrow_behind,
    _missing_between, _branches, _operators,
)  # fmt: skip


def _in_words(m: Mistake) -> str:
    """What could stand there, without the operators that could go on."""
    expected = m.expected
    words: list[str] = []
    if "INT" in expected or ("LPAR" in expected and "NAME" in expected):
        layer = not m.top and m.level and _places_element(m)
        words.append("a layer or a tensor" if layer else "a value")
    elif "NAME" in expected:
        words.append("a name")
    sure = [_EXPECTED[kind] for kind in _ONCE if kind in expected]
    if sure and not words and ("IN" in expected or not expected & {"RPAR", "RSQB", "NEWLINE"}):
        return " or ".join(sure)
    closing = (
        "LPAR",
        "NONE",
        "RPAR",
        "RSQB",
        "STRING_END",
        "COMMA",
        "LBRACE",
        "ARROW",
        "NEWLINE",
        "RBRACE",
        "$END",
        "VBAR",
        "STRING",
    )
    if not words or len(expected) < 4:
        seen = [*words, *sure, *(_EXPECTED[kind] for kind in closing if kind in expected)]
        seen = [f"the {shown(m.lexemes[-1])}" if w == _EXPECTED["$END"] else w for w in seen]
        if "NEWLINE" in expected:  # it says as much as the others
            seen = [w for w in seen if w not in (f"the {shown(m.lexemes[-1])}", "`}`", "`|`")]
        # `(` and `=` are named only where nothing else is left.
        plain = [w for w in dict.fromkeys(seen) if w not in ("`(`", "`=`")]
        words = plain or list(dict.fromkeys(seen)) or ["something else"]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _places_element(m: Mistake) -> bool:
    """Whether a layer would follow: first in a statement, behind `->`, behind the `=` of a tensor."""
    if m.before is None or m.before.type in ("ARROW", "COLLECT", "OUTPUT", "INSERT", "WITH"):
        return True
    return m.before.type == "EQUAL" and m.begin.type in ("NAME", "OUTPUT", "SHARE")
