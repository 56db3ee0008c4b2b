"""The page of a study: its verdict, and one of its tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from dash import dcc, html

from analysis.dashboard.blocks import Block, Page, aria, badge, elsewhere, part
from analysis.dashboard.pages.about import about_blocks
from analysis.dashboard.pages.answer import answer_blocks
from analysis.dashboard.pages.clips import clips_blocks
from analysis.dashboard.pages.runs import runs_blocks
from analysis.dashboard.pages.view import View
from analysis.results.reported_metric import REPORTABLE
from analysis.text.validation_clips import earlier_version
from trainables.metrics import METRICS

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.dashboard.addresses import Address
    from analysis.dashboard.snapshot import Snapshot
    from analysis.dashboard.studies import Studies
    from analysis.results.study_state import State


class Tab(NamedTuple):
    """A tab of a study: its title, and what returns its blocks."""

    title: str
    blocks: Callable[[View], list[Block]]


TABS = {  # by the name in the address
    "": Tab("Answer", answer_blocks),
    "runs": Tab("Runs", runs_blocks),
    "clips": Tab("Clips", clips_blocks),
    "about": Tab("About", about_blocks),
}


def study_page(studies: Studies, address: Address, *, here: bool = True) -> Page:
    """Return one tab of a study, below a header that all tabs have; see ``make_page``.

    Raises:
        UnreadableStudyError: there is no such study, or it cannot be read.
        OSError: an object store cannot be reached.

    """
    snapshot, live = studies.snapshot(address.study, **address.view), studies.live(address.study)
    view = View(studies, snapshot, live, studies.state(snapshot, live), address, here)
    tab = address.tab if address.tab in TABS else ""
    title, blocks = TABS[tab]
    head = _head(snapshot, view.state, address, elsewhere(studies, live.ray_dashboard))
    navigation = part("tabs", _navigation(address, tab))
    return Page(f"{address.study}: {title}", (head, navigation, *blocks(view)))


def _head(snapshot: Snapshot, state: State, address: Address, links: list[Any]) -> Block:
    plan = snapshot.plan
    words = [html.P(snapshot.headline.text, className="headline")]
    words += [html.P(snapshot.headline.advice)] if snapshot.headline.advice else []
    full = html.Details([html.Summary("In full"), html.P(snapshot.verdict)], open=True)
    text = html.Section([*words, full], className="verdict", **aria(label="Verdict"))
    title = html.H1([address.study, badge(state)])
    version = earlier_version(plan)
    notes = [*([html.P(version, className="note")] if version else []), *_test_switch(snapshot, address)]
    notes += _metric_switch(snapshot, address)
    return part("head", title, html.P(plan.description, className="soft"), text, *notes, *links)


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
