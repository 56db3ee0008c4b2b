"""A graceful stop, on SIGINT or on request: the runs in flight finish their epoch first.

Call ``ray_environment.prepare_environment`` before importing this module.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

from ray import tune

from study.console import say
from study.interrupts import in_main_thread, interrupt_here
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Self


class FinishingEpochs(tune.Callback, tune.Stopper):
    """On the first SIGINT, or on request, lets each run in flight finish its epoch and then ends Tune in order.

    A run that has finished its epoch keeps its place and waits for the others, so that nothing starts there, and each
    process releases its own run, which can then be resumed at once. After that the signal has its former effect; a
    second SIGINT has it at once. Outside the context no signal is handled, and a request alone stops the runs.
    """

    def __init__(self, stop_requested: Callable[[], bool] = lambda: False) -> None:
        """Begin without runs; ``stop_requested`` is asked again and again while Tune runs."""
        self._stop_requested = stop_requested
        self._running: set[str] = set()
        self._waiting: set[str] = set()  # for these runs' epochs
        self._before: Any = None
        self.requested = False
        """Whether the study is to stop; if so, no run begins another epoch."""

    def __getstate__(self) -> dict[str, Any]:
        """Return nothing for Tune to keep."""
        return {}

    def __enter__(self) -> Self:
        """Handle SIGINT, if this is the main thread; no other can."""
        if in_main_thread():
            self._before = signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Restore the former handler of SIGINT, and send it the signal that was held back."""
        if in_main_thread():
            signal.signal(signal.SIGINT, self._before)
        if error is None:
            self.end()

    def end(self) -> None:
        """Give the stop, if there was one, the effect of SIGINT; to be called when Tune has ended."""
        if self.requested:
            interrupt_here()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, self._before)
        self._begin()

    def _begin(self) -> None:
        self._waiting, self.requested = set(self._running), True
        count = len(self._waiting)
        end = "finishes its" if count == 1 else "finish their"
        first = f"{counted(count, 'run')} {end} epoch first" if count else "no run is training"
        say(f"stopping: {first}", err=True)

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:  # noqa: ARG002 -- Tune's signature
        """End no single run."""
        return False

    def stop_all(self) -> bool:
        """Return whether every run has finished its epoch."""
        if not self.requested and self._stop_requested():
            self._begin()
        return self.requested and not self._waiting

    def on_trial_start(self, trial: Any, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Register the start of a run."""
        self._running.add(trial.trial_id)

    def on_trial_result(self, trial: Any, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Register an epoch, whose checkpoint has been written."""
        self._waiting.discard(trial.trial_id)

    def on_trial_complete(self, trial: Any, **_: Any) -> None:  # noqa: ANN401 -- Tune's signature
        """Register the end of a run."""
        self._running.discard(trial.trial_id)
        self._waiting.discard(trial.trial_id)

    on_trial_error = on_trial_recover = on_trial_complete
