"""A study whose keys are given in Python: the same rules as for a file, messages without lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, SecretStr, ValidationError

from study.errors import SpecError
from study.spec.differences import dump
from study.spec.messages import key_path
from study.spec.plugins import errors_of_plugins, load_plugins, undefined
from study.spec.study import StudySpec
from study.spec.validation_errors import refusals
from study.spec.yaml_reader import Document
from trainables.plugins.installed import LOSSES, NETWORKS

if TYPE_CHECKING:
    from study.consent import Consent
    from study.spec.yaml_reader import Path as KeyPath

SCALARS = {str, bool, int, float, type(None)}
OURS = {"study", "trainables"}  # packages whose models need no plugin
ALLOWED = "text, numbers, true, false, null, lists, mappings, paths and models"


def spec_from_python(keys: Mapping[str, Any], consent: Consent) -> StudySpec:
    """Return the study with these keys, which are those of a study file.

    Args:
        keys: the values: text, numbers, lists and mappings, or what stands for them: paths, arrays, models. The file
            that defines the class of a model becomes a plugin of the study. Relative paths start from the working
            folder.
        consent: asks for consent to the code of the plugins, which are imported.

    Raises:
        SpecError: they are not a study; each problem names the key, the value and what is allowed. Or a plugin has a
            problem.

    """
    converted = _Converted()
    data = {key: converted.value(value, (key,)) for key, value in keys.items()}
    if converted.problems:
        raise SpecError(converted.problems)
    plugins = data.get("plugins", [])
    if isinstance(plugins, list):
        given = {os.path.abspath(path) for path in plugins if isinstance(path, str)}  # noqa: PTH100 -- any text
        data["plugins"] = [*plugins, *(file for file in converted.files if file not in given)]
    return _validated(data, consent)


def reloaded(spec: StudySpec, consent: Consent) -> StudySpec:
    """Return a study that was read before, with the code of its plugins as it is now; see ``spec_from_python``."""
    return _validated(dump(spec), consent).model_copy(update={"notify": spec.notify})


def _validated(data: dict[str, Any], consent: Consent) -> StudySpec:
    load_plugins(data, Path(), consent)
    try:
        with errors_of_plugins():
            spec = StudySpec.model_validate(data)
    except ValidationError as error:
        raise SpecError([problem.text for problem in refusals(error, Document(data))]) from None
    if problems := [f"{key_path(at)}: {text}" for at, text in undefined(spec)]:
        raise SpecError(problems)
    return spec


class _Converted:
    """Turns values into those that a file could hold; collects the files of classes, and the problems."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self.problems: list[str] = []

    def value(self, value: Any, path: KeyPath) -> Any:  # noqa: ANN401, PLR0911 -- any value, of many kinds
        """Return a value as a file would hold it."""
        if isinstance(value, BaseModel):
            self._find_file(type(value), path)
            value = {name: getattr(value, name) for name in type(value).model_fields}
        if isinstance(value, Mapping):
            return {str(key): self.value(item, (*path, str(key))) for key, item in value.items()}
        if isinstance(value, list | tuple | range):
            return [self.value(item, (*path, i)) for i, item in enumerate(value)]
        if type(value) in SCALARS:
            return value
        if isinstance(value, SecretStr):
            return value.get_secret_value()
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        if isinstance(value, str):
            return str(value)
        if hasattr(value, "tolist"):  # an array or a number of numpy, or a column of pandas
            return self.value(value.tolist(), path)
        if isinstance(value, type):
            text = f"the class {value.__name__} is not allowed; allowed: an object of it, such as {value.__name__}()"
        else:
            text = f"an object of class {type(value).__name__} is not allowed; allowed: {ALLOWED}"
        self.problems.append(f"{key_path(path)}: {text}")
        return None

    def _find_file(self, model: type, path: KeyPath) -> None:
        """Add the file of a class, or the folder of its package, to the plugins, unless it is an installed plugin."""
        name = model.__module__.partition(".")[0]
        installed = (point.module for group in (LOSSES, NETWORKS) for point in entry_points(group=group))
        if name in OURS or name in {module.partition(".")[0] for module in installed}:
            return
        module = sys.modules.get(name)
        file = getattr(module, "__file__", None)
        if name == "__main__" or file is None or not os.path.exists(file):  # noqa: PTH110 -- a text
            text = f"{model.__name__} is defined in a notebook, or in the program itself, which other processes cannot "
            text += "import; allowed: a class of a file that was imported, such as my_losses.py"
            self.problems.append(f"{key_path(path)}: {text}")
            return
        source = Path(file).absolute()
        self.files[str(source.parent if source.name == "__init__.py" else source)] = None
