"""What others may have put into a storage location: links and FIFOs; nothing outside it is shown, nothing waits."""

from __future__ import annotations

import math
import os

import pytest

from analysis.dashboard.app import make_app
from analysis.dashboard.guard import Guard
from analysis.dashboard.studies import Studies
from trainables.plans import plan_path
from trainables.records import log_path, record_path
from trainables.storage.location import location

OUTSIDE = "nobody may read this"


@pytest.fixture
def studies(storage):
    """Return the studies of the storage location, as the command opens it."""
    return Studies(location(storage), lambda *_: None)


@pytest.fixture
def client(studies):
    """Ask without a network, as the command serves: errors of the application become answers."""
    app = make_app(studies, Guard())
    app.server.config["PROPAGATE_EXCEPTIONS"] = False
    return app.server.test_client()


def page(client, path, query=""):
    """Return the content of a page as the browser gets it."""
    body = {
        "output": next(c["output"] for c in client.get("/_dash-dependencies").json if c["output"].startswith("..page")),
        "outputs": [{"id": "page", "property": "children"}, {"id": "shown", "property": "data"}, [], [], []],
        "inputs": [
            {"id": "address", "property": "pathname", "value": path},
            {"id": "address", "property": "search", "value": query},
            {"id": "tick", "property": "n_intervals", "value": 0},
            {"id": "theme", "property": "data", "value": "light"},
        ],
        "changedPropIds": [],
        "state": [{"id": "shown", "property": "data"}, [], [], [], []],
    }
    answer = client.post("/_dash-update-component", json=body)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", ["link", "fifo"])
@pytest.mark.parametrize("what", ["record", "log"])
def test_a_link_or_fifo_in_place_of_a_run_file_is_not_served(full_study, client, storage, what, kind):
    full_study.write(storage)
    run_id = next(iter(full_study.records))
    path = {"record": record_path, "log": log_path}[what](storage, run_id)
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    if kind == "link":
        outside = storage.parent / "outside.txt"
        outside.write_text(OUTSIDE)
        path.symlink_to(outside)
    else:
        os.mkfifo(path)
    answer = client.get(f"/files/{what}/{run_id}.{'json' if what == 'record' else 'log'}")
    assert answer.status_code == 404
    assert OUTSIDE not in answer.text
    assert OUTSIDE not in page(client, f"/study/best-t/run/{run_id}")
    assert "best-t" in page(client, "/")


def test_a_linked_folder_of_records_or_logs_is_not_read(full_study, client, storage, tmp_path):
    full_study.write(storage)
    run_id = next(iter(full_study.records))
    for name, file in (("records", f"{run_id}.json"), ("logs", f"{run_id}.log")):
        outside = tmp_path / f"outside-{name}"
        if (storage / name).exists():
            (storage / name).rename(outside)
        else:
            outside.mkdir()
        (outside / file).write_text(OUTSIDE)
        (storage / name).symlink_to(outside)
        assert client.get(f"/files/{name[:-1]}/{file}").status_code in {404, 503}
    assert OUTSIDE not in page(client, "/study/best-t")
    assert "best-t" in page(client, "/")


def test_a_linked_plan_is_named_and_the_other_studies_are_shown(study, full_study, studies, client, storage):
    full_study.write(storage)
    study.name = "other"
    study.temperatures([2], 1).write(storage)
    plan = plan_path(storage, "other")
    plan.rename(storage.parent / "plan.json")
    plan.symlink_to(storage.parent / "plan.json")
    studies.summaries(math.inf)  # a page alone waits for results only briefly
    shown = page(client, "/")
    assert "a symbolic link; inside a storage location none is followed" in shown
    assert "No single winner" in shown
