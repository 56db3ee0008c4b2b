"""The page of a study: its header, and one of its tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import dash_mantine_components as dmc
from dash import dcc, html

from analysis.dashboard.blocks import Page, aria, badge, elsewhere, part
from analysis.dashboard.pages.about import about_blocks
from analysis.dashboard.pages.answer import answer_blocks
from analysis.dashboard.pages.clips import clips_blocks
from analysis.dashboard.pages.explore.runs import runs_blocks
from analysis.dashboard.pages.explore.tab import explore_blocks
from analysis.dashboard.pages.sections import working
from analysis.dashboard.pages.view import View
from analysis.dashboard.reading.job import StillWorkingError
from analysis.results.reported_metric import REPORTABLE
from analysis.text.validation_clips import earlier_version
from trainables.characters import visible
from trainables.metrics import METRICS
from trainables.naming import duration
from trainables.numerals import percent

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.dashboard.addresses import Address
    from analysis.dashboard.blocks import Block
    from analysis.dashboard.snapshot import Live, Snapshot
    from analysis.dashboard.studies import Studies


class Tab(NamedTuple):
    """A tab of a study: its title, and what returns its blocks."""

    title: str
    blocks: Callable[[View], list[Block]]


TABS = {  # by the name in the address
    "": Tab("Answer", answer_blocks),
    "explore": Tab("Explore", explore_blocks),
    "runs": Tab("Runs", runs_blocks),
    "clips": Tab("Clips", clips_blocks),
    "about": Tab("About", about_blocks),
}


def study_page(studies: Studies, address: Address, *, here: bool = True, dark: bool = False) -> Page:
    """Return one tab of a study, below a header that all tabs have; see ``make_page``.

    Raises:
        UnreadableStudyError: there is no such study, or it cannot be read.
        OSError: an object store cannot be reached.

    """
    snapshot, live = studies.snapshot(address.study, **address.view), studies.live(address.study)
    state = studies.state(address.study, len(snapshot.stamps), live)
    view = View(studies, snapshot, live, state, address, here, dark)
    tab = address.tab if address.tab in TABS else ""
    title, blocks = TABS[tab]
    words = [*(_notes(snapshot) if tab else []), *_test_switch(snapshot, address), *_metric_switch(snapshot, address)]
    try:
        below = blocks(view)
    except StillWorkingError as error:
        below = [working(error)]
    above = [_head(view, tab), part("tabs", _navigation(address, tab)), part("notes", *words)]
    return Page(f"{address.study}: {title}", (*above, *below), _news(view))


def _news(view: View) -> str:
    """Return what a screen reader announces: in steps of a tenth, so that it does not speak after each run."""
    planned, recorded = len(view.snapshot.runs), len(view.snapshot.stamps)
    share = f", {percent((10 * recorded // planned) / 10)} of the runs recorded" if planned else ""
    return f"{view.address.study}: {view.state}{share}"


def _head(view: View, tab: str) -> Block:
    """Return the header of a study: name, state, result and the time that is left, in one line.

    The first tab begins with the result, so there the header lacks it.
    """
    snapshot, live = view.snapshot, view.live
    line: list[Any] = [html.H1(view.address.study, title=visible(view.address.study)), badge(view.state)]
    if view.state != "complete":
        line.append(_progress(len(snapshot.stamps), len(snapshot.runs), live))
    if tab:
        headline, full = snapshot.headline, html.P(snapshot.verdict)
        advice = [html.P(headline.advice)] if headline.advice else []
        summary = html.Summary(html.Span(headline.text), title="Show or hide the result in full")
        line.append(html.Details([summary, html.Div([*advice, full], className="full")], className="result"))
    return part("head", html.Header([*line, *elsewhere(view.studies, live.ray_dashboard)], className="head"))


def _progress(recorded: int, planned: int, live: Live) -> Any:  # noqa: ANN401 -- a component
    """Return a ring that shows how many runs are recorded, with the time that is left."""
    ring = dmc.RingProgress(
        sections=[{"value": 100 * recorded / max(1, planned), "color": "var(--mark)"}],
        size=26,
        thickness=4,
        rootColor="var(--line)",
        **aria(hidden="true"),
    )
    left = f", {duration(live.eta_s)} left" if live.owner and live.eta_s is not None else ""
    return html.Span([ring, f"{recorded:,} of {planned:,}{left}"], className="ring")


def _notes(snapshot: Snapshot) -> list[Any]:
    """Return what to know on every tab; on the first, it is among the cautions."""
    version = earlier_version(snapshot.plan)
    return [html.P(version, className="note")] if version else []


def _test_switch(snapshot: Snapshot, address: Address) -> list[Any]:
    """Return a link that shows or hides the test accuracies of a study that has not ended; empty once it has."""
    if snapshot.results.ended or not snapshot.plan.dataset.clips.get("test"):
        return []
    shown = address.show_test
    state = "shown, although the study has not ended" if shown else "hidden until the study has ended"
    text = f"Test accuracies are {state}: stopping or changing it because of them would be choosing by the test set. "
    link = dcc.Link(f"{'Hide' if shown else 'Show'} the test accuracies", href=str(address.but(show_test=not shown)))
    return [html.P([text, link], className="note")]


def _metric_switch(snapshot: Snapshot, address: Address) -> list[Any]:
    """Return links to the metrics on test clips that the page can report; empty if there is only one."""
    runs, shown = snapshot.results.runs, snapshot.results.metric
    measured = [name for name in REPORTABLE if runs[f"test_{name}"].notna().any()]
    if len(measured) < 2:  # noqa: PLR2004 -- nothing to choose between
        return []
    links: list[Any] = ["Metric on test clips: "]
    for name in measured:
        words = METRICS[name].words
        links += [html.Strong(words) if name == shown else dcc.Link(words, href=str(address.but(metric=name))), ", "]
    return [html.P([*links[:-1], "."], className="note")]


def _navigation(address: Address, current: str) -> Any:  # noqa: ANN401 -- a component
    """Return the tabs as links, so that each has an address that can be shared."""
    links = []
    for tab, (title, _) in TABS.items():
        current_page = aria(current="page") if tab == current else {}
        link = dcc.Link(title, href=str(address.beside(tab=tab)))
        links.append(html.Li(link, className="here" if tab == current else "", **current_page))
    return html.Nav(html.Ul(links), className="tabs", **aria(label="Parts of the study"))
