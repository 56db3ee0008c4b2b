"""The choice against each other arm: which way round, and what is clear enough to be called better or worse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.findings.gaps_of_choice import Gap, gaps_of_choice, pooled_gaps
from analysis.findings.method_finding import method_finding
from analysis.results.study_results import study_results
from analysis.statistics.intervals import difference_interval
from trainables.losses.catalogue import CCE, GCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from factories import Builder
    from trainables.config import Subset
    from trainables.losses.base import Loss

NOISE = (0.001, -0.002, 0.0005, 0.0015, -0.001, 0.0002)
LOSSES: dict[str, Loss] = {"gce": GCE(name="gce"), "cce": CCE(name="cce"), "low": GCE(name="gce", q=0.1)}


def _arms(study: Builder, tests: Sequence[float], subset: Subset = "all", seeds: int = 6) -> Builder:
    """Add gce, cce and low with these test accuracies; gce is best on validation, then cce."""
    for place, (arm, test) in enumerate(zip(LOSSES, tests, strict=False)):
        for seed in range(seeds):
            noise = NOISE[(seed + place) % 6]
            validation = 0.8 - place / 100 + noise
            study.add(arm, LOSSES[arm], seed, validation=validation, test=test + noise, subset=subset)
    return study


def test_the_choice_is_first_and_other_arms_follow_in_the_order_of_validation(study: Builder) -> None:
    gaps = gaps_of_choice(_arms(study, (0.75, 0.7, 0.78)).finding())
    assert [gap.arm for gap in gaps] == ["cce", "low"]
    assert [round(gap.interval.mean, 3) for gap in gaps] == [0.05, -0.03]
    assert [gap.judgement for gap in gaps] == ["better", "worse"]


def test_a_difference_within_the_noise_is_unclear(study: Builder) -> None:
    (gap,) = gaps_of_choice(_arms(study, (0.7505, 0.75)).finding())
    assert gap.judgement == "unclear"


def test_few_runs_leave_any_difference_unclear(study: Builder) -> None:
    (gap,) = gaps_of_choice(_arms(study, (0.75, 0.6), seeds=4).finding())
    assert gap.p is not None
    assert gap.p < 0.001
    assert gap.judgement == "unclear"


@pytest.mark.parametrize(("p", "judgement"), [(0.049, "better"), (0.05, "unclear"), (None, "unclear")])
def test_what_is_clear_by_itself_is_unclear_unless_it_stays_so_after_holm(p: float | None, judgement: str) -> None:
    interval = difference_interval([0.01, 0.011, 0.009, 0.012, 0.008, 0.01])
    assert interval.low is not None
    assert interval.low > 0
    assert Gap("cce", None, interval, p).judgement == judgement


def test_a_study_that_has_not_ended_has_no_gaps_on_test_clips(study: Builder) -> None:
    _arms(study, (0.75, 0.7)).add("cce", CCE(name="cce"), 90, status=None)
    results = study_results(study.plan(), study.records, show_test=False)
    assert gaps_of_choice(method_finding(results)) == ()


def test_a_confirmed_choice_is_compared_with_its_baselines_alone(study: Builder) -> None:
    study.method = {"name": "search", "configurations": 2, "asha": None, "baselines": ["cce"]}
    for arm, mean in (("gce", 0.8), ("low", 0.79), ("cce", 0.7)):
        for seed, noise in enumerate(NOISE):
            stage = "explore"
            if arm != "cce":
                study.add(arm, LOSSES[arm], seed, validation=mean + noise, stage=stage)
            study.add(arm, LOSSES[arm], 10_000 + seed, validation=mean + noise, test=mean - noise, stage="confirm")
    assert [gap.arm for gap in gaps_of_choice(study.finding())] == ["cce"]


def test_gaps_over_all_subsets_are_those_of_the_pooled_comparisons_with_their_sign(study: Builder) -> None:
    _arms(study, (0.75, 0.7))
    _arms(study, (0.65, 0.6), "clean")
    finding = study.finding()
    ((forward,), (backward,)) = pooled_gaps(finding, "gce"), pooled_gaps(finding, "cce")
    assert (forward.arm, round(forward.interval.mean, 3), forward.judgement) == ("cce", 0.05, "better")
    assert (backward.arm, round(backward.interval.mean, 3), backward.judgement) == ("gce", -0.05, "worse")
    assert (backward.interval.low, backward.interval.high) == (-forward.interval.high, -forward.interval.low)
