"""The tab on what a study was made from: data, methods, provenance, and what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.dashboard.pages.sections import ABOUT, section_blocks, sections_of

if TYPE_CHECKING:
    from analysis.dashboard.blocks import Block
    from analysis.dashboard.pages.view import View


def about_blocks(view: View) -> list[Block]:
    """Return the sections of the tab."""
    return [block for section in sections_of(view, ABOUT) for block in section_blocks(view, section)]
