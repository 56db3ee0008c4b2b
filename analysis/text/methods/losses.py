"""What the built-in losses are called in the methods, and the works that introduced them."""

from __future__ import annotations

# Each loss without its ``_origin``: its name in the text, and the work that introduced it.
LOSSES: dict[str, tuple[str, str]] = {
    "cce": ("categorical cross-entropy", ""),
    "mae": ("mean absolute error", "ghosh"),
    "gce": ("generalized cross-entropy", "zhang"),
    "truncated_gce": ("truncated generalized cross-entropy", "zhang"),
    "adaptive_gce": ("adaptive generalized cross-entropy", "deng"),
    "soft_bootstrapping": ("soft bootstrapping", "reed"),
    "loss_masking": ("loss masking", "fonseca"),
    "sce": ("symmetric cross-entropy", "wang"),
    "nce": ("normalised cross-entropy", "ma"),
    "nce_rce": ("normalised cross-entropy plus reverse cross-entropy", "ma"),
    "nce_mae": ("normalised cross-entropy plus mean absolute error", "ma"),
    "label_smoothing": ("label smoothing", "szegedy"),
    "js": ("Jensen-Shannon divergence", "englesson"),
    "taylor_ce": ("Taylor cross-entropy", "feng"),
    "agce": ("asymmetric generalized cross-entropy", "zhou"),
    "aul": ("asymmetric unhinged loss", "zhou"),
    "nce_agce": ("normalised cross-entropy plus asymmetric generalized cross-entropy", "zhou"),
    "nce_aul": ("normalised cross-entropy plus asymmetric unhinged loss", "zhou"),
    "anl": ("active negative loss", "ye"),
    "focal": ("focal loss", "lin"),
    "forward_correction": ("forward-corrected cross-entropy", "patrini"),
    "elr": ("early-learning regularisation", "liu"),
    "scheduled_gce": ("generalized cross-entropy that discards the largest losses after a warm-up", "fonseca_waspaa"),
    "pruning": (
        "generalized cross-entropy that leaves out the clips with the largest losses after a warm-up",
        "fonseca_waspaa",
    ),
}
ORIGIN = "on unverified clips and cross-entropy on verified ones"
