"""Display names: every parameter of a loss has its place."""

import pytest

from trainables.config import LOSSES
from trainables.naming import PARAMETERS, counted_points, listed_names


def test_every_parameter_of_every_loss_has_a_place_in_the_display_order():
    parameters = {name for loss in LOSSES for name in loss.model_fields} - {"name"}
    assert set(PARAMETERS) == parameters


def test_one_point_is_singular():
    assert [counted_points(size) for size in (0.5, 1.0, 2.0)] == ["0.5 points", "1 point", "2 points"]


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["Bark", "Rain"], "Bark, Rain"),
        (["Vehicle horn, car horn, honking", "Bark"], '"Vehicle horn, car horn, honking", Bark'),
        (["Cutlery and silverware", "Sandpaper"], '"Cutlery and silverware", Sandpaper'),
        (["a; b", "c"], '"a; b", c'),
        ([], ""),
    ],
)
def test_a_name_that_would_run_together_with_its_neighbours_is_in_quotes(names, text):
    assert listed_names(names) == text
