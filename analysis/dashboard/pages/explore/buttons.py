"""Buttons that change the address of a page."""

from __future__ import annotations

import json
from typing import Any

from dash import html


def go_button(text: str, id: str = "", **changes: str | None) -> Any:  # noqa: A002, ANN401 -- Dash's name; a component
    """Return a button that changes parts of the address, for assets/runs.js; None removes a part."""
    data: Any = {"data-go": json.dumps(changes)} | ({"id": id} if id else {})
    return html.Button(text, type="button", className="button", **data)
