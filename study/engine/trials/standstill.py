"""State what a study waits for while no run trains, and end the study if no process can start on this machine.

Call ``ray_environment.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import ray
from ray.tune.experiment import Trial
from ray.tune.progress_reporter import TrialProgressCallback

from study.cluster.capacity import Offer, wanted
from study.console import say
from study.engine.trials.deaths import last_words
from study.errors import RayFailedError
from trainables.naming import counted

if TYPE_CHECKING:
    from pathlib import Path

    from study.spec.keys import Resources

SILENT_S = 30.0  # without any process that started or ended, before the first line
REPEAT_S = 60.0
GIVE_UP_S = 600.0  # on this machine alone; importing PyTorch from a slow disk may take minutes


class Standstill(TrialProgressCallback):
    """Watches, in Tune's loop, that processes start; takes the place of the callback with which Tune prints trials."""

    def __init__(self, name: str, resources: Resources, logs: Path | None) -> None:
        """Begin to watch.

        Args:
            name: the study's.
            resources: of each run.
            logs: the folder of Ray's logs if the study has a cluster of its own; else None.

        """
        super().__init__()
        self._name, self._resources, self._logs = name, resources, logs
        self._moved = time.monotonic()
        self._next = self._moved + SILENT_S  # when a line is printed

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing for Tune to keep."""
        return {}

    def on_step_begin(self, trials: list[Trial], **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Print what is waited for.

        Raises:
            RayFailedError: no process has started on this machine for too long.

        """
        statuses = {trial.status for trial in trials}
        if Trial.RUNNING in statuses or Trial.PENDING not in statuses:
            self._move()
        now = time.monotonic()
        waited = now - self._moved
        if self._logs is not None and waited >= GIVE_UP_S:
            msg = f"no run has started for {waited:.0f} s: {self.reason()}"
            raise RayFailedError(msg)
        if now >= self._next:
            self._next = now + REPEAT_S
            say(f"{self._name}: no run has started for {waited:.0f} s: {self.reason()}", err=True)

    def _move(self, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        self._moved = time.monotonic()
        self._next = self._moved + SILENT_S

    on_trial_start = on_trial_result = on_trial_complete = on_trial_error = on_trial_recover = _move

    def reason(self) -> str:
        """Return what is waited for: a machine, its resources, or a process of Ray."""
        what = wanted(self._resources)
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        if not any(Offer(node, 1).slots(self._resources) for node in nodes):
            machines = counted(len(nodes), "machine")
            return f"waiting for a machine with {what}; no machine of this cluster has that ({machines} now)"
        if self._logs is not None:
            printed = last_words(self._logs, "raylet.err")
            return "waiting for Ray to start a process" + (
                f"; the last line of one that ended: {printed}" if printed else ""
            )
        free = ray.available_resources()
        shown = ", ".join(counted(free.get(kind, 0.0), kind) for kind in ("CPU", "GPU"))
        return f"waiting for {what} on one machine and a process there; free on all machines together: {shown}"
