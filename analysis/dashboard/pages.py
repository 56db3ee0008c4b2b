"""The list of studies and the page of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from dash import dcc, html

from analysis.dashboard.addresses import Address
from analysis.dashboard.blocks import Block, Page, aria, outward, part, percent, plain_table, scrolled, table
from analysis.dashboard.label_page import Listener, audit_blocks
from analysis.dashboard.run_pages import run_page, runs_blocks
from analysis.dashboard.snapshot import ended
from analysis.dashboard.studies import UnreadableStudyError
from analysis.report.sections import AUDIT
from analysis.results.reported_metric import REPORTABLE
from analysis.text.validation_clips import earlier_version
from trainables.metrics import METRICS
from trainables.naming import counted, duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.dashboard.snapshot import Snapshot
    from analysis.dashboard.studies import Live, Studies, StudySummary
    from analysis.plotting.figure import Figure
    from analysis.results.study_state import State

STALE_S = 15.0  # age of a progress file from which it is shown


def make_page(studies: Studies, address: Address, *, here: bool = True) -> Page:
    """Return the current page at an address.

    Args:
        studies: the studies to show.
        address: of the page.
        here: whether the browser runs on this machine, where it may play sounds.

    """
    if not address.known:
        return _message("No such page", "There is no page at this address.")
    try:
        if not address.study:
            return studies_page(studies)
        if address.run:
            return run_page(studies, address)
        return study_page(studies, address, here=here)
    except (UnreadableStudyError, OSError) as error:
        return _message(address.study or "Studies", str(error))


def _message(title: str, text: str) -> Page:
    back = dcc.Link("All studies", href=str(Address()))
    return Page(title, (part("message", html.H1(title), html.P(text, className="problem", role="alert"), back),))


def studies_page(studies: Studies) -> Page:
    """Return the list of studies with their states.

    Raises:
        UnreadableStudyError: the storage location cannot be read.

    """
    summaries = studies.summaries()
    head: list[Any] = [html.H1("Studies"), html.P(str(studies.storage), className="soft"), *_outward(studies)]
    if not summaries:
        text = "No study is registered here yet. It appears when gce-study run starts one in this storage location."
        return Page("Studies", (part("studies", *head, html.P(text)),))
    return Page(
        "Studies", (part("studies", *head, html.Div([_card(study) for study in summaries], className="cards")),)
    )


def _outward(studies: Studies, ray_dashboard: str = "") -> list[Any]:
    """Return links to the other pages about the studies that are reachable."""
    addresses = {"TensorBoard": studies.tensorboard(), "Ray dashboard": ray_dashboard}
    links = [outward(name, address) for name, address in addresses.items() if address]
    return [html.P(links, className="turning")] if links else []


def _card(study: StudySummary) -> Any:  # noqa: ANN401 -- a component
    """Return one study of the list."""
    title = html.H2([dcc.Link(study.name, href=str(Address(study=study.name))), _badge(study.state)])
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
            _bar(study.recorded, study.planned),
            html.P(" · ".join(fact for fact in facts if fact), className="soft"),
            html.P(study.headline),
        ]
    )


def _badge(state: str) -> Any:  # noqa: ANN401 -- a component
    return html.Span(state, className=f"badge {state.replace(' ', '-')}")


def _bar(recorded: int, planned: int) -> Any:  # noqa: ANN401 -- a component
    text = f"{recorded} of {counted(planned, 'run')} recorded"
    return html.Progress(value=str(recorded), max=str(max(1, planned)), **aria(label=text))


def tabs_of(snapshot: Snapshot) -> dict[str, str]:
    """Return a study's tabs: the name in the address -> the title. The first is the overview."""
    return {"": "Overview", "runs": "Runs"} | {slug(section.title): section.title for section in snapshot.sections}


def slug(title: str) -> str:
    """Return a title in the form used in addresses and CSV file names."""
    return "-".join(title.lower().split())


def study_page(studies: Studies, address: Address, *, here: bool = True) -> Page:
    """Return one tab of a study, with the verdict at the top; see ``make_page``.

    Raises:
        UnreadableStudyError: there is no such study, or it cannot be read.
        OSError: an object store cannot be reached.

    """
    snapshot, live = studies.snapshot(address.study, **address.view), studies.live(address.study)
    tabs = tabs_of(snapshot)
    tab = address.tab if address.tab in tabs else ""
    blocks = [
        _head(snapshot, studies.state(snapshot, live), address, _outward(studies, live.ray_dashboard)),
        part("tabs", _navigation(tabs, address, tab)),
    ]
    if tab == "runs":
        blocks += runs_blocks(snapshot.results, live, address)
    elif tab == slug(AUDIT) and snapshot.audit is not None and snapshot.audit.runs:
        listener = Listener(studies.sounds, snapshot.plan, here)
        text, *others = _section(snapshot, address, tab, first_table=1)  # the page has a longer list than the first
        blocks += [text, *audit_blocks(snapshot.audit, address, listener), *others]
    elif tab:
        blocks += _section(snapshot, address, tab)
    else:
        blocks += _overview(snapshot, live, address)
    return Page(f"{address.study}: {tabs[tab]}", tuple(blocks))


def _head(snapshot: Snapshot, state: State, address: Address, links: list[Any]) -> Block:
    plan = snapshot.plan
    words = [html.P(snapshot.headline.text, className="headline")]
    words += [html.P(snapshot.headline.advice)] if snapshot.headline.advice else []
    full = html.Details([html.Summary("In full"), html.P(snapshot.verdict)], open=True)
    text = html.Section([*words, full], className="verdict", **aria(label="Verdict"))
    title = html.H1([address.study, _badge(state)])
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


def _navigation(tabs: dict[str, str], address: Address, current: str) -> Any:  # noqa: ANN401 -- a component
    """Return the tabs as links, so that each has an address that can be shared."""
    links = []
    for tab, title in tabs.items():
        current_page = aria(current="page") if tab == current else {}
        link = dcc.Link(title, href=str(address.beside(tab=tab)))
        links.append(html.Li(link, className="here" if tab == current else "", **current_page))
    return html.Nav(html.Ul(links), className="tabs", **aria(label="Parts of the study"))


def _overview(snapshot: Snapshot, live: Live, address: Address) -> list[Block]:
    seeds = table(snapshot.seeds, address.csv("seeds"))
    blocks = [part("progress", *_progress(snapshot, live, address)), part("seeds", *seeds)]
    figures = next((section.figures for section in snapshot.sections if section.figures), ())
    return [*blocks, *_figures(snapshot, figures[:1], address)]


def _progress(snapshot: Snapshot, live: Live, address: Address) -> list[Any]:
    """Return the progress of a study, and the runs in training."""
    planned, recorded = len(snapshot.runs), len(snapshot.stamps)
    counts = ", ".join(f"{count} {status}" for status, count in ended(snapshot.results).items())
    parts = [html.H2("Progress"), _bar(recorded, planned)]
    parts.append(html.P(f"{recorded} of {counted(planned, 'run')} recorded: {counts}."))
    if not live.owner:
        return [*parts, html.P("This study is not running now.", className="soft")]
    age = f", as of {duration(live.age_s)} ago" if live.age_s > STALE_S else ""
    facts = [live.standing, f"ETA {duration(live.eta_s)}{age}", f"run by {live.owner}"]
    parts.append(html.P("; ".join(fact for fact in facts if fact)))
    if live.flights:
        head = ("Running", "Subset", "Seed", "Epoch", "Validation (%)")
        rows = [
            html.Tr(
                [
                    html.Td(dcc.Link(f.configuration, href=str(address.beside(run=f.run_id)))),
                    *map(html.Td, (f.subset, f.seed, f"{f.epoch} of {f.epochs}", percent(f.validation_accuracy))),
                ]
            )
            for f in live.flights
        ]
        parts.append(scrolled(plain_table(head, rows), "Runs in training"))
    return parts


def _section(snapshot: Snapshot, address: Address, tab: str, first_table: int = 0) -> list[Block]:
    """Return one section of the report, without the tables before the first."""
    section = next(section for section in snapshot.sections if slug(section.title) == tab)
    blocks = [part(f"{tab}-text", *map(html.P, section.text))] if section.text else []
    blocks += _figures(snapshot, section.figures, address)
    for index, content in enumerate(section.tables[first_table:], first_table):
        blocks.append(part(f"{tab}-{index}", *table(content, address.csv(f"{quote(tab)}/{index}"))))
    return blocks


def _figures(snapshot: Snapshot, figures: Iterable[Figure], address: Address) -> list[Block]:
    return [
        Block(slug(f.title), str(snapshot.number), figure=f, file=f"{address.study} {slug(f.title)}") for f in figures
    ]
