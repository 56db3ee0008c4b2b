"""The grid's promise: every run once, none that is recorded or out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import record
from study.methods.grid import Grid
from study.methods.method import Method, Signal
from trainables.config import Configuration, Run
from trainables.losses.catalogue import CCE
from trainables.plans import PlannedRun

if TYPE_CHECKING:
    from collections.abc import Sequence


def plan(seeds: Sequence[int]) -> list[PlannedRun]:
    configuration = Configuration(loss=CCE(name="cce"))
    runs = [Run(configuration=configuration, seed=seed, dataset="f") for seed in seeds]
    return [PlannedRun(arm="a", varied={}, run=run) for run in runs]


def asked(method: Method) -> Run:
    planned = method.ask()
    assert isinstance(planned, PlannedRun)
    return planned.run


def test_asks_in_order_then_waits_then_is_done() -> None:
    grid = Grid(plan([3, 1]))
    first, second = asked(grid), asked(grid)
    assert (first.seed, second.seed) == (3, 1)
    assert grid.ask() is Signal.WAIT
    grid.tell(record(second))
    assert grid.ask() is Signal.WAIT
    grid.tell(record(first))
    assert grid.ask() is Signal.DONE


def test_an_empty_grid_is_done() -> None:
    assert Grid([]).ask() is Signal.DONE


def test_a_run_named_twice_is_asked_for_once() -> None:
    grid = Grid(plan([1, 1]))
    asked(grid)
    assert grid.ask() is Signal.WAIT


def test_what_was_recorded_before_is_not_asked_for() -> None:
    runs = plan([0, 1, 2])
    grid = Grid(runs)
    grid.tell(record(runs[1].run))
    assert [asked(grid).seed, asked(grid).seed] == [0, 2]
    assert grid.ask() is Signal.WAIT


def test_a_lost_run_is_the_next_asked_for() -> None:
    grid = Grid(plan([0, 1, 2]))
    lost = asked(grid)
    asked(grid)
    grid.give_back(lost.run_id)
    assert asked(grid) == lost


def test_a_lost_run_whose_record_turns_up_is_not_asked_for_again() -> None:
    grid = Grid(plan([0]))
    lost = asked(grid)
    grid.give_back(lost.run_id)
    grid.tell(record(lost))
    assert grid.ask() is Signal.DONE


def test_a_record_of_no_run_of_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="not one of the 1 planned runs"):
        Grid(plan([0])).tell(record(plan([1])[0].run))


def test_only_a_run_that_is_out_can_be_given_back() -> None:
    grid = Grid(plan([0]))
    with pytest.raises(ValueError, match="was not asked for"):
        grid.give_back(plan([0])[0].run.run_id)
    run = asked(grid)
    grid.tell(record(run))
    with pytest.raises(ValueError, match="already recorded"):
        grid.give_back(run.run_id)


@given(st.lists(st.integers(0, 5), max_size=8), st.lists(st.sampled_from(["ask", "tell", "lose"]), max_size=40))
def test_no_run_is_ever_out_twice_and_all_are_told_in_the_end(seeds: list[int], actions: list[str]) -> None:
    grid = Grid(plan(seeds))
    out: list[Run] = []
    told: set[str] = set()
    for action in actions:
        if action == "ask":
            answer = grid.ask()
            if isinstance(answer, PlannedRun):
                assert answer.run.run_id not in told | {r.run_id for r in out}
                out.append(answer.run)
        elif out:
            run = out.pop(0)
            if action == "tell":
                grid.tell(record(run))
                told.add(run.run_id)
            else:
                grid.give_back(run.run_id)
    while (answer := grid.ask()) is not Signal.DONE:
        run = answer.run if isinstance(answer, PlannedRun) else out.pop()
        grid.tell(record(run))
        told.add(run.run_id)
    assert told == {p.run.run_id for p in plan(seeds)}
