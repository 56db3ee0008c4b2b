"""A model whose network a plugin defines: its code is kept with the model, and run by consent alone."""

import pytest

from plugin_files import LINEAR, plugin_sources
from study import consent as consents
from study.consent import Consent
from study.errors import EngineError, UsageError
from study.models import folder as model_folder
from study.models.folder import write_model
from study.models.loading import model_of_folder, model_of_study
from study.models.selection import select
from trainables.audio.decoding import read_mono
from trainables.inference import onnx_graph
from trainables.plugins.loading import load, use
from trainables.plugins.sources import sources_path
from trained_studies import trained_study

pytestmark = pytest.mark.slow  # a run is really trained


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    plugin = load(plugin_sources(LINEAR))
    use([plugin])
    storage = trained_study(
        tmp_path_factory.mktemp("plugin"), seeds=1, network=plugin.networks["mine.linear"](name="mine.linear")
    )
    use([])
    return storage


@pytest.fixture
def selection(storage, tmp_path, monkeypatch):
    monkeypatch.setattr(consents, "remembered_path", lambda: tmp_path / "accepted")
    monkeypatch.setattr(model_folder, "missing_packages", lambda: ["onnx"])
    yield select(storage, "small")
    use([])


@pytest.fixture
def wave(storage):
    return read_mono(next((storage.local_path.parent / "sounds").rglob("*.wav")), 44_100)


def test_its_code_is_not_run_without_consent(selection):
    with pytest.raises(UsageError, match=r"runs Python code that you have not accepted yet .*--allow-code$"):
        model_of_study(selection, Consent())


def test_with_consent_it_predicts(selection, wave):
    assert model_of_study(selection, Consent(allowed=True))(wave).sum() == pytest.approx(1, abs=1e-6)


def test_its_folder_keeps_the_code_and_predicts_alike_by_consent(selection, wave, tmp_path):
    model = model_of_study(selection, Consent(allowed=True))
    write_model(tmp_path / "model", selection, model)
    use([])
    assert model_of_folder(tmp_path / "model", Consent(allowed=True))(wave).tolist() == model(wave).tolist()


def test_changed_code_is_not_run(selection, storage, tmp_path):
    write_model(tmp_path / "model", selection, model_of_study(selection, Consent(allowed=True)))
    (code,) = selection.records[0].run.code
    kept = sources_path(type(storage)(tmp_path / "model"), code.sha256)
    kept.write(kept.read_bytes().replace(b"relu", b"tanh"))
    with pytest.raises(EngineError, match=r"\.json: damaged: "):
        model_of_folder(tmp_path / "model", Consent(allowed=True))


def test_a_graph_that_differs_from_pytorch_is_left_out_and_the_rest_is_written(selection, wave, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    monkeypatch.setattr(model_folder, "missing_packages", list)
    monkeypatch.setattr(onnx_graph, "TOLERANCE", -1)
    model = model_of_study(selection, Consent(allowed=True))
    _, line = write_model(tmp_path / "model", selection, model)
    assert line.startswith(
        "model.onnx: not written: the probabilities of the ONNX graph differ from PyTorch's by up to "
    )
    assert not (tmp_path / "model" / "model.onnx").exists()
    assert model_of_folder(tmp_path / "model", Consent(allowed=True))(wave).tolist() == model(wave).tolist()
