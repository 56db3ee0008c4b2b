"""The tiles of the first screen: what each states, and that none claims more than the statistics do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.findings.method_finding import method_finding
from analysis.results.study_results import study_results
from analysis.results.study_state import Progress
from analysis.text.phrases import HIGHEST
from analysis.text.tiles import tiles
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from factories import Builder
    from trainables.records import Stage

NOISE = (0.001, -0.002, 0.0005, 0.0015, -0.001, 0.0002)
SETTLE = {"name": "settle", "within": 0.5, "confidence": 0.9, "max_runs": None, "baselines": ["cce"]}
SEARCH = {"name": "search", "configurations": 5, "asha": None, "baselines": []}


def _told(study: Builder, *, show_test: bool = True) -> dict[str, tuple[list[str], str]]:
    """Return label -> (readings as text, detail)."""
    results = study_results(study.plan(), study.records, progress=Progress(**study.progress), show_test=show_test)
    made = tiles(method_finding(results))
    return {tile.label: ([reading.text for reading in tile.readings], tile.detail) for tile in made}


def _pair(study: Builder, seeds: int = 6) -> Builder:
    for seed in range(seeds):
        study.add("gce", GCE(name="gce"), seed, validation=0.8 + NOISE[seed], test=0.75 + NOISE[seed] / 2)
        study.add("cce", CCE(name="cce"), seed, validation=0.7 - NOISE[seed], test=0.71 - NOISE[seed])
    return study


def _temperatures(study: Builder, means: Mapping[float, float], stage: Stage, seeds: int = 6) -> Builder:
    for place, (temperature, mean) in enumerate(means.items()):
        for seed in range(seeds):
            study.add(
                "adaptive",
                AdaptiveGCE(name="adaptive_gce", temperature=temperature),
                seed + (10_000 if stage == "confirm" else 0),
                validation=mean + NOISE[(seed + place) % 6],
                test=mean - 0.05 + NOISE[seed],
                varied={"temperature": temperature},
                stage=stage,
            )
    return study


def test_a_grid_has_the_tiles_score_difference_certainty_and_cost(study: Builder) -> None:
    assert _told(_pair(study)) == {
        "Test accuracy of the pick": (["75.0 ± 0.1 %"], "6 seeds, 95 % interval"),
        "The pick against cce, in points of test accuracy": (["+4.0 ± 0.2 (better)"], "paired by seed"),
        "How sure": (["Clear"], "better than the other in validation accuracy (95 %, all comparisons together)"),
        "Cost": (["12 runs"], "6.0 hours of training"),
    }


def test_few_seeds_have_no_interval_and_leave_the_difference_unclear(study: Builder) -> None:
    told = _told(_pair(study, seeds=3))
    assert told["Test accuracy of the pick"] == (["75.0 %"], "3 seeds: no interval")
    assert told["The pick against cce, in points of test accuracy"][0] == ["+4.0 (unclear)"]
    assert told["The pick against cce, in points of test accuracy"][1].endswith("; too few runs for an interval")


def test_a_difference_names_the_other_configuration_and_what_is_subtracted_from_it(study: Builder) -> None:
    _pair(study)
    scores = {100.0: (0.02, -0.01, 0.0), 1000.0: (-0.01, 0.02, 0.005)}
    for temperature, noises in scores.items():
        for seed, noise in enumerate(noises):
            loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
            study.add(
                "adaptive", loss, seed, validation=0.7 + noise, test=0.6 + noise, varied={"temperature": temperature}
            )
    readings, detail = _told(study)["The pick against, in points of test accuracy"]
    assert [reading.rsplit(" +")[0] for reading in readings] == ["adaptive T=1000", "cce"]
    assert detail == "paired by seed, corrected for choosing by the same runs"


def test_a_difference_that_does_not_vary_is_unclear_and_states_why(study: Builder) -> None:
    for seed, noise in enumerate(NOISE):
        study.add("gce", GCE(name="gce"), seed, validation=0.8 + noise, test=0.75)
        study.add("cce", CCE(name="cce"), seed, validation=0.7 - noise, test=0.71)
    readings, detail = _told(study)["The pick against cce, in points of test accuracy"]
    assert readings == ["+4.0 (unclear)"]
    assert detail.endswith("; no interval, as the differences show no spread")


def test_one_seed_of_each_rules_nothing_out(study: Builder) -> None:
    assert _told(_pair(study, seeds=1))["How sure"][0] == ["Undecided"]


def test_a_study_that_runs_counts_its_runs_and_hides_test_accuracies(study: Builder) -> None:
    _pair(study).add("cce", CCE(name="cce"), 90, status=None)
    study.add("cce", CCE(name="cce"), 91, status="failed", error="x")
    told = _told(study, show_test=False)
    assert list(told) == ["Validation accuracy of what leads", "How sure", "So far"]
    assert told["Validation accuracy of what leads"][1].endswith("Test accuracy is hidden until the study ends")
    assert told["So far"] == (["13 of 14 runs"], "6.5 hours of training; 1 still waiting; 1 failed")
    detail = "better than the other in validation accuracy so far; 95 % holds at the study's end only"
    assert told["How sure"] == (["Not final"], detail)


@pytest.mark.parametrize(("runs", "time"), [(1, "30 minutes"), (2, "1 hour"), (13, "6.5 hours"), (230, "115 hours")])
def test_the_time_of_training_has_as_many_digits_as_matter(study: Builder, runs: int, time: str) -> None:
    for seed in range(runs):
        study.add("cce", CCE(name="cce"), seed)
    assert _told(study)["Cost"][1] == f"{time} of training"


def test_a_training_of_less_than_a_minute_is_in_seconds(study: Builder) -> None:
    run_id = study.add("cce", CCE(name="cce"), 0)
    short = study.records[run_id].cost.model_copy(update={"wall_s": 12.4})
    study.records[run_id] = study.records[run_id].model_copy(update={"cost": short})
    assert _told(study)["Cost"][1] == "12 s of training"


def test_without_a_complete_run_only_the_cost_is_left(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, status=None)
    assert _told(study) == {"So far": (["0 of 1 run"], "1 still waiting")}


def test_one_configuration_is_compared_with_nothing(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    assert list(_told(study)) == ["Test accuracy of the pick", "Cost"]


def test_on_several_subsets_every_choice_has_its_score_and_the_leading_arm_its_pooled_differences(
    study: Builder,
) -> None:
    _pair(study)
    for seed, noise in enumerate(NOISE):
        study.add("gce", GCE(name="gce"), seed, validation=0.6 + noise, test=0.6 + noise, subset="clean")
        study.add("cce", CCE(name="cce"), seed, validation=0.6 - noise, test=0.56 - noise, subset="clean")
    told = _told(study)
    starts = [" ".join(reading.split()[:2]) for reading in told["Test accuracy of each subset's pick"][0]]
    assert starts == ["all (gce)", "clean (gce)"]
    assert told["gce against cce, in points of test accuracy"] == (
        ["+4.0 ± 0.2 (better)"],
        "means over the 2 subsets, paired by seed",
    )
    assert told["How sure"] == (["Partly clear"], "1 of 2 subsets has a single best configuration (95 % on each)")


def test_of_many_arms_five_are_shown_and_the_number_stated(study: Builder) -> None:
    for place in range(8):
        for seed, noise in enumerate(NOISE):
            study.add(f"arm{place}", GCE(name="gce", q=(place + 1) / 10), seed, validation=0.8 - place / 100 + noise)
    readings, detail = _told(study)["The pick against, in points of test accuracy"]
    assert len(readings) == 5
    assert detail.endswith("; 5 of 7 arms")


def _settled(study: Builder, baseline: float) -> dict[str, tuple[list[str], str]]:
    """Return the tiles of a settled study whose choice scores 80 % and whose baseline has a given accuracy."""
    study.method = SETTLE
    _temperatures(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.7}, "explore")
    _temperatures(study, {1000.0: 0.8}, "confirm")
    for seed, noise in enumerate(NOISE):
        accuracy = baseline - noise
        study.add("cce", CCE(name="cce"), 10_000 + seed, validation=accuracy, test=accuracy, stage="confirm")
    return _told(study)


def test_a_settled_choice_states_its_probability_and_fresh_seeds(study: Builder) -> None:
    told = _settled(study, 0.7)
    assert told["Test accuracy of the pick"][1] == "6 fresh seeds, 95 % interval"
    assert told["How sure"] == (["Settled"], "with probability > 0.99 within 0.5 points of the best")


def test_a_rule_that_is_met_while_runs_still_explore_has_settled_nothing_yet(study: Builder) -> None:
    study.method, study.progress = SETTLE | {"max_runs": 40}, {"ended": False}
    _temperatures(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.7}, "explore")
    loss = AdaptiveGCE(name="adaptive_gce", temperature=1000.0)
    study.add("adaptive", loss, 9, varied={"temperature": 1000.0}, stage="explore", status=None)
    value, detail = _told(study)["How sure"]
    assert value == ["Not settled yet"]
    assert detail == "so far with probability > 0.99 within 0.5 points of the best"


def test_an_unsettled_choice_states_what_probability_it_lacks(study: Builder) -> None:
    study.method, study.progress = SETTLE | {"within": 0.01, "max_runs": 4}, {"ended": True}
    _temperatures(study, {100.0: 0.8, 1000.0: 0.8}, "explore", seeds=2)
    value, detail = _told(study)["How sure"]
    assert value == ["Not settled"]
    assert 0 < float(detail.split("probability ")[1].split(" ")[0]) < 0.9
    assert detail.endswith(" (0.9 needed) within 0.01 points of the best")


def test_a_choice_that_a_baseline_beats_is_not_called_the_pick(study: Builder) -> None:
    told = _settled(study, 0.9)
    assert "Test accuracy of the choice" in told
    assert told["The choice against cce, in points of test accuracy"][0][0].endswith("(worse)")


def test_a_search_that_confirmed_nothing_states_so(study: Builder) -> None:
    study.method, study.progress = SEARCH, {"ended": True}
    for q in (0.2, 0.5):
        study.add("gce", GCE(name="gce", q=q), 0, validation=0.6 + q / 10, varied={"q": q}, stage="explore")
    told = _told(study)
    assert told["How sure"] == (["Not confirmed"], "the best of 2 tried, by the runs that chose it")
    assert told["Validation accuracy of the pick"][1] == f"1 seed: no interval; {HIGHEST}"


def test_a_mean_over_folds_states_their_number(study: Builder) -> None:
    study.cross_validated({"low": 0.6, "high": 0.7}, 5, {"1": 0.0, "2": 0.01})
    assert _told(study)["Test accuracy of the pick"][1] == "5 seeds, mean of 2 folds, 95 % interval"


def test_a_control_is_named_as_one_and_set_apart_after_the_other_arms(study: Builder) -> None:
    _pair(study)
    for seed, noise in enumerate(NOISE):
        study.add("gce.fixed_q", GCE(name="gce", q=0.3), seed, validation=0.9, test=0.79 - noise, stage="control")
    made = tiles(method_finding(study_results(study.plan(), study.records)))
    readings = next(tile.readings for tile in made if tile.label.startswith("The pick against"))
    assert [(reading.name, reading.note, reading.aside) for reading in readings] == [
        ("cce", "", False),
        ("gce.fixed_q", "control, for comparison only", True),
    ]


def test_a_baseline_that_beats_the_choice_is_what_is_clear(study: Builder) -> None:
    study.method = SETTLE
    _temperatures(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.7}, "explore")
    _temperatures(study, {1000.0: 0.8}, "confirm")
    for seed, noise in enumerate(NOISE):
        study.add("cce", CCE(name="cce"), 10_000 + seed, validation=0.9 - noise, stage="confirm")
    detail = "cce is better than the choice (95 %, all comparisons together)"
    assert _told(study)["How sure"] == (["Clear"], detail)
