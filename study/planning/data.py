"""Read and check a study's data set, and make the study's plan."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from study.planning.runs import study_plan
from trainables.datasets.load import load, with_digests
from trainables.datasets.manifest import DataSetError
from trainables.datasets.remote import local_copy
from trainables.datasets.subsets import SUBSET_SEED, held_out
from trainables.plans import DataSummary, HeldOut, StudyPlan
from trainables.storage.files import cache
from trainables.storage.location import location

if TYPE_CHECKING:
    from study.spec.study import StudySpec
    from trainables.datasets.manifest import Manifest


def read_list(spec: StudySpec) -> Manifest:
    """Read the study's list of clips; a data set in an object store is copied to this machine first.

    Raises:
        DataSetError: the data set has problems; all are listed.

    """
    return load(local_copy(spec.dataset, cache()), location(spec.storage).scratch / "synthetic")


def read_data(spec: StudySpec, skip_bad_clips: int = 0) -> Manifest:
    """Read the study's data set, with everything that can be checked without decoding the audio.

    Raises:
        DataSetError: the data set has problems; all are listed.

    """
    return with_digests(read_list(spec), location(spec.storage).scratch / "digests", skip_bad_clips)


def make_plan(spec: StudySpec, manifest: Manifest, earlier: StudyPlan | None = None) -> StudyPlan:
    """Return a study's plan: every run of a grid; for other methods, the runs of the earlier plan."""
    clips = {
        "train verified": sum(c.verified for c in manifest.of("train")),
        "train unverified": sum(not c.verified for c in manifest.of("train")),
        "test": len(manifest.of("test")),
    }
    known = [c for c in manifest.of("train") if c.true_label is not None]
    summary = DataSummary(
        name=manifest.name,
        kind=manifest.kind,
        fingerprint=manifest.fingerprint,
        classes=list(manifest.classes),
        clips=clips,
        wrong=sum(c.true_label not in (None, c.label) for c in known) if known else None,
        subset_seed=SUBSET_SEED,
        validation=_held_out(spec, manifest),
        skipped=list(manifest.skipped),
    )
    return study_plan(spec, summary, earlier)


def _held_out(spec: StudySpec, manifest: Manifest) -> dict[str, HeldOut]:
    """Count the validation clips of each subset that the study trains on; ``workloads`` reports subsets without any."""
    counts = {}
    for name in dict.fromkeys(name for arm in spec.arms for name in arm.subsets):
        with suppress(DataSetError):
            counts[name] = held_out(manifest, name, spec.training)
    return counts
