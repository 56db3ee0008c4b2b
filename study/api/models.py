"""The model of a study's choice in Python; what it needs is imported when it is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainables.inference.kept_model import KeptModel
    from trainables.storage.types import Location


def load_model(
    place: Location | Path | str,
    name: str | None = None,
    *,
    seed: int | None = None,
    ensemble: bool = False,
    allow_code: bool = False,
) -> KeptModel:
    """Load the trained network of a study's choice, or the model of a folder that ``gce-study model`` wrote.

    Args:
        place: the storage location of the study; without a name, the folder of the model.
        name: the study's name.
        seed: of the choice's run; by default the one with the median validation score.
        ensemble: whether to average all of the choice's runs, by the geometric mean of their probabilities.
        allow_code: whether to run the code of a plugin that defines the network without asking.

    Raises:
        UnknownStudyError: there is no such study.
        UsageError: there is no model, the weights were not kept, the network receives embeddings, or there is no
            consent to a plugin.
        SpecError: the plugin cannot be used.
        EngineError: weights are damaged.
        OSError: a file cannot be read.

    """
    from study.consent import Consent  # noqa: PLC0415 -- see the module's docstring
    from study.models.loading import model_of_folder, model_of_study  # noqa: PLC0415
    from study.models.selection import select  # noqa: PLC0415
    from trainables.plugins.loading import load_apart  # noqa: PLC0415
    from trainables.storage.location import location  # noqa: PLC0415

    consent = Consent(allowed=allow_code, accepted=load_apart)
    if name is None:
        if seed is not None or ensemble:
            msg = "seed and ensemble are for studies: give the study's name too"
            raise ValueError(msg)
        return model_of_folder(Path(str(place)), consent)
    return model_of_study(select(location(place), name, seed=seed, ensemble=ensemble), consent)
