"""The tab on what a study was made from: data, methods, provenance, what was left out, and its file."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from dash import html
from ruamel.yaml import YAML

from analysis.dashboard.blocks import Block, data, part, scrolled
from analysis.dashboard.pages.sections import appendix, section_blocks

if TYPE_CHECKING:
    from analysis.dashboard.pages.view import View
    from trainables.plans import StudyPlan


def about_blocks(view: View) -> list[Block]:
    """Return the description, the sections of the tab, and the study file."""
    plan = view.snapshot.plan
    blocks = [part("description", html.P(plan.description))] if plan.description else []
    for section in appendix(view):
        blocks += section_blocks(view, section)
    return [*blocks, _study_file(plan)]


def _study_file(plan: StudyPlan) -> Block:
    """Return the study file with every default filled in, with a button that copies it."""
    yaml, text = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style = False
    yaml.dump(plan.spec, text)
    copy = html.Button("Copy", type="button", className="copy", **data(copies="study-file-text"))
    note = html.P(["With every default filled in. ", copy], className="note")
    shown = html.Pre(text.getvalue(), id="study-file-text")
    return part("study-file", html.H2("Study file", id="study-file"), note, scrolled(shown, "Study file"))
