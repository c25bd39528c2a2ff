"""The words of connectivity: residual, branches, dense, clique, aux."""

from __future__ import annotations

import re
from collections.abc import Callable

from ogive.layers.base import Layout, TensorType
from tests.programs.arguments import make, number
from tests.programs.author import Author, Place, braces
from tests.programs.chains import chain, fixed, settle, towards

_PLAIN_CHAIN = re.compile(r"[\w(), .>=-]+")
_STATEMENT = re.compile(
    r"(assert|label|let|default|share|output|insert|remove|replace|set)\b|.*( as | = |\+=)(?![^(]*\))"
)

Body = Callable[[Author, Place], list[str]]


def residual(author: Author, place: Place, body: Body) -> list[str]:
    """`residual { … }` with every shortcut."""
    start = place.flow
    inner = place.inner(sure=True)
    if start.layout is Layout.MAP and author.chance(0.3):
        lines = [_strided(author, inner)]
    else:
        lines = body(author, inner)
    shortcut = ""
    modes = {"auto": 5.0, "pad": 0.7, "project": 1.0, "body": 1.0}
    mode = author.weighted(modes)
    if mode == "body":
        side = place.inner(flow=start)
        text = chain(author, side, 1)
        back = towards(author, side, inner.flow)
        if back is not None and side.sure:
            shortcut = f"(shortcut = {{ {' -> '.join([text, *back])} }})"
    elif mode != "auto" or author.chance(0.1):
        shortcut = f"(shortcut = {author.pick((mode, chr(34) + mode + chr(34)))})"
    if not _shortcut_fits(start, inner.flow, mode) or not inner.sure:
        back = towards(author, inner, start, sure=False if not inner.sure else None)
        if back:
            lines.append(" -> ".join(back))
    place.flow, place.sure = inner.flow, inner.sure
    author.use(f"residual {mode}")
    return _ended(author, place, braces(lines, f"residual{shortcut}"))


def _strided(author: Author, inner: Place) -> str:
    text = chain(author, inner, author.count(0, 1))
    x = inner.flow
    if x.layout is not Layout.MAP:
        return text or "identity"
    stride = author.pick((2, 2, 1, 3))
    channels = author.pick((x.channels, 2 * x.channels, 4))
    conv = f"conv({number(author, inner, channels)}, 3, stride = {stride}, padding = 1)"
    if place_has_defaults(inner, "conv"):
        inner.sure = False
    inner.flow = TensorType((channels, *((n - 1) // stride + 1 for n in x.spatial)), x.layout)
    return " -> ".join(part for part in (text, conv, author.pick(("bn", "relu", "identity"))) if part)


def place_has_defaults(place: Place, kind: str) -> bool:
    """Whether `default` statements speak of a layer."""
    return bool(place.defaults.get(kind))


def _shortcut_fits(before: TensorType, after: TensorType, mode: str) -> bool:
    if mode == "body":
        return True
    if before == after:
        return True
    if (
        before.layout is not after.layout
        or len(before.sizes) != len(after.sizes)
        or before.dtype != after.dtype
    ):
        return False
    for size, wanted in zip(before.spatial, after.spatial, strict=True):
        stride = -(-size // wanted)
        if (
            wanted > size
            or (size - 1) // stride + 1 != wanted
            or (stride > 1 and before.layout is not Layout.MAP)
        ):
            return False
    return mode != "pad" or (after.channels >= before.channels and before.layout is Layout.MAP)


def branches(author: Author, place: Place, body: Body) -> list[str]:
    """`concat { | … | … }`, and all that merge likewise."""
    kinds = [kind for kind in author.library.layers() if kind.group == "merge"]
    kind = author.pick(kinds)
    low, high = kind.arity
    count = author.count(max(low, 2), min(high or 3, 3))
    start = place.flow
    types: list[TensorType] = []
    texts: list[list[str]] = []
    named = [n for n, x in place.tensors.items() if x.dtype == "float"] if place.loops is not None else []
    goal: TensorType | None = None
    sure = True
    for _ in range(count):
        inner = place.inner(flow=start, sure=True)
        if author.chance(0.25):
            lines = ["identity"]
        elif named and author.chance(0.2):
            name = author.pick(named)
            inner.flow = place.tensors[name]
            lines = [name, *body(author, inner)] if author.chance(0.5) else [name]
        elif kind.gate and types and types[0].layout is Layout.MAP and author.chance(0.6):
            c = types[0].channels
            inner.flow = TensorType((c, *(1 for _ in types[0].spatial)), Layout.MAP)
            lines = [f"global_avg_pool -> conv({c}, 1) -> sigmoid"]
            author.use("gate")
            types.append(inner.flow)
            texts.append(lines)
            if start.layout is not Layout.MAP or place_has_defaults(place, "conv"):
                sure = False
            continue
        else:
            lines = body(author, inner)
        wanted = goal or inner.flow
        if kind.kind == "concat" and goal is not None and inner.flow.layout is goal.layout:
            wanted = goal.with_channels(inner.flow.channels)
        if (inner.flow != wanted or not inner.sure) and (
            back := towards(author, inner, wanted, sure=inner.sure)
        ):
            lines = continued(author, lines, back)
        goal = goal or inner.flow
        sure = sure and inner.sure
        types.append(inner.flow)
        texts.append(lines)
    made = make(author, place, kind, start)
    result = author.fits(made.layer, types) if made else None
    head = made.text if made and result else kind.kind
    if made and not result:
        plain = kind() if not any(a.required for a in kind.arguments()) else None
        result = author.fits(plain, types) if plain else None
    if result:
        place.flow = result[0]
    place.sure = bool(result) and sure
    author.use(f"{kind.kind} of branches")
    out = [
        f"{head} {{",
        *(f"  | {line}" if not i else f"    {line}" for t in texts for i, line in enumerate(t)),
        "}",
    ]
    return _ended(author, place, out)


def continued(author: Author, lines: list[str], elements: list[str]) -> list[str]:
    """Statements with more elements behind: on a line of their own, or on the last where that is a plain chain."""
    plain = _PLAIN_CHAIN.fullmatch(lines[-1]) and not _STATEMENT.match(lines[-1])
    if plain and author.chance(0.5):
        return [*lines[:-1], " -> ".join([lines[-1], *elements])]
    return [*lines, " -> ".join(elements)]


def dense(author: Author, place: Place, body: Body) -> list[str]:
    """`dense(layers = n) { … }`: the body sees more channels from turn to turn."""
    x = place.flow
    turns = author.count(1, 3)
    grow = author.pick((2, 4, 3))
    inner = place.inner(loops=None)
    lines = body(author, inner) if author.chance(0.3) else [chain(author, inner, author.count(0, 2))]
    lines = [line for line in lines if line]
    inner.sure = False
    back = towards(author, inner, x.with_channels(grow))
    if back:
        lines.append(" -> ".join(back))
    place.flow = x.with_channels(x.channels + turns * grow)
    place.sure = bool(back)
    author.use("dense")
    return braces(lines or ["identity"], f"dense(layers = {number(author, place, turns)})")


def clique(author: Author, place: Place, body: Body) -> list[str]:
    """`clique(layers = n, stages = s) { … } as b`."""
    x = place.flow
    n, k = author.count(2, 4), author.pick((2, 4, 3))
    before = [
        author.pick(("bn", "relu", "gelu", "dropout(0.1)", "bn(eps = 0.001)"))
        for _ in range(author.count(0, 2))
    ]
    conv = author.pick((f"conv({k}, 1)", f"conv({k}, 3, padding = 1)", f"conv({k}, 3, padding = same)"))
    after = [
        author.pick(("relu", "bn", f"conv({k}, 1)", "sigmoid", f"conv({k}, 3, padding = 1, groups = {k})"))
        for _ in range(author.count(0, 2))
    ]
    head = f"clique(layers = {n}"
    if author.chance(0.5):
        head += f", stages = {author.count(1, 3)}"
    if author.chance(0.2):
        head += f", updates = {author.count(0, n)}"
    lines = braces([" -> ".join([*before, conv, *after])], f"{head})")
    place.flow = x.with_channels(n * k)
    place.sure = x.layout is Layout.MAP and not any(
        place_has_defaults(place, kind) for kind in ("conv", "bn")
    )
    if not place.sure:
        place.flow = x
    elif author.chance(0.5):
        name = author.fresh("c")
        lines[-1] += f" as {name}"
        picked = author.pick(("transit", "features", "stage1"))
        lines.append(f"{name}.{picked}")
        if picked == "features":
            place.flow = x.with_channels(n * k + x.channels)
        author.use(f"clique {picked}")
    author.use("clique")
    return lines


def aux(author: Author, place: Place, body: Body) -> list[str]:
    """`aux(weight = 0.3) { … }`: the flow stays."""
    inner = place.inner(loops=None if place.loops is None else place.loops)
    lines = body(author, inner)
    if author.chance(0.7) and inner.flow.dtype == "float" and inner.sure and not inner.flexible:
        lines.append(f"flatten -> {fixed(author, inner, 'linear', '3')}")
    author.use("aux")
    return braces(lines, author.pick(("aux", "aux(weight = 0.3)", "aux(0.5)")))


def _ended(author: Author, place: Place, lines: list[str]) -> list[str]:
    """With something behind, or not."""
    if place.flow.dtype == "float" and author.chance(0.3):
        lines = [*lines[:-1], f"{lines[-1]} -> {author.pick(('relu', 'identity', 'gelu'))}"]
    return lines


WORDS: dict[str, Callable[[Author, Place, Body], list[str]]] = {
    "residual": residual, "branches": branches, "dense": dense, "clique": clique, "aux": aux,
}  # fmt: skip
"""What writes each of them."""


def word(author: Author, place: Place, body: Body) -> list[str]:
    """One of the words, where its kind of tensor arrives."""
    settled = settle(author, place)
    choice = author.pick(list(WORDS))
    if choice in ("clique", "dense") and place.flow.layout is not Layout.MAP and author.chance(0.9):
        choice = "branches"
    if choice == "clique" and place.flow.dtype != "float":
        choice = "branches"
    lines = WORDS[choice](author, place, body)
    return [" -> ".join(settled), *lines] if settled else lines
