"""A grid study of runs that train nothing, with the real engine, workers and ledger: the overhead around training.

``python benchmarks/noop_study.py FOLDER`` executes the plan of ``large_study`` in the folder and prints JSON: for each
run, the time of its record in seconds and the CPU seconds of Ray and Tune in the driver (``ray``, without the
conductor's); for every 100th run, the memory of the driver in KiB.
"""

from __future__ import annotations

import json
import os
import sys
import time
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainables.storage.folder_location import FolderLocation

if TYPE_CHECKING:
    from collections.abc import Callable

    from trainables.plans import PlannedRun
    from trainables.records import Record

HERE = Path(__file__).resolve().parent


def main(folder: FolderLocation) -> None:
    """Execute the study whose plan is in the folder."""
    from study.cluster.ray_environment import prepare_environment  # noqa: PLC0415

    os.environ["PYTHONPATH"] = os.pathsep.join((str(HERE), str(HERE.parent)))  # of the workers
    prepare_environment()
    from large_study import NAME  # noqa: PLC0415
    from noop_trainable import NoOpTrainable  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    from study.engine import tune  # noqa: PLC0415 -- imports ray, which reads the environment
    from study.engine.conductor import Conductor  # noqa: PLC0415
    from study.engine.display.progress import Progress  # noqa: PLC0415
    from study.engine.state import Observer  # noqa: PLC0415
    from study.engine.tensorboard import TensorBoard  # noqa: PLC0415
    from study.methods.budgeted import BudgetedMethod  # noqa: PLC0415
    from study.methods.grid import Grid  # noqa: PLC0415
    from study.spec.keys import Resources  # noqa: PLC0415
    from trainables.plans import read_plan  # noqa: PLC0415
    from trainables.settings import Budget  # noqa: PLC0415

    class Timed(Observer):
        def run_recorded(self, planned: PlannedRun, record: Record, *, known: bool) -> None:  # noqa: ARG002 -- the observer's signature
            at.append(time.perf_counter())
            ray_cpu.append(time.process_time() - own[0])
            if len(at) % 100 == 0:
                memory.append(_resident_kib())

    at: list[float] = []
    ray_cpu: list[float] = []
    own = [0.0]  # of the conductor
    memory: list[int] = []
    plan = read_plan(folder, NAME)
    console = Console(file=StringIO(), width=200)
    conductor = Conductor(BudgetedMethod(Grid(plan.runs), Budget()), folder, plan, {"host": "here"})
    state = conductor.state
    progress = Progress(state, folder, console=console)
    state.observers += [progress, TensorBoard(folder, NAME), Timed()]

    def timed(call: Callable[..., Any]) -> Callable[..., Any]:
        def timing(*arguments: Any) -> Any:  # noqa: ANN401 -- passed on
            before = time.thread_time()
            try:
                return call(*arguments)
            finally:
                own[0] += time.thread_time() - before

        return timing

    for name in ("next", "on_epoch", "ended"):
        setattr(conductor, name, timed(getattr(conductor, name)))
    tune.RunTrainable = NoOpTrainable  # type: ignore[misc]
    start = time.perf_counter()
    with progress:
        tune.execute(conductor, Resources())
    failed = sum(record.status != "complete" for record in state.recorded.values())
    sys.stdout.write(json.dumps({"at": [a - start for a in at], "ray": ray_cpu, "memory": memory, "failed": failed}))


def _resident_kib() -> int:
    with open("/proc/self/status", encoding="ascii") as lines:  # noqa: PTH123 -- a fixed path
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    main(FolderLocation(sys.argv[1]))
