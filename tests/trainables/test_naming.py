"""Display names: every parameter of a loss has its place."""

import pytest

from trainables.config import Configuration, Run
from trainables.losses.catalogue import CCE, LOSSES
from trainables.naming import (
    PARAMETERS,
    axis_of,
    counted,
    counted_points,
    file_size,
    listed_names,
    number,
    ordered,
    plural,
    seed_in_words,
)


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


def test_a_count_agrees_with_its_noun():
    counts = [counted(number, noun) for number, noun in ((1, "run"), (0, "run"), (12_000, "clip"), (0.5, "GPU"))]
    assert counts == ["1 run", "0 runs", "12,000 clips", "0.5 GPUs"]


def test_plurals_follow_the_rules_of_english():
    nouns = ("training patch", "epoch", "class", "study", "day", "box", "fresh seed", "CPU")
    plurals = [plural(2, noun) for noun in nouns]
    assert plurals == ["training patches", "epochs", "classes", "studies", "days", "boxes", "fresh seeds", "CPUs"]
    assert [plural(1, noun) for noun in nouns] == list(nouns)


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2.5e9, "2.5 GB"), (3e15, "3000.0 TB")]
)
def test_sizes_are_written_in_decimal_units(size, text):
    assert file_size(size) == text


def test_training_settings_follow_the_parameters_of_the_loss_with_the_learning_rate_first():
    varied = {"batch_size": 32, "learning_rate": 0.01, "mine": 2.0, "subset": "all", "q": 0.5}
    assert list(ordered(varied)) == ["q", "mine", "learning_rate", "batch_size"]


def test_the_axis_is_the_first_number():
    assert axis_of({"optimizer": "sgd", "soft": True, "learning_rate": 0.01, "batch_size": 32}) == "learning_rate"
    assert axis_of({"optimizer": "sgd", "soft": True}) == ""


def test_truth_values_are_written_as_in_a_study_file():
    assert list(map(number, (True, False, 32, 0.001))) == ["true", "false", "32", "0.001"]


def test_a_long_value_between_powers_of_ten_is_written_as_one():
    assert list(map(number, (316.2278, 177827.941, 3162, 1000))) == ["10^2.5", "10^5.25", "3162", "1000"]


def test_a_run_is_named_by_its_seed_and_by_its_fold_if_it_has_one():
    run = Run(configuration=Configuration(loss=CCE(name="cce")), seed=3, dataset="0" * 20)
    assert seed_in_words(run) == "seed 3"
    assert seed_in_words(run.model_copy(update={"fold": "2"})) == "seed 3, fold 2"
