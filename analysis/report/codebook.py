"""The codebook: what each column of the CSV and Parquet files means."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from analysis.results.measures import MEASURES, SELECTION, metric_words
from analysis.results.runs_table import LEFT_OUT, WAITING
from trainables.config import Training
from trainables.losses.registry import known_losses
from trainables.metrics import METRICS, split_name
from trainables.networks.registry import known_networks
from trainables.storage.files import write_atomically

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from trainables.metrics import Metric


class Column(NamedTuple):
    """A column: its meaning, its unit (empty for text and numbers without one) and its range."""

    meaning: str
    unit: str = ""
    values: str = ""


FRACTION = "[0, 1]"
COLUMNS = {
    "study": Column("the study's name"),
    "run_id": Column("identifies the run; its record is records/RUN_ID.json"),
    "stage": Column(
        "what the run is for; empty in a study that trains every run that it names", "", "explore, confirm, control"
    ),
    "arm": Column("the arm, as the study file names it"),
    "series": Column("the arm, with whatever is varied beside the axis of the figures"),
    "configuration": Column("the configuration's label, such as adaptive T=1000"),
    "parameter": Column("the varied number that makes the axis of the figures; empty without one"),
    "value": Column("the value of that number"),
    "loss": Column("the loss function"),
    "network": Column("the network"),
    "subset": Column("the training subset"),
    "seed": Column("the seed of the run", "", "a whole number of at least 0"),
    "fold": Column("the fold that is the test set; empty unless each fold is the test set in turn"),
    "status": Column(
        "how the run ended; without a record, why it has none",
        "",
        f"complete, {', '.join(LEFT_OUT)}, {WAITING}",
    ),
    "epochs": Column("epochs trained", "epochs", "a whole number of at least 0"),
    "wall_s": Column("time over all attempts", "s", "at least 0"),
    "cpu_s": Column("processor time over all attempts", "s", "at least 0"),
    "error": Column("the last line of a failure; empty without one"),
    "gpu_hours": Column("hours times GPUs, over all attempts", "h", "at least 0"),
    "price": Column("what the run cost, where the study file has prices", "of the study file", "at least 0"),
    "validation_accuracy": Column(
        "accuracy over validation patches on the given labels, which schedule and early stopping follow", "", FRACTION
    ),
    "validation_clip_accuracy": Column("accuracy over validation clips on the given labels", "", FRACTION),
    SELECTION: Column("what the study chooses by (select_on)", "", FRACTION),
    "epoch": Column("number of the epoch", "epochs", "from 1"),
    "train_loss": Column("the run's own loss, its L2 term included, averaged over the epoch", "", ""),
    "validation_loss": Column("cross-entropy on the given labels, over validation patches", "nats", "at least 0"),
    "learning_rate": Column("the learning rate of the epoch, or of the run where it is varied", "", "above 0"),
    "q_mean": Column("mean q of an adaptive loss over the epoch's batches", "", FRACTION),
    "q_sd": Column("its standard deviation over the batches", "", "at least 0"),
    "clip": Column("the test clip's path, relative to the data set's folder"),
    "given": Column("the given label of the clip"),
    "true": Column("the true label of the clip; empty if it is unknown"),
    "predicted": Column("the class that the run predicts"),
    "path": Column("the training clip's path, relative to the data set's folder"),
    "decision": Column("what to do with the clip; filled in by a person", "", "keep, relabel, drop"),
    "new_label": Column("the label of a clip to relabel; filled in by a person", "", "a class of the data set"),
    "label": Column("the given label of the clip"),
    "suggested": Column("the class that most runs suggest"),
    "share": Column("share of the runs that suggest that class", "", FRACTION),
    "agreement": Column("share of the seeds in which that class has the most votes", "", FRACTION),
    "score": Column("how suspicious the label is; 1 is the most suspicious", "", FRACTION),
    "low": Column("lower end of the interval of the score over seeds", "", FRACTION),
    "high": Column("upper end of the interval of the score over seeds", "", FRACTION),
    "runs": Column("complete runs that measured the clip", "", "a whole number of at least 1"),
    "seeds": Column("seeds of those runs", "", "a whole number of at least 1"),
    "n": Column("complete runs", "", "a whole number of at least 0"),
    "method": Column("method of the intervals", "", "t"),
    "level": Column("confidence level of the intervals", "", "(0, 1)"),
    "test_luck": Column("by how much the mean on test clips is too high because the same runs made the choice"),
    "collapsed": Column("complete runs that lie far below the others and are in no mean", "runs"),
    **{status: Column(f"runs left out: {status}", "runs") for status in LEFT_OUT},
    WAITING: Column("runs that wait to be trained", "runs"),
}
PARTS = {
    "n": "number of runs (of seeds, if each fold is the test set in turn) in the mean of the",
    "mean": "mean of the",
    "half_width": "half width of the interval of the",
    "low": "lower end of the interval of the",
    "high": "upper end of the interval of the",
}
OF_PLUGINS = Column("a parameter of a plugin")


def column(name: str) -> Column | None:
    """Return the entry of a column; None if the codebook has none, as for the parameters of plugins."""
    if name in COLUMNS:
        return COLUMNS[name]
    if name in MEASURES:
        return _of_metric(*split_name(name))
    if name.startswith("p_"):
        return Column(
            f"probability of the class {name.removeprefix('p_')}; empty in runs of earlier versions", "", "[0, 1]"
        )
    parts = re.fullmatch(rf"(.+)_({'|'.join(PARTS)})", name)
    if parts and parts[1] in _SUMMARISED:
        return Column(f"{PARTS[parts[2]]} {metric_words(parts[1])} of a configuration's complete runs")
    return _setting(name)


def codebook(tables: Mapping[str, Iterable[str]]) -> str:
    """Return the codebook of some files as Markdown.

    Args:
        tables: the file's name -> its columns.

    """
    parts = ["# Columns", "An empty cell has no value. Fractions are in [0, 1], not in per cent."]
    for file, names in tables.items():
        rows = [(f"`{name}`", *(column(name) or OF_PLUGINS)) for name in names]
        lines = ["| column | meaning | unit | range |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(_cell(part) for part in row)} |" for row in rows]
        parts += [f"## {file}", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def write_codebook(path: Path, columns: Iterable[str]) -> None:
    """Write the codebook of a file beside it, as ``NAME.columns.md``.

    Raises:
        OSError: it cannot be written.

    """
    write_atomically(path.with_suffix(".columns.md"), codebook({path.name: columns}).encode())


_SUMMARISED = {"validation", "test", *(f"test_{name}" for name in METRICS)}


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


def _of_metric(clips: str, metric: Metric) -> Column:
    better = "" if metric.higher_is_better else "; lower is better"
    last = "" if clips == "test" else "; of a run, in its last epoch"
    meaning = f"{metric_words(f'{clips}_{metric.name}')}, over clips{last}{better}"
    return Column(meaning, "nats", "at least 0") if metric.unit == "nats" else Column(meaning, "", FRACTION)


def _setting(name: str) -> Column | None:
    """Return what a setting or a parameter means, as the model that has it describes it; None if none has it."""
    part, _, key = name.rpartition(".")
    if part in {"", "training"} and key in Training.model_fields:
        return Column(f"training.{key}: {Training.model_fields[key].description or 'a training setting'}")
    models = [*known_networks().values()] if part == "network" else [*known_losses().values()]
    for model in models if part in {"", "loss", "network"} and key != "name" else ():
        if key in model.model_fields:
            what = "network" if part == "network" else "loss"
            return Column(f"parameter {key} of the {what}: {model.model_fields[key].description or key}")
    return None
