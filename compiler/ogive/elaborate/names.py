"""Checks what no net uses: a block that nothing calls, a net whose arguments nobody gives.

Without tensors only names can be checked: that every name means something, and that layers have the arguments
that they are given.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence

from ogive.diagnostics import Diagnostic, Label, did_you_mean, in_place_of
from ogive.elaborate.call_mistakes import reduction
from ogive.elaborate.context import RESERVED
from ogive.elaborate.functions import FUNCTIONS
from ogive.elaborate.parameters import TYPES
from ogive.elaborate.words import WORDS
from ogive.layers.base import Initializer
from ogive.layers.library import Library
from ogive.syntax import ast
from ogive.syntax.lexeme import OTHER_CONSTANTS
from ogive.syntax.mistake import form_of

COUNTS = ("params", "macs", "out")
"""What an `assert` may ask about the part that it stands in; a name that the program gives hides one."""


def check_definitions(file: ast.File) -> list[Diagnostic]:
    """What is wrong with the definitions of a file, before anything in them is looked at: names given twice,
    types.
    """
    found = _given_twice([item.name for item in file.named], "`{}` is defined twice")
    imported = [each for use in file.uses for each in use.names]
    found += _taken_twice(file, imported)
    for name in (*(item.name for item in file.named), *(each.name for each in imported)):
        if name.id in RESERVED:
            message = f"`{name.id}` has a meaning of its own and cannot be given another"
            found.append(
                Diagnostic("E109", message, (Label(name.span, "defined here"),), (), "choose another name")
            )
    for item in file.named:
        if not isinstance(item, ast.Definition):
            continue
        names = [parameter.name for parameter in (*item.parameters, *item.bundle)]
        found += _given_twice(names, f"two parameters of `{item.name.id}` are called `{{}}`")
        for parameter in item.parameters:
            if parameter.type is not None and parameter.type.id not in TYPES:
                guess = did_you_mean(parameter.type.id, TYPES)
                found.append(
                    Diagnostic(
                        "E101",
                        f"no type is called `{parameter.type.id}`",
                        (Label(parameter.type.span, "not known"),),
                        (("note", f"the types are {', '.join(TYPES)}"),),
                        f"did you mean `{guess}`?" if guess else None,
                        fix=in_place_of(parameter.type.span, parameter.type.id, guess),
                    )
                )
    return found


def _given_twice(names: list[ast.Name], message: str) -> list[Diagnostic]:
    first: dict[str, ast.Name] = {}
    found: list[Diagnostic] = []
    for name in names:
        if first.setdefault(name.id, name) is not name:
            labels = (Label(name.span, "again here"), Label(first[name.id].span, "first here"))
            found.append(Diagnostic("E109", message.format(name.id), labels, (), "choose another name"))
    return found


def _taken_twice(file: ast.File, imported: list[ast.Imported]) -> list[Diagnostic]:
    """Names that a file takes from others, and has already."""
    first = {item.name.id: item.name.span for item in reversed(file.named)}
    found: list[Diagnostic] = []
    for each in imported:
        name = each.name.id
        if name in first:
            one, two = sorted((each.name.span, first[name]), key=lambda span: span.start)
            labels = (Label(two, "again here"), Label(one, "first here"))
            other = f"{name}2" if name[-1:].isalpha() else f"{name}_2"
            help_ = f"take it under another name: `use {each.original.id} as {other} from …`"
            found.append(Diagnostic("E109", f"`{name}` is given twice in this file", labels, (), help_))
        first.setdefault(name, each.name.span)
    return found


def check_names(
    file: ast.File,
    library: Library,
    used: set[str],
    visible: Mapping[str, tuple[object, object]] | None = None,
) -> list[Diagnostic]:
    """What is wrong with the names of definitions that are not in `used`.

    `visible` are all names at the top of the file, those of used files too (`modules.visible_items`).

    It never reports a name that elaboration would accept: what is bound anywhere in a definition counts as
    known everywhere in it, and what may be a bare word counts as one.
    """
    common = (
        {item.name.id for item in file.named}
        | set(library.names())
        | set(WORDS)
        | FUNCTIONS.keys()
        | RESERVED
    )
    given = {**(visible or {})}
    given |= {item.name.id: (file, item) for item in file.named}
    common |= given.keys()
    words = _choices(library) | Initializer.CHOICES.keys()
    for _, item in given.values():
        if isinstance(item, ast.Definition):
            words |= {_text(choice) for parameter in item.parameters for choice in parameter.choices}
    found = check_definitions(file)
    for item in file.named:
        if isinstance(item, ast.Definition) and item.name.id not in used:
            known = _Known(
                common | {name.id for name in _bound_names(item)}, words, list(_stage_patterns(item))
            )
            roots = [*(p.default for p in item.parameters if p.default is not None), item.body]
            hidden = given.keys() | {name.id for name in _bound_names(item)}
            note = (
                f"`{item.name.id}` is used by no net of this file that needs no argument: "
                "only its names are checked"
            )
            found += _check(roots, known, hidden, note, library)
        elif not isinstance(item, ast.Definition) and not used:
            note = "no net of this file is complete: only names are checked"
            hidden = {*given}
            roots = [item.value, *(item.changes if isinstance(item, ast.Variant) else ())]
            found += _check(roots, _Known(common, words, []), hidden, note, library)
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class _Known:
    """The names that mean something in a definition.

    Attributes:
        names: those that were given, and the library's.
        words: strings that may stand as bare words in an argument.
        stages: patterns of the names that `stage "block{i}"` gives.
    """

    names: set[str]
    words: set[str]
    stages: list[re.Pattern[str]]

    def __contains__(self, name: str) -> bool:
        return name in self.names or any(pattern.fullmatch(name) for pattern in self.stages)


def _check(
    roots: Sequence[ast.Expr | ast.Body | ast.Edit | ast.Assert],
    known: _Known,
    hidden: set[str],
    note: str,
    library: Library,
) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    kinds: set[int] = set()
    bare: set[int] = set()
    said: set[str] = set()
    counts: set[int] = set()
    nodes = [node for root in roots for node in walk(root)]
    for root in roots:
        bare |= set(map(id, _words_of(root)))
    for node in nodes:
        if isinstance(node, ast.Assert):
            counts |= {id(name) for name in walk(node) if isinstance(name, ast.Name) and name.id in COUNTS}
        if isinstance(node, ast.Share | ast.Repeat):  # `except = norm` names groups of layers
            excepted = node.arguments if isinstance(node, ast.Share) else node.share or ()
            names = (name for each in excepted for name in walk(each.value))
            counts |= {id(name) for name in names if isinstance(name, ast.Name)}
        if isinstance(node, ast.Selector):
            kinds.add(id(node.kind))
        if isinstance(node, ast.Call | ast.Default | ast.Selector):
            head = _head_of(node)
            bare |= {id(word) for argument in node.arguments for word in _words_of(argument.value)}
            if isinstance(head, ast.Name) and head.id not in hidden:
                found += _check_arguments(head, node.arguments, library)
    for node in nodes:
        if not isinstance(node, ast.Name) or node.id in known or node.id in said or node.id == "_":
            continue
        if id(node) in counts or (id(node) in kinds and node.id in library.groups()):
            continue
        if id(node) in bare and node.id in known.words:
            continue
        said.add(node.id)
        ours = OTHER_CONSTANTS.get(node.id) or library.alias(node.id)
        form = form_of(node.id)
        guess = ours or (did_you_mean(node.id, known.names) if form is None else None)
        hint = f"the statement is written `{form}`" if form else "`ogive layers` lists the layers there are"
        found.append(
            Diagnostic(
                "E310" if id(node) in kinds else "E101",
                f"no {'layer, group, block or word' if id(node) in kinds else 'name'} is called `{node.id}`",
                (Label(node.span, "not known here"),),
                (("note", note),),
                f"did you mean `{guess}`?" if guess else hint,
                fix=in_place_of(node.span, node.id, guess),
            )
        )
    return found


def _head_of(node: ast.Call | ast.Default | ast.Selector) -> ast.Expr:
    """What the arguments belong to."""
    match node:
        case ast.Call():
            return node.function
        case ast.Default():
            return node.layer
        case ast.Selector():
            return node.kind


def _words_of(value: object) -> Iterator[ast.Name]:
    """The names in an argument that may be words: the argument itself, an initialiser's name, either side of
    an `if`.
    """
    match value:
        case ast.Name():
            yield value
        case ast.Call(function=ast.Name() as function):
            yield function
        case ast.Conditional():
            yield from _words_of(value.then)
            yield from _words_of(value.otherwise)
        case _:
            pass


def _check_arguments(
    head: ast.Name, arguments: tuple[ast.Argument, ...], library: Library
) -> list[Diagnostic]:
    layer = library.get(head.id)
    if layer is None or head.id in FUNCTIONS:
        return []
    names = [spec.name for spec in layer.arguments()]
    return [
        Diagnostic(
            "E103",
            f"`{head.id}` has no argument `{a.name}`",
            (Label(a.span, "not known"),),
            (("note", f"it takes {', '.join(names) or 'none'}"),),
            f"did you mean `{guess}`?"
            if (guess := did_you_mean(a.name, names))
            else reduction(layer, a.name),
            fix=in_place_of(a.span, a.name, guess),
        )
        for a in arguments
        if a.name is not None and a.name not in names
    ]


def _text(string: ast.String) -> str:
    return "".join(part for part in string.parts if isinstance(part, str))


def _choices(library: Library) -> set[str]:
    choices = {choice for layer in library.layers() for spec in layer.arguments() for choice in spec.choices}
    return choices | {choice for word in WORDS.values() for spec in word.arguments for choice in spec.choices}


def _stage_patterns(item: ast.Definition) -> Iterator[re.Pattern[str]]:
    """What the names of its stages look like; each is the name of a tensor afterwards."""
    for node in walk(item.body):
        if isinstance(node, ast.Stage):
            yield re.compile(
                "".join(re.escape(part) if isinstance(part, str) else ".*" for part in node.name.parts),
                re.DOTALL,
            )


def _bound_names(item: ast.Definition) -> Iterator[ast.Name]:
    """Every name that the definition gives to something, wherever it stands."""
    yield from (p.name for p in item.parameters)
    yield from (p.name for p in item.bundle)
    for node in walk(item.body):
        match node:
            case ast.Assign() | ast.Let() | ast.Input() | ast.Share():
                yield node.name
            case ast.Flow(target=ast.Pattern(names=names)):
                yield from names
            case ast.For():
                yield from node.target.names
                if node.index is not None:
                    yield node.index
            case ast.Repeat(index=ast.Name() as index):
                yield index
            case _:
                pass


_LEAVES = (str, int, float, bool, type(None))


def walk(root: object, *, into_bodies: bool = True) -> Iterator[object]:
    """Every node of a tree, without recursion; names that are given rather than used are left out."""
    todo: list[object] = [root]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, ast.Body) and not into_bodies:
            continue
        given = {"name", "index", "target"} if isinstance(node, _GIVING) else set[str]()
        children: list[object] = []
        for field in dataclasses.fields(node):  # pyright: ignore[reportArgumentType]
            if field.name in given or field.name.endswith("span"):
                continue
            value = getattr(node, field.name)
            children += [
                child
                for child in (value if isinstance(value, tuple) else (value,))
                if not isinstance(child, _LEAVES)
            ]
        todo += reversed(children)


_GIVING = ast.Assign | ast.Share | ast.Let | ast.Input | ast.Repeat | ast.For | ast.Flow | ast.Output
