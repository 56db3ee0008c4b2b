"""The Runs tab of a study: its runs in a grid, and those that the reader compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import dcc

from analysis.dashboard.blocks import Block, part
from analysis.dashboard.explore.tables import revision
from analysis.dashboard.pages.explore.comparison import compared
from analysis.dashboard.pages.explore.drawer import drawer
from analysis.dashboard.pages.explore.grid import filters, grid

if TYPE_CHECKING:
    from analysis.dashboard.pages.view import View


def runs_blocks(view: View) -> list[Block]:
    """Return the tab; what it shows comes by callbacks, so that it is built once."""
    return [Block("runs", view.address.study, (filters(), *grid(), compared(), drawer())), revision_block(view)]


def revision_block(view: View) -> Block:
    """Return a block without content, whose store changes whenever the study does."""
    return part("revision", dcc.Store(id="revision", data=revision(view.snapshot, view.live)))
