"""Patches: where they start, how they are standardised and gathered."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainables.feature_settings import FEATURES
from trainables.features.framing import patch_starts
from trainables.training.patches import Patches, index_patches, standardisation


def test_starts_equal_the_golden_vectors(golden):
    for case in json.loads((golden / "patches.json").read_text()):
        starts = patch_starts(case["frames"])
        assert len(starts) == case["patches"]
        assert starts[: len(case["starts"])] == case["starts"]
        assert starts[-1] == case["last_start"]


@given(st.integers(100, 5000))
def test_every_patch_lies_inside_its_clip(frames):
    starts = patch_starts(frames)
    assert starts[0] == 0
    assert starts[-1] + 100 <= frames


def test_a_clip_shorter_than_a_patch_is_refused():
    with pytest.raises(ValueError, match="99 frames is shorter than one patch of 100"):
        patch_starts(99)


@pytest.fixture
def frames():
    return 3 + 2 * torch.randn(700, 96, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def index():
    return index_patches(
        [(0, 251), (251, 101), (400, 300)], labels=[2, 0, 1], verified=[True, False, True], features=FEATURES
    )


def test_an_index_lists_each_clips_patches_with_its_label(index):
    assert index.starts.tolist() == [0, 50, 100, 150, 251, 400, 450, 500, 550]
    assert index.labels.tolist() == [2, 2, 2, 2, 0, 1, 1, 1, 1]
    assert index.clips.tolist() == [0, 0, 0, 0, 1, 2, 2, 2, 2]
    assert index.verified.tolist() == [True] * 4 + [False] + [True] * 4
    assert len(index.clip_labels) == 3


def test_standardisation_counts_overlaps(frames, index):
    stacked = torch.cat([frames[s : s + 100] for s in index.starts]).double()
    mean, sd = standardisation(frames, index.starts, 100)
    assert (mean - stacked.mean(0)).abs().max() < 1e-5
    assert (sd - stacked.std(0, correction=0)).abs().max() < 1e-5


def test_a_constant_band_is_left_as_it_is(frames, index):
    frames[:, 5] = 7.0
    mean, sd = standardisation(frames, index.starts, 100)
    assert mean[5] == 7
    assert sd[5] == 1


def test_a_batch_is_the_standardised_frames(frames, index):
    mean, sd = standardisation(frames, index.starts, 100)
    batch = Patches(frames, mean, sd, 100).gather(index.starts[[7, 2]])
    assert batch.shape == (2, 1, 100, 96)
    expected = (frames[500:600] - mean) / sd
    assert torch.equal(batch[0, 0], expected)
