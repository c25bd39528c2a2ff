"""A real LaTeX, where there is one: texts compiled, their complaints, and what stands on the pages.

`tests/latex/install.sh` installs it; `make test-all` calls that.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import unicodedata
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

_COMPLAINTS = re.compile(
    r"^(?:!.*|Overfull.*|Underfull.*|Missing character.*|.*(?:Warning|Error):.*|.*undefined.*)$", re.MULTILINE
)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""Pieces of brackets, as pdftotext writes them into its XML, which has no such characters."""
_TIME_LIMIT = 120


@cache
def missing() -> str:
    """What is not here of LaTeX; empty where all is."""
    lacking = [name for name in ("pdflatex", "pdftotext", "pdfinfo", "kpsewhich") if not shutil.which(name)]
    if not lacking:
        styles = ("tikz.sty", "booktabs.sty")
        lacking = [s for s in styles if subprocess.run(["kpsewhich", s], capture_output=True).returncode]
    return ", ".join(lacking)


@dataclass(frozen=True)
class Word:
    """A word on the page, in points from its lower left corner."""

    text: str
    left: float
    bottom: float
    right: float
    top: float


@dataclass(frozen=True)
class Compiled:
    """What LaTeX made of a text."""

    pdf: Path
    log: str
    status: int

    @property
    def complaints(self) -> list[str]:
        """Errors, warnings, boxes too full, characters that a font lacks."""
        return _COMPLAINTS.findall(self.log)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page in points."""
        said = _run("pdfinfo", str(self.pdf))
        found = re.search(r"Page size:\s+([\d.]+) x ([\d.]+)", said)
        assert found, said
        return float(found[1]), float(found[2])

    @property
    def pages(self) -> int:
        found = re.search(r"Pages:\s+(\d+)", _run("pdfinfo", str(self.pdf)))
        assert found
        return int(found[1])

    @property
    def text(self) -> str:
        """All that is written, without blanks, in Unicode's plainest form."""
        return plain(_run("pdftotext", "-raw", str(self.pdf), "-"))

    @property
    def words(self) -> list[Word]:
        """The words of the first page."""
        return self.words_by_page[0]

    @property
    def words_by_page(self) -> list[list[Word]]:
        """The words of each page."""
        name = "{http://www.w3.org/1999/xhtml}"
        pages: list[list[Word]] = []
        said = _CONTROLS.sub("", _run("pdftotext", "-bbox", str(self.pdf), "-"))
        for page in ET.fromstring(said).iter(f"{name}page"):
            height = float(page.attrib["height"])
            found: list[Word] = []
            for word in page.iter(f"{name}word"):
                box = {key: float(value) for key, value in word.attrib.items()}
                found.append(
                    Word(
                        word.text or "", box["xMin"], height - box["yMax"], box["xMax"], height - box["yMin"]
                    )
                )
            pages.append(found)
        return pages

    def picture(self, dpi: int) -> bytes:
        """The first page as a PGM of 256 greys."""
        return subprocess.run(
            ["pdftoppm", "-r", str(dpi), "-gray", "-f", "1", "-l", "1", str(self.pdf)],
            capture_output=True, check=True, timeout=_TIME_LIMIT,
        ).stdout  # fmt: skip


def plain(text: str) -> str:
    """A text as it is compared: composed letters apart, ligatures apart, no blanks, one sign for each meaning."""
    parts = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in parts if c.isprintable() and not c.isspace() and not unicodedata.combining(c))
    return kept.translate(_SAME)


_SAME = str.maketrans({
    "⋅": "·", "−": "-", "’": "'", "‘": "`", "∼": "~", "˜": "~", "ˆ": "^", "ı": "i",
    "″": "''", "”": '"', "“": '"', "˝": '"', "¨": None, "´": None, "˚": None, "ˇ": None, "¯": None, "˘": None, "_": None, "∆": "Δ",  # a rule
})  # fmt: skip


def compiled(folder: Path, text: str, engine: str = "pdflatex", name: str = "paper") -> Compiled:
    """Compiles a text in a folder, once: nothing in the tests needs references. Skips the test where there is no LaTeX."""
    if missing():
        pytest.skip(f"no {missing()}: see tests/latex/install.sh")
    (folder / f"{name}.tex").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [engine, "-interaction=nonstopmode", "-no-shell-escape", f"{name}.tex"],
        cwd=folder, capture_output=True, timeout=_TIME_LIMIT, check=False, stdin=subprocess.DEVNULL,
        env=_environment(),
    )  # fmt: skip
    log = (folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
    return Compiled(folder / f"{name}.pdf", log, done.returncode)


def _environment() -> dict[str, str]:
    return {**os.environ, "max_print_line": "1000"}  # the log breaks no line


def _run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, check=True, timeout=_TIME_LIMIT).stdout.decode()
