"""How far apart colours look: CIEDE2000, for those who see all colours and as simulated for those who do not."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _XYZ @ np.ones(3)
# Machado, Oliveira & Fernandes, "A physiologically-based model for simulation of color vision deficiency", 2009,
# table 1, severity 1.0; they act on linear RGB
SIMULATED = {
    "all colours": np.eye(3),
    "protan": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deutan": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritan": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def rgb(colour: str) -> Array:
    """`#rrggbb` as three numbers from 0 to 1."""
    assert len(colour) == 7, colour
    return np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def grey(colour: str) -> float:
    """The grey, of 255, that a printer makes of a colour: the luma of ITU-R BT.601."""
    return float(255 * rgb(colour) @ np.array([0.299, 0.587, 0.114]))


@cache
def lab(colour: str, eye: str = "all colours") -> tuple[float, float, float]:
    """CIE L*a*b*, white being that of sRGB."""
    encoded = rgb(colour)
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(SIMULATED[eye] @ linear, 0, 1)
    x = _XYZ @ seen / _WHITE
    f = np.where(x > 216 / 24389, np.cbrt(x), (24389 / 27 * x + 16) / 116)
    return float(116 * f[1] - 16), float(500 * (f[0] - f[1])), float(200 * (f[1] - f[2]))


def difference(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    """CIEDE2000 of two colours in L*a*b* (Sharma, Wu & Dalal 2005). Below 1 nobody sees it."""
    (l1, a1, b1), (l2, a2, b2) = a, b
    mean = (np.hypot(a1, b1) + np.hypot(a2, b2)) / 2
    stretch = 1 + (1 - np.sqrt(mean**7 / (mean**7 + 25.0**7))) / 2
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.degrees(np.arctan2(b1, a1)) % 360, np.degrees(np.arctan2(b2, a2)) % 360
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    middle = h1 + h2 if c1 * c2 == 0 else (h1 + turn / 2) % 360
    light, chroma, hue = l2 - l1, c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2))
    lm, cm = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1 - 0.17 * np.cos(np.radians(middle - 30)) + 0.24 * np.cos(np.radians(2 * middle))
        + 0.32 * np.cos(np.radians(3 * middle + 6)) - 0.20 * np.cos(np.radians(4 * middle - 63))
    )  # fmt: skip
    sl = 1 + 0.015 * (lm - 50) ** 2 / np.sqrt(20 + (lm - 50) ** 2)
    sc, sh = 1 + 0.045 * cm, 1 + 0.015 * cm * t
    rotation = (
        -2
        * np.sqrt(cm**7 / (cm**7 + 25.0**7))
        * np.sin(np.radians(60 * np.exp(-(((middle - 275) / 25) ** 2))))
    )
    parts = light / sl, chroma / sc, hue / sh
    return float(np.sqrt(sum(part**2 for part in parts) + rotation * parts[1] * parts[2]))


def apart(a: str, b: str) -> float:
    """How far apart two colours are for the eye that tells them apart worst."""
    return min(difference(lab(a, eye), lab(b, eye)) for eye in SIMULATED)
