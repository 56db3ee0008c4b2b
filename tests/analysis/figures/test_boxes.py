"""The boxes of the arms show the configuration that validation prefers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.figures import boxes
from analysis.results.runs_table import scores
from trainables.losses.catalogue import AdaptiveGCE

if TYPE_CHECKING:
    from factories import Builder


def test_a_box_holds_the_arms_configuration_that_validation_prefers(study: Builder) -> None:
    for temperature, validation, test in ((10.0, 0.8, 0.5), (100.0, 0.7, 0.9)):
        for seed in range(2):
            loss = AdaptiveGCE(name="adaptive_gce", temperature=temperature)
            varied = {"temperature": temperature}
            study.add("adaptive", loss, seed, validation=validation, test=test, varied=varied)
    (box,) = boxes.boxes_data(scores(study.results().runs, "test"), study.finding().representatives)
    assert box.key.configuration == "adaptive T=10"
    assert box.accuracies == (0.5, 0.5)
    assert box.seeds == (0, 1)
