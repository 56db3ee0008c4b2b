"""Write the reference pages that follow from the code: commands, keys of the study file, columns of files.

    python docs/generate.py

A test compares the pages with what this makes, so they cannot drift.
"""

from __future__ import annotations

from pathlib import Path

from generated_pages.columns_page import columns_reference
from generated_pages.command_page import command_reference
from generated_pages.study_file_page import study_file_reference

REFERENCE = Path(__file__).resolve().parent / "reference"


def pages() -> dict[Path, str]:
    """Return the generated pages: file -> text."""
    return {
        REFERENCE / "cli.md": command_reference(),
        REFERENCE / "study-file.md": study_file_reference(),
        REFERENCE / "columns.md": columns_reference(),
    }


if __name__ == "__main__":
    for file, text in pages().items():
        file.write_text(text)
