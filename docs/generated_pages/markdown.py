"""Text as Markdown shows it."""

from __future__ import annotations

import re

# What the types of JSON Schema are called.
WORDS = {"string": "text", "integer": "integer", "number": "number", "boolean": "`true`, `false`", "null": "`null`"}


def cell(text: str) -> str:
    """Keep a text in one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def code(text: str) -> str:
    """Turn the code marks of docstrings into those of Markdown, and keep its other marks from meaning anything."""
    parts = text.replace("``", "`").split("`")
    return "`".join(part if i % 2 else part.replace("*", "\\*") for i, part in enumerate(parts))


def sentence(text: str) -> str:
    """Return a text with a capital first letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def slug(title: str) -> str:
    """Return the anchor of a heading, as code forges make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
