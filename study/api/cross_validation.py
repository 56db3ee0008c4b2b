"""Train the runs that out-of-sample probabilities of a study's training clips still need, and return these."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings.method_finding import method_finding
from analysis.results.runs_table import runs_of
from analysis.results.study_results import load_results
from study.engine.session import Start, print_end, run_study
from study.ledger.registry import stored_spec
from study.planning.cross_validation import cross_validation, is_complete, out_of_sample, stored_cross_validation

if TYPE_CHECKING:
    from study.consent import Consent
    from study.planning.cross_validation import OutOfSample
    from trainables.plans import PlannedRun
    from trainables.storage.types import Location


def train_out_of_sample(storage: Location, name: str, parts: int, consent: Consent, again: str) -> OutOfSample:
    """Train those of the K runs that hold out the training clips of a study in turn which are not recorded yet.

    They train the study's choice, or its first configuration if there is no choice yet. Once begun, they keep that
    configuration, even if the choice changes. If all runs are recorded, nothing is trained and the data set is not
    read.

    Args:
        storage: the storage location.
        name: of the study.
        parts: number of parts K, ``FEWEST_PARTS`` to ``MOST_PARTS`` of ``trainables.plans``.
        consent: asks for consent to the code of the study's plugins.
        again: the command that continues if it is interrupted.

    Raises:
        UnknownStudyError: there is no such study.
        UsageError: there is no consent, or the name of the study that they form is taken.
        OwnedError, EngineError, SpecError, DataSetError, OSError: as in ``run_study``.

    """
    plan = stored_cross_validation(storage, name, parts)
    if plan is None:
        spec = cross_validation(stored_spec(storage, name, consent), _chosen(storage, name), parts)
    elif is_complete(storage, plan):
        return out_of_sample(storage, plan)
    else:
        spec = stored_spec(storage, plan.name, consent)
    study = run_study(spec, Start(again), print_end)
    return out_of_sample(storage, study.results.plan)


def _chosen(storage: Location, name: str) -> PlannedRun:
    """Return a run of the study's choice, a confirming one if it has one; else of its first configuration."""
    results = load_results(storage, name)
    planned = {run.run.run_id: run for run in results.plan.runs}
    chosen = method_finding(results).chosen
    if chosen is None:
        return results.plan.runs[0]
    return planned[runs_of(results.runs, chosen)["run_id"].iloc[-1]]
