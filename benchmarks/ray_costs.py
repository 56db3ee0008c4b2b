"""The CPU time of Ray and Tune in the driver, measured with runs that train nothing (``noop_study``)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from large_study import planned_runs, write_study

from trainables.storage.folder_location import FolderLocation

NOOP_RUNS, NOOP_EPOCHS = 300, 21


@dataclass(frozen=True)
class RayCosts:
    """CPU seconds of Ray and Tune in the driver."""

    run_s: float
    epoch_s: float

    @classmethod
    def measured(cls) -> RayCosts:
        """Measure them with runs that train nothing, of one epoch and of several."""
        few, many = (_noop_cpu(epochs) for epochs in (1, NOOP_EPOCHS))
        epoch_s = (many - few) / (NOOP_EPOCHS - 1)
        return cls(few - epoch_s, epoch_s)


def _noop_cpu(epochs: int) -> float:
    """Return the CPU seconds of Ray and Tune per run, without the first fifth of the runs."""
    with tempfile.TemporaryDirectory() as folder:
        write_study(FolderLocation(folder), planned_runs(20, NOOP_RUNS // 20), late=NOOP_RUNS, seed=0)
        command = [sys.executable, Path(__file__).with_name("noop_study.py"), folder]
        environment = os.environ | {"NOOP_EPOCHS": str(epochs)}
        output = json.loads(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)  # noqa: S603 -- our own command
    spent = output["ray"][NOOP_RUNS // 5 :]
    return float(spent[-1] - spent[0]) / (len(spent) - 1)
