"""Ray Tune's trainable: one run a trial, one epoch a step, actors reused from run to run."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from ray import tune

from trainables.config import Run
from trainables.datasets.manifest import from_json
from trainables.execution import Execution, StorageError, provenance
from trainables.loading import Loader
from trainables.records import record_path
from trainables.store import open_store, store_folder


def manifest_path(storage: Path, fingerprint: str) -> Path:
    """Return where the driver leaves a data set's manifest for the workers."""
    return storage / "datasets" / f"{fingerprint}.json"


def features_folder(storage: Path) -> Path:
    """Return the folder of the frame stores in a storage location."""
    return storage / "features"


@lru_cache(maxsize=1)  # an actor serves one study, and so one data set
def loader(storage: Path, fingerprint: str, device: str) -> Loader:
    """Open a data set on a device.

    Raises:
        FileNotFoundError: the driver left no manifest, or the frame store is absent or unfinished.

    """
    manifest = from_json(manifest_path(storage, fingerprint).read_bytes())
    folder = store_folder(features_folder(storage), manifest)
    store = open_store(folder)  # the driver compared its checksums
    if store is None:
        msg = f"{folder}: the frame store is absent or unfinished"
        raise FileNotFoundError(msg)
    return Loader(manifest, store, torch.device(device))


class RunTrainable(tune.Trainable):
    """Executes ``config["run"]`` (a dumped ``Run``) on ``config["storage"]`` with ``config["threads"]`` threads.

    The record is written here, by the worker: whatever becomes of the driver, a run that ended is recorded. Tune's
    own checkpoints are not used; the run's lies in the storage location under its run_id.
    """

    def setup(self, config: dict[str, Any]) -> None:
        """Take a run; nothing is loaded before the first step."""
        self.execution: Execution | None = None
        self.run_config = config

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Take another run in the same process: torch is not imported again, the frames stay mapped."""
        self.setup(new_config)
        return True

    def step(self) -> dict[str, Any]:
        """Train one epoch; the last step writes the record and says ``done``."""
        config = self.run_config
        run = Run.model_validate(config["run"])
        storage = Path(config["storage"])
        try:
            if self.execution is None:
                if record_path(storage, run.run_id).exists():  # another study has trained it meanwhile
                    return {"done": True, "run_id": run.run_id}
                torch.set_num_threads(config["threads"])
                device = torch.device("cuda" if config["gpus"] else "cpu")
                data = loader(storage, run.dataset, str(device))
                self.execution = Execution(run, data, storage, provenance(device) | config["provenance"])
            point, record = self.execution.step()
        except (StorageError, OSError) as error:
            return {"done": True, "run_id": run.run_id, "storage_error": str(error)}
        result: dict[str, Any] = {"done": record is not None, "run_id": run.run_id}
        if point is not None:
            # Numbers under the names of the curve; images/s changes from time to time and so is no part of it.
            result |= {k: v for k, v in point.model_dump().items() if v is not None}
            training = self.execution.training
            result["images_per_s"] = training.images / training.train_s if training and training.train_s else 0.0
        return result

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Tune never asks for one; it must be defined for actors to be reused."""
