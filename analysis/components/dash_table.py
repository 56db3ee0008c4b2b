"""The table of pages as components of Dash, which a browser shows as text whatever names hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import html

from trainables.characters import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analysis.components.table_view import Cell, Column, Row, TableView


def table_parts(view: TableView, csv: str = "") -> list[Any]:
    """Return a table with its title, its buttons and its note.

    Args:
        view: the table.
        csv: the address of its CSV file; empty to save the rows that the view has.

    """
    tools = [] if not view.rows else [_save(view, csv), *([_copy(view)] if view.latex else [])]
    head = html.Div([html.H3(view.title), html.P(tools, className="tools")], className="part-head")
    shown = [head, *([_scrolled(view)] if view.rows else [])]
    return [*shown, html.P(view.note, className="note")] if view.note else shown


def plain_table(
    header: Sequence[str], rows: Iterable[Sequence[Any]], looks: Mapping[str, str], kind: str = "data"
) -> Any:  # noqa: ANN401 -- here and below, Dash has no types
    """Return a table without a title.

    Args:
        header: the headings.
        rows: of cells: texts or components.
        looks: heading -> class of its column, such as ``number``; the other columns have none.
        kind: class of the table.

    """
    names = [looks.get(heading, "") for heading in header]
    head = [html.Th(heading, scope="col", className=name) for heading, name in zip(header, names, strict=True)]
    body = [html.Tr([html.Td(cell, className=name) for cell, name in zip(cells, names, strict=True)]) for cells in rows]
    return html.Table([html.Thead(html.Tr(head)), html.Tbody(body)], className=kind)


def _save(view: TableView, csv: str) -> Any:  # noqa: ANN401
    label = _attributes(aria_label=f"{view.title} as CSV")
    if csv:
        return html.A("CSV", href=csv, download="", **label)
    saved = _attributes(data_action="save", data_name=f"{view.file}.csv", data_text=view.csv)
    return html.Button("CSV", **saved, **label)


def _copy(view: TableView) -> Any:  # noqa: ANN401
    copied = _attributes(data_action="copy", data_text=view.latex, aria_label=f"Copy {view.title} as LaTeX")
    return html.Button("Copy as LaTeX", **copied)


def _scrolled(view: TableView) -> Any:  # noqa: ANN401
    """Return the table in a container that scrolls, also with the keyboard."""
    head = html.Tr([html.Th(c.heading, scope="col", className=c.name) for c in view.columns])
    body = [_row(view.columns, row) for row in view.rows]
    table = html.Table([html.Thead(head), html.Tbody(body)], className="data chips" if view.chips else "data")
    return html.Div(table, className="scroll", tabIndex="0", role="region", **_attributes(aria_label=view.title))


def _row(columns: tuple[Column, ...], row: Row) -> Any:  # noqa: ANN401
    mark = [html.I(className=f"mark {row.marker}", **_attributes(aria_hidden="true"))] if row.marker else []
    cells = []
    for place, (column, cell) in enumerate(zip(columns, row.cells, strict=True)):
        style = {"--rest": str(column.rest)} if column.rest else {}
        content = [*mark, *_content(column, cell)] if place == 0 else _content(column, cell)
        kind: Any = html.Td if place else html.Th
        scope = {} if place else _attributes(scope="row")
        cells.append(kind(content, className=column.name, style=style, **scope))
    return html.Tr(cells, style=_style(row.style))


def _content(column: Column, cell: Cell) -> list[Any]:
    whole = html.Span(cell.whole, className="tight") if cell.tight and not column.number else cell.whole
    text: list[Any] = [whole, html.Span(cell.rest, className="rest")] if column.number else [whole]
    shown: list[Any] = [html.Strong(text)] if cell.bold else text
    if column.bar:
        parts = [html.I(className=name, style=_style(style)) for name, style in cell.bar]
        shown.append(html.Span(parts, className="interval", **_attributes(aria_hidden="true")))
    return shown


def _style(css: str) -> dict[str, str]:
    """Return declarations as the dictionary that React takes."""
    pairs = (declaration.partition(":") for declaration in css.split(";") if declaration)
    return {name.strip(): value.strip() for name, _, value in pairs}


def _attributes(**attributes: str) -> Any:  # noqa: ANN401
    """Return attributes whose names have hyphens, such as ``aria-label``, without unprintable characters."""
    return {name.replace("_", "-"): visible(text) for name, text in attributes.items()}
