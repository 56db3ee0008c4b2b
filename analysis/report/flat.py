"""Text on one line, for formats in which a line end or an invisible character would change more than the text."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"  # they do not print, but some scripts and emoji need them


def flat(text: str) -> str:
    """Return a text on one line, composed (NFC); each character that does not print becomes a question mark."""
    line = unicodedata.normalize("NFC", " ".join(text.split()))
    return "".join(sign if sign.isprintable() or sign in _JOINERS else "?" for sign in line)
