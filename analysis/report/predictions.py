"""What each run predicts for each test clip, written run by run, so that a large study needs little memory."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analysis.report.export import MissingPackageError, has_pyarrow
from analysis.results.clip_labels import read_test_clips
from analysis.tables.csv_text import frame_csv
from trainables.naming import counted
from trainables.outputs.clips import read_outputs
from trainables.storage.documents import DamagedError, is_outage
from trainables.storage.files import writing_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from analysis.results.clip_labels import LabelledClip
    from analysis.results.study_results import StudyResults
    from trainables.records import Record
    from trainables.storage.types import Location

OF_RUN = ("run_id", "stage", "arm", "configuration", "subset", "seed", "fold")  # columns of the runs table
TEXTS = ("study", "run_id", "stage", "arm", "configuration", "subset", "fold", "clip", "given", "true", "predicted")


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        rows: one for each run and test clip.
        columns: of the file.
        problems: what is absent and why, a line each.

    """

    rows: int
    columns: tuple[str, ...]
    problems: tuple[str, ...]


def probability_column(name: str) -> str:
    """Return the column of a class's probability."""
    return f"p_{name}"


def columns_of(results: StudyResults) -> tuple[str, ...]:
    """Return the columns of the file."""
    classes = map(probability_column, results.plan.dataset.classes)
    return ("study", *OF_RUN, "clip", "given", "true", "predicted", *classes)


def write_predictions(results: StudyResults, storage: Location, path: Path) -> Written:
    """Write a row for each complete run and test clip, to a ``.csv`` or ``.parquet`` file.

    The columns: study, those of ``OF_RUN``, clip (path), given and true (labels; true is empty where unknown),
    predicted (a class), and ``p_CLASS`` for each class (its probability; empty in runs of earlier versions).

    Raises:
        ValueError: the data set's labels are not kept, or contradict the plan.
        MissingPackageError: a Parquet file is requested without pyarrow.
        OSError: the file cannot be written, or an object store cannot be reached.

    """
    if path.suffix == ".parquet" and not has_pyarrow():
        msg = f"{path}: Parquet needs pyarrow, which is not installed: pip install pyarrow, or name a .csv file"
        raise MissingPackageError(msg)
    clips = read_test_clips(storage, results.plan)
    if not clips:
        msg = f"{results.plan.name}: the storage location does not keep the test clips of the data set"
        raise ValueError(msg)
    rows = without = damaged = unmatched = 0
    tested = results.runs[(results.runs["status"] == "complete") & results.runs["test_accuracy"].notna()]
    with writing_atomically(path) as file, _writer(file, path.suffix, columns_of(results)) as write:
        for row in tested.to_dict("records"):
            record = results.records[row["run_id"]]
            of_run = [clip for clip in clips if record.run.fold in {None, clip.fold}]
            probabilities, kept = _probabilities(storage, record, (len(of_run), len(results.plan.dataset.classes)))
            frame = _frame(results, row, record, of_run, probabilities)
            unmatched += frame is None
            without += frame is not None and not kept
            damaged += frame is not None and kept and probabilities is None
            if frame is not None:
                write(frame)
                rows += len(frame)
    problems = []
    if without:
        problems.append(f"{counted(without, 'run')} of an earlier version kept no probabilities: their cells are empty")
    if damaged:
        problems.append(f"{counted(damaged, 'run')} with damaged outputs: the cells of their probabilities are empty")
    if unmatched:
        problems.append(f"{counted(unmatched, 'run')} left out: their predictions are of other clips or classes")
    return Written(rows, columns_of(results), tuple(problems))


def _frame(
    results: StudyResults,
    row: dict[Any, Any],
    record: Record,
    clips: list[LabelledClip],
    probabilities: np.ndarray[Any, Any] | None,
) -> pd.DataFrame | None:
    """Return the rows of a run; None where its predictions are not of these clips and classes."""
    classes = results.plan.dataset.classes
    predicted = record.test.predictions if record.test else []
    if len(predicted) != len(clips) or not all(0 <= k < len(classes) for k in predicted):
        return None
    empty = np.full((len(clips), len(classes)), np.nan, np.float32)
    values = empty if probabilities is None else probabilities.astype(np.float32)
    columns: dict[str, Any] = {"study": results.plan.name, **{name: row[name] for name in OF_RUN}}
    columns |= {
        "clip": [clip.path for clip in clips],
        "given": [clip.label for clip in clips],
        "true": [clip.true_label or "" for clip in clips],
        "predicted": [classes[k] for k in predicted],
    }
    columns |= {probability_column(name): values[:, k] for k, name in enumerate(classes)}
    return pd.DataFrame(columns)


def _probabilities(
    storage: Location, record: Record, shape: tuple[int, int]
) -> tuple[np.ndarray[Any, Any] | None, bool]:
    """Return the probabilities of a run's test clips, shape (clips, K), None where they cannot be used; and if kept.

    Raises:
        OSError: an object store cannot be reached.

    """
    try:
        probabilities = read_outputs(storage, record.run_id).probabilities
    except FileNotFoundError:
        return None, False
    except DamagedError:
        return None, True
    except OSError as error:
        if is_outage(storage, error):
            raise
        return None, True
    return (probabilities if probabilities.shape == shape else None), True


@contextmanager
def _writer(file: Any, suffix: str, columns: tuple[str, ...]) -> Iterator[Callable[[pd.DataFrame], None]]:  # noqa: ANN401 -- a binary file
    """Return a function that appends a data frame to a file."""
    if suffix == ".csv":
        file.write(frame_csv(pd.DataFrame(columns=list(columns))).encode())
        yield lambda frame: file.write(frame_csv(frame, header=False).encode()) and None
        return
    import pyarrow as pa  # noqa: PLC0415 -- optional
    from pyarrow import parquet  # noqa: PLC0415 -- as above

    kinds = {"seed": pa.int64()} | dict.fromkeys(TEXTS, pa.string())
    schema = pa.schema([(name, kinds.get(name, pa.float32())) for name in columns])
    with parquet.ParquetWriter(file, schema) as writer:
        yield lambda frame: writer.write_table(pa.Table.from_pandas(frame, schema, preserve_index=False))
