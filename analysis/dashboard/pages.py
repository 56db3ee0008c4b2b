"""The pages: the list of studies, a study, one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dash import dcc, html

from analysis.dashboard.addresses import Address
from analysis.dashboard.blocks import Block, Page, aria, outward, part, percent, scrolled, table
from analysis.dashboard.run_pages import run_page, runs_blocks
from analysis.dashboard.snapshot import ended
from analysis.dashboard.studies import UnreadableStudyError
from trainables.naming import duration

if TYPE_CHECKING:
    from analysis.dashboard.snapshot import Snapshot
    from analysis.dashboard.studies import Line, Live, Studies

OLD_S = 15.0  # from then on a progress file's age is worth saying


def make_page(studies: Studies, address: Address) -> Page:
    """Return the page of an address, as things stand now."""
    if not address.known:
        return _message("No such page", "There is no page at this address.")
    try:
        if not address.study:
            return studies_page(studies)
        if address.run:
            return run_page(studies, address)
        return study_page(studies, address)
    except UnreadableStudyError as error:
        return _message(address.study or "Studies", str(error))


def _message(title: str, text: str) -> Page:
    back = dcc.Link("All studies", href=str(Address()))
    return Page(title, (part("message", html.H1(title), html.P(text, className="problem", role="alert"), back),))


def studies_page(studies: Studies) -> Page:
    """Return the list of studies with their states.

    Raises:
        UnreadableStudyError: the storage location cannot be read.

    """
    lines = studies.lines()
    head: list[Any] = [html.H1("Studies"), html.P(str(studies.storage), className="soft"), *_outward(studies)]
    if not lines:
        text = "No study is registered here yet. It appears when gce-study run starts one in this storage location."
        return Page("Studies", (part("studies", *head, html.P(text)),))
    return Page("Studies", (part("studies", *head, html.Div([_card(line) for line in lines], className="cards")),))


def _outward(studies: Studies, ray_dashboard: str = "") -> list[Any]:
    """Lay out links to what else shows the studies, as far as it is up."""
    found = {"TensorBoard": studies.tensorboard(), "Ray dashboard": ray_dashboard}
    links = [outward(name, address) for name, address in found.items() if address]
    return [html.P(links, className="turning")] if links else []


def _card(line: Line) -> Any:  # noqa: ANN401 -- a component
    """Lay out one study of the list."""
    title = html.H2([dcc.Link(line.name, href=str(Address(study=line.name))), _badge(line.state)])
    if line.problem:
        return html.Article([title, html.P(line.problem, className="problem")])
    left = line.planned - line.recorded
    facts = [f"{line.recorded} of {line.planned} runs recorded", f"{left} left" if left else ""]
    facts += [
        f"ETA {duration(line.eta_s)}" if line.state == "running" else "",
        f"{duration(line.trained_s)} of training",
        line.dataset,
    ]
    return html.Article(
        [
            title,
            html.P(line.description) if line.description else "",
            _bar(line.recorded, line.planned),
            html.P(" · ".join(fact for fact in facts if fact), className="soft"),
            html.P(line.verdict, className="clamped"),
        ]
    )


def _badge(state: str) -> Any:  # noqa: ANN401 -- a component
    return html.Span(state, className=f"badge {state.replace(' ', '-')}")


def _bar(done: int, of: int) -> Any:  # noqa: ANN401 -- a component
    text = f"{done} of {of} runs recorded"
    return html.Progress(value=str(done), max=str(max(1, of)), **aria(label=text))


def tabs_of(snapshot: Snapshot) -> dict[str, str]:
    """Return a study's tabs: the word in the address -> the title. The first shows where the study stands."""
    found = {"": "Overview", "runs": "Runs"}
    return found | {slug(section.title): section.title for section in snapshot.sections}


def slug(title: str) -> str:
    """Return a title as a word in an address."""
    return "-".join(title.lower().split())


def study_page(studies: Studies, address: Address) -> Page:
    """Return one tab of a study, the verdict on top.

    Raises:
        UnreadableStudyError: there is no such study, or it cannot be read.

    """
    snapshot, live = studies.snapshot(address.study), studies.live(address.study)
    tabs = tabs_of(snapshot)
    tab = address.tab if address.tab in tabs else ""
    blocks = [
        _head(snapshot, live, address, _outward(studies, live.ray_dashboard)),
        part("tabs", _navigation(tabs, address, tab)),
    ]
    if tab == "runs":
        blocks += runs_blocks(snapshot.results, live, address)
    elif tab:
        blocks += _section(snapshot, address, tab)
    else:
        blocks += _overview(snapshot, live, address)
    return Page(f"{address.study}: {tabs[tab]}", tuple(blocks))


def _head(snapshot: Snapshot, live: Live, address: Address, links: list[Any]) -> Block:
    plan = snapshot.plan
    left = len(snapshot.runs) - len(snapshot.stamps)
    state = "running" if live.owner else "not running" if left else "complete"
    text = html.Section(html.P(snapshot.verdict), className="verdict", **aria(label="Verdict"))
    return part(
        "head", html.H1([address.study, _badge(state)]), html.P(plan.description, className="soft"), text, *links
    )


def _navigation(tabs: dict[str, str], address: Address, current: str) -> Any:  # noqa: ANN401 -- a component
    """Lay out the tabs, as links: each is an address that can be shared."""
    links = []
    for tab, title in tabs.items():
        here = aria(current="page") if tab == current else {}
        link = dcc.Link(title, href=str(Address(study=address.study, tab=tab)))
        links.append(html.Li(link, className="here" if here else "", **here))
    return html.Nav(html.Ul(links), className="tabs", **aria(label="Parts of the study"))


def _overview(snapshot: Snapshot, live: Live, address: Address) -> list[Block]:
    seeds = table(snapshot.seeds, f"{files(address)}/seeds.csv")
    blocks = [part("progress", *_progress(snapshot, live, address)), part("seeds", *seeds)]
    figures = next((section.figures for section in snapshot.sections if section.figures), ())
    return [*blocks, *_figures(snapshot, figures[:1], address)]


def _progress(snapshot: Snapshot, live: Live, address: Address) -> list[Any]:
    """Lay out how far a study has come, and what is being trained."""
    planned, recorded = len(snapshot.runs), len(snapshot.stamps)
    counts = ", ".join(f"{count} {status}" for status, count in ended(snapshot.results).items())
    parts = [html.H2("Progress"), _bar(recorded, planned), html.P(f"{recorded} of {planned} runs recorded: {counts}.")]
    if not live.owner:
        return [*parts, html.P("Nobody runs this study now.", className="soft")]
    age = f", as of {duration(live.age_s)} ago" if live.age_s > OLD_S else ""
    facts = [live.standing, f"ETA {duration(live.eta_s)}{age}", f"run by {live.owner}"]
    parts.append(html.P("; ".join(fact for fact in facts if fact)))
    if live.flights:
        head = ("Running", "Subset", "Seed", "Epoch", "Validation (%)")
        rows = [
            html.Tr(
                [
                    html.Td(dcc.Link(f.configuration, href=str(Address(study=address.study, run=f.run_id)))),
                    *map(html.Td, (f.subset, str(f.seed), f"{f.epoch} of {f.epochs}", percent(f.validation_accuracy))),
                ]
            )
            for f in live.flights
        ]
        shown = [html.Thead(html.Tr([html.Th(cell, scope="col") for cell in head])), html.Tbody(rows)]
        parts.append(scrolled(html.Table(shown), "Runs that are being trained"))
    return parts


def _section(snapshot: Snapshot, address: Address, tab: str) -> list[Block]:
    """Return one section of the report."""
    section = next(each for each in snapshot.sections if slug(each.title) == tab)
    blocks = [part(f"{tab}-text", *map(html.P, section.text))] if section.text else []
    blocks += _figures(snapshot, section.figures, address)
    for index, found in enumerate(section.tables):
        blocks.append(part(f"{tab}-{index}", *table(found, f"{files(address)}/{quote(tab)}/{index}.csv")))
    return blocks


def _figures(snapshot: Snapshot, found: Any, address: Address) -> list[Block]:  # noqa: ANN401 -- the report's figures
    return [
        Block(slug(f.title), str(snapshot.number), figure=f, file=f"{address.study} {slug(f.title)}") for f in found
    ]


def files(address: Address) -> str:
    """Return where a study's CSV files lie."""
    return f"/files/{quote(address.study, safe='')}"
