"""The font that an SVG carries: the signs that it uses of the packaged one, as `@font-face` rules.

A reader without that font would otherwise set the text in a wider one, and it would leave its boxes. What
fontTools' own subsetter does besides is not needed here (our glyphs have no variants), and importing it takes
half as long as making a drawing does.
"""

from __future__ import annotations

import base64
import io
import zlib
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

from ogive.resources import font_file, fonts

_TABLES = frozenset({
    "GlyphOrder", "head", "hhea", "maxp", "OS/2", "hmtx", "cmap", "loca", "glyf", "kern", "name", "post"
})  # fmt: skip
_COPYRIGHT, _FAMILY = 0, (1, 4, 6, 16)
_WINDOWS, _BMP, _FULL = 3, 1, 10
"""OpenType specification, `cmap`: the platform, and its encodings with 16 and with 32 bits."""


def font_faces(signs: Mapping[bool, AbstractSet[str]]) -> tuple[str, str]:
    """The family that text is to be set in, and the CSS that brings it.

    The family is named after its signs: several drawings in one page do not get each other's.

    Args:
        signs: what the upright font is to have (`False`), and the bold one (`True`).

    Returns:
        Two empty texts if the packaged font has none of the signs.
    """
    wanted = {bold: "".join(sorted(found)) for bold, found in sorted(signs.items()) if found}
    family = f"Ogive-{zlib.crc32(repr(wanted).encode('utf-8', 'backslashreplace')):08x}"
    faces = [
        f"@font-face {{ font-family: {family}; font-weight: {'bold' if bold else 'normal'}; "
        f"src: url(data:font/ttf;base64,{base64.b64encode(data).decode()}) }}\n"
        for bold, found in wanted.items()
        if (data := subset(found, bold))
    ]
    if not faces:
        return "", ""
    terms = (fonts() / "LICENSE-DejaVu.txt").read_text(encoding="utf-8").strip()  # each copy is to have them
    about = f"/* {family} is a part of DejaVu Sans: the signs in this drawing.\n\n{terms}\n*/\n"
    return family, "".join(faces) + about


@lru_cache(maxsize=32)
def subset(signs: str, bold: bool = False) -> bytes:
    """A TrueType font with those of the signs that the packaged one has; empty if it has none.

    Advances and kerning are the packaged font's. The same signs give the same bytes: nothing is compressed,
    for compression differs between machines.
    """
    from fontTools.ttLib import TTFont

    with TTFont(font_file(bold), recalcTimestamp=False, recalcBBoxes=False, lazy=True) as font:
        known = font.getBestCmap() or {}
        codes = {ord(sign): known[ord(sign)] for sign in signs if ord(sign) in known}
        if not codes:
            return b""
        tables: Any = font  # what its tables hold comes from the file
        kept = _with_components(tables["glyf"], codes.values())
        order = [".notdef", *sorted(kept - {".notdef"}, key=font.getGlyphID)]
        _keep_glyphs(tables, order)
        _keep_codes(tables["cmap"], codes)
        _keep_pairs(tables["kern"], kept)
        _keep_copyright(tables["name"])
        tables["post"].formatType = 3.0  # no names of glyphs
        for tag in set(font.keys()) - _TABLES:
            del font[tag]
        font.setGlyphOrder(order)
        written = io.BytesIO()
        font.save(written, reorderTables=False)
        return written.getvalue()


def _with_components(glyf: Any, names: Iterable[str]) -> set[str]:
    """The glyphs, and those that they are put together from."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += glyf[name].getComponentNames(glyf)
    return found


def _keep_glyphs(font: Any, order: list[str]) -> None:
    """Outlines without hints, and advances, in that order."""
    glyf, hmtx = font["glyf"], font["hmtx"]
    outlines = {name: glyf[name] for name in order}
    for outline in outlines.values():
        outline.expand(glyf)  # before components get new numbers
        outline.removeHinting()
    glyf.glyphs, glyf.glyphOrder = outlines, order
    hmtx.metrics = {name: hmtx.metrics[name] for name in order}


def _keep_codes(cmap: Any, codes: dict[int, str]) -> None:
    from fontTools.ttLib.tables._c_m_a_p import CmapSubtable

    wide = max(codes) > 0xFFFF
    table: Any = CmapSubtable.newSubtable(12 if wide else 4)
    table.platformID, table.platEncID, table.language = _WINDOWS, _FULL if wide else _BMP, 0
    table.cmap = codes
    cmap.tables = [table]


def _keep_pairs(kern: Any, kept: AbstractSet[str]) -> None:
    for table in kern.kernTables:
        table.kernTable = {
            pair: by for pair, by in table.kernTable.items() if pair[0] in kept and pair[1] in kept
        }


def _keep_copyright(name: Any) -> None:
    """The notice alone: the terms are said once, and what is changed goes by a name of its own."""
    notice = name.getDebugName(_COPYRIGHT)
    name.names = []
    name.setName(notice, _COPYRIGHT, _WINDOWS, _BMP, 0x409)
    for number in _FAMILY:
        name.setName("Ogive", number, _WINDOWS, _BMP, 0x409)
