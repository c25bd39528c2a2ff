"""The search for what to show in a space: pictures are laid out from the most open to the most folded."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations, islice, zip_longest

from ogive.backends.draw.colours import look
from ogive.backends.draw.fitting.candidates import Candidate, in_one, summaries, too_large
from ogive.backends.draw.fitting.estimate import alone_in_row, estimated_height, estimated_width
from ogive.backends.draw.fitting.packing import Packing, Size, packed
from ogive.backends.draw.fitting.sources import Source
from ogive.backends.draw.fitting.space import Space, smallest_type
from ogive.backends.draw.fitting.worth import Shown, heaviest, named_in
from ogive.backends.draw.fold.definitions import MOST, Definition, definitions
from ogive.backends.draw.fold.picture import Box, Picture
from ogive.backends.draw.layout.narrow import narrowed
from ogive.backends.draw.layout.process import TooSlow
from ogive.backends.draw.scene import Scene
from ogive.diagnostics import ArchError, Diagnostic

LayOut = Callable[[Picture], list[Scene]]
GAP, TIGHT_GAP = (22.0, 16.0), (14.0, 12.0)
"""Points between the columns of a drawing, and between its rows; the same where less has room otherwise."""
_BETTER = 0.02
"""The part of a net's layers by which a more folded picture must show more to be chosen before others."""
_TALLER, _WIDER = 1.15, 1.5
"""How much larger than the space an estimate may be: heights are nearly right, rows may be otherwise."""
_MOSTLY, _WORTH = 0.6, 0.2
"""The part of a net's layers that shows what it is made of; that for which an overview says less."""
_SUMMED_UP = 8
"""How many ways to say less are tried for it."""
_REOPENED = 6
"""How many groups of stages are tried to be opened again."""
_FAR = 0.5
"""How much smaller than legible a drawing's type is that standing closer together cannot help."""
_LAST = 3
"""How many pictures are tried when the time for layouts is over and none was found."""


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate laid out, with the definitions that stand beside it.

    Attributes:
        candidate: what is open.
        scenes: the overview, then what stands beside it.
        packing: where they stand.
        beside: the definitions that do.
        left_out: those that would, had they room.
        shown: the part of the net's layers that it shows, of 1.
        legible: whether no type is too small.
    """

    candidate: Candidate
    scenes: tuple[Scene, ...]
    packing: Packing
    beside: tuple[Definition, ...]
    left_out: tuple[Definition, ...]
    shown: float
    legible: bool

    @property
    def everything(self) -> bool:
        """Whether nothing had to be folded, summed up or left out."""
        return not (self.candidate.picture.hidden or self.candidate.summary or self.left_out)

    @property
    def picture(self) -> Picture:
        """The overview with its definitions."""
        return replace(self.candidate.picture, definitions=tuple(d.picture for d in self.beside))


class Search:
    """Lays candidates out, one after the other, until one shows everything or none is left.

    Args:
        source: what is drawn.
        lay_out: a picture to the scenes of its overview and of its definitions.
        space: what it is to lie in.
        beside: whether definitions stand beside what is folded.
        is_late: whether the time for layouts is over: what was found by then is taken, or one of the most
            folded pictures, of which each is laid out in no time.
    """

    def __init__(
        self,
        source: Source,
        lay_out: LayOut,
        space: Space,
        beside: bool,
        is_late: Callable[[], bool] = lambda: False,
    ) -> None:
        self.source = source
        self._is_late = is_late
        self.lay_out = lay_out
        self.space = space
        self.beside = beside
        self.notes: list[str] = []
        self._definitions: dict[Hashable, list[Definition]] = {}

    def best(self) -> Found:
        """The candidate that shows most of the net with no type too small; of equals the most open.

        Where there is none, alike things are drawn as one, and if that is not enough, the type is too small.

        Raises:
            ArchError: E512, nothing was laid out in time.
        """
        best: Found | None = None
        folded: list[Candidate] = []
        for candidate in self.source.openings():
            folded = [candidate] if not folded or candidate.depth < folded[0].depth else [candidate, *folded]
            if best and self.is_late():
                break
            found = self.tried_in_time(candidate)
            if found and found.legible and (best is None or found.shown > best.shown + _BETTER):
                best = found
            if best and best.shown > 1 - _BETTER:
                break
        if best is None:
            last = self.last_resort(folded)
            return self.with_main_block(last, folded) if last.legible else last
        return self.with_more_open(self.with_main_block(best, folded))

    def at(self, depth: int) -> Found:
        """The candidate of a depth, whatever its size; folded further where it takes too long.

        Raises:
            ArchError: E512, nothing was laid out in time.
        """
        candidate: Candidate | None = None
        for candidate in self.source.down_from(depth):
            found = None if too_large(candidate.picture) or self.is_late() else self.tried(candidate)
            if found:
                return found
        return self.last_resort([candidate] if candidate else [])

    def is_late(self) -> bool:
        """Whether the time for layouts is over, which is said then."""
        late = self._is_late()
        if late:
            self.note("the time for layouts is over: nothing that might show more was tried")
        return late

    def note(self, said: str) -> None:
        """Something that a user is told, once."""
        if said not in self.notes:
            self.notes.append(said)

    def tried_in_time(self, candidate: Candidate) -> Found | None:
        """The candidate, laid out, if it may fit and there is time."""
        return None if not self.may_fit(candidate.picture) or self.is_late() else self.tried(candidate)

    def may_fit(self, picture: Picture) -> bool:
        """Whether a picture is worth a layout."""
        width, height = self.space.room()
        return (
            picture.count <= look.MANY_BOXES
            and estimated_height(picture) <= _TALLER * height
            and estimated_width(picture) <= _WIDER * width
        )

    def tried(self, candidate: Candidate, narrow: bool = False) -> Found | None:
        """The candidate, laid out, with what has room beside it; closer together where it shows more so.

        Args:
            candidate: what is open.
            narrow: try narrower definitions, too.

        None: the layout took too long.
        """
        found = self.laid_out(candidate)
        if found is None or (found.legible and not found.left_out) or self.is_hopeless(found):
            return found
        picture = replace(candidate.picture, tight=True)
        siblings = tuple(_tight(d) for d in candidate.siblings)
        candidate = replace(candidate, picture=picture, siblings=siblings)
        for closer in (False, True) if narrow else (False,):
            tight = self.laid_out(candidate, closer)
            if tight is None or (found.legible and tight.shown <= found.shown + _BETTER):
                continue
            if tight.legible or tight.packing.scale > found.packing.scale:
                found = tight
            if found.shown > _MOSTLY:
                break
        return found

    def laid_out(self, candidate: Candidate, narrow: bool = False) -> Found | None:
        """The candidate with what has room beside it; `narrow`: in narrow boxes.

        None: the layout took too long.
        """
        picture = candidate.picture
        try:
            picture, (overview,) = self.slim(picture)
        except TooSlow:
            self.note(f"laying out {picture.count} boxes takes longer than it may: more is folded")
            return None
        candidate = replace(candidate, picture=picture)
        alone = self.packing([overview])
        if not self.beside or not self.is_legible(alone, [overview]):
            wanted, unnamed = list[Definition](), list[Definition]()
        else:
            wanted, unnamed = self.wanted(candidate)
        if narrow:
            wanted = [replace(d, picture=narrowed(d.picture)) for d in wanted]
        try:
            whole, scenes = self.slim(replace(picture, definitions=tuple(d.picture for d in wanted)))
            wanted = [replace(d, picture=part) for d, part in zip(wanted, whole.definitions, strict=True)]
        except TooSlow:
            self.note("laying out the definitions takes longer than it may: they are left out")
            wanted, scenes = [], [overview]
        found = self.arranged(candidate, wanted, scenes)
        return replace(found, left_out=(*found.left_out, *unnamed))

    def slim(self, picture: Picture) -> tuple[Picture, list[Scene]]:
        """A picture and its layout; what of it is too wide for the space even if tight, in narrower boxes.

        Raises:
            TooSlow: a layout took too long.
        """
        parts, scenes = (picture, *picture.definitions), [*self.lay_out(picture)]
        closer = [part.tight and not part.narrow for part in parts]
        wide = {i for i, scene in enumerate(scenes) if closer[i] and self.is_too_wide(scene)}
        if not wide or self.is_late():
            return picture, scenes
        parts = list(parts)
        for kept in (alone_in_row, _none):  # what has nothing beside it is seldom what is too wide
            slim = [narrowed(part, kept(part)) if i in wide else part for i, part in enumerate(parts)]
            laid_out = self.lay_out(replace(slim[0], definitions=tuple(slim[1:])))
            for i in [i for i in wide if self.is_legible(self.packing([laid_out[i]]), [laid_out[i]])]:
                parts[i], scenes[i] = slim[i], laid_out[i]
                wide.remove(i)
            if not wide:
                break
        return replace(parts[0], definitions=tuple(parts[1:])), scenes

    def is_hopeless(self, found: Found) -> bool:
        """Whether less space between boxes cannot help: it is far too large, or there is no time to try."""
        far = not found.legible and found.packing.scale < _FAR * look.LEAST_TYPE / smallest_type(found.scenes)
        return far or self.is_late()

    def is_too_wide(self, scene: Scene) -> bool:
        """Whether a part that is not too tall has no room by itself."""
        width, height = self.space.room(smallest_type([scene]))
        return scene.width > width and scene.height <= height

    def wanted(self, candidate: Candidate) -> tuple[list[Definition], list[Definition]]:
        """The definitions that could stand beside a candidate, and those that it does not name."""
        siblings = candidate.siblings
        most = MOST - len(siblings)
        own = self.definitions(candidate.picture)
        named = named_in(candidate.picture, own)
        kept = heaviest(self.source.structure, candidate.picture, named, most)
        others = [d for d in own if all(d.regions != k.regions for k in kept)]
        kept = [_tight(d) for d in kept] if candidate.picture.tight else kept
        shift = len(siblings)
        kept = [replace(d, parent=d.parent + shift) if d.parent is not None else d for d in kept]
        return [*siblings, *kept], others

    def definitions(self, overview: Picture) -> list[Definition]:
        """Those of what is folded in an overview; made once for all overviews that fold the same."""
        boxes = (box for box in overview.boxes() if isinstance(box, Box))
        folded = tuple((box.region, box.defines) for box in boxes if box.region is not None)
        if folded not in self._definitions:
            self._definitions[folded] = definitions(self.source.structure, overview, 3 * MOST)
        return self._definitions[folded]

    def arranged(self, candidate: Candidate, wanted: Sequence[Definition], scenes: Sequence[Scene]) -> Found:
        """The candidate with those definitions that show most of it and leave all type legible."""
        shown = Shown(self.source.structure, candidate.picture, wanted)
        choices = sorted(
            _choices(wanted), key=lambda these: (-round(shown.part(these), 3), -len(these), these)
        )
        for these in choices:
            parts = [scenes[0], *(scenes[i + 1] for i in these)]
            if these and not self.has_area(parts):
                continue
            packing = self.packing(parts, TIGHT_GAP if candidate.picture.tight else GAP)
            legible = self.is_legible(packing, parts)
            if legible or not these:
                beside = tuple(wanted[i] for i in these)
                rest = tuple(d for d in wanted if d not in beside)
                return Found(candidate, tuple(parts), packing, beside, rest, shown.part(these), legible)
        raise AssertionError("nothing beside the overview is always a choice")

    def packing(self, parts: Sequence[Scene], gap: Size = GAP) -> Packing:
        """Where the parts stand."""
        return packed([(part.width, part.height) for part in parts], self.space.scale, gap)

    def has_area(self, parts: Sequence[Scene]) -> bool:
        """Whether the parts could lie in the space at all."""
        width, height = self.space.room(smallest_type(parts))
        return sum(part.width * part.height for part in parts) <= width * height

    def is_legible(self, packing: Packing, parts: Sequence[Scene]) -> bool:
        """Whether no type in the parts becomes too small."""
        return packing.scale * smallest_type(parts) >= look.LEAST_TYPE - 1e-6

    def with_more_open(self, found: Found) -> Found:
        """The same with stages open that hold layers of their own, as many as fit."""
        groups = list(self.source.reopened(found.candidate))[:_REOPENED]
        for group in groups:
            candidate = self.source.with_open(found.candidate, group)
            attempt = self.tried_in_time(candidate)
            if attempt and attempt.legible and attempt.shown > found.shown - _BETTER / 4:
                found = attempt
        return found

    def last_resort(self, folded: Sequence[Candidate]) -> Found:
        """The most folded pictures, ever more in them as one: the first that is legible, or the largest;
        where parts were to be open, the largest in which nothing else is as one.
        """
        steps = self.summed_up(folded)
        every: list[Candidate] = []
        for candidate in chain(folded, steps):
            every.append(candidate)
            attempt = self.tried_in_time(candidate)
            if attempt and attempt.legible:
                return attempt
        every = list(folded) if self.source.hand.asked else every
        few = [candidate for candidate in every if not too_large(candidate.picture)]
        few.sort(key=lambda each: -self.estimated_scale(each.picture))
        late = 0
        for candidate in few:
            late += self.is_late()
            if late > _LAST:
                break
            if attempt := self.tried(candidate):
                return attempt
        if attempt := self.tried(in_one(every[0])):
            return attempt
        raise _too_slow()

    def summed_up(self, folded: Sequence[Candidate]) -> Iterator[Candidate]:
        """The candidates with ever more in them as one, and what was to be open in them as it was."""
        for step in zip_longest(*map(self.summaries, folded)):
            yield from (each for each in step if each)

    def summaries(self, candidate: Candidate) -> Iterator[Candidate]:
        """The candidate with ever more in it as one, and what was to be open in it as it was."""
        for less in summaries(candidate, self.source.structure):
            if self.source.keeps(candidate.picture, less.picture):
                yield less

    def with_main_block(self, found: Found, folded: Sequence[Candidate]) -> Found:
        """What shows the block that a net is mostly made of, where less in the overview makes room for it."""
        if not self.beside or not found.left_out or found.shown > _MOSTLY:
            return found
        skips = _skips(found.candidate.picture)
        less = (
            candidate
            for candidate in self.summed_up(folded)
            if self.may_fit(candidate.picture) and _skips(candidate.picture) >= skips
        )
        for candidate in chain([found.candidate], islice(less, _SUMMED_UP)):
            if self.is_late():
                break
            attempt = self.tried(candidate, narrow=True)
            if attempt and attempt.legible and attempt.shown > found.shown + _WORTH:
                found = attempt
            if found.shown > _MOSTLY:
                break
        return found

    def estimated_scale(self, picture: Picture) -> float:
        """About what a picture is shrunk by."""
        return self.space.scale(estimated_width(picture), estimated_height(picture))


def _tight(definition: Definition) -> Definition:
    return replace(definition, picture=replace(definition.picture, tight=True))


def _none(_: Picture) -> frozenset[str]:
    return frozenset()


def _skips(picture: Picture) -> int:
    """How many skips it draws: what folding must not lose."""
    return sum(edge.style == "skip" for edge in picture.edges)


def _choices(wanted: Sequence[Definition]) -> Iterator[tuple[int, ...]]:
    """The sets of definitions in which each is wanted by the overview or by another."""
    for number in range(len(wanted) + 1):
        for these in combinations(range(len(wanted)), number):
            if all(wanted[i].parent is None or wanted[i].parent in these for i in these):
                yield these


def _too_slow() -> ArchError:
    message = "no layout was found in time, even with everything folded"
    return ArchError([Diagnostic("E512", message, help="draw a part of it: `--block NAME`")])
