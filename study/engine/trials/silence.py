"""Name the runs that have ended no epoch for much longer than epochs take: their code may never return.

Call ``ray_environment.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ray.tune import Callback

from study.console import say
from trainables.naming import duration, seed_in_words
from trainables.records import log_path

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

    from study.engine.trials.searcher import MethodSearcher

FIRST_S = 1800.0  # without an epoch, while no run of the study has ended one since it was started
LEAST_S = 600.0
TIMES = 10  # the longest epoch of the study so far
AGAIN = 2  # the next line follows after this many times as long


class Silence(Callback):
    """Watches, in Tune's loop, that each run in training ends its epochs."""

    def __init__(self, searcher: MethodSearcher) -> None:
        """Begin to watch the trials of a searcher."""
        self._searcher = searcher
        self._since: dict[str, float] = {}  # trial -> its start, or the end of its last epoch
        self._stated: dict[str, float] = {}  # trial -> the silence that was stated last, in seconds
        self._longest = 0.0  # epoch, in seconds

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing for Tune to keep."""
        return {}

    def on_step_begin(self, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Print a line for each run that is silent for too long."""
        allowed = max(LEAST_S, TIMES * self._longest) if self._longest else FIRST_S
        for trial_id, since in self._since.items():
            silent = time.monotonic() - since
            run = self._searcher.trials.get(trial_id)
            if run is None or silent < max(allowed, AGAIN * self._stated.get(trial_id, 0.0)):
                continue
            self._stated[trial_id] = silent
            conductor = self._searcher.conductor
            name, loss, seed = conductor.plan.name, run.configuration.loss.name, seed_in_words(run)
            say(
                f"{name}: {loss}, {seed}: no epoch has ended for {duration(silent)}; if its code does not "
                f"return, gce-study cancel {name} ends the study; log: {log_path(conductor.storage, run.run_id)}",
                err=True,
            )

    def on_trial_start(self, trial: Trial, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Begin to watch a trial."""
        self._since[trial.trial_id] = time.monotonic()

    def on_trial_result(self, trial: Trial, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Register the end of an epoch."""
        now = time.monotonic()
        self._longest = max(self._longest, now - self._since.get(trial.trial_id, now))
        self._since[trial.trial_id] = now
        self._stated.pop(trial.trial_id, None)

    def on_trial_complete(self, trial: Trial, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Stop watching a trial."""
        self._since.pop(trial.trial_id, None)
        self._stated.pop(trial.trial_id, None)

    on_trial_error = on_trial_complete
