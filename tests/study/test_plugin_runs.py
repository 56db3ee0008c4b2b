"""Studies with plugins through the command line, on a real Ray cluster of this machine."""

import json
import subprocess

import pytest

from factories import GCE_STUDY, read_records
from plugin_files import write_plugin

pytestmark = pytest.mark.slow

SCE = """\
import math

from torch.nn import functional


class SCE(Loss):
    \"\"\"Symmetric cross-entropy, written by hand.\"\"\"

    name: Literal["mine.sce"]
    alpha: Annotated[float, Field(ge=0)] = 0.1
    beta: Annotated[float, Field(ge=0)] = 1.0

    def make(self):
        def sce(logits, targets, batch):
            ce = functional.cross_entropy(logits, targets, reduction="none")
            p = logits.softmax(1).gather(1, targets[:, None]).squeeze(1)
            return self.alpha * ce + self.beta * -math.log(1e-4) * (1 - p)

        return sce
"""
STUDY = {
    "name": "open",
    "plugins": ["my_losses.py"],
    "dataset": {"kind": "synthetic", "train_per_class": 8, "test_per_class": 2},
    "arms": [
        {"name": "mine", "loss": {"name": "mine.sce"}},
        {"name": "built-in", "loss": {"name": "sce"}},
    ],
    "seeds": 1,
    # Adam's first steps are as large for a rounding error as for a gradient; those of SGD are not.
    "training": {"epochs": 3, "batch_size": 16, "optimizer": "sgd", "learning_rate": 0.001},
    "resources": {"max_concurrent": 1},
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A user's folder with a study and a plugin."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "study.yaml").write_text(json.dumps(STUDY | {"storage": str(tmp_path / "results")}))
    write_plugin(tmp_path / "my_losses.py", SCE)
    return tmp_path


def gce_study(*arguments, folder):
    return subprocess.run([GCE_STUDY, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def by_loss(folder):
    """Return the records, name of the loss -> run_id -> record."""
    records: dict = {}
    for run_id, record in read_records(folder / "results").items():
        records.setdefault(record.run.configuration.loss.name, {})[run_id] = record
    return records


def test_a_users_loss_trains_as_the_built_in_one_and_is_trained_again_when_edited(folder):
    refused = gce_study("run", "study.yaml", folder=folder)
    assert (refused.returncode, "add --allow-code" in refused.stderr) == (2, True)
    assert not (folder / "results").exists()

    done = gce_study("run", "study.yaml", "--allow-code", folder=folder)
    assert done.returncode == 0, done.stderr
    first = by_loss(folder)
    ((mine_id, mine),), ((sce_id, sce),) = first["mine.sce"].items(), first["sce"].items()
    assert mine_id != sce_id
    for one, other in zip(mine.epochs, sce.epochs, strict=True):
        assert one.train_loss == pytest.approx(other.train_loss, rel=1e-6)
        assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-6)
        assert one.validation_accuracy == other.validation_accuracy
    assert mine.test.predictions == sce.test.predictions
    assert mine.test.log_loss == pytest.approx(sce.test.log_loss, rel=1e-5)

    again = gce_study("run", "study.yaml", folder=folder)
    assert again.returncode == 0, again.stderr
    assert by_loss(folder) == first

    write_plugin(folder / "my_losses.py", SCE, "# edited")
    edited = gce_study("run", "study.yaml", "--allow-code", folder=folder)
    assert edited.returncode == 0, edited.stderr
    assert "1 record comes from other code of mine.sce and does not count: its run is trained again" in edited.stdout
    second = by_loss(folder)
    assert second["sce"] == first["sce"]
    assert len(second["mine.sce"].keys() - first["mine.sce"].keys()) == 1


def test_a_loss_that_prints_and_raises_is_a_failed_run_with_file_and_line_and_prints_nothing(folder):
    lines = ("print('noise')", "if batch.epoch == 3:", "    raise ValueError('no way')", "ce =")
    text = SCE.replace("            ce =", "\n".join(f"            {line}" for line in lines))
    write_plugin(folder / "my_losses.py", text)
    done = gce_study("run", "study.yaml", "--allow-code", folder=folder)
    assert done.returncode == 0, done.stderr
    (mine,), (sce,) = (records.values() for records in (by_loss(folder)["mine.sce"], by_loss(folder)["sce"]))
    assert (mine.status, mine.error, len(mine.epochs)) == ("failed", "my_losses.py:24: ValueError: no way", 2)
    assert sce.status == "complete"
    assert "noise" not in done.stdout + done.stderr
