"""Records on disk: nothing of their provenance is lost or moved, whichever version wrote it."""

import json

import pytest

import factories
from factories import point
from trainables.config import Configuration, Run
from trainables.losses.catalogue import CCE
from trainables.provenance import Attempt, Provenance
from trainables.records import Record

EARLIER = [{"host": "a", "device": "cpu", "from_epoch": 1, "wall_s": 2.0, "at_rung": True}, {"of_old": {"x": 1}}]
WRITTEN = {
    "zone": "of another version",
    "device": "NVIDIA A10G",
    "gpus": 1,
    "versions": {"torch": "2.11.0", "odd": 3},
    "host": None,
    "ended": "2026-01-02T03:04:05+00:00",
    "attempts": 4,
    "earlier_attempts": EARLIER,
}


def record(provenance):
    run = Run(configuration=Configuration(loss=CCE(name="cce")), seed=0, dataset="d")
    return factories.record(run, "failed", validation_accuracy=0.25, provenance=provenance)


def test_a_provenance_of_any_version_is_written_as_it_was_read():
    text = record(WRITTEN).model_dump_json(indent=1)
    assert json.dumps(json.loads(text)["provenance"]) == json.dumps(WRITTEN)
    assert Record.model_validate_json(text).model_dump_json(indent=1) == text


def test_what_earlier_attempts_left_out_is_unknown_and_the_last_attempt_is_that_of_the_record():
    first, second, last = Provenance({**WRITTEN, "host": "b"}).attempts
    assert (first.host, first.wall_s, first.at_rung) == ("a", 2.0, True)
    assert (second.host, second.wall_s, second.at_rung, second.gpus) == ("", None, False, 0.0)
    assert (last.host, last.device, last.gpus) == ("b", "NVIDIA A10G", 1.0)


def test_attempts_that_are_not_described_are_counted():
    assert Provenance(WRITTEN).attempt_count == 4
    assert Provenance().attempt_count == 1


def test_what_is_not_text_is_no_version_and_no_device():
    provenance = Provenance({"versions": {"torch": "2.11.0", "odd": 3}, "python": None, "device": 5})
    assert provenance.versions == {"torch": "2.11.0"}
    assert provenance.device is None
    assert Provenance({"versions": "2"}).versions == {}


def test_nested_entries_are_named_by_their_path():
    assert list(Provenance({"git": {"commit": "c"}, "attempts": 1, "gpus": [0.5]}).entries()) == [
        ("git.commit", "c"),
        ("attempts", "1"),
        ("gpus", "[0.5]"),
    ]


def test_the_provenance_of_an_ended_run_holds_its_earlier_attempts_as_they_were():
    earlier = [Attempt(host="a", wall_s=2.0), Attempt.model_validate({"of_old": 1})]
    provenance = Provenance.of({"host": "b"}, earlier, "2026-01-01")
    assert json.dumps(provenance.root) == json.dumps(
        {
            "host": "b",
            "ended": "2026-01-01",
            "attempts": 3,
            "earlier_attempts": [{"host": "a", "wall_s": 2.0}, {"of_old": 1}],
        }
    )


@pytest.mark.parametrize(("select_on", "accuracy"), [("validation", 0.25), ("verified", None)])
def test_a_study_chooses_by_the_accuracy_that_it_names(select_on, accuracy):
    assert record({}).score(select_on) == accuracy


def test_a_study_chooses_by_the_last_epochs_macro_f1():
    epochs = [point(1, validation_macro_f1=0.4), point(2, validation_macro_f1=0.5)]
    assert factories.record(record({}).run, epochs=epochs).score("validation_macro_f1") == 0.5


def test_a_record_of_an_earlier_version_lacks_macro_f1():
    assert factories.record(record({}).run, epochs=[point(1)]).lacks("validation_macro_f1")


def test_a_record_without_verified_validation_clips_lacks_no_metric_on_them():
    assert not factories.record(record({}).run, epochs=[point(1)]).lacks("verified_macro_f1")
