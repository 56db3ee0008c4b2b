"""The start of a study: what is stated before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from factories import record, write_record
from study.engine import session
from study.engine.end_watch import EndWatch
from study.engine.notifier import Notifier
from study.planning.runs import study_plan
from study.spec.reading import read_spec
from trainables.plans import DataSummary, write_plan
from trainables.storage.location import location

if TYPE_CHECKING:
    from pathlib import Path


class FramesError(Exception):
    """The frames were to be computed."""


def test_a_run_states_which_records_do_not_count_before_the_frames_are_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "first.yaml"
    file.write_text(
        f"name: first\ndataset: {{kind: synthetic}}\nstorage: {tmp_path / 'runs'}\n"
        "arms: [{name: cce, loss: {name: cce}}]\nseeds: 2\n"
    )
    spec = read_spec(file)
    storage = location(spec.storage)
    plan = study_plan(spec, DataSummary(name="d", kind="synthetic", fingerprint="f", classes=["a"], clips={}))
    older = [p.model_copy(update={"run": p.run.model_copy(update={"semantics": 1})}) for p in plan.runs]
    write_plan(storage, plan.model_copy(update={"runs": older}))
    write_record(storage, record(older[0]))

    def compute(*_: object) -> None:
        raise FramesError

    monkeypatch.setattr(session, "store_with_progress", compute)
    with pytest.raises(FramesError):
        session.train(spec, session.Start("run"), Notifier("first", None), lambda: None, EndWatch(storage, "first"))
    assert "first: 1 record is of an earlier version of the training and does not count" in capsys.readouterr().out
