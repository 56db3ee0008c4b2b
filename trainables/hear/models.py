"""Models with the common API of HEAR 2021 (Turian et al. 2022), which embed a sound in windows.

A module has ``load_model(model_file_path="")``, which returns a model with the attributes ``sample_rate`` (Hz),
``scene_embedding_size`` and ``timestamp_embedding_size``, and ``get_timestamp_embeddings(audio, model)``. That takes a
tensor of sounds in [-1, 1], shape (n_sounds, n_samples), and returns embeddings of shape (n_sounds, n_timestamps,
timestamp_embedding_size) and the times at which their windows are centred, in milliseconds, (n_sounds, n_timestamps).
"""

from __future__ import annotations

import sys
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

import numpy as np

from trainables.features.embeddings.checking import MAX_DIMS, usable
from trainables.plugins.importing import PREFIX, described
from trainables.plugins.sources import TOP, PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

    from numpy.typing import NDArray

    from trainables.plugins.sources import Sources

GROUP = "gce_study.embeddings"  # of entry points
MAX_RATE = 384_000
FUNCTIONS = ("load_model", "get_timestamp_embeddings")


@dataclass(frozen=True)
class HearModel:
    """A model that was loaded.

    Attributes:
        name: of its file or entry point.
        code: identifies its code: the SHA-256 of its sources, or the version of its package.
        sample_rate: in Hz, of the sounds that it takes.
        dims: length of an embedding.

    """

    name: str
    code: str
    sample_rate: int
    dims: int
    _module: ModuleType
    _model: Any

    def embed(self, samples: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Embed a sound.

        Args:
            samples: mono at ``sample_rate``, in [-1, 1], shape (n,), n >= 1.

        Returns:
            Embeddings of shape (windows, dims), and the seconds at which the windows are centred, shape (windows,).

        Raises:
            PluginError: the model raises an error, or returns something else; the message begins with file and line.

        """
        import torch  # noqa: PLC0415 -- only here

        with _errors(self._module), torch.no_grad():
            returned = self._module.get_timestamp_embeddings(torch.from_numpy(samples)[None], self._model)
        where = f"{_place_of_function(self._module, FUNCTIONS[1])}: {FUNCTIONS[1]} returned"
        if not (isinstance(returned, tuple | list) and len(returned) == 2):  # noqa: PLR2004 -- as the API has it
            msg = f"{where} a {type(returned).__name__}; allowed: embeddings and timestamps"
            raise PluginError(msg)
        embeddings, times = (_array(part) for part in returned)
        shapes = f"embeddings of shape {embeddings.shape} and timestamps of shape {times.shape}"
        windows = embeddings.shape[1] if embeddings.ndim == 3 else 0  # noqa: PLR2004 -- as the API has it
        if embeddings.shape != (1, windows, self.dims) or times.shape != (1, windows) or not windows:
            msg = f"{where} {shapes} for one sound; allowed: (1, n, {self.dims}) and (1, n), n at least 1"
            raise PluginError(msg)
        try:
            rows = usable(embeddings[0])
        except ValueError as error:
            msg = f"{where} {error}"
            raise PluginError(msg) from None
        seconds = times[0].astype(np.float64) / 1000
        if not np.isfinite(seconds).all():
            msg = f"{where} timestamps that are NaN or infinite"
            raise PluginError(msg)
        return rows, seconds


def load_file(path: Path, sources: Sources) -> HearModel:
    """Load the model of a module, a ``.py`` file or a package folder; its code runs.

    Args:
        path: of the file or folder, so that the module finds weights beside it by ``__file__``.
        sources: its code, which the user accepted.

    Raises:
        PluginError: the module raises an error, or lacks the HEAR API.

    """
    name, file = PREFIX + sources.sha256, path / TOP if path.is_dir() else path
    spec = spec_from_file_location(name, file, submodule_search_locations=[str(path)] if path.is_dir() else None)
    if spec is None or spec.loader is None:
        msg = f"{path}: not a Python module"
        raise PluginError(msg)
    module = module_from_spec(spec)
    sys.modules[name] = module  # so that its modules can import each other relatively
    with _errors(module):
        spec.loader.exec_module(module)
    return _load(module, path.stem, sources.sha256)


def load_installed(name: str) -> HearModel | None:
    """Load the model that an installed package has as an entry point; None if no package has one of that name.

    Raises:
        PluginError: the package raises an error, or lacks the HEAR API.

    """
    points = [point for point in entry_points(group=GROUP) if point.name == name]
    if not points:
        return None
    try:
        module = points[0].load()
    except (Exception, SystemExit) as error:
        msg = f"{points[0].value}: {described(error)}"
        raise PluginError(msg) from error
    package = points[0].dist
    return _load(module, name, f"{package.name} {package.version}" if package else name)


def installed_names() -> list[str]:
    """Return the names of the models of installed packages, sorted."""
    return sorted({point.name for point in entry_points(group=GROUP)})


def _load(module: ModuleType, name: str, code: str) -> HearModel:
    file = getattr(module, "__file__", None) or module.__name__
    absent = [function for function in FUNCTIONS if not callable(getattr(module, function, None))]
    if absent:
        msg = f"{file}: defines no {' and no '.join(absent)}; allowed: a module with the HEAR 2021 API"
        raise PluginError(msg)
    with _errors(module):
        model = module.load_model()
    where = _place_of_function(module, FUNCTIONS[0])
    rate = _whole(model, "sample_rate", MAX_RATE, where)
    return HearModel(name, code, rate, _whole(model, "timestamp_embedding_size", MAX_DIMS, where), module, model)


def _whole(model: Any, attribute: str, most: int, where: str) -> int:  # noqa: ANN401 -- whatever load_model returned
    """Return an attribute of a model that is a whole number."""
    value = getattr(model, attribute, None)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        msg = f"{where}: {attribute} of the model is {value!r}; allowed: a whole number from 1 to {most}"
        raise PluginError(msg)
    return value


def _array(part: Any) -> NDArray[Any]:  # noqa: ANN401 -- a tensor, or what numpy can read
    return np.asarray(part.detach().cpu() if hasattr(part, "detach") else part)


@contextmanager
def _errors(module: ModuleType) -> Iterator[None]:
    """Raise a PluginError with file and line for whatever the module's code raises."""
    try:
        yield
    except (Exception, SystemExit) as error:
        msg = f"{_place(error, module)}: {described(error)}"
        raise PluginError(msg) from error


def _place(error: BaseException, module: ModuleType) -> str:
    """Return the innermost file and line of a module, or of its package, in which an error was raised."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    package = module.__name__.partition(".")[0]
    places = [
        f"{frame.f_code.co_filename}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__", "")).partition(".")[0] == package
    ]
    return places[-1] if places else str(getattr(module, "__file__", None) or module.__name__)


def _place_of_function(module: ModuleType, name: str) -> str:
    code = getattr(getattr(module, name), "__code__", None)
    return f"{code.co_filename}:{code.co_firstlineno}" if code else str(getattr(module, "__file__", module.__name__))
