"""Candidates: the configurations that a study may train."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from study.spec.study_features import FEATURES as STUDY_FEATURES
from study.spec.study_features import StudyFeatures
from trainables.config import Run
from trainables.feature_settings import FEATURES
from trainables.plans import PlannedRun
from trainables.plugins.loading import code_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from study.spec.study import StudySpec
    from trainables.config import Configuration
    from trainables.records import Stage


class Candidate(NamedTuple):
    """A configuration, its arm, the values of the arm's open parameters, and the features of the study."""

    arm: str
    varied: Mapping[str, float | str]
    configuration: Configuration
    features: StudyFeatures = STUDY_FEATURES

    def planned(self, seed: int, dataset: str, stage: Stage = "", fold: str | None = None) -> PlannedRun:
        """Return the run of this configuration with a seed, on the data set with this fingerprint.

        Args:
            seed: of the run.
            dataset: the data set's fingerprint.
            stage: the purpose of the run.
            fold: the fold that is its test set; None if the data set's folds are not the test set in turn.

        """
        run = Run(
            configuration=self.configuration,
            seed=seed,
            dataset=dataset,
            # What a run does not use is not part of its identity.
            features=self.features.log_mel if self.configuration.needs_frames else FEATURES,
            code=code_of(self.configuration),
            embeddings=self.features.digest if self.configuration.needs_embeddings else None,
            truth=self.features.truth if self.configuration.loss.needs_truth else None,
            fold=fold,
        )
        return PlannedRun(arm=self.arm, varied=dict(self.varied), run=run, stage=stage)


def candidates(spec: StudySpec) -> list[Candidate]:
    """Return every configuration of a study, in the order of the file.

    ``varied`` is keyed by the names in the file: ``q``, ``learning_rate``, ``subset`` (see
    ``trainables.config.parameter_name``). An arm with a range has no candidates.
    """
    return [
        Candidate(arm.name, choice.varied, choice.configuration, spec.features)
        for arm in spec.open_arms
        if not arm.ranges
        for choice in arm.choices()
    ]


def distinct_candidates(runs: Iterable[PlannedRun]) -> list[Candidate]:
    """Return the configurations that runs train, each once, in the order of their first run."""
    first: dict[Configuration, Candidate] = {}
    for planned in runs:
        run = planned.run
        candidate = Candidate(planned.arm, planned.varied, run.configuration, StudyFeatures.of(run))
        first.setdefault(run.configuration, candidate)
    return list(first.values())
