"""A kept model as one ONNX graph, from samples to probabilities; it needs the packages of the extra ``onnx``.

The graph prepares a sound as ``trainables.features.logmel`` does: it subtracts the mean, divides by the peak, repeats a
short sound, and computes log-mel frames, whose Fourier transform is a convolution, because every runtime has that. It
cuts the frames into patches, standardises them, and averages patches and networks as ``KeptModel`` does.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from trainables.characters import one_line
from trainables.features.logmel import LOG_FLOOR
from trainables.features.mel_filters import mel_filters
from trainables.plugins.importing import exit_of_plugin, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from trainables.feature_settings import Features
    from trainables.inference.kept_model import KeptModel, TrainedNetwork

PACKAGES = ("onnx", "onnxruntime", "onnxscript")
INPUT, OUTPUT = "samples", "probabilities"
LEAST_SAMPLES = 2  # PyTorch's exporter takes a dynamic length from 2 on
TOLERANCE = 1e-4  # largest difference of a probability from PyTorch's


class ExportError(Exception):
    """A model was not written as ONNX; the message states why."""


class OnnxGraph(NamedTuple):
    """A model as ONNX, and the largest difference of its probabilities from PyTorch's on some sounds."""

    data: bytes
    difference: float
    sounds: int


def missing_packages() -> list[str]:
    """Return the packages that the export needs and that are not installed."""
    return [name for name in PACKAGES if importlib.util.find_spec(name) is None]


def to_onnx(model: KeptModel) -> OnnxGraph:
    """Return a model as an ONNX graph that was compared with PyTorch on sounds of several lengths.

    The input ``samples`` has the shape (1, n), float32, mono at the model's rate, n >= 2; the output ``probabilities``
    has the shape (1, K). The metadata of the graph holds ``sample_rate`` and ``classes``, a list as JSON.

    Raises:
        ExportError: the exporter cannot write an operation of the network, ONNX Runtime cannot run it, or the
            probabilities of the graph differ from PyTorch's by more than ``TOLERANCE``.

    """
    exact = model.in_float32()
    graph = _Graph(exact).eval()
    example = torch.from_numpy(_sounds(model.features)[-1][None])
    length = torch.export.Dim("samples", min=LEAST_SAMPLES)
    try:
        with torch.no_grad(), _quiet():
            program = torch.onnx.export(
                graph,
                (example,),
                dynamo=True,
                input_names=[INPUT],
                output_names=[OUTPUT],
                dynamic_shapes={"samples": {1: length}},
                verbose=False,
            )
    except (Exception, SystemExit) as error:  # whatever the exporter meets in a plugin's network
        if isinstance(error, SystemExit) and not exit_of_plugin(error):
            raise
        msg = f"PyTorch cannot export the network: {_cause(error)}"
        raise ExportError(msg) from error
    proto = cast("torch.onnx.ONNXProgram", program).model_proto  # None only where a file was named
    for key, value in (("sample_rate", str(model.sample_rate)), ("classes", json.dumps(model.classes))):
        proto.metadata_props.add(key=key, value=value)
    data = cast("bytes", proto.SerializeToString())
    try:
        difference = largest_difference(data, exact)
    except Exception as error:  # ONNX Runtime has errors of its own, without a common class
        msg = f"ONNX Runtime cannot run the graph: {_cause(error)}"
        raise ExportError(msg) from error
    if not difference <= TOLERANCE:
        msg = (
            f"the probabilities of the ONNX graph differ from PyTorch's by up to {difference:.2g}; allowed: {TOLERANCE}"
        )
        raise ExportError(msg)
    return OnnxGraph(data, difference, len(_sounds(model.features)))


def _cause(error: BaseException) -> str:
    """Return the cause of an error, in a line, and its place in a plugin; the exporter's own text hides both."""
    cause = error.__cause__ or error
    first = str(cause).strip().partition("\n")[0]
    return ": ".join(filter(None, (place_of(cause), type(cause).__name__, one_line(first))))


def largest_difference(data: bytes, model: KeptModel) -> float:
    """Return by how much the probabilities of an ONNX graph differ from a model's, at most, on some sounds."""
    import onnxruntime  # noqa: PLC0415 -- of the extra

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    differences = [
        np.abs(session.run([OUTPUT], {INPUT: sound[None]})[0][0] - model(sound)).max()
        for sound in _sounds(model.features)
    ]
    return float(np.max(differences))  # NaN stays NaN


def _sounds(features: Features) -> list[NDArray[np.float32]]:
    """Return sounds of several lengths, from the shortest to some patches: a decaying tone with noise."""
    patch = features.min_samples
    hop = features.patch_hop * features.hop
    lengths = (LEAST_SAMPLES, patch // 3 + 1, patch - 1, patch, patch + 1, patch + hop, patch + 3 * hop + hop // 2)
    random = np.random.default_rng(0)
    sounds = []
    for length in lengths:
        time = np.arange(max(length, LEAST_SAMPLES)) / features.sample_rate
        tone = np.sin(2 * np.pi * features.sample_rate / 40 * time) * np.exp(-3 * time)
        sounds.append((0.5 * tone + 0.05 * random.standard_normal(len(time))).astype(np.float32))
    return sounds


class _Graph(nn.Module):
    """From samples (1, n) to probabilities (1, K)."""

    def __init__(self, model: KeptModel) -> None:
        super().__init__()
        self.features = model.features
        self.log_mel = _LogMel(model.features)
        self.networks = nn.ModuleList([_Network(network) for network in model.networks])

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        frames = self.log_mel(samples[0])
        f = self.features
        # As ``trainables.features.framing`` counts frames and patches.
        count = torch.sym_max(samples.shape[1], f.min_samples) // f.hop + 1
        patches = (count - f.patch_frames + f.patch_hop - 1) // f.patch_hop
        rows = torch.arange(patches)[:, None] * f.patch_hop + torch.arange(f.patch_frames)
        each = torch.stack([network(frames[rows]) for network in self.networks])
        return functional.softmax(each.mean(dim=0), dim=0)[None]


class _Network(nn.Module):
    """The network of one run: patches (P, frames, mels) to their mean log-probabilities (K,)."""

    mean: torch.Tensor
    sd: torch.Tensor

    def __init__(self, network: TrainedNetwork) -> None:
        super().__init__()
        self.module = network.module
        self.register_buffer("mean", network.mean)
        self.register_buffer("sd", network.sd)

    def forward(self, patches: torch.Tensor) -> torch.Tensor:
        logits = self.module(((patches - self.mean) / self.sd).unsqueeze(1))[0]
        return functional.log_softmax(logits, dim=1).mean(dim=0)


class _LogMel(nn.Module):
    """The log-mel frames of a sound: samples (n,) to (frames, mels)."""

    fourier: torch.Tensor
    mel: torch.Tensor

    def __init__(self, features: Features) -> None:
        super().__init__()
        self.features = features
        bins, samples = np.arange(features.n_fft // 2 + 1)[:, None], np.arange(features.window)
        turns = bins * samples % features.n_fft / features.n_fft
        window = np.hamming(features.window + 1)[:-1]
        kernels = window * np.concatenate([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)])
        self.register_buffer("fourier", torch.from_numpy(kernels.astype(np.float32)).unsqueeze(1))
        self.register_buffer("mel", torch.from_numpy(mel_filters(features)))

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        centred = samples - samples.double().mean().float()
        scaled = centred / (centred.abs().amax(0) + 0.005)
        padded = scaled[self._positions(samples.shape[0])]
        spectrum = functional.conv1d(padded[None, None], self.fourier, stride=self.features.hop)[0].square()
        bins = self.features.n_fft // 2 + 1
        power = (spectrum[:bins] + spectrum[bins:]).T @ self.mel
        return torch.log(power + LOG_FLOOR) * (1 / math.log(10))

    def _positions(self, samples: int) -> torch.Tensor:
        """Return which sample is at each place of the sound once it is repeated, if short, and padded by reflection.

        The lengths are tensors where the exporter takes no symbol.
        """
        length = torch.sym_max(samples, self.features.min_samples)
        before = (self.features.window + 1) // 2
        period = torch.full((), 2 * (length - 1), dtype=torch.int64)
        places = torch.remainder(torch.arange(length + self.features.window) - before, period)
        reflected = torch.where(places < length, places, period - places)
        return torch.remainder(reflected, torch.full((), samples, dtype=torch.int64))


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter from logging what it lacks and does not need, such as torchvision."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
