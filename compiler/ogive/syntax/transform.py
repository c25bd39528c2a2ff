"""From the parser's reductions to the nodes of `ast`.

Each method is named for a rule of the grammar and gets what the rule matched, punctuation included, so that
the first and the last of it tell the node's span. Lark calls them while it parses, from the leaves up: no
tree is built in between and nothing recurses.
"""

# ruff: noqa: D102 (the grammar says what each method is for)

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ogive.diagnostics import Diagnostic, Fix, Label
from ogive.source import Span
from ogive.syntax import ast
from ogive.syntax.lexeme import STATEMENT_WORDS, Lexeme
from ogive.syntax.mistake import comment_instead

_CONSTANTS = {"TRUE": True, "FALSE": False, "NONE": None}

Parts = Sequence[Any]


def _cover(parts: Parts) -> Span:
    first, last = parts[0].span, parts[-1].span
    return Span(first.source, first.start, last.end)


def _nodes(parts: Parts) -> tuple[Any, ...]:
    return tuple(part for part in parts if not isinstance(part, Lexeme))


def _name(lexeme: Lexeme) -> ast.Name:
    return ast.Name(lexeme.value, lexeme.span)


def _names(parts: Parts) -> list[ast.Name]:
    return [_name(part) for part in parts if isinstance(part, Lexeme) and part.type == "NAME"]


def _within(parts: Parts) -> ast.String | None:
    """The stages that an edit keeps to."""
    keeps = len(parts) > 2 and isinstance(parts[-2], Lexeme) and parts[-2].type == "IN"
    return parts[-1] if keeps else None


@dataclass(frozen=True, slots=True)
class _Spanned:
    """What stands between two brackets, with the place of the whole."""

    span: Span
    nodes: tuple[Any, ...]


class Refused(Exception):
    """A statement that parses and yet cannot be meant; the parser goes on behind it."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


_VALUES = (
    ast.Literal, ast.String, ast.Kernel, ast.Unary, ast.Binary, ast.Compare, ast.Logical, ast.Range,
)  # fmt: skip


def _refuse_comparison(selector: ast.Selector) -> None:
    """`set conv(stride == 2)`."""
    for argument in selector.arguments:
        value = argument.value
        if not isinstance(value, ast.Compare) or value.ops != ("==",):
            continue
        name, given = value.operands
        if isinstance(name, ast.Name):
            source = selector.span.source
            between = source.text.index("==", name.span.end, given.span.start)
            span = Span(source, between, between + 2)
            message = "`==` compares, and an edit gives an argument its value with `=`"
            labels = (Label(span, "`=` was expected"),)
            help = f"write `{name.id} = {_short(given.span)}`"
            fix = Fix(span, "=", safe=True)
            raise Refused(Diagnostic("E017", message, labels, help=help, fix=fix))


def _refuse_values(chain: ast.Chain, statement: Span) -> None:
    """`3 -> conv(8)`, `w = 3`: the grammar lets any expression be an element, so that conditionals can be."""
    for element in chain.elements:
        if not isinstance(element, _VALUES):
            continue
        text = f"`{_short(element.span)}`"
        label = Label(element.span, "a value")
        if len(chain.elements) == 1 and statement.start < element.span.start and not _is_word(statement):
            start = Span(statement.source, statement.start, statement.start)
            whole = f"let {_short(statement)}"
            message = f"`{_short(statement)}` would name a tensor, but {text} is a value"
            fix = Fix(start, "let ", safe=True)
            raise Refused(Diagnostic("E008", message, (label,), help=f"write `{whole}`", fix=fix))
        message = f"{text} is a value, where a layer or a tensor was expected"
        help = "a value gets a name with `let`, and reaches a layer as its argument: `conv(64, 3x3)`"
        fix = None
        if isinstance(element, ast.Binary) and element.op == "//":
            help = "`//` divides; a comment begins with `#`"
            if element is chain.elements[-1]:
                at = element.span.source.text.index("//", element.left.span.end)
                fix = comment_instead(Span(element.span.source, at, at + 2), sure=True)
        raise Refused(Diagnostic("E008", message, (label,), help=help, fix=fix))


def _arguments(parts: Parts) -> tuple[ast.Argument, ...]:
    """The arguments of a call; behind a named one there is no counting places any more, as in Python."""
    arguments: tuple[ast.Argument, ...] = _nodes(parts)
    named: ast.Argument | None = None
    for argument in arguments:
        if argument.name is not None:
            named = named or argument
        elif named is not None:
            message = f"`{_short(argument.span)}` has no name, and stands behind `{_short(named.span)}`"
            labels = (Label(argument.span, "its place does not say which it is"), Label(named.span, "named"))
            help = "arguments without a name come first; or name this one as well"
            raise Refused(Diagnostic("E016", message, labels, help=help))
    return arguments


def _is_word(statement: Span) -> bool:
    return statement.text.split(maxsplit=1)[0] in STATEMENT_WORDS.values()


def _short(span: Span) -> str:
    text = " ".join(span.text.split())
    return text if len(text) <= 40 else f"{text[:39]}\u2026"


class Builder:
    """The callbacks. It holds no state: one serves every parse, in every thread."""

    # ----------------------------------------------------------------- definitions

    def file(self, parts: Parts) -> tuple[ast.Item, ...]:
        return _nodes(parts)

    def definition(self, parts: Parts) -> ast.Definition:
        keyword, name, *lists, body = parts
        header = Span(keyword.span.source, keyword.span.start, lists[-1][0].end)
        bundle = lists[0][1] if len(lists) == 2 else ()
        is_net = keyword.type == "NET"
        return ast.Definition(_name(name), is_net, bundle, lists[-1][1], body, header, _cover(parts))

    def bundle(self, parts: Parts) -> tuple[Span, tuple[ast.BundleParameter, ...]]:
        return _cover(parts), _nodes(parts)

    def parameters(self, parts: Parts) -> tuple[Span, tuple[ast.Parameter, ...]]:
        return _cover(parts), _nodes(parts)

    def bundle_parameter(self, parts: Parts) -> ast.BundleParameter:
        return ast.BundleParameter(_name(parts[0]), len(parts) > 1, _cover(parts))

    def parameter(self, parts: Parts) -> ast.Parameter:
        equal = next(
            (i for i, p in enumerate(parts) if isinstance(p, Lexeme) and p.type == "EQUAL"), len(parts)
        )
        default = parts[equal + 1] if equal < len(parts) else None
        kind = parts[2] if equal > 2 and isinstance(parts[2], Lexeme) else None
        choices = _nodes(parts[:equal])
        return ast.Parameter(_name(parts[0]), _name(kind) if kind else None, choices, default, _cover(parts))

    def variant(self, parts: Parts) -> ast.Variant:
        value = parts[3]
        if not isinstance(value, ast.Name | ast.Call):
            message = f"a variant is a net with its arguments, which {_short(parts[3].span)} is not"
            help = f"write `variant {parts[1].value} = Net(argument = 1)`"
            raise Refused(Diagnostic("E008", message, (Label(parts[3].span, "not a net"),), help=help))
        changes = parts[5].nodes if len(parts) > 4 else ()
        return ast.Variant(_name(parts[1]), value, changes, _cover(parts))

    def changes(self, parts: Parts) -> _Spanned:
        return _Spanned(_cover(parts), _nodes(parts))

    def use(self, parts: Parts) -> ast.Use:
        path = parts[-1]
        return ast.Use(
            _nodes(parts), ast.String((path.value,) if path.value else (), path.span), _cover(parts)
        )

    def imported(self, parts: Parts) -> ast.Imported:
        return ast.Imported(_name(parts[0]), _name(parts[-1]), _cover(parts))

    def language(self, parts: Parts) -> ast.Language:
        return ast.Language(self.literal(parts[1:]), _cover(parts))

    def recipe(self, parts: Parts) -> ast.Recipe:
        name, settings = parts[1], parts[-1]
        base = parts[3] if len(parts) > 3 else None
        header = Span(name.span.source, parts[0].span.start, parts[-2].span.end)
        return ast.Recipe(_name(name), base and _name(base), settings.nodes, header, _cover(parts))

    def settings(self, parts: Parts) -> _Spanned:
        return _Spanned(_cover(parts), _nodes(parts))

    def setting(self, parts: Parts) -> ast.Setting:
        return ast.Setting(_name(parts[0]), _nodes(parts), _cover(parts))

    def values(self, parts: Parts) -> tuple[ast.Expr, ...]:
        return _nodes(parts)

    # ----------------------------------------------------------------- statements

    def body(self, parts: Parts) -> ast.Body:
        return ast.Body(_nodes(parts), _cover(parts))

    def branch(self, parts: Parts) -> ast.Body:
        return ast.Body(_nodes(parts), _cover(parts))

    def flow(self, parts: Parts) -> ast.Flow:
        _refuse_values(parts[0], parts[0].span)
        return ast.Flow(parts[0], parts[2] if len(parts) > 1 else None, _cover(parts))

    def assign(self, parts: Parts) -> ast.Assign:
        _refuse_values(parts[2], _cover(parts))
        return ast.Assign(_name(parts[0]), parts[2], _cover(parts))

    def collect(self, parts: Parts) -> ast.Collect:
        _refuse_values(parts[2], parts[2].span)
        return ast.Collect(_name(parts[0]), parts[2], _cover(parts))

    def let(self, parts: Parts) -> ast.Let:
        return ast.Let(_name(parts[1]), parts[3], _cover(parts))

    def input(self, parts: Parts) -> ast.Input:
        words = {part.type: part.value for part in parts[3:-1]}
        dtype = words.get("DTYPE", "float")
        return ast.Input(_name(parts[1]), dtype, "TOKENS" in words, parts[-1], _cover(parts))

    def output(self, parts: Parts) -> ast.Output:
        _refuse_values(parts[-1], parts[-1].span)
        return ast.Output(_name(parts[1]) if len(parts) > 2 else None, parts[-1], _cover(parts))

    def stage(self, parts: Parts) -> ast.Stage:
        _, name, body = parts
        if isinstance(name, Lexeme):
            name = ast.String((name.value,), name.span)
        return ast.Stage(name, body, _cover(parts))

    def share(self, parts: Parts) -> ast.Share:
        equal = next(i for i, part in enumerate(parts) if isinstance(part, Lexeme) and part.type == "EQUAL")
        _refuse_values(parts[-1], parts[-1].span)
        return ast.Share(_name(parts[equal - 1]), _arguments(parts[: equal - 1]), parts[-1], _cover(parts))

    def repeat(self, parts: Parts) -> ast.Repeat:
        words = {part.type: i for i, part in enumerate(parts) if isinstance(part, Lexeme)}
        index = _name(parts[words["AS"] + 1]) if "AS" in words else None
        share = _arguments(parts[words["SHARE"] : words.get("AS", -1)]) if "SHARE" in words else None
        return ast.Repeat(parts[1], share, index, parts[-1], _cover(parts))

    def for_(self, parts: Parts) -> ast.For:
        *head, _, iterable, body = parts
        return ast.For(_name(head[1]) if len(head) > 2 else None, head[-1], iterable, body, _cover(parts))

    def if_(self, parts: Parts) -> ast.If:
        otherwise = parts[4] if len(parts) > 3 else None
        if isinstance(otherwise, ast.If):
            otherwise = ast.Body((otherwise,), otherwise.span)
        return ast.If(parts[1], parts[2], otherwise, _cover(parts))

    def default(self, parts: Parts) -> ast.Default:
        return ast.Default(_name(parts[1]), _arguments(parts), _cover(parts))

    def assert_(self, parts: Parts) -> ast.Assert:
        return ast.Assert(parts[1], parts[3] if len(parts) > 2 else None, _cover(parts))

    def label(self, parts: Parts) -> ast.Label:
        return ast.Label(parts[1], _cover(parts))

    # ----------------------------------------------------------------- edits

    def edits(self, parts: Parts) -> tuple[ast.Edit | ast.Assert, ...]:
        return _nodes(parts)

    def insert(self, parts: Parts) -> ast.Insert:
        _refuse_values(parts[1], parts[1].span)
        return ast.Insert(parts[1], parts[2].value, parts[3], _within(parts), _cover(parts))

    def remove(self, parts: Parts) -> ast.Remove:
        return ast.Remove(parts[1], _within(parts), _cover(parts))

    def replace(self, parts: Parts) -> ast.Replace:
        _refuse_values(parts[3], parts[3].span)
        return ast.Replace(parts[1], parts[3], _within(parts), _cover(parts))

    def set_(self, parts: Parts) -> ast.Set:
        selector: ast.Selector = parts[1]
        if not any(argument.name is not None for argument in selector.arguments):
            _refuse_comparison(selector)
            message = f"`{_short(_cover(parts[:2]))}` sets nothing"
            bracket = (
                selector.span.text.removesuffix(")") + ", " if selector.arguments else f"{selector.kind.id}("
            )
            help = f"name what changes: `set {bracket}argument = value)`"
            raise Refused(
                Diagnostic("E017", message, (Label(selector.span, "no `name = value`"),), help=help)
            )
        return ast.Set(selector, _within(parts), _cover(parts))

    def selector(self, parts: Parts) -> ast.Selector:
        return ast.Selector(_name(parts[0]), _arguments(parts[1:]), _cover(parts))

    def pattern(self, parts: Parts) -> ast.Pattern:
        return ast.Pattern(tuple(_names(parts)), parts[0].type == "LSQB", _cover(parts))

    # ----------------------------------------------------------------- flow

    def chain(self, parts: Parts) -> ast.Chain:
        return ast.Chain(_nodes(parts), _cover(parts))

    def with_body(self, parts: Parts) -> ast.WithBody:
        return ast.WithBody(parts[0], parts[1], _cover(parts))

    def with_branches(self, parts: Parts) -> ast.WithBranches:
        return ast.WithBranches(parts[0], _nodes(parts[1:]), _cover(parts))

    # ----------------------------------------------------------------- expressions

    def range(self, parts: Parts) -> ast.Range:
        return ast.Range(parts[0], parts[2], _cover(parts))

    def conditional(self, parts: Parts) -> ast.Conditional:
        then, _, condition, _, otherwise = parts
        return ast.Conditional(then, condition, otherwise, _cover(parts))

    def logical(self, parts: Parts) -> ast.Logical:
        return ast.Logical(parts[1].value, parts[0], parts[2], _cover(parts))

    def unary(self, parts: Parts) -> ast.Unary:
        return ast.Unary(parts[0].value, parts[1], _cover(parts))

    def compare(self, parts: Parts) -> ast.Compare:
        return ast.Compare(tuple(sign.value for sign in parts[1::2]), tuple(parts[::2]), _cover(parts))

    def binary(self, parts: Parts) -> ast.Binary:
        return ast.Binary(parts[1].value, parts[0], parts[2], _cover(parts))

    def attribute(self, parts: Parts) -> ast.Attribute:
        return ast.Attribute(parts[0], parts[2].value, parts[2].span, _cover(parts))

    def index(self, parts: Parts) -> ast.Index:
        return ast.Index(parts[0], parts[2], _cover(parts))

    def slice(self, parts: Parts) -> ast.Slice:
        colon = next(i for i, part in enumerate(parts) if isinstance(part, Lexeme) and part.type == "COLON")
        start = parts[2] if colon == 3 else None
        stop = parts[colon + 1] if len(parts) > colon + 2 else None
        return ast.Slice(parts[0], start, stop, _cover(parts))

    def call(self, parts: Parts) -> ast.Call:
        return ast.Call(parts[0], _arguments(parts[1:]), _cover(parts))

    def argument(self, parts: Parts) -> ast.Argument:
        name = parts[0] if len(parts) > 1 else None
        return ast.Argument(name and name.value, name and name.span, parts[-1], _cover(parts))

    def body_value(self, parts: Parts) -> ast.BodyExpr:
        return ast.BodyExpr(parts[0], parts[0].span)

    def name(self, parts: Parts) -> ast.Name:
        return _name(parts[0])

    def literal(self, parts: Parts) -> ast.Literal:
        lexeme = parts[0]
        return ast.Literal(_CONSTANTS.get(lexeme.type, lexeme.value), lexeme.span)

    def unknown(self, parts: Parts) -> ast.Unknown:
        return ast.Unknown(parts[0].value, parts[0].span)

    def kernel(self, parts: Parts) -> ast.Kernel:
        return ast.Kernel(parts[0].value, parts[0].span)

    def list(self, parts: Parts) -> ast.ListExpr:
        return ast.ListExpr(_nodes(parts), _cover(parts))

    def parenthesized(self, parts: Parts) -> ast.Expr:
        return replace(parts[1], span=_cover(parts))

    def string(self, parts: Parts) -> ast.String:
        texts = (part.value if isinstance(part, Lexeme) else part for part in parts)
        return ast.String(tuple(text for text in texts if text != ""), _cover(parts))


# These are rules of the grammar, but no names for methods.
for _rule in ("for", "if", "assert", "set"):
    setattr(Builder, _rule, getattr(Builder, f"{_rule}_"))
