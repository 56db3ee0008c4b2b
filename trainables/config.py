"""The description of a run as plain data: loss, subset, training settings, feature settings, and the run's identity.

This module imports neither torch nor ray, so that ``analysis`` and the command line start without them.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cached_property
from operator import not_
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from trainables.feature_settings import FEATURES, StoredFeatures
from trainables.frozen import Frozen
from trainables.losses.registry import AnyLoss
from trainables.networks.catalogue import BaselineCNN
from trainables.networks.registry import AnyNetwork

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

# Increased whenever the same configuration and seed would train differently than before, or would be judged by another
# accuracy; run_ids change with it, so older records no longer count. From version 2 on, records hold the accuracy over
# validation clips; those of version 1 hold that over validation patches alone, and are judged by it.
SEMANTICS_VERSION = 2

Precision = Literal["fp32", "bf16"]
Split = Literal["fixed", "per_seed", "in_turn"]
Optimizer = Literal["adam", "adamw", "sgd"]
Schedule = Literal["plateau", "cosine"]
Subset = Literal[
    "all",
    "clean",
    "noisy",
    "xs_noisy+clean",
    "s_noisy+clean",
    "m_noisy+clean",
    "l_noisy+clean",
    "l_noisy+s_clean",
    "l_noisy+m_clean",
    "l_noisy+l_clean",
]


DEFAULT_MOMENTUM = 0.9
# Settings that have an effect only if another one has this value.
NEEDS = {
    "momentum": ("optimizer", "sgd"),
    "halve_after": ("schedule", "plateau"),
    "halve_gain": ("schedule", "plateau"),
    "stop_after": ("schedule", "plateau"),
    "stop_gain": ("schedule", "plateau"),
}
# Settings that have no effect where all of these others are 0.
NEEDS_ONE = {"mixup_after": ("mixup",), "masks": ("time_mask", "frequency_mask")}


class Training(Frozen):
    """The training protocol; the defaults are those of Fonseca et al. 2019."""

    epochs: Annotated[int, Field(ge=1, le=10_000, description="maximum number of epochs of a run")] = 160
    batch_size: Annotated[
        int, Field(ge=2, le=4096, description="patches in a batch; an incomplete last batch is dropped")
    ] = 64
    learning_rate: Annotated[float, Field(gt=0, le=1, description="initial learning rate")] = 1e-3
    l2: Annotated[float, Field(ge=0, description="weight of the squared dense kernels in the loss")] = 1e-3
    validation: Annotated[float, Field(gt=0, lt=0.9, description="share of the training clips held out")] = 0.15
    split_seed: Annotated[int, Field(ge=0, description="seed of the validation split")] = 42
    # Omitted from dumps at its default, so that runs keep the run_id that they have without it.
    split: Annotated[
        Split,
        Field(
            description="fixed: every run holds out the same clips; per_seed: other clips for each seed, the same for "
            "every configuration; in_turn: the clips are divided into 1 / validation parts, and seed s holds out part "
            "s, so that as many seeds hold out every clip once",
            exclude_if=lambda split: split == "fixed",
        ),
    ] = "fixed"
    halve_after: Annotated[int, Field(ge=1, description="epochs without gain before the learning rate is halved")] = 5
    halve_gain: Annotated[float, Field(ge=0, description="gain in validation accuracy that counts, for halving")] = 1e-4
    stop_after: Annotated[int, Field(ge=1, description="epochs without gain before the run stops")] = 15
    stop_gain: Annotated[float, Field(ge=0, description="gain in validation accuracy that counts, for stopping")] = 1e-3
    # Omitted from dumps at its default, so that runs keep the run_id that they have without it.
    precision: Annotated[
        Precision,
        Field(
            description="precision of the network's arithmetic; losses and scores are not affected",
            exclude_if=lambda p: p == "fp32",
        ),
    ] = "fp32"
    # The next four are omitted from dumps at their defaults, as precision is.
    optimizer: Annotated[
        Optimizer,
        Field(
            description="optimiser: adam, adamw (Adam with decoupled weight_decay) or sgd (with momentum)",
            exclude_if=lambda optimizer: optimizer == "adam",
        ),
    ] = "adam"
    momentum: Annotated[
        float,
        Field(
            ge=0, lt=1, description="momentum in [0, 1), with optimizer sgd", exclude_if=lambda m: m == DEFAULT_MOMENTUM
        ),
    ] = DEFAULT_MOMENTUM
    weight_decay: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="weight decay of all weights, as in torch.optim: decoupled with adamw, else added to the "
            "gradient; beside l2",
            exclude_if=not_,
        ),
    ] = 0.0
    schedule: Annotated[
        Schedule,
        Field(
            description="plateau: halve_* and stop_* apply; cosine: from learning_rate to 0 over all epochs, without "
            "early stopping",
            exclude_if=lambda schedule: schedule == "plateau",
        ),
    ] = "plateau"

    # Augmentation of the training patches; each is omitted from dumps where it is not used.
    mixup: Annotated[
        float,
        Field(
            ge=0,
            le=100,
            description="alpha of mixup, which mixes pairs of patches by weights from Beta(alpha, alpha); 0: no mixup",
            exclude_if=not_,
        ),
    ] = 0.0
    mixup_after: Annotated[int, Field(ge=0, description="epochs before mixup begins", exclude_if=not_)] = 0
    time_mask: Annotated[
        int, Field(ge=0, description="largest width of a time mask in frames; 0: no time masks", exclude_if=not_)
    ] = 0
    frequency_mask: Annotated[
        int,
        Field(
            ge=0, description="largest width of a frequency mask in mel bands; 0: no frequency masks", exclude_if=not_
        ),
    ] = 0
    masks: Annotated[
        int, Field(ge=1, le=100, description="masks of each kind in a patch", exclude_if=lambda masks: masks == 1)
    ] = 1

    def canonical(self) -> Training:
        """Return the same training with the default of every setting without effect, so that equal runs have one id."""
        unused = [name for name, (other, value) in NEEDS.items() if getattr(self, other) != value]
        unused += [name for name, others in NEEDS_ONE.items() if not any(getattr(self, other) for other in others)]
        defaults = {name: type(self).model_fields[name].default for name in unused}
        return self.model_copy(update=defaults) if defaults else self

    def validation_seed(self, seed: int) -> int:
        """Return the seed of the validation split of the runs with this seed, at least 0.

        It depends on neither loss nor subset, so configurations are compared on equal clips, seed by seed.
        """
        if self.split != "per_seed":
            return self.split_seed
        return int(digest(["validation split", self.split_seed, seed]), 16)

    def validation_split(self, seed: int) -> tuple[float, int, tuple[int, int] | None]:
        """Return which clips the runs with this seed hold out: the last arguments of ``split_validation``."""
        parts = max(2, round(1 / self.validation))
        return self.validation, self.validation_seed(seed), (seed % parts, parts) if self.split == "in_turn" else None


DEFAULT_NETWORK = BaselineCNN()


class Configuration(Frozen):
    """An arm with every parameter fixed."""

    loss: AnyLoss
    subset: Subset = "all"
    training: Training = Training()
    # Omitted from dumps at its default, so that runs keep the run_id that they have without it.
    network: Annotated[AnyNetwork, Field(exclude_if=lambda network: network == DEFAULT_NETWORK)] = DEFAULT_NETWORK

    @property
    def needs_frames(self) -> bool:
        """Whether the network receives log-mel frames."""
        return self.network.input == "frames"

    @property
    def needs_embeddings(self) -> bool:
        """Whether the network or the loss uses the study's embeddings."""
        return not self.needs_frames or self.loss.needs_embeddings

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of the loss and the network, by the names of ``parameter_name``."""
        parts: tuple[tuple[Part, Frozen], ...] = (("loss", self.loss), ("network", self.network))
        return {
            parameter_name(part, name): value
            for part, settings in parts
            for name, value in settings.model_dump(exclude={"name"}).items()
        }


Part = Literal["loss", "network", "training"]
_NOT_OF_A_LOSS = frozenset({"subset", *Training.model_fields})


def parameter_name(part: Part, name: str) -> str:
    """Return what a parameter is called in plans and tables: by its key in the study file alone, if that is clear.

    A parameter of a network, and one of a loss that shares its key with a training setting or the subset, is qualified:
    ``network.hidden``, ``loss.momentum``. So no two parameters of a configuration have one name.
    """
    return f"{part}.{name}" if part == "network" or (part == "loss" and name in _NOT_OF_A_LOSS) else name


class PluginCode(Frozen):
    """The sources of a plugin."""

    name: str
    sha256: str


class Run(Frozen):
    """One training of one configuration with one seed, on one data set."""

    configuration: Configuration
    seed: Annotated[int, Field(ge=0, lt=2**31)]
    dataset: str  # the manifest's fingerprint
    features: StoredFeatures = FEATURES
    semantics: int = SEMANTICS_VERSION
    # These four are omitted from dumps where they are empty, so that runs keep the run_id that they have without them.
    # The plugins whose loss or network the run uses, sorted by name.
    code: Annotated[tuple[PluginCode, ...], Field(strict=False, exclude_if=lambda code: not code)] = ()
    # Digest of the embeddings that the run uses.
    embeddings: Annotated[str | None, Field(exclude_if=lambda embeddings: embeddings is None)] = None
    # Digest of the known true labels, for a loss that depends on them: the data set's fingerprint does not.
    truth: Annotated[str | None, Field(exclude_if=lambda truth: truth is None)] = None
    # The fold that is the run's test set, where each fold is the test set in turn; the run is trained on the others.
    fold: Annotated[str | None, Field(exclude_if=lambda fold: fold is None)] = None

    @cached_property
    def run_id(self) -> str:
        """20 hexadecimal digits, equal for equal runs on any machine."""
        return digest(self.model_dump(mode="json"))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy, as pydantic does, with a ``run_id`` of its own."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("run_id", None)  # pydantic copies cached properties too
        return copied


def digest(value: Any) -> str:  # noqa: ANN401 -- any JSON value
    """Return 20 hexadecimal digits of the SHA-256 of a JSON value, independent of the order of its keys."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


DIGEST = "[0-9a-f]{20}"  # the form of a ``digest``


def is_digest(text: str) -> bool:
    """Return whether a text has the form of a ``digest``, as names of runs, data sets and frame stores have."""
    return re.fullmatch(DIGEST, text) is not None
