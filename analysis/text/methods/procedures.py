"""The statistical procedures of a report, each in words once: for the notes of tables and for the methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.findings.arm_comparisons import RESAMPLING_SEED
from analysis.findings.paper import published
from analysis.statistics.clips import REPLICATES as CLIP_REPLICATES
from analysis.statistics.intervals import LEVEL, MIN_SEEDS
from analysis.statistics.pairs.paired_tests import MARGIN
from analysis.statistics.pairs.power import POWER
from analysis.statistics.pairs.stochastic_order import DRAWS, MIN_RUNS
from analysis.statistics.rank_bootstrap import REPLICATES as RANK_REPLICATES
from analysis.statistics.shared_luck import DRAWS as LUCK_DRAWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analysis.text.methods.bibliography import References

PERCENT = f"{100 * LEVEL:g} %"


@dataclass(frozen=True)
class Procedure:
    """A statistical procedure.

    Attributes:
        heading: of the column, or the word for the number, that it explains.
        words: what the number is and how it is computed, with every setting; a noun phrase.
        works: keys of the bibliography.

    """

    heading: str
    words: str
    works: tuple[str, ...] = ()


def explained(procedures: Iterable[Procedure]) -> str:
    """Return a sentence for each procedure, for the note of a table."""
    return " ".join(f"{procedure.heading}: {procedure.words}." for procedure in procedures)


def named(procedures: Iterable[Procedure], cited: References) -> str:
    """Return a sentence for each procedure, with the works that introduced it; empty without one."""
    parts = (
        " ".join(filter(None, (f"{procedure.heading}: {procedure.words}", _cited(procedure.works, cited))))
        for procedure in dict.fromkeys(procedures)
    )
    return " ".join(f"{part}." for part in parts)


def _cited(works: Sequence[str], cited: References) -> str:
    return f"({'; '.join(map(cited.cite, works))})" if works else ""


DIFFERENCE = Procedure(
    "Difference",
    f"the mean difference paired by seed with its {PERCENT} t-interval, not corrected for their number",
)
HOLM = Procedure(
    "p (Holm)", "the p-value of the paired t-test, adjusted by Holm's method for all rows of the table", ("holm",)
)
UNADJUSTED = Procedure("p", "the p-value of the paired t-test before that adjustment")
OUTPERFORMANCE = Procedure(
    "First scores higher",
    f"with how many seeds it does (a tie counts as half), with Wilson's {PERCENT} interval of the share, P(A > B)",
    ("bouthillier", "wilson"),
)
PRACTICAL = Procedure(
    "Better, alike, worse",
    f"the posterior probabilities that the mean difference lies above, within and below ±{MARGIN:g} points (Bayesian "
    "t-test with the prior 1 / variance)",
    ("benavoli",),
)
EFFECT_SIZE = Procedure(
    "Effect size",
    "d_z, the mean over the standard deviation of the differences, with Hedges' correction",
    ("hedges",),
)
EQUIVALENCE = Procedure(
    f"Alike within {MARGIN:g}", f"two one-sided t-tests at 5 % with a margin of {MARGIN:g} points", ("schuirmann",)
)
STOCHASTIC_ORDER = Procedure(
    "Violation of the order",
    f'almost stochastic order, the {PERCENT} upper bound of the violation of "the first is higher in every quantile" '
    f"({DRAWS:,} bootstrap draws, from {MIN_RUNS} runs of each; below 0.5 the first is almost stochastically larger)",
    ("barrio", "dror"),
)
MORE_SEEDS = Procedure(
    "More seeds",
    f"how many further seeds would show this difference with power {POWER:g} (noncentral t distribution), were it and "
    "its spread the true ones",
)
POOLED = Procedure(
    "Mean difference",
    f"the difference averaged over the subsets, with its {PERCENT} t-interval over the averages of the seeds that all "
    "subsets share",
)
INTERACTION = Procedure(
    "Differs between subsets",
    "the F test of the interaction of arms and subsets in a repeated-measures analysis of variance, seeds as blocks, "
    "with Greenhouse and Geisser's correction",
    ("greenhouse",),
)
CLIP_BOOTSTRAP = Procedure(
    "Interval",
    f"the {PERCENT} percentile interval of {CLIP_REPLICATES:,} bootstrap draws (seed {RESAMPLING_SEED}) of test clips "
    f"and, from {MIN_SEEDS} seeds on, of the seeds crossed with them",
    ("owen",),
)
MAY_BE_BEST = Procedure(
    "May be best",
    f"whether Hsu's multiple comparisons with the best leave it possible ({PERCENT} for all intervals together; seeds "
    "as blocks of an additive model; where at least three configurations have five runs, both with one variance for "
    "all and with each one's own)",
    ("hsu",),
)
ADJUSTED_MEAN = Procedure(
    "Mean",
    "the generalised least-squares estimate over all runs, as some are missing, with seeds as random blocks "
    "(restricted maximum likelihood; degrees of freedom after Kenward and Roger)",
    ("kenward", "patterson"),
)
FIRST_WHEN_RESAMPLED = Procedure(
    "First when resampled",
    f"the share of {RANK_REPLICATES:,} bootstrap draws of the seeds (seed {RESAMPLING_SEED}; the same for all) in "
    "which its mean is the highest, overconfident with few seeds",
)
EQUAL_MEANS = Procedure("F", "the F test of equal means of all configurations, with seeds as blocks")
SEED_SHARE = Procedure(
    "ICC(3,1)", f"the share of the variance that seeds explain, with its {PERCENT} F interval", ("shrout",)
)
SHARED_LUCK = Procedure(
    "Shared luck",
    "by how much the test score of the choice is too high because the same runs made the choice, estimated as its luck "
    f"on validation ({LUCK_DRAWS:,} parametric bootstrap draws of the choice) times the slope of test residuals on "
    "validation residuals",
    ("efron",),
)
NEXT_RUN = Procedure(
    "One more training", f"the {PERCENT} prediction interval of the test score of one more training of the choice"
)
WITHOUT_EACH_SEED = Procedure(
    "Leave one seed out",
    "the mean over seeds of the test score of what the other seeds choose; it assumes nothing about luck",
)
CLAIMED_GAP = Procedure("Gap", f"the mean difference paired by seed with its {PERCENT} t-interval")
CLAIMED_TREND = Procedure(
    "Rise",
    f"the slope of accuracy over the logarithm of the noisy clips, with the {PERCENT} t-interval of the slopes of the "
    "seeds",
)
CLAIMED_SPREAD = Procedure(
    "Ratio of spreads",
    "the geometric mean over the subsets of the ratio of two losses' standard deviations, with the "
    f"{PERCENT} t-interval of the jackknife over seeds",
    ("miller",),
)
CLAIMED_BEST = Procedure(
    "Best T",
    f"the mean of that T minus the highest of the others, with Hsu's simultaneous {PERCENT} interval",
    ("hsu",),
)
CLAIMED_SHARE = Procedure(
    "Share of runs", f"the share that diverges or guesses, with Jeffreys' {PERCENT} interval", ("brown",)
)
PUBLISHED_GAP = Procedure(
    "Published gap",
    f"the difference of two printed means with Welch's {PERCENT} interval, their half widths read as those of "
    f"t-intervals over {published.RUNS} independent runs",
    ("welch",),
)
PUBLISHED_P = Procedure("p", "the p-value of Welch's test")
PUBLISHED_HOLM = Procedure(
    "p (Holm)", "that p-value adjusted by Holm's method for the legible subsets of a pair of losses", ("holm",)
)
LABELS_COMPARED = Procedure(
    "Verified clips",
    "the difference of two configurations on verified validation clips, paired, with the percentile interval of the "
    f"bootstrap of clips and seeds ({CLIP_REPLICATES:,} draws, Bonferroni's correction for all comparisons with the "
    "choice)",
    ("owen",),
)
LABELS_LINE = Procedure(
    "Worth of a point",
    "the slope of the accuracies on verified clips over those on the labels given, errors on both axes (Deming), with "
    f"the {PERCENT} t-interval of the jackknife over configurations",
    ("linnet",),
)
SUSPICION = Procedure(
    "Score",
    "how suspicious each training label is, by the area under its margin (the mean over epochs and patches of the "
    "given label's logit minus the largest other one) as normal scores within each run, with a "
    f"{PERCENT} interval over seeds",
    ("pleiss",),
)
RATE_BY_VERIFIED = Procedure(
    "Wrong, estimated",
    "the share of wrong labels of each class, by Storey's estimator with the scores of the verified clips as those of "
    f"right labels, with Wilson's one-sided {PERCENT} lower end. Wrong labels that the network has learned, or a "
    "network that has learned little, make it too low, so it has no upper end",
    ("storey",),
)
RATE_BY_PREDICTIONS = Procedure(
    "Wrong, estimated",
    "the share of wrong labels of each class, by maximum likelihood from the predictions of runs that did not train on "
    f"the clip and their test confusion matrix, with the percentile {PERCENT} interval of the bootstrap of clips and "
    "test clips; it does not cover a share of 0",
    ("lipton",),
)
OVER_FOLDS = Procedure(
    "Mean over folds",
    f"the mean over the folds with its {PERCENT} t-interval, each fold one value; folds share training clips, so for "
    "other data it is a little too narrow",
    ("nadeau",),
)
FOLD_GAP = Procedure(
    "Difference from the choice", f"the difference paired by fold, with its {PERCENT} t-interval over the folds"
)
REPRESENTATIVES = (
    "Each arm is represented by its best configuration on validation; the luck of that choice is subtracted."
)
