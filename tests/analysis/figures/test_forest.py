"""What several studies share, as forest plots."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.figures.forest import MAX_ROWS, differences, forest, means
from analysis.findings.shared_configurations import shared_configurations
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
    from analysis.results.study_results import StudyResults
    from factories import Builder


def filled(study: Builder, name: str, shift: float, seeds: int = 5) -> StudyResults:
    study = type(study)(name=name)
    for seed in range(seeds):
        value = 0.7 + shift + seed / 100
        study.add("cce", CCE(name="cce"), seed, validation=value, test=value)
        study.add("gce", GCE(name="gce"), seed, validation=value + 0.05, test=value + (seed % 2) / 100)
    return study.results()


def test_each_row_has_the_mean_of_each_study(study: Builder) -> None:
    shared = shared_configurations([filled(study, "a", 0.0), filled(study, "b", 0.1)])
    assert [(row.label, [round(i.mean, 3) for i in row.intervals if i]) for row in means(shared, "test")] == [
        ("cce", [0.72, 0.82]),
        ("gce", [0.724, 0.824]),
    ]


def test_a_difference_is_that_of_the_other_study_minus_the_first(study: Builder) -> None:
    shared = shared_configurations([filled(study, "a", 0.0), filled(study, "b", 0.1)])
    first, second = differences(shared, "test")[0].intervals
    assert first is None
    assert second is not None
    assert second.mean == pytest.approx(0.1)


def test_shared_runs_have_no_difference(study: Builder) -> None:
    shared = shared_configurations([filled(study, "a", 0.0), filled(study, "b", 0.0)])
    assert differences(shared, "test") == []


def test_the_marks_of_each_study_lie_on_their_means(study: Builder) -> None:
    shared = shared_configurations([filled(study, "a", 0.0), filled(study, "b", 0.1)])
    figure = forest(shared, "test")[0]
    assert [(trace.name, [round(x, 1) for x in trace.x]) for trace in figure.drawing.data] == [
        ("a", [72.0, 72.4]),
        ("b", [82.0, 82.4]),
    ]
    assert list(figure.drawing.layout.yaxis.ticktext) == ["cce", "gce"]


def test_a_mean_of_few_runs_is_an_open_mark(study: Builder) -> None:
    shared = shared_configurations([filled(study, "a", 0.0), filled(study, "b", 0.1, seeds=2)])
    marks = [set(trace.marker.symbol) for trace in forest(shared, "test")[0].drawing.data]
    assert marks == [{"circle"}, {"square-open"}]


def test_more_rows_than_fit_are_counted_in_the_caption(study: Builder) -> None:
    studies = []
    for name in "ab":
        many = type(study)(name=name)
        for place in range(MAX_ROWS + 1):
            many.add(f"arm{place}", GCE(name="gce", q=(place + 1) / 100), 0, test=0.7)
        studies.append(many.results())
    figure = forest(shared_configurations(studies), "test")[0]
    assert figure.caption.endswith(f"The first {MAX_ROWS} of {MAX_ROWS + 1} rows are drawn.")
    assert len(figure.drawing.data[0].x) == MAX_ROWS


def test_studies_that_share_nothing_have_no_figure(study: Builder) -> None:
    one, other = type(study)(name="a"), type(study)(name="b")
    one.add("cce", CCE(name="cce"), 0)
    other.add("gce", GCE(name="gce"), 0)
    assert forest(shared_configurations([one.results(), other.results()]), "test") == ()
