"""The colours of figures, each as a pair: on white paper and on dark paper.

Every colour of a mark has a contrast of at least 3:1 with its paper. The first five hues and the ink stay apart for
readers with protanopia, deuteranopia or tritanopia too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Pair(NamedTuple):
    """One colour on the two papers, as ``#rrggbb``."""

    light: str
    dark: str


INK, PAPER, GRID = Pair("#1b1f24", "#e6e9ed"), Pair("#ffffff", "#14171b"), Pair("#e3e6ea", "#30363d")
SOFT = Pair("#6b7280", "#949ba6")  # of what matters less
# Each hue in three shades: the usual one first.
HUES: dict[str, tuple[Pair, ...]] = {
    "blue": (Pair("#0b5ab0", "#4a8af0"), Pair("#4e7fdb", "#a1baff"), Pair("#003874", "#d9e4ff")),
    "green": (Pair("#04a37c", "#63e29a"), Pair("#06765a", "#37bc77"), Pair("#00513c", "#8effbb")),
    "vermilion": (Pair("#c23e2b", "#e8603a"), Pair("#e86047", "#fe9d7f"), Pair("#940d0a", "#ffd3c2")),
    "purple": (Pair("#7a4275", "#a98abc"), Pair("#a66ba0", "#d6b5e9"), Pair("#551f51", "#f3e4ff")),
    "orange": (Pair("#c9800a", "#fcc438"), Pair("#9a6000", "#d09e01"), Pair("#704400", "#ffdea6")),
    "ink": (Pair("#22272e", "#f2f4f6"), Pair("#73777e", "#949698"), Pair("#474c51", "#bfc1c3")),
    "teal": (Pair("#0c8599", "#4cc6d6"), Pair("#006373", "#03a0af"), Pair("#00424d", "#79eefe")),
    "pink": (Pair("#d6569a", "#f48fc0"), Pair("#af2f77", "#cd6b9c"), Pair("#840054", "#fec8e0")),
    "brown": (Pair("#7a5c1e", "#c2a05a"), Pair("#a38142", "#e6c27a"), Pair("#523900", "#9c7d39")),
}
# From the paper to what stands out most. Their lightness changes evenly.
SEQUENTIAL = (
    PAPER,
    Pair("#cfe0f2", "#1d3a5a"),
    Pair("#9dc1e4", "#1f5a92"),
    Pair("#5f99cf", "#3f86c6"),
    Pair("#2b6db3", "#76b2e6"),
    Pair("#0d4488", "#b4d9f7"),
    Pair("#071f4a", "#f0f8ff"),
)
# From the least over zero, which is the paper, to the greatest.
DIVERGING = (
    Pair("#8f2314", "#ff9d7f"),
    Pair("#d9694f", "#d9623e"),
    Pair("#f3bcab", "#7a3b2a"),
    Pair("#ffffff", "#14171b"),
    Pair("#aecbea", "#1f4a78"),
    Pair("#4a86c8", "#3f86d6"),
    Pair("#0b3f80", "#a9d0ff"),
)


def scale(pairs: tuple[Pair, ...], *, dark: bool) -> list[tuple[float, str]]:
    """Return plotly's colour scale of some colours, evenly spaced, on one paper."""
    return [(place / (len(pairs) - 1), pair[dark]) for place, pair in enumerate(pairs)]


def _between(colours: Sequence[str], share: float) -> str:
    """Return the colour at a share from 0 to 1 of the way along evenly spaced colours."""
    place, part = divmod(share * (len(colours) - 1), 1)
    low, high = colours[int(place)], colours[min(int(place) + 1, len(colours) - 1)]
    ends = [(int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + part * (b - a)):02x}" for a, b in ends)


def _strengths() -> tuple[Pair, ...]:
    papers = [[pair[paper] for pair in SEQUENTIAL] for paper in (0, 1)]
    shares = [0.35 + 0.65 * step / 15 for step in range(16)]
    return tuple(Pair(*(_between(colours, share) for colours in papers)) for share in shares)


STRENGTHS = _strengths()  # of lines, from the faintest to the one that stands out most
# Of a number in a cell of a heat map, by the cell's share of the scale: each has a contrast of at least 4.5 on either
# paper up to the share beside it. The colours between have to be black on both.
ON_SCALE = ((0.45, Pair("#020202", "#ffffff")), (0.62, Pair("#010101", "#000000")), (1.0, Pair("#fffffe", "#000000")))
# From each colour on white paper to the same one on dark paper.
ON_DARK: dict[str, str] = {
    pair.light: pair.dark
    for pair in (
        *STRENGTHS,
        *(shade for shades in HUES.values() for shade in shades),
        *(SOFT, GRID, PAPER, INK),
        *(pair for _, pair in ON_SCALE),
    )
}


def on_scale(share: float) -> str:
    """Return the colour, on white paper, of text in a cell of a heat map at a share of its scale, from 0 to 1."""
    return next(pair.light for most, pair in ON_SCALE if share <= most)
