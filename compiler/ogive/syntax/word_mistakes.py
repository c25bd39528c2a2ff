"""What to say about statements that begin with a word of their own: edits, `use`, recipes, `share`, budgets.

Each rule knows the mistakes of one word; `mistakes` tries them before its own, which know no word.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from ogive.diagnostics import Diagnostic, Fix, Label, did_you_mean
from ogive.source import Span
from ogive.syntax.lexeme import EDIT_WORDS, ITEM_WORDS, STATEMENT_WORDS, Lexeme, text_of
from ogive.syntax.mistake import BEGINS_VALUE, ENDS_VALUE, FORMS, Mistake, cut, meant_word, shown

_TAKES = {
    "insert": "a layer", "remove": "a kind of layer", "replace": "a kind of layer", "set": "a kind of layer",
    "share": "a name", "label": "a text in quotes", "use": "a file in quotes, or names from one",
    "language": "a number", "recipe": "a name", "assert": "a condition",
}  # fmt: skip
_TYPES = {word: kind for kind, word in (ITEM_WORDS | STATEMENT_WORDS).items()}
_TEXTS = ("STRING", "STRING_BEGIN")
_BEHIND_WITH = "behind `with` stand `insert`, `remove`, `replace`, `set` and `assert`"
_INSIDE = {"inside", "at", "from", "of", "within", "into", "only"}
_EVERY = {"all", "every", "each", "any", "the"}
_WITH = {"by", "to", "for", "as", "into"}
SEVERAL = ("augment", "init", "schedule")
"""The settings of a recipe that take several values, with commas between them."""
_USE = {"import", "include", "from", "require"}


def _takes(m: Mistake) -> Diagnostic | None:
    """`label foo`, `remove 3`, `recipe { … }`, `use` alone: without what it takes, a word is a name."""
    word = m.begin.value if m.begin.type == "NAME" else None
    if word not in _TAKES or _TYPES[word] not in (ITEM_WORDS if m.top else STATEMENT_WORDS):
        return None
    found = m.lexemes[m.first + 1]
    fix = None
    if m.top and m.index == m.first:
        if found.type == "$END" or (found.type == "NEWLINE" and found.depth == m.begin.depth):
            place, message = m.begin.span, f"`{word}` takes {_TAKES[word]}"
            return _written(place, message, "nothing follows", _TYPES[word])
        m = Mistake(m.lexemes, m.first, m.first + 1, m.expected, m.top)
    elif m.index != m.first + 1:
        return _behind_bracket(m, word)
    if word == "label" and found.type == "NAME":
        fix = Fix(found.span, f'"{found.value}"', safe=True)
    if found.type == "STRING" and not found.span.text.startswith("'"):
        names = word in ("remove", "replace", "set", "recipe") and found.value.isidentifier()
        if names or (word == "language" and found.value.isdigit()):
            fix = Fix(found.span, found.value)
    message = f"`{word}` takes {_TAKES[word]}, not {m.what}"
    return _written(m.place, message, f"expected {_TAKES[word]}", _TYPES[word], fix)


def _behind_bracket(m: Mistake, word: str) -> Diagnostic | None:
    """`insert (bn if norm else identity) befor relu`, `share(except = norm) = conv(3)`."""
    if m.lexemes[m.first + 1].type != "LPAR" or not m.level or m.before is None or m.before.type != "RPAR":
        return None
    if word == "insert" and m.found.type == "NAME" and get_close_matches(m.found.value, ["before", "after"]):
        return _where(m, m.found.value)
    if word == "share" and m.found.type == "EQUAL":
        return m.say("E012", "what is shared needs a name", "a name was expected before this", _SHARED)
    return None


_SHARED = f"it is written `{FORMS['SHARE']}`, or `share(except = norm) f = Tower(64)`"


def _written(place: Span, message: str, label: str, kind: str, fix: Fix | None = None) -> Diagnostic:
    help = f"it is written `{FORMS[kind]}`"
    return Diagnostic("E001", message, (Label(place, label),), help=help, fix=fix)


def _misplaced(m: Mistake) -> Diagnostic | None:
    """Statements that stand where only others can: `use` in a body, edits at the top, `let` behind `with`."""
    if m.index != m.first:
        return None
    word = m.found.value if isinstance(m.found.value, str) else ""
    if m.top:
        if m.found.type in EDIT_WORDS:
            message = f"`{word}` cannot stand at the top of a file"
            help = "an edit stands in the braces of a net or a block, or behind `with` of a variant"
            return m.say("E013", message, "outside of any block or net", help)
        if m.found.type == "NAME" and word in _USE:
            help = 'another file is named with `use "file.arch"`, or `use Name from "file.arch"`'
            return m.say("E009", f"`{word}` begins no definition", "unknown word", help)
        return None
    if "INSERT" in m.expected and "NAME" not in m.expected:
        return _not_an_edit(m, word)
    if m.found.type in ("USE", "LANGUAGE", "RECIPE"):
        what = {"USE": "a `use`", "RECIPE": "a recipe", "LANGUAGE": "the version of the language"}
        message = f"{what[m.found.type]} cannot stand inside of a body"
        return m.say("E013", message, "inside of a body", "put it at the top of the file")
    return None


def _not_an_edit(m: Mistake, word: str) -> Diagnostic | None:
    """What stands between the braces behind `with`, or in `--edit`."""
    if m.found.type == "NAME":
        following = m.following.type
        if word in _TAKES and _TYPES[word] in EDIT_WORDS:
            source, end = m.found.span.source, m.found.span.end
            place = Span(source, end, min(end + 1, len(source.text)))
            message = f"`{word}` takes {_TAKES[word]}"
            if following in BEGINS_VALUE:
                place, message = m.following.span, f"{message}, not {shown(m.following)}"
            return _written(place, message, "which?", _TYPES[word])
        meant = meant_word(word, (*EDIT_WORDS.values(), "assert"))
        if meant and following in BEGINS_VALUE:
            help, fix = f"did you mean `{meant}`?", Fix(m.found.span, meant)
            return m.say("E009", f"there is no edit `{word}`", "unknown edit", help, fix)
    if m.found.type in STATEMENT_WORDS or m.found.type in BEGINS_VALUE | {"LSQB", "LPAR"}:
        return m.say("E013", f"{m.what} begins no edit", "only edits and budgets stand here", _BEHIND_WITH)
    return None


def _edit(m: Mistake) -> Diagnostic | None:
    """Everything behind the word of an edit."""
    if m.begin.type not in EDIT_WORDS or m.index == m.first or not (m.level or m.too_early):
        return None
    found, word = m.found, m.found.value if m.found.type == "NAME" else ""
    if "BEFORE" in m.expected:
        return _where(m, word)
    if "WITH" in m.expected and found.type not in ("ARROW", "COMMA"):
        layer = text_of(m.lexemes[m.first + 1 : m.index])
        if layer == "with":
            place = m.lexemes[m.first + 1].span
            return _written(place, "`replace` what?", "a kind of layer was expected before this", "REPLACE")
        if m.following.type in BEGINS_VALUE and (word in _WITH or did_you_mean(word, ["with"])):
            return m.say(
                "E001",
                f"`{word}` is not `with`",
                "`with` was expected",
                "write `with`",
                Fix(found.span, "with"),
            )
        if found.type in BEGINS_VALUE:
            fix = m.fix_before(" with")
            return m.say(
                "E010", f"`with` is missing behind `{cut(layer)}`", "the new layer", "write `with`", fix
            )
        message = f"`replace {cut(layer)}` does not say with what"
        return _written(m.place, message, "`with` was expected", "REPLACE")
    if m.before is m.begin or m.before is None or m.before.type in ("BEFORE", "AFTER"):
        return _kind(m)
    if "IN" in m.expected or "WITH" in m.expected:
        return _behind_kind(m, word)
    return None


def _where(m: Mistake, word: str) -> Diagnostic | None:
    """`insert bn befor relu`, `insert bn relu`, `insert bn`."""
    meant = get_close_matches(word, ["before", "after"], n=1) if word else []
    if meant:
        message = f"`{word}` is neither `before` nor `after`"
        help, fix = f"did you mean `{meant[0]}`?", Fix(m.found.span, meant[0])
        return m.say("E001", message, "`before` or `after` was expected", help, fix)
    layer = m.lexemes[m.first + 1 : m.index]
    if layer[0].type == "NAME" and layer[0].value in ("before", "after") and len(layer) == 1:
        message = f"`insert {layer[0].value}` does not say which layer to insert"
        place = Span(layer[0].span.source, m.begin.span.end, layer[0].span.start)
        return _written(place, message, "a layer was expected", "INSERT")
    if m.found.type == "ARROW":
        return None
    text = cut(text_of(layer))
    help = f"write `insert {text} before relu` or `insert {text} after conv`"
    return m.say("E001", f"where should `{text}` be inserted?", "`before` or `after` was expected", help)


def _kind(m: Mistake) -> Diagnostic | None:
    """What stands where a kind of layer should: `insert bn before "relu"`, `insert bn before 3x3`."""
    found, fix = m.found, None
    if m.too_early:
        word = m.before.value if m.before else ""
        return _written(m.place, f"`{word}` what?", "a kind of layer was expected", m.begin.type)
    if found.type == "STRING" and found.value.isidentifier():
        fix = Fix(found.span, found.value)
    return m.say("E001", f"{m.what} is no kind of layer", "a kind of layer was expected", _KINDS, fix)


_KINDS = (
    "a kind is a layer, `conv`, a layer with arguments, `conv(5x5)`, or a group: "
    "`conv`, `act`, `norm`, `pool`, `dropout`"
)
_STATEMENTS = frozenset(STATEMENT_WORDS.values())
_BEFORE_KIND = frozenset({"INSERT", "REMOVE", "REPLACE", "SET", "BEFORE", "AFTER"})
_SHORT = {
    "INSERT": "insert bn after conv", "REMOVE": "remove relu", "REPLACE": "replace relu with gelu",
    "SET": "set conv(bias = true)",
}  # fmt: skip


def _behind_kind(m: Mistake, word: str) -> Diagnostic | None:
    """`remove a, b`, `remove a -> b`, `remove all a`, `remove a from "b"`, `set a b = 3`."""
    found, before = m.found, m.before
    if before is None:
        return None
    edit = m.begin.value
    if found.type == "COMMA" or (word in STATEMENT_WORDS.values() and m.following.type in BEGINS_VALUE):
        following = m.following.value if found.type == "COMMA" else word
        if following in STATEMENT_WORDS.values():
            help = "edits stand on lines of their own, or with `;` between them"
            fix = Fix(found.span, ";") if found.type == "COMMA" else m.fix_before(";")
            return m.say("E010", f"a new line is missing before `{following}`", "another edit", help, fix)
        message = f"`{edit}` speaks of one kind of layer"
        return m.say("E001", message, "a second one", f"write `{edit}` once for each, on lines of their own")
    if found.type == "ARROW":
        message = f"`{edit}` speaks of one kind of layer, not of a chain"
        return m.say("E001", message, "a second step", f"write `{edit}` once for each kind")
    if word in ("before", "after"):
        message = f"only `insert` takes `{word}`"
        some = f'`{_SHORT[m.begin.type]} in "head*"`'
        help = f"`{edit}` acts on every layer of a kind, or on those of some stages: {some}"
        return m.say("E001", message, "unexpected", help)
    if before.value in _STATEMENTS and before.type == "NAME" and m.lexemes[m.index - 2].type in _BEFORE_KIND:
        labels, help = (Label(before.span, "no kind of layer"),), _KINDS
        if before.value == "stage":
            kept = f'`{_SHORT[m.begin.type]} in "{cut(word or "name")}"`'
            help = f"what an edit changes can be kept to a stage: {kept}"
        return Diagnostic("E001", f"`{before.value}` is no kind of layer", labels, help=help)
    if found.type in ("DOT", "EQUAL") or (m.begin.type == "SET" and m.following.type == "EQUAL"):
        kind = text_of(m.lexemes[m.first + 1 : m.index])
        help = f"arguments stand in parentheses: `set {_with_arguments(m, kind)}`"
        if m.begin.type != "SET":
            help = "a kind is a name, `conv`, or a layer with arguments, `conv(5x5)`"
        return m.say("E001", f"unexpected {m.what} behind a kind of layer", "not part of a kind", help)
    if before.type == "NAME" and before.value in _EVERY and word:
        message, span = f"`{before.value}` is no kind of layer", before.span
        fix = Fix(Span(span.source, span.start, found.span.start), "")
        help = f"an edit speaks of every layer of a kind: leave out `{before.value}`"
        return Diagnostic("E001", message, (Label(span, "not needed"),), help=help, fix=fix)
    stages = m.following
    if word == "in":
        if stages.type != "NAME":
            message = "which stages? Their names stand in quotes behind `in`"
            return m.say("E001", message, "no text behind this", 'as in `in "conv*"`')
        message = "the stages that an edit keeps to stand in quotes"
        labels, fix = (Label(stages.span, "not in quotes"),), Fix(stages.span, f'"{stages.value}"', safe=True)
        return Diagnostic("E001", message, labels, help=f'write `in "{cut(stages.value)}"`', fix=fix)
    if word in _INSIDE and stages.type in _TEXTS:
        message = f"`{word}` is not `in`"
        return m.say("E001", message, "`in` was expected", "write `in`", Fix(found.span, "in"))
    if found.type == "NAME":
        message = f"`{edit}` speaks of one kind of layer"
        return m.say("E001", message, "a second one", f"write `{edit}` once for each, on lines of their own")
    if found.type in _TEXTS:
        return m.say("E010", "`in` is missing before the stages", "stages", "write `in`", m.fix_before(" in"))
    return None


def _with_arguments(m: Mistake, kind: str) -> str:
    """`conv(3x3, stride = 2)`, from `conv(3x3) stride = 2`."""
    last = next((i for i in range(m.index, m.end) if m.lexemes[i].value in ("in", ",")), m.end)
    given = " ".join(text_of(m.lexemes[m.index : last]).split()) if m.found.type == "NAME" else ""
    given = cut(given) if last > m.index + 2 else "argument = value"
    others = kind[:-1].rstrip() if kind.endswith(")") else f"{kind}("
    return f"{cut(others)}{'' if others.endswith('(') else ', '}{given})"


def _use(m: Mistake) -> Diagnostic | None:
    """Everything behind `use`."""
    if m.begin.type != "USE" or m.index == m.first or m.before is None:
        return None
    found, following = m.found, m.following
    if found.type == "AS" and m.before.type in _TEXTS:
        help = f"names can be chosen one by one: `use Name as Other from {text_of([m.before])}`"
        return m.say("E001", "a whole file is not given a name", "unexpected", help)
    if found.type == "STRING_BEGIN":
        message = "the name of the file cannot be put together from expressions"
        return m.say("E001", message, "no `{…}` can stand in it", "write it out")
    wants_file = "STRING" in m.expected and m.before.type == "FROM"
    if (wants_file and found.type == "NAME") or (found.type in ("DOT", "SLASH") and m.index == m.first + 2):
        first = m.index if wants_file else m.first + 1
        last = m.index
        while m.lexemes[last + 1].span.start == m.lexemes[last].span.end and last + 1 < m.end:
            last += 1
        span = m.lexemes[first].span.to(m.lexemes[last].span)
        quoted = f'"{span.text}"'
        labels = (Label(span, "a file stands in quotes"),)
        help = f"write `{cut(quoted)}`"
        fix = Fix(span, quoted, safe=True)
        return Diagnostic("E001", "the file of a `use` stands in quotes", labels, help=help, fix=fix)
    if found.type in _TEXTS and m.before.type == "NAME":
        if m.before.value == "from":
            first = m.lexemes[m.index - 2]
            last_comma = first.type == "COMMA"
            message = "no name stands before `from`" if not last_comma else "no name stands behind this comma"
            place = m.before.span if not last_comma else first.span
            fix = (
                Fix(Span(place.source, m.before.span.start, found.span.start), "")
                if first is m.begin
                else None
            )
            help = "a whole file is used without `from`; some of its names with it: `use Name from …`"
            return Diagnostic("E001", message, (Label(place, "a name was expected"),), help=help, fix=fix)
        fix = m.fix_before(" from", safe=True)
        return m.say("E010", f"`from` is missing before {m.what}", "a file", "write `from`", fix)
    if found.type == "NAME" and following.type in _TEXTS and did_you_mean(found.value, ["from"]):
        return m.say(
            "E001",
            f"`{found.value}` is not `from`",
            "`from` was expected",
            "write `from`",
            Fix(found.span, "from"),
        )
    if m.too_early and "FROM" in m.expected:
        names = text_of(m.lexemes[m.first + 1 : m.index])
        help = f'write `use {cut(names)} from "file.arch"`'
        return m.say("E001", f"`use {cut(names)}` does not say from which file", "`from` was expected", help)
    return None


def _recipe(m: Mistake) -> Diagnostic | None:
    """`recipe a = b { … }`, `recipe a extend b { … }`."""
    if m.begin.type != "RECIPE" or m.index == m.first or m.before is None:
        return None
    found = m.found
    if found.type == "NAME" and m.index == m.first + 2 and m.following.type == "NAME":
        help, fix = "a recipe takes over the settings of another with `extends`", Fix(found.span, "extends")
        return m.say("E001", f"`{found.value}` is not `extends`", "`extends` was expected", help, fix)
    if "LBRACE" in m.expected and m.too_early:
        name = text_of(m.lexemes[m.first + 1 : m.index])
        return _written(m.place, f"the recipe `{cut(name)}` has no settings", "`{` was expected", "RECIPE")
    return None


def _setting(m: Mistake) -> Diagnostic | None:
    """The lines of a recipe. Only there a value may follow a name, and nothing else."""
    if m.top or "RECIPE" not in (x.type for x in _header(m)):
        return None
    found, before = m.found, m.before
    if before is None:
        message = f"{m.what} begins no setting"
        help = "a setting is its name and a value, on a line of its own: `batch 128`"
        return m.say("E001", message, "the name of a setting was expected", help)
    name = m.begin.span.text
    if m.index == m.first + 1:
        if found.type in ("EQUAL", "COLON"):
            behind = m.following.span
            gap = " " if behind.start > found.span.end else ""
            exact = m.following.type in BEGINS_VALUE
            sign = Span(found.span.source, before.span.end, behind.start)
            fix = Fix(sign, " ", safe=True) if exact else None
            help = f"write `{name} {cut(behind.text)}`" if gap and exact else f"write `{name} value`"
            return m.say("E001", f"a setting is written without `{found.value}`", "unexpected", help, fix)
        if m.too_early:
            help = "a setting is its name and a value, on a line of its own: `batch 128`"
            return m.say("E001", f"the setting `{name}` has no value", "a value was expected", help)
        return None
    if not m.level and m.lexemes[m.first + 1].type == "LPAR" and found.type in ("COMMA", "EQUAL"):
        help = "a setting is its name and a value, on a line of its own: `optimizer sgd(lr = 0.1)`"
        labels = (Label(m.begin.span, "the name of a setting was expected"),)
        return Diagnostic("E001", f"`{cut(name)}(…)` is no setting", labels, help=help)
    if found.type == "ARROW":
        help = "a recipe holds settings, one a line: `batch 128`; layers stand in blocks and nets"
        return m.say("E013", "a chain cannot stand in a recipe", "`->` joins layers", help)
    ended = m.level and before.type in ENDS_VALUE
    if ended and found.type in BEGINS_VALUE - {"NAME"} and name.isidentifier() and name not in SEVERAL:
        message = f"`{name}` takes one value, and this is one more"
        help = f"it is written `{name} {cut(m.lexemes[m.first + 1].span.text)}`"
        return m.say("E326", message, "one too many", help)
    if ended and found.type == "NAME" and m.following.type in BEGINS_VALUE:
        help = "settings stand on lines of their own, or with `;` between them"
        return m.say(
            "E010", f"a new line is missing before {m.what}", "another setting", help, m.fix_before(";")
        )
    return None


def _header(m: Mistake) -> list[Lexeme]:
    """What stands before the brace in which a statement of the second level stands."""
    if m.begin.depth != 1:
        return []
    opener = m.first - 1
    while opener >= 0 and m.lexemes[opener].depth > 0:
        opener -= 1
    return m.lexemes[max(opener - 4, 0) : opener]


def _share(m: Mistake) -> Diagnostic | None:
    """`share conv(3)`, `share f conv(3)`, `share f, g = conv(3)`."""
    if m.begin.type != "SHARE" or m.before is None or not m.level or "EQUAL" not in m.expected:
        return None
    found, name = m.found, m.before.span.text
    if found.type in ("LPAR", "ARROW"):
        start = Span(found.span.source, m.before.span.start, m.before.span.start)
        layer = cut(" ".join(text_of(m.lexemes[m.index - 1 : m.end]).split()).split(" as ")[0])
        message, help = "what is shared needs a name", f"write `share f = {layer}`, and use it as `-> f`"
        labels = (Label(m.before.span, "a name and `=` were expected before this"),)
        return Diagnostic("E012", message, labels, help=help, fix=Fix(start, "f = "))
    if found.type in BEGINS_VALUE:
        return m.say("E010", f"`=` is missing behind `{name}`", "the layer", "write `=`", m.fix_before(" ="))
    if found.type == "COMMA":
        return m.say("E001", "`share` gives one name", "a second name", f"it is written `{FORMS['SHARE']}`")
    return None


def _repeat(m: Mistake) -> Diagnostic | None:
    """`repeat 3 shared { … }`, `repeat share 3 { … }`, `repeat 3 as i share { … }`."""
    if m.begin.type != "REPEAT" or m.before is None or not m.level or "LBRACE" not in m.expected:
        return None
    found, word = m.found, m.found.value if m.found.type in ("NAME", "SHARE") else ""
    help = "it is written `repeat 3 share { … }`, `repeat 3 share as i { … }`"
    if m.before.value == "share" and m.index == m.first + 2 and found.type in BEGINS_VALUE:
        return m.say("E001", "`share` stands behind the count", "the count", help)
    if word != "share" and did_you_mean(word, ["share"]):
        fix = Fix(found.span, "share")
        return m.say("E001", f"`{word}` is not `share`", "`share` was expected", "write `share`", fix)
    if word == "share" and any(x.type == "AS" for x in m.lexemes[m.first : m.index]):
        at = next(i for i in range(m.first, m.index) if m.lexemes[i].type == "AS")
        fix = None
        if m.index == at + 2 and m.following.type == "LBRACE":
            index = m.lexemes[at].span.to(m.lexemes[at + 1].span)
            fix = Fix(index.to(found.span), f"share {index.text}", safe=True)
        return m.say("E001", "`share` stands before `as`", "too late", help, fix)
    if word == "share":
        message = "the body of a `repeat` stands in braces"
        labels = (Label(m.following.span, "`{` was expected"),)
        return Diagnostic("E001", message, labels, help="it is written `repeat 3 share { … }`")
    return None


def _variant(m: Mistake) -> Diagnostic | None:
    """`variant a = b with remove c`, `variant a = b { remove c }`, `variant a = b wth { … }`."""
    if m.begin.type != "VARIANT" or m.before is None or not m.level:
        return None
    found, word = m.found, m.found.value if m.found.type == "NAME" else ""
    if m.before.type == "WITH":
        text = text_of(m.lexemes[m.index : m.end])
        if found.type in ("LPAR", "LSQB"):
            text = text[1:-1]
        if not text or m.too_early:
            help = f"it is written `{FORMS['VARIANT'].rpartition('` or `')[2]}`"
            return m.say("E001", "no edits behind `with`", "`{` was expected", help)
        fix = None
        if word:
            span = found.span.to(m.lexemes[m.end - 1].span)
            fix = Fix(span, f"{{ {span.text} }}")
        help = f"write `with {{ {cut(' '.join(text.split()), 60)} }}`"
        return m.say("E001", "the edits of a variant stand in braces", "`{` was expected", help, fix)
    if found.type == "LBRACE" and "WITH" in m.expected:
        fix = m.fix_before(" with", safe=True)
        return m.say("E010", "`with` is missing before the edits", "edits", "write `with`", fix)
    if word and "WITH" in m.expected and m.following.type == "LBRACE":
        return m.say(
            "E001", f"`{word}` is not `with`", "`with` was expected", "write `with`", Fix(found.span, "with")
        )
    if found.type == "COMMA" and m.following.value in EDIT_WORDS.values():
        help = f"edits stand behind `with`: `{FORMS['VARIANT'].rpartition('` or `')[2]}`"
        return m.say("E001", "unexpected `,` behind a net", "unexpected", help)
    return None


def _budget(m: Mistake) -> Diagnostic | None:
    """`assert params = 3`, `assert relu -> bn`."""
    if m.begin.type != "ASSERT" or m.before is None or not m.level:
        return None
    if m.found.type == "EQUAL":
        fix = Fix(m.found.span, "==", safe=True)
        return m.say("E001", "`=` does not compare", "`==` was expected", "write `==`", fix)
    if m.found.type == "ARROW":
        message = "a budget is a condition, not a chain"
        return m.say("E001", message, "a second step", f"it is written `{FORMS['ASSERT']}`")
    if "COMMA" in m.expected and m.found.type in BEGINS_VALUE - {*_TEXTS} and m.before.type in ENDS_VALUE:
        help = 'behind a condition only a message may stand, in quotes: `assert params < 1.5M, "too many"`'
        return m.say("E001", f"unexpected {m.what} behind a condition", "the condition has ended", help)
    return None


def _statement_on_the_same_line(m: Mistake) -> Diagnostic | None:
    """`relu let k = 3`: a word that begins a statement, with what it takes behind it."""
    if m.found.type != "NAME" or m.found.value not in STATEMENT_WORDS.values() or not m.level:
        return None
    if m.before is None or m.before.type not in ENDS_VALUE or m.following.type not in BEGINS_VALUE:
        return None
    if "NEWLINE" not in m.expected and "RBRACE" not in m.expected:
        return None
    help = "statements stand on lines of their own, or with `;` between them"
    message = f"a new line is missing before `{m.found.value}`"
    return m.say("E010", message, "a statement begins here", help, m.fix_before(";", safe=True))


def _colon_for_equal(m: Mistake) -> Diagnostic | None:
    """`conv(bias: true)`."""
    if m.found.type != "COLON" or m.level or m.before is None or m.before.type != "NAME":
        return None
    if "COMMA" not in m.expected or m.lexemes[m.index - 2].type not in ("LPAR", "COMMA"):
        return None
    fix = Fix(Span(m.found.span.source, m.before.span.end, m.found.span.end), " =", safe=True)
    return m.say(
        "E001", "an argument gets its value with `=`, not with `:`", "`=` was expected", "write `=`", fix
    )


RULES: tuple[Callable[[Mistake], Diagnostic | None], ...] = (
    _misplaced, _takes, _colon_for_equal, _edit, _use, _recipe, _setting, _share, _repeat, _variant, _budget,
    _statement_on_the_same_line,
)  # fmt: skip
