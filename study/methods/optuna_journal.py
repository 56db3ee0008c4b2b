"""Export of a search's trials to a file that Optuna's tools can open. The search itself never reads it."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend
from optuna.study import StudyDirection
from optuna.trial import create_trial

from study.methods.sampling import STATES, parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from optuna.trial import FrozenTrial

    from study.methods.search_space import ArmSpace, Tried
    from trainables.storage.types import Location


class Journal:
    """Mirrors a search's history in the journal file of an Optuna study.

    A local file is appended to; an object in a store is written whole. Only one process may write at a time; any number
    may read.
    """

    def __init__(self, path: Location, study_name: str, space: Sequence[ArmSpace]) -> None:
        """Open the file; if absent, it is created by the first ``sync``.

        Args:
            path: of the file; its folder is created if needed.
            study_name: of the Optuna study in the file.
            space: what the search samples.

        """
        self._path, self._name, self._space = path, study_name, tuple(space)
        self._written: list[Tried] = []  # the history that the file holds
        # Left by a process that was killed while writing: Optuna would wait for it for half a minute.
        path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
        self._open(_read(path))

    def _open(self, logs: list[dict[str, Any]] | None) -> None:
        """Load the file's operations; None for a new file."""
        try:
            self._start(logs or [])
        except Exception:  # noqa: BLE001 -- Optuna raises many errors on a foreign file, which gets replaced
            self._start([])
            logs = None
        self._replace = not logs  # whether the next write replaces the file

    def _start(self, logs: list[dict[str, Any]]) -> None:
        self._backend = _Batch(logs)
        self._storage = JournalStorage(self._backend)
        studies = self._storage.get_all_studies()
        if logs and [(s.study_name, s.directions) for s in studies] != [(self._name, [StudyDirection.MAXIMIZE])]:
            msg = f"not a journal of study {self._name} only"
            raise ValueError(msg)
        self._study = (
            self._storage.get_study_id_from_name(self._name)
            if studies
            else self._storage.create_new_study([StudyDirection.MAXIMIZE], self._name)
        )

    def sync(self, history: Sequence[Tried]) -> None:
        """Write what has changed since the last call, in one go, so that a reader sees all of it or nothing.

        Args:
            history: every configuration sampled so far, by number.

        Raises:
            OSError: the file cannot be written.

        """
        changed = [tried for tried, before in zip_longest(history, self._written) if tried is not before and tried]
        trials = self._storage.get_all_trials(self._study, deepcopy=False)
        pairs = ((trials[tried.number], tried) for tried in changed if tried.number < len(trials))
        if self._replace or len(trials) > len(history) or not all(self._may_become(*pair) for pair in pairs):
            self._start([])
            self._replace, changed = True, list(history)
        for tried in changed:
            self._append(tried)
        self._write()
        self._written = list(history)

    def _may_become(self, trial: FrozenTrial, tried: Tried) -> bool:
        """Return whether a trial can be brought up to date by appending."""
        if (trial.params, trial.distributions) != (parameters(self._space, tried) or ({}, {})):
            return False
        now = (trial.state, trial.value, trial.intermediate_values)
        return not trial.state.is_finished() or now == (STATES[tried.state], tried.value, tried.intermediate)

    def _append(self, tried: Tried) -> None:
        trials = self._storage.get_all_trials(self._study, deepcopy=False)
        if tried.number >= len(trials):
            self._storage.create_new_trial(self._study, _trial(self._space, tried))
            return
        trial = trials[tried.number]
        if trial.state.is_finished():
            return
        trial_id = self._storage.get_trial_id_from_study_id_trial_number(self._study, tried.number)
        for epoch in sorted(tried.intermediate.keys() - trial.intermediate_values.keys()):
            self._storage.set_trial_intermediate_value(trial_id, epoch, tried.intermediate[epoch])
        if tried.state != "running":
            values = None if tried.value is None else [tried.value]
            self._storage.set_trial_state_values(trial_id, STATES[tried.state], values)

    def _write(self) -> None:
        replace, self._replace = self._replace, True  # a failed write may leave half a line
        new = b"".join(_line(log) for log in self._backend.pending)
        if replace:
            self._path.write(new)
        elif new:
            self._path.append(new)
        self._backend.pending, self._replace = [], False


class _Batch(BaseJournalBackend):
    """Collects Optuna's operations to write them together; Optuna's own backend syncs the disk for each of them.

    Attributes:
        pending: the operations not yet in the file.

    """

    def __init__(self, logs: list[dict[str, Any]]) -> None:
        self.pending: list[dict[str, Any]] = []
        self._unread = logs
        self._first_unread = 0

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        unread = self._unread[log_number_from - self._first_unread :]
        self._unread, self._first_unread = [], log_number_from + len(unread)  # Optuna asks for each operation once
        return iter(unread)

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        # A copy, because Optuna keeps using the dictionaries that it passes.
        written = [json.loads(_line(log)) for log in logs]
        self.pending += written
        self._unread += written


def _line(log: dict[str, Any]) -> bytes:
    """Return an operation as Optuna's file backend writes it."""
    return json.dumps(log, separators=(",", ":")).encode() + b"\n"


def _read(path: Location) -> list[dict[str, Any]] | None:
    """Return the file's operations; None if there is no file, or if a line is incomplete or not a JSON object."""
    try:
        data = path.read_bytes()
        logs = [json.loads(line) for line in data.splitlines()]
    except (OSError, ValueError, RecursionError):
        return None
    return logs if data.endswith(b"\n") and all(isinstance(log, dict) for log in logs) else None


def _trial(space: Sequence[ArmSpace], tried: Tried) -> FrozenTrial:
    params, distributions = parameters(space, tried) or ({}, {})
    return create_trial(
        state=STATES[tried.state],
        params=params,
        distributions=distributions,
        value=tried.value,
        intermediate_values=dict(tried.intermediate),
    )
