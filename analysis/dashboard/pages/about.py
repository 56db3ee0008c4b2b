"""The tab on what a study was made from: data, methods, provenance, what was left out, and its file."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from dash import html
from ruamel.yaml import YAML

from analysis.dashboard.blocks import Block, data, holder, part, scrolled
from analysis.dashboard.pages.sections import appendix, fold, folded

if TYPE_CHECKING:
    from analysis.dashboard.pages.view import View
    from trainables.plans import StudyPlan


def about_blocks(view: View) -> list[Block]:
    """Return the description, the sections of the tab, and the study file; all but the first are folded.

    Raises:
        StillWorkingError: the sections are being computed.

    """
    plan = view.snapshot.plan
    blocks = [part("description", html.P(plan.description))] if plan.description else []
    sections = [block for section in appendix(view) for block in folded(view, section)]
    file = fold(view, "study-file", "Study file", "with every default filled in", lambda: [_study_file(plan)])
    return [*blocks, holder("appendix", *sections, *file)]


def _study_file(plan: StudyPlan) -> Block:
    """Return the study file with every default filled in, with a button that copies it."""
    yaml, text = YAML(typ="safe", pure=True), StringIO()
    yaml.default_flow_style = False
    yaml.dump(plan.spec, text)
    copy = html.Button("Copy", type="button", className="copy", **data(copies="study-file-text"))
    shown = html.Pre(text.getvalue(), id="study-file-text")
    return part("study-file", html.P(copy), scrolled(shown, "Study file"))
