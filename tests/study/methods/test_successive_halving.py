"""The rungs decide as Ray Tune's ASHA scheduler does, and follow from the scores alone."""

from __future__ import annotations

import math
import random
import subprocess
import sys
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from study.cluster.ray_environment import prepare_environment
from study.methods.successive_halving import Rungs, rung_epochs

# First rung, epochs after it, reduction factor.
SETTINGS = st.tuples(
    st.integers(1, 6), st.integers(1, 40), st.one_of(st.sampled_from([1.5, 2.0, 2.5, 3.0, 4.0]), st.floats(1.5, 6))
)


@pytest.fixture(scope="module")
def ray_scheduler():
    """Ray's scheduler, imported after the environment was set, as the command line does."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("study.cluster.ray_environment.os.environ", {})
        prepare_environment()
        from ray.tune import schedulers  # noqa: PLC0415

        return schedulers.ASHAScheduler


def decided_by_rungs(rungs, trial, epoch, score, max_epochs):
    """Whether a trial goes on after an epoch."""
    if epoch >= max_epochs:
        return False
    if epoch not in rungs.epochs:
        return True
    passes = rungs.passes(epoch, trial, score)
    rungs.put(epoch, trial, score)
    return passes


# Few distinct scores, so that some equal the cutoff, and some that are no number.
SCORES = st.one_of(st.sampled_from([0.1, 0.2, 0.5, 0.5, 0.9, math.nan]), st.floats(0, 1))


@settings(max_examples=300)
@given(SETTINGS, st.lists(SCORES, min_size=1, max_size=15), st.integers(0, 2**16))
@pytest.mark.filterwarnings("ignore:All-NaN slice encountered:RuntimeWarning")  # Ray's, where no score is a number
@pytest.mark.slow
def test_decisions_equal_rays(ray_scheduler, asha, scores, seed):
    grace_period, more, factor = asha
    max_epochs = grace_period + more
    scheduler = ray_scheduler(
        time_attr="epoch",
        metric="score",
        mode="max",
        max_t=max_epochs,
        grace_period=grace_period,
        reduction_factor=factor,
        brackets=1,
    )
    rungs = Rungs(grace_period, factor, max_epochs)
    order = random.Random(seed)  # noqa: S311 -- no secret
    live = dict.fromkeys(range(len(scores)), 0)
    trials = {number: SimpleNamespace(trial_id=str(number)) for number in live}
    for trial in trials.values():
        scheduler.on_trial_add(None, trial)
    while live:
        number = order.choice(sorted(live))
        live[number] += 1
        score = scores[number] if order.random() < 0.5 else order.random()
        result = {"epoch": live[number], "score": score}
        goes_on = scheduler.on_trial_result(None, trials[number], result) == "CONTINUE"
        assert decided_by_rungs(rungs, number, live[number], score, max_epochs) == goes_on
        ends_by_itself = order.random() < 0.01
        if not goes_on or ends_by_itself:
            scheduler.on_trial_complete(None, trials[number], result)
            del live[number]


def test_rungs_lie_below_the_last_epoch_and_round_up():
    assert rung_epochs(10, 4.0, 160) == (10, 40)
    assert rung_epochs(10, 4.0, 161) == (10, 40, 160)
    assert rung_epochs(1, 1.5, 6) == (1, 2, 3, 4)
    assert rung_epochs(10, 4.0, 10) == ()


@given(st.permutations([(4, n, s) for n, s in enumerate([0.1, 0.5, 0.3])] + [(8, 1, 0.2), (8, 2, 0.6)]))
def test_the_order_of_refilling_is_no_matter(scores):
    rungs = Rungs(4, 2.0, 16)
    for each in scores:
        rungs.put(*each)
    assert rungs.scores == {4: {0: 0.1, 1: 0.5, 2: 0.3}, 8: {1: 0.2, 2: 0.6}}
    assert rungs.cutoff(4, 3) == pytest.approx(0.3)


def test_a_score_does_not_compete_with_itself_and_one_that_is_no_number_leaves_no_trace():
    rungs = Rungs(1, 2.0, 4)
    rungs.put(1, 0, 0.9)
    assert rungs.cutoff(1, 0) is None
    assert not rungs.passes(1, 1, 0.1)
    assert rungs.passes(1, 1, math.nan)
    assert rungs.passes(1, 1, None)
    rungs.put(1, 0, math.nan)
    assert rungs.scores[1] == {}


def test_rungs_need_no_optuna():
    code = "import sys, study.methods.successive_halving; sys.exit('optuna' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
