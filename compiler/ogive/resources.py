"""Where the files that travel with the compiler are: the zoo, the grammar, the fonts, the explanations.

In a checkout `archs/` and `grammar/` stand beside `compiler/`; in a wheel they lie inside the package.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parents[1] / name


def zoo() -> Path:
    """The folder of `.arch` files, with `blocks/` for `use` in it."""
    return _folder("archs")


def zoo_files() -> list[Path]:
    """The files of the zoo, by name, without its blocks."""
    return _programs(zoo())


def published() -> Path:
    """The figures that papers and authors print of networks of the zoo."""
    return zoo() / "published.toml"


def blocks() -> Path:
    """The folder of the library that `use` looks in."""
    return zoo() / "blocks"


def block_files() -> list[Path]:
    """The files of that library, by name."""
    return _programs(blocks())


def _programs(folder: Path) -> list[Path]:
    """Its `.arch` files; what editors leave beside them begins with a dot."""
    return sorted(path for path in folder.glob("*.arch") if not path.name.startswith("."))


def grammar() -> Path:
    """The grammar that the parser is made from."""
    return _folder("grammar") / "arch.lark"


def fonts() -> Path:
    """The folder of the font that drawings are set in."""
    return _PACKAGE / "fonts"


def font_file(bold: bool = False) -> Path:
    """That font, upright and in normal or bold weight."""
    return fonts() / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")


def explanations() -> Path:
    """The folder of the pages behind `ogive explain`, one file a code."""
    return _PACKAGE / "explain"
