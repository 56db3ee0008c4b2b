"""How sure a settle study's choice became: the order of its steps, and where it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures.exploring.confidence_history import confidence_history_data, draw_confidence_history
from trainables.losses.catalogue import CCE, AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder

DROPS = {100.0: 4.0, 1000.0: 0.0, 10000.0: 2.5}


def test_configurations_without_order_have_a_history(study: Builder) -> None:
    study.exploring_temperatures(DROPS)
    study.add("cce", CCE(name="cce"), 0, stage="explore")
    assert confidence_history_data(study.finding()) is not None


def test_the_history_ends_where_the_verdict_stands(study: Builder) -> None:
    finding = study.exploring_temperatures(DROPS).finding()
    history, standing = confidence_history_data(finding), finding.settled.standing
    assert history is not None
    assert standing is not None
    assert [step.runs for step in history.steps] == list(range(1, 13))
    assert history.steps[-1].confidence == standing.confidence
    assert history.steps[-1].chosen == standing.chosen


def test_the_history_follows_the_order_in_which_runs_ended(study: Builder) -> None:
    history = confidence_history_data(study.exploring_temperatures(DROPS).finding())
    assert history is not None
    assert {step.chosen.configuration for step in history.steps[:4]} == {"adaptive T=10000"}
    assert history.steps[-1].chosen.configuration == "adaptive T=1000"


def test_a_run_without_a_score_is_a_step_of_the_history(study: Builder) -> None:
    study.exploring_temperatures(DROPS)
    loss = AdaptiveGCE(name="adaptive_gce", temperature=100.0)
    study.add("adaptive", loss, 9, status="failed", varied={"temperature": 100.0}, stage="explore")
    history = confidence_history_data(study.finding())
    assert history is not None
    assert history.steps[0].runs == 2  # the failed run, whose record tells no time, is the first


def test_a_long_history_is_thinned_and_keeps_its_end(study: Builder) -> None:
    history = confidence_history_data(study.exploring_temperatures(DROPS).finding(), most=4)
    assert history is not None
    assert [step.runs for step in history.steps] == [1, 5, 8, 12]


def test_the_drawing_has_a_level_at_the_requested_confidence(study: Builder) -> None:
    history = confidence_history_data(study.exploring_temperatures(DROPS).finding())
    assert history is not None
    requested = draw_confidence_history(history).data[-1]
    assert tuple(requested.y) == (0.9, 0.9)
