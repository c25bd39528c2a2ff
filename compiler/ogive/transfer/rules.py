"""How each ATen operation enters the dataflow.

The operations arrive below autograd, where composite ones are decomposed: `nn.Linear` and `x @ w.t() + b`
look alike already. What still differs between implementations of one network is normalised here. An operation
without a rule of its own follows `_generic`, which is sound for all: it is a node if it has several operands,
a hint otherwise.
"""

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import cast

from torch import Tensor

from ogive.transfer.dataflow import DataflowBuilder, Edge, Hint, Node

_LAYOUT = (
    *(
        "view",
        "_unsafe_view",
        "reshape",
        "_reshape_alias",
        "expand",
        "squeeze",
        "unsqueeze",
        "clone",
        "contiguous",
    ),
    *("detach", "alias", "_to_copy", "lift_fresh", "lift_fresh_copy"),
)
_PERMUTATIONS = ("t", "transpose", "permute")
_PARTS = ("split", "split_with_sizes", "unsafe_split", "chunk", "unbind", "select", "slice")
_PRODUCTS = ("mm", "bmm", "matmul", "mv")
_CONVOLUTIONS = (
    *("convolution", "_convolution", "conv1d", "conv2d", "conv3d"),
    *("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"),
)
_BATCH_NORMS = (
    *("batch_norm", "native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training"),
    *("_batch_norm_no_update", "cudnn_batch_norm", "miopen_batch_norm"),
)
_ARITHMETIC = ("add", "sub", "mul", "div", "rsub", "neg", "pow", "sqrt", "rsqrt", "reciprocal", "repeat")
_LONGEST_AXIS = 1 << 20
"""Sizes of parts are kept as floats, which tell fractions of axes up to this long apart."""
_NEUTRAL = {"add": 0, "sub": 0, "mul": 1, "div": 1}
_COMMUTATIVE = ("add", "mul", "maximum", "minimum")
_FACTORIES = ("zeros", "ones", "empty", "full", "new_", "rand", "arange", "fill", "zero")


@dataclass(frozen=True, slots=True)
class Call:
    """One operation as it ran: name (in-place underscore dropped), arguments by name, results, submodule."""

    name: str
    arguments: dict[str, object]
    results: tuple[Tensor, ...]
    read: Callable[[Tensor], Edge | None]
    builder: DataflowBuilder
    path: str

    def tensor(self, name: str) -> Tensor | None:
        """The tensor argument `name`; None where it is absent or something else."""
        value = self.arguments.get(name)
        return value if isinstance(value, Tensor) else None

    def edge(self, name: str) -> Edge | None:
        """Where the tensor argument `name` comes from; None for an absent or constant one."""
        tensor = self.tensor(name)
        return None if tensor is None else self.read(tensor)

    def number(self, name: str, default: int) -> int:
        """The integer argument `name`."""
        value = self.arguments.get(name)
        return value if isinstance(value, int) else default

    def integers(self, name: str, rank: int) -> tuple[int, ...]:
        """The argument `name`, one integer for each of `rank` axes."""
        value = self.arguments.get(name, 1)
        values = tuple(cast(Sequence[int], value)) if isinstance(value, list | tuple) else (cast(int, value),)
        return values * rank if len(values) == 1 else values

    def args(self) -> tuple[Hashable, ...]:
        """The arguments that are neither tensors nor devices nor dtypes."""
        frozen = ((name, _plain(value)) for name, value in self.arguments.items())
        return tuple((name, value) for name, value in frozen if value is not None)

    def node(
        self,
        label: tuple[Hashable, ...],
        operands: Sequence[Edge],
        text: str,
        *,
        args: tuple[Hashable, ...] = (),
        commutative: bool = False,
        axis: int = 1,
    ) -> Edge:
        """Adds the node of this call."""
        node = Node(
            label, tuple(operands), args, commutative=commutative, path=self.path, text=text, axis=axis
        )
        return self.builder.add(node)


Results = list[Edge | None]


def record(call: Call) -> Results:
    """Enters a call into the dataflow and says where each of its results comes from; None for a constant."""
    name = call.name
    if name.startswith(_FACTORIES):
        return [None] * len(call.results)
    if name.removeprefix("_").startswith("scaled_dot_product"):
        return _attention(call)
    return _RULES.get(name, _generic)(call)


def _plain(value: object) -> Hashable:
    if isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        items = tuple(_plain(item) for item in cast(Sequence[object], value))
        return None if None in items else items
    return None


def _tensors(call: Call) -> list[tuple[str, Tensor]]:
    found: list[tuple[str, Tensor]] = []
    for name, value in call.arguments.items():
        if isinstance(value, Tensor):
            found.append((name, value))
        elif isinstance(value, list | tuple):
            items = enumerate(cast(Sequence[object], value))
            found += [(f"{name}[{i}]", item) for i, item in items if isinstance(item, Tensor)]
    return found


def _generic(call: Call) -> Results:
    operands = [(name, edge) for name, tensor in _tensors(call) if (edge := call.read(tensor)) is not None]
    if not operands:
        return [None] * len(call.results)
    edges = [edge for _, edge in operands]
    if len({edge.node for edge in edges}) == 1:
        hints = tuple(hint for edge in edges for hint in edge.hints)
        carried = Edge(edges[0].node, hints)
        other = _plain(call.arguments.get("other"))
        neutral = len(edges) == 1 and other is not None and other == _NEUTRAL.get(call.name)
        return [carried if neutral else carried.after(_hint(call, i)) for i in range(len(call.results))]
    if call.name == "add" and (biased := _bias_added(call, edges)) is not None:
        return [biased]
    plain = call.arguments.get("alpha", 1) == 1
    commutative = call.name in _COMMUTATIVE and plain
    where = () if commutative else tuple(name for name, _ in operands)
    scale = () if plain else (_plain(call.arguments["alpha"]),)
    label = (call.name, *scale, call.results[0].numel(), *where)
    first = call.node(label, edges, call.name, commutative=commutative, args=call.args())
    further = range(1, len(call.results))
    return [first, *(call.node(("result", i), (first,), f"result {i} of {call.name}") for i in further)]


def _hint(call: Call, result: int) -> Hint:
    """The hint for an operation of one operand. Pooling goes by one name whatever it is called."""
    size = call.results[result].numel()
    if "max_pool" in call.name or call.name in ("amax", "max"):
        kind = "max_pool"
    elif "avg_pool" in call.name or call.name == "mean":
        kind = "avg_pool"
    else:
        return Hint(call.name, (result, *call.args()), minor=call.name in _ARITHMETIC)
    shape = call.results[result].shape
    if size == math.prod(shape[:2]):
        return Hint(kind, ("global",))
    wanted = ("kernel_size", "stride", "dilation", "dim")
    return Hint(kind, tuple(arg for arg in call.args() if cast(tuple[str, object], arg)[0] in wanted))


def _layout(call: Call) -> Results:
    return [call.read(_tensors(call)[0][1])]


def _copied(call: Call) -> Results:
    """`copy_(self, src)` overwrites: nothing of the old value is left."""
    return [call.edge("src")]


def _permutation(call: Call) -> Results:
    """A permuted weight is a node, as x @ w and x @ w.t() want different weights; permuted data is not."""
    ((_, tensor), *_) = _tensors(call)
    edge = call.read(tensor)
    if edge is None:
        return [None]
    if call.name == "t":
        order = (*range(tensor.ndim - 2), *range(max(tensor.ndim - 2, 0), tensor.ndim)[::-1])
    elif call.name == "permute":
        order = tuple(dim % tensor.ndim for dim in call.integers("dims", 1))
    else:
        swapped = list(range(tensor.ndim))
        first, second = (call.number(name, 0) % max(tensor.ndim, 1) for name in ("dim0", "dim1"))
        swapped[first], swapped[second] = swapped[second], swapped[first]
        order = tuple(swapped)
    if call.builder.nodes[edge.node].state:
        return [call.node(("permute", order), (edge,), f"permute{order}")]
    return [edge.after(Hint("permute", order, minor=True))]


def _convolution(call: Call) -> Results:
    x, weight = call.edge("input"), call.tensor("weight")
    if x is None or weight is None:
        return _generic(call)
    rank, groups = weight.ndim - 2, call.number("groups", 1)
    transposed = bool(call.arguments.get("transposed", False)) or "transpose" in call.name
    stride, dilation = call.integers("stride", rank), call.integers("dilation", rank)
    kernel, result = tuple(weight.shape[2:]), call.results[0]
    operands = [x, *(edge for name in ("weight", "bias") if (edge := call.edge(name)) is not None)]
    kind = "conv_transpose" if transposed else "conv"
    text = f"{kind} {_by(kernel)}"
    text += f"/{stride[0] if len(set(stride)) == 1 else _by(stride)}" if set(stride) != {1} else ""
    text += f" dilated {_by(dilation)}" if set(dilation) != {1} else ""
    text += f" in {groups} groups" if groups > 1 else ""
    args = tuple((name, _plain(call.arguments.get(name))) for name in ("padding", "output_padding"))
    points = math.prod(result.shape[2:])
    pointwise = set(kernel) <= {1} and set(stride) <= {1}
    if not transposed and groups == 1 and (pointwise or points == 1):
        text += f" {weight.shape[1]} -> {weight.shape[0]}"
        fan_in = math.prod(weight.shape[1:])
        return [_affine(call, weight.shape[0], fan_in, operands, text, args=args, axis=1)]
    fan_in, fan_out = weight.shape[1] * groups, weight.shape[0]
    if transposed:
        fan_in, fan_out = weight.shape[0], weight.shape[1] * groups
    text += f" {fan_in} -> {fan_out}"
    label = (kind, fan_in, fan_out, kernel, stride, dilation, groups, result.numel(), len(operands))
    return [call.node(label, operands, text, args=args)]


def _by(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes))


def _affine(
    call: Call,
    out: int,
    fan_in: int,
    operands: Sequence[Edge],
    text: str,
    *,
    args: tuple[Hashable, ...] = (),
    axis: int,
) -> Edge:
    """linear, a 1x1 convolution, and a convolution whose kernel meets its input at one place: y = W x + b."""
    label = ("affine", out, fan_in, call.results[0].numel(), len(operands))
    return call.node(label, operands, text, args=args, axis=axis)


def _linear(call: Call) -> Results:
    return [_multiply(call, "input", "weight", "bias", transposed=False)]


def _addmm(call: Call) -> Results:
    if call.arguments.get("beta", 1) != 1 or call.arguments.get("alpha", 1) != 1:
        return _generic(call)
    return [_multiply(call, "mat1", "mat2", "self", transposed=True)]


def _matmul(call: Call) -> Results:
    second = next(name for name in ("mat2", "other", "vec") if name in call.arguments)
    return [_multiply(call, "self", second, None, transposed=True)]


def _multiply(call: Call, left: str, right: str, bias: str | None, *, transposed: bool) -> Edge | None:
    """A matrix product; affine where the right-hand side is a weight (out, in) that was transposed for it."""
    x, weight = call.edge(left), call.edge(right)
    if x is None or weight is None:
        return _generic(call)[0]
    added = call.edge(bias) if bias is not None else None
    nodes = call.builder.nodes
    node, size = nodes[weight.node], call.results[0].shape[-1]
    if transposed and node.state and not nodes[x.node].state and node.kind == "permute" and not weight.hints:
        order = cast(tuple[int, ...], node.label[1])
        if order[-2:] == (len(order) - 1, len(order) - 2):
            (weight,), transposed = node.operands, False
    if not transposed:
        fan_in = cast(Tensor, call.tensor(left)).shape[-1]
        operands = [x, weight, *([added] if added is not None else [])]
        return _affine(call, size, fan_in, operands, f"linear {fan_in} -> {size}", axis=-1)
    product = call.node(("matmul", call.results[0].numel()), (x, weight), "matmul")
    if added is None:
        return product
    return call.node(("add", call.results[0].numel()), (product, added), "add", commutative=True)


def _bias_added(call: Call, edges: Sequence[Edge]) -> Edge | None:
    """`linear(x, w) + b` and `conv(x, w) + b` are the biased operations: PyTorch splits some linears so."""
    nodes = call.builder.nodes
    if len(edges) != 2 or call.arguments.get("alpha", 1) != 1:
        return None
    for product, bias in (edges, edges[::-1]):
        node = nodes[product.node]
        unbiased = node.kind in ("affine", "conv", "conv_transpose") and len(node.operands) == 2
        if unbiased and not node.state and not product.hints and nodes[bias.node].state:
            tensor = next(tensor for _, tensor in _tensors(call) if call.read(tensor) == bias)
            channels = node.label[1] if node.kind == "affine" else node.label[2]
            if tensor.numel() == channels and node.label[-2] == call.results[0].numel():
                label, operands = (*node.label[:-1], 3), (*node.operands, bias)
                return call.node(label, operands, node.text, args=node.args, axis=node.axis)
    return None


def _batch_norm(call: Call) -> Results:
    if call.edge("input") is None:
        return _generic(call)
    names = ("input", "weight", "bias", "running_mean", "running_var")
    present = [(name, edge) for name in names if (edge := call.edge(name)) is not None]
    result = call.results[0]
    channels = result.shape[1]
    label = ("batch_norm", channels, result.numel(), *(name for name, _ in present))
    eps = call.arguments.get("eps", call.arguments.get("epsilon"))
    norm = call.node(
        label, [edge for _, edge in present], f"batch_norm {channels}", args=(("eps", _plain(eps)),)
    )
    return _first(call, norm)


def _first(call: Call, edge: Edge) -> Results:
    """An operation whose further results (saved statistics, random state) no forward pass uses."""
    return [edge, *[None] * (len(call.results) - 1)]


def _attention(call: Call) -> Results:
    """Fused attention is softmax(q k^T) v, as written out by hand."""
    q, k, v = call.edge("query"), call.edge("key"), call.edge("value")
    if q is None or k is None or v is None:
        return _generic(call)
    query, key = cast(Tensor, call.tensor("query")), cast(Tensor, call.tensor("key"))
    size = query.numel() // query.shape[-1] * key.shape[-2]
    scores = call.node(("matmul", size), (q, k), "attention scores")
    for name in ("attn_mask", "attn_bias"):
        if (mask := call.edge(name)) is not None:
            scores = call.node(("add", size), (scores, mask), "attention mask", commutative=True)
    weighted = (scores.after(Hint("_softmax")), v)
    return _first(call, call.node(("matmul", call.results[0].numel()), weighted, "attention"))


def _cat(call: Call) -> Results:
    """Concatenation, nested ones along one dimension taken apart: cat(cat(a, b), c) is cat(a, b, c).

    A tensor cut up and put together again is the tensor itself, in another order.
    """
    tensors = [tensor for _, tensor in _tensors(call)]
    result = call.results[0]
    place = (call.number("dim", 0) % max(result.ndim, 1), result.ndim)
    operands: list[Edge] = []
    lengths: list[int] = []
    for tensor in tensors:
        edge = call.read(tensor)
        if edge is None:
            continue
        inner = call.builder.nodes[edge.node]
        if inner.kind == "cat" and inner.args[:2] == place:
            operands += [Edge(part.node, (*part.hints, *edge.hints)) for part in inner.operands]
            lengths += _lengths(inner)
        else:
            operands.append(edge)
            lengths.append(tensor.shape[place[0]])
    if len(operands) == 1:
        alone = len(tensors) == 1
        return [operands[0] if alone else operands[0].after(Hint("cat with constants", place))]
    if not operands:
        return [None]
    if (whole := _cut_up(call.builder, operands)) is not None:
        return [whole.after(Hint("cat", place, minor=True))]
    return [_joined(call, operands, lengths, result, place)]


def _joined(
    call: Call, operands: Sequence[Edge], lengths: Sequence[int], result: Tensor, place: tuple[int, int]
) -> Edge:
    """The concatenation of tensors that are so long along the axis `place[0]` of `place[1]`."""
    text = f"cat of {len(operands)} along {place[0]}"
    return call.node(("cat", result.numel()), operands, text, args=(*place, tuple(lengths)))


def _lengths(cat: Node) -> tuple[int, ...]:
    """How long the operands of a concatenation are along its axis; constants among them have no operand."""
    return cast(tuple[int, ...], cat.args[2])


def _cut_up(builder: DataflowBuilder, operands: Sequence[Edge]) -> Edge | None:
    """The tensor of which these are the parts, each element in one of them; None where they are not."""
    sources: set[Edge] = set()
    covered = Fraction(0)
    for operand in dict.fromkeys(operands):
        share = Fraction(1)
        while builder.nodes[operand.node].kind == "part" and not operand.hints:
            part = builder.nodes[operand.node]
            share *= Fraction(cast(float, part.label[2])).limit_denominator(_LONGEST_AXIS)
            operand = part.operands[0]
        sources.add(operand)
        covered += share
    source = sources.pop()
    cut = not sources and covered == 1 and not builder.nodes[source.node].state
    return source if cut else None


def _parts(call: Call) -> Results:
    """Chunks, slices and selections, told apart by where they begin and how far they go.

    A part of a concatenation that is some of its operands is those operands: cat(a, b, c)[a:] is cat(b, c).
    """
    ((_, tensor), *_) = _tensors(call)
    edge = call.read(tensor)
    if edge is None:
        return [None] * len(call.results)
    dim = call.number("dim", 0) % tensor.ndim
    size, step = tensor.shape[dim], call.number("step", 1)
    one = call.name in ("select", "unbind")
    start = call.number("index" if call.name == "select" else "start", 0)
    start = max(start + size, 0) if start < 0 else min(start, size)
    parts: Results = []
    for result in call.results:
        length = 1 if one else result.shape[dim]
        if length == size:
            parts.append(edge)
        elif not one and step == 1 and (within := _operands_at(call, edge, start, result, dim)) is not None:
            parts.append(within)
        else:
            parts.append(_part(call, edge, slice(start, start + step * length, step), tensor, dim))
        start += length
    return parts


def _part(call: Call, edge: Edge, places: slice, tensor: Tensor, dim: int) -> Edge:
    """Some places of a tensor along one axis."""
    size = tensor.shape[dim]
    length = len(range(places.start, places.stop, places.step))
    label = ("part", places.start / size, length / size, places.step)
    text = f"{places.start}:{places.stop}" + (f":{places.step}" if places.step != 1 else "")
    return call.node(label, (edge,), f"part {text} of {size}", args=(dim, tensor.ndim))


def _pad(call: Call) -> Results:
    """Padding by negative amounts is a part, axis by axis."""
    ((_, tensor), *_) = _tensors(call)
    edge = call.read(tensor)
    amounts = call.integers("pad", 1)
    if edge is None or any(amount > 0 for amount in amounts):
        return _generic(call)
    for axis, (before, behind) in reversed(list(enumerate(zip(amounts[::2], amounts[1::2], strict=True), 1))):
        if before or behind:
            dim = tensor.ndim - axis
            edge = _part(call, edge, slice(-before, tensor.shape[dim] + behind, 1), tensor, dim)
    return [edge]


def _operands_at(call: Call, edge: Edge, start: int, result: Tensor, dim: int) -> Edge | None:
    """What a part of a concatenation holds where it begins and ends as operands do; None for any other."""
    ((_, tensor), *_) = _tensors(call)
    cat, place = call.builder.nodes[edge.node], (dim, tensor.ndim)
    if cat.kind != "cat" or edge.hints or cat.args[:2] != place or cat.label[1] != tensor.numel():
        return None
    lengths = _lengths(cat)
    borders = [0, *accumulate(lengths)]
    stop = start + result.shape[dim]
    if borders[-1] != tensor.shape[dim] or start not in borders or stop not in borders:
        return None
    first, last = borders.index(start), borders.index(stop)
    held = cat.operands[first:last]
    if not held:
        return None
    return held[0] if len(held) == 1 else _joined(call, held, lengths[first:last], result, place)


_RULES: dict[str, Callable[[Call], Results]] = {
    **dict.fromkeys(_LAYOUT, _layout),
    **dict.fromkeys(_PERMUTATIONS, _permutation),
    **dict.fromkeys(_PARTS, _parts),
    **dict.fromkeys(_PRODUCTS, _matmul),
    **dict.fromkeys(_CONVOLUTIONS, _convolution),
    **dict.fromkeys(_BATCH_NORMS, _batch_norm),
    "copy": _copied,
    "linear": _linear,
    "addmm": _addmm,
    "cat": _cat,
    "constant_pad_nd": _pad,
}
