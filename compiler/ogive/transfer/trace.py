"""Runs a module once and records its dataflow."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from ogive.transfer.dataflow import Dataflow, DataflowBuilder, Edge, Node
from ogive.transfer.errors import TransferError
from ogive.transfer.rules import Call, record


@dataclass(frozen=True, slots=True)
class Trace:
    """A run of a module in eval mode.

    Attributes:
        flow: What happened between inputs, weights and outputs.
        state: What `named_state` says.
        leaves: For each state leaf of `flow`, its name in `state`; several where it is tensors one below the
            other.
        outputs: The tensors of the result, in order.
    """

    module: nn.Module
    flow: Dataflow
    state: dict[str, Tensor]
    leaves: dict[int, tuple[str, ...]]
    outputs: list[Tensor]


def trace(module: nn.Module, example: tuple[Tensor, ...], role: str) -> Trace:
    """Runs `module` on `example` in eval mode, without gradients.

    Args:
        role: What to call the module in messages.

    Raises:
        TransferError: The module fails on the example or returns no tensor.
    """
    tracer = _Tracer()
    state = named_state(module)
    inputs = cast_example(module, example)
    for name, tensor in state.items():
        shape = "x".join(map(str, tensor.shape))
        tracer.know(tensor, tracer.builder.leaf(("state", tensor.numel()), name, f"{name} {shape}"))
    for index, tensor in enumerate(inputs):
        tracer.know(tensor, tracer.builder.leaf(("input", index), f"input {index}", f"input {index}"))
    with _submodule_paths(module, tracer), _unfused_attention():
        result = run(module, inputs, role, tracer)
    outputs = tensors_of(result)
    edges = [edge for tensor in outputs if (edge := tracer.read(tensor)) is not None]
    if not edges:
        raise TransferError(f"no output of the {role} depends on the example or on a parameter")
    flow = tracer.builder.finish(edges)
    leaves = {index: (node.path,) for index, node in enumerate(flow.nodes) if node.is_state_leaf}
    return Trace(module, flow, state, leaves, outputs)


def run(
    module: nn.Module, inputs: tuple[Tensor, ...], role: str, mode: TorchDispatchMode | None = None
) -> object:
    """The module's result on `inputs`; its own exceptions become a TransferError that names it."""
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        if mode is not None:
            stack.enter_context(mode)
        try:
            return module(*inputs)
        except Exception as error:
            shapes = ", ".join("x".join(map(str, tensor.shape)) for tensor in inputs)
            raise TransferError(f"the {role} fails on the example ({shapes}): {error}") from error


def named_state(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and floating-point buffers by name; a shared tensor once, under its first name.

    Buffers of integers (indices, counters) and those that no state_dict keeps (masks, tables) belong to the
    architecture and are left out.
    """
    named: dict[str, Tensor] = dict(module.named_parameters())
    lazy = next((name for name, tensor in named.items() if is_lazy(tensor)), None)
    if lazy is not None:
        raise TransferError(f"`{lazy}` has no shape yet: run the module once before a transfer")
    passing = {
        f"{path}.{name}".lstrip(".")
        for path, submodule in module.named_modules()
        for name in submodule._non_persistent_buffers_set  # pyright: ignore[reportPrivateUsage]
    }
    floating = ((name, buffer) for name, buffer in module.named_buffers() if buffer.is_floating_point())
    return {**named, **{name: buffer for name, buffer in floating if name not in passing}}


def cast_example(module: nn.Module, example: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """`example` on the module's device and, where it is floating-point, in its dtype. Always new tensors."""
    like = next((tensor for tensor in named_state(module).values() if tensor.is_floating_point()), None)
    copies = tuple(tensor.detach().clone() for tensor in example)
    if like is None:
        return copies
    return tuple(
        copy.to(like.device, like.dtype if copy.is_floating_point() else copy.dtype) for copy in copies
    )


def tensors_of(result: object) -> list[Tensor]:
    """The tensors of a module's result, in order, through tuples, lists, dicts and dataclasses."""
    if isinstance(result, Tensor):
        return [result]
    items: list[object] = []
    if isinstance(result, Mapping):
        items = list(cast(Mapping[object, object], result).values())
    elif isinstance(result, list | tuple):
        items = list(cast(Sequence[object], result))
    elif is_dataclass(result):
        items = [getattr(result, field.name) for field in fields(result)]
    return [tensor for item in items for tensor in tensors_of(item)]


@contextmanager
def _submodule_paths(module: nn.Module, tracer: "_Tracer") -> Generator[None]:
    """Keeps `tracer.path` at the innermost submodule that is running."""
    with ExitStack() as hooks:
        for path, submodule in module.named_modules():

            def enter(_module: nn.Module, _inputs: object, path: str = path) -> None:
                tracer.paths.append(path)

            def leave(_module: nn.Module, _inputs: object, _output: object) -> None:
                tracer.paths.pop()

            hooks.callback(submodule.register_forward_pre_hook(enter, prepend=True).remove)
            hooks.callback(submodule.register_forward_hook(leave, always_call=True).remove)
        yield


@contextmanager
def _unfused_attention() -> Generator[None]:
    """Without the fused encoder layer of nn.MultiheadAttention, which hides its operations."""
    enabled = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(enabled)


@dataclass(slots=True, eq=False)
class _Memory:
    """What a tensor and its views share: everything written into any of them."""

    writes: list[tuple[Edge | None, int]]


@dataclass(frozen=True, slots=True)
class _Known:
    edge: Edge | None
    memory: _Memory
    seen: int
    """How many of the memory's writes `edge` includes."""


class _Tracer(TorchDispatchMode):
    """Records each ATen operation; it holds tensors weakly, so as to need no more memory than a run."""

    def __init__(self) -> None:
        super().__init__()
        self.builder = DataflowBuilder()
        self.paths: list[str] = [""]
        self._known = WeakTensorKeyDictionary()

    def know(self, tensor: Tensor, edge: Edge | None, memory: _Memory | None = None) -> None:
        memory = memory or _Memory([])
        self._known[tensor] = _Known(edge, memory, len(memory.writes))

    def read(self, tensor: Tensor) -> Edge | None:
        """Where the tensor's present value comes from; None for a constant."""
        known = cast(_Known | None, self._known.get(tensor))
        if known is None:
            return None
        missed = known.memory.writes[known.seen :]
        if not missed:
            return known.edge
        edge, size = missed[-1]
        if size != tensor.numel():
            edge = self._overwritten([known.edge, *(written for written, _ in missed)], tensor.numel())
        self.know(tensor, edge, known.memory)
        return edge

    def _overwritten(self, values: list[Edge | None], size: int) -> Edge | None:
        """A tensor of which parts were written through views."""
        operands = [value for value in values if value is not None]
        if len({operand.node for operand in operands}) <= 1:
            return operands[-1] if operands else None
        node = Node(("written", size), tuple(operands), path=self.paths[-1], text="tensor written in parts")
        return self.builder.add(node)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        schema, given = func._schema, kwargs or {}
        arguments: dict[str, object] = {
            argument.name: args[i] if i < len(args) else given.get(argument.name, argument.default_value)
            for i, argument in enumerate(schema.arguments)
        }
        # Read before running: an in-place operation's operand is its old value.
        operands = [tensor for value in arguments.values() for tensor in tensors_of(value)]
        edges = {id(tensor): self.read(tensor) for tensor in operands}

        def read(tensor: Tensor) -> Edge | None:
            return edges.get(id(tensor))

        output = func(*args, **given)
        results = tuple(tensors_of(output))
        if not results:
            return output
        name = schema.name.removeprefix("aten::").removesuffix("_")
        call = Call(name, arguments, results, read, self.builder, self.paths[-1])
        aliases = [returned.alias_info for returned in schema.returns if returned.alias_info is not None]
        writes = any(alias.is_write for alias in aliases)
        viewed = self._known.get(operands[0]) if aliases and operands else None
        for tensor, edge in zip(results, record(call), strict=True):
            known = cast(_Known | None, self._known.get(tensor))
            if writes:
                memory = known.memory if known is not None else _Memory([])
                memory.writes.append((edge, tensor.numel()))
                self.know(tensor, edge, memory)
            elif known is None:
                self.know(tensor, edge, cast(_Known, viewed).memory if viewed is not None else None)
        return output
