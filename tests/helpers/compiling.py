"""pdfLaTeX on a document of a test."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


def need(*packages: str) -> None:
    """Skip the test without pdfLaTeX or one of its packages."""
    if shutil.which("pdflatex") is None or shutil.which("kpsewhich") is None:
        pytest.skip("no pdflatex in PATH")
    for package in packages:
        command = ["kpsewhich", package]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip(f"LaTeX has no {package}")


def compiled(folder: Path, name: str, *, bibliography: bool = False) -> str:
    """Compile a document twice, in between its bibliography, and return what pdfLaTeX reports at the end."""
    latex = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", name]
    between = [["bibtex", name], latex] if bibliography else []
    printed = ""
    for command in (latex, *between, latex):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", check=False)
        printed = done.stdout
        assert done.returncode == 0, printed[-3000:]
    return printed


def overfull(printed: str) -> list[str]:
    """Return the boxes that are wider or higher than their place."""
    return re.findall(r"Overfull \\[hv]box[^\n]*\n[^\n]*", printed)
