"""The rules of a study file between the keys of its features, and between them and the networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainables.feature_settings import FEATURES
from trainables.naming import number
from trainables.settings import Violation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from study.spec.open_arms import OpenArm
    from trainables.feature_settings import Features

LONGEST_S = 60.0  # seconds of a patch
# Each is at most as large as the other.
ORDER = (("window", "n_fft"), ("hop", "window"), ("patch_hop", "patch_frames"))


def feature_violations(features: Features) -> Iterator[Violation]:
    """Yield what breaks a rule between the keys of the features."""
    if features == FEATURES:
        return
    fits = True
    for smaller, larger in ORDER:
        least, most = getattr(features, smaller), getattr(features, larger)
        if least > most:
            fits = False
            # The key that the file states, where the other has its default.
            if smaller in features.model_fields_set:
                yield Violation(("features", smaller), f"at most features.{larger} ({most})")
            else:
                yield Violation(("features", larger), f"at least features.{smaller} ({least})")
    longest = int(LONGEST_S * features.sample_rate / features.hop)
    if features.patch_frames > longest:
        yield Violation(("features", "patch_frames"), f"at most {longest}, which are {number(LONGEST_S)} s")
    if fits:
        from trainables.features.mel_filters import most_mels  # noqa: PLC0415 -- numpy, which few study files need

        if features.mels > (most := most_mels(features)):
            text = f"at most {most}, so that each band holds a frequency of the transform (features.n_fft)"
            yield Violation(("features", "mels"), text)


def patch_violations(features: Features, arms: Iterable[OpenArm]) -> Iterator[Violation]:
    """Yield each size of a patch that is too small for the network of an arm."""
    networks: dict[str, Any] = {arm.network.parameters()["name"]: arm.network.of for arm in arms}
    for name, network in networks.items():
        for key, least in zip(("patch_frames", "mels"), network.smallest, strict=True):
            if getattr(features, key) < least:
                yield Violation(("features", key), f"at least {least} with network {name}, whose poolings need as many")
