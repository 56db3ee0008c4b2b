"""The findings of a study by its method: grid, settle or search."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from analysis.findings.exploration import sampled, settled, tried
from analysis.findings.finding import Finding
from analysis.findings.possible_bests import bests_by_comparison, bests_by_posterior, bests_of_choice
from analysis.results.runs_table import WAITING, complete_runs, keys, subsets
from analysis.statistics.blocks.block_model import block_model
from analysis.statistics.hsu import best_set, equal
from analysis.statistics.ranking import choose
from trainables.settings import Grid, Search, Settle

if TYPE_CHECKING:
    import pandas as pd

    from analysis.findings.choice import Best
    from analysis.findings.exploration import Sampled, Settled
    from analysis.findings.finding import Scores
    from analysis.findings.possible_bests import Bests
    from analysis.results.runs_table import Key
    from analysis.results.study_results import StudyResults
    from analysis.statistics.hsu import BestSet
    from analysis.statistics.ranking import Choice


class GridFinding(Finding):
    """The findings of a study that trains every configuration with every seed."""

    @cached_property
    def main_subset(self) -> str | None:
        """The subset whose choice is the study's: ``all``, else the first on which most configurations compete.

        None without a complete run.
        """
        complete = subsets(complete_runs(self.reported.runs))
        return (
            "all" if "all" in complete else max(complete, key=lambda name: len(self.candidates_on(name)), default=None)
        )

    def candidates_on(self, subset: str) -> Scores:
        """Return the accuracies to choose by without those of the controls, which are compared and never chosen."""
        scores = self.scores_on(subset, "selection")
        return {key: by_seed for key, by_seed in scores.items() if key not in self.controls}

    @property
    def choice(self) -> Choice | None:
        """The choice on the main subset."""
        return self.choices[self.main_subset] if self.main_subset else None

    @cached_property
    def _bests(self) -> dict[str, Bests]:
        choices = ((subset, choice) for subset, choice in self.choices.items() if choice)
        return {subset: bests_of_choice(choice, self.selected_on) for subset, choice in choices}

    def bests(self, subset: str | None = None) -> Bests | None:
        """Return which configurations of a subset may be the best, by Hsu's comparisons."""
        return self._bests.get(subset or self.main_subset or "")

    @property
    def comparisons(self) -> dict[str, BestSet]:
        """The comparisons on each subset."""
        return {subset: choice.best_set for subset, choice in self.choices.items() if choice}

    @property
    def choices_made(self) -> list[Choice]:
        """The choice on each subset."""
        return [choice for choice in self.choices.values() if choice is not None]

    @cached_property
    def chosen(self) -> Key | None:
        """The configuration of the highest mean on the main subset."""
        return self.choice.key if self.choice else None

    @cached_property
    def best(self) -> Best | None:
        """The choice on the main subset."""
        return self._best_chosen(self.choice, attrgetter("configuration")) if self.choice else None


@dataclass(frozen=True, eq=False)
class ChoosingFinding(Finding):
    """The findings of a study that explores, chooses, and confirms its choice beside baselines on fresh seeds."""

    method: Settle | Search

    @cached_property
    def confirmed_scores(self) -> Scores:
        """The accuracies to choose by of the confirmed configurations and the baselines, on fresh seeds."""
        confirmed = self.reported.runs
        fresh = set(keys(confirmed[confirmed["stage"] == "confirm"]))
        return {key: by_seed for key, by_seed in self.scores("selection").items() if key in fresh}

    @cached_property
    def comparisons(self) -> dict[str, BestSet]:
        """The comparisons of the confirmed configurations and the baselines, in one set for all subsets."""
        model = block_model(self.confirmed_scores)
        return {} if model is None else {"": best_set(model)}

    @cached_property
    def _bests(self) -> Bests | None:
        if not self.comparisons or self.chosen not in self.confirmed_scores:
            return None
        baselines = [key for key in self.confirmed_scores if key.arm in self.method.baselines]
        return bests_by_comparison(self.comparisons[""], self.chosen, self.selected_on, baselines)

    def bests(self, subset: str | None = None) -> Bests | None:  # noqa: ARG002 -- one set for all subsets
        """Return which of the confirmed configurations and the baselines may be the best, by Hsu's comparisons."""
        return self._bests


@dataclass(frozen=True, eq=False)
class SettleFinding(ChoosingFinding):
    """The findings of a study that explores until one configuration is good enough with the requested confidence."""

    method: Settle

    @cached_property
    def settled(self) -> Settled:
        """The state of the exploring, by the same posterior that decided its runs."""
        return settled(self.explored, self.explored_scores, self.method)

    @property
    def explored_to_the_end(self) -> bool:
        """Whether exploring has stopped by its rule, so that the runs still to come do not change the choice."""
        return self.settled.rule is not None and WAITING not in set(self.explored.runs["status"])

    @cached_property
    def explored_bests(self) -> Bests | None:
        """The fewest explored configurations that probably hold the best one; None if none has a score."""
        standing = self.settled.standing
        return None if standing is None else bests_by_posterior(standing, self.selected_on)

    @property
    def choices_made(self) -> list[Choice]:
        """None: exploring runs made the choice."""
        return []

    @cached_property
    def chosen(self) -> Key | None:
        """The configuration that is most probably good enough."""
        return self.settled.standing.chosen if self.settled.standing else None

    @cached_property
    def best(self) -> Best | None:
        """The chosen configuration, with the probability that it is good enough."""
        state, standing = self.settled, self.settled.standing
        if standing is None:
            return None
        confirmed, explored, name = self.bests(), self.explored_bests, self.names.__getitem__
        sure: dict[str, Any] = {"may_be_best": confirmed.named(name) if confirmed else None}
        sure |= {"explored_may_be_best": explored.named(name) if explored else None}
        sure |= {"probability": standing.confidence, "settled": state.sure, "regret": standing.regret}
        return self._best_confirmed(standing.chosen, within=state.goal.within, stopping_rule=state.rule, **sure)


@dataclass(frozen=True, eq=False)
class SearchFinding(ChoosingFinding):
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
    def leading(self) -> tuple[Key, ...]:
        """The likeliest choice of those tried, and the others whose score is the same; empty without any score."""
        if not self.sampled:
            return ()
        first = self.sampled[0]
        return tuple(s.key for s in self.sampled if s.complete == first.complete and equal(s.score, first.score))

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

    @property
    def choices_made(self) -> list[Choice]:
        """The choice between the confirmed configurations."""
        return [self.choice] if self.choice else []

    @cached_property
    def chosen(self) -> Key | None:
        """The best of the confirmed configurations."""
        return self.choice.key if self.choice else None

    @cached_property
    def best(self) -> Best | None:
        """The best confirmed configuration; before one is confirmed, the likeliest of those tried."""
        choice = self.choice
        if choice is None:
            return self._best_confirmed(self.leading[0]) if self.leading else None
        return self._best_chosen(choice, self.names.__getitem__, confirmed=True)


MethodFinding: TypeAlias = GridFinding | SettleFinding | SearchFinding


def method_finding(results: StudyResults) -> MethodFinding:
    """Return the findings of a study, by its method; each is computed on first access."""
    match method := results.plan.settings.method:
        case Grid():
            return GridFinding(results)
        case Settle():
            return SettleFinding(results, method)
        case Search():
            return SearchFinding(results, method)
    assert_never(method)
