"""How weights begin: the `init` of a recipe, laid over what the layers made of themselves.

A value begins from its own random numbers, which follow from the seed and the name of the parameter alone:
the order of modules, and what else is initialised, change nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor, nn

from ogive.diagnostics import ArchError, Diagnostic, Label, did_you_mean
from ogive.graph import Graph
from ogive.layers.library import Library
from ogive.recipes.base import Value
from ogive.recipes.init import (
    Constant,
    Init,
    KaimingNormal,
    KaimingUniform,
    Normal,
    Ones,
    Orthogonal,
    TruncNormal,
    Uniform,
    XavierNormal,
    XavierUniform,
    Zeros,
)
from ogive.recipes.printing import written
from ogive.render import visible
from ogive.source import Span
from ogive.train.owners import Owner, glob, owners, role
from ogive.train.seeds import WEIGHTS, derived

_ASIDE = frozenset({"norm", "act", "shape"})
"""Groups whose weights, a number for each channel, are meant only where a pattern names their layers."""
_LISTED = 16
"""Names that a diagnostic shows."""


def initialise(
    module: nn.Module,
    inits: Sequence[Value],
    graph: Graph | None = None,
    seed: int = 0,
    *,
    span: Span | None = None,
) -> dict[str, str]:
    """Lets weights and biases begin as a recipe says; the later of two values that apply to one wins.

    Fans are those of `torch.nn.init`: of a weight [a, b, …] the first axis counts as outputs and the second
    as inputs, also in groups and in transposed convolutions, and the slices of a clique have their own. A
    normal distribution is cut at two standard deviations from its mean.

    A pattern of `layers` is a kind (`conv`), a group (`norm`), or a name, in which `*` stands for anything:
    of a layer, or of a part of the net and so of all layers in it. `conv` covers all convolutions. Norms,
    learned activations and scales are meant only by patterns that name them (`bn`, `*.bn2`), not by a part
    around them, and not where `layers` is left out. The weight of a layer with an `init` of its own is left
    alone.

    Args:
        module: the network, filled in place, on whichever device it is.
        inits: the values of `init`.
        graph: what the module was compiled from: its names and kinds. Without it, names are paths of modules
            and kinds are told by PyTorch's classes.
        seed: of the random numbers.
        span: where the recipe says it, for what is wrong with it.

    Returns:
        What each parameter began as, by its name in the module: `{"conv1.weight": "normal(std = 0.01)"}`.

    Raises:
        ArchError: E560, for each pattern that applies to nothing, unless biases alone are what is not there.
    """
    parameters = dict(module.named_parameters())
    known = owners(module, graph)
    chosen: dict[str, Init] = {}
    wrong: list[Diagnostic] = []
    for init in inits:
        if not isinstance(init, Init):
            continue
        for pattern in _patterns(init):
            found = [
                name
                for name, owner in known.items()
                if _applies(init, pattern, owner, parameters[name], name)
            ]
            wrong += _nothing(init, pattern, known, parameters) if not found and pattern is not None else ()
            chosen |= dict.fromkeys((name for name in found if not _has_own(known[name], name)), init)
    if wrong:
        labels = (Label(span, "said here"),) if span is not None else ()
        raise ArchError(replace(each, labels=labels) for each in wrong)
    for name, init in chosen.items():
        _fill(parameters[name], init, _generator(seed, name))
    _keep_padding(module, chosen)
    return {name: _text(chosen[name]) for name in known if name in chosen}


def _patterns(init: Init) -> Sequence[str | None]:
    """The patterns of an initialiser; None stands for all layers."""
    if init.layers is None:
        return (None,)
    return (init.layers,) if isinstance(init.layers, str) else init.layers


# --------------------------------------------------------------------------- what a pattern means


def _applies(init: Init, pattern: str | None, owner: Owner, parameter: Tensor, name: str) -> bool:
    """Whether an initialiser is about a parameter."""
    if role(name) != init.of or (_needs_fans(init) and parameter.dim() < 2):
        return False
    vector = sum(size > 1 for size in parameter.shape) < 2
    if owner.group in _ASIDE or (owner.group is None and vector and init.of == "weight"):
        return pattern is not None and _names(pattern, owner)
    return pattern is None or _names(pattern, owner) or _covers(pattern, owner)


def _needs_fans(init: Init) -> bool:
    """Whether it scales with the sizes of a weight, which then has two axes or more."""
    return isinstance(init, KaimingNormal | KaimingUniform | XavierNormal | XavierUniform | Orthogonal)


def _names(pattern: str, owner: Owner) -> bool:
    """Whether a pattern is the kind or the group of a layer, or speaks of its name to the last part."""
    if pattern in owner.kinds or pattern == owner.group:
        return True
    last = pattern.rpartition(".")[2]
    return last.strip("*") != "" and any(
        glob(pattern).fullmatch(name) and glob(last).fullmatch(name.rpartition(".")[2])
        for name in owner.names
    )


def _covers(pattern: str, owner: Owner) -> bool:
    """Whether a pattern is the name of a layer, or of a part of the net that it stands in."""
    return any(glob(pattern).fullmatch(part) for name in owner.names for part in _parts(name))


def _parts(name: str) -> Iterable[str]:
    """`a`, `a.b` and `a.b.c` for `a.b.c`."""
    words = name.split(".")
    return (".".join(words[:end]) for end in range(1, len(words) + 1))


def _has_own(owner: Owner, name: str) -> bool:
    """Whether the net itself says how a parameter begins: a layer's `init` is about its weights."""
    return owner.own and role(name) == "weight"


# --------------------------------------------------------------------------- values


def _generator(seed: int, name: str) -> torch.Generator:
    """Random numbers for one parameter."""
    digest = hashlib.sha256(name.encode()).digest()
    return torch.Generator().manual_seed(derived(seed, WEIGHTS, int.from_bytes(digest[:16])))


@torch.no_grad()
def _fill(parameter: nn.Parameter, init: Init, generator: torch.Generator) -> None:
    """Draws on the CPU and in the order of the axes, so that device and memory layout change nothing."""
    wide = parameter.dtype if parameter.dtype == torch.float64 else torch.float32
    values = torch.empty(parameter.shape, dtype=wide)
    if values.numel():
        _function(init, generator)(values)
    parameter.copy_(values)


def _function(init: Init, generator: torch.Generator) -> Callable[[Tensor], Tensor]:
    """The function of `torch.nn.init`, with its arguments."""
    match init:
        case Normal():
            return partial(nn.init.normal_, mean=init.mean, std=init.std, generator=generator)
        case TruncNormal() if init.std == 0:
            return partial(nn.init.constant_, val=init.mean)
        case TruncNormal():
            a, b = init.mean - 2 * init.std, init.mean + 2 * init.std
            return partial(nn.init.trunc_normal_, mean=init.mean, std=init.std, a=a, b=b, generator=generator)
        case Uniform():
            return partial(nn.init.uniform_, a=init.a, b=init.b, generator=generator)
        case KaimingNormal():
            return partial(nn.init.kaiming_normal_, mode=init.mode, nonlinearity="relu", generator=generator)
        case KaimingUniform():
            return partial(nn.init.kaiming_uniform_, mode=init.mode, nonlinearity="relu", generator=generator)
        case XavierNormal():
            return partial(nn.init.xavier_normal_, gain=init.gain, generator=generator)
        case XavierUniform():
            return partial(nn.init.xavier_uniform_, gain=init.gain, generator=generator)
        case Orthogonal():
            return partial(nn.init.orthogonal_, gain=init.gain, generator=generator)
        case Constant():
            return partial(nn.init.constant_, val=init.val)
        case Zeros():
            return nn.init.zeros_
        case Ones():
            return nn.init.ones_
        case _:
            raise TypeError(f"{type(init).__name__} is no initialiser of a recipe")


@torch.no_grad()
def _keep_padding(module: nn.Module, chosen: Mapping[str, Init]) -> None:
    """The vector that fills up sequences stays zero."""
    for path, part in module.named_modules():
        name = f"{path}.weight" if path else "weight"
        if isinstance(part, nn.Embedding) and part.padding_idx is not None and name in chosen:
            part.weight[part.padding_idx].zero_()


# --------------------------------------------------------------------------- what is said


def _text(init: Init, *, pattern: str | None = None) -> str:
    """`normal(std = 0.01)`; with a pattern, what it was to apply to as well."""
    specs = {argument.name: argument for argument in init.arguments()}
    given = {name: value for name, value in init.given().items() if name not in {"of", "layers"}}
    shown = [f"{name} = {written(value, specs[name])}" for name, value in given.items()]
    if pattern is not None:
        shown += ["of = bias"] if init.of == "bias" else []
        shown.append(f"layers = {written(pattern, None)}")
    return f"{init.kind}({', '.join(shown)})" if shown else init.kind


def _nothing(
    init: Init, pattern: str, known: Mapping[str, Owner], parameters: Mapping[str, Tensor]
) -> list[Diagnostic]:
    """What is said of a pattern that applies to nothing; nothing where it speaks of layers whose bias was
    left out, before a batch norm or on request: an edit that inserts norms is no mistake of the recipe.
    """
    said = f"`{visible(_text(init, pattern=pattern))}`"
    here = [
        (name, owner) for name, owner in known.items() if _names(pattern, owner) or _covers(pattern, owner)
    ]
    these = [(name, owner) for name, owner in here if role(name) == init.of]
    without = {owner for _, owner in here} - {owner for _, owner in these}
    if init.of == "bias" and any(owner.group not in _ASIDE for owner in without):
        return []
    if _needs_fans(init) and any(parameters[name].dim() < 2 for name, _ in these):
        shown = _listed(owner.names[0] for _, owner in these)
        message = f"{said} needs a weight of two axes or more, and there is none in {shown}"
        return [Diagnostic("E560", message, help="`constant`, `normal`, `uniform`, `zeros` or `ones`")]
    if these:
        shown = _listed(owner.names[0] for _, owner in these)
        message = f"{said} would set norms and scales alone, which it does not name: {shown}"
        first = these[0][1]
        help_ = f'name them: `layers = "{(first.kinds or first.names)[0]}"`'
        return [Diagnostic("E560", message, help=help_)]
    if here:
        shown = _listed(owner.names[0] for _, owner in here)
        return [Diagnostic("E560", f"{said} finds no {init.of}: there is none in {shown}")]
    able = [owner for name, owner in known.items() if role(name) == init.of]
    words = {
        "kinds": dict.fromkeys(kind for owner in able for kind in owner.kinds),
        "groups": dict.fromkeys(owner.group for owner in able if owner.group is not None),
        "layers": dict.fromkeys(owner.names[0] for owner in able),
    }
    notes = tuple((what, _listed(names)) for what, names in words.items() if names)
    plain = pattern.strip("*.")
    ours = Library.standard().alias(plain)
    every = {word for names in words.values() for word in names}
    guess = ours if ours in every else did_you_mean(plain, every) if plain else None
    message = f"{said} finds no layer: none is called `{visible(pattern)}`, or is of that kind"
    return [Diagnostic("E560", message, (), notes, f"did you mean `{guess}`?" if guess else None)]


def _listed(names: Iterable[str]) -> str:
    every = list(dict.fromkeys(names))
    more = len(every) - _LISTED
    return ", ".join(every[:_LISTED]) + (f" and {more} more" if more > 0 else "")
