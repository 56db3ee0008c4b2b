"""Controls: GCE at the mean q of each adaptive configuration, the same after a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import factories
from analysis.results.runs_table import key_of
from factories import point
from study.methods.controls import ControlledMethod, controls
from study.methods.grid import Grid
from study.methods.method import Signal
from study.spec.candidates import Candidate
from trainables.config import Configuration
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE
from trainables.plans import PlannedRun

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analysis.results.runs_table import Key
    from trainables.records import Record, Stage, Status

ADAPTIVE = [
    Candidate(
        "adaptive",
        {"temperature": t},
        Configuration(loss=AdaptiveGCE(name="adaptive_gce", temperature=t), subset="clean"),
    )
    for t in (100.0, 1000.0)
]
OTHER = Candidate("cce", {}, Configuration(loss=CCE(name="cce"), subset="clean"))
PLAN = [c.planned(seed, "d") for seed in range(2) for c in (*ADAPTIVE, OTHER)]


def record(planned: PlannedRun, q: Sequence[float] = (0.5,), status: Status = "complete") -> Record:
    adaptive = isinstance(planned.run.configuration.loss, AdaptiveGCE)
    epochs = [point(epoch, q_mean=value if adaptive else None) for epoch, value in enumerate(q, 1)]
    return factories.record(planned, status, epochs)


def first_of_arm(planned: Sequence[PlannedRun], _: Mapping[str, Record]) -> set[Key]:
    """Return the first configuration of each arm on each subset."""
    first: dict[tuple[str, str], Key] = {}
    for p in planned:
        first.setdefault((p.arm, p.run.configuration.subset), key_of(p))
    return set(first.values())


def controlled(plan: list[PlannedRun], earlier: Iterable[PlannedRun] = (), most: int = 0) -> ControlledMethod:
    """Return a grid with the controls of the first configuration of each arm on each subset."""
    return ControlledMethod(Grid(plan), earlier, most, first_of_arm)


def drained(method: ControlledMethod, q: list[float]) -> list[PlannedRun]:
    """Train one run after the other; return the controls."""
    found = []
    while isinstance(answer := method.ask(), PlannedRun):
        if answer.stage == "control":
            found.append(answer)
        method.tell(record(answer, q))
    assert answer is Signal.DONE
    return found


def test_the_configuration_that_represents_an_adaptive_arm_in_a_grid_gets_a_control_at_its_mean_q() -> None:
    method = controlled(PLAN)
    drained(method, [0.7, 0.80049])
    found = method.planned()[len(PLAN) :]
    assert [(p.arm, p.varied, p.run.seed, p.run.configuration.subset) for p in found] == [
        ("adaptive.fixed_q", {"temperature": 100.0}, seed, "clean") for seed in range(2)
    ]
    assert {p.run.configuration.loss for p in found} == {GCE(name="gce", q=0.75)}


def test_an_adaptive_arm_of_a_grid_gets_controls_on_each_of_its_subsets() -> None:
    placed = [c.configuration.model_copy(update={"subset": s}) for s in ("clean", "all") for c in ADAPTIVE[:1]]
    runs = [ADAPTIVE[0]._replace(configuration=configuration).planned(0, "d") for configuration in placed]
    assert [p.run.configuration.subset for p in drained(controlled(runs), [0.5])] == ["clean", "all"]


def test_every_confirmed_adaptive_configuration_gets_a_control() -> None:
    runs = [c.planned(seed, "d", "confirm") for seed in range(2) for c in ADAPTIVE]
    found = controls(runs, {p.run.run_id: record(p) for p in runs})
    assert [(p.varied["temperature"], p.run.seed) for p in found] == [(t, s) for s in range(2) for t in (100.0, 1000.0)]


def test_controls_of_equal_q_are_trained_once() -> None:
    arms = [candidate._replace(arm=arm) for candidate, arm in zip(ADAPTIVE, "ab", strict=True)]
    plan = [candidate.planned(seed, "d") for seed in range(2) for candidate in arms]
    assert [p.run.seed for p in drained(controlled(plan), [0.3])] == [0, 1]


def test_q_is_the_mean_over_complete_runs_of_the_mean_over_epochs() -> None:
    runs = [ADAPTIVE[0].planned(seed, "d", "confirm") for seed in range(3)]
    records = {
        runs[0].run.run_id: record(runs[0], [0.2, 0.4]),
        runs[1].run.run_id: record(runs[1], [0.6]),
        runs[2].run.run_id: record(runs[2], [1.0], "diverged"),
    }
    found = controls(runs, records)
    assert [(p.run.configuration.loss, p.run.seed) for p in found] == [(GCE(name="gce", q=0.45), s) for s in range(3)]


def test_exploring_runs_and_other_losses_have_no_control() -> None:
    stages: tuple[Stage, ...] = ("explore", "control")
    runs = [ADAPTIVE[0].planned(i, "d", stage) for i, stage in enumerate(stages)] + [OTHER.planned(0, "d")]
    assert controls(runs, {p.run.run_id: record(p) for p in runs}) == []


def test_a_configuration_without_a_complete_run_has_no_control() -> None:
    runs = [ADAPTIVE[0].planned(0, "d", "confirm")]
    assert controls(runs, {p.run.run_id: record(p, [0.5], "diverged") for p in runs}) == []


def test_after_a_crash_the_controls_are_the_same_and_recorded_ones_are_not_asked_for() -> None:
    undisturbed = controlled(PLAN)
    made = drained(undisturbed, [0.3])
    planned = undisturbed.planned()
    again = controlled(PLAN, planned)
    for run in (*PLAN, made[0]):
        again.tell(record(run, [0.3]))
    assert again.planned() == planned
    assert drained(again, [0.3]) == made[1:]
    assert again.planned() == planned


def test_controls_of_another_q_replace_those_of_an_earlier_sitting() -> None:
    first = controlled(PLAN)
    drained(first, [0.3])
    again = controlled(PLAN, first.planned())
    made = drained(again, [0.4])
    assert {p.run.configuration.loss for p in again.planned() if p.stage} == {GCE(name="gce", q=0.4)}
    assert made == again.planned()[len(PLAN) :]


def test_a_control_that_the_study_names_anyway_is_trained_once() -> None:
    same = Candidate("gce", {}, Configuration(loss=GCE(name="gce", q=0.3), subset="clean"))
    plan = [*PLAN, same.planned(0, "d")]
    first = controlled(plan)
    assert [p.run.seed for p in drained(first, [0.3])] == [1]
    again = controlled(plan, first.planned())
    for run in first.planned():
        again.tell(record(run, [0.3]))
    assert again.ask() is Signal.DONE


def test_a_control_that_was_lost_is_asked_for_again() -> None:
    method = controlled(PLAN)
    for planned in PLAN:
        method.tell(record(planned))
    lost = method.ask()
    assert isinstance(lost, PlannedRun)
    method.give_back(lost.run.run_id)
    assert method.ask() == lost


def test_the_bound_of_what_is_left_counts_controls() -> None:
    method = controlled(PLAN, most=4)
    assert method.most_left() == len(PLAN) + 4
    drained(method, [0.3])
    assert method.most_left() == 0
