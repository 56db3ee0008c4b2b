"""Write the data set that follows from a person's decisions about its labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from study.commands.options import study_place
from study.console import say
from study.errors import UsageError
from study.ledger.registry import find_plan
from study.spec.messages import shown
from trainables.datasets.checks.structure import structure
from trainables.datasets.kinds import csv_manifest
from trainables.datasets.manifest import DataSetError, from_json
from trainables.datasets.review import ACTIONS, injected, read_review, reviewed
from trainables.naming import counted
from trainables.published import PublishedDataSet, published_paths
from trainables.storage.documents import DamagedError, read_document
from trainables.storage.location import is_url

if TYPE_CHECKING:
    import argparse

    from study.commands.options import StudyPlace
    from trainables.datasets.manifest import Manifest
    from trainables.datasets.review import Decision
    from trainables.plans import StudyPlan

NO_LABELS = "the storage location does not keep the labels of the data set, which the audit needs"


def write_corrected(options: argparse.Namespace) -> int:
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
        msg = f"{place.name}: {NO_LABELS}"
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
