"""The list of studies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import dcc, html

from analysis.dashboard.addresses import Address
from analysis.dashboard.blocks import Page, badge, bar, elsewhere, part
from trainables.naming import counted, duration

if TYPE_CHECKING:
    from analysis.dashboard.studies import Studies, StudySummary


def home_page(studies: Studies) -> Page:
    """Return the list of studies with their states.

    Raises:
        UnreadableStudyError: the storage location cannot be read.

    """
    summaries = studies.summaries()
    head: list[Any] = [html.H1("Studies"), html.P(str(studies.storage), className="soft"), *elsewhere(studies)]
    if not summaries:
        text = "No study is registered here yet. It appears when gce-study run starts one in this storage location."
        return Page("Studies", (part("studies", *head, html.P(text)),))
    return Page(
        "Studies", (part("studies", *head, html.Div([_card(study) for study in summaries], className="cards")),)
    )


def _card(study: StudySummary) -> Any:  # noqa: ANN401 -- a component
    """Return one study of the list."""
    title = html.H2([dcc.Link(study.name, href=str(Address(study=study.name))), badge(study.state)])
    if study.problem:
        return html.Article([title, html.P(study.problem, className="problem")])
    left = study.planned - study.recorded
    facts = [f"{study.recorded} of {counted(study.planned, 'run')} recorded", f"{left} left" if left else ""]
    facts += [
        f"ETA {duration(study.eta_s)}" if study.state == "running" else "",
        f"{duration(study.trained_s)} of training",
        study.dataset,
    ]
    return html.Article(
        [
            title,
            html.P(study.description) if study.description else "",
            bar(study.recorded, study.planned),
            html.P(" · ".join(fact for fact in facts if fact), className="soft"),
            html.P(study.headline),
        ]
    )
