"""Blocks, nets, variants, recipes: a whole file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from random import Random

from ogive.layers.base import Layout, TensorType
from ogive.layers.library import Library
from tests.programs import statements
from tests.programs.arguments import number
from tests.programs.author import Author, Definition, Made, Place, braces
from tests.programs.chains import chain, layer, settle, towards
from tests.programs.edits import edit

_DEFINED = re.compile(r"^(?:block|net) (\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Program:
    """A file that was written at random.

    Attributes:
        text: the file.
        used: names of the constructs in it.
        edits: edits for the command line that should match.
        files: the files beside it that it uses, by their names.
    """

    text: str
    used: frozenset[str]
    edits: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)


def write_program(random: Random, library: Library | None = None, *, reckless: float = 0.015) -> Program:
    """A file with a net, what it uses, and what surrounds it."""
    author = Author(random, library or Library.standard(), reckless=reckless)
    author.budget = author.count(3, 30)
    place_values: dict[str, object] = {}
    head: list[str] = []
    if author.chance(0.1):
        author.use("language")
        head.append("language 1")
    for _ in range(author.count(0, 2) if author.chance(0.3) else 0):
        name, value = author.fresh("top"), author.count(1, 8)
        head.append(f"let {name} = {value}")
        place_values[name] = value
        author.use("let at the top")
    net = _net(author, place_values)
    after = _variants(author)
    recipes = _recipes(author)
    given = tuple(e for _ in range(2) if (e := edit(author, author.kinds)))
    blocks, files = author.top, dict[str, str]()
    if blocks and "default" not in author.used and author.chance(0.15):
        author.use("use of a file")
        names = ", ".join(_DEFINED.findall("\n".join(blocks)))
        blocks, files = [], {"parts.arch": "\n\n".join(["\n".join(author.uses), *blocks]) + "\n"}
        head.append(author.pick(('use "parts.arch"', f'use {names} from "parts.arch"')))
    head += author.uses
    text = "\n\n".join(part for part in ("\n".join(head), *blocks, "\n".join(net), *after, *recipes) if part)
    return Program(text + "\n", frozenset(author.used), given, files)


# --------------------------------------------------------------------------- nets


def input_type(author: Author) -> tuple[TensorType, str, bool]:
    """What enters a net, its text, and whether its places are unknown."""
    way = author.weighted({"2d": 8, "1d": 1.5, "3d": 1, "unknown": 1.5, "vector": 0.8, "int": 1.5})
    c = author.pick((4, 3, 1, 6, 8, 2))
    if way == "unknown":
        by = author.pick((1, 8, 4))
        author.use("unknown sizes")
        factor = f"{by} * " if by > 1 else ""
        if author.chance(0.15):
            return TensorType((c, 7, 7), Layout.MAP), f"[{c}, 2 * ?h + 5, ?h + 6]", True
        if author.chance(0.2):
            return TensorType((c, 8), Layout.MAP), f"[{c}, {factor}?n]", True
        return TensorType((c, 8, 8), Layout.MAP), f"[{c}, {factor}?h, {factor}?w]", True
    if way == "int":
        sizes: tuple[int, ...] = (author.pick((7, 4, 6)),) if author.chance(0.8) else (3, 4)
        author.use("int input")
        return TensorType(sizes, Layout.PLAIN, "int"), f"int [{', '.join(map(str, sizes))}]", False
    if way == "vector":
        n = author.pick((8, 12, 5))
        return TensorType((n,), Layout.PLAIN), f"[{n}]", False
    axes = {"1d": 1, "2d": 2, "3d": 3}[way]
    most = {1: (8, 12, 7, 1), 2: (8, 6, 7, 5, 9), 3: (4, 5, 3)}[axes]
    n = author.pick(most)
    places = (n,) * axes if author.chance(0.6) else tuple(author.pick(most) for _ in range(axes))
    type_ = TensorType((c, *places), Layout.MAP)
    if author.chance(0.2):
        return type_, f"[{', '.join(map(str, type_.sizes))}]", False
    return type_, "x".join(map(str, type_.sizes)), False


def _net(author: Author, values: dict[str, object], name: str = "Net") -> list[str]:
    parameters, given = _parameters(author)
    x, shape, flexible = input_type(author)
    colon = ": float " if x.dtype == "float" and author.chance(0.05) else ": "
    lines = [f"input image{colon}{shape}"]
    place = Place(x, x, values={**values, **given}, depth=3, net=True, flexible=flexible)
    if author.chance(0.15):
        lines += _more_inputs(author, place)
    else:
        place.tensors["image"] = x
    if x.layout is Layout.MAP and author.chance(0.12):
        author.use("tokens of an image")
        lines.append("tokens")
        place.flow = TensorType((prod(x.spatial), x.channels), Layout.TOKENS)
    for _ in range(author.count(1, 5)):
        lines += statements.statement(author, place)
    if "output" in place.values and author.chance(0.5):
        lines.append("output here")
    return braces(lines, f"net {name}({', '.join(parameters)})")


def _more_inputs(author: Author, place: Place) -> list[str]:
    """A second input; a chain then says where it starts."""
    author.use("several inputs")
    x = place.flow
    sizes = ", ".join(map(str, x.sizes))
    kind = "int " if x.dtype == "int" else ""
    text = (
        f"[{sizes}]"
        if not place.flexible
        else "[" + ", ".join([str(x.sizes[0]), *("?h", "?w", "?n")[: len(x.spatial)]]) + "]"
    )
    place.tensors |= {"image": x, "other": x}
    return [f"input other: {kind}{text}", f"image -> {chain(author, place)}"]


def _parameters(author: Author) -> tuple[list[str], dict[str, object]]:
    """Parameters with defaults, as text, and what the body knows of them."""
    texts: list[str] = []
    values: dict[str, object] = {}
    for _ in range(author.count(0, 2) if author.chance(0.5) else 0):
        name = author.fresh("k")
        way = author.pick(("int", "typed", "layer", "choice", "list"))
        if way in ("int", "typed"):
            value = author.pick((4, 8, 2, 6, 3))
            texts.append(f"{name}{': int' if way == 'typed' else ''} = {value}")
            values[name] = value
        elif way == "layer":
            kind = author.library.get(author.pick(("relu", "gelu", "sigmoid", "tanh")))
            assert kind is not None
            texts.append(f"{name}{author.pick(('', ': layer'))} = {kind.kind}")
            values[name] = Made(kind(), kind.kind)
        elif way == "choice":
            texts.append(f'{name}: "pre" | "post" = "post"')
        else:
            texts.append(f"{name}: list = [1, 2]")
        author.use(f"parameter {way}")
    return texts, values


def _variants(author: Author) -> list[str]:
    """Variants of the net, with edits and budgets."""
    out: list[str] = []
    if author.chance(0.3):
        author.use("variant")
        out.append("variant small = Net()")
        changes = [e for _ in range(author.count(1, 2)) if (e := edit(author, author.kinds))]
        if author.chance(0.3):
            changes.append("assert params < 1G")
            author.use("assert in a variant")
        if changes and author.chance(0.7):
            author.use("variant with edits")
            out.append("\n".join(braces(changes, "variant other = small with")))
    return out


def _recipes(author: Author) -> list[str]:
    if not author.chance(0.08):
        return []
    author.use("recipe")
    first = [
        author.pick(("batch 128", "batch 32")), "epochs 90",
        author.pick(("optimizer sgd(lr = 0.01, momentum = 0.9)", "optimizer sgd(lr = 0.1)")),
    ]  # fmt: skip
    return [
        "\n".join(braces(first, "recipe plain")),
        "\n".join(braces(["epochs 10"], "recipe short extends plain")),
    ]


# --------------------------------------------------------------------------- blocks


def define(author: Author, place: Place) -> list[str]:
    """A block that is written and used at once."""
    settled = settle(author, place)
    way = author.weighted({"plain": 5, "bundle": 1, "apply": 1, "recursive": 0.7, "net": 0.8, "outputs": 0.7})
    lines = _DEFINE[way](author, place)
    if author.chance(0.2) and place.sure:
        name = author.fresh("b")
        lines[-1] += f" as {name}"
        place.tensors[name] = place.flow
    author.use(f"block {way}")
    return [" -> ".join(settled), *lines] if settled else lines


def _inside(place: Place, start: TensorType, **changes: object) -> Place:
    """The beginning of a block's body: nothing from outside but what arrives, and the defaults."""
    inner = place.inner(tensors={}, bundles={}, values={}, varying=frozenset(), loops=(), entered=start)
    for name, value in changes.items():
        setattr(inner, name, value)
    return inner


def _plain(author: Author, place: Place) -> list[str]:
    start = place.flow
    texts: list[str] = []
    ints: dict[str, int] = {}
    values: dict[str, object] = {}
    for _ in range(author.count(0, 2)):
        name = author.fresh("w")
        ints[name] = values[name] = author.pick((4, 2, 8, 3))  # pyright: ignore[reportArgumentType]
        texts.append(f"{name}{author.pick(('', ': int', f' = {author.pick((4, 8))}'))}")
    texts.sort(key=lambda text: "=" in text)
    more, known = _parameters(author)
    inner = _inside(place, start, values={**values, **known})
    lines = statements.body(author, inner)
    name = author.fresh("Block")
    author.top.append("\n".join(braces(lines, f"block {name}({', '.join([*texts, *more])})")))
    given = ", ".join(f"{n} = {number(author, place, v)}" for n, v in ints.items())
    arguments = f"({', '.join(f'{n} = {v}' for n, v in ints.items())})" if given else author.pick(("", "()"))
    if inner.sure:
        defaults = {kind: dict(given_) for kind, given_ in place.defaults.items()}
        author.blocks.append(Definition(name, start, inner.flow, arguments, ints, defaults))
    place.flow, place.sure = inner.flow, inner.sure
    return [f"{name}({given})" if given else name + arguments]


def _bundle(author: Author, place: Place) -> list[str]:
    start = place.flow
    name = author.fresh("Two")
    inner = _inside(place, start, tensors={"a": start, "b": start})
    inner.flow = start
    lines = [f"a -> {chain(author, inner)}", *statements.body(author, inner)]
    bundle = author.pick(("[a, b]", "[a, b = none]"))
    if bundle == "[a, b = none]" and author.chance(0.5):
        lines.append("if b != none { identity }")
    author.top.append("\n".join(braces(lines, f"block {name}{bundle}()")))
    others = [n for n, x in place.tensors.items() if x == start]
    place.flow, place.sure = inner.flow, inner.sure
    return [f"[here, {author.pick(others) if others else 'here'}] -> {name}"]


def _apply(author: Author, place: Place) -> list[str]:
    """A block that gets a layer, or another block, as its argument."""
    start = place.flow
    found = statements._layer_value(author, place)
    same = [b for b in author.blocks if b.start == start == b.result and b.defaults == place.defaults]
    argument = found.text if found else "identity"
    if same and author.chance(0.6):
        chosen = author.pick(same)
        argument = chosen.name + (chosen.arguments if chosen.arguments != "()" else "")
    name = author.fresh("Apply")
    inside = author.pick(("repeat 2 { f }", "f -> f", "residual { f }", "f; relu; f"))
    author.top.append(f"block {name}(f) {{ {inside} }}")
    author.use("layer or block as an argument")
    return [f"{name}({argument})"]


def _recursive(author: Author, place: Place) -> list[str]:
    start = place.flow
    name = author.fresh("Again")
    inner = _inside(place, start)
    lines = statements.body(author, inner)
    if inner.flow != start or not inner.sure:
        lines += [" -> ".join(back)] if (back := towards(author, inner, start, sure=inner.sure)) else []
    place.flow, place.sure = inner.flow, inner.sure and inner.flow == start
    lines.append(f"if n > 1 {{ {name}(n - 1) }}")
    author.top.append("\n".join(braces(lines, f"block {name}(n)")))
    return [f"{name}({author.count(1, 3)})"]


def _inner_net(author: Author, place: Place) -> list[str]:
    """A net in a net is a block."""
    start = place.flow
    name = author.fresh("Inner")
    inner = _inside(place, start)
    lines = statements.body(author, inner)
    kind = "int " if start.dtype == "int" else ""
    shape = f"{kind}[{', '.join(map(str, start.sizes))}]"
    place.flow, place.sure = inner.flow, inner.sure
    if author.chance(0.3):
        author.use("net with two inputs in a net")
        heads = [f"input x: {shape}", f"input y: {shape}"]
        author.top.append("\n".join(braces([*heads, "x", *lines], f"net {name}()")))
        return [f"[here, here] -> {name}"]
    author.top.append("\n".join(braces([f"input x: {shape}", *lines], f"net {name}()")))
    return [name]


def _outputs(author: Author, place: Place) -> list[str]:
    """A block with two results."""
    start = place.flow
    name = author.fresh("Fork")
    a, b = _inside(place, start), _inside(place, start)
    first, second = chain(author, a), " -> ".join(layer(author, b))
    author.top.append(
        "\n".join(braces([f"r = {first}", f"d = {second}", "output [r, d]"], f"block {name}()"))
    )
    left, right = author.fresh("r"), author.fresh("d")
    if a.sure and b.sure:
        place.tensors |= {left: a.flow, right: b.flow}
    place.flow, place.sure = a.flow, a.sure
    return [f"{name} as [{left}, {right}]", left]


_DEFINE = {
    "plain": _plain, "bundle": _bundle, "apply": _apply, "recursive": _recursive, "net": _inner_net,
    "outputs": _outputs,
}  # fmt: skip

statements.STATEMENTS[define] = 2.0
