"""Ending a study in order: runs that are being trained finish their epoch first.

Call ``ray_settings.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from ray import tune

from study.console import say

if TYPE_CHECKING:
    from types import FrameType
    from typing import Self


class FinishingEpochs(tune.Callback):
    """On the first SIGINT waits until each run that is being trained has finished its epoch, and so has a checkpoint.

    Then the signal does what it did before. A second one does it at once.
    """

    def __init__(self) -> None:
        """Know of no run yet."""
        self._running: set[str] = set()
        self._waiting: set[str] | None = None  # for these runs' epochs; None until asked to stop
        self._before: Any = None

    def __getstate__(self) -> dict[str, Any]:
        """Give Tune nothing to keep."""
        return {}

    def __enter__(self) -> Self:
        """Handle SIGINT."""
        self._before = signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave SIGINT to who had it before, unless he has it again."""
        if self._waiting is None:
            signal.signal(signal.SIGINT, self._before)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, self._before)
        self._waiting = set(self._running)
        say(f"asked to stop: {len(self._waiting)} runs finish their epoch", err=True)
        self._done(None)

    def _done(self, trial: Any) -> None:  # noqa: ANN401 -- Tune's
        if self._waiting is not None:
            self._waiting.discard("" if trial is None else trial.trial_id)
            if not self._waiting and signal.getsignal(signal.SIGINT) is self._before:
                signal.raise_signal(signal.SIGINT)

    def on_trial_start(self, trial: Any, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Take in the start of a run."""
        self._running.add(trial.trial_id)

    def on_trial_result(self, trial: Any, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Take in an epoch, whose checkpoint is written by now."""
        self._done(trial)

    def on_trial_complete(self, trial: Any, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Take in the end of a run."""
        self._running.discard(trial.trial_id)
        self._done(trial)

    on_trial_error = on_trial_recover = on_trial_complete
