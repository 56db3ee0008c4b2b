"""Searches: how what they tried is ranked, and what the verdict states of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exploring_studies import NOISE, SEARCH, confirm_below, search
from trainables.losses.catalogue import CCE, GCE, MAE

if TYPE_CHECKING:
    from factories import Builder


def test_a_search_ranks_what_finished_before_what_was_stopped(study: Builder) -> None:
    found = {key.configuration: score for key, score in search(study).finding().tried.items()}
    assert list(found)[:3] == ["gce q=0.5", "gce q=0.7", "gce q=0.2"]
    assert list(found)[3:] == ["gce q=0.95", "gce q=0.9"]  # the one that was stopped later comes first
    rows = study.report().exploring_tables[0].rows
    assert rows[0] == ("gce q=0.5", "complete", "9", "90.0")
    assert ("gce q=0.9", "stopped", "2", "95.0") in rows


def test_a_search_without_confirmation_names_the_best_so_far(study: Builder) -> None:
    assert search(study).report().verdict == (
        "So far (5 runs): 5 configurations were tried (5 runs, 2 stopped). The best so far by validation accuracy is "
        "gce q=0.5 (90.0 %); it is not confirmed."
    )


def test_a_search_chooses_among_the_confirmed_by_validation_and_never_a_baseline(study: Builder) -> None:
    search(study)
    for seed in range(3):
        for q, accuracy, test in ((0.5, 0.7, 0.9), (0.7, 0.75, 0.6)):
            varied = {"q": q}
            noise = NOISE[seed] / 100 + q * NOISE[seed + 1] / 1000
            study.add(
                "gce",
                GCE(name="gce", q=q),
                10_000 + seed,
                validation=accuracy + noise,
                test=test,
                varied=varied,
                stage="confirm",
            )
        study.add("cce", CCE(name="cce"), 10_000 + seed, validation=0.99, test=0.5, stage="confirm")
    text = study.report().verdict
    assert "The baseline cce is better than the 2 others by validation accuracy: mean 99.0 %, 3 fresh seeds" in text
    assert "The choice is gce q=0.7 (75." in text
    assert "(n = 3 fresh seeds: 60.0, 60.0, 60.0); paired by seed, that is 10.0 points above cce" in text


def test_a_search_names_a_baseline_that_ties_with_its_choice(study: Builder) -> None:
    search(study)
    confirm_below(study, CCE(name="cce"))
    finding = study.finding()
    assert finding.best.configuration == "gce q=0.5"
    assert set(finding.best.may_be_best) == {"gce q=0.5", "cce"}
    text = study.report().verdict
    assert "No single winner: cce and gce q=0.5 may each be the best by validation accuracy" in text
    assert "cce has the highest mean (75.2 %, 3 fresh seeds), and is a baseline; the choice is gce q=0.5 (75.0" in text


def test_a_search_of_one_run_counts_it_in_the_singular(study: Builder) -> None:
    study.method = SEARCH | {"configurations": 1}
    study.add("gce", GCE(name="gce", q=0.5), 0, varied={"q": 0.5}, stage="explore")
    assert "1 configuration was tried (1 run)." in study.report().verdict


def test_baselines_that_tie_above_the_choice_are_named_together(study: Builder) -> None:
    search(study)
    confirm_below(study, CCE(name="cce"), MAE(name="mae"))
    study.method = study.method | {"baselines": ["cce", "mae"]}
    text = study.report().verdict
    assert "cce and mae tie for the highest mean (75.2 %, 3 fresh seeds), and are baselines; the choice is gce" in text


def test_a_search_ranks_what_it_tried_without_collapsed_runs(study: Builder) -> None:
    study.method = SEARCH | {"seeds": 3}
    for q, values in ((0.3, (0.80, 0.81, 0.1)), (0.5, (0.70, 0.71, 0.72)), (0.7, (0.60, 0.61, 0.62))):
        for seed, value in enumerate(values):
            study.add("gce", GCE(name="gce", q=q), seed, validation=value, varied={"q": q}, stage="explore")
    assert next(iter(study.finding().tried)).configuration == "gce q=0.3"
    study.spec = {"collapse": "counts"}
    assert next(iter(study.finding().tried)).configuration == "gce q=0.5"


def test_a_search_whose_runs_are_all_cut_at_its_most_epochs_ranks_them_as_finished(study: Builder) -> None:
    search(study)
    study.method = SEARCH | {"asha": {"max_epochs": 4}}
    assert next(iter(study.finding().tried)).configuration == "gce q=0.95"
