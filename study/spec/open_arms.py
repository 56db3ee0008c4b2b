"""An arm with the settings that it takes from the study: what it leaves open, and the configurations that it names."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pydantic import ValidationError

from study.errors import SpecError
from study.spec.messages import key_path, shown
from study.spec.open_models import Open, Range, Values
from trainables.characters import one_line
from trainables.config import Configuration, Training, parameter_name
from trainables.settings import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from study.spec.arms import Arm, OpenTraining
    from trainables.config import Part
    from trainables.losses.base import Loss
    from trainables.networks.base import Network

    Path = tuple[str | int, ...]


MAX_TRIED = 1000  # combinations of values of a loss or network
WITHIN = (0.382, 0.7236)  # where a range is tried besides its ends, as fractions; hardly any step falls on both


class RefusedValuesError(SpecError):
    """A loss or network of a plugin refuses values each of which its bounds allow."""

    def __init__(self, at: Path, name: str, values: Mapping[str, Any], error: ValidationError) -> None:
        """Keep the place in the file and the reason, which is that of the first error."""
        first = error.errors(include_url=False)[0]
        reason = first["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
        where = f" {first['loc'][0]}" if first["loc"] else ""
        rounded = {key: float(f"{of:.6g}") if isinstance(of, float) else of for key, of in values.items()}
        text = f"{name} refuses {shown(rounded)}:{where} {one_line(reason)}"
        super().__init__([f"{key_path(at)}: {text}"])
        self.violation = Violation(at, f"values that it accepts; {text}")


class Choice(NamedTuple):
    """One configuration of an arm; ``varied`` holds the values of the open parameters."""

    varied: dict[str, float | str]
    configuration: Configuration


class _Parameter(NamedTuple):
    """A parameter of an arm: its part and key, its value or what it is left open over, and its place in the file."""

    part: Part | None  # None: the subset
    key: str
    value: Any
    path: Path


@dataclass(frozen=True)
class OpenArm:
    """An arm of a study, in which each parameter is a value, ``Values`` or a ``Range``.

    Attributes:
        name: the arm's name.
        loss: the loss.
        network: the arm's network, or the study's.
        subsets: what the arm trains on.
        parameters: by the names of ``PlannedRun.varied``, in display order.

    """

    name: str
    loss: Open
    network: Open
    subsets: tuple[str, ...]
    parameters: Mapping[str, _Parameter]

    @property
    def open(self) -> dict[str, Values | Range]:
        """The open parameters, by name; the subset is one of them."""
        return {name: p.value for name, p in self.parameters.items() if isinstance(p.value, Values | Range)}

    @property
    def ranges(self) -> dict[str, Range]:
        """The parameters that are left open over a range, by name."""
        return {name: value for name, value in self.open.items() if isinstance(value, Range)}

    def path(self, name: str) -> Path:
        """Return the place of a parameter in the study file."""
        return self.parameters[name].path

    @property
    def size(self) -> int:
        """The number of the arm's configurations; a range counts as one."""
        count = 1
        for value in self.open.values():
            count *= len(value.values) if isinstance(value, Values) else 1
        return count

    def possible(self, setting: str) -> tuple[Any, ...]:
        """Return the values that a training setting may have; of a range its ends."""
        return _options(self.parameters[setting].value)

    def largest_network(self) -> Network:
        """Return the arm's network with the largest value of each number that it leaves open: it takes the longest."""
        values = {p.key: _largest(p.value) for p in self.parameters.values() if p.part == "network"}
        network: Network = self._made("network", values)
        return network

    def losses(self) -> Iterator[Loss]:
        """Yield the losses of the arm's configurations; of a range, those with its ends."""
        options = {p.key: _options(p.value) for p in self.parameters.values() if p.part == "loss"}
        for values in itertools.product(*options.values()):
            yield self._made("loss", dict(zip(options, values, strict=True)))

    def choices(self) -> Iterator[Choice]:
        """Yield each configuration of an arm without a range; the last open parameter changes fastest.

        Raises:
            TypeError: the arm leaves a range open.

        """
        values: dict[str, tuple[float | str, ...]] = {}
        for name, value in self.open.items():
            if isinstance(value, Range):
                msg = f"arm {self.name}: {name} is a range, which names no configurations"
                raise TypeError(msg)
            values[name] = value.values
        for chosen in itertools.product(*values.values()):
            varied = dict(zip(values, chosen, strict=True))
            yield Choice(varied, self.configuration(varied))

    def kinds(self) -> Iterator[Configuration]:
        """Yield a configuration for each combination of the texts that are open; an open number has its first value."""
        values = {name: (value.min,) if isinstance(value, Range) else value.values for name, value in self.open.items()}
        of_kind = {name: of if isinstance(of[0], str) else of[:1] for name, of in values.items() if name != "subset"}
        for chosen in itertools.product(*of_kind.values()):
            subset = {"subset": values["subset"][0]} if "subset" in values else {}
            yield self.configuration(dict(zip(of_kind, chosen, strict=True)) | subset)

    def configuration(self, varied: Mapping[str, float | str]) -> Configuration:
        """Return the arm's configuration with a value for everything that it leaves open."""
        parts: dict[str | None, dict[str, Any]] = {None: {}, "loss": {}, "network": {}, "training": {}}
        for name, p in self.parameters.items():
            parts[p.part][p.key] = varied.get(name, p.value)
        loss, network = self._made("loss", parts["loss"]), self._made("network", parts["network"])
        training = Training.model_validate(parts["training"]).canonical()
        return Configuration(loss=loss, network=network, training=training, **parts[None])

    def try_values(self) -> None:
        """Make the loss and the network with combinations of their values; of a range, with its ends and some between.

        Raises:
            RefusedValuesError: a validator of a plugin refuses one.

        """
        for part in ("loss", "network"):
            options = {p.key: _tried(p.value) for p in self.parameters.values() if p.part == part}
            for values in itertools.islice(itertools.product(*options.values()), MAX_TRIED):
                self._made(part, dict(zip(options, values, strict=True)))

    def _made(self, part: Literal["loss", "network"], values: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- of either part
        """Return the loss or network with these values.

        Raises:
            RefusedValuesError: a validator of a plugin refuses them.

        """
        open_model: Any = self.loss if part == "loss" else self.network
        name = open_model.parameters()["name"]
        try:
            return open_model.of.model_validate({"name": name, **values})
        except ValidationError as error:
            paths = [p.path[:-1] for p in self.parameters.values() if p.part == part]
            at = paths[0] if paths else (*self.path("subset")[:-1], part)
            raise RefusedValuesError(at, name, values, error) from None


def _largest(value: Any) -> Any:  # noqa: ANN401 -- any value of a parameter
    if isinstance(value, Range):
        return value.max
    if isinstance(value, Values):
        return value.values[0] if isinstance(value.values[0], str) else max(value.values)
    return value


def _options(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 -- a value or what it is left open over
    if isinstance(value, Range):
        return (value.min, value.max)
    return value.values if isinstance(value, Values) else (value,)


def _tried(value: Any) -> tuple[Any, ...]:  # noqa: ANN401 -- a value or what it is left open over
    if not isinstance(value, Range):
        return _options(value)
    between = [value.min + fraction * (value.max - value.min) for fraction in WITHIN]
    return (value.min, value.max, *(map(round, between) if isinstance(value.min, int) else between))


def open_arm(arm: Arm, index: int, training: OpenTraining, network: Open) -> OpenArm:
    """Return an arm with the settings that it takes from the study.

    Args:
        arm: as the file has it.
        index: of the arm in the file.
        training: the study's.
        network: the study's.

    """
    here: Path = ("arms", index)
    overrides = arm.training.parameters() if arm.training else {}
    parameters = [
        *_parameters("loss", arm.loss.parameters(), (*here, "loss")),
        *_parameters(
            "network", (arm.network or network).parameters(), (*here, "network") if arm.network else ("network",)
        ),
        *(
            _Parameter(
                "training",
                key,
                overrides.get(key, value),
                (*here, "training", key) if key in overrides else ("training", key),
            )
            for key, value in training.parameters().items()
        ),
        _Parameter(None, "subset", arm.subset, (*here, "subset")),
    ]
    named = {p.key if p.part is None else parameter_name(p.part, p.key): p for p in parameters}
    return OpenArm(arm.name, arm.loss, arm.network or network, arm.subsets, named)


def _parameters(part: Part, values: Mapping[str, Any], path: Path) -> Iterator[_Parameter]:
    return (_Parameter(part, key, value, (*path, key)) for key, value in values.items() if key != "name")
