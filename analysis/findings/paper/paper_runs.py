"""A study's own runs of the settings that the paper published: what its numbers and claims are compared with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from analysis.findings.paper import published
from analysis.results.runs_table import key_of, scores
from trainables.feature_settings import FEATURES
from trainables.losses.catalogue import AdaptiveGCE

if TYPE_CHECKING:
    import pandas as pd

    from analysis.findings.paper.published import PublishedLoss
    from analysis.findings.possible_bests import Bests
    from analysis.results.study_results import StudyResults
    from trainables.config import Configuration, Subset

ABSENT = "not in this study"


@dataclass(frozen=True, eq=False)
class PaperRuns:
    """The runs of a study whose loss, subset, training and features are those of a published number.

    Every complete run counts, as in the paper. Accuracies are test accuracies, fractions in [0, 1].
    """

    results: StudyResults  # of the reported runs
    explored: Bests | None = None  # which explored configurations may be the best by validation; None if unknown

    def accuracies(self, loss: PublishedLoss, subset: Subset) -> dict[int, float]:
        """Return seed -> test accuracy; empty if the study has no complete run of these settings."""
        return self._accuracies(published.configuration(loss, subset))

    def name(self, loss: PublishedLoss, subset: Subset) -> str:
        """Name the study's configurations of these settings; without one, state what differs from them but the loss."""
        wanted = published.configuration(loss, subset)
        labels = list(dict.fromkeys(map(str, self._rows(wanted)["configuration"])))
        return ", ".join(labels) or self._why_absent(wanted)

    @cached_property
    def temperatures(self) -> dict[float, dict[int, float]]:
        """T -> seed -> test accuracy of the adaptive loss on ``all``, ascending, other settings being the paper's."""
        return {t: by_seed for t, of_t in sorted(self._of_temperature.items()) if (by_seed := self._accuracies(of_t))}

    @cached_property
    def possible_bests(self) -> dict[float, bool]:
        """Explored T -> whether it may be the best by validation, ascending, other settings being the paper's."""
        if self.explored is None:
            return {}
        key_of_configuration = {
            planned.run.configuration: key_of(planned)
            for planned in self.results.plan.runs
            if planned.run.features == FEATURES
        }
        keys = {t: key_of_configuration.get(of_t) for t, of_t in sorted(self._of_temperature.items())}
        return {t: key in self.explored.members for t, key in keys.items() if key in self.explored.compared}

    def outcomes(self, most: float) -> pd.DataFrame:
        """Return the recorded runs of the adaptive loss on ``all`` with T up to ``most``, whatever became of them."""
        rows = [self._rows(of_t) for t, of_t in self._of_temperature.items() if t <= most]
        return self.results.runs[self.results.runs["run_id"].isin([i for of_t in rows for i in of_t["run_id"]])]

    @cached_property
    def _of_temperature(self) -> dict[float, Configuration]:
        wanted = published.configuration("adaptive_gce", "all")
        by_t: dict[float, Configuration] = {}
        for planned in self.results.plan.runs:
            loss = planned.run.configuration.loss
            if isinstance(loss, AdaptiveGCE):
                by_t[loss.temperature] = wanted.model_copy(
                    update={"loss": wanted.loss.model_copy(update={"temperature": loss.temperature})}
                )
        return by_t

    def _rows(self, wanted: Configuration) -> pd.DataFrame:
        """Return the rows of exactly this configuration; arms that share it share its runs too."""
        return self.results.runs[self.results.runs["run_id"].isin(self._run_ids.get(wanted, ()))]

    @cached_property
    def _run_ids(self) -> dict[Configuration, list[str]]:
        run_ids: dict[Configuration, list[str]] = {}
        for planned in self.results.plan.runs:
            if planned.run.features == FEATURES:
                run_ids.setdefault(planned.run.configuration, []).append(planned.run.run_id)
        return run_ids

    def _accuracies(self, wanted: Configuration) -> dict[int, float]:
        tested = scores(self._rows(wanted), "test")
        return {seed: accuracy for by_seed in tested.values() for seed, accuracy in by_seed.items()}

    def _why_absent(self, wanted: Configuration) -> str:
        for planned in self.results.plan.runs:
            ours = planned.run.configuration
            if ours.subset == wanted.subset and ours.loss == wanted.loss:
                differences = ours.training.model_dump().items() - wanted.training.model_dump().items()
                differences |= planned.run.features.model_dump().items() - FEATURES.model_dump().items()
                return f"{ABSENT}: differs in {', '.join(f'{name} {value}' for name, value in sorted(differences))}"
        return ABSENT
