"""What the signs of a drawing mean, in sentences: only those that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import MEASURES
from ogive.backends.draw.fold.text import look as kind_of
from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Mark, Scene
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.outline import listed
from ogive.backends.draw.words.wires import wires

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
    defined = any(frame.id.endswith("_definition") for frame in scene.frames)
    kinds = {arrow.kind for arrow in scene.arrows}
    if options.style == "tensors":
        yield from _tensors(scene, kinds, options)
    yield from wires(scene, options)
    if options.style not in _OWN:
        omitted = options.style == "chain" and any(_leaves_out(scene, subject) for subject in subjects)
        yield from _boxes(scene, texts, defined, omitted)
    yield from _colours(scene, options, defined)
    yield from _arrows(kinds, options)
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


def _boxes(scene: Scene, texts: list[str], defined: bool, omitted: bool) -> Iterator[str]:
    examples = [match for text in texts if (match := _CONV.match(text))]
    example = max(examples, key=lambda match: (match[2].isdecimal(), match[3] is not None), default=None)
    if example:
        what = "kernel, output channels and stride" if example[3] else "kernel and output channels"
        yield f"A label such as {example[0]} gives the {what} of a convolution."
    folded = any(mark.pen == look.FOLDED_PEN and mark.stroke for mark in scene.marks)
    if folded:
        where = ", as defined beside" if defined else ""
        without = ", of which normalizations and activations are not named" if omitted else ""
        yield f"Boxes with thick borders hold several layers{where}{without}."
    if any(mark.badge for mark in scene.marks) or any(re.fullmatch(r"×\d+", text) for text in texts):
        yield "×N: N of them in a row."
    circles = {mark.lines[0][0].text for mark in scene.marks if mark.shape == "circle" and mark.lines}
    merges = [f"{symbol} {verb}" for symbol, verb in SYMBOLS.items() if symbol in circles]
    if merges:
        yield f"Circles: {listed(merges)}."
    carried = (m for m in scene.marks if ".to." in m.id and m.lines)
    if any(_SHAPE.match(mark.lines[0][0].text) for mark in carried):
        yield "Beside arrows: the shapes of tensors, where they change."


def _colours(scene: Scene, options: Options, defined: bool) -> Iterator[str]:
    fills = {mark.fill for mark in scene.marks if mark.shape != "bare"}
    if options.colour_by != "kind":
        steps = {*look.STEPS, *look.GREY_STEPS}
        drawn = [mark for mark in scene.marks if mark.shape != "bare" and not mark.id.startswith("legend.")]
        measured = [mark for mark in drawn if mark.fill in steps]
        if measured:
            things = {"circles" if mark.shape == "circle" else "boxes" for mark in measured}
            numbers = "" if options.style in _OWN | _WIRED else ", and say so in numbers"
            yield f"Darker {listed(sorted(things))} have {MEASURES[options.colour_by].more}{numbers}."
        if defined:
            yield "Where a block is defined, a box has that of all uses of the block together."
        return
    if options.theme == "grey" or options.style in _OWN:
        return  # so many greys cannot be named, and each box says what it is
    there = [words for kind, words in _HUES.items() if look.PAINTS[kind].fill in fills]
    if there:
        yield f"Colours: {listed(there)}."


def _arrows(kinds: set[str], options: Options) -> Iterator[str]:
    grey = options.theme == "grey"
    if "skip" in kinds and options.style != "tensors":
        yield f"{'Thick grey' if grey else 'Orange'} arrows: skip connections."
    if "projection" in kinds:
        yield "Dashed arrows: skip connections with a projection."
    if "aux" in kinds:
        yield "Grey boxes and arrows: auxiliary heads, there in training only."
