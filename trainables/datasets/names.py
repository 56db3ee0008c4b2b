"""Labels, paths and file names of data sets: which are allowed, which look the same, which are passed over."""

from __future__ import annotations

import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from trainables.datasets.manifest import POOL

if TYPE_CHECKING:
    from collections.abc import Collection

NO_CLASS = "(none)"  # the true label, in a CSV, of a sound of none of the classes
MISSING = "no such file"
UNPRINTABLE = "contains an unprintable character"
IN_ENCODING = "only in how accents are encoded (Unicode NFC or NFD)"
FORMS_DIFFER = f"differ {IN_ENCODING}"
MAX_SHOWN = 80  # characters of a value in a message
# What operating systems, file servers and notebooks leave in folders, in lower case.
LEFTOVERS = frozenset(
    {
        "thumbs.db",
        "ehthumbs.db",
        "desktop.ini",
        "__macosx",
        "@eadir",
        "#recycle",
        "@recycle",
        "$recycle.bin",
        "system volume information",
        "lost+found",
    }
)


def is_leftover(name: str) -> bool:
    """Return whether a file or folder of this name is hidden, or left there by a system rather than by the user."""
    return name.startswith(".") or name.lower() in LEFTOVERS


def quoted(value: str) -> str:
    """Return a value in single quotes for a message: at most ``MAX_SHOWN`` characters, none of them unprintable."""
    text = value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}..."
    return f"'{text}'" if text.isprintable() else ascii(text)


def printable(name: str) -> str:
    """Return a name as it is, or quoted if it contains an unprintable character."""
    return name if name.isprintable() else quoted(name)


def normal_form(name: str) -> str:
    """Return what all ways to encode a name have in common (Unicode NFC)."""
    return unicodedata.normalize("NFC", name)


def unlike(name: str, names: Collection[str]) -> str:
    """Return the end of a message on a name that only looks like one of ``names``; "" if it looks like none."""
    alike = name not in names and normal_form(name) in map(normal_form, names)
    return f"; it and a label that looks the same {FORMS_DIFFER}" if alike else ""


def missing(path: Path, problem: str = MISSING) -> str:
    """Return the problem of a path that does not exist, with the file that exists under another encoding, if any.

    A name with accents that was written on a Mac may be another sequence of characters than the same name elsewhere.
    """
    other = _other_form(path)
    if other is None:
        return problem
    differs = f"{problem}, but there is one whose name differs {IN_ENCODING}"
    return f"{differs}: {str(other)!a}; rename it, or copy its name from there"


def _other_form(path: Path) -> Path | None:
    """Return the existing path whose parts are those of ``path`` in some Unicode form, if there is one."""
    if path.exists() or str(path).isascii():
        return None
    there = Path(path.anchor)
    for part in path.parts[1:] if path.anchor else path.parts:
        forms = (part, *(unicodedata.normalize(form, part) for form in ("NFC", "NFD")))
        existing = next((there / form for form in forms if (there / form).exists()), None)
        if existing is None:
            return None
        there = existing
    return there


def check_path(path: str) -> str:
    """Return the problem of a path that should lie below a root, or ""; symbolic links are not followed."""
    if not path or path != path.strip():
        return "the path is empty" if not path.strip() else "the path has spaces around it"
    if not path.isprintable():  # a control character, or a byte of a file name that is not UTF-8
        return f"the path {UNPRINTABLE}"
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).drive:
        return f"the path '{path}' is absolute; it must be relative to the root"
    if ".." in PurePosixPath(path.replace("\\", "/")).parts:
        return f"the path '{path}' leaves the root"
    if path.startswith(POOL):
        return f"the path may not start with '{POOL}'"
    return "" if PurePosixPath(path).parts else "the path names the root itself"


def check_label(label: str) -> str:
    """Return the problem of a label, or ""."""
    if not label.strip():
        return "the label is empty"
    if not label.isprintable():
        return f"label {quoted(label)} {UNPRINTABLE}"
    if label == NO_CLASS:
        return f"label '{label}' is reserved for the true label of a sound of no class"
    return "" if label == label.strip() else f"label '{label}' has spaces around it"
