"""From a recorded run to the verdict: outcomes, intervals, doubts, causes, steps."""
