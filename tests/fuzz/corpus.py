"""The texts that mutations begin from: the zoo, the docs, the cases of diagnostics, and generated programs."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

from tests.diagnostics.cases import all_cases
from tests.programs.definitions import write_program

ROOT = Path(__file__).resolve().parents[2]
_BLOCK = re.compile(r"^```arch[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_GENERATED = 60


@cache
def corpus() -> tuple[str, ...]:
    """All of them, in a stable order."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "archs").rglob("*.arch"))]
    for page in sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]):
        texts += _BLOCK.findall(page.read_text(encoding="utf-8"))
    texts += [text for case in all_cases() for words, text in case.sources if "python" not in words]
    texts += [write_program(random.Random(seed)).text for seed in range(_GENERATED)]
    return tuple(dict.fromkeys(text for text in texts if text.strip()))


def small(text: str) -> str:
    """The same with fewer repetitions, where the zoo's nets are deep."""
    return re.sub(
        r"\[(\d+, ){2,}\d+\]", lambda found: "[" + ", ".join(["1"] * (found[0].count(",") + 1)) + "]", text
    )
