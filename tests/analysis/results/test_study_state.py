"""The state of a study: the terminal and the dashboard state the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from analysis.dashboard.studies import Studies
from analysis.report.formats import FORMATS, IMAGES
from analysis.report.plotly.source import plotly_js
from analysis.report.write import write_report
from analysis.results.study_results import load_results, study_results
from analysis.results.study_state import Progress, has_ended, progress_path, read_progress
from analysis.text.phrases import recorded_of_planned
from study.cli import main
from study.ledger.claim import owner
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder

SEARCH = {"name": "search", "configurations": 5}


def _states(storage: Path, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Return what the dashboard's list and the terminal's state of the one study of a storage location."""
    (summary,) = Studies(storage, owner).summaries()
    capsys.readouterr()
    assert main(["list", "--storage", str(storage)]) == 0
    shown = capsys.readouterr().out
    (state,) = [state for state in ("not running", "running", "complete") if f" {state} " in shown][:1]
    return summary.state, state


@pytest.mark.parametrize(
    ("method", "missing", "progress", "state"),
    [
        ({"name": "grid"}, False, None, "complete"),
        ({"name": "grid"}, True, None, "not running"),
        (SEARCH, False, None, "not running"),  # stopped between two samples: all that is named is recorded
        (SEARCH, False, {"ended": False}, "not running"),
        (SEARCH, False, {"ended": True}, "complete"),
        (SEARCH, True, {"ended": True}, "not running"),
        ({"name": "settle"}, False, {"ended": True}, "complete"),
    ],
)
def test_terminal_and_dashboard_state_the_same(  # noqa: PLR0913, PLR0917 -- fixtures and cases
    study: Builder,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    method: dict[str, Any],
    missing: bool,
    progress: dict[str, Any] | None,
    state: str,
) -> None:
    study.method = method
    for seed in (0, 1):
        status = None if missing and seed else "complete"
        loss = AdaptiveGCE(name="adaptive_gce", temperature=100.0)
        study.add("adaptive", loss, seed, varied={"temperature": 100.0}, stage="explore", status=status)
    name = study.write(tmp_path)
    if progress is not None:
        progress_path(tmp_path, name).write_text(json.dumps(progress))
    assert _states(tmp_path, capsys) == (state, state)


def test_a_study_without_a_progress_file_has_the_defaults(tmp_path: Path) -> None:
    assert read_progress(tmp_path, "s") == Progress()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[1]",
        '{"running": {"r": [1]}}',
        '{"running": 3}',
        '{"eta_s": 1e300}',
        '{"eta_s": NaN}',
        '{"updated": null}',
        '{"ended": "perhaps"}',
        '{"schema_version": 99}',
    ],
)
def test_a_progress_file_that_cannot_be_read_is_named_once_and_counts_as_none(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = progress_path(tmp_path, "s")
    path.parent.mkdir(parents=True)
    path.write_text(content)
    for _ in range(2):
        progress = read_progress(tmp_path, "s")
    assert progress.problem.startswith(f"{path}: ")
    assert progress == Progress(problem=progress.problem)
    assert caplog.messages == [f"{progress.problem}; the study is shown without it"]


SETTLE = {"name": "settle"}
LOSS = CCE(name="cce")


@pytest.mark.parametrize(
    ("method", "stages", "statuses", "budget", "progress", "ended"),
    [
        ({"name": "grid"}, ("", ""), ("complete", "failed"), {}, {}, True),  # a failed run keeps no study from its end
        ({"name": "grid"}, ("", ""), ("complete", "diverged"), {}, {}, True),
        ({"name": "grid"}, ("", ""), ("complete", None), {}, {}, False),
        ({"name": "grid"}, ("", ""), ("complete", None), {"max_runs": 1}, {}, True),
        ({"name": "grid"}, ("", ""), ("failed", None), {"max_failures": 1}, {}, True),
        (SETTLE, ("explore", "explore"), ("complete", "complete"), {}, {}, False),
        (SETTLE, ("explore", "explore"), ("failed", "failed"), {}, {"ended": True}, True),  # every value is given up
        (SETTLE, ("explore", "confirm"), ("complete", "complete"), {}, {}, True),  # a copy without its progress file
        (SETTLE, ("explore", "confirm"), ("complete", "complete"), {}, {"ended": False}, False),
        (SETTLE, ("explore", "confirm"), ("complete", None), {}, {"ended": True}, False),
        (SEARCH, ("explore", "confirm"), ("complete", "failed"), {}, {"ended": True}, True),
    ],
)
def test_a_study_has_ended_when_it_gets_no_more_runs(  # noqa: PLR0913, PLR0917 -- fixtures and cases
    study: Builder,
    method: dict[str, Any],
    stages: tuple[Any, Any],
    statuses: tuple[Any, Any],
    budget: dict[str, Any],
    progress: dict[str, Any],
    ended: bool,
) -> None:
    study.method, study.spec = method, {"budget": budget}
    for seed, (stage, status) in enumerate(zip(stages, statuses, strict=True)):
        study.add("cce", LOSS, seed, stage=stage, status=status)
    missing = sum(status is None for status in statuses)
    assert has_ended(study.plan(), study.records.values(), missing, Progress(**progress)) is ended


def _unfinished(study: Builder) -> Builder:
    """Add 3 of 25 runs that have ended, with a test accuracy of 43.21 %."""
    for seed in range(25):
        study.add("cce", LOSS, seed, validation=0.8, test=0.4321, status="complete" if seed < 3 else None)
    return study


def test_the_test_accuracies_of_a_study_that_has_not_ended_are_hidden_until_asked_for(
    study: Builder, tmp_path: Path
) -> None:
    name = _unfinished(study).write(tmp_path)
    hidden, shown = load_results(tmp_path, name), load_results(tmp_path, name, show_test=True)
    assert hidden.test_hidden
    assert hidden.runs["test_accuracy"].isna().all()
    assert all(record.test is None for record in hidden.records.values())
    assert not shown.test_hidden
    assert shown.runs["test_accuracy"].notna().sum() == 3


def test_the_test_accuracies_of_a_study_with_failed_runs_are_shown(study: Builder, tmp_path: Path) -> None:
    study.add("cce", LOSS, 0)
    study.add("cce", LOSS, 1, status="failed")
    results = load_results(tmp_path, study.write(tmp_path))
    assert not results.test_hidden
    assert results.runs["test_accuracy"].notna().sum() == 1


def test_no_file_of_an_unfinished_report_holds_a_test_accuracy(study: Builder, tmp_path: Path) -> None:
    name = _unfinished(study).write(tmp_path)
    formats = [form for form in FORMATS if form not in {"pdf", "paper", *IMAGES}]
    for show_test in (False, True):
        folder = write_report(tmp_path, name, formats=formats, show_test=show_test)
        for path in (path for path in folder.iterdir() if path.name != "columns.md"):
            text = path.read_bytes().decode().replace(plotly_js(), "")
            assert any(number in text for number in ("0.4321", "43.2")) == show_test, path
            assert ("The test accuracy is hidden until the study has ended" in text) == (
                not show_test and path.suffix != ".csv"
            ), path


def test_a_running_study_says_so_far_and_its_waiting_runs_are_not_left_out(study: Builder) -> None:
    verdict = _unfinished(study).report().verdict
    assert verdict.startswith("So far (3 of 25 runs): cce is the only configuration")
    assert "left out" not in verdict
    row = study.finding().reported.runs["status"].value_counts()
    assert row.to_dict() == {"waiting": 22, "complete": 3}


def test_a_study_that_has_ended_does_not_say_so_far(study: Builder) -> None:
    study.spec = {"budget": {"max_runs": 3}}
    verdict = _unfinished(study).report().verdict
    assert verdict.startswith("cce is the only configuration")
    assert "22 of its 25 runs are left out (22 missing)." in verdict


def test_a_running_grid_has_at_least_its_planned_runs_until_its_controls_are_planned(study: Builder) -> None:
    def recorded(study: Builder) -> str:
        plan = study.plan()
        controlled = plan.settings.model_copy(update={"controls": ("fixed_q",)})
        return recorded_of_planned(study_results(plan.model_copy(update={"settings": controlled}), study.records))

    unfinished = _unfinished(study)
    assert recorded(unfinished) == "3 of at least 25 runs"
    unfinished.add("gce.fixed_q", GCE(name="gce", q=0.3), 0, stage="control", status=None)
    assert recorded(unfinished) == "3 of 26 runs"
