"""A study's numbers beside the published ones, where data and settings are the paper's."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from analysis.findings.paper import published
from analysis.findings.paper.claims import Claim, GapClaim, SpreadClaim, TrendClaim
from analysis.findings.paper.published_gaps import ASSUMPTION, published_gaps
from analysis.findings.paper.temperature_claims import BestTemperatureClaim, ConvergenceClaim
from analysis.results.runs_table import Key, subsets
from analysis.statistics.blocks.block_model import block_model
from analysis.statistics.hsu import best_set
from analysis.statistics.intervals import accuracy_interval, p_cell
from analysis.tables.accuracy import BOLD
from analysis.tables.interval_cells import IntervalCells
from analysis.tables.table import NONE, Table
from analysis.text.methods.procedures import (
    CLAIMED_BEST,
    CLAIMED_GAP,
    CLAIMED_SHARE,
    CLAIMED_SPREAD,
    CLAIMED_TREND,
    PUBLISHED_GAP,
    PUBLISHED_HOLM,
    PUBLISHED_P,
    explained,
)
from trainables.numerals import fixed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from analysis.findings.paper.claims import Answer, Check
    from analysis.findings.paper.paper_runs import PaperRuns
    from analysis.findings.paper.published import PublishedLoss
    from analysis.findings.paper.published_gaps import PublishedGap
    from analysis.text.methods.procedures import Procedure
    from trainables.config import Subset

NOTE = (
    f"Test accuracy in %. Published: mean ± {100 * published.LEVEL:g} % confidence interval, n = {published.RUNS}, "
    f"method not known ({published.SOURCE}). Ours: runs of the same settings: L_q with q = 0.7 (our reading), adaptive "
    "with T = 1000, the mean reading and distances of the input, the default training protocol. {}"
)
NO_RUN = "There is no such run yet."
PROCEDURES: dict[type[Claim], Procedure] = {
    GapClaim: CLAIMED_GAP,
    TrendClaim: CLAIMED_TREND,
    SpreadClaim: CLAIMED_SPREAD,
    BestTemperatureClaim: CLAIMED_BEST,
    ConvergenceClaim: CLAIMED_SHARE,
}
ANSWERS: dict[Answer, str] = {
    "holds": "support it",
    "contradicted": "contradict it",
    "open": "leave it open",
}


def published_tables(runs: PaperRuns, checked: Sequence[Check]) -> tuple[Table, ...]:
    """Return every table that compares the study's numbers with the published ones.

    Args:
        runs: the study's runs of the paper's settings.
        checked: the paper's claims beside these runs.

    """
    tables = paper_tables(runs)
    others = published_table(runs, {row[0] for table in tables for row in table.rows})
    listed = (others, claims_table(checked), published_gaps_table(subsets(runs.results.runs)))
    return (*tables, *(table for table in listed if table.rows))


def published_table(runs: PaperRuns, tabulated: Collection[str] = ()) -> Table:
    """Tabulate the study's test accuracies beside the published ones, for the subsets that the study has.

    Args:
        runs: the study's runs of the paper's settings.
        tabulated: subsets that another table shows; of these, only numbers that the study has no run of are listed.

    """
    rows, intervals = [], []
    shown = [
        (cell, runs.accuracies(cell.loss, cell.subset))
        for cell in published.PUBLISHED
        if cell.subset in subsets(runs.results.runs)
    ]
    for cell, test in shown:
        if cell.subset in tabulated and (test or cell.missing == published.NOT_REPORTED):
            continue
        ours = accuracy_interval(test.values()) if test else None
        intervals += [ours] if ours else []
        rows.append((cell, ours))
    cells = IntervalCells(intervals)
    return Table(
        "Published numbers",
        ("Subset", "Loss", "Published", "Ours", "Our configuration"),
        tuple(
            (
                *(cell.subset, published.LOSS_NAMES[cell.loss], cell.text()),
                *(NONE if ours is None else cells.cell(ours), runs.name(cell.loss, cell.subset)),
            )
            for cell, ours in rows
        ),
        NOTE.format(cells.note() or NO_RUN),
    )


def paper_tables(runs: PaperRuns) -> tuple[Table, ...]:
    """Tabulate the study's test accuracies as in the paper's Tables 2 and 3, each if the study has two of its rows."""
    present = subsets(runs.results.runs)
    tables = {title: [subset for subset in rows if subset in present] for title, rows in published.TABLES.items()}
    return tuple(_paper_table(runs, title, rows) for title, rows in tables.items() if len(rows) > 1)


def _paper_table(runs: PaperRuns, title: str, shown: Sequence[Subset]) -> Table:
    numbers = {(cell.loss, cell.subset): cell for cell in published.PUBLISHED}
    scores = {(loss, subset): runs.accuracies(loss, subset) for subset in shown for loss in published.LOSSES}
    intervals = {place: accuracy_interval(by_seed.values()) for place, by_seed in scores.items() if by_seed}
    cells = IntervalCells(intervals.values())
    rows, bold = [], set()
    for i, subset in enumerate(shown):
        ours = (
            cells.cell(intervals[loss, subset]) if (loss, subset) in intervals else NONE for loss in published.LOSSES
        )
        rows.append((subset, *ours, *(numbers[loss, subset].text() for loss in published.LOSSES)))
        best = _best_of({loss: scores[loss, subset] for loss in published.LOSSES if scores[loss, subset]}, subset)
        bold |= {(i, 1 + j) for j, loss in enumerate(published.LOSSES) if loss in best}
    names = [published.LOSS_NAMES[loss] for loss in published.LOSSES]
    return Table(
        title,
        ("Training subset", *names, *(f"{name}, published" for name in names)),
        tuple(rows),
        NOTE.format(cells.note() or NO_RUN) + (f" {BOLD.format('test accuracy within its row')}" if bold else ""),
        frozenset(bold),
    )


def _best_of(scores: Mapping[PublishedLoss, Mapping[int, float]], subset: Subset) -> set[str]:
    """Return the losses that may be the best on a subset; empty where none is ruled out."""
    model = block_model({Key(loss, "", subset): by_seed for loss, by_seed in scores.items()})
    bests = best_set(model) if model else None
    if bests is None or len(bests.members) == len(bests.candidates):
        return set()
    return {key.arm for key in bests.members}


def claims_table(checked: Sequence[Check]) -> Table:
    """Tabulate the claims of the paper's text that the study tests, beside its own numbers."""
    tested = [c for c in checked if c.answer in ANSWERS]
    rows = tuple((c.claim.text, c.claim.published(), c.ours(), _excess(c), ANSWERS[c.answer]) for c in tested)
    used = tuple(dict.fromkeys(PROCEDURES[type(c.claim)] for c in tested if c.estimate))
    rule = (
        "Test accuracy of every complete run; intervals are not corrected for their number, and published ones follow "
        "from those printed. Our runs support a claim if the whole interval lies on its side, and contradict it if on "
        "the other."
    )
    notes = [
        rule,
        explained(used),
        *(f"On the claim that {claim.text}: {claim.note}" for claim in (c.claim for c in tested) if claim.note),
    ]
    header = ("Claim", "Published", "Ours", "Ours minus published", "Our runs")
    note = " ".join(filter(None, notes))
    # Numbers stand in words, which do not align.
    kinds: tuple[Literal["text", "number"], ...] = ("text", "text", "text", "number", "text")
    return Table("Published claims", header, rows, note, procedures=used, kinds=kinds)


def claims_in_words(checked: Sequence[Check]) -> tuple[str, ...]:
    """Return how many of the paper's claims our runs support, contradict and leave open; empty if they test none."""
    counts = Counter(c.answer for c in checked)
    tested = counts["holds"] + counts["contradicted"] + counts["open"]
    if not tested:
        return ()
    text = (
        f"Of the {len(checked)} claims of the paper, this study has the runs to test {tested}: it supports "
        f"{counts['holds']}, contradicts {counts['contradicted']} and leaves {counts['open']} open."
    )
    return (text,)


def _excess(check: Check) -> str:
    if check.excess is None:
        return NONE
    half_width = check.excess.half_width()
    differs = "; differs" if abs(check.excess.value) > half_width else ""
    return f"{fixed(check.excess.value, sign='+')} ± {fixed(half_width)}{differs}"


def published_gaps_table(shown: Collection[str]) -> Table:
    """Tabulate which of the published gaps on some subsets are significant, by the printed intervals alone."""
    others: tuple[PublishedLoss, ...] = ("gce", "cce")
    rows: list[tuple[str, ...]] = []
    bold, counts = set(), []
    for other in others:
        every = published_gaps(other)
        gaps = [gap for gap in every if gap.subset in shown]
        bold |= {(len(rows) + i, 2) for i, gap in enumerate(gaps) if gap.significant}
        counts.append(f"{sum(gap.significant for gap in every)} of {len(every)} against {published.LOSS_NAMES[other]}")
        rows += [(f"adaptive minus {published.LOSS_NAMES[other]}", gap.subset, *_gap_cells(gap)) for gap in gaps]
    columns = (PUBLISHED_GAP, PUBLISHED_P, PUBLISHED_HOLM)
    note = (
        f"In points of test accuracy, by the printed numbers alone. {explained(columns)} Bold: significant at 5 %, as "
        f"{' and '.join(counts)} are. {ASSUMPTION}"
    )
    header = ("Losses", "Training subset", *(column.heading for column in columns))
    return Table("Significance of the published gaps", header, tuple(rows), note, frozenset(bold), columns)


def _gap_cells(gap: PublishedGap) -> list[str]:
    return [
        f"{fixed(gap.gap.value, sign='+')} ± {fixed(gap.gap.half_width())}",
        p_cell(gap.gap.p),
        p_cell(gap.adjusted),
    ]
