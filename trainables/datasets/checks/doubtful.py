"""Clips that can be used but spoil what a study measures: repeated or shared sounds, sounds of two labels, silence."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from trainables.naming import set_off
from trainables.plans import Doubt, DoubtfulClips

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainables.datasets.manifest import Clip, Manifest, Split

MAX_EXAMPLES = 3


def doubtful_clips(manifest: Manifest) -> list[DoubtfulClips]:
    """Count the doubtful clips of each kind, with the first few of them; kinds that the data set lacks are left out.

    Two clips hold the same sound if their files are equal or, where frames have been computed, their frames are. Where
    each fold is the test set in turn, a test clip is in training if a clip of another fold holds its sound.

    Args:
        manifest: with digests.

    """
    repeated = list(_repeated(manifest))
    two_labels = [
        pairs
        for train, test in repeated
        if (pairs := _other_labels(test if test and manifest.folds else [*train, *test]))
    ]
    kinds: dict[Doubt, list[tuple[str, str]]] = {
        "test_in_training": [
            (clip.path, trained_on.path)
            for train, test in repeated
            for clip in test
            if (trained_on := next((other for other in train if not other.fold or other.fold != clip.fold), None))
        ],
        "shared_recording": list(_shared_recordings(manifest)),
        "two_labels": [pair for pairs in two_labels for pair in pairs],
        "repeated_training": [(clip.path, train[0].path) for train, _ in repeated for clip in train[1:]],
        "repeated_test": [(clip.path, test[0].path) for _, test in repeated for clip in test[1:]],
        "silent": list(manifest.silent_clips.items()),
    }
    examples = kinds | {"two_labels": [pairs[0] for pairs in two_labels]}  # one for each sound: it names two clips
    split: dict[Doubt, Split] = dict.fromkeys(("test_in_training", "shared_recording", "repeated_test"), "test")
    split["repeated_training"] = "train"
    among = {doubt: len(manifest.of(split[doubt]) if doubt in split else manifest.sounds) for doubt in kinds}
    return [
        DoubtfulClips(doubt=doubt, clips=len(pairs), among=among[doubt], examples=examples[doubt][:MAX_EXAMPLES])
        for doubt, pairs in kinds.items()
        if pairs
    ]


def _shared_recordings(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Yield each test clip that was cut from the recording of a training clip, with the first such training clip."""
    of_recording: defaultdict[str, list[Clip]] = defaultdict(list)
    for clip in manifest.of("train"):
        if clip.recording:
            of_recording[clip.recording].append(clip)
    for clip in manifest.of("test"):
        train = of_recording.get(clip.recording, [])
        trained_on = next((other.path for other in train if not other.fold or other.fold != clip.fold), "")
        if trained_on:
            yield clip.path, trained_on


def _repeated(manifest: Manifest) -> Iterator[tuple[list[Clip], list[Clip]]]:
    """Yield the training and the test clips of each sound that occurs more than once; silence does not count."""
    of_sound: defaultdict[str, tuple[list[Clip], list[Clip]]] = defaultdict(lambda: ([], []))
    for clip, content in zip(manifest.clips, manifest.digests, strict=True):
        if content not in manifest.silent:
            of_sound[manifest.same.get(content, content)][clip.split == "test"].append(clip)
    return ((train, test) for train, test in of_sound.values() if len(train) + len(test) > 1)


def _other_labels(clips: list[Clip]) -> list[tuple[str, str]]:
    """Return each clip of a sound that has several labels, with the first clip of another label."""
    first = clips[0]
    second = next((clip for clip in clips if clip.label != first.label), None)
    if second is None:
        return []
    return [(_labelled(clip), _labelled(second if clip.label == first.label else first)) for clip in clips]


def _labelled(clip: Clip) -> str:
    return f"{set_off(clip.path)} ('{clip.label}')"
