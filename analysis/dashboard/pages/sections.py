"""The sections of the report as blocks of a tab."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dash import html

from analysis.dashboard.addresses import slug
from analysis.dashboard.blocks import Block, aria, data, holder, part, table
from analysis.dashboard.sounds import sound_address
from analysis.report.sections import AUDIT
from trainables.characters import visible
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from analysis.dashboard.pages.view import View
    from analysis.dashboard.reading.job import StillWorkingError
    from analysis.plotting.figure import Figure
    from analysis.report.sections import Section
    from analysis.tables.table import Table

CLIPS = ("Test clips", "Validation labels", AUDIT)  # the sections on single clips, by title


def working(error: StillWorkingError) -> Block:
    """Return what stands in place of something that is still being computed: what is being done, and how far it is."""
    count = f": {error.done:,} of {error.total:,}" if error.total else " …"
    bar = [html.Progress(value=str(error.done), max=str(error.total), **aria(label=str(error)))] if error.total else []
    return replace(part("working", *bar, html.P(f"{error}{count}", className="soft")), busy=True)


def evidence(view: View) -> list[Section]:
    """Return the sections that support the answer, without those on single clips.

    Raises:
        StillWorkingError: they are being computed.

    """
    return [s for s in view.sections if s.group == "Evidence" and s.title not in CLIPS]


def clip_sections(view: View) -> list[Section]:
    """Return the sections on single clips."""
    return [section for section in view.sections if section.title in CLIPS]


def appendix(view: View) -> list[Section]:
    """Return the sections on what the study was made from."""
    return [section for section in view.sections if section.group == "Appendix"]


def folded(view: View, section: Section) -> list[Block]:
    """Return a section as a button that unfolds it, then a part that holds it if it is unfolded."""
    counts = [counted(len(section.figures), "figure"), counted(len(section.tables), "table")]
    what = ", ".join(count for count in counts if not count.startswith("0 "))
    return fold(view, section.slug, section.title, what, lambda: section_blocks(view, section, headed=False))


def fold(view: View, name: str, title: str, what: str, content: Callable[[], list[Block]]) -> list[Block]:
    """Return a button that unfolds something, then a part that holds it if it is unfolded.

    What is unfolded is part of the address; assets/page.js changes it, and marks the button.

    Args:
        view: the study at an address.
        name: stands for it in the address.
        title: of the button.
        what: what it contains, in words.
        content: called for its blocks if it is unfolded.

    """
    words = [html.Span(title), html.Span(what, className="soft")]
    button = html.Button(words, type="button", className="fold", **aria(expanded="false"), **data(fold=name))
    blocks = content() if name in view.address.open.split(",") else []
    return [part(f"fold-{name}", html.H3(button, className="folded")), holder(name, *blocks)]


def figure_block(view: View, figure: Figure, number: int) -> Block:
    """Return a figure, with its number in the report, as a block that changes with the study."""
    file = f"{view.address.study} {slug(figure.title)}"
    numbered = replace(figure, title=f"Figure {number}. {figure.title}")
    return Block(figure.name, str(view.snapshot.number), figure=numbered, file=file)


def table_block(view: View, key: str, content: Table, number: int, csv: str) -> Block:
    """Return a table, with its number in the report, and the path of its CSV file within the study."""
    numbered = replace(content, title=f"Table {number}. {content.title}")
    return part(key, *table(numbered, view.address.csv(csv)))


def section_blocks(view: View, section: Section, first_table: int = 0, *, headed: bool = True) -> list[Block]:
    """Return one section of the report, without the tables before the first, with or without its heading."""
    name = section.slug
    heading = [html.H2(section.title, id=name)] if headed else []
    points = [html.Ul([*map(html.Li, section.points)])] if section.points else []
    told = [each for term, text in section.terms for each in (html.Dt(term), html.Dd(text))]
    terms = [html.Dl(told, className="terms")] if told else []
    words = [*heading, *map(html.P, section.text), *terms, *points]
    blocks = [part(f"{name}-text", *words)] if words else []
    blocks += [figure_block(view, figure, section.first_figure + i) for i, figure in enumerate(section.figures)]
    for i, content in list(enumerate(section.tables))[first_table:]:
        blocks.append(table_block(view, f"{name}-{i}", content, section.first_table + i, f"{name}/{i}"))
    return blocks


def play_button(study: str, path: str, places: Mapping[str, int]) -> Any:  # noqa: ANN401 -- a component
    """Return the button that plays a clip, for assets/play.js."""
    if path not in places:
        return ""
    sound = data(sound=sound_address(study, places[path])) | aria(label=f"Play {visible(path)}")
    return html.Button("", type="button", className="play", title="Play", **sound)
