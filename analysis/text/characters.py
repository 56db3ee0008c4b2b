"""Text for documents, without characters that cannot be seen and yet change how the text around them is shown.

Marks of writing direction could turn a sentence around, and a line end in a name could start a heading.
"""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"  # they do not print, but some scripts and emoji need them


def visible(text: str) -> str:
    """Return a text in which every character that does not print is a question mark; line ends and tabs stay."""
    if all(line.isprintable() for line in text.split("\n")):
        return text
    return "".join(sign if sign.isprintable() or sign in "\n\t" or sign in JOINERS else "?" for sign in text)


def flat(text: str) -> str:
    """Return a text on one line, composed (NFC), as ``visible`` shows it."""
    return visible(unicodedata.normalize("NFC", " ".join(text.split())))
