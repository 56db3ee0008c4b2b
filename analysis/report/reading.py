"""How to read a report: the words that it uses, and what its numbers mean."""

from __future__ import annotations

from analysis.statistics.intervals import LEVEL, MIN_SEEDS

WORDS = (
    "An arm is a loss, with its network and training, as the study file names it; open parameters take several values.",
    "A configuration is an arm with every parameter fixed.",
    "A seed is one repetition of a configuration: it sets the first weights, the order of the clips and the split.",
    "A run is one training of one configuration with one seed.",
)
HOW_TO_READ = (
    *WORDS,
    "Only complete runs enter means, intervals and choices. The others are listed and never count as zero.",
    f"An interval is a {100 * LEVEL:g} % t-interval over n runs: what other seeds, not other data, would change.",
    f"Fewer than {MIN_SEEDS} runs are shown beside their mean: an interval over them could be wider than the scale.",
    "Runs that all score the same have no interval: they show no spread to judge by.",
    "Configurations are chosen on validation clips alone; the score on test clips is read afterwards.",
    "The highest of several means is too high by selection.",
    "The score on test clips is not selected on, but comes from the same runs.",
    "Validation clips keep the labels they came with and differ between subsets: compare them within a subset only.",
    "Seeds are paired: seed s gives every configuration the same order and split, and equal networks equal weights.",
    "Differences are therefore taken seed by seed; overlapping intervals of two means do not test their difference.",
    "That both may be the best does not mean that they are equal: more seeds may separate them.",
)
