"""Configurations that two or more studies have, and by how much their values differ between the studies."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from analysis.results.runs_table import differing_settings, key_of, scores, selected_on
from analysis.results.study_results import reported
from analysis.statistics.intervals import accuracy_interval, paired_difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.results.study_results import StudyResults
    from analysis.statistics.intervals import Interval
    from trainables.losses.base import Loss
    from trainables.networks.base import Network


PLACES = ("first", "second", "third", "fourth", "fifth", "sixth")
MAX_STUDIES = len(PLACES)


class Same(NamedTuple):
    """What makes configurations of several studies one: the settings are the training settings that any of them varies.

    The other settings may differ: they are part of the protocol, in which the studies differ as a whole.
    """

    loss: Loss
    network: Network
    subset: str
    settings: tuple[Any, ...]


@dataclass(frozen=True)
class Difference:
    """A configuration's value in one study minus that in another, paired by the seeds that both have.

    Attributes:
        gap: the mean difference with its interval, in the unit of the values.
        same_runs: whether both studies share the very runs, so that there is nothing to compare.

    """

    gap: Interval
    same_runs: bool


@dataclass(eq=False)
class StudyRuns:
    """The runs of one configuration in a study, under whatever arms, without those that explore."""

    label: str
    runs: pd.DataFrame
    seeds: dict[str, int]  # run_id -> seed

    def scores(self, metric: str) -> dict[int, float]:
        """Return seed -> value of a metric, of the complete runs."""
        rows = self.runs[self.runs["run_id"].isin(self.seeds)]
        return {seed: value for by_seed in scores(rows, metric).values() for seed, value in by_seed.items()}

    def interval(self, metric: str) -> Interval | None:
        """Return the mean of a metric with its interval; None without a complete run."""
        values = self.scores(metric).values()
        return accuracy_interval(values) if values else None

    def minus(self, other: StudyRuns, metric: str) -> Difference | None:
        """Return the difference from another study; None without a seed that both have."""
        ours, theirs = self.scores(metric), other.scores(metric)
        gap = paired_difference(ours, theirs)
        if gap is None:
            return None
        shared = set(ours) & set(theirs)
        alike = self._of(shared) == other._of(shared) and gap.half_width is None and gap.mean == 0
        return Difference(gap, alike)

    def _of(self, seeds: set[int]) -> set[str]:
        return {run_id for run_id, seed in self.seeds.items() if seed in seeds}


@dataclass(frozen=True, eq=False)
class SharedConfigurations:
    """Some studies and the configurations that at least two of them have. Their order is that of the plans."""

    studies: tuple[StudyResults, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the studies are called: their names, with their place where two are equal."""
        names = [results.plan.name for results in self.studies]
        if len(set(names)) == len(names):
            return tuple(names)
        return tuple(f"{name} ({place})" for name, place in zip(names, PLACES, strict=False))

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics to compare: those that the studies select by, then the one on test clips."""
        chosen = [selected_on(results.plan) for results in self.studies]
        return tuple(dict.fromkeys([*chosen, *(results.tested_by for results in self.studies)]))

    @cached_property
    def _settings(self) -> list[str]:
        return list(dict.fromkeys(name for results in self.studies for name in differing_settings(results.plan)))

    @cached_property
    def by_study(self) -> tuple[dict[Same, StudyRuns], ...]:
        """The configurations of each study."""
        return tuple(map(self._of_study, self.studies))

    @cached_property
    def shared(self) -> dict[Same, tuple[StudyRuns | None, ...]]:
        """The configurations that at least two studies have, each with its runs by study; None where it has none."""
        every = dict.fromkeys(same for configurations in self.by_study for same in configurations)
        runs = {same: tuple(configurations.get(same) for configurations in self.by_study) for same in every}
        return {same: of for same, of in runs.items() if sum(one is not None for one in of) > 1}

    def label(self, same: Same) -> str:
        """Return what the first study that has a configuration calls it."""
        return next(runs.label for runs in self.shared[same] if runs is not None)

    def only(self, place: int) -> list[str]:
        """Name the configurations of one study that no other study has."""
        subsets = {same.subset for configurations in self.by_study for same in configurations}
        ours = self.by_study[place]
        others = [configurations for number, configurations in enumerate(self.by_study) if number != place]
        return [
            f"{runs.label} on {same.subset}" if len(subsets) > 1 else runs.label
            for same, runs in ours.items()
            if not any(same in configurations for configurations in others)
        ]

    def paired(self, first: int, second: int, metric: str) -> bool:
        """Return whether the runs of two studies can be paired by seed.

        They must be of the same data. Validation accuracy must also be over the same kind of clips in both: in plans
        of earlier versions it is over patches.
        """
        one, other = self.studies[first].plan, self.studies[second].plan
        alike = one.semantics == other.semantics
        return one.dataset.fingerprint == other.dataset.fingerprint and (alike or metric != "validation")

    def difference(self, same: Same, first: int, second: int, metric: str) -> Difference | None:
        """Return by how much a configuration differs between two studies; None where nothing can be paired."""
        one, other = self.shared[same][first], self.shared[same][second]
        if one is None or other is None or not self.paired(first, second, metric):
            return None
        return one.minus(other, metric)

    def _of_study(self, results: StudyResults) -> dict[Same, StudyRuns]:
        configurations: dict[Same, StudyRuns] = {}
        runs = reported(results).runs
        for planned in results.plan.runs:
            if planned.stage != "explore":
                c = planned.run.configuration
                same = Same(c.loss, c.network, c.subset, tuple(getattr(c.training, name) for name in self._settings))
                of_same = configurations.setdefault(same, StudyRuns(key_of(planned).configuration, runs, {}))
                of_same.seeds[planned.run.run_id] = planned.run.seed
        return configurations


def shared_configurations(studies: Sequence[StudyResults]) -> SharedConfigurations:
    """Return what some studies have in common.

    Raises:
        ValueError: there are fewer than two studies, or more than ``MAX_STUDIES``.

    """
    if not 2 <= len(studies) <= MAX_STUDIES:  # noqa: PLR2004 -- to compare takes two
        msg = f"{len(studies)} studies; allowed: 2 to {MAX_STUDIES}"
        raise ValueError(msg)
    return SharedConfigurations(tuple(studies))
