"""Writes the grammars of `grammar/editors`: `python -m ogive.editors.build`, or `make editors`."""

from __future__ import annotations

import json
from pathlib import Path

from ogive import resources
from ogive.editors import listings, textmate
from ogive.files import write_atomically


def files() -> dict[Path, str]:
    """Every file that is made, with what belongs into it. The same compiler gives the same bytes."""
    folder = resources.grammar().parent / "editors"
    return {
        folder / "vscode" / "package.json": _json(textmate.manifest()),
        folder / "vscode" / "language-configuration.json": _json(textmate.configuration()),
        folder / "vscode" / "syntaxes" / "arch.tmLanguage.json": _json(textmate.grammar()),
        folder / "latex" / "lstlang-arch.sty": listings.style(),
    }


def write() -> None:
    """Writes those that differ."""
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            write_atomically(path, text)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write()
