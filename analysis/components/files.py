"""The files that the report contains and the dashboard serves: stylesheet, script, font, and the macros of jinja."""

from __future__ import annotations

from base64 import b64encode
from importlib.resources import files

CSS, SCRIPT, FONT, MACROS = "components.css", "components.js", "inter.woff2", "components.html.j2"
# The same font at two weights, for what is printed: Chromium writes a variable font into a PDF as Type 3, which
# publishers refuse. Made from it with fontTools.varLib.instancer.
PRINT_FONTS = {400: "inter-regular.woff2", 700: "inter-bold.woff2"}
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


def print_font_faces() -> str:
    """Return the CSS rules of the font for print, with the font itself in them."""
    return "".join(
        f"@font-face{{font-family:Inter;font-weight:{weight};"
        f'src:url(data:font/woff2;base64,{b64encode(static_bytes(file)).decode()}) format("woff2")}}'
        for weight, file in PRINT_FONTS.items()
    )
