"""Short names for sets of configurations: by arm, with neighbouring values of a parameter as a range."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.results.runs_table import key_of
from analysis.text.phrases import joined
from trainables.naming import number, ordered, symbol
from trainables.numerals import fractional_power

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from analysis.results.runs_table import Key
    from trainables.plans import StudyPlan

DIGITS = 4
MAX_VALUES = 3  # up to as many values of an arm are named one by one, not counted


@dataclass(frozen=True)
class _Axis:
    """The one number by which an arm's compared configurations differ."""

    sign: str
    values: dict[Key, float]


class ShortNames:
    """What to call some of the compared configurations, in few words."""

    def __init__(self, plan: StudyPlan, compared: Sequence[Key], baselines: Collection[str] = ()) -> None:
        """Prepare the names.

        Args:
            plan: of the study.
            compared: all configurations that are compared.
            baselines: arms that are marked as baselines.

        """
        wanted = set(compared)
        self._varied = {key: ordered(p.varied) for p in plan.runs if (key := key_of(p)) in wanted}
        self._compared, self._baselines = tuple(compared), baselines
        self._arms = tuple(dict.fromkeys(key.arm for key in compared))
        self._several_subsets = len({key.subset for key in compared}) > 1

    def full(self, keys: Sequence[Key]) -> str:
        """Return the longest of the names: ``adaptive with T 100 to 3162 and gce``."""
        return next(self.variants(keys))

    def variants(self, keys: Sequence[Key]) -> Iterator[str]:
        """Yield names of a set of configurations, the shorter ones later.

        Arms with several values come first: those in ``gce and adaptive with T 100 to 1000`` may seem to be of both.
        """
        members = Counter(key.arm for key in keys)
        arms = sorted((arm for arm in self._arms if arm in members), key=lambda arm: members[arm] == 1)
        for link in (" with ", " "):
            yield joined([self._of_arm(arm, keys, link) for arm in arms])

    def by_arm(self, keys: Sequence[Key]) -> str:
        """Return the names of the arms alone; empty unless every arm has a single compared configuration."""
        if len(self._arms) < len(self._compared):
            return ""
        wanted = {key.arm for key in keys}
        return joined([f"{arm}{' (baseline)' * (arm in self._baselines)}" for arm in self._arms if arm in wanted])

    def _of_arm(self, arm: str, keys: Sequence[Key], link: str) -> str:
        members = [key for key in keys if key.arm == arm]
        compared = [key for key in self._compared if key.arm == arm]
        mark = " (baseline)" if arm in self._baselines else ""
        if self._several_subsets:
            names = [f"{key.configuration} on {key.subset}" for key in members]
            return (names[0] if len(names) == 1 else f"{arm} ({len(members)} of {len(compared)})") + mark
        if len(members) == 1:  # as in every table
            return members[0].configuration + mark
        axis = self._axis(compared)
        if axis is None:
            return f"{arm} ({len(members)} of {len(compared)}){mark}"
        return f"{arm}{link}{axis.sign} {_values(axis, members)}{mark}"

    def _axis(self, compared: Sequence[Key]) -> _Axis | None:
        """Return the number by which configurations of an arm differ; None unless they differ by it alone."""
        varied = [self._varied[key] for key in compared]
        parameters = {tuple(of) for of in varied}
        if len(parameters) != 1 or len(next(iter(parameters))) != 1:
            return None
        ((parameter,),) = parameters
        values = {key: of[parameter] for key, of in zip(compared, varied, strict=True)}
        numbers = {key: float(value) for key, value in values.items() if not isinstance(value, str)}
        return _Axis(symbol(parameter), numbers) if len(numbers) == len(values) else None


def _values(axis: _Axis, members: Sequence[Key]) -> str:
    """Write neighbours as ``100 to 3162``, few others one by one; count the rest."""
    every = sorted(axis.values, key=axis.values.__getitem__)
    places = sorted(every.index(key) for key in members)
    words = [_rounded(axis, every[place]) for place in places]
    if len(words) > 2 and places[-1] - places[0] == len(places) - 1:  # noqa: PLR2004 -- two are named
        return f"{words[0]} to {words[-1]}"
    if len(words) > MAX_VALUES:
        return f"({len(words)} of {len(every)} values)"
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _rounded(axis: _Axis, key: Key) -> str:
    """Write a value with four digits, or in full if another one would look the same; a power of ten is one."""
    rounded = [float(f"{value:.{DIGITS}g}") for value in axis.values.values()]
    value = float(f"{axis.values[key]:.{DIGITS}g}")
    is_full = rounded.count(value) > 1 or fractional_power(axis.values[key]) is not None
    return number(axis.values[key] if is_full else value)
