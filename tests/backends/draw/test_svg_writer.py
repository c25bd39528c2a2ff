"""SVG as it is published: an image with a name, parts that tell of themselves, nothing that anybody could break."""

from __future__ import annotations

import io
import re
import time
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont

from backends.draw.scenes import SIGNS
from backends.draw.svg import NS, advance, embedded
from backends.draw.test_draw import HOSTILE
from ogive import load
from ogive.backends.draw import Options, Subject, drawing, measure
from ogive.backends.draw.choices import Style
from ogive.backends.draw.layout.process import Graphviz
from ogive.backends.draw.render import render_scene
from ogive.backends.draw.scene import About, Arrow, Frame, Mark, Run, Scene, line, straight
from ogive.backends.draw.writers.svg import finished
from ogive.backends.draw.writers.svg_font import subset
from ogive.resources import font_file, fonts

ABOUT = About("conv2.1", "256×56×56", 70_400, "resnet.arch:23", "218 M MACs")


def scene(name: str = "net", alt: str = "A net.", about: About | None = ABOUT) -> Scene:
    return Scene(
        name, 200, 100,
        (Frame("f1", 10, 10, 190, 90, (line("conv2"),), about=about),),
        (Arrow(straight((50, 50), (125, 50)), (130, 50), "n1", "n2"),),
        (
            Mark("n1", (30, 50), 40, 20, (line("3×3"),), fill="#B3D7F0", stroke="#0072B2", about=about),
            Mark("n2", (150, 50), 40, 20, (line("+"),), "circle", "#FFFFFF", "#444444"),
        ),
        alt,
    )  # fmt: skip


def rendered(*scenes: Scene) -> list[str]:
    with Graphviz() as graphviz:
        return [render_scene(one, "svg", graphviz).decode() for one in scenes]


def titles(svg: str) -> dict[str, str]:
    """By the id of a group: its tooltip."""
    root = ET.fromstring(svg)
    found = {g.get("id", ""): g.findtext(f"{NS}title") for g in root.iter(f"{NS}g")}
    return {id: title for id, title in found.items() if title is not None}


def test_an_image_with_a_name_and_a_description() -> None:
    (svg,) = rendered(scene("resnet50", "An input, then layers."))
    root = ET.fromstring(svg)
    assert root.get("role") == "graphics-document document"  # of an `img`, nothing inside is ever read
    assert root.get("aria-label") == "resnet50"
    assert root.get("aria-labelledby") == root[0].get("id")
    assert root.get("aria-describedby") == root[1].get("id")
    assert [root[0].tag, root[0].text] == [f"{NS}title", "resnet50"]
    assert [root[1].tag, root[1].text] == [f"{NS}desc", "An input, then layers."]
    assert svg.startswith("<?xml")
    assert "<!" not in svg  # no comments, no document type that a reader would fetch


def test_tooltips() -> None:
    (svg,) = rendered(scene())
    told = "conv2.1 · 256×56×56 · 70,400 parameters · 218 M MACs · resnet.arch:23"
    assert titles(svg) == {"mark-n1": told, "frame-f1": told}
    (bare,) = rendered(scene(about=None, alt=""))
    assert titles(bare) == {}
    assert ET.fromstring(bare).find(f"{NS}desc") is None


def test_what_has_a_tooltip_is_read_aloud() -> None:
    (svg,) = rendered(scene())
    told = titles(svg)
    groups = {g.get("id", ""): g for g in ET.fromstring(svg).iter(f"{NS}g") if g.get("aria-label")}
    assert groups.keys() == told.keys()
    assert {group.get("role") for group in groups.values()} == {"graphics-symbol img"}
    assert groups["mark-n1"].get("aria-label") == f"3×3: {told['mark-n1']}"
    assert groups["frame-f1"].get("aria-label") == f"conv2: {told['frame-f1']}"
    several = replace(scene(), marks=(replace(scene().marks[0], lines=(line("a"), line("b")), badge="×2"),))
    (svg,) = rendered(several)
    assert f'aria-label="a; b; ×2: {told["mark-n1"]}"' in svg


def test_drawings_in_one_page_have_names_of_their_own() -> None:
    one = scene()
    others = replace(one, alt="Another."), replace(one, name="other"), replace(one, marks=one.marks[:1])
    pages = [ET.fromstring(svg) for svg in rendered(one, *others)]
    ids = [root[i].get("id") for root in pages for i in (0, 1)]
    assert all(ids)
    assert len(set(ids)) == len(ids) == 8
    (bare,) = rendered(scene(alt=""))
    assert "aria-describedby" not in bare


def test_text_stays_text_in_a_font_of_its_own_and_in_fonts_that_readers_have() -> None:
    (svg,) = rendered(scene())
    root = ET.fromstring(svg)
    assert {t.text for t in root.iter(f"{NS}text")} == {"conv2", "3×3", "+"}
    assert not [t for t in root.iter(f"{NS}text") if t.get("font-family")]  # all inherit the root's
    (family,) = families(svg)
    assert root.get("font-family") == f"{family}, DejaVu Sans, Verdana, sans-serif"


def families(svg: str) -> set[str]:
    """Of the fonts in a drawing."""
    style = "".join(style.text or "" for style in ET.fromstring(svg).iter(f"{NS}style"))
    return set(re.findall(r"@font-face { font-family: (Ogive-[0-9a-f]{8});", style))


def drawn(targets: str, style: Style) -> str:
    subjects = [Subject(net.ir, net.unrolled) for net in map(load, targets.split())]
    return drawing(subjects, "svg", Options(style, legend=True)).data.decode()


@pytest.mark.parametrize(
    ("targets", "style"),
    [
        ("resnet50", "overview"),
        ("googlenet", "full"),
        ("unet", "tensors"),
        ("cliquenet_k36_t12", "clique"),
        ("densenet121", "chain"),
        ("vgg16 resnet18", "overview"),
    ],
)
def test_its_fonts_have_every_sign_and_the_widths_that_were_measured(targets: str, style: Style) -> None:
    svg = drawn(targets, style)
    fonts = embedded(svg)
    texts = list(ET.fromstring(svg).iter(f"{NS}text"))
    assert len(texts) > 5
    for text in texts:
        words, bold = text.text or "", text.get("font-weight") == "bold"
        font, size = fonts[bold], float(text.attrib["font-size"])
        codes = font.getBestCmap()
        assert all(ord(sign) in codes for sign in words), words
        assert all(font["glyf"][codes[ord(sign)]].numberOfContours != 0 for sign in words if sign.strip())
        assert advance(fonts, words, size, bold) == pytest.approx(measure.text_width(words, size, bold)), (
            words
        )


def test_a_font_has_the_outlines_and_the_kerning_of_the_packaged_one_and_nothing_else() -> None:
    (svg,) = rendered(scene("AVÄ½"))
    assert set(embedded(svg)[False].getBestCmap()) == set(map(ord, "conv23×+"))
    part: Any = TTFont(io.BytesIO(subset("AVÄ½\N{MATHEMATICAL DOUBLE-STRUCK SMALL N}")))
    whole: Any = TTFont(font_file())
    assert len(part.getGlyphOrder()) < 12  # the parts that Ä and ½ are put together from
    for code, name in part.getBestCmap().items():
        assert outline(part, name) == outline(whole, whole.getBestCmap()[code])
    names = part.getBestCmap()
    pair = part["kern"].kernTables[0].kernTable[names[ord("A")], names[ord("V")]]
    assert pair == whole["kern"].kernTables[0].kernTable["A", "V"] < 0
    assert "Bitstream" not in part["name"].getDebugName(1)  # the licence keeps that name to the whole font


def outline(font: TTFont, name: str) -> list[object]:
    glyphs = font.getGlyphSet()
    pen = DecomposingRecordingPen(glyphs)
    glyphs[name].draw(pen)
    return list(pen.value)


def test_the_terms_of_the_font_go_with_it() -> None:
    (svg,) = rendered(scene())
    (style,) = ET.fromstring(svg).iter(f"{NS}style")
    terms = (fonts() / "LICENSE-DejaVu.txt").read_text(encoding="utf-8").strip()
    assert terms in (style.text or "")
    assert "*/" not in terms


def test_drawings_in_one_page_do_not_get_each_others_fonts() -> None:
    first, second = rendered(scene(), replace(scene(), marks=scene().marks[:1]))
    assert families(first).isdisjoint(families(second))


def test_no_text_no_font_and_signs_that_the_font_lacks() -> None:
    bare, foreign = rendered(
        Scene("net", 10, 10), Scene("net", 90, 30, marks=(Mark("a", (40, 15), 60, 20, (line("网络"),)),))
    )
    assert "font" not in bare
    assert "@font-face" not in foreign
    assert ">网络</text>" in foreign


def test_the_runs_of_a_line_do_not_touch() -> None:
    runs = (Run("Bottleneck", bold=True), Run(" 64→256", 6.5), Run(" ×2", 8, bold=True))
    (svg,) = rendered(Scene("net", 200, 30, marks=(Mark("a", (100, 15), 160, 20, (runs,)),)))
    texts = list(ET.fromstring(svg).iter(f"{NS}text"))
    assert len(texts) == 3
    for before, behind in pairwise(texts):
        bold = before.get("font-weight") == "bold"
        width = measure.text_width(before.text or "", float(before.attrib["font-size"]), bold)
        assert float(behind.attrib["x"]) == pytest.approx(float(before.attrib["x"]) + width, abs=0.02)


@pytest.mark.parametrize("text", [*HOSTILE, *SIGNS])
def test_whatever_things_are_called(text: str) -> None:
    made = scene(text, text, About(text, "3×3", None, text))
    # text in boxes is cleaned where pictures are made; names and tooltips are cleaned here
    bare = finished(GRAPHVIZ, made)
    root = ET.fromstring(bare)
    clean = text.translate(CONTROLS)
    assert (root.get("aria-label") or "").split() == clean.split()
    assert [(root[i].text or "").split() for i in (0, 1)][: 2 if text else 1] == [clean.split()] * (
        2 if text else 1
    )
    assert {e.tag for e in root.iter()} <= {
        f"{NS}{tag}" for tag in ("svg", "title", "desc", "style", "g", "text", "path")
    }
    assert titles(bare)["mark-n1"].split() == About(clean, "3×3", None, clean).text.split()
    assert "<script" not in bare


CONTROLS = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xD800], " ")
"""What XML cannot hold."""
GRAPHVIZ = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN"
 "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<!-- Generated by graphviz -->
<svg width="206pt" height="106pt" viewBox="0.00 0.00 206.00 106.00" xmlns="http://www.w3.org/2000/svg">
<g id="graph0" class="graph">
<title>net</title>
<!-- n1 -->
<g id="mark&#45;n1" class="node">
<title>n1</title>
<path d="M0,0"/>
<text x="1">a&#45;&#45;&gt;b</text>
</g>
</g>
</svg>
"""


def test_hyphens_are_hyphens() -> None:
    assert ">a--&gt;b<" in finished(GRAPHVIZ, scene())


def test_same_bytes_every_time() -> None:
    first, second = rendered(scene(), scene())
    assert first == second


def test_a_thousand_boxes_cost_nothing() -> None:
    count = 20_000
    groups = "".join(
        f'<!-- n{i} -->\n<g id="mark&#45;n{i}" class="node">\n<title>n{i}</title>\n<path d="M0,0"/>\n</g>\n'
        for i in range(count)
    )
    marks = tuple(Mark(f"n{i}", (0, 0), 1, 1, about=ABOUT) for i in range(count))
    head, _, _ = GRAPHVIZ.partition("<!-- n1 -->")
    start = time.perf_counter()
    svg = finished(f"{head}{groups}</g>\n</svg>", Scene("net", 1, 1, marks=marks))
    assert time.perf_counter() - start < 2
    assert svg.count("<title>conv2.1") == count
