"""Files that travel with the package: scenarios/ and thresholds.yaml, put here when the wheel is built."""

from pathlib import Path


def path(name: str) -> Path:
    """Where `scenarios` or `thresholds.yaml` lies: in the installed package, or at the top of a checkout."""
    here = Path(__file__).parent
    installed = here / name
    return installed if installed.exists() else here.parent.parent / name
