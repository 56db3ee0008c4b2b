"""The list of studies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import Input, dcc, html

from analysis.dashboard.addresses import Address
from analysis.dashboard.blocks import Block, Page, elsewhere, grid_block, part
from analysis.dashboard.grids import Grid
from trainables.characters import visible
from trainables.naming import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.dashboard.callbacks import Callbacks
    from analysis.dashboard.studies import Studies
    from analysis.dashboard.summaries import StudySummary

GRID = {"type": "grid", "key": "studies"}


def home_page(studies: Studies, address: Address) -> Page:
    """Return the list of studies with their states and results.

    Raises:
        UnreadableStudyError: the storage location cannot be read.

    """
    summaries = studies.summaries()
    head = part(
        "head",
        html.Header(
            [
                html.H1("Studies"),
                html.P(str(studies.storage), className="soft place", title=visible(str(studies.storage))),
                *elsewhere(studies),
            ],
            className="head",
        ),
    )
    if not summaries:
        text = "No study is registered here yet. It appears when gce-study run starts one in this storage location."
        return Page("Studies", (head, part("studies", html.P(text, className="nothing"))))
    running = sum(study.state == "running" for study in summaries)
    news = f"{len(summaries)} {'study' if len(summaries) == 1 else 'studies'}, {running} running"
    return Page("Studies", (head, _search(address), _grid(summaries, address)), news)


def _search(address: Address) -> Block:
    """Return the box in which studies are searched for; assets/page.js applies it to the grid and to the address."""
    box = dcc.Input(id="search", type="search", value=address.search, placeholder="Search studies", className="search")
    label = html.Label([html.Span("Search studies", className="unseen"), box])
    key = html.Kbd("/", title="Press / to search")
    return part("search", html.Div([label, key], className="searching", role="search"))


def _grid(summaries: Sequence[StudySummary], address: Address) -> Block:
    columns: list[dict[str, Any]] = [
        {"field": "name", "headerName": "Study", "cellRenderer": "StudyName", "minWidth": 190, "flex": 2},
        {"field": "state", "headerName": "State", "cellRenderer": "StudyState", "width": 128},
        {"field": "share", "headerName": "Progress", "cellRenderer": "StudyProgress", "width": 172},
        {"field": "headline", "headerName": "Result", "cellRenderer": "StudyResult", "minWidth": 260, "flex": 4},
        {"field": "score", "headerName": "Pick (%)", "cellRenderer": "StudyPick", "minWidth": 170, "flex": 2},
        {
            "field": "trend",
            "headerName": "Validation",
            "cellRenderer": "StudyTrend",
            "width": 130,
            "sortable": False,
            "cellDataType": False,
        },
        {"field": "updated", "headerName": "Last run", "valueFormatter": {"function": "ago(params)"}, "width": 124},
    ]
    for column in columns:
        if column["field"] == address.sort:
            column["sort"] = "desc" if address.descending else "asc"
    rows = [_row(study) for study in summaries]
    return grid_block("studies", Grid("Studies", columns, rows, {"quickFilterText": address.search}))


def _row(study: StudySummary) -> dict[str, Any]:
    texts = {
        "name": study.name,
        "state": study.state,
        "headline": study.problem or study.headline,
        "pick": study.pick,
        "score": study.score,
        "scored_by": study.scored_by,
    }
    return {name: visible(text) for name, text in texts.items()} | {
        "key": study.name,
        "href": str(Address(study=study.name)),
        "share": study.recorded / study.planned if study.planned else 0.0,
        "recorded": study.recorded,
        "planned": study.planned,
        "left": f"{duration(study.eta_s)} left" if study.state == "running" and study.eta_s is not None else "",
        "updated": study.updated,
        "trend": [round(100 * value, 1) for value in study.trend],
        "problem": bool(study.problem),
        "pending": study.pending,
    }


def add_callbacks(callbacks: Callbacks) -> None:
    """Add what the browser does when a reader searches or sorts the studies."""
    callbacks.in_browser("search", Input("search", "value"))
    callbacks.in_browser("sorted", Input(GRID, "columnState"))
