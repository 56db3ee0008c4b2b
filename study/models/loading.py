"""Load a model: from a storage location, or from a folder that ``gce-study model`` wrote. Imports PyTorch."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from study.errors import EngineError, SpecError, UsageError
from study.models.config import CONFIG, ModelConfig, network_code, weights_names
from trainables.config import Run
from trainables.inference.kept_model import NoSoundError, kept_model
from trainables.outputs.weights import read_weights_file, weights_path
from trainables.plugins.kept import load_kept
from trainables.plugins.sources import PluginError, sources_path, stored_sources
from trainables.storage.documents import DamagedError, read_document
from trainables.storage.location import location

if TYPE_CHECKING:
    from collections.abc import Sequence

    from study.consent import Consent
    from study.models.selection import Selection
    from trainables.inference.kept_model import KeptModel
    from trainables.storage.types import Location


class DamagedWeightsError(EngineError):
    """A file of weights is not what was written."""


def model_of_study(selection: Selection, consent: Consent) -> KeptModel:
    """Return the model of runs of a study; raises as ``model_of_runs`` does."""
    runs = [record.run for record in selection.records]
    paths = [weights_path(selection.storage, run.run_id) for run in runs]
    try:
        return model_of_runs(selection.storage, runs, paths, selection.results.plan.dataset.classes, consent)
    except DamagedWeightsError as error:
        msg = f"{error}; remove that file, then gce-study run FILE --retrain-choice trains its run again"
        raise EngineError(msg) from None


def model_of_folder(folder: Path, consent: Consent) -> KeptModel:
    """Return the model of a folder.

    Raises:
        UsageError: the folder holds no model; or see ``model_of_runs``.
        EngineError, SpecError, OtherVersionError, OSError: see ``model_of_runs``.

    """
    place = location(folder)
    try:
        config = read_document(place / CONFIG, ModelConfig)
    except FileNotFoundError:
        msg = f"{folder}: no model: it has no {CONFIG}; allowed: a folder that gce-study model wrote"
        raise UsageError(msg) from None
    except DamagedError as error:
        raise EngineError(str(error)) from None
    runs = [part.run for part in config.runs]
    return model_of_runs(place, runs, [place / name for name in weights_names(len(runs))], config.classes, consent)


def model_of_runs(
    storage: Location, runs: Sequence[Run], paths: Sequence[Location], classes: Sequence[str], consent: Consent
) -> KeptModel:
    """Return the model of runs.

    Args:
        storage: where the sources of plugins are kept.
        runs: what was trained.
        paths: of the weights of each run.
        classes: names of the classes.
        consent: asks for consent to the code of the plugin that defines the network, if one does.

    Raises:
        UsageError: there is no consent, or the network receives no sounds.
        SpecError: the plugin cannot be used.
        EngineError: weights are absent, damaged, or of another network.
        OtherVersionError, OSError: a file cannot be read.

    """
    try:
        loaded = [_with_network(storage, run, consent) for run in runs]
        weights = [read_weights_file(path, run.run_id) for path, run in zip(paths, loaded, strict=True)]
        return kept_model(loaded, weights, classes)
    except NoSoundError as error:
        raise UsageError(str(error)) from None
    except PluginError as error:
        raise SpecError([str(error)]) from None
    except DamagedError as error:
        raise DamagedWeightsError(str(error)) from None
    except (FileNotFoundError, ValueError, TypeError) as error:
        raise EngineError(str(error)) from None


def _with_network(storage: Location, run: Run, consent: Consent) -> Run:
    """Return a run whose network is known; the plugin of its loss is not needed.

    Raises:
        UsageError: there is no consent.
        PluginError: the plugin cannot be used.

    """
    code = network_code(run)
    if code is None:
        return run
    with suppress(FileNotFoundError):  # of an installed package, or absent: ``load_kept`` finds out
        consent([(Path(str(sources_path(storage, code.sha256))), stored_sources(storage, code.sha256))])
    load_kept(storage, run.model_copy(update={"code": (code,)}))
    return Run.model_validate_json(run.model_dump_json())
