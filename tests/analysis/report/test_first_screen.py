"""The model of the first screen: its context line, Figure 1 and Table 1 for every method."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.report.first_screen import PLACE, FirstScreen, last_day, size
from analysis.report.method_report import method_report
from trainables.losses.catalogue import CCE, GCE
from trainables.storage.location import location

if TYPE_CHECKING:
    from pathlib import Path

    from factories import Builder


def _times(*counts: str) -> str:
    return " \N{MULTIPLICATION SIGN} ".join(counts)


def test_the_context_names_study_data_size_version_and_storage(full_study: Builder, tmp_path: Path) -> None:
    screen = FirstScreen(method_report(full_study.results(), location(tmp_path)))
    assert screen.context[:2] == ("best-t", "fsdnoisy18k")
    assert screen.context[-2].startswith("gce-study ")
    place = screen.context[-1]
    assert len(place) <= PLACE
    assert str(tmp_path).startswith(place.split("…")[0])
    assert str(tmp_path).endswith(place.split("…")[-1])


def test_configurations_are_counted_times_subsets_folds_and_seeds_where_all_have_as_many(study: Builder) -> None:
    study.temperatures([2, 3], 4)
    assert size(study.finding()) == _times("2 configurations", "4 seeds")
    study.temperatures([2, 3], 4, subset="clean")
    assert size(study.finding()) == _times("2 configurations", "2 subsets", "4 seeds")
    study.baselines(3)
    assert size(study.finding()) == "6 configurations"


def test_folds_are_counted_beside_seeds(study: Builder) -> None:
    study.cross_validated({"low": 0.6, "high": 0.7}, 3, {"1": 0.0, "2": 0.01})
    assert size(study.finding()) == _times("2 configurations", "2 folds", "3 seeds")


@pytest.mark.parametrize(
    ("times", "day"),
    [((), ""), (("", "soon"), ""), (("2026-11-02T23:00:00+00:00", "2026-11-28T08:00:00+00:00", ""), "28 Nov 2026")],
)
def test_the_day_is_that_of_the_last_run(times: tuple[str, ...], day: str) -> None:
    assert last_day(times) == day


def test_figure_1_is_the_sweep_of_a_grid_and_table_1_its_configurations(full_study: Builder) -> None:
    screen = FirstScreen(full_study.report())
    assert screen.figure is not None
    assert screen.figure.name == "accuracy_vs_t"
    assert screen.table is not None
    assert len(screen.table.rows) == 7


def test_figure_1_compares_arms_where_a_grid_has_several_subsets(study: Builder) -> None:
    for subset in ("all", "clean"):
        study.temperatures([2, 3], 5, subset=subset).baselines(5, subset=subset)  # type: ignore[arg-type]
    figure = FirstScreen(study.report()).figure
    assert figure is not None
    assert figure.title == "Test accuracy per arm and subset"


def test_a_settle_study_shows_what_it_explored(study: Builder) -> None:
    study.exploring_temperatures({100.0: 2.0, 1000.0: 0.0, 10000.0: 2.0})
    screen = FirstScreen(study.report())
    assert screen.figure is not None
    assert screen.figure.name == "exploring_validation_accuracy_vs_t"
    assert screen.table is not None
    assert screen.table.title == "Exploring runs"


def test_a_study_without_a_complete_run_has_a_headline_and_no_figure(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, status=None)
    screen = FirstScreen(study.report())
    assert screen.figure is None
    assert screen.headline.text.startswith("No run is complete yet")


@pytest.mark.parametrize("arms", [1, 2])
def test_a_search_opens_with_its_arms_or_with_the_parameters_of_the_only_one(study: Builder, arms: int) -> None:
    study.method = {"name": "search", "configurations": 5, "asha": None, "baselines": []}
    for place in range(3):
        q, rate = 0.2 + place / 5, 10.0 ** -(2 + place)
        training = study.training.model_copy(update={"learning_rate": rate})
        varied: dict[str, float | str] = {"learning_rate": rate}
        if arms > 1:
            study.add("cce", CCE(name="cce"), 0, varied=varied, stage="explore", training=training)
        more = {"q": q, "learning_rate": rate}
        study.add("gce", GCE(name="gce", q=q), 0, varied=more, stage="explore", training=training)
    figure = FirstScreen(study.report()).figure
    assert figure is not None
    shown = "of the configurations of each arm" if arms > 1 else "against each parameter"
    assert figure.title == f"Validation accuracy {shown}"
