"""The command ``audit``: list the training clips whose labels are probably wrong, and apply a person's decisions."""

from __future__ import annotations

import argparse
import json
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
from study.commands.options import add_allow_code, add_study, consent, study_place
from study.console import complain, say, show
from study.errors import UsageError
from study.ledger.registry import find_plan
from study.spec.messages import shown
from trainables.datasets.checks.structure import structure
from trainables.datasets.kinds import csv_manifest
from trainables.datasets.manifest import DataSetError, from_json
from trainables.datasets.review import ACTIONS, injected, read_review, reviewed
from trainables.naming import counted, listed_names
from trainables.outputs.neighbours import neighbours_path, write_neighbours
from trainables.plans import FEWEST_PARTS, MOST_PARTS
from trainables.published import PublishedDataSet, published_paths
from trainables.storage.documents import DamagedError, read_document
from trainables.storage.location import is_url

if TYPE_CHECKING:
    from analysis.findings.label_audit import LabelAudit
    from analysis.results.study_results import StudyResults
    from study.commands.options import StudyPlace
    from trainables.datasets.manifest import Manifest
    from trainables.datasets.review import Decision
    from trainables.plans import StudyPlan

TOP = 20  # clips that are printed
NO_AUDIT = 1  # exit code if no run left what the audit needs


def add_arguments(command: argparse.ArgumentParser, _: str) -> None:
    """Add the command's arguments to its parser."""
    add_study(command)
    command.add_argument("--top", type=_positive, metavar="N", help=f"print N clips (default: {TOP})")
    command.add_argument("--class", dest="of_class", metavar="LABEL", help="only clips with this given label")
    text = "write all clips to review as a new CSV, with empty columns decision and new_label to fill in"
    command.add_argument("--csv", type=_csv, metavar="FILE", help=text)
    text = (
        "train K runs, each of which holds out another part of the training clips, and use their predictions for it; "
        "they form a study of their own, STUDY-folds-K"
    )
    command.add_argument("--folds", type=_folds, metavar="K", help=text)
    add_allow_code(command)
    text = "write the data set corrected by the decisions in FILE, as a new CSV; your sounds and lists are not changed"
    command.add_argument("--apply", type=Path, metavar="FILE", help=text)
    command.add_argument(
        "--out", type=_csv, metavar="FILE", help="with --apply: the new CSV (default: STUDY-reviewed.csv)"
    )
    command.set_defaults(handler=audit)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text)):
        msg = f"{shown(text)} is not a whole number of at least 1"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _folds(text: str) -> int:
    if not (text.isascii() and text.isdigit() and FEWEST_PARTS <= int(text) <= MOST_PARTS):
        msg = f"{shown(text)} is not a whole number from {FEWEST_PARTS} to {MOST_PARTS}"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _csv(text: str) -> Path:
    path = Path(text)
    if path.suffix != ".csv":
        msg = f"{shown(text)}; allowed: a file that ends in .csv"
        raise argparse.ArgumentTypeError(msg)
    return path


def audit(options: argparse.Namespace) -> int:
    """Rank the clips, or apply a person's decisions."""
    listing = {"--top": options.top, "--class": options.of_class, "--csv": options.csv, "--folds": options.folds}
    if options.apply is not None:
        if given := [name for name, value in listing.items() if value is not None]:
            msg = f"--apply: cannot be combined with {' or '.join(given)}"
            raise UsageError(msg)
        return _apply(options)
    if options.out is not None:
        msg = "--out: only with --apply"
        raise UsageError(msg)
    return _list(options)


def _list(options: argparse.Namespace) -> int:
    """Print the most suspicious clips and what to do next; write the CSV."""
    if options.csv is not None and os.path.lexists(options.csv):
        msg = f"--csv {options.csv}: is there already, and may hold a person's decisions; allowed: a new file"
        raise UsageError(msg)
    place = study_place(options.study, options.storage)
    find_plan(*place)
    results = load_results(*place)
    classes = results.plan.dataset.classes
    if options.of_class is not None and options.of_class not in classes:
        msg = f"--class {shown(options.of_class)}: not a class of the data set; allowed: {listed_names(classes)}"
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
    table = review_table(found, options.top or TOP, options.of_class)
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
        return "the storage location does not keep the labels of the data set, which the audit needs"
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


def _apply(options: argparse.Namespace) -> int:
    """Write the data set that follows from the decisions, and print the lines of a study file that use it."""
    place = study_place(options.study, options.storage)
    plan = find_plan(*place)
    out = options.out or Path(f"{place.name}-reviewed.csv")
    manifest = _manifest(place, plan)
    lists = [str(plan.spec["dataset"][key]) for key in ("path", "test_path") if plan.spec["dataset"].get(key)]
    if out.resolve() in {path.resolve() for path in (options.apply, *map(Path, lists))}:
        msg = f"--out {out}: that file is an input; allowed: another file"
        raise UsageError(msg)
    decisions = read_review(options.apply, manifest)
    after = reviewed(manifest, decisions)
    if problems := structure(after):
        raise DataSetError(problems)
    csv_manifest.write(after, out)
    say(
        f"{out}: {counted(len(after.clips), 'clip')}; {_counts(decisions)}; kept and relabelled clips count as verified"
    )
    say("to use it, set this in a study file with a new name:", "dataset:", "  kind: csv")
    folds = ["  folds: all"] if after.folds else []
    say(f"  path: {shown(str(out.absolute()))}", f"  root: {shown(_root(plan, manifest))}", *folds)
    return 0


def _manifest(place: StudyPlace, plan: StudyPlan) -> Manifest:
    path = published_paths(place.storage, plan.dataset, plan.settings.features)[0]
    try:
        published = read_document(path, PublishedDataSet)
    except FileNotFoundError:
        msg = f"{place.name}: {_reason(None)}"
        raise UsageError(msg) from None
    except DamagedError as error:
        raise UsageError(str(error)) from None
    manifest = from_json(json.dumps(published.manifest).encode())
    if outside := injected(manifest):
        msg = (
            f"{place.name}: one CSV cannot list its data set: noise.pool adds {counted(outside, 'clip')} from another "
            "folder; audit a study of the data set without that noise"
        )
        raise UsageError(msg)
    return manifest


def _counts(decisions: dict[str, Decision]) -> str:
    actions = [decision.action for decision in decisions.values()]
    words = {"keep": "kept", "relabel": "relabelled", "drop": "dropped"}
    return ", ".join(f"{actions.count(action)} {words[action]}" for action in ACTIONS)


def _root(plan: StudyPlan, manifest: Manifest) -> str:
    """Return the folder that the clips' paths are relative to; of a data set that was copied from a URL, the URL."""
    keys = plan.spec["dataset"]
    place = str(keys.get("root") or keys.get("path") or "")
    if is_url(place):
        return place if keys.get("root") else place.rpartition("/")[0]
    return str(manifest.root.absolute())
