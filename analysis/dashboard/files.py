"""Files of a study: tables as CSV, records as JSON, logs; only GET is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Response, abort, request

from analysis.dashboard.addresses import slug, view_of
from analysis.dashboard.studies import UnreadableStudyError
from analysis.tables.csv_text import csv_text, frame_csv
from analysis.tables.labels.review import review_frame
from trainables.records import log_path, record_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask

    from analysis.dashboard.snapshot import Snapshot
    from analysis.dashboard.studies import Studies
    from analysis.findings.label_audit import LabelAudit
    from trainables.storage.types import Location


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
            text = table_file(studies, name, what, **view_of(request.args))
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


def table_file(studies: Studies, name: str, what: str, **view: Any) -> str:  # noqa: ANN401 -- see Address.view
    """Return one of a study's CSV files: ``runs``, ``seeds``, ``review``, or ``SECTION/INDEX`` of the report's tables.

    Raises:
        UnreadableStudyError: the study cannot be read.
        LookupError: it has no such table.
        ValueError: the index is not a number.

    """
    snapshot = studies.snapshot(name, **view)
    if what == "runs":
        return frame_csv(snapshot.results.runs)
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


def _audit(snapshot: Snapshot) -> LabelAudit:
    """Return the audit of a study's labels; raise LookupError without one."""
    if snapshot.audit is None or not snapshot.audit.runs:
        msg = "no audit"
        raise LookupError(msg)
    return snapshot.audit
