"""Whether what a layer says in PyTorch can be text at all: without torch, and without running it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from dataclasses import fields
from keyword import iskeyword

from ogive.layers.code import Call, Operand, Operands, Self, Template, Torch

MODULES = ("torch", "nn", "F", "math")
"""What a printed file may import."""
_RESERVED = frozenset({"torch", "nn", "F", "OrderedDict", "named", "numbered"})
"""Names with a meaning in every printed file."""


def defined_in(helper: str) -> list[str]:
    """The names that a helper, a definition beside the classes, defines.

    Raises:
        SyntaxError: it is no Python.
    """
    return list(dict.fromkeys(name for node in ast.parse(helper).body for name in _bound(node)))


def functions_used(torch: Torch) -> list[str]:
    """The functions and classes of PyTorch that a layer's own text names: `F.max_pool2d`, `nn.Conv2d`."""
    found: list[str] = []
    for form in forms(torch):
        if isinstance(form, Call):
            found.append(form.name)
        else:
            nodes = [n for n in ast.walk(_parsed(form, _MOST_OPERANDS)) if isinstance(n, ast.Attribute)]
            inner = {id(node.value) for node in nodes}
            found += [ast.unparse(node) for node in nodes if id(node) not in inner]
    return [name for name in dict.fromkeys(found) if name.split(".")[0] in MODULES]


def forms(torch: Torch) -> Iterator[Call | Template]:
    """All calls and expressions of a layer's text."""
    for field in fields(torch):
        value = getattr(torch, field.name)
        for form in value if isinstance(value, tuple) else (value,):
            if isinstance(form, Call | Template):
                yield form


def mistake_in(torch: Torch, operands: int) -> str | None:
    """What is wrong with a layer's text, as the end of a sentence that begins with it; None if nothing is.

    Args:
        torch: the text.
        operands: how many inputs the layer has.
    """
    if torch.module is None and torch.forward is None:
        return "has neither a module nor an expression for `forward`"
    if not are_texts(torch.helpers):
        return "has `helpers` that are no tuple of texts"
    known = {*MODULES, *_RESERVED}
    for helper in torch.helpers:
        try:
            names = defined_in(helper)
        except (SyntaxError, ValueError) as problem:
            return f"has a helper that is no Python: {_said(problem)}"
        taken = next((name for name in names if name in _RESERVED), None)
        if taken is not None:
            return f"has a helper that defines `{taken}`, which has a meaning in every printed file"
        known |= set(names)
    return next(filter(None, (_mistake(form, known, operands) for form in forms(torch))), None)


def are_texts(value: object) -> bool:
    """Whether a value is a tuple of strings, as its author promised."""
    return isinstance(value, tuple) and all(isinstance(text, str) for text in value)


def _mistake(form: Call | Template, known: set[str], operands: int) -> str | None:
    if isinstance(form, Call):
        wrong = _mistake_of_call(form, operands)
        if wrong is not None:
            return wrong
        roots = [form.name.split(".")[0]]
    else:
        try:
            tree = _parsed(form, operands)
        except (SyntaxError, LookupError, ValueError) as problem:
            return f"has the template `{form.text}`, which cannot be filled in: {_said(problem)}"
        roots = [n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not n.id.startswith(_OPERAND)]
    unknown = next((root for root in roots if root not in known and not hasattr(builtins, root)), None)
    if unknown is None:
        return None
    return f"uses `{unknown}`, which is neither one of {', '.join(MODULES)} nor defined in `helpers`"


def _mistake_of_call(call: Call, operands: int) -> str | None:
    if not all(part.isidentifier() and not iskeyword(part) for part in call.name.split(".")):
        return f"calls `{call.name}`, which is no name"
    wrong = next((k.name for k in call.keywords if not k.name.isidentifier() or iskeyword(k.name)), None)
    if wrong is not None:
        return f"gives `{call.name}` an argument called `{wrong}`"
    if any(isinstance(a, Operand) and a.index >= operands for a in call.args):
        return f"gives `{call.name}` an input that the layer does not have"
    values = [a for a in call.args if not isinstance(a, Operand | Operands | Self)]
    odd = [v for v in (*values, *(k.value for k in call.keywords)) if not _is_value(v)]
    return f"gives `{call.name}` {odd[0]!r}, which cannot be printed as a value" if odd else None


_OPERAND = "operand_"
_MOST_OPERANDS = 8


def _parsed(form: Template, operands: int) -> ast.Expression:
    inputs = [f"{_OPERAND}{i}" for i in range(operands)]
    slots: dict[str, str] = {name: repr(value) for name, value in form.slots}
    joined = {"operands": ", ".join(inputs), "sum": " + ".join(inputs), "product": " * ".join(inputs)}
    return ast.parse(form.text.format(*inputs, **(joined | slots)), mode="eval")


def _bound(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Assign():
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name() as target):
            yield target.id
        case ast.Import() | ast.ImportFrom():
            yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
        case _:
            pass


def _is_value(value: object) -> bool:
    """What can be printed: a number, a text, none of them, a tuple, an expression of unknown sizes."""
    if isinstance(value, tuple):
        return all(map(_is_value, value))
    return value is None or hasattr(value, "symbols") or isinstance(value, int | float | bool | str)


def _said(problem: Exception) -> str:
    if isinstance(problem, SyntaxError):
        return f"line {problem.lineno}: {problem.msg}"
    return f"{type(problem).__name__}: {problem}"
