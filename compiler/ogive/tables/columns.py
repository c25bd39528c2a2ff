"""The columns that modules of branches need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ogive.tables.cells import line_texts
from ogive.tables.model import Cell, Stack, text_cell
from ogive.tables.outline import Branches, Element, Line

MOST_KINDS = 5
"""So many kinds of branches still have columns for their layers."""
_TIMES = {2: "double ", 3: "triple "}
_POOL = "pool"


@dataclass(frozen=True, slots=True)
class Module:
    """A concatenation of branches, with what stands before and behind it, and how often it is there."""

    name: str
    count: int
    before: tuple[Line, ...]
    join: Branches
    after: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Branch:
    """A branch as columns see it.

    Attributes:
        kind: the kernels of its convolutions behind the first 1×1: `3×3`, `double 3×3`, `1×7, 7×1`; `pool`
            where it begins with one.
        reduce: the width of a 1×1 convolution that stands before others.
        width: those of the others, or the only one.
        pool: the pooling that it begins with.
    """

    kind: str
    reduce: str
    width: str
    pool: str


class BranchColumns:
    """Columns, and what modules say in them.

    Attributes:
        titles: of the columns.
    """

    titles: tuple[str, ...]

    def cells(self, module: Module) -> tuple[Cell, ...]:
        """What a module says, a cell a column."""
        raise NotImplementedError

    def chain(self, elements: Sequence[Element]) -> bool:
        """Whether layers that follow each other are what one branch has columns for."""
        return False

    def chain_cells(self, elements: Sequence[Element]) -> tuple[Cell, ...]:
        """What they say there."""
        raise NotImplementedError

    def notes(self) -> list[str]:
        """What a footnote says of them."""
        return []


def columns_of(modules: Sequence[Module]) -> BranchColumns:
    """Columns by layers, as GoogLeNet's table has them; by branches where these are of too many kinds."""
    read = [[_branch(branch) for branch in module.join.branches] for module in modules]
    layered = all(branch is not None for branches in read for branch in branches)
    if layered:
        found = [[branch for branch in branches if branch is not None] for branches in read]
        kinds = dict.fromkeys(branch.kind for branches in found for branch in branches)
        twice = any(len({b.kind for b in branches}) < len(branches) for branches in found)
        if len(kinds) <= MOST_KINDS and not twice:
            return _ByLayer(modules, found)
    return _ByBranch(modules)


def _branch(branch: Sequence[Element]) -> _Branch | None:
    """A branch of convolutions, perhaps behind a pooling; None for any other."""
    lines = [element for element in branch if isinstance(element, Line)]
    if len(lines) != len(branch) or not lines:
        return None
    pool = ""
    if lines[0].words.kind == "pool":
        pool, lines = lines[0].words.title, lines[1:]
        if len(lines) > 1:
            return None
    if not all(line.words.kind == "conv" and line.words.width and not line.words.rest for line in lines):
        return None
    if pool:
        return _Branch(_POOL, "", lines[0].words.width if lines else "", pool)
    reduce = ""
    if len(lines) > 1 and lines[0].words.kernel == "1×1":
        reduce, lines = lines[0].words.width, lines[1:]
    kernels = [line.words.kernel for line in lines]
    widths = [line.words.width for line in lines]
    if len(set(kernels)) == 1:
        kind = _TIMES.get(len(kernels), f"{len(kernels)} " if len(kernels) > 1 else "") + kernels[0]
    else:
        kind = ", ".join(kernels)
    return _Branch(kind, reduce, widths[0] if len(set(widths)) == 1 else ", ".join(widths), "")


@dataclass
class _ByLayer(BranchColumns):
    """A column for each layer of a branch: `#3×3 reduce`, `#3×3`."""

    modules: Sequence[Module]
    branches: Sequence[Sequence[_Branch]]
    titles: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        everything = [branch for branches in self.branches for branch in branches]
        kinds = sorted(dict.fromkeys(branch.kind for branch in everything), key=lambda kind: kind == _POOL)
        self.before = any(module.before for module in self.modules)
        self.after = any(module.after for module in self.modules)
        self.reduced = {branch.kind for branch in everything if branch.reduce}
        self.kinds = kinds
        self.pools = list(dict.fromkeys(branch.pool for branch in everything if branch.pool))
        titles = ["squeeze"] if self.before else []
        for kind in kinds:
            if kind == _POOL:
                titles.append("pool proj")
                continue
            times = next((word for word in _TIMES.values() if kind.startswith(word)), "")
            name = f"{times}#{kind.removeprefix(times)}"
            titles += [f"{name} reduce"] if kind in self.reduced else []
            titles.append(name)
        titles += ["behind"] if self.after else []
        self.titles = tuple(titles)

    def cells(self, module: Module) -> tuple[Cell, ...]:
        """The widths of a module's branches."""
        branches = [branch for each in module.join.branches if (branch := _branch(each)) is not None]
        return self._row({branch.kind: branch for branch in branches}, module.before, module.after)

    def _row(
        self, texts: dict[str, _Branch], before: Sequence[Line], after: Sequence[Line]
    ) -> tuple[Cell, ...]:
        cells = [_outside(before)] if self.before else []
        for kind in self.kinds:
            branch = texts.get(kind)
            if kind in self.reduced:
                cells.append(text_cell(branch.reduce if branch else ""))
            cells.append(text_cell(self._width(branch) if branch else ""))
        return (*cells, *([_outside(after)] if self.after else []))

    def _width(self, branch: _Branch) -> str:
        """The width; of a pooling, which one it is if the net has several."""
        if not branch.pool:
            return branch.width
        if len(self.pools) == 1 and branch.width:
            return branch.width
        word = _short(branch.pool)
        return f"{word} + {branch.width}" if branch.width else f"{word}"

    def chain(self, elements: Sequence[Element]) -> bool:
        branch = _branch(elements)
        return branch is not None and bool(branch.reduce) and branch.kind in self.reduced

    def chain_cells(self, elements: Sequence[Element]) -> tuple[Cell, ...]:
        branch = _branch(elements)
        assert branch is not None
        return self._row({branch.kind: branch}, (), ())

    def notes(self) -> list[str]:
        said: list[str] = []
        if self.reduced:
            said.append("Columns with # have channels; reduce is the 1×1 conv that its branch begins with.")
        elif self.kinds:
            said.append("Columns with # have channels.")
        if self.before:
            said.append("The column squeeze has the conv before the branches.")
        if self.after:
            said.append("The column behind has what takes the results of the branches together.")
        if len(self.pools) == 1:
            said.append(f"The column pool proj has the 1×1 conv behind a {self.pools[0]}.")
        elif self.pools:
            named = " or ".join(self.pools)
            said.append(f"The column pool proj has a {named}, with the 1×1 conv behind it if there is one.")
        return said


def _short(pool: str) -> str:
    """`max`, `avg`."""
    word = pool.removesuffix(" pool").split(" ")[-1]
    return {"average": "avg"}.get(word, word)


def _outside(lines: Sequence[Line]) -> Cell:
    """What stands before or behind the branches."""
    return Cell(tuple(line.words.text() for line in lines))


class _ByBranch(BranchColumns):
    """A column for each branch, with all of its layers."""

    def __init__(self, modules: Sequence[Module]) -> None:
        self.before = any(module.before for module in modules)
        self.after = any(module.after for module in modules)
        sorts = [_sorted(module.join.branches) for module in modules]
        self.single = any(single for single, _, _ in sorts)
        self.most = max((len(chains) for _, chains, _ in sorts), default=0)
        self.pool = any(pool for _, _, pool in sorts)
        self.titles = (
            *(("squeeze",) if self.before else ()),
            *(("1×1 branch",) if self.single else ()),
            *(("branch",) if self.most == 1 else (f"branch {n}" for n in range(1, self.most + 1))),
            *(("pool branch",) if self.pool else ()),
            *(("behind",) if self.after else ()),
        )

    def cells(self, module: Module) -> tuple[Cell, ...]:
        single, chains, pool = _sorted(module.join.branches)
        cells = [_outside(module.before)] if self.before else []
        cells += [_lines(single)] if self.single else []
        cells += [_lines(chains[at] if at < len(chains) else ()) for at in range(self.most)]
        cells += [_lines(pool)] if self.pool else []
        return (*cells, *([_outside(module.after)] if self.after else []))

    def notes(self) -> list[str]:
        said = ["The branches of a module are concatenated."]
        if self.before:
            said.append("The column squeeze has the conv before the branches.")
        if self.after:
            said.append("The column behind has what takes the results of the branches together.")
        return said


_Chain = tuple[Element, ...]


def _sorted(branches: Sequence[_Chain]) -> tuple[_Chain, list[_Chain], _Chain]:
    """The branch that is a 1×1 convolution, those that are chains, the one that begins with a pool."""
    single: _Chain = ()
    pool: _Chain = ()
    chains: list[_Chain] = []
    for branch in branches:
        first = branch[0]
        if not single and len(branch) == 1 and isinstance(first, Line) and first.words.kernel == "1×1":
            single = branch
        elif not pool and isinstance(first, Line) and first.words.kind == "pool":
            pool = branch
        else:
            chains.append(branch)
    return single, chains, pool


def _lines(branch: Sequence[Element]) -> Cell:
    texts = tuple(line_texts(branch))
    return Cell((Stack(texts),) if len(texts) > 1 else texts)
