"""The ``features`` key of a study file: log-mel settings, and embeddings of the clips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, PrivateAttr

from trainables.datasets.keys import LocalPath  # noqa: TC001 -- pydantic reads the annotation
from trainables.feature_settings import Features

if TYPE_CHECKING:
    from typing import Self

    from trainables.config import Run


class StudyFeatures(Features):
    """Settings of the log-mel frames and patches, whose defaults are those of Fonseca et al. 2019; and embeddings."""

    # Left out of dumps at its default, so that plans of studies without embeddings stay as they were.
    embeddings: Annotated[
        LocalPath | None,
        Field(
            description="an .npz file, or a folder of .npy files, with the embeddings of every clip",
            exclude_if=lambda path: path is None,
        ),
    ] = None
    _digest: str | None = PrivateAttr(None)
    _truth: str | None = PrivateAttr(None)

    @classmethod
    def of(cls, run: Run) -> StudyFeatures:
        """Return the features of a run, with what else identifies its data."""
        return cls(**run.features.model_dump()).identified(run.embeddings, run.truth)

    @property
    def log_mel(self) -> Features:
        """The settings of the log-mel frames alone."""
        return Features(**self.model_dump(exclude={"embeddings"}, exclude_unset=True))

    @property
    def digest(self) -> str | None:
        """The digest of the embeddings; None until they have been read, or if no run uses them."""
        return self._digest

    @property
    def truth(self) -> str | None:
        """The digest of the known true labels; None until they have been read, or if no run uses them."""
        return self._truth

    def identified(self, digest: str | None, truth: str | None) -> Self:
        """Return the same features, with the digests of the embeddings and the true labels that were read."""
        copied = self.model_copy()
        copied._digest, copied._truth = digest, truth  # noqa: SLF001 -- its own class
        return copied


FEATURES = StudyFeatures()
