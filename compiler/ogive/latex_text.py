"""Any text as LaTeX that sets it: in every font and encoding, by every engine, without a package.

What comes out is ASCII. Signs that fonts of text lack are taken from those of mathematics, which every
paper has.
"""

from __future__ import annotations

import re
import unicodedata

CODE = r"\ogivecode"
"""The macro for characters that LaTeX has no name for; its argument is the number in hexadecimal."""

_MATHS = {
    "\\": r"\backslash", "{": r"\{", "}": r"\}", "<": "<", ">": ">", "|": "|", "~": r"\sim",
    "×": r"\times", "÷": r"\div", "·": r"\cdot", "⋅": r"\cdot", "∗": "*", "•": r"\bullet", "∘": r"\circ",
    "−": "-", "±": r"\pm", "∓": r"\mp", "⊕": r"\oplus", "⊖": r"\ominus", "⊗": r"\otimes", "⊙": r"\odot",
    "→": r"\to", "←": r"\leftarrow", "↔": r"\leftrightarrow", "↑": r"\uparrow", "↓": r"\downarrow",
    "⇒": r"\Rightarrow", "⇐": r"\Leftarrow", "⇔": r"\Leftrightarrow", "↦": r"\mapsto",
    "⋯": r"\cdots", "⋮": r"\vdots", "⋱": r"\ddots",
    "≤": r"\leq", "≥": r"\geq", "≠": r"\neq", "≈": r"\approx", "≡": r"\equiv", "∼": r"\sim", "∝": r"\propto",
    "≪": r"\ll", "≫": r"\gg", "«": r"\ll", "»": r"\gg", "‹": "<", "›": ">",
    "⌈": r"\lceil", "⌉": r"\rceil", "⌊": r"\lfloor", "⌋": r"\rfloor", "⟨": r"\langle", "⟩": r"\rangle",
    "′": "'", "″": "''", "°": r"{}^{\circ}", "∞": r"\infty", "√": r"\surd", "∥": r"\parallel", "‖": r"\|",
    "∑": r"\Sigma", "∏": r"\Pi", "∂": r"\partial", "∇": r"\nabla", "∫": r"\smallint",
    "∈": r"\in", "∉": r"\notin", "∀": r"\forall", "∃": r"\exists", "¬": r"\neg", "∧": r"\wedge", "∨": r"\vee",
    "∪": r"\cup", "∩": r"\cap", "⊂": r"\subset", "⊆": r"\subseteq", "∅": r"\emptyset", "§": r"\mathsection",
    "†": r"\dagger", "‡": r"\ddagger", "µ": r"\mu", "★": r"\star", "Ω": r"\Omega",
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "ζ": r"\zeta",
    "η": r"\eta", "θ": r"\theta", "ι": r"\iota", "κ": r"\kappa", "λ": r"\lambda", "μ": r"\mu", "ν": r"\nu",
    "ξ": r"\xi", "ο": "o", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "ς": r"\varsigma", "τ": r"\tau",
    "υ": r"\upsilon", "φ": r"\varphi", "χ": r"\chi", "ψ": r"\psi", "ω": r"\omega", "ϵ": r"\epsilon",
    "Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Ξ": r"\Xi", "Π": r"\Pi", "Σ": r"\Sigma",
    "Υ": r"\Upsilon", "Φ": r"\Phi", "Ψ": r"\Psi",
}  # fmt: skip
_TEXT = {
    "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "^": r"\^{}",
    '"': r"{\char34}",  # its name is not known in OT1
    "‘": "`", "’": "'", "“": "``", "”": "''", "–": "--", "—": "---", "‐": "-", "‑": "-", "‒": "--", "⁄": "/",
    "…": r"\ldots{}", "\N{NO-BREAK SPACE}": r"\ ", "\N{THIN SPACE}": r"\,",
    "\N{EM SPACE}": r"\quad{}", "\N{EN SPACE}": r"\enspace{}",
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}",
    "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "ȷ": r"\j{}", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th",
    "Þ": "Th", "¡": "!`", "¿": "?`", "€": "EUR", "©": "(c)", "®": "(R)",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d", "\u0327": "c", "\u0331": "b",
}  # fmt: skip
_BELOW = {"d", "c", "b"}
_LIGATURES = {"--", ",,", "``", "''", "!`", "?`"}
"""What TeX's fonts join."""
_SHIFTED = {"<super>": r"\textsuperscript", "<sub>": r"\textsubscript"}


def latex(text: str) -> str:
    r"""LaTeX that sets the text in a line.

    Line ends and other controls become blanks. A character that has neither a name nor a likeness in LaTeX is
    left to `\ogivecode`, which a document defines.
    """
    parts: list[str] = []
    for cluster in _clusters(unicodedata.normalize("NFC", text)):
        known = _known(cluster)
        found = "".join(map(_spelt, cluster)) if known is None else known
        before = parts[-1] if parts else ""
        shift = next((s for s in _SHIFTED.values() if before.startswith(s) and found.startswith(s)), None)
        if shift:  # into the same braces
            parts[-1], found = before[:-1], found[len(shift) + 1 :]
        elif before[-1:] + found[:1] in _LIGATURES:
            parts.append("{}")
        elif found == " " and before.endswith(" "):  # TeX makes one blank of several
            found = r"\ "
        parts.append(found)
    return "".join(parts)


def unnamed(text: str) -> list[str]:
    r"""The characters of a text that are left to `\ogivecode`, in order."""
    clusters = _clusters(unicodedata.normalize("NFC", text))
    return [sign for each in clusters if _known(each) is None for sign in each if _known(sign) is None]


def _spelt(character: str) -> str:
    known = _known(character)
    return f"{CODE}{{{ord(character):04X}}}" if known is None else known


def _clusters(text: str) -> list[str]:
    """Characters, each with the marks that stand on it."""
    found: list[str] = []
    for character in text:
        if found and unicodedata.combining(character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _known(cluster: str) -> str | None:
    """LaTeX of a character and its marks; None where there is none."""
    if cluster in _TEXT:
        return _TEXT[cluster]
    if cluster in _MATHS:
        return f"${_MATHS[cluster]}$"
    if cluster.isascii() and cluster.isprintable():
        return cluster
    category = unicodedata.category(cluster[0])
    if category in {"Cc", "Zs", "Zl", "Zp"}:
        return " "
    if category in {"Cf", "Mn", "Me"}:  # joiners, marks of direction, marks on nothing
        return ""
    return _accented(cluster) or _alike(cluster)


def _accented(cluster: str) -> str | None:
    """A letter of Latin or Greek and its accents; those that LaTeX lacks are left out."""
    letter, *marks = unicodedata.normalize("NFD", cluster)
    base = _known(letter) if marks and all(map(unicodedata.combining, marks)) else None
    if base is None or base.startswith("$"):
        return base
    accents = [_ACCENTS[mark] for mark in marks if mark in _ACCENTS]
    above = [accent for accent in accents if accent not in _BELOW][:1]  # a second one would stand beside it
    below = [accent for accent in accents if accent in _BELOW][:1]
    if above and base in {"i", "j"}:
        base = f"\\{base}"
    for accent in above + below:
        base = f"\\{accent}{{{base}}}"
    return base


def _alike(character: str) -> str | None:
    """What Unicode says is nearly the same: `ﬁ` for `fi`, a 2 that is raised, a full-width letter."""
    rule, *codes = unicodedata.decomposition(character[0]).split() or [""]
    if not rule.startswith("<"):
        return None
    parts = [_known(chr(int(code, 16))) for code in codes]
    found = "".join(part for part in parts if part is not None)
    if None in parts or rule not in _SHIFTED:
        return None if None in parts else found
    return f"{_SHIFTED[rule]}{{{found}}}"


def paragraph(text: str) -> str:
    r"""LaTeX of a text for a paper, where there is no `\ogivecode`."""
    return re.sub(rf"\{CODE}{{(\w+)}}", r"U+\1", latex(" ".join(text.split())))


def comment(text: str) -> str:
    """Text that stays in one line of a comment."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(shown.split())
