"""From the name of a file or of a network of the zoo to a `Network`; from that of a recipe to a `Recipe`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ogive import resources
from ogive.catalogue import declared, meant
from ogive.diagnostics import ArchError, Diagnostic, did_you_mean
from ogive.given import as_edits, as_path, as_sizes, wrong_type
from ogive.layers.library import Library
from ogive.network import Network
from ogive.pipeline import Program, compile_target, parse_changes
from ogive.reading import read_file, read_text

if TYPE_CHECKING:
    from ogive.recipes import Recipe

_LONGEST = 200
"""Characters of a target that a message repeats."""


def load(
    target: str | PathLike[str],
    *,
    input: Sequence[int] | str | None = None,  # noqa: A002 - the language's word
    edits: Sequence[str] = (),
    library: Library | None = None,
    **arguments: Any,
) -> Network:
    """Loads a network: `ogive.load("resnet50", classes=10)`, `ogive.load("my.arch:small")`.

    Args:
        target: a variant of the zoo, a file, or `FILE:NAME`. A file alone must hold one net that needs no
            argument.
        input: sizes of the only input, without the batch, over the declared ones: `(3, 320, 320)`, or
            `"3x320x320"`.
        edits: rewritings of the net, in order, after those of the file: `["remove lrn", "insert bn before
            relu"]`.
        library: the layers there are; the standard ones unless given.
        arguments: for the net, over those of the variant.

    Raises:
        ArchError: the target does not exist, or the program is wrong; it carries the diagnostics.
        TypeError, ValueError: what is given beside it is of another type or form.
    """
    given = _Given(input, edits, library, arguments)
    program, name = find(as_path("target", target))
    return given.network(program, name)


def loads(
    text: str,
    name: str | None = None,
    *,
    folder: str | PathLike[str] | None = None,
    input: Sequence[int] | str | None = None,  # noqa: A002
    edits: Sequence[str] = (),
    library: Library | None = None,
    **arguments: Any,
) -> Network:
    """Loads a network from a text: `ogive.loads("net Tiny() { … }")`.

    Args:
        text: a whole `.arch` program.
        name: which of its nets or variants; not needed when there is one that needs no argument.
        folder: where the files are that it uses; without one, it can use the library's.
        input, edits, library, arguments: as in `load`.

    Raises:
        ArchError: the program is wrong; it carries the diagnostics.
        TypeError, ValueError: what is given beside it is of another type or form.
    """
    if not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers need not be typed
        raise wrong_type("text", "a str, a whole program", text)
    if not isinstance(name, str | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise wrong_type("name", "a str, one of the program's nets", name)
    given = _Given(input, edits, library, arguments)
    program = read_text(text, folder=None if folder is None else Path(as_path("folder", folder)))
    return given.network(program, name)


def load_recipe(name: str | PathLike[str], target: Program | Network | None = None) -> Recipe:
    """Loads a training recipe: `ogive.load_recipe("alexnet")`, `ogive.load_recipe("my.arch:fast")`.

    Args:
        name: a recipe of the target's file, of the files that it uses, or of the zoo, looked for in that
            order; or `default`, which is used where none is named; or `FILE:NAME`; or a file that holds one.
        target: the network that is trained, or the program that it stands in.

    Raises:
        ArchError: E321, there is no such recipe; E501, the file cannot be read; or what is wrong with it.
        TypeError: what is given is of another type.
    """
    text = as_path("name", name)
    if not isinstance(target, Program | Network | None):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise wrong_type("target", "a Network, such as ogive.load('resnet50'), or a Program", target)
    program = target.compiled.program if isinstance(target, Network) else target
    path, inside = _file_of_recipe(text)
    if path is not None:
        return _recipe_of_file(read_file(path), inside)
    return _recipe_by_name(text, program)


def _file_of_recipe(text: str) -> tuple[Path | None, str]:
    """The file that a text names, and the recipe in it; no file where the text is a name."""
    if text.endswith(".arch"):
        return Path(text), ""
    before, colon, name = text.rpartition(":")
    if colon and before:
        return Path(before), name
    return (Path(text), "") if _is_path(text) else (None, text)


def _recipe_of_file(program: Program, name: str) -> Recipe:
    """A recipe that a file itself holds; the only one unless it is named."""
    names = [node.name.id for node in program.tree.recipes]
    if name in names or (not name and len(names) == 1):
        return _resolved(program, name or names[0])
    shown = program.source.name
    what = (
        f"no recipe called `{name}`" if name else f"{len(names)} recipes: name one" if names else "no recipe"
    )
    notes = (("note", f"it has {', '.join(names)}"),) if names else ()
    guess = did_you_mean(name, names) if name else names[0] if names else None
    hint = f"did you mean `{shown}:{guess}`?" if name and guess else f"`{shown}:{guess}`" if guess else None
    raise ArchError([Diagnostic("E321", f"{shown} has {what}", (), notes, hint)])


def _recipe_by_name(name: str, program: Program | None) -> Recipe:
    """A recipe that a file knows, or the zoo has."""
    from ogive.recipes import default
    from ogive.recipes.resolve import visible_recipes

    known = visible_recipes(program) if program is not None else {}
    if name in known:
        file, node = known[name]
        return _resolved(file, node.name.id)
    candidates = [*known]
    for path in resources.zoo_files():
        names = declared(path, "recipe")
        if name in names:
            return _resolved(read_file(path, path.name), name)
        candidates += names
    if name == default().name:
        return default()
    where = f"neither {program.source.name} nor the zoo has a" if program is not None else "the zoo has no"
    guess = did_you_mean(name, [*candidates, default().name])
    notes = (
        (("note", f"{program.source.name} has {', '.join(known)}"),) if program is not None and known else ()
    )
    hint = f"did you mean `{guess}`?" if guess else "one of another file is `FILE:NAME`"
    raise ArchError([Diagnostic("E321", f"{where} recipe called `{name}`", (), notes, hint)])


def _resolved(program: Program, name: str) -> Recipe:
    """A recipe that a file declares; what is wrong with others is no matter."""
    from ogive.recipes import resolve_all

    recipes, diagnostics = resolve_all(program)
    found = next((recipe for recipe in recipes if recipe.name == name), None)
    if found is None:
        raise ArchError(diagnostics)
    return found


class _Given:
    """What is given beside a program, once it is known to be of the right types."""

    def __init__(self, shape: object, edits: object, library: object, arguments: Mapping[str, Any]) -> None:
        if not isinstance(library, Library | None):
            raise wrong_type("library", "a Library, such as ogive.library_with('mine.py')", library)
        self._shape = as_sizes(shape)
        self._edits = as_edits(edits)
        self._library = library
        self._arguments = arguments

    def network(self, program: Program, name: str | None) -> Network:
        name = name or only_name(program, self._arguments)
        made = compile_target(
            program,
            name,
            arguments=self._arguments,
            shape=self._shape,
            library=self._library,
            edits=parse_changes(self._edits, "edits"),
        )
        return Network(made)


def only_name(program: Program, arguments: Mapping[str, Any] | None = None) -> str:
    """The net of a file that is meant when none is named.

    Raises:
        ArchError: E503, there are several, or none.
    """
    names = program.complete or (program.names if arguments else [])
    if len(names) == 1:
        return names[0]
    if not names and len(program.names) == 1:
        return program.names[0]  # says itself which arguments it needs
    what = (
        f"holds {len(names)} nets"
        if names
        else "holds no net that needs no argument"
        if program.names
        else "holds no net"
    )
    raise ArchError(
        [
            Diagnostic(
                "E503",
                f"{program.source.name} {what}" + (": name one" if program.names else ""),
                (),
                (("note", f"it has {', '.join(program.names)}"),) if program.names else (),
                f"`{program.source.name}:{(names or program.names)[0]}`"
                if program.names
                else "`net Name() { input image: 3x32x32 … }`",
            )
        ]
    )


def find(target: str) -> tuple[Program, str | None]:
    """The program behind a target, and the name if one is meant.

    Raises:
        ArchError: E501 the file cannot be read, E502 nothing is called that; or the program's mistakes.
    """
    file, shown, name = locate(target)
    return read_file(file, shown), name


def locate(target: str) -> tuple[Path, str | None, str | None]:
    """The file behind a target, what diagnostics call it (None: its path), and the net if one is meant.

    A bare name, without a separator and without the ending `.arch`, is looked for in the zoo first.

    Raises:
        ArchError: E502, nothing is called that.
    """
    if "\n" in target:
        shown = f"{target.strip().splitlines()[0][:40]} …"
        advice = "`ogive.loads(text)` reads it; on the command line it comes from a file"
        raise ArchError([Diagnostic("E502", f"`{shown}` is a text, and no file", help=advice)])
    # a folder or a file that happens to be called `resnet50` must not hide the network: `./resnet50` names it
    if not _is_path(target):
        for file in resources.zoo_files():
            if target in declared(file):
                return file, file.name, target
    path = Path(target)
    if target and (path.suffix == ".arch" or _exists(target)):
        return path, None, None
    before, colon, name = target.rpartition(":")
    if colon and before and (_is_path(before) or _exists(before)):
        return Path(before), None, name
    shown = target if len(target) <= _LONGEST else f"{target[:_LONGEST]}…"
    message = f"`{shown}` is no file, and the zoo has no network of that name"
    raise ArchError([Diagnostic("E502", message, help=meant(target))])


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except OSError:  # longer than a name can be
        return False


def _is_path(text: str) -> bool:
    """Whether a text names a file by its form alone: a separator, or the ending."""
    return text.endswith(".arch") or "/" in text or "\\" in text
