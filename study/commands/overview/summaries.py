"""The studies of a storage location, each with its result; a result is computed again only if its records changed.

Results are kept in the cache folder of this machine, so that a list of many studies takes no longer than reading their
plans. Nothing is written to the storage location.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from importlib.metadata import version
from typing import TYPE_CHECKING

from pydantic import BaseModel, TypeAdapter, ValidationError

from analysis.results.study_state import progress_path
from study.commands.overview.json_models import Counts, Summary
from study.ledger.claim import owner
from study.ledger.registry import list_studies
from trainables.plans import plan_path
from trainables.records import record_path
from trainables.storage.documents import OtherVersionError
from trainables.storage.files import cache, write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainables.plans import StudyPlan
    from trainables.storage.types import Location, Stamp

MOST_KEPT = 10_000  # summaries; of more, the oldest are dropped


class Kept(BaseModel):
    """A summary, and what it was computed from."""

    signature: str
    summary: Summary


_KEPT = TypeAdapter(dict[str, Kept])


def summaries(storage: Location) -> list[Summary]:
    """Return the studies of a storage location, by name.

    Raises:
        OSError: an object store cannot be reached.

    """
    file = cache() / "summaries.json"
    kept: dict[str, Kept] = {}
    with suppress(OSError, ValidationError):  # absent, or not written by this version
        kept = _KEPT.validate_json(file.read_bytes())
    stamps = (storage / "records").stamps()
    made, changed = [], False
    for plan in list_studies(storage):
        key, signature = f"{storage.absolute()} {plan.name}", _signature(storage, plan, stamps)
        running = owner(storage, plan.name) is not None
        known = kept.get(key)
        if running or known is None or known.signature != signature:
            known = Kept(signature=signature, summary=_computed(storage, plan))
            if not running:
                kept.pop(key, None)
                kept[key], changed = known, True
        made.append(known.summary)
    if changed:
        with suppress(OSError):  # a cache that cannot be written
            file.parent.mkdir(parents=True, exist_ok=True)
            newest = dict(list(kept.items())[-MOST_KEPT:])
            write_atomically(file, _KEPT.dump_json(newest))
    return made


def _signature(storage: Location, plan: StudyPlan, stamps: Mapping[str, Stamp]) -> str:
    """Return what a summary depends on: the version, and the stamps of plan, progress file and records."""
    names = sorted({record_path(storage, planned.run.run_id).name for planned in plan.runs})
    files: list[Stamp | None] = [plan_path(storage, plan.name).stamp()]
    with suppress(FileNotFoundError):
        files.append(progress_path(storage, plan.name).stamp())
    files += [stamps.get(name) for name in names]
    return hashlib.sha256(json.dumps([version("gce-study"), files]).encode()).hexdigest()


def _computed(storage: Location, plan: StudyPlan) -> Summary:
    from study.commands.overview.stored import StoredStudy  # noqa: PLC0415 -- pandas, which kept summaries do not need

    try:
        return StoredStudy.load(storage, plan.name).summary
    except (ValueError, OtherVersionError) as error:  # runs of several versions, which no mean may mix
        runs = len({planned.run.run_id for planned in plan.runs})
        return Summary(
            study=plan.name,
            description=plan.description,
            dataset=plan.dataset.name,
            state="not running",
            run_by=owner(storage, plan.name),
            planned=runs,
            at_most=False,
            recorded=0,
            runs=Counts(),
            elapsed_s=None,
            eta_s=None,
            changed=None,
            headline=str(error),
            advice="",
            pick=None,
        )
