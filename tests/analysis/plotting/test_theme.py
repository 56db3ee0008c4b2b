"""One look of all drawings: an arm has one colour everywhere, series differ, looks are inert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures import boxes, sweep
from analysis.figures.learning_curves import learning_curves_data
from analysis.figures.sweep_data import sweep_data
from analysis.plotting.curve_panels import Curve, draw_learning_curves
from analysis.plotting.styles import styles
from analysis.results import runs_table
from analysis.results.runs_table import scores
from trainables.losses.catalogue import CCE

if TYPE_CHECKING:
    from analysis.results.study_results import StudyResults
    from factories import Builder

NASTY = "<img src=x onerror=alert(1)> 50%{x}"


def _curves(results: StudyResults) -> list[Curve]:
    return learning_curves_data(results.runs, results.curves, "validation_accuracy", runs_table.keys(results.runs))


def test_an_arm_keeps_its_colour_in_every_figure(full_study: Builder) -> None:
    """In this sweep cce is drawn before the arm that varies q, and in the boxes without it, yet it is the third arm."""
    study = full_study
    study.planned.reverse()  # gce, cce, adaptive
    results = study.results()
    looks = styles(results.runs)
    swept = sweep.draw_sweep(sweep_data(results.runs, "temperature", "test"), looks)
    some = results.runs[results.runs["arm"] != "adaptive"]
    boxed = boxes.draw_boxes(boxes.boxes_data(scores(some, "test"), study.finding().representatives), "test", looks)
    accuracy, loss = (
        learning_curves_data(some, results.curves, name, runs_table.keys(some))
        for name in ("validation_accuracy", "train_loss")
    )
    curves = draw_learning_curves(accuracy, [loss], looks)
    colours = {arm: look.colour for arm, look in looks.items()}
    assert {trace.name: trace.line.color for trace in swept.data if trace.line.width in (2, 2.5)} == colours
    in_boxes = {trace.name: trace.line.color for trace in boxed.data if trace.type == "box"}
    assert in_boxes == {name: colours[name] for name in ("gce", "cce")}
    thick = [trace for trace in curves.data if trace.line.width == 2.5]
    assert {trace.name: trace.line.color for trace in thick} == {name: colours[name] for name in ("gce", "cce")}


def test_a_name_is_inert_in_every_drawing(study: Builder) -> None:
    study.temperatures([2, 3], 2, arm=NASTY).add(NASTY + "fixed", CCE(name="cce"), 0)
    results = study.results()
    looks = styles(results.runs)
    drawings = [
        sweep.draw_sweep(sweep_data(results.runs, "temperature", "test"), looks),
        boxes.draw_boxes(
            boxes.boxes_data(scores(results.runs, "test"), study.finding().representatives), "test", looks
        ),
        draw_learning_curves(_curves(results), [_curves(results)], looks),
    ]
    for drawing in drawings:
        text = str(drawing.to_dict())
        assert "<img" not in text
        assert "&lt;img src=x onerror=alert(1)&gt; 50&#37;{x}" in text
