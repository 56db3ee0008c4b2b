"""Settle's promises: runs where they decide, a choice that follows from the ledger, fresh seeds for what is stated."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

import factories
from settling import CCE_ARM, TEMPERATURES, asked, candidates, easy, explored, noisy, play, record, seeds, settle
from study.methods.method import FIRST_CONFIRMING_SEED, Signal
from study.spec.candidates import Candidate
from trainables.plans import PlannedRun


def test_starts_with_every_candidate_on_seed_0_then_on_seed_1() -> None:
    assert seeds(asked(settle())) == [*((t, 0) for t in TEMPERATURES), *((t, 1) for t in TEMPERATURES)]


def test_explores_then_confirms_the_choice_and_the_baselines_on_fresh_seeds() -> None:
    method = settle(baselines=[CCE_ARM], confirm_seeds=3)
    runs = play(method, easy)
    confirmed = [planned for planned in runs if planned.stage == "confirm"]
    first = FIRST_CONFIRMING_SEED
    assert seeds(confirmed) == [pair for i in range(3) for pair in ((1e4, first + i), ("cce", first + i))]
    assert runs == [*explored(runs), *confirmed]
    assert max(planned.run.seed for planned in explored(runs)) < first
    assert method.ask() is Signal.DONE
    assert method.chosen == candidates()[2]


def test_baselines_are_not_explored() -> None:
    runs = play(settle(baselines=[CCE_ARM]))
    assert {planned.arm for planned in explored(runs)} == {"adaptive"}


def test_each_candidate_s_seeds_have_no_gap() -> None:
    runs = explored(play(settle(), workers=3))
    for temperature in TEMPERATURES:
        own = [seed for t, seed in seeds(runs) if t == temperature]
        assert own == list(range(len(own)))


def test_what_is_clear_after_the_start_needs_no_more_runs() -> None:
    assert len(explored(play(settle(start_seeds=3), easy))) == 12


def test_nothing_is_clear_before_six_runs_beyond_one_of_each() -> None:
    assert len(explored(play(settle(), easy))) == 10
    assert len(explored(play(settle(candidates=candidates()[:2]), easy))) == 8


def test_a_single_candidate_needs_no_more_runs_than_the_start() -> None:
    assert len(explored(play(settle(candidates=candidates()[:1])))) == 2


def test_more_runs_go_where_they_decide() -> None:
    runs = explored(play(settle(within=0.2)))
    counts = {t: sum(pair[0] == t for pair in seeds(runs)) for t in TEMPERATURES}
    assert len(runs) > 20
    assert counts[1e2] + counts[1e3] < counts[1e4] + counts[1e5]


def test_a_looser_tolerance_needs_fewer_runs() -> None:
    assert len(explored(play(settle(within=2)))) < len(explored(play(settle(within=0.2))))


@pytest.mark.slow
def test_the_method_s_seed_makes_a_difference_and_repeats() -> None:
    first, again, other = (seeds(play(settle(within=0.1, seed=seed), most=40)) for seed in (0, 0, 1))
    assert first == again
    assert first != other


@given(st.permutations(range(20)))
@hypothesis_settings(max_examples=10)
@pytest.mark.slow
def test_what_is_asked_for_does_not_depend_on_the_order_of_telling(order: list[int]) -> None:
    runs = play(settle(within=0.1), most=20)
    again = settle(asked=runs, within=0.1)
    for i in order:
        again.tell(record(runs[i], noisy(runs[i])))
    straight = settle(asked=runs, within=0.1)
    for planned in runs:
        straight.tell(record(planned, noisy(planned)))
    assert again.standing() == straight.standing()
    assert seeds(asked(again, 3)) == seeds(asked(straight, 3))


def test_a_sitting_that_is_cut_and_gone_on_with_asks_for_the_same_runs() -> None:
    whole = play(settle(baselines=[CCE_ARM]))
    for cut in (3, 11, len(explored(whole)), len(whole) - 2):
        method = settle(asked=whole[:cut], baselines=[CCE_ARM])
        for planned in whole[:cut]:
            method.tell(record(planned, noisy(planned)))
        assert play(method) == whole[cut:]


def test_runs_that_were_out_when_a_sitting_ended_are_asked_for_first() -> None:
    first = settle(within=0.1)
    told = play(first, most=10)
    out = asked(first, 3)
    again = settle(asked=first.planned(), within=0.1)
    for planned in told:
        again.tell(record(planned, noisy(planned)))
    assert asked(again, 3) == out


def test_a_study_that_ended_unsettled_explores_on_when_it_may_train_more() -> None:
    short = {"within": 0.1, "max_runs": 10, "confirm_seeds": 2}
    whole = play(settle(**short))
    assert [planned.stage for planned in whole] == ["explore"] * 10 + ["confirm"] * 2
    longer = settle(asked=whole, **short | {"max_runs": 14})
    for planned in whole:
        longer.tell(record(planned, noisy(planned)))
    more = play(longer)
    assert [planned.stage for planned in more][:4] == ["explore"] * 4
    assert {planned.stage for planned in more[4:]} <= {"confirm"}
    assert longer.planned() == [*whole, *more]


def test_runs_of_a_configuration_that_the_study_dropped_are_left_out() -> None:
    gone = candidates([50.0])[0].planned(0, "f", "explore")
    method = settle(asked=[gone])
    assert gone not in method.planned()
    with pytest.raises(ValueError, match="not one of the 4 planned runs"):
        method.tell(record(gone, 0.7))


def test_equal_configurations_of_two_arms_are_one_candidate() -> None:
    twice = [*candidates(), Candidate("other", {}, candidates()[0].configuration)]
    assert len(asked(settle(candidates=twice))) == 8


def test_before_every_candidate_is_seen_once_nothing_beyond_the_start_is_asked_for() -> None:
    method = settle()
    start = asked(method)
    assert len(start) == 8
    method.tell(record(start[0], 0.7))
    assert method.ask() is Signal.WAIT


def test_runs_in_flight_are_spread() -> None:
    method = settle(within=0.1)
    play(method, most=20)
    more = asked(method, 10)
    assert len(more) == 10
    assert len(set(seeds(more))) == 10
    assert len({t for t, _ in seeds(more)}) > 1


def test_it_waits_when_the_runs_in_flight_are_enough() -> None:
    """Before it is settled, it asks for fewer runs than may be in flight."""
    method = settle(within=0.2)
    told = play(method, most=27)
    assert {planned.stage for planned in told} == {"explore"}
    more = asked(method, 100)
    assert {planned.stage for planned in more} == {"explore"}
    assert len(more) < 12


def test_no_more_are_in_flight_than_half_of_those_landed() -> None:
    method = settle(within=0.01)
    play(method, most=40)
    assert len(asked(method, 100)) == 20
    assert method.ask() is Signal.WAIT


def test_it_does_not_confirm_while_a_run_is_out() -> None:
    method = settle(within=50, start_seeds=3)  # any candidate will do
    runs = asked(method)
    for planned in runs[:-1]:
        method.tell(record(planned, easy(planned)))
    assert method.ask() is Signal.WAIT
    method.tell(record(runs[-1], easy(runs[-1])))
    planned = method.ask()
    assert isinstance(planned, PlannedRun)
    assert planned.stage == "confirm"


def test_a_complete_run_without_the_accuracy_that_decides_gives_no_score() -> None:
    method = settle(select_on="verified", candidates=candidates()[:1])
    runs = asked(method)
    for planned in runs:
        method.tell(record(planned, 0.7, verified=None))
    assert method.ask() is Signal.DONE


def test_the_accuracy_over_clips_decides_and_not_that_over_patches() -> None:
    method = settle(within=0.5)
    while isinstance(planned := method.ask(), PlannedRun):
        clips = easy(planned)
        method.tell(factories.record(planned, validation_accuracy=1 - clips, validation_clip_accuracy=clips))
    assert method.chosen is not None
    assert method.chosen.varied == {"temperature": 1e4}


def test_macro_f1_can_decide() -> None:
    method = settle(within=0.5, select_on="validation_macro_f1")
    while isinstance(planned := method.ask(), PlannedRun):
        macro_f1 = easy(planned)
        epochs = [factories.point(1, validation_accuracy=1 - macro_f1, validation_macro_f1=macro_f1)]
        method.tell(factories.record(planned, epochs=epochs))
    assert method.chosen is not None
    assert method.chosen.varied == {"temperature": 1e4}


def test_the_verified_accuracy_can_decide() -> None:
    method = settle(select_on="verified", within=0.5)
    for planned in asked(method):
        method.tell(record(planned, 0.7, verified=1 - easy(planned)))
    assert "adaptive T=100 leads" in method.standing()


def test_confirming_runs_do_not_enter_the_posterior() -> None:
    method = settle()
    play(method, easy, most=8)
    asked(method, 1)
    before = method.standing()
    for planned in method.planned()[8:]:
        method.tell(record(planned, 0.1))
    assert method.standing() == before


def test_a_lost_run_is_the_next_asked_for() -> None:
    method = settle()
    first, *_ = asked(method)
    method.give_back(first.run.run_id)
    assert method.ask() == first


def test_a_run_that_is_not_out_cannot_be_given_back() -> None:
    with pytest.raises(ValueError, match="not asked for"):
        settle().give_back("0")


def test_a_record_told_twice_counts_once() -> None:
    method = settle(candidates=candidates([100.0]))
    first, *_ = asked(method)
    for _ in range(2):
        method.tell(record(first, None))
    assert method.standing() == "exploring 1 configuration"  # one failure, not two: that would be too often


def test_it_takes_any_record_but_a_stopped_one() -> None:
    planned = candidates()[0].planned(0, "f")
    assert settle().takes(record(planned, 0.7))
    assert not settle().takes(record(planned, 0.7).model_copy(update={"status": "stopped"}))


def test_it_says_where_it_stands() -> None:
    method = settle(within=0.5)
    assert method.standing() == "exploring 4 configurations"
    play(method, most=8)
    said = method.standing()
    assert said.startswith("exploring 4 configurations: adaptive T=")
    assert "leads, within 0.5 points of the best with P = 0." in said
    play(method, most=method.most_left() - 1)
    assert method.chosen
    name = f"adaptive T={method.chosen.varied['temperature']:g}"
    assert method.standing().startswith(f"confirming {name}, within 0.5 points of the best with P = ")


actions = st.lists(st.sampled_from(["ask", "ask", "tell", "lose", "fail"]), max_size=60)


@pytest.mark.slow
@given(actions, st.randoms(use_true_random=False))
@hypothesis_settings(max_examples=25)
def test_no_run_is_asked_for_while_it_is_out_or_told(what: list[str], random: Any) -> None:
    method = settle(confirm_seeds=2, max_runs=20, baselines=[CCE_ARM])
    out: dict[str, PlannedRun] = {}
    told: set[str] = set()
    for action in itertools.chain(what, itertools.repeat("end")):
        bound = method.most_left()
        if action in {"ask", "end"}:
            answer = method.ask()
            if answer is Signal.DONE:
                break
            if isinstance(answer, PlannedRun):
                assert answer.run.run_id not in told | out.keys()
                out[answer.run.run_id] = answer
        if action != "ask" and out:
            planned = out.pop(random.choice(sorted(out)))
            if action == "lose":
                method.give_back(planned.run.run_id)
            else:
                method.tell(record(planned, None if action == "fail" else noisy(planned)))
                told.add(planned.run.run_id)
                assert method.most_left() < bound
    assert method.most_left() == 0
    assert len(told) == len(method.planned())
