"""Count what is known of the labels of training clips."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.losses.base import KnownLabels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.datasets.manifest import Manifest


def known_labels(manifest: Manifest, clips: Sequence[int]) -> KnownLabels:
    """Return what is known of the labels of clips.

    Args:
        manifest: the data set.
        clips: positions of the clips in it.

    """
    index = {label: k for k, label in enumerate(manifest.classes)}
    verified, unverified = [0] * len(index), [0] * len(index)
    transitions = [[0] * len(index) for _ in index]
    for i in clips:
        clip = manifest.clips[i]
        given = index[clip.label]
        if clip.verified:
            verified[given] += 1
        else:
            unverified[given] += 1
            if clip.true_label in index:  # neither unknown nor a sound of none of the classes
                transitions[index[clip.true_label]][given] += 1
    return KnownLabels(manifest.classes, tuple(verified), tuple(unverified), tuple(map(tuple, transitions)))
