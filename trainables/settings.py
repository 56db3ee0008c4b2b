"""The settings of a study that analysis and the methods read: method, budget, controls, selection and prices.

A study file is validated with these models, and ``trainables.plans.StudyPlan.settings`` reads a plan with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple, TypeAlias, TypeVar, cast

from pydantic import AfterValidator, Discriminator, Field, Tag

from trainables.frozen import Frozen, not_allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainables.records import SelectionMetric

RUNS_PER_CONFIGURATION = 20  # at most, while a settle study explores
MAX_CONFIRMING_SEEDS = 1000
# What ``guarantee: frequency`` was calibrated for (analysis/statistics/best_arm/guarantee.py)
MAX_GUARANTEED_CONFIGURATIONS = 9
MAX_GUARANTEED_CONFIDENCE = 0.95
MIN_GUARANTEED_SEEDS = 5
# One rule for studies and arms: both become folder names and labels.
MAX_NAME = 64  # characters
NAME_PATTERN = rf"[a-z0-9][a-z0-9._-]{{0,{MAX_NAME - 1}}}"
Name = Annotated[str, Field(pattern=f"^{NAME_PATTERN}$")]

T = TypeVar("T")


class SelectBy(Frozen):
    """A metric to choose by, and the labels by which it is measured."""

    metric: Annotated[
        Literal["accuracy", "macro_f1", "balanced_accuracy"],
        Field(description="the metric to choose by, over validation clips; its mean over seeds decides"),
    ]
    labels: Annotated[
        Literal["given", "verified"],
        Field(
            description="given: over all validation clips, by their given labels; verified: over verified validation "
            "clips alone"
        ),
    ] = "given"


def _shortest(chosen: str | SelectBy) -> str | SelectBy:
    """Return the one word for accuracy, so that plans of equal studies are equal."""
    if isinstance(chosen, str) or chosen.metric != "accuracy":
        return chosen
    return "validation" if chosen.labels == "given" else "verified"


SelectOn = Annotated[
    Annotated[Literal["validation", "verified"], Tag("value")] | Annotated[SelectBy, Tag("values")],
    Discriminator(lambda value: "values" if isinstance(value, dict | SelectBy) else "value"),
    AfterValidator(_shortest),
]


def selection_metric(select_on: SelectOn) -> SelectionMetric:
    """Return the metric that a study's key ``select_on`` names."""
    if not isinstance(select_on, SelectBy):
        return select_on
    clips = "verified" if select_on.labels == "verified" else "validation"
    return cast("SelectionMetric", clips if select_on.metric == "accuracy" else f"{clips}_{select_on.metric}")


class Violation(NamedTuple):
    """A value that breaks a rule: its path, and what would be allowed there."""

    at: tuple[str | int, ...]
    allowed: str


def distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    """Return the values.

    Raises:
        PydanticCustomError: a value occurs twice.

    """
    first: dict[T, int] = {}
    for i, value in enumerate(values):
        if value in first:
            raise not_allowed((i,), f"each value once (item {first[value]} is the same)")
        first[value] = i
    return values


ConfirmSeeds = Annotated[
    int, Field(ge=2, le=MAX_CONFIRMING_SEEDS, description="fresh seeds of each configuration that is confirmed")
]
Baselines = Annotated[
    tuple[Name, ...],
    # Not strict about the container, because YAML and JSON have only lists.
    Field(strict=False, description="arms that are never chosen, only confirmed alongside the choice"),
    AfterValidator(distinct),
]
MethodSeed = Annotated[int, Field(ge=0, lt=2**31, description="seed of the method's own random choices")]


class Grid(Frozen):
    """Every configuration with every seed."""

    name: Annotated[Literal["grid"], Field(description="how runs are chosen: grid trains every run")] = "grid"


class Settle(Frozen):
    """Adaptive allocation of runs until one configuration is ``within`` points of the best with ``confidence``."""

    name: Annotated[
        Literal["settle"], Field(description="how runs are chosen: settle trains until a choice is certain enough")
    ]
    within: Annotated[
        float, Field(gt=0, le=100, description="difference in accuracy, in points, that does not matter")
    ] = 0.3
    confidence: Annotated[
        float, Field(ge=0.5, lt=1, description="required probability that the choice is within them of the best")
    ] = 0.95
    guarantee: Annotated[
        Literal["posterior", "frequency"],
        Field(description="what confidence is: a posterior probability, or a share of studies (needs more runs)"),
    ] = "posterior"
    start_seeds: Annotated[int, Field(ge=1, le=100, description="seeds of every configuration to start with")] = 2
    max_runs: Annotated[
        Annotated[int, Field(ge=1, le=100_000)] | None,
        Field(description="maximum number of runs before the choice; null means 20 per configuration"),
    ] = None
    confirm_seeds: ConfirmSeeds = 12
    baselines: Baselines = ()
    seed: MethodSeed = 0

    seeds_key: ClassVar = "start_seeds"
    samples_ranges: ClassVar = False
    confirm_best: ClassVar = 1

    def first_runs(self, configurations: int) -> int:
        """Return how many runs the study starts with."""
        return self.start_seeds * configurations

    def most_exploring(self, configurations: int) -> int:
        """Return the most runs that are trained before the choice."""
        return RUNS_PER_CONFIGURATION * configurations if self.max_runs is None else self.max_runs

    def violations(self, configurations: int, epochs: int) -> Iterator[Violation]:  # noqa: ARG002 -- as Search has it
        """Yield the method's keys that do not fit the number of configurations and the epochs of a run."""
        first = self.first_runs(configurations)
        if self.max_runs is not None and self.max_runs < first:
            yield Violation(("max_runs",), f"at least {first}, the runs to start with")
        if self.guarantee == "frequency":
            yield from self._uncalibrated(configurations)

    def _uncalibrated(self, configurations: int) -> Iterator[Violation]:
        """Yield the keys for which ``guarantee: frequency`` is not calibrated."""
        most = RUNS_PER_CONFIGURATION * configurations
        for key, kept, allowed in (
            ("start_seeds", self.start_seeds >= MIN_GUARANTEED_SEEDS, f"at least {MIN_GUARANTEED_SEEDS}"),
            ("confidence", self.confidence <= MAX_GUARANTEED_CONFIDENCE, f"at most {MAX_GUARANTEED_CONFIDENCE:g}"),
            ("max_runs", self.most_exploring(configurations) <= most, f"at most {most}"),
            ("guarantee", configurations <= MAX_GUARANTEED_CONFIGURATIONS, "posterior with so many configurations"),
        ):
            if not kept:
                yield Violation((key,), f"{allowed}, as frequency is calibrated for no other")


class Asha(Frozen):
    """Asynchronous successive halving (Li et al. 2020): at each rung only the best 1 / reduction_factor continue."""

    grace_period: Annotated[int, Field(ge=1, le=10_000, description="epochs of the first rung")] = 10
    reduction_factor: Annotated[
        float,
        Field(ge=1.5, le=100, description="ratio of successive rungs; its inverse is the share of runs that continue"),
    ] = 4.0
    max_epochs: Annotated[
        Annotated[int, Field(ge=1, le=10_000)] | None,
        Field(description="epochs after which every run is stopped; null means training.epochs"),
    ] = None


class Search(Frozen):
    """Configurations sampled by Optuna from ranges and choices, the poor ones stopped early, the best confirmed."""

    name: Annotated[Literal["search"], Field(description="how runs are chosen: search samples configurations")]
    configurations: Annotated[int, Field(ge=1, le=10_000, description="how many configurations are sampled")] = 50
    sampler: Annotated[Literal["tpe", "random", "gp", "qmc"], Field(description="Optuna's sampler")] = "tpe"
    seeds: Annotated[
        int, Field(ge=1, le=100, description="runs of each configuration, whose mean decides at every rung")
    ] = 1
    asha: Annotated[Asha | None, Field(description="early stopping; null trains every run to its end")] = Asha()
    confirm_best: Annotated[int, Field(ge=1, le=100, description="how many of the best are confirmed")] = 3
    confirm_seeds: ConfirmSeeds = 12
    baselines: Baselines = ()
    seed: MethodSeed = 0

    seeds_key: ClassVar = "seeds"
    samples_ranges: ClassVar = True

    def first_runs(self, configurations: int) -> int:  # noqa: ARG002 -- as Settle has it
        """Return how many runs the study starts with."""
        return self.seeds

    def most_exploring(self, configurations: int) -> int:  # noqa: ARG002 -- as Settle has it
        """Return the most runs that are trained before the choice."""
        return self.configurations * self.seeds

    def violations(self, configurations: int, epochs: int) -> Iterator[Violation]:  # noqa: ARG002 -- as Settle has it
        """Yield the method's keys that do not fit the number of configurations and the epochs of a run."""
        if self.asha is None:
            return
        if self.asha.max_epochs is not None and self.asha.max_epochs > epochs:
            yield Violation(("asha", "max_epochs"), f"at most training.epochs ({epochs})")
        last = min(epochs, self.asha.max_epochs or epochs)
        if self.asha.grace_period >= last:
            text = f"fewer epochs than a whole run has ({last}); or asha: null, which stops no run"
            yield Violation(("asha", "grace_period"), text)


# The methods that explore, choose and confirm. The rules of study/spec/rules/ read the members that they share:
# seeds_key (the key of the seeds to start with), samples_ranges, confirm_best (how many configurations are confirmed),
# first_runs, most_exploring, violations. The type checker reports a method that lacks one.
ChoosingMethod: TypeAlias = Settle | Search


class Budget(Frozen):
    """Limits at which a study ends, even if its method would train more."""

    max_runs: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000)] | None, Field(description="maximum number of runs")
    ] = None
    max_hours: Annotated[
        Annotated[float, Field(gt=0, le=1e7)] | None, Field(description="maximum hours of training, summed over runs")
    ] = None
    max_failures: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000)] | None, Field(description="number of failed runs that ends the study")
    ] = None


MethodSpec = Annotated[Grid | ChoosingMethod, Field(discriminator="name")]

MethodName = Literal["grid", "settle", "search"]
CollapseRule = Annotated[
    Literal["set_aside", "counts"],
    Field(
        description="what a run far below the others of its configuration is in means and choices: "
        "set aside and counted as a collapse, or a run like any other"
    ),
]
MOST_UNDECIDED = 2_000_000_000  # bytes of the weights of one study's candidates; the leader's may take more
Keep = Annotated[
    Literal["best", "all", "none"],
    Field(
        description="which trained weights are kept: those of the choice's runs, of every complete run, or none; "
        "changes no result"
    ),
]
Controls = Annotated[
    tuple[Literal["fixed_q"], ...],
    Field(
        strict=False,
        description="fixed_q: GCE at the mean q of each confirmed adaptive configuration, and in a grid of each "
        "adaptive arm's best one on a subset",
    ),
    AfterValidator(distinct),
]
_Price = Annotated[float, Field(ge=0, le=1e6)]
GpuPrices = Annotated[
    Annotated[
        Annotated[_Price, Tag("value")] | Annotated[dict[str, _Price], Tag("values")],
        Discriminator(lambda value: "values" if isinstance(value, dict) else "value"),
    ]
    | None,
    Field(description="price of an hour of one GPU: a number, or a number for each device (by a part of its name)"),
]


class OpenRange(Frozen):
    """The range of a parameter that a search samples."""

    min: float
    max: float
    scale: Annotated[
        Literal["linear", "log"], Field(description="what is sampled evenly: the number, or its logarithm")
    ] = "linear"
