"""How long a patch takes to train and to score on this machine, measured on a few batches of noise."""

from __future__ import annotations

import time
from statistics import median
from typing import TYPE_CHECKING

import torch

from trainables.losses import gce
from trainables.model import CNN, FRAMES, MELS
from trainables.neighbours import adaptive_q

if TYPE_CHECKING:
    from trainables.config import Precision

BATCHES = 5


def seconds_per_patch(batch_size: int, classes: int, precision: Precision = "fp32") -> tuple[float, float]:
    """Time the network on one thread.

    Args:
        batch_size: patches in a batch.
        classes: number of classes.
        precision: of the network's arithmetic.

    Returns:
        Seconds per patch to train (forward, backward, step), and to score (forward only).

    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        model = CNN(classes, seed=0).to(memory_format=torch.channels_last)
        optimiser = torch.optim.Adam(model.parameters(), fused=True)
        patches = torch.randn(batch_size, 1, FRAMES, MELS, generator=torch.Generator().manual_seed(0))
        targets = torch.arange(batch_size) % classes
        times: list[tuple[float, float]] = []
        for _ in range(BATCHES):
            began = time.perf_counter()
            optimiser.zero_grad()
            # With the neighbours of the adaptive loss: the dearest of the losses.
            q = adaptive_q(patches, targets, 1000.0)
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                logits = model(patches)
            (gce(logits.float(), targets, q).mean() + model.penalty()).backward()
            optimiser.step()
            trained = time.perf_counter()
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
                model(patches)
            times.append((trained - began, time.perf_counter() - trained))
    finally:
        torch.set_num_threads(threads)
    # The first batch also pays for start-up; the median leaves it out.
    return median(t for t, _ in times) / batch_size, median(s for _, s in times) / batch_size
