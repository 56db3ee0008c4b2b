"""The study file that trains a study's choice alone, in the same runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from study.planning.starter import flow, pairs
from trainables.config import DEFAULT_NETWORK
from trainables.datasets.config import KINDS
from trainables.feature_settings import Features
from trainables.settings import MAX_NAME

if TYPE_CHECKING:
    from collections.abc import Collection

    from trainables.config import Configuration
    from trainables.plans import StudyPlan

SUFFIX = "-best"  # of the file's study


def choice_alone(plan: StudyPlan, run_ids: Collection[str]) -> str:
    """Return a study file whose runs are those of one configuration of a study, with equal run_ids.

    It has all that identifies a run: data, plugins, features, and each setting that differs from its default. Sounds,
    embeddings and plugins are expected where they were for the study.

    Args:
        plan: the study.
        run_ids: the runs of the configuration. If some of them confirm a choice, the file has those alone.

    """
    of_choice = [planned for planned in plan.runs if planned.run.run_id in run_ids]
    of_choice = [planned for planned in of_choice if planned.stage == "confirm"] or of_choice
    arm, configuration = of_choice[0].arm, of_choice[0].run.configuration
    seeds = sorted({planned.run.seed for planned in of_choice})
    keys: dict[str, Any] = {
        "name": plan.name[: MAX_NAME - len(SUFFIX)] + SUFFIX,
        "plugins": plan.spec.get("plugins", []) if _of_plugins(configuration) else [],
        "dataset": _dataset(plan.spec.get("dataset", {})),
        "features": _features(plan.spec.get("features", {}), configuration),
        "training": configuration.training.model_dump(mode="json", exclude_defaults=True),
        "select_on": None if (by := plan.spec.get("select_on")) == "validation" else by,
        "seeds": len(seeds) if seeds == list(range(len(seeds))) else seeds,
    }
    lines = [f"# The choice of study {plan.name} alone.", *pairs({key: value for key, value in keys.items() if value})]
    return "\n".join([*lines, "arms:", f"  - {flow(_arm(arm, configuration))}", ""])


def _arm(name: str, configuration: Configuration) -> dict[str, Any]:
    network = configuration.network
    keys = {"name": name, "loss": configuration.loss.model_dump(mode="json", exclude_none=True)}
    keys |= {} if configuration.subset == "all" else {"subset": configuration.subset}
    return keys | (
        {} if network == DEFAULT_NETWORK else {"network": network.model_dump(mode="json", exclude_none=True)}
    )


def _dataset(keys: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a data set that differ from their defaults, and its kind."""
    try:
        dataset = KINDS[keys["kind"]].model_validate(keys)
    except (KeyError, ValidationError):  # of another version
        return keys
    return {"kind": keys["kind"]} | dataset.model_dump(mode="json", exclude_defaults=True)


def _features(keys: dict[str, Any], configuration: Configuration) -> dict[str, Any]:
    """Return the keys of the study's features that a configuration uses and that differ from their defaults."""
    embeddings = keys.get("embeddings") if configuration.needs_embeddings else None
    of_frames = Features().model_dump(mode="json") if configuration.needs_frames else {}
    frames = {key: keys[key] for key, default in of_frames.items() if keys.get(key, default) != default}
    return frames | ({} if embeddings is None else {"embeddings": embeddings})


def _of_plugins(configuration: Configuration) -> bool:
    return any("." in part.name for part in (configuration.loss, configuration.network))
