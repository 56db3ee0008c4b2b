"""A display in a notebook: one output of the cell, drawn again while the work continues."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

REFRESH_S = 1.0
WIDTH = 110  # characters
STYLE = "white-space: pre; overflow-x: auto; line-height: normal; font-family: Menlo, Consolas, monospace"


class NotebookDisplay:
    """Within its context, shows what a function returns as one output of a notebook's cell.

    Rich's own live display needs ipywidgets in the kernel and in the browser; this one needs neither.
    """

    def __init__(self, render: Callable[[], RenderableType], *, transient: bool = False) -> None:
        """Prepare a display.

        Args:
            render: returns what to show; it is called in another thread, and once more at the end.
            transient: whether nothing is shown in the first second, and nothing stays at the end.

        """
        self._render, self._transient = render, transient
        self._handle: Any = None
        self._shown: dict[str, str] = {}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._refresh, name="notebook display", daemon=True)

    def __enter__(self) -> Self:
        """Start to show."""
        if not self._transient:
            self._show(bundle(self._render()))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Show the last state."""
        self._ended.set()
        self._thread.join()
        if not self._transient:
            self._show(bundle(self._render()))
        elif self._handle is not None:
            self._show({"text/plain": "", "text/html": ""})

    def _refresh(self) -> None:
        while not self._ended.wait(REFRESH_S):
            self._show(bundle(self._render()))

    def _show(self, data: dict[str, str]) -> None:
        if data == self._shown:
            return
        self._shown = data
        if self._handle is None:
            from IPython.display import display  # noqa: PLC0415 -- only a notebook has it

            self._handle = display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)


def bundle(shown: RenderableType) -> dict[str, str]:
    """Return what to show as plain text and as HTML, by MIME type."""
    console = Console(
        file=io.StringIO(), record=True, width=WIDTH, force_terminal=True, force_jupyter=False, color_system="truecolor"
    )
    console.print(shown)
    markup = console.export_html(inline_styles=True, clear=False, code_format=f'<div style="{STYLE}">{{code}}</div>')
    return {"text/plain": console.export_text().rstrip(), "text/html": markup}
