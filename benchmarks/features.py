"""The cost of log-mel features from wav files to frame store, compared with librosa and torchaudio clip by clip.

The sounds are noise, 16 bit at 44.1 kHz. The library versions read, centre and scale a clip and take the logarithm, as
their users would write it. Ours does the same, and also starts processes and writes, checks and closes the store.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import librosa
import numpy as np
import soundfile
import torch
import torchaudio
from measuring import Figure, alternating
from threadpoolctl import threadpool_limits

from study.cluster.ray_environment import WORKERS
from trainables.datasets.config import CSV
from trainables.datasets.load import load, with_digests
from trainables.features.frame_store_builder import build_store

RATE = 44_100
CLIP_S = 8  # the mean of FSDnoisy18k
HOUR = 3600 // CLIP_S  # clips
HOURS = 3
LARGE = 10  # hours, for measuring memory
ROUNDS = 3
# Why the ratio is not higher, by single measurements.
FLOOR = "an hour's FFTs alone took 0.7 s on an EPYC with AVX2, 0.3 s on one with AVX-512"
EPS = np.finfo(np.float64).eps
PEAK = """
import json, resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from trainables.datasets.config import CSV
from trainables.datasets.load import load, with_digests
from trainables.features.frame_store_builder import build_store
folder = Path(sys.argv[1])
manifest = with_digests(load(CSV(kind="csv", path=str(folder / "clips.csv")), folder), folder)
build_store(manifest, Path(sys.argv[2]), workers=2)
status = Path("/proc/self/status").read_text()  # getrusage may report the peak of the parent
peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
print(json.dumps([kib / 2**20 for kib in (peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)]))
"""


def measure() -> list[Figure]:
    """Return the speed relative to the libraries, the scaling over two cores, and the peak memory."""
    with tempfile.TemporaryDirectory() as name, threadpool_limits(1):
        torch.set_num_threads(1)
        os.environ.update(WORKERS)  # what `gce-study run` sets for its processes
        folder = Path(name)
        _write(folder / "sounds", HOURS * HOUR)
        times = alternating(ROUNDS, _contenders(folder / "sounds", folder))
        peaks = _peaks(folder)
    ours, two = times["store"], times["store by two"]
    spent = f"CPU s for {HOURS} hours of {CLIP_S} s clips, decoding included, medians of {ROUNDS}"
    return [
        Figure(
            f"building the store, times faster than {library} per clip",
            times[library].cpu / ours.cpu,
            "x",
            bar,
            note=f"{ours.cpu:.1f} and {times[library].cpu:.1f} {spent}; {FLOOR}",
        )
        for library, bar in (("librosa", 5), ("torchaudio", 1.5))
    ] + [
        Figure(
            "building the store with two processes, times faster than with one",
            ours.wall / two.wall,
            "x",
            note=f"wall time, {ours.wall:.1f} and {two.wall:.1f} s; both start processes and check the store alone",
        ),
        Figure(
            f"most memory of a process that builds a store of {LARGE} hours",
            max(peaks),
            "GiB",
            1,
            "less",
            f"the command's own process {peaks[0]:.2f}, of those that compute the largest {peaks[1]:.2f}",
        ),
    ]


def _write(folder: Path, clips: int) -> None:
    """Write clips of noise that differ only in their first samples."""
    folder.mkdir()
    noise = np.random.default_rng(0).normal(scale=0.1, size=CLIP_S * RATE).astype(np.float32)
    rows = ["path,label,split,verified"]
    for number in range(clips):
        noise[:100] = np.random.default_rng(number).normal(scale=0.1, size=100)
        soundfile.write(folder / f"{number:05d}.wav", noise, RATE, subtype="PCM_16")
        rows.append(f"{number:05d}.wav,{'ab'[number // 10 % 2]},{'train' if number % 10 else 'test'},1")
    (folder / "clips.csv").write_text("\n".join(rows) + "\n")


def _contenders(sounds: Path, folder: Path) -> dict[str, object]:
    manifest = with_digests(load(CSV(kind="csv", path=str(sounds / "clips.csv")), sounds), sounds)
    files = [manifest.file(clip) for clip in manifest.clips]
    transform = torchaudio.transforms.MelSpectrogram(
        RATE, 2048, 1764, 882, n_mels=96, window_fn=torch.hamming_window, mel_scale="slaney"
    )

    def by_librosa() -> None:
        for file in files:
            y = _prepared(file)
            mel = librosa.feature.melspectrogram(
                y=y, sr=RATE, n_fft=2048, win_length=1764, hop_length=882, window="hamming", n_mels=96, norm=None
            )
            np.log10(mel + EPS)

    def by_torchaudio() -> None:
        for file in files:
            (transform(torch.from_numpy(_prepared(file))) + EPS).log10()

    def by_store(workers: int) -> None:
        shutil.rmtree(folder / "store", ignore_errors=True)
        build_store(manifest, folder / "store", workers=workers)

    return {
        "librosa": by_librosa,
        "torchaudio": by_torchaudio,
        "store": lambda: by_store(1),
        "store by two": lambda: by_store(2),
    }


def _prepared(file: Path) -> np.ndarray:
    y, _ = soundfile.read(file, dtype="float32")
    y -= y.mean()
    y /= np.abs(y).max() + 0.005
    return y


def _peaks(folder: Path) -> list[float]:
    """Build a large store in a separate process; return the peak memory of it and of its children, in GiB."""
    _write(folder / "large", LARGE * HOUR)
    root = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-c", PEAK, folder / "large", folder / "large-store", root]
    peaks: list[float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603 -- our own command
    return peaks
