"""The exploring runs of a search epoch by epoch: what the figure shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.exploring.exploring_curves import draw_exploring_curves, exploring_curves_data
from analysis.figures.sweep_data import Pick
from analysis.plotting.styles import styles_of_losses
from trainables.losses.catalogue import CCE

if TYPE_CHECKING:
    from factories import Builder


def test_exploring_runs_that_were_stopped_are_drawn_otherwise_than_complete_ones(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, epochs=5, stage="explore")
    study.add("cce", CCE(name="cce"), 1, epochs=2, status="stopped", stage="explore")
    results = study.results()
    whole, cut = found = exploring_curves_data(results.runs, results.curves, "validation")
    assert whole.cut is None
    assert cut.cut is not None
    assert cut.cut.epoch == 2
    figure = draw_exploring_curves(found, "validation", styles_of_losses({"cce": "cce"}), Pick(whole.key, "pick"))
    lines = [(trace.line.dash, trace.line.width) for trace in figure.data if trace.showlegend is False]
    assert lines == [("dot", 1.2), ("solid", 3)]
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == ["cce", "stopped"]
    assert [note.text for note in figure.layout.annotations] == ["<b>pick</b>"]


def test_a_run_without_verified_clips_has_no_trail(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    results = study.results()
    assert exploring_curves_data(results.runs, results.curves, "verified") == []
