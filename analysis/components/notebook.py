"""Tables for a notebook: the same component, in the colours of the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from analysis.components.files import CSS, static_text
from analysis.components.pages import environment
from analysis.components.table_view import table_view

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analysis.tables.table import Table

# JupyterLab's, VS Code's and Colab's colours, where the notebook has them.
_COLOURS = """
.gce-study {
  --ink: var(--jp-content-font-color1, var(--vscode-editor-foreground, #1b1f24));
  --soft: var(--jp-content-font-color2, var(--vscode-descriptionForeground, #57606a));
  --line: var(--jp-border-color2, #8c8c8c55); --shade: var(--jp-layout-color2, #8c8c8c1a);
  --paper: var(--jp-layout-color0, var(--vscode-editor-background, #fff)); --mark: #0b63a5;
}
.gce-study table.data { margin: 0; border: 0; table-layout: auto; }
.gce-study table.data tr { background: none !important; }
:is([data-jp-theme-light=false], .vscode-dark, html[theme=dark]) .gce-study { --mark: #6db5f0; }
:is([data-jp-theme-light=false], .vscode-dark, html[theme=dark]) .gce-study :is(.mark, .interval) {
  --colour: var(--arm-dark, var(--ink));
}
"""
_PAGE = environment().from_string(
    """{% import "components.html.j2" as components %}
<div class="gce-study"><style>{{ style }}</style>
{% for view in views %}
{% if view.title %}<h4>{{ view.title }}</h4>{% endif %}
{{ components.cells(view) }}
{% endfor %}
</div>
"""
)


def as_html(tables: Iterable[Table]) -> str:
    """Return tables, with their titles and notes, as HTML for a notebook; nothing in them is read as markup.

    A table without rows is left out; without any, the text is empty.
    """
    shown = [table for table in tables if table.rows]
    if not shown:
        return ""
    return _PAGE.render(style=Markup(_style()), views=map(table_view, shown))  # noqa: S704 -- our own stylesheet


def _style() -> str:
    """Return the stylesheet of tables, so that it concerns nothing else in the notebook."""
    css = static_text(CSS)
    notes = css[css.index(".note, figcaption {") : css.index("/* A table.")]
    tables = css[css.index("table.data {") : css.index("@media print")]
    return f".gce-study {{ .scroll {{ overflow-x: auto; }} {notes} {tables} }}{_COLOURS}"
