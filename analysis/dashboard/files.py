"""Files of a study: tables as CSV, records as JSON, logs; only GET is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, abort, request

from analysis.dashboard.addresses import slug, view_of
from analysis.dashboard.explore.choices import Choices
from analysis.dashboard.explore.filters import FilterError
from analysis.dashboard.explore.rows import in_order
from analysis.dashboard.explore.table import RunsTable
from analysis.dashboard.studies import UnreadableStudyError
from analysis.tables.csv_text import csv_text, frame_csv
from analysis.tables.labels.review import review_frame
from trainables.records import log_path, record_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from flask import Flask

    from analysis.dashboard.snapshot import Snapshot
    from analysis.dashboard.studies import Studies
    from analysis.findings.label_audit import LabelAudit
    from trainables.storage.types import Location


EVERY_RUN = Choices()


def add_files(server: Flask, studies: Studies) -> None:
    """Serve the files of the studies."""

    @server.get("/files/record/<run_id>.json")
    def record(run_id: str) -> Response:
        return _run_file(studies, run_id, record_path, "application/json")

    @server.get("/files/log/<run_id>.log")
    def log(run_id: str) -> Response:
        return _run_file(studies, run_id, log_path, "text/plain")

    @server.get("/files/<name>/<path:what>.csv")
    def table(name: str, what: str) -> Response:
        try:
            choices = Choices.of(request.args)
            text = table_file(studies, name, what, choices, **view_of(request.args))
        except FilterError as error:
            abort(400, f"filter, {error}")
        except (UnreadableStudyError, LookupError, ValueError):
            abort(404)
        except OSError as error:
            abort(503, str(error))
        file = f"{slug(name)}-{what.replace('/', '-')}.csv".encode("ascii", "ignore").decode().replace('"', "")
        return Response(text, mimetype="text/csv", headers=_attachment(file))


def _run_file(studies: Studies, run_id: str, path_of: Callable[[Location, str], Location], mimetype: str) -> Response:
    """Return a file of a run; only the runs of a study can be requested."""
    try:
        known = any(run_id in _runs(studies, name) for name in studies.names())
    except UnreadableStudyError as error:
        abort(503, str(error))
    if not known:
        abort(404)
    path = path_of(studies.storage, run_id)
    try:
        data = path.read_bytes()
    except OSError:
        abort(404)
    return Response(data, mimetype=mimetype, headers=_attachment(path.name))


def _runs(studies: Studies, name: str) -> Mapping[str, Any]:
    try:
        return studies.plan(name)[1]
    except UnreadableStudyError:
        return {}


def _attachment(file: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file}"'}


def table_file(  # noqa: D417 -- see Address.view
    studies: Studies,
    name: str,
    what: str,
    choices: Choices = EVERY_RUN,
    **view: Any,  # noqa: ANN401 -- see Address.view
) -> str:
    """Return one of a study's CSV files: ``runs``, ``seeds``, ``review``, or ``SECTION/INDEX`` of the report's tables.

    Args:
        studies: the studies.
        name: of the study.
        what: which file.
        choices: which runs, in which order.

    Raises:
        FilterError: the filter of the runs cannot be applied.
        UnreadableStudyError: the study cannot be read.
        LookupError: it has no such table.
        ValueError: the index is not a number.

    """
    snapshot = studies.snapshot(name, **view)
    if what == "runs":
        return frame_csv(_chosen(studies, snapshot, choices))
    if what == "review":
        return frame_csv(review_frame(_audit(snapshot)))
    if what == "table-1":
        table = snapshot.first_screen.table
        if table is None:
            raise LookupError(what)
        return csv_text(table.header, table.rows)
    if what == "seeds":
        return csv_text(snapshot.seeds.header, snapshot.seeds.rows)
    tab, index = what.split("/")
    section = {section.slug: section for section in snapshot.sections}[tab]
    table = section.tables[int(index)]
    return csv_text(table.header, table.rows)


def _chosen(studies: Studies, snapshot: Snapshot, choices: Choices) -> pd.DataFrame:
    """Return the chosen rows of a study's runs table, in the chosen order."""
    runs = snapshot.results.runs
    if choices == EVERY_RUN:
        return runs
    table = RunsTable.of(snapshot.results, studies.live(snapshot.plan.name))
    chosen = table.selected(choices)
    return runs.loc[(in_order(chosen, table, choices.sorted_by) if choices.sort else chosen).index]


def _audit(snapshot: Snapshot) -> LabelAudit:
    """Return the audit of a study's labels; raise LookupError without one."""
    if snapshot.audit is None or not snapshot.audit.runs:
        msg = "no audit"
        raise LookupError(msg)
    return snapshot.audit
