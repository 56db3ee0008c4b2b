"""The page at each address, and the callbacks of all pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dash import dcc, html

from analysis.dashboard.addresses import Address
from analysis.dashboard.blocks import Page, part
from analysis.dashboard.explore.tables import Tables
from analysis.dashboard.pages import clips, compare, home, queue, run, study
from analysis.dashboard.pages.explore.comparison import add_compare_callbacks
from analysis.dashboard.pages.explore.drawer import add_drawer_callbacks
from analysis.dashboard.pages.explore.grid import add_grid_callbacks
from analysis.dashboard.pages.explore.tab import add_explore_callbacks
from analysis.dashboard.pages.sections import working
from analysis.dashboard.reading.job import StillWorkingError
from analysis.dashboard.studies import UnreadableStudyError

if TYPE_CHECKING:
    from analysis.dashboard.callbacks import Callbacks
    from analysis.dashboard.studies import Studies


def make_page(studies: Studies, address: Address, *, here: bool = True, dark: bool = False) -> Page:
    """Return the current page at an address.

    Args:
        studies: the studies to show.
        address: of the page.
        here: whether the browser runs on this machine, where it may play sounds.
        dark: whether its theme is dark.

    """
    if not address.known:
        return _message("No such page", "There is no page at this address.")
    try:
        if not address.study:
            return _place(studies, address)
        if address.run:
            return run.run_page(studies, address)
        return study.study_page(studies, address, here=here, dark=dark)
    except StillWorkingError as error:
        return _working(address, error)
    except (UnreadableStudyError, OSError) as error:
        return _message(address.study or "Studies", str(error))


def _place(studies: Studies, address: Address) -> Page:
    """Return a page of no study."""
    match address.place:
        case "compare":
            return compare.compare_page(studies, address)
        case "queue":
            return queue.queue_page(studies)
        case _:
            return home.home_page(studies, address)


def _working(address: Address, error: StillWorkingError) -> Page:
    """Return what is shown until the records have been read."""
    title = address.study or "Compare"
    head = part("head", html.Header(html.H1(title), className="head"))
    return Page(title, (head, working(error)), f"{title}: {error}")


def _message(title: str, text: str) -> Page:
    back = dcc.Link("All studies", href=str(Address()))
    head = part("head", html.Header(html.H1(title), className="head"))
    return Page(title, (head, part("message", html.P(text, className="problem", role="alert"), html.P(back))))


def add_callbacks(callbacks: Callbacks, studies: Studies) -> None:
    """Add the callbacks of every page that has any, one line per page."""
    home.add_callbacks(callbacks)
    compare.add_callbacks(callbacks)
    tables = Tables(studies)
    clips.add_clip_callbacks(callbacks)
    add_explore_callbacks(callbacks, tables)
    add_grid_callbacks(callbacks, tables)
    add_compare_callbacks(callbacks, tables)
    add_drawer_callbacks(callbacks, tables, studies)
