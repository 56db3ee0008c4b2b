"""The state of a study: the terminal and the dashboard state the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from analysis.dashboard.studies import Studies
from analysis.results.study_state import progress_path, read_progress
from study.cli import main
from study.ledger.claim import owner
from trainables.config import AdaptiveGCE

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
    missing: bool,  # noqa: FBT001 -- a case
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


@pytest.mark.parametrize("content", [None, "", "{", "[1]"])
def test_a_progress_file_that_is_missing_or_damaged_is_empty(tmp_path: Path, content: str | None) -> None:
    path = progress_path(tmp_path, "s")
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_text(content)
    assert read_progress(tmp_path, "s") == {}
