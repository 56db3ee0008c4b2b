"""Cautions on clips that spoil what a study measures: repeated sounds, sounds of two labels, clips without sound."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainables.naming import set_off

if TYPE_CHECKING:
    from collections.abc import Sequence

    from trainables.plans import Doubt, DoubtfulClips


LEAKS = ("test_in_training", "shared_recording")  # doubts that make test accuracies too high


def clip_cautions(doubtful: Sequence[DoubtfulClips]) -> list[str]:
    """Return a sentence for each kind of doubtful clips of a data set, with the first few of them."""
    return [_caution(clips) for clips in doubtful]


def _caution(doubtful: DoubtfulClips) -> str:
    one = doubtful.clips == 1
    hold, repeat = ("holds", "repeats") if one else ("hold", "repeat")
    number = f"{doubtful.clips:,} of {doubtful.among:,}"
    match doubtful.doubt:
        case "test_in_training":
            text = f"{number} test clips {hold} the sound of a training clip, which makes test accuracies too high"
        case "shared_recording":
            were = "was" if one else "were"
            text = (
                f"{number} test clips {were} cut from the recording of a training clip, which makes test accuracies "
                "too high"
            )
        case "two_labels":
            text = f"{number} clips {hold} a sound that another clip has under another label"
        case "repeated_training":
            text = (
                f"{number} training clips {repeat} the sound of another; where only one of the two is held out for "
                "validation, validation accuracies are too high"
            )
        case "repeated_test":
            text = f"{number} test clips {repeat} the sound of another, which counts more than once"
        case "silent":
            text = f"{number} clips {hold} no sound; dataset.silent: leave_out leaves such clips out"
    shown = [_example(doubtful.doubt, *pair) for pair in doubtful.examples]
    named = len(shown) * (2 if doubtful.doubt == "two_labels" else 1)
    return f"{text}{': ' if named >= doubtful.clips else ', such as '}{'; '.join(shown)}."


def _example(doubt: Doubt, clip: str, other: str) -> str:
    match doubt:
        case "silent":
            return f"{set_off(clip)} ({other})"
        case "two_labels":  # each with its label, in quotes
            return f"{clip} as {other}"
        case _:
            return f"{set_off(clip)} as {set_off(other)}"
