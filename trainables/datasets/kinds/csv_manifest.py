"""A data set from one CSV: ``path,label,split,verified``, optionally ``true_label`` and ``noisy_small``."""

from __future__ import annotations

import csv
import io
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from trainables.datasets.csv_files.rows import TRUTH, Row, grouped_rows, read_rows, repeated
from trainables.datasets.folds import split_by, with_folds
from trainables.datasets.manifest import Clip, Manifest, Split
from trainables.datasets.names import NO_CLASS, check_label, check_path, quoted, unlike
from trainables.storage.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from trainables.datasets.keys import Folds

REQUIRED = ("path", "label", "split", "verified")
FOLD = ":fold"  # key of a row's fold, beside those of its columns


def parse(path: Path, root: Path | None = None, folds: Folds | None = None) -> tuple[Manifest, list[str]]:
    """Read what can be read, and list every problem; the audio is not read.

    Args:
        path: the CSV. Other columns are ignored; test rows may leave ``verified`` empty. ``true_label`` is a label,
            ``(none)`` for a sound of no class, or empty where it is unknown.
        root: the folder that the paths are relative to; the CSV's own folder when absent.
        folds: which folds are the test set; then the CSV needs the column of the folds in place of ``split``.

    Returns:
        The manifest, and one problem for each bad row, named as ``FILE:LINE``.

    """
    rows, problems = read_rows(path, _columns(folds))
    clips = []
    labels = {row.values["label"] for row in rows}
    for row in rows if folds is None else (_folded(row, folds) for row in rows):
        wrong = _problems(row.values, labels)
        if wrong:
            problems += [f"{row.where}: {p}" for p in wrong]
        else:
            clips.append(_clip(row))
    problems += repeated((c.row, c.path, c.split) for c in clips)
    manifest, problems = Manifest(path.stem, "csv", root or path.parent, tuple(clips)), grouped_rows(problems)
    if folds is None:
        return manifest, problems
    manifest, wrong = with_folds(manifest, folds)
    return manifest, problems + wrong


def _columns(folds: Folds | None) -> list[str]:
    """Return the columns that a CSV must have."""
    return [folds.column if folds and column == "split" else column for column in REQUIRED]


def _folded(row: Row, folds: Folds) -> Row:
    """Return a row with its fold, and the split that follows from it."""
    fold = row.values[folds.column].strip()
    return Row(row.where, row.values | {FOLD: fold, "split": split_by(folds, fold)})


def write(manifest: Manifest, path: Path) -> None:
    """Write a manifest as such a CSV, atomically."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    known = any(c.true_label is not None for c in manifest.clips)
    writer.writerow([*REQUIRED, "noisy_small", *(["true_label"] if known else [])])
    for c in manifest.clips:
        row = [c.path, c.label, c.split, int(c.verified), int(c.noisy_small)]
        writer.writerow([*row, *([NO_CLASS if c.true_label == "" else c.true_label] if known else [])])  # None: empty
    write_atomically(path, text.getvalue().encode())


def _problems(values: dict[str, str], labels: set[str]) -> list[str]:
    split, verified, small = values["split"], values["verified"].lower(), values.get("noisy_small", "").lower()
    truth = values.get("true_label", "")
    problems = [check_path(values["path"]), check_label(values["label"])]
    if split not in ("train", "test"):
        problems.append(f"split {quoted(split)} is neither train nor test")
    if verified not in TRUTH and not (split == "test" and not verified):
        problems.append(f"verified {quoted(values['verified'])} is not one of 0, 1, true, false")
    if not values.get(FOLD, "1"):
        problems.append("the fold is empty")
    if small and small not in TRUTH:
        problems.append(f"noisy_small {quoted(values['noisy_small'])} is not one of 0, 1, true, false")
    if truth and truth not in labels | {NO_CLASS}:
        reason = unlike(truth, labels) or f"; {NO_CLASS} stands for a sound of no class"
        problems.append(f"true_label {quoted(truth)} is not a label of this data set{reason}")
    return [p for p in problems if p]


def _clip(row: Row) -> Clip:
    v = row.values
    truth = v.get("true_label") or None
    return Clip(
        path=str(PurePosixPath(v["path"])),  # so that ./a.wav and a.wav are the same clip
        label=v["label"],
        split=cast("Split", v["split"]),
        verified=TRUTH.get(v["verified"].lower(), True),
        true_label="" if truth == NO_CLASS else truth,
        noisy_small=TRUTH.get(v.get("noisy_small", "").lower(), False),
        row=row.where,
        fold=v.get(FOLD, ""),
    )
