"""Display names of parameters, values and configurations, shared by progress lines, tables and figures."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, TypeGuard

from trainables.config import Training
from trainables.numerals import fractional_power

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from trainables.config import Run
    from trainables.plans import PlannedRun

PARAMETERS = (
    "temperature",
    "relative_temperature",
    "alpha",
    "beta",
    "a",
    "q",
    "r",
    "w",
    "t",
    "gamma",
    "k",
    "threshold",
    "lam",
    "later_q",
    "start",
    "every",
    "warm_up",
    "discard",
    "rule",
    "reading",
    "distances",
    "matrix",
    "weights_from",
)
CONTROL = ".fixed_q"  # ends the name of the arm of an adaptive arm's controls
_RUNS_TOGETHER = re.compile(r'[,;:"]| (and|as|or) ')
UNITS, STEP = ("B", "kB", "MB", "GB", "TB"), 1000
SYMBOLS = {
    "temperature": "T",
    "relative_temperature": "T/median",
    "alpha": "α",  # noqa: RUF001 -- here and below, the letters of the papers
    "beta": "β",
    "gamma": "γ",  # noqa: RUF001
    "lam": "λ",
    "learning_rate": "lr",
}
_TRAINING = tuple(dict.fromkeys(("learning_rate", *Training.model_fields)))  # in display order


def number(value: float | str) -> str:
    """Format a parameter's value: a number with the fewest digits that identify it, such as 0.7 or 1e+16.

    A large or small value between powers of ten is written as such: ``10^2.5`` for 316.2278. Text stays as it
    is, but the content of a file, which has lines, is named by a digest.

    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"file {sha256(value.encode()).hexdigest()[:8]}" if "\n" in value else value
    exponent = fractional_power(value)
    return repr(float(value)).removesuffix(".0") if exponent is None else f"10^{exponent:g}"


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a parameter's value is a number, which makes the axis of a figure; true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def symbol(parameter: str) -> str:
    """Return a parameter's symbol in labels and on axes, such as T for temperature; by default its name."""
    return SYMBOLS.get(parameter, parameter)


def ordered(varied: Mapping[str, float | str]) -> dict[str, float | str]:
    """Return the varied parameters without the subset, in display order: those of the training last."""
    others = sorted(set(varied) - {*PARAMETERS, *_TRAINING, "subset"})
    return {name: varied[name] for name in (*PARAMETERS, *others, *_TRAINING) if name in varied}


def axis_of(varied: Mapping[str, float | str]) -> str:
    """Return the first numeric parameter, against which figures draw a configuration; empty if none is varied."""
    return next((name for name, value in ordered(varied).items() if is_number(value)), "")


def control_arm(arm: str) -> str:
    """Return the name of the arm of an adaptive arm's controls."""
    return arm + CONTROL


def label(planned: PlannedRun) -> str:
    """Return the name of a run's configuration within its subset, such as ``adaptive T=1000``.

    The first numeric parameter comes last, so that names which differ only in it can be read as a series.
    """
    varied, axis = ordered(planned.varied), axis_of(planned.varied)
    names = [*(name for name in varied if name != axis), *([axis] if axis else [])]
    return " ".join([planned.arm, *(f"{symbol(name)}={number(varied[name])}" for name in names)])


def seed_in_words(run: Run) -> str:
    """Return which run of its configuration this is: ``seed 3``, or ``seed 3, fold 2`` where a fold is the test set."""
    return f"seed {run.seed}" if run.fold is None else f"seed {run.seed}, fold {run.fold}"


def duration(seconds: float | None) -> str:
    """Format a duration: 45 s, 12 min, 3 h 20 min; ``unknown`` for None."""
    if seconds is None:
        return "unknown"
    minutes = round(seconds / 60)
    if seconds < 90:  # noqa: PLR2004 -- up to here, seconds are more informative
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004 -- minutes in an hour


def ago(seconds: float) -> str:
    """Return how long ago something was: ``just now``, ``5 min ago``, ``3 h ago``, ``2 days ago``, ``6 weeks ago``."""
    for unit, length in (("week", 604_800), ("day", 86_400)):
        if seconds >= 2 * length or (unit == "day" and seconds >= length):
            return f"{counted(int(seconds // length), unit)} ago"
    if seconds >= 3600:  # noqa: PLR2004 -- seconds in an hour
        return f"{seconds // 3600:.0f} h ago"
    return f"{seconds // 60:.0f} min ago" if seconds >= 60 else "just now"  # noqa: PLR2004 -- seconds in a minute


def file_size(size: float) -> str:
    """Write a number of bytes: ``512 B``, ``1.5 GB``."""
    unit = 0
    while size >= STEP and unit < len(UNITS) - 1:
        size, unit = size / STEP, unit + 1
    return f"{size:.1f} {UNITS[unit]}" if unit else f"{size:.0f} B"


def configuration_name(planned: PlannedRun) -> str:
    """Return the name of a configuration, with its subset if the arm has several."""
    subset = planned.varied.get("subset")
    return f"{label(planned)} on {subset}" if subset else label(planned)


def set_off(name: str) -> str:
    """Return a class label or a file's name for a list or a sentence, in double quotes where it would run together."""
    return f'"{name}"' if _RUNS_TOGETHER.search(name) else name


def fold_order(fold: str) -> tuple[int, int, str]:
    """Return the sort key of a fold: numbers in their order, then other names."""
    return (0, int(fold), fold) if fold.isdecimal() else (1, 0, fold)


def listed_names(names: Iterable[str]) -> str:
    """Return class labels or files' names as ``a, "b, c", d``."""
    return ", ".join(map(set_off, names))


def counted(number_of: float, what: str) -> str:
    """Write a count with its noun: ``1 run``, ``12 runs``, ``12,000 clips``, ``0.5 GPUs``.

    Args:
        number_of: how many.
        what: the noun in the singular, with or without words in front: ``training patch``.

    """
    count = f"{number_of:,}" if isinstance(number_of, int) else f"{number_of:g}"
    return f"{count} {plural(number_of, what)}"


def counted_points(size: float) -> str:
    """Write a difference of accuracies in points: ``0.5 points``, ``1 point``."""
    return f"{size:g} {plural(size, 'point')}"


def plural(number_of: float, noun: str) -> str:
    """Return a noun in the number that fits its count: run or runs, class or classes, study or studies."""
    if number_of == 1:
        return noun
    if noun.endswith(("s", "x", "sh", "tch")):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeiou" else f"{noun}s"
