"""The studies of a storage location: register, find and list them."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from study.errors import SpecError, UnknownStudyError
from study.spec.differences import differences
from study.spec.messages import closest, shown
from study.spec.plugins import load_plugins
from study.spec.study import StudySpec
from trainables.plans import StudyPlan, plan_path, read_plan, study_names, write_plan
from trainables.storage.documents import DamagedError, is_outage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from study.consent import Consent
    from trainables.plans import DataSummary
    from trainables.storage.types import Location

MAX_NAMED = 5  # studies in a message

logger = logging.getLogger(__name__)


def find_plan(storage: Location, name: str) -> StudyPlan:
    """Read a study's plan.

    Raises:
        UnknownStudyError: there is no such study, and the message names the newest that exist; or its plan is damaged.
        OtherVersionError: this version cannot read its plan.

    """
    try:
        return read_plan(storage, name)
    except DamagedError as error:
        raise UnknownStudyError(str(error)) from None
    except FileNotFoundError:
        names = study_names(storage)
        others = _named(storage, names)
        msg = f"{storage}: no study named {shown(name)}{closest(name, names)}; {others}; --storage names another place"
        raise UnknownStudyError(msg) from None


def _named(storage: Location, names: Sequence[str]) -> str:
    """Return the studies of a storage location in words: all if they are few, else the newest and how to list all."""
    if not names:
        return "it holds no study"
    if len(names) <= MAX_NAMED:
        return f"its studies: {', '.join(names)}"
    changed = dict(zip(names, storage.map(lambda name: _changed(plan_path(storage, name)), names), strict=True))
    newest = ", ".join(sorted(names, key=lambda name: -changed[name])[:MAX_NAMED])
    command = f"gce-study list --storage {shlex.quote(str(storage))}"
    return f"its newest studies: {newest} and {len(names) - MAX_NAMED:,} more, which {command} shows"


def _changed(path: Location) -> int:
    """Return when a file was last changed, in ns; 0 if it has just been removed."""
    try:
        return path.stamp()[0]
    except FileNotFoundError:
        return 0


def stored_spec(storage: Location, name: str, consent: Consent) -> StudySpec:
    """Return a study from its plan, which keeps all of its file but ``notify``, with this storage location.

    Args:
        storage: the storage location.
        name: the study's name.
        consent: asks for consent to the code of the study's plugins, which are imported from where they were.

    Raises:
        UnknownStudyError: there is no such study; see ``find_plan``.
        UsageError: there is no consent.
        SpecError: the plan was written by another version, and this one does not accept its study.

    """
    plan = find_plan(storage, name)
    try:
        load_plugins(plan.spec, Path(), consent)
    except SpecError as error:
        hint = f"{plan_path(storage, name)}: a plugin cannot be used from where it was; run the study from its file"
        raise SpecError([*error.problems, hint]) from None
    try:
        return StudySpec.model_validate(plan.spec | {"storage": str(storage)})
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        text = f"{plan_path(storage, name)}: this version does not accept the study ({reason}); run it from its file"
        raise SpecError([text]) from None


def refuse_changed_study(
    storage: Location, name: str, spec: dict[str, Any], data: DataSummary | None = None
) -> StudyPlan | None:
    """Compare a study file, and its data if given, with the plan stored under its name; change nothing.

    Returns:
        The stored plan, or None.

    Raises:
        SpecError: the name is another study's here; each difference is a problem, and the last line advises what to do.
        OtherVersionError: this version cannot read the stored plan, which stays as it is.

    """
    try:
        old = read_plan(storage, name)
    except FileNotFoundError:
        return None
    except DamagedError as error:
        raise SpecError([f"{error}; move it away, and the study is registered again"]) from None
    changed = differences(old.spec, spec)
    if data is not None and data.fingerprint != old.dataset.fingerprint:
        changed.append(f"data set fingerprint: {old.dataset.fingerprint} -> {data.fingerprint}")
    if data is not None and data.embeddings and old.dataset.embeddings:
        digests = (old.dataset.embeddings.digest, data.embeddings.digest)
        if digests[0] != digests[1]:
            changed.append(f"digest of the embeddings: {' -> '.join(digests)}")
    if changed:
        hint = "give the study another name: runs already recorded are shared, not trained again"
        raise SpecError([f"study {name} is registered here and differs:", *changed, hint])
    return old


def register(storage: Location, plan: StudyPlan) -> None:
    """Store a study's plan; from then on its name means this study.

    Changes that leave every result as it is (description, resources, budget, locations of storage and data) replace
    the plan.

    Raises:
        SpecError: see ``refuse_changed_study``.

    """
    if refuse_changed_study(storage, plan.name, plan.spec, plan.dataset) != plan:
        write_plan(storage, plan)


def list_studies(storage: Location) -> list[StudyPlan]:
    """Return the plans of the studies of a storage location, by name; a plan that cannot be read is logged.

    Raises:
        OSError: an object store cannot be reached.

    """
    plans = []
    for name in study_names(storage):
        try:
            plans.append(read_plan(storage, name))
        except FileNotFoundError:  # it has just been removed
            continue
        except (DamagedError, OSError) as error:
            if is_outage(storage, error):
                raise
            logger.warning("%s; left out", error)
    return plans
