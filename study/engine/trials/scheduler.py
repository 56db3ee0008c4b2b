"""Tune's scheduler and callback: they pass on steps, starts and deaths of trials, and end trials.

Call ``ray_environment.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ray import tune
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from study.engine.trials.deaths import ANNOUNCED
from study.errors import EngineError
from study.interrupts import raise_if_interrupted
from trainables.runs.messages import StepReport

if TYPE_CHECKING:
    from study.engine.graceful_stop import FinishingEpochs
    from study.engine.trials.searcher import MethodSearcher

VERIFY_S = 2.0  # between two checks that the storage location is the one that it was


class MethodScheduler(FIFOScheduler):
    """Tune's scheduler: lets the method end or pause a trial after an epoch."""

    _supports_buffered_results = False  # each epoch is decided before the next one starts

    def __init__(self, searcher: MethodSearcher, finishing: FinishingEpochs) -> None:
        """Set the searcher that decides, and the graceful stop."""
        super().__init__()
        self._searcher, self._finishing = searcher, finishing
        self._failures: Counter[str] = Counter()  # trial -> failures that Tune has counted

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing for Tune to keep."""
        return {}

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:  # noqa: ANN401, ARG002 -- Tune's signature
        """Return Tune's decision to continue, stop or wait."""
        if not self._searcher.on_report(trial.trial_id, StepReport.from_result(result)):
            return str(TrialScheduler.STOP)
        return str(TrialScheduler.NOOP if self._finishing.requested else TrialScheduler.CONTINUE)

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Count a run's lost process, from the file to which Tune appends each failure; end a trial that lost too many.

        Without that, Tune would start the trial again without limit.
        """
        path = Path(trial.error_file or "")
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        error = text.rpartition("Failure # ")[2].strip() or "unknown"
        if trial.num_failures == self._failures[trial.trial_id]:  # Tune counts all but what was announced
            error = ANNOUNCED
        self._failures[trial.trial_id] = trial.num_failures
        if self._searcher.on_death(self._searcher.trials[trial.trial_id], error):
            self._searcher.to_end.append(partial(tune_controller.stop_trial, trial))  # Tune is about to start it again


class StartWatch(tune.Callback):
    """Passes the start of runs on."""

    def __init__(self, searcher: MethodSearcher) -> None:
        """Set the searcher to notify."""
        self._searcher = searcher
        self._verified = 0.0  # when the storage location was last checked

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing for Tune to keep."""
        return {}

    def on_step_begin(self, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """End the study if a signal has come but its exception was lost; end trials whose runs have failed.

        Raises:
            Interrupted: there was a signal.
            EngineError: no process can begin a run.
            OSError: the storage location was moved, deleted, replaced or unmounted.

        """
        raise_if_interrupted()
        if time.monotonic() - self._verified >= VERIFY_S:
            self._verified = time.monotonic()
            self._searcher.conductor.storage.verify()
        while self._searcher.to_end:
            self._searcher.to_end.pop()()
        if self._searcher.hopeless:
            raise EngineError(self._searcher.hopeless)

    def on_trial_start(self, trial: Any, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Register the start of a run."""
        self._searcher.conductor.state.start(self._searcher.trials[trial.trial_id].run_id)

    def on_trial_complete(self, trial: Any, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Drop Tune's running means of the run's results, which nothing reads."""
        trial.metric_analysis.clear()
        trial.metric_n_steps.clear()
