"""What the signs of a drawing mean, in sentences: only those that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import MEASURES
from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.words.outline import listed

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
_STYLES = {
    "tensors": (
        "Boxes are tensors, with their channels above and their side below (28² is 28×28); arrows are layers."
    ),
    "ring": (
        "Every two layers of a clique are joined both ways, and X0 is what enters. An arrow has the colour "
        "of the layer that it leads to; dashed ones lead back."
    ),
    "unfolded": (
        "Each row is a stage: in the first, a layer takes X0 and the layers before it, later all others as "
        "they are by then. An arrow has the colour of the layer that it leads to; dashed ones come from the "
        "stage before."
    ),
    "arcs": (
        "Each layer of a dense block takes what entered it and the results of all layers before. An arrow "
        "has the colour of what it carries."
    ),
}
"""Styles with signs of their own."""
_WORD = re.compile(r"[A-Za-z]\w*")
_HUES = {
    "conv": "blue for convolution", "norm": "yellow for normalization", "act": "light orange for activation",
    "pool": "dark orange for pooling", "linear": "green for linear layers", "attention": "pink for attention",
}  # fmt: skip
_CONV = re.compile(r"^(\S+) conv, ((?:(?! · )[^,])+)(?:, /((?:(?! · )\S)+))?$")
_SHAPE = re.compile(r"^[\d⌈⌊]\S*×\S+$")


def signs(scene: Scene, options: Options) -> Iterator[str]:
    """The sentences, in the order of what catches the eye.

    Args:
        scene: the drawing.
        options: how it was drawn: by them colours mean what they mean.
    """
    texts = [run.text for item in (*scene.marks, *scene.frames) for line in item.lines for run in line]
    defined = any(frame.id.endswith("_definition") for frame in scene.frames)
    kinds = {arrow.kind for arrow in scene.arrows}
    own = [_STYLES[style] for style in _styles(options.style, kinds)]
    yield from own
    if not own or options.style == "chain":
        yield from _boxes(scene, texts, defined)
    yield from _colours(scene, options, defined)
    yield from _arrows(kinds, options)
    words = {word for text in texts for word in _WORD.findall(text)}
    meant = [f"{short}: {long}" for short, long in _ABBREVIATIONS.items() if short in words]
    if meant:
        yield f"{'; '.join(meant)}."


def _styles(style: str, kinds: set[str]) -> Iterator[str]:
    """The styles whose signs a drawing has."""
    if style == "clique":
        yield from ("ring", "unfolded")
    elif style == "chain":  # it may have dense blocks, cliques, or both
        if "dense" in kinds:
            yield "arcs"
        if kinds & {"forward", "backward"}:
            yield "ring"
    elif style in _STYLES:
        yield style


def _boxes(scene: Scene, texts: list[str], defined: bool) -> Iterator[str]:
    examples = [match for text in texts if (match := _CONV.match(text))]
    example = max(examples, key=lambda match: (match[2].isdecimal(), match[3] is not None), default=None)
    if example:
        what = "kernel, output channels and stride" if example[3] else "kernel and output channels"
        yield f"A label such as {example[0]} gives the {what} of a convolution."
    folded = any(mark.pen == look.FOLDED_PEN and mark.stroke for mark in scene.marks)
    if folded:
        yield f"Boxes with thick borders hold several layers{', as defined beside' if defined else ''}."
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
        if fills & {*look.STEPS, *look.GREY_STEPS}:
            numbers = "" if options.style in {*_STYLES, "clique", "chain"} else ", and say so in numbers"
            yield f"Darker boxes have {MEASURES[options.colour_by].more}{numbers}."
        if defined:
            yield "Where a block is defined, a box has that of all uses of the block together."
        return
    if options.theme == "grey" or options.style in _STYLES:
        return  # so many greys cannot be named, and each box says what it is
    there = [words for kind, words in _HUES.items() if look.PAINTS[kind].fill in fills]
    if there:
        yield f"Colours: {listed(there)}."


def _arrows(kinds: set[str], options: Options) -> Iterator[str]:
    grey = options.theme == "grey"
    if "skip" in kinds:
        yield f"{'Thick grey' if grey else 'Orange'} arrows: skip connections."
    if "projection" in kinds:
        yield "Dashed arrows: skip connections with a projection."
    if "aux" in kinds:
        yield "Grey boxes and arrows: auxiliary heads, there in training only."
    if "backward" in kinds and options.style not in {*_STYLES, "clique", "chain"}:
        later, earlier = ("Dark", "grey") if grey else ("Blue", "orange")
        yield f"{later} arrows lead to later layers of a clique, dashed {earlier} ones to earlier layers."
