"""What a study's feature settings mean, in seconds and hertz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.naming import number

if TYPE_CHECKING:
    from trainables.feature_settings import Features


def features_in_words(features: Features) -> str:
    """Describe frames and patches.

    For the paper's: ``log-mel spectrograms of 96 bands at 44.1 kHz (a window of 40 ms every 20 ms) in patches of 2 s
    every 1 s``.
    """
    window, hop = (
        f"{number(round(1000 * samples / features.sample_rate, 2))} ms" for samples in (features.window, features.hop)
    )
    length, step = (
        f"{number(round(frames * features.hop / features.sample_rate, 3))} s"
        for frames in (features.patch_frames, features.patch_hop)
    )
    return (
        f"log-mel spectrograms of {features.mels} bands at {number(features.sample_rate / 1000)} kHz "
        f"(a window of {window} every {hop}) in patches of {length} every {step}"
    )
