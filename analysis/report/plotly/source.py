"""plotly.js for a report's page: its cartesian bundle, a third of the whole library that plotly.py ships.

It draws traces of the types scatter, bar, box, violin, heatmap, contour, histogram, image and pie. The file is that of
the npm package ``plotly.js-cartesian-dist-min``, of the version of plotly.js that plotly.py ships.
"""

from __future__ import annotations

from importlib import resources

FILE = "plotly-cartesian.min.js"


def plotly_js() -> str:
    """Return the source of plotly.js; it holds nothing that ends a script element."""
    return resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")
