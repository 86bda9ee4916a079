"""The search for the highest load that keeps its limits, attempt by attempt."""
