"""Checkpoints: read back, replaced atomically, refused when they are damaged or hold code."""

import pytest
import torch

from trainables.training.checkpoint import load_checkpoint, save_checkpoint


@pytest.fixture
def path(tmp_path):
    return tmp_path / "checkpoints" / "run.pt"


def test_what_is_saved_is_read_back(path):
    save_checkpoint(path, {"w": torch.arange(3), "epoch": 4})
    state = load_checkpoint(path)
    assert state["epoch"] == 4
    assert state["w"].tolist() == [0, 1, 2]


def test_there_is_none_before_the_first_epoch(path):
    assert load_checkpoint(path) is None


def test_a_flipped_bit_is_noticed(path):
    save_checkpoint(path, {"w": torch.randn(1000)})
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
    save_checkpoint(path, {"w": torch.randn(100)})
    path.write_bytes(path.read_bytes()[:keep])
    assert load_checkpoint(path) is None
    assert "the run starts anew" in caplog.text


def test_a_checkpoint_that_holds_code_is_not_run(path, tmp_path):
    class Bomb:
        def __reduce__(self):
            return (exec, (f"open({str(tmp_path / 'ran')!r}, 'w').close()",))

    save_checkpoint(path, {"w": Bomb()})
    assert load_checkpoint(path) is None
    assert not (tmp_path / "ran").exists()


def test_a_failed_write_keeps_the_old_checkpoint(path, monkeypatch):
    save_checkpoint(path, {"epoch": 1})

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trainables.storage.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_checkpoint(path, {"epoch": 2})
    monkeypatch.undo()
    assert load_checkpoint(path)["epoch"] == 1
    assert [p.name for p in path.parent.iterdir()] == ["run.pt"]
