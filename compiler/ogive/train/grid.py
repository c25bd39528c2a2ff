"""What a sweep trains: targets, times arguments, times edits, times settings, times seeds. Imports no torch.

Pure: what the names mean is found out elsewhere.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ogive.train.rundir import file_name

Pairs = tuple[tuple[str, str], ...]
"""Names and texts, in order."""
Alternatives = tuple[tuple[str, tuple[str, ...]], ...]
"""Names, each with the texts to be tried in turn."""

_UNDERSCORES = re.compile("__+")
_LONGEST = 40
"""Characters of a name of a folder that one factor may have."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One point of the grid but for the seed: a line of the table.

    Attributes:
        target: the network, as on the command line.
        arguments: of the net, as expressions of the language.
        edit: of the net; empty for the net as it is written.
        settings: what of the recipe this variant has for itself; `recipe` is its name.
    """

    target: str
    arguments: Pairs = ()
    edit: str = ""
    settings: Pairs = ()


@dataclass(frozen=True, slots=True)
class Grid:
    """All that a sweep trains.

    Attributes:
        targets: networks, as on the command line.
        arguments: alternatives for arguments of the nets, each combined with each.
        edits: alternative rewritings; an empty one is the net as it is written.
        settings: alternatives for settings of the recipe, each combined with each.
        seeds: each variant is trained once with each.
        recipe: the name of the recipe of all; none is the default one.
        flags: what is said over the recipe of all.
        input: the shape of the input over the declared one, as `1x32x32`.
        init_from, freeze: as `ogive train` takes them.
    """

    targets: tuple[str, ...]
    arguments: Alternatives = ()
    edits: tuple[str, ...] = ("",)
    settings: Alternatives = ()
    seeds: tuple[int, ...] = (0,)
    recipe: str | None = None
    flags: Pairs = ()
    input: str | None = None
    init_from: str | None = None
    freeze: tuple[str, ...] = ()

    def variants(self) -> list[Variant]:
        """Its points without the seeds, the last factor changing fastest."""
        return [
            Variant(target, arguments, edit, settings)
            for target, arguments, edit, settings in itertools.product(
                self.targets, _combined(self.arguments), self.edits, _combined(self.settings)
            )
        ]

    def factors(self, variant: Variant) -> Pairs:
        """What tells a variant from the others: headings, and what stands below them in the table."""
        found = [("net", self._net(variant))] if len(self.targets) > 1 else []
        found += [
            (n, v)
            for (n, v), (_, all_) in zip(variant.arguments, self.arguments, strict=True)
            if len(all_) > 1
        ]
        if len(self.edits) > 1:
            found.append(("edit", variant.edit or "as written"))
        found += [
            (n, v) for (n, v), (_, all_) in zip(variant.settings, self.settings, strict=True) if len(all_) > 1
        ]
        return tuple(found) or (("net", variant.target),)

    def _net(self, variant: Variant) -> str:
        """Its target; of nets of one file, `dir/resnet.arch:resnet18`, what stands behind the colon."""
        files = {target.rpartition(":")[0] for target in self.targets}
        return variant.target.rpartition(":")[2] if len(files) == 1 else variant.target

    def label(self, variant: Variant) -> str:
        """What tells a variant from the others, in a line."""
        alone = ("net", "edit", "recipe", "optimizer", "schedule", "loss", "data")
        return ", ".join(v if n in alone else f"{n} = {v}" for n, v in self.factors(variant))

    def folder(self, variant: Variant, seed: int) -> str:
        """The name of the folder of a run; two variants may have the same."""
        parts = [v if n in ("net", "edit") else f"{n}_{v}" for n, v in self.factors(variant)]
        parts += [f"seed{seed}"] if len(self.seeds) > 1 else []
        return "-".join(
            _UNDERSCORES.sub("_", file_name(part))[:_LONGEST].strip("._") or "x" for part in parts
        )

    def to_json(self) -> dict[str, Any]:
        """As sweep.json has it."""
        return {
            "targets": list(self.targets),
            "set": {name: list(values) for name, values in self.arguments},
            "edits": list(self.edits),
            "vary": {name: list(values) for name, values in self.settings},
            "seeds": list(self.seeds),
            "recipe": self.recipe,
            "flags": [list(pair) for pair in self.flags],
            "input": self.input,
            "init_from": self.init_from,
            "freeze": list(self.freeze),
        }

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Grid:
        """Out of sweep.json.

        Raises:
            KeyError, TypeError, ValueError: it is none.
        """
        return cls(
            targets=_texts(found["targets"]),
            arguments=tuple((str(name), _texts(values)) for name, values in found["set"].items()),
            edits=_texts(found["edits"]),
            settings=tuple((str(name), _texts(values)) for name, values in found["vary"].items()),
            seeds=tuple(int(seed) for seed in found["seeds"]),
            recipe=found["recipe"],
            flags=tuple((str(name), str(text)) for name, text in found["flags"]),
            input=found["input"],
            init_from=found["init_from"],
            freeze=_texts(found["freeze"]),
        )


def variant_to_json(variant: Variant) -> dict[str, Any]:
    """A variant as sweep.json and `--json` have it."""
    return {
        "target": variant.target,
        "set": dict(variant.arguments),
        "edit": variant.edit or None,
        "vary": dict(variant.settings),
    }


def _combined(alternatives: Alternatives) -> list[Pairs]:
    names = [name for name, _ in alternatives]
    return [
        tuple(zip(names, values, strict=True))
        for values in itertools.product(*(values for _, values in alternatives))
    ]


def _texts(values: Sequence[object]) -> tuple[str, ...]:
    if isinstance(values, str):
        raise TypeError("a list of texts is needed")
    return tuple(str(value) for value in values)
