"""Proposals follow from the seed and the history alone, and hold what their arm leaves open."""

from __future__ import annotations

import math
import time

import pytest
from optuna.distributions import IntDistribution

from study.methods.sampling import Proposer, parameters
from study.methods.search_space import ArmSpace, SampledChoices, SampledRange, Tried
from trainables.config import Configuration, Training
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE

SAMPLERS = ["tpe", "random", "gp", "qmc"]
ADAPTIVE = ArmSpace(
    "adaptive",
    {"temperature": SampledRange(10, 1e5, log=True), "reading": SampledChoices(("mean", "pooled"))},
    lambda v: Configuration(loss=AdaptiveGCE(name="adaptive_gce", **v)),
)
LQ = ArmSpace("lq", {"q": SampledRange(0, 1)}, lambda v: Configuration(loss=GCE(name="gce", **v)))
FIXED = ArmSpace("cce", {}, lambda _: Configuration(loss=CCE(name="cce")))
SPACE = [ADAPTIVE, LQ]


def propose(space, history, sampler, seed):
    return Proposer(space, sampler, seed).propose(history)


def history_of(space, sampler, count, seed=0):
    """Propose one after the other; those of ``lq`` are the better, the nearer q is to 0.6."""
    history = []
    for number in range(count):
        arm, varied = propose(space, history, sampler, seed)
        score = 1 - abs(varied.get("q", 2.0) - 0.6) / 2
        state = ["complete", "complete", "pruned", "failed", "running"][number % 5]
        value = score if state in {"complete", "pruned"} else None
        history.append(Tried(number, arm, varied, state, value, {1: score / 2, 2: score}))
    return history


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_proposals_repeat_with_the_seed_and_differ_with_another(sampler):
    history = history_of(SPACE, sampler, 18)
    assert history_of(SPACE, sampler, 18) == history
    assert history_of(SPACE, sampler, 18, seed=1) != history
    assert propose(SPACE, history[:16], sampler, 0) == (history[16].arm, history[16].varied)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_proposer_that_saw_the_study_grow_proposes_what_a_new_one_does(sampler):
    history, proposer = history_of(SPACE, sampler, 16), Proposer(SPACE, sampler, 0)
    for count in range(1, 16):  # each is in flight when the next is proposed, and ends afterwards
        last = history[count - 1]
        seen = [*history[: count - 1], Tried(last.number, last.arm, last.varied, "running")]
        assert proposer.propose(seen) == propose(SPACE, seen, sampler, 0)
    assert proposer.propose(history) == propose(SPACE, history, sampler, 0)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_parameter_exists_only_for_its_arm_and_lies_in_its_range(sampler):
    history = history_of(SPACE, sampler, 20)
    assert {tried.arm for tried in history} == {"adaptive", "lq"}
    for tried in history:
        if tried.arm == "lq":
            assert tried.varied.keys() == {"q"}
            assert 0 <= tried.varied["q"] <= 1
            assert parameters(SPACE, tried)[0] == {"arm": "lq", "lq.q": tried.varied["q"]}
        else:
            assert tried.varied.keys() == {"temperature", "reading"}
            assert 10 <= tried.varied["temperature"] <= 1e5
            assert tried.varied["reading"] in {"mean", "pooled"}
            assert float(f"{tried.varied['temperature']:.4g}") == tried.varied["temperature"]


WHOLE = ArmSpace(
    "cce",
    {"batch_size": SampledRange(8, 4096, log=True, integer=True), "epochs": SampledRange(3, 5, integer=True)},
    lambda v: Configuration(loss=CCE(name="cce"), training=Training(**v)),
)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_whole_numbers_are_sampled_as_such_with_all_their_digits(sampler):
    history = history_of([WHOLE], sampler, 12)
    assert all(type(value) is int for tried in history for value in tried.varied.values())
    assert {tried.varied["epochs"] for tried in history} == {3, 4, 5}
    assert parameters([WHOLE], history[0])[1] == {
        "cce.batch_size": IntDistribution(8, 4096, log=True),
        "cce.epochs": IntDistribution(3, 5),
    }


def test_a_space_of_whole_numbers_ends_when_all_are_tried():
    space = [ArmSpace("cce", {"epochs": SampledRange(3, 5, integer=True)}, WHOLE.build)]
    history = history_of(space, "random", 3)
    assert sorted(tried.varied["epochs"] for tried in history) == [3, 4, 5]
    assert propose(space, history, "random", 0) is None


def test_rounding_never_leaves_the_range_nor_empties_it():
    narrow = ArmSpace("lq", {"q": SampledRange(0.123456, 0.123459)}, LQ.build)
    values = {tried.varied["q"] for tried in history_of([narrow], "random", 12)}
    assert len(values) == 12
    assert 0.123456 <= min(values) < max(values) <= 0.123459
    assert max(len(str(value)) for value in values) <= len("0.123456789")


def test_one_arm_needs_no_name():
    assert parameters([LQ], Tried(0, "lq", {"q": 0.5}, "running"))[0] == {"lq.q": 0.5}


def test_a_log_range_is_sampled_evenly_in_its_logarithm():
    wide = ArmSpace("adaptive", {"temperature": SampledRange(1, 1e6, log=True)}, ADAPTIVE.build)
    logs = sorted(math.log10(tried.varied["temperature"]) for tried in history_of([wide], "qmc", 64))
    assert all(abs(found - 6 * (i + 0.5) / 64) < 6 / 64 for i, found in enumerate(logs))


def test_qmc_gives_one_sequence_whatever_the_scores():
    history = history_of(SPACE, "qmc", 12)
    worse = [Tried(t.number, t.arm, t.varied, "failed") for t in history]
    assert propose(SPACE, worse, "qmc", 0) == propose(SPACE, history, "qmc", 0)
    counts = [sum(t.arm == "lq" for t in history_of(SPACE, "qmc", n)) for n in (16, 32)]
    assert counts == pytest.approx([8, 16], abs=1)


def test_tpe_learns():
    near = [abs(t.varied["q"] - 0.6) < 0.15 for t in history_of([LQ], "tpe", 40)]
    assert sum(near[20:]) > 0.3 * 20 + 3  # chance is 0.3


@pytest.mark.slow
def test_gp_learns_and_repeats():
    history = [Tried(n, "lq", {"q": n / 14}, "complete", 1 - abs(n / 14 - 0.6)) for n in range(15)]
    arm, varied = propose([LQ], history, "gp", 0)
    assert (arm, varied) == propose([LQ], history, "gp", 0)
    assert varied["q"] == pytest.approx(0.6, abs=0.1)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_configuration_of_a_finite_space_is_proposed_once(sampler):
    finite = [ArmSpace("lq", {"q": SampledChoices(tuple(i / 10 for i in range(8)))}, LQ.build), FIXED]
    history = history_of(finite, sampler, 9)
    assert len({(t.arm, t.varied.get("q")) for t in history}) == 9
    assert propose(finite, history, sampler, 0) is None


def test_configurations_that_two_arms_share_are_proposed_once():
    twins = [ArmSpace(name, {"q": SampledChoices((0.1, 0.2))}, LQ.build) for name in ("a", "b")]
    history = history_of(twins, "random", 2)
    assert propose(twins, history, "random", 0) is None


def test_what_the_space_no_longer_holds_is_left_out():
    gone = [Tried(0, "mae", {}, "complete", 0.5), Tried(1, "lq", {"q": 0.5}, "complete", 0.5)]
    upper = [ArmSpace("lq", {"q": SampledRange(0.6, 1)}, LQ.build)]
    assert [parameters(upper, tried) for tried in gone] == [None, None]
    assert propose(upper, gone, "tpe", 0)[1]["q"] >= 0.6


def test_a_proposal_after_500_configurations_takes_less_than_a_fifth_of_a_second():
    history = [
        Tried(
            n, "lq", {"q": (n * 0.6180339) % 1}, "pruned" if n % 3 else "complete", 0.5 + n % 7 / 10, {n % 9 + 1: 0.5}
        )
        for n in range(500)
    ]
    taken = []
    for seed in range(5):
        start = time.process_time()
        propose(SPACE, history, "tpe", seed)
        taken.append(time.process_time() - start)
    assert min(taken) < 0.2
