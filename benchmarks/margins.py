"""What it costs to measure the margins of the training clips: training passes with and without, in turn.

``python benchmarks/margins.py`` prints the table alone. Patches are noise, in batches of 64 and 20 classes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))  # which Python leaves out in a worker's environment
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import torch
from measuring import Figure, alternating, machine, table

from study.cluster.ray_environment import WORKERS
from trainables.config import Configuration, Run
from trainables.losses.base import KnownLabels
from trainables.losses.catalogue import CCE
from trainables.networks.catalogue import BaselineCNN, EmbeddingHead, VGGLike
from trainables.outputs.clips import RunOutputs, outputs_path, write_outputs
from trainables.storage.folder_location import FolderLocation
from trainables.training.checkpoint import CHECKSUM
from trainables.training.embedding_patches import WindowPatches
from trainables.training.margins import TrainingMargins
from trainables.training.patches import Patches, PatchIndex, index_starts
from trainables.training.run_data import Places, RunData
from trainables.training.run_training import RunTraining

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 9
BATCH, CLASSES, DIMS, FRAMES, BANDS = 64, 20, 1024, 100, 96
CLIPS, TEST = 17_585, 947  # of FSDnoisy18k
PATCHES_OF_CLIP = 4
MOST = 1.0  # per cent of an epoch
NETWORKS = {  # and the steps of a training pass
    "cnn": (BaselineCNN(), 6),
    "vgg": (VGGLike(), 2),
    "head": (EmbeddingHead(), 400),
    "head, linear": (EmbeddingHead(hidden=0), 400),
}


class Unmeasured(TrainingMargins):
    """Measures nothing."""

    def add(self, *_: object) -> None:
        """Do nothing."""

    def end_epoch(self) -> None:
        """Do nothing."""


def measure() -> list[Figure]:
    """Return the share of an epoch that margins take, by network, and the bytes of a run's outputs."""
    command = [sys.executable, __file__, "times"]
    # The memory settings of a worker apply from the start of a process.
    done = subprocess.run(command, env=os.environ | WORKERS, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- ours
    times: dict[str, dict[str, float]] = json.loads(done.stdout)
    saving = _saving_ms()
    figures = []
    for name, of in times.items():
        steps = CLIPS * PATCHES_OF_CLIP / BATCH
        share = (of["margins"] + saving / steps) / of["step"]
        note = (
            f"{1000 * of['margins']:.0f} us of a step of {of['step']:.3g} ms, and {saving:.1f} ms to add them to the "
            f"checkpoint of an epoch of {steps:.0f} steps; passes with margins, beside those without, take "
            f"{100 * (of['with'] / of['without'] - 1):+.1f} %; CPU time, medians of {ROUNDS}"
        )
        figures.append(Figure(f"margins, share of an epoch of {name}", 100 * share, "%", MOST, "less", note))
    return [*figures, _bytes()]


def alternate() -> dict[str, dict[str, float]]:
    """Return the CPU milliseconds of a step with and without margins, and of the margins alone, by network."""
    torch.set_num_threads(1)
    return {name: _times(network, steps) for name, (network, steps) in NETWORKS.items()}


def _times(network: Any, steps: int) -> dict[str, float]:  # noqa: ANN401 -- settings of any network
    data = _data(network.input == "frames", steps)
    configuration = Configuration(loss=CCE(name="cce"), network=network)
    run = Run(configuration=configuration, seed=0, dataset="noise")
    both = {name: RunTraining(run, data, torch.device("cpu")) for name in ("with", "without")}
    both["without"].margins = Unmeasured(data.train, CLASSES)

    def passes(training: RunTraining) -> Callable[[], None]:
        return lambda: training.pass_over_training(1) and None

    taken = alternating(ROUNDS, {name: passes(training) for name, training in both.items()})
    alone = both["with"].margins
    batches = torch.arange(steps * BATCH).split(BATCH)
    logits = torch.randn(BATCH, CLASSES)

    def margins_alone() -> None:
        for patches in batches:
            alone.add(logits.float(), patches)
        alone.end_epoch()

    times = {name: 1000 * timing.cpu / steps for name, timing in taken.items()}
    of_margins = alternating(ROUNDS, {"margins": margins_alone})["margins"]
    return times | {"step": times["without"], "margins": 1000 * of_margins.cpu / steps}


def _data(of_frames: bool, steps: int) -> RunData:  # noqa: FBT001 -- the input of a network
    torch.manual_seed(0)
    patches = steps * BATCH
    length, width = (FRAMES, BANDS) if of_frames else (1, DIMS)
    rows = torch.randn(patches + length, width)
    mean, sd = torch.zeros(width), torch.ones(width)

    def index(count: int) -> PatchIndex:
        clips = range(0, count, PATCHES_OF_CLIP)
        starts = [range(first, min(first + PATCHES_OF_CLIP, count)) for first in clips]
        return index_starts(starts, [clip % CLASSES for clip in range(len(starts))], [True] * len(starts))

    train, few = index(patches), index(BATCH)
    clips = len(train.clip_labels)
    held_out = len(few.clip_labels)
    return RunData(
        patches=Patches(rows, mean, sd, length) if of_frames else WindowPatches(rows, mean, sd),
        train=train,
        validation=few,
        test=few,
        places=Places(clips + held_out, list(range(clips)), list(range(clips, clips + held_out))),
        classes=CLASSES,
        labels=KnownLabels(
            tuple(map(str, range(CLASSES))), (1,) * CLASSES, (0,) * CLASSES, ((0,) * CLASSES,) * CLASSES
        ),
    )


def _saving_ms() -> float:
    """Return the milliseconds that the margins of all clips add to saving a checkpoint."""
    clips = index_starts([range(1)] * CLIPS, [0] * CLIPS, [False] * CLIPS)
    state = TrainingMargins(clips, CLASSES).state()
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        buffer = io.BytesIO()
        torch.save(state, buffer)
        hashlib.blake2b(buffer.getvalue(), digest_size=CHECKSUM)
        taken.append(time.process_time() - start)
    return 1000 * median(taken)


def _bytes() -> Figure:
    """Return the size of the outputs of a run on as many clips as FSDnoisy18k has, whose values do not compress."""
    numbers = np.random.default_rng(0)
    outputs = RunOutputs(
        margins=numbers.normal(size=CLIPS).astype(np.float32),
        epochs=numbers.integers(100, 161, CLIPS).astype(np.uint16),
        suggested=numbers.integers(0, CLASSES, CLIPS).astype(np.uint16),
        probabilities=numbers.dirichlet(np.full(CLASSES, 0.3), TEST).astype(np.float16),
    )
    with tempfile.TemporaryDirectory() as folder:
        storage = FolderLocation(folder)
        write_outputs(storage, "0" * 20, outputs)
        size = outputs_path(storage, "0" * 20).stat().st_size
    note = f"{CLIPS:,} training clips, {TEST} test clips, {CLASSES} classes; random values, which hardly compress"
    return Figure("outputs of a run", size / 1024, "KiB", note=note)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(alternate()) if sys.argv[1:] == ["times"] else f"{machine()}\n\n{table(measure())}\n")
