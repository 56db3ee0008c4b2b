"""The folder of a model: what is in it, and that it is written whole or not at all."""

import json

import numpy as np
import pytest

from study.consent import Consent
from study.errors import EngineError, UsageError
from study.models import folder as model_folder
from study.models.config import weights_names
from study.models.folder import write_model
from study.models.loading import model_of_folder, model_of_study
from study.models.selection import select
from trainables.audio.decoding import read_mono
from trainables.inference.onnx_graph import ExportError
from trainables.outputs.weights import weights_path
from trainables.records import read_record

pytestmark = pytest.mark.slow  # two runs are really trained

REFUSE = Consent(accepted=pytest.fail)


@pytest.fixture(scope="module")
def selection(trained):
    return select(trained, "small", seed=1)


@pytest.fixture(scope="module")
def model(selection):
    return model_of_study(selection, REFUSE)


@pytest.fixture
def without_onnx(monkeypatch):
    monkeypatch.setattr(model_folder, "missing_packages", lambda: ["onnx"])


@pytest.fixture
def written(tmp_path, selection, model, without_onnx):  # noqa: ARG001 -- a fixture
    write_model(tmp_path / "model", selection, model)
    return tmp_path / "model"


@pytest.fixture(scope="module")
def wave(trained):
    return read_mono(next((trained.local_path.parent / "sounds").rglob("*.wav")), 44_100)


def test_it_holds_weights_configuration_and_card(written):
    assert sorted(path.name for path in written.iterdir()) == ["README.md", "config.json", "model.safetensors"]


def test_the_weights_are_those_of_the_run(written, trained, selection):
    kept = weights_path(trained, selection.records[0].run_id).read_bytes()
    assert (written / "model.safetensors").read_bytes() == kept


def test_the_configuration_names_classes_features_run_data_and_accuracy(written, trained, selection):
    config = json.loads((written / "config.json").read_text())
    run_id = selection.records[0].run_id
    record = read_record(trained, run_id)
    assert config["classes"] == selection.results.plan.dataset.classes
    assert config["features"]["patch_frames"] == 20
    assert config["network"]["name"] == "cnn"
    assert config["dataset"]["fingerprint"] == record.run.dataset
    assert [run["run_id"] for run in config["runs"]] == [run_id]
    assert config["test_accuracy"] == record.test.accuracy


def test_a_model_from_its_folder_has_the_same_probabilities(written, model, wave):
    assert model_of_folder(written, REFUSE)(wave).tolist() == model(wave).tolist()


@pytest.mark.usefixtures("without_onnx")
def test_an_ensemble_from_its_folder_has_the_same_probabilities(tmp_path, trained, wave):
    selection = select(trained, "small", ensemble=True)
    ensemble = model_of_study(selection, REFUSE)
    write_model(tmp_path / "model", selection, ensemble)
    assert weights_names(2) == ["model-1.safetensors", "model-2.safetensors"]
    assert model_of_folder(tmp_path / "model", REFUSE)(wave).tolist() == ensemble(wave).tolist()


def test_the_card_states_data_verdict_accuracy_limits_licence_and_software(written):
    card = (written / "README.md").read_text()
    for text in (
        "# small: cce",
        "the run with seed 1 of the 2 complete runs of the study's choice",
        "| Data fingerprint |",
        "- test accuracy: ",
        "One label per clip",
        "## Licence",
        "The study was run by gce-study",
    ):
        assert text in card
    assert "onnxruntime" not in card


@pytest.mark.usefixtures("without_onnx")
def test_a_missing_package_is_named_with_the_remedy(tmp_path, selection, model):
    _, line = write_model(tmp_path / "model", selection, model)
    assert line == "model.onnx: not written: it needs onnx: pip install -c constraints.txt '.[onnx]'"


def test_the_graph_has_the_probabilities_of_the_model_and_the_card_states_how_it_is_used(
    tmp_path, selection, model, wave
):
    onnxruntime = pytest.importorskip("onnxruntime")
    _, line = write_model(tmp_path / "model", selection, model)
    session = onnxruntime.InferenceSession(tmp_path / "model" / "model.onnx")
    (probabilities,) = session.run(None, {"samples": wave[None]})
    assert np.abs(probabilities[0] - model(wave)).max() < 1e-4
    assert line.startswith("model.onnx: on 7 sounds, its probabilities differ from PyTorch's by at most ")
    assert "onnxruntime.InferenceSession" in (tmp_path / "model" / "README.md").read_text()


def test_a_graph_that_differs_from_pytorch_is_an_error_and_nothing_is_written(tmp_path, selection, model, monkeypatch):
    def differs(_):
        msg = "the probabilities differ"
        raise ExportError(msg)

    monkeypatch.setattr(model_folder, "to_onnx", differs)
    with pytest.raises(EngineError, match=r"^model\.onnx: the probabilities differ$"):
        write_model(tmp_path / "model", selection, model)
    assert not list(tmp_path.iterdir())


def test_a_folder_with_files_is_refused_and_left_as_it_is(tmp_path, selection, model):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"already exists; allowed: a new or an empty folder$"):
        write_model(tmp_path, selection, model)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.usefixtures("without_onnx")
def test_an_empty_folder_is_filled(tmp_path, selection, model):
    write_model(tmp_path, selection, model)
    assert (tmp_path / "config.json").is_file()


@pytest.mark.usefixtures("without_onnx")
def test_a_write_that_fails_leaves_nothing_behind(tmp_path, selection, model, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match=f"cannot be written: No space left on device: '{tmp_path / 'model'}'"):
        write_model(tmp_path / "model", selection, model)
    assert not list(tmp_path.iterdir())


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no model: it has no config\.json"):
        model_of_folder(tmp_path, REFUSE)


def test_damaged_weights_are_an_error_that_names_the_file(written):
    (written / "model.safetensors").write_bytes(b"12345678")
    with pytest.raises(EngineError, match=r"model\.safetensors: damaged"):
        model_of_folder(written, REFUSE)


def test_damaged_weights_of_a_study_are_an_error_that_states_how_to_replace_them(selection, monkeypatch):
    path = weights_path(selection.storage, selection.records[0].run_id)
    monkeypatch.setattr(type(path), "read_bytes", lambda _: b"12345678")
    with pytest.raises(EngineError, match=r"damaged: .*; remove that file, then gce-study run FILE --retrain-choice"):
        model_of_study(selection, REFUSE)
