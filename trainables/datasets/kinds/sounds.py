"""The sound events of the synthetic data set: each a short recipe of numpy, varied by a random generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Wave = NDArray[np.float64]
    Recipe = Callable[[np.random.Generator, int], Wave]

RATE = 44_100  # Hz
DURATION = (0.5, 2.5)  # seconds
SNR = (-3.0, 20.0)  # dB, event to background
DISTRACTOR = 0.35  # share of the clips with a quieter event of another class
DISTRACTOR_LEVEL = (-18.0, -5.0)  # dB


def render(label: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """Synthesise one clip: float32 (n,), 0.5 to 2.5 s at 44.1 kHz, peak between 0.05 and 0.95."""
    n = int(RATE * rng.uniform(*DURATION))
    wave = _event(label, rng, n)
    if rng.random() < DISTRACTOR:
        other = str(rng.choice([c for c in CLASSES if c != label]))
        wave = wave + _event(other, rng, n) * 10 ** (rng.uniform(*DISTRACTOR_LEVEL) / 20)
    wave = _room(wave, rng)
    background = _noise(rng, n, slope=rng.uniform(-2.0, 0.3), low=20.0, high=20_000.0)
    wave = wave / _rms(wave) + background / _rms(background) * 10 ** (-rng.uniform(*SNR) / 20)
    return np.asarray(wave / np.abs(wave).max() * rng.uniform(0.05, 0.95), dtype=np.float32)


def _event(label: str, rng: np.random.Generator, n: int) -> Wave:
    """Render an event of n samples that starts somewhere in the first third, at unit power."""
    start = int(rng.uniform(0, n / 3))
    wave = np.zeros(n)
    wave[start:] = CLASSES[label](rng, n - start)
    return wave / _rms(wave)


def _bark(rng: np.random.Generator, n: int) -> Wave:
    """Return one to four barks: harmonics of a pitch that jumps up and falls, with breath."""
    pitch, brightness = rng.uniform(180, 700), rng.uniform(0.6, 1.6)
    wave = np.zeros(n)
    for start in _onsets(rng, n, rng.uniform(1.5, 5.0), rng.uniform(0, 0.2)):
        m = min(n - start, int(RATE * rng.uniform(0.08, 0.25)))
        t = np.arange(m) / RATE
        contour = pitch * rng.uniform(0.9, 1.1) * (1 + rng.uniform(0.2, 0.7) * np.sin(np.pi * t * RATE / m) ** 0.7)
        phase = 2 * np.pi * np.cumsum(contour) / RATE
        tone = sum(np.sin(k * phase) / k**brightness for k in range(1, 9))
        breath = rng.uniform(0.1, 0.8) * rng.standard_normal(m)
        wave[start : start + m] += (tone + breath) * np.hanning(m) ** rng.uniform(0.4, 1.0)
    return wave


def _siren(rng: np.random.Generator, n: int) -> Wave:
    """Return a tone that sweeps up and down, as a sine or in two steps."""
    t = np.arange(n) / RATE
    swing = np.sin(2 * np.pi * (rng.uniform(0.4, 5.0) * t + rng.random()))
    if rng.random() < 0.4:  # noqa: PLR2004 -- some sirens have two tones
        swing = np.tanh(8 * swing)
    centre = rng.uniform(500, 1600)
    phase = 2 * np.pi * np.cumsum(centre * 2 ** (rng.uniform(0.15, 0.9) * swing)) / RATE
    return np.asarray(sum(np.sin(k * phase) / k ** rng.uniform(1.0, 2.5) for k in (1, 2, 3, 4)))


def _rain(rng: np.random.Generator, n: int) -> Wave:
    """Return broad-band hiss with drops."""
    wave = _noise(rng, n, slope=rng.uniform(-1.0, 0.3), low=rng.uniform(200, 1500), high=rng.uniform(6000, 18_000))
    wave *= 1 + rng.uniform(0, 0.4) * np.sin(2 * np.pi * (rng.uniform(0.2, 2.0) * np.arange(n) / RATE + rng.random()))
    drops = np.zeros(n)
    at = rng.integers(0, n, size=int(n / RATE * rng.uniform(5, 80)))
    drops[at] = rng.standard_normal(len(at)) * rng.uniform(2, 12)
    return wave / _rms(wave) + np.convolve(drops, _decay(0.002, 0.004), "full")[:n]


def _knock(rng: np.random.Generator, n: int) -> Wave:
    """Return raps on wood: short bursts through a few low resonances."""
    modes = rng.uniform(90, 1400, size=5)
    wave = np.zeros(n)
    for start in _onsets(rng, n, rng.uniform(2.5, 9.0), rng.uniform(0, 0.25)):
        m = min(n - start, int(RATE * 0.15))
        t = np.arange(m) / RATE
        hit = sum(np.sin(2 * np.pi * f * t + rng.random()) * np.exp(-t * rng.uniform(25, 90)) for f in modes)
        click = rng.standard_normal(m) * np.exp(-t * rng.uniform(300, 900)) * rng.uniform(0.3, 2)
        wave[start : start + m] += (hit + click) * rng.uniform(0.5, 1.0)
    return wave


def _engine(rng: np.random.Generator, n: int) -> Wave:
    """Return a hum of low harmonics whose speed drifts, with a rumble."""
    t = np.arange(n) / RATE
    speed = rng.uniform(25, 110) * (1 + rng.uniform(-0.3, 0.3) * t + 0.02 * np.sin(2 * np.pi * rng.uniform(1, 6) * t))
    phase = 2 * np.pi * np.cumsum(speed) / RATE
    weights = rng.uniform(0.2, 1.0, size=14) / np.arange(1, 15) ** rng.uniform(0.3, 1.0)
    hum = np.asarray(sum(w * np.sin(k * phase + rng.uniform(0, 6)) for k, w in enumerate(weights, 1)))
    rumble = _noise(rng, n, slope=-1.5, low=30, high=rng.uniform(500, 4000))
    return hum / _rms(hum) + rng.uniform(0.2, 1.2) * rumble / _rms(rumble)


def _bell(rng: np.random.Generator, n: int) -> Wave:
    """Return strokes of inharmonic partials that ring out."""
    partials = np.array([0.5, 1.0, 1.19, 1.5, 2.0, 2.74, 3.76]) * rng.uniform(350, 2200)
    partials *= rng.uniform(0.97, 1.03, size=len(partials))
    ring = rng.uniform(1.5, 9)
    wave = np.zeros(n)
    for start in _onsets(rng, n, rng.uniform(0.6, 3.0), rng.uniform(0, 0.3)):
        t = np.arange(n - start) / RATE
        for k, f in enumerate(partials[partials < RATE / 2.2]):
            wave[start:] += rng.uniform(0.2, 1.0) * np.sin(2 * np.pi * f * t) * np.exp(-t * ring * (1 + 0.4 * k))
    return wave


CLASSES: dict[str, Recipe] = {
    "bark": _bark,
    "bell": _bell,
    "engine": _engine,
    "knock": _knock,
    "rain": _rain,
    "siren": _siren,
}


def _onsets(rng: np.random.Generator, n: int, per_second: float, jitter: float) -> list[int]:
    """Return the start samples of a loosely regular series; at least one, none in the last 50 ms."""
    period = RATE / per_second
    count = max(1, int(n / period))
    times = (np.arange(count) + jitter * rng.standard_normal(count)) * period
    return [int(t) for t in np.clip(times, 0, max(0, n - RATE // 20))]


def _noise(rng: np.random.Generator, n: int, *, slope: float, low: float, high: float) -> Wave:
    """Return noise between two frequencies (Hz) whose power falls as f to the ``slope``."""
    size = 1 << (n - 1).bit_length()  # a power of two keeps the transform fast
    f = np.fft.rfftfreq(size, 1 / RATE)
    gain = np.maximum(f, 20.0) ** (slope / 2) / (1 + (low / np.maximum(f, 1.0)) ** 4) / (1 + (f / high) ** 4)
    spectrum = (rng.standard_normal(len(f)) + 1j * rng.standard_normal(len(f))) * gain
    return np.asarray(np.fft.irfft(spectrum, size)[:n])


def _room(wave: Wave, rng: np.random.Generator) -> Wave:
    """Add a decaying tail of noise-like echoes, 50 to 400 ms."""
    n, tail = len(wave), int(RATE * rng.uniform(0.05, 0.4))
    response = rng.standard_normal(tail) * np.exp(-np.arange(tail) / tail * 6)
    response *= rng.uniform(0, 0.6) / np.sqrt((response**2).sum())
    response[0] = 1.0
    size = 1 << (n + tail - 1).bit_length()
    return np.asarray(np.fft.irfft(np.fft.rfft(wave, size) * np.fft.rfft(response, size), size)[:n])


def _decay(fast: float, length: float) -> Wave:
    t = np.arange(int(RATE * length)) / RATE
    return np.asarray(np.exp(-t / fast))


def _rms(wave: Wave) -> float:
    return float(np.sqrt(np.mean(wave**2))) or 1.0
