"""Files of arrays: NumPy's compressed format, written whole and checked when it is read."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from trainables.storage.documents import DamagedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trainables.storage.types import Location

Floats: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float32]]"
Halves: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.float16]]"
Counts: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.uint16]]"
Dtypes: TypeAlias = "Mapping[str, type[np.generic]]"
Places: TypeAlias = "np.ndarray[tuple[int, ...], np.dtype[np.uint32]]"


def write_arrays(path: Location, arrays: Mapping[str, Any], dtypes: Dtypes) -> None:
    """Write arrays, cast to their types.

    Raises:
        OSError: the storage location cannot be written.

    """
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{name: arrays[name].astype(dtype) for name, dtype in dtypes.items()})
    path.write(buffer.getvalue())


def read_arrays(path: Location, dtypes: Dtypes) -> dict[str, Any]:
    """Read the arrays that ``write_arrays`` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        DamagedError: the file is not what was written.
        OSError: it cannot be read now.

    """
    data = path.read_bytes()
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in dtypes}
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedError(path, f"{type(error).__name__}: {error}") from None
    wrong = [name for name, dtype in dtypes.items() if arrays[name].dtype != dtype]
    if wrong:
        raise DamagedError(path, f"arrays of another type: {', '.join(wrong)}")
    return arrays
