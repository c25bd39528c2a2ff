"""Palettes: told apart by every eye and in print, and legible."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

import ogive
from backends.draw.vision import SIMULATED, apart, difference, grey, lab
from ogive.backends.draw.choices import THEMES
from ogive.backends.draw.colours import look
from ogive.backends.draw.colours.amounts import STEPS
from ogive.backends.draw.colours.colour import Colours, contrast, ink_on
from ogive.backends.draw.colours.destinations import GREYS as GREY_HUES
from ogive.backends.draw.colours.destinations import HUES
from ogive.backends.draw.subject import Subject

KINDS = ("norm", "act", "conv", "attention", "linear", "pool")


def subject(name: str) -> Subject:
    net = ogive.load(name)
    return Subject(net.ir, net.unrolled)


def of_text(text: str) -> Subject:
    net = ogive.loads(text)
    return Subject(net.ir, net.unrolled)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [  # of the pairs in table 1 of Sharma, Wu & Dalal 2005
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, -1.1848, -84.8006), (50.0, 0.0, -82.7485), 1.0000),
        ((50.0, 2.5, 0.0), (50.0, 0.0, -2.5), 4.3065),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_differences_are_those_that_are_published(
    a: tuple[float, float, float], b: tuple[float, float, float], expected: float
) -> None:
    assert difference(a, b) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("a", "b"), list(combinations((*KINDS, "plain"), 2)))
def test_kinds_are_told_apart_by_every_eye(a: str, b: str) -> None:
    for theme, least in (("paper", 4.5), ("grey", 3.3)):
        colours = Colours(theme)
        assert apart(colours.paint(a).fill, colours.paint(b).fill) > least


@pytest.mark.parametrize("theme", THEMES)
def test_kinds_are_told_apart_in_grey(theme: str) -> None:
    greys = [round(grey(Colours(theme).paint(kind).fill)) for kind in KINDS]
    assert min(a - b for a, b in pairwise(greys)) >= 17, greys


def test_white_is_told_from_greys_as_well() -> None:
    fills = {kind: Colours("grey").paint(kind).fill for kind in (*KINDS, "plain", "input", "aux")}
    assert all(len({fill[1:3], fill[3:5], fill[5:]}) == 1 for fill in fills.values())
    assert round(grey(fills["plain"]) - grey(fills["norm"])) >= 17


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", [*KINDS, "plain", "input", "output", "aux"])
def test_text_on_kinds_is_legible(theme: str, kind: str) -> None:
    paint = Colours(theme).paint(kind)
    assert contrast(paint.fill, paint.ink) >= 6.5


def test_text_on_frames_is_legible() -> None:
    for theme in THEMES:
        fill, _ = Colours(theme).frame
        for ink in ("#333333", look.INK_NOTE, Colours(theme).edge("flow")):
            assert contrast(fill, ink) >= 6.5


def test_strokes_are_seen() -> None:
    for theme in THEMES:
        for kind in (*KINDS, "plain", "input"):
            paint = Colours(theme).paint(kind)
            assert contrast("#FFFFFF", paint.stroke) >= 3 or contrast(paint.fill, paint.stroke) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_steps_grow_darker_for_every_eye(theme: str) -> None:
    steps = Colours(theme, "params").steps
    assert len(steps) == STEPS
    for eye in SIMULATED:
        lightness = [lab(fill, eye)[0] for fill in steps]
        assert min(a - b for a, b in pairwise(lightness)) > 10, (eye, lightness)
    assert min(apart(a, b) for a, b in combinations(steps, 2)) > 6
    greys = [grey(fill) for fill in steps]
    assert min(a - b for a, b in pairwise(greys)) >= 17
    assert min(contrast(fill, ink_on(fill)) for fill in steps) >= 4.5
    assert min(apart(fill, look.PLAIN.fill) for fill in steps) > 3.5


def test_ink_is_that_which_is_read_better() -> None:
    for level in range(256):
        fill = f"#{level:02X}{level:02X}{level:02X}"
        other = {"#000000": "#FFFFFF", "#FFFFFF": "#000000"}[ink_on(fill)]
        assert contrast(fill, ink_on(fill)) >= contrast(fill, other)
        assert contrast(fill, ink_on(fill)) >= 4.5
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES)
def test_arrows_are_told_apart(theme: str) -> None:
    strokes = look.STROKES if theme == "paper" else look.GREY_STROKES
    assert {kind: Colours(theme).line(kind) for kind in strokes} == strokes
    for a, b in combinations(strokes.values(), 2):
        same = a.dashed == b.dashed and a.pen == b.pen
        assert not same or apart(a.colour, b.colour) > 9, (a, b)
    assert Colours(theme).line("no such kind") == strokes["flow"]
    for stroke in strokes.values():
        assert contrast("#FFFFFF", stroke.colour) >= 2.5


def test_destinations_are_told_apart() -> None:
    assert len(HUES) == 8
    assert min(apart(a, b) for a, b in combinations(HUES, 2)) > 6.5
    assert min(contrast("#FFFFFF", hue) for hue in HUES) >= 3
    assert min(apart(a, b) for a, b in combinations(GREY_HUES, 2)) > 7.5
