"""The list of a study's runs with its filters, and the page of one run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from dash import dcc, html

from analysis.dashboard.addresses import FILTERS
from analysis.dashboard.blocks import MIN_CHOICES, Block, Page, aria, chip, page_links, part, percent, scrolled, table
from analysis.dashboard.runs import SORTS, confusion_of, listing, provenance_of, settings_of, with_running
from analysis.dashboard.studies import UnreadableStudyError, distinct
from analysis.figures.learning_curves import Curve, draw_learning_curves
from analysis.plotting.figure import Figure
from analysis.results.measures import metric_name, on_verified, plain_column
from analysis.results.runs_table import METRICS, Key, selected_on
from trainables.naming import counted
from trainables.records import log_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from analysis.dashboard.addresses import Address
    from analysis.dashboard.runs import Listing
    from analysis.dashboard.studies import Live, Studies
    from analysis.results.study_results import StudyResults
    from trainables.records import Record

MINUTE_S = 60
LOG_TAIL = 16_384  # bytes of a log shown in a page


def runs_blocks(results: StudyResults, live: Live, address: Address) -> list[Block]:
    """Return the filters and one page of the runs, each with a link to its own page."""
    runs = listing(with_running(results.runs, live), address)
    chips = [_filter(name, runs.choices[name], address) for name in FILTERS if len(runs.choices[name]) >= MIN_CHOICES]
    save = html.A("All runs as CSV", href=address.csv("runs"), download="")
    note = html.P([f"{counted(runs.count, 'run')}; page {runs.page} of {runs.pages}. ", save], className="note")
    columns = columns_of(results)
    return [
        part("filters", *chips),
        part("runs", note, _rows(runs, columns, address), page_links(runs.page, runs.pages, address)),
    ]


def columns_of(results: StudyResults) -> list[str]:
    """Return the columns of the list of runs: the stage and the verified accuracy only where the study uses them."""
    unused = {name for name in ("stage", "fold") if (results.runs[name] == "").all()}
    unused |= {"verified_accuracy"} if not on_verified(selected_on(results.plan)) else set()
    return [name for name in SORTS if name not in unused]


def _filter(name: str, choices: Mapping[str, int], address: Address) -> Any:  # noqa: ANN401 -- a component
    """Return a filter as links, each to the address with that choice."""
    chosen = getattr(address, name)
    links = [chip("all", address.but(**{name: ""}, page=1), chosen=not chosen)]
    for value, count in choices.items():
        links.append(chip(f"{value} ({count})", address.but(**{name: value}, page=1), chosen=value == chosen))
    return html.Div([html.Span(name.capitalize(), className="label"), *links], className="chips", role="group")


def _rows(runs: Listing, columns: list[str], address: Address) -> Any:  # noqa: ANN401 -- a component
    head = []
    for name in columns:
        reverse = address.sort == name and not address.descending
        order = ("descending" if address.descending else "ascending") if address.sort == name else "none"
        arrow = {"ascending": " ▲", "descending": " ▼", "none": ""}[order]
        link = dcc.Link(f"{SORTS[name]}{arrow}", href=str(address.but(sort=name, descending=reverse, page=1)))
        head.append(html.Th(link, scope="col", **aria(sort=order)))
    body = []
    for row in runs.rows:
        link = dcc.Link(str(row["configuration"]), href=str(address.beside(run=row["run_id"])))
        body.append(html.Tr([html.Td(link), *(html.Td(_cell(name, row)) for name in columns[1:])]))
    shown = html.Table([html.Thead(html.Tr(head)), html.Tbody(body)])
    return scrolled(shown, "Runs")


def _cell(name: str, row: Mapping[str, Any]) -> str:
    value = row[name]
    if name == "validation" or name.endswith("_accuracy"):
        return percent(value)
    if name == "wall_s":
        return "-" if math.isnan(value) else f"{value / MINUTE_S:.1f}"
    return str(value)


def run_page(studies: Studies, address: Address) -> Page:
    """Return the page of one run: its curve, confusion matrix, log, settings, provenance and record.

    Raises:
        UnreadableStudyError: the study cannot be read, or has no such run.

    """
    snapshot, live = studies.snapshot(address.study, **address.view), studies.live(address.study)
    runs = with_running(snapshot.results.runs, live)
    rows = runs[runs["run_id"] == address.run]
    if rows.empty:
        msg = f"Study {address.study} has no run {address.run!r}."
        raise UnreadableStudyError(msg)
    row = rows.iloc[0]
    record = snapshot.results.records.get(address.run)
    fold = f", fold {row['fold']}" if row["fold"] else ""
    title = f"{row['configuration']}, seed {row['seed']}{fold}"
    back = dcc.Link(f"{address.study}: runs", href=str(address.beside(tab="runs")))
    blocks = [
        part(
            "head",
            html.P(back),
            html.H1(title),
            *_facts(
                dict(row),
                dict.fromkeys((METRICS[0], selected_on(snapshot.plan), *METRICS[1:], snapshot.results.tested_by)),
            ),
        )
    ]
    if record is not None and record.epochs:
        arms = distinct(snapshot.results.runs["arm"])
        key = Key(str(row["arm"]), str(row["configuration"]), str(row["subset"]))
        blocks.append(Block("curve", snapshot.stamp_of(address.run), figure=_curve(record, key, arms), file=title))
    if record is not None and (confusion := confusion_of(snapshot.results.labels, snapshot.plan, record)):
        blocks.append(part("confusion", *table(confusion)))
    if log := _log(studies, address.run):
        blocks.append(part("log", *log))
    details = table(settings_of(snapshot.runs[address.run]))
    if record is not None:
        details += [*table(provenance_of(record)), *_json(record)]
    return Page(title, (*blocks, part("made", *details)))


def _log(studies: Studies, run_id: str) -> list[Any]:
    """Return the end of a run's log, with a link that saves it; empty without a log."""
    try:
        data = log_path(studies.storage, run_id).read_bytes()  # bounded: see trainables.runs.log
    except OSError:
        return []
    size = len(data)
    if size > LOG_TAIL:
        tail = data[-LOG_TAIL:]
        data = tail.partition(b"\n")[2] or tail
    cut = f" The last {LOG_TAIL // 1024} kB are shown." if size > LOG_TAIL else ""
    link = html.A("Save the log", href=f"/files/log/{run_id}.log", download="")
    text = data.decode(errors="replace")
    return [html.H3("Log"), html.P([link, cut], className="note"), scrolled(html.Pre(text), "Log")]


def _facts(row: dict[str, Any], metrics: Iterable[str]) -> list[Any]:
    facts = [("Status", row["status"]), ("Subset", row["subset"]), ("Epochs", str(row["epochs"]))]
    facts += [("Stage", row["stage"])] if row["stage"] else []
    for name in metrics:
        value = row["validation" if name == "validation" else plain_column(name)]
        facts.append((f"{metric_name(name)} (%)", percent(value)))
    parts = [html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts])]
    return [*parts, html.P(row["error"], className="problem")] if row["error"] else parts


def _curve(record: Record, key: Key, arms: list[str]) -> Figure:
    epochs = tuple(point.epoch for point in record.epochs)

    def curve(values: list[float]) -> list[Curve]:
        return [Curve(key, (), epochs, tuple(values), 1, ())]

    accuracy = curve([point.score("validation") or 0.0 for point in record.epochs])  # it is always measured
    drawing = draw_learning_curves(accuracy, curve([point.train_loss for point in record.epochs]), arms)
    drawing.update_traces(mode="lines+markers")  # a single epoch has no line
    title = "Validation accuracy and training loss per epoch"
    return Figure("learning_curve", title, "This run alone.", drawing)


def _json(record: Record) -> list[Any]:
    """Return the record itself, with a link that saves it."""
    link = html.A("Save the record", href=f"/files/record/{record.run_id}.json", download="")
    text = record.model_dump_json(indent=1, exclude={"test": {"predictions"}})
    shown = html.Details([html.Summary("The record, without the predictions of single clips"), html.Pre(text)])
    return [html.H3("Record"), html.P(link), shown]
