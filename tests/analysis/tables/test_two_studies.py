"""Two studies beside each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.study_results import study_results
from analysis.tables.two_studies import comparison, only
from trainables.config import Training
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
    from factories import Builder


def filled(study: Builder, name: str, shift: float, seeds: range, *, epochs: int = 160) -> Builder:
    study = type(study)(name=name, training=Training(epochs=epochs))
    for seed in seeds:
        value = 0.7 + shift + seed / 100
        study.add("cce", CCE(name="cce"), seed, validation=value, test=value + (seed % 2) / 1000)
    return study


def test_shared_seeds_are_paired(study: Builder) -> None:
    first, second = filled(study, "a", 0.02, range(4)), filled(study, "b", 0.0, range(1, 5), epochs=80)
    table = comparison(first.results(), second.results())
    assert table.header[3:] == ("a", "b", "Difference")
    assert [row[:3] for row in table.rows] == [("cce", "all", "validation"), ("cce", "all", "test")]
    assert table.rows[0][5] == "2.0 (2.0, 2.0, 2.0)"


def test_other_seeds_stand_side_by_side_without_a_difference(study: Builder) -> None:
    first, second = filled(study, "a", 0.02, range(2)), filled(study, "b", 0.0, range(2, 4))
    assert [row[5] for row in comparison(first.results(), second.results()).rows] == ["-", "-"]


def test_on_other_data_nothing_is_paired(study: Builder) -> None:
    first, second = filled(study, "a", 0.02, range(3)), filled(study, "b", 0.0, range(3))
    plan = second.plan()
    other = plan.model_copy(update={"dataset": plan.dataset.model_copy(update={"fingerprint": "f" * 20})})
    table = comparison(first.results(), study_results(other, second.records))
    assert [row[5] for row in table.rows] == ["-", "-"]
    assert "the data sets differ" in table.note


def test_runs_that_two_studies_share_are_no_difference(study: Builder) -> None:
    first, second = filled(study, "a", 0.0, range(3)), filled(study, "b", 0.0, range(2))
    assert comparison(first.results(), second.results()).rows[0][5] == "the same runs (n = 2)"


def test_what_one_study_alone_has_is_named(study: Builder) -> None:
    first, second = filled(study, "a", 0.0, range(2)), filled(study, "b", 0.0, range(2))
    second.add("gce", GCE(name="gce"), 0, subset="clean")
    assert only(first.results(), second.results()) == []
    assert only(second.results(), first.results()) == ["gce on clean"]
    assert {row[0] for row in comparison(first.results(), second.results()).rows} == {"cce"}


def test_configurations_are_matched_by_the_settings_that_either_study_varies(study: Builder) -> None:
    first = type(study)(name="a").learning_rates("cce", (1e-3, 1e-2), 2)
    second = type(study)(name="b", training=Training(epochs=80)).learning_rates("plain", (1e-2, 1e-1), 2)
    assert {row[0] for row in comparison(first.results(), second.results()).rows} == {"cce lr=0.01"}
    assert only(first.results(), second.results()) == ["cce lr=0.001"]
    assert only(second.results(), first.results()) == ["plain lr=0.1"]
