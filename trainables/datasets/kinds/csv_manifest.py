"""A data set from a CSV, or two: path, label, split and, where known, verified, true label and fold of each clip."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from trainables.datasets.csv_files.header import Column
from trainables.datasets.csv_files.rows import TRUTH, Row, grouped_rows, read_rows, repeated
from trainables.datasets.folds import split_by, with_folds
from trainables.datasets.manifest import Clip, Manifest, Split
from trainables.datasets.names import NO_CLASS, check_label, check_path, quoted, unlike
from trainables.storage.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from trainables.datasets.keys import Folds

STANDARD = ("path", "label", "split", "verified")  # beside these, other names of the same columns mean nothing
COLUMNS = (
    Column("path", ("path", "file_name", "filename", "fname", "slice_file_name")),
    Column("label", ("label", "category", "class")),
    Column("split", ("split",)),
    Column("verified", ("verified", "manually_verified"), required=False),
    Column("true_label", ("true_label",), required=False),
    Column("noisy_small", ("noisy_small",), required=False),
    Column("recording", ("recording", "src_file", "fsID", "freesound_id"), required=False, spelled=False),
)
UNVERIFIED = "no column verified: every training label counts as unverified"
SEVERAL = re.compile(r"[,;|]")  # between the labels of a clip that has several


def parse(
    path: Path,
    root: Path | None = None,
    folds: Folds | None = None,
    *,
    test: Path | None = None,
    names: Mapping[str, str] | None = None,
) -> tuple[Manifest, list[str]]:
    """Read what can be read, and list every problem; the audio is not read.

    Args:
        path: the CSV. Columns other than ``COLUMNS`` are ignored; test rows may leave ``verified`` empty.
            ``true_label`` is a label, ``(none)`` for a sound of no class, or empty where it is unknown.
        root: the folder that the paths are relative to; the folder of ``path`` when absent.
        folds: which folds are the test set; then the CSV needs the column of the folds in place of ``split``.
        test: a CSV of the test clips; ``path`` lists the training clips then, and neither needs ``split``.
        names: the name of a column of ``COLUMNS`` -> its name in the files.

    Returns:
        The manifest, and one problem for each bad row, named as ``FILE:LINE``.

    """
    wanted = columns(names or {}, folds, split=test is None)
    files: dict[Split | None, Path] = {None: path} if test is None else {"train": path, "test": test}
    alike = test is not None and test.name == path.name
    rows: list[tuple[Split | None, Row]] = []
    problems = []
    for split, file in files.items():
        listed, wrong = read_rows(file, wanted, STANDARD, f"{file.parent.name}/{file.name}" if alike else "")
        rows += [(split_by(folds, row.values["fold"].strip()) if folds else split, row) for row in listed]
        problems += wrong
    clips, wrong = as_clips(rows)
    notes = () if all("verified" in row.values for split, row in rows if split != "test") else (UNVERIFIED,)
    manifest = Manifest(path.stem, "csv", root or path.parent, clips, notes=notes)
    problems = grouped_rows(problems + wrong)
    if folds is None:
        return manifest, problems
    if test is not None:
        return manifest, [*problems, "folds and test_path both name the test clips; use one of them"]
    manifest, wrong = with_folds(manifest, folds)
    return manifest, problems + wrong


def as_clips(rows: Sequence[tuple[Split | None, Row]]) -> tuple[tuple[Clip, ...], list[str]]:
    """Return the clips of rows without a problem, and every problem of the others, named as ``FILE:LINE``.

    Args:
        rows: each with the split that its file is for, or None if the row states it.

    """
    labels = {row.values["label"] for _, row in rows}
    clips, problems = [], []
    for split, row in rows:
        wrong = _problems(row.values, labels, split)
        problems += [f"{row.where}: {p}" for p in wrong]
        if not wrong:
            clips.append(_clip(row, split))
    return tuple(clips), problems + repeated((c.row, c.path, c.split) for c in clips)


def columns(names: Mapping[str, str], folds: Folds | None = None, *, split: bool) -> list[Column]:
    """Return the columns to look for.

    Args:
        names: see ``parse``.
        folds: see ``parse``.
        split: whether each row has to state its split, unless it states its fold.

    """
    wanted = []
    for column in COLUMNS:
        if column.name == "split" and folds:
            wanted.append(Column("fold", (folds.column,)))
        elif column.name in names:
            wanted.append(replace(column, names=(names[column.name],), required=True))
        else:
            wanted.append(replace(column, required=column.required and (split or column.name != "split")))
    return wanted


def write(manifest: Manifest, path: Path) -> None:
    """Write a manifest as such a CSV, atomically; where folds are tested in turn, with folds in place of a split."""
    text = io.StringIO(newline="")
    clips = manifest.sounds
    values: dict[str, list[str | int]] = {
        "path": [c.path for c in clips],
        "label": [c.label for c in clips],
        "split": [c.split for c in clips],
        "verified": [int(c.verified) for c in clips],
        "noisy_small": [int(c.noisy_small) for c in clips],
        "true_label": [NO_CLASS if c.true_label == "" else c.true_label or "" for c in clips],
        "fold": [c.fold for c in clips],
        "recording": [c.recording for c in clips],
    }
    if manifest.folds:
        del values["split"]
    optional = ("true_label", "fold", "recording")
    written = {name: column for name, column in values.items() if name not in optional or any(column)}
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(written)
    writer.writerows(zip(*written.values(), strict=True))
    write_atomically(path, text.getvalue().encode())


def _problems(values: Mapping[str, str], labels: set[str], listed_as: Split | None) -> list[str]:
    """Return the problems of a row.

    Args:
        values: of the row.
        labels: of all rows.
        listed_as: the split that the row's file is for, if it is for one.

    """
    problems = [check_path(values["path"]), check_label(values["label"]) or _several(values["label"], labels)]
    split = values.get("split", "")
    if split not in {"train", "test"} and (split or (listed_as is None and "split" in values)):
        problems.append(f"split {quoted(split)} is neither train nor test")
    elif split and listed_as not in {None, split}:
        problems.append(f"split '{split}' in the list of {'test' if listed_as == 'test' else 'training'} clips")
    if not values.get("fold", "1").strip():
        problems.append("the fold is empty")
    for column in ("verified", "noisy_small"):
        value = values.get(column, "")
        optional = column == "noisy_small" or column not in values or "test" in {split, listed_as}
        if value.lower() not in TRUTH and (value or not optional):
            problems.append(f"{column} {quoted(value)} is not one of 0, 1, true, false")
    truth = values.get("true_label", "")
    if truth and truth not in labels | {NO_CLASS}:
        reason = unlike(truth, labels) or f"; {NO_CLASS} stands for a sound of no class"
        problems.append(f"true_label {quoted(truth)} is not a label of this data set{reason}")
    return [p for p in problems if p]


def _several(label: str, labels: set[str]) -> str:
    """Return the problem of a value that is several labels of the data set, such as ``dog,cat``; "" of any other."""
    parts = [part.strip(" '\"") for part in SEVERAL.split(label.strip("[]"))]
    if len(parts) == 1 or not labels.issuperset(parts):
        return ""
    return f"label {quoted(label)} is {len(parts)} labels; only clips with one label each can be used"


def _clip(row: Row, listed_as: Split | None) -> Clip:
    v = row.values
    truth = v.get("true_label") or None
    split = listed_as or cast("Split", v.get("split", "train"))
    return Clip(
        path=str(PurePosixPath(v["path"])),  # so that ./a.wav and a.wav are the same clip
        label=v["label"],
        split=split,
        verified=TRUTH.get(v.get("verified", "").lower(), split == "test"),
        true_label="" if truth == NO_CLASS else truth,
        noisy_small=TRUTH.get(v.get("noisy_small", "").lower(), False),
        row=row.where,
        fold=v.get("fold", "").strip(),
        recording=v.get("recording", "").strip(),
    )
