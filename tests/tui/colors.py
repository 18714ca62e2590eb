"""Colour arithmetic for the contrast tests: WCAG contrast, weak cones, distance."""

from __future__ import annotations

import math
from itertools import combinations

_SIMULATED = {
    # Machado, Oliveira and Fernandes (2009), severity 1.0, on linear light.
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}

Linear = tuple[float, float, float]


def linear(color: str) -> Linear:
    """Return the linear light of `#rrggbb`."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast of two colours, 1 to 21."""
    dark, light = sorted((_luminance(linear(one)), _luminance(linear(other))))
    return (light + 0.05) / (dark + 0.05)


def seen_by(color: str, cones: str) -> Linear:
    """Return what somebody without these cones sees of a colour."""
    if cones == "all":
        return linear(color)
    source = linear(color)
    red, green, blue = (
        min(max(sum(k * part for k, part in zip(row, source, strict=True)), 0), 1)
        for row in _SIMULATED[cones]
    )
    return red, green, blue


def least_distance(colors: list[str], cones: str) -> float:
    """Return the smallest CIELAB distance (1976) between any two of the colours."""
    seen = [_lab(seen_by(color, cones)) for color in colors]
    return min(math.dist(one, other) for one, other in combinations(seen, 2))


def _luminance(light: Linear) -> float:
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


def _lab(light: Linear) -> Linear:
    red, green, blue = light
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047
    y = _luminance(light)
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883
    fx, fy, fz = (
        part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116
        for part in (x, y, z)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)
