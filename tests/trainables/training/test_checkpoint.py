"""Checkpoints: read back, replaced atomically, refused when they are damaged or hold code; runs continue from them."""

import hashlib
import io

import pytest
import torch

from runs_in_process import CPU, curve, train
from trainables.losses.catalogue import AdaptiveGCE
from trainables.storage.documents import OtherVersionError
from trainables.storage.folder_location import FolderLocation
from trainables.training.checkpoint import CHECKSUM, Checkpoint, load_checkpoint, save_checkpoint
from trainables.training.run_training import RunTraining

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoints" / "run.pt"


EPOCH = {
    "epoch": 1,
    "train_loss": 1.0,
    "validation_loss": float("inf"),
    "validation_accuracy": 0.5,
    "verified_accuracy": None,
    "learning_rate": 0.001,
    "q_mean": None,
    "q_sd": None,
}


def state(model=None, **changes):
    """A checkpoint as it lies in the file."""
    training = {"model": model, "curve": [EPOCH], "images": 64, "train_s": 2.0}
    attempt = {"host": "h", "device": "cpu", "threads": 1, "started": "2026-01-01", "from_epoch": 1, "wall_s": 2.5}
    spent = {"wall_s": 2.5, "cpu_s": 2.0}
    return {"schema_version": 1, "training": training, "spent": spent, "earlier": [attempt]} | changes


def write(path, content):
    """Write an intact checkpoint of any content."""
    buffer = io.BytesIO()
    torch.save(content, buffer)
    path.write(hashlib.blake2b(buffer.getvalue(), digest_size=CHECKSUM).digest() + buffer.getvalue())


def checkpoint(model=None):
    return Checkpoint.model_validate(state(model))


def stored(path):
    return torch.load(io.BytesIO(path.read_bytes()[CHECKSUM:]), weights_only=True)


def test_what_is_saved_is_read_back(path):
    save_checkpoint(path, checkpoint(torch.arange(3)))
    loaded = load_checkpoint(path)
    assert loaded.training["model"].tolist() == [0, 1, 2]
    assert loaded.trained.curve[0].validation_loss == float("inf")
    assert (loaded.trained.images, loaded.trained.train_s) == (64, 2.0)
    assert (loaded.spent.wall_s, loaded.earlier[0].host, loaded.earlier[0].at_rung) == (2.5, "h", False)


@pytest.mark.parametrize("more", [{}, {"at_rung": True}, {"gpus": 0.5}, {"of_a_later_version": [1]}])
def test_the_file_holds_what_it_always_held(path, more):
    written = state()
    written["earlier"][0] |= more
    save_checkpoint(path, Checkpoint.model_validate(written))
    assert stored(path) == written


@pytest.mark.parametrize(
    "changes", [{"training": {"weights": 1}}, {"training": {"curve": []}}, {"spent": None}, {"earlier": []}]
)
def test_a_checkpoint_of_another_version_counts_as_none(path, changes, caplog):
    write(path, state(**changes))
    assert load_checkpoint(path) is None
    assert "foreign checkpoint" in caplog.text


@pytest.mark.parametrize("changes", [{}, {"training": {"weights": 1}}, {"spent": None}])
def test_a_checkpoint_of_a_newer_version_is_refused_and_stays(path, changes):
    write(path, state(schema_version=2, **changes))
    before = path.read_bytes()
    with pytest.raises(OtherVersionError, match=r"run\.pt: written by a newer version of gce-study \(schema 2"):
        load_checkpoint(path)
    assert path.read_bytes() == before


def test_a_checkpoint_without_a_version_of_its_schema_is_resumed(path):
    content = state(torch.arange(3))
    del content["schema_version"]
    write(path, content)
    assert load_checkpoint(path).training["model"].tolist() == [0, 1, 2]


def test_there_is_none_before_the_first_epoch(path):
    assert load_checkpoint(path) is None


def test_a_flipped_bit_is_noticed(path):
    save_checkpoint(path, checkpoint(torch.randn(1000)))
    data = bytearray(path.read_bytes())
    for place in range(0, len(data), 97):
        flipped = bytearray(data)
        flipped[place] ^= 1
        path.write_bytes(flipped)
        assert load_checkpoint(path) is None


def test_a_checkpoint_that_cannot_be_read_now_is_not_taken_for_absent(path):
    path.mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        load_checkpoint(path)


@pytest.mark.parametrize("keep", [0, 10, 200, -1])
def test_a_torn_checkpoint_counts_as_none(path, keep, caplog):
    save_checkpoint(path, checkpoint(torch.randn(100)))
    path.write_bytes(path.read_bytes()[:keep])
    assert load_checkpoint(path) is None
    assert "the run starts over" in caplog.text


def test_a_checkpoint_that_holds_code_is_not_run(path, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (exec, (f"open({str(tmp_path / 'ran')!r}, 'w').close()",))

    save_checkpoint(path, checkpoint(Bomb()))
    assert load_checkpoint(path) is None
    assert not (tmp_path / "ran").exists()


def test_a_failed_write_keeps_the_old_checkpoint(path, monkeypatch):
    save_checkpoint(path, checkpoint(1))

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trainables.storage.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(path, checkpoint(2))
    monkeypatch.undo()
    assert load_checkpoint(path).training["model"] == 1
    assert [p.name for p in path.parent.iterdir()] == ["run.pt"]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimizer": "sgd", "learning_rate": 0.01, "schedule": "cosine"},
        {"optimizer": "adamw", "weight_decay": 0.01},
    ],
)
def test_a_run_continued_from_its_state_equals_an_uninterrupted_one_bit_for_bit(loader, make_run, settings):
    run = make_run(AdaptiveGCE(name="adaptive_gce", temperature=300.0), epochs=4, **settings)
    whole = train(loader, run, 4)
    half = train(loader, run, 2)
    rest = RunTraining(run, loader.run_data(run), CPU)
    rest.restore(half.state())
    for _ in range(2):
        rest.train_epoch()
    assert curve(rest) == curve(whole)
    assert rest.evaluate().test == whole.evaluate().test
    for name, weight in whole.model.state_dict().items():
        assert torch.equal(weight, rest.model.state_dict()[name]), name


@pytest.mark.parametrize("settings", [{"optimizer": "sgd", "schedule": "cosine"}, {"optimizer": "adamw"}])
def test_optimiser_and_schedule_continue_from_a_file(loader, make_run, settings, tmp_path):
    run = make_run(epochs=4, **settings)
    half, path = train(loader, run, 1), FolderLocation(tmp_path) / "run.pt"
    attempt = {"host": "h", "device": "cpu", "threads": 1, "started": "2026-01-01", "from_epoch": 1, "wall_s": 2.5}
    spent = {"wall_s": 2.5, "cpu_s": 2.0}
    save_checkpoint(path, Checkpoint.model_validate({"training": half.state(), "spent": spent, "earlier": [attempt]}))
    rest = RunTraining(run, loader.run_data(run), CPU)
    rest.restore(load_checkpoint(path).training)
    assert rest.train_epoch() == half.train_epoch()
