"""Limit the disk space that the weights of candidates take until a study has made its choice."""

from __future__ import annotations

from collections import defaultdict
from statistics import fmean
from typing import TYPE_CHECKING

from analysis.results.runs_table import key_of
from study.engine.state import Observer
from study.ledger.kept_weights import free
from trainables.naming import file_size
from trainables.outputs.weights import weight_sizes, weights_path
from trainables.settings import MOST_UNDECIDED, selection_metric

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.results.runs_table import Key
    from trainables.plans import PlannedRun, StudyPlan
    from trainables.records import Record
    from trainables.storage.types import Location

MAIN = "all"  # the subset whose choice is the study's, if it is trained on


class CandidateWeights(Observer):
    """Frees weights of the least likely choices whenever those of all candidates exceed ``MOST_UNDECIDED`` bytes.

    Configurations on another subset than the one that the study chooses on come first, then those of the lowest mean
    score over the seeds recorded so far. The weights of the configuration that leads always stay.
    """

    def __init__(self, storage: Location, plan: StudyPlan, still_owned: Callable[[], None]) -> None:
        """Read which weights exist already.

        Args:
            storage: the storage location.
            plan: the study's plan.
            still_owned: a guard called before weights are removed, see ``Conductor``.

        """
        self._storage, self._plan, self._still_owned = storage, plan, still_owned
        self._metric = selection_metric(plan.settings.select_on)
        self._bounded = plan.settings.keep == "best"
        self._present = weight_sizes(storage) if self._bounded else {}
        self._scores: dict[Key, dict[str, float]] = defaultdict(dict)  # configuration -> run_id -> score to choose by
        self._sizes: dict[Key, dict[str, int]] = defaultdict(dict)  # configuration -> run_id -> bytes

    def run_recorded(self, planned: PlannedRun, record: Record, *, known: bool) -> None:
        """Count a run's weights, and free those beyond the limit."""
        score = record.score(self._metric) if record.status == "complete" else None
        if not self._bounded or score is None or not self._plan.may_keep_weights(planned):
            return
        key, run_id = key_of(planned), record.run_id
        self._scores[key][run_id] = score
        try:
            size = self._present.get(run_id) if known else weights_path(self._storage, run_id).stamp()[1]
        except FileNotFoundError:  # another study trained it
            return
        if size is not None:
            self._sizes[key][run_id] = size
        if not known:
            self._free()

    def _free(self) -> None:
        total = sum(sum(of_runs.values()) for of_runs in self._sizes.values())
        if total <= MOST_UNDECIDED:
            return
        *others, _ = sorted(self._scores, key=lambda key: (key.subset == MAIN, fmean(self._scores[key].values())))
        for key in others:
            if total <= MOST_UNDECIDED:
                return
            total -= sum(self._sizes[key].values())
            self._still_owned()
            try:
                free(self._storage, self._plan.name, self._sizes.pop(key, {}))
            except OSError as error:
                most = file_size(MOST_UNDECIDED)
                self.problem = f"the weights of candidates may take more than {most}, as some were not removed: {error}"
