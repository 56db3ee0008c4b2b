"""What a study's end looks like on a terminal: a box with the headline, the numbers, the report and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.box import ASCII, ROUNDED
from rich.console import Group
from rich.panel import Panel
from rich.style import Style
from rich.table import Table
from rich.text import Text

from analysis.text.phrases import HIGHEST, selected_words
from analysis.text.tiles import tiles
from analysis.text.validation_clips import far_below_test
from study.console import cell, show_drawn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from analysis.study import Study
    from trainables.storage.types import Location

WIDEST = 100  # characters of the box, on a wider terminal too
WIDEST_PLACE = 9  # characters of the labels below the box
LABELS = 25  # characters of the column of labels at most


@dataclass(frozen=True)
class Fact:
    """One line of the box: what it is about, what it states, what that rests on, and where a click leads."""

    label: str
    text: str
    detail: str = ""
    link: str = ""

    @property
    def line(self) -> str:
        """The fact as one line of text."""
        return "; ".join(filter(None, [f"{self.label}: {self.text}", self.detail]))


def print_ending(study: Study, report: Location | None, further: Sequence[str], weights: str) -> None:
    """Print a study's end: in a box on a terminal, else as lines.

    Args:
        study: as recorded.
        report: the report's page; None if it could not be written.
        further: commands to run next.
        weights: where the trained weights are; may be empty.

    """
    headline = study.report.headline
    numbers, places = [*_numbers(study)], [*_places(report, further, weights)]
    box = _Box(study.results.plan.name, headline.text, headline.advice, numbers)
    show_drawn(Group(box, *map(_copied, places)), [headline.line, *(fact.line for fact in (*numbers, *places))])


def _numbers(study: Study) -> Iterator[Fact]:
    """Yield the choice with its validation score, then the numbers of the report's first screen."""
    best = study.best()
    several = sum(choice is not None for choice in study.finding.choices.values()) > 1
    if best is not None and not several:
        yield Fact("The choice" if best.beaten else "The pick", best.configuration)
        if best.validation is not None and best.tested.accuracy is not None:
            name = selected_words(best.selected_on)
            why = HIGHEST if best.picked else best.validation.label()
            why = ". ".join(filter(None, [why, far_below_test(study.finding).rstrip(".")]))
            yield Fact(f"{name[:1].upper()}{name[1:]}", f"{best.validation.percent()} %", why)
    for tile in tiles(study.finding):
        yield Fact(tile.label, ", ".join(reading.text for reading in tile.readings), tile.detail)


def _places(report: Location | None, further: Sequence[str], weights: str) -> Iterator[Fact]:
    if weights:
        yield Fact("weights", weights.removeprefix("weights: "))
    if report is not None:
        path = report.local_path
        yield Fact("report", str(report), link="" if path is None else path.absolute().as_uri())
    for command in further:
        yield Fact("next", command)


def _copied(fact: Fact) -> Text:
    """Return a fact below the box, whose text can be copied: no border and no line break is in it."""
    style = Style(link=fact.link) if fact.link else Style(bold=fact.label == "next")
    label = cell(f"{fact.label.capitalize()}  ".rjust(WIDEST_PLACE), "dim")
    return Text.assemble(label, (cell(fact.text).plain, style), no_wrap=True, overflow="ignore")


class _Box:
    """Draws the box in the width of the terminal; without characters beyond ASCII where the encoding lacks them."""

    def __init__(self, name: str, headline: str, advice: str, facts: Sequence[Fact]) -> None:
        self._name, self._headline, self._advice, self._facts = name, headline, advice, facts

    def __rich_console__(self, _: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the box."""
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(max_width=LABELS)
        table.add_column(overflow="fold")
        for fact in self._facts:
            text = Text.assemble(cell(fact.text), "  ", cell(fact.detail, "dim")) if fact.detail else cell(fact.text)
            table.add_row(cell(fact.label, "dim"), text)
        top = [cell(self._headline, "bold green"), *([cell(self._advice)] if self._advice else []), Text("")]
        yield Panel(
            Group(*top, table),
            title=cell(self._name, "bold"),
            title_align="left",
            box=ASCII if options.ascii_only else ROUNDED,
            width=min(options.max_width, WIDEST),
            padding=(0, 1),
        )
