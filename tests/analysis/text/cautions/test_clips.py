"""Cautions on clips: what each kind of doubtful clips is called, and where it is stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.text.cautions.clips import clip_cautions
from trainables.losses.catalogue import CCE
from trainables.plans import Doubt, DoubtfulClips

if TYPE_CHECKING:
    from factories import Builder

TESTED = "which makes test accuracies too high"
VALIDATED = "where only one of the two is held out for validation, validation accuracies are too high"


@pytest.mark.parametrize(
    ("doubt", "few", "many"),
    [
        (
            "test_in_training",
            f"1 of 9 test clips holds the sound of a training clip, {TESTED}: a as b.",
            f"5 of 9 test clips hold the sound of a training clip, {TESTED}, such as a as b.",
        ),
        (
            "shared_recording",
            f"1 of 9 test clips was cut from the recording of a training clip, {TESTED}: a as b.",
            f"5 of 9 test clips were cut from the recording of a training clip, {TESTED}, such as a as b.",
        ),
        (
            "two_labels",
            "2 of 9 clips hold a sound that another clip has under another label: a ('x') as b ('y').",
            "5 of 9 clips hold a sound that another clip has under another label, such as a ('x') as b ('y').",
        ),
        (
            "repeated_training",
            f"1 of 9 training clips repeats the sound of another; {VALIDATED}: a as b.",
            f"5 of 9 training clips repeat the sound of another; {VALIDATED}, such as a as b.",
        ),
        (
            "repeated_test",
            "1 of 9 test clips repeats the sound of another, which counts more than once: a as b.",
            "5 of 9 test clips repeat the sound of another, which counts more than once, such as a as b.",
        ),
        (
            "silent",
            "1 of 9 clips holds no sound; dataset.silent: leave_out leaves such clips out: a (b).",
            "5 of 9 clips hold no sound; dataset.silent: leave_out leaves such clips out, such as a (b).",
        ),
    ],
)
def test_doubtful_clips_are_counted_and_the_first_are_named(doubt: Doubt, few: str, many: str) -> None:
    labelled = doubt == "two_labels"
    example = ("a ('x')", "b ('y')") if labelled else ("a", "b")
    clips = [DoubtfulClips(doubt=doubt, clips=n, among=9, examples=[example]) for n in (2 if labelled else 1, 5)]
    assert clip_cautions(clips) == [few, many]


def test_a_file_whose_name_holds_a_separator_is_in_quotes() -> None:
    clips = DoubtfulClips(doubt="repeated_test", clips=1, among=9, examples=[("rain, heavy.wav", "b.wav")])
    assert clip_cautions([clips])[0].endswith(': "rain, heavy.wav" as b.wav.')


def test_a_report_cautions_of_the_doubtful_clips_of_its_plan(study: Builder) -> None:
    study.add("cce", CCE(name="cce"), 0)
    doubtful = DoubtfulClips(doubt="repeated_test", clips=2, among=9, examples=[("a.wav", "b.wav"), ("c.wav", "b.wav")])
    assert "counts more than once" not in " ".join(study.report().cautions)
    study.doubtful = [doubtful]
    assert study.report().cautions[-1] == (
        "2 of 9 test clips repeat the sound of another, which counts more than once: a.wav as b.wav; c.wav as b.wav."
    )
