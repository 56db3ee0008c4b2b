"""The test clips' labels, which records do not hold: a storage location keeps them with its data set."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from trainables.records import DataSummary, Record
    from trainables.storage import Location

LABEL, SPLIT = 1, 2  # places in a clip's row, as trainables.datasets.manifest.to_json writes it


def true_labels(storage: Location, data: DataSummary) -> tuple[int, ...] | None:
    """Read the label of every test clip, in the manifest's order: the order of ``records.Test.predictions``.

    They lie in ``storage/datasets/FINGERPRINT.json``, which ``trainables.loading.leave_data`` writes for the workers.
    The accuracy of a record follows from them, which ``agrees`` checks.

    Args:
        storage: the storage location.
        data: the data set that the study's plan names.

    Returns:
        Indices into ``data.classes``; None where the file is absent, as in a copy of plans and records alone.

    Raises:
        ValueError: the file does not hold what the plan says of the data set.

    """
    path = storage / "datasets" / f"{data.fingerprint}.json"
    try:
        rows = json.loads(path.read_bytes())["manifest"]["clips"]
        labels = [row[LABEL] for row in rows if row[SPLIT] == "test"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, IndexError) as error:
        msg = f"{path}: this is no data set as gce-study leaves it ({error!r})"
        raise ValueError(msg) from error
    number = {name: k for k, name in enumerate(data.classes)}
    unknown = sorted({str(label) for label in labels} - set(number))
    if unknown or len(labels) != data.clips.get("test", 0):
        what = f"the labels {', '.join(unknown)}" if unknown else f"{len(labels)} test clips"
        msg = f"{path} has {what}, and the study's plan does not"
        raise ValueError(msg)
    return tuple(number[label] for label in labels)


def agrees(record: Record, truth: tuple[int, ...]) -> bool:
    """Say whether a record's test accuracy is that of its predictions; False without a test result."""
    if record.test is None or len(record.test.predictions) != len(truth):
        return False
    right = sum(a == b for a, b in zip(record.test.predictions, truth, strict=True))
    return abs(right / len(truth) - record.test.accuracy) < 1 / (2 * len(truth)) if truth else False


def predictions(records: Iterable[Record]) -> dict[int, tuple[int, ...]]:
    """Return seed -> predictions of the complete runs that were tested, of one configuration."""
    return {
        record.run.seed: tuple(record.test.predictions)
        for record in records
        if record.status == "complete" and record.test is not None
    }
