"""Which runs' weights the studies of a storage location keep; the others can be freed.

With ``keep: best``, a study that has ended keeps the weights of its choice's runs. Until then, it keeps those of every
run that may be the choice's. Studies that share runs share their weights, which stay as long as one study keeps them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from analysis.findings.runs_of_choice import runs_of_choice
from analysis.results.runs_table import complete_runs
from study.ledger.claim import may_run, starting
from trainables.naming import counted, file_size
from trainables.outputs.weights import weight_sizes, weights_path
from trainables.plans import read_plan, study_names
from trainables.storage.documents import DamagedError, is_outage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.findings.method_finding import MethodFinding
    from trainables.plans import StudyPlan
    from trainables.storage.types import Location

logger = logging.getLogger(__name__)


def candidates(plan: StudyPlan) -> set[str]:
    """Return the run_ids whose weights a study keeps while it has not ended, whether or not they are there."""
    return {planned.run.run_id for planned in plan.runs if plan.may_keep_weights(planned)}


def kept_by(finding: MethodFinding) -> set[str]:
    """Return the run_ids whose weights a study keeps, whether or not they are there."""
    results = finding.results
    may_be_kept = candidates(results.plan)
    all_read = not results.runs["status"].isin({"damaged", "unreadable"}).any()  # else the choice may be another one
    if results.plan.settings.keep == "best" and results.ended and all_read:
        return may_be_kept.intersection(runs_of_choice(finding)["run_id"])
    return may_be_kept


def kept_by_idle(storage: Location, plan: StudyPlan) -> set[str]:
    """Return the run_ids whose weights a study keeps that no other process runs.

    Raises:
        OSError: an object store cannot be reached.

    """
    try:
        return kept_by(_finding(storage, plan.name))
    except (ValueError, OSError) as error:  # its plan is gone, or its runs are of several versions
        if is_outage(storage, error):
            raise
        return candidates(plan)


def free(storage: Location, name: str, run_ids: Iterable[str]) -> set[str]:
    """Remove the weights of runs of a study, but none that another study keeps.

    None are removed if what another study keeps is unknown, because its plan cannot be read or not written yet.

    Args:
        storage: the storage location.
        name: the study that no longer needs them.
        run_ids: of the runs; those without weights are ignored.

    Returns:
        The runs whose weights are gone.

    Raises:
        OSError: the storage location cannot be read, or a file cannot be removed.

    """
    unwanted = weight_sizes(storage).keys() & set(run_ids)
    names = study_names(storage)
    if not unwanted or starting(storage, set(names)):
        return set()
    for other in names:
        try:
            plan = None if other == name else read_plan(storage, other)
        except FileNotFoundError:  # it has just been removed
            continue
        except (DamagedError, OSError) as error:
            if is_outage(storage, error):
                raise
            return set()
        if plan is not None and not unwanted.isdisjoint(planned.run.run_id for planned in plan.runs):
            unwanted -= candidates(plan) if may_run(storage, other) else kept_by_idle(storage, plan)
    for run_id in sorted(unwanted):
        weights_path(storage, run_id).unlink(missing_ok=True)
    return unwanted


def free_unwanted(finding: MethodFinding, storage: Location) -> None:
    """Remove the weights of an ended study that neither it nor another study keeps; log what cannot be removed."""
    if finding.results.ended:
        unwanted = {planned.run.run_id for planned in finding.plan.runs} - kept_by(finding)
        try:
            free(storage, finding.plan.name, unwanted)
        except OSError as error:  # what the study is about is recorded, and ``prune`` removes them later
            logger.warning("weights that no study keeps were not removed: %s", error)


def choice_without_weights(storage: Location, name: str) -> list[str]:
    """Return the complete runs of an ended study's choice whose weights are not there."""
    finding = _finding(storage, name)
    if not finding.results.ended:
        return []
    present = weight_sizes(storage)
    complete = complete_runs(runs_of_choice(finding))
    return [run_id for run_id in complete["run_id"] if run_id not in present]


def where_weights_are(finding: MethodFinding, storage: Location) -> str:
    """State how many of the runs of an ended study have their weights, and where; empty if it keeps none."""
    keep = finding.plan.settings.keep
    if keep == "none" or not finding.results.ended:
        return ""
    chosen = complete_runs(runs_of_choice(finding))
    kept, whose = (
        (chosen, "of the choice") if keep == "best" else (complete_runs(finding.results.runs), "that are complete")
    )
    wanted, sizes = set(kept["run_id"]), weight_sizes(storage)
    if not wanted:
        return ""
    present = wanted & sizes.keys()
    line = f"weights: {len(present)} of {counted(len(wanted), 'run')} {whose}"
    if present:
        line += f", {file_size(sum(sizes[run_id] for run_id in present))} in {storage / 'weights'}"
    if len(present) == len(wanted):
        return line
    without = "the others were" if present else "they were"
    line += f"; {without} recorded without"
    if set(chosen["run_id"]) <= present:
        return line
    return f"{line}; gce-study run FILE --retrain-choice trains those of the choice again"


def _finding(storage: Location, name: str) -> MethodFinding:
    """Return what a study found, by its name; the statistics take long to import, and few commands need them."""
    from analysis.findings.method_finding import method_finding  # noqa: PLC0415 -- see above
    from analysis.results.study_results import load_results  # noqa: PLC0415 -- see above

    return method_finding(load_results(storage, name))
