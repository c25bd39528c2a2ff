"""Small nets made by hand, as the elaborator would make them: nodes with paths, regions around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from ogive.graph import CliqueBody, CliqueStep, Graph, Head, Node, Ref, Region
from ogive.layers.act import ReLU, Sigmoid, Tanh
from ogive.layers.base import Layer, TensorType, map_of
from ogive.layers.conv import Conv
from ogive.layers.conv_transpose import ConvTranspose
from ogive.layers.io import CliqueMember, Input
from ogive.layers.linear import Linear
from ogive.layers.merge import Add, Concat, Mul
from ogive.layers.norm import BatchNorm
from ogive.layers.pool import AvgPool, GlobalAvgPool, MaxPool
from ogive.layers.shape import Flatten
from ogive.layers.shortcut import Subsample


class Builder:
    """Adds layers behind `here`, in the innermost open region."""

    def __init__(self, name: str, image: TensorType) -> None:
        self.graph = Graph(name)
        self.graph.regions[0] = Region(0, "net", "", "", None, block=name)
        self.region = 0
        self.ordinals: Counter[str] = Counter()
        self.here = Ref("")
        self.here = self.layer(Input("image", image), [], name="image")
        self.graph.inputs = ("image",)

    def layer(self, layer: Layer, operands: Sequence[Ref] | None = None, name: str | None = None) -> Ref:
        operands = [self.here] if operands is None else operands
        path = self.graph.regions[self.region].path
        if name is None:
            key = f"{path}.{layer.kind}".lstrip(".")
            self.ordinals[key] += 1
            name = f"{key}{self.ordinals[key]}"
        outputs = layer.infer([self.graph.type(r) for r in operands])
        self.here = self.graph.add(Node(name, layer, outputs, self.region), operands)
        return self.here

    def chain(self, *layers: Layer) -> Ref:
        for layer in layers:
            self.layer(layer)
        return self.here

    @contextmanager
    def open(self, kind: str, name: str = "", block: str | None = None, **more: Any) -> Iterator[int]:
        parent = self.graph.regions[self.region]
        id = len(self.graph.regions)
        path = f"{parent.path}.{name}".strip(".") if name else parent.path
        region = Region(id, kind, name, path, parent.id, block=block, inputs=(self.here,), **more)
        self.graph.regions[id] = region
        self.region = id
        yield id
        done = {**{f: getattr(region, f) for f in region.__slots__}, "outputs": (self.here,)}
        self.graph.regions[id] = Region(**done)
        self.region = parent.id

    def stage(self, name: str) -> Any:
        return self.open("stage", name)

    def use(self, block: str, ordinal: int, **arguments: object) -> Any:
        return self.open("block", f"{block.lower()}{ordinal}", block, arguments=tuple(arguments.items()))

    def repeat(self, times: int, body: Callable[[int], None]) -> None:
        with self.open("repeat"):
            for i in range(times):
                with self.open("iteration", index=i):
                    body(i)

    def residual(self, body: Callable[[], None], shortcut: Callable[[], None] | None = None) -> None:
        start = self.here
        with self.open("residual", block="residual"):
            body()
            value, beside = self.here, start
            if shortcut:
                self.here = start
                with self.open("shortcut"):
                    shortcut()
                beside = self.here
            self.layer(Add(), [value, beside])

    def merge(self, word: str, layer: Layer, *branches: Callable[[], None]) -> None:
        start = self.here
        ends: list[Ref] = []
        with self.open("merge", block=word):
            for i, branch in enumerate(branches):
                self.here = start
                with self.open("branch", index=i):
                    branch()
                ends.append(self.here)
            self.layer(layer, ends)

    def dense(self, layers: int, body: Callable[[], None]) -> None:
        with self.open("dense", block="dense"):
            for i in range(layers):
                before = self.here
                with self.open("iteration", f"layer{i}", index=i):
                    body()
                    self.layer(Concat(), [before, self.here])

    def clique(self, layers: int, growth: int, stages: int = 2) -> tuple[Ref, Ref]:
        source = self.here
        kind = self.graph.type(source)
        result = kind.with_channels(growth)
        steps = (CliqueStep("bn1", BatchNorm(), None), CliqueStep("relu1", ReLU(), None))
        mix = CliqueStep("conv1", Conv(growth, (3, 3), padding=1), None)
        body = CliqueBody(layers, stages, layers, steps, mix, nothing(result), kind, result)
        with self.open("clique", "clique1", "clique", clique=body):
            path = self.graph.regions[self.region].path
            names = [f"{path}.layer{i}" for i in range(1, layers + 1)]
            for i, name in enumerate(names, 1):
                self.graph.add(Node(name, CliqueMember(i, result), (result, result), self.region), [source])
            for head in names:
                for operand, tail in enumerate((n for n in names if n != head), 1):
                    self.graph.connect(Ref(tail), head, operand)
            self.here = Ref(names[-1])
            members = [Ref(n) for n in names]
            transit = self.layer(Concat(), members)
            features = self.layer(Concat(), [source, *members])
            self.here = transit
        return transit, features

    def done(self) -> Graph:
        self.graph.outputs = (("output", self.here),)
        return self.graph


def nothing(kind: TensorType) -> Graph:
    """What follows the convolution of a clique that ends with it."""
    after = Graph("after")
    after.regions[0] = Region(0, "net", "", "", None)
    after.add(Node("in", Input("in", kind), (kind,), 0), [])
    after.inputs, after.outputs = ("in",), (("out", Ref("in")),)
    return after


def lenet() -> Graph:
    b = Builder("lenet5", map_of(1, 32, 32))
    b.chain(Conv(6, (5, 5)), Tanh(), AvgPool((2, 2)), Conv(16, (5, 5)), Tanh(), AvgPool((2, 2)))
    b.chain(Conv(120, (5, 5)), Tanh(), Flatten(), Linear(84), Tanh(), Linear(10))
    return b.done()


def resnet(counts: Sequence[int] = (3, 4, 6, 3)) -> Graph:
    b = Builder("resnet50", map_of(3, 224, 224))
    with b.stage("conv1"):
        b.chain(
            Conv(64, (7, 7), stride=2, padding=3), BatchNorm(), ReLU(), MaxPool((3, 3), stride=2, padding=1)
        )
    for i, n in enumerate(counts):
        width = 64 * 2**i
        with b.stage(f"conv{i + 2}"):

            def bottleneck(j: int, i: int = i, width: int = width) -> None:
                stride = 2 if i > 0 and j == 0 else 1
                with b.use("Bottleneck", j + 1, width=width, stride=stride):
                    b.residual(
                        lambda: b.chain(
                            *(Conv(width, (1, 1)), BatchNorm(), ReLU()),
                            *(Conv(width, (3, 3), stride=stride, padding=1), BatchNorm(), ReLU()),
                            *(Conv(4 * width, (1, 1)), BatchNorm()),
                        ),
                        (lambda: b.chain(Conv(4 * width, (1, 1), stride=stride), BatchNorm()))
                        if j == 0
                        else None,
                    )
                    b.layer(ReLU())

            b.repeat(n, bottleneck)
    b.chain(GlobalAvgPool(), Flatten(), Linear(1000))
    return b.done()


def pre_activation(common: Sequence[bool], pad: bool) -> Graph:
    """Two units of 16 channels, then two of 32; in the `common` ones the shortcut begins behind norm and activation."""
    b = Builder("pre", map_of(16, 32, 32))
    for i, first in enumerate(common):
        width, stride = 16 * 2 ** (i // 2), 2 if i == 2 else 1

        def body(width: int = width, stride: int = stride, first: bool = first) -> None:
            activate = () if first else (BatchNorm(), ReLU())
            b.chain(*activate, Conv(width, (3, 3), stride=stride, padding=1))

        def shortcut(width: int = width) -> None:
            b.layer(Subsample(2, width) if pad else Conv(width, (1, 1), stride=2))

        with b.use("Pre", i + 1, width=width, stride=stride):
            if first:
                b.chain(BatchNorm(), ReLU())
            b.residual(body, shortcut if i == 2 else None)
    return b.done()


def densenet(counts: Sequence[int] = (6, 12, 24, 16)) -> Graph:
    b = Builder("densenet121", map_of(3, 224, 224))
    b.chain(Conv(64, (7, 7), stride=2, padding=3), BatchNorm(), ReLU(), MaxPool((3, 3), stride=2, padding=1))
    for i, n in enumerate(counts):
        if i:
            with b.use("Transition", i):
                channels = b.graph.type(b.here).channels
                b.chain(BatchNorm(), ReLU(), Conv(channels // 2, (1, 1)), AvgPool((2, 2)))
        with b.stage(f"dense{i + 1}"):
            b.dense(n, lambda: b.chain(
                *(BatchNorm(), ReLU(), Conv(128, (1, 1)), BatchNorm(), ReLU(), Conv(32, (3, 3), padding=1)),
            ))  # fmt: skip
    b.chain(BatchNorm(), ReLU(), GlobalAvgPool(), Flatten(), Linear(1000))
    return b.done()


def inception() -> Graph:
    """Two Inceptions, an auxiliary head between them."""
    b = Builder("inception", map_of(192, 28, 28))

    def use(ordinal: int, c1: int, c3r: int, c3: int, c5r: int, c5: int, pool: int) -> None:
        with b.use("Inception", ordinal, c1=c1, c3r=c3r, c3=c3, c5r=c5r, c5=c5, pool=pool):
            b.merge(
                "concat", Concat(),
                lambda: b.chain(Conv(c1, (1, 1)), ReLU()),
                lambda: b.chain(Conv(c3r, (1, 1)), ReLU(), Conv(c3, (3, 3), padding=1), ReLU()),
                lambda: b.chain(Conv(c5r, (1, 1)), ReLU(), Conv(c5, (5, 5), padding=2), ReLU()),
                lambda: b.chain(MaxPool((3, 3), stride=1, padding=1), Conv(pool, (1, 1)), ReLU()),
            )  # fmt: skip

    use(1, 64, 96, 128, 16, 32, 32)
    start = b.here
    with b.open("aux", weight=0.3):
        logits = b.chain(AvgPool((5, 5), stride=3), Conv(128, (1, 1)), ReLU(), Flatten(), Linear(1000))
    b.here = start
    use(2, 128, 128, 192, 32, 96, 64)
    b.chain(GlobalAvgPool(), Flatten(), Linear(1000))
    b.graph.heads = (Head("aux1", logits, 0.3),)
    return b.done()


def cliquenet(layers: int = 4, blocks: int = 1) -> Graph:
    b = Builder(f"cliquenet_{layers}", map_of(3, 32, 32))
    b.layer(Conv(64, (3, 3), padding=1))
    heads: list[Ref] = []
    for i in range(blocks):
        with b.stage(f"block{i + 1}"):
            transit, features = b.clique(layers, 36)
        b.here = features
        with b.use("Head", i + 1):
            heads.append(b.chain(BatchNorm(), ReLU(), GlobalAvgPool()))
        if i + 1 < blocks:
            b.here = transit
            with b.use("Transition", i + 1):
                b.chain(BatchNorm(), ReLU(), Conv(36 * layers, (1, 1)), AvgPool((2, 2)))
    if blocks > 1:
        b.layer(Concat(), heads)
    b.chain(Flatten(), Linear(10))
    return b.done()


def unet(depth: int = 4, width: int = 64) -> Graph:
    b = Builder("unet", map_of(1, 512, 512))

    def double(ordinal: int, width: int) -> None:
        with b.use("Double", ordinal, width=width):
            b.chain(Conv(width, (3, 3), padding=1), ReLU(), Conv(width, (3, 3), padding=1), ReLU())

    skips: list[Ref] = []
    for i in range(depth):
        with b.stage(f"down{i + 1}"):
            double(1, width * 2**i)
        skips.append(b.here)
        b.layer(MaxPool((2, 2)))
    with b.stage("bottom"):
        double(1, width * 2**depth)
    for i in reversed(range(depth)):
        with b.stage(f"up{depth - i}"):
            up = b.layer(ConvTranspose(width * 2**i, (2, 2), stride=2))
            b.layer(Concat(), [skips[i], up])
            double(1, width * 2**i)
    b.layer(Conv(2, (1, 1)))
    return b.done()


def gated() -> Graph:
    """Three residuals with a squeeze-and-excitation gate, then a small dense block."""
    b = Builder("gated", map_of(3, 32, 32))
    b.chain(Conv(64, (3, 3), padding=1), BatchNorm(), ReLU())

    def block(ordinal: int) -> None:
        with b.use("Block", ordinal + 1, width=64):
            b.residual(lambda: (
                b.chain(Conv(64, (3, 3), padding=1), BatchNorm(), ReLU()),
                b.chain(Conv(64, (3, 3), padding=1), BatchNorm()),
                b.merge("mul", Mul(), lambda: None, lambda: b.chain(
                    *(GlobalAvgPool(), Conv(4, (1, 1)), ReLU(), Conv(64, (1, 1)), Sigmoid()),
                )),
            ))  # fmt: skip
            b.layer(ReLU())

    with b.stage("s1"):
        b.repeat(3, block)
    with b.stage("s2"):
        b.dense(3, lambda: b.chain(BatchNorm(), ReLU(), Conv(32, (3, 3), padding=1)))
    b.chain(GlobalAvgPool(), Flatten(), Linear(10))
    return b.done()


def hostile(name: str) -> Graph:
    """A net that is called so everywhere that a program can choose a name."""
    b = Builder(name, map_of(3, 8, 8))
    with b.stage(name):
        b.chain(Conv(8, (3, 3)), ReLU())
        with b.open("block", "use1", name, arguments=(("width", 8),)):
            b.chain(Conv(8, (1, 1)), ReLU(), MaxPool((2, 2)))
    with b.stage(name + "2"), b.open("block", "use2", name, arguments=(("width", 9),)):
        b.chain(Conv(9, (1, 1)), ReLU(), MaxPool((2, 2)))
    b.graph.outputs = ((name, b.here),)
    return b.graph


def row(layers: int) -> Graph:
    """A chain of convolutions of which no two neighbours are alike."""
    b = Builder("row", map_of(3, 8, 8))
    for i in range(layers):
        b.layer(Conv(1 + i % 5, (3, 3), padding=1))
    return b.done()


def flat(layers: int, pools: bool = False) -> Graph:
    """A long chain that nothing groups, and its head."""
    b = Builder("flat", map_of(3, 8, 8))
    for i in range(layers):
        b.chain(Conv(8 + i % 3, (3, 3), padding=1), BatchNorm(), ReLU())
        if pools:
            b.layer(MaxPool((3, 3), stride=1, padding=1))
    b.chain(GlobalAvgPool(), Flatten(), Linear(10))
    return b.done()


def uneven(layers: int) -> Graph:
    """Convolutions whose kernels repeat after eight at the earliest, and a head."""
    b = Builder("uneven", map_of(3, 8, 8))
    for i in range(layers):
        size = 1 + 2 * (i % 8)
        b.layer(Conv(8, (size, size), padding=size // 2))
    b.chain(GlobalAvgPool(), Flatten(), Linear(10))
    return b.done()


def widening() -> Graph:
    """Copies that differ in nothing but the channels that enter."""
    b = Builder("widening", map_of(8, 8, 8))
    b.repeat(4, lambda _: b.dense(3, lambda: b.chain(BatchNorm(), ReLU(), Conv(12, (3, 3), padding=1))))
    b.layer(Conv(16, (1, 1)))

    def grow(i: int) -> None:
        with b.use("Grow", i + 1):
            before = b.here
            b.chain(Conv(10, (3, 3), padding=1), ReLU())
            b.layer(Concat(), [before, b.here])

    b.repeat(3, grow)
    return b.done()


def staged() -> Graph:
    """A stem of three layers, and so many blocks behind it that all fold."""
    b = Builder("staged", map_of(3, 64, 64))
    with b.stage("stem"):
        b.chain(Conv(64, (7, 7), stride=2, padding=3), ReLU(), MaxPool((3, 3), stride=2, padding=1))
        b.chain(Conv(192, (3, 3), padding=1), ReLU())
    for i in range(14):
        with b.stage(f"s{i}"), b.use("Pair", i + 1, width=16 + i):
            for _ in range(2):
                b.chain(Conv(16 + i, (3, 3), padding=1), ReLU(), MaxPool((3, 3), stride=1, padding=1))
    return b.done()


def branches(count: int, layers: int) -> Graph:
    """Branches without end, all of different widths: what takes dot long."""
    b = Builder("branches", map_of(8, 8, 8))
    for stage in range(layers):
        with b.stage(f"s{stage}"):
            b.merge("concat", Concat(), *(
                lambda i=i: b.chain(Conv(1 + i, (1, 1)), Conv(2 + i, (3, 3), padding=1)) for i in range(count)
            ))  # fmt: skip
    return b.done()


NETS: dict[str, Callable[[], Graph]] = {
    "lenet": lenet,
    "resnet50": resnet,
    "densenet121": densenet,
    "inception": inception,
    "clique4": lambda: cliquenet(4),
    "clique6": lambda: cliquenet(6),
    "cliquenet": lambda: cliquenet(4, 3),
    "unet": unet,
    "gated": gated,
}
