"""Figures as PNG, SVG and PDF, drawn by plotly.js in Chromium from local pages.

A PDF is a print of its SVG on a page of its size, so it holds vectors, and its text is text.
"""

from __future__ import annotations

import base64
import html
import json
import re
import struct
import zlib
from typing import TYPE_CHECKING

from plotly.utils import PlotlyJSONEncoder

from analysis.components.files import print_font_faces
from analysis.report.drawing.sizes import laid_out
from analysis.report.formats import DEFAULT_SIZE, DPI, IMAGES, MM_PER_INCH, PDF_FIGURES, SIZES
from analysis.report.plotly.source import plotly_js

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import plotly.graph_objects as go

    from analysis.report.drawing.browser import Browser
    from analysis.report.drawing.sizes import Layout
    from analysis.report.formats import FigureFormat

MM_PER_M = 1000
HEAD = 33  # bytes of a PNG before the chunk that follows its header: signature and IHDR


def figure_files(
    browser: Browser, drawings: Mapping[str, go.Figure], formats: Sequence[str], wanted: FigureFormat
) -> dict[str, bytes]:
    """Draw figures as files in the folder ``figures``.

    Args:
        browser: draws them.
        drawings: name -> figure.
        formats: any of ``IMAGES``.
        wanted: their size and resolution.

    Returns:
        File -> its bytes, such as ``figures/accuracy.png``.

    Raises:
        RenderError: Chromium is not installed, or drawing failed.

    """
    size = SIZES[wanted.size or DEFAULT_SIZE]
    layouts = {name: laid_out(drawing, size) for name, drawing in drawings.items()}
    drawn = images(browser, layouts, formats, wanted.dpi)
    return {f"figures/{name}.{IMAGES[form]}": data for (name, form), data in drawn.items()}


def images(
    browser: Browser, layouts: Mapping[str, Layout], formats: Sequence[str], dpi: int = DPI
) -> dict[tuple[str, str], bytes]:
    """Draw figures of their size in millimetres.

    Args:
        browser: draws them.
        layouts: name -> figure.
        formats: any of ``IMAGES``.
        dpi: dots per inch of a PNG; its number of pixels follows from it and the figure's size.

    Returns:
        (name, format) -> the file's bytes.

    Raises:
        RenderError: Chromium is not installed, or drawing failed.

    """
    if not layouts:
        return {}
    vectors = not {"svg", PDF_FIGURES}.isdisjoint(formats)
    asked = [(name, resolution) for resolution in [None] * vectors + [dpi] * ("png" in formats) for name in layouts]
    drawn = dict(zip(asked, _drawn(browser, [(layouts[name], resolution) for name, resolution in asked]), strict=True))
    svgs = {name: _sized(drawn[name, None], layouts[name]) for name in layouts if vectors}
    made = {(name, "svg"): svg.encode() for name, svg in svgs.items() if "svg" in formats}
    made |= {(name, "png"): _with_resolution(drawn[name, dpi], dpi) for name in layouts if "png" in formats}
    for name, svg in svgs.items() if PDF_FIGURES in formats else ():
        browser.open(_page_of(name, svg, layouts[name]))
        made[name, PDF_FIGURES] = browser.pdf()
    return made


def _drawn(browser: Browser, wanted: Sequence[tuple[Layout, int | None]]) -> list[str]:
    """Let plotly.js draw in one page: SVG as text, PNG as address with data where a resolution is given."""
    jobs = [
        {
            "figure": layout.figure,
            "options": {"format": "svg", "width": layout.width, "height": layout.height},
            "pixels": layout.pixels(dpi) if dpi else None,
        }
        for layout, dpi in wanted
    ]
    browser.open(_drawing_page(jobs))
    return [browser.run(f"draw({number})") for number in range(len(jobs))]


def _drawing_page(jobs: Sequence[Mapping[str, object]]) -> str:
    data = json.dumps(jobs, cls=PlotlyJSONEncoder).replace("<", "\\u003c")  # nothing in it may end the script
    style = json.dumps(f"><style>{print_font_faces()}</style>").replace("<", "\\u003c")  # an SVG has its font in it
    return f"""<!doctype html><html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:">
<script>{plotly_js()}</script></head><body><script>
const jobs = {data};
async function draw(number) {{
  const {{figure: {{data, layout}}, options, pixels}} = jobs[number];
  const address = await Plotly.toImage({{data, layout}}, options);
  const drawn = decodeURIComponent(address.slice(address.indexOf(",") + 1)).replace(">", {style});
  if (!pixels) {{ return drawn; }}
  const image = new Image();
  image.src = "data:image/svg+xml," + encodeURIComponent(drawn);
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = pixels;
  canvas.getContext("2d").drawImage(image, 0, 0, ...pixels);
  return canvas.toDataURL("image/png");
}}
</script></body></html>"""


def _sized(svg: str, layout: Layout) -> str:
    """Give a drawing its size on paper."""
    start, end, rest = svg.partition(">")
    sizes = {"width": layout.size.width_mm, "height": layout.height_mm}
    for side, length in sizes.items():
        start = re.sub(rf' {side}="[^"]*"', f' {side}="{length:.2f}mm"', start, count=1)
    return start + end + rest


def _page_of(name: str, svg: str, layout: Layout) -> str:
    """Return a page that holds one drawing and nothing else."""
    width, height = layout.size.width_mm, layout.height_mm
    return f"""<!doctype html><html><head><meta charset="utf-8"><title>{html.escape(name)}</title>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:">
<style>
@page {{ size: {width:.2f}mm {height:.2f}mm; margin: 0; }}
html, body {{ margin: 0; height: {height - 0.1:.2f}mm; overflow: hidden; }}
svg {{ display: block; }}
</style></head><body>{svg}</body></html>"""


def _with_resolution(address: str, dpi: int) -> bytes:
    """Return the PNG of an address with data, with its resolution (https://www.w3.org/TR/png-3/#11pHYs)."""
    png = base64.b64decode(address.partition(",")[2])
    per_metre = round(dpi / MM_PER_INCH * MM_PER_M)
    chunk = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    return png[:HEAD] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[HEAD:]
