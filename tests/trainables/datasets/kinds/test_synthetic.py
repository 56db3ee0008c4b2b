from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pytest

from trainables.audio.decoding import read_mono
from trainables.audio.headers import probe
from trainables.datasets.config import Synthetic
from trainables.datasets.kinds import synthetic
from trainables.datasets.kinds.sounds import CLASSES, RATE, render
from trainables.datasets.load import load, with_digests
from trainables.datasets.manifest import DataSetError

SMALL = Synthetic(kind="synthetic", train_per_class=5, test_per_class=2)
SMALLEST = Synthetic(kind="synthetic", train_per_class=4, test_per_class=1)


@pytest.fixture
def clicks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make sounds of one sample, where it does not matter what they hold."""
    monkeypatch.setattr(synthetic, "_sound", lambda *_: np.ones(1, dtype=np.float32))


@pytest.mark.slow
def test_the_default_has_six_classes_and_is_made_in_seconds(tmp_path: Path) -> None:
    before = sum(os.times()[:4])  # of this process and of those that it started
    manifest = load(Synthetic(kind="synthetic"), tmp_path)
    assert sum(os.times()[:4]) - before < 40  # 6 s
    assert len(manifest.classes) == 6
    assert (len(manifest.of("train")), len(manifest.of("test"))) == (240, 120)
    assert sum(c.verified for c in manifest.of("train")) == 48
    unverified = [c for c in manifest.of("train") if not c.verified]
    assert sum(c.label != c.true_label for c in unverified) == 6 * 13  # 0.4 of 32, rounded
    assert (manifest.name, manifest.kind) == ("synthetic", "synthetic")


@pytest.mark.slow
def test_every_file_is_good(tmp_path: Path) -> None:
    manifest = with_digests(load(SMALL, tmp_path), tmp_path / "digests")
    assert len(set(manifest.digests)) == len(manifest.clips) == 42
    for clip in manifest.clips:
        header = probe(manifest.file(clip))
        assert (header.rate, header.channels) == (44_100, 1)
        assert 0.5 <= header.seconds <= 2.5
        assert np.abs(read_mono(manifest.file(clip), 44_100)).max() > 0.04


def test_the_data_seed_matters_and_repeats(tmp_path: Path) -> None:
    def fingerprint(seed: int, cache: str) -> str:
        manifest = load(SMALLEST.model_copy(update={"seed": seed}), tmp_path / cache)
        return with_digests(manifest, tmp_path / cache).fingerprint

    assert fingerprint(1, "a") == fingerprint(1, "b")
    assert fingerprint(1, "a") != fingerprint(2, "a")


@pytest.mark.slow
def test_more_clips_leave_the_others_as_they_are(tmp_path: Path) -> None:
    few = load(SMALLEST, tmp_path)
    many = load(SMALLEST.model_copy(update={"train_per_class": 5}), tmp_path)
    same = {c.path for c in few.clips} & {c.path for c in many.clips}
    assert len(same) == len(few.clips)
    assert all((few.root / p).read_bytes() == (many.root / p).read_bytes() for p in same)


@pytest.mark.usefixtures("clicks")
def test_what_was_made_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(SMALL, tmp_path)
    monkeypatch.setattr(synthetic, "_build", lambda *_: pytest.fail("made again"))
    assert load(SMALL, tmp_path) == first


@pytest.mark.usefixtures("clicks")
def test_an_interrupted_build_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(synthetic, "_write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            load(SMALL, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(load(SMALL, tmp_path).clips) == 42


def test_a_full_disk_is_named() -> None:
    with pytest.raises(OSError, match=re.escape("No space left on device: '/dev/full'")):
        synthetic._write(Path("/dev/full"), np.zeros(100, dtype=np.float32))


@pytest.mark.usefixtures("clicks")
def test_a_faster_process_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build = synthetic._build

    def late(settings: synthetic.Settings, folder: Path) -> None:
        build(settings, folder)
        monkeypatch.setattr(synthetic, "_build", build)
        load(SMALL, tmp_path)  # another process, between making and renaming

    monkeypatch.setattr(synthetic, "_build", late)
    assert len(load(SMALL, tmp_path).clips) == 42
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.usefixtures("clicks")
def test_something_else_in_its_place(tmp_path: Path) -> None:
    folder = load(SMALL, tmp_path).root
    (folder / "clips.csv").unlink()
    with pytest.raises(DataSetError, match=f"^{folder}: the synthetic data set cannot be put here"):
        load(SMALL, tmp_path)


@pytest.mark.parametrize("label", list(CLASSES))
def test_each_class_varies_and_stays_in_range(label: str) -> None:
    waves = [render(label, np.random.default_rng(i)) for i in range(8)]
    assert len({len(w) for w in waves}) == 8
    for wave in waves:
        assert wave.dtype == np.float32
        assert 0.5 * RATE - 1 <= len(wave) <= 2.5 * RATE
        assert 0.04 < np.abs(wave).max() <= 0.95 + 1e-6
