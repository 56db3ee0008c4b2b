"""The clips' labels, which records do not hold: a storage location keeps them with its data set."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainables.naming import listed_names
from trainables.published import PublishedDataSet, published_paths
from trainables.storage.documents import read_document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainables.plans import StudyPlan
    from trainables.records import Record
    from trainables.storage.types import Location

# Places in a clip's row, as trainables.datasets.manifest.to_json writes it.
LABEL, SPLIT, VERIFIED, TRUE_LABEL = 1, 2, 3, 4


@dataclass(frozen=True)
class ClipLabels:
    """The labels of a data set's clips.

    Attributes:
        test: the label of every test clip, an index into the plan's classes, in the manifest's order: the order of
            ``records.Test.predictions``.
        counts: ``train verified``, ``train unverified`` and ``test`` -> clips of each class, in the order of classes.
        wrong: training clips of each class whose label is known to be wrong; None if the true labels are unknown.

    """

    test: tuple[int, ...]
    counts: dict[str, tuple[int, ...]]
    wrong: tuple[int, ...] | None

    @property
    def classes(self) -> int:
        """The number of classes."""
        return max(map(len, self.counts.values()), default=0)


def read_labels(storage: Location, plan: StudyPlan) -> ClipLabels | None:
    """Read the labels of a study's data set.

    They lie in ``storage/datasets``, where ``publish_dataset`` writes them for the workers.
    The accuracy of a record follows from them, which ``matches_labels`` checks.

    Args:
        storage: the storage location.
        plan: the study's plan.

    Returns:
        None where the file is absent, as in a copy of plans and records alone.

    Raises:
        ValueError: the file contradicts what the plan states of the data set.

    """
    data = plan.dataset
    path = published_paths(storage, data, plan.settings.features)[0]  # all have the same labels
    try:
        rows = read_document(path, PublishedDataSet).manifest["clips"]
        clips = [(str(row[LABEL]), _split(row), _text(row[TRUE_LABEL])) for row in rows]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, IndexError) as error:
        msg = f"{path}: this is no data set as gce-study leaves it ({error!r})"
        raise ValueError(msg) from error
    number = {name: k for k, name in enumerate(data.classes)}
    sizes = Counter(split for _, split, _ in clips)
    unknown = sorted({label for label, _, _ in clips} - set(number))
    if unknown or any(sizes[split] != count for split, count in data.clips.items()):
        what = f"the labels {listed_names(unknown)}" if unknown else f"other numbers of clips ({dict(sizes)})"
        msg = f"{path} has {what}, and the study's plan does not"
        raise ValueError(msg)
    counts = Counter((split, label) for label, split, _ in clips)
    wrong = Counter(label for label, split, true in clips if split != "test" and true not in {None, label})
    return ClipLabels(
        tuple(number[label] for label, split, _ in clips if split == "test"),
        {split: tuple(counts[split, name] for name in data.classes) for split in data.clips},
        None if all(true is None for _, _, true in clips) else tuple(wrong[name] for name in data.classes),
    )


def _text(value: Any) -> str | None:  # noqa: ANN401 -- any JSON value
    return None if value is None else str(value)


def _split(row: list[Any]) -> str:
    """Name a clip's part of the data set as the plan's counts do."""
    if row[SPLIT] == "test":
        return "test"
    return "train verified" if row[VERIFIED] else "train unverified"


def matches_labels(record: Record, labels: ClipLabels) -> bool:
    """Return whether a record's test accuracy follows from its predictions of known classes; False without a test."""
    truth = labels.test
    if record.test is None or not truth or len(record.test.predictions) != len(truth):
        return False
    if min(record.test.predictions) < 0 or max(record.test.predictions) >= labels.classes:
        return False
    right = sum(a == b for a, b in zip(record.test.predictions, truth, strict=True))
    return abs(right / len(truth) - record.test.accuracy) < 1 / (2 * len(truth))


def predictions(records: Iterable[Record], labels: ClipLabels) -> dict[int, tuple[int, ...]]:
    """Return seed -> predictions of the complete runs of one configuration that match the labels."""
    return {
        record.run.seed: tuple(record.test.predictions)
        for record in records
        if record.status == "complete" and record.test is not None and matches_labels(record, labels)
    }
