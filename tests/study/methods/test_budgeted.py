"""A budget ends any method in order: what is out is waited for, and nothing new is asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import record
from study.methods.budgeted import BudgetedMethod
from study.methods.grid import Grid
from study.methods.method import Signal
from study.spec.candidates import Candidate
from trainables.config import Configuration
from trainables.losses.catalogue import CCE
from trainables.plans import PlannedRun
from trainables.records import Cost, Status
from trainables.settings import Budget

CANDIDATE = Candidate("a", {}, Configuration(loss=CCE(name="cce")))


def method(runs: int, **limits: float) -> BudgetedMethod:
    return BudgetedMethod(Grid(CANDIDATE.planned(seed, "d") for seed in range(runs)), Budget.model_validate(limits))


def asked(budgeted: BudgetedMethod) -> PlannedRun:
    planned = budgeted.ask()
    assert isinstance(planned, PlannedRun)
    return planned


def train(budgeted: BudgetedMethod, status: Status = "complete", hours: float = 1.0) -> None:
    cost = Cost(wall_s=3600 * hours, cpu_s=0, images=0, images_per_s=0)
    budgeted.tell(record(asked(budgeted), status, cost=cost))


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 5))
def test_no_more_than_max_runs_are_ever_trained(runs: int, most: int, workers: int) -> None:
    budgeted = method(runs, max_runs=most)
    out: list[PlannedRun] = []
    told = 0
    while (answer := budgeted.ask()) is not Signal.DONE:
        if isinstance(answer, PlannedRun):
            out.append(answer)
        if len(out) == workers or answer is Signal.WAIT:
            budgeted.tell(record(out.pop(0)))
            told += 1
    assert not out
    assert told == min(runs, most)
    assert budgeted.limit == (f"budget.max_runs = {most}" if most < runs else None)


def test_a_run_that_was_lost_is_trained_although_the_runs_are_used_up() -> None:
    budgeted = method(3, max_runs=1)
    first = asked(budgeted)
    budgeted.give_back(first.run.run_id)
    assert asked(budgeted) == first


def test_max_hours_counts_the_hours_of_every_run() -> None:
    budgeted = method(9, max_hours=4)
    train(budgeted, hours=1.5)
    train(budgeted, hours=2.5)
    assert budgeted.ask() is Signal.DONE
    assert budgeted.limit == "budget.max_hours = 4"
    assert budgeted.standing() == "budget.max_hours = 4 is reached"


def test_max_failures_counts_failed_runs_and_no_others() -> None:
    budgeted = method(9, max_failures=2)
    for status in ("failed", "diverged", "complete", "failed"):
        train(budgeted, status)  # type: ignore[arg-type]
    assert budgeted.ask() is Signal.DONE
    assert budgeted.limit == "budget.max_failures = 2"


def test_runs_that_are_out_are_waited_for() -> None:
    budgeted = method(9, max_failures=1)
    first, second = asked(budgeted), asked(budgeted)
    budgeted.tell(record(first, "failed"))
    assert budgeted.ask() is Signal.WAIT
    budgeted.tell(record(second))
    assert budgeted.ask() is Signal.DONE


@pytest.mark.parametrize(("most", "left"), [(5, 4), (2, 1), (None, 8)])
def test_the_bound_of_what_is_left_is_the_smaller_one(most: int | None, left: int) -> None:
    budgeted = method(9, **({} if most is None else {"max_runs": most}))
    train(budgeted)
    assert budgeted.most_left() == left


def test_records_of_the_ledger_count() -> None:
    budgeted = method(9, max_runs=2)
    for seed in range(2):
        budgeted.tell(record(CANDIDATE.planned(seed, "d")))
    assert budgeted.ask() is Signal.DONE


def test_a_record_that_is_told_twice_counts_once() -> None:
    budgeted = method(9, max_runs=2)
    told = record(asked(budgeted))
    for _ in range(2):
        budgeted.tell(told)
    assert isinstance(budgeted.ask(), PlannedRun)
