"""One run from the plan to the facts: order, progress, early stop, notes."""
