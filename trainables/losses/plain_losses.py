"""The settings of the losses that are plain functions of logits and labels. Imports no torch, like ``catalogue``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from trainables.losses.base import Loss

if TYPE_CHECKING:
    from trainables.losses.base import LossFunction

NormalisedWeight = Annotated[float, Field(ge=0, description="weight of normalised cross-entropy, >= 0")]
ReverseWeight = Annotated[float, Field(gt=0, description="weight of reverse cross-entropy, > 0")]
AsymmetricWeight = Annotated[float, Field(gt=0, description="weight of the asymmetric loss, > 0")]
Shift = Annotated[float, Field(gt=0, le=100, description="a of the asymmetric loss in (0, 100]; near 0, it is GCE")]
Minuend = Annotated[float, Field(gt=1, le=100, description="a of the asymmetric loss in (1, 100]")]
Exponent = Annotated[float, Field(gt=0, le=10, description="q of the asymmetric loss in (0, 10]; 1 is MAE for every a")]


class PlainLoss(Loss):
    """A loss that is the function ``trainables.losses.NAME`` of its name, called with its parameters."""

    def make(self) -> LossFunction:
        from trainables import losses
        from trainables.losses import robust

        return robust.plain(getattr(losses, self.name), **self.model_dump(exclude={"name"}))


class SCE(PlainLoss):
    """Symmetric cross-entropy: cross-entropy plus reverse cross-entropy (Wang et al. 2019)."""

    name: Literal["sce"]
    alpha: Annotated[float, Field(ge=0, description="weight of cross-entropy, >= 0")] = 0.1
    beta: ReverseWeight = 1.0


class LabelSmoothing(PlainLoss):
    """Cross-entropy with a smoothed label (Szegedy et al. 2016), or with a sharpened one (Wei et al. 2022)."""

    name: Literal["label_smoothing"]
    r: Annotated[
        float,
        Field(lt=1, description="share of the label that is spread over all classes, < 1; negative sharpens the label"),
    ] = 0.15


class Focal(PlainLoss):
    """Focal loss -(1 - p)^gamma log p (Lin et al. 2017)."""

    name: Literal["focal"]
    gamma: Annotated[float, Field(ge=0, le=10, description="exponent in [0, 10]: 0 is cross-entropy")] = 2.0


class JS(PlainLoss):
    """Jensen-Shannon divergence between label and softmax, scaled (Englesson and Azizpour 2021)."""

    name: Literal["js"]
    w: Annotated[
        float, Field(ge=0, le=1, description="weight of the label in [0, 1]: 0 is cross-entropy, 1 is MAE")
    ] = 0.7


class TaylorCE(PlainLoss):
    """Taylor series of cross-entropy about p = 1, cut after some terms (Feng et al. 2020)."""

    name: Literal["taylor_ce"]
    t: Annotated[
        int, Field(ge=1, le=100, description="number of terms, 1 to 100: 1 is MAE, many are cross-entropy")
    ] = 4


class AGCE(PlainLoss):
    """Asymmetric generalized cross-entropy ((a + 1)^q - (a + p)^q) / q (Zhou et al. 2021)."""

    name: Literal["agce"]
    a: Shift = 0.6
    q: Exponent = 0.6


class AUL(PlainLoss):
    """Asymmetric unhinged loss ((a - p)^q - (a - 1)^q) / q (Zhou et al. 2021)."""

    name: Literal["aul"]
    a: Minuend = 5.5
    q: Exponent = 3.0


class NCE(PlainLoss):
    """Normalised cross-entropy: log p divided by the sum of the logarithms over all classes (Ma et al. 2020)."""

    name: Literal["nce"]


class NCERCE(PlainLoss):
    """Normalised cross-entropy plus reverse cross-entropy (Ma et al. 2020)."""

    name: Literal["nce_rce"]
    alpha: NormalisedWeight = 1.0
    beta: ReverseWeight = 1.0


class NCEMAE(PlainLoss):
    """Normalised cross-entropy plus 1 - p (Ma et al. 2020)."""

    name: Literal["nce_mae"]
    alpha: NormalisedWeight = 1.0
    beta: Annotated[float, Field(gt=0, description="weight of 1 - p, > 0")] = 1.0


class NCEAGCE(PlainLoss):
    """Normalised cross-entropy plus asymmetric generalized cross-entropy (Zhou et al. 2021)."""

    name: Literal["nce_agce"]
    alpha: NormalisedWeight = 1.0
    beta: AsymmetricWeight = 4.0
    a: Shift = 6.0
    q: Exponent = 1.5


class NCEAUL(PlainLoss):
    """Normalised cross-entropy plus asymmetric unhinged loss (Zhou et al. 2021)."""

    name: Literal["nce_aul"]
    alpha: NormalisedWeight = 1.0
    beta: AsymmetricWeight = 4.0
    a: Minuend = 6.3
    q: Exponent = 1.5


class ANL(PlainLoss):
    """Active negative loss: normalised cross-entropy plus normalised negative cross-entropy (Ye et al. 2023)."""

    name: Literal["anl"]
    alpha: NormalisedWeight = 5.0
    beta: Annotated[float, Field(gt=0, description="weight of normalised negative cross-entropy, > 0")] = 5.0
