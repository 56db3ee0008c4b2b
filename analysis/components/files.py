"""The files that the report contains and the dashboard serves: stylesheet, script, font, and the macros of jinja."""

from __future__ import annotations

from base64 import b64encode
from importlib.resources import files

CSS, SCRIPT, FONT, MACROS = "components.css", "components.js", "inter.woff2", "components.html.j2"
FOLDER = "static"  # of this package


def static_bytes(name: str) -> bytes:
    """Return the content of one of the files."""
    return files(__package__).joinpath(FOLDER, name).read_bytes()


def static_text(name: str) -> str:
    """Return the text of one of the files."""
    return static_bytes(name).decode()


def font_face(address: str | None = None) -> str:
    """Return the CSS rule of the font, whose weights go from 400 to 700.

    Args:
        address: where a browser finds it; the font itself is in the rule when None.

    """
    source = address or f"data:font/woff2;base64,{b64encode(static_bytes(FONT)).decode()}"
    return f'@font-face{{font-family:Inter;font-weight:400 700;font-display:swap;src:url({source}) format("woff2")}}'
