"""Tidy tables of a study's runs and curves as CSV or Parquet files."""

from __future__ import annotations

import importlib.util
import io
from typing import TYPE_CHECKING

from analysis.tables.csv_text import frame_csv
from trainables.storage.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from analysis.results.study_results import StudyResults

SUFFIXES = (".csv", ".parquet")


class MissingPackageError(OSError):
    """The requested format needs a package that is not installed."""


def runs_table(results: StudyResults) -> pd.DataFrame:
    """Return one row per planned run: ``study``, then the columns of ``StudyResults.runs``."""
    table = results.runs.copy()
    table.insert(0, "study", results.plan.name)
    return table


def epochs_table(results: StudyResults) -> pd.DataFrame:
    """Return a row per recorded epoch: study, run_id, arm, configuration, subset, seed, fold, the curve's point."""
    labels = results.runs.drop_duplicates("run_id")[["run_id", "arm", "configuration", "subset", "seed", "fold"]]
    curves = results.curves.astype({"run_id": labels["run_id"].dtype})  # without a record it has no text to infer from
    table = labels.merge(curves, on="run_id", how="inner", validate="one_to_many")
    table.insert(0, "study", results.plan.name)
    return table


def write_tables(tables: Mapping[Path, pd.DataFrame]) -> None:
    """Write tables to files by their suffix, ``.csv`` or ``.parquet``. All are made before the first write.

    Raises:
        ValueError: a file's name ends otherwise.
        MissingPackageError: a Parquet file is requested without pyarrow.
        OSError: a file cannot be written.

    """
    made = {path: _bytes(path, table) for path, table in tables.items()}
    for path, data in made.items():
        write_atomically(path, data)


def _bytes(path: Path, table: pd.DataFrame) -> bytes:
    if path.suffix not in SUFFIXES:
        msg = f"{path}: ends in {path.suffix!r}; allowed: {', '.join(SUFFIXES)}"
        raise ValueError(msg)
    if path.suffix == ".csv":
        return frame_csv(table).encode()
    if not has_pyarrow():
        msg = f"{path}: Parquet needs pyarrow, which is not installed: pip install pyarrow, or name a .csv file"
        raise MissingPackageError(msg)
    stream = io.BytesIO()
    table.to_parquet(stream, engine="pyarrow", index=False)
    return stream.getvalue()


def has_pyarrow() -> bool:
    """Return whether pyarrow is installed."""
    return importlib.util.find_spec("pyarrow") is not None
