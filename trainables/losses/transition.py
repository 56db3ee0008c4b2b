"""Transition matrices of label noise: row i holds the probabilities that a sample of class i is labelled 0, 1, ..."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from trainables.frozen import not_allowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic import ValidationInfo

    from trainables.losses.base import KnownLabels

INJECTED, VERIFIED = "injected", "verified"  # instead of a file
SUM_TOLERANCE = 1e-3  # how far a row's sum may be from 1, as files hold rounded numbers
MAX_BYTES = 2_000_000  # of a file


class Transition(NamedTuple):
    """A transition matrix with the names of its K classes, sorted; ``rows`` are K rows of K probabilities."""

    classes: tuple[str, ...]
    rows: tuple[tuple[float, ...], ...]

    def text(self) -> str:
        """Return the matrix as CSV: the classes, then a line for each row. Equal matrices have equal texts."""
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(self.classes)
        writer.writerows(map(repr, row) for row in self.rows)
        return stream.getvalue()


def transition_problem(rows: Sequence[Sequence[float]], classes: Sequence[str] = ()) -> str:
    """Return what keeps numbers from being a transition matrix, or "".

    Args:
        rows: the numbers, by true class and given label.
        classes: names of the classes for the message; by default their indices.

    """
    names = classes or [str(k) for k in range(len(rows))]
    for i, row in enumerate(rows):
        if len(row) != len(rows):
            return f"row {names[i]} has length {len(row)}; allowed: {len(rows)}, a number for each class"
        for j, entry in enumerate(row):
            if not 0 <= entry <= 1:
                return f"row {names[i]}, column {names[j]} is {entry}; allowed: a probability in [0, 1]"
        if abs(math.fsum(row) - 1) > SUM_TOLERANCE:
            return f"row {names[i]} sums to {math.fsum(row):g}; allowed: 1, within {SUM_TOLERANCE}"
    for j in range(len(rows)):
        if not any(row[j] for row in rows):
            return f"column {names[j]} is zero; allowed: a label that some class may be given, or its loss is infinite"
    return ""


def read_transition(path: Path) -> Transition:
    """Read a transition matrix from a CSV file.

    Raises:
        ValueError: the file cannot be read, or holds no transition matrix.

    """
    try:
        if path.exists() and not path.is_file():
            msg = f"{path} is not a file"  # reading a pipe would block
            raise ValueError(msg)
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            msg = f"{path} is larger than {MAX_BYTES} bytes"
            raise ValueError(msg)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        msg = f"{path} is not UTF-8"
        raise ValueError(msg) from None
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise ValueError(msg) from None
    try:
        return parse_transition(text)
    except ValueError as error:
        msg = f"{path.name}: {error}"
        raise ValueError(msg) from None


def parse_transition(text: str) -> Transition:
    """Return the transition matrix in a CSV text: the K classes, then K rows of K numbers in the order of the classes.

    Raises:
        ValueError: the text holds no transition matrix.

    """
    try:
        lines = [line for line in csv.reader(io.StringIO(text)) if line]
    except csv.Error as error:
        raise ValueError(str(error)) from None
    classes, body = [name.strip() for name in lines[0]] if lines else [], lines[1:]
    if len(set(classes)) < len(classes) or len(body) != len(classes) or not classes:
        msg = (
            f"{len(set(classes))} distinct classes on the first line and {len(body)} rows below it; allowed: as many "
            "rows as classes, all distinct"
        )
        raise ValueError(msg)
    rows = [_numbers(row, name) for name, row in zip(classes, body, strict=True)]
    if problem := transition_problem(rows, classes):
        raise ValueError(problem)
    order = sorted(range(len(classes)), key=classes.__getitem__)
    return Transition(tuple(classes[i] for i in order), tuple(tuple(rows[i][j] for j in order) for i in order))


def _numbers(row: Iterable[str], name: str) -> list[float]:
    try:
        return [float(entry) for entry in row]
    except ValueError as error:
        msg = f"row {name}: {error}"
        raise ValueError(msg) from None


def empirical(labels: KnownLabels) -> list[list[float]]:
    """Return the transition matrix of the unverified clips whose true label is known, by counting.

    The row of a class without such clips is that of a class without noise.
    """
    rows = []
    for i, counts in enumerate(labels.transitions):
        total = sum(counts)
        rows.append([count / total if total else float(i == j) for j, count in enumerate(counts)])
    return rows


def as_text(matrix: str, info: ValidationInfo) -> str:
    """Return ``injected`` or ``verified`` as it is, and a file's path or a matrix in CSV as ``Transition.text``.

    A path starts from the ``folder`` in the validation's context, that of the study file.

    Raises:
        PydanticCustomError: there is no transition matrix.

    """
    if matrix in {INJECTED, VERIFIED}:
        return matrix
    try:
        if "\n" in matrix:
            return parse_transition(matrix).text()
        folder = Path((info.context or {}).get("folder", ""))
        return read_transition(folder / Path(matrix).expanduser()).text()
    except ValueError as error:
        allowed = f"{INJECTED}, {VERIFIED}, or the CSV file of a transition matrix ({error})"
        raise not_allowed((), allowed) from None


def matrix_problem(matrix: str, labels: KnownLabels) -> str:
    """Return what keeps a matrix from being made, or used, for such labels, in one line, or ""."""
    if not any(labels.unverified):
        return "forward_correction has no label to correct, as every training clip is verified"
    if matrix == INJECTED:
        return _cannot_count(labels)
    if matrix == VERIFIED:
        lacking = [name for name, clips in zip(labels.classes, labels.verified, strict=True) if not clips]
        if lacking:
            return f"forward_correction needs a verified training clip of each class; {lacking[0]} has none"
        return ""
    classes = parse_transition(matrix).classes
    if classes == labels.classes:
        return ""
    return (
        f"forward_correction has a matrix for the classes {', '.join(classes)}; the data set has "
        f"{', '.join(labels.classes)}"
    )


def _cannot_count(labels: KnownLabels) -> str:
    if not any(map(any, labels.transitions)):
        return "forward_correction needs the true label of unverified training clips; none is known"
    columns = zip(*empirical(labels), strict=True)
    for name, clips, column in zip(labels.classes, labels.unverified, columns, strict=True):
        if clips and not any(column):
            return f"forward_correction needs an unverified training clip labelled {name} whose true class is known"
    return ""
