"""A drawing in words, for those who cannot see it: what flows from where to where, in which shapes, and past
what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ogive.backends.draw.fold.text import clip, shape
from ogive.backends.draw.scene import Arrow, Frame, Mark, Scene
from ogive.backends.draw.subject import Subject
from ogive.backends.draw.words.marks import (
    definition_frames,
    everything,
    heading,
    holds,
    name_of,
    namer,
    taps,
    title,
    within,
)
from ogive.backends.draw.words.outline import Part, listed, number, outline, phrases, row
from ogive.backends.draw.words.signs import place_of, title_of
from ogive.backends.draw.words.tensors import called, inputs, outputs, through
from ogive.backends.draw.words.woven import woven

_MOST = 1000
"""Characters of a description."""
_LISTED = 4
"""So many skips are told one by one."""
_PAST = {"skip", "projection"}
_NUMBER = re.compile(r"\d+")
_MEMBER = re.compile(r"^X\d+$")
_STAGES = re.compile(r"^\d+ layers?, (\d+) stages?$")


def alt_text(subjects: Sequence[Subject], scene: Scene) -> str:
    """The drawing in words: what flows from where to where, in which shapes, and past what.

    At most about a thousand characters. What is too long is told more briefly: alike stages together, then
    boxes by their titles; what does not fit even so is cut off behind a sentence, and `…` says so.
    """
    if len(subjects) == 1 and not scene.alt and scene.name not in _names(subjects[0]):
        start = f"Diagram of {scene.name}, a part of {called(subjects[0])}:"
        tries = ([f"{start} {'; '.join(_inside(scene, scene.marks, full))}."] for full in (True, False))
    elif len(subjects) == 1:
        start = scene.alt or f"Diagram of {scene.name}."
        tries = (
            [start, *_flow(subjects[0], rolled), *_pictured(subjects[0], scene, full)]
            for rolled, full in ((False, True), (True, True), (True, False))
        )
    else:
        start = scene.alt or f"Diagram of {listed(list(map(called, subjects)))}, side by side."
        each = [f"{called(s)}: {through(s)}." for s in subjects]
        tries = iter([[start, *each, *_skips(scene, set()), *_definitions(scene, True)]])
    sentences: list[str] = []
    for sentences in tries:
        if len(" ".join(sentences)) <= _MOST:
            return " ".join(sentences)
    return _cut(sentences)


def _cut(sentences: Sequence[str]) -> str:
    """As many sentences as fit, or the beginning of the first ones."""
    kept: list[str] = []
    for sentence in sentences:
        if len(" ".join([*kept, sentence])) > _MOST - 2:
            break
        kept.append(sentence)
    if len(kept) > 1:
        return f"{' '.join(kept)} …"
    return f"{' '.join(sentences)[: _MOST - 1]}…"


def _names(subject: Subject) -> set[str]:
    """What a drawing of the whole net may be called."""
    return {subject.name, clip(subject.name, 60), clip(subject.graph.name, 60)}


def _flow(subject: Subject, rolled: bool) -> Iterator[str]:
    """From the inputs, part by part, to the outputs; `rolled`: alike stages together."""
    for name, type_ in inputs(subject):
        yield f"Input {clip(name)}: {shape(type_)}."
    parts = outline(subject.structure)
    if not rolled:
        yield from map(_part, parts)
    else:
        for text, out in phrases([part for part in parts if part.kind != "aux"]):
            yield f"{text[:1].upper()}{text[1:]}{f', to {shape(out)}' if out is not None else ''}."
        heads = len(subject.graph.heads)
        if heads:
            yield f"Beside it, in training only, {number(heads)} auxiliary head{'s' * (heads > 1)}."
    for name, type_ in outputs(subject):
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


# --------------------------------------------------------------------------- what the picture adds


def _pictured(subject: Subject, scene: Scene, full: bool) -> Iterator[str]:
    """What the frames hold that the flow does not tell, and what goes past it."""
    frames = [] if scene.alt else list(_open(subject, scene))  # other styles describe their own
    yield from _opened(scene, frames, full)
    yield from _skips(scene, {mark.id for frame in frames for mark in scene.marks if holds(frame, mark)})
    yield from () if scene.alt else _taps(scene)
    yield from _definitions(scene, full)


def _open(subject: Subject, scene: Scene) -> Iterator[Frame]:
    """The outermost frames that stand around what is in a block, or around what is repeated."""
    blocks = {region.block for region in subject.graph.regions.values() if region.kind == "block"}
    defined = definition_frames(scene)
    found: list[Frame] = []
    for frame in sorted(scene.frames, key=_area, reverse=True):
        text, times = heading(frame)
        named = text.split(" · ")[-1]
        block = any(named == name or named.startswith(f"{name} ") for name in blocks if name)
        covered = any(frame == outer or within(frame, outer) for outer in (*defined, *found))
        if (block or times > 1) and not covered:
            found.append(frame)
    yield from sorted(found, key=lambda f: (-round(f.top), f.left))


def _opened(scene: Scene, frames: Sequence[Frame], full: bool) -> Iterator[str]:
    """What stands in them; once what stands in several, and of numbers in which these differ the range."""
    told: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for frame in frames:
        text, times = heading(frame)
        held = "; ".join(_inside(scene, [m for m in scene.marks if holds(frame, m)], full, frame))
        notes = ", ".join("".join(run.text for run in each).strip() for each in frame.lines[1:])
        if held:
            what = text or f"each of the {number(times)}"
            form = f"{what.rpartition(' · ')[2]} {notes}", _NUMBER.sub("0", held)
            told.setdefault(form, []).append((f"{what}{f' ({notes})' if notes else ''}", held))
    for uses in told.values():
        what = uses[0][0] if len(uses) == 1 else f"each {uses[0][0].rpartition(' · ')[2]}"
        yield f"Inside {what}: {_ranged([held for _, held in uses])}."


def _ranged(texts: Sequence[str]) -> str:
    """Texts that differ in numbers alone as one, with the least and the greatest of each number."""
    columns = zip(*(map(int, _NUMBER.findall(text)) for text in texts), strict=True)
    spans = iter([str(c[0]) if len(set(c)) == 1 else f"{min(c)} … {max(c)}" for c in columns])
    return _NUMBER.sub(lambda _: next(spans), texts[0])


def _skips(scene: Scene, told: set[str]) -> Iterator[str]:
    """Which boxes skips join; those within a definition, or where all is told, belong to that."""
    inside = {mark.id for frame in definition_frames(scene) for mark in scene.marks if holds(frame, mark)}
    named_by = {mark.id: name_of(mark) for mark in scene.marks if mark.shape != "circle"}
    tapped = taps(scene)
    skips = [
        arrow for arrow in scene.arrows
        if arrow.kind in _PAST and arrow.tail and arrow.end and arrow.tail not in inside
        and arrow.end not in tapped and not {arrow.tail, arrow.end} <= told
    ]  # fmt: skip
    ends = [(named_by.get(arrow.tail), named_by.get(arrow.end)) for arrow in skips]
    named = [f"from {tail} to {end}" for tail, end in ends if tail and end]
    if named and len(named) == len(skips) <= _LISTED:
        yield f"Skip connection{'s' * (len(named) > 1)} {listed(named)}."
    elif skips:
        yield f"{number(len(skips)).capitalize()} skip connection{'s' * (len(skips) > 1)}."


def _taps(scene: Scene) -> Iterator[str]:
    """What boxes read off several others: `regression and classification each take conv7 and conv8`."""
    mark_of = {mark.id: mark for mark in scene.marks}
    ends: dict[tuple[str, ...], list[str]] = {}
    for end, tails in taps(scene).items():
        top_down = sorted((mark_of[t] for t in tails if t in mark_of), key=lambda mark: -mark.centre[1])
        ends.setdefault(tuple(filter(None, map(_tapped, top_down))), []).append(name_of(mark_of[end]))
    for tails, heads in ends.items():
        take = "each take" if len(heads) > 1 else "takes"
        text = f"{listed(heads)} {take} what leaves {listed(list(tails))}."
        yield f"{text[:1].upper()}{text[1:]}"


def _tapped(mark: Mark) -> str:
    """The stage alone where a box names that before its block or layer: `conv7`."""
    return name_of(mark).partition(" · ")[0]


def _definitions(scene: Scene, full: bool) -> Iterator[str]:
    """What stands in the frames beside an overview, from the top down."""
    for frame in definition_frames(scene):
        held = _inside(scene, [mark for mark in scene.marks if holds(frame, mark)], full, frame)
        where = {"below": "below"}.get(place_of(scene, [frame]), "beside it")
        name = title_of(frame)
        article = "The " if name.startswith(("clique", "dense layer")) else ""
        yield f"{article}{name} is defined {where}: {'; '.join(held)}."


# --------------------------------------------------------------------------- what marks say together


def _inside(scene: Scene, marks: Sequence[Mark], full: bool, around: Frame | None = None) -> list[str]:
    """What these marks say in the order of the arrows, and how the layers of a ring among them are joined.

    Args:
        scene: the drawing.
        marks: of it.
        full: whether all lines of a mark are told, or its title alone.
        around: the frame in which they stand.
    """
    marks = [mark for mark in marks if ".to." not in mark.id and not mark.id.startswith("legend.")]
    ordered = sorted(marks, key=lambda mark: (-round(mark.centre[1]), mark.centre[0]))
    members = [mark for mark in ordered if _MEMBER.match(title(mark))]
    each = [mark for mark in ordered if members and mark.id.endswith(".text")]
    others = [mark for mark in ordered if mark not in members and mark not in each]
    parts = _Told(scene, others, full).told(others, scene.arrows, around)
    if members:
        parts.insert(0, _ring(scene, members, each[0] if each else None, marks))
    return parts


class _Told:
    """What boxes are told as, and how those in frames with ×N are told together."""

    def __init__(self, scene: Scene, marks: Sequence[Mark], full: bool) -> None:
        self._scene = scene
        self._full = full
        self._mark = {mark.id: mark for mark in marks}
        self._tails = {arrow.tail for arrow in scene.arrows}
        self._ends = {arrow.end for arrow in scene.arrows}
        self._called = namer([mark for mark in marks if not (_enters(mark) or self._leaves(mark))])
        self._words: dict[str, str] = {}
        """Of frames, and of circles in them that take from outside."""
        sources = {mark.id for mark in scene.marks if title(mark) == "X0"}
        for arrow in scene.arrows:
            if arrow.tail in sources and (end := self._mark.get(arrow.end)) and end.shape == "circle":
                self._words[end.id] = f"{title(end)} with X0"

    def _leaves(self, mark: Mark) -> bool:
        return mark.dashed and mark.id in self._ends and mark.id not in self._tails

    def _said(self, mark: Mark) -> str:
        if mark.id in self._words:
            return self._words[mark.id]
        if _enters(mark):
            return ""
        text = everything(mark) if self._full else title(mark)
        if self._leaves(mark):
            return f"output {text}"
        first = mark.dashed and mark.id in self._tails and mark.id not in self._ends
        return f"input {text}" if first else text

    def _name(self, mark: Mark) -> str:
        if mark.id in self._words and mark.shape != "circle":
            return "what is repeated"
        return "what entered" if _enters(mark) else self._called(mark)

    def told(self, marks: Sequence[Mark], arrows: Sequence[Arrow], around: Frame | None) -> list[str]:
        """Marks in words; those in a frame with ×N as one."""
        for frame in sorted(self._scene.frames, key=_area):  # from the innermost outwards
            _, times = heading(frame)
            held = [mark for mark in marks if holds(frame, mark)]
            inner = around is None or within(frame, around)
            if times > 1 and held and inner and (around is None or len(held) < len(marks)):
                marks, arrows = self._together(frame, held, marks, arrows)
        return woven(marks, arrows, self._said, self._name)

    def _together(
        self, frame: Frame, held: Sequence[Mark], marks: Sequence[Mark], arrows: Sequence[Arrow]
    ) -> tuple[list[Mark], list[Arrow]]:
        """The marks in a frame as one, and the arrows from and to it; what leads into its middle it tells."""
        ids = {mark.id for mark in held}
        fed = {arrow.end for arrow in arrows if arrow.tail in ids and arrow.end in ids}
        outer: list[Arrow] = []
        for arrow in arrows:
            tail, end = arrow.tail in ids, arrow.end in ids
            source, joined = self._mark.get(arrow.tail), self._mark.get(arrow.end)
            middle = end and not tail and arrow.end in fed
            if middle and source and joined and joined.shape == "circle":
                self._words[arrow.end] = f"{self._said(joined)} with {self._name(source)}"
                continue
            if not (tail and end):
                outer.append(
                    replace(arrow, tail=frame.id if tail else arrow.tail, end=frame.id if end else arrow.end)
                )
        text, times = heading(frame)
        inside = woven(held, arrows, self._said, self._name)
        start = f"{text}, " if text else ""
        single = len(inside) == 1 and " beside " not in inside[0]
        self._words[frame.id] = (
            f"{start}{inside[0]} ×{times}"
            if single
            else f"{start}{number(times)} times ({'; '.join(inside)})"
        )
        rest = [mark for mark in marks if mark.id not in ids]
        whole = self._mark[frame.id] = Mark(frame.id, held[0].centre, 0.0, 0.0)
        at = sum(1 for mark in rest if mark.centre[1] > whole.centre[1])
        return [*rest[:at], whole, *rest[at:]], outer


def _area(frame: Frame) -> float:
    return (frame.top - frame.bottom) * (frame.right - frame.left)


def _enters(mark: Mark) -> bool:
    """Whether a mark is but where something enters: `in`, or `in (64×32×32)`."""
    return mark.dashed and title(mark).partition(" ")[0] == "in"


def _ring(scene: Scene, members: Sequence[Mark], text: Mark | None, marks: Sequence[Mark]) -> str:
    """`a ring of the layers X1 to X4 in 2 stages, each 3×3 conv, 36, each joined to every other`."""
    lines = ["".join(run.text for run in line).strip() for line in text.lines] if text else []
    stages = next((match[1] for line in lines if (match := _STAGES.match(line))), "")
    does = " · ".join(line for line in lines if not _STAGES.match(line))
    last = len(members) - 1
    named = {1: "the layer X1", 2: "the layers X1 and X2"}.get(last, f"the layers X1 to X{last}")
    during = f" in {number(int(stages))} stage{'s' * (stages != '1')}" if stages else ""
    return f"a ring of {named}{during}, {_joined(scene, marks, last)}{f', each {does}' if does else ''}"


def _joined(scene: Scene, marks: Sequence[Mark], layers: int) -> str:
    """How the layers of a ring among these marks are."""
    ids = {mark.id for mark in marks}
    back = {arrow.end for arrow in scene.arrows if arrow.kind == "backward" and arrow.end in ids}
    if len(back) >= layers - 1:
        return "each joined to every other"
    return f"each joined to all later ones{', some back to earlier ones' if back else ''}"
