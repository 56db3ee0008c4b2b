"""The study file that trains a choice alone has the same runs."""

import json

import pytest

from factories import curve, record, write_record
from plugin_files import FOCAL, write_plugin
from study.cli import main
from study.consent import Consent
from study.methods.factory import make_method
from study.methods.method import Signal
from study.planning.runs import study_plan
from study.spec.reading import read_spec
from trainables.plans import DataSummary, EmbeddingSummary, write_plan
from trainables.plugins.loading import use
from trainables.storage.location import location

LOSSES = [
    {"name": "gce", "loss": {"name": "gce", "q": {"values": [0.3, 0.7]}}},
    {"name": "cce", "loss": {"name": "cce"}},
]
RANGE = {
    "name": "gce",
    "loss": {"name": "gce", "q": {"min": 0.1, "max": 0.9}},
    "training": {"learning_rate": {"min": 1e-5, "max": 1e-2, "scale": "log"}},
}
DISTANCES = {"name": "near", "loss": {"name": "adaptive_gce", "relative_temperature": 2.5, "distances": "embedding"}}
SETTLE = {"name": "settle", "max_runs": 8, "confirm_seeds": 3, "baselines": ["cce"]}
SEARCH = {
    "name": "search",
    "configurations": 4,
    "seeds": 1,
    "confirm_best": 1,
    "confirm_seeds": 2,
    "baselines": ["cce"],
}
FOLDS = {"kind": "csv", "path": "clips.csv", "folds": "all"}
STUDIES = {
    "grid": {"arms": LOSSES, "seeds": 2},
    "settings": {
        "arms": [
            {**LOSSES[0], "subset": "clean", "network": {"name": "vgg"}, "training": {"mixup": 0.4}},
            LOSSES[1],
        ],
        "seeds": [3, 5],
        "features": {"mels": 64, "sample_rate": 16000},
        "training": {"epochs": 7, "batch_size": 16, "validation": 0.2, "split_seed": 9, "optimizer": "sgd"},
        "dataset": {"kind": "csv", "path": "a 'b': #c.csv", "noise": {"symmetric": 0.3}},
        "select_on": "verified",
    },
    "settle": {"arms": LOSSES, "method": SETTLE},
    "search": {"arms": [RANGE, LOSSES[1]], "method": SEARCH},
    "embeddings": {"arms": [DISTANCES, *LOSSES], "seeds": 2, "features": {"embeddings": "clips.npz"}},
    "frames beside embeddings": {"arms": [*LOSSES, DISTANCES], "seeds": 2, "features": {"embeddings": "clips.npz"}},
    "folds": {"arms": LOSSES, "seeds": 2, "dataset": FOLDS},
    "plugin": {
        "arms": [{"name": "mine", "loss": {"name": "mine.focal", "gamma": 1.5}}],
        "seeds": 2,
        "plugins": ["p.py"],
    },
}


def read(path):
    """Return the study of a file, and its plan on data with folds and embeddings if the file names them."""
    spec = read_spec(path, Consent(allowed=True))
    embeddings = EmbeddingSummary(digest="e" * 20, model="m", dims=4, windows=9, hop_s=1.0, window_s=1.0)
    spec = spec.model_copy(update={"features": spec.features.identified("e" * 20, None)})
    folds = {"1": 5, "2": 5} if "folds" in path.read_text() else {}
    data = DataSummary(name="d", kind="csv", fingerprint="f" * 20, classes=["a", "b"], clips={}, folds=folds)
    return spec, study_plan(spec, data.model_copy(update={"embeddings": embeddings if spec.uses_embeddings else None}))


@pytest.fixture(autouse=True)
def only_built_in():
    """Forget after each test the plugins that its study uses."""
    yield
    use([])


@pytest.mark.parametrize("keys", STUDIES.values(), ids=STUDIES)
def test_the_runs_of_a_choice_alone_are_those_of_the_study(keys, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_plugin(tmp_path / "p.py", FOCAL)
    file = tmp_path / "rain.yaml"
    file.write_text(json.dumps({"name": "rain", "dataset": {"kind": "synthetic"}, **keys}))
    spec, plan = read(file)
    runs = {planned.run.run_id: planned for planned in plan.runs}
    method = make_method(spec, "f" * 20, plan.runs, len(plan.dataset.folds)).method
    storage = location(tmp_path / "results")
    while (planned := method.ask()) is not Signal.DONE:
        runs[planned.run.run_id] = planned
        accuracy = 0.9 if planned.arm == spec.arms[0].name else 0.5
        epochs = curve([accuracy] * planned.run.configuration.training.epochs)
        result = record(planned, epochs=epochs, verified_accuracy=accuracy)
        write_record(storage, result)
        method.tell(result)
    write_plan(storage, plan.model_copy(update={"runs": list(runs.values())}))
    assert main(["best", "rain", "--yaml"]) == 0
    (tmp_path / "best.yaml").write_text(capsys.readouterr().out)
    alone, again = read(tmp_path / "best.yaml")
    ids = {planned.run.run_id for planned in again.runs}
    configurations = {runs[run_id].run.configuration for run_id in ids}
    reported = {i for i, p in runs.items() if p.run.configuration in configurations and p.stage in {"", "confirm"}}
    assert (alone.name, len(configurations), ids) == ("rain-best", 1, reported)
