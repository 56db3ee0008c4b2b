"""The source code of a plugin: read from a file or a package folder, kept in a storage location by its SHA-256.

A plugin that is one file and a package that has only ``__init__.py`` are the same thing, so neither the name of the
file nor that of the folder is part of the identity.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Self

from pydantic import ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from trainables.characters import plain
from trainables.storage.documents import DamagedError, Document, read_document, to_bytes

if TYPE_CHECKING:
    from trainables.storage.types import Location

MAX_BYTES = 1_000_000
MAX_FILES = 200
FOLDER = "plugins"  # of a storage location
NO_MODULE = "no_module"  # type of an error
SHA256 = "[0-9a-f]{64}"
TOP = "__init__.py"  # the module itself, in ``files``


class PluginError(Exception):
    """A plugin cannot be read, imported or used; the message begins with its file and, where known, the line."""


class Sources(Document):
    """The source code of a plugin.

    Attributes:
        name: the name of its file or folder, for messages.
        files: path relative to the package -> text. A plugin of one file has it as ``__init__.py``.

    """

    model_config = ConfigDict(frozen=True)

    name: str
    files: dict[str, str]

    @model_validator(mode="after")
    def _are_modules(self) -> Self:
        for path in self.files:
            parts = PurePosixPath(path).parts
            names = [*parts[:-1], parts[-1].removesuffix(".py")] if parts else [""]
            if not path.endswith(".py") or not all(name.isidentifier() for name in names):
                raise PydanticCustomError(NO_MODULE, "{path} is not the path of a module", {"path": path})
        if TOP not in self.files:
            raise PydanticCustomError(NO_MODULE, "there is no __init__.py")
        return self

    @cached_property
    def sha256(self) -> str:
        """The SHA-256 of the sorted paths and contents: 64 hexadecimal digits."""
        return sha256_of({path: text.encode() for path, text in self.files.items()})

    @property
    def size(self) -> int:
        """The size of all files in bytes."""
        return sum(len(text.encode()) for text in self.files.values())

    def files_at(self, path: str) -> dict[str, str]:
        """Return the files, by path, of the plugin at a path that ends in its name; see ``read_sources``."""
        return {path if self.name.endswith(".py") else f"{path}/{file}": text for file, text in self.files.items()}

    def shown(self, path: str) -> str:
        """Return the name of one of the files, as messages show it: ``my_losses.py``, ``my_package/losses.py``."""
        return self.name if self.name.endswith(".py") else f"{self.name}/{path}"


def sha256_of(files: dict[str, bytes]) -> str:
    """Return the SHA-256 of files, by relative path; every path and content is preceded by its length."""
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        for part in (path.encode(), content):
            digest.update(b"%d:" % len(part))
            digest.update(part)
    return digest.hexdigest()


def read_sources(path: Path) -> Sources:
    """Read a plugin: a ``.py`` file, or the ``.py`` files of a package folder.

    Raises:
        PluginError: it cannot be read, is neither, is not UTF-8, or is too large.

    """
    shown = plain(str(path))
    is_package = path.is_dir()
    try:
        paths = _modules(path) if is_package else {TOP: path}
        size = sum(file.stat().st_size for file in paths.values())
        readable = is_package or (path.suffix == ".py" and path.is_file())  # reading a pipe would block
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise _unreadable(shown, error) from None
    if is_package and (TOP not in paths or path.suffix == ".py"):
        msg = f"{shown}: not a package: {'its name ends in .py' if TOP in paths else f'it has no {TOP}'}"
        raise PluginError(msg)
    if not readable:
        msg = f"{shown}: not a plugin; allowed: a .py file, or a folder with {TOP}"
        raise PluginError(msg)
    if size > MAX_BYTES or len(paths) > MAX_FILES:
        msg = (
            f"{shown}: {len(paths)} files of {size} bytes; allowed: at most {MAX_FILES} .py files of {MAX_BYTES} bytes"
        )
        raise PluginError(msg)
    try:
        files = {name: file.read_bytes() for name, file in paths.items()}
    except OSError as error:
        raise _unreadable(shown, error) from None
    texts = {}
    for name, content in files.items():
        try:
            texts[name] = content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            where = shown if path.is_file() else f"{shown}/{name}"
            msg = f"{where}:{line}: the byte 0x{content[error.start]:02x} is not UTF-8; allowed: UTF-8 text"
            raise PluginError(msg) from None
    return Sources(name=plain(path.name), files=texts)


def _unreadable(shown: str, error: Exception) -> PluginError:
    return PluginError(f"{shown}: cannot be read: {getattr(error, 'strerror', None) or error}")


def python_files(folder: Path) -> dict[str, bytes]:
    """Return the ``.py`` files that can be modules of a package, by relative path.

    Raises:
        OSError: one cannot be read.

    """
    return {name: file.read_bytes() for name, file in _modules(folder).items()}


def _modules(folder: Path) -> dict[str, Path]:
    files = {}
    for file in sorted(folder.rglob("*.py")):
        parts = file.relative_to(folder).with_suffix("").parts
        if all(part.isidentifier() for part in parts) and file.is_file():
            files["/".join(file.relative_to(folder).parts)] = file
    return files


def sources_path(storage: Location, sha256: str) -> Location:
    """Return where a storage location keeps the sources with this SHA-256."""
    return storage / FOLDER / f"{sha256}.json"


def keep_sources(storage: Location, sources: Sources) -> None:
    """Keep sources in a storage location, unless they are there.

    Raises:
        OSError: it cannot be written.

    """
    path = sources_path(storage, sources.sha256)
    try:
        stored_sources(storage, sources.sha256)
    except (FileNotFoundError, DamagedError):
        path.write(to_bytes(sources))


def stored_sources(storage: Location, sha256: str) -> Sources:
    """Read sources from a storage location, and verify that they have this SHA-256.

    Raises:
        FileNotFoundError: they are not there.
        DamagedError, OtherVersionError, OSError: see ``trainables.storage.documents.read_document``; sources with
            another SHA-256 are damaged too.

    """
    path = sources_path(storage, sha256)
    sources = read_document(path, Sources)
    if sources.sha256 != sha256:
        raise DamagedError(path, f"its sources have the SHA-256 {sources.sha256}")
    return sources
