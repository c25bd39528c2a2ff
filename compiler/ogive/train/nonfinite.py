"""Where a network's values stop being finite: the first operation that made an infinity or a NaN out of
numbers, found by running the network once more.

Every function of torch that the network calls is watched (`TorchFunctionMode`), so that an addition or an
activation in the `forward` of a block is seen as a convolution is. A value that is not finite is traced to
where it came from, and only what reaches the output is blamed: the -inf of an attention mask, which a softmax
turns into 0, is nobody's fault.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from ogive.train.seeds import random_states, restore_states


@dataclass(frozen=True, slots=True)
class Culprit:
    """What made the first value that is not finite.

    Attributes:
        name: the layer's path in the network; of an operation in the `forward` of a block, the block's. Empty
            for the network itself.
        kind: the layer's class, `Conv2d`.
        what: `input`, the data were not finite when the layer read them; `weight`, a weight or a buffer of
            its was not; `output`, its result was not, though all that it read was finite.
        value: what the result is: `nan`, `inf` or `-inf`.
        tensor: the weight, as in `state_dict`; of an input its position or name, if there are several.
        operation: what was computed, `add`; None where it is a layer of PyTorch's, which says it.
        after, before: of such an operation, the layers that ran just before and just after it.
        use: which use of the layer it was, from 1 on; above 1 where a network uses a layer again.
        largest: the greatest magnitude among what it read, without weights; None if it read no numbers.
    """

    name: str
    kind: str
    what: Literal["input", "weight", "output"]
    value: str
    tensor: str = ""
    operation: str | None = None
    after: str | None = None
    before: str | None = None
    use: int = 1
    largest: float | None = None

    @property
    def place(self) -> str:
        """`conv3` (Conv2d), or `add` in `block1` (Basic), between `block1.bn2` and `block2.conv1`."""
        layer = f"`{self.name}` ({self.kind})" if self.name else f"the network ({self.kind})"
        if not self.name and self.kind == "loss":
            layer = "the loss"
        if self.use > 1:
            layer += f", used for the {_ordinal(self.use)} time"
        if self.operation is None:
            return layer
        where = ""
        if self.after and self.before:
            where = f", between `{self.after}` and `{self.before}`"
        elif self.after or self.before:
            where = f", {'after' if self.after else 'before'} `{self.after or self.before}`"
        return f"`{self.operation}` in {layer}{where}"

    @property
    def said(self) -> str:
        """One sentence without its full stop."""
        if self.what == "input":
            which = f" `{self.tensor}`" if self.tensor else ""
            return f"the data are to blame: the input{which} holds {self.value} before {self.place} reads it"
        if self.what == "weight":
            return f"`{self.tensor}` holds {self.value}, which {self.place} reads"
        read = ""
        if self.largest is not None:
            read = f", from finite weights and an input of at most {self.largest:.2g} in magnitude"
        comma = "," if ", " in self.place else ""
        return f"{self.place}{comma} is the first whose output is not finite: it holds {self.value}{read}"


def first_not_finite(
    module: nn.Module, inputs: Any, *, then: Callable[[Any], Any] | None = None
) -> Culprit | None:
    """Runs a network once more, in its mode and with the random state of the moment, and finds what made the
    first value that is not finite among those that reach its output.

    Nothing of it remains: buffers (the statistics of batch norms) and random states are what they were, and
    the network has no hooks more. Precision is that of the caller's `torch.autocast`.

    Args:
        module: the network.
        inputs: what it is called with: a tensor, a sequence of positional arguments, or a mapping of named
            ones.
        then: what follows, such as the loss: a function of the network's output. What goes wrong there is
            blamed on the layer called "", whose kind is "loss".

    Returns:
        None where what comes out is finite, or the network cannot be run again: by one process alone, where
        it needs others (synchronised norms, FSDP).
    """
    arguments, named = _arguments(inputs)
    if _needs_others(module):
        return None
    try:
        with _left_as_it_was(module), torch.no_grad():
            watch = _Watch(module, [*enumerate(arguments), *named.items()])
            with watch.hooks(), watch:
                output = module(*arguments, **named)
                if then is not None:
                    output = then(output)
    except (
        Exception
    ):  # a run that has failed is being explained, and an explanation must not fail it otherwise
        return None
    return watch.culprit(output)


def all_numbers(values: Iterable[object]) -> bool:
    """Whether no tensor among these, as those of a `state_dict`, holds a NaN or an infinity. The -inf of a
    mask is allowed.
    """
    return all(_flaw(value) in (None, "-inf") for value in values)


def magnitude(value: object) -> float | None:
    """The greatest magnitude in the tensors of what a network returns; None where there are none of finite
    floats.
    """
    found = [largest for tensor in _tensors(value) if (largest := _largest(tensor)) is not None]
    return max(found, default=None)


def _arguments(inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(inputs, Mapping):
        return (), dict(cast("Mapping[str, Any]", inputs))
    if isinstance(inputs, Sequence) and not isinstance(inputs, str):
        return tuple(cast("Sequence[Any]", inputs)), {}
    return (inputs,), {}


@dataclass(slots=True)
class _Origin:
    """Where a value that is not finite came from; the smallest number is the first."""

    number: int
    culprit: Culprit
    constant: bool  # made on purpose, as a mask's -inf


class _Watch(TorchFunctionMode):
    """Follows what is not finite through a run of a network."""

    def __init__(self, module: nn.Module, inputs: Sequence[tuple[int | str, Any]]) -> None:
        super().__init__()
        self._module = module
        self._names = {id(m): name for name, m in module.named_modules(remove_duplicate=True)}
        self._inputs = [
            (tensor, str(name) if len(inputs) > 1 else "")
            for name, value in inputs
            for tensor in _tensors(value)
        ]
        self._weights = {
            id(tensor): name
            for tensors in (module.named_parameters(), module.named_buffers())
            for name, tensor in tensors
        }
        self._origins = WeakTensorKeyDictionary()
        self._found: list[_Origin] = []
        self._inside: list[nn.Module] = []  # the running module is the last
        self._uses: dict[int, int] = {}
        self._after: str | None = None
        self._waiting: list[_Origin] = []  # for the name of the layer that comes next

    # ------------------------------------------------------------------ where in the network

    @contextmanager
    def hooks(self) -> Generator[None]:
        """Knows, for as long as it lasts, which module is running."""
        # those for all modules: a scripted one takes none of its own
        handles = (register_module_forward_pre_hook(self._enter), register_module_forward_hook(self._leave))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _enter(self, module: nn.Module, arguments: object) -> None:
        if id(module) not in self._names:  # made on the way
            return
        self._inside.append(module)
        self._uses[id(module)] = self._uses.get(id(module), 0) + 1
        if _is_leaf(module):
            for origin in self._waiting:
                origin.culprit = replace(origin.culprit, before=self._names[id(module)])
            self._waiting.clear()

    def _leave(self, module: nn.Module, arguments: object, output: object) -> None:
        if id(module) not in self._names:
            return
        if _is_leaf(module):
            # what was computed where no function of torch is seen, as a scripted layer does
            with torch._C.DisableTorchFunction():  # pyright: ignore[reportPrivateUsage]
                unseen = [tensor for tensor in _tensors(output) if tensor not in self._origins]
                self._look("", [*_tensors(arguments), *module.parameters()], unseen, constant=False)
            self._after = self._names[id(module)]
        self._inside.pop()

    # ------------------------------------------------------------------ what is computed

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        made = _tensors(result)
        if result is None and args:  # `x[i] = y`
            made = _tensors(args[0])
        if made:
            read = _tensors((args, kwargs))
            constant = not read or _has_infinity((args, kwargs))
            self._look(getattr(func, "__name__", str(func)), read, made, constant=constant)
        return result

    def _look(self, function: str, read: Sequence[Tensor], made: Sequence[Tensor], *, constant: bool) -> None:
        """Notes where those results came from that are not finite."""
        flaws = [(tensor, flaw) for tensor in made if (flaw := _flaw(tensor)) is not None]
        whole = [tensor for tensor in made if all(tensor is not other for other, _ in flaws)]
        if flaws:
            origin = self._origin(function, read, made, flaws[0][1], constant)
            for tensor, _ in flaws:
                self._origins[tensor] = origin
        for tensor in whole:
            self._origins.pop(tensor, None)

    def _origin(
        self, function: str, read: Sequence[Tensor], made: Sequence[Tensor], flaw: str, constant: bool
    ) -> _Origin:
        """What a result that is not finite comes from: something that was read, or what is done here."""
        known = [origin for tensor in read if (origin := self._origins.get(tensor)) is not None]
        for tensor in read:
            if tensor not in self._origins and (found := _flaw(tensor)) is not None:
                origin = self._from_outside(function, tensor, found)
                if origin is not None:
                    self._origins[tensor] = origin
                    known.append(origin)
        guilty = [origin for origin in known if not origin.constant]
        # inf - inf is the fault of the inf, but a softmax over nothing but a mask's -inf is one of its own
        if not guilty and (
            not known or (flaw == "nan" and not any(_flaw(tensor) == "nan" for tensor in read))
        ):
            here = [] if constant else read
            return self._new(function, "output", flaw, read=here, constant=constant)
        return min(guilty or known, key=lambda origin: origin.number)

    def _from_outside(self, function: str, tensor: Tensor, flaw: str) -> _Origin | None:
        """The origin of what was not computed: an input or a weight. A mask of infinities may be meant."""
        name = self._weights.get(id(tensor))
        if name is not None:
            constant = flaw == "-inf" and not isinstance(tensor, nn.Parameter)
            return self._new(function, "weight", flaw, tensor=name, constant=constant)
        for given, position in self._inputs:
            if given is tensor:
                return self._new(function, "input", flaw, tensor=position, constant=False)
        return None

    def _new(
        self,
        function: str,
        what: Literal["input", "weight", "output"],
        flaw: str,
        *,
        tensor: str = "",
        read: Sequence[Tensor] = (),
        constant: bool,
    ) -> _Origin:
        module = self._inside[-1] if self._inside else None
        block = module is None or not (_is_leaf(module) and type(module).__module__.startswith("torch."))
        culprit = Culprit(
            name=self._names[id(module)] if module is not None else "",
            kind=type(module).__name__ if module is not None else "loss",
            what=what,
            value=flaw,
            tensor=tensor,
            operation=_plain_name(function) if block else None,
            after=self._after if block else None,
            use=self._uses[id(module)] if module is not None else 1,
            largest=magnitude(self._computed(read)),
        )
        origin = _Origin(len(self._found), culprit, constant)
        self._found.append(origin)
        if block:
            self._waiting.append(origin)
        return origin

    def _computed(self, read: Sequence[Tensor]) -> list[Tensor]:
        return [tensor for tensor in read if id(tensor) not in self._weights]

    # ------------------------------------------------------------------ in the end

    def culprit(self, output: Any) -> Culprit | None:
        """What the output's first value that is not finite came from."""
        tensors = _tensors(output)
        flawed = [tensor for tensor in tensors if _flaw(tensor) is not None]
        origins = [origin for tensor in flawed if (origin := self._origins.get(tensor)) is not None]
        if not tensors:  # the network returns something of its own
            origins = [origin for origin in self._found if not origin.constant]
        if flawed and not origins:  # nothing of what it does was seen
            kind = type(self._module).__name__
            return Culprit("", kind, "output", cast("str", _flaw(flawed[0])))
        guilty = [origin for origin in origins if not origin.constant] or origins
        return min(guilty, key=lambda origin: origin.number).culprit if guilty else None


@contextmanager
def _left_as_it_was(module: nn.Module) -> Generator[None]:
    """Lends the network copies of its buffers, and puts random states back in the end."""
    scripted = [each for each in module.modules() if isinstance(each, torch.jit.ScriptModule)]
    values = [(buffer, buffer.clone()) for each in scripted for buffer in each.buffers()]
    others = [each for each in module.modules() if not isinstance(each, torch.jit.ScriptModule)]
    kept = [(each._buffers, dict(each._buffers)) for each in others]  # pyright: ignore[reportPrivateUsage]
    copies: dict[int, Tensor] = {}  # a buffer that two layers share stays shared
    states = random_states()
    try:
        for buffers, originals in kept:
            for name, buffer in originals.items():
                if buffer is not None:
                    buffers[name] = copies.setdefault(id(buffer), buffer.clone())
        yield
    finally:
        restore_states(states)
        for buffers, originals in kept:
            buffers.clear()
            buffers.update(originals)
        for buffer, value in values:  # theirs cannot be exchanged
            buffer.copy_(value)


def _needs_others(module: nn.Module) -> bool:
    """Whether a run of it waits for other processes, which do not run it now."""
    distributed = torch.distributed.is_available() and torch.distributed.is_initialized()
    if not distributed or torch.distributed.get_world_size() == 1:
        return False
    waiting = ("SyncBatchNorm", "DistributedDataParallel", "FullyShardedDataParallel")
    sharded = any(type(parameter).__name__ == "DTensor" for parameter in module.parameters())
    return sharded or any(type(each).__name__ in waiting for each in module.modules())


def _is_leaf(module: nn.Module) -> bool:
    return next(module.children(), None) is None or isinstance(module, torch.jit.ScriptModule)


def _tensors(value: Any) -> list[Tensor]:
    """The tensors in what functions take and return: sequences, mappings and plain objects of them."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, Mapping):
        return [tensor for item in cast("Mapping[Any, Any]", value).values() for tensor in _tensors(item)]
    if isinstance(value, list | tuple):
        return [tensor for item in cast("Sequence[Any]", value) for tensor in _tensors(item)]
    if hasattr(value, "__dataclass_fields__"):
        return [tensor for item in vars(value).values() for tensor in _tensors(item)]
    return []


def _has_infinity(value: Any) -> bool:
    """Whether a number among the arguments is infinite, as in `masked_fill(mask, -inf)`."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, Mapping):
        return any(_has_infinity(item) for item in cast("Mapping[Any, Any]", value).values())
    return isinstance(value, list | tuple) and any(
        _has_infinity(item) for item in cast("Sequence[Any]", value)
    )


def _flaw(value: object) -> str | None:
    """`nan`, `inf` or `-inf`, if a tensor of floats holds one, in this order; else None."""
    if not isinstance(value, Tensor) or not (value.is_floating_point() or value.is_complex()):
        return None
    if value.is_meta or value.layout != torch.strided or bool(torch.isfinite(value).all()):
        return None
    if bool(torch.isnan(value).any()):
        return "nan"
    return "inf" if value.is_complex() or bool(torch.isposinf(value).any()) else "-inf"


def _largest(tensor: Tensor) -> float | None:
    """The greatest magnitude of a tensor of floats that are finite."""
    if not tensor.is_floating_point() or not tensor.numel() or _flaw(tensor) is not None:
        return None
    return float(tensor.abs().max())


def _plain_name(function: str) -> str:
    """`add` of `__iadd__`."""
    name = function.strip("_") or "an operation"
    if function.startswith("__") and name[:1] in "ir" and name[1:] in _OPERATORS:
        return name[1:]
    return name


_OPERATORS = ("add", "sub", "mul", "truediv", "floordiv", "pow", "matmul", "mod")


def _ordinal(number: int) -> str:
    ending = "th" if 10 < number % 100 < 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
