"""What stands below a figure: a paragraph made of the net and of what this drawing of it shows. And the
drawing in words, for those who cannot see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile

from ogive.backends.draw.fold.text import clip, shape
from ogive.backends.draw.options import Options
from ogive.backends.draw.scene import Mark, Scene
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.outline import Part, in_words, listed, number, outline, row
from ogive.backends.draw.words.signs import definition_frames, holds, place_of, signs, title_of
from ogive.backends.draw.words.unsaid import unsaid
from ogive.backends.draw.words.woven import woven
from ogive.layers.base import Size, TensorType
from ogive.layers.unknown import SizeExpr
from ogive.report import counts
from ogive.report.units import short

_MOST = 1000
"""Characters of a description."""
_LISTED = 4
"""So many skips are told one by one."""
_PAST = {"skip", "projection"}
_MEMBER = re.compile(r"^X\d+$")
_BADGE = re.compile(r"^×\d+$")
_MERGES = {
    "+": "sum", "−": "difference", "×": "product", "μ": "mean", "max": "maximum", "C": "concatenation",
    "S": "stack",
}  # fmt: skip
"""What stands in circles, in words."""
_UNITS = {"k": "thousand", "M": "million", "G": "billion", "T": "trillion"}


# --------------------------------------------------------------------------- the caption


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
        sentences = [f"The block {scene.name} of {listed(list(map(_called, subjects)))}."]
    return " ".join([*sentences, *signs(scene, options, subjects)])


def _one(subject: Subject) -> Iterator[str]:
    graph = subject.graph
    heads = [part for part in outline(subject.structure) if part.kind == "aux"]
    ends = f"{_tensors('input', _inputs(subject))} to {_tensors('output', _outputs(subject))}"
    yield f"{_called(subject)}: from {ends}, through {_through(subject)}."
    params = f"{_millions(counts.params(subject.unrolled))} parameters"
    if graph.heads:
        which = {1: "the auxiliary head", 2: "both auxiliary heads"}
        trained = _millions(counts.params(subject.unrolled, heads=True))
        params += f" ({trained} with {which.get(len(heads), 'all auxiliary heads')})"
    yield f"It has {params} and takes {_work(subject)} for one input."


def _brief(subject: Subject) -> str:
    """A net beside others."""
    amounts = f"{_millions(counts.params(subject.unrolled))} parameters, {_work(subject)}"
    return f"{_called(subject)}: {_through(subject)}; {amounts}"


def _called(subject: Subject) -> str:
    """Its name, whatever that is."""
    return clip(subject.name) or "The network"


def _through(subject: Subject) -> str:
    parts = [part for part in outline(subject.structure) if part.kind != "aux"]
    return listed(in_words(parts)) or "nothing that computes"


def _inputs(subject: Subject) -> list[tuple[str, TensorType]]:
    graph = subject.graph
    return [(name, graph.node(name).outputs[0]) for name in graph.inputs]


def _outputs(subject: Subject) -> list[tuple[str, TensorType]]:
    return [(name, subject.graph.type(ref)) for name, ref in subject.graph.outputs]


def _tensors(word: str, tensors: Sequence[tuple[str, TensorType]]) -> str:
    """`an input of 3×224×224`, `two inputs of 1×105×105`, `the outputs boxes (9×4) and classes (9×91)`."""
    shapes = [shape(type_) for _, type_ in tensors]
    if len(tensors) == 1:
        return f"an {word} of {shapes[0]}"
    if len(set(shapes)) == 1:
        return f"{number(len(tensors))} {word}s of {shapes[0]}"
    each = [f"{clip(name)} ({text})" for (name, _), text in zip(tensors, shapes, strict=True)]
    return f"the {word}s {listed(each)}"


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


# --------------------------------------------------------------------------- the description


def alt_text(subjects: Sequence[Subject], scene: Scene) -> str:
    """The drawing in words: what flows from where to where, in which shapes, and past what.

    At most about a thousand characters: what does not fit is left out from the end.
    """
    if len(subjects) == 1 and not scene.alt and scene.name not in _names(subjects[0]):
        held = "; ".join(_inside(scene, scene.marks))
        sentences = [f"Diagram of {scene.name}, a part of {_called(subjects[0])}: {held}."]
    elif len(subjects) == 1:
        sentences = [scene.alt or f"Diagram of {scene.name}.", *_flow(subjects[0], shapes=True)]
        if sum(len(sentence) + 1 for sentence in sentences) > _MOST:
            sentences = [sentences[0], *_flow(subjects[0], shapes=False)]
    else:
        names = listed(list(map(_called, subjects)))
        beside = scene.alt or f"Diagram of {names}, side by side."
        sentences = [beside, *(f"{_called(s)}: {_through(s)}." for s in subjects)]
    if len(sentences) > 1:
        sentences += [*_skips(scene), *_definitions(scene)]
    kept = sentences[:1]
    for sentence in sentences[1:]:
        if sum(len(each) + 1 for each in kept) + len(sentence) > _MOST:
            break
        kept.append(sentence)
    if len(kept) == 1:  # a single long one: what fits of it
        kept.append(sentences[1][: _MOST - len(kept[0]) - 2] + "…" if len(sentences) > 1 else "")
    return " ".join(filter(None, kept))


def _names(subject: Subject) -> set[str]:
    """What a drawing of the whole net may be called."""
    return {subject.name, clip(subject.name, 60), clip(subject.graph.name, 60)}


def _flow(subject: Subject, *, shapes: bool) -> Iterator[str]:
    """From the inputs, part by part, to the outputs."""
    for name, type_ in _inputs(subject):
        yield f"Input {clip(name)}: {shape(type_)}."
    if shapes:
        yield from map(_part, outline(subject.structure))
    else:
        yield f"Then {_through(subject)}."
        heads = len(subject.graph.heads)
        if heads:
            yield f"Beside it, in training only, {number(heads)} auxiliary head{'s' * (heads > 1)}."
    for name, type_ in _outputs(subject):
        yield f"{'Output' if name == 'output' else f'Output {clip(name)}'}: {shape(type_)}."


def _part(part: Part) -> str:
    held = row(part.things)
    if part.beside:
        start = f"stage {part.name}: " if part.kind == "stage" else ""
        held = f"beside it, {start}{held}"
    out = f", to {shape(part.out)}" if part.out is not None else ""
    match part.kind:
        case "stage" if not part.beside:
            return f"{'' if part.name.startswith('stage') else 'Stage '}{part.name}: {held}{out}."
        case "aux":
            return f"Beside it, in training only, an auxiliary head: {held}{out}."
        case _:
            return f"{held[:1].upper()}{held[1:]}{out}."


def _skips(scene: Scene) -> Iterator[str]:
    """Which boxes skips join; those within a definition belong to it."""
    inside = {mark.id for frame in definition_frames(scene) for mark in scene.marks if holds(frame, mark)}
    said = {mark.id: _said(mark) for mark in scene.marks if mark.shape != "circle"}
    skips = [
        arrow for arrow in scene.arrows
        if arrow.kind in _PAST and arrow.tail and arrow.end and arrow.tail not in inside
    ]  # fmt: skip
    ends = [(said.get(arrow.tail), said.get(arrow.end)) for arrow in skips]
    named = [f"from {tail} to {end}" for tail, end in ends if tail and end]
    if named and len(named) == len(skips) <= _LISTED:
        yield f"Skip connections {listed(named)}."
    elif skips:
        yield f"{number(len(skips)).capitalize()} skip connection{'s' * (len(skips) > 1)}."


def _definitions(scene: Scene) -> Iterator[str]:
    """What stands in the frames beside an overview, from the top down."""
    for frame in definition_frames(scene):
        held = _inside(scene, [mark for mark in scene.marks if holds(frame, mark)])
        where = {"below": "below"}.get(place_of(scene, [frame]), "beside it")
        yield f"{title_of(frame)} is defined {where}: {'; '.join(held)}."


def _joined(scene: Scene, marks: Sequence[Mark]) -> str:
    """How the layers of a ring among these marks are."""
    ids = {mark.id for mark in marks}
    back = {arrow.end for arrow in scene.arrows if arrow.kind == "backward" and arrow.end in ids}
    layers = sum(bool(_MEMBER.match(mark.lines[0][0].text)) for mark in marks if mark.lines) - 1
    if len(back) >= layers - 1:
        return "each joined to every other"
    return f"each joined to all later ones{', some back to earlier ones' if back else ''}"


def _inside(scene: Scene, marks: Sequence[Mark]) -> list[str]:
    """What these marks say, from the top down, and whether something goes past them."""
    marks = [mark for mark in marks if ".to." not in mark.id]
    ordered = sorted(marks, key=lambda mark: (-round(mark.centre[1]), mark.centre[0]))
    members = [mark for mark in ordered if _MEMBER.match(_said(mark))]
    each = [mark for mark in ordered if members and mark.id.endswith(".text")]
    others = [mark for mark in ordered if mark not in members and mark not in each]
    parts = woven(others, scene.arrows, lambda mark: "" if _enters(mark) else _said(mark))
    if members:
        does = f", each {_said(each[0])}" if each else ""
        parts.insert(0, f"a ring of the layers X1 to X{len(members) - 1}{does}, {_joined(scene, marks)}")
    return [*parts, *_repeated(scene, ordered)]


def _repeated(scene: Scene, marks: Sequence[Mark]) -> Iterator[str]:
    """From where to where these marks stand several times: in a frame with ×N."""
    for frame in scene.frames:
        badge = next((run.text for each in frame.lines for run in each if _BADGE.match(run.text)), "")
        held = [text for mark in marks if holds(frame, mark) and (text := _said(mark))]
        if badge and held:
            yield f"{held[0]} to {held[-1]} {badge}" if len(held) > 1 else f"{held[0]} {badge}"


def _enters(mark: Mark) -> bool:
    """Whether a mark is but where something enters: `in`, or `in (64×32×32)`."""
    return mark.dashed and _said(mark).partition(" ")[0] == "in"


def _said(mark: Mark) -> str:
    """The lines of a mark that are set in the largest type, and how often it stands there."""
    if not any(mark.lines):
        return ""
    sizes = [max((run.size for run in line), default=0.0) for line in mark.lines]
    first = sizes.index(max(sizes))
    title = takewhile(
        lambda pair: pair[1] == sizes[first], zip(mark.lines[first:], sizes[first:], strict=True)
    )
    text = " ".join("".join(run.text for run in line).strip() for line, _ in title)
    if mark.shape == "circle":
        return _MERGES.get(text, text)
    return f"{text} {mark.badge}".strip()
