"""Chains: elements that take the tensor at a place and leave another there."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from ogive.layers.base import Layer, Layout, TensorType
from tests.programs.arguments import make, number, written
from tests.programs.author import Author, Definition, Made, Place, Shared

_GROUPS = {
    "conv": 5.0, "norm": 2.0, "act": 2.0, "pool": 1.5, "linear": 1.5, "attention": 1.5, "merge": 1.0,
    "shape": 2.0, "dropout": 0.7,
}  # fmt: skip
_OTHER_GROUP = 1.5
_TRIES = 10


def chain(author: Author, place: Place, length: int | None = None) -> str:
    """Several elements behind each other, from the tensor that arrives; at least one."""
    count = length if length is not None else author.count(1, 4)
    parts: list[str] = []
    for _ in range(count):
        parts += element(author, place)
    return " -> ".join(parts)


def element(author: Author, place: Place) -> list[str]:
    """One element, or a layer with several results and what joins them."""
    author.budget -= 1
    if author.careless():
        return [_anything(author, place)]
    settled = settle(author, place)
    choice = author.weighted({"layer": 12, "value": 1.5, "block": 2, "if": 0.5, "unit": 0.7, "here": 0.2})
    if choice == "value" and (found := _value(author, place)):
        return [*settled, found]
    if choice == "block" and (found := block(author, place)):
        return [*settled, *found]
    if choice == "if":
        return [*settled, _conditional(author, place)]
    if choice == "unit" and (found := unit(author, place)):
        return [*settled, found]
    if choice == "here":
        author.use("here")
        return [*settled, author.pick(("here", "identity"))]
    return [*settled, *layer(author, place)]


def _anything(author: Author, place: Place) -> str:
    """A layer with random arguments, whether it fits or not. Behind it nothing is known."""
    kind = author.pick(author.library.layers())
    made = make(author, place, kind, place.flow)
    place.sure = False
    return made.text if made else kind.kind


def layer(author: Author, place: Place) -> list[str]:
    """A layer of the library that takes the tensor, with random arguments."""
    groups: dict[str, list[type[Layer]]] = {}
    for kind in author.library.layers():
        groups.setdefault(kind.group, []).append(kind)
    weights = {group: _GROUPS.get(group, _OTHER_GROUP) for group in groups}
    if place.flow.dtype != "float":  # only what looks indices up leads on
        weights |= {group: 6.0 for group in weights if group not in _GROUPS}
    for _ in range(30):
        kind = author.pick(groups[author.weighted(weights)])
        for _ in range(_TRIES if kind.arguments() else 1):
            found = _try(author, place, kind)
            if found is not None:
                return found
    author.use("identity")
    return ["identity"]


def _try(author: Author, place: Place, kind: type[Layer]) -> list[str] | None:
    low, high = kind.arity
    names, operands = _operands(author, place, low, high)
    if kind.follows is not None and names:
        names, operands = names[:1], operands[:1]
    made = make(author, place, kind, place.flow, names)
    if made is None:
        return None
    types = author.fits(made.layer, [place.flow, *operands])
    if types is None or (
        place.flexible and not _flexible(author, made.layer, [place.flow, *operands], types)
    ):
        return None
    author.kinds.append(made)
    if len(types) == 1 or made.layer.parts:  # the further results stand behind a dot
        place.flow = types[0]
        return [made.text]
    return [made.text, *_join(author, place, types)]


def _flexible(
    author: Author, made: Layer, inputs: Sequence[TensorType], outputs: Sequence[TensorType]
) -> bool:
    """Whether a layer still works, and leaves as many channels, where every place is doubled."""

    def larger(x: TensorType) -> TensorType:
        return x.with_spatial(*(2 * n for n in x.spatial)) if x.spatial else x

    found = author.fits(made, [larger(x) for x in inputs])
    return found is not None and [x.channels for x in found] == [x.channels for x in outputs]


def _operands(author: Author, place: Place, low: int, high: int | None) -> tuple[list[str], list[TensorType]]:
    """Names of tensors for a layer that takes several."""
    if high == 1 or not place.tensors:
        return [], []
    most = 3 if high is None else high
    count = author.count(low, most) - 1
    names = [author.pick(list(place.tensors)) for _ in range(count)]
    return names, [place.tensors[name] for name in names]


def _join(author: Author, place: Place, types: list[TensorType]) -> list[str]:
    """What makes one tensor of several."""
    merges = [kind for kind in author.library.layers() if kind.group == "merge"]
    for _ in range(12):
        kind = author.pick(merges)
        made = make(author, place, kind, types[0])
        joined = author.fits(made.layer, types) if made else None
        if made and joined and len(joined) == 1:
            place.flow = joined[0]
            author.kinds.append(made)
            return [made.text]
    place.flow = types[0]
    place.sure = False
    return ["concat"]


# --------------------------------------------------------------------------- values, blocks, units


def _value(author: Author, place: Place) -> str | None:
    """A layer that has a name, or that is a parameter."""
    found: dict[str, TensorType] = {}
    for name, value in place.values.items():
        if isinstance(value, Shared) and value.start == place.flow:
            found[name] = value.result
        elif isinstance(value, Made) and (result := _single(author, value.layer, place.flow)) is not None:
            found[name] = result
    if not found:
        return None
    name = author.pick(list(found))
    author.use("layer as a value" if isinstance(place.values[name], Made) else "shared again")
    place.flow = found[name]
    return name


def _single(author: Author, made: Layer, x: TensorType) -> TensorType | None:
    found = author.fits(made, [x])
    return found[0] if found and len(found) == 1 else None


def block(author: Author, place: Place) -> list[str] | None:
    """A use of a block that was written before: as it was first, or with other arguments."""
    fitting = [b for b in author.blocks if b.start == place.flow and b.defaults == place.defaults]
    if fitting and not author.careless():
        chosen = author.pick(fitting)
        if chosen.ints and author.chance(0.4):
            return _otherwise(author, place, chosen)
        place.flow = chosen.result
        author.use("block used again")
        return [chosen.name + chosen.arguments]
    alike = [b for b in author.blocks if _alike(b.start, place.flow) and _alike(b.start, b.result)]
    if alike and author.chance(0.2):
        return _otherwise(author, place, author.pick(alike))
    return None


def _alike(a: TensorType, b: TensorType) -> bool:
    return a.layout is b.layout and len(a.sizes) == len(b.sizes) and a.dtype == b.dtype


def _otherwise(author: Author, place: Place, chosen: Definition) -> list[str]:
    """The same block where other numbers arrive, or are given."""
    text = chosen.name + chosen.arguments
    if chosen.ints:
        given = ", ".join(f"{name} = {author.pick((v, v, 2 * v, v + 2))}" for name, v in chosen.ints.items())
        text = f"{chosen.name}({given})"
    place.flow = chosen.result
    place.sure = False
    author.use("block used with other arguments")
    return [text]


def _conditional(author: Author, place: Place) -> str:
    """`(bn if c else identity)`: the layer that is chosen, and any other."""
    before = place.flow
    first = layer(author, place)
    if len(first) > 1 or place.flow != before:
        if len(first) > 1:
            return " -> ".join(first)
        other = author.pick(("identity", "bn", "relu"))
    else:
        other = "identity"
    condition, negated = author.pick(
        (("true", False), ("1 > 2", True), ("not false", False), ("none == 0", True))
    )
    author.use("conditional element")
    return (
        f"({other} if {condition} else {first[0]})"
        if negated
        else f"({first[0]} if {condition} else {other})"
    )


def unit(author: Author, place: Place) -> str | None:
    """`unit(8, 3x3, order = "norm act conv")`."""
    x = place.flow
    if x.layout is not Layout.MAP or x.dtype != "float" or place.defaults.get("conv"):
        return None
    conv = author.library.get("conv")
    assert conv is not None
    made = make(author, place, conv, x)
    result = _single(author, made.layer, x) if made else None
    if made is None or result is None:
        return None
    more = ""
    if author.chance(0.5):
        order = author.pick(("conv norm act", "norm act conv", "conv act norm", "conv act", "act conv"))
        more += f', order = "{order}"' if author.chance(0.7) else ""
    if author.chance(0.2):
        more += f", act = {author.pick(('gelu', 'sigmoid', 'leaky_relu(0.2)'))}"
    if author.chance(0.2):
        more += f", norm = {author.pick(('bn', 'ln', 'gn(1)', 'bn(momentum = 0.2)'))}"
    place.flow = result
    author.use("unit")
    return f"unit{made.text[len('conv') : -1]}{more})"


# --------------------------------------------------------------------------- back to a known type


def fixed(author: Author, place: Place, kind: str, first: str, **given: object) -> str | None:
    """A layer whose other arguments are those of the library, whatever `default` says."""
    found = author.library.get(kind)
    if found is None:
        return None
    resets = {
        spec.name: spec.default
        for spec in found.arguments()
        if spec.name in place.defaults.get(kind, {}) and not spec.required
    }
    named = {**resets, **given}
    inside = ", ".join([first, *(f"{name} = {written(value)}" for name, value in named.items())])
    return f"{kind}({inside})"


def towards(
    author: Author, place: Place, target: TensorType, *, sure: bool | None = None
) -> list[str] | None:
    """Elements that make the tensor at a place one of the given type, or None where nothing short does.

    With `sure` false the sizes that are there are not relied on.
    """
    x = place.flow
    certain = place.sure if sure is None else sure
    if x == target and certain:
        return []
    if x.dtype != "float" or target.dtype != "float":
        return None
    steps: list[str | None] = []
    if _alike(x, target) and x.layout is Layout.MAP:
        if x.spatial != target.spatial or not certain:
            if place.flexible:
                return None
            steps.append(fixed(author, place, "adaptive_avg_pool", written_sizes(target.spatial)))
        if x.channels != target.channels or not certain:
            steps.append(fixed(author, place, "conv", f"{number(author, place, target.channels)}, 1"))
    elif _alike(x, target) and (x.spatial == target.spatial) and len(x.sizes) <= 2:
        steps.append(fixed(author, place, "linear", number(author, place, target.channels)))
    elif certain and not place.flexible and x.elements * target.elements <= 10 * 40_000:
        steps += ["flatten(1, -1)", fixed(author, place, "linear", str(target.elements))]
        if target.layout is not Layout.PLAIN or len(target.sizes) > 1:
            sizes = ", ".join(map(str, target.sizes))
            steps.append(f"reshape({sizes}, layout = {target.layout.value})")
    else:
        return None
    if any(step is None for step in steps):
        return None
    place.flow, place.sure = target, True
    return [step for step in steps if step is not None]


def written_sizes(sizes: Sequence[int]) -> str:
    """Sizes of places as an argument: `4x4`, `[4]`."""
    return "x".join(map(str, sizes)) if len(sizes) > 1 else f"[{sizes[0]}]"


def settle(author: Author, place: Place) -> list[str]:
    """What makes the type at a place certain again, where a loop or other arguments may have changed it."""
    if place.sure:
        return []
    steps = towards(author, place, place.flow) if author.chance(0.97) else []
    place.sure = True
    return steps or []


def elements_of(x: TensorType) -> int:
    """How many numbers it holds."""
    return prod(x.sizes)
