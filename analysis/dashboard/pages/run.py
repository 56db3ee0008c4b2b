"""The page of one run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import dcc, html

from analysis.dashboard.blocks import Block, Page, part, percent, scrolled, table
from analysis.dashboard.explore.columns import with_running
from analysis.dashboard.studies import UnreadableStudyError
from analysis.figures.learning_curves import learning_curve_of_run
from analysis.plotting.styles import styles
from analysis.results.clip_labels import matches_labels
from analysis.results.measures import metric_name, plain_column
from analysis.results.runs_table import METRICS, Key, selected_on
from analysis.statistics.clips import confusion
from analysis.tables.table import NONE, Table
from analysis.text.features import features_in_words
from trainables.characters import visible
from trainables.naming import listed_names, number, symbol
from trainables.records import log_path

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from analysis.dashboard.addresses import Address
    from analysis.dashboard.snapshot import Snapshot
    from analysis.dashboard.studies import Studies
    from analysis.plotting.figure import Figure
    from analysis.results.clip_labels import ClipLabels
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.records import Record

LOG_TAIL = 16_384  # bytes of a log shown in a page


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
    row = dict(rows.iloc[0])
    record = snapshot.results.records.get(address.run)
    title = title_of(row)
    back = dcc.Link(f"{address.study}: runs", href=str(address.beside(tab="runs")))
    blocks = [
        part(
            "head",
            html.P(back),
            html.H1(title),
            *facts_of(row, snapshot),
        )
    ]
    if record is not None and record.epochs:
        figure = curve_of(record, row, snapshot)
        blocks.append(Block("curve", snapshot.stamp_of(address.run), figure=figure, file=title))
    if record is not None and (confusion := confusion_of(snapshot.results.labels, snapshot.plan, record)):
        blocks.append(part("confusion", *table(confusion)))
    if log := log_end(studies, address.run):
        blocks.append(part("log", *log))
    details = table(settings_of(snapshot.runs[address.run]))
    if record is not None:
        details += [*table(provenance_of(record)), *_json(record)]
    return Page(title, (*blocks, part("made", *details)))


def title_of(row: Mapping[Hashable, Any]) -> str:
    """Return what a run is called, from its row of the runs table."""
    fold = f", fold {row['fold']}" if row["fold"] else ""
    return f"{row['configuration']}, seed {row['seed']}{fold}"


def log_end(studies: Studies, run_id: str, lines: int | None = None) -> list[Any]:
    """Return the end of a run's log, with a link that saves it; empty without a log.

    Args:
        studies: of the storage location.
        run_id: of the run.
        lines: lines at most; None for ``LOG_TAIL`` bytes.

    """
    try:
        data = log_path(studies.storage, run_id).read_bytes()  # bounded: see trainables.runs.log
    except OSError:
        return []
    size = len(data)
    if size > LOG_TAIL:
        tail = data[-LOG_TAIL:]
        data = tail.partition(b"\n")[2] or tail
    text, cut = data.decode(errors="replace"), ""
    if lines is not None and len(every := text.splitlines()) > lines:
        text, cut = "\n".join(every[-lines:]), f" The last {lines} lines are shown."
    elif size > LOG_TAIL:
        cut = f" The last {LOG_TAIL // 1024} kB are shown."
    link = html.A("Save the log", href=f"/files/log/{run_id}.log", download="")
    return [html.H3("Log"), html.P([link, cut], className="note"), scrolled(html.Pre(visible_lines(text)), "Log")]


def visible_lines(text: str) -> str:
    """Return a text of several lines, each ``visible``."""
    return "\n".join(map(visible, text.split("\n")))


def facts_of(row: Mapping[Hashable, Any], snapshot: Snapshot) -> list[Any]:
    """Return the state of a run, from its row of the runs table: status, subset, epochs, metrics and error."""
    metrics = dict.fromkeys((METRICS[0], selected_on(snapshot.plan), *METRICS[1:], snapshot.results.tested_by))
    facts = [("Status", row["status"]), ("Subset", row["subset"]), ("Epochs", str(row["epochs"]))]
    facts += [("Stage", row["stage"])] if row["stage"] else []
    for name in metrics:
        value = row["validation" if name == "validation" else plain_column(name)]
        facts.append((f"{metric_name(name)} (%)", percent(value)))
    parts = [html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts])]
    return [*parts, html.P(row["error"], className="problem")] if row["error"] else parts


def curve_of(record: Record, row: Mapping[Hashable, Any], snapshot: Snapshot) -> Figure:
    """Return the learning curve of one run that has recorded an epoch."""
    key = Key(str(row["arm"]), str(row["configuration"]), str(row["subset"]))
    return learning_curve_of_run(record, key, styles(snapshot.results.runs))


def _json(record: Record) -> list[Any]:
    """Return the record itself, with a link that saves it."""
    link = html.A("Save the record", href=f"/files/record/{record.run_id}.json", download="")
    text = record.model_dump_json(indent=1, exclude={"test": {"predictions"}})
    shown = html.Details([html.Summary("The record, without the predictions of single clips"), html.Pre(text)])
    return [html.H3("Record"), html.P(link), shown]


def settings_of(planned: PlannedRun) -> Table:
    """Tabulate the settings of a run: loss with every parameter, subset, seed, training settings and features."""
    configuration = planned.run.configuration
    rows = [("arm", planned.arm)]
    for kind, named in (("loss", configuration.loss), ("network", configuration.network)):
        parameters = named.model_dump(exclude_none=True)
        rows.append((kind, parameters.pop("name")))
        rows += [(symbol(name), number(value)) for name, value in parameters.items()]
    rows += [("subset", configuration.subset), ("seed", str(planned.run.seed))]
    rows += [] if planned.run.fold is None else [("fold", planned.run.fold)]
    rows += [(name, number(value)) for name, value in dict(configuration.training).items()]
    if configuration.needs_frames:
        rows += [("features", features_in_words(planned.run.features))]
    if planned.run.embeddings:
        rows += [("embeddings", planned.run.embeddings)]
    rows += [("data set", planned.run.dataset), ("training semantics", str(planned.run.semantics))]
    return Table("What was trained", ("Setting", "Value"), tuple(rows))


def provenance_of(record: Record) -> Table:
    """Tabulate the provenance and the cost of a record."""
    cost = record.cost
    rows = [
        ("wall time", f"{cost.wall_s / 60:.1f} min"),
        ("CPU time", f"{cost.cpu_s / 60:.1f} min"),
        ("patches trained on", f"{cost.images:,} ({cost.images_per_s:.0f} per second)"),
    ]
    rows += [(name, text) for name, text in record.provenance.entries() if text != "[]"]
    return Table("Provenance and cost", ("What", "Value"), tuple(rows))


def confusion_of(labels: ClipLabels | None, plan: StudyPlan, record: Record) -> Table | None:
    """Tabulate a run's test clips by label and prediction; None without test clips or their labels."""
    if record.test is None or labels is None or not matches_labels(record, labels):
        return None
    classes = plan.dataset.classes
    counts = confusion([record.test.predictions], labels.truth(record.run.fold), classes)
    rows = [
        (name, *(str(count) if count else "" for count in row), _share(row[i], row.sum()))
        for i, (name, row) in enumerate(zip(classes, counts, strict=True))
    ]
    never = [name for name, column in zip(classes, counts.T, strict=True) if not column.sum()]
    note = "Test clips; a row for each label, a column for each prediction."
    if never:
        note += f" Never predicted: {listed_names(never)}."
    return Table("Confusion", ("Label", *classes, "Right (%)"), tuple(rows), note)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f}" if whole else NONE
