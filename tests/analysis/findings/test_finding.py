"""What a study found is computed once, whoever asks for it, and follows one rule per fact."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from analysis.figures.pairs import pairs_data
from analysis.figures.sweep_data import best_spans
from analysis.findings import exploration
from analysis.findings.finding import MAX_ARMS_IN_ALL_PAIRS
from analysis.findings.method_finding import method_finding
from analysis.report.write import files
from analysis.results.runs_table import Key
from analysis.statistics import ranking
from analysis.statistics.best_arm import assessment
from analysis.tables.accuracy import results_table
from analysis.tables.arms import arm_tables
from trainables.losses.catalogue import CCE, GCE, MAE, AdaptiveGCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from factories import Builder
    from trainables.config import Subset

FORMATS = ("html", "md", "csv", "json", "latex")
SETTLE = {"name": "settle", "within": 0.5, "confidence": 0.9, "baselines": ["cce"]}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count how often any module fits a posterior, ranks runs, judges them or chooses from them."""
    counts: Counter[str] = Counter()

    def count(module: Any, name: str) -> None:
        function: Callable[..., Any] = getattr(module, name)

        def counted(*arguments: Any, **options: Any) -> Any:
            counts[name] += 1
            return function(*arguments, **options)

        for importer in [module for path, module in sys.modules.items() if path.startswith("analysis.")]:
            if getattr(importer, name, None) is function:
                monkeypatch.setattr(importer, name, counted)

    count(assessment, "fit")
    count(ranking, "rank")

    count(ranking, "choose")
    count(exploration, "settled")
    return counts


def test_a_report_of_a_grid_ranks_and_chooses_once_on_each_subset(study: Builder, calls: Counter[str]) -> None:
    study.temperatures([2, 2.5, 3, 3.5, 4], 3).baselines(3).baselines(3, subset="clean")
    files(study.report(), FORMATS)
    assert calls == {"choose": 2, "rank": 2}


def test_a_report_of_a_settle_study_ranks_once_and_fits_one_posterior_beside_those_of_its_history(
    study: Builder, calls: Counter[str]
) -> None:
    study.method = SETTLE
    for temperature in (100.0, 300.0, 1000.0, 3000.0, 10000.0):
        varied = {"temperature": temperature}
        for seed in range(5):
            loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
            stage = "confirm" if seed > 2 else "explore"
            if stage == "explore" or temperature == 1000.0:
                study.add("adaptive", loss, seed, validation=0.8 - 0.01 * seed, varied=varied, stage=stage)
    for seed in (3, 4):
        study.add("cce", CCE(name="cce"), seed, validation=0.7, stage="confirm")
    files(study.report(), FORMATS)
    assert calls == {"settled": 1, "fit": 1 + 15, "choose": 1, "rank": 1}


def test_the_choice_does_not_depend_on_test_accuracies(study: Builder) -> None:
    study.add("good on validation", CCE(name="cce"), 0, validation=0.8, test=0.1)
    study.add("good on test", MAE(name="mae"), 0, validation=0.7, test=0.9)
    results = study.results()
    blind = replace(results, runs=results.runs.assign(test_accuracy=float("nan")))
    choice, unseen = (method_finding(of).choices["all"] for of in (results, blind))
    assert choice is not None
    assert unseen is not None
    assert (choice.key, choice.best_set.candidates) == (unseen.key, unseen.best_set.candidates)
    assert choice.key.arm == "good on validation"


def test_only_complete_runs_of_a_subset_are_ranked(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, validation=0.5)
    study.add("gce", GCE(name="gce"), 0, validation=0.9, status="stopped")
    study.add("mae", MAE(name="mae"), 0, validation=0.9, subset="clean")
    assert [key.arm for key in study.finding().ranking("all").keys] == ["cce"]


@pytest.mark.parametrize(("subset", "name"), [("all", "cce"), ("clean", "cce on all")])
def test_a_configuration_is_named_with_its_subset_only_if_the_study_has_several(
    study: Builder, subset: Subset, name: str
) -> None:
    study.add("cce", CCE(name="cce"), 0)
    study.add("gce", GCE(name="gce"), 0, subset=subset)
    assert study.finding().names[Key("cce", "cce", "all")] == name


def test_a_finding_that_nobody_reads_computes_nothing(study: Builder, calls: Counter[str]) -> None:
    study.temperatures([2, 3], 2).finding()
    assert not calls


@pytest.mark.parametrize("arms", [2, MAX_ARMS_IN_ALL_PAIRS, MAX_ARMS_IN_ALL_PAIRS + 1])
def test_every_pair_of_arms_is_compared_up_to_a_number_and_then_each_with_the_choice(study: Builder, arms: int) -> None:
    for arm in range(arms):
        study.add(f"arm{arm}", GCE(name="gce", q=arm / 10), 0, validation=0.9 if arm == 1 else 0.8)
    (pairs,) = study.finding().pairs_to_compare.values()
    if arms <= MAX_ARMS_IN_ALL_PAIRS:
        assert len(pairs) == arms * (arms - 1) / 2
    else:
        assert [first.arm for first, _ in pairs] == ["arm1"] * (arms - 1)


def test_figure_and_tables_compare_the_same_pairs(study: Builder) -> None:
    for arm in range(MAX_ARMS_IN_ALL_PAIRS + 1):
        for subset in ("all", "clean"):
            study.add(f"arm{arm}", GCE(name="gce", q=arm / 10), 0, subset=subset)
    found = study.report()
    names = found.finding.names
    compared = [pair for own in found.finding.pairs_to_compare.values() for pair in own]
    pairs = [(names[a], names[b]) for a, b in compared]
    assert len(pairs) == 2 * MAX_ARMS_IN_ALL_PAIRS
    expected = [(a.subset, a.configuration, b.configuration) for a, b in compared]
    assert [row[:3] for row in arm_tables(found.finding)[0].rows] == expected
    drawn = pairs_data(found.finding)
    assert [(names[pair.first], names[pair.second]) for pair in drawn] == pairs


def controlled(study: Builder) -> Builder:
    """Add a grid of two values of T and CCE, and a control of T = 1000 that is better than all of them."""
    study.spec = {"controls": ["fixed_q"]}
    for seed in range(4):
        for temperature, accuracy in ((100.0, 0.7 + 0.003 * seed), (1000.0, 0.8)):
            loss, varied = AdaptiveGCE(name="adaptive_gce", temperature=temperature), {"temperature": temperature}
            study.add("adaptive", loss, seed, validation=accuracy + 0.001 * seed, test=accuracy, varied=varied)
        study.add("cce", CCE(name="cce"), seed, validation=0.75 + 0.002 * seed, test=0.75)
        control, varied = GCE(name="gce", q=0.85), {"temperature": 1000.0}
        test = 0.81 + 0.001 * seed
        study.add("adaptive.fixed_q", control, seed, validation=0.9, test=test, varied=varied, stage="control")
    return study


CONTROL = Key("adaptive.fixed_q", "adaptive.fixed_q T=1000", "all")
CONTROLLED = Key("adaptive", "adaptive T=1000", "all")


def test_a_grid_compares_controls_and_never_chooses_one(study: Builder) -> None:
    finding = controlled(study).finding()
    assert finding.chosen == CONTROLLED
    assert finding.choices["all"] == finding.choice
    assert CONTROL not in finding.ranking("all").keys
    assert finding.representatives == [CONTROLLED, Key("cce", "cce", "all"), CONTROL]
    assert (CONTROLLED, CONTROL) in finding.pairs_to_compare["all"]


def test_a_control_belongs_to_the_adaptive_configuration_with_its_values(study: Builder) -> None:
    finding = controlled(study).finding()
    assert finding.control_of(CONTROLLED) == CONTROL
    assert finding.control_of(Key("adaptive", "adaptive T=100", "all")) is None
    assert finding.control_of(Key("cce", "cce", "all")) is None


def test_the_strip_of_values_that_may_be_the_best_is_drawn_beside_a_control(study: Builder) -> None:
    finding = controlled(study).finding()
    assert best_spans(finding, finding.reported.runs, "temperature") == [(1000.0, 1000.0)]


def test_the_note_of_a_table_states_why_a_control_is_not_bold(study: Builder) -> None:
    table = results_table(controlled(study).finding(), "test")
    labels = [row[0] for row in table.rows]
    assert [labels[row] for row, _ in table.bold] == ["adaptive T=1000"]
    assert table.note.endswith("Controls are never bold, as they are never chosen.")


def test_without_controls_no_note_mentions_them(study: Builder) -> None:
    table = results_table(study.temperatures([2, 3], 6).finding(), "test")
    assert table.bold
    assert "control" not in table.note
