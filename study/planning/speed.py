"""Measure how long a patch takes to train and to score on this machine, and cache the result."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from statistics import median
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from study.cluster.ray_environment import WORKERS
from study.errors import EngineError
from trainables.networks.base import Network
from trainables.networks.registry import AnyNetwork
from trainables.plugins.importing import sources_of
from trainables.plugins.installed import all_installed
from trainables.plugins.loading import load, use
from trainables.plugins.sources import Sources
from trainables.processes.limits import how_ended, oom_kills, usable_cpus
from trainables.storage.files import cache, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.config import Precision

BATCHES = 5
ENOUGH_S = 2.0  # two batches suffice once they have taken this long
LONGEST_S = 600.0  # that a measurement may take; it takes seconds
CACHED_S = 7 * 86_400.0  # so that a measurement on a busy machine expires


def seconds_per_patch(
    network: Network, shape: tuple[int, ...], batch_size: int, classes: int, precision: Precision = "fp32"
) -> tuple[float, float]:
    """Return how long a patch takes on one thread of this machine, measured on noise at most once a week.

    Args:
        network: what is trained.
        shape: of a patch.
        batch_size: patches in a batch.
        classes: number of classes.
        precision: of the network's arithmetic.

    Returns:
        Seconds per patch to train (forward, backward, step), and to score (forward only).

    Raises:
        EngineError: the measurement failed.

    """
    path = cache() / "speed.json"
    task = json.dumps([network.model_dump(mode="json"), shape, batch_size, classes, precision])
    sources = sources_of(type(network))
    key = "; ".join((_processor(), f"torch {version('torch')}", task, *([sources.sha256] if sources else [])))
    known: dict[str, list[float]] = {}
    # The file may be absent, or not written by this function.
    with suppress(OSError, ValueError, TypeError, LookupError, AttributeError):
        read = json.loads(path.read_bytes())
        known = {k: v for k, v in read.items() if time.time() - CACHED_S < v[0] <= time.time()}
    with suppress(KeyError, ValueError, TypeError):
        _, train_s, validate_s = known[key]
        return float(train_s), float(validate_s)
    train_s, validate_s = _measured_apart(task, sources)
    with suppress(OSError):  # a cache that cannot be written
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(known | {key: [time.time(), train_s, validate_s]}, indent=1).encode())
    return train_s, validate_s


def _processor() -> str:
    """Return the name of this machine and its processor, and the number of cores."""
    name = platform.processor() or platform.machine()
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 -- no path to keep
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    return f"{platform.node()}, {usable_cpus()} of {name}"


def _measured_apart(task: str, sources: Sources | None) -> tuple[float, float]:
    """Measure in a separate process with the memory settings of the processes that train.

    Args:
        task: the arguments of ``measure`` as JSON.
        sources: of the plugin that defines the network, if one does.

    Raises:
        EngineError: that process failed; the message states how it ended, and the last line of its error.

    """
    command = [sys.executable, "-P", "-m", "study.planning.speed", task]
    plugin = sources.model_dump_json() if sources else ""
    killed = oom_kills()
    try:
        done = subprocess.run(  # noqa: S603 -- ours
            command,
            input=plugin.encode(),
            env=os.environ | WORKERS,
            check=False,
            capture_output=True,
            timeout=LONGEST_S,
        )
        if done.returncode == 0:
            train_s, validate_s = json.loads(done.stdout)
            return float(train_s), float(validate_s)
        problem = how_ended(done.returncode, killed)
        if lines := done.stderr.decode(errors="replace").strip().splitlines():
            problem += f": {lines[-1]}"
    except subprocess.TimeoutExpired:
        problem = f"did not end within {LONGEST_S:.0f} s"
    except OSError as error:
        problem = f"did not start: {error}"
    except (ValueError, TypeError):
        problem = "printed no times"
    how_to_continue = "everything else is checked, and gce-study run needs no estimate"
    msg = f"the time cannot be estimated: the process that measures this machine {problem}; {how_to_continue}"
    raise EngineError(msg)


def measure(  # noqa: PLR0913, PLR0917 -- what a time depends on
    network: Network,
    shape: tuple[int, ...],
    batch_size: int,
    classes: int,
    precision: Precision,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[float, float]:
    """Time the network on one thread now by a clock in seconds; see ``seconds_per_patch``."""
    import torch  # noqa: PLC0415 -- takes a second, which a cached result need not wait for

    from trainables.losses.robust import gce  # noqa: PLC0415
    from trainables.losses.soft_nearest_neighbour import adaptive_q  # noqa: PLC0415
    from trainables.networks.building import build, checked_outputs  # noqa: PLC0415
    from trainables.networks.penalty import l2_penalty  # noqa: PLC0415

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    arithmetic = partial(torch.autocast, "cpu", torch.bfloat16, enabled=precision == "bf16")
    try:
        model = build(network, shape, classes, 0, torch.device("cpu"))
        optimiser = torch.optim.Adam(model.parameters(), fused=True)
        patches = torch.randn(batch_size, *shape)
        targets = torch.arange(batch_size) % classes
        times: list[tuple[float, float]] = []
        for _ in range(BATCHES):
            began = clock()
            optimiser.zero_grad()
            # Includes the distances of the adaptive loss, the most expensive of the losses.
            q = adaptive_q(patches, targets, 1000.0)
            with arithmetic():
                outputs = model(patches)
            logits, _ = checked_outputs(outputs, network.name, batch_size, classes)
            (gce(logits.float(), targets, q).mean() + l2_penalty(model)).backward()
            optimiser.step()
            trained = clock()
            with torch.inference_mode(), arithmetic():
                model(patches)
            times.append((trained - began, clock() - trained))
            if len(times) > 1 and sum(map(sum, times)) > ENOUGH_S:
                break
    finally:
        torch.set_num_threads(threads)
    # The first batch also pays for start-up, and is left out.
    return median(t for t, _ in times[1:]) / batch_size, median(s for _, s in times[1:]) / batch_size


def _main(task: str, plugin: str) -> None:
    """Time a task; print the times as JSON. Arguments as in ``_measured_apart``, as JSON."""
    settings, dimensions, *others = json.loads(task)
    files = [load(Sources.model_validate_json(plugin))] if plugin else []
    use([*files, *all_installed([settings["name"]], files)])
    network = TypeAdapter[Network](AnyNetwork).validate_json(json.dumps(settings))
    sys.stdout.write(json.dumps(measure(network, tuple(dimensions), *others)))


if __name__ == "__main__":
    _main(sys.argv[1], sys.stdin.read())
