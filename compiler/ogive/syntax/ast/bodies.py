"""What stands in bodies: expressions, chains, statements and edits."""

from __future__ import annotations

from dataclasses import dataclass

from ogive.source import Span

# --------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True)
class Literal:
    """An int, float, bool or `none`. `1.5M` arrives as the float 1500000.0, `64k` as the int 64000."""

    value: int | float | bool | None
    span: Span


@dataclass(frozen=True, slots=True)
class String:
    """`"conv{i + 2}"`: texts and expressions in turn. Escapes are already resolved."""

    parts: tuple[str | Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Kernel:
    """`3x3`, `1x7`, `3x224x224`: two or more sizes."""

    sizes: tuple[int, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Name:
    """A name, `here` and `in` among them."""

    id: str
    span: Span


@dataclass(frozen=True, slots=True)
class ListExpr:
    """`[a, b]`: a list of values, or a bundle of tensors."""

    items: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Attribute:
    """`b.features`, `here.channels`. `name_span` covers the word behind the dot."""

    value: Expr
    name: str
    name_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class Index:
    """`skips[2]`."""

    value: Expr
    index: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Slice:
    """`layers[1:]`, `layers[:-1]`."""

    value: Expr
    start: Expr | None
    stop: Expr | None
    span: Span


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; `name` is None when it is positional."""

    name: str | None
    name_span: Span | None
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """`conv(64, 3x3, padding = 1)`."""

    function: Expr
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`-x` or `not x`. There is no unary plus."""

    op: str
    operand: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic: `+ - * / // % **`, with Python's precedence and associativity."""

    op: str
    left: Expr
    right: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Compare:
    """`a < b <= c`: `ops[i]` stands between `operands[i]` and `operands[i + 1]`."""

    ops: tuple[str, ...]
    operands: tuple[Expr, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Logical:
    """`a and b`, `a or b`."""

    op: str
    left: Expr
    right: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Conditional:
    """`a if condition else b`."""

    then: Expr
    condition: Expr
    otherwise: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Range:
    """`0..depth`, without the end."""

    start: Expr
    stop: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class BodyExpr:
    """`{ avg_pool(2x2) -> conv(256, 1x1) }` as the value of an argument (a shortcut)."""

    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class Unknown:
    """`?h`: a size that is known only when the net meets an image. `name` is without the question mark."""

    name: str
    span: Span


Expr = (
    Literal | String | Kernel | Name | ListExpr | Attribute | Index | Slice | Call | Unary | Binary | Compare
    | Logical | Conditional | Range | BodyExpr | Unknown
)  # fmt: skip

# --------------------------------------------------------------------------- flow


@dataclass(frozen=True, slots=True)
class WithBody:
    """An element with a body: `residual { … }`, `dense(layers = 6) { … }`, `clique(layers = 4) { … }`, `aux {
    … }`.
    """

    head: Expr
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class WithBranches:
    """An element with branches: `concat { | a -> b | identity }`. Each branch is a body."""

    head: Expr
    branches: tuple[Body, ...]
    span: Span


Element = Expr | WithBody | WithBranches


@dataclass(frozen=True, slots=True)
class Chain:
    """`element -> element -> …`, at least one."""

    elements: tuple[Element, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Pattern:
    """The names behind `as`: `as x` has one (`bundle` False), `as [a, _]` takes a bundle apart."""

    names: tuple[Name, ...]
    bundle: bool
    span: Span


# --------------------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True)
class Flow:
    """A bare chain, with `as` or without: it moves the flow."""

    chain: Chain
    target: Pattern | None
    span: Span


@dataclass(frozen=True, slots=True)
class Assign:
    """`name = chain`: names a tensor or a bundle and leaves the flow where it is."""

    name: Name
    chain: Chain
    span: Span


@dataclass(frozen=True, slots=True)
class Collect:
    """`taps += chain`."""

    name: Name
    chain: Chain
    span: Span


@dataclass(frozen=True, slots=True)
class Let:
    """`let w = 4 * k`, `let act = relu`: a value or a layer."""

    name: Name
    value: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Input:
    """`input image: 3x224x224`, `input words: int [128]`, `input signal: tokens 100x64`.

    `dtype` is float unless written; `tokens` says that the features stand last.
    """

    name: Name
    dtype: str
    tokens: bool
    shape: Expr
    span: Span


@dataclass(frozen=True, slots=True)
class Output:
    """`output name = chain`, `output [r, d]`, `output chain`."""

    name: Name | None
    chain: Chain
    span: Span


@dataclass(frozen=True, slots=True)
class Stage:
    """`stage conv1 { … }`, `stage "conv{i}" { … }`; a bare word arrives as a String."""

    name: String
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class Repeat:
    """`repeat n { … }`, `repeat n as i { … }`, `repeat n share { … }`, `repeat n share(except = norm) as i {
    … }`.

    `share` holds the arguments behind that word, or is None without it.
    """

    count: Expr
    share: tuple[Argument, ...] | None
    index: Name | None
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class For:
    """`for x in list`, `for i, x in list` (index, item), `for [a, b] in table`, `for i, [a, b] in table`."""

    index: Name | None
    target: Pattern
    iterable: Expr
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class If:
    """`if c { … } else if d { … } else { … }`; an `else if` is an If as the only statement of `otherwise`."""

    condition: Expr
    body: Body
    otherwise: Body | None
    span: Span


@dataclass(frozen=True, slots=True)
class Default:
    """`default conv(padding = same)`."""

    layer: Name
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Share:
    """`share f = conv(64, 3x3)`, `share(except = norm) f = Tower(64)`: one set of weights, used by every `->
    f`.
    """

    name: Name
    arguments: tuple[Argument, ...]
    chain: Chain
    span: Span


@dataclass(frozen=True, slots=True)
class Assert:
    """`assert params < 1.5M`, `assert k % 2 == 0, "k must be even"`."""

    condition: Expr
    message: String | None
    span: Span


@dataclass(frozen=True, slots=True)
class Label:
    """`label "as in the paper"`: a note for the drawing."""

    text: String
    span: Span


# --------------------------------------------------------------------------- edits


@dataclass(frozen=True, slots=True)
class Selector:
    """What an edit speaks of: `conv`, `norm`, `conv(5x5)`."""

    kind: Name
    arguments: tuple[Argument, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Insert:
    """`insert bn before relu`, `insert se(16) -> drop_path(0.1) after norm in "stage*"`.

    `where` is `before` or `after`; `within` the stages that it keeps to.
    """

    layer: Chain
    where: str
    selector: Selector
    within: String | None
    span: Span


@dataclass(frozen=True, slots=True)
class Remove:
    """`remove lrn`, `remove dropout in "head*"`."""

    selector: Selector
    within: String | None
    span: Span


@dataclass(frozen=True, slots=True)
class Replace:
    """`replace relu with sigmoid`."""

    selector: Selector
    layer: Chain
    within: String | None
    span: Span


@dataclass(frozen=True, slots=True)
class Set:
    """`set dropout(p = 0.2)`: positional arguments select, named ones are set."""

    selector: Selector
    within: String | None
    span: Span


Edit = Insert | Remove | Replace | Set

Statement = (
    Flow | Assign | Collect | Let | Input | Output | Stage | Repeat | For | If | Default | Share | Assert
    | Label | Edit
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Body:
    """Statements between braces, or one branch."""

    statements: tuple[Statement, ...]
    span: Span
