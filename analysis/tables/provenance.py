"""Where a study's numbers come from and what they cost, as tables."""

from __future__ import annotations

import platform
from collections import Counter
from importlib import metadata
from typing import TYPE_CHECKING

from analysis.findings.paper.published import why_not_published
from analysis.results.budget import HOUR_S
from analysis.results.gpu_costs import lost_s, unpriced_devices
from analysis.results.runs_table import complete_runs, differing_settings
from analysis.results.validation_clips import validation_clips
from analysis.tables.table import Table
from analysis.text.features import features_in_words
from analysis.text.validation_clips import clips_in_full
from trainables.config import DEFAULT_NETWORK
from trainables.naming import counted, label, listed_names, number, symbol
from trainables.numerals import minute, percent

if TYPE_CHECKING:
    import pandas as pd

    from analysis.results.study_results import StudyResults
    from trainables.losses.base import Loss
    from trainables.networks.base import Network
    from trainables.plans import DataSummary

MAX_VALUES = 4  # different values of one entry; more are counted
TIMES = ("started", "ended")  # ISO 8601 in UTC, so that they sort as text
PACKAGES = ("gce-study", "numpy", "pandas", "plotly", "scipy")


def data_table(results: StudyResults) -> Table:
    """Tabulate the study and its data set: method, fingerprint, classes, clips, features."""
    plan, data = results.plan, results.plan.dataset
    rows = [
        ("Study", plan.name),
        ("Method", plan.method),
        ("Data set", data.name if data.name == data.kind else f"{data.name} ({data.kind})"),
        ("Data fingerprint", data.fingerprint),
        ("Classes", f"{len(data.classes)}: {listed_names(data.classes)}"),
        *((f"Clips, {part}", f"{count:,}") for part, count in data.clips.items() if part != "test" or not data.folds),
        *((f"Clips, fold {fold}", f"{count:,}") for fold, count in data.folds.items()),
        *((f"Validation clips, {name}", clips_in_full(clips)) for name, clips in validation_clips(plan).items()),
        ("Clips skipped", f"{len(data.skipped):,}"),
        *known_noise(data),
        ("Seed of the subsets", str(data.subset_seed)),
        *([("Features", features_in_words(plan.settings.features))] * data.frames),
        *_embeddings(data),
        ("Training semantics", ", ".join(sorted({str(planned.run.semantics) for planned in plan.runs}))),
    ]
    return Table("Study and data", ("What", "Value"), tuple(rows), why_not_published(data))


def _embeddings(data: DataSummary) -> list[tuple[str, str]]:
    """Return rows on the embeddings that runs use, if any."""
    e = data.embeddings
    if e is None:
        return []
    every = f"{counted(e.windows, 'window')} of {e.window_s:g} s every {e.hop_s:g} s"
    words = f"{e.model}: {counted(e.dims, 'dimension')}, {every}"
    return [("Embeddings", words), ("Digest of the embeddings", e.digest)]


def known_noise(data: DataSummary) -> list[tuple[str, str]]:
    """Return a row with the number of training labels that are known to be wrong, where the truth is known."""
    total = data.clips.get("train verified", 0) + data.clips.get("train unverified", 0)
    if data.wrong is None or not total:
        return []
    return [("Training labels known to be wrong", f"{data.wrong:,} of {total:,} ({percent(data.wrong / total, 1)})")]


def settings_table(results: StudyResults) -> Table:
    """Tabulate every configuration with all its parameters, those left at their defaults included."""
    differing = differing_settings(results.plan)
    several = any(planned.run.configuration.network != DEFAULT_NETWORK for planned in results.plan.runs)
    rows: dict[tuple[str, str], tuple[str, ...]] = {}
    for planned in results.plan.runs:
        configuration = planned.run.configuration
        settings = tuple(number(getattr(configuration.training, name)) for name in differing)
        network = (_with_parameters(configuration.network),) * several
        cells = (_with_parameters(configuration.loss), *network, configuration.subset, *settings)
        rows[label(planned), configuration.subset] = cells
    training = next(iter(results.plan.runs)).run.configuration.training.model_dump() if results.plan.runs else {}
    shared = ", ".join(f"{name} {number(value)}" for name, value in training.items() if name not in differing)
    note = f"Training, the same for all: {shared}."
    header = ("Configuration", "Loss", *("Network",) * several, "Subset", *map(symbol, differing))
    return Table("Configurations", header, tuple((name, *cells) for (name, _), cells in rows.items()), note)


def _with_parameters(part: Loss | Network) -> str:
    parameters = part.model_dump(exclude={"name"}, exclude_none=True)
    settings = ", ".join(f"{symbol(name)} = {number(value)}" for name, value in parameters.items())
    return f"{part.name}{f': {settings}' if settings else ''}"


def cost_table(results: StudyResults) -> Table:
    """Tabulate attempts, hours and epochs of the recorded runs, of those that entered the means and of the others.

    GPU hours are shown if a run had a GPU, and money if the study file states a price.
    """
    recorded = results.runs[results.runs["run_id"].isin(results.records)].drop_duplicates("run_id")
    parts = [("Recorded", recorded), ("Complete", complete_runs(recorded))]
    for status in ("stopped", "diverged", "failed"):
        runs = recorded[recorded["status"] == status]
        parts += [(status.capitalize(), runs)] if len(runs) else []
    priced = bool(recorded["price"].notna().any())
    on_gpus = bool((recorded["gpu_hours"] > 0).any())
    header = ["Runs", "Number", "Attempts", "Wall hours", "CPU hours", "Epochs"]
    header += (["GPU hours", "Price"] if priced else ["GPU hours"]) if on_gpus else []
    rows = []
    for which, runs in parts:
        hours = (f"{float(runs[column].sum()) / HOUR_S:.2f}" for column in ("wall_s", "cpu_s"))
        attempts = sum(results.records[run_id].provenance.attempt_count for run_id in runs["run_id"])
        gpus = [f"{float(runs['gpu_hours'].sum()):.2f}", f"{float(runs['price'].sum()):.2f}"]
        row = (which, str(len(runs)), f"{attempts:,}", *hours, f"{int(runs['epochs'].sum()):,}", *gpus)
        rows.append(row[: len(header)])
    return Table("Cost", tuple(header), tuple(rows), _about_cost(results, recorded, priced=on_gpus and priced))


def _about_cost(results: StudyResults, recorded: pd.DataFrame, *, priced: bool) -> str:
    """Return what the numbers include, and what they do not."""
    note = "Hours are summed over runs and over every attempt of a run; runs may have been trained side by side."
    if lost := sum(lost_s(record) for record in results.records.values()):
        note += " What processes that were lost or stopped had trained since their last epoch comes on top: at most an "
        note += f"epoch for each, {lost / HOUR_S:.2f} hours together."
    if priced:
        note += " The price is that of resources.price_per_gpu_hour, without idle machines, storage and traffic."
        unpriced = recorded[(recorded["gpu_hours"] > 0) & recorded["price"].isna()]["run_id"]
        prices = results.plan.settings.resources.price_per_gpu_hour
        devices = {device for i in unpriced for device in unpriced_devices(results.records[i], prices)}
        note += f" No price is stated for: {', '.join(sorted(devices))}." if devices else ""
    return note


def provenance_table(results: StudyResults) -> Table:
    """Tabulate the provenance of the records: versions, device, threads, commit, first and last times."""
    entries: dict[str, Counter[str]] = {}
    for record in results.records.values():
        for name, value in record.provenance.entries():
            if name not in {"attempts", "earlier_attempts"}:  # the cost table counts them
                entries.setdefault(name, Counter())[value] += 1
    total = len(results.records)
    rows = [
        (name, _period(counts) if name in TIMES else _values(counts, total)) for name, counts in sorted(entries.items())
    ]
    report = [
        ("report: python", platform.python_version()),
        *((f"report: {name}", _version(name)) for name in PACKAGES),
    ]
    note = f"From {counted(total, 'record')}; an entry that is absent from some shows its number of runs."
    return Table("Provenance", ("What", "Value"), (*rows, *report), note)


def _period(counts: Counter[str]) -> str:
    return " to ".join(dict.fromkeys(map(minute, (min(counts), max(counts)))))


def _values(counts: Counter[str], total: int) -> str:
    text = next(iter(counts)) if len(counts) == 1 else f"{len(counts)} different values"
    if 1 < len(counts) <= MAX_VALUES:
        text += f": {'; '.join(counts)}"
    return text if counts.total() == total else f"{text} ({counts.total()} of {total} runs)"


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
