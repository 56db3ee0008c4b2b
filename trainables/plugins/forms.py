"""The form of the losses and networks that plugins define: found in modules, checked, and located for messages."""

from __future__ import annotations

import inspect
import re
import sys
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

from trainables.config import Training
from trainables.networks.base import Input, Network
from trainables.plugins.sources import PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*"  # of what a plugin defines: prefix.name
NAME_FORM = 'name: Literal["prefix.name"], in lower-case letters, digits and _'
# Those of trainables.metrics, which imports numpy: not what reading a study file needs.
_METRICS = ("accuracy", "macro_f1", "balanced_accuracy", "top3", "log_loss", "calibration_error")
# Names that a parameter cannot have: an arm has it, or the table of runs has such a column.
TAKEN = Training.model_fields.keys() | {
    *("arm", "configuration", "cpu_s", "epochs", "error", "fold", "gpu_hours", "loss", "network", "parameter", "price"),
    *("run_id", "seed", "selection_score", "series", "stage", "status", "subset", "training"),
    *("validation_clip_accuracy", "value", "wall_s"),
    *(f"{clips}_{metric}" for clips in ("validation", "verified", "test") for metric in _METRICS),
}


def add_named(known: dict[str, type[Any]], more: dict[str, type[Any]]) -> None:
    """Add classes by name.

    Raises:
        PluginError: another class has the same name.

    """
    for name, model in more.items():
        other = known.setdefault(name, model)
        if other is not model:
            msg = f"{place_of_class(model)}: {name} is also defined at {place_of_class(other)}; names must differ"
            raise PluginError(msg)


def defined_in(module: str, base: type[Any]) -> dict[str, type[Any]]:
    """Return the concrete subclasses of ``base`` in the modules of a plugin, by name."""
    defined: dict[str, type[Any]] = {}
    for model in _classes(module):
        if not issubclass(model, base) or (model.model_fields["name"].annotation is str and inspect.isabstract(model)):
            continue
        add_named(defined, {checked_name(model): model})
    return defined


def _classes(module: str) -> Iterator[type[Any]]:
    names = [name for name in sys.modules if name == module or name.startswith(f"{module}.")]
    for name in names:
        for value in vars(sys.modules[name]).values():
            if isinstance(value, type) and value.__module__ == name:
                yield value


def checked_name(model: type[Any]) -> str:
    """Return the name of a loss or network.

    Raises:
        PluginError: its class has a form that no study file could state, or cannot be instantiated.

    """
    _check_form(model)
    annotation = model.model_fields["name"].annotation
    names = get_args(annotation) if get_origin(annotation) is Literal else ()
    if len(names) != 1 or not re.fullmatch(NAME, str(names[0])):
        given = f"{', '.join(map(repr, names))} is not allowed" if names else "missing"
        msg = f"{place_of_class(model)}: name of {model.__name__}: {given}; allowed: {NAME_FORM}"
        raise PluginError(msg)
    return str(names[0])


def _check_form(model: type[Any]) -> None:
    """Refuse a class whose parameters no study file could state, or that cannot be instantiated."""
    if inspect.isabstract(model):
        msg = f"{place_of_class(model)}: {model.__name__} has no method make"
        raise PluginError(msg)
    try:
        inspect.signature(model.__init__).bind(None, **model.model_fields)
    except TypeError as error:
        msg = f"{place_of_class(model)}: __init__ of {model.__name__}: {error}; allowed: no __init__, as the fields of "
        msg += "the class are its parameters"
        raise PluginError(msg) from None
    if issubclass(model, Network) and (problem := _wrong_attribute(model)):
        msg = f"{place_of_class(model)}: {model.__name__}: {problem}"
        raise PluginError(msg)
    for name in sorted(TAKEN & model.model_fields.keys()):
        msg = f"{place_of_class(model)}: {model.__name__}: a parameter cannot be called {name}"
        raise PluginError(msg)
    for name, field in model.model_fields.items():
        if not _is_scalar(field.annotation):
            allowed = "float, int, bool, str, Literal, None"
            msg = f"{place_of_class(model)}: {model.__name__}: the type of {name} is not allowed; allowed: {allowed}"
            raise PluginError(msg)
        if field.alias is not None or field.validation_alias is not None:
            msg = f"{place_of_class(model)}: {model.__name__}: {name} has an alias; allowed: the field's name alone"
            raise PluginError(msg)
    try:
        model.model_json_schema()
    except Exception as error:  # noqa: BLE001 -- pydantic raises errors of several kinds
        reason = str(error).strip().splitlines()[0]
        msg = f"{place_of_class(model)}: the parameters of {model.__name__} cannot be described: {reason}"
        raise PluginError(msg) from None


def _is_scalar(annotation: Any) -> bool:  # noqa: ANN401 -- an annotation
    """Return whether every value is a number, a text, true, false or null, as labels and tables need."""
    if get_origin(annotation) is Literal:
        return True
    if get_origin(annotation) is Annotated:
        return _is_scalar(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return all(map(_is_scalar, get_args(annotation)))
    return annotation in {int, float, bool, str, NoneType}


def _wrong_attribute(network: type[Any]) -> str:
    """Describe what is wrong with the attributes of a network's class; empty if nothing is."""
    if annotated := sorted({"input", "smallest"} & network.model_fields.keys()):
        return f"{annotated[0]} is an attribute of the class; allowed: a value without an annotation"
    if (value := getattr(network, "input", None)) not in get_args(Input):
        return f"input is {value!r}; allowed: {' or '.join(map(repr, get_args(Input)))}"
    value = getattr(network, "smallest", None)
    if isinstance(value, tuple) and [type(size) for size in value] == [int, int] and min(value) >= 1:
        return ""
    return f"smallest is {value!r}; allowed: (frames, mel bands), both at least 1"


def place_of_class(model: type) -> str:
    """Return the file and line in which a class of a plugin is defined."""
    file = str(getattr(sys.modules.get(model.__module__), "__file__", model.__module__))
    try:
        return f"{file}:{inspect.findsource(model)[1] + 1}"
    except (OSError, TypeError):
        return file
