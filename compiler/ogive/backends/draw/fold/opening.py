"""What a user wants open or folded, by name: stages, blocks, dense blocks, cliques, auxiliary heads.

A name is one of these, and may have the wildcards of edits (`*`, `?`, `[…]`):

- the path of a stage or of what is in one: `conv4`, `conv4.bottleneck2`; `conv4.2` is the second block in
  `conv4`. A wildcard stands for a part of one step of a path: `conv*` is every stage of that name, and not
  what is in them.
- the name that stands on a frame, where it is no path: `level 1` for `body.level 1`, or for all of that name.
- the name of a definition, for all of its uses: `Bottleneck`.
- a word, for all of its uses: `dense`, `clique`, `aux`, `stage`.

What is opened is seen: all around it is open, too, and so is a part that stands alone in it, and of a stage
each block and stage that stands directly in it; what else is in it folds or not as everywhere. What is
folded hides all that is in it, opened or not. Where both are asked of one part, a path wins over the name of
a frame, a definition or a word, and else folding wins; the blocks of an opened stage fold wherever that is
asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ogive.backends.draw.fold.folding import name_of
from ogive.backends.draw.fold.rolling import Structure
from ogive.backends.draw.fold.text import Fused, clip
from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.graph import Region

LEVELS = {"stage", "block", "dense", "aux", "clique"}
"""Regions that open a level: at the given depth they fold."""
_WORDS = ("dense", "clique", "aux", "stage")
_MOST_CHOICES = 12
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Hand:
    """What was opened and folded by hand: ids of regions.

    Attributes:
        asked: what is to be seen, and nothing of it summed up.
        opened: these, with all regions around them.
        folded: as they are.
        apart: all of these and what is around them: what does not roll with neighbours that are not.
    """

    asked: frozenset[int] = frozenset()
    opened: frozenset[int] = frozenset()
    folded: frozenset[int] = frozenset()
    apart: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.opened or self.folded)


def by_hand(structure: Structure, expand: Sequence[str], fold: Sequence[str]) -> Hand:
    """The parts that these names mean.

    Raises:
        ArchError: E514, there is nothing of that name; E515, a name is to be open and folded.
    """
    if not (expand or fold):
        return Hand()
    if both := [name for name in expand if name in fold]:
        shown = clip(both[0])
        message = f"`{shown}` is asked to be open and folded in one drawing"
        raise ArchError(
            [Diagnostic("E515", message, help=f"leave `--expand {shown}` or `--fold {shown}` out")]
        )
    names = _Names(structure)
    opened, folded = (_strongest(names, asked) for asked in (expand, fold))
    shut = {id for id, weight in folded.items() if weight >= opened.get(id, 0)}
    asked = {inner for id in opened.keys() - shut for inner in _seen(structure, id)}
    asked = frozenset(
        id for id in asked if shut.isdisjoint(around.id for around in structure.graph.ancestors(id))
    )
    seen = _with_around(structure, asked)
    return Hand(asked, seen, frozenset(shut), seen | _with_around(structure, shut))


def without_effect(
    structure: Structure, hand: Hand, same: Callable[[Hand], bool], expand: Sequence[str], fold: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """The names that changed nothing, each with what is said of it.

    Args:
        structure: of the graph.
        hand: what these names mean.
        same: whether the drawing is the same with other parts opened and folded by hand.
        expand: names of what was to be open.
        fold: names of what was to be folded.
    """
    left = [*((name, True) for name in expand), *((name, False) for name in fold)]
    for name, opens in [*dict.fromkeys(left)][::-1]:
        rest = [each for each in left if each != (name, opens)]
        if not same(by_hand(structure, *([n for n, o in rest if o is which] for which in (True, False)))):
            continue
        left = rest
        found = {region.id for region in find(structure, name, "open or fold")}
        if opens and hand.asked.isdisjoint(found):
            said = f"`{clip(name)}` stays folded: `--fold` names it, or what it is in"
        elif not opens and found <= hand.opened:
            said = f"`{clip(name)}` stays open: `--expand` names it, or what is in it"
        else:
            said = f"`{clip(name)}` is {'open' if opens else 'folded'} anyway"
        yield name, said


def find(structure: Structure, name: str, verb: str) -> list[Region]:
    """The parts that a name means, in the order of the program; `verb` is what was to be done to them.

    Raises:
        ArchError: E514, there are none, or the name is nothing but wildcards.
    """
    if verb == "draw" and not any(c.isalnum() for c in name):
        names = _Names(structure)
        message = f"`{clip(name)}` names no block of {structure.graph.name} to draw alone"
        raise ArchError([Diagnostic("E514", message, help=_there_are(names.known(), "say which: it has"))])
    return _Names(structure).find(name, verb)


def is_one(structure: Structure, name: str) -> bool:
    """Whether all that a name means is one part or uses of one definition."""
    found = find(structure, name, "open or fold")
    return len(found) == 1 or len({r.block or r.id for r in found}) == 1


def called(structure: Structure) -> dict[int, str]:
    """By stage and auxiliary head: the shortest name that means it and nothing else."""
    return _Names(structure).short()


def _seen(structure: Structure, region: int) -> Iterator[int]:
    """What is open where a part is: of a stage the blocks and stages directly in it, too."""
    yield from _only(structure, region)
    if structure.graph.regions[region].kind != "stage":
        return
    waiting = list(structure.children[region])
    while waiting:
        part = waiting.pop()
        if part.kind not in LEVELS:
            waiting += structure.children[part.id]
        elif part.kind != "aux" and structure.nodes[part.id]:
            yield from _only(structure, part.id)


def _only(structure: Structure, region: int) -> Iterator[int]:
    """A part, what stands alone in it, and alone in that: a stage of one block says no more than a fold."""
    yield region
    units = structure.units(region)
    while len(units) == 1 and not isinstance(units[0], Fused):
        yield units[0].id
        units = structure.units(units[0].id)


def _strongest(names: _Names, asked: Iterable[str]) -> dict[int, int]:
    found: dict[int, int] = {}
    for name in asked:
        for region in names.find(name, "open or fold"):
            found[region.id] = max(names.weight(region, name), found.get(region.id, 1))
    return found


def _with_around(structure: Structure, ids: Iterable[int]) -> frozenset[int]:
    return frozenset(around.id for id in ids for around in structure.graph.ancestors(id) if around.id)


class _Names:
    """What can be opened or folded, and what it is called."""

    def __init__(self, structure: Structure) -> None:
        self.graph = structure.graph
        # the turns of dense blocks can be taken out of their roll
        self.parts = [
            r
            for r in self.graph.regions.values()
            if structure.nodes[r.id] and (r.kind in LEVELS or (r.kind == "iteration" and r.name))
        ]
        self.steps: dict[int, tuple[tuple[str, str], ...]] = {
            0: ()
        }  # by part: names, and numbers beside them
        numbers: Counter[int] = Counter()
        for part in self.parts:
            above = next(a.id for a in self.graph.ancestors(part.parent or 0) if a.id in self.steps)
            numbers[above] += part.kind != "stage"
            number = "" if part.kind == "stage" else str(numbers[above])
            own = ((part.name, number),) if part.name else ()
            self.steps[part.id] = self.steps[above] + own
        # by stage: its path without the turns of repeats around it
        self.brief = {
            part.id: ".".join(a.name for a in [*self.graph.ancestors(part.id)][::-1] if a.kind == "stage")
            for part in self.parts
            if part.kind == "stage"
        }

    def weight(self, region: Region, name: str) -> int:
        """How surely a name means a part: 2 by its path, 1 by its definition or word, 0 not at all."""
        if region.name and (region.path == name or self.is_at(region, name.split("."))):
            return 2
        if self.brief.get(region.id) == name:
            return 2
        if region.kind == "block" and region.block and fnmatchcase(region.block, name):
            return 1
        return int(name in _WORDS and region.kind == name)

    def is_at(self, region: Region, wanted: Sequence[str]) -> bool:
        """Whether these are the steps to a part; behind the first, a number counts the parts."""
        steps = self.steps[region.id]
        return len(steps) == len(wanted) and all(
            fnmatchcase(own, step) or (i > 0 and number == step)
            for i, ((own, number), step) in enumerate(zip(steps, wanted, strict=True))
        )

    def find(self, name: str, verb: str) -> list[Region]:
        """What a name means; E514 where that is nothing."""
        found = [r for r in self.parts if self.weight(r, name)]
        found = found or [r for r in self.parts if r.kind == "stage" and name_of(r) == name]
        if not found:
            raise ArchError([self.nothing(name, verb)])
        return found

    def known(self) -> list[str]:
        """The names of stages, then of blocks, then the words that the net uses."""
        stages = self.short().values()
        blocks = [r.block for r in self.parts if r.kind == "block" and r.block]
        words = [r.kind for r in self.parts if r.kind in {"dense", "clique"}]
        return list(dict.fromkeys((*stages, *blocks, *words)))

    def short(self) -> dict[int, str]:
        """By stage and head, what it is asked for by: the name on its frame, where that tells them apart."""
        stages = [r for r in self.parts if r.kind in {"stage", "aux"}]
        first = {r.path for r in self.parts} | {r.block for r in self.parts} | {*_WORDS}
        own, brief = (Counter(map(of, stages)) for of in (name_of, self.path))

        def shortest(region: Region) -> str:
            name, path = name_of(region), self.path(region)
            alone = region.kind == "stage" and own[name] == 1 and name not in first
            return name if alone else path if brief[path] == 1 else region.path

        return {region.id: shortest(region) for region in stages}

    def path(self, region: Region) -> str:
        """The path of a part; of a stage, without the turns of repeats around it."""
        return self.brief.get(region.id) or region.path

    def paths(self) -> list[str]:
        """All paths, with names and with numbers."""
        counted = (".".join(number or own for own, number in self.steps[r.id]) for r in self.parts)
        return [*(self.path(r) for r in self.parts if r.name), *counted]

    def nothing(self, name: str, verb: str) -> Diagnostic:
        """What is said of a name that means nothing."""
        known, shown = self.known(), name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
        if name in self.graph:
            around = self.graph.ancestors(self.graph.node(name).region)
            parts = [r.path for r in around if r.kind in LEVELS]
            message = f"`{shown}` is a layer of {self.graph.name}: there is nothing in it to {verb}"
            hint = f"it stands in `{parts[0]}`" if parts else _there_are(known)
            return Diagnostic("E514", message, help=hint)
        message = f"there is nothing called `{shown}` in {self.graph.name} to {verb}"
        guess = (did_you_mean(name, self.paths()) if "." in name else None) or did_you_mean(name, known)
        hint = f"did you mean `{guess}`? It has" if guess else "it has"
        return Diagnostic("E514", message, help=_there_are(known, hint))


def _there_are(known: Sequence[str], begin: str = "it has") -> str:
    if not known:
        return "it has no stages and no blocks: all of its layers are drawn"
    shown = [f"`{name}`" for name in known[:_MOST_CHOICES]]
    more = f" and {len(known) - len(shown)} more" if len(known) > len(shown) else ""
    return f"{begin} {', '.join(shown)}{more}"
