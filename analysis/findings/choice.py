"""What a study chooses: the configuration with all its parameters, how sure that is, and what it scores."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from analysis.results.runs_table import differing_settings

if TYPE_CHECKING:
    from analysis.findings.choice_score import ChoiceScore
    from analysis.statistics.best_arm.assessment import StoppingRule
    from analysis.statistics.intervals import Interval
    from analysis.statistics.shared_luck import LeftOut
    from trainables.config import Configuration
    from trainables.plans import StudyPlan


@dataclass(frozen=True)
class Best:
    """The choice of a study. Accuracies are fractions in [0, 1].

    Attributes:
        study: the study's name.
        method: how runs were chosen: grid, settle or search.
        arm: the chosen configuration's arm.
        configuration: its label, as in the report.
        subset: the training subset.
        loss: name and every parameter of its loss, those left at their defaults included.
        network: name and every parameter of its network.
        training: its values of the training settings that the study varies; empty where it varies none.
        selected_on: the metric that decides (``trainables.records.SelectionMetric``): ``validation``, or ``verified``
            (verified validation clips only), for accuracy.
        validation: its value; None where no complete run has one.
        picked: whether ``validation`` is the highest of several means: that is too high, and an interval around it
            would cover too seldom, so it has none.
        tested: accuracy on the test clips, which the choice never saw, without the luck of the runs that made it.
        tested_by: the metric on test clips: ``test`` for accuracy, or such as ``test_macro_f1``.
        test_hidden: whether the test accuracy is hidden, because the study has not ended.
        confirmed: whether these are fresh seeds; None in a grid, which has none.
        probability: of being within ``within`` points of the best; None unless the study settles.
        within: points of accuracy that make no difference; None unless the study settles.
        settled: whether the requested confidence is reached; None unless the study settles.
        regret: by how many points it is expected to be below the best; None unless the study settles.
        stopping_rule: the rule by which exploring may end with this choice: ``confidence``, or ``regret``, where many
            runs show that the best is hardly better; None where neither is met, and unless the study settles.
        may_be_best: configurations that may be the best, the choice among them unless baselines rule it out; None where
            nothing is compared.
        explored_may_be_best: the fewest explored configurations that hold the best one with a probability of 95 %, the
            likeliest first; None unless the study settles.

    """

    study: str
    method: str
    arm: str
    configuration: str
    subset: str
    loss: dict[str, Any]
    network: dict[str, Any]
    training: dict[str, Any]
    selected_on: str
    validation: Interval | None
    tested: ChoiceScore
    tested_by: str = "test"
    test_hidden: bool = False
    picked: bool = False
    confirmed: bool | None = None
    probability: float | None = None
    within: float | None = None
    settled: bool | None = None
    regret: float | None = None
    stopping_rule: StoppingRule | None = None
    may_be_best: tuple[str, ...] | None = None
    explored_may_be_best: tuple[str, ...] | None = None

    @property
    def beaten(self) -> bool:
        """Whether the choice is not among those that may be the best, because baselines are better."""
        return self.may_be_best is not None and not any(map(self.is_named, self.may_be_best))

    def is_named(self, name: str) -> bool:
        """Return whether a name in ``may_be_best`` is that of the choice."""
        return name in {self.configuration, f"{self.configuration} on {self.subset}"}

    @property
    def test(self) -> Interval | None:
        """The test accuracy with its interval; None without test clips."""
        return self.tested.accuracy

    def as_dict(self) -> dict[str, Any]:
        """Return the choice as JSON-able data; an interval is mean, low, high, half_width, n, level, method and values.

        ``tested`` becomes ``test``, ``test_next_run``, ``test_luck``, ``test_picked`` and ``test_left_out``.
        """
        fields = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "tested"}
        parts: dict[str, Interval | LeftOut | None] = {"validation": self.validation, "test": self.test}
        parts |= {"test_next_run": self.tested.next_run, "test_left_out": self.tested.left_out}
        return (
            fields
            | {name: None if part is None else dict(vars(part)) for name, part in parts.items()}
            | {
                "test_luck": self.tested.luck,
                "test_picked": self.tested.picked,
                **{name: _listed(fields[name]) for name in ("may_be_best", "explored_may_be_best")},
            }
        )


def _listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)


def settings_of(configuration: Configuration, plan: StudyPlan) -> dict[str, Any]:
    """Return the fields ``loss``, ``network`` and ``training`` of ``Best``."""
    return {
        "loss": configuration.loss.model_dump(exclude_none=True),
        "network": configuration.network.model_dump(exclude_none=True),
        "training": {name: getattr(configuration.training, name) for name in differing_settings(plan)},
    }


def picked(interval: Interval, of: int) -> dict[str, Any]:
    """Return the fields of ``Best`` for the highest of ``of`` means: without its interval where there are several."""
    if of == 1:
        return {"validation": interval, "picked": False}
    bare = replace(interval, half_width=None, low=None, high=None)
    return {"validation": bare, "picked": True}
