"""A kept model in use: from the weights of runs to the probabilities of sounds.

Sounds are prepared exactly as for training: decoded, made log-mel frames, cut into patches and standardised by what the
run was trained with. The patches of a sound, and the networks of an ensemble, are averaged in the same way: by the
normalised geometric mean of their probabilities, which is the softmax of their mean log-probabilities.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from trainables.features.framing import patch_starts
from trainables.features.logmel import log_mel
from trainables.inference.windows import window_waves
from trainables.networks.building import build
from trainables.training.patches import Patches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray
    from torch import nn

    from trainables.config import Run
    from trainables.feature_settings import Features
    from trainables.outputs.weights import Weights

BATCH = 32  # patches evaluated at once: the activations of a network stay within some ten megabytes


class NoSoundError(ValueError):
    """A model cannot predict sounds, because its network receives something else."""


@dataclass(frozen=True)
class Window:
    """The prediction for one window of a sound.

    Attributes:
        start_s: its start in seconds.
        end_s: its end in seconds.
        probabilities: of the classes, shape (K,), float32; their sum is 1.

    """

    start_s: float
    end_s: float
    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class TrainedNetwork:
    """The network of one run, with its weights, in evaluation mode.

    Attributes:
        run: what was trained.
        module: the network.
        mean: of each mel band over the run's training patches, shape (mels,).
        sd: their standard deviation, same shape.
        bf16: whether it computes in bfloat16 where PyTorch's autocast does, as it was trained.

    """

    run: Run
    module: nn.Module
    mean: torch.Tensor
    sd: torch.Tensor
    bf16: bool

    def log_probabilities(self, frames: torch.Tensor) -> torch.Tensor:
        """Return the mean log-probabilities over the patches of a sound: frames (N, mels) -> (K,), float32."""
        features = self.run.features
        patches = Patches(frames, self.mean, self.sd, features.patch_frames)
        starts = torch.tensor(patch_starts(len(frames), features), device=frames.device)
        total = torch.stack([self._of_patches(patches.gather(part)).sum(dim=0) for part in starts.split(BATCH)])
        return total.sum(dim=0) / len(starts)

    def _of_patches(self, patches: torch.Tensor) -> torch.Tensor:
        """Return the log-softmax of patches (B, 1, frames, mels), shape (B, K)."""
        with torch.autocast(patches.device.type, torch.bfloat16, enabled=self.bf16):
            logits = self.module(patches)[0]
        return functional.log_softmax(logits.float(), dim=1)


class KeptModel:
    """A model that predicts sounds: the trained network of one run, or those of several as an ensemble."""

    def __init__(self, networks: Sequence[TrainedNetwork], classes: Sequence[str], device: torch.device) -> None:
        """Take networks on a device that were trained on the same features and classes."""
        self.networks, self.classes, self._device = tuple(networks), tuple(classes), device

    def __repr__(self) -> str:
        """State what the model is."""
        several = f"an ensemble of {len(self.networks)} runs" if len(self.networks) > 1 else "one run"
        return f"<model of {several}: {len(self.classes)} classes, sounds at {self.sample_rate} Hz>"

    @property
    def features(self) -> Features:
        """The settings of its log-mel frames and patches."""
        return self.networks[0].run.features

    @property
    def sample_rate(self) -> int:
        """The rate in Hz of the sounds that it was trained on; ``predict`` resamples files of other rates to it."""
        return self.features.sample_rate

    def __call__(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities of a sound's classes, as of one clip.

        Args:
            waveform: mono samples at ``sample_rate``, shape (n,), n >= 1, finite.

        Returns:
            Shape (K,), float32, in the order of ``classes``; their sum is 1.

        Raises:
            ValueError: the waveform is not a vector, is empty, or is not finite.

        """
        frames = log_mel(np.asarray(waveform, np.float32), self.sample_rate, self.features)
        return self.of_frames(frames)

    def of_frames(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities of a sound by its log-mel frames (N, mels), see ``__call__``."""
        with torch.inference_mode():
            on_device = torch.from_numpy(frames).to(self._device)
            each = torch.stack([network.log_probabilities(on_device) for network in self.networks])
            probabilities: NDArray[np.float32] = functional.softmax(each.mean(dim=0), dim=0).cpu().numpy()
        return probabilities

    def in_float32(self) -> KeptModel:
        """Return a copy on the CPU that computes in float32, as an ONNX graph does."""
        copies = []
        for network in self.networks:
            module, mean, sd = deepcopy(network.module).cpu(), network.mean.cpu(), network.sd.cpu()
            copies.append(TrainedNetwork(network.run, module, mean, sd, bf16=False))
        return KeptModel(copies, self.classes, torch.device("cpu"))

    def windows(self, path: Path | str, window: float | None = None, hop: float | None = None) -> Iterator[Window]:
        """Yield the predictions for a sound file, window by window, in memory that does not grow with its length.

        Args:
            path: a wav, flac, ogg or mp3 file of any rate.
            window: length of a window in seconds, see ``window_waves``.
            hop: seconds from one window to the next.

        Raises:
            AudioError: the file cannot be used; if it is damaged further on, after the windows before the damage.
            ValueError: window or hop is out of range.

        """
        for start, wave in window_waves(path, self.sample_rate, window, hop):
            begin, end = start / self.sample_rate, (start + len(wave)) / self.sample_rate
            yield Window(begin, end, self(wave))

    def predict(self, path: Path | str, window: float | None = None, hop: float | None = None) -> pd.DataFrame:
        """Return the probabilities for a sound file.

        Args:
            path: a wav, flac, ogg or mp3 file of any rate.
            window: length of a window in seconds, 0.1 to 300. A file that is not longer is one window. By default, a
                file of up to 30 seconds is one window, and a longer one is cut into windows of 10 seconds.
            hop: seconds from one window to the next, 0.1 to ``window``, which is the default. The last window ends
                where the file ends.

        Returns:
            A row for each window, indexed by ``start_s`` and ``end_s``, and a column for each class.

        Raises:
            AudioError: the file cannot be used.
            ValueError: window or hop is out of range.

        """
        import pandas as pd  # noqa: PLC0415 -- the command line does without

        windows = list(self.windows(path, window, hop))
        times = [(each.start_s, each.end_s) for each in windows]
        index = pd.MultiIndex.from_tuples(times, names=["start_s", "end_s"])
        return pd.DataFrame([each.probabilities for each in windows], index=index, columns=list(self.classes))


def kept_model(
    runs: Sequence[Run], weights: Sequence[Weights], classes: Sequence[str], device: torch.device | None = None
) -> KeptModel:
    """Make a model of the weights of runs.

    Args:
        runs: at least one, all with the same features; their plugins are loaded.
        weights: of each run.
        classes: names of the classes, in the order of the data set.
        device: of the networks; by default a GPU if there is one.

    Raises:
        NoSoundError: a network receives embeddings, not log-mel frames.
        ValueError: weights are not those of the run's network.
        TypeError: the network's ``make`` returned no module.

    """
    place = device or torch.device("cuda" if torch.cuda.is_available() else "cpu")
    networks = []
    for run, kept in zip(runs, weights, strict=True):
        network = run.configuration.network
        if network.input != "frames":
            msg = (
                f"the network {network.name} receives embeddings, not sounds: it cannot predict a sound without the "
                "model that made the embeddings"
            )
            raise NoSoundError(msg)
        with torch.random.fork_rng(devices=[]):  # the initial weights are replaced, and leave no trace
            module = build(network, run.features.shape, len(classes), 0, place)
        kept.load_into(module)
        bf16 = run.configuration.training.precision == "bf16"
        networks.append(TrainedNetwork(run, module.eval(), kept.mean.to(place), kept.sd.to(place), bf16))
    return KeptModel(networks, classes, place)
