"""What the signs of a drawing mean, in sentences: only those that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import networkx as nx

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import MEASURES
from ogive.backends.draw.colours.legend import shared, sums
from ogive.backends.draw.fold.text import LEADS
from ogive.backends.draw.fold.text import look as kind_of
from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Arrow, Frame, Mark, Scene
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.marks import definition_frames, holds, name_of, symbol_of, taps, title
from ogive.backends.draw.words.outline import listed
from ogive.backends.draw.words.wires import wires
from ogive.layers.merge import Mul
from ogive.report import counts

_ABBREVIATIONS = {
    "BN": "batch normalization", "LN": "layer normalization", "GN": "group normalization",
    "IN": "instance normalization", "RMSNorm": "root mean square normalization",
    "LRN": "local response normalization", "ReLU": "rectified linear unit",
    "GELU": "Gaussian error linear unit", "SiLU": "sigmoid linear unit", "ELU": "exponential linear unit",
    "h-swish": "hard swish", "h-sigmoid": "hard sigmoid", "LSTM": "long short-term memory",
    "GRU": "gated recurrent unit", "RBF": "radial basis functions", "dw": "depthwise",
    "SE": "squeeze and excitation",
}  # fmt: skip
SYMBOLS = {
    "+": "adds", "−": "subtracts", "×": "multiplies", "μ": "averages", "max": "takes the maximum",
    "C": "concatenates", "S": "stacks",
}  # fmt: skip
"""What stands in the circles of layers that join tensors."""
_MINOR = {"BN", "LN", "GN", "IN", "LRN", "RMSNorm", "ReLU", "GELU", "SiLU", "ELU"}
_WIRED = {"ring", "unfolded", "clique", "arcs", "chain"}
_OWN = _WIRED - {"chain"} | {"tensors"}
"""Styles with signs of their own; those of a chain's boxes are as everywhere."""
_WORD = re.compile(r"(?:h-)?[A-Za-z]\w*")
_HUES = {
    "conv": "blue for convolution", "norm": "yellow for normalization", "act": "light orange for activation",
    "pool": "dark orange for pooling", "linear": "green for linear layers", "attention": "pink for attention",
}  # fmt: skip
_GREEN = {
    "linear": "linear layers", "embedding": "embeddings", "position": "positions", "token": "class tokens",
    "LSTM": "recurrent layers", "GRU": "recurrent layers", "RNN": "recurrent layers",
    "RBF": "radial basis functions",
}  # fmt: skip
_CONV = re.compile(r"^(\S+) conv, ((?:(?! · )[^,])+)(?:, /((?:(?! · )\S)+))?$")
_COPY = re.compile(r"^t\d+\.copy\d+$")
_SHAPE = re.compile(r"^[^\s×]+(?:×[^\s×]+)+$")


_LAYERED = {"cliques": {"source", "forward", "backward"}, "dense blocks": {"dense"}}
"""What has layers with arrows in colours of their own, by the kinds of these."""
_NAMED = 3
"""So many boxes that read off others are named."""
_RESIZED = {"zero pad": "zero padding"}


def signs(scene: Scene, options: Options, subjects: Sequence[Subject] = ()) -> Iterator[str]:
    """The sentences, in the order of what catches the eye.

    Args:
        scene: the drawing.
        options: how it was drawn: by them colours mean what they mean.
        subjects: the nets: whether boxes leave out some of what is in them.
    """
    texts = [run.text for item in (*scene.marks, *scene.frames) for line in item.lines for run in line]
    defined = definition_frames(scene)
    kinds = {arrow.kind for arrow in scene.arrows}
    if options.style == "tensors":
        yield from _tensors(scene, kinds, options)
    yield from wires(scene, options)
    if options.style not in _OWN:
        omitted = options.style == "chain" and any(_leaves_out(scene, subject) for subject in subjects)
        yield from _boxes(scene, defined, omitted)
        yield from _badges(scene, texts, subjects)
        yield from _joins(scene)
    yield from _colours(scene, options, subjects)
    yield from _arrows(scene, options, subjects)
    words = {word for text in texts for word in _WORD.findall(text)}
    if not any(map(_squeezes, subjects)):
        words.discard("SE")  # a name that means something else
    meant = [f"{short}: {long}" for short, long in _ABBREVIATIONS.items() if short in words]
    if meant:
        yield f"{'; '.join(meant)}."


def _projects(subject: Subject) -> bool:
    """Whether each way of a residual that changes shapes has a layer with weights, or there is none."""
    graph = subject.graph
    of: dict[int, set[str]] = {r.id: set() for r in graph.regions.values() if r.kind == "shortcut"}
    for node in graph:
        for region in graph.ancestors(node.region):
            if region.id in of:
                of[region.id].add(kind_of(graph, node).kind)
    return all(kinds & LEADS for kinds in of.values())


def _squeezes(subject: Subject) -> bool:
    """Whether a block called SE multiplies by what it pools, as Hu et al. 2018 do."""
    graph = subject.graph
    blocks = {region.id for region in graph.regions.values() if region.block == "SE"}
    around = (node.layer for node in graph if any(each.id in blocks for each in graph.ancestors(node.region)))
    return any(isinstance(layer, Mul) for layer in around) if blocks else False


def _tensors(scene: Scene, kinds: set[str], options: Options) -> Iterator[str]:
    """Its legend says what the arrows are."""
    yield (
        "Boxes are tensors, with their channels above and their side below (28² is 28×28); arrows are layers."
    )
    copies = {mark.fill for mark in scene.marks if _COPY.match(mark.id)}
    if copies and "skip" in kinds:
        thick = "thick grey" if options.theme == "grey" else "orange"
        part = "The white part" if copies == {look.PAPER} else "One part"
        yield f"{part} of a box is the copy that the {thick} arrow brings."


def _leaves_out(scene: Scene, subject: Subject) -> bool:
    """Whether a folded box lists its layers without the normalizations or activations among them."""
    for mark in scene.marks:
        if mark.pen == look.FOLDED_PEN and mark.about is not None and not _says(mark, _MINOR):
            inside = f"{mark.about.name}."
            nodes = (node for node in subject.graph if node.name.startswith(inside))
            if any(kind_of(subject.graph, node).kind in {"norm", "act"} for node in nodes):
                return True
    return False


def _says(mark: Mark, words: set[str]) -> bool:
    return any(word in words for each in mark.lines for run in each for word in _WORD.findall(run.text))


def title_of(frame: Frame) -> str:
    """What the frame of a definition is called: `Bneck (kernel 5)`."""
    name, _, rest = (frame.lines[0][0].text if frame.lines else "a block").partition(", ")
    return f"{name} ({rest})" if rest and not name.endswith(")") else name


def place_of(scene: Scene, frames: Sequence[Frame]) -> str:
    """Where definitions are, seen from what they define: `beside`, `below`, or both."""
    every = definition_frames(scene)
    rest = [mark for mark in scene.marks if not any(holds(frame, mark) for frame in every)]
    end = min((mark.bottom for mark in rest if not mark.id.startswith("legend.")), default=0.0)
    below = [frame.top <= end for frame in frames]
    return "below" if all(below) else "beside and below" if any(below) else "beside"


def _boxes(scene: Scene, defined: list[Frame], omitted: bool) -> Iterator[str]:
    texts = _in_reading_order(scene, defined)
    examples = [match for text in texts if (match := _CONV.match(text.rpartition(" · ")[2]))]
    if examples:
        first = examples[0]
        stride = next((match[3] for match in examples if match[3]), "")
        what = "kernel, output channels and stride" if first[3] else "kernel and output channels"
        more = f", /{stride} its stride" if stride and not first[3] else ""
        yield f"A label such as {first[0]} gives the {what} of a convolution{more}."
    folded = any(mark.pen == look.FOLDED_PEN and mark.stroke for mark in scene.marks)
    if folded:
        named = listed([title_of(frame) for frame in defined])
        where = f"; defined {place_of(scene, defined)}: {named}" if defined else ""
        without = ", whose normalizations and activations are not named" if omitted else ""
        yield f"Boxes with thick borders stand for whole blocks or stages{without}{where}."


def _in_reading_order(scene: Scene, defined: Sequence[Frame]) -> list[str]:
    """What the lines of marks say, from the top down; those in definitions behind all others."""

    def place(mark: Mark) -> tuple[bool, int, float]:
        return any(holds(frame, mark) for frame in defined), -round(mark.centre[1]), mark.centre[0]

    return [run.text for mark in sorted(scene.marks, key=place) for each in mark.lines for run in each]


def _badges(scene: Scene, texts: list[str], subjects: Sequence[Subject]) -> Iterator[str]:
    ways = {_side_by_side(mark, subjects) for mark in scene.marks if mark.badge}
    if any(re.fullmatch(r"×\d+", text) for text in texts):  # the frames of what repeats
        ways.add(False)
    if ways:
        where = [words for side, words in ((False, "in a row"), (True, "side by side")) if side in ways]
        yield f"×N: N of them {' or '.join(where)}."


def _side_by_side(mark: Mark, subjects: Sequence[Subject]) -> bool:
    """Whether the last of what a mark stands for takes nothing of the first."""
    first, _, last = mark.about.name.partition(" … ") if mark.about else ("", "", "")
    for graph in (subject.graph for subject in subjects if last):
        start, end = (
            [n.name for n in graph if f"{n.name}.".startswith(f"{path}.")] for path in (first, last)
        )
        if start and end:
            return not any(nx.has_path(graph.digraph, start[-1], name) for name in end)
    return False


def _joins(scene: Scene) -> Iterator[str]:
    circles = set(map(symbol_of, scene.marks))
    merges = [f"{symbol} {verb}" for symbol, verb in SYMBOLS.items() if symbol in circles]
    if merges:
        yield f"Circles: {listed(merges)}."
    carried = (m for m in scene.marks if ".to." in m.id and m.lines)
    if any(_SHAPE.match(mark.lines[0][0].text) for mark in carried):
        yield "Beside arrows: the shapes of tensors, where they change."


def _colours(scene: Scene, options: Options, subjects: Sequence[Subject]) -> Iterator[str]:
    fills = {mark.fill for mark in scene.marks if mark.shape != "bare"}
    if options.colour_by != "kind":
        measure = MEASURES[options.colour_by]
        steps = {*look.STEPS, *look.GREY_STEPS}
        drawn = [mark for mark in scene.marks if mark.shape != "bare" and not mark.id.startswith("legend.")]
        measured = [mark for mark in drawn if mark.fill in steps]
        if measured:
            things = {"circles" if mark.shape == "circle" else "boxes" for mark in measured}
            numbers = "" if options.style in _OWN | _WIRED else ", and say so in numbers"
            yield f"Darker {listed(sorted(things))} have {measure.more}{numbers}."
            several = [f"{where}, {what}" for where, what in sums(measure, scene).items()]
            if several:
                start, _, what = several[0].partition(", ")
                where = f"Where {start} stands" if start == "×N" else start.capitalize()
                yield f"{where}, a box has {'; '.join([what, *several[1:]])}."
            if said := shared(options.colour_by, subjects):
                yield f"Shared weights are {said}."
            if options.colour_by == "macs" and any(counts.products(each.unrolled) for each in subjects):
                yield "Products of activations with each other, as in attention, are not counted there."
        return
    if options.theme == "grey" or options.style in _OWN:
        return  # so many greys cannot be named, and each box says what it is
    there = [
        f"green for {listed(_green(scene))}" if kind == "linear" else words
        for kind, words in _HUES.items()
        if look.PAINTS[kind].fill in fills
    ]
    if there:
        yield f"Colours: {listed(there)}."


def _green(scene: Scene) -> list[str]:
    """What is green in this drawing: linear layers, and what is painted like them."""
    green = [mark for mark in scene.marks if mark.fill == look.PAINTS["linear"].fill and mark.shape != "bare"]
    titles = list(map(title, green))
    found = [words for sign, words in _GREEN.items() if any(sign in text for text in titles)]
    return found or ["linear layers"]


def _arrows(scene: Scene, options: Options, subjects: Sequence[Subject]) -> Iterator[str]:
    grey = options.theme == "grey"
    kinds = {arrow.kind for arrow in scene.arrows}
    if "skip" in kinds and options.style != "tensors":
        skips = [arrow for arrow in scene.arrows if arrow.kind == "skip"]
        what = f"{_where(scene, skips)}: {listed(_past(scene, skips))}"
        yield f"{'Thick grey' if grey else 'Orange'} arrows{what}."
    if "projection" in kinds:
        yield f"Dashed arrows: skip connections {_resized(scene, subjects)}."
    if "aux" in kinds:
        which = "White boxes with grey text, and pale arrows" if grey else "Light grey boxes and arrows"
        yield f"{which}: auxiliary heads, there in training only."


def _where(scene: Scene, skips: Sequence[Arrow]) -> str:
    """` outside cliques`, where arrows between the layers of one have the same colour."""
    strokes = {arrow.stroke for arrow in skips}
    alike = {arrow.kind for arrow in scene.arrows if arrow.kind != "skip" and arrow.stroke in strokes}
    where = [words for words, own in _LAYERED.items() if own & alike]
    return f" outside {listed(where)}" if where else ""


def _past(scene: Scene, skips: Sequence[Arrow]) -> list[str]:
    """What goes over skips: what is added or joined, what a gate multiplies, what a box reads off others."""
    gates = {mark.id for mark in scene.marks if symbol_of(mark) == "×"}
    tapped = taps(scene)
    found: list[str] = []
    if any(arrow.end not in gates and arrow.end not in tapped for arrow in skips):
        found.append("skip connections")
    if any(arrow.end in gates for arrow in skips):
        found.append("what a gate multiplies")
    if tapped:
        names = list(dict.fromkeys(name_of(mark) for mark in scene.marks if mark.id in tapped))
        what = listed(names) if len(names) <= _NAMED else "later parts"
        found.append(f"what {what} take{'s' * (len(names) == 1)} from several earlier places")
    return found


def _resized(scene: Scene, subjects: Sequence[Subject]) -> str:
    """By what a dashed way gives a tensor another shape: a layer with weights, zero padding, …"""
    dashed = [arrow for arrow in scene.arrows if arrow.kind == "projection"]
    through = {arrow.end for arrow in dashed}
    marks = [mark for mark in scene.marks if mark.id in through and mark.shape != "circle"]
    on_way = [mark for mark in marks if any(arrow.tail == mark.id for arrow in dashed)]
    names = [title(m).partition(",")[0] for m in on_way if not (m.about and m.about.params)]
    if len(names) < len(on_way) or (not on_way and subjects and all(map(_projects, subjects))):
        return "with a projection"
    names = list(dict.fromkeys(names))
    by = f" ({listed([_RESIZED.get(name, name) for name in names])})" if names else ""
    return f"where shapes differ{by}"
