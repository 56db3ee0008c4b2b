"""A person's decisions on the labels of training clips, and the manifest that follows from them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from trainables.datasets.csv_files.header import Column
from trainables.datasets.csv_files.rows import grouped_rows, read_rows
from trainables.datasets.manifest import POOL, DataSetError
from trainables.datasets.names import quoted, unlike
from trainables.naming import counted, listed_names

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from trainables.datasets.csv_files.rows import Row
    from trainables.datasets.manifest import Clip, Manifest

Action = Literal["keep", "relabel", "drop"]
ACTIONS: tuple[Action, ...] = get_args(Action)
COLUMNS = tuple(
    Column(name, (name,), required=name in {"path", "label", "decision"})
    for name in ("path", "label", "decision", "new_label", "suggested")
)


@dataclass(frozen=True, slots=True)
class Decision:
    """A person's decision on a clip. ``label`` is the right label, unless the clip is dropped."""

    action: Action
    label: str


def read_review(path: Path, manifest: Manifest) -> dict[str, Decision]:
    """Read the decisions of a CSV.

    Its columns are ``path``, ``label`` (as given), ``decision`` (``keep``, ``relabel``, ``drop``, or empty of a clip
    that was not judged), and optionally ``new_label``, or ``suggested``, which ``relabel`` takes where ``new_label`` is
    empty. Other columns are ignored. A single quote in front of a path or label is dropped, since ``gce-study audit``
    writes one where a spreadsheet would see a formula.

    Args:
        path: the CSV.
        manifest: the data set that it is about.

    Returns:
        Path of a clip -> decision.

    Raises:
        DataSetError: every problem of the file, with its line, and every decision that cannot be carried out.

    """
    rows, problems = read_rows(path, COLUMNS)
    clips = {clip.path: clip for clip in manifest.of("train")}
    labels = frozenset(manifest.classes)
    decisions: dict[str, Decision] = {}
    lines: dict[str, str] = {}
    for row in rows:
        clip = clips.get(_unquoted(row.values["path"], clips))
        problem = _mismatch(row, clip, labels)
        if clip is None or problem:
            problems.append(f"{row.where}: {problem}")
            continue
        first = lines.setdefault(clip.path, row.where)
        if first != row.where:
            problems.append(f"{row.where}: path {quoted(clip.path)} is also in line {first.rpartition(':')[2]}")
            continue
        decision, problem = _decision(row.values, clip, labels)
        if problem:
            problems.append(f"{row.where}: {problem}")
        elif decision is not None:
            decisions[clip.path] = decision
    if problems := grouped_rows(problems) or _together(path, decisions, manifest):
        raise DataSetError(problems)
    return decisions


def reviewed(manifest: Manifest, decisions: Mapping[str, Decision]) -> Manifest:
    """Return the data set after a review: without the dropped clips, and with the right labels of the others.

    A person has listened to the clips that are kept or relabelled, so these count as verified from then on.

    Args:
        manifest: the data set.
        decisions: path of a training clip -> the decision on it.

    """
    clips = []
    for clip in manifest.clips:
        decision = decisions.get(clip.path) if clip.split == "train" else None
        if decision is None:
            clips.append(clip)
        elif decision.action != "drop":
            clips.append(replace(clip, label=decision.label, verified=True))
    return replace(manifest, clips=tuple(clips), digests=())


def injected(manifest: Manifest) -> int:
    """Return how many training clips lie outside the data set's folder, where no CSV can name them."""
    return sum(clip.path.startswith(POOL) for clip in manifest.clips)


def _unquoted(value: str, known: Mapping[str, object] | frozenset[str]) -> str:
    return value if value in known else value.removeprefix("'")


def _mismatch(row: Row, clip: Clip | None, labels: frozenset[str]) -> str:
    """Return why a row is not about a clip of this data set, or ""."""
    path, label = row.values["path"], row.values["label"]
    if clip is None:
        return f"path {quoted(path)} is no training clip of this data set"
    if _unquoted(label, labels) != clip.label:
        return f"label {quoted(label)}: in the data set this clip has the label {quoted(clip.label)}"
    return ""


def _decision(values: Mapping[str, str], clip: Clip, labels: frozenset[str]) -> tuple[Decision | None, str]:
    """Return the decision of a row, None without one, and what is wrong with it, or ""."""
    word = values["decision"].strip().lower()
    action = next((known for known in ACTIONS if known == word), None)
    if action is None:
        return None, f"decision {quoted(values['decision'])}; allowed: {', '.join(ACTIONS)}, or empty" if word else ""
    if action != "relabel":
        return Decision(action, clip.label), ""
    column = "new_label" if values.get("new_label") else "suggested"
    label = _unquoted(values.get(column, ""), labels)
    if not label or (label == clip.label and column == "suggested"):
        return None, "decision 'relabel' without a label in the column new_label, and no other label is suggested"
    if label not in labels:
        return None, f"{column} {quoted(values[column])} is not a label of this data set{unlike(label, labels)}"
    return Decision("relabel", label), ""


def _together(path: Path, decisions: Mapping[str, Decision], manifest: Manifest) -> list[str]:
    """Return what is wrong with the decisions as a whole."""
    if not decisions:
        return [f"{path.name}: no decisions; write {', '.join(ACTIONS[:-1])} or {ACTIONS[-1]} in the column decision"]
    left = {clip.label for clip in reviewed(manifest, decisions).of("train")}
    empty = sorted({clip.label for clip in manifest.of("train")} - left)
    if empty:
        return [f"{path.name}: leaves {counted(len(empty), 'class')} without training clips: {listed_names(empty)}"]
    return []
