"""What elaboration carries along: the graph that grows, what was found wrong, the work, and the place."""

from __future__ import annotations

from collections.abc import Callable as Function
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NoReturn

from ogive.diagnostics import Diagnostic, Fix, Label
from ogive.elaborate.values import Callable, Given, Tensor, Value, show
from ogive.graph import Graph, Head, Ref, Region
from ogive.layers.base import Argument, Layer, Size
from ogive.layers.library import Library
from ogive.source import SourceFile, Span
from ogive.syntax import ast

if TYPE_CHECKING:
    from ogive.elaborate.budgets import Budget
    from ogive.elaborate.declared import Declaration
    from ogive.elaborate.edits.active import Acted, ActiveEdit
    from ogive.elaborate.edits.traces import Trace
    from ogive.elaborate.sharing import Shared, Sharing

MAX_DEPTH = 150
"""How many bodies may be open inside one another, through blocks."""
MAX_WORK = 1_000_000
"""Steps of elaboration: an expression is one, a layer `LAYER_WORK`, the use of a block `BLOCK_WORK`,
a turn of a loop `TURN_WORK`."""
LAYER_WORK = 20
BLOCK_WORK = 20
TURN_WORK = 10
_MUCH_WORK = 1000
"""Steps of one layer that are many: those of numbers take `LAYER_WORK`."""
MAX_INT = 2**53
MAX_LIST = 100_000
MAX_STRING = 10_000
RESERVED = frozenset({"here", "in", "identity"})
"""Names that mean something by themselves."""
MAX_NESTING = 32
"""How deep lists may stand in lists."""
_SHOWN_USES = 3


class Stop(Exception):
    """Elaboration cannot go on: a limit was reached. The diagnostic was reported."""


@dataclass(slots=True)
class Binding:
    """A name of a scope: its value, where it was given, whether anybody asked for it."""

    value: Value
    span: Span | None
    what: str = "name"
    used: bool = False
    original: Binding | None = None
    """What stands outside of a clique under this name, where it cannot be used."""


class Scope:
    """Names of a body, and those of the bodies around it."""

    __slots__ = ("names", "parent")

    def __init__(self, parent: Scope | None = None) -> None:
        self.names: dict[str, Binding] = {}
        self.parent = parent

    def find(self, name: str) -> Binding | None:
        """The innermost binding of a name."""
        scope: Scope | None = self
        while scope is not None:
            binding = scope.own(name)
            if binding is not None:
                return binding
            scope = scope.parent
        return None

    def own(self, name: str) -> Binding | None:
        """What this scope alone says about a name."""
        return self.names.get(name)

    def own_names(self) -> set[str]:
        """The names of this scope alone."""
        return {*self.names}

    def keep_stages_of(self, inner: Scope) -> None:
        """Takes over the stages that a loop or a condition opened.

        A stage is there once in a net, so that its name may be used behind the body in which it stands.
        """
        for name, binding in inner.names.items():
            if binding.what == "stage":
                self.names.setdefault(name, binding)

    def visible(self) -> set[str]:
        """Every name that can be used here."""
        names: set[str] = set()
        scope: Scope | None = self
        while scope is not None:
            names |= scope.own_names()
            scope = scope.parent
        return names


@dataclass(slots=True)
class Namespace:
    """Where names of layers are counted: one a stage, block use, or turn of a repeated body."""

    path: str
    counts: dict[str, int] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def next(self, kind: str) -> str:
        """`conv1`, then `conv2`, ….; a name that `as` or a stage has taken is passed over."""
        while True:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            name = f"{kind}{self.counts[kind]}"
            if name not in self.taken:
                self.taken.add(name)
                return name

    def pin(self, name: str) -> str:
        """A name that `as` gave; `name_1`, `name_2`, … where a loop gives it again."""
        if name in self.taken:
            return self.next(f"{name}_")
        self.taken.add(name)
        return name

    def join(self, name: str) -> str:
        """The whole path of a name in it."""
        return f"{self.path}.{name}" if self.path else name


Defaults = Mapping[str, Mapping[str, Given]]
"""Layer or word -> argument -> what a `default` statement gave."""


@dataclass(slots=True)
class Outputs:
    """The results that a body declared with `output`."""

    named: list[tuple[str | None, Value, Span]] = field(default_factory=list)

    def by_name(self) -> dict[str, Tensor]:
        """The tensors by name. Several of one `output` are numbered, and so are those without a name; a name
        that stands twice is the last one's.
        """
        named: dict[str, Tensor] = {}
        for name, value, _ in self.named:
            tensors: list[Tensor] = value if isinstance(value, list) else [value]
            for at, tensor in enumerate(tensors, 1):
                number = str(at) if name and len(tensors) > 1 else ""
                named[f"{name}{number}" if name else f"output{len(named) + 1}"] = tensor
        return named


@dataclass(slots=True)
class Frame:
    """A body while it is elaborated.

    Attributes:
        scope: its names.
        flow: the current tensor or bundle; None before there is one.
        entered: what entered the enclosing block or net: `in`.
        defaults: what `default` said, innermost.
        namespace: where its layers are counted.
        region: the region that its layers belong to.
        outputs: where `output` puts its results, shared by all bodies of one definition.
        definition: the block or net around it.
        file: the scope of the file that it was written in; None for the one that is compiled.
        sealed: what `default` said in other files, by the scope of the file: it holds in their blocks only.
        sharing: the uses of something shared that it is part of, the innermost first.
        trail: the block uses that led here, outermost first.
        depth: how many bodies are open.
        pin: the name that `as` gives to the last layer of the chain, while that is elaborated.
        stages: the names of the stages around, outermost first.
        edits: those that hold, in the order in which they act.
        own_edits: how many of them stand in this body; they come first.
        grafts: in how many chains that edits brought it stands.
    """

    scope: Scope
    flow: Value
    entered: Value
    defaults: Defaults
    namespace: Namespace
    region: int
    outputs: Outputs
    definition: ast.Definition
    trail: tuple[Span, ...] = ()
    depth: int = 0
    pin: ast.Name | None = None
    sealed: Mapping[Scope, Defaults] = field(default_factory=dict)
    file: Scope | None = None
    sharing: tuple[Sharing, ...] = ()
    stages: tuple[str, ...] = ()
    edits: tuple[ActiveEdit, ...] = ()
    own_edits: int = 0
    grafts: int = 0

    def inner(
        self,
        *,
        flow: Value = ...,
        region: int | None = None,
        namespace: Namespace | None = None,
        scope: Scope | None = None,
    ) -> Frame:
        """A body inside this one, with a scope of its own unless one is given."""
        return replace(
            self,
            scope=Scope(self.scope) if scope is None else scope,
            flow=self.flow if flow is ... else flow,
            region=self.region if region is None else region,
            namespace=self.namespace if namespace is None else namespace,
            depth=self.depth + 1,
            pin=None,
            own_edits=0,
        )


@dataclass(frozen=True, slots=True)
class Word:
    """A connectivity word, or another name of the library that is no layer (`unit`).

    Attributes:
        name: as written.
        arguments: its arguments, described like those of a layer.
        body: whether it must have a body (True), must not (False).
        apply: does it. Takes the context, the frame (whose flow is what arrives), the bound arguments, the
            body, and the place; returns the value.
        extra: arguments of this layer are passed on.
        without: what stays of it when an edit removes it (`residual` leaves its body); None: nothing.
        what: what a message calls it.
    """

    name: str
    arguments: tuple[Argument, ...]
    body: bool
    apply: Function[[Context, Frame, WordUse], Value]
    extra: str | None = None
    without: Function[[Context, Frame, WordUse], Value] | None = None
    what: str = "word"


@dataclass(frozen=True, slots=True)
class WordUse:
    """One use of a word."""

    word: Word
    arguments: Mapping[str, Value]
    passed: Callable | None
    body: ast.Body | None
    span: Span
    head: Span
    spans: Mapping[str, Span]


@dataclass
class Context:
    """The state of one elaboration."""

    library: Library
    words: Mapping[str, Word]
    globals: Scope
    graph: Graph
    run_body: Function[[Context, ast.Body, Frame], Value]
    use: Function[[Context, Frame, Callable, Span], Value]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    heads: list[Head] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    stages: dict[tuple[int, str], Region] = field(default_factory=dict)
    stage_names: dict[int, frozenset[str]] = field(default_factory=dict)
    budgets: list[Budget] = field(default_factory=list)
    acted: dict[int, Acted] = field(default_factory=dict)
    """The edits that hold somewhere, by the identity of their trees, and what came of them."""
    traces: dict[Ref, list[Trace]] = field(default_factory=dict)
    """The tensors that edits had a part in, and which edits."""
    norms: list[tuple[int, Layer]] = field(default_factory=list)
    """The norms that the program was written with, in order, and in how many chains of edits each stands."""
    named: dict[str, Span] = field(default_factory=dict)
    override: tuple[int, ...] | None = None
    declarations: dict[str, Declaration] = field(default_factory=dict)
    """The inputs as they were declared, by name."""
    unknowns: dict[str, ast.Unknown] = field(default_factory=dict)
    """The unknown sizes of the inputs, by name: where each was declared."""
    sizes: dict[str, Size] = field(default_factory=dict)
    """What stands for unknown sizes, where it is not they themselves: numbers when a shape was given."""
    declaring: bool = False
    """Whether the shape of an input is evaluated: an unknown size may stand there."""
    two_readings: bool = False
    """Whether an input has two sizes, and nothing says whether they are a 1d map or tokens."""
    read_as_tokens: bool = False
    """Whether such an input is read as tokens."""
    misfits: list[tuple[int, Mapping[str, Size]]] = field(default_factory=list)
    """Which diagnostics are about unknown sizes that do not fit, and which would."""
    settling: list[tuple[Scope, str]] = field(default_factory=list)
    used_from: dict[SourceFile, Span] = field(default_factory=dict)
    shares: list[Shared] = field(default_factory=list)
    shared_uses: dict[Span, str] = field(default_factory=dict)
    work: int = 0
    budget: int = MAX_WORK
    output_names: dict[int, tuple[str, ...]] = field(default_factory=dict)
    """The names of the outputs of uses that have several, by the region."""
    used_definitions: set[str] = field(default_factory=set)
    parameters: dict[tuple[str, str], bool] = field(default_factory=dict)
    parameter_spans: dict[tuple[str, str], Span] = field(default_factory=dict)
    _seen: set[tuple[str, object, int, int]] = field(default_factory=set)

    # ------------------------------------------------------------------ saying what is wrong

    def error(
        self,
        code: str,
        message: str,
        span: Span | None,
        label: str = "",
        *,
        labels: tuple[Label, ...] = (),
        notes: tuple[tuple[str, str], ...] = (),
        help: str | None = None,  # noqa: A002 - the word the user reads
        fix: Fix | None = None,
        frame: Frame | None = None,
    ) -> None:
        """Reports a mistake, once for each place: a loop that repeats it says it once."""
        if span is not None:
            key = (code, id(span.source), span.start, span.end)
            if key in self._seen:
                return
            self._seen.add(key)
            labels = (Label(span, label), *(other for other in labels if other.span != span))
        if frame is not None:
            known = {other.span for other in labels}
            labels = (*labels, *(use for use in self._uses(frame) if use.span not in known))
        self.report(Diagnostic(code, message, labels, notes, help, fix))

    def report(self, diagnostic: Diagnostic) -> None:
        """Adds a diagnostic; one that speaks of used files alone also says where they are used."""
        labels = diagnostic.labels
        if labels and all(label.span.source in self.used_from for label in labels):
            labels = (*labels, *uses_of(labels[0].span.source, self.used_from))
        self.diagnostics.append(replace(diagnostic, labels=labels))

    def _uses(self, frame: Frame) -> list[Label]:
        """Where the blocks around were used, the innermost first, with the arguments that they got there."""
        blocks = {r.span: r for r in self.graph.ancestors(frame.region) if r.kind == "block"}
        labels: list[Label] = []
        for use in frame.trail[: -_SHOWN_USES - 1 : -1]:
            block = blocks.get(use)
            name = frame.definition.name.id if use is frame.trail[-1] else block.block if block else None
            name = self.shared_uses.get(use, name)
            labels.append(
                Label(use, f"{f'`{name}` is' if name else 'is'} used here{_given(block) if block else ''}")
            )
        return labels

    def said(self, code: str, name: str, where: object) -> bool:
        """Whether the same was said about this name in this place before; from now on, it was."""
        key = (code, name, id(where), 0)
        before = key in self._seen
        self._seen.add(key)
        return before

    def forget_places(self) -> None:
        """Lets mistakes be reported at places that have one already."""
        self._seen.clear()

    @contextmanager
    def silence(self) -> Generator[None]:
        """Forgets what is reported inside: for a question that no program asked."""
        count, seen = len(self.diagnostics), set(self._seen)
        try:
            yield
        finally:
            del self.diagnostics[count:]
            self._seen = seen

    def stop(
        self,
        code: str,
        message: str,
        span: Span,
        label: str = "",
        *,
        labels: tuple[Label, ...] = (),
        help: str | None = None,  # noqa: A002
    ) -> NoReturn:
        """Reports that a limit was reached, and ends the elaboration.

        Raises:
            Stop: always.
        """
        self.error(code, message, span, label, labels=labels, help=help)
        raise Stop

    def spend(self, amount: int, span: Span, *, help: str | None = None) -> None:  # noqa: A002
        """Counts work.

        Args:
            amount: steps.
            span: what takes them.
            help: what to do where they are too many, if not to repeat less.

        Raises:
            Stop: there was too much of it.
        """
        self.work += amount
        if self.work > self.budget:
            steps = f"{MAX_WORK:,} steps that elaboration may take"
            if self.budget < MAX_WORK:
                steps = "steps that the nets of one file may take together"
            self.stop(
                "E402",
                f"this needs more than the {steps}",
                span,
                "still going here",
                help=f"its sizes grow too long: {help}"
                if help and amount > _MUCH_WORK
                else "a loop or a recursion multiplies: give it fewer turns",
            )

    @property
    def failed(self) -> bool:
        """Whether any mistake was reported."""
        return any(d.severity == "error" for d in self.diagnostics)

    # ------------------------------------------------------------------ regions

    def open_region(
        self,
        frame: Frame,
        kind: str,
        name: str = "",
        *,
        span: Span | None = None,
        block: str | None = None,
        path: str | None = None,
        parent: int | None = None,
        **more: object,
    ) -> Region:
        """Begins a region inside the frame's; its inputs are the flow. `close_region` adds its outputs."""
        region = Region(
            id=len(self.graph.regions),
            kind=kind,
            name=name,
            path=path if path is not None else (frame.namespace.join(name) if name else frame.namespace.path),
            parent=frame.region if parent is None else parent,
            span=span,
            block=block,
            inputs=refs(frame.flow),
            **more,  # pyright: ignore[reportArgumentType] - fields of Region
        )
        self.graph.regions[region.id] = region
        return region

    def close_region(self, region: Region, value: Value, named: tuple[str, ...] = ()) -> None:
        """Records what a region is worth, and what its definition calls that."""
        known = self.graph.regions[region.id]
        self.graph.regions[region.id] = replace(known, outputs=refs(value), gives=named)


def uses_of(source: SourceFile, used_from: Mapping[SourceFile, Span]) -> list[Label]:
    """Where a file is used, and where the file is that uses it, up to the one that is compiled."""
    labels: list[Label] = []
    while source in used_from and len(labels) < _SHOWN_USES:
        span = used_from[source]
        labels.append(Label(span, "used here"))
        source = span.source
    return labels


def _given(block: Region) -> str:
    """` with width = 64, stride = 2`: the numbers among the arguments of a use, without the defaults."""
    defaults = {name for name, _ in block.defaults}
    shown = [
        f"{name} = {show(value)}"
        for name, value in block.arguments
        if name not in defaults and isinstance(value, int | float)
    ]
    return f" with {', '.join(shown[:4])}" if shown else ""


def refs(value: Value) -> tuple[Ref, ...]:
    """The tensors of a flow; of a poisoned or missing one, none."""
    match value:
        case Tensor():
            return (value.ref,)
        case list():
            return tuple(v.ref for v in value if isinstance(v, Tensor))
        case _:
            return ()
