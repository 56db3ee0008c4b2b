"""The soft-nearest-neighbour score against vectors made with mpmath, and on real patches."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from trainables.audio.decoding import read_mono
from trainables.features.logmel import log_mel
from trainables.losses.soft_nearest_neighbour import adaptive_q, snn, squared_distances


def golden_cases(golden):
    for name, data in json.loads((golden / "snn.json").read_text())["sets"].items():
        for result in data["results"]:
            yield name, torch.tensor(data["x"], dtype=torch.float64), torch.tensor(data["y"]), result


@pytest.mark.parametrize(("reading", "key"), [("mean", "q_mean"), ("pooled", "q_pooled"), ("sample", "q_sample")])
def test_q_equals_the_golden_vectors(golden, reading, key):
    checked = 0
    for name, x, y, result in golden_cases(golden):
        expected = torch.tensor(result[key], dtype=torch.float64)
        error = (adaptive_q(x, y, result["T"], reading) - expected).abs().max()
        assert error <= 1e-10, (name, result["T"])
        checked += 1
    assert checked >= 20


def naive_q(x, y, temperature):
    """The plain float32 form, as one would first write it."""
    weights = torch.exp(-torch.cdist(x, x).square() / temperature)
    weights = weights * (1 - torch.eye(len(x)))
    same = (y[:, None] == y[None, :]).float()
    return 1 - ((weights * same).sum(1) / weights.sum(1)).mean()


@pytest.fixture(scope="session")
def real_patches(real_data):
    """64 standardised patches of real recordings, flattened, and labels."""
    files = sorted((real_data / "esc-sounds").glob("*.ogg"))[:64]
    patches = np.stack([log_mel(read_mono(f, 44_100), 44_100)[:100] for f in files])
    patches = (patches - patches.mean(axis=(0, 1))) / patches.std(axis=(0, 1))
    return torch.from_numpy(patches).float().flatten(1), torch.arange(64) % 20


@pytest.mark.parametrize("temperature", [1.0, 10.0, 100.0])
def test_q_is_finite_on_real_patches_where_the_naive_form_is_nan(real_patches, temperature):
    x, y = real_patches
    assert naive_q(x, y, temperature).isnan()
    q = adaptive_q(x, y, temperature)
    assert q.isfinite()
    assert 0 <= q <= 1


def test_q_equals_the_naive_form_where_that_is_accurate(real_patches):
    x, y = real_patches
    assert adaptive_q(x, y, 1e5).item() == pytest.approx(naive_q(x, y, 1e5).item(), abs=1e-4)


def test_a_high_temperature_is_blind_to_the_features():
    """For T -> infinity the score is the share of same-label neighbours."""
    x = torch.randn(10, 5, generator=torch.Generator().manual_seed(0))
    y = torch.tensor([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
    assert snn(x, y, 1e12).item() == pytest.approx(4 / 9, abs=1e-9)


def test_a_sample_without_a_neighbour_of_its_label_counts_zero():
    x = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    assert snn(x, torch.tensor([0, 0, 1]), 1.0, "sample")[2] == 0


def test_no_gradient_flows_through_the_score():
    x = torch.randn(4, 3, requires_grad=True)
    assert not adaptive_q(x, torch.tensor([0, 0, 1, 1]), 1.0).requires_grad


def test_the_score_is_float64_inside_autocast():
    x, y = torch.randn(8, 16, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 2
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = adaptive_q(x, y, 10.0)
    assert inside.dtype == torch.float64
    assert torch.equal(inside, adaptive_q(x, y, 10.0))


@given(st.integers(2, 12), st.integers(1, 6), st.floats(1e-3, 1e7), st.integers(0, 2**31))
def test_every_reading_lies_in_the_unit_interval(n, width, temperature, seed):
    generator = torch.Generator().manual_seed(seed)
    x = 10 * torch.randn(n, width, generator=generator)
    y = torch.randint(0, 3, (n,), generator=generator)
    for reading in ("mean", "pooled", "sample"):
        q = adaptive_q(x, y, temperature, reading)
        assert bool(((q >= 0) & (q <= 1)).all())


def test_squared_distances_equal_the_direct_sum():
    x = torch.randn(6, 3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) + 100
    direct = (x.flatten(1)[:, None] - x.flatten(1)[None, :]).square().sum(-1)
    assert (squared_distances(x) - direct).abs().max() < 1e-10


@pytest.mark.parametrize(
    ("n", "temperature", "reading", "message"),
    [
        (1, 1.0, "mean", "at least 2 samples, got 1"),
        (4, 0.0, "mean", "temperature is 0.0; allowed: a number above 0"),
        (4, float("nan"), "mean", "temperature is nan"),
        (4, 1.0, "median", "reading is 'median'; allowed: mean, pooled, sample"),
    ],
)
def test_a_bad_argument_is_refused(n, temperature, reading, message):
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        adaptive_q(torch.zeros(n, 2), torch.zeros(n, dtype=torch.int64), temperature, reading)


def test_targets_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"targets have shape \(3,\), expected \(4,\)"):
        adaptive_q(torch.zeros(4, 2), torch.zeros(3, dtype=torch.int64), 1.0)


@pytest.mark.parametrize("reading", ["mean", "pooled", "sample"])
def test_a_relative_temperature_is_a_multiple_of_the_batchs_median_squared_distance(reading):
    x, targets = torch.randn(9, 5, generator=torch.Generator().manual_seed(0)), torch.arange(9) % 3
    median = torch.pdist(x.double()).square().median().item()
    relative = snn(x, targets, 0.3, reading, relative=True)
    assert torch.allclose(relative, snn(x, targets, 0.3 * median, reading), rtol=1e-9)


def test_with_a_relative_temperature_the_scale_of_the_features_does_not_matter():
    x, targets = torch.randn(8, 5, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 2
    one, thousandfold = (snn(scale * x, targets, 0.1, relative=True).item() for scale in (1, 1000))
    assert one == pytest.approx(thousandfold, rel=1e-6)


def test_a_relative_temperature_is_finite_where_the_median_distance_is_0():
    x = torch.tensor([[0.0], [0.0], [0.0], [0.0], [5.0]])
    score = snn(x, torch.tensor([0, 0, 1, 1, 1]), 0.1, "sample", relative=True)
    assert score.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1 / 3, 1 / 2], abs=1e-5)


def test_a_relative_temperature_is_finite_where_all_distances_are_0():
    score = snn(torch.zeros(4, 2), torch.tensor([0, 0, 1, 1]), 0.1, relative=True)
    assert score.item() == pytest.approx(1 / 3)
