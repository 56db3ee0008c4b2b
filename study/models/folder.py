"""The folder of a model: written whole, or not at all."""

from __future__ import annotations

import secrets
import shutil
from typing import TYPE_CHECKING

from study.errors import EngineError, UsageError
from study.models.card import model_card, which_runs
from study.models.config import CARD, CONFIG, ONNX, config_of, network_code, weights_names
from trainables.inference.onnx_graph import ExportError, missing_packages, to_onnx
from trainables.naming import counted
from trainables.outputs.weights import weights_path
from trainables.plugins.sources import keep_sources, stored_sources
from trainables.storage.documents import to_bytes
from trainables.storage.location import location

if TYPE_CHECKING:
    from pathlib import Path

    from study.models.selection import Selection
    from trainables.inference.kept_model import KeptModel
    from trainables.inference.onnx_graph import OnnxGraph
    from trainables.plugins.sources import Sources


def refuse_used_folder(folder: Path) -> None:
    """Raise UsageError unless a folder is new or empty."""
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        msg = f"--out {folder}: already exists; allowed: a new or an empty folder"
        raise UsageError(msg)


def write_model(folder: Path, selection: Selection, model: KeptModel) -> list[str]:
    """Write a model with its card to a new or empty folder.

    Returns:
        What is to be said of it, a line for each fact.

    Raises:
        UsageError: the folder is not empty.
        EngineError: the ONNX graph of a built-in network cannot be made, or differs from PyTorch.
        OSError: a file cannot be read or written; nothing is left behind.

    """
    refuse_used_folder(folder)
    config = config_of(selection)
    graph, line = _graph(model, selection)
    files = {CARD: model_card(selection, config, graph).encode(), CONFIG: to_bytes(config)}
    files |= {ONNX: graph.data} if graph else {}
    for name, record in zip(weights_names(len(config.runs)), selection.records, strict=True):
        files[name] = weights_path(selection.storage, record.run_id).read_bytes()
    sources = _sources_of_network(selection)
    temporary = folder.parent / f".{folder.name}.{secrets.token_hex(4)}"
    try:
        temporary.mkdir(parents=True)
        for name, data in files.items():
            (temporary / name).write_bytes(data)
        if sources is not None:
            keep_sources(location(temporary), sources)
        temporary.replace(folder)
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        if isinstance(error, OSError):  # whose own message names the temporary folder
            raise OSError(error.errno, f"cannot be written: {error.strerror or error}", str(folder)) from None
        raise
    return [f"{folder}: {which_runs(selection, config)}", line]


def _graph(model: KeptModel, selection: Selection) -> tuple[OnnxGraph | None, str]:
    """Return a model as ONNX, and a line on it; None where packages or a plugin's network do not allow it."""
    if missing := missing_packages():
        names = ", ".join(missing)
        return None, f"{ONNX}: not written: it needs {names}: pip install -c constraints.txt '.[onnx]'"
    try:
        graph = to_onnx(model)
    except ExportError as error:
        if network_code(selection.records[0].run) is None:
            msg = f"{ONNX}: {error}"
            raise EngineError(msg) from error
        return None, f"{ONNX}: not written: {error}"
    sounds = counted(graph.sounds, "sound")
    return graph, f"{ONNX}: on {sounds}, its probabilities differ from PyTorch's by at most {graph.difference:.1g}"


def _sources_of_network(selection: Selection) -> Sources | None:
    """Return the sources of the plugin that defines the network; None if none does, or an installed package."""
    code = network_code(selection.records[0].run)
    if code is None:
        return None
    try:
        return stored_sources(selection.storage, code.sha256)
    except FileNotFoundError:
        return None
