"""Display names: every parameter of a loss has its place."""

from trainables.config import LOSSES
from trainables.naming import PARAMETERS


def test_every_parameter_of_every_loss_has_a_place_in_the_display_order():
    parameters = {name for loss in LOSSES for name in loss.model_fields} - {"name"}
    assert set(PARAMETERS) == parameters
