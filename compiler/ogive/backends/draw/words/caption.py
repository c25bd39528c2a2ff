"""What stands below a figure: a paragraph made of the net and of what this drawing of it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Scene
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.outline import listed, number, outline
from ogive.backends.draw.words.signs import signs
from ogive.backends.draw.words.tensors import any_size, called, in_numbers, inputs, outputs, through
from ogive.backends.draw.words.unsaid import unsaid
from ogive.layers.base import Size
from ogive.layers.unknown import SizeExpr
from ogive.report import counts
from ogive.report.units import short

_UNITS = {"k": "thousand", "M": "million", "G": "billion", "T": "trillion"}


def caption(subjects: Sequence[Subject], scene: Scene, options: Options) -> str:
    """A paragraph for a paper: what the nets are and need, and what the signs of this drawing mean.

    Args:
        subjects: the nets that are drawn, from left to right.
        scene: the drawing.
        options: how it was drawn: what colours mean.
    """
    if len(subjects) == 1:
        sentences = list(_one(subjects[0]))
    else:
        sentences = [f"From left to right: {'. '.join(map(_brief, subjects))}.", *unsaid(subjects)]
    if options.block is not None:
        sentences = [f"The block {scene.name} of {listed(list(map(called, subjects)))}."]
    return " ".join([*sentences, *signs(scene, options, subjects)])


def _one(subject: Subject) -> Iterator[str]:
    graph = subject.graph
    heads = [part for part in outline(subject.structure) if part.kind == "aux"]
    ends = f"{in_numbers('input', inputs(subject))} to {in_numbers('output', outputs(subject))}"
    yield f"{called(subject)}: from {ends}, through {through(subject)}."
    params = f"{_millions(counts.params(subject.unrolled))} parameters"
    if graph.heads:
        which = {1: "the auxiliary head", 2: "both auxiliary heads"}
        every = counts.params(subject.unrolled, heads=True)
        trained = _millions(every)
        if f"{trained} parameters" == params:  # so small that it is seen in full
            trained, params = f"{every:,}", f"{counts.params(subject.unrolled):,} parameters"
        params += f" ({trained} with {which.get(len(heads), 'all auxiliary heads')})"
    several = {1: "one input", 2: "one pair of inputs"}
    of = several.get(len(graph.inputs), f"one set of {number(len(graph.inputs))} inputs")
    yield f"It has {params} and takes {_work(subject)} for {of}."
    yield from any_size(subject)


def _brief(subject: Subject) -> str:
    """A net beside others."""
    amounts = f"{_millions(counts.params(subject.unrolled))} parameters, {_work(subject)}"
    return f"{called(subject)}: {through(subject)}; {amounts}"


def _work(subject: Subject) -> str:
    work, products = counts.macs(subject.unrolled), counts.products(subject.unrolled)
    text = f"{_millions(work)} multiply-adds (FLOPs)"
    return f"{text} with weights and {_millions(products)} between activations" if products else text


def _millions(count: Size) -> str:
    """`25.6 million`; of unknown sizes `84.3 thousand·h·w`."""
    text = short(count)
    if isinstance(count, SizeExpr):
        return re.sub(r" ([kMGT])\b", lambda m: f" {_UNITS[m[1]]}", text).replace(" * ", "·")
    value, _, unit = text.partition(" ")
    return f"{value} {_UNITS[unit]}" if unit else value
