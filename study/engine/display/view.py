"""The view of a study on a terminal: a bar, a row for each configuration with its seeds as dots, and what is training.

It fits the terminal's width and height. Names are never cut: a name that leaves no room is on a line above its row.
Nothing depends on colour alone, and where the encoding is not UTF-8, all signs are ASCII.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Group
from rich.text import Text

from study.console import cell, wrapped
from study.engine.display.overview import STATES
from trainables.naming import counted, duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from study.engine.display.overview import Flight, Overview, Row, RunState

MOST_FLIGHTS = 8  # runs in training that are listed where the height is limited
FACTS = 40  # characters of what is stated of a run in training, beside its name
MOST_DOTS = 40  # runs of a row; of more, or of more than half the width has room for, counts are shown
WIDE, NARROW = 100, 60  # characters of a terminal
GAP = "  "
STYLES: dict[RunState, str] = {
    "complete": "green",
    "stopped": "dim",
    "failed": "red",
    "diverged": "red",
    "running": "bold",
    "waiting": "dim",
}
WORDS: dict[RunState, str] = {
    "complete": "done",
    "stopped": "stopped early",
    "failed": "failed",
    "diverged": "diverged",
    "running": "running",
    "waiting": "waiting",
}


@dataclass(frozen=True)
class Signs:
    """The characters of a view."""

    dots: dict[RunState, str]
    full: str
    empty: str
    mark: str
    between: str
    plus_minus: str


UNICODE = Signs(
    {"complete": "●", "stopped": "–", "failed": "✗", "diverged": "✗", "running": "◐", "waiting": "○"},  # noqa: RUF001 -- a dash
    "█",
    "░",
    "★",
    " · ",
    "±",
)
ASCII = Signs(
    {"complete": "#", "stopped": "-", "failed": "x", "diverged": "x", "running": ">", "waiting": "."},
    "#",
    "-",
    "*",
    ", ",
    "+-",
)


class StudyView:
    """Draws an overview and what is below it; with ``fit``, no more rows than the terminal has lines for."""

    def __init__(self, overview: Overview, *, fit: bool = False, below: Sequence[RenderableType] = ()) -> None:
        """Set what to draw."""
        self._overview, self._fit, self._below = overview, fit, Group(*below)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines."""
        signs = ASCII if options.ascii_only else UNICODE
        width = options.max_width
        top = _header(self._overview, signs, width)
        for line in self._overview.lines:
            top += [Text(part, "dim") for part in wrapped(f"{GAP}{cell(line).plain}", width)]
        below = len(console.render_lines(self._below, options)) if self._fit else 0
        height = console.height - len(top) - 1 - below if self._fit else None
        flights = _flights(self._overview.flights, width, None if height is None else min(MOST_FLIGHTS, height // 3))
        legend = _legend(self._overview, signs, width)
        left = None if height is None else height - len(flights) - len(legend)
        yield from top
        yield from _rows(self._overview, signs, width, left)
        yield from legend
        yield from flights
        yield self._below


def _header(overview: Overview, signs: Signs, width: int) -> list[Text]:
    """Return the name, the bar, counts and times, in as many lines as they need."""
    counts, total = overview.counts, overview.recorded + overview.most_left
    of = " of at most " if overview.at_most else "/"
    parts = [Text(f"{overview.recorded:,}{of}{total:,}")]
    parts += [Text(f"{counts[s]:,} {WORDS[s]}", STYLES[s]) for s in ("failed", "diverged", "stopped") if counts[s]]
    parts += [Text(f"{len(overview.flights)} running")] if overview.flights else []
    parts += [Text(part) for part in [overview.state, times(overview)] if part]
    size = 20 if width >= WIDE else 12 if width >= NARROW else 8  # by the width alone, so that the bar never jumps
    name = Text.assemble(cell(overview.study, "bold"), GAP, _bar(overview, signs, size), GAP)
    return joined([name + parts[0], *parts[1:]], signs.between, width)


def times(overview: Overview) -> str:
    """Return how long a study has run and how long it takes from here: ``1 h 12 min, about 38 min left``."""
    if overview.began_s is None:
        return ""
    if overview.eta_s is None or not overview.most_left:
        return duration(overview.began_s)
    return f"{duration(overview.began_s)}, {'at most' if overview.at_most else 'about'} {duration(overview.eta_s)} left"


def _bar(overview: Overview, signs: Signs, size: int) -> Text:
    """Return a bar of the recorded runs; it is full only when all are recorded, and never empty once one is."""
    total = overview.recorded + overview.most_left
    full = overview.recorded * size // total if total else size
    full = max(full, 1) if overview.recorded else full
    return Text.assemble((signs.full * full, "green"), (signs.empty * (size - full), "dim"))


def joined(parts: Sequence[Text], between: str, width: int) -> list[Text]:
    """Return texts on one line with a separator, or on several where they do not fit; no part is cut by that."""
    lines = [parts[0]]
    for part in parts[1:]:
        longer = Text.assemble(lines[-1], (between, "dim"), part)
        if longer.cell_len <= width:
            lines[-1] = longer
        else:
            lines.append(Text.assemble(GAP, part))
    return lines


def _rows(overview: Overview, signs: Signs, width: int, height: int | None) -> Iterator[Text]:
    """Yield the configurations; if there are too many for the height, those that matter, and a count of the others."""
    rows: Sequence[Row] = overview.rows
    dots = max((_dots(row, signs, width).cell_len for row in rows), default=0)
    room = width - dots - max((_value(row, signs).cell_len for row in rows), default=0) - 3 * len(GAP)
    names = max((length for row in rows if (length := _name(row).cell_len) <= room), default=0)
    values = any(row.scores for row in rows)
    hidden: Sequence[Row] = ()
    if height is not None and sum(_height(row, names) for row in rows) + values > height:
        rows, hidden = _that_matter(rows, names, height - values - 1)
    if values:
        title = f"{overview.score_words} %"
        at = min(3 * len(GAP) + names + dots, max(0, width - len(title)))
        yield Text(f"{'':{at}}{title}", "dim")
    for row in rows:
        facts = (GAP, _padded(_dots(row, signs, width), dots), GAP, _value(row, signs))
        if _height(row, names) > 1:
            yield Text.assemble(GAP, _name(row))
            line = Text.assemble(GAP, " " * names, *facts)
        else:
            line = Text.assemble(GAP, _padded(_name(row), names), *facts)
        line.rstrip()
        yield line
    if hidden:
        begun = sum(any(state != "waiting" for state in row.states) for row in hidden)
        of = "" if begun == len(hidden) else f", {begun:,} of them begun"
        yield Text(f"{GAP}and {counted(len(hidden), 'more configuration')}{of}", "dim")


def _name(row: Row) -> Text:
    return cell(row.group.name, "bold" if row.leads else "")


def _height(row: Row, names: int) -> int:
    """Return how many lines a row has where names have so many characters: two if its name is longer."""
    return 1 if _name(row).cell_len <= names else 2


def _that_matter(rows: Sequence[Row], names: int, height: int) -> tuple[list[Row], list[Row]]:
    """Choose the rows that lead, then those with runs in training, then the highest means; at least one.

    Returns:
        Those rows and the others, both in the plan's order.

    """

    def rank(row: Row) -> tuple[bool, bool, float]:
        return not row.leads, "running" not in row.states, -(row.mean if row.mean is not None else -1.0)

    chosen: set[int] = set()
    for row in sorted(rows, key=rank):
        height -= _height(row, names)
        if height < 0 and chosen:
            break
        chosen.add(id(row))
    return [row for row in rows if id(row) in chosen], [row for row in rows if id(row) not in chosen]


def _dots(row: Row, signs: Signs, width: int) -> Text:
    """Return a sign for each run; of very many, counts."""
    if len(row.states) <= min(MOST_DOTS, width // 2):
        return Text.assemble(*((signs.dots[state], STYLES[state]) for state in row.states))
    parts = [
        (f"{row.states.count(state):,}{signs.dots[state]}", STYLES[state]) for state in STATES if state in row.states
    ]
    return Text(" ").join(Text(*part) for part in parts)


def _value(row: Row, signs: Signs) -> Text:
    if row.interval is None:
        return Text("")
    mark = f" {signs.mark}" if row.leads else ""
    return Text(row.interval.percent().replace("±", signs.plus_minus) + mark, "bold" if row.leads else "")


def _padded(text: Text, width: int) -> Text:
    padded = text.copy()
    padded.append(" " * (width - padded.cell_len))
    return padded


def _legend(overview: Overview, signs: Signs, width: int) -> list[Text]:
    """Return the meaning of the signs that are shown; nothing without rows."""
    shown = dict.fromkeys(state for row in overview.rows for state in row.states)
    words: dict[str, list[str]] = {}
    for state in STATES:
        if state in shown:
            words.setdefault(signs.dots[state], []).append(WORDS[state])
    parts = [f"{sign} {' or '.join(of)}" for sign, of in words.items()]
    parts += [f"{signs.mark} {overview.mark_words}"] if any(row.leads for row in overview.rows) else []
    return (
        joined([Text(f"{GAP}{parts[0]}", "dim"), *(Text(part, "dim") for part in parts[1:])], GAP, width)
        if parts
        else []
    )


def _flights(flights: Sequence[Flight], width: int, most: int | None) -> list[Text]:
    """Return a line for each run in training, or two where it does not fit; of more than ``most`` lines, a count."""
    shown = sorted(flights, key=lambda flight: -flight.epoch)
    if most is not None and any(len(flight.name) + FACTS > width for flight in shown):
        most //= 2
    shown = shown if most is None or len(shown) <= most else shown[: max(1, most - 1)]
    names = max((cell_len(cell(flight.name).plain) for flight in shown), default=0)
    lines = []
    for flight in shown:
        validation = "" if flight.validation is None else f"{GAP}validation {100 * flight.validation:.1f} %"
        speed = "" if flight.images_per_s is None else f"{GAP}{flight.images_per_s:,.0f} images/s"
        epoch = f"epoch {str(flight.epoch).rjust(len(str(flight.epochs)))}/{flight.epochs}"
        facts = f"{epoch}{validation}{speed}"
        if len(GAP) * 2 + names + len(facts) > width:
            facts = f"{epoch}{validation}"
        if len(GAP) * 2 + names + len(facts) <= width:
            lines.append(Text.assemble(GAP, _padded(cell(flight.name), names), GAP, (facts, "dim")))
        else:
            lines += [Text.assemble(GAP, cell(flight.name)), Text(f"{GAP * 2}{facts}", "dim")]
    if hidden := len(flights) - len(shown):
        lines.append(Text(f"{GAP}and {counted(hidden, 'more run')} in training", "dim"))
    return [Text(""), *lines] if lines else []
