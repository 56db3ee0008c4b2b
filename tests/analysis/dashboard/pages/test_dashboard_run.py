"""The page of a run."""

import json

from dash import no_update

from analysis.dashboard.updates import update
from analysis.results.study_results import load_results
from looking import look
from trainables.losses.catalogue import CCE
from trainables.records import log_path
from trainables.runs.log import RunLog

LOSS = CCE(name="cce")
EVIL = "<img src=x onerror=alert(1)>"


def test_a_run_page_shows_status_error_settings_and_provenance_of_every_status(full_study, studies, storage):
    full_study.write(storage)
    runs = load_results(storage, "best-t").runs
    for status in ("complete", "stopped", "diverged", "failed", "missing"):
        row = runs[runs["status"] == status].iloc[0]
        text, browser = look(studies, f"/study/best-t/run/{row['run_id']}")
        assert f'"{status}"' in text
        assert json.dumps(row["error"])[1:-1] in text
        assert "What was trained" in text
        assert ("Provenance and cost" in text) == (status != "missing")
        assert list(browser.figures) == ([] if status == "missing" else ["curve"])


def test_a_run_page_shows_its_log_while_the_run_is_trained_and_after(study, studies, storage, client):
    recorded, flying = study.add("cce", LOSS, 0), study.add("cce", LOSS, 1, status=None)
    study.write(storage)
    for run_id in (recorded, flying):
        address = f"/study/best-t/run/{run_id}"
        assert "log" not in look(studies, address)[1].parts
        RunLog(log_path(storage, run_id)).write(f"started by process 7 {EVIL}")
        text, browser = look(studies, address)
        assert "log" in browser.parts
        assert json.dumps(f"started by process 7 {EVIL}")[1:-1] in text
        saved = client.get(f"/files/log/{run_id}.log")
        assert saved.data == log_path(storage, run_id).read_bytes()
        assert saved.mimetype == "text/plain"
        assert "attachment" in saved.headers["Content-Disposition"]
        RunLog(log_path(storage, run_id)).write("complete")
        changed = update(studies, (address, ""), browser)[2]
        assert [key for key, value in zip(browser.parts, changed, strict=True) if value is not no_update] == ["log"]


def test_of_a_long_log_the_end_is_shown(study, studies, storage):
    run_id = study.add("cce", LOSS, 0)
    study.write(storage)
    for number in range(100):
        RunLog(log_path(storage, run_id)).write(f"line {number}{' and more' * 30}")
    text = look(studies, f"/study/best-t/run/{run_id}")[0]
    assert "The last 16 kB are shown." in text
    assert "line 99 " in text
    assert "line 10 " not in text
