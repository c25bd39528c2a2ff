"""Files as others read them: the same bytes in every time zone, fonts inside, the size that was asked for."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from backends.draw import nets
from ogive import load
from ogive.backends.draw import Options, Subject, drawing
from ogive.backends.draw.fitting.space import PAD
from ogive.backends.draw.layout import process
from ogive.backends.draw.render import require_pixels, write_scene
from ogive.backends.draw.scene import Scene
from ogive.diagnostics import ArchError

DRAW = (
    "import sys; sys.path[:0] = {path!r}\n"
    "from backends.draw import nets\n"
    "from ogive.backends.draw import draw\n"
    "sys.stdout.buffer.write(draw(nets.NETS['inception'](), {kind!r}))\n"
)


def drawn_in(zone: str, kind: str) -> bytes:
    """A drawing made by a process of its own in that time zone."""
    code = DRAW.format(path=sys.path, kind=kind)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env={"TZ": zone}, check=True)
    return done.stdout


@pytest.mark.parametrize("kind", ["pdf", "svg", "png"])
def test_the_same_bytes_in_every_time_zone(kind: str) -> None:
    assert drawn_in("UTC0", kind) == drawn_in("XST-9:30", kind)


def test_a_pdf_is_whole_and_has_no_date() -> None:
    data = drawn_in("XST-9:30", "pdf")
    at = int(data.rsplit(b"startxref", 1)[1].split()[0])
    assert data[at : at + 4] == b"xref" or re.match(rb"\d+ \d+ obj", data[at : at + 20])
    assert b"D:19800101000000Z" in data
    for number, place in enumerate(re.findall(rb"^(\d{10}) \d{5} n", data[at:], re.MULTILINE), 1):
        assert data[int(place) :].startswith(b"%d 0 obj" % number)


def test_the_fonts_are_in_the_pdf() -> None:
    data = drawn_in("UTC0", "pdf")
    packed = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
    whole = data + b"".join(_inflated(part) for part in packed)
    fonts = set(re.findall(rb"/FontName */([A-Z]{6}\+[\w-]+)", whole))
    assert any(b"DejaVuSans" in font for font in fonts)
    assert len(re.findall(rb"/FontFile2 ", whole)) == len(re.findall(rb"/FontName ", whole)) > 0


def _inflated(part: bytes) -> bytes:
    try:
        return zlib.decompress(part)
    except zlib.error:
        return b""


@pytest.mark.parametrize("colour_by", ["kind", "params", "memory", "receptive-field"])
@pytest.mark.parametrize("fit", [(3.25, 9.0), (6.5, 4.0)])
@pytest.mark.parametrize(
    ("target", "style"),
    [
        ("resnet18", "overview"),
        ("unet", "tensors"),
        ("cliquenet_k36_t12", "clique"),
        ("densenet121", "chain"),
    ],
)
def test_a_drawing_with_its_key_fits(
    target: str, style: str, fit: tuple[float, float], colour_by: str
) -> None:
    net = load(target)
    options = Options(style, fit=fit, colour_by=colour_by, legend=True)  # pyright: ignore[reportArgumentType]
    made = drawing([Subject(net.ir, net.unrolled)], "svg", options)
    width, height = made.size
    assert width <= fit[0] + 0.01
    assert height <= fit[1] + 0.01
    printed = re.search(rb'width="(\d+)pt" height="(\d+)pt"', made.data)
    assert printed is not None
    assert [float(v) for v in printed.groups()] == pytest.approx([72 * width, 72 * height], rel=0.006, abs=1)
    assert f"{fit[0]:g} × {fit[1]:g} in" in made.notes[0] if style == "overview" else True


@pytest.mark.parametrize("dpi", [36, 72, 600])
def test_a_png_is_as_large_as_it_says(dpi: int) -> None:
    data = write_scene(Scene("net", 360 - 2 * PAD, 960 - 2 * PAD), "png", dpi)  # with white around it
    at = data.index(b"pHYs") + 4
    assert struct.unpack(">IIB", data[at : at + 9]) == (round(dpi / 0.0254), round(dpi / 0.0254), 1)
    assert struct.unpack(">II", data[16:24]) == pytest.approx((360 * dpi / 72, 960 * dpi / 72), abs=2)


@pytest.mark.parametrize(
    ("width", "height", "dpi", "said"),
    [
        (
            90 - 2 * PAD,
            10_600 - 2 * PAD,
            600,
            "would have 750 × 88,333 pixels",
        ),  # Graphviz would shrink it to 32,767
        (960 - 2 * PAD, 720 - 2 * PAD, 2400, "would have 32,000 × 24,000 pixels"),
        (480, 900, 2400, None),
    ],
)
def test_a_png_of_too_many_pixels_is_refused(width: float, height: float, dpi: int, said: str | None) -> None:
    if said is None:
        require_pixels(width, height, dpi)
        return
    with pytest.raises(ArchError) as caught:
        write_scene(Scene("net", width, height), "png", dpi)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E512"
    assert said in diagnostic.message
    most = int(re.findall(r"`--dpi (\d+)` is the most here", diagnostic.help or "")[0])
    require_pixels(width + 2 * PAD, height + 2 * PAD, most)
    with pytest.raises(ArchError):
        require_pixels(width + 2 * PAD, height + 2 * PAD, most + 1)


def test_a_drawing_that_has_no_dots_at_all() -> None:
    with pytest.raises(ArchError) as caught:
        require_pixels(100, 80_000, 200)
    assert caught.value.diagnostics[0].help == "write it as .pdf or .svg, which have no dots"


def test_no_room_for_temporary_files_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", full)
    with pytest.raises(ArchError) as caught:
        process.Graphviz()
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E510"
    assert "no space left" in diagnostic.message


@pytest.mark.parametrize("style", ["overview", "tensors"])
def test_writing_that_takes_too_long_is_told(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object, **__: object) -> bytes:
        raise process.TooSlow

    monkeypatch.setattr(process.Graphviz, "render", slow)
    graph = nets.lenet()
    with pytest.raises(ArchError) as caught:
        drawing([Subject(graph, graph)], "svg", Options(style))  # pyright: ignore[reportArgumentType]
    assert [d.code for d in caught.value.diagnostics] == ["E512"]
    with pytest.raises(ArchError) as caught:
        drawing([Subject(graph, graph)], "png", Options(style, dpi=600))  # pyright: ignore[reportArgumentType]
    assert "`--dpi 200`" in (caught.value.diagnostics[0].help or "")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("style", "nice"),
        ("theme", "dark"),
        ("colour_by", "size"),
        ("depth", -1),
        ("dpi", 0),
        ("dpi", -200),
        ("dpi", float("nan")),
        ("dpi", 10**6),
    ],
)
def test_options_that_cannot_be_meant(name: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=name):
        load("lenet5").draw(tmp_path / "net.svg", **{name: value})
    assert not list(tmp_path.iterdir())
