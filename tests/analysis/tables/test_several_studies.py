"""Studies side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.findings.shared_configurations import shared_configurations
from analysis.results.study_results import study_results
from analysis.tables.several_studies import comparison
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
    table = comparison(shared_configurations([first.results(), second.results()]))
    assert table.header[3:] == ("a", "b", "Difference")
    assert [row[:3] for row in table.rows] == [("cce", "all", "validation"), ("cce", "all", "test")]
    assert table.rows[0][5] == "+2.0 (+2.0, +2.0, +2.0)"


def test_other_seeds_stand_side_by_side_without_a_difference(study: Builder) -> None:
    first, second = filled(study, "a", 0.02, range(2)), filled(study, "b", 0.0, range(2, 4))
    table = comparison(shared_configurations([first.results(), second.results()]))
    assert table.header[3:] == ("a", "b")
    assert "the studies have no seed in common" in table.note


def test_on_other_data_nothing_is_paired(study: Builder) -> None:
    first, second = filled(study, "a", 0.02, range(3)), filled(study, "b", 0.0, range(3))
    plan = second.plan()
    other = plan.model_copy(update={"dataset": plan.dataset.model_copy(update={"fingerprint": "f" * 20})})
    table = comparison(shared_configurations([first.results(), study_results(other, second.records)]))
    assert table.header[3:] == ("a", "b")
    assert "the data sets differ" in table.note


def test_of_several_studies_those_with_other_data_have_no_column_of_differences(study: Builder) -> None:
    first, second, third = (filled(study, name, 0.0, range(3)) for name in "abc")
    plan = third.plan()
    other = plan.model_copy(update={"dataset": plan.dataset.model_copy(update={"fingerprint": "f" * 20})})
    table = comparison(shared_configurations([first.results(), second.results(), study_results(other, third.records)]))
    assert table.header[3:] == ("a", "b", "c", "a minus b")
    assert "c has other data" in table.note


def test_runs_that_two_studies_share_are_no_difference(study: Builder) -> None:
    first, second = filled(study, "a", 0.0, range(3)), filled(study, "b", 0.0, range(2))
    assert comparison(shared_configurations([first.results(), second.results()])).rows[0][5] == "the same runs (n = 2)"


def test_what_one_study_alone_has_is_named(study: Builder) -> None:
    first, second = filled(study, "a", 0.0, range(2)), filled(study, "b", 0.0, range(2))
    second.add("gce", GCE(name="gce"), 0, subset="clean")
    both = shared_configurations([first.results(), second.results()])
    assert both.only(0) == []
    assert both.only(1) == ["gce on clean"]
    assert {row[0] for row in comparison(both).rows} == {"cce"}


def test_configurations_are_matched_by_the_settings_that_either_study_varies(study: Builder) -> None:
    first = type(study)(name="a").learning_rates("cce", (1e-3, 1e-2), 2)
    second = type(study)(name="b", training=Training(epochs=80)).learning_rates("plain", (1e-2, 1e-1), 2)
    both = shared_configurations([first.results(), second.results()])
    assert {row[0] for row in comparison(both).rows} == {"cce lr=0.01"}
    assert both.only(0) == ["cce lr=0.001"]
    assert both.only(1) == ["plain lr=0.1"]


def test_each_further_study_is_compared_with_the_first(study: Builder) -> None:
    studies = [filled(study, name, shift, range(3)).results() for name, shift in (("a", 0.02), ("b", 0.01), ("c", 0))]
    table = comparison(shared_configurations(studies))
    assert table.header[3:] == ("a", "b", "c", "a minus b", "a minus c")
    assert [cell.split(" ")[0] for cell in table.rows[0][6:]] == ["+1.0", "+2.0"]


def test_a_configuration_of_two_of_three_studies_is_compared_between_those(study: Builder) -> None:
    first, second, third = (filled(study, name, 0, range(2)) for name in "abc")
    for of, value in ((second, 0.8), (third, 0.7)):
        of.add("gce", GCE(name="gce"), 0, validation=value, test=value)
    row = next(
        row
        for row in comparison(shared_configurations([b.results() for b in (first, second, third)])).rows
        if row[0] == "gce"
    )
    assert row[3] == "-"
    assert [cell.split(" ")[0] for cell in row[4:6]] == ["80.0", "70.0"]


def test_studies_of_one_name_are_called_by_their_place(study: Builder) -> None:
    first = filled(study, "a", 0.0, range(2)).results()
    assert shared_configurations([first, first]).names == ("a (first)", "a (second)")


@pytest.mark.parametrize("count", [1, 7])
def test_fewer_than_two_or_more_than_six_studies_are_refused(study: Builder, count: int) -> None:
    results = filled(study, "a", 0.0, range(2)).results()
    with pytest.raises(ValueError, match=f"{count} studies; allowed: 2 to 6"):
        shared_configurations([results] * count)
