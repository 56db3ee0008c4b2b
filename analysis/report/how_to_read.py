"""How to read a report: the words that it uses, and what its numbers mean."""

from __future__ import annotations

from analysis.statistics.intervals import MIN_SEEDS

HOW_TO_READ = (
    "An arm is a loss with its network and training; a configuration is an arm with every open parameter fixed.",
    "A run is one training of a configuration. Its seed sets the first weights and the order of the clips.",
    "Only complete runs enter means, intervals and choices. The others are listed and never count as zero.",
    f"Fewer than {MIN_SEEDS} runs are shown beside their mean, as an interval over them would be very wide.",
    "Runs that all score the same have no interval: they show no spread to judge by.",
    "The highest of several validation means is too high by selection.",
    "Validation clips differ between subsets and keep the labels they came with: compare them within a subset only.",
    "Overlapping intervals of two means do not test their difference: look at the difference, paired by seed.",
    "That two may be the best does not mean that they are equal: more seeds may separate them.",
)
