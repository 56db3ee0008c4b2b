"""Mel filters: how many bands a transform can fill."""

import pytest

from trainables.feature_settings import FEATURES, Features
from trainables.features.mel_filters import mel_filters, most_mels


def test_the_papers_bands_all_hold_a_bin():
    assert most_mels(FEATURES) == FEATURES.mels


@pytest.mark.parametrize("n_fft", [256, 512, 1024])
def test_one_band_more_than_the_most_would_be_empty(n_fft):
    most = most_mels(Features(n_fft=n_fft, mels=512))
    assert mel_filters(Features(n_fft=n_fft, mels=most)).any(axis=0).all()
    assert not mel_filters(Features(n_fft=n_fft, mels=most + 1)).any(axis=0).all()
