"""What only running can tell about layers that do not come with the compiler: whether their PyTorch exists,
and makes the parameters that were promised.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F  # noqa: N812 - as printed files call it
from torch import nn

from ogive.backends.torch_source import attribute_paths
from ogive.diagnostics import ArchError, Diagnostic, Label, did_you_mean
from ogive.graph import Graph, Node
from ogive.layers.base import Size
from ogive.layers.torch_text import functions_used

_MODULES = {"torch": torch, "nn": nn, "F": F}


def check_functions(graph: Graph) -> None:
    """Refuses a text that names a function or class which torch does not have.

    Raises:
        ArchError: E545.
    """
    for node in _own(graph):
        for name in functions_used(node.layer.torch(graph.operand_types(node.name))):
            root, *parts = name.split(".")
            found: object = _MODULES.get(root)
            for part in parts:
                if found is None:
                    break
                if not hasattr(found, part):
                    guess = did_you_mean(part, [n for n in dir(found) if not n.startswith("_")])
                    close = name[: -len(part)] + guess if guess and name.endswith(part) else None
                    message = (
                        f"its PyTorch text names `{name}`, which torch {torch.__version__} does not have"
                    )
                    raise _refused(node, message, help_=f"did you mean `{close}`?" if close else None)
                found = getattr(found, part)


def check_parameters(graph: Graph, module: nn.Module) -> None:
    """Refuses a module whose layer has other parameters than its rule says: every count would be wrong.

    Raises:
        ArchError: E545.
    """
    own = _own(graph)
    paths = attribute_paths(graph) if own else {}
    for node in own:
        made = module.get_submodule(paths[node.name]) if node.name in paths else None
        says = {name: tuple(shape) for name, shape in graph.parameters(node.name).items()}
        has = {name: tuple(p.shape) for name, p in made.named_parameters()} if made is not None else {}
        if says != has and node.owner is None:
            notes = (("rule", _listed(says)), ("module", _listed(has)))
            raise _refused(node, "its `parameters` are not those that its module has", notes)


def explain_failure(graph: Graph, problem: Exception) -> ArchError | None:
    """What to say when the text of a network cannot be executed; None where no layer of the user is in it."""
    own = _own(graph)
    if not own:
        return None
    frames = [f for f in traceback.extract_tb(problem.__traceback__) if f.filename.startswith("<ogive ")]
    line = (frames[-1].line or "").strip() if frames else ""
    where = ((f"line {frames[-1].lineno}", line),) if frames else ()
    paths = attribute_paths(graph)
    message = f"its module cannot be made: {type(problem).__name__}: {problem}"
    for node in own:
        if line.startswith(f"self.{paths.get(node.name, '').rpartition('.')[2]} = "):
            return _refused(node, message, where)
    made = tuple(("layer", f"`{node.layer.kind}`, {node.layer.origin}") for node in own)
    return ArchError(
        [Diagnostic("E545", message.replace("its", "the", 1), (), (*where, *dict.fromkeys(made)))]
    )


def _own(graph: Graph) -> list[Node]:
    return [node for node in graph if node.layer.origin is not None]


def _listed(shapes: Mapping[str, tuple[Size, ...]]) -> str:
    return ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items()) or "none"


def _refused(
    node: Node, message: str, notes: Sequence[tuple[str, str]] = (), help_: str | None = None
) -> ArchError:
    labels = (Label(node.span, "this layer"),) if node.span is not None else ()
    defined = ("defined", f"{node.layer.origin}, class {type(node.layer).__qualname__}")
    return ArchError(
        [Diagnostic("E545", f"`{node.layer.kind}`: {message}", labels, (defined, *notes), help_)]
    )
