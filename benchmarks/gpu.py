"""Training throughput on a GPU: plain PyTorch, our runs, variants that could be faster, and several runs at once.

``python benchmarks/gpu.py [--lanes K] [--device cpu] [--seconds S]``. Without a GPU, nothing is measured;
``--device cpu`` only checks that the script works. Each contender trains for some seconds in a separate process, one
after another:

- ``plain``: eager PyTorch, as a user would write it, on a tensor of patches on the device.
- ``steps``: the training pass of a run in fp32, as ``trainables`` executes it.
- ``tf32``: the same with TF32 for matrix products too (convolutions use it anyway).
- ``bf16``: the same with ``training.precision: bf16``.
- ``graph``: the same step, with GCE, captured as a CUDA graph: shows the cost of kernel launches.
- ``K processes``: K processes of ``steps`` at once, which share the device.
- ``lanes``: K runs as lanes of one network (``lanes.py``).

A run's pass is executed once with CUDA's synchronisation check set to raise: it must never wait for the device.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from lanes import Lanes
from measuring import Figure, table
from training_contender import data, plain, run_of

from study.cluster.ray_environment import WORKERS
from trainables.losses.catalogue import GCE, AdaptiveGCE
from trainables.networks.penalty import l2_penalty
from trainables.training.run_training import RunTraining

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.config import Run
    from trainables.training.run_data import RunData

LANES = 8
WORTH_IT = 2.0  # speed-up over a single run that would justify lanes in the product
ALONE = ("plain", "steps", "tf32", "bf16", "graph")
ON_CUDA_ALONE = ("graph", "tf32")


def measure(device: str = "cuda", lanes: int = LANES, seconds: float = 20.0) -> list[Figure]:
    """Return the throughput of each contender; empty without a GPU."""
    if device == "cuda" and not torch.cuda.is_available():
        return []
    names = [name for name in ALONE if device == "cuda" or name not in ON_CUDA_ALONE]
    with tempfile.TemporaryDirectory() as folder:
        data(Path(folder))
        rate = {name: _together([name], folder, device, lanes, seconds) for name in names}
        shared = _together(["steps"] * lanes, folder, device, lanes, seconds)
        side_by_side = _together(["lanes"], folder, device, lanes, seconds)
    ours = rate["steps"]
    figures = [
        Figure(f"{name}, times our run in fp32", rate[name] / ours, "x", note=f"{rate[name]:.0f} patches/s")
        for name in names
    ]
    return [
        *figures,
        Figure(f"{lanes} processes, times one", shared / ours, "x", note=f"{shared:.0f} patches/s"),
        Figure(
            f"{lanes} lanes, times one run", side_by_side / ours, "x", WORTH_IT, note=f"{side_by_side:.0f} patches/s"
        ),
    ]


def _together(names: list[str], folder: str, device: str, lanes: int, seconds: float) -> float:
    """Let contenders train simultaneously; return their total throughput in patches per second."""
    command = [sys.executable, __file__, "--device", device, "--lanes", str(lanes), "--seconds", str(seconds)]
    environment = os.environ | WORKERS
    started = [
        subprocess.Popen([*command, "--contender", name, "--folder", folder], stdout=subprocess.PIPE, env=environment)  # noqa: S603 -- our own command
        for name in names
    ]
    outputs = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        msg = f"{names[0]} ended with {[process.returncode for process in started]}"
        raise RuntimeError(msg)
    return sum(json.loads(line) for line in outputs)


def _contend(name: str, folder: Path, device: torch.device, lanes: int, seconds: float) -> float:
    """Train for some seconds after a warm-up pass; return patches per second."""
    torch.set_num_threads(1)
    loader = data(folder, device=device)
    protocol = {"precision": "bf16"} if name == "bf16" else {}
    run = run_of(loader, AdaptiveGCE(name="adaptive_gce", temperature=1000.0), **protocol)
    chosen = loader.run_data(run)
    torch.backends.cuda.matmul.allow_tf32 = name == "tf32"
    size = run.configuration.training.batch_size
    patches = len(chosen.train) // size * size
    epoch: Callable[[], object]
    if name == "plain":
        epoch = plain(run, chosen, workers=0, device=device)
    elif name == "graph":
        epoch = _graph(run_of(loader, GCE(name="gce")), chosen, device)
    elif name == "lanes":
        several = [run_of(loader, run.configuration.loss, seed=seed) for seed in range(lanes)]
        side_by_side = Lanes(several, lanes, chosen, device)
        epoch, patches = side_by_side.pass_over_training, lanes * patches
    else:
        epoch = _pass(run, chosen, device)
    epoch()
    _wait(device)
    start, passes = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        epoch()
        _wait(device)
        passes += 1
    return passes * patches / (time.perf_counter() - start)


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def _pass(run: Run, chosen: RunData, device: torch.device) -> Callable[[], object]:
    """Return a run's training pass, after checking that it never waits for the device between its steps."""
    training = RunTraining(run, chosen, device)
    if device.type == "cuda":
        training.pass_over_training(1)
        step = training.optimiser.step
        calls = 0

        def watched() -> object:
            nonlocal calls
            calls += 1
            last = calls == len(chosen.train) // training.protocol.batch_size
            torch.cuda.set_sync_debug_mode("default" if last else "error")
            return step()

        training.optimiser.step = watched  # type: ignore[method-assign]
        training.pass_over_training(2)
        training.optimiser.step = step  # type: ignore[method-assign]
    return lambda: training.pass_over_training(3)


def _graph(run: Run, chosen: RunData, device: torch.device) -> Callable[[], object]:
    """Return a training pass whose step is a CUDA graph, captured as PyTorch's documentation recommends."""
    training = RunTraining(run, chosen, device)
    protocol, train, model = training.protocol, chosen.train, training.model
    rows = torch.arange(protocol.batch_size, device=device)
    for group in training.optimiser.param_groups:
        group["capturable"] = True
    model.train()

    def step() -> None:
        logits, _ = model(chosen.patches.gather(train.starts[rows]))
        losses = training.loss(logits.float(), train.labels[rows], None)  # type: ignore[arg-type] -- GCE does not use the batch
        loss = losses.mean() + protocol.l2 * l2_penalty(model)
        loss.backward()
        training.optimiser.step()

    beside = torch.cuda.Stream()
    beside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(beside):
        for _ in range(3):
            training.optimiser.zero_grad(set_to_none=True)
            step()
    torch.cuda.current_stream().wait_stream(beside)
    training.optimiser.zero_grad(set_to_none=True)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def epoch() -> None:
        for part in torch.randperm(len(train), device=device).split(protocol.batch_size):
            if len(part) == protocol.batch_size:
                rows.copy_(part)
                graph.replay()

    return epoch


def main() -> None:
    """Measure, or run as a contender."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--lanes", type=int, default=LANES, metavar="K")
    parser.add_argument("--seconds", type=float, default=20.0, metavar="S", help="training time of each contender")
    parser.add_argument("--contender", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contender:
        device = torch.device(options.device)
        print(_contend(options.contender, options.folder, device, options.lanes, options.seconds))
    elif figures := measure(options.device, options.lanes, options.seconds):
        print(torch.cuda.get_device_name() if options.device == "cuda" else "CPU")
        print(table(figures))
    else:
        print("not measured: this machine has no GPU")


if __name__ == "__main__":
    main()
