"""The settings of log-mel frames and of their patches; part of a run's identity."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field, PlainSerializer, ValidationError

from trainables.frozen import Frozen


class Features(Frozen):
    """Settings of the log-mel frames and of their patches; the defaults are those of Fonseca et al. 2019."""

    sample_rate: Annotated[
        int, Field(ge=2_000, le=192_000, description="rate in Hz to which sounds of another rate are resampled")
    ] = 44_100
    n_fft: Annotated[int, Field(ge=16, le=16_384, description="samples of a Fourier transform")] = 2048
    window: Annotated[
        int, Field(ge=16, le=16_384, description="samples of a frame's Hamming window, at most n_fft")
    ] = 1764
    hop: Annotated[int, Field(ge=1, le=16_384, description="samples from one frame to the next, at most window")] = 882
    mels: Annotated[int, Field(ge=1, le=512, description="mel bands from 0 Hz to half the sample rate")] = 96
    patch_frames: Annotated[
        int,
        Field(
            ge=1, le=10_000, description="frames of a patch, which the network receives; a shorter sound is repeated"
        ),
    ] = 100
    patch_hop: Annotated[
        int, Field(ge=1, le=10_000, description="frames from one patch of a clip to the next, at most patch_frames")
    ] = 50

    @property
    def min_samples(self) -> int:
        """The samples of a patch: a shorter sound is repeated until it has as many."""
        return self.patch_frames * self.hop

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of a patch: (1, patch_frames, mels)."""
        return 1, self.patch_frames, self.mels

    def stored(self) -> dict[str, int]:
        """Return the settings as records, plans and the names of frame stores have them: with ``min_samples``."""
        settings: dict[str, int] = self.model_dump()
        patches = {key: settings.pop(key) for key in ("patch_frames", "patch_hop")}
        return settings | {"min_samples": self.min_samples} | patches

    @classmethod
    def read(cls, value: Any) -> Any:  # noqa: ANN401 -- any JSON value
        """Return what ``stored`` returned without ``min_samples``, if that follows from the rest; else the value."""
        if not isinstance(value, dict) or "min_samples" not in value:
            return value
        settings = {key: item for key, item in value.items() if key != "min_samples"}
        with suppress(ValidationError):
            if cls.model_validate(settings).stored() == value:
                return settings
        return value


FEATURES = Features()

# As records and plans have them.
StoredFeatures: TypeAlias = Annotated[Features, BeforeValidator(Features.read), PlainSerializer(Features.stored)]
