"""Statements: what moves the flow, gives names, loops and chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod

from ogive.layers.base import Layer, Layout, TensorType
from tests.programs.arguments import make, number, value_for, written
from tests.programs.author import Author, Made, Place, Shared, braces
from tests.programs.chains import chain, layer, settle, towards
from tests.programs.edits import edit
from tests.programs.words import word

Statement = Callable[[Author, Place], list[str]]


def body(author: Author, place: Place) -> list[str]:
    """The statements of a body, at least one."""
    lines: list[str] = []
    written = len(author.kinds)
    for _ in range(author.count(1, 3) if place.depth > 0 and author.budget > 0 else 1):
        lines += statement(author, place)
    if (
        len(lines) > 1
        and author.chance(0.1)
        and all("\n" not in line and not line.startswith(" ") for line in lines)
    ):
        together = "; ".join(lines)
        if len(together) < 60 and "{" not in together and "}" not in together:
            return [together]
    if author.chance(0.03) and (change := edit(author, author.kinds[written:])):
        author.use("edit in a body")
        return [change, *lines]
    return lines


def statement(author: Author, place: Place) -> list[str]:
    """One statement, on one line or on several."""
    if place.depth <= 0 or author.budget <= 0 or author.chance(0.35):
        return flow(author, place)
    chosen = author.weighted(STATEMENTS)
    return chosen(author, place)


def flow(author: Author, place: Place) -> list[str]:
    """A bare chain, with a name for its value or not."""
    text = _broken(author, chain(author, place))
    if author.chance(0.25) and place.sure:
        name = author.fresh("t")
        place.tensors[name] = place.flow
        author.use("as")
        return [f"{text} as {name}"]
    return [text]


def _broken(author: Author, text: str) -> str:
    """The chain, sometimes on two lines."""
    if text.count(" -> ") > 1 and "{" not in text and author.chance(0.1):
        head, _, rest = text.partition(" -> ")
        author.use("chain on two lines")
        return author.pick((f"{head}\n    -> {rest}", f"{head} ->\n    {rest}"))
    return text


def connectivity(author: Author, place: Place) -> list[str]:
    """A word with its body, and sometimes a name for it."""
    lines = word(author, place, body)
    if author.chance(0.15) and place.sure and lines[-1].startswith("}"):
        name = author.fresh("w")
        if " as " not in lines[-1]:
            lines[-1] += f" as {name}"
            place.tensors[name] = place.flow
    return lines


def named_chain(author: Author, place: Place) -> list[str]:
    """`name = chain`: beside the flow."""
    settled = settle(author, place)
    side = place.inner()
    name = author.fresh("n")
    text = chain(author, side)
    lines = [" -> ".join(settled)] if settled else []
    if side.sure:
        place.tensors[name] = side.flow
    author.use("name = chain")
    return [*lines, f"{name} = {text}"]


def start_elsewhere(author: Author, place: Place) -> list[str]:
    """A chain that starts from a named tensor."""
    if not place.tensors:
        return flow(author, place)
    name = author.pick(list(place.tensors))
    place.flow, place.sure = place.tensors[name], True
    author.use("chain from a name")
    return [f"{name} -> {chain(author, place)}"]


def let(author: Author, place: Place) -> list[str]:
    """A value or a layer with a name."""
    name = author.fresh("v")
    choice = author.pick(("int", "layer", "list", "other"))
    if choice == "int":
        value = author.count(1, 8)
        text = number(author, place, value)
        if not place.sure:
            return [f"let {name} = {value}"]
        place.values[name] = value
    elif choice == "layer":
        found = _layer_value(author, place)
        if found is None:
            return [f"let {name} = relu"]
        place.values[name], text = found, found.text
    elif choice == "list":
        text = f"[{', '.join(str(author.count(1, 6)) for _ in range(author.count(1, 4)))}]"
    else:
        text = author.pick(
            ('"a{1 + 1}"', "true", "none", "1.5", "3x3", "0..3", "[1, [2, 3]][1:]", "1k", "identity")
        )
    author.use(f"let {choice}")
    return [f"let {name} = {text}"]


def _layer_value(author: Author, place: Place) -> Made | None:
    """A layer that keeps the type of the tensor."""
    for _ in range(20):
        kind = author.pick(author.library.layers())
        made = make(author, place.inner(values={}, tensors={}, defaults={}), kind, place.flow)
        if made and author.fits(made.layer, [place.flow]) == [place.flow] and "here" not in made.text:
            return made
    return None


def default(author: Author, place: Place) -> list[str]:
    """`default conv(padding = 1)`: for the rest of the body."""
    kinds = [k for k in author.library.layers() if any(not a.many for a in k.arguments())]
    kind = author.pick(kinds)
    spec = author.pick([a for a in kind.arguments() if not a.many])
    value = value_for(author, spec, place.flow)
    place.defaults.setdefault(kind.kind, {})[spec.name] = (value, written(value, spec.choices))
    author.use("default")
    return [f"default {kind.kind}({spec.name} = {written(value, spec.choices)})"]


def stage(author: Author, place: Place) -> list[str]:
    """`stage NAME { … }`; in a loop its name counts."""
    if place.loops is None:
        return flow(author, place)
    settled = settle(author, place)
    name = author.fresh("s")
    defaults = {kind: dict(given) for kind, given in place.defaults.items()}
    inner = place.inner()
    inner.tensors, inner.bundles, inner.values = (
        place.tensors,
        place.bundles,
        place.values,
    )  # no scope of its own
    lines = body(author, inner)
    place.flow, place.sure, place.defaults = inner.flow, inner.sure, defaults
    author.use("stage")
    if place.loops:
        head = f'stage "{name}{"".join(f"_{{{loop}}}" for loop in place.loops)}"'
    else:
        head = author.pick((f"stage {name}", f'stage "{name}"', f'stage "a b {name}"'))
        if place.sure and head == f"stage {name}":
            place.tensors[name] = place.flow
    return _after(settled, braces(lines, head))


def _after(settled: list[str], lines: list[str]) -> list[str]:
    return [" -> ".join(settled), *lines] if settled else lines


def repeat(author: Author, place: Place) -> list[str]:
    """`repeat n as i { … }`, the body giving what it takes."""
    settled = settle(author, place)
    turns = author.count(1, 3)
    index = author.fresh("i") if author.chance(0.4) else None
    inner = place.inner(loops=None)
    if index:
        inner.values[index] = 1
        inner.varying |= {index}
        inner.loops = None if place.loops is None else (*place.loops, index)
    lines = _same_again(author, inner, place.flow)
    share = ""
    if author.chance(0.25):
        share = author.pick((" share", " share", " share(except = norm)", " share(except = bn)"))
        author.use(f"repeat{share}")
    place.sure = inner.sure
    if not inner.sure or inner.flow != place.flow:
        place.flow, place.sure = inner.flow, turns == 1 and inner.sure
    author.use("repeat")
    head = f"repeat {number(author, place, turns)}{share}" + (f" as {index}" if index else "")
    return _after(settled, braces(lines, head))


def _same_again(author: Author, inner: Place, start: TensorType) -> list[str]:
    """A body that ends in the type that it began with."""
    lines = body(author, inner)
    if inner.flow != start or not inner.sure:
        back = towards(author, inner, start, sure=inner.sure)
        if back:
            lines = [*lines, " -> ".join(back)]
    return lines


def loop(author: Author, place: Place) -> list[str]:
    """`for` over a list, with the index, over a table, over a range."""
    settled = settle(author, place)
    inner = place.inner(loops=None)
    item, index = author.fresh("x"), author.fresh("i")
    items = [author.pick((1, 2, 3, 4)) for _ in range(author.count(1, 3))]
    way = author.pick(("list", "index", "table", "range", "blank"))
    inner.values[item] = items[0]
    if way == "list":
        head = f"for {item} in [{', '.join(map(str, items))}]"
    elif way == "index":
        head = f"for {index}, {item} in [{', '.join(map(str, items))}]"
    elif way == "table":
        other = author.fresh("y")
        head = f"for {index}, [{item}, {other}] in [{', '.join(f'[{n}, {2 * n}]' for n in items)}]"
        inner.values[other] = 2 * items[0]
        inner.varying |= {other}
    elif way == "range":
        head = f"for {item} in {items[0]}..{items[0] + len(items)}"
    else:
        head = f"for [{item}, _] in [{', '.join(f'[{n}, none]' for n in items)}]"
    inner.varying |= {item}
    if way in ("index", "table"):
        inner.varying |= {index}
        inner.loops = None if place.loops is None else (*place.loops, index)
    elif way == "range":
        inner.loops = None if place.loops is None else (*place.loops, item)
    lines = _same_again(author, inner, place.flow)
    if inner.flow != place.flow or not inner.sure:
        place.flow, place.sure = inner.flow, len(items) == 1 and inner.sure
    author.use(f"for {way}")
    return _after(settled, braces(lines, head))


def choose(author: Author, place: Place) -> list[str]:
    """`if … { … } else { … }`: both are written, one is built."""
    settled = settle(author, place)
    chosen, other = place.inner(), place.inner(loops=None)
    lines = body(author, chosen)
    condition, first = author.pick((
        ("true", True), ("here.channels > 0", True), ("1 == 2", False), ("not (1 < 2) or true", True),
        ('"a" != "b"', True), ("len([1, 2]) >= 3", False), ("none != none", False), ("3x3 == 3x3 and true", True),
    ))  # fmt: skip
    author.use("if")
    if first and author.chance(0.5):
        place.flow, place.sure = chosen.flow, chosen.sure
        return _after(settled, braces(lines, f"if {condition}"))
    rest = body(author, other)
    yes, no = (lines, rest) if first else (rest, lines)
    place.flow, place.sure = chosen.flow, chosen.sure
    text = braces(yes, f"if {condition}")
    more = braces(no, f"if {author.pick(('true', '2 > 1'))}" if author.chance(0.3) else "")
    return _after(settled, [*text[:-1], f"{text[-1]} else {more[0]}", *more[1:]])


def collect(author: Author, place: Place) -> list[str]:
    """`taps = []`, `taps += …` in a loop or not, and what is made of them."""
    settled = settle(author, place)
    name = author.fresh("taps")
    lines = [f"{name} = []"]
    types: list[TensorType] = []
    for _ in range(author.count(1, 3)):
        side = place.inner()
        text = chain(author, side)
        if types:
            back = towards(author, side, types[0], sure=side.sure)
            text = " -> ".join([text, *(back or [])])
        elif not side.sure:
            text = " -> ".join([text, *(towards(author, side, side.flow) or [])])
        if author.chance(0.3):
            place.flow, place.sure = side.flow, side.sure
            lines += [text, f"{name} += here"]
        else:
            lines.append(f"{name} += {text}")
        types.append(side.flow)
    author.use("+=")
    way = author.pick(("merge", "index", "names", "none", "slice"))
    if way == "index":
        at = author.random.randrange(len(types))
        place.flow, place.sure = types[at], True
        lines.append(f"{name}[{at}] -> {chain(author, place, 1)}")
    elif way == "names":
        names = [author.fresh("p") for _ in types]
        lines.append(f"{name} as [{', '.join(names)}]")
        place.tensors |= dict(zip(names, types, strict=True))
        place.flow, place.sure = types[-1], True
        lines.append(f"{names[-1]} -> {chain(author, place, 1)}")
    elif way == "merge":
        lines.append(f"{name} -> {_both(author, place, types)}")
    elif way == "slice":
        lines.append(f"{name}[:{len(types)}] -> {_both(author, place, types)}")
    return _after(settled, lines)


def _both(author: Author, place: Place, types: Sequence[TensorType]) -> str:
    """A layer that makes one tensor of several."""
    merges: list[type[Layer]] = [kind for kind in author.library.layers() if kind.group == "merge"]
    for _ in range(10):
        kind = author.pick(merges)
        made = make(author, place.inner(defaults={}), kind, types[0])
        found = author.fits(made.layer, list(types)) if made else None
        if made and found and not place.defaults.get(kind.kind) and "here" not in made.text:
            place.flow, place.sure = found[0], True
            return made.text
    place.flow, place.sure = types[0], False
    return "concat"


def bundle(author: Author, place: Place) -> list[str]:
    """Several tensors at once: from a layer, or written; taken apart, or joined."""
    settled = settle(author, place)
    start = place.flow
    if author.chance(0.5):
        for _ in range(40):
            kind = author.pick([k for k in author.library.layers() if k.group == "shape"])
            made = make(author, place, kind, start)
            found = author.fits(made.layer, [start]) if made else None
            if made and found and len(found) > 1:
                names = [author.fresh("p") for _ in found]
                shown = [n if i == 0 or author.chance(0.7) else "_" for i, n in enumerate(names)]
                place.tensors |= {n: x for n, x in zip(shown, found, strict=True) if n != "_"}
                place.flow, place.sure = found[0], True
                author.use("as [a, _]")
                return _after(
                    settled, [f"{made.text} as [{', '.join(shown)}]", f"{names[0]} -> {chain(author, place)}"]
                )
    names = [name for name, x in place.tensors.items() if x == start][:2]
    author.use("[a, b]")
    if not names:
        return _after(settled, [f"[here, here] -> {_both(author, place, [start, start])}"])
    return _after(
        settled, [f"[here, {', '.join(names)}] -> {_both(author, place, [start] * (1 + len(names)))}"]
    )


def parts(author: Author, place: Place) -> list[str]:
    """A layer with further results, which stand behind a dot: `lstm(4) as l`, `l.hidden`."""
    kinds = [kind for kind in author.library.layers() if kind.parts]
    settled = settle(author, place)
    if place.flow.layout is Layout.MAP and not place.flexible:  # they take sequences
        settled = [*settled, "tokens"]
        c, *places = place.flow.sizes
        place.flow = TensorType((prod(places), c), Layout.TOKENS)
    for _ in range(20 if kinds else 0):
        made = make(author, place, author.pick(kinds), place.flow)
        types = author.fits(made.layer, [place.flow]) if made else None
        if made and types:
            name = author.fresh("l")
            part = author.random.randrange(len(types))
            lines = [" -> ".join([*settled, f"{made.text} as {name}"])]
            author.kinds.append(made)
            place.flow, place.sure = types[part], True
            author.use("parts behind a dot")
            behind = f"{name}.{made.layer.parts[part - 1]}" if part else name
            return [*lines, f"{behind} -> {chain(author, place, 1)}"]
    return _after(settled, flow(author, place))


def word_default(author: Author, place: Place) -> list[str]:
    """A default of a word, that changes no shape."""
    author.use("default of a word")
    return [author.pick((
        'default unit(order = "norm act conv")', "default unit(act = gelu)", "default unit(norm = ln)",
        "default clique(stages = 1)", "default aux(weight = 0.3)",
    ))]  # fmt: skip


def output(author: Author, place: Place) -> list[str]:
    """`output name = chain`, in the body of a net."""
    if not place.net:
        return flow(author, place)
    side = place.inner()
    settled = settle(author, place)
    side = place.inner()
    text = chain(author, side)
    place.values["output"] = True
    author.use("output")
    return _after(settled, [f"output {author.fresh('o')} = {text}"])


def shared(author: Author, place: Place) -> list[str]:
    """`share f = …`, used twice."""
    settled = settle(author, place)
    start = place.flow
    name = author.fresh("f")
    side = place.inner(loops=None)
    text = " -> ".join(layer(author, side)) if author.chance(0.6) else chain(author, side)
    author.use("share")
    lines = [f"share {name} = {text}"]
    if author.chance(0.3):
        lines = [f"share(except = {author.pick(('norm', 'act', 'bn'))}) {name} = {text}"]
        author.use("share except")
    if side.sure:
        place.values[name] = Shared(start, side.flow)
    if side.flow == start and side.sure:
        return _after(settled, [*lines, f"{name} -> {author.pick(('relu -> ', ''))}{name}"])
    first = author.fresh("t")
    lines += [f"{first} = {name}", f"{name} -> add({first})"]
    place.flow, place.sure = side.flow, side.sure
    return _after(settled, lines)


def label(author: Author, place: Place) -> list[str]:
    """A note for the drawing."""
    author.use("label")
    return [
        author.pick(
            ('label "as in the paper"', 'label "a {1 + 1} b"', 'label "two  words"', 'label "Übung → ok"')
        )
    ]


def check(author: Author, place: Place) -> list[str]:
    """`assert`: about values, and in a net about what it costs."""
    author.use("assert")
    settled = settle(author, place)
    options = ["assert 1 < 2", 'assert true, "never said"', f"assert here.channels == {place.flow.channels}"]
    if place.sure and not place.flexible:
        options.append(f"assert here.shape == [{', '.join(map(str, place.flow.sizes))}]")
    if place.net:
        options += ["assert params < 1G", "assert macs < 1G", "assert params >= 0"]
    return _after(settled, [author.pick(options)])


_LIBRARY: tuple[tuple[str, str, str, Layout, int | None], ...] = (
    ("SE", "se.arch", "SE(2)", Layout.MAP, None), ("SE", "se.arch", "SE(r = 4, act = gelu)", Layout.MAP, None),
    ("CBAM", "cbam.arch", "CBAM(2, 3)", Layout.MAP, None), ("ECA", "eca.arch", "ECA", Layout.MAP, None),
    ("ConvNeXtBlock", "convnext.arch", "ConvNeXtBlock", Layout.MAP, None),
    ("PreBasic", "preact.arch", "PreBasic(8)", Layout.MAP, 8), ("Fire", "fire.arch", "Fire(2, 3)", Layout.MAP, 6),
    ("MBConv", "mbconv.arch", "MBConv(6, expand = 2)", Layout.MAP, 6),
    ("Aggregated", "resnext.arch", "Aggregated(8, cardinality = 2, base = 8)", Layout.MAP, 32),
    ("Encoder", "transformer.arch", "Encoder(1)", Layout.TOKENS, None),
    ("Perceptron", "transformer.arch", "Perceptron(2, drop = 0.1)", Layout.TOKENS, None),
)  # fmt: skip
"""Blocks that come with the compiler: name, file, a use, what it takes, and its channels where it sets them."""


def used_block(author: Author, place: Place) -> list[str]:
    """A block of the library, through `use`."""
    x = place.flow
    known = [
        row for row in _LIBRARY
        if row[3] is x.layout and x.dtype == "float" and (x.layout is Layout.TOKENS or len(x.spatial) == 2)
    ]  # fmt: skip
    if not known:
        return flow(author, place)
    settled = settle(author, place)
    name, file, text, _, channels = author.pick(known)
    whole = author.chance(0.3)
    if whole:
        author.uses.setdefault(f'use "{file}"')
    elif author.chance(0.3):
        author.uses.setdefault(f'use {name} as My{name} from "{file}"')
        text = f"My{text}"
    else:
        author.uses.setdefault(f'use {name} from "{file}"')
    place.flow = x if channels is None else x.with_channels(channels)
    author.use("use of the library")
    return _after(settled, [text])


def comment(author: Author, place: Place) -> list[str]:
    """A comment on a line of its own, and one behind a chain."""
    lines = flow(author, place)
    author.use("comment")
    return ["# a comment -> { not code", *lines[:-1], f"{lines[-1]}  # behind"]


STATEMENTS: dict[Statement, float] = {
    flow: 3, connectivity: 4, named_chain: 1, start_elsewhere: 0.7, let: 1, stage: 1.5, repeat: 1.2, loop: 1.2,
    choose: 0.8, collect: 0.8, bundle: 0.8, default: 0.5, output: 0.4, shared: 0.5, label: 0.2, check: 0.3,
    comment: 0.2, parts: 0.3, word_default: 0.2, used_block: 0.5,
}  # fmt: skip
"""What may stand in a body, by weight."""
