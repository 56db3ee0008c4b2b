"""What a search answers and chooses, one rule at a time."""

from __future__ import annotations

import math

import pytest

from factories import curve, record
from study.methods.method import FIRST_CONFIRMING_SEED, Decision, Signal
from study.methods.search import Search
from study.methods.search_space import ArmSpace, SampledChoices, SampledRange
from study.spec.candidates import Candidate
from trainables.config import Configuration
from trainables.losses.catalogue import CCE, GCE
from trainables.settings import Asha
from trainables.settings import Search as Settings

BASELINE = Candidate("cce", {}, Configuration(loss=CCE(name="cce")))


def space_of(parameter):
    return [ArmSpace("lq", {"q": parameter}, lambda v: Configuration(loss=GCE(name="gce", **v)))]


def search_of(asked=(), *, parameter=SampledRange(0, 1), more=None, **changes):  # noqa: B008 -- frozen
    asha = Asha(grace_period=2, reduction_factor=2.0, max_epochs=changes.pop("max_epochs", None))
    fixed = {"configurations": 4, "asha": asha, "confirm_best": 2, "confirm_seeds": 2, "sampler": "random"}
    how = Settings(name="search", **{**fixed, **changes})
    return Search(space_of(parameter), [BASELINE], how, 10, "f", earlier=asked, **(more or {}))


def record_of(planned, scores, status="complete"):
    return record(planned, status, curve(scores))


def report(search, planned, scores):
    return search.report(planned.run.run_id, curve(scores))


def told(search, *all_scores, status="complete"):
    """Ask for as many runs as there are curves, tell each, and return them."""
    planned = [search.ask() for _ in all_scores]
    for each, scores in zip(planned, all_scores, strict=True):
        search.tell(record_of(each, scores, status))
    return planned


def test_rungs_name_every_epoch_after_which_a_run_may_end():
    assert search_of().rungs == (2, 4, 8)
    assert search_of(max_epochs=6).rungs == (2, 4, 6)
    assert search_of(asha=None).rungs == ()


def test_a_poor_run_is_stopped_at_a_rung_and_pruned_there():
    search = search_of()
    told(search, [0.5] * 10)
    poor = search.ask()
    assert search.history()[1].intermediate == {}
    assert report(search, poor, [0.4]) is Decision.CONTINUE
    assert search.history()[1].intermediate == {1: 0.4}
    assert report(search, poor, [0.4, 0.3]) is Decision.STOP
    assert report(search, poor, [0.4, 0.3]) is Decision.STOP  # asked again, it answers the same
    assert search.history()[1].state == "running"
    assert search.standing().startswith("searching: 2 of 4 configurations sampled, 0 stopped early; best lq q=")
    search.tell(record_of(poor, [0.4, 0.3], "stopped"))
    assert search.history()[1].state == "pruned"
    assert search.history()[1].value == 0.3
    assert search.history()[1].intermediate == {1: 0.4, 2: 0.3}
    assert search.standing().startswith("searching: 2 of 4 configurations sampled, 1 stopped early; best lq q=")


def test_configurations_with_equal_means_tie_as_best():
    search = search_of()
    told(search, [0.5] * 10, [0.5] * 10, [0.4] * 10)
    assert search.standing() == "searching: 3 of 4 configurations sampled, 0 stopped early; 2 tie as best"


def test_a_curve_that_went_past_a_rung_is_not_decided_there_again():
    search = search_of()
    told(search, [0.5] * 10)
    poor = search.ask()
    assert report(search, poor, [0.4, 0.3, 0.3]) is Decision.CONTINUE
    assert report(search, poor, [0.4, 0.3]) is Decision.CONTINUE  # back from an older checkpoint
    assert search._rungs.scores[2] == {0: 0.5, 1: 0.3}
    assert report(search, poor, [0.4, 0.3, 0.3, 0.3]) is Decision.STOP


def test_the_mean_over_seeds_decides_when_the_last_one_reaches_the_rung():
    search = search_of(seeds=2)
    told(search, [0.5] * 10, [0.5] * 10)
    first, second = search.ask(), search.ask()
    assert report(search, first, [0.4, 0.4]) is Decision.PAUSE
    assert report(search, first, [0.4, 0.4]) is Decision.PAUSE
    assert report(search, second, [0.7, 0.7]) is Decision.CONTINUE
    assert search._rungs.scores[2] == {0: 0.5, 1: pytest.approx(0.55)}
    assert search.ask() == first
    assert report(search, first, [0.4, 0.4]) is Decision.CONTINUE
    assert report(search, first, [0.4] * 4) is Decision.PAUSE
    assert report(search, second, [0.5] * 4) is Decision.STOP
    search.tell(record_of(second, [0.5] * 4, "stopped"))
    assert search.ask() == first
    assert report(search, first, [0.4] * 4) is Decision.STOP
    search.tell(record_of(first, [0.4] * 4, "stopped"))
    assert search.history()[1].state == "pruned"
    assert search.history()[1].value == pytest.approx(0.45)


def test_a_seed_that_ended_is_not_waited_for():
    search = search_of(seeds=2)
    told(search, [0.5] * 10, [0.5] * 10)
    first, second = search.ask(), search.ask()
    assert report(search, first, [0.6, 0.6]) is Decision.PAUSE
    search.tell(record_of(second, [0.1], "diverged"))
    assert search.ask() == first
    assert report(search, first, [0.6, 0.6]) is Decision.CONTINUE
    search.tell(record_of(first, [0.6] * 3))
    assert search.history()[1].value == 0.6
    early, other = search.ask(), search.ask()
    search.tell(record_of(early, [0.9]))
    assert report(search, other, [0.1, 0.1]) is Decision.STOP  # their mean is 0.5, less than 0.55
    assert search._rungs.scores[2][2] == 0.5


def test_waiting_seeds_keep_no_worker_from_another_configuration():
    search = search_of(seeds=2)
    first, second = search.ask(), search.ask()
    assert report(search, first, [0.4, 0.4]) is Decision.PAUSE
    assert search.ask().run.configuration != second.run.configuration


def test_a_run_cut_at_max_epochs_has_finished():
    search = search_of(max_epochs=6, configurations=2)
    run = search.ask()
    assert report(search, run, [0.5] * 5) is Decision.CONTINUE
    assert report(search, run, [0.5] * 6) is Decision.STOP
    search.tell(record_of(run, [0.5] * 6, "stopped"))
    told(search, [0.6] * 6 + [0.9] * 4)  # a whole run from the ledger counts by what it had then
    assert [(tried.state, tried.value) for tried in search.history()] == [("complete", 0.5), ("complete", 0.6)]


def test_a_configuration_without_a_score_has_failed():
    search = search_of(configurations=3)
    told(search, [0.5, 0.2], status="diverged")
    told(search, [], status="failed")
    told(search, [0.5, math.nan])
    assert [tried.state for tried in search.history()] == ["failed", "failed", "failed"]
    assert search.history()[0].intermediate == {1: 0.5, 2: 0.2}
    assert search.ask().arm == "cce"
    assert search.standing() == "confirming 0 configurations and 1 baseline"


def test_scores_that_no_clip_gives_stop_nothing():
    search = search_of(more={"select_on": "verified"}, configurations=2)
    for _ in range(2):
        run = search.ask()
        assert report(search, run, [0.5, 0.5]) is Decision.CONTINUE
        search.tell(record_of(run, [0.5] * 3))
    assert [tried.state for tried in search.history()] == ["failed", "failed"]


def test_stopped_records_are_taken_only_where_this_search_may_stop():
    search = search_of(max_epochs=6)
    run = search.ask()
    assert search.takes(record_of(run, [0.5] * 3))
    assert search.takes(record_of(run, [0.5] * 4, "stopped"))
    assert search.takes(record_of(run, [0.5] * 6, "stopped"))
    assert not search.takes(record_of(run, [0.5] * 3, "stopped"))
    assert not search.takes(record_of(BASELINE.planned(FIRST_CONFIRMING_SEED, "f", "confirm"), [0.5] * 4, "stopped"))


def test_the_best_and_the_baselines_are_confirmed_with_fresh_seeds():
    search = search_of()
    explored = told(search, [0.3] * 10, [0.9] * 10, [0.5] * 10, [0.4] * 10)
    confirmed = told(search, *[[0.1, 0.1, 0.1]] * 6)
    assert search.ask() is Signal.DONE
    best = [explored[1].run.configuration, explored[2].run.configuration, BASELINE.configuration]
    assert [p.run.configuration for p in confirmed] == best * 2
    assert [p.run.seed for p in confirmed] == [FIRST_CONFIRMING_SEED] * 3 + [FIRST_CONFIRMING_SEED + 1] * 3
    assert [p.stage for p in confirmed] == ["confirm"] * 6
    assert search.standing() == "confirming 2 configurations and 1 baseline"
    assert len(search.history()) == 4


def test_a_confirming_run_is_never_stopped():
    search = search_of()
    told(search, *[[0.9] * 10] * 4)
    assert report(search, search.ask(), [0.0, 0.0]) is Decision.CONTINUE


def test_a_search_that_may_sample_more_continues_and_confirms_the_best_of_all():
    search = search_of()
    explored = told(search, [0.3] * 10, [0.9] * 10, [0.5] * 10, [0.4] * 10)
    under_way = search.ask()
    again = search_of([*explored, under_way], configurations=5)
    for planned, score in zip(explored, [0.3, 0.9, 0.5, 0.4], strict=True):
        again.tell(record_of(planned, [score] * 10))
    assert again.ask() == under_way
    (added,) = told(again, [0.8] * 10)
    assert added.stage == "explore"
    confirmed = [again.ask() for _ in range(5)]
    assert {p.run.configuration for p in confirmed} == {
        explored[1].run.configuration,
        added.run.configuration,
        BASELINE.configuration,
    }
    assert again.ask() is Signal.WAIT


def test_when_none_finished_those_that_were_stopped_last_are_confirmed():
    search = search_of(configurations=3, confirm_best=1)
    low, last, high = (search.ask() for _ in range(3))
    search.tell(record_of(low, [0.8] * 2, "stopped"))
    search.tell(record_of(last, [0.1] * 4, "stopped"))
    search.tell(record_of(high, [0.9] * 2, "stopped"))
    assert search.ask().run.configuration == last.run.configuration
    assert search.standing() == "confirming 1 configuration and 1 baseline; none finished, so those stopped last"


def test_exploring_ends_when_nothing_new_is_left():
    search = search_of(parameter=SampledChoices((0.1, 0.5, 0.9)), configurations=50)
    assert {p.varied["q"] for p in told(search, *[[0.5]] * 3)} == {0.1, 0.5, 0.9}
    assert search.ask().stage == "confirm"
    assert search.most_left() == 6


def test_exploring_ends_at_the_most_runs():
    search = search_of(seeds=2, more={"exploring_budget": 5})
    assert search.most_left() == 4 + 6
    told(search, *[[0.5]] * 4)
    assert search.ask().stage == "confirm"


def test_a_search_asks_for_planned_runs_first_and_completes_their_seeds():
    search = search_of(seeds=2)
    runs = [search.ask() for _ in range(3)]
    again = search_of(runs, seeds=2)
    again.tell(record_of(runs[1], [0.5]))
    assert [again.ask(), again.ask()] == [runs[0], runs[2]]
    missing = again.ask()
    assert (missing.run.configuration, missing.run.seed) == (runs[2].run.configuration, 1)
    assert [(t.number, t.varied) for t in again.history()] == [(t.number, t.varied) for t in search.history()]


def test_a_run_that_was_not_planned_is_refused():
    search = search_of()
    with pytest.raises(ValueError, match="not one of the 0 planned runs"):
        search.tell(record_of(BASELINE.planned(0, "f"), [0.5]))
    run = search.ask()
    search.tell(record_of(run, [0.5]))
    with pytest.raises(ValueError, match="already recorded"):
        search.give_back(run.run.run_id)
