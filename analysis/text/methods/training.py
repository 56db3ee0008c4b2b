"""How runs were trained, in words of the methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analysis.text.phrases import joined
from trainables.naming import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from analysis.text.methods.bibliography import References
    from trainables.config import Training


def optimisation(trainings: Sequence[Training]) -> str:
    """Describe optimiser, learning rate, batches and the end of a run.

    A setting that differs between the trainings is referred to as stated below, where each loss is listed with its own.
    """

    def one_or(what: Callable[[Training], Any], stated: str) -> str:
        values = list(dict.fromkeys(map(what, trainings)))
        return values[0] if len(values) == 1 else stated

    optimisers = " or ".join(dict.fromkeys(map(_optimiser, trainings)))
    rate = one_or(lambda t: f"a learning rate of {t.learning_rate:g}", "the learning rate stated below")
    batches = one_or(lambda t: f"batches of {counted(t.batch_size, 'patch')}", "batches of the size stated below")
    epochs = one_or(lambda t: counted(t.epochs, "epoch"), "the number of epochs stated below")
    halve = one_or(lambda t: counted(t.halve_after, "epoch"), "the number of epochs stated below")
    stop = one_or(lambda t: counted(t.stop_after, "epoch"), "the number of epochs stated below")
    schedules = {training.schedule for training in trainings}
    if schedules == {"cosine"}:
        return f"{optimisers} at {rate} that falls to 0 along a cosine, {batches}, and {epochs} without early stopping"
    text = (
        f"{optimisers} at {rate} that is halved after {halve} without gain in validation accuracy, {batches}, and a "
        f"stop after {stop} without gain or {epochs}"
    )
    if "cosine" in schedules:
        text += ", or, with schedule cosine, at a learning rate that falls to 0 along a cosine, without early stopping"
    return text


def augmentation(trainings: Sequence[Training], cited: References) -> str:
    """Describe how training patches were mixed and masked, in sentences that end in a blank; empty if they were not.

    What differs between the trainings is referred to as stated below.
    """
    mixed = [training for training in trainings if training.mixup]
    masked = [training for training in trainings if training.time_mask or training.frequency_mask]
    return _mixup(mixed, cited) + _masks(masked, cited)


def _mixup(trainings: Sequence[Training], cited: References) -> str:
    if not trainings:
        return ""
    alphas, starts = {t.mixup for t in trainings}, {t.mixup_after for t in trainings}
    alpha = f"{trainings[0].mixup:g}" if len(alphas) == 1 else "mixup"
    weights = f"Beta({alpha}, {alpha})" + (", with mixup as stated below" if len(alphas) > 1 else "")
    since = f" from epoch {trainings[0].mixup_after + 1} on" if trainings[0].mixup_after else ""
    since = since if len(starts) == 1 else " after the number of epochs stated below"
    return (
        f"Training patches were mixed in pairs within a batch{since}, with weights drawn from {weights} (mixup; "
        f"{cited.cite('zhang_mixup')}). "
    )


def _masks(trainings: Sequence[Training], cited: References) -> str:
    if not trainings:
        return ""
    texts = dict.fromkeys(map(_masks_of, trainings))
    masks = next(iter(texts)) if len(texts) == 1 else "time or frequency masks of the widths stated below"
    return f"Each training patch had {masks}, set to the mean (SpecAugment; {cited.cite('park')}). "


def _masks_of(training: Training) -> str:
    widths = ((training.time_mask, "frame"), (training.frequency_mask, "mel band"))
    return joined(
        [
            f"{counted(training.masks, f'{kind} mask')} of up to {counted(width, what)}"
            for (width, what), kind in zip(widths, ("time", "frequency"), strict=True)
            if width
        ]
    )


def _optimiser(training: Training) -> str:
    return {"adam": "Adam", "adamw": "AdamW", "sgd": f"SGD with momentum {training.momentum:g}"}[training.optimizer]
