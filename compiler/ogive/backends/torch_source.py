"""A graph as PyTorch text that a person would want to keep: one class for each distinct block of the program.

The text needs torch alone. The names of its parameters are the paths of the layers, made attributes by the
rule of `ogive.backends.pytorch.names`. The same graph gives the same bytes.
"""

from __future__ import annotations

import gc
import re
import textwrap
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from math import prod

from ogive.backends.pytorch.classes import Classes
from ogive.backends.pytorch.clique_text import CliqueText
from ogive.backends.pytorch.constructor import Constructor, file_name, parameters
from ogive.backends.pytorch.forward import Forward
from ogive.backends.pytorch.layout import wrap
from ogive.backends.pytorch.model import Class
from ogive.backends.pytorch.names import comment
from ogive.backends.pytorch.structure import Op, live_nodes, structure
from ogive.diagnostics import ArchError, Diagnostic
from ogive.graph import Graph
from ogive.layers.torch_text import defined_in
from ogive.passes.features import select_features
from ogive.passes.unroll import unroll_cliques
from ogive.source import Span

_NAMED = '''def named(**modules):
    """A chain of modules under their names."""
    return nn.Sequential(OrderedDict(modules))
'''
_NUMBERED = '''def numbered(name, *modules{start}):
    """A chain of modules called name1, name2 and so on."""
    return nn.Sequential(OrderedDict((f"{{name}}{{i}}", module) for i, module in enumerate(modules, {first})))
'''


def torch_source(graph: Graph, *, features: Sequence[str] | None = None) -> str:
    """Writes a network as a PyTorch module.

    Args:
        graph: the network.
        features: names of stages or layers; `forward` then returns a dict of their outputs instead of the
            net's, and layers that none of them needs are not made.

    Returns:
        The text of a Python file. Its last class is the net (`class_of` tells its name) and takes no
        arguments.

    Raises:
        ArchError: E118, a feature that the network does not have; E545, layers of the user's own bring two
            definitions of one name.
    """
    if features is not None:
        graph = select_features(graph, features)
    with _no_collection():
        return _text(graph, by_name=features is not None)


@contextmanager
def _no_collection() -> Generator[None]:
    """Keeps the garbage collector from walking, again and again, over objects that all live to the end: for
    10,000 layers that is half of the time, and more than its share.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _text(graph: Graph, *, by_name: bool) -> str:
    classes = Classes(structure(graph), by_name=by_name)
    bodies: list[str] = []
    helpers: set[str] = set()
    counted = False
    for cls in classes.all:
        constructor = Constructor(cls)
        bodies.append("\n".join(_class(classes, cls, constructor)))
        helpers |= constructor.helpers
        counted = counted or constructor.counted
    _refuse_clashes(classes.definitions)
    parts = [text.strip() for text in classes.definitions]
    if "named" in helpers:
        parts.append(_NAMED.strip())
    if "numbered" in helpers:
        parts.append(_NUMBERED.format(start=", start=1" * counted, first="start" if counted else "1").strip())
    code = "\n\n\n".join([*parts, *bodies])
    return "\n".join([*_opening(graph), *_imports(code), "", "", code, ""])


def _refuse_clashes(definitions: Sequence[str]) -> None:
    """Refuses two different definitions of one name, which layers of the user's own may bring: the second
    would take the place of the first.
    """
    first: dict[str, str] = {}
    for text in definitions:
        for name in defined_in(text):
            if first.setdefault(name, text) is not text:
                raise ArchError(
                    [
                        Diagnostic(
                            "E545",
                            f"two layers of this network bring definitions of `{name}` that differ",
                            help="call one of them otherwise in the plugin's `helpers`",
                        )
                    ]
                )


def attribute_paths(graph: Graph) -> dict[str, str]:
    """Where the module has what a layer owns: `{"3a.conv1": "_3a.conv1"}`.

    A path is the layer's own unless a segment of it is no attribute (see `ogive.backends.pytorch.names`).
    Layers that own nothing, or whose weights are another's, have none. A clique stands under the path of its
    region: it owns `link_{j}_{i}`, `{norm}_{stage}_{i}` and `{layer}_{i}`.
    """
    whole = structure(graph)
    paths = {
        name: whole.path(op) for name, op in whole.ops.items() if op.attr is not None and op.owner is None
    }  # fmt: skip
    paths |= {name: whole.path(op) for name, op in whole.held.items()}
    for op in whole.ops.values():  # where the first use leads nowhere, a later one has its weights
        if op.attr is not None and op.owner is None and op.node.owner is not None:
            paths.setdefault(op.node.owner, whole.path(op))
    return paths | {
        s.region.path: whole.prefix(s.use.same.scope if s.use and s.use.same and s.use.same.scope else s)
        for s in whole.scopes
        if s.region.clique is not None
    }


def class_of(source: str) -> str:
    """The name of the net's class in a text of `torch_source`: the last one."""
    return re.findall(r"^class (\w+)\(nn\.Module\):", source, re.MULTILINE)[-1]


def _imports(code: str) -> list[str]:
    lines = ["from collections import OrderedDict", ""] if "OrderedDict(" in code else []
    lines += ["import math", ""] * bool(re.search(r"\bmath\.", code))
    lines += ["import torch"] if re.search(r"\btorch\.", code) else []
    lines += ["import torch.nn.functional as F"] if re.search(r"\bF\.", code) else []
    return [*lines, "from torch import nn"]


def _opening(graph: Graph) -> list[str]:
    """The docstring of the file."""
    plain = unroll_cliques(graph)
    owners = {plain.node(name).owner or name for name in live_nodes(plain)}
    shapes = (shape for name in owners if name in plain for shape in plain.parameters(name).values())
    count = sum(prod(shape) for shape in shapes)
    inputs = ", ".join(f"{comment(name)} {graph.node(name).outputs[0]}" for name in graph.inputs)
    span = graph.regions[0].span
    made = f" from {file_name(span)}" if span is not None else ""
    edits = [f"    {comment(edit)}" for edit in graph.edits]
    return [
        f'"""{comment(graph.name)}: {count:,} parameters; input {inputs}.',
        "",
        f"Made by Ogive{made}{', with these edits:' if edits else '.'}",
        *edits,
        '"""',
        "",
    ]


def _class(classes: Classes, cls: Class, constructor: Constructor) -> list[str]:
    indent, deep = "    ", "        "
    lines = [f"class {cls.name}(nn.Module):"]
    about = _about(classes, cls)
    notes = [line for note in _notes(cls) for line in textwrap.wrap(note, 100)]
    if notes:
        lines += [f'{indent}"""{about}', "", *(f"{indent}{note}" for note in notes), f'{indent}"""', ""]
    elif about:
        lines += [f'{indent}"""{about}"""', ""]
    if cls.clique is not None:
        text = CliqueText(classes, cls)
        init, methods, arguments, forward = text.init, text.methods, ["x"], text.forward
    else:
        found = Forward(classes, cls)
        init, methods, arguments, forward = constructor.lines, [], found.arguments, found.lines
    if init:
        head = ", ".join(["self", *parameters(cls)])
        lines += [*wrap(f"def __init__({head}):", indent), f"{deep}super().__init__()"]
        lines += [line for statement in init for line in _statement(statement, deep)]
        lines.append("")
    if methods:
        lines += [f"{indent}{line}" if line else "" for line in methods] + [""]
    lines += wrap(f"def forward({', '.join(['self', *arguments])}):", indent)
    lines += [line for statement in forward for line in _statement(statement, deep)]
    return lines


def _notes(cls: Class) -> list[str]:
    """What `label` says about every instance of the class."""
    common = [n for n in cls.model.region.notes if all(n in scope.region.notes for scope in cls.scopes)]
    return [text for note in common if (text := comment(note))]


def _statement(text: str, indent: str) -> list[str]:
    """A statement, wrapped; its comment, if it has one, stands before it where it does not fit behind."""
    body = text.lstrip(" ")
    indent += " " * (len(text) - len(body))
    code, mark, remark = body.partition("  # ")
    lines = wrap(code, indent)
    if not mark:
        return lines
    if len(lines) == 1 and len(lines[0]) + len(remark) + 4 <= 110:
        return [f"{lines[0]}  # {remark}"]
    return [f"{indent}# {remark}", *lines]


def _about(classes: Classes, cls: Class) -> str:
    """Where the class was written: `Bottleneck, resnet.arch:12-18`."""
    graph = classes.structure.graph
    spans: list[Span] = []
    for item in cls.model.items:
        span = item.node.span if isinstance(item, Op) else item.scope.region.span if item.scope else None
        if span is not None:
            spans.append(span)
    region = cls.model.region
    what = {"net": graph.name, "block": region.block or region.name}.get(
        region.kind, region.path or region.kind
    )
    if region.kind == "iteration" and region.shared is not None:
        what = f"Every turn of {region.shared.path}"
    elif region.kind == "iteration":
        what = f"One layer of {graph.regions[region.parent or 0].path or 'the net'}"
    if not spans and region.span is not None:
        spans = [region.span]
    if not spans:
        return comment(f"{what}.")
    around = region.span.source if region.span is not None else spans[0].source
    same = [s for s in spans if s.source is around] or spans[:1]  # an edit may have brought some
    first, last = min(s.line for s in same), max(s.line for s in same)
    lines = f"{first}" if first == last else f"{first}-{last}"
    return comment(f"{what}, {file_name(same[0])}:{lines}.")
