"""How to read a report: the words that it uses, and what its numbers mean."""

from __future__ import annotations

from analysis.statistics.intervals import MIN_SEEDS

HOW_TO_READ = (
    "An arm is a loss, with its network and training, as the study file names it; open parameters take several values.",
    "A configuration is an arm with every parameter fixed.",
    "A seed is one repetition of a configuration: it sets the first weights, the order of the clips and the split.",
    "A run is one training of one configuration with one seed.",
    "Only complete runs enter means, intervals and choices. The others are listed and never count as zero.",
    f"Fewer than {MIN_SEEDS} runs are shown beside their mean: an interval over them could be wider than the scale.",
    "Runs that all score the same have no interval: they show no spread to judge by.",
    "The highest of several means is too high by selection; test scores are not selected on, but are of the same runs.",
    "Validation clips keep the labels they came with and differ between subsets: compare them within a subset only.",
    "Overlapping intervals of two means do not test their difference: look at the difference, paired by seed.",
    "That both may be the best does not mean that they are equal: more seeds may separate them.",
)
