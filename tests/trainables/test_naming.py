"""Display names: every parameter of a loss has its place."""

from trainables.config import LOSSES
from trainables.naming import PARAMETERS, counted_points


def test_every_parameter_of_every_loss_has_a_place_in_the_display_order():
    parameters = {name for loss in LOSSES for name in loss.model_fields} - {"name"}
    assert set(PARAMETERS) == parameters


def test_one_point_is_singular():
    assert [counted_points(size) for size in (0.5, 1.0, 2.0)] == ["0.5 points", "1 point", "2 points"]
