"""What a file is by its first bytes, for the reason why it cannot be read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import BinaryIO

BLOCK = 1 << 20  # bytes searched at a time

# Only content that is mistaken for sound files; libsndfile reads some of it, but does not report that it is cut.
SIGNATURES = {
    "MP4/M4A": rb".{4}(ftyp|moov|mdat|wide|skip|free)",
    "AAC": rb"\xff[\xf0\xf1\xf8\xf9]|ADIF",
    "AIFF": rb"FORM.{4}AIF[FC]",
    "IFF 8SVX": rb"FORM.{4}(8SVX|16SV)",
    "WMA/ASF": rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11",
    "Matroska/WebM": rb"\x1a\x45\xdf\xa3",
    "AMR": rb"#!AMR",
    "CAF": rb"caff",
    "AU": rb"\.snd|dns\.",
    "W64": rb"riff\x2e\x91\xcf\x11",
    "VOC": rb"Creative Voice File",
    "AVI": rb"RIFF.{4}AVI ",
    "BW64": rb"BW64.{4}WAVE",
    "WavPack": rb"wvpk",
    "Monkey's Audio": rb"MAC ",
    "Musepack": rb"MPCK|MP\+",
    "True Audio": rb"TTA\d",
    "DSD": rb"DSD |FRM8",
    "MIDI": rb"MThd",
    "Flash video": rb"FLV\x01",
    "HTML": rb"\s*<(!doctype html|html|head|body)",
    "XML": rb"\s*<\?xml",
    "JSON": rb"\s*\{\s*\"",
    "PDF": rb"%PDF-",
    "a zip archive": rb"PK[\x03\x05]",
    "a gzip archive": rb"\x1f\x8b",
    "a 7z archive": rb"7z\xbc\xaf\x27\x1c",
    "a RAR archive": rb"Rar!",
    "a picture": rb"\x89PNG|\xff\xd8\xff|GIF8",
    "a Git LFS pointer": rb"version https://git-lfs",
}
_PATTERNS = {name: re.compile(pattern, re.DOTALL | re.IGNORECASE) for name, pattern in SIGNATURES.items()}
_REMEDIES = {"a Git LFS pointer": "fetch the file with git lfs pull"} | dict.fromkeys(
    ("HTML", "XML", "JSON", "PDF", "MIDI", "a picture"), "it holds no sound"
)


def id3_length(head: bytes) -> int:
    """Return the number of bytes of the ID3v2 tag that a file begins with, by its first 10 bytes; 0 without one."""
    if head[:3] != b"ID3" or len(head) < 10:  # noqa: PLR2004 -- the tag's header
        return 0
    length = sum(byte << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))  # 7 bits each
    return 10 + length + (10 if head[5] & 0x10 else 0)  # a footer repeats the header


def occurs(file: BinaryIO, pattern: re.Pattern[bytes], longest: int) -> bool:
    """Return whether a pattern that matches at most ``longest`` bytes occurs in a file, from its position on."""
    tail = b""
    while block := file.read(BLOCK):
        if pattern.search(tail + block):
            return True
        tail = block[1 - longest :]
    return False


def other_content(head: bytes, suffix: str) -> str | None:
    """Return the reason why a file is not what its name promises; None if its first bytes are of no other kind.

    Args:
        head: the first bytes, at least 64 if the file has them.
        suffix: of the file's name, such as ``.mp3``.

    """
    names = (name for name, pattern in _PATTERNS.items() if pattern.match(head))
    name = next(names, None)
    return None if name is None else unsuitable(name, suffix)


def unsuitable(name: str, suffix: str) -> str:
    """Return why content of a known kind cannot be used, and what to do about it."""
    expected = suffix.lower().lstrip(".") or "a sound file"
    remedy = "unpack it" if name.endswith("archive") else _REMEDIES.get(name, "convert it to flac or wav")
    return f"content is {name}, not {expected}; {remedy}"
