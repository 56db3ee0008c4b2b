"""The headline: short, true to the set that may be the best, and with advice that follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from analysis.text.headline import MAX_CHARACTERS, MAX_WORDS, headline
from random_studies import LONG, SEARCH, SETTLE, add_arm, random_study
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from factories import Builder
    from trainables.config import Subset
    from trainables.records import Stage

NOISE = (0.001, -0.002, 0.0005, 0.0015, -0.001, 0.0002)


def _temperatures(study: Builder, means: Mapping[float, float], seeds: int = 6, stage: Stage = "") -> Builder:
    for i, (temperature, mean) in enumerate(means.items()):
        for seed in range(seeds):
            study.add(
                "adaptive",
                AdaptiveGCE(name="adaptive_gce", temperature=temperature),
                seed + (10_000 if stage == "confirm" else 0),
                validation=mean + NOISE[(seed + i) % 6],
                varied={"temperature": temperature},
                stage=stage,
            )
    return study


def _told(study: Builder) -> tuple[str, str]:
    words = headline(study.finding())
    return words.text, words.advice


def test_a_winner_is_named_with_its_value_and_the_number_of_configurations(study: Builder) -> None:
    _temperatures(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.75})
    advice = (
        "Use adaptive T=1000. adaptive with T 100 or 10000 are worse in validation accuracy (95 %, all "
        "comparisons together)."
    )
    assert _told(study) == ("adaptive T=1000 is best of 3", advice)


def test_neighbours_that_tie_are_named_as_a_range_beside_other_arms(study: Builder) -> None:
    means = {10.0: 0.7, 100.0: 0.8, 1000.0: 0.8002, 3162.2777: 0.8001, 100000.0: 0.7}
    add_arm(_temperatures(study, means), "gce", GCE(name="gce"), 0.8001)
    add_arm(study, "cce", CCE(name="cce"), 0.7)
    text, advice = _told(study)
    assert text == "No single winner: adaptive with T 100 to 10^3.5 and gce tie"
    assert advice.startswith(
        "adaptive with T 10 or 100000 and cce are worse in validation accuracy (95 %, all comparisons together). "
        "If you must pick one: adaptive"
    )


def test_advice_states_how_far_an_arm_that_is_ruled_out_lies_behind_on_test_clips(study: Builder) -> None:
    for seed, noise in enumerate(NOISE):
        study.add("gce", GCE(name="gce"), seed, validation=0.8 + noise, test=0.75 + noise / 2)
        study.add("cce", CCE(name="cce"), seed, validation=0.7 - noise, test=0.71 - noise)
    assert _told(study)[1].endswith("cce is 4.0 ± 0.2 points behind on test clips.")


def test_advice_names_no_arm_that_is_behind_on_test_clips_alone(study: Builder) -> None:
    for seed, noise in enumerate(NOISE):
        study.add("gce", GCE(name="gce"), seed, validation=0.8 + noise, test=0.75 + noise / 2)
        study.add("cce", CCE(name="cce"), seed, validation=0.8 - noise, test=0.71 - noise)
    text, advice = _told(study)
    assert text == "No single winner: gce and cce tie"
    assert "behind" not in advice


def test_two_that_tie_are_named_and_many_of_all_are_counted(study: Builder) -> None:
    add_arm(study, "gce", GCE(name="gce"), 0.8001)
    add_arm(study, "cce", CCE(name="cce"), 0.8)
    assert _told(study)[0] == "No single winner: gce and cce tie"
    add_arm(study, "q", GCE(name="gce", q=0.3), 0.8)
    assert _told(study)[0] == "No single winner: gce, cce and q tie"
    for place in (0.4, 0.5):
        add_arm(study, f"q{place}", GCE(name="gce", q=place), 0.8)
    assert _told(study)[0] == "No single winner: all 5 configurations tie"


def test_many_that_are_worse_are_counted_not_named(study: Builder) -> None:
    _temperatures(study, {10.0: 0.7, 100.0: 0.71, 1000.0: 0.8, 10000.0: 0.72, 100000.0: 0.7})
    assert "The 4 others are worse in validation accuracy (95 %" in _told(study)[1]


def test_confirmed_configurations_that_tie_are_named_by_arm_beside_the_number_tried(study: Builder) -> None:
    study.method = SEARCH
    for place, arm in enumerate(("gce", "low", "high")):
        for stage in ("explore", "confirm"):
            add_arm(study, arm, GCE(name="gce", q=0.2 + place / 5), 0.8, varied={"q": 0.2, "lr": 0.1}, stage=stage)
    assert _told(study)[0] == "No single winner: gce, low and high tie (of 3 tried)"


def test_values_that_are_no_neighbours_are_listed_or_counted(study: Builder) -> None:
    means = dict.fromkeys((10.0, 100.0, 1000.0, 10000.0, 100000.0), 0.7) | {10.0: 0.8, 1000.0: 0.8}
    assert _told(_temperatures(study, means))[0] == "No single winner: adaptive with T 10 or 1000 tie"


def test_one_value_is_named_as_in_tables_whether_or_not_others_were_compared(study: Builder) -> None:
    _temperatures(study, {1000.0: 0.8})
    add_arm(study, "cce", CCE(name="cce"), 0.7)
    assert _told(study)[0] == "adaptive T=1000 is best of 2"
    _temperatures(study, {100.0: 0.7})
    assert _told(study)[0] == "adaptive T=1000 is best of 3"


def test_one_seed_of_each_decides_nothing(study: Builder) -> None:
    text, advice = _told(_temperatures(study, {100.0: 0.7, 1000.0: 0.8}, seeds=1))
    assert text == "Undecided: adaptive T=1000 leads on too few runs"
    assert advice.startswith("Train at least 5 seeds of every configuration")


def test_equal_runs_of_every_seed_tie_and_need_no_more_seeds(study: Builder) -> None:
    for arm, loss in (("gce", GCE(name="gce")), ("cce", CCE(name="cce"))):
        for seed in range(6):
            study.add(arm, loss, seed, validation=0.8)
    assert _told(study) == (
        "Undecided: gce and cce tie",
        "Check the runs: they show no spread, which an interval rests on.",
    )


def test_a_lead_without_spread_is_not_blamed_on_the_number_of_runs(study: Builder) -> None:
    for arm, loss, accuracy in (("gce", GCE(name="gce"), 0.8), ("cce", CCE(name="cce"), 0.7)):
        for seed in range(6):
            study.add(arm, loss, seed, validation=accuracy)
    assert _told(study)[0] == "Undecided: gce leads, but runs show no spread"


def test_a_running_study_says_so_far_and_advises_to_wait(study: Builder) -> None:
    _temperatures(study, {100.0: 0.7, 1000.0: 0.8})
    study.add(
        "adaptive", AdaptiveGCE(name="adaptive_gce", temperature=1.0), 0, status=None, varied={"temperature": 1.0}
    )
    assert _told(study) == (
        "So far, adaptive T=1000 is best of 2",
        "What leads may change: 1 run still to be trained.",
    )


def test_the_headline_of_a_running_study_has_one_colon(study: Builder) -> None:
    add_arm(study, "gce", GCE(name="gce"), 0.8)
    add_arm(study, "cce", CCE(name="cce"), 0.8001)
    study.add("cce", CCE(name="cce"), 99, status=None)
    assert _told(study)[0] == "So far, no single winner: gce and cce tie"


def test_without_a_complete_run_there_is_nothing_to_choose_from(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0, status=None)
    assert _told(study)[0] == "No run is complete yet: there is nothing to choose from"


def test_long_names_are_replaced_by_counts(study: Builder) -> None:
    for i in range(4):
        add_arm(study, f"{LONG[:-1]}{i}", GCE(name="gce", q=0.2 + i / 10), 0.8 if i < 3 else 0.5)
    assert _told(study)[0] == "No single winner: 3 of 4 configurations tie"


def test_a_settled_value_is_within_the_tolerance_of_the_best(study: Builder) -> None:
    study.method = SETTLE
    _temperatures(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.7}, stage="explore")
    _temperatures(study, {1000.0: 0.8}, stage="confirm")
    add_arm(study, "cce", CCE(name="cce"), 0.7, stage="confirm")
    assert _told(study) == ("adaptive T=1000 is within 0.5 points of the best", "Use adaptive T=1000.")


def test_a_baseline_that_beats_the_choice_is_the_headline(study: Builder) -> None:
    study.method = SETTLE
    _temperatures(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.7}, stage="explore")
    _temperatures(study, {1000.0: 0.8}, stage="confirm")
    add_arm(study, "cce", CCE(name="cce"), 0.9, stage="confirm")
    assert _told(study) == ("cce (baseline) beats adaptive T=1000", "Use cce: the choice is worse.")


def test_an_unsettled_study_says_so_first(study: Builder) -> None:
    study.method, study.progress = SETTLE | {"within": 0.01, "max_runs": 4}, {"ended": True}
    _temperatures(study, {100.0: 0.8, 1000.0: 0.8}, seeds=2, stage="explore")
    text, advice = _told(study)
    assert text.startswith("Not settled: adaptive T=")
    assert advice.startswith("Raise the limit that ended it and run it again, or use adaptive T=")


def test_a_search_names_what_it_confirmed_and_how_many_it_tried(study: Builder) -> None:
    study.method = SEARCH
    for q in (0.2, 0.5, 0.7):
        add_arm(study, "gce", GCE(name="gce", q=q), 0.6 + q / 5, varied={"q": q}, stage="explore", seeds=1)
    assert _told(study)[0] == "So far, gce q=0.7 leads 3 tried, not confirmed"
    for q in (0.5, 0.7):
        add_arm(study, "gce", GCE(name="gce", q=q), 0.6 + q / 5, varied={"q": q}, stage="confirm")
    assert _told(study)[0] == "gce q=0.7 is best of 2 confirmed"


def test_a_search_whose_leaders_tie_names_none_of_them_alone(study: Builder) -> None:
    study.method = SEARCH
    for q, mean in ((0.2, 0.6), (0.5, 0.7), (0.7, 0.7)):
        study.add("gce", GCE(name="gce", q=q), 0, validation=mean, varied={"q": q}, stage="explore")
    assert _told(study)[0] == "So far, gce with q 0.5 or 0.7 tie, not confirmed"
    verdict = study.report().verdict
    assert "gce q=0.5 and gce q=0.7 tie as the best so far by validation accuracy (70.0 %); none of them is" in verdict
    add_arm(study, "gce", GCE(name="gce", q=0.5), 0.7, varied={"q": 0.5}, stage="confirm")
    assert _told(study)[0] == "gce q=0.5 is confirmed, one of the best of 3 tried"


@pytest.mark.parametrize(
    ("means", "text"),
    [
        (((0.8, 0.7), (0.8, 0.7)), "gce is best on all 2 subsets"),
        (((0.8, 0.8), (0.8, 0.8)), "No single winner on any of 2 subsets"),
        (((0.8, 0.7), (0.8, 0.8)), "gce is best on 1 of 2 subsets, undecided on 1"),
        (((0.8, 0.7), (0.7, 0.8)), "gce is best on 1 of 2 subsets, another on 1"),
    ],
)
def test_a_grid_on_several_subsets_counts_where_which_is_best(
    study: Builder, means: Sequence[Sequence[float]], text: str
) -> None:
    subsets: tuple[Subset, ...] = ("all", "clean")
    for subset, (gce, cce) in zip(subsets, means, strict=True):
        add_arm(study, "gce", GCE(name="gce"), gce, subset)
        add_arm(study, "cce", CCE(name="cce"), cce + 0.0001, subset)
    assert _told(study)[0] == text


def test_advice_names_the_subsets_that_a_winner_wins(study: Builder) -> None:
    for subset, cce in (("all", 0.7), ("clean", 0.8001)):
        add_arm(study, "gce", GCE(name="gce"), 0.8, subset)  # type: ignore[arg-type]
        add_arm(study, "cce", CCE(name="cce"), cce, subset)  # type: ignore[arg-type]
    advice = "Use gce on subset all; on the other, gce and cce tie."
    assert _told(study)[1] == advice


@pytest.mark.slow
def test_the_headline_of_any_study_has_at_most_twelve_words() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        words = headline(random_study(rng).finding())
        assert len(words.text.split()) <= MAX_WORDS, words.text
        assert len(words.text) <= MAX_CHARACTERS, words.text
        assert words.text[0] != " "
        assert not words.text.endswith(".")
        assert words.advice.endswith(".") or not words.advice


def test_a_settle_study_that_runs_names_what_leads(study: Builder) -> None:
    study.method, study.progress = SETTLE, {"ended": False}
    _temperatures(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.7}, stage="explore")
    assert _told(study) == (
        "So far, adaptive T=1000 is within 0.5 points of the best",
        "Exploring has ended, so this choice stands; fresh seeds are still to confirm it.",
    )


def test_what_leads_may_change_while_exploring_runs_wait(study: Builder) -> None:
    study.method, study.progress = SETTLE, {"ended": False}
    _temperatures(study, {100.0: 0.7, 1000.0: 0.8, 10000.0: 0.7}, stage="explore")
    loss, varied = AdaptiveGCE(name="adaptive_gce", temperature=100.0), {"temperature": 100.0}
    study.add("adaptive", loss, 99, status=None, varied=varied, stage="explore")
    assert _told(study)[1] == "What leads may change: 1 run still to be trained."
