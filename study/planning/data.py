"""Read and check a study's data set, and make the study's plan."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from study.planning.runs import study_plan
from trainables.datasets.checks.doubtful import doubtful_clips
from trainables.datasets.load import leave_out_silent, load, with_digests
from trainables.datasets.manifest import DataSetError
from trainables.datasets.remote import local_copy
from trainables.datasets.subsets import SUBSET_SEED, held_out
from trainables.features.frame_store import STORES, open_store, store_folder
from trainables.plans import DataSummary, HeldOut, StudyPlan
from trainables.storage.files import cache
from trainables.storage.location import location

if TYPE_CHECKING:
    from study.spec.study import StudySpec
    from trainables.datasets.manifest import Manifest
    from trainables.features.embeddings.checking import CheckedEmbeddings
    from trainables.features.frame_store import FrameStore


class StudyData(NamedTuple):
    """The data of a study: its clips, and their embeddings if its runs use any."""

    manifest: Manifest
    embeddings: CheckedEmbeddings | None = None


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
    local = location(spec.storage).scratch
    manifest = with_digests(read_list(spec), local / "digests", skip_bad_clips)
    # Of an earlier run, if there was one.
    store = open_store(store_folder(local / STORES, manifest, spec.features.log_mel))
    return examined(spec, manifest, store)


def examined(spec: StudySpec, manifest: Manifest, store: FrameStore | None) -> Manifest:
    """Return a manifest that knows which clips have equal frames, without silent clips if the study leaves them out.

    Raises:
        DataSetError: a class is left without training or test clips.

    """
    known = manifest if store is None else replace(manifest, same=store.same)
    return leave_out_silent(known) if spec.dataset.leaves_out_silent else known


def identified(spec: StudySpec, manifest: Manifest, embeddings: CheckedEmbeddings | None) -> StudySpec:
    """Return a study that knows the digests of its true labels and its embeddings.

    They are part of the identity of the runs that use them.
    """
    features = spec.features.identified(embeddings.digest if embeddings else None, manifest.truth)
    return spec.model_copy(update={"features": features})


def make_plan(
    spec: StudySpec,
    manifest: Manifest,
    earlier: StudyPlan | None = None,
    *,
    embeddings: CheckedEmbeddings | None = None,
) -> StudyPlan:
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
        doubtful=doubtful_clips(manifest),
        embeddings=embeddings and embeddings.summary,
        frames=spec.uses_frames,
        folds={fold: sum(c.fold == fold for c in manifest.of("test")) for fold in manifest.folds},
    )
    return study_plan(spec, summary, earlier)


def _held_out(spec: StudySpec, manifest: Manifest) -> dict[str, HeldOut]:
    """Count the validation clips of each subset that the study trains on; ``workloads`` reports subsets without any."""
    counts = {}
    for name in spec.subsets:
        with suppress(DataSetError):
            counts[name] = held_out(manifest, name, spec.splitting)
    return counts
