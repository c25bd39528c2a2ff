"""What the signs of a drawing mean, in sentences: only those that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import networkx as nx

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import MEASURES
from ogive.backends.draw.colours.legend import sums
from ogive.backends.draw.fold.text import look as kind_of
from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Frame, Mark, Scene
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.outline import listed
from ogive.backends.draw.words.wires import wires
from ogive.report import counts

_ABBREVIATIONS = {
    "BN": "batch normalization", "LN": "layer normalization", "GN": "group normalization",
    "IN": "instance normalization", "RMSNorm": "root mean square normalization",
    "LRN": "local response normalization", "ReLU": "rectified linear unit",
    "GELU": "Gaussian error linear unit", "SiLU": "sigmoid linear unit", "ELU": "exponential linear unit",
    "LSTM": "long short-term memory", "GRU": "gated recurrent unit", "RBF": "radial basis functions",
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
_WORD = re.compile(r"[A-Za-z]\w*")
_HUES = {
    "conv": "blue for convolution", "norm": "yellow for normalization", "act": "light orange for activation",
    "pool": "dark orange for pooling", "linear": "green for linear layers", "attention": "pink for attention",
}  # fmt: skip
_CONV = re.compile(r"^(\S+) conv, ((?:(?! · )[^,])+)(?:, /((?:(?! · )\S)+))?$")
_COPY = re.compile(r"^t\d+\.copy\d+$")
_SHAPE = re.compile(r"^[\d⌈⌊]\S*×\S+$")


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
        yield from _boxes(scene, texts, defined, omitted)
        yield from _badges(scene, texts, subjects)
        yield from _joins(scene)
    yield from _colours(scene, options, subjects)
    yield from _arrows(scene, options)
    words = {word for text in texts for word in _WORD.findall(text)}
    meant = [f"{short}: {long}" for short, long in _ABBREVIATIONS.items() if short in words]
    if meant:
        yield f"{'; '.join(meant)}."


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


def symbol_of(mark: Mark) -> str:
    """What stands in a circle; empty for other marks."""
    return mark.lines[0][0].text if mark.shape == "circle" and mark.lines else ""


def definition_frames(scene: Scene) -> list[Frame]:
    """The frames of the blocks that are defined in a drawing."""
    return [frame for frame in scene.frames if frame.id.endswith("_definition")]


def holds(frame: Frame, mark: Mark) -> bool:
    """Whether a mark is in a frame."""
    x, y = mark.centre
    return frame.left <= x <= frame.right and frame.bottom <= y <= frame.top


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


def _boxes(scene: Scene, texts: list[str], defined: list[Frame], omitted: bool) -> Iterator[str]:
    examples = [match for text in texts if (match := _CONV.match(text))]
    example = max(examples, key=lambda match: (match[2].isdecimal(), match[3] is not None), default=None)
    if example:
        what = "kernel, output channels and stride" if example[3] else "kernel and output channels"
        yield f"A label such as {example[0]} gives the {what} of a convolution."
    folded = any(mark.pen == look.FOLDED_PEN and mark.stroke for mark in scene.marks)
    if folded:
        named = listed([title_of(frame) for frame in defined])
        where = f"; defined {place_of(scene, defined)}: {named}" if defined else ""
        without = ", of which normalizations and activations are not named" if omitted else ""
        yield f"Boxes with thick borders hold several layers{without}{where}."


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
            if options.colour_by == "macs" and any(counts.products(each.unrolled) for each in subjects):
                yield "Products of activations with each other, as in attention, are not counted there."
        return
    if options.theme == "grey" or options.style in _OWN:
        return  # so many greys cannot be named, and each box says what it is
    there = [words for kind, words in _HUES.items() if look.PAINTS[kind].fill in fills]
    if there:
        yield f"Colours: {listed(there)}."


def _arrows(scene: Scene, options: Options) -> Iterator[str]:
    grey = options.theme == "grey"
    kinds = {arrow.kind for arrow in scene.arrows}
    if "skip" in kinds and options.style != "tensors":
        gates = {mark.id for mark in scene.marks if symbol_of(mark) == "×"}
        into = {arrow.end in gates for arrow in scene.arrows if arrow.kind == "skip"}
        what = [
            words
            for words, gate in (("skip connections", False), ("what a gate multiplies", True))
            if gate in into
        ]
        yield f"{'Thick grey' if grey else 'Orange'} arrows: {listed(what)}."
    if "projection" in kinds:
        yield "Dashed arrows: skip connections with a projection."
    if "aux" in kinds:
        which = "White boxes with grey text, and pale arrows" if grey else "Light grey boxes and arrows"
        yield f"{which}: auxiliary heads, there in training only."
