"""Embeddings of clips, made with any tool: an ``.npz`` file, or a folder of ``.npy`` files.

For each clip there is one float array of shape (windows, dims), under the clip's path in the data set. Window w of a
clip covers the ``window_s`` seconds from second ``w * hop_s`` on.

- File: the keys are the clips' paths, and beside them ``hop_s``, ``window_s`` and ``model``.
- Folder: ``PATH.npy`` for each clip, and ``embeddings.json`` with ``hop_s``, ``window_s`` and ``model``.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainables.datasets.manifest import DataSetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from numpy.typing import NDArray

SIDECAR = "embeddings.json"
SUFFIX = ".npy"
# What numpy raises for a file that is not what it should be; MemoryError: the header promises more than there is.
UNREADABLE = (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)

Seconds = Annotated[float, Field(gt=0, lt=3600)]


class Timing(BaseModel):
    """When the windows of every clip begin, how long they are, and what computed them.

    Attributes:
        hop_s: seconds from the start of a window to that of the next one.
        window_s: seconds that a window covers.
        model: name of the model, for people.

    """

    model_config = ConfigDict(allow_inf_nan=False, frozen=True)

    hop_s: Seconds
    window_s: Seconds
    model: Annotated[str, Field(min_length=1, max_length=200)]

    @property
    def in_words(self) -> str:
        """The timing as text: ``windows of 0.975 s every 0.48 s``."""
        return f"windows of {self.window_s:g} s every {self.hop_s:g} s"


@dataclass(frozen=True)
class EmbeddingFiles:
    """An open file or folder of embeddings; to be used as a context manager.

    Attributes:
        path: of the file or folder.
        timing: of the windows.

    """

    path: Path
    timing: Timing
    _read: Callable[[str], Any]  # clip path -> its array; raises KeyError or FileNotFoundError without one
    _archive: Mapping[str, Any] | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        if isinstance(self._archive, np.lib.npyio.NpzFile):
            self._archive.close()

    def some_name(self) -> str | None:
        """Return the name of one array, in the form of a clip's path; None if the file or folder is empty."""
        if self._archive is not None:
            return next((key for key in self._archive if key not in Timing.model_fields), None)
        file = min(self.path.rglob(f"*{SUFFIX}"), default=None)
        return None if file is None else file.relative_to(self.path).as_posix().removesuffix(SUFFIX)

    def array(self, clip: str) -> NDArray[Any] | None:
        """Return a clip's array as it is stored; None if it is missing.

        Args:
            clip: the clip's path in the data set.

        Raises:
            ValueError: the array cannot be read; the message states why.

        """
        try:
            array = self._read(clip)
        except (KeyError, FileNotFoundError):
            return None
        except UNREADABLE as error:
            raise ValueError(_reason(error)) from None
        if not isinstance(array, np.ndarray):
            msg = "not an array of numpy"
            raise ValueError(msg)  # noqa: TRY004 -- what the caller reports
        return array


def open_embeddings(path: Path) -> EmbeddingFiles:
    """Open a file or folder of embeddings; no array is read yet.

    Raises:
        DataSetError: there is no such file or folder, it has another form, or what it states of the windows is missing
            or wrong.

    """
    if path.is_dir():
        try:
            stated = json.loads(_regular(path / SIDECAR).read_bytes())
        except FileNotFoundError:
            raise DataSetError([f"{path}: has no {SIDECAR}; allowed: a folder of PATH.npy files beside one"]) from None
        except (OSError, ValueError) as error:
            raise DataSetError([f"{path / SIDECAR}: cannot be read: {_reason(error)}"]) from None
        return EmbeddingFiles(path, _timing(path / SIDECAR, stated), lambda clip: _read_npy(path, clip))
    if not path.exists():
        raise DataSetError([f"{path}: no such file or folder; gce-study data embed computes embeddings"])
    if not (path.is_file() and zipfile.is_zipfile(str(path))):  # a pipe would block; numpy would leave the file open
        raise DataSetError([f"{path}: not an .npz file; allowed: a file that numpy.savez writes, or a folder"])
    archive = np.load(str(path), allow_pickle=False)
    keys = [key for key in Timing.model_fields if key in archive.files]
    try:
        timing = _timing(path, {key: archive[key].tolist() for key in keys})
    except UNREADABLE as error:
        archive.close()
        raise DataSetError([f"{path}: {', '.join(keys)}: cannot be read: {_reason(error)}"]) from None
    except DataSetError:
        archive.close()
        raise
    return EmbeddingFiles(path, timing, archive.__getitem__, archive)


def _timing(path: Path, stated: Any) -> Timing:  # noqa: ANN401 -- any JSON value
    """Return what a file states of its windows, or raise a DataSetError with everything that is wrong."""
    try:
        return Timing.model_validate(stated)
    except ValidationError as error:
        allowed = {
            "hop_s": "seconds above 0 from a window's start to the next one's",
            "window_s": "seconds above 0 that a window covers",
            "model": "a text",
        }
        problems = {str(e["loc"][0]) if e["loc"] else "": e for e in error.errors(include_url=False)}
        raise DataSetError(
            [
                f"{path}: {key} is {'missing' if e['type'] == 'missing' else repr(e['input'])}; allowed: {allowed[key]}"
                if key in allowed
                else f"{path}: not an object with {', '.join(allowed)}"
                for key, e in problems.items()
            ]
        ) from None


def _read_npy(folder: Path, clip: str) -> Any:  # noqa: ANN401 -- what numpy returns
    return np.load(str(_regular(folder / f"{clip}{SUFFIX}")), allow_pickle=False)


def _regular(path: Path) -> Path:
    """Return the path of a file, or raise a ValueError for anything else: reading a pipe would block."""
    if path.exists() and not path.is_file():
        msg = "not a file"
        raise ValueError(msg)
    return path


def _reason(error: Exception) -> str:
    """Return the first line of an error's message."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).strip().partition("\n")[0].rstrip(".")
