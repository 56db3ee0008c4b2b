"""Text from files, names and libraries, made safe to print and to put into documents.

Escape sequences could recolour or erase what was printed, bidirectional marks could reverse it, and a line end
in a name could imitate a line of the program, or start a heading. On a terminal such characters are escaped; a document
shows question marks instead.
"""

from __future__ import annotations

import unicodedata

JOINERS = "\u200c\u200d"  # format characters that some scripts and emoji need; they move nothing
LINE_ENDS = ("Zl", "Zp")
UNSAFE = ("Cc", "Cf", "Cs", *LINE_ENDS)  # control, format and surrogate characters


def plain(text: str) -> str:
    """Return a text on one line, with everything that does not print escaped, unusual blanks included."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def one_line(text: str) -> str:
    """Return a text on one line: line ends, tabs, and control, format and surrogate characters are escaped."""
    return text if text.isascii() and text.isprintable() else "".join(map(_escaped, text))


def several_lines(text: str) -> str:
    r"""Return a text whose line ends and tabs stay, and whose other characters are escaped as in ``one_line``.

    The escapes have the form ``\u009b``, which JSON has too.
    """
    return "".join(c if c in "\n\t" else _escaped(c) for c in text)


def visible(text: str) -> str:
    """Return a text for a document: what does not print is a question mark; line ends and tabs stay."""
    if all(line.isprintable() for line in text.split("\n")):
        return text
    return "".join(c if c.isprintable() or c in "\n\t" or c in JOINERS else "?" for c in text)


def flat(text: str) -> str:
    """Return a text for a document on one line, composed (NFC), as ``visible`` shows it."""
    return visible(unicodedata.normalize("NFC", " ".join(text.split())))


def _escaped(character: str) -> str:
    if character.isprintable() or character in JOINERS or unicodedata.category(character) not in UNSAFE:
        return character
    if character in "\n\r\t":
        return repr(character)[1:-1]
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
