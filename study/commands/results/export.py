"""The command export: write a study's tables, each with its codebook."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from analysis.report.codebook import write_codebook
from analysis.report.export import epochs_table, runs_table, write_tables
from analysis.report.predictions import write_predictions
from study.commands.options import study_place
from study.commands.results.loading import load
from study.console import say
from study.errors import UsageError
from trainables.naming import counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from pathlib import Path


def export(options: argparse.Namespace) -> int:
    """Write the tidy tables, each with its codebook, and print their paths."""
    makers = {"runs": runs_table, "epochs": epochs_table, "predictions": None}
    paths = {name: path for name in makers if (path := getattr(options, name)) is not None}
    if not paths:
        msg = "nothing to export; allowed: one or more of --runs, --epochs and --predictions"
        raise UsageError(msg)
    for name, earlier in combinations(reversed(paths), 2):
        if paths[name].absolute() == paths[earlier].absolute():
            msg = f"--{name} {paths[name]}: the same file as --{earlier}; allowed: another one"
            raise UsageError(msg)
    place = study_place(options.study, options.storage)
    results = load(place, show_test=options.show_test)
    tables = {paths[name]: make(results) for name, make in makers.items() if make is not None and name in paths}
    write_tables(tables)
    for path, table in tables.items():
        _written(path, len(table), table.columns)
    if "predictions" in paths:
        try:
            written = write_predictions(results, place.storage, paths["predictions"])
        except ValueError as error:
            raise UsageError(str(error)) from None
        _written(paths["predictions"], written.rows, written.columns)
        for problem in written.problems:
            say(problem, err=True)
    return 0


def _written(path: Path, rows: int, columns: Iterable[str]) -> None:
    """Write a file's codebook beside it, and print the file's path."""
    write_codebook(path, columns)
    say(f"{path}: {counted(rows, 'row')}")
