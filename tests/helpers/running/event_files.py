"""The event files for TensorBoard of a study, and what its records state."""

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from factories import read_records


def events(storage, name):
    """TensorBoard's runs of a study: their names, each with the steps and values of every scalar."""
    found = {}
    for folder in (storage / "studies" / name / "tensorboard").iterdir():
        read = EventAccumulator(str(folder)).Reload()
        found[folder.name] = {tag: {e.step: e.value for e in read.Scalars(tag)} for tag in read.Tags()["scalars"]}
        assert all(len(read.Scalars(tag)) == len(values) for tag, values in found[folder.name].items())
    return found


def as_events(storage):
    """What the event files of the records must hold."""
    found = {}
    for record in read_records(storage).values():
        loss = record.run.configuration.loss
        name = "cce" if loss.name == "cce" else f"adaptive T={loss.temperature:.0f}"
        of = {
            tag: {e.epoch: pytest.approx(value) for e in record.epochs if (value := getattr(e, field)) is not None}
            for tag, field in (
                ("loss/train", "train_loss"),
                ("loss/validation", "validation_loss"),
                ("accuracy/validation", "validation_accuracy"),
                ("accuracy/validation_clips", "validation_clip_accuracy"),
                ("accuracy/verified", "verified_accuracy"),
                ("macro_f1/validation_clips", "validation_macro_f1"),
                ("macro_f1/verified", "verified_macro_f1"),
                ("balanced_accuracy/validation_clips", "validation_balanced_accuracy"),
                ("balanced_accuracy/verified", "verified_balanced_accuracy"),
                ("learning_rate", "learning_rate"),
                ("q/mean", "q_mean"),
            )
        }
        of["accuracy/test"] = {len(record.epochs): pytest.approx(record.test.accuracy)}
        found[f"{name}, seed {record.run.seed}"] = {tag: values for tag, values in of.items() if values}
    return found
