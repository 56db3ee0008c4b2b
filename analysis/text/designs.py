"""How a study chose its runs and made its choice, by its method: sentences for the methods paragraph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.runs_table import keys, recorded_count
from analysis.statistics.intervals import LEVEL
from analysis.text.phrases import joined
from trainables.naming import counted, counted_points

if TYPE_CHECKING:
    from analysis.findings.finding import Finding
    from analysis.findings.method_finding import GridFinding, SearchFinding, SettleFinding
    from analysis.text.bibliography import References
    from trainables.settings import Search, Settle

MAX_SEEDS_LISTED = 12  # of more, only the ends are written
SAMPLERS = {"tpe": "TPE", "random": "random", "gp": "Gaussian-process", "qmc": "quasi-random"}


def grid_design(finding: GridFinding, cited: References) -> list[str]:
    """Describe which configurations were trained with which seeds, and how they are compared."""
    runs = finding.results.runs[finding.results.runs["stage"] != "control"]
    seeds = sorted(set(map(int, runs["seed"])))
    which = ", ".join(map(str, seeds)) if len(seeds) <= MAX_SEEDS_LISTED else f"of {seeds[0]} to {seeds[-1]}"
    if seeds == list(range(seeds[0], seeds[-1] + 1)) and len(seeds) > 1:
        which = f"{seeds[0]} to {seeds[-1]}"
    many = f"{counted(len(seeds), 'seed')} ({which})"
    subject = "Each of the " if len(keys(runs)) > 1 else "The "
    first = f"{subject}{counted(len(keys(runs)), 'configuration')} was trained with {many}."
    controls = _controls(
        finding, "the best configuration of each adaptive arm showed on each subset, by mean validation accuracy"
    )
    if len(seeds) < 2 or len(keys(runs)) < 2:  # noqa: PLR2004 -- a comparison takes two
        return [first, *controls]
    return [
        first,
        *controls,
        (
            "Which configurations may be the best by mean validation accuracy follows from simultaneous "
            f"{100 * LEVEL:g} % confidence intervals (multiple comparisons with the best, {cited.cite('hsu')}), with "
            "seeds as blocks of an additive model, random where runs are missing."
        ),
    ]


def settle_design(finding: SettleFinding, cited: References) -> list[str]:
    """Describe how the choice was made by training where it decides, and how it was confirmed."""
    method, runs = finding.method, finding.explored.runs
    most = f", or {counted(method.max_runs, 'run')} were spent" if method.max_runs is not None else ""
    return [
        (
            f"Among {counted(len(keys(runs)), 'configuration')} the choice was made by adaptive allocation of runs: "
            f"after {counted(method.start_seeds, 'seed')} each, runs were drawn by top-two Thompson sampling "
            f"({cited.cite('russo')}) from the posterior of the mean accuracies under a Gaussian process (Matérn 5/2 "
            "over the scale of the parameter where one number is varied, and a separate deviation for every "
            f"configuration), until one was within {counted_points(method.within)} of the best with probability "
            f"{method.confidence:g}{most}; this took {counted(recorded_count(runs), 'run')}."
        ),
        _confirmation(method, "The choice"),
        *_controls(finding, "each confirmed adaptive loss showed"),
    ]


def search_design(finding: SearchFinding, cited: References) -> list[str]:
    """Describe how configurations were sampled and stopped early, and how the best were confirmed."""
    method, runs = finding.method, finding.explored.runs
    sampled, asha = len(finding.tried), method.asha
    early = (
        f", with early stopping by asynchronous successive halving ({cited.cite('li')}; grace period "
        f"{counted(asha.grace_period, 'epoch')}, reduction factor {asha.reduction_factor:g})"
        if asha
        else ""
    )
    return [
        (
            f"{counted(sampled, 'configuration')} {'was' if sampled == 1 else 'were'} sampled by the "
            f"{SAMPLERS[method.sampler]} sampler of Optuna ({cited.cite('akiba')}) and trained with "
            f"{counted(method.seeds, 'seed')} each{early}; this took {counted(recorded_count(runs), 'run')}."
        ),
        _confirmation(method, f"The best {method.confirm_best}"),
        *_controls(finding, "each confirmed adaptive loss showed"),
    ]


def _confirmation(method: Settle | Search, what: str) -> str:
    beside = f" and, as baselines, {joined(method.baselines)}" if method.baselines else ""
    verb = "were" if beside or what != "The choice" else "was"
    return (
        f"{what}{beside} {verb} then trained with {method.confirm_seeds} fresh seeds, to the end of the protocol; "
        "these runs alone enter the means and intervals reported."
    )


def _controls(finding: Finding, whose: str) -> list[str]:
    if "fixed_q" not in finding.plan.settings.controls:
        return []
    return [f"As a control, GCE was trained with the same seeds at the mean q that {whose}."]
