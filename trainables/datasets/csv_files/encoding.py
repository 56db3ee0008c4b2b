"""Decode the bytes of a CSV file; for a file of another kind, the error names the kind and the remedy."""

from __future__ import annotations

import codecs

EXPORT = "export the table as CSV in UTF-8, separated by commas"
# First bytes of files that are not text -> what they are.
CONTENTS = {
    b"PK\x03\x04": f"a zip archive, as .xlsx and .ods files are; {EXPORT}",
    b"\xd0\xcf\x11\xe0": f"an old Office document, as .xls files are; {EXPORT}",
    b"\x1f\x8b": "compressed with gzip; decompress it",
    b"%PDF": f"a PDF; {EXPORT}",
}
# Longest first: the mark of UTF-32 begins with that of UTF-16.
MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
HEAD = 400  # bytes, a multiple of 4, from which an encoding without a mark is recognised


class EncodingError(Exception):
    """A CSV is not UTF-8 text. ``line`` is where this shows, or 0 for the whole file."""

    def __init__(self, problem: str, line: int = 0) -> None:
        """Keep the line beside the message."""
        super().__init__(problem)
        self.line = line


def decode(data: bytes) -> str:
    """Return the text of a CSV; a byte-order mark of UTF-8 is dropped.

    Raises:
        EncodingError: the bytes are of another encoding, or not text at all.

    """
    for start, kind in CONTENTS.items():
        if data.startswith(start):
            raise EncodingError(kind)
    encoding = next((name for mark, name in MARKS.items() if data.startswith(mark)), "") or _unmarked(data[:HEAD])
    if encoding:
        msg = f"encoded as {encoding}; save the file as UTF-8"
        raise EncodingError(msg)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        msg = f"byte {data[error.start]:#04x} is not UTF-8; save the file as UTF-8"
        raise EncodingError(msg, line) from None
    if "\0" in text:
        msg = "a NUL byte: the file is damaged, or is not text"
        raise EncodingError(msg, text.count("\n", 0, text.index("\0")) + 1)
    return text


def _unmarked(head: bytes) -> str:
    """Return the encoding of text in UTF-16 or UTF-32 without a mark, or ""; its ASCII characters hold zero bytes."""
    if b"\0" not in head:
        return ""
    for encoding in ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be"):
        text = head[: len(head) // 4 * 4].decode(encoding, "replace")
        first = text.splitlines()[0] if text.splitlines() else ""
        if first and first.isprintable() and first.isascii():
            return encoding[:6].upper()
    return ""
