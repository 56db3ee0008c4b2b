"""The findings of a study, each computed once from its results; texts, tables, figures and JSON read them here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from analysis.findings.choice import Best, picked
from analysis.findings.clip_predictions import clip_predictions
from analysis.findings.exploration import sampled, settled, tried
from analysis.results.runs_table import complete_runs, key_of, keys, reported_metric, scores, selected_on, subsets
from analysis.results.study_results import explored, reported
from analysis.statistics.hsu import best_set
from analysis.statistics.intervals import LEVEL, t_interval
from analysis.statistics.ranking import Ranking, best_per_arm, choose, on_common_seeds
from analysis.statistics.two_way import two_way_table
from trainables.settings import Grid, Search, Settle

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.findings.clip_predictions import ClipPredictions
    from analysis.findings.exploration import Sampled, Settled
    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults
    from analysis.statistics.hsu import BestSet
    from analysis.statistics.ranking import Choice
    from analysis.statistics.two_way import TwoWayTable
    from trainables.plans import StudyPlan
    from trainables.records import SelectOn

MOST_ARMS = 6  # on one subset whose pairs are all compared; of more, the choice is compared with each other one

Scores: TypeAlias = "dict[Key, dict[int, float]]"  # configuration -> seed -> accuracy, a fraction in [0, 1]


@dataclass(frozen=True, eq=False)
class Finding(ABC):
    """The findings of a study. Each is computed on first access, and only once.

    They rest on the reported runs, which are those that do not explore, unless an attribute states otherwise.
    """

    results: StudyResults

    @staticmethod
    def of(results: StudyResults) -> MethodFinding:
        """Return the finding of a study, by its method."""
        match method := results.plan.settings.method:
            case Grid():
                return GridFinding(results)
            case Settle():
                return SettleFinding(results, method)
            case Search():
                return SearchFinding(results, method)
        assert_never(method)

    @property
    def plan(self) -> StudyPlan:
        """The study's plan."""
        return self.results.plan

    @property
    def selected_on(self) -> SelectOn:
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
        """The accuracy that is reported: ``test``, or ``validation`` where no complete run has a test accuracy."""
        return reported_metric(self.reported.runs)

    @cached_property
    def subsets(self) -> list[str]:
        """The training subsets of the reported runs, in the plan's order."""
        return subsets(self.reported.runs)

    @cached_property
    def _scores(self) -> dict[str, Scores]:
        return {}

    def scores(self, metric: str) -> Scores:
        """Return the accuracies of the complete runs; ``metric`` is validation, verified, test or selection."""
        if metric not in self._scores:
            self._scores[metric] = scores(self.reported.runs, metric)
        return self._scores[metric]

    @cached_property
    def explored_scores(self) -> Scores:
        """The accuracies to choose by of the complete exploring runs."""
        return scores(self.explored.runs, "selection")

    def scores_on(self, subset: str, metric: str) -> Scores:
        """Return the accuracies of the complete runs of one subset."""
        return {key: by_seed for key, by_seed in self.scores(metric).items() if key.subset == subset}

    @cached_property
    def choices(self) -> dict[str, Choice | None]:
        """The choice on each subset by validation alone; None where no run has an accuracy to choose by."""
        return {subset: choose(self.scores_on(subset, "selection")) for subset in self.subsets}

    def ranking(self, subset: str) -> Ranking:
        """Return the configurations of a subset by their mean validation accuracy."""
        choice = self.choices.get(subset)
        return choice.ranking if choice else Ranking({}, (), ())

    @cached_property
    def _two_way_tables(self) -> dict[tuple[str, str], TwoWayTable | None]:
        return {}

    def two_way(self, metric: str, subset: str) -> TwoWayTable | None:
        """Return a subset's accuracies over the seeds that its configurations share; None without any."""
        if (metric, subset) not in self._two_way_tables:
            chosen_by = metric in {"selection", self.selected_on}
            common = self.ranking(subset) if chosen_by else on_common_seeds(self.scores_on(subset, metric))
            self._two_way_tables[metric, subset] = two_way_table(common)
        return self._two_way_tables[metric, subset]

    @cached_property
    def _best_sets(self) -> dict[tuple[str, str], BestSet | None]:
        return {}

    def best_set(self, metric: str, subset: str) -> BestSet | None:
        """Return which configurations of a subset may be the best (Hsu); None if it has fewer than two with scores."""
        if (metric, subset) not in self._best_sets:
            table = self.two_way(metric, subset)
            several = table is not None and len(table.keys) + len(table.left_out) > 1
            self._best_sets[metric, subset] = best_set(table) if table is not None and several else None
        return self._best_sets[metric, subset]

    @cached_property
    def representatives(self) -> list[Key]:
        """For each arm and subset in the plan's order, the configuration of the best mean validation accuracy."""
        best = {
            (arm, subset): key for subset in self.subsets for arm, key in best_per_arm(self.ranking(subset)).items()
        }
        planned = dict.fromkeys((key.arm, key.subset) for key in keys(self.reported.runs))
        return [best[pair] for pair in planned if pair in best]

    @cached_property
    def pairs_to_compare(self) -> dict[str, list[tuple[Key, Key]]]:
        """For each subset, which representatives are compared; every figure and table of pairs follows it."""
        return {subset: self._pairs(subset) for subset in self.subsets}

    def _pairs(self, subset: str) -> list[tuple[Key, Key]]:
        standing = [key for key in self.representatives if key.subset == subset]
        if len(standing) <= MOST_ARMS:
            return list(combinations(standing, 2))
        first = self.ranking(subset).keys[0]
        return [(first, other) for other in standing if other != first]

    @cached_property
    def clips(self) -> ClipPredictions | None:
        """What the choice and the representatives predict for the test clips; None where that is not kept."""
        return clip_predictions(self)

    @property
    @abstractmethod
    def chosen(self) -> Key | None:
        """The configuration that the verdict names, by validation alone; None when it names none."""

    @property
    @abstractmethod
    def best(self) -> Best | None:
        """The choice with everything known about it; None if there is nothing to choose from."""

    def _best(self, key: Key, **facts: Any) -> Best:  # noqa: ANN401 -- fields of Best
        configuration = next(p.run.configuration for p in self.plan.runs if key_of(p) == key)
        tested = self.scores("test").get(key)
        return Best(
            study=self.plan.name,
            method=self.plan.method,
            **key._asdict(),
            loss=configuration.loss.model_dump(exclude_none=True),
            selected_on=self.selected_on,
            test=t_interval(tested.values(), LEVEL) if tested else None,
            **facts,
        )

    def _best_confirmed(self, key: Key, **facts: Any) -> Best:  # noqa: ANN401 -- fields of Best
        """Take the validation accuracy from fresh seeds; without them from the runs that led to the choice."""
        fresh = self.scores("selection").get(key)
        if fresh:
            return self._best(key, validation=t_interval(fresh.values(), LEVEL), confirmed=True, **facts)
        exploring = self.explored_scores.get(key)
        validation = picked(t_interval(exploring.values(), LEVEL), of=2) if exploring else {"validation": None}
        return self._best(key, confirmed=False, **validation, **facts)


class GridFinding(Finding):
    """The findings of a study that trains every configuration with every seed."""

    @cached_property
    def main_subset(self) -> str | None:
        """The subset that the verdict is about: ``all``, else the first with complete runs; None without any."""
        complete = subsets(complete_runs(self.reported.runs))
        return "all" if "all" in complete else next(iter(complete), None)

    @property
    def choice(self) -> Choice | None:
        """The choice on the main subset."""
        return self.choices[self.main_subset] if self.main_subset else None

    @cached_property
    def chosen(self) -> Key | None:
        """The configuration of the highest mean on the main subset."""
        return self.choice.key if self.choice else None

    @cached_property
    def best(self) -> Best | None:
        """The choice on the main subset."""
        choice = self.choice
        if choice is None:
            return None
        return self._best(
            choice.key,
            **picked(choice.validation, of=1 + len(choice.comparisons)),
            not_told_apart=tuple(key.configuration for key in choice.not_told_apart),
            not_ranked=tuple(key.configuration for key in choice.ranking.too_few),
        )


@dataclass(frozen=True, eq=False)
class SettleFinding(Finding):
    """The findings of a study that explores until one configuration is good enough with the requested confidence."""

    method: Settle

    @cached_property
    def settled(self) -> Settled:
        """The state of the exploring, by the same posterior that decided its runs."""
        return settled(self.explored, self.explored_scores, self.method)

    @cached_property
    def chosen(self) -> Key | None:
        """The configuration that is most probably good enough."""
        return self.settled.standing.chosen if self.settled.standing else None

    @cached_property
    def best(self) -> Best | None:
        """The chosen configuration, with the probability that it is good enough."""
        if self.settled.standing is None:
            return None
        sure = {"probability": self.settled.standing.confidence, "settled": self.settled.sure}
        return self._best_confirmed(self.settled.standing.chosen, within=self.method.within, **sure)


@dataclass(frozen=True, eq=False)
class SearchFinding(Finding):
    """The findings of a study that samples configurations and confirms the best of them."""

    method: Search

    @cached_property
    def tried(self) -> dict[Key, float | None]:
        """What was sampled: configuration -> accuracy to rank by, the likeliest choice first."""
        return tried(self.explored, self.method)

    @cached_property
    def sampled(self) -> list[Sampled]:
        """The configurations that have a score, with their parameters."""
        return sampled(self.explored, self.tried)

    @cached_property
    def confirmed_runs(self) -> pd.DataFrame:
        """The runs of the configurations that are confirmed, without the baselines."""
        fresh = self.reported.runs
        return fresh[(fresh["stage"] == "confirm") & ~fresh["arm"].isin(self.method.baselines)]

    @cached_property
    def choice(self) -> Choice | None:
        """The best of the confirmed configurations; None where none is confirmed.

        A baseline may score higher; it is compared with the choice and not chosen.
        """
        confirmed = set(keys(self.confirmed_runs))
        return choose({key: by_seed for key, by_seed in self.scores("selection").items() if key in confirmed})

    @cached_property
    def chosen(self) -> Key | None:
        """The best of the confirmed configurations."""
        return self.choice.key if self.choice else None

    @cached_property
    def best(self) -> Best | None:
        """The best confirmed configuration; before one is confirmed, the likeliest of those tried."""
        choice = self.choice
        if choice is None:
            first = next((key for key, score in self.tried.items() if score is not None), None)
            return None if first is None else self._best_confirmed(first)
        return self._best(
            choice.key,
            confirmed=True,
            **picked(choice.validation, of=1 + len(choice.comparisons)),
            not_told_apart=_full_names(choice.not_told_apart),
            not_ranked=_full_names(choice.ranking.too_few),
        )


MethodFinding: TypeAlias = GridFinding | SettleFinding | SearchFinding


def _full_names(found: Sequence[Key]) -> tuple[str, ...]:
    return tuple(key.full_name for key in found)
