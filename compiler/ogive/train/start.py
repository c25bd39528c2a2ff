"""What a training starts from: weights of another run, and the parts of a net that stay as they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.graph import Graph
from ogive.render import visible
from ogive.train.owners import glob, is_norm, owners

WEIGHTS = "weights.safetensors"
"""The file of a run's folder that holds its best weights."""
_PICKLES = frozenset({".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth", ".tar"})
_LISTED = 12


@dataclass(frozen=True, slots=True)
class Different:
    """A tensor that a file has in another shape."""

    name: str
    here: tuple[int, ...]
    there: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.name} ({_sizes(self.there)} in the file, {_sizes(self.here)} here)"


@dataclass(frozen=True, slots=True)
class Started:
    """How the weights of a file met those of a network.

    Attributes:
        path: the file.
        copied: names that fitted.
        missing: those of the network that the file has not; they begin as they were.
        unexpected: those of the file that the network has not.
        different: those of both, in different shapes; they begin as they were, too.
    """

    path: Path
    copied: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    different: tuple[Different, ...]

    def lines(self) -> list[str]:
        """What to tell the user: how many tensors were copied, and every name that met none."""
        total = len(self.copied) + len(self.missing) + len(self.different)
        lines = [f"{len(self.copied)} of {total} tensors from {visible(str(self.path))}"]
        for what, names in (
            ("not in the file", self.missing),
            ("only in the file", self.unexpected),
            ("of another shape", [str(each) for each in self.different]),
        ):
            lines += [f"{what}: {visible(', '.join(names))}"] if names else []
        return lines


def start_from(module: nn.Module, path: Path) -> Started:
    """Copies weights and statistics into a network, by their names, where the shapes are the same.

    Nothing in the file is executed. Numbers are rounded to the types that the network has; a weight that it
    has under several names may have any of them in the file.

    Args:
        module: the network, on any device.
        path: a file of safetensors, or the folder of a run that has `weights.safetensors`.

    Raises:
        ArchError: E561, it is no such file, or is damaged; E562, no weight of it fits.
    """
    file = _file(path)
    state: dict[str, Tensor] = module.state_dict(keep_vars=True)
    parameters = {id(parameter) for parameter in module.parameters()}
    copied: list[str] = []
    different: list[Different] = []
    met: set[int] = set()  # tensors, which may have several names
    try:
        with safe_open(file, framework="pt") as there, torch.no_grad():
            names: list[str] = sorted(there.keys())
            for name in names:
                if name not in state:
                    continue
                tensor = state[name]
                shape = tuple(int(size) for size in there.get_slice(name).get_shape())
                if shape == tuple(tensor.shape):
                    tensor.copy_(there.get_tensor(name))
                    copied.append(name)
                    met.add(id(tensor))
                else:
                    different.append(Different(name, tuple(tensor.shape), shape))
    except (SafetensorError, OSError) as error:
        raise _unreadable(file, str(error)) from None
    here = {each.name for each in different}
    missing = [name for name, tensor in state.items() if name not in here and id(tensor) not in met]
    unexpected = [name for name in names if name not in state]
    started = Started(file, tuple(copied), tuple(missing), tuple(unexpected), tuple(different))
    if parameters and not met & parameters:
        raise ArchError([_nothing_fits(started)])
    return started


# --------------------------------------------------------------------------- files


def _file(path: Path) -> Path:
    """The file that a path means.

    Raises:
        ArchError: E561.
    """
    shown = visible(str(path))
    if path.is_dir():
        if (path / WEIGHTS).is_file():
            return path / WEIGHTS
        files = sorted(each.name for each in path.glob("*.safetensors"))
        run = (path / "run.json").is_file()
        message = f"`{shown}` holds no `{WEIGHTS}`" + (": that run has not come so far" if run else "")
        raise _refused(message, f"it has `{visible(str(path / files[0]))}`" if files else None)
    if not path.exists():
        raise _refused(f"there is no file `{shown}`")
    if path.suffix.lower() in _PICKLES or _is_pickle(path):
        raise _pickle(path)
    return path


def _is_pickle(path: Path) -> bool:
    """Whether a file begins as those of `torch.save` do: a zip archive, or a pickle of protocol 2 to 5.

    One of safetensors begins with the length of its header in 8 bytes, of which the first may be such.
    """
    try:
        with path.open("rb") as file:
            begins = file.read(9)
            size = path.stat().st_size
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from None
    if begins[8:] == b"{" and int.from_bytes(begins[:8], "little") < size:
        return False
    return begins[:4] == b"PK\x03\x04" or (len(begins) >= 2 and begins[0] == 0x80 and 2 <= begins[1] <= 5)


def _pickle(path: Path) -> ArchError:
    shown = visible(str(path))
    run = path.parent.parent
    if path.parent.name == "checkpoints" and (run / WEIGHTS).is_file():
        message = f"`{shown}` is a checkpoint, to resume its run from; its weights are beside it"
        return _refused(message, f"`{visible(str(run / WEIGHTS))}`")
    source, target = repr(str(path)), repr(str(path.with_suffix(".safetensors")))
    code = f"safetensors.torch.save_file(torch.load({source}, weights_only=True), {target})"
    note = 'where the file holds more than a state, take that out: `torch.load(…)["state_dict"]`'
    return _refused(
        f"`{shown}` is a pickle, which could run code when it is read: only safetensors are read",
        f"convert it once, in Python: `{visible(code)}`",
        (("note", note),),
    )


def _unreadable(path: Path, reason: str) -> ArchError:
    return _refused(f"`{visible(str(path))}` is no file of safetensors, or is damaged: {visible(reason)}")


def _refused(message: str, help_: str | None = None, notes: tuple[tuple[str, str], ...] = ()) -> ArchError:
    return ArchError([Diagnostic("E561", message, notes=notes, help=help_)])


def _nothing_fits(started: Started) -> Diagnostic:
    """What is said where no weight has name and shape in common."""
    notes: list[tuple[str, str]] = []
    help_ = None
    if started.different:
        notes.append(("shapes", _listed(str(each) for each in started.different)))
        help_ = "the net with the arguments that those weights were trained with: `--set NAME=VALUE`"
    if started.unexpected:
        notes += [("file", _listed(started.unexpected)), ("net", _listed(started.missing))]
        prefix = _prefix(started)
        if prefix is not None:
            help_ = (
                f"the names in the file begin with `{prefix}`: save it without, "
                f"`{{k.removeprefix({prefix!r}): v for k, v in state.items()}}`"
            )
        elif not started.different:
            help_ = "weights of another program's module: `ogive.transfer` matches what the two compute"
    message = f"no weight of `{visible(str(started.path))}` has name and shape in common with the net"
    return Diagnostic("E562", message, notes=tuple(notes), help=help_)


def _prefix(started: Started) -> str | None:
    """What stands before names of the file that would fit without it: `module.`, `network.`."""
    wanted = set(started.missing)
    for name in started.unexpected:
        parts = name.split(".")
        for begin in range(1, len(parts)):
            if ".".join(parts[begin:]) in wanted:
                return ".".join(parts[:begin]) + "."
    return None


# --------------------------------------------------------------------------- freezing


@dataclass(frozen=True, slots=True)
class Frozen:
    """What is not trained.

    Attributes:
        parameters: names of the parameters.
        norms: names of the norms, whose statistics stay as well.
    """

    parameters: tuple[str, ...] = ()
    norms: tuple[str, ...] = ()

    def line(self) -> str:
        """What to tell the user: `not trained: conv1.bias, conv1.weight`."""
        shown = sorted(self.parameters)[:_LISTED]
        more = f" and {len(self.parameters) - _LISTED} more" if len(self.parameters) > _LISTED else ""
        return f"not trained: {visible(', '.join(shown))}{more}"

    def hold(self, module: nn.Module) -> None:
        """Keeps the frozen norms in evaluation mode; to be called after every `module.train()`."""
        for name in self.norms:
            module.get_submodule(name).eval()


def freeze(module: nn.Module, patterns: Sequence[str], graph: Graph | None = None) -> Frozen:
    """Freezes parts of a network: their parameters need no gradient from now on, and their norms are put in
    evaluation mode.

    Args:
        module: the network.
        patterns: names of parameters, of layers or of parts around them, in which `*` stands for anything:
            `conv1*` is conv1 and conv10, `stem` and `stem.*` are all of the stem.
        graph: what the module was compiled from; its names (`3a`) then do as well as the module's (`_3a`).

    Raises:
        ArchError: E563, for each pattern that freezes nothing; or where nothing would be left to train.
    """
    called = _names(module, graph)
    norms = {name: part for name, part in module.named_modules() if is_norm(part)}
    frozen: dict[str, nn.Parameter] = {}
    still: set[str] = set()
    wrong: list[Diagnostic] = []
    named = dict(module.named_parameters(remove_duplicate=False))
    for pattern in patterns:
        matches = glob(pattern).fullmatch
        found = {name for name, names in called.items() if any(matches(part) for part in names)}
        hit = {name: parameter for name, parameter in named.items() if name in found}
        if not hit:
            wrong.append(_freezes_nothing(pattern, called, found))
        frozen |= hit
        still |= {name for name in norms if name in found}
    ids = {id(parameter) for parameter in frozen.values()}
    if not wrong and not any(p.requires_grad and id(p) not in ids for p in module.parameters()):
        wrong.append(nothing_to_train(module))
    if wrong:
        raise ArchError(wrong)
    for parameter in frozen.values():
        parameter.requires_grad_(False)
    for name, part in norms.items():
        own = list(part.parameters(recurse=False))
        if own and not any(parameter.requires_grad for parameter in own):
            still.add(name)
    result = Frozen(
        tuple(name for name, parameter in module.named_parameters() if id(parameter) in ids),
        tuple(name for name in norms if name in still),
    )
    result.hold(module)
    return result


def nothing_to_train(module: nn.Module) -> Diagnostic:
    """What is said of a network in which no parameter is trained."""
    if next(module.parameters(), None) is None:
        return Diagnostic("E563", "the net has no parameter to train")
    return Diagnostic("E563", "every parameter of the net is frozen", help="leave a part of it to train")


def _names(module: nn.Module, graph: Graph | None) -> dict[str, list[str]]:
    """For each parameter and module what it is called, and what the parts around it are."""
    own = {name: name for name, _ in module.named_parameters(remove_duplicate=False)}
    own |= {name: name for name, _ in module.named_modules() if name}
    found = {name: _parts(name) for name in own}
    for name, owner in owners(module, graph).items() if graph is not None else ():
        leaf = name.rpartition(".")[2]
        for other in owner.names:
            found[name] += [*_parts(other), f"{other}.{leaf}"]
            path = name.rpartition(".")[0]
            if path in found:
                found[path] += _parts(other)
    return found


def _parts(name: str) -> list[str]:
    words = name.split(".")
    return [".".join(words[:end]) for end in range(1, len(words) + 1)]


def _freezes_nothing(pattern: str, called: Mapping[str, list[str]], found: Iterable[str]) -> Diagnostic:
    """What is said of a pattern that freezes nothing."""
    matched = sorted(found)
    if matched:
        message = f"`{visible(pattern)}` freezes nothing: {_listed(matched)} has no parameter"
        return Diagnostic("E563", message)
    top = dict.fromkeys(name.partition(".")[0] for name in called)
    plain = pattern.strip("*.")
    guess = did_you_mean(plain, called) if plain else None
    message = f"`{visible(pattern)}` freezes nothing: no part, layer or parameter is called so"
    help_ = f"did you mean `{guess}`?" if guess else None
    return Diagnostic("E563", message, notes=(("parts", _listed(top)),), help=help_)


def _sizes(shape: Sequence[int]) -> str:
    return "x".join(str(size) for size in shape) or "a scalar"


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = len(every) - _LISTED
    return visible(", ".join(every[:_LISTED]) + (f" and {more} more" if more > 0 else ""))
