"""Print the training clips whose labels are most likely wrong, and write them as CSV."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.findings.label_audit import label_audit
from analysis.findings.method_finding import method_finding
from analysis.report.codebook import write_codebook
from analysis.report.export import write_tables
from analysis.results.clip_labels import read_training_clips
from analysis.results.study_results import load_results
from analysis.statistics.label_audit.neighbours import neighbour_disagreement
from analysis.tables.labels.review import DECISION, review_frame, review_table
from study.commands.audits.corrected import NO_LABELS
from study.commands.options import consent, study_place
from study.console import complain, say, show
from study.errors import UsageError
from study.ledger.registry import find_plan
from study.spec.messages import closest, shown
from trainables.datasets.review import ACTIONS
from trainables.naming import counted, listed_names
from trainables.outputs.neighbours import neighbours_path, write_neighbours

if TYPE_CHECKING:
    import argparse

    from analysis.findings.label_audit import LabelAudit
    from analysis.results.study_results import StudyResults
    from study.commands.options import StudyPlace

NO_AUDIT = 1  # exit code if no run left what the audit needs


def list_ranked(options: argparse.Namespace, top: int) -> int:
    """Print the ``top`` most suspicious clips and what to do next; write the CSV."""
    if options.csv is not None and os.path.lexists(options.csv):
        msg = f"--csv {options.csv}: is there already, and may hold a person's decisions; allowed: a new file"
        raise UsageError(msg)
    place = study_place(options.study, options.storage)
    find_plan(*place)
    results = load_results(*place)
    classes = results.plan.dataset.classes
    if options.of_class is not None and options.of_class not in classes:
        msg = f"--class {shown(options.of_class)}: not a class of the data set; allowed: {listed_names(classes)}"
        msg += closest(options.of_class, classes)
        raise UsageError(msg)
    if results.labels_problem:
        complain(f"{place.name}: {results.labels_problem}")
        return NO_AUDIT
    again = f"gce-study audit {options.study}{f' --storage {options.storage}' if options.storage else ''}"
    _compare_neighbours(place, results)
    if options.folds is not None:
        from study.api.cross_validation import train_out_of_sample  # noqa: PLC0415 -- imports ray, which a list needs not

        train_out_of_sample(*place, options.folds, consent(options), f"{again} --folds {options.folds}")
    found = label_audit(method_finding(results), place.storage)
    if found is None or not found.runs:
        complain(f"{place.name}: {_reason(found)}")
        return NO_AUDIT
    for line in found.lacking:
        say(line, err=True)
    if options.csv is not None:
        rows = review_frame(found, options.of_class)
        write_tables({options.csv: rows})
        write_codebook(options.csv, rows.columns)
    table = review_table(found, top, options.of_class)
    seeds = counted(int(found.clips["seeds"].max()), "seed")
    say(f"{place.name}: labels ranked by {counted(found.runs, 'complete run')} with {seeds}")
    show(table.title, table.header, table.rows)
    say(table.note, *_left_out(found))
    csv = options.csv or Path(f"{place.name}-review.csv")
    if options.csv is not None:
        say(f"{options.csv}: {counted(len(rows), 'clip')}")
    else:
        say(f"next: {again} --csv {csv}")
    say(f"listen to the clips, and write {ACTIONS[0]}, {ACTIONS[1]} or {ACTIONS[2]} in the column {DECISION}")
    say(f"then: {again} --apply {csv}")
    return 0


def _compare_neighbours(place: StudyPlace, results: StudyResults) -> None:
    """Compare each label with those of the nearest neighbours on the study's embeddings, if nobody has yet."""
    data = results.plan.dataset
    if data.embeddings is None or neighbours_path(place.storage, data.fingerprint, data.embeddings.digest).exists():
        return
    from trainables.features.clip_vectors import training_clip_vectors  # noqa: PLC0415 -- needed once per data set

    training = read_training_clips(place.storage, results.plan)
    if training is None:
        return
    try:
        vectors = training_clip_vectors(place.storage, data.fingerprint, data.embeddings.digest)
    except FileNotFoundError:
        return  # the audit states that the neighbours are lacking
    disagreement = neighbour_disagreement(vectors, np.array(training.labels, dtype=np.int64))
    write_neighbours(place.storage, data.fingerprint, data.embeddings.digest, disagreement.astype(np.float32))


def _reason(found: LabelAudit | None) -> str:
    if found is None:
        return NO_LABELS
    return "; ".join(found.lacking) or "no run is complete yet, and the audit needs the margins of complete runs"


def _left_out(found: LabelAudit) -> list[str]:
    """Return a line each for the clips that are not to be reviewed."""
    clips = found.clips
    verified, unseen = int(clips["verified"].sum()), int(clips["rank"].isna().sum())
    lines = []
    if 0 < verified < len(clips):
        lines.append(f"not listed, because a person verified them: {counted(verified, 'clip')}")
    if unseen:
        lines.append(f"not ranked, because no run measured them: {counted(unseen, 'clip')}")
    return lines
