"""A study's numbers beside the published ones, where data and settings are the paper's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.findings import published
from analysis.findings.claims import check
from analysis.results.runs_table import Key, scores, subsets
from analysis.statistics.hsu import best_set
from analysis.statistics.intervals import LEVEL, paired_difference, t_interval
from analysis.statistics.ranking import on_common_seeds
from analysis.statistics.two_way import two_way_table
from analysis.tables.accuracy import BOLD, standing_out
from analysis.tables.table import NONE, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from analysis.results.study_results import StudyResults
    from analysis.statistics.intervals import Interval
    from trainables.config import Configuration, Subset

ABSENT = "not in this study"


def published_table(results: StudyResults) -> Table:
    """Tabulate the study's test accuracies beside the published ones, for the subsets that the study has."""
    rows = []
    for cell in published.PUBLISHED:
        if cell.subset not in subsets(results.runs):
            continue
        wanted = published.configuration(cell.loss, cell.subset)
        test = _test_accuracies(results, wanted)
        ours = t_interval(test.values()).cell() if test else NONE
        rows.append((cell.subset, published.LOSS_NAMES[cell.loss], cell.text(), ours, _label(results, wanted)))
    note = (
        f"Test accuracy in %. Published: mean ± {100 * published.LEVEL:g} % confidence interval, n = {published.RUNS}, "
        f"method not known ({published.SOURCE}). Ours: mean with the {100 * LEVEL:g} % t-interval (n complete runs) of "
        "the same settings alone: L_q with q = 0.7 (our reading), adaptive with T = 1000, the mean reading and "
        "distances of the input, and the default training protocol."
    )
    return Table("Published numbers", ("Subset", "Loss", "Published", "Ours", "Our configuration"), tuple(rows), note)


def paper_tables(results: StudyResults) -> tuple[Table, ...]:
    """Tabulate the study's test accuracies as in the paper's Tables 2 and 3, each if the study has two of its rows."""
    present = subsets(results.runs)
    tables = {title: [subset for subset in rows if subset in present] for title, rows in published.TABLES.items()}
    return tuple(_paper_table(results, title, rows) for title, rows in tables.items() if len(rows) > 1)


def _paper_table(results: StudyResults, title: str, shown: Sequence[Subset]) -> Table:
    numbers = {(cell.loss, cell.subset): cell for cell in published.PUBLISHED}
    rows, bold = [], set()
    for i, subset in enumerate(shown):
        ours = {loss: _test_accuracies(results, published.configuration(loss, subset)) for loss in published.LOSSES}
        cells = [t_interval(by_seed.values()).cell() if by_seed else NONE for by_seed in ours.values()]
        rows.append((subset, *cells, *(numbers[loss, subset].text() for loss in published.LOSSES)))
        scored = {Key(published.LOSS_NAMES[loss], "", subset): by_seed for loss, by_seed in ours.items() if by_seed}
        table = two_way_table(on_common_seeds(scored))
        best = {key.arm for key in standing_out(best_set(table) if table is not None and len(scored) > 1 else None)}
        bold |= {(i, 1 + j) for j, loss in enumerate(published.LOSSES) if published.LOSS_NAMES[loss] in best}
    names = [published.LOSS_NAMES[loss] for loss in published.LOSSES]
    note = (
        f"Test accuracy in %. Ours: mean ± half width of the {100 * LEVEL:g} % t-interval (n complete runs), of the "
        f"settings below; published: mean ± {100 * published.LEVEL:g} % confidence interval, n = {published.RUNS}."
        f"{BOLD if bold else ''}"
    )
    header = ("Training subset", *names, *(f"{name}, published" for name in names))
    return Table(title, header, tuple(rows), note, frozenset(bold))


def claims_table(results: StudyResults) -> Table:
    """Tabulate the published gaps beside the study's own, paired by seed."""
    rows = tuple((claim.text, f"{claim.points:.1f}", _claimed(results, claim)) for claim in published.CLAIMS)
    note = f"Percentage points of test accuracy. Ours: paired by seed, with the {100 * LEVEL:g} % t-interval."
    return Table("Published claims", ("Claim", "Published gap", "Our gap"), rows, note)


def claims_in_words(results: StudyResults) -> tuple[str, ...]:
    """Return, for each published claim that our runs can test, whether they support it and whether its size agrees."""
    gaps = [(claim, _gap(results, claim)) for claim in published.CLAIMS]
    return tuple(check(claim, gap).text() for claim, gap in gaps if gap is not None)


def _gap(results: StudyResults, claim: published.Claim) -> Interval | None:
    first, second = published.configuration(*claim.first), published.configuration(*claim.second)
    return paired_difference(_test_accuracies(results, first), _test_accuracies(results, second))


def _claimed(results: StudyResults, claim: published.Claim) -> str:
    first, second = published.configuration(*claim.first), published.configuration(*claim.second)
    for side in (first, second):
        if _ours(results, side).empty:
            return _label(results, side)
    gap = _gap(results, claim)
    return "no tested seed in common" if gap is None else gap.cell()


def _ours(results: StudyResults, wanted: Configuration) -> pd.DataFrame:
    """Return the rows of exactly this configuration; arms that share it share its runs too."""
    run_ids = {planned.run.run_id for planned in results.plan.runs if planned.run.configuration == wanted}
    return results.runs[results.runs["run_id"].isin(run_ids)]


def _test_accuracies(results: StudyResults, wanted: Configuration) -> dict[int, float]:
    tested = scores(_ours(results, wanted), "test")
    return {seed: accuracy for values in tested.values() for seed, accuracy in values.items()}


def _label(results: StudyResults, wanted: Configuration) -> str:
    """Name our arms of this configuration; without one, state whether only the training differs."""
    labels = list(dict.fromkeys(map(str, _ours(results, wanted)["configuration"])))
    if labels:
        return ", ".join(labels)
    for planned in results.plan.runs:
        ours = planned.run.configuration
        if ours.subset == wanted.subset and ours.loss == wanted.loss:
            differences = ours.training.model_dump().items() - wanted.training.model_dump().items()
            return f"{ABSENT}: differs in {', '.join(f'{name} {value}' for name, value in sorted(differences))}"
    return ABSENT
