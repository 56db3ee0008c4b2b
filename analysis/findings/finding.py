"""What every method's findings share, each computed once; texts, tables, figures and JSON read them here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeAlias

from analysis.findings.arm_comparisons import arm_comparisons, less_luck, pooled_comparisons
from analysis.findings.choice import Best, picked, settings_of
from analysis.findings.choice_score import score_of_choice, score_on_fresh_seeds
from analysis.findings.clip_predictions import clip_predictions
from analysis.findings.label_judge import label_judges
from analysis.results.runs_table import key_of, keys, names, reported_metric, scores, selected_on, subsets
from analysis.results.study_results import explored, reported
from analysis.statistics.collapse import Collapses, find_collapses
from analysis.statistics.intervals import LEVEL, accuracy_interval
from analysis.statistics.pairs.paired_tests import paired_tests
from analysis.statistics.ranking import Ranking, best_per_arm, choose, rank
from analysis.statistics.shared_luck import shared_luck
from trainables.naming import control_arm

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.findings.arm_comparisons import ArmComparison, PooledComparison
    from analysis.findings.choice_score import ChoiceScore
    from analysis.findings.clip_predictions import ClipPredictions
    from analysis.findings.label_judge import LabelJudge
    from analysis.findings.possible_bests import Bests
    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults
    from analysis.statistics.hsu import BestSet
    from analysis.statistics.pairs.paired_tests import PairedTest
    from analysis.statistics.ranking import Choice
    from analysis.statistics.shared_luck import SharedLuck
    from trainables.plans import StudyPlan
    from trainables.records import SelectionMetric

MAX_ARMS_IN_ALL_PAIRS = 6  # on one subset; of more arms, only the pairs with the choice are compared
POINT = 0.01  # of accuracy, in the unit of the scores

Scores: TypeAlias = "dict[Key, dict[int, float]]"  # configuration -> seed -> accuracy, a fraction in [0, 1]


@dataclass(frozen=True, eq=False)
class Finding(ABC):
    """The findings of a study. Each is computed on first access, and only once.

    They rest on the reported runs, which do not explore, unless an attribute states otherwise.
    """

    results: StudyResults

    @property
    def plan(self) -> StudyPlan:
        """The study's plan."""
        return self.results.plan

    @property
    def selected_on(self) -> SelectionMetric:
        """Which accuracy the study chooses by."""
        return selected_on(self.plan)

    @cached_property
    def reported(self) -> StudyResults:
        """The results without the exploring runs."""
        return reported(self.results)

    @cached_property
    def explored(self) -> StudyResults:
        """The results of the exploring runs alone."""
        return explored(self.results)

    @cached_property
    def metric(self) -> str:
        """What is reported: ``StudyResults.tested_by``, or ``validation`` where no complete run has that."""
        return reported_metric(self.reported.runs, self.results.tested_by)

    @cached_property
    def subsets(self) -> list[str]:
        """The training subsets of the reported runs, in the plan's order."""
        return subsets(self.reported.runs)

    @cached_property
    def names(self) -> dict[Key, str]:
        """What every configuration of the study is called in texts, tables and figures."""
        return names(keys(self.results.runs))

    @cached_property
    def _scores(self) -> dict[str, Scores]:
        return {}

    def scores(self, metric: str) -> Scores:
        """Return the values of a metric, of the complete runs that have not collapsed.

        Args:
            metric: see ``runs_table.scores``.

        """
        if metric not in self._scores:
            self._scores[metric] = self.collapses.without(scores(self.reported.runs, metric))
        return self._scores[metric]

    @cached_property
    def collapses(self) -> Collapses[Key, int]:
        """Which of the reported complete runs have collapsed, by the accuracy to choose by.

        Empty if the study file lets collapsed runs count.
        """
        every = scores(self.reported.runs, "selection")
        return Collapses(every, {}, ()) if self.plan.settings.collapse == "counts" else find_collapses(every, POINT)

    @cached_property
    def explored_scores(self) -> Scores:
        """The accuracies to choose by of the complete exploring runs."""
        return scores(self.explored.runs, "selection")

    def scores_on(self, subset: str, metric: str) -> Scores:
        """Return the accuracies of the complete runs of one subset."""
        return {key: by_seed for key, by_seed in self.scores(metric).items() if key.subset == subset}

    @cached_property
    def controls(self) -> frozenset[Key]:
        """The configurations that control for an adaptive loss."""
        return frozenset(key_of(planned) for planned in self.plan.runs if planned.stage == "control")

    def control_of(self, key: Key) -> Key | None:
        """Return the control of an adaptive configuration; None if it has none."""
        arm, varied = control_arm(key.arm), {key_of(planned): planned.varied for planned in self.plan.runs}
        same_arm = (control for control in self.controls if (control.arm, control.subset) == (arm, key.subset))
        return next((control for control in same_arm if varied[control] == varied.get(key)), None)

    def candidates_on(self, subset: str) -> Scores:
        """Return the accuracies to choose by of the configurations of one subset that may be chosen."""
        return self.scores_on(subset, "selection")

    @cached_property
    def choices(self) -> dict[str, Choice | None]:
        """The choice on each subset by validation alone; None where no run has an accuracy to choose by."""
        return {subset: choose(self.candidates_on(subset)) for subset in self.subsets}

    def ranking(self, subset: str) -> Ranking:
        """Return the configurations of a subset by their mean validation accuracy."""
        choice = self.choices.get(subset)
        return choice.ranking if choice else Ranking((), None)

    @abstractmethod
    def bests(self, subset: str | None = None) -> Bests | None:
        """Return which configurations may be the best; None where none has an accuracy to choose by.

        Every text, table, figure and file shows this set.

        Args:
            subset: of a grid; None is the subset of the verdict. A study that explores has one set for all subsets.

        """

    @property
    @abstractmethod
    def comparisons(self) -> dict[str, BestSet]:
        """The comparisons behind ``bests``: subset -> comparisons; with the subset "" if it has one for all subsets."""

    @cached_property
    def _shared_luck(self) -> dict[tuple[str, str], SharedLuck | None]:
        return {}

    def shared_luck(self, metric: str, subset: str) -> SharedLuck | None:
        """Return the luck that an accuracy shares with the one that is chosen by; None where the runs show none."""
        if (metric, subset) not in self._shared_luck:
            by_seed = self.scores_on(subset, "selection"), self.scores_on(subset, metric)
            self._shared_luck[metric, subset] = shared_luck(*by_seed)
        return self._shared_luck[metric, subset]

    @cached_property
    def _tested(self) -> dict[Key, ChoiceScore]:
        return {}

    @property
    @abstractmethod
    def choices_made(self) -> list[Choice]:
        """The choices that the reported runs made; empty where exploring runs made the choice."""

    def tested(self, choice: Choice) -> ChoiceScore:
        """Return the test accuracy of a choice that the reported runs made, without the luck that they share."""
        if choice.key not in self._tested:
            name = self.results.tested_by
            luck = self.shared_luck(name, choice.key.subset)
            self._tested[choice.key] = score_of_choice(choice, luck, self.scores("selection"), self.scores(name))
        return self._tested[choice.key]

    @cached_property
    def representatives(self) -> list[Key]:
        """For each arm and subset in the plan's order, the configuration of the best mean validation accuracy."""
        best = {(arm, subset): key for subset in self.subsets for arm, key in self._best_of_each_arm(subset).items()}
        planned = dict.fromkeys((key.arm, key.subset) for key in keys(self.reported.runs))
        return [best[pair] for pair in planned if pair in best]

    def _best_of_each_arm(self, subset: str) -> dict[str, Key]:
        controls = {k: by_seed for k, by_seed in self.scores_on(subset, "selection").items() if k in self.controls}
        of_controls = best_per_arm(rank(controls)) if controls else {}
        return of_controls | best_per_arm(self.ranking(subset))

    @cached_property
    def compared_scores(self) -> Scores:
        """The reported accuracies of the representatives, less the luck of having been chosen within their arm.

        They are for differences between arms: an arm of many configurations would otherwise gain from its best one's
        luck. The luck is the same for all seeds, and 0 for an arm of one configuration.
        """
        arms = {key: [k for k in self.ranking(key.subset).keys if k.arm == key.arm] for key in self.representatives}
        lucks = {subset: self.shared_luck(self.metric, subset) for subset in self.subsets}
        return less_luck(self.scores(self.metric), arms, lucks)

    @cached_property
    def pairs_to_compare(self) -> dict[str, list[tuple[Key, Key]]]:
        """For each subset, which representatives are compared; every figure and table of pairs follows it."""
        return {subset: self._pairs(subset) for subset in self.subsets}

    @cached_property
    def arm_tests(self) -> tuple[PairedTest, ...]:
        """The differences between arms, tested; Holm's p-values are for all of them together."""
        pairs = (pair for pairs in self.pairs_to_compare.values() for pair in pairs)
        return paired_tests(self.compared_scores, [p for p in pairs if all(key in self.compared_scores for key in p)])

    @cached_property
    def arm_comparisons(self) -> tuple[ArmComparison, ...]:
        """The differences between arms, each by its best configuration on validation, on every subset."""
        return arm_comparisons(self.compared_scores, self.arm_tests)

    @cached_property
    def pooled_comparisons(self) -> tuple[PooledComparison, ...]:
        """The differences between arms over the subsets that both have; empty on one subset."""
        return pooled_comparisons(self.compared_scores, [(test.first, test.second) for test in self.arm_tests])

    def _pairs(self, subset: str) -> list[tuple[Key, Key]]:
        standing = [key for key in self.representatives if key.subset == subset]
        if len(standing) <= MAX_ARMS_IN_ALL_PAIRS:
            return list(combinations(standing, 2))
        first = self.ranking(subset).keys[0]
        return [(first, other) for other in standing if other != first]

    @cached_property
    def label_judges(self) -> tuple[LabelJudge, ...]:
        """What given and verified validation labels show, for each subset."""
        return label_judges(self.results, self.chosen, {on: c.key for on, c in self.choices.items() if c})

    @cached_property
    def clips(self) -> ClipPredictions | None:
        """What the choice and the representatives predict for the test clips; None where that is not kept."""
        choice = [self.chosen] if self.chosen else []
        shown = list(dict.fromkeys([*choice, *self.representatives]))
        return clip_predictions(self.reported, shown, self.ranking, self.names)

    @property
    @abstractmethod
    def chosen(self) -> Key | None:
        """The configuration that the verdict names, by validation alone; None when it names none."""

    @property
    @abstractmethod
    def best(self) -> Best | None:
        """The choice with everything known about it; None if there is nothing to choose from."""

    def _best(self, key: Key, tested: ChoiceScore, **facts: Any) -> Best:  # noqa: ANN401 -- fields of Best
        configuration = next(p.run.configuration for p in self.plan.runs if key_of(p) == key)
        return Best(
            study=self.plan.name,
            method=self.plan.method,
            **key._asdict(),
            **settings_of(configuration, self.plan),
            selected_on=self.selected_on,
            tested=tested,
            tested_by=self.results.tested_by,
            test_hidden=self.results.test_hidden,
            **facts,
        )

    def _best_chosen(self, choice: Choice, name: Callable[[Key], str], **facts: Any) -> Best:  # noqa: ANN401 -- fields of Best
        """Add to a choice, the highest of several means, the configurations that may be the best, by name."""
        bests = self.bests()
        return self._best(
            choice.key,
            self.tested(choice),
            **picked(choice.validation, of=1 + len(choice.others)),
            may_be_best=bests.named(name) if bests else None,
            **facts,
        )

    def _best_confirmed(self, key: Key, **facts: Any) -> Best:  # noqa: ANN401 -- fields of Best
        """Take the validation accuracy from fresh seeds; without them from the runs that led to the choice."""
        fresh = self.scores("selection").get(key)
        tested = score_on_fresh_seeds(key, self.scores(self.results.tested_by))
        if fresh:
            return self._best(key, tested, validation=accuracy_interval(fresh.values(), LEVEL), confirmed=True, **facts)
        exploring = self.explored_scores.get(key)
        validation = picked(accuracy_interval(exploring.values(), LEVEL), of=2) if exploring else {"validation": None}
        return self._best(key, tested, confirmed=False, **validation, **facts)
