"""Frames and patches of any settings: as many as stated, all inside their clip."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trainables.feature_settings import Features
from trainables.features.framing import frame_count, patch_starts
from trainables.features.logmel import log_mel


@st.composite
def any_features(draw):
    """Draw settings that break no rule."""
    n_fft = draw(st.integers(16, 600))
    window = draw(st.integers(16, n_fft))
    patch_frames = draw(st.integers(1, 20))
    return Features(
        sample_rate=8000,
        n_fft=n_fft,
        window=window,
        hop=draw(st.integers(1, window)),
        mels=4,
        patch_frames=patch_frames,
        patch_hop=draw(st.integers(1, patch_frames)),
    )


@settings(max_examples=40)
@given(any_features(), st.integers(1, 3000))
def test_a_sound_has_as_many_finite_frames_as_stated_and_its_patches_lie_inside(features, samples):
    frames = log_mel(np.random.default_rng(samples).normal(size=samples).astype(np.float32), 8000, features)
    assert frames.shape == (frame_count(samples, features), 4)
    assert np.isfinite(frames).all()
    starts = patch_starts(len(frames), features)
    assert np.diff([0, *starts[1:]]).tolist() == [features.patch_hop] * (len(starts) - 1)
    assert starts[-1] + features.patch_frames <= len(frames)
