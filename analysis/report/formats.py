"""What a report can be written as: its formats, and the sizes of its figures for paper and slides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

PAPER = "paper"  # a folder with what an article needs
PDF_FIGURES = "pdf-figures"
IMAGES = {"png": "png", "svg": "svg", PDF_FIGURES: "pdf"}  # format -> the suffix of its files
FORMATS = ("html", "md", "latex", "csv", "json", "pdf", *IMAGES, PAPER)
USUAL = ("html", "md", "csv")  # what a study ends with; they need nothing that is not installed

MM_PER_INCH = 25.4
CSS_PX_PER_INCH = 96
PT_PER_INCH = 72
TEXT_PX = 14  # size of a figure's text on the screen

SizeName = Literal["column", "double", "slide"]
SIZE_NAMES: tuple[SizeName, ...] = get_args(SizeName)
DPIS = (300, 600)
DPI = DPIS[0]


@dataclass(frozen=True)
class Size:
    """The size of a figure.

    A figure is laid out on as many CSS pixels as give its text, ``TEXT_PX`` high, the size ``text_pt`` on paper, then
    scaled: so marks and lines keep their proportion to the text.

    Attributes:
        width_mm: its width.
        text_pt: the size of its text, in points of 1/72 inch.
        tallest: the greatest height of a single panel, as a share of the width.

    """

    width_mm: float
    text_pt: float
    tallest: float

    @property
    def scale(self) -> float:
        """Length on paper, in CSS pixels of 1/96 inch, of a CSS pixel of the layout."""
        return self.text_pt * CSS_PX_PER_INCH / PT_PER_INCH / TEXT_PX

    @property
    def layout_width(self) -> float:
        """Width of the layout in CSS pixels."""
        return self.width_mm / MM_PER_INCH * CSS_PX_PER_INCH / self.scale


SIZES: dict[SizeName, Size] = {
    "column": Size(84.0, 8.0, 0.78),
    "double": Size(174.0, 8.0, 0.5),
    "slide": Size(300.0, 16.0, 0.5),
}
DEFAULT_SIZE: SizeName = "double"


@dataclass(frozen=True)
class FigureFormat:
    """How figures are drawn as files.

    Attributes:
        size: their size; None for the usual one.
        dpi: resolution of a PNG, in dots per inch.

    """

    size: SizeName | None = None
    dpi: int = DPI
