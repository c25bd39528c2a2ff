"""`Network`: a compiled architecture, and everything that can be made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

from ogive.diagnostics import Diagnostic
from ogive.graph import Graph
from ogive.layers.base import Size, TensorType
from ogive.layers.unknown import Monomial, Number, SizeExpr
from ogive.passes.unroll import unroll_cliques
from ogive.pipeline import Compiled

if TYPE_CHECKING:
    import networkx as nx
    from torch import nn

    from ogive.backends.draw import Drawing
    from ogive.backends.draw.choices import Style
    from ogive.report.budgets import Verdict
    from ogive.report.summary import Summary


class Count(SizeExpr):
    """A count of a network whose sizes are unknown; what comes of arithmetic with it is a plain expression.

    Attributes:
        least: what each unknown size of the network is at least.
    """

    __slots__ = ("least",)

    def __init__(self, terms: Iterable[tuple[Monomial, Number]], least: Mapping[str, int]) -> None:
        super().__init__(terms)
        self.least: dict[str, int] = dict(least)

    def at(self, values: Mapping[str, Size]) -> Size:
        """The count where unknown sizes have these values.

        Raises:
            ValueError: the network has no such unknown size, or does not work with so small a one.
        """
        for name, value in values.items():
            if name not in self.least:
                there = ", ".join(self.least)
                raise ValueError(f"no unknown size of the network is called {name!r}; it has {there}")
            if not isinstance(value, SizeExpr) and value < self.least[name]:
                raise ValueError(
                    f"{name} is at least {self.least[name]} in this network, and {value} is given"
                )
        return super().at(values)


class Network:
    """An architecture that was checked: its graph, its counts, and the ways to run, print and draw it.

    Made by `ogive.load` and `ogive.loads`. Nothing here loads torch, except `module`.

    Attributes:
        name: the variant's, or the net's.
        ir: the compiler's graph; a clique is a cycle in it.
        text: the `.arch` text that it was made from.
        warnings: doubts about the program.
        budgets: what `assert` says about its counts and its outputs, which is so.
        edits: those that were given from outside of the text, in order.
        compiled: what the compiler made: the program with the files that it uses, and what was given beside
            it.
    """

    def __init__(self, compiled: Compiled) -> None:
        self.name: str = compiled.name
        self.ir: Graph = compiled.graph
        self.text: str = compiled.program.source.text
        self.warnings: tuple[Diagnostic, ...] = compiled.warnings
        self.budgets: tuple[Verdict, ...] = compiled.budgets
        self.edits: tuple[str, ...] = compiled.graph.edits
        self.compiled: Compiled = compiled

    def __repr__(self) -> str:
        shapes = ", ".join(str(type_) for _, type_ in self.inputs)
        results = ", ".join(str(type_) for _, type_ in self.outputs)
        return f"<Network {self.name}: {shapes} -> {results}, {self.params:,} parameters>"

    @cached_property
    def unrolled(self) -> Graph:
        """The graph with every clique unrolled into its stages: what is computed, and what is counted."""
        return unroll_cliques(self.ir)

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        """The architecture as a networkx graph, for networkx's algorithms; changing it changes nothing else.

        A node's key is its path (`conv3.bottleneck2.conv1`) and it has the attributes `kind`, `group`,
        `shape` (of its first output, without the batch), `shapes`, `params`, `macs`, `arguments` (a dict),
        `path` (the region around it), `stage` (or None), `line` (in the `.arch` text, or None). An edge has
        `operand`, `output` and `shape`. Nodes stand in program order. A clique is a cycle; use `.unrolled`
        for a graph without cycles.
        """
        from ogive.report.users_graph import users_graph

        return users_graph(self.ir, self.unrolled)

    @property
    def inputs(self) -> list[tuple[str, TensorType]]:
        """Names and types of the inputs, in order."""
        return [(name, self.ir.node(name).outputs[0]) for name in self.ir.inputs]

    @property
    def outputs(self) -> list[tuple[str, TensorType]]:
        """Names and types of the outputs, in order."""
        return [(name, self.ir.type(ref)) for name, ref in self.ir.outputs]

    @cached_property
    def unknowns(self) -> dict[str, int]:
        """The unknown sizes of the inputs (`?h`), and the least that each may be for every layer to work."""
        from ogive.report.least import least_sizes

        return least_sizes(self.unrolled)

    @cached_property
    def params(self) -> int:
        """Trainable parameters of the inference path, without auxiliary heads (as papers count)."""
        from ogive.report.counts import params

        return params(self.unrolled)

    @cached_property
    def macs(self) -> Size:
        """Multiply-accumulates of one image on the inference path: convolutions and linear layers,
        attention's projections; without biases, norms and products of two activations. An expression where
        sizes are unknown; `.at({"h": 224, "w": 224})` of it is a number, and a `ValueError` where the network
        does not work with such sizes.
        """
        from ogive.report.counts import macs

        counted = macs(self.unrolled)
        return Count(counted.terms, self.unknowns) if isinstance(counted, SizeExpr) else counted

    def summary(self) -> Summary:
        """Layer by layer: shapes, parameters, multiply-accumulates, memory, receptive fields."""
        from ogive.report.summary import summarize

        return summarize(self.ir, self.unrolled)

    def source(self, *, features: Sequence[str] | None = None) -> str:
        """The architecture as PyTorch text that runs by itself.

        Args:
            features: names of stages; the module then returns a dict of their outputs instead.

        Raises:
            ArchError: there is no such stage.
        """
        from ogive.backends.torch_source import torch_source

        return torch_source(self.ir, features=features)

    def module(self, *, features: Sequence[str] | None = None) -> nn.Module:
        """The architecture as a module: the text of `source`, executed. Loads torch.

        Args:
            features: names of stages; the module then returns a dict of their outputs instead.

        Raises:
            ArchError: there is no such stage.
        """
        from ogive.backends.torch_module import torch_module

        return torch_module(self.ir, features=features)

    def dynamic_shapes(self, *, batch: bool = True) -> tuple[dict[int, Any], ...]:
        """What `torch.export.export(net.module(), args, dynamic_shapes=…)` takes for the unknown sizes of the
        inputs, and for the number of images. Loads torch.

        PyTorch decides which do: it takes a size of 1 for a constant, so that the example must have no map of
        one place, and it fixes the length in front of `lstm` and `gru` to the example's.

        Args:
            batch: whether the number of images may vary as well; the example must have two then.
        """
        from ogive.backends.dynamic_shapes import dynamic_shapes

        return dynamic_shapes(self.ir, batch=batch)

    def draw(
        self,
        path: str | PathLike[str] | None = None,
        *,
        style: Style = "overview",
        block: str | None = None,
        fit: str | tuple[float, float] | None = None,
        depth: int | None = None,
        expand: Sequence[str] = (),
        fold: Sequence[str] = (),
        colour_by: str = "kind",
        theme: str = "paper",
        legend: bool = False,
        dpi: int = 200,
    ) -> Drawing:
        """Draws it; the file's ending (svg, pdf, png, dot, tikz, tex) says how. The file is replaced only
        when it is complete.

        Args:
            path: the file; None: an svg, which is not written.
            style: `overview`, `full`, `tensors`, `unfolded`, `ring`, `clique`, `arcs` or `chain`, as `ogive
                draw --help` has them.
            block: a block or stage to draw alone.
            fit: the space that it has: `"column"`, `"page"`, `"3.3x4in"`, or inches.
            depth: how many levels of stages and blocks are open.
            expand: stages and blocks to open.
            fold: stages and blocks to fold.
            colour_by: `kind`, `params`, `macs`, `memory` or `receptive-field`.
            theme: `paper` or `grey`.
            legend: whether the kinds of layers get a key.
            dpi: dots an inch, of a png.

        Returns:
            The drawing: `.caption`, `.alt` and `.notes`, which say how far it is folded. A notebook shows it.

        Warns:
            UserWarning: something in it will be hard to read: type under 6 pt, signs that the font lacks.

        Raises:
            ArchError: the format is not known; what is named does not exist; the style does not suit the net.
            ValueError: no such style, theme, colouring or space.
            OSError: the file cannot be written.
        """
        from ogive.figures import figure

        return figure(
            [(self.ir, self.unrolled, "")], path, style=style, block=block, fit=fit, depth=depth,
            expand=expand, fold=fold, colour_by=colour_by, theme=theme, legend=legend, dpi=dpi,
        )  # fmt: skip

    def _repr_svg_(self) -> str:
        """The drawing, for notebooks."""
        from ogive.backends.draw import svg

        return svg(self.ir)


__all__ = ["Count", "Network"]
