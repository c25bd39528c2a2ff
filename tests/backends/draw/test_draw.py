"""What every drawing must be: in the formats asked for, the same every time, legible, safe to open."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from backends.draw import nets
from backends.draw.svg import Image
from ogive.backends.draw import FORMATS, Options, Subject, dot_text, draw, drawing, svg
from ogive.backends.draw.colours import look
from ogive.backends.draw.layout import fonts, process
from ogive.diagnostics import ArchError
from ogive.graph import Graph

MAGIC = {
    "svg": b"<?xml", "pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "dot": b"digraph ", "tikz": b"% ", "tex": b"% ",
}  # fmt: skip
HOSTILE = [
    'quote " inside',
    "ends with \\", "back\\slash \\N \\G \\\\", "<script>alert(1)</script>", "<b>", "a & b &amp; c",
    "new\nline\r\n", "-> { } ; // /* */", "]]> --> <!--", "Ünïcödé 网络 😀", "port:w",
    "%s {} \x00\x1b[31m", "", "   ", "x" * 500,
]  # fmt: skip


@pytest.mark.parametrize("name", nets.NETS)
def test_dot_text(name: str, golden: Callable[[str, str | Path], None]) -> None:
    golden(dot_text(nets.NETS[name]()), f"golden/{name}.dot")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", ["lenet", "clique4", "gated"])
def test_formats_begin_as_they_should(name: str, kind: str) -> None:
    data = draw(nets.NETS[name](), kind)
    assert data.startswith(MAGIC[kind])
    if kind == "png":
        assert data.endswith(b"IEND\xaeB`\x82")
    if kind == "pdf":
        assert data.rstrip().endswith(b"%%EOF")


@pytest.mark.parametrize("kind", FORMATS)
def test_same_bytes_every_time(kind: str) -> None:
    assert draw(nets.cliquenet(4), kind) == draw(nets.cliquenet(4), kind)


def test_dots_an_inch() -> None:
    def width(data: bytes) -> int:
        return int.from_bytes(data[16:20])

    coarse, fine = (width(draw(nets.lenet(), "png", dpi=dpi)) for dpi in (100, 200))
    assert fine == pytest.approx(2 * coarse, rel=0.02)


@pytest.mark.parametrize("name", nets.NETS)
def test_text_lies_inside_its_box(name: str) -> None:
    image = Image(svg(nets.NETS[name]()))
    assert image.boxes
    for text in image.texts:
        if text.box is None or not text.text.strip():
            continue
        left, top, right, bottom = text.box
        assert left <= text.left, text
        assert text.right <= right, text
        assert top <= text.top, text
        assert text.bottom <= bottom, text


@pytest.mark.parametrize("name", nets.NETS)
def test_nothing_lies_over_another(name: str) -> None:
    image = Image(svg(nets.NETS[name]()))
    solid = [b for b in image.boxes if b.fill != "none"]  # the frame of a ring holds its layers
    for i, a in enumerate(solid):
        for b in solid[:i]:
            apart = a.right <= b.left or b.right <= a.left or a.bottom <= b.top or b.bottom <= a.top
            assert apart, (a, b)
    for box in (*image.boxes, *image.frames):
        assert 0 <= box.left < box.right <= image.width
        assert 0 <= box.top < box.bottom <= image.height


@pytest.mark.parametrize("name", [n for n in nets.NETS if n not in ("clique4", "clique6")])
def test_titles_of_frames_are_not_crossed(name: str) -> None:
    image = Image(svg(nets.NETS[name]()))
    for title in image.titles:
        for x, y in image.points:
            inside = title.left < x < title.right and title.top + 1 < y < title.bottom - 1
            assert not inside, (title, x, y)


@pytest.mark.parametrize("name", nets.NETS)
def test_fits_a_page(name: str) -> None:
    graph = nets.NETS[name]()
    made = drawing([Subject(graph, graph)], "svg")
    assert all("fits 6.5 × 9 in" in note for note in made.notes)
    image = Image(made.data.decode())
    scale = min(1.0, look.PAGE[0] * 72 / image.width, look.PAGE[1] * 72 / image.height)
    assert min(text.size for text in image.texts if text.text.strip()) * scale >= look.LEAST_TYPE - 0.01
    assert len(image.boxes) <= look.MANY_BOXES


def test_straight_flow() -> None:
    for name in ("lenet", "resnet50", "densenet121", "unet", "cliquenet"):
        image = Image(svg(nets.NETS[name]()))
        column = [b for b in image.boxes if b.text[:1] in (["image"], ["output"])]
        middles = {round((b.left + b.right) / 2) for b in column}
        assert len(middles) == 1, name


def test_svg_is_an_image_with_text() -> None:
    root = ET.fromstring(svg(nets.lenet()))
    assert root.get("role") == "graphics-document document"
    assert root[0].tag.endswith("title")
    assert root[0].text == "lenet5"
    texts = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "5×5 conv, 6" in texts
    assert "2×2 avg pool, /2" in texts
    titles = [t.text or "" for t in root.iter() if t.tag.endswith("title")]
    assert not [
        t for t in titles if re.fullmatch(r"n\d+|cluster_.*|.*->.*", t)
    ]  # no tooltips with our own ids
    assert root.get("aria-label")


SHAPES = ("polygon", "path", "ellipse", "polyline")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name: str) -> None:
    graph = nets.hostile(name)
    for depth in (None, 0, 5):
        text = svg(graph, depth=depth)
        root = ET.fromstring(text)
        tags = {t.tag.rpartition("}")[2] for t in root.iter()}
        assert tags <= {*SHAPES, "svg", "g", "title", "desc", "style", "text"}
        shown = [t.text or "" for t in root.iter("{http://www.w3.org/2000/svg}text")]
        clean = "".join(c if c.isprintable() else " " for c in name).strip()
        if 0 < len(clean) <= 30:
            assert any(clean in s.replace("\xa0", " ") for s in shown), (clean, shown)
    assert dot_text(graph).count("digraph") == 1 + name.count("digraph")


def test_hostile_names_make_no_nodes() -> None:
    import pygraphviz

    plain = pygraphviz.AGraph(string=dot_text(nets.hostile("plain"), depth=5))
    for name in HOSTILE:
        parsed = pygraphviz.AGraph(string=dot_text(nets.hostile(name), depth=5))
        assert parsed.nodes() == plain.nodes(), name
        assert parsed.edges() == plain.edges(), name


def test_unknown_format() -> None:
    with pytest.raises(ArchError) as caught:
        draw(nets.lenet(), "webp")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E513"
    assert diagnostic.help is not None
    assert all(f in diagnostic.help for f in FORMATS)


def test_time_limit_folds_further(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = nets.gated()
    real, tried = process.Graphviz.lay_out, list[int]()

    def slow(self: process.Graphviz, dot: str) -> process.Json:
        tried.append(dot.count("label="))
        if tried[-1] > 20:
            raise process.TooSlow
        return real(self, dot)

    monkeypatch.setattr(process.Graphviz, "lay_out", slow)
    made = drawing([Subject(graph, graph)], "svg")
    assert len(tried) > 1
    assert any("longer than" in note for note in made.notes)
    assert made.data.startswith(b"<?xml")


def test_time_limit_that_nothing_meets() -> None:
    with pytest.raises(ArchError) as caught:
        drawing([Subject(nets.lenet(), nets.lenet())], "svg", Options(time_limit=0.001))
    assert [d.code for d in caught.value.diagnostics] == ["E512"]


def test_wide_nets_are_drawn_in_time() -> None:
    assert svg(nets.branches(60, 6)).startswith("<?xml")


@pytest.mark.parametrize("layers", [80, look.MOST_BOXES + 20])
def test_long_rows_become_one_box(layers: int) -> None:
    image = Image(svg(nets.row(layers)))
    assert [b.text for b in image.boxes] == [["image"], ["3×3 conv, 1 … 5", f" ×{layers}"], ["output"]]


def test_the_fonts_of_the_package_are_only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packaged = tmp_path / "fonts"
    packaged.mkdir()
    for file in fonts.fonts().glob("*.ttf"):
        shutil.copyfile(file, packaged / file.name)
    before = sorted(p.name for p in packaged.iterdir())
    packaged.chmod(0o555)
    expected = draw(nets.lenet(), "svg")
    monkeypatch.setattr(fonts, "fonts", lambda: packaged)
    try:
        assert draw(nets.lenet(), "svg") == expected
        assert sorted(p.name for p in packaged.iterdir()) == before
    finally:
        packaged.chmod(0o755)


def test_a_pdf_has_no_margin_of_its_own() -> None:
    image = Image(svg(nets.lenet()))
    box = re.search(rb"/MediaBox \[ *0 0 ([\d.]+) ([\d.]+)", draw(nets.lenet(), "pdf"))
    assert box is not None
    assert [float(v) for v in box.groups()] == pytest.approx([image.width, image.height], abs=1)


@pytest.mark.parametrize("name", ["lenet", "inception", "clique4", "densenet121"])
@pytest.mark.parametrize("dpi", [80, 200])
def test_a_png_is_rgba_and_says_its_density(name: str, dpi: int) -> None:
    chunks: dict[bytes, bytes] = {}
    data = draw(nets.NETS[name](), "png", dpi=dpi)
    at = 8
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert kind == b"IDAT" or kind not in chunks
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size]) == (zlib.crc32(kind + body),)
        chunks[kind] = body
        at += 12 + size
    assert chunks[b"IHDR"][8:10] == bytes([8, 6])  # 8 bits, RGBA
    assert struct.unpack(">IIB", chunks[b"pHYs"]) == (round(dpi / 0.0254), round(dpi / 0.0254), 1)


def test_more_boxes_than_can_be_laid_out_are_folded() -> None:
    image = Image(svg(nets.branches(look.MOST_BOXES, 1), depth=9))
    assert [b.text[0] for b in image.boxes] == ["image", "s0", "output"]


def test_type_that_gets_small_is_said() -> None:
    made = drawing([Subject(nets.resnet(), nets.resnet())], "svg", Options(depth=9))
    assert any("pt" in note and "depth" in note for note in made.notes)


def test_torch_is_not_loaded() -> None:
    code = (
        "import sys; sys.path[:0] = {path!r}\n"
        "from backends.draw import nets\n"
        "from ogive.backends.draw import draw\n"
        "draw(nets.lenet(), 'svg')\n"
        "assert not {{'torch', 'pygraphviz', 'matplotlib'}} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code.format(path=sys.path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_graph_is_left_alone() -> None:
    graph: Graph = nets.cliquenet(4)
    before = (list(graph.digraph.nodes(data=True)), list(graph.digraph.edges(data=True)), dict(graph.regions))
    draw(graph, "svg")
    assert before == (
        list(graph.digraph.nodes(data=True)),
        list(graph.digraph.edges(data=True)),
        graph.regions,
    )
