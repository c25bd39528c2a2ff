"""What trains a run of a sweep: from a point of the grid to a network, a recipe, and a finished folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ogive.cli.target import Settings, parse_settings, with_plugins
from ogive.diagnostics import ArchError, Diagnostic
from ogive.recipes.forms import VARY, Given
from ogive.render import visible
from ogive.train.grid import Grid, Variant
from ogive.train.machine import Machine
from ogive.train.sweep import Run

if TYPE_CHECKING:
    from rich.console import Console

    from ogive.network import Network
    from ogive.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Meant:
    """What a variant comes to.

    Attributes:
        network: of its files, arguments and edits, what makes the network; as run.json has it.
        recipe: the whole recipe but for the seed.
    """

    network: Mapping[str, Any]
    recipe: str


@dataclass(frozen=True)
class Trains:
    """Trains the runs of a grid.

    Attributes:
        grid: what.
        machine: where.
        plugins: files with layers of the user's own.
        jobs: processes that train at the same time; a single one shows its progress, and uses all cores.
    """

    grid: Grid
    machine: Machine
    plugins: tuple[str, ...] = ()
    jobs: int = 1

    @cached_property
    def _library(self) -> Settings:
        """The layers there are; a plugin is run once."""
        return with_plugins(Settings({}, None), self.plugins)

    @property
    def digests(self) -> dict[str, str]:
        """The plugins, each with its SHA-256."""
        return {str(plugin.path): plugin.digest for plugin in self._library.plugins}

    def network(self, variant: Variant) -> Network:
        """The network of a variant.

        Raises:
            ArchError: it cannot be compiled.
            click.UsageError: the target is a file with several nets; a setting is none.
        """
        written = tuple(f"{name}={value}" for name, value in variant.arguments)
        settings = parse_settings(written, self.grid.input, (variant.edit,) if variant.edit else ())
        known = self._library
        return replace(settings, library=known.library, plugins=known.plugins).load(variant.target)

    def recipe(self, variant: Variant, seed: int, network: Network) -> Recipe:
        """Its recipe, in full.

        Raises:
            ArchError: there is none of that name, or something is wrong in it.
        """
        from ogive.cli.train import recipe_of
        from ogive.recipes.whole import whole

        own = dict(variant.settings)
        name = own.pop("recipe", self.grid.recipe)
        varied = [Given(setting, text, VARY) for setting, text in own.items()]
        flags = (*self.grid.flags, *varied, ("seed", str(seed)))
        return whole(recipe_of(name, flags, network))

    def meaning(self, variant: Variant) -> Meant:
        """What a variant comes to.

        Raises:
            ArchError, click.UsageError: as `network` and `recipe`.
        """
        from ogive.recipes.printing import to_text
        from ogive.train.program import target_of
        from ogive.train.recorded import settings_of

        network = self.network(variant)
        target = target_of(network, self.digests).record()
        # where a file lies makes no other network; what is in it does
        made = {key: value for key, value in target.items() if key not in ("file", "plugins")}
        made |= {"plugins": sorted(self.digests.values())}
        made |= {"init_from": self.grid.init_from, "freeze": list(self.grid.freeze)}
        settings = settings_of(to_text(self.recipe(variant, 0, network)))
        lines = [f"{name} {text}" for name, text in settings.items() if name != "seed"]
        return Meant(made, "\n".join(lines))

    def check(self, variants: Sequence[Variant]) -> None:
        """Whether every variant can be trained, as far as is known before anything is: networks are made and
        data opened, each set once.

        Raises:
            ArchError: what training would refuse, of all variants together.
        """
        from ogive.train.data import open_data
        from ogive.train.quiet import quiet
        from ogive.train.work import Asked, Work

        opens = cache(open_data)
        found: dict[Diagnostic, list[str]] = {}
        for variant in variants:
            network = self.network(variant)
            asked = Asked(
                network,
                network.name,
                self.recipe(variant, self.grid.seeds[0], network),
                self.machine,
                init_from=Path(self.grid.init_from) if self.grid.init_from is not None else None,
                freeze=self.grid.freeze,
            )
            try:
                with quiet():
                    Work(asked, statistics={}, looks=False, opens=opens)
            except ArchError as error:
                for each in error.diagnostics:
                    found.setdefault(each, []).append(visible(self.grid.label(variant)))
        if found:
            raise ArchError([_in_runs(each, runs, len(variants)) for each, runs in found.items()])

    def __call__(self, run: Run, folder: Path) -> None:
        """Trains a run, or goes on with it.

        Raises:
            ArchError, KeyboardInterrupt: as `ogive.train.run.train`.
        """
        from ogive.train.recorded import is_run
        from ogive.train.run import resume, train
        from ogive.train.threads import share_cores

        share_cores(self.jobs)
        if is_run(folder):
            resume(folder, machine=self.machine, plugins=self.plugins, console=self._console())
            return
        network = self.network(run.variant)
        train(
            network,
            self.recipe(run.variant, run.seed, network),
            machine=self.machine,
            out=folder,
            init_from=self.grid.init_from,
            freeze=self.grid.freeze,
            plugins=self.digests,
            console=self._console(),
        )

    def _console(self) -> Console | None:
        from ogive.cli.running import terminal

        return terminal() if self.jobs == 1 else None


def _in_runs(wrong: Diagnostic, variants: Sequence[str], among: int) -> Diagnostic:
    """With the variants that it is about, unless it is about all of them."""
    if len(variants) == among:
        return wrong
    shown = "; ".join(variants[:_LISTED]) + (
        f"; and {len(variants) - _LISTED} more" if variants[_LISTED:] else ""
    )
    return replace(wrong, notes=(*wrong.notes, ("of the sweep", shown)))


_LISTED = 6
"""Variants that a note names."""
