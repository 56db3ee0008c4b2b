"""How a study chose its runs and made its choice, by its method: sentences of its methods, each with its heading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.results.runs_table import keys, recorded_count
from analysis.statistics.best_arm import noise, prior
from analysis.statistics.best_arm.assessment import CHALLENGERS, MIN_FREEDOM, REGRET_RUNS, REGRET_SHARE
from analysis.statistics.best_arm.posterior import DRAWS
from analysis.text.phrases import calibration_words, chosen_by, joined
from trainables.naming import counted, counted_points

if TYPE_CHECKING:
    from analysis.findings.finding import Finding
    from analysis.findings.method_finding import GridFinding, SearchFinding, SettleFinding
    from analysis.text.methods.bibliography import References
    from trainables.settings import Search, Settle

MAX_SEEDS_LISTED = 12  # of more, only the ends are written
SAMPLERS = {"tpe": "TPE", "random": "random", "gp": "Gaussian-process", "qmc": "quasi-random"}


def grid_design(finding: GridFinding, cited: References) -> list[tuple[str, str]]:
    """Describe which configurations were trained with which seeds, and how they are compared."""
    runs = finding.results.runs[finding.results.runs["stage"] != "control"]
    seeds = sorted(set(map(int, runs["seed"])))
    which = ", ".join(map(str, seeds)) if len(seeds) <= MAX_SEEDS_LISTED else f"of {seeds[0]} to {seeds[-1]}"
    if seeds == list(range(seeds[0], seeds[-1] + 1)) and len(seeds) > 1:
        which = f"{seeds[0]} to {seeds[-1]}"
    many = f"{counted(len(seeds), 'seed')} ({which})"
    subject = "Each of the " if len(keys(runs)) > 1 else "The "
    folds = finding.plan.dataset.folds
    for_each = f" for each of the {len(folds)} folds" if folds else ""
    first = f"{subject}{counted(len(keys(runs)), 'configuration')} was trained with {many}{for_each}."
    controls = _controls(
        finding, f"the best configuration of each adaptive arm showed on each subset, by mean {chosen_by(finding.plan)}"
    )
    if len(seeds) < 2 or len(keys(runs)) < 2:  # noqa: PLR2004 -- a comparison takes two
        return [("Runs", first), *controls]
    where = "On each subset, a" if len(finding.subsets) > 1 else "A"
    chosen = (
        f"{where} configuration with the highest mean was chosen; which others may be the best follows from multiple "
        f"comparisons with the best ({cited.cite('hsu')})."
    )
    return [("Runs", first), *controls, ("Comparison", chosen)]


def settle_design(finding: SettleFinding, cited: References) -> list[tuple[str, str]]:
    """Describe how the choice was made by training where it decides, and how it was confirmed."""
    method, runs = finding.method, finding.explored.runs
    count = len(keys(runs))
    within, most = counted_points(method.within), method.most_exploring(count)
    since = f" from number {count + MIN_FREEDOM} on" if count > 1 else ""
    goal = finding.settled.goal
    needed = calibration_words(goal, method) or f"{goal.probability:g}"
    regret = f"{100 * REGRET_SHARE:.0f} % of that"
    if_small = (
        f" if its expected regret was at most {regret} (from {REGRET_RUNS} runs per configuration on),"
        if goal.small_regret_suffices
        else ""
    )
    subject = "Each of the" if count > 1 else "The"
    allocated = (
        f"{subject} {counted(count, 'configuration')} was trained with {counted(method.start_seeds, 'seed')}. For each "
        f"further run, {CHALLENGERS} challengers were drawn by top-two Thompson sampling ({cited.cite('russo')}; seed "
        f"{method.seed}), and the configuration was trained whose run was expected to narrow their differences from "
        "the choice most; runs in training counted as if they had ended as expected."
    )
    ended = (
        f"After every run{since}, exploring ended if the choice was within {within} of the best with posterior "
        f"probability {needed} ({DRAWS:,} draws),{if_small} or after {counted(most, 'run')}. This took "
        f"{counted(recorded_count(runs), 'run')}."
    )
    return [
        ("Runs", allocated),
        ("Posterior", _model()),
        ("Stopping rule", ended),
        ("Runs", _confirmation(method, "The choice")),
        *_controls(finding, "each confirmed adaptive loss showed"),
    ]


def _model() -> str:
    """Describe the posterior of settle with its priors."""
    shares = ", ".join(f"{share:g}" for share in noise.ICCS)
    lengths = ", ".join(f"{length:g}" for length in prior.LENGTHS)
    return (
        "The accuracy of a configuration with a seed is a mean plus an effect of the seed plus normal noise. Priors: "
        "the means share a level with a flat prior; where one number is varied, they have a Gaussian process over its "
        f"scale (Matérn 5/2; length {lengths} of its range, equally likely; amplitude at {prior.AMPLITUDES} values "
        f"from {prior.MIN_AMPLITUDE:g} to at least {prior.MAX_AMPLITUDE:g} seed standard deviations, flat in the "
        "logarithm) and deviations of their own, whose standard deviation is 0 with "
        f"probability {prior.P_NO_DEVIATION:g}, otherwise half-Cauchy with scale {prior.DEVIATION_SCALE:g} at "
        f"{prior.DEVIATIONS - 1} values from {prior.MIN_DEVIATION:g} to at least {prior.MAX_DEVIATION:g} seed standard "
        "deviations; configurations without an order have deviations alone, flat in the logarithm. The seeds' share "
        f"of the noise is one of {shares} (0 with probability {noise.ICC_PRIOR[0]:g}, the others equally likely); the "
        f"noise has one variance for all configurations or, with probability {noise.P_UNEVEN:g}, variances that "
        f"scatter as inverse chi-squares with {noise.VARIANCE_DF:g} degrees of freedom; its variance has a scaled "
        f"inverse chi-square prior of {noise.GUESS_WEIGHT:g} degrees of freedom around {noise.GUESS_SHARE:g} of the "
        "variance of all accuracies. These values were averaged over, weighted by the marginal likelihood; the "
        "variance, the level and the effects of the seeds were integrated in closed form."
    )


def search_design(finding: SearchFinding, cited: References) -> list[tuple[str, str]]:
    """Describe how configurations were sampled and stopped early, and how the best were confirmed."""
    method, runs = finding.method, finding.explored.runs
    sampled, asha = len(finding.tried), method.asha
    early = (
        f"Poor runs were stopped early by asynchronous successive halving ({cited.cite('li')}; grace period "
        f"{counted(asha.grace_period, 'epoch')}, reduction factor {asha.reduction_factor:g})."
        if asha
        else ""
    )
    searched = (
        f"{counted(sampled, 'configuration')} {'was' if sampled == 1 else 'were'} sampled by the "
        f"{SAMPLERS[method.sampler]} sampler of Optuna ({cited.cite('akiba')}) and trained with "
        f"{counted(method.seeds, 'seed')} each; this took {counted(recorded_count(runs), 'run')}."
    )
    return [
        ("Runs", searched),
        ("Stopping rule", early),
        ("Runs", _confirmation(method, f"The best {method.confirm_best}")),
        *_controls(finding, "each confirmed adaptive loss showed"),
    ]


def _confirmation(method: Settle | Search, what: str) -> str:
    role = "as a baseline" if len(method.baselines) == 1 else "as baselines"
    beside = f" and, {role}, {joined(method.baselines)}" if method.baselines else ""
    verb = "were" if beside or what != "The choice" else "was"
    return (
        f"{what}{beside} {verb} then trained with {counted(method.confirm_seeds, 'fresh seed')}, to the end of the "
        "protocol; these runs alone enter the means and intervals reported."
    )


def _controls(finding: Finding, whose: str) -> list[tuple[str, str]]:
    if "fixed_q" not in finding.plan.settings.controls:
        return []
    return [("Runs", f"As a control, GCE was trained with the same seeds at the mean q that {whose}.")]
