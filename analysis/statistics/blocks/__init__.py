"""Seeds as blocks: means over all runs, the two-way table, and how seeds and spreads behave."""
