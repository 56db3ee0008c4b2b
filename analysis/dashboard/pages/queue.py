"""What runs now and what waits, over all studies, and which processes and machines run it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
from dash import dcc, html

from analysis.components.dash_table import plain_table
from analysis.dashboard.addresses import Address, slug
from analysis.dashboard.blocks import Page, aria, elsewhere, outward, part, percent, scrolled
from trainables.naming import counted, duration

if TYPE_CHECKING:
    from analysis.dashboard.snapshot import Live
    from analysis.dashboard.studies import Studies
    from analysis.dashboard.summaries import StudySummary

STALE_S = 15.0  # age of a progress file from which it is shown


def queue_page(studies: Studies) -> Page:
    """Return the runs in training, those that wait, and the processes that run the studies.

    Raises:
        UnreadableStudyError: the storage location cannot be read.

    """
    summaries = [study for study in studies.summaries() if study.state != "damaged"]
    running = {study.name: studies.live(study.name) for study in summaries if study.state == "running"}
    waiting = [study for study in summaries if study.state != "complete" and study.planned > study.recorded]
    now = sum(len(live.flights) for live in running.values())
    left = sum(study.planned - study.recorded for study in waiting)
    news = f"{counted(now, 'run')} in training, {left - now} waiting"
    head = html.Header([html.H1("Queue"), html.P(news, className="soft"), *elsewhere(studies)], className="head")
    sections = {
        "Running now": _running(running),
        "Waiting": _waiting(waiting, running),
        "Machines": _machines(running),
    }
    blocks = [part(slug(title), html.H2(title), *content) for title, content in sections.items() if content]
    return Page("Queue", (part("head", head), *blocks), news)


def _running(running: dict[str, Live]) -> list[Any]:
    """Return the runs in training; empty without any."""
    rows = [
        (
            dcc.Link(flight.configuration, href=str(Address(study=name, run=flight.run_id))),
            dcc.Link(name, href=str(Address(study=name))),
            flight.subset,
            flight.seed,
            _epochs(flight.epoch, flight.epochs),
            percent(flight.validation_accuracy),
        )
        for name, live in running.items()
        for flight in live.flights
    ]
    if not rows:
        return []
    head = ("Configuration", "Study", "Subset", "Seed", "Epoch", "Validation (%)")
    looks = {"Seed": "number", "Validation (%)": "number"}
    return [scrolled(plain_table(head, rows, looks), "Runs in training")]


def _epochs(epoch: int, epochs: int) -> list[Any]:
    bar = dmc.Progress(value=100 * epoch / max(1, epochs), size="sm", className="bar", **aria(hidden="true"))
    return [bar, html.Span(f"{epoch} of {epochs}")]


def _waiting(waiting: list[StudySummary], running: dict[str, Live]) -> list[Any]:
    """Return the studies with runs that have not begun, and what they wait for; empty without any."""
    rows = []
    for study in waiting:
        live = running.get(study.name)
        count = study.planned - study.recorded - (len(live.flights) if live else 0)
        why = "; ".join(live.waits) or "their turn" if live else f"gce-study resume {study.name}"
        left = duration(study.eta_s) if live and study.eta_s is not None else "-"
        link = dcc.Link(study.name, href=str(Address(study=study.name)))
        rows.append((link, f"{count:,}", why, left))
    if not rows:
        return []
    head = ("Study", "Runs", "Wait for", "Time left")
    return [scrolled(plain_table(head, rows, {"Runs": "number"}), "Studies with waiting runs")]


def _machines(running: dict[str, Live]) -> list[Any]:
    """Return who runs each study, and the pages of the clusters; empty if no study is running."""
    rows = []
    for name, live in running.items():
        ray = outward("Ray dashboard", live.ray_dashboard) if live.ray_dashboard else "-"
        age = f"{duration(live.age_s)} ago" if live.age_s > STALE_S else "now"
        link = dcc.Link(name, href=str(Address(study=name)))
        rows.append((link, live.owner, age, ray))
    if not rows:
        return []
    return [scrolled(plain_table(("Study", "Run by", "Last heard", "Cluster"), rows, {}), "Machines")]
