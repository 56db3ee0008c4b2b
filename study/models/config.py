"""``config.json`` of a model's folder: what the model is, and all that loading it needs beside the weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainables.config import Run, Training
from trainables.storage.documents import Document, Part

if TYPE_CHECKING:
    from study.models.selection import Selection
    from trainables.config import PluginCode

CONFIG, CARD, ONNX = "config.json", "README.md", "model.onnx"


class ModelRun(Part):
    """One run that a model consists of; accuracies are fractions, None where they are hidden or absent."""

    run_id: str
    run: Run
    validation_accuracy: float | None
    test_accuracy: float | None


class ModelData(Part):
    """The data set that a model was trained on."""

    name: str
    kind: str
    fingerprint: str


class ModelConfig(Document):
    """What a model is.

    Attributes:
        study: the study's name.
        configuration: label of the study's choice.
        classes: names of the classes, in the order of the probabilities.
        sample_rate: of the sounds, in Hz.
        features: settings of the log-mel frames and patches.
        network, loss, training: their settings, those at their defaults included.
        dataset: what it was trained on.
        test_accuracy: of this model: of its one run, or of the ensemble.
        runs: one, or those of the ensemble; loading reads these and the classes.

    """

    study: str
    configuration: str
    classes: list[str]
    sample_rate: int
    features: dict[str, int]
    network: dict[str, Any]
    loss: dict[str, Any]
    training: dict[str, Any]
    dataset: ModelData
    test_accuracy: float | None
    runs: list[ModelRun]


def weights_names(runs: int) -> list[str]:
    """Return the names of the files of weights of a model: one for each run."""
    return ["model.safetensors"] if runs == 1 else [f"model-{n}.safetensors" for n in range(1, runs + 1)]


def config_of(selection: Selection) -> ModelConfig:
    """Return the configuration of a model of runs of a study."""
    plan, records = selection.results.plan, selection.records
    run = records[0].run
    training = run.configuration.training
    runs = [
        ModelRun(
            run_id=record.run_id,
            run=record.run,
            validation_accuracy=record.validation_clip_accuracy,
            test_accuracy=record.test.accuracy if record.test else None,
        )
        for record in records
    ]
    return ModelConfig(
        study=plan.name,
        configuration=selection.best.configuration,
        classes=plan.dataset.classes,
        sample_rate=run.features.sample_rate,
        features=run.features.stored(),
        network=run.configuration.network.model_dump(),
        loss=run.configuration.loss.model_dump(exclude_none=True),
        training={name: getattr(training, name) for name in Training.model_fields},
        dataset=ModelData(name=plan.dataset.name, kind=plan.dataset.kind, fingerprint=plan.dataset.fingerprint),
        test_accuracy=runs[0].test_accuracy if len(runs) == 1 else selection.ensemble_accuracy(),
        runs=runs,
    )


def network_code(run: Run) -> PluginCode | None:
    """Return the code of the plugin that defines a run's network; None for a built-in one."""
    return next((code for code in run.code if code.name == run.configuration.network.name), None)
