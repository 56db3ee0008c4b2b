"""The claims on T: the set of values that may be the best, and the share of runs that do not converge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

import factories
from analysis.findings.paper.paper_runs import PaperRuns
from analysis.findings.paper.temperature_claims import BestTemperatureClaim, ConvergenceClaim, guesses
from trainables.losses.catalogue import CCE, AdaptiveGCE
from trainables.records import Test

if TYPE_CHECKING:
    from analysis.findings.paper.claims import Check, Claim
    from factories import Builder
    from trainables.records import Record, Status

BEST = BestTemperatureClaim("T = 1000 is the best on all", temperature=1000.0)
CONVERGENCE = ConvergenceClaim("training does not converge with T up to 100, on all", most=100.0)


def checked(study: Builder, claim: Claim) -> Check:
    return claim.check(PaperRuns(study.results()))


def add(study: Builder, temperature: float, mean: float, seeds: int = 8) -> None:
    noise = np.random.default_rng(int(temperature)).normal(size=seeds)
    loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
    for seed in range(seeds):
        varied = {"temperature": temperature}
        study.add("adaptive", loss, seed, test=mean + 0.002 * float(noise[seed]), varied=varied)


@pytest.mark.parametrize(
    ("means", "answer", "members"),
    [
        ({316.0: 0.70, 1000.0: 0.75, 3162.0: 0.70}, "holds", "1000"),
        ({316.0: 0.70, 1000.0: 0.75, 3162.0: 0.7502}, "open", "1000, 3162"),
        ({316.0: 0.70, 1000.0: 0.75, 3162.0: 0.80}, "contradicted", "3162"),
    ],
)
def test_the_set_of_t_that_may_be_the_best_decides(
    study: Builder, means: dict[float, float], answer: str, members: str
) -> None:
    for temperature, mean in means.items():
        add(study, temperature, mean)
    for seed in range(8):
        study.add("cce", CCE(name="cce"), seed, test=0.9)  # other losses have no part in it
    check = checked(study, BEST)
    assert check.answer == answer
    assert check.ours().endswith(f"; may be the best: T = {members}")


def test_the_difference_to_the_best_other_t_is_stated(study: Builder) -> None:
    add(study, 316.0, 0.70)
    add(study, 1000.0, 0.75)
    ours = checked(study, BEST).ours()
    assert ours.startswith("+5.1 points (0.0 to +5.")
    assert "against the best other T (n = 8)" in ours


def test_one_t_alone_is_not_called_the_best(study: Builder) -> None:
    add(study, 1000.0, 0.75)
    check = checked(study, BEST)
    assert check.answer == "not tested"
    assert check.ours() == "not in this study: T = 1000 beside other values, with test accuracies"


@pytest.mark.parametrize(
    ("drops", "answer", "members"),
    [
        ({316.0: 6.0, 1000.0: 0.0, 3162.0: 6.0}, "holds", "1000"),
        ({316.0: 6.0, 1000.0: 0.1, 3162.0: 0.0}, "open", "1000, 3162"),
        ({316.0: 0.0, 1000.0: 6.0, 3162.0: 6.0}, "contradicted", "316"),
    ],
)
def test_a_study_that_settles_answers_by_the_t_that_may_be_the_best_by_validation(
    study: Builder, drops: dict[float, float], answer: str, members: str
) -> None:
    study.kind = "fsdnoisy18k"
    check = BEST.check(study.exploring_temperatures(drops).report().paper)
    assert check.answer == answer
    assert check.ours() == f"may be the best by validation (95 %): T = {members}"


def low_t(study: Builder, statuses: list[Status], predictions: list[int], accuracy: float = 0.5) -> Check:
    study.classes = [f"class {i}" for i in range(20)]
    loss = AdaptiveGCE(name="adaptive_gce", temperature=100.0)
    for seed, status in enumerate(statuses):
        run_id = study.add("adaptive", loss, seed, status=status, varied={"temperature": 100.0})
        if status == "complete":
            test = Test(accuracy=accuracy, predictions=predictions)
            study.records[run_id] = study.records[run_id].model_copy(update={"test": test})
    return checked(study, CONVERGENCE)


CLIPS = list(range(20)) * 20


def test_runs_that_diverge_or_guess_support_that_training_does_not_converge(study: Builder) -> None:
    check = low_t(study, ["diverged"] * 4 + ["complete"] * 8, CLIPS, accuracy=0.05)
    assert check.answer == "holds"
    assert check.ours() == "100 % of runs (81 to 100 %) (n = 12); 4 diverged, 8 at the level of guessing"


def test_runs_that_learn_contradict_it(study: Builder) -> None:
    check = low_t(study, ["complete"] * 12, CLIPS)
    assert check.answer == "contradicted"
    assert check.ours() == "0 % of runs (0 to 19 %) (n = 12); 0 diverged, 0 at the level of guessing"


def test_some_of_each_leave_it_open(study: Builder) -> None:
    assert low_t(study, ["complete"] * 2 + ["diverged"] * 2, CLIPS).answer == "open"


def test_runs_that_failed_or_are_missing_do_not_count(study: Builder) -> None:
    assert low_t(study, ["failed", "stopped"], CLIPS).ours() == "not in this study"


def test_a_share_of_runs_takes_the_test_accuracy_of_every_run(study: Builder) -> None:
    low_t(study, ["diverged", "complete"], CLIPS)
    study.records = {i: record.model_copy(update={"test": None}) for i, record in study.records.items()}
    assert checked(study, CONVERGENCE).ours() == "runs without a test accuracy"


def test_a_larger_t_does_not_count(study: Builder) -> None:
    add(study, 316.0, 0.05)
    assert checked(study, CONVERGENCE).answer == "not tested"


def outcome(accuracy: float, predictions: list[int]) -> Record:
    run = factories.Builder()
    run.add("cce", CCE(name="cce"), 0)
    return factories.record(run.planned[0], test=Test(accuracy=accuracy, predictions=predictions))


def test_guessing_is_one_class_for_every_clip_or_an_accuracy_that_luck_explains() -> None:
    assert guesses(outcome(0.08, [3] * 400), classes=20)
    assert guesses(outcome(0.06, CLIPS), classes=20)
    assert not guesses(outcome(0.09, CLIPS), classes=20)
    assert guesses(factories.record(outcome(0.5, CLIPS).run), classes=20) is None


def test_an_accuracy_of_guesses_is_taken_for_more_in_at_most_5_percent() -> None:
    rng = np.random.default_rng(0)
    draws = rng.binomial(400, 1 / 20, size=2000) / 400
    taken_for_more = [not guesses(outcome(float(accuracy), CLIPS), classes=20) for accuracy in draws[:300]]
    assert 0 < np.mean(taken_for_more) <= 0.08
