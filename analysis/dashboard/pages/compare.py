"""Two to six studies side by side: their results, the configurations that they share, and how their files differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dash_mantine_components as dmc
from dash import Input, dcc, html

from analysis.components.dash_table import plain_table
from analysis.dashboard.addresses import Address, slug
from analysis.dashboard.blocks import Block, Page, badge, part, scrolled, table
from analysis.figures.forest import forest
from analysis.findings.shared_configurations import MAX_STUDIES, shared_configurations
from analysis.tables.several_studies import comparison
from analysis.text.phrases import joined
from trainables.characters import visible
from trainables.naming import counted

if TYPE_CHECKING:
    from analysis.dashboard.callbacks import Callbacks
    from analysis.dashboard.snapshot import Snapshot
    from analysis.dashboard.studies import Differences, Studies
    from analysis.findings.shared_configurations import SharedConfigurations

FEWEST = 2


@dataclass(frozen=True)
class _Compared:
    """One of the compared studies."""

    name: str
    snapshot: Snapshot


def compare_page(studies: Studies, address: Address) -> Page:
    """Return the comparison of the studies that the address names.

    Raises:
        UnreadableStudyError: a study cannot be read, or there is no such study.

    """
    names = studies.names()
    chosen = address.compared[:MAX_STUDIES]
    head = part("head", html.Header([html.H1("Compare")], className="head"))
    blocks = [head, _chooser(names, chosen)]
    if len(chosen) < FEWEST:
        text = ""
        if len(names) < FEWEST:
            text = "Only one study is registered here." if names else "No study is registered here yet."
        return Page("Compare", (*blocks, *([part("nothing", html.P(text, className="nothing"))] if text else [])))
    compared = [_Compared(name, studies.snapshot(name, **address.view)) for name in chosen]
    shared = shared_configurations([study.snapshot.results for study in compared])
    stamp = " ".join(str(study.snapshot.number) for study in compared)
    blocks += [
        part("results", html.H2("Results"), _results(studies, compared)),
        *_shared(shared, stamp),
        *_files(studies.differences, compared),
    ]
    return Page(f"Compare {joined(list(chosen))}", tuple(blocks))


def _chooser(names: list[str], chosen: tuple[str, ...]) -> Block:
    """Return the box in which studies are chosen; assets/page.js puts them into the address."""
    options: Any = [{"value": name, "label": visible(name)} for name in names]
    box = dmc.MultiSelect(
        id="compared",
        data=options,
        value=[name for name in chosen if name in names],
        label="Studies to compare",
        description=f"Choose {FEWEST} to {MAX_STUDIES}; the others are compared with the first",
        w="min(60rem, 100%)",
        searchable=True,
        clearable=True,
        maxValues=MAX_STUDIES,
        nothingFoundMessage="No such study",
    )
    return part("chooser", box)


def _results(studies: Studies, compared: list[_Compared]) -> Any:  # noqa: ANN401 -- a component
    rows = []
    for study in compared:
        plan = study.snapshot.plan
        state = studies.state(study.name, len(study.snapshot.stamps), studies.live(study.name))
        link = dcc.Link(study.name, href=str(Address(study=study.name)))
        runs = f"{len(study.snapshot.stamps):,} of {len(study.snapshot.runs):,}"
        result = study.snapshot.headline.text
        rows.append((link, result, badge(state), plan.dataset.name, runs))
    head = ("Study", "Result", "State", "Data set", "Runs recorded")
    return scrolled(plain_table(head, rows, {"Result": "long", "Runs recorded": "number"}), "Results")


def _shared(shared: SharedConfigurations, stamp: str) -> list[Block]:
    """Return figures and table of the configurations that the studies share, and what each alone has."""
    tabulated = comparison(shared)
    blocks = [part("shared", html.H2("Shared configurations"), *_alone(shared))]
    if not tabulated.rows:
        return [*blocks, part("none", html.P("These studies share no configuration with complete runs."))]
    figures = next((drawn for metric in reversed(shared.metrics) if (drawn := forest(shared, metric))), ())
    blocks += [Block(figure.name, stamp, figure=figure, file=slug(figure.title)) for figure in figures]
    return [*blocks, part("table", *table(tabulated))]


def _alone(shared: SharedConfigurations) -> list[Any]:
    """Return what each study alone has, folded."""
    parts: list[Any] = []
    for place, name in enumerate(shared.names):
        if alone := shared.only(place):
            summary = html.Summary(f"Only in {name}: {counted(len(alone), 'configuration')}")
            parts.append(html.Details([summary, html.Ul(list(map(html.Li, alone)))]))
    return parts


def _files(differences: Differences | None, compared: list[_Compared]) -> list[Block]:
    """Return how the file of each study differs from that of the first; empty where nothing compares files."""
    if differences is None:
        return []
    first, *others = compared
    parts: list[Any] = [html.H2("Study files")]
    for other in others:
        lines = differences(first.snapshot.plan.spec, other.snapshot.plan.spec)
        changed = [line for line in lines if not line.startswith("name: ")]
        parts.append(html.H3(f"{first.name} → {other.name}"))
        if first.snapshot.plan.dataset.fingerprint != other.snapshot.plan.dataset.fingerprint:
            parts.append(html.P("The data differ, so no difference is paired.", className="soft"))
        if changed:
            parts.append(html.Ul([html.Li(html.Code(line)) for line in changed]))
        else:
            parts.append(html.P("The study files are equivalent."))
    return [part("files", *parts)]


def add_callbacks(callbacks: Callbacks) -> None:
    """Add what the browser does when studies are chosen."""
    callbacks.in_browser("compare", Input("compared", "value"))
