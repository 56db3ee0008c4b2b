"""The weights of a complete run: all that inference needs beside the run's configuration and its classes.

They are kept in the safetensors format, which other tools read too and whose reading runs no code. PyTorch is imported
only where tensors are written or read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError, deserialize

from trainables.storage.documents import DamagedError, OtherVersionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import nn

    from trainables.storage.types import Location

SCHEMA, SUFFIX = 1, ".safetensors"
MEAN, SD = "input.mean", "input.sd"  # names of tensors, beside those of the network
HEADER = 8  # bytes that hold the length of a file's header
SHOWN = 3  # tensors that a message names


@dataclass(frozen=True)
class Weights:
    """The weights of one complete run, on the CPU.

    Attributes:
        model: the network's ``state_dict()``: parameters and buffers by name.
        mean: of the run's input, shape (mels,) or, of embeddings, (dims,), float32.
        sd: its standard deviation, same shape, above 0. The network receives (input - mean) / sd.

    """

    model: Mapping[str, torch.Tensor]
    mean: torch.Tensor
    sd: torch.Tensor

    def load_into(self, network: nn.Module) -> None:
        """Load these weights into a network.

        Raises:
            ValueError: its tensors have other names or shapes; nothing was changed.

        """
        expected = network.state_dict()
        problems = [
            *(f"{name} is missing" for name in sorted(expected.keys() - self.model.keys())),
            *(f"{name} is unknown" for name in sorted(self.model.keys() - expected.keys())),
            *(
                f"{name} is {_described(self.model[name])} instead of {_described(tensor)}"
                for name, tensor in expected.items()
                if name in self.model and _described(self.model[name]) != _described(tensor)
            ),
        ]
        if problems:
            more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
            msg = f"the weights are not those of this network: {'; '.join(problems[:SHOWN])}{more}"
            raise ValueError(msg)
        network.load_state_dict(dict(self.model))


def weights_path(storage: Location, run_id: str) -> Location:
    """Return the path of a run's weights in a storage location."""
    return storage / "weights" / f"{run_id}{SUFFIX}"


def weight_sizes(storage: Location) -> dict[str, int]:
    """Return run_id -> bytes of all weights that a storage location holds, in one request."""
    stamps = (storage / "weights").stamps()
    return {Path(name).stem: size for name, (_, size, _) in stamps.items() if name.endswith(SUFFIX)}


def write_weights(storage: Location, run_id: str, weights: Weights) -> None:
    """Write the weights of a run.

    Raises:
        ValueError: a network of a plugin has a state that is not made of tensors, or a tensor named as those of the
            input.
        OSError: the storage location cannot be written.

    """
    import torch  # noqa: PLC0415 -- it takes seconds, and whoever only needs the path does without
    from safetensors.torch import save  # noqa: PLC0415 -- it imports PyTorch

    foreign = [name for name, value in weights.model.items() if not isinstance(value, torch.Tensor)]
    foreign += [name for name in (MEAN, SD) if name in weights.model]
    if foreign:
        msg = f"the network's state_dict has {', '.join(foreign)}, which cannot be kept"
        raise ValueError(msg)
    # Clones, because safetensors refuses tensors that share memory, such as tied weights.
    tensors = {
        name: tensor.detach().to("cpu", memory_format=torch.contiguous_format, copy=True)
        for name, tensor in {**weights.model, MEAN: weights.mean, SD: weights.sd}.items()
    }
    metadata = {"format": "pt", "schema_version": str(SCHEMA), "run_id": run_id}
    metadata["checksum"] = _checksum(run_id, save(tensors))
    weights_path(storage, run_id).write(save(tensors, metadata))


def read_weights(storage: Location, run_id: str) -> Weights:
    """Read the weights that a storage location keeps of a run; see ``read_weights_file``."""
    return read_weights_file(weights_path(storage, run_id), run_id)


def read_weights_file(path: Location, run_id: str) -> Weights:
    """Read the weights of a run from a file; no GPU is needed.

    Raises:
        FileNotFoundError: there is no such file: its weights were not kept.
        DamagedError: the file is not what was written, or has the weights of another run.
        OtherVersionError: a newer version of gce-study wrote it.
        OSError: it cannot be read now.

    """
    from safetensors.torch import load  # noqa: PLC0415 -- as above

    data = path.read_bytes()
    try:
        metadata = json.loads(data[HEADER : HEADER + int.from_bytes(data[:HEADER], "little")])["__metadata__"]
        checksum, schema, written = (metadata[key] for key in ("checksum", "schema_version", "run_id"))
        intact = checksum == _checksum(written, data)
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise DamagedError(path, f"{type(error).__name__}: {error}") from None
    if not intact:
        raise DamagedError(path, "its checksum does not match its content")
    if written != run_id:
        raise DamagedError(path, f"it has the weights of run {written!r}")
    if schema != str(SCHEMA):
        reason = f"written by a newer version of gce-study (schema {schema}; this version reads {SCHEMA})"
        raise OtherVersionError([f"{path}: {reason}"])
    tensors = load(data)
    return Weights(mean=tensors.pop(MEAN), sd=tensors.pop(SD), model=tensors)


def _checksum(run_id: str, data: bytes) -> str:
    """Return the SHA-256 of a run_id and of the tensors in a file: names, types, shapes and values."""
    digest = hashlib.sha256(run_id.encode())
    for name, tensor in sorted(deserialize(data)):
        digest.update(json.dumps([name, tensor["dtype"], tensor["shape"]]).encode())
        digest.update(tensor["data"])
    return digest.hexdigest()


def _described(tensor: torch.Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
