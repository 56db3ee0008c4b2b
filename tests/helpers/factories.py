"""What tests are made of: points of learning curves, records of runs, whole studies."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.findings.method_finding import method_finding
from analysis.results.study_results import StudyResults, study_results
from analysis.results.study_state import Progress
from trainables.config import DEFAULT_NETWORK, Configuration, Run, Training
from trainables.feature_settings import FEATURES, Features
from trainables.losses.catalogue import CCE, GCE, AdaptiveGCE
from trainables.plans import DataSummary, DoubtfulClips, HeldOut, PlannedRun, StudyPlan, write_plan
from trainables.records import Cost, Epoch, Record, Stage, Status, Test, read_record, record_path, recorded
from trainables.storage.documents import to_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from trainables.config import Subset
    from trainables.losses.base import Loss
    from trainables.networks.base import Network
    from trainables.plans import EmbeddingSummary
    from trainables.storage.types import Location

GCE_STUDY = Path(sys.executable).parent / "gce-study"
FINGERPRINT = "0123456789abcdef0123"
BEST = 3.0  # log10 of the temperature with the highest synthetic accuracy


def point(epoch: int, **changes: Any) -> Epoch:
    """Return the point of a learning curve after an epoch, with a validation accuracy of 0.1 per epoch.

    Unless ``changes`` state otherwise, the accuracy over clips equals that over patches.
    """
    fields: dict[str, Any] = {
        "train_loss": 1 / epoch,
        "validation_loss": 2 / epoch,
        "validation_accuracy": epoch / 10,
        "verified_accuracy": None,
        "learning_rate": 1e-3,
    } | changes
    return Epoch(epoch=epoch, **{"validation_clip_accuracy": fields["validation_accuracy"]} | fields)


def curve(accuracies: Iterable[float]) -> list[Epoch]:
    """Return the learning curve with these validation accuracies, from epoch 1 on."""
    return [point(epoch, validation_accuracy=accuracy) for epoch, accuracy in enumerate(accuracies, 1)]


def record(run: Run | PlannedRun, status: Status = "complete", epochs: Sequence[Epoch] = (), **changes: Any) -> Record:
    """Return a run's record; its validation accuracy is that of the last epoch, or 0.5 without epochs.

    Unless ``changes`` state otherwise, the accuracy over clips equals that over patches.
    """
    run = run.run if isinstance(run, PlannedRun) else run
    fields: dict[str, Any] = {
        "validation_accuracy": epochs[-1].validation_accuracy if epochs else 0.5,
        "verified_accuracy": None,
        "test": None,
        "cost": Cost(wall_s=1, cpu_s=1, images=1, images_per_s=1),
    } | changes
    fields = {"validation_clip_accuracy": fields["validation_accuracy"]} | fields
    return Record(run_id=run.run_id, run=run, status=status, epochs=list(epochs), **fields)


def write_record(storage: Location, record: Record) -> None:
    """Write a record, also over one that is there."""
    record_path(storage, record.run_id).write(to_bytes(record))


def read_records(storage: Location) -> dict[str, Record]:
    """Return the records of a storage location by ``run_id``."""
    return {run_id: read_record(storage, run_id) for run_id in sorted(recorded(storage))}


def outcome(record: Record) -> dict[str, Any]:
    """Return what must be equal, bit for bit, when the same run is trained again on the same machine."""
    return record.model_dump(mode="json", exclude={"cost", "provenance"})


def outcomes(storage: Location) -> dict[str, dict[str, Any]]:
    """Return the outcomes of the runs that are recorded in a storage location, by ``run_id``."""
    return {run_id: outcome(record) for run_id, record in read_records(storage).items()}


@dataclass
class Builder:
    """Collects planned runs and their records; ``results()`` tabulates them, ``write()`` stores them."""

    name: str = "best-t"
    kind: str = "synthetic"
    description: str = "Which temperature is best?"
    classes: list[str] = field(default_factory=lambda: ["Rain", "Wind"])
    skipped: list[tuple[str, str]] = field(default_factory=list)
    doubtful: list[DoubtfulClips] = field(default_factory=list)
    clips: dict[str, int] = field(default_factory=dict)  # those of FSDnoisy18k less the skipped ones when empty
    validation: dict[str, HeldOut] = field(default_factory=dict)  # by subset; a plan of the first version has none
    training: Training = field(default_factory=Training)
    features: Features = FEATURES
    embeddings: EmbeddingSummary | None = None
    method: dict[str, Any] = field(default_factory=lambda: {"name": "grid"})
    spec: dict[str, Any] = field(default_factory=dict)  # keys of the study file beside name, seeds and method
    progress: dict[str, Any] = field(default_factory=dict)  # what the study's progress file states
    planned: list[PlannedRun] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)

    def add(  # noqa: PLR0913 -- a run has that many parts
        self,
        arm: str,
        loss: Loss,
        seed: int,
        *,
        validation: float = 0.8,
        test: float | None = 0.75,
        subset: Subset = "all",
        varied: Mapping[str, float | str] | None = None,
        status: Status | None = "complete",
        error: str | None = None,
        epochs: int = 4,
        provenance: dict[str, Any] | None = None,
        stage: Stage = "",
        verified: float | None = None,
        patches: float | None = None,
        training: Training | None = None,
        network: Network = DEFAULT_NETWORK,
        fold: str | None = None,
    ) -> str:
        """Plan a run and, unless ``status`` is None, record it; return its run_id.

        ``validation`` is the accuracy over clips; over patches it is the same unless ``patches`` is given. ``training``
        is that of all runs unless it is given.
        """
        over_patches = validation if patches is None else patches
        configuration = Configuration(loss=loss, subset=subset, training=training or self.training, network=network)
        run = Run(configuration=configuration, seed=seed, dataset=FINGERPRINT, features=self.features, fold=fold)
        self.planned.append(PlannedRun(arm=arm, varied=dict(varied or {}), run=run, stage=stage))
        if status is not None:
            self.records[run.run_id] = record(
                run,
                status,
                [
                    _epoch(number, validation, over_patches, diverged=status == "diverged")
                    for number in range(1, epochs + 1)
                ],
                validation_accuracy=over_patches,
                validation_clip_accuracy=validation,
                verified_accuracy=verified,
                test=Test(accuracy=test, predictions=[0, 1]) if status == "complete" and test is not None else None,
                error=error,
                cost=Cost(wall_s=1800.0, cpu_s=3600.0, images=1000, images_per_s=500.0),
                provenance={"torch": "2.11.0", "threads": 1, "git": {"commit": "abc1234"}} | (provenance or {}),
            )
        return run.run_id

    def learning_rates(self, arm: str, rates: Iterable[float], seeds: int) -> Builder:
        """Add runs of cross-entropy at several learning rates, of which 0.01 has the highest accuracy."""
        for rate in rates:
            for seed in range(seeds):
                self.add(
                    arm,
                    CCE(name="cce"),
                    seed,
                    validation=0.8 - 0.05 * abs(math.log10(rate) + 2) + seed / 1000,
                    varied={"learning_rate": rate},
                    training=self.training.model_copy(update={"learning_rate": rate}),
                )
        return self

    def temperatures(
        self, exponents: list[float], seeds: int, *, subset: Subset = "all", arm: str = "adaptive", shift: float = 0
    ) -> Builder:
        """Add an arm that varies T; accuracy falls from T = 1000, and a seed moves every T alike but for a little."""
        for exponent in exponents:
            for seed in range(seeds):
                noise = 0.01 * _noise(seed, 0) + 0.002 * _noise(seed, round(10 * exponent))
                mean = 0.81 + shift - 0.01 * (exponent - BEST) ** 2 + noise
                temperature = round(10**exponent, 4)
                self.add(
                    arm,
                    AdaptiveGCE(name="adaptive_gce", temperature=temperature),
                    seed,
                    validation=mean,
                    test=mean - 0.06,
                    subset=subset,
                    varied={"temperature": temperature},
                    epochs=20 + int(4 * abs(_noise(seed, 1))),
                )
        return self

    def baselines(self, seeds: int, *, subset: Subset = "all", shift: float = 0) -> Builder:
        """Add the arms cce and gce, which vary nothing."""
        losses: list[tuple[str, Loss, float]] = [("cce", CCE(name="cce"), 0.76), ("gce", GCE(name="gce", q=0.7), 0.795)]
        for index, (arm, loss, mean) in enumerate(losses):
            for seed in range(seeds):
                accuracy = mean + shift + 0.01 * _noise(seed, 0) + 0.003 * _noise(seed, 100 + index)
                self.add(
                    arm, loss, seed, validation=accuracy, test=accuracy - 0.06, subset=subset, epochs=18 + seed % 5
                )
        return self

    def cross_validated(self, means: Mapping[str, float], seeds: int, folds: Mapping[str, float]) -> Builder:
        """Add an arm of GCE for each mean, trained for every fold, each of which moves all accuracies by its value."""
        for index, (arm, mean) in enumerate(means.items()):
            for seed in range(seeds):
                for place, (fold, shift) in enumerate(folds.items()):
                    accuracy = mean + shift + 0.002 * _noise(seed, 10 * index + place)
                    loss = GCE(name="gce", q=(index + 1) / 10)
                    validation = mean + 0.002 * _noise(seed, 10 * index + place + 5)
                    self.add(arm, loss, seed, validation=validation, test=accuracy, fold=fold)
        return self

    def exploring_temperatures(self, drops: dict[float, float]) -> Builder:
        """Add four exploring runs of each T, in a settle study; they end in the opposite order.

        Args:
            drops: T -> by how many points its validation accuracy is below 80 %, apart from noise.

        """
        self.method = {"name": "settle", "within": 0.5, "confidence": 0.9, "max_runs": None, "baselines": []}
        for place, (temperature, drop) in enumerate(drops.items()):
            for seed, noise in enumerate((0.3, -0.4, 0.1, 0.5)):
                self.add(
                    "adaptive",
                    AdaptiveGCE(name="adaptive_gce", temperature=temperature),
                    seed,
                    validation=(80 - drop + noise) / 100,
                    varied={"temperature": temperature},
                    stage="explore",
                    provenance={"ended": f"2026-01-01T00:{59 - 4 * place - seed:02d}:00+00:00"},
                )
        return self

    def plan(self) -> StudyPlan:
        """Return the plan of the runs added so far."""
        data = DataSummary(
            name=self.kind,
            kind=self.kind,
            fingerprint=FINGERPRINT,
            classes=self.classes,
            clips=self.clips or {"train verified": 1772, "train unverified": 15813, "test": 947 - len(self.skipped)},
            validation=self.validation,
            skipped=self.skipped,
            doubtful=self.doubtful,
            embeddings=self.embeddings,
            folds=dict.fromkeys((p.run.fold for p in self.planned if p.run.fold is not None), 2),
        )
        return StudyPlan(
            name=self.name,
            description=self.description,
            method=self.method["name"],
            spec={"name": self.name, "seeds": 12, "method": self.method, "features": self.features.model_dump()}
            | self.spec,
            dataset=data,
            runs=self.planned,
        )

    def results(self) -> StudyResults:
        """Return the study's results without touching the disk."""
        return study_results(self.plan(), self.records, progress=Progress.model_validate(self.progress))

    def report(self) -> Any:
        """Return the report of the study's method; its ``finding`` is what the study found."""
        from analysis.report.method_report import method_report  # noqa: PLC0415 -- plotly, which few tests need

        return method_report(self.results())

    def finding(self) -> Any:
        """Return what the study found; of which class, its method decides."""
        return method_finding(self.results())

    def write(self, storage: Path) -> str:
        """Write plan and records to a storage location; return the study's name."""
        write_plan(storage, self.plan())
        for record in self.records.values():
            write_record(storage, record)
        return self.name


def _noise(seed: int, stream: int) -> float:
    return float(np.random.default_rng([seed, stream]).normal())


def _epoch(number: int, final: float, patches: float, *, diverged: bool) -> Epoch:
    done = 1 - math.exp(-number / 4)
    return point(
        number,
        train_loss=math.nan if diverged else 3 - 2 * done,
        validation_loss=2 - done,
        validation_accuracy=patches * done,
        validation_clip_accuracy=final * done,
    )
